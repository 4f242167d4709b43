//! Where text is in requests, answers and the events of a stream, as tables; and the walk that finds it.
//!
//! The walk yields where each text lies in the bytes, so that a change touches nothing else of them.

use std::borrow::Cow;
use std::ops::Range;

use millrace_actors::wire::scan;
use serde_json::value::RawValue;

/// What a value is, if it is a string, an array or an object. Everything not named is not looked at.
pub(super) struct Place {
    kind: Option<Kind>,
    each: Option<&'static Place>,
    fields: &'static [(&'static str, &'static Place)],
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string that a person or a model wrote.
    Text,
    /// `finish_reason` with a word in it, or the stop of a block.
    Finish,
    /// Token probabilities that are not null: they spell the text again.
    Logprobs,
    /// In tables only: the `type` of an event of Anthropic's, which is a [`Kind::Finish`] where a block stops.
    EventType,
    /// In tables only: any JSON, each string in it (not the names of its members) a [`Kind::Text`].
    Json,
    /// In tables only: Anthropic's source of a document, a [`Kind::Text`] where it is text and not base64 or an address.
    Source,
}

/// A step from a value to one within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a member.
    Field(&'static str),
    /// Into an element: the one that calls itself `index`, or else the one at that position.
    Index(u64),
}

/// One thing found.
pub(super) struct Found<'p> {
    /// What it is.
    pub(super) kind: Kind,
    /// The way to it.
    pub(super) path: &'p [Step],
    /// Where its value lies.
    pub(super) at: Range<usize>,
}

const fn object(fields: &'static [(&'static str, &'static Place)]) -> Place {
    Place { kind: None, each: None, fields }
}

const fn array(each: &'static Place) -> Place {
    Place { kind: None, each: Some(each), fields: &[] }
}

const fn leaf(kind: Kind) -> Place {
    Place { kind: Some(kind), each: None, fields: &[] }
}

static TEXT: Place = leaf(Kind::Text);
static FINISH: Place = leaf(Kind::Finish);
static LOGPROBS: Place = leaf(Kind::Logprobs);
/// A text, or a list of them.
static TEXTS: Place = Place { kind: Some(Kind::Text), each: Some(&TEXT), fields: &[] };
static THINKING: Place = Place { kind: Some(Kind::Text), each: Some(&PLAIN_PART), fields: &[] };
static PLAIN_PART: Place = Place { kind: Some(Kind::Text), each: None, fields: &[("text", &TEXT)] };
/// A part of a message; `content` within a part is a tool's result in Anthropic's manner.
static PART: Place = Place {
    kind: Some(Kind::Text),
    each: None,
    fields: &[
        ("text", &TEXT),
        ("refusal", &TEXT),
        ("thinking", &THINKING),
        ("content", &THINKING),
        ("input", &INPUT),
        ("title", &TEXT),
        ("context", &TEXT),
        ("source", &SOURCE),
        ("citations", &QUOTED),
        ("annotations", &QUOTED),
        ("logprobs", &LOGPROBS),
    ],
};
/// A tool's arguments in Anthropic's manner.
static INPUT: Place = leaf(Kind::Json);
static SOURCE: Place = leaf(Kind::Source);
/// What an answer quotes, and of what: some of it says the answer's own text again.
static QUOTED: Place = leaf(Kind::Json);
/// A piece of a block.
static DELTA: Place = object(&[("text", &TEXT), ("thinking", &TEXT), ("partial_json", &TEXT), ("citation", &QUOTED)]);
static EVENT_TYPE: Place = leaf(Kind::EventType);
static CONTENT: Place = Place { kind: Some(Kind::Text), each: Some(&PART), fields: &[] };
static FUNCTION: Place = object(&[("arguments", &TEXT)]);
static TOOL_CALLS: Place = array(&TOOL_CALL);
static TOOL_CALL: Place = object(&[("function", &FUNCTION), ("custom", &CUSTOM)]);
static CUSTOM: Place = object(&[("input", &TEXT)]);
static AUDIO: Place = object(&[("transcript", &TEXT)]);
/// A message, a whole answer's or a stream's piece of one. A tool's result is the `content` of a message of its own.
static MESSAGE: Place = object(&[
    ("content", &CONTENT),
    ("refusal", &TEXT),
    ("reasoning_content", &TEXT),
    ("reasoning", &TEXT),
    ("reasoning_details", &THOUGHTS),
    ("thinking_blocks", &BLOCKS),
    ("annotations", &QUOTED),
    ("tool_calls", &TOOL_CALLS),
    ("function_call", &FUNCTION),
    ("audio", &AUDIO),
]);
/// What OpenRouter tells of thought, beside or instead of `reasoning`.
static THOUGHTS: Place = array(&THOUGHT);
static THOUGHT: Place = object(&[("text", &TEXT), ("summary", &TEXT)]);
/// Claude's thought in LiteLLM's form. Its signature ends a block, and belongs to the event that says the end of it.
static BLOCKS: Place = array(&BLOCK);
static BLOCK: Place = object(&[("thinking", &TEXT), ("signature", &FINISH)]);
static MESSAGES: Place = array(&MESSAGE);
static PREDICTION: Place = object(&[("content", &CONTENT)]);
static CHOICES: Place = array(&CHOICE);
static CHOICE: Place = object(&[
    ("message", &MESSAGE),
    ("delta", &MESSAGE),
    ("text", &TEXT),
    // beside a text completion's text
    ("reasoning_content", &TEXT),
    ("reasoning", &TEXT),
    ("logprobs", &LOGPROBS),
    ("finish_reason", &FINISH),
]);

/// A part in Google's manner. A call has all its arguments at once.
static GOOGLE_PART: Place = object(&[
    ("text", &TEXT),
    ("functionCall", &GOOGLE_CALL),
    ("functionResponse", &GOOGLE_RESULT),
    ("function_call", &GOOGLE_CALL),
    ("function_response", &GOOGLE_RESULT),
    ("executableCode", &GOOGLE_CODE),
    ("codeExecutionResult", &GOOGLE_CODE),
]);
static GOOGLE_CALL: Place = object(&[("args", &INPUT)]);
static GOOGLE_RESULT: Place = object(&[("response", &INPUT)]);
static GOOGLE_CODE: Place = object(&[("code", &TEXT), ("output", &TEXT)]);
static GOOGLE_PARTS: Place = Place { kind: None, each: Some(&GOOGLE_PART), fields: GOOGLE_PART.fields };
static GOOGLE_CONTENT: Place = Place { kind: Some(Kind::Text), each: None, fields: &[("parts", &GOOGLE_PARTS)] };
static GOOGLE_CONTENTS: Place = array(&GOOGLE_CONTENT);
static GOOGLE_REQUEST: Place = object(&[
    ("contents", &GOOGLE_CONTENTS),
    ("systemInstruction", &GOOGLE_CONTENT),
    ("system_instruction", &GOOGLE_CONTENT),
]);
static CANDIDATES: Place = array(&CANDIDATE);
static CANDIDATE: Place = object(&[
    ("content", &GOOGLE_CONTENT),
    ("groundingMetadata", &QUOTED),
    ("citationMetadata", &QUOTED),
    ("logprobsResult", &LOGPROBS),
    ("finishReason", &FINISH),
]);

/// An item of OpenAI's responses, or one of several texts to embed.
static ITEM: Place = Place {
    kind: Some(Kind::Text),
    each: None,
    fields: &[
        ("content", &CONTENT),
        ("output", &CONTENT),
        ("summary", &CONTENT),
        ("arguments", &TEXT),
        ("input", &TEXT),
    ],
};
static ITEMS: Place = Place { kind: Some(Kind::Text), each: Some(&ITEM), fields: &[] };
static RESPONSE: Place = object(&[("output", &ITEMS)]);

/// A request's body, OpenAI's, Anthropic's or Google's.
pub(super) static REQUEST: Place = object(&[
    ("system", &CONTENT),
    ("messages", &MESSAGES),
    ("prompt", &TEXTS),
    ("suffix", &TEXT),
    ("input", &ITEMS),
    ("instructions", &TEXT),
    ("prediction", &PREDICTION),
    ("contents", &GOOGLE_CONTENTS),
    ("systemInstruction", &GOOGLE_CONTENT),
    ("system_instruction", &GOOGLE_CONTENT),
    ("generateContentRequest", &GOOGLE_REQUEST),
    ("query", &TEXT),
    ("documents", &INPUT),
]);

/// A whole answer, or an event of a stream, in any protocol: none has a member that means something else in another.
pub(super) static ANSWER: Place = object(&[
    ("choices", &CHOICES),
    ("content", &CONTENT),
    ("candidates", &CANDIDATES),
    ("content_block", &PART),
    ("delta", &DELTA),
    ("type", &EVENT_TYPE),
    ("output", &ITEMS),
    ("response", &RESPONSE),
    ("item", &ITEM),
    ("part", &PART),
    ("annotation", &QUOTED),
    ("text", &TEXT),
    ("segments", &SEGMENTS),
    ("words", &SEGMENTS),
    ("refusal", &TEXT),
    ("arguments", &TEXT),
    ("logprobs", &LOGPROBS),
]);

/// The pieces of a transcription, which say its `text` again.
static SEGMENTS: Place = array(&SEGMENT);
static SEGMENT: Place = object(&[("text", &TEXT), ("word", &TEXT)]);

/// Calls `on` for everything that `place` names within `json`, in order.
///
/// # Errors
/// `json` is no valid JSON, or of a form that the table does not foresee.
pub(super) fn walk(json: &str, place: &'static Place, on: &mut dyn FnMut(Found<'_>)) -> Result<(), serde_json::Error> {
    let mut path = Vec::with_capacity(8);
    Walk { json, path: &mut path, on }.value(0..json.len(), place)
}

/// The text at `at`, escapes decoded.
pub(super) fn text<'a>(json: &'a str, at: &Range<usize>) -> Cow<'a, str> {
    scan::string(json[at.clone()].as_bytes()).unwrap_or_default()
}

struct Walk<'a, 'o> {
    json: &'a str,
    path: &'o mut Vec<Step>,
    on: &'o mut dyn FnMut(Found<'_>),
}

impl<'a> Walk<'a, '_> {
    fn value(&mut self, at: Range<usize>, place: &'static Place) -> Result<(), serde_json::Error> {
        let json: &'a str = self.json;
        let value = &json[at.clone()];
        let start = at.start + (value.len() - value.trim_ascii_start().len());
        match json.as_bytes().get(start) {
            Some(b'"' | b'[' | b'{') if place.kind == Some(Kind::Json) => {
                self.strings(at);
                Ok(())
            }
            Some(b'{') if place.kind == Some(Kind::Source) => self.source(at),
            Some(b'"') => self.string(at, place),
            Some(b'[') => {
                self.other(&at, place);
                place.each.map_or(Ok(()), |each| self.array(at, each))
            }
            Some(b'{') => {
                self.other(&at, place);
                if place.fields.is_empty() { Ok(()) } else { self.object(at, place) }
            }
            _ => Ok(()),
        }
    }

    fn string(&mut self, at: Range<usize>, place: &Place) -> Result<(), serde_json::Error> {
        let kind = match place.kind {
            None | Some(Kind::Source) => return Ok(()),
            Some(Kind::EventType) if &self.json[at.clone()] != "\"content_block_stop\"" => return Ok(()),
            Some(Kind::EventType) => Kind::Finish,
            Some(kind) => kind,
        };
        // some send an empty reason while the choice still goes on
        if kind != Kind::Finish || at.len() > 2 {
            (self.on)(Found { kind, path: self.path, at });
        }
        Ok(())
    }

    /// Every string of a JSON text that is known to be valid. One pass over it, however deep it nests.
    fn strings(&mut self, at: Range<usize>) {
        let bytes = self.json.as_bytes();
        let mut from = at.start;
        while let Some(open) = memchr::memchr(b'"', &bytes[from..at.end]).map(|found| from + found) {
            let mut close = open + 1;
            while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[close..at.end]) {
                close += found;
                if bytes[close] == b'"' {
                    break;
                }
                close += 2;
            }
            from = (close + 1).min(at.end);
            let name = bytes[from..at.end].trim_ascii_start().first() == Some(&b':');
            if !name {
                (self.on)(Found { kind: Kind::Text, path: self.path, at: open..from });
            }
        }
    }

    fn source(&mut self, at: Range<usize>) -> Result<(), serde_json::Error> {
        let json: &'a str = self.json;
        let members = scan::members(&json[at.clone()]).map_err(serde::de::Error::custom)?;
        let of = |name: &str| {
            let found = members.iter().rfind(|member| member.key == name)?;
            Some(at.start + found.value.start..at.start + found.value.end)
        };
        if let (Some(kind), Some(data)) = (of("type"), of("data"))
            && &json[kind] == "\"text\""
        {
            return self.string(data, &TEXT);
        }
        Ok(())
    }

    fn other(&mut self, at: &Range<usize>, place: &Place) {
        if place.kind == Some(Kind::Logprobs) {
            (self.on)(Found { kind: Kind::Logprobs, path: self.path, at: at.clone() });
        }
    }

    fn array(&mut self, at: Range<usize>, each: &'static Place) -> Result<(), serde_json::Error> {
        let json: &'a str = self.json;
        let elements: Vec<&RawValue> = serde_json::from_str(&json[at])?;
        for (n, element) in elements.iter().enumerate() {
            let at = within(json, element.get());
            let index = match std::ptr::eq(each, &GOOGLE_PART) {
                // its place says nothing of which text goes on: that it is thought does
                true => u64::from(is_thought(element.get())),
                false => named_index(element.get()).unwrap_or(n as u64),
            };
            self.path.push(Step::Index(index));
            let done = self.value(at, each);
            self.path.pop();
            done?;
        }
        Ok(())
    }

    fn object(&mut self, at: Range<usize>, place: &'static Place) -> Result<(), serde_json::Error> {
        let json: &'a str = self.json;
        let base = at.start;
        for member in scan::members(&json[at]).map_err(serde::de::Error::custom)? {
            let Some((name, inner)) = place.fields.iter().find(|(name, _)| member.key == *name) else { continue };
            self.path.push(Step::Field(name));
            let done = self.value(base + member.value.start..base + member.value.end, inner);
            self.path.pop();
            done?;
        }
        Ok(())
    }
}

/// Where `part`, borrowed from `whole`, lies in it.
fn within(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// The `index` member of an element: events name choices and tool calls by it, whatever their position.
fn named_index(element: &str) -> Option<u64> {
    if !element.starts_with('{') {
        return None;
    }
    let mut index = None;
    scan::each_member(element, |key, value| {
        if key == "index" {
            index = element[value].parse().ok();
        }
    })
    .ok()?;
    index
}

/// Whether a part of Google's is thought.
fn is_thought(part: &str) -> bool {
    let mut thought = false;
    let read = part
        .starts_with('{')
        .then(|| scan::each_member(part, |key, at| thought |= key == "thought" && &part[at] == "true"));
    thought && read.is_some_and(|read| read.is_ok())
}

#[cfg(test)]
#[path = "places_tests.rs"]
mod tests;

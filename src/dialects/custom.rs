//! Custom tools: those that OpenAI's models call with a text instead of an object. Elsewhere such a tool is a function with one
//! text, `input`; and what a model writes into that is told as the text it is to the caller who declared the tool.
//!
//! In the model of a request, tools and calls have the form of chat completions, whole: `{"type": "custom", "custom": {...}}`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::event::Event;
use super::request::{Tool, ToolChoice};
use super::{AnswerFacts, Did, Encode, Frame, Notes};

// === Requests ===

/// A tool as a provider without custom tools takes it.
pub fn tool<'t>(tool: &'t Tool, notes: &mut Notes) -> Cow<'t, Tool> {
    let Tool::Native(value) = tool else { return Cow::Borrowed(tool) };
    let custom = &value["custom"];
    let Some(name) = custom["name"].as_str().filter(|_| value["type"] == "custom") else { return Cow::Borrowed(tool) };
    notes.add("tools.custom", Did::Renamed, "a function with one text, `input`");
    let mut words: Vec<String> = custom["description"].as_str().map(str::to_owned).into_iter().collect();
    let grammar = &custom["format"]["grammar"];
    if let Some(definition) = grammar["definition"].as_str() {
        notes.add("tools.custom.format", Did::Renamed, "told in the description: nothing holds the model to it");
        let syntax = grammar["syntax"].as_str().unwrap_or_default();
        words.push(format!("The input must follow this {syntax} grammar:\n{definition}"));
    }
    Cow::Owned(Tool::Function {
        name: name.to_owned(),
        description: Some(words.join("\n\n")).filter(|text| !text.is_empty()),
        parameters: Some(json!({
            "type": "object",
            "properties": {"input": {"type": "string", "description": "The tool's input, as free text"}},
            "required": ["input"],
        })),
        strict: None,
        cache_control: None,
    })
}

/// The choice of a custom tool as that of a function.
pub fn choice(choice: Option<&ToolChoice>) -> Option<Cow<'_, ToolChoice>> {
    let choice = choice?;
    let named = match choice {
        ToolChoice::Native(value) if value["type"] == "custom" => value["custom"]["name"].as_str(),
        _ => None,
    };
    Some(named.map_or(Cow::Borrowed(choice), |name| Cow::Owned(ToolChoice::Function(name.to_owned()))))
}

/// A call of such a tool in an earlier turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'v> {
    pub id: &'v str,
    pub name: &'v str,
    pub input: &'v str,
}

impl<'v> Call<'v> {
    /// The call that a part is.
    pub fn of(value: &'v Value) -> Option<Self> {
        let text = |value: &'v Value| value.as_str();
        let custom = Some(&value["custom"]).filter(|_| value["type"] == "custom")?;
        Some(Call { id: text(&value["id"])?, name: text(&custom["name"])?, input: text(&custom["input"])? })
    }

    /// The arguments of the function that stands for the tool.
    pub fn arguments(&self) -> String {
        json!({"input": self.input}).to_string()
    }
}

// === Answers ===

/// How calls must change on their way to a caller.
#[derive(Debug)]
pub enum Stage {
    /// Calls of these functions are told as the calls of custom tools that the caller declared.
    Unwrap(BTreeSet<String>, BTreeMap<(u32, u32), Unwrap>),
    /// Calls of custom tools are told as calls of functions: the caller's protocol has no others.
    Wrap(BTreeSet<(u32, u32)>),
}

impl Stage {
    /// For callers of OpenAI's protocols, if they declared such tools.
    pub fn unwrap(facts: &AnswerFacts) -> Option<Self> {
        let tools: Value = serde_json::from_slice(facts.asked("tools")?).ok()?;
        let custom = tools.as_array()?.iter().filter(|tool| tool["type"] == "custom");
        let names = custom.filter_map(|tool| tool["custom"]["name"].as_str().or_else(|| tool["name"].as_str()));
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        (!names.is_empty()).then(|| Stage::Unwrap(names, BTreeMap::new()))
    }

    /// For all others.
    pub fn wrap() -> Self {
        Stage::Wrap(BTreeSet::new())
    }

    /// One event; what becomes of it goes to `out`.
    pub fn event(&mut self, event: Event, out: &mut impl FnMut(Event)) {
        match (self, event) {
            (Stage::Unwrap(names, open), Event::ToolCall { choice, call, id, name }) if names.contains(&name) => {
                open.insert((choice, call), Unwrap::default());
                out(Event::CustomCall { choice, call, id, name });
            }
            (Stage::Unwrap(_, open), Event::Arguments { choice, call, json }) => match open.get_mut(&(choice, call)) {
                Some(unwrap) => told(choice, call, unwrap.feed(&json), out),
                None => out(Event::Arguments { choice, call, json }),
            },
            (Stage::Unwrap(_, open), event @ (Event::Finish { .. } | Event::End)) => {
                std::mem::take(open).into_iter().for_each(|((choice, call), unwrap)| {
                    told(choice, call, unwrap.finish(), out);
                });
                out(event);
            }
            (Stage::Wrap(open), Event::CustomCall { choice, call, id, name }) => {
                open.insert((choice, call));
                out(Event::ToolCall { choice, call, id, name });
                out(Event::Arguments { choice, call, json: "{\"input\":\"".into() });
            }
            (Stage::Wrap(_), Event::Input { choice, call, text }) => {
                let quoted = Value::from(text).to_string();
                out(Event::Arguments { choice, call, json: quoted[1..quoted.len() - 1].to_owned() });
            }
            (Stage::Wrap(open), event @ (Event::Finish { .. } | Event::End)) => {
                for (choice, call) in std::mem::take(open) {
                    out(Event::Arguments { choice, call, json: "\"}".into() });
                }
                out(event);
            }
            (_, event) => out(event),
        }
    }
}

fn told(choice: u32, call: u32, text: String, out: &mut impl FnMut(Event)) {
    if !text.is_empty() {
        out(Event::Input { choice, call, text });
    }
}

/// A writer of streams behind a stage.
pub struct Staged<E> {
    pub stage: Stage,
    pub encoder: E,
}

impl<E: Encode> Encode for Staged<E> {
    fn event(&mut self, event: Event, out: &mut Vec<Frame>) {
        let Staged { stage, encoder } = self;
        match event {
            // as frequent as all others together, and never changed
            Event::Text { .. } => encoder.event(event, out),
            event => stage.event(event, &mut |event| encoder.event(event, out)),
        }
    }
}

/// The events of a whole answer behind a stage.
pub fn staged(mut stage: Stage, events: Vec<Event>) -> Vec<Event> {
    let mut out = Vec::with_capacity(events.len());
    events.into_iter().for_each(|event| stage.event(event, &mut |event| out.push(event)));
    out
}

/// The text within `{"input": "..."}` as it comes. What has another form is told as it is: a model's slip is still all that
/// the caller can go by.
#[derive(Debug, Default)]
pub struct Unwrap {
    /// JSON that was not told yet.
    waiting: String,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// The text did not begin yet.
    #[default]
    Before,
    Within,
    After,
}

impl Unwrap {
    /// More of the JSON; the text that it tells.
    pub fn feed(&mut self, json: &str) -> String {
        self.waiting.push_str(json);
        if self.state == State::Before {
            let Some(begun) = begun(&self.waiting) else { return String::new() };
            self.waiting.drain(..begun);
            self.state = State::Within;
        }
        if self.state == State::After {
            return String::new();
        }
        let (whole, over) = whole(&self.waiting);
        let quoted = format!("\"{}\"", &self.waiting[..whole]);
        self.waiting.drain(..whole);
        if over {
            self.state = State::After;
        }
        serde_json::from_str(&quoted).unwrap_or_default()
    }

    /// No more comes: what there is besides.
    pub fn finish(self) -> String {
        match self.state {
            State::Before => match serde_json::from_str::<Value>(&self.waiting) {
                Ok(Value::Object(members)) => match members.get("input").and_then(Value::as_str) {
                    Some(text) => text.to_owned(),
                    None if members.is_empty() => String::new(),
                    None => self.waiting,
                },
                _ => self.waiting,
            },
            State::Within | State::After => String::new(),
        }
    }
}

/// Where the text begins, if the JSON so far is `{"input": "`.
fn begun(json: &str) -> Option<usize> {
    let mut rest = json;
    for token in ["{", "\"input\"", ":", "\""] {
        rest = rest.trim_start().strip_prefix(token)?;
    }
    Some(json.len() - rest.len())
}

/// How much of a JSON string's inside can be told: up to its end, or to an escape that is not whole, a surrogate pair being one.
fn whole(inside: &str) -> (usize, bool) {
    let bytes = inside.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]).map(|found| at + found) {
        if bytes[found] == b'"' {
            return (found, true);
        }
        let length = match (bytes.get(found + 1), bytes.get(found + 2..found + 4)) {
            (None, _) => return (found, false),
            // the first half of a pair: D800 to DBFF
            (Some(b'u'), Some([b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B'])) => 12,
            (Some(b'u'), Some(_)) => 6,
            (Some(b'u'), None) => return (found, false),
            (Some(_), _) => 2,
        };
        if found + length > bytes.len() {
            return (found, false);
        }
        at = found + length;
    }
    (inside.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwrapped<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut unwrap = Unwrap::default();
        let told: String = pieces.into_iter().map(|piece| unwrap.feed(piece)).collect();
        told + &unwrap.finish()
    }

    #[test]
    fn the_text_is_the_same_wherever_its_json_is_cut() {
        let text = "ls -l \"a b\"\n\\ é 😀 \u{1}x";
        let escaped = "{\"input\": \"ls -l \\\"a b\\\"\\n\\\\ \\u00e9 \\ud83d\\ude00 \\u0001x\"}";
        for json in [json!({"input": text}).to_string(), escaped.to_owned(), format!(" \n{escaped} ")] {
            let cuts = (0..=json.len()).filter(|at| json.is_char_boundary(*at));
            for (from, to) in cuts.clone().flat_map(|from| cuts.clone().map(move |to| (from, to))) {
                if from <= to {
                    assert_eq!(unwrapped([&json[..from], &json[from..to], &json[to..]]), text, "{json} at {from} {to}");
                }
            }
        }
    }

    #[test]
    fn what_has_another_form_is_told_as_it_is() {
        for (json, want) in [
            ("", ""),
            ("{}", ""),
            ("{\"why\":\"w\",\"input\":\"x\"}", "x"),
            ("{\"command\":\"x\"}", "{\"command\":\"x\"}"),
            ("plain", "plain"),
            ("{\"input\":7}", "{\"input\":7}"),
            ("{\"input\":\"cut \\ud83d", "cut "),
            ("{\"input\":\"a\\qb\"}", ""),
        ] {
            assert_eq!(unwrapped([json]), want, "{json}");
        }
    }

    #[test]
    fn a_grammar_is_told_in_words() {
        let mut notes = Notes::default();
        let format = json!({"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: \"a\""}});
        let native =
            Tool::Native(json!({"type": "custom", "custom": {"name": "f", "description": "d", "format": format}}));
        let Tool::Function { description, .. } = tool(&native, &mut notes).into_owned() else { panic!("no function") };
        assert_eq!(description.as_deref(), Some("d\n\nThe input must follow this lark grammar:\nstart: \"a\""));
        assert_eq!(notes.to_string(), "renamed=tools.custom,tools.custom.format");
    }
}

//! A caller's stream: chunks as OpenAI sends them, and `[DONE]`.
//!
//! Every chunk begins and ends alike, so these bytes are written once. The opening chunk of a choice (role, empty content)
//! goes out with the first thing the choice says, not before: it would commit the answer to this provider and tell nothing.

use std::collections::BTreeSet;
use std::io::Write as _;

use bytes::{BufMut as _, BytesMut};
use millrace_actors::wire::usage::Usage;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::event::{Audio, Citation, Event, Image, Start};
use super::super::signature::of_gemini;
use super::super::{AnswerFacts, Encode, Frame};
use super::sources::{self, Written};
use super::{media, outer, reason, signed};

/// `object` of a chunk.
const OBJECT: &str = "chat.completion.chunk";

/// Longest block of thought, in bytes, that is kept to be told again with its signature. Beyond it the block is told
/// without: memory is bounded, and no model of today thinks that long in one block.
const LONGEST_THOUGHT: usize = 4 << 20;

/// Writes a stream of chat completion chunks.
pub struct Encoder {
    facts: AnswerFacts,
    /// The answer's id.
    id: String,
    /// A chunk up to its choices.
    head: Vec<u8>,
    buffer: BytesMut,
    choices: Vec<Choice>,
    /// Calls without a piece of their arguments so far: what they are called with is `{}`.
    bare: BTreeSet<(u32, u32)>,
    usage: Option<Usage>,
}

/// One of `n` answers.
#[derive(Default)]
struct Choice {
    index: u32,
    called: bool,
    /// Why it is over. Told with the end, not before: a provider that goes on behind it says what belongs to the choice, and
    /// clients read nothing of a choice that has finished.
    finish: Option<&'static str>,
    /// Characters of text so far.
    position: u64,
    /// The block of thought so far.
    thought: String,
    /// Gemini's signature, if a call comes next.
    signed: Option<String>,
    /// Log probabilities of the text that comes next.
    logprobs: Option<Value>,
    /// Pictures so far.
    pictures: u32,
    /// There was sound.
    sounded: bool,
}

/// The first piece of a tool call, in OpenAI's order.
#[derive(Serialize)]
struct Call<'a> {
    index: u32,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_specific_fields: Option<Signed<'a>>,
}

#[derive(Serialize)]
struct Signed<'a> {
    thought_signature: &'a str,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl Encoder {
    /// A writer of one stream.
    pub fn new(facts: AnswerFacts) -> Self {
        let (id, head) = (facts.id.clone(), outer::head(&facts, Start::default(), OBJECT));
        Encoder { facts, id, head, buffer: BytesMut::new(), choices: vec![], bare: BTreeSet::new(), usage: None }
    }

    /// Where the choice's state stands; its opening chunk, if this is the first of it.
    fn open(&mut self, index: u32, out: &mut Vec<Frame>) -> usize {
        if let Some(at) = self.choices.iter().position(|choice| choice.index == index) {
            return at;
        }
        self.choices.push(Choice { index, ..Choice::default() });
        let at = self.choices.len() - 1;
        self.delta(at, br#""role":"assistant","content":"","refusal":null"#, out);
        at
    }

    /// A chunk with a text in its delta. The hot path.
    fn text(&mut self, at: usize, name: &str, text: &str, out: &mut Vec<Frame>) {
        let choice = &mut self.choices[at];
        let logprobs = choice.logprobs.take();
        let index = choice.index;
        self.chunk(index, out, |line| {
            write!(line, "\"{name}\":")?;
            serde_json::to_writer(&mut *line, text)?;
            line.write_all(b"}")?;
            if let Some(logprobs) = logprobs {
                write!(line, ",\"logprobs\":{logprobs}")?;
            }
            line.write_all(b",\"finish_reason\":null")
        });
    }

    /// A chunk whose delta has these members.
    fn delta(&mut self, at: usize, members: &[u8], out: &mut Vec<Frame>) {
        self.chunk(self.choices[at].index, out, |line| {
            line.write_all(members)?;
            line.write_all(b"},\"finish_reason\":null")
        });
    }

    /// A chunk whose delta has this member.
    fn member(&mut self, at: usize, name: &str, value: &impl Serialize, out: &mut Vec<Frame>) {
        self.chunk(self.choices[at].index, out, |line| {
            write!(line, "\"{name}\":")?;
            serde_json::to_writer(&mut *line, value)?;
            line.write_all(b"},\"finish_reason\":null")
        });
    }

    /// A chunk; `fill` writes from within the delta to the end of the choice.
    fn chunk(
        &mut self,
        choice: u32,
        out: &mut Vec<Frame>,
        fill: impl FnOnce(&mut bytes::buf::Writer<&mut BytesMut>) -> std::io::Result<()>,
    ) {
        let mut line = (&mut self.buffer).writer();
        let tail: &[u8] = if self.facts.show_usage { b"}],\"usage\":null}" } else { b"}]}" };
        // writing into memory does not fail
        let _ = line
            .write_all(&self.head)
            .and_then(|()| write!(line, "[{{\"index\":{choice},\"delta\":{{"))
            .and_then(|()| fill(&mut line))
            .and_then(|()| line.write_all(tail));
        out.push(Frame { name: None, data: self.buffer.split().freeze() });
    }

    /// Log probabilities whose text never came.
    fn flush_logprobs(&mut self, at: usize, out: &mut Vec<Frame>) {
        if self.choices[at].logprobs.is_some() {
            self.text(at, "content", "", out);
        }
    }

    /// A piece of a call's arguments. As frequent as text, so it is written without a value in between.
    fn arguments(&mut self, at: usize, call: u32, json: &str, out: &mut Vec<Frame>) {
        self.chunk(self.choices[at].index, out, |line| {
            write!(line, "\"tool_calls\":[{{\"index\":{call},\"function\":{{\"arguments\":")?;
            serde_json::to_writer(&mut *line, json)?;
            line.write_all(b"}}]},\"finish_reason\":null")
        });
    }

    /// The first piece of a call.
    fn call(&mut self, at: usize, call: u32, (id, name): (&str, &str), out: &mut Vec<Frame>) {
        self.choices[at].called = true;
        let signature = self.choices[at].signed.take();
        let signature = signature.as_deref();
        let (id, function) = (signed::id(id, signature), Function { name, arguments: "" });
        let provider_specific_fields = signature.map(|thought_signature| Signed { thought_signature });
        let call = Call { index: call, id: &id, kind: "function", function, provider_specific_fields };
        self.member(at, "tool_calls", &[call], out);
    }

    /// The same of a custom tool.
    fn custom_call(&mut self, at: usize, call: u32, (id, name): (&str, &str), out: &mut Vec<Frame>) {
        self.choices[at].called = true;
        let signature = self.choices[at].signed.take();
        let (id, custom) = (signed::id(id, signature.as_deref()), json!({"name": name, "input": ""}));
        let call = json!({"index": call, "id": id, "type": "custom", "custom": custom});
        self.member(at, "tool_calls", &[call], out);
    }

    fn thought(&mut self, at: usize, text: &str, out: &mut Vec<Frame>) {
        let thought = &mut self.choices[at].thought;
        if thought.len() <= LONGEST_THOUGHT {
            thought.push_str(text);
        }
        self.member(at, "reasoning_content", &text, out);
    }

    /// Closes a choice: arguments for calls that have none, and the reason.
    fn finish(&mut self, at: usize, reason: &str, out: &mut Vec<Frame>) {
        self.flush_logprobs(at, out);
        let index = self.choices[at].index;
        let bare: Vec<_> = self.bare.range((index, 0)..=(index, u32::MAX)).map(|(_, call)| *call).collect();
        for call in bare {
            self.bare.remove(&(index, call));
            self.arguments(at, call, "{}", out);
        }
        self.chunk(index, out, |line| write!(line, "}},\"finish_reason\":\"{reason}\""));
    }

    fn signature(&mut self, at: usize, signature: String, out: &mut Vec<Frame>) {
        self.choices[at].signed = of_gemini(&signature).map(str::to_owned);
        let thought = std::mem::take(&mut self.choices[at].thought);
        if thought.len() <= LONGEST_THOUGHT {
            let block = json!({"type": "thinking", "thinking": thought, "signature": signature});
            self.member(at, "thinking_blocks", &[block], out);
        }
    }

    fn content(&mut self, at: usize, text: &str, out: &mut Vec<Frame>) {
        let choice = &mut self.choices[at];
        choice.position += text.chars().count() as u64;
        choice.signed = None;
        self.text(at, "content", text, out);
    }

    fn picture(&mut self, at: usize, image: Image, out: &mut Vec<Frame>) {
        let number = self.choices[at].pictures;
        self.choices[at].pictures += 1;
        self.member(at, "images", &[media::image(image, number)], out);
    }

    fn sound(&mut self, at: usize, audio: Audio, out: &mut Vec<Frame>) {
        let first = !std::mem::replace(&mut self.choices[at].sounded, true);
        let audio = if first { media::first(audio, &self.id, self.facts.created) } else { audio };
        self.member(at, "audio", &media::piece(audio), out);
    }

    fn citation(&mut self, at: usize, citation: Citation, out: &mut Vec<Frame>) {
        match sources::write(citation, self.choices[at].position) {
            Written::Annotation(annotation) => self.member(at, "annotations", &[annotation], out),
            Written::Own(native) => self.member(at, "provider_specific_fields", &json!({"citation": native}), out),
        }
    }

    fn end(&mut self, out: &mut Vec<Frame>) {
        if self.choices.is_empty() {
            self.open(0, out);
        }
        for at in 0..self.choices.len() {
            let reason = self.choices[at].finish.unwrap_or(reason::unsaid(self.choices[at].called));
            self.finish(at, reason, out);
        }
        outer::end(&self.head, self.usage.filter(|_| self.facts.show_usage), out);
    }

    fn start(&mut self, start: Start) {
        self.id = start.id.as_ref().unwrap_or(&self.facts.id).clone();
        self.head = outer::head(&self.facts, start, OBJECT);
    }
}

impl Encode for Encoder {
    fn event(&mut self, event: Event, out: &mut Vec<Frame>) {
        match event {
            Event::Start(start) => self.start(start),
            Event::Text { choice, text } => {
                let at = self.open(choice, out);
                self.content(at, &text, out);
            }
            Event::Refusal { choice, text } => {
                let at = self.open(choice, out);
                self.text(at, "refusal", &text, out);
            }
            Event::Reasoning { choice, text } => {
                let at = self.open(choice, out);
                self.thought(at, &text, out);
            }
            Event::Signature { choice, signature } => {
                let at = self.open(choice, out);
                self.signature(at, signature, out);
            }
            Event::Redacted { choice, data } => {
                let at = self.open(choice, out);
                self.member(at, "thinking_blocks", &[json!({"type": "redacted_thinking", "data": data})], out);
            }
            Event::ToolCall { choice, call, id, name } => {
                let at = self.open(choice, out);
                self.bare.insert((choice, call));
                self.call(at, call, (&id, &name), out);
            }
            Event::Arguments { choice, call, json } if !json.is_empty() => {
                let at = self.open(choice, out);
                self.bare.remove(&(choice, call));
                self.arguments(at, call, &json, out);
            }
            Event::CustomCall { choice, call, id, name } => {
                let at = self.open(choice, out);
                self.custom_call(at, call, (&id, &name), out);
            }
            Event::Input { choice, call, text } => {
                let at = self.open(choice, out);
                self.member(at, "tool_calls", &[json!({"index": call, "custom": {"input": text}})], out);
            }
            Event::Image { choice, image } => {
                let at = self.open(choice, out);
                self.picture(at, image, out);
            }
            Event::Audio { choice, audio } => {
                let at = self.open(choice, out);
                self.sound(at, audio, out);
            }
            // arguments that are empty, and what chats have no form for
            Event::Arguments { .. } | Event::Own { .. } | Event::InputEnd { .. } => {}
            Event::Citation { choice, citation } => {
                let at = self.open(choice, out);
                self.citation(at, citation, out);
            }
            Event::Logprobs { choice, value } => {
                let at = self.open(choice, out);
                self.flush_logprobs(at, out);
                self.choices[at].logprobs = Some(value);
            }
            Event::Finish { choice, reason, .. } => {
                let at = self.open(choice, out);
                self.choices[at].finish.get_or_insert(reason::write(&reason));
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::End => self.end(out),
        }
    }
}

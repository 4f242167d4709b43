//! A caller's stream: chunks as OpenAI sends them, and `[DONE]`.
//!
//! Every chunk begins and ends alike, so these bytes are written once. The opening chunk of a choice (role, empty content)
//! goes out with the first thing the choice says, not before: it would commit the answer to this provider and tell nothing.

use std::collections::BTreeSet;
use std::io::Write as _;

use bytes::{BufMut as _, Bytes, BytesMut};
use millrace_actors::wire::usage::Usage;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::event::{Event, Start};
use super::super::signature::of_gemini;
use super::super::{AnswerFacts, Encode, Frame};
use super::sources::{self, Written};
use super::{media, reason, signed, tier, usage};

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
    finished: bool,
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
        let (id, head) = (facts.id.clone(), head(&facts, Start::default(), OBJECT));
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

    fn call(&mut self, at: usize, call: &Call<'_>, out: &mut Vec<Frame>) {
        self.member(at, "tool_calls", &[call], out);
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
        self.choices[at].finished = true;
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

    fn citation(&mut self, at: usize, citation: super::super::event::Citation, out: &mut Vec<Frame>) {
        match sources::write(citation, self.choices[at].position) {
            Written::Annotation(annotation) => self.member(at, "annotations", &[annotation], out),
            Written::Own(native) => self.member(at, "provider_specific_fields", &json!({"citation": native}), out),
        }
    }

    fn end(&mut self, out: &mut Vec<Frame>) {
        for at in 0..self.choices.len() {
            if !self.choices[at].finished {
                self.finish(at, reason::unsaid(self.choices[at].called), out);
            }
        }
        if let Some(usage) = self.usage.filter(|_| self.facts.show_usage) {
            let mut line = (&mut self.buffer).writer();
            let _ = line
                .write_all(&self.head)
                .and_then(|()| line.write_all(b"[],\"usage\":"))
                .and_then(|()| Ok(serde_json::to_writer(&mut line, &usage::Written::of(&usage))?))
                .and_then(|()| line.write_all(b"}"));
            out.push(Frame { name: None, data: self.buffer.split().freeze() });
        }
        out.push(Frame { name: None, data: Bytes::from_static(b"[DONE]") });
    }
}

impl Encode for Encoder {
    fn event(&mut self, event: Event, out: &mut Vec<Frame>) {
        match event {
            Event::Start(start) => {
                self.id = start.id.as_ref().unwrap_or(&self.facts.id).clone();
                self.head = head(&self.facts, start, OBJECT);
            }
            Event::Text { choice, text } => {
                let at = self.open(choice, out);
                let state = &mut self.choices[at];
                state.position += text.chars().count() as u64;
                state.signed = None;
                self.text(at, "content", &text, out);
            }
            Event::Refusal { choice, text } => {
                let at = self.open(choice, out);
                self.text(at, "refusal", &text, out);
            }
            Event::Reasoning { choice, text } => {
                let at = self.open(choice, out);
                let thought = &mut self.choices[at].thought;
                if thought.len() <= LONGEST_THOUGHT {
                    thought.push_str(&text);
                }
                self.member(at, "reasoning_content", &text, out);
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
                self.choices[at].called = true;
                self.bare.insert((choice, call));
                let signature = self.choices[at].signed.take();
                let signature = signature.as_deref();
                let (id, function) = (signed::id(&id, signature), Function { name: &name, arguments: "" });
                let provider_specific_fields = signature.map(|thought_signature| Signed { thought_signature });
                let call = Call { index: call, id: &id, kind: "function", function, provider_specific_fields };
                self.call(at, &call, out);
            }
            Event::Arguments { choice, call, json } if !json.is_empty() => {
                let at = self.open(choice, out);
                self.bare.remove(&(choice, call));
                self.arguments(at, call, &json, out);
            }
            Event::Arguments { .. } => {}
            Event::CustomCall { choice, call, id, name } => {
                let at = self.open(choice, out);
                self.choices[at].called = true;
                let signature = self.choices[at].signed.take();
                let custom = json!({"name": name, "input": ""});
                let id = signed::id(&id, signature.as_deref());
                let call = json!({"index": call, "id": id, "type": "custom", "custom": custom});
                self.member(at, "tool_calls", &[call], out);
            }
            Event::Input { choice, call, text } => {
                let at = self.open(choice, out);
                self.member(at, "tool_calls", &[json!({"index": call, "custom": {"input": text}})], out);
            }
            Event::Image { choice, image } => {
                let at = self.open(choice, out);
                let number = self.choices[at].pictures;
                self.choices[at].pictures += 1;
                self.member(at, "images", &[media::image(image, number)], out);
            }
            Event::Audio { choice, audio } => {
                let at = self.open(choice, out);
                let first = !std::mem::replace(&mut self.choices[at].sounded, true);
                let audio = if first { media::first(audio, &self.id, self.facts.created) } else { audio };
                self.member(at, "audio", &media::piece(audio), out);
            }
            Event::Own { .. } => {}
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
                if !self.choices[at].finished {
                    self.finish(at, reason::write(&reason), out);
                }
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::End => self.end(out),
        }
    }
}

/// A chunk up to its choices, as OpenAI orders its members.
pub fn head(facts: &AnswerFacts, start: Start, object: &str) -> Vec<u8> {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut head = format!(
        "{{\"id\":{},\"object\":\"{object}\",\"created\":{},\"model\":{}",
        quoted(start.id.as_deref().unwrap_or(&facts.id)),
        start.created.unwrap_or(facts.created),
        quoted(&facts.model),
    );
    let tier = start.service_tier.as_deref().and_then(tier::told);
    for (name, value) in [("service_tier", tier), ("system_fingerprint", start.system_fingerprint.as_deref())] {
        if let Some(value) = value {
            head.push_str(&format!(",\"{name}\":{}", quoted(value)));
        }
    }
    head.push_str(",\"choices\":");
    head.into_bytes()
}

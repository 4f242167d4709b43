//! The caller's stream.

use std::borrow::Cow;

use bytes::Bytes;
use millrace_actors::wire::usage::Usage;
use serde::Serialize;

use super::ending::{Ending, message_id};
use super::sequence::{Opened, Piece, Sequence, Step};
use super::usage::{self, Shown};
use crate::dialects::event::{Event, Start};
use crate::dialects::{AnswerFacts, Encode, Frame};

/// Writes one stream.
#[derive(Debug)]
pub struct Encoder {
    facts: AnswerFacts,
    started: bool,
    ended: bool,
    sequence: Sequence,
    blocks: Blocks,
    ending: Ending,
    usage: Usage,
}

/// Numbers blocks and writes their events.
#[derive(Debug, Default)]
struct Blocks {
    index: u32,
}

#[derive(Serialize)]
struct Started<'a> {
    r#type: &'static str,
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    id: Cow<'a, str>,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: [(); 0],
    stop_reason: Option<()>,
    stop_sequence: Option<()>,
    usage: Shown,
}

#[derive(Serialize)]
struct Ended<'a> {
    r#type: &'static str,
    delta: Delta<'a>,
    usage: Shown,
}

#[derive(Serialize)]
struct Delta<'a> {
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
}

#[derive(Serialize)]
struct Redacted<'a> {
    r#type: &'static str,
    data: &'a str,
}

#[derive(Serialize)]
struct Call<'a> {
    r#type: &'static str,
    id: &'a str,
    name: &'a str,
    input: Empty,
}

#[derive(Serialize)]
struct Empty {}

impl Encoder {
    /// A writer for one answer.
    pub fn new(facts: AnswerFacts) -> Self {
        Encoder {
            facts,
            started: false,
            ended: false,
            sequence: Sequence::default(),
            blocks: Blocks::default(),
            ending: Ending::default(),
            usage: Usage::default(),
        }
    }

    fn start(&mut self, start: &Start, out: &mut Vec<Frame>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let mut usage = Shown::from(&self.usage);
        usage.service_tier = usage::tier(start.service_tier.as_deref());
        let message = Message {
            id: message_id(start.id.as_deref().unwrap_or(&self.facts.id)),
            r#type: "message",
            role: "assistant",
            model: &self.facts.model,
            content: [],
            stop_reason: None,
            stop_sequence: None,
            usage,
        };
        out.push(frame("message_start", &Started { r#type: "message_start", message }));
    }

    fn end(&mut self, out: &mut Vec<Frame>) {
        self.start(&Start::default(), out);
        let (sequence, blocks) = (&mut self.sequence, &mut self.blocks);
        sequence.finish(&mut |step| blocks.step(step, out));
        let (stop_reason, stop_sequence) = self.ending.words();
        let delta = Delta { stop_reason, stop_sequence };
        let usage = Shown::from(&self.usage);
        out.push(frame("message_delta", &Ended { r#type: "message_delta", delta, usage }));
        out.push(Frame { name: Some("message_stop"), data: Bytes::from_static(br#"{"type":"message_stop"}"#) });
        self.ended = true;
    }
}

impl Encode for Encoder {
    /// The end is held until [`Event::End`]: usage may come behind [`Event::Finish`], and stands in the same event here.
    fn event(&mut self, event: Event, out: &mut Vec<Frame>) {
        if self.ended {
            return;
        }
        self.ending.look(&event);
        match event {
            Event::Start(start) => self.start(&start, out),
            Event::Usage(usage) => self.usage.fold(usage),
            Event::Finish { .. } | Event::Logprobs { .. } => {}
            Event::End => self.end(out),
            content => {
                self.start(&Start::default(), out);
                let (sequence, blocks) = (&mut self.sequence, &mut self.blocks);
                sequence.event(content, &mut |step| blocks.step(step, out));
            }
        }
    }
}

impl Blocks {
    fn step(&mut self, step: Step, out: &mut Vec<Frame>) {
        let index = self.index;
        match step {
            Step::Open(Opened::Text) => self.opened(br#"{"type":"text","text":""}"#, out),
            Step::Open(Opened::Thinking) => self.opened(br#"{"type":"thinking","thinking":"","signature":""}"#, out),
            Step::Open(Opened::Redacted(data)) => {
                self.opened(&json(&Redacted { r#type: "redacted_thinking", data: &data }), out);
            }
            Step::Open(Opened::Call { id, name }) => {
                self.opened(&json(&Call { r#type: "tool_use", id: &id, name: &name, input: Empty {} }), out);
            }
            Step::Piece(Piece::Text(text)) => delta(index, r#""text_delta","text":"#, &text, out),
            Step::Piece(Piece::Thinking(text)) => delta(index, r#""thinking_delta","thinking":"#, &text, out),
            Step::Piece(Piece::Signature(text)) => delta(index, r#""signature_delta","signature":"#, &text, out),
            Step::Piece(Piece::Json(text)) => delta(index, r#""input_json_delta","partial_json":"#, &text, out),
            Step::Piece(Piece::Citation(native)) => delta(index, r#""citations_delta","citation":"#, &native, out),
            Step::Close => {
                self.index += 1;
                let data = format!(r#"{{"type":"content_block_stop","index":{index}}}"#);
                out.push(Frame { name: Some("content_block_stop"), data: data.into() });
            }
        }
    }

    fn opened(&self, block: &[u8], out: &mut Vec<Frame>) {
        let head = format!(r#"{{"type":"content_block_start","index":{},"content_block":"#, self.index);
        let data = [head.as_bytes(), block, b"}"].concat();
        out.push(Frame { name: Some("content_block_start"), data: data.into() });
    }
}

/// Per token: written by hand around the one value that changes, half the time of a structure with its tags.
fn delta<T: Serialize + ?Sized>(index: u32, kind: &str, value: &T, out: &mut Vec<Frame>) {
    use std::io::Write;
    let mut data = Vec::with_capacity(160);
    // a Vec takes every byte, and these values are texts or JSON already: neither can fail
    let _ = write!(data, r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":{kind}"#);
    let _ = serde_json::to_writer(&mut data, value);
    data.extend_from_slice(b"}}");
    out.push(Frame { name: Some("content_block_delta"), data: data.into() });
}

fn frame(name: &'static str, value: &impl Serialize) -> Frame {
    Frame { name: Some(name), data: json(value).into() }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

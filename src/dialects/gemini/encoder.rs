//! A caller's stream: each event a whole response, and no terminal one. The reasons to finish and the tokens come with the
//! last, which goes out only when the answer is complete: a stream that was cut never looks finished.

use std::io::Write as _;

use bytes::{BufMut as _, BytesMut};
use millrace_actors::wire::usage::Usage;
use serde_json::{Map, Value, json};

use super::parts::{Candidates, Piece};
use super::usage;
use crate::dialects::event::{Event, Start};
use crate::dialects::{AnswerFacts, Encode, Frame};

/// Writes a stream of responses.
pub struct Encoder {
    facts: AnswerFacts,
    /// A response from behind its candidates on, but for the tokens.
    tail: String,
    buffer: BytesMut,
    candidates: Candidates,
    usage: Option<Usage>,
}

impl Encoder {
    /// A writer of one stream.
    pub fn new(facts: AnswerFacts) -> Self {
        let tail = tail(&facts, &Start::default());
        Encoder { facts, tail, buffer: BytesMut::new(), candidates: Candidates::default(), usage: None }
    }

    fn end(&mut self, out: &mut Vec<Frame>) {
        let mut ends = std::mem::take(&mut self.candidates).finish();
        if ends.is_empty() {
            // an answer of nothing is an answer all the same
            ends.push((0, Vec::new(), "STOP".to_owned()));
        }
        let candidates: Vec<Value> = ends
            .into_iter()
            .map(|(index, mut parts, reason)| {
                if parts.is_empty() {
                    parts.push(json!({"text": ""}));
                }
                json!({"content": {"parts": parts, "role": "model"}, "finishReason": reason, "index": index})
            })
            .collect();
        let usage = self.usage.as_ref().map(|told| format!(",\"usageMetadata\":{}", usage::write(told)));
        let mut line = (&mut self.buffer).writer();
        // writing into memory does not fail
        let _ = write!(line, "{{\"candidates\":{}{}{}", Value::Array(candidates), usage.unwrap_or_default(), self.tail);
        out.push(Frame { name: None, data: self.buffer.split().freeze() });
    }
}

impl Encode for Encoder {
    fn event(&mut self, event: Event, out: &mut Vec<Frame>) {
        match event {
            Event::Start(start) => self.tail = tail(&self.facts, &start),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::End => self.end(out),
            event => {
                let Encoder { candidates, buffer, tail, .. } = self;
                candidates.event(event, &mut |index, piece| {
                    let mut line = (&mut *buffer).writer();
                    let _ = write_piece(&mut line, index, &piece).and_then(|()| line.write_all(tail.as_bytes()));
                    out.push(Frame { name: None, data: buffer.split().freeze() });
                });
            }
        }
    }
}

/// A response with a piece in it, up to behind its candidates. The hot path: text is written without a value in between.
fn write_piece(line: &mut impl std::io::Write, index: u32, piece: &Piece) -> std::io::Result<()> {
    match piece {
        Piece::Text(text) | Piece::Thought(text) => {
            let thought = if matches!(piece, Piece::Thought(_)) { ",\"thought\":true" } else { "" };
            line.write_all(b"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":")?;
            serde_json::to_writer(&mut *line, text)?;
            write!(line, "{thought}}}],\"role\":\"model\"}},\"index\":{index}}}]")
        }
        Piece::Part(part) => {
            write!(
                line,
                "{{\"candidates\":[{{\"content\":{{\"parts\":[{part}],\"role\":\"model\"}},\"index\":{index}}}]"
            )
        }
        Piece::Members(members) => {
            let mut candidate: Map<String, Value> = members.clone();
            candidate.insert("index".into(), index.into());
            write!(line, "{{\"candidates\":[{}]", Value::Object(candidate))
        }
    }
}

/// The end of a response: what it says of itself.
pub fn tail(facts: &AnswerFacts, start: &Start) -> String {
    let id = start.id.as_deref().unwrap_or(&facts.id);
    format!(",\"modelVersion\":{},\"responseId\":{}}}", json!(facts.model), json!(id))
}

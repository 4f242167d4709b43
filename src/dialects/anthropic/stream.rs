//! The provider's stream, event by event.

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::{self, Block, End, Head, invalid, kind_of};
use super::usage::Told;
use crate::dialects::Decode;
use crate::dialects::event::{Event, Reason};
use millrace_actors::relay::mid_stream_error;

/// Most blocks open at once. The API has one after another; this bounds what a broken provider can make us keep.
const MAX_OPEN: usize = 64;

/// Most sources that wait for their block to end; what is more goes on at once.
const MAX_SOURCES: usize = 256;

/// Reads one stream.
#[derive(Debug, Default)]
pub struct Decoder {
    open: Vec<(u32, State)>,
    calls: u32,
    usage: Told,
    finished: bool,
    ended: bool,
}

/// A block that is open.
#[derive(Debug)]
enum State {
    /// And its sources and characters so far: a whole answer tells them of the block, not of a place in it, so they come where
    /// it ends.
    Text(Vec<Value>, u64),
    /// And its signature so far.
    Thinking(String),
    /// Which call, and the arguments that the block brought along, which count if no piece follows.
    Call(u32, Option<String>),
    Skipped,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(default)]
    index: u32,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// The members of every kind of delta: only those that are there are read into texts.
#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    thinking: Option<String>,
    #[serde(default)]
    signature: Option<String>,
    #[serde(default)]
    partial_json: Option<String>,
    #[serde(default)]
    citation: Option<Value>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    stop_sequence: Option<String>,
    #[serde(default)]
    stop_details: Option<Value>,
}

/// Kinds of events and deltas that are read; what is newer is skipped.
const EVENTS: [&str; 7] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "error",
];
const DELTAS: [&str; 5] = ["text_delta", "thinking_delta", "signature_delta", "input_json_delta", "citations_delta"];

impl Decode for Decoder {
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        if self.ended || data == b"[DONE]" {
            return Ok(());
        }
        let mut message: Message<'_> = match serde_json::from_slice(data) {
            Ok(message) => message,
            Err(why) if is_newer(data) => {
                log::debug!("skipped stream event of an unknown form cause={why:?}");
                return Ok(());
            }
            Err(why) => return Err(invalid(format!("event {} cannot be read: {why}", shown(name)))),
        };
        if message.kind.is_empty() {
            message.kind = String::from_utf8_lossy(name.unwrap_or_default());
        }
        match &*message.kind {
            "content_block_delta" => self.delta(message.index, message.delta.unwrap_or_default(), out),
            "content_block_start" => self.open(&message, out),
            "content_block_stop" => {
                self.close(message.index, out);
                Ok(())
            }
            "message_start" => self.start(&message, out),
            "message_delta" => {
                self.told(message.usage, out);
                let delta = message.delta.unwrap_or_default();
                let end = End {
                    stop_reason: delta.stop_reason,
                    stop_sequence: delta.stop_sequence,
                    stop_details: delta.stop_details,
                };
                self.finished |= end.stop_reason.is_some();
                end.events(out);
                Ok(())
            }
            "message_stop" => {
                while let Some(&(index, _)) = self.open.last() {
                    self.close(index, out);
                }
                if !self.finished {
                    out.push(Event::Finish { choice: 0, reason: Reason::Stop, stop_sequence: None });
                }
                self.ended = true;
                out.push(Event::End);
                Ok(())
            }
            "error" => Err(mid_stream_error(data)),
            // `ping`, and what is newer than this reader
            _ => Ok(()),
        }
    }
}

impl Decoder {
    fn start(&mut self, message: &Message<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let raw = message.message.ok_or_else(|| invalid("message_start has no message"))?;
        let head: Result<Head<'_>, _> = serde_json::from_str(raw.get());
        let mut head = head.map_err(|why| invalid(format!("message_start cannot be read: {why}")))?;
        out.push(head.start());
        self.told(head.usage, out);
        Ok(())
    }

    fn told(&mut self, usage: Option<&RawValue>, out: &mut Vec<Event>) {
        out.extend(usage.and_then(|usage| self.usage.take(usage)).map(Event::Usage));
    }

    fn open(&mut self, message: &Message<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let raw = message.content_block.ok_or_else(|| invalid("content_block_start has no content_block"))?;
        if self.open.len() >= MAX_OPEN {
            return Err(invalid("more than 64 content blocks are open at once"));
        }
        let state = match Block::read(raw)? {
            Err(own) => {
                out.push(own);
                State::Skipped
            }
            Ok(block) => self.begin(block, out)?,
        };
        // a block that was not closed is over when its index comes again
        self.close(message.index, out);
        self.open.push((message.index, state));
        Ok(())
    }

    fn begin(&mut self, mut block: Block<'_>, out: &mut Vec<Event>) -> Result<State, Fault> {
        Ok(match &*block.kind {
            "text" => {
                let characters = block.text.as_ref().map_or(0, |text| text.chars().count() as u64);
                push_text(block.text, out, |text| Event::Text { choice: 0, text });
                State::Text(block.citations.unwrap_or_default(), characters)
            }
            "thinking" => {
                push_text(block.thinking, out, |text| Event::Reasoning { choice: 0, text });
                State::Thinking(block.signature.unwrap_or_default())
            }
            "redacted_thinking" => {
                let data = block.data.ok_or_else(|| invalid("a redacted_thinking block has no data"))?;
                out.push(Event::Redacted { choice: 0, data });
                State::Skipped
            }
            _ => {
                let call = self.calls;
                self.calls += 1;
                out.push(block.call(call)?);
                State::Call(call, block.arguments().map(str::to_owned))
            }
        })
    }

    fn delta(&mut self, index: u32, delta: Delta<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        // mostly the one block that is open
        let Some((_, state)) = self.open.iter_mut().rev().find(|(open, _)| *open == index) else {
            return Err(invalid(format!("a delta of content block {index}, which is not open")));
        };
        match (state, &*delta.kind) {
            (State::Text(_, characters), "text_delta") => {
                *characters += delta.text.as_ref().map_or(0, |text| text.chars().count() as u64);
                push_text(delta.text, out, |text| Event::Text { choice: 0, text });
            }
            (State::Text(sources, characters), "citations_delta") => match sources.len() < MAX_SOURCES {
                true => sources.extend(delta.citation),
                false => out.extend(delta.citation.map(|native| answer::citation(native, *characters))),
            },
            (State::Thinking(_), "thinking_delta") => {
                push_text(delta.thinking, out, |text| Event::Reasoning { choice: 0, text });
            }
            (State::Thinking(signature), "signature_delta") => {
                signature.push_str(delta.signature.as_deref().unwrap_or_default());
            }
            (State::Call(call, whole), "input_json_delta") => {
                let call = *call;
                push_text(delta.partial_json, out, |json| {
                    *whole = None;
                    Event::Arguments { choice: 0, call, json }
                });
            }
            (State::Skipped, _) => {}
            (_, kind) if DELTAS.contains(&kind) => {
                return Err(invalid(format!("a {kind} in content block {index}, which is of another kind")));
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, index: u32, out: &mut Vec<Event>) {
        let Some(at) = self.open.iter().rposition(|(open, _)| *open == index) else { return };
        match self.open.swap_remove(at).1 {
            State::Text(sources, characters) => {
                out.extend(sources.into_iter().map(|native| answer::citation(native, characters)));
            }
            State::Thinking(signature) if !signature.is_empty() => {
                out.push(Event::Signature { choice: 0, signature });
            }
            State::Call(call, Some(json)) => out.push(Event::Arguments { choice: 0, call, json }),
            _ => {}
        }
    }
}

fn push_text(text: Option<String>, out: &mut Vec<Event>, event: impl FnOnce(String) -> Event) {
    out.extend(text.filter(|text| !text.is_empty()).map(event));
}

/// An event that cannot be read because it, or its delta, is of a kind that this reader does not know.
fn is_newer(data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow, rename = "type", default)]
        kind: Cow<'a, str>,
        #[serde(borrow, default)]
        delta: Option<&'a RawValue>,
    }
    let Ok(outline) = serde_json::from_slice::<Outline<'_>>(data) else { return false };
    let unknown_delta =
        || outline.delta.and_then(kind_of).is_some_and(|kind| !kind.is_empty() && !DELTAS.contains(&&*kind));
    match &*outline.kind {
        "content_block_delta" => unknown_delta(),
        kind => !kind.is_empty() && !EVENTS.contains(&kind),
    }
}

fn shown(name: Option<&[u8]>) -> Cow<'_, str> {
    let name = name.unwrap_or(b"without a name");
    String::from_utf8_lossy(&name[..name.len().min(64)])
}

//! The provider's stream, event by event (`ConverseStreamOutput`).

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::{self, Calls, invalid};
use super::usage;
use super::whole::{Tier, read_whole};
use crate::dialects::Decode;
use crate::dialects::event::{Event, Start};

/// Most blocks open at once. The API has one after another; this bounds what a broken provider can make us keep.
const MAX_OPEN: usize = 64;

/// Reads one stream. It is over when it has both stopped and told its usage, which comes last.
#[derive(Debug, Default)]
pub struct Decoder {
    started: bool,
    /// Calls that are open: the block's index, and the call, or none where it is the structured answer.
    open: Vec<(u32, Option<u32>)>,
    calls: Calls,
    signature: String,
    /// Characters of the block's text so far.
    characters: u64,
    stopped: bool,
    metered: bool,
    ended: bool,
}

/// The members of every kind of event.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Message<'a> {
    role: Option<String>,
    content_block_index: Option<u32>,
    start: Option<Begun>,
    delta: Option<Delta>,
    stop_reason: Option<String>,
    additional_model_response_fields: Option<Value>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    service_tier: Option<Tier>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Begun {
    tool_use: Option<ToolUse>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse {
    tool_use_id: String,
    name: String,
}

/// A delta has one of these.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Delta {
    text: Option<String>,
    tool_use: Option<Input>,
    reasoning_content: Option<Reasoning>,
    citation: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Input {
    input: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reasoning {
    text: Option<String>,
    signature: Option<String>,
    redacted_content: Option<String>,
}

impl Decode for Decoder {
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        if self.ended {
            return Ok(());
        }
        if name == Some(b"error") {
            return Err(mid_stream_error(data));
        }
        if name == Some(WHOLE.as_bytes()) {
            self.ended = true;
            out.extend(read_whole(data)?);
            return Ok(());
        }
        let kind = name.map(String::from_utf8_lossy);
        if kind.as_ref().is_some_and(|kind| !KINDS.contains(&&**kind)) {
            return Ok(()); // newer than this reader
        }
        let mut message: Message<'_> = serde_json::from_slice(data).map_err(|why| {
            let kind = kind.as_deref().unwrap_or("without a name");
            invalid(format!("event {kind} cannot be read: {why}"))
        })?;
        let tier = message.service_tier.take().map(|tier| tier.kind);
        if !self.started {
            self.started = true;
            out.push(Event::Start(Start { service_tier: tier.clone(), ..Start::default() }));
        }
        match kind.unwrap_or_else(|| Cow::Borrowed(kind_of(&message))).as_ref() {
            "contentBlockDelta" => self.delta(message, out)?,
            "contentBlockStart" => self.begin(message, out)?,
            "contentBlockStop" => self.close(message.content_block_index.unwrap_or_default(), out),
            "messageStop" => {
                self.sign(out);
                let sequence = answer::sequence(message.additional_model_response_fields.as_ref());
                self.calls.finish(message.stop_reason, sequence, out);
                self.stopped = true;
            }
            "metadata" => {
                out.extend(message.usage.and_then(|raw| usage::read(raw, tier.as_deref())).map(Event::Usage));
                self.metered = true;
            }
            _ => {}
        }
        if self.stopped && self.metered {
            self.ended = true;
            out.push(Event::End);
        }
        Ok(())
    }
}

/// The name of an event that is none of the provider's: a whole answer to a request for a stream.
pub const WHOLE: &str = "converse";

/// The kinds of events that are read.
const KINDS: [&str; 6] =
    ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];

/// The kind of an event that came without its name: a stream that was read as a whole keeps the data alone.
fn kind_of(message: &Message<'_>) -> &'static str {
    match message {
        Message { delta: Some(_), .. } => "contentBlockDelta",
        Message { start: Some(_), .. } => "contentBlockStart",
        Message { stop_reason: Some(_), .. } => "messageStop",
        Message { usage: Some(_), .. } => "metadata",
        Message { role: Some(_), .. } => "messageStart",
        Message { content_block_index: Some(_), .. } => "contentBlockStop",
        _ => "",
    }
}

impl Decoder {
    /// Only calls are begun: texts and thought come without.
    fn begin(&mut self, message: Message<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let Some(ToolUse { tool_use_id, name }) = message.start.and_then(|start| start.tool_use) else {
            return Ok(());
        };
        if self.open.len() >= MAX_OPEN {
            return Err(invalid("more than 64 content blocks are open at once"));
        }
        self.sign(out);
        let index = message.content_block_index.unwrap_or_default();
        self.open.retain(|(open, _)| *open != index);
        let call = self.calls.begin(tool_use_id, name, out);
        self.open.push((index, call));
        Ok(())
    }

    fn delta(&mut self, message: Message<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let index = message.content_block_index.unwrap_or_default();
        let Delta { text, tool_use, reasoning_content, citation } = message.delta.unwrap_or_default();
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.characters += text.chars().count() as u64;
            out.push(Event::Text { choice: 0, text });
        }
        if let Some(Input { input: json }) = tool_use {
            let Some((_, call)) = self.open.iter().rev().find(|(open, _)| *open == index) else {
                return Err(invalid(format!("arguments in content block {index}, where no call has begun")));
            };
            match call {
                _ if json.is_empty() => {}
                Some(call) => out.push(Event::Arguments { choice: 0, call: *call, json }),
                None => out.push(Event::Text { choice: 0, text: json }),
            }
        }
        if let Some(Reasoning { text, signature, redacted_content }) = reasoning_content {
            out.extend(text.filter(|text| !text.is_empty()).map(|text| Event::Reasoning { choice: 0, text }));
            self.signature.push_str(signature.as_deref().unwrap_or_default());
            out.extend(redacted_content.map(|data| Event::Redacted { choice: 0, data }));
        }
        out.extend(citation.map(|native| answer::citation(native, self.characters)));
        Ok(())
    }

    fn close(&mut self, index: u32, out: &mut Vec<Event>) {
        self.sign(out);
        self.characters = 0;
        self.open.retain(|(open, _)| *open != index);
    }

    /// A signature may come in pieces, and is whole when its block is over.
    fn sign(&mut self, out: &mut Vec<Event>) {
        if !self.signature.is_empty() {
            out.push(Event::Signature { choice: 0, signature: std::mem::take(&mut self.signature) });
        }
    }
}

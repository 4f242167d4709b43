//! The provider's stream, event by event (`ConverseStreamOutput`).

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::{self, Calls, invalid};
use super::picture::{Picture, Told};
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
    picture: Option<Picture>,
    /// The block of an unknown kind that was told last.
    own: Option<u32>,
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
    content_block_index: Option<u32>,
    #[serde(borrow)]
    start: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
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
    image: Option<Told>,
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
    image: Option<Told>,
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
        let kind = name.map(String::from_utf8_lossy).unwrap_or_default();
        if !KINDS.contains(&&*kind) {
            return Ok(()); // newer than this reader
        }
        let unread = |why| invalid(format!("event {kind} cannot be read: {why}"));
        let mut message: Message<'_> = serde_json::from_slice(data).map_err(unread)?;
        let tier = message.service_tier.take().map(|tier| tier.kind);
        if !self.started {
            self.started = true;
            out.push(Event::Start(Start { service_tier: tier.clone(), ..Start::default() }));
        }
        match &*kind {
            "contentBlockDelta" => self.delta(message, out)?,
            "contentBlockStart" => self.begin(message, out)?,
            "contentBlockStop" => self.close(message.content_block_index.unwrap_or_default(), out),
            "messageStop" => {
                self.over(out);
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

impl Decoder {
    /// Only calls and pictures are begun: texts and thought come without.
    fn begin(&mut self, message: Message<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let Some(raw) = message.start else { return Ok(()) };
        let index = message.content_block_index.unwrap_or_default();
        let Begun { tool_use, image } = part(raw)?;
        if let Some(told) = image {
            self.over(out);
            return self.picture.insert(Picture::default()).add(told);
        }
        let Some(ToolUse { tool_use_id, name }) = tool_use else {
            self.own(index, raw, out);
            return Ok(());
        };
        if self.open.len() >= MAX_OPEN {
            return Err(invalid("more than 64 content blocks are open at once"));
        }
        self.over(out);
        self.open.retain(|(open, _)| *open != index);
        let call = self.calls.begin(tool_use_id, name, out);
        self.open.push((index, call));
        Ok(())
    }

    fn delta(&mut self, message: Message<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let index = message.content_block_index.unwrap_or_default();
        let Some(raw) = message.delta else { return Ok(()) };
        let delta = part(raw)?;
        if matches!(delta, Delta { text: None, tool_use: None, reasoning_content: None, citation: None, image: None }) {
            self.own(index, raw, out);
        }
        let Delta { text, tool_use, reasoning_content, citation, image } = delta;
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
        if let Some(told) = image {
            self.picture.get_or_insert_default().add(told)?;
        }
        Ok(())
    }

    /// A block of a kind that is not read is told once.
    fn own(&mut self, index: u32, raw: &RawValue, out: &mut Vec<Event>) {
        if self.own == Some(index) {
            return;
        }
        if let Some(kind) = answer::kind_of(raw) {
            self.own = Some(index);
            out.push(Event::Own { kind });
        }
    }

    fn close(&mut self, index: u32, out: &mut Vec<Event>) {
        self.over(out);
        self.characters = 0;
        self.open.retain(|(open, _)| *open != index);
    }

    /// A signature and a picture may come in pieces, and are whole when their block is over.
    fn over(&mut self, out: &mut Vec<Event>) {
        out.extend(self.picture.take().map(Picture::event));
        if !self.signature.is_empty() {
            out.push(Event::Signature { choice: 0, signature: std::mem::take(&mut self.signature) });
        }
    }
}

/// What an event begins or brings.
fn part<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Fault> {
    serde_json::from_str(raw.get()).map_err(|why| invalid(format!("a part of an event cannot be read: {why}")))
}

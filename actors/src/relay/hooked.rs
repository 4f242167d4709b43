//! The hooked mode: events pass the stages that wrap the stream, then the callbacks that look at each chunk.
//!
//! Only callbacks that have a hook are asked. An event that nobody changed keeps its bytes: parsing and serializing again
//! would reorder nothing and cost twice.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::outcome::Refused;
use crate::capabilities::{CapabilitySnapshot, Hooks};
use crate::ports::{CallFacts, Callback, Chunk, StreamStage};
use crate::wire::look::text_of;
use crate::wire::protocol::Protocol;
use crate::wire::responses;
use crate::wire::restamp::Restamper;
use crate::wire::{generate, messages};

/// The text a stream's chunk hooks are shown, at most: what came later is cut, so memory stays bounded (I4).
const TEXT_LIMIT: usize = 4 << 20;

pub(super) struct Hooked {
    facts: CallFacts,
    stages: Vec<Box<dyn StreamStage>>,
    lookers: Vec<Arc<dyn Callback>>,
    restamper: Option<Restamper>,
    text: String,
}

impl Hooked {
    pub(super) fn new(callbacks: &CapabilitySnapshot, facts: CallFacts, restamper: Option<Restamper>) -> Self {
        Hooked {
            stages: callbacks.with(Hooks::STREAM).iter().filter_map(|c| c.stream(&facts)).collect(),
            lookers: callbacks.with(Hooks::STREAM_CHUNK).to_vec(),
            facts,
            restamper,
            text: String::new(),
        }
    }

    /// One event of the provider: zero or more events go out. `name` is its SSE name, where the protocol has them.
    pub(super) fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut BytesMut) -> Refused<()> {
        if self.stages.is_empty() {
            return self.look(name, data, out);
        }
        let events = through(&mut self.stages, vec![Bytes::copy_from_slice(data)])?;
        events.iter().try_for_each(|data| self.look(None, data, out))
    }

    /// The terminal event: what stages still hold goes out, each stage's rest through the stages after it.
    pub(super) fn end(&mut self, out: &mut BytesMut) -> Refused<()> {
        for n in 0..self.stages.len() {
            let mut held = Vec::new();
            self.stages[n].end(&mut held)?;
            let events = through(&mut self.stages[n + 1..], held)?;
            events.iter().try_for_each(|data| self.look(None, data, out))?;
        }
        Ok(())
    }

    fn look(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut BytesMut) -> Refused<()> {
        if self.lookers.is_empty() {
            self.write(name, data, out);
            return Ok(());
        }
        let Some((value, readable)) = read(data) else {
            // not JSON: nothing a callback could look at, and the dialect passes it on as it came (FAULTS S9)
            self.write(name, data, out);
            return Ok(());
        };
        if self.text.len() < TEXT_LIMIT {
            match self.facts.protocol {
                Protocol::Chat | Protocol::Text | Protocol::Own => text_of(&readable, &mut self.text),
                Protocol::GenerateContent => generate::text_of(&readable, &mut self.text),
                Protocol::Messages => messages::text_of(&readable, &mut self.text),
                Protocol::Responses => responses::text_of(&readable, &mut self.text),
            }
        }
        let mut chunk = Chunk { value, changed: false };
        for callback in &self.lookers {
            callback.stream_chunk(&self.facts, &mut chunk, &self.text)?;
        }
        match chunk.changed {
            // a callback may have made another kind of event of it
            true => self.write(None, chunk.value.to_string().as_bytes(), out),
            false => self.write(name, data, out),
        }
        Ok(())
    }

    /// Without a `name` the event is named after its type, where the protocol names events.
    fn write(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut BytesMut) {
        let kind = match (self.facts.protocol, name) {
            (Protocol::Messages | Protocol::Responses, None) => messages::kind(None, data),
            _ => None,
        };
        let name = name.or(kind.as_ref().map(|kind| kind.as_bytes()));
        self.facts.protocol.frame(out, name, |out| match &mut self.restamper {
            Some(restamper) => {
                restamper.restamp(data, out);
            }
            None => out.extend_from_slice(data),
        });
    }
}

/// The event as callbacks see it. What clients read and Rust's strings do not hold, halves of surrogate pairs and bytes that
/// are no UTF-8, is U+FFFD there: an event must not get past a callback by having one.
fn read(data: &[u8]) -> Option<(Value, Cow<'_, [u8]>)> {
    if let Ok(value) = serde_json::from_slice(data) {
        return Some((value, Cow::Borrowed(data)));
    }
    let mended = without_halves(String::from_utf8_lossy(data).as_bytes());
    serde_json::from_slice(&mended).ok().map(|value| (value, Cow::Owned(mended)))
}

/// JSON with each half of a surrogate pair, which only an escape can spell, replaced by U+FFFD.
fn without_halves(data: &[u8]) -> Vec<u8> {
    let unit = |at: usize| {
        let hex = data.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    let mut out = Vec::with_capacity(data.len());
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'\\', &data[from..]).map(|found| from + found) {
        out.extend_from_slice(&data[from..at]);
        let (keep, length) = match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (true, 12),
            (Some(0xD800..=0xDFFF), _) => (false, 6),
            (Some(_), _) => (true, 6),
            (None, _) => (true, 2),
        };
        from = (at + length).min(data.len());
        out.extend_from_slice(if keep { &data[at..from] } else { b"\\ufffd" });
    }
    out.extend_from_slice(&data[from..]);
    out
}

fn through(stages: &mut [Box<dyn StreamStage>], mut events: Vec<Bytes>) -> Refused<Vec<Bytes>> {
    for stage in stages {
        let mut next = Vec::with_capacity(events.len());
        for data in events {
            stage.event(data, &mut next)?;
        }
        events = next;
    }
    Ok(events)
}

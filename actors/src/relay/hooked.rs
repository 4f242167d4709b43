//! The hooked mode: events pass the stages that wrap the stream, then the callbacks that look at each chunk.
//!
//! Only callbacks that have a hook are asked. An event that nobody changed keeps its bytes: parsing and serializing again
//! would reorder nothing and cost twice.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{Refused, frame};
use crate::capabilities::{CapabilitySnapshot, Hooks};
use crate::ports::{CallFacts, Callback, Chunk, StreamStage};
use crate::wire::look::text_of;
use crate::wire::restamp::Restamper;

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

    /// One event of the provider: zero or more events go out.
    pub(super) fn event(&mut self, data: &[u8], out: &mut BytesMut) -> Refused<()> {
        if self.stages.is_empty() {
            return self.look(data, out);
        }
        let events = through(&mut self.stages, vec![Bytes::copy_from_slice(data)])?;
        events.iter().try_for_each(|data| self.look(data, out))
    }

    /// The terminal event: what stages still hold goes out, each stage's rest through the stages after it.
    pub(super) fn end(&mut self, out: &mut BytesMut) -> Refused<()> {
        for n in 0..self.stages.len() {
            let mut held = Vec::new();
            self.stages[n].end(&mut held)?;
            let events = through(&mut self.stages[n + 1..], held)?;
            events.iter().try_for_each(|data| self.look(data, out))?;
        }
        Ok(())
    }

    fn look(&mut self, data: &[u8], out: &mut BytesMut) -> Refused<()> {
        if self.lookers.is_empty() {
            self.write(data, out);
            return Ok(());
        }
        let Ok(value) = serde_json::from_slice(data) else {
            // not JSON: nothing a callback could look at, and the dialect passes it on as it came (FAULTS S9)
            self.write(data, out);
            return Ok(());
        };
        if self.text.len() < TEXT_LIMIT {
            text_of(data, &mut self.text);
        }
        let mut chunk = Chunk { value, changed: false };
        for callback in &self.lookers {
            callback.stream_chunk(&self.facts, &mut chunk, &self.text)?;
        }
        match chunk.changed {
            true => self.write(chunk.value.to_string().as_bytes(), out),
            false => self.write(data, out),
        }
        Ok(())
    }

    fn write(&mut self, data: &[u8], out: &mut BytesMut) {
        frame(out, |out| match &mut self.restamper {
            Some(restamper) => {
                restamper.restamp(data, out);
            }
            None => out.extend_from_slice(data),
        });
    }
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

//! The stage of a stream of OpenAI's responses: pieces of text pass a window each, as in other streams; and the events that
//! say again what the pieces said come whole, and are treated as whole answers are.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use millrace_actors::fault::Refusal;
use millrace_actors::ports::StreamStage;
use millrace_actors::wire::scan;

use super::places::{ANSWER, text};
use super::rules::Rules;
use super::splice::Splices;
use super::window::Window;

/// Channels of one stream at most (I4): parts of items.
const MAX_CHANNELS: usize = 1024;

/// The stage of one stream.
pub(super) struct Stage {
    rules: Arc<Rules>,
    channels: Vec<Channel>,
    /// Events that were added, by which the numbers of those after them grow.
    added: u64,
}

/// One text that grows from event to event.
struct Channel {
    place: Place,
    window: Window,
    /// Its last event: what is held at its end goes out in its like.
    last: Bytes,
}

/// The item, and the part of it.
type Place = (Option<u64>, Option<u64>);

/// What is read of an event.
#[derive(Default)]
struct Told {
    kind: String,
    number: Option<Range<usize>>,
    delta: Option<Range<usize>>,
    logprobs: Option<Range<usize>>,
    place: Place,
}

impl Stage {
    /// Nothing came yet.
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        Stage { rules, channels: Vec::new(), added: 0 }
    }

    /// A piece of a text.
    fn piece(&mut self, data: &Bytes, json: &str, told: &Told, at: &Range<usize>) -> Result<Bytes, Refusal> {
        let known = self.channels.iter().position(|channel| channel.place == told.place);
        if known.is_none() && self.channels.len() == MAX_CHANNELS {
            return Err(self.rules.unreadable());
        }
        let channel = known.unwrap_or(self.channels.len());
        if known.is_none() {
            self.channels.push(Channel { place: told.place, window: Window::default(), last: Bytes::new() });
        }
        let Stage { rules, channels, .. } = self;
        let (was, mut now) = (text(json, at), String::new());
        let fed = channels[channel].window.feed(&was, (&rules.matcher, &rules.action), &mut now);
        fed.map_err(|_| rules.refusal())?;
        channels[channel].last = data.clone();
        let mut splices = Splices::default();
        if was != now {
            splices.string(at.clone(), &now);
        }
        // they would spell out what is held back or masked
        if let Some(at) = told.logprobs.clone().filter(|at| &json[at.clone()] != "[]") {
            splices.raw(at, "[]".to_owned());
        }
        Ok(splices.apply(json).unwrap_or_else(|| data.clone()))
    }

    /// Ends the texts of an item, or all: what they held goes out in pieces of their own.
    fn finish(&mut self, item: Option<Option<u64>>, number: u64, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        let Stage { rules, channels, added } = self;
        for channel in channels.iter_mut().filter(|channel| item.is_none_or(|item| channel.place.0 == item)) {
            let mut rest = String::new();
            let finished = channel.window.finish((&rules.matcher, &rules.action), &mut rest);
            finished.map_err(|_| rules.refusal())?;
            let json = std::str::from_utf8(&channel.last).unwrap_or_default();
            let Some(Told { delta: Some(at), number: numbered, .. }) = read(json).filter(|_| !rest.is_empty()) else {
                continue;
            };
            let mut splices = Splices::default();
            splices.string(at, &rest);
            if let Some(at) = numbered {
                splices.raw(at, (number + *added).to_string());
            }
            out.extend(splices.apply(json));
            *added += 1;
        }
        Ok(())
    }

    /// The event with a number that counts what was added before it.
    fn numbered(&self, data: Bytes) -> Bytes {
        let json = std::str::from_utf8(&data).unwrap_or_default();
        let Some(at) = read(json).and_then(|told| told.number).filter(|_| self.added > 0) else { return data };
        let Ok(number) = json[at.clone()].parse::<u64>() else { return data };
        let mut splices = Splices::default();
        splices.raw(at, (number + self.added).to_string());
        splices.apply(json).unwrap_or(data)
    }
}

impl StreamStage for Stage {
    fn event(&mut self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        if !data.trim_ascii_start().starts_with(b"{") {
            // no event of this protocol; but it shall not say anything denied either
            if self.rules.matcher.denies(&String::from_utf8_lossy(&data)) {
                return Err(self.rules.refusal());
            }
            out.push(data);
            return Ok(());
        }
        let json = std::str::from_utf8(&data).map_err(|_| self.rules.unreadable())?;
        let told = read(json).ok_or_else(|| self.rules.unreadable())?;
        if let Some(at) = &told.delta {
            let piece = self.piece(&data, json, &told, at)?;
            out.push(self.numbered(piece));
            return Ok(());
        }
        let number = told.number.and_then(|at| json[at].parse().ok()).unwrap_or_default();
        match told.kind.as_str() {
            "response.completed" | "response.incomplete" | "response.failed" => self.finish(None, number, out)?,
            kind if kind.ends_with(".done") => self.finish(Some(told.place.0), number, out)?,
            _ => {}
        }
        let changed = self.rules.apply(&data, &ANSWER)?;
        out.push(self.numbered(changed.unwrap_or(data)));
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        // the last event has ended all
        self.finish(None, 0, out)
    }
}

/// Nothing where it is no JSON.
fn read(json: &str) -> Option<Told> {
    let mut told = Told::default();
    for member in scan::members(json).ok()? {
        let number = || json[member.value.clone()].parse().ok();
        match member.key.as_ref() {
            "type" => told.kind = text(json, &member.value).into_owned(),
            "sequence_number" => told.number = Some(member.value),
            "delta" if json[member.value.clone()].starts_with('"') => told.delta = Some(member.value),
            "logprobs" => told.logprobs = Some(member.value),
            "output_index" => told.place.0 = number(),
            "content_index" | "summary_index" => told.place.1 = number(),
            _ => {}
        }
    }
    Some(told)
}

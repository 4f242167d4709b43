//! A caller's whole answer, folded from the events of a stream.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::parts::{Candidates, Piece};
use super::usage;
use crate::dialects::event::{Event, Start};
use crate::dialects::{AnswerFacts, media};

/// The answer.
pub fn write_whole(events: Vec<Event>, facts: &AnswerFacts) -> Bytes {
    let (mut start, mut told) = (Start::default(), None);
    let mut candidates = Candidates::default();
    let mut folded: BTreeMap<u32, Folded> = BTreeMap::new();
    for event in events {
        match event {
            Event::Start(first) => start = first,
            Event::Usage(usage) => told = Some(usage),
            event => candidates.event(event, &mut |index, piece| folded.entry(index).or_default().take(piece)),
        }
    }
    let mut ends = candidates.finish();
    if ends.is_empty() {
        ends.push((0, Vec::new(), "STOP".to_owned()));
    }
    let written: Vec<Value> = ends
        .into_iter()
        .map(|(index, parts, reason)| {
            let Folded { parts: mut all, members } = folded.remove(&index).unwrap_or_default();
            all.extend(parts);
            let mut candidate = Map::from_iter([("content".to_owned(), json!({"parts": all, "role": "model"}))]);
            candidate.insert("finishReason".into(), reason.into());
            candidate.insert("index".into(), index.into());
            candidate.extend(members);
            candidate.into()
        })
        .collect();
    let mut answer = Map::from_iter([("candidates".to_owned(), written.into())]);
    answer.extend(told.map(|told| ("usageMetadata".to_owned(), usage::write(&told))));
    answer.insert("modelVersion".into(), facts.model.as_str().into());
    answer.insert("responseId".into(), start.id.as_deref().unwrap_or(&facts.id).into());
    Bytes::from(Value::Object(answer).to_string())
}

/// One candidate.
#[derive(Default)]
struct Folded {
    parts: Vec<Value>,
    members: Map<String, Value>,
}

impl Folded {
    /// Text goes on where text stood last, thought where thought did.
    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Text(text) => self.text(text, false),
            Piece::Thought(text) => self.text(text, true),
            Piece::Part(part) => self.part(part),
            Piece::Members(members) => {
                members.into_iter().for_each(|(name, value)| join(&mut self.members, name, value))
            }
        }
    }

    /// Sound that comes in pieces, between pieces of what is said in it, is one sound.
    fn part(&mut self, mut part: Value) {
        let kind = sound(&part).filter(|_| part["thoughtSignature"].is_null()).map(str::to_owned);
        let same = |known: &&mut Value| kind.is_some() && sound(known) == kind.as_deref();
        if let Some(known) = self.parts.iter_mut().rev().find(same)
            && let (Value::String(known), Value::String(more)) =
                (&mut known["inlineData"]["data"], part["inlineData"]["data"].take())
        {
            return media::join(known, &more);
        }
        self.parts.push(part);
    }

    fn text(&mut self, text: String, thought: bool) {
        let open = |part: &&mut Value| {
            let members = part.as_object().map_or(0, Map::len);
            part["text"].is_string() && members == 1 + usize::from(thought) && (part["thought"] == true) == thought
        };
        let last = self.parts.iter_mut().rev().find(|part| sound(part).is_none());
        if let Some(Value::String(known)) = last.filter(open).map(|part| &mut part["text"]) {
            return known.push_str(&text);
        }
        let mut part = json!({"text": text});
        if thought {
            part["thought"] = true.into();
        }
        self.parts.push(part);
    }
}

/// The media type of a part that is sound.
fn sound(part: &Value) -> Option<&str> {
    part["inlineData"]["mimeType"].as_str().filter(|kind| kind.starts_with("audio/"))
}

/// Lists under the same name are one list in pieces.
fn join(known: &mut Map<String, Value>, name: String, value: Value) {
    match (known.get_mut(&name), value) {
        (Some(Value::Object(known)), Value::Object(more)) => {
            more.into_iter().for_each(|(name, value)| join(known, name, value));
        }
        (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
        (_, value) => drop(known.insert(name, value)),
    }
}

//! A caller's whole answer, folded from the events of a stream.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::parts::{Candidates, Piece};
use super::usage;
use crate::dialects::AnswerFacts;
use crate::dialects::event::{Event, Start};

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
            Piece::Part(part) => self.parts.push(part),
            Piece::Members(members) => {
                members.into_iter().for_each(|(name, value)| join(&mut self.members, name, value))
            }
        }
    }

    fn text(&mut self, text: String, thought: bool) {
        let open = |part: &&mut Value| {
            let members = part.as_object().map_or(0, Map::len);
            part["text"].is_string() && members == 1 + usize::from(thought) && (part["thought"] == true) == thought
        };
        if let Some(Value::String(known)) = self.parts.last_mut().filter(open).map(|part| &mut part["text"]) {
            return known.push_str(&text);
        }
        let mut part = json!({"text": text});
        if thought {
            part["thought"] = true.into();
        }
        self.parts.push(part);
    }
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

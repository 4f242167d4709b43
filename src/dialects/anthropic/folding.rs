//! The caller's whole answer, folded from the same steps as the stream.

use std::borrow::Cow;

use bytes::Bytes;
use millrace_actors::wire::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::ending::{Ending, message_id};
use super::sequence::{Opened, Piece, Sequence, Step};
use super::usage::{self, Shown};
use crate::dialects::AnswerFacts;
use crate::dialects::event::{Event, Start};

#[derive(Serialize)]
struct Message<'a> {
    id: Cow<'a, str>,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    usage: Shown,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Value>,
    },
    Thinking {
        thinking: String,
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(serialize_with = "object")]
        input: String,
    },
}

/// Writes an answer.
pub fn write_whole(events: Vec<Event>, facts: &AnswerFacts) -> Bytes {
    let (mut sequence, mut ending) = (Sequence::default(), Ending::default());
    let (mut start, mut usage) = (Start::default(), Usage::default());
    let mut content = Vec::new();
    for event in events {
        ending.look(&event);
        match event {
            Event::Start(told) => start = told,
            Event::Usage(told) => usage.fold(told),
            other => sequence.event(other, &mut |step| fold(&mut content, step)),
        }
    }
    sequence.finish(&mut |step| fold(&mut content, step));
    let (stop_reason, stop_sequence) = ending.words();
    let mut usage = Shown::from(&usage);
    usage.service_tier = usage::tier(start.service_tier.as_deref());
    let message = Message {
        id: message_id(start.id.as_deref().unwrap_or(&facts.id)),
        r#type: "message",
        role: "assistant",
        model: &facts.model,
        content,
        stop_reason,
        stop_sequence,
        usage,
    };
    Bytes::from(serde_json::to_vec(&message).unwrap_or_default())
}

fn fold(content: &mut Vec<Block>, step: Step) {
    match step {
        Step::Open(Opened::Text) => content.push(Block::Text { text: String::new(), citations: Vec::new() }),
        Step::Open(Opened::Thinking) => {
            content.push(Block::Thinking { thinking: String::new(), signature: String::new() });
        }
        Step::Open(Opened::Redacted(data)) => content.push(Block::RedactedThinking { data }),
        Step::Open(Opened::Call { id, name }) => content.push(Block::ToolUse { id, name, input: String::new() }),
        Step::Close => {}
        Step::Piece(piece) => match (content.last_mut(), piece) {
            (Some(Block::Text { text, .. }), Piece::Text(more)) => text.push_str(&more),
            (Some(Block::Text { citations, .. }), Piece::Citation(native)) => citations.push(native),
            (Some(Block::Thinking { thinking, .. }), Piece::Thinking(more)) => thinking.push_str(&more),
            (Some(Block::Thinking { signature, .. }), Piece::Signature(more)) => signature.push_str(&more),
            (Some(Block::ToolUse { input, .. }), Piece::Json(more)) => input.push_str(&more),
            // a piece follows the opening of its own kind, always
            _ => {}
        },
    }
}

/// What a tool is called with, from its text.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Arguments<'a>(#[serde(serialize_with = "object")] pub &'a str);

/// The arguments as the model wrote them. What is no object is wrapped in one, in the way of Anthropic's page
/// "Fine-grained tool streaming", since clients rely on an object here.
fn object<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) if raw.get().starts_with('{') => raw.serialize(serializer),
        _ if text.trim_ascii().is_empty() => json!({}).serialize(serializer),
        _ => json!({ "INVALID_JSON": text }).serialize(serializer),
    }
}

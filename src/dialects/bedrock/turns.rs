//! The conversation in Converse's form: `system` apart, then turns of user and assistant by turns.

use std::borrow::Cow;

use serde::Serialize;

use super::blocks::{self, Block, Guarded};
use crate::dialects::anthropic::bad;
use crate::dialects::request::{Content, Message, Role};
use crate::dialects::{BadRequest, Did, Notes, middle};

/// One message.
#[derive(Serialize)]
pub struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

/// The whole of it.
#[derive(Default)]
pub struct Conversation<'a> {
    pub system: Vec<Block<'a>>,
    pub turns: Vec<Turn<'a>>,
}

/// Writes the conversation. `caches`: the model has cache points.
///
/// # Errors
/// A part that Converse cannot take, or one that stands where it must not.
pub fn write<'a>(messages: &'a [Message], caches: bool, notes: &mut Notes) -> Result<Conversation<'a>, BadRequest> {
    let mut conversation = Conversation::default();
    for (n, message) in messages.iter().enumerate() {
        if message.name.is_some() {
            notes.add("messages.name", Did::Dropped, "messages have no name here");
        }
        let mut blocks = said(message, n, caches, notes)?;
        if blocks.is_empty() {
            notes.add("messages.content", Did::Dropped, "a message that says nothing");
            continue;
        }
        let role = match message.role {
            Role::System if conversation.turns.is_empty() => {
                conversation.system.extend(blocks);
                continue;
            }
            Role::Assistant => "assistant",
            Role::System => {
                mark(&mut blocks, notes);
                "user"
            }
            Role::User | Role::Tool => "user",
        };
        match conversation.turns.last_mut().filter(|last| last.role == role) {
            Some(last) => last.content.extend(blocks),
            None => conversation.turns.push(Turn { role, content: blocks }),
        }
    }
    for turn in conversation.turns.iter_mut().filter(|turn| turn.role == "user") {
        order(&mut turn.content, notes);
    }
    if conversation.turns.first().is_none_or(|first| first.role == "assistant") {
        notes.add("messages", Did::Defaulted, "a user's message first, saying \".\"");
        let placeholder = Turn { role: "user", content: vec![Block::Text(Cow::Borrowed("."))] };
        conversation.turns.insert(0, placeholder);
    }
    Ok(conversation)
}

/// What the system says later on, as texts of the user's.
fn mark(blocks: &mut [Block<'_>], notes: &mut Notes) {
    let texts = blocks.iter_mut().filter_map(|block| match block {
        Block::Text(text) | Block::GuardContent { text: Guarded { text } } => Some(text),
        _ => None,
    });
    let mut texts: Vec<_> = texts.collect();
    middle::mark(&mut texts, notes, |text, wrap| **text = Cow::Owned(wrap(text)));
}

/// Results first, each with the cache point behind it.
fn order(blocks: &mut Vec<Block<'_>>, notes: &mut Notes) {
    let mut of_result = false;
    let grouped = std::mem::take(blocks).into_iter().map(|block| {
        of_result = match block {
            Block::ToolResult { .. } => true,
            Block::CachePoint { .. } => of_result,
            _ => false,
        };
        (of_result, block)
    });
    let mut grouped: Vec<_> = grouped.collect();
    middle::results_first(&mut grouped, notes, |(of_result, _)| *of_result);
    blocks.extend(grouped.into_iter().map(|(_, block)| block));
}

fn said<'a>(message: &'a Message, n: usize, caches: bool, notes: &mut Notes) -> Result<Vec<Block<'a>>, BadRequest> {
    let mut blocks = Vec::with_capacity(message.parts.len());
    // thought and calls may stand beside the caller's list of contents: not counted in it
    let mut listed = 0;
    for part in &message.parts {
        let at = format!("/messages/{n}/content/{listed}");
        let at = part.place(&at);
        let content = &part.content;
        let beside = matches!(content, Content::Reasoning { .. } | Content::Redacted { .. } | Content::ToolCall { .. });
        listed += usize::from(!beside);
        let of_model = message.role == Role::Assistant;
        if beside && !of_model {
            return Err(bad(at, "has a call or thought in a message that is not the assistant's"));
        }
        if of_model && matches!(content, Content::ToolResult { .. }) {
            return Err(bad(at, "has a tool's result in a message of the assistant's"));
        }
        if of_model && matches!(content, Content::Image { .. } | Content::Audio { .. }) {
            notes.add("messages.media", Did::Dropped, "pictures and sound of the model's are not taken back");
            continue;
        }
        if message.role == Role::System && !matches!(content, Content::Text { .. } | Content::Other(_)) {
            return Err(bad(at, "has more than text in a system message; move it to a user's message"));
        }
        let block = blocks::of_part(part, at, notes)?;
        let marked = block.is_some().then(|| cache_control(part)).flatten();
        blocks.extend(block);
        blocks.extend(blocks::mark(marked, caches, notes));
    }
    Ok(blocks)
}

/// A part's mark; or one within a tool's result, behind which it then stands.
fn cache_control(part: &crate::dialects::request::Part) -> Option<&serde_json::Value> {
    let within = match &part.content {
        Content::ToolResult { parts, .. } => parts.iter().rev().find_map(|part| part.cache_control.as_ref()),
        _ => None,
    };
    part.cache_control.as_ref().or(within)
}

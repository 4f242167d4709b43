//! The conversation in the provider's form: `system` in front, then turns of user and assistant by turns.

use std::borrow::Cow;

use serde::Serialize;

use super::blocks::{self, Block, Said};
use super::fields::bad;
use crate::dialects::request::{Content, Message, Part, Role};
use crate::dialects::{BadRequest, Did, Notes};

/// One message of the provider's.
#[derive(Serialize)]
pub struct Turn<'a> {
    /// `user` or `assistant`.
    role: &'static str,
    content: Said<'a>,
}

/// `system`, if there is any, and `messages`.
pub type Conversation<'a> = (Option<Said<'a>>, Vec<Turn<'a>>);

/// What the user says where the caller lets the model begin: the API wants a user's message first, and none empty.
const PLACEHOLDER: &str = ".";

/// Writes the conversation.
///
/// # Errors
/// A part that the API cannot take, or one that stands where it must not.
pub fn write<'a>(messages: &'a [Message], notes: &mut Notes) -> Result<Conversation<'a>, BadRequest> {
    let mut system = Vec::new();
    let mut turns: Vec<(&'static str, Vec<Block<'a>>)> = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        let at = format!("/messages/{n}");
        if message.name.is_some() {
            notes.add("messages.name", Did::Dropped, "messages have no name here");
        }
        let blocks = blocks_of(message, &at, notes)?;
        let role = match message.role {
            Role::System => {
                if !turns.is_empty() && !blocks.is_empty() {
                    notes.add("messages.system", Did::Renamed, "system, which stands before the conversation");
                }
                system.extend(blocks);
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        match turns.last_mut() {
            _ if blocks.is_empty() => notes.add("messages.content", Did::Dropped, "a message that says nothing"),
            Some((last, of_last)) if *last == role => of_last.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    trim_unfinished(&mut turns, notes);
    if turns.first().is_none_or(|(role, _)| *role != "user") {
        notes.add("messages", Did::Defaulted, "a user's message first, saying \".\"");
        let placeholder = Block::Text { text: Cow::Borrowed(PLACEHOLDER), citations: &[], cache_control: None };
        turns.insert(0, ("user", vec![placeholder]));
    }
    let turns = turns.into_iter().map(|(role, said)| Turn { role, content: blocks::said(said) }).collect();
    Ok(((!system.is_empty()).then(|| blocks::said(system)), turns))
}

fn blocks_of<'a>(message: &'a Message, at: &str, notes: &mut Notes) -> Result<Vec<Block<'a>>, BadRequest> {
    let mut blocks = Vec::with_capacity(message.parts.len());
    // thought and calls stand beside the caller's list of contents, not in it
    let beside = |part: &&Part| {
        matches!(part.content, Content::Reasoning { .. } | Content::Redacted { .. } | Content::ToolCall { .. })
    };
    for (n, part) in message.parts.iter().enumerate() {
        let within = || format!("{at}/content/{}", n - message.parts[..n].iter().filter(beside).count());
        let misplaced = match (message.role, &part.content) {
            (Role::System, Content::Text { .. }) => None,
            (Role::System, _) => Some("has more than text in a system message; move it to a user's message"),
            (Role::Assistant, Content::ToolResult { .. }) => {
                Some("has a tool's result in a message of the assistant's")
            }
            (Role::User | Role::Tool, Content::ToolCall { .. }) => Some("has a call of a tool in a user's message"),
            (Role::User | Role::Tool, Content::Reasoning { .. } | Content::Redacted { .. }) => {
                Some("has thought in a message that is not the assistant's")
            }
            _ => None,
        };
        if let Some(what) = misplaced {
            return Err(bad(within(), what));
        }
        let block = blocks::of_part(part, at, notes);
        blocks.extend(block.map_err(|refused| match refused.pointer == at {
            true => BadRequest { pointer: within(), ..refused },
            false => refused,
        })?);
    }
    Ok(blocks)
}

/// The API refuses white space at the end of an answer that the model is to go on with.
fn trim_unfinished(turns: &mut [(&'static str, Vec<Block<'_>>)], notes: &mut Notes) {
    let Some(("assistant", blocks)) = turns.last_mut() else { return };
    let Some(Block::Text { text, .. }) = blocks.last_mut() else { return };
    let trimmed = text.trim_end();
    if !trimmed.is_empty() && trimmed.len() < text.len() {
        notes.add("messages.content", Did::Clamped, "without white space at the end of the unfinished answer");
        *text = Cow::Owned(trimmed.to_owned());
    }
}

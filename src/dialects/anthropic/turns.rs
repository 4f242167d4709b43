//! The conversation in the provider's form: `system` in front, then turns of user and assistant by turns; for models that
//! take them, turns of the system's too.

use std::borrow::Cow;

use serde::Serialize;

use super::blocks::{self, Block, Said};
use super::fields::bad;
use crate::dialects::request::{Content, Message, Part, Role};
use crate::dialects::{BadRequest, Did, Notes, middle};

/// One message of the provider's.
#[derive(Serialize)]
pub struct Turn<'a> {
    /// `user`, `assistant` or `system`.
    role: &'static str,
    content: Said<'a>,
}

/// `system`, if there is any, and `messages`.
pub type Conversation<'a> = (Option<Said<'a>>, Vec<Turn<'a>>);

/// What the user says where the caller lets the model begin: the API wants a user's message first, and none empty.
const PLACEHOLDER: &str = ".";

/// Writes the conversation. `mid_system`: the model takes messages of the system's among the others.
///
/// # Errors
/// A part that the API cannot take, or one that stands where it must not.
pub fn write<'a>(messages: &'a [Message], mid_system: bool, notes: &mut Notes) -> Result<Conversation<'a>, BadRequest> {
    let mut system = Vec::new();
    let mut turns = Turns { list: Vec::new(), waiting: Vec::new(), moved: false, mid_system };
    for (n, message) in messages.iter().enumerate() {
        let at = format!("/messages/{n}");
        if message.name.is_some() {
            notes.add("messages.name", Did::Dropped, "messages have no name here");
        }
        let blocks = blocks_of(message, &at, notes)?;
        if blocks.is_empty() {
            if message.role != Role::System {
                notes.add("messages.content", Did::Dropped, "a message that says nothing");
            }
            continue;
        }
        match message.role {
            Role::System if turns.list.is_empty() => system.extend(blocks),
            Role::System => turns.system(blocks, notes),
            Role::User | Role::Tool => turns.add("user", blocks),
            Role::Assistant => {
                turns.settle(notes);
                turns.add("assistant", blocks);
            }
        }
    }
    turns.settle(notes);
    let mut turns = turns.list;
    for (_, blocks) in turns.iter_mut().filter(|(role, _)| *role == "user") {
        middle::results_first(blocks, notes, |block| matches!(block, Block::ToolResult { .. }));
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

/// The turns so far.
struct Turns<'a> {
    list: Vec<(&'static str, Vec<Block<'a>>)>,
    /// What the system said and has no place yet.
    waiting: Vec<Vec<Block<'a>>>,
    /// It will not stand where it stood.
    moved: bool,
    mid_system: bool,
}

impl<'a> Turns<'a> {
    /// More of the last turn, or another.
    fn add(&mut self, role: &'static str, blocks: Vec<Block<'a>>) {
        self.moved |= !self.waiting.is_empty() && role == "user";
        match self.list.last_mut().filter(|(last, _)| *last == role) {
            Some((_, of_last)) => of_last.extend(blocks),
            None => self.list.push((role, blocks)),
        }
    }

    /// What the system says now.
    fn system(&mut self, blocks: Vec<Block<'a>>, notes: &mut Notes) {
        match self.mid_system {
            true => self.waiting.push(blocks),
            false => self.marked(blocks, notes),
        }
    }

    /// The model is to speak: what waits stands before that. Anthropic's page "Mid-conversation system messages" wants one
    /// message of the system's, and a user's before it.
    fn settle(&mut self, notes: &mut Notes) {
        let (waiting, moved) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.moved));
        if waiting.is_empty() {
            return;
        }
        if self.list.last().is_some_and(|(role, _)| *role == "user") {
            if moved {
                notes.add(
                    "messages.system",
                    Did::Renamed,
                    "behind the user's turn: it may not stand before or within one",
                );
            }
            self.list.push(("system", waiting.into_iter().flatten().collect()));
        } else {
            waiting.into_iter().for_each(|blocks| self.marked(blocks, notes));
        }
    }

    /// As a text of the user's.
    fn marked(&mut self, mut blocks: Vec<Block<'a>>, notes: &mut Notes) {
        middle::mark(&mut blocks, notes, |block, wrap| {
            if let Block::Text { text, .. } = block {
                *text = Cow::Owned(wrap(text));
            }
        });
        self.add("user", blocks);
    }
}

fn blocks_of<'a>(message: &'a Message, at: &str, notes: &mut Notes) -> Result<Vec<Block<'a>>, BadRequest> {
    let mut blocks = Vec::with_capacity(message.parts.len());
    // thought and calls stand beside the caller's list of contents, not in it
    let beside = |part: &&Part| {
        matches!(part.content, Content::Reasoning { .. } | Content::Redacted { .. } | Content::ToolCall { .. })
    };
    for (n, part) in message.parts.iter().enumerate() {
        let within = || format!("{at}/content/{}", n - message.parts[..n].iter().filter(beside).count());
        if message.role == Role::Assistant && matches!(part.content, Content::Image { .. } | Content::Audio { .. }) {
            notes.add("messages.media", Did::Dropped, "pictures and sound of the model's are not taken back");
            continue;
        }
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
            return Err(bad(part.place(&within()), what));
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

//! The conversation, written: contents of the user and of the model in turn, and the instruction that stands before them.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::models::Traits;
use super::parts_out::Writer;
use crate::dialects::request::{Content, Message, Role};
use crate::dialects::{BadRequest, Did, Notes, custom, middle};

/// The conversation.
pub struct Conversation {
    /// Parts of `systemInstruction`.
    pub system: Vec<Value>,
    /// `contents`.
    pub contents: Vec<Value>,
}

/// What the user says where the caller lets the model begin, or gives instructions alone: the API wants contents, and refuses
/// a call of a function that no turn of the user's comes before.
const PLACEHOLDER: &str = ".";

/// Writes it. What the system says at the start stands in the instruction.
///
/// # Errors
/// A message holds what the API has no form for, or a tool's result answers no call.
pub fn write(messages: &[Message], traits: Traits, notes: &mut Notes) -> Result<Conversation, BadRequest> {
    let mut writer = Writer { traits, notes, names: names(messages), pending: None };
    let (mut system, mut turns) = (Vec::new(), Vec::<(&str, Vec<Value>)>::new());
    for (n, message) in messages.iter().enumerate() {
        let at = format!("/messages/{n}");
        if message.name.is_some() {
            writer.notes.add("messages.name", Did::Dropped, "participants have no names here");
        }
        if message.role == Role::System && turns.is_empty() {
            writer.parts(&message.parts, &at, &mut system)?;
            continue;
        }
        let role = if message.role == Role::Assistant { "model" } else { "user" };
        let mut parts = Vec::new();
        writer.parts(&message.parts, &at, &mut parts)?;
        match message.role {
            Role::Assistant => writer.sign(&mut parts),
            Role::System => mark(&mut parts, writer.notes),
            Role::User | Role::Tool => {}
        }
        match turns.last_mut().filter(|(last, _)| *last == role) {
            Some((_, turn)) => turn.append(&mut parts),
            None if parts.is_empty() => {}
            None => turns.push((role, parts)),
        }
    }
    for (_, parts) in turns.iter_mut().filter(|(role, _)| *role == "user") {
        middle::results_first(parts, writer.notes, |part| part.get("functionResponse").is_some());
    }
    if turns.first().is_none_or(|(role, _)| *role != "user") {
        writer.notes.add("messages", Did::Defaulted, "a user's message first, saying \".\"");
        turns.insert(0, ("user", vec![json!({"text": PLACEHOLDER})]));
    }
    let contents = turns.into_iter().map(|(role, parts)| json!({"role": role, "parts": parts})).collect();
    Ok(Conversation { system, contents })
}

/// What the system says later on, as texts of the user's.
fn mark(parts: &mut [Value], notes: &mut Notes) {
    middle::mark(parts, notes, |part, wrap| {
        if let Some(text) = part["text"].as_str().map(wrap) {
            part["text"] = text.into();
        }
    });
}

/// Which function each call is of: a result names it too, which other APIs leave out.
fn names(messages: &[Message]) -> HashMap<&str, &str> {
    let parts = messages.iter().flat_map(|message| &message.parts);
    let calls = parts.filter_map(|part| match &part.content {
        Content::ToolCall { id, name, .. } => Some((id.as_str(), name.as_str())),
        Content::Other(value) => custom::Call::of(value).map(|call| (call.id, call.name)),
        _ => None,
    });
    calls.collect()
}

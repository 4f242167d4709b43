//! The caller's conversation, read: `system` and `messages`.

use serde_json::Value;

use super::fields::{Fields, bad};
use super::parts;
use crate::dialects::BadRequest;
use crate::dialects::request::{Content, Message, Part, Place, Role};

/// The whole conversation: `system` first, as a message.
///
/// # Errors
/// `messages` is missing, or something in the conversation is not what the API takes.
pub fn read(fields: &mut Fields) -> Result<Vec<Message>, BadRequest> {
    let mut messages = Vec::new();
    if let Some(system) = fields.take("system") {
        let parts = parts::read(system, "/system")?;
        if let Some(n) = parts.iter().position(|part| !matches!(part.content, Content::Text { .. })) {
            return Err(bad(format!("/system/{n}/type"), "is not text; a system prompt is text only"));
        }
        if !parts.is_empty() {
            messages.push(Message { role: Role::System, name: None, parts });
        }
    }
    let list = fields.list("messages")?.ok_or_else(|| bad("/messages", "is missing; it must be an array"))?;
    for (n, value) in list.into_iter().enumerate() {
        let at = format!("/messages/{n}");
        let mut message = Fields::of(value, at.as_str())?;
        let role = match message.need("role")?.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            _ => return Err(bad(format!("{at}/role"), "is no role of this API; it must be user, assistant or system")),
        };
        let content = message.take("content");
        let content =
            content.ok_or_else(|| bad(format!("{at}/content"), "is missing; it must be a string or an array"))?;
        split(role, parts::read(content, &format!("{at}/content"))?, &mut messages);
    }
    Ok(messages)
}

/// The model keeps results of tools and system instructions in messages of their own, where this API has them among the
/// blocks of the user's.
fn split(role: Role, parts: Vec<Part>, messages: &mut Vec<Message>) {
    if parts.is_empty() {
        messages.push(Message { role, name: None, parts });
        return;
    }
    let mut last = None;
    for part in parts {
        let (role, parts) = match (role, part.content) {
            (Role::User, content @ Content::ToolResult { .. }) => (Role::Tool, vec![Part { content, ..part }]),
            (Role::User, Content::Other(value)) => instructions(value, part.place),
            (role, content) => (role, vec![Part { content, ..part }]),
        };
        match messages.last_mut().filter(|_| last == Some(role)) {
            Some(message) => message.parts.extend(parts),
            None => messages.push(Message { role, name: None, parts }),
        }
        last = Some(role);
    }
}

/// `mid_conv_system` is a system message that stands as a block in a user's; whatever else is the user's own.
fn instructions(mut block: Value, place: Place) -> (Role, Vec<Part>) {
    if block.get("type").and_then(Value::as_str) == Some("mid_conv_system")
        && let Some(content) = block.get_mut("content").map(Value::take)
        && let Ok(parts) = parts::read(content, "")
    {
        return (Role::System, parts);
    }
    (Role::User, vec![Part { place, ..Part::of(Content::Other(block)) }])
}

//! The conversation, written as items.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::foreign::{self, Foreign};
use super::super::openai::object;
use super::super::request::{Content, Message, Part, Role};
use super::super::{BadRequest, Did, Notes};
use super::{parts_out, thought};

/// The items.
///
/// # Errors
/// A part has no form in this dialect, and leaving it out would change what is said.
pub fn write(messages: &[Message], notes: &mut Notes) -> Result<Vec<Value>, BadRequest> {
    let mut out = Out { list: vec![], custom: BTreeSet::new(), notes };
    for (n, message) in messages.iter().enumerate() {
        let at = format!("/messages/{n}/content");
        match message.role {
            Role::Assistant => out.assistant(message, &at)?,
            _ => out.said_to_it(message, &at)?,
        }
    }
    Ok(out.list)
}

struct Out<'n> {
    list: Vec<Value>,
    /// Ids of calls of custom tools: their results are items of another type.
    custom: BTreeSet<String>,
    notes: &'n mut Notes,
}

impl Out<'_> {
    fn said_to_it(&mut self, message: &Message, at: &str) -> Result<(), BadRequest> {
        if message.name.is_some() {
            self.notes.add("messages.name", Did::Dropped, "responses have no names");
        }
        let role = if message.role == Role::System { "system" } else { "user" };
        let mut parts = vec![];
        for (n, part) in message.parts.iter().enumerate() {
            let at = format!("{at}/{n}");
            match &part.content {
                Content::ToolResult { id, parts, is_error } => self.result(id, parts, *is_error, &at)?,
                _ => parts.extend(parts_out::write(part, &at, self.notes)?),
            }
        }
        if !parts.is_empty() || message.parts.is_empty() {
            self.list.push(object([("role", role.into()), ("content", plain(parts))]));
        }
        Ok(())
    }

    fn result(&mut self, id: &str, parts: &[Part], is_error: bool, at: &str) -> Result<(), BadRequest> {
        let mut written = vec![];
        for (n, part) in parts.iter().enumerate() {
            written.extend(parts_out::write(part, &format!("{at}/content/{n}"), self.notes)?);
        }
        if is_error {
            self.notes.add("messages.tool_result.is_error", Did::Renamed, "said in the text of the result");
            written.insert(0, json!({"type": "input_text", "text": "Error:"}));
        }
        let kind = if self.custom.contains(id) { "custom_tool_call_output" } else { "function_call_output" };
        self.list.push(object([("type", kind.into()), ("call_id", id.into()), ("output", plain(written))]));
        Ok(())
    }

    /// One item for each thought, text and call, in their order.
    fn assistant(&mut self, message: &Message, at: &str) -> Result<(), BadRequest> {
        let mut pictures = vec![];
        for (n, part) in message.parts.iter().enumerate() {
            let item = match &part.content {
                Content::Text { text, .. } if text.is_empty() => continue,
                Content::Text { text, .. } => said(json!({"type": "output_text", "text": text})),
                Content::Refusal(text) => said(json!({"type": "refusal", "refusal": text})),
                Content::Reasoning { text, signature } => {
                    match signature.as_deref().and_then(|sealed| thought::item(text, sealed)) {
                        Some(item) => item,
                        None => {
                            self.notes.add("messages.thinking", Did::Dropped, "OpenAI takes back its own thought only");
                            continue;
                        }
                    }
                }
                Content::Redacted { data } => match thought::item("", data) {
                    Some(item) => item,
                    None => {
                        self.notes.add("messages.thinking.signature", Did::Dropped, "sealed for another provider");
                        continue;
                    }
                },
                Content::ToolCall { id, name, arguments } => {
                    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
                    object([
                        ("type", "function_call".into()),
                        ("call_id", id.as_str().into()),
                        ("name", name.as_str().into()),
                        ("arguments", arguments.into()),
                    ])
                }
                Content::Other(value) if value["type"] == "custom" => {
                    let custom = &value["custom"];
                    self.custom.extend(value["id"].as_str().map(str::to_owned));
                    json!({"type": "custom_tool_call", "call_id": value["id"], "name": custom["name"],
                        "input": custom["input"]})
                }
                Content::Image { .. } => {
                    pictures.extend(parts_out::write(part, &format!("{at}/{n}"), self.notes)?);
                    continue;
                }
                Content::Audio { .. } => {
                    self.notes.add("messages.audio", Did::Dropped, "sound of the model's is not taken back");
                    continue;
                }
                Content::Other(value) => match foreign::read(value, self.notes) {
                    Foreign::Nothing => continue,
                    Foreign::Text(text) => said(object([("type", "output_text".into()), ("text", text.into())])),
                    Foreign::Unknown => return Err(misplaced(part, format!("{at}/{n}"))),
                },
                _ => return Err(misplaced(part, format!("{at}/{n}"))),
            };
            self.list.push(item);
        }
        if !pictures.is_empty() {
            // an item of the tool for pictures is known by an id of the provider's, which these have not
            self.notes.add("messages.images", Did::Renamed, "pictures of the model's follow in a user message");
            self.list.push(object([("role", "user".into()), ("content", pictures.into())]));
        }
        Ok(())
    }
}

fn misplaced(part: &Part, at: String) -> BadRequest {
    let pointer = part.place(&at).to_owned();
    BadRequest { pointer, what: "A part of this type cannot stand in a message of the model".into() }
}

fn said(part: Value) -> Value {
    object([("type", "message".into()), ("role", "assistant".into()), ("content", vec![part].into())])
}

/// A text where that says it all, or else the list.
fn plain(mut parts: Vec<Value>) -> Value {
    match parts.as_mut_slice() {
        [] => "".into(),
        [one] if one["type"] == "input_text" && one.as_object().is_some_and(|members| members.len() == 2) => {
            one["text"].take()
        }
        _ => parts.into(),
    }
}

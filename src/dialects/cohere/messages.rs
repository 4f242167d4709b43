//! The conversation, from OpenAI's form: nearly the same.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::dialects::foreign;
use crate::dialects::request::{Content, Message, Part, Role};
use crate::dialects::{BadRequest, Did, Notes, openai, own};

/// The conversation, and the documents that stood in it.
pub struct Written {
    pub messages: Vec<Value>,
    /// Texts that the model may cite.
    pub documents: Vec<Value>,
}

/// Writes the messages.
///
/// # Errors
/// A part has no form in this dialect, and leaving it out would change what is said.
pub fn write(messages: &[Message], model: &str, notes: &mut Notes) -> Result<Written, BadRequest> {
    own::texts_and_pictures(messages, "The provider takes documents as text only", None)?;
    let (rest, documents) = without_documents(messages, notes);
    let list = openai::write_messages(&rest, model, notes)?;
    let messages = list.into_iter().map(|message| one(message, model, notes)).collect();
    Ok(Written { messages, documents })
}

/// The messages without a user's documents, which have a place of their own here: only from there can they be cited.
fn without_documents<'m>(messages: &'m [Message], notes: &mut Notes) -> (Cow<'m, [Message]>, Vec<Value>) {
    let mut documents = vec![];
    let changes = |message: &Message| {
        let document = |part: &Part| matches!(part.content, Content::Document { .. });
        message.role == Role::User && (message.parts.is_empty() || message.parts.iter().any(document))
    };
    if !messages.iter().any(changes) {
        return (messages.into(), documents);
    }
    let mut rest = messages.to_vec();
    for message in rest.iter_mut().filter(|message| message.role == Role::User) {
        message.parts.retain(|part| {
            let Content::Document { source, name, more } = &part.content else { return true };
            let Some(text) = foreign::plain(source) else { return true };
            let id = format!("doc_{}", documents.len());
            let mut data = json!({"text": text});
            if let Some(title) = name {
                data["title"] = title.as_str().into();
            }
            for (member, value) in more {
                match member.as_str() {
                    "context" => data["context"] = value.clone(),
                    // what is given here is cited unasked
                    "citations" => {}
                    _ => {
                        notes.add(&format!("messages.document.{member}"), Did::Dropped, "documents have no such member")
                    }
                }
            }
            documents.push(json!({"id": id, "data": data}));
            notes.add("messages.document", Did::Renamed, "documents, from where they can be cited");
            false
        });
    }
    // who gave documents alone asked about them
    rest.retain(|message| message.role != Role::User || !message.parts.is_empty());
    (rest.into(), documents)
}

fn one(mut message: Value, model: &str, notes: &mut Notes) -> Value {
    let mut out = Map::new();
    let role = message["role"].take();
    let (mut content, mut calls) = (message["content"].take(), message["tool_calls"].take());
    if let (true, Some(refusal)) = (content.is_null(), message["refusal"].as_str()) {
        content = refusal.into();
    }
    if let Value::String(thought) = message["reasoning_content"].take() {
        // models that think take their thought back as a part, all others as the plan of their calls
        if model.contains("reasoning") {
            let mut parts = vec![json!({"type": "thinking", "thinking": thought})];
            match content {
                Value::Array(list) => parts.extend(list),
                Value::String(text) if !text.is_empty() => parts.push(json!({"type": "text", "text": text})),
                _ => {}
            }
            content = parts.into();
        } else if calls.is_array() {
            out.insert("tool_plan".into(), thought.into());
        } else {
            notes.add("messages.thinking", Did::Dropped, "the model does not take it back");
        }
    }
    if message["images"].is_array() {
        notes.add("messages.images", Did::Dropped, "pictures of the model's are not taken back");
    }
    if message["name"].is_string() && role != "tool" {
        notes.add("messages.name", Did::Dropped, "the provider has no names of participants");
    }
    out.insert("role".into(), role);
    if !content.is_null() {
        out.insert("content".into(), content);
    }
    if calls.is_array() {
        out.insert("tool_calls".into(), calls.take());
    }
    if message["tool_call_id"].is_string() {
        out.insert("tool_call_id".into(), message["tool_call_id"].take());
    }
    Value::Object(out)
}

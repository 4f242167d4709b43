//! The conversation, from OpenAI's form: texts joined, pictures beside them, arguments as objects.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::dialects::request::Message;
use crate::dialects::{BadRequest, Did, Notes, openai, own};

/// The messages.
///
/// # Errors
/// A part has no form in this dialect, and leaving it out would change what is said.
pub fn write(messages: &[Message], model: &str, notes: &mut Notes) -> Result<Vec<Value>, BadRequest> {
    // nothing is fetched, by the provider or by us
    let urls = Some("The provider takes pictures in base64 only, not by URL");
    own::texts_and_pictures(messages, "The provider takes no files; give their text", urls)?;
    let mut tools = HashMap::new();
    let written = openai::write_messages(messages, model, notes)?;
    Ok(written.into_iter().map(|message| one(message, &mut tools, notes)).collect())
}

/// One message. `tools` holds the name of each call's tool by the call's id: results are told by name.
fn one(mut message: Value, tools: &mut HashMap<String, String>, notes: &mut Notes) -> Value {
    let mut out = Map::new();
    out.insert("role".into(), message["role"].take());
    let (mut text, images) = content(message["content"].take());
    if message["images"].is_array() {
        notes.add("messages.images", Did::Dropped, "pictures of the model's are not taken back");
    }
    if text.is_empty()
        && let Some(refusal) = message["refusal"].as_str()
    {
        text = refusal.to_owned();
    }
    out.insert("content".into(), text.into());
    if !images.is_empty() {
        out.insert("images".into(), images.into());
    }
    if let Value::String(thought) = message["reasoning_content"].take() {
        out.insert("thinking".into(), thought.into());
    }
    if let Value::Array(calls) = message["tool_calls"].take() {
        let calls: Vec<Value> = calls.into_iter().map(|call| self::call(call, tools, notes)).collect();
        out.insert("tool_calls".into(), calls.into());
    }
    if let Value::String(id) = message["tool_call_id"].take() {
        out.extend(tools.get(&id).map(|name| ("tool_name".to_owned(), name.as_str().into())));
        out.insert("tool_call_id".into(), id.into());
    } else if message["name"].is_string() {
        notes.add("messages.name", Did::Dropped, "the provider has no names of participants");
    }
    Value::Object(out)
}

/// The text, and the pictures in base64.
fn content(content: Value) -> (String, Vec<Value>) {
    let parts = match content {
        Value::String(text) => return (text, vec![]),
        Value::Array(parts) => parts,
        _ => return (String::new(), vec![]),
    };
    let (mut texts, mut images) = (vec![], vec![]);
    for mut part in parts {
        match part["text"].take() {
            Value::String(text) => texts.push(text),
            _ => {
                let url = part["image_url"]["url"].as_str().unwrap_or_default();
                images.extend(url.split_once(";base64,").map(|(_, data)| Value::from(data)));
            }
        }
    }
    (texts.join("\n"), images)
}

fn call(mut call: Value, tools: &mut HashMap<String, String>, notes: &mut Notes) -> Value {
    let (id, name) = (call["id"].take(), call["function"]["name"].take());
    if let (Some(id), Some(name)) = (id.as_str(), name.as_str()) {
        tools.insert(id.to_owned(), name.to_owned());
    }
    let text = call["function"]["arguments"].as_str().unwrap_or("{}");
    let arguments = match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => arguments,
        _ => {
            notes.add("messages.tool_calls.arguments", Did::Renamed, "no JSON object: put into one under `arguments`");
            Map::from_iter([("arguments".to_owned(), Value::from(text))])
        }
    };
    json!({"id": id, "function": {"name": name, "arguments": arguments}})
}

//! Tools and the choice of them, in and out.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::super::request::{Tool, ToolChoice};
use super::super::{BadRequest, Did, Notes};
use super::super::{custom, native};
use super::fields::{Fields, Strays};
use super::names::Takes;
use super::parts_in;

/// An element of `tools`.
///
/// # Errors
/// It has the wrong form.
pub fn read(value: Value, at: String, strays: &mut Strays) -> Result<Tool, BadRequest> {
    let function = match &value["type"] {
        Value::String(kind) => kind == "function",
        _ => value["function"].is_object(),
    };
    if !function && value["type"].is_string() {
        return Ok(Tool::Native(value));
    }
    let mut fields = Fields::of(value, at)?;
    fields.any("type");
    let mark = parts_in::mark(&mut fields);
    let missing = fields.bad("function", "This is missing; give an object with a `name`");
    let inner = fields.object("function")?.ok_or(missing)?;
    strays.take("tools", fields);
    read_function(inner, mark, strays)
}

/// A function's description: within `tools`, or an element of the older `functions`.
///
/// # Errors
/// It has the wrong form.
pub fn read_function(mut fields: Fields, mark: Option<Value>, strays: &mut Strays) -> Result<Tool, BadRequest> {
    let tool = Tool::Function {
        name: fields.needed("name")?,
        description: fields.text("description")?,
        parameters: fields.any("parameters"),
        strict: fields.truth("strict")?,
        cache_control: mark.or_else(|| parts_in::mark(&mut fields)),
    };
    strays.take("tools.function", fields);
    Ok(tool)
}

/// `tool_choice`, or the older `function_call` in the form `{"name": ...}`.
///
/// # Errors
/// It is a word that no one knows, or neither a word nor an object.
pub fn read_choice(value: Value, at: &str) -> Result<ToolChoice, BadRequest> {
    let bad = |what: &str| BadRequest { pointer: at.to_owned(), what: what.to_owned() };
    match &value {
        Value::String(word) => match word.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            // Mistral's word
            "required" | "any" => Ok(ToolChoice::Required),
            _ => Err(bad("This must be auto, none, required, or an object that names a function")),
        },
        Value::Object(object) => {
            let named = [&value["function"]["name"], &value["name"]].into_iter().find_map(Value::as_str);
            let function = object.get("type").is_none_or(|kind| kind == "function");
            match named {
                Some(name) if function => Ok(ToolChoice::Function(name.to_owned())),
                _ if function => {
                    Err(bad("This names no function: {\"type\":\"function\",\"function\":{\"name\":...}}"))
                }
                _ => Ok(ToolChoice::Native(value)),
            }
        }
        _ => Err(bad("This must be a string or an object")),
    }
}

/// A tool, written; nothing where this dialect has no such tool.
pub fn write(tool: &Tool, takes: &Takes, notes: &mut Notes) -> Option<Value> {
    let tool = if takes.only_openai { Cow::Borrowed(tool) } else { custom::tool(tool, notes) };
    match &*tool {
        Tool::Function { name, description, parameters, strict, cache_control } => {
            let mut function = json!({"name": name});
            let members = [
                ("description", description.as_deref().map(Value::from)),
                ("parameters", parameters.clone()),
                ("strict", strict.map(Value::from)),
            ];
            for (name, value) in members {
                if let Some(value) = value {
                    function[name] = value;
                }
            }
            let mut tool = json!({"type": "function", "function": function});
            match cache_control {
                Some(mark) if takes.cache_control => tool["cache_control"] = mark.clone(),
                Some(_) => notes.add("tools.cache_control", Did::Dropped, "the model takes no such mark"),
                None => {}
            }
            Some(tool)
        }
        Tool::Native(value) if value["type"] == "custom" => Some(value.clone()),
        other @ Tool::Native(_) => {
            native::unserved(other, "chat completions have no such tool", notes);
            None
        }
    }
}

/// The choice, written.
pub fn write_choice(choice: &ToolChoice, takes: &Takes, notes: &mut Notes) -> Option<Value> {
    let as_function = custom::choice(Some(choice)).filter(|_| !takes.only_openai);
    match as_function.as_deref().unwrap_or(choice) {
        ToolChoice::Auto => Some("auto".into()),
        ToolChoice::None => Some("none".into()),
        ToolChoice::Required => Some("required".into()),
        ToolChoice::Function(name) => Some(json!({"type": "function", "function": {"name": name}})),
        ToolChoice::Native(value) if value["type"] == "custom" || value["type"] == "allowed_tools" => {
            Some(value.clone())
        }
        ToolChoice::Native(_) => {
            notes.add("tool_choice", Did::Dropped, "chat completions have no such choice");
            None
        }
    }
}

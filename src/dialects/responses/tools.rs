//! Tools and the choice of them, in and out. Chat completions nest what stands flat here; the model has the nested form of
//! whatever is no function.

use serde_json::{Map, Value, json};

use super::super::openai::{Fields, Strays, object, read_function};
use super::super::request::{Tool, ToolChoice};
use super::super::search::Search;
use super::super::{BadRequest, Did, Notes, native};

/// An element of `tools`; nothing where it is one of OpenAI's own, which is noted.
///
/// # Errors
/// It has the wrong form.
pub fn read(value: Value, at: String, strays: &mut Strays) -> Result<Option<Tool>, BadRequest> {
    let native = Tool::Native(value);
    if Search::of(&native).is_some() {
        return Ok(Some(native));
    }
    let Tool::Native(value) = native else { return Ok(None) };
    let mut fields = Fields::of(value, at)?;
    match fields.needed("type")?.as_str() {
        "function" => read_function(fields, None, strays).map(Some),
        "custom" => {
            let name = fields.needed("name")?;
            fields.put("name", name.into());
            let custom = nested(fields.rest());
            Ok(Some(Tool::Native(object([("type", "custom".into()), ("custom", custom)]))))
        }
        own => {
            let kinds = native::kinds(&Tool::Native(object([("type", own.into())])));
            kinds.iter().for_each(|kind| strays.note(&format!("tools.{kind}")));
            Ok(None)
        }
    }
}

/// `tool_choice`.
///
/// # Errors
/// It is a word that no one knows, or neither a word nor an object.
pub fn read_choice(value: Value) -> Result<ToolChoice, BadRequest> {
    let bad = |what: &str| Err(BadRequest { pointer: "/tool_choice".into(), what: what.into() });
    if let Some(word) = value.as_str() {
        return match word {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            _ => bad("This must be auto, none, required, or an object that names a tool"),
        };
    }
    let Value::Object(mut members) = value else {
        return bad("This must be a string or an object");
    };
    let name = members.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_owned);
    match (members.shift_remove("type").as_ref().and_then(Value::as_str), name) {
        (Some("function"), Some(name)) => Ok(ToolChoice::Function(name)),
        (Some("function"), None) => bad("This names no function: {\"type\":\"function\",\"name\":...}"),
        (Some(kind), _) => {
            let inner = Value::Object(members);
            Ok(ToolChoice::Native(json!({"type": kind, kind: inner})))
        }
        (None, _) => bad("This object has no `type`"),
    }
}

/// The tools, written.
pub fn write(tools: &[Tool], notes: &mut Notes) -> Vec<Value> {
    tools.iter().filter_map(|tool| write_tool(tool, notes)).collect()
}

fn write_tool(tool: &Tool, notes: &mut Notes) -> Option<Value> {
    if let Some(search) = Search::of(tool) {
        return Some(search.of_responses(notes));
    }
    match tool {
        Tool::Function { name, description, parameters, strict, cache_control } => {
            if cache_control.is_some() {
                notes.add("tools.cache_control", Did::Dropped, "tools take no such mark here");
            }
            // both are demanded, and null says what was left out; a `strict` left out would mean true
            let mut written = object([
                ("type", "function".into()),
                ("name", name.as_str().into()),
                ("parameters", parameters.clone().unwrap_or_else(|| json!({"type": "object", "properties": {}}))),
                ("strict", strict.unwrap_or(false).into()),
            ]);
            if let Some(description) = description {
                written["description"] = description.as_str().into();
            }
            Some(written)
        }
        Tool::Native(value) => match flat(value, "custom") {
            Some(flat) => Some(flat),
            None => {
                native::unserved(tool, "responses have no such tool", notes);
                None
            }
        },
    }
}

/// The choice, written.
pub fn write_choice(choice: &ToolChoice, notes: &mut Notes) -> Option<Value> {
    match choice {
        ToolChoice::Auto => Some("auto".into()),
        ToolChoice::None => Some("none".into()),
        ToolChoice::Required => Some("required".into()),
        ToolChoice::Function(name) => Some(json!({"type": "function", "name": name})),
        ToolChoice::Native(value) => {
            let flat = flat(value, "custom").or_else(|| flat(value, "allowed_tools"));
            if flat.is_none() {
                notes.add("tool_choice", Did::Dropped, "responses have no such choice");
            }
            flat
        }
    }
}

/// What is nested under the name of its kind, beside that kind; the grammar within a custom tool too.
fn flat(value: &Value, kind: &str) -> Option<Value> {
    let mut out = beside(value, kind)?;
    if let Some(format) = out.get("format").and_then(|format| beside(format, "grammar")) {
        out.insert("format".into(), format.into());
    }
    Some(Value::Object(out))
}

fn beside(value: &Value, kind: &str) -> Option<Map<String, Value>> {
    let inner = value[kind].as_object().filter(|_| value["type"] == kind)?;
    let mut out = Map::from_iter([("type".to_owned(), kind.into())]);
    out.extend(inner.iter().map(|(name, value)| (name.clone(), value.clone())));
    Some(out)
}

/// A custom tool whose grammar, if it has one, stands under the name of its kind.
fn nested(mut custom: Map<String, Value>) -> Value {
    if let Some(Value::Object(format)) = custom.get_mut("format")
        && format.get("type").is_some_and(|kind| kind == "grammar")
    {
        format.shift_remove("type");
        let grammar = std::mem::take(format);
        *format = Map::from_iter([("type".to_owned(), "grammar".into()), ("grammar".to_owned(), grammar.into())]);
    }
    custom.into()
}

/// A call of a custom tool in an earlier turn, in the form of chat completions.
pub fn custom_call(id: &str, name: &str, input: &str) -> Value {
    json!({"type": "custom", "id": id, "custom": {"name": name, "input": input}})
}

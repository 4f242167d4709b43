//! Tools and the choice among them, in the provider's form.

use serde_json::{Map, Value, json};

use crate::dialects::request::{Request, Tool, ToolChoice};
use crate::dialects::search::Search;
use crate::dialects::{Did, Notes, custom};

/// Prefix of the paths in [`Request::rest`] that hold members of tools which the model has no place for.
pub const MEMBERS: &str = "tools.";

/// `tools`; none if there are none.
pub fn write(request: &Request, notes: &mut Notes) -> Vec<Value> {
    let mut tools: Vec<Value> = request.tools.iter().filter_map(|tool| one(tool, &request.rest, notes)).collect();
    if let Some(options) = request.rest.get("web_search_options") {
        tools.push(Search::of_options(options).of_anthropic(notes));
    }
    tools
}

fn one(tool: &Tool, rest: &Map<String, Value>, notes: &mut Notes) -> Option<Value> {
    if let Some(search) = Search::of(tool).filter(|_| !is_own_search(tool)) {
        return Some(search.of_anthropic(notes));
    }
    let tool = custom::tool(tool, notes);
    let (name, description, parameters, strict, cache_control) = match &*tool {
        Tool::Function { name, description, parameters, strict, cache_control } => {
            (name, description, parameters, strict, cache_control)
        }
        // its form is between the caller and the provider, but for OpenAI's own, whose types would be misread
        Tool::Native(value) => {
            let kind = value.get("type").and_then(Value::as_str);
            let foreign = kind.is_none_or(|kind| kind == "custom" || kind == "function");
            if foreign {
                notes.add("tools", Did::Dropped, "a tool of a form that this API does not have");
            }
            return (!foreign).then(|| value.clone());
        }
    };
    let mut out = Map::new();
    out.insert("name".into(), name.as_str().into());
    out.extend(description.as_deref().map(|text| ("description".into(), text.into())));
    out.insert("input_schema".into(), schema(parameters.as_ref()));
    out.extend(strict.map(|strict| ("strict".into(), strict.into())));
    out.extend(cache_control.clone().map(|mark| ("cache_control".into(), mark)));
    for (path, of_tools) in rest {
        if let (Some(member), Some(value)) = (path.strip_prefix(MEMBERS), of_tools.get(name)) {
            out.insert(member.to_owned(), value.clone());
        }
    }
    Some(Value::Object(out))
}

/// Whether a search is Anthropic's own, of whatever version: those have a date behind their type, and a name.
fn is_own_search(tool: &Tool) -> bool {
    matches!(tool, Tool::Native(value) if value["name"] == "web_search")
}

/// The API wants an object's schema that says so.
pub fn schema(parameters: Option<&Value>) -> Value {
    match parameters {
        Some(Value::Object(schema)) => {
            let mut schema = schema.clone();
            schema.entry("type").or_insert_with(|| "object".into());
            Value::Object(schema)
        }
        // not an object: the provider's complaint names it better than a guess
        Some(other) if !other.is_null() => other.clone(),
        _ => json!({ "type": "object", "properties": {} }),
    }
}

/// `tool_choice`, which has `disable_parallel_tool_use` in it: OpenAI's `parallel_tool_calls`, reversed.
pub fn choice(request: &Request, has_tools: bool, notes: &mut Notes) -> Option<Value> {
    let serial = request.parallel_tool_calls == Some(false);
    let mut choice = match custom::choice(request.tool_choice.as_ref()).as_deref() {
        // without tools these say nothing, and the API refuses them
        None | Some(ToolChoice::Auto | ToolChoice::None) if !has_tools => return None,
        None if serial => json!({ "type": "auto" }),
        None => return None,
        Some(ToolChoice::Auto) => json!({ "type": "auto" }),
        Some(ToolChoice::None) => json!({ "type": "none" }),
        Some(ToolChoice::Required) => json!({ "type": "any" }),
        Some(ToolChoice::Function(name)) => json!({ "type": "tool", "name": name }),
        Some(ToolChoice::Native(_)) => {
            notes.add("tool_choice", Did::Dropped, "a choice of a form that this API does not have");
            return None;
        }
    };
    if serial && choice["type"] != "none" {
        notes.add("parallel_tool_calls", Did::Renamed, "tool_choice.disable_parallel_tool_use");
        choice["disable_parallel_tool_use"] = true.into();
    }
    Some(choice)
}

/// Whether one tool or another must be called.
pub fn is_forced(request: &Request) -> bool {
    request.tool_choice.as_ref().is_some_and(ToolChoice::demands)
}

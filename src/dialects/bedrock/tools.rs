//! `toolConfig`: the tools and the choice among them.

use serde_json::{Map, Value, json};

use super::blocks;
use crate::dialects::anthropic::{TOOL_MEMBERS, schema};
use crate::dialects::request::{Content, Request, Tool, ToolChoice};
use crate::dialects::{Did, Notes, custom, native};

/// What the model takes of tools.
#[derive(Clone, Copy)]
pub struct Takes {
    /// Cache points.
    pub caches: bool,
    /// `strict`.
    pub strict: bool,
}

/// `toolConfig`. `answer` is the tool through which a structured answer is given, where the model has no other way.
pub fn config(request: &Request, answer: Option<Value>, takes: Takes, notes: &mut Notes) -> Option<Value> {
    let mut tools = Vec::new();
    for tool in &request.tools {
        one(tool, takes, &mut tools, notes);
    }
    for path in request.rest.keys().filter(|path| path.starts_with(TOOL_MEMBERS)) {
        notes.add(path, Did::Dropped, "tools have a name, a description and a schema here");
    }
    let mut own = !tools.is_empty();
    if request.tool_choice == Some(ToolChoice::None) && own {
        own = none(request, &mut tools, notes);
    }
    let choice = choice(request, own, answer.is_some(), notes);
    tools.extend(answer);
    if tools.is_empty() {
        return None;
    }
    let mut config = Map::from_iter([("tools".to_owned(), Value::Array(tools))]);
    config.extend(choice.map(|choice| ("toolChoice".to_owned(), choice)));
    Some(Value::Object(config))
}

/// Converse cannot forbid tools that it is given, and must be given those that the conversation speaks of. Tells whether
/// they stay.
fn none(request: &Request, tools: &mut Vec<Value>, notes: &mut Notes) -> bool {
    let spoken_of = |content: &Content| matches!(content, Content::ToolCall { .. } | Content::ToolResult { .. });
    if request.messages.iter().flat_map(|message| &message.parts).any(|part| spoken_of(&part.content)) {
        notes.add("tool_choice", Did::Dropped, "tools that the conversation speaks of cannot be forbidden here");
        return true;
    }
    notes.add("tool_choice", Did::Renamed, "the tools are left out");
    tools.clear();
    false
}

fn one(tool: &Tool, takes: Takes, out: &mut Vec<Value>, notes: &mut Notes) {
    let tool = custom::tool(tool, notes);
    let Tool::Function { name, description, parameters, strict, cache_control } = &*tool else {
        return native::unserved(&tool, "Converse runs no tools of its own", notes);
    };
    let mut spec = Map::new();
    spec.insert("name".into(), name.as_str().into());
    let description = description.as_deref().filter(|text| !text.is_empty());
    spec.extend(description.map(|text| ("description".to_owned(), text.into())));
    spec.insert("inputSchema".into(), json!({ "json": schema(parameters.as_ref()) }));
    match strict {
        Some(true) if takes.strict => drop(spec.insert("strict".into(), true.into())),
        Some(true) => notes.add("tools.strict", Did::Dropped, "this model has no strict tools"),
        _ => {}
    }
    out.push(json!({ "toolSpec": spec }));
    let mark = blocks::mark(cache_control.as_ref(), takes.caches, notes);
    out.extend(mark.and_then(|mark| serde_json::to_value(mark).ok()));
}

fn choice(request: &Request, own: bool, answered_by_tool: bool, notes: &mut Notes) -> Option<Value> {
    if request.parallel_tool_calls == Some(false) && own {
        notes.add("parallel_tool_calls", Did::Dropped, "Converse cannot forbid several calls at once");
    }
    match custom::choice(request.tool_choice.as_ref()).as_deref() {
        // the structured answer is one of the tools: one of them must be called, or this one where there is no other
        Some(ToolChoice::Function(name)) if own => Some(json!({ "tool": { "name": name } })),
        _ if answered_by_tool && own => Some(json!({ "any": {} })),
        _ if answered_by_tool => Some(json!({ "tool": { "name": super::format::ANSWER } })),
        Some(ToolChoice::Required) if own => Some(json!({ "any": {} })),
        Some(ToolChoice::Auto) if own => Some(json!({ "auto": {} })),
        Some(ToolChoice::Native(_)) => {
            notes.add("tool_choice", Did::Dropped, "a choice of a form that Converse does not have");
            None
        }
        _ => None,
    }
}

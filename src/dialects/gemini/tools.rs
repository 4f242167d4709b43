//! Tools and their choice, written.

use serde_json::{Map, Value, json};

use super::schema;
use crate::dialects::request::{Request, Tool, ToolChoice};
use crate::dialects::search::Search;
use crate::dialects::{Did, Notes, custom, native};

/// Tools that Google runs (its reference, `Tool`).
pub const NATIVE: [&str; 9] = [
    "googleSearch",
    "googleSearchRetrieval",
    "codeExecution",
    "urlContext",
    "googleMaps",
    "enterpriseWebSearch",
    "fileSearch",
    "computerUse",
    "retrieval",
];

/// Puts `tools` and `toolConfig` into the body.
pub fn write(request: &Request, body: &mut Map<String, Value>, notes: &mut Notes) {
    let mut functions = Vec::new();
    let mut tools = Vec::new();
    let mut search = None;
    for tool in &request.tools {
        if let Some(asked) = Search::of(tool).filter(|_| !matches!(tool, Tool::Native(value) if is_native(value))) {
            search.get_or_insert((asked, "tools.web_search"));
            continue;
        }
        let tool = custom::tool(tool, notes);
        match &*tool {
            Tool::Function { name, description, parameters, cache_control, .. } => {
                if cache_control.is_some() {
                    notes.add(
                        "tools.cache_control",
                        Did::Dropped,
                        "no such mark here; what repeats is cached by itself",
                    );
                }
                functions.push(function(name, description.as_deref(), parameters.as_ref(), notes));
            }
            Tool::Native(value) if is_native(value) => tools.push(value.clone()),
            other @ Tool::Native(_) => native::unserved(other, "a tool that this provider does not run", notes),
        }
    }
    if let Some(options) = request.rest.get("web_search_options") {
        search.get_or_insert((Search::of_options(options), "web_search_options"));
    }
    match search {
        // Google's models search, or call functions
        Some((_, name)) if !functions.is_empty() => notes.add(name, Did::Dropped, "not beside functions"),
        Some(_) if tools.iter().any(|tool| tool.get("googleSearch").is_some()) => {}
        Some((search, _)) => tools.push(search.of_google(notes)),
        None => {}
    }
    for name in request.rest.keys().filter(|name| name.starts_with("tools.")) {
        notes.add(name, Did::Dropped, "no such member here");
    }
    let callable = !functions.is_empty();
    if callable {
        tools.insert(0, json!({"functionDeclarations": functions}));
    }
    if !tools.is_empty() {
        body.insert("tools".into(), tools.into());
    }
    if let Some(config) = choice(request, callable, notes) {
        body.insert("toolConfig".into(), config);
    }
    if request.parallel_tool_calls == Some(false) {
        notes.add("parallel_tool_calls", Did::Dropped, "calls at once cannot be forbidden");
    }
}

fn function(name: &str, description: Option<&str>, parameters: Option<&Value>, notes: &mut Notes) -> Value {
    let mut function = Map::new();
    function.insert("name".into(), name.into());
    let description = description.filter(|text| !text.is_empty());
    function.extend(description.map(|text| ("description".to_owned(), text.into())));
    // a function without parameters must not have a schema: one without properties is refused
    let schema = parameters.map(|parameters| schema::write(parameters, "tools.parameters", notes));
    if let Some(schema) = schema.filter(|schema| schema.get("properties").is_some()) {
        function.insert("parameters".into(), schema);
    }
    function.into()
}

fn is_native(tool: &Value) -> bool {
    tool.as_object().is_some_and(|tool| tool.keys().any(|name| NATIVE.contains(&name.as_str())))
}

fn choice(request: &Request, callable: bool, notes: &mut Notes) -> Option<Value> {
    let config = match &*custom::choice(request.tool_choice.as_ref())? {
        ToolChoice::Native(value) if value.get("functionCallingConfig").is_some() => return Some(value.clone()),
        ToolChoice::Native(_) => {
            notes.add("tool_choice", Did::Dropped, "no such choice here");
            return None;
        }
        ToolChoice::Required | ToolChoice::Function(_) if !callable => {
            notes.add("tool_choice", Did::Dropped, "there are no tools");
            return None;
        }
        // both without meaning where nothing can be called
        _ if !callable => return None,
        ToolChoice::Auto => json!({"mode": "AUTO"}),
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Required => json!({"mode": "ANY"}),
        ToolChoice::Function(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    };
    Some(json!({"functionCallingConfig": config}))
}

//! The form of the answer's text: by `outputConfig` where the model has it, by a tool that it must call where not.

use serde_json::{Map, Value, json};

use crate::dialects::anthropic::{CLOSED, bad, close};
use crate::dialects::request::{Format, Request, Tool};
use crate::dialects::{BadRequest, Did, Notes};

/// The tool through which a model without structured output answers. Its arguments are the answer: the reader of answers
/// knows it by this name alone, and shows them as text.
pub const ANSWER: &str = "millrace_json_answer";

/// How it is asked for.
#[derive(Debug, Default)]
pub struct Asked {
    /// `outputConfig`.
    pub output: Option<Value>,
    /// A tool of `toolConfig`.
    pub tool: Option<Value>,
}

/// Decides. `structured`: the model has structured output.
///
/// # Errors
/// A tool of the caller's has the name of ours.
pub fn ask(request: &Request, structured: bool, notes: &mut Notes) -> Result<Asked, BadRequest> {
    let named = |tool: &Tool| matches!(tool, Tool::Function { name, .. } if name == ANSWER);
    if let Some(n) = request.tools.iter().position(named) {
        return Err(bad(
            format!("/tools/{n}/function/name"),
            "is a name that this gateway uses itself; choose another",
        ));
    }
    let (mut schema, name, description) = match &request.format {
        None => return Ok(Asked::default()),
        Some(Format::JsonObject) => (json!({ "type": "object" }), None, None),
        Some(Format::JsonSchema { schema, name, description, .. }) => {
            (schema.clone(), name.as_deref(), description.as_deref())
        }
    };
    if structured && matches!(request.format, Some(Format::JsonSchema { .. })) {
        notes.add("response_format", Did::Renamed, "outputConfig.textFormat");
        if close(&mut schema) {
            notes.add("response_format", Did::Clamped, CLOSED);
        }
        let mut definition = Map::from_iter([("schema".to_owned(), Value::from(schema.to_string()))]);
        definition.extend(name.map(|name| ("name".to_owned(), name.into())));
        definition.extend(description.map(|text| ("description".to_owned(), text.into())));
        let format = json!({ "type": "json_schema", "structure": { "jsonSchema": definition } });
        return Ok(Asked { output: Some(json!({ "textFormat": format })), tool: None });
    }
    notes.add("response_format", Did::Renamed, "a tool that must be called, whose arguments are the answer");
    let description = description.unwrap_or("Gives the answer. Call this with the whole answer as its arguments.");
    let spec = json!({ "name": ANSWER, "description": description, "inputSchema": { "json": schema } });
    Ok(Asked { output: None, tool: Some(json!({ "toolSpec": spec })) })
}

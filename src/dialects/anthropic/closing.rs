//! Schemas of structured answers, as Claude takes them: every object says that it has no other members.

use serde_json::{Map, Value};

/// What is noted of it.
pub const CLOSED: &str = "objects without additionalProperties have it false: the API takes no open ones";
/// Keywords whose value is a schema, or a list of them.
const WITHIN: [&str; 6] = ["items", "prefixItems", "anyOf", "oneOf", "allOf", "not"];
/// Keywords whose value has schemas by name. The names are the caller's, and may look like keywords.
const BY_NAME: [&str; 3] = ["properties", "$defs", "definitions"];

/// Adds `additionalProperties: false` to each object that does not say, since the API refuses an open one (Anthropic's
/// page on structured outputs, its limits of JSON schema). Whether anything was added. What the caller has said stands,
/// also where it is refused: to close what was opened on purpose would answer another question.
pub fn close(schema: &mut Value) -> bool {
    match schema {
        Value::Object(schema) => close_members(schema),
        Value::Array(schemas) => schemas.iter_mut().fold(false, |added, schema| close(schema) | added),
        _ => false,
    }
}

fn close_members(schema: &mut Map<String, Value>) -> bool {
    let mut added = false;
    for (keyword, value) in schema.iter_mut() {
        if WITHIN.contains(&keyword.as_str()) {
            added |= close(value);
        } else if BY_NAME.contains(&keyword.as_str())
            && let Value::Object(named) = value
        {
            added |= named.values_mut().fold(false, |added, schema| close(schema) | added);
        }
    }
    if is_object(schema) && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".into(), false.into());
        added = true;
    }
    added
}

fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => schema.contains_key("properties"),
    }
}

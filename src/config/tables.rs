//! The table of keys for people (`millrace check --defaults`) and for editors (`millrace check --schema`).

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::codes::CODES;
use super::keys::{ALIAS, ENTRY, Key, MODEL_INFO, PARAMS, SECTIONS, Spec, TOP, Ty, Unknown};

/// Every key with its type, default and meaning, as a Markdown document.
pub fn defaults() -> String {
    let mut out = String::from(
        "# Settings\n\nEvery key that has an effect, with its default; `-` is none. Written by `millrace check --defaults`.\n\
         Any value may be `os.environ/NAME`.\n",
    );
    for spec in SECTIONS {
        let name = if spec.name.is_empty() { "top level" } else { spec.name };
        // Writing into a String cannot fail.
        let _ = writeln!(out, "\n## `{name}`\n\n{}\n\n| key | type | default | meaning |\n|---|---|---|---|", spec.doc);
        for key in spec.keys {
            let default = if key.default.is_empty() { "required".to_owned() } else { format!("`{}`", key.default) };
            let doc = key.doc.replace('|', "\\|");
            let _ = writeln!(out, "| `{}` | {} | {default} | {doc} |", key.name, words(key.ty));
        }
        if !spec.guards.is_empty() {
            let _ = writeln!(out, "\nRefused, since ignoring them would leave something unprotected:");
            for guard in spec.guards {
                let _ = writeln!(out, "- `{}`: {}", guard.name, guard.why);
            }
        }
    }
    out.push_str("\n## Codes\n\n| code | meaning |\n|---|---|\n");
    for (code, meaning) in CODES {
        let _ = writeln!(out, "| {code} | {meaning} |");
    }
    out
}

fn words(ty: Ty) -> String {
    match ty {
        Ty::Text => "text".to_owned(),
        Ty::Secret => "secret".to_owned(),
        Ty::Flag => "true or false".to_owned(),
        Ty::Count(least, u64::MAX) => format!("whole number from {least}"),
        Ty::Count(least, most) => format!("whole number, {least} to {most}"),
        Ty::Whole => "whole number".to_owned(),
        Ty::Number => "number from 0".to_owned(),
        Ty::Seconds(least, most) => format!("seconds, {least} to {most}"),
        Ty::Url => "address".to_owned(),
        Ty::Path => "path".to_owned(),
        Ty::Address => "IP address".to_owned(),
        Ty::Names => "list of names".to_owned(),
        Ty::Choice(choices) => choices.join(", "),
        Ty::Headers => "mapping of headers".to_owned(),
        Ty::Free => "mapping".to_owned(),
        Ty::Fallbacks => "list of `{group: [groups]}`".to_owned(),
        Ty::Section => "section".to_owned(),
    }
}

/// The JSON schema of the file, for editors.
pub fn schema() -> String {
    let mut root = section(&TOP, &|key| match key.name {
        "model_list" => Some(json!({"type": "array", "items": {"$ref": "#/$defs/entry"}})),
        "callback_settings" => Some(json!({"type": "object", "additionalProperties": {"type": "object"}})),
        "environment_variables" => Some(json!({"type": "object"})),
        _ => None,
    });
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".to_owned(), json!("Millrace configuration"));
    let entry = section(&ENTRY, &|key| match key.name {
        "litellm_params" => Some(Value::Object(section(&PARAMS, &|_| None))),
        "model_info" => Some(Value::Object(section(&MODEL_INFO, &|_| None))),
        _ => None,
    });
    root.insert("$defs".to_owned(), json!({"entry": entry}));
    let mut text = serde_json::to_string_pretty(&Value::Object(root)).unwrap_or_default();
    text.push('\n');
    text
}

fn section(spec: &'static Spec, nested: &dyn Fn(&Key) -> Option<Value>) -> Map<String, Value> {
    let mut properties = Map::new();
    for key in spec.keys {
        let value = nested(key).unwrap_or_else(|| value(key));
        properties.insert(key.name.to_owned(), described(value, key));
    }
    for name in spec.not_yet {
        properties
            .insert((*name).to_owned(), json!({"description": "LiteLLM's; has no effect here.", "deprecated": true}));
    }
    for guard in spec.guards {
        let text = format!("LiteLLM's; refused here: {}.", guard.why);
        properties.insert(guard.name.to_owned(), json!({"description": text, "deprecated": true}));
    }
    let required: Vec<&str> = spec.keys.iter().filter(|key| key.default.is_empty()).map(|key| key.name).collect();
    let mut map = Map::new();
    map.insert("type".to_owned(), json!(["object", "null"]));
    map.insert("description".to_owned(), json!(spec.doc));
    map.insert("properties".to_owned(), Value::Object(properties));
    map.insert("additionalProperties".to_owned(), json!(spec.unknown != Unknown::Refuse));
    if !required.is_empty() {
        map.insert("required".to_owned(), json!(required));
    }
    map
}

fn described(mut value: Value, key: &Key) -> Value {
    if let Value::Object(map) = &mut value {
        map.insert("description".to_owned(), json!(key.doc));
        let default = serde_json::from_str::<Value>(key.default).unwrap_or_else(|_| json!(key.default));
        if !key.default.is_empty() && key.default != "-" {
            map.insert("default".to_owned(), default);
        }
    }
    value
}

/// A value's own schema, or a reference to a variable.
fn value(key: &Key) -> Value {
    let own = match key.ty {
        Ty::Text | Ty::Secret | Ty::Url | Ty::Path | Ty::Address => return json!({"type": ["string", "null"]}),
        Ty::Flag => json!({"type": ["boolean", "null"]}),
        Ty::Count(least, u64::MAX) => json!({"type": ["integer", "null"], "minimum": least}),
        Ty::Count(least, most) => json!({"type": ["integer", "null"], "minimum": least, "maximum": most}),
        Ty::Whole => json!({"type": ["integer", "null"]}),
        Ty::Number => json!({"type": ["number", "null"], "minimum": 0}),
        Ty::Seconds(least, most) => json!({"type": ["number", "null"], "minimum": least, "maximum": most}),
        Ty::Choice(choices) => json!({"enum": choices}),
        Ty::Names => {
            return json!({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": ["string", "null"]}]});
        }
        Ty::Headers => return json!({"type": ["object", "null"], "additionalProperties": {"type": "string"}}),
        Ty::Free => return json!({"type": ["object", "null"]}),
        Ty::Fallbacks => {
            let names = json!({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]});
            return json!({"type": ["array", "null"], "items": {"type": "object", "additionalProperties": names}});
        }
        Ty::Section if key.name == "model_group_alias" => {
            let long = Value::Object(section(&ALIAS, &|_| None));
            return json!({"type": ["object", "null"], "additionalProperties": {"anyOf": [{"type": "string"}, long]}});
        }
        Ty::Section => {
            let spec = SECTIONS.iter().find(|spec| spec.name == key.name);
            return spec.map_or(json!({}), |spec| Value::Object(section(spec, &|_| None)));
        }
    };
    // what a text may be that stands for it, and no other: an editor is to find `timeout: soon`
    let pattern = match key.ty {
        Ty::Flag => "^(os\\.environ/.+|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|[Tt]rue|TRUE|[Ff]alse|FALSE)$",
        Ty::Choice(_) => "^os\\.environ/.+",
        _ => "^(os\\.environ/.+|[+-]?[0-9.][0-9.eE+-]*)$",
    };
    json!({"anyOf": [own, {"type": "string", "pattern": pattern}]})
}

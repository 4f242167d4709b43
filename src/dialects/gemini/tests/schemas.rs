//! Schemas: what Google's `Schema` has a form for, and what is noted as lost.

use serde_json::{Value, json};

use crate::dialects::Notes;
use crate::dialects::gemini::schema::{read, write};

fn written(schema: &Value) -> (Value, String) {
    let mut notes = Notes::default();
    (write(schema, "tools.parameters", &mut notes), notes.to_string())
}

#[test]
fn what_has_a_form_keeps_its_meaning() {
    for (schema, want) in [
        (json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true})),
        (json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}), json!({"type": "integer", "nullable": true})),
        (json!({"type": ["string", "integer"]}), json!({"anyOf": [{"type": "string"}, {"type": "integer"}]})),
        (json!({"const": "a"}), json!({"type": "string", "enum": ["a"]})),
        (json!({"enum": ["a", null]}), json!({"type": "string", "enum": ["a"], "nullable": true})),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
            json!({"anyOf": [{"type": "string"}, {"type": "number"}]}),
        ),
        (
            json!({"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "null"}}}]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"nullable": true}}}),
        ),
        (
            json!({"$defs": {"d": {"type": "boolean"}}, "properties": {"x": {"$ref": "#/$defs/d", "description": "y"}}}),
            json!({"type": "object", "properties": {"x": {"type": "boolean", "description": "y"}}}),
        ),
        (json!({"type": "object", "properties": {}, "required": ["gone"]}), json!({"type": "object"})),
    ] {
        assert_eq!(written(&schema), (want, String::new()), "{schema}");
    }
}

#[test]
fn what_has_none_is_noted() {
    let schema = json!({"type": "object", "additionalProperties": false, "properties": {
        "mail": {"type": "string", "format": "email"}, "n": {"type": "integer", "enum": [1, 2], "exclusiveMinimum": 0},
        "list": {"type": "array"}}});
    let (written, notes) = written(&schema);
    assert_eq!(written["properties"]["mail"], json!({"type": "string"}));
    assert_eq!(written["properties"]["n"], json!({"type": "integer"}));
    assert_eq!(written["properties"]["list"]["items"], json!({"type": "object"}));
    for lost in ["additionalProperties", "format", "enum", "exclusiveMinimum"] {
        assert!(notes.contains(&format!("tools.parameters.{lost}")), "{lost}: {notes}");
    }
    assert!(notes.ends_with("defaulted=tools.parameters.items"), "{notes}");
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let tree = json!({"$ref": "#/$defs/t", "$defs": {"t": {"properties": {"left": {"$ref": "#/$defs/t"}, "right": {"$ref": "#/$defs/t"}}}}});
    let (written, notes) = written(&tree);
    assert!(written["properties"]["left"]["properties"]["right"].is_object());
    assert!(notes.contains("tools.parameters.$ref"), "{notes}");
    assert_eq!(written_ref("#/nowhere"), json!({"type": "object"}));
}

fn written_ref(path: &str) -> Value {
    written(&json!({"$ref": path})).0
}

#[test]
fn googles_schemas_become_json_schemas() {
    let schema = json!({"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": true, "minLength": "2"}},
        "propertyOrdering": ["a"], "any_of": [{"type": "INTEGER"}]});
    let want = json!({"type": "object", "properties": {"a": {"type": ["string", "null"], "minLength": 2}}, "anyOf": [{"type": "integer"}]});
    assert_eq!(read(schema), want);
}

//! The order in which a caller wrote the members of a schema: models answer in the order of the properties, and a provider's
//! cache of prompts knows a tool by its bytes.

use serde_json::{Value, json};

use super::{Caller, Scene};

/// Members in no order of the alphabet, with what a writer might sort at several depths.
const SCHEMA: &str = r#"{"type":"object","properties":{"reasoning":{"type":"string"},"answer":{"type":"object","properties":{"z":{"type":"number"},"a":{"type":"number"}},"additionalProperties":false},"confidence":{"type":"number","minimum":0}},"required":["reasoning","answer","confidence"],"additionalProperties":false}"#;

#[test]
fn a_schema_reaches_the_provider_in_the_callers_order() {
    let scene = Scene::new();
    let schema: Value = serde_json::from_str(SCHEMA).expect("a schema");
    let function = json!({"type": "function", "function": {"name": "f", "parameters": schema}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let openai = [("tools", json!([function])), ("response_format", format)];
    let anthropic = [
        ("tools", json!([{"name": "f", "input_schema": schema}])),
        ("output_config", json!({"format": {"type": "json_schema", "schema": schema}})),
    ];
    for (caller, provider, members) in [(Caller::OpenAi, "a", openai), (Caller::Anthropic, "o", anthropic)] {
        for (name, value) in members {
            let mut body =
                json!({"model": format!("{provider}/mock:chunks=1"), "messages": [{"role": "user", "content": "hi"}]});
            body[name] = value;
            let answer = scene.send(caller, body);
            assert_eq!(answer.status, 200, "{caller:?} {name}: {}", answer.text());
            let sent = scene.mock.last_request().expect("a request");
            let sent = sent.text();
            assert!(sent.contains(SCHEMA), "{caller:?} {name}: {sent}");
        }
    }
}

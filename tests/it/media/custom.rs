//! Custom tools before providers that know functions only: the caller who declared one is told of its calls as it knows them.

use serde_json::{Value, json};

use super::{members, told};
use crate::gemini::Scene;

/// What the mock gives a function that stands for a custom tool.
const INPUT: &str = "ls \"a b\"\n\u{1f600} é";

/// Providers without custom tools.
const PROVIDERS: [&str; 2] = ["a", "gemini"];

/// Calls of `tool_0`, its arguments cut anywhere, also within escapes.
const MOCKS: [&str; 3] = [
    "mock:tool-calls=1,arguments=input",
    "mock:tool-calls=1,arguments=input,chunk-bytes=1",
    "mock:tool-calls=2,arguments=input,chunk-bytes=3,escape=ascii",
];

fn joined(pieces: &[Value]) -> String {
    pieces.iter().filter_map(Value::as_str).collect()
}

#[test]
fn a_chats_custom_tool_is_called_with_a_text() {
    let scene = Scene::new();
    let tools = json!([{"type": "custom", "custom": {"name": "tool_0", "description": "Runs it."}},
        {"type": "function", "function": {"name": "tool_1"}}]);
    for (provider, mock) in PROVIDERS.iter().flat_map(|provider| MOCKS.map(|mock| (provider, mock))) {
        for stream in [false, true] {
            let body = json!({"model": format!("{provider}/{mock}"), "stream": stream, "tools": tools,
                "messages": [{"role": "user", "content": "hi"}]});
            let answer = scene.gateway.client().post("/v1/chat/completions", &body);
            let said = told(&answer, stream);
            let custom = members(&said, "custom");
            assert_eq!(joined(&members(&custom, "input")), INPUT, "{provider} {mock} {stream}");
            assert_eq!(custom[0]["name"], "tool_0");
            // the other tool is a function, and is told as one
            assert_eq!(!members(&said, "function").is_empty(), mock.contains("calls=2"), "{provider} {mock}");
            if !stream {
                let notes = answer.header("x-millrace-params").expect("notes");
                assert!(notes.contains("renamed=") && notes.contains("tools.custom"), "{notes}");
            }
        }
    }
}

#[test]
fn a_responses_custom_tool_too_and_its_result_goes_back() {
    let scene = Scene::new();
    let tools = json!([{"type": "custom", "name": "tool_0"}]);
    for (provider, mock) in PROVIDERS.iter().flat_map(|provider| MOCKS.map(|mock| (provider, mock))) {
        let ask = |input: Value, stream: bool| {
            let body = json!({"model": format!("{provider}/{mock}"), "stream": stream, "tools": tools, "input": input});
            scene.gateway.client().post("/v1/responses", &body)
        };
        let whole = ask("hi".into(), false).json();
        let call = whole["output"].as_array().unwrap().iter().find(|item| item["type"] == "custom_tool_call").unwrap();
        assert_eq!((&call["name"], &call["input"]), (&json!("tool_0"), &json!(INPUT)), "{provider} {mock}");
        let events = ask("hi".into(), true).events().json();
        let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).cloned().collect::<Vec<_>>();
        let deltas = members(&of("response.custom_tool_call_input.delta"), "delta");
        let done = members(&of("response.custom_tool_call_input.done"), "input");
        assert_eq!((joined(&deltas), joined(&done)), (INPUT.to_owned(), INPUT.to_owned()), "{provider} {mock}");
        let output = json!({"type": "custom_tool_call_output", "call_id": call["call_id"], "output": "a b"});
        assert_eq!(ask(json!([{"role": "user", "content": "hi"}, call, output]), false).status, 200);
        let sent = scene.mock.last_request().expect("a request").json().to_string();
        assert!(sent.contains(&json!({"input": INPUT}).to_string()), "{sent}");
    }
}

//! Bad input before a provider of another protocol: a 400 in the caller's own shape whose message has the place of what is
//! wrong, as a JSON pointer into the body that the caller sent; never a fault of the gateway's or the provider's, and never
//! let pass.

use serde_json::{Value, json};

use super::Scene;

/// Where it is, and a body with it there.
type Case = (&'static str, Value);

fn chats() -> Vec<Case> {
    let said = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let with = |more: Value| {
        let mut body = said(json!("hi"));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let asks = |call: Value, id: &str| {
        json!({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": id, "content": "1"}]})
    };
    let picture =
        |url: &str| said(json!([{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": url}}]));
    vec![
        ("/messages", json!({"messages": []})),
        ("/messages", json!({"messages": {}})),
        ("/messages/0", json!({"messages": ["hi"]})),
        ("/messages/0/role", json!({"messages": [{"content": "hi"}]})),
        ("/messages/0/role", json!({"messages": [{"role": "robot", "content": "hi"}]})),
        ("/messages/0/content", json!({"messages": [{"role": "user"}]})),
        ("/messages/0/content", said(json!(7))),
        ("/messages/0/content/0/type", said(json!([{"text": "hi"}]))),
        ("/messages/0/content/0/text", said(json!([{"type": "text"}]))),
        ("/messages/0/content/0", said(json!([{"type": "hologram"}]))),
        ("/messages/0/content/1/image_url/url", picture("data:image/png,plain")),
        ("/messages/0/content/1", picture("data:image/png;base64,no base64!")),
        ("/messages/0/content/1", picture("data:image/png;base64,")),
        ("/messages/0/content/1", picture("data:picture;base64,aGk=")),
        ("/messages/2/tool_call_id", asks(call.clone(), "call_2")),
        ("/messages/1/tool_calls/0/function", asks(json!({"id": "call_1"}), "call_1")),
        ("/messages/1/tool_calls/0/id", asks(json!({"function": {"name": "f"}}), "call_1")),
        ("/temperature", with(json!({"temperature": "hot"}))),
        ("/max_tokens", with(json!({"max_tokens": "many"}))),
        ("/stop", with(json!({"stop": 7}))),
        ("/tools", with(json!({"tools": 7}))),
        ("/tools/0/function/name", with(json!({"tools": [{"type": "function", "function": {}}]}))),
        ("/tool_choice", with(json!({"tool_choice": "perhaps"}))),
        ("/response_format/json_schema", with(json!({"response_format": {"type": "json_schema"}}))),
    ]
}

fn messages() -> Vec<Case> {
    let with = |more: Value| {
        let mut body = json!({"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let said = |content: Value| with(json!({"system": "be brief", "messages": [{"role": "user", "content": content}]}));
    let picture = |source: Value| said(json!([{"type": "text", "text": "x"}, {"type": "image", "source": source}]));
    let result = |id: &str| {
        with(json!({"messages": [{"role": "user", "content": "hi"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "tool_result", "tool_use_id": id}]}]}))
    };
    vec![
        ("/messages", with(json!({"messages": []}))),
        ("/messages", with(json!({"messages": "hi"}))),
        ("/messages/0/role", with(json!({"messages": [{"role": "robot", "content": "hi"}]}))),
        ("/messages/0/content", with(json!({"messages": [{"role": "user"}]}))),
        ("/messages/0/content", said(json!(7))),
        ("/messages/0/content/0/type", said(json!([{"text": "hi"}]))),
        ("/messages/0/content/0/text", said(json!([{"type": "text"}]))),
        ("/messages/0/content/0", said(json!([{"type": "hologram"}]))),
        ("/messages/0/content/1/source", picture(Value::Null)),
        ("/messages/0/content/1/source/data", picture(json!({"type": "base64", "media_type": "image/png"}))),
        ("/messages/0/content/1", picture(json!({"type": "base64", "media_type": "image/png", "data": "no base64!"}))),
        ("/messages/2/content/1/tool_use_id", result("toolu_2")),
        ("/system/0/type", with(json!({"system": [{"type": "image", "source": {"type": "url", "url": "https://x"}}]}))),
        ("/max_tokens", json!({"messages": [{"role": "user", "content": "hi"}]})),
        ("/max_tokens", with(json!({"max_tokens": "many"}))),
        ("/temperature", with(json!({"temperature": []}))),
        ("/stop_sequences/0", with(json!({"stop_sequences": [7]}))),
        ("/tools/0/name", with(json!({"tools": [{"input_schema": {}}]}))),
        ("/thinking/budget_tokens", with(json!({"thinking": {"type": "enabled"}}))),
        ("/output_config/format/type", with(json!({"output_config": {"format": {"type": "xml"}}}))),
    ]
}

fn responses() -> Vec<Case> {
    let said = |content: Value| json!({"instructions": "be brief", "input": [{"role": "user", "content": content}]});
    let call = json!({"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"});
    let user = json!({"role": "user", "content": "hi"});
    let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": "1"});
    vec![
        ("/input", json!({"input": []})),
        ("/input", json!({"input": 7})),
        ("/input/0/role", json!({"input": [{"role": "robot", "content": "hi"}]})),
        ("/input/0/content", json!({"input": [{"role": "user"}]})),
        ("/input/0/content/0/type", said(json!([{"text": "hi"}]))),
        ("/input/0/content/0", said(json!([{"type": "hologram"}]))),
        ("/input/0/content/0/image_url", said(json!([{"type": "input_image"}]))),
        ("/input/0/content/0", said(json!([{"type": "input_image", "image_url": "data:image/png;base64,no base64!"}]))),
        ("/input/0/type", json!({"input": [{"type": "telepathy_call"}]})),
        // the third item is a message of its own elsewhere, and its place here stays its place
        ("/input/3/call_id", json!({"input": [user, call, output("call_1"), output("call_2")]})),
        ("/input/0/call_id", json!({"input": [{"type": "function_call", "name": "f"}]})),
        ("/temperature", json!({"input": "hi", "temperature": "hot"})),
        ("/text/format/schema", json!({"input": "hi", "text": {"format": {"type": "json_schema", "name": "n"}}})),
        ("/tools/0/name", json!({"input": "hi", "tools": [{"type": "function"}]})),
    ]
}

fn contents() -> Vec<Case> {
    let said = |part: Value| {
        let instruction = json!({"parts": [{"text": "be brief"}]});
        json!({"systemInstruction": instruction, "contents": [{"role": "user", "parts": [{"text": "x"}, part]}]})
    };
    let config = |config: Value| json!({"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": config});
    vec![
        ("/contents", json!({"contents": []})),
        ("/contents", json!({"contents": 7})),
        ("/contents/0/role", json!({"contents": [{"role": "robot", "parts": [{"text": "hi"}]}]})),
        ("/contents/0/parts", json!({"contents": [{"role": "user"}]})),
        ("/contents/0/parts/1", said(json!({"hologram": 1}))),
        ("/contents/0/parts/1/text", said(json!({"text": 7}))),
        ("/contents/0/parts/1/inlineData/data", said(json!({"inlineData": {"mimeType": "image/png"}}))),
        ("/contents/0/parts/1", said(json!({"inlineData": {"mimeType": "image/png", "data": "no base64!"}}))),
        ("/contents/0/parts/1/functionResponse/name", said(json!({"functionResponse": {"name": "f", "response": {}}}))),
        ("/contents/0/parts/1/functionCall/args", said(json!({"functionCall": {"name": "f", "args": 7}}))),
        ("/generationConfig/temperature", config(json!({"temperature": "hot"}))),
        ("/generationConfig/stopSequences/0", config(json!({"stopSequences": [7]}))),
        (
            "/tools/0/functionDeclarations/0/name",
            json!({"contents": [{"parts": [{"text": "x"}]}], "tools": [{"functionDeclarations": [{}]}]}),
        ),
    ]
}

#[test]
fn what_is_wrong_is_told_with_its_place_to_callers_of_every_protocol() {
    let scene = Scene::new();
    let callers = [
        ("/v1/chat/completions", chats(), ["a", "g"]),
        ("/v1/messages", messages(), ["o", "g"]),
        ("/v1/responses", responses(), ["a", "g"]),
        ("/v1beta/models/{model}:generateContent", contents(), ["o", "a"]),
    ];
    let mut wrong = vec![];
    for (path, cases, providers) in callers {
        for (pointer, body) in cases {
            for provider in providers {
                let model = format!("{provider}/mock");
                let mut body = body.clone();
                if !path.contains("{model}") {
                    body["model"] = model.as_str().into();
                }
                let before = scene.mock.requests().len();
                let answer = scene.client().post(&path.replace("{model}", &model), &body);
                let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
                // the body's own members are looked at before it is known who answers, and told by line and column
                let member = format!("'{}'", pointer.trim_start_matches('/'));
                let placed = message.contains(&format!("(at {pointer})"))
                    || message.starts_with(&format!("`{pointer}` "))
                    || (message.contains(&member) && message.contains("line "));
                if answer.status != 400 || !placed || scene.mock.requests().len() != before {
                    wrong.push(format!("{path} {provider} {pointer}: {} {}", answer.status, answer.text()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_schema_without_end_is_refused_as_the_callers_own() {
    let scene = Scene::new();
    let mut schema = json!({"type": "string"});
    for _ in 0..200 {
        schema = json!({"type": "object", "properties": {"a": schema}});
    }
    let body = json!({"model": "a/mock", "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]});
    assert_eq!(scene.client().post("/v1/chat/completions", &body).status, 400);
    let body = json!({"model": "o/mock", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "f", "input_schema": schema}]});
    assert_eq!(scene.client().post("/v1/messages", &body).status, 400);
}

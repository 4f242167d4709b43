//! Conversations that go on: tools and their results, and thought that must come back as it was.

use serde_json::{Value, json};

use super::{GROUPS, Scene, response};

#[test]
fn sealed_thought_comes_back_to_its_provider_unchanged() {
    let scene = Scene::new();
    for stream in [false, true] {
        let model = "a/mock:chunks=2,thinking=3,redacted=1,tool-calls=1";
        let first = response(&scene.ask(model, stream), stream);
        let items = first["output"].as_array().expect("items").clone();
        assert!(
            items.iter().filter(|item| item["type"] == "reasoning").all(|item| item["encrypted_content"].is_string())
        );
        let call = items.iter().find(|item| item["type"] == "function_call").expect("a call")["call_id"].clone();
        let mut input = vec![json!({"role": "user", "content": "hi"})];
        input.extend(items);
        input.push(json!({"type": "function_call_output", "call_id": call, "output": "done"}));
        let again = scene.post(&json!({"model": model, "input": input}));
        assert_eq!(again.status, 200, "{}", again.text());
        let sent = scene.sent()["messages"][1]["content"].as_array().expect("blocks").clone();
        let kinds: Vec<&str> = sent.iter().filter_map(|block| block["type"].as_str()).collect();
        assert_eq!(kinds, ["thinking", "redacted_thinking", "tool_use"], "stream={stream}");
        assert!(sent[0]["signature"].as_str().is_some_and(|s| s.starts_with("EqoB") && s.ends_with("==")), "{sent:?}");
        assert!(sent[1]["data"].as_str().is_some_and(|s| s.starts_with("0Emw")), "{sent:?}");
        assert_eq!(sent[2]["id"], call);
    }
}

#[test]
fn openais_sealed_thought_survives_callers_of_other_protocols() {
    let scene = Scene::new();
    let model = "r/mock:chunks=2,thinking=3,redacted=1,tool-calls=1";
    let question = json!({"role": "user", "content": "hi"});
    let chat = scene.client().chat(&json!({"model": model, "messages": [question]}));
    assert_eq!(chat.status, 200, "{}", chat.text());
    let message = chat.json()["choices"][0]["message"].clone();
    let result = json!({"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "done"});
    let again = scene.client().chat(&json!({"model": model, "messages": [question, message, result]}));
    assert_eq!(again.status, 200, "{}", again.text());
    sealed(&scene.sent());

    let thinking = json!({"type": "adaptive"});
    let body = json!({"model": model, "max_tokens": 99, "thinking": thinking, "messages": [question]});
    let content = scene.client().post("/v1/messages", &body).json()["content"].clone();
    let call = content.as_array().expect("blocks").iter().find(|block| block["type"] == "tool_use").expect("a call");
    let result =
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": "done"}]});
    let spoken = json!({"role": "assistant", "content": content});
    let thinking = json!({"type": "adaptive"});
    let body = json!({"model": model, "max_tokens": 99, "thinking": thinking, "messages": [question, spoken, result]});
    let again = scene.client().post("/v1/messages", &body);
    assert_eq!(again.status, 200, "{}", again.text());
    sealed(&scene.sent());
}

/// Both items of thought came back, each with what only OpenAI reads.
#[track_caller]
fn sealed(sent: &Value) {
    let items = sent["input"].as_array().expect("items");
    let kinds: Vec<&str> = items.iter().map(|item| item["type"].as_str().unwrap_or("message")).collect();
    assert_eq!(kinds, ["message", "reasoning", "reasoning", "function_call", "function_call_output"], "{sent}");
    let told = |n: usize| items[n]["encrypted_content"].as_str().unwrap_or_default();
    assert!(told(1).starts_with("rs_wgAAAAABmock+sealed") && told(2).starts_with("rs_0gAAAAABmock+sealed"), "{sent}");
    assert_eq!(items[1]["summary"].as_array().map(Vec::len), Some(1), "{sent}");
    assert!(items[1]["id"].as_str().is_some_and(|id| id.starts_with("rs_w_")), "{sent}");
    assert_eq!(items[4], json!({"type": "function_call_output", "call_id": items[3]["call_id"], "output": "done"}));
}

#[test]
fn a_conversation_with_tools_and_pictures_reaches_every_provider() {
    let scene = Scene::new();
    let picture = "data:image/png;base64,aGk=";
    let body = |group: &str| {
        json!({"model": format!("{group}/mock:chunks=1"), "instructions": "be brief", "max_output_tokens": 50,
            "reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"], "store": false,
            "text": {"format": {"type": "json_schema", "name": "it", "schema": {"type": "object", "api_base": {}}, "strict": true}},
            "tools": [{"type": "function", "name": "look", "description": "looks", "strict": true,
                "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}],
            "tool_choice": {"type": "function", "name": "look"}, "parallel_tool_calls": false,
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "where?"},
                    {"type": "input_image", "image_url": picture, "detail": "auto"}]},
                {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{\"at\":\"home\"}"},
                {"type": "function_call", "call_id": "call_2", "name": "look", "arguments": "{\"at\":\"work\"}"},
                {"type": "function_call_output", "call_id": "call_1", "output": "nothing"},
                {"type": "function_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "much"}]},
                {"role": "developer", "content": "hurry"}]})
    };
    for group in GROUPS {
        let answer = scene.post(&body(group));
        assert_eq!(answer.status, 200, "{group}: {}", answer.text());
    }
    scene.post(&body("c"));
    let sent = scene.sent();
    let messages = sent["messages"].as_array().expect("messages");
    assert_eq!(messages[0]["content"], "be brief");
    assert_eq!(messages[1]["content"][1]["image_url"]["url"], picture);
    assert_eq!(messages[2]["tool_calls"].as_array().map(Vec::len), Some(2), "{sent}");
    assert_eq!((&messages[3]["tool_call_id"], &messages[4]["content"]), (&json!("call_1"), &json!("much")));
    assert_eq!(sent["response_format"]["json_schema"]["name"], "it");
    assert_eq!(sent["tools"][0]["function"]["parameters"]["properties"]["at"]["type"], "string");
    scene.post(&body("a"));
    let sent = scene.sent();
    assert!(sent["system"].to_string().contains("be brief"), "{sent}");
    assert_eq!(sent["messages"][0]["content"][1]["source"]["data"], "aGk=");
    assert_eq!(sent["messages"][1]["content"].as_array().map(Vec::len), Some(2), "{sent}");
    assert_eq!(sent["tool_choice"]["name"], "look");
}

/// Anthropic refuses a signature that is not its own, and with it the conversation.
#[test]
fn what_openai_sealed_goes_to_no_other_provider() {
    let scene = Scene::new();
    let first = scene.response("o/mock:chunks=2,thinking=3,redacted=1", false);
    let mut input = vec![json!({"role": "user", "content": "hi"})];
    input.extend(first["output"].as_array().expect("items").clone());
    input.push(json!({"role": "user", "content": "go on"}));
    let answer = scene.post(&json!({"model": "a/mock:chunks=1", "input": input}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent().to_string();
    assert!(!sent.contains("sealed") && !sent.contains("thinking"), "{sent}");
    let told = answer.header("x-millrace-params").expect("notes");
    assert!(told.contains("messages.reasoning_content") && told.contains("messages.thinking.signature"), "{told}");
}

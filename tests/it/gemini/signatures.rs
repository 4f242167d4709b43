//! Signatures of thought come back to Gemini unchanged, whatever its caller speaks.

use serde_json::{Value, json};

use super::Scene;

const MODEL: &str = "gemini/mock:thinking=2,tool-calls=2";

/// The signature of the mock's first call, and the last request it was sent.
fn signature_sent(scene: &Scene) -> Value {
    let sent = scene.mock.last_request().expect("a request").json();
    let parts = sent["contents"][1]["parts"].as_array().unwrap_or_else(|| panic!("{sent}")).clone();
    let calls: Vec<&Value> = parts.iter().filter(|part| part["functionCall"].is_object()).collect();
    assert_eq!(calls.len(), 2, "{sent}");
    assert_eq!(calls[1]["thoughtSignature"], Value::Null, "the second call is not signed: {sent}");
    calls[0]["thoughtSignature"].clone()
}

/// As a client of OpenAI's SDK, which keeps a call's id and drops what it does not know; and as one of LiteLLM's, which
/// keeps all.
#[test]
fn by_the_ids_of_calls_in_chats() {
    let scene = Scene::new();
    for stream in [false, true] {
        let body = json!({"model": MODEL, "stream": stream, "messages": [{"role": "user", "content": "hi"}]});
        let answer = scene.gateway.client().post("/v1/chat/completions", &body);
        let message = match stream {
            false => answer.json()["choices"][0]["message"].clone(),
            true => crate::messages::joined::chat_of(&answer.events().json())["choices"][0]["message"].clone(),
        };
        let calls = message["tool_calls"].as_array().expect("calls").clone();
        let (_, signature) = calls[0]["id"].as_str().unwrap().split_once("__thought__").expect("a signature in the id");
        assert!(!calls[1]["id"].as_str().unwrap().contains("__thought__"));
        let plain: Vec<Value> = calls
            .iter()
            .map(|call| json!({"id": call["id"], "type": "function", "function": call["function"]}))
            .collect();
        let mut spoken = message.clone();
        spoken["role"] = json!("assistant");
        for assistant in [json!({"role": "assistant", "content": null, "tool_calls": plain}), spoken] {
            let results =
                calls.iter().map(|call| json!({"role": "tool", "tool_call_id": call["id"], "content": "done"}));
            let mut messages = vec![json!({"role": "user", "content": "hi"}), assistant];
            messages.extend(results);
            let again =
                scene.gateway.client().post("/v1/chat/completions", &json!({"model": MODEL, "messages": messages}));
            assert_eq!(again.status, 200, "{}", again.text());
            assert_eq!(signature_sent(&scene), signature, "stream={stream}");
            let sent = scene.mock.last_request().expect("a request").json();
            let id = sent["contents"][2]["parts"][0]["functionResponse"]["id"].as_str().expect("an id").to_owned();
            assert!(!id.contains("__thought__"), "{id}");
            assert_eq!(
                sent["contents"][1]["parts"]
                    .as_array()
                    .and_then(|p| p.iter().find(|p| p["functionCall"].is_object()))
                    .unwrap()["functionCall"]["id"],
                json!(id)
            );
        }
    }
}

#[test]
fn by_signed_blocks_in_messages() {
    let scene = Scene::new();
    let ask = |messages: Value| json!({"model": MODEL, "max_tokens": 99, "messages": messages});
    let answer = scene.gateway.client().post("/v1/messages", &ask(json!([{"role": "user", "content": "hi"}])));
    let content = answer.json()["content"].clone();
    assert_eq!((&content[0]["type"], &content[1]["type"]), (&json!("thinking"), &json!("tool_use")), "{content}");
    let signature = content[0]["signature"].as_str().expect("a signature").to_owned();
    let result = |call: &Value| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "done"});
    let results = json!([result(&content[1]), result(&content[2])]);
    let next = json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": content}, {"role": "user", "content": results}]);
    let again = scene.gateway.client().post("/v1/messages", &ask(next));
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(signature_sent(&scene), signature.trim_start_matches("gemini:"));
}

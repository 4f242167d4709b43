//! Gemini behind callers of other protocols: paths, credentials, what is sent and what comes of it.

use serde_json::{Value, json};

use super::Scene;
use crate::harness::PROVIDER_KEY;

fn chat(model: &str, more: &Value) -> Value {
    let mut body = json!({"model": model, "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn a_chat_becomes_contents_with_the_key_in_googles_header() {
    let scene = Scene::new();
    let more = json!({"max_tokens": 9, "temperature": 0.5, "reasoning_effort": "low", "stop": "END",
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "additionalProperties": false,
            "properties": {"a": {"type": ["string", "null"]}}}}}], "tool_choice": "required"});
    let answer = scene.gateway.client().post("/v1/chat/completions", &chat("gemini/mock:chunks=2", &more));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["model"], "gemini/mock:chunks=2");
    let told = answer.header("x-millrace-params").expect("notes").to_owned();
    assert!(told.contains("dropped=tools.parameters.additionalProperties"), "{told}");
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!(sent.path, "/v1beta/models/mock%3Achunks%3D2:generateContent");
    assert_eq!((sent.header("x-goog-api-key"), sent.header("authorization")), (Some(PROVIDER_KEY), None));
    let body = sent.json();
    assert_eq!(body["systemInstruction"]["parts"][0]["text"], "be brief");
    assert_eq!(body["contents"], json!([{"role": "user", "parts": [{"text": "hi"}]}]));
    let config = &body["generationConfig"];
    assert_eq!((&config["maxOutputTokens"], &config["stopSequences"]), (&json!(9), &json!(["END"])));
    assert_eq!(config["thinkingConfig"], json!({"thinkingBudget": 1024, "includeThoughts": true}));
    assert_eq!(body["toolConfig"]["functionCallingConfig"]["mode"], "ANY");
    let parameters = &body["tools"][0]["functionDeclarations"][0]["parameters"];
    assert_eq!(parameters["properties"]["a"], json!({"type": "string", "nullable": true}));
    assert_eq!((&body["model"], &body["stream"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_stream_is_asked_for_as_events_beside_the_operators_query() {
    let scene = Scene::new();
    let answer =
        scene.gateway.client().post("/v1/chat/completions", &chat("gemini/mock:chunks=3", &json!({"stream": true})));
    answer.events().assert_done();
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!(sent.path, "/v1beta/models/mock%3Achunks%3D3:streamGenerateContent?alt=sse");
    assert!(sent.json()["stream"].is_null());
}

/// The model is one segment of the path: whatever a caller writes behind the wildcard leads to no other resource.
#[test]
fn no_model_leads_to_another_resource() {
    let scene = Scene::new();
    let client = scene.gateway.client();
    for model in ["x?key=1", "x#y", "x:countTokens", "a/b", "x%2e%2e", "x y"] {
        client.post("/v1/chat/completions", &chat(&format!("gemini/{model}"), &json!({})));
        let path = scene.mock.last_request().expect("a request").path;
        let segment = path.strip_prefix("/v1beta/models/").and_then(|rest| rest.strip_suffix(":generateContent"));
        let segment = segment.unwrap_or_else(|| panic!("{model}: {path}"));
        assert!(!segment.contains(['/', '?', '#', ':', ' ']), "{model}: {path}");
    }
    let before = scene.mock.stats().requests;
    for model in ["..", ".", "../../v1beta/files", "..%2f", "a%2f..%2fb", "a/../b", "a\nb"] {
        client.post("/v1/chat/completions", &chat(&format!("gemini/{model}"), &json!({}))).error(400);
    }
    assert_eq!(scene.mock.stats().requests, before, "a step up was sent");
}

#[test]
fn what_gemini_has_not_is_refused_or_dropped_and_told() {
    let more = json!({"logit_bias": {"1": 2}, "user": "u"});
    let strict = Scene::new();
    let refused = strict.gateway.client().post("/v1/chat/completions", &chat("gemini/mock:chunks=1", &more));
    refused.error(400);
    assert!(refused.text().contains("`logit_bias`") && !refused.text().contains("`user`"), "{}", refused.text());
    let lax = Scene::with(", drop_params: true", "");
    let answer = lax.gateway.client().post("/v1/chat/completions", &chat("gemini/mock:chunks=1", &more));
    assert_eq!(answer.header("x-millrace-params"), Some("dropped=logit_bias,user"), "{}", answer.text());
}

#[test]
fn embeddings_are_asked_for_in_one_batch() {
    let scene = Scene::new();
    let body = json!({"model": "gemini/mock:dimensions=3", "input": ["a", "b"], "dimensions": 3});
    let answer = scene.gateway.client().post("/v1/embeddings", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let list = answer.json();
    assert_eq!((&list["object"], &list["model"]), (&json!("list"), &json!("gemini/mock:dimensions=3")));
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(list["data"][1]["embedding"].as_array().map(Vec::len), Some(3));
    let sent = scene.mock.last_request().expect("a request");
    assert!(sent.path.ends_with(":batchEmbedContents"), "{}", sent.path);
    assert_eq!(sent.json()["requests"][1]["content"]["parts"][0]["text"], "b");
    assert_eq!(sent.json()["requests"][0]["outputDimensionality"], 3);
    let tokens = json!({"model": "gemini/mock", "input": [[1, 2]]});
    scene.gateway.client().post("/v1/embeddings", &tokens).error(400);
}

#[test]
fn tokens_are_counted_by_the_provider() {
    let scene = Scene::new();
    let body = json!({"model": "gemini/mock:prompt-tokens=77", "system": "be brief", "messages": [{"role": "user", "content": "hi"}]});
    let answer = scene.gateway.client().post("/v1/messages/count_tokens", &body);
    assert_eq!(answer.json(), json!({"input_tokens": 77}), "{}", answer.text());
    let sent = scene.mock.last_request().expect("a request");
    assert!(sent.path.ends_with(":countTokens"), "{}", sent.path);
    let asked = sent.json()["generateContentRequest"].clone();
    assert_eq!(asked["systemInstruction"]["parts"][0]["text"], "be brief");
    assert_eq!(asked["model"], "models/mock:prompt-tokens=77");
}

/// As Google names its resources.
#[test]
fn a_models_name_may_begin_as_that_of_a_resource() {
    let scene = Scene::new();
    let client = scene.gateway.client();
    let sent = |path: &str, body: &serde_json::Value| {
        assert_eq!(client.post(path, body).status, 200, "{body}");
        scene.mock.last_request().expect("a request")
    };
    let asked = json!({"model": "gemini/models/mock", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(sent("/v1/messages/count_tokens", &asked).json()["generateContentRequest"]["model"], "models/mock");
    let batch = sent("/v1/embeddings", &json!({"model": "gemini/models/mock", "input": "a"}));
    assert_eq!(batch.json()["requests"][0]["model"], "models/mock");
    assert!(batch.path.ends_with("/models/mock:batchEmbedContents"), "{}", batch.path);
}

#[test]
fn thought_is_billed_as_part_of_the_answer() {
    let scene = Scene::with(", input_cost_per_token: 0.001, output_cost_per_token: 0.01", "");
    let model = "gemini/mock:chunks=2,prompt-tokens=1000,cached-tokens=400,completion-tokens=30,reasoning-tokens=70";
    for stream in [false, true] {
        let more = json!({"stream": stream, "stream_options": {"include_usage": true}});
        let more = if stream { more } else { json!({}) };
        let answer = scene.gateway.client().post("/v1/chat/completions", &chat(model, &more));
        let usage = match stream {
            false => answer.json()["usage"].clone(),
            true => answer.events().json().last().expect("events")["usage"].clone(),
        };
        assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&json!(1000), &json!(100)), "{usage}");
        assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 70);
        assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 400);
        if !stream {
            // 1000 read at a thousandth, 100 written at a hundredth
            assert_eq!(answer.header("x-litellm-response-cost"), Some("2"), "{:?}", answer.headers);
        }
    }
}

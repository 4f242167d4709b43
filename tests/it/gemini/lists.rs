//! A provider that answers with one array of events where a stream was asked for as events, or where a whole answer was asked
//! for (FAULTS S21): taken for what it is by callers of every protocol, the fault in it too.

use serde_json::{Value, json};

use super::question;
use crate::harness::{Gateway, PROVIDER_KEY, Reply, Scripted, chat};

fn event(text: &str, finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"parts": [{"text": text}], "role": "model"}, "index": 0});
    if let Some(reason) = finish {
        candidate["finishReason"] = reason.into();
    }
    json!({"candidates": [candidate], "modelVersion": "m", "responseId": "r",
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}})
}

fn gateway(list: Value) -> (Scripted, Gateway) {
    let server = Scripted::start(move |_, _| Reply::json(200, &list));
    let yaml = format!(
        "model_list:\n  - model_name: m\n    litellm_params: {{model: gemini/m, api_base: \"{}\", api_key: {PROVIDER_KEY}}}\nrouter_settings: {{num_retries: 0}}\n",
        server.url()
    );
    (server, Gateway::from_yaml(&yaml))
}

#[test]
fn s21_an_array_of_events_is_a_stream() {
    let (_server, gateway) = gateway(json!([event("he\"[,", None), event("llo", Some("STOP"))]));
    let client = gateway.client();
    let told = client
        .post("/v1/chat/completions", &chat("m", json!({"stream": true, "stream_options": {"include_usage": true}})));
    let events = told.events();
    events.assert_done();
    let text: String =
        events.json().iter().filter_map(|e| e["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect();
    assert_eq!(text, "he\"[,llo");
    assert!(events.json().iter().any(|event| event["usage"]["total_tokens"] == 5), "{}", told.text());
    let told = client.post("/v1beta/models/m:streamGenerateContent?alt=sse", &question()).events().json();
    assert_eq!(told.len(), 2);
    assert_eq!((&told[1]["candidates"][0]["finishReason"], &told[0]["modelVersion"]), (&json!("STOP"), &json!("m")));
    let told = client.post("/v1beta/models/m:streamGenerateContent", &question()).json();
    assert_eq!(told.as_array().map(Vec::len), Some(2), "{told}");
    let body = json!({"model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let told = client.post("/v1/messages", &body);
    assert!(told.text().contains("message_stop") && told.text().contains("end_turn"), "{}", told.text());
    let told = client.post("/v1/responses", &json!({"model": "m", "input": "hi", "stream": true}));
    assert!(told.text().contains("response.completed"), "{}", told.text());
}

#[test]
fn s22_an_array_of_events_is_a_whole_answer_too() {
    let (_server, gateway) = gateway(json!([event("he", None), event("llo", Some("STOP"))]));
    let client = gateway.client();
    assert_eq!(
        client.post("/v1/chat/completions", &chat("m", json!({}))).json()["choices"][0]["message"]["content"],
        "hello"
    );
    let told = client.post("/v1beta/models/m:generateContent", &question()).json();
    assert_eq!(told["candidates"][0]["content"]["parts"], json!([{"text": "hello"}]));
}

#[test]
fn what_is_wrong_in_an_array_is_told() {
    let error = json!({"error": {"code": 429, "message": "too many", "status": "RESOURCE_EXHAUSTED"}});
    for (list, status, streamed) in [
        (json!([error]), 429, 429),
        (json!([]), 502, 502),
        (json!([event("he", None)]), 502, 200),
        (json!([event("he", None), error]), 429, 200),
    ] {
        let (_server, gateway) = gateway(list.clone());
        let client = gateway.client();
        assert_eq!(client.post("/v1/chat/completions", &chat("m", json!({}))).status, status, "{list}");
        let told = client.post("/v1/chat/completions", &chat("m", json!({"stream": true})));
        assert_eq!(told.status, streamed, "{list}: {}", told.text());
        assert!(told.text().contains("\"error\"") && !told.text().contains("[DONE]"), "{list}: {}", told.text());
    }
}

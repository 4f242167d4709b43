//! The shapes of whole answers, and the mock's own pages.

use super::client::{Answer, chat, post, server};
use crate::mock::{Behaviour, MockConfig, MockServer, content};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

#[test]
fn a_whole_answer_is_a_chat_completion() {
    let server = server("chunks=3,cached-tokens=2,reasoning-tokens=1,prompt-tokens=9");
    let answer = Answer::to(&server, &chat(r#"{"model":"gpt-4o","messages":[]}"#));
    assert_eq!(answer.status, 200);
    for header in ["x-request-id: req_", "openai-processing-ms: ", "openai-version: ", "x-ratelimit-remaining-tokens: "]
    {
        assert!(answer.head.contains(header), "{header} is missing in {}", answer.head);
    }
    let body = answer.json();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "gpt-4o");
    assert_eq!(body["choices"][0]["message"]["content"].as_str().map(str::len), Some(3 * 8));
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert!(body["choices"][0]["message"]["refusal"].is_null());
    assert_eq!(body["usage"]["prompt_tokens"], 9);
    assert_eq!(body["usage"]["completion_tokens"], 3);
    assert_eq!(body["usage"]["total_tokens"], 12);
    assert_eq!(body["usage"]["prompt_tokens_details"]["cached_tokens"], 2);
    assert_eq!(body["usage"]["completion_tokens_details"]["reasoning_tokens"], 1);
}

#[test]
fn every_answer_has_a_number_of_its_own() {
    let server = server("");
    let id = || Answer::to(&server, &chat(r#"{"model":"m"}"#)).json()["id"].as_str().unwrap().to_owned();
    assert_ne!(id(), id());
}

#[test]
fn the_model_is_echoed_dated_replaced_or_left_out() {
    let model = |spec: &str| Answer::to(&server(spec), &chat(r#"{"model":"gpt-4o"}"#)).json().get("model").cloned();
    assert_eq!(model("model=dated"), Some(json!("gpt-4o-2024-08-06")));
    assert_eq!(model("model=other"), Some(json!("mock-other")));
    assert_eq!(model("model=absent"), None);
    let config = MockConfig { model_suffix: "-x".to_owned(), ..MockConfig::default() };
    let answer = Answer::to(&MockServer::start(config).unwrap(), &chat(r#"{"model":"gpt-4o"}"#));
    assert_eq!(answer.json()["model"], "gpt-4o-x");
}

#[test]
fn tool_calls_stand_in_place_of_content() {
    let body = Answer::to(&server("tool-calls=2"), &chat(r#"{"model":"m"}"#)).json();
    let message = &body["choices"][0]["message"];
    assert!(message["content"].is_null());
    assert_eq!(message["tool_calls"][1]["function"]["arguments"], content::arguments());
    assert_eq!(body["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn a_loop_of_tools_ends_where_it_was_asked_to() {
    let said = |role: &str| {
        let body = format!(
            r#"{{"model":"mock:tool-calls=1,until-told,text=so","messages":[{{"role":"{role}","content":"18"}}]}}"#
        );
        Answer::to(&server(""), &chat(&body)).json()["choices"][0]["message"]["content"].clone()
    };
    assert_eq!((said("user"), said("tool")), (json!(null), json!("so")));
}

#[test]
fn thought_refusal_and_reasons_to_stop() {
    let choice = |spec: &str| Answer::to(&server(spec), &chat(r#"{"model":"m"}"#)).json()["choices"][0].clone();
    let thoughtful = choice("thinking=2,chunks=1,tool-calls=1,text-too,arguments=empty");
    assert_eq!(thoughtful["message"]["reasoning_content"].as_str().map(str::len), Some(2 * 8));
    assert_eq!(thoughtful["message"]["content"].as_str().map(str::len), Some(8));
    assert_eq!(thoughtful["message"]["tool_calls"][0]["function"]["arguments"], "{}");
    let refused = choice("stop=refusal,text=no");
    assert_eq!((&refused["message"]["refusal"], &refused["message"]["content"]), (&json!("no"), &json!(null)));
    assert_eq!(
        [choice("stop=length"), choice("stop=filter"), refused].map(|c| c["finish_reason"].clone()),
        ["length", "content_filter", "stop"]
    );
    let streamed = Answer::to(&server("thinking=1,stop=refusal,text=no"), &chat(r#"{"model":"m","stream":true}"#));
    let said = |field: &str| {
        let deltas =
            streamed.events().into_iter().filter_map(|event| Some(event["choices"][0]["delta"][field].as_str()?.len()));
        deltas.collect::<Vec<_>>()
    };
    assert_eq!((said("reasoning_content"), said("refusal"), said("content")), (vec![8], vec![2], vec![0]));
}

#[test]
fn odd_usage() {
    let usage = |spec: &str| Answer::to(&server(spec), &chat(r#"{"model":"m"}"#)).json()["usage"].clone();
    assert!(usage("usage=absent").is_null());
    assert!(usage("usage=negative")["total_tokens"].as_i64() < Some(0));
    assert!(usage("usage=absurd")["prompt_tokens"].as_i64() > Some(1 << 50));
}

#[test]
fn choices_extra_fields_and_text() {
    let body = Answer::to(&server("text=one%2C two%3D,extra,nulls=false"), &chat(r#"{"model":"m","n":3}"#)).json();
    assert_eq!(body["choices"].as_array().map(Vec::len), Some(3));
    assert_eq!(body["choices"][2]["message"]["content"], "one, two=");
    assert_eq!(body["x_mock_answer"]["b"], "é");
    assert!(body["choices"][0].get("logprobs").is_none());
    let user = Answer::to(&server("echo-user"), &chat(r#"{"model":"m","user":"anna\n\"7\""}"#)).json();
    assert_eq!(user["choices"][0]["message"]["content"], "anna\n\"7\"");
}

#[test]
fn legacy_completions() {
    let server = server("chunks=2");
    let body =
        Answer::to(&server, &post("/v1/completions", "connection: close\r\n", r#"{"model":"m","prompt":""}"#)).json();
    assert_eq!(body["object"], "text_completion");
    assert_eq!(body["choices"][0]["text"].as_str().map(str::len), Some(16));
}

#[test]
fn embeddings_say_the_same_in_both_encodings() {
    let server = server("");
    let ask = |format: &str| {
        let body = json!({"model": "e", "input": ["a", "b"], "dimensions": 3, "encoding_format": format}).to_string();
        Answer::to(&server, &post("/embeddings", "connection: close\r\n", &body)).json()
    };
    let (floats, base64) = (ask("float"), ask("base64"));
    let bytes = STANDARD.decode(base64["data"][1]["embedding"].as_str().unwrap()).unwrap();
    let decoded: Vec<f64> =
        bytes.chunks(4).map(|four| f64::from(f32::from_le_bytes(four.try_into().unwrap()))).collect();
    assert_eq!(floats["data"][1]["embedding"], json!(decoded));
    assert_eq!(decoded.len(), 3);
    assert_eq!(floats["object"], "list");
    assert!(floats["usage"]["total_tokens"].as_u64() > Some(0));
}

#[test]
fn embedding_inputs_are_counted() {
    let server = server("dimensions=2");
    let count = |input: &str| {
        let body = format!("{{\"model\":\"e\",\"input\":{input}}}");
        let answer = Answer::to(&server, &post("/v1/embeddings", "connection: close\r\n", &body));
        answer.json()["data"].as_array().map(Vec::len)
    };
    assert_eq!(count("\"a\""), Some(1));
    assert_eq!(count("[1,2,3]"), Some(1));
    assert_eq!(count("[[1,2],[3]]"), Some(2));
}

#[test]
fn models_stats_health_and_unknown_paths() {
    let config = MockConfig { models: vec!["a".to_owned(), "b".to_owned()], ..MockConfig::default() };
    let server = MockServer::start(config).unwrap();
    let get = |path: &str| Answer::to(&server, &format!("GET {path} HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n"));
    assert_eq!(get("/v1/models").json()["data"][1]["id"], "b");
    assert_eq!(get("/v1/models/gpt-4o").json()["id"], "gpt-4o");
    assert_eq!(get("/health").json()["status"], "ok");
    assert_eq!(get("/v1/chat/completions").status, 405);
    let unknown = get("/nowhere");
    assert_eq!((unknown.status, unknown.json()["error"]["code"].clone()), (404, json!("unknown_url")));
    let stats = get("/stats?x=1").json();
    assert_eq!(stats["requests"], 6);
    assert_eq!(stats["requests_by_path"]["/nowhere"], 1);
    assert_eq!(Answer::to(&server, &post("/stats/reset", "connection: close\r\n", "")).status, 200);
    assert_eq!(get("/stats").json()["requests_by_path"].get("/nowhere"), None);
}

#[test]
fn a_prefix_does_not_matter() {
    let server = server("");
    for path in ["/chat/completions", "/v1/chat/completions", "/openai/deployments/d/chat/completions?api-version=1"] {
        assert_eq!(Answer::to(&server, &post(path, "connection: close\r\n", r#"{"model":"m"}"#)).status, 200);
    }
}

#[test]
fn bad_requests_are_explained() {
    let server = MockServer::start(MockConfig::with(Behaviour::default())).unwrap();
    let broken = Answer::to(&server, &chat("{"));
    assert_eq!(broken.status, 400);
    assert!(broken.text().contains("We could not parse the JSON body"));
    let spec = Answer::to(&server, &chat(r#"{"model":"mock:chunk=3"}"#));
    assert_eq!(spec.status, 400);
    assert!(spec.text().contains("`chunk` is no key"), "{}", spec.text());
}

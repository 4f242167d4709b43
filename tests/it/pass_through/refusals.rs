//! What a pass-through must not do: lead elsewhere, carry the caller's credentials on, choose an account, go round a guard.

use super::{Scene, chat};
use crate::harness::{KEY, PROVIDER_KEY, Stream};
use serde_json::json;
use std::io::Write;

/// A request whose target is written as it is.
fn raw(scene: &Scene, target: &str, more: &str) -> crate::harness::Answer {
    let mut socket = scene.gateway.client().connect();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n{more}content-length: 2\r\n\r\n{{}}"
    );
    socket.write_all(head.as_bytes()).expect("a request");
    Stream::open(socket).whole()
}

#[test]
fn no_path_leads_out_of_the_base() {
    let scene = Scene::new();
    for target in [
        "/openai/../v1/messages",
        "/openai/v1/../../stats/reset",
        "/openai/v1/%2e%2e/stats",
        "/openai/v1/.%2E/stats",
        "/openai/%2e/stats",
        "/openai/v1%2f..%2fstats",
        "/openai/v1/%252e%252e/stats",
        "/openai/v1/..%5cstats",
        "/openai//evil.example/v1",
        "/openai/v1//x",
        "/openai/v1/x%00",
        "/openai/v1/x%0d%0ahost:%20evil",
        "/openai/",
    ] {
        let answer = raw(&scene, target, "");
        assert!(matches!(answer.status, 400 | 404), "{target}: {} {}", answer.status, answer.text());
    }
    assert_eq!(scene.mock.stats().requests, 0, "nothing was sent");
}

#[test]
fn nothing_of_the_callers_goes_on_but_what_is_listed() {
    let scene = Scene::new();
    let more = "x-api-key: sk-caller\r\ncookie: a=b\r\nx-forwarded-for: 10.0.0.1\r\nopenai-organization: org-caller\r\n\
                x-goog-api-key: sk-caller\r\nproxy-authorization: Basic x\r\nte: trailers\r\nopenai-beta: assistants=v2\r\n\
                accept: application/json\r\nkeep-alive: 3\r\n";
    let answer = raw(&scene, "/openai/v1/chat/completions?key=sk-caller&api_key=sk-caller&%6bey=x&fine=1", more);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent();
    assert_eq!(sent.path, "/v1/chat/completions?fine=1");
    assert_eq!(sent.header("openai-beta"), Some("assistants=v2"));
    for name in [
        "x-api-key",
        "cookie",
        "x-forwarded-for",
        "openai-organization",
        "x-goog-api-key",
        "proxy-authorization",
        "te",
        "keep-alive",
    ] {
        assert_eq!(sent.header(name), None, "{name}");
    }
    let all: String = sent.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    assert!(!all.contains(KEY) && !all.contains("sk-caller"), "{all}");
    raw(&scene, "/openai/v1/chat/completions", "content-encoding: gzip\r\n").error(415);
}

#[test]
fn no_header_of_the_providers_passes_for_one_of_ours() {
    let scene = Scene::new();
    for header in [
        "set-cookie: a=b",
        "location: http://evil.example",
        "x-litellm-response-cost: 0",
        "access-control-allow-origin: *",
    ] {
        let (name, value) = header.split_once(": ").expect("a header");
        scene.behave(&format!("header={name}:{}", value.replace(',', "%2C")));
        let answer = scene.post("/openai/v1/chat/completions", &chat());
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_ne!(answer.header(name), Some(value), "{name}");
    }
}

#[test]
fn only_providers_of_the_configuration_are_reached() {
    let scene = Scene::of(&[("openai", "own", "{base}", "")], "");
    let absent = scene.post("/anthropic/v1/messages", &json!({}));
    assert_eq!(absent.status, 404, "{}", absent.text());
    scene.post("/elsewhere/v1/messages", &json!({})).error(404);
    scene.gateway.client().anonymous().post("/openai/v1/chat/completions", &chat()).error(401);
    assert_eq!(scene.mock.stats().requests, 0);
    // what was a resource before stays one
    let own = scene.post("/openai/deployments/own/chat/completions", &json!({"messages": []}));
    assert_eq!((own.status, scene.record(&own)["call_type"].as_str()), (200, Some("acompletion")));
}

#[test]
fn of_several_that_differ_the_operator_chooses() {
    let two = |first: &'static str, second: &'static str| {
        Scene::of(&[("openai", "a", "{base}", first), ("openai", "b", "{base}", second)], "")
    };
    let same = two("", "");
    assert_eq!(same.post("/openai/v1/chat/completions", &chat()).status, 200);
    let differ = two(", api_key: sk-one-key", ", api_key: sk-other-key");
    let error = differ.post("/openai/v1/chat/completions", &chat()).error(400);
    assert!(error["message"].as_str().is_some_and(|text| text.contains("use_in_pass_through")), "{error}");
    assert_eq!(differ.mock.stats().requests, 0);
    for (first, second, key) in [
        (", api_key: sk-one-key, use_in_pass_through: true", ", api_key: sk-other-key", "sk-one-key"),
        (
            ", api_key: sk-one-key, use_in_pass_through: true",
            ", api_key: sk-other-key, use_in_pass_through: true",
            "sk-other-key",
        ),
    ] {
        let chosen = two(first, second);
        assert_eq!(chosen.post("/openai/v1/chat/completions", &chat()).status, 200);
        assert_eq!(chosen.sent().header("authorization"), Some(format!("Bearer {key}").as_str()));
    }
    assert_ne!(PROVIDER_KEY, "sk-one-key");
}

#[test]
fn no_guard_is_gone_round() {
    let with = |on: &str| {
        Scene::with(&format!(
            "litellm_settings: {{callbacks: [guard]}}\ncallback_settings: {{guard: {{callback: deny_words, words: [secret], on: [{on}]}}}}\n"
        ))
    };
    let input = with("input");
    let asked = json!({"model": "m", "messages": [{"role": "user", "content": "a secret"}]});
    assert_eq!(input.post("/openai/v1/chat/completions", &asked).status, 400);
    assert_eq!(input.mock.stats().requests, 0);
    assert_eq!(input.post("/openai/v1/chat/completions", &chat()).status, 200);
    // one that looks at answers cannot: nothing passes
    let output = with("output");
    assert_eq!(output.post("/openai/v1/chat/completions", &chat()).status, 400);
    assert_eq!(output.mock.stats().requests, 0);
}

//! `deny_words` over sockets: what is refused, what is masked, and that nothing of it leaks.

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use super::admin::put;
use crate::harness::{Gateway, PROVIDER_KEY, chat};

fn gateway(mock: &MockServer, params: &str) -> Gateway {
    let more = "router_settings: {num_retries: 0}\nlitellm_settings: {callbacks: [deny_words]}\n";
    Gateway::with(mock, &format!("{more}callback_settings: {{deny_words: {{{params}}}}}\n"))
}

fn says(words: &str, stream: bool) -> serde_json::Value {
    chat("m", json!({ "stream": stream, "messages": [{ "role": "user", "content": words }] }))
}

/// A model whose answer is this text, in small pieces.
fn answers(text: &str, stream: bool) -> serde_json::Value {
    chat(&format!("mock:chunk-bytes=3,text={text}"), json!({ "stream": stream }))
}

#[test]
fn a_denied_word_that_is_asked_for_is_refused_before_anything_is_sent() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = gateway(&mock, "words: [abracadabra], on: [input]");
    for stream in [false, true] {
        let answer = gateway.client().chat(&says("say ABRACADABRA now", stream));
        assert_eq!(answer.error(400)["code"], "content_policy_violation");
        assert!(!answer.text().to_lowercase().contains("abracadabra"));
    }
    assert_eq!(mock.stats().requests, 0);
    assert_eq!(gateway.client().chat(&says("hocus pocus", false)).status, 200);
}

#[test]
fn a_denied_word_that_is_asked_for_is_masked_on_its_way() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = gateway(&mock, "words: [abracadabra], on: [input], action: mask");
    assert_eq!(gateway.client().chat(&says("say abracadabra now", false)).status, 200);
    let sent = mock.last_request().expect("a request").json();
    assert_eq!(sent["messages"][0]["content"], "say [redacted] now");
}

#[test]
fn k5_a_denied_word_in_an_answer_does_not_get_through() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = gateway(&mock, "words: [abracadabra], on: [output]");
    let whole = gateway.client().chat(&answers("well then abracadabra it is", false));
    whole.error(400);
    let events = gateway.client().events(&answers("well then abracadabra it is", true));
    assert_eq!(events.assert_failed()["code"], "content_policy_violation");
    // it comes in pieces of three letters: none of those that make it up may be out
    assert!("well then ".starts_with(&events.text()), "{:?}", events.text());
    gateway.client().events(&answers("all is well", true)).assert_done();
}

#[test]
fn a_denied_word_in_an_answer_is_masked_over_the_edges_of_events() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = gateway(&mock, "words: [abracadabra], on: [output], action: mask");
    let whole = gateway.client().chat(&answers("well then abracadabra it is", false));
    assert_eq!(whole.json()["choices"][0]["message"]["content"], "well then [redacted] it is");
    let events = gateway.client().events(&answers("well then abracadabra it is", true));
    events.assert_done();
    assert_eq!(events.text(), "well then [redacted] it is");
}

#[test]
fn words_added_over_http_hold_at_once() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::before(&mock);
    for n in 0..10 {
        let word = format!("word{n}word");
        let wanted = json!({ "callback": "deny_words", "params": { "words": [word] } });
        assert_eq!(put(&gateway.client(), "words", &wanted).status, 200);
        for _ in 0..4 {
            gateway.client().chat(&says(&format!("a {word} b"), false)).error(400);
        }
    }
}

/// Claude's thought is told twice to callers of chats: as `reasoning_content`, and as a block with its signature.
#[test]
fn thought_under_a_signature_is_looked_at_too() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::from_yaml(&format!(
        "model_list:\n  - model_name: m\n    litellm_params: {{model: \"anthropic/mock:thinking=40,chunks=4,chunk-bytes=1\", \
         api_base: \"{}\", api_key: {PROVIDER_KEY}}}\nlitellm_settings: {{callbacks: [guard]}}\n\
         callback_settings: {{guard: {{callback: deny_words, words: [meadow], action: mask, mask: \"#\", on: [output]}}}}\n",
        mock.root_url()
    ));
    for stream in [false, true] {
        let answer = gateway.client().chat(&chat("m", json!({"stream": stream, "reasoning_effort": "low"})));
        let text = answer.text();
        assert_eq!(answer.status, 200, "{text}");
        assert!(text.contains("\"thinking\":\"") && text.contains("flour #"), "{text}");
        assert!(!text.contains("meadow"), "stream {stream}: {text}");
    }
}

//! Every hook is called when it should be, in order, and exactly once.

use std::sync::Arc;

use millrace_actors::capabilities::Hooks;
use millrace_actors::ports::Callback;
use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use super::recorder::Recorder;
use crate::harness::{Gateway, chat, eventually, with_own};

fn gateway(mock: &MockServer, hooks: Hooks) -> (Gateway, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::new(hooks));
    let own: Arc<dyn Callback> = recorder.clone();
    (with_own(mock, &[("recorder", own)], "router_settings: {num_retries: 0, disable_cooldowns: true}\n"), recorder)
}

/// The calls of one exchange, once its record is there.
fn calls(recorder: &Recorder) -> Vec<String> {
    let mut calls = Vec::new();
    eventually("it settles", || {
        calls.extend(recorder.calls());
        calls.iter().any(|call| call.starts_with("log_"))
    });
    calls
}

#[test]
fn a_whole_answer_passes_its_hooks_in_order() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Hooks::all());
    let answer = gateway.client().chat(&chat("m", json!({})));
    assert_eq!(answer.header("x-recorder"), Some("was here"));
    assert_eq!(calls(&recorder), ["pre_call", "during_call", "post_call", "response_headers", "log_success ok"]);
    let answer = gateway.client().post("/v1/embeddings", &json!({ "model": "m", "input": "hi" }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(calls(&recorder), ["pre_call", "during_call", "post_call", "response_headers", "log_success ok"]);
}

#[test]
fn a_stream_passes_its_own_and_not_post_call() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Hooks::all());
    let events = gateway.client().events(&chat("mock:chunks=3,chunk-bytes=4", json!({ "stream": true })));
    events.assert_done();
    let calls = calls(&recorder);
    let at = |call: &str| calls.iter().position(|c| c == call).unwrap_or_else(|| panic!("no {call} in {calls:?}"));
    let once = ["pre_call", "during_call", "stream", "response_headers", "stage end", "log_success ok"];
    assert!(once.iter().all(|call| calls.iter().filter(|c| c == call).count() == 1), "{calls:?}");
    assert!(at("pre_call") < at("during_call") && at("during_call") < at("stream") && at("stream") < at("stage"));
    assert_eq!(calls.last().map(String::as_str), Some("log_success ok"));
    assert_eq!(calls[calls.len() - 2], "stage end");
    assert!(!calls.contains(&"post_call".to_owned()) && !calls.iter().any(|c| c.starts_with("failure")));
    // the text so far, this event's included, only grows: it is the whole at the end
    let lengths: Vec<usize> = calls.iter().filter_map(|c| c.strip_prefix("chunk ")?.parse().ok()).collect();
    assert!(lengths.is_sorted(), "{lengths:?}");
    assert_eq!(lengths.last(), Some(&events.text().len()));
    assert_eq!(calls.iter().filter(|c| *c == "stage").count(), lengths.len(), "both see every event");
}

#[test]
fn a_failure_is_shown_to_failure_hooks_and_logged_as_one() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Hooks::all());
    for stream in [false, true] {
        gateway.client().chat(&chat("mock-400", json!({ "stream": stream }))).error(400);
        let calls = calls(&recorder);
        let failures = calls.iter().filter(|c| c.starts_with("failure")).count();
        assert_eq!((failures, calls.last().map(String::as_str)), (1, Some("log_failure upstream_error")), "{calls:?}");
        assert!(!calls.contains(&"post_call".to_owned()) && !calls.contains(&"stream".to_owned()));
    }
    gateway.client().events(&chat("mock:fault=cut:3", json!({ "stream": true }))).assert_failed();
    let broken = calls(&recorder);
    assert_eq!(broken.iter().filter(|c| c.starts_with("failure")).count(), 1, "{broken:?}");
    assert_eq!(broken.last().map(String::as_str), Some("log_failure truncated"));
    assert!(!broken.contains(&"stage end".to_owned()), "a stream that broke has no proper end");
}

#[test]
fn a_client_that_leaves_is_a_record_and_no_failure() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Hooks::all());
    let mut stream =
        gateway.client().send("/v1/chat/completions", &chat("mock:chunks=20000,gap=5ms", json!({ "stream": true })));
    stream.until("data:");
    stream.leave();
    let left = calls(&recorder);
    assert_eq!(left.last().map(String::as_str), Some("log_failure client_cancelled"));
    assert!(!left.iter().any(|c| c.starts_with("failure")), "{left:?}");
    eventually("nothing is in flight", || gateway.metric("millrace_inflight") == 0.0);
    assert_eq!(recorder.records().len(), 1);
}

#[test]
fn what_was_never_admitted_is_not_a_record() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Hooks::all());
    gateway.client().anonymous().chat(&chat("m", json!({}))).error(401);
    gateway.client().chat(&json!({ "model": "m" })).error(400);
    gateway.client().chat(&json!([])).error(400);
    gateway.client().get("/v1/nothing").error(404);
    assert_eq!(recorder.calls(), Vec::<String>::new());
    assert!(recorder.records().is_empty());
}

#[test]
fn only_the_hooks_a_callback_has_are_called() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let cases = [
        (Hooks::STREAM, "stream", "stage"),
        (Hooks::STREAM_CHUNK, "chunk", "chunk"),
        (Hooks::PRE_CALL, "pre_call", "pre_call"),
        (Hooks::RESPONSE_HEADERS, "response_headers", "response_headers"),
    ];
    for (hook, first, rest) in cases {
        let (gateway, recorder) = gateway(&mock, hook);
        gateway.client().events(&chat("m", json!({ "stream": true }))).assert_done();
        let calls = recorder.calls();
        assert!(!calls.is_empty());
        assert!(calls.iter().all(|call| call.starts_with(first) || call.starts_with(rest)), "{calls:?}");
    }
}

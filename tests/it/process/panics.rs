//! P6: a panic of ours ends one exchange, and neither the worker nor the process.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use millrace_actors::capabilities::Hooks;
use millrace_actors::fault::Refusal;
use millrace_actors::ports::{CallFacts, Callback, Chunk};
use millrace_actors::record::LogRecord;
use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use crate::callbacks::recorder::Recorder;
use crate::harness::{Gateway, chat, eventually, with_own};

/// Panics in one hook, on the model that is named after it.
struct Panics(Hooks);

impl Panics {
    fn maybe(hook: &str, model: &str) {
        assert!(!model.starts_with(hook), "a defect, on purpose");
    }
}

impl Callback for Panics {
    fn kind(&self) -> &'static str {
        "panics"
    }

    fn hooks(&self) -> Hooks {
        self.0
    }

    fn pre_call<'a>(&'a self, call: &'a CallFacts) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(async {
            Panics::maybe("pre_call", &call.model);
            Ok(None)
        })
    }

    fn during_call<'a>(&'a self, call: &'a CallFacts) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async {
            Panics::maybe("during_call", &call.model);
            // when the head is out already, for the sake of heartbeats
            tokio::time::sleep(std::time::Duration::from_millis(if &*call.model == "late" { 300 } else { 0 })).await;
            Panics::maybe("late", &call.model);
            Ok(())
        })
    }

    fn stream_chunk(&self, call: &CallFacts, _: &mut Chunk, text: &str) -> Result<(), Refusal> {
        Panics::maybe("at_once", &call.model);
        if text.len() > 20 {
            Panics::maybe("stream_chunk", &call.model);
        }
        Ok(())
    }

    fn log_success(&self, record: &Arc<LogRecord>) {
        Panics::maybe("log_success", &record.model);
    }
}

fn gateway(mock: &MockServer, hooks: Hooks) -> (Gateway, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::new(Hooks::LOG_SUCCESS | Hooks::LOG_FAILURE));
    let own: [(&str, Arc<dyn Callback>); 2] = [("recorder", recorder.clone()), ("panics", Arc::new(Panics(hooks)))];
    (with_own(mock, &own, "millrace: {workers: 1}\n"), recorder)
}

fn serves(gateway: &Gateway) {
    let answer = gateway.client().chat(&chat("gpt-4o", json!({})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    gateway.client().events(&chat("gpt-4o", json!({ "stream": true }))).assert_done();
    eventually("nothing is in flight", || gateway.metric("millrace_inflight") == 0.0);
}

#[test]
fn p6_a_panic_before_the_answer_is_an_error_in_our_shape_and_settles() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    for (hook, model) in [(Hooks::PRE_CALL, "pre_call"), (Hooks::DURING_CALL, "during_call")] {
        let (gateway, recorder) = gateway(&mock, hook);
        for n in 0..20 {
            let answer = gateway.client().chat(&chat(model, json!({ "stream": n % 2 == 0 })));
            let error = answer.error(500);
            assert_eq!(error["type"], "internal_server_error");
            assert!(!answer.text().contains("on purpose"), "a defect's words are ours alone");
        }
        serves(&gateway);
        let records = recorder.records();
        assert_eq!(records.iter().filter(|r| r["outcome"] == "internal_error").count(), 20, "{model}");
        assert_eq!(records.len(), 22);
    }
}

#[test]
fn p6_a_panic_within_a_stream_breaks_that_stream_off() {
    // slow enough for the head to be out when it happens
    let slow = "chunks=50,gap=50ms".parse().expect("a behaviour");
    let mock = MockServer::start(MockConfig::with(slow)).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Hooks::STREAM_CHUNK);
    for _ in 0..10 {
        let stream = gateway.client().send("/v1/chat/completions", &chat("stream_chunk", json!({ "stream": true })));
        assert_eq!(stream.status, 200);
        let events = stream.events();
        assert!(!events.data.iter().any(|data| data == "[DONE]"), "it reads as complete: {:?}", events.data);
        let errors = events.json().iter().filter(|event| event["error"].is_object()).count();
        assert!(!events.complete || errors == 1, "neither broken off nor an error (I2): {:?}", events.data);
    }
    serves(&gateway);
    let records = recorder.records();
    assert_eq!(records.iter().filter(|r| r["outcome"] == "internal_error").count(), 10, "{records:#?}");
    assert_eq!(records.len(), 12);
}

#[test]
fn p6_a_panic_after_heartbeats_breaks_the_stream_off() {
    let mock = MockServer::start(MockConfig::with("hang".parse().expect("a behaviour"))).expect("a mock");
    let recorder = Arc::new(Recorder::new(Hooks::LOG_FAILURE));
    let panics = Arc::new(Panics(Hooks::DURING_CALL));
    let own: [(&str, Arc<dyn Callback>); 2] = [("recorder", recorder.clone()), ("panics", panics)];
    let gateway = with_own(&mock, &own, "millrace: {stream_heartbeat_seconds: 0.1}\n");
    let stream = gateway.client().send("/v1/chat/completions", &chat("late", json!({ "stream": true })));
    assert_eq!(stream.status, 200);
    let events = stream.events();
    assert!(!events.complete && events.raw.starts_with(b": ping"), "{}", String::from_utf8_lossy(&events.raw));
    eventually("it settles", || recorder.records().len() == 1);
    assert_eq!(recorder.records()[0]["outcome"], "internal_error");
}

/// Whether the head is out by then is a matter of microseconds: either is an answer, silence is none.
#[test]
fn p6_a_panic_at_the_first_event_is_an_answer_all_the_same() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Hooks::STREAM_CHUNK);
    for _ in 0..30 {
        let answer = gateway.client().chat(&chat("at_once", json!({ "stream": true })));
        match answer.status {
            200 => assert!(!answer.complete, "it reads as complete: {}", answer.text()),
            _ => assert_eq!(answer.error(500)["type"], "internal_server_error"),
        }
    }
    serves(&gateway);
    let records = recorder.records();
    assert_eq!(records.iter().filter(|r| r["outcome"] == "internal_error").count(), 30);
}

#[test]
fn p6_a_panic_of_a_logging_callback_costs_nobody_an_answer() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Hooks::LOG_SUCCESS);
    for _ in 0..10 {
        assert_eq!(gateway.client().chat(&chat("log_success", json!({}))).status, 200);
        gateway.client().events(&chat("log_success", json!({ "stream": true }))).assert_done();
    }
    serves(&gateway);
    assert_eq!(recorder.records().len(), 22, "once each, panic or not");
}

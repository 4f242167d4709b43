//! Hooks that refuse, and hooks that change what passes.

use std::sync::Arc;

use actix_http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use futures_util::future::{LocalBoxFuture, ready};
use millrace_actors::capabilities::Hooks;
use millrace_actors::fault::{Fault, Refusal};
use millrace_actors::ports::{CallFacts, Callback, Chunk, StreamStage};
use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::recorder::Recorder;
use crate::harness::{Gateway, LIVENESS, chat, eventually, with_own};

fn no() -> Refusal {
    Refusal { by: "test".into(), message: "Refused by the test.".into(), code: "content_policy_violation".into() }
}

/// Refuses in one hook: within a stream, once some text is through.
struct Refuses(Hooks);

impl Callback for Refuses {
    fn kind(&self) -> &'static str {
        "refuses"
    }

    fn hooks(&self) -> Hooks {
        self.0
    }

    fn pre_call<'a>(&'a self, _: &'a CallFacts) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(ready(Err(no())))
    }

    fn during_call<'a>(&'a self, _: &'a CallFacts) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async {
            // the call is under way when the verdict comes
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            Err(no())
        })
    }

    fn post_call<'a>(&'a self, _: &'a CallFacts, _: &'a Bytes) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(ready(Err(no())))
    }

    fn stream(&self, _: &CallFacts) -> Option<Box<dyn StreamStage>> {
        Some(Box::new(RefusesAfter(5)))
    }

    fn stream_chunk(&self, _: &CallFacts, _: &mut Chunk, text: &str) -> Result<(), Refusal> {
        if text.len() > 20 { Err(no()) } else { Ok(()) }
    }
}

/// Refuses beside the call, when it is told to.
struct RefusesWhenTold(Arc<Notify>);

impl Callback for RefusesWhenTold {
    fn kind(&self) -> &'static str {
        "refuses"
    }

    fn hooks(&self) -> Hooks {
        Hooks::DURING_CALL
    }

    fn during_call<'a>(&'a self, _: &'a CallFacts) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async {
            self.0.notified().await;
            Err(no())
        })
    }
}

struct RefusesAfter(usize);

impl StreamStage for RefusesAfter {
    fn event(&mut self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        self.0 = self.0.checked_sub(1).ok_or_else(no)?;
        out.push(data);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<Bytes>) -> Result<(), Refusal> {
        Ok(())
    }
}

fn gateway(mock: &MockServer, own: impl Callback) -> (Gateway, Arc<Recorder>) {
    gateway_with(mock, own, "")
}

fn gateway_with(mock: &MockServer, own: impl Callback, more: &str) -> (Gateway, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::new(Hooks::LOG_SUCCESS | Hooks::LOG_FAILURE));
    let own: [(&str, Arc<dyn Callback>); 2] = [("test", Arc::new(own)), ("recorder", recorder.clone())];
    (with_own(mock, &own, more), recorder)
}

#[track_caller]
fn blocked(gateway: &Gateway, recorder: &Recorder) -> Value {
    eventually("nothing is in flight", || gateway.metric("millrace_inflight") == 0.0);
    let records = recorder.records();
    assert_eq!(records.len(), 1, "{records:#?}");
    assert_eq!(records[0]["outcome"], "blocked");
    records[0].clone()
}

#[test]
fn pre_call_refuses_before_anything_is_sent() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Refuses(Hooks::PRE_CALL));
    let answer = gateway.client().chat(&chat("m", json!({ "stream": true })));
    let error = answer.error(400);
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("content_policy_violation"), &json!("Refused by the test."))
    );
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(blocked(&gateway, &recorder)["attempts"], 0);
    assert_eq!(mock.stats().requests, 0);
}

#[test]
fn during_call_refuses_and_the_providers_call_is_dropped() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Refuses(Hooks::DURING_CALL));
    gateway.client().chat(&chat("mock-hang", json!({}))).error(400);
    assert!(mock.wait_until_blocking(|stats| stats.answers_cancelled == 1, LIVENESS), "{:?}", mock.stats());
    blocked(&gateway, &recorder);
}

/// The verdict comes when the head is out already, for the sake of heartbeats: before the provider's head, and after it.
#[test]
fn during_call_refuses_when_nothing_but_heartbeats_went_out() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let more = "millrace: {stream_heartbeat_seconds: 0.1}\n";
    let now = Arc::new(Notify::new());
    let (gateway, recorder) = gateway_with(&mock, RefusesWhenTold(now.clone()), more);
    for spec in ["mock-hang", "mock:chunks=3"] {
        let mut stream = gateway.client().send("/v1/chat/completions", &chat(spec, json!({ "stream": true })));
        assert_eq!(stream.status, 200);
        let begun = stream.until(": ping\n\n: ping\n\n");
        assert!(!begun.contains("data:"), "past the verdict: {begun}");
        now.notify_one();
        let error = stream.events().assert_failed();
        assert_eq!(error["code"], "content_policy_violation");
    }
    eventually("both settled", || recorder.records().len() == 2);
    assert!(recorder.records().iter().all(|record| record["outcome"] == "blocked"), "{:#?}", recorder.records());
    assert!(mock.wait_until_blocking(|stats| stats.requests_open == 0, LIVENESS), "{:?}", mock.stats());
}

#[test]
fn during_call_refuses_an_answer_that_is_already_there() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Refuses(Hooks::DURING_CALL));
    for stream in [true, false] {
        let answer = gateway.client().chat(&chat("m", json!({ "stream": stream })));
        answer.error(400);
        assert!(!answer.text().contains("chatcmpl"), "{}", answer.text());
    }
    eventually("both settled", || recorder.records().len() == 2);
    assert!(recorder.records().iter().all(|record| record["outcome"] == "blocked"));
}

#[test]
fn post_call_refuses_a_whole_answer() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, recorder) = gateway(&mock, Refuses(Hooks::POST_CALL));
    let answer = gateway.client().chat(&chat("mock:text=forbidden", json!({})));
    answer.error(400);
    assert!(!answer.text().contains("forbidden"));
    let record = blocked(&gateway, &recorder);
    assert!(record["total_tokens"].as_u64().is_some_and(|n| n > 0), "the provider was paid all the same: {record}");
}

#[test]
fn k5_a_refusal_within_a_stream_is_its_one_end() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    for hook in [Hooks::STREAM, Hooks::STREAM_CHUNK] {
        let (gateway, recorder) = gateway(&mock, Refuses(hook));
        let events = gateway.client().events(&chat("mock:chunks=50,gap=1ms", json!({ "stream": true })));
        let error = events.assert_failed();
        assert_eq!(error["code"], "content_policy_violation");
        assert!(events.text().len() < 60, "what came after the refusal went out: {:?}", events.text());
        let record = blocked(&gateway, &recorder);
        assert!(record["stream_events"].as_u64().is_some_and(|n| n > 0), "{record}");
    }
    assert!(mock.wait_until_blocking(|stats| stats.streams_cancelled == 2, LIVENESS), "{:?}", mock.stats());
}

/// Changes what passes.
struct Changes;

impl Callback for Changes {
    fn kind(&self) -> &'static str {
        "changes"
    }

    fn hooks(&self) -> Hooks {
        Hooks::PRE_CALL | Hooks::POST_CALL | Hooks::STREAM_CHUNK | Hooks::FAILURE | Hooks::RESPONSE_HEADERS
    }

    fn pre_call<'a>(&'a self, call: &'a CallFacts) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        let mut body: Value = serde_json::from_slice(&call.body).expect("JSON");
        match &*call.model {
            "smuggles" => body["api_base"] = json!("http://127.0.0.1:9/v1"),
            _ => body["user"] = json!("changed"),
        }
        Box::pin(ready(Ok(Some(body.to_string().into()))))
    }

    fn post_call<'a>(
        &'a self,
        call: &'a CallFacts,
        answer: &'a Bytes,
    ) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        assert!(String::from_utf8_lossy(&call.body).contains("changed"), "later hooks see the changed body");
        let mut answer: Value = serde_json::from_slice(answer).expect("JSON");
        answer["choices"][0]["message"]["content"] = json!("changed");
        Box::pin(ready(Ok(Some(answer.to_string().into()))))
    }

    fn stream_chunk(&self, _: &CallFacts, chunk: &mut Chunk, _: &str) -> Result<(), Refusal> {
        if let Some(content) = chunk.value.pointer_mut("/choices/0/delta/content")
            && content.as_str().is_some_and(|text| !text.is_empty())
        {
            *content = json!("x");
            chunk.changed = true;
        }
        Ok(())
    }

    fn response_headers(&self, _: &CallFacts, headers: &mut Vec<(HeaderName, HeaderValue)>) {
        headers.push((HeaderName::from_static("x-recorder"), HeaderValue::from_static("first")));
    }

    fn failure(&self, _: &CallFacts, _: &Fault) -> Option<Fault> {
        Some(Fault::Refused(Refusal { code: "replaced".into(), ..no() }))
    }
}

#[test]
fn what_hooks_change_is_what_passes() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, _) = gateway(&mock, Changes);
    let answer = gateway.client().chat(&chat("m", json!({})));
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "changed");
    assert_eq!(answer.header("x-recorder"), Some("first"));
    assert_eq!(mock.last_request().expect("a request").json()["user"], "changed");
    let events = gateway.client().events(&chat("mock:chunks=7", json!({ "stream": true })));
    events.assert_done();
    assert_eq!(events.text(), "xxxxxxx");
    assert!(
        events.json().iter().all(|event| event["model"] == "mock:chunks=7"),
        "changed events keep the caller's name"
    );
    assert_eq!(gateway.client().chat(&chat("mock-400", json!({}))).error(400)["code"], "replaced");
}

#[test]
fn a_callback_cannot_smuggle_in_what_a_caller_may_not_send() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, _) = gateway(&mock, Changes);
    let answer = gateway.client().chat(&chat("smuggles", json!({})));
    assert!(answer.status >= 400, "{}", answer.text());
    assert_eq!(mock.stats().requests, 0);
}

#[test]
fn of_two_callbacks_with_one_header_the_later_wins() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let recorder = Arc::new(Recorder::new(Hooks::RESPONSE_HEADERS));
    let own: [(&str, Arc<dyn Callback>); 2] = [("test", Arc::new(Changes)), ("recorder", recorder)];
    let gateway = with_own(&mock, &own, "");
    let answer = gateway.client().chat(&chat("m", json!({})));
    let values: Vec<_> =
        answer.headers.iter().filter(|(name, _)| name == "x-recorder").map(|(_, v)| v.as_str()).collect();
    assert_eq!(values, ["was here"]);
}

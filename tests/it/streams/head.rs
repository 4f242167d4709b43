//! S23: the head is held until the first event, so that an error before it keeps its own status and may be retried.

use millrace_lab::mock::Behaviour;
use serde_json::json;

use super::{Scene, Setup, assert_broke, behaviour, canonical, raw_of, shown, withheld};
use crate::harness::chat;

#[test]
fn s23_an_error_as_the_first_event_has_its_own_status() {
    let scene = Scene::new();
    for (code, status) in [
        ("rate_limit_exceeded", 429),
        ("insufficient_quota", 429),
        ("invalid_api_key", 401),
        ("model_not_found", 404),
        ("400", 400),
        ("503", 503),
        ("nobody_knows", 500),
    ] {
        for how in ["gap=0ms", "slice=1", "head-first,ttft=20ms", "eol=cr", "comments", "bom"] {
            let answer = scene.send(&format!("error-event:0,code={code},message=no,{how}"), shown()).whole();
            assert!(answer.complete);
            assert_eq!(answer.header("content-type"), Some("application/json"));
            let error = answer.error(status);
            assert_eq!((&error["code"], &error["message"]), (&json!(code), &json!("no")), "{how}");
            let record = scene.record();
            assert_eq!((&record["outcome"], &record["response_status"]), (&json!("upstream_error"), &json!(status)));
            assert_eq!((&record["stream_events"], &record["total_tokens"]), (&json!(0), &json!(0)));
        }
    }
}

#[test]
fn s23_what_fails_before_the_first_event_is_retried() {
    let scene = Scene::with(&Setup { router: "num_retries: 1, disable_cooldowns: true", ..Setup::default() });
    let want = scene.expected("chunks=3");
    for fault in [
        "error-event:0",
        "cut:0",
        "mid-chunk:0",
        "500",
        "html",
        "empty",
        "error-body",
        "content-type=text/event-stream,html",
    ] {
        scene.mock.set_behaviour(behaviour("chunks=3"));
        scene.mock.push_script([behaviour(&format!("chunks=3,{fault}"))]);
        let before = scene.mock.stats().requests;
        scene.asked.set(scene.asked.get() + 1);
        let stream = scene.gateway.client().send("/v1/chat/completions", &chat(super::ALIAS, shown()));
        assert_eq!(stream.status, 200, "{fault}");
        let retries =
            stream.headers.iter().find(|(name, _)| name == "x-litellm-attempted-retries").map(|h| h.1.clone());
        let events = stream.events();
        events.assert_done();
        assert_eq!(raw_of(&events), canonical(&want), "{fault}");
        assert_eq!((retries.as_deref(), scene.mock.stats().requests - before), (Some("1"), 2), "{fault}");
        let record = scene.record();
        assert_eq!((&record["outcome"], &record["attempts"]), (&json!("ok"), &json!(2)), "{record}");
    }
}

#[test]
fn s23_a_stream_without_any_event_is_an_error_with_a_status() {
    let scene = Scene::new();
    for spec in ["cut:0", "unterminated,text=,cut:0", "framing=close-silent,cut:0", "framing=close,cut:0"] {
        let answer = scene.send(spec, withheld()).whole();
        assert!(answer.status == 502 || answer.status == 503, "{spec}: {}", answer.text());
        answer.error(answer.status);
        assert_ne!(scene.record()["outcome"], "ok", "{spec}");
    }
}

/// With a heartbeat the hold has an end: the head goes out, and an error that comes later is an event.
#[test]
fn s23_the_hold_is_capped_where_there_is_a_heartbeat() {
    let scene = Scene::millrace("stream_heartbeat_seconds: 0.1");
    let mut stream = scene.send("chunks=2,head-first,stall:0", shown());
    assert_eq!(stream.status, 200);
    let begun = stream.until(": ping\n\n: ping\n\n");
    assert!(begun.starts_with(": ping\n\n"), "{begun}");
    stream.leave();
    assert_eq!(scene.record()["outcome"], "client_cancelled");

    let events = scene.events("head-first,ttft=300ms,error-event:0,code=rate_limit_exceeded,message=no", shown());
    assert!(assert_broke(&events, "server_error", "rate_limit_exceeded", &[]).contains("no"));
    scene.assert_settled("upstream_error", 0);

    let want = scene.expected("chunks=2");
    let events = scene.events("chunks=2,head-first,ttft=300ms", shown());
    events.assert_done();
    assert_eq!(super::data_of(&events), want);
    scene.assert_settled("ok", want.len() - 1);
    assert!(scene.record()["completionStartTime"].is_number());
}

#[test]
fn s23_no_retry_once_the_head_is_out() {
    let router = "num_retries: 3, disable_cooldowns: true";
    let scene = Scene::with(&Setup { millrace: "stream_heartbeat_seconds: 0.1", router, ..Setup::default() });
    scene.mock.set_behaviour(Behaviour::default());
    let mut stream = scene.send("head-first,stall:0", shown());
    stream.until(": ping");
    scene.mock.drop_connections();
    let rest = stream.events();
    assert_broke(&rest, "upstream_stream_truncated", "502", &[]);
    assert_eq!(scene.mock.stats().requests, 1, "retried after the first byte (I1)");
    scene.assert_settled("truncated", 0);
}

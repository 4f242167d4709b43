//! S24: the head of a stream goes out before the provider's, for the sake of heartbeats. Until then all is as without
//! them; from then on there is one attempt, and one end.

use serde_json::json;

use super::{ALIAS, Scene, Setup, assert_broke, behaviour, data_of, raw_of, shown};
use crate::harness::{LIVENESS, Stream};

/// Heartbeats soon, and every retry that there could be.
fn scene(millrace: &str) -> Scene {
    let millrace = format!("stream_heartbeat_seconds: 0.1{millrace}");
    Scene::with(&Setup { millrace: &millrace, router: "num_retries: 3, disable_cooldowns: true", ..Setup::default() })
}

fn header<'a>(stream: &'a Stream, name: &str) -> Option<&'a str> {
    stream.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

/// Asserts that upstream was asked once, and let go.
#[track_caller]
fn assert_one_attempt(scene: &Scene) {
    assert!(scene.mock.wait_until_blocking(|stats| stats.requests_open == 0, LIVENESS), "upstream was not closed");
    let record = scene.record();
    assert_eq!((&record["attempts"], &record["attempted_retries"]), (&json!(1), &json!(0)), "{record}");
}

#[test]
fn s24_heartbeats_while_the_provider_has_not_even_sent_its_head() {
    let scene = scene("");
    let mut stream = scene.send("hang", shown());
    assert_eq!(stream.status, 200);
    let begun = stream.until(": ping\n\n: ping\n\n");
    assert!(begun.starts_with(": ping\n\n"), "{begun}");
    // what is known without the provider is said, what only it knows is not
    assert!(header(&stream, "content-type").is_some_and(|kind| kind.starts_with("text/event-stream")));
    for known in ["x-litellm-model-id", "x-litellm-call-id", "x-request-id", "x-litellm-attempted-retries"] {
        assert!(header(&stream, known).is_some(), "{known}: {:?}", stream.headers);
    }
    assert!(!stream.headers.iter().any(|(name, _)| name.starts_with("llm_provider-")), "{:?}", stream.headers);
    let overhead: f64 = header(&stream, "x-litellm-overhead-duration-ms").and_then(|ms| ms.parse().ok()).expect("ms");
    let total: f64 = header(&stream, "x-litellm-response-duration-ms").and_then(|ms| ms.parse().ok()).expect("ms");
    assert!(overhead < total - 50.0, "the wait for the provider is not ours: {overhead} of {total}");
    stream.leave();
    assert_one_attempt(&scene);
    scene.assert_settled("client_cancelled", 0);
}

#[test]
fn s24_a_late_answer_is_the_same_stream() {
    let scene = scene("");
    for spec in ["chunks=3", "chunks=3,shape=json", "chunks=3,n=2,slice=7"] {
        let want = match spec.contains("json") {
            // made by the gateway, so there is nothing to compare with but the gateway in time
            true => data_of(&scene.play(spec)),
            false => scene.expected(spec),
        };
        let late = if spec.contains("json") { "delay=350ms" } else { "ttft=350ms" };
        let events = scene.play(&format!("{spec},{late}"));
        events.assert_done();
        assert_eq!(data_of(&events), want, "{spec}");
        assert!(raw_of(&events).starts_with(": ping\n\n"), "{spec}: {}", raw_of(&events));
        assert_one_attempt(&scene);
        scene.assert_settled("ok", want.len() - 1);
        let record = scene.record();
        assert!(record["completionStartTime"].is_number() && record["estimated"] == false, "{record}");
    }
}

/// I1 and I2: what would have been an answer of its own, or a reason to try again, is the stream's one end.
#[test]
fn s24_what_fails_after_the_hold_is_one_error_event() {
    let scene = scene(", first_token_timeout: 1");
    for (spec, kind, code, outcome) in [
        ("500,delay=350ms,message=late", "server_error", "500", "upstream_error"),
        ("429,delay=350ms,code=rate_limit_exceeded", "rate_limit_error", "rate_limit_exceeded", "upstream_error"),
        ("401,delay=350ms", "authentication_error", "401", "upstream_error"),
        ("html,delay=350ms", "upstream_invalid_answer", "502", "upstream_error"),
        ("cut:0,ttft=350ms", "upstream_stream_truncated", "502", "truncated"),
        ("error-event:0,code=oops,ttft=350ms", "server_error", "oops", "upstream_error"),
        ("hang", "timeout_error", "504", "timeout"),
        ("head-first,stall:0", "timeout_error", "504", "timeout"),
    ] {
        let events = scene.play(spec);
        let message = assert_broke(&events, kind, code, &[]);
        assert!(raw_of(&events).starts_with(": ping\n\n"), "{spec}: {}", raw_of(&events));
        assert!(kind != "timeout_error" || message.contains("(first_token timeout)"), "{spec}: {message}");
        assert_one_attempt(&scene);
        scene.assert_settled(outcome, 0);
    }
}

#[test]
fn s24_the_total_ends_the_wait_for_a_head_too() {
    let scene = scene(", total_timeout: 0.6");
    let message = assert_broke(&scene.play("hang"), "timeout_error", "504", &[]);
    assert!(message.contains("(total timeout)"), "{message}");
    assert_one_attempt(&scene);
    scene.assert_settled("timeout", 0);
}

#[test]
fn s24_a_fallback_is_as_impossible_as_a_retry() {
    let router =
        "num_retries: 0, disable_cooldowns: true, default_fallbacks: [alias-2], model_group_alias: {alias-2: alias}";
    let scene = Scene::with(&Setup { millrace: "stream_heartbeat_seconds: 0.1", router, ..Setup::default() });
    assert_broke(&scene.play("500,delay=350ms"), "server_error", "500", &[]);
    assert_one_attempt(&scene);
}

/// Before the hold is over all is free: the retry's own wait for a head is what the heartbeats are for.
#[test]
fn s24_what_fails_within_the_hold_is_tried_again() {
    let router = "num_retries: 1, disable_cooldowns: true";
    let scene = Scene::with(&Setup { millrace: "stream_heartbeat_seconds: 2", router, ..Setup::default() });
    let want = scene.expected("chunks=3");
    scene.mock.push_script([behaviour("500"), behaviour("chunks=3,ttft=2500ms")]);
    let events = scene.play("hang");
    events.assert_done();
    assert_eq!(data_of(&events), want);
    assert!(raw_of(&events).starts_with(": ping\n\n"), "{}", raw_of(&events));
    let record = scene.record();
    assert_eq!((&record["outcome"], &record["attempts"]), (&json!("ok"), &json!(2)));
}

#[test]
fn s24_a_whole_answer_has_no_heartbeats() {
    let scene = scene("");
    let answer = scene.send("delay=350ms", json!({})).whole();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.json()["model"], ALIAS);
    scene.mock.push_script([behaviour("500,delay=350ms")]);
    assert_eq!(scene.send("delay=350ms", json!({})).whole().status, 200);
    assert_eq!(scene.record()["attempts"], 2, "it may be tried again, however late");
}

#[test]
fn s24_without_the_option_nothing_goes_out_early() {
    let scene = Scene::with(&Setup { router: "num_retries: 1, disable_cooldowns: true", ..Setup::default() });
    scene.mock.push_script([behaviour("500,delay=350ms")]);
    let events = scene.play("chunks=3,ttft=350ms");
    events.assert_done();
    assert!(raw_of(&events).starts_with("data: "), "{}", raw_of(&events));
    assert_eq!(scene.record()["attempts"], 2);
    scene.send("500,delay=350ms", shown()).whole().error(500);
}

/// P1: a head that is out says how it ended, at the grace's end too.
#[test]
fn s24_the_end_of_the_process_ends_the_wait_for_a_head() {
    let scene = scene(", shutdown_grace_seconds: 0.1");
    let mut stream = scene.send("hang", shown());
    stream.until(": ping");
    scene.gateway.begin_stop();
    assert_eq!(stream.events().assert_failed()["code"], "shutting_down");
}

//! S18, S19, S23 and S24: silence. Which limit ends a stream is read off its error; how long that took is never asserted.

use serde_json::json;

use super::{Scene, Setup, assert_broke, data_of, raw_of, shown};
use crate::harness::LIVENESS;

/// Asserts that the stream ended by this limit, and that upstream was closed.
#[track_caller]
fn assert_late(scene: &Scene, spec: &str, phase: &str, before: &[String]) -> String {
    let cancelled = scene.mock.stats().streams_cancelled;
    let events = scene.play(spec);
    let message = assert_broke(&events, "timeout_error", "504", before);
    assert!(message.contains(&format!("({phase} timeout)")), "{spec}: {message}");
    assert!(
        scene.mock.wait_until_blocking(|stats| stats.streams_cancelled > cancelled, LIVENESS),
        "upstream was not closed: {:?}",
        scene.mock.stats()
    );
    scene.assert_settled("timeout", before.len());
    raw_of(&events)
}

#[test]
fn s18_silence_after_the_first_event() {
    let scene = Scene::millrace("idle_timeout: 0.3");
    let want = scene.expected("chunks=5");
    for stall in [1, 3, 5] {
        assert_late(&scene, &format!("chunks=5,stall:{stall}"), "idle", &want[..stall]);
    }
    // pauses shorter than the limit are none of its business, however many
    let got = scene.play("chunks=5,gap=50ms");
    got.assert_done();
    assert_eq!(data_of(&got), want);
}

#[test]
fn s18_heartbeats_are_comments_and_do_not_hide_the_silence() {
    let scene = Scene::millrace("idle_timeout: 1, stream_heartbeat_seconds: 0.1");
    let want = scene.expected("chunks=5");
    let raw = assert_late(&scene, "chunks=5,stall:3", "idle", &want[..3]);
    assert!(raw.contains("\n\n: ping\n\n"), "{raw}");
    let without = raw.replace(": ping\n\n", "");
    assert!(without.starts_with(&super::canonical(&want[..3])), "a heartbeat within an event: {raw}");
    // and a stream that goes on after them is whole
    let got = scene.play("chunks=3,gap=250ms");
    got.assert_done();
    assert_eq!(data_of(&got), scene.expected("chunks=3"));
    assert!(raw_of(&got).contains(": ping"), "{}", raw_of(&got));
}

/// The provider's bytes reset the idle limit, whatever they are; only the total ends a stream that says nothing for ever.
#[test]
fn s19_comments_for_ever_end_at_the_total() {
    let scene = Scene::millrace("idle_timeout: 0.5, total_timeout: 1.5");
    let want = scene.expected("chunks=5");
    assert_late(&scene, "chunks=5,endless-comments:3,gap=20ms", "total", &want[..3]);
}

/// The provider's comments are not passed on, so to the client they are silence, in which it must still hear of us.
#[test]
fn s24_heartbeats_while_the_provider_sends_nothing_but_comments() {
    let scene = Scene::millrace("stream_heartbeat_seconds: 0.1");
    for begun in [0, 3] {
        let mut stream = scene.send(&format!("head-first,endless-comments:{begun},gap=10ms"), shown());
        let seen = stream.until(": ping\n\n: ping\n\n");
        assert!(!seen.contains("keep-alive"), "{seen}");
        stream.leave();
        assert_eq!(scene.record()["outcome"], "client_cancelled");
    }
}

#[test]
fn s18_the_total_ends_a_stream_that_never_rests() {
    let scene = Scene::millrace("total_timeout: 0.7, idle_timeout: 30");
    let want = scene.expected("chunks=500");
    let events = scene.play("chunks=500,gap=10ms");
    let error = events.assert_failed();
    assert!(error["message"].as_str().is_some_and(|m| m.contains("(total timeout)")), "{error}");
    let data = data_of(&events);
    assert_eq!(data[..data.len() - 1], want[..data.len() - 1]);
    scene.assert_settled("timeout", data.len() - 1);
}

#[test]
fn the_first_token_has_a_limit_of_its_own_and_a_status() {
    let scene = Scene::millrace("first_token_timeout: 0.3, idle_timeout: 30");
    for spec in
        ["hang", "stall:0", "head-first,stall:0", "ttft=20s", "head-first,ttft=20s", "endless-comments:0,gap=20ms"]
    {
        let error = scene.send(spec, shown()).whole().error(504);
        assert_eq!(error["type"], "timeout_error");
        assert!(error["message"].as_str().is_some_and(|m| m.contains("(first_token timeout)")), "{spec}: {error}");
        let record = scene.record();
        assert_eq!((&record["outcome"], &record["error_class"]), (&json!("timeout"), &json!("timeout")));
    }
    assert!(scene.mock.wait_until_blocking(|stats| stats.requests_open == 0, LIVENESS), "upstream was not closed");
    // it does not count once the first event is here
    scene.play("chunks=3,gap=400ms").assert_done();
}

#[test]
fn the_first_token_s_limit_holds_after_the_head_was_let_go() {
    let scene = Scene::millrace("first_token_timeout: 1, idle_timeout: 30, stream_heartbeat_seconds: 0.1");
    for spec in ["head-first,stall:0", "head-first,endless-comments:0,gap=20ms"] {
        assert_late(&scene, spec, "first_token", &[]);
    }
}

#[test]
fn a_late_first_token_is_retried() {
    let router = "num_retries: 1, disable_cooldowns: true";
    let scene = Scene::with(&Setup { millrace: "first_token_timeout: 0.4", router, ..Setup::default() });
    scene.mock.push_script([super::behaviour("head-first,stall:0")]);
    scene.play("chunks=3").assert_done();
    let record = scene.record();
    assert_eq!((&record["outcome"], &record["attempts"]), (&json!("ok"), &json!(2)));
}

//! Each call of a provider is counted once, when it has ended, as what it came to: a stream that breaks off is no success.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Scene, Setup, behaviour, shown};
use crate::harness::{Gateway, LIVENESS, eventually};

/// Attempts by outcome, those of all deployments together.
fn attempts(gateway: &Gateway) -> BTreeMap<String, u64> {
    let text = gateway.client().get("/metrics").text();
    let mut counts = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("millrace_upstream_attempts_total{")) {
        let outcome = line.split("outcome=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an outcome");
        let count: u64 = line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number");
        *counts.entry(outcome.to_owned()).or_default() += count;
    }
    counts
}

/// Asserts what was counted since the scene began.
#[track_caller]
fn assert_counted<const N: usize>(scene: &Scene, want: [(&str, u64); N]) {
    let want = want.map(|(outcome, count)| (outcome.to_owned(), count)).into();
    eventually("nothing is in flight", || scene.gateway.metric("millrace_inflight") == 0.0);
    assert_eq!(attempts(&scene.gateway), want);
}

#[test]
fn a_stream_counts_as_what_it_ended_as() {
    for (spec, outcome) in [
        ("chunks=3", "ok"),
        ("chunks=3,shape=json", "ok"),
        ("chunks=5,cut:3", "truncated"),
        ("chunks=5,error-event:3,code=oops", "provider"),
        ("chunks=5,stall:3", "timeout"),
        ("chunks=3,done=missing", "truncated"),
        ("huge-event:2", "invalid_answer"),
    ] {
        let scene = Scene::millrace("idle_timeout: 0.3, max_event_bytes: 1048576");
        let events = scene.play(spec);
        assert_eq!(events.data.last().is_some_and(|data| data == "[DONE]"), outcome == "ok", "{spec}");
        assert_counted(&scene, [(outcome, 1)]);
    }
}

#[test]
fn what_never_became_a_stream_counts_once_for_each_call() {
    let scene = Scene::with(&Setup { router: "num_retries: 2, disable_cooldowns: true", ..Setup::default() });
    scene.mock.push_script([behaviour("500"), behaviour("head-first,cut:0")]);
    scene.play("chunks=3").assert_done();
    assert_counted(&scene, [("ok", 1), ("provider", 1), ("truncated", 1)]);
    assert_eq!(scene.send("chunks=3", json!({})).whole().status, 200);
    assert_counted(&scene, [("ok", 2), ("provider", 1), ("truncated", 1)]);
}

/// Wherever it leaves: the provider has done no wrong, but neither has it answered.
#[test]
fn a_client_that_leaves_is_no_answer_and_no_fault() {
    let scene = Scene::new();
    for (n, (spec, more, until)) in [
        ("chunks=1000,gap=10ms", shown(), Some("data:")),
        ("hang", shown(), None),
        ("head-first,stall:0", shown(), None),
        ("hang", json!({}), None),
    ]
    .into_iter()
    .enumerate()
    {
        match until {
            Some(text) => {
                let mut stream = scene.send(spec, more);
                stream.until(text);
                stream.leave();
            }
            None => drop(scene.ask(spec, more)),
        }
        assert!(scene.mock.wait_until_blocking(|s| s.requests_open == 0, LIVENESS), "{spec}");
        assert_counted(&scene, [("client_cancelled", n as u64 + 1)]);
    }
}

#[test]
fn a_call_that_is_given_up_counts_as_the_reason() {
    let scene = Scene::millrace("total_timeout: 0.5");
    for stream in [true, false] {
        scene.send("hang", json!({ "stream": stream })).whole().error(504);
    }
    assert_counted(&scene, [("timeout", 2)]);
}

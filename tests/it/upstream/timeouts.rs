//! U5, U6, U7: heads and first events that are late, slow, or never come.

use serde_json::json;

use super::rig::{BOTH, Rig, TIMEOUT, Want, behaviour, mock};
use super::setup::Setup;
use crate::harness::{LIVENESS, eventually};

const SHORT: &str = "timeout: 0.4, stream_timeout: 0.4";

fn late(stream: bool) -> Want {
    Want { says: if stream { "first_token timeout" } else { "head timeout" }, ..TIMEOUT }
}

#[test]
fn u05_an_upstream_that_never_answers_is_left() {
    let mock = mock("hang");
    let rig = Rig::new(&Setup::new().deployment("m", &mock.base_url(), SHORT));
    for (n, stream) in BOTH.into_iter().enumerate() {
        rig.refused(&rig.ask("m", stream), late(stream));
        // the mock sees a client leave only when the connection is closed
        assert!(mock.wait_until_blocking(|s| s.answers_cancelled == n as u64 + 1 && s.connections_open == 0, LIVENESS));
    }
    mock.mute(true);
    for stream in BOTH {
        rig.refused(&rig.ask("m", stream), late(stream));
        assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS));
    }
    rig.finish();
}

#[test]
fn u05_a_late_whole_body_and_a_late_first_event_are_late_too() {
    let mock = mock("stall:0,head-first,ttft=1ms");
    let rig = Rig::new(&Setup::new().deployment("m", &mock.base_url(), SHORT));
    for stream in BOTH {
        rig.refused(&rig.ask("m", stream), late(stream));
        assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS));
    }
    rig.finish();
}

#[test]
fn u05_a_late_answer_is_asked_for_elsewhere() {
    let (slow, good) = (mock("hang"), mock("echo-user"));
    let setup = Setup::new()
        .deployment("m", &slow.base_url(), &format!("order: 1, {SHORT}"))
        .deployment("m", &good.base_url(), "order: 2")
        .router("num_retries: 1, disable_cooldowns: true");
    let rig = Rig::new(&setup);
    for stream in BOTH {
        let answer = rig.ask_with("m", stream, json!({ "user": "patient" }));
        assert_eq!(rig.good(&answer, stream), "patient");
        assert_eq!(answer.header("x-litellm-attempted-retries"), Some("1"));
    }
    assert!(slow.wait_until_blocking(|s| s.answers_cancelled == 2 && s.connections_open == 0, LIVENESS));
    rig.finish();
}

#[test]
fn u06_a_slow_first_token_within_the_limit_is_delivered_and_no_comment_comes_before_it() {
    let mock = mock("ttft=300ms,delay=300ms");
    let rig = Rig::new(&Setup::new().deployment("m", &mock.base_url(), "timeout: 30, stream_timeout: 30"));
    let mut streamed = json!(null);
    for stream in BOTH {
        let answer = rig.ask("m", stream);
        assert!(!answer.body.starts_with(b":"), "nobody configured heartbeats");
        assert!(!rig.good(&answer, stream).is_empty());
        streamed = rig.record(&answer);
    }
    let first = streamed["completionStartTime"].as_f64().expect("the time of the first event");
    assert!(first - streamed["startTime"].as_f64().expect("a time") >= 0.3, "{streamed}");
    assert_eq!(rig.gateway.metric("millrace_ttft_seconds_count{group=\"m\"}"), 1.0);
    rig.finish();
}

#[test]
fn u06_with_heartbeats_the_head_goes_out_before_the_first_token() {
    let mock = mock("head-first,ttft=500ms");
    let setup = Setup::new().deployment("m", &mock.base_url(), "stream_timeout: 30");
    let rig = Rig::new(&setup.millrace("stream_heartbeat_seconds: 0.1"));
    let answer = rig.ask("m", true);
    assert!(answer.body.starts_with(b": ping\n\n"), "{}", answer.text());
    assert!(!rig.good(&answer, true).is_empty());
    // what ends the wait after the head is out can only be told in the stream
    mock.set_behaviour(behaviour("head-first,ttft=500ms,error-event:0,code=rate_limit_exceeded"));
    let answer = rig.ask("m", true);
    let error = answer.events().assert_failed();
    assert_eq!(error["code"], "rate_limit_exceeded");
    rig.settled(&answer, "upstream_error");
    rig.finish();
}

#[test]
fn u07_the_heads_deadline_is_for_all_of_it() {
    // every read brings something, for half a minute
    let mock = mock("head-rate=20");
    let rig = Rig::new(&Setup::new().deployment("m", &mock.base_url(), SHORT));
    for (n, stream) in BOTH.into_iter().enumerate() {
        rig.refused(&rig.ask("m", stream), late(stream));
        let left = n as u64 + 1;
        eventually("the connection is closed", || {
            let stats = mock.stats();
            stats.answers_cancelled + stats.streams_cancelled == left && stats.connections_open == 0
        });
    }
    rig.finish();
}

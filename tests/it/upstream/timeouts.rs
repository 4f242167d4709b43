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

#[test]
fn u05_where_nothing_is_said_of_streams_what_is_said_of_answers_holds_for_the_first_event() {
    let mock = mock("hang");
    let entry = Setup::new().deployment("m", &mock.base_url(), "timeout: 0.4");
    let all = Setup::new().all(&mock).router("num_retries: 0, disable_cooldowns: true, timeout: 0.4");
    for setup in [entry, all] {
        mock.set_behaviour(behaviour("hang"));
        let rig = Rig::new(&setup);
        rig.refused(&rig.ask("m", true), late(true));
        // and for no more than that: a stream may last
        mock.set_behaviour(behaviour("chunks=20,gap=40ms"));
        rig.good(&rig.ask("m", true), true);
        rig.finish();
    }
}

#[test]
fn a_wait_that_the_exchanges_own_end_cuts_short_is_not_the_gateways_time() {
    let mock = mock("hang");
    let rig = Rig::new(&Setup::new().all(&mock).millrace("total_timeout: 0.6"));
    for stream in BOTH {
        let answer = rig.ask("m", stream);
        rig.refused(&answer, Want { says: "total timeout", ..TIMEOUT });
        let header = |name: &str| answer.header(name).and_then(|ms| ms.parse::<f64>().ok()).expect("a time");
        let told = (header("x-litellm-overhead-duration-ms"), header("x-litellm-response-duration-ms"));
        let record = rig.record(&answer);
        let of = |name: &str| record[name].as_f64().expect("a time") * 1000.0;
        for (own, all) in [told, (of("overhead_time"), of("response_time"))] {
            assert!(all >= 600.0 && all - own >= 500.0, "the wait counts as the gateway's own: {own} of {all}");
        }
    }
    rig.finish();
}

//! What is tried again, what is not, how long is waited, and when a deployment is left out.

use std::time::{Duration, Instant};

use serde_json::json;

use super::rig::{BOTH, Rig, Want, behaviour, mock};
use super::setup::Setup;
use crate::harness::eventually;

/// The error that the mock's statuses come with.
fn provider(status: u16, kind: &'static str) -> Want {
    Want { status, kind, says: "", outcome: "upstream_error", class: "provider" }
}

#[test]
fn what_may_pass_is_tried_again() {
    let mock = mock("echo-user");
    let setup = Setup::new()
        .deployment("m", &mock.base_url(), "model: openai/m")
        .deployment("m", &mock.base_url(), "model: openai/n")
        .router("num_retries: 1, disable_cooldowns: true");
    let rig = Rig::new(&setup);
    let faults = [
        "408",
        "409",
        "429",
        "500",
        "502",
        "503",
        "504",
        "529",
        "cut-byte:0,how=rst",
        "cut-byte:9",
        "garbage",
        "html",
        "empty",
        "error-body",
        "redirect:307",
        "encoding=gzip",
    ];
    for fault in faults {
        for stream in BOTH {
            let before = mock.stats().requests;
            mock.push_script([behaviour(fault)]);
            let answer = rig.ask_with("m", stream, json!({ "user": fault }));
            assert_eq!(rig.good(&answer, stream), fault);
            assert_eq!(mock.stats().requests, before + 2, "{fault}");
            if fault != "cut-byte:0,how=rst" {
                // that one may be met on a kept connection, and is then the connection's fault and no retry
                assert_eq!(answer.header("x-litellm-attempted-retries"), Some("1"), "{fault}");
            }
            let models: Vec<_> = mock.requests().iter().rev().take(2).map(|r| r.json()["model"].clone()).collect();
            assert!(fault.starts_with("cut-byte:0") || models[0] != models[1], "{fault}: the same deployment twice");
        }
    }
    rig.finish();
}

#[test]
fn what_will_not_pass_is_not_tried_again() {
    let mock = mock("");
    let setup = Setup::new()
        .deployment("m", &mock.base_url(), "model: openai/m")
        .deployment("m", &mock.base_url(), "model: openai/n")
        .router("num_retries: 3, disable_cooldowns: true");
    let rig = Rig::new(&setup);
    for status in [400, 404, 422, 401] {
        for stream in BOTH {
            let before = mock.stats().requests;
            mock.set_behaviour(behaviour(&status.to_string()));
            let answer = rig.ask("m", stream);
            answer.error(status);
            rig.settled(&answer, "upstream_error");
            assert_eq!(mock.stats().requests, before + 1, "{status}");
            assert_eq!(answer.header("x-litellm-attempted-retries"), Some("0"));
        }
    }
    rig.finish();
}

#[test]
fn retries_end_and_the_last_failure_is_told() {
    let mock = mock("503,retry-after=0,message=still busy");
    let rig = Rig::new(&Setup::new().all(&mock).router("num_retries: 3, disable_cooldowns: true"));
    for (n, stream) in BOTH.into_iter().enumerate() {
        let answer = rig.ask("m", stream);
        let error = rig.refused(&answer, provider(503, "server_error"));
        assert_eq!(error["message"], "still busy");
        assert_eq!(answer.header("x-litellm-attempted-retries"), Some("3"));
        assert_eq!(mock.stats().requests, 4 * (n as u64 + 1));
        let record = rig.record(&answer);
        assert_eq!((&record["attempts"], &record["attempted_retries"]), (&json!(4), &json!(3)));
    }
    rig.finish();
}

#[test]
fn the_wait_that_the_provider_asks_for_is_waited() {
    let mock = mock("");
    let rig = Rig::new(&Setup::new().all(&mock).router("num_retries: 1, disable_cooldowns: true"));
    mock.push_script([behaviour("429,retry-after=1")]);
    let began = Instant::now();
    let answer = rig.ask("m", false);
    rig.good(&answer, false);
    assert!(began.elapsed() >= Duration::from_secs(1), "it came back before it was asked to");
    assert_eq!(answer.header("x-litellm-attempted-retries"), Some("1"));
    let overhead: f64 = answer.header("x-litellm-overhead-duration-ms").and_then(|ms| ms.parse().ok()).expect("a time");
    let total: f64 = answer.header("x-litellm-response-duration-ms").and_then(|ms| ms.parse().ok()).expect("a time");
    assert!(
        total >= 1000.0 && total - overhead >= 1000.0,
        "the wait is not the gateway's own time: {overhead} of {total}"
    );
    // nobody waits an hour: the caller is told instead
    mock.set_behaviour(behaviour("429,retry-after=3000"));
    let answer = rig.ask("m", true);
    rig.refused(&answer, provider(429, "rate_limit_error"));
    assert_eq!(answer.header("retry-after"), Some("3000"));
    assert_eq!(mock.stats().requests, 3);
    rig.finish();
}

#[test]
fn a_deployment_that_fails_is_left_out_and_comes_back() {
    let (bad, good) = (mock("500"), mock(""));
    let setup = Setup::new()
        .deployment("m", &bad.base_url(), "order: 1, allowed_fails: 2, cooldown_time: 2")
        .deployment("m", &good.base_url(), "order: 2")
        .router("num_retries: 1");
    let rig = Rig::new(&setup);
    for n in 0..12 {
        rig.good(&rig.ask("m", n % 2 == 0), n % 2 == 0);
    }
    // U22: a storm of failures costs the provider a handful of calls a cooldown, not one a request
    let asked = bad.stats().requests;
    assert!((3..12).contains(&asked), "{asked}");
    bad.set_behaviour(behaviour("echo-user"));
    eventually("it is asked again", || {
        let answer = rig.ask_with("m", false, json!({ "user": "back" }));
        rig.good(&answer, false) == "back"
    });
    rig.finish();
}

#[test]
fn when_all_are_left_out_the_caller_is_told_when_to_come_back() {
    let (one, two) = (mock("500"), mock("503"));
    let setup = Setup::new()
        .deployment("m", &one.base_url(), "model_info: {}")
        .deployment("m", &two.base_url(), "model_info: {}")
        .router("num_retries: 1, allowed_fails: 0, cooldown_time: 600");
    let rig = Rig::new(&setup);
    rig.settled(&rig.ask("m", false), "upstream_error");
    for stream in BOTH {
        let answer = rig.ask("m", stream);
        let want = Want {
            status: 429,
            kind: "all_deployments_in_cooldown",
            says: "cooling down",
            outcome: "upstream_error",
            class: "all_cooling",
        };
        rig.refused(&answer, want);
        let told: u32 = answer.header("retry-after").and_then(|told| told.parse().ok()).expect("seconds");
        assert!((1..=600).contains(&told), "{told}");
    }
    assert_eq!((one.stats().requests, two.stats().requests), (1, 1), "nobody is asked while it rests");
    let metrics = rig.gateway.client().get("/metrics").text();
    for family in ["millrace_deployment_cooling{", "millrace_deployment_cooldowns_total{"] {
        let ones = metrics.lines().filter(|line| line.starts_with(family) && line.ends_with(" 1")).count();
        assert_eq!(ones, 2, "{family} {metrics}");
    }
    rig.finish();
}

#[test]
fn nobody_is_left_out_where_that_is_switched_off() {
    let mock = mock("500");
    let setup = Setup::new()
        .deployment("m", &mock.base_url(), "model: openai/m")
        .deployment("m", &mock.base_url(), "model: openai/n")
        .router("num_retries: 0, allowed_fails: 0, disable_cooldowns: true");
    let rig = Rig::new(&setup);
    for _ in 0..5 {
        rig.refused(&rig.ask("m", false), provider(500, "server_error"));
    }
    assert_eq!(mock.stats().requests, 5);
    rig.finish();
}

//! A text spoken: bytes that pass as they come, and what may go wrong while they do.

use super::Scene;
use crate::harness::{LIVENESS, eventually};
use serde_json::{Value, json};

fn speech(more: Value) -> Value {
    let mut body = json!({"model": "m", "input": "héllo", "voice": "alloy"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

#[test]
fn every_byte_arrives_and_its_kind_is_the_providers() {
    let scene = Scene::new();
    scene.behave("chunks=40");
    for (format, kind) in [("mp3", "audio/mpeg"), ("wav", "audio/wav")] {
        let answer = scene.post("/v1/audio/speech", &speech(json!({"response_format": format})));
        let every: Vec<u8> = (0..40).flat_map(|_| 0..=255).collect();
        assert_eq!((answer.status, answer.complete), (200, true));
        assert!(answer.body == every, "{} bytes", answer.body.len());
        assert_eq!(answer.header("content-type"), Some(kind));
        assert!(answer.header("x-litellm-model-id").is_some() && answer.header("x-request-id").is_some());
        let record = scene.record(&answer);
        assert_eq!((&record["outcome"], &record["status"]), (&json!("ok"), &json!("success")), "{record}");
    }
    for framing in ["length", "close", "close-silent"] {
        scene.behave(&format!("chunks=40,framing={framing}"));
        let answer = scene.post("/audio/speech", &speech(json!({})));
        assert!(answer.complete && answer.body.len() == 40 * 256, "{framing}: {}", answer.body.len());
    }
}

#[test]
fn the_first_bytes_go_out_before_the_last_are_there() {
    let scene = Scene::new();
    scene.behave("chunks=4,stall:2");
    let client = scene.gateway.client();
    let mut stream = client.send("/v1/audio/speech", &speech(json!({})));
    assert_eq!(stream.status, 200);
    let first = stream.piece().expect("a piece").expect("not the end");
    assert!(!first.is_empty() && first.iter().zip(0..=255).all(|(got, want)| *got == want));
    stream.leave();
    // a caller that leaves takes the provider's answer with it
    assert!(scene.mock.wait_until_blocking(|stats| stats.streams_cancelled == 1, LIVENESS));
}

#[test]
fn what_breaks_off_is_broken_off_and_not_ended() {
    let scene = Scene::new();
    for fault in ["cut:3", "cut:3,how=rst", "framing=no-last-chunk", "framing=length-high"] {
        scene.behave(&format!("chunks=4,{fault}"));
        let answer = scene.post("/v1/audio/speech", &speech(json!({})));
        assert_eq!(answer.status, 200, "{fault}");
        assert!(!answer.complete, "{fault}: passed for whole");
        assert_eq!(scene.record(&answer)["outcome"], "truncated", "{fault}");
    }
    scene.behave("cut:0");
    let answer = scene.post("/v1/audio/speech", &speech(json!({})));
    assert!(answer.status >= 500, "before the first byte there is a proper answer: {}", answer.status);
}

#[test]
fn a_caller_who_does_not_read_holds_up_the_provider_and_counts_as_gone() {
    let scene = Scene::with("", "millrace: {credit_bytes: 65536, write_idle_timeout: 0.5}\n");
    scene.behave("endless");
    let client = scene.gateway.client();
    let stream = client.send("/v1/audio/speech", &speech(json!({})));
    assert_eq!(stream.status, 200);
    assert!(scene.mock.wait_until_blocking(|stats| stats.streams_cancelled + stats.answers_cancelled == 1, LIVENESS));
    // what the sockets hold is the system's; the rest was never taken
    let sent = scene.mock.stats().bytes_out;
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    eventually("nothing is in flight", || scene.gateway.metric("millrace_inflight") == 0.0);
    drop(stream);
}

#[test]
fn silence_and_errors_before_the_sound_are_answers() {
    let scene = Scene::with("", "millrace: {idle_timeout: 0.3, total_timeout: 20}\n");
    // longer than a caller is made to wait for another try
    scene.behave("429,retry-after=70");
    let limited = scene.post("/v1/audio/speech", &speech(json!({})));
    assert_eq!(limited.status, 429);
    limited.error(429);
    scene.behave("chunks=4,stall:2");
    let stalled = scene.post("/v1/audio/speech", &speech(json!({})));
    assert!(!stalled.complete);
    assert_eq!(scene.record(&stalled)["outcome"], "timeout");
    scene.behave("empty");
    assert_eq!(scene.post("/v1/audio/speech", &speech(json!({}))).status, 502);
}

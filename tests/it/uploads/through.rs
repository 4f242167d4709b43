//! Pass-throughs of more than is kept: they pass while they come, as they are.

use super::{Act, Scene, begin, chunks};
use crate::harness::{Answer, Stream, eventually};
use serde_json::json;
use std::io::{ErrorKind, Write};

const KIND: &str = "application/octet-stream";

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 31 % 251) as u8).collect()
}

fn put(scene: &Scene, kind: &str, body: &[u8]) -> Answer {
    let head = begin("/openai/v1/files", kind).replace("POST", "PUT");
    scene.send(&format!("{head}content-length: {}\r\n\r\n", body.len()), body)
}

fn in_chunks(scene: &Scene, kind: &str, body: &[u8]) -> Answer {
    let head = begin("/openai/v1/files", kind);
    scene.send(&format!("{head}transfer-encoding: chunked\r\n\r\n"), &chunks(body, 30_000))
}

#[test]
fn a_body_passes_as_it_is_with_its_length() {
    for length in [1, 70_000, 5 << 20] {
        let body = bytes(length);
        let scene = Scene::new(&[], "");
        assert_eq!(put(&scene, KIND, &body).status, 200);
        let got = scene.provider.only();
        assert!(got.head.starts_with("PUT /v1/files HTTP/1.1\r\n") && got.body() == body, "{}", got.head);
        assert_eq!(got.header("content-length"), Some(length.to_string().as_str()));
        let scene = Scene::new(&[], "");
        assert_eq!(in_chunks(&scene, KIND, &body).status, 200);
        let got = scene.provider.only();
        assert!(got.header("content-length").is_none() && got.body() == body, "{}", got.head);
    }
}

#[test]
fn the_model_is_read_in_the_beginning_of_a_large_json_body() {
    let mut body = json!({"model": "gpt-4o", "input": "x".repeat(3 << 20)}).to_string().into_bytes();
    let scene = Scene::new(&[], "");
    assert_eq!(put(&scene, "application/json", &body).status, 200);
    let got = scene.provider.only();
    assert!(got.whole && got.body() == body);
    assert_eq!(scene.record()["upstream_model"], "gpt-4o");
    body.truncate(300_000);
    let small = Scene::new(&[], "");
    assert_eq!(in_chunks(&small, "application/json", &body).status, 200);
    assert_eq!(small.provider.only().body(), body, "no JSON, but not ours to judge");
}

/// It is gone when its answer tells no usage.
#[test]
fn a_prompt_that_nobody_counted_is_reckoned_from_its_length_and_a_file_is_none() {
    let body = json!({"model": "gpt-4o", "input": "x".repeat(3 << 20)}).to_string().into_bytes();
    let tokens = body.len().div_ceil(4);
    type Send = fn(&Scene, &str, &[u8]) -> Answer;
    for send in [put as Send, in_chunks] {
        let scene = Scene::new(&[], "");
        assert_eq!(send(&scene, "application/json", &body).status, 200);
        let record = scene.record();
        assert_eq!((&record["prompt_tokens"], &record["estimated"]), (&json!(tokens), &json!(true)), "{record}");
        assert!(record["response_cost"].as_str().is_some_and(|cost| cost != "0"), "{record}");
        let scene = Scene::new(&[], "");
        assert_eq!(send(&scene, KIND, &body).status, 200);
        assert_eq!(scene.record()["prompt_tokens"], 0, "a file");
    }
}

#[test]
fn a_json_body_of_which_a_hook_must_see_all_is_read_first() {
    let guard = "litellm_settings: {callbacks: [guard]}\ncallback_settings: {guard: {callback: deny_words, words: [secret], on: [input]}}\n";
    let scene = Scene::with(&[], "", guard);
    let text = format!("{}secret", "x ".repeat(1 << 20));
    let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}).to_string();
    put(&scene, "application/json", body.as_bytes()).error(400);
    assert!(scene.provider.all().is_empty());
}

#[test]
fn early_answers_ends_and_limits_hold() {
    let body = bytes(8 << 20);
    let refusal = "HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let early = Scene::new(&[Act::Answer(100_000, refusal)], "");
    let answer = put(&early, KIND, &body);
    answer.error(429);
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert!(!early.provider.only().whole);
    let cut = Scene::new(&[Act::Cut(3 << 20)], "");
    put(&cut, KIND, &body).error(503);
    let small = "general_settings: {master_key: sk-test-0123456789abcdef-master, max_request_size_mb: 1}\n";
    let limited = Scene::with(&[], "", small);
    in_chunks(&limited, KIND, &body).error(413);
    eventually("the provider's connection ends", || limited.provider.has_ended());
    assert!(!limited.provider.only().whole);
    put(&limited, KIND, &body).error(413);
    assert_eq!(limited.provider.all().len(), 1);
}

#[test]
fn a_caller_that_stalls_or_leaves_lets_the_provider_go() {
    let head = |length: usize| format!("{}content-length: {length}\r\n\r\n", begin("/openai/v1/files", KIND));
    let stalls = Scene::new(&[], "client_body_idle_timeout: 0.3");
    stalls.send(&head(9000), &[0; 4000]).error(408);
    eventually("the provider's connection ends", || stalls.provider.has_ended());
    let leaves = Scene::new(&[], "");
    let mut socket = leaves.connect();
    socket.write_all(head(9000).as_bytes()).unwrap();
    socket.write_all(&[0; 4000]).unwrap();
    eventually("half of it is there", || leaves.provider.read() == 4000);
    drop(socket);
    eventually("the provider's connection ends", || leaves.provider.has_ended());
    assert_eq!(leaves.record()["outcome"], "client_cancelled");
}

#[test]
fn a_provider_that_reads_no_further_stops_its_caller() {
    let scene = Scene::new(&[Act::Stall(100_000)], "shutdown_grace_seconds: 0");
    let mut socket = scene.connect();
    let length = 31 << 20;
    socket
        .write_all(format!("{}content-length: {length}\r\n\r\n", begin("/openai/v1/files", KIND)).as_bytes())
        .unwrap();
    socket.set_nonblocking(true).unwrap();
    let piece = vec![0; 64 << 10];
    let (mut sent, mut stuck) = (0, 0);
    // until nothing goes for long, as the kernel's buffers on the way are full
    while stuck < 200 {
        match socket.write(&piece) {
            Ok(n) => (sent, stuck) = (sent + n, 0),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "no back-pressure: {error}");
                stuck += 1;
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        assert!(sent < length, "all of it was taken from a caller whose provider reads nothing");
    }
    assert!(scene.provider.read() >= 100_000, "the provider got {} bytes", scene.provider.read());
    let unasked = socket.peek(&mut [0]).map_err(|error| error.kind());
    assert_eq!(unasked, Err(ErrorKind::WouldBlock), "an answer, or an end, before the provider said anything");
    drop(socket);
    scene.provider.go_on();
    eventually("the provider's connection ends", || scene.provider.has_ended());
}

#[test]
fn a_provider_that_reads_no_further_is_let_go() {
    let scene = Scene::new(&[Act::Stall(100_000)], "idle_timeout: 0.5, shutdown_grace_seconds: 0");
    let answer = put(&scene, KIND, &bytes(31 << 20));
    assert!(
        answer.error(504)["message"].as_str().is_some_and(|text| text.contains("upload timeout")),
        "{}",
        answer.text()
    );
    scene.provider.go_on();
    eventually("its connection ends", || scene.provider.has_ended());
    assert!(!scene.provider.only().whole);
}

#[test]
fn a_caller_that_pauses_is_not_the_provider_s_fault() {
    let scene = Scene::new(&[], "idle_timeout: 0.1");
    let mut socket = scene.connect();
    let head = format!("{}content-length: 10\r\n\r\n", begin("/openai/v1/files", KIND));
    socket.write_all(head.as_bytes()).unwrap();
    for _ in 0..2 {
        // the pause is what is tried: several times what a provider may take
        std::thread::sleep(std::time::Duration::from_millis(400));
        socket.write_all(b"12345").unwrap();
    }
    assert_eq!(Stream::open(socket).whole().status, 200);
}

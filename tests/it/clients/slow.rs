//! C6: a head or a body that hardly comes. C8: requests that come before the answers to those before them.

use std::io::Write;

use serde_json::json;

use super::mock;
use super::raw::hear;
use crate::harness::{Gateway, Stream, chat, eventually};

#[test]
fn c06_a_head_that_does_not_come_is_408() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let mut socket = gateway.client().connect();
    socket.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthoriz").expect("half a head");
    let said = hear(&mut socket);
    assert!(said.closed, "the connection is held for ever");
    assert_eq!(said.status(), 408, "{}", said.text());
    assert_eq!(mock.stats().requests, 0);
}

#[test]
fn c06_a_connection_without_a_byte_is_closed() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let mut socket = gateway.client().connect();
    assert!(hear(&mut socket).closed, "the connection is held for ever");
}

#[test]
fn c06_a_body_that_does_not_come_is_408_in_our_shape() {
    let mock = mock("none");
    let gateway = Gateway::with(&mock, "\nmillrace: {client_body_idle_timeout: 0.2}\n");
    let client = gateway.client();
    for head in ["content-length: 1000", "transfer-encoding: chunked"] {
        let mut socket = client.connect();
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n{head}\r\n\r\n",
            crate::harness::KEY
        );
        socket.write_all(request.as_bytes()).expect("a head");
        let said = hear(&mut socket);
        assert_eq!(said.status(), 408, "{}", said.text());
        assert!(said.error().is_some() && said.header("x-request-id").is_some(), "{}", said.text());
        assert!(said.closed, "what is left of the body would be taken for a request");
    }
    eventually("nothing is in flight", || gateway.metric("millrace_inflight") == 0.0);
    assert_eq!(mock.stats().requests, 0);
}

#[test]
fn c06_a_body_that_does_not_come_is_408_behind_another_request_too() {
    let mock = mock("none");
    let gateway = Gateway::with(&mock, "\nmillrace: {client_body_idle_timeout: 0.2}\n");
    let client = gateway.client();
    let body = chat("gpt-4o", json!({})).to_string();
    let mut bytes = client.head("POST", "/v1/chat/completions", body.len());
    bytes.extend_from_slice(body.as_bytes());
    // its head is there when the first is answered, and nothing else ever comes
    bytes.extend(client.head("POST", "/v1/chat/completions", 1000));
    let mut socket = client.connect();
    socket.write_all(&bytes).expect("a request and a head");
    let said = hear(&mut socket);
    assert_eq!((said.statuses(), said.closed), (vec![200, 408], true), "{}", said.text());
    eventually("nothing is in flight", || gateway.metric("millrace_inflight") == 0.0);
}

#[test]
fn c06_a_body_that_dribbles_within_the_time_is_taken() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let client = gateway.client();
    let body = chat("gpt-4o", json!({})).to_string();
    let mut socket = client.connect();
    socket.write_all(&client.head("POST", "/v1/chat/completions", body.len())).expect("a head");
    for byte in body.as_bytes() {
        socket.write_all(&[*byte]).expect("a byte");
    }
    let answer = Stream::open(socket).whole();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(mock.last_request().expect("a request").json()["messages"][0]["content"], "hi");
}

#[test]
fn c08_pipelined_requests_are_answered_in_order_and_never_mixed() {
    let mock = mock("echo-user,chunk-bytes=64");
    let gateway = Gateway::before(&mock);
    let client = gateway.client();
    let mut bytes = Vec::new();
    const REQUESTS: usize = 12;
    for n in 0..REQUESTS {
        // the first is the slowest, so an answer that is not held back would come before it
        let delay = if n % 4 == 0 { "mock:delay=150ms" } else { "gpt-4o" };
        let body = chat(delay, json!({ "user": format!("caller-{n}"), "stream": n % 3 == 2 })).to_string();
        bytes.extend(client.head("POST", "/v1/chat/completions", body.len()));
        bytes.extend_from_slice(body.as_bytes());
    }
    let mut socket = client.connect();
    socket.write_all(&bytes).expect("the requests");
    let mut stream = Stream::open(socket);
    for n in 0..REQUESTS {
        let answer = stream.finish();
        assert_eq!((answer.status, answer.complete), (200, true), "{n}: {}", answer.text());
        let text = answer.text();
        for other in 0..REQUESTS {
            let name = format!("caller-{other}");
            let mentioned = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == name);
            assert_eq!(mentioned, other == n, "answer {n}: {text}");
        }
        if n + 1 < REQUESTS {
            stream = stream.following();
        }
    }
    assert_eq!(mock.stats().requests, REQUESTS as u64);
}

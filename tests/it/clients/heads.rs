//! C15: a client that waits for leave to send its body. And bodies where none belongs: the connection stays in step.

use std::io::{BufRead, BufReader, Write};

use serde_json::json;

use super::mock;
use super::raw::hear;
use crate::harness::{Gateway, KEY, Stream, chat};

fn expecting(key: &str, length: usize) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n"
    )
}

#[test]
fn c15_a_bad_key_is_refused_before_the_body_is_sent() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    for key in ["sk-wrong", ""] {
        let mut socket = gateway.client().connect();
        socket.write_all(expecting(key, 1000).as_bytes()).expect("a head");
        // the body is never sent: an answer can only come from the head
        let answer = Stream::open(socket).whole();
        let error = answer.error(401);
        assert_eq!(error["type"], "auth_error", "{error}");
    }
    assert_eq!(mock.stats().requests, 0);
}

#[test]
fn c15_a_good_key_is_told_to_go_on() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let body = chat("gpt-4o", json!({})).to_string();
    let mut socket = gateway.client().connect();
    socket.write_all(expecting(KEY, body.len()).as_bytes()).expect("a head");
    let mut reader = BufReader::new(socket.try_clone().expect("the socket"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line");
    assert!(line.starts_with("HTTP/1.1 100 "), "{line}");
    socket.write_all(body.as_bytes()).expect("the body");
    assert_eq!(Stream::open(socket).whole().status, 200);
}

#[test]
fn c15_a_refused_body_that_comes_all_the_same_is_no_request() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let inner = chat("hidden", json!({})).to_string();
    let client = gateway.client();
    let hidden = [client.head("POST", "/v1/chat/completions", inner.len()), inner.into_bytes()].concat();
    let mut socket = client.connect();
    socket.write_all(expecting("sk-wrong", hidden.len()).as_bytes()).expect("a head");
    socket.write_all(&hidden).expect("a body");
    socket.shutdown(std::net::Shutdown::Write).expect("an end");
    let said = hear(&mut socket);
    assert!(said.statuses().iter().all(|status| *status == 401), "{}", said.text());
    assert_eq!(mock.stats().requests, 0, "the body was taken for a request");
}

#[test]
fn b12_a_body_on_get_is_skipped_and_the_connection_stays_in_step() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let key = format!("authorization: Bearer {KEY}");
    let get = format!("GET /v1/models HTTP/1.1\r\nhost: a\r\n{key}\r\ncontent-length: 5\r\n\r\nhello");
    let mut socket = gateway.client().connect();
    socket.write_all(format!("{get}{get}").as_bytes()).expect("two requests");
    let mut stream = Stream::open(socket);
    assert_eq!(stream.finish().status, 200);
    assert_eq!(stream.following().whole().status, 200);
}

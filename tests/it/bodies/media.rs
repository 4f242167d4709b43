//! B12: what a body says it is.

use super::{stand, with_field};
use crate::harness::{Answer, Gateway, KEY, Stream};
use std::io::Write;

/// Posts a good body with these headers.
fn post(gateway: &Gateway, headers: &str) -> Answer {
    let body = with_field("\"x\":1");
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    let mut socket = gateway.client().connect();
    socket.write_all(&[head.as_bytes(), &body].concat()).expect("a request");
    Stream::open(socket).whole()
}

#[test]
fn b12_json_by_any_name_is_taken_and_what_is_none_is_415() {
    let (mock, gateway) = stand();
    for kind in [
        None,
        Some("application/json"),
        Some("Application/JSON"),
        Some("application/json; charset=utf-8"),
        Some("application/json;charset=\"UTF-8\""),
        Some("application/json; charset=UTF8; x=y"),
        Some("application/vnd.api+json"),
        Some("text/json"),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let header = kind.map(|kind| format!("content-type: {kind}\r\n")).unwrap_or_default();
        let answer = post(&gateway, &header);
        assert_eq!(answer.status, 200, "{kind:?}: {}", answer.text());
        let sent = mock.last_request().expect("a request");
        assert_eq!(sent.header("content-type"), Some("application/json"), "what we send is ours to say");
    }
    let before = mock.stats().requests;
    for kind in [
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-7",
        "multipart/form-data; boundary=x",
        "application/xml",
        "text/html",
        "application/octet-stream",
        "application/jsonp",
        "json",
        "",
    ] {
        let answer = post(&gateway, &format!("content-type: {kind}\r\n"));
        let error = answer.error(415);
        assert_eq!(error["type"], "invalid_request_error", "{kind}: {error}");
    }
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, identity"] {
        let error = post(&gateway, &format!("content-encoding: {encoding}\r\n")).error(415);
        assert!(error["message"].as_str().is_some_and(|m| m.contains("`content-encoding: ")), "{error}");
    }
    assert_eq!(mock.stats().requests, before);
    assert_eq!(post(&gateway, "content-encoding: identity\r\n").status, 200);
}

#[test]
fn b12_a_refused_kind_leaves_the_connection_in_step() {
    let (mock, gateway) = stand();
    let hidden = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-length: 29\r\n\r\n{{\"model\":\"m\",\"messages\":[]}}  "
    );
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n{hidden}",
        hidden.len()
    );
    let get = format!("GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\r\n");
    let said = crate::clients::raw::say(gateway.address, format!("{request}{get}").as_bytes());
    // either the connection ends with the refusal, or it goes on with what is truly the next request
    assert!(matches!(said.statuses()[..], [415] | [415, 200]), "{}", said.text());
    assert_eq!(mock.stats().requests, 0, "the body was taken for a request");
}

//! Faults under Anthropic's protocol: the machinery is the one of all protocols, the words are its own.

use super::client::{Answer, Ended, LIVENESS, connect, exchange, post, read_until, server};
use super::messages::{HEADERS, ask, events};
use super::sse::named;
use crate::mock::{MockConfig, MockServer};
use serde_json::{Value, json};
use std::io::{Read, Write};

const BODY: &str = r#"{"model":"m","max_tokens":9,"messages":[],"stream":true}"#;

fn post_with(server: &MockServer, path: &str, headers: &str, body: &str) -> Answer {
    Answer::to(server, &post(path, &format!("connection: close\r\n{headers}"), body))
}

#[test]
fn errors_have_anthropics_shape_and_types() {
    for (spec, status, kind) in [
        ("400", 400, "invalid_request_error"),
        ("401", 401, "authentication_error"),
        ("403", 403, "permission_error"),
        ("404", 404, "not_found_error"),
        ("413", 413, "request_too_large"),
        ("429,retry-after=7", 429, "rate_limit_error"),
        ("500", 500, "api_error"),
        ("503", 503, "api_error"),
        ("529", 529, "overloaded_error"),
        ("429,code=overloaded_error", 429, "overloaded_error"),
        ("error-body", 200, "api_error"),
    ] {
        let answer = ask(&server(spec), true);
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["type"], &body["error"]["type"]),
            (status, &json!("error"), &json!(kind)),
            "{spec}"
        );
        assert!(body["request_id"].as_str().unwrap().starts_with("req_0"), "{body}");
        assert_eq!(answer.head.contains("retry-after: 7\r\n"), spec.contains("retry-after"));
    }
    assert!(ask(&server("401"), false).text().contains(": k"), "a refused key is echoed");
}

#[test]
fn an_error_in_a_stream_is_an_event_and_the_end() {
    let events = events("error-event:4");
    let last = events.last().unwrap();
    assert_eq!((events.len(), last.name.as_str()), (5, "error"));
    assert_eq!((&last.json()["type"], &last.json()["error"]["type"]), (&json!("error"), &json!("overloaded_error")));
    let broken = super::messages::events("bad-json:3");
    assert_eq!((broken[3].name.as_str(), broken[3].json()), ("content_block_delta", Value::Null));
}

#[test]
fn ends_of_a_stream() {
    let ends = |spec: &str| ask(&server(spec), true).text().matches("\"message_stop\"").count();
    assert_eq!([ends("done=missing"), ends("done=once"), ends("done=twice"), ends("done=spaced")], [0, 1, 2, 1]);
    assert!(ask(&server("done=then"), true).text().trim_end().ends_with("}}"), "no content after the end");
    assert_eq!(ask(&server("finish=twice"), true).text().matches("\"end_turn\"").count(), 2);
}

#[test]
fn cuts_between_and_within_events_and_characters() {
    let bytes = |spec: &str| {
        let (bytes, ended) = exchange(&server(spec), &post("/v1/messages", HEADERS, BODY));
        (String::from_utf8_lossy(&bytes).matches("event: ").count(), bytes, ended)
    };
    let (count, clean, ended) = bytes("cut:5");
    assert_eq!((count, clean.ends_with(b"}\n\n\r\n"), ended), (5, true, Ended::Fin));
    assert_eq!(bytes("cut:5,how=rst").2, Ended::Reset);
    let (count, middle, _) = bytes("mid-chunk:5");
    assert!(count == 6 && !middle.ends_with(b"\n"));
    let (_, utf8, _) = bytes("mid-utf8:3,alphabet=emoji");
    assert_eq!(std::str::from_utf8(&utf8).unwrap_err().error_len(), None, "not cut within a character");
}

#[test]
fn slices_line_ends_and_spellings_change_no_event() {
    let stripped = |text: String| {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace("data:{", "data: {");
        let mut events = named(&text).into_iter().map(|event| event.json()).collect::<Vec<_>>();
        events[0]["message"]["id"].take();
        events
    };
    let plain = stripped(ask(&server("chunks=3"), true).text());
    for spec in ["slice=1", "eol=crlf", "eol=cr", "eol=mixed", "no-space", "framing=close", "gap=1ms,slice=7"] {
        assert_eq!(stripped(ask(&server(&format!("chunks=3,{spec}")), true).text()), plain, "{spec}");
    }
}

#[test]
fn silence_hangs_and_slow_heads() {
    for (spec, counted) in [("hang", "hang"), ("stall:4", "stall"), ("deaf", "deaf")] {
        let server = server(spec);
        let mut stream = connect(&server);
        stream.write_all(post("/v1/messages", HEADERS, BODY).as_bytes()).unwrap();
        assert!(server.wait_until_blocking(|stats| stats.faults.contains_key(counted), LIVENESS));
        drop(stream);
        let left = |stats: &crate::mock::Stats| stats.answers_cancelled + stats.streams_cancelled == 1;
        assert!(server.wait_until_blocking(left, LIVENESS), "{spec}");
    }
    assert_eq!(ask(&server("head-rate=20000,ttft=1ms,head-first"), true).status, 200);
    assert_eq!(exchange(&server("garbage"), &post("/v1/messages", HEADERS, BODY)).0[..3], [0, 1, 2]);
}

#[test]
fn a_huge_event_is_one_text_and_the_stream_ends_properly() {
    let events = events("huge-event:1,chunks=2");
    let texts: Vec<_> = events.iter().filter_map(|event| Some(event.json()["delta"]["text"].as_str()?.len())).collect();
    assert_eq!(texts, [(1 << 20) + 8, 8]);
    assert_eq!(events.last().unwrap().name, "message_stop");
    let whole = ask(&server("huge-event:1"), false).json();
    assert!(whole["content"][0]["text"].as_str().unwrap().len() > 1 << 20);
}

#[test]
fn pings_without_end() {
    let server = server("endless-pings:4");
    let mut stream = connect(&server);
    stream.write_all(post("/v1/messages", HEADERS, BODY).as_bytes()).unwrap();
    let ping = b"event: ping\ndata: {\"type\": \"ping\"}\n\n\r\n";
    read_until(&mut stream, ping);
    read_until(&mut stream, ping);
    read_until(&mut stream, ping);
    assert!(stream.read(&mut [0; 1]).unwrap() > 0);
}

#[test]
fn the_version_and_the_required_fields_are_asked_for() {
    let server = server("");
    let (version, latest) = ("anthropic-version: 2023-06-01\r\n", "anthropic-version: 2026-10-21\r\n");
    for (headers, body, said) in [
        ("", BODY, "anthropic-version: header is required"),
        ("anthropic-version: 2020-01-01\r\n", BODY, "is not a valid version"),
        (version, r#"{"model":"m","messages":[]}"#, "max_tokens: Field required"),
        (version, r#"{"model":"m","max_tokens":1}"#, "messages: Field required"),
        (version, r#"{"max_tokens":1,"messages":[]}"#, "model: Field required"),
        (version, "{", "could not parse"),
        (
            latest,
            r#"{"model":"m","max_tokens":1,"messages":[],"temperature":1.0}"#,
            "temperature: Extra inputs are not",
        ),
        (latest, r#"{"model":"m","max_tokens":1,"messages":[],"top_k":1}"#, "top_k: Extra inputs are not permitted"),
    ] {
        let answer = post_with(&server, "/v1/messages", headers, body);
        assert_eq!((answer.status, &answer.json()["type"]), (400, &json!("error")));
        assert!(answer.text().contains(said), "{}", answer.text());
    }
    let count = post_with(&server, "/v1/messages/count_tokens", version, r#"{"model":"m","messages":[]}"#);
    assert_eq!(count.json(), json!({"input_tokens": 27 / 4}));
    for (headers, more) in [(version, ",\"temperature\":1"), (latest, "")] {
        let body = format!(r#"{{"model":"m","max_tokens":1,"messages":[]{more}}}"#);
        assert_eq!(post_with(&server, "/v1/messages", headers, &body).status, 200);
    }
}

#[test]
fn the_key_is_asked_for_in_the_headers_of_the_protocol() {
    let server = server("key=sk-one");
    let status = |path: &str, key: &str| {
        let headers = format!("anthropic-version: 2023-06-01\r\n{key}");
        post_with(&server, path, &headers, &BODY.replace("true", "false")).status
    };
    assert_eq!(status("/v1/messages", "x-api-key: sk-one\r\n"), 200);
    assert_eq!(status("/v1/messages", "x-api-key: sk-two\r\n"), 401);
    assert_eq!(status("/v1/messages", "authorization: Bearer sk-one\r\n"), 200);
    assert_eq!(status("/v1/messages", "x-api-key: sk-two\r\nauthorization: Bearer sk-one\r\n"), 401, "x-api-key wins");
    assert_eq!(status("/v1/messages", ""), 401);
    assert_eq!(status("/v1/chat/completions", "authorization: Bearer sk-one\r\n"), 200);
    assert_eq!(status("/v1/chat/completions", "authorization: Bearer sk-two\r\n"), 401);
}

#[test]
fn the_recorded_requests_can_be_read_over_http() {
    let server = MockServer::start(MockConfig { record: 2, ..MockConfig::default() }).unwrap();
    for n in 0..3 {
        let body = json!({"model": "m", "n": n}).to_string();
        post_with(&server, "/v1/chat/completions", "authorization: Bearer sk-mock\r\n", &body);
    }
    post_with(&server, "/v1/messages", "x-api-key: sk-mock\r\n", "no JSON");
    let get = || Answer::to(&server, "GET /requests HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n").json();
    get();
    let requests = get()["requests"].clone();
    assert_eq!(requests.as_array().map(Vec::len), Some(2), "{requests}");
    assert_eq!((&requests[0]["path"], &requests[0]["body"]["n"]), (&json!("/v1/chat/completions"), &json!(2)));
    assert_eq!((&requests[1]["body"], &requests[1]["body_bytes"]), (&json!("no JSON"), &json!(7)));
    assert!(requests[1]["headers"].as_array().unwrap().contains(&json!(["x-api-key", "sk-mock"])));
}

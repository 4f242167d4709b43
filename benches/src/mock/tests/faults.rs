//! Faults: no HTTP, wrong bodies, statuses, cuts at every place, answers without end.

use super::client::{Answer, Ended, LIVENESS, chat, connect, exchange, post, read_to_end, read_until, server};
use crate::mock::{Behaviour, Fault, FaultKind};
use serde_json::json;
use std::io::{Read, Write};

const WHOLE: &str = r#"{"model":"m"}"#;
const STREAM: &str = r#"{"model":"m","stream":true}"#;

#[test]
fn bytes_that_are_no_http() {
    let bytes = |spec: &str| exchange(&server(spec), &chat(WHOLE)).0;
    assert!(bytes("garbage").starts_with(b"\x00\x01\x02"));
    assert!(bytes("http09").starts_with(b"<html>"));
    assert_eq!(bytes("tls"), b"\x15\x03\x03\x00\x02\x02\x0A");
}

#[test]
fn an_unasked_switch_of_protocols() {
    let server = server("switch");
    let mut stream = connect(&server);
    stream.write_all(chat(WHOLE).as_bytes()).unwrap();
    let head = read_until(&mut stream, b"\r\n\r\n");
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    read_until(&mut stream, b"another protocol now");
}

#[test]
fn bodies_in_place_of_an_answer() {
    let answer = |spec: &str| Answer::to(&server(spec), &chat(STREAM));
    assert_eq!(answer("error-body").status, 200);
    assert_eq!(answer("error-body").json()["error"]["type"], "server_error");
    assert!(answer("html").text().starts_with("<!DOCTYPE html>"));
    assert!(answer("html").head.contains("content-type: text/html"));
    assert_eq!(answer("empty").body, b"");
    assert_eq!(answer("null").body, b"null");
}

#[test]
fn statuses_and_their_codes() {
    for status in [400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504, 529] {
        let answer = Answer::to(&server(&status.to_string()), &chat(STREAM));
        assert_eq!(answer.status, status);
        assert!(answer.json()["error"]["message"].is_string());
    }
    let error = |spec: &str| Answer::to(&server(spec), &chat(WHOLE)).json()["error"].clone();
    let long = error("400,code=context_length_exceeded");
    assert_eq!(long["code"], "context_length_exceeded");
    assert!(long["message"].as_str().unwrap().contains("maximum context length"));
    assert!(error("400,code=content_filter")["message"].as_str().unwrap().contains("safety"));
    assert_eq!(error("429,code=insufficient_quota")["code"], "insufficient_quota");
}

#[test]
fn every_form_of_retry_after() {
    let head = |spec: &str| Answer::to(&server(spec), &chat(WHOLE)).head;
    assert!(!head("429").contains("retry-after"));
    for value in ["7", "-5", "NaN", "1e9", "1000000000"] {
        assert!(head(&format!("429,retry-after={value}")).contains(&format!("retry-after: {value}\r\n")));
    }
    assert!(head("429,retry-after-ms=250").contains("retry-after-ms: 250\r\n"));
    let date = head("503,retry-after=date:60");
    let date = date.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap();
    assert!(httpdate::parse_http_date(date).unwrap() > std::time::SystemTime::now());
}

#[test]
fn refused_credentials_are_echoed() {
    let request = |key: &str| post("/v1/chat/completions", &format!("connection: close\r\n{key}"), WHOLE);
    for status in [401, 403] {
        let server = server(&status.to_string());
        let answer = Answer::to(&server, &request("authorization: Bearer sk-one\r\n"));
        assert!(answer.text().contains("Bearer sk-one"));
        let answer = Answer::to(&server, &request("api-key: sk-two\r\n"));
        assert!(answer.text().contains("sk-two") && !answer.text().contains("sk-one"));
    }
}

#[test]
fn redirects() {
    for status in [301, 302, 307, 308] {
        let answer =
            Answer::to(&server(&format!("redirect:{status},location=http://127.0.0.1:9/x?a%3D1")), &chat(WHOLE));
        assert_eq!(answer.status, status);
        assert!(answer.head.contains("location: http://127.0.0.1:9/x?a=1\r\n"));
    }
}

#[test]
fn a_cut_at_any_byte_is_that_many_bytes() {
    let whole = exchange(&server("chunks=1"), &chat(STREAM)).0.len();
    let server = server("chunks=1");
    for at in (0..whole).step_by(97).chain([whole - 1]) {
        server.set_behaviour(Behaviour { chunks: 1, ..Behaviour::fault(Fault::at(FaultKind::CutByte, at as u64)) });
        let (bytes, ended) = exchange(&server, &chat(STREAM));
        assert_eq!((bytes.len(), ended), (at, Ended::Fin));
    }
}

#[test]
fn cuts_between_and_within_events() {
    let body = |spec: &str| {
        let (bytes, ended) = exchange(&server(spec), &chat(STREAM));
        let blank = memchr::memmem::find(&bytes, b"\r\n\r\n").unwrap() + 4;
        (bytes[blank..].to_vec(), ended)
    };
    let events = |body: &[u8]| String::from_utf8_lossy(body).matches("data: ").count();
    let (clean, ended) = body("cut:2");
    assert_eq!((events(&clean), clean.ends_with(b"}\n\n\r\n"), ended), (2, true, Ended::Fin));
    assert_eq!(body("cut:2,how=rst").1, Ended::Reset);
    let (middle, _) = body("mid-chunk:2");
    assert!(events(&middle) == 3 && !middle.ends_with(b"\n"));
    let (utf8, _) = body("mid-utf8:1,alphabet=emoji");
    assert_eq!(std::str::from_utf8(&utf8).unwrap_err().error_len(), None, "not cut within a character");
}

#[test]
fn a_whole_answer_can_be_cut_too() {
    let (bytes, _) = exchange(&server("mid-chunk:0"), &chat(WHOLE));
    assert!(!bytes.ends_with(b"}") && bytes.windows(4).any(|window| window == b"\r\n\r\n"));
}

#[test]
fn a_stall_keeps_the_connection_and_sees_the_client_leave() {
    let server = server("stall:1");
    let mut stream = connect(&server);
    stream.write_all(post("/v1/chat/completions", "", STREAM).as_bytes()).unwrap();
    read_until(&mut stream, b"}\n\n\r\n");
    assert_eq!(server.stats().requests_open, 1);
    drop(stream);
    assert!(server.wait_until_blocking(|stats| stats.streams_cancelled == 1, LIVENESS));
    assert_eq!(server.stats().faults["stall"], 1);
}

#[test]
fn hang_and_deaf_never_answer() {
    for spec in ["hang", "deaf"] {
        let server = server(spec);
        let mut stream = connect(&server);
        stream.write_all(chat(WHOLE).as_bytes()).unwrap();
        assert!(server.wait_until_blocking(|stats| stats.faults.contains_key(spec), LIVENESS));
        drop(stream);
        assert!(server.wait_until_blocking(|stats| stats.answers_cancelled == 1, LIVENESS));
        assert_eq!(server.stats().bytes_out, 0);
    }
}

#[test]
fn an_early_answer_comes_before_the_body_is_sent() {
    for (spec, ended) in [("early:413", Ended::Fin), ("early:401,how=rst", Ended::Reset)] {
        let server = server(spec);
        let mut stream = connect(&server);
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: m\r\ncontent-length: 50000000\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let (bytes, how) = read_to_end(&mut stream);
        assert_eq!(how, ended);
        assert_eq!(u64::from(Answer::parse(&bytes).status), spec.parse::<Behaviour>().unwrap().fault.arg);
    }
}

#[test]
fn one_huge_event() {
    for body in [WHOLE, STREAM] {
        let answer = Answer::to(&server("huge-event:2,chunks=1"), &chat(body));
        let longest = answer.text().lines().map(str::len).max().unwrap();
        assert!(longest > 2 << 20);
        let huge = answer.text().lines().max_by_key(|line| line.len()).unwrap().trim_start_matches("data: ").to_owned();
        assert!(serde_json::from_str::<serde_json::Value>(&huge).is_ok());
        assert!(body == WHOLE || answer.text().ends_with("data: [DONE]\n\n"));
    }
}

#[test]
fn answers_without_end() {
    for spec in ["endless", "endless-comments:1"] {
        let server = server(spec);
        let mut stream = connect(&server);
        stream.write_all(chat(STREAM).as_bytes()).unwrap();
        let mut some = vec![0; if spec == "endless" { 4 << 20 } else { 2000 }];
        stream.read_exact(&mut some).unwrap();
        drop(stream);
        assert!(server.wait_until_blocking(|stats| stats.streams_cancelled == 1, LIVENESS));
    }
}

#[test]
fn faults_are_counted_by_name() {
    let server = server("");
    for model in ["mock-429", "mock:framing=close,slice=9", "mock-hello"] {
        exchange(&server, &chat(&json!({"model": model}).to_string()));
    }
    let stats = server.stats();
    assert_eq!(stats.faults_played, 2);
    for name in ["status-429", "framing=close", "slice=9"] {
        assert_eq!(stats.faults.get(name), Some(&1), "{name}: {stats:?}");
    }
}

//! HTTP around the body: lengths, chunks, closes, encodings, heads.

use super::client::{Answer, Ended, chat, exchange, server};
use flate2::read::GzDecoder;
use std::io::Read;

const WHOLE: &str = r#"{"model":"m"}"#;
const STREAM: &str = r#"{"model":"m","stream":true}"#;

/// Head, body as it came, and how the connection ended; the request does not ask for a close.
fn raw(spec: &str, body: &str) -> (String, Vec<u8>, Ended) {
    let (bytes, ended) = exchange(&server(spec), &chat(body));
    let blank = memchr::memmem::find(&bytes, b"\r\n\r\n").unwrap() + 4;
    (String::from_utf8(bytes[..blank].to_vec()).unwrap(), bytes[blank..].to_vec(), ended)
}

fn length(head: &str) -> usize {
    head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap()
}

#[test]
fn lengths_right_and_wrong() {
    let (head, body, _) = raw("", WHOLE);
    assert_eq!(length(&head), body.len());
    let (head, body, _) = raw("framing=length", STREAM);
    assert_eq!(length(&head), body.len());
    let (head, body, ended) = raw("framing=length-high", WHOLE);
    assert_eq!((length(&head), ended), (body.len() + 64, Ended::Fin));
    let (head, body, _) = raw("framing=length-low", WHOLE);
    assert_eq!(length(&head), body.len() - 16);
    let (head, body, _) = raw("framing=extra", WHOLE);
    assert!(body[length(&head)..].starts_with(b"HTTP/1.1 200 OK"));
}

#[test]
fn two_framings_that_contradict() {
    let (head, _, _) = raw("framing=two-lengths", WHOLE);
    let lengths: Vec<_> = head.lines().filter(|line| line.starts_with("content-length")).collect();
    assert_eq!(lengths.len(), 2);
    assert_ne!(lengths[0], lengths[1]);
    let (head, body, _) = raw("framing=cl-te", WHOLE);
    assert!(head.contains("content-length") && head.contains("transfer-encoding: chunked"));
    assert!(body.ends_with(b"\r\n0\r\n\r\n"));
}

#[test]
fn bodies_ended_by_closing() {
    for (spec, says) in [("framing=close", true), ("framing=close-silent", false)] {
        let (head, body, ended) = raw(spec, STREAM);
        assert!(!head.contains("content-length") && !head.contains("transfer-encoding"));
        assert_eq!(head.contains("connection: close"), says);
        assert!(body.starts_with(b"data: ") && body.ends_with(b"data: [DONE]\n\n"));
        assert_eq!(ended, Ended::Fin);
    }
}

#[test]
fn chunks_with_trailer_and_without_last() {
    let (head, body, _) = raw("framing=trailer", STREAM);
    assert!(head.contains("trailer: x-usage"));
    assert!(String::from_utf8_lossy(&body).contains("\r\n0\r\nx-usage: {\"prompt_tokens\""));
    let (_, body, ended) = raw("framing=no-last-chunk", STREAM);
    assert!(body.ends_with(b"data: [DONE]\n\n\r\n"));
    assert_eq!(ended, Ended::Fin);
    assert_eq!(raw("framing=no-last-chunk,how=rst", STREAM).2, Ended::Reset);
}

#[test]
fn gzip_good_bad_cut_and_a_bomb() {
    let unpack = |body: &[u8]| {
        let mut out = Vec::new();
        GzDecoder::new(body).read_to_end(&mut out).map(|_| out)
    };
    let (head, body, _) = raw("encoding=gzip", WHOLE);
    assert!(head.contains("content-encoding: gzip"));
    assert!(unpack(&body).unwrap().starts_with(b"{\"id\":\"chatcmpl-0000"));
    assert!(unpack(&raw("encoding=bad-gzip", WHOLE).1).is_err());
    assert!(unpack(&raw("encoding=cut-gzip", WHOLE).1).is_err());
    let bomb = raw("encoding=gzip-bomb", WHOLE).1;
    assert!(bomb.len() < 100_000);
    assert_eq!(unpack(&bomb).unwrap().len(), 64 << 20);
    assert!(unpack(&Answer::to(&server("encoding=gzip"), &chat(STREAM)).body).unwrap().ends_with(b"[DONE]\n\n"));
}

#[test]
fn interim_answers_come_first() {
    let (bytes, _) = exchange(&server("interim=100+102+103"), &chat(WHOLE));
    let text = String::from_utf8(bytes).unwrap();
    let statuses: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).map(|line| &line[..3]).collect();
    assert_eq!(statuses, ["100", "102", "103", "200"]);
}

#[test]
fn heads_that_are_large_or_odd() {
    let (head, _, _) = raw("headers=200", WHOLE);
    assert_eq!(head.matches("x-mock-bomb-").count(), 200);
    let (head, _, _) = raw("header-bytes=1000000", WHOLE);
    assert!(head.len() > 1_000_000);
    let (head, _, _) = raw("header=x-should-retry:false,content-type=text/plain%3B q%3D1", WHOLE);
    assert!(head.contains("x-should-retry: false\r\n"));
    assert!(head.contains("content-type: text/plain; q=1\r\n"));
}

#[test]
fn a_slow_head_is_a_whole_head() {
    let (bytes, _) = exchange(&server("head-rate=20000"), &chat(WHOLE));
    assert_eq!(Answer::parse(&bytes).json()["object"], "chat.completion");
}

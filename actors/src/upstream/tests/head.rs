//! What is sent, and what heads are refused.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::unbounded_channel;

use super::script::{Scripted, Step};
use super::{LIVENESS, always, ask, client, post, raw, request, text};
use crate::upstream::{HeaderName, HeaderValue, Method, Origin, UpstreamFault, UpstreamRequest};
use crate::wire::framing::Framing;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn fault_of(wire: &[u8]) -> UpstreamFault {
    let steps = vec![Step::Request, Step::Bytes(wire.to_vec()), Step::End];
    Scripted::new(vec![steps]).exchange().await.expect_err(&String::from_utf8_lossy(wire))
}

#[actix_rt::test]
async fn the_request_is_what_was_asked_for_and_no_more() {
    let (told, mut seen) = unbounded_channel();
    let upstream = raw(move |mut tcp, _| {
        let told = told.clone();
        async move {
            told.send(request(&mut tcp).await.unwrap()).unwrap();
            tcp.write_all(OK).await.unwrap();
        }
    })
    .await;
    let pair = |name: &'static str, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
    let headers = [
        pair("x-api-key", "k"),
        pair("host", "elsewhere"),
        pair("expect", "100-continue"),
        pair("accept-encoding", "gzip"),
        pair("transfer-encoding", "chunked"),
        pair("connection", "close"),
    ];
    let body = [Bytes::from_static(b"{\"a\":"), Bytes::from_static(b"1}")];
    let call = UpstreamRequest { headers: &headers, path_and_query: "/v1?x=y", ..ask(&upstream.origin, &body) };
    client().call(&call).await.unwrap();
    let sent = seen.recv().await.unwrap();
    let (head, sent_body) = sent.split_once("\r\n\r\n").unwrap();
    assert_eq!(sent_body, "{\"a\":1}");
    let mut lines: Vec<_> = head.lines().filter(|line| !line.starts_with("date: ")).collect();
    lines[1..].sort_unstable();
    let host = format!("host: {}", upstream.origin.to_string().trim_start_matches("http://"));
    assert_eq!(
        lines,
        ["POST /v1?x=y HTTP/1.1", "accept-encoding: identity", "content-length: 7", host.as_str(), "x-api-key: k"]
    );
}

#[actix_rt::test]
async fn a_get_has_no_body() {
    let upstream = always(OK).await;
    let call = UpstreamRequest { method: Method::GET, ..ask(&upstream.origin, &[]) };
    assert_eq!(client().call(&call).await.unwrap().status, 200);
}

#[actix_rt::test]
async fn a_path_that_cannot_be_sent_is_refused() {
    let origin = Origin::parse("http://127.0.0.1:9").unwrap();
    for path in ["", "v1", "/a b", "/a\r\nx: y", "http://elsewhere/"] {
        let call = UpstreamRequest { path_and_query: path, ..ask(&origin, &[]) };
        assert!(matches!(client().call(&call).await, Err(UpstreamFault::BadRequest(_))), "{path:?}");
    }
}

#[actix_rt::test]
async fn a_redirect_is_an_answer() {
    let upstream = always(b"HTTP/1.1 307 Away\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n").await;
    let answer = post(&client(), &upstream.origin).await.unwrap();
    assert_eq!((answer.status, upstream.connections.get()), (307, 1));
}

#[actix_rt::test]
async fn bad_heads_are_named() {
    for wire in [
        &b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"[..],
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"<html>",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    ] {
        let fault = fault_of(wire).await;
        assert!(matches!(fault, UpstreamFault::BadHead(_)), "{fault:?} of {:?}", String::from_utf8_lossy(wire));
        assert!(!fault.before_answer());
    }
}

#[actix_rt::test]
async fn heads_are_bounded() {
    let many = format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", "a: b\r\n".repeat(200));
    assert_eq!(fault_of(many.as_bytes()).await, UpstreamFault::BadHead("more than 96 headers".into()));
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\ncontent-length: 0\r\n\r\n", "b".repeat(1 << 20));
    assert_eq!(fault_of(long.as_bytes()).await, UpstreamFault::BadHead("too large".into()));
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(17);
    assert_eq!(fault_of(&interim).await, UpstreamFault::BadHead("too many interim heads".into()));
}

#[actix_rt::test]
async fn malformed_chunks_are_named() {
    let fault = fault_of(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").await;
    assert!(matches!(fault, UpstreamFault::BadBody(_)), "{fault:?}");
}

#[actix_rt::test]
async fn the_head_deadline_is_total() {
    let upstream = raw(|mut tcp, _| async move {
        request(&mut tcp).await;
        for byte in b"HTTP/1.1 200 OK\r\n".iter().cycle() {
            if tcp.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let call = UpstreamRequest { head_deadline: Some(Duration::from_millis(100)), ..ask(&upstream.origin, &[]) };
    let fault = tokio::time::timeout(LIVENESS, client().call(&call)).await.unwrap().unwrap_err();
    assert_eq!((&fault, fault.before_answer()), (&UpstreamFault::HeadTimeout, true));
}

#[actix_rt::test]
async fn codings_and_events_are_told() {
    let upstream = always(
        b"HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream ; charset=utf-8\r\ncontent-encoding: gzip\r\n\
          content-length: 2\r\n\r\n\x1f\x8b",
    )
    .await;
    let mut answer = post(&client(), &upstream.origin).await.unwrap();
    assert!(answer.is_stream(Framing::Events));
    assert_eq!(answer.content_encoding(), Some("gzip"));
    assert_eq!(answer.read_all(2).await.unwrap(), &b"\x1f\x8b"[..]);
    let plain = always(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-streams\r\ncontent-length: 0\r\n\r\n").await;
    let answer = post(&client(), &plain.origin).await.unwrap();
    assert!(!answer.is_stream(Framing::Events));
    assert_eq!(answer.content_encoding(), None);
}

#[actix_rt::test]
async fn one_origin_is_one_lane() {
    let (a, b) = (always(OK).await, always(OK).await);
    let client = client();
    for origin in [&a.origin, &b.origin, &a.origin] {
        assert_eq!(text(&client, origin).await.unwrap(), "ok");
    }
    assert_eq!((client.origins(), a.connections.get(), b.connections.get()), (2, 1, 1));
}

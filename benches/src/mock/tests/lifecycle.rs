//! The server as tests use it: scripts, counters, waiting, recorded requests, refusing, keep-alive, workers.

use super::client::{Answer, LIVENESS, chat, connect, exchange, post, read_to_end, read_until, server};
use crate::mock::{Behaviour, MockConfig, MockServer, ScriptEnd};
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

const WHOLE: &str = r#"{"model":"m"}"#;

fn status(server: &MockServer) -> u16 {
    Answer::to(server, &chat(WHOLE)).status
}

#[test]
fn a_script_is_played_in_order_and_then_ends_as_told() {
    for (end, after) in [(ScriptEnd::Default, 200), (ScriptEnd::RepeatLast, 503)] {
        let script = [Behaviour::status(429), Behaviour::status(503)];
        let server = MockServer::start(MockConfig { script_end: end, ..MockConfig::scripted(script) }).unwrap();
        assert_eq!([status(&server), status(&server), status(&server), status(&server)], [429, 503, after, after]);
        server.set_behaviour(Behaviour::status(418));
        server.push_script([Behaviour::status(404)]);
        assert_eq!(server.script_left(), 1);
        assert_eq!([status(&server), status(&server)], [404, if end == ScriptEnd::Default { 418 } else { 404 }]);
        server.reset();
        assert_eq!(status(&server), 429);
    }
}

#[test]
fn requests_are_recorded_and_bounded() {
    let server = MockServer::start(MockConfig { record: 2, ..MockConfig::default() }).unwrap();
    for i in 0..3 {
        let body = format!("{{\"model\":\"m{i}\"}}");
        exchange(&server, &post("/v1/chat/completions?q=1", "connection: close\r\nX-Caller: Anna\r\n", &body));
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].json()["model"], "m1");
    let last = server.last_request().unwrap();
    assert_eq!((last.method.as_str(), last.path.as_str()), ("POST", "/v1/chat/completions?q=1"));
    assert_eq!(last.header("x-caller"), Some("Anna"));
    assert_eq!((last.text().as_str(), last.connection), ("{\"model\":\"m2\"}", 3));
    server.reset();
    assert!(server.requests().is_empty());
}

#[test]
fn chunked_uploads_and_continue() {
    let server = server("");
    let mut stream = connect(&server);
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: m\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\
                connection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_until(&mut stream, b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"6\r\n{\"mode\r\n7;x=y\r\nl\":\"m\"}\r\n0\r\nx-trailer: 1\r\n\r\n").unwrap();
    assert_eq!(Answer::parse(&read_to_end(&mut stream).0).status, 200);
    assert_eq!(server.last_request().unwrap().text(), WHOLE);
}

#[test]
fn a_slowly_read_body_arrives_whole() {
    let server = server("read-rate=200000");
    let body = format!("{{\"model\":\"m\",\"x\":\"{}\"}}", "y".repeat(20_000));
    assert_eq!(Answer::to(&server, &chat(&body)).status, 200);
    assert_eq!(server.last_request().unwrap().body.len(), body.len());
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let server = MockServer::start(MockConfig { max_body: 10, ..MockConfig::default() }).unwrap();
    assert_eq!(status(&server), 413);
}

#[test]
fn connections_are_kept_and_closed_after_their_number() {
    let server = server("close-after=2");
    let mut stream = connect(&server);
    let request = post("/v1/chat/completions", "", WHOLE);
    stream.write_all(request.as_bytes()).unwrap();
    read_until(&mut stream, b"\"system_fingerprint\":\"fp_mock\"}");
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(Answer::parse(&read_to_end(&mut stream).0).status, 200);
    assert_eq!(server.stats().connections_accepted, 1);
}

#[test]
fn one_connection_answers_each_request_for_itself() {
    let server = server("");
    let mut stream = connect(&server);
    for model in ["a", "b", "b", "a"] {
        let body = format!("{{\"model\":\"{model}\"}}");
        stream.write_all(post("/v1/chat/completions", "", &body).as_bytes()).unwrap();
        let answer = read_until(&mut stream, b"\"system_fingerprint\":\"fp_mock\"}");
        assert_eq!(Answer::parse(&answer).json()["model"], model);
    }
}

#[test]
fn a_connection_that_closes_when_the_next_request_comes() {
    let server = server("close-after=1,close-on=next");
    let mut stream = connect(&server);
    let request = post("/v1/chat/completions", "", WHOLE);
    stream.write_all(request.as_bytes()).unwrap();
    read_until(&mut stream, b"\"system_fingerprint\":\"fp_mock\"}");
    assert!(server.wait_until_blocking(|stats| stats.requests_open == 0 && stats.connections_open == 1, LIVENESS));
    stream.write_all(request.as_bytes()).unwrap();
    assert!(read_to_end(&mut stream).0.is_empty());
    assert_eq!(server.stats().requests, 1);
}

#[test]
fn refusing_and_listening_again() {
    let server = server("");
    let mut kept = connect(&server);
    server.refuse(true).unwrap();
    assert_eq!(TcpStream::connect(server.addr()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    // A connection still in the backlog when the listener closed is reset; this one may have been.
    let _ = kept.write_all(b"x");
    server.refuse(false).unwrap();
    assert_eq!(status(&server), 200);
}

#[test]
fn muted_connections_are_never_answered() {
    let server = server("");
    server.mute(true);
    let mut stream = connect(&server);
    stream.write_all(chat(WHOLE).as_bytes()).unwrap();
    assert!(server.wait_until_blocking(|stats| stats.connections_open == 1, LIVENESS));
    drop(stream);
    assert!(server.wait_until_blocking(|stats| stats.connections_open == 0, LIVENESS));
    assert_eq!(server.stats().requests, 0);
    server.mute(false);
    assert_eq!(status(&server), 200);
}

#[test]
fn dropped_connections_end_and_streams_count_as_cut() {
    let server = server("stall:1");
    let mut stream = connect(&server);
    stream.write_all(post("/v1/chat/completions", "", r#"{"model":"m","stream":true}"#).as_bytes()).unwrap();
    read_until(&mut stream, b"}\n\n\r\n");
    server.drop_connections();
    assert!(read_to_end(&mut stream).0.is_empty());
    let stats = server.stats();
    assert_eq!((stats.streams_cut, stats.connections_open, stats.requests_open), (1, 0, 0));
}

#[test]
fn streams_started_are_finished_cancelled_or_cut() {
    let server = server("chunks=2");
    for spec in ["", "mock:cut:1", "mock:cut:1,how=rst"] {
        exchange(&server, &chat(&format!("{{\"model\":\"{spec}\",\"stream\":true}}")));
    }
    assert!(server.wait_until_blocking(|stats| stats.connections_open == 0, LIVENESS));
    let stats = server.stats();
    assert_eq!((stats.streams_started, stats.streams_finished, stats.streams_cut), (3, 1, 2));
    assert!(stats.bytes_in > 300 && stats.bytes_out > 1000);
}

#[test]
fn dropping_the_server_frees_its_port() {
    let server = server("stall:0");
    let (addr, mut stream) = (server.addr(), connect(&server));
    stream.write_all(post("/v1/chat/completions", "", WHOLE).as_bytes()).unwrap();
    assert!(server.wait_until_blocking(|stats| stats.requests == 1, LIVENESS));
    drop(server);
    assert_eq!(TcpStream::connect(addr).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    while stream.read(&mut [0; 512]).unwrap() > 0 {}
}

#[test]
fn several_workers_share_the_connections() {
    let server = MockServer::start(MockConfig { workers: 3, ..MockConfig::default() }).unwrap();
    for _ in 0..9 {
        assert_eq!(status(&server), 200);
    }
    let mut open: Vec<_> = (0..6).map(|_| connect(&server)).collect();
    assert!(server.wait_until_blocking(|stats| stats.connections_open == 6, LIVENESS));
    server.drop_connections();
    open.iter_mut().for_each(|stream| assert!(read_to_end(stream).0.is_empty()));
}

#[tokio::test]
async fn it_can_be_used_and_waited_for_within_a_runtime() {
    let server = server("");
    let addr = server.addr();
    let client = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(chat(WHOLE).as_bytes()).unwrap();
        read_to_end(&mut stream)
    });
    assert!(server.wait_until(|stats| stats.answers_finished == 1, LIVENESS).await);
    client.await.unwrap();
    assert!(!server.wait_until(|stats| stats.requests == 99, std::time::Duration::from_millis(1)).await);
}

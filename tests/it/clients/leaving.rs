//! C1 to C4: a client that leaves, at each point of an exchange. The provider's connection is closed at once, the exchange
//! settles once as cancelled, and nothing stays behind.

use std::net::Shutdown;
use std::time::Instant;

use millrace_lab::mock::MockServer;
use serde_json::{Value, json};

use super::mock;
use super::records::{Records, recording};
use crate::harness::{Gateway, LIVENESS, Stream, chat, eventually};

/// Runs an exchange up to the point at which the client leaves, and then all that must follow. Returns the record.
fn leaves(
    row: &str,
    spec: &str,
    stream: bool,
    until: impl FnOnce(&Gateway, std::net::TcpStream, &MockServer),
) -> Value {
    let mock = mock(spec);
    let (gateway, records) = recording(&mock, "");
    let body = chat("gpt-4o", json!({ "stream": stream })).to_string();
    let client = gateway.client();
    let mut socket = client.connect();
    let mut request = client.head("POST", "/v1/chat/completions", body.len());
    request.extend_from_slice(body.as_bytes());
    std::io::Write::write_all(&mut socket, &request).expect("a request");
    assert!(mock.wait_until_blocking(|s| s.requests_open == 1, LIVENESS), "the provider was never asked");
    until(&gateway, socket, &mock);
    let left = Instant::now();
    assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS), "the provider's connection stays open");
    println!("{row}: the provider's connection was closed after {:?}", left.elapsed());
    settled(&gateway, &mock, &records)
}

fn settled(gateway: &Gateway, mock: &MockServer, records: &Records) -> Value {
    let record = records.wait(1).remove(0);
    assert_eq!(record["outcome"], "client_cancelled", "{record}");
    assert_eq!(record["attempts"], 1, "a client that left is no reason to try again: {record}");
    eventually("nothing is in flight", || gateway.metric("millrace_inflight") == 0.0);
    let outcome = "millrace_exchange_outcomes_total{outcome=\"client_cancelled\"}";
    assert_eq!(gateway.metric(outcome), 1.0);
    let stats = mock.stats();
    assert_eq!(stats.streams_cancelled + stats.answers_cancelled, 1, "{stats:?}");
    assert_eq!(stats.requests, 1, "{stats:?}");
    record
}

fn at_once(_: &Gateway, socket: std::net::TcpStream, _: &MockServer) {
    drop(socket);
}

#[test]
fn c01_a_client_that_leaves_before_the_head_ends_the_provider_call() {
    let record = leaves("c01 before the head", "hang", true, at_once);
    assert_eq!((&record["stream"], &record["stream_events"]), (&json!(true), &json!(0)));
    assert_eq!(record["completion_tokens"], 0, "nothing was delivered: {record}");
}

#[test]
fn c01_a_client_that_leaves_before_the_first_event_ends_the_provider_call() {
    let record = leaves("c01 before the first event", "head-first,ttft=600s", true, |_, socket, mock| {
        assert!(mock.wait_until_blocking(|s| s.streams_started == 1, LIVENESS), "no head");
        drop(socket);
    });
    assert_eq!(record["completion_tokens"], 0, "{record}");
}

#[test]
fn c02_a_client_that_leaves_mid_stream_is_billed_for_what_it_got() {
    let record = leaves("c02 mid-stream", "chunks=100000,gap=5ms", true, |_, socket, _| {
        let mut stream = Stream::open(socket);
        let mut events = 0;
        while events < 5 {
            let piece = stream.piece().expect("a piece").expect("more");
            events += String::from_utf8_lossy(&piece).matches("data:").count();
        }
        stream.leave();
    });
    assert!(record["stream_events"].as_u64().expect("a count") >= 5, "{record}");
    assert!(record["completion_tokens"].as_u64().expect("a count") > 0, "{record}");
    assert_eq!(record["estimated"], true, "the provider never told: {record}");
}

#[test]
fn c03_a_client_that_leaves_a_whole_answer_ends_the_provider_call() {
    let record = leaves("c03 whole answer", "delay=600s", false, at_once);
    assert_eq!((&record["stream"], &record["completion_tokens"]), (&json!(false), &json!(0)), "{record}");
}

#[test]
fn c04_a_client_that_closes_its_half_counts_as_gone() {
    leaves("c04 half-close", "hang", false, |_, socket, mock| {
        socket.shutdown(Shutdown::Write).expect("a half-close");
        // the socket lives on until the provider's connection has gone, and only then is dropped
        assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS));
    });
}

#[test]
fn c01_a_client_that_leaves_mid_upload_was_never_admitted() {
    let mock = mock("none");
    let (gateway, records) = recording(&mock, "");
    let client = gateway.client();
    let mut socket = client.connect();
    let mut request = client.head("POST", "/v1/chat/completions", 1000);
    request.extend_from_slice(br#"{"model":"#);
    std::io::Write::write_all(&mut socket, &request).expect("half a request");
    eventually("the request is being read", || gateway.metric("millrace_inflight") == 1.0);
    drop(socket);
    eventually("its place is free again", || gateway.metric("millrace_inflight") == 0.0);
    assert_eq!((mock.stats().requests, records.read().len()), (0, 0));
}

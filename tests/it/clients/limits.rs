//! C16: bodies over the limit, by what the head says and by what comes.

use std::io::Write;

use serde_json::json;

use super::mock;
use super::raw::{hear, say};
use crate::harness::{Gateway, KEY, chat, eventually};

/// A gateway that takes bodies of 1 MiB.
fn gateway(mock: &millrace_lab::mock::MockServer) -> Gateway {
    Gateway::with(mock, &format!("\ngeneral_settings: {{master_key: {KEY}, max_request_size_mb: 1}}\n"))
}

fn head(framing: &str) -> String {
    format!("POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\n{framing}\r\n\r\n")
}

#[test]
fn c16_a_length_over_the_limit_is_413_before_the_body_is_sent() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    let said = say(gateway.address, head("content-length: 1048577").as_bytes());
    assert_eq!(said.status(), 413, "{}", said.text());
    assert!(said.error().is_some() && said.header("x-request-id").is_some(), "{}", said.text());
    assert!(said.closed, "the unread body would be taken for a request");
    assert_eq!(mock.stats().requests, 0);
}

#[test]
fn c16_a_chunked_body_over_the_limit_is_413_and_the_connection_ends() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    let mut socket = gateway.client().connect();
    socket.write_all(head("transfer-encoding: chunked").as_bytes()).expect("a head");
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    for _ in 0..16 {
        socket.write_all(&chunk).expect("within the limit");
    }
    // the one byte too many; nothing more, so that the answer is not lost in a reset
    socket.write_all(b"1\r\n \r\n").expect("over the limit");
    let said = hear(&mut socket);
    assert_eq!(said.status(), 413, "{}", said.text());
    assert!(said.error().is_some() && said.closed, "{}", said.text());
    assert_eq!(mock.stats().requests, 0);
    eventually("nothing is in flight", || gateway.metric("millrace_inflight") == 0.0);
}

#[test]
fn c16_a_client_that_sends_on_for_ever_is_cut_off() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    let mut socket = gateway.client().connect();
    socket.set_write_timeout(Some(crate::harness::LIVENESS)).expect("a timeout");
    socket.write_all(head("transfer-encoding: chunked").as_bytes()).expect("a head");
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let (mut sent, began) = (0_u64, std::time::Instant::now());
    // what comes within the moment that the answer is given to arrive is thrown away; then the connection ends
    let refused = loop {
        match socket.write_all(&chunk) {
            Ok(()) if began.elapsed() < crate::harness::LIVENESS => sent += chunk.len() as u64,
            Ok(()) => break false,
            Err(error) => break error.kind() != std::io::ErrorKind::WouldBlock,
        }
        // slower than the socket, so that the test is not one of copying
        std::thread::sleep(std::time::Duration::from_millis(1));
    };
    println!("c16: {sent} bytes were taken before the connection ended");
    assert!(refused, "{sent} bytes were taken");
}

#[test]
fn c16_a_body_at_the_limit_is_taken_and_the_connection_goes_on() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    let client = gateway.client();
    let mut body = chat("gpt-4o", json!({})).to_string().into_bytes();
    body.resize(1 << 20, b' ');
    let mut bytes = [client.head("POST", "/v1/chat/completions", body.len()), body].concat();
    bytes.extend(client.head("GET", "/v1/models", 0));
    let mut socket = client.connect();
    socket.write_all(&bytes).expect("two requests");
    let mut stream = crate::harness::Stream::open(socket);
    assert_eq!(stream.finish().status, 200);
    assert_eq!(stream.following().whole().status, 200);
}

#[test]
fn c16_a_head_without_end_is_refused() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    let many: String = (0..300).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = format!("x: {}\r\n", "a".repeat(400_000));
    for headers in [many, long] {
        let said = say(
            gateway.address,
            format!("{}{headers}\r\n", head("content-length: 0").trim_end_matches("\r\n\r\n").to_owned() + "\r\n")
                .as_bytes(),
        );
        assert!(said.closed && said.statuses().iter().all(|status| (400..500).contains(status)), "{}", said.text());
    }
    assert_eq!(gateway.client().get("/v1/models").status, 200, "the gateway lives");
}

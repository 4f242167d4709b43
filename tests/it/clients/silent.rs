//! C5: clients that never read. The provider is slowed, memory stays flat, and in the end they are let go.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use super::flood::Flood;
use super::process::Process;
use crate::harness::{chat, eventually};

const CLIENTS: u64 = 200;

/// Credit of one stream, bytes.
const CREDIT: u64 = 64 << 10;

/// Asks for a stream and reads nothing of it.
fn ask(process: &Process) -> TcpStream {
    let client = process.client();
    let body = chat("gpt-4o", json!({ "stream": true })).to_string();
    let mut socket = client.connect();
    let mut request = client.head("POST", "/v1/chat/completions", body.len());
    request.extend_from_slice(body.as_bytes());
    socket.write_all(&request).expect("a request");
    socket
}

/// Waits until the provider can write no more, and returns what it has written by then.
fn stalled(flood: &Flood) -> u64 {
    let (mut last, mut same) = (0, 0);
    eventually("the provider is held up", || {
        let now = flood.written();
        same = if now == last { same + 1 } else { 0 };
        last = now;
        std::thread::sleep(std::time::Duration::from_millis(10));
        same > 20
    });
    last
}

#[test]
fn c05_clients_that_never_read_slow_the_provider_and_are_let_go() {
    let flood = Flood::start();
    let process = Process::before(&flood.base_url(), &format!("credit_bytes: {CREDIT}, write_idle_timeout: 4"));
    process.client().get("/v1/models");
    let (files, before) = (process.open_files(), process.resident());
    let sockets: Vec<_> = (0..CLIENTS).map(|_| ask(&process)).collect();
    eventually("all streams have begun", || flood.streams() == CLIENTS);
    let written = stalled(&flood) / CLIENTS;
    let resident = process.resident();
    let each = (resident.saturating_sub(before)) / CLIENTS;
    println!("c05: {} KiB written a stream; resident {before} -> {resident} KiB, {each} KiB a stream", written / 1024);
    // what the kernel's buffers of two connections hold and no more
    assert!(written < 16 << 20, "the provider is not held up: {written} bytes a stream");
    // the credit, one batch more, and what awc and actix hold of it
    assert!(each < 6 * CREDIT / 1024, "{each} KiB a stream");
    eventually("the provider's connections are closed", || flood.open() == 0);
    eventually("nothing is in flight", || process.client().get("/metrics").text().contains("\nmillrace_inflight 0\n"));
    let left = process.open_files().saturating_sub(files);
    println!("c05: {left} sockets of clients are still held after the write-idle timeout");
    eventually("the clients' sockets are closed, though they hold theirs", || process.open_files() <= files + 4);
    drop(sockets);
}

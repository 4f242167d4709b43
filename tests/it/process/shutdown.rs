//! P1 and P2: the end of the process.

use std::io::Write;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Events, Process, Stream, chat, eventually};

/// The records go to a file, so that what was flushed can be read afterwards.
fn sink(grace: u64) -> String {
    format!(
        "litellm_settings: {{callbacks: [jsonl]}}\ncallback_settings: {{jsonl: {{path: records.jsonl}}}}\n\
         millrace: {{data_dir: data, shutdown_grace_seconds: {grace}}}"
    )
}

fn streams(process: &Process, model: &str, n: usize) -> Vec<Stream> {
    let open = |_| {
        let mut stream = process.client().send("/v1/chat/completions", &chat(model, json!({ "stream": true })));
        assert_eq!(stream.status, 200);
        stream.until("data:");
        stream
    };
    (0..n).map(open).collect()
}

/// Reads streams to their ends, side by side.
fn ends(streams: Vec<Stream>) -> Vec<Events> {
    let reading: Vec<_> = streams.into_iter().map(|stream| std::thread::spawn(move || stream.events())).collect();
    reading.into_iter().map(|thread| thread.join().expect("a reader")).collect()
}

fn outcomes(records: &[Value], outcome: &str) -> usize {
    records.iter().filter(|record| record["outcome"] == outcome).count()
}

#[test]
fn p1_sigterm_lets_streams_finish_and_ends_the_rest_with_one_error() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, &sink(4));
    for _ in 0..5 {
        assert_eq!(process.client().chat(&chat("gpt-4o", json!({}))).status, 200);
    }
    let short = streams(&process, "mock:chunks=60,gap=10ms", 4);
    let endless = streams(&process, "mock:chunks=20000,gap=20ms", 3);
    let silent = streams(&process, "mock:fault=stall:3", 2);
    process.signal("TERM");
    eventually("it is not ready", || {
        let answer = process.client().anonymous().get("/health/readiness");
        answer.status == 503 && answer.json()["status"] == "draining"
    });
    assert_eq!(process.client().anonymous().get("/health/liveliness").status, 200, "alive, though not ready");
    let short = std::thread::spawn(move || ends(short));
    let rest = ends(endless.into_iter().chain(silent).collect());
    for events in short.join().expect("readers") {
        events.assert_done();
    }
    for events in &rest {
        let error = events.assert_failed();
        assert_eq!(error["code"], "shutting_down", "{error}");
    }
    let (status, log, folder) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped unfinished=0"), "{log}");
    let records = crate::harness::records(&folder.path().join("data/records.jsonl"));
    assert_eq!((records.len(), outcomes(&records, "ok")), (14, 9), "{records:#?}");
    assert_eq!(mock.stats().streams_cancelled, 5, "the providers of the cut streams were not let go");
}

#[test]
fn p1_an_exchange_whose_body_is_still_coming_when_the_drain_begins_is_served() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, &sink(30));
    let body = chat("gpt-4o", json!({})).to_string();
    let client = process.client();
    let mut socket = client.connect();
    socket.write_all(&client.head("POST", "/v1/chat/completions", body.len())).expect("a head");
    eventually("it is in flight", || process.metric("millrace_inflight") == 1.0);
    process.signal("TERM");
    eventually("it drains", || process.client().anonymous().get("/readyz").status == 503);
    socket.write_all(body.as_bytes()).expect("a body");
    let answer = Stream::open(socket).whole();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (status, log, _) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

/// What waits for its provider's head when the grace is over has no stream to end: it is answered.
#[test]
fn p1_an_exchange_without_an_answer_yet_gets_one_at_the_grace_s_end() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, &sink(1));
    let asking = [false, true].map(|stream| {
        let client = process.client();
        std::thread::spawn(move || client.chat(&chat("mock:hang", json!({ "stream": stream }))))
    });
    eventually("both are in flight", || process.metric("millrace_inflight") == 2.0);
    process.signal("TERM");
    for answer in asking {
        assert_eq!(answer.join().expect("an asker").error(503)["code"], "shutting_down");
    }
    let (status, log, folder) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped unfinished=0"), "{log}");
    assert_eq!(crate::harness::records(&folder.path().join("data/records.jsonl")).len(), 2);
}

#[test]
fn p1_an_idle_process_ends_at_once_whatever_its_grace() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    // longer than any test waits: an idle connection must not use it up
    let process = Process::before(&mock, &sink(600));
    let idle = process.client().connect();
    let (status, log, _) = process.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    drop(idle);
}

#[test]
fn p2_a_second_signal_does_not_wait_for_the_grace() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    for (first, second) in [("TERM", "TERM"), ("INT", "INT")] {
        let process = Process::before(&mock, &sink(600));
        let open = streams(&process, "mock:chunks=20000,gap=10ms", 2);
        process.signal(first);
        eventually("it drains", || process.client().anonymous().get("/readyz").status == 503);
        process.signal(second);
        let open = ends(open);
        let (status, log, folder) = process.wait();
        for events in open {
            // a process in such a hurry may be gone before a client has taken its last event
            assert!(!events.complete || events.assert_failed()["code"] == "shutting_down", "{:?}", events.data);
            assert!(!events.data.iter().any(|data| data == "[DONE]"), "{:?}", events.data);
        }
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(log.contains("second signal cut=2"), "{log}");
        assert_eq!(crate::harness::records(&folder.path().join("data/records.jsonl")).len(), 2);
    }
}

/// Whatever the end waits for: here a sink that holds a record and never takes it.
#[test]
fn p2_a_second_signal_does_not_wait_for_a_sink() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    // the system takes its connections, nobody answers them
    let sink = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let more = format!(
        "litellm_settings: {{callbacks: [webhook, jsonl]}}\ncallback_settings: {{jsonl: {{path: records.jsonl}}, \
         webhook: {{url: \"http://{}/in\"}}}}\nmillrace: {{data_dir: data}}",
        sink.local_addr().expect("an address")
    );
    let process = Process::before(&mock, &more);
    assert_eq!(process.client().chat(&chat("gpt-4o", json!({}))).status, 200);
    process.signal("TERM");
    eventually("it flushes", || process.log().contains("draining"));
    process.signal("TERM");
    let (status, log, folder) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("second signal") && log.contains("flushed callbacks=2 late=1"), "{log}");
    assert_eq!(crate::harness::records(&folder.path().join("data/records.jsonl")).len(), 1, "a sink that does take");
}

#[test]
fn p2_a_client_that_does_not_read_does_not_hold_the_end_up() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, &sink(600));
    // never read: its socket and the gateway's credit fill up
    let stuck = process
        .client()
        .send("/v1/chat/completions", &chat("mock:chunks=40000,chunk-bytes=1000", json!({ "stream": true })));
    process.signal("TERM");
    eventually("it drains", || process.client().anonymous().get("/readyz").status == 503);
    process.signal("TERM");
    let (status, log, folder) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(crate::harness::records(&folder.path().join("data/records.jsonl")).len(), 1);
    drop(stuck);
}

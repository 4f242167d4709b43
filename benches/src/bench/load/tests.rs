//! The load generator against servers that answer wrongly, and against the mock provider.

use super::drive::{Moment, ask_once, drive};
use super::part::LoadReport;
use super::stop::Stop;
use super::{Job, Pace, Read};
use crate::bench::check::Expect;
use crate::bench::error::Error;
use crate::bench::http::endpoint::Endpoint;
use crate::bench::http::request::Ask;
use crate::bench::protocol::Protocol;
use crate::bench::scripted::{Scripted, Then};
use crate::mock::config::MockConfig;
use crate::mock::server::MockServer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Long enough that no machine is too slow for a right answer.
const TIMEOUT: Duration = Duration::from_secs(30);

fn job(addr: SocketAddr, read: Read, model: &str) -> Job {
    job_in(Protocol::Openai, addr, read, model)
}

fn job_in(protocol: Protocol, addr: SocketAddr, read: Read, model: &str) -> Job {
    let ask = Ask { model: model.to_owned(), prompt_bytes: 0, stream: read != Read::Whole };
    Job {
        addr,
        protocol,
        request: ask.encode(protocol, &Endpoint::local(addr), Some("k")),
        expect: Expect { model: Some(model.to_owned()), content: None },
        read,
        warmup: 0,
        requests: 3,
        concurrency: 2,
        pace: Pace::Closed,
        timeout: TIMEOUT,
        threads: 1,
    }
}

fn run(job: &Job) -> LoadReport {
    drive(job, &Stop::default(), |_| {}).expect("a report")
}

/// The kinds of failure, with their counts.
fn kinds(job: &Job) -> Vec<(&'static str, u64)> {
    let report = run(job);
    assert_eq!(report.successes + report.failures.total(), job.requests, "every answer is counted");
    report.failures.iter().map(|(kind, failure)| (kind, failure.count)).collect()
}

const WHOLE: &str = r#"{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":
    {"role":"assistant","content":"ab"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

#[test]
fn wrong_whole_answers_are_told_apart() {
    let good = Scripted::json(WHOLE);
    let cases = [
        (good.clone(), Then::Keep, vec![]),
        (good.replace("200 OK", "503 No"), Then::Keep, vec![("status", 3)]),
        (good.replace("application/json", "text/html"), Then::Keep, vec![("content_type", 3)]),
        (good.replace("\"model\":\"m\"", "\"model\":\"n\""), Then::Keep, vec![("model", 3)]),
        (good.replace("{\"id\"", "[\"id\""), Then::Keep, vec![("json", 3)]),
        (format!("{good}more"), Then::Keep, vec![("framing", 3)]),
        (good[..good.len() - 1].to_owned(), Then::Close, vec![("closed_early", 3)]),
        (String::new(), Then::Close, vec![("closed_early", 3)]),
        ("HTTP/9 what\r\n\r\n".to_owned(), Then::Close, vec![("head", 3)]),
    ];
    for (wire, then, expected) in cases {
        let server = Scripted::start(&wire, then);
        assert_eq!(kinds(&job(server.addr, Read::Whole, "m")), expected, "{wire}");
    }
}

fn events() -> Vec<String> {
    let chunk = |delta: &str, finish: &str| {
        format!(
            r#"{{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{{"index":0,"delta":{{{delta}}},"finish_reason":{finish}}}]}}"#
        )
    };
    let content = |text: &str| chunk(&format!(r#""content":"{text}""#), "null");
    vec![content("a"), content("b"), chunk("", "\"stop\""), "[DONE]".to_owned()]
}

#[test]
fn wrong_streams_are_told_apart() {
    let of = |events: &[String]| Scripted::stream(events);
    let edited = |edit: fn(&mut Vec<String>)| {
        let mut events = events();
        edit(&mut events);
        of(&events)
    };
    let good = of(&events());
    let cases = [
        (good.clone(), Then::Keep, vec![]),
        (good.replace("event-stream", "plain"), Then::Keep, vec![("content_type", 3)]),
        (edited(|events| drop(events.pop())), Then::Keep, vec![("no_done", 3)]),
        (edited(|events| events.push("[DONE]".to_owned())), Then::Keep, vec![("second_done", 3)]),
        (edited(|events| events.push(events[0].clone())), Then::Keep, vec![("after_done", 3)]),
        (edited(|events| drop(events.remove(1))), Then::Keep, vec![("chunk_count", 3)]),
        (edited(|events| events.swap(0, 1)), Then::Keep, vec![("content", 3)]),
        (edited(|events| events[1] = r#"{"error":{"message":"x"}}"#.to_owned()), Then::Keep, vec![("error_event", 3)]),
        (good.replace("data: [DONE]", "what: [DONE]"), Then::Keep, vec![("sse", 3)]),
        (good.replace("0\r\n\r\n", ""), Then::Close, vec![("closed_early", 3)]),
        (good.replace("0\r\n\r\n", "x\r\n"), Then::Close, vec![("framing", 3)]),
    ];
    for (wire, then, expected) in cases {
        let server = Scripted::start(&wire, then);
        let mut job = job(server.addr, Read::Full, "m");
        job.expect.content = Some(Arc::new(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(kinds(&job), expected, "{wire}");
    }
}

#[test]
fn silence_and_absence_are_failures() {
    let server = Scripted::start("HTTP/1.1 200 OK\r\n", Then::Keep);
    let job_of = |addr| Job { timeout: Duration::from_millis(50), ..job(addr, Read::Whole, "m") };
    assert_eq!(kinds(&job_of(server.addr)), [("timeout", 3)]);
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    assert_eq!(kinds(&job_of(nobody.expect("a free port"))), [("connect", 3)]);
}

#[test]
fn failures_of_the_warm_up_count() {
    let server = Scripted::start(&Scripted::json("{}"), Then::Keep);
    let report = run(&Job { warmup: 2, ..job(server.addr, Read::Whole, "m") });
    assert_eq!((report.successes, report.failures.total()), (0, 5));
}

#[test]
fn a_stream_left_at_its_first_token_costs_its_connection() {
    let server = MockServer::start(MockConfig::default()).expect("a mock");
    let connections = |drain| {
        let before = server.stats().connections_accepted;
        let job = job(server.addr(), Read::FirstToken { drain }, "mock:chunks=5,gap=1ms");
        let report = run(&Job { requests: 6, concurrency: 1, ..job });
        assert_eq!((report.successes, report.failures.total(), report.first_token.len()), (6, 0, 6));
        server.stats().connections_accepted - before
    };
    assert_eq!((connections(false), connections(true)), (6, 1));
}

#[test]
fn the_mock_is_judged_right_on_several_threads() {
    let server = MockServer::start(MockConfig::default()).expect("a mock");
    for (read, model, chunks) in [(Read::Whole, "mock:chunks=4", 0), (Read::Full, "mock:chunks=4", 200)] {
        let mut job = Job { requests: 50, concurrency: 7, threads: 3, warmup: 5, ..job(server.addr(), read, model) };
        let text = ask_once(&job).expect("a runtime").expect("a right answer");
        assert_eq!(text.len(), if chunks > 0 { 4 } else { 1 });
        job.expect.content = Some(Arc::new(text));
        let mut moments = Vec::new();
        let report = drive(&job, &Stop::default(), |moment| moments.push(moment)).expect("a report");
        assert_eq!((report.successes, report.failures.total(), report.content_chunks), (50, 0, chunks));
        assert_eq!((moments.first(), moments.last()), (Some(&Moment::Start), Some(&Moment::End)));
        assert_eq!(report.latency.len(), 50);
    }
}

#[test]
fn an_open_loop_charges_the_target_for_those_who_had_to_wait() {
    let server = MockServer::start(MockConfig::default()).expect("a mock");
    // One connection, 20 ms an answer, one request a millisecond: the tenth was due at 9 ms and cannot end before 200.
    let job = job(server.addr(), Read::Whole, "mock:delay=20ms,chunks=1");
    let report = run(&Job { requests: 10, concurrency: 1, pace: Pace::Open { rate: 1000.0 }, ..job });
    assert_eq!((report.successes, report.failures.total(), report.send_lag.len()), (10, 0, 10));
    let longest = report.latency.sorted_ms().last().copied().expect("latencies");
    assert!(longest >= 190.0, "{longest} ms: the waiting was left out");
}

#[test]
fn a_stop_ends_a_load_at_once() {
    let server = MockServer::start(MockConfig::default()).expect("a mock");
    let stop = Stop::default();
    // Ten minutes each: only the stop can end this test.
    let job = Job { timeout: Duration::from_secs(3600), ..job(server.addr(), Read::Whole, "mock:delay=600s") };
    let result = drive(&job, &stop, |moment| {
        if moment == Moment::During {
            stop.set()
        }
    });
    assert!(matches!(result, Err(Error::Interrupted)));
}

#[test]
fn the_mock_is_right_in_both_protocols_and_says_the_same() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let model = "mock:chunks=7,alphabet=emoji";
    let texts = [Protocol::Openai, Protocol::Anthropic].map(|protocol| {
        for read in [Read::Whole, Read::Full, Read::FirstToken { drain: true }] {
            let report = run(&job_in(protocol, mock.addr(), read, model));
            assert_eq!((report.successes, report.failures.total()), (3, 0), "{read:?} {:?}", report.failures);
        }
        ask_once(&job_in(protocol, mock.addr(), Read::Full, model)).expect("a runtime").expect("an answer")
    });
    assert_eq!(texts[0], texts[1]);
    assert_eq!(texts[0].len(), 7);
}

#[test]
fn broken_messages_are_told_apart() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    for (spec, read, kind) in [
        ("done=missing", Read::Full, "no_done"),
        ("done=twice", Read::Full, "second_done"),
        ("error-event:4", Read::Full, "error_event"),
        ("cut:4", Read::Full, "closed_early"),
        ("nameless", Read::Full, "sse"),
        ("finish=missing", Read::Full, "shape"),
        ("usage=absent", Read::Whole, "shape"),
        ("529", Read::Whole, "status"),
        ("model=other", Read::Whole, "model"),
    ] {
        let job = job_in(Protocol::Anthropic, mock.addr(), read, &format!("mock:{spec}"));
        assert_eq!(kinds(&job), [(kind, 3)], "{spec}");
    }
}

//! U29: a good answer and a good stream, cut at every single byte, by FIN and by RST. Before the client's first byte the
//! exchange is tried again and nobody notices (or, with nobody left to try, is told whose fault it was); after it the
//! stream ends in one error event and nothing is tried again (I1, I2).

use std::io::{Read, Write};
use std::ops::Range;

use millrace_lab::mock::MockServer;
use serde_json::json;

use super::rig::{Rig, behaviour, mock, text};
use super::setup::Setup;
use crate::harness::{Answer, Client, LIVENESS, chat};

/// A short answer, of which every call has the same bytes.
const GOOD: &str = "text=dozen words,chunk-bytes=6,nulls=false,prompt-tokens=1,completion-tokens=1";
const TEXT: &str = "dozen words";

/// The bytes of the good answer, off the mock itself.
fn wire(mock: &MockServer, stream: bool) -> Vec<u8> {
    let client = Client::new(mock.addr(), "any").header("connection", "close");
    let include = json!({ "stream": stream, "stream_options": if stream { json!({ "include_usage": true }) } else { json!(null) } });
    let body = chat("m", include).to_string();
    let mut socket = client.connect();
    socket.write_all(&client.head("POST", "/v1/chat/completions", body.len())).expect("a head");
    socket.write_all(body.as_bytes()).expect("a body");
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    // to the end of the answer, by its own framing: the mock may keep the connection
    while !over(&bytes, stream) {
        let n = socket.read(&mut piece).expect("an answer");
        assert!(n > 0, "the mock closed early: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..n]);
    }
    bytes
}

fn find(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).map(|at| at + text.len())
}

fn over(bytes: &[u8], stream: bool) -> bool {
    match stream {
        true => bytes.ends_with(b"\r\n0\r\n\r\n"),
        false => find(bytes, "\r\n\r\n")
            .is_some_and(|head| serde_json::from_slice::<serde_json::Value>(&bytes[head..]).is_ok()),
    }
}

/// Two deployments of one mock, which plays its script: the first call of each round is cut, the second is not.
fn pair(mock: &MockServer) -> Rig {
    let setup = Setup::new()
        .deployment("m", &mock.base_url(), "model: openai/m")
        .deployment("m", &mock.base_url(), "model: openai/n")
        .router("num_retries: 1, disable_cooldowns: true");
    Rig::new(&setup)
}

/// One round: the answer, and how many calls it took.
fn round(rig: &Rig, mock: &MockServer, (at, how): (usize, &str), stream: bool) -> (Answer, u64) {
    let before = mock.stats().requests;
    mock.push_script([behaviour(&format!("{GOOD},cut-byte:{at},how={how}"))]);
    let answer = rig.ask("m", stream);
    (answer, mock.stats().requests - before)
}

fn whole_answers(how: &str) {
    let mock = mock(GOOD);
    let length = wire(&mock, false).len();
    let rig = pair(&mock);
    let mut answers = Vec::new();
    for at in 0..length {
        let (answer, calls) = round(&rig, &mock, (at, how), false);
        assert_eq!(text(&answer, false), TEXT, "cut at {at}");
        assert_eq!(calls, 2, "cut at {at}");
        answers.push(answer);
    }
    // looked up at the end, since a wait after each of thousands of calls adds up
    for answer in answers {
        rig.settled(&answer, "ok");
    }
    assert!(mock.wait_until_blocking(|s| s.requests_open == 0 && s.connections_open <= 2, LIVENESS));
    rig.finish();
}

#[test]
fn u29_a_whole_answer_cut_by_fin_at_every_byte() {
    whole_answers("fin");
}

#[test]
fn u29_a_whole_answer_cut_by_rst_at_every_byte() {
    whole_answers("rst");
}

#[test]
fn u29_with_nobody_left_to_ask_a_cut_answer_is_an_error_and_never_half_an_answer() {
    let mock = mock(GOOD);
    let wire = wire(&mock, false);
    let head = find(&wire, "\r\n\r\n").expect("a head");
    let rig = Rig::before(&mock);
    for at in (0..wire.len()).step_by(23).chain([head - 1, head, head + 1, wire.len() - 1]) {
        for how in ["fin", "rst"] {
            mock.set_behaviour(behaviour(&format!("{GOOD},cut-byte:{at},how={how}")));
            let answer = rig.ask("m", false);
            // a reset may take the head with it that was not read yet
            let kinds = if at < head {
                vec!["connect"]
            } else if how == "fin" {
                vec!["truncated"]
            } else {
                vec!["connect", "truncated"]
            };
            let outcome = if answer.status == 503 { "upstream_error" } else { "truncated" };
            let class = rig.settled(&answer, outcome)["error_class"].clone();
            assert!(kinds.iter().any(|kind| class == *kind), "cut at {at} of {head}: {class}, {}", answer.text());
            answer.error(if class == "connect" { 503 } else { 502 });
        }
    }
    rig.finish();
}

/// Where a stream's first event is complete on the wire, and its terminal one.
fn events(wire: &[u8]) -> Range<usize> {
    let head = find(wire, "\r\n\r\n").expect("a head");
    let first = head + find(&wire[head..], "\n\n").expect("an event");
    first..find(wire, "data: [DONE]\n\n").expect("an end")
}

/// I1 and I2 for one stream: either it is whole, or it broke off after its first event and nothing was tried again.
fn whole_or_broken(answer: &Answer, calls: u64) -> bool {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let events = answer.events();
    if events.data.last().is_some_and(|data| data == "[DONE]") {
        assert_eq!(text(answer, true), TEXT);
        return true;
    }
    assert_eq!(events.assert_failed()["type"], "upstream_stream_truncated");
    assert!(events.json().len() > 1, "an error event alone should have been an error status: {:?}", events.data);
    assert!(TEXT.starts_with(&events.text()), "{:?}", events.data);
    assert_eq!(calls, 1, "tried again after the client's first byte (I1)");
    false
}

/// Cuts a stream everywhere; `check` is told where, whether it was whole, and how many calls it took.
fn streams(how: &str, check: impl Fn(usize, bool, u64, &Range<usize>)) {
    let mock = mock(GOOD);
    let wire = wire(&mock, true);
    let events = events(&wire);
    let rig = pair(&mock);
    let mut answers = Vec::new();
    for at in 0..wire.len() {
        let (answer, calls) = round(&rig, &mock, (at, how), true);
        let whole = whole_or_broken(&answer, calls);
        check(at, whole, calls, &events);
        answers.push((answer, if whole { "ok" } else { "truncated" }));
    }
    for (answer, outcome) in answers {
        rig.settled(&answer, outcome);
    }
    rig.finish();
}

#[test]
fn u29_a_stream_cut_by_fin_at_every_byte() {
    streams("fin", |at, whole, calls, events| {
        assert_eq!(whole, !events.contains(&at), "cut at {at} of {events:?}");
        assert_eq!(calls, if at < events.start { 2 } else { 1 }, "cut at {at} of {events:?}");
    });
}

#[test]
fn u29_a_stream_cut_by_rst_at_every_byte() {
    streams("rst", |at, whole, calls, events| {
        // a reset may take bytes with it that were sent before it, so more may be tried again, and less may be whole
        assert!(at >= events.start || (whole && calls == 2), "cut at {at} of {events:?}: {calls} calls");
    });
}

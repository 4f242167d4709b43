//! A gateway whose every exchange is accounted for: what was answered, what was recorded, what was counted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use millrace_lab::mock::{Behaviour, MockConfig, MockServer};
use serde_json::{Value, json};

use super::setup::Setup;
use crate::harness::{Answer, Gateway, chat, eventually, logged};

/// Whole answers, then streams.
pub const BOTH: [bool; 2] = [false, true];

/// Enough of every credential of the tests to know it by.
const CANARY: &str = "sk-canary";

/// The gateway, and how its exchanges must have ended.
pub struct Rig {
    pub gateway: Gateway,
    /// Outcome by call id.
    expected: RefCell<BTreeMap<String, String>>,
    seen: RefCell<Seen>,
}

/// How far the records have been read: a sweep of a thousand calls cannot read all of them after each.
#[derive(Default)]
struct Seen {
    bytes: usize,
    by_id: BTreeMap<String, Vec<Value>>,
}

/// What a caller must get of a fault, and what must be recorded of it.
#[derive(Clone, Copy)]
pub struct Want {
    pub status: u16,
    pub kind: &'static str,
    /// Part of the message.
    pub says: &'static str,
    pub outcome: &'static str,
    pub class: &'static str,
}

/// A provider's answer that cannot be used.
pub const INVALID: Want = Want {
    status: 502,
    kind: "upstream_invalid_answer",
    says: "not usable",
    outcome: "upstream_error",
    class: "invalid_answer",
};

/// An answer that broke off.
pub const TRUNCATED: Want = Want {
    status: 502,
    kind: "upstream_stream_truncated",
    says: "broke off",
    outcome: "truncated",
    class: "truncated",
};

/// No connection, or none that was answered on.
pub const CONNECTION: Want = Want {
    status: 503,
    kind: "api_connection_error",
    says: "No connection to the provider",
    outcome: "upstream_error",
    class: "connect",
};

/// The head of a whole answer did not come in time.
pub const TIMEOUT: Want =
    Want { status: 504, kind: "timeout_error", says: "did not answer in time", outcome: "timeout", class: "timeout" };

/// A mock that does this.
pub fn mock(spec: &str) -> MockServer {
    MockServer::start(MockConfig::with(behaviour(spec))).expect("a mock")
}

/// A behaviour, written as the mock's grammar has it.
#[track_caller]
pub fn behaviour(spec: &str) -> Behaviour {
    spec.parse().unwrap_or_else(|error| panic!("{error}"))
}

impl Rig {
    /// In front of one mock that serves every model.
    pub fn before(mock: &MockServer) -> Self {
        Self::new(&Setup::new().all(mock))
    }

    pub fn new(setup: &Setup) -> Self {
        logged();
        Rig { gateway: Gateway::from_yaml(&setup.yaml()), expected: RefCell::default(), seen: RefCell::default() }
    }

    /// Asks for `group`, whole or streamed.
    pub fn ask(&self, group: &str, stream: bool) -> Answer {
        self.ask_with(group, stream, json!({}))
    }

    /// The same, with `more` members in the request.
    #[track_caller]
    pub fn ask_with(&self, group: &str, stream: bool, more: Value) -> Answer {
        let mut body = chat(group, more);
        if stream {
            body["stream"] = true.into();
        }
        let answer = self.gateway.client().chat(&body);
        let said = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        assert!(!said.contains(CANARY), "a credential in an answer (I9): {said}");
        answer
    }

    /// The record of an answer, of which there must be exactly one and with this outcome (I3).
    #[track_caller]
    pub fn settled(&self, answer: &Answer, outcome: &str) -> Value {
        let id = answer.header("x-litellm-call-id").expect("a call id").to_owned();
        eventually("a record", || self.recorded(&id).is_some());
        let mut found = self.seen.borrow().by_id[&id].clone();
        assert_eq!(found.len(), 1, "{found:?}"); // a second one may be later: `finish` counts them
        assert_eq!(found[0]["outcome"], outcome, "{}", found[0]);
        assert!(self.expected.borrow_mut().insert(id, outcome.to_owned()).is_none(), "two answers with one call id");
        found.remove(0)
    }

    /// An answer that went well, whole or streamed: its text, checked against its record.
    #[track_caller]
    pub fn good(&self, answer: &Answer, stream: bool) -> String {
        let text = text(answer, stream);
        let record = self.settled(answer, "ok");
        assert_eq!(record["stream"], stream);
        assert_eq!(record["error_class"], Value::Null);
        text
    }

    /// An answer that is an error, with its own status, since nothing else had been sent. Returns its `error` object.
    #[track_caller]
    pub fn refused(&self, answer: &Answer, want: Want) -> Value {
        let error = answer.error(want.status);
        assert!(answer.complete);
        assert_eq!(error["type"], want.kind, "{error}");
        assert!(error["message"].as_str().is_some_and(|m| m.contains(want.says)), "{:?} not in {error}", want.says);
        let record = self.settled(answer, want.outcome);
        assert_eq!(record["error_class"], want.class, "{record}");
        assert_eq!(record["response_status"], want.status, "{record}");
        assert_eq!(record["stream_events"], 0, "{record}");
        assert_eq!(record["total_tokens"], 0, "billed for nothing: {record}");
        error
    }

    /// A stream that broke after its head had gone out: one error event, last, and no other end (I2).
    #[track_caller]
    pub fn broken(&self, answer: &Answer, want: Want) -> Value {
        assert_eq!(answer.status, 200);
        let error = answer.events().assert_failed();
        assert_eq!(error["type"], want.kind, "{error}");
        let record = self.settled(answer, want.outcome);
        assert_eq!(record["error_class"], want.class, "{record}");
        error
    }

    /// The record of a call, if it has been written.
    pub fn recorded(&self, id: &str) -> Option<Value> {
        let mut file = File::open(self.gateway.folder.path().join("records.jsonl")).expect("a file of records");
        let mut seen = self.seen.borrow_mut();
        let mut text = String::new();
        file.seek(SeekFrom::Start(seen.bytes as u64)).and_then(|_| file.read_to_string(&mut text)).expect("records");
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        seen.bytes += whole;
        for line in text[..whole].lines() {
            let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let id = record["id"].as_str().expect("an id").to_owned();
            seen.by_id.entry(id).or_default().push(record);
        }
        seen.by_id.get(id).map(|records| records[0].clone())
    }

    /// The record of an answer that has settled.
    #[track_caller]
    pub fn record(&self, answer: &Answer) -> Value {
        self.recorded(answer.header("x-litellm-call-id").expect("a call id")).expect("a record")
    }

    /// What holds at the end of every test, whatever went wrong in it.
    #[track_caller]
    pub fn finish(self) {
        let Rig { gateway, expected, .. } = self;
        let expected = expected.into_inner();
        eventually("nothing in flight (I5)", || gateway.metric("millrace_inflight") == 0.0);
        for outcome in ["ok", "client_cancelled", "upstream_error", "truncated", "timeout", "blocked", "internal_error"]
        {
            let count = expected.values().filter(|expected| *expected == outcome).count();
            let series = format!("millrace_exchange_outcomes_total{{outcome=\"{outcome}\"}}");
            assert_eq!(gateway.metric(&series), count as f64, "{series}");
        }
        let metrics = gateway.client().get("/metrics").text();
        // stopped, so that whatever was still to be recorded is
        let folder = gateway.stop();
        let records = std::fs::read_to_string(folder.path().join("records.jsonl")).expect("records");
        assert_eq!(records.lines().count(), expected.len(), "records without an answer (I3)");
        for (what, text) in [("metric", metrics), ("record", records), ("log line", logged())] {
            let leak = text.lines().find(|line| line.contains(CANARY));
            assert_eq!(leak, None, "a credential in a {what} (I9)");
        }
    }
}

/// The text of an answer that went well.
#[track_caller]
pub fn text(answer: &Answer, stream: bool) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    match stream {
        true => {
            let events = answer.events();
            events.assert_done();
            events.text()
        }
        false => {
            assert!(answer.complete);
            let text = &answer.json()["choices"][0]["message"]["content"];
            text.as_str().unwrap_or_else(|| panic!("no text: {}", answer.text())).to_owned()
        }
    }
}

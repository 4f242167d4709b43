//! The nine invariants, each tried by one storm of requests that mixes what goes well with every way of going wrong. The
//! storm runs once, against the real binary; each test looks at one promise.

mod storm;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{KEY, PROVIDER_KEY, Process, chat, eventually};
use storm::{Kind, OTHER_KEY, Storm};

static STORM: LazyLock<Storm> = LazyLock::new(Storm::run);

#[test]
fn i1_nothing_is_tried_again_once_the_client_has_a_byte() {
    let mut calls = BTreeMap::<String, usize>::new();
    for request in &STORM.upstream {
        *calls.entry(request.json()["user"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    for done in STORM.of(&[Kind::Cut, Kind::ErrorEvent, Kind::Leaves, Kind::Stream]) {
        assert_eq!(calls.get(&done.id), Some(&1), "{done:?}");
    }
    // and before it, it is: else the above would show nothing
    assert!(STORM.of(&[Kind::Error]).all(|done| calls.get(&done.id) == Some(&2)), "{calls:?}");
}

#[test]
fn i2_a_stream_has_exactly_one_end() {
    for done in STORM.of(&[Kind::Stream]) {
        done.events().assert_done();
    }
    for done in STORM.of(&[Kind::Cut, Kind::ErrorEvent]) {
        done.events().assert_failed();
    }
    assert!(STORM.of(&[Kind::Cut]).count() > 10);
}

#[test]
fn i3_every_admitted_exchange_settles_exactly_once() {
    let mut settled: Vec<_> = STORM.records.iter().map(|record| record["id"].as_str().expect("an id")).collect();
    let mut admitted: Vec<_> = STORM.done.iter().filter(|done| done.kind.admitted()).map(|done| &*done.id).collect();
    settled.sort_unstable();
    admitted.sort_unstable();
    assert_eq!(settled, admitted);
    let outcomes: BTreeMap<_, _> = STORM.records.iter().map(|r| (r["id"].as_str(), r["outcome"].as_str())).collect();
    for done in STORM.done.iter().filter(|done| done.kind.admitted()) {
        assert_eq!(outcomes[&Some(&*done.id)], Some(done.kind.outcome()), "{done:?}");
    }
    for outcome in ["ok", "client_cancelled", "upstream_error", "truncated", "blocked"] {
        let counted = format!("millrace_exchange_outcomes_total{{outcome=\"{outcome}\"}} ");
        let line = STORM.metrics.lines().find_map(|line| line.strip_prefix(&counted)).expect(outcome);
        let records = STORM.records.iter().filter(|record| record["outcome"] == outcome).count();
        assert_eq!(line, records.to_string(), "{outcome}: metric and records differ");
        assert!(records > 10, "{outcome} was not tried");
    }
}

#[test]
fn i4_memory_does_not_grow_with_what_a_client_does_not_read() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, "");
    // some 16 MB each, of which sockets and credit hold a part
    let ask = || {
        process
            .client()
            .send("/v1/chat/completions", &chat("mock:chunks=320,chunk-bytes=50000", json!({ "stream": true })))
    };
    ask().leave();
    // a stream that is left has its prompt counted, and the first count loads an encoding's table, once
    eventually("nothing is in flight", || process.metric("millrace_inflight") == 0.0);
    let before = process.resident_kb();
    let stuck: Vec<_> = (0..5).map(|_| ask()).collect();
    let mut last = 0;
    eventually("the providers are held up", || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let now = mock.stats().bytes_out;
        // some has come of each: before that, nothing would be held up yet
        std::mem::replace(&mut last, now) == now && now > 5 * (256 << 10)
    });
    assert_eq!(mock.stats().streams_finished, 0, "the sockets took it all, so this shows nothing");
    let grown = process.resident_kb().saturating_sub(before);
    // 5 times 256 KiB of credit, a batch more each, and what the allocator keeps
    assert!(grown < 16 << 10, "grew by {grown} kB");
    drop(stuck);
    eventually("nothing is in flight", || process.metric("millrace_inflight") == 0.0);
}

#[test]
fn i5_what_was_reserved_is_released() {
    assert!(STORM.metrics.contains("millrace_inflight 0\n"), "{}", STORM.metrics);
    assert_eq!(STORM.open_upstream, 0, "a provider is still at work for nobody");
}

#[test]
fn i6_a_providers_key_goes_to_its_own_origin_only() {
    let keys = |requests: &[millrace_lab::mock::Recorded]| {
        let mut keys: Vec<_> =
            requests.iter().map(|r| r.header("authorization").unwrap_or_default().to_owned()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    assert_eq!(keys(&STORM.upstream), [format!("Bearer {PROVIDER_KEY}")]);
    assert_eq!(keys(&STORM.other_upstream), [format!("Bearer {OTHER_KEY}")]);
    let redirected = STORM.of(&[Kind::Redirect]).map(|done| &*done.id).collect::<Vec<_>>();
    assert!(redirected.len() > 10);
    for request in &STORM.other_upstream {
        let user = request.json()["user"].as_str().unwrap_or_default().to_owned();
        assert!(!redirected.contains(&&*user), "a redirect was followed");
    }
    for request in STORM.upstream.iter().chain(&STORM.other_upstream) {
        assert!(!format!("{:?}", request.headers).contains(KEY), "the caller's key went upstream");
    }
}

#[test]
fn i7_nobody_reads_anothers_answer() {
    for done in STORM.of(&[Kind::Whole, Kind::Fallback]) {
        let answer: Value = serde_json::from_slice(&done.body).expect("JSON");
        assert_eq!(answer["choices"][0]["message"]["content"], done.id, "{done:?}");
    }
    for done in STORM.of(&[Kind::Stream]) {
        assert_eq!(done.events().text(), done.id);
    }
    for done in &STORM.done {
        let text = String::from_utf8_lossy(&done.body);
        let others = STORM.done.iter().filter(|other| other.id != done.id && text.contains(&other.id));
        assert_eq!(others.count(), 0, "{done:?}");
    }
}

#[test]
fn i8_errors_are_in_the_callers_dialect_with_a_request_id() {
    let failed = STORM.done.iter().filter(|done| !done.kind.succeeds() && done.kind.is_answered());
    let mut seen = 0;
    for done in failed.filter(|done| done.status != 200) {
        let error = done.answer().error(done.status);
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{done:?}");
        assert_eq!(done.status, done.kind.status(), "{done:?}");
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn i9_no_secret_is_in_any_output() {
    let answers = STORM
        .done
        .iter()
        .map(|done| ("an answer", format!("{:?} {}", done.headers, String::from_utf8_lossy(&done.body))));
    let records = STORM.records.iter().map(|record| ("a record", record.to_string()));
    let pages = STORM.pages.iter().map(|(name, text)| (name.as_str(), text.clone()));
    let rest = [("the log", STORM.log.clone()), ("the metrics", STORM.metrics.clone())];
    for (place, text) in answers.chain(records).chain(pages).chain(rest) {
        for secret in [KEY, PROVIDER_KEY, OTHER_KEY] {
            // a part is as bad: scanners look for prefixes, and so do thieves
            assert!(!text.contains(&secret[..secret.len() - 6]), "{secret} in {place}: {text}");
        }
    }
    assert!(STORM.log.contains("attempt failed"), "the log says nothing, so this shows nothing");
}

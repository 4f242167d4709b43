//! U12: a kept connection that the provider closes between two requests. No caller may see it.

use serde_json::json;

use super::rig::{Rig, behaviour, mock};
use crate::harness::eventually;

/// Rounds of each kind.
const ROUNDS: usize = 100;

/// So many calls in a row, whole and streamed in turn, each of which must go well without a retry that the caller sees.
fn rounds(rig: &Rig, mut between: impl FnMut(usize)) {
    for n in 0..ROUNDS {
        let (stream, user) = (n % 2 == 1, format!("round {n}"));
        let answer = rig.ask_with("m", stream, json!({ "user": user }));
        assert_eq!(rig.good(&answer, stream), user);
        assert_eq!(answer.header("x-litellm-attempted-retries"), Some("0"));
        between(n);
    }
}

#[test]
fn u12_a_connection_closed_as_the_next_request_comes() {
    let rigs = ["fin", "rst"].map(|how| {
        let mock = mock(&format!("echo-user,close-after=1,close-on=next,how={how}"));
        let rig = Rig::before(&mock);
        rounds(&rig, |_| {});
        (mock, rig)
    });
    // the workers tell their count now and then, so all rounds come first
    for (_mock, rig) in rigs {
        let stale = || rig.gateway.metric("millrace_upstream_stale_retries_total");
        // a connection is new at a worker's first call, and after each stale retry
        eventually("the stale retries are counted", || stale() > ROUNDS as f64 / 4.0);
        rig.finish();
    }
}

#[test]
fn u12_a_connection_closed_at_any_moment_between_two_requests() {
    let mock = mock("echo-user,close-after=1,close-on=answer");
    let rig = Rig::before(&mock);
    rounds(&rig, |n| {
        // from none to three milliseconds: the race that the row is about, not a wait for something
        std::thread::sleep(std::time::Duration::from_micros(30 * n as u64));
        if n == ROUNDS / 2 {
            mock.set_behaviour(behaviour("echo-user,close-after=1,close-on=answer,how=rst"));
        }
    });
    rig.finish();
}

#[test]
fn u12_all_idle_connections_dropped_at_once() {
    let mock = mock("echo-user");
    let rig = Rig::before(&mock);
    rounds(&rig, |n| {
        if n % 3 == 0 {
            mock.drop_connections();
        }
    });
    rig.finish();
}

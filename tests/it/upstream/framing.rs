//! U13 to U18: bodies whose end is told wrongly, twice, or not at all, and bodies nobody can read. Answers carry their
//! caller's name, so a byte that strays into another's answer is seen (I7).

use millrace_lab::mock::MockServer;
use serde_json::json;

use super::rig::{BOTH, INVALID, Rig, TRUNCATED, behaviour, mock};
use crate::harness::{LIVENESS, chat};

/// Asks under a name of its own and gets that name back.
#[track_caller]
fn own_answer(rig: &Rig, stream: bool, user: &str) {
    let answer = rig.ask_with("m", stream, json!({ "user": user }));
    assert_eq!(rig.good(&answer, stream), user);
}

/// Answers that are right although their framing is odd; after each, the connection is over.
fn right_but_the_connection_ends(specs: &[&str]) {
    let mock = mock("");
    let rig = Rig::before(&mock);
    for spec in specs {
        for stream in BOTH {
            for call in 0..3 {
                mock.set_behaviour(behaviour(&format!("echo-user,{spec}")));
                own_answer(&rig, stream, &format!("{spec} {stream} {call}"));
                assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS), "{spec}: still open");
            }
            mock.set_behaviour(behaviour("echo-user"));
            own_answer(&rig, stream, "after it");
            mock.drop_connections();
        }
    }
    rig.finish();
}

#[test]
fn u13_bytes_after_the_body_reach_nobody() {
    right_but_the_connection_ends(&["framing=extra", "framing=extra,slice=7"]);
}

#[test]
fn u14_with_both_a_length_and_chunks_the_chunks_win_and_the_connection_ends() {
    right_but_the_connection_ends(&["framing=cl-te", "framing=cl-te,slice=11"]);
}

#[test]
fn u14_two_lengths_that_differ_are_no_answer() {
    let mock = mock("framing=two-lengths");
    let rig = Rig::before(&mock);
    for stream in BOTH {
        mock.set_behaviour(behaviour("echo-user,framing=two-lengths"));
        rig.refused(&rig.ask("m", stream), INVALID);
        assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS));
        mock.set_behaviour(behaviour("echo-user"));
        own_answer(&rig, stream, "after it");
        mock.drop_connections();
    }
    rig.finish();
}

#[test]
fn u15_a_body_ended_by_closing_is_whole() {
    let slices = ["framing=close", "framing=close-silent", "framing=close-silent,slice=13"];
    right_but_the_connection_ends(&slices);
}

/// What a whole answer and a stream come to under a framing that lies about the length.
fn lying(spec: &str) -> (MockServer, Rig) {
    let mock = mock(&format!("echo-user,{spec}"));
    let rig = Rig::before(&mock);
    (mock, rig)
}

#[test]
fn u16_a_body_short_of_its_length_is_an_error_and_a_stream_that_had_its_end_is_not() {
    for spec in ["framing=length-high", "framing=length-high,how=rst", "framing=no-last-chunk"] {
        let (mock, rig) = lying(spec);
        rig.refused(&rig.ask("m", false), TRUNCATED);
        assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS));
        mock.set_behaviour(behaviour(&format!("echo-user,{}", spec.replace("how=rst", "how=fin"))));
        own_answer(&rig, true, "terminal event seen");
        assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS));
        mock.set_behaviour(behaviour("echo-user"));
        own_answer(&rig, false, "after it");
        rig.finish();
    }
}

#[test]
fn u16_a_body_longer_than_its_length_ends_there_and_the_rest_reaches_nobody() {
    let (mock, rig) = lying("framing=length-low");
    // its last 16 bytes are cut off: half a JSON text, and a stream without its terminal event
    rig.refused(&rig.ask_with("m", false, json!({ "user": "whole" })), INVALID);
    assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS));
    let answer = rig.ask_with("m", true, json!({ "user": "streamed" }));
    rig.broken(&answer, TRUNCATED);
    assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS));
    for stream in BOTH {
        mock.set_behaviour(behaviour("echo-user"));
        own_answer(&rig, stream, "after it");
    }
    rig.finish();
}

#[test]
fn u17_trailers_are_taken_and_the_connection_is_kept() {
    let mock = mock("echo-user,framing=trailer");
    let rig = Rig::before(&mock);
    for stream in BOTH {
        for call in 0..4 {
            own_answer(&rig, stream, &format!("trailer {stream} {call}"));
        }
    }
    assert!(mock.stats().connections_accepted <= 2, "{:?}", mock.stats());
    rig.finish();
}

#[test]
fn u18_an_encoding_that_nobody_asked_for_is_no_answer() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    for encoding in ["gzip", "bad-gzip", "cut-gzip", "gzip-bomb"] {
        mock.set_behaviour(behaviour(&format!("encoding={encoding}")));
        for stream in BOTH {
            let error = rig.refused(&rig.ask("m", stream), INVALID);
            assert!(error["message"].as_str().is_some_and(|m| m.contains("gzip")), "{error}");
            assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS), "{encoding}");
        }
    }
    assert!(mock.requests().iter().all(|request| request.header("accept-encoding") == Some("identity")));
    rig.finish();
}

#[test]
fn i07_callers_side_by_side_get_their_own_answers_whatever_the_framing() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    let framings = [
        "extra",
        "cl-te",
        "close-silent",
        "trailer",
        "chunked",
        "length",
        "auto,interim=100+103",
        "auto,close-after=2",
    ];
    let answers = std::thread::scope(|scope| {
        let callers = framings.map(|framing| {
            let client = rig.gateway.client();
            scope.spawn(move || {
                let call = |n: usize| {
                    // the mock takes its behaviour from the model's name
                    let (model, user) = (format!("mock:echo-user,framing={framing}"), format!("{framing} {n}"));
                    let stream = n % 2 == 1;
                    let answer = client.chat(&chat(&model, json!({ "user": user, "stream": stream })));
                    (answer, user, stream)
                };
                (0..20).map(call).collect::<Vec<_>>()
            })
        });
        callers.map(|caller| caller.join().expect("a caller"))
    });
    for (answer, user, stream) in answers.iter().flatten() {
        assert_eq!(rig.good(answer, *stream), *user);
    }
    rig.finish();
}

//! S7, S9, S10 and S12: how a stream goes wrong once it has begun. Each has one end, and is settled as what it was.

use serde_json::json;

use super::{Scene, Setup, assert_broke, data_of, shown};
use crate::harness::{LIVENESS, eventually};

/// The type and the code of a stream that was cut.
const CUT: (&str, &str) = ("upstream_stream_truncated", "502");

#[test]
fn s07_an_event_without_its_blank_line_does_not_count() {
    let scene = Scene::new();
    let want = scene.expected("chunks=3");
    let (_done, whole) = want.split_last().expect("events");
    for how in ["slice=0", "slice=1", "framing=length", "framing=close", "eol=lf,comments"] {
        assert_broke(&scene.play(&format!("chunks=3,unterminated,{how}")), CUT.0, CUT.1, whole);
        scene.assert_settled("truncated", whole.len());
    }
    // the last event is the usage: lost, so the tokens are an estimate
    let (_usage, before) = whole.split_last().expect("events");
    assert_broke(&scene.play("chunks=3,done=missing,unterminated"), CUT.0, CUT.1, before);
    scene.assert_settled("truncated", before.len());
    assert_eq!(scene.record()["estimated"], true);
}

#[test]
fn s09_what_is_not_json_passes_as_it_came() {
    for callbacks in ["", "noop"] {
        let scene = Scene::with(&Setup { callbacks, ..Setup::default() });
        for at in [0, 2] {
            let spec = format!("chunks=3,bad-json:{at}");
            let want = scene.expected(&spec);
            let got = scene.play(&spec);
            assert_eq!(data_of(&got), want);
            assert_eq!(got.data.last().map(String::as_str), Some("[DONE]"));
            assert!(serde_json::from_str::<serde_json::Value>(&got.data[at]).is_err(), "the mock plays the fault");
            scene.assert_settled("ok", want.len() - 1);
        }
    }
}

#[test]
fn s10_an_error_after_tokens_is_the_end() {
    let scene = Scene::warm();
    let want = scene.expected("chunks=5");
    for (code, kind) in
        [("rate_limit_exceeded", "rate_limit_exceeded"), ("context_length_exceeded", "context_length_exceeded")]
    {
        for how in ["gap=0ms", "gap=3ms", "slice=1", "eol=crlf"] {
            let got = scene.play(&format!("chunks=5,error-event:3,code={code},message=too much,{how}"));
            let error = got.assert_failed();
            assert_eq!((error["code"].as_str(), error["message"].as_str()), (Some(kind), Some("too much")), "{error}");
            assert_eq!(&data_of(&got)[..3], &want[..3]);
            scene.assert_settled("upstream_error", 3);
            let record = scene.record();
            assert_eq!((&record["error_class"], &record["error_message"]), (&json!("provider"), &json!("too much")));
            // billed for what was delivered
            let tokens = scene.tokens(&got.text());
            assert_eq!(
                (&record["completion_tokens"], &record["estimated"]),
                (&json!(tokens), &json!(true)),
                "{record}"
            );
        }
    }
}

#[test]
fn s10_usage_before_the_error_is_what_is_billed() {
    let scene = Scene::new();
    scene.play("chunks=6,usage=every,completion-tokens=60,error-event:4").assert_failed();
    let record = scene.record();
    assert_eq!(record["estimated"], false, "{record}");
    assert_eq!((&record["prompt_tokens"], &record["completion_tokens"]), (&json!(7), &json!(30)), "{record}");
}

#[test]
fn s10_streams_that_break_count_against_the_deployment() {
    let scene =
        Scene::with(&Setup { router: "num_retries: 0, allowed_fails: 2, cooldown_time: 60", ..Setup::default() });
    for fault in ["error-event:2", "cut:2", "done=missing"] {
        scene.play(&format!("chunks=5,{fault}")).assert_failed();
        scene.record();
    }
    let text = scene.gateway.client().get("/metrics").text();
    let cooling = text.lines().find(|line| line.starts_with("millrace_deployment_cooling{")).expect("a gauge");
    assert!(cooling.ends_with(" 1"), "{cooling}");
}

#[test]
fn s12_cut_short_is_an_error_and_never_an_end() {
    // retries are on: after the first byte none may happen (I1)
    let scene = Scene::with(&Setup { router: "num_retries: 3, disable_cooldowns: true", ..Setup::default() });
    let emoji = "chunks=5,alphabet=emoji";
    let want = scene.expected(emoji);
    let all = want.len() - 1;
    for (fault, events) in [
        ("cut:3", 3),
        ("cut:1", 1),
        ("mid-chunk:3", 3),
        ("mid-utf8:3", 3),
        ("cut:3,gap=4ms", 3),
        ("cut:3,slice=1", 3),
        ("cut:3,framing=length", 3),
        ("mid-chunk:2,framing=length", 2),
        // the proper end of a body is no end of a stream
        ("done=missing", all),
        ("done=missing,framing=close-silent", all),
        ("cut:4,framing=close-silent", 4),
    ] {
        let before = scene.mock.stats().requests;
        assert_broke(&scene.play(&format!("{emoji},{fault}")), CUT.0, CUT.1, &want[..events]);
        scene.assert_settled("truncated", events);
        assert_eq!(scene.mock.stats().requests, before + 1, "retried after the first byte (I1): {fault}");
    }
}

#[test]
fn s12_a_reset_is_no_end_either() {
    let scene = Scene::new();
    let want = scene.expected("chunks=5");
    let mut stream = scene.send("chunks=5,stall:3", shown());
    let first = stream.until("\"delta\":{\"content\"");
    scene.mock.drop_connections();
    let rest = stream.whole();
    let text = super::unnumbered(&(first + &rest.text()));
    assert!(rest.complete, "the body broke off instead of saying why");
    assert!(text.starts_with(&super::canonical(&want[..2])), "{text}");
    assert!(text.contains(CUT.0) && !text.contains("[DONE]"), "{text}");
    assert_eq!(scene.record()["outcome"], "truncated");
}

/// Behind a whole stream the body may end as badly as it likes: the client has all of it.
#[test]
fn s12_a_body_that_breaks_after_the_terminal_event_is_whole() {
    let scene = Scene::new();
    let want = scene.expected("chunks=3");
    for framing in ["no-last-chunk", "length-high", "no-last-chunk,how=fin"] {
        let got = scene.play(&format!("chunks=3,framing={framing}"));
        got.assert_done();
        assert_eq!(data_of(&got), want, "{framing}");
        scene.assert_settled("ok", want.len() - 1);
    }
}

#[test]
fn s12_a_client_that_leaves_is_neither_ok_nor_an_error() {
    let scene = Scene::new();
    let mut stream = scene.send("chunks=5,stall:3", shown());
    stream.until("\"delta\":{\"content\"");
    stream.leave();
    assert!(scene.mock.wait_until_blocking(|stats| stats.streams_cancelled == 1, LIVENESS), "upstream was not closed");
    eventually("the exchange settles", || scene.record()["outcome"] == "client_cancelled");
}

//! Frames that are damaged, cut, too long; exceptions in place of an answer and within one.

use super::{KEYS, Scene};
use crate::messages::Caller;

const MODEL: &str = "b/m";

/// What the caller read before the stream broke, and the error it then got.
#[track_caller]
fn broken(scene: &Scene, behaviour: &str) -> (String, serde_json::Value) {
    scene.behaves(behaviour);
    let answer = scene.ask(Caller::OpenAi, MODEL, true);
    assert_eq!(answer.status, 200, "{}", answer.text());
    (answer.events().text(), answer.events().assert_failed())
}

#[test]
fn s20_a_damaged_frame_breaks_the_stream_and_is_never_its_end() {
    let scene = Scene::new();
    for behaviour in ["bad-crc:4", "bad-prelude:4", "bad-crc:4,slice=1", "bad-prelude:4,slice=3"] {
        let (text, error) = broken(&scene, &format!("text=abcdefgh,chunk-bytes=1,{behaviour}"));
        // the first frame begins the message, the fifth is the first that is not believed
        assert_eq!(text, "abc", "{behaviour}");
        assert_eq!(error["code"], "502", "{behaviour}: {error}");
        assert!(error["message"].as_str().unwrap().contains("damaged"), "{error}");
    }
    // the last frame tells the usage, and without it nothing has ended
    let (text, error) = broken(&scene, "text=ab,chunk-bytes=1,bad-crc:99");
    assert_eq!((text.as_str(), error["code"].as_str()), ("ab", Some("502")));
}

#[test]
fn s20_a_cut_frame_is_no_end() {
    let scene = Scene::new();
    for behaviour in ["cut-frame:3", "cut-frame:99", "mid-chunk:3", "done=missing"] {
        let (_, error) = broken(&scene, &format!("text=abcdefgh,chunk-bytes=1,{behaviour}"));
        assert_eq!(error["type"], "upstream_stream_truncated", "{behaviour}: {error}");
    }
}

#[test]
fn s20_a_first_frame_that_is_damaged_is_tried_again_elsewhere() {
    let scene = Scene::with(KEYS, "router_settings: {num_retries: 1}\n");
    for behaviour in ["bad-crc:0", "bad-prelude:0", "cut-frame:0"] {
        scene.mock.push_script([behaviour, "chunks=2"].map(|spec| spec.parse().unwrap_or_else(|e| panic!("{e}"))));
        let answer = scene.ask(Caller::OpenAi, MODEL, true);
        assert_eq!(answer.status, 200, "{behaviour}: {}", answer.text());
        answer.events().assert_done();
    }
}

#[test]
fn s20_a_frame_beyond_the_bound_is_refused() {
    let scene = Scene::with(KEYS, "millrace: {max_event_bytes: 65536}\n");
    let (_, error) = broken(&scene, "huge-event:1");
    assert!(error["message"].as_str().unwrap().contains("longer than 65536 bytes"), "{error}");
}

#[test]
fn an_exception_in_place_of_an_answer_keeps_its_status() {
    let scene = Scene::with(KEYS, "router_settings: {num_retries: 0, disable_cooldowns: true}\n");
    for (kind, status) in [
        ("throttlingException", 429),
        ("validationException", 400),
        ("serviceUnavailableException", 503),
        ("modelStreamErrorException", 502),
        ("internalServerException", 500),
    ] {
        scene.behaves(&format!("error-event:0,error-type={kind},message=told so"));
        for caller in [Caller::OpenAi, Caller::Anthropic] {
            let error = scene.ask(caller, MODEL, true);
            assert_eq!(error.status, status, "{kind}: {}", error.text());
            assert!(error.text().contains("told so"), "{}", error.text());
        }
    }
}

#[test]
fn an_exception_within_an_answer_ends_it_with_an_error() {
    let scene = Scene::new();
    let (text, error) =
        broken(&scene, "text=abcdef,chunk-bytes=1,error-event:4,error-type=modelStreamErrorException,message=it broke");
    assert_eq!(text, "abc");
    assert_eq!(
        (&error["type"], &error["code"]),
        (&"internal_server_error".into(), &"modelStreamErrorException".into())
    );
    assert_eq!(error["message"], "it broke", "{error}");
}

#[test]
fn errors_of_the_service_are_told_and_what_may_be_tried_again_is() {
    let scene = Scene::with(KEYS, "router_settings: {num_retries: 1, disable_cooldowns: true}\n");
    for (status, tries) in [(400, 1), (404, 1), (424, 2), (429, 2), (503, 2)] {
        scene.mock.reset();
        scene.behaves(&format!("{status},message=told so"));
        let error = scene.ask(Caller::OpenAi, MODEL, false).error(status);
        assert_eq!(error["message"], "told so", "{error}");
        assert_eq!(scene.mock.requests().len(), tries, "{status}");
    }
}

#[test]
fn events_of_kinds_that_nobody_knows_are_skipped() {
    let scene = Scene::new();
    scene.behaves("chunks=3,extra");
    let answer = scene.ask(Caller::OpenAi, MODEL, true);
    assert_eq!(answer.status, 200);
    answer.events().assert_done();
}

#[test]
fn an_error_whose_kind_stands_in_a_header_is_told_with_it() {
    let scene = Scene::with(KEYS, "router_settings: {num_retries: 0, disable_cooldowns: true}\n");
    for (status, header, kind, code) in [
        (429, "ThrottlingException:http://x/y", "throttling_error", "ThrottlingException"),
        (400, "ValidationException", "invalid_request_error", "ValidationException"),
        // no name at all: what the status stands for
        (429, "<odd>", "throttling_error", "429"),
    ] {
        scene.behaves(&format!("{status},message=told so,header=x-amzn-errortype:{header}"));
        let error = scene.ask(Caller::OpenAi, MODEL, false).error(status);
        assert_eq!((&error["type"], &error["code"]), (&kind.into(), &code.into()), "{error}");
        assert_eq!(error["message"], "told so", "{error}");
    }
}

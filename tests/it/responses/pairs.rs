//! Each caller before each provider: the same answer comes to the same, whole and streamed.

use serde_json::json;

use super::{GROUPS, Scene, said};
use crate::messages::{Caller, Said};

#[test]
fn the_same_answer_comes_to_the_same_before_every_provider_whole_and_streamed() {
    let scene = Scene::new();
    for choices in [
        "mock:chunks=5",
        "mock:chunks=4,alphabet=mixed",
        "mock:chunks=0,tool-calls=1",
        "mock:chunks=2,tool-calls=3",
        "mock:chunks=0,tool-calls=2,arguments=empty",
        "mock:chunks=0,tool-calls=2,arguments=none",
        "mock:chunks=3,thinking=4",
        "mock:chunks=3,stop=length",
    ] {
        let own = said(&scene.response(&format!("o/{choices}"), false));
        assert!(!own.text.is_empty() || !own.calls.is_empty(), "{choices}: says nothing");
        for group in GROUPS {
            for stream in [false, true] {
                let model = format!("{group}/{choices}");
                let got = said(&scene.response(&model, stream)).but_tokens();
                let want =
                    Said { model: model.clone(), ..said(&scene.response(&format!("o/{choices}"), false)).but_tokens() };
                assert_eq!(got, want, "stream={stream} {model}");
            }
        }
    }
}

#[test]
fn callers_of_other_protocols_reach_a_provider_that_is_asked_for_responses() {
    let scene = Scene::new();
    for choices in
        ["mock:chunks=5", "mock:chunks=2,tool-calls=3", "mock:chunks=3,thinking=4", "mock:chunks=3,stop=length"]
    {
        let model = format!("r/{choices}");
        let want = said(&scene.response(&model, false)).but_tokens();
        for (caller, path) in [(Caller::OpenAi, "/v1/chat/completions"), (Caller::Anthropic, "/v1/messages")] {
            for stream in [false, true] {
                let mut body = json!({"model": model, "max_tokens": 99, "stream": stream,
                    "messages": [{"role": "user", "content": "hi"}]});
                if caller == Caller::Anthropic {
                    body["thinking"] = json!({"type": "adaptive"});
                }
                let answer = scene.client().post(path, &body);
                assert_eq!(answer.status, 200, "{}", answer.text());
                let got = crate::messages::said(caller, &answer, stream).but_tokens();
                assert_eq!(got, want, "{caller:?} {stream} {model}");
                let sent = scene.mock.last_request().expect("a request");
                assert!(sent.path.ends_with("/responses"), "{}", sent.path);
                let sent = sent.json();
                assert_eq!((&sent["store"], &sent["max_output_tokens"]), (&json!(false), &json!(99)), "{sent}");
            }
        }
    }
}

#[test]
fn the_providers_own_protocol_passes_unread_but_for_the_models_name() {
    let scene = Scene::new();
    let body = json!({"model": "o/mock:chunks=3,extra", "stream": true, "nobody_knows": {"this": [1, 2.50]},
        "previous_response_id": "resp_0", "tools": [{"type": "web_search"}], "background": false,
        "input": [{"type": "item_reference", "id": "msg_1"}, {"role": "user", "content": "hi"}]});
    let answer = scene.post(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut want = body;
    want["model"] = json!("mock:chunks=3,extra");
    assert_eq!(scene.sent(), want);
    let text = answer.text();
    assert!(text.contains("response.x_mock.event") && text.contains("x_mock_item"), "an event was left out: {text}");
    assert!(!text.contains("\"model\":\"mock:"), "the provider's name of the model: {text}");
    assert_eq!(text.matches("\"model\":\"o/mock:chunks=3,extra\"").count(), 3, "{text}");
}

#[test]
fn tokens_are_told_in_the_callers_convention_and_thought_of_too() {
    let scene = Scene::new();
    // what came from a cache is part of OpenAI's prompt and stands beside Anthropic's
    for (group, prompt) in [("o", 1000), ("c", 1000), ("a", 1400), ("r", 1000)] {
        for stream in [false, true] {
            let model = format!("{group}/mock:chunks=5,prompt-tokens=1000,cached-tokens=400,reasoning-tokens=2");
            let usage = scene.response(&model, stream)["usage"].clone();
            assert_eq!(usage["input_tokens"], prompt, "{model}");
            assert_eq!(usage["input_tokens_details"]["cached_tokens"], 400, "{model}");
            assert_eq!(usage["output_tokens_details"]["reasoning_tokens"], 2, "{model}");
            let sum = usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap();
            assert_eq!(usage["total_tokens"], sum, "{model}");
        }
    }
}

#[test]
fn s22_an_answer_of_the_other_kind_becomes_the_kind_that_was_asked_for() {
    let scene = Scene::new();
    for group in GROUPS {
        for choices in ["chunks=3,thinking=2,tool-calls=1,text-too", "chunks=3"] {
            let whole = said(&scene.response(&format!("{group}/mock:{choices}"), false));
            let split = said(&scene.response(&format!("{group}/mock:{choices},shape=json"), true));
            let collected = said(&scene.response(&format!("{group}/mock:{choices},shape=sse"), false));
            assert_eq!((split.text, split.calls), (whole.text.clone(), whole.calls.clone()), "{group} {choices}");
            assert_eq!((collected.text, collected.thought), (whole.text, whole.thought), "{group} {choices}");
        }
    }
}

//! Errors in Google's shape, whatever the provider speaks, before the head and after it; and that no stream that was cut
//! looks whole.

use serde_json::{Value, json};

use super::Scene;
use crate::harness::Answer;

/// Google's shape, with the request id.
#[track_caller]
fn google(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], status, "{error}");
    assert!(error["message"].is_string(), "{error}");
    assert_eq!(error["details"][0]["metadata"]["request_id"].as_str(), answer.header("x-request-id"), "{error}");
    error["status"].as_str().expect("a status").to_owned()
}

fn scene() -> Scene {
    Scene::with("", "router_settings: {num_retries: 0, disable_cooldowns: true}\n")
}

#[test]
fn i8_what_never_reaches_a_provider_is_told_in_googles_shape() {
    let scene = scene();
    let client = scene.gateway.client();
    let path = "/v1beta/models/gemini/mock:generateContent";
    assert_eq!(google(&client.anonymous().post(path, &json!({})), 401), "UNAUTHENTICATED");
    assert_eq!(google(&client.get(path), 405), "INVALID_ARGUMENT");
    assert_eq!(google(&client.post(path, &json!({})), 400), "INVALID_ARGUMENT");
    assert_eq!(
        google(&client.post(path, &json!({"contents": [], "api_base": "http://evil"})), 400),
        "INVALID_ARGUMENT"
    );
    assert_eq!(google(&scene.ask("unknown", "generateContent"), 404), "NOT_FOUND");
    assert_eq!(google(&client.get("/v1beta/nothing"), 404), "NOT_FOUND");
    let bad = json!({"contents": [{"parts": [{"inlineData": {"mimeType": "image/png"}}]}]});
    let told = client.post("/v1beta/models/o/mock:generateContent", &bad);
    assert_eq!(google(&told, 400), "INVALID_ARGUMENT");
    assert!(told.text().contains("/contents/0/parts/0/inlineData/data"), "{}", told.text());
}

#[test]
fn a_providers_error_keeps_its_status_and_words() {
    let scene = scene();
    for provider in ["gemini", "o", "a"] {
        for (status, word) in [(400, "INVALID_ARGUMENT"), (429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")] {
            for verb in ["generateContent", "streamGenerateContent?alt=sse", "streamGenerateContent"] {
                let told = scene.ask(&format!("{provider}/mock:status:{status}"), verb);
                assert_eq!(google(&told, status), word, "{provider} {verb}");
            }
        }
    }
}

#[test]
fn i2_a_stream_that_breaks_ends_in_one_error_and_without_a_reason() {
    let scene = scene();
    let finished = |event: &Value| event["candidates"][0]["finishReason"].is_string();
    for provider in ["gemini", "o", "a"] {
        for fault in ["cut:2", "cut:2,how=rst", "error-event:2", "finish=missing,done=missing"] {
            let model = format!("{provider}/mock:chunks=4,{fault}");
            let events = scene.ask(&model, "streamGenerateContent?alt=sse").events().json();
            let array = scene.ask(&model, "streamGenerateContent").json();
            for events in [events, array.as_array().unwrap_or_else(|| panic!("{array}")).clone()] {
                let (last, before) = events.split_last().expect("events");
                assert!(last["error"]["message"].is_string() && last["error"]["code"].is_u64(), "{model}: {last}");
                assert!(
                    !before.iter().any(|event| event["error"].is_object() || finished(event)),
                    "{model}: {before:?}"
                );
            }
        }
    }
}

#[test]
fn a_whole_answer_to_a_stream_and_a_stream_to_a_whole_one_are_taken_for_what_they_are() {
    let scene = scene();
    for provider in ["gemini", "o", "a"] {
        let events =
            scene.ask(&format!("{provider}/mock:chunks=2,shape=json"), "streamGenerateContent?alt=sse").events().json();
        assert_eq!(events.last().unwrap()["candidates"][0]["finishReason"], "STOP", "{provider}");
        let whole = scene.ask(&format!("{provider}/mock:chunks=2,shape=sse"), "generateContent");
        assert_eq!(whole.json()["candidates"][0]["finishReason"], "STOP", "{provider}: {}", whole.text());
    }
}

#[test]
fn what_cannot_be_understood_is_a_fault_of_the_provider() {
    let scene = scene();
    assert_eq!(google(&scene.ask("gemini/mock:garbage", "generateContent"), 502), "UNAVAILABLE");
    assert_eq!(google(&scene.ask("gemini/mock:null", "generateContent"), 502), "UNAVAILABLE");
    assert_eq!(google(&scene.ask("gemini/mock:strange", "generateContent"), 502), "UNAVAILABLE");
    assert_eq!(google(&scene.ask("o/mock:html", "generateContent"), 502), "UNAVAILABLE");
}

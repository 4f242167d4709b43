//! Errors in the caller's protocol, before the head and after it, and streams that break (I2, I8, S12).

use serde_json::json;

use super::{GROUPS, Scene};
use crate::messages::joined::events_of;

#[test]
fn i8_what_never_reaches_a_provider_is_told_in_openais_words() {
    let scene = Scene::new();
    let client = scene.client();
    client.anonymous().post("/v1/responses", &json!({})).error(401);
    for path in ["/v1/responses", "/responses", "/openai/v1/responses"] {
        let error = client.post(path, &json!({"model": "o/x"})).error(400);
        assert_eq!(error["param"], "input", "{path}");
        assert_eq!(client.get(path).status, 405, "{path}");
    }
    client.post("/v1/responses", &json!({"model": "unknown", "input": "hi"})).error(404);
    client.post("/v1/responses", &json!({"model": "o/x", "input": "hi", "api_base": "http://evil"})).error(400);
}

#[test]
fn a_providers_error_keeps_its_status_before_every_provider() {
    let scene = Scene::with("", "router_settings: {num_retries: 0, disable_cooldowns: true}\n");
    for group in GROUPS {
        for status in [400, 429, 529] {
            for stream in [false, true] {
                let model = format!("{group}/mock:status:{status}");
                let error = scene.ask(&model, stream).error(status);
                assert!(error["message"].is_string(), "{model}");
            }
        }
        scene.ask(&format!("{group}/mock:garbage"), false).error(502);
        scene.ask(&format!("{group}/mock:strange"), false).error(502);
    }
}

#[test]
fn s12_a_stream_that_breaks_ends_in_one_error_event_and_never_looks_complete() {
    let scene = Scene::with("", "router_settings: {num_retries: 0, disable_cooldowns: true}\n");
    for group in GROUPS {
        for fault in ["cut:3", "cut:3,how=rst", "error-event:3", "done=missing"] {
            let model = format!("{group}/mock:chunks=4,{fault}");
            let events = events_of(&scene.ask(&model, true).body);
            let (name, data) = events.last().expect("events");
            assert_eq!(name, "error", "{model}: {events:?}");
            assert_eq!(events.iter().filter(|(name, _)| name == "error").count(), 1, "{model}");
            assert!(data["message"].is_string() && data["code"].is_string(), "{model}: {data}");
            assert_eq!(data["sequence_number"], json!(events.len() - 1), "{model}: {data}");
            let ended = ["response.completed", "response.incomplete", "response.failed"];
            assert!(!events.iter().any(|(name, _)| ended.contains(&name.as_str())), "{model}: {events:?}");
        }
    }
}

#[test]
fn s12_a_chat_before_responses_that_break_is_told_so() {
    let scene = Scene::with("", "router_settings: {num_retries: 0, disable_cooldowns: true}\n");
    for fault in ["cut:5", "error-event:5", "done=missing"] {
        let body = json!({"model": format!("r/mock:chunks=4,{fault}"), "stream": true,
            "messages": [{"role": "user", "content": "hi"}]});
        scene.client().chat(&body).events().assert_failed();
    }
}

#[test]
fn what_openai_keeps_is_refused_before_other_providers_and_by_its_id() {
    let scene = Scene::new();
    for group in ["c", "a"] {
        for (name, value) in [
            ("previous_response_id", json!("resp_1")),
            ("conversation", json!("conv_1")),
            ("background", json!(true)),
            ("prompt", json!({"id": "pmpt_1"})),
        ] {
            let mut body = json!({"model": format!("{group}/mock:chunks=1"), "input": "hi"});
            body[name] = value;
            let error = scene.post(&body).error(400);
            assert_eq!(error["param"], name, "{error}");
            assert!(error["message"].as_str().unwrap().contains("send the whole `input`"), "{error}");
        }
        let body =
            json!({"model": format!("{group}/mock:chunks=1"), "input": [{"type": "item_reference", "id": "msg_1"}]});
        assert!(scene.post(&body).error(400)["message"].as_str().unwrap().contains("/input/0/type"));
    }
    let error = scene.client().get("/v1/responses/resp_1").error(400);
    assert!(error["message"].as_str().unwrap().contains("not kept here"), "{error}");
    let cancel = scene.client().post("/responses/resp_1/cancel", &json!({})).error(400);
    assert_eq!(cancel["message"], error["message"]);
}

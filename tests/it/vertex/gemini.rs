//! Gemini on Vertex AI: AI Studio's protocol, below the project and the location.

use serde_json::{Value, json};

use super::Scene;
use crate::harness::{PROVIDER_KEY, chat};

const PLACE: &str = ", vertex_project: p, vertex_location: global";
const BELOW: &str = "/v1/projects/p/locations/global/publishers/google/models";

fn messages(model: &str) -> Value {
    json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
}

#[test]
fn each_caller_is_answered_by_the_verbs_of_the_model() {
    let scene = Scene::of("gemini", "", PLACE);
    let model = "gemini-mock";
    for (route, body, verb) in [
        ("/v1/chat/completions", chat(model, json!({})), ":generateContent"),
        ("/v1/chat/completions", chat(model, json!({"stream": true})), ":streamGenerateContent?alt=sse"),
        ("/v1/messages", messages(model), ":generateContent"),
        ("/v1/messages/count_tokens", messages(model), ":countTokens"),
    ] {
        let sent = scene.sent(route, &body);
        assert_eq!(sent.path, format!("{BELOW}/{model}{verb}"), "{route}");
        assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {PROVIDER_KEY}")));
        assert_eq!((sent.header("x-goog-api-key"), &sent.json()["model"]), (None, &Value::Null));
    }
}

#[test]
fn a_stream_and_a_whole_answer_say_the_same() {
    let scene = Scene::of("gemini", "", PLACE);
    let behaviour = "chunks=3,prompt-tokens=7,completion-tokens=31".parse();
    scene.mock.set_behaviour(behaviour.unwrap_or_else(|error| panic!("{error}")));
    let events = scene.gateway.client().events(&chat("gemini-mock", json!({"stream": true})));
    events.assert_done();
    let whole = scene.gateway.client().chat(&chat("gemini-mock", json!({}))).json();
    assert_eq!(whole["choices"][0]["message"]["content"], events.text());
    assert_eq!((&whole["usage"]["completion_tokens"], &whole["model"]), (&json!(31), &json!("gemini-mock")));
}

#[test]
fn an_address_may_lead_to_the_model_and_no_name_leads_elsewhere() {
    let whole = "/gw/v1/projects/x/locations/y/publishers/google/models/gemini-mine";
    let sent = Scene::of("gemini", whole, "").sent("/v1/chat/completions", &chat("gemini-mock", json!({})));
    assert_eq!(sent.path, format!("{whole}:generateContent"));
    let scene = Scene::of("gemini", "", PLACE);
    for (model, segment) in [("gemini-x:predict?y#z", "gemini-x%3Apredict%3Fy%23z"), ("gemini-x%2fy", "gemini-x%252fy")]
    {
        let path = scene.sent("/v1/chat/completions", &chat(model, json!({}))).path;
        assert_eq!(path, format!("{BELOW}/{segment}:generateContent"));
    }
    let before = scene.mock.stats().requests;
    for model in ["gemini-../../x", "gemini-x%2f..%2fy", "gemini-x/.."] {
        scene.gateway.client().chat(&chat(model, json!({}))).error(400);
    }
    assert_eq!(scene.mock.stats().requests, before, "a step up was sent");
}

#[test]
fn what_is_counted_stands_by_itself() {
    let scene = Scene::of("gemini", "", PLACE);
    let mut asked = messages("gemini-mock");
    asked["system"] = "be brief".into();
    let sent = scene.sent("/v1/messages/count_tokens", &asked).json();
    for (member, there) in [("contents", true), ("systemInstruction", true), ("generateContentRequest", false)] {
        assert_eq!(sent.get(member).is_some(), there, "{sent}");
    }
    // a caller of Google's may send a whole request
    let contents = json!([{"role": "user", "parts": [{"text": "hi"}]}]);
    let whole = json!({"generateContentRequest": {"model": "models/gemini-mock", "contents": contents}});
    let sent = scene.sent("/v1beta/models/gemini-mock:countTokens", &whole).json();
    assert_eq!(sent, json!({"contents": contents}));
}

/// Callers write the whole path out, as LiteLLM's do, or begin behind what the operator's address has.
#[test]
fn a_pass_through_stays_in_the_operators_project() {
    let scene = Scene::of("gemini", "", PLACE);
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    let places = [("", BELOW), ("/v1/projects/p/locations/global/publishers", BELOW)];
    for (written, below) in places {
        let sent = scene.sent(&format!("/vertex_ai{written}/google/models/gemini-mock:generateContent"), &body);
        assert_eq!(sent.path, format!("{below}/gemini-mock:generateContent"));
        assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {PROVIDER_KEY}")));
    }
    let other = "/v1/projects/other/locations/global/publishers/google/models/gemini-mock:generateContent";
    scene.gateway.client().post(&format!("/vertex_ai{other}"), &body);
    let sent = scene.mock.last_request().expect("a request").path;
    assert!(sent.starts_with("/v1/projects/p/locations/global/publishers/"), "{sent}");
}

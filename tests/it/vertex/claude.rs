//! Claude on Vertex AI: the model stands in the path, version and betas in the body, and messages pass as they came.

use serde_json::{Value, json};

use super::Scene;
use crate::harness::{PROVIDER_KEY, chat};

const PLACE: &str = ", vertex_project: p, vertex_location: europe-west1";
const BELOW: &str = "/v1/projects/p/locations/europe-west1/publishers/anthropic/models";

fn messages(model: &str, more: &Value) -> Value {
    let mut body = json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn each_resource_has_its_verb_and_the_model_leaves_the_body() {
    let scene = Scene::of("claude", "", PLACE);
    let model = "claude-mock@20250514";
    let stream = json!({"stream": true});
    for (route, body, path) in [
        ("/v1/messages", messages(model, &json!({})), format!("{BELOW}/{model}:rawPredict")),
        ("/v1/messages", messages(model, &stream), format!("{BELOW}/{model}:streamRawPredict")),
        ("/v1/chat/completions", chat(model, json!({"max_tokens": 9})), format!("{BELOW}/{model}:rawPredict")),
        (
            "/v1/chat/completions",
            chat(model, json!({"max_tokens": 9, "stream": true})),
            format!("{BELOW}/{model}:streamRawPredict"),
        ),
    ] {
        let sent = scene.sent(route, &body);
        assert_eq!(sent.path, path, "{route} {body}");
        assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {PROVIDER_KEY}")));
        assert_eq!((sent.header("anthropic-version"), sent.header("x-api-key")), (None, None));
        let told = sent.json();
        assert_eq!((&told["model"], &told["anthropic_version"]), (&Value::Null, &json!("vertex-2023-10-16")), "{told}");
        assert_eq!(told["stream"].as_bool().unwrap_or_default(), body["stream"].as_bool().unwrap_or_default());
    }
}

#[test]
fn tokens_are_counted_by_a_model_of_their_own_that_is_told_which() {
    let scene = Scene::of("claude", "", PLACE);
    let body = json!({"model": "claude-mock", "messages": [{"role": "user", "content": "hi"}]});
    let sent = scene.sent("/v1/messages/count_tokens", &body);
    assert_eq!(sent.path, format!("{BELOW}/count-tokens:rawPredict"));
    assert_eq!(sent.json()["model"], "claude-mock");
}

#[test]
fn betas_go_into_the_body() {
    let scene = Scene::of("claude", "", &format!("{PLACE}, extra_headers: {{anthropic-beta: own-1}}"));
    let client = scene.gateway.client().header("anthropic-beta", "a-1, b-2").header("anthropic-version", "2023-06-01");
    assert_eq!(client.post("/v1/messages", &messages("claude-mock", &json!({}))).status, 200);
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!(sent.json()["anthropic_beta"], json!(["own-1", "a-1", "b-2"]));
    assert_eq!(sent.header("anthropic-version"), None);
}

/// Between one model and its caller nothing is read that need not be: what comes is what Anthropic's own host would send.
#[test]
fn messages_pass_as_they_came_and_chat_is_answered_in_its_own_words() {
    let scene = Scene::of("claude", "", PLACE);
    let model = "claude-mock";
    let behaviour = "chunks=3,thinking=2,prompt-tokens=7,completion-tokens=31".parse();
    scene.mock.set_behaviour(behaviour.unwrap_or_else(|error| panic!("{error}")));
    let odd = json!({"metadata": {"user_id": "é\u{1F680}"}, "x_unknown": {"a": [1.50, null]}});
    let sent = scene.sent("/v1/messages", &messages(model, &odd));
    assert_eq!((&sent.json()["x_unknown"], &sent.json()["metadata"]), (&odd["x_unknown"], &odd["metadata"]));
    let whole = scene.gateway.client().post("/v1/messages", &messages(model, &odd)).json();
    assert_eq!((&whole["model"], &whole["usage"]["output_tokens"]), (&json!(model), &json!(31)));
    assert_eq!(whole["content"][0]["type"], "thinking");
    let text = scene.gateway.client().post("/v1/messages", &messages(model, &json!({"stream": true}))).text();
    assert!(text.contains("event: message_stop") && text.contains("signature_delta"), "{text}");
    let events = scene.gateway.client().events(&chat(model, json!({"max_tokens": 9, "stream": true})));
    events.assert_done();
    let answer = scene.gateway.client().chat(&chat(model, json!({"max_tokens": 9}))).json();
    assert_eq!(answer["choices"][0]["message"]["content"], events.text());
    assert_eq!((&answer["usage"]["completion_tokens"], &answer["model"]), (&json!(31), &json!(model)));
}

#[test]
fn an_address_may_lead_to_the_version_or_to_the_model() {
    let body = messages("claude-mock", &json!({}));
    assert_eq!(
        Scene::of("claude", "/proxy/v1", PLACE).sent("/v1/messages", &body).path,
        format!("/proxy{BELOW}/claude-mock:rawPredict")
    );
    let whole = "/gw/v1/projects/x/locations/y/publishers/anthropic/models/claude-mine";
    let scene = Scene::of("claude", whole, "");
    assert_eq!(scene.sent("/v1/messages", &body).path, format!("{whole}:rawPredict"));
    let counted = scene.gateway.client().post("/v1/messages/count_tokens", &body);
    assert_eq!(counted.status, 400, "{}", counted.text());
}

#[test]
fn no_name_leads_elsewhere() {
    let scene = Scene::of("claude", "", ", vertex_project: 'a/b?c', vertex_location: us-east5");
    for (model, segment) in [("claude-x:predict?y#z", "claude-x%3Apredict%3Fy%23z"), ("claude-x%2fy", "claude-x%252fy")]
    {
        let path = scene.sent("/v1/messages", &messages(model, &json!({}))).path;
        let below = "/v1/projects/a%2Fb%3Fc/locations/us-east5/publishers/anthropic/models";
        assert_eq!(path, format!("{below}/{segment}:rawPredict"));
    }
    let before = scene.mock.stats().requests;
    for model in ["claude-../../x", "claude-x%2f..%2fy", "claude-x/.."] {
        let answer = scene.gateway.client().post("/v1/messages", &messages(model, &json!({})));
        assert_eq!(answer.status, 400, "{model}: {}", answer.text());
    }
    assert_eq!(scene.mock.stats().requests, before, "a step up was sent");
}

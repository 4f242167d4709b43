//! Callers of responses before every provider of the family: as they came where the provider has responses, as a chat where
//! it has not, or where the operator says so.

use millrace::providers::table::Provider;
use millrace_actors::wire::envelope::Endpoint;
use serde_json::{Value, json};

use super::{Scene, family, path};
use crate::harness::Answer;

fn ask(scene: &Scene, provider: Provider, more: Value) -> Answer {
    let mut body = json!({"model": format!("{provider}/mock:text=it is so,chunks=3"), "input": "hi"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    scene.gateway.client().post("/v1/responses", &body)
}

fn named(name: &str) -> Provider {
    Provider::named(name).expect("a provider")
}

#[test]
fn a_provider_that_has_responses_is_asked_for_them() {
    let scene = Scene::new("");
    let mut have = Vec::new();
    for provider in family() {
        let has_them = provider.endpoints.contains(&Endpoint::Responses);
        have.extend(has_them.then_some(provider.name));
        for stream in [false, true] {
            // a member that nobody knows, and a number that a rewriting would not keep
            let unknown = if has_them { ", \"unknown\": 1.50" } else { "" };
            let model = format!("{provider}/mock:text=it is so,chunks=3");
            let body = format!("{{\"model\": \"{model}\", \"stream\": {stream}, \"input\": \"hi\"{unknown}}}");
            let answer = scene.gateway.client().request("POST", "/v1/responses", body.as_bytes()).whole();
            assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
            let told = if stream {
                answer.events().json().pop().expect("an event")["response"].clone()
            } else {
                answer.json()
            };
            assert_eq!(told["output"][0]["content"][0]["text"], "it is so", "{provider}: {told}");
            assert_eq!(told["model"], format!("{provider}/mock:text=it is so,chunks=3"), "{provider}");
            let sent = scene.mock.last_request().expect("a request");
            let resource = if has_them { "responses" } else { "chat/completions" };
            assert_eq!(sent.path, format!("{}/{resource}", path(provider)), "{provider}");
            if has_them {
                assert_eq!(sent.json()["input"], "hi", "{provider}");
                assert!(sent.text().contains(unknown), "{provider}: {}", sent.text());
                let model = format!("{}mock:text=it is so,chunks=3", provider.traits.model_prefix);
                assert_eq!(sent.json()["model"], model);
            }
        }
        // whoever chats, chats
        assert_eq!(scene.chat(provider, "mock:chunks=1", json!({})).status, 200, "{provider}");
        let sent = scene.mock.last_request().expect("a request");
        assert_eq!(sent.path, format!("{}/chat/completions", path(provider)), "{provider}");
    }
    assert_eq!(have, ["openai", "groq", "xai", "fireworks_ai", "openrouter", "hosted_vllm", "lm_studio"]);
}

#[test]
fn what_a_provider_lacks_is_refused_or_left_out() {
    let scene = Scene::new("");
    for (provider, more, param) in [
        ("groq", json!({"previous_response_id": "resp_1"}), "previous_response_id"),
        ("openrouter", json!({"conversation": "conv_1"}), "conversation"),
        ("xai", json!({"background": true}), "background"),
        ("groq", json!({"truncation": "auto"}), "truncation"),
        ("groq", json!({"max_tool_calls": 3}), "max_tool_calls"),
    ] {
        let error = ask(&scene, named(provider), more).error(400);
        assert_eq!(error["param"], param, "{provider}: {error}");
    }
    assert_eq!(scene.mock.stats().requests, 0);
    let calm = json!({"store": false, "truncation": "disabled", "include": ["reasoning.encrypted_content"],
        "background": false, "previous_response_id": null, "temperature": 0.5});
    let answer = ask(&scene, named("groq"), calm.clone());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.header("x-millrace-params").unwrap_or_default().to_owned();
    assert!(["store", "truncation", "include"].iter().all(|name| told.contains(name)), "{told}");
    let sent = scene.sent();
    assert!(["store", "truncation", "include", "background"].iter().all(|name| sent.get(name).is_none()), "{sent}");
    assert_eq!(sent["temperature"], 0.5);
    assert_eq!(ask(&scene, named("xai"), calm).status, 200);
    assert_eq!(scene.sent()["store"], false, "xAI has it");
    let lenient = Scene::new(", drop_params: true");
    let answer = ask(&lenient, named("groq"), json!({"truncation": "auto", "max_tool_calls": 3}));
    assert_eq!(answer.header("x-millrace-params"), Some("dropped=truncation,max_tool_calls"));
    let error = ask(&lenient, named("groq"), json!({"previous_response_id": "resp_1"})).error(400);
    assert_eq!(error["param"], "previous_response_id", "the answer would know nothing of it");
}

#[test]
fn the_operator_may_have_chats_all_the_same() {
    let scene = Scene::new(", use_chat_completions_api: true");
    for name in ["hosted_vllm", "openai"] {
        for stream in [false, true] {
            let answer = ask(&scene, named(name), json!({ "stream": stream }));
            assert!(answer.text().contains("it is so") && answer.text().contains("output_text"), "{}", answer.text());
            assert!(scene.mock.last_request().expect("a request").path.ends_with("/chat/completions"));
        }
        let body = json!({"model": format!("{name}/mock:text=it is so"), "prompt": "Say"});
        let answer = scene.gateway.client().post("/v1/completions", &body);
        assert_eq!(answer.json()["choices"][0]["text"], "it is so", "{}", answer.text());
        assert!(scene.mock.last_request().expect("a request").path.ends_with("/chat/completions"));
    }
}

//! Text completions before every provider of the family: as they are where it has them, as a chat where it only chats; and
//! the other way round, a model that only goes on with a text.

use millrace::providers::table::Provider;
use millrace_actors::wire::envelope::Endpoint;
use serde_json::{Value, json};

use super::{Scene, everyone, path};

fn body(provider: Provider, stream: bool) -> Value {
    let mut body =
        json!({"model": format!("{provider}/mock:text=it is so,chunks=3"), "prompt": "Say", "max_tokens": 9});
    if stream {
        body["stream"] = json!(true);
    }
    body
}

#[test]
fn every_provider_goes_on_with_a_text() {
    let scene = Scene::new("");
    for provider in everyone() {
        let has_them = provider.endpoints.contains(&Endpoint::Completions);
        let resource = if has_them { "completions" } else { "chat/completions" };
        for stream in [false, true] {
            let answer = scene.gateway.client().post("/v1/completions", &body(provider, stream));
            assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
            let pieces = match stream {
                true => {
                    answer.events().assert_done();
                    answer.events().json()
                }
                false => vec![answer.json()],
            };
            assert!(pieces.iter().all(|piece| piece["object"] == "text_completion"), "{provider}: {pieces:?}");
            assert!(pieces.iter().all(|piece| piece["model"] == body(provider, false)["model"]), "{provider}");
            let text: String = pieces.iter().filter_map(|piece| piece["choices"][0]["text"].as_str()).collect();
            assert_eq!(text.trim(), "it is so", "{provider}");
            let told = pieces.iter().any(|piece| piece["usage"]["total_tokens"].as_u64() > Some(0));
            assert_eq!(told, !stream, "{provider}: usage in a stream is for who asks: {pieces:?}");
            let sent = scene.mock.last_request().expect("a request");
            assert_eq!(sent.path, format!("{}/{resource}", path(provider)), "{provider}");
            let limit =
                if sent.json()["max_completion_tokens"].is_null() { "max_tokens" } else { "max_completion_tokens" };
            assert_eq!(sent.json()[limit], 9, "{provider}");
            let asked = if has_them { json!("Say") } else { json!([{"role": "user", "content": "Say"}]) };
            assert_eq!(sent.json()[if has_them { "prompt" } else { "messages" }], asked, "{provider}");
        }
    }
}

#[test]
fn what_a_server_lacks_is_refused_as_for_a_chat() {
    let scene = Scene::new("");
    let groq = Provider::named("groq").expect("a provider");
    let mut body = body(groq, false);
    body["logit_bias"] = json!({"1": 1});
    let error = scene.gateway.client().post("/v1/completions", &body).error(400);
    assert_eq!(error["param"], "logit_bias", "{error}");
}

#[test]
fn a_model_that_does_not_chat_is_asked_for_one_text() {
    let scene = Scene::new("");
    let model = "text-completion-openai/mock:text=it is so,chunks=3";
    let ask = |path: &str, more: Value| {
        let mut body = crate::harness::chat(model, more);
        body["max_tokens"] = json!(9);
        scene.gateway.client().post(path, &body)
    };
    let said = ask("/v1/chat/completions", json!({})).json();
    assert_eq!(
        (&said["object"], &said["choices"][0]["message"]["content"]),
        (&json!("chat.completion"), &json!("it is so"))
    );
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!((sent.path.as_str(), &sent.json()["prompt"]), ("/v1/completions", &json!("hi")));
    let events = ask("/v1/chat/completions", json!({"stream": true})).events();
    events.assert_done();
    assert_eq!(events.text(), "it is so");
    let said = ask("/v1/messages", json!({})).json();
    assert_eq!(said["content"][0]["text"], "it is so", "{said}");
    let turns = json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]);
    let error = ask("/v1/chat/completions", json!({ "messages": turns })).error(400);
    assert_eq!(error["param"], "messages", "{error}");
    let error =
        ask("/v1/chat/completions", json!({"tools": [{"type": "function", "function": {"name": "f"}}]})).error(400);
    assert_eq!(error["param"], "tools", "{error}");
}

//! Every provider of OpenAI's protocol, by the table: where its calls go and with what, what it does not take, and that its
//! usage is found. A row that is added is tried without a line here.

mod answers;
mod parameters;
mod responses;
mod texts;

use millrace::providers::row::Speaks;
use millrace::providers::table::Provider;
use millrace_actors::wire::envelope::Endpoint;
use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, PROVIDER_KEY};

/// A mock, and a gateway that takes it for each of the providers in turn: `groq/<choices>` and so on.
pub struct Scene {
    pub mock: MockServer,
    pub gateway: Gateway,
}

/// The providers of the family that chat.
pub fn family() -> impl Iterator<Item = Provider> {
    everyone().filter(|provider| provider.endpoints.contains(&Endpoint::Chat))
}

/// The providers of the family.
fn everyone() -> impl Iterator<Item = Provider> {
    Provider::all().filter(|provider| provider.speaks == Speaks::OpenAi)
}

/// The path of the provider's own address.
fn path(provider: Provider) -> &'static str {
    let after_host =
        |base: &'static str| base.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    provider.base.map_or("/v1", |base| after_host(base).unwrap_or_default())
}

impl Scene {
    /// `params` goes into the `litellm_params` of each.
    pub fn new(params: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let root = mock.root_url();
        let entry = |provider: Provider| {
            let (name, path) = (provider.name, path(provider));
            format!(
                "  - model_name: \"{name}/*\"\n    litellm_params: {{model: \"{name}/*\", api_base: \"{root}{path}\", api_key: {PROVIDER_KEY}{params}}}\n"
            )
        };
        let entries: String = everyone().map(entry).collect();
        Scene { gateway: Gateway::from_yaml(&format!("model_list:\n{entries}")), mock }
    }

    /// A chat request to a provider for `model`, with more members.
    pub fn chat(&self, provider: Provider, model: &str, more: Value) -> Answer {
        let body = crate::harness::chat(&format!("{provider}/{model}"), more);
        self.gateway.client().chat(&body)
    }

    /// What the provider got last.
    pub fn sent(&self) -> Value {
        self.mock.last_request().expect("a request").json()
    }
}

/// Usage as the provider tells it: asked for, or unasked where it cannot be asked.
pub fn place(provider: Provider) -> &'static str {
    if provider.traits.stream_options { "asked" } else { "finish" }
}

#[test]
fn each_provider_is_called_where_it_is_and_with_its_credential() {
    let scene = Scene::new("");
    for provider in family() {
        for (caller, route) in [("chat", "/v1/chat/completions"), ("messages", "/v1/messages")] {
            let body = json!({"model": format!("{provider}/mock:chunks=2"), "max_tokens": 9,
                "messages": [{"role": "user", "content": "hi"}]});
            let answer = scene.gateway.client().post(route, &body);
            assert_eq!(answer.status, 200, "{provider} {caller}: {}", answer.text());
            assert_eq!(answer.json()["model"], body["model"], "{provider}");
            let sent = scene.mock.last_request().expect("a request");
            assert_eq!(sent.path, format!("{}/chat/completions", path(provider)), "{provider} {caller}");
            assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {PROVIDER_KEY}")), "{provider}");
            assert_eq!(sent.json()["model"], format!("{}mock:chunks=2", provider.traits.model_prefix));
        }
    }
}

#[test]
fn usage_is_found_wherever_a_provider_tells_it() {
    let scene = Scene::new("");
    for provider in family() {
        let model = format!("mock:chunks=4,prompt-tokens=70,completion-tokens=30,usage={}", place(provider));
        for stream in [false, true] {
            let asked = json!({"stream": stream, "stream_options": {"include_usage": true}});
            let more = if stream { asked } else { json!({}) };
            let answer = scene.chat(provider, &model, more);
            assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
            let told = match stream {
                false => answer.json()["usage"].clone(),
                true => {
                    answer.events().assert_done();
                    let events = answer.events().json();
                    events.iter().rev().find(|event| event["usage"].is_object()).expect("usage")["usage"].clone()
                }
            };
            assert_eq!((&told["prompt_tokens"], &told["completion_tokens"]), (&json!(70), &json!(30)), "{provider}");
            let options = &scene.sent()["stream_options"];
            assert_eq!(options.is_object(), stream && provider.traits.stream_options, "{provider}: {options}");
        }
        let body = json!({"model": format!("{provider}/{model}"), "max_tokens": 9, "stream": true,
            "messages": [{"role": "user", "content": "hi"}]});
        let answer = scene.gateway.client().post("/v1/messages", &body).text();
        assert!(answer.contains("\"output_tokens\":30"), "{provider}: {answer}");
    }
}

#[test]
fn what_a_provider_does_not_serve_is_refused_by_name() {
    let scene = Scene::new("");
    for provider in everyone() {
        let body = json!({"model": format!("{provider}/mock:chunks=2"), "input": "hi"});
        let answer = scene.gateway.client().post("/v1/embeddings", &body);
        if provider.endpoints.contains(&Endpoint::Embeddings) {
            assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
            let want = format!("{}/embeddings", path(provider));
            assert_eq!(scene.mock.last_request().expect("a request").path, want);
        } else {
            let error = answer.error(400);
            assert!(error["message"].as_str().is_some_and(|m| m.contains(provider.name)), "{error}");
        }
    }
}

/// A model's name goes into the body and nowhere else: whatever is in it, the call stays where the operator put it.
#[test]
fn a_model_name_never_leads_elsewhere() {
    let scene = Scene::new("");
    for provider in family() {
        for model in
            ["../../admin", "x?y=z#f", "%2e%2e%2f%2e%2e", "a/b/../c", "http://elsewhere.invalid/v1", "x\u{2028}@h"]
        {
            let answer = scene.chat(provider, model, json!({}));
            assert_eq!(answer.status, 200, "{provider} {model}: {}", answer.text());
            let sent = scene.mock.last_request().expect("a request");
            assert_eq!(sent.path, format!("{}/chat/completions", path(provider)), "{provider} {model}");
            assert!(sent.json()["model"].as_str().is_some_and(|sent| sent.ends_with(model)), "{provider} {model}");
        }
    }
}

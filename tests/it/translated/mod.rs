//! Providers whose protocol no caller speaks: Cohere's and Ollama's. Every caller reaches them, whole and streamed, and a stream
//! has one end however the provider ends it.

mod cohere;
mod ends;
mod ollama;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Gateway, PROVIDER_KEY};
use crate::messages::{Caller, Said, asking, said};

/// The prefixes under which [`Scene`] has the providers: Cohere, Ollama.
pub const PROVIDERS: [&str; 2] = ["c", "l"];

/// What callers speak.
pub const CALLERS: [Caller; 3] = [Caller::OpenAi, Caller::Anthropic, Caller::Gemini];

/// A mock of both, and a gateway that reaches it as `c/<choices>`, `l/<choices>` and, to compare with, as OpenAI's: `o/<choices>`.
pub struct Scene {
    pub mock: MockServer,
    pub gateway: Gateway,
}

impl Scene {
    /// `params` goes into the `litellm_params` of each.
    pub fn new(params: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let entry = |name: &str, provider: &str, base: String| {
            format!(
                "  - model_name: \"{name}/*\"\n    litellm_params: {{model: \"{provider}/*\", api_base: \"{base}\", api_key: {PROVIDER_KEY}{params}}}\n"
            )
        };
        let entries = [
            entry("o", "openai", mock.base_url()),
            entry("c", "cohere", mock.root_url()),
            entry("l", "ollama_chat", mock.root_url()),
        ];
        Scene { gateway: Gateway::from_yaml(&format!("model_list:\n{}", entries.concat())), mock }
    }

    pub fn client(&self) -> Client {
        self.gateway.client()
    }

    /// One question, with more members in it.
    pub fn ask(&self, caller: Caller, model: &str, stream: bool, more: Value) -> Answer {
        let mut body = crate::harness::chat(model, more);
        body["stream"] = stream.into();
        let path = match caller {
            Caller::OpenAi => {
                if stream {
                    body["stream_options"] = json!({"include_usage": true});
                }
                "/v1/chat/completions".to_owned()
            }
            Caller::Anthropic => {
                body["max_tokens"] = json!(1024);
                body = asking(caller, model, body);
                "/v1/messages".to_owned()
            }
            Caller::Gemini => {
                let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                body = asking(caller, model, json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}));
                format!("/v1beta/models/{}:{verb}", model.replace(' ', "%20"))
            }
        };
        self.client().post(&path, &body)
    }

    /// What a plain question comes to.
    #[track_caller]
    pub fn said(&self, caller: Caller, model: &str, stream: bool) -> Said {
        let answer = self.ask(caller, model, stream, json!({}));
        assert_eq!(answer.status, 200, "{model}: {}", answer.text());
        said(caller, &answer, stream)
    }

    /// What the provider got last.
    pub fn sent(&self) -> Value {
        self.mock.last_request().expect("a request").json()
    }
}

#[test]
fn the_same_answer_comes_to_the_same_for_every_caller_whole_and_streamed() {
    // a model whose name does not say that it thinks cannot be asked to
    let scenes = [Scene::new(""), Scene::new(", drop_params: true")];
    for choices in [
        "mock:chunks=5",
        "mock:chunks=4,alphabet=mixed",
        "mock:chunks=3,alphabet=emoji,escape=ascii",
        "mock:chunks=3,alphabet=emoji,escape=lone",
        "mock:chunks=4,slice=1,alphabet=cjk",
        "mock:chunks=3,extra",
        "mock:chunks=0,tool-calls=1",
        "mock:chunks=2,tool-calls=3",
        "mock:chunks=0,tool-calls=2,arguments=empty",
        "mock:chunks=0,tool-calls=2,arguments=none",
        "mock:chunks=3,thinking=4",
        "mock:chunks=2,thinking=3,tool-calls=1",
        "mock:chunks=3,stop=length",
        "mock:chunks=3,done=then",
        "mock:chunks=3,done=twice",
        "mock:chunks=3,done=junk",
        "mock:chunks=3,shape=json",
        "mock:chunks=3,shape=sse",
        "mock:chunks=3,finish=missing",
    ] {
        let scene = &scenes[usize::from(choices.contains("thinking="))];
        let plain = choices.split(",done").next().and_then(|c| c.split(",shape").next()).unwrap_or(choices);
        let want = scene.said(Caller::OpenAi, &format!("o/{plain}"), false);
        for provider in PROVIDERS {
            let model = format!("{provider}/{choices}");
            for caller in CALLERS {
                for stream in [false, true] {
                    let got = scene.said(caller, &model, stream);
                    let finish = if choices.contains("finish=missing") { &got.finish } else { &want.finish };
                    let tokens = got.tokens;
                    let of = |said: &Said| (said.text.clone(), said.thought.clone(), said.calls.clone());
                    assert_eq!(of(&got), of(&want), "{caller:?} stream={stream} {model}");
                    assert_eq!(
                        (&got.finish, got.model.as_str()),
                        (finish, model.as_str()),
                        "{caller:?} stream={stream}"
                    );
                    assert!(tokens.0 > 0, "{caller:?} stream={stream} {model}: no tokens");
                }
            }
        }
    }
}

#[test]
fn tokens_are_told_and_billed_as_the_provider_counts_them() {
    let scene = Scene::new(", input_cost_per_token: 0.001, output_cost_per_token: 0.01");
    for provider in PROVIDERS {
        let model = format!("{provider}/mock:chunks=5,prompt-tokens=1000,completion-tokens=7");
        for caller in CALLERS {
            for stream in [false, true] {
                assert_eq!(scene.said(caller, &model, stream).tokens, (1000, 7), "{caller:?} {stream} {model}");
            }
            let answer = scene.ask(caller, &model, false, json!({}));
            assert_eq!(answer.header("x-litellm-response-cost"), Some("1.07"), "{provider} {caller:?}");
        }
    }
}

#[test]
fn calls_go_where_the_provider_is_with_its_credential() {
    let scene = Scene::new("");
    for (provider, path) in [("c", "/v2/chat"), ("l", "/api/chat")] {
        for model in ["mock:chunks=1", "../../admin", "x?y=z#f", "%2e%2e%2f", "a/../b"] {
            let answer = scene.ask(Caller::OpenAi, &format!("{provider}/{model}"), false, json!({}));
            assert_eq!(answer.status, 200, "{}", answer.text());
            let sent = scene.mock.last_request().expect("a request");
            assert_eq!((sent.path.as_str(), sent.json()["model"].as_str()), (path, Some(model)));
            assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {PROVIDER_KEY}")));
        }
    }
}

#[test]
fn a_parameter_that_would_be_lost_is_refused_or_told() {
    let (strict, lenient) = (Scene::new(""), Scene::new(", drop_params: true"));
    let more = json!({"logit_bias": {"1": 2}, "n": 3, "nobody_knows": 1, "user": "anna"});
    for provider in PROVIDERS {
        let model = format!("{provider}/mock:chunks=1");
        let error = strict.ask(Caller::OpenAi, &model, false, more.clone()).error(400);
        let message = error["message"].as_str().expect("a message");
        for name in ["`logit_bias`", "`n`", "`nobody_knows`"] {
            assert!(message.contains(name) && !message.contains("`user`"), "{message}");
        }
        let answer = lenient.ask(Caller::OpenAi, &model, false, more.clone());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = answer.header("x-millrace-params").expect("notes");
        assert!(["logit_bias", "n", "nobody_knows", "user"].iter().all(|name| told.contains(name)), "{told}");
        assert!(lenient.sent()["nobody_knows"].is_null());
    }
}

#[test]
fn a_text_completion_is_what_the_model_says() {
    let scene = Scene::new("");
    for provider in PROVIDERS {
        let model = format!("{provider}/mock:text=hello there");
        let answer = scene.client().post("/v1/completions", &json!({"model": model, "prompt": "hi"}));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        assert_eq!(
            (&answer["object"], &answer["choices"][0]["text"]),
            (&json!("text_completion"), &json!("hello there"))
        );
    }
}

#[test]
fn callers_of_responses_reach_them_too() {
    let scene = Scene::new("");
    for provider in PROVIDERS {
        let model = format!("{provider}/mock:text=hello there");
        let answer = scene.client().post("/v1/responses", &json!({"model": model, "input": "hi"}));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("hello there"), "{}", answer.text());
    }
}

#[test]
fn embeddings_come_in_openais_form() {
    let scene = Scene::new(", input_cost_per_token: 0.001");
    for provider in PROVIDERS {
        let model = format!("{provider}/mock:prompt-tokens=30,dimensions=4");
        let body = json!({"model": model, "input": ["a", "b"], "encoding_format": "base64", "user": "anna"});
        let answer = scene.client().post("/v1/embeddings", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-litellm-response-cost"), Some("0.03"), "{provider}");
        let told = answer.header("x-millrace-params").unwrap_or_default().to_owned();
        assert!(!told.contains("encoding_format") && told.contains("user"), "{told}");
        let answer = answer.json();
        // 4 numbers of 4 bytes, whether the provider can write them so or not
        assert_eq!(answer["data"][1]["embedding"].as_str().map(str::len), Some(24), "{answer}");
        let plain = json!({"model": model, "input": ["a", "b"]});
        let answer = scene.client().post("/v1/embeddings", &plain).json();
        assert_eq!((&answer["object"], &answer["model"]), (&json!("list"), &json!(model)));
        let vectors: Vec<usize> =
            answer["data"].as_array().unwrap().iter().map(|item| item["embedding"].as_array().unwrap().len()).collect();
        assert_eq!((vectors, &answer["data"][1]["index"]), (vec![4, 4], &json!(1)));
        assert_eq!(answer["usage"], json!({"prompt_tokens": 30, "total_tokens": 30}));
        let tokens = scene.client().post("/v1/embeddings", &json!({"model": model, "input": [1, 2]}));
        assert_eq!(tokens.error(400)["param"], "input.0");
    }
}

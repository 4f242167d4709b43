//! OpenAI's responses: who calls in them before providers of each protocol, and who calls otherwise before one that is asked
//! for responses.

mod ends;
mod joined;
mod pairs;
mod policy;
mod repeated;
mod rounds;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Gateway};
use crate::messages::Said;
use joined::response_of;

/// A mock, and a gateway that reaches it in several ways.
pub struct Scene {
    pub mock: MockServer,
    pub gateway: Gateway,
}

/// The groups: OpenAI itself; a server that has chat completions only; Anthropic; and OpenAI asked for responses by all.
pub const GROUPS: [&str; 4] = ["o", "c", "a", "r"];

impl Scene {
    pub fn new() -> Self {
        Self::with("", "")
    }

    /// `params` goes into every deployment, `more` into the configuration.
    pub fn with(params: &str, more: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let (base, key) = (mock.base_url(), crate::harness::PROVIDER_KEY);
        let entry = |(name, provider): (&str, &str)| {
            format!(
                "  - model_name: \"{name}/*\"\n    litellm_params: {{model: \"{provider}/*\", api_base: \"{base}\", api_key: {key}{params}}}\n"
            )
        };
        let providers = ["openai", "together_ai", "anthropic", "openai/responses"];
        let entries: String = GROUPS.into_iter().zip(providers).map(entry).collect();
        Scene { gateway: Gateway::from_yaml(&format!("model_list:\n{entries}{more}")), mock }
    }

    pub fn client(&self) -> Client {
        self.gateway.client()
    }

    pub fn post(&self, body: &Value) -> Answer {
        self.client().post("/v1/responses", body)
    }

    /// One plain question.
    pub fn ask(&self, model: &str, stream: bool) -> Answer {
        let mut body = json!({"model": model, "stream": stream, "input": "hi"});
        if model.contains("thinking=") {
            body["reasoning"] = json!({"summary": "auto"});
        }
        self.post(&body)
    }

    /// The response that a plain question comes to.
    #[track_caller]
    pub fn response(&self, model: &str, stream: bool) -> Value {
        response(&self.ask(model, stream), stream)
    }

    /// What the provider got last.
    pub fn sent(&self) -> Value {
        self.mock.last_request().expect("a request").json()
    }
}

/// The response that an answer is.
#[track_caller]
pub fn response(answer: &Answer, stream: bool) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.complete, "broke off: {}", answer.text());
    if stream { response_of(&answer.body) } else { answer.json() }
}

/// A response in words that no protocol owns.
pub fn said(response: &Value) -> Said {
    let items = response["output"].as_array().cloned().unwrap_or_default();
    let texts = |kind: &str, list: &str, field: &str| -> String {
        let of_kind = items.iter().filter(|item| item["type"] == kind);
        let parts = of_kind.flat_map(|item| item[list].as_array().cloned().unwrap_or_default());
        parts.map(|part| part[field].as_str().unwrap_or_default().to_owned()).collect()
    };
    let call = |item: &Value| {
        let arguments = item["arguments"].as_str().expect("arguments are text");
        let arguments = if arguments.is_empty() { "{}" } else { arguments };
        let name = item["name"].as_str().expect("a name").to_owned();
        (name, serde_json::from_str(arguments).unwrap_or_else(|e| panic!("{e}: {arguments}")))
    };
    let calls: Vec<_> = items.iter().filter(|item| item["type"] == "function_call").map(call).collect();
    let finish = match response["incomplete_details"]["reason"].as_str() {
        Some("max_output_tokens") => "length",
        Some(other) => other,
        None if calls.is_empty() => "stop",
        None => "tool_calls",
    };
    let count = |name: &str| response["usage"][name].as_u64().unwrap_or_default();
    Said {
        model: response["model"].as_str().unwrap_or_default().to_owned(),
        text: texts("message", "content", "text"),
        thought: texts("reasoning", "summary", "text"),
        calls,
        finish: finish.to_owned(),
        tokens: (count("input_tokens"), count("output_tokens")),
    }
}

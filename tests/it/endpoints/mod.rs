//! The resources beside conversations: reranking, moderations, pictures, sound both ways, and text completions before a
//! provider that only chats.

mod forms;
mod json;
mod sound;
mod text;
mod tokens;

use millrace_lab::mock::{Behaviour, MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, PROVIDER_KEY};

/// A mock that serves every model under its own name, as OpenAI's (`a/<choices>`: as Anthropic's, `c/`: Cohere's, `g/`: Gemini's, `l/`: Ollama's), and a gateway whose
/// records are kept.
struct Scene {
    mock: MockServer,
    gateway: Gateway,
}

impl Scene {
    fn new() -> Self {
        Self::with("", "")
    }

    /// `params` goes into the parameters of OpenAI's deployment, `more` behind the list of models.
    fn with(params: &str, more: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let (own, root) = (mock.base_url(), mock.root_url());
        let entry = |name: &str, model: &str, params: &str| {
            let base = if matches!(name, "c/*" | "g/*" | "l/*") { &root } else { &own };
            format!(
                "  - model_name: \"{name}\"\n    litellm_params: {{model: \"{model}\", api_base: \"{base}\", api_key: {PROVIDER_KEY}{params}}}\n"
            )
        };
        let yaml = format!(
            "model_list:\n{}{}{}{}{}{}litellm_settings: {{callbacks: [jsonl]}}\ncallback_settings: {{jsonl: {{path: records.jsonl}}}}\n{more}",
            entry("*", "openai/*", params),
            entry("groq/*", "groq/*", params),
            entry("a/*", "anthropic/*", ""),
            entry("c/*", "cohere_chat/*", ""),
            entry("g/*", "gemini/*", ""),
            entry("l/*", "ollama_chat/*", ""),
        );
        Scene { gateway: Gateway::from_yaml(&yaml), mock }
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.gateway.client().post(path, body)
    }

    fn behave(&self, spec: &str) {
        self.mock.set_behaviour(spec.parse::<Behaviour>().unwrap_or_else(|e| panic!("{e}")));
    }

    /// The record of an answer.
    #[track_caller]
    fn record(&self, answer: &Answer) -> Value {
        self.gateway.record(answer)
    }
}

/// A body that each JSON resource takes.
fn bodies() -> [(&'static str, Value); 4] {
    [
        ("rerank", json!({"model": "m", "query": "q", "documents": ["a", {"text": "b"}]})),
        ("moderations", json!({"model": "m", "input": "hé"})),
        ("images/generations", json!({"model": "m", "prompt": "a cat", "n": 2})),
        ("audio/speech", json!({"model": "m", "input": "hello", "voice": "alloy"})),
    ]
}

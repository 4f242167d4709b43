//! Amazon Bedrock as a provider: every caller reaches it by Converse, each call signed, its binary frames read.

mod answers;
mod embeddings;
mod faults;
mod requests;
mod signing;

use millrace_lab::mock::{Behaviour, MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway};
use crate::messages::{Caller, asking};

const SECRET: &str = "canary-aws-secret-WjalrXUtnFEMI-4711";

/// What every deployment here has unless a test says otherwise.
const KEYS: &str = "aws_access_key_id: AKIDEXAMPLE, aws_secret_access_key: canary-aws-secret-WjalrXUtnFEMI-4711, \
    aws_region_name: eu-central-1";

/// A mock that speaks Converse, and a gateway before it: `b/<choices>` goes there under any model's name.
struct Scene {
    mock: MockServer,
    gateway: Gateway,
}

impl Scene {
    fn new() -> Self {
        Self::with(KEYS, "")
    }

    /// `params` are the deployment's, `more` other sections of the configuration.
    fn with(params: &str, more: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let base = mock.root_url();
        let entry = "  - model_name: \"b/*\"\n    litellm_params: {model: \"bedrock/*\"";
        let yaml = format!("model_list:\n{entry}, api_base: \"{base}\", {params}}}\n{more}");
        Scene { gateway: Gateway::from_yaml(&yaml), mock }
    }

    fn behaves(&self, behaviour: &str) {
        self.mock.set_behaviour(behaviour.parse::<Behaviour>().unwrap_or_else(|e| panic!("{e}")));
    }

    fn post(&self, caller: Caller, body: &Value) -> Answer {
        let path = match caller {
            Caller::OpenAi => "/v1/chat/completions",
            Caller::Anthropic => "/v1/messages",
            Caller::Gemini => panic!("a body says nothing of the path"),
        };
        self.gateway.client().post(path, body)
    }

    /// One plain question.
    fn ask(&self, caller: Caller, model: &str, stream: bool) -> Answer {
        let mut body = json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]});
        match caller {
            Caller::OpenAi if stream => body["stream_options"] = json!({"include_usage": true}),
            Caller::OpenAi => {}
            Caller::Anthropic => {
                body["max_tokens"] = json!(512);
                body = asking(caller, model, body);
            }
            Caller::Gemini => {
                let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                let body = asking(caller, model, json!({"contents": [{"parts": [{"text": "hi"}]}]}));
                return self.gateway.client().post(&format!("/v1beta/models/{model}:{verb}"), &body);
            }
        }
        self.post(caller, &body)
    }

    /// What the provider got last.
    fn sent(&self) -> Value {
        self.mock.last_request().expect("a request").json()
    }
}

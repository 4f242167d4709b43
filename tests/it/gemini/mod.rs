//! Google's generateContent: Gemini as a provider for callers of every protocol, and callers who speak it before every
//! provider.

mod errors;
mod ingress;
mod lists;
mod provider;
mod signatures;

use millrace_lab::mock::{MockConfig, MockServer};

use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, PROVIDER_KEY};

/// A gateway before a mock: `gemini/*` by Google's protocol, `o/*` by OpenAI's, `a/*` by Anthropic's.
pub struct Scene {
    pub mock: MockServer,
    pub gateway: Gateway,
}

impl Scene {
    /// `params` goes into the deployment's parameters, `more` stands at the top level.
    pub fn with(params: &str, more: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let base = mock.base_url();
        let origin = base.trim_end_matches("/v1");
        let yaml = format!(
            "model_list:\n  - model_name: \"gemini/*\"\n    litellm_params: {{model: \"gemini/*\", api_base: \"{origin}\", api_key: {PROVIDER_KEY}{params}}}\n  - model_name: \"o/*\"\n    litellm_params: {{model: \"openai/*\", api_base: \"{base}\", api_key: {PROVIDER_KEY}{params}}}\n  - model_name: \"a/*\"\n    litellm_params: {{model: \"anthropic/*\", api_base: \"{base}\", api_key: {PROVIDER_KEY}{params}}}\n{more}"
        );
        Scene { gateway: Gateway::from_yaml(&yaml), mock }
    }

    pub fn new() -> Self {
        Self::with("", "")
    }

    /// A plain question in Google's protocol. `verb` is what stands behind the model, with the query.
    pub fn ask(&self, model: &str, verb: &str) -> Answer {
        self.gateway.client().post(&format!("/v1beta/models/{model}:{verb}"), &question())
    }
}

/// A body of `generateContent`.
pub fn question() -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})
}

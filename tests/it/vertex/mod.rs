//! Vertex AI: Gemini, and Claude's messages by Google's paths.

mod claude;
mod embeddings;
mod gemini;

use millrace_lab::mock::{MockConfig, MockServer, Recorded};
use serde_json::Value;

use crate::harness::{Gateway, PROVIDER_KEY};

/// A mock, and a gateway whose deployments `vertex_ai/<family>-*` are the mock's, below `base` of it.
struct Scene {
    mock: MockServer,
    gateway: Gateway,
}

impl Scene {
    fn of(family: &str, base: &str, params: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let text = format!(
            "model_list:\n- model_name: \"{family}-*\"\n  litellm_params: {{model: \"vertex_ai/{family}-*\", api_base: \"{}{base}\", \
             api_key: {PROVIDER_KEY}{params}}}\n",
            mock.root_url()
        );
        Scene { gateway: Gateway::from_yaml(&text), mock }
    }

    /// Asks, and returns what the provider got.
    fn sent(&self, route: &str, body: &Value) -> Recorded {
        let answer = self.gateway.client().post(route, body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.mock.last_request().expect("a request")
    }
}

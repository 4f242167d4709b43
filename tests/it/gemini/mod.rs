//! Google's generateContent: as a provider for callers of every protocol, and as a caller's own.

mod provider;
mod signatures;

use millrace_lab::mock::{MockConfig, MockServer};

use crate::harness::{Gateway, PROVIDER_KEY};

/// A gateway before a mock, with `gemini/*` by Google's protocol.
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
            "model_list:\n  - model_name: \"gemini/*\"\n    litellm_params: {{model: \"gemini/*\", api_base: \"{origin}\", api_key: {PROVIDER_KEY}{params}}}\n{more}"
        );
        Scene { gateway: Gateway::from_yaml(&yaml), mock }
    }

    pub fn new() -> Self {
        Self::with("", "")
    }
}

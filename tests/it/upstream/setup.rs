//! The configuration of a test: who serves what, and the settings that differ from the tests' own.

use millrace_lab::mock::MockServer;

use crate::harness::{KEY, PROVIDER_KEY};

/// One configuration. Unless told otherwise: no retries, no cooldowns, short timeouts, records in `records.jsonl`.
pub struct Setup {
    models: String,
    router: String,
    millrace: String,
    general: String,
}

impl Setup {
    pub fn new() -> Self {
        Setup {
            models: String::new(),
            router: "num_retries: 0, disable_cooldowns: true".to_owned(),
            millrace: String::new(),
            general: String::new(),
        }
    }

    /// Every model under its own name, at this mock.
    pub fn all(self, mock: &MockServer) -> Self {
        self.deployment("\"*\"", &mock.base_url(), "model: \"openai/*\"")
    }

    /// The group `first` before `mock`, whose fallback `gone` is a port at which nobody listens.
    pub fn falls_to_nobody(mock: &MockServer) -> Self {
        let gone = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("a port");
        Self::new()
            .deployment("first", &mock.base_url(), "model_info: {}")
            .deployment("gone", &format!("http://{gone}/v1"), "model_info: {}")
            .router("num_retries: 0, disable_cooldowns: true, fallbacks: [{first: [gone]}]")
    }

    /// A deployment of `group` at `base_url`; `more` are `litellm_params` as in a flow mapping. The model is the group's
    /// name, and the key the canary, unless `more` has them.
    pub fn deployment(mut self, group: &str, base_url: &str, more: &str) -> Self {
        let model = if more.contains("model:") { String::new() } else { format!("model: openai/{group}, ") };
        let key = if more.contains("api_key:") { String::new() } else { format!("api_key: {PROVIDER_KEY}, ") };
        self.models +=
            &format!("  - model_name: {group}\n    litellm_params: {{{model}{key}api_base: \"{base_url}\", {more}}}\n");
        self
    }

    /// `router_settings`, in place of the default ones.
    pub fn router(mut self, settings: &str) -> Self {
        settings.clone_into(&mut self.router);
        self
    }

    /// More of the section `millrace`.
    pub fn millrace(mut self, settings: &str) -> Self {
        self.millrace = format!(", {settings}");
        self
    }

    /// More of the section `general_settings`.
    pub fn general(mut self, settings: &str) -> Self {
        self.general = format!(", {settings}");
        self
    }

    pub fn yaml(&self) -> String {
        let Setup { models, router, millrace, general } = self;
        format!(
            "model_list:\n{models}\
             router_settings: {{{router}}}\n\
             general_settings: {{master_key: {KEY}{general}}}\n\
             litellm_settings: {{callbacks: [jsonl]}}\n\
             callback_settings: {{jsonl: {{path: records.jsonl}}}}\n\
             millrace: {{data_dir: \".\"{millrace}}}\n"
        )
    }
}

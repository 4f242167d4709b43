//! Money: what an exchange costs, and for which models nothing has to be checked.

mod counted;
mod doubtful;
mod price;
mod zero_cost;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, chat};

/// A gateway whose records are kept.
struct Priced {
    mock: MockServer,
    gateway: Gateway,
}

/// One deployment: its group, the provider's model, its prices as they stand in `litellm_params`.
type Deployment<'a> = (&'a str, &'a str, &'a str);

impl Priced {
    fn new(deployments: &[Deployment<'_>], more: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let gateway = Gateway::from_yaml(&config(&mock, deployments, more));
        Priced { mock, gateway }
    }

    /// Puts another configuration in force.
    fn reload(&self, deployments: &[Deployment<'_>], more: &str) {
        let text = format!(
            "{}general_settings: {{master_key: {}}}\n",
            config(&self.mock, deployments, more),
            crate::harness::KEY
        );
        std::fs::write(self.gateway.config_path(), text).expect("a file");
        let answer = self.gateway.client().post("/callbacks/reload", &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Asks `model`; the answer, and its record.
    fn ask(&self, model: &str, stream: bool) -> (Answer, Value) {
        let answer = self.gateway.client().chat(&chat(model, json!({ "stream": stream })));
        let record = self.gateway.record(&answer);
        (answer, record)
    }
}

fn config(mock: &MockServer, deployments: &[Deployment<'_>], more: &str) -> String {
    let mut text = "model_list:\n".to_owned();
    for (group, model, prices) in deployments {
        text += &format!(
            "- model_name: \"{group}\"\n  litellm_params: {{model: \"{model}\", api_base: \"{}\", api_key: k, {prices}}}\n",
            mock.base_url()
        );
    }
    format!(
        "{text}litellm_settings: {{callbacks: [jsonl]}}\ncallback_settings: {{jsonl: {{path: records.jsonl}}}}\n{more}"
    )
}

//! Credentials that are fetched: each kind is asked for as its giver wants it, one fetch serves all, a failure is told and
//! got over, and nothing secret is shown.

mod aws;
mod giving;
mod keeping;
mod secrets;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use crate::harness::{Answer, Asked, Gateway, Reply, Scripted, chat, logged};

/// What no log line, record or answer may hold.
const CANARY: &str = "canary-5c1d";

/// A token as the tests' server gives it: the `n`th.
fn token(n: usize) -> String {
    format!("{CANARY}-token-{n}")
}

/// An answer with the `n`th token, that holds for so many seconds.
fn granted(n: usize, seconds: u64) -> Reply {
    Reply::json(200, &json!({"access_token": token(n), "expires_in": seconds, "token_type": "Bearer"}))
}

/// A gateway whose one deployment, `m`, is Azure's mock, called with an application's token.
struct Scene {
    tokens: Scripted,
    mock: MockServer,
    gateway: Gateway,
}

impl Scene {
    fn new(tokens: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        logged();
        let (tokens, mock) = (Scripted::start(tokens), MockServer::start(MockConfig::default()).expect("a mock"));
        let gateway = Gateway::from_yaml(&yaml(&tokens, &mock, ""));
        Scene { tokens, mock, gateway }
    }

    fn ask(&self) -> Answer {
        self.gateway.client().chat(&chat("m", json!({})))
    }

    /// The credential of the last call.
    fn bearer(&self) -> String {
        let sent = self.mock.last_request().expect("a request");
        sent.header("authorization").unwrap_or_default().to_owned()
    }
}

/// Its configuration, with more deployments.
fn yaml(tokens: &Scripted, mock: &MockServer, more: &str) -> String {
    format!(
        "model_list:\n- model_name: m\n  litellm_params: {{model: \"azure/mock:chunks=2\", api_base: \"{}\", \
         tenant_id: t, client_id: app, client_secret: {CANARY}-secret}}\n  model_info: {{id: of-azure}}\n{more}\
         environment_variables: {{AZURE_AUTHORITY_HOST: \"{}\"}}\n",
        mock.root_url(),
        tokens.url(),
    )
}

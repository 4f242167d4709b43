//! Bodies (rows B of the fault matrix): what is no JSON, what is too much, what a caller may not say, and that all the
//! rest goes on to the provider as it came.

mod json_suite;
mod keys;
mod media;
mod names;
mod unchanged;

use millrace_lab::mock::{MockConfig, MockServer};

use crate::harness::{Answer, Gateway};

/// A mock provider and a gateway in front of it.
fn stand() -> (MockServer, Gateway) {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::before(&mock);
    (mock, gateway)
}

/// Posts bytes as they are.
fn post(gateway: &Gateway, body: &[u8]) -> Answer {
    gateway.client().request("POST", "/v1/chat/completions", body).whole()
}

/// A chat body with one more field, written as it is.
fn with_field(field: &str) -> Vec<u8> {
    format!(r#"{{"model":"gpt-4o","messages":[],{field}}}"#).into_bytes()
}

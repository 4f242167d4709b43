//! The path as it should be: whole answers, streams, usage, headers, models.

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use crate::harness::{Gateway, chat};

fn mock() -> MockServer {
    MockServer::start(MockConfig::default()).expect("a mock")
}

#[test]
fn a_whole_answer_has_the_callers_model_and_litellms_headers() {
    let mock = mock();
    let gateway = Gateway::before(&mock);
    let answer = gateway.client().chat(&chat("gpt-4o", json!({})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["model"], "gpt-4o");
    assert_eq!(body["object"], "chat.completion");
    for header in [
        "x-litellm-call-id",
        "x-litellm-model-id",
        "x-litellm-model-group",
        "x-litellm-model-api-base",
        "x-litellm-version",
        "x-litellm-response-cost",
        "x-litellm-response-duration-ms",
        "x-litellm-overhead-duration-ms",
        "x-litellm-attempted-retries",
        "x-litellm-attempted-fallbacks",
        "server-timing",
        "x-request-id",
        "llm_provider-x-request-id",
    ] {
        assert!(
            answer.header(header).is_some_and(|value| !value.is_empty()),
            "{header} is missing: {:?}",
            answer.headers
        );
    }
}

#[test]
fn a_stream_ends_in_done_and_withholds_the_usage_nobody_asked_for() {
    let mock = mock();
    let gateway = Gateway::before(&mock);
    let plain = gateway.client().events(&chat("gpt-4o", json!({ "stream": true })));
    plain.assert_done();
    assert!(plain.json().iter().all(|event| event["model"] == "gpt-4o" && event["usage"].is_null()));
    assert!(!plain.text().is_empty());
    let asked = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let asked = gateway.client().events(&chat("gpt-4o", asked));
    asked.assert_done();
    assert!(
        asked.json().last().is_some_and(|event| event["usage"]["total_tokens"].is_u64()),
        "{:?}",
        asked.data.last()
    );
    let sent = mock.last_request().expect("a request").json();
    assert_eq!(sent["stream_options"]["include_usage"], true);
}

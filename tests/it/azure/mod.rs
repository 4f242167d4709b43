//! Azure OpenAI: its paths and header, both of its APIs, and what its content filter says.

mod filters;

use millrace_lab::mock::{MockConfig, MockServer, Recorded};
use serde_json::{Value, json};

use crate::harness::{Gateway, PROVIDER_KEY, chat};

const VERSION: &str = "api-version=2025-02-01-preview";

/// A gateway whose deployments `azure/*` are the mock's, below `base` of it.
fn gateway(mock: &MockServer, base: &str, params: &str) -> Gateway {
    Gateway::from_yaml(&format!(
        "model_list:\n- model_name: \"azure/*\"\n  litellm_params: {{model: \"azure/*\", api_base: \"{}{base}\", api_key: {PROVIDER_KEY}{params}}}\n",
        mock.root_url()
    ))
}

fn mock() -> MockServer {
    MockServer::start(MockConfig::default()).expect("a mock")
}

/// Asks for a model, and returns what the provider got.
fn sent(gateway: &Gateway, mock: &MockServer, (route, body): (&str, &Value)) -> Recorded {
    let answer = gateway.client().post(route, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    mock.last_request().expect("a request")
}

#[test]
fn each_resource_is_called_below_its_deployment_with_the_key_in_its_own_header() {
    let mock = mock();
    let gateway = gateway(&mock, "", "");
    let model = "azure/mock:chunks=2";
    let messages = json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    for (route, body, resource) in [
        ("/v1/chat/completions", chat(model, json!({})), "chat/completions"),
        ("/v1/chat/completions", chat(model, json!({"stream": true})), "chat/completions"),
        ("/v1/messages", messages, "chat/completions"),
        ("/v1/completions", json!({"model": model, "prompt": "hi"}), "completions"),
        ("/v1/embeddings", json!({"model": model, "input": "hi"}), "embeddings"),
    ] {
        let sent = sent(&gateway, &mock, (route, &body));
        assert_eq!(sent.path, format!("/openai/deployments/mock%3Achunks%3D2/{resource}?{VERSION}"));
        assert_eq!((sent.header("api-key"), sent.header("authorization")), (Some(PROVIDER_KEY), None));
    }
}

#[test]
fn each_way_to_write_the_address_leads_to_the_resource() {
    let mock = mock();
    let (deployments, own) = ("/openai/deployments/mock/chat/completions", "/openai/v1/chat/completions");
    for (base, params, path) in [
        ("/", "", format!("{deployments}?{VERSION}")),
        ("/openai", "", format!("{deployments}?{VERSION}")),
        ("/openai/deployments/mine", "", format!("/openai/deployments/mine/chat/completions?{VERSION}")),
        ("", ", api_version: '2024-10-21'", format!("{deployments}?api-version=2024-10-21")),
        ("", ", api_version: 'a&b=c'", format!("{deployments}?api-version=a%26b%3Dc")),
        ("", ", api_version: v1", own.to_owned()),
        ("", ", api_version: latest", own.to_owned()),
        ("", ", api_version: preview", format!("{own}?api-version=preview")),
        ("/openai", ", api_version: v1", own.to_owned()),
        ("/openai/v1/", "", own.to_owned()),
    ] {
        let gateway = gateway(&mock, base, params);
        let sent = sent(&gateway, &mock, ("/v1/chat/completions", &chat("azure/mock", json!({}))));
        assert_eq!(sent.path, path, "{base} {params}");
        assert_eq!(sent.json()["model"], "mock");
    }
}

/// Responses lie beside the deployments, and only in versions from the spring of 2025 on; in others, a chat makes them.
#[test]
fn responses_are_asked_for_where_the_version_has_them() {
    let mock = mock();
    for (base, params, path) in [
        ("", ", api_version: v1", "/openai/v1/responses"),
        ("", ", api_version: preview", "/openai/v1/responses?api-version=preview"),
        ("/openai/v1/", "", "/openai/v1/responses"),
        ("", ", api_version: 2025-03-01-preview", "/openai/responses?api-version=2025-03-01-preview"),
        ("/openai", ", api_version: '2025-04-01-preview'", "/openai/responses?api-version=2025-04-01-preview"),
        ("", "", &*format!("/openai/deployments/mock/chat/completions?{VERSION}")),
        ("", ", api_version: '2024-10-21'", "/openai/deployments/mock/chat/completions?api-version=2024-10-21"),
        (
            "/openai/deployments/mine",
            ", api_version: 2025-03-01-preview",
            "/openai/deployments/mine/chat/completions?api-version=2025-03-01-preview",
        ),
        ("/openai/v1", ", use_chat_completions_api: true", "/openai/v1/chat/completions"),
    ] {
        let gateway = gateway(&mock, base, params);
        let sent = sent(&gateway, &mock, ("/v1/responses", &json!({"model": "azure/mock", "input": "hi"})));
        assert_eq!((sent.path.as_str(), &sent.json()["model"]), (path, &json!("mock")), "{base} {params}");
    }
}

#[test]
fn chats_are_asked_for_as_responses_where_the_model_says_so() {
    let mock = mock();
    let gateway = Gateway::from_yaml(&format!(
        "model_list:\n- model_name: codex\n  litellm_params: {{model: azure/responses/mock, api_base: \"{}\", api_version: v1, api_key: {PROVIDER_KEY}}}\n",
        mock.root_url()
    ));
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    for (route, body) in [
        ("/v1/chat/completions", chat("codex", json!({}))),
        ("/v1/completions", json!({"model": "codex", "prompt": "hi"})),
        ("/v1beta/models/codex:generateContent", contents),
    ] {
        let sent = sent(&gateway, &mock, (route, &body));
        assert_eq!((sent.path.as_str(), &sent.json()["model"]), ("/openai/v1/responses", &json!("mock")), "{route}");
    }
}

/// A deployment's name is one segment: whatever a caller writes for the `*`, the call stays below the deployments.
#[test]
fn a_model_name_never_leads_elsewhere() {
    let mock = mock();
    let gateway = gateway(&mock, "", "");
    for (model, segment) in [
        ("x?y=z#f", "x%3Fy%3Dz%23f"),
        ("x%2fy", "x%252fy"),
        ("a/chat/completions", "a%2Fchat%2Fcompletions"),
        ("http://elsewhere.invalid/v1", "http%3A%2F%2Felsewhere.invalid%2Fv1"),
    ] {
        let sent = sent(&gateway, &mock, ("/v1/chat/completions", &chat(&format!("azure/{model}"), json!({}))));
        assert_eq!(sent.path, format!("/openai/deployments/{segment}/chat/completions?{VERSION}"));
    }
    let before = mock.stats().requests;
    for step in ["azure/..", "azure/.", "azure/../../admin", "azure/%2e%2e%2fx", "azure/x\r\nX-Y: z"] {
        let error = gateway.client().chat(&chat(step, json!({}))).error(400);
        assert_eq!(error["param"], "model", "{error}");
    }
    assert_eq!(mock.stats().requests, before);
}

#[test]
fn a_deployment_is_billed_as_its_base_model_and_a_given_token_goes_as_a_bearer() {
    let mock = mock();
    let gateway = Gateway::from_yaml(&format!(
        "model_list:\n- model_name: m\n  litellm_params: {{model: azure/my-own-name, api_base: \"{}\", azure_ad_token: given-token-1}}\n  \
         model_info: {{base_model: gpt-4o}}\n",
        mock.root_url()
    ));
    let answer = gateway.client().chat(&chat("m", json!({})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let cost = answer.header("x-litellm-response-cost").expect("a cost");
    assert!(cost.parse::<f64>().expect("a number") > 0.0, "{cost}");
    let sent = mock.last_request().expect("a request");
    assert_eq!((sent.header("authorization"), sent.header("api-key")), (Some("Bearer given-token-1"), None));
}

//! B3: a key given twice. B8: fields that would choose the upstream, its key or its price, at the top and anywhere below.

use serde_json::json;

use super::{post, stand, with_field};

#[test]
fn b03_a_key_given_twice_is_400_however_it_is_spelt() {
    let (mock, gateway) = stand();
    let bodies = [
        r#"{"model":"cheap","model":"dear","messages":[]}"#,
        r#"{"model":"cheap","messages":[],"mod\u0065l":"dear"}"#,
        r#"{"\u006dodel":"cheap","messages":[],"model":"dear"}"#,
        r#"{"model":"cheap","messages":[],"model":null}"#,
        r#"{"model":"cheap","messages":[],"messages":[]}"#,
        r#"{"model":"m","messages":[],"stream":true,"str\u0065am":false}"#,
        r#"{"model":"m","messages":[],"x":1,"x":1}"#,
        r#"{"model":"m","messages":[],"stream_options":{"include_usage":true,"include_usage":false}}"#,
        r#"{"model":"m","messages":[],"stream_options":{"include_usage":true,"includ\u0065_usage":false}}"#,
        r#"{"model":"m","messages":[],"a/b":1,"a\/b":2}"#,
    ];
    for body in bodies {
        let error = post(&gateway, body.as_bytes()).error(400);
        assert!(
            error["message"].as_str().is_some_and(|m| m.contains("twice") || m.contains("once")),
            "{body}: {error}"
        );
        assert!(error["param"].is_string(), "{body}: {error}");
    }
    assert_eq!(mock.stats().requests, 0, "{:?}", mock.requests());
    // names that differ in case are different names, and only the one is ours
    let body = br#"{"model":"gpt-4o","MODEL":"dear","messages":[]}"#;
    assert_eq!(post(&gateway, body).json()["model"], "gpt-4o");
    assert_eq!(mock.last_request().expect("a request").json()["model"], "gpt-4o");
}

const FORBIDDEN: [&str; 29] = [
    "api_base",
    "base_url",
    "api_key",
    "api_version",
    "user_config",
    "model_list",
    "fallbacks",
    "extra_headers",
    "custom_llm_provider",
    "mock_response",
    "litellm_params",
    "context_window_fallbacks",
    "organization",
    "aws_secret_access_key",
    "aws_region_name",
    "vertex_credentials",
    "vertex_project",
    "input_cost_per_token",
    "output_cost_per_token",
    "mock_timeout",
    "proxy_url",
    "headers",
    "configurable_clientside_auth_params",
    "litellm_credential_name",
    "API_BASE",
    "Api_Key",
    "api_b\\u0061se",
    "api_key\\u0073",
    "deployment_id",
];

#[test]
fn b08_a_field_that_would_choose_the_upstream_is_400_at_the_top() {
    let (mock, gateway) = stand();
    for name in FORBIDDEN {
        for value in ["\"http://127.0.0.1:1\"", "null", "{}", "[]", "0"] {
            let answer = post(&gateway, &with_field(&format!("\"{name}\":{value}")));
            assert_eq!(answer.status, 400, "{name} {value}: {}", answer.text());
            assert!(answer.error(400)["param"].is_string());
        }
    }
    assert_eq!(mock.stats().requests, 0, "{:?}", mock.requests());
}

#[test]
fn b08_and_at_any_depth_of_what_a_gateway_might_read() {
    let (mock, gateway) = stand();
    let frames = [
        ("\"extra_body\":{", "}"),
        ("\"metadata\":{", "}"),
        ("\"metadata\":{\"a\":{\"b\":[1,{", "}]}}"),
        ("\"provider_options\":{\"x\":[[{", "}]]}"),
        ("\"stream_options\":{", "}"),
        ("\"unknown\":[{\"a\":\"api_key\",", "}]"),
        ("\"extra_body\":{\"metadata\":{\"c\":{", "}}}"),
    ];
    for name in [
        "api_base",
        "base_url",
        "api_key",
        "custom_llm_provider",
        "user_config",
        "extra_headers",
        "mock_response",
        "API_KEY",
        "api_k\\u0065y",
    ] {
        for (open, close) in frames {
            let field = format!("{open}\"{name}\" : \"http://127.0.0.1:1\"{close}");
            let answer = post(&gateway, &with_field(&field));
            assert_eq!(answer.status, 400, "{field}: {}", answer.text());
        }
    }
    assert_eq!(mock.stats().requests, 0, "{:?}", mock.requests());
}

#[test]
fn b08_but_a_callers_own_words_are_its_own() {
    let (mock, gateway) = stand();
    let schema = json!({ "type": "object", "properties": { "api_key": { "type": "string" }, "base_url": {} } });
    let bodies = [
        json!({ "model": "m", "messages": [{ "role": "tool", "content": "{}", "api_base": "x", "x": { "api_key": 1 } }] }),
        json!({ "model": "m", "messages": [], "tools": [{ "type": "function", "function": { "name": "f", "parameters": schema } }] }),
        json!({ "model": "m", "messages": [], "response_format": { "type": "json_schema", "json_schema": { "schema": schema } } }),
        json!({ "model": "m", "messages": [], "user": "api_key", "stop": ["base_url", "\"api_key\":"] }),
        json!({ "model": "m", "messages": [], "metadata": { "note": "api_key: none" } }),
    ];
    for body in bodies {
        let text = body.to_string();
        let answer = post(&gateway, text.as_bytes());
        assert_eq!(answer.status, 200, "{text}: {}", answer.text());
        assert_eq!(mock.last_request().expect("a request").text(), text);
    }
}

//! The other resources: models, text completions, embeddings, health, the page at `/`, metrics.

use std::collections::BTreeSet;

use millrace_lab::mock::MockServer;
use serde_json::{Value, json};

use super::mock;
use crate::harness::{Gateway, chat};

/// Groups with and without slashes, a wildcard, and aliases, one of them hidden.
fn gateway(mock: &MockServer) -> Gateway {
    let entry = |name: &str, upstream: &str| {
        format!(
            "  - model_name: \"{name}\"\n    litellm_params: {{model: \"openai/{upstream}\", api_base: \"{}\", api_key: sk-upstream-key-000}}\n",
            mock.base_url()
        )
    };
    let models = entry("gpt-4o", "gpt-4o-2024") + &entry("team/a/gpt", "gpt-a") + &entry("vendor/*", "*");
    Gateway::from_yaml(&format!(
        "model_list:\n{models}router_settings:\n  model_group_alias:\n    fast: gpt-4o\n    secret: {{model: gpt-4o, hidden: true}}\n"
    ))
}

#[test]
fn models_lists_groups_wildcards_and_aliases_but_not_the_hidden_one() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    for path in ["/v1/models", "/models"] {
        let body = gateway.client().get(path).json();
        assert_eq!(body["object"], "list");
        let data = body["data"].as_array().expect("a list");
        let ids: BTreeSet<_> = data.iter().map(|model| model["id"].as_str().expect("a name")).collect();
        assert_eq!(ids, BTreeSet::from(["gpt-4o", "team/a/gpt", "vendor/*", "fast"]));
        for model in data {
            assert_eq!(model["object"], "model");
            assert!(model["created"].is_u64() && model["owned_by"].is_string(), "{model}");
        }
    }
    assert_eq!(mock.stats().requests, 0, "the list is ours");
}

#[test]
fn a_model_is_found_by_its_id_with_slashes_aliases_and_wildcards() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    for id in ["gpt-4o", "team/a/gpt", "fast", "vendor/anything/at/all"] {
        for prefix in ["/v1/models", "/models"] {
            assert_eq!(gateway.client().get(&format!("{prefix}/{id}")).json()["id"], id);
        }
    }
    assert_eq!(gateway.client().get("/v1/models/team%2Fa%2Fgpt").json()["id"], "team/a/gpt", "as SDKs escape it");
    let completion = json!({ "messages": [] });
    assert_eq!(
        gateway.client().post("/engines/team%2Fa%2Fgpt/chat/completions", &completion).json()["model"],
        "team/a/gpt"
    );
    for id in ["gpt-5", "team/a", "GPT-4o", "vendor", ""] {
        let answer = gateway.client().get(&format!("/v1/models/{id}"));
        assert_eq!(answer.error(404)["code"], "model_not_found", "{id}");
    }
}

#[test]
fn a_text_completion_is_answered_whole_and_as_a_stream() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    for path in ["/v1/completions", "/completions"] {
        let answer = gateway.client().post(path, &json!({ "model": "gpt-4o", "prompt": "hi" }));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        assert_eq!((&body["object"], &body["model"]), (&json!("text_completion"), &json!("gpt-4o")));
        assert!(body["choices"][0]["text"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        assert_eq!(mock.last_request().expect("a request").json()["model"], "gpt-4o-2024");
    }
    let stream = json!({ "model": "gpt-4o", "prompt": "hi", "stream": true });
    let events = gateway.client().send("/v1/completions", &stream).events();
    events.assert_done();
    assert!(events.json().iter().all(|event| event["model"] == "gpt-4o"), "{:?}", events.data);
}

#[test]
fn embeddings_are_answered() {
    let mock = mock("dimensions=4");
    let gateway = gateway(&mock);
    for (path, body) in [
        ("/v1/embeddings", json!({ "model": "gpt-4o", "input": "hi" })),
        ("/embeddings", json!({ "model": "gpt-4o", "input": ["a", "b"] })),
        ("/openai/deployments/gpt-4o/embeddings", json!({ "input": [[1, 2, 3]] })),
        ("/engines/team/a/gpt/embeddings", json!({ "input": ["a"], "encoding_format": "base64" })),
    ] {
        let answer = gateway.client().post(path, &body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let body = answer.json();
        assert!(body["data"].as_array().is_some_and(|data| !data.is_empty()), "{path}: {body}");
        assert!(body["usage"]["prompt_tokens"].is_u64(), "{path}: {body}");
    }
}

#[test]
fn what_a_body_lacks_is_said_in_our_shape() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    for (path, body, param) in [
        ("/v1/completions", json!({ "model": "gpt-4o" }), "prompt"),
        ("/v1/completions", json!({ "prompt": "hi" }), "model"),
        ("/v1/completions", json!({ "model": "gpt-4o", "prompt": 5 }), "prompt"),
        ("/v1/embeddings", json!({ "model": "gpt-4o" }), "input"),
        ("/v1/embeddings", json!({ "model": 5, "input": "x" }), "model"),
        ("/v1/chat/completions", json!({ "model": "gpt-4o" }), "messages"),
        ("/v1/chat/completions", json!({ "model": "gpt-4o", "messages": "hi" }), "messages"),
        ("/v1/chat/completions", json!({ "messages": [] }), "model"),
        ("/engines/gpt-4o/chat/completions", json!({ "model": "fast", "messages": [] }), "model"),
    ] {
        let error = gateway.client().post(path, &body).error(400);
        assert_eq!(error["param"], param, "{path} {body}: {error}");
    }
    assert_eq!(mock.stats().requests, 0);
}

#[test]
fn a_providers_error_keeps_its_status_on_every_resource() {
    let mock = mock("status:404,message=no%20such%20thing");
    let gateway = gateway(&mock);
    for (path, body) in [
        ("/v1/chat/completions", json!({ "model": "gpt-4o", "messages": [] })),
        ("/v1/completions", json!({ "model": "gpt-4o", "prompt": "" })),
        ("/v1/embeddings", json!({ "model": "gpt-4o", "input": "" })),
    ] {
        let error = gateway.client().post(path, &body).error(404);
        assert!(error["message"].as_str().is_some_and(|m| m.contains("no such thing")), "{path}: {error}");
    }
}

#[test]
fn health_says_yes_to_whoever_asks_and_no_while_draining() {
    let mock = mock("chunks=100000,gap=5ms");
    let gateway = gateway(&mock);
    let anyone = gateway.client().anonymous();
    for path in ["/health/liveliness", "/health/liveness", "/livez"] {
        assert_eq!((anyone.get(path).status, anyone.get(path).json()), (200, json!("I'm alive!")));
    }
    for path in ["/health/readiness", "/readyz"] {
        assert_eq!(anyone.get(path).json()["status"], "healthy");
    }
    let stream = gateway.client().send("/v1/chat/completions", &chat("gpt-4o", json!({ "stream": true })));
    gateway.begin_stop();
    crate::harness::eventually("readiness turns", || anyone.get("/readyz").status == 503);
    assert_eq!(anyone.get("/readyz").json()["status"], "draining");
    assert_eq!(anyone.get("/livez").status, 200, "alive until the end");
    stream.leave();
}

#[test]
fn the_page_at_the_root_is_plain_and_loads_nothing() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    let page = gateway.client().anonymous().get("/");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let text = page.text();
    assert!(text.contains(env!("CARGO_PKG_VERSION")) && text.contains("/v1/chat/completions"), "{text}");
    assert!(!text.contains("<script") && !text.contains("http://") && !text.contains("https://"), "{text}");
    assert!(!text.contains("gpt-4o"), "it names no model to whoever asks");
}

#[test]
fn metrics_parse_and_count_what_went_through() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    gateway.client().chat(&chat("gpt-4o", json!({})));
    gateway.client().anonymous().chat(&chat("gpt-4o", json!({})));
    let answer = gateway.client().get("/metrics");
    assert!(
        answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/plain") || kind.contains("openmetrics"))
    );
    let text = answer.text();
    let mut families = BTreeSet::new();
    let mut series = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(families.insert(rest.split(' ').next().expect("a name")), "twice: {line}");
            continue;
        }
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        assert!(value.parse::<f64>().is_ok(), "no number: {line}");
        assert!(series.insert(name), "twice: {line}");
        let family = name.split('{').next().expect("a name");
        let parts = ["", "_bucket", "_sum", "_count"].iter().filter_map(|end| family.strip_suffix(end));
        assert!(parts.into_iter().any(|family| families.contains(family)), "before its TYPE: {line}");
    }
    let count = |code: u32| {
        let wanted =
            |s: &&&str| s.starts_with("millrace_http_requests_total") && s.contains(&format!("code=\"{code}\""));
        series.iter().filter(wanted).map(|s| gateway.metric(s)).sum::<f64>()
    };
    assert_eq!((count(200), count(401)), (1.0, 1.0), "{text}");
}

#[test]
fn errors_without_an_exchange_have_one_shape() {
    let mock = mock("none");
    let gateway = gateway(&mock);
    let client = gateway.client();
    let shapes: Vec<Value> = vec![
        client.get("/no/such/path").error(404),
        client.get("/v1/chat/completions").error(405),
        client.anonymous().get("/v1/models").error(401),
        client.request("POST", "/v1/chat/completions", b"{").whole().error(400),
        client.request("PUT", "/callbacks/x", b"[]").whole().error(400),
        client.request("PUT", "/callbacks/%20", b"{}").whole().error(422),
        client.request("PUT", "/callbacks/x?persist=perhaps", b"{}").whole().error(400),
        client.chat(&chat("no-such-model", json!({}))).error(404),
    ];
    for error in shapes {
        let members: Vec<_> = error.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(members, ["message", "type", "param", "code"], "{error}");
    }
}

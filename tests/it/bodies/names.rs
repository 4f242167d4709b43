//! B11: the names of models: unknown ones, aliases, wildcards, tricks with case and space.

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use crate::harness::{Gateway, chat};

/// A gateway with an exact name, three wildcards that overlap, and aliases of aliases.
fn stand() -> (MockServer, Gateway) {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let entry = |name: &str, upstream: &str| {
        format!(
            "  - model_name: \"{name}\"\n    litellm_params: {{model: \"openai/{upstream}\", api_base: \"{}\", api_key: sk-upstream-key-000}}\n",
            mock.base_url()
        )
    };
    let models = [
        ("vendor/*", "wide-*"),
        ("vendor/gpt-*", "narrow-*"),
        ("vendor/gpt-4*", "narrowest-*"),
        ("vendor/gpt-4o", "exact"),
        ("plain", "plain-upstream"),
    ];
    let models: String = models.iter().map(|(name, upstream)| entry(name, upstream)).collect();
    let aliases = "router_settings:\n  model_group_alias: {first: plain, second: first, wild: vendor/gpt-5, star: vendor/gpt-4o}\n";
    let gateway = Gateway::from_yaml(&format!("model_list:\n{models}{aliases}"));
    (mock, gateway)
}

#[test]
fn b11_a_name_is_served_by_the_most_exact_entry() {
    let (mock, gateway) = stand();
    for (asked, upstream) in [
        ("vendor/gpt-4o", "exact"),
        ("vendor/gpt-4o-mini", "narrowest-o-mini"),
        ("vendor/gpt-4", "narrow-4"), // a star stands for something
        ("vendor/gpt-5", "narrow-5"),
        ("vendor/other/with/slashes", "wide-other/with/slashes"),
        ("plain", "plain-upstream"),
        ("first", "plain-upstream"),
        ("second", "plain-upstream"),
        ("wild", "narrow-5"),
        ("star", "exact"),
    ] {
        let answer = gateway.client().chat(&chat(asked, json!({})));
        assert_eq!(answer.status, 200, "{asked}: {}", answer.text());
        assert_eq!(answer.json()["model"], asked, "the caller reads the name it wrote");
        assert_eq!(mock.last_request().expect("a request").json()["model"], upstream, "{asked}");
    }
}

#[test]
fn b11_an_unknown_name_is_404_and_goes_nowhere() {
    let (mock, gateway) = stand();
    let long = "m".repeat(100_000);
    let names = [
        "unknown",
        "Plain",
        "PLAIN",
        "plain ",
        " plain",
        "plain\n",
        "plain\0",
        "pla\u{131}n",
        "ｐlain",
        "plаin",
        "vendor",
        "vendor/gpt*x/../plain",
        "*",
        "vend*",
        "",
        "openai/plain",
        "plain-upstream",
        "../plain",
        "first/second",
        &long,
    ];
    for name in names {
        if name.starts_with("vendor/") {
            continue; // a wildcard's own; that it is not read as a path is the next test's
        }
        for stream in [false, true] {
            let answer = gateway.client().chat(&chat(name, json!({ "stream": stream })));
            let error = answer.error(404);
            assert_eq!(error["code"], "model_not_found", "{name:?}: {error}");
            assert!(answer.body.len() < 4096, "{} bytes about a name of {}", answer.body.len(), name.len());
        }
    }
    assert_eq!(mock.stats().requests, 0, "{:?}", mock.requests());
}

#[test]
fn b11_a_name_is_no_path_and_no_pattern() {
    let (mock, gateway) = stand();
    for name in ["vendor/../plain", "vendor/*", "vendor/a?b#c", "vendor/%2e%2e/plain", "vendor/\u{1F600}"] {
        let answer = gateway.client().chat(&chat(name, json!({})));
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let sent = mock.last_request().expect("a request");
        assert_eq!(sent.path, "/v1/chat/completions", "{name}");
        assert!(
            sent.json()["model"].as_str().is_some_and(|model| model.starts_with("wide-")),
            "{name}: {}",
            sent.text()
        );
    }
}

#[test]
fn b11_the_path_may_name_the_model_and_must_not_contradict_the_body() {
    let (mock, gateway) = stand();
    let client = gateway.client();
    for path in ["/openai/deployments/plain/chat/completions", "/engines/plain/chat/completions"] {
        for body in [
            json!({ "messages": [] }),
            json!({ "model": "plain", "messages": [] }),
            json!({ "model": null, "messages": [] }),
        ] {
            let answer = client.post(path, &body);
            assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
            assert_eq!(mock.last_request().expect("a request").json()["model"], "plain-upstream");
        }
        let error = client.post(path, &json!({ "model": "vendor/gpt-4o", "messages": [] })).error(400);
        assert_eq!(error["param"], "model");
    }
    assert_eq!(client.post("/engines/vendor/gpt-5/chat/completions", &json!({ "messages": [] })).status, 200);
    assert_eq!(
        client.post("/engines/nobody/chat/completions", &json!({ "messages": [] })).error(404)["code"],
        "model_not_found"
    );
    // a name that is no text is no name; it went upstream with a mark in its place
    let error = client.post("/engines/plain%ff/chat/completions", &json!({ "messages": [] })).error(400);
    assert_eq!(error["param"], "model");
}

#[test]
fn b11_loops_are_refused_when_the_configuration_is_read() {
    let models =
        "model_list:\n  - model_name: a\n    litellm_params: {model: openai/a, api_key: sk-upstream-key-000}\n";
    for aliases in ["{x: y, y: x}", "{x: x}", "{x: y, y: z, z: x}"] {
        let text = format!(
            "{models}router_settings: {{model_group_alias: {aliases}}}\ngeneral_settings: {{master_key: {}}}\n",
            crate::harness::KEY
        );
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, text).expect("a file");
        let loaded = millrace::config::load(&path, &millrace::config::ProcessEnv, &millrace::callbacks::validate);
        assert!(loaded.is_err(), "{aliases} was taken");
    }
}

//! P4: a bad configuration on reload is refused whole, with line and column, and the old one stays.

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{KEY, PROVIDER_KEY, Process, chat};

/// What is written, and where the first complaint must point.
type Bad = (&'static str, u64, u64);

/// Each in place of the whole file but the key, which follows on a line of its own.
const BAD: &[Bad] = &[
    // not YAML, or not this YAML
    ("a: [1,\n", 1, 4),
    ("model_list:\n\t- a: 1\n", 2, 2),
    ("a: 'open\n", 1, 4),
    ("include: []\ninclude: []\n", 2, 1),
    ("? [a, b]\n: 1\n", 1, 3),
    ("include: []\n---\ninclude: []\n", 2, 1),
    ("millrace: {data_dir: *nowhere}\n", 1, 22),
    ("millrace: !python/object {}\n", 1, 26),
    // unknown
    ("modle_list: []\n", 1, 1),
    ("router_settings:\n  num_retrys: 1\n", 2, 3),
    ("litellm_settings:\n  drop_parms: true\n", 2, 3),
    ("millrace:\n  idel_timeout: 3\n", 2, 3),
    ("model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: k, api_bse: x}}]\n", 1, 76),
    ("litellm_settings: {callbacks: [jsnol]}\n", 1, 32),
    // missing
    ("model_list:\n- model_name: a\n", 2, 3),
    ("model_list:\n- litellm_params: {model: openai/a, api_key: k}\n", 2, 3),
    ("model_list: [{model_name: a, litellm_params: {model: hosted_vllm/m}}]\n", 1, 46),
    ("general_settings: {master_key: os.environ/NOT_SET_4714}\n", 1, 32),
    ("model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: os.environ/NOT_SET_4714}}]\n", 1, 73),
    // wrong
    ("model_list: {a: b}\n", 1, 13),
    ("model_list: [5]\n", 1, 14),
    ("router_settings: {num_retries: many}\n", 1, 32),
    ("router_settings: {timeout: 0}\n", 1, 28),
    ("router_settings: {routing_strategy: fastest}\n", 1, 37),
    ("millrace: {host: localhost}\n", 1, 18),
    ("millrace: {port: 70000}\n", 1, 18),
    ("millrace: {price_file: nowhere.json}\n", 1, 24),
    ("model_list: [{model_name: a, litellm_params: {model: my-model}}]\n", 1, 54),
    ("model_list: [{model_name: a, litellm_params: {model: opnai/c}}]\n", 1, 54),
    ("model_list: [{model_name: a, litellm_params: {model: openai/*, api_key: k}}]\n", 1, 54),
    ("model_list: [{model_name: 'a*b*', litellm_params: {model: gpt-4o}}]\n", 1, 27),
    (
        "model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: k, input_cost_per_token: cheap}}]\n",
        1,
        98,
    ),
    // references
    ("router_settings: {default_fallbacks: [nobody]}\n", 1, 39),
    ("router_settings: {model_group_alias: {x: y, y: x}}\n", 1, 39),
    ("litellm_settings: {callbacks: [noop, noop]}\n", 1, 38),
    ("callback_settings: {jsonl: {}}\n", 1, 21),
    ("litellm_settings: {callbacks: [headers]}\n", 1, 32),
    (
        "litellm_settings: {callbacks: [headers]}\ncallback_settings:\n  headers:\n    headers: {connection: close}\n",
        4,
        27,
    ),
    ("litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: r.jsonl, keep: -1}}\n", 2, 50),
    // what would open the gateway
    ("general_settings: {custom_auth: my.auth}\n", 1, 20),
    ("guardrails: [{guardrail_name: g}]\n", 1, 1),
];

/// The first error among an answer's complaints.
fn first(answer: &Value) -> &Value {
    let complaints = answer["error"]["complaints"].as_array().unwrap_or_else(|| panic!("{answer}"));
    complaints.iter().find(|complaint| complaint["severity"] == "error").unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn p4_every_bad_configuration_is_refused_with_its_place_and_the_old_one_stays() {
    assert!(BAD.len() >= 30);
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, "litellm_settings: {callbacks: [noop]}");
    let good = std::fs::read_to_string(process.config_path()).expect("a file");
    let before = process.client().get("/callbacks").json();
    let mut wrong = Vec::new();
    for (n, (text, line, column)) in BAD.iter().enumerate() {
        let key = if text.contains("general_settings") { "" } else { "general_settings: {master_key: " };
        let key = if key.is_empty() { String::new() } else { format!("{key}{KEY}}}\n") };
        std::fs::write(process.config_path(), format!("{text}{key}")).expect("a file");
        let answer = process.client().post("/callbacks/reload", &json!({}));
        answer.error(422);
        let body = answer.json();
        let found = first(&body);
        let place = (found["line"].as_u64(), found["column"].as_u64());
        if place != (Some(*line), Some(*column)) || found["help"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("{text}  wanted {line}:{column}, got {found}"));
        }
        assert_eq!(process.metric("millrace_config_last_reload_success"), 0.0, "{text}");
        assert_eq!(process.metric("millrace_config_reloads_total{result=\"failure\"}"), (n + 1) as f64);
        assert_eq!(process.client().get("/callbacks").json(), before, "{text}");
        assert_eq!(process.client().chat(&chat("gpt-4o", json!({}))).status, 200, "{text}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    std::fs::write(process.config_path(), good).expect("a file");
    assert_eq!(process.client().post("/callbacks/reload", &json!({})).status, 200);
    assert_eq!(process.metric("millrace_config_last_reload_success"), 1.0);
    let (_, log, _) = process.stop();
    assert!(!log.contains(KEY) && !log.contains(PROVIDER_KEY), "a secret in the log");
    assert!(log.matches("reload refused").count() == BAD.len(), "each is in the operator's log too");
}

#[test]
fn p4_a_callback_that_cannot_be_made_leaves_routes_and_callbacks_as_they_are() {
    // the check passes: that the folder is no folder is known only when the file is opened
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, "litellm_settings: {callbacks: [noop]}\nmillrace: {data_dir: data}");
    let text = std::fs::read_to_string(process.config_path()).expect("a file");
    let text = text.replace("[noop]", "[noop, jsonl]").replace("model_name: \"*\"", "model_name: other");
    let text = text.replace("openai/*", "openai/other");
    let path = process.config_path().join("below-a-file.jsonl");
    std::fs::write(
        process.config_path(),
        format!("{text}\ncallback_settings: {{jsonl: {{path: {}}}}}\n", path.display()),
    )
    .expect("a file");
    let before = process.client().get("/callbacks").json();
    let error = process.client().post("/callbacks/reload", &json!({})).error(422);
    assert!(error["message"].as_str().is_some_and(|message| message.contains("jsonl")), "{error}");
    assert_eq!(process.client().get("/callbacks").json(), before);
    assert_eq!(process.client().chat(&chat("gpt-4o", json!({}))).status, 200, "the routes have changed");
    assert_eq!(process.metric("millrace_config_last_reload_success"), 0.0);
}

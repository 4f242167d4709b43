//! K1 to K3: sinks that fail, and what they may be told.

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use crate::harness::{Gateway, KEY, PROVIDER_KEY, chat, eventually, records};

const TO_FILE: &str = "litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: records.jsonl}}\n";

#[test]
fn k1_a_sink_that_cannot_write_drops_and_counts_and_costs_nobody_an_answer() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    // every write to it fails: no space is left on the device
    let more = "litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: /dev/full}}\n";
    let gateway = Gateway::with(&mock, more);
    for _ in 0..20 {
        assert_eq!(gateway.client().chat(&chat("m", json!({}))).status, 200);
    }
    eventually("all are dropped", || gateway.metric("millrace_sink_dropped_total{sink=\"jsonl\"}") == 20.0);
    assert_eq!(gateway.metric("millrace_sink_delivered_total{sink=\"jsonl\"}"), 0.0);
    assert_eq!(gateway.metric("millrace_sink_queue_depth{sink=\"jsonl\"}"), 0.0);
    let list = gateway.client().get("/callbacks").json();
    assert_eq!(list["callbacks"][0]["health"], json!({ "depth": 0, "delivered": 0, "dropped": 20 }));
}

#[test]
fn k1_a_file_of_records_has_every_record_once() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, TO_FILE);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let client = gateway.client();
            std::thread::spawn(move || {
                let ask = |n| client.chat(&chat("m", json!({ "stream": n % 2 == 0 })));
                (0..25).map(|n| ask(n).header("x-litellm-call-id").expect("an id").to_owned()).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut asked: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().expect("a client")).collect();
    let folder = gateway.stop();
    let mut kept: Vec<_> = records(&folder.path().join("records.jsonl"))
        .iter()
        .map(|r| r["id"].as_str().expect("an id").to_owned())
        .collect();
    asked.sort_unstable();
    kept.sort_unstable();
    assert_eq!(kept, asked);
}

#[test]
fn k3_no_credential_enters_a_record() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway =
        Gateway::with(&mock, &format!("{TO_FILE}router_settings: {{num_retries: 0, disable_cooldowns: true}}\n"));
    let canary = "sk-canary-of-the-caller-0815";
    // a provider that quotes the key it was sent, and a foreign one; a caller that sends a key as the model's name
    let echo = |text: &str| format!("mock:fault=status:400,message={text}");
    for model in [
        echo(&format!("Incorrect API key provided: {PROVIDER_KEY}")),
        echo(&format!("you sent Authorization: Bearer {KEY}")),
        format!("mock:fault=error-event:3,message=key {PROVIDER_KEY} is not valid"),
        echo("no"),
    ] {
        for stream in [false, true] {
            let answer = gateway.client().chat(&chat(&model, json!({ "stream": stream, "user": canary })));
            assert!(!answer.text().contains("no-such"), "{}", answer.text());
        }
    }
    let asked = gateway.client().header("x-api-key", canary).header("cookie", canary);
    asked.chat(&chat(
        "m",
        json!({ "metadata": { "key": canary }, "messages": [{ "role": "user", "content": canary }] }),
    ));
    gateway.client().chat(&chat(canary, json!({})));
    let folder = gateway.stop();
    let text = std::fs::read_to_string(folder.path().join("records.jsonl")).expect("records");
    assert_eq!(text.lines().count(), 10, "{text}");
    let failures = text.lines().filter(|line| line.contains("\"failure\"")).collect::<Vec<_>>();
    assert!(failures.len() >= 6, "{text}");
    for line in text.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        // a success too: the mock serves every name, so one was answered whose model was a key
        for secret in [PROVIDER_KEY, KEY, canary] {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
        for member in ["metadata", "headers", "authorization", "messages", "cookie"] {
            assert!(record.get(member).is_none(), "{line}");
        }
    }
}

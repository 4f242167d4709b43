//! What a caller writes may be as long as a request body; what is kept of it, in records and in heads, may not.

use millrace_actors::record::{self, MESSAGE_BYTES, NAME_BYTES};
use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, KEY, Process, chat, records};

const TO_FILE: &str = "litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: records.jsonl}}\nrouter_settings: {num_retries: 0}\n";
/// Bytes of the mark, `…`.
const MARK: usize = 3;

/// No text of a record is longer than the schema says, and no header longer than what servers in front take at all.
fn assert_bounded(record: &Value, answer: &Answer) {
    let schema = record::schema();
    for (field, value) in record.as_object().expect("a record") {
        let Some(text) = value.as_str() else { continue };
        let limit = if field == "error_message" { MESSAGE_BYTES } else { NAME_BYTES };
        assert!(text.len() <= limit + MARK, "{field} has {} bytes", text.len());
        if let Some(most) = schema["properties"][field]["maxLength"].as_u64() {
            assert!(text.chars().count() as u64 <= most, "{field} is longer than the schema says");
        }
    }
    for (name, value) in answer.headers.iter().filter(|(name, _)| !name.starts_with("llm_provider-")) {
        assert!(value.len() <= 1024, "{name} has {} bytes", value.len());
    }
}

#[test]
fn a_record_keeps_a_bounded_part_of_what_a_caller_chose() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, TO_FILE);
    let long = "x".repeat(100_000);
    // the odd letter in front: a cut at a fixed byte would fall within a character of two
    let wide = format!("m{}", "é".repeat(50_000));
    // a password whose end is cut off must not escape those who strike out passwords by their end
    let cut = format!("mock:fault=status:400,message={}http://user:canarypassword{long}@host", "y ".repeat(100));
    let refused = format!("mock:fault=status:400,message={}", "no ".repeat(30_000));
    let client =
        gateway.client().header("x-request-id", &"i".repeat(4_000)).header("x-litellm-call-id", &"c".repeat(4_000));
    let mut answers = Vec::new();
    for model in [&long, &wide, &cut, &refused] {
        for stream in [false, true] {
            let more =
                json!({ "stream": stream, "user": long, "metadata": { "user": long }, "safety_identifier": long });
            answers.push(client.chat(&chat(model, more)));
        }
    }
    let folder = gateway.stop();
    let kept = records(&folder.path().join("records.jsonl"));
    assert_eq!(kept.len(), answers.len());
    for (record, answer) in kept.iter().zip(&answers) {
        assert_bounded(record, answer);
        for field in ["model", "model_group", "upstream_model"] {
            let text = record[field].as_str().expect("a name");
            let marked = text.ends_with('…') || text.ends_with("***");
            assert!(marked, "{field} does not show that it was cut: {text}");
        }
        assert!(!record.to_string().contains("canary"), "{record}");
    }
    // what fits is kept whole, up to the last byte
    assert_eq!(kept[0]["model"].as_str().map(str::len), Some(NAME_BYTES + MARK));
    assert_eq!(kept[2]["model"].as_str().map(str::len), Some(NAME_BYTES - 1 + MARK));
}

#[test]
fn a_name_that_fits_is_kept_as_it_is() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, TO_FILE);
    let name = "n".repeat(NAME_BYTES);
    let answer = gateway.client().chat(&chat(&name, json!({})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let folder = gateway.stop();
    let kept = records(&folder.path().join("records.jsonl"));
    for field in ["model", "model_group", "upstream_model"] {
        assert_eq!(kept[0][field], name.as_str(), "{field}");
    }
}

#[test]
fn an_answer_is_not_as_long_as_the_name_it_refuses() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let long = "x".repeat(20_000);
    let model = format!(
        "model_list:\n  - {{model_name: one, litellm_params: {{model: openai/one, api_base: \"{}\", api_key: k}}}}\n",
        mock.base_url()
    );
    let gateway = Gateway::from_yaml(&format!("{model}{TO_FILE}"));
    let unknown = gateway.client().chat(&chat(&long, json!({})));
    let twice =
        gateway.client().post(&format!("/engines/{}/chat/completions", &long[..4_000]), &chat(&long, json!({})));
    let field = gateway
        .client()
        .chat(&chat("one", json!({ "metadata": { "model_info": 1 }, long.as_str(): { "api_base": "x" } })));
    assert_eq!((unknown.status, twice.status, field.status), (404, 400, 400));
    for answer in [&unknown, &twice, &field] {
        assert!(answer.body.len() < 2_000, "{} bytes: {}", answer.body.len(), &answer.text()[..300]);
    }
    let typed = gateway.client().header("content-type", &long[..8_000]).chat(&chat("one", json!({})));
    assert_eq!(typed.status, 415);
    assert!(typed.body.len() < 2_000, "{} bytes", typed.body.len());
    let folder = gateway.stop();
    let kept = records(&folder.path().join("records.jsonl"));
    assert_eq!(kept.len(), 1, "the others were never admitted");
    assert_bounded(&kept[0], &unknown);
}

#[test]
fn what_a_worker_remembers_of_names_is_bounded_in_bytes_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = format!(
        "model_list:\n  - {{model_name: one, litellm_params: {{model: openai/one, api_key: k}}}}\ngeneral_settings: {{master_key: {KEY}}}\n"
    );
    std::fs::write(folder.path().join("config.yaml"), config).expect("a file");
    let process = Process::from_folder(folder);
    let ask = |n: usize| {
        let name = format!("{n}{}", "x".repeat(1 << 20));
        assert_eq!(process.client().chat(&chat(&name, json!({}))).status, 404);
    };
    (0..16).for_each(ask);
    let warm = process.resident_kb();
    (16..80).for_each(ask);
    let grown = process.resident_kb().saturating_sub(warm);
    assert!(grown < 32 << 10, "grew by {grown} kB over 64 names of 1 MiB each");
}

#[test]
fn a_refusal_of_a_cooling_group_is_not_as_long_as_its_name() {
    let mock = MockServer::start(MockConfig::with("fault=status:500".parse().expect("a behaviour"))).expect("a mock");
    // two, since the only deployment of a group is tried however it is
    let one = format!(
        "  - {{model_name: \"*\", litellm_params: {{model: \"openai/*\", api_base: \"{}\", api_key: k}}, model_info: {{id: ",
        mock.base_url()
    );
    let cooling = "router_settings: {num_retries: 3, allowed_fails: 0, cooldown_time: 600}";
    let gateway = Gateway::from_yaml(&format!("model_list:\n{one}a}}}}\n{one}b}}}}\n{cooling}\n"));
    let long = "x".repeat(20_000);
    gateway.client().chat(&chat(&long, json!({})));
    let answer = gateway.client().chat(&chat(&long, json!({})));
    assert_eq!(answer.error(429)["code"], "429");
    assert!(answer.body.len() < 2_000, "{} bytes", answer.body.len());
}

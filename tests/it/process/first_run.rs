//! The first start: without a word of configuration, without a key, with a bad one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use crate::harness::{Client, Process, chat, finished, millrace};

/// `serve` from nothing but the environment.
fn from_env(mock: &MockServer, data: &Path) -> Command {
    let mut command = millrace(&["serve", "--port", "0", "--workers", "1"]);
    command
        .env("OPENAI_API_KEY", "sk-canary-provider-4713")
        .env("OPENAI_BASE_URL", mock.base_url())
        .env("MILLRACE_DATA_DIR", data);
    command
}

/// The key that a start printed.
fn printed(log: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains("master key"))?;
    line.split_whitespace().find(|word| word.starts_with("sk-")).map(str::to_owned)
}

#[test]
fn without_configuration_and_environment_it_says_what_to_do() {
    let (output, text) = finished(&mut millrace(&["serve"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("--config") && text.contains("OPENAI_API_KEY"), "{text}");
}

#[test]
fn with_a_providers_key_it_works_and_its_own_key_is_printed_once() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let data = tempfile::tempdir().expect("a folder");
    let first = Process::spawn(from_env(&mock, data.path()), tempfile::tempdir().expect("a folder"));
    assert!(first.address.ip().is_loopback());
    let key = printed(&first.log()).unwrap_or_else(|| panic!("no key in {}", first.log()));
    assert!(key.len() >= 40, "{key}");
    let client = Client::new(first.address, &key);
    let answer = client.chat(&chat("gpt-4o", json!({})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(client.anonymous().chat(&chat("gpt-4o", json!({}))).status, 401);
    let sent = mock.last_request().expect("a request");
    assert_eq!(sent.header("authorization"), Some("Bearer sk-canary-provider-4713"));
    let file = data.path().join("master_key");
    assert_eq!(std::fs::metadata(&file).expect("the key's file").permissions().mode() & 0o777, 0o600);
    let (status, log, _) = first.stop();
    assert!(status.success(), "{log}");
    assert_eq!(log.matches(&key).count(), 1, "{log}");
    assert!(!log.contains("canary"), "{log}");

    let second = Process::spawn(from_env(&mock, data.path()), tempfile::tempdir().expect("a folder"));
    let answer = Client::new(second.address, &key).chat(&chat("gpt-4o", json!({})));
    assert_eq!(answer.status, 200, "the key of the first start is not taken: {}", answer.text());
    let (_, log, _) = second.stop();
    assert_eq!(printed(&log), None, "{log}");
    assert!(!log.contains(&key));
}

#[test]
fn weak_keys_are_refused() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let data = tempfile::tempdir().expect("a folder");
    for (key, why) in
        [("sk-1234", "well-known"), ("sk-short-key-9", "20 characters"), ("sk-aaaaaaaaaaaaaaaaaaaaaa", "few")]
    {
        let (output, text) = finished(from_env(&mock, data.path()).env("LITELLM_MASTER_KEY", key));
        assert_eq!(output.status.code(), Some(1), "{key} was taken: {text}");
        assert!(text.contains(why) && !text.contains(key), "{text}");
    }
    // one that was put into the data folder by hand is no better
    std::fs::write(data.path().join("master_key"), "sk-1234\n").expect("a file");
    let (output, text) = finished(&mut from_env(&mock, data.path()));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("master_key") && text.contains("well-known"), "{text}");
}

#[test]
fn without_a_key_it_listens_on_loopback_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.yaml");
    let text = "model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: k}}]\n";
    std::fs::write(&config, text).expect("a file");
    let mut serve = millrace(&["serve", "--host", "0.0.0.0", "--port", "0", "--config"]);
    let (output, text) = finished(serve.arg(&config));
    assert_eq!(output.status.code(), Some(1), "open to all: {text}");
    assert!(text.contains("0.0.0.0") && text.contains("master_key"), "{text}");
    let mut serve = millrace(&["serve", "--host", "127.0.0.1", "--port", "0", "--config"]);
    serve.arg(&config);
    let process = Process::spawn(serve, folder);
    assert_eq!(process.client().anonymous().get("/v1/models").status, 200);
}

#[test]
fn a_kept_key_that_others_could_read_is_closed_to_them_and_said_to_have_been_open() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let data = tempfile::tempdir().expect("a folder");
    let file = data.path().join("master_key");
    std::fs::write(&file, "sk-Zq8vK2mP9xLw4RtY7nBc\n").expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("rights");
    let process = Process::spawn(from_env(&mock, data.path()), tempfile::tempdir().expect("a folder"));
    assert_eq!(std::fs::metadata(&file).expect("the key's file").permissions().mode() & 0o777, 0o600);
    let (_, log, _) = process.stop();
    assert!(log.contains("could be read by others") && !log.contains("Zq8v"), "{log}");
}

#[test]
fn a_configuration_can_be_named_by_a_variable_and_an_empty_one_names_none() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let data = tempfile::tempdir().expect("a folder");
    let mut empty = from_env(&mock, data.path());
    empty.env("MILLRACE_CONFIG", "");
    // as compose files write it: `MILLRACE_CONFIG: ${CONFIG:-}`
    drop(Process::spawn(empty, tempfile::tempdir().expect("a folder")));
    let (output, text) = finished(from_env(&mock, data.path()).env("MILLRACE_CONFIG", "/no/such/file.yaml"));
    assert!(output.status.code() == Some(1) && text.contains("/no/such/file.yaml"), "{text}");
    let (output, text) = finished(&mut millrace(&["serve", "--config", ""]));
    assert!(output.status.code() == Some(2), "{text}");
}

//! The whole benchmark, in one process: the mock provider stands for the provider and for the targets.

use super::scripted::{Scripted, Then};
use super::settings::tests::args;
use super::*;
use crate::mock::config::MockConfig;
use crate::mock::server::MockServer;
use serde_json::Value;

fn mock() -> MockServer {
    MockServer::start(MockConfig::default()).expect("a mock")
}

fn code(result: Result<ExitCode, Error>) -> String {
    format!("{:?}", result.expect("a finished run"))
}

#[test]
fn the_scripts_phases_over_two_targets_are_reported_and_recorded() {
    let (provider, other) = (mock(), mock());
    let dir = tempfile::tempdir().expect("a folder");
    let (json, runs) = (dir.path().join("out.json"), dir.path().join("runs"));
    let line = format!(
        "--label Trial --provider-url {} --target one={},pid={} --target two={} --repeats 3 --requests 20 --concurrency 4 \
         --warmup 4 --stream-requests 8 --stream-concurrency 2 --stream-warmup 2 --output-json {} --record {}",
        provider.base_url(),
        provider.base_url(),
        std::process::id(),
        other.base_url(),
        json.display(),
        runs.display(),
    );
    assert_eq!(code(run(args(&line))), format!("{:?}", ExitCode::SUCCESS));
    let document: Value = serde_json::from_slice(&std::fs::read(&json).expect("written")).expect("JSON");
    assert_eq!(document["label"], "Trial");
    assert_eq!(document["proxy_non_streaming"]["requests"], 20);
    assert_eq!(document["targets"].as_array().map(Vec::len), Some(2));
    let rounds = document["rounds"].as_array().expect("rounds");
    assert_eq!(rounds.len(), 3 * (3 + 2 + 2), "direct and two targets, then two targets twice");
    let first: Vec<_> = rounds.iter().take(3).map(|cell| cell["target"].as_str().unwrap_or_default()).collect();
    assert_eq!(first, ["direct", "one", "two"]);
    assert_eq!(rounds[8]["target"], "two", "in the second round the second target comes first");
    assert!(rounds[1]["cpu_ns"].as_u64().is_some_and(|nanos| nanos > 0), "the process given was read");
    assert!(rounds[2]["cpu_ns"].is_null());
    assert_eq!(document["phases"][0]["rows"][2]["figures"][0]["key"], "p50_ms");
    assert!(document["phases"][0]["rows"][2]["figures"][0]["ratio"]["median"].is_number());
    let folder = std::fs::read_dir(runs).expect("a record").next().expect("one folder").expect("readable").path();
    for file in ["README.md", "raw.json", "summary.md"] {
        let text = std::fs::read_to_string(folder.join(file)).expect(file);
        assert!(!text.contains(dir.path().to_str().expect("a path")), "{file} names a folder of the machine");
    }
}

#[test]
fn the_fields_phases_run_and_wrong_answers_make_the_run_fail() {
    let (provider, wrong) =
        (mock(), MockServer::start(MockConfig { model_suffix: "-x".to_owned(), ..Default::default() }));
    let wrong = wrong.expect("a mock");
    let line = |target: &MockServer| {
        format!(
            "--provider-url {} --target t={} --phase whole,burst,added,added-ttft,idle-memory,streams-memory --field-requests 20 \
             --field-concurrency 2 --memory-streams 4",
            provider.base_url(),
            target.base_url()
        )
    };
    assert_eq!(code(run(args(&line(&provider)))), format!("{:?}", ExitCode::SUCCESS));
    assert_eq!(code(run(args(&line(&wrong)))), format!("{:?}", ExitCode::FAILURE));
}

#[test]
fn a_provider_that_is_not_the_mock_is_told_before_anything_is_measured() {
    let wrong = MockServer::start(MockConfig { model_suffix: "-x".to_owned(), ..Default::default() }).expect("a mock");
    let line = format!("--provider-url {0} --target t={0} --requests 4 --concurrency 1", wrong.base_url());
    let message = run(args(&line)).expect_err("the model's name differs").to_string();
    assert!(message.contains("--any-provider"), "{message}");
    let line = format!("{line} --any-provider --phase whole --field-requests 4");
    assert_eq!(code(run(args(&line))), format!("{:?}", ExitCode::SUCCESS));
}

#[test]
fn both_fast_paths_are_measured_in_turn_and_left_on() {
    // An answer that is a chat completion and one of the admin API as well.
    let server = Scripted::start(
        &Scripted::json(
            r#"{"generation":1,"id":"c","object":"chat.completion","model":"perf-test-model","choices":[{"index":0,
            "message":{"role":"assistant","content":"a"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#,
        ),
        Then::Keep,
    );
    let provider = mock();
    let line = format!(
        "--no-start-proxy --proxy-port {} --provider-url {} --any-provider --api-key k --fast-paths both --phase script-whole \
         --repeats 2 --requests 3 --concurrency 1 --warmup 1",
        server.addr.port(),
        provider.base_url()
    );
    assert_eq!(code(run(args(&line))), format!("{:?}", ExitCode::SUCCESS));
    let seen = server.requests.lock().expect("requests").clone();
    let kind = |(line, _): &(String, String)| line.split(' ').next().unwrap_or_default().to_owned();
    let mut kinds: Vec<String> = seen.iter().map(kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "POST").count(), 2 * 2 * 4);
    kinds.dedup();
    // Off then on in the first round; on first in the second, for the one that is first changes; and on at the end.
    let expected = ["GET", "PUT", "POST", "DELETE", "POST", "PUT", "POST", "DELETE"];
    assert_eq!(kinds, expected);
}

//! Nothing secret of a credential is shown: not by the log, a record, an answer, nor by what the provider or the token
//! server echoes of it.

use serde_json::json;

use super::{CANARY, Scene, granted, token, yaml};
use crate::harness::{Gateway, Reply, Scripted, chat, eventually, logged, records};
use millrace_lab::mock::{MockConfig, MockServer};

#[test]
fn i9_a_token_a_provider_echoes_is_struck_out_everywhere() {
    let (tokens, mock) =
        (Scripted::start(|_, n| granted(n, 3600)), MockServer::start(MockConfig::default()).expect("a mock"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("records.jsonl");
    let more = format!(
        "litellm_settings: {{callbacks: [jsonl]}}\ncallback_settings: {{jsonl: {{path: \"{}\"}}}}\nmillrace: {{data_dir: \"{}\"}}\n",
        file.display(),
        folder.path().display(),
    );
    logged();
    let gateway = Gateway::from_yaml(&format!("{}{more}", yaml(&tokens, &mock, "")));
    let echoed = format!("fault=400,message=no such token {} nor Bearer {}", token(0), token(0));
    let faults = ["fault=401", "fault=403", &echoed];
    for fault in faults {
        let body = chat("m", json!({}));
        let answer = gateway.client().chat(&body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        mock.push_script([fault.parse().unwrap_or_else(|e| panic!("{e}"))]);
        let answer = gateway.client().chat(&body);
        assert_ne!(answer.status, 200, "{fault}");
        assert!(!answer.text().contains(CANARY), "{fault}: {}", answer.text());
    }
    eventually("all are recorded", || records(&file).len() >= 2 * faults.len());
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(!text.contains(CANARY), "{text}");
    let log = logged();
    assert!(!log.contains(CANARY), "{}", log.lines().find(|line| line.contains(CANARY)).unwrap_or_default());
    assert!(log.contains("credential fetched credential=\"azure application app\""));
}

#[test]
fn i9_a_secret_a_token_server_echoes_is_struck_out() {
    let scene = Scene::new(|asked, _| {
        let secret = asked.form("client_secret").expect("a secret");
        Reply::json(400, &json!({"error": "invalid_request", "error_description": format!("what is {secret}?")}))
    });
    let error = scene.ask().error(502);
    let message = error["message"].as_str().expect("a text");
    assert!(message.contains("what is [redacted]?") && !message.contains(CANARY), "{message}");
    assert!(!logged().contains(CANARY));
}

#[test]
fn i9_a_check_of_the_configuration_shows_no_secret() {
    let tokens = Scripted::start(|_, n| granted(n, 3600));
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let folder = tempfile::tempdir().expect("a folder");
    let text = yaml(&tokens, &mock, "").replace("client_id: app, ", "");
    std::fs::write(folder.path().join("config.yaml"), text).expect("a file");
    let mut command = crate::harness::millrace(&["check", "config.yaml"]);
    let (output, text) = crate::harness::finished(command.current_dir(folder.path()));
    assert!(!output.status.success());
    assert!(text.contains("tenant_id` and `client_id`") && text.contains("config.yaml:3:"), "{text}");
    assert!(!text.contains(CANARY), "{text}");
}

//! Each call is signed for what it is; the mock checks it as the service does.

use millrace_lab::mock::Behaviour;
use serde_json::json;

use super::{KEYS, SECRET, Scene};
use crate::messages::Caller;

const MODEL: &str = "b/us.amazon.nova-pro-v1:0";

#[test]
fn the_signature_is_the_one_the_service_reckons() {
    let scene = Scene::new();
    scene.behaves(&format!("chunks=2,aws-secret={SECRET}"));
    for caller in [Caller::OpenAi, Caller::Anthropic] {
        for stream in [false, true] {
            let answer = scene.ask(caller, MODEL, stream);
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    let sent = scene.mock.last_request().expect("a request");
    let authorization = sent.header("authorization").expect("a signature");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
    assert!(authorization.contains("/eu-central-1/bedrock/aws4_request"), "{authorization}");
    assert!(authorization.contains("SignedHeaders=content-type;host;x-amz-date,"), "{authorization}");
    assert_eq!(sent.header("x-amz-security-token"), None);
    assert!(!format!("{:?}", sent.headers).contains(SECRET));
}

#[test]
fn another_secret_is_refused_and_not_told() {
    let scene = Scene::new();
    scene.behaves("aws-secret=another");
    for stream in [false, true] {
        let answer = scene.ask(Caller::OpenAi, MODEL, stream);
        let error = answer.error(403);
        assert!(error["message"].as_str().unwrap().contains("rejected the credentials"), "{error}");
        assert!(!answer.text().contains(SECRET) && !answer.text().contains("AWS4-HMAC"), "{}", answer.text());
    }
}

#[test]
fn temporary_keys_bring_their_session_and_each_try_is_signed_anew() {
    let scene =
        Scene::with(&format!("{KEYS}, aws_session_token: canary-session-0815"), "router_settings: {num_retries: 1}\n");
    let signed = format!("aws-secret={SECRET}");
    scene.mock.push_script(
        [format!("{signed},503"), signed]
            .iter()
            .map(|spec| spec.parse::<Behaviour>().unwrap_or_else(|e| panic!("{e}"))),
    );
    let answer = scene.ask(Caller::OpenAi, MODEL, false);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.mock.requests();
    assert_eq!(sent.len(), 2);
    for sent in sent {
        assert_eq!(sent.header("x-amz-security-token"), Some("canary-session-0815"));
        assert!(sent.header("authorization").is_some_and(|it| it.contains("x-amz-security-token")));
    }
}

#[test]
fn a_bearer_token_stands_in_for_a_signature() {
    let scene = Scene::with("api_key: bedrock-api-key-canary-77, aws_region_name: us-east-1", "");
    let answer = scene.ask(Caller::OpenAi, MODEL, true);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!(sent.header("authorization"), Some("Bearer bedrock-api-key-canary-77"));
    assert_eq!(sent.header("x-amz-date"), None);
}

#[test]
fn a_pass_through_is_signed_for_what_it_is() {
    let scene = Scene::new();
    scene.behaves(&format!("chunks=2,aws-secret={SECRET}"));
    let client = scene.gateway.client();
    let body = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
    for path in ["/model/us.m-v1:0/converse", "/model/us.m-v1%3A0/converse", "/model/m/converse?a=b&c"] {
        let answer = client.post(&format!("/bedrock{path}"), &body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let sent = scene.mock.last_request().expect("a request");
        assert_eq!((sent.path.as_str(), sent.json()), (path, body.clone()));
    }
    // more than is kept of a body that passes while it comes: a signature is over all of it
    let long = json!({"messages": [{"role": "user", "content": [{"text": "x".repeat(3 << 20)}]}]});
    let answer = client.post("/bedrock/model/m/converse", &long);
    assert_eq!(answer.status, 200, "{}", answer.text());
    scene.behaves("aws-secret=another");
    let refused = client.post("/bedrock/model/m/converse", &body);
    assert!(refused.status == 403 && !refused.text().contains(SECRET), "{}", refused.text());
}

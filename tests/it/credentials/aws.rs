//! AWS's keys: each place they come from is asked as AWS's own tools would, and the keys sign the call.

use std::fmt::Write;

use serde_json::json;

use super::CANARY;
use crate::harness::{Asked, Gateway, Reply, Scripted, chat, logged};

const ROLE: &str = "arn:aws:iam::123456789012:role/mine";

/// An answer of Bedrock's.
fn converse() -> Reply {
    Reply::json(
        200,
        &json!({"output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}}),
    )
}

/// Keys as the metadata services tell them.
fn told() -> Reply {
    Reply::json(
        200,
        &json!({"Code": "Success", "AccessKeyId": "ASIATOLD", "SecretAccessKey": format!("{CANARY}-secret"),
            "Token": format!("{CANARY}-session"), "Expiration": "2999-01-01T00:00:00Z"}),
    )
}

/// Keys as the token service tells them.
fn assumed(action: &str) -> Reply {
    let body = format!(
        "<{action}Response><{action}Result><Credentials><AccessKeyId>ASIATOLD</AccessKeyId>\
         <SecretAccessKey>{CANARY}-secret</SecretAccessKey><SessionToken>{CANARY}-session</SessionToken>\
         <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></{action}Result></{action}Response>"
    );
    Reply { status: 200, kind: "text/xml", body }
}

/// Asks a deployment of Bedrock's once; the request as it came there.
fn called(params: &str, variables: &[(&str, &str)]) -> Result<Asked, String> {
    logged();
    let bedrock = Scripted::start(|_, _| converse());
    // nothing of whoever runs the tests
    let mut text =
        "environment_variables:\n  AWS_SHARED_CREDENTIALS_FILE: /none/a\n  AWS_CONFIG_FILE: /none/b\n".to_owned();
    let own = |name: &str| variables.iter().any(|(known, _)| *known == name);
    if own("AWS_SHARED_CREDENTIALS_FILE") || own("AWS_CONFIG_FILE") {
        text = "environment_variables:\n  NONE: x\n".to_owned();
    }
    for (name, value) in variables {
        writeln!(text, "  {name}: '{value}'").expect("room");
    }
    write!(
        text,
        "model_list:\n- model_name: m\n  litellm_params: {{model: bedrock/anthropic.claude-x, aws_region_name: eu-west-1, \
         api_base: \"{}\"{params}}}\n",
        bedrock.url()
    )
    .expect("room");
    let answer = Gateway::from_yaml(&text).client().chat(&chat("m", json!({"max_tokens": 9})));
    assert!(!answer.text().contains(CANARY) && !logged().contains(CANARY), "{}", answer.text());
    match answer.status {
        200 => Ok(bedrock.asked().pop().expect("a call")),
        _ => Err(answer.error(answer.status)["message"].as_str().expect("a text").to_owned()),
    }
}

/// The call is signed with the keys that were told.
#[track_caller]
fn assert_signed(call: Result<Asked, String>) {
    let call = call.unwrap_or_else(|message| panic!("{message}"));
    let signed = call.header("authorization").expect("a signature");
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=ASIATOLD/"), "{signed}");
    assert!(signed.contains("/eu-west-1/bedrock/aws4_request"), "{signed}");
    assert_eq!(call.header("x-amz-security-token"), Some(&*format!("{CANARY}-session")));
}

#[test]
fn a_machine_asks_its_metadata_service_with_a_session() {
    let service = Scripted::start(|asked, _| match (asked.method.as_str(), asked.path.as_str()) {
        ("PUT", "/latest/api/token") => Reply { status: 200, kind: "text/plain", body: "session-1\n".into() },
        ("GET", "/latest/meta-data/iam/security-credentials/") => {
            Reply { status: 200, kind: "text/plain", body: "my-role\n".into() }
        }
        ("GET", "/latest/meta-data/iam/security-credentials/my-role") => told(),
        _ => Reply { status: 404, kind: "text/plain", body: String::new() },
    });
    assert_signed(called("", &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &service.url())]));
    let asked = service.asked();
    assert_eq!(asked[0].header("x-aws-ec2-metadata-token-ttl-seconds"), Some("60"));
    let sessions: Vec<_> = asked[1..].iter().map(|asked| asked.header("x-aws-ec2-metadata-token")).collect();
    assert_eq!(sessions, [Some("session-1"); 2]);

    let roleless = Scripted::start(|asked, _| Reply {
        status: if asked.method == "PUT" { 200 } else { 404 },
        kind: "text/plain",
        body: "none here".into(),
    });
    let error = called("", &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &roleless.url())]).expect_err("no role");
    assert!(error.contains("aws instance metadata") && error.contains("404: none here"), "{error}");
}

#[test]
fn a_container_asks_what_runs_beside_it() {
    let beside = Scripted::start(|_, _| told());
    let uri = format!("{}/v2/creds?id=1", beside.url());
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "proof-2\n").expect("room");
    let path = file.path().display().to_string();
    for (authorization, header) in [
        (("NONE_AT_ALL", "x"), None),
        (("AWS_CONTAINER_AUTHORIZATION_TOKEN", "proof-1"), Some("proof-1")),
        (("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &*path), Some("proof-2")),
    ] {
        assert_signed(called("", &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*uri), authorization]));
        let asked = beside.asked().pop().expect("a question");
        assert_eq!((asked.path.as_str(), asked.header("authorization")), ("/v2/creds?id=1", header));
    }
}

#[test]
fn a_role_is_taken_on_for_a_statement_read_anew() {
    let sts = Scripted::start(|_, _| assumed("AssumeRoleWithWebIdentity"));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{CANARY}-statement\n")).expect("room");
    let path = file.path().display().to_string();
    let url = sts.url();
    let of_env = [("AWS_ENDPOINT_URL_STS", &*url), ("AWS_ROLE_ARN", ROLE), ("AWS_WEB_IDENTITY_TOKEN_FILE", &*path)];
    let named = format!(", aws_role_name: '{ROLE}', aws_session_name: s1, aws_web_identity_token: oidc/file/{path}");
    let given =
        format!(", aws_role_name: '{ROLE}', aws_sts_endpoint: '{url}', aws_web_identity_token: {CANARY}-statement");
    for (params, env, session) in
        [("", &of_env[..], "millrace"), (&*named, &of_env[..1], "s1"), (&*given, &[], "millrace")]
    {
        assert_signed(called(params, env));
        let asked = sts.asked().pop().expect("a question");
        let form = |name| asked.form(name).unwrap_or_default();
        assert_eq!((form("Action"), form("Version")), ("AssumeRoleWithWebIdentity".into(), "2011-06-15".into()));
        assert_eq!((form("RoleArn"), form("RoleSessionName")), (ROLE.into(), session.into()));
        assert_eq!(form("WebIdentityToken"), format!("{CANARY}-statement"));
        assert_eq!(asked.header("authorization"), None);
    }
}

#[test]
fn a_role_is_taken_on_with_keys_that_sign_for_it() {
    let sts = Scripted::start(|_, _| assumed("AssumeRole"));
    let url = sts.url();
    let keys = ", aws_access_key_id: AKIAOWN, aws_secret_access_key: canary-5c1d-own";
    let role = format!("{keys}, aws_role_name: '{ROLE}', aws_session_name: s1, aws_external_id: x&y");
    assert_signed(called(&role, &[("AWS_ENDPOINT_URL_STS", &url)]));
    let asked = sts.asked().pop().expect("a question");
    let form = |name| asked.form(name).unwrap_or_default();
    assert_eq!((form("Action"), form("ExternalId")), ("AssumeRole".into(), "x&y".into()));
    assert_eq!((form("RoleArn"), form("RoleSessionName")), (ROLE.into(), "s1".into()));
    let signed = asked.header("authorization").expect("a signature");
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIAOWN/"), "{signed}");
    assert!(signed.contains("/eu-west-1/sts/aws4_request") && signed.contains("content-type;host;"), "{signed}");
}

#[test]
fn a_profile_has_keys_or_leads_to_a_role() {
    let sts = Scripted::start(|_, _| assumed("AssumeRole"));
    let folder = tempfile::tempdir().expect("a folder");
    let (credentials, config) = (folder.path().join("credentials"), folder.path().join("config"));
    let keys = format!(
        "[plain]\naws_access_key_id = ASIATOLD\naws_secret_access_key = {CANARY}-s\naws_session_token = {CANARY}-session\n"
    );
    std::fs::write(&credentials, keys).expect("room");
    let text = format!(
        "[profile lead]\nrole_arn = {ROLE}\nsource_profile = plain\n[profile env]\nrole_arn = {ROLE}\n\
         credential_source = Environment\n[profile round]\nrole_arn = r\nsource_profile = about\n[profile about]\nrole_arn = r\n\
         source_profile = round\n[profile sso]\nsso_session = x\n"
    );
    std::fs::write(&config, text).expect("room");
    let (credentials, config, url) = (credentials.display().to_string(), config.display().to_string(), sts.url());
    let env = [
        ("AWS_SHARED_CREDENTIALS_FILE", &*credentials),
        ("AWS_CONFIG_FILE", &*config),
        ("AWS_ENDPOINT_URL_STS", &*url),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&env[..], more].concat();
    let profile = |name: &str| format!(", aws_profile_name: {name}");
    assert_signed(called(&profile("plain"), &env));
    assert_signed(called("", &with(&[("AWS_PROFILE", "plain")])));
    assert_eq!(sts.count(), 0);
    assert_signed(called(&profile("lead"), &env));
    let pair = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "canary-5c1d-e")];
    assert_signed(called(&profile("env"), &with(&pair)));
    let signed: Vec<_> =
        sts.asked().iter().map(|asked| asked.header("authorization").expect("a signature").to_owned()).collect();
    assert!(signed[0].contains("Credential=ASIATOLD/") && signed[1].contains("Credential=AKIAENV/"), "{signed:?}");
    for (name, why) in [("round", "circle"), ("sso", "sso_session"), ("none", "not there"), ("env", "no keys here")] {
        let error = called(&profile(name), &env).expect_err(name);
        assert!(error.contains(&format!("aws profile {name}")) && error.contains(why), "{error}");
    }
}

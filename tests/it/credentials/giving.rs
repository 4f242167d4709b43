//! Each kind of credential: what its giver is asked, and that the token reaches the provider.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_lab::mock::{MockConfig, MockServer};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::{CANARY, granted, token};
use crate::harness::{Asked, Gateway, Scripted, chat};

/// A key made for these tests; it opens nothing.
const KEY: &str = include_str!("key.pem");

/// A gateway whose deployment `m` has these parameters and variables, asked once for a whole answer. What the token server
/// was asked, and the gateway's credential at the provider.
fn asked(params: &str, variables: &[(&str, &str)], tokens: &Scripted, mock: &MockServer) -> Asked {
    let variables: String = variables.iter().map(|(name, value)| format!("  {name}: '{value}'\n")).collect();
    let text = format!(
        "model_list:\n- model_name: m\n  litellm_params: {{api_base: \"{}\", {params}}}\nenvironment_variables:\n  NONE: ''\n{variables}",
        mock.root_url()
    );
    let gateway = Gateway::from_yaml(&text);
    let answer = gateway.client().chat(&chat("m", json!({"max_tokens": 9})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let bearer = format!("Bearer {}", token(0));
    assert_eq!(mock.last_request().expect("a request").header("authorization"), Some(&*bearer), "{params}");
    tokens.asked().pop().expect("a question")
}

fn scene() -> (Scripted, MockServer) {
    (Scripted::start(|_, n| granted(n, 3600)), MockServer::start(MockConfig::default()).expect("a mock"))
}

#[test]
fn an_application_of_azures_proves_itself_by_its_secret() {
    let (tokens, mock) = scene();
    let params = format!("model: azure/mock, tenant_id: my/tenant, client_id: app, client_secret: {CANARY}-s");
    let asked = asked(&params, &[("AZURE_AUTHORITY_HOST", &tokens.url())], &tokens, &mock);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/my%2Ftenant/oauth2/v2.0/token"));
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", "app"),
        ("client_secret", "canary-5c1d-s"),
        ("scope", "https://cognitiveservices.azure.com/.default"),
    ] {
        assert_eq!(asked.form(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(asked.form("client_assertion"), None);
}

#[test]
fn an_application_of_azures_proves_itself_by_a_statement_read_anew() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    writeln!(file, "{CANARY}-statement").expect("room");
    let path = file.path().display().to_string();
    let written = format!("model: azure/mock, azure_ad_token: oidc/file/{path}");
    for (params, of_env) in [("model: azure/mock", &*path), (&*written, "")] {
        let (tokens, mock) = scene();
        let authority = tokens.url();
        let env = [
            ("AZURE_AUTHORITY_HOST", &*authority),
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "app"),
            ("AZURE_FEDERATED_TOKEN_FILE", of_env),
        ];
        let asked = asked(params, &env, &tokens, &mock);
        assert_eq!(asked.form("client_assertion").as_deref(), Some(&*format!("{CANARY}-statement")), "{params}");
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(asked.form("client_assertion_type").as_deref(), Some(kind));
        assert_eq!(asked.form("client_secret"), None);
    }
}

#[test]
fn a_machine_of_azures_asks_its_own_link() {
    let (tokens, mock) = scene();
    let env = [
        ("AZURE_CREDENTIAL", "ManagedIdentityCredential"),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*tokens.url()),
        ("AZURE_CLIENT_ID", "which"),
    ];
    let question = asked("model: azure/mock", &env, &tokens, &mock);
    let query = "api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com&client_id=which";
    assert_eq!(question.path, format!("/metadata/identity/oauth2/token?{query}"));
    assert_eq!((question.method.as_str(), question.header("metadata")), ("GET", Some("true")));

    let (tokens, mock) = scene();
    let endpoint = format!("{}/msi/token", tokens.url());
    let env = [("IDENTITY_ENDPOINT", &*endpoint), ("IDENTITY_HEADER", "canary-5c1d-h")];
    let question = asked("model: azure/mock, azure_scope: 'api://x/.default'", &env, &tokens, &mock);
    assert_eq!(question.path, "/msi/token?api-version=2019-08-01&resource=api%3A%2F%2Fx");
    assert_eq!(question.header("x-identity-header"), Some("canary-5c1d-h"));
    assert_eq!(question.header("metadata"), None);
}

/// The claims of a statement, whose signature is checked.
fn claims(statement: &str) -> (Value, Value) {
    let (signed, signature) = statement.rsplit_once('.').expect("three parts");
    let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).expect("a key");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url without padding");
    public.verify(signed.as_bytes(), &bytes(signature)).expect("a signature of the key");
    let (head, body) = signed.split_once('.').expect("two parts");
    let json = |part: &str| serde_json::from_slice(&bytes(part)).expect("JSON");
    (json(head), json(body))
}

#[test]
fn a_service_account_of_googles_signs_who_it_is() {
    let (tokens, mock) = scene();
    let uri = format!("{}/token", tokens.url());
    let account = json!({"type": "service_account", "project_id": "p", "client_email": "a@p.iam", "private_key": KEY,
        "private_key_id": "kid-1", "token_uri": uri});
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    write!(file, "{account}").expect("room");
    let params = format!("model: vertex_ai/claude-mock, vertex_credentials: '{}'", file.path().display());
    let asked = asked(&params, &[], &tokens, &mock);
    assert_eq!(asked.form("grant_type").as_deref(), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    let (head, claims) = claims(&asked.form("assertion").expect("a statement"));
    assert_eq!(head, json!({"alg": "RS256", "typ": "JWT", "kid": "kid-1"}));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("a@p.iam"), &json!(uri)));
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/cloud-platform");
    assert_eq!(claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp - iat), Some(3600));
    assert!(mock.last_request().expect("a request").path.contains("/projects/p/"), "the account's own project");
}

#[test]
fn a_person_of_googles_shows_a_refresh_token() {
    let (tokens, mock) = scene();
    let account = json!({"type": "authorized_user", "client_id": "c", "client_secret": "canary-5c1d-s",
        "refresh_token": "canary-5c1d-r", "quota_project_id": "q", "token_uri": tokens.url()});
    let params = format!("model: vertex_ai/claude-mock, vertex_project: p, vertex_credentials: '{account}'");
    let asked = asked(&params, &[], &tokens, &mock);
    for (name, value) in [
        ("grant_type", "refresh_token"),
        ("client_id", "c"),
        ("client_secret", "canary-5c1d-s"),
        ("refresh_token", "canary-5c1d-r"),
    ] {
        assert_eq!(asked.form(name).as_deref(), Some(value), "{name}");
    }
}

/// A machine's token is for all of its cloud: it goes to Google's own addresses only, so the way it is fetched is tried
/// where it is fetched.
#[test]
fn what_the_environment_has_for_google_goes_to_no_other_address() {
    let (tokens, mock) = scene();
    let text = format!(
        "model_list:\n- model_name: m\n  litellm_params: {{model: vertex_ai/claude-mock, vertex_project: p, api_base: \"{}\"}}\n\
         environment_variables: {{GCE_METADATA_HOST: \"{}\"}}\n",
        mock.root_url(),
        tokens.address
    );
    let gateway = Gateway::from_yaml(&text);
    gateway.client().chat(&chat("m", json!({"max_tokens": 9})));
    assert_eq!(mock.last_request().expect("a request").header("authorization"), None);
    assert_eq!(tokens.count(), 0);
}

#[test]
fn a_pass_through_gets_its_token_too() {
    let (tokens, mock) = scene();
    let gateway = Gateway::from_yaml(&super::yaml(&tokens, &mock, ""));
    for _ in 0..2 {
        let answer = gateway.client().get("/azure/openai/models");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sent = mock.last_request().expect("a request");
        assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {}", token(0))));
        assert!(sent.path.starts_with("/openai/models?api-version="), "{}", sent.path);
    }
    assert_eq!(tokens.asked().len(), 1, "one fetch serves all");
}

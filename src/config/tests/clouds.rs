//! Azure and Vertex AI: where a deployment is found, and with whose token.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::model::ModelEntry;
use crate::config::{Report, load_text};
use crate::credentials::{Azure, Google, Source};

/// One deployment with these parameters, under these variables.
fn read(params: &str, env: &[(&str, &str)]) -> Result<ModelEntry, Report> {
    let text = format!("model_list: [{{model_name: a, litellm_params: {{{params}}}}}]\n");
    let env: BTreeMap<_, _> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load_text(Path::new("c.yaml"), &text, &env, &|_, _| Ok(())).map(|mut config| config.models.remove(0))
}

fn good(params: &str, env: &[(&str, &str)]) -> ModelEntry {
    read(params, env).unwrap_or_else(|report| panic!("{report}"))
}

#[track_caller]
fn bad(params: &str, env: &[(&str, &str)], (code, says): (&str, &str)) {
    let report = read(params, env).err().unwrap_or_else(|| panic!("{params} was taken"));
    let text = report.to_string();
    let codes: Vec<_> = report.complaints.iter().map(|complaint| complaint.code).collect();
    assert_eq!(codes, [code], "{text}");
    assert!(text.contains(says) && !text.contains("canary"), "{says}: {text}");
}

#[test]
fn a_location_has_an_address() {
    for (location, base) in [
        ("", "https://us-central1-aiplatform.googleapis.com"),
        (", vertex_location: global", "https://aiplatform.googleapis.com"),
        (", vertex_location: eu", "https://aiplatform.eu.rep.googleapis.com"),
        (", vertex_location: europe-west1", "https://europe-west1-aiplatform.googleapis.com"),
    ] {
        let model = good(&format!("model: vertex_ai/claude-x, vertex_project: my-p{location}"), &[]);
        let place = location.rsplit(' ').next().filter(|place| !place.is_empty()).unwrap_or("us-central1");
        assert_eq!(model.api_base.as_str(), base);
        assert_eq!(model.below.path, format!("/v1/projects/my-p/locations/{place}/publishers"));
        assert!(model.below.model_in_path && model.below.query.is_empty());
        assert!(matches!(model.credential, Some(Source::Google(Google::Metadata(_)))), "the machine's own");
    }
    let env = [("VERTEXAI_PROJECT", "env-p"), ("VERTEXAI_LOCATION", "asia-east1")];
    let model = good("model: vertex_ai/claude-x, vertex_location: us-east5", &env);
    assert_eq!(model.below.path, "/v1/projects/env-p/locations/us-east5/publishers");
}

#[test]
fn what_vertex_cannot_be_called_with_is_told() {
    let project = ", vertex_project: p";
    bad("model: vertex_ai/claude-x", &[], ("MR1023", "vertex_project"));
    bad("model: vertex_ai/claude-x, vertex_project: '..'", &[], ("MR1030", "vertex_project"));
    bad("model: vertex_ai/claude-x, vertex_project: p, vertex_location: 'x.evil.com/'", &[], ("MR1030", "no location"));
    let report = read(&format!("model: vertex_ai/llama-4{project}"), &[]).expect_err("nothing can be called");
    let codes: Vec<_> = report.complaints.iter().map(|complaint| complaint.code).collect();
    assert!(codes == ["MR1302", "MR1032"] && report.to_string().contains("only Gemini, Claude and"), "{report}");
    let file = format!("model: vertex_ai/claude-x, vertex_credentials: /no/such/file{project}");
    bad(&file, &[], ("MR1039", "/no/such/file"));
    let text =
        r#"model: vertex_ai/claude-x, vertex_project: p, vertex_credentials: '{"type":"x","private_key":"canary"}'"#;
    bad(text, &[], ("MR1039", "type `x`"));
    bad(
        &format!("model: vertex_ai/claude-x{project}"),
        &[("GCE_METADATA_HOST", "far.example.com")],
        ("MR1033", "GCE_METADATA_HOST"),
    );
}

#[test]
fn azures_credential_is_a_key_or_else_a_token_and_what_is_written_wins() {
    let base = "model: azure/d, api_base: 'https://r.openai.azure.com'";
    let application = "tenant_id: t, client_id: c, client_secret: s";
    let (key, id) = (("AZURE_API_KEY", "k-env"), ("AZURE_CLIENT_ID", "c-env"));
    let tenant = ("AZURE_TENANT_ID", "t-env");
    for (params, env, want) in [
        ("api_key: k-own", &[key][..], "key k-own"),
        ("", &[key], "key k-env"),
        (&*format!("api_key: k-own, {application}"), &[], "key k-own"),
        ("azure_ad_token: given", &[], "given"),
        (application, &[("AZURE_AD_TOKEN", "given")], "application c"),
        ("", &[("AZURE_AD_TOKEN", "given")], "given"),
        ("", &[tenant, id, ("AZURE_CLIENT_SECRET", "s")], "application c-env"),
        ("", &[tenant, id, ("AZURE_FEDERATED_TOKEN_FILE", "/f")], "application c-env"),
        ("", &[("AZURE_CREDENTIAL", "ManagedIdentityCredential")], "machine"),
        ("extra_headers: {api-key: mine}", &[], "none"),
    ] {
        let model = good(&format!("{base}, {params}"), env);
        let got = match (&model.api_key, &model.credential) {
            (Some(key), None) => format!("key {}", key.expose()),
            (None, Some(Source::Azure(Azure::Given(_)))) => "given".to_owned(),
            (None, Some(Source::Azure(Azure::Application(application)))) => {
                format!("application {}", application.client_id)
            }
            (None, Some(Source::Azure(Azure::Managed(_)))) => "machine".to_owned(),
            (None, None) => "none".to_owned(),
            (key, other) => panic!("{key:?} {other:?}"),
        };
        assert_eq!(got, want, "{params} {env:?}");
    }
}

#[test]
fn azures_deployments_may_be_written_with_their_kind() {
    for (model, name) in
        [("azure/o_series/mine", "mine"), ("azure/gpt5_series/a/b", "a/b"), ("azure/o_series", "o_series")]
    {
        assert_eq!(
            good(&format!("model: {model}, api_base: 'https://r.openai.azure.com', api_key: k"), &[]).upstream_model,
            name
        );
    }
}

#[test]
fn what_azure_cannot_be_called_with_is_told() {
    let base = "model: azure/d, api_base: 'https://r.openai.azure.com'";
    bad("model: azure/d, api_key: k", &[], ("MR1034", "AZURE_API_BASE"));
    bad(base, &[], ("MR1039", "AZURE_API_KEY"));
    bad(&format!("{base}, client_secret: canary-1"), &[], ("MR1039", "tenant_id` and `client_id"));
    bad(&format!("{base}, azure_ad_token: oidc/github/x"), &[], ("MR1026", "oidc/file/PATH"));
    let env = [("AZURE_AUTHORITY_HOST", "http://login.example.com")];
    bad(
        &format!("{base}, tenant_id: t, client_id: c, client_secret: canary-1"),
        &env,
        ("MR1033", "AZURE_AUTHORITY_HOST"),
    );
}

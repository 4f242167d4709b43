//! Deployments at Bedrock: what their names, regions, addresses and keys become, and what is refused.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::model::{Config, ModelEntry};
use crate::config::{Report, load_text};
use crate::credentials::Source;
use crate::credentials::aws::{Aws, Way};

const PAIR: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "secret-env")];
const REGION: (&str, &str) = ("AWS_REGION", "us-west-2");

fn read(params: &str, env: &[(&str, &str)]) -> Result<Config, Report> {
    let text = format!("model_list:\n- model_name: \"a*\"\n  litellm_params: {{{params}}}\n");
    let env: BTreeMap<_, _> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load_text(Path::new("c.yaml"), &text, &env, &|_, _| Ok(()))
}

#[track_caller]
fn good(params: &str, env: &[(&str, &str)]) -> ModelEntry {
    read(params, env).unwrap_or_else(|report| panic!("{report}")).models.remove(0)
}

#[track_caller]
fn bad(params: &str, env: &[(&str, &str)]) -> (&'static str, String) {
    let Err(report) = read(params, env) else { panic!("taken: {params}") };
    (report.complaints[0].code, format!("{report}"))
}

/// The id of the keys that calls are signed with.
fn signed_by(model: &ModelEntry) -> Option<(&str, Option<&str>)> {
    let Some(Source::Aws(Aws { way: Way::Keys(keys), .. })) = &model.credential else { return None };
    Some((&keys.id, keys.session.as_ref().map(|session| session.expose())))
}

#[test]
fn the_region_is_written_or_named_or_of_the_environment() {
    let arn = "arn:aws:bedrock:eu-west-3:1:inference-profile/eu.m";
    let region = |params: &str| good(params, &[PAIR[0], PAIR[1], REGION]);
    for (params, id, want) in [
        ("model: bedrock/m", "m", "us-west-2"),
        ("model: bedrock/converse/m", "m", "us-west-2"),
        ("model: bedrock_converse/m", "m", "us-west-2"),
        ("model: m, custom_llm_provider: bedrock", "m", "us-west-2"),
        ("model: bedrock/*", "*", "us-west-2"),
        ("model: bedrock/ap-south-1/m", "m", "ap-south-1"),
        ("model: bedrock/ap-south-1/m, aws_region_name: sa-east-1", "m", "sa-east-1"),
        (&format!("model: 'bedrock/{arn}'"), arn, "eu-west-3"),
        ("model: bedrock/m, aws_region_name: cn-north-1", "m", "cn-north-1"),
    ] {
        let model = region(params);
        assert_eq!((model.upstream_model.as_str(), model.region.as_deref()), (id, Some(want)), "{params}");
        let domain = if want.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        assert_eq!(model.api_base.as_str(), format!("https://bedrock-runtime.{want}.{domain}"));
        assert_eq!(signed_by(&model), Some(("AKIDENV", None)));
    }
    let first = good("model: bedrock/m", &[PAIR[0], PAIR[1], REGION, ("AWS_REGION_NAME", "eu-north-1")]);
    assert_eq!(first.region.as_deref(), Some("eu-north-1"));
}

#[test]
fn what_is_written_wins_over_the_environment_and_a_pair_stays_together() {
    let bearer = ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1");
    let session = ("AWS_SESSION_TOKEN", "session-env");
    let keys = "model: bedrock/m, aws_access_key_id: AKIDFILE, aws_secret_access_key: secret-file";
    let all = [PAIR[0], PAIR[1], session, bearer, REGION];
    let model = good(keys, &all);
    assert_eq!((signed_by(&model), model.api_key.is_some()), (Some(("AKIDFILE", None)), false), "nor its session");
    let model = good("model: bedrock/m", &all[..3].iter().copied().chain([REGION]).collect::<Vec<_>>());
    assert_eq!(signed_by(&model), Some(("AKIDENV", Some("session-env"))));
    let model = good("model: bedrock/m", &all);
    assert_eq!((signed_by(&model), model.api_key.as_ref().map(|key| key.expose())), (None, Some(bearer.1)));
    let model = good("model: bedrock/m, api_key: written", &all);
    assert_eq!((signed_by(&model), model.api_key.as_ref().map(|key| key.expose())), (None, Some("written")));
    // a bearer token would be handed to whoever is there; a signature says nothing
    for base in ["api_base", "aws_bedrock_runtime_endpoint"] {
        let model = good(&format!("model: bedrock/m, {base}: 'http://proxy:1/x'"), &all);
        assert_eq!(model.api_base.as_str(), "http://proxy:1/x");
        assert_eq!((signed_by(&model), model.api_key.is_some()), (Some(("AKIDENV", Some("session-env"))), false));
    }
}

#[test]
fn what_cannot_be_called_is_refused_by_name() {
    let both = [PAIR[0], PAIR[1], REGION];
    for (params, env, code, says) in [
        ("model: bedrock/invoke/m", &both[..], "MR1032", "another API than Converse"),
        ("model: bedrock/agent/a/b", &both, "MR1032", "another API than Converse"),
        ("model: bedrock/converse_like/m", &both, "MR1032", "another API than Converse"),
        ("model: bedrock/x/y", &both, "MR1032", "holds no `/`"),
        ("model: bedrock/us-east-1/", &both, "MR1032", "no model is named"),
        ("model: bedrock/m", &both[..2], "MR1023", "AWS_DEFAULT_REGION"),
        ("model: bedrock/m, aws_region_name: Frankfurt", &both, "MR1026", "no region of AWS"),
        ("model: bedrock/m", &[REGION, ("AWS_EC2_METADATA_DISABLED", "true")], "MR1039", "AWS_BEARER_TOKEN_BEDROCK"),
        ("model: bedrock/m, aws_access_key_id: A", &both, "MR1039", "one pair"),
        ("model: bedrock/m, aws_secret_access_key: canary-s", &both, "MR1039", "one pair"),
        (
            "model: bedrock/m, aws_access_key_id: A, aws_secret_access_key: \"canary s\"",
            &both,
            "MR1036",
            "characters that no key of AWS has",
        ),
        (
            "model: bedrock/m, api_base: 'http://a', aws_bedrock_runtime_endpoint: 'http://b'",
            &both,
            "MR1011",
            "keep one of the two",
        ),
        ("model: bedrock/m, aws_bedrock_runtime_endpoint: 'ftp://b'", &both, "MR1033", "http"),
    ] {
        let (found, report) = bad(params, env);
        assert_eq!(found, code, "{params}: {report}");
        assert!(report.contains(says), "{params}: {report}");
        assert!(!report.contains("canary"), "{report}");
    }
}

#[test]
fn deployments_of_two_regions_have_two_ids() {
    let id = |region: &str| good(&format!("model: bedrock/m, aws_region_name: {region}"), &PAIR).id;
    assert_ne!(id("us-east-1"), id("us-east-2"));
}

#[test]
fn no_secret_shows() {
    let keys = "aws_access_key_id: A, aws_secret_access_key: canary-1, aws_session_token: canary-2";
    let config = read(&format!("model: bedrock/m, {keys}"), &[REGION]).unwrap_or_else(|report| panic!("{report}"));
    assert!(!format!("{config:?} {config:#?}").contains("canary"));
}

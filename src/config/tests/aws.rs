//! Whose keys sign the calls of a deployment at AWS: what is written first, then in the order of AWS's own tools.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{Report, load_text};
use crate::credentials::Source;
use crate::credentials::aws::{Aws, Way};

/// How the keys of a deployment are got, in a word.
fn way(params: &str, env: &[(&str, &str)]) -> Result<String, Report> {
    let text = format!(
        "model_list: [{{model_name: a, litellm_params: {{model: bedrock/m, aws_region_name: eu-west-1{params}}}}}]\n"
    );
    let env: BTreeMap<_, _> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let config = load_text(Path::new("c.yaml"), &text, &env, &|_, _| Ok(()))?;
    Ok(match (&config.models[0].api_key, &config.models[0].credential) {
        (Some(key), None) => format!("key {}", key.expose()),
        (None, Some(Source::Aws(Aws { way, .. }))) => told(way),
        other => panic!("{other:?}"),
    })
}

fn told(way: &Way) -> String {
    match way {
        Way::Keys(keys) => keys.id.clone(),
        Way::Profile(profile) => format!("profile {}", profile.name),
        Way::Identity(sts, role, _) => format!("{} by identity at {:?}", role.arn, sts.address),
        Way::Role(sts, role, by) => format!("{} by {} in {}", role.arn, told(by), sts.region),
        Way::Container(container) => format!("container {:?}", container.address),
        Way::Machine(address) => format!("machine {address:?}"),
    }
}

#[test]
fn what_is_written_counts_then_what_the_environment_has_in_order() {
    let keys = ", aws_access_key_id: OWN, aws_secret_access_key: s";
    let pair = [("AWS_ACCESS_KEY_ID", "ENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let identity = [("AWS_WEB_IDENTITY_TOKEN_FILE", "/f"), ("AWS_ROLE_ARN", "r-env")];
    let profile = [("AWS_PROFILE", "p-env")];
    let relative = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")];
    let bearer = [("AWS_BEARER_TOKEN_BEDROCK", "b")];
    let all = [&pair[..], &identity, &profile, &relative].concat();
    let with_bearer = [&all[..], &bearer].concat();
    let ipv6 = [("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6")];
    for (params, env, want) in [
        ("", &with_bearer[..], "key b"),
        (keys, &with_bearer, "OWN"),
        (", aws_profile_name: p", &with_bearer, "profile p"),
        (", aws_role_name: r", &with_bearer, "r by ENV in eu-west-1"),
        (&*format!("{keys}, aws_role_name: r"), &all, "r by OWN in eu-west-1"),
        (", aws_role_name: r, aws_profile_name: p", &all, "r by profile p in eu-west-1"),
        ("", &all, "ENV"),
        ("", &all[2..], "r-env by identity at"),
        ("", &all[4..], "profile p-env"),
        ("", &all[5..], "container Address { origin: Origin(http://169.254.170.2), path: \"/v2/x\" }"),
        ("", &[], "machine Address { origin: Origin(http://169.254.169.254)"),
        ("", &ipv6, "machine Address { origin: Origin(http://[fd00:ec2::254])"),
        ("", &identity, "sts.eu-west-1.amazonaws.com"),
    ] {
        let got = way(params, env).unwrap_or_else(|report| panic!("{report}"));
        assert!(got.contains(want), "{params} {env:?}: {got}");
    }
}

#[test]
fn what_cannot_be_asked_for_keys_is_told() {
    const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    for (params, env, code, says) in [
        ("", &[(FULL, "http://10.0.0.1/x")][..], "MR1033", FULL),
        ("", &[(FULL, "http://169.254.169.254/x")], "MR1033", FULL),
        (", aws_web_identity_token: canary", &[], "MR1039", "aws_role_name"),
        (", aws_role_name: r, aws_sts_endpoint: 'http://far.example.com'", &[], "MR1033", "aws_sts_endpoint"),
    ] {
        let report = way(params, env).err().unwrap_or_else(|| panic!("{params} {env:?} was taken"));
        assert_eq!(report.complaints[0].code, code, "{report}");
        assert!(report.to_string().contains(says) && !report.to_string().contains("canary"), "{report}");
    }
}

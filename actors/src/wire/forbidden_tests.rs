//! Tests of the refused fields: a table of names, times a table of nestings.

use bytes::Bytes;

use super::super::envelope::{Endpoint, Envelope, Rejected};
use super::*;

fn scan(body: String) -> Result<Envelope, Rejected> {
    Envelope::scan(Bytes::from(body), Endpoint::Chat, &ScanRules::default())
}

/// A name that each pattern refuses.
fn names() -> Vec<String> {
    FORBIDDEN.iter().map(|pattern| pattern.trim_start_matches('^').replace('*', "anything")).collect()
}

/// Where a name may be hidden; `@` is its member. The second says whether only names refused everywhere count there.
const NESTINGS: &[(&str, bool)] = &[
    (r#"@"#, false),
    (r#""a":1,@"#, false),
    (r#""extra_body":{@}"#, false),
    (r#""extra_body":{"a":{},@}"#, false),
    (r#""extra_body":{"extra_body":{@}}"#, true),
    (r#""metadata":{@}"#, true),
    (r#""metadata":{"a":{"b":[{@}]}}"#, true),
    (r#""litellm_metadata":{@}"#, true),
    (r#""x":{@}"#, true),
    (r#""x":[{@}]"#, true),
    (r#""x":[[1,"s",null,true,{"y":{@}}]]"#, true),
    (r#""stream_options":{"include_usage":true,@}"#, true),
    (r#""logit_bias":{@}"#, true),
    (r#""reasoning":{"effort":"low",@}"#, true),
    (r#""audio":{@}"#, true),
    (r#""web_search_options":{"user_location":{@}}"#, true),
    (r#""provider":{"order":["a"],@}"#, true),
    (r#""Messages":[{@}]"#, true),
];

fn body(nesting: &str, name: &str, value: &str) -> String {
    format!(r#"{{"messages":[],{}}}"#, nesting.replace('@', &format!("\"{name}\":{value}")))
}

#[test]
fn every_name_is_refused_in_every_nesting() {
    for (pattern, name) in FORBIDDEN.iter().zip(names()) {
        for (nesting, anywhere) in NESTINGS {
            let expected = !anywhere || !pattern.starts_with('^');
            for value in ["\"v\"", "null", "{}", "[{\"a\":1}]"] {
                let result = scan(body(nesting, &name, value));
                assert_eq!(result.is_err(), expected, "{name} in {nesting}");
                if let Err(why) = result {
                    assert!(why.param.as_deref().is_some_and(|param| param.ends_with(&name)), "{why}");
                    assert!(why.at.is_some() && why.message.contains("is not allowed"), "{why}");
                }
            }
        }
    }
}

#[test]
fn escapes_and_case_hide_nothing() {
    for name in
        ["api\\u005fbase", "\\u0061pi_base", "API_BASE", "Api_Key", "AWS_access_key_id", "aws_", "Mock_Response"]
    {
        for (nesting, _) in NESTINGS {
            assert!(scan(body(nesting, name, "1")).is_err(), "{name} in {nesting}");
        }
    }
}

#[test]
fn a_key_that_readers_see_differently_is_refused() {
    assert!(scan(body("\"x\":{@}", "api_base\\ud800", "1")).is_err());
    assert!(scan(body("@", "\\ud800", "1")).is_err());
}

#[test]
fn content_holds_the_callers_own_words() {
    for (field, reason) in CONTENT {
        assert!(!reason.is_empty());
        for name in names() {
            let value = format!(r#"[{{"parameters":{{"properties":{{"{name}":{{"type":"string"}}}}}}}}]"#);
            let body = match *field {
                "messages" => format!(r#"{{"messages":{value}}}"#),
                field => format!(r#"{{"messages":[],"{field}":{value}}}"#),
            };
            assert!(scan(body).is_ok(), "{name} in {field}");
        }
    }
}

#[test]
fn what_the_api_knows_and_what_nobody_knows_passes() {
    for member in [
        r#""metadata":{"organization":"acme","url":"x","team":"api_base"}"#,
        r#""user":"api_key","tags":["aws_x"]"#,
        r#""top_k":4,"foo_bar":{"baz":[1,{"q":null}]}"#,
        r#""web_search_options":{"user_location":{"approximate":{"region":"x"}}}"#,
        r#""service_tier":"auto","store":true,"timeout":5,"aws":1,"mock":2,"max_tokens":null"#,
        r#""extra_body":{},"cache":{"no-cache":true},"guardrails":["g"]"#,
    ] {
        assert!(scan(format!(r#"{{"messages":[],{member}}}"#)).is_ok(), "{member}");
    }
}

#[test]
fn no_pattern_fits_a_name_that_is_let_through_unseen() {
    for name in HARMLESS {
        assert!(!FORBIDDEN.iter().any(|pattern| refuses(pattern, name, true)), "{name}");
    }
}

/// The list holds what the sources name, so that no edit loses one.
#[test]
fn the_names_known_from_advisories_are_there() {
    let rules = ScanRules::default();
    for name in "api_base base_url api_key api_version custom_llm_provider extra_headers mock_response litellm_params \
                 user_config model_list fallbacks context_window_fallbacks content_policy_fallbacks \
                 litellm_credential_name aws_region_name aws_access_key_id vertex_project vertex_location \
                 vertex_credentials vertex_ai_credentials azure_ad_token region_name organization deployment_id \
                 proxy_url model_info router_settings configurable_clientside_auth_params use_in_pass_through \
                 use_litellm_proxy input_cost_per_token"
        .split_whitespace()
    {
        assert!(rules.forbids(name, true), "{name}");
    }
    assert!(FORBIDDEN.iter().all(|pattern| *pattern == pattern.to_ascii_lowercase()));
}

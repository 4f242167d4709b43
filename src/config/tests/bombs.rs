//! Hostile bytes: aliases that expand, nesting, size, and anything at all.

use proptest::prelude::*;

use super::{first_error, good, read};

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..10 {
        let item = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", [item.as_str(); 9].join(", "));
    }
    assert_eq!(first_error(&text).code, "MR1006");
}

#[test]
fn a_long_text_repeated_by_aliases_is_refused() {
    let long = "x".repeat(500_000);
    let aliases = vec!["*a"; 5_000].join(", ");
    assert_eq!(first_error(&format!("a: &a {long}\nb: [{aliases}]\n")).code, "MR1006");
}

#[test]
fn anchors_within_anchors_are_refused_when_their_copies_add_up() {
    let open: String = (0..40).map(|level| format!("&a{level} [")).collect();
    let text = format!("a: {open}{}{}\n", "x, ".repeat(2_000), "]".repeat(40));
    assert_eq!(first_error(&text).code, "MR1006");
}

#[test]
fn ten_thousand_complaints_are_cut_short_with_the_errors_kept() {
    let mut text = String::from("litellm_settings:\n");
    for number in 0..10_000 {
        text += &format!("  attribute_number_{number}: 1\n");
    }
    let report = read(&format!("{text}zebra: 1\n")).unwrap_err();
    assert_eq!((report.complaints.len(), report.left_off), (200, 9_801));
    assert!(report.complaints.iter().any(|found| found.key == "zebra"));
    assert!(report.to_string().ends_with("9801 more that are not shown"));
}

#[test]
fn an_endless_key_is_refused() {
    let text = format!("? {}\n: 1\n", "x".repeat(900_000));
    assert_eq!(first_error(&text).code, "MR1004");
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let text = format!("a: {}{}", open.repeat(100_000), close.repeat(100_000));
        assert!(matches!(first_error(&text).code, "MR1002" | "MR1006"));
    }
    let block: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(matches!(first_error(&block).code, "MR1002" | "MR1006"));
}

#[test]
fn aliases_and_merge_keys_in_measure_are_fine() {
    let text = "environment_variables: &env {K: k}\nmodel_list:\n- model_name: a\n  litellm_params: &base\n    \
                model: openai/a\n    api_key: os.environ/K\n    timeout: 5\n- model_name: b\n  litellm_params:\n    \
                <<: *base\n    model: openai/b\n";
    let config = good(text);
    let [a, b] = &config.models[..] else { panic!() };
    assert_eq!((b.upstream_model.as_str(), b.timeout), ("b", a.timeout));
    assert_eq!(b.api_key, a.api_key);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.yaml");
        std::fs::write(&path, &bytes).unwrap();
        if let Err(report) = crate::config::load(&path, &super::env(), &super::validator) {
            prop_assert!(report.has_errors());
            prop_assert!(!report.to_string().is_empty());
        }
    }

    #[test]
    fn no_shuffled_yaml_makes_it_panic(words in proptest::collection::vec(prop_oneof![
        Just("model_list:"), Just("\n"), Just("- "), Just("  "), Just("model_name: "), Just("litellm_params:"), Just("é"),
        Just("model: "), Just("openai/a"), Just("*"), Just("&a "), Just("*a"), Just("<<: "), Just("["), Just("]"),
        Just("{"), Just("}"), Just(", "), Just("router_settings: "), Just("fallbacks: "), Just("os.environ/X"),
        Just("model_group_alias: "), Just("millrace: "), Just("'"), Just("\""), Just("|"), Just("#"), Just("!!str "),
        Just("general_settings:"), Just("master_key: "), Just("\t"), Just("include: "), Just("a: "), Just("1e5"),
        Just("callbacks: "), Just("callback_settings: "), Just("input_cost_per_token: "), Just("---\n"),
    ], 0..40)) {
        if let Err(report) = read(&words.concat()) {
            prop_assert!(report.has_errors());
            let _ = (report.to_string(), report.to_json());
        }
    }
}

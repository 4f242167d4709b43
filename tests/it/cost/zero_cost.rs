//! The zero-cost answer: a budget is skipped only where everything that may serve the model is stated to be free, and an
//! answer does not outlive what it was made from.

use super::{Deployment, Priced};

const FREE: &str = "input_cost_per_token: 0, output_cost_per_token: 0.0";
const PAID: &str = "input_cost_per_token: 0, output_cost_per_token: 1e-9";

/// Asks, and compares the record with the metric.
#[track_caller]
fn skipped(priced: &Priced, model: &str) -> bool {
    let count = |result: &str| priced.gateway.metric(&format!("millrace_budget_stage_total{{result=\"{result}\"}}"));
    let (skips, checks) = (count("skipped"), count("checked"));
    let (answer, record) = priced.ask(model, false);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let free = record["zero_cost"].as_bool().expect("zero_cost");
    let counted = (count("skipped") - skips, count("checked") - checks);
    assert_eq!(counted, if free { (1.0, 0.0) } else { (0.0, 1.0) }, "record and metric differ");
    free
}

#[test]
fn only_an_explicit_zero_on_both_sides_is_free() {
    let cases: [(&str, &str, bool); 9] = [
        ("free", FREE, true),
        ("written-otherwise", "input_cost_per_token: 0e-6, output_cost_per_token: '0.000'", true),
        ("paid", PAID, false),
        ("tiny", "input_cost_per_token: 1e-24, output_cost_per_token: 0", false),
        ("input-only", "input_cost_per_token: 0", false),
        ("output-only", "output_cost_per_token: 0", false),
        ("silent", "", false),
        (
            "free-but-for-the-request",
            "input_cost_per_token: 0, output_cost_per_token: 0, input_cost_per_request: 0.01",
            false,
        ),
        (
            "free-but-for-long",
            "input_cost_per_token: 0, output_cost_per_token: 0, output_cost_per_token_above_128k_tokens: 1e-6",
            false,
        ),
    ];
    let models: Vec<_> = cases.iter().map(|(name, ..)| format!("openai/{name}")).collect();
    let deployments: Vec<Deployment<'_>> =
        cases.iter().zip(&models).map(|((name, prices, _), model)| (*name, model.as_str(), *prices)).collect();
    let priced = Priced::new(&deployments, "");
    for (name, _, free) in cases {
        // the second is answered from what the worker remembers
        for _ in 0..2 {
            assert_eq!(skipped(&priced, name), free, "{name}");
        }
    }
}

#[test]
fn one_that_may_cost_spoils_the_group() {
    let priced = Priced::new(&[("m", "openai/a", FREE), ("m", "openai/b", FREE)], "");
    assert!(skipped(&priced, "m"));
    let priced = Priced::new(&[("m", "openai/a", FREE), ("m", "openai/b", PAID)], "");
    assert!(!skipped(&priced, "m"));
}

#[test]
fn a_fallback_that_may_cost_spoils_it_too() {
    let deployments = [("m", "openai/a", FREE), ("free", "openai/b", FREE), ("paid", "openai/c", PAID)];
    let free = Priced::new(&deployments, "router_settings: {fallbacks: [{m: [free]}]}\n");
    assert!(skipped(&free, "m"));
    let paid = Priced::new(&deployments, "router_settings: {fallbacks: [{m: [free, paid]}]}\n");
    assert!(!skipped(&paid, "m"));
    assert!(skipped(&paid, "free"));
    let default = Priced::new(&deployments, "router_settings: {default_fallbacks: [paid]}\n");
    assert!(!skipped(&default, "m"));
    // a fallback has no fallback of its own: but one of the targets is free and the way on costs
    let chain = Priced::new(&deployments, "router_settings: {fallbacks: [{m: [free]}, {free: [paid]}]}\n");
    assert!(!skipped(&chain, "free"));
}

#[test]
fn an_alias_and_a_wildcard_answer_as_what_they_lead_to() {
    let deployments = [("free-*", "openai/*", FREE), ("paid-*", "openai/*", PAID), ("m", "openai/m", FREE)];
    let priced = Priced::new(&deployments, "router_settings: {model_group_alias: {alias: m, costly: paid-x}}\n");
    for (model, free) in [("free-a", true), ("free-b", true), ("paid-a", false), ("alias", true), ("costly", false)] {
        assert_eq!(skipped(&priced, model), free, "{model}");
    }
}

#[test]
fn a_price_changed_in_place_is_seen_by_the_very_next_request() {
    // the same names, the same number of entries, the same length: what LiteLLM's pull request keyed its cache on
    let priced = Priced::new(&[("m", "openai/m", "input_cost_per_token: 0, output_cost_per_token: 0")], "");
    for _ in 0..4 {
        assert!(skipped(&priced, "m"));
        priced.reload(&[("m", "openai/m", "input_cost_per_token: 0, output_cost_per_token: 1")], "");
        // fresh connections: every worker is asked
        for _ in 0..4 {
            assert!(!skipped(&priced, "m"), "a stale answer");
        }
        priced.reload(&[("m", "openai/m", "input_cost_per_token: 0, output_cost_per_token: 0")], "");
        for _ in 0..4 {
            assert!(skipped(&priced, "m"), "a stale answer");
        }
    }
}

#[test]
fn deployments_and_fallbacks_that_come_and_go_are_seen_at_once() {
    let (free, paid) = (("m", "openai/a", FREE), ("m", "openai/b", PAID));
    let other = ("other", "openai/c", PAID);
    let priced = Priced::new(&[free], "");
    assert!(skipped(&priced, "m"));
    priced.reload(&[free, paid], "");
    assert!(!skipped(&priced, "m"), "a deployment came");
    priced.reload(&[free], "");
    assert!(skipped(&priced, "m"), "it went");
    priced.reload(&[free, other], "router_settings: {fallbacks: [{m: [other]}]}\n");
    assert!(!skipped(&priced, "m"), "a fallback came");
    priced.reload(&[free, other], "");
    assert!(skipped(&priced, "m"), "it went");
    priced.reload(&[("m", "openai/a", "input_cost_per_token: 0")], "");
    assert!(!skipped(&priced, "m"), "one side is no longer stated");
}

#[test]
fn a_price_file_is_the_operators_word_and_the_built_in_table_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("prices.json");
    let zero = r#"{"openai/house": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0}}"#;
    std::fs::write(&file, zero).expect("a file");
    let more = format!("millrace: {{price_file: {}}}\n", file.display());
    let deployments = [("house", "openai/house", ""), ("gpt-4o", "openai/gpt-4o", "")];
    let priced = Priced::new(&deployments, &more);
    assert!(skipped(&priced, "house"));
    assert!(!skipped(&priced, "gpt-4o"));
    std::fs::write(&file, zero.replace("\"output_cost_per_token\": 0", "\"output_cost_per_token\": 1e-6"))
        .expect("a file");
    assert!(skipped(&priced, "house"), "a file is read when asked to, not when written");
    priced.reload(&deployments, &more);
    assert!(!skipped(&priced, "house"), "the price in the file changed");
}

#[test]
fn an_exchange_is_answered_by_the_prices_it_began_with() {
    let priced = Priced::new(&[("m", "openai/m", "input_cost_per_token: 1, output_cost_per_token: 0")], "");
    let (_, record) = priced.ask("m", false);
    let before = record["routing_generation"].as_u64().expect("a generation");
    priced.reload(&[("m", "openai/m", FREE)], "");
    let (_, record) = priced.ask("m", false);
    assert_eq!(record["routing_generation"].as_u64(), Some(before + 1));
    assert_eq!(record["response_cost"], "0", "free is a known price: {record}");
}

//! What an exchange costs, against sums made by hand.

use super::Priced;
use crate::harness::{Gateway, chat, eventually};
use serde_json::json;

/// The provider's model: usage as it is to be reported.
macro_rules! usage {
    ($spec:literal) => {
        concat!("openai/mock:", $spec)
    };
}

#[test]
fn the_header_and_the_record_have_the_exact_price() {
    const PLAIN: &str = "input_cost_per_token: 2.5e-06, output_cost_per_token: 1e-05";
    const CACHED: &str =
        "input_cost_per_token: 2.5e-06, output_cost_per_token: 1e-05, cache_read_input_token_cost: 1.25e-06";
    const REASONING: &str =
        "input_cost_per_token: 1e-06, output_cost_per_token: 4e-06, output_cost_per_reasoning_token: 9e-06";
    const LONG: &str = "input_cost_per_token: 1e-06, output_cost_per_token: 2e-06, \
                        input_cost_per_token_above_128k_tokens: 3e-06, output_cost_per_token_above_128k_tokens: 5e-06";
    let cases = [
        // 1000 * 0.0000025 + 200 * 0.00001
        ("plain", usage!("prompt-tokens=1000,completion-tokens=200"), PLAIN, "0.0045"),
        // 400 * 0.0000025 + 600 * 0.00000125 + 200 * 0.00001
        ("cached", usage!("prompt-tokens=1000,completion-tokens=200,cached-tokens=600"), CACHED, "0.00375"),
        // without a price of its own the cache costs as the input does
        ("cached-plain", usage!("prompt-tokens=1000,completion-tokens=200,cached-tokens=600"), PLAIN, "0.0045"),
        // 10 * 0.000001 + 30 * 0.000004 + 70 * 0.000009
        ("reasoning", usage!("prompt-tokens=10,completion-tokens=100,reasoning-tokens=70"), REASONING, "0.00076"),
        // at the threshold: 128000 * 0.000001 + 10 * 0.000002
        ("at-128k", usage!("prompt-tokens=128000,completion-tokens=10"), LONG, "0.12802"),
        // above it, all of it: 128001 * 0.000003 + 10 * 0.000005
        ("above-128k", usage!("prompt-tokens=128001,completion-tokens=10"), LONG, "0.384053"),
        // one token of each at the price of one picodollar
        (
            "small",
            usage!("prompt-tokens=1,completion-tokens=1"),
            "input_cost_per_token: 1e-12, output_cost_per_token: 1e-12",
            "0.000000000002",
        ),
        (
            "free",
            usage!("prompt-tokens=9,completion-tokens=9"),
            "input_cost_per_token: 0, output_cost_per_token: 0",
            "0",
        ),
    ];
    let deployments: Vec<_> = cases.iter().map(|(name, model, prices, _)| (*name, *model, *prices)).collect();
    let priced = Priced::new(&deployments, "");
    for (name, _, _, cost) in cases {
        let (answer, record) = priced.ask(name, false);
        assert_eq!(answer.header("x-litellm-response-cost"), Some(cost), "{name}");
        assert_eq!(record["response_cost"], cost, "{name}");
        let (stream, record) = priced.ask(name, true);
        // a stream's head goes out before its cost is known
        assert_eq!(stream.header("x-litellm-response-cost"), None, "{name}");
        assert_eq!(record["response_cost"], cost, "{name}, streamed");
        assert_eq!(record["estimated"], false);
    }
    let spent = |group: &str| priced.gateway.metric(&format!("millrace_spend_usd_total{{group=\"{group}\"}}"));
    assert_eq!((spent("plain"), spent("above-128k")), (0.009, 0.768106));
}

#[test]
fn a_models_price_comes_from_the_built_in_table_or_its_base_model() {
    let mock = millrace_lab::mock::MockServer::start(Default::default()).expect("a mock");
    let deployment = |group: &str, model: &str, info: &str| {
        format!(
            "- model_name: {group}\n  litellm_params: {{model: \"{model}\", api_base: \"{}\", api_key: k}}\n  model_info: {{{info}}}\n",
            mock.base_url()
        )
    };
    let mut text = "model_list:\n".to_owned();
    text += &deployment("known", "openai/gpt-4o", "mode: chat");
    text += &deployment("based", "openai/mock:prompt-tokens=1000,completion-tokens=100", "base_model: gpt-4o");
    let gateway = Gateway::from_yaml(&text);
    let answer = gateway.client().header("x-mock", "prompt-tokens=1000").chat(&chat("known", json!({})));
    assert!(answer.header("x-litellm-response-cost").is_some_and(|cost| cost != "0"), "{:?}", answer.headers);
    let based = gateway.client().chat(&chat("based", json!({})));
    // gpt-4o's public price: 2.5 dollars a million in, 10 out; 1000 and 100 tokens
    assert_eq!(based.header("x-litellm-response-cost"), Some("0.0035"));
}

#[test]
fn without_a_known_price_there_is_no_cost_and_never_a_zero() {
    let priced = Priced::new(
        &[("m", "openai/nobody-knows-this-model", ""), ("half", "openai/x", "input_cost_per_token: 1e-6")],
        "",
    );
    for stream in [false, true] {
        let (answer, record) = priced.ask("m", stream);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-litellm-response-cost"), None);
        assert!(record.get("response_cost").is_none(), "{record}");
        assert!(record["total_tokens"].as_u64().is_some_and(|n| n > 0), "{record}");
    }
    assert_eq!(priced.gateway.metric("millrace_unpriced_exchanges_total{group=\"m\"}"), 2.0);
}

#[test]
fn what_was_delivered_of_a_broken_stream_is_estimated_and_says_so() {
    let priced = Priced::new(
        &[("m", "openai/mock:fault=cut:8", "input_cost_per_token: 1e-6, output_cost_per_token: 1e-6")],
        "router_settings: {num_retries: 0}\n",
    );
    let (_, record) = priced.ask("m", true);
    assert_eq!((&record["outcome"], &record["estimated"]), (&json!("truncated"), &json!(true)), "{record}");
    assert!(record["completion_tokens"].as_u64().is_some_and(|n| n > 0), "{record}");
    assert!(record["response_cost"].as_str().is_some_and(|cost| cost != "0"), "{record}");
}

#[test]
fn a_cost_follows_the_deployment_that_answered_and_not_the_one_that_was_asked() {
    let priced = Priced::new(
        &[
            ("m", "openai/mock-500", "input_cost_per_token: 1, output_cost_per_token: 1"),
            (
                "fallback",
                "openai/mock:prompt-tokens=10,completion-tokens=1",
                "input_cost_per_token: 1e-6, output_cost_per_token: 2e-6",
            ),
        ],
        "router_settings: {num_retries: 0, fallbacks: [{m: [fallback]}]}\n",
    );
    let (answer, record) = priced.ask("m", false);
    assert_eq!(answer.header("x-litellm-response-cost"), Some("0.000012"), "{record}");
    assert_eq!((&record["model_group"], &record["attempted_fallbacks"]), (&json!("fallback"), &json!(1)));
    eventually("it is counted", || priced.gateway.metric("millrace_spend_usd_total{group=\"fallback\"}") == 0.000012);
}

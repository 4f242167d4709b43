//! Finding a price: the order of the sources, and that one provider's price is never taken for another's.

use super::*;
use crate::wire::cost::{Counts, PriceError, RatesBuilder, Unit};

fn entry(provider: &str, input: &str, source: PriceSource) -> ModelPrice {
    let mut rates = RatesBuilder::default();
    rates.put("input_cost_per_token", input).unwrap();
    rates.put("output_cost_per_token", "1e-5").unwrap();
    ModelPrice { provider: provider.into(), ..ModelPrice::new(rates, false, source) }
}

fn table() -> PriceTable {
    let mut table = PriceTable::default();
    for (name, provider, input) in [
        ("gpt-4o", "openai", "1e-6"),
        ("gpt-4o-2024-08-06", "openai", "2e-6"),
        ("ft:gpt-4o-2024-08-06", "openai", "3e-6"),
        ("azure/gpt-4o", "azure", "4e-6"),
        ("command-a", "cohere_chat", "5e-6"),
        ("babbage-002", "text-completion-openai", "6e-6"),
        ("claude-x", "vertex_ai-anthropic_models", "7e-6"),
        ("only-azure-ai", "azure_ai", "8e-6"),
        ("together_ai/meta/llama", "together_ai", "9e-6"),
        ("anthropic.claude-x-v1:0", "bedrock_converse", "10e-6"),
        ("eu.anthropic.claude-x-v1:0", "bedrock_converse", "11e-6"),
        ("vertex_ai/claude-x", "vertex_ai-anthropic_models", "7e-6"),
        ("vertex_ai/claude-x@20250101", "vertex_ai-anthropic_models", "12e-6"),
        ("fireworks_ai/glm", "fireworks_ai", "13e-6"),
    ] {
        table.insert(name, entry(provider, input, PriceSource::Builtin));
    }
    table
}

/// The input price found, in whole 1e-6 dollars.
fn input_of(pricing: &Pricing) -> Option<String> {
    Some(pricing.rates.as_ref()?.get(Unit::Input)?.to_string())
}

#[test]
fn a_name_is_found_with_and_without_its_prefix_but_not_under_another_provider() {
    let table = table();
    let cases = [
        ("gpt-4o", "", Some("0.000001")),
        ("gpt-4o", "openai", Some("0.000001")),
        ("openai/gpt-4o", "", Some("0.000001")),
        ("openai/gpt-4o", "openai", Some("0.000001")),
        ("gpt-4o", "azure", Some("0.000004")),
        ("azure/gpt-4o", "", Some("0.000004")),
        ("gpt-4o-2024-08-06", "azure", None),
        ("azure/gpt-4o-2024-08-06", "", None),
        ("openai/azure/gpt-4o", "openai", None),
        ("command-a", "cohere", Some("0.000005")),
        ("cohere/command-a", "", Some("0.000005")),
        ("babbage-002", "openai", Some("0.000006")),
        ("babbage-002", "text-completion-openai", Some("0.000006")),
        ("claude-x", "vertex_ai", Some("0.000007")),
        ("only-azure-ai", "azure", None),
        ("meta/llama", "together_ai", Some("0.000009")),
        ("meta/llama", "openai", None),
        ("ft:gpt-4o-2024-08-06:acme::Ab1", "openai", Some("0.000003")),
        ("openai/ft:gpt-4o-2024-08-06:acme::Ab1", "openai", Some("0.000003")),
        ("ft:gpt-9:acme::Ab1", "openai", None),
        ("anthropic.claude-x-v1:0", "bedrock", Some("0.00001")),
        ("us.anthropic.claude-x-v1:0", "bedrock", Some("0.00001")),
        ("eu.anthropic.claude-x-v1:0", "bedrock", Some("0.000011")),
        ("bedrock/global.anthropic.claude-x-v1:0", "", Some("0.00001")),
        ("bedrock/eu-west-1/eu.anthropic.claude-x-v1:0", "bedrock", Some("0.000011")),
        ("us-gov-west-1/us-gov.anthropic.claude-x-v1:0", "bedrock", Some("0.00001")),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-x-v1:0", "bedrock", Some("0.000011")),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-x-v1:0", "bedrock", Some("0.00001")),
        // what it is a profile of is not in its name: `base_model` says it
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2", "bedrock", None),
        ("mars.anthropic.claude-x-v1:0", "bedrock", None),
        ("us.gpt-4o", "openai", None),
        ("us.anthropic.claude-x-v1:0", "openai", None),
        ("claude-x@20250101", "vertex_ai", Some("0.000012")),
        ("claude-x@20260101", "vertex_ai", Some("0.000007")),
        ("vertex_ai/claude-x@default", "", Some("0.000007")),
        ("accounts/fireworks/models/glm", "fireworks_ai", Some("0.000013")),
        ("gpt-4o-2030-01-01", "openai", None),
        ("my-deployment", "azure", None),
        ("arn:", "bedrock", None),
        ("@", "vertex_ai", None),
        ("", "", None),
        ("soft:gpt-4o:x", "openai", None),
        ("/", "openai", None),
    ];
    for (model, provider, expected) in cases {
        let found = table.pricing(&PriceQuery { model, provider, ..PriceQuery::default() });
        assert_eq!(input_of(&found).as_deref(), expected, "{model} of {provider}");
    }
}

#[test]
fn the_sources_are_asked_in_order() {
    let table = table();
    let own = PriceOverride::parse([("input_cost_per_token", "1e-9"), ("output_cost_per_token", "0")]).unwrap();
    let mut query = PriceQuery { model: "gpt-4o", provider: "openai", ..PriceQuery::default() };
    assert_eq!(input_of(&table.pricing(&query)).as_deref(), Some("0.000001"));
    query.response_model = Some("gpt-unheard-of");
    assert_eq!(input_of(&table.pricing(&query)).as_deref(), Some("0.000001"));
    query.response_model = Some("gpt-4o-2024-08-06");
    assert_eq!(input_of(&table.pricing(&query)).as_deref(), Some("0.000002"));
    query.base_model = Some("azure/gpt-4o");
    assert_eq!(input_of(&table.pricing(&query)).as_deref(), Some("0.000004"));
    assert_eq!(table.pricing(&query).source, PriceSource::Builtin);
    query.price_override = own.as_ref();
    let found = table.pricing(&query);
    assert_eq!(input_of(&found).as_deref(), Some("0.000000001"));
    assert!(found.explicit && found.source == PriceSource::Config);
}

#[test]
fn a_base_model_may_name_another_providers_model() {
    let query =
        PriceQuery { base_model: Some("gpt-4o-2024-08-06"), model: "mine", provider: "azure", ..PriceQuery::default() };
    assert_eq!(input_of(&table().pricing(&query)).as_deref(), Some("0.000002"));
}

#[test]
fn one_own_price_goes_over_the_listed_ones_and_is_not_explicit() {
    let own = PriceOverride::parse([("input_cost_per_token", "0"), ("id", "x"), ("cost_center", "berlin")]).unwrap();
    let mut query =
        PriceQuery { price_override: own.as_ref(), model: "gpt-4o", provider: "openai", ..PriceQuery::default() };
    let over_listed = table().pricing(&query);
    let rates = over_listed.rates.as_ref().unwrap();
    assert_eq!(rates.get(Unit::Input).unwrap().to_string(), "0");
    assert_eq!(rates.get(Unit::Output).unwrap().to_string(), "0.00001");
    assert!(!over_listed.explicit && over_listed.is_priced());
    let counts = Counts { prompt_tokens: 5, completion_tokens: 3, ..Counts::default() };
    assert_eq!(rates.cost(&counts, None).total.to_string(), "0.00003");
    query.model = "unheard-of";
    let alone = table().pricing(&query);
    assert!(!alone.explicit && !alone.is_priced(), "half a price is no price");
}

#[test]
fn a_price_per_request_is_a_price() {
    let own = PriceOverride::parse([("input_cost_per_request", "0.01")]).unwrap();
    let found = table().pricing(&PriceQuery { price_override: own.as_ref(), model: "x", ..PriceQuery::default() });
    assert!(found.is_priced() && !found.explicit);
    assert!(!Pricing::default().is_priced());
}

#[test]
fn every_bad_price_of_a_deployment_is_reported() {
    let faults = PriceOverride::parse([
        ("input_cost_per_token", "cheap"),
        ("output_cost_per_token", "-1"),
        ("cache_read_input_token_cost", "1e-7"),
        ("input_cost_per_token_cache_hit", "2e-7"),
    ])
    .unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.name.as_str(), fault.error)).collect();
    assert_eq!(told[0].0, "input_cost_per_token");
    assert_eq!(told[2], ("input_cost_per_token_cache_hit", PriceError::Conflict));
    assert_eq!(told.len(), 3);
    assert!(faults[1].to_string().contains("below zero"), "{}", faults[1]);
    assert_eq!(PriceOverride::parse([("id", "x"), ("cost_center", "7")]), Ok(None));
}

#[test]
fn the_operators_file_goes_over_the_builtin_table() {
    let mut table = table();
    let before = table.len();
    let mut file = PriceTable::default();
    file.insert("gpt-4o", entry("openai", "42e-6", PriceSource::File));
    table.overlay(file);
    let found = table.pricing(&PriceQuery { model: "openai/gpt-4o", ..PriceQuery::default() });
    assert_eq!((input_of(&found).as_deref(), found.source), (Some("0.000042"), PriceSource::File));
    assert_eq!(table.len(), before);
}

#[test]
fn an_embedding_needs_no_output_price_but_its_zero_is_not_a_stated_one() {
    let mut rates = RatesBuilder::default();
    rates.put("input_cost_per_token", "0").unwrap();
    let price = ModelPrice::new(rates, true, PriceSource::File);
    assert!(price.rates.is_complete() && !price.explicit);
}

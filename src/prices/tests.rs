//! Reading price maps: exactly, completely, and with a word about everything left out.

use std::collections::BTreeMap;
use std::io::Write;

use millrace_actors::prices::{PriceQuery, PriceSource, Pricing, zero_cost};
use millrace_actors::wire::cost::{Counts, PriceKey, Rates, Unit};
use millrace_actors::wire::money::Rate;
use serde_json::value::RawValue;

use super::*;

/// A few entries in LiteLLM's form, one of each kind there is.
const EXCERPT: &str = include_str!("excerpt.json");

/// LiteLLM's whole map, which is no part of the project: tests that need it are ignored, and fail where they are asked for
/// without it.
fn whole_map() -> String {
    let path = std::env::var("MILLRACE_PRICE_MAP")
        .expect("MILLRACE_PRICE_MAP: LiteLLM's model_prices_and_context_window.json");
    std::fs::read_to_string(path).unwrap()
}

fn pointers(faults: &Faults) -> Vec<&str> {
    faults.kept().iter().map(|fault| fault.pointer.as_str()).collect()
}

fn rates(loaded: &Loaded, name: &str) -> Rates {
    Rates::clone(&loaded.table.get(name).unwrap().rates)
}

/// Digits without zeros at the ends, and the power of ten of the last one: equal for equal decimals, and worked out
/// on the text alone, unlike the code under test.
fn normal(text: &str) -> (String, i64) {
    let lower = text.to_lowercase();
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let power = exponent.parse::<i64>().unwrap() - fraction.len() as i64 + (digits.len() - kept.len()) as i64;
    match kept.trim_start_matches('0') {
        "" => (String::new(), 0),
        digits => (digits.to_owned(), power),
    }
}

/// Checks every price in the text of a map against what was loaded; the number of prices checked.
fn check_exact(text: &str) -> usize {
    let loaded = litellm(text).unwrap();
    let models: BTreeMap<String, BTreeMap<String, &RawValue>> = serde_json::from_str(text).unwrap();
    let mut checked = 0;
    for (name, fields) in models.iter().filter(|(name, _)| *name != "sample_spec") {
        let rates = rates(&loaded, name);
        for (field, value) in fields.iter().filter(|(field, _)| field.contains("cost") || field.contains("price")) {
            let text = value.get();
            let Ok(rate) = text.parse::<Rate>() else { continue };
            assert_eq!(normal(&rate.to_string()), normal(text), "{name} {field}");
            match PriceKey::from_litellm(field) {
                Some(key) => assert!(rates.iter().any(|entry| entry == (key, rate)), "{name} {field} was lost"),
                None if rate.is_zero() => {}
                None => assert!(rates.unmetered().any(|unmetered| unmetered == field), "{name} {field} was lost"),
            }
            checked += 1;
        }
    }
    assert_eq!(loaded.faults.kept(), [], "a valid map has no faults");
    assert_eq!(loaded.table.len(), models.keys().filter(|name| *name != "sample_spec").count());
    checked
}

#[test]
fn every_price_is_kept_to_the_last_digit() {
    assert!(check_exact(EXCERPT) > 30);
}

#[test]
#[ignore = "needs MILLRACE_PRICE_MAP"]
fn every_price_of_the_map_is_kept_to_the_last_digit() {
    assert!(check_exact(&whole_map()) > 10_000);
}

#[test]
fn equal_decimals_are_recognised_and_different_ones_too() {
    assert_eq!(normal("2.50e-06"), normal("0.0000025"));
    assert_eq!(normal("100"), normal("1e2"));
    assert_eq!(normal("0.0"), normal("0e-9"));
    assert_ne!(normal("5.0000000000000004E-8"), normal("5e-8"));
    assert_ne!(normal("1e-6"), normal("1e-7"));
}

#[test]
fn an_entry_keeps_its_limits_and_its_provider() {
    let loaded = litellm(EXCERPT).unwrap();
    let price = loaded.table.get("gpt-4o").unwrap();
    assert_eq!((&*price.provider, &*price.mode), ("openai", "chat"));
    assert_eq!((price.max_input_tokens, price.max_output_tokens), (Some(128_000), Some(16_384)));
    assert!(price.explicit && price.source == PriceSource::File);
    assert!(loaded.table.get("sample_spec").is_none());
}

#[test]
fn ranges_are_prices_above_their_lower_end() {
    let rates = rates(&litellm(EXCERPT).unwrap(), "dashscope/qwen-flash");
    let total = |prompt_tokens| {
        let counts = Counts { prompt_tokens, completion_tokens: 10, ..Counts::default() };
        rates.cost(&counts, None).total.to_string()
    };
    assert_eq!(total(256_000), "0.012804");
    assert_eq!(total(256_001), "0.06402025");
}

#[test]
fn xai_counts_a_threshold_from_its_own_token_on() {
    let loaded = litellm(
        r#"{"xai/g":{"litellm_provider":"xai","input_cost_per_token":1e-6,"output_cost_per_token":0,"input_cost_per_token_above_128k_tokens":2e-6},
            "p/g":{"litellm_provider":"p","input_cost_per_token":1e-6,"output_cost_per_token":0,"input_cost_per_token_above_128k_tokens":2e-6}}"#,
    )
    .unwrap();
    let counts = Counts { prompt_tokens: 128_000, ..Counts::default() };
    assert_eq!(rates(&loaded, "xai/g").cost(&counts, None).total.to_string(), "0.256");
    assert_eq!(rates(&loaded, "p/g").cost(&counts, None).total.to_string(), "0.128");
}

#[test]
fn every_bad_entry_is_named_and_the_good_ones_stay() {
    let loaded = litellm(
        r#"{"azure/a":{"input_cost_per_token":"cheap","output_cost_per_token":1},
            "b":{"input_cost_per_token":-1e-6},
            "c":{"input_cost_per_token":{"eu":1}},
            "d~":7,
            "e":{"tiered_pricing":{"range":[0,1]}},
            "f":{"tiered_pricing":[{"range":["a",2],"input_cost_per_token":1}]},
            "g":{"tiered_pricing":[{"range":[0,2],"input_cost_per_token":"x"}]},
            "h":{"cache_read_input_token_cost":1e-7,"input_cost_per_token_cache_hit":2e-7},
            "i":{"input_cost_per_token":1e-6,"max_input_tokens":"many","unheard_of":[1,{"x":null}],"mode":null},
            "j":{"input_cost_per_token":"2e-6","output_cost_per_token":null,"max_output_tokens":"8192"},
            "k":{"input_cost_per_token":1e-6},
            "k":{"input_cost_per_token":2e-6}}"#,
    )
    .unwrap();
    let expected = [
        "/azure~1a/input_cost_per_token",
        "/b/input_cost_per_token",
        "/c/input_cost_per_token",
        "/d~0",
        "/e/tiered_pricing",
        "/f/tiered_pricing",
        "/g/tiered_pricing/0/input_cost_per_token",
        "/h/input_cost_per_token_cache_hit",
        "/i/max_input_tokens",
        "/k",
    ];
    assert_eq!(pointers(&loaded.faults), expected);
    let mut names: Vec<_> = loaded.table.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["i", "j", "k"]);
    assert_eq!(loaded.table.get("j").unwrap().max_output_tokens, Some(8192));
    let told = loaded.faults.kept()[0].to_string();
    assert!(told.contains("\"cheap\"") && told.contains("2.5e-06") && told.contains("left unpriced"), "{told}");
}

#[test]
fn prices_by_size_keep_a_model_from_being_free() {
    let text = r#"{"free":{"input_cost_per_token":0,"output_cost_per_token":0.0,"search_context_cost_per_query":{"search_context_size_low":0}},
        "search":{"input_cost_per_token":0,"output_cost_per_token":0,"search_context_cost_per_query":{"search_context_size_low":0.01}},
        "sparse":{"input_cost_per_token":0},
        "embed":{"mode":"embedding","input_cost_per_token":0}}"#;
    let loaded = litellm(text).unwrap();
    let free = |model| {
        let pricing: Pricing = loaded.table.pricing(&PriceQuery { model, ..PriceQuery::default() });
        zero_cost([&pricing])
    };
    assert_eq!(["free", "search", "sparse", "embed", "absent"].map(free), [true, false, false, false, false]);
}

#[test]
fn a_file_of_the_wrong_kind_is_refused_and_a_flood_of_faults_is_counted() {
    for text in ["", "[]", "7", r#"{"a":{"#, "null"] {
        assert!(matches!(litellm(text), Err(PriceFileError::Malformed(_))), "{text}");
    }
    let flood: String = (0..1000).map(|n| format!("\"m{n}\":0,")).collect();
    let loaded = litellm(&format!("{{{}}}", flood.trim_end_matches(','))).unwrap();
    assert_eq!((loaded.faults.count(), loaded.faults.kept().len()), (1000, 100));
    let long = litellm(&format!(r#"{{"a":{{"input_cost_per_token":"{}"}}}}"#, "ü".repeat(500))).unwrap();
    assert!(long.faults.kept()[0].value.len() < 50);
}

#[test]
fn the_operators_file_goes_over_the_table_and_a_missing_one_is_named() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(
        br#"{"gpt-4o":{"litellm_provider":"openai","input_cost_per_token":0,"output_cost_per_token":0},"x":1}"#,
    )
    .unwrap();
    let before = load(None).unwrap().table.len();
    let loaded = load(Some(file.path())).unwrap();
    assert_eq!(loaded.table.len(), before);
    assert_eq!(pointers(&loaded.faults), ["/x"]);
    let pricing = loaded.table.pricing(&PriceQuery { model: "openai/gpt-4o", ..PriceQuery::default() });
    assert!(pricing.source == PriceSource::File && zero_cost([&pricing]));
    let missing = load(Some(Path::new("no/such/prices.json"))).unwrap_err().to_string();
    assert!(missing.contains("no/such/prices.json"), "{missing}");
}

/// A row's prices in the spelling of the table.
fn short(rates: &Rates) -> String {
    rates.iter().map(|(key, rate)| format!("{key}={rate}")).collect::<Vec<_>>().join(" ")
}

/// Every row that differs is named with both sides, for the table is mended by them.
#[test]
#[ignore = "needs MILLRACE_PRICE_MAP"]
fn the_builtin_table_agrees_with_the_map_it_was_taken_from() {
    let whole = litellm(&whole_map()).unwrap();
    let builtin = builtin().unwrap();
    let mut differ = Vec::new();
    for (name, price) in builtin.table.iter() {
        let listed = whole.table.get(name).unwrap();
        let (ours, theirs) = (short(&price.rates), short(&listed.rates));
        if ours != theirs || price.max_input_tokens != listed.max_input_tokens {
            differ.push(format!("{name}\n  table {ours}\n  map   {theirs}"));
        }
    }
    assert_eq!(differ, [""; 0], "{}", differ.join("\n"));
}

#[test]
fn a_model_of_every_provider_is_found_by_the_name_that_operators_write() {
    let table = builtin().unwrap().table;
    for (provider, model) in [
        ("openai", "gpt-4o"),
        ("openai", "gpt-4o-2024-11-20"),
        ("openai", "ft:gpt-4o-2024-08-06:acme::Ab1"),
        ("openai", "text-embedding-3-small"),
        ("azure", "gpt-4o"),
        ("azure", "gpt-5.1-2025-11-13"),
        ("anthropic", "claude-sonnet-4-5"),
        ("anthropic", "claude-sonnet-4-5-20250929"),
        ("gemini", "gemini-2.5-flash"),
        ("vertex_ai", "gemini-2.5-flash"),
        ("vertex_ai", "claude-sonnet-4-5@20250929"),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("bedrock", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.amazon.nova-lite-v1:0"),
        ("bedrock", "amazon.titan-embed-text-v2:0"),
        ("cohere", "command-a-03-2025"),
        ("cohere", "embed-v4.0"),
        ("groq", "openai/gpt-oss-120b"),
        ("deepseek", "deepseek-chat"),
        ("mistral", "mistral-large-latest"),
        ("xai", "grok-4.3"),
        ("together_ai", "openai/gpt-oss-120b"),
        ("fireworks_ai", "accounts/fireworks/models/gpt-oss-120b"),
        ("perplexity", "sonar-pro"),
        ("cerebras", "gpt-oss-120b"),
        ("sambanova", "DeepSeek-V3.1"),
        ("moonshot", "kimi-k2.5"),
        ("dashscope", "qwen-max"),
        ("deepinfra", "openai/gpt-oss-120b"),
        ("hyperbolic", "Qwen/QwQ-32B"),
    ] {
        let pricing = table.pricing(&PriceQuery { model, provider, ..PriceQuery::default() });
        assert!(pricing.is_priced(), "{model} of {provider}");
    }
    // in Europe it is dearer, and the row of its own says so
    let input =
        |model| table.find(model, "bedrock").and_then(|price| price.rates.get(Unit::Input)).unwrap().to_string();
    assert_eq!(input("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), "0.0000033");
    assert_eq!(input("global.anthropic.claude-sonnet-4-5-20250929-v1:0"), "0.000003");
}

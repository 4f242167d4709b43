//! The formula against bills worked out by hand, and what must hold for any counts.

use proptest::prelude::*;

use super::*;
use crate::wire::money::Rate;

fn rates(prices: &[(&str, &str)]) -> Rates {
    let mut builder = RatesBuilder::default();
    for (key, text) in prices {
        builder.put_key(key.parse().unwrap(), text.parse().unwrap()).unwrap();
    }
    builder.finish()
}

/// Totals and details by name; the details are parts of the totals.
fn counts(prompt: u64, completion: u64, details: &[(&str, u64)]) -> Counts {
    let mut counts = Counts { prompt_tokens: prompt, completion_tokens: completion, ..Counts::default() };
    for (name, count) in details {
        let field = match *name {
            "cached" => &mut counts.cached_tokens,
            "cached_audio" => &mut counts.cached_audio_tokens,
            "written" => &mut counts.cache_creation_tokens,
            "written_1h" => &mut counts.cache_creation_hour_tokens,
            "audio_in" => &mut counts.audio_input_tokens,
            "image_in" => &mut counts.image_input_tokens,
            "reasoning" => &mut counts.reasoning_tokens,
            "audio_out" => &mut counts.audio_output_tokens,
            "image_out" => &mut counts.image_output_tokens,
            other => panic!("no such detail: {other}"),
        };
        *field = *count;
    }
    counts
}

/// `input output cache_read cache_creation reasoning = total`
fn bill(cost: &Cost) -> String {
    let Cost { total, input, output, cache_read, cache_creation, reasoning } = cost;
    format!("{input} {output} {cache_read} {cache_creation} {reasoning} = {total}")
}

/// One bill: name, prices, counts, tier, expected.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Counts, Option<ServiceTier>, &'a str);

fn check(cases: &[Case<'_>]) {
    for (what, prices, counts, tier, expected) in cases {
        assert_eq!(bill(&rates(prices).cost(counts, *tier)), *expected, "{what}");
    }
}

const PLAIN: &[(&str, &str)] = &[("input", "2.5e-6"), ("output", "1e-5")];
const CACHED: &[(&str, &str)] =
    &[("input", "3e-6"), ("output", "15e-6"), ("cache_read", "3e-7"), ("cache_write", "3.75e-6")];

#[test]
fn text_and_cache() {
    let free_read: &[_] = &[("input", "3e-6"), ("output", "0"), ("cache_read", "0")];
    let hour: &[_] = &[("input", "3e-6"), ("cache_write", "3.75e-6"), ("cache_write_1h", "6e-6")];
    check(&[
        ("9 in, 12 out", PLAIN, counts(9, 12, &[]), None, "0.0000225 0.00012 0 0 0 = 0.0001425"),
        ("nothing", PLAIN, Counts::default(), None, "0 0 0 0 0 = 0"),
        (
            "no cache price: the input price",
            PLAIN,
            counts(10, 0, &[("cached", 4), ("written", 2)]),
            None,
            "0.00001 0 0.00001 0.000005 0 = 0.000025",
        ),
        (
            "read and written",
            CACHED,
            counts(1000, 100, &[("cached", 600), ("written", 300)]),
            None,
            "0.0003 0.0015 0.00018 0.001125 0 = 0.003105",
        ),
        ("an explicit zero is a price", free_read, counts(1000, 5, &[("cached", 1000)]), None, "0 0 0 0 0 = 0"),
        (
            "an hour costs more",
            hour,
            counts(100, 0, &[("written", 100), ("written_1h", 40)]),
            None,
            "0 0 0 0.000465 0 = 0.000465",
        ),
        (
            "an hour without a price of its own",
            CACHED,
            counts(100, 0, &[("written", 100), ("written_1h", 100)]),
            None,
            "0 0 0 0.000375 0 = 0.000375",
        ),
    ]);
}

#[test]
fn reasoning_sound_and_pictures() {
    let dear: &[_] = &[("input", "1e-6"), ("output", "2e-6"), ("reasoning", "3e-6")];
    let sound: &[_] = &[
        ("input", "1e-6"),
        ("output", "2e-6"),
        ("audio_in", "1e-5"),
        ("audio_out", "2e-5"),
        ("cache_read", "5e-7"),
        ("audio_cache_read", "4e-6"),
        ("image_in", "3e-6"),
        ("image_out", "4e-5"),
    ];
    check(&[
        (
            "reasoning at the output price",
            PLAIN,
            counts(0, 100, &[("reasoning", 60)]),
            None,
            "0 0.0004 0 0 0.0006 = 0.001",
        ),
        (
            "reasoning at its own price",
            dear,
            counts(0, 100, &[("reasoning", 60)]),
            None,
            "0 0.00008 0 0 0.00018 = 0.00026",
        ),
        (
            "all kinds",
            sound,
            counts(
                100,
                50,
                &[
                    ("cached", 30),
                    ("cached_audio", 10),
                    ("audio_in", 20),
                    ("image_in", 5),
                    ("audio_out", 10),
                    ("image_out", 2),
                ],
            ),
            None,
            "0.00026 0.000356 0.00005 0 0 = 0.000666",
        ),
        (
            "no price for sound: text",
            PLAIN,
            counts(10, 10, &[("audio_in", 4), ("audio_out", 4)]),
            None,
            "0.000025 0.0001 0 0 0 = 0.000125",
        ),
        (
            "the request itself",
            &[("input", "0"), ("output", "0"), ("request", "0.005")],
            counts(7, 7, &[]),
            None,
            "0.005 0 0 0 0 = 0.005",
        ),
    ]);
}

#[test]
fn a_long_prompt_changes_the_price_of_all_tokens() {
    let long: &[_] = &[
        ("input", "1e-6"),
        ("output", "2e-6"),
        ("cache_read", "1e-7"),
        ("input>200k", "2e-6"),
        ("output>200k", "3e-6"),
        ("cache_read>200k", "2e-7"),
        ("input>400k", "4e-6"),
    ];
    let reasoned: &[_] = &[
        ("input", "1e-6"),
        ("output", "2e-6"),
        ("reasoning", "2e-6"),
        ("input>200k", "2e-6"),
        ("output>200k", "3e-6"),
    ];
    check(&[
        ("exactly at the threshold", long, counts(200_000, 10, &[]), None, "0.2 0.00002 0 0 0 = 0.20002"),
        (
            "one above: all tokens",
            long,
            counts(200_001, 10, &[("cached", 1)]),
            None,
            "0.4 0.00003 0.0000002 0 0 = 0.4000302",
        ),
        (
            "the highest crossed wins, with the everyday price where it has none",
            long,
            counts(400_001, 10, &[("cached", 1)]),
            None,
            "1.6 0.00002 0.0000001 0 0 = 1.6000201",
        ),
        (
            "the cached tokens count towards the threshold",
            long,
            counts(300_000, 0, &[("cached", 300_000)]),
            None,
            "0 0 0.06 0 0 = 0.06",
        ),
        ("the completion does not", long, counts(1, 900_000, &[]), None, "0.000001 1.8 0 0 0 = 1.800001"),
        (
            "a long-context output price covers reasoning",
            reasoned,
            counts(200_001, 10, &[("reasoning", 10)]),
            None,
            "0.400002 0 0 0 0.00003 = 0.400032",
        ),
    ]);
}

#[test]
fn an_inclusive_threshold_holds_from_its_own_count_on() {
    let mut builder = RatesBuilder::default();
    builder.put("input_cost_per_token", "1e-6").unwrap();
    builder.put("input_cost_per_token_above_128k_tokens", "2e-6").unwrap();
    builder.inclusive_thresholds();
    let rates = builder.finish();
    assert_eq!(rates.cost(&counts(127_999, 0, &[]), None).total.to_string(), "0.127999");
    assert_eq!(rates.cost(&counts(128_000, 0, &[]), None).total.to_string(), "0.256");
}

#[test]
fn a_service_tier_has_its_own_prices_and_falls_back_to_the_standard_ones() {
    use ServiceTier::{Batch, Flex, Priority};
    let tiered: &[_] = &[
        ("input", "1e-6"),
        ("output", "2e-6"),
        ("cache_read", "1e-7"),
        ("reasoning", "1e-6"),
        ("input/priority", "2e-6"),
        ("output/priority", "4e-6"),
        ("input>272k", "3e-6"),
        ("input>272k/priority", "5e-6"),
        ("reasoning/flex", "5e-7"),
        ("output/flex", "1e-6"),
    ];
    let batch: &[_] = &[("input", "1e-6"), ("output", "2e-6"), ("input/batches", "4e-7")];
    let used = counts(100, 10, &[("cached", 50), ("reasoning", 4)]);
    check(&[
        ("standard", tiered, used, None, "0.00005 0.000012 0.000005 0 0.000004 = 0.000071"),
        (
            "priority: its output price covers reasoning",
            tiered,
            used,
            Some(Priority),
            "0.0001 0.000024 0.000005 0 0.000016 = 0.000145",
        ),
        ("flex: its reasoning price", tiered, used, Some(Flex), "0.00005 0.000006 0.000005 0 0.000002 = 0.000063"),
        ("long and priority", tiered, counts(300_000, 0, &[]), Some(Priority), "1.5 0 0 0 0 = 1.5"),
        ("long and flex: the long price", tiered, counts(300_000, 0, &[]), Some(Flex), "0.9 0 0 0 0 = 0.9"),
        ("batch: its price, else half", batch, counts(100, 10, &[]), Some(Batch), "0.00004 0.00001 0 0 0 = 0.00005"),
    ]);
}

#[test]
fn details_never_exceed_the_totals() {
    check(&[
        ("more cached than sent", CACHED, counts(10, 0, &[("cached", 1_000)]), None, "0 0 0.000003 0 0 = 0.000003"),
        (
            "cached and written overlap",
            CACHED,
            counts(10, 0, &[("cached", 8), ("written", 8)]),
            None,
            "0 0 0.0000024 0.0000075 0 = 0.0000099",
        ),
        ("more reasoning than output", PLAIN, counts(0, 5, &[("reasoning", 50)]), None, "0 0 0 0 0.00005 = 0.00005"),
        (
            "more of the hour than written",
            CACHED,
            counts(10, 0, &[("written", 2), ("written_1h", 9)]),
            None,
            "0.000024 0 0 0.0000075 0 = 0.0000315",
        ),
        (
            "more cached sound than cached",
            CACHED,
            counts(10, 0, &[("cached", 2), ("cached_audio", 9)]),
            None,
            "0.000024 0 0.0000006 0 0 = 0.0000246",
        ),
        (
            "absurd",
            PLAIN,
            counts(u64::MAX, u64::MAX, &[("cached", u64::MAX), ("reasoning", u64::MAX)]),
            None,
            "0 0 46116860184273.8790375 0 184467440737095.51615 = 230584300921369.3951875",
        ),
    ]);
}

#[test]
fn a_usage_report_is_billed_as_told() {
    let told = br#"{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,
        "prompt_tokens_details":{"cached_tokens":600,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":40}}"#;
    let usage = Usage::parse(told).unwrap();
    let cost = rates(CACHED).cost(&Counts::from(&usage), None);
    assert_eq!(bill(&cost), "0.0012 0.0009 0.00018 0 0.0006 = 0.00288");
}

/// Anthropic's convention: `input_tokens` leaves out what was read from and written to the cache, and writes that are kept
/// for an hour are billed at twice the input price (its pricing page, 2026-11: 3, 15, 0.30, 3.75 and 6 dollars a million).
#[test]
fn anthropics_usage_is_billed_to_the_picodollar() {
    let mut builder = RatesBuilder::default();
    for (name, text) in [
        ("input_cost_per_token", "3e-06"),
        ("output_cost_per_token", "1.5e-05"),
        ("cache_read_input_token_cost", "3e-07"),
        ("cache_creation_input_token_cost", "3.75e-06"),
        ("cache_creation_input_token_cost_above_1hr", "6e-06"),
    ] {
        builder.put(name, text).unwrap();
    }
    let rates = builder.finish();
    for (told, want) in [
        (
            // 11 read anew, 1,003 from the cache, 507 written for 5 minutes and 209 for an hour; 77 written
            r#"{"input_tokens":11,"cache_read_input_tokens":1003,"cache_creation_input_tokens":716,
                "cache_creation":{"ephemeral_5m_input_tokens":507,"ephemeral_1h_input_tokens":209},
                "output_tokens":77,"output_tokens_details":{"thinking_tokens":40},"service_tier":"standard"}"#,
            "0.000033 0.000555 0.0003009 0.00315525 0.0006 = 0.00464415",
        ),
        (
            // all for an hour, the sum not told
            r#"{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":3},"output_tokens":1}"#,
            "0.000003 0.000015 0 0.000018 0 = 0.000036",
        ),
        (
            // without the break-down all counts as the shorter time
            r#"{"input_tokens":1,"cache_creation_input_tokens":3,"cache_creation":null,"output_tokens":1}"#,
            "0.000003 0.000015 0 0.00001125 0 = 0.00002925",
        ),
    ] {
        let usage = Usage::parse(told.as_bytes()).unwrap();
        assert_eq!(bill(&rates.cost(&Counts::from(&usage), None)), want, "{told}");
    }
}

#[test]
fn prices_that_are_not_metered_are_remembered_by_name() {
    let mut builder = RatesBuilder::default();
    for (name, text) in [
        ("input_cost_per_token", "0"),
        ("output_cost_per_token", "0"),
        ("output_cost_per_pixel", "0.01"),
        ("input_cost_per_image", "0"),
        ("supports_vision", "1"),
    ] {
        builder.put(name, text).unwrap();
    }
    let rates = builder.finish();
    assert_eq!(rates.unmetered().collect::<Vec<_>>(), ["output_cost_per_pixel"]);
    assert!(rates.is_complete() && !rates.is_free());
}

#[test]
fn two_prices_for_one_thing_are_a_conflict() {
    let mut builder = RatesBuilder::default();
    builder.put("cache_read_input_token_cost", "1e-7").unwrap();
    assert_eq!(builder.put("input_cost_per_token_cache_hit", "0.0000001"), Ok(()));
    assert_eq!(builder.put("input_cost_per_token_cache_hit", "2e-7"), Err(PriceError::Conflict));
}

fn any_counts() -> impl Strategy<Value = Counts> {
    let small = 0u64..2_000_000;
    let count = prop_oneof![8 => small, 1 => any::<u64>()];
    prop::array::uniform11(count).prop_map(|c| Counts {
        prompt_tokens: c[0],
        completion_tokens: c[1],
        cached_tokens: c[2],
        cached_audio_tokens: c[3],
        cache_creation_tokens: c[4],
        cache_creation_hour_tokens: c[5],
        audio_input_tokens: c[6],
        image_input_tokens: c[7],
        reasoning_tokens: c[8],
        audio_output_tokens: c[9],
        image_output_tokens: c[10],
        ..Counts::default()
    })
}

const KEYS: [&str; 15] = [
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "reasoning",
    "audio_in",
    "audio_out",
    "audio_cache_read",
    "image_in",
    "image_out",
    "request",
    "input/priority",
    "output/batches",
    "reasoning/flex",
];

/// Any prices without a threshold: a model may make long prompts cheaper, so there the cost need not grow.
fn any_rates() -> impl Strategy<Value = Rates> {
    let price = prop_oneof![3 => 0u128..10u128.pow(21), 1 => any::<u128>()];
    prop::collection::vec((prop::sample::select(KEYS.to_vec()), price), 0..12).prop_map(|prices| {
        let mut builder = RatesBuilder::default();
        for (key, yocto) in prices {
            // A second price for a key is refused, which leaves the first.
            let _ = builder.put_key(key.parse().unwrap(), Rate::from_yocto(yocto));
        }
        builder.finish()
    })
}

fn any_tier() -> impl Strategy<Value = Option<ServiceTier>> {
    use ServiceTier::{Batch, Flex, Priority, Standard};
    prop::option::of(prop::sample::select(vec![Standard, Priority, Flex, Batch]))
}

proptest! {
    #[test]
    fn a_total_is_the_sum_of_its_parts_and_never_negative(rates in any_rates(), counts in any_counts(), tier in any_tier()) {
        let cost = rates.cost(&counts, tier);
        let parts = [cost.input, cost.output, cost.cache_read, cost.cache_creation, cost.reasoning];
        let mut sum = 0_i128;
        for part in parts {
            prop_assert!(part >= Picodollars::ZERO);
            sum = sum.checked_add(part.as_pico()).unwrap();
        }
        prop_assert_eq!(cost.total.as_pico(), sum);
    }

    #[test]
    fn more_tokens_never_cost_less(
        rates in any_rates(), counts in any_counts(), tier in any_tier(), prompt in 0u64..1000, completion in 0u64..1000,
    ) {
        let more = Counts {
            prompt_tokens: counts.prompt_tokens.saturating_add(prompt),
            completion_tokens: counts.completion_tokens.saturating_add(completion),
            ..counts
        };
        prop_assert!(rates.cost(&more, tier).total >= rates.cost(&counts, tier).total);
    }

    #[test]
    fn no_token_is_billed_twice_or_forgotten(counts in any_counts()) {
        let parts = counts.parts();
        let prompt = [parts.text_input, parts.cache_read, parts.audio_cache_read, parts.cache_write,
            parts.cache_write_hour, parts.audio_input, parts.image_input];
        let completion = [parts.text_output, parts.reasoning, parts.audio_output, parts.image_output];
        let sum = |parts: &[u64]| parts.iter().map(|part| u128::from(*part)).sum::<u128>();
        prop_assert_eq!(sum(&prompt), u128::from(counts.prompt_tokens));
        prop_assert_eq!(sum(&completion), u128::from(counts.completion_tokens));
    }

    #[test]
    fn what_is_free_costs_nothing(counts in any_counts(), tier in any_tier()) {
        let rates = rates(&[("input", "0"), ("output", "0")]);
        prop_assert!(rates.is_free());
        prop_assert!(rates.cost(&counts, tier).total.is_zero());
    }
}

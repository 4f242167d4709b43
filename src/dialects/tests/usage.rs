//! How each provider counts, to the picodollar: read by us, and again out of what a caller is told.

use millrace_actors::wire::answer::Answer;
use millrace_actors::wire::cost::{Counts, Rates, RatesBuilder};
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::tier::ServiceTier;
use millrace_actors::wire::usage::Usage;
use serde_json::Value;

use super::fixtures;
use super::table::{ROWS, whole};
use crate::dialects::Event;

fn rates(prices: &Value) -> RatesBuilder {
    let mut builder = RatesBuilder::default();
    for (name, price) in prices.as_object().unwrap() {
        builder.put(name, price.as_str().unwrap()).unwrap();
    }
    builder
}

fn cost(rates: &Rates, usage: &Usage) -> Option<i64> {
    rates.cost(&Counts::from(usage), usage.service_tier).total.as_i64()
}

fn parse(usage: &Value) -> Usage {
    Usage::parse(usage.to_string().as_bytes()).unwrap()
}

/// What no dialect reads, since it goes on as it came.
#[test]
fn what_was_heard_costs_what_sound_costs() {
    for fixture in fixtures::of("usage", "transcription") {
        let (name, fixture): (_, Value) = (fixture.name, serde_json::from_str(&fixture.text).unwrap());
        let rates = rates(&fixture["prices"]).finish();
        let usage = Answer::scan(fixture["answer"].to_string().as_bytes()).unwrap().usage.unwrap();
        assert_eq!(cost(&rates, &usage), fixture["picodollars"].as_i64(), "{name}: {usage:?}");
    }
}

#[test]
fn each_way_of_counting_costs_what_was_worked_out_by_hand() {
    for fixture in fixtures::of("usage", "cost") {
        let (name, fixture): (_, Value) = (fixture.name, serde_json::from_str(&fixture.text).unwrap());
        let (mut rates, want) = (rates(&fixture["prices"]), fixture["picodollars"].as_i64());
        if fixture["searches_once"] == true {
            rates.searches_once();
        }
        let rates = rates.finish();
        assert!(rates.unmetered().next().is_none(), "{name}: a price that nothing is billed by");
        let row = ROWS.iter().find(|row| row.name == fixture["dialect"]).unwrap();
        let events = (row.read_whole)(fixture["answer"].to_string().as_bytes()).unwrap();
        let read = events.iter().find_map(|event| if let Event::Usage(usage) = event { Some(*usage) } else { None });
        let usage = read.unwrap();
        assert_eq!(cost(&rates, &usage), want, "{name}: {usage:?}");
        let scanned = Answer::scan(fixture["answer"].to_string().as_bytes()).unwrap().usage;
        let own = matches!(row.name, "bedrock" | "cohere" | "ollama");
        assert_eq!(scanned, Some(usage).filter(|_| !own), "{name}: as the way without translation reads it");
        let stated = fixture.get("stated").map(|_| fixture["stated"].as_i64());
        assert_eq!(usage.stated_cost.map(|cost| cost.as_i64()), stated, "{name}: as the provider states it");
        // and a caller who bills by what it is told comes to the same
        let told = parse(&whole(Protocol::Chat, events.clone())["usage"]);
        let untold = Usage {
            total_tokens: told.total_tokens,
            tool_prompt_tokens: 0,
            search_context: told.search_context,
            service_tier: None,
            stated_cost: None,
            ..usage
        };
        assert_eq!(told, untold, "{name}: as OpenAI's callers are told");
        // its tier stands beside the usage there
        let chat = whole(Protocol::Chat, events.clone());
        let tier = Answer::scan(chat.to_string().as_bytes()).unwrap().usage.unwrap().service_tier;
        // but for batches: OpenAI has no such tier, and a live answer is none
        let of_openai = usage.service_tier.filter(|tier| *tier != ServiceTier::Batch);
        assert_eq!(tier, of_openai, "{name}: {}", chat["service_tier"]);
        let tier = usage.service_tier;
        assert_eq!(cost(&rates, &Usage { service_tier: tier, search_context: usage.search_context, ..told }), want);
        // Anthropic's protocol does not tell sound and pictures apart
        let told = parse(&whole(Protocol::Messages, events)["usage"]);
        let parts = |u: &Usage| {
            let cache = (u.cached_tokens, u.cache_creation_tokens, u.cache_creation_hour_tokens);
            (u.prompt_tokens, u.completion_tokens, cache, u.reasoning_tokens)
        };
        assert_eq!(parts(&told), parts(&usage), "{name}: as Anthropic's callers are told");
    }
}

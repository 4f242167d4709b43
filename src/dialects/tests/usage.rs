//! How each provider counts, to the picodollar: read by us, and again out of what a caller is told.

use millrace_actors::wire::cost::{Counts, Rates, RatesBuilder};
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::usage::Usage;
use serde_json::Value;

use super::fixtures;
use super::table::{ROWS, whole};
use crate::dialects::Event;

fn rates(prices: &Value) -> Rates {
    let mut builder = RatesBuilder::default();
    for (name, price) in prices.as_object().unwrap() {
        builder.put(name, price.as_str().unwrap()).unwrap();
    }
    builder.finish()
}

fn cost(rates: &Rates, usage: &Usage) -> Option<i64> {
    rates.cost(&Counts::from(usage), None).total.as_i64()
}

fn parse(usage: &Value) -> Usage {
    Usage::parse(usage.to_string().as_bytes()).unwrap()
}

#[test]
fn each_way_of_counting_costs_what_was_worked_out_by_hand() {
    for fixture in fixtures::of("usage", "cost") {
        let (name, fixture): (_, Value) = (fixture.name, serde_json::from_str(&fixture.text).unwrap());
        let (rates, want) = (rates(&fixture["prices"]), fixture["picodollars"].as_i64());
        assert!(rates.unmetered().next().is_none(), "{name}: a price that nothing is billed by");
        let row = ROWS.iter().find(|row| row.name == fixture["dialect"]).unwrap();
        let events = (row.read_whole)(fixture["answer"].to_string().as_bytes()).unwrap();
        let read = events.iter().find_map(|event| if let Event::Usage(usage) = event { Some(*usage) } else { None });
        let usage = read.unwrap();
        assert_eq!(cost(&rates, &usage), want, "{name}: {usage:?}");
        if fixture["answer"].get("usage").is_some() {
            assert_eq!(parse(&fixture["answer"]["usage"]), usage, "{name}: as the way without translation reads it");
        }
        // and a caller who bills by what it is told comes to the same
        let told = parse(&whole(Protocol::Chat, events.clone())["usage"]);
        let but_guesses = Usage { total_tokens: told.total_tokens, ..usage };
        assert_eq!(told, but_guesses, "{name}: as OpenAI's callers are told");
        // Anthropic's protocol does not tell sound and pictures apart
        let told = parse(&whole(Protocol::Messages, events)["usage"]);
        let parts = |u: &Usage| {
            let cache = (u.cached_tokens, u.cache_creation_tokens, u.cache_creation_hour_tokens);
            (u.prompt_tokens, u.completion_tokens, cache, u.reasoning_tokens)
        };
        assert_eq!(parts(&told), parts(&usage), "{name}: as Anthropic's callers are told");
    }
}

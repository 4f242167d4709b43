//! Usage as Converse tells it (`TokenUsage`): `inputTokens` leaves out what was read from and written to the cache, as
//! Anthropic's `input_tokens` does. It is read by the one reader of counts, in Anthropic's spelling, so what is negative or
//! absurd is clamped alike. `totalTokens` is not believed: whether it has the cached tokens in it differs by model.

use millrace_actors::wire::tier::ServiceTier;
use millrace_actors::wire::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// The names here, and Anthropic's.
const NAMES: [(&str, &str); 4] = [
    ("inputTokens", "input_tokens"),
    ("outputTokens", "output_tokens"),
    ("cacheReadInputTokens", "cache_read_input_tokens"),
    ("cacheWriteInputTokens", "cache_creation_input_tokens"),
];

/// `CacheDetail`: tokens written to the cache, for how long.
#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    ttl: String,
    #[serde(default, rename = "inputTokens")]
    tokens: u64,
}

/// Reads a `usage` object, and the answer's `serviceTier` beside it; nothing where it tells nothing.
pub fn read(raw: &RawValue, tier: Option<&str>) -> Option<Usage> {
    let mut usage = counts(raw)?;
    usage.served(tier.map(ServiceTier::from_wire), 0);
    Some(usage)
}

fn counts(raw: &RawValue) -> Option<Usage> {
    let told: Map<String, Value> = serde_json::from_str(raw.get()).ok()?;
    let mut spelled = Map::new();
    for (here, there) in NAMES {
        spelled.extend(told.get(here).filter(|count| !count.is_null()).map(|count| (there.to_owned(), count.clone())));
    }
    let details = told.get("cacheDetails").cloned().and_then(|list| serde_json::from_value::<Vec<Detail>>(list).ok());
    if let Some(details) = details.filter(|details| !details.is_empty()) {
        let of = |ttl: &str| details.iter().filter(|d| d.ttl == ttl).map(|d| d.tokens).fold(0, u64::saturating_add);
        let lives = json!({ "ephemeral_5m_input_tokens": of("5m"), "ephemeral_1h_input_tokens": of("1h") });
        spelled.insert("cache_creation".into(), lives);
    }
    Usage::parse(Value::Object(spelled).to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> Option<Usage> {
        read(&serde_json::from_str::<Box<RawValue>>(text).unwrap(), None)
    }

    #[test]
    fn cached_tokens_stand_beside_the_input() {
        let told = r#"{"inputTokens":10,"outputTokens":7,"totalTokens":17,"cacheReadInputTokens":100,
            "cacheWriteInputTokens":50,"cacheDetails":[{"ttl":"1h","inputTokens":30},{"ttl":"5m","inputTokens":20}]}"#;
        let want = Usage {
            prompt_tokens: 160,
            completion_tokens: 7,
            total_tokens: 167,
            cached_tokens: 100,
            cache_creation_tokens: 50,
            cache_creation_hour_tokens: 30,
            ..Usage::default()
        };
        assert_eq!(usage(told), Some(want));
    }

    #[test]
    fn what_cannot_be_is_marked_and_what_is_not_told_is_nothing() {
        assert!(usage(r#"{"inputTokens":-1,"outputTokens":2}"#).unwrap().suspect);
        let plain = usage(r#"{"inputTokens":3,"outputTokens":2,"cacheDetails":"?"}"#).unwrap();
        assert_eq!((plain.prompt_tokens, plain.total_tokens, plain.suspect), (3, 5, false));
        assert_eq!(usage("{}"), None);
        assert_eq!(usage("[]"), None);
    }
}

//! Usage of this API: `input_tokens` leaves out what was read from and written to the cache, and a stream tells it twice.

use millrace_actors::wire::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::openai::Searched;

/// What a provider told of one answer so far.
#[derive(Debug, Default)]
pub struct Told(Map<String, Value>);

impl Told {
    /// Takes a `usage` object over what was told before. `message_delta` may leave out the input, or tell none of it, which
    /// `message_start` had: counts only grow, so of two the greater holds.
    pub fn take(&mut self, raw: &RawValue) -> Option<Usage> {
        let Ok(later) = serde_json::from_str::<Map<String, Value>>(raw.get()) else { return None };
        for (name, value) in later {
            let known = self.0.get(&name).and_then(Value::as_u64);
            let less = matches!((known, value.as_u64()), (Some(known), Some(later)) if later < known);
            if !value.is_null() && !less {
                self.0.insert(name, value);
            }
        }
        Usage::parse(&serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

/// `usage` as the caller reads it.
#[derive(Debug, Default, Serialize)]
pub struct Shown {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation: Option<Written>,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<Thought>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_tool_use: Option<Searched>,
    /// Of the answer, not of a count; Anthropic tells it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Written {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Debug, Serialize)]
struct Thought {
    thinking_tokens: u64,
}

impl From<&Usage> for Shown {
    fn from(usage: &Usage) -> Self {
        let (written, read) = (usage.cache_creation_tokens, usage.cached_tokens);
        let hour = usage.cache_creation_hour_tokens.min(written);
        Shown {
            // a provider that tells more details than tokens is believed in the total
            input_tokens: usage.prompt_tokens.saturating_sub(written).saturating_sub(read),
            cache_creation_input_tokens: written,
            cache_read_input_tokens: read,
            cache_creation: (written > 0)
                .then(|| Written { ephemeral_5m_input_tokens: written - hour, ephemeral_1h_input_tokens: hour }),
            output_tokens: usage.completion_tokens,
            output_tokens_details: (usage.reasoning_tokens > 0)
                .then_some(Thought { thinking_tokens: usage.reasoning_tokens }),
            server_tool_use: Searched::of(usage),
            service_tier: None,
        }
    }
}

/// A provider's word for its tier in Anthropic's, where it has one.
pub fn tier(told: Option<&str>) -> Option<&'static str> {
    match told? {
        "standard" | "default" => Some("standard"),
        "priority" => Some("priority"),
        "batch" => Some("batch"),
        _ => None,
    }
}

//! What a price is for: the unit it buys, the prompt length from which it holds, the service tier it belongs to.
//!
//! Two spellings: LiteLLM's (`input_cost_per_token_above_200k_tokens_priority`), which operators write, and a short
//! one (`input>200k/priority`), in which the built-in table is kept.

use std::fmt;
use std::str::FromStr;

use crate::wire::tier::ServiceTier;

/// A thing that is billed by count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A prompt token that is none of the kinds below.
    Input,
    /// A completion token that is none of the kinds below.
    Output,
    /// A prompt token read from the provider's cache.
    CacheRead,
    /// A prompt token written to the provider's cache for its usual time.
    CacheWrite,
    /// A prompt token written to the provider's cache for an hour.
    CacheWriteHour,
    /// A completion token spent on reasoning.
    Reasoning,
    /// A prompt token of sound.
    AudioInput,
    /// A completion token of sound.
    AudioOutput,
    /// A prompt token of sound read from the provider's cache.
    AudioCacheRead,
    /// A prompt token of a picture.
    ImageInput,
    /// A completion token of a picture.
    ImageOutput,
    /// A prompt token of a picture read from the provider's cache.
    ImageCacheRead,
    /// The request itself.
    Request,
    /// A search of a reranker.
    Search,
    /// A picture made.
    Picture,
    /// A character to be spoken.
    Character,
    /// A second of sound that was read.
    SecondRead,
    /// A second of sound, billed as what was written. A model with both prices is billed by this one, as by LiteLLM.
    SecondWritten,
    /// A search of the web that brings little into the prompt.
    WebSearchLow,
    /// One that brings what is usual.
    WebSearch,
    /// One that brings much.
    WebSearchHigh,
}

/// The name of one price of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PriceKey {
    /// What is bought.
    pub unit: Unit,
    /// Holds for requests with more prompt tokens than this; 0 holds always.
    pub above: u32,
    /// For which service tier.
    pub tier: ServiceTier,
}

/// Unit, short spelling, LiteLLM's spelling (source: field names of its price map, 2026-11).
const UNITS: [(Unit, &str, &str); 21] = [
    (Unit::Input, "input", "input_cost_per_token"),
    (Unit::Output, "output", "output_cost_per_token"),
    (Unit::CacheRead, "cache_read", "cache_read_input_token_cost"),
    (Unit::CacheWrite, "cache_write", "cache_creation_input_token_cost"),
    (Unit::CacheWriteHour, "cache_write_1h", "cache_creation_input_token_cost_above_1hr"),
    (Unit::Reasoning, "reasoning", "output_cost_per_reasoning_token"),
    (Unit::AudioInput, "audio_in", "input_cost_per_audio_token"),
    (Unit::AudioOutput, "audio_out", "output_cost_per_audio_token"),
    (Unit::AudioCacheRead, "audio_cache_read", "cache_read_input_audio_token_cost"),
    (Unit::ImageInput, "image_in", "input_cost_per_image_token"),
    (Unit::ImageOutput, "image_out", "output_cost_per_image_token"),
    (Unit::ImageCacheRead, "image_cache_read", "cache_read_input_image_token_cost"),
    (Unit::Request, "request", "input_cost_per_request"),
    (Unit::Search, "search", "input_cost_per_query"),
    (Unit::Picture, "picture", "output_cost_per_image"),
    (Unit::Character, "character", "input_cost_per_character"),
    (Unit::SecondRead, "second_in", "input_cost_per_second"),
    (Unit::SecondWritten, "second_out", "output_cost_per_second"),
    (Unit::WebSearchLow, "web_search_low", "search_context_cost_per_query.search_context_size_low"),
    (Unit::WebSearch, "web_search", "search_context_cost_per_query.search_context_size_medium"),
    (Unit::WebSearchHigh, "web_search_high", "search_context_cost_per_query.search_context_size_high"),
];

/// An older LiteLLM spelling of the cache read price, still beside it in 41 entries and always equal.
const CACHE_HIT: &str = "input_cost_per_token_cache_hit";

impl PriceKey {
    /// The everyday price of a unit.
    #[must_use]
    pub const fn base(unit: Unit) -> Self {
        Self { unit, above: 0, tier: ServiceTier::Standard }
    }

    /// LiteLLM's spelling of a unit's everyday price.
    #[must_use]
    pub fn litellm(unit: Unit) -> &'static str {
        UNITS.iter().find(|(known, _, _)| *known == unit).map_or("", |(_, _, name)| name)
    }

    /// Reads LiteLLM's spelling; `None` for prices this gateway does not meter (per pixel, per page ...).
    #[must_use]
    pub fn from_litellm(name: &str) -> Option<Self> {
        let (name, tier) = ServiceTier::of_price(name);
        let (name, above) = match name.strip_suffix("_tokens").and_then(|name| name.rsplit_once("_above_")) {
            Some((name, tokens)) => (name, token_count(tokens)?),
            None => (name, 0),
        };
        let unit = UNITS.iter().find(|(_, _, litellm)| *litellm == name).map(|(unit, _, _)| *unit);
        let unit = unit.or((name == CACHE_HIT).then_some(Unit::CacheRead))?;
        Some(Self { unit, above, tier })
    }
}

/// The short spelling: `input`, `cache_read>200k`, `output/flex`, `input>272k/priority`.
impl fmt::Display for PriceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(unit, _, _)| *unit == self.unit);
        f.write_str(unit.map_or("", |(_, short, _)| short))?;
        match self.above {
            0 => {}
            above if above % 1000 == 0 => write!(f, ">{}k", above / 1000)?,
            above => write!(f, ">{above}")?,
        }
        match self.tier {
            ServiceTier::Standard => Ok(()),
            tier => write!(f, "/{}", tier.name()),
        }
    }
}

/// That a text is not the short spelling of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a price; the form is unit[>tokens][/tier], for example input>200k/priority")]
pub struct NotAPriceKey;

impl FromStr for PriceKey {
    type Err = NotAPriceKey;

    fn from_str(text: &str) -> Result<Self, NotAPriceKey> {
        let (rest, tier) = match text.split_once('/') {
            Some((rest, name)) => (rest, ServiceTier::named(name).ok_or(NotAPriceKey)?),
            None => (text, ServiceTier::Standard),
        };
        let (short, above) = match rest.split_once('>') {
            Some((short, tokens)) => (short, token_count(tokens).ok_or(NotAPriceKey)?),
            None => (rest, 0),
        };
        let unit = UNITS.iter().find(|unit| unit.1 == short).ok_or(NotAPriceKey)?.0;
        Ok(Self { unit, above, tier })
    }
}

/// `200k` or `200000`; zero is no threshold.
fn token_count(text: &str) -> Option<u32> {
    let (digits, factor) = text.strip_suffix('k').map_or((text, 1), |digits| (digits, 1000));
    digits.parse::<u32>().ok()?.checked_mul(factor).filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_the_same_price() {
        let cases = [
            ("input_cost_per_token", "input"),
            ("input_cost_per_token_cache_hit", "cache_read"),
            ("output_cost_per_token_above_200k_tokens", "output>200k"),
            ("cache_read_input_token_cost_above_272k_tokens_priority", "cache_read>272k/priority"),
            ("cache_creation_input_token_cost_above_1hr", "cache_write_1h"),
            ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", "cache_write_1h>200k"),
            ("input_cost_per_audio_token_batches", "audio_in/batches"),
            ("output_cost_per_token_above_128_tokens", "output>128"),
        ];
        for (litellm, short) in cases {
            let key = PriceKey::from_litellm(litellm).unwrap();
            assert_eq!(key.to_string(), short, "{litellm}");
            assert_eq!(short.parse(), Ok(key), "{short}");
        }
    }

    #[test]
    fn what_is_not_metered_is_not_mistaken_for_a_token_price() {
        for name in [
            "input_cost_per_pixel",
            "input_cost_per_image",
            "input_cost_per_token_decisions",
            "cache_creation_input_token_cost_above_12hr",
            "input_cost_per_token_above_0k_tokens",
            "input_cost_per_token_above_99999999999k_tokens",
            "",
        ] {
            assert_eq!(PriceKey::from_litellm(name), None, "{name}");
        }
        for short in ["", "input>", "input>k", "input/slow", "text", "input>0k"] {
            assert_eq!(short.parse::<PriceKey>(), Err(NotAPriceKey), "{short}");
        }
    }
}

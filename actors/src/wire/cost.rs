//! What an exchange costs: counted tokens times the prices that apply, in whole numbers.
//!
//! The rules are LiteLLM's, so that a bill does not change with the gateway: the cache falls back to the input price
//! where it has none (an explicit zero is a price); a long prompt is billed at the long-context price for *all* its
//! tokens and its whole answer; the details of a usage report are cut so that they never exceed its totals.

mod beside;
pub mod key;
pub mod rates;
#[cfg(test)]
mod tests;

pub use super::tier::{SearchContext, ServiceTier};
pub use key::{PriceKey, Unit};
pub use rates::{PriceError, Rates, RatesBuilder, is_price_name};

use super::money::Picodollars;
use super::usage::Usage;

/// What was counted in one exchange. The details are parts of the totals: `prompt_tokens` includes the cached ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All tokens of the prompt.
    pub prompt_tokens: u64,
    /// All tokens of the completion.
    pub completion_tokens: u64,
    /// Of the prompt: read from the provider's cache.
    pub cached_tokens: u64,
    /// Of the cached ones: sound.
    pub cached_audio_tokens: u64,
    /// Of the cached ones: pictures.
    pub cached_image_tokens: u64,
    /// Of the prompt: written to the provider's cache, for whatever time.
    pub cache_creation_tokens: u64,
    /// Of those written: to be kept for an hour.
    pub cache_creation_hour_tokens: u64,
    /// Of the prompt: sound, not cached.
    pub audio_input_tokens: u64,
    /// Of the prompt: pictures, not cached.
    pub image_input_tokens: u64,
    /// Of the completion: spent on reasoning.
    pub reasoning_tokens: u64,
    /// Of the completion: sound.
    pub audio_output_tokens: u64,
    /// Of the completion: pictures.
    pub image_output_tokens: u64,
    /// Searches of a reranker.
    pub searches: u64,
    /// Searches of the web, made by the provider.
    pub web_searches: u64,
    /// How much each of them brings in.
    pub search_context: SearchContext,
    /// Pictures made.
    pub pictures: u64,
    /// Characters to be spoken.
    pub characters: u64,
    /// Seconds of sound.
    pub seconds: u64,
}

/// The cost of one exchange; `total` is exactly the sum of the other five.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// All of it.
    pub total: Picodollars,
    /// The prompt without the cache, searches, and the price of the request itself.
    pub input: Picodollars,
    /// The completion without reasoning.
    pub output: Picodollars,
    /// The prompt tokens read from the cache.
    pub cache_read: Picodollars,
    /// The prompt tokens written to the cache.
    pub cache_creation: Picodollars,
    /// The completion tokens spent on reasoning.
    pub reasoning: Picodollars,
}

impl Rates {
    /// The cost of one exchange. A unit without any price costs nothing here; ask [`Rates::is_complete`] first
    /// where that matters.
    #[must_use]
    pub fn cost(&self, counts: &Counts, tier: Option<ServiceTier>) -> Cost {
        let selection = self.select(counts.prompt_tokens, tier.unwrap_or_default());
        // Most exchanges have none of most units: no search for a price that is multiplied by zero.
        let price = |count: u64, units: &[Unit]| match count {
            0 => 0,
            _ => selection.first_of(units).times(count),
        };
        let parts = counts.parts();
        let reasoning = match parts.reasoning {
            0 => 0,
            count => selection.at_level(Unit::Reasoning, Unit::Output).times(count),
        };
        Cost::of_parts(
            [
                price(parts.text_input, &[Unit::Input]),
                price(parts.audio_input, &[Unit::AudioInput, Unit::Input]),
                price(parts.image_input, &[Unit::ImageInput, Unit::Input]),
                price(1, &[Unit::Request]),
                price(counts.searches, &[Unit::Search]),
                price(self.billed_searches(counts.web_searches), web_search(counts.search_context)),
                price(counts.characters, &[Unit::Character]),
                price(counts.seconds, &[Unit::SecondWritten, Unit::SecondRead]),
            ],
            [
                price(parts.text_output, &[Unit::Output]),
                price(parts.audio_output, &[Unit::AudioOutput, Unit::Output]),
                price(parts.image_output, &[Unit::ImageOutput, Unit::Output]),
                price(counts.pictures, &[Unit::Picture]),
            ],
            [
                price(parts.cache_read, &[Unit::CacheRead, Unit::Input]),
                price(parts.audio_cache_read, &[Unit::AudioCacheRead, Unit::CacheRead, Unit::Input]),
                price(parts.image_cache_read, &[Unit::ImageCacheRead, Unit::CacheRead, Unit::Input]),
            ],
            [
                price(parts.cache_write, &[Unit::CacheWrite, Unit::Input]),
                price(parts.cache_write_hour, &[Unit::CacheWriteHour, Unit::CacheWrite, Unit::Input]),
            ],
            reasoning,
        )
    }
}

impl Cost {
    /// What a provider says that it took, of all: what for, it does not tell.
    #[must_use]
    pub fn stated(total: Picodollars) -> Self {
        Self { total, input: total, ..Self::default() }
    }

    /// From yoctodollars. Each of the five is rounded once and the total is their sum, so that a bill adds up to the
    /// last digit; rounding the exact total instead could differ from its parts by two picodollars.
    fn of_parts(input: [u128; 8], output: [u128; 4], read: [u128; 3], written: [u128; 2], reasoning: u128) -> Self {
        let amount =
            |parts: &[u128]| Picodollars::from_yocto(parts.iter().fold(0, |sum, part| sum.saturating_add(*part)));
        let mut cost = Self {
            total: Picodollars::ZERO,
            input: amount(&input),
            output: amount(&output),
            cache_read: amount(&read),
            cache_creation: amount(&written),
            reasoning: amount(&[reasoning]),
        };
        cost.total = [cost.input, cost.output, cost.cache_read, cost.cache_creation, cost.reasoning].into_iter().sum();
        cost
    }
}

/// The totals of a [`Counts`] divided without overlap: the input parts add up to the prompt tokens, the output parts
/// to the completion tokens.
struct Parts {
    text_input: u64,
    cache_read: u64,
    audio_cache_read: u64,
    image_cache_read: u64,
    cache_write: u64,
    cache_write_hour: u64,
    audio_input: u64,
    image_input: u64,
    text_output: u64,
    reasoning: u64,
    audio_output: u64,
    image_output: u64,
}

impl Counts {
    /// A provider that reports more details than tokens is believed in the totals: each detail takes at most what the
    /// ones before it left.
    fn parts(&self) -> Parts {
        let mut prompt = self.prompt_tokens;
        let cached = take(&mut prompt, self.cached_tokens);
        let written = take(&mut prompt, self.cache_creation_tokens);
        let audio_input = take(&mut prompt, self.audio_input_tokens);
        let image_input = take(&mut prompt, self.image_input_tokens);
        let mut completion = self.completion_tokens;
        let reasoning = take(&mut completion, self.reasoning_tokens);
        let audio_output = take(&mut completion, self.audio_output_tokens);
        let image_output = take(&mut completion, self.image_output_tokens);
        let audio_cache_read = self.cached_audio_tokens.min(cached);
        let image_cache_read = self.cached_image_tokens.min(cached - audio_cache_read);
        let cache_write_hour = self.cache_creation_hour_tokens.min(written);
        Parts {
            text_input: prompt,
            cache_read: cached - audio_cache_read - image_cache_read,
            audio_cache_read,
            image_cache_read,
            cache_write: written - cache_write_hour,
            cache_write_hour,
            audio_input,
            image_input,
            text_output: completion,
            reasoning,
            audio_output,
            image_output,
        }
    }
}

/// Sound and pictures that came out of the cache are billed as what was cached, and not once more as what they are.
impl From<&Usage> for Counts {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            cached_tokens: usage.cached_tokens,
            cached_audio_tokens: usage.cached_audio_tokens,
            cached_image_tokens: usage.cached_image_tokens,
            cache_creation_tokens: usage.cache_creation_tokens,
            cache_creation_hour_tokens: usage.cache_creation_hour_tokens,
            audio_input_tokens: usage.audio_input_tokens.saturating_sub(usage.cached_audio_tokens),
            reasoning_tokens: usage.reasoning_tokens,
            audio_output_tokens: usage.audio_output_tokens,
            image_input_tokens: usage.image_input_tokens.saturating_sub(usage.cached_image_tokens),
            image_output_tokens: usage.image_output_tokens,
            web_searches: usage.web_searches,
            search_context: usage.search_context,
            ..Self::default()
        }
    }
}

/// The prices of a search, the fitting one first.
fn web_search(context: SearchContext) -> &'static [Unit] {
    match context {
        SearchContext::Low => &[Unit::WebSearchLow, Unit::WebSearch],
        SearchContext::Medium => &[Unit::WebSearch, Unit::WebSearchLow],
        SearchContext::High => &[Unit::WebSearchHigh, Unit::WebSearch],
    }
}

/// Takes up to `wanted` from what is left.
fn take(left: &mut u64, wanted: u64) -> u64 {
    let taken = wanted.min(*left);
    *left -= taken;
    taken
}

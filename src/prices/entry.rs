//! An entry of a price table, as both readers build it.

use millrace_actors::prices::{ModelPrice, PriceSource, PriceTable};
use millrace_actors::wire::cost::RatesBuilder;

use super::fault::Faults;

/// A table and what was left out of it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The prices.
    pub table: PriceTable,
    /// The entries and fields that could not be taken, for the log and the checker.
    pub faults: Faults,
}

/// What both readers know of a model besides its prices.
pub(super) struct About<'a> {
    pub(super) provider: &'a str,
    pub(super) mode: &'a str,
    pub(super) max_input_tokens: Option<u64>,
    pub(super) max_output_tokens: Option<u64>,
    /// LiteLLM's `web_search_billing_unit`: each query is billed, and not each prompt.
    pub(super) per_query: bool,
}

/// Builds an entry, with the rules that depend on what the model is and whose.
pub(super) fn entry(mut rates: RatesBuilder, about: &About<'_>, source: PriceSource) -> ModelPrice {
    if about.provider == "xai" {
        rates.inclusive_thresholds();
    }
    if !about.per_query && matches!(about.provider, "gemini" | "vertex_ai-language-models") {
        rates.searches_once();
    }
    let output_is_nothing = matches!(about.mode, "embedding" | "rerank" | "moderation");
    ModelPrice {
        provider: about.provider.into(),
        mode: about.mode.into(),
        max_input_tokens: about.max_input_tokens,
        max_output_tokens: about.max_output_tokens,
        ..ModelPrice::new(rates, output_is_nothing, source)
    }
}

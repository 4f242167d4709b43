//! Prices by model name, and the order in which the sources of a price are asked.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::pricing::{PriceOverride, PriceSource, Pricing};
use crate::wire::cost::{PriceKey, Rates, RatesBuilder, Unit};
use crate::wire::money::Rate;

/// What is known about a model by its name.
#[derive(Clone, Debug)]
pub struct ModelPrice {
    /// Whose price it is, as LiteLLM names providers (`openai`, `bedrock_converse`).
    pub provider: Arc<str>,
    /// What the model is for, as LiteLLM names it (`chat`, `embedding` ...).
    pub mode: Arc<str>,
    /// Its prices.
    pub rates: Arc<Rates>,
    /// Most tokens of a prompt, if known.
    pub max_input_tokens: Option<u64>,
    /// Most tokens of a completion, if known.
    pub max_output_tokens: Option<u64>,
    /// Where this was read.
    pub source: PriceSource,
    /// Whether input and output price were both written down, and neither was inferred.
    pub explicit: bool,
}

/// Prices by model name.
#[derive(Clone, Debug, Default)]
pub struct PriceTable {
    models: HashMap<Box<str>, ModelPrice, RandomState>,
}

/// What to look for, in the order in which it is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct PriceQuery<'a> {
    /// The deployment's own prices.
    pub price_override: Option<&'a PriceOverride>,
    /// The model as whose price the operator wants the deployment billed (`base_model`).
    pub base_model: Option<&'a str>,
    /// The model the provider says has answered.
    pub response_model: Option<&'a str>,
    /// The upstream model, with or without its provider's prefix.
    pub model: &'a str,
    /// The provider; empty if unknown.
    pub provider: &'a str,
}

impl PriceTable {
    /// Sets the price of a model; the last word counts.
    pub fn insert(&mut self, model: impl Into<Box<str>>, price: ModelPrice) {
        self.models.insert(model.into(), price);
    }

    /// Puts the entries of another table over those of this one.
    pub fn overlay(&mut self, over: Self) {
        self.models.extend(over.models);
    }

    /// Number of models.
    #[must_use]
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// True if it knows no model.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// The entry under exactly that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ModelPrice> {
        self.models.get(name)
    }

    /// Every model and what is known about it, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ModelPrice)> {
        self.models.iter().map(|(name, price)| (name.as_ref(), price))
    }

    /// The entry for a model of a provider (empty if unknown). A prefixed name stands before a bare one, and a bare
    /// one counts only if it belongs to the provider asked for: `azure/gpt-4o` is never billed at OpenAI's price.
    ///
    /// A name that says more than the model (where it is served, which version, how it was tuned) and is not listed is
    /// billed as the plain one; a date is part of a model's name, and is never guessed away. What Vertex AI writes behind an
    /// `@` is a version though it may be a date (`claude-x@20260101`), and is billed as the plain name where it is not listed.
    #[must_use]
    pub fn find(&self, model: &str, provider: &str) -> Option<&ModelPrice> {
        self.find_exactly(model, provider).or_else(|| {
            let split = model.split_once('/').filter(|_| !model.starts_with("arn:"));
            let (provider, mut bare) =
                split.filter(|(prefix, _)| provider.is_empty() || *prefix == provider).unwrap_or((provider, model));
            loop {
                bare = plainer(bare)?;
                if let Some(price) = self.find_exactly(bare, provider) {
                    return Some(price);
                }
            }
        })
    }

    /// The prices of a deployment: its own; else those of its base model; else those of the model that answered;
    /// else those of its upstream model. Own prices that name only one side are put over the ones found.
    #[must_use]
    pub fn pricing(&self, query: &PriceQuery<'_>) -> Pricing {
        let listed = || self.find_listed(query);
        match query.price_override {
            Some(own) if own.is_explicit() => Pricing::of(Arc::clone(own.rates()), PriceSource::Config, true),
            Some(own) => {
                let rates =
                    listed().map_or_else(|| Arc::clone(own.rates()), |it| Arc::new(it.rates.overlaid(own.rates())));
                Pricing::of(rates, PriceSource::Config, false)
            }
            None => listed().map(|it| Pricing::of(Arc::clone(&it.rates), it.source, it.explicit)).unwrap_or_default(),
        }
    }

    fn find_listed(&self, query: &PriceQuery<'_>) -> Option<&ModelPrice> {
        // A base model is the operator's word: it may name another provider's model.
        let base = query.base_model.and_then(|model| self.find(model, query.provider).or_else(|| self.find(model, "")));
        base.or_else(|| self.find(query.response_model?, query.provider))
            .or_else(|| self.find(query.model, query.provider))
    }

    fn find_exactly(&self, model: &str, provider: &str) -> Option<&ModelPrice> {
        let prefix = model.split_once('/').filter(|(prefix, _)| provider.is_empty() || *prefix == provider);
        if provider.is_empty() || prefix.is_some() {
            let stripped = |(prefix, bare): (&str, &str)| self.belonging(bare, prefix);
            return self.models.get(model).or_else(|| prefix.and_then(stripped));
        }
        self.models.get([provider, "/", model].concat().as_str()).or_else(|| self.belonging(model, provider))
    }

    fn belonging(&self, model: &str, provider: &str) -> Option<&ModelPrice> {
        self.models.get(model).filter(|price| is_family(&price.provider, provider))
    }
}

impl ModelPrice {
    /// An entry with prices only. Where `output_is_nothing` (embeddings), a missing output price is put at zero: such
    /// a model completes nothing, so the zero is a fact, though not a stated one.
    #[must_use]
    pub fn new(mut rates: RatesBuilder, output_is_nothing: bool, source: PriceSource) -> Self {
        let output = PriceKey::base(Unit::Output);
        let explicit = rates.has(PriceKey::base(Unit::Input)) && rates.has(output);
        if output_is_nothing && !rates.has(output) {
            // Cannot conflict: there is none.
            let _ = rates.put_key(output, Rate::ZERO);
        }
        let none: Arc<str> = Arc::from("");
        Self {
            provider: Arc::clone(&none),
            mode: none,
            rates: Arc::new(rates.finish()),
            max_input_tokens: None,
            max_output_tokens: None,
            source,
            explicit,
        }
    }
}

/// Whether a provider label of a price table belongs to a provider. LiteLLM splits some providers by protocol:
/// `cohere_chat`, `bedrock_converse`, `vertex_ai-language-models`, `text-completion-openai`.
fn is_family(label: &str, provider: &str) -> bool {
    const TEXTS: &str = "text-completion-";
    label
        .strip_prefix(TEXTS)
        .unwrap_or(label)
        .strip_prefix(provider.strip_prefix(TEXTS).unwrap_or(provider))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-') || matches!(rest, "_chat" | "_converse"))
}

/// Where Bedrock's inference profiles route to (AWS' guide, "Cross-Region inference"), as the name's first part.
const ROUTED: [&str; 10] = ["us", "eu", "apac", "global", "jp", "au", "ca", "in", "sa", "us-gov"];

/// The name without one thing that it says besides the model; shorter each time.
fn plainer(model: &str) -> Option<&str> {
    // most names say nothing besides, and one look tells
    if !model.starts_with("ft:") && !model.bytes().any(|byte| matches!(byte, b'/' | b'@' | b'.')) {
        return None;
    }
    // an ARN ends in the model, or in an inference profile of it
    if model.starts_with("arn:") {
        return model.rsplit_once('/').map(|(_, model)| model);
    }
    if let Some((_, rest)) = model.split_once('/').filter(|(first, _)| is_region(first)) {
        return Some(rest);
    }
    if let Some(tuned) = tuned_from(model) {
        return Some(tuned);
    }
    // a name behind its owner's account (Fireworks)
    if let Some(owned) = model.strip_prefix("accounts/") {
        return owned.rsplit_once('/').map(|(_, model)| model);
    }
    // a version on Vertex AI: `claude-sonnet-4-5@20250929`
    if let Some((plain, _)) = model.split_once('@') {
        return Some(plain);
    }
    model.split_once('.').filter(|(first, rest)| ROUTED.contains(first) && rest.contains('.')).map(|(_, rest)| rest)
}

/// `eu-central-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let mut words = text.split('-');
    let area = words.next().is_some_and(|word| word.len() == 2 && word.bytes().all(|b| b.is_ascii_lowercase()));
    let number = words.next_back().is_some_and(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()));
    area && number && words.next().is_some()
}

/// The table's name for a fine-tuned OpenAI model: `ft:gpt-4o-2024-08-06:my-org::id` is billed as
/// `ft:gpt-4o-2024-08-06`.
fn tuned_from(model: &str) -> Option<&str> {
    let bare = model.rsplit_once('/').map_or(model, |(_, bare)| bare);
    let base = bare.strip_prefix("ft:")?.split_once(':')?.0;
    model.get(..model.len() - bare.len() + "ft:".len() + base.len())
}

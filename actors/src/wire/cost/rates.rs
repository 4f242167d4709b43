//! All prices of one model, and which of them applies to a request.
//!
//! A model has between two and forty prices out of several hundred possible ones, so they are a short sorted list
//! and not a struct of options; a lookup is a scan over one or two cache lines.

use super::key::{PriceKey, Unit};
use crate::wire::money::{MoneyError, Rate};
use crate::wire::tier::ServiceTier;

/// The prices of one model; immutable once built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    entries: Box<[(PriceKey, Rate)]>,
    /// Prices above zero that the formula does not meter (per pixel, per page ...), by the name they came under.
    unmetered: Box<[Box<str>]>,
    /// Whether a threshold holds from its own token count on instead of the one after it.
    inclusive: bool,
    /// Whether all searches of one answer are billed as one.
    searches_once: bool,
}

/// Collects prices into [`Rates`].
#[derive(Debug, Default)]
pub struct RatesBuilder {
    entries: Vec<(PriceKey, Rate)>,
    unmetered: Vec<Box<str>>,
    inclusive: bool,
    searches_once: bool,
}

/// Why a price was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Its text is no amount of money.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The same thing was given another price before.
    #[error("there are two different prices for the same thing; keep one of them")]
    Conflict,
}

/// The prices that apply to one request: its length and its service tier are settled.
pub(super) struct Selection<'a> {
    rates: &'a Rates,
    levels: [Level; 4],
}

/// One place to look for a price.
#[derive(Clone, Copy)]
struct Level {
    above: u32,
    tier: ServiceTier,
    halve: bool,
}

/// Whether a configuration or price-map field is a price: those that are not metered matter too, because a model with
/// any price above zero is not free. `ptu_` fields are LiteLLM's flat price of provisioned throughput.
#[must_use]
pub fn is_price_name(name: &str) -> bool {
    name.contains("cost_per") || name.contains("_cost") || name.starts_with("ptu_")
}

impl Rates {
    /// The everyday price of a unit, if there is one.
    #[must_use]
    pub fn get(&self, unit: Unit) -> Option<Rate> {
        self.find(PriceKey::base(unit))
    }

    /// Every metered price, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (PriceKey, Rate)> {
        self.entries.iter().copied()
    }

    /// Names of prices above zero that exist but are not metered, so that the cost of a request may be understated.
    pub fn unmetered(&self) -> impl Iterator<Item = &str> {
        self.unmetered.iter().map(AsRef::as_ref)
    }

    /// Every price above zero by LiteLLM's name, metered or not; each unit once.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let metered =
            self.entries.iter().filter(|(_, rate)| !rate.is_zero()).map(|(key, _)| PriceKey::litellm(key.unit));
        let mut names: Vec<String> = metered.chain(self.unmetered()).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How many searches are billed for `count` of them.
    pub(super) fn billed_searches(&self, count: u64) -> u64 {
        if self.searches_once { count.min(1) } else { count }
    }

    /// True if there is no price at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.unmetered.is_empty()
    }

    /// True if prompts as well as completions have a price, be it zero: only then is a cost more than a guess.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.get(Unit::Input).is_some() && self.get(Unit::Output).is_some()
    }

    /// True if the price of a prompt and of a completion is known to be zero and no price of any kind is above zero.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.is_complete() && self.unmetered.is_empty() && self.entries.iter().all(|(_, rate)| rate.is_zero())
    }

    /// These prices with those of `over` put over them.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let mut builder = RatesBuilder {
            inclusive: self.inclusive || over.inclusive,
            searches_once: self.searches_once || over.searches_once,
            ..RatesBuilder::default()
        };
        let kept = self.entries.iter().filter(|(key, _)| over.find(*key).is_none());
        builder.entries = kept.chain(over.entries.iter()).copied().collect();
        builder.unmetered = self.unmetered.iter().chain(over.unmetered.iter()).cloned().collect();
        builder.finish()
    }

    pub(super) fn select(&self, prompt_tokens: u64, tier: ServiceTier) -> Selection<'_> {
        let crossed = |(key, _): &&(PriceKey, Rate)| {
            (key.tier == tier || key.tier == ServiceTier::Standard)
                && (prompt_tokens > u64::from(key.above) || (self.inclusive && prompt_tokens == u64::from(key.above)))
        };
        let above = self.entries.iter().filter(crossed).map(|(key, _)| key.above).max().unwrap_or(0);
        // A batch without a price of its own costs half; the other tiers fall back to the standard price.
        let halve = tier == ServiceTier::Batch;
        let at = |above| [Level { above, tier, halve: false }, Level { above, tier: ServiceTier::Standard, halve }];
        let ([long, long_standard], [short, short_standard]) = (at(above), at(0));
        Selection { rates: self, levels: [long, long_standard, short, short_standard] }
    }

    fn find(&self, key: PriceKey) -> Option<Rate> {
        self.entries.iter().find(|(present, _)| *present == key).map(|(_, rate)| *rate)
    }
}

impl Selection<'_> {
    /// The price of a unit; if it has none, that of the next unit in the list; if none has one, nothing.
    pub(super) fn first_of(&self, units: &[Unit]) -> Rate {
        units.iter().find_map(|unit| self.levels.iter().find_map(|level| self.at(*level, *unit))).unwrap_or_default()
    }

    /// The price of a unit or, at the same or a more special level, of the other. Reasoning is priced this way: a
    /// long-context price for all output outranks an everyday price for reasoning.
    pub(super) fn at_level(&self, unit: Unit, other: Unit) -> Rate {
        let at = |level: &Level| self.at(*level, unit).or_else(|| self.at(*level, other));
        self.levels.iter().find_map(at).unwrap_or_default()
    }

    fn at(&self, level: Level, unit: Unit) -> Option<Rate> {
        let rate = self.rates.find(PriceKey { unit, above: level.above, tier: level.tier })?;
        // a batch's discount is on tokens
        let whole = matches!(unit, Unit::WebSearchLow | Unit::WebSearch | Unit::WebSearchHigh);
        Some(if level.halve && !whole { rate.half() } else { rate })
    }
}

impl RatesBuilder {
    /// Takes a price under LiteLLM's name for it, in US dollars per unit. One that is not metered is remembered if it
    /// is above zero; a name that is no price is passed over.
    ///
    /// # Errors
    /// The text of a metered price is no amount of money, or contradicts an earlier one.
    pub fn put(&mut self, name: &str, text: &str) -> Result<(), PriceError> {
        match PriceKey::from_litellm(name) {
            Some(key) => self.put_key(key, text.parse()?),
            None if is_price_name(name) => {
                self.put_unmetered(name, text);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes a price by its key.
    ///
    /// # Errors
    /// There is another price under that key.
    pub fn put_key(&mut self, key: PriceKey, rate: Rate) -> Result<(), PriceError> {
        match self.entries.iter().find(|(present, _)| *present == key) {
            Some((_, present)) if *present == rate => Ok(()),
            Some(_) => Err(PriceError::Conflict),
            None => {
                self.entries.push((key, rate));
                Ok(())
            }
        }
    }

    /// Remembers a price that the formula does not meter, if it is an amount above zero.
    pub fn put_unmetered(&mut self, name: &str, text: &str) {
        if text.parse().is_ok_and(|rate: Rate| !rate.is_zero())
            && !self.unmetered.iter().any(|present| **present == *name)
        {
            self.unmetered.push(name.into());
        }
    }

    /// Makes thresholds hold from their own token count on; xAI bills that way, the others from the one after it.
    pub fn inclusive_thresholds(&mut self) {
        self.inclusive = true;
    }

    /// Bills all searches of the web for one answer as one; Google does so before Gemini 3.
    pub fn searches_once(&mut self) {
        self.searches_once = true;
    }

    /// True if a price was taken under that key.
    #[must_use]
    pub fn has(&self, key: PriceKey) -> bool {
        self.entries.iter().any(|(present, _)| *present == key)
    }

    /// The prices taken.
    #[must_use]
    pub fn finish(mut self) -> Rates {
        self.entries.sort_unstable_by_key(|(key, _)| *key);
        self.unmetered.sort_unstable();
        self.unmetered.dedup();
        Rates {
            entries: self.entries.into(),
            unmetered: self.unmetered.into(),
            inclusive: self.inclusive,
            searches_once: self.searches_once,
        }
    }
}

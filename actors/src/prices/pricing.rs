//! The prices of one deployment: those its configuration states, and what came of all sources together.

use std::sync::Arc;

use crate::wire::cost::{PriceError, Rates, RatesBuilder, Unit, is_price_name};

/// Who stated a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceSource {
    /// The deployment's own configuration.
    Config,
    /// The operator's price file.
    File,
    /// The table this program carries.
    Builtin,
    /// Nobody.
    #[default]
    Unknown,
}

impl PriceSource {
    /// Whether it is the operator's word.
    #[must_use]
    pub fn is_operators(self) -> bool {
        matches!(self, PriceSource::Config | PriceSource::File)
    }
}

/// The prices in a deployment's own configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceOverride {
    rates: Arc<Rates>,
}

/// A price in a configuration that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {text:?} is no price: {error}")]
pub struct OverrideFault {
    /// The key it was written under.
    pub name: String,
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub error: PriceError,
}

/// The prices of one deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pricing {
    /// The prices, or none if the model is unknown: then its cost is unknown and not zero.
    pub rates: Option<Arc<Rates>>,
    /// Who stated them.
    pub source: PriceSource,
    /// Whether one source stated both the input and the output price, be it as zero.
    pub explicit: bool,
}

impl PriceOverride {
    /// Reads the price fields of a deployment's parameters and model info as key and text. Other fields are passed
    /// over; without any price there is no override.
    ///
    /// # Errors
    /// Every field that should be a price and is none.
    pub fn parse<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Option<Self>, Vec<OverrideFault>> {
        let mut builder = RatesBuilder::default();
        let mut faults = Vec::new();
        for (name, text) in fields.into_iter().filter(|(name, _)| is_price_name(name)) {
            if let Err(error) = builder.put(name, text) {
                faults.push(OverrideFault { name: name.to_owned(), text: text.to_owned(), error });
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let rates = builder.finish();
        Ok((!rates.is_empty()).then(|| Self { rates: Arc::new(rates) }))
    }

    /// The prices as written.
    #[must_use]
    pub fn rates(&self) -> &Arc<Rates> {
        &self.rates
    }

    /// Whether both the input and the output price were written, be it as zero.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.rates.is_complete()
    }
}

impl Pricing {
    /// Whether the cost of an exchange can be told: prompts and completions have a price, or each request has one.
    /// A deployment that is not priced is to be refused or reported, by policy, and never silently free.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        let charged =
            |rates: &Rates| rates.is_complete() || rates.get(Unit::Request).is_some_and(|rate| !rate.is_zero());
        self.rates.as_deref().is_some_and(charged)
    }

    pub(super) fn of(rates: Arc<Rates>, source: PriceSource, explicit: bool) -> Self {
        Self { rates: Some(rates), source, explicit }
    }
}

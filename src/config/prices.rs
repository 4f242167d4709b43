//! Prices as they were written. Turning them into money is the price table's work, in integers.

use std::collections::BTreeMap;
use std::fmt;

/// The source text of a number: finite, decimal, not negative, such as `2.5e-06`. Never went through a float.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PriceText(String);

/// Every price of one deployment, by LiteLLM's key (`input_cost_per_token`).
///
/// Prices within a mapping or a list keep their path: `search_context_cost_per_query.search_context_size_low`,
/// `tiered_pricing.0.input_cost_per_token`, `tiered_pricing.0.range.1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceFields(pub BTreeMap<String, PriceText>);

/// Longest accepted text: more digits than any price has, few enough for exact integer arithmetic on it.
const MAX_LEN: usize = 40;
/// Largest accepted exponent, either way, so that nobody downstream is made to multiply by 10^1000000.
const MAX_EXPONENT: i32 = 30;

impl PriceText {
    /// Checks `text`: digits, at most one dot, an optional exponent of at most 30 either way.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_LEN {
            return Err("too many digits for a price");
        }
        if text.starts_with('-') {
            return Err("a price cannot be negative");
        }
        let body = text.strip_prefix('+').unwrap_or(text);
        let (mantissa, exponent) = body.split_once(['e', 'E']).unwrap_or((body, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return Err("not a decimal number");
        }
        let exponent: i32 = exponent.parse().map_err(|_| "not a decimal number")?;
        if exponent.abs() > MAX_EXPONENT {
            return Err("the exponent of a price must be within -30 and 30");
        }
        Ok(Self(body.to_owned()))
    }

    /// The text as written, without a leading plus sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PriceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PriceFields {
    /// The price under `key`, if one was written.
    pub fn get(&self, key: &str) -> Option<&PriceText> {
        self.0.get(key)
    }

    /// Every price: its key, and its text as written.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// Whether no price was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::PriceText;

    #[test]
    fn decimal_texts_are_kept_as_written() {
        for text in ["0", "0.0", "2.5e-06", "1E-6", ".5", "5.", "0.00000015", "1e+3"] {
            assert_eq!(PriceText::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(PriceText::parse("+1").unwrap().as_str(), "1");
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "1".repeat(41);
        for text in ["", ".", "-1", "-0", "nan", ".inf", "inf", "1e999", "1e", "0x10", "1_000", "1,5", "1e1.5", &long] {
            assert!(PriceText::parse(text).is_err(), "{text:?}");
        }
    }
}

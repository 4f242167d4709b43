//! Money in whole numbers: amounts in picodollars, rates in yoctodollars per unit. No float takes part, so no
//! NaN, no drift and no order-dependent sum can exist.
//!
//! Two units, because they answer two needs. A *rate* must hold every price in LiteLLM's map exactly as written; the
//! map was once printed from floats and goes down to 24 decimals (`5.0000000000000004E-8`), hence 1e-24 USD. An
//! *amount* must add up over years and be stored in a database column, and 1e-12 USD is a thousandth of the cheapest
//! token known, hence picodollars, rounded to nearest once per part of a cost.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// Decimals of an amount: one US dollar is 10^12 picodollars.
pub const AMOUNT_DECIMALS: u32 = 12;
/// Decimals of a rate: one US dollar is 10^24 yoctodollars.
pub const RATE_DECIMALS: u32 = 24;
/// Yoctodollars in one picodollar.
const YOCTO_PER_PICO: u128 = 10u128.pow(RATE_DECIMALS - AMOUNT_DECIMALS);
/// Longest number text looked at, in bytes; the longest price in LiteLLM's map has 23.
const MAX_TEXT: usize = 128;

/// An amount of US dollars, in units of 1e-12 USD.
///
/// Signed, because what is left of a budget and the correction of a reservation are differences. 128 bits wide,
/// because an `i64` ends at 9.2 million dollars, which the yearly total of one large organisation can pass; a
/// saturated total would stop counting without anyone noticing. The counters are owned by actors, so an atomic of
/// that width is not needed; [`Picodollars::as_i64`] serves a column or an atomic that is narrower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Picodollars(i128);

/// A price for one unit (token, request), in units of 1e-24 USD; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u128);

/// Why a text is not an amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Nothing but blanks.
    #[error("empty; write US dollars as a decimal number, for example 2.5e-06")]
    Empty,
    /// Not a decimal number; infinities and NaN are among these.
    #[error("not a decimal number; write US dollars like 0.0000025 or 2.5e-06")]
    NotANumber,
    /// Below zero, which would pay the caller for asking.
    #[error("below zero; the lowest price is 0")]
    Negative,
    /// More than the type holds.
    #[error("too large; prices are US dollars per single token, not per million")]
    TooLarge,
}

impl Picodollars {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// That many units of 1e-12 USD.
    #[must_use]
    pub const fn from_pico(pico: i128) -> Self {
        Self(pico)
    }

    /// The number of units of 1e-12 USD.
    #[must_use]
    pub const fn as_pico(self) -> i128 {
        self.0
    }

    /// The number of units of 1e-12 USD for a 64-bit column; `None` beyond about 9.2 million dollars.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        i64::try_from(self.0).ok()
    }

    /// The amount nearest to that many units of 1e-24 USD, halves upwards.
    #[must_use]
    pub fn from_yocto(yocto: u128) -> Self {
        let (whole, rest) = (yocto / YOCTO_PER_PICO, yocto % YOCTO_PER_PICO);
        let pico = whole + u128::from(rest >= YOCTO_PER_PICO / 2);
        Self(i128::try_from(pico).unwrap_or(i128::MAX))
    }

    /// True for exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` where the type cannot hold it.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` where the type cannot hold it.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, or the end of the type.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or the end of the type.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Picodollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::saturating_add)
    }
}

/// Whole US dollars and the shortest exact fraction: `0.0000225`, `12`, `-0.5`.
impl fmt::Display for Picodollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        write_decimal(f, self.0.unsigned_abs(), AMOUNT_DECIMALS)
    }
}

/// Reads US dollars (`"10.5"`, `"2.5e-06"`); what is finer than a picodollar is rounded to nearest, because such a
/// tail is a float's noise.
impl FromStr for Picodollars {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let scaled = Scaled::parse(text, AMOUNT_DECIMALS)?;
        let pico = scaled.kept.saturating_add(u128::from(scaled.dropped == Dropped::HalfOrMore));
        i128::try_from(pico).map(Self).map_err(|_| MoneyError::TooLarge)
    }
}

impl Rate {
    /// Free of charge.
    pub const ZERO: Self = Self(0);

    /// That many units of 1e-24 USD.
    #[must_use]
    pub const fn from_yocto(yocto: u128) -> Self {
        Self(yocto)
    }

    /// The number of units of 1e-24 USD.
    #[must_use]
    pub const fn as_yocto(self) -> u128 {
        self.0
    }

    /// True for a price of exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The price of `count` units in units of 1e-24 USD. Ends at 340 trillion dollars instead of wrapping around.
    #[must_use]
    pub const fn times(self, count: u64) -> u128 {
        self.0.saturating_mul(count as u128)
    }

    /// Half the price, an odd last digit upwards: what a batch costs where no batch price is known.
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0.div_ceil(2))
    }
}

/// US dollars per unit as the shortest exact decimal: `0.0000025`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.0, RATE_DECIMALS)
    }
}

/// Reads US dollars per unit (`"2.5e-06"`, `"0.0000025"`, `"3e-7"`, `"0"`). What is finer than 1e-24 USD is rounded
/// up: a price above zero must never become zero, which would switch off budget checks.
impl FromStr for Rate {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let scaled = Scaled::parse(text, RATE_DECIMALS)?;
        let up = u128::from(scaled.dropped != Dropped::Nothing);
        scaled.kept.checked_add(up).map(Self).ok_or(MoneyError::TooLarge)
    }
}

/// Reads a whole number of things (a token limit) written in any decimal notation: `128000`, `1e6`, `256000.0`.
/// `None` for anything with a fraction, a sign or more than 64 bits.
#[must_use]
pub fn whole_number(text: &str) -> Option<u64> {
    let scaled = Scaled::parse(text, 0).ok()?;
    (scaled.dropped == Dropped::Nothing).then(|| u64::try_from(scaled.kept).ok()).flatten()
}

/// A decimal text cut off at a number of decimals.
struct Scaled {
    kept: u128,
    dropped: Dropped,
}

/// What the cut took away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dropped {
    Nothing,
    BelowHalf,
    HalfOrMore,
}

impl Scaled {
    fn parse(text: &str, decimals: u32) -> Result<Self, MoneyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(MoneyError::Empty);
        }
        if text.len() > MAX_TEXT {
            return Err(MoneyError::NotANumber);
        }
        if let Some(rest) = text.strip_prefix('-') {
            return Self::parse_unsigned(rest, decimals).and(Err(MoneyError::Negative));
        }
        Self::parse_unsigned(text.strip_prefix('+').unwrap_or(text), decimals)
    }

    fn parse_unsigned(text: &str, decimals: u32) -> Result<Self, MoneyError> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| MoneyError::NotANumber)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|byte| byte.is_ascii_digit()) {
            return Err(MoneyError::NotANumber);
        }
        // How many digits, counted from the first, stand before the cut; below zero the cut lies left of them all.
        let cut = whole.len() as i64 + i64::from(exponent) + i64::from(decimals);
        let mut scaled = Self { kept: 0, dropped: Dropped::Nothing };
        let mut seen = 0_i64;
        for byte in digits() {
            scaled.push(byte - b'0', seen - cut)?;
            seen += 1;
        }
        while seen < cut && scaled.kept != 0 {
            scaled.push(0, seen - cut)?;
            seen += 1;
        }
        Ok(scaled)
    }

    /// Takes one digit; `past` is its distance from the cut: below zero it is kept, at zero it is the first dropped.
    fn push(&mut self, digit: u8, past: i64) -> Result<(), MoneyError> {
        if past < 0 {
            let shifted = self.kept.checked_mul(10).ok_or(MoneyError::TooLarge)?;
            self.kept = shifted.checked_add(u128::from(digit)).ok_or(MoneyError::TooLarge)?;
        } else if past == 0 && digit >= 5 {
            self.dropped = Dropped::HalfOrMore;
        } else if digit != 0 && self.dropped == Dropped::Nothing {
            self.dropped = Dropped::BelowHalf;
        }
        Ok(())
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, value: u128, decimals: u32) -> fmt::Result {
    let one = 10u128.pow(decimals);
    let (whole, fraction) = (value / one, value % one);
    if fraction == 0 {
        return write!(f, "{whole}");
    }
    let text = format!("{fraction:0width$}", width = decimals as usize);
    write!(f, "{whole}.{}", text.trim_end_matches('0'))
}

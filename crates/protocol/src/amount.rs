//! Money: nRLC, checked. 1 RLC = 10^9 nRLC.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

/// nRLC in one RLC.
pub const NRLC_PER_RLC: u64 = 1_000_000_000;

/// Money in nRLC; 1 RLC = 10^9 nRLC. Checked arithmetic only.
///
/// Written as RLC for people (`1.5 RLC`), as nRLC in JSON (see [`crate::order::wire::uint`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(#[serde(with = "crate::order::wire::uint")] U256);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);

    /// From nRLC as the contracts hold it.
    #[must_use]
    pub const fn from_nrlc(nrlc: U256) -> Self {
        Self(nrlc)
    }

    /// From nRLC that fit a machine word.
    #[must_use]
    pub fn nrlc(nrlc: u64) -> Self {
        Self(U256::from(nrlc))
    }

    /// From whole RLC.
    #[must_use]
    pub fn rlc(rlc: u64) -> Self {
        Self(U256::from(rlc) * U256::from(NRLC_PER_RLC))
    }

    /// nRLC as the contracts hold it.
    #[must_use]
    pub const fn to_nrlc(self) -> U256 {
        self.0
    }

    /// Whether this is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Sum, or `None` above 2^256 - 1.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference, or `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// `count` times this, or `None` above 2^256 - 1.
    #[must_use]
    pub fn checked_mul(self, count: U256) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }

    /// Difference, at least zero: for "how much is missing", never for balances.
    #[must_use]
    pub fn shortfall_of(self, held: Self) -> Self {
        Self(self.0.saturating_sub(held.0))
    }

    /// `floor(self * numerator / denominator)` without overflow in between, as the hub's full-precision `mulDiv`.
    ///
    /// `None` when `denominator` is zero or the result passes 2^256 - 1.
    #[must_use]
    pub fn mul_div(self, numerator: U256, denominator: U256) -> Option<Self> {
        if denominator.is_zero() {
            return None;
        }
        let product = self.0.widening_mul::<256, 4, 512, 8>(numerator);
        let quotient = product / alloy_primitives::U512::from(denominator);
        alloy_primitives::ruint::UintTryTo::<U256>::uint_try_to(&quotient).ok().map(Self)
    }

    /// `floor(self * percent / 100)`.
    ///
    /// `None` when the result passes 2^256 - 1.
    #[must_use]
    pub fn percent(self, percent: U256) -> Option<Self> {
        self.mul_div(percent, U256::from(100))
    }
}

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not an amount: write RLC with at most nine decimals, like 1.5, or nRLC, like 1500000000nRLC")]
pub struct NotAnAmount {
    text: String,
}

impl FromStr for Amount {
    type Err = NotAnAmount;

    /// Reads `2`, `0.25`, `2 RLC` (RLC) or `250nRLC` (nRLC).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotAnAmount { text: text.chars().take(80).collect() };
        let lower = text.trim().to_ascii_lowercase();
        if let Some(nrlc) = lower.strip_suffix("nrlc") {
            return parse_digits(nrlc.trim()).map(Self).ok_or_else(refuse);
        }
        let rlc = lower.strip_suffix("rlc").unwrap_or(&lower).trim();
        let (whole, decimals) = rlc.split_once('.').unwrap_or((rlc, "0"));
        if decimals.is_empty() || decimals.len() > 9 {
            return Err(refuse());
        }
        let whole = parse_digits(whole).ok_or_else(refuse)?;
        let decimals = parse_digits(&format!("{decimals:0<9}")).ok_or_else(refuse)?;
        let scaled = whole.checked_mul(U256::from(NRLC_PER_RLC)).ok_or_else(refuse)?;
        scaled.checked_add(decimals).map(Self).ok_or_else(refuse)
    }
}

fn parse_digits(text: &str) -> Option<U256> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| U256::from_str_radix(text, 10).ok()).flatten()
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = self.0.div_rem(U256::from(NRLC_PER_RLC));
        let decimals = format!("{:0>9}", rest.to_string());
        let decimals = decimals.trim_end_matches('0');
        if decimals.is_empty() { write!(f, "{whole} RLC") } else { write!(f, "{whole}.{decimals} RLC") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_in_both_units() {
        for (text, nrlc, shown) in [
            ("2", 2_000_000_000, "2 RLC"),
            ("0.25", 250_000_000, "0.25 RLC"),
            ("1.000000001 RLC", 1_000_000_001, "1.000000001 RLC"),
            ("7nRLC", 7, "0.000000007 RLC"),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!(amount, Amount::nrlc(nrlc), "{text}");
            assert_eq!(amount.to_string(), shown);
        }
    }

    #[test]
    fn rubbish_is_refused_with_the_text_in_the_message() {
        for text in ["", "-1", "1.", "1.0000000001", "0x10", "one", "1e9", ".5", "1.2.3"] {
            let error = text.parse::<Amount>().unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
        let huge = "9".repeat(70);
        assert!(huge.parse::<Amount>().is_err());
    }

    #[test]
    fn mul_div_keeps_full_precision() {
        let max = Amount::from_nrlc(U256::MAX);
        assert_eq!(max.mul_div(U256::from(7), U256::from(7)), Some(max));
        assert_eq!(max.mul_div(U256::from(2), U256::from(1)), None);
        assert_eq!(Amount::nrlc(10).mul_div(U256::from(1), U256::ZERO), None);
        assert_eq!(Amount::nrlc(1_300_000_000).percent(U256::from(99)), Some(Amount::nrlc(1_287_000_000)));
    }
}

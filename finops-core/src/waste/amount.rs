//! Money of a month to nine places.

use super::Ratio;
use std::fmt;

/// An amount of money in whole billionths of its currency (1e-9).
///
/// ```
/// use finops_core::waste::Amount;
/// let saving = Amount::parse("91.25").ok_or("no amount")?;
/// assert_eq!((saving.nanos(), saving.to_string().as_str()), (91_250_000_000, "91.250000000"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many billionths.
    #[must_use]
    pub const fn from_nanos(nanos: i128) -> Self {
        Self(nanos)
    }

    /// The whole billionths.
    #[must_use]
    pub const fn nanos(self) -> i128 {
        self.0
    }

    /// A fraction rounded once, half-even, to nine places; `None` beyond 128 bits.
    #[must_use]
    pub fn round(value: &Ratio) -> Option<Self> {
        value.scaled(9).map(Self)
    }

    /// Reads decimal text, rounded half-even to nine places; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::round(&Ratio::parse(text)?)
    }

    /// The amount as a fraction.
    #[must_use]
    pub const fn ratio(self) -> Ratio {
        Ratio::nanos(self.0)
    }

    /// Two places for people, half-even.
    #[must_use]
    pub fn cents(self) -> String {
        self.ratio().fixed(2)
    }

    /// The sum, held at the ends of 128 bits (1.7e29 units).
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, held at the ends of 128 bits.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Amount {
    /// All nine places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::ratio::write_scaled(f, self.0, 9, 9)
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_places_are_always_shown() {
        assert_eq!(Amount::from_nanos(-1).to_string(), "-0.000000001");
        assert_eq!(Amount::parse("0.0000000005").map(Amount::nanos), Some(0));
        assert_eq!(Amount::parse("0.0000000015").map(Amount::nanos), Some(2));
        assert_eq!(Amount::parse("x"), None);
        let cents = |text| Amount::parse(text).map(Amount::cents);
        assert_eq!(
            (cents("91.245"), cents("-0.005"), cents("-0.015")),
            (Some("91.24".into()), Some("0.00".into()), Some("-0.02".into()))
        );
    }
}

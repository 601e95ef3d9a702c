use super::{MoneyError, decimal};
use rust_decimal::Decimal;
use std::{fmt, iter::Sum, str::FromStr};

/// Decimal places of a picodollar.
const SCALE: u32 = 12;
/// Picodollars in one dollar.
const PER_USD: i128 = 1_000_000_000_000;
/// Integers below this are exact in an f64.
const EXACT_F64: u64 = 1 << 53;

/// An exact amount of USD in units of 1e-12.
///
/// Displays as plain decimal dollars without exponent or trailing zeros, and that text is its wire form.
///
/// ```
/// use finops_core::money::Picodollars;
/// let a: Picodollars = "0.0000045".parse()?;
/// assert_eq!(a.get(), 4_500_000);
/// assert_eq!(a.checked_add(a)?.to_string(), "0.000009");
/// # Ok::<(), finops_core::money::MoneyError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Picodollars(i128);

impl Picodollars {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// `count` picodollars.
    #[must_use]
    pub const fn new(count: i128) -> Self {
        Self(count)
    }

    /// The count of picodollars.
    #[must_use]
    pub const fn get(self) -> i128 {
        self.0
    }

    /// Whether this is exactly zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The exact sum.
    ///
    /// # Errors
    /// `money.overflow`.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or_else(|| MoneyError::overflow("amount"))
    }

    /// The exact difference.
    ///
    /// # Errors
    /// `money.overflow`.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(other.0).map(Self).ok_or_else(|| MoneyError::overflow("amount"))
    }

    /// The exact multiple.
    ///
    /// # Errors
    /// `money.overflow`.
    pub fn checked_mul(self, count: i128) -> Result<Self, MoneyError> {
        self.0.checked_mul(count).map(Self).ok_or_else(|| MoneyError::overflow("amount"))
    }

    /// Exact dollars as picodollars.
    ///
    /// # Errors
    /// `money.invalid` when there are more than twelve decimals, `money.overflow` when it is too large.
    pub fn from_usd(usd: Decimal) -> Result<Self, MoneyError> {
        let usd = usd.normalize();
        let missing = SCALE.checked_sub(usd.scale()).ok_or_else(|| {
            MoneyError::invalid("usd", usd, "more than 12 decimals; round it to whole picodollars first")
        })?;
        10_i128
            .checked_pow(missing)
            .and_then(|factor| usd.mantissa().checked_mul(factor))
            .map(Self)
            .ok_or_else(|| MoneyError::overflow("usd"))
    }

    /// The exact dollars, or `None` beyond 7.9e16 dollars, where a decimal ends.
    #[must_use]
    pub fn to_decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.0, SCALE).ok().map(|d| d.normalize())
    }

    /// The f64 nearest to the amount in dollars.
    ///
    /// Below 2^53 both operands of the division are exact, so it is correctly rounded. Multiplying by 1e-12, which is
    /// not exact, would add noise in the last digit.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "guarded: below 2^53 the conversion is exact")]
    #[inline]
    pub fn to_f64(self) -> f64 {
        // A conversion from 64 bits is one instruction, from 128 it is a call.
        match i64::try_from(self.0) {
            Ok(small) if small.unsigned_abs() < EXACT_F64 => small as f64 / 1e12,
            _ => self.nearest(),
        }
    }

    #[cold]
    fn nearest(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Picodollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let unit = PER_USD.unsigned_abs();
        let (whole, fraction) = (magnitude.checked_div(unit), magnitude.checked_rem(unit));
        let (whole, fraction) = (whole.unwrap_or_default(), fraction.unwrap_or_default());
        if self.0 < 0 {
            f.write_str("-")?;
        }
        write!(f, "{whole}")?;
        if fraction != 0 {
            let digits = format!("{fraction:012}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

impl FromStr for Picodollars {
    type Err = MoneyError;

    /// Reads dollars; see [`decimal::parse`] for the form.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let usd = decimal::parse(text).ok_or_else(|| {
            MoneyError::invalid("usd", text, "not an amount; write digits such as `0.0025`")
        })?;
        Self::from_usd(usd)
    }
}

impl TryFrom<Decimal> for Picodollars {
    type Error = MoneyError;
    fn try_from(usd: Decimal) -> Result<Self, MoneyError> {
        Self::from_usd(usd)
    }
}

impl Sum<Picodollars> for Option<Picodollars> {
    fn sum<I: Iterator<Item = Picodollars>>(mut iter: I) -> Self {
        iter.try_fold(Picodollars::ZERO, |sum, x| sum.checked_add(x).ok())
    }
}

impl serde::Serialize for Picodollars {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Picodollars {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_plain() {
        for (count, expected) in [
            (0, "0"),
            (1, "0.000000000001"),
            (-1, "-0.000000000001"),
            (1_500_000_000_000, "1.5"),
            (269_444_444, "0.000269444444"),
        ] {
            assert_eq!(Picodollars::new(count).to_string(), expected);
        }
    }

    #[test]
    fn a_finer_amount_is_refused_and_a_larger_one_overflows() {
        assert_eq!("0.0000000000001".parse::<Picodollars>().unwrap_err().code(), "money.invalid");
        assert_eq!(
            Picodollars::new(i128::MAX).checked_add(Picodollars::new(1)).unwrap_err().code(),
            "money.overflow"
        );
    }

    proptest! {
        #[test]
        fn text_round_trips(count in any::<i64>()) {
            let amount = Picodollars::new(i128::from(count));
            prop_assert_eq!(amount.to_string().parse::<Picodollars>().unwrap(), amount);
        }

        #[test]
        fn the_float_view_is_the_nearest(count in any::<i64>()) {
            let amount = Picodollars::new(i128::from(count));
            prop_assert_eq!(amount.to_f64().to_bits(), (amount.to_string().parse::<f64>().unwrap() + 0.0).to_bits());
        }
    }
}

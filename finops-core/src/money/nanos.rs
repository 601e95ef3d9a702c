use super::decimal;
use crate::error::Fault;
use rust_decimal::Decimal;
use std::{fmt, str::FromStr};

/// Nano-units in one unit of a currency.
const PER_UNIT: u64 = 1_000_000_000;

/// An amount in 1e-9 of a currency, which its owner states: every node price is a whole number of them.
///
/// A cell holds up to 9.2e9 units; sums are checked. Clusters are billed in any currency, so this is not
/// [`Picodollars`](super::Picodollars).
///
/// ```
/// use finops_core::money::Nanos;
/// let hour: Nanos = "0.192".parse()?;
/// assert_eq!((hour.get(), hour.to_string().as_str()), (192_000_000, "0.192"));
/// assert_eq!(Nanos::MAX.checked_add(Nanos::new(1)), None);
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(i64);

impl Nanos {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// `count` nano-units.
    #[must_use]
    pub const fn new(count: i64) -> Self {
        Self(count)
    }

    /// The count of nano-units.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, if it fits.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, if it fits.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// The same amount with the other sign, if it fits.
    #[must_use]
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(count) => Some(Self(count)),
            None => None,
        }
    }

    /// `price * numerator / denominator`, rounded once, half to even.
    ///
    /// ```
    /// use finops_core::money::Nanos;
    /// // 0.192 USD an hour for a day.
    /// assert_eq!(Nanos::of("0.192".parse()?, 86_400, 3600)?.to_string(), "4.608");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `allocation.overflow` beyond 9.2e9 units, and for a denominator of 0.
    pub fn of(price: Decimal, numerator: u128, denominator: u128) -> Result<Self, Fault> {
        let exact = || {
            let fine = i128::try_from(numerator).ok()?.checked_mul(i128::from(PER_UNIT))?;
            let value = price.mantissa().checked_mul(fine)?;
            let scale = 10_i128.checked_pow(price.scale())?;
            super::div_half_even(value, scale.checked_mul(i128::try_from(denominator).ok()?)?)
        };
        let count = exact().or_else(|| wide(price, numerator, denominator));
        count.and_then(|count| i64::try_from(count).ok()).map(Self).ok_or_else(overflow)
    }

    /// `price` rounded half to even to nano-units.
    ///
    /// # Errors
    /// `allocation.overflow` beyond 9.2e9 units.
    pub fn from_decimal(price: Decimal) -> Result<Self, Fault> {
        Self::of(price, 1, 1)
    }

    /// The exact decimal.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 9).normalize()
    }
}

/// The same in big integers, for factors that pass 128 bits on the way.
#[expect(clippy::arithmetic_side_effects, reason = "big integers grow; they do not overflow")]
fn wide(price: Decimal, numerator: u128, denominator: u128) -> Option<i128> {
    use num_bigint::{BigInt, Sign};
    if denominator == 0 {
        return None;
    }
    let value = BigInt::from(price.mantissa()) * numerator * PER_UNIT;
    let divisor = BigInt::from(10_u8).pow(price.scale()) * denominator;
    let (whole, rest): (BigInt, BigInt) = (&value / &divisor, &value % &divisor);
    let (whole, rest) = if rest.sign() == Sign::Minus { (whole - 1, rest + &divisor) } else { (whole, rest) };
    let up = match (rest * 2_u8).cmp(&divisor) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => whole.bit(0),
    };
    i128::try_from(if up { whole + 1 } else { whole }).ok()
}

pub(crate) fn overflow() -> Fault {
    let problem = "an amount passes 9.2e9 units of the currency or a weight passes 128 bits";
    Fault::new("allocation.overflow", "", problem, "split the window or the inventory into smaller parts")
}

impl FromStr for Nanos {
    type Err = Fault;

    /// Reads decimal text, rounded half to even to nine places.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let amount = decimal::parse(text).ok_or_else(|| {
            let problem = format!("`{}` is no amount", crate::error::shorten(text));
            Fault::new("money.invalid", "", problem, "write it in decimal digits like `0.192`")
        })?;
        Self::from_decimal(amount)
    }
}

/// Plain digits: no exponent, no trailing zeros.
impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (count.div_euclid(PER_UNIT), count.rem_euclid(PER_UNIT));
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let fraction = format!("{rest:09}");
        write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_price_times_time_is_rounded_once() {
        let cost = |price: &str, n, d| Nanos::of(decimal::parse(price).unwrap(), n, d).map(|c| c.to_string());
        assert_eq!(cost("7.30", 86_400, 730 * 3600).unwrap(), "0.24");
        assert_eq!(cost("0.0000000005", 1, 1).unwrap(), "0");
        assert_eq!(cost("0.0000000015", 1, 1).unwrap(), "0.000000002");
        assert_eq!(cost("-0.0000000025", 1, 1).unwrap(), "-0.000000002");
        assert_eq!(cost("79228162514264337593543950335", 1, 1).unwrap_err().code(), "allocation.overflow");
        assert_eq!(cost("1", 1, 0).unwrap_err().code(), "allocation.overflow");
        // Passes 128 bits on the way and fits at the end.
        assert_eq!(cost("0.0000000000000000000792281625", u128::MAX >> 4, u128::MAX >> 4).unwrap(), "0");
        assert_eq!(cost("3.5000000000000000000000000001", 1 << 100, 1 << 100).unwrap(), "3.5");
    }

    proptest! {
        #[test]
        fn text_reads_back(count in any::<i64>()) {
            prop_assert_eq!(Nanos::new(count).to_string().parse::<Nanos>().unwrap(), Nanos::new(count));
            prop_assert_eq!(decimal::text(Nanos::new(count).to_decimal()), Nanos::new(count).to_string());
        }
    }
}

use super::{MoneyError, Picodollars, decimal};
use crate::{price::PriceError, time::DurationNs};
use rust_decimal::Decimal;
use std::fmt;

/// Femtodollars in one picodollar.
const PER_PICODOLLAR: i128 = 1000;
/// Decimals of USD per million units that a whole number of femtodollars per unit holds.
const MTOK_DECIMALS: u32 = 9;
/// Nanoseconds in one hour.
const NS_PER_HOUR: i128 = 3_600_000_000_000;

/// A price in femtodollars (1e-15 USD) a unit: exact for USD per million tokens with nine decimals.
///
/// Published prices have at most six, so they are whole picodollars a token and no line has a remainder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

impl Rate {
    /// Free of charge. An explicit 0 is a price.
    pub const ZERO: Self = Self(0);

    /// `count` femtodollars a unit.
    #[must_use]
    pub const fn from_femtodollars(count: i64) -> Self {
        Self(count)
    }

    /// Femtodollars a unit.
    #[must_use]
    pub const fn femtodollars(self) -> i64 {
        self.0
    }

    /// USD per million units, as price pages quote tokens.
    ///
    /// # Errors
    /// `price.too_precise` for more than nine decimals, `config.invalid` for a negative or too large rate.
    pub fn from_usd_per_mtok(usd: Decimal) -> Result<Self, PriceError> {
        Self::from_usd_scaled(usd, MTOK_DECIMALS)
    }

    /// USD per thousand units, as `COST_PER_1K_*` quotes tokens.
    ///
    /// # Errors
    /// As [`Rate::from_usd_per_mtok`], for more than twelve decimals.
    pub fn from_usd_per_1k(usd: Decimal) -> Result<Self, PriceError> {
        Self::from_usd_scaled(usd, 12)
    }

    /// USD per single use, as price pages quote searches.
    ///
    /// # Errors
    /// As [`Rate::from_usd_per_mtok`], for more than fifteen decimals.
    pub fn from_usd_per_use(usd: Decimal) -> Result<Self, PriceError> {
        Self::from_usd_scaled(usd, 15)
    }

    fn from_usd_scaled(usd: Decimal, decimals: u32) -> Result<Self, PriceError> {
        let usd = usd.normalize();
        let missing = decimals
            .checked_sub(usd.scale())
            .ok_or_else(|| PriceError::TooPrecise { rate: decimal::text(usd), decimals })?;
        10_i128
            .checked_pow(missing)
            .and_then(|factor| usd.mantissa().checked_mul(factor))
            .and_then(|count| i64::try_from(count).ok())
            .filter(|count| *count >= 0)
            .map(Self)
            .ok_or_else(|| PriceError::InvalidRate { rate: decimal::text(usd) })
    }

    /// USD per million units.
    #[must_use]
    pub fn usd_per_mtok(self) -> Decimal {
        Decimal::new(self.0, MTOK_DECIMALS).normalize()
    }

    /// USD per single unit.
    #[must_use]
    pub fn usd_per_unit(self) -> Decimal {
        Decimal::new(self.0, 15).normalize()
    }

    /// The cost of `count` units, rounded half to even to a picodollar only when the rate is finer than one.
    ///
    /// # Errors
    /// `money.overflow`.
    #[inline]
    pub fn times(self, count: u64) -> Result<Picodollars, MoneyError> {
        // Clean rates and ordinary counts stay below 2^63, where a product and a division are one instruction each.
        if let Some(small) = i64::try_from(count).ok().and_then(|count| self.0.checked_mul(count))
            && let (Some(quotient), Some(0)) = (small.checked_div(1000), small.checked_rem(1000))
        {
            return Ok(Picodollars::new(i128::from(quotient)));
        }
        self.times_wide(count)
    }

    #[cold]
    fn times_wide(self, count: u64) -> Result<Picodollars, MoneyError> {
        // |i64 x u64| < 2^127: the product always fits.
        let femto = i128::from(self.0)
            .checked_mul(i128::from(count))
            .ok_or_else(|| MoneyError::overflow("amount"))?;
        div_half_even(femto, PER_PICODOLLAR)
            .map(Picodollars::new)
            .ok_or_else(|| MoneyError::overflow("amount"))
    }
}

/// Prints USD per million units.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal::text(self.usd_per_mtok()))
    }
}

/// Hires `count` machines for `duration` at `usd_per_hour` each: rounded half to even to a picodollar, once.
///
/// 250 ms at USD 1 an hour are 69,444,444 picodollars.
///
/// # Errors
/// `money.overflow`, also when the rate is finer than a picodollar an hour.
pub fn time_cost(duration: DurationNs, usd_per_hour: Decimal, count: u64) -> Result<Picodollars, MoneyError> {
    let overflow = || MoneyError::overflow("compute_cost_usd");
    let per_hour = Picodollars::from_usd(usd_per_hour)?.get();
    let machine_ns = i128::from(duration.get()).checked_mul(i128::from(count)).ok_or_else(overflow)?;
    // Whole hours and the rest apart, so that years of thousands of GPUs do not overflow the product.
    let hours = machine_ns.checked_div(NS_PER_HOUR).ok_or_else(overflow)?;
    let rest = machine_ns.checked_rem(NS_PER_HOUR).ok_or_else(overflow)?;
    let whole = hours.checked_mul(per_hour).ok_or_else(overflow)?;
    let fine = rest.checked_mul(per_hour).ok_or_else(overflow)?;
    let part = fine.checked_div_euclid(NS_PER_HOUR).ok_or_else(overflow)?;
    let floor = whole.checked_add(part).ok_or_else(overflow)?;
    // Rounded on the sum: which of its neighbours is even depends on the whole hours too.
    let up = round_up(fine.checked_rem_euclid(NS_PER_HOUR), NS_PER_HOUR, floor).ok_or_else(overflow)?;
    floor.checked_add(i128::from(up)).map(Picodollars::new).ok_or_else(overflow)
}

/// `value / divisor` rounded half to even; `None` for a zero divisor or overflow.
pub(crate) fn div_half_even(value: i128, divisor: i128) -> Option<i128> {
    let quotient = value.checked_div_euclid(divisor)?;
    if round_up(value.checked_rem_euclid(divisor), divisor, quotient)? {
        quotient.checked_add(1)
    } else {
        Some(quotient)
    }
}

/// Whether `floor` and `remainder / divisor` round up to the next integer, half to even.
fn round_up(remainder: Option<i128>, divisor: i128, floor: i128) -> Option<bool> {
    Some(match remainder?.checked_mul(2)?.cmp(&divisor) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => floor.checked_rem(2)? != 0,
    })
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of the tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        decimal::parse(text).unwrap()
    }

    #[test]
    fn rates_are_exact_or_refused() {
        let rate = Rate::from_usd_per_mtok(d("0.15")).unwrap();
        assert_eq!(rate.times(30).unwrap().to_string(), "0.0000045");
        assert_eq!(Rate::from_usd_per_1k(d("0.001")).unwrap().times(1000).unwrap().to_string(), "0.001");
        assert_eq!(Rate::from_usd_per_mtok(d("0.0000000001")).unwrap_err().code(), "price.too_precise");
        assert_eq!(Rate::from_usd_per_mtok(d("-1")).unwrap_err().code(), "config.invalid");
    }

    #[test]
    fn a_finer_rate_rounds_half_to_even_once() {
        let half = Rate::from_femtodollars(500);
        assert_eq!(half.times(1).unwrap().get(), 0);
        assert_eq!(half.times(3).unwrap().get(), 2);
        assert_eq!(half.times(5).unwrap().get(), 2);
    }

    #[test]
    fn time_costs_what_the_clock_says() {
        let ms = DurationNs::from_ms_decimal(d("250")).unwrap();
        assert_eq!(time_cost(ms, d("1"), 1).unwrap().get(), 69_444_444);
        // An hour and a half: whether 1.5 rounds up depends on the whole hour.
        let ms = DurationNs::from_ms_decimal(d("5400000")).unwrap();
        assert_eq!(time_cost(ms, d("0.000000000001"), 1).unwrap().get(), 2);
        assert_eq!(
            time_cost(DurationNs::new(1), d("0.00000000000001"), 1).unwrap_err().code(),
            "money.invalid"
        );
        let years = DurationNs::new(u64::MAX / 2);
        assert!(time_cost(years, d("1000"), 100_000).is_ok());
    }

    proptest! {
        #[test]
        fn lines_of_clean_rates_have_no_remainder(pico in 0_i64..1_000_000_000, a in 0_u64..1 << 40, b in 0_u64..1 << 40) {
            let rate = Rate::from_femtodollars(pico * 1000);
            let apart = rate.times(a).unwrap().checked_add(rate.times(b).unwrap()).unwrap();
            prop_assert_eq!(apart, rate.times(a + b).unwrap());
        }

        #[test]
        fn rounding_is_at_most_half(value in any::<i64>(), divisor in 1_i64..1_000_000) {
            let rounded = div_half_even(i128::from(value), i128::from(divisor)).unwrap();
            let error = (rounded * i128::from(divisor) - i128::from(value)).abs();
            prop_assert!(2 * error <= i128::from(divisor));
        }
    }
}

//! Doubles as exact fractions.

use super::Ratio;
use crate::json::Number;

/// 10^15: decimals of so few digits stay apart as doubles (IEEE 754: a double keeps 15 decimal digits).
const DIGITS_MAX: f64 = 1e15;

impl Ratio {
    /// A double by its shortest digits, those that it prints as; `None` for NaN and the infinities.
    ///
    /// ```
    /// use finops_core::waste::Ratio;
    /// assert_eq!(Ratio::from_f64(0.1), Ratio::parse("0.1"));
    /// assert_eq!(Ratio::from_f64(f64::NAN), None);
    /// ```
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        short(value).or_else(|| Self::parse(Number::from_f64(value)?.text()))
    }
}

/// A double of at least 0 that is a decimal of at most 15 digits and 6 places: no other decimal so short is the same double, so
/// this is the one that it prints as.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "below 10^15 both casts are exact, and only an equal quotient is the same double"
)]
fn short(value: f64) -> Option<Ratio> {
    [(1e2, 100), (1e4, 10_000), (1e6, 1_000_000)].into_iter().find_map(|(scale, power): (f64, i128)| {
        let scaled = value * scale;
        if !(0.0..DIGITS_MAX).contains(&scaled) {
            return None;
        }
        let digits = (scaled + 0.5) as i64;
        (digits as f64 / scale == value).then(|| Ratio::new(i128::from(digits), power)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn printed(value: f64) -> Option<Ratio> {
        Ratio::parse(Number::from_f64(value)?.text())
    }

    #[test]
    fn doubles_are_read_as_they_print() {
        let odd =
            [0.0, -0.0, 0.3, 2.675, 1e15, 9.007_199_254_740_993e15, 1e-7, 5e-324, f64::MAX, -0.25, 0.1 + 0.2];
        for value in odd {
            assert_eq!(Ratio::from_f64(value), printed(value), "{value:?}");
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Ratio::from_f64(value), None);
        }
    }

    proptest! {
        #[test]
        fn any_double_is_read_as_it_prints(value in any::<f64>(), digits in 0_u64..10_000_000_000_000_000, places in 0_u8..9) {
            let decimal: f64 = format!("{digits}e-{places}").parse().unwrap();
            for value in [value, decimal, f64::from_bits(decimal.to_bits().saturating_add(1))] {
                prop_assert_eq!(Ratio::from_f64(value), printed(value));
            }
        }
    }
}

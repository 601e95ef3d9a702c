//! An exact decimal factor times a count, rounded once: the hot path of the flat methods.

use crate::money::decimal;
use rust_decimal::Decimal;

/// 10^0 to 10^22: the powers of ten that an f64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Integers below 2^53 are exact in an f64.
const EXACT_END: u64 = 1 << 53;
/// A [`Decimal`] holds integers below 2^96.
const DECIMAL_END: u128 = 1 << 96;

/// A factor of at least 0, split so that a product with a count needs integers only where that is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// `mantissa` / 10^`scale`, with `scale` at most 28.
    Integer {
        /// The digits.
        mantissa: u64,
        /// The decimals.
        scale: u32,
    },
    /// A factor of more digits.
    Decimal(Decimal),
}

impl Fixed {
    pub(crate) fn new(factor: Decimal) -> Self {
        let factor = factor.normalize();
        match u64::try_from(factor.mantissa()) {
            Ok(mantissa) if factor.scale() <= Decimal::MAX_SCALE => {
                Self::Integer { mantissa, scale: factor.scale() }
            }
            _ => Self::Decimal(factor),
        }
    }

    /// The f64 nearest to the exact product. Allocates only for factors of more than 19 digits.
    #[inline]
    pub(crate) fn times(self, count: u64) -> f64 {
        match self {
            Self::Integer { mantissa, scale } => {
                let power = usize::try_from(scale).ok().and_then(|i| POWERS.get(i));
                if let (Some(power), Some(product)) = (power, count.checked_mul(mantissa))
                    && product < EXACT_END
                {
                    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                    // Both operands are exact, so that the division is the only rounding.
                    return product as f64 / power;
                }
                let product = u128::from(count).saturating_mul(u128::from(mantissa));
                quotient(product, scale).unwrap_or_else(|| decimal::to_f64(self.exact(count)))
            }
            Self::Decimal(_) => decimal::to_f64(self.exact(count)),
        }
    }

    /// The product: exact up to 28 digits, beyond that rounded half to even.
    pub(crate) fn exact(self, count: u64) -> Decimal {
        match self {
            Self::Integer { mantissa, scale } => {
                let product = u128::from(count).saturating_mul(u128::from(mantissa));
                if product < DECIMAL_END
                    && let Ok(digits) = i128::try_from(product)
                    && let Ok(value) = Decimal::try_from_i128_with_scale(digits, scale)
                {
                    return value.normalize();
                }
                let factor = Decimal::try_from_i128_with_scale(i128::from(mantissa), scale);
                product_of(factor.unwrap_or(Decimal::MAX), count)
            }
            Self::Decimal(factor) => product_of(factor, count),
        }
    }
}

fn product_of(factor: Decimal, count: u64) -> Decimal {
    // Factors are held below 10^9 when they are configured: the product stays below 10^29 and cannot overflow.
    factor.checked_mul(Decimal::from(count)).unwrap_or(Decimal::MAX).normalize()
}

/// The f64 nearest to `dividend` / 10^`scale`, for scales up to 28.
#[expect(
    clippy::cast_precision_loss,
    reason = "the cast rounds a sticky quotient once, to nearest, ties to even"
)]
fn quotient(dividend: u128, scale: u32) -> Option<f64> {
    if dividend == 0 || scale > Decimal::MAX_SCALE {
        return (dividend == 0).then_some(0.0);
    }
    // 10^k is 5^k × 2^k: 5^28 has 66 bits, so that the shifted dividend fits into 128.
    let divisor = 5_u128.checked_pow(scale)?;
    // Shift left until the quotient has at least 55 bits: 53, one to round by, one sticky.
    let wanted = 56_u32.saturating_add(128_u32.saturating_sub(divisor.leading_zeros()));
    let have = 128_u32.saturating_sub(dividend.leading_zeros());
    let shift = wanted.saturating_sub(have);
    let shifted = dividend.checked_shl(shift)?;
    let (whole, rest) = (shifted.checked_div(divisor)?, shifted.checked_rem(divisor)?);
    let sticky = whole | u128::from(rest != 0);
    // The cast rounds once; the powers of two are exact.
    Some(sticky as f64 / (1_u128 << shift.min(127)) as f64 / (1_u64 << scale) as f64)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "sums of small test data")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_factor_is_exact() {
        // 0.5 Wh per 1,000 tokens is 1.8 J a token.
        let factor = Fixed::new(Decimal::new(18, 1));
        assert_eq!(factor.times(1500).to_bits(), 2700_f64.to_bits());
        assert_eq!(factor.exact(1500), Decimal::from(2700));
        assert_eq!(factor.times(0).to_bits(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_product_is_the_nearest_f64(mantissa in 0_u64.., scale in 0_u32..=28, count in 0_u64.., less in 0_u32..64) {
            let factor = Decimal::try_from_i128_with_scale(i128::from(mantissa), scale).unwrap();
            let count = count >> less;
            // The reference: all digits of the product, read by the standard library's correctly rounded reader.
            let digits = format!("{:0>60}", u128::from(mantissa) * u128::from(count));
            let (whole, fraction) = digits.split_at(digits.len() - usize::try_from(scale).unwrap());
            let reference: f64 = format!("{whole}.{fraction}").parse().unwrap();
            let fixed = Fixed::new(factor);
            prop_assert_eq!(fixed.times(count).to_bits(), reference.to_bits());
        }
    }
}

//! Numbers that a double stands for exactly: most of what people and machines write, compared in one instruction.
//!
//! A decimal of at most 15 digits is the shortest one of its nearest double (`DBL_DIG` of IEEE 754 binary64), and doubles
//! order as their shortest decimals do: between two such numbers the doubles answer as the exact decimals would.

use std::fmt::Write;

/// Integers below it have a double each: 2^53.
const INTEGERS: u64 = 1 << 53;

/// Every integer below it has at most 15 digits.
const FIFTEEN_DIGITS: u64 = 1_000_000_000_000_000;

/// The powers of ten that a double holds exactly: 5^22 < 2^53.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// `units` times ten to the power of minus `places` as the double that stands for it; NaN where none is known to.
#[inline]
pub(in crate::gate) fn double_of_parts(units: i64, places: u8) -> f64 {
    let magnitude = units.unsigned_abs();
    let limit = if places == 0 { INTEGERS } else { FIFTEEN_DIGITS };
    match POWERS.get(usize::from(places)) {
        // Both are exact, so the quotient is the nearest double.
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        Some(power) if magnitude < limit => units as f64 / power,
        _ => f64::NAN,
    }
}

/// A JSON number or a decimal string as the double that stands for it; NaN where none is known to.
#[inline]
pub(in crate::gate) fn double_of_text(text: &str) -> f64 {
    let text = text.as_bytes();
    let (negative, digits) = text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits));
    // 19 digits fit 64 bits.
    if digits.len() > 19 {
        return f64::NAN;
    }
    let (mut units, mut places, mut point) = (0_u64, 0_u8, 0_u8);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                units = units.wrapping_mul(10).wrapping_add(u64::from(byte.wrapping_sub(b'0')));
                places = places.wrapping_add(point);
            }
            b'.' => point = 1,
            _ => return f64::NAN,
        }
    }
    let units = i64::try_from(units).unwrap_or(i64::MAX);
    let magnitude = double_of_parts(units, places);
    if negative { -magnitude } else { magnitude }
}

/// Adds the normal form of the decimal that `double` stands for; `false`, and nothing, where that takes more than this.
pub(in crate::gate) fn write_double(double: f64, out: &mut String) -> bool {
    if !double.is_finite() {
        return false;
    }
    #[expect(clippy::cast_possible_truncation, reason = "compared again as a double")]
    let whole = double as i64;
    #[expect(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "exact below 2^53, which is tested first"
    )]
    let is_whole = whole.unsigned_abs() < INTEGERS && whole as f64 == double;
    if is_whole {
        // Writing into a string never fails. Minus zero is zero here, as in the normal form.
        return write!(out, "{whole}").is_ok();
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(double);
    let plain = !shortest.contains('e') && !shortest.ends_with(".0");
    if plain {
        out.push_str(shortest);
    }
    plain
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::float_cmp,
    reason = "small numbers; the doubles are the same bits"
)]
mod tests {
    use super::{super::Exact, *};
    use crate::gate::sample::{LIMITS, beside};
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = String> {
        let near = (prop::sample::select(LIMITS.to_vec()), -2_i8..=2, "[0-9]{0,6}");
        prop_oneof![
            "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,20})?",
            "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,4})?([eE][-+]?[0-9]{1,2})?",
            near.prop_map(|(limit, steps, digits)| beside(limit, steps, &digits)),
        ]
    }

    fn exact(text: &str) -> Exact {
        Exact::from_number(&crate::json::Number::new(text).unwrap())
    }

    proptest! {
        #[test]
        fn where_a_double_stands_for_a_number_it_answers_as_the_number(a in number(), b in number()) {
            let (x, y) = (double_of_text(&a), double_of_text(&b));
            for (text, double) in [(&a, x), (&b, y)] {
                let number = exact(text);
                if let Some(known) = number.double() {
                    prop_assert_eq!(known, text.to_string().parse::<f64>().unwrap());
                    prop_assert_eq!(known.is_sign_negative(), text.starts_with('-'));
                    prop_assert_eq!(Exact::from_f64(known).unwrap(), number);
                }
                if !double.is_nan() {
                    prop_assert_eq!(Exact::from_f64(double).unwrap(), exact(text));
                    let mut shown = String::new();
                    if write_double(double, &mut shown) {
                        prop_assert_eq!(shown, exact(text).normal_form());
                    } else {
                        prop_assert_eq!(shown, "");
                    }
                }
            }
            if let Some(order) = x.partial_cmp(&y) {
                prop_assert_eq!(order, exact(&a).cmp(&exact(&b)));
            }
        }

        #[test]
        fn parts_answer_as_their_text(units in any::<i64>(), small in -2_000_000_i64..2_000_000, places in 0_u8..30) {
            for units in [units, small] {
                let value = Exact::from(units).shifted(-i32::from(places));
                let double = double_of_parts(units, places);
                if !double.is_nan() {
                    prop_assert_eq!(Exact::from_f64(double).unwrap(), value);
                }
            }
        }

        #[test]
        fn any_double_is_shown_in_normal_form(value in any::<f64>(), small in -1e6_f64..1e6) {
            for value in [value, small, small.trunc()] {
                let mut shown = String::new();
                if write_double(value, &mut shown) {
                    prop_assert_eq!(shown, Exact::from_f64(value).unwrap().normal_form());
                }
            }
        }
    }
}

//! Ranges of numbers, how well they are known, and their arithmetic.

use super::CarbonError;
use crate::units::check;
use std::fmt;

/// A low, a central and a high value, in this order.
///
/// Ranges are envelopes of independent extremes, not confidence intervals: deterministic and conservative.
///
/// ```
/// use finops_core::carbon::Range;
/// let energy = Range::new(1.0, 2.0, 4.0)?;
/// let intensity = Range::new(2.0, 4.0, 8.0)?;
/// assert_eq!(energy.product(intensity), Range::new(2.0, 8.0, 32.0)?);
/// assert_eq!(energy.quotient(intensity)?, Range::new(0.125, 0.5, 2.0)?);
/// assert_eq!(Range::new(2.0, 1.0, 3.0).unwrap_err().code(), "carbon.bad_range");
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct Range {
    /// The least value thought possible.
    pub low: f64,
    /// The best single value.
    pub central: f64,
    /// The greatest value thought possible.
    pub high: f64,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}", self.low, self.central, self.high)
    }
}

impl Range {
    /// A range of three numbers of at least 0.
    ///
    /// # Errors
    /// `carbon.bad_number` when one is negative or not finite, `carbon.bad_range` when they are out of order.
    pub fn new(low: f64, central: f64, high: f64) -> Result<Self, CarbonError> {
        let range =
            Self { low: check("low", low)?, central: check("central", central)?, high: check("high", high)? };
        if range.low <= range.central && range.central <= range.high {
            Ok(range)
        } else {
            Err(CarbonError::bad_range("range", range))
        }
    }

    /// A range of two ends, with their midpoint as the central value.
    ///
    /// # Errors
    /// As [`Range::new`].
    pub fn ends(low: f64, high: f64) -> Result<Self, CarbonError> {
        check("low", low)?;
        check("high", high)?;
        if low > high {
            return Err(CarbonError::bad_range("range", format_args!("{low} / {high}")));
        }
        Self::new(low, (low + high) / 2.0, high)
    }

    /// The range of one number, which need not be positive.
    #[must_use]
    pub const fn point(value: f64) -> Self {
        Self { low: value, central: value, high: value }
    }

    /// Whether the three values are one.
    #[must_use]
    pub fn is_point(self) -> bool {
        self.low.to_bits() == self.high.to_bits()
    }

    /// The products of the lows, the centrals and the highs, of ranges that are not negative.
    #[must_use]
    pub fn product(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    /// The sums of the lows, the centrals and the highs.
    #[must_use]
    pub fn sum(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    /// Low over high, central over central, high over low.
    ///
    /// # Errors
    /// `carbon.bad_number` when the divisor may be 0 or less.
    pub fn quotient(self, divisor: Self) -> Result<Self, CarbonError> {
        if divisor.low > 0.0 {
            Ok(self.zip(divisor.crossed(), |a, b| a / b))
        } else {
            Err(CarbonError::bad_number("divisor", divisor.low))
        }
    }

    /// Low less high, central less central, high less low: a difference may be negative.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        self.zip(other.crossed(), |a, b| a - b)
    }

    /// Each value times `factor`, of at least 0.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        self.map(|value| value * factor)
    }

    /// `f` of each value; it must not fall where its argument rises.
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self { low: f(self.low), central: f(self.central), high: f(self.high) }
    }

    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            low: f(self.low, other.low),
            central: f(self.central, other.central),
            high: f(self.high, other.high),
        }
    }

    const fn crossed(self) -> Self {
        Self { low: self.high, central: self.central, high: self.low }
    }
}

impl std::ops::Mul for Range {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.product(other)
    }
}

macro_rules! names {
    ($(#[$doc:meta])* $enum:ident { $($(#[$each:meta])* $name:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $enum { $($(#[$each])* $name,)+ }

        impl $enum {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The wire name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The one of that wire name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl serde::Serialize for $enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}
pub(crate) use names;

names! {
    /// How well a figure is known, best to worst. A result has the worst tier of its inputs.
    Tier {
        /// Read from a meter for this very work.
        Measured = "measured",
        /// Published by the operator.
        VendorDisclosed = "vendor_disclosed",
        /// A published statistic, or a measurement of the same kind of thing.
        Benchmarked = "benchmarked",
        /// Stated by the user.
        Declared = "declared",
        /// Computed from parameters, or a forecast.
        Modelled = "modelled",
        /// A default.
        Assumed = "assumed",
    }
}

impl Tier {
    /// The worse of the two.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        self.max(other)
    }
}

names! {
    /// What an energy figure covers.
    Boundary {
        /// The machines alone: PUE is still to be applied.
        It = "it",
        /// The whole site: PUE is in it.
        Facility = "facility",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges() -> impl Strategy<Value = Range> {
        (0.0..1e6, 0.0..1e6, 0.0..1e6)
            .prop_map(|(a, b, c): (f64, f64, f64)| Range::new(a, a + b, a + b + c).unwrap())
    }

    fn ordered(range: Range) -> bool {
        range.low <= range.central && range.central <= range.high
    }

    #[test]
    fn a_range_is_ordered_and_never_negative() {
        assert_eq!(Range::new(-1.0, 0.0, 1.0).unwrap_err().code(), "carbon.bad_number");
        assert_eq!(Range::new(0.0, f64::NAN, 1.0).unwrap_err().path(), "central");
        assert_eq!(Range::ends(2.0, 1.0).unwrap_err().code(), "carbon.bad_range");
        assert_eq!(Range::ends(44.0, 132.0).unwrap(), Range::new(44.0, 88.0, 132.0).unwrap());
        assert_eq!(
            Range::point(1.0).quotient(Range::new(0.0, 1.0, 2.0).unwrap()).unwrap_err().path(),
            "divisor"
        );
    }

    proptest! {
        #[test]
        fn arithmetic_keeps_the_order(a in ranges(), b in ranges()) {
            prop_assert!(ordered(a.product(b)) && ordered(a.sum(b)) && ordered(a.difference(b)));
            let positive = Range::new(b.low + 1.0, b.central + 1.0, b.high + 1.0).unwrap();
            prop_assert!(ordered(a.quotient(positive).unwrap()));
        }

        #[test]
        fn the_envelope_holds_every_pair(a in ranges(), b in ranges(), s in 0.0..1.0, t in 0.0..1.0) {
            let (x, y) = (a.low + s * (a.high - a.low), b.low + t * (b.high - b.low));
            let slack = 1e-9 * (1.0 + a.high) * (1.0 + b.high);
            for (range, value) in [(a.product(b), x * y), (a.sum(b), x + y), (a.difference(b), x - y)] {
                prop_assert!(range.low - slack <= value && value <= range.high + slack);
            }
        }

        #[test]
        fn the_worst_tier_wins(i in 0_usize..6, j in 0_usize..6) {
            let (a, b) = (Tier::ALL[i], Tier::ALL[j]);
            prop_assert_eq!(a.worst(b), Tier::ALL[i.max(j)]);
            prop_assert_eq!(Tier::from_name(a.name()), Some(a));
        }
    }
}

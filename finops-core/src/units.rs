//! Physical units: energy in joules, carbon in grams of CO2 equivalent, power in watts, water in litres.
//!
//! Each is a finite f64 of at least 0, by construction. Nothing here rounds; rounding is for display only.
//!
//! ```
//! use finops_core::units::Energy;
//! let energy = Energy::from_kwh(0.75)?;
//! assert_eq!((energy.joules(), energy.kwh()), (2_700_000.0, 0.75));
//! assert_eq!(Energy::from_joules(-1.0).unwrap_err().code(), "carbon.bad_number");
//! # Ok::<(), finops_core::carbon::CarbonError>(())
//! ```

use crate::carbon::CarbonError;

/// Joules in a kilowatt hour, exactly.
pub const J_PER_KWH: f64 = 3_600_000.0;
/// Grams in a pound, exactly (the international yard and pound agreement of 1959).
pub const G_PER_LB: f64 = 453.592_37;
/// g/kWh in one lb/MWh, exactly: [`G_PER_LB`] over 1000.
pub const G_PER_KWH_PER_LB_PER_MWH: f64 = 0.453_592_37;

/// A physical quantity held in its base unit.
pub trait Quantity: Copy {
    /// The symbol of the base unit: `J`, `g`, `W` or `L`.
    const SYMBOL: &'static str;

    /// From a value in the base unit.
    ///
    /// # Errors
    /// `carbon.bad_number` when negative or not finite.
    fn new(value: f64) -> Result<Self, CarbonError>;

    /// The value in the base unit.
    fn value(self) -> f64;
}

/// `value` when finite and at least 0, with -0 made 0.
///
/// # Errors
/// `carbon.bad_number` naming `path`.
pub(crate) fn check(path: &str, value: f64) -> Result<f64, CarbonError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value + 0.0)
    } else {
        Err(CarbonError::bad_number(path, value))
    }
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $symbol:literal, $path:literal, $from:ident, $get:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0.0);

            #[doc = concat!("From ", $unit, ".")]
            ///
            /// # Errors
            /// `carbon.bad_number` when negative or not finite.
            pub fn $from(value: f64) -> Result<Self, CarbonError> {
                check($path, value).map(Self)
            }

            #[doc = concat!("In ", $unit, ".")]
            #[must_use]
            pub const fn $get(self) -> f64 {
                self.0
            }
        }

        impl Quantity for $name {
            const SYMBOL: &'static str = $symbol;

            fn new(value: f64) -> Result<Self, CarbonError> {
                Self::$from(value)
            }

            fn value(self) -> f64 {
                self.0
            }
        }
    };
}

quantity!(
    /// Energy.
    Energy, "J", "energy", from_joules, joules, "joules"
);
quantity!(
    /// Greenhouse gas: CO2 equivalent.
    Carbon, "g", "carbon", from_grams, grams, "grams"
);
quantity!(
    /// Power.
    Power, "W", "power", from_watts, watts, "watts"
);
quantity!(
    /// Water consumed.
    Water, "L", "water", from_litres, litres, "litres"
);

impl Energy {
    /// From kilowatt hours.
    ///
    /// # Errors
    /// `carbon.bad_number` when negative or not finite.
    pub fn from_kwh(kwh: f64) -> Result<Self, CarbonError> {
        Self::from_joules(kwh * J_PER_KWH)
    }

    /// In kilowatt hours.
    #[must_use]
    pub const fn kwh(self) -> f64 {
        self.0 / J_PER_KWH
    }
}

impl Carbon {
    /// From kilograms.
    ///
    /// # Errors
    /// `carbon.bad_number` when negative or not finite.
    pub fn from_kg(kg: f64) -> Result<Self, CarbonError> {
        Self::from_grams(kg * 1000.0)
    }

    /// In kilograms.
    #[must_use]
    pub const fn kg(self) -> f64 {
        self.0 / 1000.0
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the conversions tested are exact")]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_from_zero_up_are_quantities() {
        for value in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Carbon::from_grams(value).unwrap_err().code(), "carbon.bad_number");
            assert_eq!(Water::new(value).unwrap_err().path(), "water");
        }
        assert_eq!(Power::from_watts(-0.0).unwrap().watts().to_bits(), 0);
        assert!(Energy::from_kwh(f64::MAX).is_err(), "an overflow is no energy");
    }

    #[test]
    fn a_kilowatt_hour_is_3_6_megajoules() {
        assert_eq!(Energy::from_kwh(1.0).unwrap().joules(), 3_600_000.0);
        assert_eq!(Energy::from_joules(900_000.0).unwrap().kwh(), 0.25);
        assert_eq!(Carbon::from_kg(1.5).unwrap().grams(), 1500.0);
        assert_eq!(Carbon::from_grams(250.0).unwrap().kg(), 0.25);
    }
}

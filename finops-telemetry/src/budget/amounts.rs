use super::BudgetError;
use finops_core::money::{Picodollars, decimal};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Decimals of a [`Quantity`].
const SCALE: u32 = 12;
const PER_ONE: i128 = 1_000_000_000_000;

/// What a budget limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Dollars.
    #[default]
    Usd,
    /// Tokens of prompt and completion.
    Tokens,
    /// Calls.
    Requests,
    /// Energy.
    Joules,
    /// Carbon.
    GramsCo2e,
}

impl Unit {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usd => "usd",
            Self::Tokens => "tokens",
            Self::Requests => "requests",
            Self::Joules => "joules",
            Self::GramsCo2e => "grams_co2e",
        }
    }
}

/// An exact amount of some [`Unit`], in steps of 1e-12. Displays as a plain decimal, which is its wire form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `steps` times 1e-12.
    #[must_use]
    pub const fn from_steps(steps: i128) -> Self {
        Self(steps)
    }

    /// The amount in steps of 1e-12.
    #[must_use]
    pub const fn steps(self) -> i128 {
        self.0
    }

    /// A whole number.
    #[must_use]
    pub fn whole(count: u64) -> Self {
        Self(i128::from(count).saturating_mul(PER_ONE))
    }

    /// An exact decimal; `None` beyond twelve decimals or 1.7e26.
    #[must_use]
    pub fn from_decimal(value: Decimal) -> Option<Self> {
        let value = value.normalize();
        let factor = 10_i128.checked_pow(SCALE.checked_sub(value.scale())?)?;
        value.mantissa().checked_mul(factor).map(Self)
    }

    /// The amount as a decimal; `None` beyond 7.9e16.
    #[must_use]
    pub fn to_decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.0, SCALE).ok().map(|d| d.normalize())
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(super) const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// How much this exceeds `other`, at least 0.
    pub(super) fn beyond(self, other: Self) -> Self {
        self.minus(other).max(Self::ZERO)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text of an amount in steps of 1e-12 is the same in every unit.
        Picodollars::new(self.0).fmt(f)
    }
}

impl FromStr for Quantity {
    type Err = BudgetError;

    fn from_str(text: &str) -> Result<Self, BudgetError> {
        decimal::parse(text).and_then(Self::from_decimal).ok_or_else(|| {
            BudgetError::invalid("amount", text, "not an amount of at most 12 decimals; write `0.25`")
        })
    }
}

impl Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a call may use or did use, by unit; `None` is not known. A call is one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Amounts {
    /// Money.
    pub usd: Option<Picodollars>,
    /// Tokens.
    pub tokens: Option<u64>,
    /// Energy in joules, rounded up to 1e-12 J.
    #[serde(with = "text")]
    pub joules: Option<Decimal>,
    /// Carbon in grams of CO2e, rounded up to 1e-12 g.
    #[serde(with = "text")]
    pub grams_co2e: Option<Decimal>,
}

impl Amounts {
    /// Money and nothing else.
    #[must_use]
    pub fn usd(usd: Picodollars) -> Self {
        Self { usd: Some(usd), ..Self::default() }
    }

    /// By unit, or the error that names the unusable one.
    pub(super) fn quantities(&self) -> Result<Quantities, BudgetError> {
        let refuse = |path: &str, value: &dyn fmt::Display| {
            BudgetError::invalid(path, value, "an amount is at least 0 and at most 1e26")
        };
        let usd = match self.usd {
            Some(usd) if usd.get() < 0 => return Err(refuse("usd", &usd)),
            usd => usd.map(|usd| Quantity(usd.get())),
        };
        let decimal = |path: &str, value: Option<Decimal>| match value {
            None => Ok(None),
            Some(value) => {
                let up = value.round_dp_with_strategy(SCALE, RoundingStrategy::ToPositiveInfinity);
                let quantity = Quantity::from_decimal(up).filter(|q| *q >= Quantity::ZERO);
                quantity.map(Some).ok_or_else(|| refuse(path, &value))
            }
        };
        Ok(Quantities::from([
            usd,
            self.tokens.map(Quantity::whole),
            Some(Quantity::whole(1)),
            decimal("joules", self.joules)?,
            decimal("grams_co2e", self.grams_co2e)?,
        ]))
    }
}

/// Amounts in the order of [`Unit`], with a bit for each that is known: half the size of a list of options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[Option<Quantity>; 5]", into = "[Option<Quantity>; 5]")]
pub(super) struct Quantities {
    known: u8,
    amounts: [Quantity; 5],
}

impl From<[Option<Quantity>; 5]> for Quantities {
    fn from(options: [Option<Quantity>; 5]) -> Self {
        let bits = options.iter().zip(0_u8..).map(|(option, bit)| u8::from(option.is_some()) << bit);
        Self { known: bits.fold(0, |all, bit| all | bit), amounts: options.map(Option::unwrap_or_default) }
    }
}

impl From<Quantities> for [Option<Quantity>; 5] {
    fn from(quantities: Quantities) -> Self {
        [Unit::Usd, Unit::Tokens, Unit::Requests, Unit::Joules, Unit::GramsCo2e]
            .map(|unit| quantities.get(unit))
    }
}

impl Quantities {
    pub(super) const fn get(&self, unit: Unit) -> Option<Quantity> {
        let [usd, tokens, requests, joules, grams] = self.amounts;
        let (bit, amount) = match unit {
            Unit::Usd => (1, usd),
            Unit::Tokens => (2, tokens),
            Unit::Requests => (4, requests),
            Unit::Joules => (8, joules),
            Unit::GramsCo2e => (16, grams),
        };
        if self.known & bit == 0 { None } else { Some(amount) }
    }

    /// The unit in which a settlement is told.
    pub(super) fn unit(&self) -> Unit {
        let told = [Unit::Usd, Unit::Tokens, Unit::Joules, Unit::GramsCo2e];
        told.into_iter().find(|unit| self.get(*unit).is_some()).unwrap_or(Unit::Requests)
    }

    /// These, and what is not given from `held`.
    pub(super) fn or(&self, held: &Self) -> Self {
        let mut both: [Option<Quantity>; 5] = (*self).into();
        for (amount, held) in both.iter_mut().zip::<[Option<Quantity>; 5]>((*held).into()) {
            *amount = amount.or(held);
        }
        both.into()
    }
}

mod text {
    use finops_core::money::decimal;
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(decimal::text).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        decimal::parse(&text).map(Some).ok_or_else(|| D::Error::custom(format!("`{text}` is no amount")))
    }
}

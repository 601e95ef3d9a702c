use super::{Currency, MoneyError, Picodollars, decimal};
use rust_decimal::Decimal;
use std::fmt;

/// An exact decimal amount in one currency.
///
/// ```
/// use finops_core::money::{Currency, Money};
/// let usd = Money::new("0.10".parse()?, Currency::USD);
/// let eur = Money::new("0.20".parse()?, "EUR".parse()?);
/// assert_eq!(usd.checked_add(&usd)?.to_string(), "0.2 USD");
/// assert_eq!(usd.checked_add(&eur).unwrap_err().code(), "money.currency_mismatch");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// The amount; its wire form is decimal text.
    #[serde(with = "amount_text")]
    pub amount: Decimal,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// `amount` of `currency`.
    #[must_use]
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount: amount.normalize(), currency }
    }

    /// The exact sum.
    ///
    /// # Errors
    /// `money.currency_mismatch`; `money.overflow` when the sum would lose a digit.
    pub fn checked_add(&self, other: &Self) -> Result<Self, MoneyError> {
        self.combine(other, Decimal::checked_add)
    }

    /// The exact difference.
    ///
    /// # Errors
    /// As [`Money::checked_add`].
    pub fn checked_sub(&self, other: &Self) -> Result<Self, MoneyError> {
        self.combine(other, Decimal::checked_sub)
    }

    fn combine(
        &self,
        other: &Self,
        op: impl Fn(Decimal, Decimal) -> Option<Decimal>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let (left, right) = (self.amount.normalize(), other.amount.normalize());
        let result = op(left, right).ok_or_else(|| MoneyError::overflow("amount"))?;
        // A decimal drops low digits silently when the exact result needs more than 28 of them, and its scale shows it.
        if !result.is_zero() && result.scale() < left.scale().max(right.scale()) {
            return Err(MoneyError::overflow("amount"));
        }
        Ok(Self::new(result, self.currency))
    }
}

impl TryFrom<Picodollars> for Money {
    type Error = MoneyError;

    /// Exact; `money.overflow` beyond 7.9e16 dollars, where a decimal ends.
    fn try_from(amount: Picodollars) -> Result<Self, MoneyError> {
        let usd = amount.to_decimal().ok_or_else(|| MoneyError::overflow("amount"))?;
        Ok(Self::new(usd, Currency::USD))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", decimal::text(self.amount), self.currency)
    }
}

mod amount_text {
    use super::decimal;
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&decimal::text(*value))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        decimal::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not an amount")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        Money::new(decimal::parse(text).unwrap(), Currency::USD)
    }

    #[test]
    fn a_sum_that_would_lose_a_digit_is_refused() {
        let large = usd("9999999999999999999999999999");
        assert_eq!(large.checked_add(&usd("0.1")).unwrap_err().code(), "money.overflow");
        assert_eq!(usd("0.1").checked_sub(&usd("0.1")).unwrap(), usd("0"));
        assert_eq!(usd("1.25").checked_sub(&usd("0.25")).unwrap(), usd("1"));
    }

    #[test]
    fn the_wire_form_is_text() {
        let json = serde_json::to_string(&usd("1.50")).unwrap();
        assert_eq!(json, r#"{"amount":"1.5","currency":"USD"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), usd("1.5"));
        assert!(serde_json::from_str::<Money>(r#"{"amount":"1","currency":"USX"}"#).is_err());
    }

    #[test]
    fn picodollars_convert_exactly_or_not_at_all() {
        assert_eq!(Money::try_from(Picodollars::new(4_500_000)).unwrap(), usd("0.0000045"));
        assert_eq!(Money::try_from(Picodollars::new(i128::MAX)).unwrap_err().code(), "money.overflow");
    }
}

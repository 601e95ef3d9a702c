//! The text of a number.

/// The text of a JSON number, as it was written: valid by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

/// A number that no double holds: `policy.eval`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("number `{}` is beyond the largest double; give a smaller one", crate::error::shorten(.text))]
pub struct NumberError {
    /// The number, as it was written.
    pub text: String,
}

impl NumberError {
    /// `policy.eval`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "policy.eval"
    }
}

impl Number {
    /// The number that `text` is by the grammar of RFC 8259; `None` for any other text.
    ///
    /// ```
    /// use finops_core::json::Number;
    /// assert_eq!(Number::new("0.30").map(|n| n.text().to_owned()).as_deref(), Some("0.30"));
    /// assert!(Number::new(".5").is_none() && Number::new("NaN").is_none());
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (end(text.as_bytes(), 0) == Some(text.len())).then(|| Self(text.into()))
    }

    /// A double by its shortest digits, its sign kept; `None` for NaN and the infinities.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        serde_json::Number::from_f64(value).map(|number| Self(number.to_string().into()))
    }

    /// The digits as written, for example `0.30` or `1e2`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The nearest double; `None` beyond the largest one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// The integer, if it is written as one (`1`, `-0`; not `1.0` or `1e2`) and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The integer, if it is written as one without a sign and fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

impl TryFrom<&Number> for serde_json::Number {
    type Error = NumberError;

    /// An integer of 64 bits as it is, else the nearest double.
    ///
    /// # Errors
    /// `policy.eval` beyond the largest double.
    fn try_from(number: &Number) -> Result<Self, NumberError> {
        let parsed = serde_json::from_str(&number.0);
        parsed.map_err(|_| NumberError { text: number.text().to_owned() })
    }
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Self {
        Self(number.to_string().into())
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                Self(value.to_string().into())
            }
        }
    )*};
}

from_integers!(i32 i64 i128 u8 u16 u32 u64 u128 usize);

/// Where the number that starts at `start` ends, by the grammar of RFC 8259, section 6.
pub(super) fn end(text: &[u8], start: usize) -> Option<usize> {
    let at = |index: usize| text.get(index).copied();
    let next = |index: usize| index.saturating_add(1);
    let run = |mut index: usize| {
        let first = index;
        while at(index).is_some_and(|byte| byte.is_ascii_digit()) {
            index = next(index);
        }
        (index > first).then_some(index)
    };
    let digits = if at(start) == Some(b'-') { next(start) } else { start };
    let mut index = if at(digits) == Some(b'0') { next(digits) } else { run(digits)? };
    if at(index) == Some(b'.') {
        index = run(next(index))?;
    }
    if matches!(at(index), Some(b'e' | b'E')) {
        index = next(index);
        if matches!(at(index), Some(b'+' | b'-')) {
            index = next(index);
        }
        index = run(index)?;
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_grammar_of_rfc_8259_is_a_number() {
        for text in ["0", "-0", "10", "0.30", "1e2", "1E+2", "-1.5e-400", "123456789012345678901234567890"] {
            assert_eq!(Number::new(text).unwrap().text(), text);
        }
        for text in
            ["", "-", "01", "+1", ".5", "1.", "1e", "1e+", "NaN", "Infinity", "0x1", "1_0", " 1", "1 ", "١"]
        {
            assert_eq!(Number::new(text), None, "{text}");
        }
    }

    #[test]
    fn doubles_keep_value_and_sign() {
        for value in [0.0, -0.0, 0.1, 5e-324, 1e23, f64::MAX, -1.5] {
            let number = Number::from_f64(value).unwrap();
            assert_eq!(number.as_f64().unwrap().to_bits(), value.to_bits());
        }
        assert_eq!(Number::from_f64(f64::NAN), None);
        assert_eq!(Number::new("1e999").unwrap().as_f64(), None);
        let refused = serde_json::Number::try_from(&Number::new("1e999").unwrap()).unwrap_err();
        assert_eq!(refused.code(), "policy.eval");
    }
}

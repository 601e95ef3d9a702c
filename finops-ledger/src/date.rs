//! Calendar days of UTC: `2026-03-14`.

use finops_core::time::Timestamp;
use std::fmt;

const MS_PER_DAY: i64 = 86_400_000;

/// A day of UTC, years 1 to 9999; its form is `YYYY-MM-DD`.
///
/// ```
/// use finops_ledger::date::Date;
/// let (start, end) = (Date::parse("2026-02-27"), Date::parse("2026-03-01"));
/// assert_eq!(start.zip(end).map(|(a, b)| b.days_since(a)), Some(2));
/// assert_eq!(Date::parse("2026-02-30"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

impl Date {
    /// Reads `YYYY-MM-DD`; `None` for any other form or a day that does not exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
            return None;
        }
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse::<i64>().ok() } else { None }
        };
        Self::from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?)
    }

    /// The day of a year, month and day of month; `None` when there is no such day.
    #[must_use]
    pub fn from_civil(year: i64, month: i64, day: i64) -> Option<Self> {
        Timestamp::from_date(year, month, day).map(Self::of)
    }

    /// The UTC day of an instant.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self(at.ms().div_euclid(MS_PER_DAY))
    }

    /// Midnight at the start of this day, milliseconds since 1970.
    #[must_use]
    pub const fn start_ms(self) -> i64 {
        self.0.saturating_mul(MS_PER_DAY)
    }

    /// Days from `earlier` to this day, negative when this one is earlier.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The day `days` later; `None` outside the years 1 to 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        Timestamp::from_ms(self.0.checked_add(days)?.checked_mul(MS_PER_DAY)?).map(Self::of)
    }

    /// Year, month and day of month.
    #[must_use]
    pub fn civil(self) -> (i64, i64, i64) {
        let civil = Timestamp::from_ms(self.start_ms()).unwrap_or(Timestamp::MIN).civil();
        (civil.year, civil.month, civil.day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Reads an event's time: RFC 3339 in UTC with exactly six fraction digits and `Z`.
#[must_use]
pub fn event_time(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let form = b"dddd-dd-ddTdd:dd:dd.ddddddZ";
    let fits = bytes.len() == form.len()
        && bytes.iter().zip(form).all(|(b, f)| if *f == b'd' { b.is_ascii_digit() } else { b == f });
    // A leap second is written :59.999999 (section 3 of the specification).
    if !fits || text.get(17..19) == Some("60") {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_strictly_and_written_back() {
        for text in ["0001-01-01", "1969-12-31", "2024-02-29", "9999-12-31"] {
            assert_eq!(Date::parse(text).map(|d| d.to_string()).as_deref(), Some(text));
        }
        for text in ["2023-02-29", "2026-1-01", "2026-01-01T", "+026-01-01", "0000-01-01", "2026/01/01"] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::parse("9999-12-31").and_then(|d| d.plus_days(1)), None);
    }

    #[test]
    fn event_times_have_six_digits_and_z() {
        assert!(event_time("2026-03-14T09:26:51.000000Z").is_some());
        for text in
            ["2026-03-14T09:26:51Z", "2026-03-14T09:26:51.000000+00:00", "2026-03-14T09:26:60.000000Z"]
        {
            assert_eq!(event_time(text), None, "{text}");
        }
    }
}

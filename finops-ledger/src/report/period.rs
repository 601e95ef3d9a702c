//! Weeks and months that a report is made for.

use super::ReportError;
use crate::date::Date;

/// Whether a report is of a week or of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cadence {
    /// ISO 8601 week, Monday to Monday UTC.
    Weekly,
    /// Calendar month.
    Monthly,
}

impl Cadence {
    /// The word for it in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }
}

/// A half-open period of UTC days with its label, `2026-W12` or `2026-03`.
///
/// ```
/// use finops_ledger::report::Period;
/// let week = Period::parse("2026-W01")?;
/// assert_eq!((week.start.to_string().as_str(), week.end.to_string().as_str()), ("2025-12-29", "2026-01-05"));
/// # Ok::<(), finops_ledger::report::ReportError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// As it was written.
    pub label: String,
    /// Week or month.
    pub cadence: Cadence,
    /// First day.
    pub start: Date,
    /// The day after the last.
    pub end: Date,
}

const DAYS_PER_WEEK: i64 = 7;

fn digits(text: &str, count: usize) -> Option<i64> {
    let fits = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// The Monday of the week that 4 January lies in: ISO 8601's first week.
fn first_monday(year: i64) -> Option<Date> {
    let fourth = Date::from_civil(year, 1, 4)?;
    // 1970-01-05 was a Monday.
    let since_monday = fourth.days_since(Date::from_civil(1970, 1, 5)?).rem_euclid(DAYS_PER_WEEK);
    fourth.plus_days(since_monday.checked_neg()?)
}

impl Period {
    /// Reads a label.
    ///
    /// # Errors
    /// `ledger.report.period` for any other form and for weeks and months that do not exist.
    pub fn parse(label: &str) -> Result<Self, ReportError> {
        let read = || match label.split_once("-W") {
            Some((year, week)) => Self::week(digits(year, 4)?, digits(week, 2)?),
            None => {
                let (year, month) = label.split_once('-')?;
                Self::month(digits(year, 4)?, digits(month, 2)?)
            }
        };
        read().ok_or_else(|| ReportError::Period { label: finops_core::error::shorten(label) })
    }

    fn week(year: i64, week: i64) -> Option<Self> {
        let first = first_monday(year)?;
        let weeks = first_monday(year.checked_add(1)?)?.days_since(first).checked_div(DAYS_PER_WEEK)?;
        if !(1..=weeks).contains(&week) {
            return None;
        }
        let start = first.plus_days(week.checked_sub(1)?.checked_mul(DAYS_PER_WEEK)?)?;
        let end = start.plus_days(DAYS_PER_WEEK)?;
        Some(Self { label: format!("{year:04}-W{week:02}"), cadence: Cadence::Weekly, start, end })
    }

    fn month(year: i64, month: i64) -> Option<Self> {
        let start = Date::from_civil(year, month, 1)?;
        let (next_year, next_month) =
            if month == 12 { (year.checked_add(1)?, 1) } else { (year, month.checked_add(1)?) };
        let end = Date::from_civil(next_year, next_month, 1)?;
        Some(Self { label: format!("{year:04}-{month:02}"), cadence: Cadence::Monthly, start, end })
    }

    /// The week or month that holds a day.
    #[must_use]
    pub fn holding(cadence: Cadence, day: Date) -> Option<Self> {
        match cadence {
            Cadence::Monthly => {
                let (year, month, _) = day.civil();
                Self::month(year, month)
            }
            Cadence::Weekly => {
                // 1970-01-05 was a Monday; a week belongs to the year of its Thursday.
                let since = day.days_since(Date::from_civil(1970, 1, 5)?).rem_euclid(DAYS_PER_WEEK);
                let monday = day.plus_days(since.checked_neg()?)?;
                let (year, ..) = monday.plus_days(3)?.civil();
                let weeks = monday.days_since(first_monday(year)?).checked_div(DAYS_PER_WEEK)?;
                Self::week(year, weeks.checked_add(1)?)
            }
        }
    }

    /// The period before; `None` before the year 1.
    #[must_use]
    pub fn previous(&self) -> Option<Self> {
        Self::holding(self.cadence, self.start.plus_days(-1)?)
    }

    /// Whether an instant lies in the period.
    #[must_use]
    pub fn contains(&self, at: finops_core::time::Timestamp) -> bool {
        (self.start.start_ms()..self.end.start_ms()).contains(&at.ms())
    }

    /// The last day.
    #[must_use]
    pub fn last_day(&self) -> Date {
        self.end.plus_days(-1).unwrap_or(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_meet_without_gap() {
        for label in ["2026-W12", "2026-03"] {
            let mut period = Period::parse(label).unwrap();
            for _ in 0..600 {
                let before = period.previous().unwrap();
                assert_eq!(before.end, period.start);
                assert_eq!(Period::holding(before.cadence, before.start), Some(before.clone()));
                assert_eq!(Period::parse(&before.label), Ok(before.clone()));
                period = before;
            }
        }
    }

    #[test]
    fn other_labels_are_refused() {
        for label in [
            "",
            "2026",
            "2026-00",
            "2026-W00",
            "2025-W53",
            "2026-1",
            "26-01",
            "2026-W1",
            "2026-01-01",
            "9999-12",
        ] {
            assert_eq!(Period::parse(label).unwrap_err().code(), "ledger.report.period", "{label}");
        }
    }
}

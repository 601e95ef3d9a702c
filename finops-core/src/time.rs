//! Time as the engine sees it: instants and durations are arguments, never read from a clock.

use rust_decimal::Decimal;
use std::{fmt, num::NonZeroI64, str::FromStr};

const MS_PER_DAY: i64 = 86_400_000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, years 1 to 9999.
///
/// Its wire form is RFC 3339 in UTC with milliseconds.
///
/// ```
/// use finops_core::time::Timestamp;
/// let at: Timestamp = "2026-11-01T13:00:00+01:00".parse()?;
/// assert_eq!(at.to_string(), "2026-11-01T12:00:00.000Z");
/// # Ok::<(), finops_core::usage::UsageError>(())
/// ```
// Never zero inside, so that an instant that may be unknown takes no more room than a known one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroI64);

/// Milliseconds from one before 0001-01-01 to 1970: every instant is above zero when they are added.
const BIAS: i64 = 62_135_596_800_001;

/// A calendar date and time of day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// Year of the common era.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: i64,
    /// Day, 1 to 31.
    pub day: i64,
    /// Milliseconds since midnight.
    pub ms: i64,
}

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self::held(-62_135_596_800_000);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self::held(253_402_300_799_999);

    /// `ms` milliseconds since 1970 UTC; `None` outside the years 1 to 9999.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Option<Self> {
        if ms < Self::MIN.ms() || ms > Self::MAX.ms() { None } else { Some(Self::held(ms)) }
    }

    /// The instant at `ms`, which the caller has checked to be in range.
    const fn held(ms: i64) -> Self {
        match NonZeroI64::new(ms.saturating_add(BIAS)) {
            Some(above) => Self(above),
            None => Self(NonZeroI64::MIN),
        }
    }

    /// Seconds since 1970 UTC as a float, to the nearest millisecond; `None` when not finite or out of range.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "range-checked just before")]
    pub fn from_epoch_s(seconds: f64) -> Option<Self> {
        let ms = (seconds * 1000.0).round();
        if !ms.is_finite() || ms.abs() > 1e15 { None } else { Self::from_ms(ms as i64) }
    }

    /// Milliseconds since 1970 UTC.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0.get().saturating_sub(BIAS)
    }

    /// Midnight UTC of a date; `None` when there is no such date.
    #[must_use]
    pub fn from_date(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(1..=9999).contains(&year)
            || !(1..=12).contains(&month)
            || day < 1
            || day > days_in_month(year, month)
        {
            return None;
        }
        days_from_civil(year, month, day)?.checked_mul(MS_PER_DAY).and_then(Self::from_ms)
    }

    /// This instant as a UTC date and time of day.
    #[must_use]
    pub fn civil(self) -> Civil {
        let days = self.ms().div_euclid(MS_PER_DAY);
        let (year, month, day) = civil_from_days(days);
        Civil { year, month, day, ms: self.ms().rem_euclid(MS_PER_DAY) }
    }

    /// ISO weekday in UTC: Monday is 1, Sunday 7.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "days of the years 1 to 9999 are far from the ends of i64"
    )]
    pub const fn iso_weekday(self) -> i64 {
        // 1970-01-01 was a Thursday.
        (self.ms().div_euclid(MS_PER_DAY) + 3).rem_euclid(7) + 1
    }

    /// This instant moved by `ms`, held at the ends of the range.
    #[must_use]
    pub fn saturating_add_ms(self, ms: i64) -> Self {
        Self::held(self.ms().saturating_add(ms).clamp(Self::MIN.ms(), Self::MAX.ms()))
    }

    /// `self` less `duration`, to the millisecond.
    #[must_use]
    pub fn saturating_sub(self, duration: DurationNs) -> Self {
        let ms = i64::try_from(duration.get().checked_div(1_000_000).unwrap_or_default()).unwrap_or(i64::MAX);
        self.saturating_add_ms(ms.saturating_neg())
    }
}

impl Default for Timestamp {
    /// 1970-01-01T00:00:00Z.
    fn default() -> Self {
        Self::held(0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.ms()).finish()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        let part = |unit: i64, modulo: i64| c.ms.div_euclid(unit).rem_euclid(modulo);
        let (h, m, s, ms) = (part(3_600_000, 24), part(60_000, 60), part(1000, 60), part(1, 1000));
        write!(f, "{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z", c.year, c.month, c.day)
    }
}

impl FromStr for Timestamp {
    type Err = crate::usage::UsageError;

    /// Reads RFC 3339; a finer fraction than milliseconds is cut off.
    ///
    /// A time without `Z` or an offset is `usage.naive_time`: it names no instant.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_rfc3339(text).map_err(|problem| crate::usage::UsageError::NaiveTime {
            path: "at".to_owned(),
            value: crate::error::shorten(text),
            problem,
        })
    }
}

fn parse_rfc3339(text: &str) -> Result<Timestamp, &'static str> {
    const FORM: &str = "not RFC 3339; write `2026-11-01T12:00:00Z`";
    let bytes = text.as_bytes();
    let number = |from: usize, len: usize| -> Result<i64, &'static str> {
        let digits = bytes.get(from..from.saturating_add(len)).ok_or(FORM)?;
        digits.iter().try_fold(0_i64, |n, b| {
            if b.is_ascii_digit() {
                Ok(n.saturating_mul(10).saturating_add(i64::from(b.wrapping_sub(b'0'))))
            } else {
                Err(FORM)
            }
        })
    };
    let expect = |at: usize, any: &[u8]| bytes.get(at).filter(|b| any.contains(b)).map(|_| ()).ok_or(FORM);
    expect(4, b"-")?;
    expect(7, b"-")?;
    expect(10, b"Tt ")?;
    expect(13, b":")?;
    expect(16, b":")?;
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return Err(FORM);
    }
    let mut at = 19_usize;
    let mut ms = 0_i64;
    if bytes.get(at) == Some(&b'.') {
        let digits = bytes.iter().skip(20).take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return Err(FORM);
        }
        let kept = digits.min(3);
        let scale = [1, 100, 10, 1].get(kept).copied().unwrap_or(1);
        ms = number(20, kept)?.saturating_mul(scale);
        at = digits.saturating_add(20);
    }
    let offset_min = match bytes.get(at) {
        None => return Err("has no time zone and names no instant; add `Z` or an offset"),
        Some(b'Z' | b'z') => {
            at = at.saturating_add(1);
            0
        }
        Some(sign @ (b'+' | b'-')) => {
            let hours = number(at.saturating_add(1), 2)?;
            expect(at.saturating_add(3), b":")?;
            let minutes = number(at.saturating_add(4), 2)?;
            if hours > 23 || minutes > 59 {
                return Err(FORM);
            }
            at = at.saturating_add(6);
            let total = hours.saturating_mul(60).saturating_add(minutes);
            if *sign == b'-' { total.saturating_neg() } else { total }
        }
        Some(_) => return Err(FORM),
    };
    if at != bytes.len() {
        return Err(FORM);
    }
    let date = Timestamp::from_date(number(0, 4)?, number(5, 2)?, number(8, 2)?).ok_or("no such date")?;
    let of_day = hour
        .saturating_mul(60)
        .saturating_add(minute)
        .saturating_sub(offset_min)
        .saturating_mul(60)
        .saturating_add(second)
        .saturating_mul(1000)
        .saturating_add(ms);
    date.ms().checked_add(of_day).and_then(Timestamp::from_ms).ok_or("outside the years 1 to 9999")
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A length of time in whole nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DurationNs(u64);

impl DurationNs {
    /// `ns` nanoseconds.
    #[must_use]
    pub const fn new(ns: u64) -> Self {
        Self(ns)
    }

    /// The nanoseconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Milliseconds, rounded half to even to whole nanoseconds; `None` when negative or too long.
    #[must_use]
    pub fn from_ms_decimal(ms: Decimal) -> Option<Self> {
        Self::from_decimal(ms, 1_000_000)
    }

    /// Milliseconds as a float, read by its shortest decimal; `None` for NaN, negative or too long.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "whole numbers below 2^33 are exact"
    )]
    pub fn from_ms_f64(ms: f64) -> Option<Self> {
        // Whole milliseconds up to 99 days: exact without text. Signed, since there is an instruction for that cast.
        let whole = ms as i64;
        if (0..1 << 33).contains(&whole) && (whole as f64).to_bits() == ms.to_bits() {
            return (whole as u64).checked_mul(1_000_000).map(Self);
        }
        Self::from_ms_decimal(crate::money::decimal::from_f64(ms)?)
    }

    /// Hours, rounded half to even to whole nanoseconds; `None` when negative or too long.
    #[must_use]
    pub fn from_hours_decimal(hours: Decimal) -> Option<Self> {
        Self::from_decimal(hours, 3_600_000_000_000)
    }

    fn from_decimal(value: Decimal, ns_per_unit: i128) -> Option<Self> {
        let value = value.normalize();
        if value.is_sign_negative() && !value.is_zero() {
            return None;
        }
        let scaled = value.mantissa().checked_mul(ns_per_unit)?;
        let ns = crate::money::div_half_even(scaled, 10_i128.checked_pow(value.scale())?)?;
        u64::try_from(ns).ok().map(Self)
    }

    /// Exact milliseconds.
    #[must_use]
    pub fn ms(self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.0), 6).normalize()
    }

    /// Milliseconds as the nearest float.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 ns (104 days) both operands are exact")]
    pub fn ms_f64(self) -> f64 {
        if self.0 < 1 << 53 { self.0 as f64 / 1e6 } else { crate::money::decimal::to_f64(self.ms()) }
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// Days from civil and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
// https://howardhinnant.github.io/date_algorithms.html
#[expect(clippy::arithmetic_side_effects, reason = "the years 1 to 9999 are far from the ends of i64")]
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9).rem_euclid(12)) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[expect(clippy::arithmetic_side_effects, reason = "the years 1 to 9999 are far from the ends of i64")]
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// A window of time that repeats, in UTC. Windows are half-open: the end belongs to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// All time.
    Total,
    /// A clock hour.
    Hour,
    /// A calendar day.
    Day,
    /// Monday to Sunday.
    IsoWeek,
    /// A calendar month.
    Month,
    /// Every so many seconds since 1970.
    Every {
        /// The length in seconds, at least 1.
        seconds: u64,
    },
}

impl Window {
    /// The half-open window that holds `at`.
    #[must_use]
    pub fn at(self, at: Timestamp) -> (Timestamp, Timestamp) {
        let aligned = |length_ms: i64, phase_ms: i64| {
            let start = at.ms().saturating_sub(phase_ms).div_euclid(length_ms).saturating_mul(length_ms);
            let start = start.saturating_add(phase_ms);
            (
                Timestamp::held(start.max(Timestamp::MIN.ms())),
                Timestamp::held(start.saturating_add(length_ms).min(Timestamp::MAX.ms())),
            )
        };
        match self {
            Self::Total => (Timestamp::MIN, Timestamp::MAX),
            Self::Hour => aligned(3_600_000, 0),
            Self::Day => aligned(MS_PER_DAY, 0),
            // 1970-01-05 was a Monday.
            Self::IsoWeek => aligned(MS_PER_DAY.saturating_mul(7), MS_PER_DAY.saturating_mul(4)),
            Self::Month => {
                let c = at.civil();
                let start = Timestamp::from_date(c.year, c.month, 1).unwrap_or(Timestamp::MIN);
                let (year, month) = if c.month == 12 {
                    (c.year.saturating_add(1), 1)
                } else {
                    (c.year, c.month.saturating_add(1))
                };
                (start, Timestamp::from_date(year, month, 1).unwrap_or(Timestamp::MAX))
            }
            Self::Every { seconds } => {
                let length = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000).max(1000);
                aligned(length, 0)
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "whole milliseconds below 2^33")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_rfc_3339_and_refuses_the_rest() {
        for (text, expected) in [
            ("2026-11-01T12:00:00Z", "2026-11-01T12:00:00.000Z"),
            ("2026-11-01t12:00:00.1239z", "2026-11-01T12:00:00.123Z"),
            ("2026-11-01 12:00:00.5+05:30", "2026-11-01T06:30:00.500Z"),
            ("2024-02-29T00:00:00-00:30", "2024-02-29T00:30:00.000Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), expected);
        }
        for text in [
            "",
            "2026-11-01",
            "2026-11-01T12:00:00",
            "2025-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-01T12:00:00Zx",
            "é",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap_err().code(), "usage.naive_time", "{text}");
        }
    }

    #[test]
    fn windows_are_calendar_windows() {
        let at: Timestamp = "2026-12-31T23:30:00Z".parse().unwrap();
        let text = |w: Window| {
            let (a, b) = w.at(at);
            format!("{a} {b}")
        };
        assert_eq!(text(Window::Month), "2026-12-01T00:00:00.000Z 2027-01-01T00:00:00.000Z");
        assert_eq!(text(Window::IsoWeek), "2026-12-28T00:00:00.000Z 2027-01-04T00:00:00.000Z");
        assert_eq!(text(Window::Hour), "2026-12-31T23:00:00.000Z 2027-01-01T00:00:00.000Z");
        assert_eq!(text(Window::Every { seconds: 900 }), "2026-12-31T23:30:00.000Z 2026-12-31T23:45:00.000Z");
    }

    #[test]
    fn durations_round_half_to_even_once() {
        let ns = |text: &str| {
            DurationNs::from_ms_decimal(crate::money::decimal::parse(text).unwrap()).map(DurationNs::get)
        };
        assert_eq!(ns("0.0000005"), Some(0));
        assert_eq!(ns("0.0000015"), Some(2));
        assert_eq!(ns("-0.5"), None);
        assert_eq!(DurationNs::from_ms_f64(333.333).unwrap().get(), 333_333_000);
        assert_eq!(DurationNs::from_ms_f64(f64::NAN), None);
        assert_eq!(DurationNs::from_ms_f64(1e300), None);
    }

    proptest! {
        #[test]
        fn instants_round_trip(ms in Timestamp::MIN.ms()..=Timestamp::MAX.ms()) {
            let at = Timestamp::from_ms(ms).unwrap();
            prop_assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
        }

        #[test]
        fn an_instant_lies_in_its_window(ms in 0..Timestamp::MAX.ms(), seconds in 1_u64..10_000_000) {
            let at = Timestamp::from_ms(ms).unwrap();
            for window in [Window::Total, Window::Hour, Window::Day, Window::IsoWeek, Window::Month, Window::Every { seconds }] {
                let (start, end) = window.at(at);
                prop_assert!(start <= at && (at < end || end == Timestamp::MAX));
            }
        }

        #[test]
        fn whole_milliseconds_take_the_short_way(ms in 0_u64..8_589_934_592) {
            let exact = DurationNs::from_ms_decimal(Decimal::from(ms)).unwrap();
            prop_assert_eq!(DurationNs::from_ms_f64(ms as f64).unwrap(), exact);
        }
    }
}

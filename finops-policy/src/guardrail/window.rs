//! Change windows: local wall-clock times of a named zone in which automated change is welcome.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use finops_core::time::Timestamp;

/// How far ahead [`ChangeWindows::next_open`] looks, in minutes: eight days, so that each weekday comes once in full.
pub const HORIZON_MIN: i64 = 11_520;

const MINUTE_MS: i64 = 60_000;
const DAY_MIN: i64 = 1440;

/// Days of the week as they are configured, Monday first: the bit of a day is its place here.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// One window: `start` inclusive, `end` exclusive, on the days on which it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeWindow {
    /// Minutes after local midnight, 0 to 1439.
    start_min: i64,
    /// Minutes after local midnight, 0 to 1440; not after the start: the window crosses midnight.
    end_min: i64,
    /// The days in the configured order; `None` for every day.
    days: Option<Vec<&'static str>>,
    /// Bit `n` is set when the window starts on day `n`, Monday 0.
    day_bits: u8,
}

impl ChangeWindow {
    /// A window from the texts `HH:MM` of its ends and the days on which it starts; `None` for every day.
    ///
    /// # Errors
    /// Says in words for people what is wrong: no `HH:MM`, a start of `24:00`, equal ends, an unknown day or none.
    pub fn new(start: &str, end: &str, days: Option<&[&str]>) -> Result<Self, &'static str> {
        let start_min = minute_of_day(start).filter(|m| *m < DAY_MIN).ok_or("the start is no `HH:MM`")?;
        let end_min = minute_of_day(end).ok_or("the end is no `HH:MM`")?;
        if start_min == end_min {
            return Err("start and end are equal");
        }
        let mut day_bits = 0_u8;
        let mut names = Vec::new();
        for day in days.unwrap_or(&DAYS) {
            let at = DAYS.iter().position(|known| known == day).ok_or("a day is none of mon to sun")?;
            day_bits |= day_bit(i64::try_from(at).unwrap_or_default());
            names.extend(DAYS.get(at));
        }
        if day_bits == 0 {
            return Err("the list of days is empty");
        }
        Ok(Self { start_min, end_min, days: days.map(|_| names), day_bits })
    }

    /// The start as `HH:MM`.
    #[must_use]
    pub fn start(&self) -> String {
        hh_mm(self.start_min)
    }

    /// The end as `HH:MM`, `24:00` for the end of the day.
    #[must_use]
    pub fn end(&self) -> String {
        hh_mm(self.end_min)
    }

    /// The days on which the window starts, as configured; `None` for every day.
    #[must_use]
    pub fn days(&self) -> Option<&[&'static str]> {
        self.days.as_deref()
    }

    const fn starts_on(&self, day: i64) -> bool {
        self.day_bits & day_bit(weekday(day)) != 0
    }

    /// Whether the minute `of_day` of the local day with the number `day` lies inside.
    const fn holds(&self, day: i64, of_day: i64) -> bool {
        if self.start_min < self.end_min {
            self.starts_on(day) && self.start_min <= of_day && of_day < self.end_min
        } else {
            // The part after midnight belongs to the day on which the window started.
            (self.starts_on(day) && self.start_min <= of_day)
                || (self.starts_on(day.saturating_add(6)) && of_day < self.end_min)
        }
    }
}

/// The windows of a configuration with their zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeWindows {
    zone: Tz,
    windows: Vec<ChangeWindow>,
    text: String,
}

impl ChangeWindows {
    /// Windows on the wall clock of `zone`.
    #[must_use]
    pub fn new(zone: Tz, windows: Vec<ChangeWindow>) -> Self {
        let each: Vec<String> = windows
            .iter()
            .map(|w| {
                let days = w.days.as_ref().map(|days| format!(" {}", days.join("/"))).unwrap_or_default();
                format!("{}-{}{days}", w.start(), w.end())
            })
            .collect();
        let text = format!("{} {}", each.join(", "), zone.name());
        Self { zone, windows, text }
    }

    /// The zone whose wall clock counts, and whose days are the days of the daily limit.
    #[must_use]
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The windows as configured.
    #[must_use]
    pub fn windows(&self) -> &[ChangeWindow] {
        &self.windows
    }

    /// The windows as people read them, for example `02:00-06:00 UTC`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of the local day of `at`; equal for two instants exactly when they fall on the same local date.
    #[must_use]
    pub fn local_day(&self, at: Timestamp) -> i64 {
        self.local_minute(at).div_euclid(DAY_MIN)
    }

    /// Whether a window is open at `now`. An hour that occurs twice is open twice, a skipped one never.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.holds(self.local_minute(now))
    }

    /// `now` if a window is open, else the first whole UTC minute at which one is, within [`HORIZON_MIN`].
    #[must_use]
    pub fn next_open(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_open(now) {
            return Some(now);
        }
        let now_min = now.ms().div_euclid(MINUTE_MS);
        let end = now_min.saturating_add(HORIZON_MIN).saturating_add(1);
        let mut from = now_min.saturating_add(1);
        while from < end {
            let offset = self.offset_min(from);
            let until = self.constant_until(from, from.saturating_add(DAY_MIN).min(end), offset);
            let local = self.next_local_open(from.saturating_add(offset))?;
            let opens = local.saturating_sub(offset);
            if opens < until {
                return Timestamp::from_ms(opens.saturating_mul(MINUTE_MS));
            }
            from = until;
        }
        None
    }

    /// The end of the span `from..` of UTC minutes, at most `until`, in which the zone keeps `offset`.
    ///
    /// `until` is at most a day ahead and no zone changes its clock twice within a day, so that comparing the ends of
    /// the span finds every change and halving it finds the minute.
    fn constant_until(&self, from: i64, until: i64, offset: i64) -> i64 {
        let (mut same, mut other) = (from, until.saturating_sub(1));
        if self.offset_min(other) == offset {
            return until;
        }
        while same.saturating_add(1) < other {
            let middle = same.midpoint(other);
            if self.offset_min(middle) == offset {
                same = middle;
            } else {
                other = middle;
            }
        }
        other
    }

    /// The first open minute of the wall clock, from `local` on, were the clock never changed.
    fn next_local_open(&self, local: i64) -> Option<i64> {
        if self.holds(local) {
            return Some(local);
        }
        let today = local.div_euclid(DAY_MIN);
        let starts = self.windows.iter().filter_map(|window| {
            (0..=7)
                .map(|ahead| today.saturating_add(ahead))
                .filter(|day| window.starts_on(*day))
                .map(|day| day.saturating_mul(DAY_MIN).saturating_add(window.start_min))
                .find(|start| *start >= local)
        });
        starts.min()
    }

    fn holds(&self, local: i64) -> bool {
        let (day, of_day) = (local.div_euclid(DAY_MIN), local.rem_euclid(DAY_MIN));
        self.windows.iter().any(|window| window.holds(day, of_day))
    }

    /// Minutes of the local wall clock since 1970, the seconds cut off.
    fn local_minute(&self, at: Timestamp) -> i64 {
        let offset_ms = self.offset_s(at.ms().div_euclid(1000)).saturating_mul(1000);
        at.ms().saturating_add(offset_ms).div_euclid(MINUTE_MS)
    }

    fn offset_min(&self, utc_min: i64) -> i64 {
        self.offset_s(utc_min.saturating_mul(60)).div_euclid(60)
    }

    fn offset_s(&self, utc_s: i64) -> i64 {
        if self.zone == Tz::UTC {
            return 0;
        }
        // A timestamp holds the years 1 to 9999 and the horizon adds days: always a date that the library knows.
        let Some(utc) = DateTime::from_timestamp(utc_s, 0) else { return 0 };
        i64::from(self.zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
    }
}

/// The weekday, Monday 0, of the day with number `day` since 1970; 1970-01-01 was a Thursday.
const fn weekday(day: i64) -> i64 {
    day.saturating_add(3).rem_euclid(7)
}

/// The bit of a weekday, Monday 0.
const fn day_bit(weekday: i64) -> u8 {
    match weekday {
        0 => 1,
        1 => 2,
        2 => 4,
        3 => 8,
        4 => 16,
        5 => 32,
        _ => 64,
    }
}

/// `HH:MM`, `00:00` to `24:00`, as minutes after midnight.
fn minute_of_day(text: &str) -> Option<i64> {
    let [h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let digit = |b: &u8| b.is_ascii_digit().then(|| i64::from(b.saturating_sub(b'0')));
    let pair = |tens: &u8, ones: &u8| Some(digit(tens)?.saturating_mul(10).saturating_add(digit(ones)?));
    let (hours, minutes) = (pair(h1, h2)?, pair(m1, m2)?);
    let of_day = hours.saturating_mul(60).saturating_add(minutes);
    (minutes < 60 && of_day <= DAY_MIN).then_some(of_day)
}

fn hh_mm(of_day: i64) -> String {
    format!("{:02}:{:02}", of_day.div_euclid(60), of_day.rem_euclid(60))
}

/// `at` as `YYYY-MM-DDTHH:MM:SSZ`, a fraction of a second cut off.
#[must_use]
pub fn utc_text(at: Timestamp) -> String {
    let c = at.civil();
    let part = |unit_ms: i64, modulo: i64| c.ms.div_euclid(unit_ms).rem_euclid(modulo);
    let (h, m, s) = (part(3_600_000, 24), part(MINUTE_MS, 60), part(1000, 60));
    format!("{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}Z", c.year, c.month, c.day)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "times within a few years of 2025 do not overflow")]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn windows(zone: &str, list: &[(&str, &str, Option<&[&str]>)]) -> ChangeWindows {
        let each = list.iter().map(|(start, end, days)| ChangeWindow::new(start, end, *days).unwrap());
        ChangeWindows::new(zone.parse().unwrap(), each.collect())
    }

    /// What `next_open` means: every minute looked at.
    fn stepped(windows: &ChangeWindows, now: Timestamp) -> Option<Timestamp> {
        if windows.is_open(now) {
            return Some(now);
        }
        let floor = now.ms().div_euclid(MINUTE_MS);
        (1..=HORIZON_MIN)
            .filter_map(|k| Timestamp::from_ms((floor + k) * MINUTE_MS))
            .find(|minute| windows.is_open(*minute))
    }

    /// The minutes at which `zone` changes its clock from 2020 to 2030.
    fn transitions(zone: &ChangeWindows) -> Vec<i64> {
        let (first, last) = (at("2020-01-01T00:00:00Z").ms(), at("2031-01-01T00:00:00Z").ms());
        let mut found = Vec::new();
        let mut from = first / MINUTE_MS;
        while from < last / MINUTE_MS {
            let to = from + DAY_MIN;
            let until = zone.constant_until(from, to + 1, zone.offset_min(from));
            if until <= to {
                found.push(until);
            }
            from = until.min(to);
        }
        found
    }

    #[test]
    fn next_open_equals_stepping_by_minute_over_all_transitions() {
        let zones = [
            ("Europe/Berlin", 22),
            ("America/New_York", 22),
            ("Australia/Lord_Howe", 22),
            ("America/St_Johns", 22),
            ("Africa/Casablanca", 22),
            ("Asia/Gaza", 20),
            ("Pacific/Apia", 3),
        ];
        for (zone, at_least) in zones {
            let sets = [
                windows(zone, &[("02:00", "06:00", None)]),
                windows(zone, &[("02:15", "02:45", None), ("00:10", "00:20", Some(&["tue"]))]),
                windows(zone, &[("22:30", "01:30", Some(&["sat", "sun"]))]),
                windows(zone, &[("02:29", "02:31", Some(&["sun"]))]),
            ];
            let changes = transitions(&sets[0]);
            assert!(changes.len() >= at_least, "{zone}: {}", changes.len());
            for (n, change) in (0_i64..).zip(&changes) {
                for (k, set) in (0_i64..).zip(&sets) {
                    // Around the change, on both sides, with seconds, and so that it falls at the end of the horizon.
                    for ahead in [-200, -61, -60, -31, -1, 0, 29, 90, -(HORIZON_MIN - 45), -1500 - k] {
                        let second = (n * 7) % 60;
                        let now = Timestamp::from_ms((change + ahead) * MINUTE_MS + second * 1000).unwrap();
                        assert_eq!(set.next_open(now), stepped(set, now), "{zone} {now} {}", set.text());
                    }
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn next_open_equals_stepping_anywhere(
            start in 0_i64..1440, length in 1_i64..1440, bits in 1_u8..128, seconds in 1_577_836_800_i64..1_924_991_000,
            zone in proptest::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Africa/Cairo"]),
        ) {
            let days: Vec<&str> = (0..7).filter(|n| bits >> n & 1 == 1).map(|n| DAYS[n]).collect();
            let end = (start + length) % 1440;
            let set = windows(zone, &[(&hh_mm(start), &hh_mm(end), Some(&days))]);
            let now = Timestamp::from_ms(seconds * 1000).unwrap();
            proptest::prop_assert_eq!(set.next_open(now), stepped(&set, now));
        }
    }

    #[test]
    fn no_zone_changes_its_clock_twice_within_a_day() {
        // What `constant_until` builds on; every zone at steps of eight hours over two years with many rule changes.
        for zone in chrono_tz::TZ_VARIANTS {
            let set = ChangeWindows::new(zone, Vec::new());
            let mut minute = at("2023-01-01T00:00:00Z").ms() / MINUTE_MS;
            let mut last_change = i64::MIN;
            let mut offset = set.offset_min(minute);
            for _ in 0..2190 {
                minute += 480;
                let next = set.offset_min(minute);
                if next != offset {
                    assert!(minute.saturating_sub(last_change) > DAY_MIN + 480, "{}", zone.name());
                    last_change = minute;
                }
                offset = next;
            }
        }
    }

    #[test]
    fn days_are_the_days_of_the_calendar() {
        let monday = windows("UTC", &[("00:00", "24:00", Some(&["mon"]))]);
        assert!(monday.is_open(at("2026-11-23T00:00:00Z")) && monday.is_open(at("2026-11-23T23:59:59.999Z")));
        assert!(!monday.is_open(at("2026-11-22T23:59:59Z")) && !monday.is_open(at("2026-11-24T00:00:00Z")));
    }

    #[test]
    fn the_text_names_times_days_and_zone() {
        let set =
            windows("Europe/Berlin", &[("22:00", "02:00", Some(&["fri", "mon"])), ("13:00", "24:00", None)]);
        assert_eq!(set.text(), "22:00-02:00 fri/mon, 13:00-24:00 Europe/Berlin");
        assert_eq!(windows("UTC", &[]).text(), " UTC");
    }

    #[test]
    fn what_is_no_window_is_refused() {
        let bad: [(&str, &str, Option<&[&str]>); 9] = [
            ("24:00", "06:00", None),
            ("02:00", "02:00", None),
            ("2:00", "06:00", None),
            ("02:00", "24:01", None),
            ("02:60", "06:00", None),
            ("+2:00", "06:00", None),
            ("02:00", "0６:0", None),
            ("02:00", "06:00", Some(&["Monday"])),
            ("02:00", "06:00", Some(&[])),
        ];
        for (start, end, days) in bad {
            assert!(ChangeWindow::new(start, end, days).is_err(), "{start}-{end} {days:?}");
        }
        assert!(ChangeWindow::new("00:00", "24:00", None).is_ok());
    }
}

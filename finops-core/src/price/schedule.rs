//! Which period of a schedule an instant falls in.

use super::table::{Offering, Schedule, Table};
use crate::time::{DurationNs, Timestamp};

const DAY_S: i64 = 86_400;

/// The period in force, and whether its holidays are not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Period {
    /// The string of the period's name.
    pub name: Option<u16>,
    /// The instant lies after the last day that the calendar covers.
    pub holidays_unknown: bool,
}

/// The period that holds for a call of `offering` that ended at `at`.
pub(super) fn period(
    table: &Table,
    offering: &Offering,
    at: Timestamp,
    duration: Option<DurationNs>,
) -> Period {
    for (_, schedule) in table.schedules_of(*offering) {
        let at = if schedule.by_start { at.saturating_sub(duration.unwrap_or_default()) } else { at };
        let second = at.ms().div_euclid(1000);
        let started = i64::from(schedule.from) <= second;
        let ended = schedule.to != 0 && i64::from(schedule.to) <= second;
        if started && !ended && in_window(table, &schedule, second) {
            let local = second.saturating_add(i64::from(schedule.offset_minutes).saturating_mul(60));
            let day = local.div_euclid(DAY_S);
            if !on_weekday(schedule.weekdays, day) {
                continue;
            }
            let Some(calendar) = table.calendar(schedule.calendar) else {
                return Period { name: Some(schedule.period), holidays_unknown: false };
            };
            if table.days(calendar).any(|holiday| i64::from(holiday) == day) {
                continue;
            }
            let holidays_unknown = day > i64::from(calendar.covers_through);
            return Period { name: Some(schedule.period), holidays_unknown };
        }
    }
    Period::default()
}

/// Half-open windows of the UTC day; an end that is not after its start lies on the next day.
fn in_window(table: &Table, schedule: &Schedule, second: i64) -> bool {
    let of_day = second.rem_euclid(DAY_S);
    table.windows(*schedule).any(|(start, end)| {
        let (start, end) = (i64::from(start).saturating_mul(60), i64::from(end).saturating_mul(60));
        if end > start { (start..end).contains(&of_day) } else { of_day >= start || of_day < end }
    })
}

/// No weekday listed is every day.
fn on_weekday(mask: u8, day: i64) -> bool {
    // 1970-01-01 was a Thursday, bit 3.
    let bit = u32::try_from(day.saturating_add(3).rem_euclid(7)).unwrap_or(0);
    mask == 0 || mask.checked_shr(bit).unwrap_or(0) & 1 == 1
}

use super::{
    compile::layout::{BASES, BASIS_SHIFT, NONE, VERIFIED},
    compile::{
        document::{self, When},
        scalar::{day_text, instant_text, minute_text},
        short_id,
    },
    table::{Row as Packed, Table},
};
use crate::{money::decimal, usage::Side};
use std::collections::BTreeMap;

pub use document::{Calendar, Offering, Schedule, Source, When as Conditions};

/// The rates of an offering for a time and a condition; its wire form is its line of the catalogue, with its id.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// The first twelve hexadecimal digits of the line's SHA-256.
    pub id: String,
    /// The line.
    #[serde(flatten)]
    pub price: document::Price,
}

/// The line of a row.
pub(super) fn price_line(table: &Table, provider: &str, model: &str, row: &Packed) -> document::Price {
    let text = |string: u16| (string != NONE).then(|| table.text(string).to_owned());
    let [service_tier, region, speed, period, search_context] = table.condition(row.condition).map(text);
    let basis = row.flags.checked_shr(u32::from(BASIS_SHIFT)).unwrap_or(0) & 3;
    let mut usd_per_mtok = BTreeMap::new();
    let mut usd_per_use = BTreeMap::new();
    for (bucket, rate) in table.rates(row.rates).iter() {
        if bucket.side() == Side::Unit {
            usd_per_use.insert(bucket.name().to_owned(), decimal::text(rate.usd_per_unit()));
        } else {
            usd_per_mtok.insert(bucket.name().to_owned(), decimal::text(rate.usd_per_mtok()));
        }
    }
    document::Price {
        from: instant(row.from),
        from_basis: BASES.get(usize::from(basis)).copied().flatten().map(str::to_owned),
        model: model.to_owned(),
        over: (row.over != 0).then_some(row.over),
        provider: provider.to_owned(),
        src: table.sources_of(*row).map(|[id, ..]| table.text(id).to_owned()).collect(),
        to: instant(row.to),
        usd_per_mtok,
        usd_per_use,
        verified: row.flags & VERIFIED != 0,
        when: When { service_tier, region, speed, period, search_context },
    }
}

impl Row {
    pub(super) fn new(price: document::Price) -> Self {
        Self { id: short_id(&document::Line::Price(price.clone()).text()), price }
    }
}

/// The text of a second; 0 is an open end.
pub(super) fn instant(second: u32) -> Option<String> {
    (second != 0).then(|| instant_text(second))
}

/// The line of a schedule, its models left out.
pub(super) fn schedule_line(table: &Table, provider: &str, schedule: &super::table::Schedule) -> Schedule {
    let weekdays = (1..=7_u8).filter(|day| {
        let bit = u32::from(*day).saturating_sub(1);
        schedule.weekdays.checked_shr(bit).unwrap_or(0) & 1 == 1
    });
    let windows = table.windows(*schedule).map(|(start, end)| [minute_text(start), minute_text(end)]);
    Schedule {
        day_offset_minutes: schedule.offset_minutes,
        decided_by: if schedule.by_start { "start" } else { "completion" }.to_owned(),
        from: instant(schedule.from),
        holidays: table.calendar(schedule.calendar).map(|calendar| table.text(calendar.id).to_owned()),
        models: Vec::new(),
        period: table.text(schedule.period).to_owned(),
        provider: provider.to_owned(),
        to: instant(schedule.to),
        utc_windows: windows.collect(),
        weekdays: weekdays.collect(),
    }
}

/// The line of a calendar.
pub(super) fn calendar_line(table: &Table, calendar: &super::table::Calendar) -> Calendar {
    Calendar {
        covers_through: day_text(calendar.covers_through),
        dates: table.days(*calendar).map(day_text).collect(),
        id: table.text(calendar.id).to_owned(),
        src: table.text(calendar.source).to_owned(),
    }
}

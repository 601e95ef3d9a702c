//! Reads the compiled table in place. No allocation, no parsing; a damaged table reads as empty, never as a panic.

use super::compile::layout::{
    self, ALIAS, CALENDAR, CANDIDATE, CONDITION, FIRST_PARTY, HEADER, MAGIC, NAME, NONE, OFFERING, RETIRED,
    ROW, SCHEDULE, SOURCE, Section,
};
use crate::{money::Rate, usage::Bucket};
use std::borrow::Cow;

/// A compiled catalogue, cut into its sections: borrowed from the binary, or owned.
#[derive(Debug)]
pub(crate) struct Table {
    text: Cow<'static, [u8]>,
    ends: Records<4>,
    providers: Records<2>,
    offerings: Records<OFFERING>,
    rows: Records<ROW>,
    conditions: Records<CONDITION>,
    rates: Cow<'static, [u8]>,
    source_lists: Records<2>,
    sources: Records<SOURCE>,
    schedules: Records<SCHEDULE>,
    schedule_refs: Records<2>,
    windows: Records<4>,
    calendars: Records<CALENDAR>,
    days: Records<2>,
    names: Records<NAME>,
    candidates: Records<CANDIDATE>,
    slots: Records<4>,
    identity: Records<2>,
}

/// Records of one length each.
type Records<const N: usize> = Cow<'static, [[u8; N]]>;

/// A model of a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offering {
    pub provider: u8,
    pub first_party: bool,
    pub retired: bool,
    pub model: u16,
    pub first_row: u32,
    pub rows: u16,
    pub first_schedule: u16,
    pub schedules: u16,
    pub cache_min_tokens: u16,
}

/// A price; `over` and `to` are 0 where there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub from: u32,
    pub to: u32,
    pub over: u32,
    pub rates: u32,
    pub sources: u16,
    pub condition: u16,
    pub flags: u8,
}

/// Who sells under a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub offering: u16,
    pub provider: u8,
    pub alias: bool,
}

/// A name under which something is sold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameEntry {
    pub text: u16,
    pub candidates: u16,
    pub first_candidate: u32,
    /// Who is meant without a provider; [`NONE`] when that is ambiguous.
    pub default: u16,
    /// Whether several sell it at the same price.
    pub several: bool,
}

/// When a period holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub from: u32,
    pub to: u32,
    pub period: u16,
    pub offset_minutes: i16,
    pub calendar: u16,
    pub first_window: u16,
    pub windows: u8,
    pub weekdays: u8,
    pub by_start: bool,
}

/// Public holidays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    pub id: u16,
    pub source: u16,
    pub covers_through: u16,
    pub first_day: u16,
    pub days: u16,
}

/// The rates of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateSet<'a> {
    mask: u32,
    rates: &'a [[u8; 8]],
}

impl RateSet<'_> {
    /// The rate of `bucket`.
    #[inline]
    pub fn get(&self, bucket: Bucket) -> Option<Rate> {
        let bit = 1_u32.checked_shl(bucket as u32)?;
        if self.mask & bit == 0 {
            return None;
        }
        let before = (self.mask & bit.wrapping_sub(1)).count_ones();
        let bytes = self.rates.get(usize::try_from(before).ok()?)?;
        Some(Rate::from_femtodollars(i64::from_le_bytes(*bytes)))
    }

    /// Every bucket that has a rate.
    pub fn iter(self) -> impl Iterator<Item = (Bucket, Rate)> {
        Bucket::ALL.iter().filter_map(move |bucket| Some((*bucket, self.get(*bucket)?)))
    }
}

impl Table {
    /// A table that is compiled in.
    ///
    /// # Panics
    /// While compiling, when the bytes are no table.
    pub(super) const fn from_static(bytes: &'static [u8]) -> Self {
        assert!(bytes.len() >= HEADER, "a price table is longer than its header");
        Self {
            text: Cow::Borrowed(cut(bytes, Section::Text)),
            ends: records(bytes, Section::Ends),
            providers: records(bytes, Section::Providers),
            offerings: records(bytes, Section::Offerings),
            rows: records(bytes, Section::Rows),
            conditions: records(bytes, Section::Conditions),
            rates: Cow::Borrowed(cut(bytes, Section::Rates)),
            source_lists: records(bytes, Section::SourceLists),
            sources: records(bytes, Section::Sources),
            schedules: records(bytes, Section::Schedules),
            schedule_refs: records(bytes, Section::ScheduleRefs),
            windows: records(bytes, Section::Windows),
            calendars: records(bytes, Section::Calendars),
            days: records(bytes, Section::Days),
            names: records(bytes, Section::Names),
            candidates: records(bytes, Section::Candidates),
            slots: records(bytes, Section::Slots),
            identity: records(bytes, Section::Identity),
        }
    }

    /// A table made by [`compile`](super::compile::compile).
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        fn owned<const N: usize>(bytes: &[u8], section: Section) -> Records<N> {
            Cow::Owned(cut(bytes, section).as_chunks::<N>().0.to_vec())
        }
        Self {
            text: Cow::Owned(cut(bytes, Section::Text).to_vec()),
            ends: owned(bytes, Section::Ends),
            providers: owned(bytes, Section::Providers),
            offerings: owned(bytes, Section::Offerings),
            rows: owned(bytes, Section::Rows),
            conditions: owned(bytes, Section::Conditions),
            rates: Cow::Owned(cut(bytes, Section::Rates).to_vec()),
            source_lists: owned(bytes, Section::SourceLists),
            sources: owned(bytes, Section::Sources),
            schedules: owned(bytes, Section::Schedules),
            schedule_refs: owned(bytes, Section::ScheduleRefs),
            windows: owned(bytes, Section::Windows),
            calendars: owned(bytes, Section::Calendars),
            days: owned(bytes, Section::Days),
            names: owned(bytes, Section::Names),
            candidates: owned(bytes, Section::Candidates),
            slots: owned(bytes, Section::Slots),
            identity: owned(bytes, Section::Identity),
        }
    }

    /// The bytes of a string.
    #[inline]
    pub fn text_bytes(&self, string: u16) -> &[u8] {
        slice(&self.text, self.text_bounds(string))
    }

    #[inline]
    fn text_bounds(&self, string: u16) -> (u32, u32) {
        let ends = &self.ends;
        let index = usize::from(string);
        let end = ends.get(index).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let start =
            index.checked_sub(1).and_then(|i| ends.get(i)).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        (start, end.saturating_sub(start))
    }

    /// A string.
    pub fn text(&self, string: u16) -> &str {
        std::str::from_utf8(self.text_bytes(string)).unwrap_or_default()
    }

    /// A string that is compiled in; `None` in a catalogue that was read at run time.
    pub fn static_text(&self, string: u16) -> Option<&'static str> {
        let Cow::Borrowed(all) = self.text else { return None };
        let text = slice(all, self.text_bounds(string));
        std::str::from_utf8(text).ok()
    }

    /// The id and the date of the catalogue, as strings.
    pub fn identity(&self) -> (u16, u16) {
        (u16_at(&self.identity, 0).unwrap_or(0), u16_at(&self.identity, 1).unwrap_or(0))
    }

    /// How many offerings there are.
    pub fn offering_count(&self) -> usize {
        self.offerings.len()
    }

    /// An offering.
    #[inline]
    pub fn offering(&self, index: u16) -> Option<Offering> {
        let [provider, flags, m0, m1, r0, r1, r2, r3, n0, n1, s0, s1, c0, c1, k0, k1] =
            *self.offerings.get(usize::from(index))?;
        Some(Offering {
            provider,
            first_party: flags & FIRST_PARTY != 0,
            retired: flags & RETIRED != 0,
            model: u16::from_le_bytes([m0, m1]),
            first_row: u32::from_le_bytes([r0, r1, r2, r3]),
            rows: u16::from_le_bytes([n0, n1]),
            first_schedule: u16::from_le_bytes([s0, s1]),
            schedules: u16::from_le_bytes([c0, c1]),
            cache_min_tokens: u16::from_le_bytes([k0, k1]),
        })
    }

    /// The rows of an offering, by condition, `over` and `from`.
    #[inline]
    pub fn rows_of(&self, offering: Offering) -> impl Iterator<Item = Row> + Clone {
        let rows = &self.rows;
        let start = usize::try_from(offering.first_row).unwrap_or(usize::MAX);
        let rest = rows.get(start..).unwrap_or_default();
        rest.get(..usize::from(offering.rows)).unwrap_or_default().iter().map(read_row)
    }

    /// A row.
    pub fn row(&self, index: u32) -> Option<Row> {
        self.rows.get(usize::try_from(index).ok()?).map(read_row)
    }

    /// The five strings of a condition: tier, region, speed, period, search context.
    pub fn condition(&self, index: u16) -> [u16; 5] {
        let Some([a, b, c, d, e, f, g, h, i, j]) = self.conditions.get(usize::from(index)) else {
            return [NONE; 5];
        };
        [[*a, *b], [*c, *d], [*e, *f], [*g, *h], [*i, *j]].map(u16::from_le_bytes)
    }

    /// The rates of a row.
    #[inline]
    pub fn rates(&self, offset: u32) -> RateSet<'_> {
        let empty = RateSet { mask: 0, rates: &[] };
        let rest = usize::try_from(offset).ok().and_then(|offset| self.rates.get(offset..));
        let Some((mask, rates)) = rest.and_then(|rest| rest.split_first_chunk::<4>()) else { return empty };
        RateSet { mask: u32::from_le_bytes(*mask), rates: rates.as_chunks::<8>().0 }
    }

    /// The sources that a row cites: id, url, origin, licence, date of retrieval.
    pub fn sources_of(&self, row: Row) -> impl Iterator<Item = [u16; 5]> {
        let start = usize::from(row.sources);
        let count = u16_at(&self.source_lists, start).unwrap_or(0);
        let list = self.source_lists.iter().skip(start.saturating_add(1));
        list.take(usize::from(count)).filter_map(|bytes| self.source(u16::from_le_bytes(*bytes)))
    }

    /// A source.
    pub fn source(&self, index: u16) -> Option<[u16; 5]> {
        let [a, b, c, d, e, f, g, h, i, j] = *self.sources.get(usize::from(index))?;
        Some([[a, b], [c, d], [e, f], [g, h], [i, j]].map(u16::from_le_bytes))
    }

    /// The string of a provider's name.
    pub fn provider(&self, index: u8) -> u16 {
        u16_at(&self.providers, usize::from(index)).unwrap_or(0)
    }

    /// The provider of that name, in lower case.
    pub fn provider_index(&self, name: &str) -> Option<u8> {
        let providers = &self.providers;
        let found = providers
            .binary_search_by(|bytes| self.text_bytes(u16::from_le_bytes(*bytes)).cmp(name.as_bytes()))
            .ok()?;
        u8::try_from(found).ok()
    }

    /// All names of offerings, sorted.
    pub fn names(&self) -> impl Iterator<Item = NameEntry> {
        self.names.iter().map(read_name)
    }

    /// The names that equal `name` in ASCII lower case, each with whether it equals it exactly.
    #[inline]
    pub fn lookup<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = (NameEntry, bool)> + 'a {
        let slots = &self.slots;
        let names = &self.names;
        let (mut at, tag) = layout::slot_of(super::hash::hash(name), slots.len());
        // The table is at most half full; the count only bounds a damaged one.
        let mut left = slots.len();
        std::iter::from_fn(move || {
            while left > 0 {
                left = left.saturating_sub(1);
                let slot = u32::from_le_bytes(*slots.get(at)?);
                if slot == 0 {
                    return None;
                }
                at = layout::next_slot(at, slots.len());
                if slot & 0xffff_0000 == tag {
                    let index = usize::try_from(slot & 0xffff).ok()?.checked_sub(1)?;
                    let entry = read_name(names.get(index)?);
                    let text = self.text_bytes(entry.text);
                    if text == name {
                        return Some((entry, true));
                    }
                    if text.eq_ignore_ascii_case(name) {
                        return Some((entry, false));
                    }
                }
            }
            None
        })
    }

    /// How many slots the hash table has.
    #[cfg(test)]
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// Who sells under a name, by provider.
    #[inline]
    pub fn candidates(&self, name: NameEntry) -> impl Iterator<Item = Candidate> + Clone {
        let all = &self.candidates;
        let start = usize::try_from(name.first_candidate).unwrap_or(usize::MAX);
        let rest = all.get(start..).unwrap_or_default();
        rest.get(..usize::from(name.candidates)).unwrap_or_default().iter().map(
            |[o0, o1, provider, flags]| Candidate {
                offering: u16::from_le_bytes([*o0, *o1]),
                provider: *provider,
                alias: flags & ALIAS != 0,
            },
        )
    }

    /// The schedules of an offering, with their indices.
    pub fn schedules_of(&self, offering: Offering) -> impl Iterator<Item = (u16, Schedule)> {
        let refs = self.schedule_refs.iter().skip(usize::from(offering.first_schedule));
        refs.take(usize::from(offering.schedules)).filter_map(|bytes| {
            let index = u16::from_le_bytes(*bytes);
            Some((index, self.schedule(index)?))
        })
    }

    /// A schedule.
    pub fn schedule(&self, index: u16) -> Option<Schedule> {
        let [f0, f1, f2, f3, t0, t1, t2, t3, p0, p1, o0, o1, c0, c1, w0, w1, windows, weekdays, by_start, _] =
            *self.schedules.get(usize::from(index))?;
        Some(Schedule {
            from: u32::from_le_bytes([f0, f1, f2, f3]),
            to: u32::from_le_bytes([t0, t1, t2, t3]),
            period: u16::from_le_bytes([p0, p1]),
            offset_minutes: i16::from_le_bytes([o0, o1]),
            calendar: u16::from_le_bytes([c0, c1]),
            first_window: u16::from_le_bytes([w0, w1]),
            windows,
            weekdays,
            by_start: by_start != 0,
        })
    }

    /// The windows of a schedule in minutes of the UTC day.
    pub fn windows(&self, schedule: Schedule) -> impl Iterator<Item = (u16, u16)> {
        let all = self.windows.iter().skip(usize::from(schedule.first_window));
        all.take(usize::from(schedule.windows))
            .map(|[a, b, c, d]| (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d])))
    }

    /// A calendar.
    pub fn calendar(&self, index: u16) -> Option<Calendar> {
        let [a, b, c, d, e, f, g, h, i, j] = *self.calendars.get(usize::from(index))?;
        let [id, source, covers_through, first_day, days] =
            [[a, b], [c, d], [e, f], [g, h], [i, j]].map(u16::from_le_bytes);
        Some(Calendar { id, source, covers_through, first_day, days })
    }

    /// The days of a calendar, in order, since 1970.
    pub fn days(&self, calendar: Calendar) -> impl Iterator<Item = u16> {
        let all = self.days.iter().skip(usize::from(calendar.first_day));
        all.take(usize::from(calendar.days)).map(|bytes| u16::from_le_bytes(*bytes))
    }
}

#[inline]
fn read_row(bytes: &[u8; ROW]) -> Row {
    let [f0, f1, f2, f3, t0, t1, t2, t3, o0, o1, o2, o3, r0, r1, r2, r3, s0, s1, c0, c1, flags, ..] = *bytes;
    Row {
        from: u32::from_le_bytes([f0, f1, f2, f3]),
        to: u32::from_le_bytes([t0, t1, t2, t3]),
        over: u32::from_le_bytes([o0, o1, o2, o3]),
        rates: u32::from_le_bytes([r0, r1, r2, r3]),
        sources: u16::from_le_bytes([s0, s1]),
        condition: u16::from_le_bytes([c0, c1]),
        flags,
    }
}

#[inline]
fn read_name(bytes: &[u8; NAME]) -> NameEntry {
    let [t0, t1, n0, n1, c0, c1, c2, c3, d0, d1, several, _] = *bytes;
    NameEntry {
        text: u16::from_le_bytes([t0, t1]),
        candidates: u16::from_le_bytes([n0, n1]),
        first_candidate: u32::from_le_bytes([c0, c1, c2, c3]),
        default: u16::from_le_bytes([d0, d1]),
        several: several != 0,
    }
}

#[inline]
fn slice(bytes: &[u8], (offset, length): (u32, u32)) -> &[u8] {
    let (Ok(offset), Ok(length)) = (usize::try_from(offset), usize::try_from(length)) else { return &[] };
    bytes.get(offset..).and_then(|rest| rest.get(..length)).unwrap_or_default()
}

fn u16_at(all: &[[u8; 2]], index: usize) -> Option<u16> {
    all.get(index).map(|bytes| u16::from_le_bytes(*bytes))
}

const fn records<const N: usize>(bytes: &'static [u8], section: Section) -> Records<N> {
    Cow::Borrowed(cut(bytes, section).as_chunks::<N>().0)
}

/// The bytes of a section; empty when they are not there.
const fn cut(bytes: &[u8], section: Section) -> &[u8] {
    let at = MAGIC.len().saturating_add((section as usize).saturating_mul(8));
    let Some((_, header)) = bytes.split_at_checked(at) else { return &[] };
    let Some((bounds, _)) = header.split_first_chunk::<8>() else { return &[] };
    let [o0, o1, o2, o3, l0, l1, l2, l3] = *bounds;
    // A table has less than 2^32 bytes, so both numbers fit where it does.
    let (offset, length) = (u32::from_le_bytes([o0, o1, o2, o3]), u32::from_le_bytes([l0, l1, l2, l3]));
    let Some((_, rest)) = bytes.split_at_checked(offset as usize) else { return &[] };
    let Some((section, _)) = rest.split_at_checked(length as usize) else { return &[] };
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_buckets() {
        let names: Vec<&str> = Bucket::ALL.iter().map(|bucket| bucket.name()).collect();
        assert_eq!(names, layout::COLUMNS);
        assert_eq!(Bucket::ALL[layout::FIRST_UNIT], Bucket::web_search);
    }

    #[test]
    fn a_damaged_table_reads_as_empty() {
        for bytes in
            [vec![], b"FOPRICE1".to_vec(), vec![0xff; HEADER], [MAGIC.to_vec(), vec![0xff; 400]].concat()]
        {
            let table = Table::from_bytes(&bytes);
            assert_eq!(table.offering_count(), 0);
            assert!(table.offering(0).is_none());
            assert_eq!(table.lookup(b"gpt-4o").count(), 0);
            assert_eq!(table.text(7), "");
        }
    }
}

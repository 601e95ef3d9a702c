//! Reads the compiled table in place. No allocation, no parsing; a damaged table reads as empty, never as a panic.

use super::compile::layout::{
    self, ALIAS, CALENDAR, CANDIDATE, CONDITION, FIRST_PARTY, HEADER, MAGIC, NAME, NONE, OFFERING, RETIRED, ROW,
    SCHEDULE, SECTIONS, SOURCE, Section,
};
use crate::{money::Rate, usage::Bucket};

/// A compiled catalogue and where its sections begin.
#[derive(Debug)]
pub(crate) struct Table {
    bytes: Bytes,
    sections: [(u32, u32); SECTIONS],
}

#[derive(Debug)]
enum Bytes {
    Static(&'static [u8]),
    Owned(Vec<u8>),
}

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
        Self { sections: sections(bytes), bytes: Bytes::Static(bytes) }
    }

    /// A table made by [`compile`](super::compile::compile).
    pub(super) fn from_vec(bytes: Vec<u8>) -> Self {
        let sections = if bytes.len() >= HEADER && bytes.starts_with(&MAGIC) {
            sections(&bytes)
        } else {
            [(0, 0); SECTIONS]
        };
        Self { sections, bytes: Bytes::Owned(bytes) }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Static(bytes) => bytes,
            Bytes::Owned(bytes) => bytes,
        }
    }

    #[inline]
    fn section(&self, section: Section) -> &[u8] {
        slice(self.bytes(), self.bounds(section))
    }

    #[inline]
    const fn bounds(&self, section: Section) -> (u32, u32) {
        #[expect(clippy::indexing_slicing, reason = "a section is a valid index of the sections")]
        self.sections[section as usize]
    }

    #[inline]
    fn records<const N: usize>(&self, section: Section) -> &[[u8; N]] {
        self.section(section).as_chunks::<N>().0
    }

    fn u16(&self, section: Section, index: usize) -> Option<u16> {
        self.records::<2>(section).get(index).map(|bytes| u16::from_le_bytes(*bytes))
    }

    /// The bytes of a string.
    #[inline]
    pub fn text_bytes(&self, string: u16) -> &[u8] {
        slice(self.section(Section::Text), self.text_bounds(string))
    }

    #[inline]
    fn text_bounds(&self, string: u16) -> (u32, u32) {
        let ends = self.records::<4>(Section::Ends);
        let index = usize::from(string);
        let end = ends.get(index).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let start = index.checked_sub(1).and_then(|i| ends.get(i)).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        (start, end.saturating_sub(start))
    }

    /// A string.
    pub fn text(&self, string: u16) -> &str {
        std::str::from_utf8(self.text_bytes(string)).unwrap_or_default()
    }

    /// A string that is compiled in; `None` in a catalogue that was read at run time.
    pub fn static_text(&self, string: u16) -> Option<&'static str> {
        let Bytes::Static(bytes) = self.bytes else { return None };
        let text = slice(slice(bytes, self.bounds(Section::Text)), self.text_bounds(string));
        std::str::from_utf8(text).ok()
    }

    /// The id and the date of the catalogue, as strings.
    pub fn identity(&self) -> (u16, u16) {
        (self.u16(Section::Identity, 0).unwrap_or(0), self.u16(Section::Identity, 1).unwrap_or(0))
    }

    /// How many offerings there are.
    pub fn offering_count(&self) -> usize {
        self.records::<OFFERING>(Section::Offerings).len()
    }

    /// An offering.
    #[inline]
    pub fn offering(&self, index: u16) -> Option<Offering> {
        let [provider, flags, m0, m1, r0, r1, r2, r3, n0, n1, s0, s1, c0, c1, k0, k1] =
            *self.records::<OFFERING>(Section::Offerings).get(usize::from(index))?;
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
        let rows = self.records::<ROW>(Section::Rows);
        let start = usize::try_from(offering.first_row).unwrap_or(usize::MAX);
        let rest = rows.get(start..).unwrap_or_default();
        rest.get(..usize::from(offering.rows)).unwrap_or_default().iter().map(read_row)
    }

    /// A row.
    pub fn row(&self, index: u32) -> Option<Row> {
        self.records::<ROW>(Section::Rows).get(usize::try_from(index).ok()?).map(read_row)
    }

    /// The five strings of a condition: tier, region, speed, period, search context.
    pub fn condition(&self, index: u16) -> [u16; 5] {
        let Some([a, b, c, d, e, f, g, h, i, j]) =
            self.records::<CONDITION>(Section::Conditions).get(usize::from(index))
        else {
            return [NONE; 5];
        };
        [[*a, *b], [*c, *d], [*e, *f], [*g, *h], [*i, *j]].map(u16::from_le_bytes)
    }

    /// The rates of a row.
    #[inline]
    pub fn rates(&self, offset: u32) -> RateSet<'_> {
        let empty = RateSet { mask: 0, rates: &[] };
        let rest = usize::try_from(offset).ok().and_then(|offset| self.section(Section::Rates).get(offset..));
        let Some((mask, rates)) = rest.and_then(|rest| rest.split_first_chunk::<4>()) else { return empty };
        RateSet { mask: u32::from_le_bytes(*mask), rates: rates.as_chunks::<8>().0 }
    }

    /// The sources that a row cites: id, url, origin, licence, date of retrieval.
    pub fn sources_of(&self, row: Row) -> impl Iterator<Item = [u16; 5]> {
        let start = usize::from(row.sources);
        let count = self.u16(Section::SourceLists, start).unwrap_or(0);
        let list = self.records::<2>(Section::SourceLists).iter().skip(start.saturating_add(1));
        list.take(usize::from(count)).filter_map(|bytes| self.source(u16::from_le_bytes(*bytes)))
    }

    /// A source.
    pub fn source(&self, index: u16) -> Option<[u16; 5]> {
        let [a, b, c, d, e, f, g, h, i, j] =
            *self.records::<SOURCE>(Section::Sources).get(usize::from(index))?;
        Some([[a, b], [c, d], [e, f], [g, h], [i, j]].map(u16::from_le_bytes))
    }

    /// The string of a provider's name.
    pub fn provider(&self, index: u8) -> u16 {
        self.u16(Section::Providers, usize::from(index)).unwrap_or(0)
    }

    /// The provider of that name, in lower case.
    pub fn provider_index(&self, name: &str) -> Option<u8> {
        let providers = self.records::<2>(Section::Providers);
        let found = providers
            .binary_search_by(|bytes| self.text_bytes(u16::from_le_bytes(*bytes)).cmp(name.as_bytes()))
            .ok()?;
        u8::try_from(found).ok()
    }

    /// All names of offerings, sorted.
    pub fn names(&self) -> impl Iterator<Item = NameEntry> {
        self.records::<NAME>(Section::Names).iter().map(read_name)
    }

    /// The names that equal `name` in ASCII lower case, each with whether it equals it exactly.
    #[inline]
    pub fn lookup<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = (NameEntry, bool)> + 'a {
        let slots = self.records::<4>(Section::Slots);
        let names = self.records::<NAME>(Section::Names);
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

    /// Who sells under a name, by provider.
    #[inline]
    pub fn candidates(&self, name: NameEntry) -> impl Iterator<Item = Candidate> + Clone {
        let all = self.records::<CANDIDATE>(Section::Candidates);
        let start = usize::try_from(name.first_candidate).unwrap_or(usize::MAX);
        let rest = all.get(start..).unwrap_or_default();
        rest.get(..usize::from(name.candidates)).unwrap_or_default().iter().map(|[o0, o1, provider, flags]| {
            Candidate { offering: u16::from_le_bytes([*o0, *o1]), provider: *provider, alias: flags & ALIAS != 0 }
        })
    }

    /// The schedules of an offering, with their indices.
    pub fn schedules_of(&self, offering: Offering) -> impl Iterator<Item = (u16, Schedule)> {
        let refs = self.records::<2>(Section::ScheduleRefs).iter().skip(usize::from(offering.first_schedule));
        refs.take(usize::from(offering.schedules)).filter_map(|bytes| {
            let index = u16::from_le_bytes(*bytes);
            Some((index, self.schedule(index)?))
        })
    }

    /// A schedule.
    pub fn schedule(&self, index: u16) -> Option<Schedule> {
        let [f0, f1, f2, f3, t0, t1, t2, t3, p0, p1, o0, o1, c0, c1, w0, w1, windows, weekdays, by_start, _] =
            *self.records::<SCHEDULE>(Section::Schedules).get(usize::from(index))?;
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
        let all = self.records::<4>(Section::Windows).iter().skip(usize::from(schedule.first_window));
        all.take(usize::from(schedule.windows))
            .map(|[a, b, c, d]| (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d])))
    }

    /// A calendar.
    pub fn calendar(&self, index: u16) -> Option<Calendar> {
        let [a, b, c, d, e, f, g, h, i, j] =
            *self.records::<CALENDAR>(Section::Calendars).get(usize::from(index))?;
        let [id, source, covers_through, first_day, days] =
            [[a, b], [c, d], [e, f], [g, h], [i, j]].map(u16::from_le_bytes);
        Some(Calendar { id, source, covers_through, first_day, days })
    }

    /// The days of a calendar, in order, since 1970.
    pub fn days(&self, calendar: Calendar) -> impl Iterator<Item = u16> {
        let all = self.records::<2>(Section::Days).iter().skip(usize::from(calendar.first_day));
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

/// The (offset, length) pairs of the header.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the callers checked that the bytes hold a header; a mistake in the built-in table stops the build"
)]
const fn sections(bytes: &[u8]) -> [(u32, u32); SECTIONS] {
    let mut all = [(0, 0); SECTIONS];
    let mut section = 0;
    while section < SECTIONS {
        let at = MAGIC.len() + section * 8;
        all[section] = (
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]),
            u32::from_le_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]),
        );
        section += 1;
    }
    all
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
        for bytes in [vec![], b"FOPRICE1".to_vec(), vec![0xff; HEADER], [MAGIC.to_vec(), vec![0xff; 400]].concat()] {
            let table = Table::from_vec(bytes);
            assert_eq!(table.offering_count(), 0);
            assert!(table.offering(0).is_none());
            assert_eq!(table.lookup(b"gpt-4o").count(), 0);
            assert_eq!(table.text(7), "");
        }
    }
}

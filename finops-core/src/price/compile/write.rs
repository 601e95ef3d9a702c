//! Lays a document out as a table.

use super::{
    Document, Problem,
    document::{Offering, Price, Schedule, interval, rate_of},
    layout::{
        ALIAS, BASES, BASIS_SHIFT, FIRST_PARTY, HEADER, MAGIC, NONE, PROVIDERS, RETIRED, SECTIONS, Section,
        VERIFIED,
    },
    scalar,
};
use crate::price::hash::hash;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Compiles `document`; its id is that of `text`.
pub fn write(document: &Document, text: &str) -> Result<Vec<u8>, Problem> {
    let mut table = Table::default();
    table.string("").map_err(|text| Problem::new(0, text))?;
    let offerings = offerings(document)?;
    table.sources(document)?;
    table.calendars(document)?;
    table.conditions.insert([NONE; 5], 0);
    table.put(Section::Conditions, &[0xff; 10]);
    let providers: BTreeSet<&str> =
        PROVIDERS.into_iter().chain(offerings.keys().map(|(provider, _)| *provider)).collect();
    let providers: Vec<&str> = providers.into_iter().collect();
    if providers.len() > usize::from(u8::MAX) {
        return Err(Problem::new(0, "more than 255 providers"));
    }
    for provider in &providers {
        let string = table.string(provider).map_err(|text| Problem::new(0, text))?;
        table.put(Section::Providers, &string.to_le_bytes());
    }
    let schedules = table.schedules(document, &offerings)?;
    let prices = prices(document, &offerings)?;
    let mut names = Names::default();
    for (index, (&(provider, model), &(line, offering))) in offerings.iter().enumerate() {
        let rows = prices.get(&(provider, model)).map_or(&[][..], Vec::as_slice);
        let at_line = |text: String| Problem::new(line, text);
        let provider = providers.binary_search(&provider).ok().and_then(|i| u8::try_from(i).ok());
        let provider = provider.ok_or_else(|| at_line("too many providers".to_owned()))?;
        let index = number(index, "offerings").map_err(at_line)?;
        let current =
            table.offering(offering, provider, rows, schedules.get(&(provider_of(offering), model)))?;
        names.add(offering, index, provider, current).map_err(at_line)?;
    }
    table.names(&names).map_err(|text| Problem::new(0, text))?;
    table.identity(document, text).map_err(|text| Problem::new(0, text))?;
    table.finish().map_err(|text| Problem::new(0, text))
}

type Key<'a> = (&'a str, &'a str);

/// The rows of each offering, with their lines.
type Prices<'a> = BTreeMap<Key<'a>, Vec<(usize, &'a Price)>>;

fn provider_of(offering: &Offering) -> &str {
    &offering.provider
}

fn number<T: TryFrom<usize>>(count: usize, what: &str) -> Result<T, String> {
    T::try_from(count).map_err(|_| format!("too many {what}"))
}

fn index16(count: usize, what: &str) -> Result<u16, String> {
    number::<u16>(count, what).and_then(|n| if n == NONE { Err(format!("too many {what}")) } else { Ok(n) })
}

fn offerings(document: &Document) -> Result<BTreeMap<Key<'_>, (usize, &Offering)>, Problem> {
    let mut all = BTreeMap::new();
    for (line, offering) in &document.offerings {
        let key = (offering.provider.as_str(), offering.model.as_str());
        if all.insert(key, (*line, offering)).is_some() {
            return Err(Problem::new(*line, format!("`{}` of `{}` is offered twice", key.1, key.0)));
        }
    }
    Ok(all)
}

/// The rows of each offering by condition, `over`, `from`; verified ones first.
fn prices<'a>(
    document: &'a Document,
    offerings: &BTreeMap<Key<'_>, (usize, &Offering)>,
) -> Result<Prices<'a>, Problem> {
    let mut all = Prices::new();
    for (line, price) in &document.prices {
        let key = (price.provider.as_str(), price.model.as_str());
        if !offerings.contains_key(&key) {
            return Err(Problem::new(*line, format!("`{}` of `{}` is priced but not offered", key.1, key.0)));
        }
        all.entry(key).or_default().push((*line, price));
    }
    for rows in all.values_mut() {
        let key = |price: &'a Price| (&price.when, price.over, &price.from, !price.verified);
        rows.sort_by(|(_, a), (_, b)| key(a).cmp(&key(b)));
        if let Some([_, (line, _)]) = rows.array_windows().find(|[(_, a), (_, b)]| key(a) == key(b)) {
            return Err(Problem::new(*line, "a second price for the same condition and instant"));
        }
    }
    Ok(all)
}

/// What an offering costs now: condition, threshold and rate set of its last rows.
type Current = BTreeSet<(u16, u32, u32)>;

#[derive(Default)]
struct Names<'a> {
    /// By name: offering, provider, flags.
    all: BTreeMap<&'a str, Vec<(u16, u8, u8)>>,
    /// By offering: first party, and what it costs now.
    offerings: Vec<(bool, Current)>,
}

impl<'a> Names<'a> {
    fn add(
        &mut self,
        offering: &'a Offering,
        index: u16,
        provider: u8,
        current: Current,
    ) -> Result<(), String> {
        let own = (offering.model.as_str(), 0);
        for (name, flags) in
            [own].into_iter().chain(offering.aliases.iter().map(|name| (name.as_str(), ALIAS)))
        {
            let sellers = self.all.entry(name).or_default();
            if sellers.iter().any(|(_, other, _)| *other == provider) {
                return Err(format!("`{name}` names two models of `{}`", offering.provider));
            }
            sellers.push((index, provider, flags));
        }
        self.offerings.push((offering.first_party, current));
        Ok(())
    }

    /// Who is meant by the name alone: the first party, else the hosts when their prices are equal.
    fn default_of(&self, sellers: &[(u16, u8, u8)]) -> (u16, u16) {
        let facts = |seller: &(u16, u8, u8)| self.offerings.get(usize::from(seller.0));
        let first_party = |seller: &&(u16, u8, u8)| facts(seller).is_some_and(|f| f.0);
        let makers: Vec<_> = sellers.iter().filter(first_party).collect();
        let chosen: Vec<_> = if makers.is_empty() { sellers.iter().collect() } else { makers };
        let Some(first) = chosen.first() else { return (NONE, 0) };
        let equal = chosen.iter().all(|seller| facts(seller).map(|f| &f.1) == facts(first).map(|f| &f.1));
        let several = u16::from(chosen.len() > 1);
        if equal { (first.0, several) } else { (NONE, several) }
    }
}

#[derive(Default)]
struct Table {
    sections: [Vec<u8>; SECTIONS],
    strings: BTreeMap<String, u16>,
    conditions: BTreeMap<[u16; 5], u16>,
    rates: BTreeMap<Vec<u8>, u32>,
    source_ids: BTreeMap<String, u16>,
    source_lists: BTreeMap<Vec<u16>, u16>,
    calendar_ids: BTreeMap<String, u16>,
}

impl Table {
    fn section(&mut self, section: Section) -> &mut Vec<u8> {
        #[expect(clippy::indexing_slicing, reason = "a section is a valid index of the sections")]
        &mut self.sections[section as usize]
    }

    fn put(&mut self, section: Section, bytes: &[u8]) {
        self.section(section).extend_from_slice(bytes);
    }

    fn string(&mut self, text: &str) -> Result<u16, String> {
        if let Some(index) = self.strings.get(text) {
            return Ok(*index);
        }
        let index = index16(self.strings.len(), "different strings")?;
        self.put(Section::Text, text.as_bytes());
        let end: u32 = number(self.section(Section::Text).len(), "bytes of text")?;
        self.put(Section::Ends, &end.to_le_bytes());
        self.strings.insert(text.to_owned(), index);
        Ok(index)
    }

    fn strings<'a>(&mut self, texts: impl IntoIterator<Item = Option<&'a str>>) -> Result<Vec<u16>, String> {
        texts.into_iter().map(|text| text.map_or(Ok(NONE), |text| self.string(text))).collect()
    }

    fn sources(&mut self, document: &Document) -> Result<(), Problem> {
        let mut sources: Vec<_> = document.sources.iter().collect();
        sources.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
        for (line, source) in sources {
            let at_line = |text: String| Problem::new(*line, text);
            let index = index16(self.source_ids.len(), "sources").map_err(at_line)?;
            if self.source_ids.insert(source.id.clone(), index).is_some() {
                return Err(at_line(format!("source `{}` is listed twice", source.id)));
            }
            let texts = [&source.id, &source.url, &source.origin, &source.licence, &source.retrieved];
            for string in self.strings(texts.map(|text| Some(text.as_str()))).map_err(at_line)? {
                self.put(Section::Sources, &string.to_le_bytes());
            }
        }
        Ok(())
    }

    fn calendars(&mut self, document: &Document) -> Result<(), Problem> {
        let mut calendars: Vec<_> = document.calendars.iter().collect();
        calendars.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
        for (line, calendar) in calendars {
            let at_line = |text: String| Problem::new(*line, text);
            let index = index16(self.calendar_ids.len(), "calendars").map_err(at_line)?;
            if self.calendar_ids.insert(calendar.id.clone(), index).is_some() {
                return Err(at_line(format!("calendar `{}` is listed twice", calendar.id)));
            }
            let days: BTreeSet<u16> = calendar.dates.iter().filter_map(|date| scalar::day(date)).collect();
            let first: u16 =
                number(self.section(Section::Days).len().div_euclid(2), "days").map_err(at_line)?;
            let covers = scalar::day(&calendar.covers_through).unwrap_or_default();
            let fields = [
                self.string(&calendar.id).map_err(at_line)?,
                self.string(&calendar.src).map_err(at_line)?,
                covers,
                first,
                number(days.len(), "days").map_err(at_line)?,
            ];
            for field in fields {
                self.put(Section::Calendars, &field.to_le_bytes());
            }
            for day in days {
                self.put(Section::Days, &day.to_le_bytes());
            }
        }
        Ok(())
    }

    /// Writes the schedules; returns those of each offering.
    fn schedules<'a>(
        &mut self,
        document: &'a Document,
        offerings: &BTreeMap<Key<'_>, (usize, &Offering)>,
    ) -> Result<BTreeMap<Key<'a>, Vec<u16>>, Problem> {
        let mut sorted: Vec<_> = document.schedules.iter().collect();
        let key = |s: &'a Schedule| (&s.provider, &s.models, &s.from, &s.period, &s.utc_windows, &s.weekdays);
        sorted.sort_by(|(_, a), (_, b)| key(a).cmp(&key(b)));
        let mut of_offering: BTreeMap<Key<'a>, Vec<u16>> = BTreeMap::new();
        for (index, (line, schedule)) in sorted.into_iter().enumerate() {
            let at_line = |text: String| Problem::new(*line, text);
            let index = index16(index, "schedules").map_err(at_line)?;
            for model in &schedule.models {
                let key = (schedule.provider.as_str(), model.as_str());
                if !offerings.contains_key(&key) {
                    return Err(at_line(format!("`{}` of `{}` is scheduled but not offered", key.1, key.0)));
                }
                of_offering.entry(key).or_default().push(index);
            }
            self.schedule(schedule).map_err(at_line)?;
        }
        Ok(of_offering)
    }

    fn schedule(&mut self, schedule: &Schedule) -> Result<(), String> {
        let (from, to) = interval(schedule.from.as_deref(), schedule.to.as_deref())?;
        let calendar = match &schedule.holidays {
            None => NONE,
            Some(id) => {
                *self.calendar_ids.get(id).ok_or_else(|| format!("no calendar `{id}` in the catalogue"))?
            }
        };
        let weekdays = schedule
            .weekdays
            .iter()
            .fold(0_u8, |mask, day| mask | 1_u8.checked_shl(u32::from(*day).saturating_sub(1)).unwrap_or(0));
        let period = self.string(&schedule.period)?;
        let window: u16 = number(self.section(Section::Windows).len().div_euclid(4), "windows")?;
        let mut record = Vec::new();
        record.extend_from_slice(&from.to_le_bytes());
        record.extend_from_slice(&to.to_le_bytes());
        record.extend_from_slice(&period.to_le_bytes());
        record.extend_from_slice(&schedule.day_offset_minutes.to_le_bytes());
        record.extend_from_slice(&calendar.to_le_bytes());
        record.extend_from_slice(&window.to_le_bytes());
        record.push(number(schedule.utc_windows.len(), "windows")?);
        record.push(weekdays);
        record.push(u8::from(schedule.decided_by == "start"));
        record.push(0);
        self.put(Section::Schedules, &record);
        for time in schedule.utc_windows.iter().flatten() {
            self.put(Section::Windows, &scalar::minute_of_day(time).unwrap_or_default().to_le_bytes());
        }
        Ok(())
    }

    fn offering(
        &mut self,
        offering: &Offering,
        provider: u8,
        rows: &[(usize, &Price)],
        schedules: Option<&Vec<u16>>,
    ) -> Result<Current, Problem> {
        let whole = |text: String| Problem::new(0, text);
        let first_row: u32 = number(self.section(Section::Rows).len().div_euclid(super::layout::ROW), "rows")
            .map_err(whole)?;
        let first_schedule: u16 =
            number(self.section(Section::ScheduleRefs).len().div_euclid(2), "schedules").map_err(whole)?;
        let schedules = schedules.map_or(&[][..], Vec::as_slice);
        for schedule in schedules {
            self.put(Section::ScheduleRefs, &schedule.to_le_bytes());
        }
        let mut current: BTreeMap<(u16, u32), u32> = BTreeMap::new();
        for (line, price) in rows {
            let (condition, over, rates) = self.row(price).map_err(|text| Problem::new(*line, text))?;
            // Rows of one condition come in order of time: the last one stays.
            current.insert((condition, over), rates);
        }
        let retired = if offering.status.is_some() { RETIRED } else { 0 };
        let first_party = if offering.first_party { FIRST_PARTY } else { 0 };
        let model = self.string(&offering.model).map_err(whole)?;
        let mut record = vec![provider, first_party | retired];
        record.extend_from_slice(&model.to_le_bytes());
        record.extend_from_slice(&first_row.to_le_bytes());
        record.extend_from_slice(&number::<u16>(rows.len(), "rows of a model").map_err(whole)?.to_le_bytes());
        record.extend_from_slice(&first_schedule.to_le_bytes());
        record.extend_from_slice(&number::<u16>(schedules.len(), "schedules").map_err(whole)?.to_le_bytes());
        record.extend_from_slice(&offering.cache_min_tokens.unwrap_or(0).to_le_bytes());
        self.put(Section::Offerings, &record);
        Ok(current.into_iter().map(|((condition, over), rates)| (condition, over, rates)).collect())
    }

    fn row(&mut self, price: &Price) -> Result<(u16, u32, u32), String> {
        let (from, to) = interval(price.from.as_deref(), price.to.as_deref())?;
        let when = &price.when;
        let texts = [&when.service_tier, &when.region, &when.speed, &when.period, &when.search_context];
        let strings = self.strings(texts.map(Option::as_deref))?;
        let condition = self.condition(&strings)?;
        let rates = self.rate_set(price)?;
        let sources = self.source_list(&price.src)?;
        let over = price.over.unwrap_or(0);
        let basis = BASES.iter().position(|basis| *basis == price.from_basis.as_deref()).unwrap_or(0);
        let basis: u8 = number(basis, "bases")?;
        let flags = (if price.verified { VERIFIED } else { 0 })
            | basis.checked_shl(u32::from(BASIS_SHIFT)).unwrap_or(0);
        let mut record = Vec::new();
        for field in [from, to, over, rates] {
            record.extend_from_slice(&field.to_le_bytes());
        }
        record.extend_from_slice(&sources.to_le_bytes());
        record.extend_from_slice(&condition.to_le_bytes());
        record.extend_from_slice(&[flags, 0, 0, 0]);
        self.put(Section::Rows, &record);
        Ok((condition, over, rates))
    }

    fn condition(&mut self, strings: &[u16]) -> Result<u16, String> {
        let key = <[u16; 5]>::try_from(strings).map_err(|_| "a condition of five parts".to_owned())?;
        if let Some(index) = self.conditions.get(&key) {
            return Ok(*index);
        }
        let index = index16(self.conditions.len(), "different conditions")?;
        self.conditions.insert(key, index);
        for string in key {
            self.put(Section::Conditions, &string.to_le_bytes());
        }
        Ok(index)
    }

    fn rate_set(&mut self, price: &Price) -> Result<u32, String> {
        let mut columns = BTreeMap::new();
        for (tokens, rates) in [(true, &price.usd_per_mtok), (false, &price.usd_per_use)] {
            for (column, usd) in rates {
                let (index, femtodollars) = rate_of(column, usd, tokens)?;
                columns.insert(index, femtodollars);
            }
        }
        let bit = |index: &usize| u32::try_from(*index).ok().and_then(|i| 1_u32.checked_shl(i)).unwrap_or(0);
        let mask = columns.keys().map(bit).fold(0, |mask, bit| mask | bit);
        let mut record = mask.to_le_bytes().to_vec();
        for femtodollars in columns.values() {
            record.extend_from_slice(&femtodollars.to_le_bytes());
        }
        if let Some(offset) = self.rates.get(&record) {
            return Ok(*offset);
        }
        let offset = number(self.section(Section::Rates).len(), "rates")?;
        self.put(Section::Rates, &record);
        self.rates.insert(record, offset);
        Ok(offset)
    }

    fn source_list(&mut self, ids: &[String]) -> Result<u16, String> {
        let index = |id: &String| {
            self.source_ids.get(id).copied().ok_or_else(|| format!("no source `{id}` in the catalogue"))
        };
        let list = ids.iter().map(index).collect::<Result<Vec<u16>, String>>()?;
        if let Some(offset) = self.source_lists.get(&list) {
            return Ok(*offset);
        }
        let offset: u16 = number(self.section(Section::SourceLists).len().div_euclid(2), "lists of sources")?;
        self.put(Section::SourceLists, &number::<u16>(list.len(), "sources")?.to_le_bytes());
        for source in &list {
            self.put(Section::SourceLists, &source.to_le_bytes());
        }
        self.source_lists.insert(list, offset);
        Ok(offset)
    }

    fn names(&mut self, names: &Names<'_>) -> Result<(), String> {
        let count = names.all.len();
        index16(count, "names")?;
        // At most half full, so that a probe for an absent name ends soon.
        let slots = count.saturating_mul(2).max(2).next_power_of_two();
        let mut table = vec![0_u32; slots];
        for (index, (name, sellers)) in names.all.iter().enumerate() {
            let string = self.string(name)?;
            let first: u32 = number(
                self.section(Section::Candidates).len().div_euclid(super::layout::CANDIDATE),
                "names",
            )?;
            let (default, several) = names.default_of(sellers);
            let mut record = string.to_le_bytes().to_vec();
            record.extend_from_slice(&number::<u16>(sellers.len(), "sellers of a name")?.to_le_bytes());
            record.extend_from_slice(&first.to_le_bytes());
            record.extend_from_slice(&default.to_le_bytes());
            record.extend_from_slice(&several.to_le_bytes());
            self.put(Section::Names, &record);
            for (offering, provider, flags) in sellers {
                let [low, high] = offering.to_le_bytes();
                self.put(Section::Candidates, &[low, high, *provider, *flags]);
            }
            let entry: u32 = number(index.saturating_add(1), "names")?;
            let (mut at, tag) = super::layout::slot_of(hash(name.as_bytes()), slots);
            while table.get(at).is_some_and(|slot| *slot != 0) {
                at = super::layout::next_slot(at, slots);
            }
            if let Some(slot) = table.get_mut(at) {
                *slot = tag | entry;
            }
        }
        for slot in table {
            self.put(Section::Slots, &slot.to_le_bytes());
        }
        Ok(())
    }

    fn identity(&mut self, document: &Document, text: &str) -> Result<(), String> {
        // The catalogue is as new as what was read last for it.
        let date =
            document.sources.iter().map(|(_, source)| source.retrieved.as_str()).max().unwrap_or("undated");
        let id = format!("cat-{date}-{}", super::short_id(text));
        for string in [self.string(&id)?, self.string(date)?] {
            self.put(Section::Identity, &string.to_le_bytes());
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>, String> {
        let mut out = MAGIC.to_vec();
        let mut offset = HEADER;
        for section in &self.sections {
            out.extend_from_slice(&number::<u32>(offset, "bytes")?.to_le_bytes());
            out.extend_from_slice(&number::<u32>(section.len(), "bytes")?.to_le_bytes());
            offset = offset.saturating_add(section.len());
        }
        for section in self.sections {
            out.extend_from_slice(&section);
        }
        Ok(out)
    }
}

/// The first twelve hexadecimal digits of the SHA-256 of `text`.
pub fn short_id(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

//! The lines of a catalogue as they are written, checked one by one.

use super::{
    layout::{BASES, COLUMNS, FIRST_UNIT},
    scalar,
};
use std::collections::BTreeMap;

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; 0 when the text as a whole is meant.
    pub line: usize,
    /// What is wrong with it.
    pub text: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

impl Problem {
    pub(super) fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }
}

/// A model as a provider sells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offering {
    /// Other names of the same thing at the same price.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The shortest prefix that the provider caches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_min_tokens: Option<u16>,
    /// Whether the provider made the model.
    #[serde(default)]
    pub first_party: bool,
    /// The provider's name for it.
    pub model: String,
    /// Who sells it.
    pub provider: String,
    /// `retired`, or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// What must hold for a row to apply; absent is the standard.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// `batch`, `flex`, `priority`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// The serving region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The provider's `speed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
    /// A period of a schedule, such as `peak`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The search context size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_context: Option<String>,
}

/// The rates of an offering for a time and a condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// First instant, inclusive.
    #[serde(default)]
    pub from: Option<String>,
    /// What the first instant stands on.
    #[serde(default)]
    pub from_basis: Option<String>,
    /// The model of the offering.
    pub model: String,
    /// Applies to prompts above so many tokens.
    #[serde(default)]
    pub over: Option<u32>,
    /// The provider of the offering.
    pub provider: String,
    /// Ids of sources.
    #[serde(default)]
    pub src: Vec<String>,
    /// Last instant, exclusive.
    #[serde(default)]
    pub to: Option<String>,
    /// USD per million tokens by bucket.
    #[serde(default)]
    pub usd_per_mtok: BTreeMap<String, String>,
    /// USD per use by unit.
    #[serde(default)]
    pub usd_per_use: BTreeMap<String, String>,
    /// Whether two sources or an official one state it.
    #[serde(default)]
    pub verified: bool,
    /// The condition.
    #[serde(default)]
    pub when: When,
}

/// When a period holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Minutes from UTC to the clock whose date decides weekday and holiday.
    #[serde(default)]
    pub day_offset_minutes: i16,
    /// `start` or `completion` of the call.
    pub decided_by: String,
    /// First instant, inclusive.
    #[serde(default)]
    pub from: Option<String>,
    /// A calendar whose dates are excepted.
    #[serde(default)]
    pub holidays: Option<String>,
    /// The models it covers.
    pub models: Vec<String>,
    /// The period's name.
    pub period: String,
    /// The provider.
    pub provider: String,
    /// Last instant, exclusive.
    #[serde(default)]
    pub to: Option<String>,
    /// Half-open windows of the UTC day.
    pub utc_windows: Vec<[String; 2]>,
    /// ISO weekdays; empty is every day.
    #[serde(default)]
    pub weekdays: Vec<u8>,
}

/// Public holidays.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The last day that the dates are complete for.
    pub covers_through: String,
    /// The dates.
    pub dates: Vec<String>,
    /// The name.
    pub id: String,
    /// Where they were published.
    pub src: String,
}

/// Where rows come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The name that rows cite.
    pub id: String,
    /// The licence of the data.
    pub licence: String,
    /// The package and version, or who published it.
    pub origin: String,
    /// The date of retrieval; empty when the page was not opened.
    pub retrieved: String,
    /// The address.
    pub url: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// A model that is sold.
    Offering(Offering),
    /// A price of it.
    Price(Price),
    /// A schedule of a period.
    Schedule(Schedule),
    /// A calendar of holidays.
    Calendar(Calendar),
    /// A source.
    Source(Source),
}

impl Line {
    /// The line as the catalogue writes it: keys sorted, no spaces.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        if let Ok(value) = serde_json::to_value(self) {
            sorted(&value, &mut out);
        }
        out
    }
}

/// Writes objects with their keys sorted, whatever map `serde_json` was built with.
fn sorted(value: &serde_json::Value, out: &mut String) {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let members: BTreeMap<&String, &Value> = map.iter().collect();
            out.push('{');
            for (index, (key, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                sorted(member, out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                sorted(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// All lines of a catalogue, each with its number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The offerings.
    pub offerings: Vec<(usize, Offering)>,
    /// The prices.
    pub prices: Vec<(usize, Price)>,
    /// The schedules.
    pub schedules: Vec<(usize, Schedule)>,
    /// The calendars.
    pub calendars: Vec<(usize, Calendar)>,
    /// The sources.
    pub sources: Vec<(usize, Source)>,
}

impl Document {
    /// Reads a text, line by line; empty lines are skipped.
    ///
    /// # Errors
    /// The first line that is not one of the five kinds, or holds a value that cannot be used.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut document = Self::default();
        for (index, line) in text.lines().enumerate() {
            let number = index.saturating_add(1);
            if !line.trim().is_empty() {
                let line: Line =
                    serde_json::from_str(line).map_err(|e| Problem::new(number, describe(&e)))?;
                check(&line).map_err(|problem| Problem::new(number, problem))?;
                document.push(number, line);
            }
        }
        Ok(document)
    }

    /// Adds one line.
    pub fn push(&mut self, number: usize, line: Line) {
        match line {
            Line::Offering(x) => self.offerings.push((number, x)),
            Line::Price(x) => self.prices.push((number, x)),
            Line::Schedule(x) => self.schedules.push((number, x)),
            Line::Calendar(x) => self.calendars.push((number, x)),
            Line::Source(x) => self.sources.push((number, x)),
        }
    }

    /// The first line, if any: what a text of one line holds.
    #[must_use]
    pub fn first(self) -> Option<Line> {
        let offering = self.offerings.into_iter().next().map(|(_, x)| Line::Offering(x));
        let price = self.prices.into_iter().next().map(|(_, x)| Line::Price(x));
        let schedule = self.schedules.into_iter().next().map(|(_, x)| Line::Schedule(x));
        let calendar = self.calendars.into_iter().next().map(|(_, x)| Line::Calendar(x));
        let source = self.sources.into_iter().next().map(|(_, x)| Line::Source(x));
        offering.or(price).or(schedule).or(calendar).or(source)
    }

    /// The text of all lines, sorted, each ended by a line feed.
    #[must_use]
    pub fn text(&self) -> String {
        let offerings = self.offerings.iter().map(|(_, x)| Line::Offering(x.clone()));
        let prices = self.prices.iter().map(|(_, x)| Line::Price(x.clone()));
        let schedules = self.schedules.iter().map(|(_, x)| Line::Schedule(x.clone()));
        let calendars = self.calendars.iter().map(|(_, x)| Line::Calendar(x.clone()));
        let sources = self.sources.iter().map(|(_, x)| Line::Source(x.clone()));
        let all = offerings.chain(prices).chain(schedules).chain(calendars).chain(sources);
        let mut lines: Vec<String> = all.map(|line| line.text()).collect();
        lines.sort_unstable();
        lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // serde_json counts lines and columns of its own text; the catalogue's line is named beside it.
    text.split_once(" at line ").map_or(text.as_str(), |(problem, _)| problem).to_owned()
}

fn check(line: &Line) -> Result<(), String> {
    match line {
        Line::Offering(offering) => check_offering(offering),
        Line::Price(price) => check_price(price),
        Line::Schedule(schedule) => check_schedule(schedule),
        Line::Calendar(calendar) => {
            for date in calendar.dates.iter().chain([&calendar.covers_through]) {
                scalar::day(date).ok_or_else(|| format!("`{date}` is no date; write `2026-01-01`"))?;
            }
            named("id", &calendar.id)
        }
        Line::Source(source) => {
            named("id", &source.id)?;
            if source.retrieved.is_empty() {
                return Ok(());
            }
            scalar::day(&source.retrieved)
                .map(|_| ())
                .ok_or_else(|| format!("`retrieved` is `{}`; write `2026-01-01`", source.retrieved))
        }
    }
}

fn named(key: &str, name: &str) -> Result<(), String> {
    if name.is_empty() || name.trim_ascii() != name || name.chars().any(char::is_control) {
        return Err(format!("`{key}` is `{name}`; give a name without space around it"));
    }
    Ok(())
}

fn check_offering(offering: &Offering) -> Result<(), String> {
    named("provider", &offering.provider)?;
    named("model", &offering.model)?;
    if offering.provider.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(format!("`provider` is `{}`; write it in lower case", offering.provider));
    }
    for alias in &offering.aliases {
        named("aliases", alias)?;
    }
    if !matches!(offering.status.as_deref(), None | Some("retired")) {
        return Err("`status` is `retired` or absent".to_owned());
    }
    if offering.cache_min_tokens == Some(0) {
        return Err("`cache_min_tokens` is 0; leave it out".to_owned());
    }
    Ok(())
}

fn check_price(price: &Price) -> Result<(), String> {
    let when = &price.when;
    for (key, value) in [
        ("service_tier", &when.service_tier),
        ("region", &when.region),
        ("speed", &when.speed),
        ("period", &when.period),
        ("search_context", &when.search_context),
    ] {
        if let Some(value) = value {
            named(key, value)?;
        }
    }
    if when.service_tier.as_deref() == Some("standard") {
        return Err("`service_tier` is `standard`; leave it out".to_owned());
    }
    interval(price.from.as_deref(), price.to.as_deref())?;
    if !BASES.contains(&price.from_basis.as_deref()) {
        return Err("`from_basis` is `announced`, `documented`, `first_observed` or null".to_owned());
    }
    if price.over == Some(0) {
        return Err("`over` is 0; write null".to_owned());
    }
    if price.usd_per_mtok.is_empty() && price.usd_per_use.is_empty() {
        return Err("a price without a rate".to_owned());
    }
    for (tokens, rates) in [(true, &price.usd_per_mtok), (false, &price.usd_per_use)] {
        for (column, usd) in rates {
            rate_of(column, usd, tokens)?;
        }
    }
    Ok(())
}

/// The column and femtodollars of a rate.
pub(super) fn rate_of(column: &str, usd: &str, tokens: bool) -> Result<(usize, i64), String> {
    let index = COLUMNS
        .iter()
        .position(|known| *known == column)
        .filter(|index| (*index < FIRST_UNIT) == tokens && column != "reasoning")
        .ok_or_else(|| format!("no such bucket `{column}`"))?;
    let parse = if tokens { scalar::usd_per_mtok } else { scalar::usd_per_use };
    let femtodollars = parse(usd).ok_or_else(|| {
        let decimals = if tokens { 9 } else { 15 };
        format!(
            "rate `{usd}` of `{column}`; write plain decimal text of at most {decimals} decimals, without trailing zeros"
        )
    })?;
    Ok((index, femtodollars))
}

/// The seconds of an interval; 0 stands for an open end.
pub(super) fn interval(from: Option<&str>, to: Option<&str>) -> Result<(u32, u32), String> {
    let read = |text: Option<&str>| match text {
        None => Ok(0),
        Some(text) => scalar::instant(text)
            .ok_or_else(|| format!("`{text}` is no instant; write `2026-01-01T00:00:00Z`")),
    };
    let (from, to) = (read(from)?, read(to)?);
    if to != 0 && to <= from { Err("`to` is not after `from`".to_owned()) } else { Ok((from, to)) }
}

fn check_schedule(schedule: &Schedule) -> Result<(), String> {
    interval(schedule.from.as_deref(), schedule.to.as_deref())?;
    named("period", &schedule.period)?;
    if !matches!(schedule.decided_by.as_str(), "start" | "completion") {
        return Err("`decided_by` is `start` or `completion`".to_owned());
    }
    if schedule.weekdays.iter().any(|day| !(1..=7).contains(day)) {
        return Err("`weekdays` are 1 (Monday) to 7".to_owned());
    }
    if !(-1440..=1440).contains(&schedule.day_offset_minutes) {
        return Err("`day_offset_minutes` is more than a day".to_owned());
    }
    let windows = schedule.utc_windows.iter().flatten();
    if schedule.utc_windows.is_empty() || schedule.utc_windows.len() > 255 {
        return Err("`utc_windows` holds 1 to 255 windows".to_owned());
    }
    for time in windows {
        scalar::minute_of_day(time).ok_or_else(|| format!("`{time}` is no time of day; write `16:30`"))?;
    }
    Ok(())
}

//! Which row of an offering applies: first the instant, then the condition, then the highest threshold below the prompt.

use super::{
    compile::layout::{NONE, VERIFIED},
    schedule,
    table::{Offering, Row, Table},
};
use crate::{
    cost::{Assumption, Assumptions},
    time::{DurationNs, Timestamp},
    usage::Usage,
};

/// What a call asks for, in the catalogue's words; absent is the standard.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wishes<'a> {
    pub tier: Option<&'a str>,
    pub region: Option<&'a str>,
    /// The provider's default region: taken when there are rows for it, missed by nobody.
    pub default_region: Option<&'a str>,
    pub speed: Option<&'a str>,
    pub search_context: Option<&'a str>,
    pub assumptions: Assumptions,
}

/// The conditions of a call as it states them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stated<'a> {
    pub tier: Option<&'a str>,
    pub region: Option<&'a str>,
    pub speed: Option<&'a str>,
    pub search_context: Option<&'a str>,
}

/// The row that applies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selected {
    pub index: u32,
    pub row: Row,
    pub assumptions: Assumptions,
}

/// Why no row applies; in the lenient mode [`NoRow::Nothing`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRow {
    /// No row for the stated condition.
    Condition(&'static str),
    /// The instant lies before the first row, which begins at that second.
    NotYet(u32),
    /// The instant lies after the last row's end.
    Ended,
    /// The row is stated by one source alone.
    Unverified,
    /// No row at all for what was asked.
    Nothing,
}

/// Regions of Bedrock ids: a geographic inference profile is named by its prefix, and a bare id is priced in the
/// region where the list begins (<https://aws.amazon.com/bedrock/pricing/>).
const BEDROCK_PREFIXES: [&str; 7] = ["global", "us", "eu", "apac", "jp", "au", "us-gov"];
const BEDROCK_REGION: &str = "us-east-1";

impl<'a> Wishes<'a> {
    /// What `stated` means for a `model` of `provider`.
    #[inline]
    pub fn new(stated: Stated<'a>, provider: &[u8], model: &'a [u8]) -> Self {
        let mut wishes = Self { search_context: blank_is_none(stated.search_context), ..Self::default() };
        if let Some(tier) = stated.tier {
            wishes.set_tier(tier.trim_ascii(), provider);
        }
        if let Some(speed) = stated.speed.map(str::trim_ascii) {
            wishes.speed = Some(speed).filter(|s| !is_any(s, &["", "standard", "normal", "default"]));
        }
        wishes.set_region(stated.region, provider, model);
        wishes
    }

    fn set_tier(&mut self, tier: &'a str, provider: &[u8]) {
        let prepaid = is_any(tier, &["provisioned", "scale"])
            || (provider == b"anthropic" && is_any(tier, &["priority"]))
            || (provider == b"bedrock" && is_any(tier, &["reserved"]));
        if prepaid {
            self.assumptions.insert(Assumption::provisioned_at_list);
        } else if is_any(tier, &["auto"]) {
            self.assumptions.insert(Assumption::tier_unknown_auto);
        } else if is_any(tier, &["fast"]) {
            self.tier = Some("priority");
        } else if !is_any(tier, &["", "standard", "default", "on_demand"]) {
            self.tier = Some(tier);
        }
    }

    #[inline]
    fn set_region(&mut self, region: Option<&'a str>, provider: &[u8], model: &'a [u8]) {
        let region = blank_is_none(region).filter(|r| !is_any(r, &["not_available"]));
        let geography = match provider {
            b"bedrock" => {
                let prefix = model.split(|byte| *byte == b'.').next().unwrap_or_default();
                let profile = BEDROCK_PREFIXES.iter().find(|known| prefix == known.as_bytes());
                self.default_region = Some(profile.copied().unwrap_or(BEDROCK_REGION));
                profile.is_some()
            }
            b"vertex" | b"azure" => {
                self.default_region = Some("global");
                false
            }
            _ => {
                // Elsewhere `global` says that no region was chosen.
                self.region = region.filter(|r| !is_any(r, &["global"]));
                return;
            }
        };
        match region {
            None => self.assumptions.insert(Assumption::region_default),
            // The id of a geographic profile decides its price, wherever the call was made.
            Some(_) if geography => {}
            Some(region) if self.default_region.is_some_and(|d| d.eq_ignore_ascii_case(region)) => {}
            Some(region) => self.region = Some(region),
        }
    }

    const fn is_plain(&self) -> bool {
        self.tier.is_none()
            && self.region.is_none()
            && self.default_region.is_none()
            && self.speed.is_none()
            && self.search_context.is_none()
    }
}

fn blank_is_none(text: Option<&str>) -> Option<&str> {
    text.map(str::trim_ascii).filter(|text| !text.is_empty())
}

fn is_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// How well a row's condition fits: a bit a part, the more telling part higher.
type Fit = u8;
const TIER: Fit = 16;
const REGION: Fit = 8;
const SPEED: Fit = 4;
const PERIOD: Fit = 2;
const SEARCH: Fit = 1;

/// What decides among rows in force: the condition, the threshold, the number of sources, the younger price.
type Rank = (Fit, u32, bool, u32);

/// Selects the row of `offering` for a call of `usage` that ended at `at`.
#[inline]
pub(crate) fn select(
    table: &Table,
    offering: &Offering,
    wishes: &Wishes<'_>,
    at: Timestamp,
    duration: Option<DurationNs>,
    usage: &Usage,
    strict: bool,
) -> Result<Selected, NoRow> {
    let period = if offering.schedules == 0 {
        schedule::Period::default()
    } else {
        schedule::period(table, offering, at, duration)
    };
    let plain = period.name.is_none() && wishes.is_plain();
    let fit = |condition: u16| {
        if condition == 0 {
            Some(0)
        } else if plain {
            None
        } else {
            fit(table, wishes, period.name, condition)
        }
    };
    let second = u32::try_from(at.ms().div_euclid(1000).max(0)).unwrap_or(u32::MAX);
    let mut assumptions = wishes.assumptions;
    if period.holidays_unknown {
        assumptions.insert(Assumption::holidays_unknown);
    }
    let best = match best_at(table, offering, second, usage, fit) {
        Some(best) => best,
        None => {
            let (edge, assumption, error) = nearest(table, offering, second, usage, fit)?;
            if strict {
                return Err(error);
            }
            assumptions.insert(assumption);
            best_at(table, offering, edge, usage, fit).ok_or(NoRow::Nothing)?
        }
    };
    let (rank, index, row) = best;
    if !plain {
        missed(&mut assumptions, wishes, rank.0, strict)?;
    }
    if row.flags & VERIFIED == 0 {
        if strict {
            return Err(NoRow::Unverified);
        }
        assumptions.insert(Assumption::unverified_price);
    }
    Ok(Selected { index, row, assumptions })
}

/// The row of a standard call, where nothing needs to be assumed: what [`select`] finds for most calls, without its
/// questions. `None` sends the caller there.
#[inline]
pub(crate) fn select_standard(
    table: &Table,
    offering: &Offering,
    at: Timestamp,
    usage: &Usage,
) -> Option<(u32, Row)> {
    if has_conditions_of_its_own(table, offering) {
        return None;
    }
    let second = u32::try_from(at.ms().div_euclid(1000)).ok()?;
    let (_, index, row) = best_at(table, offering, second, usage, |condition| (condition == 0).then_some(0))?;
    (row.flags & VERIFIED != 0).then_some((index, row))
}

/// The milliseconds, half-open, around `at` in which a standard call of an offering finds the same rows; `None` where
/// more than rows in force decides.
pub(crate) fn stands(table: &Table, offering: u16, at: Timestamp) -> Option<(i64, i64)> {
    let offering = table.offering(offering)?;
    if has_conditions_of_its_own(table, &offering) {
        return None;
    }
    let second = u32::try_from(at.ms().div_euclid(1000)).ok()?;
    // Rows of other conditions are not looked at, and nothing changes between two edges.
    let edges = table.rows_of(offering).filter(|row| row.condition == 0).flat_map(|row| [row.from, row.to]);
    let (mut from, mut to) = (0, u32::MAX);
    for edge in edges {
        if edge <= second {
            from = edge.max(from);
        } else {
            to = edge.min(to);
        }
    }
    let ms = |second: u32| i64::from(second).saturating_mul(1000);
    Some((ms(from), ms(to)))
}

/// Whether the time of day or a default region decides among the rows.
#[inline]
fn has_conditions_of_its_own(table: &Table, offering: &Offering) -> bool {
    let provider = table.text_bytes(table.provider(offering.provider));
    offering.schedules != 0 || matches!(provider, b"bedrock" | b"vertex" | b"azure")
}

/// Whether the whole prompt is strictly above the row's threshold.
#[inline]
fn is_over(row: &Row, usage: &Usage) -> bool {
    row.over == 0 || usage.prompt_tokens() > u64::from(row.over)
}

#[inline(always)]
fn best_at(
    table: &Table,
    offering: &Offering,
    second: u32,
    usage: &Usage,
    fit: impl Fn(u16) -> Option<Fit>,
) -> Option<(Rank, u32, Row)> {
    let mut best: Option<(Rank, u32, Row)> = None;
    for (index, row) in (offering.first_row..).zip(table.rows_of(*offering)) {
        // Most rows of a standard call fall here, before anything else of them is read.
        let Some(fit) = fit(row.condition) else { continue };
        let in_force = row.from <= second && (row.to == 0 || second < row.to);
        if !in_force || !is_over(&row, usage) {
            continue;
        }
        let rank = (fit, row.over, row.flags & VERIFIED != 0, row.from);
        if best.as_ref().is_none_or(|(other, ..)| *other < rank) {
            best = Some((rank, index, row));
        }
    }
    best
}

/// The first second of the first row to come, else the last second of the last row that was.
fn nearest(
    table: &Table,
    offering: &Offering,
    second: u32,
    usage: &Usage,
    fit: impl Fn(u16) -> Option<Fit>,
) -> Result<(u32, Assumption, NoRow), NoRow> {
    let fitting = table.rows_of(*offering).filter(|row| is_over(row, usage) && fit(row.condition).is_some());
    let last_end = fitting.clone().filter(|row| row.to != 0 && row.to <= second).map(|row| row.to).max();
    if let Some(end) = last_end {
        return Ok((end.saturating_sub(1), Assumption::after_last_interval, NoRow::Ended));
    }
    let first = fitting.filter(|row| row.from > second).map(|row| row.from).min();
    first.map(|from| (from, Assumption::before_first_interval, NoRow::NotYet(from))).ok_or(NoRow::Nothing)
}

/// How well a condition fits the wishes; `None` when it asks for something else.
fn fit(table: &Table, wishes: &Wishes<'_>, period: Option<u16>, condition: u16) -> Option<Fit> {
    let [tier, region, speed, row_period, search] = table.condition(condition);
    let part = |string: u16, bit: Fit, is: &dyn Fn(&[u8]) -> bool| {
        if string == NONE {
            Some(0)
        } else if is(table.text_bytes(string)) {
            Some(bit)
        } else {
            None
        }
    };
    let mut fit = part(tier, TIER, &is(wishes.tier))?;
    // Where the wished region has no row, the default region's is the standard.
    fit |= match part(region, REGION, &is(wishes.region)) {
        Some(bits) => bits,
        None => part(region, 0, &is(wishes.default_region))?,
    };
    fit |= part(speed, SPEED, &is(wishes.speed))?;
    fit |= if row_period == NONE {
        0
    } else if Some(row_period) == period {
        PERIOD
    } else {
        return None;
    };
    fit |= part(search, SEARCH, &is(wishes.search_context))?;
    Some(fit)
}

fn is<'a>(wish: Option<&'a str>) -> impl Fn(&[u8]) -> bool + 'a {
    move |text| wish.is_some_and(|wish| wish.as_bytes().eq_ignore_ascii_case(text))
}

/// Flags what was asked for and has no row; strict refuses it.
fn missed(assumptions: &mut Assumptions, wishes: &Wishes<'_>, fit: Fit, strict: bool) -> Result<(), NoRow> {
    for (wish, bit, name, assumption) in [
        (wishes.tier, TIER, "service_tier", Assumption::tier_at_standard),
        (wishes.region, REGION, "region", Assumption::region_at_default),
        (wishes.speed, SPEED, "speed", Assumption::speed_at_default),
    ] {
        if wish.is_some() && fit & bit == 0 {
            if strict {
                return Err(NoRow::Condition(name));
            }
            assumptions.insert(assumption);
        }
    }
    Ok(())
}

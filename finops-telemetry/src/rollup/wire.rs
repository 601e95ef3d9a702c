use super::{Costs, Group, Rollup, RollupConfig, RollupKey, group::Totals, key};
use crate::sketch::Sketch;
use finops_core::{Error, carbon::ExactSum, error::ConfigError, money::Picodollars, usage::Bucket};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, fmt::Display};

/// Name and version of the wire form.
const SCHEMA: &str = "finops.rollup/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    schema: Cow<'a, str>,
    config: Cow<'a, RollupConfig>,
    #[serde(borrow)]
    groups: Vec<WireGroup<'a>>,
}

/// Integers that may exceed 2^53 are text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireGroup<'a> {
    #[serde(borrow)]
    provider: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model: Cow<'a, str>,
    resolved: bool,
    #[serde(borrow)]
    status: Cow<'a, str>,
    tags: Vec<Option<Cow<'a, str>>>,
    requests: u64,
    errors: u64,
    unpriced: u64,
    energy_unknown: u64,
    carbon_unknown: u64,
    usage: BTreeMap<Cow<'a, str>, String>,
    /// Picodollars: total, input, output, compute, other.
    costs: [String; 5],
    /// Units of 2^-64 J.
    energy: String,
    /// Units of 2^-84 kg.
    carbon: String,
    duration_ns: String,
    /// Requests by boundary; 14 is beyond the last.
    histogram: Vec<(u8, u64)>,
    durations_us: Cow<'a, Sketch>,
    costs_pusd: Cow<'a, Sketch>,
}

impl Rollup {
    /// The whole state as JSON, the same bytes for the same totals.
    ///
    /// # Errors
    /// `config.invalid` when a part cannot be written, which no state made by this type does.
    pub fn snapshot(&self) -> Result<String, ConfigError> {
        let groups = self.sorted().into_iter().map(|(group, totals)| write(group, totals)).collect();
        let wire = Wire { schema: SCHEMA.into(), config: Cow::Borrowed(&self.config), groups };
        serde_json::to_string(&wire).map_err(|e| refuse(e, "cannot be written"))
    }

    /// The roll-up that [`Rollup::snapshot`] wrote.
    ///
    /// # Errors
    /// `config.invalid` when the text is no such snapshot.
    pub fn restore(text: &str) -> Result<Self, Error> {
        let wire: Wire<'_> = serde_json::from_str(text).map_err(|e| refuse(e, "not a snapshot"))?;
        if wire.schema != SCHEMA {
            return Err(refuse(wire.schema, "of another schema").into());
        }
        let mut rollup = Self::new(wire.config.into_owned())?;
        let tags = rollup.config.tags.len();
        let groups = wire.groups.iter().map(|group| read(group, tags)).collect::<Result<_, _>>()?;
        rollup.replace(groups)?;
        Ok(rollup)
    }
}

fn refuse(value: impl Display, problem: &'static str) -> ConfigError {
    ConfigError::new("snapshot", value, problem, "give text that `snapshot` wrote")
}

fn write<'a>(group: Group<'a>, totals: &'a Totals) -> WireGroup<'a> {
    WireGroup {
        provider: group.provider().map(Cow::Borrowed),
        model: group.model().unwrap_or_default().into(),
        resolved: group.resolved(),
        status: group.status().unwrap_or_default().into(),
        tags: group.tags().map(|tag| tag.map(Cow::Borrowed)).collect(),
        requests: totals.requests,
        errors: totals.errors,
        unpriced: totals.unpriced,
        energy_unknown: totals.energy_unknown,
        carbon_unknown: totals.carbon_unknown,
        usage: totals.usage().map(|(bucket, n)| (bucket.name().into(), n.to_string())).collect(),
        costs: totals.costs.parts().map(|part| part.get().to_string()),
        energy: totals.energy.raw().to_string(),
        carbon: totals.carbon.raw().to_string(),
        duration_ns: totals.duration_ns.to_string(),
        histogram: totals.histogram.clone(),
        durations_us: Cow::Borrowed(&totals.durations_us),
        costs_pusd: Cow::Borrowed(&totals.costs_pusd),
    }
}

fn read(group: &WireGroup<'_>, tag_count: usize) -> Result<(Vec<u8>, Totals), ConfigError> {
    let tags: Vec<Option<&str>> = group.tags.iter().map(Option::as_deref).collect();
    if tags.len() != tag_count {
        return Err(refuse(tags.len(), "a group with another number of tags than its config"));
    }
    let mut encoded = Vec::new();
    let key = RollupKey {
        provider: group.provider.as_deref(),
        model: &group.model,
        resolved: group.resolved,
        status: &group.status,
        tags: &tags,
    };
    key::encode(&mut encoded, &key, tag_count);
    let timed = group.durations_us.count();
    let parts = [group.errors, group.unpriced, group.energy_unknown, group.carbon_unknown, timed];
    let priced = group.costs_pusd.count().checked_add(group.unpriced);
    let in_bins = group.histogram.iter().fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
    if group.requests == 0
        || parts.iter().any(|part| *part > group.requests)
        || priced != Some(group.requests)
        || in_bins != timed
    {
        return Err(refuse(group.requests, "not the number of requests that its parts add up to"));
    }
    let mut usage = Vec::with_capacity(group.usage.len());
    for (name, count) in &group.usage {
        let at = Bucket::ALL.iter().position(|bucket| bucket.name() == name);
        let at = at.and_then(|at| u8::try_from(at).ok()).ok_or_else(|| refuse(name, "no bucket of usage"))?;
        usage.push((at, number(count)?));
    }
    usage.sort_unstable();
    let in_order = group.histogram.windows(2).all(|w| matches!(w, [a, b] if a.0 < b.0));
    if !in_order || group.histogram.iter().any(|(at, n)| *at > 14 || *n == 0) {
        return Err(refuse(format!("{:?}", group.histogram), "not a histogram"));
    }
    let mut costs = [Picodollars::ZERO; 5];
    for (cost, text) in costs.iter_mut().zip(&group.costs) {
        *cost = Picodollars::new(number(text)?);
    }
    let totals = Totals {
        requests: group.requests,
        errors: group.errors,
        unpriced: group.unpriced,
        energy_unknown: group.energy_unknown,
        carbon_unknown: group.carbon_unknown,
        costs: Costs::from_parts(costs),
        energy: ExactSum::from_raw(number(&group.energy)?),
        carbon: ExactSum::from_raw(number(&group.carbon)?),
        duration_ns: number(&group.duration_ns)?,
        usage,
        histogram: group.histogram.clone(),
        durations_us: group.durations_us.clone().into_owned(),
        costs_pusd: group.costs_pusd.clone().into_owned(),
    };
    Ok((encoded, totals))
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, ConfigError> {
    text.parse().map_err(|_| refuse(text, "not a whole number"))
}

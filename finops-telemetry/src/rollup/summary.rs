use super::{Costs, Group, Rollup, group::Totals};
use crate::sketch::Sketch;
use finops_core::{
    Error,
    error::ConfigError,
    money::{Picodollars, decimal},
    usage::Bucket,
};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::collections::BTreeMap;

/// Names that a tag cannot have: fields of a key and columns of a summary.
pub(super) const COLUMNS: [&str; 14] = [
    "provider",
    "model",
    "status",
    "requests",
    "errors",
    "unpriced",
    "total_tokens",
    "cost_usd",
    "input_cost_usd",
    "output_cost_usd",
    "compute_cost_usd",
    "other_cost_usd",
    "energy_joules",
    "carbon_kg",
];

/// Four quantiles, within 1/128.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// The median.
    pub p50: u64,
    /// Nine of ten are at most this.
    pub p90: u64,
    /// Nineteen of twenty are at most this.
    pub p95: u64,
    /// Ninety-nine of a hundred are at most this.
    pub p99: u64,
}

impl Quantiles {
    fn of(sketch: &Sketch) -> Option<Self> {
        let at = |percent| sketch.at(percent, 100);
        Some(Self { p50: at(50)?, p90: at(90)?, p95: at(95)?, p99: at(99)? })
    }

    /// Names and values.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, u64); 4] {
        [("p50", self.p50), ("p90", self.p90), ("p95", self.p95), ("p99", self.p99)]
    }
}

/// Totals of the groups that share a key.
///
/// Serialises flat: the key, `requests`, `errors`, `unpriced`, `total_tokens`, `cost_usd` and its sides as text,
/// `energy_joules`, `carbon_kg`, `duration_ms_p50` and so on, `cost_usd_p50` and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// Fields and values, in the order asked for.
    pub key: Vec<(String, Option<String>)>,
    /// Requests.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Requests without a price; `cost_usd` does not hold them.
    pub unpriced: u64,
    /// Prompt and completion tokens.
    pub total_tokens: u128,
    /// Used buckets and units.
    pub usage: Vec<(Bucket, u128)>,
    /// Money of the priced requests; `None` when there is none.
    pub cost_usd: Option<Picodollars>,
    /// The same by side of the bill.
    pub costs: Option<Costs>,
    /// Joules; `None` when not known of any request.
    pub energy_joules: Option<f64>,
    /// Kilograms of CO2e; `None` when not known of any request.
    pub carbon_kg: Option<f64>,
    /// Nanoseconds of all requests of known duration.
    pub duration_ns: u128,
    /// Microseconds a request took.
    pub duration_us: Option<Quantiles>,
    /// Picodollars a request cost.
    pub cost_pusd: Option<Quantiles>,
}

impl SummaryRow {
    fn new(key: Vec<(String, Option<String>)>, totals: &Totals) -> Self {
        let costs = (totals.priced() > 0).then_some(totals.costs);
        Self {
            key,
            requests: totals.requests,
            errors: totals.errors,
            unpriced: totals.unpriced,
            total_tokens: totals.total_tokens(),
            usage: totals.usage().collect(),
            cost_usd: costs.map(|costs| costs.total),
            costs,
            energy_joules: totals.energy_joules(),
            carbon_kg: totals.carbon_kg(),
            duration_ns: totals.duration_ns,
            duration_us: Quantiles::of(&totals.durations_us),
            cost_pusd: Quantiles::of(&totals.costs_pusd),
        }
    }

    /// The value of a field of the key: outer `None` when the rows were not grouped by it.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<Option<&str>> {
        self.key.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_deref())
    }
}

impl Serialize for SummaryRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.key {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("requests", &self.requests)?;
        map.serialize_entry("errors", &self.errors)?;
        map.serialize_entry("unpriced", &self.unpriced)?;
        // A number wherever JSON libraries can read one.
        match u64::try_from(self.total_tokens) {
            Ok(tokens) => map.serialize_entry("total_tokens", &tokens)?,
            Err(_) => map.serialize_entry("total_tokens", &self.total_tokens.to_string())?,
        }
        map.serialize_entry("cost_usd", &self.cost_usd)?;
        map.serialize_entry("input_cost_usd", &self.costs.map(|costs| costs.input))?;
        map.serialize_entry("output_cost_usd", &self.costs.map(|costs| costs.output))?;
        map.serialize_entry("compute_cost_usd", &self.costs.map(|costs| costs.compute))?;
        map.serialize_entry("other_cost_usd", &self.costs.map(|costs| costs.other))?;
        map.serialize_entry("energy_joules", &self.energy_joules)?;
        map.serialize_entry("carbon_kg", &self.carbon_kg)?;
        for (at, name) in ["p50", "p90", "p95", "p99"].iter().enumerate() {
            let us = self.duration_us.and_then(|q| q.named().get(at).map(|(_, us)| *us));
            let ms = us.map(|us| decimal::to_f64(Decimal::from_i128_with_scale(i128::from(us), 3)));
            map.serialize_entry(&format!("duration_ms_{name}"), &ms)?;
        }
        for (at, name) in ["p50", "p90", "p95", "p99"].iter().enumerate() {
            let cost = self.cost_pusd.and_then(|q| q.named().get(at).map(|(_, pusd)| *pusd));
            let cost = cost.map(|pusd| Picodollars::new(i128::from(pusd)));
            map.serialize_entry(&format!("cost_usd_{name}"), &cost)?;
        }
        map.end()
    }
}

impl Rollup {
    /// Totals by any of `provider`, `model`, `status` and the tags, over the groups whose fields have the values that
    /// `filter` asks for. Rows are sorted by key, what was not given first.
    ///
    /// # Errors
    /// `config.invalid` naming a field that is no such name; `money.overflow`, `carbon.total_overflow`.
    pub fn summary(
        &self,
        group_by: &[&str],
        filter: &[(&str, Option<&str>)],
    ) -> Result<Vec<SummaryRow>, Error> {
        let places =
            group_by.iter().map(|name| self.place("group_by", name)).collect::<Result<Vec<_>, _>>()?;
        let filter = filter
            .iter()
            .map(|(name, value)| self.place("where", name).map(|place| (place, *value)))
            .collect::<Result<Vec<_>, _>>()?;
        let mut rows: BTreeMap<Vec<Option<&str>>, Totals> = BTreeMap::new();
        for (group, totals) in self.sorted() {
            let parts: Vec<_> = group.parts().collect();
            let part = |place: usize| parts.get(place).copied().flatten();
            if filter.iter().all(|(place, value)| part(*place) == *value) {
                let key = places.iter().map(|place| part(*place)).collect();
                rows.entry(key).or_default().merge(totals)?;
            }
        }
        let rows = rows.into_iter().map(|(values, totals)| {
            let key = group_by.iter().zip(values);
            let key = key.map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
            SummaryRow::new(key, &totals)
        });
        Ok(rows.collect())
    }

    /// The place of a field among the parts of a key.
    fn place(&self, argument: &'static str, name: &str) -> Result<usize, ConfigError> {
        let tags = self.config.tags.iter().map(String::as_str);
        ["provider", "model", "status"].into_iter().chain(tags).position(|field| field == name).ok_or_else(
            || {
                ConfigError::new(
                    argument,
                    name,
                    "no field of this roll-up",
                    "give `provider`, `model`, `status` or one of the configured tags",
                )
            },
        )
    }

    /// Every group with its totals, in the order of keys.
    #[must_use]
    pub fn groups(&self) -> Vec<(Group<'_>, SummaryRow)> {
        self.sorted()
            .into_iter()
            .map(|(group, totals)| (group, SummaryRow::new(Vec::new(), totals)))
            .collect()
    }
}

//! OpenMetrics text of everything metered.
//!
//! The text follows OpenMetrics 1.0 (github.com/prometheus/OpenMetrics, `specification/OpenMetrics.md`). Families,
//! groups and labels are sorted, numbers are plain decimals, and the same state gives the same bytes.

mod labels;

use crate::{
    budget::{BudgetError, Budgets},
    rollup::{Group, HISTOGRAM_LE, Rollup, Totals},
};
use finops_core::{
    money::{Picodollars, decimal},
    time::Timestamp,
    usage::Side,
};
use labels::{Labels, Names, escape};
use rust_decimal::Decimal;
use std::fmt::Write;

/// What is exposed.
#[derive(Debug, Clone, Copy)]
pub struct Exposition<'a> {
    /// Everything metered.
    pub rollup: &'a Rollup,
    /// Records overwritten before a sink took them.
    pub records_dropped: u64,
    /// Batches that a sink refused twice.
    pub sink_errors: u64,
    /// Budgets, when there are any.
    pub budgets: Option<&'a Budgets>,
    /// Id and date of generation of the price catalogue.
    pub catalogue: Option<(&'a str, &'a str)>,
}

impl<'a> Exposition<'a> {
    /// The roll-up alone.
    #[must_use]
    pub const fn new(rollup: &'a Rollup) -> Self {
        Self { rollup, records_dropped: 0, sink_errors: 0, budgets: None, catalogue: None }
    }
}

/// One group, with its labels written out.
struct Row<'a> {
    labels: Labels,
    totals: &'a Totals,
}

/// OpenMetrics 1.0 text; budgets stand as in the windows of `at`.
///
/// A group without an amount has no sample: an unknown is never 0. `finops_tokens` has the disjoint buckets of tokens,
/// so that its sum is the total.
///
/// ```
/// use finops_telemetry::{exposition::{Exposition, openmetrics}, rollup::{Rollup, RollupConfig}};
/// let rollup = Rollup::new(RollupConfig::default())?;
/// let text = openmetrics(&Exposition::new(&rollup), "2026-11-02T10:00:00Z".parse()?)?;
/// assert!(text.starts_with("# TYPE finops_carbon_grams counter\n") && text.ends_with("# EOF\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `budget.invalid` when `at` lies before the windows that the budgets keep.
pub fn openmetrics(snapshot: &Exposition<'_>, at: Timestamp) -> Result<String, BudgetError> {
    let rollup = snapshot.rollup;
    let names = Names::new(&rollup.config().tags);
    let sorted = merged(rollup);
    let rows: Vec<Row<'_>> =
        sorted.iter().map(|(group, totals)| Row { labels: names.labels(*group), totals }).collect();
    // A group has about thirty lines: growing tens of megabytes by doubling would copy them more than once.
    let lines = rows.iter().fold(0_usize, |sum, row| {
        sum.saturating_add(row.labels.all().len().saturating_add(64).saturating_mul(30))
    });
    let mut out = String::with_capacity(lines.saturating_add(4096));
    if let Some(budgets) = snapshot.budgets {
        write_budgets(&mut out, budgets, at)?;
    }
    family(&mut out, "finops_carbon_grams", "counter", "grams", "Carbon in grams of CO2e.");
    for row in &rows {
        if let Some(kg) = row.totals.carbon_kg() {
            sample(&mut out, "finops_carbon_grams_total", row.labels.all(), Grams(kg));
        }
    }
    if let Some((id, generated)) = snapshot.catalogue {
        family(&mut out, "finops_catalogue", "info", "", "The price catalogue in use.");
        let labels = format!("{{generated=\"{}\",id=\"{}\"}}", escape(generated), escape(id));
        sample(&mut out, "finops_catalogue_info", &labels, 1);
    }
    write_costs(&mut out, &rows);
    family(&mut out, "finops_energy_joules", "counter", "joules", "Energy in joules.");
    for row in &rows {
        if let Some(joules) = row.totals.energy_joules() {
            sample(&mut out, "finops_energy_joules_total", row.labels.all(), joules);
        }
    }
    family(&mut out, "finops_errors", "counter", "", "Requests that failed.");
    for row in &rows {
        sample(&mut out, "finops_errors_total", row.labels.all(), row.totals.errors);
    }
    let help = "Records overwritten before a sink took them.";
    family(&mut out, "finops_records_dropped", "counter", "", help);
    sample(&mut out, "finops_records_dropped_total", "", snapshot.records_dropped);
    write_durations(&mut out, &rows);
    family(&mut out, "finops_requests", "counter", "", "Requests.");
    for row in &rows {
        sample(&mut out, "finops_requests_total", row.labels.all(), row.totals.requests);
    }
    family(&mut out, "finops_sink_errors", "counter", "", "Batches that a sink refused.");
    sample(&mut out, "finops_sink_errors_total", "", snapshot.sink_errors);
    family(&mut out, "finops_tokens", "counter", "", "Tokens in buckets that do not overlap.");
    for row in &rows {
        for (bucket, count) in row.totals.usage() {
            if matches!(bucket.side(), Side::Input | Side::Output) {
                labelled(&mut out, "finops_tokens_total", &row.labels, labels::KIND, bucket.name(), count);
            }
        }
    }
    out.push_str("# EOF\n");
    Ok(out)
}

/// The groups in order, one for each set of labels: whether a model has a price of its own is no label.
fn merged(rollup: &Rollup) -> Vec<(Group<'_>, std::borrow::Cow<'_, Totals>)> {
    use std::borrow::Cow;
    let mut groups: Vec<(Group<'_>, Cow<'_, Totals>)> = Vec::with_capacity(rollup.len());
    for (group, totals) in rollup.sorted() {
        match groups.last_mut() {
            // A sum too large to hold leaves the smaller part out of sight rather than failing the scrape.
            Some((last, sum)) if last.same_fields(&group) => {
                let _ = sum.to_mut().merge(totals);
            }
            _ => groups.push((group, Cow::Borrowed(totals))),
        }
    }
    groups
}

fn write_budgets(out: &mut String, budgets: &Budgets, at: Timestamp) -> Result<(), BudgetError> {
    let mut states = budgets.state(None, at)?;
    states.sort_by(|a, b| a.budget.cmp(&b.budget));
    let labels: Vec<String> = states
        .iter()
        .map(|state| format!("{{budget=\"{}\",unit=\"{}\"}}", escape(&state.budget), state.unit.name()))
        .collect();
    family(out, "finops_budget_limit", "gauge", "", "What may be spent in a window.");
    for (state, labels) in states.iter().zip(&labels) {
        sample(out, "finops_budget_limit", labels, state.limit);
    }
    family(out, "finops_budget_reserved", "gauge", "", "What is held for calls under way.");
    for (state, labels) in states.iter().zip(&labels) {
        sample(out, "finops_budget_reserved", labels, state.reserved);
    }
    family(out, "finops_budget_spent", "gauge", "", "What was spent in the present window.");
    for (state, labels) in states.iter().zip(&labels) {
        sample(out, "finops_budget_spent", labels, state.spent);
    }
    Ok(())
}

fn write_costs(out: &mut String, rows: &[Row<'_>]) {
    let priced = || rows.iter().filter(|row| row.totals.priced() > 0);
    family(out, "finops_cost_component_usd", "counter", "usd", "Cost in USD by side of the bill.");
    for row in priced() {
        let costs = row.totals.costs;
        let sides = [
            ("compute", costs.compute),
            ("input", costs.input),
            ("other", costs.other),
            ("output", costs.output),
        ];
        for (side, amount) in sides {
            let name = "finops_cost_component_usd_total";
            labelled(out, name, &row.labels, labels::COMPONENT, side, Money(amount));
        }
    }
    family(out, "finops_cost_usd", "counter", "usd", "Cost in USD of the requests that have a price.");
    for row in priced() {
        sample(out, "finops_cost_usd_total", row.labels.all(), Money(row.totals.costs.total));
    }
}

fn write_durations(out: &mut String, rows: &[Row<'_>]) {
    let help = "How long requests took.";
    family(out, "finops_request_duration_seconds", "histogram", "seconds", help);
    for row in rows {
        let counts = row.totals.cumulative();
        let count = counts.last().copied().unwrap_or_default();
        if count == 0 {
            continue;
        }
        for (le, n) in HISTOGRAM_LE.iter().copied().chain(["+Inf"]).zip(counts) {
            labelled(out, "finops_request_duration_seconds_bucket", &row.labels, labels::LE, le, n);
        }
        sample(out, "finops_request_duration_seconds_count", row.labels.all(), count);
        let seconds = Seconds(row.totals.duration_ns);
        sample(out, "finops_request_duration_seconds_sum", row.labels.all(), seconds);
    }
}

fn family(out: &mut String, name: &str, kind: &str, unit: &str, help: &str) {
    put(out, format_args!("# TYPE {name} {kind}\n"));
    if !unit.is_empty() {
        put(out, format_args!("# UNIT {name} {unit}\n"));
    }
    put(out, format_args!("# HELP {name} {help}\n"));
}

fn sample(out: &mut String, name: &str, labels: &str, value: impl Value) {
    out.push_str(name);
    out.push_str(labels);
    out.push(' ');
    value.put(out);
    out.push('\n');
}

/// A sample with one more label, in its place among the others.
fn labelled(out: &mut String, name: &str, labels: &Labels, label: usize, value: &str, number: impl Value) {
    out.push_str(name);
    labels.write_with(out, label, value);
    out.push(' ');
    number.put(out);
    out.push('\n');
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

/// A number as plain decimal text.
trait Value {
    fn put(self, out: &mut String);
}

macro_rules! displayed {
    ($($number:ty),+) => { $(impl Value for $number {
        fn put(self, out: &mut String) {
            put(out, format_args!("{self}"));
        }
    })+ };
}

displayed!(i32, f64, u128, crate::budget::Quantity);

impl Value for u64 {
    fn put(self, out: &mut String) {
        // Most numbers of a scrape are small counts of histogram buckets.
        match u8::try_from(self) {
            Ok(digit) if digit < 10 => out.push(char::from(digit.saturating_add(b'0'))),
            _ => put(out, format_args!("{self}")),
        }
    }
}

struct Money(Picodollars);

impl Value for Money {
    fn put(self, out: &mut String) {
        if self.0.is_zero() {
            out.push('0');
        } else {
            put(out, format_args!("{}", self.0));
        }
    }
}

/// Kilograms as grams: the point is moved in the text, because a product of floats would add noise in the last digit.
struct Grams(f64);

impl Value for Grams {
    fn put(self, out: &mut String) {
        let exact = decimal::from_f64(self.0).and_then(|kg| kg.checked_mul(Decimal::ONE_THOUSAND));
        match exact {
            Some(grams) => put(out, format_args!("{}", grams.normalize())),
            None => (self.0 * 1000.0).put(out),
        }
    }
}

/// Nanoseconds as seconds.
struct Seconds(u128);

impl Value for Seconds {
    fn put(self, out: &mut String) {
        const NS: u128 = 1_000_000_000;
        let whole = self.0.checked_div(NS).unwrap_or_default();
        put(out, format_args!("{whole}"));
        let fraction = self.0.checked_rem(NS).unwrap_or_default();
        if fraction != 0 {
            let start = out.len();
            put(out, format_args!(".{fraction:09}"));
            let kept = out.get(start..).unwrap_or_default().trim_end_matches('0').len();
            out.truncate(start.saturating_add(kept));
        }
    }
}

#[cfg(test)]
mod tests;

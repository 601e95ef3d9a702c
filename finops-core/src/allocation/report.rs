//! Reports as JSON, CSV and Markdown, all from one model.

use super::{
    aggregate::{AllocationReport, NodeView, ReportRow, ppm, ratio_text},
    json::{idle_name, instant},
    key::Key,
    row::{Column, text},
};
use crate::json::{Json, Object};
use std::fmt::Write as _;

/// Places of a nano-unit.
const NANO_PLACES: u32 = 9;

impl AllocationReport {
    /// The wire form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut out = Object::new();
        out.insert("by", Json::array(self.by.iter().map(Key::to_string)));
        if let Some(filter) = &self.filter {
            out.insert("filter", filter.to_json());
        }
        out.insert(
            "window",
            Json::object([("start", instant(self.window.0)), ("end", instant(self.window.1))]),
        );
        out.insert("currency", self.currency.code());
        out.insert("idle", idle_name(self.idle));
        out.insert("reconciled", self.reconciled);
        out.insert("month_hours", self.month_hours.normalize().to_string());
        out.insert("rows", Json::Array(self.rows.iter().map(|row| self.row_to_json(row)).collect()));
        out.insert("total", text(self.total));
        out.insert("unallocated", text(self.unallocated));
        out.insert("unallocated_ppm", ppm(self.unallocated, self.total).map(Json::from));
        if let Some(idle) = self.idle_of_rows {
            out.insert("idle_of_rows", text(idle));
        }
        Json::Object(out)
    }

    /// The wire form of one of its rows.
    #[must_use]
    pub fn row_to_json(&self, row: &ReportRow) -> Json {
        let mut out = Object::new();
        out.insert("name", row.name());
        let keys = self.by.iter().map(Key::to_string).zip(row.values.iter().map(Json::from));
        out.insert("key", Json::object(keys));
        let cost = Column::ALL.iter().zip(row.cost).filter(|(_, cost)| *cost != 0);
        out.insert(
            "cost",
            Json::object(cost.map(|(column, cost)| (column.as_str(), Json::from(text(cost))))),
        );
        let attributed = [("idle", row.idle), ("shared", row.shared), ("shared_idle", row.shared_idle)];
        let attributed = attributed.into_iter().filter(|(_, cost)| *cost != 0);
        out.insert("attributed", Json::object(attributed.map(|(name, cost)| (name, Json::from(text(cost))))));
        out.insert("total", text(row.total));
        out.insert("share_ppm", ppm(row.total, self.total).map(Json::from));
        let efficiency = &row.efficiency;
        let ratios = [("cpu", &efficiency.cpu), ("memory", &efficiency.memory), ("total", &efficiency.total)];
        let mut ratios: Object =
            ratios.into_iter().map(|(name, ratio)| (name, Json::from(ratio_text(ratio.as_ref())))).collect();
        if efficiency.no_request {
            ratios.insert("no_request", true);
        }
        out.insert("efficiency", ratios);
        out.insert("rows", row.rows);
        out.insert("unpriced_rows", row.unpriced_rows);
        if let Some(node) = &row.node {
            out.insert("node", node_view(node));
        }
        Json::Object(out)
    }

    /// Comma-separated values (RFC 4180) with a header and lines that end in CR LF. Amounts have `places` digits after
    /// the point, at most nine; each column adds up to its printed total, which is the last line.
    ///
    /// ```
    /// use finops_core::{allocation::{AllocationConfig, Key, allocate}, inventory::ClusterInventory, price::PriceBook};
    /// let inventory = ClusterInventory::new("c", "2026-11-02T00:00:00Z".parse()?);
    /// let set = allocate(&inventory, &PriceBook::builtin(), &AllocationConfig::default())?;
    /// let csv = set.aggregate(&[Key::Namespace], None)?.to_csv(2);
    /// assert!(csv.starts_with("namespace,cpu,memory,") && csv.ends_with("TOTAL,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_csv(&self, places: u32) -> String {
        let table = self.table(places);
        let mut out = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            for (position, cell) in cells.enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                if cell.contains([',', '"', '\r', '\n']) {
                    let _ = write!(out, "\"{}\"", cell.replace('"', "\"\""));
                } else {
                    out.push_str(cell);
                }
            }
            out.push_str("\r\n");
        };
        for cells in &table {
            line(&mut cells.iter().map(String::as_str));
        }
        out
    }

    /// A Markdown table with the total and what it leaves out. Amounts have `places` digits after the point, at most
    /// nine; each column adds up to its printed total.
    #[must_use]
    pub fn to_markdown(&self, places: u32) -> String {
        let mut out = String::new();
        let kind = match self.idle {
            super::Idle::Keep => "Showback",
            super::Idle::Share => "Chargeback",
        };
        let (start, end) = (instant(self.window.0), instant(self.window.1));
        let _ = writeln!(
            out,
            "{kind} in {} from {} to {}\n",
            self.currency,
            start.as_str().unwrap_or_default(),
            end.as_str().unwrap_or_default()
        );
        let names = self.by.len().max(1);
        for (position, cells) in self.table(places).iter().enumerate() {
            let cells: Vec<String> =
                cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
            let _ = writeln!(out, "| {} |", cells.join(" | "));
            if position == 0 {
                let rule = (0..cells.len()).map(|column| if column < names { "---" } else { "---:" });
                let _ = writeln!(out, "| {} |", rule.collect::<Vec<_>>().join(" | "));
            }
        }
        let unpriced: u64 = self.rows.iter().map(|row| row.unpriced_rows).sum();
        if unpriced > 0 {
            let _ = writeln!(out, "\n{unpriced} rows have no price and stand in no sum.");
        }
        if let Some(idle) = self.idle_of_rows {
            let _ = writeln!(out, "\nIdle time of these rows: {} {}.", text(idle), self.currency);
        }
        out
    }

    /// Header, rows and total as text.
    fn table(&self, places: u32) -> Vec<Vec<String>> {
        let places = places.min(NANO_PLACES);
        let names: Vec<String> = self.by.iter().map(Key::to_string).collect();
        let mut header = if names.is_empty() { vec!["name".to_owned()] } else { names };
        let width = header.len();
        header.extend(Column::ALL.iter().map(|column| column.as_str().to_owned()));
        header.extend(["idle", "shared", "shared_idle", "total"].map(str::to_owned));
        let mut lines: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| if row.values.is_empty() { vec!["all".to_owned()] } else { row.values.clone() })
            .collect();
        let mut total = vec![String::new(); width];
        if let Some(first) = total.first_mut() {
            "TOTAL".clone_into(first);
        }
        let mut add = |amounts: Vec<i128>| {
            let (rounded, sum) = round_column(&amounts, places);
            for (line, amount) in lines.iter_mut().zip(rounded) {
                line.push(fixed(amount, places));
            }
            total.push(fixed(sum, places));
        };
        for column in 0..Column::ALL.len() {
            add(self.rows.iter().map(|row| row.cost.get(column).copied().unwrap_or(0)).collect());
        }
        add(self.rows.iter().map(|row| row.idle).collect());
        add(self.rows.iter().map(|row| row.shared).collect());
        add(self.rows.iter().map(|row| row.shared_idle).collect());
        add(self.rows.iter().map(|row| row.total).collect());
        let mut table = vec![header];
        table.append(&mut lines);
        table.push(total);
        table
    }
}

/// Amounts in steps of `places` digits that add up to their rounded sum: floor, then one step each to the largest
/// remainders, ties to the earlier row.
fn round_column(amounts: &[i128], places: u32) -> (Vec<i128>, i128) {
    let step = 10_i128.saturating_pow(NANO_PLACES.saturating_sub(places));
    let floor = |amount: i128| amount.checked_div_euclid(step).unwrap_or(0);
    let sum = amounts.iter().fold(0_i128, |sum, amount| sum.saturating_add(*amount));
    let target = crate::money::div_half_even(sum, step).unwrap_or(0);
    let mut out: Vec<i128> = amounts.iter().map(|amount| floor(*amount)).collect();
    let given = out.iter().fold(0_i128, |sum, amount| sum.saturating_add(*amount));
    let missing = usize::try_from(target.saturating_sub(given)).unwrap_or(0);
    let mut order: Vec<(i128, usize)> = amounts
        .iter()
        .enumerate()
        .map(|(at, amount)| (amount.checked_rem_euclid(step).unwrap_or(0), at))
        .collect();
    order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in order.into_iter().take(missing) {
        if let Some(amount) = out.get_mut(at) {
            *amount = amount.saturating_add(1);
        }
    }
    (out, target)
}

/// Steps of `places` digits as text.
fn fixed(steps: i128, places: u32) -> String {
    let width = usize::try_from(places).unwrap_or(0);
    let digits = format!("{:0>width$}", steps.unsigned_abs(), width = width.saturating_add(1));
    let (whole, rest) = digits.split_at(digits.len().saturating_sub(width));
    let sign = if steps < 0 { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

fn node_view(node: &NodeView) -> Json {
    let core = |amount: u128| Json::from(text(i128::try_from(amount).unwrap_or(i128::MAX)));
    let byte = |amount: u128| Json::from(amount.to_string());
    let both = |[cpu, memory]: [u128; 2]| {
        Json::object([("cpu_core_seconds", core(cpu)), ("memory_byte_seconds", byte(memory))])
    };
    let [cpu, memory] = node.allocatable;
    let allocatable = [
        ("cpu_core_seconds", cpu.map_or(Json::Null, core)),
        ("memory_byte_seconds", memory.map_or(Json::Null, byte)),
    ];
    let [cpu, memory, gpu] = node.idle.map(|amount| Json::from(text(amount)));
    Json::object([
        ("capacity", both(node.capacity)),
        ("allocatable", Json::object(allocatable)),
        ("requested", both(node.requested)),
        ("used", both(node.used)),
        ("idle", Json::object([("cpu", cpu), ("memory", memory), ("gpu", gpu)])),
        ("unschedulable", Json::from(text(node.unschedulable))),
        ("stranded", Json::from(text(node.stranded))),
    ])
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test's numbers are small")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn printed_rows_add_up(amounts in prop::collection::vec(-5_000_000_000_i128..50_000_000_000, 0..30), places in 0_u32..10) {
            let (rows, total) = round_column(&amounts, places);
            prop_assert_eq!(rows.iter().sum::<i128>(), total);
            let step = 10_i128.pow(9 - places);
            for (row, amount) in rows.iter().zip(&amounts) {
                prop_assert!((row * step - amount).abs() <= step);
            }
        }
    }

    #[test]
    fn amounts_have_their_places() {
        assert_eq!(
            (fixed(-5, 2), fixed(123, 2), fixed(7, 0), fixed(0, 3)),
            ("-0.05".to_owned(), "1.23".to_owned(), "7".to_owned(), "0.000".to_owned())
        );
    }
}

//! Rows summed by teams, namespaces, labels and so on.

use super::{
    config::Idle,
    efficiency::{Efficiency, Use, efficiency, exact},
    key::{Filter, Key, UNALLOCATED, canonical},
    node::NodeAsset,
    row::{Row, RowStatus, UsageBasis},
    set::AllocationSet,
};
use crate::{
    error::Fault,
    exact::Exact,
    money::{Currency, overflow},
};
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// Above this share of a resource requested, in percent, and below the other, the rest of a node is stranded.
const STRANDED_ABOVE: u128 = 90;
const STRANDED_BELOW: u128 = 50;

/// One group of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportRow {
    /// The values of the keys, in their order.
    pub values: Vec<String>,
    /// Rows in the group.
    pub rows: u64,
    /// Rows in the group whose cost is unknown; they stand in no sum.
    pub unpriced_rows: u64,
    /// Nano-units by [`Column`](super::Column).
    pub cost: [i128; 7],
    /// Attributed idle time.
    pub idle: i128,
    /// Attributed shared costs.
    pub shared: i128,
    /// Idle time that travels with shared costs.
    pub shared_idle: i128,
    /// The total, as the set distributes costs.
    pub total: i128,
    /// Use of requests; only rows whose use is known count.
    pub efficiency: Efficiency,
    /// What a node has, where rows are nodes.
    pub node: Option<NodeView>,
    requested: [u128; 2],
    used: [u128; 2],
    known: [bool; 2],
}

impl ReportRow {
    /// The values joined by `/`.
    #[must_use]
    pub fn name(&self) -> String {
        self.values.join("/")
    }
}

/// A node in a report by node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeView {
    /// Nanocore-seconds and byte-seconds that it has.
    pub capacity: [u128; 2],
    /// Those of them that pods may have, where known.
    pub allocatable: [Option<u128>; 2],
    /// Those requested.
    pub requested: [u128; 2],
    /// Those used, over the time in which that is known.
    pub used: [u128; 2],
    /// What nobody claimed, in nano-units, by cores, memory and accelerators.
    pub idle: [i128; 3],
    /// The part of it that pods cannot have.
    pub unschedulable: i128,
    /// Idle cost of a resource that no pod can use, because another is taken: informational, no saving.
    pub stranded: i128,
}

/// Rows summed by keys. A filter only hides: no number of a row that stays changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationReport {
    /// The keys.
    pub by: Vec<Key>,
    /// What was hidden.
    pub filter: Option<Filter>,
    /// First second and end, since 1970 UTC.
    pub window: (i64, i64),
    /// The currency of every amount.
    pub currency: Currency,
    /// What happened to idle time: kept is showback, shared is chargeback.
    pub idle: Idle,
    /// Whether a bill replaced list prices.
    pub reconciled: bool,
    /// Hours of a month, for monthly figures.
    pub month_hours: Decimal,
    /// Groups in the order of keys.
    pub rows: Vec<ReportRow>,
    /// The sum of the rows' totals, in nano-units.
    pub total: i128,
    /// The part without a value in one of the keys.
    pub unallocated: i128,
    /// With a filter and idle kept: the idle time that the rows that stay would pay for.
    pub idle_of_rows: Option<i128>,
}

/// A row, or the part of it that one of its services has.
struct Portion {
    cost: [i128; 7],
    attributed: [i128; 3],
    requested: [u128; 2],
    used: [u128; 2],
    total: i128,
}

impl AllocationSet {
    /// Sums rows by `by` (an empty list is one group), of those that pass the filter.
    ///
    /// # Errors
    /// `allocation.overflow`.
    pub fn aggregate(&self, by: &[Key], filter: Option<&Filter>) -> Result<AllocationReport, Fault> {
        let mut groups: FxHashMap<Box<[&str]>, usize> = FxHashMap::default();
        let mut rows: Vec<ReportRow> = Vec::new();
        let mut values: Vec<&str> = Vec::with_capacity(by.len());
        let mut last: Option<(Vec<&str>, usize)> = None;
        let by_service = by.contains(&Key::Service);
        for row in self.rows().filter(|row| filter.is_none_or(|filter| self.passes(row, filter))) {
            let services = if by_service { self.services(row) } else { &[] };
            for part in 0..services.len().max(1) {
                values.clear();
                values.extend(by.iter().map(|key| match (key, services.get(part)) {
                    (Key::Service, Some(service)) => service.as_str(),
                    _ => self.value(row, key),
                }));
                let known = last.as_ref().filter(|(same, _)| *same == values).map(|(_, at)| *at);
                let at = known.or_else(|| groups.get(values.as_slice()).copied()).unwrap_or(rows.len());
                if at == rows.len() {
                    let names = values.iter().map(|value| (*value).to_owned()).collect();
                    rows.push(ReportRow { values: names, ..ReportRow::default() });
                    groups.insert(values.as_slice().into(), at);
                }
                if known.is_none() {
                    last = Some((values.clone(), at));
                }
                if let Some(group) = rows.get_mut(at) {
                    group.add(row, &self.portion(row, part, services.len()))?;
                }
            }
        }
        rows.sort_unstable_by(|a, b| compare(&a.values, &b.values));
        let mut total = 0_i128;
        let (mut unallocated, mut idle) = (0_i128, 0_i128);
        for row in &mut rows {
            total = total.checked_add(row.total).ok_or_else(overflow)?;
            idle = idle.saturating_add(row.idle).saturating_add(row.shared_idle);
            if row.values.iter().any(|value| value == UNALLOCATED) {
                unallocated = unallocated.saturating_add(row.total);
            }
            row.efficiency = row.efficiency();
        }
        if *by == [Key::Node] {
            self.view_nodes(&mut rows);
        }
        let keeps = self.config.idle == Idle::Keep;
        Ok(AllocationReport {
            by: by.to_vec(),
            filter: filter.cloned(),
            window: self.window,
            currency: self.currency,
            idle: self.config.idle,
            reconciled: self.reconciled,
            month_hours: self.config.month_hours,
            rows,
            total,
            unallocated,
            idle_of_rows: (filter.is_some() && keeps).then_some(idle),
        })
    }

    /// Part `part` of a row that `parts` services share evenly, left-over units to the first; the whole for none.
    fn portion(&self, row: &Row, part: usize, parts: usize) -> Portion {
        let (attributed, requested, used) = (row.attributed(), row.requested(), row.used());
        let mut out = Portion {
            cost: row.cost().map(|cost| cost.get().into()),
            attributed: [attributed.idle, attributed.shared, attributed.shared_idle]
                .map(|cost| cost.get().into()),
            requested: [known(row, 0, requested.cpu), known(row, 1, requested.memory)],
            used: [used.cpu, used.memory],
            total: row.total.get().into(),
        };
        if parts < 2 {
            return out;
        }
        let (at, count) = (u128::try_from(part).unwrap_or(0), u128::try_from(parts).unwrap_or(1));
        let share = |amount: u128| {
            let (each, rest) =
                (amount.checked_div(count).unwrap_or(0), amount.checked_rem(count).unwrap_or(0));
            each.saturating_add(u128::from(at < rest))
        };
        let signed = |amount: i128| {
            let part = i128::try_from(share(amount.unsigned_abs())).unwrap_or(0);
            if amount < 0 { part.saturating_neg() } else { part }
        };
        out.cost = out.cost.map(signed);
        out.attributed = out.attributed.map(signed);
        (out.requested, out.used) = (out.requested.map(share), out.used.map(share));
        let [idle, shared, shared_idle] = out.attributed;
        let added = if self.config.idle == Idle::Share { idle.saturating_add(shared_idle) } else { 0 };
        out.total = out.cost.iter().fold(shared.saturating_add(added), |sum, cost| sum.saturating_add(*cost));
        out
    }

    fn view_nodes(&self, rows: &mut [ReportRow]) {
        let nodes = self.assets.iter().filter_map(|asset| asset.node.as_deref());
        let mut views: FxHashMap<u32, NodeView> = nodes.map(|node| (node.node, NodeView::of(node))).collect();
        for row in self.rows.iter().filter(|row| row.kind.is_ordinary()) {
            if let Some(view) = views.get_mut(&row.node) {
                let (requested, used) = (row.requested(), row.used());
                let pairs = [(requested.cpu, used.cpu), (requested.memory, used.memory)];
                let sums = view.requested.iter_mut().zip(&mut view.used);
                for ((requested, used), amounts) in sums.zip(pairs) {
                    *requested = requested.saturating_add(amounts.0);
                    *used = used.saturating_add(amounts.1);
                }
            }
        }
        let named = views.into_iter().filter_map(|(number, view)| {
            let facts = self.tables.nodes.get(super::row::place(number))?;
            Some((facts.name.as_str(), view.with_stranded()))
        });
        let mut named: FxHashMap<&str, NodeView> = named.collect();
        for row in rows {
            row.node = row.values.first().and_then(|name| named.remove(name.as_str()));
        }
    }
}

impl NodeView {
    fn of(node: &NodeAsset) -> Self {
        let [cpu, memory, gpu] = &node.pools;
        let time = u128::from(node.seconds());
        Self {
            capacity: [cpu.capacity, memory.capacity],
            allocatable: node.allocatable.map(|amount| amount.and_then(|amount| amount.checked_mul(time))),
            idle: [cpu, memory, gpu].map(|pool| pool.idle.get().into()),
            unschedulable: [cpu, memory, gpu].iter().map(|pool| i128::from(pool.unschedulable.get())).sum(),
            ..Self::default()
        }
    }

    /// One resource nearly all requested while another is free: no pod can have the latter.
    fn with_stranded(mut self) -> Self {
        let view = &mut self;
        let [has_cpu, has_memory] = view.capacity;
        let [cpu, memory] = view.requested;
        let above = |part: u128, whole: u128| part.saturating_mul(100) > whole.saturating_mul(STRANDED_ABOVE);
        let below = |part: u128, whole: u128| part.saturating_mul(100) < whole.saturating_mul(STRANDED_BELOW);
        view.stranded = if above(cpu, has_cpu) && below(memory, has_memory) {
            view.idle[1]
        } else if above(memory, has_memory) && below(cpu, has_cpu) {
            view.idle[0]
        } else {
            0
        };
        self
    }
}

/// What was requested in the time in which the use is known.
fn known(row: &Row, column: usize, requested: u128) -> u128 {
    let known = row.known_seconds().get(column).copied().unwrap_or(0);
    if known == row.seconds {
        return requested;
    }
    let each = requested.checked_div(row.seconds.into()).unwrap_or(0);
    each.saturating_mul(known.into())
}

impl ReportRow {
    fn add(&mut self, row: &Row, portion: &Portion) -> Result<(), Fault> {
        self.rows = self.rows.saturating_add(1);
        if row.status == RowStatus::Unpriced {
            self.unpriced_rows = self.unpriced_rows.saturating_add(1);
            return Ok(());
        }
        for (sum, cost) in self.cost.iter_mut().zip(portion.cost) {
            *sum = sum.checked_add(cost).ok_or_else(overflow)?;
        }
        let [idle, shared, shared_idle] = portion.attributed;
        let sums = [(&mut self.idle, idle), (&mut self.shared, shared), (&mut self.shared_idle, shared_idle)];
        for (sum, amount) in sums.into_iter().chain([(&mut self.total, portion.total)]) {
            *sum = sum.checked_add(amount).ok_or_else(overflow)?;
        }
        for column in 0..2 {
            if row.basis.get(column).is_none_or(|basis| *basis == UsageBasis::None) {
                continue;
            }
            let add = |sums: &mut [u128; 2], amounts: &[u128; 2]| {
                if let (Some(sum), Some(amount)) = (sums.get_mut(column), amounts.get(column)) {
                    *sum = sum.saturating_add(*amount);
                }
            };
            add(&mut self.requested, &portion.requested);
            add(&mut self.used, &portion.used);
            if let Some(known) = self.known.get_mut(column) {
                *known = true;
            }
        }
        Ok(())
    }

    fn efficiency(&self) -> Efficiency {
        let of = |column: usize| {
            self.known.get(column).filter(|known| **known)?;
            let cost = self.cost.get(column).copied().unwrap_or(0).max(0).unsigned_abs();
            Some(Use {
                used: exact(*self.used.get(column)?),
                requested: exact(*self.requested.get(column)?),
                cost: exact(cost),
            })
        };
        let (cpu, memory) = (of(0), of(1));
        if cpu.is_none() && memory.is_none() {
            return Efficiency::default();
        }
        efficiency(cpu.as_ref(), memory.as_ref())
    }
}

fn compare(a: &[String], b: &[String]) -> Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| canonical(a, b));
    pairs.fold(Ordering::Equal, Ordering::then)
}

/// `part` of `whole` in parts per million, rounded half to even; `None` of nothing.
pub(super) fn ppm(part: i128, whole: i128) -> Option<i128> {
    let (part, whole) = if whole < 0 { (part.checked_neg()?, whole.checked_neg()?) } else { (part, whole) };
    if whole == 0 { None } else { crate::money::div_half_even(part.checked_mul(1_000_000)?, whole) }
}

/// An exact ratio as text.
pub(super) fn ratio_text(ratio: Option<&Exact>) -> Option<String> {
    ratio.map(Exact::to_string)
}

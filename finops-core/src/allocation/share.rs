//! The waterfall: idle time, then shared costs, then totals; always in this order.

use super::{
    config::{Idle, IdleScope, SharedSource, SharedSplit},
    direct::{Scratch, counts},
    key::{Filter, Key, canonical},
    row::{Row, RowKind, RowStatus},
    set::{AllocationSet, AssetKind},
};
use crate::{
    error::Fault,
    money::{Nanos, overflow},
};
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Rows by tenant, in the order of keys.
type Tenants = Vec<(String, Vec<usize>)>;

impl AllocationSet {
    /// Attributes the idle time of the cluster and shared costs, where none is attributed, and sets totals.
    pub(super) fn waterfall(&mut self) -> Result<(), Fault> {
        let mut scratch = Scratch::default();
        if self.config.idle_scope == IdleScope::Cluster {
            self.share_idle_of_cluster(&mut scratch)?;
        }
        if !self.config.shared.is_empty() {
            self.share_costs(&mut scratch)?;
        }
        self.set_totals()
    }

    /// Whether nothing but nodes has costs for rows, so that each node settles its own.
    pub(super) fn is_of_nodes_alone(&self) -> bool {
        let own = self.config.idle_scope == IdleScope::Node && self.config.shared.is_empty();
        own && self.assets.iter().all(|asset| asset.node.is_some())
    }

    fn share_idle_of_cluster(&mut self, scratch: &mut Scratch) -> Result<(), Fault> {
        for column in 0..3 {
            let weight = |row: &Row| {
                if row.kind.is_ordinary() {
                    row.cell(column).get().max(0).unsigned_abs().into()
                } else {
                    0_u128
                }
            };
            scratch.weights.clear();
            scratch.weights.extend(self.rows.iter().map(weight));
            let shared = scratch.weights.iter().any(|weight| *weight > 0);
            let mut idle = 0_i128;
            for node in self.assets.iter_mut().filter_map(|asset| asset.node.as_mut()) {
                let Some(pool) = node.pools.get_mut(column) else { continue };
                pool.undistributed = if shared { Nanos::ZERO } else { pool.idle };
                idle = idle.checked_add(pool.idle.get().into()).ok_or_else(overflow)?;
            }
            if shared && idle != 0 {
                scratch.split(idle)?;
                for (row, part) in self.rows.iter_mut().zip(&scratch.parts) {
                    row.add_idle(*part)?;
                }
            }
        }
        Ok(())
    }

    fn share_costs(&mut self, scratch: &mut Scratch) -> Result<(), Fault> {
        let shared = std::mem::take(&mut self.config.shared);
        let result = self.share_all(&shared, scratch);
        self.config.shared = shared;
        result
    }

    fn share_all(&mut self, shared: &[super::SharedCost], scratch: &mut Scratch) -> Result<(), Fault> {
        let sources = self.sources(shared)?;
        let in_source: Vec<bool> = {
            let mut flags = vec![false; self.rows.len()];
            for row in sources.iter().flatten() {
                if let Some(flag) = flags.get_mut(*row) {
                    *flag = true;
                }
            }
            flags
        };
        // One snapshot, so that the order of the shared costs changes nothing.
        let direct: Vec<i128> = self.rows.iter().map(Row::direct).collect();
        let idle: Vec<i128> = self.rows.iter().map(|row| row.attributed().idle.get().into()).collect();
        let mut tenants: BTreeMap<&Key, Tenants> = BTreeMap::new();
        for cost in shared {
            tenants.entry(&cost.tenant_key).or_insert_with(|| self.tenants(&cost.tenant_key, &in_source));
        }
        // Fixed amounts are assets, in the order of the configuration.
        let fixed = self.assets.iter().filter(|asset| asset.kind == AssetKind::Shared);
        let fixed: Vec<i128> = fixed.map(|asset| asset.cost.map_or(0, |cost| cost.get().into())).collect();
        let mut amounts = fixed.into_iter();
        for (cost, source) in shared.iter().zip(&sources) {
            let none = Tenants::new();
            let tenants = tenants.get(&cost.tenant_key).unwrap_or(&none);
            let weights = tenant_weights(&cost.split, tenants, &direct)?;
            let sum = |amounts: &[i128]| {
                source
                    .iter()
                    .filter_map(|row| amounts.get(*row))
                    .try_fold(0_i128, |sum, x| sum.checked_add(*x))
            };
            let is_fixed = cost.is_amount();
            let amount = if is_fixed { amounts.next() } else { sum(&direct) }.ok_or_else(overflow)?;
            let idle_amount = if is_fixed { Some(0) } else { sum(&idle) }.ok_or_else(overflow)?;
            let Some(weights) = weights else {
                self.keep_shared(source, if is_fixed { amount } else { 0 })?;
                continue;
            };
            for row in source {
                let Some((row, (direct, idle))) =
                    self.rows.get_mut(*row).zip(direct.get(*row).zip(idle.get(*row)))
                else {
                    continue;
                };
                let opposite = |amount: &i128| amount.checked_neg().ok_or_else(overflow);
                row.add_shared(opposite(direct)?, opposite(idle)?)?;
            }
            let mut give =
                |amount: i128, add: fn(&mut Row, i128) -> Result<(), Fault>| -> Result<(), Fault> {
                    scratch.weights.clone_from(&weights);
                    scratch.split(amount)?;
                    let parts = scratch.parts.clone();
                    for ((_, rows), part) in tenants.iter().zip(parts).filter(|(_, part)| *part != 0) {
                        scratch.weights.clear();
                        let weight =
                            |row: &usize| direct.get(*row).map_or(0, |cost| (*cost).max(0).unsigned_abs());
                        scratch.weights.extend(rows.iter().map(weight));
                        if scratch.weights.iter().all(|weight| *weight == 0) {
                            scratch.weights.fill(1);
                        }
                        scratch.split(part)?;
                        for (row, part) in rows.iter().zip(&scratch.parts) {
                            if let Some(row) = self.rows.get_mut(*row) {
                                add(row, *part)?;
                            }
                        }
                    }
                    Ok(())
                };
            give(amount, |row, part| row.add_shared(part, 0))?;
            give(idle_amount, |row, part| row.add_shared(0, part))?;
        }
        Ok(())
    }

    /// What is shared and has no tenant stays where it is, and a fixed amount has a row of its own.
    fn keep_shared(&mut self, source: &[usize], amount: i128) -> Result<(), Fault> {
        for row in source {
            if let Some(row) = self.rows.get_mut(*row) {
                row.status = RowStatus::Undistributed;
            }
        }
        if amount != 0
            && let Some(row) = self.rows.iter_mut().find(|row| row.kind == RowKind::Shared)
        {
            row.status = RowStatus::Undistributed;
            row.add(6, amount)?;
        }
        Ok(())
    }

    /// The rows of every source.
    fn sources(&self, shared: &[super::SharedCost]) -> Result<Vec<Vec<usize>>, Fault> {
        let mut taken: Vec<bool> = vec![false; self.rows.len()];
        let mut out = Vec::with_capacity(shared.len());
        for (index, cost) in shared.iter().enumerate() {
            let mut rows = Vec::new();
            let passes = |row: &Row| match &cost.source {
                SharedSource::Namespaces(names) => {
                    // A namespace is shared with the volumes that none of its pods mounts.
                    (row.kind.is_ordinary() || row.kind == RowKind::Unmounted)
                        && names.iter().any(|name| name == self.value(row, &Key::Namespace))
                }
                SharedSource::Filter(filter) => row.kind.is_ordinary() && self.passes(row, filter),
                _ => false,
            };
            for (position, (row, taken)) in self.rows.iter().zip(&mut taken).enumerate() {
                if !counts(row) || !passes(row) {
                    continue;
                }
                if std::mem::replace(taken, true) {
                    let path = format!("shared[{index}]");
                    let problem =
                        format!("`{}` is shared twice", crate::error::shorten(&self.key(row).join("/")));
                    return Err(Fault::new(
                        "allocation.invalid_share",
                        path,
                        problem,
                        "let the sources not overlap",
                    ));
                }
                rows.push(position);
            }
            out.push(rows);
        }
        Ok(out)
    }

    /// Ordinary rows outside every source, by tenant.
    fn tenants(&self, key: &Key, in_source: &[bool]) -> Tenants {
        let mut places: FxHashMap<&str, usize> = FxHashMap::default();
        let mut tenants = Tenants::new();
        for (position, (row, shared)) in self.rows.iter().zip(in_source).enumerate() {
            if *shared || !row.kind.is_ordinary() || !counts(row) {
                continue;
            }
            let value = self.value(row, key);
            let place = *places.entry(value).or_insert(tenants.len());
            match tenants.get_mut(place) {
                Some((_, rows)) => rows.push(position),
                None => tenants.push((value.to_owned(), vec![position])),
            }
        }
        tenants.sort_unstable_by(|a, b| canonical(&a.0, &b.0));
        tenants
    }

    /// Whether a row has one of the values in every key of a filter; any of its services counts.
    pub(super) fn passes(&self, row: &Row, filter: &Filter) -> bool {
        filter.keys.iter().all(|(key, values)| {
            if *key == Key::Service {
                let services = self.services(row);
                if !services.is_empty() {
                    return services.iter().any(|service| values.iter().any(|value| *service == **value));
                }
            }
            let value = self.value(row, key);
            values.iter().any(|wanted| wanted == value)
        })
    }

    /// Sets the totals of rows and of the set: rows are many, and they are passed once.
    fn set_totals(&mut self) -> Result<(), Fault> {
        let share = self.config.idle == Idle::Share;
        let mut totals = self.totals_of_assets();
        for row in &mut self.rows {
            row.sum_up(share)?;
            totals.add(row);
        }
        if share {
            for node in self.assets.iter().filter_map(|asset| asset.node.as_ref()) {
                if let Some(row) = self.rows.get_mut(node.rows.1).filter(|row| row.kind == RowKind::Idle) {
                    let kept = node.undistributed()?;
                    let more = i128::from(kept.get()).saturating_sub(row.total.get().into());
                    totals.idle = totals.idle.saturating_add(more);
                    row.total = kept;
                }
            }
        }
        self.set_sums(totals);
        Ok(())
    }
}

/// Weights of the tenants; `None` without a tenant who could pay.
fn tenant_weights(
    split: &SharedSplit,
    tenants: &[(String, Vec<usize>)],
    direct: &[i128],
) -> Result<Option<Vec<u128>>, Fault> {
    if tenants.is_empty() {
        return Ok(None);
    }
    let weights: Vec<u128> = match split {
        SharedSplit::Even => vec![1; tenants.len()],
        SharedSplit::Proportional => {
            let cost = |rows: &[usize]| rows.iter().filter_map(|row| direct.get(*row)).sum::<i128>();
            let weights: Vec<u128> =
                tenants.iter().map(|(_, rows)| cost(rows).max(0).unsigned_abs()).collect();
            if weights.iter().all(|weight| *weight == 0) { vec![1; tenants.len()] } else { weights }
        }
        SharedSplit::Fixed(fixed) => {
            let digits = fixed.values().map(Decimal::scale).max().unwrap_or(0);
            let weight = |tenant: &str| {
                let Some(weight) = fixed.get(tenant) else { return Some(0) };
                let unit = 10_u128.checked_pow(digits.saturating_sub(weight.scale()))?;
                weight.mantissa().unsigned_abs().checked_mul(unit)
            };
            let weights: Option<Vec<u128>> = tenants.iter().map(|(tenant, _)| weight(tenant)).collect();
            let weights = weights.ok_or_else(overflow)?;
            if weights.iter().all(|weight| *weight == 0) {
                return Ok(None);
            }
            weights
        }
    };
    Ok(Some(weights))
}

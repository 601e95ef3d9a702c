//! Direct costs: each pool over its claims and idle time, each shared thing over its users.

use super::{
    config::OverAllocation,
    node::{NodeAsset, Pool, node_split, round_share, unschedulable},
    row::{Row, RowStatus, nanos, place},
    set::{AllocationSet, Asset, AssetKind},
};
use crate::{
    error::Fault,
    inventory::{Diagnostic, Name},
    money::{Apportioner, Nanos, overflow},
};

/// Names of the resources that make pools, in the order of the columns.
pub(super) const RESOURCES: [&str; 3] = ["cpu", "memory", "gpu"];

/// The room of one pool's split.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) apportioner: Apportioner,
    pub(super) weights: Vec<u128>,
    pub(super) parts: Vec<i128>,
}

impl Scratch {
    /// Splits `total` by the weights; the parts stand in `parts`.
    pub(super) fn split(&mut self, total: i128) -> Result<(), Fault> {
        self.parts.clear();
        self.parts.resize(self.weights.len(), 0);
        self.apportioner.split(total, &self.weights, &mut self.parts)
    }
}

impl AllocationSet {
    /// Takes back what prices and the waterfall have set.
    pub(super) fn unprice(&mut self) {
        for row in &mut self.rows {
            row.cost = [Nanos::ZERO; 7];
            row.attributed = super::Attributed::default();
            if row.status == RowStatus::Undistributed {
                row.status = RowStatus::Priced;
            }
        }
        self.diagnostics.retain(|remark| remark.code != "allocation.over_allocated");
    }

    /// Fills the cost columns from what assets cost. `pools` of nodes with their own rates are set already; those of
    /// the others are split here.
    pub(super) fn price_rows(&mut self) -> Result<(), Fault> {
        let mut scratch = Scratch::default();
        let mut assets = std::mem::take(&mut self.assets);
        for asset in &mut assets {
            let done = match (asset.cost, &mut asset.node) {
                (None, _) => Ok(()),
                (Some(_), Some(node)) => self.price_node(&asset.name, node, &mut scratch),
                (Some(cost), None) => self.price_users(asset, cost, &mut scratch),
            };
            done.map_err(|fault| fault.below(&format!("assets.{}", asset.name)))?;
        }
        self.assets = assets;
        Ok(())
    }

    fn price_node(&mut self, name: &str, node: &mut NodeAsset, scratch: &mut Scratch) -> Result<(), Fault> {
        let (start, end) = node.rows;
        let line = self.config.over_allocation == OverAllocation::Line;
        for (column, resource) in RESOURCES.into_iter().enumerate() {
            let Some(pool) = node.pools.get_mut(column) else { continue };
            let rows = self.rows.get(start..end).unwrap_or_default();
            let capacity = pool.capacity;
            let mut claimed = 0_u128;
            scratch.weights.clear();
            for row in rows {
                let claim = row.claim(column);
                claimed = claimed.checked_add(claim).ok_or_else(overflow)?;
                scratch.weights.push(claim);
            }
            pool.claimed = claimed;
            if claimed == 0 && pool.cost.is_zero() {
                (pool.idle, pool.unschedulable) = (Nanos::ZERO, Nanos::ZERO);
                continue;
            }
            let cost = i128::from(pool.cost.get());
            let (mut idle, mut balance) = (0, 0);
            if claimed <= capacity {
                // Nothing to weigh by: a pool that has a cost and no capacity is idle.
                let rest = capacity.saturating_sub(claimed);
                scratch.weights.push(if capacity == 0 { 1 } else { rest });
                scratch.split(cost)?;
                idle = scratch.parts.pop().unwrap_or_default();
            } else {
                self.diagnostics.push(over_allocated(name, resource, claimed, capacity));
                let paid = if line && capacity > 0 { round_share(cost, claimed, capacity)? } else { cost };
                balance = cost.checked_sub(paid).ok_or_else(overflow)?;
                scratch.split(paid)?;
            }
            for (row, part) in
                self.rows.get_mut(start..end).unwrap_or_default().iter_mut().zip(&scratch.parts)
            {
                row.add(column, *part)?;
            }
            pool.idle = nanos(idle)?;
            let allocatable = allocatable(node.allocatable, column, node.active);
            pool.unschedulable = unschedulable(pool, capacity, allocatable)?;
            for (offset, amount) in [(0, idle), (1, balance)] {
                if let Some(row) = self.rows.get_mut(end.saturating_add(offset)).filter(|_| amount != 0) {
                    row.add(column, amount)?;
                }
            }
        }
        Ok(())
    }

    fn price_users(&mut self, asset: &Asset, cost: Nanos, scratch: &mut Scratch) -> Result<(), Fault> {
        let column = match asset.kind {
            AssetKind::Volume => 3,
            AssetKind::LoadBalancer => 4,
            AssetKind::Network => 5,
            // Fixed amounts are given to tenants later; a node has pools.
            AssetKind::Node | AssetKind::Shared => return Ok(()),
            AssetKind::Unmatched | AssetKind::External => 6,
        };
        scratch.weights.clear();
        scratch.weights.extend(asset.users.iter().map(|(_, weight)| *weight));
        scratch.split(cost.get().into())?;
        for ((row, _), part) in asset.users.iter().zip(&scratch.parts) {
            if let Some(row) = self.rows.get_mut(place(*row)).filter(|_| *part != 0) {
                row.add(column, *part)?;
                if row.status == RowStatus::Unpriced {
                    row.status = RowStatus::PartlyPriced;
                }
            }
        }
        Ok(())
    }
}

/// What pods may have of a resource over the node's time.
fn allocatable(amounts: [Option<u128>; 2], column: usize, active: (i64, i64)) -> Option<u128> {
    let seconds = active.1.saturating_sub(active.0).max(0).unsigned_abs();
    amounts.get(column).copied().flatten()?.checked_mul(seconds.into())
}

fn over_allocated(node: &str, resource: &str, claimed: u128, capacity: u128) -> Diagnostic {
    let ppm = claimed.checked_mul(1_000_000).and_then(|claimed| claimed.checked_div(capacity));
    let message = match ppm {
        Some(ppm) => {
            let (whole, rest) = (ppm.div_euclid(1_000_000), ppm.rem_euclid(1_000_000).div_euclid(1000));
            format!("claims are {whole}.{rest:03} times what the node has")
        }
        None => "the node has none of what is claimed".to_owned(),
    };
    let mut remark = Diagnostic::new("allocation.over_allocated", message).about(node);
    remark.resource = Some(Name::from(resource));
    remark
}

/// Sets the pools of a node from its one price.
pub(super) fn split_pools(set: &AllocationSet, node: &mut NodeAsset, cost: Nanos) -> Result<(), Fault> {
    let parts = node_split(cost.get().into(), &node.capacity, set.config.split, &set.config.rates)?;
    set_pools(&mut node.pools, &parts)
}

/// Sets what pools cost.
pub(super) fn set_pools(pools: &mut [Pool; 3], costs: &[i128; 3]) -> Result<(), Fault> {
    for (pool, cost) in pools.iter_mut().zip(costs) {
        pool.cost = nanos(*cost)?;
    }
    Ok(())
}

/// Whether a row stands in totals.
pub(super) fn counts(row: &Row) -> bool {
    row.status != RowStatus::Unpriced
}

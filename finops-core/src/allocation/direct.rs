//! Direct costs: each pool over its claims and idle time, each shared thing over its users.

use super::{
    config::{AllocationConfig, Idle, IdleScope, OverAllocation},
    node::{NodeAsset, Pool, node_split, round_share, unschedulable},
    row::{Row, RowStatus, nanos, place},
    set::{AllocationSet, Asset, AssetKind, Totals},
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

    /// Sets the weights to what rows claim of a pool, and returns their sum.
    fn weigh(&mut self, rows: &[Row], column: usize) -> Result<u128, Fault> {
        let mut sum = 0_u128;
        self.weights.clear();
        for row in rows {
            let claim = row.claim(column);
            sum = sum.checked_add(claim).ok_or_else(overflow)?;
            self.weights.push(claim);
        }
        Ok(sum)
    }
}

impl AllocationSet {
    /// Takes back what prices and the waterfall have set.
    pub(super) fn unprice(&mut self) {
        for row in &mut self.rows {
            row.unprice();
            if row.status == RowStatus::Undistributed {
                row.status = RowStatus::Priced;
            }
        }
        self.diagnostics.retain(|remark| remark.code != "allocation.over_allocated");
    }

    /// Fills the cost columns from what assets cost, and attributes the idle time of each node. `pools` of nodes are set
    /// already.
    pub(super) fn price_rows(&mut self) -> Result<(), Fault> {
        let mut pricing = Pricing::of(&self.config);
        for asset in &mut self.assets {
            let (Some(_), Some(node)) = (asset.cost, &mut asset.node) else { continue };
            let rows = self.rows.get_mut(node.rows.0..).unwrap_or_default();
            pricing.node(rows, &asset.name, node).map_err(|fault| below(fault, &asset.name))?;
        }
        self.diagnostics.append(&mut pricing.diagnostics);
        self.price_things()
    }

    /// Fills the cost columns of what is no node.
    pub(super) fn price_things(&mut self) -> Result<(), Fault> {
        let mut scratch = Scratch::default();
        let assets = std::mem::take(&mut self.assets);
        for asset in assets.iter().filter(|asset| asset.node.is_none()) {
            let Some(cost) = asset.cost else { continue };
            self.price_users(asset, cost, &mut scratch).map_err(|fault| below(fault, &asset.name))?;
        }
        self.assets = assets;
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

/// Names the asset of a fault.
pub(super) fn below(fault: Fault, asset: &str) -> Fault {
    fault.below(&format!("assets.{asset}"))
}

/// How nodes are priced, one after the other: while its rows are near, all is done that needs them alone.
pub(super) struct Pricing {
    scratch: Scratch,
    line: bool,
    shares_idle: bool,
    /// Whether idle time stands in totals.
    adds_idle: bool,
    /// The sums of the rows that have their totals.
    pub(super) totals: Totals,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Pricing {
    pub(super) fn of(config: &AllocationConfig) -> Self {
        Self {
            scratch: Scratch::default(),
            line: config.over_allocation == OverAllocation::Line,
            shares_idle: config.idle_scope == IdleScope::Node,
            adds_idle: config.idle == Idle::Share,
            totals: Totals::default(),
            diagnostics: Vec::new(),
        }
    }

    /// Divides each pool of a node over its claims. `rows` are those of the node and any later ones.
    pub(super) fn node(&mut self, rows: &mut [Row], name: &str, node: &mut NodeAsset) -> Result<(), Fault> {
        let claims = node.rows.1.saturating_sub(node.rows.0).min(rows.len());
        let (rows, special) = rows.split_at_mut(claims);
        let scratch = &mut self.scratch;
        for (column, resource) in RESOURCES.into_iter().enumerate() {
            let Some(pool) = node.pools.get_mut(column) else { continue };
            let claimed = scratch.weigh(rows, column)?;
            let capacity = pool.capacity;
            pool.claimed = claimed;
            if claimed == 0 && pool.cost.is_zero() {
                (pool.idle, pool.unschedulable) = (Nanos::ZERO, Nanos::ZERO);
                if self.shares_idle {
                    pool.undistributed = Nanos::ZERO;
                }
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
                scratch.weights.pop();
            } else {
                self.diagnostics.push(over_allocated(name, resource, claimed, capacity));
                let paid =
                    if self.line && capacity > 0 { round_share(cost, claimed, capacity)? } else { cost };
                balance = cost.checked_sub(paid).ok_or_else(overflow)?;
                scratch.split(paid)?;
            }
            for (row, part) in rows.iter_mut().zip(&scratch.parts) {
                row.add(column, *part)?;
            }
            pool.idle = nanos(idle)?;
            let allocatable = allocatable(node.allocatable, column, node.active);
            pool.unschedulable = unschedulable(pool, capacity, allocatable)?;
            for (row, amount) in special.iter_mut().zip([idle, balance]) {
                row.add(column, amount)?;
            }
            if self.shares_idle {
                share_idle(rows, pool, scratch)?;
            }
        }
        Ok(())
    }

    /// Sets the totals of the rows of a priced node, which stay where nodes are all that costs: see
    /// [`AllocationSet::waterfall`] for the rest.
    pub(super) fn totals(&mut self, rows: &mut [Row], node: &NodeAsset) -> Result<(), Fault> {
        for row in &mut *rows {
            row.sum_up(self.adds_idle)?;
        }
        let claims = node.rows.1.saturating_sub(node.rows.0);
        if self.adds_idle
            && let Some(idle) = rows.get_mut(claims)
        {
            idle.total = node.undistributed()?;
        }
        rows.iter().for_each(|row| self.totals.add(row));
        Ok(())
    }
}

/// Attributes the idle time of a pool to its claims, which are the weights.
fn share_idle(rows: &mut [Row], pool: &mut Pool, scratch: &mut Scratch) -> Result<(), Fault> {
    pool.undistributed = if pool.claimed == 0 { pool.idle } else { Nanos::ZERO };
    if pool.claimed == 0 || pool.idle.is_zero() {
        return Ok(());
    }
    scratch.split(pool.idle.get().into())?;
    for (row, part) in rows.iter_mut().zip(&scratch.parts) {
        row.add_idle(*part)?;
    }
    Ok(())
}

impl AllocationSet {
    /// Attributes the idle time of nodes whose rows have their costs.
    pub(super) fn share_idle_of_nodes(&mut self) -> Result<(), Fault> {
        let mut scratch = Scratch::default();
        for asset in self.assets.iter_mut().filter(|asset| asset.cost.is_some()) {
            let Some(node) = asset.node.as_mut() else { continue };
            let (start, end) = node.rows;
            let rows = self.rows.get_mut(start..end).unwrap_or_default();
            for (column, pool) in node.pools.iter_mut().enumerate() {
                scratch.weigh(rows, column)?;
                share_idle(rows, pool, &mut scratch)?;
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
pub(super) fn split_pools(config: &AllocationConfig, node: &mut NodeAsset, cost: Nanos) -> Result<(), Fault> {
    let parts = node_split(cost.get().into(), &node.capacity, config.split, &config.rates)?;
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

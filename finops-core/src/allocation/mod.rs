//! Kubernetes cost allocation: who caused which part of a cluster's cost, exactly.
//!
//! | type | is |
//! |---|---|
//! | [`allocate`] | from an inventory, prices and a configuration to an [`AllocationSet`] |
//! | [`AllocationSet`] | rows and assets; the rows add up to the assets, to the nano-unit |
//! | [`Row`], [`Asset`] | what a container costs; what costs money |
//! | [`AllocationReport`] | rows summed by team, namespace, label and so on: JSON, CSV, Markdown |
//! | [`node_split`], [`share_presence`] | the arithmetic alone |
//!
//! Inside, money is an integer of nano-units and every division is a largest-remainder split, so nothing is lost or made
//! by rounding. Idle, unmounted, over-allocated and unpriced parts are rows or remarks, never a clamp to zero.

mod accelerator;
mod accumulate;
mod aggregate;
mod claim;
mod collect;
mod config;
mod direct;
mod efficiency;
mod external;
mod json;
mod key;
mod kind;
mod node;
mod presence;
mod reconcile;
mod report;
mod row;
mod set;
mod share;
mod tables;
pub mod wire;

pub use aggregate::{AllocationReport, NodeView, ReportRow};
pub use config::{
    AllocationConfig, Idle, IdleScope, LabelFallbacks, NamespaceOwner, NetworkPrices, NetworkTraffic,
    OverAllocation, Rates, SharedCost, SharedSource, SharedSplit, Split,
};
pub use efficiency::{Efficiency, Use, efficiency};
pub use external::ExternalCharge;
pub use key::{Filter, Key, canonical};
pub use node::{Capacity, NodeAsset, Pool, node_split};
pub use presence::{PresenceShares, share_presence};
pub use reconcile::AssetCharge;
pub use row::{Amounts, Attributed, Column, Row, RowKind, RowStatus, UsageBasis};
pub use set::{AllocationSet, Asset, AssetKind, Totals};

use crate::{error::Fault, inventory::ClusterInventory, price::PriceBook};

/// Divides what a cluster costs over its containers.
///
/// # Errors
/// `allocation.window_empty`, `allocation.currency_mismatch`, `allocation.invalid_share`, `allocation.no_weights`,
/// `allocation.overflow`.
pub fn allocate(
    inventory: &ClusterInventory,
    prices: &PriceBook,
    config: &AllocationConfig,
) -> Result<AllocationSet, Fault> {
    let mut set = collect::collect(inventory, prices, config)?;
    if set.is_of_nodes_alone() {
        set.add_assets();
    } else {
        set.price_things()?;
        set.waterfall()?;
    }
    set.diagnostics.sort_unstable();
    Ok(set)
}

//! One order of records, whatever the order of the input.

use super::{ClusterInventory, Diagnostic};
use crate::json::Json;
use std::cmp::Ordering;

/// A record with an identity, by which its collection is sorted.
pub(super) trait Record: PartialEq {
    /// The order of identities.
    fn order(&self, other: &Self) -> Ordering;

    /// The wire form.
    fn json(&self) -> Json;
}

/// Sorts every collection; returns how many records stood twice and were dropped.
pub(super) fn canonicalize(inventory: &mut ClusterInventory) -> u64 {
    if let Some(tags) = &mut inventory.tags {
        tags.sort();
        tags.dedup();
    }
    let i = inventory;
    [
        settle(&mut i.nodes),
        settle(&mut i.namespaces),
        settle(&mut i.workloads),
        settle(&mut i.pods),
        settle(&mut i.volumes),
        settle(&mut i.services),
        settle(&mut i.ingresses),
        settle(&mut i.autoscalers),
        settle(&mut i.budgets),
        settle(&mut i.node_pools),
        settle(&mut i.node_groups),
        settle(&mut i.limit_ranges),
        settle(&mut i.config_objects),
        settle(&mut i.logs),
        settle(&mut i.allocation),
        settle(&mut i.usage),
    ]
    .into_iter()
    .fold(0, u64::saturating_add)
}

fn settle<T: Record>(list: &mut Option<Vec<T>>) -> u64 {
    let Some(list) = list else { return 0 };
    list.sort_by(T::order);
    for same in list.chunk_by_mut(|one, other| one.order(other).is_eq()).filter(|same| same.len() > 1) {
        same.sort_by_cached_key(|record| record.json().to_text());
    }
    let before = list.len();
    list.dedup();
    list.shrink_to_fit();
    u64::try_from(before.saturating_sub(list.len())).unwrap_or(u64::MAX)
}

/// The remark that `dropped` records stood twice.
pub(super) fn remark(dropped: u64) -> Option<Diagnostic> {
    let message = "records that stand twice were read once";
    (dropped > 0).then(|| Diagnostic::new("inventory.duplicate", message).times(dropped))
}

//! The result of an allocation: rows, assets and what is to be said about them.

use super::{
    config::AllocationConfig,
    key::{Key, UNALLOCATED},
    node::NodeAsset,
    row::{Row, RowKind, RowStatus, place},
};
use crate::{
    inventory::{Diagnostic, Labels, Name, Owner},
    money::{Currency, Nanos},
};
use std::sync::Arc;

/// What is known of a node besides its cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NodeFacts {
    pub(super) name: Name,
    pub(super) node_pool: Option<Name>,
    pub(super) instance_type: Option<Name>,
    pub(super) zone: Option<Name>,
}

/// What is known of a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NamespaceFacts {
    pub(super) name: Name,
    pub(super) labels: Option<Labels>,
    pub(super) annotations: Option<Labels>,
}

/// What is known of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PodFacts {
    pub(super) name: Name,
    pub(super) labels: Option<Labels>,
    pub(super) annotations: Option<Labels>,
    pub(super) owner: Option<Arc<Owner>>,
    /// Its services by name, sorted.
    // A thin pointer: there is one for every pod.
    pub(super) services: Option<Arc<Box<[Name]>>>,
}

/// The tables that rows point into. Each is in the order of keys, so that comparing indices compares names; but pods may
/// stand in the order of the inventory.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) cluster: Name,
    pub(super) nodes: Vec<NodeFacts>,
    pub(super) namespaces: Vec<NamespaceFacts>,
    pub(super) pods: Vec<PodFacts>,
    pub(super) containers: Vec<Name>,
}

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetKind {
    /// A node.
    Node,
    /// A volume.
    Volume,
    /// A load balancer.
    LoadBalancer,
    /// The network traffic of all pods.
    Network,
    /// A fixed amount that tenants share.
    Shared,
    /// Charges of a bill that match no asset.
    Unmatched,
    /// Something outside the cluster, for example a database.
    External,
}

impl AssetKind {
    /// Its name in the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Volume => "volume",
            Self::LoadBalancer => "load_balancer",
            Self::Network => "network",
            Self::Shared => "shared",
            Self::Unmatched => "unmatched",
            Self::External => "external",
        }
    }
}

/// Something that costs money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// What it is.
    pub kind: AssetKind,
    /// Its name: of the node, `namespace/claim`, the PV, `namespace/service`, the shared cost.
    pub name: String,
    /// What the provider calls it.
    pub provider_id: Option<Name>,
    /// What it costs in the window; `None` is unknown.
    pub cost: Option<Nanos>,
    /// What it costs by list price, where a bill replaced that.
    pub list: Option<Nanos>,
    /// Where the price is from, or why there is none.
    pub source: String,
    /// The parts of a node.
    pub node: Option<Box<NodeAsset>>,
    /// Who shares a volume or a load balancer: rows with weights, the row of the time without a user last.
    pub(super) users: Vec<(u32, u128)>,
}

/// Sums of a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// The cost of all priced assets.
    pub assets: i128,
    /// The totals of ordinary rows.
    pub allocated: i128,
    /// The totals of idle rows.
    pub idle: i128,
    /// The totals of over-allocation rows, negative.
    pub over_allocated: i128,
    /// The totals of unmounted rows.
    pub unmounted: i128,
    /// The totals of all other rows.
    pub other: i128,
    /// How many assets have no price.
    pub unpriced_assets: u64,
}

impl Totals {
    /// Adds the total of a row; one without a known cost stands in no sum.
    pub(super) fn add(&mut self, row: &Row) {
        if row.status == RowStatus::Unpriced {
            return;
        }
        let sum = match row.kind {
            RowKind::Container | RowKind::Pod => &mut self.allocated,
            RowKind::Idle => &mut self.idle,
            RowKind::OverAllocated => &mut self.over_allocated,
            RowKind::Unmounted => &mut self.unmounted,
            RowKind::Shared | RowKind::Unmatched | RowKind::External => &mut self.other,
        };
        *sum = sum.saturating_add(row.total.get().into());
    }

    /// Assets less rows: 0, or the set is wrong.
    #[must_use]
    pub fn difference(&self) -> i128 {
        let rows = [self.allocated, self.idle, self.over_allocated, self.unmounted, self.other];
        rows.iter().fold(self.assets, |rest, sum| rest.saturating_sub(*sum))
    }
}

/// Who caused which part of a cluster's cost. The totals of the rows add up to the cost of the priced assets, to the
/// nano-unit.
#[derive(Debug, Clone)]
pub struct AllocationSet {
    /// First second and end of the window, seconds since 1970 UTC.
    pub window: (i64, i64),
    /// The currency of every amount.
    pub currency: Currency,
    /// How it was made.
    pub config: AllocationConfig,
    pub(super) tables: Tables,
    pub(super) rows: Vec<Row>,
    /// What costs money, in the order of kinds and keys.
    pub assets: Vec<Asset>,
    /// Sums.
    pub totals: Totals,
    /// Remarks, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// Why no network cost is known; `None` when it is.
    pub network_reason: Option<&'static str>,
    /// Whether a bill replaced list prices.
    pub reconciled: bool,
    /// Whether it was summed over several windows.
    pub(super) accumulated: bool,
}

impl PartialEq for AllocationSet {
    fn eq(&self, other: &Self) -> bool {
        let facts = |set: &Self| (set.window, set.currency, set.totals, set.network_reason);
        let marks = |set: &Self| (set.reconciled, set.accumulated);
        let (one, two) = (&self.tables, &other.tables);
        let pairs = || self.rows.iter().zip(&other.rows);
        facts(self) == facts(other)
            && marks(self) == marks(other)
            && self.config == other.config
            && (&one.cluster, &one.containers) == (&two.cluster, &two.containers)
            && (&one.nodes, &one.namespaces) == (&two.nodes, &two.namespaces)
            && (&self.assets, &self.diagnostics) == (&other.assets, &other.diagnostics)
            && self.rows.len() == other.rows.len()
            && pairs().all(|(a, b)| a.agrees(b) && self.pod(a) == other.pod(b))
    }
}

impl Eq for AllocationSet {}

impl AllocationSet {
    /// The rows that have something to say, in the order of their keys.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_listed())
    }

    /// The canonical key of a row: cluster, node, namespace, pod, container.
    #[must_use]
    pub fn key<'a>(&'a self, row: &Row) -> [&'a str; 5] {
        let tables = &self.tables;
        let pod = match row.kind {
            RowKind::Unmounted => "__unmounted__",
            _ => self.pod(row).map_or("", |pod| &pod.name),
        };
        let container = match row.kind {
            RowKind::Pod => "__pod__",
            _ => tables.containers.get(place(row.container)).map_or("", |name| name.as_str()),
        };
        let namespace = row.kind.special_namespace().unwrap_or_else(|| self.namespace_name(row));
        [&tables.cluster, self.node_name(row), namespace, pod, container]
    }

    fn node_name(&self, row: &Row) -> &str {
        self.tables.nodes.get(place(row.node)).map_or("", |node| &node.name)
    }

    fn namespace_name(&self, row: &Row) -> &str {
        self.tables.namespaces.get(place(row.namespace)).map_or("", |namespace| &namespace.name)
    }

    pub(super) fn pod(&self, row: &Row) -> Option<&PodFacts> {
        self.tables.pods.get(place(row.pod))
    }

    /// What controls the row's pod: kind and name.
    #[must_use]
    pub fn owner(&self, row: &Row) -> Option<(&str, &str)> {
        let owner = self.pod(row)?.owner.as_deref()?;
        Some((&owner.kind, &owner.name))
    }

    /// The services in front of the row's pod, by name.
    #[must_use]
    pub fn services(&self, row: &Row) -> &[Name] {
        self.pod(row).and_then(|pod| pod.services.as_deref()).map(|services| &**services).unwrap_or_default()
    }

    /// The row's labels: those of its pod over those of its namespace, sorted by name.
    #[must_use]
    pub fn labels(&self, row: &Row) -> Vec<(&str, &str)> {
        let namespace = self.tables.namespaces.get(place(row.namespace)).and_then(|ns| ns.labels.as_ref());
        let pod = self.pod(row).and_then(|pod| pod.labels.as_ref());
        let all = namespace.into_iter().chain(pod).flat_map(Labels::iter);
        let merged: std::collections::BTreeMap<&str, &str> =
            all.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        merged.into_iter().collect()
    }

    /// A label of the pod, else of its namespace.
    fn label(&self, row: &Row, name: &str) -> Option<&str> {
        let pod = self.pod(row).and_then(|pod| pod.labels.as_ref()?.get(name));
        let found = pod.or_else(|| {
            self.tables.namespaces.get(place(row.namespace)).and_then(|ns| ns.labels.as_ref()?.get(name))
        });
        found.map(Name::as_str).filter(|value| !value.is_empty())
    }

    fn annotation(&self, row: &Row, name: &str) -> Option<&str> {
        let pod = self.pod(row).and_then(|pod| pod.annotations.as_ref()?.get(name));
        let found = pod.or_else(|| {
            self.tables.namespaces.get(place(row.namespace)).and_then(|ns| ns.annotations.as_ref()?.get(name))
        });
        found.map(Name::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a row in one dimension; `__unallocated__` where it has none, and the name of a special row.
    /// Services are not asked for here: a pod may have several.
    pub(super) fn value<'a>(&'a self, row: &Row, key: &Key) -> &'a str {
        if *key == Key::Cluster {
            return &self.tables.cluster;
        }
        if key.is_of_nodes() {
            return self.node_value(row, key);
        }
        if let Some(special) = row.kind.special_namespace() {
            let own = if row.kind == RowKind::External { self.external_value(row, key) } else { None };
            return own.unwrap_or(special);
        }
        let found = match key {
            Key::Namespace => Some(self.namespace_name(row)).filter(|name| !name.is_empty()),
            Key::Label(name) => self.label(row, name),
            Key::Annotation(name) => self.annotation(row, name),
            Key::Team | Key::Environment | Key::Product => self.resolved(row, key),
            _ if row.kind == RowKind::Unmounted => None,
            Key::Pod => self.pod(row).map(|pod| pod.name.as_str()),
            Key::Container if row.kind == RowKind::Pod => Some("__pod__"),
            Key::Container => self.tables.containers.get(place(row.container)).map(Name::as_str),
            Key::ControllerKind => self.owner(row).map(|(kind, _)| kind),
            Key::Controller => self.owner(row).map(|(_, name)| name),
            _ => None,
        };
        let missing = if row.kind == RowKind::Unmounted { "__unmounted__" } else { UNALLOCATED };
        found.unwrap_or(missing)
    }

    /// What is outside the cluster has labels, and a namespace if it was given one.
    fn external_value<'a>(&'a self, row: &Row, key: &Key) -> Option<&'a str> {
        let resolved = match key {
            Key::Namespace => return Some(self.namespace_name(row)).filter(|name| !name.is_empty()),
            Key::Label(name) => self.label(row, name),
            Key::Annotation(name) => self.annotation(row, name),
            Key::Team | Key::Environment | Key::Product => self.resolved(row, key),
            _ => return None,
        };
        Some(resolved.unwrap_or(UNALLOCATED))
    }

    fn node_value<'a>(&'a self, row: &Row, key: &Key) -> &'a str {
        let facts = self.tables.nodes.get(place(row.node));
        let found = facts.and_then(|facts| match key {
            Key::NodePool => facts.node_pool.as_ref(),
            Key::InstanceType => facts.instance_type.as_ref(),
            Key::Zone => facts.zone.as_ref(),
            _ => Some(&facts.name),
        });
        let missing = match row.kind {
            RowKind::Unmounted => "__unmounted__",
            RowKind::Shared | RowKind::Unmatched | RowKind::External => {
                row.kind.special_namespace().unwrap_or(UNALLOCATED)
            }
            _ => UNALLOCATED,
        };
        found.map(Name::as_str).filter(|name| !name.is_empty()).unwrap_or(missing)
    }

    /// Team, environment and product: labels in the order of the fallbacks, then the namespace map.
    fn resolved<'a>(&'a self, row: &Row, key: &Key) -> Option<&'a str> {
        let fallbacks = &self.config.label_fallbacks;
        let names = match key {
            Key::Team => &fallbacks.team,
            Key::Environment => &fallbacks.environment,
            _ => &fallbacks.product,
        };
        names.iter().find_map(|name| self.label(row, name)).or_else(|| {
            let owner = self.config.namespace_map.get(self.namespace_name(row))?;
            let value = match key {
                Key::Team => &owner.team,
                Key::Environment => &owner.environment,
                _ => &owner.product,
            };
            value.as_deref()
        })
    }

    /// Adds up rows and assets.
    pub(super) fn sum_up(&mut self) {
        let mut totals = self.totals_of_assets();
        self.rows.iter().for_each(|row| totals.add(row));
        self.set_sums(totals);
    }

    /// Adds what assets cost to the sums of rows.
    pub(super) fn add_assets(&mut self) {
        let assets = self.totals_of_assets();
        self.set_sums(Totals {
            assets: assets.assets,
            unpriced_assets: assets.unpriced_assets,
            ..self.totals
        });
    }

    pub(super) fn set_sums(&mut self, totals: Totals) {
        self.totals = totals;
        debug_assert_eq!(self.totals.difference(), 0, "the rows of an allocation add up to its assets");
    }

    /// The sums of what assets cost; those of rows are 0.
    pub(super) fn totals_of_assets(&self) -> Totals {
        let mut totals = Totals::default();
        for asset in &self.assets {
            match asset.cost {
                Some(cost) => totals.assets = totals.assets.saturating_add(cost.get().into()),
                None => totals.unpriced_assets = totals.unpriced_assets.saturating_add(1),
            }
        }
        totals
    }
}

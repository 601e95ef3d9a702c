//! How a cluster's cost is divided.

mod read;

pub(crate) use read::interval;

use super::{
    accelerator::{self, Accelerators},
    key::{Filter, Key},
};
use crate::{error::Fault, inventory::Interval};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How the cost of a node is divided into cores, memory and accelerators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Split {
    /// By list prices of a core-hour, a GiB-hour and a GPU-hour: those of OpenCost.
    #[default]
    PriceRatio,
    /// 9 for a vCPU, 1 for a GiB, 90 for a GPU: AWS split cost allocation data.
    AwsSplit,
    /// 60 to cores and 40 to memory; with GPUs 95 to them, 3 and 2: Datadog.
    FixedShare,
    /// By the configured rates.
    Explicit,
}

/// Prices of a core-hour, a GiB-hour and a GPU-hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// A core for an hour.
    pub cpu_core_hour: Decimal,
    /// A GiB of memory for an hour.
    pub memory_gib_hour: Decimal,
    /// A GPU for an hour.
    pub gpu_hour: Decimal,
}

/// What happens to claims beyond what a node has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OverAllocation {
    /// Claims pay the unit price, and a negative row balances.
    #[default]
    Line,
    /// Claims share what the node costs.
    Prorate,
}

/// What happens to idle time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Idle {
    /// It stays in its own rows: showback.
    #[default]
    Keep,
    /// Rows pay for it: chargeback.
    Share,
}

/// Over whom idle time is shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdleScope {
    /// The claims of its node.
    #[default]
    Node,
    /// The rows of the cluster by their cost of the resource.
    Cluster,
}

/// A cost that tenants share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedCost {
    /// Its name.
    pub name: String,
    /// What is shared.
    pub source: SharedSource,
    /// How.
    pub split: SharedSplit,
    /// Who the tenants are.
    pub tenant_key: Key,
}

impl SharedCost {
    /// Whether it is an amount from outside the cluster rather than rows of it.
    #[must_use]
    pub const fn is_amount(&self) -> bool {
        !matches!(self.source, SharedSource::Namespaces(_) | SharedSource::Filter(_))
    }
}

/// What is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharedSource {
    /// The rows of namespaces.
    Namespaces(Vec<String>),
    /// The rows that a filter passes.
    Filter(Filter),
    /// An amount for the whole window.
    Amount(Decimal),
    /// An amount for an hour.
    Hourly(Decimal),
    /// An amount for a month.
    Monthly(Decimal),
}

/// How a shared cost is split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SharedSplit {
    /// By what tenants cost directly.
    #[default]
    Proportional,
    /// In equal parts.
    Even,
    /// By these weights; tenants without one pay nothing.
    Fixed(BTreeMap<String, Decimal>),
}

/// Prices of a GiB that leaves its zone, its region or the provider's network; `None` is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NetworkPrices {
    /// To another zone.
    pub zone: Option<Decimal>,
    /// To another region.
    pub region: Option<Decimal>,
    /// To the internet.
    pub internet: Option<Decimal>,
    /// What was billed for all of it: the amounts above then only divide it.
    pub total: Option<Decimal>,
}

/// Bytes that a pod sent in the window, by class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkTraffic {
    /// Namespace.
    pub namespace: String,
    /// Pod.
    pub pod: String,
    /// To another zone.
    pub zone: u64,
    /// To another region.
    pub region: u64,
    /// To the internet.
    pub internet: u64,
}

/// Team, environment and product of a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespaceOwner {
    /// Team.
    pub team: Option<String>,
    /// Environment.
    pub environment: Option<String>,
    /// Product.
    pub product: Option<String>,
}

/// The labels that name a team, an environment and a product, in the order in which they are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFallbacks {
    /// Of the team.
    pub team: Vec<String>,
    /// Of the environment.
    pub environment: Vec<String>,
    /// Of the product.
    pub product: Vec<String>,
}

impl Default for LabelFallbacks {
    /// The recommended labels of Kubernetes and the common short ones.
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            team: names(&["team", "owner", "app.kubernetes.io/part-of"]),
            environment: names(&["environment", "env"]),
            product: names(&["product", "app.kubernetes.io/name", "app"]),
        }
    }
}

/// How a cluster's cost is divided.
///
/// ```
/// use finops_core::{allocation::{AllocationConfig, Idle}, json::{Limits, read}};
/// let json = read(br#"{"window": ["2026-11-01", "2026-11-08"], "idle": "share"}"#, &Limits::default())?;
/// assert_eq!(AllocationConfig::from_json(&json)?.idle, Idle::Share);
/// let wrong = read(br#"{"idel": "share"}"#, &Limits::default())?;
/// assert_eq!(AllocationConfig::from_json(&wrong).unwrap_err().path(), "idel");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationConfig {
    /// The time to allocate; by default the inventory's window, else the 24 hours before `as_of`.
    pub window: Option<Interval>,
    /// How nodes are divided.
    pub split: Split,
    /// The rates of [`Split::Explicit`].
    pub rates: Rates,
    /// What happens to claims beyond capacity.
    pub over_allocation: OverAllocation,
    /// What happens to idle time.
    pub idle: Idle,
    /// Over whom it is shared.
    pub idle_scope: IdleScope,
    /// Costs that tenants share.
    pub shared: Vec<SharedCost>,
    /// Prices of network traffic.
    pub network_prices: NetworkPrices,
    /// Traffic of pods.
    pub network: Vec<NetworkTraffic>,
    /// Price of a GiB-month by storage class or type, for volumes without a cost.
    pub volume_prices: BTreeMap<String, Decimal>,
    /// Milli-devices of one unit, by resource; those of NVIDIA, AMD, Intel and AWS Neuron are known.
    pub accelerators: BTreeMap<String, u64>,
    /// Labels that name teams, environments and products.
    pub label_fallbacks: LabelFallbacks,
    /// Owners of namespaces, where labels name none.
    pub namespace_map: BTreeMap<String, NamespaceOwner>,
    /// Hours of a month: 730 as in Infracost and Kubecost.
    pub month_hours: Decimal,
    /// Phases whose pods do not count.
    pub exclude_phases: Vec<String>,
}

impl Default for AllocationConfig {
    fn default() -> Self {
        let accelerators: Accelerators = accelerator::defaults();
        Self {
            window: None,
            split: Split::default(),
            rates: Rates::default(),
            over_allocation: OverAllocation::default(),
            idle: Idle::default(),
            idle_scope: IdleScope::default(),
            shared: Vec::new(),
            network_prices: NetworkPrices::default(),
            network: Vec::new(),
            volume_prices: BTreeMap::new(),
            accelerators,
            label_fallbacks: LabelFallbacks::default(),
            namespace_map: BTreeMap::new(),
            month_hours: Decimal::from(730),
            exclude_phases: Vec::new(),
        }
    }
}

pub(super) fn window_empty(path: &str) -> Fault {
    let problem = "the window has no second: its end is not after its start";
    Fault::new("allocation.window_empty", path, problem, "give an end after the start")
}

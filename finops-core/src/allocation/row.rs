//! The rows of an allocation: what one container, or what no container, costs.

use crate::{
    error::Fault,
    money::{Nanos, overflow},
};

/// What a cost is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Cores.
    Cpu,
    /// Memory.
    Memory,
    /// Accelerators.
    Gpu,
    /// Volumes.
    Volume,
    /// Load balancers.
    LoadBalancer,
    /// Network.
    Network,
    /// What stands outside the cluster, and fixed amounts.
    External,
}

impl Column {
    /// Every column, in the order of [`Row::cost`].
    pub const ALL: [Self; 7] =
        [Self::Cpu, Self::Memory, Self::Gpu, Self::Volume, Self::LoadBalancer, Self::Network, Self::External];

    /// Its name in the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Gpu => "gpu",
            Self::Volume => "volume",
            Self::LoadBalancer => "load_balancer",
            Self::Network => "network",
            Self::External => "external",
        }
    }
}

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    /// A container.
    Container,
    /// What belongs to no container of its pod: overhead, volumes, load balancers, network (`__pod__`).
    Pod,
    /// Volumes and load balancers of a namespace that no pod used (`__unmounted__`).
    Unmounted,
    /// What nobody claimed of a node (`__idle__`).
    Idle,
    /// The balance of a node on which more was claimed than it has, negative (`__over_allocated__`).
    OverAllocated,
    /// Fixed shared amounts for which there is no tenant (`__shared__`).
    Shared,
    /// Charges of a bill that match no asset (`__unmatched__`).
    Unmatched,
    /// What stands outside the cluster and belongs to the same teams (`__external__`).
    External,
}

impl RowKind {
    /// Whether the row is a container or the rest of a pod.
    #[must_use]
    pub const fn is_ordinary(self) -> bool {
        matches!(self, Self::Container | Self::Pod)
    }

    /// The name that stands in the namespace part of the key of a row that belongs to no namespace.
    #[must_use]
    pub const fn special_namespace(self) -> Option<&'static str> {
        match self {
            Self::Container | Self::Pod | Self::Unmounted => None,
            Self::Idle => Some("__idle__"),
            Self::OverAllocated => Some("__over_allocated__"),
            Self::Shared => Some("__shared__"),
            Self::Unmatched => Some("__unmatched__"),
            Self::External => Some("__external__"),
        }
    }
}

/// Whether a row has its cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowStatus {
    /// Every cost is known.
    #[default]
    Priced,
    /// Its node is absent or has no price: costs are unknown and stand in no total.
    Unpriced,
    /// A part is known; its node has no price.
    PartlyPriced,
    /// A shared cost for which there is no tenant: it stays here.
    Undistributed,
}

impl RowStatus {
    /// Its name in the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Priced => "priced",
            Self::Unpriced => "unpriced",
            Self::PartlyPriced => "partly_priced",
            Self::Undistributed => "undistributed",
        }
    }
}

/// What is known of the use of a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageBasis {
    /// Nothing: the request counts.
    #[default]
    None,
    /// Its mean, which understates bursts.
    Average,
    /// Its course.
    Series,
}

impl UsageBasis {
    /// Its name in the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Average => "average",
            Self::Series => "series",
        }
    }
}

/// Amounts over time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Nanocore-seconds.
    pub cpu: u128,
    /// Byte-seconds.
    pub memory: u128,
}

/// The costs that idle time and shared rows add to a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attributed {
    /// The row's part of idle time; always computed, in totals when idle is shared.
    pub idle: Nanos,
    /// The row's part of shared costs; negative where the row is shared.
    pub shared: Nanos,
    /// The idle time that travels with shared costs.
    pub shared_idle: Nanos,
}

/// One row. Names are indices into the tables of its set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub(super) node: u32,
    pub(super) namespace: u32,
    pub(super) pod: u32,
    pub(super) container: u32,
    /// What it stands for.
    pub kind: RowKind,
    /// Whether its cost is known.
    pub status: RowStatus,
    /// What is known of the use of cores and memory.
    pub basis: [UsageBasis; 2],
    /// Seconds in which the container ran and its node was there.
    pub seconds: u32,
    /// Seconds of them in which its use of cores and of memory is known.
    pub known_seconds: [u32; 2],
    /// First second, from the start of the set's window.
    pub start: u32,
    /// End, outside, likewise.
    pub end: u32,
    /// Requests over time.
    pub requested: Amounts,
    /// Use over the known time.
    pub used: Amounts,
    /// The larger of request and use over time.
    pub claimed: Amounts,
    /// Accelerators requested, and so claimed, over time: seconds of `1/scale` milli-devices, see
    /// [`NodeAsset::gpu_scale`](super::NodeAsset::gpu_scale).
    pub gpu: u64,
    /// Cost by [`Column`].
    pub cost: [Nanos; 7],
    /// What idle time and shared rows add.
    pub attributed: Attributed,
    /// The row's cost as the set distributes it.
    pub total: Nanos,
    /// The total by list price, where a bill replaced prices; else the total.
    pub list: Nanos,
}

/// No entry in a table.
pub(super) const NONE: u32 = u32::MAX;

impl Row {
    pub(super) const fn new(kind: RowKind, node: u32, namespace: u32) -> Self {
        const NOTHING: Amounts = Amounts { cpu: 0, memory: 0 };
        Self {
            node,
            namespace,
            pod: NONE,
            container: NONE,
            kind,
            status: RowStatus::Priced,
            basis: [UsageBasis::None; 2],
            seconds: 0,
            known_seconds: [0; 2],
            start: 0,
            end: 0,
            requested: NOTHING,
            used: NOTHING,
            claimed: NOTHING,
            gpu: 0,
            cost: [Nanos::ZERO; 7],
            attributed: Attributed { idle: Nanos::ZERO, shared: Nanos::ZERO, shared_idle: Nanos::ZERO },
            total: Nanos::ZERO,
            list: Nanos::ZERO,
        }
    }

    /// What the row claims of the pool of a column.
    pub(super) fn claim(&self, column: usize) -> u128 {
        match column {
            0 => self.claimed.cpu,
            1 => self.claimed.memory,
            _ => self.gpu.into(),
        }
    }

    /// The cost in one column.
    #[must_use]
    pub fn column(&self, column: Column) -> Nanos {
        self.cost.get(column as usize).copied().unwrap_or_default()
    }

    /// The sum of the cost columns: what the row costs before idle time and shared costs.
    #[must_use]
    pub fn direct(&self) -> i128 {
        self.cost.iter().map(|cost| i128::from(cost.get())).sum()
    }

    /// Whether the row is listed: the special rows are there for every node and show when they have a cost.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.kind.is_ordinary() || !self.total.is_zero() || self.cost.iter().any(|cost| !cost.is_zero())
    }

    pub(super) fn add(&mut self, column: usize, amount: i128) -> Result<(), Fault> {
        let cell = self.cost.get_mut(column).ok_or_else(overflow)?;
        *cell = nanos(i128::from(cell.get()).checked_add(amount).ok_or_else(overflow)?)?;
        Ok(())
    }
}

/// `amount` as a cell.
pub(super) fn nanos(amount: i128) -> Result<Nanos, Fault> {
    i64::try_from(amount).map(Nanos::new).map_err(|_| overflow())
}

/// A table index.
pub(super) fn index(position: usize) -> Result<u32, Fault> {
    u32::try_from(position).ok().filter(|index| *index != NONE).ok_or_else(|| {
        let problem = "more than 4,294,967,294 names or rows";
        Fault::new("allocation.overflow", "", problem, "split the inventory into smaller parts")
    })
}

/// The place that a table index names.
pub(super) fn place(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// What a wide sum prints as.
pub(super) fn text(amount: i128) -> String {
    match i64::try_from(amount) {
        Ok(count) => Nanos::new(count).to_string(),
        Err(_) => {
            let sign = if amount < 0 { "-" } else { "" };
            let count = amount.unsigned_abs();
            let (whole, rest) = (count.div_euclid(1_000_000_000), count.rem_euclid(1_000_000_000));
            let fraction = format!("{rest:09}");
            format!("{sign}{whole}.{fraction}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

//! What rows and their costs stand for.

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

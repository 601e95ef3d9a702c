//! Which nodes could go: a deterministic scale-down, first feasible rather than best.
//!
//! Nodes are tried once each, the emptiest first; a node goes when every pod that would have to move fits on another.
//! What the scheduler weighs and this does not model (anti-affinity, hard spread, host ports) blocks a node: staying is
//! the safe side.

mod blocked;
mod packing;
mod scheduling;

pub use blocked::{Blocked, Surroundings, blocked};
pub use packing::{Load, Machine, Move, ScaleDown, scale_down};
pub use scheduling::{admits, tolerates};

/// How full a node may get (Kubecost's profiles for node sizing).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// 80 %.
    Dev,
    /// 65 %.
    #[default]
    Prod,
    /// 50 %.
    Ha,
}

impl Profile {
    /// The share of what pods may have, in percent.
    #[must_use]
    pub const fn percent(self) -> u32 {
        match self {
            Self::Dev => 80,
            Self::Prod => 65,
            Self::Ha => 50,
        }
    }

    /// `dev`, `prod` or `ha`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Prod => "prod",
            Self::Ha => "ha",
        }
    }

    /// The profile of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Dev, Self::Prod, Self::Ha].into_iter().find(|profile| profile.name() == name)
    }
}

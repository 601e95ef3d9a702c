//! Right-sizing: what a container should request, by three strategies.
//!
//! `simple` answers as robusta's KRR does, `vpa` bit for bit as the Vertical Pod Autoscaler's recommender, and `exact`
//! (the default) tests its own rule on the history before it recommends anything. CPU is counted in nanocores, memory
//! in bytes. [`recommend`] asks a strategy about the usage of one container, [`backtest`] asks how the strategy would have
//! fared on that usage, and `waste::kubernetes::rightsize` does both for every container of an inventory.
//!
//! ```
//! use finops_core::{
//!     inventory::Sample,
//!     waste::rightsizing::{Config, Current, Resource, Series, Split, Strategy, backtest, recommend},
//! };
//! // A week of CPU at 5 minutes: 120 to 200 millicores, of 1 core requested.
//! let samples: Vec<Sample> =
//!     (1..=2016).map(|i| Sample { at: i * 300, value: 120_000_000 + i % 5 * 20_000_000 }).collect();
//! let series = [Series::samples(Resource::Cpu, 300, &samples)];
//! let current = Current { cpu_request: Some(1_000_000_000), ..Current::default() };
//! let advice = recommend(&series, &current, Strategy::Exact, &Config::default())?;
//! assert_eq!(advice.cpu.request, Ok(230_000_000)); // the 95th percentile, 200 millicores, and 15 %
//! let tested = backtest(&series, &current, Strategy::Exact, &Config::default(), Split::Blocks)?;
//! assert_eq!((tested.cpu.folds.len(), tested.cpu.misses, tested.cpu.cut_ppm), (4, 0, Some(770_000)));
//! # Ok::<(), finops_core::error::Fault>(())
//! ```

mod backtest;
mod current;
pub mod exact;
pub mod hpa;
pub mod projection;
mod recommend;
pub mod round;
mod series;
pub mod simple;
#[cfg(test)]
mod tests;
pub mod vpa;
mod withheld;

pub use backtest::{Backtest, Fold, Split, Tested, backtest};
pub use current::{Current, Strategy};
pub use exact::Config;
pub use recommend::{Advised, Limit, Recommendation, Remark, recommend, recommend_resource};
pub(super) use series::from_nano;
pub use series::{Data, Series};
pub use withheld::Withheld;

/// What a container requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Nanocores.
    Cpu,
    /// Bytes.
    Memory,
}

impl Resource {
    /// Both, in the order of reports.
    pub const ALL: [Self; 2] = [Self::Cpu, Self::Memory];

    /// `cpu` or `memory`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}

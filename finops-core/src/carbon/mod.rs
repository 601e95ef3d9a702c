//! Energy and carbon of inference, training and cloud work.
//!
//! Usage (tokens, GPU hours, vCPU hours, metered joules) becomes energy and carbon, each figure with a range, a tier, a
//! method and the ids of its data. The module is pure: it reads no meter, no clock and no environment, opens no socket
//! and looks up no location. The same input gives the same bytes on every platform.
//!
//! Without configuration the numbers are the project's flat defaults, marked as assumed. Nothing is silent: each
//! default, substitution and fallback leaves an [`Assumption`], and what is not known is `None`.
//!
//! ```
//! use finops_core::carbon::{CarbonConfig, CarbonModel, Timing, TokenCounts};
//!
//! let config = CarbonConfig { region: Some("aws:us-east-1".to_owned()), ..CarbonConfig::default() };
//! let model = CarbonModel::new(config)?;
//! let impact = model.inference(model.model("gpt-5"), &TokenCounts::new(1000, 500), Timing::default())?;
//! assert_eq!(impact.energy.central.joules(), 2700.0);
//! assert_eq!(impact.operational.data.iter().last().unwrap().to_string(), "egrid/2023:US-VA");
//! assert_eq!(serde_json::to_string(&impact.assumptions)?, r#"["flat_energy_default"]"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! | to | take |
//! |---|---|
//! | configure once, share between threads | [`CarbonConfig`], [`CarbonModel`] |
//! | account for a call on the hot path | [`CarbonModel::flat`], [`CarbonModel::flat_at`] with an intensity series |
//! | know everything about a call or a training run | [`CarbonModel::inference`], [`CarbonModel::training`] |
//! | compute from model parameters | [`llm`], [`ModelParams`] |
//! | share a metered window over its requests | [`allocation`] |
//! | cloud and host hardware | [`hardware`], [`gpu`], [`embodied`] |
//! | resolve a zone, a PUE | [`zone`], [`pue`] |
//! | report a rate per unit of work | [`sci`] |
//! | move work in time or between regions | [`Curve::best_window`], [`Curve::best_slots`], [`region_shift()`] |
//! | read counters of meters and answers of intensity services | [`RaplCounter`], [`NvmlCounter`], [`feed`] |
//! | add up | [`ExactSum`], the same total in any order |
//! | call anything with JSON | [`wire`] |
//! | compute a stored record again | [`recompute()`] |
//!
//! # What it does not do
//!
//! It does not guess closed models, measure, or fetch. Embodied carbon is a figure of its own: `carbon_kg` is always
//! operational. Marginal and market intensities are never shipped; they come from feeds or the user.

pub mod allocation;
mod assumption;
mod config;
mod data_id;
pub mod embodied;
mod error;
mod estimate;
mod exact_sum;
mod factor;
mod fixed;
pub mod gpu;
pub mod hardware;
mod inference;
mod intensity;
pub mod llm;
mod model;
pub mod pue;
mod range;
mod recompute;
mod rows;
#[rustfmt::skip]
mod tables;
pub mod sci;
mod tokens;
mod training;
pub mod wire;
pub mod zone;

mod curve;
pub mod feed;
mod meter_error;
mod nvml;
mod points;
mod rapl;
mod rapl_tree;
mod series;
mod shift_region;
mod shift_time;

pub use assumption::{Assumption, Assumptions};
pub use config::{
    CarbonConfig, ClassFactors, ENERGY_VARIABLE, EnergyMethod, Environment, Grid, INTENSITY_VARIABLE, Origin,
    factor,
};
pub use data_id::{DataId, DataIds};
pub use error::CarbonError;
pub use estimate::{Estimate, MethodId};
pub use exact_sum::ExactSum;
pub use inference::{ByClass, ClassWh, Detail, Factors, InferenceImpact, Served, Timing};
pub use intensity::{Basis, Intensity, Period, Signal, Source, check_comparable, operational};
pub use llm::{ModelParams, Serving, Shape};
pub use model::{CarbonModel, FlatImpact, ModelHandle};
pub use range::{Boundary, Range, Tier};
pub use recompute::recompute;
pub use tokens::TokenCounts;
pub use training::{GPU_SERVER_LIFE_H, HOST_W, TrainingCall, TrainingImpact, UTILISATION};

pub use curve::{Curve, Interpolation};
pub use meter_error::{MeterError, RAPL_PERMISSION_HELP};
pub use nvml::{MigShares, NvmlCounter, NvmlSample, mig_shares};
pub use points::{CounterPoint, CounterSums, counter_points};
pub use rapl::{CounterFlag, CounterInterval, CounterTotal, RaplCounter, RaplLimits};
pub use rapl_tree::{Mirrors, RaplTree, is_package, rapl_domains};
pub use series::{IntensitySeries, OperationalSeries, PowerLoad, operational_series};
pub use shift_region::{
    MIN_SAVING_FRACTION, NETWORK_KWH_PER_GB, RegionShift, ShiftRegion, SignalShift, Verdict, region_shift,
};
pub use shift_time::{BestSlots, BestWindow};

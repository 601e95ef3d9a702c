//! Energy and carbon of inference, training and cloud work.

pub mod allocation;
mod assumption;
mod config;
mod data_id;
pub mod embodied;
mod error;
mod estimate;
mod exact_sum;
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

//! Energy and carbon of inference, training and cloud work.

mod assumption;
mod data_id;
mod error;
mod estimate;
mod exact_sum;
mod fixed;
mod intensity;
pub mod pue;
mod range;
mod rows;
#[rustfmt::skip]
mod tables;
mod tokens;
pub mod wire;
pub mod zone;

mod curve;
pub mod feed;
mod meter_error;
mod nvml;
mod points;
mod rapl;
mod series;
mod shift_region;
mod shift_time;

pub use assumption::{Assumption, Assumptions};
pub use data_id::{DataId, DataIds};
pub use error::CarbonError;
pub use estimate::{Estimate, MethodId};
pub use exact_sum::ExactSum;
pub use intensity::{Basis, Intensity, Period, Signal, Source, check_comparable, operational};
pub use range::{Boundary, Range, Tier};
pub use tokens::TokenCounts;

pub use curve::{Curve, Interpolation};
pub use meter_error::{MeterError, RAPL_PERMISSION_HELP};
pub use nvml::{MigShares, NvmlCounter, NvmlSample, mig_shares};
pub use points::{CounterPoint, CounterSums, counter_points};
pub use rapl::{
    CounterFlag, CounterTotal, Interval, Mirrors, RaplCounter, RaplLimits, is_package, rapl_domains,
};
pub use series::{IntensitySeries, Load, OperationalSeries, operational_series};
pub use shift_region::{
    MIN_SAVING_FRACTION, NETWORK_KWH_PER_GB, Region, RegionShift, SignalShift, Verdict, region_shift,
};
pub use shift_time::{BestSlots, BestWindow};

//! Energy and carbon of inference, training and cloud work.

mod assumption;
mod curve;
mod data_id;
mod error;
mod estimate;
mod exact_sum;
mod meter_error;
mod nvml;
mod range;
mod rapl;
mod shift_time;
pub mod wire;

pub use assumption::{Assumption, Assumptions};
pub use curve::{Curve, Interpolation};
pub use data_id::{DataId, DataIds};
pub use error::CarbonError;
pub use estimate::{Estimate, MethodId};
pub use exact_sum::ExactSum;
pub use meter_error::{MeterError, RAPL_PERMISSION_HELP};
pub use nvml::{MigShares, NvmlCounter, NvmlSample, mig_shares};
pub use range::{Boundary, Range, Tier};
pub use rapl::{
    CounterFlag, CounterTotal, Interval, Mirrors, RaplCounter, RaplLimits, is_package, rapl_domains,
};
pub use shift_time::{BestSlots, BestWindow};

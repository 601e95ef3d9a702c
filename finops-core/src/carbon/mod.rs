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

pub use assumption::{Assumption, Assumptions};
pub use data_id::{DataId, DataIds};
pub use error::CarbonError;
pub use estimate::{Estimate, MethodId};
pub use exact_sum::ExactSum;
pub use intensity::{Basis, Intensity, Period, Signal, Source, check_comparable, operational};
pub use range::{Boundary, Range, Tier};
pub use tokens::TokenCounts;

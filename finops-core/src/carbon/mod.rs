//! Energy and carbon of inference, training and cloud work.

mod assumption;
mod config;
mod data_id;
mod error;
mod estimate;
mod exact_sum;
mod fixed;
pub mod gpu;
mod inference;
mod intensity;
pub mod llm;
mod model;
pub mod pue;
mod range;
mod rows;
#[rustfmt::skip]
mod tables;
mod tokens;
mod training;
pub mod wire;
pub mod zone;

pub use assumption::{Assumption, Assumptions};
pub use config::{
    CarbonConfig, ClassFactors, ENERGY_VARIABLE, EnergyMethod, Environment, Grid, INTENSITY_VARIABLE, factor,
};
pub use data_id::{DataId, DataIds};
pub use error::CarbonError;
pub use estimate::{Estimate, MethodId};
pub use exact_sum::ExactSum;
pub use inference::{ByClass, Factors, InferenceImpact, Timing};
pub use intensity::{Basis, Intensity, Period, Signal, Source, check_comparable, operational};
pub use llm::{ModelParams, Serving, Shape};
pub use model::{CarbonModel, FlatImpact, ModelHandle};
pub use range::{Boundary, Range, Tier};
pub use tokens::TokenCounts;
pub use training::{GPU_SERVER_LIFE_H, HOST_W, TrainingCall, TrainingImpact, UTILISATION};

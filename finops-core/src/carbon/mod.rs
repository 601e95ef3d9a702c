//! Energy and carbon of inference, training and cloud work.

mod error;
pub use error::CarbonError;

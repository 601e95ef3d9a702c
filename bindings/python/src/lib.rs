//! Python bindings: types are converted and the world is read here; the logic is in `finops`.

use pyo3::prelude::*;

mod convert;
mod display;
mod error;
mod usage;

/// The compiled half of `finops`; import from `finops`.
#[pymodule]
mod _finops {
    #[pymodule_export]
    use crate::display::{apportion, round_amount};
    #[pymodule_export]
    use crate::usage::PyUsage;
}

//! Arrow columns in and record tables out, through the PyCapsule interface.

use crate::monitor::Owned;
use pyo3::prelude::*;

/// The numbers of an Arrow array; `None` when the value is none.
pub(crate) fn numbers(_value: &Bound<'_, PyAny>, _name: &str) -> PyResult<Option<Owned>> {
    Ok(None)
}

/// Calls `add` with every text of an Arrow array; `false` when the value is none.
pub(crate) fn texts(_value: &Bound<'_, PyAny>, _name: &str, _add: &mut dyn FnMut(&str)) -> PyResult<bool> {
    Ok(false)
}

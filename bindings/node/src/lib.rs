//! Node bindings: types are converted here; the logic is in `finops`.

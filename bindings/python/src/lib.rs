//! Python bindings: types are converted and the world is read here; the logic is in `finops`.

//! Python values in, Python values out: every extractor names the argument that it refuses.

pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod out;
pub(crate) mod time;

//! Computations by name, from JSON to JSON: what the `wire` modules of the topics share.

use crate::{
    error::{Fault, shorten},
    json::Json,
};

/// One kind: from its input to its result.
pub type Handler = fn(&Json) -> Result<Json, Fault>;

/// The kinds of one part of a topic by name.
pub(crate) type Table = &'static [(&'static str, Handler)];

/// Computes `kind` of `tables` from `input`.
pub(crate) fn call(tables: &[Table], kind: &str, input: &Json) -> Result<Json, Fault> {
    match tables.iter().copied().flatten().find(|(name, _)| *name == kind) {
        Some((_, handler)) => handler(input),
        None => {
            let problem = format!("`{}` is no known computation", shorten(kind));
            Err(Fault::new("config.invalid", "kind", problem, "give one of the kinds that `kinds` lists"))
        }
    }
}

/// The names of all kinds, in the order of the tables.
pub(crate) fn names(tables: &'static [Table]) -> impl Iterator<Item = &'static str> {
    tables.iter().copied().flatten().map(|(name, _)| *name)
}

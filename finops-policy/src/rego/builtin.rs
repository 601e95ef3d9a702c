//! The policies that ship with the crate, as Rego: to read, to copy, to change, and to check the typed rules against.

use super::Module;
use crate::{
    Json,
    gate::{self, GateConfig},
};

/// The default policy, package `finops`.
pub const FINOPS: &str = include_str!("builtin/finops.rego");

/// Its unit tests, package `finops_test`.
pub const FINOPS_TEST: &str = include_str!("builtin/finops_test.rego");

/// The default configuration as the data of these policies, `{"finops_config": {"gate": {...}}}`.
pub const DATA: &str = include_str!("builtin/data.json");

/// The default policy and its unit tests.
///
/// ```
/// use finops_policy::{gate::GateConfig, rego::{LoadOptions, PolicySet, builtin}};
/// let data = builtin::data(&GateConfig::default());
/// let (set, report) = PolicySet::load(&builtin::modules(), &data, &LoadOptions::default())?;
/// assert_eq!((report.engine.as_str(), report.warnings.len()), ("rvm", 0));
/// # let _ = set;
/// # Ok::<(), finops_policy::rego::RegoError>(())
/// ```
#[must_use]
pub fn modules() -> Vec<Module> {
    vec![Module::new("finops.rego", FINOPS), Module::new("finops_test.rego", FINOPS_TEST)]
}

/// A configuration as the data of these policies.
#[must_use]
pub fn data(config: &GateConfig) -> Json {
    gate::rego_data(config)
}

#[cfg(test)]
mod tests;

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

/// The guardrails on what [`crate::guardrail::rego_input`] hands over, package `finops.guardrails`, set `check`.
pub const GUARDRAILS: &str = include_str!("builtin/guardrails.rego");

/// Their unit tests, package `finops.guardrails_test`.
pub const GUARDRAILS_TEST: &str = include_str!("builtin/guardrails_test.rego");

/// The default configuration as the data of these policies, `{"finops_config": {"gate": {...}, "guardrails": {...}}}`.
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

/// The default policy with `config` as its data: `{"modules": {name: text}, "data": {...}}`. Its unit tests come along where
/// the thresholds are the defaults: they are theirs.
#[must_use]
pub fn shipped(config: &GateConfig) -> Json {
    let default = *config == GateConfig::default();
    let modules = modules().into_iter().filter(|module| default || !module.name.ends_with("_test.rego"));
    Json::object([
        ("modules", Json::object(modules.map(|module| (module.name, Json::from(module.text))))),
        ("data", data(config)),
    ])
}

#[cfg(test)]
mod tests;

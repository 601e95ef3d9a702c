//! Policies in Rego: engine, sets, result contract, lint, bundles, unit tests.

mod bounded;
pub mod builtin;
pub mod bundle;
pub mod contract;
pub mod coverage;
pub mod engine;
pub mod lint;
mod merge;
pub mod remote;
pub mod set;
mod source;
mod subset;
pub mod test_runner;
pub mod value;

pub use bundle::{Bundle, BundleOptions};
pub use engine::{EvalError, Evaluated, Limits, evaluate};
pub use set::{EngineOption, LoadOptions, LoadReport, PolicySet, RegoError};

/// One Rego source: the name under which findings report it, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// File name or path inside a bundle, for example `finops.rego`.
    pub name: String,
    /// Rego v1 source.
    pub text: String,
}

impl Module {
    /// A module from text that is already known to be UTF-8.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// The two evaluators of regorus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// The virtual machine, lax: 3.3 times faster, for rules inside the subset of `lint`.
    Rvm,
    /// The interpreter, with strict errors of built-in functions.
    Interpreter,
}

impl Engine {
    /// `rvm` or `interpreter`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rvm => "rvm",
            Self::Interpreter => "interpreter",
        }
    }
}

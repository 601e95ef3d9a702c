//! Errors: one enum a topic, each variant with a stable dotted code, the path of the offending field and what to do.

use crate::json::{NumberError, ReadError};

/// A configuration that cannot be used: `policy.config`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {problem}; {help}")]
pub struct ConfigError {
    /// JSON pointer into the configuration.
    pub path: String,
    /// What is wrong, with the refused value in backticks, shortened.
    pub problem: String,
    /// What is accepted.
    pub help: &'static str,
}

impl ConfigError {
    /// Refuses what stands at the JSON pointer `path`.
    pub fn new(path: impl Into<String>, problem: impl Into<String>, help: &'static str) -> Self {
        Self { path: path.into(), problem: problem.into(), help }
    }
}

/// Any error of this crate. Decisions are never errors: a fault while deciding is a denial with a code.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A configuration, a quorum, a threshold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A text that is not acceptable JSON.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A number that no double holds.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A limit of the guardrails.
    #[error(transparent)]
    Guardrail(#[from] crate::guardrail::GuardrailError),
    /// A set of policies that does not load, a bundle, a fault of the engine.
    #[cfg(feature = "rego")]
    #[error(transparent)]
    Rego(#[from] crate::rego::RegoError),
}

impl PolicyError {
    /// The stable dotted code, for example `policy.config`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(_) => "policy.config",
            Self::Read(e) => e.code(),
            Self::Number(e) => e.code(),
            Self::Guardrail(e) => e.code(),
            #[cfg(feature = "rego")]
            Self::Rego(e) => e.code(),
        }
    }

    /// Where the fault lies: a JSON pointer, the name of a setting or of a file; empty for the input as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Config(e) => &e.path,
            Self::Read(_) | Self::Number(_) => "",
            Self::Guardrail(e) => e.path(),
            #[cfg(feature = "rego")]
            Self::Rego(e) => e.path(),
        }
    }
}

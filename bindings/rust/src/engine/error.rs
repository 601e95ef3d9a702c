//! Why the engine could not do what it was asked to.

use crate::ledger::EventLogError;
use finops_core::error::Fault;
use finops_policy::guardrail::GuardrailError;

/// An error of [`Engine`](super::Engine) or of the adapters around it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// An input, a configuration or a change is refused.
    #[error(transparent)]
    Input(#[from] Fault),
    /// A limit of the guardrails is refused.
    #[error(transparent)]
    Guardrail(#[from] GuardrailError),
    /// The ledger refuses.
    #[error(transparent)]
    Ledger(#[from] EventLogError),
    /// A file or folder cannot be read or written.
    #[error("`{path}` cannot be {verb}: {problem}")]
    File {
        /// The file or folder.
        path: String,
        /// `read` or `written`.
        verb: &'static str,
        /// What the operating system says.
        problem: String,
    },
    /// Git refuses.
    #[error("git {command}: {problem}")]
    Git {
        /// The command of git, for example `commit-tree`.
        command: String,
        /// What git says.
        problem: String,
    },
    /// The service that holds pull requests refuses or cannot be reached.
    #[error("the pull request was not opened: {problem}")]
    PullRequest {
        /// The status of the answer, where there was one.
        status: Option<u16>,
        /// What it says.
        problem: String,
    },
}

impl EngineError {
    /// The stable dotted code, for example `engine.git`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Input(fault) => fault.code(),
            Self::Guardrail(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::File { .. } => "engine.file",
            Self::Git { .. } => "engine.git",
            Self::PullRequest { .. } => "engine.pull_request",
        }
    }

    /// Where the fault lies: a path into the input, or a file.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Input(fault) => fault.path(),
            Self::Guardrail(error) => error.path(),
            Self::Ledger(error) => error.path(),
            Self::File { path, .. } => path,
            Self::Git { .. } | Self::PullRequest { .. } => "",
        }
    }
}

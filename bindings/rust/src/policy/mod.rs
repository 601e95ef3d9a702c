//! What is allowed: the pure crate `finops_policy`, and the gate as a process uses it, with a clock, files and a remote OPA.
//!
//! Every kind of the shared vectors is a function of its name here: from the members of a case to those of its answer.

mod kinds;
#[cfg(feature = "opa")]
pub mod opa;
#[cfg(feature = "rego")]
mod options;
#[cfg(feature = "rego")]
mod policy_gate;
#[cfg(feature = "rego")]
mod source;

pub use finops_policy::*;
pub use kinds::*;
#[cfg(feature = "rego")]
pub use policy_gate::{Asking, Now, PolicyGate, PolicyGateOptions, Remote, SetupError};
#[cfg(feature = "rego")]
pub use source::{Source, SourceError};

/// Where OPA is asked, and for how long, when nothing else is said.
#[cfg(feature = "rego")]
mod opa_defaults {
    /// Where OPA listens.
    #[cfg(feature = "opa")]
    pub(super) const URL: &str = "http://localhost:8181";
    /// The path after `/v1/data/`.
    pub(super) const PATH: &str = "finops";
    /// The whole exchange.
    pub(super) const TIMEOUT_MS: u64 = 500;
}

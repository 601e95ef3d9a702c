//! The decision record: what was asked, what was answered, by which policy, and every reason.
//!
//! [`Gate`] makes [`Decision`]s; [`exemption`] and [`approval`] change what counts; [`log`] and [`mask`] make the event
//! that may be stored, [`replay`] proves it; [`shadow`] compares with a candidate; [`explain`] and [`report`] show it.

pub mod approval;
mod digest;
mod evaluation;
pub mod exemption;
pub mod explain;
pub mod gate;
mod input;
#[cfg(feature = "rego")]
mod load;
pub mod log;
pub mod mask;
mod record;
pub mod replay;
pub mod report;
mod reread;
pub mod shadow;
mod state;

pub use digest::InputDigest;
pub use gate::{Context, Gate, GateOptions, Schema, TypedRules};
pub use input::Input;
pub use record::{Action, Decision, DecisionSource, Fault, Outcome, UsedEngine, Violation};
pub use state::Status;

#[cfg(test)]
mod tests;

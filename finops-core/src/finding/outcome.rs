//! What becomes of a check's outcome: a record, and a cell of the coverage.

use super::parts::{Status, words};

words! {
    /// How a check ended on one subject.
    CheckOutcome {
        /// Something was found.
        Finding = "finding",
        /// Nothing was found.
        Ok = "ok",
        /// The evidence is missing.
        Undetermined = "undetermined",
        /// The check does not apply.
        Inapplicable = "inapplicable",
        /// The check raised.
        Error = "error",
        /// A call was refused.
        Denied = "denied",
    }
}

words! {
    /// What a run says about a check in an account and region; a worse one goes before a better one.
    Coverage {
        /// It looked.
        Evaluated = "evaluated",
        /// It looked at a part.
        Partial = "partial",
        /// It was not allowed to look.
        Denied = "denied",
        /// It failed.
        Failed = "failed",
        /// It did not look.
        Skipped = "skipped",
    }
}

/// What an outcome says in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The status of the record; none where no record is written.
    pub status: Option<Status>,
    /// The reason's code where the outcome itself gives one; an undetermined check brings its own.
    pub reason: Option<&'static str>,
    /// The cell of the coverage.
    pub coverage: Coverage,
}

/// The record and the coverage of an outcome. `informational` is a check whose findings need nothing done; `emit_pass`
/// writes records of checks that found nothing.
///
/// ```
/// use finops_core::finding::{CheckOutcome, Status, outcome};
/// assert_eq!(outcome(CheckOutcome::Ok, false, false).status, None);
/// assert_eq!(outcome(CheckOutcome::Error, false, false).reason, Some("check_failed"));
/// assert_eq!(outcome(CheckOutcome::Finding, true, false).status, Some(Status::Info));
/// ```
#[must_use]
pub const fn outcome(outcome: CheckOutcome, informational: bool, emit_pass: bool) -> Verdict {
    let (status, reason, coverage) = match outcome {
        CheckOutcome::Finding if informational => (Some(Status::Info), None, Coverage::Evaluated),
        CheckOutcome::Finding => (Some(Status::Fail), None, Coverage::Evaluated),
        CheckOutcome::Ok if emit_pass => (Some(Status::Pass), None, Coverage::Evaluated),
        CheckOutcome::Ok | CheckOutcome::Inapplicable => (None, None, Coverage::Evaluated),
        CheckOutcome::Undetermined => (Some(Status::Unknown), None, Coverage::Evaluated),
        CheckOutcome::Error => (Some(Status::Unknown), Some("check_failed"), Coverage::Failed),
        CheckOutcome::Denied => (Some(Status::Info), Some("access_denied"), Coverage::Denied),
    };
    Verdict { status, reason, coverage }
}

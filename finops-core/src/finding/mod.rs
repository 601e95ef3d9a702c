//! Findings: the record, its identity, validation, severity and money.
//!
//! A check, detector or rule says "this is wrong here, and it costs this much". [`FindingDraft`] is that sentence,
//! [`Finding`] the record it becomes in a run: in canonical form, redacted, with an identity that is the same in the
//! next run. [`Validator`] makes records from drafts and from JSON; what it refuses it names by code and place.

mod batch;
mod canonical;
mod check;
mod declared;
mod document;
mod identity;
mod intake;
mod map;
mod money;
mod near;
mod order;
mod outcome;
mod parts;
mod problem;
mod read;
mod record;
mod redact;
mod severity;
mod totals;
mod validate;
pub mod wire;
mod write;

pub use batch::{Batch, Rejection, Validated};
pub use declared::issue_key_names;
pub use document::Layout;
pub use identity::{Fingerprint, Identity, finding_id, rkey};
pub use intake::{Intake, Judged, RecordStream};
pub use map::Map;
pub use money::{AmountError, Attos};
pub use order::{ContentHash, content_hash, order, total_order};
pub use outcome::{CheckOutcome, Coverage, Verdict, outcome};
pub use parts::{
    Actual, Basis, Claim, ClaimKind, Estimated, Level, Lifecycle, LifecycleStatus, Lineage, LineageInput,
    Link, Reason, Scope, Severity, Share, Source, SourceType, Status,
};
pub use problem::{Counts, Problem, Warning};
pub use record::{Finding, FindingDraft, IdMode, Run, RunContext};
pub use redact::{is_secret_name, redact_json, redact_text};
pub use severity::{Base, Stake, Thresholds, priority, severity};
pub use totals::{Combined, Total, combine, totals};
pub use validate::{Checked, Validator};

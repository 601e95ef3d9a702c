//! What happened and what it saved: the pure crate `finops_ledger`, and the log as a process uses it, with secrets from the
//! environment, ids, a clock and a place to keep records.
//!
//! ```
//! use finops::ledger::{EventLog, LogOptions, NewEvent, Secrets};
//! use serde_json::json;
//!
//! let secrets = Secrets::new("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0")?;
//! let log = EventLog::in_memory("acme.example/prod", secrets, LogOptions::default())?;
//! let seq = log.append(NewEvent::new("acme.deploy", json!({"service": "api"}), "svc:ci"))?;
//! assert_eq!((seq, log.size()?), (1, 2)); // record 0 is `log.created`
//! assert!(log.verify(&[], &[])?.ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every group of the shared vectors is a function of its name here: from the members of a case to those of its answer.

mod anchor;
mod backing;
mod event_log;
mod fault;
mod kinds;
mod memory;
mod redactable;
mod savings_ledger;
mod secrets;
#[cfg(feature = "store")]
mod stored;

#[cfg(any(feature = "fetch", feature = "opa"))]
pub use anchor::HttpPost;
pub use anchor::{AnchorTo, Anchored, NoteFile, StandardOutput, anchor_place};
pub use event_log::{EventLog, LogOptions, LogRecord, NewEvent, Opened};
pub use fault::EventLogError;
pub use finops_ledger::*;
pub use kinds::*;
pub use savings_ledger::{Actor, Measured, Recorded, SavingsLedger};
pub use secrets::{Secrets, VARIABLES};

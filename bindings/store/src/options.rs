//! How a store is opened.

use finops_core::time::Timestamp;
use finops_ledger::{event::checkpoint::PublicSigner, number::Exact};
use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Microseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How much of a log is verified when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OpenVerify {
    /// Every record from the first.
    #[default]
    Whole,
    /// The records after the latest checkpoint; those before it only by the root that the checkpoint signs over their
    /// leaves. A file is always verified whole.
    SinceCheckpoint,
}

/// How a store is opened. [`Options::new`] has the values that the specification names.
#[derive(Clone)]
pub struct Options {
    /// The name of the log, for example `acme.example/finops/prod`.
    pub origin: String,
    /// Never write, also no heartbeat; the log must exist.
    pub read_only: bool,
    /// Refuse a log that does not exist instead of making it.
    pub must_exist: bool,
    /// How much is verified on opening.
    pub open_verify: OpenVerify,
    /// The heartbeat that a new log names, in seconds, 60 to 86400; `None`: 3600, not named.
    pub heartbeat_s: Option<u64>,
    /// Append `log.heartbeat` when the log was idle for its heartbeat.
    pub heartbeats: bool,
    /// A checkpoint is due after this many records.
    pub checkpoint_records: u64,
    /// A checkpoint of new records is due after this many seconds.
    pub checkpoint_s: u64,
    /// The key that signs checkpoints for auditors without the secret.
    pub signer: Option<PublicSigner>,
    /// From this estimate on, approval and change need two people.
    pub four_eyes_above: Option<Exact>,
    /// Who writes the events that the log itself writes.
    pub actor: String,
    /// The most requests that wait for the writer.
    pub queue_max: usize,
    /// The time.
    pub clock: Clock,
}

impl Options {
    /// The log `origin` with a checkpoint every 1,000 records, every hour and on closing, and heartbeats when idle.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            read_only: false,
            must_exist: false,
            open_verify: OpenVerify::Whole,
            heartbeat_s: None,
            heartbeats: true,
            // Sections 5 and 13 of the specification.
            checkpoint_records: 1000,
            checkpoint_s: 3600,
            signer: None,
            four_eyes_above: None,
            actor: "svc:finops".to_owned(),
            queue_max: 65_536,
            clock: Arc::new(system_clock),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("origin", &self.origin)
            .field("read_only", &self.read_only)
            .field("open_verify", &self.open_verify)
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}

fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The text of an instant with six fraction digits, as events carry it.
pub(crate) fn at_text(us: i64) -> String {
    let ms = Timestamp::from_ms(us.div_euclid(1000)).map(|time| time.to_string()).unwrap_or_default();
    format!("{}{:03}Z", ms.trim_end_matches('Z'), us.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_this_clock_is_a_time_of_events() {
        assert_eq!(at_text(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at_text(1_773_480_413_589_793), "2026-03-14T09:26:53.589793Z");
        assert!(finops_ledger::event::envelope::parse_at(&at_text(system_clock())).is_some());
    }
}

//! What the commands share: the clock, and instants that people write.

use crate::Failure;
use finops::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The instant that was asked for, or now.
pub(crate) fn instant(text: Option<&str>) -> Result<Timestamp, Failure> {
    match text {
        Some(text) => Ok(text.parse::<Timestamp>()?),
        None => Ok(now()),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).ok().and_then(Timestamp::from_ms).unwrap_or_default()
}

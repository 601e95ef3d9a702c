//! The clock of this machine.

use finops_core::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in whole milliseconds of UTC.
#[must_use]
#[inline]
pub fn now() -> Timestamp {
    let ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, i64::saturating_neg),
    };
    Timestamp::from_ms(ms).unwrap_or_default()
}

/// Now, in whole microseconds since 1970 UTC: the resolution of events.
#[must_use]
pub fn now_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, i64::saturating_neg),
    }
}

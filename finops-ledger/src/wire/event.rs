//! Groups of the event log.

use super::Handler;

pub(super) const GROUPS: &[(&str, Handler)] = &[];

//! Groups of the reports.

use super::Handler;

pub(super) const GROUPS: &[(&str, Handler)] = &[];

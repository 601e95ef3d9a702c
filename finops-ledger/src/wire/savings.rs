//! Groups of the savings ledger.

use super::Handler;

pub(super) const GROUPS: &[(&str, Handler)] = &[];

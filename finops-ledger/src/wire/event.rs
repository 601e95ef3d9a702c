//! Groups of the event log.

mod canonical;

use super::Handler;

pub(super) const GROUPS: &[(&str, Handler)] = &[
    ("canonical", canonical::canonical),
    ("canonical_check", canonical::canonical_check),
    ("border_number", canonical::border_number),
    ("decimal_form", canonical::decimal_form),
];

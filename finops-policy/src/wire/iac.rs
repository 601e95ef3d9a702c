//! Kinds `terraform`, `kubernetes`, `infracost`.

use super::Handler;

pub(super) const KINDS: &[(&str, Handler)] = &[];

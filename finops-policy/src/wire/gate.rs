//! Kinds `gate`, `number`, `digest`.

use super::Handler;

pub(super) const KINDS: &[(&str, Handler)] = &[];

//! Kind `lint`.

use super::Handler;

pub(super) const KINDS: &[(&str, Handler)] = &[];

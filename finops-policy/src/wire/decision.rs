//! Kinds `mask`, `exemption`, `approval`, `shadow`.

use super::Handler;

pub(super) const KINDS: &[(&str, Handler)] = &[];

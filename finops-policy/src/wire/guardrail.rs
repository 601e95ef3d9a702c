//! Kinds `guardrail`, `window`, `update_policy`.

use super::Handler;

pub(super) const KINDS: &[(&str, Handler)] = &[];

//! Kinds `rego`, `result_contract`, `remote_opa`, `policy_gate`, `bundle`, `test_runner`.

use super::Handler;

pub(super) const KINDS: &[(&str, Handler)] = &[];

//! Fingerprint and id of an opportunity.

use crate::event::{canonical::write_text, hex};
use sha2::{Digest, Sha256};

/// What makes two findings the same finding; missing parts are empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope<'a> {
    /// What was found.
    pub opportunity_type: &'a str,
    /// Kubernetes cluster.
    pub cluster: &'a str,
    /// Kubernetes namespace.
    pub namespace: &'a str,
    /// Kubernetes workload.
    pub workload: &'a str,
    /// The resource outside Kubernetes.
    pub resource: &'a str,
    /// The part of the resource, as given.
    pub component: &'a str,
}

/// The fingerprint of a finding that brings none: 64 hex digits.
///
/// ```
/// use finops_ledger::opportunity::{Scope, fingerprint};
/// let scope = Scope { opportunity_type: "orphan_volumes", cluster: "prod-eu", resource: "vol-0a1b2c", ..Scope::default() };
/// assert!(fingerprint(&scope).starts_with("8d893013"));
/// ```
#[must_use]
pub fn fingerprint(scope: &Scope<'_>) -> String {
    // Canonical JSON of the six parts: their names stand in its order.
    let members = [
        ("cluster", scope.cluster),
        ("component", scope.component),
        ("namespace", scope.namespace),
        ("resource", scope.resource),
        ("type", scope.opportunity_type),
        ("workload", scope.workload),
    ];
    let mut text = vec![b'{'];
    for (i, (key, value)) in members.into_iter().enumerate() {
        text.extend_from_slice(if i == 0 { b"" } else { b"," });
        write_text(key, &mut text);
        text.push(b':');
        write_text(value, &mut text);
    }
    text.push(b'}');
    let hash = Sha256::new().chain_update(b"finops-ledger/v1/fingerprint\n").chain_update(text).finalize();
    hex::encode(&hash)
}

/// The id of the item of a generation: `opp_` and 32 hex digits.
#[must_use]
pub fn opportunity_id(fingerprint: &str, generation: u64) -> String {
    let hash = Sha256::new()
        .chain_update(b"finops-ledger/v1/opportunity\n")
        .chain_update(format!("{fingerprint}\n{generation}"))
        .finalize();
    format!("opp_{}", hex::encode(hash.get(..16).unwrap_or_default()))
}

//! The total order of a table and the hash of its content.

use super::record::Finding;
use sha2::{Digest, Sha256};
use std::{cmp::Ordering, sync::Arc};

/// Which of two findings stands first in a table: by tenant, workspace, time and id of the run, check, cloud, account,
/// region, resource, fingerprint and id; texts by their bytes, nothing before everything. Of two records that are equal
/// in all of these the canonical bytes decide, then the members that are added after the run.
#[must_use]
pub fn total_order(one: &Finding, other: &Finding) -> Ordering {
    by_members(one, other).then_with(|| by_bytes(one, other))
}

fn by_members(one: &Finding, other: &Finding) -> Ordering {
    let run = if Arc::ptr_eq(&one.run, &other.run) {
        Ordering::Equal
    } else {
        let (a, b) = (&*one.run, &*other.run);
        let key = |run: &super::record::Run| run.run_ts;
        a.tenant_id
            .cmp(&b.tenant_id)
            .then_with(|| a.workspace_id.cmp(&b.workspace_id))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.run_id.cmp(&b.run_id))
    };
    let (a, b) = (&one.draft, &other.draft);
    run.then_with(|| a.check_id.cmp(&b.check_id))
        .then_with(|| a.scope.cloud.cmp(&b.scope.cloud))
        .then_with(|| a.scope.account_id.cmp(&b.scope.account_id))
        .then_with(|| a.scope.region.cmp(&b.scope.region))
        .then_with(|| a.scope.resource().cmp(&b.scope.resource()))
        .then_with(|| one.fingerprint.cmp(&other.fingerprint))
        .then_with(|| one.finding_id.cmp(&other.finding_id))
}

fn by_bytes(one: &Finding, other: &Finding) -> Ordering {
    let bytes = |finding: &Finding, write: fn(&Finding, &mut Vec<u8>)| {
        let mut out = Vec::new();
        write(finding, &mut out);
        out
    };
    let compare = |write: fn(&Finding, &mut Vec<u8>)| bytes(one, write).cmp(&bytes(other, write));
    compare(Finding::write_canonical).then_with(|| compare(Finding::write_line))
}

/// The places of `findings` in total order.
pub fn order(findings: &[Finding]) -> Vec<usize> {
    let mut sorted: Vec<(usize, &Finding)> = findings.iter().enumerate().collect();
    sorted.sort_by(|(_, one), (_, other)| total_order(one, other));
    sorted.into_iter().map(|(index, _)| index).collect()
}

/// The SHA-256 of a table: of its rows as JSON Lines in total order, without the times of ingestion.
///
/// The rows are added in total order, one by one or in any batches.
///
/// ```
/// use finops_core::finding::ContentHash;
/// let empty = ContentHash::default().hex();
/// assert_eq!(empty, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
/// ```
#[derive(Debug, Clone, Default)]
pub struct ContentHash {
    hasher: Sha256,
    buffer: Vec<u8>,
}

impl ContentHash {
    /// Adds the next row.
    pub fn add(&mut self, finding: &Finding) {
        self.buffer.clear();
        finding.write_hashed(&mut self.buffer);
        self.buffer.push(b'\n');
        self.hasher.update(&self.buffer);
    }

    /// The hash of the rows so far, 64 hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> String {
        super::identity::hex(&<[u8; 32]>::from(self.hasher.finalize()))
    }
}

/// The content hash of findings in any order.
#[must_use]
pub fn content_hash(findings: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|one, other| total_order(one, other));
    let mut hash = ContentHash::default();
    sorted.into_iter().for_each(|finding| hash.add(finding));
    hash.hex()
}

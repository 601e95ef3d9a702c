//! The total order of a table and the hash of its content.

use super::{near, record::Finding};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use std::{cmp::Ordering, hash::Hash, sync::Arc};

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

/// Values by number: equal ones have one, and ranks follow their order.
struct Ranks<T> {
    numbers: FxHashMap<T, usize>,
}

impl<T: Copy + Ord + Hash> Ranks<T> {
    fn new() -> Self {
        Self { numbers: FxHashMap::default() }
    }

    fn number(&mut self, value: T) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(value).or_insert(next)
    }

    /// The rank of each number.
    fn ranks(self) -> Vec<usize> {
        let mut sorted: Vec<(T, usize)> = self.numbers.into_iter().collect();
        sorted.sort_unstable();
        let mut ranks = vec![0; sorted.len()];
        for (rank, (_, number)) in sorted.into_iter().enumerate() {
            if let Some(place) = ranks.get_mut(number) {
                *place = rank;
            }
        }
        ranks
    }
}

/// What mostly decides between two findings, without a look at their texts: run, check and place by rank, and the first
/// letters of the resource.
struct Sorting<'a> {
    ranks: [usize; 3],
    resource: [u64; 2],
    index: usize,
    finding: &'a Finding,
}

/// Eight bytes of a text as a number that sorts like them; nothing is 0.
fn word(text: &str, from: usize) -> u64 {
    let mut word = [0; 8];
    for (to, byte) in word.iter_mut().zip(text.bytes().skip(from)) {
        *to = byte;
    }
    u64::from_be_bytes(word)
}

/// Findings with their places, in total order.
fn sorted<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Sorting<'a>> {
    let (mut runs, mut checks, mut scopes) = (Ranks::new(), Ranks::new(), Ranks::new());
    let numbered = findings.into_iter().enumerate().map(|(index, finding)| {
        let (run, draft) = (&*finding.run, &finding.draft);
        let scope = &draft.scope;
        let resource = scope.resource().unwrap_or_default();
        let ranks = [
            runs.number((&run.tenant_id, &run.workspace_id, run.run_ts, &run.run_id)),
            checks.number(&draft.check_id),
            scopes.number((&scope.cloud, &scope.account_id, &scope.region)),
        ];
        Sorting { ranks, resource: [word(resource, 0), word(resource, 8)], index, finding }
    });
    let mut sorted: Vec<Sorting<'_>> = numbered.collect();
    let tables = [runs.ranks(), checks.ranks(), scopes.ranks()];
    for row in &mut sorted {
        for (rank, table) in row.ranks.iter_mut().zip(&tables) {
            *rank = table.get(*rank).copied().unwrap_or_default();
        }
    }
    sorted.sort_unstable_by(|a, b| {
        (a.ranks, a.resource)
            .cmp(&(b.ranks, b.resource))
            .then_with(|| total_order(a.finding, b.finding))
            .then(a.index.cmp(&b.index))
    });
    sorted
}

/// The places of `findings` in total order.
pub fn order(findings: &[Finding]) -> Vec<usize> {
    sorted(findings).into_iter().map(|row| row.index).collect()
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
pub fn content_hash<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut hash = ContentHash::default();
    near::each(sorted(findings).iter().map(|row| row.finding), |finding| hash.add(finding));
    hash.hex()
}

//! Many records: what was taken, in total order, and what was refused.

use super::{
    order::total_order,
    problem::{Counts, Problem, Warning, count},
    record::{Finding, FindingDraft},
    validate::{Checked, Validator},
};
use crate::json::Json;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Refused records that are listed; all are counted.
const LISTED: usize = 1_000;

/// A refused record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The place of the record in the input, from 0.
    pub index: usize,
    /// What is wrong with it, by path; at most 20.
    pub errors: Vec<Problem>,
}

/// What became of many records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validated {
    /// The records with their places in the input, in total order.
    pub accepted: Vec<(usize, Finding)>,
    /// The refused ones, by place: the first 1,000.
    pub rejected: Vec<Rejection>,
    /// How many were refused.
    pub rejected_count: u64,
    /// What was cleaned or cut, by place and path.
    pub warnings: Vec<(usize, Warning)>,
    /// What was changed, over all records read.
    pub counts: Counts,
}

/// Takes records one by one; of one run and fingerprint one record stays.
///
/// Parts of an input may go to several batches, each with its own validator: [`append`](Self::append) puts them
/// together, and the result does not tell how the input was cut.
#[derive(Debug, Clone)]
pub struct Batch {
    validator: Validator,
    accepted: Vec<(usize, Finding)>,
    rejected: Vec<Rejection>,
    rejected_count: u64,
    warnings: Vec<(usize, Warning)>,
}

impl Batch {
    /// A batch without records.
    #[must_use]
    pub const fn new(validator: Validator) -> Self {
        Self {
            validator,
            accepted: Vec::new(),
            rejected: Vec::new(),
            rejected_count: 0,
            warnings: Vec::new(),
        }
    }

    /// Takes what a check says.
    pub fn draft(&mut self, index: usize, draft: FindingDraft) {
        let result = self.validator.draft(draft);
        self.take(index, result);
    }

    /// Takes a record of JSON.
    pub fn record(&mut self, index: usize, record: &Json) {
        let result = self.validator.record(record);
        self.take(index, result);
    }

    /// Takes a line of JSON Lines; a blank one is skipped.
    pub fn line(&mut self, index: usize, line: &[u8]) {
        if !line.iter().all(u8::is_ascii_whitespace) {
            let result = self.validator.line(line);
            self.take(index, result);
        }
    }

    pub(super) fn take(&mut self, index: usize, result: Result<Checked, Vec<Problem>>) {
        match result {
            Ok(Checked { finding, warnings }) => {
                self.accepted.push((index, finding));
                self.warnings.extend(warnings.into_iter().map(|warning| (index, warning)));
            }
            Err(errors) => self.reject(index, errors),
        }
    }

    /// Twice as many as are listed are kept before the later ones are thrown away.
    fn reject(&mut self, index: usize, errors: Vec<Problem>) {
        count(&mut self.rejected_count);
        self.rejected.push(Rejection { index, errors });
        if self.rejected.len() > LISTED.saturating_mul(2) {
            self.first_rejected();
        }
    }

    fn first_rejected(&mut self) {
        self.rejected.sort_by_key(|rejection| rejection.index);
        self.rejected.truncate(LISTED);
    }

    /// The refused record that was taken first.
    pub(super) fn first_refused(&self) -> Option<&Rejection> {
        self.rejected.first()
    }

    /// Adds what was changed before the records came here.
    pub(super) fn count(&mut self, counts: &Counts) {
        self.validator.add_counts(counts);
    }

    /// Adds the records of another batch.
    pub fn append(&mut self, other: Self) {
        self.accepted.extend(other.accepted);
        self.rejected.extend(other.rejected);
        self.rejected_count = self.rejected_count.saturating_add(other.rejected_count);
        self.warnings.extend(other.warnings);
        self.validator.add_counts(&other.validator.counts());
    }

    /// Puts the records into total order and keeps one of each run and fingerprint: equal ones are counted, of
    /// different ones the first stays and the others are refused as `finding.duplicate`.
    #[must_use]
    pub fn finish(mut self) -> Validated {
        let mut order: Vec<usize> = (0..self.accepted.len()).collect();
        let at = |place: usize| self.accepted.get(place);
        order.sort_by(|one, other| match (at(*one), at(*other)) {
            (Some((i, one)), Some((j, other))) => total_order(one, other).then(i.cmp(j)),
            _ => one.cmp(other),
        });
        let mut places: Vec<Option<(usize, Finding)>> = self.accepted.drain(..).map(Some).collect();
        let sorted = order.into_iter().filter_map(|place| places.get_mut(place).and_then(Option::take));
        let mut accepted: Vec<(usize, Finding)> = Vec::new();
        let mut runs: BTreeMap<String, usize> = BTreeMap::new();
        let mut firsts: FxHashMap<([u8; 32], usize), usize> = FxHashMap::default();
        let mut counts = self.validator.counts();
        let mut duplicates = Vec::new();
        for (index, finding) in sorted {
            let next = runs.len();
            let run = match runs.get(finding.run_id()) {
                Some(run) => *run,
                None => *runs.entry(finding.run_id().to_owned()).or_insert(next),
            };
            let first = firsts.entry((*finding.fingerprint().bytes(), run)).or_insert(accepted.len());
            match accepted.get(*first) {
                None => accepted.push((index, finding)),
                Some((_, known)) if canonical(known) == canonical(&finding) => count(&mut counts.duplicates),
                Some(_) => duplicates.push((index, finding.fingerprint().to_string())),
            }
        }
        for (index, value) in duplicates {
            let help = "give one record for each issue of a run";
            let error = Problem { path: "/fingerprint".to_owned(), code: "finding.duplicate", value, help };
            self.reject(index, vec![error]);
        }
        self.first_rejected();
        self.warnings.sort_unstable();
        Validated {
            accepted,
            rejected: self.rejected,
            rejected_count: self.rejected_count,
            warnings: self.warnings,
            counts,
        }
    }
}

fn canonical(finding: &Finding) -> Vec<u8> {
    let mut bytes = Vec::new();
    finding.write_canonical(&mut bytes);
    bytes
}

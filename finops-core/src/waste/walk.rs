//! Leading detectors through an inventory together, a few workloads at a time.
//!
//! A large cluster is larger than the caches of a processor: detectors that go through it one after another each wait for
//! every workload to come from memory. Those that look at one workload at a time are asked about a few before the next few.

use super::{Assessment, Outcome, detector::by_place};
use std::{fmt, ops::Range};

/// Workloads that all detectors judge before the next: what is known of so many stays in a cache of 1 MiB.
pub(super) const BLOCK: usize = 64;

/// Judges a stretch of the workloads of an inventory.
type Judge<'c> = Box<dyn FnMut(Range<usize>, &mut dyn FnMut(Assessment)) + 'c>;

/// How a detector judges one workload after another, see [`Detector::walk`](super::Detector::walk).
pub struct Walk<'c> {
    workloads: usize,
    assessments: usize,
    in_order: bool,
    judge: Judge<'c>,
}

impl fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").field("workloads", &self.workloads).finish_non_exhaustive()
    }
}

impl<'c> Walk<'c> {
    /// A walk over so many workloads that gives so many assessments or a few less, by their subjects' text where `in_order`.
    pub(super) fn new(
        workloads: usize,
        assessments: usize,
        in_order: bool,
        judge: impl FnMut(Range<usize>, &mut dyn FnMut(Assessment)) + 'c,
    ) -> Self {
        Self { workloads, assessments, in_order, judge: Box::new(judge) }
    }

    /// Everything that it finds, in the order of the workloads.
    pub(super) fn whole(mut self) -> Vec<Assessment> {
        let mut found = Vec::with_capacity(self.assessments);
        (self.judge)(0..self.workloads, &mut |assessment| found.push(assessment));
        found
    }
}

/// A walk under way and what it found so far, findings apart from the others.
pub(super) struct Walked<'c> {
    walk: Walk<'c>,
    findings: Vec<Assessment>,
    others: Vec<Assessment>,
}

impl<'c> Walked<'c> {
    /// Sets out.
    pub(super) fn new(walk: Walk<'c>) -> Self {
        let others = Vec::with_capacity(walk.assessments);
        Self { walk, findings: Vec::new(), others }
    }

    /// The stretches in which this and other walks of the same inventory are made: at least one, the first from 0.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let workloads = self.walk.workloads;
        let starts = (0..workloads.max(1)).step_by(BLOCK);
        starts.map(move |start| start..start.saturating_add(BLOCK).min(workloads))
    }

    /// Judges the next stretch.
    pub(super) fn judge(&mut self, block: Range<usize>) {
        let Self { walk, findings, others } = self;
        (walk.judge)(block, &mut |assessment| {
            let is_finding = assessment.outcome == Outcome::Finding;
            if is_finding { &mut *findings } else { &mut *others }.push(assessment);
        });
    }

    /// Findings, and the others in the order of a report.
    pub(super) fn finish(mut self) -> (Vec<Assessment>, Vec<Assessment>) {
        if !self.walk.in_order {
            self.others.sort_by(by_place);
        }
        (self.findings, self.others)
    }
}

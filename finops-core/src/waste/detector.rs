//! Running detectors: each looks at the inventory alone, and a failing one never stops the others.

use super::{
    Assessment, DetectionConfig, Others, Outcome, PortfolioSummary,
    ai::{self, AiInventory},
    config::Setting,
    kubernetes::Index,
    realize::{Claimant, realize},
    summary::ClusterData,
    walk::{Walk, Walked},
};
use crate::{error::Fault, inventory::ClusterInventory, price::PriceBook, time::Timestamp};
use std::{
    cell::Cell,
    cmp::Ordering,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What a detector looks at.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Inventory<'a> {
    /// The summary form.
    Summary(&'a ClusterData),
    /// A full inventory of a cluster.
    Cluster(&'a ClusterInventory),
    /// GPUs, endpoints, calls and training of models.
    Ai(&'a AiInventory),
}

impl Inventory<'_> {
    /// The time that "now" means in it.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        match self {
            Self::Summary(data) => data.as_of,
            Self::Cluster(cluster) => cluster.as_of,
            Self::Ai(ai) => ai.as_of,
        }
    }
}

/// Everything a detector may look at. It reads no clock: `as_of` is the time of the run.
#[derive(Debug)]
pub struct Context<'a> {
    /// What is judged.
    pub inventory: Inventory<'a>,
    /// Prices of cloud resources.
    pub prices: &'a PriceBook,
    /// The configuration.
    pub config: &'a DetectionConfig,
    /// The time of the run.
    pub as_of: Timestamp,
    index: Option<Box<Index<'a>>>,
    ai: Option<Box<ai::Index<'a>>>,
}

impl<'a> Context<'a> {
    /// The context of a run over this inventory.
    #[must_use]
    pub fn new(inventory: Inventory<'a>, prices: &'a PriceBook, config: &'a DetectionConfig) -> Self {
        let (mut index, mut ai) = (None, None);
        match inventory {
            Inventory::Cluster(cluster) => index = Some(Box::new(Index::new(cluster, prices, config))),
            Inventory::Ai(inventory) => ai = Some(Box::new(ai::Index::new(inventory, config))),
            Inventory::Summary(_) => {}
        }
        Self { inventory, prices, config, as_of: inventory.as_of(), index, ai }
    }

    /// What detectors of a full inventory look up, where that is what is judged.
    pub(super) fn cluster(&self) -> Option<&Index<'a>> {
        self.index.as_deref()
    }

    /// The summary form, where that is what is judged.
    #[must_use]
    pub const fn summary(&self) -> Option<&'a ClusterData> {
        match self.inventory {
            Inventory::Summary(data) => Some(data),
            Inventory::Cluster(_) | Inventory::Ai(_) => None,
        }
    }

    /// What detectors of AI workloads look up, where that is what is judged.
    pub(super) fn ai(&self) -> Option<&ai::Index<'a>> {
        self.ai.as_deref()
    }
}

/// One rule about waste: a pure function of the context.
pub trait Detector: Send + Sync {
    /// The stable id, such as `k8s.cpu_over_request`.
    fn id(&self) -> &'static str;

    /// Its constants.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    /// Judges every subject it knows in the inventory; nothing for a form of inventory that it does not read.
    ///
    /// # Errors
    /// The detector failed as a whole; what lies with one subject is an `undetermined` assessment of it instead.
    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        Ok(self.walk(cx).map(Walk::whole).unwrap_or_default())
    }

    /// How it judges one workload after another, for those of ours that look at one at a time: they are led through a large
    /// inventory together. What a walk finds is what [`Detector::assess`] finds.
    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let _ = cx;
        None
    }

    /// As [`Detector::assess`], without the subjects that are ok or that the rule does not apply to; `None` where leaving them
    /// out spares no work.
    ///
    /// # Errors
    /// As [`Detector::assess`].
    fn assess_briefly(&self, cx: &Context<'_>) -> Result<Option<Vec<Assessment>>, Fault> {
        let _ = cx;
        Ok(None)
    }
}

/// A detector that failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// Its id.
    pub detector: String,
    /// The code: `waste.detector_failed` for a panic or a custom detector's exception.
    pub code: String,
    /// What happened.
    pub message: String,
}

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectionReport {
    /// Findings: the largest saving first, unknown savings last, then by detector and subject.
    pub findings: Vec<Assessment>,
    /// All other assessments by detector and subject.
    pub others: Others,
    /// Detectors that failed, by id.
    pub failures: Vec<Failure>,
    /// What the findings are worth together.
    pub portfolio: PortfolioSummary,
    /// The configuration of the run.
    pub config: DetectionConfig,
}

impl DetectionReport {
    /// The assessments with this outcome, in the order of the report.
    pub fn with_outcome(&self, outcome: Outcome) -> impl Iterator<Item = &Assessment> {
        self.findings.iter().chain(&self.others).filter(move |assessment| assessment.outcome == outcome)
    }

    /// Sorts assessments into a report: the order in which they were made does not matter.
    #[must_use]
    pub fn new(assessments: Vec<Assessment>, failures: Vec<Failure>, config: DetectionConfig) -> Self {
        let (findings, others) = part(assessments);
        Self::with_others_in_order(findings, others.into(), failures, config)
    }

    fn with_others_in_order(
        mut findings: Vec<Assessment>,
        others: Others,
        mut failures: Vec<Failure>,
        config: DetectionConfig,
    ) -> Self {
        findings.sort_by(|one, other| {
            // `None` is below every amount, so a larger amount first puts it last.
            let by_saving = other.gross().cmp(&one.gross());
            by_saving.then_with(|| by_place(one, other))
        });
        failures.sort();
        Self { findings, others, failures, portfolio: PortfolioSummary::default(), config }
    }
}

pub(super) fn by_place(one: &Assessment, other: &Assessment) -> Ordering {
    // Those of one detector stand together and share its name.
    let same = std::ptr::eq(one.detector, other.detector);
    let by_detector = if same { Ordering::Equal } else { one.detector.cmp(other.detector) };
    by_detector.then_with(|| one.subject.cmp(&other.subject))
}

/// Runs every detector on an inventory; those that the configuration disables are left out.
#[must_use]
pub fn detect(inventory: Inventory<'_>, prices: &PriceBook, config: &DetectionConfig) -> DetectionReport {
    run(&super::detectors(), &Context::new(inventory, prices, config))
}

/// Runs these detectors; those that the configuration disables are left out.
#[must_use]
pub fn run(detectors: &[&'static dyn Detector], cx: &Context<'_>) -> DetectionReport {
    let mut report = assess(detectors, cx);
    let mut claimants: Vec<Claimant<'_>> =
        report.findings.iter_mut().map(|finding| Claimant { detector: finding.detector, finding }).collect();
    let realized = realize(&mut claimants, cx.config, Some(cx));
    report.portfolio = realized.summary;
    report
}

/// The same without the portfolio: what the findings are worth together is left to the caller, see [`realize`].
#[must_use]
pub fn assess(detectors: &[&'static dyn Detector], cx: &Context<'_>) -> DetectionReport {
    each(detectors, cx, |detector| detector.assess(cx))
}

/// As [`assess`], where detectors may leave out the subjects that are ok or that a rule does not apply to, and whether one did:
/// then [`assess`] has all of `others`. Findings, failures and what is undetermined are the same.
#[must_use]
pub fn assess_briefly(detectors: &[&'static dyn Detector], cx: &Context<'_>) -> (DetectionReport, bool) {
    let brief = Cell::new(false);
    let report = each(detectors, cx, |detector| match detector.assess_briefly(cx)? {
        Some(found) => {
            brief.set(true);
            Ok(found)
        }
        None => detector.assess(cx),
    });
    (report, brief.get())
}

fn each(
    detectors: &[&'static dyn Detector],
    cx: &Context<'_>,
    ask: impl Fn(&'static dyn Detector) -> Result<Vec<Assessment>, Fault>,
) -> DetectionReport {
    // In the order of the report.
    let mut enabled: Vec<_> = detectors.iter().filter(|one| cx.config.is_enabled(one.id())).collect();
    enabled.sort_by_key(|detector| detector.id());
    let (mut sorter, mut failures) = (Sorter::default(), Vec::new());
    for (detector, walked) in enabled.iter().zip(walk(&enabled, cx)) {
        let id = detector.id();
        let parted = match walked {
            Some(walked) => walked.and_then(|walked| guarded(id, || Ok(walked.finish()))),
            None => guarded(id, || ask(**detector)).map(part),
        };
        match parted {
            Ok((findings, others)) => sorter.add(id, findings, others),
            Err(failure) => failures.push(failure),
        }
    }
    let (findings, others) = sorter.finish();
    DetectionReport::with_others_in_order(findings, others, failures, cx.config.clone())
}

/// Leads the detectors that look at one workload at a time through the inventory; `None` for all others.
fn walk<'c>(
    detectors: &'c [&'c &'static dyn Detector],
    cx: &'c Context<'_>,
) -> Vec<Option<Result<Walked<'c>, Failure>>> {
    let start = |detector: &'c &'c &'static dyn Detector| {
        let walk = guarded(detector.id(), || Ok(detector.walk(cx))).transpose()?;
        Some(walk.map(Walked::new))
    };
    let mut walks: Vec<_> = detectors.iter().map(start).collect();
    let blocks = walks.iter().flatten().flatten().next().map(Walked::blocks);
    for block in blocks.into_iter().flatten() {
        if let Some(index) = cx.cluster() {
            index.bring_near(block.clone());
        }
        for (detector, walk) in detectors.iter().zip(&mut walks) {
            if let Some(Ok(walked)) = walk
                && let Err(failure) = guarded(detector.id(), || {
                    walked.judge(block.clone());
                    Ok(())
                })
            {
                *walk = Some(Err(failure));
            }
        }
    }
    walks
}

/// What a detector answers; a panic or an error of it is its failure and nobody else's.
fn guarded<T>(id: &str, ask: impl FnOnce() -> Result<T, Fault>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(fault)) => Err(failure(id, fault.code(), fault.to_string())),
        Err(panic) => Err(failure(id, "waste.detector_failed", panic_message(panic.as_ref()))),
    }
}

/// Findings, and all others in the order of a report.
fn part(found: Vec<Assessment>) -> (Vec<Assessment>, Vec<Assessment>) {
    let (findings, mut others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|assessment| assessment.outcome == Outcome::Finding);
    if !others.is_sorted_by(|one, other| by_place(one, other).is_le()) {
        others.sort_by(by_place);
    }
    (findings, others)
}

/// Joins what one detector after another found.
#[derive(Default)]
struct Sorter {
    findings: Vec<Assessment>,
    others: Others,
    last: Option<&'static str>,
    is_disordered: bool,
}

impl Sorter {
    /// Adds what a detector found, its others in order.
    fn add(&mut self, id: &'static str, findings: Vec<Assessment>, others: Vec<Assessment>) {
        self.findings.extend(findings);
        // Detectors of one rule for two forms of inventory share its id, and only one of them has something to say.
        let (Some(first), Some(last)) = (others.first(), others.last()) else { return };
        // A detector of somebody else's may speak in another's name, or have it.
        let is_own = first.detector == id && last.detector == id;
        let is_behind = self.last.replace(id).is_none_or(|last| last < id);
        self.is_disordered |= !(is_own && is_behind);
        self.others.push(others);
    }

    fn finish(self) -> (Vec<Assessment>, Others) {
        if !self.is_disordered {
            return (self.findings, self.others);
        }
        let mut others = Vec::from(self.others);
        others.sort_by(by_place);
        (self.findings, others.into())
    }
}

fn failure(detector: &str, code: &str, message: String) -> Failure {
    Failure { detector: detector.to_owned(), code: code.to_owned(), message }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the detector stopped without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        json::{Limits, read},
        waste::detectors,
    };
    use proptest::prelude::*;

    /// Stops when it has judged the first workloads.
    struct Stops;

    impl Detector for Stops {
        fn id(&self) -> &'static str {
            "k8s.stops"
        }

        fn walk<'c>(&'c self, _: &'c Context<'_>) -> Option<Walk<'c>> {
            Some(Walk::new(WORKLOADS * 2, 0, true, |block, out| {
                assert!(block.start == 0, "stopped on purpose");
                let subject = crate::waste::Subject::workload("n", "Deployment", "w");
                let (opportunity, outcome) = (crate::waste::OpportunityType::UnusedResources, Outcome::Ok);
                out(Assessment::other(
                    "k8s.stops",
                    opportunity,
                    subject,
                    outcome,
                    crate::waste::Reason::Active,
                ));
            }))
        }
    }

    const WORKLOADS: usize = 100;

    /// Workloads whose containers are not in the order of the workloads: `a/w-2/app` comes before `a/w/app`.
    fn cluster() -> crate::inventory::ClusterInventory {
        let records = (0..WORKLOADS).rev().flat_map(|n| [format!("w{n}"), format!("w{n}-2")]).map(|name| {
            format!(
                r#"{{"namespace": "a", "kind": "Deployment", "name": "{name}", "replicas": 2, "created_at": "2026-01-01T00:00:00Z",
                    "containers": [{{"name": "app", "requests": {{"cpu": "2", "memory": "4Gi"}}}}]}}"#
            )
        });
        let usage = (0..WORKLOADS).step_by(3).map(|n| {
            format!(
                r#"{{"subject": {{"namespace": "a", "workload": "Deployment/w{n}", "container": "app"}}, "metric": "cpu_usage",
                    "summary": {{"mean": "0.1", "p95": "0.{n}", "max": "0.9", "samples": 1344,
                        "start": "2026-11-06T00:00:00Z", "end": "2026-11-20T00:00:00Z"}}}}"#
            )
        });
        let text = format!(
            r#"{{"cluster": "c", "as_of": "2026-11-20T00:00:00Z", "workloads": [{}], "usage": [{}]}}"#,
            records.collect::<Vec<_>>().join(","),
            usage.collect::<Vec<_>>().join(",")
        );
        let json = read(text.as_bytes(), &Limits::default()).unwrap();
        crate::inventory::ClusterInventory::from_json(&json).unwrap().value
    }

    #[test]
    fn detectors_together_find_what_each_finds_alone() {
        let (prices, cluster) = (PriceBook::builtin(), cluster());
        let mut config = DetectionConfig::default();
        config.rates.cpu_core_hour = crate::waste::Ratio::parse("0.03");
        let cx = Context::new(Inventory::Cluster(&cluster), &prices, &config);
        let together = assess(&detectors(), &cx);
        assert!(together.findings.len() > 10 && together.others.len() > 10 * WORKLOADS);
        assert!(together.others.iter().is_sorted_by(|one, other| by_place(one, other).is_le()));
        for detector in super::super::kubernetes::DETECTORS {
            let alone = DetectionReport::new(detector.assess(&cx).unwrap(), Vec::new(), config.clone());
            let own = |one: &&Assessment| one.detector == detector.id();
            assert!(together.findings.iter().filter(own).eq(&alone.findings), "{}", detector.id());
            assert!(together.others.iter().filter(own).eq(&alone.others), "{}", detector.id());
        }
        // None was moved to be joined: they are as the detectors left them.
        let speaking =
            together.others.iter().map(|one| one.detector).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(together.others.lists(), speaking.len());
    }

    #[test]
    fn a_walk_that_stops_is_one_failure_and_changes_nothing_else() {
        let (prices, config, cluster) = (PriceBook::builtin(), DetectionConfig::default(), cluster());
        let cx = Context::new(Inventory::Cluster(&cluster), &prices, &config);
        let with: Vec<&'static dyn Detector> =
            detectors().into_iter().chain([&Stops as &dyn Detector]).collect();
        let (found, expected) = (assess(&with, &cx), assess(&detectors(), &cx));
        let failures: Vec<_> =
            found.failures.iter().map(|one| (one.detector.as_str(), one.code.as_str())).collect();
        assert_eq!(failures, [("k8s.stops", "waste.detector_failed")]);
        assert_eq!((found.findings, found.others), (expected.findings, expected.others));
    }

    proptest! {
        /// A summary without what is ok has the findings, the undetermined and the failures of the whole.
        #[test]
        fn a_brief_look_finds_the_same(
            rows in prop::collection::vec((0_u8..6, 0_u8..9, prop::option::of(-1_i8..30), 0_u8..3), 0..20),
        ) {
            let row = |(name, request, usage, kind): &(u8, u8, Option<i8>, u8)| {
                let usage = usage.map_or("null".to_owned(), |usage| format!("{usage}e-1"));
                let resource = if *kind == 0 { ("cpu_request", "cpu_usage") } else { ("memory_request_gb", "memory_usage_gb") };
                format!(r#"{{"name": "w{name}", "{}": {request}, "{}": {usage}}}"#, resource.0, resource.1)
            };
            let rows: Vec<String> = rows.iter().map(row).collect();
            let text = format!(
                r#"{{"workloads": {{"a": [{}]}}, "nodes": [{{"name": "n"}}], "as_of": "2026-11-20T00:00:00Z"}}"#,
                rows.join(",")
            );
            let data = ClusterData::from_json(&read(text.as_bytes(), &Limits::default()).unwrap(), None).unwrap();
            let (prices, config) = (PriceBook::builtin(), DetectionConfig::default());
            let cx = Context::new(Inventory::Summary(&data), &prices, &config);
            let (whole, (brief, is_brief)) = (assess(&detectors(), &cx), assess_briefly(&detectors(), &cx));
            prop_assert!(is_brief);
            prop_assert_eq!((&whole.findings, &whole.failures), (&brief.findings, &brief.failures));
            let open = |report: &DetectionReport| -> Vec<Assessment> {
                report.with_outcome(Outcome::Undetermined).cloned().collect()
            };
            prop_assert_eq!(open(&whole), open(&brief));
        }
    }
}

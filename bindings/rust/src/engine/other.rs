//! What a run looked at and is no finding.

use super::{EngineOptions, Run};
use finops_core::{
    json::Json,
    waste::{Assessment, Context, Inventory, Outcome, assess, detectors, summary::ClusterData},
};
use std::{
    cmp::Ordering,
    sync::{Arc, OnceLock},
};

/// An assessment that is no finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The cluster, or the account at the provider of models.
    pub cluster: String,
    /// Who serves the models, for what is not in a cluster.
    pub provider: Option<String>,
    /// What was assessed.
    pub assessment: Assessment,
}

impl Other {
    pub(super) fn is_undetermined(&self) -> bool {
        self.assessment.outcome == Outcome::Undetermined
    }
}

/// By detector, subject and cluster.
pub(super) fn order(one: &Other, other: &Other) -> Ordering {
    let (a, b) = (&one.assessment, &other.assessment);
    a.detector
        .cmp(b.detector)
        .then_with(|| a.subject.cmp(&b.subject))
        .then_with(|| one.cluster.cmp(&other.cluster))
}

/// The assessments that are no findings. Most of a summary are ok and few callers look at them: they are made when somebody
/// does, from what is never changed.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    options: Arc<EngineOptions>,
    /// Those of other inventories than summaries.
    pub made: Vec<Other>,
    /// Summaries whose assessments are not made yet.
    pub summaries: Vec<Arc<ClusterData>>,
    all: OnceLock<Vec<Other>>,
}

impl Rest {
    pub(super) const fn new(options: Arc<EngineOptions>) -> Self {
        Self { options, made: Vec::new(), summaries: Vec::new(), all: OnceLock::new() }
    }

    fn all(&self) -> &[Other] {
        self.all.get_or_init(|| {
            let mut all = self.made.clone();
            for data in &self.summaries {
                let context =
                    Context::new(Inventory::Summary(data), &self.options.prices, &self.options.detection);
                all.extend(assess(&detectors(), &context).others.into_iter().map(|assessment| Other {
                    cluster: data.cluster.clone(),
                    provider: None,
                    assessment,
                }));
            }
            all.sort_by(order);
            all
        })
    }
}

impl Run {
    /// All assessments that are no findings, by detector, subject and cluster.
    #[must_use]
    pub fn others(&self) -> &[Other] {
        self.rest.all()
    }

    /// The configuration of the detectors.
    #[must_use]
    pub fn config(&self) -> Json {
        self.rest.options.detection.to_json()
    }
}

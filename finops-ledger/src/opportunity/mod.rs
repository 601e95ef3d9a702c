//! Opportunities: identity, fields and lifecycle.

mod error;
mod identity;
pub mod lifecycle;
mod parse;

pub use error::OpportunityError;
pub use identity::{Scope, fingerprint, opportunity_id};
pub use lifecycle::Status;

use crate::number::Exact;
use serde_json::{Map, Value, json};
use std::fmt;

/// What a change does to the bill; it decides what may count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The resource goes.
    Eliminate,
    /// Less of it is used.
    Usage,
    /// The same use gets cheaper.
    Rate,
}

impl Effect {
    pub(crate) const WORDS: &[(&'static str, Self)] =
        &[("eliminate", Self::Eliminate), ("usage", Self::Usage), ("rate", Self::Rate)];

    /// The word for it in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eliminate => "eliminate",
            Self::Usage => "usage",
            Self::Rate => "rate",
        }
    }

    /// The order of measures on one resource when the item gives none: eliminate 0, usage 1, rate 2.
    #[must_use]
    pub const fn measure_rank(self) -> u64 {
        match self {
            Self::Eliminate => 0,
            Self::Usage => 1,
            Self::Rate => 2,
        }
    }
}

/// The prices that an amount is reckoned in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PriceBasis {
    /// After discounts and commitments, amortised.
    #[default]
    Effective,
    /// As agreed, before commitments.
    Contracted,
    /// Published; overstates under reservations (microsoft/finops-toolkit#1435).
    List,
    /// As invoiced.
    Billed,
}

impl PriceBasis {
    pub(crate) const WORDS: &[(&'static str, Self)] = &[
        ("effective", Self::Effective),
        ("contracted", Self::Contracted),
        ("list", Self::List),
        ("billed", Self::Billed),
    ];

    /// The word for it in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Effective => "effective",
            Self::Contracted => "contracted",
            Self::List => "list",
            Self::Billed => "billed",
        }
    }
}

impl fmt::Display for PriceBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The types of the original with their effect and component; any other type names its effect itself.
pub const TYPES: &[(&str, Effect, &str)] = &[
    ("over_requested_cpu", Effect::Usage, "cpu"),
    ("over_requested_memory", Effect::Usage, "memory"),
    ("idle_nodes", Effect::Eliminate, "all"),
    ("orphan_volumes", Effect::Eliminate, "all"),
    ("zombie_workloads", Effect::Eliminate, "all"),
    ("unused_resources", Effect::Eliminate, "all"),
    ("misconfigured_autoscaling", Effect::Usage, "all"),
    ("karpenter_consolidation", Effect::Usage, "all"),
];

/// Something that would save money. Texts that are not known are empty, as in the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opportunity {
    /// Unique in the ledger; empty until the ledger derives it from fingerprint and generation.
    pub id: String,
    /// What was found, `snake_case`.
    pub opportunity_type: String,
    /// Where it stands.
    pub status: Status,
    /// When it was found, in the form of an event's `at`; `None`: when it was recorded.
    pub detected_at: Option<String>,
    /// Kubernetes cluster.
    pub cluster: String,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Kubernetes workload.
    pub workload: String,
    /// Who owns it.
    pub team: String,
    /// The resource outside Kubernetes, for example a volume.
    pub resource: String,
    /// The part of the resource that it touches: `cpu`, `memory`, `all` or another word.
    pub component: String,
    /// What the change does.
    pub effect: Effect,
    /// Estimate per 730-hour month, not negative.
    pub estimated_monthly_savings: Exact,
    /// ISO 4217.
    pub currency: String,
    /// The prices of the estimate.
    pub price_basis: PriceBasis,
    /// 0..=1.
    pub confidence: Option<Exact>,
    /// 0..=1.
    pub risk_score: Option<Exact>,
    /// Saved according to another system; imported items only.
    pub realized_savings: Exact,
    /// Which finding this is; equal for every generation of one finding.
    pub fingerprint: String,
    /// 1 for the first item of a fingerprint; 0 until the ledger counts.
    pub generation: u64,
    /// The pool whose bill shows the saving.
    pub books_on: Option<String>,
    /// Position among measures on one resource.
    pub measure_rank: u64,
    /// Proposed change.
    pub pr_url: Option<String>,
    /// Number of the proposed change.
    pub pr_number: Option<u64>,
    /// When the change was made.
    pub implemented_at: Option<String>,
    /// When it was last verified.
    pub verified_at: Option<String>,
    /// When the item lapses if nobody acts.
    pub expires_at: Option<String>,
    /// Why the change was taken back.
    pub rollback_reason: Option<String>,
    /// The item that took its place.
    pub superseded_by: Option<String>,
    /// The finding it came from.
    pub finding_id: Option<String>,
    /// What found it.
    pub detector: Option<String>,
    /// For example `production`.
    pub environment: Option<String>,
    /// The baseline frozen for it.
    pub baseline_id: Option<String>,
    /// What the estimate rests on.
    pub evidence: Map<String, Value>,
    /// The resource before the change.
    pub before_state: Map<String, Value>,
    /// The resource after the change.
    pub after_state: Map<String, Value>,
    /// Whether `component` was given, which the fingerprint needs to know.
    component_given: bool,
}

impl Opportunity {
    /// The scope that the fingerprint is made of.
    #[must_use]
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            opportunity_type: &self.opportunity_type,
            cluster: &self.cluster,
            namespace: &self.namespace,
            workload: &self.workload,
            resource: &self.resource,
            component: if self.component_given { &self.component } else { "" },
        }
    }

    /// The item as JSON: every field, money as text, unknown as null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id, "type": self.opportunity_type, "status": self.status.as_str(),
            "detected_at": self.detected_at, "cluster": self.cluster, "namespace": self.namespace,
            "workload": self.workload, "team": self.team, "resource": self.resource,
            "component": self.component, "effect": self.effect.as_str(),
            "estimated_monthly_savings": self.estimated_monthly_savings.to_string(),
            "currency": self.currency, "price_basis": self.price_basis.as_str(),
            "confidence": self.confidence.as_ref().map(Exact::to_string),
            "risk_score": self.risk_score.as_ref().map(Exact::to_string),
            "realized_savings": self.realized_savings.to_string(),
            "fingerprint": self.fingerprint, "generation": self.generation, "books_on": self.books_on,
            "measure_rank": self.measure_rank, "pr_url": self.pr_url, "pr_number": self.pr_number,
            "implemented_at": self.implemented_at, "verified_at": self.verified_at,
            "expires_at": self.expires_at, "rollback_reason": self.rollback_reason,
            "superseded_by": self.superseded_by, "finding_id": self.finding_id, "detector": self.detector,
            "environment": self.environment, "baseline_id": self.baseline_id, "evidence": self.evidence,
            "before_state": self.before_state, "after_state": self.after_state,
        })
    }
}

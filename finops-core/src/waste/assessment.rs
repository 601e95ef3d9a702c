//! What a detector says about one subject: outcome, reason, evidence, estimate and the claims on its cost.

use super::{Amount, Confidence, Evidence, Ratio, Reason, Risk, Subject};
use crate::time::Timestamp;
use std::{
    borrow::Cow,
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// A chance or share with four places, rounded down.
pub(super) fn four_places(value: &Ratio) -> String {
    struct Four(i128);
    impl fmt::Display for Four {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            super::ratio::write_scaled(f, self.0, 4, 4)
        }
    }
    Four(value.scaled_floor(4).unwrap_or_default()).to_string()
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $code, "`.")] $variant,)*
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The value with this word.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

codes! {
    /// What came out: a missing metric is never a finding.
    Outcome {
        Finding = "finding",
        Ok = "ok",
        Undetermined = "undetermined",
        Inapplicable = "inapplicable",
    }
}

codes! {
    /// The kind of opportunity: the eight established names and ours.
    OpportunityType {
        OverRequestedCpu = "over_requested_cpu",
        OverRequestedMemory = "over_requested_memory",
        IdleNodes = "idle_nodes",
        OrphanVolumes = "orphan_volumes",
        MisconfiguredAutoscaling = "misconfigured_autoscaling",
        KarpenterConsolidation = "karpenter_consolidation",
        ZombieWorkloads = "zombie_workloads",
        UnusedResources = "unused_resources",
        UnderProvisioned = "under_provisioned",
        MissingRequests = "missing_requests",
        StrandedCapacity = "stranded_capacity",
        LogVerbosity = "log_verbosity",
        StorageLifecycle = "storage_lifecycle",
        LlmSpend = "llm_spend",
        IdleGpu = "idle_gpu",
        IdleEndpoint = "idle_endpoint",
        TrainingWaste = "training_waste",
    }
}

codes! {
    /// What a change to remove the waste would do.
    ChangeKind {
        CpuRightsize = "cpu_rightsize",
        MemoryRightsize = "memory_rightsize",
        NodeConsolidation = "node_consolidation",
        VolumeCleanup = "volume_cleanup",
        AutoscalingFix = "autoscaling_fix",
        KarpenterConsolidation = "karpenter_consolidation",
        ResourceCleanup = "resource_cleanup",
    }
}

codes! {
    /// How a claim frees its part of a cost, in the order in which the portfolio grants (specification, section 9).
    ClaimKind {
        Delete = "delete",
        Schedule = "schedule",
        Replicas = "replicas",
        Resize = "resize",
        Consolidate = "consolidate",
        PriceClass = "price_class",
    }
}

codes! {
    /// The part of a resource's cost that a claim draws on.
    Component {
        Cpu = "cpu",
        Memory = "memory",
        Gpu = "gpu",
        Storage = "storage",
        Fee = "fee",
        Tokens = "tokens",
        Idle = "idle",
    }
}

impl OpportunityType {
    /// The change that removes it, where there is one (specification, section 10).
    #[must_use]
    pub const fn change(self) -> Option<ChangeKind> {
        Some(match self {
            Self::OverRequestedCpu => ChangeKind::CpuRightsize,
            Self::OverRequestedMemory => ChangeKind::MemoryRightsize,
            Self::IdleNodes => ChangeKind::NodeConsolidation,
            Self::OrphanVolumes => ChangeKind::VolumeCleanup,
            Self::MisconfiguredAutoscaling => ChangeKind::AutoscalingFix,
            Self::KarpenterConsolidation => ChangeKind::KarpenterConsolidation,
            Self::ZombieWorkloads | Self::UnusedResources => ChangeKind::ResourceCleanup,
            _ => return None,
        })
    }
}

/// A named value of evidence, of a state before or after, or of a formula.
pub type Fact = (&'static str, Value);

/// A value of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing is known.
    Unknown,
    /// An exact number, printed as decimal text.
    Number(Ratio),
    /// A share or chance, printed as decimal text with at most four places.
    Share(Ratio),
    /// A count, printed as a number.
    Count(i64),
    /// Money a month.
    Money(Amount),
    /// A word of ours.
    Word(&'static str),
    /// Text of the inventory.
    Text(String),
    /// Text of the inventory that many assessments share.
    Shared(Arc<str>),
    /// Yes or no.
    Flag(bool),
    /// An instant.
    Time(Timestamp),
    /// Several values.
    List(Vec<Value>),
    /// Named values.
    Map(Vec<Fact>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Ratio> for Value {
    fn from(number: Ratio) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        Self::Money(amount)
    }
}

impl<V: Into<Self>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Unknown, Into::into)
    }
}

/// The part of a resource's monthly cost that a change would remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The resource: `node/n1`, `claim/ns/data`, `workload/ns/Deployment/web/app`, `idle/<cluster>`.
    pub resource: Arc<str>,
    /// The part of its cost.
    pub component: Component,
    /// The monthly cost of that part.
    pub base: Amount,
    /// How much of it the change would remove.
    pub amount: Amount,
    /// How: decides the rank in the portfolio.
    pub kind: ClaimKind,
    /// Claims with the same key are alternatives.
    pub exclusive: Option<Arc<str>>,
}

/// A saving: a formula, its operands, its price, and what of it can be had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimate {
    /// The saving a month at list price; 0 is governance.
    pub gross_monthly: Option<Amount>,
    /// Why it is unknown.
    pub gross_reason: Option<Reason>,
    /// What the portfolio grants of it: no dollar of a resource is granted twice.
    pub granted_monthly: Option<Amount>,
    /// Where nothing is granted: the findings that took it, as `detector subject`.
    pub superseded_by: Vec<String>,
    /// What of the grant the bill will lack.
    pub realizable_monthly: Option<Amount>,
    /// Why that is unknown.
    pub realizable_reason: Option<Reason>,
    /// What a change that costs money adds a month.
    pub cost_increase_monthly: Option<Amount>,
    /// The formula of the saving, in the names of its operands.
    pub formula: &'static str,
    /// Its operands.
    pub operands: Vec<Fact>,
    /// Hours of a month.
    pub month_hours: Ratio,
    /// Where the price comes from.
    pub price_source: Option<Cow<'static, str>>,
    /// When the price was read.
    pub price_date: Option<String>,
    /// The costs that the saving draws on.
    pub claims: Vec<Claim>,
    /// What was assumed, by code.
    pub assumptions: Vec<&'static str>,
}

impl Estimate {
    /// A saving of this much a month, rounded once.
    #[must_use]
    pub fn saving(gross: &Ratio, month_hours: &Ratio) -> Self {
        let gross_monthly = Amount::round(gross);
        let gross_reason = if gross_monthly.is_none() { Some(Reason::AmountTooLarge) } else { None };
        Self { gross_monthly, gross_reason, month_hours: month_hours.clone(), ..Self::default() }
    }

    /// A saving that is not known.
    #[must_use]
    pub fn unknown(reason: Reason, month_hours: &Ratio) -> Self {
        Self { gross_reason: Some(reason), month_hours: month_hours.clone(), ..Self::default() }
    }

    /// A matter of governance: it saves nothing.
    #[must_use]
    pub fn governance(month_hours: &Ratio) -> Self {
        Self { gross_monthly: Some(Amount::ZERO), month_hours: month_hours.clone(), ..Self::default() }
    }

    /// The same with its formula and operands.
    #[must_use]
    pub fn by(mut self, formula: &'static str, operands: Vec<Fact>) -> Self {
        self.formula = formula;
        self.operands = operands;
        self
    }

    /// The same with a claim of a part of a cost, where both can be held.
    #[must_use]
    pub fn claiming(
        mut self,
        resource: impl Into<Arc<str>>,
        component: Component,
        base: &Ratio,
        amount: &Ratio,
        kind: ClaimKind,
    ) -> Self {
        if let (Some(base), Some(amount)) = (Amount::round(base), Amount::round(amount)) {
            let resource = resource.into();
            self.claims.push(Claim { resource, component, base, amount, kind, exclusive: None });
        }
        self
    }

    /// The same with where its price comes from.
    #[must_use]
    pub fn priced_by(mut self, source: impl Into<Cow<'static, str>>, date: Option<String>) -> Self {
        self.price_source = Some(source.into());
        self.price_date = date;
        self
    }

    /// Whether the saving is known to be nothing: a matter of governance.
    #[must_use]
    pub fn is_governance(&self) -> bool {
        self.gross_monthly == Some(Amount::ZERO)
    }
}

/// What one detector says about one subject.
///
/// Few assessments of a large cluster are findings: what only these have is kept apart in [`Details`] and read and written as
/// fields of the assessment, such as `assessment.estimate`.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// The detector's id.
    pub detector: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// What it rests on.
    pub evidence: Evidence,
    /// The team that owns the subject, where known.
    pub team: Option<Arc<str>>,
    /// The kind of opportunity.
    pub opportunity: OpportunityType,
    /// What came out.
    pub outcome: Outcome,
    /// Why; a finding may need no reason beyond its evidence.
    pub reason: Option<Reason>,
    /// What else there is; read and written as fields of the assessment.
    pub details: Option<Box<Details>>,
}

/// What an [`Assessment`] has beyond its outcome: findings have it, and others that point at something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// What the reason points at: the path of a bad number, the annotation that cannot be read.
    pub detail: Option<Box<str>>,
    /// The saving; findings have one.
    pub estimate: Option<Estimate>,
    /// How likely the change stands; findings have one.
    pub confidence: Option<Confidence>,
    /// The harm if it is wrong; findings have one.
    pub risk: Option<Risk>,
    /// The state now.
    pub before: Vec<Fact>,
    /// The state after the change.
    pub after: Vec<Fact>,
    /// The change that would bring it there.
    pub proposal: Option<ChangeKind>,
}

/// The details of an assessment that has none.
static NO_DETAILS: Details = Details {
    detail: None,
    estimate: None,
    confidence: None,
    risk: None,
    before: Vec::new(),
    after: Vec::new(),
    proposal: None,
};

impl Deref for Assessment {
    type Target = Details;

    fn deref(&self) -> &Details {
        self.details.as_deref().unwrap_or(&NO_DETAILS)
    }
}

impl DerefMut for Assessment {
    fn deref_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }
}

impl PartialEq for Assessment {
    fn eq(&self, other: &Self) -> bool {
        let judged = |one: &Self| (one.detector, one.opportunity, one.outcome, one.reason);
        // Details that are empty are details that are not there.
        judged(self) == judged(other)
            && self.subject == other.subject
            && self.evidence == other.evidence
            && self.team == other.team
            && **self == **other
    }
}

impl Eq for Assessment {}

impl Assessment {
    /// An assessment that is no finding.
    #[must_use]
    pub fn other(
        detector: &'static str,
        opportunity: OpportunityType,
        subject: Subject,
        outcome: Outcome,
        reason: Reason,
    ) -> Self {
        Self {
            detector,
            subject,
            evidence: Evidence::default(),
            team: None,
            opportunity,
            outcome,
            reason: Some(reason),
            details: None,
        }
    }

    /// A finding, to be filled with its states.
    #[must_use]
    pub fn finding(
        detector: &'static str,
        opportunity: OpportunityType,
        subject: Subject,
        evidence: Evidence,
        estimate: Estimate,
        confidence: Confidence,
        risk: Risk,
    ) -> Self {
        let details = Details {
            estimate: Some(estimate),
            confidence: Some(confidence),
            risk: Some(risk),
            proposal: opportunity.change(),
            ..Details::default()
        };
        Self {
            detector,
            subject,
            evidence,
            team: None,
            opportunity,
            outcome: Outcome::Finding,
            reason: None,
            details: Some(Box::new(details)),
        }
    }

    /// The saving a month, where it is a finding with a known one.
    #[must_use]
    pub fn gross(&self) -> Option<Amount> {
        self.estimate.as_ref().and_then(|estimate| estimate.gross_monthly)
    }

    /// The workload, node, volume or route that a record names.
    #[must_use]
    pub fn workload(&self) -> &str {
        self.subject.name()
    }
}

//! The record: what one check says about one resource in one run.

use super::{
    identity::Fingerprint,
    map::Map,
    money::Attos,
    parts::{
        Actual, Claim, Estimated, Lifecycle, Lineage, Link, Reason, Scope, Severity, Share, Source, Status,
    },
    severity::Base,
};
use crate::{json::Json, time::Timestamp};
use std::sync::Arc;

/// How a finding's id is derived from its fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum IdMode {
    /// The same id in every run.
    #[default]
    Stable,
    /// An id for each run.
    PerRun,
    /// An id for each UTC day of the run.
    PerDay,
}

impl IdMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Stable, Self::PerRun, Self::PerDay];

    /// `stable`, `per_run` or `per_day`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::PerRun => "per_run",
            Self::PerDay => "per_day",
        }
    }

    /// The mode of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// What a run says about all its findings. An empty text says nothing: then the record must say it itself.
///
/// ```
/// use finops_core::finding::RunContext;
/// let context = RunContext::engine("2026-11-21T08:00:00Z".parse()?);
/// assert_eq!((context.tenant_id.as_str(), context.run_id.as_str()), ("default", "run-2026-11-21T08:00:00.000Z"));
/// # Ok::<(), finops_core::usage::UsageError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunContext {
    /// Whose findings these are.
    pub tenant_id: String,
    /// The worklist of the tenant; empty is `default`.
    pub workspace_id: String,
    /// The run, 1 to 128 bytes.
    pub run_id: String,
    /// When the run took place.
    pub run_ts: Option<Timestamp>,
    /// The engine that ran the checks.
    pub engine_name: Option<String>,
    /// Its version.
    pub engine_version: Option<String>,
    /// The version of its rules.
    pub rulepack_version: Option<String>,
    /// The currency of amounts that name none; ISO 4217.
    pub default_currency: Option<String>,
    /// How ids are derived.
    pub finding_id_mode: IdMode,
}

impl RunContext {
    /// A run of `tenant_id` and `workspace_id`.
    pub fn new(
        tenant_id: impl Into<String>,
        workspace_id: impl Into<String>,
        run_id: impl Into<String>,
        run_ts: Timestamp,
    ) -> Self {
        Self {
            tenant_id: tenant_id.into(),
            workspace_id: workspace_id.into(),
            run_id: run_id.into(),
            run_ts: Some(run_ts),
            ..Self::default()
        }
    }

    /// The engine's own run at `as_of`: tenant and workspace `default`, run `run-<as_of>`, amounts in USD.
    #[must_use]
    pub fn engine(as_of: Timestamp) -> Self {
        Self {
            engine_name: Some("finops".to_owned()),
            engine_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            default_currency: Some("USD".to_owned()),
            ..Self::new("default", "default", format!("run-{as_of}"), as_of)
        }
    }
}

/// What a check says, without ids, tenant and run: [`FindingDraft::into_finding`] makes the record.
///
/// Texts are taken as they come: they are trimmed, folded, cleaned, redacted and checked on the way into the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingDraft {
    /// Where the finding lies.
    pub scope: Scope,
    /// The check, `[a-z0-9][a-z0-9._-]{0,127}`.
    pub check_id: String,
    /// Its name for people.
    pub check_name: Option<String>,
    /// `cost`, `waste`, `rightsizing`, `commitment`, `storage`, `network`, `observability`, `governance`, `security`,
    /// `reliability`, `llm`, or the caller's own word.
    pub category: Option<String>,
    /// A word of the caller's own below the category.
    pub sub_category: Option<String>,
    /// Frameworks that the check belongs to; at most 16.
    pub frameworks: Vec<String>,
    /// What tells several issues of one check on one resource apart; mostly empty.
    pub issue_key: Map<Option<String>>,
    /// The verdict.
    pub status: Status,
    /// Why the status is unknown, or why there is no money.
    pub reason: Option<Reason>,
    /// The caller's own severity; computed from [`base`](Self::base) and the money where absent.
    pub severity: Option<Severity>,
    /// The severity that the check declares; `None` for the declared one of a check of this engine, else info 100.
    pub base: Option<Base>,
    /// The caller's own priority, 1 to 1000; computed where 0.
    pub priority: u16,
    /// One line for people, 512 bytes.
    pub title: Option<String>,
    /// What was found, 8192 bytes.
    pub message: Option<String>,
    /// What to do, 8192 bytes.
    pub advice: Option<String>,
    /// How to do it, 8192 bytes.
    pub remediation: Option<String>,
    /// Pages that help; at most 16.
    pub links: Vec<Link>,
    /// The money, at list prices.
    pub estimated: Estimated,
    /// The chance that the change stands.
    pub confidence: Option<Share>,
    /// The harm if the finding is wrong.
    pub risk: Option<Share>,
    /// What the change takes from the cost of which resources; at most 64.
    pub claims: Vec<Claim>,
    /// The bill's figures, once enriched.
    pub actual: Option<Actual>,
    /// The state of the issue over runs.
    pub lifecycle: Option<Lifecycle>,
    /// The resource's tags; at most 256.
    pub tags: Map<String>,
    /// The resource's labels; at most 256.
    pub labels: Map<String>,
    /// Further facts to group by; at most 64.
    pub dimensions: Map<String>,
    /// Measured numbers; at most 64.
    pub metrics: Map<Attos>,
    /// What was measured: an object of at most 32 KiB.
    pub evidence: Option<Json>,
    /// The caller's own JSON as text.
    pub metadata_json: Option<String>,
    /// Who wrote the record.
    pub source: Source,
    /// What the finding was computed from.
    pub lineage: Option<Lineage>,
}

impl FindingDraft {
    /// What `check_id` says about `scope`; everything else is empty.
    pub fn new(check_id: impl Into<String>, status: Status, scope: Scope) -> Self {
        Self {
            scope,
            check_id: check_id.into(),
            status,
            check_name: None,
            category: None,
            sub_category: None,
            frameworks: Vec::new(),
            issue_key: Map::new(),
            reason: None,
            severity: None,
            base: None,
            priority: 0,
            title: None,
            message: None,
            advice: None,
            remediation: None,
            links: Vec::new(),
            estimated: Estimated::default(),
            confidence: None,
            risk: None,
            claims: Vec::new(),
            actual: None,
            lifecycle: None,
            tags: Map::new(),
            labels: Map::new(),
            dimensions: Map::new(),
            metrics: Map::new(),
            evidence: None,
            metadata_json: None,
            source: Source::default(),
            lineage: None,
        }
    }
}

/// The members that all findings of a run share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub(super) tenant_id: String,
    pub(super) workspace_id: String,
    pub(super) run_id: String,
    pub(super) run_ts: Timestamp,
    pub(super) engine_name: Option<String>,
    pub(super) engine_version: Option<String>,
    pub(super) rulepack_version: Option<String>,
}

/// One finding in canonical form: checked, redacted, with its identity. It is never edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub(super) run: Arc<Run>,
    pub(super) ingested_ts: Option<Timestamp>,
    pub(super) fingerprint: Fingerprint,
    pub(super) finding_id: [u8; 16],
    pub(super) severity: Severity,
    pub(super) priority: u16,
    pub(super) draft: FindingDraft,
}

impl Finding {
    /// Whose finding this is.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.run.tenant_id
    }

    /// The tenant's worklist.
    #[must_use]
    pub fn workspace_id(&self) -> &str {
        &self.run.workspace_id
    }

    /// The run.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run.run_id
    }

    /// When the run took place.
    #[must_use]
    pub fn run_ts(&self) -> Timestamp {
        self.run.run_ts
    }

    /// The engine that ran the checks.
    #[must_use]
    pub fn engine_name(&self) -> Option<&str> {
        self.run.engine_name.as_deref()
    }

    /// The version of that engine.
    #[must_use]
    pub fn engine_version(&self) -> Option<&str> {
        self.run.engine_version.as_deref()
    }

    /// The version of its rules.
    #[must_use]
    pub fn rulepack_version(&self) -> Option<&str> {
        self.run.rulepack_version.as_deref()
    }

    /// When the caller took the finding in; in no hash.
    #[must_use]
    pub const fn ingested_ts(&self) -> Option<Timestamp> {
        self.ingested_ts
    }

    /// What makes this the same issue in every run.
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// 32 hexadecimal digits, derived from the fingerprint as the run asks.
    #[must_use]
    pub fn finding_id(&self) -> String {
        super::identity::hex(&self.finding_id)
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What to look at first, 0 to 1000.
    #[must_use]
    pub const fn priority(&self) -> u16 {
        self.priority
    }

    /// Whether a look found that the change saves exactly nothing.
    #[must_use]
    pub fn governance(&self) -> bool {
        self.draft.estimated.monthly_savings == Some(Attos::ZERO)
    }

    /// What the check said, in canonical form.
    #[must_use]
    pub const fn draft(&self) -> &FindingDraft {
        &self.draft
    }

    /// What the check said, in canonical form, by value.
    #[must_use]
    pub fn into_draft(self) -> FindingDraft {
        self.draft
    }

    /// The resource as the identity sees it: `vol-1` for the id, an ARN's last part where that names the resource.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.draft.scope.resource()
    }

    /// Whether a correlation rule made this from other findings.
    #[must_use]
    pub fn is_meta(&self) -> bool {
        self.draft.source.source_ref.as_deref().is_some_and(|text| text.starts_with("correlation:"))
    }
}

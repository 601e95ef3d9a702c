//! The parts of the record.

use super::{identity::rkey, money::Attos};
use crate::{
    json::{Json, Object},
    money::Currency,
    time::Timestamp,
};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// All values, in their order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word of the record.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The value of this word, in lower case.
            #[must_use]
            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use words;

words! {
    /// The verdict of a check.
    Status {
        /// Something is wrong.
        Fail = "fail",
        /// Looked at; nothing is wrong.
        Pass = "pass",
        /// Worth knowing; nothing need be done.
        Info = "info",
        /// Could not be looked at.
        Unknown = "unknown",
    }
}

words! {
    /// How bad a finding is, in words.
    Level {
        /// 0 to 149.
        Info = "info",
        /// 150 to 500.
        Low = "low",
        /// 501 to 799.
        Medium = "medium",
        /// 800 to 949.
        High = "high",
        /// 950 to 1000.
        Critical = "critical",
    }
}

words! {
    /// Where a severity comes from.
    Basis {
        /// The caller gave it.
        Given = "given",
        /// The check declares it.
        Check = "check",
        /// The money makes it.
        Money = "money",
        /// A correlation rule states it.
        Rule = "rule",
    }
}

words! {
    /// Who wrote a record.
    SourceType {
        /// A detector of this engine.
        Detector = "detector",
        /// A scanner of cloud accounts.
        Scanner = "scanner",
        /// A correlation rule.
        Correlation = "correlation",
        /// Read from elsewhere.
        Import = "import",
        /// Sent by a caller.
        Api = "api",
    }
}

words! {
    /// What a claim does to its resource.
    ClaimKind {
        /// Removes it.
        Delete = "delete",
        /// Switches it off for part of the time.
        Schedule = "schedule",
        /// Runs fewer copies.
        Replicas = "replicas",
        /// Makes it smaller.
        Resize = "resize",
        /// Packs it with others.
        Consolidate = "consolidate",
        /// Buys it at another price.
        PriceClass = "price_class",
    }
}

words! {
    /// The state of an issue over runs.
    LifecycleStatus {
        /// Nobody has looked at it yet.
        Open = "open",
        /// Somebody has.
        Acknowledged = "acknowledged",
        /// Hidden until a time.
        Snoozed = "snoozed",
        /// Hidden for good.
        Ignored = "ignored",
        /// Gone.
        Resolved = "resolved",
    }
}

/// Level, score within the level's band, and where they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Severity {
    /// The word.
    pub level: Level,
    /// 0 to 1000.
    pub score: u16,
    /// Where they come from.
    pub basis: Basis,
}

/// A share of one in ten-thousandths, 0 to 10,000: confidence and risk.
///
/// ```
/// use finops_core::finding::Share;
/// let share = Share::from_ten_thousandths(6_500);
/// assert_eq!(share.map(|s| (s.to_string(), s.percent())), Some(("0.6500".to_owned(), 65)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u16);

impl Share {
    /// One: certain.
    pub const ONE: Self = Self(10_000);

    /// A share of `parts` in ten thousand; `None` above one.
    #[must_use]
    pub const fn from_ten_thousandths(parts: u16) -> Option<Self> {
        if parts > 10_000 { None } else { Some(Self(parts)) }
    }

    /// A share of `percent` in a hundred; `None` above one.
    #[must_use]
    pub fn from_percent(percent: u8) -> Option<Self> {
        Self::from_ten_thousandths(u16::from(percent).saturating_mul(100))
    }

    /// Parts in ten thousand.
    #[must_use]
    pub const fn ten_thousandths(self) -> u16 {
        self.0
    }

    /// Whole hundredths, rounded down.
    #[must_use]
    pub fn percent(self) -> u8 {
        u8::try_from(self.0.checked_div(100).unwrap_or_default()).unwrap_or(100)
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, rest) = if self.0 == 10_000 { (1, 0) } else { (0, self.0) };
        write!(f, "{whole}.{rest:04}")
    }
}

/// Where a finding lies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// `aws`, `azure`, `gcp`, `oci`, `kubernetes`, a provider of models, or another word of at most 32 bytes.
    pub cloud: String,
    /// A partition such as `aws-us-gov`.
    pub provider_partition: Option<String>,
    /// The organisation.
    pub organization_id: Option<String>,
    /// The account that pays.
    pub billing_account_id: Option<String>,
    /// The account; a cluster's name for Kubernetes.
    pub account_id: String,
    /// The region; none for what has none.
    pub region: Option<String>,
    /// The zone.
    pub availability_zone: Option<String>,
    /// The service: on AWS the bill's product code.
    pub service: String,
    /// The kind of resource.
    pub resource_type: Option<String>,
    /// The resource.
    pub resource_id: Option<String>,
    /// Its ARN.
    pub resource_arn: Option<String>,
}

impl Scope {
    /// A service of an account in a cloud.
    pub fn new(cloud: impl Into<String>, account_id: impl Into<String>, service: impl Into<String>) -> Self {
        Self {
            cloud: cloud.into(),
            account_id: account_id.into(),
            service: service.into(),
            ..Self::default()
        }
    }

    /// A subject of a cluster; its first word is the resource type.
    ///
    /// ```
    /// use finops_core::finding::Scope;
    /// let scope = Scope::kubernetes("finance", "workload/pay/Deployment/web/app");
    /// assert_eq!((scope.cloud.as_str(), scope.resource_type.as_deref()), ("kubernetes", Some("workload")));
    /// ```
    pub fn kubernetes(cluster: impl Into<String>, subject: impl Into<String>) -> Self {
        let subject = subject.into();
        let word = subject.split('/').next().unwrap_or_default().to_owned();
        Self::new("kubernetes", cluster, "kubernetes").resource_of(word, subject)
    }

    /// A route, endpoint, throughput or training run of a provider of models; `account_id` empty is `default`.
    pub fn llm(
        provider: impl Into<String>,
        account_id: impl Into<String>,
        resource_type: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        let account_id = Some(account_id.into()).filter(|id| !id.is_empty());
        let account_id = account_id.unwrap_or_else(|| "default".to_owned());
        Self::new(provider, account_id, "llm").resource_of(resource_type.into(), name.into())
    }

    fn resource_of(mut self, resource_type: String, resource_id: String) -> Self {
        (self.resource_type, self.resource_id) = (Some(resource_type), Some(resource_id));
        self
    }

    /// The resource as the identity sees it: that of the id, else that of the ARN.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource_id.as_deref().or(self.resource_arn.as_deref()).map(rkey)
    }
}

/// Why a status is unknown or an amount absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    /// A stable word, 64 bytes.
    pub code: String,
    /// For people, 512 bytes.
    pub text: Option<String>,
}

impl Reason {
    /// A reason without a text.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), text: None }
    }
}

/// A page that helps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// What it is, 128 bytes.
    pub label: Option<String>,
    /// `https` or `http` with a host, 2048 bytes.
    pub url: String,
}

/// What a detector expects to save, at list prices and for a month of 730 hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimated {
    /// The currency of all amounts.
    pub currency: Option<Currency>,
    /// Gross, per item: 0 where a look found no saving, none where it is unknown.
    pub monthly_savings: Option<Attos>,
    /// What the resource costs.
    pub monthly_cost: Option<Attos>,
    /// What is saved once.
    pub one_time_savings: Option<Attos>,
    /// What the portfolio grants of the saving.
    pub realizable_monthly: Option<Attos>,
    /// Why that differs from the saving.
    pub realizable_reason: Option<String>,
    /// What the change costs, where it costs.
    pub cost_increase_monthly: Option<Attos>,
    /// 0 to 100.
    pub confidence: Option<u8>,
    /// Whether the saving may be added to those of other findings.
    pub additive: bool,
    /// Why the saving is unknown.
    pub reason: Option<String>,
    /// For people, 2048 bytes.
    pub notes: Option<String>,
}

impl Default for Estimated {
    fn default() -> Self {
        Self {
            currency: None,
            monthly_savings: None,
            monthly_cost: None,
            one_time_savings: None,
            realizable_monthly: None,
            realizable_reason: None,
            cost_increase_monthly: None,
            confidence: None,
            additive: true,
            reason: None,
            notes: None,
        }
    }
}

/// The part of a resource's monthly cost that a change would remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `node/n1`, `claim/ns/data`, `workload/ns/Deployment/web/app`, `idle/cluster`, `endpoint/x`.
    pub resource: String,
    /// `cpu`, `memory`, `gpu`, `storage`, `fee`, `tokens`, `idle`.
    pub component: String,
    /// The component's monthly cost; none where it is unknown.
    pub base: Option<Attos>,
    /// What the change would remove of it; none where it is unknown.
    pub amount: Option<Attos>,
    /// What the change does.
    pub kind: ClaimKind,
    /// Claims with one key are alternatives.
    pub exclusive: Option<String>,
}

/// The bill's figures for a finding, as the enrichment wrote them; replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actual(pub(super) Object);

impl Actual {
    /// The members as they were written: `cost_30d`, `attribution` and so on.
    #[must_use]
    pub const fn members(&self) -> &Object {
        &self.0
    }

    /// The amount of the member `name`, such as `cost_30d`.
    #[must_use]
    pub fn amount(&self, name: &str) -> Option<Attos> {
        self.0.get(name).and_then(Json::as_str).and_then(|text| Attos::parse(text).ok())
    }
}

/// The state of an issue over runs, as the merge of runs wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// The state.
    pub status: LifecycleStatus,
    /// The first run that saw it.
    pub first_seen_ts: Option<Timestamp>,
    /// The last run that saw it.
    pub last_seen_ts: Option<Timestamp>,
    /// When it opened last.
    pub opened_ts: Option<Timestamp>,
    /// When it was resolved.
    pub resolved_ts: Option<Timestamp>,
    /// Why: `passed`, `absent` or `user`.
    pub resolved_reason: Option<String>,
    /// Until when it is hidden.
    pub snooze_until_ts: Option<Timestamp>,
    /// How often it came back.
    pub reopened_count: u32,
}

/// Who wrote a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The kind of writer.
    pub source_type: SourceType,
    /// Which one; `correlation:<rule id>` marks a finding made from others.
    pub source_ref: Option<String>,
    /// The id that the record had elsewhere.
    pub external_id: Option<String>,
}

impl Default for Source {
    fn default() -> Self {
        Self { source_type: SourceType::Import, source_ref: None, external_id: None }
    }
}

/// One input that a finding was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageInput {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
}

/// What a finding was computed from. Only the members that are set are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage {
    /// The book of prices.
    pub pricing_source: Option<String>,
    /// Its version.
    pub pricing_version: Option<String>,
    /// Its date.
    pub pricing_date: Option<String>,
    /// The files and answers that were read.
    pub inputs: Option<Vec<LineageInput>>,
    /// The version of the rule.
    pub rule_version: Option<String>,
    /// The fingerprints of the findings that this was made from: sorted, the first 1,000.
    pub source_fingerprints: Option<Vec<String>>,
    /// How many there are.
    pub sources_total: Option<u64>,
    /// The hash of all of them.
    pub sources_digest: Option<String>,
    /// 1 for a finding made from detectors' findings, more for one made from such.
    pub depth: Option<u64>,
}

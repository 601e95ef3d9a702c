//! What the default policy answers.

use super::{field::Field, message};
use crate::{
    decision::{Action, Outcome, Violation},
    json::{Json, ReadError},
};
use std::borrow::Cow;

/// A rule whose action a configuration may change. Ordered as in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    UnitCost,
    TotalSpend,
    TagsMissing,
    TagsEmpty,
    TagsRequired,
    TestPassRate,
    SecurityScan,
    CarbonIntensity,
    CarbonRegion,
    UnitCostWarn,
    CarbonIntensityWarn,
}

impl Rule {
    pub(crate) const ALL: [Self; 11] = [
        Self::UnitCost,
        Self::TotalSpend,
        Self::TagsMissing,
        Self::TagsEmpty,
        Self::TagsRequired,
        Self::TestPassRate,
        Self::SecurityScan,
        Self::CarbonIntensity,
        Self::CarbonRegion,
        Self::UnitCostWarn,
        Self::CarbonIntensityWarn,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::UnitCost => "budget.unit_cost",
            Self::TotalSpend => "budget.total_spend",
            Self::TagsMissing => "tags.missing",
            Self::TagsEmpty => "tags.empty",
            Self::TagsRequired => "tags.required",
            Self::TestPassRate => "promotion.test_pass_rate",
            Self::SecurityScan => "promotion.security_scan",
            Self::CarbonIntensity => "carbon.intensity",
            Self::CarbonRegion => "carbon.region",
            Self::UnitCostWarn => "budget.unit_cost.warn",
            Self::CarbonIntensityWarn => "carbon.intensity.warn",
        }
    }

    /// What the rule demands unless configured otherwise.
    pub(crate) const fn action(self) -> Action {
        match self {
            Self::UnitCostWarn | Self::CarbonIntensityWarn => Action::Warn,
            _ => Action::Deny,
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The bit of the rule in a set of them.
    pub(super) const fn bit(self) -> u16 {
        1 << self.index()
    }

    /// The field that the rule is about.
    pub(super) const fn field(self) -> Field {
        match self {
            Self::UnitCost | Self::UnitCostWarn => Field::UnitCost,
            Self::TotalSpend => Field::TotalSpend,
            Self::TagsMissing | Self::TagsEmpty | Self::TagsRequired => Field::CostTags,
            Self::TestPassRate => Field::TestPassRate,
            Self::SecurityScan => Field::SecurityScan,
            Self::CarbonIntensity | Self::CarbonIntensityWarn => Field::CarbonIntensity,
            Self::CarbonRegion => Field::Region,
        }
    }
}

/// Rules about the input as such: they always deny.
pub(crate) const INPUT_RULES: [&str; 11] = [
    "input.json",
    "input.not_object",
    "input.too_large",
    "input.too_deep",
    "input.duplicate_key",
    "input.unknown_field",
    "input.required",
    "input.null",
    "input.number",
    "input.type",
    "input.range",
];

/// Why a rule was not evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    InputAbsent,
    InputInvalid,
    NoLimit,
    NotPromoting,
}

impl Reason {
    const fn name(self) -> &'static str {
        match self {
            Self::InputAbsent => "input_absent",
            Self::InputInvalid => "input_invalid",
            Self::NoLimit => "no_limit",
            Self::NotPromoting => "not_promoting",
        }
    }
}

/// Rules that need something of the input, in the order in which those that were not evaluated are listed.
pub(crate) const CONDITIONAL: [Rule; 7] = [
    Rule::UnitCost,
    Rule::TotalSpend,
    Rule::TagsRequired,
    Rule::TestPassRate,
    Rule::SecurityScan,
    Rule::CarbonIntensity,
    Rule::CarbonRegion,
];

/// Every failing check of the default policy, and every rule that had nothing to judge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// All that deny, then all that require an approval, each in the order of the rules.
    pub violations: Vec<Violation>,
    /// What only warns, in the order of the rules.
    pub warnings: Vec<Violation>,
    pub(crate) not_evaluated: [Option<Reason>; CONDITIONAL.len()],
}

impl Answer {
    /// The denial of a text that the reader refuses.
    #[must_use]
    pub fn refused(error: &ReadError) -> Self {
        let path = matches!(error, ReadError::TooLarge { .. } | ReadError::TooDeep { .. })
            .then_some(Cow::Borrowed(""));
        Self::denied(Violation {
            path,
            ..Violation::new(error.code(), Action::Deny, message::refused(error))
        })
    }

    /// A single denial.
    pub(crate) fn denied(violation: Violation) -> Self {
        Self { violations: vec![violation], ..Self::default() }
    }

    /// Deny over require an approval over allow.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.violations.first().map(|first| first.action) {
            None => Outcome::Allow,
            Some(Action::RequireApproval) => Outcome::RequireApproval,
            Some(_) => Outcome::Deny,
        }
    }

    /// Whether nothing denies and nothing needs an approval.
    #[must_use]
    pub const fn allowed(&self) -> bool {
        self.violations.is_empty()
    }

    /// The sentences of what denies.
    pub fn deny_messages(&self) -> impl Iterator<Item = &str> {
        self.messages(Action::Deny)
    }

    /// The sentences of what requires an approval.
    pub fn approval_messages(&self) -> impl Iterator<Item = &str> {
        self.messages(Action::RequireApproval)
    }

    /// The sentences of what warns.
    pub fn warn_messages(&self) -> impl Iterator<Item = &str> {
        self.warnings.iter().map(|warning| warning.message.as_str())
    }

    fn messages(&self, action: Action) -> impl Iterator<Item = &str> {
        let of_action = self.violations.iter().filter(move |violation| violation.action == action);
        of_action.map(|violation| violation.message.as_str())
    }

    /// The rules that had nothing to judge, each with its reason: `input_absent`, `input_invalid`, `no_limit` or
    /// `not_promoting`.
    pub fn not_evaluated(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let reasons = CONDITIONAL.iter().zip(&self.not_evaluated);
        reasons.filter_map(|(rule, reason)| Some((rule.name(), (*reason)?.name())))
    }

    /// As JSON: `decision`, `allowed`, `violations`, `warnings`, `deny_messages`, `approval_messages`, `warn_messages`,
    /// `not_evaluated`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("decision", self.outcome().as_str().into()),
            ("allowed", self.allowed().into()),
            ("violations", Json::array(self.violations.iter().map(Violation::to_json))),
            ("warnings", Json::array(self.warnings.iter().map(Violation::to_json_of_warning))),
            ("deny_messages", Json::array(self.deny_messages())),
            ("approval_messages", Json::array(self.approval_messages())),
            ("warn_messages", Json::array(self.warn_messages())),
            (
                "not_evaluated",
                Json::array(self.not_evaluated().map(|(rule, reason)| Json::array([rule, reason]))),
            ),
        ])
    }
}

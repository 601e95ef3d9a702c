//! What the rules say about an input, before exemptions and approvals.

use super::{Fault, UsedEngine, Violation};
use crate::gate::Answer;
#[cfg(feature = "rego")]
use {super::Action, crate::rego::contract::SetAnswer};

/// What the rules say, before exemptions and approvals.
pub(super) struct Evaluation {
    /// All that deny, then all that ask for an approval.
    pub(super) violations: Vec<Violation>,
    pub(super) warnings: Vec<Violation>,
    pub(super) advice: Vec<Violation>,
    pub(super) not_evaluated: Vec<(&'static str, &'static str)>,
    pub(super) fault: Option<Fault>,
    pub(super) engine: UsedEngine,
}

impl Evaluation {
    pub(super) const fn empty() -> Self {
        Self {
            violations: Vec::new(),
            warnings: Vec::new(),
            advice: Vec::new(),
            not_evaluated: Vec::new(),
            fault: None,
            engine: UsedEngine::Typed,
        }
    }

    pub(super) fn typed(answer: Answer) -> Self {
        let not_evaluated = answer.not_evaluated().collect();
        Self { violations: answer.violations, warnings: answer.warnings, not_evaluated, ..Self::empty() }
    }

    pub(super) fn fault(fault: Fault, engine: UsedEngine) -> Self {
        Self { fault: Some(fault), engine, ..Self::empty() }
    }

    #[cfg(feature = "rego")]
    pub(super) fn of_set(answer: SetAnswer, engine: UsedEngine) -> Self {
        let mut evaluation = Self::empty();
        evaluation.add(answer, engine);
        evaluation
    }

    /// The set's answer behind the typed one; all that deny come before all that ask.
    #[cfg(feature = "rego")]
    pub(super) fn add(&mut self, answer: SetAnswer, engine: UsedEngine) {
        self.engine = engine;
        if let Some(code) = answer.code {
            self.fault = Some(Fault::new(code, answer.detail.unwrap_or_default()));
        }
        for violation in answer.violations {
            let list = match violation.action {
                Action::Deny | Action::RequireApproval => &mut self.violations,
                Action::Warn => &mut self.warnings,
                Action::Advice => &mut self.advice,
            };
            // The shipped set names the rules of the typed policy and leaves their sentences to it.
            let said = violation.message == violation.rule
                && list.iter().any(|known| {
                    (known.action, &known.rule, &known.subject)
                        == (violation.action, &violation.rule, &violation.subject)
                });
            if !said {
                list.push(violation);
            }
        }
        self.violations.sort_by_key(|violation| violation.action);
    }
}

/// Rules after which nothing else is evaluated (specification `policy.md` 3: the first five).
pub(super) fn stops(rule: &str) -> bool {
    ["input.json", "input.not_object", "input.too_large", "input.too_deep", "input.duplicate_key"]
        .contains(&rule)
}

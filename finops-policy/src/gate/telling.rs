//! From the rules that fired to what people and programs read of them: written out only where somebody asks.

use super::{
    Answer, GateConfig,
    answer::Rule,
    config::Threshold,
    field::Field,
    input::{Fields, State},
    message,
    rules::{Verdict, is_blank},
};
use crate::decision::{Action, Violation};
use std::borrow::Cow;

/// Bytes that a sentence and a number seldom exceed: more is one growth more.
const SENTENCE: usize = 128;
const NUMBER: usize = 24;

/// Room to write findings in, kept from one decision to the next.
#[derive(Debug, Default)]
pub struct Findings {
    message: String,
    /// The value found and the limit, in normal form.
    actual: Option<String>,
    limit: Option<String>,
    /// Texts that were written to before.
    spare: Vec<String>,
}

impl Findings {
    /// The sentence of the finding that was written last.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    fn clear(&mut self) {
        self.message.clear();
        self.message.reserve(SENTENCE);
        self.spare.extend(self.actual.take());
        self.spare.extend(self.limit.take());
    }

    fn text(&mut self, write: impl FnOnce(&mut String)) -> String {
        let mut text = self.spare.pop().unwrap_or_else(|| String::with_capacity(NUMBER));
        text.clear();
        write(&mut text);
        text
    }

    fn compare(&mut self, actual: String, limit: String, sentence: fn(&str, &str, &mut String)) {
        sentence(&actual, &limit, &mut self.message);
        (self.actual, self.limit) = (Some(actual), Some(limit));
    }

    /// A number beside a threshold; `shown` is the one that the sentence names.
    fn beside(
        &mut self,
        field: Field,
        fields: &Fields<'_>,
        (limit, shown): (&Threshold, &Threshold),
        sentence: fn(&str, &str, &mut String),
    ) {
        let actual = self.text(|text| fields.write_number(field, text));
        let limit = self.text(|text| text.push_str(&limit.text));
        sentence(&actual, &shown.text, &mut self.message);
        (self.actual, self.limit) = (Some(actual), Some(limit));
    }

    /// Writes what `rule` has to say; `tag` is the one that a rule about one is about.
    fn tell(&mut self, rule: Rule, tag: &str, fields: &Fields<'_>, config: &GateConfig) {
        self.clear();
        let (cost, carbon) = (&config.unit_cost, &config.carbon_intensity);
        match rule {
            Rule::UnitCost => {
                let limits = (&cost.deny_above, &cost.deny_above);
                self.beside(Field::UnitCost, fields, limits, message::unit_cost);
            }
            Rule::UnitCostWarn => {
                let limits = (cost.warn_above.as_ref().unwrap_or(&cost.deny_above), &cost.deny_above);
                self.beside(Field::UnitCost, fields, limits, message::unit_cost_warn);
            }
            Rule::CarbonIntensity => {
                let limits = (&carbon.deny_above, &carbon.deny_above);
                self.beside(Field::CarbonIntensity, fields, limits, message::carbon_intensity);
            }
            Rule::CarbonIntensityWarn => {
                let limits = (carbon.warn_above.as_ref().unwrap_or(&carbon.deny_above), &carbon.deny_above);
                self.beside(Field::CarbonIntensity, fields, limits, message::carbon_intensity_warn);
            }
            Rule::TotalSpend => {
                let actual = self.text(|text| fields.write_number(Field::TotalSpend, text));
                let cap = self.text(|text| match (&config.default_cap, fields.state(Field::BudgetCap)) {
                    (Some(cap), State::Absent) => text.push_str(&cap.text),
                    _ => fields.write_number(Field::BudgetCap, text),
                });
                self.compare(actual, cap, message::total_spend);
            }
            Rule::TagsMissing => self.message.push_str(message::TAGS_MISSING),
            Rule::TagsEmpty => self.message.push_str(message::TAGS_EMPTY),
            Rule::TagsRequired => message::tag_required(tag, &mut self.message),
            Rule::TestPassRate => self.pass_rate(fields, config),
            Rule::SecurityScan => {
                let field = Field::SecurityScan;
                match (fields.bool(field), fields.state(field)) {
                    (Some(_), _) => self.message.push_str(message::SCAN_FAILED),
                    (None, state) => {
                        let why = why_not(state, " is not true or false");
                        message::cannot_promote(field, why, &mut self.message);
                    }
                }
            }
            Rule::CarbonRegion => {
                let region = fields.region();
                message::region(region, &config.regions_listed, &mut self.message);
                self.actual = Some(self.text(|text| text.push_str(region)));
            }
        }
    }

    fn pass_rate(&mut self, fields: &Fields<'_>, config: &GateConfig) {
        let (field, limit) = (Field::TestPassRate, &config.deny_below);
        let state = fields.state(field);
        if state == State::Valid {
            let rate = self.text(|text| fields.write_per_cent(field, text));
            message::pass_rate(&rate, &config.deny_below_per_cent, &mut self.message);
            self.spare.push(rate);
            self.actual = Some(self.text(|text| fields.write_number(field, text)));
        } else {
            let why = why_not(state, " is not a rate between 0 and 1");
            message::cannot_promote(field, why, &mut self.message);
        }
        self.limit = Some(self.text(|text| text.push_str(&limit.text)));
    }
}

const fn why_not(state: State, otherwise: &'static str) -> &'static str {
    match state {
        State::Absent => " is missing",
        State::Null => " is null",
        _ => otherwise,
    }
}

/// Tells every rule that fired with this action, in order.
pub(super) fn each(
    verdict: &Verdict,
    fields: &Fields<'_>,
    config: &GateConfig,
    action: Action,
    findings: &mut Findings,
    mut told: impl FnMut(Rule, &mut Findings),
) {
    for rule in Rule::ALL {
        if !verdict.has(rule) || config.action(rule) != Some(action) {
            continue;
        }
        if rule == Rule::TagsRequired {
            for (tag, _) in missing_tags(fields, config) {
                findings.tell(rule, tag, fields, config);
                told(rule, findings);
            }
        } else {
            findings.tell(rule, "", fields, config);
            told(rule, findings);
        }
    }
}

/// The required tags that are absent or blank, each with its pointer.
fn missing_tags<'c>(
    fields: &Fields<'_>,
    config: &'c GateConfig,
) -> impl Iterator<Item = &'c (String, String)> {
    let tags = fields.tags();
    config.required_tags.iter().filter(move |(tag, _)| is_blank(tags.and_then(|tags| tags.text(tag))))
}

/// Adds every rule that fired to an answer.
pub(super) fn answer(verdict: &Verdict, fields: &Fields<'_>, config: &GateConfig, answer: &mut Answer) {
    let mut findings = Findings::default();
    answer.violations.reserve(verdict.fired().saturating_add(config.required_tags.len()));
    for rule in Rule::ALL {
        let Some(action) = config.action(rule).filter(|_| verdict.has(rule)) else { continue };
        let list = match action {
            Action::Deny | Action::RequireApproval => &mut answer.violations,
            Action::Warn | Action::Advice => &mut answer.warnings,
        };
        let mut add = |tag: Option<&(String, String)>| {
            findings.tell(rule, tag.map_or("", |(tag, _)| tag), fields, config);
            let pointer = tag.map_or(Cow::Borrowed(rule.field().pointer()), |(_, path)| path.clone().into());
            list.push(Violation {
                rule: Cow::Borrowed(rule.name()),
                action,
                path: Some(pointer),
                subject: tag.map(|(tag, _)| tag.clone()),
                actual: findings.actual.take(),
                limit: findings.limit.take(),
                resource: None,
                message: findings.message.as_str().to_owned(),
            });
        };
        if rule == Rule::TagsRequired {
            missing_tags(fields, config).for_each(|tag| add(Some(tag)));
        } else {
            add(None);
        }
    }
}

//! The rules of the default policy (policy specification, section 3): what fires, and what had nothing to judge.

use super::{
    Answer, Cell, Foreign, GateConfig,
    answer::{CONDITIONAL, Reason, Rule},
    config::Band,
    field::Field,
    input::{Fields, State},
    message,
    telling::{self, Findings},
};
use crate::{
    decision::{Action, Outcome, Violation},
    json::{Json, Limits, Object, pointer_of, read},
};
use std::{borrow::Cow, cmp::Ordering};

/// Decides on an input.
#[must_use]
pub fn decide(input: &Json, config: &GateConfig) -> Answer {
    decide_with(input, &[], config)
}

/// Decides on the text of an input.
#[must_use]
pub fn decide_text(text: &[u8], config: &GateConfig) -> Answer {
    match read(text, &Limits::default()) {
        Ok(input) => decide(&input, config),
        Err(error) => Answer::refused(&error),
    }
}

/// Decides on an input of another language: `foreign` are its values that JSON cannot hold.
#[must_use]
pub fn decide_with(input: &Json, foreign: &[Foreign], config: &GateConfig) -> Answer {
    let Json::Object(members) = input else {
        let message = message::not_object(input.type_name());
        let violation = Violation::new("input.not_object", Action::Deny, message);
        return Answer::denied(Violation { path: Some(Cow::Borrowed("")), ..violation });
    };
    let row = super::Row::of(members);
    let fields = Fields::of(&row, foreign);
    let mut answer = Answer::default();
    names(&fields, Some(members), config, &mut answer.violations);
    if fields.faulty || !foreign.is_empty() {
        faults(&fields, foreign, &mut answer.violations);
    }
    let verdict = judge(&fields, config);
    answer.not_evaluated = verdict.skipped;
    if verdict.fired != 0 {
        telling::answer(&verdict, &fields, config, &mut answer);
        // Stable: within an action the order of the rules stays.
        answer.violations.sort_by_key(|violation| violation.action);
    }
    answer
}

/// Decides on a row; each failing check, in the order of an answer, by its rule, its action and its sentence. Nothing for
/// a row that says less than its input: a double that is not finite, or fields that are looked at by their names.
pub(crate) fn decide_row(
    row: &super::Row<'_>,
    config: &GateConfig,
    findings: &mut Findings,
    mut each: impl FnMut(&str, Action, &str),
) -> Option<Outcome> {
    if config.known_only || !config.required_others.is_empty() {
        return None;
    }
    let fields = Fields::of_row(row);
    if fields.odd {
        return None;
    }
    let mut faulty = Vec::new();
    if fields.faulty || !config.required_fields.is_empty() {
        names(&fields, None, config, &mut faulty);
        faults(&fields, &[], &mut faulty);
    }
    let verdict = judge(&fields, config);
    for violation in &faulty {
        each(&violation.rule, violation.action, &violation.message);
    }
    let mut outcome = if faulty.is_empty() { Outcome::Allow } else { Outcome::Deny };
    if verdict.fired != 0 {
        for action in [Action::Deny, Action::RequireApproval, Action::Warn] {
            let mut fired = false;
            telling::each(&verdict, &fields, config, action, findings, |rule, findings| {
                fired = true;
                each(rule.name(), action, findings.message());
            });
            outcome = match (action, fired) {
                (Action::Deny, true) => Outcome::Deny,
                (Action::RequireApproval, true) => outcome.min(Outcome::RequireApproval),
                _ => outcome,
            };
        }
    }
    Some(outcome)
}

/// Which rules fire, a bit each, and which had nothing to judge.
#[derive(Default)]
pub(super) struct Verdict {
    fired: u16,
    pub(super) skipped: [Option<Reason>; CONDITIONAL.len()],
}

impl Verdict {
    pub(super) const fn has(&self, rule: Rule) -> bool {
        self.fired & rule.bit() != 0
    }

    /// How many rules fire.
    pub(super) fn fired(&self) -> usize {
        usize::try_from(self.fired.count_ones()).unwrap_or_default()
    }

    fn fire(&mut self, rule: Rule, config: &GateConfig) {
        if config.action(rule).is_some() {
            self.fired |= rule.bit();
        }
    }

    fn skip(&mut self, rule: Rule, reason: Reason) {
        let place = CONDITIONAL.iter().position(|conditional| *conditional == rule);
        if let Some(slot) = place.and_then(|place| self.skipped.get_mut(place)) {
            *slot = Some(reason);
        }
    }

    /// Whether a rule can judge its field; if not, why not.
    fn needs(&mut self, rule: Rule, field: Field, fields: &Fields<'_>) -> bool {
        match fields.state(field) {
            State::Valid => return true,
            State::Absent => self.skip(rule, Reason::InputAbsent),
            _ => self.skip(rule, Reason::InputInvalid),
        }
        false
    }

    /// Both halves of a band: the denial, and the warning for what it lets pass.
    fn band(
        &mut self,
        rules: (Rule, Rule),
        field: Field,
        band: &Band,
        fields: &Fields<'_>,
        config: &GateConfig,
    ) {
        if !self.needs(rules.0, field, fields) {
            return;
        }
        if fields.beside(field, &band.deny_above) == Ordering::Greater {
            self.fire(rules.0, config);
        } else if let Some(warn_above) = &band.warn_above
            && fields.beside(field, warn_above) == Ordering::Greater
        {
            self.fire(rules.1, config);
        }
    }
}

/// Judges the fields of an input.
pub(super) fn judge(fields: &Fields<'_>, config: &GateConfig) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.band((Rule::UnitCost, Rule::UnitCostWarn), Field::UnitCost, &config.unit_cost, fields, config);
    total_spend(&mut verdict, fields, config);
    tags(&mut verdict, fields, config);
    promotion(&mut verdict, fields, config);
    let rules = (Rule::CarbonIntensity, Rule::CarbonIntensityWarn);
    verdict.band(rules, Field::CarbonIntensity, &config.carbon_intensity, fields, config);
    if verdict.needs(Rule::CarbonRegion, Field::Region, fields) {
        let region = fields.region();
        if !config.regions.iter().any(|efficient| efficient == region) {
            verdict.fire(Rule::CarbonRegion, config);
        }
    }
    verdict
}

fn total_spend(verdict: &mut Verdict, fields: &Fields<'_>, config: &GateConfig) {
    if !verdict.needs(Rule::TotalSpend, Field::TotalSpend, fields) {
        return;
    }
    let order = match (fields.state(Field::BudgetCap), &config.default_cap) {
        (State::Valid, _) => fields.beside_field(Field::TotalSpend, Field::BudgetCap),
        (State::Absent, Some(cap)) => fields.beside(Field::TotalSpend, cap),
        (State::Absent, None) => return verdict.skip(Rule::TotalSpend, Reason::NoLimit),
        _ => return verdict.skip(Rule::TotalSpend, Reason::InputInvalid),
    };
    if order == Ordering::Greater {
        verdict.fire(Rule::TotalSpend, config);
    }
}

fn tags(verdict: &mut Verdict, fields: &Fields<'_>, config: &GateConfig) {
    match (fields.state(Field::CostTags), fields.tags()) {
        (State::Absent | State::Null, _) => verdict.fire(Rule::TagsMissing, config),
        (State::Valid, Some(tags)) => {
            if tags.is_empty() {
                verdict.fire(Rule::TagsEmpty, config);
            }
            if config.required_tags.iter().any(|(tag, _)| is_blank(tags.text(tag))) {
                verdict.fire(Rule::TagsRequired, config);
            }
        }
        _ => verdict.skip(Rule::TagsRequired, Reason::InputInvalid),
    }
}

/// White space as Unicode's White_Space has it.
pub(super) fn is_blank(tag: Option<&str>) -> bool {
    tag.is_none_or(|text| text.chars().all(char::is_whitespace))
}

fn promotion(verdict: &mut Verdict, fields: &Fields<'_>, config: &GateConfig) {
    let reason = match (fields.state(Field::PromotionRequest), fields.bool(Field::PromotionRequest)) {
        (_, Some(true)) => None,
        (State::Absent, _) | (_, Some(false)) => Some(Reason::NotPromoting),
        _ => Some(Reason::InputInvalid),
    };
    if let Some(reason) = reason {
        verdict.skip(Rule::TestPassRate, reason);
        return verdict.skip(Rule::SecurityScan, reason);
    }
    let reached = fields.state(Field::TestPassRate) == State::Valid
        && fields.beside(Field::TestPassRate, &config.deny_below) != Ordering::Less;
    if !reached {
        verdict.fire(Rule::TestPassRate, config);
    }
    if fields.bool(Field::SecurityScan) != Some(true) {
        verdict.fire(Rule::SecurityScan, config);
    }
}

/// What the names of an input are denied for; `members` are looked at only by a configuration that does.
fn names(fields: &Fields<'_>, members: Option<&Object>, config: &GateConfig, found: &mut Vec<Violation>) {
    let mut deny = |rule: &'static str, path: Cow<'static, str>, message: String| {
        found.push(Violation { path: Some(path), ..Violation::new(rule, Action::Deny, message) });
    };
    if let Some(members) = members.filter(|_| config.known_only) {
        for name in members.keys().filter(|name| !config.knows(name)) {
            deny("input.unknown_field", pointer_of([name]).into(), message::unknown_field(name));
        }
    }
    for field in &config.required_fields {
        if fields.state(*field) == State::Absent {
            deny("input.required", Cow::Borrowed(field.pointer()), message::required(field.name()));
        }
    }
    for name in &config.required_others {
        if members.is_some_and(|members| !members.contains_key(name)) {
            deny("input.required", pointer_of([name.as_str()]).into(), message::required(name));
        }
    }
}

/// What the values of an input are denied for.
fn faults(fields: &Fields<'_>, foreign: &[Foreign], found: &mut Vec<Violation>) {
    let mut deny = |rule: &'static str, path: Cow<'static, str>, message: String, actual| {
        found.push(Violation { path: Some(path), actual, ..Violation::new(rule, Action::Deny, message) });
    };
    for field in Field::ALL {
        if field != Field::CostTags && fields.state(field) == State::Null {
            deny("input.null", Cow::Borrowed(field.pointer()), message::null(field), None);
        }
    }
    for (field, foreign) in in_order(foreign).filter(|(_, foreign)| foreign.number) {
        let name = field.map_or(inner_name(&foreign.path), |field| field.name());
        deny("input.number", foreign.path.clone().into(), message::not_finite(name, &foreign.found), None);
    }
    for field in Field::ALL {
        let own = foreign.iter().find(|foreign| !foreign.number && foreign.path == field.pointer());
        let cell: Cell<'_> = fields.cell(field);
        let kind = match fields.state(field) {
            State::WrongType => cell.type_name(),
            State::Foreign => match own {
                Some(foreign) => &foreign.found,
                None => continue,
            },
            _ => continue,
        };
        let message = message::wrong_type(field.name(), field.expected(), kind);
        deny("input.type", Cow::Borrowed(field.pointer()), message, None);
    }
    for (_, foreign) in in_order(foreign).filter(|(field, foreign)| field.is_none() && !foreign.number) {
        let message = message::wrong_type(inner_name(&foreign.path), "a JSON value", &foreign.found);
        deny("input.type", foreign.path.clone().into(), message, None);
    }
    for field in Field::NUMBERS {
        if let (State::OutOfRange, Some(range)) = (fields.state(field), field.range()) {
            let actual = fields.exact(field).normal_form();
            let message = message::range(field, range, &actual);
            deny("input.range", Cow::Borrowed(field.pointer()), message, Some(actual));
        }
    }
}

/// Those in fields of the schema first, in their order, then the others as they came.
fn in_order(foreign: &[Foreign]) -> impl Iterator<Item = (Option<Field>, &Foreign)> {
    let field_of = |foreign: &Foreign| Field::ALL.into_iter().find(|field| field.pointer() == foreign.path);
    let own = Field::ALL.into_iter().flat_map(move |field| {
        foreign
            .iter()
            .filter(move |foreign| foreign.path == field.pointer())
            .map(move |foreign| (Some(field), foreign))
    });
    own.chain(
        foreign.iter().filter(move |foreign| field_of(foreign).is_none()).map(|foreign| (None, foreign)),
    )
}

/// `cost_tags/team` for `/cost_tags/team`.
fn inner_name(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

//! The rules of the default policy (policy specification, section 3).

use super::{
    Answer, Failure, Foreign, GateConfig,
    answer::{CONDITIONAL, Reason, Rule},
    config::{Band, Threshold},
    field::Field,
    input::{Fields, State},
    message,
};
use crate::{
    decision::Action,
    json::{Json, Limits, Object, pointer_of, read},
};
use std::borrow::Cow;

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
        let failure = Failure::new("input.not_object", message::not_object(input.type_name()));
        return Answer::denied(Failure { path: Some(Cow::Borrowed("")), ..failure });
    };
    let fields = Fields::of(members, foreign);
    let mut judge = Judge { config, fields, answer: Answer::default() };
    judge.names(members);
    if judge.fields.faulty || !foreign.is_empty() {
        judge.faults(foreign);
    }
    judge.budget();
    judge.tags();
    judge.promotion();
    judge.carbon();
    judge.warnings();
    let mut answer = judge.answer;
    // Stable: within an action the order of the rules stays.
    answer.violations.sort_by_key(|failure| failure.action);
    answer
}

struct Judge<'a> {
    config: &'a GateConfig,
    fields: Fields<'a>,
    answer: Answer,
}

impl Judge<'_> {
    /// An input rule: it always denies.
    fn deny(&mut self, rule: &'static str, path: Cow<'static, str>, message: String) -> &mut Failure {
        let failures = &mut self.answer.violations;
        failures.push_mut(Failure { path: Some(path), ..Failure::new(rule, message) })
    }

    /// A rule with a configurable action; the sentence is written only if somebody will read it.
    fn fire(&mut self, rule: Rule, field: Field, failure: impl FnOnce() -> Failure) {
        let Some(action) = self.config.action(rule) else { return };
        let failure = failure();
        let path = failure.path.or(Some(Cow::Borrowed(field.pointer())));
        let failure = Failure { rule: rule.name(), action, path, ..failure };
        match action {
            Action::Deny | Action::RequireApproval => self.answer.violations.push(failure),
            Action::Warn | Action::Advice => self.answer.warnings.push(failure),
        }
    }

    fn skip(&mut self, rule: Rule, reason: Reason) {
        let place = CONDITIONAL.iter().position(|conditional| *conditional == rule);
        if let Some(slot) = place.and_then(|place| self.answer.not_evaluated.get_mut(place)) {
            *slot = Some(reason);
        }
    }

    /// Whether a rule can judge its field; if not, why not.
    fn needs(&mut self, rule: Rule, field: Field) -> bool {
        match self.fields.state(field) {
            State::Valid => return true,
            State::Absent => self.skip(rule, Reason::InputAbsent),
            _ => self.skip(rule, Reason::InputInvalid),
        }
        false
    }

    fn names(&mut self, members: &Object) {
        if self.config.known_only {
            for name in members.keys().filter(|name| !self.config.knows(name)) {
                self.deny("input.unknown_field", pointer_of([name]).into(), message::unknown_field(name));
            }
        }
        for field in &self.config.required_fields {
            if self.fields.state(*field) == State::Absent {
                self.deny("input.required", Cow::Borrowed(field.pointer()), message::required(field.name()));
            }
        }
        for name in &self.config.required_others {
            if !members.contains_key(name) {
                self.deny("input.required", pointer_of([name.as_str()]).into(), message::required(name));
            }
        }
    }

    fn faults(&mut self, foreign: &[Foreign]) {
        for field in Field::ALL {
            if field != Field::CostTags && self.fields.state(field) == State::Null {
                self.deny("input.null", Cow::Borrowed(field.pointer()), message::null(field));
            }
        }
        for (field, foreign) in in_order(foreign).filter(|(_, foreign)| foreign.number) {
            let name = field.map_or(inner_name(&foreign.path), |field| field.name());
            self.deny("input.number", foreign.path.clone().into(), message::not_finite(name, &foreign.found));
        }
        for field in Field::ALL {
            let own = foreign.iter().find(|foreign| !foreign.number && foreign.path == field.pointer());
            let found = match self.fields.state(field) {
                State::WrongType => self.fields.value(field).map_or("null", Json::type_name),
                State::Foreign => match own {
                    Some(foreign) => &foreign.found,
                    None => continue,
                },
                _ => continue,
            };
            let message = message::wrong_type(field.name(), field.expected(), found);
            self.deny("input.type", Cow::Borrowed(field.pointer()), message);
        }
        for (_, foreign) in in_order(foreign).filter(|(field, foreign)| field.is_none() && !foreign.number) {
            let message = message::wrong_type(inner_name(&foreign.path), "a JSON value", &foreign.found);
            self.deny("input.type", foreign.path.clone().into(), message);
        }
        for field in Field::NUMBERS {
            if let (State::OutOfRange, Some(range)) = (self.fields.state(field), field.range()) {
                let actual = self.fields.any_number(field).normal_form();
                let message = message::range(field, range, &actual);
                self.deny("input.range", Cow::Borrowed(field.pointer()), message).actual = Some(actual);
            }
        }
    }

    fn budget(&mut self) {
        let config = self.config;
        self.above(Rule::UnitCost, Field::UnitCost, &config.unit_cost, message::unit_cost);
        if !self.needs(Rule::TotalSpend, Field::TotalSpend) {
            return;
        }
        let spend = self.fields.any_number(Field::TotalSpend);
        let cap = match (self.fields.state(Field::BudgetCap), &config.default_cap) {
            (State::Valid, _) => self.fields.any_number(Field::BudgetCap),
            (State::Absent, Some(cap)) => &cap.exact,
            (State::Absent, None) => return self.skip(Rule::TotalSpend, Reason::NoLimit),
            _ => return self.skip(Rule::TotalSpend, Reason::InputInvalid),
        };
        if spend > cap {
            let (actual, limit) = (spend.normal_form(), cap.normal_form());
            self.fire(Rule::TotalSpend, Field::TotalSpend, || compared(actual, limit, message::total_spend));
        }
    }

    /// The denying half of a band.
    fn above(&mut self, rule: Rule, field: Field, band: &Band, sentence: fn(&str, &str) -> String) {
        if !self.needs(rule, field) {
            return;
        }
        let actual = self.fields.any_number(field);
        if *actual > band.deny_above.exact {
            let (actual, limit) = (actual.normal_form(), band.deny_above.text.clone());
            self.fire(rule, field, || compared(actual, limit, sentence));
        }
    }

    /// The warning half of a band: only what the other half lets pass.
    fn nearly(&mut self, rule: Rule, field: Field, band: &Band, sentence: fn(&str, &str) -> String) {
        let (Some(actual), Some(warn_above)) = (self.fields.number(field), &band.warn_above) else { return };
        if *actual > warn_above.exact && *actual <= band.deny_above.exact {
            let actual = actual.normal_form();
            self.fire(rule, field, || {
                let message = sentence(&actual, &band.deny_above.text);
                let failure = Failure::new(rule.name(), message);
                Failure { actual: Some(actual), limit: Some(warn_above.text.clone()), ..failure }
            });
        }
    }

    fn tags(&mut self) {
        let field = Field::CostTags;
        let tags = match self.fields.state(field) {
            State::Absent | State::Null => {
                let failure = || Failure::new(Rule::TagsMissing.name(), message::TAGS_MISSING.to_owned());
                return self.fire(Rule::TagsMissing, field, failure);
            }
            State::Valid => self.fields.value(field).and_then(Json::as_object),
            _ => None,
        };
        let Some(tags) = tags else { return self.skip(Rule::TagsRequired, Reason::InputInvalid) };
        if tags.is_empty() {
            let failure = || Failure::new(Rule::TagsEmpty.name(), message::TAGS_EMPTY.to_owned());
            self.fire(Rule::TagsEmpty, field, failure);
        }
        let config = self.config;
        for (tag, path) in &config.required_tags {
            let value = tags.get(tag).and_then(Json::as_str);
            // `trim` knows Unicode's White_Space.
            if value.is_none_or(|value| value.trim().is_empty()) {
                self.fire(Rule::TagsRequired, field, || {
                    let failure = Failure::new(Rule::TagsRequired.name(), message::tag_required(tag));
                    Failure { path: Some(path.clone().into()), subject: Some(tag.clone()), ..failure }
                });
            }
        }
    }

    fn promotion(&mut self) {
        match (self.fields.state(Field::PromotionRequest), self.fields.bool(Field::PromotionRequest)) {
            (_, Some(true)) => {}
            (State::Absent, _) | (_, Some(false)) => {
                self.skip(Rule::TestPassRate, Reason::NotPromoting);
                return self.skip(Rule::SecurityScan, Reason::NotPromoting);
            }
            _ => {
                self.skip(Rule::TestPassRate, Reason::InputInvalid);
                return self.skip(Rule::SecurityScan, Reason::InputInvalid);
            }
        }
        self.pass_rate();
        let scan = Field::SecurityScan;
        let message = match (self.fields.bool(scan), self.fields.state(scan)) {
            (Some(true), _) => return,
            (Some(false), _) => message::SCAN_FAILED.to_owned(),
            (None, state) => message::cannot_promote(scan, why_not(state, " is not true or false")),
        };
        self.fire(Rule::SecurityScan, scan, || Failure::new(Rule::SecurityScan.name(), message));
    }

    fn pass_rate(&mut self) {
        let (field, config) = (Field::TestPassRate, self.config);
        let Threshold { exact: limit, text } = &config.deny_below;
        let (actual, message) = match self.fields.number(field) {
            Some(rate) if rate >= limit => return,
            Some(rate) => (Some(rate.normal_form()), message::pass_rate(rate, limit)),
            None => {
                let why = why_not(self.fields.state(field), " is not a rate between 0 and 1");
                (None, message::cannot_promote(field, why))
            }
        };
        self.fire(Rule::TestPassRate, field, || {
            let failure = Failure::new(Rule::TestPassRate.name(), message);
            Failure { actual, limit: Some(text.clone()), ..failure }
        });
    }

    fn carbon(&mut self) {
        let config = self.config;
        let intensity = Field::CarbonIntensity;
        self.above(Rule::CarbonIntensity, intensity, &config.carbon_intensity, message::carbon_intensity);
        if !self.needs(Rule::CarbonRegion, Field::Region) {
            return;
        }
        let region = self.fields.value(Field::Region).and_then(Json::as_str).unwrap_or_default();
        if !config.regions.iter().any(|efficient| efficient == region) {
            self.fire(Rule::CarbonRegion, Field::Region, || {
                let message = message::region(region, &config.regions.join(", "));
                Failure {
                    actual: Some(region.to_owned()),
                    ..Failure::new(Rule::CarbonRegion.name(), message)
                }
            });
        }
    }

    fn warnings(&mut self) {
        let config = self.config;
        self.nearly(Rule::UnitCostWarn, Field::UnitCost, &config.unit_cost, message::unit_cost_warn);
        let intensity = &config.carbon_intensity;
        self.nearly(
            Rule::CarbonIntensityWarn,
            Field::CarbonIntensity,
            intensity,
            message::carbon_intensity_warn,
        );
    }
}

fn compared(actual: String, limit: String, sentence: fn(&str, &str) -> String) -> Failure {
    let message = sentence(&actual, &limit);
    Failure { actual: Some(actual), limit: Some(limit), ..Failure::new("", message) }
}

const fn why_not(state: State, otherwise: &'static str) -> &'static str {
    match state {
        State::Absent => " is missing",
        State::Null => " is null",
        _ => otherwise,
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

//! Exemptions: violations that somebody has accepted for a while, each with an owner, a reason and an end.
//!
//! They are applied after the evaluation. A malformed, foreign or expired exemption is ignored with a warning: it
//! can never allow more.

use super::Violation;
use crate::{Json, gate::number::Exact};
use finops_core::time::Timestamp;
use std::{cmp::Ordering, collections::BTreeSet};

const MS_PER_DAY: i64 = 86_400_000;

/// The rules of these namespaces say that the answer itself cannot be trusted: nobody can exempt from them
/// (specification `policy.md` 9).
const FORBIDDEN: [&str; 3] = ["input", "policy", "opa"];

/// How long an exemption may last and when its end is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExemptionOptions {
    /// The longest time from `created` to `expires`, in days.
    pub max_days: u32,
    /// A used exemption with this many days left or fewer is announced.
    pub warn_days: u32,
}

impl Default for ExemptionOptions {
    /// 90 and 7 days (`shared/vectors/policy.json`, `defaults.exemptions`).
    fn default() -> Self {
        Self { max_days: 90, warn_days: 7 }
    }
}

/// A violation that an exemption covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exempted {
    /// The rule that fired.
    pub rule: String,
    /// What it was about.
    pub subject: Option<String>,
    /// The id of the exemption.
    pub exemption: String,
}

impl Exempted {
    /// `{rule, subject?, exemption}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut members = vec![("rule", Json::from(self.rule.as_str()))];
        if let Some(subject) = &self.subject {
            members.push(("subject", Json::from(subject.as_str())));
        }
        members.push(("exemption", Json::from(self.exemption.as_str())));
        Json::object(members)
    }
}

/// An exemption that is ignored, or that ends soon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExemptionWarning {
    /// `exemption.invalid`, `.forbidden_rule`, `.not_yet_valid`, `.expired`, `.time_unknown` or `.expiring`.
    pub code: &'static str,
    /// The id of the exemption, when it has one.
    pub id: Option<String>,
}

impl ExemptionWarning {
    /// `[code, id or null]`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::array([Json::from(self.code), Json::from(self.id.as_deref())])
    }
}

/// What is left of the violations, and what the exemptions did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Applied {
    /// The violations without an exemption, in their order.
    pub left: Vec<Violation>,
    /// The violations with one, in their order.
    pub exempted: Vec<Exempted>,
    /// Ignored and expiring exemptions, sorted by code and id.
    pub warnings: Vec<ExemptionWarning>,
    /// Ids of valid exemptions that matched nothing, sorted.
    pub unused: Vec<String>,
}

/// Exemptions as configured, checked once.
#[derive(Debug, Clone, Default)]
pub struct Exemptions {
    valid: Vec<Exemption>,
    refused: Vec<ExemptionWarning>,
    options: ExemptionOptions,
}

#[derive(Debug, Clone)]
struct Exemption {
    id: String,
    rule: Pattern,
    selector: Vec<(String, Scalar)>,
    /// The outer option: whether the exemption names a subject at all.
    subject: Option<Option<String>>,
    created: Timestamp,
    expires: Timestamp,
}

#[derive(Debug, Clone)]
enum Pattern {
    Rule(String),
    /// `budget.*`, kept as `budget.`.
    Prefix(String),
}

#[derive(Debug, Clone)]
enum Scalar {
    Bool(bool),
    Number(Exact),
    String(String),
}

impl Exemptions {
    /// Checks every exemption but for its time; the bad ones are kept as warnings.
    #[must_use]
    pub fn new(items: &[Json], options: ExemptionOptions) -> Self {
        let mut this = Self { options, ..Self::default() };
        for item in items {
            match read(item, options) {
                Ok(exemption) => this.valid.push(exemption),
                Err(code) => this.refused.push(ExemptionWarning { code, id: id(item).map(str::to_owned) }),
            }
        }
        this
    }

    /// Whether there is nothing to apply and nothing to warn about.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.valid.is_empty() && self.refused.is_empty()
    }

    /// Takes the exempted violations out. Without `now` no exemption is in force.
    #[must_use]
    pub fn apply(&self, violations: Vec<Violation>, input: &Json, now: Option<Timestamp>) -> Applied {
        let mut applied = Applied { warnings: self.refused.clone(), ..Applied::default() };
        let mut in_force: Vec<&Exemption> = Vec::new();
        for exemption in &self.valid {
            match exemption.refusal(now) {
                None => in_force.push(exemption),
                Some(code) => {
                    applied.warnings.push(ExemptionWarning { code, id: Some(exemption.id.clone()) });
                }
            }
        }
        // Of two exemptions with one id the sooner end counts, whatever their order in the list.
        in_force.sort_by(|a, b| (&a.id, a.expires).cmp(&(&b.id, b.expires)));
        let selected: Vec<&Exemption> = in_force.iter().copied().filter(|e| e.selects(input)).collect();
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let mut matched: BTreeSet<&str> = BTreeSet::new();
        for violation in violations {
            let mut matches = selected.iter().filter(|e| e.covers(&violation)).peekable();
            let Some(&&first) = matches.peek() else {
                applied.left.push(violation);
                continue;
            };
            matched.extend(matches.map(|e| e.id.as_str()));
            if used.insert(&first.id) && self.is_expiring(first, now) {
                let warning = ExemptionWarning { code: "exemption.expiring", id: Some(first.id.clone()) };
                applied.warnings.push(warning);
            }
            applied.exempted.push(Exempted {
                rule: violation.rule.into_owned(),
                subject: violation.subject,
                exemption: first.id.clone(),
            });
        }
        let unused: BTreeSet<&str> = in_force.iter().map(|e| e.id.as_str()).collect();
        applied.unused = unused.difference(&matched).map(|id| (*id).to_owned()).collect();
        applied.warnings.sort();
        applied
    }

    fn is_expiring(&self, exemption: &Exemption, now: Option<Timestamp>) -> bool {
        let left_ms = now.map(|now| exemption.expires.ms().saturating_sub(now.ms()));
        left_ms.is_some_and(|ms| ms <= MS_PER_DAY.saturating_mul(i64::from(self.options.warn_days)))
    }
}

impl Exemption {
    fn refusal(&self, now: Option<Timestamp>) -> Option<&'static str> {
        match now {
            None => Some("exemption.time_unknown"),
            Some(now) if now < self.created => Some("exemption.not_yet_valid"),
            Some(now) if now >= self.expires => Some("exemption.expired"),
            Some(_) => None,
        }
    }

    fn selects(&self, input: &Json) -> bool {
        self.selector
            .iter()
            .all(|(pointer, scalar)| input.pointer(pointer).is_some_and(|found| scalar.equals(found)))
    }

    fn covers(&self, violation: &Violation) -> bool {
        let rule = match &self.rule {
            Pattern::Rule(rule) => *rule == violation.rule,
            Pattern::Prefix(prefix) => violation.rule.starts_with(prefix.as_str()),
        };
        let subject = self.subject.as_ref().is_none_or(|subject| *subject == violation.subject);
        rule && subject && !is_forbidden(&violation.rule)
    }
}

impl Scalar {
    fn equals(&self, found: &Json) -> bool {
        match (self, found) {
            (Self::Bool(a), Json::Bool(b)) => a == b,
            (Self::Number(a), Json::Number(b)) => a.cmp(&Exact::from_number(b)) == Ordering::Equal,
            (Self::String(a), Json::String(b)) => a == b,
            _ => false,
        }
    }
}

fn read(item: &Json, options: ExemptionOptions) -> Result<Exemption, &'static str> {
    const INVALID: &str = "exemption.invalid";
    let text = |name: &str| item.get(name).and_then(not_blank).ok_or(INVALID);
    let (id, rule) = (text("id")?, text("rule")?);
    for name in ["reason", "owner", "approved_by"] {
        text(name)?;
    }
    let pattern = pattern(rule).ok_or(INVALID)?;
    if is_forbidden(rule) {
        return Err("exemption.forbidden_rule");
    }
    let selector = selector(item).ok_or(INVALID)?;
    let subject = match item.get("subject") {
        None => None,
        Some(Json::Null) => Some(None),
        // A subject of another type could equal no violation's: refuse it instead of leaving it silently unused.
        Some(subject) => Some(Some(subject.as_str().ok_or(INVALID)?.to_owned())),
    };
    let date = |name: &str| -> Option<Timestamp> { item.get(name)?.as_str()?.parse().ok() };
    let (created, expires) = date("created").zip(date("expires")).ok_or(INVALID)?;
    let lasts_ms = expires.ms().saturating_sub(created.ms());
    if lasts_ms <= 0 || lasts_ms > MS_PER_DAY.saturating_mul(i64::from(options.max_days)) {
        return Err(INVALID);
    }
    Ok(Exemption { id: id.to_owned(), rule: pattern, selector, subject, created, expires })
}

fn not_blank(value: &Json) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

fn id(item: &Json) -> Option<&str> {
    item.get("id").and_then(not_blank)
}

fn pattern(rule: &str) -> Option<Pattern> {
    match rule.split_once('*') {
        None => Some(Pattern::Rule(rule.to_owned())),
        Some((prefix, "")) if prefix.len() > 1 && prefix.ends_with('.') => {
            Some(Pattern::Prefix(prefix.to_owned()))
        }
        Some(_) => None,
    }
}

fn is_forbidden(rule: &str) -> bool {
    rule.split('.').next().is_some_and(|namespace| FORBIDDEN.contains(&namespace))
}

fn selector(item: &Json) -> Option<Vec<(String, Scalar)>> {
    let members: Vec<(&str, &Json)> = match item.get("selector") {
        None => Vec::new(),
        Some(selector) => selector.as_object()?.iter().collect(),
    };
    if members.is_empty() && item.get("scope").and_then(Json::as_str) != Some("all") {
        return None;
    }
    members
        .into_iter()
        .map(|(pointer, value)| {
            let scalar = match value {
                Json::Bool(b) => Scalar::Bool(*b),
                Json::Number(number) => Scalar::Number(Exact::from_number(number)),
                Json::String(text) => Scalar::String(text.clone()),
                Json::Null | Json::Array(_) | Json::Object(_) => return None,
            };
            pointer.starts_with('/').then(|| (pointer.to_owned(), scalar))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::Action, *};
    use crate::json::{Limits, read};
    use proptest::prelude::*;

    const NOW: &str = "2026-11-21T03:00:00Z";
    const INPUT: &str = r#"{"unit_cost_usd":0.6,"n":0.60,"s":"0.6","b":true,"z":null,"a/b":{"c":[7]},"cost_tags":{"team":"ai"}}"#;

    fn json(text: &str) -> Json {
        read(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }

    /// An exemption with these members replaced; `null` removes.
    fn exemption(changes: &str) -> Json {
        let mut exemption = json(
            r#"{"id":"EX-1","rule":"budget.unit_cost","selector":{"/cost_tags/team":"ai"},"reason":"r","owner":"o",
                "approved_by":"a","created":"2026-11-01T00:00:00Z","expires":"2026-12-20T00:00:00Z"}"#,
        );
        let Json::Object(members) = &mut exemption else { panic!() };
        for (key, value) in json(changes).as_object().unwrap().iter() {
            if value.is_null() {
                members.remove(key);
            } else {
                members.insert(key, value.clone());
            }
        }
        exemption
    }

    fn violations(rules: &[(&str, Option<&str>)]) -> Vec<Violation> {
        let violation = |(rule, subject): &(&str, Option<&str>)| Violation {
            subject: subject.map(str::to_owned),
            ..Violation::new((*rule).to_owned(), Action::Deny, "")
        };
        rules.iter().map(violation).collect()
    }

    fn apply(items: &[Json], rules: &[(&str, Option<&str>)]) -> Applied {
        Exemptions::new(items, ExemptionOptions::default()).apply(violations(rules), &json(INPUT), at(NOW))
    }

    fn warning(changes: &str) -> Option<&'static str> {
        let applied = apply(&[exemption(changes)], &[("budget.unit_cost", None)]);
        let code = applied.warnings.first().map(|warning| warning.code);
        // Whatever is wrong with an exemption, the violation stays.
        assert_eq!(applied.left.len(), usize::from(code.is_some_and(|code| code != "exemption.expiring")));
        code
    }

    #[test]
    fn the_first_problem_is_named_in_the_order_of_the_table() {
        assert_eq!(warning("{}"), None);
        assert_eq!(warning(r#"{"reason":" \t"}"#), Some("exemption.invalid"));
        assert_eq!(warning(r#"{"rule":"*.cost"}"#), Some("exemption.invalid"));
        assert_eq!(warning(r#"{"rule":".*"}"#), Some("exemption.invalid"));
        assert_eq!(warning(r#"{"rule":"bud*"}"#), Some("exemption.invalid"));
        assert_eq!(warning(r#"{"rule":"a.*.*"}"#), Some("exemption.invalid"));
        for rule in ["input.type", "input.*", "input", "policy.eval", "opa.*"] {
            let changes = format!(r#"{{"rule":"{rule}","selector":{{}}}}"#);
            assert_eq!(warning(&changes), Some("exemption.forbidden_rule"), "before the selector: {rule}");
        }
        assert_eq!(warning(r#"{"rule":"input.type","owner":""}"#), Some("exemption.invalid"));
        for selector in [
            r#"{}"#,
            r#"{"a":1}"#,
            r#"{"":1}"#,
            r#"{"/a":null}"#,
            r#"{"/a":[]}"#,
            r#"{"/a":{}}"#,
            r#"[]"#,
            r#""x""#,
        ] {
            let changes = format!(r#"{{"selector":{selector},"expires":"2026-11-02T00:00:00Z"}}"#);
            assert_eq!(warning(&changes), Some("exemption.invalid"), "before the dates: {selector}");
        }
        assert_eq!(warning(r#"{"selector":null}"#), Some("exemption.invalid"));
        assert_eq!(warning(r#"{"selector":null,"scope":"all"}"#), None);
        assert_eq!(warning(r#"{"selector":{},"scope":"some"}"#), Some("exemption.invalid"));
        assert_eq!(warning(r#"{"created":"2026-11-01T00:00:00"}"#), Some("exemption.invalid"));
        assert_eq!(warning(r#"{"expires":"2026-11-01T00:00:00Z"}"#), Some("exemption.invalid"));
        assert_eq!(warning(r#"{"created":"2026-09-21T00:00:00Z","expires":"2026-12-20T00:00:00Z"}"#), None);
        assert_eq!(
            warning(r#"{"created":"2026-09-20T23:59:59Z","expires":"2026-12-20T00:00:00Z"}"#),
            Some("exemption.invalid")
        );
        assert_eq!(warning(r#"{"created":"2026-11-21T03:00:00Z"}"#), None);
        assert_eq!(warning(r#"{"created":"2026-11-21T03:00:00.001Z"}"#), Some("exemption.not_yet_valid"));
        assert_eq!(warning(r#"{"expires":"2026-11-21T03:00:00Z"}"#), Some("exemption.expired"));
        assert_eq!(warning(r#"{"expires":"2026-11-21T04:00:00.001+01:00"}"#), Some("exemption.expiring"));
        assert_eq!(warning(r#"{"expires":"2026-11-28T03:00:00.001Z"}"#), None);
        assert_eq!(warning(r#"{"subject":5}"#), Some("exemption.invalid"));
    }

    #[test]
    fn values_are_equal_in_type_and_exactly() {
        let selects = |selector: &str| {
            apply(&[exemption(&format!(r#"{{"selector":{selector}}}"#))], &[("budget.unit_cost", None)])
                .left
                .is_empty()
        };
        for selector in
            [r#"{"/n":0.6}"#, r#"{"/n":6e-1}"#, r#"{"/b":true}"#, r#"{"/a~1b/c/0":7.0}"#, r#"{"/s":"0.6"}"#]
        {
            assert!(selects(selector), "{selector}");
        }
        for selector in [
            r#"{"/n":"0.6"}"#,
            r#"{"/s":0.6}"#,
            r#"{"/b":"true"}"#,
            r#"{"/b":1}"#,
            r#"{"/n":0.60000000000000000001}"#,
            r#"{"/z":"null"}"#,
            r#"{"/absent":1}"#,
            r#"{"/a~1b/c/00":7}"#,
            r#"{"/n":0.6,"/b":false}"#,
        ] {
            assert!(!selects(selector), "{selector}");
        }
    }

    #[test]
    fn a_prefix_covers_rules_below_it_and_never_the_validity_of_the_input() {
        let all = |rule: &str| exemption(&format!(r#"{{"rule":"{rule}"}}"#));
        let rules = [
            ("budget.unit_cost", None),
            ("budget.total_spend", None),
            ("input.type", None),
            ("budgets.x", None),
        ];
        let applied = apply(&[all("budget.*")], &rules);
        let left: Vec<&str> = applied.left.iter().map(|violation| violation.rule.as_ref()).collect();
        assert_eq!(left, ["input.type", "budgets.x"]);
        assert_eq!(applied.exempted.len(), 2);
    }

    #[test]
    fn the_smallest_id_counts_and_what_else_matches_is_not_unused() {
        let with = |id: &str, subject: &str| {
            exemption(&format!(r#"{{"id":"{id}","rule":"tags.*","subject":{subject}}}"#))
        };
        let items = [with("b", "\"team\""), with("a", "null"), with("c", "\"nobody\"")];
        let applied = apply(&items, &[("tags.required", Some("team"))]);
        assert_eq!(applied.exempted.len(), 1);
        assert_eq!(applied.exempted[0].exemption, "a");
        assert_eq!(applied.unused, ["c"]);
    }

    #[test]
    fn without_a_time_nothing_is_exempted() {
        let exemptions = Exemptions::new(&[exemption("{}")], ExemptionOptions::default());
        let applied = exemptions.apply(violations(&[("budget.unit_cost", None)]), &json(INPUT), None);
        assert_eq!(applied.left.len(), 1);
        assert_eq!(applied.warnings[0].code, "exemption.time_unknown");
        assert_eq!(applied.unused, Vec::<String>::new());
    }

    fn some_exemption() -> impl Strategy<Value = Json> {
        let id = prop_oneof!["[ab]", Just(String::new())];
        let rule = prop_oneof![Just("budget.unit_cost"), Just("tags.*"), Just("input.type"), Just("*")];
        let expires = prop_oneof![
            Just("2026-11-21T03:00:00Z"),
            Just("2026-11-25T00:00:00Z"),
            Just("2026-12-20T00:00:00Z")
        ];
        let team = prop_oneof![Just("ai"), Just("ml")];
        (id, rule, expires, team).prop_map(|(id, rule, expires, team)| {
            exemption(&format!(
                r#"{{"id":"{id}","rule":"{rule}","expires":"{expires}","selector":{{"/cost_tags/team":"{team}"}}}}"#
            ))
        })
    }

    const RULES: [(&str, Option<&str>); 4] = [
        ("budget.unit_cost", None),
        ("tags.required", Some("team")),
        ("tags.required", None),
        ("input.type", None),
    ];

    proptest! {
        #[test]
        fn the_order_of_exemptions_is_irrelevant(
            (items, other) in prop::collection::vec(some_exemption(), 0..6)
                .prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle()))
        ) {
            prop_assert_eq!(apply(&items, &RULES), apply(&other, &RULES));
        }

        #[test]
        fn time_only_ever_takes_exemptions_away(items in prop::collection::vec(some_exemption(), 0..6), later in 0_i64..60) {
            let exemptions = Exemptions::new(&items, ExemptionOptions::default());
            let now = at(NOW).unwrap();
            let later = now.saturating_add_ms(later.saturating_mul(MS_PER_DAY));
            let count = |now| exemptions.apply(violations(&RULES), &json(INPUT), now).left.len();
            prop_assert!(count(Some(later)) >= count(Some(now)));
            prop_assert_eq!(count(None), RULES.len());
        }

        #[test]
        fn every_violation_is_left_or_exempted_in_order(items in prop::collection::vec(some_exemption(), 0..6)) {
            let applied = apply(&items, &RULES);
            let left: Vec<_> = applied.left.iter().map(|v| (v.rule.as_ref(), v.subject.as_deref())).collect();
            let exempted: Vec<_> = applied.exempted.iter().map(|e| (e.rule.as_str(), e.subject.as_deref())).collect();
            let expected: Vec<_> = RULES.iter().copied().filter(|rule| left.contains(rule)).collect();
            prop_assert_eq!(&left, &expected);
            prop_assert!(left.contains(&("input.type", None)));
            prop_assert_eq!(left.len().saturating_add(exempted.len()), RULES.len());
        }
    }
}

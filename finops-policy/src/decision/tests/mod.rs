//! The gate as a whole.

mod faults;
mod laws;
mod recorded;

use super::*;
use crate::{
    Json,
    gate::GateConfig,
    json::{Limits, read},
};
use finops_core::time::Timestamp;

pub(super) const ALLOWED: &str = r#"{"unit_cost_usd":0.2,"cost_tags":{"team":"ai","environment":"dev"}}"#;
pub(super) const DEAR: &str = r#"{"unit_cost_usd":0.6,"cost_tags":{"team":"ai","environment":"dev"}}"#;

pub(super) fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

pub(super) fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

pub(super) fn noon() -> Context<'static> {
    Context { now: at("2026-11-21T12:00:00Z"), decision_id: Some("d-1"), ..Context::default() }
}

pub(super) fn config(text: &str) -> GateConfig {
    GateConfig::from_json(&json(text)).unwrap()
}

pub(super) fn gate() -> Gate {
    Gate::new(GateOptions::default()).unwrap()
}

pub(super) fn asking() -> GateOptions {
    GateOptions {
        config: config(r#"{"actions":{"budget.unit_cost":"require_approval"}}"#),
        ..GateOptions::default()
    }
}

pub(super) fn exemption(rule: &str, expires: &str) -> Json {
    json(&format!(
        r#"{{"id":"EX-1","rule":"{rule}","selector":{{"/cost_tags/team":"ai"}},"reason":"r","owner":"o","approved_by":"a",
            "created":"2026-11-01T00:00:00Z","expires":"{expires}"}}"#
    ))
}

/// An approval of `decision` by `approver`.
pub(super) fn approval(decision: &Decision, approver: &str) -> Json {
    Json::object([
        ("id", Json::from("AP-1")),
        ("approver", Json::from(approver)),
        ("input_digest", Json::from(decision.input_digest.as_str())),
        ("policy_revision", Json::from(&*decision.policy_revision)),
        ("rules", Json::array(["*"])),
        ("approved_at", Json::from("2026-11-21T11:00:00Z")),
        ("expires_at", Json::from("2026-11-21T13:00:00Z")),
    ])
}

#[test]
fn the_record_is_complete_and_the_same_each_time() {
    let decision = gate().decide(DEAR, &noon());
    let text = decision.to_json().to_text();
    let digest = "4d7ede1b26dfe2e895e5a2374a4023236076339a8ffd1c20467e319f364d2676";
    let policy = "sha256:91a9ac0887e78c824900e5f32854d9821f9a174e1f9bd773095b287abb157528";
    assert_eq!(
        text,
        format!(
            "{}{}{}{}",
            r#"{"decision":"deny","allowed":false,"violations":[{"rule":"budget.unit_cost","action":"deny","path":"/unit_cost_usd","actual":"0.6","limit":"0.5"}],"warnings":[],"deny_messages":["Unit cost 0.6 USD exceeds budget cap of 0.5 USD"],"approval_messages":[],"warn_messages":[],"#,
            r#""not_evaluated":[["budget.total_spend","input_absent"],["promotion.test_pass_rate","not_promoting"],["promotion.security_scan","not_promoting"],["carbon.intensity","input_absent"],["carbon.region","input_absent"]],"#,
            format_args!(r#""exempted":[],"decision_id":"d-1","input_digest":"sha256:{digest}","#),
            format_args!(
                r#""policy_revision":"{policy}","policy_digest":"{policy}","engine":"typed","decision_source":"embedded"}}"#
            ),
        )
    );
    assert_eq!(gate().decide(&json(DEAR), &noon()), decision);
    assert_eq!(
        decision.to_event_data().unwrap().to_text(),
        format!(
            r#"{{"decision_id":"d-1","outcome":"deny","policy_digest":"{policy}","input_digest":"sha256:{digest}"}}"#
        )
    );
    assert_eq!(gate().decide(DEAR, &Context::default()).to_event_data(), None);
}

#[test]
fn another_configuration_is_another_policy() {
    let lower = Gate::new(GateOptions {
        config: config(r#"{"unit_cost_usd":{"deny_above":"0.4"}}"#),
        ..GateOptions::default()
    });
    let same = Gate::new(GateOptions {
        config: config(r#"{"test_pass_rate":{"deny_below":0.950}}"#),
        ..GateOptions::default()
    });
    assert_ne!(lower.unwrap().policy_digest(), gate().policy_digest());
    assert_eq!(same.unwrap().policy_digest(), gate().policy_digest());
}

#[test]
fn many_are_decided_as_each_alone() {
    let (allowed, dear) = (json(ALLOWED), json(DEAR));
    let inputs =
        [(Input::from(&allowed), Some("a")), (Input::from(&dear), Some("b")), (Input::from("["), None)];
    let many = gate().decide_many(&inputs, &noon());
    for ((input, decision_id), decision) in inputs.iter().zip(&many) {
        assert_eq!(gate().decide(*input, &Context { decision_id: *decision_id, ..noon() }), *decision);
    }
    assert_eq!(many.iter().map(Decision::allowed).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn an_exemption_lifts_a_denial_until_it_ends() {
    let options = || GateOptions {
        exemptions: vec![exemption("budget.*", "2026-11-22T00:00:00Z"), Json::Null],
        ..GateOptions::default()
    };
    let gate = Gate::new(options()).unwrap();
    let decision = gate.decide(DEAR, &noon());
    assert!(decision.allowed() && decision.violations.is_empty() && decision.deny_messages().is_empty());
    assert_eq!(
        decision.to_json().get("exempted").unwrap().to_text(),
        r#"[{"rule":"budget.unit_cost","exemption":"EX-1"}]"#
    );
    assert_eq!(
        decision.to_json().get("exemption_warnings").unwrap().to_text(),
        r#"[["exemption.expiring","EX-1"],["exemption.invalid",null]]"#
    );
    let later = Context { now: at("2026-11-22T00:00:00Z"), ..Context::default() };
    assert!(!gate.decide(DEAR, &later).allowed());
    assert!(!gate.decide(DEAR, &Context::default()).allowed(), "an unknown time exempts nothing");
}

#[test]
fn an_approval_lifts_a_rule_that_asks_and_nothing_else() {
    let gate = Gate::new(asking()).unwrap();
    let pending = gate.decide(DEAR, &noon());
    assert_eq!((pending.decision, pending.allowed()), (Outcome::RequireApproval, false));
    assert_eq!(pending.approval_messages().len(), 1);
    let approved = |approver: &str, input: &str| {
        let approvals = [approval(&pending, approver)];
        gate.decide(input, &Context { requester: Some("dev@x"), approvals: &approvals, ..noon() })
    };
    let decision = approved("lead@x", DEAR);
    assert!(decision.allowed());
    assert_eq!(
        decision.to_json().get("approvals").unwrap().to_text(),
        r#"{"missing":{},"used":["AP-1"],"rejected":[]}"#
    );
    assert_eq!(decision.violations.len(), 1, "what was lifted stays visible");
    assert!(!approved("dev@x", DEAR).allowed());
    // One more digit is another input: the approval was for the first one.
    assert!(!approved("lead@x", &DEAR.replace("0.6", "0.61")).allowed());
    // One more denial, and the same approvals lift nothing.
    assert!(!approved("lead@x", &DEAR.replace("\"dev\"", "\" \"")).allowed());
}

#[test]
fn a_candidate_answers_beside_and_changes_nothing() {
    let candidate = Gate::new(GateOptions {
        config: config(r#"{"unit_cost_usd":{"deny_above":"0.7"},"required_tags":["owner"]}"#),
        ..GateOptions::default()
    });
    let options =
        GateOptions { candidate: Some(std::sync::Arc::new(candidate.unwrap())), ..GateOptions::default() };
    let gate = Gate::new(options).unwrap();
    let decision = gate.decide(DEAR, &noon());
    assert_eq!(
        decision.shadow.as_ref().unwrap().to_json().to_text(),
        r#"{"decision":"deny","changed":false,"added":[["tags.required","owner"]],"removed":[["budget.unit_cost",null]]}"#
    );
    let plain = self::gate().decide(DEAR, &noon());
    assert_eq!(Decision { shadow: None, ..decision }, plain);
    let unread = gate.decide("{", &noon()).shadow.unwrap();
    assert_eq!((unread.changed, unread.added.len(), unread.removed.len()), (false, 0, 0));
}

#[test]
fn an_explanation_names_every_rule_with_what_it_read() {
    let config = config(r#"{"actions":{"carbon.region":"off","budget.unit_cost":"require_approval"}}"#);
    let gate = Gate::new(GateOptions { config, ..GateOptions::default() }).unwrap();
    let input = json(
        r#"{"unit_cost_usd":0.6,"total_spend_usd":1,"budget_cap_usd":2,"cost_tags":{"team":"ai","environment":"dev"}}"#,
    );
    let decision = gate.decide(&input, &noon());
    let explanation = gate.explain(&decision, Some(&input)).to_json();
    let rules = explanation.get("rules").and_then(Json::as_array).unwrap();
    let of = |name: &str| {
        let rule = rules.iter().find(|rule| rule.get("rule").and_then(Json::as_str) == Some(name));
        rule.map(Json::to_text).unwrap_or_default()
    };
    assert_eq!(
        of("budget.unit_cost"),
        r#"{"rule":"budget.unit_cost","outcome":"require_approval","operands":{"/unit_cost_usd":0.6},"limit":"0.5","reason":"Unit cost 0.6 USD exceeds budget cap of 0.5 USD"}"#
    );
    assert_eq!(
        of("budget.total_spend"),
        r#"{"rule":"budget.total_spend","outcome":"passed","operands":{"/total_spend_usd":1,"/budget_cap_usd":2},"limit":2}"#
    );
    assert_eq!(
        of("carbon.intensity"),
        r#"{"rule":"carbon.intensity","outcome":"not_evaluated","limit":"400","reason":"input_absent"}"#
    );
    assert!(of("carbon.region").contains(r#""outcome":"off""#), "{}", of("carbon.region"));
    assert_eq!(rules.len(), 11);
    let unread = gate.explain(&gate.decide("{", &noon()), None).to_json();
    assert_eq!(unread.pointer("/rules/0/rule"), Some(&Json::from("input.json")));
    assert_eq!(unread.pointer("/rules/1"), None);
}

#[test]
fn a_report_shows_what_failed_and_what_was_accepted() {
    let gate = Gate::new(GateOptions {
        exemptions: vec![exemption("budget.*", "2026-12-22T00:00:00Z")],
        ..GateOptions::default()
    })
    .unwrap();
    let decision = gate.decide(&*DEAR.replace("\"dev\"", "5"), &noon());
    let report = report::Report::of_decision(&decision, "input.json");
    assert!(!report.success());
    let shown: Vec<_> = report.checks.iter().map(|check| (check.name.as_str(), check.status)).collect();
    assert_eq!(
        shown,
        [("tags.required", report::CheckStatus::Failed), ("budget.unit_cost", report::CheckStatus::Skipped)]
    );
    let allowed = report::Report::of_decision(&gate.decide(ALLOWED, &noon()), "input.json");
    assert!(allowed.success() && allowed.checks.len() == 1);
}

//! What holds for any input.

use super::{log::EventFields, *};
use proptest::prelude::*;

/// Values near every limit, of every type.
fn value() -> impl Strategy<Value = Json> {
    let numbers = [
        "0",
        "-0",
        "0.3",
        "0.30000000000000004",
        "0.5",
        "0.5000000000000000000001",
        "0.95",
        "0.9499999999999999",
        "1",
        "1.0000001",
        "300",
        "400",
        "400.00000000000006",
        "1e400",
        "-1e-400",
        "1000000000000",
        "9007199254740993",
        "100001",
    ];
    prop_oneof![
        4 => prop::sample::select(numbers.to_vec()).prop_map(json),
        2 => prop::sample::select(numbers.to_vec()).prop_map(Json::from),
        2 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
        1 => prop::sample::select(vec!["us-west-2", "us-east-1", "", " "]).prop_map(Json::from),
        1 => Just(json("[]")),
        1 => Just(json("{}")),
        3 => ("ai|ml| ", "dev|").prop_map(|(team, environment)| Json::object([("team", team.into()), ("environment", Json::from(environment))])),
    ]
}

pub(super) fn input() -> impl Strategy<Value = Json> {
    let names = [
        "unit_cost_usd",
        "total_spend_usd",
        "budget_cap_usd",
        "test_pass_rate",
        "carbon_intensity_g_per_kwh",
        "promotion_request",
        "security_scan_passed",
        "deployment_region",
        "cost_tags",
        "cost_tags",
        "other",
    ];
    let member = (prop::sample::select(names.to_vec()), value());
    prop::collection::vec(member, 0..8).prop_map(Json::object)
}

fn without(input: &Json, name: &str) -> Json {
    let mut input = input.clone();
    if let Json::Object(members) = &mut input {
        members.remove(name);
    }
    input
}

fn with(input: &Json, name: &str, value: Json) -> Json {
    let mut input = input.clone();
    if let Json::Object(members) = &mut input {
        members.insert(name, value);
    }
    input
}

fn gate_of(text: &str) -> Gate {
    Gate::new(GateOptions { config: config(text), ..GateOptions::default() }).unwrap()
}

proptest! {
    #[test]
    fn a_replay_gives_the_same_bytes(input in input(), asks in any::<bool>(), day in 0_i64..60) {
        let options = || GateOptions {
            exemptions: vec![exemption("budget.*", "2026-12-20T00:00:00Z")],
            ..if asks { asking() } else { GateOptions::default() }
        };
        let gate = Gate::new(options()).unwrap();
        let now = noon().now.map(|now| now.saturating_add_ms(day.saturating_mul(86_400_000)));
        let context = Context { now, ..noon() };
        let text = input.to_text();
        let decision = gate.decide(text.as_str(), &context);
        prop_assert_eq!(&gate.decide(&input, &context), &decision);
        let record = decision.to_json();
        prop_assert_eq!(&Decision::from_json(&json(&record.to_text())).unwrap().to_json(), &record);
        let fields = EventFields { timestamp: noon().now, ..EventFields::default() };
        let event = gate.log_event(&decision, &input, &context, &fields);
        // As it comes back from a file.
        let event = json(&event.to_text());
        let replayed = Gate::new(options()).unwrap().replay(&event).unwrap();
        prop_assert!(replayed.same, "{:?}", replayed.differences);
        prop_assert_eq!(replayed.event.to_text(), event.to_text());
    }

    #[test]
    fn a_lower_cap_never_allows_more(input in input(), lower in prop::sample::select(vec!["0", "0.1", "0.3", "0.5"])) {
        let lower = gate_of(&format!(r#"{{"unit_cost_usd":{{"deny_above":"{lower}"}},"default_budget_cap_usd":"{lower}"}}"#));
        let higher = gate_of(r#"{"unit_cost_usd":{"deny_above":"0.5"},"default_budget_cap_usd":"0.5"}"#);
        prop_assert!(lower.decide(&input, &noon()).decision <= higher.decide(&input, &noon()).decision);
    }

    #[test]
    fn an_unknown_never_allows_more(input in input(), at in any::<prop::sample::Index>()) {
        let members: Vec<String> = input.as_object().unwrap().keys().map(str::to_owned).collect();
        prop_assume!(!members.is_empty());
        let name = &members[at.index(members.len())];
        prop_assume!(crate::gate::is_known_field(name));
        let decision = gate().decide(&with(&input, name, Json::Null), &noon());
        prop_assert!(decision.decision <= gate().decide(&input, &noon()).decision);
        prop_assert!(!decision.allowed());
    }

    #[test]
    fn a_required_field_never_allows_more(input in input(), name in prop::sample::select(vec!["unit_cost_usd", "security_scan_passed"])) {
        let strict = gate_of(&format!(r#"{{"required_inputs":["{name}"]}}"#));
        prop_assert!(!strict.decide(&without(&input, name), &noon()).allowed());
        prop_assert!(strict.decide(&input, &noon()).decision <= gate().decide(&input, &noon()).decision);
    }

    #[test]
    fn an_exemption_never_changes_what_fires_beside_it(input in input()) {
        let exempting = Gate::new(GateOptions {
            exemptions: vec![exemption("budget.*", "2026-12-20T00:00:00Z")],
            ..GateOptions::default()
        })
        .unwrap();
        let (plain, eased) = (gate().decide(&input, &noon()), exempting.decide(&input, &noon()));
        let kept: Vec<_> = plain.violations.iter().filter(|v| eased.violations.contains(v)).collect();
        prop_assert_eq!(kept.len(), eased.violations.len());
        prop_assert_eq!(eased.violations.len().saturating_add(eased.exempted.len()), plain.violations.len());
        prop_assert!(eased.exempted.iter().all(|exempted| exempted.rule.starts_with("budget.")));
        let expired = Context { now: at("2026-12-20T00:00:00Z"), ..noon() };
        prop_assert_eq!(exempting.decide(&input, &expired).decision, plain.decision);
    }

    #[test]
    fn a_missing_approval_never_allows_more(input in input(), approver in "lead@x|DEV@x ") {
        let gate = Gate::new(asking()).unwrap();
        let pending = gate.decide(&input, &noon());
        let approvals = [approval(&pending, &approver)];
        let approved = gate.decide(&input, &Context { requester: Some("dev@x"), approvals: &approvals, ..noon() });
        prop_assert!(pending.decision <= approved.decision);
        prop_assert_eq!(approved.decision == Outcome::Deny, pending.decision == Outcome::Deny);
        if approver != "lead@x" {
            prop_assert_eq!(approved.decision, pending.decision);
        }
    }

    #[test]
    fn any_bytes_get_an_answer(text in prop::collection::vec(any::<u8>(), 0..64)) {
        let decision = gate().decide(text.as_slice(), &noon());
        prop_assert_eq!(decision.allowed(), decision.violations.is_empty() && decision.fault.is_none());
        prop_assert!(read(decision.to_json().to_text().as_bytes(), &Limits::default()).is_ok());
    }
}

#[cfg(feature = "rego")]
mod sets {
    use super::*;
    use crate::rego::{self, LoadOptions, Module, builtin};
    use std::sync::LazyLock;

    /// A gate that a busy machine does not time out.
    fn patient() -> Gate {
        let load = LoadOptions { limits: rego::Limits::patient(), ..LoadOptions::default() };
        Gate::new(GateOptions { load, ..GateOptions::default() }).unwrap()
    }

    fn loaded(rules: &str) -> Gate {
        let gate = patient();
        let module = Module::new("p.rego", format!("package finops\n{rules}\n"));
        gate.reload(&[module], &Json::object::<&str>([]), None).unwrap();
        gate
    }

    static SHIPPED: LazyLock<Gate> = LazyLock::new(|| {
        let gate = patient();
        gate.reload(&builtin::modules(), &builtin::data(&GateConfig::default()), None).unwrap();
        gate
    });

    static MORE: LazyLock<Gate> = LazyLock::new(|| {
        loaded(
            "deny contains \"other\" if input.other\nrequire_approval contains \"region\" if input.deployment_region",
        )
    });

    proptest! {
        #[test]
        fn a_set_only_ever_adds(input in input()) {
            let (plain, more) = (gate().decide(&input, &noon()), MORE.decide(&input, &noon()));
            prop_assert!(more.decision <= plain.decision);
            prop_assert!(plain.violations.iter().all(|violation| more.violations.contains(violation)));
            let actions: Vec<_> = more.violations.iter().map(|violation| violation.action).collect();
            prop_assert!(actions.is_sorted());
        }

        #[test]
        fn the_shipped_set_says_what_the_typed_rules_say(input in input()) {
            let (typed, both) = (gate().decide(&input, &noon()), SHIPPED.decide(&input, &noon()));
            if both.code() == Some("policy.eval") {
                // No double holds the number: the set cannot read it, and nobody is allowed.
                prop_assert!(input.to_text().contains("1e400") && !both.allowed());
            } else {
                prop_assert_eq!((both.decision, both.code()), (typed.decision, None));
            }
            prop_assert_eq!(both.violations, typed.violations);
            prop_assert_eq!(both.warnings, typed.warnings);
        }

        #[test]
        fn a_replay_with_a_set_gives_the_same_bytes(input in input()) {
            let decision = MORE.decide(&input, &noon());
            let event = MORE.log_event(&decision, &input, &noon(), &EventFields::default());
            let replayed = MORE.replay(&json(&event.to_text())).unwrap();
            prop_assert!(replayed.same, "{:?}", replayed.differences);
            let revision = event.pointer("/bundles/finops/revision").and_then(Json::as_str);
            prop_assert_eq!(revision, Some(&*decision.policy_revision));
        }
    }
}

//! Every fault denies with its code, and the process lives.

use super::*;
use crate::gate::Foreign;

#[test]
fn what_cannot_be_read_is_denied_by_the_reader() {
    let gate = gate();
    let deep = "[".repeat(100_000);
    let large = format!("\"{}\"", "x".repeat(10 << 20));
    for (text, rule) in [
        ("", "input.json"),
        ("{\"a\":NaN}", "input.json"),
        ("{}{}", "input.json"),
        ("[]", "input.not_object"),
        ("{\"a\":1,\"\\u0061\":1}", "input.duplicate_key"),
        (deep.as_str(), "input.too_deep"),
        (large.as_str(), "input.too_large"),
    ] {
        let decision = gate.decide(text, &noon());
        assert!(!decision.allowed());
        assert_eq!(decision.violations[0].rule, rule);
        assert_eq!((decision.violations.len(), decision.not_evaluated.len()), (1, 0));
        assert_eq!(decision.source, DecisionSource::Embedded);
    }
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(gate.decide("", &noon()).input_digest.as_str(), empty);
}

#[test]
fn a_value_has_the_limits_of_a_text() {
    let mut deep = Json::from(1);
    for _ in 0..64 {
        deep = Json::array([deep]);
    }
    let input = |value: &Json| Json::object([("x", value.clone())]);
    let Json::Array(inner) = &deep else { panic!() };
    assert!(!gate().decide(&input(&inner[0]), &noon()).violations[0].rule.starts_with("input."));
    assert_eq!(gate().decide(&input(&deep), &noon()).violations[0].rule, "input.too_deep");
    let large = Json::object([("x", Json::from("x".repeat(1 << 20)))]);
    assert_eq!(gate().decide(&large, &noon()).violations[0].rule, "input.too_large");
}

#[test]
fn what_json_cannot_hold_is_denied_under_any_schema() {
    let input = json(r#"{"x":null,"y":[null]}"#);
    let foreign = [
        Foreign { path: "/x".to_owned(), number: true, found: "NaN".to_owned() },
        Foreign { path: "/y/0".to_owned(), number: false, found: "datetime".to_owned() },
    ];
    for (default_policy, schema) in [(true, Schema::Finops), (false, Schema::Finops), (false, Schema::None)] {
        let gate = Gate::new(GateOptions { default_policy, schema, ..GateOptions::default() }).unwrap();
        let decision = gate.decide(Input::Native(&input, &foreign), &noon());
        let denied: Vec<_> =
            decision.violations.iter().map(|v| (v.rule.as_ref(), v.path.as_deref())).collect();
        assert!(
            denied.contains(&("input.number", Some("/x"))) && denied.contains(&("input.type", Some("/y/0")))
        );
        assert!(!decision.allowed());
    }
}

#[test]
fn without_its_set_a_gate_denies() {
    for (default_policy, require_set) in [(false, false), (true, true)] {
        let options = GateOptions { default_policy, require_set, ..GateOptions::default() };
        let decision = Gate::new(options).unwrap().decide(ALLOWED, &noon());
        assert_eq!((decision.code(), decision.allowed()), (Some("policy.missing"), false));
        assert_eq!(decision.source, DecisionSource::FailClosed);
        assert_eq!(decision.deny_messages().len(), 1);
    }
}

#[test]
fn the_default_policy_needs_its_schema() {
    let error = Gate::new(GateOptions { schema: Schema::None, ..GateOptions::default() }).unwrap_err();
    assert_eq!((error.code(), error.path()), ("policy.config", "/schema"));
    let error =
        Gate::new(GateOptions { masks: vec![Json::from("x")], ..GateOptions::default() }).unwrap_err();
    assert_eq!((error.code(), error.path()), ("policy.config", "/masks/0"));
}

#[test]
fn a_panic_becomes_a_fault() {
    let fault = super::super::gate::guarded(|| -> () { panic!("boom {}", 1) }).unwrap_err();
    assert_eq!((fault.code.as_str(), fault.detail.as_str()), ("policy.panic", "the engine panicked: boom 1"));
}

#[cfg(feature = "rego")]
mod sets {
    use super::*;
    use crate::{
        decision::state::Evaluate,
        rego::{Module, contract::SetAnswer, remote},
    };
    use std::{
        sync::Arc,
        sync::atomic::{AtomicBool, Ordering},
    };

    fn module(rules: &str) -> [Module; 1] {
        [Module::new("p.rego", format!("package finops\n{rules}\n"))]
    }

    fn none() -> Json {
        Json::object::<&str>([])
    }

    fn bare() -> GateOptions {
        GateOptions { default_policy: false, schema: Schema::None, ..GateOptions::default() }
    }

    fn loaded(options: GateOptions, rules: &str) -> Gate {
        let gate = Gate::new(options).unwrap();
        gate.reload(&module(rules), &none(), noon().now).unwrap();
        gate
    }

    #[test]
    fn the_typed_rules_come_first_then_those_of_the_set() {
        let rules = "deny contains \"no\" if input.x\nwarn contains \"hm\" if input.x\nadvice contains \"try y\" if input.x\n\
                     require_approval contains {\"id\": \"ask\", \"msg\": \"sure?\"} if input.x";
        let gate = loaded(GateOptions::default(), rules);
        let decision = gate.decide(&*DEAR.replacen('{', "{\"x\":true,", 1), &noon());
        let found: Vec<_> =
            decision.violations.iter().map(|v| (v.rule.as_ref(), v.action.as_str())).collect();
        assert_eq!(found, [("budget.unit_cost", "deny"), ("rego.deny", "deny"), ("ask", "require_approval")]);
        assert_eq!(decision.deny_messages(), ["Unit cost 0.6 USD exceeds budget cap of 0.5 USD", "no"]);
        assert_eq!(
            (decision.approval_messages(), decision.warn_messages()),
            (vec!["sure?".to_owned()], vec!["hm".to_owned()])
        );
        assert_eq!(decision.to_json().get("advice_messages").unwrap().to_text(), r#"["try y"]"#);
        assert_eq!(decision.engine, UsedEngine::Rvm);
        assert!(gate.decide(ALLOWED, &noon()).allowed());
    }

    #[test]
    fn a_set_that_names_a_typed_rule_without_a_sentence_says_it_once() {
        let twin = loaded(
            GateOptions::default(),
            "violation contains {\"rule\": \"budget.unit_cost\", \"path\": \"unit_cost_usd\"} if input.unit_cost_usd",
        );
        assert_eq!(twin.decide(DEAR, &noon()).violations, gate().decide(DEAR, &noon()).violations);
        // Where the typed rule is silent, the set's counts.
        assert!(!twin.decide(ALLOWED, &noon()).allowed());
        let own =
            "deny contains {\"rule\": \"budget.unit_cost\", \"msg\": \"ask finance\"} if input.unit_cost_usd";
        assert_eq!(loaded(GateOptions::default(), own).decide(DEAR, &noon()).violations.len(), 2);
    }

    #[test]
    fn faults_of_an_evaluation_deny_with_their_codes() {
        for (rules, code) in [
            ("deny contains \"x\" if input.x / input.zero > 1", "policy.eval"),
            ("deny := \"x\" if input.x", "policy.result"),
            ("default allow := false\nallow if input.never", "policy.not_allowed"),
        ] {
            let decision = loaded(bare(), rules).decide(r#"{"x":1,"zero":0}"#, &noon());
            assert_eq!((decision.code(), decision.allowed()), (Some(code), false), "{rules}");
            let embedded = code == "policy.not_allowed";
            assert_eq!(decision.source == DecisionSource::Embedded, embedded, "{rules}");
            assert_eq!(decision.deny_messages().len(), 1);
        }
    }

    #[test]
    fn limits_deny_with_their_codes() {
        let mut options = bare();
        options.load.limits.instructions = 3;
        options.load.limits.instructions_per_node = 0;
        let few = loaded(options, "deny contains \"x\" if input.x").decide(r#"{"x":1}"#, &noon());
        assert_eq!(few.code(), Some("policy.instruction_limit"));
        let mut options = bare();
        options.load.limits.wall = std::time::Duration::ZERO;
        options.load.run_tests = false;
        let rules = "deny contains \"x\" if {\n\tsome a in input.l\n\tsome b in input.l\n\tsome c in input.l\n\ta + b + c > 1000000\n}";
        let list = Json::object([("l", Json::array(0..60))]);
        assert_eq!(loaded(options, rules).decide(&list, &noon()).code(), Some("policy.timeout"));
    }

    #[test]
    fn a_failed_load_keeps_the_last_good_set_and_shows_the_error() {
        let gate = Gate::new(bare()).unwrap();
        let error = gate.reload(&module("deny contains 1 if {"), &none(), None).unwrap_err();
        assert_eq!(error.code(), "policy.parse");
        assert_eq!(gate.decide("{}", &noon()).code(), Some("policy.parse"), "no good set yet");

        gate.reload(&module("deny contains \"x\" if input.x"), &none(), noon().now).unwrap();
        let good = gate.status();
        assert_eq!((good.last_error.clone(), good.loaded_at), (None, noon().now));
        assert!(gate.decide("{}", &noon()).allowed());

        assert_eq!(gate.reload(&[], &none(), None).unwrap_err().code(), "lint.entry_missing");
        let error =
            gate.reload_archive(b"no archive", &crate::rego::BundleOptions::default(), None).unwrap_err();
        assert_eq!(error.code(), "bundle.format");
        let status = gate.status();
        assert_eq!((status.revision.as_str(), status.loaded_at), (good.revision.as_str(), good.loaded_at));
        assert_eq!(status.last_error.as_ref().unwrap().code, "bundle.format");
        assert!(status.to_json().to_text().contains(r#""last_error":{"code":"bundle.format""#));
        assert!(gate.decide("{}", &noon()).allowed());
        assert!(!gate.decide(r#"{"x":1}"#, &noon()).allowed());
    }

    #[test]
    fn a_set_grows_stale() {
        let old = |loaded_at, now| {
            let gate = Gate::new(GateOptions { max_age_s: Some(60), ..bare() }).unwrap();
            gate.reload(&module("deny contains \"x\" if input.x"), &none(), loaded_at).unwrap();
            gate.decide("{}", &Context { now, ..Context::default() }).code().map(str::to_owned)
        };
        let stale = Some("policy.stale".to_owned());
        assert_eq!(old(at("2026-11-21T12:00:00Z"), at("2026-11-21T12:01:00Z")), None);
        assert_eq!(old(at("2026-11-21T12:00:00Z"), at("2026-11-21T12:01:00.001Z")), stale);
        assert_eq!(old(None, at("2026-11-21T12:00:00Z")), stale);
        assert_eq!(old(at("2026-11-21T12:00:00Z"), None), stale);
    }

    struct Panics(AtomicBool);

    impl Evaluate for Panics {
        fn evaluate(&self, _: &Json) -> SetAnswer {
            assert!(!self.0.swap(false, Ordering::SeqCst), "broken engine");
            SetAnswer { decision: Outcome::Allow, code: None, detail: None, violations: Vec::new() }
        }

        fn engine(&self) -> UsedEngine {
            UsedEngine::Rvm
        }

        fn revision(&self) -> &str {
            "r"
        }

        fn digest(&self) -> &str {
            "sha256:00"
        }

        fn covered_lines(&self, _: &Json) -> Vec<(String, Vec<u32>)> {
            panic!("broken engine")
        }
    }

    #[test]
    fn a_panic_in_the_engine_denies_once_and_the_gate_lives() {
        let gate = Gate::new(bare()).unwrap();
        gate.slot.accept(Arc::new(Panics(AtomicBool::new(true))), None);
        let decision = gate.decide("{}", &noon());
        assert_eq!((decision.code(), decision.allowed()), (Some("policy.panic"), false));
        assert_eq!(&*decision.policy_revision, "r");
        let decision = gate.decide("{}", &noon());
        assert!(decision.allowed());
        assert_eq!(gate.explain(&decision, Some(&none())).lines, []);
    }

    #[test]
    fn eight_threads_decide_while_one_reloads() {
        let gate = Gate::new(bare()).unwrap();
        let strict = module("deny contains \"strict\"");
        let open = module("deny contains \"x\" if input.x");
        gate.reload(&open, &none(), None).unwrap();
        let open_revision = gate.status().revision;
        std::thread::scope(|scope| {
            let deciders: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..200 {
                            let decision = gate.decide("{}", &noon());
                            // The answer and the revision are of one set.
                            assert_eq!(decision.allowed(), *decision.policy_revision == *open_revision);
                            assert_eq!(decision.code(), None);
                        }
                    })
                })
                .collect();
            for _ in 0..20 {
                gate.reload(&strict, &none(), None).unwrap();
                gate.reload(&[], &none(), None).unwrap_err();
                gate.reload(&open, &none(), None).unwrap();
            }
            deciders.into_iter().for_each(|decider| decider.join().unwrap());
        });
        assert!(gate.decide("{}", &noon()).allowed());
    }

    #[test]
    fn a_set_finds_the_configuration_of_the_gate() {
        let rules = "deny contains \"dear\" if {\n\tis_number(input.unit_cost_usd)\n\tinput.unit_cost_usd > data.finops_config.gate.unit_cost_usd.deny_above\n}";
        let options = GateOptions {
            config: config(r#"{"unit_cost_usd":{"deny_above":"0.55"}}"#),
            ..GateOptions::default()
        };
        let gate = loaded(options, rules);
        assert_eq!(gate.decide(DEAR, &noon()).violations.len(), 2);
        assert!(gate.decide(&*DEAR.replace("0.6", "0.55"), &noon()).allowed());
        // One digit beyond every double: rounded to the side that denies, as the typed rule does.
        assert_eq!(
            gate.decide(&*DEAR.replace("0.6", "0.55000000000000000000001"), &noon()).violations.len(),
            2
        );
    }

    #[test]
    fn an_explanation_names_the_lines_that_ran() {
        let gate = loaded(bare(), "deny contains \"x\" if input.x\ndeny contains \"y\" if input.y");
        let input = json(r#"{"x":true}"#);
        let explanation = gate.explain(&gate.decide(&input, &noon()), Some(&input));
        assert_eq!(explanation.rules.len(), 1);
        let (file, lines) = &explanation.lines[0];
        assert_eq!(file, "p.rego");
        assert!(lines.contains(&2), "{lines:?}");
    }

    #[test]
    fn a_remote_answer_is_a_decision() {
        let gate = gate();
        let decide = |answer| gate.decide_remote(DEAR, &noon(), answer, Some("r7"));
        let allowed = decide(remote::answered(200, br#"{"result":{"allow":true}}"#));
        assert_eq!(
            (allowed.allowed(), allowed.source, allowed.engine),
            (true, DecisionSource::Opa, UsedEngine::Remote)
        );
        assert_eq!(&*allowed.policy_revision, "r7");
        let denied = decide(remote::answered(200, br#"{"result":{"allow":false}}"#));
        assert_eq!((denied.code(), denied.source), (Some("policy.not_allowed"), DecisionSource::Opa));
        let failed = decide(remote::failed(remote::Failure::Timeout));
        assert_eq!(
            (failed.code(), failed.source, failed.allowed()),
            (Some("opa.timeout"), DecisionSource::FailClosed, false)
        );
        assert_eq!(failed.deny_messages(), ["policy service unavailable: no answer in time"]);
        let unread =
            gate.decide_remote("{", &noon(), remote::answered(200, br#"{"result":{"allow":true}}"#), None);
        assert_eq!(unread.violations[0].rule, "input.json");
    }

    #[test]
    fn approvals_never_lift_a_fault() {
        let gate = loaded(asking(), "default allow := false\nallow if input.never");
        let first = gate.decide(DEAR, &noon());
        let approvals = [approval(&first, "lead@x")];
        let decision =
            gate.decide(DEAR, &Context { requester: Some("dev@x"), approvals: &approvals, ..noon() });
        assert_eq!((decision.decision, decision.code()), (Outcome::Deny, Some("policy.not_allowed")));
    }
}

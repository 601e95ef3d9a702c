//! What the log keeps, and that it can be decided again.

use super::{
    log::{EventFields, ReplayError},
    *,
};

fn fields() -> EventFields {
    let labels = json(r#"{"id":"host-1","version":"0.1.0"}"#);
    EventFields {
        timestamp: noon().now,
        labels: labels.as_object().cloned().unwrap(),
        metrics: json(r#"{"timer_rego_query_eval_ns":1900}"#).as_object().cloned().unwrap(),
    }
}

fn logged(gate: &Gate, input: &str, context: &Context<'_>) -> Json {
    gate.log_event(&gate.decide(input, context), input, context, &fields())
}

#[test]
fn an_event_has_the_shape_of_opa() {
    let event = logged(&gate(), DEAR, &noon());
    let keys: Vec<&str> = event.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "decision_id",
            "timestamp",
            "path",
            "input",
            "result",
            "labels",
            "bundles",
            "metrics",
            "erased",
            "masked"
        ]
    );
    assert_eq!(event.get("timestamp"), Some(&Json::from("2026-11-21T12:00:00.000Z")));
    assert_eq!(event.get("path"), Some(&Json::from("finops")));
    assert_eq!(event.get("bundles").unwrap().to_text(), "{}");
    assert_eq!(event.get("input").unwrap().to_text(), DEAR);
}

#[test]
fn an_event_is_masked_and_says_so_without_the_values() {
    let options = GateOptions { masks: vec![Json::from("/input/user/email")], ..GateOptions::default() };
    let gate = Gate::new(options).unwrap();
    let input = r#"{"user":{"email":"a@b","apiKey":"k-123"},"unit_cost_usd":0.1}"#;
    let event = logged(&gate, input, &noon());
    assert_eq!(
        event.get("input").unwrap().to_text(),
        r#"{"user":{"apiKey":"**REDACTED**"},"unit_cost_usd":0.1}"#
    );
    assert_eq!(event.get("erased").unwrap().to_text(), r#"["/input/user/email"]"#);
    assert_eq!(event.get("masked").unwrap().to_text(), r#"["/input/user/apiKey"]"#);
    assert!(!event.to_text().contains("k-123"));
    let error = gate.replay(&event).unwrap_err();
    assert_eq!((error.code(), error.path()), ("policy.replay_masked", "/input"));
}

#[test]
fn a_text_that_cannot_be_read_is_not_logged() {
    let event = logged(&gate(), "{\"password\":\"p\"", &noon());
    assert_eq!(event.get("input"), None);
    assert_eq!(event.get("erased").unwrap().to_text(), r#"["/input"]"#);
    assert!(matches!(gate().replay(&event), Err(ReplayError::Masked { .. })));
}

#[test]
fn a_replay_knows_time_requester_approvals_and_exemptions() {
    let options =
        || GateOptions { exemptions: vec![exemption("tags.*", "2026-11-21T12:00:00.001Z")], ..asking() };
    let gate = Gate::new(options()).unwrap();
    let input = DEAR.replace("\"dev\"", "\"\"");
    let pending = gate.decide(input.as_str(), &noon());
    let approvals = [approval(&pending, "lead@x")];
    let context = Context { requester: Some("dev@x"), approvals: &approvals, ..noon() };
    let event = logged(&gate, &input, &context);
    assert_eq!(event.pointer("/result/allowed"), Some(&Json::from(true)));
    let replayed = Gate::new(options()).unwrap().replay(&event).unwrap();
    assert!(replayed.same && replayed.differences.is_empty() && replayed.decision.allowed());
    assert_eq!(replayed.event.to_text(), event.to_text());
    // Without the exemptions it is not the same policy in effect.
    let error = Gate::new(asking()).unwrap().replay(&event).unwrap_err();
    assert_eq!(error.code(), "policy.replay_revision");
}

#[test]
fn a_replay_under_another_policy_is_refused() {
    let event = logged(&gate(), DEAR, &noon());
    let error = Gate::new(asking()).unwrap().replay(&event).unwrap_err();
    assert_eq!((error.code(), error.path()), ("policy.replay_revision", "/result/policy_digest"));
}

#[test]
fn a_changed_record_is_found_out() {
    let event = logged(&gate(), DEAR, &noon());
    let changed = |from: &str, to: &str| json(&event.to_text().replace(from, to));
    let lie = changed("\"decision\":\"deny\"", "\"decision\":\"allow\"");
    let replayed = gate().replay(&lie).unwrap();
    assert_eq!((replayed.same, replayed.differences), (false, vec!["/result/decision".to_owned()]));
    assert_eq!(gate().replay(&changed(":0.6", ":0.7")).unwrap_err().code(), "policy.replay_masked");
    assert_eq!(
        gate().replay(&changed("\"timestamp\":\"2026", "\"timestamp\":\"x")).unwrap_err().path(),
        "/timestamp"
    );
    assert_eq!(gate().replay(&Json::Null).unwrap_err().code(), "policy.replay_event");
    // Another spelling of the same number is the same input.
    assert!(gate().replay(&changed(":0.6", ":0.60")).unwrap().differences.is_empty());
}

#[test]
fn times_may_differ() {
    let event = logged(&gate(), DEAR, &noon());
    let mut timed = event.clone();
    if let Some(Json::Object(result)) = timed.pointer_mut("/result") {
        result.insert("eval_ns", 1234);
    }
    *timed.pointer_mut("/metrics").unwrap() = json(r#"{"timer_rego_query_eval_ns":7}"#);
    assert!(gate().replay(&timed).unwrap().same);
}

#[test]
fn impact_counts_flips_and_what_it_could_not_see() {
    let events = [
        logged(&gate(), DEAR, &noon()),
        logged(&gate(), ALLOWED, &noon()),
        logged(&gate(), "{", &noon()),
        logged(&gate(), r#"{"unit_cost_usd":0.6,"token":"t"}"#, &noon()),
    ];
    let candidate = GateOptions {
        config: config(r#"{"unit_cost_usd":{"deny_above":"0.7"},"required_tags":["owner"]}"#),
        ..GateOptions::default()
    };
    let impact = shadow::impact(&events, &Gate::new(candidate).unwrap()).to_json().to_text();
    assert_eq!(
        impact,
        r#"{"events":4,"evaluated":2,"changed":1,"flips":[["allow","deny",1]],"added":{"tags.required":2},"removed":{"budget.unit_cost":1},"skipped":{"policy.replay_masked":2}}"#
    );
}

#[test]
fn only_allows_are_sampled_and_the_same_ones_everywhere() {
    let (denied, allowed) = (gate().decide(DEAR, &noon()), gate().decide(ALLOWED, &noon()));
    assert!(log::is_sampled(&denied, 0.0));
    assert!(log::is_sampled(&Decision { decision_id: None, ..allowed.clone() }, 0.0));
    let kept = |rate: f64| {
        let id = |i: u32| Decision { decision_id: Some(format!("d-{i}")), ..allowed.clone() };
        (0..1000).filter(|i| log::is_sampled(&id(*i), rate)).count()
    };
    assert_eq!((kept(0.0), kept(1.0)), (0, 1000));
    assert!((200..300).contains(&kept(0.25)), "{}", kept(0.25));
    for rate in [-0.1, 1.1, f64::NAN] {
        assert_eq!(log::sample_rate(rate, "/sample_allow").unwrap_err().code(), "policy.config");
    }
}

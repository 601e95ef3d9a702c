//! The Rego twin: interpreter and virtual machine answer as the typed checks.

use proptest::prelude::*;

use super::{
    GuardrailConfig, Now, check, rego_data, rego_input,
    tests::{any_change, any_history, json, value as any_value},
};
use crate::{
    Json,
    decision::{Action, Outcome},
    rego::{
        Engine, Limits, Module, builtin,
        engine::{Prepared, parsed},
        lint, test_runner, value,
    },
};

fn modules() -> [Module; 2] {
    [
        Module::new("guardrails.rego", builtin::GUARDRAILS),
        Module::new("guardrails_test.rego", builtin::GUARDRAILS_TEST),
    ]
}

fn data(config: &GuardrailConfig) -> Json {
    Json::object([("finops_config", Json::object([("guardrails", rego_data(config))]))])
}

#[test]
fn it_lints_clean_runs_on_the_machine_and_passes_its_tests() {
    let report = lint::lint(&modules(), &data(&GuardrailConfig::default()), "finops.guardrails");
    assert_eq!(report.errors, []);
    // `check` is what the host reads; the lint knows the entries of a gate only.
    let warnings: Vec<_> = report.warnings.iter().map(|w| (w.code, w.message.as_str())).collect();
    assert!(
        warnings.iter().all(|(code, message)| *code == "lint.unused_rule" && message.contains("check")),
        "{warnings:?}"
    );
    assert_eq!(report.engine.engine, Engine::Rvm, "{:?}", report.engine.reasons);
    let tests =
        test_runner::run(&modules(), &data(&GuardrailConfig::default()), &Default::default()).unwrap();
    assert_eq!(tests.first_failure(), None);
    assert!(tests.success());
}

#[test]
fn the_shipped_data_is_the_default_configuration() {
    let shipped = json(builtin::DATA);
    let data = data(&GuardrailConfig::default());
    assert_eq!(shipped.pointer("/finops_config/guardrails"), data.pointer("/finops_config/guardrails"));
}

/// A check as the twin gives it: name, action, path.
type Row = (String, String, Option<String>);

fn typed(change: &Json, history: &Json, now: Now, config: &GuardrailConfig) -> (bool, Vec<Row>) {
    let check = check(change, history, now, config);
    let action = |a: Action| if a == Action::Deny { "deny" } else { "require_approval" };
    let row =
        |f: &super::FailedCheck| (f.policy_name.to_owned(), action(f.action).to_owned(), f.path.clone());
    let mut rows: Vec<Row> = check.failed().iter().map(row).collect();
    rows.sort();
    (check.action() == Outcome::Allow, rows)
}

/// The twin over one configuration: its rules, prepared for both engines.
struct Twin {
    config: GuardrailConfig,
    engines: Vec<(Prepared, Prepared)>,
}

impl Twin {
    fn new(overrides: &str) -> Self {
        let config = GuardrailConfig::from_json(&json(overrides)).unwrap();
        let prepare = |rule: &str, engine| {
            let data = value::from_json(&data(&config)).unwrap().value;
            Prepared::new(parsed(&modules()).unwrap().engine, data, rule, engine).unwrap()
        };
        let both =
            |e| (prepare("data.finops.guardrails.allow", e), prepare("data.finops.guardrails.check", e));
        let engines = [Engine::Interpreter, Engine::Rvm].map(both).into();
        Self { config, engines }
    }

    fn agrees(&self, change: &Json, history: &Json, now: Now) -> Result<(), TestCaseError> {
        let typed = typed(change, history, now, &self.config);
        let input = rego_input(change, history, now, &self.config);
        for (allow, check) in &self.engines {
            let run = |rule: &Prepared| {
                let value = rule.run(Some(value::from_json(&input).unwrap()), &Limits::patient()).unwrap();
                value::to_json(&value, 1 << 20).unwrap()
            };
            let text = |row: &Json, name: &str| row.get(name).and_then(Json::as_str).map(str::to_owned);
            let row = |row: &Json| {
                (text(row, "policy_name").unwrap(), text(row, "action").unwrap(), text(row, "path"))
            };
            let mut rows: Vec<Row> = run(check).as_array().unwrap().iter().map(row).collect();
            rows.sort();
            prop_assert_eq!(
                (run(allow) == Json::Bool(true), &rows),
                (typed.0, &typed.1),
                "{}",
                input.to_text()
            );
        }
        Ok(())
    }
}

thread_local! {
    static TWINS: [Twin; 3] = [
        Twin::new("{}"),
        Twin::new(
            r#"{"time_zone":"Europe/Berlin","change_windows":[{"start":"01:30","end":"02:30"}],"max_daily_change":"999.9",
                "max_single_change":"0.1","protected_tags":["a"],"blast_radius_limit":1,"min_confidence":"0.6999999999999998"}"#,
        ),
        Twin::new(r#"{"change_windows":[],"max_risk_score":1,"min_confidence":0,"blast_radius_limit":0,"protected_tags":[]}"#),
    ];
}

proptest! {
    #[test]
    fn typed_interpreter_and_machine_answer_alike(
        change in any_change(), history in any_history(), now in any_value(), twin in 0_usize..3,
    ) {
        TWINS.with(|twins| twins[twin].agrees(&change, &history, Now::from_json(Some(&now))))?;
    }

    #[test]
    fn one_double_and_less_beside_a_limit(
        limit in prop::sample::select(vec!["0.7", "0.1", "500", "750.5", "1000", "0.3", "999999999999999.9"]),
        ulps in -2_i64..3, tail in "[0-9]{0,30}",
    ) {
        let near = f64::from_bits(limit.parse::<f64>().unwrap().to_bits().checked_add_signed(ulps).unwrap());
        let mut text = near.to_string();
        if !tail.is_empty() {
            text.push_str(if text.contains('.') { "" } else { "." });
            text.push_str(&tail);
        }
        let now = Now::from_json(Some(&Json::from("2026-11-21T03:00:00Z")));
        let score = near <= 1.0;
        let twin = Twin::new(&if score {
            format!(r#"{{"min_confidence":"{limit}","max_risk_score":"{limit}"}}"#)
        } else {
            format!(r#"{{"max_single_change":"{limit}","max_daily_change":"{limit}"}}"#)
        });
        let change = if score {
            format!(r#"{{"confidence":{text},"risk_score":"{text}","monthly_saving_usd":1,"namespace":"a"}}"#)
        } else {
            format!(r#"{{"confidence":1,"risk_score":0,"monthly_saving_usd":-{text},"namespace":"a"}}"#)
        };
        twin.agrees(&json(&change), &json("[]"), now)?;
        twin.agrees(&json(&change), &json(r#"[{"monthly_saving_usd":"0.00000000000000000000000001"}]"#), now)?;
    }
}

#[test]
fn both_agree_around_every_change_of_the_clock() {
    TWINS.with(|twins| {
        let change = json(r#"{"confidence":0.9,"risk_score":0.2,"monthly_saving_usd":0.1,"namespace":"b"}"#);
        for day in ["2026-03-29", "2026-10-25"] {
            for minute in (0..240).step_by(10) {
                let now = format!("{day}T{:02}:{:02}:00Z", minute / 60, minute % 60);
                let before = json(&format!(
                    r#"[{{"monthly_saving_usd":999,"namespace":"b","at":"{day}T00:00:00+02:00"}}]"#
                ));
                twins[1].agrees(&change, &before, Now::from_json(Some(&Json::from(now)))).unwrap();
            }
        }
    });
}

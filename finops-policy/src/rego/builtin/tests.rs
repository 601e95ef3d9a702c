use super::*;
use crate::{
    decision::Action,
    gate::{
        Answer,
        sample::{LIMITS, beside, input},
    },
    json::{Limits, Number, Object, read},
    rego::{
        Engine, LoadOptions, PolicySet,
        engine::{Limits as Bounds, Prepared, parsed},
        lint::lint,
        test_runner::TestStatus,
        value::{self, Schema},
    },
};
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::LazyLock};

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn the_shipped_data_is_the_default_configuration() {
    let plain = |value: &Json| serde_json::Value::try_from(value).unwrap();
    assert_eq!(
        plain(&json(DATA)).pointer("/finops_config/gate"),
        plain(&data(&GateConfig::default())).pointer("/finops_config/gate")
    );
}

#[test]
fn the_default_policy_lints_clean_and_runs_on_the_machine() {
    let report = lint(&modules(), &json(DATA), "finops");
    assert_eq!((report.errors, report.warnings), (Vec::new(), Vec::new()));
    let (_, report) = PolicySet::load(&modules(), &json(DATA), &LoadOptions::default()).unwrap();
    assert_eq!((report.engine, report.engine_reasons), (Engine::Rvm, Vec::new()));
    let tests = report.tests.unwrap();
    assert!(tests.success(), "{tests:?}");
    assert_eq!(tests.count(TestStatus::Pass), tests.results.len());
}

/// A rule that fired, the field and the subject it names.
type Fired = (String, String, String);

/// One configuration in both engines.
struct Both {
    config: GateConfig,
    /// `violation`, `warn` and `allow` for each engine.
    rules: [[Prepared; 3]; 2],
}

impl Both {
    fn of(config: &str) -> Self {
        let config = GateConfig::from_json(&json(config)).unwrap();
        let base = value::from_json(&data(&config)).unwrap().value;
        let prepared = |rule: &str, engine| {
            Prepared::new(
                parsed(&modules()).unwrap().engine,
                base.clone(),
                &format!("data.finops.{rule}"),
                engine,
            )
            .unwrap()
        };
        let rules = [Engine::Interpreter, Engine::Rvm]
            .map(|engine| ["violation", "warn", "allow"].map(|rule| prepared(rule, engine)));
        Self { config, rules }
    }

    /// What typed rules, interpreter and machine say to an input: allowed, violations, warnings.
    fn answers(&self, input: &Json) -> [(bool, BTreeSet<Fired>, BTreeSet<Fired>); 3] {
        let typed = crate::gate::decide(input, &self.config);
        let [interpreter, machine] = &self.rules;
        let rego = |[violation, warn, allow]: &[Prepared; 3]| {
            let run = |rule: &Prepared| {
                let input = value::from_input(input, Schema::Finops).unwrap();
                value::to_json(&rule.run(Some(input), &Bounds::patient()).unwrap(), usize::MAX).unwrap()
            };
            (run(allow) == Json::Bool(true), of_rego(&run(violation)), of_rego(&run(warn)))
        };
        [of_typed(&typed), rego(interpreter), rego(machine)]
    }
}

fn of_typed(answer: &Answer) -> (bool, BTreeSet<Fired>, BTreeSet<Fired>) {
    let fired = |action: Action| {
        let of_action =
            answer.violations.iter().chain(&answer.warnings).filter(move |failure| failure.action == action);
        let field = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
        of_action
            .map(|failure| {
                let path = failure.path.as_deref().map(field).unwrap_or_default();
                (failure.rule.to_string(), path, failure.subject.clone().unwrap_or_default())
            })
            .collect()
    };
    (answer.allowed(), fired(Action::Deny), fired(Action::Warn))
}

fn of_rego(set: &Json) -> BTreeSet<Fired> {
    let member = |fired: &Json, name| fired.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let fired = set.as_array().expect("a set");
    fired
        .iter()
        .map(|fired| (member(fired, "rule"), member(fired, "path"), member(fired, "subject")))
        .collect()
}

static CONFIGS: LazyLock<Vec<Both>> = LazyLock::new(|| {
    [
        "{}",
        r#"{"known_only":true,"extra_inputs":["model"],"required_inputs":["unit_cost_usd","model","cost_tags"]}"#,
        r#"{"default_budget_cap_usd":"50","unit_cost_usd":{"deny_above":"0.5"},"carbon_intensity_g_per_kwh":{"deny_above":400}}"#,
        r#"{"required_tags":[],"carbon_efficient_regions":[],"unit_cost_usd":{"warn_above":0,"deny_above":0},"test_pass_rate":{"deny_below":0}}"#,
    ]
    .map(Both::of)
    .into()
});

#[test]
fn one_double_beside_each_limit_all_answer_alike() {
    let fields = [
        "unit_cost_usd",
        "total_spend_usd",
        "budget_cap_usd",
        "test_pass_rate",
        "carbon_intensity_g_per_kwh",
    ];
    let tags = Json::object([("team", Json::from("ai")), ("environment", "dev".into())]);
    for field in fields {
        for (limit, steps, digits) in LIMITS.iter().flat_map(|limit| {
            [-1, 0, 1]
                .into_iter()
                .flat_map(move |steps| ["", "00000000000000000001"].map(|digits| (*limit, steps, digits)))
        }) {
            let mut input: Object =
                [("total_spend_usd", Json::from(10)), ("budget_cap_usd", 10.into())].into_iter().collect();
            input.insert("cost_tags", tags.clone());
            input.insert("promotion_request", true);
            input.insert("security_scan_passed", true);
            input.insert("test_pass_rate", 1);
            input.insert(field, Number::new(&beside(limit, steps, digits)).unwrap());
            let input = Json::Object(input);
            for both in CONFIGS.iter() {
                let [typed, interpreter, machine] = both.answers(&input);
                assert_eq!(typed, interpreter, "{input}");
                assert_eq!(typed, machine, "{input}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Typed rules, interpreter and machine answer alike: allow, rules, fields, subjects, warnings.
    #[test]
    fn typed_rules_and_both_engines_answer_alike(input in input(), config in 0_usize..4) {
        // Beyond the largest double Rego is not asked at all.
        prop_assume!(value::from_input(&input, Schema::Finops).is_ok());
        let [typed, interpreter, machine] = CONFIGS[config].answers(&input);
        prop_assert_eq!(&typed, &interpreter);
        prop_assert_eq!(&typed, &machine);
    }
}

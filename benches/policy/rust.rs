//! The gate, the guardrails and Rego in Rust. Each benchmark states its goal: section 14 of the policy specification.
//!
//! Run with `cargo bench -p finops-benches --bench policy`; `benches/report.py` writes the table of docs/benchmarks.md.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has to stop")]

use criterion::{Criterion, criterion_group, criterion_main};
use finops_benches::{CpuTime, criterion, few};
use finops_policy::{
    Json,
    decision::{self, Context, Gate, GateOptions, Violation},
    gate::{self, GateConfig},
    guardrail::{Guardrails, Now},
    json::{Limits, read},
    rego::{EngineOption, LoadOptions, Module, PolicySet, builtin, value::Schema},
};
use std::hint::black_box;

/// Every rule is evaluated and none fires, as in `benches/policy/gate.py`.
const ALLOW: &str = r#"{"unit_cost_usd": 0.2, "total_spend_usd": 900, "budget_cap_usd": 1000,
    "cost_tags": {"team": "search", "environment": "production"}, "promotion_request": true, "test_pass_rate": 0.99,
    "security_scan_passed": true, "carbon_intensity_g_per_kwh": 120, "deployment_region": "eu-north-1"}"#;
/// Every rule fires.
const DENY: &str = r#"{"unit_cost_usd": 0.75, "total_spend_usd": 1200, "budget_cap_usd": 1000, "cost_tags": {"team": ""},
    "promotion_request": true, "test_pass_rate": 0.8, "security_scan_passed": false, "carbon_intensity_g_per_kwh": 500,
    "deployment_region": "us-east-1"}"#;

fn json(text: &str) -> Json {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

/// Goal: the typed rules in at most 0.1 us when none fires, 2.5 us when all do, with their messages.
fn typed(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("policy typed");
    let config = GateConfig::default();
    for (name, text) in [("allow", ALLOW), ("all rules firing", DENY)] {
        let input = json(text);
        assert_eq!(gate::decide(&input, &config).allowed(), name == "allow");
        group.bench_function(name, |b| {
            b.iter(|| gate::decide(black_box(&input), &config).deny_messages().count())
        });
    }
    group.finish();
}

/// Goal: the guardrails in at most 0.1 us when none fails, 2.5 us when all do.
fn guardrails(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("policy guardrails");
    let guardrails = Guardrails::default();
    let allowed = json(
        r#"{"confidence": 0.9, "risk_score": 0.1, "monthly_saving_usd": "120.50", "namespace": "shop"}"#,
    );
    let failing = json(
        r#"{"confidence": 0.1, "risk_score": 0.9, "monthly_saving_usd": "2000", "tags": ["production"],
            "namespaces": ["a", "b", "c", "d"]}"#,
    );
    let inside = Now::At("2026-11-02T03:00:00Z".parse().unwrap());
    let outside = Now::At("2026-11-02T12:00:00Z".parse().unwrap());
    for (name, change, now) in [("allow", allowed, inside), ("all checks failing", failing, outside)] {
        let history = json("[]");
        let failed = guardrails.check_opportunity(&change, &history, now).failed().len();
        assert_eq!(failed, if name == "allow" { 0 } else { 7 });
        group.bench_function(name, |b| {
            b.iter(|| guardrails.check_opportunity(black_box(&change), &history, now));
        });
    }
    group.finish();
}

fn shipped() -> PolicySet {
    let data = builtin::data(&GateConfig::default());
    let options = LoadOptions { engine: EngineOption::Rvm, ..LoadOptions::default() };
    PolicySet::load(&builtin::modules(), &data, &options).unwrap().0
}

/// Thirteen rules without checks of the input, and their limits, as in `benches/policy/gate.py`.
fn thirteen() -> PolicySet {
    let data = json(
        r#"{"limits": {"unit_cost_warn": 0.3, "unit_cost_deny": 0.5, "pass_rate": 0.95, "carbon_warn": 300,
            "carbon_deny": 400, "required_tags": ["team", "environment"],
            "regions": ["us-west-2", "eu-north-1", "ca-central-1"]}}"#,
    );
    let options = LoadOptions { engine: EngineOption::Rvm, ..LoadOptions::default() };
    let modules = [Module::new("thirteen.rego", include_str!("thirteen.rego"))];
    PolicySet::load(&modules, &data, &options).unwrap().0
}

/// Goals, allow and all rules firing: from a value 20 and 35 us with thirteen rules, 40 and 50 us with the shipped policy;
/// from JSON text to JSON text 30 and 45 us with thirteen rules.
fn rego(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("policy rego");
    let sets = [("13 rules", thirteen(), Schema::None), ("shipped", shipped(), Schema::Finops)];
    for (set_name, set, schema) in &sets {
        for (name, text) in [("allow", ALLOW), ("all rules firing", DENY)] {
            let input = json(text);
            let denied = set.decide_as(&input, *schema).violations.len();
            assert_eq!(denied, if name == "allow" { 0 } else { 8 }, "{set_name}");
            group.bench_function(format!("{set_name}, {name}, from a value"), |b| {
                b.iter(|| set.decide_as(black_box(&input), *schema));
            });
            group.bench_function(format!("{set_name}, {name}, text to text"), |b| {
                b.iter(|| {
                    let answer = set.decide_as(&json(black_box(text)), *schema);
                    Json::array(answer.violations.iter().map(Violation::to_json)).to_text()
                });
            });
        }
    }
    group.finish();
}

/// The whole decision: what a gate adds to the rules, its record included.
fn decision(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("policy decision");
    let typed = Gate::new(GateOptions::default()).unwrap();
    let options = GateOptions { default_policy: false, schema: decision::Schema::None, ..GateOptions::default() };
    let portable = Gate::new(options).unwrap();
    portable.reload(&builtin::modules(), &builtin::data(&GateConfig::default()), None).unwrap();
    for (gate_name, gate) in [("typed", &typed), ("shipped Rego", &portable)] {
        for (name, text) in [("allow", ALLOW), ("all rules firing", DENY)] {
            let input = json(text);
            assert_eq!(gate.decide(&input, &Context::default()).allowed(), name == "allow");
            group.bench_function(format!("{gate_name}, {name}"), |b| {
                b.iter(|| gate.decide(black_box(&input), &Context::default()));
            });
        }
    }
    group.finish();
}

/// Goal: parse, lint and compile the shipped policy in at most 3 ms.
fn load(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("policy load");
    few(&mut group);
    let (modules, data) = (builtin::modules(), builtin::data(&GateConfig::default()));
    let options = LoadOptions { run_tests: false, ..LoadOptions::default() };
    group.bench_function("parse, lint and compile", |b| {
        b.iter(|| PolicySet::load(black_box(&modules), &data, &options).unwrap());
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = typed, guardrails, rego, decision, load
}
criterion_main!(benches);

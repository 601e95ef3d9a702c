//! The gate, the guardrails and Rego in Rust. Each benchmark states its goal: section 14 of the policy specification.
//!
//! Run with `cargo bench -p finops-benches --bench policy`; `benches/report.py` writes the table of docs/benchmarks.md.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has to stop")]

use criterion::{Criterion, criterion_group, criterion_main};
use finops_benches::{CpuTime, criterion, few};
use finops_policy::{
    Json,
    decision::{self, Context, Gate, GateOptions, Outcome, Violation},
    gate::{self, Cell, Findings, GateConfig, Row},
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

/// A change as an opportunity records it: two dozen members, of which the guardrails read ten.
const RECORD: &str = r#"{"change_id": "c-1", "opportunity_id": "o-1", "kind": "rightsize", "resource": "deployment/api",
    "provider": "aws", "account": "123456789012", "region": "eu-central-1", "cluster": "prod", "namespace": "shop",
    "owner": "team-a", "confidence": "0.9", "risk_score": "0.1", "monthly_saving_nanos": 120500000000,
    "monthly_saving_usd": "120.50", "before": {"cpu": "2"}, "after": {"cpu": "1"}, "reason": "idle", "detector": "d1",
    "version": "1", "created_at": "2026-11-02T01:00:00Z", "status": "proposed", "tags": ["env=dev", "team=a"],
    "evidence": [], "rollback": "x"}"#;

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

/// Goal: 100 ns a row of columns that differ from row to row, so 100 us for a thousand of them.
fn rows(bench: &mut Criterion<CpuTime>) {
    const ROWS: usize = 1000;
    let mut group = bench.benchmark_group("policy rows");
    let gate = Gate::new(GateOptions::default()).unwrap();
    let rules = gate.typed_rules().unwrap();
    let field = |name: &str| Row::field(name).unwrap();
    for (name, above) in [("allow", 0.0), ("all rules firing", 1.0)] {
        let numbers = |low: f64, high: f64, firing: f64| -> Vec<f64> {
            let steps = (0_u32..).take(ROWS).map(|row| f64::from(row) / 1000.0);
            steps.map(|part| low + (high - low) * part + above * firing).collect()
        };
        let columns = [
            (field("unit_cost_usd"), numbers(0.0, 0.29, 0.6)),
            (field("total_spend_usd"), numbers(100.0, 900.0, 1000.0)),
            (field("budget_cap_usd"), numbers(901.0, 999.0, 0.0)),
            (field("test_pass_rate"), numbers(0.95, 1.0, -0.5)),
            (field("carbon_intensity_g_per_kwh"), numbers(10.0, 299.0, 400.0)),
        ];
        let tags =
            json(if above == 0.0 { r#"{"team": "a", "environment": "b"}"# } else { r#"{"team": ""}"# });
        let region = if above == 0.0 { "eu-north-1" } else { "us-east-1" };
        let others = [
            (field("promotion_request"), Cell::Bool(true)),
            (field("security_scan_passed"), Cell::Bool(above == 0.0)),
            (field("deployment_region"), Cell::Text(region)),
            (field("cost_tags"), Cell::of(&tags)),
        ];
        let (mut findings, mut bytes) = (Findings::default(), 0_usize);
        let mut decide = || {
            let mut allowed = 0;
            let mut row = Row::default();
            for place in 0..ROWS {
                for (field, values) in &columns {
                    row.set(*field, values.get(place).map_or(Cell::Null, |value| Cell::Float(*value)));
                }
                for (field, cell) in &others {
                    row.set(*field, *cell);
                }
                let outcome = rules.decide_row(black_box(&row), &mut findings, |_, _, message| {
                    bytes = bytes.wrapping_add(message.len())
                });
                allowed = usize::wrapping_add(allowed, usize::from(outcome == Some(Outcome::Allow)));
            }
            allowed
        };
        assert_eq!(decide(), if above == 0.0 { ROWS } else { 0 });
        group.bench_function(name, |b| b.iter(&mut decide));
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
    let record = json(RECORD);
    let mut berlin = Guardrails::default();
    berlin.update_policy("time_zone", &Json::from("Europe/Berlin")).unwrap();
    let failing = json(
        r#"{"confidence": 0.1, "risk_score": 0.9, "monthly_saving_usd": "2000", "tags": ["production"],
            "namespaces": ["a", "b", "c", "d"]}"#,
    );
    let inside = Now::At("2026-11-02T03:00:00Z".parse().unwrap());
    let outside = Now::At("2026-11-02T12:00:00Z".parse().unwrap());
    for (name, guardrails, change, now) in [
        ("allow", &guardrails, &allowed, inside),
        ("allow, a whole record", &guardrails, &record, inside),
        ("allow, another time zone", &berlin, &allowed, inside),
        ("all checks failing", &guardrails, &failing, outside),
    ] {
        let history = json("[]");
        let failed = guardrails.check_opportunity(change, &history, now).failed().len();
        assert_eq!(failed, if name.starts_with("allow") { 0 } else { 7 });
        group.bench_function(name, |b| {
            b.iter(|| guardrails.check_opportunity(black_box(change), &history, now));
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
    let options =
        GateOptions { default_policy: false, schema: decision::Schema::None, ..GateOptions::default() };
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
    targets = typed, rows, guardrails, rego, decision, load
}
criterion_main!(benches);

//! Deciding leaves nothing behind: the resident memory of a process that has nothing else to do stays where it is.
//!
//! The only test of its file, because it measures its process.
#![cfg(feature = "rego")]
#![expect(clippy::disallowed_methods, reason = "a test reads what the kernel says of its process")]

use finops_policy::{
    Json,
    decision::{Context, Gate, GateOptions, Schema},
    gate::GateConfig,
    json::{Limits, read},
    rego::{self, EngineOption, LoadOptions, builtin},
};

/// Evaluations (policy specification, section 14); without optimisation the same loop takes half a minute.
const EVALUATIONS: u32 = if cfg!(debug_assertions) { 30_000 } else { 300_000 };
/// What the resident memory may grow by meanwhile.
const MAY_GROW_KIB: u64 = 1024;

const ALLOWED: &str = r#"{"unit_cost_usd": 0.2, "total_spend_usd": 900, "budget_cap_usd": 1000,
    "cost_tags": {"team": "search", "environment": "production"}, "promotion_request": true, "test_pass_rate": 0.99,
    "security_scan_passed": true, "carbon_intensity_g_per_kwh": 120, "deployment_region": "eu-north-1"}"#;
const DENIED: &str = r#"{"unit_cost_usd": 0.75, "total_spend_usd": 1200, "budget_cap_usd": 1000, "cost_tags": {"team": ""},
    "promotion_request": true, "test_pass_rate": 0.8, "security_scan_passed": false, "carbon_intensity_g_per_kwh": 500,
    "deployment_region": "us-east-1"}"#;

/// Resident memory of this process in KiB; nothing where there is no such file.
fn resident_kib() -> Option<u64> {
    let pages =
        std::fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().nth(1)?.parse::<u64>().ok()?;
    // x86-64 and most others: 4 KiB. A larger page only makes the test stricter in pages.
    pages.checked_mul(4)
}

#[test]
fn evaluations_leave_nothing_behind() {
    let Some(_) = resident_kib() else {
        eprintln!("SKIPPED: evaluations_leave_nothing_behind needs /proc/self/statm, which only Linux has");
        return;
    };
    let input = |text: &str| read(text.as_bytes(), &Limits::default()).unwrap();
    let inputs = [input(ALLOWED), input(DENIED)];
    let gate = |engine| {
        // A busy machine is no reason to deny here.
        let load = LoadOptions { engine, limits: rego::Limits::patient(), ..LoadOptions::default() };
        let options =
            GateOptions { default_policy: false, schema: Schema::None, load, ..GateOptions::default() };
        let gate = Gate::new(options).unwrap();
        gate.reload(&builtin::modules(), &builtin::data(&GateConfig::default()), None).unwrap();
        gate
    };
    let typed = Gate::new(GateOptions::default()).unwrap();
    let (machine, interpreter) = (gate(EngineOption::Rvm), gate(EngineOption::Interpreter));
    let decide = |gate: &Gate, number: u32| {
        let Some(input) = inputs.get(usize::from(number % 2 == 1)) else { return };
        let decision = gate.decide(input, &Context::default());
        assert_eq!(decision.allowed(), number.is_multiple_of(2));
        assert!(matches!(decision.to_json(), Json::Object(_)));
    };
    let work = |evaluations: u32| {
        for number in 0..evaluations {
            // The interpreter takes some twenty times as long as the rest.
            match number % 40 {
                0 | 1 => decide(&interpreter, number),
                2..=21 => decide(&machine, number),
                _ => decide(&typed, number),
            }
        }
    };
    // What is built once is built now.
    work(2000);
    let before = resident_kib().unwrap();
    work(EVALUATIONS);
    let after = resident_kib().unwrap();
    let grown = after.saturating_sub(before);
    assert!(grown <= MAY_GROW_KIB, "{before} KiB before, {after} KiB after {EVALUATIONS} evaluations");
}

//! What one decision of the typed gate costs: `cargo run --release -p finops-policy --example gate_speed`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

use finops_policy::{
    gate::{self, GateConfig},
    json::{Limits, ReadError, read},
};
use std::{hint::black_box, time::Instant};

/// Nothing fires.
const ALLOW: &str = r#"{"unit_cost_usd":0.3,"total_spend_usd":100.25,"budget_cap_usd":1000,"cost_tags":{"team":"ai",
    "environment":"dev"},"promotion_request":true,"test_pass_rate":0.97,"security_scan_passed":true,
    "carbon_intensity_g_per_kwh":250,"deployment_region":"us-west-2"}"#;

/// Every rule of the policy fires that can fire together.
const FIRING: &str = r#"{"unit_cost_usd":0.6,"total_spend_usd":1200,"budget_cap_usd":1000,"cost_tags":{},
    "promotion_request":true,"test_pass_rate":0.9,"security_scan_passed":false,"carbon_intensity_g_per_kwh":450,
    "deployment_region":"us-east-1"}"#;

const BATCH: u32 = 20_000;

fn main() -> Result<(), ReadError> {
    let config = GateConfig::default();
    for (name, text) in [("allow", ALLOW), ("all firing", FIRING)] {
        let input = read(text.as_bytes(), &Limits::default())?;
        let (mut decide, mut from_text) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..60 {
            let start = Instant::now();
            for _ in 0..BATCH {
                black_box(gate::decide(black_box(&input), &config));
            }
            decide = decide.min(start.elapsed().as_secs_f64());
            let start = Instant::now();
            for _ in 0..BATCH {
                black_box(gate::decide_text(black_box(text.as_bytes()), &config));
            }
            from_text = from_text.min(start.elapsed().as_secs_f64());
        }
        let us = |seconds: f64| seconds * 1e6 / f64::from(BATCH);
        println!("{name}: {:.3} us from a value, {:.3} us from text", us(decide), us(from_text));
    }
    Ok(())
}

#![expect(clippy::arithmetic_side_effects, reason = "tests stop on an overflow")]

use super::*;
use crate::{
    budget::{Budget, Budgets, Unit},
    monitor::{MonitorConfig, MonitorOptions},
};
use finops_core::{carbon::CarbonConfig, cost::ModelPrice, money::decimal};
use proptest::prelude::*;
use std::sync::Arc;

const MODELS: [&str; 8] =
    ["gpt-4o", "gemini-2.5-pro", "unknown-x", "text-embedding-3-small", " ", "own", "gpt-5.4", "unknown-y"];

fn at() -> Timestamp {
    "2026-11-01T12:00:00Z".parse().unwrap()
}

/// A monitor of one of several configurations, with budgets of money, energy and carbon.
fn monitor(kind: u8) -> (ResourceMonitor<()>, Arc<Budgets>) {
    let number = |text: &str| decimal::parse(text);
    let limits =
        [("usd", Unit::Usd), ("joules", Unit::Joules), ("grams", Unit::GramsCo2e), ("tokens", Unit::Tokens)];
    let budgets = limits.map(|(id, unit)| Budget { unit, ..Budget::new(id, "1000000000000").unwrap() });
    let budgets = Arc::new(Budgets::new(budgets.to_vec()).unwrap());
    let base = MonitorOptions { budgets: Some(Arc::clone(&budgets)), ..MonitorOptions::default() };
    let options = match kind {
        0 => base,
        1 => MonitorOptions { strict: true, ..base },
        2 => MonitorOptions { max_groups: Some(1), ..base },
        3 => MonitorOptions {
            carbon: CarbonConfig { region: Some("aws:eu-north-1".to_owned()), ..CarbonConfig::default() },
            ..base
        },
        4 => MonitorOptions { cost_per_1k_output_tokens: number("0.0000000001"), ..base },
        5 => MonitorOptions { energy_wh_per_1k_tokens: number("5.123456789012345678901"), ..base },
        _ => base,
    };
    let monitor = ResourceMonitor::new(MonitorConfig::new(options, |_| None).unwrap()).unwrap();
    let rate = finops_core::money::Rate::from_usd_per_mtok(decimal::parse("3").unwrap()).ok();
    if kind < 6 {
        monitor.set_price(ModelPrice { input: rate, ..ModelPrice::new("own") }).unwrap();
    }
    (monitor, budgets)
}

/// Either more energy than can be counted, or so little that a batch of them can be summed.
fn tokens() -> impl Strategy<Value = i64> {
    let shift = |(n, by): (i64, u32)| (n & i64::MAX) >> by;
    prop_oneof![
        0_i64..3,
        0_i64..4_000,
        0_i64..4_000,
        199_990_i64..300_000,
        (any::<i64>(), 13_u32..40).prop_map(shift),
        -2_i64..0,
        Just(i64::MAX)
    ]
}

/// Milliseconds, and now and then what is none.
fn ms() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0_f64..20_000.0, 4 => (0_u32..500).prop_map(f64::from), 1 => Just(-1.0), 1 => Just(f64::NAN)]
}

/// The spend of each budget.
fn spent(budgets: &Budgets) -> Vec<String> {
    budgets.state(None, at()).unwrap().iter().map(|state| state.spent.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_batch_is_what_its_rows_are_one_by_one(
        kind in 0_u8..8, first in 0_usize..6, provider in prop::option::of(prop::sample::select(vec!["openai", "google", "ollama"])),
        rows in prop::collection::vec((0_u32..4, tokens(), tokens(), ms()), 0..120),
        floats: bool, timed: bool
    ) {
        let (batched, batched_budgets) = monitor(kind);
        let (single, single_budgets) = monitor(kind);
        let models = &MODELS[first..first + 3];
        let index: Vec<u32> = rows.iter().map(|row| row.0).collect();
        let (input, output): (Vec<i64>, Vec<i64>) = rows.iter().map(|row| (row.1, row.2)).unzip();
        let small: Vec<f64> = output.iter().map(|n| f64::from(i32::try_from(*n).unwrap_or(7))).collect();
        let durations: Vec<f64> = rows.iter().map(|row| row.3).collect();
        let batch = BatchCall {
            models,
            model_index: Some(Column::U32(&index)),
            provider,
            duration_ms: timed.then_some(Column::F64(&durations)),
            ..BatchCall::new(&[], Column::I64(&input), if floats { Column::F64(&small) } else { Column::I64(&output) }, at())
        };
        let result = batched.log_batch(&batch).unwrap();
        let mut total = Picodollars::ZERO;
        let mut errors = Vec::new();
        for (row, cost) in result.costs_usd.iter().enumerate() {
            let logged = batch.call(row).and_then(|call| single.log_inference(&call, None));
            match logged {
                Ok(record) => {
                    prop_assert_eq!(record.unit_cost().map(|usd| usd.to_f64().to_bits()), Some(cost.to_bits()));
                    let figures = [result.energies_joules[row], result.carbons_kg[row]];
                    prop_assert_eq!(figures.map(f64::to_bits), [record.energy_joules(), record.carbon_kg()].map(f64::to_bits));
                    total = total.checked_add(record.unit_cost().unwrap()).unwrap();
                }
                Err(error) => {
                    prop_assert!(cost.is_nan());
                    errors.push((row, error.code()));
                }
            }
        }
        let reported: Vec<_> = result.errors.iter().map(|(row, error)| (*row, error.code())).collect();
        prop_assert_eq!(reported, errors);
        prop_assert_eq!(batched.rollup(), single.rollup());
        prop_assert_eq!(result.cost_usd.unwrap_or_default(), total);
        prop_assert_eq!(result.rows + result.errors.len(), rows.len());
        let summary = batched.summary(&[], &[]).unwrap();
        if let [row] = summary.as_slice() {
            prop_assert_eq!(row.total_tokens, result.total_tokens);
            prop_assert_eq!(row.carbon_kg.map(f64::to_bits), Some(result.carbon_kg.to_bits()));
            prop_assert_eq!(row.energy_joules.map(f64::to_bits), Some(result.energy_joules.to_bits()));
        }
        // Beyond twelve decimals budgets round each call up, and what a roll-up refuses was charged all the same.
        if kind != 5 && result.errors.iter().all(|(_, error)| !error.code().starts_with("carbon.")) {
            prop_assert_eq!(spent(&batched_budgets), spent(&single_budgets));
        }
    }
}

#[test]
fn the_rows_that_fit_are_logged_when_their_sum_does_not() {
    // 0.5 Wh per 1,000 tokens are 1.8 J a token: two such calls stay below 2^63 J, a third does not.
    let large = 2_400_000_000_000_000_000;
    for before in 0..3 {
        let ((batched, _), (single, _)) = (monitor(0), monitor(0));
        let one = |monitor: &ResourceMonitor<()>, tokens| {
            monitor.log_inference(&InferenceCall::new("unknown-x", Usage::new(tokens, 0), at()), None).is_ok()
        };
        for _ in 0..before {
            assert!(one(&batched, large) && one(&single, large));
        }
        let input = [&[1_u64; 15][..], &[large; 3], &[1; 15]].concat();
        let output = [0_u64; 33];
        let batch = BatchCall::new(&["unknown-x"], Column::U64(&input), Column::U64(&output), at());
        let result = batched.log_batch(&batch).unwrap();
        let logged: Vec<_> = input.iter().map(|tokens| one(&single, *tokens)).collect();
        let errors: Vec<_> = result.errors.iter().map(|(row, error)| (*row, error.code())).collect();
        let refused = (15 + 2 - before..18).map(|row| (row, "carbon.total_overflow"));
        assert_eq!(errors, refused.collect::<Vec<_>>());
        assert_eq!(result.rows, logged.iter().filter(|logged| **logged).count());
        assert_eq!(batched.rollup(), single.rollup());
    }
}

#[test]
fn few_rows_and_many_give_the_same_sums() {
    let ((whole, _), (parts, _)) = (monitor(0), monitor(0));
    let (input, output) = ([1234_u64; 100], [567_u32; 100]);
    let all = whole
        .log_batch(&BatchCall::new(&["gpt-4o"], Column::U64(&input), Column::U32(&output), at()))
        .unwrap();
    let mut sum = 0;
    for (input, output) in input.chunks(5).zip(output.chunks(5)) {
        let some = BatchCall::new(&["gpt-4o"], Column::U64(input), Column::U32(output), at());
        sum += parts.log_batch(&some).unwrap().rows;
    }
    assert_eq!((all.rows, sum), (100, 100));
    assert_eq!(all.cost_usd.unwrap().to_string(), "0.8755");
    assert_eq!(whole.rollup(), parts.rollup());
}

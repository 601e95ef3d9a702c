//! Laws of energy and carbon that hold for every input.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::float_cmp,
    clippy::unwrap_used,
    reason = "sums of small test data; exact results"
)]

use finops_core::carbon::{
    Assumption, Boundary, CarbonConfig, CarbonModel, ClassFactors, EnergyMethod, Estimate, ExactSum,
    InferenceImpact, ModelHandle, ModelParams, Range, Timing, TokenCounts, TrainingCall, recompute, wire,
    zone,
};
use finops_core::{
    money::decimal,
    units::{Energy, Quantity},
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;

fn params() -> impl Strategy<Value = ModelParams> {
    (0.1_f64..2000.0, 0.01_f64..1.0, prop::option::of((1_u32..200, 64_u32..20_000))).prop_map(
        |(total, share, shape)| {
            let params = ModelParams::new(Range::point(total), Range::point(total * share)).unwrap();
            shape.map_or(params, |(layers, width)| params.with_shape(layers, width).unwrap())
        },
    )
}

fn tokens() -> impl Strategy<Value = TokenCounts> {
    (0_u64..1_000_000, 0_u64..1_000_000, 0_u64..100_000, 0_u64..100_000).prop_map(
        |(input, cache_read, cache_write, output)| TokenCounts {
            cache_read,
            cache_write,
            ..TokenCounts::new(input, output)
        },
    )
}

fn timing() -> impl Strategy<Value = Timing> {
    (prop::option::of(0.0_f64..600.0), prop::option::of(1.0_f64..500.0), prop::option::of(0.0_f64..10.0))
        .prop_map(|(duration_s, tokens_per_s, time_to_first_token_s)| Timing {
            duration_s,
            tokens_per_s,
            time_to_first_token_s,
            ..Timing::default()
        })
}

fn classes() -> ClassFactors {
    let factor = |text| decimal::parse(text);
    ClassFactors { input: factor("0.28"), output: factor("1.4"), ..ClassFactors::default() }
}

/// One model of each way to find the energy.
fn models() -> Vec<CarbonModel> {
    let base = CarbonConfig { pue: Some(Range::new(1.1, 1.2, 1.4).unwrap()), ..CarbonConfig::default() };
    let with = |change: fn(&mut CarbonConfig)| {
        let mut config = base.clone();
        change(&mut config);
        CarbonModel::new(config).unwrap()
    };
    vec![
        with(|_| {}),
        with(|c| c.energy_boundary = Some(Boundary::It)),
        with(|c| c.energy_wh_per_1k_tokens = Some(Decimal::new(3, 1))),
        with(|c| c.wh_per_1k = Some(classes())),
        with(|c| {
            c.wh_per_1k = Some(ClassFactors::api_anchors());
            c.energy_boundary = Some(Boundary::It);
        }),
        with(|c| c.energy_method = Some(EnergyMethod::Parameters)),
        with(|c| c.energy_method = Some(EnergyMethod::Ecologits)),
    ]
}

fn ordered<Q: Quantity>(estimate: &Estimate<Q>) -> bool {
    let range = estimate.range();
    range.low <= range.central && range.central <= range.high
}

fn check(impact: &InferenceImpact, pue: Range) -> Result<(), TestCaseError> {
    prop_assert!(ordered(&impact.energy) && ordered(&impact.operational));
    prop_assert!(impact.embodied.as_ref().is_none_or(ordered));
    prop_assert!(impact.operational.tier >= impact.energy.tier);
    match &impact.it_energy {
        None => prop_assert!(impact.factors.pue.is_none()),
        Some(it) => {
            let (it, facility) = (it.range(), impact.energy.range());
            for (it, facility, pue) in [
                (it.low, facility.low, pue.low),
                (it.central, facility.central, pue.central),
                (it.high, facility.high, pue.high),
            ] {
                prop_assert!((facility - it * pue).abs() <= 1e-12 * facility, "{facility} {it} {pue}");
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn ranges_are_ordered_and_the_pue_is_applied_exactly_once(p in params(), t in tokens(), timing in timing()) {
        for model in models() {
            let impact = model.inference(ModelHandle::declared(p), &t, timing).unwrap();
            check(&impact, model.pue().value)?;
        }
    }

    #[test]
    fn more_tokens_never_take_less(p in params(), t in tokens(), timing in timing(), more in 1_u64..100_000) {
        let grown = [
            TokenCounts { input: t.input + more, ..t },
            TokenCounts { cache_read: t.cache_read + more, ..t },
            TokenCounts { cache_write: t.cache_write + more, ..t },
            TokenCounts { output: t.output + more, ..t },
        ];
        for model in models() {
            let energy = |t: &TokenCounts| model.inference(ModelHandle::declared(p), t, timing).unwrap().energy.range();
            let before = energy(&t);
            for after in grown.iter().map(energy) {
                let slack = 1.0 - 1e-12;
                prop_assert!(after.low >= before.low * slack && after.central >= before.central * slack && after.high >= before.high * slack);
            }
        }
    }

    #[test]
    fn a_larger_batch_never_takes_more(p in params(), t in tokens(), timing in timing(), batch in 1.0_f64..500.0, more in 0.0_f64..100.0) {
        for method in [EnergyMethod::Parameters, EnergyMethod::Ecologits] {
            let energy = |batch: f64| {
                let config = CarbonConfig { energy_method: Some(method), batch: Some(Range::point(batch)), ..CarbonConfig::default() };
                CarbonModel::new(config).unwrap().inference(ModelHandle::declared(p), &t, timing).unwrap().energy.central.joules()
            };
            prop_assert!(energy(batch + more) <= energy(batch) * (1.0 + 1e-12));
        }
    }

    #[test]
    fn the_batch_prior_spans_at_least_2_5(p in params(), t in tokens()) {
        let config = CarbonConfig { energy_method: Some(EnergyMethod::Parameters), ..CarbonConfig::default() };
        let model = CarbonModel::new(config).unwrap();
        let impact = model.inference(ModelHandle::declared(p), &t, Timing::default()).unwrap();
        let it = impact.it_energy.unwrap().range();
        if t.input + t.cache_write + t.output > 0 {
            prop_assert!(it.high >= 2.5 * it.low, "{it}");
        }
        prop_assert!(impact.assumptions.contains(Assumption::batch_prior));
    }

    #[test]
    fn a_stored_figure_is_recomputed_to_the_bit(p in params(), t in tokens(), timing in timing()) {
        for model in models() {
            let stored = model.inference(ModelHandle::declared(p), &t, timing).unwrap();
            let again = recompute(stored.energy.method, &stored.factors, &t, timing).unwrap();
            prop_assert_eq!(again.energy.range(), stored.energy.range());
            prop_assert_eq!(again.operational.range(), stored.operational.range());
            prop_assert_eq!(again.carbon_kg.to_bits(), stored.carbon_kg.to_bits());
            prop_assert_eq!(again.by_class, stored.by_class);
            prop_assert_eq!(again.embodied.map(|e| e.range()), stored.embodied.map(|e| e.range()));
        }
    }

    #[test]
    fn the_flat_path_is_the_exact_decimal_rounded_once(tokens in 0_u64..u64::MAX / 4, e in 0_i64..1_000_000, g in 0_i64..100_000_000) {
        let (e, g) = (Decimal::new(e, 5), Decimal::new(g, 5));
        let config = CarbonConfig { energy_wh_per_1k_tokens: Some(e), grid: Some(g.into()), ..CarbonConfig::default() };
        let model = CarbonModel::new(config).unwrap();
        let flat = model.flat(tokens);
        if let Some(joules) = e.checked_mul(Decimal::new(36, 1)).and_then(|factor| factor.checked_mul(Decimal::from(tokens))) {
            prop_assert_eq!(model.energy_exact(tokens), joules.normalize());
            prop_assert_eq!(flat.energy_joules, decimal::to_f64(joules));
        }
        let impact = model.inference(ModelHandle::UNKNOWN, &TokenCounts::new(tokens, 0), Timing::default()).unwrap();
        prop_assert_eq!(impact.energy.central.joules(), flat.energy_joules);
        prop_assert_eq!(impact.carbon_kg, flat.carbon_kg);
    }

    #[test]
    fn totals_of_records_do_not_depend_on_their_order(counts in prop::collection::vec(0_u64..10_000_000, 1..30)) {
        let model = CarbonModel::new(CarbonConfig { region: Some("aws:us-east-1".to_owned()), ..CarbonConfig::default() }).unwrap();
        let total = |counts: &[u64]| {
            let mut sum = ExactSum::default();
            counts.iter().for_each(|count| sum.add(model.flat(*count).carbon_kg).unwrap());
            sum
        };
        let mut sorted = counts.clone();
        sorted.sort_unstable();
        prop_assert_eq!(total(&counts), total(&sorted));
    }

    #[test]
    fn a_training_run_doubles_with_its_hours(gpus in 1_i64..10_000, hours in 0_i64..100_000, pick in 0_usize..3) {
        let model = CarbonModel::new(CarbonConfig::default()).unwrap();
        let run = |hours: i64| {
            let call = TrainingCall::new(gpus, Decimal::new(hours, 2));
            let call = match pick {
                0 => call,
                1 => TrainingCall { watts_per_gpu: Some(400.0), ..call },
                _ => TrainingCall { gpu: Some("H100-SXM"), ..call },
            };
            model.training(&call).unwrap()
        };
        let (once, twice) = (run(hours), run(hours * 2));
        prop_assert!(ordered(&once.energy) && ordered(&once.operational));
        prop_assert!((twice.energy.central.joules() - 2.0 * once.energy.central.joules()).abs() <= 1e-12 * twice.energy.central.joules());
    }

    #[test]
    fn json_never_panics_and_errors_have_codes(kind in 0_usize..60, number in -1e3_f64..1e6, text in ".{0,12}") {
        let kinds: Vec<&str> = wire::kinds().collect();
        let input = json!({
            "zone": text, "site": text, "from": text, "to": text, "gpu": text, "gpu_count": number, "duration_hours": number,
            "input_tokens": number, "output_tokens": number, "energy_wh_per_1k_tokens": number, "pue": number,
            "total_params_b": number, "active_params_b": number, "batch": number, "value": number, "unit": text,
            "wh_per_1k": {"input": number, "output": number}, "gb": number, "hours": number, "tb": number, "medium": text,
            "grid": {"g_per_kwh": number}, "region": text, "energy_method": "auto", "model": text,
        });
        let result = wire::call(kinds[kind % kinds.len()], &input);
        if let Err(error) = result {
            prop_assert!(error.code().contains('.'));
        }
    }
}

#[test]
fn no_unknown_place_resolves_below_the_world_average() {
    let known: std::collections::BTreeSet<String> =
        zone::zones().map(|name| name.to_ascii_lowercase()).collect();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |n: usize| {
        // xorshift64: the same names on every run.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(n).unwrap()).unwrap()
    };
    let names: Vec<&String> = known.iter().collect();
    let mut unknown = 0;
    for _ in 0..1000 {
        let mut name: Vec<u8> = names[next(names.len())].bytes().collect();
        let (at, letter) = (next(name.len()), b"abcxyz-19 "[next(10)]);
        match next(4) {
            0 => name[at] = letter,
            1 => name.insert(at, letter),
            2 => drop(name.remove(at)),
            _ => name.truncate(at),
        }
        let name = String::from_utf8(name).unwrap();
        match zone::resolve(&name, None, zone::OnUnknown::World) {
            Ok(found) if found.assumptions.contains(Assumption::unknown_zone) => {
                unknown += 1;
                assert_eq!(found.intensity.g_per_kwh.central, 458.29, "{name}");
                assert_eq!(zone::intensity(&name).unwrap_err().code(), "carbon.unknown_zone", "{name}");
            }
            // A change may hit another name: then that name is exact.
            Ok(_) => {
                let exact = name.trim().to_ascii_lowercase();
                let bare =
                    known.iter().any(|zone| zone.split_once(':').is_some_and(|(_, bare)| bare == exact));
                assert!(known.contains(&exact) || bare || exact.len() == 3, "{name}");
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
    assert!(unknown > 500, "the names are mostly unknown");
}

#[test]
fn a_series_gives_the_interval_of_the_record() {
    let series = json!({"start": "2026-01-05T11:00:00Z", "step_s": 3600, "values": [100, null, 300], "tier": "measured"});
    let ask = |at: &str| {
        let input = json!({"input_tokens": 1000, "grid": series, "at": at});
        wire::call("estimate_inference", &input).unwrap()
    };
    let inside = ask("2026-01-05T11:59:59Z");
    assert_eq!(inside["carbon_kg"], json!(0.00005));
    assert_eq!(inside["assumptions"], json!(["flat_energy_default"]));
    for outside in [ask("2026-01-05T12:30:00Z"), ask("2026-01-05T14:00:00Z")] {
        assert_eq!(outside["carbon_kg"], json!(0.0002));
        let codes = json!(["flat_energy_default", "flat_intensity_default", "series_out_of_range"]);
        assert_eq!(outside["assumptions"], codes);
    }
}

#[test]
fn what_is_measured_comes_first_and_is_multiplied_by_the_pue() {
    let config =
        CarbonConfig { pue: Some(Range::point(1.5)), wh_per_1k: Some(classes()), ..CarbonConfig::default() };
    let model = CarbonModel::new(config).unwrap();
    let measured = Timing { measured: Some(Energy::from_joules(1000.0).unwrap()), ..Timing::default() };
    let impact = model.inference(ModelHandle::UNKNOWN, &TokenCounts::new(1, 1), measured).unwrap();
    assert_eq!(impact.energy.central.joules(), 1500.0);
    assert_eq!((impact.energy.method.name(), impact.energy.tier.name()), ("measured-window/1", "declared"));
    assert_eq!(impact.it_energy.unwrap().tier.name(), "measured");
}

//! The engine's hot paths in energy and carbon. Each benchmark states its goal: section 15 of the carbon specification.
//!
//! Run with `cargo bench -p finops-benches --bench carbon`; `benches/report.py` writes the table of docs/benchmarks.md.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has to stop")]

use criterion::{Criterion, criterion_group, criterion_main};
use finops_benches::{CpuTime, criterion, elements, few};
use finops_core::carbon::{
    CarbonConfig, CarbonModel, Curve, EnergyMethod, Interpolation, ModelHandle, ModelParams, Range, Timing,
    TokenCounts,
};
use std::hint::black_box;

/// Goal: at most 0.1 us. A test counts its allocations: none.
fn flat(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("carbon flat");
    let model = CarbonModel::new(CarbonConfig::default()).unwrap();
    group.bench_function("CarbonModel::flat", |b| b.iter(|| model.flat(black_box(1500))));
    let tokens = TokenCounts::new(1000, 500);
    group.bench_function("whole impact", |b| {
        b.iter(|| model.inference(ModelHandle::UNKNOWN, black_box(&tokens), Timing::default()).unwrap());
    });
    group.finish();
}

/// Goal: `finops-llm/1` with all ends, energy, carbon and embodied in at most 0.5 us.
fn parameters(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("carbon parameters");
    // The size that EcoLogits assumes for gpt-4o: a mixture of experts of which a part works on each token.
    let sparse = ModelParams::new(Range::point(440.0), Range::new(44.0, 88.0, 132.0).unwrap()).unwrap();
    let tokens = TokenCounts { cache_read: 8000, ..TokenCounts::new(1000, 500) };
    let timing = Timing { duration_s: Some(5.0), ..Timing::default() };
    let model = |method| {
        CarbonModel::new(CarbonConfig { energy_method: Some(method), ..CarbonConfig::default() }).unwrap()
    };
    let (finops, ecologits) = (model(EnergyMethod::Parameters), model(EnergyMethod::Ecologits));
    // The layers and width of Llama 3.1 70B (arxiv.org/abs/2407.21783, table 3): attention over the context is counted.
    let dense = ModelParams::new(Range::point(70.6), Range::point(70.6)).unwrap();
    let (sparse, dense) =
        (ModelHandle::declared(sparse), ModelHandle::declared(dense.with_shape(80, 8192).unwrap()));
    for (name, model, handle) in [
        ("finops-llm/1, ranges", &finops, sparse),
        ("finops-llm/1, with attention", &finops, dense),
        ("ecologits-llm, ranges", &ecologits, sparse),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| model.inference(black_box(handle), black_box(&tokens), timing).unwrap());
        });
    }
    group.bench_function("look an open model up", |b| {
        b.iter(|| finops.model(black_box("meta-llama/Llama-3.1-70B-Instruct")));
    });
    group.finish();
}

/// Two days of five-minute values a zone, a daily wave with its own phase and some noise.
fn forecasts() -> Vec<Curve> {
    let value = |zone: u32, point: u32| {
        let day = f64::from(point % 288) / 288.0 * std::f64::consts::TAU;
        let noise = f64::from((point.wrapping_mul(2_654_435_761) ^ zone) % 97);
        Some(300.0 + 150.0 * (day + f64::from(zone)).sin() + noise)
    };
    (0..160)
        .map(|zone| {
            let values = (0..576).map(|point| value(zone, point)).collect();
            Curve::new(300, Interpolation::Step, values).unwrap()
        })
        .collect()
}

/// Goal: the best window of 576 points in each of 160 zones in at most 2 ms.
fn shift(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("shift");
    few(&mut group);
    group.throughput(elements(160));
    let curves = forecasts();
    group.bench_function("best_window, 576 points x 160 zones", |b| {
        b.iter(|| {
            let windows = curves.iter().map(|curve| curve.best_window(black_box(4 * 3600), 0, None).unwrap());
            windows.fold(0.0, |sum, window| sum + window.mean)
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = flat, parameters, shift
}
criterion_main!(benches);

//! Detectors, right-sizing and edits. The goals are those of section 13 of the waste specification; each benchmark states
//! its own.
//!
//! Run with `cargo bench -p finops-benches --bench waste`; a part of it with `-- "vpa"`.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has to stop"
)]

#[path = "../../finops-core/tests/support/corpus.rs"]
#[expect(
    dead_code,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "shared with the tests, which use all of it"
)]
mod corpus;
mod inventories;

use corpus::Expected;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use finops_benches::{CpuTime, criterion, elements, few};
use finops_core::{
    price::PriceBook,
    waste::{
        DetectionConfig, Inventory, detect,
        rightsizing::{
            Resource, exact, round,
            simple::{PodUse, simple, simple_limit},
            vpa::{Container, Histogram, Scale},
        },
        summary::ClusterData,
    },
};
use std::hint::black_box;

const WORKLOADS: u64 = 20_000;
const RAW_WORKLOADS: u64 = 100;

/// Goals: 200,000 workloads/s from summaries, 100 ms a call here; what a call answers is dropped within it.
fn detectors(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("detect");
    let (book, configured) = (PriceBook::empty(), inventories::config());
    few(&mut group);
    group.throughput(elements(WORKLOADS));
    for (name, pods) in
        [("20,000 workloads, summaries", false), ("20,000 workloads with 40,000 pods on 2,000 nodes", true)]
    {
        let inventory = inventories::summaries(WORKLOADS, pods);
        let config = if pods { DetectionConfig::default() } else { configured.clone() };
        let report = detect(Inventory::Cluster(&inventory), &book, &config);
        assert!(report.failures.is_empty() && u64::try_from(report.findings.len()).unwrap() >= WORKLOADS / 6);
        group.bench_function(name, |b| {
            b.iter(|| detect(Inventory::Cluster(black_box(&inventory)), &book, &config))
        });
    }
    let (json, data) = inventories::cluster_data(WORKLOADS);
    let config = DetectionConfig::default();
    group.bench_function("20,000 workloads of cluster_data", |b| {
        b.iter(|| detect(Inventory::Summary(black_box(&data)), &book, &config))
    });
    group.bench_function("20,000 workloads of cluster_data, from JSON", |b| {
        b.iter(|| {
            let data = ClusterData::from_json(black_box(&json), Some(data.as_of)).unwrap();
            detect(Inventory::Summary(&data), &book, &config)
        })
    });
    group.finish();
}

/// Goal: 8,000 series/s of 16,128 samples, all detectors with their backtests: 125 us a series, 25 ms a call here.
fn raw(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("detect raw");
    few(&mut group);
    group.throughput(elements(RAW_WORKLOADS * 2));
    let (book, config) = (PriceBook::empty(), inventories::config());
    let inventory = inventories::raw(RAW_WORKLOADS);
    group.bench_function("200 series of 16,128 samples", |b| {
        b.iter(|| detect(Inventory::Cluster(black_box(&inventory)), &book, &config))
    });
    group.finish();
}

/// Goals: an addition in 50 ns (the original takes 337 to 473 ns), a percentile in 200 ns, a container in 2.9 kB.
fn vpa(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("vpa");
    let samples = inventories::samples(3);
    let steps: Vec<(i64, u64)> = (0_i64..).map(|n| 1_793_491_200 + n * 75).zip(samples).collect();
    let count = u64::try_from(steps.len()).unwrap();
    group.throughput(elements(count));
    group.bench_function("16,128 cpu samples", |b| {
        b.iter_batched_ref(
            Container::default,
            |container| steps.iter().for_each(|(at, value)| container.add_cpu(*at, *value)),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("16,128 memory samples", |b| {
        b.iter_batched_ref(
            Container::default,
            |container| steps.iter().for_each(|(at, value)| container.add_memory(*at, *value)),
            BatchSize::LargeInput,
        );
    });
    let mut histogram = Histogram::new(Scale::cpu());
    for (at, value) in &steps {
        histogram.add(f64::from(u32::try_from(value / 1000).unwrap()) / 1e6, 0.1, *at);
    }
    group.throughput(elements(1));
    for share in [0.5, 0.9, 0.95] {
        group.bench_function(format!("p{}", share * 100.0), |b| {
            b.iter(|| histogram.percentile(black_box(share)))
        });
    }
    group.finish();
}

/// Goals: a fiftieth of what KRR's classes take in Python, 139 us (`simple`) and 5.7 ms (`simple_limit`, 3 x 16,128 samples).
fn krr(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("krr");
    let pods =
        [7, 9, 11].map(|k| PodUse { cpu_p95: k * 31_234_567, memory_max: k * 91_234_567, points: 16_128 });
    group.bench_function("simple", |b| b.iter(|| simple(black_box(&pods), None, false, Some(14 * 86_400))));
    let pooled: Vec<u64> = [3, 4, 5].into_iter().flat_map(inventories::samples).collect();
    group.bench_function("simple_limit", |b| {
        b.iter_batched_ref(|| pooled.clone(), |samples| simple_limit(samples), BatchSize::LargeInput);
    });
    let blocks: Vec<Vec<u64>> = inventories::samples(3).chunks(1152).map(<[u64]>::to_vec).collect();
    let config = exact::Config::default();
    group.bench_function("exact, cpu, 16,128 samples", |b| {
        b.iter(|| exact::advise(Resource::Cpu, black_box(std::slice::from_ref(&blocks)), None, &config))
    });
    black_box(round::MILLICORE);
    group.finish();
}

/// Goal: 420 files located, edited and verified in at most twice the time of parsing each twice.
fn edits(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("yaml");
    few(&mut group);
    group.throughput(elements(420));
    let changed =
        corpus::cases("yaml").into_iter().filter(|case| !matches!(case.expected, Expected::Refused(_)));
    let cases: Vec<_> = changed.map(|case| (corpus::text(&case.files[0]), case)).collect();
    let files: Vec<_> = cases.iter().cycle().take(420).collect();
    group.bench_function("parse 420 files twice", |b| {
        b.iter(|| {
            for (text, _) in files.iter().chain(&files) {
                black_box(yaml_edit::YamlFile::parse(text));
            }
        })
    });
    group.bench_function("edit 420 files", |b| {
        b.iter(|| {
            for (text, case) in &files {
                black_box(corpus::run_yaml(text, &case.target, &case.task)).unwrap();
            }
        })
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = detectors, raw, vpa, krr, edits
}
criterion_main!(benches);

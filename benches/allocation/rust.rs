//! The cost of dividing a cluster. Each benchmark states its goal: section 7 of the allocation specification.
//!
//! Run with `cargo bench -p finops-benches --bench allocation`; a part of it with `-- "10,000 rows"`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a benchmark that cannot be set up has to stop"
)]

#[path = "../../finops-core/tests/support/clusters.rs"]
mod clusters;
#[path = "../../finops-core/tests/support/documents.rs"]
mod documents;

use clusters::{Shape, cluster};
use criterion::{Criterion, criterion_group, criterion_main};
use finops_benches::{CpuTime, criterion, elements, few};
use finops_core::{
    allocation::{AllocationConfig, Idle, Key, allocate},
    inventory::{KubernetesOptions, Metric, PrometheusOptions, read_kubernetes, read_prometheus},
    price::PriceBook,
    time::Timestamp,
};
use std::hint::black_box;

/// Goals: 10,000 rows on 501 nodes with idle shared at 2 M rows a second; a million at 1 M; t(1M) / t(100k) <= 12.
fn whole(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("allocate, idle shared");
    let prices = PriceBook::empty();
    let config = AllocationConfig { idle: Idle::Share, ..AllocationConfig::default() };
    for (name, nodes, pods, usage) in [
        ("10,000 rows, 501 nodes", 501, 10_000, false),
        ("10,000 rows, 501 nodes, with use", 501, 10_000, true),
        ("100,000 rows, 5,010 nodes", 5010, 100_000, false),
        ("1,000,000 rows, 50,100 nodes", 50_100, 1_000_000, false),
    ] {
        let inventory = cluster(1, Shape { nodes, pods, hours: 24, varied: false, usage });
        few(&mut group);
        group.throughput(elements(pods));
        group.bench_function(name, |b| b.iter(|| allocate(black_box(&inventory), &prices, &config).unwrap()));
    }
    group.finish();
}

/// OpenCost's `AggregateBy` with shared idle took 7.38 s for 10,000 allocations on 501 nodes (2024-10-24 snapshot, Go).
fn aggregate(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("aggregate by namespace");
    let config = AllocationConfig { idle: Idle::Share, ..AllocationConfig::default() };
    let inventory = cluster(1, Shape { nodes: 501, pods: 10_000, hours: 24, varied: false, usage: false });
    let set = allocate(&inventory, &PriceBook::empty(), &config).unwrap();
    group.throughput(elements(10_000));
    group.bench_function("10,000 rows", |b| {
        b.iter(|| black_box(&set).aggregate(&[Key::Namespace], None).unwrap())
    });
    group.finish();
}

/// Goals: no slower than Python's `json.loads` of the same bytes (`benches/allocation/read.py` times it beside these).
fn reading(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("reading");
    few(&mut group);
    let pods = documents::pod_list(documents::PODS);
    let options = KubernetesOptions::new("synthetic", Timestamp::from_ms(documents::AS_OF * 1000).unwrap());
    group.throughput(elements(documents::PODS));
    group.bench_function("pod list of 50 MB", |b| {
        b.iter(|| read_kubernetes(&[black_box(pods.as_bytes())], &options).unwrap());
    });
    drop(pods);
    let answer = documents::matrix(1000, 16_128);
    group.throughput(elements(16_128_000));
    group.bench_function("answer of 1,000 series, 16,128 samples", |b| {
        b.iter(|| {
            read_prometheus(Metric::CpuUsage, black_box(answer.as_bytes()), &PrometheusOptions::new(75))
                .unwrap()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = whole, aggregate, reading
}
criterion_main!(benches);

//! What looks at a whole fleet at once: the portfolio of 100,000 findings, and the scale-down of 5,000 nodes.
//!
//! Run with `cargo bench -p finops-benches --bench fleet`.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has to stop"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use finops_benches::{CpuTime, criterion, elements, few};
use finops_core::{
    inventory::Name,
    waste::{
        Amount, Claim, ClaimKind, Component, Ratio,
        portfolio::{Entry, grant},
        simulation::{Load, Machine, Profile, scale_down},
    },
};
use std::{hint::black_box, sync::Arc};

const FINDINGS: u64 = 100_000;
const NODES: u64 = 5_000;
const PODS: u64 = 100_000;

/// Knuth's MMIX generator: the same fleet on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// One to three claims a finding on 30,000 resources, every tenth an alternative of another.
fn claims() -> Vec<Vec<Claim>> {
    let mut dice = Dice(1);
    let mut one = |_| {
        let resource = dice.below(30_000);
        let part = usize::try_from(dice.below(3)).unwrap();
        let base = 10_000_000_000 + resource * 1_000_003;
        Claim {
            resource: Arc::from(format!("workload/ns-{}/Deployment/service-{resource}/app", resource % 12)),
            component: Component::ALL[part],
            base: Amount::from_nanos(base.into()),
            amount: Amount::from_nanos((dice.below(base) / 2).into()),
            kind: ClaimKind::ALL[usize::try_from(dice.below(3)).unwrap()],
            exclusive: (dice.below(10) == 0).then(|| Arc::from(format!("size-{resource}"))),
        }
    };
    (0..FINDINGS).map(|finding| (0..=finding % 3).map(&mut one).collect()).collect()
}

/// Goal: 0.2 s for 100,000 findings.
fn portfolio(bench: &mut Criterion<CpuTime>) {
    let claims = claims();
    let subjects: Vec<String> = (0..FINDINGS).map(|finding| format!("subject-{finding:06}")).collect();
    let entries: Vec<Entry<'_>> = claims
        .iter()
        .zip(&subjects)
        .map(|(claims, subject)| Entry {
            gross: Some(claims.iter().map(|claim| claim.amount).sum()),
            detector: "k8s.cpu_over_request",
            subject,
            claims,
        })
        .collect();
    let mut group = bench.benchmark_group("portfolio");
    few(&mut group);
    group.throughput(elements(FINDINGS));
    group.bench_function("100,000 findings", |b| b.iter(|| grant(black_box(&entries))));
    group.finish();
}

/// Goal: 2 s for 5,000 nodes with 100,000 pods, a quarter of which wants one of three zones.
fn simulation(bench: &mut Criterion<CpuTime>) {
    let mut dice = Dice(2);
    let machines: Vec<Machine> = (0..NODES)
        .map(|node| Machine {
            name: Name::from(format!("node-{node:05}")),
            cpu: 15_890_000_000,
            memory: 60 << 30,
            gpu: 0,
            pods: Some(110),
            hourly: Ratio::parse(["0.768", "0.0768", "0.8"][usize::try_from(node % 3).unwrap()]),
            schedulable: true,
            removable: true,
        })
        .collect();
    let loads: Vec<Load> = (0..PODS)
        .map(|pod| {
            // Every third node is nearly empty: those are the ones that go.
            let on = dice.below(NODES);
            let on = if on.is_multiple_of(3) && dice.below(4) > 0 { (on + 1) % NODES } else { on };
            Load {
                key: Name::from(format!("ns/pod-{pod:06}")),
                on: usize::try_from(on).unwrap(),
                cpu: 125_000_000 * (1 + dice.below(6)),
                memory: (300 << 20) * (1 + dice.below(6)),
                gpu: 0,
                blocked: dice.below(2_000) == 0,
                stays: dice.below(20) == 0,
            }
        })
        .collect();
    let may_run = |load: usize, machine: usize| !load.is_multiple_of(4) || load % 3 == machine % 3;
    let mut group = bench.benchmark_group("simulation");
    few(&mut group);
    group.throughput(elements(PODS));
    group.bench_function("5,000 nodes, 100,000 pods", |b| {
        b.iter(|| scale_down(black_box(&machines), &loads, Profile::Prod, may_run));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = portfolio, simulation
}
criterion_main!(benches);

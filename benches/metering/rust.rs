//! The engine's hot paths in metering. Each benchmark states its goal: section 15 of the metering specification.
//!
//! Run with `cargo bench -p finops-benches --bench metering`; `benches/report.py` writes the table of docs/benchmarks.md.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot be set up has to stop")]
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of the set-up")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use finops_benches::{CpuTime, criterion, elements, few};
use finops_core::{
    cost::{Call, CostPolicy},
    money::Picodollars,
    price::Catalogue,
    time::{DurationNs, Timestamp},
    usage::{
        Usage,
        extract::{extract, extract_json},
    },
    waste::ai::calls::{CallFact, SignalConfig, signals},
};
use finops_telemetry::{
    budget::{Amounts, Budget, Budgets, TTL_DEFAULT_MS},
    exposition::{Exposition, openmetrics},
    monitor::{InferenceCall, MonitorConfig, MonitorOptions, ResourceMonitor},
    rollup::{Costs, Measures, Rollup, RollupConfig, RollupKey},
    sketch::Sketch,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, hint::black_box, io::Read};

const MODEL: &str = "gpt-4o";
/// A quarter of a second.
const DURATION: DurationNs = DurationNs::new(250_000_000);

fn at() -> Timestamp {
    "2026-11-01T12:00:00Z".parse().unwrap()
}

/// Goal: a name that was seen before is resolved and priced in at most 50 ns.
fn price(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("price");
    let (catalogue, policy, usage) = (Catalogue::builtin(), CostPolicy::new(), Usage::new(1000, 500));
    group.bench_function("resolve", |b| b.iter(|| catalogue.resolve(None, black_box(MODEL)).unwrap()));
    let by_name = Call::new(MODEL, &usage, at());
    group.bench_function("charge", |b| b.iter(|| policy.charge(black_box(&by_name)).unwrap()));
    let by_provider = Call { provider: Some("openai"), duration: Some(DURATION), ..by_name };
    group.bench_function("charge, provider given", |b| {
        b.iter(|| policy.charge(black_box(&by_provider)).unwrap());
    });
    let cached = Usage { cache_read: 800, ..usage };
    let cached = Call { usage: &cached, model: "claude-sonnet-4-5", ..by_provider };
    let cached = Call { provider: Some("anthropic"), ..cached };
    group.bench_function("charge, cache reads", |b| b.iter(|| policy.charge(black_box(&cached)).unwrap()));
    group.finish();
}

/// Goal: a whole `log_inference` in at most 200 ns. The ring is full throughout, so that every call evicts a record.
fn log_inference(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("log_inference");
    let monitor =
        ResourceMonitor::<()>::new(MonitorConfig::new(MonitorOptions::default(), |_| None).unwrap()).unwrap();
    let call =
        InferenceCall { duration: Some(DURATION), ..InferenceCall::new(MODEL, Usage::new(1000, 500), at()) };
    for _ in 0..20_000 {
        monitor.log_inference(&call, None).unwrap();
    }
    group.bench_function("no tags", |b| b.iter(|| monitor.log_inference(black_box(&call), None).unwrap()));
    let metadata = json!({"team": "search", "environment": "production"});
    let tags = monitor.tag_schema().collect_json(&metadata);
    let tagged = InferenceCall { tags, ..call.clone() };
    group.bench_function("two tags", |b| b.iter(|| monitor.log_inference(black_box(&tagged), None).unwrap()));
    group.bench_function("two tags, from JSON metadata", |b| {
        b.iter(|| {
            let tags = monitor.tag_schema().collect_json(black_box(&metadata));
            monitor.log_inference(&InferenceCall { tags, ..call.clone() }, None).unwrap()
        });
    });
    group.finish();
}

/// A response of a chat completion, as it was recorded.
#[expect(
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "set-up reads a file of the repository"
)]
fn recorded() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/recorded.jsonl.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let is_chat = |row: &Value| {
        row["form"] == "json"
            && row["family"] == "openai_chat"
            && row["provider"] == "openai"
            && row["expected"]["model"] == "gpt-4o-2024-08-06"
    };
    let mut rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.find(is_chat).expect("a chat completion of gpt-4o among the recordings")["body"].take()
}

/// No goal of its own: a response dict to a record is held against its peers in Python.
fn extraction(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("extract");
    let body = recorded();
    let text = body.to_string();
    group.bench_function("parsed body", |b| b.iter(|| extract(black_box(&body), Some("openai")).unwrap()));
    group.bench_function("JSON text", |b| b.iter(|| extract_json(black_box(&text), Some("openai")).unwrap()));
    group.finish();
}

/// Goal: `reserve` and `settle` over three budgets in at most 1 us.
fn budgets(bench: &mut Criterion<CpuTime>) {
    let budget = |id: &str| Budget::new(id, "1000000000000").unwrap();
    let team = Budget { scope: BTreeMap::from([("team".to_owned(), "search".to_owned())]), ..budget("team") };
    let user = Budget { per: vec!["user".to_owned()], ..budget("user") };
    let budgets = Budgets::new(vec![budget("company"), team, user]).unwrap();
    let tags = [("team", "search"), ("user", "u1")];
    let (held, spent) =
        (Amounts::usd(Picodollars::new(20_000_000_000)), Amounts::usd(Picodollars::new(7_500_000_000)));
    bench.bench_function("budgets/reserve and settle, three budgets", |b| {
        b.iter(|| {
            let held =
                budgets.reserve(None, black_box(&held), black_box(&tags), at(), TTL_DEFAULT_MS).unwrap();
            budgets.settle(&held.id, black_box(&spent), at()).unwrap()
        });
    });
}

/// A pseudo-random walk over eight decades of values, the same in every run.
fn values() -> Vec<u64> {
    let step =
        |state: u64| state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    std::iter::successors(Some(1_u64), |state| Some(step(*state)))
        .map(|state| (state >> 38) % 100_000_000)
        .take(4096)
        .collect()
}

/// No goal of its own: two of these are part of every logged call.
fn sketch(bench: &mut Criterion<CpuTime>) {
    let (mut sketch, values) = (Sketch::default(), values());
    let mut next = values.iter().cycle();
    bench.bench_function("sketch/add", |b| {
        b.iter(|| sketch.add(next.next().copied().unwrap_or_default(), 1));
    });
}

/// 10,000 groups of ten models and a thousand users, each with a few requests.
fn groups() -> Rollup {
    let mut rollup = Rollup::new(RollupConfig::default()).unwrap();
    let usage = Usage { cache_read: 100, ..Usage::new(1000, 500) };
    let usd = Picodollars::new(7_500_000_000);
    let costs = Costs { total: usd, input: usd, ..Costs::default() };
    let models: Vec<String> = (0..10).map(|model| format!("model-{model}")).collect();
    let users: Vec<String> = (0..1000).map(|user| format!("user-{user}")).collect();
    for (seconds, model) in (1_u64..).zip(&models) {
        for user in &users {
            let key = RollupKey {
                provider: Some("openai"),
                model,
                resolved: true,
                status: "priced",
                tags: &[Some("search"), None, Some("production"), Some(user)],
            };
            let measures = Measures {
                cost: Some(costs),
                energy_joules: Some(2700.0),
                carbon_kg: Some(0.0003),
                duration: Some(DurationNs::new(seconds * 100_000_000)),
                ..Measures::new(&usage)
            };
            for _ in 0..3 {
                rollup.record(&key, &measures).unwrap();
            }
        }
    }
    assert_eq!(rollup.len(), 10_000);
    rollup
}

/// Goal: 10,000 groups to OpenMetrics text in at most 50 ms.
fn exposition(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("exposition");
    few(&mut group);
    let rollup = groups();
    group.bench_function("10,000 groups to OpenMetrics", |b| {
        b.iter(|| openmetrics(black_box(&Exposition::new(&rollup)), at()).unwrap());
    });
    group.finish();
}

/// A million calls over an hour: sessions, repeated prompts, shared prefixes, tool loops, failures, unknown models.
fn calls() -> Vec<CallFact> {
    let start = at();
    let models = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "no-such-model"];
    let text = |kind: &str, number: usize| Some(format!("{kind}-{number}"));
    (0..1_000_000_usize)
        .map(|n| CallFact {
            id: n.to_string(),
            at: start.saturating_add_ms(i64::try_from(n * 3).unwrap()),
            model: models.iter().cycle().nth(n % 4).map(|model| (*model).to_owned()).unwrap_or_default(),
            usage: Usage::new(2000, 100),
            cost_usd: (n % 4 != 3).then(|| Picodollars::new(6_000_000_000)),
            tags: BTreeMap::from([("team".to_owned(), "search".to_owned())]),
            outcome: (n % 50 == 0).then(|| "error".to_owned()),
            finish: (n % 30 == 0).then(|| "length".to_owned()),
            session: text("session", n % 50_000),
            prompt_hash: text("prompt", n % 400_000),
            prefix_hash: text("prefix", n % 5_000),
            prefix_tokens: Some(1500),
            tool_hash: if n % 3 == 0 { text("tool", n % 200) } else { None },
            ..CallFact::default()
        })
        .collect()
}

/// Goal: a million calls through `signals` in at most 2 s.
fn waste(bench: &mut Criterion<CpuTime>) {
    let mut group = bench.benchmark_group("waste");
    few(&mut group);
    group.throughput(elements(1_000_000));
    let (calls, catalogue) = (calls(), Catalogue::builtin());
    let config = SignalConfig {
        candidates: BTreeMap::from([("gpt-4o".to_owned(), vec!["gpt-4o-mini".to_owned()])]),
        ..SignalConfig::default()
    };
    group.bench_function("signals of a million calls", |b| {
        b.iter_batched(|| (), |()| signals(black_box(&calls), &config, &catalogue), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = price, log_inference, extraction, budgets, sketch, exposition, waste
}
criterion_main!(benches);

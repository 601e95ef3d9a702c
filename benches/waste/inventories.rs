//! Synthetic clusters as detectors see them: workloads with requests, pods on priced nodes, and what was used.

use finops_core::{
    inventory::{
        ClusterInventory, Container, Format, Interval, Labels, Metric, Name, Node, NodeCost, Owner, Pod,
        Quantity, Resources, Sample, UsageData, UsageSeries, UsageSubject, UsageSummary, Workload,
    },
    json::{Json, Limits, read},
    time::Timestamp,
    waste::{DetectionConfig, Rates, Ratio, summary::ClusterData},
};
use std::{fmt::Write as _, sync::Arc};

/// 2026-11-01T00:00:00Z.
const START: i64 = 1_793_491_200;
const WINDOW: i64 = 14 * 86_400;
/// Samples of two weeks at 75 seconds, the step of robusta's KRR.
const STEP: i64 = 75;
const SAMPLES: i64 = WINDOW / STEP;

/// A linear congruential generator (Knuth's MMIX): the same cluster on every machine.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(second * 1000).unwrap()
}

fn resources(cpu_milli: u64, memory_mib: u64) -> Resources {
    let nano = |amount: u64, format| Quantity::from_nano(i128::from(amount), format).unwrap();
    Resources::new(vec![
        (Name::from("cpu"), nano(cpu_milli * 1_000_000, Format::DecimalSi)),
        (
            Name::from("memory"),
            Quantity::from_nano(i128::from(memory_mib << 20) * 1_000_000_000, Format::BinarySi).unwrap(),
        ),
    ])
}

fn subject(namespace: &Name, kind: &Name, name: &Name, container: Option<&Name>) -> UsageSubject {
    let (namespace, kind, name) = (namespace.clone(), kind.clone(), name.clone());
    UsageSubject::Workload { namespace, kind, name, container: container.cloned() }
}

fn summary(p95: i128, max: i128) -> UsageData {
    let (start, end) = (Some(at(START)), Some(at(START + WINDOW)));
    let (mean, p50, p99) = (Some(p95 / 2), Some(p95 / 2), Some(max));
    let (p95, max, samples) = (Some(p95), Some(max), Some(336));
    UsageData::Summary(Box::new(UsageSummary { mean, p50, p95, p99, max, samples, start, end }))
}

/// Prices of requests, for inventories without nodes.
pub fn config() -> DetectionConfig {
    let price = |text| Ratio::parse(text);
    let mut config = DetectionConfig::default();
    config.rates =
        Rates { cpu_core_hour: price("0.031611"), memory_gib_hour: price("0.004237"), ..Rates::default() };
    config
}

/// Workloads of one container with requests and the summaries that Prometheus answers: cpu, memory, throttling, network.
/// One in ten requests far more cpu than it uses, another one far more memory, and one in fifty idles. With `pods`, each
/// runs two of them, on nodes of known price.
pub fn summaries(workloads: u64, pods: bool) -> ClusterInventory {
    let mut dice = Dice(7);
    let mut inventory = ClusterInventory::new("synthetic", at(START + WINDOW));
    inventory.window = Some(Interval { start: at(START), end: at(START + WINDOW) });
    let kind = Name::from("Deployment");
    let app = Name::from("app");
    let namespaces: Vec<Name> = (0..40).map(|n| Name::from(format!("team-{n:02}"))).collect();
    let sizes: Vec<Resources> = (1..9).map(|n| resources(n * 250, n * 512)).collect();
    let (mut records, mut usage, mut all_pods) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..workloads {
        let namespace = &namespaces[usize::try_from(dice.below(40)).unwrap()];
        let name = Name::from(format!("service-{n:06}"));
        let size = 1 + dice.below(8);
        let requests = sizes[usize::try_from(size - 1).unwrap()].clone();
        let labels = Labels::new(vec![
            (Name::from("app"), name.clone()),
            (Name::from("team"), Name::from(format!("team-{}", n % 12))),
        ]);
        let (idle, cpu, memory) = match n % 50 {
            0 => (true, 0, 90),
            k if k % 10 == 1 => (false, 20, 90),
            k if k % 10 == 2 => (false, 90, 30),
            _ => (false, 90, 90),
        };
        let nanocores = i128::from(size) * 2_500_000 * (i128::from(cpu) + i128::from(dice.below(3)));
        let bytes = i128::from(size) * (512 << 20) / 100 * (memory - i128::from(dice.below(3)));
        let mut add = |metric, container: Option<&Name>, p95: i128, max: i128| {
            let (subject, data) = (subject(namespace, &kind, &name, container), summary(p95, max));
            usage.push(UsageSeries { subject, metric, data });
        };
        let nanocores = if idle { 2_000_000 } else { nanocores };
        add(Metric::CpuUsage, Some(&app), nanocores, nanocores + nanocores / 8);
        add(Metric::MemoryWorkingSet, Some(&app), bytes * 900_000_000, bytes * 1_000_000_000);
        add(Metric::CpuThrottled, Some(&app), 20_000_000, 40_000_000);
        let traffic = if idle { 10 } else { 40_000 + i128::from(dice.below(9000)) };
        add(Metric::NetworkReceive, None, traffic * 1_000_000_000, traffic * 2_000_000_000);
        add(Metric::NetworkTransmit, None, traffic * 1_000_000_000, traffic * 2_000_000_000);
        let container = |running| Container {
            name: app.clone(),
            requests: Some(requests.clone()),
            limits: Some(requests.clone()),
            running,
            ..Container::default()
        };
        if pods {
            let owner = Arc::new(Owner { kind: kind.clone(), name: name.clone() });
            all_pods.extend((0..2).map(|replica| Pod {
                namespace: namespace.clone(),
                name: Name::from(format!("{name}-{replica}")),
                node: Some(Name::from(format!("node-{:05}", n % (workloads / 10).max(1)))),
                phase: Some(Name::from("Running")),
                owner: Some(Arc::clone(&owner)),
                labels: Some(labels.clone()),
                created_at: Some(at(START)),
                start: Some(at(START)),
                containers: [container(Some([(at(START), None)].into()))].into(),
                ..Pod::default()
            }));
        }
        records.push(Workload {
            kind: kind.clone(),
            namespace: namespace.clone(),
            name,
            labels: Some(labels.clone()),
            pod_labels: Some(labels),
            created_at: Some(at(START - 86_400)),
            replicas: Some(2),
            ready_replicas: Some(2),
            containers: Some(vec![container(None)]),
            ..Workload::default()
        });
    }
    if pods {
        let node = |n| Node {
            name: Name::from(format!("node-{n:05}")),
            labels: Some(Labels::new(vec![(Name::from("zone"), Name::from("a"))])),
            created_at: Some(at(START - 86_400)),
            capacity: resources(48_000, 96 << 10),
            allocatable: Some(resources(47_800, 95 << 10)),
            cost: Some(NodeCost::Hourly("1.936".parse().unwrap())),
            ..Node::default()
        };
        inventory.nodes = Some((0..(workloads / 10).max(1)).map(node).collect());
        inventory.pods = Some(all_pods);
    }
    inventory.workloads = Some(records);
    inventory.usage = Some(usage);
    inventory
}

/// A day's wave with noise: what a container uses, as a share of 1,000.
fn wave(dice: &mut Dice, sample: i64) -> i64 {
    let hour = sample * STEP / 3600 % 24;
    400 + 30 * (12 - (hour - 12).abs()) + i64::try_from(dice.below(200)).unwrap()
}

/// Workloads of one container with two raw series of 16,128 samples each, cpu and memory.
pub fn raw(workloads: u64) -> ClusterInventory {
    let mut inventory = summaries(workloads, false);
    let mut dice = Dice(11);
    for series in inventory.usage.iter_mut().flatten() {
        let scale = match series.metric {
            Metric::CpuUsage => 300_000,
            Metric::MemoryWorkingSet => 400_000,
            _ => continue,
        };
        let value = |dice: &mut Dice, n| wave(dice, n) * scale;
        let samples =
            (1..=SAMPLES).map(|n| Sample { at: START + n * STEP, value: value(&mut dice, n) }).collect();
        series.data = UsageData::Samples { step_seconds: 75, samples };
    }
    inventory
}

/// Nanocores of one container at 75 seconds for two weeks.
pub fn samples(seed: u64) -> Vec<u64> {
    let mut dice = Dice(seed);
    (1..=SAMPLES).map(|n| wave(&mut dice, n).unsigned_abs() * 300_007).collect()
}

/// The summary form of as many workloads: the dict of the README, with the shares of findings of `summaries`.
pub fn cluster_data(workloads: u64) -> (Json, ClusterData) {
    let mut text = String::from(r#"{"cluster":"synthetic","workloads":{"#);
    for team in 0..40 {
        let comma = if team == 0 { "" } else { "," };
        write!(text, r#"{comma}"team-{team:02}":["#).unwrap();
        let of_team = (0..workloads).filter(|n| n % 40 == team);
        for (position, n) in of_team.enumerate() {
            let comma = if position == 0 { "" } else { "," };
            let size = 1 + n % 8;
            let (cpu, memory) = match n / 40 % 10 {
                1 => (10, 60),
                2 => (60, 10),
                _ => (60, 60),
            };
            write!(
                text,
                concat!(
                    r#"{comma}{{"name":"service-{n:06}","cpu_request":{size}.0,"cpu_usage":{cpu},"#,
                    r#""memory_request_gb":{size}.5,"memory_usage_gb":{memory},"replicas":2,"team":"team-{team:02}"}}"#
                ),
                comma = comma,
                n = n,
                size = size,
                cpu = format_args!("{}.{:02}", size * cpu / 100, size * cpu % 100),
                memory = format_args!("{}.{:02}", size * memory / 100, size * memory % 100),
                team = team,
            )
            .unwrap();
        }
        text.push(']');
    }
    text.push_str("}}");
    let json = read(text.as_bytes(), &Limits { bytes: 64 << 20, ..Limits::default() }).unwrap();
    let data = ClusterData::from_json(&json, Some(at(START))).unwrap();
    (json, data)
}

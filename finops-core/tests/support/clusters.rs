//! Synthetic clusters from a seed: nodes, pods, claims, volumes, services and use.

use finops_core::{
    inventory::{
        ClaimName, ClusterInventory, Container, ContainerType, Format, Labels, Metric, Name, Namespace, Node,
        NodeCost, Owner, Pod, Quantity, Resources, Sample, Service, ServiceCost, UsageData, UsageSeries,
        UsageSubject, UsageSummary, Volume, VolumeCost, VolumeUse,
    },
    time::Timestamp,
};
use std::sync::Arc;

/// 2026-11-01T00:00:00Z.
pub const START: i64 = 1_793_491_200;

/// A linear congruential generator (Knuth's MMIX): the same cluster on every machine.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// How large a cluster is and what is in it.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Nodes.
    pub nodes: u64,
    /// Pods.
    pub pods: u64,
    /// Hours of the window.
    pub hours: u64,
    /// Whether there are GPUs, volumes, services, series, starts in mid-window and pods without a node.
    pub varied: bool,
    /// Whether containers have summaries of their use.
    pub usage: bool,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(second * 1000).unwrap()
}

fn quantity(nano: u64) -> Quantity {
    Quantity::from_nano(i128::from(nano), Format::DecimalSi).unwrap()
}

fn gib(count: u64) -> Quantity {
    Quantity::from_nano(i128::from(count << 30) * 1_000_000_000, Format::BinarySi).unwrap()
}

fn resources(cpu_milli: u64, memory_mib: u64, gpus: u64) -> Resources {
    let mut all = vec![
        (Name::from("cpu"), quantity(cpu_milli * 1_000_000)),
        (
            Name::from("memory"),
            Quantity::from_nano(i128::from(memory_mib << 20) * 1_000_000_000, Format::BinarySi).unwrap(),
        ),
    ];
    if gpus > 0 {
        all.push((Name::from("nvidia.com/gpu"), quantity(gpus * 1_000_000_000)));
    }
    Resources::new(all)
}

/// The cluster of `seed`.
pub fn cluster(seed: u64, shape: Shape) -> ClusterInventory {
    let mut dice = Dice(seed);
    let end = START + i64::try_from(shape.hours).unwrap() * 3600;
    let mut inventory = ClusterInventory::new("synthetic", at(end));
    inventory.window = Some(finops_core::inventory::Interval { start: at(START), end: at(end) });
    let namespaces: Vec<Name> = (0..12).map(|n| Name::from(format!("ns-{n:02}"))).collect();
    inventory.namespaces = Some(
        namespaces
            .iter()
            .map(|name| Namespace {
                name: name.clone(),
                labels: dice.chance(50).then(|| {
                    Labels::new(vec![(Name::from("team"), Name::from(format!("team-{}", dice.below(4))))])
                }),
                ..Namespace::default()
            })
            .collect(),
    );
    let nodes: Vec<Node> = (0..shape.nodes).map(|n| node(n, &mut dice, shape, end)).collect();
    let names: Vec<Name> = nodes.iter().map(|node| node.name.clone()).collect();
    inventory.nodes = Some(nodes);
    let app = Name::from("app");
    let requests: Vec<Resources> = (1..9).map(|n| resources(n * 125, n * 300, 0)).collect();
    let running = Some(Name::from("Running"));
    let mut usage = Vec::new();
    let mut pods = Vec::new();
    for n in 0..shape.pods {
        let place = usize::try_from(dice.below(shape.nodes.max(1))).unwrap();
        let unknown = shape.varied && dice.chance(3);
        let (mut from, mut to) = (START - 3600, None);
        if shape.varied {
            let hours = |dice: &mut Dice| i64::try_from(dice.below(shape.hours * 3600 + 1)).unwrap();
            if dice.chance(40) {
                from = START + hours(&mut dice);
            }
            if dice.chance(40) {
                to = Some(at(from + hours(&mut dice)));
            }
        }
        let namespace = namespaces[usize::try_from(dice.below(12)).unwrap()].clone();
        let name = Name::from(format!("service-{}-{n:07}", n % 97));
        let mut containers = vec![container(&app, &requests, &mut dice, from, to, shape)];
        if shape.varied && dice.chance(20) {
            containers.push(container(&Name::from("proxy"), &requests, &mut dice, from, to, shape));
        }
        if shape.usage || (shape.varied && dice.chance(60)) {
            usage.extend(series(&namespace, &name, &app, &mut dice, shape));
        }
        pods.push(Pod {
            namespace,
            name,
            node: Some(if unknown { Name::from("gone") } else { names[place].clone() }),
            phase: running.clone(),
            owner: shape.varied.then(|| {
                Arc::new(Owner { kind: Name::from("Deployment"), name: Name::from(format!("d-{}", n % 7)) })
            }),
            labels: shape.varied.then(|| {
                Labels::new(vec![
                    (Name::from("app"), Name::from(format!("app-{}", n % 5))),
                    (Name::from("tier"), Name::from("x")),
                ])
            }),
            overhead: (shape.varied && dice.chance(10)).then(|| resources(50, 64, 0)),
            volumes: (shape.varied && dice.chance(20))
                .then(|| Arc::from([VolumeUse::Claim(Name::from(format!("data-{}", n % 4)))])),
            containers: containers.into(),
            ..Pod::default()
        });
    }
    inventory.pods = Some(pods);
    inventory.usage = Some(usage);
    if shape.varied {
        things(&mut inventory, &namespaces, &mut dice);
    }
    inventory
}

fn node(n: u64, dice: &mut Dice, shape: Shape, end: i64) -> Node {
    let size = 1 + dice.below(4);
    let gpus = if shape.varied && dice.chance(20) { 1 + dice.below(4) } else { 0 };
    let mut labels = vec![(Name::from("zone"), Name::from("a"))];
    if gpus > 0 && dice.chance(50) {
        labels.push((Name::from("nvidia.com/gpu.replicas"), Name::from("3")));
        labels.push((Name::from("nvidia.com/gpu.count"), Name::from(gpus.to_string())));
    }
    let price = |digits: u64| rust_decimal(digits, 6);
    let cost = match dice.below(if shape.varied { 10 } else { 6 }) {
        0..=5 => Some(NodeCost::Hourly(price(48_000 * size + dice.below(7)))),
        6 => Some(NodeCost::Monthly(price(70_000_000 + dice.below(999)))),
        7 => Some(NodeCost::Total(price(1_234_567 + dice.below(999)))),
        8 => Some(NodeCost::Rates {
            cpu_core_hour: Some(price(31_611)),
            memory_gib_hour: Some(price(4237)),
            gpu_hour: Some(price(950_000)),
        }),
        _ => None,
    };
    Node {
        name: Name::from(format!("node-{n:05}")),
        node_pool: Some(Name::from(format!("pool-{}", n % 3))),
        provider_id: Some(Name::from(format!("aws:///us-east-1a/i-{n:05}"))),
        labels: Some(Labels::new(labels)),
        created_at: (shape.varied && dice.chance(20))
            .then(|| at(START + i64::try_from(dice.below(7200)).unwrap())),
        deleted_at: (shape.varied && dice.chance(20))
            .then(|| at(end - i64::try_from(dice.below(7200)).unwrap())),
        capacity: resources(size * 2000, size * 8192, gpus),
        allocatable: Some(resources(size * 2000 - 100, size * 8192 - 512, gpus)),
        cost,
        ..Node::default()
    }
}

fn container(
    name: &Name,
    requests: &[Resources],
    dice: &mut Dice,
    from: i64,
    to: Option<Timestamp>,
    shape: Shape,
) -> Container {
    let gpu = shape.varied && dice.chance(5);
    let own = requests[usize::try_from(dice.below(8)).unwrap()].clone();
    Container {
        name: name.clone(),
        r#type: ContainerType::App,
        requests: if shape.varied && dice.chance(10) { None } else { Some(own) },
        limits: gpu.then(|| Resources::new(vec![(Name::from("nvidia.com/gpu"), quantity(1_000_000_000))])),
        running: Some(Box::from([(at(from), to)])),
        ..Container::default()
    }
}

fn series(namespace: &Name, pod: &Name, container: &Name, dice: &mut Dice, shape: Shape) -> Vec<UsageSeries> {
    let subject = UsageSubject::Pod {
        namespace: namespace.clone(),
        pod: pod.clone(),
        container: Some(container.clone()),
        device: None,
    };
    let mut of = |metric: Metric, bound: u64| {
        let data = if shape.varied && dice.chance(50) {
            let samples = (1..=shape.hours).map(|hour| Sample {
                at: START + i64::try_from(hour * 3600).unwrap(),
                value: i64::try_from(dice.below(bound)).unwrap(),
            });
            UsageData::Samples { step_seconds: 3600, samples: samples.collect() }
        } else {
            let mean = i128::from(dice.below(bound)) * metric.unit().nano();
            UsageData::Summary(Box::new(UsageSummary { mean: Some(mean), ..UsageSummary::default() }))
        };
        UsageSeries { subject: subject.clone(), metric, data }
    };
    vec![of(Metric::CpuUsage, 1_500_000_000), of(Metric::MemoryWorkingSet, 3 << 30)]
}

/// Volumes and load balancers.
fn things(inventory: &mut ClusterInventory, namespaces: &[Name], dice: &mut Dice) {
    let mut volumes = Vec::new();
    let mut services = Vec::new();
    for (n, namespace) in namespaces.iter().enumerate() {
        volumes.push(Volume {
            claim: Some(ClaimName {
                namespace: namespace.clone(),
                name: Name::from(format!("data-{}", n % 4)),
            }),
            pv: Some(Name::from(format!("pv-{n}"))),
            size: Some(gib(1 + dice.below(90))),
            cost: Some(VolumeCost::GibMonth(rust_decimal(80 + dice.below(30), 3))),
            ..Volume::default()
        });
        services.push(Service {
            namespace: namespace.clone(),
            name: Name::from(format!("svc-{}", n % 3)),
            r#type: Some(Name::from("LoadBalancer")),
            selector: Some(Labels::new(vec![(Name::from("app"), Name::from(format!("app-{}", n % 5)))])),
            cost: dice.chance(70).then(|| ServiceCost::Hourly(rust_decimal(22_500, 6))),
            ..Service::default()
        });
        services.push(Service {
            namespace: namespace.clone(),
            name: Name::from("all"),
            selector: Some(Labels::new(vec![(Name::from("tier"), Name::from("x"))])),
            ..Service::default()
        });
    }
    volumes.push(Volume {
        pv: Some(Name::from("pv-alone")),
        size: Some(gib(5)),
        cost: Some(VolumeCost::Hourly(rust_decimal(1, 3))),
        ..Volume::default()
    });
    inventory.volumes = Some(volumes);
    inventory.services = Some(services);
}

fn rust_decimal(digits: u64, places: u32) -> rust_decimal::Decimal {
    rust_decimal::Decimal::new(i64::try_from(digits).unwrap(), places)
}

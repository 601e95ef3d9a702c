//! GPUs of a full inventory: what containers have, how busy it is, and nodes whose GPUs nobody requests.

use super::{
    common::{Verdict, open, risk_of, settle, team},
    figures::Figures,
    index::Index,
    nodes::{has_ended, is_control_plane, present, risk_of_node},
    price::{DEVICES, units},
};
use crate::{
    error::Fault,
    inventory::{Container, ContainerType, Labels, Metric, Node, Pod, UsageSeries, UsageSubject},
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, OpportunityType,
        Ratio, Reason, Risk, Setting, Subject, SubjectKind, Value,
        ai::{Gpu, GpuContainer, GpuDevice},
        summary::Field,
    },
};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, collections::BTreeMap};

/// Metrics of the duty, the preferred first (specification, section 7).
const DUTY: [Metric; 2] = [Metric::GpuDuty, Metric::GpuDutyPercent];

/// The devices of a container and whether it shares them: MIG profiles, time-slices.
fn devices_of(container: &Container, node: Option<&Node>) -> (Ratio, bool) {
    let whole = DEVICES.iter().filter_map(|name| container.request(name)).map(units);
    let whole = whole.fold(Ratio::ZERO, |sum, count| sum.plus(&count));
    let amounts = [&container.requests, &container.limits].into_iter().flatten();
    let mut slices = Ratio::ZERO;
    for (name, amount) in amounts.flat_map(|all| all.iter()) {
        if name.starts_with("nvidia.com/mig-") || *name == "nvidia.com/gpu.shared" {
            slices = slices.max(units(amount));
        }
    }
    let shared = slices.is_positive() || node.is_some_and(shares_devices);
    (whole.plus(&slices), shared && (slices.is_positive() || whole.is_positive()))
}

/// Whether the devices of a node are shared: labels of GPU feature discovery.
fn shares_devices(node: &Node) -> bool {
    let label = |name: &str| node.labels.as_ref().and_then(|labels| labels.get(name));
    let replicas = label("nvidia.com/gpu.replicas").and_then(|text| text.as_str().parse::<u64>().ok());
    replicas.is_some_and(|replicas| replicas > 1)
        || label("nvidia.com/mig.strategy").is_some_and(|one| *one == "single")
}

/// Bytes of memory of a GPU of a node: a label of GPU feature discovery, in MiB.
fn memory_of(node: &Node) -> Option<Ratio> {
    let text = node.labels.as_ref()?.get("nvidia.com/gpu.memory")?.as_str();
    let mebibytes = text.parse::<u64>().ok().filter(|mebibytes| *mebibytes > 0)?;
    Some(Ratio::from(mebibytes).times(&Ratio::from(1_i64 << 20)))
}

type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The pods of one container, and its usage.
struct Group<'a> {
    pods: Vec<(&'a Pod, Ratio, Option<&'a Node>)>,
    shared: bool,
}

/// Usage of GPUs by pod or workload, then container.
#[derive(Default)]
struct Usage<'a> {
    by_pod: FxHashMap<(&'a str, &'a str), Vec<&'a UsageSeries>>,
    by_workload: FxHashMap<Key<'a>, Vec<&'a UsageSeries>>,
}

impl<'a> Usage<'a> {
    fn of(index: &Index<'a>) -> Self {
        let mut usage = Self::default();
        let gpu =
            |series: &&UsageSeries| DUTY.contains(&series.metric) || series.metric == Metric::GpuMemoryUsed;
        for series in index.inventory.usage.iter().flatten().filter(gpu) {
            match &series.subject {
                UsageSubject::Pod { namespace, pod, .. } => {
                    usage.by_pod.entry((namespace, pod)).or_default().push(series);
                }
                UsageSubject::Workload { namespace, kind, name, container: Some(container) } => {
                    usage.by_workload.entry((namespace, kind, name, container)).or_default().push(series);
                }
                _ => {}
            }
        }
        usage
    }
}

/// Figures of one metric as fields of a record.
#[derive(Default)]
struct Duty {
    devices: Vec<GpuDevice>,
    mean: Option<i128>,
    p95: Option<i128>,
    counts_any_kernel: bool,
    memory: Option<i128>,
    memory_share: Option<Ratio>,
    memory_share_known: bool,
}

fn field(value: Option<Ratio>) -> Field {
    value.map_or(Field::Absent, Field::Known)
}

fn nano(value: Option<i128>) -> Field {
    field(value.map(Ratio::nanos))
}

fn hours(seconds: Option<u64>) -> Field {
    field(seconds.and_then(|seconds| Ratio::new(seconds.into(), 3600)))
}

impl Duty {
    /// Adds the GPUs of one pod: of the container with this name, which `only` has GPUs there or not.
    fn add(
        &mut self,
        index: &Index<'_>,
        series: &[&UsageSeries],
        of: (&str, bool),
        at: (&Pod, Option<&Node>),
        window: u64,
    ) {
        let ((container, only), (pod, node)) = (of, at);
        let of_container = |one: &&&UsageSeries| match &one.subject {
            UsageSubject::Pod { container: Some(name), .. } => *name == container,
            // What is known of the pod as a whole is the container's, where it alone has GPUs.
            UsageSubject::Pod { container: None, .. } => only,
            _ => false,
        };
        let device_of = |one: &UsageSeries| match &one.subject {
            UsageSubject::Pod { device: Some(device), .. } => device.to_string(),
            _ => String::new(),
        };
        // Of each device the preferred metric.
        let mut devices: BTreeMap<String, &UsageSeries> = BTreeMap::new();
        for metric in DUTY {
            for one in series.iter().filter(of_container).filter(|one| one.metric == metric) {
                devices.entry(device_of(one)).or_insert(one);
            }
        }
        for (device, one) in devices {
            let Some(figures) = Figures::of([one].into_iter(), index.as_of, window) else { continue };
            self.counts_any_kernel |= one.metric == Metric::GpuDutyPercent;
            self.mean = self.mean.max(figures.mean());
            self.p95 = self.p95.max(figures.p95());
            self.devices.push(GpuDevice {
                uuid: format!("{}/{device}", pod.name),
                duty_max: nano(figures.max()),
                samples: field(Some(Ratio::from(figures.samples()))),
                span_hours: hours(figures.span_seconds()),
            });
        }
        let memory = series.iter().filter(of_container).filter(|one| one.metric == Metric::GpuMemoryUsed);
        let used = memory.filter_map(|one| Figures::of([*one].into_iter(), index.as_of, window)?.max()).max();
        self.memory = self.memory.max(used);
        let share =
            used.map(Ratio::nanos).zip(node.and_then(memory_of)).and_then(|(used, all)| used.over(&all));
        self.memory_share_known &= share.is_some();
        self.memory_share = self.memory_share.take().max(share);
    }
}

/// The containers that have GPUs, in the order of their subjects, measured over the window before the inventory's time.
pub(in crate::waste) fn gpu_containers<'a>(index: &Index<'a>, window_seconds: u64) -> Vec<Gpu<'a>> {
    let nodes: FxHashMap<&str, &Node> =
        index.inventory.nodes.iter().flatten().map(|node| (node.name.as_str(), node)).collect();
    let mut groups: BTreeMap<Key<'a>, Group<'a>> = BTreeMap::new();
    for pod in index.inventory.pods.iter().flatten().filter(|pod| !has_ended(pod)) {
        let (kind, name) = match &pod.owner {
            Some(owner) => (owner.kind.as_str(), owner.name.as_str()),
            None => ("Pod", pod.name.as_str()),
        };
        let node = pod.node.as_ref().and_then(|node| nodes.get(node.as_str()).copied());
        for container in pod.containers.iter().filter(|one| one.r#type != ContainerType::Init) {
            let (gpus, shared) = devices_of(container, node);
            if gpus.is_zero() {
                continue;
            }
            let key = (pod.namespace.as_str(), kind, name, container.name.as_str());
            let group = groups.entry(key).or_insert(Group { pods: Vec::new(), shared: false });
            group.shared |= shared;
            group.pods.push((pod, gpus, node));
        }
    }
    let usage = Usage::of(index);
    let of = |(key, group): (Key<'a>, Group<'a>)| container(index, key, group, &usage, window_seconds);
    groups.into_iter().map(of).collect()
}

fn container<'a>(
    index: &Index<'a>,
    key: Key<'a>,
    mut group: Group<'a>,
    usage: &Usage<'a>,
    window_seconds: u64,
) -> Gpu<'a> {
    let (namespace, kind, name, container) = key;
    group.pods.sort_by(|(one, ..), (other, ..)| one.name.cmp(&other.name));
    let mut duty = Duty { memory_share_known: true, ..Duty::default() };
    for (pod, _, node) in &group.pods {
        let series =
            usage.by_pod.get(&(pod.namespace.as_str(), pod.name.as_str())).map_or(&[][..], Vec::as_slice);
        let with_gpus = pod.containers.iter().filter(|one| !devices_of(one, *node).0.is_zero()).count();
        duty.add(index, series, (container, with_gpus == 1), (pod, *node), window_seconds);
    }
    let subject = Subject::container(namespace, kind, name, container);
    let gpus = group.pods.iter().map(|(_, gpus, _)| gpus.clone()).max().unwrap_or_default();
    let mut record = GpuContainer {
        container: subject.text().to_owned(),
        gpus: Field::Known(gpus),
        duty_mean: nano(duty.mean),
        duty_p95: nano(duty.p95),
        memory_max_bytes: nano(duty.memory),
        memory_share_max: field(duty.memory_share.filter(|_| duty.memory_share_known)),
        devices: duty.devices,
        ..GpuContainer::default()
    };
    let mut counts_any_kernel = duty.counts_any_kernel;
    if record.devices.is_empty() {
        // The largest over the pods is all that is known.
        let series = usage.by_workload.get(&key).map_or(&[][..], Vec::as_slice);
        let of = |metric| {
            let own = series.iter().copied().filter(move |one| one.metric == metric);
            Figures::of(own, index.as_of, window_seconds)
        };
        let found = DUTY.into_iter().find_map(|metric| Some((of(metric)?, metric)));
        if let Some((figures, metric)) = found {
            counts_any_kernel = metric == Metric::GpuDutyPercent;
            record.duty_max = nano(figures.max());
            record.duty_mean = nano(figures.mean());
            record.duty_p95 = nano(figures.p95());
            record.samples = field(Some(Ratio::from(figures.samples())));
            record.span_hours = hours(figures.span_seconds());
        }
        record.memory_max_bytes = nano(of(Metric::GpuMemoryUsed).and_then(|figures| figures.max()));
    }
    let work = index.find(namespace, kind, name);
    let of_node = || {
        let (_, _, node) = group.pods.first()?;
        index.node_prices((*node)?)?.rates.gpu_hour.clone()
    };
    let price = match work {
        Some(work) => work.rates.gpu_hour.clone(),
        None => of_node().or_else(|| index.config.rates.gpu_hour.clone()),
    };
    let first: Option<&Labels> = group.pods.first().and_then(|(pod, ..)| pod.annotations.as_ref());
    Gpu {
        subject,
        excluded: match work {
            Some(work) => work.excluded,
            None => index.excluded(namespace, first),
        },
        record: Cow::Owned(record),
        pods: u64::try_from(group.pods.len()).unwrap_or(u64::MAX),
        shared: group.shared,
        price: price.map(|price| (price, "rates of nodes")),
        risk: work.map_or_else(|| Risk::base(Ratio::ZERO), |work| risk_of(index, work, Ratio::ZERO, None)),
        source: if counts_any_kernel { "usage.gpu_duty_percent" } else { "usage.gpu_duty" },
        counts_any_kernel,
        team: work.and_then(team),
    }
}

pub(in crate::waste) struct GpuNodeWithoutGpuPods;

impl Detector for GpuNodeWithoutGpuPods {
    fn id(&self) -> &'static str {
        "ai.gpu_node_without_gpu_pods"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("window_hours", "24", "hours without a pod that requests a GPU")] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let window = cx.config.count(self, "window_hours").saturating_mul(3600);
        Ok(present(index).map(|node| settle(self.judge(index, node, window))).collect())
    }
}

/// The GPUs of a node.
fn capacity(node: &Node) -> Ratio {
    let amounts = node.capacity.iter().filter(|(name, _)| {
        DEVICES.contains(&name.as_str())
            || name.starts_with("nvidia.com/mig-")
            || **name == "nvidia.com/gpu.shared"
    });
    amounts.fold(Ratio::ZERO, |sum, (_, amount)| sum.plus(&units(amount)))
}

impl GpuNodeWithoutGpuPods {
    fn judge(&self, index: &Index<'_>, node: &Node, window: u64) -> Verdict {
        let subject = Subject::global(SubjectKind::Node, &node.name);
        let excluded = index.excluded("", node.annotations.as_ref());
        let judged = open(self.id(), OpportunityType::IdleGpu, &subject, excluded)?;
        let gpus = capacity(node);
        if gpus.is_zero() {
            return Err(judged.inapplicable(Reason::NoGpu));
        }
        if is_control_plane(node) {
            return Err(judged.inapplicable(Reason::SystemObject));
        }
        if index.inventory.pods.is_none() {
            return Err(judged.undetermined(Reason::NoPodData));
        }
        let within = |pod: &Pod| !has_ended(pod) || index.age(pod.end).is_some_and(|ended| ended < window);
        let requests = |pod: &Pod| pod.containers.iter().any(|one| devices_of(one, None).0.is_positive());
        if index.pods_on(node).iter().any(|pod| within(pod) && requests(pod)) {
            return Err(judged.ok(Reason::HasPods));
        }
        match index.age(node.created_at) {
            None => return Err(judged.undetermined(Reason::NoAge)),
            Some(age) if age <= window => return Err(judged.inapplicable(Reason::TooYoung)),
            Some(_) => {}
        }
        let hours = &index.config.month_hours;
        let price = index.node_prices(node).and_then(|prices| prices.rates.gpu_hour.clone());
        let estimate = match price.or_else(|| index.config.rates.gpu_hour.clone()) {
            None => Estimate::unknown(Reason::NoPrice, hours),
            Some(price) => {
                let month = gpus.times(&price).times(hours);
                Estimate::saving(&month, hours)
                    .by(
                        "gpus * gpu_hour * month_hours",
                        vec![("gpus", gpus.clone().into()), ("gpu_hour", price.into())],
                    )
                    .priced_by("rates of nodes", None)
                    .claiming(judged.subject.id(), Component::Gpu, &month, &month, ClaimKind::Delete)
            }
        };
        let evidence = Evidence::from_source("pods.containers.requests")
            .observed("gpus", gpus.clone())
            .observed("created_at", node.created_at)
            .threshold("window_hours", Ratio::new(window.into(), 3600));
        let risk = risk_of_node(index, node, Ratio::thousandths(300));
        let (detector, opportunity) = (judged.detector, judged.opportunity);
        let mut finding = Assessment::finding(
            detector,
            opportunity,
            judged.subject,
            evidence,
            estimate,
            Confidence::fact(),
            risk,
        );
        finding.before = vec![("gpus", gpus.into())];
        finding.after = vec![("state", Value::Word("deleted"))];
        Ok(finding)
    }
}

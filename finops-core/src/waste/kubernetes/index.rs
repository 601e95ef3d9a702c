//! What detectors look up, built once a run: pods by workload and node, usage by container, prices of requests.

use super::{
    consolidation::Plan,
    figures::{Figures, seconds_between},
    price::{NodePrices, rates_of},
};
use crate::{
    inventory::{
        Autoscaler, Budget, ClusterInventory, Container, ContainerType, KnownCost, Labels, LimitRange, Metric, Name,
        Namespace, Node, Pod, UsageSeries, UsageSubject, VolumeUse, Workload,
    },
    price::PriceBook,
    time::Timestamp,
    waste::{DetectionConfig, Outcome, Ratio, Rates, Reason, Subject, simulation::Profile},
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{cell::OnceCell, ops::Range};

const DAY_SECONDS: u64 = 86_400;
/// The window of most detectors (specification, section 5).
pub(super) const TWO_WEEKS: u64 = 14 * DAY_SECONDS;
/// The window of idle workloads and logs.
pub(super) const WEEK: u64 = 7 * DAY_SECONDS;

/// A container of a workload.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub name: &'a Name,
    pub subject: Subject,
    /// Its record in the template, else in a pod.
    pub record: &'a Container,
    /// Whether a webhook put it into the pods: the template does not hold it.
    pub injected: bool,
    pub cpu: Option<Figures>,
    pub memory: Option<Figures>,
    pub throttled: Option<Figures>,
}

/// A workload with what belongs to it.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub record: &'a Workload,
    pub subject: Subject,
    /// Containers that keep running: no init containers.
    pub parts: Vec<Part<'a>>,
    /// Why no detector judges it.
    pub excluded: Option<(Outcome, Reason)>,
    /// Prices of its requests.
    pub rates: Rates,
    /// What changes the number or size of its pods.
    pub autoscalers: Vec<&'a Autoscaler>,
    pods: Range<usize>,
    usage: Range<usize>,
}

type Key<'a> = (&'a str, &'a str, &'a str);

/// Everything that detectors of a full inventory look up.
#[derive(Debug)]
pub(in crate::waste) struct Index<'a> {
    pub inventory: &'a ClusterInventory,
    pub config: &'a DetectionConfig,
    pub prices: &'a PriceBook,
    pub as_of: Timestamp,
    works: Vec<Work<'a>>,
    pods: Vec<&'a Pod>,
    usage: Vec<&'a UsageSeries>,
    work_of: FxHashMap<Key<'a>, usize>,
    pods_of_node: FxHashMap<&'a str, Vec<&'a Pod>>,
    namespaces: FxHashMap<&'a str, &'a Namespace>,
    budgets: FxHashMap<&'a str, Vec<&'a Budget>>,
    autoscalers: FxHashMap<Key<'a>, Vec<&'a Autoscaler>>,
    limit_ranges: FxHashMap<&'a str, Vec<&'a LimitRange>>,
    claim_usage: FxHashMap<(&'a str, &'a str, Metric), &'a UsageSeries>,
    mounted: FxHashSet<(&'a str, &'a str)>,
    node_prices: FxHashMap<&'a str, NodePrices>,
    known_costs: FxHashMap<&'a str, &'a KnownCost>,
    plan: OnceCell<Plan>,
    production: bool,
}

fn key_of(workload: &Workload) -> Key<'_> {
    (&workload.namespace, &workload.kind, &workload.name)
}

/// Whether a label's value marks what must not break (specification, section 4).
fn says_production(value: &str) -> bool {
    ["production", "prod", "critical"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

impl<'a> Index<'a> {
    pub(in crate::waste) fn new(
        inventory: &'a ClusterInventory,
        prices: &'a PriceBook,
        config: &'a DetectionConfig,
    ) -> Self {
        let mut index = Self {
            inventory,
            config,
            prices,
            as_of: inventory.as_of,
            works: Vec::new(),
            pods: Vec::new(),
            usage: Vec::new(),
            work_of: FxHashMap::default(),
            pods_of_node: FxHashMap::default(),
            namespaces: FxHashMap::default(),
            budgets: FxHashMap::default(),
            autoscalers: FxHashMap::default(),
            limit_ranges: FxHashMap::default(),
            claim_usage: FxHashMap::default(),
            mounted: FxHashSet::default(),
            node_prices: FxHashMap::default(),
            known_costs: FxHashMap::default(),
            plan: OnceCell::new(),
            production: inventory.tags.iter().flatten().any(|tag| says_production(tag)),
        };
        for namespace in inventory.namespaces.iter().flatten() {
            index.namespaces.insert(&namespace.name, namespace);
        }
        for budget in inventory.budgets.iter().flatten() {
            index.budgets.entry(&budget.namespace).or_default().push(budget);
        }
        for range in inventory.limit_ranges.iter().flatten() {
            index.limit_ranges.entry(&range.namespace).or_default().push(range);
        }
        for autoscaler in inventory.autoscalers.iter().flatten() {
            if let Some(target) = &autoscaler.target {
                let key = (autoscaler.namespace.as_str(), target.kind.as_str(), target.name.as_str());
                index.autoscalers.entry(key).or_default().push(autoscaler);
            }
        }
        for node in inventory.nodes.iter().flatten() {
            if let Some(prices) = NodePrices::of(node, inventory, prices, config) {
                index.node_prices.insert(&node.name, prices);
            }
        }
        for known in inventory.allocation.iter().flatten() {
            index.known_costs.insert(&known.workload, known);
        }
        index.add_workloads();
        index
    }

    fn add_workloads(&mut self) {
        let inventory = self.inventory;
        let known: FxHashSet<Key<'a>> = inventory.workloads.iter().flatten().map(key_of).collect();
        let mut records: Vec<(Subject, &'a Workload)> = Vec::with_capacity(known.len());
        for record in inventory.workloads.iter().flatten() {
            // What another workload makes is judged there.
            let owned = record.owner.as_ref().is_some_and(|owner| {
                known.contains(&(record.namespace.as_str(), owner.kind.as_str(), owner.name.as_str()))
            });
            if !owned {
                let subject = Subject::workload(&record.namespace, &record.kind, &record.name);
                records.push((subject, record));
            }
        }
        records.sort_by(|(one, _), (other, _)| one.cmp(other));
        records.dedup_by(|(one, _), (other, _)| one == other);
        self.work_of.reserve(records.len());
        for (position, (_, record)) in records.iter().enumerate() {
            self.work_of.insert(key_of(record), position);
        }
        let mut pods = self.pods_by_work();
        let mut usage = self.usage_by_work(&pods);
        // Equal inputs in another order give equal outputs.
        pods.sort_unstable_by(|(one, a), (other, b)| {
            one.cmp(other).then_with(|| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)))
        });
        usage.sort_by(|(one, a), (other, b)| {
            one.cmp(other).then_with(|| a.metric.cmp(&b.metric)).then_with(|| a.subject.cmp(&b.subject))
        });
        self.pods = pods.iter().map(|(_, pod)| *pod).collect();
        self.usage = usage.iter().map(|(_, series)| *series).collect();
        let (mut pod, mut series) = (0, 0);
        for (position, (subject, record)) in records.into_iter().enumerate() {
            let pod_range = range_of(&pods, position, &mut pod);
            let usage_range = range_of(&usage, position, &mut series);
            let work = self.work(subject, record, pod_range, usage_range);
            self.works.push(work);
        }
    }

    /// Pods with the position of their workload; fills the pods of nodes and the claims that are mounted.
    fn pods_by_work(&mut self) -> Vec<(usize, &'a Pod)> {
        let mut found = Vec::new();
        for pod in self.inventory.pods.iter().flatten() {
            if let Some(node) = &pod.node {
                self.pods_of_node.entry(node).or_default().push(pod);
            }
            for volume in pod.volumes.iter().flat_map(|volumes| volumes.iter()) {
                if let VolumeUse::Claim(claim) = volume {
                    self.mounted.insert((&pod.namespace, claim));
                }
            }
            if let Some(owner) = &pod.owner {
                let key = (pod.namespace.as_str(), owner.kind.as_str(), owner.name.as_str());
                found.extend(self.work_of.get(&key).map(|position| (*position, pod)));
            }
        }
        found
    }

    /// Usage with the position of its workload; fills the usage of claims.
    fn usage_by_work(&mut self, pods: &[(usize, &'a Pod)]) -> Vec<(usize, &'a UsageSeries)> {
        let by_pod = self.inventory.usage.iter().flatten().any(|s| matches!(s.subject, UsageSubject::Pod { .. }));
        let of_pod: FxHashMap<(&str, &str), usize> = if by_pod {
            pods.iter().map(|(position, pod)| ((&*pod.namespace, &*pod.name), *position)).collect()
        } else {
            FxHashMap::default()
        };
        let mut found = Vec::new();
        for series in self.inventory.usage.iter().flatten() {
            let position = match &series.subject {
                UsageSubject::Workload { namespace, kind, name, .. } => {
                    self.work_of.get(&(namespace.as_str(), kind.as_str(), name.as_str()))
                }
                UsageSubject::Pod { namespace, pod, .. } => of_pod.get(&(namespace.as_str(), pod.as_str())),
                UsageSubject::Claim { namespace, name } => {
                    self.claim_usage.insert((namespace, name, series.metric), series);
                    None
                }
                UsageSubject::Node(_) | UsageSubject::Autoscaler { .. } | UsageSubject::Log { .. } => None,
            };
            found.extend(position.map(|position| (*position, series)));
        }
        found
    }

    fn work(&self, subject: Subject, record: &'a Workload, pods: Range<usize>, usage: Range<usize>) -> Work<'a> {
        let excluded = self.excluded(&record.namespace, record.annotations.as_ref());
        let mut work = Work {
            record,
            subject,
            parts: Vec::new(),
            excluded,
            rates: Rates::default(),
            autoscalers: self.autoscalers.get(&key_of(record)).cloned().unwrap_or_default(),
            pods,
            usage,
        };
        work.parts = self.parts(&work);
        work.rates = rates_of(self.pods(&work), &self.node_prices, &self.config.rates, self.as_of);
        work
    }

    fn parts(&self, work: &Work<'a>) -> Vec<Part<'a>> {
        let record = work.record;
        let runs = |container: &&'a Container| container.r#type != ContainerType::Init;
        let template = record.containers.as_deref();
        let mut found: Vec<(&'a Container, bool)> =
            template.into_iter().flatten().filter(runs).map(|container| (container, false)).collect();
        for pod in self.pods(work) {
            for container in pod.containers.iter().filter(|container| runs(container)) {
                if !found.iter().any(|(known, _)| known.name == container.name) {
                    found.push((container, template.is_some()));
                }
            }
        }
        let measure = |name: &'a Name, metric| self.figures(work, Some(name), metric, TWO_WEEKS);
        let part = |(record_of, injected): (&'a Container, bool)| {
            let name = &record_of.name;
            Part {
                name,
                subject: Subject::container(&record.namespace, &record.kind, &record.name, name),
                record: record_of,
                injected,
                cpu: measure(name, Metric::CpuUsage),
                memory: measure(name, Metric::MemoryWorkingSet),
                throttled: measure(name, Metric::CpuThrottled),
            }
        };
        found.into_iter().map(part).collect()
    }

    /// The workloads that are judged, by subject.
    pub(super) fn works(&self) -> &[Work<'a>] {
        &self.works
    }

    /// The workload of a kind and name in a namespace.
    pub(super) fn find(&self, namespace: &str, kind: &str, name: &str) -> Option<&Work<'a>> {
        self.works.get(*self.work_of.get(&(namespace, kind, name))?)
    }

    /// The pods of a workload, by name.
    pub(super) fn pods(&self, work: &Work<'_>) -> &[&'a Pod] {
        self.pods.get(work.pods.clone()).unwrap_or_default()
    }

    /// The pods on a node.
    pub(super) fn pods_on(&self, node: &Node) -> &[&'a Pod] {
        self.pods_of_node.get(node.name.as_str()).map_or(&[], Vec::as_slice)
    }

    /// What is known of the prices of a node.
    pub(super) fn node_prices(&self, node: &Node) -> Option<&NodePrices> {
        self.node_prices.get(node.name.as_str())
    }

    /// The series of a workload by metric; of one container, or those without a container.
    pub(super) fn series(
        &self,
        work: &Work<'_>,
        container: Option<&Name>,
        metric: Metric,
    ) -> impl Iterator<Item = &'a UsageSeries> {
        let all = self.usage.get(work.usage.clone()).unwrap_or_default();
        let of_container = move |series: &&&UsageSeries| match &series.subject {
            UsageSubject::Workload { container: of, .. } | UsageSubject::Pod { container: of, .. } => {
                series.metric == metric && of.as_ref() == container
            }
            _ => false,
        };
        all.iter().filter(of_container).copied()
    }

    /// All series of a workload by metric, whatever the container.
    pub(super) fn all_series(&self, work: &Work<'_>, metric: Metric) -> impl Iterator<Item = &'a UsageSeries> {
        let all = self.usage.get(work.usage.clone()).unwrap_or_default();
        all.iter().filter(move |series| series.metric == metric).copied()
    }

    /// The figures of a container, or of the pods as a whole.
    pub(super) fn figures(
        &self,
        work: &Work<'_>,
        container: Option<&Name>,
        metric: Metric,
        window_seconds: u64,
    ) -> Option<Figures> {
        Figures::of(self.series(work, container, metric), self.as_of, window_seconds)
    }

    /// The figures of a claim.
    pub(super) fn claim_figures(
        &self,
        namespace: &str,
        name: &str,
        metric: Metric,
        window_seconds: u64,
    ) -> Option<Figures> {
        Figures::of(self.claim_series(namespace, name, metric).into_iter(), self.as_of, window_seconds)
    }

    /// The usage of a claim.
    pub(super) fn claim_series(&self, namespace: &str, name: &str, metric: Metric) -> Option<&'a UsageSeries> {
        self.claim_usage.get(&(namespace, name, metric)).copied()
    }

    /// Whether a pod mounts a claim of its namespace.
    pub(super) fn is_mounted(&self, namespace: &str, claim: &str) -> bool {
        self.mounted.contains(&(namespace, claim))
    }

    /// Why an object is not judged: its namespace is excluded, or its owner or that of its namespace says so.
    pub(super) fn excluded(
        &self,
        namespace: &str,
        annotations: Option<&Labels>,
    ) -> Option<(Outcome, Reason)> {
        if self.config.excluded_namespaces.contains(namespace) {
            return Some((Outcome::Inapplicable, Reason::ExcludedNamespace));
        }
        let of_namespace = self.namespaces.get(namespace).and_then(|found| found.annotations.as_ref());
        let verdicts = [annotations, of_namespace].map(|labels| labels.and_then(|l| ignored(l, self.as_of)));
        verdicts.into_iter().flatten().min_by_key(|(outcome, _)| *outcome != Outcome::Inapplicable)
    }

    pub(super) fn namespace(&self, name: &str) -> Option<&'a Namespace> {
        self.namespaces.get(name).copied()
    }

    /// The least request of a container of a namespace, in 1e-9 units.
    pub(super) fn least_request(&self, namespace: &str, resource: &str) -> Option<i128> {
        let ranges = self.limit_ranges.get(namespace)?.iter();
        ranges.filter_map(|range| Some(range.min.as_ref()?.get(resource)?.nano())).max()
    }

    /// Whether a disruption budget selects the pods of a workload; `None` where budgets or labels are not known.
    pub(super) fn has_budget(&self, work: &Work<'_>) -> Option<bool> {
        self.inventory.budgets.as_ref()?;
        let Some(budgets) = self.budgets.get(work.record.namespace.as_str()) else { return Some(false) };
        let of_pod = self.pods(work).first().and_then(|pod| pod.labels.as_ref());
        let labels = work.record.pod_labels.as_ref().or(of_pod);
        let selectors = || budgets.iter().filter_map(|budget| budget.selector.as_ref());
        if selectors().any(|selector| selector.select(labels)) {
            return Some(true);
        }
        let decided = labels.is_some() || selectors().all(Labels::is_empty);
        decided.then_some(false)
    }

    /// The fewest disruptions that any budget of a pod allows; `None` without a budget that says so.
    pub(super) fn disruptions_allowed(&self, pod: &Pod) -> Option<u32> {
        let budgets = self.budgets.get(pod.namespace.as_str())?.iter();
        let own = budgets.filter(|budget| {
            budget.selector.as_ref().is_some_and(|selector| selector.select(pod.labels.as_ref()))
        });
        own.filter_map(|budget| budget.disruptions_allowed).min()
    }

    /// The scale-down of the whole cluster, simulated once a run.
    pub(super) fn plan(&self, profile: Profile) -> &Plan {
        self.plan.get_or_init(|| super::consolidation::plan(self, profile))
    }

    /// Whether a tag of the cluster or a label says production or critical; `None` where no label is known.
    pub(super) fn is_production(&self, namespace: &str, labels: &[Option<&Labels>]) -> Option<bool> {
        if self.production {
            return Some(true);
        }
        let of_namespace = self.namespaces.get(namespace).and_then(|found| found.labels.as_ref());
        let mut known = labels.iter().copied().chain([of_namespace]).flatten().peekable();
        known.peek()?;
        Some(known.any(|labels| labels.iter().any(|(_, value)| says_production(value))))
    }

    /// The value of the environment label of a workload, its pods or its namespace.
    pub(super) fn environment<'s>(&'s self, work: &'s Work<'_>) -> Option<&'s str> {
        let record = work.record;
        let of_pod = self.pods(work).first().and_then(|pod| pod.labels.as_ref());
        let of_namespace =
            self.namespaces.get(record.namespace.as_str()).and_then(|found| found.labels.as_ref());
        let all = [record.labels.as_ref(), record.pod_labels.as_ref(), of_pod, of_namespace];
        // The fallbacks of an environment in allocation.md 5.7.
        let of = |labels: &'s Labels| labels.get("environment").or_else(|| labels.get("env"));
        all.into_iter().flatten().find_map(of).map(Name::as_str)
    }

    /// How many pods a workload keeps on average; `None` where nothing says so.
    pub(super) fn replicas(&self, work: &Work<'_>) -> Option<Ratio> {
        let record = work.record;
        let batch = record.kind == "Job" || record.kind == "CronJob";
        if let (Some(replicas), false) = (record.replicas, batch) {
            return Some(Ratio::from(i64::from(replicas)));
        }
        self.inventory.pods.as_ref()?;
        let pods = self.pods(work);
        if !batch {
            let running = pods.iter().filter(|pod| pod.phase.as_ref().is_none_or(|phase| phase == "Running"));
            return i64::try_from(running.count()).ok().map(Ratio::from);
        }
        // Pods that lived part of the window count by their life (specification 6.4).
        let start = self.as_of.saturating_add_ms(TWO_WEEKS.saturating_mul(1000).cast_signed().saturating_neg());
        let mut seconds = 0_u64;
        for pod in pods {
            let from = pod.start.or(pod.created_at)?.max(start);
            seconds = seconds.saturating_add(seconds_between(from, pod.end.unwrap_or(self.as_of)));
        }
        Ratio::new(seconds.into(), TWO_WEEKS.into())
    }

    /// What a workload is known to cost a month: its allocation over a window, scaled.
    pub(super) fn known_cost(&self, work: &Work<'_>) -> Option<Ratio> {
        let known = self.known_costs.get(work.subject.id())?;
        Ratio::from(known.cost).times(&self.config.month_hours).over(&known.window_hours.into())
    }

    /// The age of something in seconds.
    pub(super) fn age(&self, created_at: Option<Timestamp>) -> Option<u64> {
        created_at.map(|created_at| seconds_between(created_at, self.as_of))
    }
}

/// The stretch of equal positions that starts at `next`.
fn range_of<T>(sorted: &[(usize, T)], position: usize, next: &mut usize) -> Range<usize> {
    let start = *next;
    while sorted.get(*next).is_some_and(|(of, _)| *of == position) {
        *next = next.saturating_add(1);
    }
    start..*next
}

/// What the owner's annotations say: `finops/ignore: "true"`, `finops/ignore-until: DATE`.
fn ignored(annotations: &Labels, as_of: Timestamp) -> Option<(Outcome, Reason)> {
    const IGNORED: Option<(Outcome, Reason)> = Some((Outcome::Inapplicable, Reason::IgnoredByOwner));
    if annotations.get("finops/ignore").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return IGNORED;
    }
    let until = annotations.get("finops/ignore-until")?;
    match super::expiry::instant(until) {
        Some(until) if as_of < until => IGNORED,
        Some(_) => None,
        None => Some((Outcome::Undetermined, Reason::InvalidAnnotation)),
    }
}

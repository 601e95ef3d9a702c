//! What detectors look up, built once a run: pods by workload and node, usage by container, prices of requests.

mod lookup;
mod near;

use super::{
    consolidation::Plan,
    figures::Figures,
    price::{NodePrices, rates_of},
};
use crate::{
    inventory::{
        Autoscaler, Budget, ClusterInventory, Container, ContainerType, KnownCost, LimitRange, Metric, Name,
        Namespace, Pod, UsageSeries, UsageSubject, VolumeUse, Workload,
    },
    price::PriceBook,
    time::Timestamp,
    waste::{DetectionConfig, NodeSupply, Outcome, Rates, Ratio, Reason, Subject, walk::BLOCK},
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{cell::OnceCell, cmp::Ordering, ops::Range, rc::Rc};

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
    pub cpu: Option<Figures<'a>>,
    pub memory: Option<Figures<'a>>,
    pub throttled: Option<Figures<'a>>,
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
    /// Prices of its requests, which most workloads of a cluster share.
    pub rates: Rc<Rates>,
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
    parts: OnceCell<(usize, bool)>,
    plan: OnceCell<Plan>,
    supply: OnceCell<NodeSupply>,
    allocated: OnceCell<FxHashMap<usize, Ratio>>,
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
            parts: OnceCell::new(),
            plan: OnceCell::new(),
            supply: OnceCell::new(),
            allocated: OnceCell::new(),
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
        let all = || inventory.workloads.iter().flatten();
        let any_owned = all().any(|record| record.owner.is_some());
        let known: FxHashSet<Key<'a>> = all().filter(|_| any_owned).map(key_of).collect();
        // What another workload makes is judged there.
        let owned = |record: &&'a Workload| {
            record.owner.as_ref().is_some_and(|owner| {
                known.contains(&(record.namespace.as_str(), owner.kind.as_str(), owner.name.as_str()))
            })
        };
        let records = in_order(all().filter(|record| !owned(record)));
        let subject = |record: &Workload| Subject::workload(&record.namespace, &record.kind, &record.name);
        let mut records: Vec<(Subject, &'a Workload)> =
            records.into_iter().map(|record| (subject(record), record)).collect();
        records.sort_by(|(one, _), (other, _)| one.cmp(other));
        records.dedup_by(|(one, _), (other, _)| one == other);
        self.work_of.reserve(records.len());
        for (position, (_, record)) in records.iter().enumerate() {
            self.work_of.insert(key_of(record), position);
        }
        let pods = self.pods_by_work();
        let usage = self.usage_by_work(&pods);
        // Equal inputs in another order give equal outputs.
        let (pods, pod_ranges) = by_position(
            &pods,
            records.len(),
            |pod| pod.name.len(),
            |a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)),
        );
        let (usage, usage_ranges) = by_position(&usage, records.len(), near::series, |a, b| {
            a.metric.cmp(&b.metric).then_with(|| a.subject.cmp(&b.subject))
        });
        (self.pods, self.usage) = (pods, usage);
        self.works.reserve_exact(records.len());
        let mut rates = Rc::new(self.config.rates.clone());
        let found: Vec<_> = records.into_iter().zip(pod_ranges).zip(usage_ranges).collect();
        for block in found.chunks(BLOCK) {
            near::bring(block.iter().map(|(((_, record), _), _)| near::record(record)));
            let usage = block.iter().flat_map(|(_, usage)| self.usage.get(usage.clone()).unwrap_or_default());
            near::bring(usage.map(|series| near::series(series)));
            for (((subject, record), pods), usage) in block {
                let work = self.work(subject.clone(), record, pods.clone(), usage.clone(), &mut rates);
                self.works.push(work);
            }
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
        let by_pod =
            self.inventory.usage.iter().flatten().any(|s| matches!(s.subject, UsageSubject::Pod { .. }));
        let of_pod: FxHashMap<(&str, &str), usize> = if by_pod {
            pods.iter().map(|(position, pod)| ((&*pod.namespace, &*pod.name), *position)).collect()
        } else {
            FxHashMap::default()
        };
        let mut found = Vec::with_capacity(self.inventory.usage.as_ref().map_or(0, Vec::len));
        // The series of a workload mostly stand together.
        let mut last: Option<([&'a Name; 3], Option<usize>)> = None;
        for series in self.inventory.usage.iter().flatten() {
            let position = match &series.subject {
                UsageSubject::Workload { namespace, kind, name, .. } => {
                    // Names that share their letters are equal at a glance; text would be compared.
                    let key = [name, kind, namespace];
                    match last {
                        Some((known, position)) if known == key => position,
                        _ => {
                            let position = self.work_of.get(&(&**namespace, &**kind, &**name)).copied();
                            last = Some((key, position));
                            position
                        }
                    }
                }
                UsageSubject::Pod { namespace, pod, .. } => {
                    of_pod.get(&(namespace.as_str(), pod.as_str())).copied()
                }
                UsageSubject::Claim { namespace, name } => {
                    self.claim_usage.insert((namespace, name, series.metric), series);
                    None
                }
                UsageSubject::Node(_) | UsageSubject::Autoscaler { .. } | UsageSubject::Log { .. } => None,
            };
            found.extend(position.map(|position| (position, series)));
        }
        found
    }

    fn work(
        &self,
        subject: Subject,
        record: &'a Workload,
        pods: Range<usize>,
        usage: Range<usize>,
        last_rates: &mut Rc<Rates>,
    ) -> Work<'a> {
        let excluded = self.excluded(&record.namespace, record.annotations.as_ref());
        let mut work = Work {
            record,
            subject,
            parts: Vec::new(),
            excluded,
            rates: Rc::clone(last_rates),
            autoscalers: self.autoscalers.get(&key_of(record)).cloned().unwrap_or_default(),
            pods,
            usage,
        };
        work.parts = self.parts(&work);
        if !self.node_prices.is_empty() {
            let rates = rates_of(self.pods(&work), &self.node_prices, &self.config.rates, self.as_of);
            if rates != **last_rates {
                *last_rates = Rc::new(rates);
                work.rates = Rc::clone(last_rates);
            }
        }
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
}

/// Workloads in the order of their subjects' texts.
///
/// Those of one namespace and kind differ in their name alone: sorting the few namespaces and then names compares less text
/// than sorting whole subjects, and what is made in this order lies in it in memory.
fn in_order<'a>(records: impl Iterator<Item = &'a Workload>) -> Vec<&'a Workload> {
    let mut groups: FxHashMap<(&str, &str), Vec<&Workload>> = FxHashMap::default();
    for record in records {
        groups.entry((&record.namespace, &record.kind)).or_default().push(record);
    }
    let text = |(key, group): ((&'a str, &'a str), _)| (format!("{}/{}/", key.0, key.1), key, group);
    let mut groups: Vec<(String, (&str, &str), Vec<&Workload>)> = groups.into_iter().map(text).collect();
    groups.sort_by(|(text, key, _), (other, of_other, _)| (text, key).cmp(&(other, of_other)));
    for (_, _, group) in &mut groups {
        group.sort_by(|one, other| one.name.cmp(&other.name));
    }
    groups.into_iter().flat_map(|(_, _, group)| group).collect()
}

/// What belongs to each of `count` positions, by position and then in this order, with the stretch of each position.
fn by_position<'a, T>(
    found: &[(usize, &'a T)],
    count: usize,
    touch: impl Fn(&T) -> usize,
    order: impl Fn(&T, &T) -> Ordering,
) -> (Vec<&'a T>, Vec<Range<usize>>) {
    let mut ranges: Vec<Range<usize>> = vec![0..0; count];
    for (position, _) in found {
        if let Some(range) = ranges.get_mut(*position) {
            range.end = range.end.saturating_add(1);
        }
    }
    let mut start = 0_usize;
    for range in &mut ranges {
        let length = range.end;
        *range = start..start;
        start = start.saturating_add(length);
    }
    let Some((_, any)) = found.first() else { return (Vec::new(), ranges) };
    let mut all = vec![*any; found.len()];
    for (position, one) in found {
        if let Some(range) = ranges.get_mut(*position)
            && let Some(place) = all.get_mut(range.end)
        {
            *place = one;
            range.end = range.end.saturating_add(1);
        }
    }
    for block in ranges.chunks(BLOCK) {
        let (Some(first), Some(last)) = (block.first(), block.last()) else { continue };
        near::bring(all.get(first.start..last.end).unwrap_or_default().iter().map(|one| touch(one)));
        for range in block {
            if let Some(own) = all.get_mut(range.clone()) {
                own.sort_by(|one, other| order(one, other));
            }
        }
    }
    (all, ranges)
}

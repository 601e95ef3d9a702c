//! The questions that detectors ask of the index.

use super::{
    super::{
        consolidation::Plan,
        figures::{Figures, seconds_between},
        price::NodePrices,
    },
    Index, TWO_WEEKS, Work, says_production,
};
use crate::{
    allocation::{self, AllocationConfig, RowStatus},
    inventory::{Labels, Metric, Name, Node, Pod, UsageSeries, UsageSubject},
    time::Timestamp,
    waste::{NodeSupply, Outcome, Ratio, Reason, simulation::Profile},
};
use rustc_hash::{FxHashMap, FxHashSet};

impl<'a> Index<'a> {
    /// The workloads that are judged, by subject.
    pub(in crate::waste::kubernetes) fn works(&self) -> &[Work<'a>] {
        &self.works
    }

    /// How many containers there are, and whether they are by subject: `a/b-2/c` comes before `a/b/c`.
    pub(in crate::waste::kubernetes) fn parts_of_all(&self) -> (usize, bool) {
        *self.parts.get_or_init(|| {
            let all = || self.works.iter().flat_map(|work| &work.parts).map(|part| &part.subject);
            (all().count(), all().is_sorted())
        })
    }

    /// The workload of a kind and name in a namespace.
    pub(in crate::waste::kubernetes) fn find(
        &self,
        namespace: &str,
        kind: &str,
        name: &str,
    ) -> Option<&Work<'a>> {
        self.works.get(*self.work_of.get(&(namespace, kind, name))?)
    }

    /// The pods of a workload, by name.
    pub(in crate::waste::kubernetes) fn pods(&self, work: &Work<'_>) -> &[&'a Pod] {
        self.pods.get(work.pods.clone()).unwrap_or_default()
    }

    /// The pods on a node.
    pub(in crate::waste::kubernetes) fn pods_on(&self, node: &Node) -> &[&'a Pod] {
        self.pods_of_node.get(node.name.as_str()).map_or(&[], Vec::as_slice)
    }

    /// What is known of the prices of a node.
    pub(in crate::waste::kubernetes) fn node_prices(&self, node: &Node) -> Option<&NodePrices> {
        self.node_prices.get(node.name.as_str())
    }

    /// The series of a workload by metric; of one container, or those without a container.
    pub(in crate::waste::kubernetes) fn series(
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
    pub(in crate::waste::kubernetes) fn all_series(
        &self,
        work: &Work<'_>,
        metric: Metric,
    ) -> impl Iterator<Item = &'a UsageSeries> {
        let all = self.usage.get(work.usage.clone()).unwrap_or_default();
        all.iter().filter(move |series| series.metric == metric).copied()
    }

    /// The figures of a container, or of the pods as a whole.
    pub(in crate::waste::kubernetes) fn figures(
        &self,
        work: &Work<'_>,
        container: Option<&Name>,
        metric: Metric,
        window_seconds: u64,
    ) -> Option<Figures<'a>> {
        Figures::of(self.series(work, container, metric), self.as_of, window_seconds)
    }

    /// The figures of a claim.
    pub(in crate::waste::kubernetes) fn claim_figures(
        &self,
        namespace: &str,
        name: &str,
        metric: Metric,
        window_seconds: u64,
    ) -> Option<Figures<'a>> {
        Figures::of(self.claim_series(namespace, name, metric).into_iter(), self.as_of, window_seconds)
    }

    /// The usage of a claim.
    pub(in crate::waste::kubernetes) fn claim_series(
        &self,
        namespace: &str,
        name: &str,
        metric: Metric,
    ) -> Option<&'a UsageSeries> {
        self.claim_usage.get(&(namespace, name, metric)).copied()
    }

    /// Whether a pod mounts a claim of its namespace.
    pub(in crate::waste::kubernetes) fn is_mounted(&self, namespace: &str, claim: &str) -> bool {
        self.mounted.contains(&(namespace, claim))
    }

    /// Why an object is not judged: its namespace is excluded, or its owner or that of its namespace says so.
    pub(in crate::waste::kubernetes) fn excluded(
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

    /// The least request of a container of a namespace, in 1e-9 units.
    pub(in crate::waste::kubernetes) fn least_request(
        &self,
        namespace: &str,
        resource: &str,
    ) -> Option<i128> {
        let ranges = self.limit_ranges.get(namespace)?.iter();
        ranges.filter_map(|range| Some(range.min.as_ref()?.get(resource)?.nano())).max()
    }

    /// Whether a disruption budget selects the pods of a workload; `None` where budgets or labels are not known.
    pub(in crate::waste::kubernetes) fn has_budget(&self, work: &Work<'_>) -> Option<bool> {
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
    pub(in crate::waste::kubernetes) fn disruptions_allowed(&self, pod: &Pod) -> Option<u32> {
        let budgets = self.budgets.get(pod.namespace.as_str())?.iter();
        let own = budgets.filter(|budget| {
            budget.selector.as_ref().is_some_and(|selector| selector.select(pod.labels.as_ref()))
        });
        own.filter_map(|budget| budget.disruptions_allowed).min()
    }

    /// The scale-down of the whole cluster, simulated once a run.
    pub(in crate::waste::kubernetes) fn plan(&self, profile: Profile) -> &Plan {
        self.plan.get_or_init(|| super::super::consolidation::plan(self, profile))
    }

    /// Whether nodes follow requests, read from the inventory once a run.
    pub(in crate::waste) fn node_supply(&self) -> NodeSupply {
        *self.supply.get_or_init(|| super::super::supply::node_supply(self))
    }

    /// Whether a tag of the cluster or a label says production or critical; `None` where no label is known.
    pub(in crate::waste::kubernetes) fn is_production(
        &self,
        namespace: &str,
        labels: &[Option<&Labels>],
    ) -> Option<bool> {
        if self.production {
            return Some(true);
        }
        let of_namespace = self.namespaces.get(namespace).and_then(|found| found.labels.as_ref());
        let mut known = labels.iter().copied().chain([of_namespace]).flatten().peekable();
        known.peek()?;
        Some(known.any(|labels| labels.iter().any(|(_, value)| says_production(value))))
    }

    /// The value of the environment label of a workload, its pods or its namespace.
    pub(in crate::waste::kubernetes) fn environment<'s>(&'s self, work: &'s Work<'_>) -> Option<&'s str> {
        let record = work.record;
        let of_pod = self.pods(work).first().and_then(|pod| pod.labels.as_ref());
        let of_namespace =
            self.namespaces.get(record.namespace.as_str()).and_then(|found| found.labels.as_ref());
        let all = [record.labels.as_ref(), record.pod_labels.as_ref(), of_pod, of_namespace];
        // The fallbacks of an environment in allocation.md 5.7.
        let of = |labels: &'s Labels| labels.get("environment").or_else(|| labels.get("env"));
        // Pods mostly carry the labels of their template: what was read in one place is not read again.
        let mut last: Option<&Labels> = None;
        for labels in all.into_iter().flatten() {
            if last.is_none_or(|last| !last.shares(labels))
                && let Some(found) = of(labels)
            {
                return Some(found);
            }
            last = Some(labels);
        }
        None
    }

    /// How many pods a workload keeps on average; `None` where nothing says so.
    pub(in crate::waste::kubernetes) fn replicas(&self, work: &Work<'_>) -> Option<Ratio> {
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
        let start =
            self.as_of.saturating_add_ms(TWO_WEEKS.saturating_mul(1000).cast_signed().saturating_neg());
        let mut seconds = 0_u64;
        for pod in pods {
            let from = pod.start.or(pod.created_at)?.max(start);
            seconds = seconds.saturating_add(seconds_between(from, pod.end.unwrap_or(self.as_of)));
        }
        Ratio::new(seconds.into(), TWO_WEEKS.into())
    }

    /// What a workload was allocated, scaled to a month: as given, else by allocating the cluster.
    pub(in crate::waste::kubernetes) fn known_cost(&self, work: &Work<'_>) -> Option<Ratio> {
        if self.inventory.allocation.is_none() {
            let record = work.record;
            let position = self.work_of.get(&(&*record.namespace, &*record.kind, &*record.name))?;
            return self.allocated.get_or_init(|| self.allocate()).get(position).cloned();
        }
        let known = self.known_costs.get(work.subject.id())?;
        Ratio::from(known.cost).times(&self.config.month_hours).over(&known.window_hours.into())
    }

    /// The monthly cost of workloads by position; those without a known cost are left out.
    fn allocate(&self) -> FxHashMap<usize, Ratio> {
        let inventory = self.inventory;
        if inventory.nodes.is_none() || inventory.pods.is_none() {
            return FxHashMap::default();
        }
        let Ok(set) = allocation::allocate(inventory, self.prices, &AllocationConfig::default()) else {
            return FxHashMap::default();
        };
        let (mut sums, mut unpriced) = (FxHashMap::<usize, i128>::default(), FxHashSet::default());
        for row in set.rows() {
            let Some((kind, name)) = set.owner(row) else { continue };
            let [_, _, namespace, ..] = set.key(row);
            let Some(position) = self.work_of.get(&(namespace, kind, name)) else { continue };
            if row.status != RowStatus::Priced {
                unpriced.insert(*position);
            }
            let sum = sums.entry(*position).or_default();
            *sum = sum.saturating_add(row.direct());
        }
        let seconds = set.window.1.saturating_sub(set.window.0);
        let scale = self.config.month_hours.times(&Ratio::from(3600)).over(&Ratio::from(seconds));
        let scale = scale.unwrap_or_default();
        // Nothing allocated is a life that the inventory does not tell, not a workload that is free.
        let known = |(position, _): &(usize, i128)| !unpriced.contains(position);
        let known = sums.into_iter().filter(|(_, sum)| *sum > 0).filter(known);
        known.map(|(position, sum)| (position, Ratio::nanos(sum).times(&scale))).collect()
    }

    /// The age of something in seconds.
    pub(in crate::waste::kubernetes) fn age(&self, created_at: Option<Timestamp>) -> Option<u64> {
        created_at.map(|created_at| seconds_between(created_at, self.as_of))
    }
}

/// What the owner's annotations say: `finops/ignore: "true"`, `finops/ignore-until: DATE`.
fn ignored(annotations: &Labels, as_of: Timestamp) -> Option<(Outcome, Reason)> {
    const IGNORED: Option<(Outcome, Reason)> = Some((Outcome::Inapplicable, Reason::IgnoredByOwner));
    if annotations.get("finops/ignore").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return IGNORED;
    }
    let until = annotations.get("finops/ignore-until")?;
    match super::super::expiry::instant(until) {
        Some(until) if as_of < until => IGNORED,
        Some(_) => None,
        None => Some((Outcome::Undetermined, Reason::InvalidAnnotation)),
    }
}

//! The pods of an inventory in the order of their keys, and the tables of names.

use super::{namespace_facts, seconds};
use crate::{
    allocation::{
        config::AllocationConfig,
        row::{index, place},
        set::{NodeFacts, PodFacts, Tables},
        tables::{Numbers, find},
    },
    error::Fault,
    inventory::{ClusterInventory, Name, Pod, Service},
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A pod with its places in the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) node: u32,
    pub(super) namespace: u32,
    /// Its place in the order, which is its place in the table of pods.
    pub(super) facts: u32,
    pub(super) pod: &'a Pod,
}

/// The pods that count, with provisional numbers of node and namespace.
pub(super) struct PodOrder<'a> {
    nodes: Numbers<'a>,
    pods: Vec<Placed<'a>>,
    /// In the order of the input: memory is read as it was written.
    facts: Vec<Option<PodFacts>>,
}

impl<'a> PodOrder<'a> {
    pub(super) fn of(
        inventory: &'a ClusterInventory,
        config: &AllocationConfig,
        empty: &'a Name,
        namespaces: &mut Numbers<'a>,
    ) -> Result<Self, Fault> {
        let mut nodes = Numbers::default();
        nodes.number(empty)?;
        namespaces.number(empty)?;
        for node in inventory.nodes.as_deref().unwrap_or_default() {
            nodes.number(&node.name)?;
        }
        for namespace in inventory.namespaces.as_deref().unwrap_or_default() {
            namespaces.number(&namespace.name)?;
        }
        for volume in inventory.volumes.as_deref().unwrap_or_default() {
            if let Some(claim) = &volume.claim {
                namespaces.number(&claim.namespace)?;
            }
        }
        for service in inventory.services.as_deref().unwrap_or_default() {
            namespaces.number(&service.namespace)?;
        }
        for ingress in inventory.ingresses.as_deref().unwrap_or_default() {
            namespaces.number(&ingress.namespace)?;
        }
        let all = inventory.pods.as_deref().unwrap_or_default();
        let mut pods = Vec::with_capacity(all.len());
        let mut facts = Vec::with_capacity(all.len());
        for pod in all {
            let phase = pod.phase.as_deref();
            if config.exclude_phases.iter().any(|excluded| phase == Some(excluded)) {
                continue;
            }
            let node = nodes.number(pod.node.as_ref().unwrap_or(empty))?;
            pods.push(Placed {
                node,
                namespace: namespaces.number(&pod.namespace)?,
                facts: index(facts.len())?,
                pod,
            });
            facts.push(Some(PodFacts {
                name: pod.name.clone(),
                labels: pod.labels.clone(),
                annotations: pod.annotations.clone(),
                owner: pod.owner.clone(),
                services: None,
            }));
        }
        Ok(Self { nodes, pods, facts })
    }

    /// The tables, and the pods in the order of node, namespace and name.
    pub(super) fn finish(
        self,
        inventory: &'a ClusterInventory,
        namespaces: Numbers<'a>,
        window: (i64, i64),
    ) -> Result<(Tables, Vec<Placed<'a>>), Fault> {
        let (node_names, node_ranks) = self.nodes.sorted()?;
        let (namespace_names, namespace_ranks) = namespaces.sorted()?;
        let (mut pods, mut facts) = (self.pods, self.facts);
        let rank = |ranks: &[u32], number: u32| ranks.get(place(number)).copied().unwrap_or(u32::MAX);
        for placed in &mut pods {
            placed.node = rank(&node_ranks, placed.node);
            placed.namespace = rank(&namespace_ranks, placed.namespace);
        }
        let mut pods = by_node(&pods, node_names.len());
        // A pod that came back under its name on its node is told apart by its time.
        let first = |pod: &Pod| super::pod_interval(pod, window);
        for group in pods.chunk_by_mut(|a, b| a.node == b.node) {
            group.sort_unstable_by(|a, b| {
                let name = || super::super::key::canonical(&a.pod.name, &b.pod.name);
                let time = || first(a.pod).cmp(&first(b.pod));
                let created = || a.pod.created_at.map(seconds).cmp(&b.pod.created_at.map(seconds));
                a.namespace.cmp(&b.namespace).then_with(name).then_with(time).then_with(created)
            });
        }
        let mut tables = Tables {
            cluster: inventory.cluster.clone(),
            nodes: node_names.into_iter().map(|name| NodeFacts { name, ..NodeFacts::default() }).collect(),
            namespaces: namespace_facts(inventory, namespace_names),
            pods: Vec::with_capacity(pods.len()),
            containers: Vec::new(),
        };
        for node in inventory.nodes.as_deref().unwrap_or_default() {
            let at = find(&tables.nodes, &node.name, |facts: &NodeFacts| facts.name.as_str());
            if let Some(facts) = at.and_then(|at| tables.nodes.get_mut(place(at))) {
                facts.node_pool.clone_from(&node.node_pool);
                facts.instance_type.clone_from(&node.instance_type);
                facts.zone.clone_from(&node.zone);
            }
        }
        let services = ServiceIndex::new(inventory, &tables);
        let mut last: Option<Arc<[Name]>> = None;
        for placed in &mut pods {
            let facts = facts.get_mut(place(placed.facts)).and_then(Option::take).unwrap_or_default();
            placed.facts = index(tables.pods.len())?;
            tables.pods.push(PodFacts { services: services.of(placed, &mut last), ..facts });
        }
        Ok((tables, pods))
    }
}

/// Pods by node, in one pass: their number is known and there are many.
fn by_node<'a>(pods: &[Placed<'a>], nodes: usize) -> Vec<Placed<'a>> {
    let mut starts = vec![0_usize; nodes.saturating_add(1)];
    for placed in pods {
        if let Some(count) = starts.get_mut(place(placed.node).saturating_add(1)) {
            *count = count.saturating_add(1);
        }
    }
    let mut sum = 0_usize;
    for start in &mut starts {
        sum = sum.saturating_add(*start);
        *start = sum;
    }
    let mut out = pods.to_vec();
    for placed in pods {
        if let Some(start) = starts.get_mut(place(placed.node)) {
            if let Some(slot) = out.get_mut(*start) {
                *slot = *placed;
            }
            *start = start.saturating_add(1);
        }
    }
    out
}

/// Services by one label of their selector, and by the pods that are ready behind them.
struct ServiceIndex<'a> {
    by_label: FxHashMap<(u32, &'a str, &'a str), Vec<&'a Service>>,
    by_endpoint: FxHashMap<(u32, &'a str), Vec<&'a Service>>,
}

impl<'a> ServiceIndex<'a> {
    fn new(inventory: &'a ClusterInventory, tables: &Tables) -> Self {
        let mut index = Self { by_label: FxHashMap::default(), by_endpoint: FxHashMap::default() };
        for service in inventory.services.as_deref().unwrap_or_default() {
            let Some(namespace) = find(&tables.namespaces, &service.namespace, |facts| facts.name.as_str())
            else {
                continue;
            };
            if let Some((name, value)) = service.selector.as_ref().and_then(|selector| selector.iter().next())
            {
                index.by_label.entry((namespace, name, value)).or_default().push(service);
            }
            for pod in service.ready_endpoints.iter().flatten() {
                index.by_endpoint.entry((namespace, pod)).or_default().push(service);
            }
        }
        index
    }

    /// The services in front of a pod by name; neighbours with the same ones share the list.
    fn of(&self, placed: &Placed<'a>, last: &mut Option<Arc<[Name]>>) -> Option<Arc<[Name]>> {
        if self.by_label.is_empty() && self.by_endpoint.is_empty() {
            return None;
        }
        let pod = placed.pod;
        let mut names: Vec<&Name> = Vec::new();
        for (name, value) in pod.labels.iter().flat_map(crate::inventory::Labels::iter) {
            let services = self.by_label.get(&(placed.namespace, name.as_str(), value.as_str()));
            let selects = |service: &&&Service| {
                service.selector.as_ref().is_some_and(|selector| selector.select(pod.labels.as_ref()))
            };
            names.extend(services.into_iter().flatten().filter(selects).map(|service| &service.name));
        }
        let ready = self.by_endpoint.get(&(placed.namespace, pod.name.as_str()));
        names.extend(ready.into_iter().flatten().map(|service| &service.name));
        if names.is_empty() {
            return None;
        }
        names.sort_unstable_by(|a, b| super::super::key::canonical(a, b));
        names.dedup();
        if let Some(last) = last.as_ref().filter(|last| last.iter().eq(names.iter().copied())) {
            return Some(Arc::clone(last));
        }
        let list: Arc<[Name]> = names.into_iter().cloned().collect();
        *last = Some(Arc::clone(&list));
        Some(list)
    }
}

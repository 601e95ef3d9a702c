//! The pods of an inventory in the order of their keys, and the tables of names.

use super::seconds;
use crate::{
    allocation::{
        claim::{UsageIndex, Use},
        config::AllocationConfig,
        row::{NONE, index, place},
        set::{NamespaceFacts, NodeFacts, PodFacts, Tables},
        tables::{Numbers, find},
    },
    error::Fault,
    inventory::{ClusterInventory, Container, ContainerType, Name, Pod, Resources, Run, Service},
};
use rustc_hash::FxHashMap;
use std::{cmp::Ordering, num::NonZeroU32, sync::Arc};

/// A pod with its places in the tables, and what its row needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) node: u32,
    pub(super) namespace: u32,
    /// Its place in the inventory, which is its place in the table of pods.
    pub(super) facts: u32,
    /// What was noted of a pod of one plain container. Rows are made in the order of nodes, where every look at a pod
    /// waits for memory; the notes are taken in the order of the input.
    pub(super) one: Option<One>,
    pub(super) pod: &'a Pod,
}

/// A container that is all of its pod, ran once at most, and requests cores and memory alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct One {
    /// Its name; a place in the table of containers.
    pub(super) container: NonZeroU32,
    /// A place in [`Amounts`].
    pub(super) amounts: u32,
    /// First second and end of its time, from the start of the window; equal when it did not run.
    pub(super) time: (u32, u32),
}

/// Different requests, at most: each is kept once, and pods that say more are read again.
const AMOUNTS_MAX: usize = 1 << 16;

/// Nanocores and bytes by the requests and limits that say so; many containers share them.
#[derive(Default)]
pub(super) struct Amounts {
    places: FxHashMap<(usize, usize), Option<u32>>,
    all: Vec<[u64; 2]>,
}

impl Amounts {
    /// The place of what a container requests; `None` where it requests more than cores and memory.
    fn of(&mut self, container: &Container) -> Option<u32> {
        let address = |resources: &Option<Resources>| resources.as_ref().map_or(0, Resources::address);
        let key = (address(&container.requests), address(&container.limits));
        if let Some(known) = self.places.get(&key) {
            return *known;
        }
        if self.places.len() >= AMOUNTS_MAX {
            return None;
        }
        let mut names = container.requests.iter().chain(&container.limits).flat_map(Resources::iter);
        let plain = names.all(|(name, _)| !name.contains('/'));
        let at = if plain { u32::try_from(self.all.len()).ok() } else { None };
        if at.is_some() {
            self.all.push(super::requests(container));
        }
        self.places.insert(key, at);
        at
    }

    /// Nanocores and bytes at a place.
    pub(super) fn get(&self, at: u32) -> [u64; 2] {
        self.all.get(place(at)).copied().unwrap_or_default()
    }
}

/// A pod on its way to its place.
#[derive(Clone, Copy)]
struct Sorting<'a> {
    placed: Placed<'a>,
    /// The first letters of its name, which mostly tell it from its neighbours.
    name: [u64; 2],
}

impl<'a> Sorting<'a> {
    fn new(placed: Placed<'a>) -> Self {
        let text = placed.pod.name.as_bytes();
        // Special names sort last, and no text begins with these bytes.
        let name = if text.starts_with(b"__") { [u64::MAX; 2] } else { [word(text, 0), word(text, 8)] };
        Self { placed, name }
    }
}

/// Eight bytes of a text as a number that sorts like them.
fn word(text: &[u8], from: usize) -> u64 {
    let mut word = [0; 8];
    for (to, byte) in word.iter_mut().zip(text.iter().skip(from)) {
        *to = *byte;
    }
    u64::from_be_bytes(word)
}

/// The pods that count, with provisional numbers of node and namespace; in the order of the input, because memory is
/// read as it was written.
pub(super) struct PodNotes<'a> {
    nodes: Numbers<'a>,
    containers: Numbers<'a>,
    amounts: Amounts,
    pods: Vec<Sorting<'a>>,
    facts: Vec<PodFacts>,
    uses: Vec<[Use<'a>; 2]>,
    rows: usize,
}

impl<'a> PodNotes<'a> {
    pub(super) fn of(
        inventory: &'a ClusterInventory,
        config: &AllocationConfig,
        empty: &'a Name,
        namespaces: &mut Numbers<'a>,
        window: (i64, i64),
        usage: &UsageIndex<'a>,
    ) -> Result<Self, Fault> {
        let mut nodes = Numbers::of_about(inventory.nodes.as_deref().unwrap_or_default().len());
        let mut containers = Numbers::of_about(0);
        let mut amounts = Amounts::default();
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
        let mut uses = Vec::with_capacity(if usage.is_empty() { 0 } else { all.len() });
        let mut rows = 0_usize;
        for (position, pod) in all.iter().enumerate() {
            facts.push(PodFacts {
                name: pod.name.clone(),
                labels: pod.labels.clone(),
                annotations: pod.annotations.clone(),
                owner: pod.owner.clone(),
                services: None,
            });
            let phase = pod.phase.as_deref();
            let excluded = config.exclude_phases.iter().any(|excluded| phase == Some(excluded));
            let one = if excluded { None } else { note(pod, window, &mut containers, &mut amounts)? };
            if !usage.is_empty() {
                uses.push(match (&pod.containers[..], one) {
                    ([container], Some(_)) => usage.find(&pod.namespace, &pod.name, &container.name),
                    _ => [Use::Unknown; 2],
                });
            }
            if excluded {
                continue;
            }
            // Its containers, and what belongs to none of them.
            rows = rows.saturating_add(pod.containers.len()).saturating_add(usize::from(one.is_none()));
            let node = nodes.number(pod.node.as_ref().unwrap_or(empty))?;
            let namespace = namespaces.number(&pod.namespace)?;
            pods.push(Sorting::new(Placed { node, namespace, facts: index(position)?, one, pod }));
        }
        Ok(Self { nodes, containers, amounts, pods, facts, uses, rows })
    }

    /// The tables, and the pods by node.
    pub(super) fn finish(
        self,
        inventory: &'a ClusterInventory,
        namespaces: Numbers<'a>,
        window: (i64, i64),
    ) -> Result<(Tables, PodOrder<'a>), Fault> {
        let (node_names, node_ranks) = self.nodes.sorted()?;
        let (containers, container_ranks) = self.containers.sorted()?;
        let (namespace_names, namespace_ranks) = namespaces.sorted()?;
        let (mut pods, mut facts) = (self.pods, self.facts);
        let rank = |ranks: &[u32], number: u32| ranks.get(place(number)).copied().unwrap_or(u32::MAX);
        for Sorting { placed, .. } in &mut pods {
            placed.node = rank(&node_ranks, placed.node);
            placed.namespace = rank(&namespace_ranks, placed.namespace);
            if let Some(one) = &mut placed.one {
                one.container = above(rank(&container_ranks, below(one.container)));
            }
        }
        let (by_node, ends) = by_node(&pods, node_names.len())?;
        let mut tables = Tables {
            cluster: inventory.cluster.clone(),
            nodes: node_names.into_iter().map(|name| NodeFacts { name, ..NodeFacts::default() }).collect(),
            namespaces: namespace_facts(inventory, namespace_names),
            pods: Vec::new(),
            containers,
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
        if !services.is_empty() {
            let mut last: Option<ServiceNames> = None;
            for Sorting { placed, .. } in &pods {
                if let Some(facts) = facts.get_mut(place(placed.facts)) {
                    facts.services = services.of(placed, &mut last);
                }
            }
        }
        tables.pods = facts;
        let (amounts, uses, rows) = (self.amounts, self.uses, self.rows);
        let group = Vec::new();
        Ok((tables, PodOrder { pods, by_node, ends, sorted: false, group, window, amounts, uses, rows }))
    }
}

/// The pods in the order of node, namespace and name, one node after the other.
pub(super) struct PodOrder<'a> {
    pods: Vec<Sorting<'a>>,
    /// Places of pods by node, and where those of each node end.
    by_node: Vec<u32>,
    ends: Vec<usize>,
    /// Whether the places of each node are in the order of its pods.
    sorted: bool,
    group: Vec<Sorting<'a>>,
    window: (i64, i64),
    pub(super) amounts: Amounts,
    /// What is known of the use of pods of one plain container; by place in the inventory, empty for nothing.
    uses: Vec<[Use<'a>; 2]>,
    /// The rows of all pods, at most.
    pub(super) rows: usize,
}

impl<'a> PodOrder<'a> {
    /// What is known of the use of a pod of one plain container.
    pub(super) fn uses(&self, pod: u32) -> [Use<'a>; 2] {
        self.uses.get(place(pod)).copied().unwrap_or_default()
    }

    /// The pods of a node in their order.
    pub(super) fn of_node(&mut self, node: u32, out: &mut Vec<Placed<'a>>) {
        let (start, end) = self.span(node);
        self.gather(start, end);
        out.clear();
        out.extend(self.group.iter().map(|sorting| sorting.placed));
    }

    /// All pods in their order.
    pub(super) fn all(&mut self) -> Vec<Placed<'a>> {
        let mut all = Vec::with_capacity(self.pods.len());
        for node in (0_u32..).take(self.ends.len()) {
            let (start, end) = self.span(node);
            let mut places = self.by_node.get(start..end).unwrap_or_default().to_vec();
            places.sort_unstable_by(|a, b| match (self.pods.get(place(*a)), self.pods.get(place(*b))) {
                (Some(a), Some(b)) => compare(a, b, self.window),
                _ => Ordering::Equal,
            });
            all.extend(
                places.iter().filter_map(|at| self.pods.get(place(*at))).map(|sorting| sorting.placed),
            );
            if let Some(slots) = self.by_node.get_mut(start..end) {
                slots.copy_from_slice(&places);
            }
        }
        self.sorted = true;
        all
    }

    fn span(&self, node: u32) -> (usize, usize) {
        let at = place(node);
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        (start, self.ends.get(at).copied().unwrap_or(start))
    }

    fn gather(&mut self, start: usize, end: usize) {
        let places = self.by_node.get(start..end).unwrap_or_default();
        self.group.clear();
        self.group.extend(places.iter().filter_map(|at| self.pods.get(place(*at))).copied());
        if !self.sorted {
            self.group.sort_unstable_by(|a, b| compare(a, b, self.window));
        }
    }
}

/// The order of two pods of one node. One that came back under its name is told apart by its time.
fn compare(one: &Sorting<'_>, other: &Sorting<'_>, window: (i64, i64)) -> Ordering {
    let (a, b) = (one.placed, other.placed);
    let letters = a.namespace.cmp(&b.namespace).then(one.name.cmp(&other.name));
    let name = || super::super::key::canonical(&a.pod.name, &b.pod.name);
    let first = |pod: &Pod| super::pod_interval(pod, window);
    let time = || first(a.pod).cmp(&first(b.pod));
    let created = || a.pod.created_at.map(seconds).cmp(&b.pod.created_at.map(seconds));
    letters.then_with(name).then_with(time).then_with(created)
}

fn namespace_facts(inventory: &ClusterInventory, names: Vec<Name>) -> Vec<NamespaceFacts> {
    let mut table: Vec<NamespaceFacts> =
        names.into_iter().map(|name| NamespaceFacts { name, ..NamespaceFacts::default() }).collect();
    for namespace in inventory.namespaces.as_deref().unwrap_or_default() {
        let at = find(&table, &namespace.name, |facts: &NamespaceFacts| facts.name.as_str());
        if let Some(facts) = at.and_then(|at| table.get_mut(place(at))) {
            facts.labels.clone_from(&namespace.labels);
            facts.annotations.clone_from(&namespace.annotations);
        }
    }
    table
}

/// A place in a table that may be absent: one more, so that absence takes no room.
fn above(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number)
}

/// The place itself.
pub(super) fn below(number: NonZeroU32) -> u32 {
    number.get().saturating_sub(1)
}

/// What the row of a plain pod needs, and the number of the name of every container that ran in the window.
fn note<'a>(
    pod: &'a Pod,
    window: (i64, i64),
    containers: &mut Numbers<'a>,
    amounts: &mut Amounts,
) -> Result<Option<One>, Fault> {
    let mut last = 0;
    for container in &pod.containers {
        let ran =
            |(from, to): &Run| seconds(*from).max(window.0) < to.map_or(window.1, seconds).min(window.1);
        if container.running.iter().flatten().any(ran) {
            last = containers.number(&container.name)?;
        }
    }
    let [container] = &pod.containers[..] else { return Ok(None) };
    let plain = container.r#type == ContainerType::App && pod.overhead.is_none() && pod.resources.is_none();
    let length = u32::try_from(window.1.saturating_sub(window.0)).ok();
    let (true, Some(_)) = (plain, length) else { return Ok(None) };
    let offset = |second: i64| {
        let second = second.clamp(window.0, window.1).saturating_sub(window.0);
        u32::try_from(second).unwrap_or(u32::MAX)
    };
    let time = match container.running.as_deref().unwrap_or_default() {
        [] => (0, 0),
        [(from, to)] => (offset(seconds(*from)), to.map_or(offset(window.1), |to| offset(seconds(to)))),
        _ => return Ok(None),
    };
    let one = amounts.of(container).map(|amounts| One { container: above(last), amounts, time });
    Ok(one.filter(|_| last < NONE))
}

/// The places of pods by node, in one pass, and where those of each node end.
fn by_node(pods: &[Sorting<'_>], nodes: usize) -> Result<(Vec<u32>, Vec<usize>), Fault> {
    let mut starts = vec![0_usize; nodes.saturating_add(1)];
    for Sorting { placed, .. } in pods {
        if let Some(count) = starts.get_mut(place(placed.node).saturating_add(1)) {
            *count = count.saturating_add(1);
        }
    }
    let mut sum = 0_usize;
    for start in &mut starts {
        sum = sum.saturating_add(*start);
        *start = sum;
    }
    let mut out = vec![0; pods.len()];
    for (at, pod) in pods.iter().enumerate() {
        if let Some(start) = starts.get_mut(place(pod.placed.node)) {
            if let Some(slot) = out.get_mut(*start) {
                *slot = index(at)?;
            }
            *start = start.saturating_add(1);
        }
    }
    // Each start has moved to the end of its node; the last was one for all.
    starts.truncate(nodes);
    Ok((out, starts))
}

/// The names of a pod's services.
type ServiceNames = Arc<Box<[Name]>>;

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

    fn is_empty(&self) -> bool {
        self.by_label.is_empty() && self.by_endpoint.is_empty()
    }

    /// The services in front of a pod by name; neighbours with the same ones share the list.
    fn of(&self, placed: &Placed<'a>, last: &mut Option<ServiceNames>) -> Option<ServiceNames> {
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
        let list: ServiceNames = Arc::new(names.into_iter().cloned().collect());
        *last = Some(Arc::clone(&list));
        Some(list)
    }
}

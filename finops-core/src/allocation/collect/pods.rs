//! The pods of an inventory in the order of their keys, and the tables of names.

use super::{
    seconds,
    services::{ServiceIndex, ServiceNames},
};
use crate::{
    allocation::{
        claim::{UsageIndex, Use},
        config::AllocationConfig,
        row::{NONE, index, place},
        set::{NamespaceFacts, NodeFacts, PodFacts, Tables},
        tables::{Numbers, find},
    },
    error::Fault,
    inventory::{ClusterInventory, Container, ContainerType, Name, Node, Pod, Resources, Run},
};
use rustc_hash::FxHashMap;
use std::{cmp::Ordering, num::NonZeroU16};

/// A pod with its places in the tables, and what its row needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
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
    pub(super) container: u32,
    /// A place in [`Amounts`].
    pub(super) amounts: u16,
    /// First second and end of its time, from the start of the window; equal when it did not run.
    pub(super) time: (u32, u32),
}

/// Different requests, at most: each is kept once, and pods that say more are read again.
const AMOUNTS_MAX: usize = 1 << 16;

/// Nanocores and bytes by the requests and limits that say so; many containers share them.
#[derive(Default)]
pub(super) struct Amounts {
    places: FxHashMap<(usize, usize), Option<u16>>,
    all: Vec<[u64; 2]>,
}

impl Amounts {
    /// The place of what a container requests; `None` where it requests more than cores and memory.
    fn of(&mut self, container: &Container) -> Option<u16> {
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
        let at = if plain { u16::try_from(self.all.len()).ok() } else { None };
        if at.is_some() {
            self.all.push(super::requests(container));
        }
        self.places.insert(key, at);
        at
    }

    /// Nanocores and bytes at a place.
    pub(super) fn get(&self, at: u16) -> [u64; 2] {
        self.all.get(usize::from(at)).copied().unwrap_or_default()
    }
}

/// Pods that are passed in short loops one after the other: of their nodes' numbers, of notes, of shared facts. A look at
/// memory is waited for once where many are under way, and counting an owner of a fact waits for all of them. So many
/// pods stay in the first cache (32 KiB and more).
const BLOCK: usize = 64;

/// Notes that are fetched ahead, at least: 16 KiB of them stay near while their rows are made.
const AT_HAND: usize = 512;

/// What is noted of a pod. Notes are fetched in the order of nodes, from all over: half of what one look fetches holds
/// all of one.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Note {
    /// The first letters of its name, which mostly tell it from its neighbours.
    name: [u64; 2],
    /// Its provisional number.
    namespace: u32,
    /// As in [`One`].
    time: (u32, u32),
    /// The provisional number of its only container's name, and one more; `None` where its row needs the pod.
    container: Option<NonZeroU16>,
    /// As in [`One`].
    amounts: u16,
}

impl Note {
    /// That of a pod that does not count.
    const EMPTY: Self = Self { name: [0; 2], namespace: 0, time: (0, 0), container: None, amounts: 0 };
}

/// The first letters of a name as numbers that sort like them.
fn letters(name: &str) -> [u64; 2] {
    let text = name.as_bytes();
    // Special names sort last, and no text begins with these bytes.
    if text.starts_with(b"__") { [u64::MAX; 2] } else { [word(text, 0), word(text, 8)] }
}

/// A pod of a node on its way to its place among the others.
#[derive(Clone, Copy)]
struct Sorting {
    namespace: u32,
    /// Its place in the inventory, and that of its note among those at hand.
    at: u32,
    note: u32,
    name: [u64; 2],
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
    /// The numbers of the inventory's nodes.
    of_nodes: Vec<u32>,
    containers: Numbers<'a>,
    amounts: Amounts,
    /// The node of each pod, [`NONE`] for what does not count; apart, because they are counted and sorted by it.
    of_pods: Vec<u32>,
    pods: Vec<Note>,
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
        let of_nodes = inventory.nodes.as_deref().unwrap_or_default().iter();
        let of_nodes = of_nodes.map(|node| nodes.number(&node.name)).collect::<Result<Vec<u32>, Fault>>()?;
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
        let mut of_pods = Vec::with_capacity(all.len());
        let mut pods = Vec::with_capacity(all.len());
        let mut facts = Vec::with_capacity(all.len());
        let mut uses = Vec::with_capacity(if usage.is_empty() { 0 } else { all.len() });
        let mut rows = 0_usize;
        let mut names = Vec::with_capacity(BLOCK);
        index(all.len())?;
        for block in all.chunks(BLOCK) {
            let start = of_pods.len();
            names.clear();
            names.extend(block.iter().map(|pod| {
                let phase = pod.phase.as_deref();
                let excluded = config.exclude_phases.iter().any(|excluded| phase == Some(excluded));
                if excluded { None } else { Some(pod.node.as_ref().unwrap_or(empty)) }
            }));
            nodes.number_all(&names, &mut of_pods)?;
            for (pod, node) in block.iter().zip(of_pods.get(start..).unwrap_or_default()) {
                let note = if *node == NONE {
                    Note::EMPTY
                } else {
                    let note = note(pod, window, namespaces, &mut containers, &mut amounts)?;
                    // Its containers, and what belongs to none of them.
                    let others = usize::from(note.container.is_none());
                    rows = rows.saturating_add(pod.containers.len()).saturating_add(others);
                    note
                };
                if !usage.is_empty() {
                    uses.push(match (&pod.containers[..], note.container) {
                        ([container], Some(_)) => usage.find(&pod.namespace, &pod.name, &container.name),
                        _ => [Use::Unknown; 2],
                    });
                }
                pods.push(note);
            }
            facts.extend(block.iter().map(|pod| PodFacts {
                name: pod.name.clone(),
                labels: pod.labels.clone(),
                annotations: pod.annotations.clone(),
                owner: pod.owner.clone(),
                services: None,
            }));
        }
        Ok(Self { nodes, of_nodes, containers, amounts, of_pods, pods, facts, uses, rows })
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
        let mut facts = self.facts;
        let (by_node, ends) = by_node(&self.of_pods, &node_ranks)?;
        let mut tables = Tables {
            cluster: inventory.cluster.clone(),
            nodes: node_names.into_iter().map(|name| NodeFacts { name, ..NodeFacts::default() }).collect(),
            namespaces: namespace_facts(inventory, namespace_names),
            pods: Vec::new(),
            containers,
        };
        let mut nodes = vec![None; tables.nodes.len()];
        for (node, number) in inventory.nodes.as_deref().unwrap_or_default().iter().zip(&self.of_nodes) {
            let at = place(rank(&node_ranks, *number));
            if let (Some(slot), Some(facts)) = (nodes.get_mut(at), tables.nodes.get_mut(at)) {
                *slot = Some(node);
                facts.node_pool.clone_from(&node.node_pool);
                facts.instance_type.clone_from(&node.instance_type);
                facts.zone.clone_from(&node.zone);
            }
        }
        let services = ServiceIndex::new(inventory, &tables);
        if !services.is_empty() {
            let mut last: Option<ServiceNames> = None;
            let all = inventory.pods.as_deref().unwrap_or_default().iter().zip(&self.of_pods);
            for ((pod, node), (note, facts)) in all.zip(self.pods.iter().zip(&mut facts)) {
                if *node != NONE {
                    facts.services = services.of(pod, rank(&namespace_ranks, note.namespace), &mut last);
                }
            }
        }
        tables.pods = facts;
        let order = PodOrder {
            nodes,
            all: inventory.pods.as_deref().unwrap_or_default(),
            pods: self.pods,
            namespaces: namespace_ranks,
            containers: container_ranks,
            by_node,
            ends,
            sorted: false,
            at_hand: (0, Vec::new()),
            group: Vec::new(),
            window,
            amounts: self.amounts,
            uses: self.uses,
            rows: self.rows,
        };
        Ok((tables, order))
    }
}

/// The place in a table of a provisional number.
fn rank(ranks: &[u32], number: u32) -> u32 {
    ranks.get(place(number)).copied().unwrap_or(NONE)
}

/// The pods in the order of node, namespace and name, one node after the other.
pub(super) struct PodOrder<'a> {
    /// The nodes by their places in the table; `None` for what is a name alone.
    pub(super) nodes: Vec<Option<&'a Node>>,
    /// As the inventory has them, and what is noted of each.
    all: &'a [Pod],
    pods: Vec<Note>,
    /// The places in the tables of provisional numbers.
    namespaces: Vec<u32>,
    containers: Vec<u32>,
    /// Places of pods by node, and where those of each node end.
    by_node: Vec<u32>,
    ends: Vec<u32>,
    /// Whether the places of each node are in the order of its pods.
    sorted: bool,
    /// The notes of some of the places, and where those begin.
    at_hand: (usize, Vec<Note>),
    group: Vec<Sorting>,
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
        out.clear();
        let (start, end) = self.span(node);
        self.gather(start, end);
        out.extend(self.group.iter().filter_map(|sorting| self.placed(start, *sorting)));
    }

    /// All pods in their order.
    pub(super) fn all(&mut self) -> Vec<Placed<'a>> {
        let mut all = Vec::with_capacity(self.pods.len());
        for node in (0_u32..).take(self.ends.len()) {
            let (start, end) = self.span(node);
            self.gather(start, end);
            all.extend(self.group.iter().filter_map(|sorting| self.placed(start, *sorting)));
            let slots = self.by_node.get_mut(start..end).unwrap_or_default();
            for (slot, sorting) in slots.iter_mut().zip(&self.group) {
                *slot = sorting.at;
            }
        }
        self.sorted = true;
        // These were in the order of before.
        self.at_hand.1.clear();
        all
    }

    fn span(&self, node: u32) -> (usize, usize) {
        let at = place(node);
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        (place(start), self.ends.get(at).map_or(place(start), |end| place(*end)))
    }

    /// Sets the group to the pods of a node in their order.
    fn gather(&mut self, start: usize, end: usize) {
        self.fetch(start, end);
        let places = self.by_node.get(start..end).unwrap_or_default();
        let first = start.saturating_sub(self.at_hand.0);
        let notes = self.at_hand.1.get(first..).unwrap_or_default();
        self.group.clear();
        self.group.extend((0_u32..).zip(places.iter().zip(notes)).map(|(note, (at, found))| Sorting {
            namespace: rank(&self.namespaces, found.namespace),
            at: *at,
            note,
            name: found.name,
        }));
        if !self.sorted {
            let (all, window) = (self.all, self.window);
            self.group.sort_unstable_by(|a, b| {
                let letters = (a.namespace, a.name).cmp(&(b.namespace, b.name));
                letters.then_with(|| compare(all.get(place(a.at)), all.get(place(b.at)), window))
            });
        }
    }

    /// Has the notes of these places at hand, and of the next ones: a loop that does nothing else has most looks at memory
    /// under way at once.
    fn fetch(&mut self, start: usize, end: usize) {
        let (first, notes) = &mut self.at_hand;
        if *first <= start && end <= first.saturating_add(notes.len()) {
            return;
        }
        let end = end.max(start.saturating_add(AT_HAND)).min(self.by_node.len());
        let places = self.by_node.get(start..end).unwrap_or_default();
        let pods = &self.pods;
        *first = start;
        notes.clear();
        notes.extend(places.iter().map(|at| pods.get(place(*at)).copied().unwrap_or(Note::EMPTY)));
    }

    fn placed(&self, start: usize, sorting: Sorting) -> Option<Placed<'a>> {
        let at_hand = start.saturating_sub(self.at_hand.0).saturating_add(place(sorting.note));
        let note = self.at_hand.1.get(at_hand)?;
        let one = note.container.map(|container| One {
            container: rank(&self.containers, below(container)),
            amounts: note.amounts,
            time: note.time,
        });
        let pod = self.all.get(place(sorting.at))?;
        Some(Placed { namespace: sorting.namespace, facts: sorting.at, one, pod })
    }
}

/// The order of two pods of one node and namespace whose names begin alike. One that came back under its name is told
/// apart by its time.
#[cold]
fn compare(a: Option<&Pod>, b: Option<&Pod>, window: (i64, i64)) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return Ordering::Equal };
    let name = super::super::key::canonical(&a.name, &b.name);
    let first = |pod: &Pod| super::pod_interval(pod, window);
    let time = || first(a).cmp(&first(b));
    let created = || a.created_at.map(seconds).cmp(&b.created_at.map(seconds));
    name.then_with(time).then_with(created)
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

/// A number that may be absent: one more, so that absence takes no room; `None` beyond 16 bits.
fn above(number: u32) -> Option<NonZeroU16> {
    NonZeroU16::new(u16::try_from(number).ok()?.checked_add(1)?)
}

/// The number itself.
fn below(number: NonZeroU16) -> u32 {
    u32::from(number.get()).saturating_sub(1)
}

/// What is noted of a pod, and the number of the name of every container that ran in the window.
fn note<'a>(
    pod: &'a Pod,
    window: (i64, i64),
    namespaces: &mut Numbers<'a>,
    containers: &mut Numbers<'a>,
    amounts: &mut Amounts,
) -> Result<Note, Fault> {
    let mut last = 0;
    for container in &pod.containers {
        let ran =
            |(from, to): &Run| seconds(*from).max(window.0) < to.map_or(window.1, seconds).min(window.1);
        if container.running.iter().flatten().any(ran) {
            last = containers.number(&container.name)?;
        }
    }
    let note =
        Note { name: letters(&pod.name), namespace: namespaces.number(&pod.namespace)?, ..Note::EMPTY };
    let [container] = &pod.containers[..] else { return Ok(note) };
    let plain = container.r#type == ContainerType::App && pod.overhead.is_none() && pod.resources.is_none();
    let length = u32::try_from(window.1.saturating_sub(window.0)).ok();
    let (true, Some(_)) = (plain, length) else { return Ok(note) };
    let offset = |second: i64| {
        let second = second.clamp(window.0, window.1).saturating_sub(window.0);
        u32::try_from(second).unwrap_or(u32::MAX)
    };
    let time = match container.running.as_deref().unwrap_or_default() {
        [] => (0, 0),
        [(from, to)] => (offset(seconds(*from)), to.map_or(offset(window.1), |to| offset(seconds(to)))),
        _ => return Ok(note),
    };
    let Some(amounts) = amounts.of(container) else { return Ok(note) };
    Ok(Note { time, container: above(last), amounts, ..note })
}

/// The places of pods by node, in one pass, and where those of each node end. `nodes` are the numbers of the pods' nodes,
/// and `ranks` the places of those in the table.
fn by_node(nodes: &[u32], ranks: &[u32]) -> Result<(Vec<u32>, Vec<u32>), Fault> {
    let mut next = vec![0_u32; ranks.len()];
    for node in nodes {
        if let Some(count) = next.get_mut(place(*node)) {
            *count = count.saturating_add(1);
        }
    }
    let mut ends = vec![0_u32; ranks.len()];
    for (count, rank) in next.iter().zip(ranks) {
        if let Some(end) = ends.get_mut(place(*rank)) {
            *end = *count;
        }
    }
    let mut sum = 0_u32;
    for end in &mut ends {
        sum = sum.saturating_add(*end);
        *end = sum;
    }
    for (next, rank) in next.iter_mut().zip(ranks) {
        *next = ends.get(place(*rank)).copied().unwrap_or(0).saturating_sub(*next);
    }
    let mut out = vec![0; place(sum)];
    for (at, node) in (0_u32..).zip(nodes) {
        if let Some(next) = next.get_mut(place(*node)) {
            if let Some(slot) = out.get_mut(place(*next)) {
                *slot = at;
            }
            *next = next.saturating_add(1);
        }
    }
    Ok((out, ends))
}

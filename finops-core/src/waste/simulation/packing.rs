//! The simulation itself: candidates, placements, what is saved.

use super::Profile;
use crate::{exact::Exact, inventory::Name, waste::Amount};
use std::{cmp::Ordering, collections::BTreeSet};

/// Utilisation from which a node is no candidate, in percent (Cluster Autoscaler,
/// `--scale-down-utilization-threshold` 0.5).
const CANDIDATE_PERCENT: u64 = 50;
/// Hours of a month, printed beside every monthly figure (Infracost and Kubecost).
const MONTH_HOURS: i128 = 730;

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Name.
    pub name: Name,
    /// Nanocores that pods may have.
    pub cpu: u64,
    /// Bytes that pods may have.
    pub memory: u64,
    /// Thousandths of a device that pods may have.
    pub gpu: u64,
    /// Pods that it may hold; `None` where that is not known and so not a limit.
    pub pods: Option<u64>,
    /// Price of an hour; a node without one stays.
    pub hourly: Option<Exact>,
    /// Whether pods may move to it.
    pub schedulable: bool,
    /// Whether it may go at all.
    pub removable: bool,
}

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load {
    /// What it is called: decides the order among equals.
    pub key: Name,
    /// The node that it is on, by position.
    pub on: usize,
    /// Nanocores requested.
    pub cpu: u64,
    /// Bytes requested.
    pub memory: u64,
    /// Thousandths of a device requested.
    pub gpu: u64,
    /// Whether it keeps its node from going.
    pub blocked: bool,
    /// Whether it belongs to its node and goes with it: pods of a DaemonSet, mirror pods.
    pub stays: bool,
}

/// Where a pod ends, by positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The pod.
    pub load: usize,
    /// The node that it was on.
    pub from: usize,
    /// The node that it ends on.
    pub to: usize,
}

/// What could go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleDown {
    /// Nodes in the order in which they go, by position.
    pub removed: Vec<usize>,
    /// Pods that end elsewhere, by their names.
    pub moves: Vec<Move>,
    /// Price of the removed nodes for a month.
    pub monthly: Amount,
}

/// A share of what pods may have, compared exactly. Nothing to have is more than full.
#[derive(Debug, Clone, Copy)]
struct Share {
    used: u64,
    of: u64,
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let empty = |share: &Self| share.of == 0;
        match (empty(self), empty(other)) {
            (false, false) => {
                let cross = |a: u64, b: u64| u128::from(a).saturating_mul(u128::from(b));
                cross(self.used, other.of).cmp(&cross(other.used, self.of))
            }
            (one, two) => one.cmp(&two),
        }
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

/// A node's place among those that pods may move to: the fullest first, then by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    share: Share,
    by_name: usize,
    machine: usize,
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        other.share.cmp(&self.share).then(self.by_name.cmp(&other.by_name))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    cpu: u64,
    memory: u64,
    gpu: u64,
    pods: u64,
}

impl Used {
    const fn with(self, load: &Load) -> Self {
        Self {
            cpu: self.cpu.saturating_add(load.cpu),
            memory: self.memory.saturating_add(load.memory),
            gpu: self.gpu.saturating_add(load.gpu),
            pods: self.pods.saturating_add(1),
        }
    }

    fn share(self, machine: &Machine) -> Share {
        let cpu = Share { used: self.cpu, of: machine.cpu };
        cpu.max(Share { used: self.memory, of: machine.memory })
    }

    /// Whether this much is within the profile for cores and memory, and within the node for devices and pods.
    fn fits(self, machine: &Machine, profile: Profile) -> bool {
        let within = |used: u64, of: u64| {
            u128::from(used).saturating_mul(100)
                <= u128::from(of).saturating_mul(u128::from(profile.percent()))
        };
        within(self.cpu, machine.cpu)
            && within(self.memory, machine.memory)
            && self.gpu <= machine.gpu
            && machine.pods.is_none_or(|pods| self.pods <= pods)
    }
}

struct Packing<'a, F> {
    machines: &'a [Machine],
    loads: &'a [Load],
    profile: Profile,
    may_run: F,
    by_name: Vec<usize>,
    used: Vec<Used>,
    /// Loads by the node that they are on now.
    held: Vec<Vec<usize>>,
    /// Nodes that pods may move to.
    places: BTreeSet<Place>,
    at: Vec<usize>,
}

/// Simulates the scale-down. `may_run(load, machine)` says whether selectors, affinity and taints let a pod run on a
/// node; loads on nodes that do not exist are left out.
#[must_use]
pub fn scale_down(
    machines: &[Machine],
    loads: &[Load],
    profile: Profile,
    may_run: impl Fn(usize, usize) -> bool,
) -> ScaleDown {
    let mut packing = Packing::new(machines, loads, profile, may_run);
    let mut removed = Vec::new();
    for candidate in packing.candidates() {
        if packing.empty(candidate) {
            removed.push(candidate);
        }
    }
    let price = |index: &usize| machines.get(*index).and_then(|machine| machine.hourly.clone());
    let hourly: Exact = removed.iter().filter_map(price).sum();
    let monthly = hourly.times(&Exact::from_int(i64::try_from(MONTH_HOURS).unwrap_or_default()));
    ScaleDown { moves: packing.moves(), removed, monthly: nine_places(&monthly) }
}

/// An exact amount to nine places, half-even.
fn nine_places(amount: &Exact) -> Amount {
    Amount::parse(&amount.to_string()).unwrap_or_default()
}

impl<'a, F: Fn(usize, usize) -> bool> Packing<'a, F> {
    fn new(machines: &'a [Machine], loads: &'a [Load], profile: Profile, may_run: F) -> Self {
        let mut order: Vec<usize> = (0..machines.len()).collect();
        order.sort_by_key(|index| machines.get(*index).map(|machine| &machine.name));
        let mut by_name = vec![0; machines.len()];
        for (rank, index) in order.into_iter().enumerate() {
            if let Some(place) = by_name.get_mut(index) {
                *place = rank;
            }
        }
        let mut used = vec![Used::default(); machines.len()];
        let mut held = vec![Vec::new(); machines.len()];
        for (index, load) in loads.iter().enumerate() {
            if let (Some(used), Some(held)) = (used.get_mut(load.on), held.get_mut(load.on)) {
                *used = used.with(load);
                held.push(index);
            }
        }
        let at = loads.iter().map(|load| load.on).collect();
        let mut packing =
            Self { machines, loads, profile, may_run, by_name, used, held, places: BTreeSet::new(), at };
        for index in 0..machines.len() {
            if let Some(place) = packing.place(index)
                && machines.get(index).is_some_and(|machine| machine.schedulable)
            {
                packing.places.insert(place);
            }
        }
        packing
    }

    fn place(&self, machine: usize) -> Option<Place> {
        let share = self.used.get(machine)?.share(self.machines.get(machine)?);
        Some(Place { share, by_name: *self.by_name.get(machine)?, machine })
    }

    /// Nodes below half of what pods may have that nothing keeps, in the order in which they are tried: the emptiest,
    /// then the dearest, then by name.
    fn candidates(&self) -> Vec<usize> {
        let half = Share { used: CANDIDATE_PERCENT, of: 100 };
        let free = |index: &usize| {
            let machine = self.machines.get(*index);
            let held = self.held.get(*index);
            machine.is_some_and(|machine| machine.removable && machine.hourly.is_some())
                && held.is_some_and(|held| held.iter().all(|load| self.load(*load).is_some_and(|l| !l.blocked)))
        };
        let places = (0..self.machines.len()).filter(free).filter_map(|index| self.place(index));
        let mut places: Vec<Place> = places.filter(|place| place.share < half).collect();
        let price = |place: &Place| self.machines.get(place.machine).and_then(|machine| machine.hourly.as_ref());
        places.sort_by(|one, other| {
            let dearest = || price(one).cmp(&price(other));
            one.share.cmp(&other.share).then_with(dearest).then(one.by_name.cmp(&other.by_name))
        });
        places.into_iter().map(|place| place.machine).collect()
    }

    fn load(&self, index: usize) -> Option<&'a Load> {
        self.loads.get(index)
    }

    /// Moves every pod of the node elsewhere; changes nothing and answers `false` where one fits nowhere.
    fn empty(&mut self, machine: usize) -> bool {
        let Some(own) = self.place(machine) else { return false };
        let was_place = self.places.remove(&own);
        let held = self.held.get_mut(machine).map(std::mem::take).unwrap_or_default();
        let mut order: Vec<usize> =
            held.iter().copied().filter(|load| self.load(*load).is_some_and(|load| !load.stays)).collect();
        order.sort_by_cached_key(|load| self.weight(*load, machine));
        let mut moved = Vec::with_capacity(order.len());
        for load in order {
            let Some(to) = self.find(load) else {
                for (load, to) in moved.into_iter().rev() {
                    self.take_back(load, to);
                }
                if let Some(place) = self.held.get_mut(machine) {
                    *place = held;
                }
                if was_place {
                    self.places.insert(own);
                }
                return false;
            };
            self.put(load, to);
            moved.push((load, to));
        }
        for (load, to) in moved {
            if let Some(at) = self.at.get_mut(load) {
                *at = to;
            }
        }
        true
    }

    /// The order in which pods are placed: the largest share of the node first, then by name.
    fn weight(&self, load: usize, machine: usize) -> (std::cmp::Reverse<Share>, Option<Name>) {
        let (held, machine) = (self.load(load), self.machines.get(machine));
        let share = held.zip(machine).map(|(held, machine)| Used::default().with(held).share(machine));
        (std::cmp::Reverse(share.unwrap_or(Share { used: 0, of: 1 })), held.map(|held| held.key.clone()))
    }

    /// The fullest node that the pod fits on.
    fn find(&self, load: usize) -> Option<usize> {
        let held = self.load(load)?;
        // A node above the profile has no room even for nothing.
        let first = Place {
            share: Share { used: u64::from(self.profile.percent()), of: 100 },
            by_name: 0,
            machine: 0,
        };
        let fits = |place: &&Place| {
            let (Some(machine), Some(used)) = (self.machines.get(place.machine), self.used.get(place.machine))
            else {
                return false;
            };
            used.with(held).fits(machine, self.profile) && (self.may_run)(load, place.machine)
        };
        self.places.range(first..).find(fits).map(|place| place.machine)
    }

    fn put(&mut self, load: usize, machine: usize) {
        let Some(held) = self.load(load) else { return };
        self.change(machine, |used| used.with(held));
        if let Some(place) = self.held.get_mut(machine) {
            place.push(load);
        }
    }

    fn take_back(&mut self, load: usize, machine: usize) {
        let Some(held) = self.load(load) else { return };
        self.change(machine, |used| Used {
            cpu: used.cpu.saturating_sub(held.cpu),
            memory: used.memory.saturating_sub(held.memory),
            gpu: used.gpu.saturating_sub(held.gpu),
            pods: used.pods.saturating_sub(1),
        });
        if let Some(place) = self.held.get_mut(machine) {
            place.pop();
        }
    }

    fn change(&mut self, machine: usize, change: impl Fn(Used) -> Used) {
        let Some(before) = self.place(machine) else { return };
        self.places.remove(&before);
        if let Some(used) = self.used.get_mut(machine) {
            *used = change(*used);
        }
        self.places.extend(self.place(machine));
    }

    fn moves(&self) -> Vec<Move> {
        let ends = self.at.iter().zip(self.loads).enumerate();
        let moved = ends.filter(|(_, (to, load))| **to != load.on);
        let mut moves: Vec<Move> =
            moved.map(|(load, (to, held))| Move { load, from: held.on, to: *to }).collect();
        moves.sort_by_key(|one| self.load(one.load).map(|load| &load.key));
        moves
    }
}

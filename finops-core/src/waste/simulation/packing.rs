//! The simulation itself: candidates, placements, what is saved.

use super::Profile;
use crate::{
    inventory::Name,
    waste::{Amount, Ratio},
};
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
    pub hourly: Option<Ratio>,
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
    let hourly = removed.iter().filter_map(price).fold(Ratio::ZERO, |sum, price| sum.plus(&price));
    let monthly = Amount::round(&hourly.times(&Ratio::from(MONTH_HOURS))).unwrap_or_default();
    ScaleDown { moves: packing.moves(), removed, monthly }
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
        // What belongs to the node goes with it, whatever it holds there.
        let may_go = |load: &Load| load.stays || !load.blocked;
        let free = |index: &usize| {
            let machine = self.machines.get(*index);
            let held = self.held.get(*index);
            machine.is_some_and(|machine| machine.removable && machine.hourly.is_some())
                && held.is_some_and(|held| held.iter().all(|load| self.load(*load).is_some_and(may_go)))
        };
        let places = (0..self.machines.len()).filter(free).filter_map(|index| self.place(index));
        let mut places: Vec<Place> = places.filter(|place| place.share < half).collect();
        let price =
            |place: &Place| self.machines.get(place.machine).and_then(|machine| machine.hourly.as_ref());
        places.sort_by(|one, other| {
            let dearest = || price(other).cmp(&price(one));
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
            let (Some(machine), Some(used)) =
                (self.machines.get(place.machine), self.used.get(place.machine))
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

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn machine(index: usize, cpu: u64, cents: i128) -> Machine {
        Machine {
            name: format!("n{index:04}").into(),
            cpu,
            memory: 100,
            gpu: 0,
            pods: Some(20),
            hourly: (cents > 0).then(|| Ratio::new(cents, 100).unwrap()),
            schedulable: true,
            removable: cents % 7 != 3,
        }
    }

    fn cluster() -> impl Strategy<Value = (Vec<Machine>, Vec<Load>)> {
        let machines = prop::collection::vec((50_u64..200, 0_i128..60), 1..8);
        machines.prop_flat_map(|machines| {
            let count = machines.len();
            let machines: Vec<Machine> = machines
                .into_iter()
                .enumerate()
                .map(|(index, (cpu, cents))| machine(index, cpu, cents))
                .collect();
            let load = (0..count, 0_u64..60, 0_u64..60, 0_u8..10);
            let loads = prop::collection::vec(load, 0..24).prop_map(|loads| {
                let of = |(index, (on, cpu, memory, kind)): (usize, (usize, u64, u64, u8))| Load {
                    key: format!("p{index:04}").into(),
                    on,
                    cpu,
                    memory,
                    gpu: 0,
                    blocked: kind == 0,
                    stays: kind == 1,
                };
                loads.into_iter().enumerate().map(of).collect::<Vec<_>>()
            });
            (Just(machines), loads)
        })
    }

    fn used(machines: &[Machine], loads: &[Load], answer: &ScaleDown) -> Vec<Used> {
        let mut used = vec![Used::default(); machines.len()];
        for (index, load) in loads.iter().enumerate() {
            let to = answer.moves.iter().find(|one| one.load == index).map_or(load.on, |one| one.to);
            used[to] = used[to].with(load);
        }
        used
    }

    proptest! {
        #[test]
        fn no_node_is_overfilled_and_nothing_is_lost((machines, loads) in cluster()) {
            let answer = scale_down(&machines, &loads, Profile::Prod, |load, machine| (load + machine) % 5 != 0);
            let before = used(&machines, &loads, &ScaleDown { removed: vec![], moves: vec![], monthly: Amount::ZERO });
            for (index, used) in used(&machines, &loads, &answer).into_iter().enumerate() {
                let grew = used.cpu > before[index].cpu || used.memory > before[index].memory;
                prop_assert!(!grew || used.fits(&machines[index], Profile::Prod));
                if answer.removed.contains(&index) {
                    prop_assert!(machines[index].removable && machines[index].hourly.is_some());
                    let left = loads.iter().enumerate().filter(|(load, held)| {
                        !held.stays && answer.moves.iter().find(|one| one.load == *load).map_or(held.on, |one| one.to) == index
                    });
                    prop_assert_eq!(left.count(), 0, "every pod of a removed node has found another");
                }
            }
            for one in &answer.moves {
                prop_assert!(!loads[one.load].blocked && !loads[one.load].stays);
                prop_assert!((one.load + one.to) % 5 != 0, "only where it may run");
                prop_assert!(!answer.removed.contains(&one.to));
            }
        }

        #[test]
        fn the_order_of_nodes_and_pods_does_not_matter((machines, loads) in cluster()) {
            let names = |machines: &[Machine], answer: &ScaleDown| -> Vec<String> {
                answer.removed.iter().map(|index| machines[*index].name.to_string()).collect()
            };
            let one = scale_down(&machines, &loads, Profile::Dev, |_, _| true);
            let last = machines.len() - 1;
            let turned: Vec<Machine> = machines.iter().rev().cloned().collect();
            let shuffled: Vec<Load> =
                loads.iter().rev().map(|load| Load { on: last - load.on, ..load.clone() }).collect();
            let other = scale_down(&turned, &shuffled, Profile::Dev, |_, _| true);
            prop_assert_eq!(names(&machines, &one), names(&turned, &other));
            prop_assert_eq!(one.monthly, other.monthly);
            prop_assert_eq!(one.moves.len(), other.moves.len());
        }
    }

    #[test]
    fn pods_of_the_node_itself_never_keep_it() {
        // A pod of a DaemonSet in kube-system without a budget, or with a folder of the node: every node has such.
        let daemon =
            Load { key: "p".into(), cpu: 1, memory: 1, blocked: true, stays: true, ..Load::default() };
        let machines = [machine(0, 100, 20), machine(1, 100, 20)];
        let removed = |load: Load| scale_down(&machines, &[load], Profile::Prod, |_, _| true).removed;
        assert_eq!(removed(daemon.clone()), [1, 0]);
        assert_eq!(removed(Load { stays: false, ..daemon }), [1]);
    }

    #[test]
    fn a_node_of_nothing_is_no_candidate_and_an_empty_cluster_gives_nothing() {
        let empty = scale_down(&[], &[], Profile::Prod, |_, _| true);
        assert_eq!((empty.removed.len(), empty.monthly), (0, Amount::ZERO));
        let nothing = Machine { cpu: 0, memory: 0, ..machine(0, 0, 10) };
        assert_eq!(scale_down(&[nothing], &[], Profile::Prod, |_, _| true).removed, Vec::<usize>::new());
    }
}

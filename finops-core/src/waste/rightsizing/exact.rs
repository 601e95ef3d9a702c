//! `exact`: the default strategy, from raw samples, tested on its own history.
//!
//! The window is cut into equal blocks. Each later block is a fold: what the blocks before it demanded is compared with
//! what the block then demanded. The largest growth seen chooses the margin; demand that grew more than the
//! configuration allows is left alone.

use super::{Resource, Withheld, round};
use crate::waste::largest;
use std::cmp::Ordering;

/// The margins to choose from, in percent of the demand (specification 6.3, step 3).
const LADDER: [u32; 10] = [105, 110, 115, 120, 125, 130, 140, 150, 175, 200];
/// Memory above the limit at which the container was killed, in percent.
const OOM_PERCENT: u32 = 125;
/// The percentile of CPU (specification 6.3, step 1).
const PERCENT: usize = 95;
/// Least folds behind a recommendation.
const FOLDS_MIN: u32 = 3;
/// Blocks of a window: its whole days within these.
const BLOCKS: (u64, u64) = (6, 14);

/// What may be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Largest growth of CPU demand between folds, in percent of the demand before.
    pub max_growth_cpu: u32,
    /// The same of memory.
    pub max_growth_memory: u32,
    /// Least recommendation in nanocores.
    pub floor_cpu: u64,
    /// Least recommendation in bytes.
    pub floor_memory: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_growth_cpu: 150,
            max_growth_memory: 110,
            floor_cpu: Resource::Cpu.floor(),
            floor_memory: Resource::Memory.floor(),
        }
    }
}

impl Config {
    const fn max_growth(&self, resource: Resource) -> u32 {
        match resource {
            Resource::Cpu => self.max_growth_cpu,
            Resource::Memory => self.max_growth_memory,
        }
    }

    const fn floor(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Cpu => self.floor_cpu,
            Resource::Memory => self.floor_memory,
        }
    }
}

/// Demand of a fold over the demand before it.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    after: u64,
    before: u64,
}

impl Growth {
    /// Whether this is more than `percent` of the demand before.
    fn exceeds(self, percent: u32) -> bool {
        u128::from(self.after).saturating_mul(100)
            > u128::from(self.before).saturating_mul(u128::from(percent))
    }

    /// Millionths, rounded half up; `None` for growth from nothing, which has no ratio.
    #[must_use]
    pub fn ppm(self) -> Option<u128> {
        let before = u128::from(self.before);
        let scaled = u128::from(self.after).checked_mul(2_000_000)?.checked_add(before)?;
        scaled.checked_div(before.checked_mul(2)?)
    }
}

impl Ord for Growth {
    fn cmp(&self, other: &Self) -> Ordering {
        let cross = |a: u64, b: u64| u128::from(a).saturating_mul(u128::from(b));
        cross(self.after, other.before).cmp(&cross(other.after, self.before))
    }
}

impl PartialOrd for Growth {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Growth {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Growth {}

/// A recommendation with its test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// Nanocores or bytes.
    pub request: u64,
    /// Percent of the demand.
    pub margin: u32,
    /// What the whole window demanded.
    pub demand: u64,
    /// How the rule fared on its history.
    pub test: Test,
}

/// How the rule fared on its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    /// Blocks that were held against what came before them.
    pub folds: u32,
    /// Folds whose demand lay above what the rule would have requested.
    pub misses: u32,
    /// The largest growth; `None` without folds or from nothing to nothing.
    pub largest_growth: Option<Growth>,
}

impl Test {
    /// The chance that the next block stays below the recommendation, by Laplace's rule of succession:
    /// `(folds - misses + 1) / (folds + 2)` as numerator and denominator.
    #[must_use]
    pub fn confidence(&self) -> (u32, u32) {
        let hits = self.folds.saturating_sub(self.misses);
        (hits.saturating_add(1), self.folds.saturating_add(2))
    }
}

/// How many equal blocks a window of `window_s` seconds is cut into: its whole days, at least 6 and at most 14.
#[must_use]
pub fn blocks(window_s: u64) -> usize {
    let days = window_s.div_euclid(86_400).clamp(BLOCKS.0, BLOCKS.1);
    usize::try_from(days).unwrap_or(6)
}

/// Recommends a request from the samples of each pod, cut into the blocks of the window.
///
/// `pods[i][k]` holds the samples of pod i in block k, in any order.
///
/// # Errors
/// [`Withheld::HistoryTooShort`] below three folds, [`Withheld::UnstableDemand`] where demand grew too much, each with
/// the test as far as it went.
pub fn advise(
    resource: Resource,
    pods: &[Vec<impl AsRef<[u64]>>],
    oom_limit: Option<u64>,
    config: &Config,
) -> Result<Advice, (Withheld, Test)> {
    advise_by(resource, pods, |value: &u64| *value, oom_limit, config)
}

/// [`advise`] from whatever holds the values.
pub(in crate::waste) fn advise_by<S>(
    resource: Resource,
    pods: &[Vec<impl AsRef<[S]>>],
    value: impl Fn(&S) -> u64,
    oom_limit: Option<u64>,
    config: &Config,
) -> Result<Advice, (Withheld, Test)> {
    let demands = Demands::new(resource, pods, value);
    let growths = demands.growths();
    let folds = u32::try_from(growths.len()).unwrap_or(u32::MAX);
    let test = Test { folds, misses: 0, largest_growth: growths.iter().copied().max() };
    let (Some(demand), true) = (demands.of_all(), folds >= FOLDS_MIN) else {
        return Err((Withheld::HistoryTooShort, test));
    };
    let stable = |growth: Growth| !growth.exceeds(config.max_growth(resource));
    let least = match resource {
        Resource::Cpu => 115,
        Resource::Memory => 105,
    };
    let margin = test
        .largest_growth
        .filter(|growth| stable(*growth))
        .and_then(|growth| LADDER.into_iter().find(|percent| *percent >= least && !growth.exceeds(*percent)));
    let Some(margin) = margin else {
        return Err((Withheld::UnstableDemand, test));
    };
    let by_use = round::with_margin(resource, demand, margin);
    let by_kill = oom_limit.map_or(0, |limit| round::with_margin(resource, limit, OOM_PERCENT));
    // A percentile of the whole window can lie below that of an earlier part: what was once needed stays covered.
    let once = growths.iter().map(|growth| growth.before).max().unwrap_or_default();
    let by_past = round::with_margin(resource, once, 100);
    let request = by_use.max(by_kill).max(by_past).max(config.floor(resource));
    let missed = growths.iter().filter(|growth| growth.exceeds(margin)).count();
    let misses = u32::try_from(missed).unwrap_or(u32::MAX);
    Ok(Advice { request, margin, demand, test: Test { misses, ..test } })
}

/// What samples of pods demanded: the highest p95 (CPU) or maximum (memory) of the pods; `None` without samples.
pub(super) fn demand(resource: Resource, pods: &[Vec<Vec<u64>>]) -> Option<u64> {
    Demands::new(resource, pods, |value: &u64| *value).of_all()
}

/// What blocks and all blocks before them demanded: the highest p95 (CPU) or maximum (memory) of the pods.
struct Demands {
    /// The first block that is held against those before it.
    first: usize,
    /// Of the blocks before block `first`, `first + 1` and so on; the last is that of all blocks.
    before: Vec<Option<u64>>,
    /// Of block `first` and those after it.
    own: Vec<Option<u64>>,
}

impl Demands {
    fn new<S>(resource: Resource, pods: &[Vec<impl AsRef<[S]>>], value: impl Fn(&S) -> u64) -> Self {
        let blocks = pods.iter().map(Vec::len).max().unwrap_or_default();
        let first = blocks.div_euclid(2).max(1);
        let folds = blocks.saturating_sub(first);
        let mut demands = Self { first, before: vec![None; folds.saturating_add(1)], own: vec![None; folds] };
        for pod in pods {
            match resource {
                Resource::Cpu => demands.add_percentiles(pod, &value),
                Resource::Memory => demands.add_maxima(pod, &value),
            }
        }
        demands
    }

    fn of_all(&self) -> Option<u64> {
        self.before.last().copied().flatten()
    }

    /// Growth of every fold with samples on both sides: each block of the later half against all before it.
    fn growths(&self) -> Vec<Growth> {
        let folds = self.before.iter().zip(&self.own);
        folds.filter_map(|(before, after)| Some(Growth { after: (*after)?, before: (*before)? })).collect()
    }

    /// Raises what was demanded before a fold, and by it.
    fn raise(&mut self, fold: usize, before: Option<u64>, own: Option<u64>) {
        if let Some(held) = self.before.get_mut(fold) {
            *held = before.max(*held);
        }
        if let Some(held) = self.own.get_mut(fold) {
            *held = own.max(*held);
        }
    }

    fn add_maxima<S>(&mut self, pod: &[impl AsRef<[S]>], value: impl Fn(&S) -> u64) {
        let maximum = |block: &[S]| block.iter().map(&value).max();
        let (early, late) = pod.split_at(self.first.min(pod.len()));
        let mut before = early.iter().filter_map(|block| maximum(block.as_ref())).max();
        for fold in 0..self.before.len() {
            let own = late.get(fold).and_then(|block| maximum(block.as_ref()));
            self.raise(fold, before, own);
            before = before.max(own);
        }
    }

    /// The nearest-rank 95th percentiles of a pod. Only the largest twentieth of all its samples can be one of them.
    fn add_percentiles<S>(&mut self, pod: &[impl AsRef<[S]>], value: impl Fn(&S) -> u64) {
        let length = |blocks: &[_]| {
            blocks
                .iter()
                .fold(0_usize, |sum, block: &_| sum.saturating_add(AsRef::<[S]>::as_ref(block).len()))
        };
        let (early, late) = pod.split_at(self.first.min(pod.len()));
        let count = largest::above(length(pod), PERCENT).saturating_add(1);
        // The largest of what came before, in falling order, and how many came.
        let mut top = largest::at_least(early, &value, count);
        top.sort_unstable_by(falling);
        top.truncate(count);
        let mut total = length(early);
        for fold in 0..self.before.len() {
            let before = top.get(largest::above(total, PERCENT)).copied();
            let Some(block) = late.get(fold).map(AsRef::as_ref) else {
                self.raise(fold, before, None);
                continue;
            };
            // Smaller ones can be no percentile of what comes, where enough came before.
            let least = if top.len() < count { None } else { top.last().copied() };
            let mut new: Vec<u64> =
                block.iter().map(&value).filter(|value| least.is_none_or(|least| *value > least)).collect();
            new.sort_unstable_by(falling);
            let above = largest::above(block.len(), PERCENT);
            let own = new.get(above).copied().or_else(|| {
                let mut all: Vec<u64> = block.iter().map(&value).collect();
                largest::below(&mut all, above)
            });
            self.raise(fold, before, own);
            total = total.saturating_add(block.len());
            top = merged(&top, &new, count);
        }
    }
}

fn falling(one: &u64, other: &u64) -> Ordering {
    other.cmp(one)
}

/// The first `count` of two lists in falling order.
fn merged(one: &[u64], other: &[u64], count: usize) -> Vec<u64> {
    let (mut one, mut other) = (one.iter().copied().peekable(), other.iter().copied().peekable());
    let next = || match (one.peek(), other.peek()) {
        (Some(a), Some(b)) if a < b => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    };
    let mut out = Vec::with_capacity(count);
    out.extend(std::iter::from_fn(next).take(count));
    out
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive_p95(values: &[u64]) -> Option<u64> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted.get((sorted.len() * 95).div_ceil(100).checked_sub(1)?).copied()
    }

    #[test]
    fn a_window_is_cut_by_its_days() {
        assert_eq!([blocks(3600), blocks(7 * 86_400), blocks(30 * 86_400)], [6, 7, 14]);
    }

    #[test]
    fn growth_from_nothing_is_unstable_and_from_nothing_to_nothing_is_none() {
        let idle = vec![vec![vec![0_u64]; 6]];
        let advice = advise(Resource::Memory, &idle, None, &Config::default()).unwrap();
        assert_eq!((advice.request, advice.margin), (Resource::Memory.floor(), 105));
        let mut waking = idle;
        if let Some(last) = waking.iter_mut().flatten().last() {
            *last = vec![1];
        }
        let (why, test) = advise(Resource::Memory, &waking, None, &Config::default()).unwrap_err();
        assert_eq!((why, test.folds), (Withheld::UnstableDemand, 3));
        assert_eq!(test.largest_growth.unwrap().ppm(), None);
    }

    #[test]
    fn an_empty_history_is_too_short() {
        let no_pods: &[Vec<Vec<u64>>] = &[];
        let none = advise(Resource::Cpu, no_pods, None, &Config::default()).unwrap_err();
        assert_eq!(none.0, Withheld::HistoryTooShort);
        let gaps = vec![vec![vec![1], vec![], vec![], vec![2], vec![], vec![2]]];
        assert_eq!(advise(Resource::Cpu, &gaps, None, &Config::default()).unwrap_err().1.folds, 2);
    }

    proptest! {
        #[test]
        fn percentiles_are_nearest_ranks_of_sorted_lists(
            pod in prop::collection::vec(prop::collection::vec(0_u64..1000, 0..400), 1..15),
            width in 1_u64..1000,
        ) {
            let pod: Vec<Vec<u64>> =
                pod.into_iter().map(|block| block.into_iter().map(|value| value % width).collect()).collect();
            let demands = Demands::new(Resource::Cpu, std::slice::from_ref(&pod), |value| *value);
            let first = demands.first;
            for (fold, before) in demands.before.iter().enumerate() {
                let all: Vec<u64> = pod.iter().take(first + fold).flatten().copied().collect();
                prop_assert_eq!(*before, naive_p95(&all));
            }
            for (own, block) in demands.own.iter().zip(pod.iter().skip(first)) {
                prop_assert_eq!(*own, naive_p95(block));
            }
        }

        #[test]
        fn a_recommendation_covers_every_fold(
            pods in prop::collection::vec(prop::collection::vec(prop::collection::vec(0_u64..1 << 40, 0..12), 6..14), 1..4),
            cpu in any::<bool>(),
        ) {
            let resource = if cpu { Resource::Cpu } else { Resource::Memory };
            if let Ok(advice) = advise(resource, &pods, None, &Config::default()) {
                let demands = Demands::new(resource, &pods, |value: &u64| *value);
                for growth in demands.growths() {
                    prop_assert!(advice.request >= growth.before);
                }
                prop_assert!(advice.request >= advice.demand);
                prop_assert_eq!(advice.test.misses, 0);
            }
        }

        #[test]
        fn the_order_of_samples_and_pods_does_not_matter(
            mut pods in prop::collection::vec(prop::collection::vec(prop::collection::vec(0_u64..1000, 0..9), 6), 1..4),
        ) {
            let before = advise(Resource::Cpu, &pods, None, &Config::default());
            pods.reverse();
            pods.iter_mut().flatten().for_each(|block| block.reverse());
            prop_assert_eq!(advise(Resource::Cpu, &pods, None, &Config::default()), before);
        }
    }
}

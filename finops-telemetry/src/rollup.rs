//! Exact roll-ups of everything metered, in bounded memory.
//!
//! One table, keyed by provider, model, status and tags. Money, tokens and durations are integers, energy and carbon
//! are [`ExactSum`]s: the order of records and the grouping of merges change nothing.
//!
//! ```
//! use finops_telemetry::rollup::{Measures, Rollup, RollupConfig, RollupKey};
//! let mut rollup = Rollup::new(RollupConfig { tags: vec!["team".to_owned()], ..RollupConfig::default() })?;
//! let usage = finops_core::usage::Usage::new(30, 0);
//! let key = RollupKey {
//!     provider: Some("openai"),
//!     model: "gpt-4o-mini",
//!     resolved: true,
//!     status: "priced",
//!     tags: &[Some("a")],
//! };
//! rollup.record(&key, &Measures::new(&usage))?;
//! let rows = rollup.summary(&["team"], &[])?;
//! assert_eq!((rows[0].requests, rows[0].total_tokens), (1, 30));
//! assert_eq!(rows[0].cost_usd, None); // no price is not 0
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
mod group;
mod key;
mod merge;
mod summary;
mod text;
mod wire;

pub use group::{Costs, HISTOGRAM_LE, Measures};
pub use key::{Group, OTHER, RollupKey};
pub use summary::{Quantiles, SummaryRow};

pub(crate) use block::{Block, Request};
pub(crate) use group::{CARBON_SCALE, Totals, add_hinted, grow};
pub(crate) use text::{Hints, TextRequest};

use finops_core::{Error, error::ConfigError};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::Hasher;

#[cfg(doc)]
use finops_core::carbon::ExactSum;

/// What is fixed when a roll-up is made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollupConfig {
    /// Names of the tags, in the order of a key. The last one is folded first.
    pub tags: Vec<String>,
    /// Groups held before new ones are folded; each level of folding may add `max(16, max_groups / 10)` more.
    pub max_groups: usize,
    /// Names of unresolved models held before further ones share [`OTHER`].
    pub max_unknown_models: usize,
}

impl Default for RollupConfig {
    /// The tags `team`, `feature`, `environment` and `user`, 10,000 groups, 1,024 unresolved models.
    fn default() -> Self {
        let tags = ["team", "feature", "environment", "user"].map(str::to_owned).to_vec();
        Self { tags, max_groups: 10_000, max_unknown_models: 1024 }
    }
}

impl RollupConfig {
    fn check(&self) -> Result<(), ConfigError> {
        for (at, tag) in self.tags.iter().enumerate() {
            if tag.trim_ascii().is_empty() || summary::COLUMNS.contains(&tag.as_str()) {
                let help =
                    "name tags otherwise than `provider`, `model`, `status` and the columns of a summary";
                return Err(ConfigError::new("tags", tag, "not usable as a tag", help));
            }
            if self.tags.iter().take(at).any(|earlier| earlier == tag) {
                return Err(ConfigError::new("tags", tag, "listed twice", "list each tag once"));
            }
        }
        if self.max_groups == 0 {
            return Err(ConfigError::new("max_groups", 0, "too small", "give at least 1"));
        }
        Ok(())
    }
}

/// Exact totals by provider, model, status and tags.
///
/// Past its bounds a new key is folded, so that coarser totals stay exact and memory stays bounded: an unresolved model
/// beyond `max_unknown_models` becomes [`OTHER`]; a group beyond `max_groups` has its last tag folded to [`OTHER`],
/// then the one before, then its model, its provider and its status.
#[derive(Debug, Clone)]
pub struct Rollup {
    config: RollupConfig,
    /// The first group of each hash; groups of equal hash are chained.
    index: FxHashMap<u64, u32>,
    #[expect(
        clippy::vec_box,
        reason = "groups are large: growing a list of them must not double their memory"
    )]
    slots: Vec<Box<Slot>>,
    /// How many groups there are at each level of folding.
    levels: Vec<usize>,
    unknown_models: FxHashSet<Box<str>>,
    /// A key in encoded form, kept so that looking up allocates nothing.
    scratch: Vec<u8>,
    /// The group of the last record: runs of equal keys need no hash.
    last: usize,
}

#[derive(Debug, Clone)]
struct Slot {
    key: Box<[u8]>,
    /// The next group of the same hash.
    next: Option<u32>,
    totals: Totals,
}

impl Rollup {
    /// An empty roll-up.
    ///
    /// # Errors
    /// `config.invalid` when a tag is blank, listed twice or named like a column of a summary, or `max_groups` is 0.
    pub fn new(config: RollupConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let levels = vec![0; key::levels(config.tags.len())];
        Ok(Self {
            config,
            index: FxHashMap::default(),
            slots: Vec::new(),
            levels,
            unknown_models: FxHashSet::default(),
            scratch: Vec::new(),
            last: 0,
        })
    }

    /// Adds one request to its group. A group that is known already costs no allocation.
    ///
    /// Tags missing at the end of the key count as not given; tags beyond the configured ones are ignored.
    ///
    /// # Errors
    /// `money.overflow`, `carbon.bad_number` and `carbon.total_overflow`; nothing changes then.
    pub fn record(&mut self, key: &RollupKey<'_>, measures: &Measures<'_>) -> Result<(), Error> {
        // What an empty group would refuse makes no group.
        let at = self.group_of(key, || Totals::default().record(measures))?;
        match self.slots.get_mut(at) {
            Some(slot) => slot.totals.record(measures),
            None => Ok(()),
        }
    }

    /// The place of the key's group; one is made where there is none and `check` agrees.
    #[inline]
    fn group_of(
        &mut self,
        key: &RollupKey<'_>,
        check: impl FnOnce() -> Result<(), Error>,
    ) -> Result<usize, Error> {
        key::encode(&mut self.scratch, key, self.config.tags.len());
        if self.slots.get(self.last).is_none_or(|slot| *slot.key != *self.scratch) {
            self.last = match self.find() {
                Some(at) => at,
                None => {
                    check()?;
                    self.admit(key)?
                }
            };
        }
        Ok(self.last)
    }

    /// The place of the group whose key is in `scratch`.
    fn find(&self) -> Option<usize> {
        let mut next = self.index.get(&hash(&self.scratch)).copied();
        while let Some(at) = next {
            let at = usize::try_from(at).ok()?;
            let slot = self.slots.get(at)?;
            if *slot.key == *self.scratch {
                return Some(at);
            }
            next = slot.next;
        }
        None
    }

    /// The place of a key that has no group of its own yet: a new group, or that of a folded key.
    #[cold]
    #[inline(never)]
    fn admit(&mut self, key: &RollupKey<'_>) -> Result<usize, Error> {
        let full = self.unknown_models.len() >= self.config.max_unknown_models;
        let known = key.resolved || key.model == OTHER || self.unknown_models.contains(key.model);
        let model = if full && !known { OTHER } else { key.model };
        let key = RollupKey { model, ..*key };
        key::encode(&mut self.scratch, &key, self.config.tags.len());
        loop {
            if let Some(at) = self.find() {
                return Ok(at);
            }
            let level = key::level(&self.scratch, self.config.tags.len());
            if self.has_room(level) {
                return self.insert(level);
            }
            key::fold(&mut self.scratch, self.config.tags.len());
        }
    }

    fn has_room(&self, level: usize) -> bool {
        // The last level is one group, in which nothing is told apart.
        let last = level.saturating_add(1) >= self.levels.len();
        last || self.levels.get(level).is_none_or(|count| *count < self.capacity_of(level))
    }

    fn capacity_of(&self, level: usize) -> usize {
        let max = self.config.max_groups;
        if level == 0 { max } else { max.checked_div(10).unwrap_or_default().max(16) }
    }

    /// A new, empty group for the key in `scratch`, which has none.
    fn insert(&mut self, level: usize) -> Result<usize, Error> {
        let at = self.slots.len();
        let handle = u32::try_from(at).map_err(|_| {
            ConfigError::new("max_groups", self.config.max_groups, "too large", "give less than 4 billion")
        })?;
        if let Some(count) = self.levels.get_mut(level) {
            *count = count.saturating_add(1);
        }
        let group = Group::new(&self.scratch);
        if let Some(model) =
            group.model().filter(|model| !group.resolved() && !self.unknown_models.contains(*model))
        {
            self.unknown_models.insert(model.into());
        }
        let next = self.index.insert(hash(&self.scratch), handle);
        self.slots.push(Box::new(Slot {
            key: self.scratch.as_slice().into(),
            next,
            totals: Totals::default(),
        }));
        Ok(at)
    }

    /// What was fixed when this roll-up was made.
    #[must_use]
    pub const fn config(&self) -> &RollupConfig {
        &self.config
    }

    /// How many groups there are, folded ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The most groups that this table can ever hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        (0..self.levels.len().saturating_sub(1))
            .fold(1, |sum: usize, level| sum.saturating_add(self.capacity_of(level)))
    }

    /// How many names of unresolved models have groups of their own.
    #[must_use]
    pub fn unknown_models(&self) -> usize {
        self.unknown_models.len()
    }

    /// How many requests went to folded groups.
    #[must_use]
    pub fn folded_requests(&self) -> u64 {
        let tags = self.config.tags.len();
        let folded = self
            .slots
            .iter()
            .filter(|slot| key::level(&slot.key, tags) > 0 || Group::new(&slot.key).model() == Some(OTHER));
        folded.fold(0, |sum, slot| sum.saturating_add(slot.totals.requests))
    }

    /// All requests recorded.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.slots.iter().fold(0, |sum, slot| sum.saturating_add(slot.totals.requests))
    }

    /// All requests recorded that failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.slots.iter().fold(0, |sum, slot| sum.saturating_add(slot.totals.errors))
    }

    /// Forgets everything but the configuration.
    pub fn clear(&mut self) {
        self.index = FxHashMap::default();
        self.slots = Vec::new();
        self.levels.fill(0);
        self.unknown_models = FxHashSet::default();
    }

    /// The groups in the order of their keys, so that no output depends on the order of records.
    pub(crate) fn sorted(&self) -> Vec<(Group<'_>, &Totals)> {
        // A group in which every request was refused holds nothing.
        let used = self.slots.iter().filter(|slot| slot.totals.requests > 0);
        let mut groups: Vec<_> = used.map(|slot| (Group::new(&slot.key), &slot.totals)).collect();
        groups.sort_by(|(a, _), (b, _)| a.order(b));
        groups
    }
}

fn hash(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

impl PartialEq for Rollup {
    /// Whether both hold the same groups with the same totals, in whatever order they came.
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config && self.sorted() == other.sorted()
    }
}

#[cfg(test)]
mod tests;

use super::{Group, Rollup, Slot, group::Totals, key};
use finops_core::{Error, error::ConfigError};
use rustc_hash::FxHashMap;

impl Rollup {
    /// Adds everything that `other` holds.
    ///
    /// Commutative and associative for roll-ups of equal configuration: when the groups of both exceed a bound, those
    /// first in the order of keys stay and the others are folded, whoever was merged first. The bounds are those of
    /// `self`. Names of unresolved models are kept as long as there is room for their groups.
    ///
    /// # Errors
    /// `config.invalid` when the tags differ; `money.overflow`, `carbon.total_overflow`. Nothing changes then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.config.tags != other.config.tags {
            let help = "merge roll-ups of the same tags in the same order";
            return Err(
                ConfigError::new("tags", other.config.tags.join(","), "other tags than here", help).into()
            );
        }
        let slots = self.slots.iter().chain(&other.slots);
        let groups: Vec<_> = slots.map(|slot| (slot.key.to_vec(), slot.totals.clone())).collect();
        self.replace(groups)
    }

    /// Holds `groups` instead of what it held, folded where they exceed the bounds.
    pub(super) fn replace(&mut self, groups: Vec<(Vec<u8>, Totals)>) -> Result<(), Error> {
        let tags = self.config.tags.len();
        let mut pools: Vec<FxHashMap<Vec<u8>, Totals>> = vec![FxHashMap::default(); self.levels.len()];
        for (key, totals) in groups {
            put(&mut pools, key, &totals, tags)?;
        }
        let last = pools.len().saturating_sub(1);
        let mut kept: Vec<(Vec<u8>, Totals)> = Vec::new();
        for level in 0..pools.len() {
            let pool = pools.get_mut(level).map(std::mem::take).unwrap_or_default();
            let mut pool: Vec<_> = pool.into_iter().collect();
            pool.sort_by(|(a, _), (b, _)| Group::new(a).order(&Group::new(b)));
            let room = if level == last { usize::MAX } else { self.capacity_of(level) };
            let beyond = pool.split_off(room.min(pool.len()));
            kept.append(&mut pool);
            for (mut key, totals) in beyond {
                key::fold(&mut key, tags);
                put(&mut pools, key, &totals, tags)?;
            }
        }
        let mut merged = Self::new(self.config.clone())?;
        for (key, totals) in kept {
            merged.scratch = key;
            let level = key::level(&merged.scratch, tags);
            let at = merged.insert(level)?;
            if let Some(slot) = merged.slots.get_mut(at) {
                slot.totals = totals;
            }
        }
        *self = merged;
        Ok(())
    }

    /// What was recorded since `previous`, an earlier state of this roll-up.
    ///
    /// # Errors
    /// `config.invalid` when `previous` is no earlier state of this roll-up.
    pub fn diff(&self, previous: &Self) -> Result<Self, Error> {
        let refuse = |value: &str, problem| {
            ConfigError::new("previous", value, problem, "give an earlier snapshot of the same roll-up")
        };
        if self.config.tags != previous.config.tags {
            return Err(refuse(&previous.config.tags.join(","), "of other tags").into());
        }
        let earlier: FxHashMap<&[u8], &Slot> =
            previous.slots.iter().map(|slot| (&*slot.key, &**slot)).collect();
        let none = Totals::default();
        let mut found = 0_usize;
        let mut groups = Vec::new();
        for slot in &self.slots {
            let before = earlier.get(&*slot.key);
            found = found.saturating_add(usize::from(before.is_some()));
            let totals = slot.totals.diff(before.map_or(&none, |slot| &slot.totals));
            let totals = totals.ok_or_else(|| {
                refuse(Group::new(&slot.key).model().unwrap_or_default(), "ahead of the present state")
            })?;
            if totals.requests > 0 {
                groups.push((slot.key.to_vec(), totals));
            }
        }
        if found < previous.slots.len() {
            return Err(refuse("", "with groups that are not here").into());
        }
        let mut interval = Self::new(self.config.clone())?;
        interval.replace(groups)?;
        Ok(interval)
    }
}

fn put(
    pools: &mut [FxHashMap<Vec<u8>, Totals>],
    key: Vec<u8>,
    totals: &Totals,
    tags: usize,
) -> Result<(), Error> {
    match pools.get_mut(key::level(&key, tags)) {
        Some(pool) => pool.entry(key).or_default().merge(totals),
        None => Ok(()),
    }
}

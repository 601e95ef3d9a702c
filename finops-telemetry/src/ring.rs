//! The bounded ring of records: the newest are kept, and what was overwritten before a drain is counted.

use std::{iter::Chain, slice};

/// At most `capacity` items in order of arrival. Reading leaves them in place; draining takes each item once.
///
/// A drained item leaves the ring's drain queue but stays readable until it is overwritten.
///
/// ```
/// use finops_telemetry::ring::Ring;
/// let mut ring = Ring::new(2);
/// for item in 1..=3 {
///     ring.push(item);
/// }
/// assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [2, 3]);
/// assert_eq!((ring.dropped(), ring.drain(None)), (1, vec![2, 3]));
/// ```
#[derive(Debug, Clone)]
pub struct Ring<T> {
    /// In order of arrival from `start` on, and then from the beginning.
    items: Vec<T>,
    /// The oldest item: 0 until the ring is full.
    start: usize,
    capacity: usize,
    /// How many of the newest items were not drained yet.
    pending: usize,
    dropped: u64,
}

/// The items of a [`Ring`], oldest first.
pub type Iter<'a, T> = Chain<slice::Iter<'a, T>, slice::Iter<'a, T>>;

impl<T> Ring<T> {
    /// An empty ring of `capacity` items; 0 keeps nothing and counts every item as dropped.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { items: Vec::new(), start: 0, capacity, pending: 0, dropped: 0 }
    }

    /// Adds `item` and hands back the one that had to make room, to be dropped where no lock is held.
    pub fn push(&mut self, item: T) -> Option<T> {
        if self.capacity == 0 {
            self.dropped = self.dropped.saturating_add(1);
            return Some(item);
        }
        match self.recycle() {
            Some(oldest) => Some(std::mem::replace(oldest, item)),
            None => {
                self.pending = self.pending.saturating_add(1);
                self.items.push(item);
                None
            }
        }
    }

    /// Makes the oldest item the newest, to be written over: what [`Ring::push`] does to a full ring. `None` where
    /// there is room for another item, or for none at all, and then nothing changed.
    #[inline]
    pub fn recycle(&mut self) -> Option<&mut T> {
        if self.items.len() < self.capacity {
            return None;
        }
        let oldest = self.items.get_mut(self.start)?;
        self.start = self.start.saturating_add(1);
        if self.start >= self.capacity {
            self.start = 0;
        }
        if self.pending >= self.capacity {
            // It was not drained.
            self.dropped = self.dropped.saturating_add(1);
        } else {
            self.pending = self.pending.saturating_add(1);
        }
        Some(oldest)
    }

    /// The items, oldest first.
    pub fn iter(&self) -> Iter<'_, T> {
        let (newer, older) = self.items.split_at_checked(self.start).unwrap_or_default();
        older.iter().chain(newer)
    }

    /// How many items are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many items may be held.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many items wait to be drained.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.pending
    }

    /// How many items were overwritten before they were drained.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Counts `count` further items as dropped: those that a sink could not deliver.
    pub const fn add_dropped(&mut self, count: u64) {
        self.dropped = self.dropped.saturating_add(count);
    }

    /// Copies of the oldest items that were not drained yet, at most `max` of them; they are drained then.
    pub fn drain(&mut self, max: Option<usize>) -> Vec<T>
    where
        T: Clone,
    {
        let count = self.pending.min(max.unwrap_or(usize::MAX));
        let first = self.items.len().saturating_sub(self.pending);
        let taken = self.iter().skip(first).take(count).cloned().collect();
        self.pending = self.pending.saturating_sub(count);
        taken
    }

    /// Empties the ring and its count of dropped items; hands back what it held, to be dropped elsewhere.
    pub fn clear(&mut self) -> Vec<T> {
        self.pending = 0;
        self.dropped = 0;
        let mut items = std::mem::take(&mut self.items);
        items.rotate_left(std::mem::take(&mut self.start));
        items
    }
}

impl<'a, T> IntoIterator for &'a Ring<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of the tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_do_not_drain_and_drains_do_not_remove() {
        let mut ring = Ring::new(3);
        assert_eq!([ring.push(1), ring.push(2)], [None, None]);
        assert_eq!(ring.drain(Some(1)), [1]);
        assert_eq!(ring.len(), 2);
        assert_eq!(ring.push(3), None);
        assert_eq!(ring.push(4), Some(1), "the oldest makes room");
        assert_eq!(ring.dropped(), 0, "and had been drained");
        assert_eq!(ring.push(5), Some(2));
        assert_eq!(ring.dropped(), 1);
        assert_eq!(ring.drain(None), [3, 4, 5]);
        assert!(ring.drain(None).is_empty());
        assert_eq!(ring.clear(), [3, 4, 5]);
        assert_eq!((ring.len(), ring.pending(), ring.dropped()), (0, 0, 0));
    }

    #[test]
    fn a_ring_of_nothing_drops_everything() {
        let mut ring = Ring::new(0);
        assert_eq!(ring.push(1), Some(1));
        assert_eq!((ring.dropped(), ring.is_empty()), (1, true));
    }

    proptest! {
        #[test]
        fn every_item_is_drained_once_or_counted_as_dropped(
            capacity in 0_usize..8,
            steps in proptest::collection::vec((any::<bool>(), 0_usize..4), 0..60),
        ) {
            let mut ring = Ring::new(capacity);
            let (mut pushed, mut drained) = (0_u64, Vec::new());
            for (push, max) in steps {
                if push {
                    ring.push(pushed);
                    pushed += 1;
                } else {
                    drained.extend(ring.drain(Some(max)));
                }
                prop_assert!(ring.len() <= capacity && ring.pending() <= ring.len());
            }
            drained.extend(ring.drain(None));
            prop_assert!(drained.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(drained.len() as u64 + ring.dropped(), pushed);
        }
    }
}

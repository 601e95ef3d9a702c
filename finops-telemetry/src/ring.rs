//! The bounded ring of records: the newest are kept, and what was overwritten before a drain is counted.

use std::collections::VecDeque;

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
    items: VecDeque<T>,
    capacity: usize,
    /// How many of the newest items were not drained yet.
    pending: usize,
    dropped: u64,
}

impl<T> Ring<T> {
    /// An empty ring of `capacity` items; 0 keeps nothing and counts every item as dropped.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { items: VecDeque::new(), capacity, pending: 0, dropped: 0 }
    }

    /// Adds `item` and hands back the one that had to make room, to be dropped where no lock is held.
    pub fn push(&mut self, item: T) -> Option<T> {
        if self.capacity == 0 {
            self.dropped = self.dropped.saturating_add(1);
            return Some(item);
        }
        let evicted = if self.items.len() >= self.capacity { self.items.pop_front() } else { None };
        if self.pending >= self.capacity {
            // The item that made room had not been drained.
            self.dropped = self.dropped.saturating_add(1);
        } else {
            self.pending = self.pending.saturating_add(1);
        }
        self.items.push_back(item);
        evicted
    }

    /// Takes out the item that the next one will push out, if any.
    #[inline]
    pub fn make_room(&mut self) -> Option<T> {
        if self.items.len() >= self.capacity { self.items.pop_front() } else { None }
    }

    /// The items, oldest first.
    pub fn iter(&self) -> std::collections::vec_deque::Iter<'_, T> {
        self.items.iter()
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
        let taken = self.items.iter().skip(first).take(count).cloned().collect();
        self.pending = self.pending.saturating_sub(count);
        taken
    }

    /// Empties the ring and its count of dropped items; hands back what it held, to be dropped elsewhere.
    pub fn clear(&mut self) -> VecDeque<T> {
        self.pending = 0;
        self.dropped = 0;
        std::mem::take(&mut self.items)
    }
}

impl<'a, T> IntoIterator for &'a Ring<T> {
    type Item = &'a T;
    type IntoIter = std::collections::vec_deque::Iter<'a, T>;

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

//! Request ids: logging the same call twice counts it once.

use rustc_hash::FxHashMap;
use std::{collections::VecDeque, sync::Arc};

/// How many of the last request ids are remembered.
pub const MAX_IDS: usize = 65_536;

/// The last request ids, each with what was logged under it.
#[derive(Debug, Clone)]
pub(super) struct RequestIds<T> {
    known: FxHashMap<Arc<str>, T>,
    order: VecDeque<Arc<str>>,
    capacity: usize,
}

impl<T> RequestIds<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { known: FxHashMap::default(), order: VecDeque::new(), capacity }
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.known.get(id)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Remembers `id`, which is not known yet, and hands back what was logged under the one forgotten for it.
    pub(super) fn insert(&mut self, id: Arc<str>, value: T) -> Option<T> {
        if self.capacity == 0 {
            return Some(value);
        }
        let forgotten = if self.order.len() >= self.capacity {
            self.order.pop_front().and_then(|oldest| self.known.remove(&oldest))
        } else {
            None
        };
        self.order.push_back(Arc::clone(&id));
        self.known.insert(id, value);
        forgotten
    }

    /// Forgets all; hands back what was held, to be dropped where no lock is held.
    pub(super) fn take(&mut self) -> Self {
        let capacity = self.capacity;
        std::mem::replace(self, Self::new(capacity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_id_is_forgotten_first() {
        let mut ids = RequestIds::new(2);
        assert_eq!(ids.insert("a".into(), 1), None);
        assert_eq!(ids.insert("b".into(), 2), None);
        assert_eq!(ids.insert("c".into(), 3), Some(1));
        assert_eq!((ids.get("a"), ids.get("b"), ids.get("c"), ids.len()), (None, Some(&2), Some(&3), 2));
        assert_eq!(ids.take().len(), 2);
        assert_eq!((ids.len(), ids.get("b")), (0, None));
    }

    #[test]
    fn a_million_ids_keep_the_table_at_its_bound() {
        let mut ids = RequestIds::new(MAX_IDS);
        for n in 0..1_000_000_u32 {
            ids.insert(n.to_string().into(), n);
        }
        assert_eq!((ids.len(), ids.order.len()), (MAX_IDS, MAX_IDS));
        assert_eq!(ids.get("999999"), Some(&999_999));
    }
}

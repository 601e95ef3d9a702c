//! Names by number: equal names are one entry, and the numbers follow the order of keys.

use super::{
    key::canonical,
    row::{NONE, index, place},
};
use crate::{error::Fault, inventory::Name};
use rustc_hash::FxHashMap;

/// Names that were seen by their place in memory: address, length and number. What one look fetches holds four.
type Seen = [(usize, u32, u32); 4];

/// For so many names, at least and at most: 4 KiB and 4 MiB.
const SEEN: (usize, usize) = (1 << 6, 1 << 16);

/// Numbers names in the order in which they come, and later in the order of keys.
#[derive(Default)]
pub(super) struct Numbers<'a> {
    ids: FxHashMap<&'a str, u32>,
    names: Vec<&'a Name>,
    /// Equal names mostly are one in memory.
    seen: Vec<Seen>,
}

impl<'a> Numbers<'a> {
    /// Numbers for about so many names.
    pub(super) fn of_about(names: usize) -> Self {
        let places = names.clamp(SEEN.0, SEEN.1).next_power_of_two();
        Self { seen: vec![[(0, 0, NONE); 4]; places], ..Self::default() }
    }

    /// The provisional number of a name.
    pub(super) fn number(&mut self, name: &'a Name) -> Result<u32, Fault> {
        let text = name.as_str();
        // Looking at the place alone spares a visit to the text.
        let address = text.as_ptr().addr();
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let at = place_of(address, self.seen.len());
        let mut found = NONE;
        // All four, without a branch between them: a wrong guess would wait for memory.
        for (known, size, id) in self.seen.get(at).into_iter().flatten() {
            found = if (*known == address) & (*size == length) { *id } else { found };
        }
        if found == NONE { self.meet(name, at, (address, length)) } else { Ok(found) }
    }

    /// The number of a name that was not seen at this place in memory.
    #[cold]
    fn meet(&mut self, name: &'a Name, at: usize, (address, length): (usize, u32)) -> Result<u32, Fault> {
        let next = index(self.names.len())?;
        let id = *self.ids.entry(name.as_str()).or_insert(next);
        if id == next {
            self.names.push(name);
        }
        if let Some(seen) = self.seen.get_mut(at) {
            // The first three stay; the last gives way.
            let free = seen.iter().position(|(known, ..)| *known == 0).unwrap_or(3);
            if let Some(slot) = seen.get_mut(free) {
                *slot = (address, length, id);
            }
        }
        Ok(id)
    }

    /// The names in the order of keys, and the place there of each provisional number.
    pub(super) fn sorted(self) -> Result<(Vec<Name>, Vec<u32>), Fault> {
        let mut order: Vec<(u32, &Name)> = (0_u32..).zip(self.names).collect();
        order.sort_unstable_by(|a, b| canonical(a.1, b.1));
        let mut ranks = vec![0; order.len()];
        let mut names = Vec::with_capacity(order.len());
        for (number, name) in order {
            if let Some(rank) = ranks.get_mut(place(number)) {
                *rank = index(names.len())?;
            }
            names.push(name.clone());
        }
        Ok((names, ranks))
    }
}

/// The place of an address; `places` is a power of two, or 0.
fn place_of(address: usize, places: usize) -> usize {
    // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): the upper bits of the product are well mixed.
    let mixed = u64::try_from(address).unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let upper = usize::try_from(mixed >> 32).unwrap_or(0);
    upper & places.saturating_sub(1)
}

/// The place of a name in a table that is in the order of keys.
pub(super) fn find<T>(table: &[T], name: &str, of: impl Fn(&T) -> &str) -> Option<u32> {
    table.binary_search_by(|entry| canonical(of(entry), name)).ok().and_then(|at| u32::try_from(at).ok())
}

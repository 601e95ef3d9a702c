//! Names by number: equal names are one entry, and the numbers follow the order of keys.

use super::{
    key::canonical,
    row::{index, place},
};
use crate::{error::Fault, inventory::Name};
use rustc_hash::FxHashMap;

/// Slots for names that were seen, at most: 2 MiB.
const SEEN_MAX: usize = 1 << 17;

/// Numbers names in the order in which they come, and later in the order of keys.
#[derive(Default)]
pub(super) struct Numbers<'a> {
    ids: FxHashMap<&'a str, u32>,
    names: Vec<&'a Name>,
    /// Names by their place in memory, where equal names mostly are one: address, length and number, one name a slot.
    seen: Vec<(usize, u32, u32)>,
}

impl<'a> Numbers<'a> {
    /// Numbers for about so many names.
    pub(super) fn of_about(names: usize) -> Self {
        let slots = names.saturating_mul(2).clamp(64, SEEN_MAX).next_power_of_two();
        Self { seen: vec![(0, 0, 0); slots], ..Self::default() }
    }

    /// The provisional number of a name.
    pub(super) fn number(&mut self, name: &'a Name) -> Result<u32, Fault> {
        let text = name.as_str();
        // Looking at the place alone spares a visit to the text.
        let address = text.as_ptr().addr();
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let slot = slot_of(address, self.seen.len());
        let seen = self.seen.get(slot..slot.saturating_add(2)).unwrap_or_default();
        if let Some((.., id)) = seen.iter().find(|seen| (seen.0, seen.1) == (address, length)) {
            return Ok(*id);
        }
        let next = index(self.names.len())?;
        let id = *self.ids.entry(text).or_insert(next);
        if id == next {
            self.names.push(name);
        }
        // Of two names of one slot both stay, of three the last and the second.
        if let Some([first, second]) = self.seen.get_mut(slot..slot.saturating_add(2)) {
            let free = if first.0 == 0 || second.0 != 0 { first } else { second };
            *free = (address, length, id);
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

/// The first of the two slots of an address; `slots` is a power of two, or 0.
fn slot_of(address: usize, slots: usize) -> usize {
    // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): the upper bits of the product are well mixed.
    let mixed = u64::try_from(address).unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let upper = usize::try_from(mixed >> 32).unwrap_or(0);
    upper & slots.saturating_sub(1) & !1
}

/// The place of a name in a table that is in the order of keys.
pub(super) fn find<T>(table: &[T], name: &str, of: impl Fn(&T) -> &str) -> Option<u32> {
    table.binary_search_by(|entry| canonical(of(entry), name)).ok().and_then(|at| u32::try_from(at).ok())
}

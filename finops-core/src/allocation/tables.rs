//! Names by number: equal names are one entry, and the numbers follow the order of keys.

use super::{
    key::canonical,
    row::{NONE, index, place},
};
use crate::{error::Fault, inventory::Name};
use rustc_hash::FxHashMap;

/// Names that were seen by their place in memory, each its mark with its number; 0 is none. What one look fetches holds
/// eight. Many pods are read between two looks at one entry: the smaller the table, the more of it stays near.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Seen([u64; 8]);

/// Places for names, at least and at most: 4 KiB and 4 MiB. A place has room for twice its share.
const SEEN: (usize, usize) = (1 << 6, 1 << 16);
const SHARE: usize = 4;

/// Bits of a number in an entry; later names are found by their text.
const NUMBER_BITS: u32 = 19;
/// Bits of an address, of which the last ones are 0: user space ends at 2^47 (Linux, x86-64) or 2^48 (arm64).
const ADDRESS_BITS: u32 = 48;
const ZERO_BITS: u32 = 3;

/// Numbers names in the order in which they come, and later in the order of keys.
#[derive(Default)]
pub(super) struct Numbers<'a> {
    ids: FxHashMap<&'a str, u32>,
    names: Vec<&'a Name>,
    /// Equal names mostly are one in memory.
    seen: Vec<Seen>,
    fetched: Vec<Seen>,
}

impl<'a> Numbers<'a> {
    /// Numbers for about so many names.
    pub(super) fn of_about(names: usize) -> Self {
        let places = names.div_euclid(SHARE).clamp(SEEN.0, SEEN.1).next_power_of_two();
        Self { seen: vec![Seen::NOTHING; places], ..Self::default() }
    }

    /// The provisional number of a name.
    pub(super) fn number(&mut self, name: &'a Name) -> Result<u32, Fault> {
        let seen = self.look(name);
        match seen.find(mark(name)) {
            Some(id) => Ok(id),
            None => self.meet(name),
        }
    }

    /// Adds the provisional numbers of names, [`NONE`] for none.
    pub(super) fn number_all(&mut self, names: &[Option<&'a Name>], out: &mut Vec<u32>) -> Result<(), Fault> {
        let mut fetched = std::mem::take(&mut self.fetched);
        fetched.clear();
        // A loop that does nothing else has most looks at memory under way at once.
        fetched.extend(names.iter().map(|name| name.map_or(Seen::NOTHING, |name| self.look(name))));
        for (name, seen) in names.iter().zip(&fetched) {
            out.push(match name {
                None => NONE,
                Some(name) => match seen.find(mark(name)) {
                    Some(id) => id,
                    None => self.meet(name)?,
                },
            });
        }
        self.fetched = fetched;
        Ok(())
    }

    fn look(&self, name: &Name) -> Seen {
        self.seen.get(place_of(address(name), self.seen.len())).copied().unwrap_or(Seen::NOTHING)
    }

    /// The number of a name that was not seen at this place in memory.
    #[cold]
    fn meet(&mut self, name: &'a Name) -> Result<u32, Fault> {
        let next = index(self.names.len())?;
        let id = *self.ids.entry(name.as_str()).or_insert(next);
        if id == next {
            self.names.push(name);
        }
        let mark = mark(name);
        let entry = (mark << NUMBER_BITS) | u64::from(id);
        let at = place_of(address(name), self.seen.len());
        if mark != 0
            && number_in(entry) == id
            && let Some(Seen(seen)) = self.seen.get_mut(at)
        {
            // The first ones stay; the last gives way.
            let free = seen.iter().position(|known| *known == 0 || *known == entry);
            let free = free.unwrap_or(seen.len().saturating_sub(1));
            if let Some(slot) = seen.get_mut(free) {
                *slot = entry;
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

impl Seen {
    const NOTHING: Self = Self([0; 8]);

    /// The number of what bears the mark.
    fn find(&self, mark: u64) -> Option<u32> {
        let mut found = 0;
        // All eight, without a branch between them.
        for entry in self.0 {
            found = if entry >> NUMBER_BITS == mark { entry } else { found };
        }
        if found == 0 { None } else { Some(number_in(found)) }
    }
}

/// Where a name lies. Looking at the place alone spares a visit to the text: names own theirs, so one place is one name.
fn address(name: &Name) -> u64 {
    u64::try_from(name.as_str().as_ptr().addr()).unwrap_or(u64::MAX)
}

/// The bits that tell a place in memory from all others; 0 where an entry has no room for them.
fn mark(name: &Name) -> u64 {
    let address = address(name);
    let fits = address >> ADDRESS_BITS == 0 && address.trailing_zeros() >= ZERO_BITS;
    if fits { address >> ZERO_BITS } else { 0 }
}

/// The number in an entry.
fn number_in(entry: u64) -> u32 {
    u32::try_from(entry & ((1 << NUMBER_BITS) - 1)).unwrap_or(NONE)
}

/// The place of an address; `places` is a power of two, or 0.
fn place_of(address: u64, places: usize) -> usize {
    // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): the upper bits of the product are well mixed.
    let mixed = address.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let upper = usize::try_from(mixed >> 32).unwrap_or(0);
    upper & places.saturating_sub(1)
}

/// The place of a name in a table that is in the order of keys.
pub(super) fn find<T>(table: &[T], name: &str, of: impl Fn(&T) -> &str) -> Option<u32> {
    table.binary_search_by(|entry| canonical(of(entry), name)).ok().and_then(|at| u32::try_from(at).ok())
}

//! Names by number: equal names are one entry, and the numbers follow the order of keys.

use super::{
    key::canonical,
    row::{index, place},
};
use crate::{error::Fault, inventory::Name};
use rustc_hash::FxHashMap;

/// Numbers names in the order in which they come, and later in the order of keys.
#[derive(Default)]
pub(super) struct Numbers<'a> {
    ids: FxHashMap<&'a str, u32>,
    names: Vec<&'a Name>,
    last: Option<(&'a str, u32)>,
}

impl<'a> Numbers<'a> {
    /// The provisional number of a name.
    pub(super) fn number(&mut self, name: &'a Name) -> Result<u32, Fault> {
        let text = name.as_str();
        // Neighbours share their name, and often its memory.
        if let Some((last, id)) = self.last
            && std::ptr::eq(last, text)
        {
            return Ok(id);
        }
        let next = index(self.names.len())?;
        let id = *self.ids.entry(text).or_insert(next);
        if id == next {
            self.names.push(name);
        }
        self.last = Some((text, id));
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

/// The place of a name in a table that is in the order of keys.
pub(super) fn find<T>(table: &[T], name: &str, of: impl Fn(&T) -> &str) -> Option<u32> {
    table.binary_search_by(|entry| canonical(of(entry), name)).ok().and_then(|at| u32::try_from(at).ok())
}

//! Model names, kept once however many records bear them.

use finops_core::price::Name;
use rustc_hash::FxHashSet;

/// At most this many names are shared; further ones are held by their records alone.
const MAX_NAMES: usize = 4096;

/// Shared names, bounded.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(FxHashSet<Name>);

impl Names {
    /// `name`, shared with earlier records where there is room.
    pub(super) fn share(&mut self, name: &str) -> Name {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let new = Name::from(name);
        if self.0.len() < MAX_NAMES {
            self.0.insert(new.clone());
        }
        new
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_bounded_and_names_past_it_still_work() {
        let mut names = Names::default();
        for n in 0..MAX_NAMES + 10 {
            assert_eq!(names.share(&n.to_string()), n.to_string().as_str());
        }
        assert_eq!(names.len(), MAX_NAMES);
        assert_eq!(names.share("0"), "0");
    }
}

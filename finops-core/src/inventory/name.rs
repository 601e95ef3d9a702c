//! Names that many records share: one text in memory, however many pods carry it.

use rustc_hash::FxHashSet;
use std::{borrow::Borrow, fmt, hash::Hash, ops::Deref, sync::Arc};

/// A short text, shared: cloning it copies no letters.
///
/// ```
/// use finops_core::inventory::Name;
/// let name = Name::from("kube-system");
/// assert!(name == "kube-system" && name.len() == 11);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as others may keep it: no letter is copied.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl Default for Name {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(Arc::from(text))
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What has been read before, so that equal values share memory.
#[derive(Debug)]
pub(super) struct Pool<T: ?Sized>(FxHashSet<Arc<T>>);

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Self {
        Self(FxHashSet::default())
    }
}

impl<T: ?Sized + Eq + Hash> Pool<T> {
    /// The value as it was first seen.
    pub(super) fn share<'a>(&mut self, value: &'a T) -> Arc<T>
    where
        Arc<T>: From<&'a T>,
    {
        if let Some(known) = self.0.get(value) {
            return Arc::clone(known);
        }
        let shared = Arc::from(value);
        self.0.insert(Arc::clone(&shared));
        shared
    }

    /// The value as it was first seen.
    pub(super) fn share_owned(&mut self, value: Arc<T>) -> Arc<T> {
        if let Some(known) = self.0.get(&value) {
            return Arc::clone(known);
        }
        self.0.insert(Arc::clone(&value));
        value
    }
}

/// The names of one reading.
#[derive(Debug, Default)]
pub(super) struct Names(Pool<str>);

impl Names {
    /// The shared name of `text`.
    pub(super) fn name(&mut self, text: &str) -> Name {
        Name(self.0.share(text))
    }
}

/// Sorts pairs by name; of two with one name the last stays.
pub(super) fn sort_unique<V>(pairs: &mut Vec<(Name, V)>) {
    // Stable, so that equal names stay in their order; the reversal makes the last the first of its name.
    pairs.reverse();
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    pairs.dedup_by(|(later, _), (first, _)| later == first);
}

//! What many records carry.

use super::super::{Name, Quantity};
use std::sync::Arc;

/// Labels or annotations: names with values, sorted by name.
// A thin pointer: a million pods carry it several times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(pub(in crate::inventory) Arc<Box<[(Name, Name)]>>);

impl Labels {
    /// These labels; of two with one name the last counts.
    #[must_use]
    pub fn new(mut pairs: Vec<(Name, Name)>) -> Self {
        super::super::name::sort_unique(&mut pairs);
        Self(Arc::new(pairs.into()))
    }

    /// The value of the label `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Name> {
        let at = self.0.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Whether both are one piece of memory: equal for certain, without reading them.
    pub(crate) fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Name, &Name)> + ExactSizeIterator {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every label here has the same value in `labels`: how a selector selects.
    #[must_use]
    pub fn select(&self, labels: Option<&Self>) -> bool {
        self.iter().all(|(name, value)| labels.and_then(|labels| labels.get(name)) == Some(value))
    }
}

/// Amounts of resources by name, sorted by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resources(pub(in crate::inventory) Arc<Box<[(Name, Quantity)]>>);

impl Resources {
    /// These amounts; of two with one name the last counts.
    #[must_use]
    pub fn new(mut pairs: Vec<(Name, Quantity)>) -> Self {
        super::super::name::sort_unique(&mut pairs);
        Self(Arc::new(pairs.into()))
    }

    /// The amount of the resource `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.0.iter().find(|(key, _)| key.as_str() == name).map(|(_, amount)| *amount)
    }

    /// Where the amounts lie in memory: equal for those that share it.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Cores.
    #[must_use]
    pub fn cpu(&self) -> Option<Quantity> {
        self.get("cpu")
    }

    /// Bytes.
    #[must_use]
    pub fn memory(&self) -> Option<Quantity> {
        self.get("memory")
    }

    /// Names and amounts, sorted by name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Name, Quantity)> + ExactSizeIterator {
        self.0.iter().map(|(name, amount)| (name, *amount))
    }

    /// How many resources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What controls an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// Kind, for example `Deployment`.
    pub kind: Name,
    /// Name.
    pub name: Name,
}

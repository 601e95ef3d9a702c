use super::{Catalogue, Conditions, Row};
use std::collections::BTreeMap;

/// What happened to a price between two catalogues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A new row.
    Added,
    /// The row of the same condition and instant says something else.
    Changed,
    /// The row got an end.
    Closed,
    /// The row is no longer there: the past was changed.
    Removed,
    /// The model is no longer sold.
    Retired,
}

impl ChangeKind {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Closed => "closed",
            Self::Removed => "removed",
            Self::Retired => "retired",
        }
    }
}

/// One difference between two catalogues.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Who sells it.
    pub provider: String,
    /// The provider's name for it.
    pub model: String,
    /// The row before.
    pub old: Option<Row>,
    /// The row after.
    pub new: Option<Row>,
}

type Key = (String, String, Conditions, Option<u32>, Option<String>, bool);

/// The differences from `old` to `new`, by provider, model, condition, threshold and time. The numbering of sources is
/// no difference.
#[must_use]
pub fn diff(old: &Catalogue, new: &Catalogue) -> Vec<Change> {
    let (before, after) = (rows(old), rows(new));
    let mut changes = Vec::new();
    for (key, row) in &after {
        match before.get(key) {
            None => changes.push(change(ChangeKind::Added, None, Some(row))),
            Some(was) if same(was, row, true) => {}
            Some(was) if was.price.to.is_none() && same(was, row, false) => {
                changes.push(change(ChangeKind::Closed, Some(was), Some(row)));
            }
            Some(was) => changes.push(change(ChangeKind::Changed, Some(was), Some(row))),
        }
    }
    for (key, row) in &before {
        if !after.contains_key(key) {
            changes.push(change(ChangeKind::Removed, Some(row), None));
        }
    }
    let sold: std::collections::BTreeSet<(String, String)> =
        old.offerings().filter(|o| o.status.is_none()).map(|o| (o.provider, o.model)).collect();
    for offering in new.offerings().filter(|o| o.status.is_some()) {
        let (provider, model) = (offering.provider, offering.model);
        if sold.contains(&(provider.clone(), model.clone())) {
            changes.push(Change { kind: ChangeKind::Retired, provider, model, old: None, new: None });
        }
    }
    let place = |change: &Change| {
        let row = change.new.as_ref().or(change.old.as_ref());
        let (when, over, from) = row.map_or((None, None, None), |row| {
            (Some(row.price.when.clone()), row.price.over, row.price.from.clone())
        });
        (change.provider.clone(), change.model.clone(), when, over, from, change.kind)
    };
    changes.sort_by_cached_key(place);
    changes
}

fn rows(catalogue: &Catalogue) -> BTreeMap<Key, Row> {
    let key = |row: &Row| {
        let p = &row.price;
        (p.provider.clone(), p.model.clone(), p.when.clone(), p.over, p.from.clone(), p.verified)
    };
    catalogue.rows().map(|row| (key(&row), row)).collect()
}

fn same(a: &Row, b: &Row, to: bool) -> bool {
    let (a, b) = (&a.price, &b.price);
    a.usd_per_mtok == b.usd_per_mtok
        && a.usd_per_use == b.usd_per_use
        && a.from_basis == b.from_basis
        && (!to || a.to == b.to)
}

fn change(kind: ChangeKind, old: Option<&Row>, new: Option<&Row>) -> Change {
    let (provider, model) =
        new.or(old).map(|row| (row.price.provider.clone(), row.price.model.clone())).unwrap_or_default();
    Change { kind, provider, model, old: old.cloned(), new: new.cloned() }
}

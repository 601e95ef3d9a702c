use std::fmt;

/// What stands for all values that were folded.
pub const OTHER: &str = "__other__";

/// Length that marks a part that was not given.
const NONE: u32 = u32::MAX;

/// Parts of a key before its tags: provider, model, status.
const FIXED: usize = 3;

/// Place of the model among the parts.
const MODEL: usize = 1;

/// What a request is counted under.
#[derive(Debug, Clone, Copy)]
pub struct RollupKey<'a> {
    /// The provider, when known.
    pub provider: Option<&'a str>,
    /// The model, as resolved or else as given.
    pub model: &'a str,
    /// Whether the model has a price of its own. Only so many names of other models are told apart.
    pub resolved: bool,
    /// The status of the cost, for example `priced`.
    pub status: &'a str,
    /// Values of the configured tags, in their order.
    pub tags: &'a [Option<&'a str>],
}

/// The key of a group, as stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Group<'a>(&'a [u8]);

impl<'a> Group<'a> {
    pub(super) const fn new(key: &'a [u8]) -> Self {
        Self(key)
    }

    /// The provider, when known.
    #[must_use]
    pub fn provider(&self) -> Option<&'a str> {
        self.parts().next().flatten()
    }

    /// The model; always given.
    #[must_use]
    pub fn model(&self) -> Option<&'a str> {
        self.parts().nth(1).flatten()
    }

    /// The status; always given.
    #[must_use]
    pub fn status(&self) -> Option<&'a str> {
        self.parts().nth(2).flatten()
    }

    /// The tags in their order.
    pub fn tags(&self) -> impl Iterator<Item = Option<&'a str>> + use<'a> {
        self.parts().skip(FIXED)
    }

    /// Whether the model has a price of its own.
    #[must_use]
    pub fn resolved(&self) -> bool {
        self.0.first() == Some(&1)
    }

    /// The order of groups in every output: by provider, model, status and tags, what was not given first.
    pub(super) fn order(&self, other: &Group<'_>) -> std::cmp::Ordering {
        self.parts().cmp(other.parts()).then(self.resolved().cmp(&other.resolved()))
    }

    /// Whether both have the same provider, model, status and tags.
    pub(crate) fn same_fields(&self, other: &Group<'_>) -> bool {
        self.0.get(1..) == other.0.get(1..)
    }

    /// Provider, model, status, then the tags.
    pub(super) fn parts(&self) -> Parts<'a> {
        Parts(self.0.get(1..).unwrap_or_default())
    }
}

impl fmt::Debug for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

#[derive(Clone)]
pub(super) struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = u32::from_ne_bytes(*length);
        if length == NONE {
            self.0 = rest;
            return Some(None);
        }
        let (part, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        // What was written came from text.
        Some(Some(str::from_utf8(part).unwrap_or_default()))
    }
}

#[inline]
fn push(out: &mut Vec<u8>, part: Option<&str>) {
    let Some(part) = part else {
        out.extend_from_slice(&NONE.to_ne_bytes());
        return;
    };
    // A part of 4 GB is cut rather than read wrongly; no name is that long.
    let length = u32::try_from(part.len()).unwrap_or(NONE).min(0x7fff_ffff);
    out.extend_from_slice(&length.to_ne_bytes());
    let end = usize::try_from(length).unwrap_or_default();
    out.extend_from_slice(part.as_bytes().get(..end).unwrap_or_default());
}

/// Writes `key` with `tags` tags over what `out` held.
#[inline]
pub(super) fn encode(out: &mut Vec<u8>, key: &RollupKey<'_>, tags: usize) {
    out.clear();
    // Folded models are one, whether or not they had a price of their own.
    out.push(u8::from(key.resolved || key.model == OTHER));
    push(out, key.provider);
    push(out, Some(key.model));
    push(out, Some(key.status));
    for at in 0..tags {
        push(out, key.tags.get(at).copied().flatten());
    }
}

/// The order in which parts are folded: the last tag to the first, then model, provider and status.
fn fold_order(tags: usize) -> impl Iterator<Item = usize> {
    (0..tags).rev().map(|tag| tag.saturating_add(FIXED)).chain([MODEL, 0, 2])
}

/// How many levels of folding there are, that of no folding included.
pub(super) const fn levels(tags: usize) -> usize {
    tags.saturating_add(FIXED).saturating_add(1)
}

/// How many parts of `key` are folded, in the order of folding.
pub(super) fn level(key: &[u8], tags: usize) -> usize {
    let parts: Vec<_> = Group::new(key).parts().collect();
    fold_order(tags).take_while(|part| parts.get(*part).copied().flatten() == Some(OTHER)).count()
}

/// Folds the next part of `key`.
pub(super) fn fold(key: &mut Vec<u8>, tags: usize) {
    let Some(folded) = fold_order(tags).nth(level(key, tags)) else { return };
    let old = std::mem::take(key);
    key.push(if folded == MODEL { 1 } else { old.first().copied().unwrap_or(1) });
    for (at, part) in Group::new(&old).parts().enumerate() {
        push(key, if at == folded { Some(OTHER) } else { part });
    }
}

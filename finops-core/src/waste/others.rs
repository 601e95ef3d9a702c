//! The assessments of a report that are no findings.

use super::Assessment;
use std::{fmt, iter::Flatten, slice, vec};

/// Assessments that are no findings, in the order of a report.
///
/// A large cluster has hundreds of thousands of them: they stay in the lists in which the detectors left them, because
/// joining them would take as long as some detectors do.
///
/// ```
/// use finops_core::waste::{Assessment, OpportunityType, Others, Outcome, Reason, Subject};
/// let of = |name| {
///     let subject = Subject::workload("shop", "Deployment", name);
///     Assessment::other("k8s.example", OpportunityType::UnusedResources, subject, Outcome::Ok, Reason::Active)
/// };
/// let others = Others::from(vec![of("api"), of("web")]);
/// assert_eq!((others.len(), others.iter().map(Assessment::workload).last()), (2, Some("web")));
/// ```
#[derive(Clone, Default)]
pub struct Others(Vec<Vec<Assessment>>);

impl Others {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(Vec::len).fold(0, usize::saturating_add)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// Each in its place.
    pub fn iter(&self) -> Flatten<slice::Iter<'_, Vec<Assessment>>> {
        self.0.iter().flatten()
    }

    /// In how many lists they are.
    #[cfg(test)]
    pub(super) fn lists(&self) -> usize {
        self.0.len()
    }

    /// Adds those that follow.
    pub(super) fn push(&mut self, following: Vec<Assessment>) {
        self.0.push(following);
    }
}

impl From<Vec<Assessment>> for Others {
    fn from(all: Vec<Assessment>) -> Self {
        Self(vec![all])
    }
}

impl From<Others> for Vec<Assessment> {
    fn from(others: Others) -> Self {
        others.into_iter().collect()
    }
}

impl IntoIterator for Others {
    type Item = Assessment;
    type IntoIter = Flatten<vec::IntoIter<Vec<Assessment>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten()
    }
}

impl<'a> IntoIterator for &'a Others {
    type Item = &'a Assessment;
    type IntoIter = Flatten<slice::Iter<'a, Vec<Assessment>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Others {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for Others {}

impl fmt::Debug for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

//! Names of a proposal: branch, title, slug.

use crate::{
    error::{Fault, shorten},
    time::Timestamp,
    waste::ChangeKind,
};

/// Longest name in a branch.
const NAME_MAX: usize = 60;
/// Hex digits of the fingerprint in a branch: two namespaces may hold one name.
const FINGERPRINT_DIGITS: usize = 8;

/// `finops/<slug>-<name>-<yyyymmdd>-<first 8 digits of the fingerprint>`: valid under `git check-ref-format`.
///
/// The name is lowered, every character outside `[a-z0-9-]` becomes `-`, runs collapse, ends are trimmed, at most 60
/// characters stay; an empty one is `x`. The date is that of `as_of` in UTC.
///
/// ```
/// use finops_core::change::branch;
/// let at = "2026-11-20T00:00:00Z".parse()?;
/// let branch = branch("cpu-rightsize", "payment-service", at, "6b86b273ff34fce1")?;
/// assert_eq!(branch, "finops/cpu-rightsize-payment-service-20261120-6b86b273");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `change.invalid_name` for a slug outside `[a-z0-9-]` or a fingerprint of fewer than 8 hex digits.
pub fn branch(slug: &str, name: &str, as_of: Timestamp, fingerprint: &str) -> Result<String, Fault> {
    let slug_is_good =
        !slug.is_empty() && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !slug_is_good {
        let problem = format!("`{}` is no slug", shorten(slug));
        return Err(Fault::new("change.invalid_name", "slug", problem, "use a to z, 0 to 9 and -"));
    }
    let digits = fingerprint
        .get(..FINGERPRINT_DIGITS)
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    let digits = digits.ok_or_else(|| {
        let problem = format!("`{}` is no fingerprint", shorten(fingerprint));
        Fault::new("change.invalid_name", "fingerprint", problem, "give 64 hex digits")
    })?;
    let date = as_of.civil();
    let name = part(name);
    Ok(format!("finops/{slug}-{name}-{:04}{:02}{:02}-{digits}", date.year, date.month, date.day))
}

/// A name as a part of a branch or of a file's name.
pub(super) fn part(name: &str) -> String {
    let mut out = String::with_capacity(name.len().min(NAME_MAX));
    for c in name.to_lowercase().chars() {
        let c = if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
        if c != '-' || !(out.is_empty() || out.ends_with('-')) {
            out.push(c);
        }
    }
    out.truncate(NAME_MAX);
    let out = out.trim_end_matches('-');
    if out.is_empty() { "x".to_owned() } else { out.to_owned() }
}

impl ChangeKind {
    /// The kind in a branch: its word with dashes.
    #[must_use]
    pub fn slug(self) -> String {
        self.code().replace('_', "-")
    }

    /// The title after `Cost Optimization: `, for something of this name.
    #[must_use]
    pub fn title(self, name: &str) -> String {
        match self {
            Self::CpuRightsize => format!("Right-size CPU for {name}"),
            Self::MemoryRightsize => format!("Right-size Memory for {name}"),
            Self::NodeConsolidation => format!("Consolidate Nodes for {name}"),
            Self::VolumeCleanup => format!("Cleanup Orphaned Volume {name}"),
            Self::AutoscalingFix => format!("Fix Autoscaling for {name}"),
            Self::KarpenterConsolidation => format!("Karpenter Consolidation for {name}"),
            Self::ResourceCleanup => format!("Remove {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bad_slug_or_fingerprint_is_refused() {
        let at = Timestamp::default();
        for (slug, fingerprint) in
            [("", "6b86b273"), ("a/b", "6b86b273"), ("a", "6b86b27"), ("a", "6B86B273")]
        {
            assert_eq!(branch(slug, "n", at, fingerprint).unwrap_err().code(), "change.invalid_name");
        }
    }

    proptest! {
        /// The rules of `git check-ref-format` for one component, and that nothing of a name reaches a shell.
        #[test]
        fn any_name_gives_a_valid_branch(name in any::<String>()) {
            let branch = branch("volume-cleanup", &name, Timestamp::default(), "6b86b273ff").unwrap();
            prop_assert!(branch.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'/'));
            prop_assert!(!branch.contains("--") && !branch.contains("//") && !branch.ends_with('-'));
            prop_assert!(branch.len() <= 7 + 15 + NAME_MAX + 9 + 9);
        }
    }
}

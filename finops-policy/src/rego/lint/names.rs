//! The names that a set is made of: entries, fields of the input, and how far a name is from one.

/// The entries of the entry package without suffix, in the order of the result contract.
pub const ENTRIES: [&str; 6] = ["allow", "deny", "violation", "require_approval", "warn", "advice"];
/// Rules that tools outside read.
const READ_OUTSIDE: [&str; 2] = ["decision", "exception"];
/// Entries that may carry a suffix, as `deny_tags`.
const SUFFIXED: [&str; 3] = ["deny_", "violation_", "warn_"];

/// The fields of the default input.
pub const FIELDS: [&str; 9] = [
    "unit_cost_usd",
    "total_spend_usd",
    "budget_cap_usd",
    "test_pass_rate",
    "carbon_intensity_g_per_kwh",
    "promotion_request",
    "security_scan_passed",
    "deployment_region",
    "cost_tags",
];

/// Whether a rule of the entry package is an entry: one of [`ENTRIES`], or `deny_*`, `violation_*`, `warn_*`.
pub fn is_entry(name: &str) -> bool {
    ENTRIES.contains(&name) || SUFFIXED.iter().any(|base| name.starts_with(base))
}

/// Whether a rule of the entry package is read from outside.
pub fn is_read_outside(name: &str) -> bool {
    is_entry(name) || READ_OUTSIDE.contains(&name)
}

/// The first of `names` at Levenshtein distance 1 or 2 of `name`, unless `name` is one of them.
pub fn near<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    if names.contains(&name) {
        return None;
    }
    names.iter().copied().find(|known| is_near(name, known))
}

/// Whether at most 2 insertions, deletions or replacements make `a` of `b`.
fn is_near(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 2usize.saturating_mul(4) {
        return false;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in (1usize..).zip(a.chars()) {
        let mut next = vec![i];
        for ((y, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or(i);
            let replaced = diagonal.saturating_add(usize::from(x != *y));
            next.push(replaced.min(left.saturating_add(1)).min(above.saturating_add(1)));
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= 2)
}

/// Whether a name is that of an amount of money.
pub fn is_money(name: &str) -> bool {
    ["_usd", "cost", "spend", "price"].iter().any(|ending| name.ends_with(ending))
}

//! What a difference of requests is worth a month for workloads that lived only a part of the window.

use crate::exact::{Exact, Fraction};

/// Hours of a month, printed beside every monthly figure (Infracost and Kubecost).
pub const MONTH_HOURS: i64 = 730;

/// `difference * price * lifetime / window * 730`, exact; `None` for an empty window.
///
/// `difference` is in the unit of the price (cores, GiB), the two times in one unit: the workload is assumed to live the
/// same share of the month as of the window.
///
/// ```
/// use finops_core::{exact::Exact, waste::rightsizing::projection::monthly};
/// let saving = monthly(&Exact::from_int(2), &Exact::from_int(7), 15, 45);
/// assert_eq!(saving.unwrap().round(9).to_string(), "3406.666666667");
/// ```
#[must_use]
pub fn monthly(difference: &Exact, price: &Exact, lifetime: u64, window: u64) -> Option<Fraction> {
    let whole = |count: u64| i64::try_from(count).ok().map(Exact::from_int);
    let share = whole(lifetime)?.over(&whole(window)?)?;
    let full = difference.times(price).times(&Exact::from_int(MONTH_HOURS));
    Some(full.fraction().times(&share))
}

//! What a difference of requests is worth a month for workloads that lived only a part of the window.

use crate::waste::Ratio;

/// Hours of a month, printed beside every monthly figure (Infracost and Kubecost).
pub const MONTH_HOURS: i128 = 730;

/// `difference * price * lifetime / window * 730`, exact; `None` for an empty window.
///
/// `difference` is in the unit of the price (cores, GiB), the two times in one unit: the workload is assumed to live the
/// same share of the month as of the window.
///
/// ```
/// use finops_core::waste::{Amount, Ratio, rightsizing::projection::monthly};
/// let saving = monthly(&Ratio::from(2), &Ratio::from(7), 15, 45).ok_or("no window")?;
/// assert_eq!(Amount::round(&saving).map(|saving| saving.to_string()).as_deref(), Some("3406.666666667"));
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn monthly(difference: &Ratio, price: &Ratio, lifetime: u64, window: u64) -> Option<Ratio> {
    let share = Ratio::new(lifetime.into(), window.into())?;
    Some(difference.times(price).times(&Ratio::from(MONTH_HOURS)).times(&share))
}

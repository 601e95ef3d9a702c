//! Statistics of samples: observed values, never interpolated.

use super::HOURS_OF_WEEK;
use crate::{money::div_half_even, time::Timestamp};

/// Statistics of values at times, in the unit of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// How many values.
    pub count: u64,
    /// Least.
    pub min: i128,
    /// Mean, rounded half-even.
    pub mean: i128,
    /// Median, nearest rank.
    pub p50: i128,
    /// 95th percentile, nearest rank.
    pub p95: i128,
    /// 99th percentile, nearest rank.
    pub p99: i128,
    /// Largest.
    pub max: i128,
    /// When the largest came first, in seconds since 1970 UTC.
    pub max_at: i64,
}

/// The value of rank `ceil(p * n)`, `p` in percent, by selection: `values` is reordered.
///
/// ```
/// use finops_core::inventory::nearest_rank;
/// assert_eq!(nearest_rank(&mut [3, 1, 2, 4], 50), Some(2));
/// assert_eq!(nearest_rank(&mut [], 95), None);
/// ```
pub fn nearest_rank(values: &mut [i128], percent: u32) -> Option<i128> {
    let count = u128::try_from(values.len()).ok()?;
    let rank = count.checked_mul(percent.into())?.div_ceil(100).clamp(1, count.max(1));
    let place = usize::try_from(rank).ok()?.checked_sub(1)?;
    if place >= values.len() {
        return None;
    }
    Some(*values.select_nth_unstable(place).1)
}

impl Statistics {
    /// The statistics of values at times in seconds; `None` of nothing.
    #[must_use]
    pub fn of(values: &[(i64, i128)]) -> Option<Self> {
        let (max_at, max) =
            values.iter().copied().max_by(|one, other| one.1.cmp(&other.1).then(other.0.cmp(&one.0)))?;
        let mut plain: Vec<i128> = values.iter().map(|(_, value)| *value).collect();
        let sum = plain.iter().copied().fold(0_i128, i128::saturating_add);
        Some(Self {
            count: u64::try_from(plain.len()).unwrap_or(u64::MAX),
            min: plain.iter().copied().min()?,
            mean: div_half_even(sum, i128::try_from(plain.len()).ok()?)?,
            // From the largest rank down, so that each selection leaves the smaller ones before it.
            p99: nearest_rank(&mut plain, 99)?,
            p95: nearest_rank(&mut plain, 95)?,
            p50: nearest_rank(&mut plain, 50)?,
            max,
            max_at,
        })
    }

    /// For each statistic the larger of the two; the time of the larger maximum, of two the earlier.
    #[must_use]
    pub fn larger(&self, other: &Self) -> Self {
        let (max, max_at) = match self.max.cmp(&other.max) {
            std::cmp::Ordering::Greater => (self.max, self.max_at),
            std::cmp::Ordering::Less => (other.max, other.max_at),
            std::cmp::Ordering::Equal => (self.max, self.max_at.min(other.max_at)),
        };
        Self {
            count: self.count.max(other.count),
            min: self.min.max(other.min),
            mean: self.mean.max(other.mean),
            p50: self.p50.max(other.p50),
            p95: self.p95.max(other.p95),
            p99: self.p99.max(other.p99),
            max,
            max_at,
        }
    }
}

/// Means by hour of the ISO week in UTC, Monday 00:00 first; a value belongs to the hour in which its step begins.
#[must_use]
pub fn profile(values: &[(i64, i128)], step_seconds: u32) -> Box<[Option<i128>]> {
    let mut sums = vec![(0_i128, 0_i128); HOURS_OF_WEEK];
    for (at, value) in values {
        let start = at.saturating_sub(step_seconds.into());
        let hour = hour_of_week(start).and_then(|hour| sums.get_mut(hour));
        if let Some((sum, count)) = hour {
            *sum = sum.saturating_add(*value);
            *count = count.saturating_add(1);
        }
    }
    sums.into_iter().map(|(sum, count)| if count == 0 { None } else { div_half_even(sum, count) }).collect()
}

fn hour_of_week(seconds: i64) -> Option<usize> {
    let at = Timestamp::from_ms(seconds.checked_mul(1000)?)?;
    let hour = at.civil().ms.div_euclid(3_600_000);
    usize::try_from(at.iso_weekday().checked_sub(1)?.checked_mul(24)?.checked_add(hour)?).ok()
}

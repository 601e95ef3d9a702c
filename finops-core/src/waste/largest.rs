//! The largest of many values without sorting them all.

/// Values that are looked at to guess where the largest begin.
const SAMPLE: usize = 512;

/// All values that are at least as large as the `count`-th largest, and perhaps some more, in any order.
///
/// A sample tells where they begin; one pass keeps what lies above. Where the sample was wrong, everything is kept.
pub(super) fn at_least<S, T: Copy + Ord>(
    parts: &[impl AsRef<[S]>],
    value: impl Fn(&S) -> T,
    count: usize,
) -> Vec<T> {
    let all = || parts.iter().flat_map(|part| part.as_ref()).map(&value);
    let total = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.as_ref().len()));
    // An odd step does not fall in with the hours of a day.
    let step = total.checked_div(SAMPLE).unwrap_or(0) | 1;
    if step < 3 || count.saturating_mul(4) > total {
        return all().collect();
    }
    let mut sample: Vec<T> =
        parts.iter().flat_map(|part| part.as_ref().iter().step_by(step)).map(&value).collect();
    let share = count.saturating_mul(sample.len()).div_ceil(total.max(1));
    // Three deviations of a count that is as often found as missed, and a little for small counts.
    let margin = share.isqrt().saturating_mul(3).saturating_add(4);
    let Some(from) = below(&mut sample, share.saturating_add(margin)) else { return all().collect() };
    let mut kept = Vec::with_capacity(count.saturating_mul(2));
    kept.extend(all().filter(|value| *value >= from));
    if kept.len() < count { all().collect() } else { kept }
}

/// The value below `above` others; `None` where there are not so many. Moves the larger ones behind it.
pub(super) fn below<T: Copy + Ord>(values: &mut [T], above: usize) -> Option<T> {
    let place = values.len().checked_sub(above.saturating_add(1))?;
    Some(*values.select_nth_unstable(place).1)
}

/// How many values lie above the nearest rank of a percentile: rank `ceil(percent * n / 100)` from below.
pub(super) fn above(total: usize, percent: usize) -> usize {
    total.saturating_sub(total.saturating_mul(percent).div_ceil(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_largest_are_those_of_a_sorted_list(
            seed in any::<u64>(), length in 0_usize..6000, width in 1_u64..5000, cut in 0_usize..6000, share in 1_usize..100,
        ) {
            let value = |n: usize| {
                let n = u64::try_from(n).unwrap_or(0).wrapping_add(seed);
                n.wrapping_mul(6_364_136_223_846_793_005).rotate_left(29).wrapping_mul(0x9e37_79b9).checked_rem(width)
            };
            let values: Vec<u64> = (0..length).filter_map(value).collect();
            let count = length.div_ceil(share);
            let (one, other) = values.split_at(cut.min(length));
            let mut kept = at_least(&[one, other], |value: &u64| *value, count);
            let mut sorted = values.clone();
            sorted.sort_unstable_by(|one, other| other.cmp(one));
            prop_assert!(kept.len() >= count);
            for above in [0, count / 3, count.saturating_sub(1)] {
                prop_assert_eq!(below(&mut kept, above), sorted.get(above).copied());
            }
        }
    }

    #[test]
    fn a_sample_that_misleads_costs_time_and_no_value() {
        // Large values stand where the sample looks, so that it guesses too high.
        let values: Vec<u32> =
            (0..51_200).map(|n: u32| if n.is_multiple_of(101) { 1_000_000 } else { n }).collect();
        let mut kept = at_least(&[&values], |value: &u32| *value, 2000);
        let mut sorted = values.clone();
        sorted.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(below(&mut kept, 1999), sorted.get(1999).copied());
    }
}

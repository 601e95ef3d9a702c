//! Rows that add up: the largest remainder method (Hamilton).
#![expect(clippy::arithmetic_side_effects, reason = "big integers grow; they do not overflow")]

use super::{Exact, power_of_ten};
use num_bigint::BigInt;

/// Splits `total` by `weights` (none negative) in steps of 10^-`places` so that the rows add up: floor, then one step
/// each to the largest remainders, ties to the earlier row (largest remainder method, Hamilton). A total finer than
/// the step leaves its rest with the first row. `None` when a weight is negative or all are 0 while the total is not.
#[must_use]
pub fn apportion(weights: &[Exact], total: &Exact, places: u32) -> Option<Vec<Exact>> {
    let sum: Exact = weights.iter().sum();
    if weights.iter().any(Exact::is_negative) || (sum.is_zero() && !total.is_zero()) {
        return None;
    }
    let whole = total.fraction().times(&Exact::steps(power_of_ten(places), 0).fraction());
    let steps = whole.floor();
    let mut rows = Vec::with_capacity(weights.len());
    for weight in weights {
        let share = if sum.is_zero() { Exact::zero().fraction() } else { whole.times(&weight.over(&sum)?) };
        let floor = share.floor();
        let rest = share.plus(&Exact::steps(-floor.clone(), 0).fraction());
        rows.push((floor, rest));
    }
    let given: BigInt = rows.iter().map(|(floor, _)| floor).sum();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| {
        let rest = |i: &usize| rows.get(*i).map(|(_, rest)| rest);
        rest(b).cmp(&rest(a)).then(a.cmp(b))
    });
    let missing = usize::try_from(steps.clone() - given).unwrap_or(0);
    for i in order.into_iter().take(missing) {
        if let Some((floor, _)) = rows.get_mut(i) {
            *floor += 1;
        }
    }
    let mut out: Vec<Exact> = rows.into_iter().map(|(count, _)| Exact::steps(count, places)).collect();
    let finer = total.minus(&Exact::steps(steps, places));
    if let Some(first) = out.first_mut() {
        *first = first.plus(&finer);
    }
    Some(out)
}

/// Rounds rows to `places` so that they add up to their rounded sum: floor, then one step each to the largest remainders,
/// ties to the earlier row.
#[must_use]
pub fn round_rows(rows: &[Exact], places: u32) -> Vec<Exact> {
    let scale = Exact::steps(power_of_ten(places), 0);
    let steps = |value: &Exact| value.times(&scale);
    let mut floors: Vec<BigInt> = rows.iter().map(|row| steps(row).fraction().floor()).collect();
    let total = steps(&rows.iter().sum::<Exact>().round(places)).fraction().floor();
    let given: BigInt = floors.iter().sum();
    let rest = |i: &usize| match (rows.get(*i), floors.get(*i)) {
        (Some(row), Some(floor)) => steps(row).minus(&Exact::steps(floor.clone(), 0)),
        _ => Exact::zero(),
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rest(b).cmp(&rest(a)).then(a.cmp(b)));
    for i in order.into_iter().take(usize::try_from(total - given).unwrap_or(0)) {
        if let Some(floor) = floors.get_mut(i) {
            *floor += 1;
        }
    }
    floors.into_iter().map(|count| Exact::steps(count, places)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    proptest! {
        #[test]
        fn rounded_rows_add_up_to_the_rounded_sum(rows in proptest::collection::vec(-99_999_i64..99_999, 0..9), places in 0_u32..4) {
            let rows: Vec<Exact> = rows.into_iter().map(|n| Exact::from_int(n).times(&exact("0.001"))).collect();
            let rounded = round_rows(&rows, places);
            prop_assert_eq!(rounded.iter().sum::<Exact>(), rows.iter().sum::<Exact>().round(places));
            let step = exact("1").over(&Exact::steps(power_of_ten(places), 0)).unwrap().round(places);
            prop_assert!(rows.iter().zip(&rounded).all(|(a, b)| a.minus(b).abs() <= step));
        }

        #[test]
        fn apportioned_rows_add_up(
            weights in proptest::collection::vec(0_i64..10_000, 1..12), total in -1_000_000_i64..1_000_000,
            places in 0_u32..13,
        ) {
            let weights: Vec<Exact> = weights.into_iter().map(Exact::from_int).collect();
            let total = Exact::from_int(total).times(&exact("0.00001"));
            match apportion(&weights, &total, places) {
                Some(rows) => {
                    prop_assert_eq!(rows.iter().sum::<Exact>(), total);
                    prop_assert_eq!(rows.len(), weights.len());
                }
                None => prop_assert!(weights.iter().all(Exact::is_zero) && !total.is_zero()),
            }
        }
    }
}

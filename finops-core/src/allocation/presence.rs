//! Costs shared by presence: each second belongs to who was there.

use crate::{
    error::Fault,
    money::{Apportioner, overflow},
};

/// Weight units of a second: enough to halve and third it without a visible rest.
const PER_SECOND: u128 = 1_000_000_000;

/// The parts of a cost that was shared by presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceShares {
    /// One part a user, in the order of the users.
    pub users: Vec<i128>,
    /// The part of the time without a user.
    pub unmounted: i128,
}

/// Shares `cost` of the window `[start, end)` over users by presence: the window is cut at every start and end, and each
/// piece belongs in equal parts to those who were there, or to nobody. Users stand in the order of their canonical keys,
/// which settles ties; each has half-open intervals in seconds.
///
/// ```
/// use finops_core::allocation::share_presence;
/// // 2 an hour for two hours; the second user comes after one.
/// let shares = share_presence(4_000_000_000, (0, 7200), &[vec![(0, 7200)], vec![(3600, 7200)]])?;
/// assert_eq!((shares.users, shares.unmounted), (vec![3_000_000_000, 1_000_000_000], 0));
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
///
/// # Errors
/// `allocation.window_empty` for a window without a second; `allocation.overflow`.
pub fn share_presence(
    cost: i128,
    window: (i64, i64),
    users: &[Vec<(i64, i64)>],
) -> Result<PresenceShares, Fault> {
    let mut weights = presence_weights(window, users)?;
    let mut parts = vec![0; weights.len()];
    Apportioner::default().split(cost, &weights, &mut parts)?;
    weights.clear();
    let unmounted = parts.pop().unwrap_or_default();
    Ok(PresenceShares { users: parts, unmounted })
}

/// One weight a user and last that of nobody; they add up to the window's seconds in 1e-9.
pub(super) fn presence_weights(window: (i64, i64), users: &[Vec<(i64, i64)>]) -> Result<Vec<u128>, Fault> {
    if window.1 <= window.0 {
        return Err(super::config::window_empty("window"));
    }
    let mut weights = vec![0_u128; users.len().saturating_add(1)];
    // What begins (true) and ends (false) when, for whom.
    let mut events: Vec<(i64, bool, usize)> = Vec::new();
    for (user, intervals) in users.iter().enumerate() {
        for (start, end) in merged(window, intervals) {
            events.extend([(start, true, user), (end, false, user)]);
        }
    }
    events.sort_unstable();
    let mut present = std::collections::BTreeSet::new();
    let mut at = window.0;
    for (time, begins, user) in events {
        add(&mut weights, &present, at, time)?;
        at = time;
        if begins {
            present.insert(user);
        } else {
            present.remove(&user);
        }
    }
    add(&mut weights, &present, at, window.1)?;
    Ok(weights)
}

fn add(
    weights: &mut [u128],
    present: &std::collections::BTreeSet<usize>,
    from: i64,
    to: i64,
) -> Result<(), Fault> {
    let seconds = to.saturating_sub(from).max(0).unsigned_abs();
    let units = u128::from(seconds).saturating_mul(PER_SECOND);
    let users = u128::try_from(present.len()).unwrap_or(u128::MAX);
    let nobody = weights.len().saturating_sub(1);
    let mut give = |user: usize, units: u128| {
        let weight = weights.get_mut(user)?;
        *weight = weight.checked_add(units)?;
        Some(())
    };
    let (Some(each), Some(rest)) = (units.checked_div(users), units.checked_rem(users)) else {
        return give(nobody, units).ok_or_else(overflow);
    };
    for (place, user) in (0_u128..).zip(present) {
        give(*user, each.saturating_add(u128::from(place < rest))).ok_or_else(overflow)?;
    }
    Ok(())
}

/// The intervals within the window, sorted and without overlap.
pub(super) fn merged(window: (i64, i64), intervals: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut clipped: Vec<(i64, i64)> = intervals
        .iter()
        .map(|(start, end)| ((*start).max(window.0), (*end).min(window.1)))
        .filter(|(start, end)| start < end)
        .collect();
    clipped.sort_unstable();
    let mut out: Vec<(i64, i64)> = Vec::with_capacity(clipped.len());
    for (start, end) in clipped {
        match out.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test's numbers are small")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_second_belongs_to_someone(
            cost in 0_i128..1_000_000_000_000,
            users in prop::collection::vec(prop::collection::vec((-100_i64..1100, 0_i64..900), 0..4), 0..6),
        ) {
            let users: Vec<Vec<(i64, i64)>> =
                users.into_iter().map(|u| u.into_iter().map(|(s, d)| (s, s + d)).collect()).collect();
            let weights = presence_weights((0, 1000), &users).unwrap();
            prop_assert_eq!(weights.iter().sum::<u128>(), 1000 * PER_SECOND);
            let shares = share_presence(cost, (0, 1000), &users).unwrap();
            prop_assert_eq!(shares.users.iter().sum::<i128>() + shares.unmounted, cost);
            // By hand, second by second.
            let there = |second: i64| {
                users.iter().filter(|u| u.iter().any(|(s, e)| (*s..*e).contains(&second))).count()
            };
            let empty = (0..1000).filter(|second| there(*second) == 0).count();
            prop_assert_eq!(weights[users.len()], u128::try_from(empty).unwrap() * PER_SECOND);
        }
    }

    #[test]
    fn an_empty_window_is_refused() {
        assert_eq!(share_presence(1, (5, 5), &[]).unwrap_err().code(), "allocation.window_empty");
    }
}

//! The portfolio: no dollar is promised twice, and none that nobody pays.
//!
//! Each claim draws on the monthly cost of one part of a resource. Claims are granted in order, each its share of what
//! is left, so that a price cut of 25 % after a schedule that halves the hours is worth 25 % of the rest.

use super::{Amount, Claim, ClaimKind, Component};
use crate::{error::Fault, money::apportion_weights};
use num_bigint::BigInt;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// A finding as the portfolio sees it.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The saving a month at list price.
    pub gross: Option<Amount>,
    /// The detector's id.
    pub detector: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// What it draws on.
    pub claims: &'a [Claim],
}

impl Entry<'_> {
    /// The rank in which it is served: that of its first kind of claim.
    fn rank(&self) -> Option<ClaimKind> {
        self.claims.iter().map(|claim| claim.kind).min()
    }
}

/// What one finding is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The sum over its claims.
    pub granted: Amount,
    /// Each claim's part, in their order.
    pub claims: Vec<Amount>,
    /// Where nothing is granted: the entries that took it, in the order in which they were served.
    pub superseded_by: Vec<usize>,
}

/// What the findings are worth together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    /// What each entry is granted, in the order of the entries.
    pub grants: Vec<Grant>,
    /// The sum of what is granted: never above the cost of the resources.
    pub total: Amount,
    /// The sum of the savings at list price, which counts shared dollars more than once.
    pub gross_not_additive: Amount,
    /// The monthly cost of the parts of resources that the findings name.
    pub cost_of_resources: Amount,
}

/// The part of a resource's cost that claims draw on.
struct Slot {
    base: i128,
    remaining: i128,
    takers: Vec<usize>,
}

/// Grants the claims of all entries. The order of the entries does not matter.
#[must_use]
pub fn grant(entries: &[Entry<'_>]) -> Portfolio {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|index| {
        let entry = entries.get(*index);
        let gross = entry.and_then(|entry| entry.gross);
        (
            entry.and_then(Entry::rank),
            Reverse(gross),
            entry.map(|entry| entry.detector),
            entry.map(|entry| entry.subject),
        )
    });
    let (mut slots, places) = slots(entries);
    let winners = winners(entries, &order);
    let mut grants: Vec<Grant> = entries
        .iter()
        .map(|entry| Grant {
            granted: Amount::ZERO,
            claims: vec![Amount::ZERO; entry.claims.len()],
            superseded_by: Vec::new(),
        })
        .collect();
    for index in order {
        let (Some(entry), Some(grant)) = (entries.get(index), grants.get_mut(index)) else { continue };
        let mut took = Vec::with_capacity(entry.claims.len());
        for (claim, granted) in entry.claims.iter().zip(&mut grant.claims) {
            let key = (&*claim.resource, claim.component);
            let Some(slot) = places.get(&key).and_then(|place| slots.get_mut(*place)) else { continue };
            let winner = claim.exclusive.as_deref().and_then(|name| winners.get(name)).copied();
            if let Some(winner) = winner.filter(|winner| *winner != index) {
                grant.superseded_by.push(winner);
                continue;
            }
            let part = share(claim.amount.nanos().min(slot.base), slot.remaining, slot.base);
            slot.remaining = slot.remaining.saturating_sub(part);
            *granted = Amount::from_nanos(part);
            grant.granted = grant.granted.plus(*granted);
            if part > 0 {
                took.push(key);
            }
        }
        if grant.granted > Amount::ZERO {
            grant.superseded_by.clear();
        } else {
            let keys = entry.claims.iter().map(|claim| (&*claim.resource, claim.component));
            let takers = keys.filter_map(|key| places.get(&key).and_then(|place| slots.get(*place)));
            grant.superseded_by.extend(takers.flat_map(|slot| slot.takers.iter().copied()));
            let mut seen = rustc_hash::FxHashSet::default();
            grant.superseded_by.retain(|taker| seen.insert(*taker));
        }
        for key in took {
            if let Some(slot) = places.get(&key).and_then(|place| slots.get_mut(*place))
                && slot.takers.last() != Some(&index)
            {
                slot.takers.push(index);
            }
        }
    }
    Portfolio {
        total: grants.iter().map(|grant| grant.granted).sum(),
        gross_not_additive: entries.iter().filter_map(|entry| entry.gross).sum(),
        cost_of_resources: slots.iter().map(|slot| Amount::from_nanos(slot.base)).sum(),
        grants,
    }
}

type Key<'a> = (&'a str, Component);

/// One slot a resource and component, with the largest base that is named for it.
fn slots<'a>(entries: &[Entry<'a>]) -> (Vec<Slot>, FxHashMap<Key<'a>, usize>) {
    let (mut slots, mut places) = (Vec::<Slot>::new(), FxHashMap::default());
    for claim in entries.iter().flat_map(|entry| entry.claims) {
        let base = claim.base.nanos().max(0);
        let place = *places.entry((&*claim.resource, claim.component)).or_insert(slots.len());
        match slots.get_mut(place) {
            Some(slot) => (slot.base, slot.remaining) = (slot.base.max(base), slot.remaining.max(base)),
            None => slots.push(Slot { base, remaining: base, takers: Vec::new() }),
        }
    }
    (slots, places)
}

/// Of each group of alternatives the entry with the largest amount, the first in order on a tie.
fn winners<'a>(entries: &[Entry<'a>], order: &[usize]) -> FxHashMap<&'a str, usize> {
    let mut best: FxHashMap<&str, (Amount, usize)> = FxHashMap::default();
    for index in order {
        for claim in entries.get(*index).map_or(&[][..], |entry| entry.claims) {
            let Some(name) = claim.exclusive.as_deref() else { continue };
            let held = best.entry(name).or_insert((claim.amount, *index));
            if claim.amount > held.0 {
                *held = (claim.amount, *index);
            }
        }
    }
    best.into_iter().map(|(name, (_, index))| (name, index)).collect()
}

/// `floor(amount * remaining / base)`, nothing for an amount or a base that is not above 0.
fn share(amount: i128, remaining: i128, base: i128) -> i128 {
    if amount <= 0 || base <= 0 || remaining <= 0 {
        return 0;
    }
    if remaining == base {
        return amount;
    }
    match amount.checked_mul(remaining) {
        Some(product) => product.div_euclid(base),
        None => {
            #[expect(clippy::arithmetic_side_effects, reason = "big integers grow, and the base is above 0")]
            let wide = BigInt::from(amount) * BigInt::from(remaining) / BigInt::from(base);
            i128::try_from(wide).unwrap_or_default()
        }
    }
}

/// Whether nodes shrink when requests do, and what that would save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supply {
    /// Something removes nodes that are not needed: Karpenter, the Cluster Autoscaler, Fargate.
    Elastic,
    /// The nodes are known and nothing removes them; the two simulations say what they would save a month.
    Fixed {
        /// With the requests of today.
        today: Amount,
        /// With all proposed requests.
        proposed: Amount,
    },
    /// Nothing is known of the nodes.
    Unknown,
}

/// What of the grants the bill will lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realizable {
    /// For each finding on requests; `None` where nothing is known of the nodes.
    pub requests: Vec<Option<Amount>>,
    /// What removing nodes saves besides; `None` unless the nodes are known and fixed.
    pub consolidation: Option<Amount>,
}

/// Divides what can be had among findings on requests; `granted` is in canonical order, which decides ties.
///
/// Storage, balancers, endpoints, tokens and whole nodes are billed alone and need no division: all that is granted of
/// them can be had. Requests are not billed; nodes are.
///
/// # Errors
/// `allocation.overflow` beyond 128 bits.
pub fn realizable(supply: Supply, granted: &[Amount]) -> Result<Realizable, Fault> {
    let (today, proposed) = match supply {
        Supply::Elastic => {
            let requests = granted.iter().copied().map(Some).collect();
            return Ok(Realizable { requests, consolidation: None });
        }
        Supply::Unknown => {
            return Ok(Realizable { requests: vec![None; granted.len()], consolidation: None });
        }
        Supply::Fixed { today, proposed } => (today, proposed),
    };
    let sum: Amount = granted.iter().copied().sum();
    let shared = proposed.minus(today).max(Amount::ZERO).min(sum);
    let weights: Vec<u128> = granted.iter().map(|part| part.nanos().max(0).unsigned_abs()).collect();
    let requests = if shared == Amount::ZERO {
        vec![Some(Amount::ZERO); granted.len()]
    } else {
        let keys: Vec<usize> = (0..weights.len()).collect();
        let parts = apportion_weights(shared.nanos(), &weights, &keys)?;
        parts.into_iter().map(|part| Some(Amount::from_nanos(part))).collect()
    };
    Ok(Realizable { requests, consolidation: Some(proposed.minus(shared)) })
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, clippy::cast_possible_wrap, reason = "small numbers of tests")]
mod tests {
    use super::*;
    use crate::waste::Component;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn claim(resource: u8, component: Component, base: i64, amount: i64, kind: ClaimKind) -> Claim {
        Claim {
            resource: Arc::from(format!("r{resource}")),
            component,
            base: Amount::from_nanos(base.into()),
            amount: Amount::from_nanos(amount.into()),
            kind,
            exclusive: None,
        }
    }

    fn kinds() -> impl Strategy<Value = ClaimKind> {
        prop::sample::select(ClaimKind::ALL)
    }

    /// Findings on a few resources, each part of which has one base.
    fn findings() -> impl Strategy<Value = Vec<Vec<Claim>>> {
        let claims = prop::collection::vec((0_u8..4, 0_usize..3, 0_i64..1_000_000), 1..4);
        let alternative = prop::option::weighted(0.2, 0_u8..2);
        let finding = (claims, kinds(), alternative).prop_map(|(claims, kind, alternative)| {
            let of = |(resource, component, amount): (u8, usize, i64)| {
                let base = i64::from(resource) * 250_000 + 1000 * component as i64;
                let mut claim = claim(resource, Component::ALL[component], base, amount.min(base), kind);
                claim.exclusive = alternative.map(|key| Arc::from(format!("x{key}")));
                claim
            };
            claims.into_iter().map(of).collect()
        });
        prop::collection::vec(finding, 0..12)
    }

    fn entries<'a>(findings: &'a [Vec<Claim>], names: &'a [String]) -> Vec<Entry<'a>> {
        let of = |(claims, name): (&'a Vec<Claim>, &'a String)| Entry {
            gross: Some(claims.iter().map(|claim| claim.amount).sum()),
            detector: "d",
            subject: name,
            claims,
        };
        findings.iter().zip(names).map(of).collect()
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|index| format!("s{index:03}")).collect()
    }

    proptest! {
        #[test]
        fn no_resource_is_granted_more_than_it_costs(findings in findings()) {
            let names = names(findings.len());
            let portfolio = grant(&entries(&findings, &names));
            let mut granted = std::collections::BTreeMap::new();
            for (claims, grant) in findings.iter().zip(&portfolio.grants) {
                for (claim, part) in claims.iter().zip(&grant.claims) {
                    prop_assert!(*part >= Amount::ZERO && *part <= claim.amount);
                    let sum = granted.entry((claim.resource.clone(), claim.component)).or_insert((Amount::ZERO, claim.base));
                    sum.0 = sum.0.plus(*part);
                    prop_assert!(sum.0 <= sum.1);
                }
            }
            prop_assert!(portfolio.total <= portfolio.cost_of_resources);
            prop_assert_eq!(portfolio.total, granted.values().map(|(sum, _)| *sum).sum::<Amount>());
        }

        #[test]
        fn the_order_of_findings_does_not_matter(findings in findings()) {
            let names = names(findings.len());
            let forward = entries(&findings, &names);
            let backward: Vec<Entry<'_>> = forward.iter().rev().copied().collect();
            let (one, other) = (grant(&forward), grant(&backward));
            let granted = |portfolio: &Portfolio| portfolio.grants.iter().map(|grant| grant.granted).collect::<Vec<_>>();
            let mut reversed = granted(&other);
            reversed.reverse();
            prop_assert_eq!(granted(&one), reversed);
            prop_assert_eq!(one.total, other.total);
        }

        #[test]
        fn one_finding_more_never_raises_the_grant_of_another(findings in findings(), at in any::<prop::sample::Index>()) {
            prop_assume!(findings.len() > 1 && findings.iter().flatten().all(|claim| claim.exclusive.is_none()));
            let names = names(findings.len());
            let all = entries(&findings, &names);
            let left_out = at.index(all.len());
            let fewer: Vec<Entry<'_>> =
                all.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, entry)| *entry).collect();
            let (with, without) = (grant(&all), grant(&fewer));
            let others = with.grants.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, grant)| grant);
            for (with, without) in others.zip(&without.grants) {
                prop_assert!(with.granted <= without.granted);
            }
        }

        #[test]
        fn what_can_be_had_is_at_most_what_nodes_would_save(
            granted in prop::collection::vec(0_i128..1_000_000, 0..8), today in 0_i128..1_000_000, proposed in 0_i128..1_000_000,
        ) {
            let granted: Vec<Amount> = granted.into_iter().map(Amount::from_nanos).collect();
            let (today, proposed) = (Amount::from_nanos(today), Amount::from_nanos(proposed));
            let answer = realizable(Supply::Fixed { today, proposed }, &granted).unwrap();
            let sum: Amount = answer.requests.iter().flatten().copied().sum();
            prop_assert_eq!(sum.plus(answer.consolidation.unwrap()), proposed);
            prop_assert!(sum <= proposed.minus(today).max(Amount::ZERO));
        }
    }

    #[test]
    fn amounts_beyond_128_bits_are_divided_all_the_same() {
        let huge = i128::MAX / 4;
        assert_eq!(share(huge, huge - 1, huge), huge - 1);
    }
}

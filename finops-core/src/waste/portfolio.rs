//! The portfolio: no dollar is promised twice, and none that nobody pays.
//!
//! Each claim draws on the monthly cost of one part of a resource. Claims are granted in order, each its share of what
//! is left, so that a price cut of 25 % after a schedule that halves the hours is worth 25 % of the rest.

use super::{Amount, Claim, ClaimKind, Component};
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

/// Whether nodes shrink when requests do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeSupply {
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

/// Divides what can be had among findings on requests, whose `granted` is given in canonical order.
///
/// Storage, balancers, endpoints, tokens and whole nodes are billed alone and need no division: all that is granted of
/// them can be had. Requests are not billed; nodes are.
#[must_use]
pub fn realizable(supply: NodeSupply, granted: &[Amount]) -> Realizable {
    let (today, proposed) = match supply {
        NodeSupply::Elastic => {
            return Realizable { requests: granted.iter().copied().map(Some).collect(), consolidation: None };
        }
        NodeSupply::Unknown => return Realizable { requests: vec![None; granted.len()], consolidation: None },
        NodeSupply::Fixed { today, proposed } => (today, proposed),
    };
    let sum: Amount = granted.iter().copied().sum();
    let shared = proposed.minus(today).max(Amount::ZERO).min(sum);
    Realizable {
        requests: apportion(shared.nanos(), granted).into_iter().map(Some).collect(),
        consolidation: Some(proposed.minus(shared)),
    }
}

/// `total` by the largest remainder over `weights`, ties to the earlier one; `total` is at most their sum.
fn apportion(total: i128, weights: &[Amount]) -> Vec<Amount> {
    let sum = weights.iter().copied().sum::<Amount>().nanos();
    let wide = |weight: &Amount| BigInt::from(total).checked_mul(&BigInt::from(weight.nanos()));
    let part = |weight: &Amount| {
        let product = wide(weight).unwrap_or_default();
        let base = BigInt::from(sum.max(1));
        let (whole, rest) = num_integer(&product, &base);
        (i128::try_from(whole).unwrap_or_default(), rest)
    };
    let mut parts: Vec<(i128, BigInt)> = weights.iter().map(part).collect();
    let given = parts.iter().fold(0_i128, |sum, (whole, _)| sum.saturating_add(*whole));
    let left = usize::try_from(total.saturating_sub(given)).unwrap_or_default();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|one, other| {
        let rest = |index: &usize| parts.get(*index).map(|(_, rest)| rest);
        rest(other).cmp(&rest(one)).then(one.cmp(other))
    });
    for index in order.into_iter().take(left) {
        if let Some((whole, _)) = parts.get_mut(index) {
            *whole = whole.saturating_add(1);
        }
    }
    parts.into_iter().map(|(whole, _)| Amount::from_nanos(whole)).collect()
}

#[expect(clippy::arithmetic_side_effects, reason = "big integers grow, and the divisor is above 0")]
fn num_integer(product: &BigInt, base: &BigInt) -> (BigInt, BigInt) {
    (product / base, product % base)
}

//! The portfolio: no dollar is promised twice, and none that nobody pays.
//!
//! Each claim draws on the monthly cost of one part of a resource. Claims are granted in order, each its share of what
//! is left, so that a price cut of 25 % after a schedule that halves the hours is worth 25 % of the rest.

use super::{Amount, Claim, ClaimKind};
use crate::{error::Fault, money::apportion_weights};
use num_bigint::BigInt;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::{
    cmp::{Ordering, Reverse},
    hash::BuildHasher,
    sync::Arc,
};

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

/// No place.
const NONE: usize = usize::MAX;

/// The part of a resource's cost that claims draw on.
struct Slot<'a> {
    base: i128,
    remaining: i128,
    /// One of its claims, which names it.
    name: &'a Claim,
    /// The next slot with the same hash.
    next: usize,
    /// The first and the last of its [`Taker`]s.
    takers: (usize, usize),
}

/// An entry to which a slot gave, and the place of the next one.
struct Taker {
    entry: usize,
    next: usize,
}

/// A claim with its places. Entries are served in an order of their own, where every look at a claim would wait for
/// memory: what is needed of it is noted in the order of the input.
struct Draw {
    /// What it would remove, in nanos; then what it is granted.
    amount: i128,
    /// What it draws on.
    slot: usize,
    /// Its group of alternatives.
    group: usize,
}

/// An entry with what it is ordered by, and its draws.
struct Served {
    rank: Option<ClaimKind>,
    /// The saving as far as 64 bits tell it; unknown ones come last.
    gross: Reverse<i64>,
    entry: usize,
    draws: (usize, usize),
}

/// Grants the claims of all entries. The order of the entries does not matter.
#[must_use]
pub fn grant(entries: &[Entry<'_>]) -> Portfolio {
    let Notes { mut slots, mut draws, groups, mut served } = Notes::of(entries);
    served.sort_unstable_by(|a, b| {
        let short = (a.rank, a.gross).cmp(&(b.rank, b.gross));
        short.then_with(|| compare(entries.get(a.entry), entries.get(b.entry))).then(a.entry.cmp(&b.entry))
    });
    let winners = winners(&served, &draws, groups);
    let mut superseded: Vec<Vec<usize>> = vec![Vec::new(); entries.len()];
    let mut takers: Vec<Taker> = Vec::new();
    // The last entry whose list names an entry: none stands twice in one.
    let mut named = vec![NONE; entries.len()];
    let mut list = Vec::new();
    for one in &served {
        let draws = draws.get_mut(one.draws.0..one.draws.1).unwrap_or_default();
        let mut granted = false;
        list.clear();
        for draw in &mut *draws {
            let wanted = std::mem::take(&mut draw.amount);
            let winner = winners.get(draw.group).copied().filter(|winner| *winner != one.entry);
            list.extend(winner);
            if let (None, Some(slot)) = (winner, slots.get_mut(draw.slot)) {
                draw.amount = share(wanted.min(slot.base), slot.remaining, slot.base);
                slot.remaining = slot.remaining.saturating_sub(draw.amount);
                granted |= draw.amount > 0;
            }
        }
        if granted {
            for draw in draws.iter().filter(|draw| draw.amount > 0) {
                if let Some(slot) = slots.get_mut(draw.slot) {
                    slot.give(one.entry, &mut takers);
                }
            }
            continue;
        }
        for slot in draws.iter().filter_map(|draw| slots.get(draw.slot)) {
            let mut at = slot.takers.0;
            while let Some(taker) = takers.get(at) {
                list.push(taker.entry);
                at = taker.next;
            }
        }
        list.retain(|entry| {
            named.get_mut(*entry).is_some_and(|last| std::mem::replace(last, one.entry) != one.entry)
        });
        if let Some(place) = superseded.get_mut(one.entry) {
            place.clone_from(&list);
        }
    }
    let cost_of_resources = slots.iter().map(|slot| Amount::from_nanos(slot.base)).sum();
    let mut parts = draws.into_iter().map(|draw| Amount::from_nanos(draw.amount));
    let mut grants = Vec::with_capacity(entries.len());
    for (entry, superseded_by) in entries.iter().zip(superseded) {
        let claims: Vec<Amount> = parts.by_ref().take(entry.claims.len()).collect();
        grants.push(Grant { granted: claims.iter().copied().sum(), claims, superseded_by });
    }
    Portfolio {
        total: grants.iter().map(|grant| grant.granted).sum(),
        gross_not_additive: entries.iter().filter_map(|entry| entry.gross).sum(),
        cost_of_resources,
        grants,
    }
}

/// The order of two entries of one rank.
fn compare(a: Option<&Entry<'_>>, b: Option<&Entry<'_>>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return Ordering::Equal };
    // Two texts in one place need no look at their letters.
    let same = std::ptr::eq(a.detector, b.detector);
    let detector = || if same { Ordering::Equal } else { a.detector.cmp(b.detector) };
    b.gross.cmp(&a.gross).then_with(detector).then_with(|| a.subject.cmp(b.subject))
}

impl Slot<'_> {
    /// Notes an entry to which it gave, once.
    fn give(&mut self, entry: usize, takers: &mut Vec<Taker>) {
        let at = takers.len();
        match takers.get_mut(self.takers.1) {
            Some(last) if last.entry == entry => return,
            Some(last) => last.next = at,
            None => self.takers.0 = at,
        }
        self.takers.1 = at;
        takers.push(Taker { entry, next: NONE });
    }
}

/// All claims with their places, in the order of the entries.
struct Notes<'a> {
    slots: Vec<Slot<'a>>,
    draws: Vec<Draw>,
    /// How many groups of alternatives there are.
    groups: usize,
    served: Vec<Served>,
}

impl<'a> Notes<'a> {
    fn of(entries: &[Entry<'a>]) -> Self {
        let count = entries.iter().map(|entry| entry.claims.len()).sum();
        let mut notes = Self {
            slots: Vec::new(),
            draws: Vec::with_capacity(count),
            groups: 0,
            served: Vec::with_capacity(entries.len()),
        };
        // By hash alone: the table is small, and growing it visits no text.
        let mut firsts: FxHashMap<u64, usize> = FxHashMap::default();
        let mut groups: FxHashMap<&'a str, usize> = FxHashMap::default();
        for (index, entry) in entries.iter().enumerate() {
            let start = notes.draws.len();
            for claim in entry.claims {
                let group = claim.exclusive.as_deref().map_or(NONE, |name| {
                    let next = groups.len();
                    *groups.entry(name).or_insert(next)
                });
                let slot = notes.slot(claim, &mut firsts);
                notes.draws.push(Draw { amount: claim.amount.nanos(), slot, group });
            }
            let unknown = i64::MIN;
            let short = |gross: Amount| {
                i64::try_from(gross.nanos()).unwrap_or(if gross < Amount::ZERO { unknown } else { i64::MAX })
            };
            notes.served.push(Served {
                rank: entry.rank(),
                gross: Reverse(entry.gross.map_or(unknown, short)),
                entry: index,
                draws: (start, notes.draws.len()),
            });
        }
        notes.groups = groups.len();
        notes
    }

    /// The slot of a resource and component, with the largest base that is named for it.
    fn slot(&mut self, claim: &'a Claim, firsts: &mut FxHashMap<u64, usize>) -> usize {
        let base = claim.base.nanos().max(0);
        let new = self.slots.len();
        let first = *firsts.entry(FxBuildHasher.hash_one((&*claim.resource, claim.component))).or_insert(new);
        let mut at = first;
        while let Some(slot) = self.slots.get_mut(at) {
            let same = slot.name.component == claim.component
                && (Arc::ptr_eq(&slot.name.resource, &claim.resource)
                    || slot.name.resource == claim.resource);
            if same {
                (slot.base, slot.remaining) = (slot.base.max(base), slot.remaining.max(base));
                return at;
            }
            if slot.next == NONE {
                slot.next = new;
            }
            at = slot.next;
        }
        self.slots.push(Slot { base, remaining: base, name: claim, next: NONE, takers: (NONE, NONE) });
        new
    }
}

/// Of each group of alternatives the entry with the largest amount, the first in order on a tie.
fn winners(served: &[Served], draws: &[Draw], groups: usize) -> Vec<usize> {
    let mut best = vec![(i128::MIN, NONE); groups];
    if groups == 0 {
        return Vec::new();
    }
    for one in served {
        for draw in draws.get(one.draws.0..one.draws.1).unwrap_or_default() {
            if let Some(held) = best.get_mut(draw.group)
                && (draw.amount > held.0 || held.1 == NONE)
            {
                *held = (draw.amount, one.entry);
            }
        }
    }
    best.into_iter().map(|(_, entry)| entry).collect()
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

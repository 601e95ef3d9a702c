//! Netting: no dollar is counted twice.

use crate::{
    number::{Exact, MONEY_DIGITS},
    opportunity::{Effect, Opportunity},
};
use std::collections::{BTreeMap, BTreeSet};

/// Estimates that cannot be netted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverlapError {
    /// A pool whose own saving is booked on another pool.
    #[error(
        "`{id}` books on another pool, and items book on its resource `{pool}`; book them on the last pool"
    )]
    Chain {
        /// The item of the pool.
        id: String,
        /// The pool.
        pool: String,
    },
}

impl OverlapError {
    /// `ledger.overlap.chain`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "ledger.overlap.chain"
    }

    /// The field at fault, as a JSON pointer into the event.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        "/data/opportunity/books_on"
    }
}

/// What counts of an estimate, and why not all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// The part that counts, per 730-hour month.
    pub net: Exact,
    /// `None`: all of it. Else `status`, `eliminated_by:<id>`, `overlaps:<id>`, `waterfall`, `no_baseline:<id>`, `capped`,
    /// `booked_on:<pool>` or `enablers_of:<pool>`.
    pub reason: Option<String>,
}

/// What estimates are netted over: one resource in one currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Resource(String),
    Workload(String, String, String),
    Item(String),
}

impl Place {
    fn of_item(item: &Opportunity) -> Self {
        Self::named(&item.resource, [&item.cluster, &item.namespace, &item.workload])
            .unwrap_or_else(|| Self::Item(item.id.clone()))
    }

    fn named(resource: &str, [cluster, namespace, workload]: [&str; 3]) -> Option<Self> {
        if !resource.is_empty() {
            Some(Self::Resource(resource.to_owned()))
        } else if workload.is_empty() {
            None
        } else {
            Some(Self::Workload(cluster.to_owned(), namespace.to_owned(), workload.to_owned()))
        }
    }
}

type Key = (Place, String);

/// The monthly cost frozen last of each resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthlyCosts(BTreeMap<Key, Exact>);

impl MonthlyCosts {
    /// Records the monthly cost of a resource, else of a workload (cluster, namespace, name); one without either says
    /// nothing about any item.
    pub fn freeze(&mut self, resource: &str, workload: [&str; 3], currency: &str, monthly_cost: Exact) {
        if let Some(place) = Place::named(resource, workload) {
            self.0.insert((place, currency.to_owned()), monthly_cost);
        }
    }
}

type Nets = BTreeMap<String, Net>;

/// The larger estimate; of two equal ones the smaller id. Items come in id order.
fn best<'a>(items: impl Iterator<Item = &'a Opportunity>) -> Option<&'a Opportunity> {
    items.fold(None, |best: Option<&Opportunity>, item| match best {
        Some(held) if held.estimated_monthly_savings >= item.estimated_monthly_savings => Some(held),
        _ => Some(item),
    })
}

fn lose(nets: &mut Nets, id: &str, reason: String) {
    nets.insert(id.to_owned(), Net { net: Exact::zero(), reason: Some(reason) });
}

fn keep(nets: &mut Nets, item: &Opportunity) {
    nets.insert(item.id.clone(), Net { net: item.estimated_monthly_savings.clone(), reason: None });
}

/// The usage items that count together: the best of each component, or the best for all of it if that is more.
fn kept_usage<'a>(items: &[&'a Opportunity]) -> Vec<&'a Opportunity> {
    let usage = || items.iter().copied().filter(|item| item.effect == Effect::Usage);
    let parts: BTreeSet<&str> = usage().map(|item| item.component.as_str()).filter(|c| *c != "all").collect();
    let mut kept: Vec<&Opportunity> =
        parts.into_iter().filter_map(|part| best(usage().filter(|item| item.component == part))).collect();
    let sum: Exact = kept.iter().map(|item| &item.estimated_monthly_savings).sum();
    if let Some(whole) = best(usage().filter(|item| item.component == "all"))
        && (kept.is_empty() || whole.estimated_monthly_savings > sum)
    {
        kept = vec![whole];
    }
    kept.sort_by(|a, b| a.id.cmp(&b.id));
    kept
}

/// Nets the open items of one resource, in id order, against its monthly cost.
fn net_place(items: &[&Opportunity], monthly_cost: Option<&Exact>, nets: &mut Nets) {
    let of = |effect| items.iter().copied().filter(move |item| item.effect == effect);
    let mut kept: Vec<&Opportunity> = Vec::new();
    if let Some(gone) = best(of(Effect::Eliminate)) {
        for item in items {
            lose(nets, &item.id, format!("eliminated_by:{}", gone.id));
        }
        keep(nets, gone);
        kept.push(gone);
    } else {
        let usage = kept_usage(items);
        for item in of(Effect::Usage) {
            let same = usage.iter().find(|k| k.component == item.component).or_else(|| usage.first());
            if let Some(winner) = same {
                lose(nets, &item.id, format!("overlaps:{}", winner.id));
            }
        }
        for item in &usage {
            keep(nets, item);
        }
        let rate = best(of(Effect::Rate));
        if let Some(rate) = rate {
            for item in of(Effect::Rate) {
                lose(nets, &item.id, format!("overlaps:{}", rate.id));
            }
            keep(nets, rate);
            waterfall(rate, &usage, monthly_cost, nets);
        }
        kept.extend(usage);
        kept.extend(rate);
    }
    if let Some(cost) = monthly_cost {
        kept.sort_by(|a, b| (a.measure_rank, &a.id).cmp(&(b.measure_rank, &b.id)));
        cut(kept.iter().map(|item| item.id.as_str()), cost, nets);
    }
}

/// A cheaper rate applies to what the usage changes leave over.
fn waterfall(rate: &Opportunity, usage: &[&Opportunity], monthly_cost: Option<&Exact>, nets: &mut Nets) {
    let used: Exact = usage.iter().map(|item| &item.estimated_monthly_savings).sum();
    let Some(first) = usage.first().filter(|_| used.is_positive()) else { return };
    let estimate = &rate.estimated_monthly_savings;
    match monthly_cost {
        Some(cost) => {
            let left = cost.minus(&used);
            let net = estimate.times(&left).over(cost).filter(|_| left.is_positive());
            let net = net.map(|net| net.round(MONEY_DIGITS)).unwrap_or_default();
            nets.insert(rate.id.clone(), Net { net, reason: Some("waterfall".to_owned()) });
        }
        None if *estimate > used => {
            for item in usage {
                lose(nets, &item.id, format!("no_baseline:{}", rate.id));
            }
        }
        None => lose(nets, &rate.id, format!("no_baseline:{}", first.id)),
    }
}

/// Cuts `ids`, in their order, where their sum reaches `cost`.
fn cut<'a>(ids: impl Iterator<Item = &'a str>, cost: &Exact, nets: &mut Nets) {
    let mut left = cost.clone();
    for id in ids {
        let Some(net) = nets.get_mut(id) else { continue };
        if net.net > left {
            *net = Net { net: left.clone(), reason: Some("capped".to_owned()) };
        }
        left = left.minus(&net.net);
    }
}

/// Nets estimates so that nothing is counted twice: open ones per resource and pool, implemented and verified ones in
/// full, others 0. The order of `items` does not matter.
///
/// # Errors
/// `ledger.overlap.chain` for a pool item that books on another pool.
pub fn net<'a>(
    items: impl IntoIterator<Item = &'a Opportunity>,
    costs: &MonthlyCosts,
) -> Result<BTreeMap<String, Net>, OverlapError> {
    let mut nets = Nets::new();
    let mut places: BTreeMap<Key, Vec<&Opportunity>> = BTreeMap::new();
    for item in items {
        if item.status.is_open() {
            places.entry((Place::of_item(item), item.currency.clone())).or_default().push(item);
        } else if item.status.counts_estimate() {
            keep(&mut nets, item);
        } else {
            lose(&mut nets, &item.id, "status".to_owned());
        }
    }
    let mut pools: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (key, members) in &mut places {
        members.sort_by(|a, b| a.id.cmp(&b.id));
        net_place(members, costs.0.get(key), &mut nets);
        for item in members.iter() {
            if let Some(pool) = &item.books_on {
                pools.entry((pool.as_str(), item.currency.as_str())).or_default().push(&item.id);
            }
        }
    }
    for ((pool, currency), mut enablers) in pools {
        enablers.sort_unstable();
        let key = (Place::Resource(pool.to_owned()), currency.to_owned());
        let members = places.get(&key).map(Vec::as_slice).unwrap_or_default();
        if let Some(item) = members.iter().find(|item| item.books_on.is_some()) {
            return Err(OverlapError::Chain { id: item.id.clone(), pool: pool.to_owned() });
        }
        net_pool(pool, members, &enablers, costs.0.get(&key), &mut nets);
    }
    Ok(nets)
}

/// A pool's own net or that of its enablers counts: pod changes save nothing until nodes go.
fn net_pool(pool: &str, members: &[&Opportunity], enablers: &[&str], cost: Option<&Exact>, nets: &mut Nets) {
    let own: Exact = members.iter().filter_map(|item| nets.get(&item.id)).map(|net| &net.net).sum();
    let theirs: Exact = enablers.iter().filter_map(|id| nets.get(*id)).map(|net| &net.net).sum();
    // What already lost on its own resource keeps that reason.
    let drop = |nets: &mut Nets, id: &str, reason: String| {
        if nets.get(id).is_some_and(|net| net.net.is_positive()) {
            lose(nets, id, reason);
        }
    };
    if own >= theirs {
        for id in enablers {
            drop(nets, id, format!("booked_on:{pool}"));
        }
        return;
    }
    for item in members {
        drop(nets, &item.id, format!("enablers_of:{pool}"));
    }
    if let Some(cost) = cost {
        cut(enablers.iter().copied(), cost, nets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn item(id: usize, change: &Value) -> Opportunity {
        let mut value = json!({"id": format!("i{id:02}"), "type": "custom", "effect": "usage"});
        for (key, member) in change.as_object().unwrap() {
            value[key] = member.clone();
        }
        Opportunity::from_json(&value, "").unwrap()
    }

    #[test]
    fn a_pool_may_not_book_on_another() {
        let items = [
            item(1, &json!({"resource": "pool-a", "books_on": "pool-b", "estimated_monthly_savings": "5"})),
            item(2, &json!({"resource": "pod", "books_on": "pool-a", "estimated_monthly_savings": "5"})),
        ];
        let error = net(&items, &MonthlyCosts::default()).unwrap_err();
        assert_eq!(error.code(), "ledger.overlap.chain");
    }

    #[test]
    fn a_tie_goes_to_usage_and_names_its_first() {
        let items = [
            item(1, &json!({"resource": "r", "component": "cpu", "estimated_monthly_savings": "2"})),
            item(2, &json!({"resource": "r", "component": "memory", "estimated_monthly_savings": "3"})),
            item(3, &json!({"resource": "r", "effect": "rate", "estimated_monthly_savings": "5"})),
            item(4, &json!({"resource": "r", "effect": "rate", "estimated_monthly_savings": "5"})),
        ];
        let nets = net(&items, &MonthlyCosts::default()).unwrap();
        let reason = |id: &str| nets[id].reason.clone();
        assert_eq!(reason("i03").as_deref(), Some("no_baseline:i01"));
        assert_eq!(reason("i04").as_deref(), Some("overlaps:i03"));
        assert_eq!((reason("i01"), reason("i02")), (None, None));
    }

    fn portfolio() -> impl Strategy<Value = Vec<Opportunity>> {
        let one = (0_usize..4, 0_usize..3, 0_i64..500, 0_usize..4, 0_usize..5, 0_u64..4);
        proptest::collection::vec(one, 0..14).prop_map(|rows| {
            let of = |(i, row): (usize, (usize, usize, i64, usize, usize, u64))| {
                let (place, effect, cents, component, status, rank) = row;
                let mut value = json!({
                    "effect": (["eliminate", "usage", "rate"][effect]),
                    "component": (["cpu", "memory", "all", "disk"][component]),
                    "status": (["detected", "proposed", "implemented", "verified", "rejected"][status]),
                    "estimated_monthly_savings": Exact::from_int(cents).times(&Exact::parse("0.07").unwrap()).to_string(),
                    "measure_rank": rank,
                });
                match place {
                    0 => value["resource"] = json!("pool"),
                    1 => value["workload"] = json!("api"),
                    2 => {
                        value["workload"] = json!("web");
                        value["books_on"] = json!("pool");
                    }
                    _ => {}
                }
                item(i, &value)
            };
            rows.into_iter().enumerate().map(of).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn nets_stay_within_estimates_and_baselines(items in portfolio(), cost in proptest::option::of(0_i64..40)) {
            let mut costs = MonthlyCosts::default();
            if let Some(cost) = cost {
                costs.freeze("pool", ["", "", ""], "USD", Exact::from_int(cost));
                costs.freeze("", ["", "", "api"], "USD", Exact::from_int(cost));
            }
            let nets = net(&items, &costs).unwrap();
            prop_assert_eq!(nets.len(), items.len());
            for item in &items {
                let net = &nets[&item.id];
                prop_assert!(!net.net.is_negative() && net.net <= item.estimated_monthly_savings);
                prop_assert!(net.reason.is_some() || net.net == item.estimated_monthly_savings);
            }
            if let Some(cost) = cost {
                let open = |place: fn(&Opportunity) -> bool| -> Exact {
                    items.iter().filter(|i| i.status.is_open() && place(i)).map(|i| &nets[&i.id].net).sum()
                };
                let pool = open(|i| i.resource == "pool" || i.books_on.is_some());
                prop_assert!(pool <= Exact::from_int(cost), "{pool} of {cost}");
                prop_assert!(open(|i| i.workload == "api") <= Exact::from_int(cost));
            }
            let mut shuffled = items.clone();
            shuffled.reverse();
            prop_assert_eq!(net(&shuffled, &costs).unwrap(), nets);
        }
    }
}

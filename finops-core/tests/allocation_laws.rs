//! The laws of allocation on random clusters: nothing is lost, order changes nothing, filters only hide.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

#[path = "support/clusters.rs"]
mod clusters;

use clusters::{Dice, START, Shape, cluster};
use finops_core::{
    allocation::{AllocationConfig, AllocationSet, AssetCharge, Filter, Key, RowKind, RowStatus, allocate},
    inventory::{ClusterInventory, Interval},
    json::{Json, Limits, read},
    price::PriceBook,
    time::Timestamp,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const VARIED: Shape = Shape { nodes: 6, pods: 30, hours: 6, varied: true, usage: false };

fn config(text: &str) -> AllocationConfig {
    AllocationConfig::from_json(&read(text.as_bytes(), &Limits::default()).unwrap()).unwrap()
}

fn run(inventory: &ClusterInventory, config: &AllocationConfig) -> AllocationSet {
    allocate(inventory, &PriceBook::empty(), config).unwrap()
}

/// Every way to divide a cluster.
fn configs() -> impl Strategy<Value = String> {
    let split = prop_oneof![
        Just(r#""split": "price_ratio""#),
        Just(r#""split": "aws_split""#),
        Just(r#""split": "fixed_share""#),
        Just(
            r#""split": "explicit", "rates": {"cpu_core_hour": "0.02", "memory_gib_hour": "0.003", "gpu_hour": "1"}"#
        ),
    ];
    let shared = prop_oneof![
        Just(""),
        Just(r#"{"name": "a", "namespaces": ["ns-00", "ns-01"]}"#),
        Just(r#"{"name": "a", "namespaces": ["ns-02"], "split": "even"}, {"name": "b", "hourly": "0.10"}"#),
        Just(
            r#"{"name": "a", "filter": {"label:app": ["app-1"]}, "tenant_key": "team"}, {"name": "c", "monthly": "73", "split": "even", "tenant_key": "node"}"#
        ),
        Just(r#"{"name": "a", "amount": "7.77", "split": "fixed", "fixed": {"ns-03": "0.5", "ns-04": 2}}"#),
        Just(r#"{"name": "nobody", "amount": "3", "split": "fixed", "fixed": {"no-such": 1}}"#),
    ];
    let network = prop_oneof![
        Just(""),
        Just(
            r#", "network_prices": {"zone": "0.01", "internet": "0.09"}, "network": [{"namespace": "ns-00", "pod": "x", "zone": 123456789, "internet": 5555555555}]"#
        ),
    ];
    let choices = (split, "line|prorate", "keep|share", "node|cluster", shared, network);
    choices.prop_map(|(split, over, idle, scope, shared, network)| {
        format!(
            r#"{{{split}, "over_allocation": "{over}", "idle": "{idle}", "idle_scope": "{scope}", "shared": [{shared}]{network}}}"#
        )
    })
}

fn assert_conserves(set: &AllocationSet) {
    let assets: i128 =
        set.assets.iter().filter_map(|asset| asset.cost).map(|cost| i128::from(cost.get())).sum();
    let priced = || set.rows().filter(|row| row.status != RowStatus::Unpriced);
    assert_eq!(priced().map(|row| i128::from(row.total.get())).sum::<i128>(), assets);
    assert_eq!((set.totals.assets, set.totals.difference()), (assets, 0));
    // Sharing moves cost between rows and makes none.
    let shared: i128 = priced().map(|row| i128::from(row.attributed().shared_idle.get())).sum();
    assert_eq!(shared, 0);
    // Only the balance of over-allocation is below 0.
    for row in priced().filter(|row| row.kind != RowKind::OverAllocated) {
        assert!(row.cost().iter().all(|cost| cost.get() >= 0), "{:?}", set.key(row));
        assert!(row.attributed().idle.get() >= 0);
    }
}

/// The same things in another order.
fn shuffled(inventory: &ClusterInventory, seed: u64) -> ClusterInventory {
    fn shuffle<T>(list: Option<&mut Vec<T>>, dice: &mut Dice) {
        let Some(list) = list else { return };
        for i in (1..list.len()).rev() {
            list.swap(i, usize::try_from(dice.below(u64::try_from(i + 1).unwrap())).unwrap());
        }
    }
    let mut other = inventory.clone();
    let mut dice = Dice(seed);
    shuffle(other.nodes.as_mut(), &mut dice);
    shuffle(other.pods.as_mut(), &mut dice);
    shuffle(other.volumes.as_mut(), &mut dice);
    shuffle(other.services.as_mut(), &mut dice);
    shuffle(other.namespaces.as_mut(), &mut dice);
    shuffle(other.usage.as_mut(), &mut dice);
    for pod in other.pods.iter_mut().flatten() {
        pod.containers.reverse();
    }
    other
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn rows_add_up_to_assets_in_every_mode(seed in any::<u64>(), text in configs()) {
        let set = run(&cluster(seed, VARIED), &config(&text));
        assert_conserves(&set);
        prop_assert!(set.totals.assets > 0);
        // Every report over everything has the same total.
        for by in [vec![], vec![Key::Namespace], vec![Key::Service], vec![Key::Team, Key::Node], vec![Key::Pod, Key::Container]] {
            prop_assert_eq!(set.aggregate(&by, None).unwrap().total, set.totals.assets);
        }
    }

    #[test]
    fn the_order_of_the_input_changes_no_byte(seed in any::<u64>(), order in any::<u64>(), text in configs()) {
        let (inventory, config) = (cluster(seed, VARIED), config(&text));
        let set = run(&inventory, &config);
        let other = run(&shuffled(&inventory, order), &config);
        prop_assert_eq!(set.to_json().to_text(), other.to_json().to_text());
        let by = [Key::Team, Key::Service];
        let (one, two) = (set.aggregate(&by, None).unwrap(), other.aggregate(&by, None).unwrap());
        prop_assert_eq!(one.to_csv(2), two.to_csv(2));
        prop_assert_eq!(one.to_markdown(2), two.to_markdown(2));
    }

    #[test]
    fn a_filter_hides_rows_and_changes_none(seed in any::<u64>(), text in configs(), team in 0..5) {
        let set = run(&cluster(seed, VARIED), &config(&text));
        let by = [Key::Node, Key::Namespace, Key::Pod, Key::Container];
        let all = set.aggregate(&by, None).unwrap();
        let filter = Filter::of(Key::Team, [format!("team-{team}"), "__idle__".to_owned()]);
        let some = set.aggregate(&by, Some(&filter)).unwrap();
        prop_assert!(some.rows.iter().all(|row| all.rows.contains(row)));
        let by_team = set.aggregate(&[Key::Team], None).unwrap();
        let filtered = set.aggregate(&[Key::Team], Some(&filter)).unwrap();
        prop_assert!(filtered.rows.iter().all(|row| by_team.rows.contains(row)));
    }

    #[test]
    fn splitting_time_moves_a_row_by_two_nano_units_a_window(seed in any::<u64>(), cut in 1_i64..(6 * 3600)) {
        let mut inventory = cluster(seed, VARIED);
        // A total is for the window that it was billed for.
        for node in inventory.nodes.iter_mut().flatten() {
            if matches!(node.cost, Some(finops_core::inventory::NodeCost::Total(_))) {
                node.cost = None;
            }
        }
        let part = |from: i64, to: i64| {
            let at = |second: i64| Timestamp::from_ms((START + second) * 1000).unwrap();
            let window = Some(Interval { start: at(from), end: at(to) });
            run(&inventory, &AllocationConfig { window, ..AllocationConfig::default() })
        };
        let (whole, parts) = (part(0, 6 * 3600), [part(0, cut), part(cut, 6 * 3600)]);
        parts.iter().for_each(assert_conserves);
        let sum = AllocationSet::accumulate(&parts).unwrap();
        assert_conserves(&sum);
        let costs = |set: &AllocationSet| {
            let ordinary = set.rows().filter(|row| row.kind.is_ordinary() && row.status == RowStatus::Priced);
            let rows = ordinary.map(|row| (set.key(row).map(str::to_owned), row.cost()));
            rows.collect::<BTreeMap<_, _>>()
        };
        let (whole, sum) = (costs(&whole), costs(&sum));
        for (key, cost) in &whole {
            for column in 0..3 {
                let other = sum.get(key).map_or(0, |cost| cost[column].get());
                prop_assert!((cost[column].get() - other).abs() <= 4, "{key:?} {column}: {cost:?} {other}");
            }
        }
    }

    #[test]
    fn over_allocation_is_a_row_and_a_remark(seed in any::<u64>(), prorate in any::<bool>()) {
        let inventory = cluster(seed, Shape { nodes: 2, pods: 40, ..VARIED });
        let mode = if prorate { "prorate" } else { "line" };
        let set = run(&inventory, &config(&format!(r#"{{"over_allocation": "{mode}"}}"#)));
        assert_conserves(&set);
        for asset in set.assets.iter().filter(|asset| asset.cost.is_some()) {
            let Some(node) = &asset.node else { continue };
            for (resource, pool) in ["cpu", "memory", "gpu"].into_iter().zip(&node.pools) {
                let remark = set.diagnostics.iter().any(|remark| {
                    remark.code == "allocation.over_allocated"
                        && remark.subject.as_deref() == Some(&asset.name)
                        && remark.resource.as_deref() == Some(resource)
                });
                prop_assert_eq!(remark, pool.claimed > pool.capacity);
                prop_assert!(!remark || pool.idle.is_zero());
            }
        }
        let balance: i64 = set.rows().filter(|row| row.kind == RowKind::OverAllocated).map(|row| row.total.get()).sum();
        prop_assert!(balance <= 0 && (!prorate || balance == 0));
    }

    #[test]
    fn a_bill_replaces_prices_and_still_adds_up(seed in any::<u64>(), text in configs(), amount in 0_i64..9_000_000) {
        let set = run(&cluster(seed, VARIED), &config(&text));
        let hour = |hour: i64| Timestamp::from_ms((START + hour * 3600) * 1000).unwrap();
        let charge = |id: &str, from, to| AssetCharge {
            provider_id: id.to_owned(),
            period: Interval { start: hour(from), end: hour(to) },
            amount: rust_decimal::Decimal::new(amount, 6),
        };
        let bill = [charge("aws:///us-east-1a/i-00000", -2, 4), charge("i-00001", 0, 6), charge("i-nobody", 0, 1)];
        let billed = set.reconcile(&bill).unwrap();
        assert_conserves(&billed);
        let list: i128 = billed.rows().filter(|row| row.status != RowStatus::Unpriced).map(|row| i128::from(row.list().get())).sum();
        prop_assert_eq!(list, set.totals.assets);
        prop_assert_eq!(set.reconcile(&[]).unwrap().totals, set.totals);
    }
}

#[test]
fn a_large_cluster_adds_up_to_the_nano_unit() {
    let shape = Shape { nodes: 1523, pods: 8152, hours: 24, varied: true, usage: false };
    let inventory = cluster(7, shape);
    let text = r#"{"idle": "share", "shared": [{"name": "system", "namespaces": ["ns-00"]}, {"name": "fee", "hourly": "0.10"}]}"#;
    let set = run(&inventory, &config(text));
    assert_conserves(&set);
    assert!(set.rows().filter(|row| row.kind == RowKind::Container).count() > 8000);
    assert_eq!(set.to_json().to_text(), run(&shuffled(&inventory, 3), &config(text)).to_json().to_text());
}

#[test]
fn an_unknown_price_stands_in_no_sum_and_is_listed() {
    let inventory = cluster(11, VARIED);
    let set = run(&inventory, &AllocationConfig::default());
    let unpriced: Vec<_> = set.rows().filter(|row| row.status == RowStatus::Unpriced).collect();
    assert!(!unpriced.is_empty());
    let json = set.to_json();
    let rows = json.get("rows").and_then(Json::as_array).unwrap();
    let of = |status: &str| {
        rows.iter().filter(|row| row.get("status").and_then(Json::as_str) == Some(status)).count()
    };
    assert_eq!(of("unpriced"), unpriced.len());
    let null = rows.iter().filter(|row| row.get("total") == Some(&Json::Null)).count();
    assert_eq!(null, unpriced.len());
}

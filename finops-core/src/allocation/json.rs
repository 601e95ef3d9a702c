//! The wire form of a set. Amounts are decimal text; what is 0 may be left out.

use super::{
    config::{Idle, IdleScope, OverAllocation, Split},
    node::NodeAsset,
    row::{Amounts, Column, Row, RowKind, RowStatus, UsageBasis, place, text},
    set::{AllocationSet, Asset, Totals},
};
use crate::{
    exact::Exact,
    inventory::{Diagnostic, Name},
    json::{Json, Object},
    money::Nanos,
    time::Timestamp,
};
use rustc_hash::FxHashMap;

type Members = Vec<(String, Json)>;

fn put(members: &mut Members, name: &str, value: impl Into<Json>) {
    members.push((name.to_owned(), value.into()));
}

fn object(members: Members) -> Json {
    Json::Object(Object::from_unique(members))
}

fn money(amount: Nanos) -> Json {
    Json::from(amount.to_string())
}

pub(super) fn instant(second: i64) -> Json {
    let at = second.checked_mul(1000).and_then(Timestamp::from_ms);
    at.map_or(Json::Null, |at| Json::from(at.to_string()))
}

/// What stands in the cost columns, without zeros.
pub(super) fn costs(cost: &[Nanos; 7]) -> Json {
    let all = Column::ALL.iter().zip(cost).filter(|(_, cost)| !cost.is_zero());
    object(all.map(|(column, cost)| (column.as_str().to_owned(), money(*cost))).collect())
}

/// What is attributed, without zeros.
pub(super) fn attributed(row: &Row) -> Option<Json> {
    let attributed = row.attributed();
    let all =
        [("idle", attributed.idle), ("shared", attributed.shared), ("shared_idle", attributed.shared_idle)];
    let members: Members = all
        .iter()
        .filter(|(_, cost)| !cost.is_zero())
        .map(|(name, cost)| ((*name).to_owned(), money(*cost)))
        .collect();
    (!members.is_empty()).then(|| object(members))
}

/// Core-seconds, byte-seconds and device-seconds.
fn amounts(amounts: &Amounts, gpu: u64, gpu_scale: u64) -> Json {
    let mut members = Members::new();
    let cpu = i128::try_from(amounts.cpu).unwrap_or(i128::MAX);
    put(&mut members, "cpu_core_seconds", text(cpu));
    put(&mut members, "memory_byte_seconds", amounts.memory.to_string());
    if gpu > 0 {
        put(&mut members, "gpu_device_seconds", device_seconds(gpu, gpu_scale).to_string());
    }
    object(members)
}

/// What was used of the resources of which that is known.
fn used(amounts: &Amounts, [cpu, memory]: [UsageBasis; 2]) -> Json {
    let known = |basis: UsageBasis, text: String| match basis {
        UsageBasis::None => Json::Null,
        UsageBasis::Series | UsageBasis::Average => Json::from(text),
    };
    let mut members = Members::new();
    let nanocores = i128::try_from(amounts.cpu).unwrap_or(i128::MAX);
    put(&mut members, "cpu_core_seconds", known(cpu, text(nanocores)));
    put(&mut members, "memory_byte_seconds", known(memory, amounts.memory.to_string()));
    object(members)
}

/// Seconds of `1/scale` milli-devices as seconds of devices.
fn device_seconds(gpu: u64, gpu_scale: u64) -> Exact {
    let devices = super::efficiency::exact(gpu.into());
    let unit = super::efficiency::exact(u128::from(gpu_scale.max(1)).saturating_mul(1000));
    devices.over(&unit).map(|fraction| fraction.round(9)).unwrap_or_default()
}

impl AllocationSet {
    /// The wire form: window, currency, config, rows, assets, totals, `difference`, diagnostics.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut members = Members::new();
        put(&mut members, "cluster", self.tables.cluster.as_str());
        put(
            &mut members,
            "window",
            Json::object([("start", instant(self.window.0)), ("end", instant(self.window.1))]),
        );
        put(&mut members, "currency", self.currency.code());
        put(&mut members, "config", self.config_json());
        put(&mut members, "reconciled", self.reconciled);
        let nodes = self.assets.iter().filter_map(|asset| asset.node.as_deref());
        let nodes: FxHashMap<u32, &NodeAsset> = nodes.map(|node| (node.node, node)).collect();
        put(
            &mut members,
            "rows",
            Json::Array(self.rows().map(|row| self.row_json(row, nodes.get(&row.node).copied())).collect()),
        );
        put(
            &mut members,
            "assets",
            Json::Array(self.assets.iter().map(|asset| self.asset_json(asset)).collect()),
        );
        put(&mut members, "totals", self.totals.to_json());
        put(&mut members, "difference", text(self.totals.difference()));
        if let Some(reason) = self.network_reason {
            put(&mut members, "not_priced", Json::object([("network", Json::from(reason))]));
        }
        put(
            &mut members,
            "diagnostics",
            Json::Array(self.diagnostics.iter().map(Diagnostic::to_json).collect()),
        );
        object(members)
    }

    /// The wire form of one of its rows.
    #[must_use]
    pub fn row_to_json(&self, row: &Row) -> Json {
        self.row_json(row, self.node_of(row))
    }

    /// Accelerators that a row claims, in device-seconds to nine places; `None` for none.
    #[must_use]
    pub fn device_seconds(&self, row: &Row) -> Option<Exact> {
        let scale = self.node_of(row).map_or(1, |node| node.gpu_scale);
        (row.gpu() > 0).then(|| device_seconds(row.gpu(), scale))
    }

    /// The node of a row: assets are in the order of kinds and keys, so it is searched for by halves.
    fn node_of(&self, row: &Row) -> Option<&NodeAsset> {
        let number = |asset: &Asset| asset.node.as_deref().map(|node| node.node);
        let at = self.assets.partition_point(|asset| {
            asset.kind == super::AssetKind::Node && number(asset).is_some_and(|number| number < row.node)
        });
        let found = self.assets.get(at).filter(|asset| number(asset) == Some(row.node));
        // Names that are special sort otherwise in sets of several windows.
        let found = found.or_else(|| self.assets.iter().find(|asset| number(asset) == Some(row.node)));
        found.and_then(|asset| asset.node.as_deref())
    }

    fn row_json(&self, row: &Row, node: Option<&NodeAsset>) -> Json {
        let mut members = Members::new();
        let unpriced = row.status == RowStatus::Unpriced;
        put(&mut members, "key", Json::array(self.key(row)));
        if let Some((kind, name)) = self.owner(row) {
            put(
                &mut members,
                "owner",
                Json::object([("kind", kind), ("name", name)].map(|(n, v)| (n, Json::from(v)))),
            );
        }
        if !self.services(row).is_empty() {
            put(&mut members, "services", Json::array(self.services(row).iter().map(Name::as_str)));
        }
        let labels = if row.kind.is_ordinary() { self.labels(row) } else { Vec::new() };
        if !labels.is_empty() {
            put(
                &mut members,
                "labels",
                Json::object(labels.into_iter().map(|(name, value)| (name, Json::from(value)))),
            );
        }
        if row.kind.is_ordinary() && row.end > row.start {
            let at = |second: u32| instant(self.window.0.saturating_add(second.into()));
            put(&mut members, "start", at(row.start));
            put(&mut members, "end", at(row.end));
        }
        if row.kind.is_ordinary() {
            let scale = node.map_or(1, |node| node.gpu_scale);
            put(&mut members, "requested", amounts(&row.requested(), row.gpu(), scale));
            let known = row.basis.iter().any(|basis| *basis != UsageBasis::None);
            put(&mut members, "used", if known { used(&row.used(), row.basis) } else { Json::Null });
            put(&mut members, "claimed", amounts(&row.claimed(), row.gpu(), scale));
        }
        if row.kind == RowKind::Container {
            let [cpu, memory] = row.basis;
            let basis = [("cpu", cpu), ("memory", memory)];
            put(
                &mut members,
                "usage_basis",
                Json::object(basis.map(|(name, basis)| (name, Json::from(basis.as_str())))),
            );
            let coverage = |known: u32| {
                super::aggregate::ppm(known.into(), row.seconds.into()).map_or(Json::Null, Json::from)
            };
            let [cpu, memory] = row.known_seconds();
            put(
                &mut members,
                "coverage_ppm",
                Json::object([("cpu", coverage(cpu)), ("memory", coverage(memory))]),
            );
        }
        if unpriced {
            put(&mut members, "cost", Json::Null);
        } else {
            put(&mut members, "cost", costs(&row.cost()));
        }
        if let Some(attributed) = attributed(row) {
            put(&mut members, "attributed", attributed);
        }
        put(&mut members, "total", if unpriced { Json::Null } else { money(row.total) });
        if self.reconciled && !unpriced {
            put(&mut members, "list", money(row.list()));
            put(&mut members, "reconciled", money(row.total));
        }
        if row.kind == RowKind::Idle
            && let Some(node) = node
        {
            let sum: i128 = node.pools.iter().map(|pool| i128::from(pool.unschedulable.get())).sum();
            put(&mut members, "unschedulable", text(sum));
        }
        put(&mut members, "status", row.status.as_str());
        object(members)
    }

    fn asset_json(&self, asset: &Asset) -> Json {
        let mut members = Members::new();
        put(&mut members, "kind", asset.kind.as_str());
        put(&mut members, "name", asset.name.as_str());
        put(&mut members, "provider_id", asset.provider_id.as_ref().map(Name::as_str));
        put(&mut members, "cost", asset.cost.map(|cost| cost.to_string()));
        if let Some(list) = asset.list {
            put(&mut members, "list", money(list));
        }
        put(&mut members, if asset.cost.is_some() { "source" } else { "reason" }, asset.source.as_str());
        if let Some(node) = &asset.node {
            if let Some(facts) = self.tables.nodes.get(place(node.node)) {
                put(&mut members, "instance_type", facts.instance_type.as_ref().map(Name::as_str));
            }
            put(&mut members, "start", instant(node.active.0));
            put(&mut members, "end", instant(node.active.1));
            if asset.cost.is_some() {
                put(&mut members, "pools", pools(node));
                put(&mut members, "unit_rates", self.unit_rates(node, asset.cost.unwrap_or_default()));
            }
        }
        object(members)
    }

    /// Derived prices of a core-hour, a GiB-hour and a GPU-hour, to twelve places: of the exact split, before pools are
    /// rounded.
    fn unit_rates(&self, node: &NodeAsset, cost: Nanos) -> Json {
        let exact = super::efficiency::exact;
        // An hour of a whole unit in the unit of each pool's capacity.
        let gpu = u128::from(node.gpu_scale.max(1)).saturating_mul(1000);
        let units = [("cpu_core_hour", 1_000_000_000_u128), ("memory_gib_hour", 1 << 30), ("gpu_hour", gpu)];
        let pools = node.pools.map(|pool| u128::from(pool.cost.get().max(0).unsigned_abs()));
        let split = super::node::split_weights(&node.capacity, self.config.split, &self.config.rates);
        let weights = if node.own_rates { pools } else { split.unwrap_or(pools) };
        let sum = exact(weights.iter().fold(0_u128, |sum, weight| sum.saturating_add(*weight)));
        let nano = exact(cost.get().max(0).unsigned_abs().into());
        let rate = |pool: &super::Pool, weight: u128, unit: u128| -> Option<Exact> {
            let hours = exact(unit.saturating_mul(3600));
            let capacity = exact(pool.capacity.checked_mul(1_000_000_000)?).times(&sum);
            Some(nano.times(&exact(weight)).times(&hours).over(&capacity)?.round(12))
        };
        let all =
            units.iter().zip(node.pools.iter().zip(weights)).filter_map(|((name, unit), (pool, weight))| {
                Some(((*name).to_owned(), Json::from(rate(pool, weight, *unit)?.to_string())))
            });
        object(all.collect())
    }

    /// The configuration as it was used.
    fn config_json(&self) -> Json {
        let config = &self.config;
        let split = match config.split {
            Split::PriceRatio => "price_ratio",
            Split::AwsSplit => "aws_split",
            Split::FixedShare => "fixed_share",
            Split::Explicit => "explicit",
        };
        let over = match config.over_allocation {
            OverAllocation::Line => "line",
            OverAllocation::Prorate => "prorate",
        };
        let scope = match config.idle_scope {
            IdleScope::Node => "node",
            IdleScope::Cluster => "cluster",
        };
        let mut members = Members::new();
        put(&mut members, "split", split);
        put(&mut members, "over_allocation", over);
        put(&mut members, "idle", idle_name(config.idle));
        put(&mut members, "idle_scope", scope);
        put(&mut members, "shared", Json::array(config.shared.iter().map(|shared| shared.name.as_str())));
        put(&mut members, "month_hours", config.month_hours.normalize().to_string());
        put(&mut members, "exclude_phases", Json::array(config.exclude_phases.iter().map(String::as_str)));
        object(members)
    }
}

pub(super) const fn idle_name(idle: Idle) -> &'static str {
    match idle {
        Idle::Keep => "keep",
        Idle::Share => "share",
    }
}

impl Totals {
    /// The wire form: every sum as decimal text.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let sums = [
            ("assets", self.assets),
            ("allocated", self.allocated),
            ("idle", self.idle),
            ("over_allocated", self.over_allocated),
            ("unmounted", self.unmounted),
            ("other", self.other),
        ];
        let mut members: Members = sums.map(|(name, sum)| (name.to_owned(), Json::from(text(sum)))).into();
        put(&mut members, "unpriced_assets", self.unpriced_assets);
        object(members)
    }
}

fn pools(node: &NodeAsset) -> Json {
    let named = super::direct::RESOURCES.iter().zip(&node.pools);
    let all = named.filter(|(_, pool)| pool.capacity > 0 || !pool.cost.is_zero()).map(|(name, pool)| {
        let mut members = Members::new();
        put(&mut members, "cost", money(pool.cost));
        put(&mut members, "idle", money(pool.idle));
        put(&mut members, "unschedulable", money(pool.unschedulable));
        ((*name).to_owned(), object(members))
    });
    object(all.collect())
}

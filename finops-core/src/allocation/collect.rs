//! From an inventory to rows with their claims and assets with their prices, one node after the other.

mod amounts;
mod extras;
mod pods;
mod services;

use super::{
    accelerator::Devices,
    claim::{UsageIndex, Use, claim},
    config::{AllocationConfig, SharedSource, window_empty},
    direct::{Pricing, below, set_pools, split_pools},
    node::{Capacity, NodeAsset, NodePrice, Pool, active, monthly, price, seconds},
    row::{Amounts, NONE, Row, RowKind, RowStatus, index, place},
    set::{AllocationSet, Asset, AssetKind, Tables},
    tables::{Numbers, find},
};
use crate::{
    error::Fault,
    inventory::{ClusterInventory, Container, Diagnostic, Interval, Name, Node, Pod},
    money::{Currency, Nanos, overflow},
    price::PriceBook,
};
use amounts::{allocatable, pod_interval, requests, reserved};
use extras::Extras;
use pods::{One, Placed, PodNotes, PodOrder};
use std::collections::BTreeMap;

/// Milliseconds of a day: the window where none is given.
const DAY_MS: i64 = 86_400_000;
/// Seconds of an hour.
const HOUR: u128 = 3600;
/// Below this share of known time, in percent, a series says little about its container.
const LOW_COVERAGE_PERCENT: u64 = 50;

/// What the passes over pods share.
pub(super) struct Collector<'a> {
    inventory: &'a ClusterInventory,
    config: &'a AllocationConfig,
    window: (i64, i64),
    usage: UsageIndex<'a>,
    rows: Vec<Row>,
    pricing: Pricing,
    diagnostics: Vec<Diagnostic>,
    /// Containers with an extended resource that is no accelerator, by resource.
    unmapped: BTreeMap<String, u64>,
    running: Vec<(i64, i64)>,
    intervals: Vec<(i64, i64)>,
    active: Vec<(i64, i64)>,
}

/// Rows with claims and what they cost of their nodes, and assets with prices.
pub(super) fn collect(
    inventory: &ClusterInventory,
    prices: &PriceBook,
    config: &AllocationConfig,
) -> Result<AllocationSet, Fault> {
    let before = inventory.as_of.saturating_add_ms(DAY_MS.saturating_neg());
    let window =
        config.window.or(inventory.window).unwrap_or(Interval { start: before, end: inventory.as_of });
    let window = (seconds(window.start), seconds(window.end));
    if window.1 <= window.0 {
        return Err(window_empty("window"));
    }
    let currency: Currency = match inventory.currency.as_str() {
        "" => Currency::USD,
        code => code.parse().map_err(|_| {
            let problem = format!("`{}` is no ISO 4217 currency", crate::error::shorten(code));
            Fault::new("allocation.currency_mismatch", "currency", problem, "write it like `USD`")
        })?,
    };
    let empty = Name::default();
    let mut namespaces = Numbers::of_about(0);
    let usage = UsageIndex::new(inventory.usage.as_deref().unwrap_or_default());
    let notes = PodNotes::of(inventory, config, &empty, &mut namespaces, window, &usage)?;
    let (tables, mut order) = notes.finish(inventory, namespaces, window)?;
    let mut collector = Collector {
        inventory,
        config,
        window,
        usage,
        rows: Vec::new(),
        pricing: Pricing::of(config),
        diagnostics: Vec::new(),
        unmapped: BTreeMap::new(),
        running: Vec::new(),
        intervals: Vec::new(),
        active: Vec::new(),
    };
    let extras = Extras::of(&collector, prices, &tables, &mut order)?;
    // Room for all: growing would hold the rows twice.
    let special = tables.nodes.len().saturating_mul(2).saturating_add(extras.rows());
    collector.rows.reserve_exact(order.rows.saturating_add(special));
    collector.finish(prices, currency, tables, order, extras)
}

impl<'a> Collector<'a> {
    fn finish(
        mut self,
        prices: &PriceBook,
        currency: Currency,
        tables: Tables,
        mut order: PodOrder<'a>,
        mut extras: Extras,
    ) -> Result<AllocationSet, Fault> {
        let nodes = std::mem::take(&mut order.nodes);
        let mut assets = Vec::with_capacity(nodes.len().saturating_add(extras.assets.len()));
        let mut pods = Vec::new();
        for (number, node) in (0_u32..).zip(&nodes) {
            order.of_node(number, &mut pods);
            self.node(number, *node, &pods, &order, &mut extras, prices, &tables, &mut assets)?;
        }
        drop(order);
        self.diagnostics.append(&mut self.pricing.diagnostics);
        assets.append(&mut extras.assets);
        assets.extend(shared_assets(self.config, self.window)?);
        self.diagnostics.append(&mut extras.diagnostics);
        self.diagnostics.extend(self.unmapped.into_iter().map(|(resource, count)| {
            let message = "no device is configured for this resource; set `accelerators`";
            let mut remark = Diagnostic::new("allocation.unmapped_resource", message).times(count);
            remark.resource = Some(Name::from(resource));
            remark
        }));
        Ok(AllocationSet {
            window: self.window,
            currency,
            config: self.config.clone(),
            tables,
            rows: self.rows,
            assets,
            totals: self.pricing.totals,
            diagnostics: self.diagnostics,
            network_reason: extras.network_reason,
            reconciled: false,
            accumulated: false,
        })
    }

    /// The rows of one node in the order of keys, and its asset.
    #[expect(clippy::too_many_arguments, reason = "one pass over everything that a node has")]
    fn node(
        &mut self,
        number: u32,
        node: Option<&'a Node>,
        pods: &[Placed<'a>],
        order: &PodOrder<'a>,
        extras: &mut Extras,
        prices: &PriceBook,
        tables: &Tables,
        assets: &mut Vec<Asset>,
    ) -> Result<(), Fault> {
        let active = active(node, self.window);
        let devices = Devices::of(node, &self.config.accelerators);
        let capacity = node.map(|node| Capacity::of(node, &devices));
        let time = active.1.saturating_sub(active.0).max(0).unsigned_abs();
        let cost = match (node, &capacity) {
            (Some(node), Some(capacity)) => {
                Some(price(node, capacity, time, self.inventory, prices, self.config)?)
            }
            _ => None,
        };
        let priced = matches!(cost, Some(NodePrice::Whole(..) | NodePrice::Pools(_)));
        let start = self.rows.len();
        // Rows of no node hold what nobody mounts, by namespace.
        let mut unmounted = if number == 0 { std::mem::take(&mut extras.unmounted) } else { BTreeMap::new() };
        let mut unknown = 0_u64;
        for placed in pods {
            while let Some(first) = unmounted.first_entry().filter(|entry| *entry.key() < placed.namespace) {
                self.unmounted(first.remove_entry(), extras)?;
            }
            let before = self.rows.len();
            self.pod(number, placed, node.map(|_| active), &devices, priced, order, extras, tables)?;
            let unpriced = self.rows.get(before..).unwrap_or_default().iter();
            if node.is_none() && unpriced.into_iter().any(|row| row.status == RowStatus::Unpriced) {
                unknown = unknown.saturating_add(1);
            }
        }
        while let Some(first) = unmounted.first_entry() {
            self.unmounted(first.remove_entry(), extras)?;
        }
        let name = tables.nodes.get(place(number)).map(|facts| facts.name.as_str()).unwrap_or_default();
        if unknown > 0 {
            let message = "pods ran on a node that is not part of the inventory; their cost is unknown";
            self.diagnostics
                .push(Diagnostic::new("allocation.unknown_node", message).about(name).times(unknown));
        }
        if number == 0 {
            // Where nothing is shared or unmatched these rows have no cost and do not show.
            self.rows.push(Row::new(RowKind::Shared, number, NONE));
            self.rows.push(Row::new(RowKind::Unmatched, number, NONE));
        }
        let (Some(node), Some(capacity), Some(cost)) = (node, capacity, cost) else { return Ok(()) };
        let end = self.rows.len();
        let mut asset = Asset {
            kind: AssetKind::Node,
            name: name.to_owned(),
            provider_id: node.provider_id.clone(),
            cost: None,
            list: None,
            source: "inventory".to_owned(),
            node: None,
            users: Vec::new(),
        };
        let mut parts = NodeAsset {
            node: number,
            rows: (start, end),
            active,
            capacity,
            allocatable: allocatable(node),
            gpu_scale: devices.scale(),
            own_rates: matches!(cost, NodePrice::Pools(_)),
            pools: [Pool::default(); 3],
        };
        let pool_capacity = capacity.over(time).ok_or_else(overflow)?;
        for (pool, capacity) in parts.pools.iter_mut().zip(pool_capacity) {
            pool.capacity = capacity;
        }
        match cost {
            NodePrice::Whole(cost, source) => {
                asset.cost = Some(cost);
                asset.source = source;
            }
            NodePrice::Pools(costs) => {
                let costs = costs.map(|cost| i128::from(cost.get()));
                set_pools(&mut parts.pools, &costs)?;
                asset.cost = Some(super::row::nanos(costs.iter().sum())?);
            }
            NodePrice::Unknown(reason) => {
                let remark = Diagnostic::new("allocation.unpriced_node", reason.clone()).about(name);
                self.diagnostics.push(remark);
                asset.source = reason;
            }
        }
        if let Some(cost) = asset.cost {
            self.rows.push(Row::new(RowKind::Idle, number, NONE));
            self.rows.push(Row::new(RowKind::OverAllocated, number, NONE));
            if !parts.own_rates {
                split_pools(self.config, &mut parts, cost).map_err(|fault| below(fault, name))?;
            }
            let rows = self.rows.get_mut(start..).unwrap_or_default();
            self.pricing.node(rows, name, &mut parts).map_err(|fault| below(fault, name))?;
            self.pricing.totals(rows, &parts)?;
        }
        asset.node = Some(Box::new(parts));
        assets.push(asset);
        Ok(())
    }

    fn unmounted(
        &mut self,
        (namespace, users): (u32, Vec<(usize, usize)>),
        extras: &mut Extras,
    ) -> Result<(), Fault> {
        let row = index(self.rows.len())?;
        self.rows.push(Row::new(RowKind::Unmounted, 0, namespace));
        extras.place(&users, row);
        Ok(())
    }

    /// The rows of one pod.
    #[expect(clippy::too_many_arguments, reason = "what a node has, for each of its pods")]
    fn pod(
        &mut self,
        node: u32,
        placed: &Placed<'a>,
        active: Option<(i64, i64)>,
        devices: &Devices<'_>,
        priced: bool,
        order: &PodOrder<'a>,
        extras: &mut Extras,
        tables: &Tables,
    ) -> Result<(), Fault> {
        let pod = placed.pod;
        let status = if priced { RowStatus::Priced } else { RowStatus::Unpriced };
        let row = |kind| {
            let mut row = Row::new(kind, node, placed.namespace);
            (row.pod, row.status) = (placed.facts, status);
            row
        };
        let reserved = match placed.one {
            Some(one) => {
                self.one(row(RowKind::Container), placed, one, active, order)?;
                None
            }
            None => {
                let mut several: Vec<&'a Container> = pod.containers.iter().collect();
                several.sort_by(|a, b| super::key::canonical(&a.name, &b.name));
                for container in several {
                    self.container(row(RowKind::Container), pod, container, active, devices, tables)?;
                }
                reserved(pod)
            }
        };
        let users = extras.users_of(placed.facts);
        if reserved.is_none() && users.is_none() {
            return Ok(());
        }
        let mut row = row(RowKind::Pod);
        if let Some([cpu, memory]) = reserved {
            let span = [pod_interval(pod, self.window)];
            self.time(&span, active);
            row.seconds = total_seconds(&self.active);
            (row.start, row.end) = self.ends();
            let over = |amount: u64| u128::from(amount).saturating_mul(row.seconds.into());
            let requested = Amounts { cpu: over(cpu), memory: over(memory) };
            row.set_amounts(requested, Amounts::default(), requested);
        } else {
            // Nothing of its node belongs to this row.
            row.status = RowStatus::Priced;
            clip(&[pod_interval(pod, self.window)], self.window, &mut self.active);
            (row.start, row.end) = self.ends();
        }
        if let Some(users) = users {
            extras.place(&users, index(self.rows.len())?);
        }
        self.rows.push(row);
        Ok(())
    }

    /// The row of a container that is all of its pod, from what was noted of it.
    fn one(
        &mut self,
        mut row: Row,
        placed: &Placed<'a>,
        one: One,
        active: Option<(i64, i64)>,
        order: &PodOrder<'a>,
    ) -> Result<(), Fault> {
        let at = |offset: u32| self.window.0.saturating_add(offset.into());
        let time = [(at(one.time.0), at(one.time.1))];
        if time.iter().all(|(from, to)| from >= to) {
            return Ok(());
        }
        self.time(&time, active);
        row.container = one.container;
        let (amounts, uses) = (order.amounts.get(one.amounts), order.uses(placed.facts));
        self.claimed(row, placed.pod, None, amounts, uses, 0)
    }

    fn container(
        &mut self,
        mut row: Row,
        pod: &Pod,
        container: &Container,
        active: Option<(i64, i64)>,
        devices: &Devices<'_>,
        tables: &Tables,
    ) -> Result<(), Fault> {
        let now = self.window.1;
        let mut running = std::mem::take(&mut self.running);
        running.clear();
        let times = container.running.as_deref().unwrap_or_default();
        running.extend(times.iter().map(|(from, to)| (seconds(*from), to.map_or(now, seconds))));
        self.time(&running, active);
        self.running = running;
        if self.intervals.is_empty() {
            return Ok(());
        }
        row.container = find(&tables.containers, &container.name, Name::as_str).unwrap_or(NONE);
        let unmapped = &mut self.unmapped;
        let gpu = devices.claim(container.requests.as_ref(), container.limits.as_ref(), |resource| {
            let count = unmapped.entry(resource.to_owned()).or_insert(0);
            *count = count.saturating_add(1);
        });
        let uses = self.usage.find(&pod.namespace, &pod.name, &container.name);
        self.claimed(row, pod, Some(container), requests(container), uses, gpu)
    }

    /// Adds the row of a container whose time is set; without one, of the only one of its pod.
    fn claimed(
        &mut self,
        mut row: Row,
        pod: &Pod,
        container: Option<&Container>,
        [cpu, memory]: [u64; 2],
        uses: [Use<'_>; 2],
        gpu: u64,
    ) -> Result<(), Fault> {
        row.seconds = total_seconds(&self.active);
        let outside = total_seconds(&self.intervals).saturating_sub(row.seconds);
        if outside > 0 {
            let message = "seconds of its running time lie outside the life of its node and are not counted";
            let remark = Diagnostic::new("allocation.outside_node_life", message);
            self.diagnostics.push(remark.about(subject(pod, container)).times(outside.into()));
        }
        (row.start, row.end) = self.ends();
        let time = u64::from(row.seconds);
        let [of_cpu, of_memory] = uses;
        let sampled = uses.map(|of| matches!(of, Use::Samples(..)));
        let claims = [claim(cpu, of_cpu, &self.active, time), claim(memory, of_memory, &self.active, time)];
        row.set_gpu(gpu.checked_mul(time).ok_or_else(overflow)?);
        let over = |amount: u64| u128::from(amount).saturating_mul(time.into());
        row.set_amounts(
            Amounts { cpu: over(cpu), memory: over(memory) },
            Amounts { cpu: claims[0].used, memory: claims[1].used },
            Amounts { cpu: claims[0].claimed, memory: claims[1].claimed },
        );
        row.basis = claims.map(|claim| claim.basis);
        row.set_known_seconds(claims.map(|claim| u32::try_from(claim.known).unwrap_or(u32::MAX)));
        for ((resource, claim), sampled) in ["cpu", "memory"].into_iter().zip(claims).zip(sampled) {
            let low = claim.known.saturating_mul(100) < time.saturating_mul(LOW_COVERAGE_PERCENT);
            if sampled && low {
                let message = format!(
                    "use is known for {} of {time} seconds; the request counts for the rest",
                    claim.known
                );
                let mut remark =
                    Diagnostic::new("allocation.low_coverage", message).about(subject(pod, container));
                remark.resource = Some(Name::from(resource));
                self.diagnostics.push(remark);
            }
        }
        self.rows.push(row);
        Ok(())
    }

    /// First second and end of the active intervals, from the start of the window.
    fn ends(&self) -> (u32, u32) {
        let from = |second: i64| u32::try_from(second.saturating_sub(self.window.0)).unwrap_or(0);
        let (first, last) = (self.active.first(), self.active.last());
        (first.map_or(0, |interval| from(interval.0)), last.map_or(0, |interval| from(interval.1)))
    }

    /// Sets the intervals within the window, and those of them in which the node was there.
    fn time(&mut self, running: &[(i64, i64)], active: Option<(i64, i64)>) {
        clip(running, self.window, &mut self.intervals);
        match active {
            Some(active) => clip(&self.intervals, active, &mut self.active),
            None => self.active.clone_from(&self.intervals),
        }
    }
}

/// What a remark on a container is about; without one, on the only one of its pod.
// Never inline: the compiler would load the pod for every row, and each load waits for memory.
#[cold]
#[inline(never)]
fn subject(pod: &Pod, container: Option<&Container>) -> String {
    let container = container.or(pod.containers.first());
    format!("{}/{}/{}", pod.namespace, pod.name, container.map_or("", |container| &container.name))
}

/// The intervals within `bounds`, sorted and without overlap.
fn clip(intervals: &[(i64, i64)], bounds: (i64, i64), out: &mut Vec<(i64, i64)>) {
    out.clear();
    if let [(start, end)] = intervals {
        let (start, end) = ((*start).max(bounds.0), (*end).min(bounds.1));
        if start < end {
            out.push((start, end));
        }
        return;
    }
    out.extend(super::presence::merged(bounds, intervals));
}

fn total_seconds(intervals: &[(i64, i64)]) -> u32 {
    let sum =
        intervals.iter().fold(0_i64, |sum, (start, end)| sum.saturating_add(end.saturating_sub(*start)));
    u32::try_from(sum).unwrap_or(u32::MAX)
}

/// Fixed amounts that tenants share.
pub(super) fn shared_assets(config: &AllocationConfig, window: (i64, i64)) -> Result<Vec<Asset>, Fault> {
    let time = u128::from(window.1.saturating_sub(window.0).max(0).unsigned_abs());
    let mut out = Vec::new();
    for (position, shared) in config.shared.iter().enumerate() {
        let cost = match shared.source {
            SharedSource::Amount(amount) => Nanos::from_decimal(amount),
            SharedSource::Hourly(price) => Nanos::of(price, time, HOUR),
            SharedSource::Monthly(price) => monthly(price, time, config.month_hours),
            SharedSource::Namespaces(_) | SharedSource::Filter(_) => continue,
        };
        let cost = cost.map_err(|fault| fault.below(&format!("shared[{position}]")))?;
        out.push(Asset::plain(AssetKind::Shared, shared.name.clone(), Some(cost), "configuration"));
    }
    Ok(out)
}

impl Asset {
    pub(super) fn plain(kind: AssetKind, name: String, cost: Option<Nanos>, source: &str) -> Self {
        Self {
            kind,
            name,
            provider_id: None,
            cost,
            list: None,
            source: source.to_owned(),
            node: None,
            users: Vec::new(),
        }
    }
}

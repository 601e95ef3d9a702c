//! What pods cost besides their nodes: volumes, load balancers and network, each with its users.

use super::{
    Collector, pod_interval,
    pods::{Placed, PodOrder},
};
use crate::{
    allocation::{
        config::NetworkTraffic,
        node::{monthly, seconds},
        presence::presence_weights,
        row::{NONE, nanos, place},
        set::{Asset, AssetKind, NamespaceFacts, Tables},
        tables::find,
    },
    error::Fault,
    inventory::{ClusterInventory, Diagnostic, Name, ServiceCost, Volume, VolumeCost, VolumeUse},
    money::{Nanos, overflow},
    price::PriceBook,
    time::Timestamp,
};
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

const BYTES_PER_GIB: u128 = 1 << 30;
const SECONDS_PER_HOUR: u128 = 3600;

/// Assets that pods use, and who waits for a row: positions of an asset and of a user in it.
#[derive(Default)]
pub(super) struct Extras {
    pub(super) assets: Vec<Asset>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) network_reason: Option<&'static str>,
    /// By namespace: what nobody used.
    pub(super) unmounted: BTreeMap<u32, Vec<(usize, usize)>>,
    /// By pod.
    users: FxHashMap<u32, Vec<(usize, usize)>>,
}

impl Extras {
    pub(super) fn of(
        collector: &Collector<'_>,
        prices: &PriceBook,
        tables: &Tables,
        order: &mut PodOrder<'_>,
    ) -> Result<Self, Fault> {
        let mut extras = Self::default();
        let inventory = collector.inventory;
        let things = [
            inventory.volumes.as_deref().unwrap_or_default().len(),
            inventory.services.as_deref().unwrap_or_default().len(),
            inventory.ingresses.as_deref().unwrap_or_default().len(),
            collector.config.network.len(),
        ];
        let order = if things == [0; 4] { Vec::new() } else { order.all() };
        let order = order.as_slice();
        extras.volumes(collector, prices, tables, order)?;
        extras.balancers(collector, tables, order)?;
        extras.network(collector, tables, order)?;
        Ok(extras)
    }

    /// How many rows wait here.
    pub(super) fn rows(&self) -> usize {
        self.users.len().saturating_add(self.unmounted.len())
    }

    /// What a pod uses; it is told once.
    pub(super) fn users_of(&mut self, pod: u32) -> Option<Vec<(usize, usize)>> {
        if self.users.is_empty() { None } else { self.users.remove(&pod) }
    }

    /// Names the row of users.
    pub(super) fn place(&mut self, users: &[(usize, usize)], row: u32) {
        for (asset, user) in users {
            if let Some(user) = self.assets.get_mut(*asset).and_then(|asset| asset.users.get_mut(*user)) {
                user.0 = row;
            }
        }
    }

    /// An asset that pods use by presence within `time`; the rest is the namespace's.
    fn shared(
        &mut self,
        mut asset: Asset,
        namespace: u32,
        time: (i64, i64),
        pods: &[&Placed<'_>],
    ) -> Result<(), Fault> {
        let intervals: Vec<Vec<(i64, i64)>> =
            pods.iter().map(|placed| vec![pod_interval(placed.pod, time)]).collect();
        let weights = presence_weights(time, &intervals)?;
        let at = self.assets.len();
        let nobody = weights.len().saturating_sub(1);
        for (position, weight) in weights.into_iter().enumerate().filter(|(_, weight)| *weight > 0) {
            let user = (at, asset.users.len());
            asset.users.push((NONE, weight));
            match pods.get(position).filter(|_| position < nobody) {
                Some(placed) => self.users.entry(placed.facts).or_default().push(user),
                None => self.unmounted.entry(namespace).or_default().push(user),
            }
        }
        self.assets.push(asset);
        Ok(())
    }

    fn unpriced(&mut self, code: &'static str, asset: Asset) {
        self.diagnostics.push(Diagnostic::new(code, asset.source.clone()).about(asset.name.clone()));
        self.assets.push(asset);
    }

    fn volumes(
        &mut self,
        collector: &Collector<'_>,
        prices: &PriceBook,
        tables: &Tables,
        order: &[Placed<'_>],
    ) -> Result<(), Fault> {
        let mut volumes: Vec<&Volume> =
            collector.inventory.volumes.as_deref().unwrap_or_default().iter().collect();
        if volumes.is_empty() {
            return Ok(());
        }
        volumes.sort_by(|a, b| (&a.claim, &a.pv, &a.volume_id).cmp(&(&b.claim, &b.pv, &b.volume_id)));
        let mut claims: Vec<(u32, &Name, usize)> = Vec::new();
        for (position, placed) in order.iter().enumerate() {
            for used in placed.pod.volumes.iter().flat_map(|volumes| volumes.iter()) {
                if let VolumeUse::Claim(name) = used {
                    claims.push((placed.namespace, name, position));
                }
            }
        }
        claims.sort_unstable();
        claims.dedup();
        let region = only_region(collector.inventory);
        for volume in volumes {
            // A claim that waits for its volume costs nothing yet.
            if volume.pv.is_none() && volume.phase.as_deref() == Some("Pending") {
                continue;
            }
            let Some(time) = lifetime(volume.created_at, collector.window) else { continue };
            let namespace = volume.claim.as_ref().map_or("", |claim| claim.namespace.as_str());
            let number = find(&tables.namespaces, namespace, |facts: &NamespaceFacts| facts.name.as_str())
                .unwrap_or(0);
            let name = match (&volume.claim, &volume.pv, &volume.volume_id) {
                (Some(claim), ..) => format!("{}/{}", claim.namespace, claim.name),
                (None, Some(name), _) | (None, None, Some(name)) => name.to_string(),
                (None, None, None) => String::new(),
            };
            let (cost, source) = volume_cost(volume, time, collector, prices, region)?;
            let mut asset = Asset::plain(AssetKind::Volume, name, cost, &source);
            asset.provider_id.clone_from(&volume.volume_id);
            if cost.is_none() {
                self.unpriced("allocation.unpriced_volume", asset);
                continue;
            }
            let users: Vec<&Placed<'_>> = match &volume.claim {
                Some(claim) => {
                    let key = (number, &claim.name);
                    let start = claims.partition_point(|entry| (entry.0, entry.1) < key);
                    let same = claims.get(start..).unwrap_or_default().iter();
                    let same = same.take_while(|entry| (entry.0, entry.1) == key);
                    same.filter_map(|entry| order.get(entry.2)).collect()
                }
                None => Vec::new(),
            };
            self.shared(asset, number, time, &users)?;
        }
        Ok(())
    }

    fn balancers(
        &mut self,
        collector: &Collector<'_>,
        tables: &Tables,
        order: &[Placed<'_>],
    ) -> Result<(), Fault> {
        let services = collector.inventory.services.as_deref().unwrap_or_default();
        let ingresses = collector.inventory.ingresses.as_deref().unwrap_or_default();
        // What costs, with its namespace, name, cost, start and the services whose pods use it.
        let mut things = Vec::new();
        for service in services {
            if service.cost.is_some() || service.r#type.as_deref() == Some("LoadBalancer") {
                things.push((
                    &service.namespace,
                    &service.name,
                    service.cost,
                    service.created_at,
                    vec![&service.name],
                ));
            }
        }
        for ingress in ingresses.iter().filter(|ingress| ingress.cost.is_some()) {
            let behind = ingress.backends.iter().flatten().collect();
            things.push((&ingress.namespace, &ingress.name, ingress.cost, ingress.created_at, behind));
        }
        if things.is_empty() {
            return Ok(());
        }
        things.sort_by(|a, b| (a.0, a.1, &a.4).cmp(&(b.0, b.1, &b.4)));
        let mut pods: FxHashMap<(u32, &str), Vec<usize>> = FxHashMap::default();
        let mut selected: FxHashMap<(u32, &str), Vec<usize>> = FxHashMap::default();
        for (position, placed) in order.iter().enumerate() {
            pods.entry((placed.namespace, &placed.pod.name)).or_default().push(position);
            let facts = tables.pods.get(place(placed.facts));
            for service in facts.and_then(|facts| facts.services.as_deref()).into_iter().flatten() {
                selected.entry((placed.namespace, service)).or_default().push(position);
            }
        }
        let ready: FxHashMap<(&str, &str), &[Name]> = services
            .iter()
            .filter_map(|service| {
                Some((
                    (service.namespace.as_str(), service.name.as_str()),
                    service.ready_endpoints.as_deref()?,
                ))
            })
            .collect();
        for (namespace, name, cost, created_at, behind) in things {
            let Some(time) = lifetime(created_at, collector.window) else { continue };
            let number = find(&tables.namespaces, namespace, |facts: &NamespaceFacts| facts.name.as_str())
                .unwrap_or(0);
            let length = u128::from(time.1.saturating_sub(time.0).max(0).unsigned_abs());
            let cost = match cost {
                Some(ServiceCost::Hourly(price)) => Some(Nanos::of(price, length, SECONDS_PER_HOUR)?),
                Some(ServiceCost::Monthly(price)) => {
                    Some(monthly(price, length, collector.config.month_hours)?)
                }
                Some(ServiceCost::Total(total)) => Some(Nanos::from_decimal(total)?),
                None => None,
            };
            let source = if cost.is_some() { "inventory" } else { "the load balancer has no cost" };
            let asset = Asset::plain(AssetKind::LoadBalancer, format!("{namespace}/{name}"), cost, source);
            if cost.is_none() {
                self.unpriced("allocation.unpriced_load_balancer", asset);
                continue;
            }
            let mut users: Vec<usize> = Vec::new();
            for service in behind {
                // Endpoints say who serves; where they are unknown, the selector does.
                match ready.get(&(namespace.as_str(), service.as_str())) {
                    Some(names) => {
                        let found = names.iter().filter_map(|pod| pods.get(&(number, pod.as_str())));
                        users.extend(found.flatten());
                    }
                    None => users.extend(selected.get(&(number, service.as_str())).into_iter().flatten()),
                }
            }
            users.sort_unstable();
            users.dedup();
            let users: Vec<&Placed<'_>> =
                users.into_iter().filter_map(|position| order.get(position)).collect();
            self.shared(asset, number, time, &users)?;
        }
        Ok(())
    }

    /// Traffic is priced by pod and class, each amount rounded once; a billed total is divided by those amounts.
    fn network(
        &mut self,
        collector: &Collector<'_>,
        tables: &Tables,
        order: &[Placed<'_>],
    ) -> Result<(), Fault> {
        let (traffic, prices) = (&collector.config.network, &collector.config.network_prices);
        let mut amounts: BTreeMap<(u32, &str), i128> = BTreeMap::new();
        if traffic.is_empty() {
            self.network_reason = Some("no_network_traffic");
            return Ok(());
        }
        for pod in traffic {
            let NetworkTraffic { namespace, pod: name, zone, region, internet } = pod;
            let number = find(&tables.namespaces, namespace, |facts: &NamespaceFacts| facts.name.as_str())
                .unwrap_or(0);
            for (bytes, price) in [(zone, prices.zone), (region, prices.region), (internet, prices.internet)]
            {
                if *bytes == 0 {
                    continue;
                }
                let Some(price) = price else {
                    self.network_reason = Some("no_network_price");
                    continue;
                };
                let amount = Nanos::of(price, (*bytes).into(), BYTES_PER_GIB)?;
                let sum = amounts.entry((number, name)).or_insert(0);
                *sum = sum.checked_add(amount.get().into()).ok_or_else(overflow)?;
            }
        }
        let cost = match prices.total {
            Some(total) => Nanos::from_decimal(total)?,
            None => nanos(amounts.values().sum())?,
        };
        let mut first: FxHashMap<(u32, &str), u32> = FxHashMap::default();
        for placed in order {
            first.entry((placed.namespace, &placed.pod.name)).or_insert(placed.facts);
        }
        let mut asset = Asset::plain(AssetKind::Network, "network".to_owned(), Some(cost), "configuration");
        let at = self.assets.len();
        if amounts.values().all(|amount| *amount == 0) {
            amounts.clear();
            self.unmounted.entry(0).or_default().push((at, 0));
            asset.users.push((NONE, 1));
        }
        for ((namespace, pod), amount) in amounts {
            let user = (at, asset.users.len());
            asset.users.push((NONE, amount.max(0).unsigned_abs()));
            match first.get(&(namespace, pod)) {
                Some(facts) => self.users.entry(*facts).or_default().push(user),
                // The traffic of a pod that is not part of the inventory belongs to its namespace.
                None => self.unmounted.entry(namespace).or_default().push(user),
            }
        }
        self.assets.push(asset);
        Ok(())
    }
}

/// The part of the window in which a thing existed.
fn lifetime(created_at: Option<Timestamp>, window: (i64, i64)) -> Option<(i64, i64)> {
    let start = created_at.map_or(window.0, |at| seconds(at).max(window.0));
    (start < window.1).then_some((start, window.1))
}

/// The region of the nodes, if there is one only: volumes name none.
fn only_region(inventory: &ClusterInventory) -> Option<&str> {
    let mut regions =
        inventory.nodes.as_deref().unwrap_or_default().iter().map(|node| node.region.as_deref());
    let first = regions.next()??;
    regions.all(|region| region == Some(first)).then_some(first)
}

/// What a volume costs, and where that is from or why it is unknown.
fn volume_cost(
    volume: &Volume,
    time: (i64, i64),
    collector: &Collector<'_>,
    prices: &PriceBook,
    region: Option<&str>,
) -> Result<(Option<Nanos>, String), Fault> {
    let seconds = u128::from(time.1.saturating_sub(time.0).max(0).unsigned_abs());
    let month = collector.config.month_hours;
    let size = volume.size.or(volume.requested).and_then(|size| u128::try_from(size.whole()).ok());
    let by_size = |price: Decimal| -> Result<Option<Nanos>, Fault> {
        let Some(bytes) = size else { return Ok(None) };
        let amount = bytes.checked_mul(seconds).ok_or_else(overflow)?;
        // bytes * price * seconds / (2^30 * month * 3600), the month being mantissa / 10^scale.
        let scale = 10_u128.checked_pow(month.scale()).ok_or_else(overflow)?;
        let divisor =
            month.mantissa().unsigned_abs().checked_mul(SECONDS_PER_HOUR.saturating_mul(BYTES_PER_GIB));
        let numerator = amount.checked_mul(scale).ok_or_else(overflow)?;
        Nanos::of(price, numerator, divisor.ok_or_else(overflow)?).map(Some)
    };
    let known = |cost: Option<Nanos>| {
        let source = if cost.is_some() { "inventory" } else { "the volume has no size" };
        (cost, source.to_owned())
    };
    let configured = || {
        let keys = [volume.storage_class.as_deref(), volume.r#type.as_deref()];
        keys.into_iter().flatten().find_map(|key| collector.config.volume_prices.get(key))
    };
    Ok(match volume.cost {
        Some(VolumeCost::GibMonth(price)) => known(by_size(price)?),
        Some(VolumeCost::Monthly(price)) => known(Some(monthly(price, seconds, month)?)),
        Some(VolumeCost::Hourly(price)) => known(Some(Nanos::of(price, seconds, SECONDS_PER_HOUR)?)),
        Some(VolumeCost::Total(total)) => known(Some(Nanos::from_decimal(total)?)),
        None => match (configured(), volume.r#type.as_deref(), region) {
            (Some(price), ..) => (by_size(*price)?, "volume_prices".to_owned()),
            (None, Some(kind), Some(region)) => {
                match prices.volume(region, kind, Some(collector.inventory.as_of)) {
                    Ok(price) if price.currency.code() == collector.inventory.currency.as_str() => (
                        by_size(price.amount)?,
                        format!("{} in {}: {}", price.sku, price.region, price.source),
                    ),
                    Ok(_) => (None, "its list price is in another currency".to_owned()),
                    Err(fault) => (None, fault.problem().to_owned()),
                }
            }
            _ => (None, "it has no cost, and no type and region to look one up".to_owned()),
        },
    })
}

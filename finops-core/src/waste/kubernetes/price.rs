//! What capacity costs: nodes, their resources, requests, volumes and balancers.

use super::figures::seconds_between;
use crate::{
    inventory::{
        ClusterInventory, Node, NodeCost, Pod, Quantity, ServiceCost, UsageSeries, Volume, VolumeCost,
    },
    price::{PriceBook, Purchase},
    time::Timestamp,
    waste::{DetectionConfig, Rates, Ratio, Reason},
};
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Bytes of a GiB.
pub(super) const GIB: i128 = 1 << 30;
/// Nano-units of one.
pub(super) const NANO: i128 = 1_000_000_000;

/// A price with where it comes from and when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Priced {
    pub amount: Ratio,
    pub source: Cow<'static, str>,
    pub date: Option<String>,
}

impl Priced {
    pub(super) fn stated(amount: Ratio, source: &'static str) -> Self {
        Self { amount, source: Cow::Borrowed(source), date: None }
    }
}

/// What a node and its resources cost an hour.
#[derive(Debug, Clone)]
pub(super) struct NodePrices {
    pub hourly: Priced,
    pub rates: Rates,
}

/// Shares in which a node's price falls to its resources, USD an hour (OpenCost `configs/default.json`;
/// allocation.md 5.1, rule `price_ratio`).
const CORE: Ratio = Ratio::nanos(31_611_000);
const GIB_OF_MEMORY: Ratio = Ratio::nanos(4_237_000);
const GPU: Ratio = Ratio::nanos(950_000_000);

/// Whole devices among the resources of a node (allocation.md 5.2).
pub(super) const DEVICES: [&str; 4] =
    ["nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "aws.amazon.com/neuron"];

/// A quantity in whole units: cores, bytes.
pub(super) fn units(quantity: Quantity) -> Ratio {
    Ratio::nanos(quantity.nano())
}

/// A quantity of bytes in GiB.
pub(super) fn gib(bytes: &Ratio) -> Ratio {
    bytes.over(&Ratio::from(GIB)).unwrap_or_default()
}

/// The hours of the inventory's window.
fn window_hours(inventory: &ClusterInventory) -> Option<Ratio> {
    let window = inventory.window?;
    Ratio::new(seconds_between(window.start, window.end).into(), 3600).filter(Ratio::is_positive)
}

impl NodePrices {
    /// The prices of a node: its own cost, else the configuration's or the price book's for its instance type.
    pub(super) fn of(
        node: &Node,
        inventory: &ClusterInventory,
        book: &PriceBook,
        config: &DetectionConfig,
    ) -> Option<Self> {
        let cores = node.capacity.cpu().map_or(Ratio::ZERO, units);
        let memory = node.capacity.memory().map_or(Ratio::ZERO, |bytes| gib(&units(bytes)));
        let gpus = DEVICES.iter().filter_map(|name| node.capacity.get(name)).map(units);
        let gpus = gpus.fold(Ratio::ZERO, |sum, count| sum.plus(&count));
        if let Some(NodeCost::Rates { cpu_core_hour, memory_gib_hour, gpu_hour }) = node.cost {
            let rate = |price: Option<Decimal>| price.map(Ratio::from);
            let rates = Rates {
                cpu_core_hour: rate(cpu_core_hour),
                memory_gib_hour: rate(memory_gib_hour),
                gpu_hour: rate(gpu_hour),
            };
            let part = |count: &Ratio, rate: &Option<Ratio>| match rate {
                Some(rate) => Some(count.times(rate)),
                None => count.is_zero().then_some(Ratio::ZERO),
            };
            let cpu = part(&cores, &rates.cpu_core_hour)?;
            let sum = cpu.plus(&part(&memory, &rates.memory_gib_hour)?).plus(&part(&gpus, &rates.gpu_hour)?);
            return Some(Self { hourly: Priced::stated(sum, "nodes.cost"), rates });
        }
        let hourly = Self::hourly(node, inventory, book, config)?;
        let weights = cores.times(&CORE).plus(&memory.times(&GIB_OF_MEMORY)).plus(&gpus.times(&GPU));
        let rate = |weight: &Ratio, count: &Ratio| {
            if count.is_zero() { None } else { hourly.amount.times(weight).over(&weights) }
        };
        let rates = Rates {
            cpu_core_hour: rate(&CORE, &cores),
            memory_gib_hour: rate(&GIB_OF_MEMORY, &memory),
            gpu_hour: rate(&GPU, &gpus),
        };
        Some(Self { hourly, rates })
    }

    fn hourly(
        node: &Node,
        inventory: &ClusterInventory,
        book: &PriceBook,
        config: &DetectionConfig,
    ) -> Option<Priced> {
        let stated = |amount: Ratio| Some(Priced::stated(amount, "nodes.cost"));
        match node.cost {
            Some(NodeCost::Hourly(price)) => return stated(price.into()),
            Some(NodeCost::Monthly(price)) => return stated(Ratio::from(price).over(&config.month_hours)?),
            Some(NodeCost::Total(price)) => {
                return stated(Ratio::from(price).over(&window_hours(inventory)?)?);
            }
            Some(NodeCost::Rates { .. }) | None => {}
        }
        let instance_type = node.instance_type.as_deref()?;
        if let Some(price) = config.prices.hourly.get(instance_type) {
            return Some(Priced::stated(price.clone(), "config.prices"));
        }
        let purchase = match node.capacity_type.as_deref() {
            Some("spot") => Purchase::Spot,
            _ => Purchase::OnDemand,
        };
        let region = node.region.as_deref().unwrap_or(&config.region);
        let row = book.instance(region, instance_type, purchase, "linux", None).ok()?;
        // A price in another currency would be added to amounts of the inventory's.
        (row.currency.code() == inventory.currency.as_str()).then(|| Priced {
            amount: row.amount.into(),
            source: row.source.into(),
            date: Some(row.from.to_string()),
        })
    }
}

/// The prices of requests of pods: those of the nodes that they ran on, weighted by time, else the configured ones.
pub(super) fn rates_of(
    pods: &[&Pod],
    nodes: &FxHashMap<&str, NodePrices>,
    configured: &Rates,
    as_of: Timestamp,
) -> Rates {
    if nodes.is_empty() {
        return configured.clone();
    }
    // Seconds by distinct prices: most pods run on equal nodes.
    let mut seen: Vec<(&Rates, u64)> = Vec::new();
    for pod in pods {
        let Some(prices) = pod.node.as_ref().and_then(|node| nodes.get(node.as_str())) else { continue };
        let start = pod.start.or(pod.created_at);
        let seconds = start.map_or(1, |start| seconds_between(start, pod.end.unwrap_or(as_of))).max(1);
        match seen.iter_mut().find(|(rates, _)| *rates == &prices.rates) {
            Some((_, sum)) => *sum = sum.saturating_add(seconds),
            None => seen.push((&prices.rates, seconds)),
        }
    }
    let mean = |rate: fn(&Rates) -> &Option<Ratio>| {
        let known = || seen.iter().filter_map(|(rates, seconds)| Some((rate(rates).as_ref()?, *seconds)));
        let mut rates = known();
        match (rates.next(), rates.next()) {
            (None, _) => rate(configured).clone(),
            (Some((only, _)), None) => Some(only.clone()),
            _ => {
                let seconds = known().fold(0_u64, |sum, (_, seconds)| sum.saturating_add(seconds));
                let weighted = known()
                    .fold(Ratio::ZERO, |sum, (rate, seconds)| sum.plus(&rate.times(&Ratio::from(seconds))));
                weighted.over(&Ratio::from(seconds))
            }
        }
    };
    Rates {
        cpu_core_hour: mean(|rates| &rates.cpu_core_hour),
        memory_gib_hour: mean(|rates| &rates.memory_gib_hour),
        gpu_hour: mean(|rates| &rates.gpu_hour),
    }
}

/// What a volume costs a month, and its price a GiB-month where that is what is known.
pub(super) fn volume_month(
    volume: &Volume,
    inventory: &ClusterInventory,
    book: &PriceBook,
    config: &DetectionConfig,
) -> Result<(Priced, Option<Ratio>), Reason> {
    let stated = |amount: Ratio, price: Option<Ratio>| (Priced::stated(amount, "volumes.cost"), price);
    let size = volume.size.or(volume.requested).map(|bytes| gib(&units(bytes)));
    match volume.cost {
        Some(VolumeCost::GibMonth(price)) => {
            let (price, size) = (Ratio::from(price), size.ok_or(Reason::NoPrice)?);
            return Ok(stated(size.times(&price), Some(price)));
        }
        Some(VolumeCost::Monthly(price)) => return Ok(stated(price.into(), None)),
        Some(VolumeCost::Hourly(price)) => {
            return Ok(stated(Ratio::from(price).times(&config.month_hours), None));
        }
        Some(VolumeCost::Total(price)) => {
            let hours = window_hours(inventory).ok_or(Reason::NoPrice)?;
            let hourly = Ratio::from(price).over(&hours).ok_or(Reason::NoPrice)?;
            return Ok(stated(hourly.times(&config.month_hours), None));
        }
        None => {}
    }
    let volume_type = volume.r#type.as_deref().ok_or(Reason::NoPrice)?;
    let price = type_price(volume_type, inventory, book, config).ok_or(Reason::UnknownVolumeType)?;
    let month = size.ok_or(Reason::NoPrice)?.times(&price.amount);
    let gib_month = price.amount.clone();
    Ok((Priced { amount: month, ..price }, Some(gib_month)))
}

/// The price of a GiB-month of a volume type.
pub(super) fn type_price(
    volume_type: &str,
    inventory: &ClusterInventory,
    book: &PriceBook,
    config: &DetectionConfig,
) -> Option<Priced> {
    if let Some(price) = config.prices.volume_gb_month.get(volume_type) {
        return Some(Priced::stated(price.clone(), "config.prices"));
    }
    let of_node = inventory.nodes.iter().flatten().filter_map(|node| node.region.as_deref()).min();
    let row = book.volume(of_node.unwrap_or(&config.region), volume_type, None).ok()?;
    (row.currency.code() == inventory.currency.as_str()).then(|| Priced {
        amount: row.amount.into(),
        source: row.source.into(),
        date: Some(row.from.to_string()),
    })
}

/// What a balancer costs a month.
pub(super) fn balancer_month(
    cost: Option<&ServiceCost>,
    inventory: &ClusterInventory,
    config: &DetectionConfig,
) -> Option<Ratio> {
    Some(match cost? {
        ServiceCost::Hourly(price) => Ratio::from(*price).times(&config.month_hours),
        ServiceCost::Monthly(price) => (*price).into(),
        ServiceCost::Total(price) => {
            Ratio::from(*price).over(&window_hours(inventory)?)?.times(&config.month_hours)
        }
    })
}

/// Samples of a series as fractions of one unit, for sums over pods.
pub(super) fn sample_nano(series: &UsageSeries, value: i64) -> i128 {
    i128::from(value).saturating_mul(series.metric.unit().nano())
}

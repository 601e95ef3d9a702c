//! From a node to the pools of its resources: what it has, what it costs, and how that is divided.

use super::{
    accelerator::Devices,
    config::{AllocationConfig, Rates, Split},
    row::nanos,
};
use crate::{
    error::Fault,
    inventory::{ClusterInventory, Node, NodeCost},
    money::{Apportioner, Nanos, overflow},
    price::{PriceBook, Purchase},
    time::Timestamp,
};
use rust_decimal::Decimal;

/// Prices by which a node is divided: those of a core-hour, a GiB-hour and a GPU-hour in OpenCost's
/// `configs/default.json` (0.031611, 0.004237, 0.95), in nano-USD.
const OPENCOST: [u128; 3] = [31_611_000, 4_237_000, 950_000_000];
/// AWS split cost allocation data (CUR guide): 9 for a vCPU to 1 for a GiB; 90 for a GPU.
const AWS: [u128; 3] = [9, 1, 90];
/// Datadog, Kubernetes cost allocation (documentation#24725).
const FIXED: [u128; 3] = [60, 40, 0];
/// The same with GPUs.
const FIXED_GPU: [u128; 3] = [3, 2, 95];

const KIB_PER_GIB: u128 = 1 << 20;
const MILLI: u128 = 1000;
const SECONDS_PER_HOUR: u128 = 3600;

/// What a node has: whole millicores and KiB, and accelerators in `1/gpu_scale` milli-devices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capacity {
    /// 1/1000 of a core.
    pub millicores: u64,
    /// KiB of memory.
    pub kib: u64,
    /// Accelerators, in parts of a milli-device.
    pub gpu: u64,
    /// Parts that make a milli-device.
    pub gpu_scale: u64,
}

impl Capacity {
    pub(super) fn of(node: &Node, devices: &Devices<'_>) -> Self {
        let millicores = node.capacity.cpu().map_or(0, |cpu| cpu.nano().div_euclid(1_000_000));
        let kib = node.capacity.memory().map_or(0, |memory| memory.nano().div_euclid(1_024_000_000_000));
        Self {
            millicores: u64::try_from(millicores).unwrap_or(0),
            kib: u64::try_from(kib).unwrap_or(0),
            gpu: devices.capacity(node),
            gpu_scale: devices.scale(),
        }
    }

    /// Nanocores, bytes and accelerator parts over `seconds`.
    pub(super) fn over(&self, seconds: u64) -> Option<[u128; 3]> {
        let time = u128::from(seconds);
        Some([
            u128::from(self.millicores).checked_mul(1_000_000)?.checked_mul(time)?,
            u128::from(self.kib).checked_mul(1024)?.checked_mul(time)?,
            u128::from(self.gpu).checked_mul(time)?,
        ])
    }

    fn is_nothing(&self) -> bool {
        self.millicores == 0 && self.kib == 0 && self.gpu == 0
    }
}

/// Divides what a node costs into cores, memory and accelerators.
///
/// ```
/// use finops_core::allocation::{Capacity, Rates, Split, node_split};
/// // An m5.xlarge for a day: 4 vCPU, 16 GiB, 0.192 USD an hour.
/// let capacity = Capacity { millicores: 4000, kib: 16 << 20, gpu: 0, gpu_scale: 1 };
/// let pools = node_split(4_608_000_000, &capacity, Split::PriceRatio, &Rates::default())?;
/// assert_eq!(pools, [2_999_721_741, 1_608_278_259, 0]);
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
///
/// # Errors
/// `allocation.no_weights` for a node that has nothing; `allocation.overflow`.
pub fn node_split(cost: i128, capacity: &Capacity, split: Split, rates: &Rates) -> Result<[i128; 3], Fault> {
    let mut parts = [0; 3];
    Apportioner::default().split(cost, &split_weights(capacity, split, rates)?, &mut parts)?;
    Ok(parts)
}

/// The weights of cores, memory and accelerators.
pub(super) fn split_weights(capacity: &Capacity, split: Split, rates: &Rates) -> Result<[u128; 3], Fault> {
    let prices = match split {
        Split::PriceRatio => OPENCOST,
        Split::AwsSplit => AWS,
        Split::FixedShare => {
            return Ok(if capacity.gpu > 0 { FIXED_GPU } else { FIXED });
        }
        Split::Explicit => {
            let nano = |rate: Decimal| Ok(u128::from(Nanos::from_decimal(rate)?.get().unsigned_abs()));
            [nano(rates.cpu_core_hour)?, nano(rates.memory_gib_hour)?, nano(rates.gpu_hour)?]
        }
    };
    let scale = u128::from(if capacity.gpu > 0 { capacity.gpu_scale.max(1) } else { 1 });
    let [cpu, memory, gpu] = prices;
    let weight =
        |amount: u64, price: u128, unit: u128| u128::from(amount).checked_mul(price)?.checked_mul(unit);
    let weights = || {
        Some([
            weight(capacity.millicores, cpu, KIB_PER_GIB.checked_mul(scale)?)?,
            weight(capacity.kib, memory, MILLI.checked_mul(scale)?)?,
            weight(capacity.gpu, gpu, KIB_PER_GIB)?,
        ])
    };
    weights().ok_or_else(overflow)
}

/// One resource of a node over the time in which it was there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pool {
    /// What it costs.
    pub cost: Nanos,
    /// Nanocore-seconds, byte-seconds or accelerator seconds that it has.
    pub capacity: u128,
    /// What pods claimed of it.
    pub claimed: u128,
    /// What nobody claimed.
    pub idle: Nanos,
    /// The idle part that pods cannot have: capacity that is not allocatable.
    pub unschedulable: Nanos,
    /// The idle part for which no claim pays where idle is shared.
    pub undistributed: Nanos,
}

/// A node as an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAsset {
    pub(super) node: u32,
    /// Its rows: claims from the first to the second, then idle time, then over-allocation.
    pub(super) rows: (usize, usize),
    /// Time in the window in which it was there, seconds since 1970 UTC.
    pub active: (i64, i64),
    /// What it has.
    pub capacity: Capacity,
    /// What of it pods may have: nanocores and bytes.
    pub allocatable: [Option<u128>; 2],
    /// Parts that make a milli-device.
    pub gpu_scale: u64,
    /// Whether its resources have rates of their own, so that its price is their sum.
    pub own_rates: bool,
    /// Cores, memory, accelerators.
    pub pools: [Pool; 3],
}

impl NodeAsset {
    /// Seconds in which the node was there.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.active.1.saturating_sub(self.active.0).max(0).unsigned_abs()
    }

    /// The idle time for which no claim pays where idle is shared.
    pub(super) fn undistributed(&self) -> Result<Nanos, Fault> {
        nanos(self.pools.iter().map(|pool| i128::from(pool.undistributed.get())).sum())
    }
}

/// What a node costs in its active time, and why that is not known.
pub(super) enum NodePrice {
    /// One amount, to be split; and its source.
    Whole(Nanos, String),
    /// Each pool has its own rate.
    Pools([Nanos; 3]),
    /// Unknown.
    Unknown(String),
}

/// Seconds since 1970 of the time of a node in the window.
pub(super) fn active(node: Option<&Node>, window: (i64, i64)) -> (i64, i64) {
    let from = node.and_then(|node| node.created_at).map_or(window.0, |at| seconds(at).max(window.0));
    let to = node.and_then(|node| node.deleted_at).map_or(window.1, |at| seconds(at).min(window.1));
    (from, to.max(from))
}

pub(super) fn seconds(at: Timestamp) -> i64 {
    at.ms().div_euclid(1000)
}

pub(super) fn price(
    node: &Node,
    capacity: &Capacity,
    active_seconds: u64,
    inventory: &ClusterInventory,
    prices: &PriceBook,
    config: &AllocationConfig,
) -> Result<NodePrice, Fault> {
    if capacity.is_nothing() {
        return Ok(NodePrice::Unknown("its capacity is not known".to_owned()));
    }
    let time = u128::from(active_seconds);
    let whole = |cost: Nanos, source: &str| NodePrice::Whole(cost, source.to_owned());
    Ok(match node.cost {
        Some(NodeCost::Hourly(price)) => whole(Nanos::of(price, time, SECONDS_PER_HOUR)?, "inventory"),
        Some(NodeCost::Total(total)) => whole(Nanos::from_decimal(total)?, "inventory"),
        Some(NodeCost::Monthly(price)) => whole(monthly(price, time, config.month_hours)?, "inventory"),
        Some(NodeCost::Rates { cpu_core_hour, memory_gib_hour, gpu_hour }) => {
            let zero = Decimal::ZERO;
            let of = |rate: Option<Decimal>, amount: u64, unit: u128| {
                let amount = u128::from(amount).checked_mul(time).ok_or_else(overflow)?;
                Nanos::of(rate.unwrap_or(zero), amount, unit.saturating_mul(SECONDS_PER_HOUR))
            };
            let devices = u128::from(capacity.gpu_scale.max(1)).saturating_mul(MILLI);
            NodePrice::Pools([
                of(cpu_core_hour, capacity.millicores, MILLI)?,
                of(memory_gib_hour, capacity.kib, KIB_PER_GIB)?,
                of(gpu_hour, capacity.gpu, devices)?,
            ])
        }
        None => listed(node, time, inventory, prices)?,
    })
}

/// The list price of the node's instance.
fn listed(
    node: &Node,
    time: u128,
    inventory: &ClusterInventory,
    prices: &PriceBook,
) -> Result<NodePrice, Fault> {
    let (Some(region), Some(instance_type)) = (&node.region, &node.instance_type) else {
        return Ok(NodePrice::Unknown(
            "it has no cost, and no region and instance type to look one up".to_owned(),
        ));
    };
    let purchase = match node.capacity_type.as_deref() {
        Some("spot") => Purchase::Spot,
        _ => Purchase::OnDemand,
    };
    let label = |name: &str| node.labels.as_ref().and_then(|labels| labels.get(name));
    // Well-known label of every kubelet.
    let system = label("kubernetes.io/os").map_or("linux", |name| name.as_str());
    match prices.instance(region, instance_type, purchase, system, Some(inventory.as_of)) {
        Ok(price) => {
            if price.currency.code() != inventory.currency.as_str() {
                let problem = format!(
                    "node `{}` has a price in {}; the inventory is in {}",
                    crate::error::shorten(&node.name),
                    price.currency,
                    crate::error::shorten(&inventory.currency)
                );
                let help = "set the inventory's currency, or give the node's cost";
                return Err(Fault::new("allocation.currency_mismatch", "nodes", problem, help));
            }
            let cost = Nanos::of(price.amount, time, SECONDS_PER_HOUR)?;
            Ok(NodePrice::Whole(cost, format!("{} in {}: {}", price.sku, price.region, price.source)))
        }
        Err(fault) => Ok(NodePrice::Unknown(fault.problem().to_owned())),
    }
}

/// `price` a month over `seconds`.
pub(super) fn monthly(price: Decimal, seconds: u128, month_hours: Decimal) -> Result<Nanos, Fault> {
    // price * seconds / (month_hours * 3600) with month_hours = mantissa / 10^scale.
    let mantissa = month_hours.mantissa().unsigned_abs();
    let scale = 10_u128.checked_pow(month_hours.scale()).ok_or_else(overflow)?;
    let numerator = seconds.checked_mul(scale).ok_or_else(overflow)?;
    Nanos::of(price, numerator, mantissa.checked_mul(SECONDS_PER_HOUR).ok_or_else(overflow)?)
}

/// The idle part that pods cannot have: at most the share of the pool that is not allocatable.
pub(super) fn unschedulable(pool: &Pool, capacity: u128, allocatable: Option<u128>) -> Result<Nanos, Fault> {
    let Some(reserved) = allocatable.and_then(|allocatable| capacity.checked_sub(allocatable)) else {
        return Ok(Nanos::ZERO);
    };
    if capacity == 0 {
        return Ok(Nanos::ZERO);
    }
    let share = round_share(pool.cost.get().into(), reserved, capacity)?;
    nanos(share.min(pool.idle.get().into()))
}

/// `amount * part / whole`, rounded half to even; `whole` is above 0.
pub(super) fn round_share(amount: i128, part: u128, whole: u128) -> Result<i128, Fault> {
    let exact = || {
        let value = amount.checked_mul(i128::try_from(part).ok()?)?;
        crate::money::div_half_even(value, i128::try_from(whole).ok()?)
    };
    exact().ok_or_else(overflow)
}

//! Accelerators: how much of a physical device one unit of a resource is.

use crate::inventory::{Node, Quantity, Resources};
use std::collections::BTreeMap;

/// Compute slices of a device (NVIDIA MIG user guide: every MIG device has seven).
const SLICES: u64 = 7;
/// Milli-devices of a whole device.
const WHOLE: u64 = 1000;

/// Resources of whole devices (NVIDIA/k8s-device-plugin, ROCm/k8s-device-plugin, intel-device-plugins-for-kubernetes,
/// aws-neuron-sdk).
const DEFAULTS: [&str; 4] = ["nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "aws.amazon.com/neuron"];

/// What resources count as accelerators: milli-devices of one unit, by resource.
pub(super) type Accelerators = BTreeMap<String, u64>;

pub(super) fn defaults() -> Accelerators {
    DEFAULTS.into_iter().map(|name| (name.to_owned(), WHOLE)).collect()
}

/// The accelerators of one node. Amounts are milli-devices in parts of `1/scale`, so that slices and time-slices add up
/// exactly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Devices<'a> {
    units: &'a Accelerators,
    /// How many pods share a device in turn: label `nvidia.com/gpu.replicas` (GPU feature discovery).
    replicas: u64,
    /// Slices of the one MIG profile under strategy `single`.
    single: Option<u64>,
}

impl<'a> Devices<'a> {
    pub(super) fn of(node: Option<&Node>, units: &'a Accelerators) -> Self {
        let label = |name: &str| node.and_then(|node| node.labels.as_ref()?.get(name));
        let number = |name: &str| label(name).and_then(|text| text.as_str().parse::<u64>().ok());
        let single = label("nvidia.com/mig.strategy").is_some_and(|strategy| *strategy == "single");
        let slices =
            number("nvidia.com/gpu.slices.gi").filter(|slices| single && (1..=SLICES).contains(slices));
        // 1,000 clients a device are far beyond what time-slicing serves; more is a wrong label.
        let replicas = number("nvidia.com/gpu.replicas").filter(|count| (2..=WHOLE).contains(count));
        Self { units, replicas: replicas.unwrap_or(1), single: slices }
    }

    /// Parts of a milli-device in which amounts are counted.
    pub(super) fn scale(&self) -> u64 {
        SLICES.saturating_mul(self.replicas)
    }

    /// What one unit of `resource` is; `None` for what is no accelerator.
    fn unit(&self, resource: &str) -> Option<u64> {
        let plain = |milli: u64| milli.saturating_mul(self.scale());
        if let Some(profile) = resource.strip_prefix("nvidia.com/mig-") {
            if let Some(milli) = self.units.get(resource) {
                return Some(plain(*milli));
            }
            let slices = profile.split_once('g')?.0.parse::<u64>().ok()?;
            let slices = slices.min(SLICES);
            return Some(WHOLE.saturating_mul(slices).saturating_mul(self.replicas));
        }
        let shared = resource == "nvidia.com/gpu.shared";
        let milli = *self.units.get(if shared { "nvidia.com/gpu" } else { resource })?;
        if shared || resource == "nvidia.com/gpu" {
            // milli * (slices / 7) / replicas, over the scale 7 * replicas.
            return Some(milli.saturating_mul(self.single.unwrap_or(SLICES)));
        }
        Some(plain(milli))
    }

    /// What the node has.
    pub(super) fn capacity(&self, node: &Node) -> u64 {
        let count = node.labels.as_ref().and_then(|labels| labels.get("nvidia.com/gpu.count"));
        let count =
            count.and_then(|text| text.as_str().parse::<u64>().ok()).filter(|_| self.single.is_none());
        let physical = count.map(|count| count.saturating_mul(WHOLE).saturating_mul(self.scale()));
        let counted = |name: &str| physical.is_none() || !name.starts_with("nvidia.com/");
        let others = node.capacity.iter().filter(|(name, _)| counted(name.as_str()));
        let others = others.map(|(name, amount)| self.amount(name.as_str(), amount));
        let nvidia = node.capacity.iter().any(|(name, _)| self.is_nvidia(name.as_str()));
        physical.filter(|_| nvidia).unwrap_or(0).saturating_add(others.fold(0, u64::saturating_add))
    }

    fn is_nvidia(&self, resource: &str) -> bool {
        resource.starts_with("nvidia.com/") && self.unit(resource).is_some()
    }

    fn amount(&self, resource: &str, amount: Quantity) -> u64 {
        let whole = amount.nano().div_euclid(1_000_000_000);
        let unit = self.unit(resource).unwrap_or(0);
        u64::try_from(whole).unwrap_or(0).saturating_mul(unit)
    }

    /// What a container claims: each resource once, by its request, else its limit. `unknown` hears of extended
    /// resources that are no accelerators.
    pub(super) fn claim(
        &self,
        requests: Option<&Resources>,
        limits: Option<&Resources>,
        mut unknown: impl FnMut(&str),
    ) -> u64 {
        let mut sum = 0_u64;
        let mut count = |resource: &str, amount: Quantity| {
            // Extended resources have a domain; those of Kubernetes itself have none.
            if !resource.contains('/') || amount.nano() <= 0 {
                return;
            }
            match self.unit(resource) {
                Some(_) => sum = sum.saturating_add(self.amount(resource, amount)),
                None => unknown(resource),
            }
        };
        for (resource, amount) in requests.into_iter().flat_map(Resources::iter) {
            count(resource.as_str(), amount);
        }
        for (resource, amount) in limits.into_iter().flat_map(Resources::iter) {
            if requests.and_then(|requests| requests.get(resource.as_str())).is_none() {
                count(resource.as_str(), amount);
            }
        }
        sum
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test's numbers are small")]
mod tests {
    use super::*;
    use crate::inventory::{Labels, Name};

    fn amount(units: i128) -> Quantity {
        Quantity::from_nano(units * 1_000_000_000, crate::inventory::Format::DecimalSi).unwrap()
    }

    fn node(labels: &[(&str, &str)], capacity: &[(&str, i128)]) -> Node {
        let pairs =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (Name::from(*k), Name::from(*v))).collect();
        Node { labels: Some(Labels::new(pairs(labels))), capacity: resources(capacity), ..Node::default() }
    }

    fn resources(amounts: &[(&str, i128)]) -> Resources {
        Resources::new(amounts.iter().map(|(name, units)| (Name::from(*name), amount(*units))).collect())
    }

    /// Capacity and the claim of one unit, both in devices as (numerator, denominator in milli).
    fn shares(labels: &[(&str, &str)], capacity: &[(&str, i128)], claim: &str) -> (u64, u64, u64) {
        let (node, units) = (node(labels, capacity), defaults());
        let devices = Devices::of(Some(&node), &units);
        let claimed = devices.claim(Some(&resources(&[(claim, 1)])), None, |_| panic!("unmapped"));
        (devices.capacity(&node), claimed, devices.scale() * 1000)
    }

    #[test]
    fn a_device_is_whole_shared_in_time_or_sliced() {
        assert_eq!(shares(&[], &[("nvidia.com/gpu", 4)], "nvidia.com/gpu"), (28_000, 7000, 7000));
        assert_eq!(shares(&[], &[("amd.com/gpu", 2)], "amd.com/gpu"), (14_000, 7000, 7000));
        // One device for four pods in turn: the node advertises four.
        let labels = [("nvidia.com/gpu.replicas", "4"), ("nvidia.com/gpu.count", "1")];
        assert_eq!(shares(&labels, &[("nvidia.com/gpu", 4)], "nvidia.com/gpu"), (28_000, 7000, 28_000));
        assert_eq!(
            shares(&labels[..1], &[("nvidia.com/gpu.shared", 4)], "nvidia.com/gpu.shared"),
            (28_000, 7000, 28_000)
        );
        // Two of three sevenths and one of one seventh, mixed: the label counts devices.
        let capacity = [("nvidia.com/mig-3g.20gb", 2), ("nvidia.com/mig-1g.5gb", 1)];
        let labels = [("nvidia.com/gpu.count", "1"), ("nvidia.com/mig.strategy", "mixed")];
        assert_eq!(shares(&labels, &capacity, "nvidia.com/mig-3g.20gb"), (7000, 3000, 7000));
        assert_eq!(shares(&[], &capacity, "nvidia.com/mig-1g.5gb"), (7000, 1000, 7000));
        // One profile for all: the entry counts slices.
        let labels = [
            ("nvidia.com/gpu.count", "1"),
            ("nvidia.com/mig.strategy", "single"),
            ("nvidia.com/gpu.slices.gi", "1"),
        ];
        assert_eq!(shares(&labels, &[("nvidia.com/gpu", 7)], "nvidia.com/gpu"), (7000, 1000, 7000));
    }

    #[test]
    fn a_request_and_its_limit_count_once_and_others_are_named() {
        let (units, node) = (defaults(), node(&[], &[]));
        let devices = Devices::of(Some(&node), &units);
        let (one, other) =
            (resources(&[("nvidia.com/gpu", 1)]), resources(&[("vpu.example/x", 1), ("cpu", 2)]));
        assert_eq!(devices.claim(Some(&one), Some(&one), |_| ()), 7000);
        assert_eq!(devices.claim(None, Some(&one), |_| ()), 7000);
        let mut named = Vec::new();
        assert_eq!(devices.claim(Some(&other), None, |name| named.push(name.to_owned())), 0);
        assert_eq!(named, ["vpu.example/x"]);
    }
}

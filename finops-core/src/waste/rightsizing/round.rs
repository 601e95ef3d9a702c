//! From a demand to the quantity that a manifest states: always up, in whole millicores and mebibytes.

use super::Resource;

/// Nanocores of a millicore.
pub const MILLICORE: u64 = 1_000_000;
/// Bytes of a mebibyte.
pub const MEBIBYTE: u64 = 1 << 20;
const GIBIBYTE: u64 = 1 << 30;
const CORE: u64 = 1_000_000_000;

impl Resource {
    /// The step of a recommendation: a millicore, a mebibyte.
    #[must_use]
    pub const fn step(self) -> u64 {
        match self {
            Self::Cpu => MILLICORE,
            Self::Memory => MEBIBYTE,
        }
    }

    /// The least recommendation: 10 millicores, 100 mebibytes (the floors of robusta's KRR, `core/runner.py`).
    #[must_use]
    pub const fn floor(self) -> u64 {
        match self {
            Self::Cpu => 10 * MILLICORE,
            Self::Memory => 100 * MEBIBYTE,
        }
    }
}

/// `demand * percent / 100`, rounded up to the resource's step and held above its floor; saturates at the range's end.
#[must_use]
pub fn with_margin(resource: Resource, demand: u64, percent: u32) -> u64 {
    ceil(resource, u128::from(demand).saturating_mul(u128::from(percent)), 100)
}

/// `numerator / denominator`, rounded up to the resource's step and held above its floor; saturates at the range's end.
#[must_use]
pub fn ceil(resource: Resource, numerator: u128, denominator: u128) -> u64 {
    let step = u128::from(resource.step());
    let steps = denominator.checked_mul(step).map_or(0, |size| numerator.div_ceil(size.max(1)));
    u64::try_from(steps.saturating_mul(step)).unwrap_or(u64::MAX).max(resource.floor())
}

/// The quantity as a manifest writes it, in the manner of the text that it replaces.
///
/// CPU in `m`, or whole cores where `old` had no `m` and the value is exact; memory in `Mi`, or `Gi` where `old` used it
/// and the value is exact. What is no whole step is written in nanocores or bytes.
///
/// ```
/// use finops_core::waste::rightsizing::{Resource, round::manifest};
/// assert_eq!(manifest(Resource::Cpu, 1_000_000_000, Some("2")), "1");
/// assert_eq!(manifest(Resource::Cpu, 1_000_000_000, Some("2000m")), "1000m");
/// assert_eq!(manifest(Resource::Memory, 2 << 30, Some("4Gi")), "2Gi");
/// assert_eq!(manifest(Resource::Memory, 1536 << 20, Some("4Gi")), "1536Mi");
/// ```
#[must_use]
pub fn manifest(resource: Resource, value: u64, old: Option<&str>) -> String {
    let (large, small, suffixes) = match resource {
        Resource::Cpu => (CORE, MILLICORE, ["", "m", "n"]),
        Resource::Memory => (GIBIBYTE, MEBIBYTE, ["Gi", "Mi", ""]),
    };
    let keeps_large = match resource {
        Resource::Cpu => old.is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit() || b == b'.')),
        Resource::Memory => old.is_some_and(|text| text.ends_with("Gi")),
    };
    let [large_suffix, small_suffix, unit_suffix] = suffixes;
    if keeps_large && value.checked_rem(large) == Some(0) {
        return format!("{}{large_suffix}", value.div_euclid(large));
    }
    if value.checked_rem(small) == Some(0) {
        return format!("{}{small_suffix}", value.div_euclid(small));
    }
    format!("{value}{unit_suffix}")
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_exact_multiple_is_not_raised() {
        // KRR's floats raise this one: ceil(2.007 * 1000) is 2008 there.
        assert_eq!(with_margin(Resource::Cpu, 2_007 * MILLICORE, 100), 2_007 * MILLICORE);
        assert_eq!(with_margin(Resource::Cpu, 2_007 * MILLICORE + 1, 100), 2_008 * MILLICORE);
        assert_eq!(with_margin(Resource::Memory, 0, 115), 100 * MEBIBYTE);
        assert_eq!(with_margin(Resource::Memory, u64::MAX, 200), u64::MAX);
    }

    #[test]
    fn a_manifest_keeps_its_manner() {
        for (resource, value, old, expected) in [
            (Resource::Cpu, 750 * MILLICORE, Some("2"), "750m"),
            (Resource::Cpu, 2 * CORE, Some("4.0"), "2"),
            (Resource::Cpu, 2 * CORE, None, "2000m"),
            (Resource::Cpu, 1, None, "1n"),
            (Resource::Memory, GIBIBYTE, Some("4096Mi"), "1024Mi"),
            (Resource::Memory, GIBIBYTE, Some("4Gi"), "1Gi"),
            (Resource::Memory, 5, None, "5"),
        ] {
            assert_eq!(manifest(resource, value, old), expected);
        }
    }

    proptest! {
        #[test]
        fn a_recommendation_holds_the_demand_and_wastes_less_than_a_step(demand in 0_u64..1 << 50, percent in 100_u32..300) {
            for resource in [Resource::Cpu, Resource::Memory] {
                let value = with_margin(resource, demand, percent);
                let exact = u128::from(demand) * u128::from(percent);
                prop_assert!(u128::from(value) * 100 >= exact);
                prop_assert!(value == resource.floor() || u128::from(value - resource.step()) * 100 < exact);
                prop_assert_eq!(value % resource.step(), 0);
            }
        }
    }
}

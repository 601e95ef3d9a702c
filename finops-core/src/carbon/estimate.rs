//! A figure as it is handed out: a range, how well it is known, and where it came from.

use super::{CarbonError, DataIds, Range, Tier, range::names};
use crate::units::Quantity;

names! {
    /// The formula of a figure. A changed formula or constant gets a new id and the old one stays computable.
    MethodId {
        /// All tokens times one factor.
        FlatTokens = "flat-tokens/1",
        /// Tokens by class, each with its factor.
        ClassTokens = "class-tokens/1",
        /// EcoLogits 0.11.3: output tokens from model parameters.
        EcologitsLlm = "ecologits-llm/0.11",
        /// Prefill, caches and batch prior on top of that model.
        FinopsLlm = "finops-llm/1",
        /// GPU time of a serving fleet.
        GpuTime = "gpu-time/1",
        /// Metered joules, or a share of a metered window.
        MeasuredWindow = "measured-window/1",
        /// GPU hours times one power.
        FlatTraining = "flat-training/1",
        /// GPU hours times the power of the GPU.
        GpuTraining = "gpu-training/1",
        /// vCPU hours.
        CcfCompute = "ccf-compute/1",
        /// Memory.
        CcfMemory = "ccf-memory/1",
        /// Storage.
        CcfStorage = "ccf-storage/1",
        /// Network transfer.
        CcfNetwork = "ccf-network/1",
        /// A CPU's power from its thermal design power and load.
        CpuTdpCubic = "cpu-tdp-cubic/1",
        /// Energy times intensity.
        Operational = "operational/1",
        /// Power over time times a series of intensities.
        OperationalSeries = "operational-series/1",
        /// Water on site and at the power station.
        Water = "water/1",
        /// A share of a machine's embodied carbon.
        SciEmbodied = "sci-embodied/1",
        /// A server's embodied carbon from its parts.
        ServerBom = "server-bom/1",
        /// Embodied carbon of one request to a language model.
        EmbodiedLlm = "embodied-llm/1",
        /// Moving work between regions.
        ShiftRegion = "shift-region/1",
        /// Moving work in time.
        ShiftTime = "shift-time/1",
    }
}

/// A quantity with its range, tier, method and data.
///
/// On the wire:
/// `{"low":180.0,"central":1800.0,"high":18000.0,"unit":"J","tier":"assumed","method":"flat-tokens/1","data":["default/energy"]}`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate<Q> {
    /// The least value thought possible.
    pub low: Q,
    /// The best single value.
    pub central: Q,
    /// The greatest value thought possible.
    pub high: Q,
    /// How well it is known.
    pub tier: Tier,
    /// The formula.
    pub method: MethodId,
    /// The data that went into it.
    pub data: DataIds,
}

impl<Q: Quantity> Estimate<Q> {
    /// From a range in the base unit of `Q`.
    ///
    /// # Errors
    /// `carbon.bad_number` when a value is negative or not finite, `carbon.bad_range` when out of order.
    pub fn new(range: Range, tier: Tier, method: MethodId, data: DataIds) -> Result<Self, CarbonError> {
        let (low, central, high) = (Q::new(range.low)?, Q::new(range.central)?, Q::new(range.high)?);
        if range.low > range.central || range.central > range.high {
            return Err(CarbonError::bad_range("range", range));
        }
        Ok(Self { low, central, high, tier, method, data })
    }

    /// The three values in the base unit.
    #[must_use]
    pub fn range(&self) -> Range {
        Range { low: self.low.value(), central: self.central.value(), high: self.high.value() }
    }

    /// The same estimate with its values times `factor`, its tier no better than `tier`, and `data` added.
    ///
    /// # Errors
    /// As [`Estimate::new`].
    pub fn times<R: Quantity>(
        &self,
        factor: Range,
        tier: Tier,
        method: MethodId,
        data: DataIds,
    ) -> Result<Estimate<R>, CarbonError> {
        let product = self.range().product(factor);
        // The factor's own rows first: those of `self` stand in its own estimate as well, should one be left out.
        Estimate::new(product, self.tier.worst(tier), method, data.union(self.data))
    }
}

impl<Q: Quantity> serde::Serialize for Estimate<Q> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut map = serializer.serialize_struct("Estimate", 7)?;
        map.serialize_field("low", &self.low.value())?;
        map.serialize_field("central", &self.central.value())?;
        map.serialize_field("high", &self.high.value())?;
        map.serialize_field("unit", Q::SYMBOL)?;
        map.serialize_field("tier", &self.tier)?;
        map.serialize_field("method", &self.method)?;
        map.serialize_field("data", &self.data)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{carbon::DataId, units::Energy};

    #[test]
    fn an_estimate_shows_its_range_tier_method_and_data() {
        let range = Range::new(180.0, 1800.0, 18_000.0).unwrap();
        let data = DataIds::of(DataId::DEFAULT_ENERGY);
        let estimate = Estimate::<Energy>::new(range, Tier::Assumed, MethodId::FlatTokens, data).unwrap();
        assert_eq!(
            serde_json::to_string(&estimate).unwrap(),
            r#"{"low":180.0,"central":1800.0,"high":18000.0,"unit":"J","tier":"assumed","method":"flat-tokens/1","data":["default/energy"]}"#
        );
        let negative = Range { low: -1.0, ..range };
        let error = Estimate::<Energy>::new(negative, Tier::Assumed, MethodId::FlatTokens, data).unwrap_err();
        assert_eq!(error.code(), "carbon.bad_number");
    }

    #[test]
    fn every_method_is_found_by_its_name() {
        for method in MethodId::ALL {
            assert_eq!(MethodId::from_name(method.name()), Some(*method));
        }
    }
}

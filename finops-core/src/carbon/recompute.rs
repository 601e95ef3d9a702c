//! A stored figure again, from the values stored beside it: no table is needed, however old the record.

use super::{
    Boundary, CarbonConfig, CarbonError, CarbonModel, ClassFactors, EnergyMethod, Factors, Grid,
    InferenceImpact, MethodId, ModelHandle, Timing, TokenCounts,
};
use crate::{error::ConfigError, money::decimal};

/// The figure of a stored record: the same bits as when it was made, for factors of up to 15 digits. Tiers and data ids
/// are those of declared values; the record has its own.
///
/// ```
/// use finops_core::carbon::{CarbonConfig, CarbonModel, ModelHandle, Timing, TokenCounts, recompute};
/// let tokens = TokenCounts::new(1000, 500);
/// let model = CarbonModel::new(CarbonConfig { region: Some("aws:us-east-1".to_owned()), ..CarbonConfig::default() })?;
/// let stored = model.inference(ModelHandle::UNKNOWN, &tokens, Timing::default())?;
/// let again = recompute(stored.energy.method, &stored.factors, &tokens, Timing::default())?;
/// assert_eq!(again.carbon_kg.to_bits(), stored.carbon_kg.to_bits());
/// assert_eq!(again.operational.range(), stored.operational.range());
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
///
/// # Errors
/// `config.invalid` when the factors lack what the method needs, and the errors of [`CarbonModel::inference`].
pub fn recompute(
    method: MethodId,
    factors: &Factors,
    tokens: &TokenCounts,
    timing: Timing,
) -> Result<InferenceImpact, CarbonError> {
    let lacking =
        |name: &str| ConfigError::new(name, "", "missing", "give the factors that the record stored");
    let mut config = CarbonConfig {
        grid: Some(Grid::Range(factors.g_per_kwh)),
        pue: factors.pue,
        batch: factors.model().map(|served| served.batch),
        bits: factors.model().map(|served| served.bits),
        energy_boundary: Some(if factors.pue.is_some() { Boundary::It } else { Boundary::Facility }),
        ..CarbonConfig::default()
    };
    let mut handle = ModelHandle::UNKNOWN;
    match method {
        MethodId::FlatTokens => {
            let range = factors.wh_per_1k.ok_or_else(|| lacking("wh_per_1k"))?;
            let model = CarbonModel::new(config)?.with_energy_range(range)?;
            return model.inference(handle, tokens, timing);
        }
        MethodId::ClassTokens => {
            let stored = factors.classes().ok_or_else(|| lacking("classes"))?;
            let [input, read, write, output] = stored.wh_per_1k.map(decimal::from_f64);
            config.wh_per_1k = Some(ClassFactors {
                input,
                output,
                cache_read: read.filter(|_| !stored.cache_read_defaulted),
                cache_write: write.filter(|_| !stored.cache_write_defaulted),
                preset: stored.preset,
            });
        }
        MethodId::FinopsLlm | MethodId::EcologitsLlm => {
            handle = ModelHandle::declared(factors.model().ok_or_else(|| lacking("params"))?.params);
            let parity = method == MethodId::EcologitsLlm;
            config.energy_method =
                Some(if parity { EnergyMethod::Ecologits } else { EnergyMethod::Parameters });
        }
        MethodId::MeasuredWindow if timing.measured.is_some() => {}
        MethodId::MeasuredWindow => return Err(lacking("measured").into()),
        other => {
            let help = "give a method of inference";
            return Err(ConfigError::new("method", other, "not a method of inference", help).into());
        }
    }
    CarbonModel::new(config)?.inference(handle, tokens, timing)
}

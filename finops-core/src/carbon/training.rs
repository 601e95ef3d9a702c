//! Energy and carbon of a training run.

use super::{
    Assumption, Assumptions, Boundary, CarbonError, CarbonModel, DataId, DataIds, Estimate, MethodId, Range,
    Tier,
    factor::{GridState, range_of},
    gpu,
    inference::operational,
    llm::{GPU_KG, SERVER_KG},
    pue::to_facility,
};
use crate::{
    money::decimal,
    time::Timestamp,
    units::{Carbon, Energy, J_PER_KWH, check},
    usage::UsageError,
};
use rust_decimal::Decimal;

/// Utilisation of a training GPU: the project's choice.
pub const UTILISATION: Range = Range { low: 0.5, central: 0.8, high: 1.0 };
/// W of a server besides its GPUs, a GPU: EcoLogits 0.11.3, 1.2 kW per server of 8.
pub const HOST_W: f64 = 150.0;
/// Life of a GPU server in hours: three years (EcoLogits 0.11.3).
pub const GPU_SERVER_LIFE_H: f64 = 26_280.0;

/// A training run. The first of `measured`, `watts_per_gpu` and `gpu` that is given decides the method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingCall<'a> {
    /// GPUs, at least 1.
    pub gpu_count: i64,
    /// Hours.
    pub duration_hours: Decimal,
    /// Energy that a meter read for this run, at the machines.
    pub measured: Option<Energy>,
    /// Watts of each GPU.
    pub watts_per_gpu: Option<f64>,
    /// The name of the GPU.
    pub gpu: Option<&'a str>,
    /// Watts of the server besides its GPUs, a GPU.
    pub host_watts_per_gpu: Option<f64>,
    /// Utilisation, 0 to 1.
    pub utilisation: Option<f64>,
    /// When the run was recorded, to find its interval in an intensity series.
    pub at: Option<Timestamp>,
}

impl TrainingCall<'_> {
    /// GPUs and hours, and nothing else known.
    #[must_use]
    pub const fn new(gpu_count: i64, duration_hours: Decimal) -> Self {
        Self {
            gpu_count,
            duration_hours,
            measured: None,
            watts_per_gpu: None,
            gpu: None,
            host_watts_per_gpu: None,
            utilisation: None,
            at: None,
        }
    }
}

/// Energy and carbon of a training run.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct TrainingImpact {
    /// Energy at the facility's boundary.
    pub energy: Estimate<Energy>,
    /// Energy of the machines, where PUE was applied.
    pub it_energy: Option<Estimate<Energy>>,
    /// Carbon of the energy.
    pub operational: Estimate<Carbon>,
    /// The central value of `operational` in kilograms.
    pub carbon_kg: f64,
    /// Joules exactly, by the flat method.
    pub energy_exact: Option<Decimal>,
    /// Kilograms of CO2 equivalent exactly, by the flat method.
    pub carbon_exact: Option<Decimal>,
    /// Carbon of making the GPUs and their share of the server, for named GPUs.
    pub embodied: Option<Estimate<Carbon>>,
    /// g/kWh used.
    pub g_per_kwh: Range,
    /// The PUE that was applied; `None` when none was.
    pub pue: Option<Range>,
    /// Whatever was assumed.
    pub assumptions: Assumptions,
}

impl CarbonModel {
    /// Energy and carbon of a training run: metered joules, else watts, else the GPU by name, else kW per GPU.
    ///
    /// ```
    /// use finops_core::carbon::{CarbonConfig, CarbonModel, TrainingCall};
    /// let model = CarbonModel::new(CarbonConfig::default())?;
    /// let run = TrainingCall::new(4, "2.5".parse().unwrap());
    /// assert_eq!(model.training(&run)?.energy.central.kwh(), 2.5);
    /// # Ok::<(), finops_core::carbon::CarbonError>(())
    /// ```
    ///
    /// # Errors
    /// `usage.invalid_gpu_count`, `usage.invalid_duration`, `carbon.bad_utilisation`, `carbon.bad_number`,
    /// `carbon.unknown_gpu`, `carbon.ambiguous_gpu`, `carbon.total_overflow`.
    pub fn training(&self, call: &TrainingCall<'_>) -> Result<TrainingImpact, CarbonError> {
        if call.gpu_count < 1 {
            let (path, value) = ("gpu_count".to_owned(), call.gpu_count.to_string());
            return Err(UsageError::InvalidGpuCount { path, value }.into());
        }
        if call.duration_hours.is_sign_negative() && !call.duration_hours.is_zero() {
            let (path, value) = ("duration_hours".to_owned(), call.duration_hours.to_string());
            return Err(UsageError::InvalidDuration { path, value }.into());
        }
        if let Some(utilisation) = call.utilisation
            && !(0.0..=1.0).contains(&utilisation)
        {
            return Err(CarbonError::bad_utilisation("utilisation", utilisation, 1));
        }
        let host = call.host_watts_per_gpu.map(|watts| check("host_watts_per_gpu", watts)).transpose()?;
        let gpu_hours =
            Decimal::from(call.gpu_count).checked_mul(call.duration_hours).ok_or_else(overflow)?;
        let hours = decimal::to_f64(gpu_hours);
        let (state, outside) = self.grid_at(call.at);
        let grid = state.as_ref().unwrap_or(&self.0.grid);
        let assumptions = grid.factor.assumptions.union(outside);
        if let Some(measured) = call.measured {
            let kwh = Range::point(measured.kwh());
            let data = DataIds::of(DataId::METER);
            let it_energy =
                Estimate::new(kwh.scaled(J_PER_KWH), Tier::Measured, MethodId::MeasuredWindow, data)?;
            return self.run_at_facility(it_energy, None, grid, assumptions);
        }
        if let Some(watts) = call.watts_per_gpu {
            let watts = check("watts_per_gpu", watts)?;
            let power = watts * call.utilisation.unwrap_or(1.0) + host.unwrap_or(0.0);
            let kwh = Range::point(power * hours / 1000.0);
            let data = DataIds::of(DataId::DECLARED);
            let it_energy =
                Estimate::new(kwh.scaled(J_PER_KWH), Tier::Declared, MethodId::GpuTraining, data)?;
            return self.run_at_facility(it_energy, None, grid, assumptions);
        }
        if let Some(name) = call.gpu {
            let gpu = gpu::lookup(name)?;
            let (utilisation, stated) = match call.utilisation {
                Some(utilisation) => (Range::point(utilisation), Tier::Modelled),
                None => (UTILISATION, Tier::Assumed),
            };
            let host = host.unwrap_or(HOST_W);
            let power = utilisation.map(|u| gpu.idle_w + u * (gpu.max_w - gpu.idle_w) + host);
            let kwh = power.map(|watts| watts * hours / 1000.0);
            let data = DataIds::of(gpu.data);
            let grams = GPU_KG.map(|kg| hours * (SERVER_KG / 8.0 + kg) / GPU_SERVER_LIFE_H * 1000.0);
            let embodied = Estimate::new(grams, Tier::Modelled, MethodId::SciEmbodied, data)?;
            let tier = stated.worst(gpu.tier);
            let it_energy = Estimate::new(kwh.scaled(J_PER_KWH), tier, MethodId::GpuTraining, data)?;
            return self.run_at_facility(it_energy, Some(embodied), grid, assumptions);
        }
        self.flat_training(gpu_hours, grid, assumptions)
    }

    fn flat_training(
        &self,
        gpu_hours: Decimal,
        grid: &GridState,
        assumptions: Assumptions,
    ) -> Result<TrainingImpact, CarbonError> {
        let power = &self.0.training;
        let method = MethodId::FlatTraining;
        let product = |a: Decimal, b: Decimal| a.checked_mul(b).ok_or_else(overflow);
        let mut joules = [Decimal::ZERO; 3];
        let mut grams = [Decimal::ZERO; 3];
        for (i, (kw, g)) in power.ends.iter().zip(grid.factor.ends).enumerate() {
            let kwh = product(*kw, gpu_hours)?;
            if let (Some(joules), Some(grams)) = (joules.get_mut(i), grams.get_mut(i)) {
                *joules = product(kwh, Decimal::from(3_600_000))?.normalize();
                *grams = product(kwh, g)?.normalize();
            }
        }
        let [_, joules_exact, _] = joules;
        let [_, grams_exact, _] = grams;
        let kilograms = grams_exact.checked_div(Decimal::ONE_THOUSAND).ok_or_else(overflow)?;
        let data = DataIds::of(power.data);
        let energy = Estimate::new(range_of(&joules), power.tier, method, data)?;
        let tier = power.tier.worst(grid.factor.tier);
        let operational = Estimate::new(range_of(&grams), tier, method, data.with(grid.factor.data))?;
        Ok(TrainingImpact {
            energy,
            it_energy: None,
            operational,
            carbon_kg: decimal::to_f64(kilograms),
            energy_exact: Some(joules_exact),
            carbon_exact: Some(kilograms),
            embodied: None,
            g_per_kwh: grid.range,
            pue: None,
            assumptions: assumptions
                .union(power.assumptions)
                .with_if(self.0.config.pue.is_some(), Assumption::pue_not_applied),
        })
    }

    fn run_at_facility(
        &self,
        it_energy: Estimate<Energy>,
        embodied: Option<Estimate<Carbon>>,
        grid: &GridState,
        assumptions: Assumptions,
    ) -> Result<TrainingImpact, CarbonError> {
        let pue = &self.0.pue;
        let joules = to_facility(it_energy.range(), Boundary::It, pue.value);
        let (tier, data) = (it_energy.tier.worst(pue.tier), it_energy.data.with(pue.data));
        let energy = Estimate::new(joules, tier, it_energy.method, data)?;
        let operational = operational(&energy, grid)?;
        let assumed = pue.assumption().map_or(Assumptions::NONE, |one| Assumptions::NONE.with(one));
        Ok(TrainingImpact {
            energy,
            it_energy: Some(it_energy),
            operational,
            carbon_kg: operational.central.kg(),
            energy_exact: None,
            carbon_exact: None,
            embodied,
            g_per_kwh: grid.range,
            pue: Some(pue.value),
            assumptions: assumptions.union(assumed),
        })
    }
}

fn overflow() -> CarbonError {
    CarbonError::TotalOverflow { path: "duration_hours".to_owned() }
}

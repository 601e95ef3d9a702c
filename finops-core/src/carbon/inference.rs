//! Energy, carbon, embodied carbon and water of one call to a language model.

use super::{
    Assumption, Assumptions, Boundary, CarbonError, CarbonModel, ClassFactors, DataId, DataIds, EnergyMethod,
    Estimate, MethodId, ModelHandle, ModelParams, Range, Tier, TokenCounts,
    config::Origin,
    factor::{self, Factor, GridState},
    fixed::Fixed,
    llm::{self, LlmImpact, Serving},
    pue::{Pue, to_facility, water},
};
use crate::{
    time::Timestamp,
    units::{Carbon, Energy, J_PER_KWH, Water},
};
use rust_decimal::Decimal;

/// What is known of a call's course.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timing {
    /// Seconds from request to last token.
    pub duration_s: Option<f64>,
    /// Tokens a second.
    pub tokens_per_s: Option<f64>,
    /// Seconds to the first token.
    pub time_to_first_token_s: Option<f64>,
    /// Energy that a meter read for this very call, at the machines: PUE is applied to it.
    pub measured: Option<Energy>,
    /// When the call was made, to find its interval in an intensity series.
    pub at: Option<Timestamp>,
}

/// Central joules of each class of tokens, at the facility's boundary.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ByClass {
    /// Uncached input.
    pub input: Energy,
    /// Cache reads.
    pub cache_read: Energy,
    /// Cache writes.
    pub cache_write: Energy,
    /// Output, reasoning included.
    pub output: Energy,
}

/// The values that a figure was computed with.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Factors {
    /// Wh per 1,000 tokens at the boundary of the factor, for the flat method.
    pub wh_per_1k: Option<Range>,
    /// g/kWh.
    pub g_per_kwh: Range,
    /// The PUE that was applied; `None` when none was.
    pub pue: Option<Range>,
    /// What only some methods have.
    pub detail: Detail,
}

/// The values of class factors or of a model.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Flat and measured figures have no more.
    None,
    /// Class factors.
    Classes(ClassWh),
    /// A model of known parameters.
    Model(Served),
}

/// A model as it was served.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Served {
    /// Its parameters.
    pub params: ModelParams,
    /// Requests served together.
    pub batch: Range,
    /// Bits a weight.
    pub bits: f64,
}

impl Factors {
    /// The class factors, if the figure rests on them.
    #[must_use]
    pub const fn classes(&self) -> Option<&ClassWh> {
        match &self.detail {
            Detail::Classes(classes) => Some(classes),
            Detail::None | Detail::Model(_) => None,
        }
    }

    /// The model, if the figure rests on its parameters.
    #[must_use]
    pub const fn model(&self) -> Option<&Served> {
        match &self.detail {
            Detail::Model(served) => Some(served),
            Detail::None | Detail::Classes(_) => None,
        }
    }
}

/// Central class factors and how the ends were found, so that they can be found again.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ClassWh {
    /// Wh per 1,000 tokens of input, cache reads, cache writes and output.
    pub wh_per_1k: [f64; 4],
    /// Whether they are the preset, of a factor of 3 either way.
    pub preset: bool,
    /// Whether cache reads go by their default share of input.
    pub cache_read_defaulted: bool,
    /// Whether cache writes go by their default share of input.
    pub cache_write_defaulted: bool,
}

/// Energy and carbon of one call.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct InferenceImpact {
    /// Energy at the facility's boundary.
    pub energy: Estimate<Energy>,
    /// Energy of the machines, where the factor does not hold PUE already.
    pub it_energy: Option<Estimate<Energy>>,
    /// Energy by class of tokens, for class factors.
    pub by_class: Option<ByClass>,
    /// Carbon of the energy.
    pub operational: Estimate<Carbon>,
    /// The central value of `operational` in kilograms; for flat factors the f64 nearest to the exact figure.
    pub carbon_kg: f64,
    /// Carbon of making the machines; `None` when no hardware is known. Never part of `operational`.
    pub embodied: Option<Estimate<Carbon>>,
    /// Water, when both usage factors are known.
    pub water: Option<Estimate<Water>>,
    /// The values used.
    pub factors: Factors,
    /// Whatever was assumed.
    pub assumptions: Assumptions,
}

const _: () = assert!(size_of::<InferenceImpact>() <= 512, "records hold one by value");

/// Class factors ready for use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Classes {
    /// Joules a token at the machines or the facility, as declared: input, cache reads, cache writes, output.
    it: [[Fixed; 3]; 4],
    /// The same at the facility.
    facility: [[Fixed; 3]; 4],
    tier: Tier,
    factors: ClassWh,
    data: DataId,
}

/// Cache reads over input, exactly: see `llm::CACHE_READ`.
const CACHE_READ: [Decimal; 3] =
    [Decimal::ZERO, Decimal::from_parts(8, 0, 0, false, 2), Decimal::from_parts(2, 0, 0, false, 1)];
/// Cache writes over input, exactly: see `llm::CACHE_WRITE`.
const CACHE_WRITE: [Decimal; 3] = [Decimal::ONE, Decimal::ONE, Decimal::from_parts(126, 0, 0, false, 2)];

/// Validates class factors.
///
/// # Errors
/// `carbon.factor_missing`, `carbon.bad_number`, `config.invalid`.
pub(crate) fn class_factors(
    factors: &ClassFactors,
    boundary: Boundary,
    pue: &Pue,
) -> Result<Classes, CarbonError> {
    let given = |name: &str, value: Option<Decimal>| -> Result<Option<Decimal>, CarbonError> {
        let path = format!("wh_per_1k.{name}");
        match value {
            Some(value) if value.is_sign_negative() && !value.is_zero() => {
                Err(CarbonError::bad_number(path, value))
            }
            Some(value) => super::config::check_factor(&path, value).map(Some),
            None => Ok(None),
        }
    };
    let required = |name: &str, value| -> Result<Decimal, CarbonError> {
        given(name, value)?.ok_or_else(|| CarbonError::FactorMissing { path: format!("wh_per_1k.{name}") })
    };
    let (input, output) = (required("input", factors.input)?, required("output", factors.output)?);
    let read = given("cache_read", factors.cache_read)?;
    let write = given("cache_write", factors.cache_write)?;
    let spread = |value: Decimal| -> [Decimal; 3] {
        let three = Decimal::from(3);
        match factors.preset {
            true => {
                [value.checked_div(three).unwrap_or(value), value, value.checked_mul(three).unwrap_or(value)]
            }
            false => [value; 3],
        }
    };
    let share = |share: [Decimal; 3]| share.map(|share| share.checked_mul(input).unwrap_or(input));
    let ends = [
        spread(input),
        read.map_or_else(|| share(CACHE_READ), spread),
        write.map_or_else(|| share(CACHE_WRITE), spread),
        spread(output),
    ];
    let mut facility = ends;
    for class in &mut facility {
        *class = factor::to_facility_ends(class, boundary, pue)?;
    }
    let joules = |ends: [[Decimal; 3]; 4]| ends.map(|class| class.map(factor::joules_per_token));
    Ok(Classes {
        it: joules(ends),
        facility: joules(facility),
        tier: if factors.preset { Tier::Assumed } else { Tier::Declared },
        factors: ClassWh {
            wh_per_1k: ends.map(|[_, central, _]| crate::money::decimal::to_f64(central)),
            preset: factors.preset,
            cache_read_defaulted: read.is_none(),
            cache_write_defaulted: write.is_none(),
        },
        data: if factors.preset { DataId::API_ANCHORS } else { DataId::DECLARED },
    })
}

fn times(ends: &[Fixed; 3], count: u64) -> Range {
    let [low, central, high] = *ends;
    let middle = central.times(count);
    // Most factors are declared, without a range: one product serves.
    let end = |end: Fixed| if end == central { middle } else { end.times(count) };
    Range { low: end(low), central: middle, high: end(high) }
}

fn class_counts(tokens: &TokenCounts) -> [u64; 4] {
    [tokens.input, tokens.cache_read, tokens.cache_write, tokens.output]
}

fn class_sum(classes: &[[Fixed; 3]; 4], tokens: &TokenCounts) -> Range {
    let parts = classes.iter().zip(class_counts(tokens)).map(|(ends, count)| times(ends, count));
    parts.fold(Range::point(0.0), Range::sum)
}

/// Carbon of energy at an intensity.
pub(crate) fn operational(
    energy: &Estimate<Energy>,
    grid: &GridState,
) -> Result<Estimate<Carbon>, CarbonError> {
    let Factor { tier, data, .. } = grid.factor;
    let kwh = energy.range().map(|joules| joules / J_PER_KWH);
    let grams = super::operational(kwh, grid.range);
    Estimate::new(grams, energy.tier.worst(tier), energy.method, energy.data.with(data))
}

impl CarbonModel {
    /// Energy and carbon of one call: joules measured for it, else class factors if configured, else the flat factor if
    /// explicitly configured, else (methods `auto`, `parameters`, `ecologits`) the model's parameters, else the flat
    /// default.
    ///
    /// ```
    /// use finops_core::carbon::{CarbonConfig, CarbonModel, EnergyMethod, TokenCounts, Timing};
    /// let config = CarbonConfig { energy_method: Some(EnergyMethod::Auto), ..CarbonConfig::default() };
    /// let model = CarbonModel::new(config)?;
    /// let tokens = TokenCounts::new(1000, 500);
    /// let open = model.model("meta-llama/Llama-3.1-8B-Instruct");
    /// let impact = model.inference(open, &tokens, Timing::default())?;
    /// assert_eq!(impact.energy.method.name(), "finops-llm/1");
    /// let closed = model.inference(model.model("a-closed-model"), &tokens, Timing::default())?;
    /// assert_eq!(closed.energy.central.joules(), 2700.0);
    /// # Ok::<(), finops_core::carbon::CarbonError>(())
    /// ```
    ///
    /// # Errors
    /// `carbon.unknown_model` for methods `parameters` and `ecologits` without parameters, `carbon.bad_number` for a
    /// timing that is not positive and finite. A handle has no name: [`CarbonError::of_model`] puts it in.
    pub fn inference(
        &self,
        model: ModelHandle,
        tokens: &TokenCounts,
        timing: Timing,
    ) -> Result<InferenceImpact, CarbonError> {
        let (state, outside) = self.grid_at(timing.at);
        let grid = state.as_ref().unwrap_or(&self.0.grid);
        let assumptions = grid.factor.assumptions.union(outside);
        let assumptions = assumptions.with_if(tokens.modality_as_text, Assumption::modality_as_text);
        if let Some(measured) = timing.measured {
            return self.measured(measured, grid, assumptions);
        }
        if let Some(classes) = &self.0.classes {
            return self.by_class(classes, tokens, grid, assumptions);
        }
        let flat = self.0.method == EnergyMethod::Flat || self.0.energy.from != Origin::Default;
        match model.params {
            Some(params) if !flat => self.parameters(&model, &params, tokens, timing, grid, assumptions),
            None if !flat && self.0.method != EnergyMethod::Auto => {
                Err(CarbonError::UnknownModel { model: "?".to_owned() })
            }
            _ => {
                let unknown = !flat && self.0.method == EnergyMethod::Auto;
                let assumptions = assumptions.with_if(unknown, Assumption::model_parameters_unknown);
                self.flat_impact(tokens.total(), grid, assumptions)
            }
        }
    }

    fn flat_impact(
        &self,
        tokens: u64,
        grid: &GridState,
        assumptions: Assumptions,
    ) -> Result<InferenceImpact, CarbonError> {
        let inner = &*self.0;
        let method = MethodId::FlatTokens;
        let (tier, data) = self.factor_tier(inner.energy.tier, DataIds::of(inner.energy.data));
        let energy = Estimate::new(times(&inner.joules, tokens), tier, method, data)?;
        let it_energy = match inner.boundary {
            Boundary::Facility => None,
            Boundary::It => {
                let data = DataIds::of(inner.energy.data);
                Some(Estimate::new(times(&inner.it_joules, tokens), inner.energy.tier, method, data)?)
            }
        };
        let [_, kilograms, _] = grid.kilograms;
        let grams = times(&grid.grams, tokens);
        let data = energy.data.with(grid.factor.data);
        let operational = Estimate::new(grams, energy.tier.worst(grid.factor.tier), method, data)?;
        Ok(InferenceImpact {
            energy,
            it_energy,
            by_class: None,
            operational,
            carbon_kg: kilograms.times(tokens),
            embodied: None,
            water: self.water(it_energy.as_ref())?,
            factors: Factors { wh_per_1k: Some(inner.energy_range), ..self.factors(grid) },
            assumptions: self.factor_assumptions(assumptions).union(inner.energy.assumptions),
        })
    }

    fn by_class(
        &self,
        classes: &Classes,
        tokens: &TokenCounts,
        grid: &GridState,
        assumptions: Assumptions,
    ) -> Result<InferenceImpact, CarbonError> {
        let inner = &*self.0;
        let method = MethodId::ClassTokens;
        let defaulted = classes.factors.cache_read_defaulted && tokens.cache_read > 0
            || classes.factors.cache_write_defaulted && tokens.cache_write > 0;
        let stated = if defaulted { classes.tier.worst(Tier::Modelled) } else { classes.tier };
        let (tier, data) = self.factor_tier(stated, DataIds::of(classes.data));
        let energy = Estimate::new(class_sum(&classes.facility, tokens), tier, method, data)?;
        let it_energy = match inner.boundary {
            Boundary::Facility => None,
            Boundary::It => Some(Estimate::new(
                class_sum(&classes.it, tokens),
                stated,
                method,
                DataIds::of(classes.data),
            )?),
        };
        let [input, cache_read, cache_write, output] = classes.facility;
        let joules = |ends: [Fixed; 3], count| Energy::from_joules(times(&ends, count).central);
        let by_class = ByClass {
            input: joules(input, tokens.input)?,
            cache_read: joules(cache_read, tokens.cache_read)?,
            cache_write: joules(cache_write, tokens.cache_write)?,
            output: joules(output, tokens.output)?,
        };
        let operational = operational(&energy, grid)?;
        Ok(InferenceImpact {
            energy,
            it_energy,
            by_class: Some(by_class),
            operational,
            carbon_kg: operational.central.kg(),
            embodied: None,
            water: self.water(it_energy.as_ref())?,
            factors: Factors { detail: Detail::Classes(classes.factors), ..self.factors(grid) },
            assumptions: self.factor_assumptions(assumptions),
        })
    }

    fn measured(
        &self,
        energy: Energy,
        grid: &GridState,
        assumptions: Assumptions,
    ) -> Result<InferenceImpact, CarbonError> {
        let data = DataIds::of(DataId::METER);
        let it = Range::point(energy.joules());
        let it_energy = Estimate::new(it, Tier::Measured, MethodId::MeasuredWindow, data)?;
        self.at_facility(it_energy, None, None, grid, assumptions)
    }

    fn parameters(
        &self,
        model: &ModelHandle,
        params: &ModelParams,
        tokens: &TokenCounts,
        timing: Timing,
        grid: &GridState,
        assumptions: Assumptions,
    ) -> Result<InferenceImpact, CarbonError> {
        let serving = Serving {
            latency_s: timing.duration_s,
            tokens_per_s: timing.tokens_per_s,
            time_to_first_token_s: timing.time_to_first_token_s,
            ..self.0.serving
        };
        serving.check()?;
        let parity = self.0.method == EnergyMethod::Ecologits;
        let (LlmImpact { it_kwh, embodied_kg }, method, prior) = if parity {
            let prior = Range::point(llm::ECOLOGITS_BATCH);
            (llm::ecologits(params, tokens.output, &serving), MethodId::EcologitsLlm, prior)
        } else {
            (llm::finops(params, tokens, &serving), MethodId::FinopsLlm, llm::BATCH_PRIOR)
        };
        let mut data = DataIds::of(model.data).with(DataId::ECOLOGITS);
        if serving.batch.is_none() && !parity {
            data = data.with(DataId::BATCH_PRIOR);
        }
        let assumptions = assumptions
            .with_if(serving.batch.is_none(), Assumption::batch_prior)
            .with_if(serving.latency_s.is_none(), Assumption::latency_unknown)
            .with_if(params.shape.is_none() && !parity, Assumption::no_context_term);
        let it_energy = Estimate::new(it_kwh.scaled(J_PER_KWH), Tier::Modelled, method, data)?;
        let embodied =
            Estimate::new(embodied_kg.scaled(1000.0), Tier::Modelled, MethodId::EmbodiedLlm, data)?;
        let known = Factors {
            detail: Detail::Model(Served {
                params: *params,
                batch: serving.batch.unwrap_or(prior),
                bits: serving.bits,
            }),
            ..self.factors(grid)
        };
        self.at_facility(it_energy, Some(embodied), Some(known), grid, assumptions)
    }

    /// From energy at the machines to the rest, PUE applied once.
    fn at_facility(
        &self,
        it_energy: Estimate<Energy>,
        embodied: Option<Estimate<Carbon>>,
        factors: Option<Factors>,
        grid: &GridState,
        assumptions: Assumptions,
    ) -> Result<InferenceImpact, CarbonError> {
        let pue = &self.0.pue;
        let joules = to_facility(it_energy.range(), Boundary::It, pue.value);
        let data = it_energy.data.with(pue.data);
        let energy = Estimate::new(joules, it_energy.tier.worst(pue.tier), it_energy.method, data)?;
        let operational = operational(&energy, grid)?;
        let assumed = pue.assumption().map_or(Assumptions::NONE, |one| Assumptions::NONE.with(one));
        Ok(InferenceImpact {
            energy,
            it_energy: Some(it_energy),
            by_class: None,
            operational,
            carbon_kg: operational.central.kg(),
            embodied,
            water: self.water(Some(&it_energy))?,
            factors: Factors { pue: Some(pue.value), ..factors.unwrap_or_else(|| self.factors(grid)) },
            assumptions: assumptions.union(assumed),
        })
    }

    fn water(&self, it_energy: Option<&Estimate<Energy>>) -> Result<Option<Estimate<Water>>, CarbonError> {
        let (Some(it), Some((site, grid))) = (it_energy, self.0.wue) else { return Ok(None) };
        let kwh = it.range().map(|joules| joules / J_PER_KWH);
        let litres = water(kwh, self.0.pue.value, site, grid);
        let tier = it.tier.worst(self.0.pue.tier).worst(Tier::Declared);
        Estimate::new(litres, tier, MethodId::Water, it.data.with(DataId::DECLARED)).map(Some)
    }

    /// Tier and data of a factor, with those of the PUE where it is applied.
    fn factor_tier(&self, tier: Tier, data: DataIds) -> (Tier, DataIds) {
        match self.0.boundary {
            Boundary::Facility => (tier, data),
            Boundary::It => (tier.worst(self.0.pue.tier), data.with(self.0.pue.data)),
        }
    }

    fn factor_assumptions(&self, assumptions: Assumptions) -> Assumptions {
        match (self.0.boundary, self.0.pue.assumption()) {
            (Boundary::Facility, _) => {
                assumptions.with_if(self.0.config.pue.is_some(), Assumption::pue_not_applied)
            }
            (Boundary::It, Some(assumption)) => assumptions.with(assumption),
            (Boundary::It, None) => assumptions,
        }
    }

    fn factors(&self, grid: &GridState) -> Factors {
        let pue = match self.0.boundary {
            Boundary::Facility => None,
            Boundary::It => Some(self.0.pue.value),
        };
        Factors { wh_per_1k: None, g_per_kwh: grid.range, pue, detail: Detail::None }
    }
}

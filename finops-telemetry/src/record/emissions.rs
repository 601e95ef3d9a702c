//! The energy and carbon of a record: two numbers now, everything else when somebody reads it.

use crate::monitor::TagSchema;
use finops_core::{
    carbon::{
        Assumption, Assumptions, CarbonConfig, CarbonError, CarbonModel, FlatImpact, InferenceImpact,
        ModelHandle, Timing, TokenCounts, TrainingCall, TrainingImpact,
    },
    error::ConfigError,
    money::decimal,
    time::{DurationNs, Timestamp},
    usage::Usage,
};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// What all records of a monitor share, as long as its configuration stays.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// Names the tags.
    pub(crate) schema: Arc<TagSchema>,
    /// Makes the estimate behind flat numbers when somebody reads it. Records that were read from text hold theirs.
    pub(crate) carbon: Option<CarbonModel>,
}

/// Energy and carbon of one run.
#[derive(Debug, Clone)]
pub(crate) enum Emissions {
    /// All tokens times one factor: the estimate is made from the same model when somebody reads it.
    Flat(FlatImpact),
    /// By class of tokens, or from the parameters of the model.
    Modelled(Box<(InferenceImpact, Decimal)>),
    /// A training run.
    Trained(Box<(TrainingImpact, Decimal)>),
    /// As a wire form told them.
    Told(Box<Told>),
}

/// What a record shares with others, and its usage when it has one.
pub(crate) type Of<'a> = (&'a Context, Option<Usage>);

/// What a wire form says.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    joules: Exact,
    kg: Exact,
    intensity: Decimal,
    energy: Value,
    carbon: Value,
    assumptions: Assumptions,
}

/// A number as its exact text and the f64 nearest to it.
#[derive(Debug, Clone)]
struct Exact {
    text: Box<str>,
    value: f64,
}

impl Exact {
    fn read(path: &'static str, text: &str) -> Result<Self, ConfigError> {
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
        let value = value.ok_or_else(|| {
            ConfigError::new(path, text, "not a number of at least 0", "pass what `to_json` gave")
        })?;
        Ok(Self { text: text.into(), value })
    }
}

impl Emissions {
    /// As a wire form told them.
    pub(super) fn told(
        joules: &str,
        kg: &str,
        intensity: Decimal,
        energy: Value,
        carbon: Value,
        assumptions: Assumptions,
    ) -> Result<Self, ConfigError> {
        Ok(Self::Told(Box::new(Told {
            joules: Exact::read("energy_joules", joules)?,
            kg: Exact::read("carbon_kg", kg)?,
            intensity,
            energy,
            carbon,
            assumptions,
        })))
    }

    /// Of one inference, by whatever method the model is configured with.
    pub(crate) fn of_inference(
        model: &CarbonModel,
        name: &str,
        usage: &Usage,
        duration: Option<DurationNs>,
        at: Timestamp,
    ) -> Result<Self, CarbonError> {
        let tokens = TokenCounts::from(usage);
        if model.is_flat() && !model.has_series() {
            return Ok(Self::Flat(model.flat(tokens.total())));
        }
        let duration_s = duration.map(|duration| duration.ms_f64() / 1000.0);
        let timing = Timing { duration_s, at: Some(at), ..Timing::default() };
        let impact = model.inference(model.model(name), &tokens, timing)?;
        let intensity = intensity_of(model, impact.factors.g_per_kwh.central);
        Ok(Self::Modelled(Box::new((impact, intensity))))
    }

    /// Of one training run; `power` is that of one GPU in kilowatts, when it is not the model's.
    pub(crate) fn of_training(
        model: &CarbonModel,
        duration_hours: Decimal,
        gpu_count: u64,
        power: Option<Decimal>,
        at: Timestamp,
    ) -> Result<Self, CarbonError> {
        let gpu_count = i64::try_from(gpu_count).unwrap_or(i64::MAX);
        let run = TrainingCall { at: Some(at), ..TrainingCall::new(gpu_count, duration_hours) };
        let impact = match power {
            None => model.training(&run)?,
            Some(_) => {
                let config = CarbonConfig { gpu_power_kw: power, ..model.config().clone() };
                CarbonModel::new(config)?.training(&run)?
            }
        };
        let intensity = intensity_of(model, impact.g_per_kwh.central);
        Ok(Self::Trained(Box::new((impact, intensity))))
    }

    /// The estimate behind flat numbers.
    fn estimate(&self, of: Of<'_>) -> Option<InferenceImpact> {
        // A flat model needs nothing that could be missing.
        let (model, usage) = (of.0.carbon.as_ref()?, of.1?);
        model.inference(ModelHandle::UNKNOWN, &TokenCounts::from(&usage), Timing::default()).ok()
    }

    /// A flat figure, exactly.
    fn flat(of: Of<'_>, figure: impl Fn(&CarbonModel, u64) -> Decimal) -> Option<Decimal> {
        Some(figure(of.0.carbon.as_ref()?, of.1?.total_tokens()))
    }

    pub(crate) fn joules(&self) -> f64 {
        match self {
            Self::Flat(impact) => impact.energy_joules,
            Self::Modelled(of) => of.0.energy.central.joules(),
            Self::Trained(of) => {
                of.0.energy_exact.map_or_else(|| of.0.energy.central.joules(), decimal::to_f64)
            }
            Self::Told(told) => told.joules.value,
        }
    }

    pub(crate) fn kg(&self) -> f64 {
        match self {
            Self::Flat(impact) => impact.carbon_kg,
            Self::Modelled(of) => of.0.carbon_kg,
            Self::Trained(of) => of.0.carbon_exact.map_or(of.0.carbon_kg, decimal::to_f64),
            Self::Told(told) => told.kg.value,
        }
    }

    pub(crate) fn joules_text(&self, of: Of<'_>) -> Cow<'_, str> {
        Cow::Owned(match self {
            Self::Flat(_) => {
                Self::flat(of, CarbonModel::energy_exact).map_or_else(|| plain(self.joules()), decimal::text)
            }
            Self::Modelled(_) => plain(self.joules()),
            Self::Trained(of) => of.0.energy_exact.map_or_else(|| plain(self.joules()), decimal::text),
            Self::Told(told) => return Cow::Borrowed(&told.joules.text),
        })
    }

    pub(crate) fn kg_text(&self, of: Of<'_>) -> Cow<'_, str> {
        Cow::Owned(match self {
            Self::Flat(_) => {
                Self::flat(of, CarbonModel::carbon_exact).map_or_else(|| plain(self.kg()), decimal::text)
            }
            Self::Modelled(_) => plain(self.kg()),
            Self::Trained(of) => of.0.carbon_exact.map_or_else(|| plain(self.kg()), decimal::text),
            Self::Told(told) => return Cow::Borrowed(&told.kg.text),
        })
    }

    /// Joules, exactly where that fits 28 digits.
    pub(crate) fn joules_exact(&self, of: Of<'_>) -> Option<Decimal> {
        match self {
            Self::Flat(_) => Self::flat(of, CarbonModel::energy_exact),
            _ => decimal::parse(&self.joules_text(of)).or_else(|| decimal::from_f64(self.joules())),
        }
    }

    /// Grams of CO2e, exactly where that fits 28 digits.
    pub(crate) fn grams_exact(&self, of: Of<'_>) -> Option<Decimal> {
        let kg = match self {
            Self::Flat(_) => Self::flat(of, CarbonModel::carbon_exact),
            _ => decimal::parse(&self.kg_text(of)).or_else(|| decimal::from_f64(self.kg())),
        };
        kg?.checked_mul(Decimal::ONE_THOUSAND)
    }

    pub(super) fn intensity(&self, of: Of<'_>) -> Decimal {
        match self {
            Self::Flat(_) => of.0.carbon.as_ref().map(CarbonModel::grid_g_per_kwh_exact).unwrap_or_default(),
            Self::Modelled(of) => of.1,
            Self::Trained(of) => of.1,
            Self::Told(told) => told.intensity,
        }
    }

    pub(super) fn intensity_f64(&self, of: Of<'_>) -> f64 {
        decimal::to_f64(self.intensity(of))
    }

    pub(super) fn energy(&self, of: Of<'_>) -> Cow<'_, Value> {
        Cow::Owned(match self {
            Self::Flat(_) => self.estimate(of).map_or(Value::Null, |impact| energy_of(&impact)),
            Self::Modelled(of) => energy_of(&of.0),
            Self::Trained(of) => with(&of.0.energy, [("it_energy", json(&of.0.it_energy))]),
            Self::Told(told) => return Cow::Borrowed(&told.energy),
        })
    }

    pub(super) fn carbon(&self, of: Of<'_>) -> Cow<'_, Value> {
        Cow::Owned(match self {
            Self::Flat(_) => self.estimate(of).map_or(Value::Null, |impact| carbon_of(&impact)),
            Self::Modelled(of) => carbon_of(&of.0),
            Self::Trained(of) => with(&of.0.operational, [("embodied", json(&of.0.embodied))]),
            Self::Told(told) => return Cow::Borrowed(&told.carbon),
        })
    }

    pub(super) fn assumptions(&self, of: Of<'_>) -> impl Iterator<Item = &'static str> {
        let set = match self {
            Self::Flat(_) => self.estimate(of).map(|impact| impact.assumptions).unwrap_or_default(),
            Self::Modelled(of) => of.0.assumptions,
            Self::Trained(of) => of.0.assumptions,
            Self::Told(told) => told.assumptions,
        };
        set.iter().map(Assumption::code)
    }
}

/// The intensity that was used: the configured one exactly, or that of an interval of a series.
fn intensity_of(model: &CarbonModel, used: f64) -> Decimal {
    let configured = model.grid_g_per_kwh_exact();
    if decimal::to_f64(configured).total_cmp(&used).is_eq() {
        return configured;
    }
    decimal::from_f64(used).unwrap_or(configured)
}

fn energy_of(impact: &InferenceImpact) -> Value {
    with(
        &impact.energy,
        [
            ("it_energy", json(&impact.it_energy)),
            ("by_class", json(&impact.by_class)),
            ("factors", json(&impact.factors)),
        ],
    )
}

fn carbon_of(impact: &InferenceImpact) -> Value {
    with(&impact.operational, [("embodied", json(&impact.embodied)), ("water", json(&impact.water))])
}

/// The object of an estimate and further members, those that are known.
fn with<const N: usize>(estimate: &impl Serialize, members: [(&str, Value); N]) -> Value {
    let mut value = json(estimate);
    if let Value::Object(object) = &mut value {
        object.extend(
            members
                .into_iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| (name.to_owned(), member)),
        );
    }
    value
}

fn json(value: &impl Serialize) -> Value {
    // Finite numbers and names: JSON can hold every one of them.
    serde_json::to_value(value).unwrap_or_default()
}

/// The shortest decimal that reads back as the same f64, without an exponent.
fn plain(value: f64) -> String {
    value.to_string()
}

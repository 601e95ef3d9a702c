//! What a monitor is made from.

use super::{
    settings::{Setting, Settings, Source},
    tags::TagSchema,
};
use crate::{Error, budget::Budgets, rollup::RollupConfig};
use finops_core::{
    carbon::{CarbonConfig, CarbonModel, Environment, Grid},
    cost::{CostPolicy, ModelPrice},
    money::decimal,
    price::Catalogue,
};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, sync::Arc};

/// Records kept unless the caller says otherwise.
pub const MAX_RECORDS: usize = 10_000;
/// Groups held unless the caller says otherwise.
const MAX_GROUPS: usize = 10_000;
/// Unresolved names told apart unless the caller says otherwise.
const MAX_UNKNOWN_MODELS: usize = 1024;

/// Arguments of the constructor. `None` and empty mean: not given.
#[derive(Debug, Clone, Default)]
pub struct MonitorOptions {
    /// USD per 1,000 input tokens; explicit rates win over the catalogue.
    pub cost_per_1k_input_tokens: Option<Decimal>,
    /// USD per 1,000 output tokens.
    pub cost_per_1k_output_tokens: Option<Decimal>,
    /// USD per 1,000 tokens read from a cache, at flat rates.
    pub cost_per_1k_cached_input_tokens: Option<Decimal>,
    /// USD per hour of compute.
    pub compute_cost_per_hour: Option<Decimal>,
    /// Watt-hours per 1,000 tokens.
    pub energy_wh_per_1k_tokens: Option<Decimal>,
    /// Grams of CO2e per kilowatt-hour.
    pub carbon_intensity_g_per_kwh: Option<Decimal>,
    /// Kilowatts of one GPU in training.
    pub gpu_power_kw: Option<Decimal>,
    /// The user's own prices.
    pub models: Vec<ModelPrice>,
    /// The catalogue; the compiled one when not given.
    pub prices: Option<Catalogue>,
    /// Whether to leave the catalogue out.
    pub without_catalogue: bool,
    /// Whether a price that is not exact is an error.
    pub strict: bool,
    /// The tags to keep, in order; [`DEFAULT_TAGS`](super::DEFAULT_TAGS) when not given.
    pub tags: Option<Vec<String>>,
    /// Other metadata keys that fill them; [`DEFAULT_ALIASES`](super::DEFAULT_ALIASES) when not given.
    pub tag_aliases: Option<BTreeMap<String, String>>,
    /// How many records are kept: 10,000.
    pub max_records: Option<usize>,
    /// How many groups the roll-up holds: 10,000.
    pub max_groups: Option<usize>,
    /// How many unresolved model names have a group of their own: 1,024.
    pub max_unknown_models: Option<usize>,
    /// Budgets that calls are charged to.
    pub budgets: Option<Arc<Budgets>>,
    /// Energy and carbon beyond the three numbers above.
    pub carbon: CarbonConfig,
}

impl MonitorOptions {
    fn number(&self, setting: Setting) -> Option<Decimal> {
        match setting {
            Setting::CostPer1kInputTokens => self.cost_per_1k_input_tokens,
            Setting::CostPer1kOutputTokens => self.cost_per_1k_output_tokens,
            Setting::ComputeCostPerHour => self.compute_cost_per_hour,
            Setting::EnergyWhPer1kTokens => self.energy_wh_per_1k_tokens,
            Setting::CarbonIntensityGPerKwh => self.carbon_intensity_g_per_kwh,
            Setting::GpuPowerKw => self.gpu_power_kw,
        }
    }
}

/// A checked configuration: what [`MonitorOptions`] and the environment decided, and where each number came from.
#[derive(Debug, Clone)]
pub struct MonitorConfig {
    pub(super) settings: Settings,
    pub(super) policy: CostPolicy,
    pub(super) carbon: CarbonModel,
    pub(super) max_records: usize,
    pub(super) rollup: RollupConfig,
    schema: Arc<TagSchema>,
    budgets: Option<Arc<Budgets>>,
}

impl MonitorConfig {
    /// Takes every number from `options`, else from `env` (trimmed; blank is unset), else its default.
    ///
    /// # Errors
    /// `config.invalid` naming the argument or variable, `price.too_precise`, and the `carbon.*` codes of an unusable
    /// region, PUE or factor.
    pub fn new(options: MonitorOptions, env: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let mut settings = Settings::new(|setting| options.number(setting), env)?;
        let carbon = CarbonModel::new(carbon_config(options.carbon, &settings))?;
        let decided = [
            (Setting::EnergyWhPer1kTokens, carbon.energy_from(), carbon.energy_wh_per_1k_exact()),
            (Setting::CarbonIntensityGPerKwh, carbon.grid_from(), carbon.grid_g_per_kwh_exact()),
        ];
        for (setting, from, value) in decided {
            match from.name() {
                "region" => settings.set_default(setting, value, Source::Region),
                "argument" => settings.set_default(setting, value, Source::Constructor),
                _ => {}
            }
        }
        let mut policy = CostPolicy::new();
        for setting in Setting::ALL {
            apply_cost(&mut policy, &settings, setting)?;
        }
        policy.set_cached_per_1k(options.cost_per_1k_cached_input_tokens)?;
        for price in options.models {
            policy.set_price(price)?;
        }
        if let Some(catalogue) = options.prices {
            policy.set_catalogue(catalogue);
        }
        policy.set_use_catalogue(!options.without_catalogue);
        policy.set_strict(options.strict);
        let of_budgets = options.budgets.as_ref().map(|budgets| budgets.tags()).unwrap_or_default();
        let schema = TagSchema::new(
            options.tags.as_deref(),
            options.tag_aliases.as_ref(),
            of_budgets.iter().map(String::as_str),
        )?;
        let rollup = RollupConfig {
            tags: schema.names().iter().map(|name| name.to_string()).collect(),
            max_groups: options.max_groups.unwrap_or(MAX_GROUPS),
            max_unknown_models: options.max_unknown_models.unwrap_or(MAX_UNKNOWN_MODELS),
        };
        Ok(Self {
            settings,
            policy,
            carbon,
            max_records: options.max_records.unwrap_or(MAX_RECORDS),
            rollup,
            schema: Arc::new(schema),
            budgets: options.budgets,
        })
    }

    /// The exact value of a number.
    #[must_use]
    pub fn value(&self, setting: Setting) -> Decimal {
        self.settings.value(setting)
    }

    /// Where the number `name` came from; `None` when there is no such number.
    #[must_use]
    pub fn source_of(&self, name: &str) -> Option<Source> {
        Some(self.settings.source(Setting::from_name(name)?))
    }

    /// Which metadata keys become tags.
    #[must_use]
    pub const fn schema(&self) -> &Arc<TagSchema> {
        &self.schema
    }

    /// The budgets that calls are charged to.
    #[must_use]
    pub const fn budgets(&self) -> Option<&Arc<Budgets>> {
        self.budgets.as_ref()
    }
}

/// The energy and carbon of `config` with the numbers of `settings` in it.
fn carbon_config(config: CarbonConfig, settings: &Settings) -> CarbonConfig {
    let argument = |setting| match settings.source(setting) {
        Source::Constructor | Source::Assigned => Some(settings.value(setting)),
        Source::Environment | Source::Region | Source::Default => None,
    };
    let variable = |setting| match settings.source(setting) {
        Source::Environment => Some(decimal::text(settings.value(setting))),
        _ => None,
    };
    CarbonConfig {
        energy_wh_per_1k_tokens: argument(Setting::EnergyWhPer1kTokens).or(config.energy_wh_per_1k_tokens),
        gpu_power_kw: argument(Setting::GpuPowerKw).or(config.gpu_power_kw),
        // A live intensity beats the number that the monitor began with.
        grid: config.grid.clone().or_else(|| argument(Setting::CarbonIntensityGPerKwh).map(Grid::Scalar)),
        environment: Environment {
            energy_wh_per_1k_tokens: variable(Setting::EnergyWhPer1kTokens),
            carbon_intensity_g_per_kwh: variable(Setting::CarbonIntensityGPerKwh),
        },
        ..config
    }
}

/// Hands a cost that somebody stated to the policy; a default stays a default.
fn apply_cost(policy: &mut CostPolicy, settings: &Settings, setting: Setting) -> Result<(), Error> {
    let value = settings.explicit(setting);
    match setting {
        Setting::CostPer1kInputTokens => policy.set_input_per_1k(value)?,
        Setting::CostPer1kOutputTokens => policy.set_output_per_1k(value)?,
        Setting::ComputeCostPerHour => policy.set_compute_per_hour(value)?,
        Setting::EnergyWhPer1kTokens | Setting::CarbonIntensityGPerKwh | Setting::GpuPowerKw => {}
    }
    Ok(())
}

/// Assigns a number at run time; hands back the energy and carbon model when that changes. What cannot be used changes
/// nothing.
pub(super) fn assign(
    settings: &mut Settings,
    policy: &mut CostPolicy,
    carbon: &CarbonModel,
    setting: Setting,
    value: Decimal,
) -> Result<Option<CarbonModel>, Error> {
    let mut new = *settings;
    new.assign(setting, value)?;
    let given = Some(value);
    let carbon = match setting {
        Setting::CostPer1kInputTokens | Setting::CostPer1kOutputTokens | Setting::ComputeCostPerHour => {
            apply_cost(policy, &new, setting)?;
            None
        }
        Setting::EnergyWhPer1kTokens => Some(CarbonModel::new(CarbonConfig {
            energy_wh_per_1k_tokens: given,
            ..carbon.config().clone()
        })?),
        Setting::CarbonIntensityGPerKwh => Some(carbon.with_grid(Grid::Scalar(value))?),
        Setting::GpuPowerKw => {
            Some(CarbonModel::new(CarbonConfig { gpu_power_kw: given, ..carbon.config().clone() })?)
        }
    };
    *settings = new;
    Ok(carbon)
}

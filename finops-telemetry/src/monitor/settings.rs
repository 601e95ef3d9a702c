//! The six numbers of the original monitor: constructor, else environment, else default.

use finops_core::{error::ConfigError, money::decimal};
use rust_decimal::Decimal;

/// A number that a monitor is configured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// USD per 1,000 input tokens.
    CostPer1kInputTokens,
    /// USD per 1,000 output tokens.
    CostPer1kOutputTokens,
    /// USD per hour of compute.
    ComputeCostPerHour,
    /// Watt-hours per 1,000 tokens.
    EnergyWhPer1kTokens,
    /// Grams of CO2e per kilowatt-hour.
    CarbonIntensityGPerKwh,
    /// Kilowatts of one GPU in training.
    GpuPowerKw,
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Assigned at run time.
    Assigned,
    /// An argument of the constructor.
    Constructor,
    /// An environment variable.
    Environment,
    /// The row of the configured region (carbon intensity only).
    Region,
    /// Nobody said anything.
    Default,
}

impl Source {
    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Constructor => "constructor",
            Self::Environment => "environment",
            Self::Region => "region",
            Self::Default => "default",
        }
    }
}

impl Setting {
    /// Every setting, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::CostPer1kInputTokens,
        Self::CostPer1kOutputTokens,
        Self::ComputeCostPerHour,
        Self::EnergyWhPer1kTokens,
        Self::CarbonIntensityGPerKwh,
        Self::GpuPowerKw,
    ];

    /// The name of the argument and attribute.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CostPer1kInputTokens => "cost_per_1k_input_tokens",
            Self::CostPer1kOutputTokens => "cost_per_1k_output_tokens",
            Self::ComputeCostPerHour => "compute_cost_per_hour",
            Self::EnergyWhPer1kTokens => "energy_wh_per_1k_tokens",
            Self::CarbonIntensityGPerKwh => "carbon_intensity_g_per_kwh",
            Self::GpuPowerKw => "gpu_power_kw",
        }
    }

    /// The setting of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.name() == name)
    }

    /// The environment variable, where there is one.
    #[must_use]
    pub const fn variable(self) -> Option<&'static str> {
        match self {
            Self::CostPer1kInputTokens => Some("COST_PER_1K_INPUT_TOKENS"),
            Self::CostPer1kOutputTokens => Some("COST_PER_1K_OUTPUT_TOKENS"),
            Self::ComputeCostPerHour => Some("COMPUTE_COST_PER_HOUR"),
            Self::EnergyWhPer1kTokens => Some("ENERGY_WH_PER_1K_TOKENS"),
            Self::CarbonIntensityGPerKwh => Some("CARBON_INTENSITY_G_PER_KWH"),
            Self::GpuPowerKw => None,
        }
    }

    /// The default: what the original monitor used (its users' records are defined by it).
    #[must_use]
    pub fn default_value(self) -> Decimal {
        let (mantissa, scale) = match self {
            Self::CostPer1kInputTokens => (1, 3),
            Self::CostPer1kOutputTokens => (2, 3),
            Self::ComputeCostPerHour => (1, 0),
            Self::EnergyWhPer1kTokens => (5, 1),
            Self::CarbonIntensityGPerKwh => (400, 0),
            Self::GpuPowerKw => (25, 2),
        };
        Decimal::new(mantissa, scale)
    }

    const fn place(self) -> usize {
        self as usize
    }
}

/// The exact value of every setting and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings([(Decimal, Source); 6]);

impl Settings {
    /// Takes each setting from `given`, else from `env` (trimmed; blank is unset), else its default.
    ///
    /// # Errors
    /// `config.invalid` naming the argument or variable: no number, not finite or negative.
    pub fn new(
        given: impl Fn(Setting) -> Option<Decimal>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut values = Setting::ALL.map(|setting| (setting.default_value(), Source::Default));
        for setting in Setting::ALL {
            let found = match given(setting) {
                Some(value) => Some((checked(setting.name(), value)?, Source::Constructor)),
                None => match setting.variable().and_then(|name| Some((name, env(name)?))) {
                    Some((name, text)) if !text.trim().is_empty() => {
                        Some((number(name, &text)?, Source::Environment))
                    }
                    _ => None,
                },
            };
            if let (Some(found), Some(slot)) = (found, values.get_mut(setting.place())) {
                *slot = found;
            }
        }
        Ok(Self(values))
    }

    /// The exact value.
    #[must_use]
    pub fn value(&self, setting: Setting) -> Decimal {
        self.0.get(setting.place()).map_or(Decimal::ZERO, |(value, _)| *value)
    }

    /// Where it came from.
    #[must_use]
    pub fn source(&self, setting: Setting) -> Source {
        self.0.get(setting.place()).map_or(Source::Default, |(_, source)| *source)
    }

    /// The value when somebody stated it; `None` for a default.
    #[must_use]
    pub fn explicit(&self, setting: Setting) -> Option<Decimal> {
        (!matches!(self.source(setting), Source::Default | Source::Region)).then(|| self.value(setting))
    }

    /// Replaces a default by what the carbon model decided.
    pub(super) fn set_default(&mut self, setting: Setting, value: Decimal, source: Source) {
        if let Some(slot) = self.0.get_mut(setting.place()).filter(|slot| slot.1 == Source::Default) {
            *slot = (value, source);
        }
    }

    /// Assigns `value` at run time.
    ///
    /// # Errors
    /// `config.invalid` when negative.
    pub fn assign(&mut self, setting: Setting, value: Decimal) -> Result<(), ConfigError> {
        let value = checked(setting.name(), value)?;
        if let Some(slot) = self.0.get_mut(setting.place()) {
            *slot = (value, Source::Assigned);
        }
        Ok(())
    }
}

/// A number from text, trimmed: finite, at least 0.
///
/// # Errors
/// `config.invalid` naming `name`.
pub fn number(name: &str, text: &str) -> Result<Decimal, ConfigError> {
    let value = decimal::parse(text.trim()).ok_or_else(|| {
        ConfigError::new(name, text, "not a finite number", "write digits such as `0.002`, or leave it unset")
    })?;
    checked(name, value)
}

/// A number from a float, by its shortest decimal: 0.1 is 0.1.
///
/// # Errors
/// `config.invalid` naming `name`: NaN, infinite, negative or too long.
pub fn number_f64(name: &str, value: f64) -> Result<Decimal, ConfigError> {
    let exact = decimal::from_f64(value)
        .ok_or_else(|| ConfigError::new(name, value, "not a finite number", "give a number of at least 0"))?;
    checked(name, exact)
}

fn checked(name: &str, value: Decimal) -> Result<Decimal, ConfigError> {
    if value.is_sign_negative() && !value.is_zero() {
        return Err(ConfigError::new(name, value, "negative", "give a number of at least 0"));
    }
    Ok(value.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constructor_wins_over_the_environment_and_blank_is_unset() {
        let env = |name: &str| match name {
            "COST_PER_1K_INPUT_TOKENS" => Some("0.01".to_owned()),
            "COST_PER_1K_OUTPUT_TOKENS" => Some(" 2.5E-3 ".to_owned()),
            "COMPUTE_COST_PER_HOUR" => Some("  ".to_owned()),
            _ => None,
        };
        let given = |setting| (setting == Setting::CostPer1kInputTokens).then(|| Decimal::new(4, 3));
        let settings = Settings::new(given, env).unwrap();
        let show = |setting| (decimal::text(settings.value(setting)), settings.source(setting).name());
        assert_eq!(show(Setting::CostPer1kInputTokens), ("0.004".to_owned(), "constructor"));
        assert_eq!(show(Setting::CostPer1kOutputTokens), ("0.0025".to_owned(), "environment"));
        assert_eq!(show(Setting::ComputeCostPerHour), ("1".to_owned(), "default"));
        assert_eq!(settings.explicit(Setting::GpuPowerKw), None);
    }

    #[test]
    fn what_is_no_number_names_its_variable() {
        for text in ["abc", "inf", "NaN", "-1", "1,5"] {
            let env = |name: &str| (name == "CARBON_INTENSITY_G_PER_KWH").then(|| text.to_owned());
            let error = Settings::new(|_| None, env).unwrap_err();
            assert_eq!((error.code(), error.name.as_str()), ("config.invalid", "CARBON_INTENSITY_G_PER_KWH"));
        }
        assert_eq!(number_f64("pue", f64::INFINITY).unwrap_err().name, "pue");
        assert_eq!(number_f64("x", 0.1).unwrap(), Decimal::new(1, 1));
    }

    #[test]
    fn an_assignment_is_explicit() {
        let mut settings = Settings::new(|_| None, |_| None).unwrap();
        settings.assign(Setting::ComputeCostPerHour, Decimal::ZERO).unwrap();
        assert_eq!(settings.explicit(Setting::ComputeCostPerHour), Some(Decimal::ZERO));
        assert!(settings.assign(Setting::GpuPowerKw, Decimal::NEGATIVE_ONE).is_err());
        assert_eq!(Setting::from_name("gpu_power_kw"), Some(Setting::GpuPowerKw));
    }
}

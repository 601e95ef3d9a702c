use super::MeterError;
use crate::{
    error::{ConfigError, shorten},
    usage::UsageError,
};
use std::fmt;

/// What can go wrong with energy and carbon.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CarbonError {
    /// `carbon.bad_number`: negative, not finite, or zero where a positive number is needed.
    #[error("`{path}` is {value}; give a finite number of at least 0, above 0 where it divides")]
    BadNumber {
        /// The field or argument.
        path: String,
        /// What stood there.
        value: String,
    },
    /// `carbon.bad_range`: low, central and high out of order.
    #[error("`{path}` is {value}, out of order; give low, central and high in ascending order")]
    BadRange {
        /// The field or argument.
        path: String,
        /// What stood there.
        value: String,
    },
    /// `carbon.bad_pue`: outside 1 to 10.
    #[error("`{path}` is {value}; a PUE lies between 1 and 10")]
    BadPue {
        /// The field or argument.
        path: String,
        /// What stood there.
        value: String,
    },
    /// `carbon.bad_utilisation`: outside 0 to 1, or 0 to 100 for percentages.
    #[error("`{path}` is {value}; a utilisation lies between 0 and {max}")]
    BadUtilisation {
        /// The field or argument.
        path: String,
        /// What stood there.
        value: String,
        /// The greatest possible value: 1, or 100 for percentages.
        max: u32,
    },
    /// `carbon.factor_missing`: class factors without `input` or `output`.
    #[error("`{path}` is missing; class factors need at least `input` and `output`")]
    FactorMissing {
        /// The missing factor.
        path: String,
    },
    /// `carbon.active_exceeds_total`: a model with more active than total parameters.
    #[error("`{path}` is {active} billion, more than the {total} billion in total; check the model card")]
    ActiveExceedsTotal {
        /// The field or argument.
        path: String,
        /// Active parameters in billions.
        active: String,
        /// Total parameters in billions.
        total: String,
    },
    /// `carbon.unknown_model`: no parameters are known and the method needs them.
    #[error(
        "no parameters are known of model `{model}`; register them, or use energy method `flat` or `auto`"
    )]
    UnknownModel {
        /// The name asked for.
        model: String,
    },
    /// `carbon.unknown_gpu`: no row of that name.
    #[error("`gpu` is `{gpu}`, not a known one{}; or give `watts_per_gpu`", nearest(.suggestions))]
    UnknownGpu {
        /// The name asked for.
        gpu: String,
        /// Known names close to it.
        suggestions: Vec<String>,
    },
    /// `carbon.ambiguous_gpu`: a family of several rows.
    #[error("`gpu` is `{gpu}`, a family; say which: {}", quoted(.candidates))]
    AmbiguousGpu {
        /// The name asked for.
        gpu: String,
        /// The members of the family.
        candidates: Vec<String>,
    },
    /// `carbon.unknown_zone`: no row of that name.
    #[error("`{path}` is `{zone}`, not a known zone{}", nearest(.suggestions))]
    UnknownZone {
        /// The field or argument.
        path: String,
        /// The name asked for.
        zone: String,
        /// Known names close to it, at most three.
        suggestions: Vec<String>,
    },
    /// `carbon.basis_unavailable`: the zone has no row of the basis asked for.
    #[error("zone `{zone}` has no intensity on a {basis} basis; ask for the other, or supply a value")]
    BasisUnavailable {
        /// The zone.
        zone: String,
        /// The basis: `lifecycle` or `direct`.
        basis: &'static str,
    },
    /// `carbon.basis_mismatch`: two intensities that cannot be compared.
    #[error("`{path}` compares a {left} with a {right} intensity; take both on one basis and signal")]
    BasisMismatch {
        /// The field or argument.
        path: String,
        /// Basis or signal of the one.
        left: &'static str,
        /// Basis or signal of the other.
        right: &'static str,
    },
    /// `carbon.sci_zero_units`: a rate per zero functional units.
    #[error("`{path}` is 0; an SCI is a rate and needs at least one functional unit")]
    SciZeroUnits {
        /// The field or argument.
        path: String,
    },
    /// `carbon.sci_market_signal`: the SCI standard excludes market-based measures.
    #[error("`{path}` is `market`; SCI (ISO/IEC 21031) takes an average or marginal intensity")]
    SciMarketSignal {
        /// The field or argument.
        path: String,
    },
    /// `carbon.window_too_long`: the window does not fit between the earliest start and the deadline.
    #[error("`{path}` is {value} s, longer than the {span} s at hand; shorten the job or extend the span")]
    WindowTooLong {
        /// The field or argument.
        path: String,
        /// What was asked for, in seconds.
        value: String,
        /// What the series offers, in seconds.
        span: String,
    },
    /// `carbon.series_empty`: a series without values, or a linear one with fewer than two.
    #[error("`{path}` has too few values; give at least one, or two when linear")]
    SeriesEmpty {
        /// The field or argument.
        path: String,
    },
    /// `carbon.series_gap`: gaps leave no answer.
    #[error("`{path}` has gaps that leave no answer; fill them or choose another span")]
    SeriesGap {
        /// The field or argument.
        path: String,
    },
    /// `carbon.total_overflow`: a total beyond 2^63.
    #[error("the total at `{path}` exceeds 2^63; split it")]
    TotalOverflow {
        /// The field or argument.
        path: String,
    },
    /// `carbon.feed_shape`: a body of another shape than the service documents.
    #[error("`{path}` of the feed's answer: {problem}")]
    FeedShape {
        /// Where in the body.
        path: String,
        /// What was expected and what stood there.
        problem: String,
    },
    /// `carbon.feed_unit`: a unit that is not the service's documented one.
    #[error("`{path}` of the feed's answer has unit `{unit}`, not {expected}")]
    FeedUnit {
        /// Where in the body.
        path: String,
        /// What stood there.
        unit: String,
        /// The unit expected.
        expected: &'static str,
    },
    /// `carbon.feed_signal`: a signal that is no carbon intensity.
    #[error("`{path}` of the feed's answer is signal `{signal}`, which is not a carbon intensity; {help}")]
    FeedSignal {
        /// Where in the body.
        path: String,
        /// What stood there.
        signal: String,
        /// What to ask for.
        help: &'static str,
    },
    /// `carbon.feed_no_value`: the answer holds no value.
    #[error("`{path}` of the feed's answer holds no value; try later or another zone")]
    FeedNoValue {
        /// Where in the body.
        path: String,
    },
    /// `carbon.feed_refused`: the service answered with an error.
    #[error("the feed refused: {message}")]
    FeedRefused {
        /// Where in the body.
        path: String,
        /// At most 200 characters of the answer, never a token.
        message: String,
    },
    /// `carbon.feed_ambiguous`: the answer holds several zones and none was selected.
    #[error("`{path}` of the feed's answer holds several regions; select one with {select}")]
    FeedAmbiguous {
        /// Where in the body.
        path: String,
        /// How to select one.
        select: &'static str,
    },
    /// `carbon.feed_irregular`: times that lie off the grid of the series.
    #[error("`{path}` of the feed's answer is {value}, off the series' steps of {step_s} s")]
    FeedIrregular {
        /// Where in the body.
        path: String,
        /// The time found.
        value: String,
        /// The step of the series in seconds.
        step_s: u64,
    },
    /// A configuration value that cannot be used: `config.invalid`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A bad count or duration: a `usage.*` code.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// An energy meter without a reading: a `meter.*` code.
    #[error(transparent)]
    Meter(#[from] MeterError),
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn nearest(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; did you mean {}", quoted(names)) }
}

impl CarbonError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadNumber { .. } => "carbon.bad_number",
            Self::BadRange { .. } => "carbon.bad_range",
            Self::BadPue { .. } => "carbon.bad_pue",
            Self::BadUtilisation { .. } => "carbon.bad_utilisation",
            Self::FactorMissing { .. } => "carbon.factor_missing",
            Self::ActiveExceedsTotal { .. } => "carbon.active_exceeds_total",
            Self::UnknownModel { .. } => "carbon.unknown_model",
            Self::UnknownGpu { .. } => "carbon.unknown_gpu",
            Self::AmbiguousGpu { .. } => "carbon.ambiguous_gpu",
            Self::UnknownZone { .. } => "carbon.unknown_zone",
            Self::BasisUnavailable { .. } => "carbon.basis_unavailable",
            Self::BasisMismatch { .. } => "carbon.basis_mismatch",
            Self::SciZeroUnits { .. } => "carbon.sci_zero_units",
            Self::SciMarketSignal { .. } => "carbon.sci_market_signal",
            Self::WindowTooLong { .. } => "carbon.window_too_long",
            Self::SeriesEmpty { .. } => "carbon.series_empty",
            Self::SeriesGap { .. } => "carbon.series_gap",
            Self::TotalOverflow { .. } => "carbon.total_overflow",
            Self::FeedShape { .. } => "carbon.feed_shape",
            Self::FeedUnit { .. } => "carbon.feed_unit",
            Self::FeedSignal { .. } => "carbon.feed_signal",
            Self::FeedNoValue { .. } => "carbon.feed_no_value",
            Self::FeedRefused { .. } => "carbon.feed_refused",
            Self::FeedAmbiguous { .. } => "carbon.feed_ambiguous",
            Self::FeedIrregular { .. } => "carbon.feed_irregular",
            Self::Config(error) => error.code(),
            Self::Usage(error) => error.code(),
            Self::Meter(error) => error.code(),
        }
    }

    /// The field or argument at fault; for a feed, the place in its answer.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::BadNumber { path, .. }
            | Self::BadRange { path, .. }
            | Self::BadPue { path, .. }
            | Self::BadUtilisation { path, .. }
            | Self::FactorMissing { path }
            | Self::ActiveExceedsTotal { path, .. }
            | Self::UnknownZone { path, .. }
            | Self::BasisMismatch { path, .. }
            | Self::SciZeroUnits { path }
            | Self::SciMarketSignal { path }
            | Self::WindowTooLong { path, .. }
            | Self::SeriesEmpty { path }
            | Self::SeriesGap { path }
            | Self::TotalOverflow { path }
            | Self::FeedShape { path, .. }
            | Self::FeedUnit { path, .. }
            | Self::FeedSignal { path, .. }
            | Self::FeedNoValue { path }
            | Self::FeedRefused { path, .. }
            | Self::FeedAmbiguous { path, .. }
            | Self::FeedIrregular { path, .. } => path,
            Self::UnknownModel { .. } => "model",
            Self::UnknownGpu { .. } | Self::AmbiguousGpu { .. } => "gpu",
            Self::BasisUnavailable { .. } => "basis",
            Self::Config(error) => &error.name,
            Self::Usage(error) => error.path(),
            Self::Meter(error) => error.path(),
        }
    }

    /// Refuses the number `value` at `path`.
    pub fn bad_number(path: impl Into<String>, value: impl fmt::Display) -> Self {
        Self::BadNumber { path: path.into(), value: shorten(&value.to_string()) }
    }

    /// Refuses the range `value` at `path`.
    pub fn bad_range(path: impl Into<String>, value: impl fmt::Display) -> Self {
        Self::BadRange { path: path.into(), value: shorten(&value.to_string()) }
    }

    /// Refuses the PUE `value` at `path`.
    pub fn bad_pue(path: impl Into<String>, value: impl fmt::Display) -> Self {
        Self::BadPue { path: path.into(), value: shorten(&value.to_string()) }
    }

    /// Refuses the utilisation `value` at `path`, which should lie between 0 and `max`.
    pub fn bad_utilisation(path: impl Into<String>, value: impl fmt::Display, max: u32) -> Self {
        Self::BadUtilisation { path: path.into(), value: shorten(&value.to_string()), max }
    }

    /// Refuses the body of a feed: `problem` at `path`.
    pub fn feed_shape(path: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self::FeedShape { path: path.into(), problem: shorten(&problem.to_string()) }
    }

    /// The same error with the name of the model that it is about.
    #[must_use]
    pub fn of_model(self, name: &str) -> Self {
        match self {
            Self::UnknownModel { .. } => Self::UnknownModel { model: shorten(name) },
            other => other,
        }
    }

    /// The same error with `prefix` and a point before its path, where it has one of its own.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        if let Self::BadNumber { path, .. }
        | Self::BadRange { path, .. }
        | Self::BadPue { path, .. }
        | Self::BadUtilisation { path, .. }
        | Self::FactorMissing { path }
        | Self::ActiveExceedsTotal { path, .. }
        | Self::UnknownZone { path, .. } = &mut self
        {
            path.insert_str(0, &format!("{prefix}."));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_input_and_the_way_out() {
        let error = CarbonError::UnknownZone {
            path: "region".to_owned(),
            zone: "eu-nort-1".to_owned(),
            suggestions: vec!["aws:eu-north-1".to_owned()],
        };
        assert_eq!(
            error.to_string(),
            "`region` is `eu-nort-1`, not a known zone; did you mean `aws:eu-north-1`"
        );
        assert_eq!((error.code(), error.path()), ("carbon.unknown_zone", "region"));
        let error = CarbonError::bad_number("low", -1.0).under("a");
        assert_eq!(error.path(), "a.low");
    }
}

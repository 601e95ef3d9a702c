/// What can go wrong with prices: names and conditions without a row, and catalogues that are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// `price.unknown_provider`.
    #[error("no provider `{provider}` in the catalogue; `finops prices list` names them")]
    UnknownProvider {
        /// The name asked for.
        provider: String,
    },
    /// `price.unknown_model`: nothing is priced by resemblance; the near names are help only.
    #[error("no price for model `{model}`{near}; set one with `ModelPrice`, or pass `provider`")]
    UnknownModel {
        /// The provider asked for.
        provider: Option<String>,
        /// The name asked for.
        model: String,
        /// Near names as help, formatted.
        near: Near,
    },
    /// `price.ambiguous_model`: several hosts sell it at different rates.
    #[error("model `{model}` is sold at different prices by {}; pass `provider`", .hosts.join(", "))]
    AmbiguousModel {
        /// The name asked for.
        model: String,
        /// Who sells it.
        hosts: Vec<String>,
    },
    /// `price.unlisted_snapshot`.
    #[error("`{model}` is an unlisted snapshot of `{base}`; its price may differ: set one with `ModelPrice`")]
    UnlistedSnapshot {
        /// The name asked for.
        model: String,
        /// The listed model.
        base: String,
    },
    /// `price.not_yet`: the instant lies before the first row.
    #[error("`{model}` has no price at {at}; its first one begins {from}")]
    NotYet {
        /// The model.
        model: String,
        /// The instant asked for.
        at: String,
        /// When the first row begins.
        from: String,
    },
    /// `price.no_rate`: a row without a rate for a bucket that was used.
    #[error("`{model}` has no rate for `{bucket}`; set one with `ModelPrice`")]
    NoRate {
        /// The model.
        model: String,
        /// The bucket or unit.
        bucket: String,
    },
    /// `price.no_rate_for_condition`: no row for the tier, region or speed.
    #[error(
        "`{model}` has no price for {condition} `{value}`; check the value, or set a price with `ModelPrice`"
    )]
    NoRateForCondition {
        /// The model.
        model: String,
        /// `service_tier`, `region` or `speed`.
        condition: &'static str,
        /// The value asked for.
        value: String,
    },
    /// `price.unverified`: one source alone states the price.
    #[error(
        "the price of `{model}` is stated by one source alone; set one with `ModelPrice`, or do not ask for strict prices"
    )]
    Unverified {
        /// The model.
        model: String,
    },
    /// `price.too_precise`: more decimals than a rate holds.
    #[error("rate `{rate}` has more than {decimals} decimals; round it first")]
    TooPrecise {
        /// The refused rate.
        rate: String,
        /// How many are held.
        decimals: u32,
    },
    /// `config.invalid`: a rate that is negative or too large.
    #[error("rate `{rate}` is negative or too large; give a number of at least 0")]
    InvalidRate {
        /// The refused rate.
        rate: String,
    },
    /// `price.invalid_catalogue`: a line of a catalogue that cannot be used.
    #[error("catalogue line {line}: {problem}")]
    InvalidCatalogue {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

/// Up to three near names, printed as help.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Near(pub Vec<String>);

impl std::fmt::Display for Near {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " (near names: {})", self.0.join(", ")) }
    }
}

impl PriceError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider { .. } => "price.unknown_provider",
            Self::UnknownModel { .. } => "price.unknown_model",
            Self::AmbiguousModel { .. } => "price.ambiguous_model",
            Self::UnlistedSnapshot { .. } => "price.unlisted_snapshot",
            Self::NotYet { .. } => "price.not_yet",
            Self::NoRate { .. } => "price.no_rate",
            Self::NoRateForCondition { .. } => "price.no_rate_for_condition",
            Self::Unverified { .. } => "price.unverified",
            Self::TooPrecise { .. } => "price.too_precise",
            Self::InvalidRate { .. } => "config.invalid",
            Self::InvalidCatalogue { .. } => "price.invalid_catalogue",
        }
    }

    /// The argument or field at fault.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::UnknownProvider { .. } => "provider",
            Self::UnknownModel { .. }
            | Self::AmbiguousModel { .. }
            | Self::UnlistedSnapshot { .. }
            | Self::Unverified { .. } => "model",
            Self::NotYet { .. } => "at",
            Self::NoRate { bucket, .. } => bucket,
            Self::NoRateForCondition { condition, .. } => condition,
            Self::TooPrecise { .. } | Self::InvalidRate { .. } => "rate",
            Self::InvalidCatalogue { .. } => "line",
        }
    }
}

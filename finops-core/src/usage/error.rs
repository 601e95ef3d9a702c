use crate::error::shorten;

/// What can go wrong with counts, durations and response bodies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsageError {
    /// `usage.missing`: no usage in the body, or a required count is absent.
    #[error("`{path}` is missing; ask the provider to report usage, or pass the counts yourself")]
    Missing {
        /// Where it was expected.
        path: String,
    },
    /// `usage.missing_model`: neither the body nor the caller names a model.
    #[error("no model in `{path}`; pass `model`")]
    MissingModel {
        /// Where it was expected.
        path: String,
    },
    /// `usage.unknown_shape`: no provider's response looks like this.
    #[error(
        "the body has no shape known here: {problem}; pass `provider`, or build the usage from the counts"
    )]
    UnknownShape {
        /// What was seen instead.
        problem: String,
    },
    /// `usage.not_a_count`: a count that is no integer of at least 0.
    #[error("`{path}` is {value}, not a count; give a whole number of at least 0")]
    NotACount {
        /// The field or argument.
        path: String,
        /// What stood there.
        value: String,
    },
    /// `usage.negative_remainder`: a part exceeds its whole.
    #[error(
        "`{path}` is {part}, more than `{whole_path}`, {whole}, that should contain it; check which counts include cached tokens"
    )]
    NegativeRemainder {
        /// The part.
        path: String,
        /// Its count.
        part: u64,
        /// The whole.
        whole_path: String,
        /// Its count, or what other parts have left of it.
        whole: u64,
    },
    /// `usage.invalid_duration`: a duration that is negative, not finite or too long.
    #[error("`{path}` is {value}, not a duration; give a finite number of at least 0")]
    InvalidDuration {
        /// The argument.
        path: String,
        /// What stood there.
        value: String,
    },
    /// `usage.invalid_gpu_count`: a training run needs at least one GPU.
    #[error("`{path}` is {value}; give a whole number of at least 1")]
    InvalidGpuCount {
        /// The argument.
        path: String,
        /// What stood there.
        value: String,
    },
    /// `usage.naive_time`: a time that names no instant.
    #[error("`{path}` is `{value}`: {problem}")]
    NaiveTime {
        /// The argument.
        path: String,
        /// What stood there.
        value: String,
        /// What is wrong with it and what to write.
        problem: &'static str,
    },
    /// `usage.duplicate_id`: a request id was logged before, with other usage.
    #[error("request id `{request_id}` was logged before with other usage; give every request its own id")]
    DuplicateId {
        /// The id.
        request_id: String,
    },
}

impl UsageError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "usage.missing",
            Self::MissingModel { .. } => "usage.missing_model",
            Self::UnknownShape { .. } => "usage.unknown_shape",
            Self::NotACount { .. } => "usage.not_a_count",
            Self::NegativeRemainder { .. } => "usage.negative_remainder",
            Self::InvalidDuration { .. } => "usage.invalid_duration",
            Self::InvalidGpuCount { .. } => "usage.invalid_gpu_count",
            Self::NaiveTime { .. } => "usage.naive_time",
            Self::DuplicateId { .. } => "usage.duplicate_id",
        }
    }

    /// The field or argument at fault; empty for the body as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Missing { path }
            | Self::MissingModel { path }
            | Self::NotACount { path, .. }
            | Self::NegativeRemainder { path, .. }
            | Self::InvalidDuration { path, .. }
            | Self::InvalidGpuCount { path, .. }
            | Self::NaiveTime { path, .. } => path,
            Self::UnknownShape { .. } => "",
            Self::DuplicateId { .. } => "request_id",
        }
    }

    /// Refuses `value` at `path`: it is no count.
    pub fn not_a_count(path: impl Into<String>, value: impl std::fmt::Display) -> Self {
        Self::NotACount { path: path.into(), value: shorten(&value.to_string()) }
    }

    /// Refuses a part larger than its whole.
    pub fn negative_remainder(
        path: impl Into<String>,
        part: u64,
        whole_path: impl Into<String>,
        whole: u64,
    ) -> Self {
        Self::NegativeRemainder { path: path.into(), part, whole_path: whole_path.into(), whole }
    }
}

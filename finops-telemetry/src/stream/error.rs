use finops_core::usage::UsageError;

/// What can go wrong with a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// `stream.no_usage`: the stream reported no usage, which is not the same as none.
    #[error(
        "the stream{} reported no usage; ask the provider for it (chat: `stream_options.include_usage`) and read the stream to its end",
        request_id.as_ref().map(|id| format!(" of request `{id}`")).unwrap_or_default()
    )]
    NoUsage {
        /// The request, as far as known.
        request_id: Option<String>,
    },
    /// `stream.mixed_requests`: events of two requests in one meter.
    #[error("the stream has events of request `{first}` and of `{other}`; use one meter a request")]
    MixedRequests {
        /// The request seen first.
        first: String,
        /// The other one.
        other: String,
    },
    /// `stream.already_finished`: the meter was read before.
    #[error("the stream is already finished; use a new meter for the next request")]
    AlreadyFinished,
    /// A code of `usage.`: what was reported is no usage.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

impl StreamError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoUsage { .. } => "stream.no_usage",
            Self::MixedRequests { .. } => "stream.mixed_requests",
            Self::AlreadyFinished => "stream.already_finished",
            Self::Usage(error) => error.code(),
        }
    }

    /// The field at fault; empty for the stream as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::NoUsage { .. } => "usage",
            Self::MixedRequests { .. } => "id",
            Self::AlreadyFinished => "",
            Self::Usage(error) => error.path(),
        }
    }
}

//! Why a strategy recommends nothing.

use crate::waste::{Outcome, Reason};

/// Why a strategy recommends nothing; the request stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Withheld {
    /// No usage of the resource is known.
    NoUsage,
    /// Fewer samples or a shorter span than the strategy asks for.
    NotEnoughSamples,
    /// A horizontal autoscaler acts on the resource (`simple` and `simple_limit` only).
    HpaDetected,
    /// Fewer than three folds of history to test on.
    HistoryTooShort,
    /// Demand grew between folds by more than the configuration allows.
    UnstableDemand,
    /// Request and target of the horizontal autoscaler together cannot be lowered.
    NoChange,
    /// A vertical autoscaler sets the requests.
    ManagedByVpa,
    /// A webhook injects the container; no manifest of the workload holds it.
    Injected,
}

impl Withheld {
    /// The same as the reason of an assessment.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::NoUsage => Reason::NoUsage,
            Self::NotEnoughSamples => Reason::NotEnoughSamples,
            Self::HpaDetected => Reason::HpaDetected,
            Self::HistoryTooShort => Reason::HistoryTooShort,
            Self::UnstableDemand => Reason::UnstableDemand,
            Self::NoChange => Reason::NoChange,
            Self::ManagedByVpa => Reason::ManagedByVpa,
            Self::Injected => Reason::Injected,
        }
    }

    /// The reason's code, for example `history_too_short`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.reason().code()
    }

    /// The outcome it stands for: `undetermined` where evidence is missing, `ok` where nothing is to be changed,
    /// `inapplicable` where somebody else sets the request.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::NoChange => Outcome::Ok,
            Self::ManagedByVpa | Self::Injected => Outcome::Inapplicable,
            _ => Outcome::Undetermined,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_is_that_of_the_reason() {
        use Withheld as W;
        for withheld in [
            W::NoUsage,
            W::NotEnoughSamples,
            W::HpaDetected,
            W::HistoryTooShort,
            W::UnstableDemand,
            W::NoChange,
            W::ManagedByVpa,
            W::Injected,
        ] {
            assert_eq!(withheld.reason().outcome(), Some(withheld.outcome()), "{}", withheld.code());
        }
    }
}

//! States of an opportunity and the events that move it.

use super::OpportunityError;
use std::fmt;

/// Where an opportunity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Found, nobody has acted.
    Detected,
    /// A change is proposed, for example as a pull request.
    Proposed,
    /// Someone allowed the change.
    Approved,
    /// The change is being made.
    Implementing,
    /// The change is made, its effect is not measured yet.
    Implemented,
    /// Measured: it saves.
    Verified,
    /// Measured, but the figures do not tell a saving from noise.
    Inconclusive,
    /// Measured: it costs more than before, or the saving has gone.
    Regressed,
    /// Turned down.
    Rejected,
    /// Nobody acted in time.
    Expired,
    /// The change was tried and failed; it may be proposed again.
    Failed,
    /// The change was taken back.
    RolledBack,
    /// Another opportunity took its place.
    Superseded,
    /// Done: its saving is part of the new normal.
    Closed,
}

impl Status {
    /// Every state, in the order of the lifecycle.
    pub const ALL: [Self; 14] = [
        Self::Detected,
        Self::Proposed,
        Self::Approved,
        Self::Implementing,
        Self::Implemented,
        Self::Verified,
        Self::Inconclusive,
        Self::Regressed,
        Self::Rejected,
        Self::Expired,
        Self::Failed,
        Self::RolledBack,
        Self::Superseded,
        Self::Closed,
    ];

    /// The word for it in data, for example `rolled_back`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Detected => "detected",
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Implementing => "implementing",
            Self::Implemented => "implemented",
            Self::Verified => "verified",
            Self::Inconclusive => "inconclusive",
            Self::Regressed => "regressed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::RolledBack => "rolled_back",
            Self::Superseded => "superseded",
            Self::Closed => "closed",
        }
    }

    /// The state of a word; `None` for another word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether its estimate is still to be won: detected, proposed, approved, implementing.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Detected | Self::Proposed | Self::Approved | Self::Implementing)
    }

    /// Whether nothing more happens to it; a new finding starts a new generation.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Rejected | Self::Expired | Self::RolledBack | Self::Superseded | Self::Closed)
    }

    /// Whether its estimate counts in the estimated total: open, implemented, verified.
    #[must_use]
    pub const fn counts_estimate(self) -> bool {
        self.is_open() || matches!(self, Self::Implemented | Self::Verified)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The events of the lifecycle: name without `opportunity.`, states it starts from, state it leads to (`None`: unchanged).
const STEPS: &[(&str, &[Status], Option<Status>)] = {
    use Status::*;
    &[
        ("proposed", &[Detected, Failed], Some(Proposed)),
        ("approved", &[Detected, Proposed], Some(Approved)),
        ("started", &[Approved], Some(Implementing)),
        ("implemented", &[Approved, Implementing], Some(Implemented)),
        ("failed", &[Implementing], Some(Failed)),
        ("verified", &[Implemented, Inconclusive, Verified, Regressed], Some(Verified)),
        ("inconclusive", &[Implemented, Inconclusive], Some(Inconclusive)),
        ("regressed", &[Implemented, Inconclusive, Verified], Some(Regressed)),
        ("closed", &[Inconclusive, Verified, Regressed], Some(Closed)),
        ("rejected", &[Detected, Proposed, Approved], Some(Rejected)),
        ("expired", &[Detected, Proposed, Approved], Some(Expired)),
        ("superseded", &[Detected, Proposed, Approved], Some(Superseded)),
        ("refreshed", &[Detected, Proposed, Approved], None),
        ("rolled_back", &[Implementing, Implemented, Inconclusive, Verified, Regressed], Some(RolledBack)),
    ]
};

/// Whether `event` (the part after `opportunity.`) is a step of the lifecycle.
#[must_use]
pub fn is_step(event: &str) -> bool {
    STEPS.iter().any(|(name, ..)| *name == event)
}

/// The state of opportunity `id` after `event` (the part after `opportunity.`).
///
/// # Errors
/// `ledger.opportunity.transition`, which names the states that allow the event.
pub fn transition(id: &str, state: Status, event: &str) -> Result<Status, OpportunityError> {
    let step = STEPS.iter().find(|(name, ..)| *name == event);
    let refuse = |allowed: String| OpportunityError::Transition {
        id: finops_core::error::shorten(id),
        state,
        event: finops_core::error::shorten(event),
        allowed,
    };
    match step {
        Some((_, from, to)) if from.contains(&state) => Ok(to.unwrap_or(state)),
        Some((_, from, _)) => {
            let words: Vec<&str> = from.iter().map(|s| s.as_str()).collect();
            Err(refuse(words.join(" or ")))
        }
        None => {
            let words: Vec<&str> = STEPS.iter().map(|(name, ..)| *name).collect();
            Err(refuse(format!("to be one of {}", words.join(", "))))
        }
    }
}

/// The events that `state` allows, without `opportunity.`, in the order of the lifecycle.
pub fn allowed(state: Status) -> impl Iterator<Item = &'static str> {
    STEPS.iter().filter(move |(_, from, _)| from.contains(&state)).map(|(name, ..)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of section 8, typed in again: event, from, to.
    const TABLE: &str = "proposed: detected failed > proposed
        approved: detected proposed > approved
        started: approved > implementing
        implemented: approved implementing > implemented
        failed: implementing > failed
        verified: implemented inconclusive verified regressed > verified
        inconclusive: implemented inconclusive > inconclusive
        regressed: implemented inconclusive verified > regressed
        closed: inconclusive verified regressed > closed
        rejected: detected proposed approved > rejected
        expired: detected proposed approved > expired
        superseded: detected proposed approved > superseded
        refreshed: detected proposed approved > -
        rolled_back: implementing implemented inconclusive verified regressed > rolled_back";

    #[test]
    fn every_pair_agrees_with_the_table() {
        let mut pairs = 0;
        for line in TABLE.lines() {
            let (event, rest) = line.trim().split_once(": ").unwrap();
            let (from, to) = rest.split_once(" > ").unwrap();
            for state in Status::ALL {
                pairs += 1;
                let expected = from.split(' ').any(|s| s == state.as_str());
                match transition("x", state, event) {
                    Ok(next) => {
                        assert!(expected, "{state} {event}");
                        assert_eq!(next.as_str(), if to == "-" { state.as_str() } else { to });
                        assert!(allowed(state).any(|name| name == event));
                    }
                    Err(error) => {
                        assert!(!expected, "{state} {event}");
                        assert_eq!(error.code(), "ledger.opportunity.transition");
                        assert!(from.split(' ').all(|s| error.to_string().contains(s)), "{error}");
                    }
                }
            }
        }
        assert_eq!(pairs, 14 * 14);
        assert!(Status::ALL.iter().filter(|s| s.is_closed()).all(|s| allowed(*s).next().is_none()));
    }
}

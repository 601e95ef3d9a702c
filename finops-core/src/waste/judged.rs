//! The subject of one judgement on its way to an assessment.

use super::{Assessment, OpportunityType, Outcome, Reason, Subject};

/// The subject of one judgement and who judges.
pub(super) struct Judged {
    pub(super) detector: &'static str,
    pub(super) opportunity: OpportunityType,
    pub(super) subject: Subject,
}

impl Judged {
    pub(super) fn other(self, outcome: Outcome, reason: Reason) -> Assessment {
        Assessment::other(self.detector, self.opportunity, self.subject, outcome, reason)
    }

    pub(super) fn inapplicable(self, reason: Reason) -> Assessment {
        self.other(Outcome::Inapplicable, reason)
    }

    pub(super) fn undetermined(self, reason: Reason) -> Assessment {
        self.other(Outcome::Undetermined, reason)
    }

    pub(super) fn ok(self, reason: Reason) -> Assessment {
        self.other(Outcome::Ok, reason)
    }

    /// A record that cannot be judged because of what stands at `path`.
    pub(super) fn invalid(self, path: &str) -> Assessment {
        let mut assessment = self.undetermined(Reason::InvalidRecord);
        assessment.detail = Some(path.into());
        assessment
    }
}

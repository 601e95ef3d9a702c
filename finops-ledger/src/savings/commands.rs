//! Commands: each checks what it would do against the present state and returns the event to append.

use super::{Entry, SavingsLedger};
use crate::{
    LedgerError,
    date::{Date, event_time},
    event::envelope::EventView,
    number::Exact,
    opportunity::{Opportunity, Status},
    verification::{Verdict, Verification, drifted},
};
use serde_json::{Map, Value, json};

/// Who does it, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By<'a> {
    /// For example `user:u_1`.
    pub actor: &'a str,
    /// RFC 3339 in UTC with six fraction digits.
    pub at: &'a str,
}

/// An event to append: the caller gives it an id and a place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What happened, for example `opportunity.approved`.
    pub kind: String,
    /// Its data.
    pub data: Value,
}

impl Entry {
    /// The entry of a draft.
    #[must_use]
    pub fn new(seq: u64, id: &str, by: &By<'_>, draft: Draft) -> Self {
        let (at, actor) = (by.at.to_owned(), by.actor.to_owned());
        Self { seq, id: id.to_owned(), at, actor, kind: draft.kind, data: draft.data }
    }

    /// The entry of record `seq` of a log.
    #[must_use]
    pub fn of_record(seq: u64, event: &EventView<'_>) -> Self {
        let text = str::to_owned;
        let (id, at, actor) = (text(event.id), text(event.at), text(event.actor));
        Self { seq, id, at, actor, kind: text(event.kind), data: event.data() }
    }
}

/// What a command adds to the id: optional members of its kind (section 3 of the specification).
pub type Extra = Map<String, Value>;

impl SavingsLedger {
    /// The event of `kind` with `data`, if the ledger would accept it now.
    ///
    /// # Errors
    /// Those of [`SavingsLedger::apply`].
    pub fn draft(&self, kind: &str, data: Value, by: &By<'_>) -> Result<Draft, LedgerError> {
        let draft = Draft { kind: kind.to_owned(), data };
        let entry = Entry::new(self.size(), "draft", by, draft.clone());
        self.check(&entry)?;
        Ok(draft)
    }

    fn step_draft(&self, event: &str, id: &str, mut extra: Extra, by: &By<'_>) -> Result<Draft, LedgerError> {
        extra.insert("opportunity".to_owned(), Value::from(id));
        self.draft(&format!("opportunity.{event}"), Value::Object(extra), by)
    }

    /// Records an item: a detected one as `opportunity.detected`, any other as `opportunity.imported`. Id, fingerprint and
    /// generation are filled in.
    ///
    /// # Errors
    /// `ledger.opportunity.field`, `.duplicate_id`, `.open_duplicate`, `ledger.overlap.chain`.
    pub fn add_opportunity(&self, item: &Value, by: &By<'_>) -> Result<Draft, LedgerError> {
        let parsed = Opportunity::from_json(item, "/data/opportunity")?;
        let kind =
            if parsed.status == Status::Detected { "opportunity.detected" } else { "opportunity.imported" };
        self.draft(kind, json!({"opportunity": item}), by)
    }

    /// Records a finding of a detection cycle: a new item, or fresh figures for the one that is open; `None` when that one
    /// was refreshed on this UTC day or is past refreshing.
    ///
    /// # Errors
    /// Those of [`SavingsLedger::add_opportunity`].
    pub fn observe(&self, finding: &Value, by: &By<'_>) -> Result<Option<Draft>, LedgerError> {
        let parsed = Opportunity::from_json(finding, "/data/opportunity")?;
        let ids = self.fingerprints.get(&parsed.fingerprint).map(Vec::as_slice).unwrap_or_default();
        let open = ids.iter().filter_map(|id| self.items.get(id)).find(|i| !i.opportunity.status.is_closed());
        let Some(item) = open else { return self.add_opportunity(finding, by).map(Some) };
        let held = &item.opportunity;
        let today = event_time(by.at).map(Date::of);
        let refreshable = matches!(held.status, Status::Detected | Status::Proposed | Status::Approved);
        if !refreshable || today == Some(item.refreshed_on) {
            return Ok(None);
        }
        let text =
            |new: Option<Exact>, old: &Option<Exact>| new.or_else(|| old.clone()).map(|n| n.to_string());
        let Value::Object(extra) = json!({
            "estimated_monthly_savings": parsed.estimated_monthly_savings.to_string(),
            "confidence": text(parsed.confidence, &held.confidence),
            "risk_score": text(parsed.risk_score, &held.risk_score),
        }) else {
            return Ok(None);
        };
        self.step_draft("refreshed", &held.id, extra, by).map(Some)
    }

    /// Proposes the change; `extra` may hold `pr_url`, `pr_number`, `change`, `note`.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`.
    pub fn propose(&self, id: &str, extra: Extra, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("proposed", id, extra, by)
    }

    /// Approves the change; `extra` may hold `decision_id`, `policy_digest`, `baseline_id`, `note`.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`, `.four_eyes`.
    pub fn approve(&self, id: &str, extra: Extra, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("approved", id, extra, by)
    }

    /// Starts the change.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`.
    pub fn start(&self, id: &str, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("started", id, Extra::new(), by)
    }

    /// Records that the change is made; `extra` may hold `commit`, `after_state`.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`, `.four_eyes`.
    pub fn implement(&self, id: &str, extra: Extra, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("implemented", id, extra, by)
    }

    /// Records a row of proof with what it says: `verified`, `inconclusive` or `regressed`.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition` and `ledger.savings.*`.
    pub fn verify(
        &self,
        id: &str,
        row: &Verification,
        verdict: Verdict,
        by: &By<'_>,
    ) -> Result<Draft, LedgerError> {
        let extra = Extra::from_iter([("verification".to_owned(), row.to_json())]);
        self.step_draft(verdict.as_str(), id, extra, by)
    }

    /// Records that the saving has gone without a new row, for example because the change was reverted.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`, `ledger.event.data` without a reason.
    pub fn regress(&self, id: &str, reason: &str, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("regressed", id, reasoned(reason), by)
    }

    /// Corrects the row that event `of` brought; the difference is booked at the time of the correction.
    ///
    /// # Errors
    /// `ledger.savings.*`, `ledger.event.data` without a reason.
    pub fn correct(
        &self,
        of: &str,
        reason: &str,
        row: &Verification,
        by: &By<'_>,
    ) -> Result<Draft, LedgerError> {
        let data = json!({"of": of, "reason": reason, "verification": row.to_json()});
        self.draft("savings.corrected", data, by)
    }

    /// Freezes the cost before a change.
    ///
    /// # Errors
    /// `ledger.baseline.*`.
    pub fn freeze(&self, baseline: &Value, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.draft("baseline.frozen", json!({"baseline": baseline}), by)
    }

    /// Turns the change down.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`, `ledger.event.data` without a reason.
    pub fn reject(&self, id: &str, reason: &str, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("rejected", id, reasoned(reason), by)
    }

    /// Lets the item lapse; `extra` may hold `reason`.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`.
    pub fn expire(&self, id: &str, extra: Extra, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("expired", id, extra, by)
    }

    /// Puts another item in its place.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`.
    pub fn supersede(&self, id: &str, other: &str, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("superseded", id, Extra::from_iter([("by".to_owned(), Value::from(other))]), by)
    }

    /// Records that the change failed; it may be proposed again.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`, `ledger.event.data` without a reason.
    pub fn fail(&self, id: &str, reason: &str, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("failed", id, reasoned(reason), by)
    }

    /// Records that the change was taken back.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`, `ledger.event.data` without a reason.
    pub fn roll_back(&self, id: &str, reason: &str, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("rolled_back", id, reasoned(reason), by)
    }

    /// Ends the tracking of an item: its saving is part of the new normal.
    ///
    /// # Errors
    /// `ledger.opportunity.unknown`, `.transition`.
    pub fn close(&self, id: &str, by: &By<'_>) -> Result<Draft, LedgerError> {
        self.step_draft("closed", id, Extra::new(), by)
    }

    /// Whether the saving of an item has drifted away: its last two run rates lie below half of the first verified one.
    #[must_use]
    pub fn has_drifted(&self, id: &str) -> bool {
        let mut rows = self.rows_of(id).skip_while(|row| row.verdict != Verdict::Verified);
        let Some(first) = rows.next() else { return false };
        let later: Vec<Exact> = rows.map(|row| row.verification.run_rate()).collect();
        drifted(&first.verification.run_rate(), &later)
    }
}

fn reasoned(reason: &str) -> Extra {
    Extra::from_iter([("reason".to_owned(), Value::from(reason))])
}

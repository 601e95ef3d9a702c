//! One event: first what it would change, refused as a whole if anything is wrong, then the change.

use super::{Adjustment, Booking, Entry, FxRate, Item, Row, SavingsError, SavingsLedger, Step};
use crate::{
    LedgerError,
    baseline::CostBaseline,
    date::{Date, event_time},
    event::kind,
    number::MONEY_DIGITS,
    opportunity::{Opportunity, OpportunityError, Status, lifecycle, opportunity_id},
    overlap::OverlapError,
    read::Fields,
    verification::{Verdict, Verification},
};
use finops_core::time::Timestamp;
use serde_json::Value;

/// What an event changes.
enum Change {
    Nothing,
    Add { opportunity: Box<Opportunity>, imported: bool },
    Step { opportunity: Box<Opportunity>, event: String, row: Option<(Box<Verification>, Verdict)> },
    Correct { row: usize, verification: Box<Verification> },
    Freeze(Box<CostBaseline>),
    Adjust(Box<Adjustment>),
    Fx(FxRate),
}

impl SavingsLedger {
    /// Applies one event; a refused one changes nothing.
    ///
    /// # Errors
    /// `ledger.opportunity.*`, `ledger.baseline.*`, `ledger.savings.*`, `ledger.overlap.chain`, `ledger.event.data` for data
    /// that cannot be read, `ledger.replay.unknown_kind`.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let at = event_time(&entry.at).ok_or_else(|| SavingsError::Data {
            path: "/at".to_owned(),
            problem: "is not a time such as `2026-03-14T09:26:51.000000Z`".to_owned(),
        })?;
        let change = self.plan(entry)?;
        self.commit(entry, at, change);
        self.size = self.size.max(entry.seq.saturating_add(1));
        Ok(())
    }

    /// Whether [`SavingsLedger::apply`] would accept `entry`.
    ///
    /// # Errors
    /// Those of [`SavingsLedger::apply`].
    pub fn check(&self, entry: &Entry) -> Result<(), LedgerError> {
        self.plan(entry).map(|_| ())
    }

    fn plan(&self, entry: &Entry) -> Result<Change, LedgerError> {
        let (kind, data) = (entry.kind.as_str(), &entry.data);
        if kind::is_reserved(kind) && !kind::is_known(kind) {
            return Err(SavingsError::UnknownKind { kind: finops_core::error::shorten(kind) }.into());
        }
        let Some(members) = data.as_object() else {
            let problem = "must be an object".to_owned();
            return Err(SavingsError::Data { path: "/data".to_owned(), problem }.into());
        };
        kind::check(kind, members)?;
        let fields = || Fields::of(data, "/data").map_err(SavingsError::from);
        let null = Value::Null;
        let member = |key: &str| data.get(key).unwrap_or(&null);
        match kind {
            "opportunity.detected" => self.plan_add(member("opportunity"), false, entry),
            "opportunity.imported" => self.plan_add(member("opportunity"), true, entry),
            "baseline.frozen" => {
                let mut baseline = CostBaseline::from_json(member("baseline"), "/data/baseline")?;
                if baseline.id.is_empty() {
                    baseline.id.clone_from(&entry.id);
                }
                Ok(Change::Freeze(Box::new(baseline)))
            }
            "savings.corrected" => self.plan_correction(&fields()?, member("verification")),
            "adjustment.recorded" => {
                let adjustment = adjustment(&fields()?, &entry.actor).map_err(SavingsError::from)?;
                Ok(Change::Adjust(Box::new(adjustment)))
            }
            "fx.recorded" => Ok(Change::Fx(FxRate::from_json(data, "/data")?)),
            _ => match kind.strip_prefix("opportunity.").filter(|event| lifecycle::is_step(event)) {
                Some(event) => self.plan_step(event, &fields()?, entry),
                None => Ok(Change::Nothing),
            },
        }
    }

    fn plan_add(&self, value: &Value, imported: bool, entry: &Entry) -> Result<Change, LedgerError> {
        let mut new = Opportunity::from_json(value, "/data/opportunity")?;
        let field = |name: &str, problem: &str| OpportunityError::Field {
            path: format!("/data/opportunity/{name}"),
            problem: problem.to_owned(),
        };
        if !imported && new.status != Status::Detected {
            return Err(
                field("status", "must be `detected`; record any other as `opportunity.imported`").into()
            );
        }
        if !imported && !new.realized_savings.is_zero() {
            return Err(field("realized_savings", "must be 0; only an import brings savings along").into());
        }
        let known = self.fingerprints.get(&new.fingerprint).map(Vec::as_slice).unwrap_or_default();
        let generation = known
            .iter()
            .filter_map(|id| self.get(id))
            .map(|o| o.generation)
            .max()
            .unwrap_or_default()
            .saturating_add(1);
        let given = new.generation;
        if given == 0 {
            new.generation = generation;
        }
        if new.id.is_empty() {
            new.id = opportunity_id(&new.fingerprint, new.generation);
        }
        if self.items.contains_key(&new.id) {
            return Err(OpportunityError::DuplicateId { id: finops_core::error::shorten(&new.id) }.into());
        }
        let open = known.iter().find(|id| self.get(id).is_some_and(|o| !o.status.is_closed()));
        if let Some(open) = open.filter(|_| !new.status.is_closed()) {
            return Err(OpportunityError::OpenDuplicate { open: open.clone() }.into());
        }
        if given != 0 && given != generation && !imported {
            let problem = format!("must be {generation}, one more than the last item of this fingerprint");
            return Err(field("generation", &problem).into());
        }
        self.check_chain(&new)?;
        new.detected_at.get_or_insert_with(|| entry.at.clone());
        Ok(Change::Add { opportunity: Box::new(new), imported })
    }

    /// Refuses what would make a pool book on another pool, so that totals can always be netted.
    fn check_chain(&self, new: &Opportunity) -> Result<(), OverlapError> {
        if !(new.status.is_open() || new.status == Status::Failed) {
            return Ok(());
        }
        let Some(pool) = &new.books_on else { return Ok(()) };
        let live =
            |ids: Option<&Vec<String>>| ids.into_iter().flatten().find(|id| self.may_be_netted(id)).cloned();
        let chain = |id: String, pool: &str| Err(OverlapError::Chain { id, pool: pool.to_owned() });
        if *pool == new.resource {
            return chain(new.id.clone(), pool);
        }
        if let Some(id) = live(self.booking_resources.get(pool)) {
            return chain(id, pool);
        }
        match live(self.books_on.get(&new.resource)) {
            Some(_) if !new.resource.is_empty() => chain(new.id.clone(), &new.resource),
            _ => Ok(()),
        }
    }

    fn plan_step(&self, event: &str, data: &Fields<'_>, entry: &Entry) -> Result<Change, LedgerError> {
        let id = data.required_text("opportunity").map_err(SavingsError::from)?;
        let unknown = || OpportunityError::Unknown { id: finops_core::error::shorten(id) };
        let item = self.items.get(id).ok_or_else(unknown)?;
        let to = lifecycle::transition(id, item.opportunity.status, event)?;
        self.check_four_eyes(event, item, &entry.actor)?;
        let mut new = item.opportunity.clone();
        new.status = to;
        let row = match event {
            "verified" => Some(Verdict::Verified),
            "inconclusive" => Some(Verdict::Inconclusive),
            "regressed" => Some(Verdict::Regressed),
            _ => None,
        };
        let row = match row {
            Some(verdict) if verdict != Verdict::Regressed || data.get("verification").is_some() => {
                let value = data.get("verification").unwrap_or(&Value::Null);
                let row = Verification::from_json(value, "/data/verification").map_err(SavingsError::from)?;
                self.rows.check((id, &new.currency), &row, verdict, None)?;
                Some((Box::new(row), verdict))
            }
            _ => None,
        };
        patch(&mut new, event, data, entry, row.is_some())?;
        Ok(Change::Step { opportunity: Box::new(new), event: event.to_owned(), row })
    }

    fn check_four_eyes(&self, event: &str, item: &Item, actor: &str) -> Result<(), OpportunityError> {
        let above = self.four_eyes_above.as_ref();
        if above.is_none_or(|limit| item.opportunity.estimated_monthly_savings < *limit) {
            return Ok(());
        }
        let (other, problem) = match event {
            "approved" => (&item.proposer, "approve what another actor proposed"),
            "implemented" => (&item.approver, "implement what another actor approved"),
            _ => return Ok(()),
        };
        if other.as_deref().is_some_and(|other| other != actor) {
            return Ok(());
        }
        Err(OpportunityError::FourEyes { id: finops_core::error::shorten(&item.opportunity.id), problem })
    }

    fn plan_correction(&self, data: &Fields<'_>, verification: &Value) -> Result<Change, LedgerError> {
        let read = || -> Result<_, crate::read::Fault> {
            let of = data.required_text("of")?;
            data.required_text("reason")?;
            Ok((of, Verification::from_json(verification, "/data/verification")?))
        };
        let (of, new) = read().map_err(SavingsError::from)?;
        let unknown = || SavingsError::UnknownVerification { of: finops_core::error::shorten(of) };
        let index = self.rows.of_event(of).ok_or_else(unknown)?;
        let row = self.rows.get(index).ok_or_else(unknown)?;
        let currency = self.get(&row.opportunity).map(|o| o.currency.as_str()).unwrap_or_default();
        self.rows.check((&row.opportunity, currency), &new, row.verdict, Some(index))?;
        Ok(Change::Correct { row: index, verification: Box::new(new) })
    }

    fn commit(&mut self, entry: &Entry, at: Timestamp, change: Change) {
        match change {
            Change::Nothing => {}
            Change::Add { opportunity, imported } => self.add(entry, at, *opportunity, imported),
            Change::Step { opportunity, event, row } => self.step(entry, at, *opportunity, event, row),
            Change::Correct { row, verification } => {
                let Some(old) = self.rows.get(row) else { return };
                let (was, now) = (&old.verification, &verification);
                self.bookings.push(Booking {
                    at,
                    opportunity: old.opportunity.clone(),
                    verdict: old.verdict,
                    claimed: now.claimed.minus(&was.claimed),
                    cash_reduction: now.cash_reduction.minus(&was.cash_reduction),
                    avoided_growth: now.avoided_growth.minus(&was.avoided_growth),
                    seq: entry.seq,
                });
                self.rows.correct(row, *verification, &entry.id);
            }
            Change::Freeze(baseline) => {
                let workload =
                    [baseline.cluster.as_str(), baseline.namespace.as_str(), baseline.workload_id.as_str()];
                let month = baseline.monthly_cost.clone();
                self.monthly_costs.freeze(&baseline.resource, workload, &baseline.currency, month);
                self.baselines.insert(baseline.id.clone(), *baseline);
            }
            Change::Adjust(adjustment) => self.adjustments.push(*adjustment),
            Change::Fx(rate) => self.fx.record(rate),
        }
    }

    fn add(&mut self, entry: &Entry, at: Timestamp, opportunity: Opportunity, imported: bool) {
        let id = opportunity.id.clone();
        self.fingerprints.entry(opportunity.fingerprint.clone()).or_default().push(id.clone());
        if let Some(pool) = &opportunity.books_on {
            self.books_on.entry(pool.clone()).or_default().push(id.clone());
            self.booking_resources.entry(opportunity.resource.clone()).or_default().push(id.clone());
        }
        let event = if imported { "imported" } else { "detected" };
        self.steps.push(Step { at, event: event.to_owned() });
        // Whoever imports an item past a step counts as having taken it: an import is no way round a second person.
        let importer = |past: bool| (imported && past).then(|| entry.actor.clone());
        let status = opportunity.status;
        let proposer = importer(status != Status::Detected);
        let approver = importer(!matches!(status, Status::Detected | Status::Proposed));
        let refreshed_on = Date::of(at);
        let item = Item { opportunity, entered_at: at, imported, proposer, approver, refreshed_on };
        self.items.insert(id, item);
    }

    fn step(
        &mut self,
        entry: &Entry,
        at: Timestamp,
        opportunity: Opportunity,
        event: String,
        row: Option<(Box<Verification>, Verdict)>,
    ) {
        if let Some((verification, verdict)) = row {
            self.bookings.push(Booking {
                at,
                opportunity: opportunity.id.clone(),
                verdict,
                claimed: verification.claimed.clone(),
                cash_reduction: verification.cash_reduction.clone(),
                avoided_growth: verification.avoided_growth.clone(),
                seq: entry.seq,
            });
            self.rows.push(Row {
                event_id: entry.id.clone(),
                opportunity: opportunity.id.clone(),
                verification: *verification,
                verdict,
                corrected_by: None,
            });
        }
        if let Some(item) = self.items.get_mut(&opportunity.id) {
            if item.opportunity.status != opportunity.status {
                item.entered_at = at;
            }
            match event.as_str() {
                "proposed" => item.proposer = Some(entry.actor.clone()),
                "approved" => item.approver = Some(entry.actor.clone()),
                "refreshed" => item.refreshed_on = Date::of(at),
                _ => {}
            }
            item.opportunity = opportunity;
        }
        self.steps.push(Step { at, event });
    }
}

/// What a step writes into its item.
fn patch(
    new: &mut Opportunity,
    event: &str,
    data: &Fields<'_>,
    entry: &Entry,
    has_row: bool,
) -> Result<(), LedgerError> {
    let text = |key: &str| -> Result<Option<String>, SavingsError> {
        Ok(data.text(key)?.filter(|text| !text.is_empty()).map(str::to_owned))
    };
    let required = |key: &str| -> Result<String, SavingsError> { Ok(data.required_text(key)?.to_owned()) };
    match event {
        "proposed" => {
            new.pr_url = text("pr_url")?.or(new.pr_url.take());
            new.pr_number = data.count("pr_number").map_err(SavingsError::from)?.or(new.pr_number);
        }
        "approved" => new.baseline_id = text("baseline_id")?.or(new.baseline_id.take()),
        "implemented" => {
            new.implemented_at = Some(entry.at.clone());
            if let Some(state) = data.object("after_state").map_err(SavingsError::from)? {
                new.after_state.clone_from(state);
            }
        }
        "verified" => new.verified_at = Some(entry.at.clone()),
        "regressed" if !has_row => {
            required("reason")?;
        }
        "failed" | "rejected" => {
            required("reason")?;
        }
        "rolled_back" => new.rollback_reason = Some(required("reason")?),
        "superseded" => new.superseded_by = Some(required("by")?),
        "refreshed" => {
            let read = || -> Result<_, crate::read::Fault> {
                let estimate = data.required_decimal("estimated_monthly_savings", MONEY_DIGITS)?;
                Ok((estimate, data.share("confidence")?, data.share("risk_score")?))
            };
            let (estimate, confidence, risk) = read().map_err(OpportunityError::from)?;
            if estimate.is_negative() {
                return Err(OpportunityError::Field {
                    path: "/data/estimated_monthly_savings".to_owned(),
                    problem: "must not be negative".to_owned(),
                }
                .into());
            }
            new.estimated_monthly_savings = estimate;
            (new.confidence, new.risk_score) = (confidence, risk);
        }
        _ => {}
    }
    Ok(())
}

fn adjustment(fields: &Fields<'_>, author: &str) -> Result<Adjustment, crate::read::Fault> {
    let day = |key: &str| {
        let text = fields.required_text(key)?;
        Date::parse(text).ok_or_else(|| fields.fault(key, "is not a day such as `2026-03-14`"))
    };
    let (period_start, period_end) = (day("period_start")?, day("period_end")?);
    if period_end <= period_start {
        return Err(fields.fault("period_end", "must be after the start"));
    }
    Ok(Adjustment {
        resource: fields.required_text("resource")?.to_owned(),
        period_start,
        period_end,
        amount: fields.required_decimal("amount", MONEY_DIGITS)?,
        currency: fields.currency("currency")?,
        reason: fields.required_text("reason")?.to_owned(),
        author: author.to_owned(),
    })
}

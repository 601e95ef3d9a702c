//! Records from drafts and from JSON.

use super::{
    check,
    identity::{Identity, id_bytes},
    problem::{Counts, Notes, Problem, Warning},
    record::{Finding, FindingDraft, IdMode, Run, RunContext},
    severity::{Stake, Thresholds, declared, priority, severity},
};
use crate::{error::Fault, money::Currency, time::Timestamp};
use std::sync::Arc;

/// A record that was taken, and what was changed to take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The record.
    pub finding: Finding,
    /// Texts that were cleaned or cut, by path.
    pub warnings: Vec<Warning>,
}

/// The members of a run as one record or its context gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RawRun {
    pub tenant_id: String,
    pub workspace_id: String,
    pub run_id: String,
    pub run_ts: Option<Timestamp>,
    pub engine_name: Option<String>,
    pub engine_version: Option<String>,
    pub rulepack_version: Option<String>,
}

/// Ids that a record brings along; they must be the ones that are computed.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub finding_id: Option<String>,
    pub fingerprint: Option<String>,
}

/// Makes records of one or many runs: checks each by itself, so that one that is refused never stops the others.
///
/// ```
/// use finops_core::finding::{FindingDraft, RunContext, Scope, Status, Validator};
/// let mut validator = Validator::new(&RunContext::engine("2026-11-21T08:00:00Z".parse()?))?;
/// let scope = Scope::kubernetes("finance", "workload/pay/Deployment/web/app");
/// let checked = validator.draft(FindingDraft::new("k8s.cpu_over_request", Status::Fail, scope)).unwrap();
/// assert_eq!(checked.finding.draft().check_id, "k8s.cpu_over_request");
/// let refused = validator.draft(FindingDraft::new("no id", Status::Fail, Scope::new("aws", "1", ""))).unwrap_err();
/// let codes: Vec<_> = refused.iter().map(|problem| (problem.code, problem.path.as_str())).collect();
/// assert_eq!(codes, [("finding.bad_id", "/check_id"), ("finding.missing_field", "/scope/service")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Validator {
    pub(super) context: RawRun,
    pub(super) currency: Option<Currency>,
    pub(super) mode: IdMode,
    pub(super) drop_unknown: bool,
    any_mode: bool,
    thresholds: Vec<(Currency, Thresholds)>,
    /// The run of the record before: most records of a file share theirs.
    last: Option<(RawRun, Arc<Run>)>,
    buffer: Vec<u8>,
    pub(super) counts: Counts,
}

/// A record's canonical bytes, as section 5 of the specification limits them.
const RECORD_MAX: usize = 256 * 1024;

impl Validator {
    /// A validator for records that take from `context` what they do not say themselves.
    ///
    /// # Errors
    /// `finding.unknown_value` for a default currency that ISO 4217 does not list.
    pub fn new(context: &RunContext) -> Result<Self, Fault> {
        let currency =
            match context.default_currency.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                None => None,
                Some(text) => Some(currency(text).ok_or_else(|| {
                    let problem = format!("`{}` is no currency of ISO 4217", crate::error::shorten(text));
                    Fault::new(
                        "finding.unknown_value",
                        "context.default_currency",
                        problem,
                        "write three letters such as `USD`",
                    )
                })?),
            };
        let context = context.clone();
        Ok(Self {
            mode: context.finding_id_mode,
            context: RawRun {
                tenant_id: context.tenant_id,
                workspace_id: context.workspace_id,
                run_id: context.run_id,
                run_ts: context.run_ts,
                engine_name: context.engine_name,
                engine_version: context.engine_version,
                rulepack_version: context.rulepack_version,
            },
            currency,
            drop_unknown: false,
            any_mode: false,
            thresholds: Vec::new(),
            last: None,
            buffer: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// Drops and counts members that no record has, instead of refusing them.
    #[must_use]
    pub const fn drop_unknown(mut self) -> Self {
        self.drop_unknown = true;
        self
    }

    /// Takes a given id of any mode: for records of several runs that were written before.
    #[must_use]
    pub const fn any_mode(mut self) -> Self {
        self.any_mode = true;
        self
    }

    /// Sets the thresholds of a currency; the dollar has some already.
    #[must_use]
    pub fn with_thresholds(mut self, currency: Currency, thresholds: Thresholds) -> Self {
        self.thresholds.retain(|(known, _)| *known != currency);
        self.thresholds.push((currency, thresholds));
        self
    }

    /// What was changed so far, over all records, refused ones included.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Makes a record of the run from what a check says.
    ///
    /// # Errors
    /// What is wrong with the draft or the run, by path.
    pub fn draft(&mut self, draft: FindingDraft) -> Result<Checked, Vec<Problem>> {
        let run = self.context.clone();
        self.settle(draft, run, None, &Given::default(), Notes::default())
    }

    /// The last step of every record.
    pub(super) fn settle(
        &mut self,
        mut draft: FindingDraft,
        run: RawRun,
        ingested_ts: Option<Timestamp>,
        given: &Given,
        mut notes: Notes,
    ) -> Result<Checked, Vec<Problem>> {
        let run = self.run(run, &mut notes);
        check::canonicalise(&mut draft, self.currency, &mut notes);
        let result = match run {
            Some(run) if notes.clean() => self.finish(draft, run, ingested_ts, given, &mut notes),
            _ => None,
        };
        self.add_counts(&notes.counts);
        match result {
            Some(finding) => Ok(Checked { finding, warnings: notes.warnings() }),
            None => Err(notes.problems()),
        }
    }

    pub(super) fn add_counts(&mut self, counts: &Counts) {
        let Counts { aliases, account_padded, unknown_dropped, redactions, duplicates } = &mut self.counts;
        for (total, more) in [
            (aliases, counts.aliases),
            (account_padded, counts.account_padded),
            (unknown_dropped, counts.unknown_dropped),
            (redactions, counts.redactions),
            (duplicates, counts.duplicates),
        ] {
            *total = total.saturating_add(more);
        }
    }

    /// Identity, severity and priority of a sound draft; the ids that came along are compared.
    fn finish(
        &mut self,
        draft: FindingDraft,
        run: Arc<Run>,
        ingested_ts: Option<Timestamp>,
        given: &Given,
        notes: &mut Notes,
    ) -> Option<Finding> {
        let identity = Identity { tenant_id: &run.tenant_id, workspace_id: &run.workspace_id, draft: &draft };
        let fingerprint = identity.fingerprint(&mut self.buffer);
        let mut of = |mode| id_bytes(&mut self.buffer, &fingerprint, mode, &run.run_id, run.run_ts);
        let mut id = of(self.mode);
        if self.any_mode
            && let Some(text) = &given.finding_id
        {
            let same = |id: &[u8; 16]| *text == super::identity::hex(id);
            id = IdMode::ALL.into_iter().map(of).find(same).unwrap_or(id);
        }
        const HELP: &str = "leave the ids out: they follow from the record";
        if let Some(text) = &given.fingerprint
            && *text != fingerprint.to_string()
        {
            notes.problem("finding.id_mismatch", "/fingerprint", text, HELP);
        }
        if let Some(text) = &given.finding_id
            && *text != super::identity::hex(&id)
        {
            notes.problem("finding.id_mismatch", "/finding_id", text, HELP);
        }
        let stake = Stake {
            monthly_savings: draft.estimated.monthly_savings,
            confidence: draft.confidence,
            thresholds: self.thresholds_of(draft.estimated.currency),
        };
        let base = draft.base.unwrap_or_else(|| declared(&draft));
        let severity = draft.severity.unwrap_or_else(|| severity(draft.status, base, stake));
        let priority = match draft.priority {
            0 => priority(draft.status, severity.score, stake, draft.risk),
            given => given,
        };
        let finding = Finding { run, ingested_ts, fingerprint, finding_id: id, severity, priority, draft };
        if finding.weight().saturating_mul(6) > RECORD_MAX {
            self.buffer.clear();
            finding.write_canonical(&mut self.buffer);
            if self.buffer.len() > RECORD_MAX {
                notes.problem("finding.too_large", "", "", "keep the record within 256 KiB");
            }
        }
        notes.clean().then_some(finding)
    }

    fn thresholds_of(&self, currency: Option<Currency>) -> Option<Thresholds> {
        let set = self.thresholds.iter().find(|(known, _)| Some(*known) == currency);
        set.map_or_else(|| Thresholds::of(currency), |(_, thresholds)| Some(*thresholds))
    }

    /// The run in canonical form.
    fn run(&mut self, raw: RawRun, notes: &mut Notes) -> Option<Arc<Run>> {
        if let Some((known, run)) = &self.last
            && *known == raw
        {
            return Some(Arc::clone(run));
        }
        let mut new = raw.clone();
        new.tenant_id.make_ascii_lowercase();
        let tenant = |text: &str| check::is_check_id(text) && !text.contains("..");
        notes.grammar(&mut new.tenant_id, "/tenant_id", 64, tenant, "write letters, digits, `.`, `_`, `-`");
        if new.workspace_id.trim().is_empty() {
            "default".clone_into(&mut new.workspace_id);
        }
        let help = "write letters, digits, `.`, `_`, `-`";
        notes.grammar(&mut new.workspace_id, "/workspace_id", 64, check::is_workspace, help);
        notes.grammar(&mut new.run_id, "/run_id", 128, |_| true, "");
        match new.run_ts {
            None => notes.problem("finding.missing_field", "/run_ts", "", "give the time of the run"),
            Some(at) if at.ms() < 0 => {
                notes.problem(
                    "finding.bad_time",
                    "/run_ts",
                    &at.to_string(),
                    "give a year from 1970 to 9999",
                );
            }
            Some(_) => {}
        }
        notes.run_word(&mut new.engine_name, "/engine_name");
        notes.run_word(&mut new.engine_version, "/engine_version");
        notes.run_word(&mut new.rulepack_version, "/rulepack_version");
        let failed = [
            "/tenant_id",
            "/workspace_id",
            "/run_id",
            "/run_ts",
            "/engine_name",
            "/engine_version",
            "/rulepack_version",
        ];
        if failed.into_iter().any(|path| notes.failed(path)) {
            return None;
        }
        let run = Arc::new(Run {
            tenant_id: new.tenant_id,
            workspace_id: new.workspace_id,
            run_id: new.run_id,
            run_ts: new.run_ts?,
            engine_name: new.engine_name,
            engine_version: new.engine_version,
            rulepack_version: new.rulepack_version,
        });
        self.last = Some((raw, Arc::clone(&run)));
        Some(run)
    }
}

/// A currency in any case.
pub(super) fn currency(text: &str) -> Option<Currency> {
    if text == "USD" {
        return Some(Currency::USD);
    }
    text.to_ascii_uppercase().parse().ok()
}

impl FindingDraft {
    /// Makes the record of a run; [`Validator::draft`] does so for many.
    ///
    /// # Errors
    /// The first of what is wrong with the draft or the run, as one fault with its code and path.
    pub fn into_finding(self, context: &RunContext) -> Result<Finding, Fault> {
        let checked = Validator::new(context)?.draft(self);
        checked.map(|checked| checked.finding).map_err(|problems| match problems.into_iter().next() {
            Some(first) => {
                Fault::new(first.code, first.path, format!("`{}` is refused", first.value), first.help)
            }
            None => Fault::new("finding.not_object", "", "the finding is refused", "give a finding"),
        })
    }
}

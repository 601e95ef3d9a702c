//! The engine from JSON to JSON: what Python, Node, the command line and HTTP call. Numbers keep their digits.

use super::{
    Change, Cycle, Engine, EngineError, EngineOptions, Found, Given, Reported, Run, change::without, guard,
};
use crate::ledger::SavingsLedger;
use finops_core::{
    change::SourceFile,
    error::{Fault, shorten},
    json::{Json, Limits, read},
    time::Timestamp,
    waste::{Outcome, wire},
};
use finops_policy::guardrail::GuardrailConfig;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

fn refused(path: &str, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("waste.invalid_record", path, problem, help)
}

/// The instant of a member, where it has one.
fn instant(input: &Json, name: &str) -> Result<Option<Timestamp>, Fault> {
    let Some(value) = input.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    value.as_str().and_then(|text| text.parse().ok()).map(Some).ok_or_else(|| {
        let problem = format!("`{}` is no instant", shorten(&value.to_text()));
        refused(name, problem, "write it like `2026-11-20T00:00:00Z`")
    })
}

fn list<'a>(input: &'a Json, name: &str) -> Result<&'a [Json], Fault> {
    match input.get(name) {
        None | Some(Json::Null) => Ok(&[]),
        Some(Json::Array(values)) => Ok(values),
        Some(other) => Err(refused(name, format!("a {} is no list", other.type_name()), "give a list")),
    }
}

/// The guardrails of a call, where it brings some.
fn guardrails(input: &Json) -> Result<Option<GuardrailConfig>, EngineError> {
    let limits = input.get("guardrails").filter(|limits| !limits.is_null());
    Ok(limits.map(GuardrailConfig::from_json).transpose()?)
}

impl Engine {
    /// The engine with these guardrails; nothing where they are its own.
    pub(super) fn guarded(&self, guardrails: GuardrailConfig) -> Option<Self> {
        if guardrails == self.options.guardrails {
            return None;
        }
        let options = EngineOptions { guardrails, ..EngineOptions::clone(&self.options) };
        let state = self.state();
        let state = super::State { last: state.last.clone(), made: state.made.clone() };
        Some(Self { options: Arc::new(options), state: Mutex::new(state) })
    }

    /// Takes over what another engine remembers.
    pub(super) fn remember(&self, other: Self) {
        let state = other.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.state() = state;
    }

    /// One detection cycle: `{inventories: [...], as_of?, reported?: [{detector, opportunities | error}], guardrails?,
    /// actor?}` to the report of the run. With a ledger the findings are recorded in it.
    ///
    /// # Errors
    /// `waste.invalid_record` and the codes of inventories where one has another shape than its form; `guardrail.*`;
    /// `store.*`.
    pub fn run_json(&self, input: &Json, ledger: Option<&SavingsLedger>) -> Result<Json, EngineError> {
        self.run_held(input, &[], ledger)
    }

    /// As [`Engine::run_json`], where `held` has inventories that are in memory already: each stands for the member of
    /// `inventories` at its place.
    ///
    /// # Errors
    /// As [`Engine::run_json`].
    pub fn run_held(
        &self,
        input: &Json,
        held: &[Option<Given>],
        ledger: Option<&SavingsLedger>,
    ) -> Result<Json, EngineError> {
        let guardrails = guardrails(input)?;
        let as_of = instant(input, "as_of")?;
        let now = as_of.unwrap_or_else(crate::clock::now);
        let values = list(input, "inventories")?;
        let many = values.len() > 1;
        let mut inventories = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let one = match held.get(index) {
                Some(Some(held)) => Ok(held.clone().at(as_of)),
                _ => Given::in_run(value, as_of, now),
            };
            inventories
                .push(one.map_err(|fault| if many { fault.below(&format!("[{index}]")) } else { fault })?);
        }
        let reported = list(input, "reported")?.iter().map(Reported::from_json).collect();
        let actor = input.get("actor").and_then(Json::as_str).map(str::to_owned);
        let as_of = as_of.or_else(|| inventories.first().map(Given::as_of)).or(Some(now));
        let run = self.cycle(Cycle { inventories, reported, as_of, guardrails, actor }, ledger)?;
        Ok(run.to_json())
    }

    /// Proposes changes: `{opportunities: [...], as_of?, guardrails?}` to a list of changes. Opportunities are those of the
    /// last run, by their finding ids, or any that have the ledger's members.
    ///
    /// # Errors
    /// `waste.invalid_record` with the place of an opportunity that cannot be read.
    pub fn propose_json(&self, input: &Json, sources: &[SourceFile]) -> Result<Json, EngineError> {
        Ok(Json::array(self.changes(input, sources)?.iter().map(Change::to_json)))
    }

    fn changes(&self, input: &Json, sources: &[SourceFile]) -> Result<Vec<Change>, EngineError> {
        if let Some(engine) = guardrails(input)?.and_then(|guardrails| self.guarded(guardrails)) {
            let changes = engine.changes(&without(input, &["guardrails"]), sources)?;
            self.remember(engine);
            return Ok(changes);
        }
        let last = self.last();
        let as_of = match instant(input, "as_of")? {
            Some(as_of) => as_of,
            None => last.map_or_else(crate::clock::now, |run| run.as_of),
        };
        let found = self.all_found(list(input, "opportunities")?, as_of)?;
        let found: Vec<&Found> = found.iter().collect();
        Ok(self.propose_some(&found, as_of, sources))
    }

    /// Everything known about one opportunity: evidence, estimate, what confidence and risk were made of, and the change.
    ///
    /// # Errors
    /// As [`Engine::propose_json`].
    pub fn evidence_json(&self, opportunity: &Json, sources: &[SourceFile]) -> Result<Json, EngineError> {
        let as_of = self.last().map_or_else(crate::clock::now, |run| run.as_of);
        let detected = match instant(opportunity, "detected_at") {
            Ok(Some(at)) => at,
            _ => as_of,
        };
        let found = self.found(opportunity, detected)?;
        let shown = found.to_json(detected);
        let member = |name: &str| shown.get(name).cloned().unwrap_or(Json::Null);
        // An evidence pack proposes nothing: what is written here counts for no guardrail.
        let aside = Self::new(EngineOptions::clone(&self.options));
        let change = aside.propose_some(&[&found], detected, sources);
        let names = [
            "id",
            "finding_id",
            "fingerprint",
            "type",
            "detector",
            "cluster",
            "namespace",
            "workload",
            "team",
            "detected_at",
            "estimated_monthly_savings",
            "estimate",
            "confidence",
            "confidence_inputs",
            "risk_score",
            "risk_inputs",
            "evidence",
            "before_state",
            "after_state",
            "recommendation",
            "guardrail",
        ];
        let mut members: finops_core::json::Object =
            names.iter().map(|name| ((*name).to_owned(), member(name))).collect();
        members.insert("finding", found.finding.to_json());
        members.insert("change", change.first().map(Change::to_json));
        Ok(members.into())
    }
}

impl Run {
    /// The report: opportunities in order, other assessments, findings, portfolio, failures, what the ledger refused.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let found = |found: &Found| found.to_json(self.as_of);
        let assessments = self
            .found
            .iter()
            .map(|found| (&found.cluster, &found.assessment))
            .chain(self.others().iter().map(|other| (&other.cluster, &other.assessment)));
        let counts = Outcome::ALL.iter().map(|outcome| {
            let count = assessments.clone().filter(|(_, assessment)| assessment.outcome == *outcome).count();
            (outcome.code(), Json::from(count))
        });
        let other = |cluster: &String, assessment| {
            let mut shown = wire::assessment(assessment);
            if let Json::Object(members) = &mut shown {
                members.insert("cluster", cluster.as_str());
            }
            shown
        };
        let failures = self.failures.iter().map(|failure| {
            Json::object([
                ("detector", Json::from(failure.detector.as_str())),
                ("code", failure.code.as_str().into()),
                ("message", failure.message.as_str().into()),
            ])
        });
        let refused = self.refused.iter().map(|refused| {
            Json::object([
                ("finding_id", Json::from(refused.finding_id.as_str())),
                ("code", refused.code.as_str().into()),
                ("message", refused.message.as_str().into()),
            ])
        });
        let findings = self.found.iter().map(|found| &found.finding).chain(&self.unknown);
        let denied = self.found.iter().filter(|found| guard::is_denied(&found.guardrail)).count();
        let allowed = self.found.iter().filter(|found| guard::is_allowed(&found.guardrail)).count();
        Json::object([
            ("as_of", Json::from(self.as_of.to_string())),
            ("opportunities", Json::array(self.found.iter().map(found))),
            ("assessments", Json::array(assessments.clone().map(|(cluster, one)| other(cluster, one)))),
            ("counts", Json::object(counts)),
            (
                "guardrails",
                Json::object([
                    ("allow", Json::from(allowed)),
                    ("deny", denied.into()),
                    (
                        "require_approval",
                        self.found.len().saturating_sub(denied).saturating_sub(allowed).into(),
                    ),
                ]),
            ),
            ("portfolio", self.portfolio.to_json()),
            ("findings", Json::array(findings.map(finops_core::finding::Finding::to_json))),
            ("failures", Json::array(failures)),
            ("not_recorded", Json::array(refused)),
            (
                "unknown_keys",
                Json::object(self.unknown_keys.iter().map(|(key, count)| (key.as_str(), Json::from(*count)))),
            ),
            ("config", self.config()),
        ])
    }
}

/// Writes a change in its wire form below a folder; see [`Change::write`].
///
/// # Errors
/// As [`Change::write`].
pub fn write_change(change: &Json, folder: &Path) -> Result<Vec<String>, EngineError> {
    let written = super::change::write(change, folder)?;
    Ok(written.into_iter().map(|path| path.display().to_string()).collect())
}

/// The limits of what crosses: memory is the caller's; nesting is bounded.
const LIMITS: Limits = Limits { bytes: usize::MAX, depth: finops_core::json::MAX_DEPTH };

/// Reads JSON text with every digit of its numbers.
///
/// # Errors
/// `inventory.invalid_json`.
pub fn parse(text: &[u8]) -> Result<Json, EngineError> {
    read(text, &LIMITS).map_err(|error| {
        let problem = shorten(&error.to_string());
        Fault::new("inventory.invalid_json", "", problem, "give JSON text").into()
    })
}

/// Computes a kind of `waste`, `allocation` or `findings` from JSON text to JSON text.
///
/// # Errors
/// `config.invalid` for an unknown topic or kind, and the codes of the kind.
pub fn compute(topic: &str, kind: &str, text: &[u8]) -> Result<String, EngineError> {
    let call = match topic {
        "waste" => finops_core::waste::wire::call,
        "allocation" => finops_core::allocation::wire::call,
        "findings" => finops_core::finding::wire::call,
        other => {
            let problem = format!("`{}` is no topic", shorten(other));
            let help = "give waste, allocation or findings";
            return Err(Fault::new("config.invalid", "topic", problem, help).into());
        }
    };
    Ok(call(kind, &parse(text)?)?.to_text())
}

/// The kinds of a topic; none for a topic that is none.
#[must_use]
pub fn kinds(topic: &str) -> Vec<&'static str> {
    match topic {
        "waste" => finops_core::waste::wire::kinds().collect(),
        "allocation" => finops_core::allocation::wire::kinds().collect(),
        "findings" => finops_core::finding::wire::kinds().collect(),
        _ => Vec::new(),
    }
}

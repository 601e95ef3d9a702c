//! A record of JSON into a draft: types, aliases of the public system, unknown members.

mod money;
mod parts;

use super::{
    check::{DEPTH_MAX, depth, read_code},
    map::Map,
    parts::{Actual, Reason, Scope, Status},
    problem::{Notes, Problem, count},
    record::FindingDraft,
    validate::{Checked, Given, RawRun, Validator},
};
use crate::{
    json::{Json, Limits, Object, pointer_of, read},
    time::Timestamp,
};
use money::Aliases;
use std::borrow::Cow;

type Path = Cow<'static, str>;

/// Bytes of one line: six times those of the largest record, for escapes.
pub(super) const LINE_MAX: usize = 6 * 256 * 1024;

const HELP_TYPE_TEXT: &str = "give a text";
const HELP_TYPE_OBJECT: &str = "give an object";
const HELP_TYPE_LIST: &str = "give a list";
const HELP_TYPE_BOOL: &str = "give true or false";
const HELP_TYPE_INTEGER: &str = "give a whole number";
const HELP_UNKNOWN: &str = "leave it out, or ask to drop unknown members";

/// What is read so far of one record.
struct Reader {
    notes: Notes,
    drop_unknown: bool,
    /// Written by the public system: version 1.
    old: bool,
}

impl Validator {
    /// Makes a record of a line of JSON Lines.
    ///
    /// # Errors
    /// What is wrong with the line or the record, by path.
    pub fn line(&mut self, line: &[u8]) -> Result<Checked, Vec<Problem>> {
        let limits = Limits { bytes: LINE_MAX, depth: DEPTH_MAX };
        match read(line, &limits) {
            Ok(value) => self.record(&value),
            Err(error) => {
                let text = String::from_utf8_lossy(line.get(..400.min(line.len())).unwrap_or_default());
                let help = "write one JSON object a line, within 16 levels, each member once";
                Err(refused(read_code(&error), &text, help))
            }
        }
    }

    /// Makes a record of a JSON value.
    ///
    /// # Errors
    /// What is wrong with the record, by path.
    pub fn record(&mut self, value: &Json) -> Result<Checked, Vec<Problem>> {
        if depth(value, DEPTH_MAX) > DEPTH_MAX {
            return Err(refused("finding.too_deep", "", "flatten the record to 16 levels"));
        }
        let Json::Object(members) = value else {
            return Err(refused("finding.not_object", &value.to_text(), "give an object"));
        };
        let version = members.get("source").and_then(|source| source.get("schema_version"));
        let old = version.and_then(Json::as_number).and_then(|number| number.as_i64()) == Some(1);
        let reader = Reader { notes: Notes::default(), drop_unknown: self.drop_unknown, old };
        reader.record(members, self)
    }
}

fn refused(code: &'static str, value: &str, help: &'static str) -> Vec<Problem> {
    let mut notes = Notes::default();
    notes.problem(code, "", value, help);
    notes.problems()
}

/// The members of a record that are looked at once all are known.
#[derive(Default)]
struct Later<'j> {
    issue_key: Option<&'j Json>,
    severity: Option<&'j Json>,
    recommendation: Option<String>,
    workspace: Option<String>,
    name: Option<String>,
    aliases: Aliases<'j>,
}

impl Reader {
    fn record(mut self, members: &Object, validator: &mut Validator) -> Result<Checked, Vec<Problem>> {
        let mut run = validator.context.clone();
        let (mut given, mut ingested_ts, mut later) = (Given::default(), None, Later::default());
        let mut draft = FindingDraft::new("", Status::Unknown, Scope::default());
        let (mut status, mut scope) = (None, None);
        for (name, value) in members.iter() {
            match name {
                "status" => status = self.status(value),
                "scope" => scope = self.object(value, "/scope"),
                "issue_key" => later.issue_key = Some(value),
                "severity" => later.severity = Some(value),
                "recommendation" => later.recommendation = self.alias(value, "/recommendation"),
                "workspace" => later.workspace = self.alias(value, "/workspace"),
                "name" => later.name = self.alias(value, "/name"),
                _ => {
                    let known = self.of_run(name, value, &mut run, &mut given, &mut ingested_ts)
                        || later.aliases.take(name, value)
                        || self.of_texts(name, value, &mut draft)
                        || self.of_parts(name, value, &mut draft);
                    if !known {
                        self.unknown(&[name]);
                    }
                }
            }
        }
        match status {
            Some(status) => draft.status = status,
            None => self.missing("/status"),
        }
        match scope {
            Some(scope) => self.scope(scope, &mut draft.scope),
            None => self.missing("/scope"),
        }
        let blank = |text: &mut String| text.trim().is_empty();
        draft.advice.take_if(blank);
        draft.check_name.take_if(blank);
        self.instead(&mut draft.advice, "/advice", later.recommendation, "/recommendation");
        self.instead(&mut draft.check_name, "/check_name", later.name, "/name");
        if let Some(name) = later.workspace
            && members.get("workspace_id").is_none_or(empty)
        {
            run.workspace_id = name;
            self.notes.alias("/workspace_id", "/workspace");
        }
        self.severity(later.severity, &mut draft);
        self.amounts(&later.aliases, &mut draft);
        if let Some(value) = later.issue_key {
            self.issue_key(value, &mut draft);
        }
        if self.old {
            self.of_version_1(&mut draft, &mut given);
        }
        validator.settle(draft, run, ingested_ts, &given, self.notes)
    }

    fn of_version_1(&mut self, draft: &mut FindingDraft, given: &mut Given) {
        let given_id = given.finding_id.take();
        draft.source.external_id.take_if(|text| text.trim().is_empty());
        self.instead(&mut draft.source.external_id, "/source/external_id", given_id, "/finding_id");
        *given = Given::default();
        if let Some(severity) = &mut draft.severity {
            let (low, high) = severity.level.band();
            severity.score = severity.score.clamp(low, high);
        }
    }

    /// The members of the run and the ids.
    fn of_run(
        &mut self,
        name: &str,
        value: &Json,
        run: &mut RawRun,
        given: &mut Given,
        ingested_ts: &mut Option<Timestamp>,
    ) -> bool {
        match name {
            "tenant_id" => self.own(value, "/tenant_id", &mut run.tenant_id),
            "workspace_id" => self.own(value, "/workspace_id", &mut run.workspace_id),
            "run_id" => self.own(value, "/run_id", &mut run.run_id),
            "run_ts" => run.run_ts = self.time(value, "/run_ts").or(run.run_ts),
            "ingested_ts" => *ingested_ts = self.time(value, "/ingested_ts"),
            "engine_name" => run.engine_name = self.text(value, "/engine_name").or(run.engine_name.take()),
            "engine_version" => {
                run.engine_version = self.text(value, "/engine_version").or(run.engine_version.take());
            }
            "rulepack_version" => {
                run.rulepack_version = self.text(value, "/rulepack_version").or(run.rulepack_version.take());
            }
            "finding_id" => given.finding_id = self.trimmed(value, "/finding_id"),
            "fingerprint" => given.fingerprint = self.trimmed(value, "/fingerprint"),
            _ => return false,
        }
        true
    }

    fn of_texts(&mut self, name: &str, value: &Json, draft: &mut FindingDraft) -> bool {
        match name {
            "check_id" => draft.check_id = self.text(value, "/check_id").unwrap_or_default(),
            "check_name" => draft.check_name = self.text(value, "/check_name"),
            "category" => draft.category = self.text(value, "/category"),
            "sub_category" => draft.sub_category = self.text(value, "/sub_category"),
            "title" => draft.title = self.text(value, "/title"),
            "message" => draft.message = self.text(value, "/message"),
            "advice" => draft.advice = self.text(value, "/advice"),
            "remediation" => draft.remediation = self.text(value, "/remediation"),
            "metadata_json" => draft.metadata_json = self.text(value, "/metadata_json"),
            "confidence" => draft.confidence = self.share(value, "/confidence"),
            "risk" => draft.risk = self.share(value, "/risk"),
            "priority" => {
                let priority = self.integer(value, "/priority", 1000, "give 0 to 1000");
                draft.priority = priority.and_then(|value| u16::try_from(value).ok()).unwrap_or_default();
            }
            "governance" => {
                self.flag(value, "/governance");
            }
            _ => return false,
        }
        true
    }

    fn of_parts(&mut self, name: &str, value: &Json, draft: &mut FindingDraft) -> bool {
        match name {
            "frameworks" => draft.frameworks = self.frameworks(value),
            "reason" => draft.reason = self.reason(value),
            "links" => draft.links = self.links(value),
            "claims" => draft.claims = self.claims(value),
            "tags" => draft.tags = self.texts(value, "tags"),
            "labels" => draft.labels = self.texts(value, "labels"),
            "dimensions" => draft.dimensions = self.texts(value, "dimensions"),
            "metrics" => draft.metrics = self.metrics(value),
            "evidence" => draft.evidence = self.object(value, "/evidence").cloned().map(Json::Object),
            "actual" => draft.actual = self.object(value, "/actual").cloned().map(Actual),
            "lifecycle" => draft.lifecycle = self.lifecycle(value),
            "source" => self.source(value, &mut draft.source),
            "lineage" => draft.lineage = self.lineage(value),
            _ => return false,
        }
        true
    }

    fn status(&mut self, value: &Json) -> Option<Status> {
        let text = self.trimmed(value, "/status")?;
        let word = text.to_ascii_lowercase();
        let known = match word.as_str() {
            "warn" | "warning" => Some(Status::Fail),
            "ok" => Some(Status::Pass),
            _ => None,
        };
        if known.is_some() {
            count(&mut self.notes.counts.aliases);
            return known;
        }
        let status = Status::of(&word);
        if status.is_none() {
            self.not_in("/status", &text, "give `fail`, `pass`, `info` or `unknown`");
        }
        status
    }

    fn issue_key(&mut self, value: &Json, draft: &mut FindingDraft) {
        let Some(members) = self.object(value, "/issue_key") else { return };
        let mut check = std::mem::take(&mut draft.check_id);
        super::canonical::trim(&mut check);
        check.make_ascii_lowercase();
        let mut key: Vec<(String, Option<String>)> = Vec::with_capacity(members.len());
        for (name, value) in members.iter() {
            let path = pointer_of(["issue_key", name]);
            let mut folded = name.to_ascii_lowercase();
            super::canonical::trim(&mut folded);
            if key.iter().any(|(known, _)| *known == folded) {
                let help = "give every name once; capitals do not count";
                self.notes.problem("finding.duplicate_key", "/issue_key", name, help);
            }
            let declared = self.notes.issue_name(&check, &folded, path.clone());
            let mut text = match value {
                Json::Null => None,
                Json::Bool(value) => Some(value.to_string()),
                Json::String(text) => Some(text.clone()),
                Json::Number(number)
                    if number.text().bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) =>
                {
                    Some(if number.text() == "-0" { "0" } else { number.text() }.to_owned())
                }
                other => {
                    let help = "give a text, an integer, a boolean or null; a measured value is none";
                    self.notes.problem("finding.wrong_type", path.clone(), &other.to_text(), help);
                    None
                }
            };
            if declared {
                self.notes.issue_value(&mut text, path.clone());
            }
            // The draft is looked at again, by folded names: what was refused here would be refused at a place that
            // the record does not have.
            if !self.notes.failed(&path) {
                key.push((folded, text));
            }
        }
        draft.check_id = check;
        draft.issue_key = key.into();
    }

    /// What an alias says, where its member says nothing itself.
    fn instead<T>(&mut self, own: &mut Option<T>, path: &'static str, alias: Option<T>, given: &'static str) {
        if own.is_none() && alias.is_some() {
            *own = alias;
            self.notes.alias(path, given);
        }
    }

    /// The text of an alias, counted where it says something.
    fn alias(&mut self, value: &Json, path: &'static str) -> Option<String> {
        let text = self.trimmed(value, path)?;
        count(&mut self.notes.counts.aliases);
        Some(text)
    }

    /// A text of the run: what the record says itself goes before its context.
    fn own(&mut self, value: &Json, path: &'static str, slot: &mut String) {
        if let Some(text) = self.text(value, path)
            && !text.trim().is_empty()
        {
            *slot = text;
        }
    }

    fn text(&mut self, value: &Json, path: impl Into<Path>) -> Option<String> {
        match value {
            Json::Null => None,
            Json::String(text) => Some(text.clone()),
            other => self.wrong(path, other, HELP_TYPE_TEXT),
        }
    }

    /// A text without white space around it; none if nothing is left.
    fn trimmed(&mut self, value: &Json, path: impl Into<Path>) -> Option<String> {
        let text = self.text(value, path)?;
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// An object; null and an empty text are none.
    fn object<'j>(&mut self, value: &'j Json, path: impl Into<Path>) -> Option<&'j Object> {
        match value {
            Json::Object(members) => Some(members),
            value if empty(value) => None,
            other => self.wrong(path, other, HELP_TYPE_OBJECT),
        }
    }

    fn list<'j>(&mut self, value: &'j Json, path: impl Into<Path>) -> &'j [Json] {
        match value {
            Json::Array(values) => values,
            value if empty(value) => &[],
            other => self.wrong(path, other, HELP_TYPE_LIST).unwrap_or_default(),
        }
    }

    fn flag(&mut self, value: &Json, path: impl Into<Path>) -> Option<bool> {
        match value {
            Json::Null => None,
            Json::Bool(value) => Some(*value),
            other => self.wrong(path, other, HELP_TYPE_BOOL),
        }
    }

    fn integer(&mut self, value: &Json, path: impl Into<Path>, most: u64, help: &'static str) -> Option<u64> {
        let path = path.into();
        match value {
            Json::Null => None,
            Json::Number(number)
                if number.text().bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) =>
            {
                let value = number.as_i64().and_then(|value| u64::try_from(value).ok());
                let value = value.filter(|value| *value <= most);
                if value.is_none() {
                    self.notes.problem("finding.out_of_range", path, number.text(), help);
                }
                value
            }
            other => self.wrong(path, other, HELP_TYPE_INTEGER),
        }
    }

    fn time(&mut self, value: &Json, path: impl Into<Path>) -> Option<Timestamp> {
        let path = path.into();
        let text = self.trimmed(value, path.clone())?;
        let at = instant(&text);
        if at.is_none() {
            self.notes.problem("finding.bad_time", path, &text, "write a time like `2026-11-21T08:00:00Z`");
        }
        at
    }

    fn wrong<T>(&mut self, path: impl Into<Path>, value: &Json, help: &'static str) -> Option<T> {
        self.notes.problem("finding.wrong_type", path, &value.to_text(), help);
        None
    }

    fn not_in(&mut self, path: impl Into<Path>, value: &str, help: &'static str) {
        self.notes.problem("finding.unknown_value", path, value, help);
    }

    fn missing(&mut self, path: &'static str) {
        self.notes.problem("finding.missing_field", path, "", "give it");
    }

    fn unknown(&mut self, path: &[&str]) {
        if self.drop_unknown {
            count(&mut self.notes.counts.unknown_dropped);
        } else {
            let name = path.last().copied().unwrap_or_default();
            self.notes.problem("finding.unknown_field", pointer_of(path.iter().copied()), name, HELP_UNKNOWN);
        }
    }

    fn texts(&mut self, value: &Json, member: &'static str) -> Map<String> {
        let Some(members) = self.object(value, format!("/{member}")) else { return Map::new() };
        let mut entries = Vec::with_capacity(members.len());
        for (name, value) in members.iter() {
            match value {
                Json::Null => {}
                Json::String(text) => entries.push((name.to_owned(), text.clone())),
                other => {
                    self.wrong::<()>(pointer_of([member, name]), other, HELP_TYPE_TEXT);
                }
            }
        }
        entries.into()
    }

    fn reason(&mut self, value: &Json) -> Option<Reason> {
        let members = self.object(value, "/reason")?;
        let mut reason = Reason::default();
        for (name, value) in members.iter() {
            match name {
                "code" => reason.code = self.text(value, "/reason/code").unwrap_or_default(),
                "text" => reason.text = self.text(value, "/reason/text"),
                _ => self.unknown(&["reason", name]),
            }
        }
        Some(reason)
    }

    fn frameworks(&mut self, value: &Json) -> Vec<String> {
        let values = self.list(value, "/frameworks");
        let texts = values.iter().enumerate();
        texts.filter_map(|(index, value)| self.text(value, format!("/frameworks/{index}"))).collect()
    }

    fn scope(&mut self, members: &Object, scope: &mut Scope) {
        for (name, value) in members.iter() {
            let slot = match name {
                "cloud" => {
                    scope.cloud = self.text(value, "/scope/cloud").unwrap_or_default();
                    continue;
                }
                "account_id" => {
                    scope.account_id = self.text(value, "/scope/account_id").unwrap_or_default();
                    continue;
                }
                "service" => {
                    scope.service = self.text(value, "/scope/service").unwrap_or_default();
                    continue;
                }
                "provider_partition" => &mut scope.provider_partition,
                "organization_id" => &mut scope.organization_id,
                "billing_account_id" => &mut scope.billing_account_id,
                "region" => &mut scope.region,
                "availability_zone" => &mut scope.availability_zone,
                "resource_type" => &mut scope.resource_type,
                "resource_id" => &mut scope.resource_id,
                "resource_arn" => &mut scope.resource_arn,
                _ => {
                    self.unknown(&["scope", name]);
                    continue;
                }
            };
            *slot = match value {
                Json::String(text) => Some(text.clone()),
                other => self.text(other, pointer_of(["scope", name])),
            };
        }
    }
}

/// Whether a value says nothing: null, or a text of white space.
fn empty(value: &Json) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// RFC 3339 with `T` or a space, any offset, none being UTC; years 1970 to 9999; no second 60.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let second = text.get(17..19);
    if second == Some("60") {
        return None;
    }
    let at = text.parse().or_else(|_| format!("{text}Z").parse()).ok()?;
    Some(at).filter(|at: &Timestamp| at.ms() >= 0)
}

//! Findings as proposed changes.

use super::{
    Engine, EngineError, Found, Run,
    guard::{self, entry, is_denied},
    reported,
};
use finops_core::{
    change::{Action, ChangeProposal, FileChange, Part, Request, SourceFile, SourceSet, propose_in},
    error::{Fault, shorten},
    json::{Json, Object},
    time::Timestamp,
    waste::{OpportunityType, wire},
};
use finops_policy::guardrail::{Check, Now, check};
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// A proposed change with what the guardrails say of it.
#[derive(Debug, Clone)]
pub struct Change {
    /// The change: branch, title, body and files.
    pub proposal: ChangeProposal,
    /// What the guardrails say: the strongest answer among its findings and to the change as a whole.
    pub guardrail: Check,
    /// Ids of the opportunities that it answers.
    pub opportunities: Vec<String>,
    /// What each of them rests on.
    pub evidence: Vec<Json>,
    /// Their states now and after the change.
    states: Vec<(Json, Json)>,
    /// Their risks and what they were made of.
    risk: Json,
    /// The time of the run.
    pub as_of: Timestamp,
}

/// Cpu and memory of one subject are changed together; everything else by itself.
fn group(found: &Found) -> Option<(&str, &str)> {
    let requests = [OpportunityType::OverRequestedCpu, OpportunityType::OverRequestedMemory];
    requests
        .contains(&found.assessment.opportunity)
        .then(|| (found.cluster.as_str(), found.assessment.subject.id()))
}

impl Engine {
    /// Proposes the changes of a run, in its order: those that the guardrails allow, and those that need an approval, which
    /// are marked. Denied findings and those without a change have none.
    ///
    /// `sources` are the files that may be edited; without one that holds the object, a patch is drafted. What is proposed
    /// counts as a change of its day for the guardrails of later runs.
    #[must_use]
    pub fn propose(&self, run: &Run, sources: &[SourceFile]) -> Vec<Change> {
        let found: Vec<&Found> = run.found.iter().collect();
        self.propose_some(&found, run.as_of, sources)
    }

    pub(super) fn propose_some(
        &self,
        found: &[&Found],
        as_of: Timestamp,
        sources: &[SourceFile],
    ) -> Vec<Change> {
        let mut groups: Vec<Vec<&Found>> = Vec::new();
        for item in found.iter().copied() {
            if is_denied(&item.guardrail) || item.assessment.proposal.is_none() {
                continue;
            }
            let of_group = |group_of: &&mut Vec<&Found>| {
                let known = group_of.first().and_then(|first| group(first));
                known.is_some() && known == group(item)
            };
            match groups.iter_mut().find(of_group) {
                Some(members) => members.push(item),
                None => groups.push(vec![item]),
            }
        }
        let mut changes = Vec::with_capacity(groups.len());
        let sources = SourceSet::read(sources);
        for mut parts in groups {
            // The change of the CPU gives the name.
            parts.sort_by_key(|part| part.assessment.opportunity);
            changes.push(self.one(&parts, as_of, &sources));
        }
        changes
    }

    fn one(&self, parts: &[&Found], as_of: Timestamp, sources: &SourceSet<'_>) -> Change {
        let ids: Vec<(String, String)> = parts
            .iter()
            .map(|part| (part.finding.finding_id(), part.finding.fingerprint().to_string()))
            .collect();
        let list: Vec<Part<'_>> = parts
            .iter()
            .zip(&ids)
            .map(|(part, (finding_id, fingerprint))| Part {
                assessment: &part.assessment,
                finding_id,
                fingerprint,
            })
            .collect();
        let leading = parts.first();
        let request = Request {
            parts: &list,
            cluster: leading.map_or("", |part| &part.cluster),
            tags: leading.map_or(&[][..], |part| &part.tags),
            environment: leading.and_then(|part| part.environment.as_deref()),
            as_of,
        };
        let proposal = propose_in(&request, sources, &self.options().change);
        let whole = proposal.guardrail_input.json();
        let own: Vec<&str> = ids.iter().map(|(_, fingerprint)| fingerprint.as_str()).collect();
        let mut state = self.state();
        let history = state.made.iter().filter(|(key, _)| !own.contains(&key.as_str()));
        let history = Json::Array(history.map(|(_, change)| change.clone()).collect());
        let of_whole = check(&whole, &history, Now::At(as_of), &self.options().guardrails);
        if proposal.status != finops_core::change::Status::Refused {
            for part in parts {
                let change = entry(&part.guardrail_input, as_of);
                state.made.insert(part.finding.fingerprint().to_string(), change);
            }
        }
        drop(state);
        let checks = parts.iter().map(|part| &part.guardrail).chain([&of_whole]);
        // `max_by_key` answers the last of equal ones: the parts speak before the whole.
        let strongest = checks.rev().max_by_key(|check| strength(check)).cloned().unwrap_or(of_whole);
        Change {
            opportunities: parts.iter().map(|part| part.id()).collect(),
            evidence: parts.iter().map(|part| part.evidence.clone()).collect(),
            states: parts.iter().map(|part| (part.before.clone(), part.after.clone())).collect(),
            risk: Json::array(
                parts.iter().filter_map(|part| part.assessment.risk.as_ref()).map(wire::risk_inputs),
            ),
            guardrail: strongest,
            proposal,
            as_of,
        }
    }

    /// The finding of an opportunity: that of the last run, else what can be read from its members.
    ///
    /// # Errors
    /// `waste.invalid_record`, `finding.*`.
    pub fn found(&self, opportunity: &Json, as_of: Timestamp) -> Result<Found, EngineError> {
        let last = self.last();
        let finding_id = opportunity.get("finding_id").and_then(Json::as_str);
        let known = last
            .iter()
            .flat_map(|run| &run.found)
            .find(|found| Some(found.finding.finding_id().as_str()) == finding_id);
        if let Some(found) = known {
            return Ok(found.clone());
        }
        reported::assessment(opportunity)?;
        let detector = opportunity.get("detector").and_then(Json::as_str).unwrap_or("imported");
        let one = super::Reported {
            detector: detector.strip_prefix("custom.").unwrap_or(detector).to_owned(),
            result: Ok(vec![opportunity.clone()]),
        };
        let run = super::run::back(&self.options, one, as_of)?;
        let failed = run.failures.first().map(|failure| failure.message.clone()).unwrap_or_default();
        run.found.into_iter().next().ok_or_else(|| {
            Fault::new("waste.invalid_record", "opportunity", failed, "correct the opportunity").into()
        })
    }
}

fn strength(check: &Check) -> u8 {
    if is_denied(check) { 2 } else { u8::from(!guard::is_allowed(check)) }
}

fn file(file: &FileChange) -> Json {
    let edits = file.edits.iter().map(|edit| {
        Json::object([
            ("start", Json::from(edit.range.start)),
            ("end", edit.range.end.into()),
            ("old", edit.old.as_str().into()),
            ("new", edit.new.as_str().into()),
            ("path", edit.path.as_str().into()),
        ])
    });
    Json::object([
        ("path", Json::from(file.path.as_str())),
        ("action", file.action.code().into()),
        ("old_digest", file.old_digest.as_deref().into()),
        ("new_digest", file.new_digest.as_deref().into()),
        ("edits", Json::array(edits)),
        ("content", file.content.as_deref().into()),
        ("diff", file.diff.as_str().into()),
    ])
}

impl Change {
    /// Whether somebody must approve it.
    #[must_use]
    pub fn needs_approval(&self) -> bool {
        !guard::is_allowed(&self.guardrail)
    }

    /// The patch of all files; `reverse` takes it back.
    #[must_use]
    pub fn patch(&self, reverse: bool) -> String {
        let diff = |file: &FileChange| if reverse { file.reverse.clone() } else { file.diff.clone() };
        self.proposal.files.iter().map(diff).collect()
    }

    /// The change in its wire form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let proposal = &self.proposal;
        let input = proposal.guardrail_input.json();
        let member = |name: &str| input.get(name).cloned().unwrap_or(Json::Null);
        let saving = proposal.monthly_saving.map(|amount| amount.ratio().to_string());
        let reason = proposal.reason.as_ref().map(|fault| {
            Json::object([
                ("code", Json::from(fault.code())),
                ("path", fault.path().into()),
                ("message", fault.to_string().into()),
            ])
        });
        let states = |after: bool| {
            Json::array(
                self.states.iter().map(|(before, end)| if after { end.clone() } else { before.clone() }),
            )
        };
        Json::object([
            ("id", Json::from(proposal.id.as_str())),
            ("finding_ids", Json::array(proposal.finding_ids.iter().map(String::as_str))),
            ("opportunity_ids", Json::array(self.opportunities.iter().map(String::as_str))),
            ("kind", proposal.kind.map(finops_core::waste::ChangeKind::code).into()),
            ("status", proposal.status.code().into()),
            ("reason", reason.into()),
            ("branch_name", proposal.branch.as_str().into()),
            ("title", proposal.title.as_str().into()),
            ("description", proposal.body.as_str().into()),
            ("commit_message", proposal.commit_message.as_str().into()),
            ("labels", Json::array(proposal.labels.iter().map(String::as_str))),
            ("changes", Json::array(proposal.files.iter().map(file))),
            (
                "applied",
                Json::object([
                    ("before", states(false)),
                    ("after", states(true)),
                    ("monthly_saving", saving.clone().into()),
                ]),
            ),
            ("estimated_savings", saving.into()),
            ("confidence", member("confidence")),
            ("risk_score", member("risk_score")),
            (
                "risk",
                Json::object([
                    ("score", member("risk_score")),
                    ("inputs", self.risk.clone()),
                    ("blast_radius", member("blast_radius")),
                    ("reversible", member("reversible")),
                    ("restarts_pods", member("restarts_pods")),
                    ("deletes_data", member("deletes_data")),
                ]),
            ),
            ("evidence", Json::array(self.evidence.iter().cloned())),
            ("guardrail_input", input.clone()),
            ("guardrail", self.guardrail.to_json()),
            ("requires_approval", self.needs_approval().into()),
            ("patch", self.patch(false).into()),
            ("rollback", self.patch(true).into()),
            ("requested_at", self.as_of.to_string().into()),
        ])
    }

    /// Writes the change below `folder`, in a folder with the name of its branch: `pull_request.md`, `change.patch`,
    /// `rollback.patch`, and the new files under `files/`. Answers what was written.
    ///
    /// # Errors
    /// `engine.file`, `change.invalid_name` for a path that leads out of the repository.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
        write(&self.to_json(), folder)
    }
}

/// Writes a change in its wire form below `folder`; see [`Change::write`].
pub(super) fn write(change: &Json, folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let text = |name: &str| change.get(name).and_then(Json::as_str).unwrap_or_default();
    let name = text("branch_name").replace('/', "-");
    let name = if name.is_empty() { text("id").to_owned() } else { name };
    let root = folder.join(safe(&name)?);
    let mut files = vec![
        (root.join("pull_request.md"), format!("# {}\n\n{}", text("title"), text("description"))),
        (root.join("change.patch"), text("patch").to_owned()),
        (root.join("rollback.patch"), text("rollback").to_owned()),
    ];
    for file in change.get("changes").and_then(Json::as_array).unwrap_or_default() {
        let path = safe(file.get("path").and_then(Json::as_str).unwrap_or_default())?;
        if let Some(content) = file.get("content").and_then(Json::as_str) {
            files.push((root.join("files").join(path), content.to_owned()));
        }
    }
    let mut written = Vec::with_capacity(files.len());
    for (path, content) in files {
        let failed = |error: std::io::Error| EngineError::File {
            path: path.display().to_string(),
            verb: "written",
            problem: error.to_string(),
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, content).map_err(failed)?;
        written.push(path);
    }
    Ok(written)
}

/// A path that stays below the folder it is joined to, and out of git's own.
pub(super) fn safe(path: &str) -> Result<&Path, Fault> {
    let plain = !path.is_empty() && !path.contains(['\\', '\0', '\n', '\r', ':']);
    let inside = Path::new(path).components().all(|part| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        _ => false,
    });
    if plain && inside {
        return Ok(Path::new(path));
    }
    let problem = format!("`{}` is no path within the repository", shorten(path));
    Err(Fault::new("change.invalid_name", "files", problem, "give a relative path without `..`"))
}

/// The members of an object without some.
pub(super) fn without(value: &Json, names: &[&str]) -> Json {
    match value {
        Json::Object(members) => {
            let kept: Object = members
                .iter()
                .filter(|(name, _)| !names.contains(name))
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect();
            Json::Object(kept)
        }
        other => other.clone(),
    }
}

/// Whether a file is new, is edited or goes.
pub(super) fn action(file: &Json) -> Option<Action> {
    let word = file.get("action").and_then(Json::as_str)?;
    [Action::Edit, Action::Create, Action::Delete].into_iter().find(|action| action.code() == word)
}

//! A proposed change and what it is made from.

use super::{Edit, GuardrailInput};
use crate::{
    error::Fault,
    time::Timestamp,
    waste::{Amount, Assessment, ChangeKind},
};
use std::collections::BTreeMap;

/// A file that a proposal may edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A finding that a change answers.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// What was assessed.
    pub assessment: &'a Assessment,
    /// Id of the finding.
    pub finding_id: &'a str,
    /// Its fingerprint, 64 hex digits.
    pub fingerprint: &'a str,
}

/// What a change is asked for: one finding, or those on one workload together.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The findings, the leading one first.
    pub parts: &'a [Part<'a>],
    /// Cluster.
    pub cluster: &'a str,
    /// Tags of the cluster and of the subject.
    pub tags: &'a [String],
    /// Environment, where known.
    pub environment: Option<&'a str>,
    /// The time of the run.
    pub as_of: Timestamp,
}

/// A value of a chart that stands for a resource of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmValue {
    /// The values file.
    pub file: String,
    /// Dotted path in it, for example `web.resources.requests.cpu`.
    pub path: String,
    /// Kind of the workload.
    pub kind: String,
    /// Its namespace; without one any.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its container; without one any.
    pub container: Option<String>,
    /// One of [`HelmValue::RESOURCES`].
    pub resource: String,
}

impl HelmValue {
    /// What a value of a chart may stand for: a request, a limit, or a number of replicas.
    pub const RESOURCES: [&str; 6] =
        ["cpu", "memory", "cpu_limit", "memory_limit", "replicas", "min_replicas"];
}

/// How proposals are made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeConfig {
    /// Values of charts, by what they stand for. Templates are never edited.
    pub helm: Vec<HelmValue>,
    /// The kustomize overlay that gets a patch where several overlays share a base.
    pub overlay: Option<String>,
    /// Resource addresses with their ids, as `terraform show -json` prints them.
    pub terraform_ids: BTreeMap<String, String>,
    /// Labels of the pull request.
    pub labels: Vec<String>,
}

/// How far a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Edited and proved: to be reviewed.
    Ready,
    /// Something is left to a person; the body says what.
    Draft,
    /// Nothing is proposed; the reason says why.
    Refused,
}

impl Status {
    /// `ready`, `draft` or `refused`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Draft => "draft",
            Self::Refused => "refused",
        }
    }
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Bytes of it are replaced.
    Edit,
    /// It is new.
    Create,
    /// It goes.
    Delete,
}

impl Action {
    /// `edit`, `create` or `delete`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Create => "create",
            Self::Delete => "delete",
        }
    }
}

/// A file of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Path from the root of the repository.
    pub path: String,
    /// What happens to it.
    pub action: Action,
    /// SHA-256 of the bytes that the edit was made on, in hex; `None` for a new file.
    pub old_digest: Option<String>,
    /// SHA-256 of the new bytes, in hex; `None` for a deleted file.
    pub new_digest: Option<String>,
    /// Every replacement.
    pub edits: Vec<Edit>,
    /// The whole new text; `None` for a deleted file.
    pub content: Option<String>,
    /// Unified diff with three lines around.
    pub diff: String,
    /// The diff that takes it back.
    pub reverse: String,
}

/// A proposed change.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeProposal {
    /// Id: `chg-` and 16 hex digits of the SHA-256 of the branch and the finding ids.
    pub id: String,
    /// The findings that it answers.
    pub finding_ids: Vec<String>,
    /// What it does; `None` where the findings have no change.
    pub kind: Option<ChangeKind>,
    /// How far it is.
    pub status: Status,
    /// Why it is no more than that.
    pub reason: Option<Fault>,
    /// Branch.
    pub branch: String,
    /// Title of the pull request.
    pub title: String,
    /// Body of the pull request in Markdown.
    pub body: String,
    /// Message of the commit.
    pub commit_message: String,
    /// Labels of the pull request.
    pub labels: Vec<String>,
    /// Files.
    pub files: Vec<FileChange>,
    /// Saving a month at list price, where known.
    pub monthly_saving: Option<Amount>,
    /// What the guardrails decide on.
    pub guardrail_input: GuardrailInput,
}

impl ChangeProposal {
    /// The bytes of one of its files after the change: `Some(None)` for a deleted one, `None` for a file that is not of the
    /// proposal.
    ///
    /// # Errors
    /// `change.source_changed` where `now` is not what the edit was made on.
    pub fn apply(&self, path: &str, now: Option<&[u8]>) -> Result<Option<Option<&str>>, Fault> {
        let Some(file) = self.files.iter().find(|file| file.path == path) else { return Ok(None) };
        if now.map(super::diff::digest) != file.old_digest {
            let problem = "the file is not the one that the edit was made on";
            return Err(Fault::new(
                "change.source_changed",
                path,
                problem,
                "propose again from the present sources",
            ));
        }
        Ok(Some(file.content.as_deref()))
    }
}

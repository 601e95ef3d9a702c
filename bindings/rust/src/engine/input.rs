//! What is looked at.

use finops_core::{
    error::Fault,
    inventory::{ClusterInventory, Diagnostic, WorkloadUse, workload_uses},
    json::Json,
    time::Timestamp,
    waste::{Inventory, Subject, SubjectKind, ai::AiInventory, summary::ClusterData},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// An inventory that is given to the engine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Given {
    /// The summary form.
    Summary(Arc<ClusterData>),
    /// A full inventory of a cluster.
    Cluster(Arc<ClusterInventory>),
    /// GPUs, endpoints, calls and training of models.
    Ai(Box<AiInventory>),
}

/// What a route is served by when nobody, or more than one, is named.
const NOBODY: &str = "unknown";
/// The account where none is named (specification of findings, section 2).
const ACCOUNT: &str = "default";

impl Given {
    /// Reads any form: an inventory of AI workloads has one of its lists, such as `call_groups`; a full inventory lists its
    /// workloads; a summary has an object of them by namespace.
    ///
    /// `as_of` is the time of the run for a summary and for AI workloads; a full inventory has its own.
    ///
    /// # Errors
    /// `waste.invalid_record` and the codes of inventories.
    pub fn from_json(value: &Json, as_of: Option<Timestamp>) -> Result<Self, Fault> {
        Self::read(value, as_of).map(|(given, _)| given)
    }

    /// As [`Given::from_json`], with what the reading remarks on.
    ///
    /// # Errors
    /// As [`Given::from_json`].
    pub fn read(value: &Json, as_of: Option<Timestamp>) -> Result<(Self, Vec<Diagnostic>), Fault> {
        if AiInventory::is_ai(value) {
            return AiInventory::from_json(value, as_of).map(|read| (Self::Ai(Box::new(read)), Vec::new()));
        }
        if !ClusterData::is_summary(value) {
            let read = ClusterInventory::from_json(value)?;
            return Ok((Self::Cluster(Arc::new(read.value)), read.diagnostics));
        }
        let data = ClusterData::from_json(value, as_of)?;
        let diagnostics = data.diagnostics.clone();
        Ok((data.into(), diagnostics))
    }

    /// Reads any form for a run: the time of a summary is `as_of`, else its own, else `now`.
    ///
    /// # Errors
    /// As [`Given::from_json`].
    pub fn in_run(value: &Json, as_of: Option<Timestamp>, now: Timestamp) -> Result<Self, Fault> {
        Self::from_json(value, run_time(value, as_of, now))
    }

    /// The same at another time of the run: a summary has it from the caller, a full inventory from itself.
    #[must_use]
    pub fn at(mut self, as_of: Option<Timestamp>) -> Self {
        if let (Self::Summary(data), Some(as_of)) = (&mut self, as_of)
            && data.as_of != as_of
        {
            Arc::make_mut(data).as_of = as_of;
        }
        self
    }

    /// The time that "now" means in it.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        self.inventory().as_of()
    }

    /// Every workload with its requests, limits and usage.
    #[must_use]
    pub fn workload_uses(&self) -> Vec<WorkloadUse> {
        match self {
            Self::Summary(data) => data.workload_uses(),
            Self::Cluster(cluster) => workload_uses(cluster),
            Self::Ai(_) => Vec::new(),
        }
    }

    pub(super) fn inventory(&self) -> Inventory<'_> {
        match self {
            Self::Summary(data) => Inventory::Summary(data),
            Self::Cluster(cluster) => Inventory::Cluster(cluster),
            Self::Ai(ai) => Inventory::Ai(ai),
        }
    }

    /// The name of the cluster, or of the account at the provider of models.
    #[must_use]
    pub fn cluster(&self) -> &str {
        match self {
            Self::Ai(ai) => ai.account_id.as_deref().or(ai.cluster.as_deref()).unwrap_or(ACCOUNT),
            other => other.kubernetes().unwrap_or_default(),
        }
    }

    /// The cluster, where it is one.
    pub(super) fn kubernetes(&self) -> Option<&str> {
        match self {
            Self::Summary(data) => Some(&data.cluster),
            Self::Cluster(cluster) => Some(cluster.cluster.as_str()),
            Self::Ai(_) => None,
        }
    }

    /// Where the subjects of this inventory are.
    pub(super) fn places(&self) -> Places<'_> {
        let providers = match self {
            Self::Ai(ai) => ai.providers(),
            _ => BTreeMap::new(),
        };
        Places { given: self, providers }
    }

    pub(super) fn tags(&self) -> Vec<String> {
        match self {
            Self::Summary(data) => data.tags.clone(),
            Self::Cluster(cluster) => {
                let tags = cluster.tags.as_deref().unwrap_or_default();
                tags.iter().map(|tag| tag.as_str().to_owned()).collect()
            }
            Self::Ai(ai) => ai.tags.clone(),
        }
    }

    /// Keys that are not known, with how often each was met.
    pub(super) fn unknown_keys(&self) -> impl Iterator<Item = (&str, u64)> {
        let keys = match self {
            Self::Summary(data) => Some(&data.unknown_keys),
            Self::Ai(ai) => Some(&ai.unknown_keys),
            Self::Cluster(_) => None,
        };
        keys.into_iter().flatten().map(|(key, count)| (key.as_str(), *count))
    }
}

impl From<ClusterData> for Given {
    fn from(data: ClusterData) -> Self {
        Self::Summary(Arc::new(data))
    }
}

/// The time of a run for what has one of its own perhaps: `as_of`, else its own, which is `None` here, else `now`.
#[must_use]
pub fn run_time(value: &Json, as_of: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let own = value.get("as_of").is_some_and(|own| !own.is_null());
    if own { as_of } else { Some(as_of.unwrap_or(now)) }
}

/// Where a subject is: in a cluster, or at a provider of models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The cluster, or the account.
    pub account: String,
    /// The provider of models; `None` for what is in a cluster.
    pub provider: Option<String>,
}

/// Where the subjects of an inventory are, looked up once.
pub(super) struct Places<'a> {
    given: &'a Given,
    providers: BTreeMap<String, BTreeSet<String>>,
}

/// Whether findings of a subject lie at a provider of models.
pub(super) const fn is_llm(kind: SubjectKind) -> bool {
    matches!(
        kind,
        SubjectKind::Route | SubjectKind::Endpoint | SubjectKind::Throughput | SubjectKind::TrainingRun
    )
}

impl Places<'_> {
    pub(super) fn of(&self, subject: &Subject) -> Place {
        let Given::Ai(ai) = self.given else {
            return Place { account: self.given.cluster().to_owned(), provider: None };
        };
        if !is_llm(subject.kind()) {
            let cluster = ai.cluster.clone().unwrap_or_else(|| NOBODY.to_owned());
            return Place { account: cluster, provider: None };
        }
        let own = self.providers.get(subject.name()).filter(|_| subject.kind() == SubjectKind::Route);
        let only = match own {
            Some(own) if own.len() == 1 => own.first().cloned(),
            Some(_) => None,
            None => ai.provider.clone(),
        };
        Place {
            account: ai.account_id.clone().unwrap_or_else(|| ACCOUNT.to_owned()),
            provider: Some(only.unwrap_or_else(|| NOBODY.to_owned())),
        }
    }
}

impl Place {
    /// Where what a detector of one's own found is, when it names no cluster.
    pub(super) fn unnamed(given: Option<&Given>) -> Self {
        let account = given.map_or(NOBODY, Given::cluster).to_owned();
        Self { account, provider: None }
    }
}

//! What is looked at.

use finops_core::{
    error::Fault,
    inventory::{ClusterInventory, Diagnostic, WorkloadUse, workload_uses},
    json::Json,
    time::Timestamp,
    waste::{Inventory, summary::ClusterData},
};
use std::sync::Arc;

/// An inventory that is given to the engine.
#[expect(clippy::large_enum_variant, reason = "a run is given a handful of them")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Given {
    /// The summary form.
    Summary(ClusterData),
    /// A full inventory of a cluster.
    Cluster(Arc<ClusterInventory>),
}

impl Given {
    /// Reads either form: an inventory lists its workloads, a summary has an object of them by namespace.
    ///
    /// `as_of` is the time of the run for a summary; a full inventory has its own.
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
        if !ClusterData::is_summary(value) {
            let read = ClusterInventory::from_json(value)?;
            return Ok((Self::Cluster(Arc::new(read.value)), read.diagnostics));
        }
        let data = ClusterData::from_json(value, as_of)?;
        let diagnostics = data.diagnostics.clone();
        Ok((Self::Summary(data), diagnostics))
    }

    /// The same at another time of the run: a summary has it from the caller, a full inventory from itself.
    pub(super) fn at(mut self, as_of: Option<Timestamp>) -> Self {
        if let (Self::Summary(data), Some(as_of)) = (&mut self, as_of) {
            data.as_of = as_of;
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
        }
    }

    pub(super) fn inventory(&self) -> Inventory<'_> {
        match self {
            Self::Summary(data) => Inventory::Summary(data),
            Self::Cluster(cluster) => Inventory::Cluster(cluster),
        }
    }

    /// The name of the cluster.
    #[must_use]
    pub fn cluster(&self) -> &str {
        match self {
            Self::Summary(data) => &data.cluster,
            Self::Cluster(cluster) => cluster.cluster.as_str(),
        }
    }

    pub(super) fn tags(&self) -> Vec<String> {
        match self {
            Self::Summary(data) => data.tags.clone(),
            Self::Cluster(cluster) => {
                let tags = cluster.tags.as_deref().unwrap_or_default();
                tags.iter().map(|tag| tag.as_str().to_owned()).collect()
            }
        }
    }

    /// Keys that are not known, with how often each was met.
    pub(super) fn unknown_keys(&self) -> impl Iterator<Item = (&str, u64)> {
        let keys = match self {
            Self::Summary(data) => Some(&data.unknown_keys),
            Self::Cluster(_) => None,
        };
        keys.into_iter().flatten().map(|(key, count)| (key.as_str(), *count))
    }
}

//! What the guardrails decide on: the record of a proposed change. Unknown is null, which no guardrail passes.

use crate::{
    json::{Json, Number},
    time::Timestamp,
    waste::{Amount, ChangeKind, OpportunityType},
};

/// What a change touches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// Namespaces.
    pub namespaces: Option<u64>,
    /// Workloads.
    pub workloads: Option<u64>,
    /// Pods.
    pub pods: Option<u64>,
    /// Nodes.
    pub nodes: Option<u64>,
    /// Services.
    pub services: Option<u64>,
    /// Share of the cluster's cores, in parts per million.
    pub cluster_cpu_ppm: Option<u64>,
}

impl BlastRadius {
    /// What a change of this kind touches: a workload change one workload and its replicas, a node change the nodes that
    /// go, a volume nothing that runs.
    #[must_use]
    pub const fn of(kind: ChangeKind, replicas: Option<u64>, nodes_removed: Option<u64>) -> Self {
        let one = Some(1);
        let (workloads, pods, nodes) = match kind {
            ChangeKind::NodeConsolidation | ChangeKind::KarpenterConsolidation => (None, None, nodes_removed),
            ChangeKind::VolumeCleanup => (Some(0), Some(0), Some(0)),
            _ => (one, replicas, Some(0)),
        };
        Self { namespaces: one, workloads, pods, nodes, services: None, cluster_cpu_ppm: None }
    }

    fn json(&self) -> Json {
        let count = |value: Option<u64>| value.map_or(Json::Null, number);
        Json::object([
            ("namespaces", count(self.namespaces)),
            ("workloads", count(self.workloads)),
            ("pods", count(self.pods)),
            ("nodes", count(self.nodes)),
            ("services", count(self.services)),
            ("cluster_cpu_ppm", count(self.cluster_cpu_ppm)),
        ])
    }
}

fn number(value: u64) -> Json {
    Number::new(&value.to_string()).map_or(Json::Null, Json::Number)
}

/// A change as the guardrails see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardrailInput {
    /// Id of the change.
    pub change_id: Option<String>,
    /// What the change does; `None` where the finding has no change.
    pub kind: Option<ChangeKind>,
    /// The finding's type.
    pub opportunity: OpportunityType,
    /// Cluster.
    pub cluster: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
    /// Workload, node group or volume.
    pub workload: Option<String>,
    /// Team.
    pub team: Option<String>,
    /// Environment.
    pub environment: Option<String>,
    /// Tags of the cluster and of the subject.
    pub tags: Vec<String>,
    /// The saving a month.
    pub saving: Option<Amount>,
    /// What the resources cost a month now.
    pub cost: Option<Amount>,
    /// Four places.
    pub confidence: Option<String>,
    /// Decimal text.
    pub risk: Option<String>,
    /// Whether a snapshot of the data exists.
    pub has_snapshot: Option<bool>,
    /// Whether only the least number of replicas changes: then no pod restarts.
    pub only_min_replicas: bool,
    /// Whether a volume claim goes.
    pub removes_claim: bool,
    /// What it touches.
    pub blast_radius: BlastRadius,
    /// Files that it edits, where that is known.
    pub files: Option<u64>,
    /// Whether the sources were found and the edit was proved.
    pub sources_verified: Option<bool>,
    /// When it is asked for.
    pub requested_at: Option<Timestamp>,
}

impl GuardrailInput {
    /// Whether data goes: volumes and claims.
    #[must_use]
    pub fn deletes_data(&self) -> bool {
        self.kind == Some(ChangeKind::VolumeCleanup) || self.removes_claim
    }

    /// Whether pods restart: changes of cores, memory, nodes and autoscaling but a pure change of the least replicas.
    #[must_use]
    pub fn restarts_pods(&self) -> bool {
        match self.kind {
            Some(ChangeKind::VolumeCleanup | ChangeKind::ResourceCleanup) | None => false,
            Some(ChangeKind::AutoscalingFix) => !self.only_min_replicas,
            Some(_) => true,
        }
    }

    /// Whether it can be undone: everything but the deletion of data without a snapshot.
    #[must_use]
    pub fn reversible(&self) -> bool {
        !self.deletes_data() || self.has_snapshot == Some(true)
    }

    /// The record in the names of `policy.md` and of the Rego form.
    #[must_use]
    pub fn json(&self) -> Json {
        let text = |value: &Option<String>| value.as_deref().map_or(Json::Null, Json::from);
        let nanos =
            |value: Option<Amount>| value.map_or(Json::Null, |amount| amount.nanos().to_string().into());
        let usd = self.saving.map_or(Json::Null, |amount| amount.ratio().to_string().into());
        let mut tags = self.tags.clone();
        tags.sort_unstable();
        tags.dedup();
        let namespaces = self.namespace.as_deref().map_or(Json::Null, |namespace| Json::array([namespace]));
        Json::object([
            ("change_id", text(&self.change_id)),
            ("kind", self.kind.map_or(Json::Null, |kind| kind.code().into())),
            ("type", self.opportunity.code().into()),
            ("cluster", text(&self.cluster)),
            ("namespace", text(&self.namespace)),
            ("namespaces", namespaces),
            ("workload", text(&self.workload)),
            ("team", text(&self.team)),
            ("environment", text(&self.environment)),
            ("tags", Json::array(tags)),
            ("monthly_saving_usd", usd),
            ("monthly_saving_nanos", nanos(self.saving)),
            ("monthly_cost_nanos", nanos(self.cost)),
            ("confidence", text(&self.confidence)),
            ("risk_score", text(&self.risk)),
            ("reversible", self.reversible().into()),
            ("restarts_pods", self.restarts_pods().into()),
            ("deletes_data", self.deletes_data().into()),
            ("has_snapshot", self.has_snapshot.map_or(Json::Null, Json::Bool)),
            ("blast_radius", self.blast_radius.json()),
            ("files", self.files.map_or(Json::Null, number)),
            ("sources_verified", self.sources_verified.map_or(Json::Null, Json::Bool)),
            ("requested_at", self.requested_at.map_or(Json::Null, |at| at.to_string().into())),
        ])
    }
}

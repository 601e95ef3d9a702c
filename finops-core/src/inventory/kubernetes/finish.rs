//! Joins what stood in several objects: owners, claims and volumes, services and endpoints, nodes and their claims.

use super::{
    super::{ClusterInventory, Diagnostic, Name, Node, Owner, Pod, Read, Service, Volume, Workload},
    KubernetesOptions,
    collect::Collected,
    service::Endpoints,
};
use std::collections::BTreeMap;

/// The letters of the hashes that name ReplicaSets: kubernetes/apimachinery `pkg/util/rand`, without vowels and the
/// digits that look like them.
const HASH_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Collected {
    /// The inventory of everything that was read.
    pub(super) fn finish(mut self, options: &KubernetesOptions) -> Read<ClusterInventory> {
        let mut inventory = ClusterInventory::new(&options.cluster, options.as_of);
        inventory.workloads = self.workloads.take();
        let parents = parents(inventory.workloads.as_deref().unwrap_or_default());
        inventory.pods = self.pods.take().map(|pods| {
            let mut owned = |read: super::pod::Read| {
                let mut pod = read.pod;
                pod.owner = read.owner.map(|owner| self.cx.owner(in_the_end(owner, &pod, &parents)));
                pod
            };
            let mut pods: Vec<Pod> = pods.into_iter().map(&mut owned).collect();
            // Collected where they were read, with the room of growth: one pod in two.
            pods.shrink_to_fit();
            pods
        });
        let claims = self.node_claims.take().unwrap_or_default();
        inventory.nodes = self.nodes.take().map(|nodes| with_claims(nodes, claims));
        inventory.namespaces = self.namespaces.take();
        inventory.volumes = self.join_volumes();
        let endpoints = self.endpoints.take();
        inventory.services = self.services.take().map(|services| with_endpoints(services, endpoints));
        inventory.ingresses = self.ingresses.take();
        inventory.autoscalers = self.autoscalers.take();
        inventory.budgets = self.budgets.take();
        inventory.limit_ranges = self.limit_ranges.take();
        inventory.config_objects = self.config_objects.take();
        inventory.node_pools = self.node_pools.take();
        inventory.usage = self.usage.take().map(|series| series.into_iter().flatten().collect());
        self.duplicates = self.duplicates.saturating_add(inventory.canonicalize());
        let mut diagnostics = self.diagnostics;
        if self.duplicates > 0 {
            let message =
                "objects of one identity: the greater resourceVersion was kept, else the later document";
            diagnostics.push(Diagnostic::new("inventory.duplicate", message).times(self.duplicates));
        }
        diagnostics.extend(self.cx.take_unknown());
        diagnostics.sort();
        Read { value: inventory, diagnostics, ignored: self.ignored }
    }

    fn join_volumes(&mut self) -> Option<Vec<Volume>> {
        let claims_known = self.claims.is_known();
        if !claims_known && !self.volumes.is_known() {
            return None;
        }
        let types: BTreeMap<Name, Option<Name>> =
            self.storage_classes.take().unwrap_or_default().into_iter().collect();
        let claims = self.claims.take().unwrap_or_default();
        let mut bound: BTreeMap<Name, Vec<Volume>> = BTreeMap::new();
        let mut all = Vec::new();
        for claim in claims {
            match claim.pv.clone() {
                Some(pv) => bound.entry(pv).or_default().push(claim),
                None => all.push(claim),
            }
        }
        for (reference, mut volume) in self.volumes.take().unwrap_or_default() {
            let claims = volume.pv.as_ref().and_then(|pv| bound.remove(pv)).unwrap_or_default();
            if claims.is_empty() {
                // Without the claims themselves, the volume's own word counts while it is bound.
                let bound = volume.phase.as_deref() == Some("Bound");
                volume.claim = reference.filter(|_| !claims_known && bound);
                all.push(volume);
                continue;
            }
            all.extend(claims.into_iter().map(|claim| joined(claim, &volume)));
        }
        all.extend(bound.into_values().flatten());
        for volume in &mut all {
            let class = volume.storage_class.as_ref().and_then(|class| types.get(class));
            volume.r#type = class.cloned().flatten();
        }
        Some(all)
    }
}

/// A claim with what its volume knows better.
fn joined(claim: Volume, volume: &Volume) -> Volume {
    Volume {
        claim: claim.claim,
        requested: claim.requested,
        created_at: claim.created_at.or(volume.created_at),
        storage_class: claim.storage_class.or_else(|| volume.storage_class.clone()),
        access_modes: volume.access_modes.clone().or(claim.access_modes),
        size: volume.size.or(claim.size),
        phase: volume.phase.clone().or(claim.phase),
        ..volume.clone()
    }
}

/// The controllers of ReplicaSets and Jobs, by namespace, kind and name.
fn parents(workloads: &[Workload]) -> BTreeMap<(Name, Name, Name), Owner> {
    let owned = workloads.iter().filter_map(|workload| {
        let owner = workload.owner.clone()?;
        Some(((workload.namespace.clone(), workload.kind.clone(), workload.name.clone()), owner))
    });
    owned.collect()
}

/// The owner of an owner: the Deployment of a ReplicaSet, the CronJob of a Job.
fn in_the_end(owner: Owner, pod: &Pod, parents: &BTreeMap<(Name, Name, Name), Owner>) -> Owner {
    if owner.kind != "ReplicaSet" && owner.kind != "Job" {
        return owner;
    }
    let key = (pod.namespace.clone(), owner.kind.clone(), owner.name.clone());
    if let Some(parent) = parents.get(&key) {
        return parent.clone();
    }
    let hash = pod.labels.as_ref().and_then(|labels| labels.get("pod-template-hash"));
    let name = hash.filter(|_| owner.kind == "ReplicaSet").and_then(|hash| without_hash(&owner.name, hash));
    match name {
        Some(name) => Owner { kind: Name::from("Deployment"), name: Name::from(name) },
        None => owner,
    }
}

/// `web` of `web-7d4b9c6f5` and `7d4b9c6f5`.
fn without_hash<'n>(name: &'n str, hash: &str) -> Option<&'n str> {
    let plausible = (1..=10).contains(&hash.len()) && hash.bytes().all(|byte| HASH_LETTERS.contains(&byte));
    let base = name.strip_suffix(hash)?.strip_suffix('-')?;
    (plausible && !base.is_empty()).then_some(base)
}

/// Nodes with what only their Karpenter claims say.
fn with_claims(mut nodes: Vec<Node>, claims: Vec<Node>) -> Vec<Node> {
    let claims: BTreeMap<Name, Node> = claims.into_iter().map(|claim| (claim.name.clone(), claim)).collect();
    for node in &mut nodes {
        let Some(claim) = claims.get(&node.name) else { continue };
        let fill = |place: &mut Option<Name>, from: &Option<Name>| {
            if place.is_none() {
                place.clone_from(from);
            }
        };
        fill(&mut node.instance_type, &claim.instance_type);
        fill(&mut node.region, &claim.region);
        fill(&mut node.zone, &claim.zone);
        fill(&mut node.capacity_type, &claim.capacity_type);
        fill(&mut node.node_pool, &claim.node_pool);
        fill(&mut node.provider_id, &claim.provider_id);
    }
    nodes
}

/// Services with what is ready behind them, where endpoints were read.
fn with_endpoints(mut services: Vec<Service>, endpoints: Option<Vec<Endpoints>>) -> Vec<Service> {
    let Some(endpoints) = endpoints else { return services };
    let mut ready: BTreeMap<(Name, Name), Vec<Name>> = BTreeMap::new();
    for found in endpoints {
        ready.entry((found.namespace, found.service)).or_default().extend(found.ready);
    }
    for service in &mut services {
        let key = (service.namespace.clone(), service.name.clone());
        let mut behind = ready.remove(&key).unwrap_or_default();
        behind.sort();
        behind.dedup();
        service.ready_endpoints = Some(behind);
    }
    services
}

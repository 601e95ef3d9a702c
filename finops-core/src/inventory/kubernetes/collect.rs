//! Objects by kind and identity, before they are joined.

use super::{
    super::{
        Autoscaler, Budget, ClaimName, ConfigObject, Diagnostic, Ingress, LimitRange, Name, Namespace, Node,
        NodePool, Service, UsageSeries, Volume, Workload,
        cx::Cx,
        tree::{At, Tree},
    },
    clock, config, ignored, is_list, item_kind, no_kind, node,
    object::{Meta, Result, items},
    pod, remark, scaling, service, storage, workload,
};
use crate::{error::Fault, time::Timestamp};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Where an object stood: its document and its place in the list.
pub(super) type Place = (usize, Option<usize>);

#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    Uid(u128),
    OtherUid(Box<str>),
    Named(Name, Name, Name),
}

/// The objects of some kinds.
#[derive(Debug)]
pub(super) struct Collection<T> {
    rows: Option<Vec<(Option<u64>, T)>>,
    places: FxHashMap<Identity, usize>,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self { rows: None, places: FxHashMap::default() }
    }
}

impl<T> Collection<T> {
    /// That there are such objects or none: they are known.
    fn see(&mut self) {
        self.rows.get_or_insert_default();
    }

    pub(super) const fn is_known(&self) -> bool {
        self.rows.is_some()
    }

    /// The objects; `None` where none of their kind was looked for.
    pub(super) fn take(&mut self) -> Option<Vec<T>> {
        self.places = FxHashMap::default();
        self.rows.take().map(|rows| rows.into_iter().map(|(_, row)| row).collect())
    }

    /// Keeps an object; returns whether another of its identity was there. The greater version stays, else the later.
    fn add(&mut self, kind: &Name, meta: &Meta, row: T) -> bool {
        let identity = match &meta.uid {
            Some(uid) => uuid(uid).map_or_else(|| Identity::OtherUid(uid.as_str().into()), Identity::Uid),
            None => Identity::Named(kind.clone(), meta.namespace.clone(), meta.name.clone()),
        };
        let rows = self.rows.get_or_insert_default();
        match self.places.entry(identity) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(rows.len());
                rows.push((meta.version, row));
                false
            }
            std::collections::hash_map::Entry::Occupied(place) => {
                if let Some(known) = rows.get_mut(*place.get()) {
                    let older = matches!((known.0, meta.version), (Some(known), Some(new)) if new < known);
                    if !older {
                        *known = (meta.version, row);
                    }
                }
                true
            }
        }
    }
}

/// The 128 bits of a UUID in its usual form.
fn uuid(text: &str) -> Option<u128> {
    let dashes = [8, 13, 18, 23];
    if text.len() != 36 || dashes.iter().any(|at| text.as_bytes().get(*at) != Some(&b'-')) {
        return None;
    }
    let digits = text.bytes().enumerate().filter(|(at, _)| !dashes.contains(at));
    digits.into_iter().try_fold(0_u128, |value, (_, byte)| {
        // Upper-case digits would be another text for the same number.
        let digit = char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase())?;
        Some(value.wrapping_shl(4) | u128::from(digit))
    })
}

/// Everything that was read, by collection of the inventory.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) cx: Cx,
    /// When the objects were read.
    pub(super) as_of: Option<Timestamp>,
    pub(super) nodes: Collection<Node>,
    pub(super) namespaces: Collection<Namespace>,
    pub(super) pods: Collection<pod::Read>,
    pub(super) workloads: Collection<Workload>,
    pub(super) claims: Collection<Volume>,
    pub(super) volumes: Collection<(Option<ClaimName>, Volume)>,
    pub(super) storage_classes: Collection<(Name, Option<Name>)>,
    pub(super) services: Collection<Service>,
    pub(super) endpoints: Collection<service::Endpoints>,
    pub(super) ingresses: Collection<Ingress>,
    pub(super) autoscalers: Collection<Autoscaler>,
    pub(super) budgets: Collection<Budget>,
    pub(super) limit_ranges: Collection<LimitRange>,
    pub(super) config_objects: Collection<ConfigObject>,
    pub(super) node_pools: Collection<NodePool>,
    pub(super) node_claims: Collection<Node>,
    pub(super) usage: Collection<Vec<UsageSeries>>,
    pub(super) ignored: BTreeMap<String, u64>,
    pub(super) duplicates: u64,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Collected {
    pub(super) fn remark(&mut self, fault: &Fault, place: Place) {
        self.diagnostics.push(remark(fault, place));
    }

    /// A typed list makes its kind known, also when it is empty.
    pub(super) fn list_seen(&mut self, list: Option<&str>) {
        match list.and_then(|list| list.strip_suffix("List")).unwrap_or_default() {
            "Node" => self.nodes.see(),
            "Namespace" => self.namespaces.see(),
            "Pod" => self.pods.see(),
            kind if workload::KINDS.contains(&kind) => self.workloads.see(),
            "PersistentVolumeClaim" => self.claims.see(),
            "PersistentVolume" => self.volumes.see(),
            "Service" => self.services.see(),
            "Endpoints" | "EndpointSlice" => self.endpoints.see(),
            "Ingress" => self.ingresses.see(),
            "HorizontalPodAutoscaler" | "VerticalPodAutoscaler" | "ScaledObject" => {
                self.autoscalers.see();
            }
            "PodDisruptionBudget" => self.budgets.see(),
            "LimitRange" => self.limit_ranges.see(),
            "ConfigMap" | "Secret" | "ServiceAccount" => self.config_objects.see(),
            "NodePool" => self.node_pools.see(),
            "NodeMetrics" | "PodMetrics" => self.usage.see(),
            _ => {}
        }
    }

    /// Reads the items of a list within a list.
    pub(super) fn list(
        &mut self,
        kind: &str,
        version: Option<&str>,
        tree: &Tree<'_>,
        at: &At<'_>,
        place: Place,
    ) {
        self.list_seen(Some(kind));
        for (index, item) in items(tree, "items").iter().enumerate() {
            let within = at.name("items");
            let at = within.index(index);
            let version = item.get("apiVersion").and_then(Tree::as_str).or(version);
            match item.get("kind").and_then(Tree::as_str).or_else(|| item_kind(kind)) {
                Some(kind) if is_list(kind, item) => self.list(kind, version, item, &at, place),
                Some(kind) => self.object(kind, version, item, &at, place),
                None => self.remark(&no_kind(&at.to_string()), place),
            }
        }
    }

    /// Reads one object; a bad one is remarked.
    pub(super) fn object(
        &mut self,
        kind: &str,
        version: Option<&str>,
        tree: &Tree<'_>,
        at: &At<'_>,
        place: Place,
    ) {
        match self.read(kind, version, tree, at) {
            Ok(Some(duplicate)) => {
                self.duplicates = self.duplicates.saturating_add(u64::from(duplicate));
                self.diagnostics.extend(self.as_of.and_then(|as_of| clock::ahead(tree, at, as_of, place)));
            }
            Ok(None) => {
                let count = self.ignored.entry(ignored(kind)).or_default();
                *count = count.saturating_add(1);
            }
            Err(fault) => self.remark(&fault, place),
        }
    }

    /// Whether the object replaces another; `None` for a kind that is not read.
    fn read(
        &mut self,
        kind: &str,
        version: Option<&str>,
        tree: &Tree<'_>,
        at: &At<'_>,
    ) -> Result<Option<bool>> {
        if !groups(kind).is_some_and(|groups| version.is_none_or(|version| groups.contains(&group(version))))
        {
            return Ok(None);
        }
        let cx = &mut self.cx;
        let meta = Meta::read(cx, tree, at)?;
        let name = cx.share(kind);
        macro_rules! add {
            ($collection:ident, $row:expr) => {{
                let row = $row;
                self.$collection.add(&name, &meta, row)
            }};
        }
        Ok(Some(match kind {
            "Node" => add!(nodes, node::node(cx, &meta, tree, at)?),
            "Namespace" => add!(namespaces, node::namespace(&meta)),
            "Pod" => add!(pods, pod::read(cx, &meta, tree, at)?),
            kind if workload::KINDS.contains(&kind) => {
                add!(workloads, workload::read(cx, &name, &meta, tree, at)?)
            }
            "PersistentVolumeClaim" => add!(claims, storage::claim(cx, &meta, tree, at)?),
            "PersistentVolume" => add!(volumes, storage::volume(cx, &meta, tree, at)?),
            "StorageClass" => add!(storage_classes, storage::class(cx, &meta, tree)),
            "Service" => add!(services, service::service(cx, &meta, tree, at)?),
            "Endpoints" => add!(endpoints, service::endpoints(cx, &meta, tree)),
            "EndpointSlice" => add!(endpoints, service::slice(cx, &meta, tree)),
            "Ingress" => add!(ingresses, service::ingress(cx, &meta, tree)),
            "HorizontalPodAutoscaler" => add!(autoscalers, scaling::horizontal(cx, &name, &meta, tree, at)?),
            "VerticalPodAutoscaler" => add!(autoscalers, scaling::vertical(cx, &name, &meta, tree)),
            "ScaledObject" => add!(autoscalers, scaling::scaled_object(cx, &name, &meta, tree, at)?),
            "PodDisruptionBudget" => add!(budgets, scaling::budget(cx, &meta, tree, at)?),
            "LimitRange" => add!(limit_ranges, config::limit_range(cx, &meta, tree, at)?),
            "ConfigMap" | "Secret" | "ServiceAccount" => {
                add!(config_objects, config::object(cx, &name, &meta, tree))
            }
            "NodePool" => add!(node_pools, node::pool(cx, &meta, tree, at)?),
            "NodeClaim" => add!(node_claims, node::claim(cx, &meta, tree)),
            "NodeMetrics" => add!(usage, node::metrics(cx, &meta, tree, at)?),
            _ => add!(usage, pod::metrics(cx, &meta, tree, at)?),
        }))
    }
}

/// The group of an `apiVersion`: "" for `v1`.
fn group(version: &str) -> &str {
    version.split_once('/').map_or("", |(group, _)| group)
}

/// The API groups in which a kind is the one we read: others use the names too (Knative has a Service).
fn groups(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Node"
        | "Namespace"
        | "Pod"
        | "Service"
        | "Endpoints"
        | "PersistentVolume"
        | "PersistentVolumeClaim"
        | "ConfigMap"
        | "Secret"
        | "ServiceAccount"
        | "ReplicationController"
        | "LimitRange" => &[""],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => &["apps", "extensions"],
        "Job" | "CronJob" => &["batch"],
        "HorizontalPodAutoscaler" => &["autoscaling"],
        "VerticalPodAutoscaler" => &["autoscaling.k8s.io"],
        "PodDisruptionBudget" => &["policy"],
        "EndpointSlice" => &["discovery.k8s.io"],
        "Ingress" => &["networking.k8s.io", "extensions"],
        "StorageClass" => &["storage.k8s.io"],
        "NodePool" | "NodeClaim" => &["karpenter.sh"],
        "ScaledObject" => &["keda.sh"],
        "NodeMetrics" | "PodMetrics" => &["metrics.k8s.io"],
        _ => return None,
    })
}

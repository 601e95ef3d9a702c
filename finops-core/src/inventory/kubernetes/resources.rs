//! What to ask a cluster for.

/// Objects of one kind, as `kubectl get` and the API call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// The kind of its objects.
    pub kind: &'static str,
    /// The name that `kubectl get` takes: plural, with its group.
    pub name: &'static str,
    /// Whether every cluster has it, or only one where it was installed.
    pub installed: bool,
    /// Whether its objects hold values of users, which no reader keeps.
    pub values: bool,
}

const fn every(kind: &'static str, name: &'static str) -> Resource {
    Resource { kind, name, installed: true, values: false }
}

const fn custom(kind: &'static str, name: &'static str) -> Resource {
    Resource { installed: false, ..every(kind, name) }
}

const fn private(kind: &'static str, name: &'static str) -> Resource {
    Resource { values: true, ..every(kind, name) }
}

/// What [`read_kubernetes`](super::read_kubernetes) reads. `Endpoints` are left out: clusters keep `EndpointSlices` beside
/// them, which say more.
pub const RESOURCES: &[Resource] = &[
    every("Node", "nodes"),
    every("Namespace", "namespaces"),
    every("Pod", "pods"),
    every("Deployment", "deployments.apps"),
    every("StatefulSet", "statefulsets.apps"),
    every("DaemonSet", "daemonsets.apps"),
    every("ReplicaSet", "replicasets.apps"),
    every("ReplicationController", "replicationcontrollers"),
    every("Job", "jobs.batch"),
    every("CronJob", "cronjobs.batch"),
    every("HorizontalPodAutoscaler", "horizontalpodautoscalers.autoscaling"),
    every("PodDisruptionBudget", "poddisruptionbudgets.policy"),
    every("Service", "services"),
    every("EndpointSlice", "endpointslices.discovery.k8s.io"),
    every("Ingress", "ingresses.networking.k8s.io"),
    every("PersistentVolume", "persistentvolumes"),
    every("PersistentVolumeClaim", "persistentvolumeclaims"),
    every("StorageClass", "storageclasses.storage.k8s.io"),
    every("LimitRange", "limitranges"),
    every("ServiceAccount", "serviceaccounts"),
    private("ConfigMap", "configmaps"),
    private("Secret", "secrets"),
    custom("NodePool", "nodepools.karpenter.sh"),
    custom("NodeClaim", "nodeclaims.karpenter.sh"),
    custom("ScaledObject", "scaledobjects.keda.sh"),
    custom("VerticalPodAutoscaler", "verticalpodautoscalers.autoscaling.k8s.io"),
];

#[cfg(test)]
mod tests {
    use super::super::{KubernetesOptions, read_kubernetes};
    use super::*;

    #[test]
    fn every_resource_is_read() {
        for resource in RESOURCES {
            let group =
                resource.name.split_once('.').map(|(_, group)| format!("{group}/")).unwrap_or_default();
            let text = format!(
                r#"{{"kind": "{}", "apiVersion": "{group}v1", "metadata": {{"name": "a", "namespace": "b"}},
                    "spec": {{"scaleTargetRef": {{"kind": "Deployment", "name": "a"}}}}}}"#,
                resource.kind
            );
            let options = KubernetesOptions::new("c", crate::time::Timestamp::default());
            let read = read_kubernetes(&[text.as_bytes()], &options).unwrap();
            assert!(read.ignored.is_empty(), "{}", resource.name);
        }
        let read = read_kubernetes(
            &[br#"{"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {"name": "a"}}"#],
            &KubernetesOptions::new("c", crate::time::Timestamp::default()),
        );
        assert_eq!(read.unwrap().ignored.len(), 1, "the test can tell");
    }
}

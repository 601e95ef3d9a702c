use super::*;
use crate::{
    inventory::{Owner, VolumeUse},
    json::Json,
};

fn options() -> KubernetesOptions {
    KubernetesOptions::new("c", "2026-11-02T00:00:00Z".parse().unwrap())
}

fn read_all(documents: &[&str]) -> Read<ClusterInventory> {
    let documents: Vec<&[u8]> = documents.iter().map(|text| text.as_bytes()).collect();
    read_kubernetes(&documents, &options()).unwrap()
}

fn code(text: &str) -> (&'static str, String) {
    let fault = read_kubernetes(&[b"{}", text.as_bytes()], &options()).unwrap_err();
    (fault.code(), fault.path().to_owned())
}

#[test]
fn a_document_that_is_none_is_refused() {
    assert_eq!(code("{\"kind\":"), ("inventory.invalid_json", "documents[1]".to_owned()));
    assert_eq!(code("[]"), ("inventory.not_an_object", "documents[1]".to_owned()));
    assert_eq!(code("{} {}").0, "inventory.invalid_json");
    assert_eq!(code(&format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200))).0, "inventory.too_large");
    let small = KubernetesOptions { max_bytes: 1, ..options() };
    assert_eq!(read_kubernetes(&[b"{}"], &small).unwrap_err().code(), "inventory.too_large");
}

#[test]
fn a_typed_list_makes_its_kind_known() {
    let found = read_all(&[
        r#"{"kind":"PodList","apiVersion":"v1","items":[]}"#,
        r#"{"items":[],"kind":"NodeList"}"#,
    ]);
    assert_eq!(
        (found.value.pods, found.value.nodes, found.value.services),
        (Some(vec![]), Some(vec![]), None)
    );
    // The kind of the list may come after its items.
    let late =
        read_all(&[r#"{"items":[{"metadata":{"name":"n"}}],"apiVersion":"v1","kind":"NamespaceList"}"#]);
    assert_eq!(late.value.namespaces.map(|all| all.len()), Some(1));
}

#[test]
fn lists_within_lists_are_read() {
    let found = read_all(&[r#"{"kind":"List","items":[
            {"kind":"PodList","items":[{"metadata":{"name":"p","namespace":"n"},"spec":{"containers":[{"name":"c"}]}}]},
            {"kind":"List","items":[{"kind":"List","items":[{"kind":"Namespace","metadata":{"name":"n"}}, {"metadata":{"name":"x"}}]}]},
            {"kind":"NodeList","items":[]}]}"#]);
    assert_eq!(found.value.pods.map(|pods| pods.len()), Some(1));
    assert_eq!(found.value.namespaces.map(|all| all.len()), Some(1));
    assert_eq!(found.value.nodes, Some(vec![]));
    let told: Vec<_> = found.diagnostics.iter().map(|one| (one.code, one.path.as_deref())).collect();
    assert_eq!(told, [("inventory.invalid_object", Some("items[1].items[0].items[1]"))]);
}

#[test]
fn what_has_no_kind_is_told() {
    for text in [r#"{"workloads":{}}"#, r#"{"status":"success","data":{}}"#] {
        let found = read_all(&[text]);
        let told: Vec<_> = found.diagnostics.iter().map(|one| one.code).collect();
        assert_eq!(told, ["inventory.invalid_object"], "{text}");
    }
}

#[test]
fn the_greater_version_stays() {
    let pod = |version: &str, phase: &str| {
        format!(
            r#"{{"kind":"Pod","metadata":{{"name":"p","namespace":"n","uid":"u","resourceVersion":"{version}"}},
            "spec":{{}},"status":{{"phase":"{phase}"}}}}"#
        )
    };
    let (old, new) = (pod("9", "Pending"), pod("10", "Running"));
    for documents in [[&*old, &*new], [&*new, &*old]] {
        let found = read_all(&documents);
        assert_eq!(found.value.pods.unwrap()[0].phase.as_deref(), Some("Running"));
        assert_eq!((found.diagnostics[0].code, found.diagnostics[0].count), ("inventory.duplicate", Some(1)));
    }
}

#[test]
fn kinds_of_other_groups_are_counted() {
    let found = read_all(&[
        r#"{"kind":"Service","apiVersion":"serving.knative.dev/v1","metadata":{"name":"s"}}"#,
        r#"{"kind":"Gateway","apiVersion":"gateway.networking.k8s.io/v1","metadata":{"name":"g"}}"#,
    ]);
    assert_eq!(found.value.services, None);
    assert_eq!(
        found.ignored.into_iter().collect::<Vec<_>>(),
        [("Gateway".to_owned(), 1), ("Service".to_owned(), 1)]
    );
}

#[test]
fn owners_are_followed_through_what_is_there() {
    let pod = |kind: &str, name: &str| {
        format!(
            r#"{{"kind":"Pod","metadata":{{"name":"{name}-x","namespace":"n","labels":{{"pod-template-hash":"zzz"}},
            "ownerReferences":[{{"kind":"Other","name":"o"}},{{"kind":"{kind}","name":"{name}","controller":true}}]}},"spec":{{}}}}"#
        )
    };
    let owned = |kind: &str, name: &str, parent: &str| {
        format!(
            r#"{{"kind":"{kind}","metadata":{{"name":"{name}","namespace":"n",
            "ownerReferences":[{{"kind":"{parent}","name":"top","controller":true}}]}},"spec":{{}}}}"#
        )
    };
    let found = read_all(&[
        &pod("ReplicaSet", "rs-zzz"),
        &pod("ReplicaSet", "unknown-zzz"),
        &pod("ReplicaSet", "unknown-aaa"),
        &pod("Job", "job-1"),
        &pod("Job", "job-2"),
        &owned("ReplicaSet", "rs-zzz", "Rollout"),
        &owned("Job", "job-1", "CronJob"),
    ]);
    let name = |owner: &Owner| format!("{}/{}", owner.kind, owner.name);
    let pods = found.value.pods.unwrap();
    let owners: Vec<String> = pods.iter().map(|pod| name(pod.owner.as_deref().unwrap())).collect();
    assert_eq!(
        owners,
        ["CronJob/top", "Job/job-2", "Rollout/top", "ReplicaSet/unknown-aaa", "Deployment/unknown"]
    );
}

#[test]
fn runs_come_from_the_states() {
    let found = read_all(&[
        r#"{"kind":"Pod","metadata":{"name":"p","namespace":"n","deletionTimestamp":"2026-11-01T12:00:00Z"},
        "spec":{"initContainers":[{"name":"i"}],"containers":[{"name":"c"},{"name":"d"}]},
        "status":{"phase":"Running","startTime":"2026-11-01T00:00:00Z",
        "initContainerStatuses":[{"name":"i","state":{"terminated":{"reason":"Completed","startedAt":"2026-11-01T00:00:01Z","finishedAt":"2026-11-01T00:00:03Z"}}}],
        "containerStatuses":[{"name":"c","restartCount":2,"state":{"running":{"startedAt":"2026-11-01T06:00:00Z"}},
        "lastState":{"terminated":{"reason":"OOMKilled","startedAt":"2026-11-01T01:00:00Z","finishedAt":"2026-11-01T05:00:00Z"}}},
        {"name":"d","state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}}"#,
    ]);
    let pod = found.value.to_json();
    let text = |pointer: &str| pod.pointer(pointer).map(Json::to_text).unwrap_or_default();
    assert_eq!(text("/pods/0/containers/0/running"), r#"[["2026-11-01T00:00:01Z","2026-11-01T00:00:03Z"]]"#);
    assert_eq!(
        text("/pods/0/containers/1/running"),
        r#"[["2026-11-01T01:00:00Z","2026-11-01T05:00:00Z"],["2026-11-01T06:00:00Z","2026-11-01T12:00:00Z"]]"#
    );
    assert_eq!(text("/pods/0/containers/1/last_termination/reason"), r#""OOMKilled""#);
    assert_eq!(
        (text("/pods/0/containers/2/running"), text("/pods/0/containers/2/waiting")),
        ("[]".into(), r#""CrashLoopBackOff""#.into())
    );
    assert_eq!(text("/pods/0/end"), r#""2026-11-01T12:00:00Z""#);
}

#[test]
fn claims_and_volumes_are_one_record() {
    let claim = r#"{"kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"n"},
        "spec":{"volumeName":"pv-1","storageClassName":"fast","resources":{"requests":{"storage":"5Gi"}}},"status":{"phase":"Bound"}}"#;
    let volume = r#"{"kind":"PersistentVolume","metadata":{"name":"pv-1"},"spec":{"capacity":{"storage":"8Gi"},
        "persistentVolumeReclaimPolicy":"Retain","claimRef":{"namespace":"n","name":"data"},"csi":{"volumeHandle":"vol-1"}},
        "status":{"phase":"Bound"}}"#;
    let class = r#"{"kind":"StorageClass","apiVersion":"storage.k8s.io/v1","metadata":{"name":"fast"},"parameters":{"type":"gp3"}}"#;
    let found = read_all(&[claim, volume, class]).value;
    assert_eq!(
        found.to_json().get("volumes").unwrap().to_text(),
        r#"[{"claim":{"namespace":"n","name":"data"},"pv":"pv-1","phase":"Bound","storage_class":"fast","volume_id":"vol-1","type":"gp3","size":"8Gi","requested":"5Gi","reclaim_policy":"Retain"}]"#
    );
    let alone = read_all(&[volume]).value.volumes.unwrap();
    assert_eq!(alone[0].claim.as_ref().map(|claim| claim.name.as_str()), Some("data"));
    let gone =
        read_all(&[volume, r#"{"kind":"PersistentVolumeClaimList","items":[]}"#]).value.volumes.unwrap();
    assert_eq!(gone[0].claim, None);
}

#[test]
fn a_service_knows_what_is_ready_behind_it() {
    let service =
        r#"{"kind":"Service","metadata":{"name":"s","namespace":"n"},"spec":{"type":"LoadBalancer"}}"#;
    let slice = r#"{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"s-x","namespace":"n","labels":{"kubernetes.io/service-name":"s"}},
        "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"b"}},
        {"addresses":["10.0.0.2"],"conditions":{"ready":false},"targetRef":{"kind":"Pod","name":"c"}},
        {"addresses":["10.0.0.3"],"targetRef":{"kind":"Pod","name":"a"}}]}"#;
    let ready = |documents: &[&str]| {
        let services = read_all(documents).value.services.unwrap();
        services[0]
            .ready_endpoints
            .as_ref()
            .map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(ready(&[service]), None);
    assert_eq!(ready(&[service, r#"{"kind":"EndpointSliceList","items":[]}"#]), Some(vec![]));
    assert_eq!(ready(&[service, slice]), Some(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn a_pod_says_where_it_may_run_and_what_it_mounts() {
    let found = read_all(&[r#"{"kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"containers":[
        {"name":"c","ports":[{"hostPort":80}],"env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}],"envFrom":[{"configMapRef":{"name":"m"}}]}],
        "nodeSelector":{"disk":"ssd"},"tolerations":[{"key":"gpu","operator":"Exists"}],
        "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]}]}},
        "podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"host"}]}},
        "topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}],
        "volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"d"}},{"name":"scratch","ephemeral":{}},{"name":"e","emptyDir":{"medium":"Memory"}},
        {"name":"p","projected":{"sources":[{"configMap":{"name":"ca"}},{"secret":{"name":"t"}}]}}]}}"#]);
    let json = found.value.to_json();
    let pods = found.value.pods.unwrap();
    let claim = |name: &str| VolumeUse::Claim(name.into());
    assert_eq!(
        pods[0].volumes.as_deref().unwrap(),
        [
            claim("d"),
            claim("p-scratch"),
            VolumeUse::ConfigMap("ca".into()),
            VolumeUse::Secret("t".into()),
            VolumeUse::EmptyDir("Memory".into())
        ]
    );
    let scheduling = pods[0].scheduling.as_deref().unwrap();
    assert_eq!(scheduling.host_port, Some(true));
    assert!(scheduling.affinity.as_ref().unwrap().pod_anti_affinity);
    let text = |pointer: &str| json.pointer(pointer).map(Json::to_text).unwrap_or_default();
    assert_eq!(text("/pods/0/affinity/node_terms"), r#"[[{"key":"zone","operator":"In","values":["a"]}]]"#);
    assert_eq!(text("/pods/0/containers/0/env_refs"), r#"["ConfigMap/m","Secret/s"]"#);
    assert_eq!(ClusterInventory::from_json(&json).unwrap().value.to_json(), json);
}

#[test]
fn autoscalers_budgets_pools_and_metrics_are_read() {
    let found = read_all(&[
        r#"{"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v2","metadata":{"name":"h","namespace":"n"},"spec":{
            "scaleTargetRef":{"kind":"Deployment","name":"w"},"maxReplicas":5,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}}],
            "behavior":{"scaleUp":{"stabilizationWindowSeconds":300}}},"status":{"currentReplicas":2}}"#,
        r#"{"kind":"PodDisruptionBudget","apiVersion":"policy/v1","metadata":{"name":"b","namespace":"n"},"spec":{"selector":{"matchLabels":{"app":"w"}}},"status":{"disruptionsAllowed":1}}"#,
        r#"{"kind":"NodePool","apiVersion":"karpenter.sh/v1","metadata":{"name":"default"},"spec":{"disruption":{"consolidationPolicy":"WhenEmpty","consolidateAfter":"30s","budgets":[{"nodes":"10%"}]}}}"#,
        r#"{"kind":"PodMetrics","apiVersion":"metrics.k8s.io/v1beta1","metadata":{"name":"p","namespace":"n"},"timestamp":"2026-11-02T00:00:00Z","window":"1m30.5s","containers":[{"name":"c","usage":{"cpu":"123456789n","memory":"1Ki"}}]}"#,
        r#"{"kind":"ScaledObject","apiVersion":"keda.sh/v1alpha1","metadata":{"name":"k","namespace":"n"},"spec":{"scaleTargetRef":{"name":"w"},"triggers":[{"type":"kafka"}]}}"#,
    ]);
    assert_eq!(found.diagnostics, []);
    let json = found.value.to_json();
    let text = |name: &str| json.get(name).map(Json::to_text).unwrap_or_default();
    assert_eq!(
        text("autoscalers"),
        r#"[{"kind":"HorizontalPodAutoscaler","namespace":"n","name":"h","target":{"kind":"Deployment","name":"w"},"min":1,"max":5,"current":2,"metrics":[{"resource":"cpu","target_utilization":60}],"behavior":{"scale_up_stabilization_seconds":300}},{"kind":"ScaledObject","namespace":"n","name":"k","target":{"kind":"Deployment","name":"w"},"min":0,"max":100,"metrics":[{"resource":"kafka"}]}]"#
    );
    assert_eq!(
        text("budgets"),
        r#"[{"namespace":"n","name":"b","selector":{"app":"w"},"disruptions_allowed":1}]"#
    );
    assert_eq!(
        text("node_pools"),
        r#"[{"name":"default","consolidation_policy":"WhenEmpty","consolidate_after":"30s","budgets":[{"nodes":"10%"}]}]"#
    );
    assert!(
        text("usage").contains(r#""mean":"0.123456789""#)
            && text("usage").contains(r#""start":"2026-11-01T23:58:29.500Z""#)
    );
}

#[test]
fn what_starts_after_it_was_read_is_named() {
    let pod = |name: &str, created: &str, status: &str| {
        format!(
            r#"{{"kind":"Pod","metadata":{{"namespace":"n","name":"{name}","creationTimestamp":"{created}"}},
                "spec":{{"containers":[{{"name":"c"}}]}},"status":{status}}}"#
        )
    };
    let items = [
        pod("now", "2026-11-02T00:00:00Z", r#"{"startTime":"2026-11-02T00:00:00Z"}"#),
        pod("late", "2026-11-01T00:00:00Z", r#"{"startTime":"2026-11-02T00:00:01Z"}"#),
        pod("made-late", "2026-11-03T00:00:00Z", "{}"),
        pod(
            "ran-late",
            "2026-11-01T00:00:00Z",
            r#"{"containerStatuses":[{"name":"c","state":{"running":{"startedAt":"2026-11-02T01:00:00Z"}}}]}"#,
        ),
    ];
    let found = read_all(&["{}", &format!(r#"{{"kind":"List","items":[{}]}}"#, items.join(","))]);
    let told: Vec<_> = found
        .diagnostics
        .iter()
        .map(|d| (d.code, d.document, d.subject.as_deref(), d.path.as_deref()))
        .collect();
    let skew = |subject, path| ("inventory.clock_skew", Some(1), Some(subject), Some(path));
    assert_eq!(
        told,
        [
            skew("n/late", "items[1].status.startTime"),
            skew("n/made-late", "items[2].metadata.creationTimestamp"),
            skew("n/ran-late", "items[3].status.containerStatuses[0].state.running.startedAt"),
        ]
    );
    assert_eq!(found.value.pods.map(|pods| pods.len()), Some(4));
}

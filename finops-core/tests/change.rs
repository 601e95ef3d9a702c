//! Proposals, from the findings of a summary to files: edited manifests, charts, overlays, Terraform, or a patch to place.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use finops_core::{
    change::{
        Action, ChangeConfig, ChangeProposal, HelmValue, Part, Request, SourceFile, Status, propose,
        yaml::{Set, Target, edit, edit_path},
    },
    inventory::ClusterInventory,
    json::{Json, Limits, read},
    price::PriceBook,
    waste::{Assessment, DetectionConfig, Inventory, LimitPolicy, detect, summary::ClusterData},
};

const FINGERPRINT: &str = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";

fn findings(cluster_data: &str) -> Vec<Assessment> {
    findings_with(cluster_data, &DetectionConfig::default())
}

fn findings_with(cluster_data: &str, config: &DetectionConfig) -> Vec<Assessment> {
    let json: Json = read(cluster_data.as_bytes(), &Limits::default()).unwrap();
    let data = ClusterData::from_json(&json, Some("2026-11-20T00:00:00Z".parse().unwrap())).unwrap();
    detect(Inventory::Summary(&data), &PriceBook::default(), config).findings
}

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn proposal(findings: &[Assessment], files: &[SourceFile], config: &ChangeConfig) -> ChangeProposal {
    let parts: Vec<Part<'_>> = findings
        .iter()
        .map(|assessment| Part { assessment, finding_id: "f1", fingerprint: FINGERPRINT })
        .collect();
    let request = Request {
        parts: &parts,
        cluster: "finance-cluster",
        tags: &[],
        environment: None,
        as_of: "2026-11-20T00:00:00Z".parse().unwrap(),
    };
    propose(&request, files, config)
}

const PAYMENT: &str = r#"{"cluster": "finance-cluster", "workloads": {"finance": [
    {"name": "payment-service", "cpu_request": 2.0, "cpu_usage": 0.5, "memory_request_gb": 4.0, "memory_usage_gb": 1.0, "team": "payments"}]}}"#;

const MANIFEST: &str = "# payments\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: payment-service\n  namespace: finance\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n          resources:\n            requests:\n              cpu: \"2\" # guessed\n              memory: 4Gi\n";

#[test]
fn the_two_findings_of_the_readme_edit_one_manifest() {
    let found = findings(PAYMENT);
    assert_eq!(found.len(), 2);
    let made = proposal(&found, &[file("k8s/payment.yaml", MANIFEST)], &ChangeConfig::default());
    assert_eq!((made.status, made.reason.clone()), (Status::Ready, None), "{}", made.body);
    assert_eq!(made.branch, "finops/cpu-rightsize-payment-service-20261120-6b86b273");
    assert_eq!(made.title, "Cost Optimization: Right-size CPU for payment-service");
    let [changed] = made.files.as_slice() else { panic!("one file") };
    let expected = MANIFEST.replace("\"2\"", "\"750m\"").replace("4Gi", "1536Mi");
    assert_eq!(changed.content.as_deref(), Some(expected.as_str()));
    assert_eq!(
        made.apply("k8s/payment.yaml", Some(MANIFEST.as_bytes())).unwrap(),
        Some(Some(expected.as_str()))
    );
    let stale = made.apply("k8s/payment.yaml", Some(b"other")).unwrap_err();
    assert_eq!(stale.code(), "change.source_changed");
    for section in [
        "Cost Optimization Opportunity",
        "Impact",
        "Changes",
        "Evidence",
        "Risk",
        "Verify",
        "Roll back",
        "Assumptions",
    ] {
        assert!(made.body.contains(&format!("## {section}")), "{section}\n{}", made.body);
    }
    assert!(made.body.contains("$91.25") && made.body.contains("$18.25"), "{}", made.body);
    assert!(made.body.contains("-              cpu: \"750m\" # guessed"), "the reverse diff\n{}", made.body);
}

#[test]
fn without_a_source_a_patch_is_drafted() {
    let made = proposal(&findings(PAYMENT), &[], &ChangeConfig::default());
    assert_eq!(made.status, Status::Draft);
    let [created] = made.files.as_slice() else { panic!("one file") };
    assert_eq!(created.path, "finops/patches/finance-cluster/finance/deployment-payment-service.yaml");
    assert_eq!(created.action, Action::Create);
    let expected = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: payment-service\n  namespace: finance\nspec:\n  template:\n    spec:\n      containers:\n        - name: payment-service\n          resources:\n            requests:\n              cpu: 750m\n              memory: 1536Mi\n";
    assert_eq!(created.content.as_deref(), Some(expected));
    assert!(made.body.contains("The container's name is not known"));
}

#[test]
fn a_chart_is_edited_through_its_values() {
    let values = "web:\n  resources:\n    requests:\n      cpu: 2000m # per pod\n      memory: 4Gi\n";
    let map = |resource: &str| HelmValue {
        file: "charts/values.yaml".into(),
        path: format!("web.resources.requests.{resource}"),
        kind: "Deployment".into(),
        namespace: Some("finance".into()),
        name: "payment-service".into(),
        container: None,
        resource: resource.into(),
    };
    let config = ChangeConfig { helm: vec![map("cpu"), map("memory")], ..ChangeConfig::default() };
    let template =
        "kind: Deployment\nmetadata:\n  name: payment-service\nspec:\n  replicas: {{ .Values.replicas }}\n";
    let files = [file("charts/templates/web.yaml", template), file("charts/values.yaml", values)];
    let made = proposal(&findings(PAYMENT), &files, &config);
    assert_eq!(made.status, Status::Ready, "{:?}", made.reason);
    let expected = values.replace("2000m", "750m").replace("4Gi", "1536Mi");
    assert_eq!(made.files.first().unwrap().content.as_deref(), Some(expected.as_str()));
    let unmapped = proposal(&findings(PAYMENT), &files, &ChangeConfig::default());
    assert_eq!(unmapped.status, Status::Refused);
    assert_eq!(unmapped.reason.unwrap().code(), "change.template");
}

#[test]
fn a_base_of_two_overlays_is_patched_in_one() {
    let files = [
        file("base/kustomization.yaml", "resources:\n- payment.yaml\n"),
        file("base/payment.yaml", MANIFEST),
        file("overlays/dev/kustomization.yaml", "resources:\n  - ../../base\n"),
        file(
            "overlays/prod/kustomization.yaml",
            "resources:\n  - ../../base\npatches:\n  - path: other.yaml\n",
        ),
    ];
    let refused = proposal(&findings(PAYMENT), &files, &ChangeConfig::default());
    assert_eq!(refused.reason.unwrap().code(), "change.ambiguous");
    let config = ChangeConfig { overlay: Some("overlays/prod".into()), ..ChangeConfig::default() };
    let made = proposal(&findings(PAYMENT), &files, &config);
    assert_eq!(made.status, Status::Ready, "{:?}", made.reason);
    let content =
        |path: &str| made.files.iter().find(|file| file.path == path).and_then(|file| file.content.clone());
    assert_eq!(
        content("overlays/prod/kustomization.yaml").as_deref(),
        Some(
            "resources:\n  - ../../base\npatches:\n  - path: other.yaml\n  - path: finops-deployment-payment-service.yaml\n"
        )
    );
    let patch = content("overlays/prod/finops-deployment-payment-service.yaml").unwrap();
    assert!(
        patch.contains("cpu: 750m") && patch.contains("memory: 1536Mi") && patch.contains("- name: app"),
        "{patch}"
    );
    // A second run over what the first one wrote sets the same again.
    let mut again = files.to_vec();
    again.retain(|file| file.path != "overlays/prod/kustomization.yaml");
    again.extend(made.files.iter().map(|file| SourceFile {
        path: file.path.clone(),
        bytes: file.content.clone().unwrap().into_bytes(),
    }));
    let repeated = proposal(&findings(PAYMENT), &again, &config);
    assert_eq!(
        (repeated.status, repeated.reason.unwrap().code()),
        (Status::Refused, "change.source_differs")
    );
}

const TERRAFORM: &str = "resource \"aws_eks_node_group\" \"workers\" {\n  node_group_name = \"workers\"\n\n  scaling_config {\n    desired_size = 10 # launch\n    max_size     = 20\n    min_size     = 5\n  }\n}\n\nresource \"aws_ebs_volume\" \"old\" {\n  size = 500\n  tags = { Name = \"vol-0abc\" }\n}\n";

#[test]
fn a_node_group_shrinks_in_terraform_and_a_volume_waits_for_its_snapshot() {
    let nodes = findings(
        r#"{"cluster": "c", "node_groups": [{"name": "workers", "node_count": 10, "avg_cpu_utilization": 0.1, "avg_memory_utilization": 0.1, "instance_type": "m5.xlarge"}]}"#,
    );
    let made = proposal(&nodes, &[file("infra/main.tf", TERRAFORM)], &ChangeConfig::default());
    assert_eq!(made.status, Status::Ready, "{:?}", made.reason);
    let text = made.files.first().unwrap().content.clone().unwrap();
    assert!(text.contains("desired_size = 2 # launch") && text.contains("min_size     = 2"), "{text}");
    assert_eq!(made.guardrail_input.blast_radius.nodes, Some(8));

    let volumes = findings(
        r#"{"cluster": "c", "volumes": [{"volume_id": "vol-0abc", "status": "available", "attached": false, "size_gb": 500, "type": "gp2", "age_days": 30}]}"#,
    );
    let made = proposal(&volumes, &[file("infra/main.tf", TERRAFORM)], &ChangeConfig::default());
    assert_eq!(made.status, Status::Draft);
    assert_eq!(made.reason.unwrap().code(), "change.data_loss");
    let paths: Vec<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["infra/main.tf", "finops/snapshots/vol-0abc.tf"]);
    assert!(!made.files.first().unwrap().content.clone().unwrap().contains("aws_ebs_volume"));
    assert!(made.guardrail_input.deletes_data() && !made.guardrail_input.reversible());
}

#[test]
fn the_size_of_a_scaled_group_is_its_autoscalers() {
    let nodes = findings(
        r#"{"cluster": "c", "node_groups": [{"name": "workers", "node_count": 10, "avg_cpu_utilization": 0.1, "avg_memory_utilization": 0.1, "instance_type": "m5.xlarge"}]}"#,
    );
    let propose = |text: &str| proposal(&nodes, &[file("main.tf", text)], &ChangeConfig::default());
    let tags = "  node_group_name = \"workers\"\n  tags = {\n    \"k8s.io/cluster-autoscaler/enabled\" = \"true\"\n  }\n";
    let tagged = TERRAFORM.replace("  node_group_name = \"workers\"\n", tags);
    let made = propose(&tagged);
    assert_eq!(made.status, Status::Ready, "{:?}", made.reason);
    let text = made.files.first().unwrap().content.clone().unwrap();
    assert_eq!(text, tagged.replace("min_size     = 5", "min_size     = 2"));
    assert!(made.body.contains("An autoscaler owns the size"), "{}", made.body);
    // What is tagged as not scaled is not.
    let text =
        propose(&tagged.replace("\"true\"", "\"false\"")).files.first().unwrap().content.clone().unwrap();
    assert!(text.contains("desired_size = 2"), "{text}");
    // Terraform ignores the desired size: the least size is edited, and somebody looks at it.
    let lifecycle =
        "  lifecycle {\n    ignore_changes = [scaling_config[0].desired_size]\n  }\n\n  scaling_config {";
    let ignoring = TERRAFORM.replacen("  scaling_config {", lifecycle, 1);
    let made = propose(&ignoring);
    assert_eq!(made.status, Status::Draft);
    let text = made.files.first().unwrap().content.clone().unwrap();
    assert_eq!(text, ignoring.replace("min_size     = 5", "min_size     = 2"));
    // A group that may be as small already has no edit.
    let made = propose(&tagged.replace("min_size     = 5", "min_size     = 1"));
    assert_eq!((made.status, made.files.len()), (Status::Draft, 0));
}

#[test]
fn hostile_names_stay_text() {
    let data =
        PAYMENT.replace("payment-service", "a`|<script>@x\\n## Impact").replace("\"payments\"", "\"`|\"");
    let made = proposal(&findings(&data), &[], &ChangeConfig::default());
    // In the fenced diff it is code; everywhere else it is escaped.
    let (prose, diff) = made.body.split_once("## Roll back").unwrap();
    assert!(!prose.contains("<script>") && !prose.contains("@x"), "{}", made.body);
    assert!(diff.contains("\n```diff\n") || diff.contains("\n````diff\n"), "{diff}");
    assert_eq!(made.body.matches("\n## Impact").count(), 1);
    assert!(!made.title.contains('\n') && made.branch.contains("a-script-x"));
}

/// Findings of a full inventory state requests as manifests do.
fn of_cluster(inventory: &str) -> Vec<Assessment> {
    let json: Json = read(inventory.as_bytes(), &Limits::default()).unwrap();
    let read = ClusterInventory::from_json(&json).unwrap();
    detect(Inventory::Cluster(&read.value), &PriceBook::default(), &DetectionConfig::default()).findings
}

const CLUSTER: &str = r#"{"cluster": "c", "as_of": "2026-11-20T00:00:00Z",
    "nodes": [{"name": "n1", "capacity": {"cpu": "8", "memory": "32Gi"}, "cost": {"hourly": "0.384"}}],
    "namespaces": [{"name": "pr-7", "created_at": "2026-10-01T00:00:00Z"}],
    "workloads": [{"kind": "Deployment", "namespace": "finance", "name": "payment-service", "replicas": 2,
        "created_at": "2026-01-01T00:00:00Z", "containers": [
            {"name": "app", "requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"memory": "4Gi"}}]}],
    "pods": [{"namespace": "finance", "name": "payment-service-1", "node": "n1",
        "owner": {"kind": "Deployment", "name": "payment-service"}, "start": "2026-11-01T00:00:00Z",
        "containers": [{"name": "app", "requests": {"cpu": "2", "memory": "4Gi"}}]}],
    "volumes": [{"pv": "pvc-1", "volume_id": "vol-0a1b", "phase": "Released", "reclaim_policy": "Retain", "size": "50Gi",
        "cost": {"gib_month": "0.08"}, "created_at": "2026-01-01T00:00:00Z", "phase_changed_at": "2026-10-01T00:00:00Z"}],
    "usage": [
        {"subject": {"namespace": "finance", "workload": "Deployment/payment-service", "container": "app"}, "metric": "cpu_usage",
         "summary": {"mean": "0.2", "p95": "0.4", "max": "0.6", "samples": 336,
            "start": "2026-11-06T00:00:00Z", "end": "2026-11-20T00:00:00Z"}},
        {"subject": {"namespace": "finance", "workload": "Deployment/payment-service", "container": "app"},
         "metric": "memory_working_set", "summary": {"mean": "900000000", "p95": "1000000000", "max": "1073741824", "samples": 336,
            "start": "2026-11-06T00:00:00Z", "end": "2026-11-20T00:00:00Z"}}]}"#;

#[test]
fn the_requests_of_a_full_inventory_edit_the_manifest() {
    let found: Vec<Assessment> = of_cluster(CLUSTER)
        .into_iter()
        .filter(|one| ["k8s.cpu_over_request", "k8s.memory_over_request"].contains(&one.detector))
        .collect();
    assert_eq!(found.len(), 2);
    let made = proposal(&found, &[file("k8s/payment.yaml", MANIFEST)], &ChangeConfig::default());
    assert_eq!((made.status, made.reason.clone()), (Status::Ready, None), "{}", made.body);
    // p95 and maximum times 1.15, rounded up to what manifests state.
    let expected = MANIFEST.replace("\"2\"", "\"460m\"").replace("4Gi", "1178Mi");
    assert_eq!(made.files.first().unwrap().content.as_deref(), Some(expected.as_str()));
}

#[test]
fn what_has_expired_is_removed_and_no_workload_of_its_name_is_made_up() {
    let found: Vec<Assessment> =
        of_cluster(CLUSTER).into_iter().filter(|one| one.detector == "k8s.expired_resource").collect();
    assert_eq!(found.first().unwrap().subject.text(), "namespace/pr-7");
    let missing = proposal(&found, &[], &ChangeConfig::default());
    assert_eq!((missing.status, missing.reason.unwrap().code()), (Status::Refused, "change.not_found"));
    let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: pr-7}\n";
    let made = proposal(&found, &[file("k8s/pr-7.yaml", text)], &ChangeConfig::default());
    assert_eq!(made.status, Status::Ready, "{:?}", made.reason);
    assert_eq!(made.files.first().unwrap().action, Action::Delete);
}

#[test]
fn a_released_volume_is_known_to_terraform_by_its_id() {
    let found: Vec<Assessment> =
        of_cluster(CLUSTER).into_iter().filter(|one| one.detector == "k8s.released_volume").collect();
    assert_eq!(found.len(), 1);
    let mut config = ChangeConfig::default();
    config.terraform_ids.insert("aws_ebs_volume.archive".into(), "vol-0a1b".into());
    let text = "resource \"aws_ebs_volume\" \"archive\" {\n  size = 50\n}\n";
    let made = proposal(&found, &[file("infra/volumes.tf", text)], &config);
    let paths: Vec<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
    // Without a snapshot the data is saved first, so it stays a draft.
    assert_eq!(
        (made.status, paths),
        (Status::Draft, vec!["infra/volumes.tf", "finops/snapshots/vol-0a1b.tf"])
    );
}

/// Found by fuzzing: the parser takes a vertical tab for space in one place and for text in another.
#[test]
fn characters_that_no_yaml_may_hold_are_refused() {
    let sets = [Set::quantity("resources.requests.cpu", "750m")];
    for (text, place) in [("\u{b}{: ", "byte 0 is U+000B"), ("a: 1\nb: \u{7f}", "byte 8 is U+007F")] {
        let fault = edit_path(text, &sets).unwrap_err();
        assert_eq!(fault.code(), "change.unsupported_format");
        assert!(fault.to_string().contains(place), "{fault}");
    }
    assert!(edit_path("\u{feff}a: \u{85}é\t# ok\r\n", &sets).is_ok());
}

/// Found by a property: the second document was taken for the object because the first hides what it is.
#[test]
fn a_mapping_that_names_two_objects_hides_which_one_is_meant() {
    let object = |namespace: &str| {
        format!("kind: Deployment\nmetadata:\n  name: web\n{namespace}spec:\n  replicas: 3\n")
    };
    let (shop, bank) = (object("  namespace: shop\n"), object("  namespace: bank\n"));
    let text = format!("{shop}{bank}---\n{}", object(""));
    let target = Target { kind: "Deployment", name: "web", namespace: Some("bank"), container: None };
    let fault = edit(&text, &target, &[Set::number("spec.replicas", 0)]).unwrap_err();
    assert_eq!((fault.code(), fault.path()), ("change.ambiguous", "kind"));
}

const LIMITED: &str = r#"{"cluster": "finance-cluster", "workloads": {"finance": [
    {"name": "payment-service", "cpu_request": 2.0, "cpu_usage": 0.5, "cpu_limit": 4.0, "memory_request_gb": 4.0, "memory_usage_gb": 1.0, "memory_limit_gb": 8.0}]}}"#;

fn without_limits() -> Vec<Assessment> {
    let mut config = DetectionConfig::default();
    config.limit_policy = LimitPolicy::Remove;
    findings_with(LIMITED, &config)
}

#[test]
fn a_cpu_limit_is_removed_by_policy_and_that_of_memory_stays() {
    let limits = "            limits:\n              cpu: 4 # throttles\n              memory: 8Gi\n";
    let text = format!("{MANIFEST}{limits}");
    let made = proposal(&without_limits(), &[file("k8s/payment.yaml", &text)], &ChangeConfig::default());
    assert_eq!((made.status, made.reason.clone()), (Status::Ready, None), "{}", made.body);
    let expected = text
        .replace("\"2\"", "\"750m\"")
        .replace("memory: 4Gi", "memory: 1536Mi")
        .replace("              cpu: 4 # throttles\n", "");
    let changed = made.files.first().unwrap();
    assert_eq!(changed.content.as_deref(), Some(expected.as_str()));
    assert_eq!(changed.edits.len(), 3);
    assert!(made.body.contains(r"| cpu\_limit | 4 | none |"), "{}", made.body);
    // Kept by default.
    let kept = proposal(&findings(LIMITED), &[file("k8s/payment.yaml", &text)], &ChangeConfig::default());
    assert!(kept.files.first().unwrap().content.as_deref().unwrap().contains("cpu: 4 # throttles"));
}

#[test]
fn a_patch_removes_a_limit_by_nothing() {
    let drafted = proposal(&without_limits(), &[], &ChangeConfig::default());
    let patch = drafted.files.first().unwrap().content.clone().unwrap();
    assert!(patch.contains("            limits:\n              cpu: null\n"), "{patch}");
    let files = [
        file("base/kustomization.yaml", "resources:\n- payment.yaml\n"),
        file("base/payment.yaml", &format!("{MANIFEST}            limits: {{cpu: 4, memory: 8Gi}}\n")),
        file("overlays/dev/kustomization.yaml", "resources:\n  - ../../base\n"),
        file("overlays/prod/kustomization.yaml", "resources:\n  - ../../base\n"),
    ];
    let config = ChangeConfig { overlay: Some("overlays/prod".into()), ..ChangeConfig::default() };
    let made = proposal(&without_limits(), &files, &config);
    assert_eq!(made.status, Status::Ready, "{:?}", made.reason);
    let path = "overlays/prod/finops-deployment-payment-service.yaml";
    let patch =
        made.files.iter().find(|file| file.path == path).and_then(|file| file.content.clone()).unwrap();
    assert!(patch.contains("            limits:\n              cpu: null\n"), "{patch}");
    // A patch of the overlay that sets this limit is a person's to change.
    let own = patch.replace("cpu: null", "cpu: \"3\"");
    let [base, payment, dev, _] = files;
    let listed = "resources:\n  - ../../base\npatches:\n  - path: finops-deployment-payment-service.yaml\n";
    let files = [base, payment, dev, file("overlays/prod/kustomization.yaml", listed), file(path, &own)];
    let refused = proposal(&without_limits(), &files, &config);
    assert_eq!(refused.reason.unwrap().code(), "change.type_mismatch");
}

#[test]
fn what_no_file_can_say_is_refused_with_what_to_do() {
    const AUTOSCALED: &str = r#"{"cluster": "c", "as_of": "2026-11-20T00:00:00Z",
        "autoscalers": [
            {"kind": "HorizontalPodAutoscaler", "namespace": "n", "name": "web", "target": {"kind": "Deployment", "name": "web"}, "min": 4, "max": 4, "metrics": [{"resource": "cpu", "target_utilization": 60}]},
            {"kind": "HorizontalPodAutoscaler", "namespace": "n", "name": "bare", "target": {"kind": "Deployment", "name": "bare"}, "min": 1, "max": 4, "metrics": [{"resource": "cpu", "target_utilization": 60}]},
            {"kind": "HorizontalPodAutoscaler", "namespace": "n", "name": "gone", "target": {"kind": "Deployment", "name": "gone"}, "min": 1, "max": 4, "metrics": [{"resource": "cpu", "target_utilization": 60}]}],
        "workloads": [
            {"kind": "Deployment", "namespace": "n", "name": "web", "replicas": 3, "created_at": "2026-01-01T00:00:00Z", "containers": [{"name": "app", "type": "app", "requests": {"cpu": "500m"}}]},
            {"kind": "Deployment", "namespace": "n", "name": "bare", "replicas": 3, "created_at": "2026-01-01T00:00:00Z", "containers": [{"name": "app", "type": "app"}]}],
        "nodes": [{"name": "gpu-1", "created_at": "2026-01-01T00:00:00Z", "capacity": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}, "allocatable": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}}],
        "pods": []}"#;
    let found = of_cluster(AUTOSCALED);
    let cases = [
        ("k8s.hpa_ineffective", "web", "are the same, 4, and the finding holds no measure"),
        ("k8s.hpa_ineffective", "bare", "watches a resource that a container of its target does not request"),
        ("k8s.hpa_ineffective", "gone", "is not in the inventory"),
        ("ai.gpu_node_without_gpu_pods", "gpu-1", "no file names node `gpu-1`"),
    ];
    for (detector, name, problem) in cases {
        let of = |one: &&Assessment| one.detector == detector && one.subject.name() == name;
        let one: Vec<Assessment> = found.iter().filter(of).cloned().collect();
        assert_eq!(one.len(), 1, "{detector} {name}");
        let refused = proposal(&one, &[], &ChangeConfig::default());
        assert_eq!((refused.status, refused.files.len()), (Status::Refused, 0));
        let reason = refused.reason.unwrap();
        assert_eq!((reason.code(), reason.path()), ("change.not_found", "finding"));
        assert!(reason.to_string().contains(problem), "{reason}");
    }
}

/// The code of the proposal on one manifest, and its text.
fn on(cluster_data: &str, manifest: &str) -> (Status, Option<String>, Option<String>) {
    let made =
        proposal(&findings(cluster_data), &[file("k8s/payment.yaml", manifest)], &ChangeConfig::default());
    let content = made.files.first().and_then(|file| file.content.clone());
    (made.status, made.reason.map(|reason| reason.code().to_owned()), content)
}

#[test]
fn totals_of_a_workload_are_divided_by_its_pods() {
    let data = PAYMENT.replace("\"team\"", "\"replicas\": 4, \"team\"");
    let manifest = MANIFEST.replace("\"2\"", "\"500m\"").replace("4Gi", "1Gi");
    let (status, reason, text) = on(&data, &manifest);
    assert_eq!((status, reason), (Status::Ready, None));
    // 0.75 cores and 1.5 GB are 187.5 millicores and 384 MiB a pod.
    let expected = manifest.replace("\"500m\"", "\"188m\"").replace("1Gi", "384Mi");
    assert_eq!(text.as_deref(), Some(expected.as_str()));
}

#[test]
fn a_manifest_that_states_something_else_is_never_raised() {
    let differs = || Some("change.source_differs".to_owned());
    // Less than what is proposed: the change would cost money.
    let (status, reason, text) = on(PAYMENT, &MANIFEST.replace("\"2\"", "500m"));
    assert_eq!((status, reason, text), (Status::Refused, differs(), None));
    // Another request than the finding saw: somebody looks at it, the saving is of the latter.
    let (status, reason, text) = on(PAYMENT, &MANIFEST.replace("\"2\"", "\"3\""));
    assert_eq!((status, reason), (Status::Draft, differs()));
    assert!(text.unwrap().contains("cpu: \"750m\""));
    // What is merged already needs no second change.
    let (_, _, text) = on(PAYMENT, MANIFEST);
    assert_eq!(on(PAYMENT, &text.unwrap()), (Status::Refused, differs(), None));
}

#[test]
fn values_that_a_tool_fills_in_are_not_overwritten() {
    for filled in ["\"{{ .Values.cpu }}\"", "${CPU}", "$(CPU)", "'${CPU:-2}'"] {
        let (status, reason, _) = on(PAYMENT, &MANIFEST.replace("\"2\"", filled));
        assert_eq!((status, reason.as_deref()), (Status::Refused, Some("change.template")), "{filled}");
    }
    let (_, reason, _) = on(PAYMENT, &MANIFEST.replace("\"2\"", "1.5.0"));
    assert_eq!(reason.as_deref(), Some("change.type_mismatch"));
}

#[test]
fn nulls_are_nothing() {
    for null in ["null", "~", "Null", ""] {
        let manifest = MANIFEST.replace("namespace: finance", &format!("namespace: {null}"));
        let (status, reason, text) = on(PAYMENT, &manifest);
        assert_eq!((status, reason), (Status::Ready, None), "{null}");
        assert_eq!(text, Some(manifest.replace("\"2\"", "\"750m\"").replace("4Gi", "1536Mi")), "{null}");
        // Not a null, but a namespace of this name.
        if !null.is_empty() {
            let other = MANIFEST.replace("namespace: finance", &format!("namespace: \"{null}\""));
            assert_eq!(on(PAYMENT, &other).1.as_deref(), Some("change.not_found"), "{null}");
        }
    }
    let head = MANIFEST.split_once("          resources:").unwrap().0;
    let set = "{requests: {cpu: 750m, memory: 1536Mi}}";
    for (old, new) in [
        ("          resources: null # later\n", format!("          resources: {set} # later\n")),
        ("          resources: {requests: ~}\n", format!("          resources: {}\n", set)),
        (
            "          resources:\n            requests: null\n",
            "          resources:\n            requests: {cpu: 750m, memory: 1536Mi}\n".to_owned(),
        ),
    ] {
        let (status, reason, text) = on(PAYMENT, &format!("{head}{old}"));
        assert_eq!((status, reason), (Status::Ready, None), "{old}");
        assert_eq!(text, Some(format!("{head}{new}")), "{old}");
    }
}

#[test]
fn an_init_container_with_the_name_of_the_workload_is_not_meant() {
    let init = "      initContainers:\n        - name: payment-service\n          resources: {requests: {cpu: 2, memory: 4Gi}}\n      containers:";
    let manifest = MANIFEST.replace("      containers:", init);
    let (status, _, text) = on(PAYMENT, &manifest);
    assert_eq!(status, Status::Ready);
    assert_eq!(
        text,
        Some(manifest.replace("\"2\"", "\"750m\"").replace("memory: 4Gi\n", "memory: 1536Mi\n"))
    );
}

const NODES: &str = r#"{"cluster": "c", "node_groups": [{"name": "workers", "node_count": 10, "avg_cpu_utilization": 0.1, "avg_memory_utilization": 0.1, "instance_type": "m5.xlarge"}]}"#;

#[test]
fn a_node_group_that_is_another_or_smaller_is_not_resized() {
    let propose = |files: &[(&str, &str)]| {
        let files: Vec<SourceFile> = files.iter().map(|(path, text)| file(path, text)).collect();
        let made = proposal(&findings(NODES), &files, &ChangeConfig::default());
        (made.status, made.reason.map(|reason| reason.code().to_owned()), made.files.len())
    };
    let code = |code: &str| Some(code.to_owned());
    // The label is a name only where there is no other.
    let named = TERRAFORM.replace("node_group_name = \"workers\"", "node_group_name = \"gpu\"");
    assert_eq!(propose(&[("main.tf", &named)]), (Status::Draft, code("change.not_found"), 0));
    // It would grow.
    let small = TERRAFORM.replace("desired_size = 10", "desired_size = 1");
    assert_eq!(propose(&[("main.tf", &small)]), (Status::Refused, code("change.source_differs"), 0));
    let large = TERRAFORM.replace("desired_size = 10", "desired_size = 14");
    assert_eq!(propose(&[("main.tf", &large)]), (Status::Draft, code("change.source_differs"), 1));
    // A default that a file of values overrides says nothing, wherever that file lies.
    let variable = "variable \"desired\" {\n  default = 10\n}\n";
    let computed = TERRAFORM.replace("desired_size = 10", "desired_size = var.desired");
    let computed = format!("{variable}{}", computed.replace("min_size     = 5", "min_size     = 1"));
    assert_eq!(propose(&[("main.tf", &computed)]), (Status::Ready, None, 1));
    for values in ["terraform.tfvars", "envs/prod.tfvars"] {
        let made = propose(&[("main.tf", &computed), (values, "desired = 12\n")]);
        assert_eq!(made, (Status::Refused, code("change.not_literal"), 0), "{values}");
    }
    let json =
        r#"{"resource": {"aws_eks_node_group": {"workers": {"scaling_config": {"desired_size": 10}}}}}"#;
    assert_eq!(propose(&[("main.tf.json", json)]), (Status::Refused, code("change.unsupported_format"), 0));
}

#[test]
fn the_limit_of_a_chart_is_set_or_goes_where_a_value_stands_for_it() {
    let data = PAYMENT.replace("\"cpu_usage\"", "\"cpu_limit\": 4, \"cpu_usage\"");
    let values = "web:\n  resources:\n    limits:\n      cpu: \"4\" # burst\n      memory: 8Gi\n    requests:\n      cpu: 2 # per pod\n      memory: 4Gi\n";
    let map = |file: &str, resource: &str, path: &str| HelmValue {
        file: file.to_owned(),
        path: format!("web.resources.{path}"),
        kind: "Deployment".into(),
        namespace: None,
        name: "payment-service".into(),
        container: None,
        resource: resource.into(),
    };
    let maps = |file: &str| {
        vec![
            map(file, "cpu", "requests.cpu"),
            map(file, "memory", "requests.memory"),
            map(file, "cpu_limit", "limits.cpu"),
        ]
    };
    let made = |policy: LimitPolicy, path: &str| {
        let mut detection = DetectionConfig::default();
        detection.limit_policy = policy;
        let found = findings_with(&data, &detection);
        let config = ChangeConfig { helm: maps(path), ..ChangeConfig::default() };
        let files = [file("chart/Chart.yaml", "name: web\nversion: 1.0.0\n"), file(path, values)];
        let made = proposal(&found, &files, &config);
        assert_eq!(made.status, Status::Ready, "{:?}", made.reason);
        (made.files.first().unwrap().content.clone().unwrap(), made.body)
    };
    let requested = values.replace("cpu: 2 #", "cpu: 750m #").replace("memory: 4Gi", "memory: 1536Mi");
    let (text, body) = made(LimitPolicy::Keep, "chart/values.yaml");
    assert_eq!((text, body.contains("No value of the chart")), (requested.clone(), false));
    let (text, _) = made(LimitPolicy::DoubleRequest, "chart/values.yaml");
    assert_eq!(text, requested.replace("\"4\"", "\"1500m\""));
    let (text, _) = made(LimitPolicy::Remove, "chart/values.yaml");
    assert_eq!(text, requested.replace("      cpu: \"4\" # burst\n", ""), "the defaults of the chart");
    let (text, body) = made(LimitPolicy::Remove, "prod.yaml");
    assert_eq!(text, requested.replace("\"4\"", "null"), "laid over the defaults");
    assert!(body.contains("takes the limit away"), "{body}");
}

#[test]
fn a_file_in_another_encoding_is_told() {
    let manifest = MANIFEST.replace("# payments", "# paym\u{fc}nts");
    let latin: Vec<u8> = manifest.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let marked = format!("\u{feff}{MANIFEST}");
    let wide = |order: fn(u16) -> [u8; 2]| marked.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    for bytes in [latin, wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
        let files = [SourceFile { path: "k8s/payment.yaml".into(), bytes }];
        let made = proposal(&findings(PAYMENT), &files, &ChangeConfig::default());
        assert_eq!((made.status, made.reason.unwrap().code()), (Status::Refused, "change.source_not_utf8"));
    }
}

#[test]
fn what_a_workload_left_behind_is_not_removed_with_it() {
    let inventory = r#"{"cluster": "c", "as_of": "2026-11-20T00:00:00Z", "nodes": [], "usage": [],
        "workloads": [{"kind": "Deployment", "namespace": "n", "name": "web", "replicas": 0, "created_at": "2026-01-01T00:00:00Z",
            "volumes": [{"claim": "data"}], "containers": [{"name": "app", "requests": {"cpu": "1"}}]}],
        "volumes": [{"claim": {"namespace": "n", "name": "data"}, "pv": "pv", "phase": "Bound", "size": "100Gi",
            "cost": {"gib_month": "0.08"}}]}"#;
    let mut found = of_cluster(inventory);
    found.retain(|one| one.detector == "k8s.scaled_to_zero_leftovers");
    assert_eq!(found.len(), 1);
    let manifest =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: n}\nspec: {replicas: 0}\n";
    let made = proposal(&found, &[file("web.yaml", manifest)], &ChangeConfig::default());
    assert_eq!((made.status, made.files.len()), (Status::Refused, 0));
    let reason = made.reason.unwrap();
    assert!(reason.to_string().contains("`claim/n/data`"), "{reason}");
}

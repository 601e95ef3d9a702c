//! Kubernetes manifests, already parsed from YAML or JSON.

use super::{Findings, IacAnswer, IacConfig, is_given, judge_type, list, pattern};
use crate::{Json, decision::Action};

/// Workloads whose pod template is at `spec.template`.
const WITH_TEMPLATE: [&str; 6] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"];

/// Node labels that name the instance type. Source: kubernetes.io/docs/reference/labels-annotations-taints.
const INSTANCE_LABELS: [&str; 2] = ["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"];

/// Judges Kubernetes manifests: labels of the pods, instance types they insist on, requests of their containers.
///
/// Labels of a workload are those of its pod template: they are what cost allocation reads. `*List` documents are
/// taken apart and null documents dropped; kinds that cost nothing by themselves are passed over.
#[must_use]
pub fn kubernetes(documents: &[Json], config: &IacConfig) -> IacAnswer {
    let mut flat = Vec::new();
    for document in documents {
        flatten(document, &mut flat);
    }
    if flat.is_empty() {
        return Findings::alone("iac.empty", None, "no manifest was given".to_owned());
    }
    let mut found = Findings::default();
    for (n, document) in flat.into_iter().enumerate() {
        judge(&mut found, config, n, document);
    }
    found.into_answer()
}

/// Takes `*List` documents apart; the reader's limit on depth bounds the recursion.
fn flatten<'a>(document: &'a Json, flat: &mut Vec<&'a Json>) {
    let is_list = document.get("kind").and_then(Json::as_str).is_some_and(|kind| kind.ends_with("List"));
    match document.get("items") {
        Some(Json::Array(items)) if is_list => items.iter().for_each(|item| flatten(item, flat)),
        _ if document.is_null() => {}
        _ => flat.push(document),
    }
}

fn judge(found: &mut Findings, config: &IacConfig, index: usize, document: &Json) {
    let text = |name: &str| document.get(name).and_then(Json::as_str);
    let (Some(kind), Some(_)) = (text("kind"), text("apiVersion")) else {
        let resource = format!("#{index}");
        let message = format!("document {resource} is no Kubernetes manifest: it needs kind and apiVersion");
        found.add(Action::Deny, "iac.manifest_invalid", Some(&resource), None, message);
        return;
    };
    let (labelled, pods) = if WITH_TEMPLATE.contains(&kind) {
        (document.pointer("/spec/template"), true)
    } else if kind == "CronJob" {
        (document.pointer("/spec/jobTemplate/spec/template"), true)
    } else if kind == "Pod" {
        (Some(document), true)
    } else if kind == "PersistentVolumeClaim" || (kind == "Service" && is_load_balancer(document)) {
        (Some(document), false)
    } else {
        return;
    };
    let resource = address(kind, document.get("metadata"));
    if !config.exempt_types.iter().any(|p| pattern::matches(p, kind)) {
        let labels = labelled.and_then(|l| l.pointer("/metadata/labels"));
        for tag in config.required_tags.iter().filter(|tag| !is_given(labels.and_then(|l| l.get(tag)))) {
            let message = format!("{resource}: the required label '{tag}' is missing or blank");
            found.add(Action::Deny, "iac.tags.required", Some(&resource), Some(tag), message);
        }
    }
    if let Some(pod) = labelled.and_then(|l| l.get("spec")).filter(|_| pods) {
        judge_pod(found, config, &resource, pod);
    }
}

fn is_load_balancer(service: &Json) -> bool {
    service.pointer("/spec/type").and_then(Json::as_str) == Some("LoadBalancer")
}

/// `<kind>/<namespace>/<name>`, with the namespace that Kubernetes would take.
fn address(kind: &str, metadata: Option<&Json>) -> String {
    let text = |name: &str| {
        metadata.and_then(|m| m.get(name)).and_then(Json::as_str).filter(|text| !text.is_empty())
    };
    let name = text("name").or_else(|| text("generateName")).unwrap_or_default();
    format!("{kind}/{}/{name}", text("namespace").unwrap_or("default"))
}

fn judge_pod(found: &mut Findings, config: &IacConfig, resource: &str, pod: &Json) {
    for label in INSTANCE_LABELS {
        let wanted = pod.get("nodeSelector").and_then(|s| s.get(label)).and_then(Json::as_str);
        if let Some(name) = wanted {
            judge_type(found, config, resource, name);
        }
    }
    let required = "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    for term in list(pod.pointer(required)) {
        for expression in list(term.get("matchExpressions")) {
            let text = |name: &str| expression.get(name).and_then(Json::as_str);
            let by_type = text("key").is_some_and(|key| INSTANCE_LABELS.contains(&key));
            if by_type && text("operator") == Some("In") {
                for name in list(expression.get("values")).iter().filter_map(Json::as_str) {
                    judge_type(found, config, resource, name);
                }
            }
        }
    }
    for group in ["containers", "initContainers"] {
        for container in list(pod.get(group)) {
            judge_requests(found, config, resource, container);
        }
    }
}

fn judge_requests(found: &mut Findings, config: &IacConfig, resource: &str, container: &Json) {
    let name = container.get("name").and_then(Json::as_str).unwrap_or_default();
    // Kubernetes takes a limit as the request where none is given.
    let given = |wanted: &str| {
        ["requests", "limits"].iter().any(|group| {
            let value = container.get("resources").and_then(|r| r.get(group)).and_then(|g| g.get(wanted));
            is_given(value) || value.is_some_and(|v| v.as_number().is_some())
        })
    };
    for wanted in config.required_requests.iter().filter(|wanted| !given(wanted)) {
        let subject = format!("{name}/{wanted}");
        let message =
            format!("{resource}: the container '{name}' has neither request nor limit for {wanted}");
        found.add(config.missing_requests, "iac.requests.missing", Some(resource), Some(&subject), message);
    }
}

//! Workloads: what makes pods.

use super::{
    super::{
        ClaimTemplate, Name, Workload,
        cx::{Cx, missing},
        tree::{At, Tree},
    },
    object::{Meta, Result, deep, find, items, name, opt, text},
    template,
};
use crate::time::Timestamp;

pub(super) const KINDS: &[&str] =
    &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"];

pub(super) fn read(cx: &mut Cx, kind: &Name, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<Workload> {
    let spec = tree.get("spec").ok_or_else(|| missing(at, "spec"))?;
    let spec_at = at.name("spec");
    let template_path = if *kind == "CronJob" { "jobTemplate.spec.template" } else { "template" };
    let pod = find(spec, template_path);
    let pod_path = format!("{template_path}.spec");
    let containers = deep(spec, &spec_at, &pod_path, |v, at| template::containers(cx, v, at))?;
    let pod_labels =
        deep(spec, &spec_at, &format!("{template_path}.metadata.labels"), |v, at| cx.labels(v, at))?;
    let volumes = pod.and_then(|pod| pod.get("spec")).map(|spec| template::volumes(cx, spec, ""));
    let (replicas, ready_replicas) = counts(kind, tree, at)?;
    let claims = opt(spec, &spec_at, "volumeClaimTemplates", |v, at| cx.list(v, at, claim_template))?;
    Ok(Workload {
        kind: kind.clone(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        labels: meta.labels.clone(),
        pod_labels,
        annotations: meta.annotations.clone(),
        created_at: meta.created_at,
        replicas,
        ready_replicas,
        owner: meta.owner.clone(),
        containers,
        volumes,
        volume_claim_templates: claims,
        completions: opt(spec, &spec_at, "completions", Cx::count)?,
        completed_at: completed_at(tree, at)?,
        ttl_seconds_after_finished: opt(spec, &spec_at, "ttlSecondsAfterFinished", Cx::count)?,
    })
}

/// Pods wanted and ready; a count of 0 is left out by the API server, so an absent one under `status` is 0.
fn counts(kind: &Name, tree: &Tree<'_>, at: &At<'_>) -> Result<(Option<u32>, Option<u32>)> {
    let count = |path: &str| deep(tree, at, path, Cx::count::<u32>);
    let status = tree.get("status").is_some();
    let zero = status.then_some(0);
    Ok(match kind.as_str() {
        "CronJob" => (None, None),
        "DaemonSet" => {
            (count("status.desiredNumberScheduled")?.or(zero), count("status.numberReady")?.or(zero))
        }
        "Job" => (count("spec.parallelism")?.or(Some(1)), count("status.ready")?.or(zero)),
        _ => (count("spec.replicas")?.or(Some(1)), count("status.readyReplicas")?.or(zero)),
    })
}

/// When a Job was complete, or had failed for good.
fn completed_at(tree: &Tree<'_>, at: &At<'_>) -> Result<Option<Timestamp>> {
    if let Some(done) = deep(tree, at, "status.completionTime", Cx::time)? {
        return Ok(Some(done));
    }
    let Some(status) = tree.get("status") else { return Ok(None) };
    let failed = items(status, "conditions").iter().find(|condition| {
        text(condition, "type") == Some("Failed") && text(condition, "status") == Some("True")
    });
    match failed {
        Some(condition) => opt(condition, &at.name("status.conditions[]"), "lastTransitionTime", Cx::time),
        None => Ok(None),
    }
}

fn claim_template(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<ClaimTemplate> {
    Ok(ClaimTemplate {
        name: name(cx, tree, "metadata.name").ok_or_else(|| missing(at, "metadata.name"))?,
        storage_class: name(cx, tree, "spec.storageClassName"),
        requested: deep(tree, at, "spec.resources.requests.storage", Cx::quantity)?,
    })
}

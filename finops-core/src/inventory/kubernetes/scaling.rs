//! What changes the number or size of pods, and what holds it back.

use super::{
    super::{
        Autoscaler, Behavior, Budget, Name, Owner, ScalingMetric,
        cx::Cx,
        tree::{At, Tree},
    },
    object::{Meta, Result, deep, find, items, name, text},
    template,
};

fn base(kind: &Name, meta: &Meta) -> Autoscaler {
    Autoscaler {
        kind: kind.clone(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        ..Autoscaler::default()
    }
}

fn target(cx: &mut Cx, tree: &Tree<'_>, path: &str, default_kind: &str) -> Option<Owner> {
    let tree = find(tree, path)?;
    let kind = name(cx, tree, "kind").unwrap_or_else(|| cx.share(default_kind));
    Some(Owner { kind, name: name(cx, tree, "name")? })
}

pub(super) fn horizontal(
    cx: &mut Cx,
    kind: &Name,
    meta: &Meta,
    tree: &Tree<'_>,
    at: &At<'_>,
) -> Result<Autoscaler> {
    let count = |path: &str| deep(tree, at, path, Cx::count::<u32>);
    let mut metrics = Vec::new();
    if let Some(percent) = count("spec.targetCPUUtilizationPercentage")? {
        metrics.push(ScalingMetric { resource: cx.share("cpu"), target_utilization: Some(percent) });
    }
    if let Some(spec) = tree.get("spec") {
        let at = at.name("spec.metrics");
        for (index, metric) in items(spec, "metrics").iter().enumerate() {
            metrics.extend(hpa_metric(cx, metric, &at.index(index))?);
        }
    }
    metrics.sort();
    let stabilization = count("spec.behavior.scaleUp.stabilizationWindowSeconds")?;
    Ok(Autoscaler {
        target: target(cx, tree, "spec.scaleTargetRef", ""),
        // The API server's default.
        min: count("spec.minReplicas")?.or(Some(1)),
        max: count("spec.maxReplicas")?,
        current: count("status.currentReplicas")?,
        metrics: Some(metrics),
        behavior: stabilization.map(|seconds| Behavior { scale_up_stabilization_seconds: Some(seconds) }),
        ..base(kind, meta)
    })
}

fn hpa_metric(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Option<ScalingMetric>> {
    let (own, percent) = match text(tree, "type") {
        Some("Resource") => ("resource.name", "resource.target.averageUtilization"),
        Some("ContainerResource") => {
            ("containerResource.name", "containerResource.target.averageUtilization")
        }
        Some("Pods") => ("pods.metric.name", ""),
        Some("Object") => ("object.metric.name", ""),
        Some("External") => ("external.metric.name", ""),
        _ => return Ok(None),
    };
    let Some(resource) = name(cx, tree, own) else { return Ok(None) };
    Ok(Some(ScalingMetric { resource, target_utilization: deep(tree, at, percent, Cx::count)? }))
}

pub(super) fn vertical(cx: &mut Cx, kind: &Name, meta: &Meta, tree: &Tree<'_>) -> Autoscaler {
    Autoscaler {
        target: target(cx, tree, "spec.targetRef", ""),
        // The recommender's default.
        mode: Some(name(cx, tree, "spec.updatePolicy.updateMode").unwrap_or_else(|| cx.share("Auto"))),
        ..base(kind, meta)
    }
}

pub(super) fn scaled_object(
    cx: &mut Cx,
    kind: &Name,
    meta: &Meta,
    tree: &Tree<'_>,
    at: &At<'_>,
) -> Result<Autoscaler> {
    let count = |path: &str| deep(tree, at, path, Cx::count::<u32>);
    let mut metrics = Vec::new();
    if let Some(spec) = tree.get("spec") {
        for trigger in items(spec, "triggers") {
            let Some(resource) = name(cx, trigger, "type") else { continue };
            let kind = text(trigger, "metricType").or_else(|| text(trigger, "metadata.type"));
            let scales = matches!(resource.as_str(), "cpu" | "memory") && kind != Some("AverageValue");
            let percent =
                text(trigger, "metadata.value").filter(|_| scales).and_then(|text| text.parse().ok());
            metrics.push(ScalingMetric { resource, target_utilization: percent });
        }
    }
    metrics.sort();
    Ok(Autoscaler {
        target: target(cx, tree, "spec.scaleTargetRef", "Deployment"),
        // Defaults of the ScaledObject specification (keda.sh).
        min: count("spec.minReplicaCount")?.or(Some(0)),
        max: count("spec.maxReplicaCount")?.or(Some(100)),
        metrics: Some(metrics),
        ..base(kind, meta)
    })
}

pub(super) fn budget(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<Budget> {
    Ok(Budget {
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        selector: deep(tree, at, "spec.selector", |v, at| template::selector(cx, v, at))?,
        disruptions_allowed: deep(tree, at, "status.disruptionsAllowed", Cx::count)?,
    })
}

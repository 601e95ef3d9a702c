//! What pods and the templates of workloads have in common: containers, volumes, scheduling.

use super::{
    super::{
        Affinity, Container, ContainerType, Expression, Labels, Name, Quantity, Resources, Scheduling,
        Spread, Toleration, VolumeUse,
        cx::{Cx, invalid, missing},
        tree::{At, Tree},
        wire,
    },
    object::{Result, deep, find, items, name, opt, text},
};
use std::sync::Arc;

/// The containers of a pod's specification in its order, init containers first.
pub(super) fn containers(cx: &mut Cx, spec: &Tree<'_>, at: &At<'_>) -> Result<Vec<Container>> {
    let mut all = Vec::new();
    for (member, init) in [("initContainers", true), ("containers", false)] {
        let at = at.name(member);
        for (index, tree) in items(spec, member).iter().enumerate() {
            all.push(container(cx, tree, &at.index(index), init)?);
        }
    }
    Ok(all)
}

fn container(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>, init: bool) -> Result<Container> {
    let sidecar = text(tree, "restartPolicy") == Some("Always");
    let own_name = tree.get("name").ok_or_else(|| missing(at, "name"))?;
    let requests = deep(tree, at, "resources.requests", |v, at| cx.resources(v, at))?;
    let limits = deep(tree, at, "resources.limits", |v, at| cx.resources(v, at))?;
    Ok(Container {
        name: cx.name(own_name, &at.name("name"))?,
        r#type: match (init, sidecar) {
            (false, _) => ContainerType::App,
            (true, true) => ContainerType::Sidecar,
            (true, false) => ContainerType::Init,
        },
        requests: defaulted(cx, requests, limits.as_ref()),
        limits,
        env_refs: env_refs(cx, tree),
        ..Container::default()
    })
}

/// Requests, a missing one being the limit, as the API server defaults it.
pub(super) fn defaulted(
    cx: &mut Cx,
    requests: Option<Resources>,
    limits: Option<&Resources>,
) -> Option<Resources> {
    let Some(limits) = limits else { return requests };
    let known = |name: &str| requests.as_ref().and_then(|requests| requests.get(name));
    if limits.iter().all(|(name, _)| known(name).is_some()) {
        return requests;
    }
    Some(merged(cx, limits, requests.as_ref()))
}

/// `base` with the amounts of `over` in place of its own.
pub(super) fn merged(cx: &mut Cx, base: &Resources, over: Option<&Resources>) -> Resources {
    let all = base.iter().chain(over.into_iter().flat_map(Resources::iter));
    let pairs: Vec<(Name, Quantity)> = all.map(|(name, amount)| (name.clone(), amount)).collect();
    cx.share_resources(Resources::new(pairs))
}

/// ConfigMaps and Secrets that the environment names.
fn env_refs(cx: &mut Cx, tree: &Tree<'_>) -> Option<Arc<[Name]>> {
    let mut refs = Vec::new();
    let mut push = |kind: &str, name: Option<&str>| refs.extend(name.map(|name| format!("{kind}/{name}")));
    for variable in items(tree, "env") {
        push("ConfigMap", text(variable, "valueFrom.configMapKeyRef.name"));
        push("Secret", text(variable, "valueFrom.secretKeyRef.name"));
    }
    for source in items(tree, "envFrom") {
        push("ConfigMap", text(source, "configMapRef.name"));
        push("Secret", text(source, "secretRef.name"));
    }
    if refs.is_empty() {
        return None;
    }
    refs.sort();
    refs.dedup();
    let names = refs.iter().map(|name| cx.share(name)).collect();
    Some(cx.references(names))
}

/// What the pod `pod` mounts or pulls its images with.
pub(super) fn volumes(cx: &mut Cx, spec: &Tree<'_>, pod: &str) -> Arc<[VolumeUse]> {
    let mut uses = Vec::new();
    for volume in items(spec, "volumes") {
        let mut put = |path: &str, form: fn(Name) -> VolumeUse| uses.extend(name(cx, volume, path).map(form));
        put("persistentVolumeClaim.claimName", VolumeUse::Claim);
        put("configMap.name", VolumeUse::ConfigMap);
        put("secret.secretName", VolumeUse::Secret);
        put("hostPath.path", VolumeUse::HostPath);
        put("csi.nodePublishSecretRef.name", VolumeUse::Secret);
        if let Some(folder) = volume.get("emptyDir") {
            uses.push(VolumeUse::EmptyDir(name(cx, folder, "medium").unwrap_or_default()));
        }
        // The claim of an ephemeral volume is named after its pod and itself.
        if let (Some(_), Some(own)) = (volume.get("ephemeral"), text(volume, "name")) {
            uses.push(VolumeUse::Claim(cx.share(&format!("{pod}-{own}"))));
        }
        for source in
            find(volume, "projected").map(|projected| items(projected, "sources")).unwrap_or_default()
        {
            uses.extend(name(cx, source, "configMap.name").map(VolumeUse::ConfigMap));
            uses.extend(name(cx, source, "secret.name").map(VolumeUse::Secret));
        }
    }
    for secret in items(spec, "imagePullSecrets") {
        uses.extend(name(cx, secret, "name").map(VolumeUse::Secret));
    }
    cx.volumes(uses)
}

/// Where pods of this specification may run; `None` where anywhere will do.
pub(super) fn scheduling(cx: &mut Cx, spec: &Tree<'_>, at: &At<'_>) -> Result<Option<Arc<Scheduling>>> {
    let host_port = items(spec, "containers").iter().any(|container| {
        items(container, "ports")
            .iter()
            .any(|port| matches!(port.get("hostPort"), Some(Tree::Number(port)) if *port != "0"))
    });
    let tolerations = spec.get("tolerations").map(|_| {
        let all = items(spec, "tolerations").iter().map(|tree| Toleration {
            key: name(cx, tree, "key"),
            operator: name(cx, tree, "operator"),
            value: name(cx, tree, "value"),
            effect: name(cx, tree, "effect"),
        });
        all.collect()
    });
    let spread = spec.get("topologySpreadConstraints").map(|_| {
        let all = items(spec, "topologySpreadConstraints").iter().map(|tree| Spread {
            topology_key: name(cx, tree, "topologyKey").unwrap_or_default(),
            when_unsatisfiable: name(cx, tree, "whenUnsatisfiable").unwrap_or_default(),
            max_skew: match tree.get("maxSkew") {
                Some(Tree::Number(text)) => text.parse().ok(),
                _ => None,
            },
        });
        all.collect()
    });
    let found = Scheduling {
        node_selector: opt(spec, at, "nodeSelector", |v, at| cx.labels(v, at))?,
        tolerations,
        affinity: opt(spec, at, "affinity", |v, at| affinity(cx, v, at))?,
        spread,
        host_port: host_port.then_some(true),
    };
    Ok((found != Scheduling::default()).then(|| cx.scheduling(found)))
}

fn affinity(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Affinity> {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let required = |member: &str| {
        let list = tree.get(member).map(|affinity| items(affinity, REQUIRED));
        list.is_some_and(|list| !list.is_empty())
    };
    let terms = format!("nodeAffinity.{REQUIRED}.nodeSelectorTerms");
    let node_terms = deep(tree, at, &terms, |v, at| {
        cx.list(v, at, |cx, term, at| {
            let mut all = opt(term, at, "matchExpressions", |v, at| cx.list(v, at, wire::expression))?
                .unwrap_or_default();
            let fields = opt(term, at, "matchFields", |v, at| cx.list(v, at, wire::expression))?;
            all.extend(fields.unwrap_or_default());
            Ok::<Vec<Expression>, _>(all)
        })
    })?;
    Ok(Affinity {
        node_terms,
        pod_affinity: required("podAffinity"),
        pod_anti_affinity: required("podAntiAffinity"),
    })
}

/// The labels of a selector. Of `matchExpressions` nothing is kept: without them it selects the same objects or more.
pub(super) fn selector(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Labels> {
    let Tree::Object(_) = tree else {
        return Err(invalid(at, format!("is {}, not an object", tree.what()), "give a selector"));
    };
    let labels = opt(tree, at, "matchLabels", |v, at| cx.labels(v, at))?;
    Ok(labels.unwrap_or_else(|| Labels::new(Vec::new())))
}

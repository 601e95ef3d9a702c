//! Services, what is ready behind them, and Ingresses.

use super::{
    super::{
        Ingress, Name, Service,
        cx::Cx,
        tree::{At, Tree},
    },
    object::{Meta, Result, deep, find, items, name, text},
};

/// What is ready behind a service: pods, or addresses outside the cluster.
#[derive(Debug)]
pub(super) struct Endpoints {
    pub(super) namespace: Name,
    pub(super) service: Name,
    pub(super) ready: Vec<Name>,
}

pub(super) fn service(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<Service> {
    Ok(Service {
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        r#type: Some(name(cx, tree, "spec.type").unwrap_or_else(|| cx.share("ClusterIP"))),
        selector: deep(tree, at, "spec.selector", |v, at| cx.labels(v, at))?,
        ready_endpoints: None,
        annotations: meta.annotations.clone(),
        created_at: meta.created_at,
        cost: None,
    })
}

pub(super) fn endpoints(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>) -> Endpoints {
    let mut ready = Vec::new();
    for subset in items(tree, "subsets") {
        for address in items(subset, "addresses") {
            ready.extend(pod_or_address(cx, address, text(address, "ip")));
        }
    }
    Endpoints { namespace: meta.namespace.clone(), service: meta.name.clone(), ready }
}

pub(super) fn slice(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>) -> Endpoints {
    let mut ready = Vec::new();
    for endpoint in items(tree, "endpoints") {
        // An unknown readiness counts as ready (API reference of EndpointConditions).
        if find(endpoint, "conditions.ready") != Some(&Tree::Bool(false)) {
            let address = items(endpoint, "addresses").first().and_then(Tree::as_str);
            ready.extend(pod_or_address(cx, endpoint, address));
        }
    }
    let service = meta.labels.as_ref().and_then(|labels| labels.get("kubernetes.io/service-name"));
    Endpoints {
        namespace: meta.namespace.clone(),
        service: service.cloned().unwrap_or_else(|| meta.name.clone()),
        ready,
    }
}

fn pod_or_address(cx: &mut Cx, endpoint: &Tree<'_>, address: Option<&str>) -> Option<Name> {
    if text(endpoint, "targetRef.kind") == Some("Pod") {
        return name(cx, endpoint, "targetRef.name");
    }
    address.map(|address| cx.share(address))
}

pub(super) fn ingress(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>) -> Ingress {
    let mut backends = Vec::new();
    let mut backend = |cx: &mut Cx, tree: &Tree<'_>| {
        // `serviceName` is the form of the beta versions.
        backends.extend(name(cx, tree, "service.name").or_else(|| name(cx, tree, "serviceName")));
    };
    for path in ["spec.defaultBackend", "spec.backend"] {
        if let Some(tree) = find(tree, path) {
            backend(cx, tree);
        }
    }
    let empty = Tree::Null;
    let spec = tree.get("spec").unwrap_or(&empty);
    for rule in items(spec, "rules") {
        for path in find(rule, "http").map(|http| items(http, "paths")).unwrap_or_default() {
            if let Some(tree) = path.get("backend") {
                backend(cx, tree);
            }
        }
    }
    let mut secrets: Vec<Name> =
        items(spec, "tls").iter().filter_map(|tls| name(cx, tls, "secretName")).collect();
    for list in [&mut backends, &mut secrets] {
        list.sort();
        list.dedup();
    }
    Ingress {
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        backends: Some(backends),
        tls_secrets: Some(secrets),
        annotations: meta.annotations.clone(),
        created_at: meta.created_at,
        cost: None,
    }
}

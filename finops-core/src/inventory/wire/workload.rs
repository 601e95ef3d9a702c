//! Reads workloads, volumes, services and what belongs to them.

use super::{
    super::{
        Autoscaler, Behavior, Budget, ClaimName, ClaimTemplate, ConfigObject, Ingress, LimitRange,
        ScalingMetric, Service, ServiceCost, Volume, VolumeCost, Workload,
        cx::{Cx, invalid, missing},
        tree::{At, Tree},
    },
    cluster::one_form,
    pod,
};
use crate::error::Fault;

type Result<T> = std::result::Result<T, Fault>;

pub(super) fn workload(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Workload> {
    let (mut kind, mut namespace, mut name) = (None, None, None);
    let mut w = Workload::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "kind" => kind = Some(cx.name(v, at)?),
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            "labels" => w.labels = Some(cx.labels(v, at)?),
            "pod_labels" => w.pod_labels = Some(cx.labels(v, at)?),
            "annotations" => w.annotations = Some(cx.labels(v, at)?),
            "created_at" => w.created_at = Some(Cx::time(v, at)?),
            "replicas" => w.replicas = Some(Cx::count(v, at)?),
            "ready_replicas" => w.ready_replicas = Some(Cx::count(v, at)?),
            "owner" => w.owner = Some(pod::owner(cx, v, at)?),
            "containers" => w.containers = Some(cx.list(v, at, pod::container)?),
            "volumes" => w.volumes = Some(pod::volumes(cx, v, at)?),
            "volume_claim_templates" => w.volume_claim_templates = Some(cx.list(v, at, claim_template)?),
            "completions" => w.completions = Some(Cx::count(v, at)?),
            "completed_at" => w.completed_at = Some(Cx::time(v, at)?),
            "ttl_seconds_after_finished" => w.ttl_seconds_after_finished = Some(Cx::count(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    w.kind = kind.ok_or_else(|| missing(at, "kind"))?;
    w.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    w.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(w)
}

fn claim_template(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<ClaimTemplate> {
    let mut name = None;
    let mut t = ClaimTemplate::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "name" => name = Some(cx.name(v, at)?),
            "storage_class" => t.storage_class = Some(cx.name(v, at)?),
            "requested" => t.requested = Some(Cx::quantity(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    t.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(t)
}

pub(super) fn volume(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Volume> {
    let mut o = Volume::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "claim" => o.claim = Some(claim(cx, v, at)?),
            "pv" => o.pv = Some(cx.name(v, at)?),
            "phase" => o.phase = Some(cx.name(v, at)?),
            "phase_changed_at" => o.phase_changed_at = Some(Cx::time(v, at)?),
            "storage_class" => o.storage_class = Some(cx.name(v, at)?),
            "volume_id" => o.volume_id = Some(cx.name(v, at)?),
            "type" => o.r#type = Some(cx.name(v, at)?),
            "size" => o.size = Some(Cx::quantity(v, at)?),
            "requested" => o.requested = Some(Cx::quantity(v, at)?),
            "access_modes" => o.access_modes = Some(cx.names(v, at)?),
            "reclaim_policy" => o.reclaim_policy = Some(cx.name(v, at)?),
            "attached" => o.attached = Some(Cx::flag(v, at)?),
            "has_snapshot" => o.has_snapshot = Some(Cx::flag(v, at)?),
            "created_at" => o.created_at = Some(Cx::time(v, at)?),
            "age_days" => o.age_days = Some(Cx::amount(v, at)?),
            "cost" => o.cost = Some(volume_cost(cx, v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if o.claim.is_none() && o.pv.is_none() && o.volume_id.is_none() {
        return Err(invalid(at, "names no volume", "give `claim`, `pv` or `volume_id`"));
    }
    Ok(o)
}

fn claim(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<ClaimName> {
    let (mut namespace, mut name) = (None, None);
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    Ok(ClaimName { namespace, name: name.ok_or_else(|| missing(at, "name"))? })
}

fn volume_cost(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<VolumeCost> {
    let (mut cost, mut several) = (None, false);
    cx.members(tree, at, |_, key, v, at| {
        let form = match key {
            "gib_month" => VolumeCost::GibMonth,
            "monthly" => VolumeCost::Monthly,
            "hourly" => VolumeCost::Hourly,
            "total" => VolumeCost::Total,
            _ => return Ok(false),
        };
        several |= cost.replace(form(Cx::amount(v, at)?)).is_some();
        Ok(true)
    })?;
    one_form(cost, several, at, "give one of `gib_month`, `monthly`, `hourly` and `total`")
}

fn service_cost(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<ServiceCost> {
    let (mut cost, mut several) = (None, false);
    cx.members(tree, at, |_, key, v, at| {
        let form = match key {
            "hourly" => ServiceCost::Hourly,
            "monthly" => ServiceCost::Monthly,
            "total" => ServiceCost::Total,
            _ => return Ok(false),
        };
        several |= cost.replace(form(Cx::amount(v, at)?)).is_some();
        Ok(true)
    })?;
    one_form(cost, several, at, "give one of `hourly`, `monthly` and `total`")
}

pub(super) fn service(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Service> {
    let (mut namespace, mut name) = (None, None);
    let mut s = Service::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            "type" => s.r#type = Some(cx.name(v, at)?),
            "selector" => s.selector = Some(pod::selector(cx, v, at)?),
            "ready_endpoints" => s.ready_endpoints = Some(sorted(cx.names(v, at)?)),
            "annotations" => s.annotations = Some(cx.labels(v, at)?),
            "created_at" => s.created_at = Some(Cx::time(v, at)?),
            "cost" => s.cost = Some(service_cost(cx, v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    s.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    s.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(s)
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list
}

pub(super) fn ingress(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Ingress> {
    let (mut namespace, mut name) = (None, None);
    let mut i = Ingress::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            "backends" => i.backends = Some(sorted(cx.names(v, at)?)),
            "tls_secrets" => i.tls_secrets = Some(sorted(cx.names(v, at)?)),
            "annotations" => i.annotations = Some(cx.labels(v, at)?),
            "created_at" => i.created_at = Some(Cx::time(v, at)?),
            "cost" => i.cost = Some(service_cost(cx, v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    i.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    i.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(i)
}

pub(super) fn autoscaler(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Autoscaler> {
    let (mut kind, mut namespace, mut name) = (None, None, None);
    let mut a = Autoscaler::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "kind" => kind = Some(cx.name(v, at)?),
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            "target" => a.target = Some(pod::owner(cx, v, at)?),
            "min" => a.min = Some(Cx::count(v, at)?),
            "max" => a.max = Some(Cx::count(v, at)?),
            "current" => a.current = Some(Cx::count(v, at)?),
            "metrics" => a.metrics = Some(sorted(cx.list(v, at, scaling_metric)?)),
            "behavior" => a.behavior = Some(behavior(cx, v, at)?),
            "mode" => a.mode = Some(cx.name(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    a.kind = kind.ok_or_else(|| missing(at, "kind"))?;
    a.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    a.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(a)
}

fn scaling_metric(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<ScalingMetric> {
    let mut resource = None;
    let mut m = ScalingMetric::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "resource" => resource = Some(cx.name(v, at)?),
            "target_utilization" => m.target_utilization = Some(Cx::count(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    m.resource = resource.ok_or_else(|| missing(at, "resource"))?;
    Ok(m)
}

fn behavior(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Behavior> {
    let mut b = Behavior::default();
    cx.members(tree, at, |_, key, v, at| {
        match key {
            "scale_up_stabilization_seconds" => b.scale_up_stabilization_seconds = Some(Cx::count(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(b)
}

pub(super) fn budget(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Budget> {
    let (mut namespace, mut name) = (None, None);
    let mut b = Budget::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            "selector" => b.selector = Some(pod::selector(cx, v, at)?),
            "disruptions_allowed" => b.disruptions_allowed = Some(Cx::count(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    b.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    b.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(b)
}

pub(super) fn limit_range(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<LimitRange> {
    let (mut namespace, mut name) = (None, None);
    let mut l = LimitRange::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            "min" => l.min = Some(cx.resources(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    l.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    l.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(l)
}

pub(super) fn config_object(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<ConfigObject> {
    let (mut kind, mut namespace, mut name) = (None, None, None);
    let mut c = ConfigObject::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "kind" => kind = Some(cx.name(v, at)?),
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            "type" => c.r#type = Some(cx.name(v, at)?),
            "keys" => c.keys = Some(sorted(cx.names(v, at)?)),
            "bytes" => c.bytes = Some(Cx::count(v, at)?),
            "owner" => c.owner = Some(pod::owner(cx, v, at)?),
            "created_at" => c.created_at = Some(Cx::time(v, at)?),
            "labels" => c.labels = Some(cx.labels(v, at)?),
            "annotations" => c.annotations = Some(cx.labels(v, at)?),
            "secrets" => c.secrets = Some(sorted(cx.names(v, at)?)),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    c.kind = kind.ok_or_else(|| missing(at, "kind"))?;
    c.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    c.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(c)
}

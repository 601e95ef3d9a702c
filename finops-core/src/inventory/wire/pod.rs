//! Reads pods and containers.

use super::super::{
    Affinity, Condition, Container, ContainerType, Expression, Labels, Name, Owner, Pod, Scheduling, Spread,
    Status, Termination, Toleration, VolumeUse,
    cx::{Cx, invalid, missing},
    tree::{At, Tree},
};
use crate::{error::Fault, time::Timestamp};
use std::sync::Arc;

type Result<T> = std::result::Result<T, Fault>;

pub(super) fn pod(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Pod> {
    let (mut namespace, mut name) = (None, None);
    let mut p = Pod::default();
    let mut s = Scheduling::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "namespace" => namespace = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            "node" => p.node = Some(cx.name(v, at)?),
            "phase" => p.phase = Some(cx.name(v, at)?),
            "owner" => {
                let owner = owner(cx, v, at)?;
                p.owner = Some(cx.owner(owner));
            }
            "labels" => p.labels = Some(cx.labels(v, at)?),
            "annotations" => p.annotations = Some(cx.labels(v, at)?),
            "created_at" => p.created_at = Some(Cx::time(v, at)?),
            "start" => p.start = Some(Cx::time(v, at)?),
            "end" => p.end = Some(Cx::time(v, at)?),
            "containers" => p.containers = cx.list(v, at, container)?.into(),
            "overhead" => p.overhead = Some(cx.resources(v, at)?),
            "resources" => p.resources = Some(cx.resources(v, at)?),
            "node_selector" => s.node_selector = Some(cx.labels(v, at)?),
            "tolerations" => s.tolerations = Some(cx.list(v, at, toleration)?),
            "affinity" => s.affinity = Some(affinity(cx, v, at)?),
            "spread" => s.spread = Some(cx.list(v, at, spread)?),
            "host_port" => s.host_port = Some(Cx::flag(v, at)?),
            "volumes" => p.volumes = Some(volumes(cx, v, at)?),
            "conditions" => p.conditions = Some(cx.list(v, at, condition)?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    p.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    p.name = name.ok_or_else(|| missing(at, "name"))?;
    p.scheduling = (s != Scheduling::default()).then(|| cx.scheduling(s));
    Ok(p)
}

pub(super) fn owner(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Owner> {
    let (mut kind, mut name) = (None, None);
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "kind" => kind = Some(cx.name(v, at)?),
            "name" => name = Some(cx.name(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let kind = kind.ok_or_else(|| missing(at, "kind"))?;
    Ok(Owner { kind, name: name.ok_or_else(|| missing(at, "name"))? })
}

pub(super) fn volumes(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Arc<[VolumeUse]>> {
    const HELP: &str = "give one of `claim`, `config_map`, `secret`, `empty_dir` and `host_path`";
    let uses = cx.list(tree, at, |cx, tree, at| {
        let mut found = None;
        cx.members(tree, at, |cx, key, v, at| {
            let name = cx.name(v, at);
            found = Some(match key {
                "claim" => VolumeUse::Claim(name?),
                "config_map" => VolumeUse::ConfigMap(name?),
                "secret" => VolumeUse::Secret(name?),
                "empty_dir" => VolumeUse::EmptyDir(name?),
                "host_path" => VolumeUse::HostPath(name?),
                _ => return Ok(false),
            });
            Ok(true)
        })?;
        found.ok_or_else(|| invalid(at, "names no volume", HELP))
    })?;
    Ok(cx.volumes(uses))
}

pub(super) fn container(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Container> {
    let mut name = None;
    let mut c = Container::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "name" => name = Some(cx.name(v, at)?),
            "type" => {
                let types = [ContainerType::App, ContainerType::Sidecar, ContainerType::Init];
                c.r#type = one_of(v, at, types, ContainerType::as_str, "give `app`, `sidecar` or `init`")?;
            }
            "requests" => c.requests = Some(cx.resources(v, at)?),
            "limits" => c.limits = Some(cx.resources(v, at)?),
            "env_refs" => {
                let names = cx.names(v, at)?;
                c.env_refs = Some(cx.references(names));
            }
            "running" => c.running = Some(cx.list(v, at, interval)?.into()),
            "restarts" => c.restarts = Some(Cx::count(v, at)?),
            "waiting" => c.waiting = Some(cx.name(v, at)?),
            "last_termination" => c.last_termination = Some(Box::new(termination(cx, v, at)?)),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    c.name = name.ok_or_else(|| missing(at, "name"))?;
    Ok(c)
}

fn one_of<T: Copy, const N: usize>(
    tree: &Tree<'_>,
    at: &At<'_>,
    all: [T; N],
    name: fn(T) -> &'static str,
    help: &'static str,
) -> Result<T> {
    let text = Cx::text(tree, at)?;
    let found = all.into_iter().find(|value| name(*value) == text);
    found.ok_or_else(|| invalid(at, format!("`{}` is not known", crate::error::shorten(text)), help))
}

fn interval(_: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<(Timestamp, Option<Timestamp>)> {
    const HELP: &str = "give [start, end], or [start, null] for what still runs";
    let Some([start, end]) = tree.as_array() else { return Err(invalid(at, "is no pair", HELP)) };
    let start = Cx::time(start, &at.index(0))?;
    let end = if *end == Tree::Null { None } else { Some(Cx::time(end, &at.index(1))?) };
    if end.is_some_and(|end| end < start) {
        return Err(invalid(at, "ends before its start", HELP));
    }
    Ok((start, end))
}

fn termination(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Termination> {
    let mut t = Termination::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "reason" => t.reason = Some(cx.name(v, at)?),
            "at" => t.at = Some(Cx::time(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(t)
}

fn condition(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Condition> {
    let mut name = None;
    let mut c = Condition::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "type" => name = Some(cx.name(v, at)?),
            "status" => {
                let all = [Status::True, Status::False, Status::Unknown];
                c.status = one_of(v, at, all, Status::as_str, "give `True`, `False` or `Unknown`")?;
            }
            "since" => c.since = Some(Cx::time(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    c.r#type = name.ok_or_else(|| missing(at, "type"))?;
    Ok(c)
}

fn toleration(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Toleration> {
    let mut t = Toleration::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "key" => t.key = Some(cx.name(v, at)?),
            "operator" => t.operator = Some(cx.name(v, at)?),
            "value" => t.value = Some(cx.name(v, at)?),
            "effect" => t.effect = Some(cx.name(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(t)
}

fn affinity(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Affinity> {
    let mut a = Affinity::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "node_terms" => a.node_terms = Some(cx.list(v, at, |cx, v, at| cx.list(v, at, expression))?),
            "pod_affinity" => a.pod_affinity = Cx::flag(v, at)?,
            "pod_anti_affinity" => a.pod_anti_affinity = Cx::flag(v, at)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(a)
}

pub(in crate::inventory) fn expression(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Expression> {
    let (mut key_of, mut operator) = (None, None);
    let mut values: Vec<Name> = Vec::new();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "key" => key_of = Some(cx.name(v, at)?),
            "operator" => operator = Some(cx.name(v, at)?),
            "values" => values = cx.names(v, at)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let key = key_of.ok_or_else(|| missing(at, "key"))?;
    Ok(Expression { key, operator: operator.ok_or_else(|| missing(at, "operator"))?, values })
}

fn spread(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Spread> {
    let mut s = Spread::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "topology_key" => s.topology_key = cx.name(v, at)?,
            "when_unsatisfiable" => s.when_unsatisfiable = cx.name(v, at)?,
            "max_skew" => s.max_skew = Some(Cx::count(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(s)
}

/// A selector: labels, `{}` for every object.
pub(super) fn selector(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Labels> {
    cx.labels(tree, at)
}

//! Pods: what they ask for, where they ran and when.

use super::{
    super::{
        Condition, Container, ContainerType, Metric, Name, Owner, Pod, Resources, Status, Termination,
        UsageData, UsageSeries, UsageSubject, UsageSummary,
        cx::{Cx, missing},
        tree::{At, Tree},
    },
    object::{Meta, Result, deep, find, items, name, opt, text},
    template,
};
use crate::time::Timestamp;

/// A pod and the owner that it names itself.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) pod: Pod,
    pub(super) owner: Option<Owner>,
}

type Runs = Vec<(Timestamp, Option<Timestamp>)>;

pub(super) fn read(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<Read> {
    let empty = Tree::Null;
    let spec = tree.get("spec").ok_or_else(|| missing(at, "spec"))?;
    let status = tree.get("status").unwrap_or(&empty);
    let (spec_at, status_at) = (at.name("spec"), at.name("status"));
    let mut containers = template::containers(cx, spec, &spec_at)?;
    let start = opt(status, &status_at, "startTime", Cx::time)?;
    let phase = name(cx, status, "phase");
    let node = name(cx, spec, "nodeName");
    let mut stated = false;
    for member in ["initContainerStatuses", "containerStatuses"] {
        let at = status_at.name(member);
        for (index, tree) in items(status, member).iter().enumerate() {
            let own = text(tree, "name").unwrap_or_default();
            if let Some(container) = containers.iter_mut().find(|container| container.name == *own) {
                stated = true;
                state(cx, container, tree, &at.index(index))?;
            }
        }
    }
    let running = phase.as_deref() == Some("Running");
    for container in &mut containers {
        if container.running.is_none() {
            let whole = running && !stated && container.r#type != ContainerType::Init;
            let runs: Runs = start.filter(|_| whole).map(|start| (start, None)).into_iter().collect();
            container.running = Some(runs.into());
        }
    }
    let end = end_of(meta, phase.as_deref(), &containers);
    cut(&mut containers, meta.deleted_at);
    let pod = Pod {
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        node,
        phase,
        owner: None,
        labels: meta.labels.clone(),
        annotations: meta.annotations.clone(),
        created_at: meta.created_at,
        start,
        end,
        containers: containers.into(),
        overhead: opt(spec, &spec_at, "overhead", |v, at| cx.resources(v, at))?,
        resources: deep(spec, &spec_at, "resources.requests", |v, at| cx.resources(v, at))?,
        scheduling: template::scheduling(cx, spec, &spec_at)?,
        volumes: Some(template::volumes(cx, spec, &meta.name)),
        conditions: conditions(cx, status, &status_at)?,
    };
    Ok(Read { pod, owner: meta.owner.clone() })
}

/// When a pod ended: its deletion, or the last end of its containers once all of them are done.
fn end_of(meta: &Meta, phase: Option<&str>, containers: &[Container]) -> Option<Timestamp> {
    let done = matches!(phase, Some("Succeeded" | "Failed"));
    let last = || containers.iter().flat_map(|c| c.running.iter().flatten()).filter_map(|run| run.1).max();
    meta.deleted_at.or_else(|| last().filter(|_| done))
}

/// What still runs in a pod that is being deleted ends with it.
fn cut(containers: &mut [Container], deleted_at: Option<Timestamp>) {
    let Some(end) = deleted_at else { return };
    for run in containers.iter_mut().flat_map(|container| container.running.iter_mut().flatten()) {
        if run.1.is_none() {
            run.1 = Some(end.max(run.0));
        }
    }
}

/// What the status of a container says: resources in force, runs, restarts, how it ended.
fn state(cx: &mut Cx, container: &mut Container, tree: &Tree<'_>, at: &At<'_>) -> Result<()> {
    let requests = deep(tree, at, "resources.requests", |v, at| cx.resources(v, at))?;
    let limits = deep(tree, at, "resources.limits", |v, at| cx.resources(v, at))?;
    let over = |cx: &mut Cx, spec: Option<Resources>, status: Option<Resources>| match (spec, status) {
        (Some(spec), Some(status)) => Some(template::merged(cx, &spec, Some(&status))),
        (spec, status) => status.or(spec),
    };
    if requests.is_some() || limits.is_some() {
        container.limits = over(cx, container.limits.take(), limits);
        let requests = over(cx, container.requests.take(), requests);
        container.requests = template::defaulted(cx, requests, container.limits.as_ref());
    }
    let mut runs: Runs = Vec::new();
    let mut last = None;
    for (path, of_now) in [("lastState.terminated", false), ("state.terminated", true)] {
        let Some(end) = find(tree, path) else { continue };
        let at = at.name(path);
        let started = opt(end, &at, "startedAt", Cx::time)?;
        let finished = opt(end, &at, "finishedAt", Cx::time)?;
        if let (Some(started), Some(finished)) = (started, finished) {
            // A clock that was set back gives an end before the start: then it ran for no time.
            runs.push((started, Some(finished.max(started))));
        }
        if of_now || last.is_none() {
            last = Some(Termination { reason: name(cx, end, "reason"), at: finished });
        }
    }
    if let Some(started) = deep(tree, at, "state.running.startedAt", Cx::time)? {
        runs.push((started, None));
    }
    runs.sort_unstable();
    container.running = Some(runs.into());
    container.restarts = opt(tree, at, "restartCount", Cx::count)?;
    container.waiting = name(cx, tree, "state.waiting.reason");
    container.last_termination = last.map(Box::new);
    Ok(())
}

/// Readiness, and what keeps a pod from a node: the other conditions say nothing that the record does not.
fn conditions(cx: &mut Cx, status: &Tree<'_>, at: &At<'_>) -> Result<Option<Box<[Condition]>>> {
    let Some(all) = status.get("conditions").and_then(Tree::as_array) else { return Ok(None) };
    let at = at.name("conditions");
    let mut kept = Vec::new();
    for (index, tree) in all.iter().enumerate() {
        let status = match text(tree, "status") {
            Some("True") => Status::True,
            Some("False") => Status::False,
            _ => Status::Unknown,
        };
        let kind = text(tree, "type").unwrap_or_default();
        if kind == "Ready" || (kind == "PodScheduled" && status != Status::True) {
            let since = opt(tree, &at.index(index), "lastTransitionTime", Cx::time)?;
            kept.push(Condition { r#type: cx.share(kind), status, since });
        }
    }
    kept.sort();
    Ok(Some(kept.into()))
}

pub(super) fn metrics(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<Vec<UsageSeries>> {
    let at = at.name("containers");
    let mut all = Vec::new();
    for (index, container) in items(tree, "containers").iter().enumerate() {
        let at = at.index(index);
        let own: Name = name(cx, container, "name").ok_or_else(|| missing(&at, "name"))?;
        let usage = container.get("usage").ok_or_else(|| missing(&at, "usage"))?;
        let subject = UsageSubject::Pod {
            namespace: meta.namespace.clone(),
            pod: meta.name.clone(),
            container: Some(own),
            device: None,
        };
        all.extend(summary_of_one(cx, tree, usage, &at.name("usage"), &subject)?);
    }
    Ok(all)
}

/// The one sample of an object of `metrics.k8s.io`, over the window before its timestamp.
pub(super) fn summary_of_one(
    cx: &mut Cx,
    object: &Tree<'_>,
    usage: &Tree<'_>,
    at: &At<'_>,
    subject: &UsageSubject,
) -> Result<Vec<UsageSeries>> {
    let end = opt(object, &At::ROOT, "timestamp", Cx::time)?;
    let window_ms = text(object, "window").and_then(duration_ms);
    let usage = cx.resources(usage, at)?;
    let metrics = [(Metric::CpuUsage, usage.cpu()), (Metric::MemoryWorkingSet, usage.memory())];
    let known =
        metrics.into_iter().filter_map(|(metric, amount)| amount.map(|amount| (metric, amount.nano())));
    let series = known.map(|(metric, nano)| {
        let value = Some(nano);
        let start = end.zip(window_ms).map(|(end, ms)| end.saturating_add_ms(ms.saturating_neg()));
        let summary = UsageSummary {
            mean: value,
            p50: value,
            p95: value,
            p99: value,
            max: value,
            samples: Some(1),
            start,
            end,
        };
        UsageSeries { subject: subject.clone(), metric, data: UsageData::Summary(Box::new(summary)) }
    });
    Ok(series.collect())
}

/// A duration of Go such as `30s` or `1m30.5s` in milliseconds.
fn duration_ms(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let ms = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1000,
            "ms" => 1,
            _ => return None,
        };
        let thousandths = super::super::decimal::scaled(number.as_bytes(), 3).ok()?;
        total = total.checked_add(thousandths.checked_mul(ms)?.checked_div(1000)?)?;
        rest = next;
    }
    Some(total)
}

//! Reads usage, logs and costs that are known.

use super::super::{
    KnownCost, LogVolume, Metric, Name, Sample, UsageData, UsageSeries, UsageSubject, UsageSummary,
    cx::{Cx, invalid, missing},
    decimal,
    tree::{At, Tree},
};
use crate::{
    error::{Fault, shorten},
    time::Timestamp,
};
use rust_decimal::Decimal;

type Result<T> = std::result::Result<T, Fault>;

/// Decimal places of the integer unit of a metric in the wire form: 9 for cores.
pub(in crate::inventory) const fn places(metric: Metric) -> u32 {
    match (metric, metric.unit()) {
        (Metric::GpuDutyPercent, _) => 4,
        (_, super::super::Unit::Nanocores) => 9,
        (_, super::super::Unit::Ppm) => 6,
        _ => 0,
    }
}

/// A value of samples as the wire form writes it.
pub(in crate::inventory) fn unit_text(value: i64, metric: Metric) -> String {
    decimal::text(value.into(), places(metric))
}

/// Every series; one of a metric that is not known is counted and left out.
pub(super) fn all(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Vec<UsageSeries>> {
    let found = cx.list(tree, at, series)?;
    Ok(found.into_iter().flatten().collect())
}

fn series(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<Option<UsageSeries>> {
    let metric_tree = tree.get("metric").ok_or_else(|| missing(at, "metric"))?;
    let metric_at = at.name("metric");
    let Some(metric) = Metric::from_name(Cx::text(metric_tree, &metric_at)?) else {
        cx.unknown(&metric_at);
        return Ok(None);
    };
    let (mut subject, mut step, mut samples, mut summary) = (None, None, None, None);
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "metric" => {}
            "subject" => subject = Some(subject_of(cx, v, at)?),
            "step_seconds" => step = Some(Cx::count::<u32>(v, at)?),
            "samples" => samples = Some(cx.list(v, at, |_, v, at| sample(v, at, metric))?),
            "summary" => summary = Some(summary_of(cx, v, at, metric)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let subject = subject.ok_or_else(|| missing(at, "subject"))?;
    let data = match (samples, summary) {
        (Some(mut samples), _) => {
            let step_seconds = step.filter(|step| *step > 0).ok_or_else(|| missing(at, "step_seconds"))?;
            // Of two samples of one time the last counts.
            samples.reverse();
            samples.sort_by_key(|sample| sample.at);
            samples.dedup_by_key(|sample| sample.at);
            UsageData::Samples { step_seconds, samples }
        }
        (None, Some(summary)) => UsageData::Summary(Box::new(summary)),
        (None, None) => {
            return Err(invalid(at, "has neither `samples` nor `summary`", "give one of them"));
        }
    };
    Ok(Some(UsageSeries { subject, metric, data }))
}

fn sample(tree: &Tree<'_>, at: &At<'_>, metric: Metric) -> Result<Sample> {
    let Some([time, value]) = tree.as_array() else {
        return Err(invalid(at, "is no pair", "give [time, \"value\"]"));
    };
    let seconds = Cx::time(time, &at.index(0))?.ms().div_euclid(1000);
    let (Tree::Number(_) | Tree::String(_)) = value else {
        return Err(invalid(&at.index(1), format!("is {}, not a number", value.what()), "give a decimal"));
    };
    let text = match value {
        Tree::Number(text) => text,
        other => other.as_str().unwrap_or_default(),
    };
    match decimal::scaled(text.as_bytes(), places(metric).into()) {
        Ok(value) if value >= 0 => Ok(Sample { at: seconds, value }),
        _ => {
            let problem = format!("`{}` is no decimal number from 0 in range", shorten(text));
            Err(invalid(&at.index(1), problem, "give a plain decimal such as `0.25`"))
        }
    }
}

fn summary_of(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>, metric: Metric) -> Result<UsageSummary> {
    let mut s = UsageSummary::default();
    let per = metric.wire_scale();
    cx.members(tree, at, |_, key, v, at| {
        match key {
            "mean" => s.mean = Some(Cx::nano(v, at, per)?),
            "p50" => s.p50 = Some(Cx::nano(v, at, per)?),
            "p95" => s.p95 = Some(Cx::nano(v, at, per)?),
            "p99" => s.p99 = Some(Cx::nano(v, at, per)?),
            "max" => s.max = Some(Cx::nano(v, at, per)?),
            "samples" => s.samples = Some(Cx::count(v, at)?),
            "start" => s.start = Some(Cx::time(v, at)?),
            "end" => s.end = Some(Cx::time(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(s)
}

fn subject_of(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<UsageSubject> {
    const HELP: &str =
        "give {node}, {namespace, pod, container}, {namespace, workload, container} or {claim}";
    let [mut node, mut namespace, mut pod, mut workload, mut container] = [const { None::<Name> }; 5];
    let [mut device, mut claim, mut autoscaler, mut level] = [const { None::<Name> }; 4];
    cx.members(tree, at, |cx, key, v, at| {
        let place = match key {
            "node" => &mut node,
            "namespace" => &mut namespace,
            "pod" => &mut pod,
            "workload" => &mut workload,
            "container" => &mut container,
            "device" => &mut device,
            "claim" => &mut claim,
            "autoscaler" => &mut autoscaler,
            "level" => &mut level,
            _ => return Ok(false),
        };
        *place = Some(cx.name(v, at)?);
        Ok(true)
    })?;
    let mut pair = |text: &Name, help| {
        let Some((one, other)) = text.split_once('/') else {
            return Err(invalid(at, format!("`{}` has no `/`", shorten(text)), help));
        };
        Ok((cx.share(one), cx.share(other)))
    };
    if let Some(claim) = claim {
        let (namespace, name) = pair(&claim, "write the claim as `namespace/name`")?;
        return Ok(UsageSubject::Claim { namespace, name });
    }
    if let Some(autoscaler) = autoscaler {
        let (namespace, name) = pair(&autoscaler, "write the autoscaler as `namespace/name`")?;
        return Ok(UsageSubject::Autoscaler { namespace, name });
    }
    let Some(namespace) = namespace else {
        return node.map(UsageSubject::Node).ok_or_else(|| invalid(at, "names nobody", HELP));
    };
    match (pod, workload, container, level) {
        (Some(pod), _, container, _) => Ok(UsageSubject::Pod { namespace, pod, container, device }),
        (None, Some(workload), container, _) => {
            let (kind, name) = pair(&workload, "write the workload as `Kind/name`")?;
            Ok(UsageSubject::Workload { namespace, kind, name, container })
        }
        (None, None, Some(container), Some(level)) => Ok(UsageSubject::Log { namespace, container, level }),
        _ => Err(invalid(at, "names nobody", HELP)),
    }
}

pub(super) fn log(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<LogVolume> {
    let (mut namespace, mut workload) = (None, None);
    let mut l = LogVolume::default();
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "namespace" => namespace = Some(cx.name(v, at)?),
            "workload" => workload = Some(cx.name(v, at)?),
            "container" => l.container = Some(cx.name(v, at)?),
            "window_hours" => l.window_hours = Some(Cx::amount(v, at)?),
            "bytes_by_level" => cx.members(v, at, |cx, level, v, at| {
                l.bytes_by_level.insert(cx.share(level), Cx::count(v, at)?);
                Ok(true)
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    l.namespace = namespace.ok_or_else(|| missing(at, "namespace"))?;
    l.workload = workload.ok_or_else(|| missing(at, "workload"))?;
    Ok(l)
}

pub(super) fn known_cost(cx: &mut Cx, tree: &Tree<'_>, at: &At<'_>) -> Result<KnownCost> {
    let (mut workload, mut hours, mut cost) = (None, None::<Decimal>, None);
    cx.members(tree, at, |cx, key, v, at| {
        match key {
            "workload" => workload = Some(cx.name(v, at)?),
            "window_hours" => hours = Some(Cx::amount(v, at)?),
            "cost" => cost = Some(Cx::amount(v, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let window_hours = hours.ok_or_else(|| missing(at, "window_hours"))?;
    if window_hours.is_zero() {
        return Err(invalid(&at.name("window_hours"), "is 0", "give the hours that the cost is of"));
    }
    let workload = workload.ok_or_else(|| missing(at, "workload"))?;
    Ok(KnownCost { workload, window_hours, cost: cost.ok_or_else(|| missing(at, "cost"))? })
}

/// RFC 3339 in UTC, without a fraction where it is 0.
pub(in crate::inventory) fn time_text(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix(".000Z").map(|whole| format!("{whole}Z")).unwrap_or(text)
}

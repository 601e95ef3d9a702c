//! Time in which nothing happens: nights and weekends, and what is left of workloads at zero replicas.

use super::{
    common::{Verdict, count, of_works, open, risk_of, saving_of, team},
    figures::{Figures, in_window},
    index::{Index, TWO_WEEKS, Work},
    price::{balancer_month, sample_nano, volume_month},
};
use crate::{
    inventory::{Metric, UsageSeries, UsageSubject, VolumeUse},
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, Measured,
        OpportunityType, Ratio, Reason, RiskFactor, Setting, Value, Walk,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Hours of a week.
const WEEK_HOURS: i64 = 168;
/// The environments that may sleep (specification, section 5).
const ENVIRONMENTS: [&str; 4] = ["dev", "test", "staging", "qa"];

pub(super) struct OffHours;
pub(super) struct Leftovers;

impl Detector for OffHours {
    fn id(&self) -> &'static str {
        "k8s.offhours_idle"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number(
                    "idle_share",
                    "0.05",
                    "share of the requested CPU below which an hour is idle",
                ),
                Setting::number("idle_hours", "40", "idle hours a week from which a schedule is worth it"),
                Setting::number("minimum_hours", "168", "hours measured: each hour of the week once"),
            ]
        }
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let share = cx.config.number(self, "idle_share");
        let hours = cx.config.number(self, "idle_hours");
        let span = cx.config.count(self, "minimum_hours").saturating_mul(3600);
        Some(of_works(index, move |work| self.judge(index, work, &share, &hours, span)))
    }
}

/// CPU of one clock hour: what was used on average over all series, and what those had requested.
#[derive(Default)]
struct Hour {
    used: Ratio,
    requested: i128,
}

/// The requests in nanocores of what a series measures.
fn requested(work: &Work<'_>, series: &UsageSeries) -> i128 {
    let (UsageSubject::Pod { container, .. } | UsageSubject::Workload { container, .. }) = &series.subject
    else {
        return 0;
    };
    let parts = work.parts.iter().filter(|part| container.as_ref().is_none_or(|name| name == part.name));
    let requests = parts.filter_map(|part| part.record.requests.as_ref()?.cpu());
    requests.map(|cores| cores.nano()).fold(0, i128::saturating_add)
}

/// The hours of the week that were idle in every week seen, counted from Monday 00:00 UTC.
fn idle_hours(index: &Index<'_>, work: &Work<'_>, idle_share: &Ratio) -> BTreeSet<i64> {
    let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
    for series in index.all_series(work, Metric::CpuUsage) {
        let requested = requested(work, series);
        let samples = in_window(series, index.as_of, TWO_WEEKS);
        // A sample at `t` describes the step before it.
        let hour_of = |at: i64| at.saturating_sub(1).div_euclid(3600);
        for samples in samples.chunk_by(|one, other| hour_of(one.at) == hour_of(other.at)) {
            let Some(first) = samples.first() else { continue };
            let sum = samples.iter().map(|sample| sample_nano(series, sample.value));
            let sum = sum.fold(0, i128::saturating_add);
            let hour = hours.entry(hour_of(first.at)).or_default();
            let mean = Ratio::new(sum, i128::try_from(samples.len()).unwrap_or(1)).unwrap_or_default();
            hour.used = hour.used.plus(&mean);
            hour.requested = hour.requested.saturating_add(requested);
        }
    }
    // 1970-01-01 was a Thursday: Monday 00:00 UTC is hour 0 of the ISO week.
    let mut idle: BTreeMap<i64, bool> = BTreeMap::new();
    for (hour, found) in hours {
        let of_week = hour.saturating_add(72).rem_euclid(WEEK_HOURS);
        let is_idle = found.used < Ratio::from(found.requested).times(idle_share);
        let all = idle.entry(of_week).or_insert(true);
        *all = *all && is_idle;
    }
    idle.into_iter().filter(|(_, idle)| *idle).map(|(hour, _)| hour).collect()
}

/// Hours of the week in words, neighbouring days of the same hours together: `Mon-Fri 00:00-07:00, 20:00-24:00; Sat-Sun
/// 00:00-24:00`.
fn in_words(idle: &BTreeSet<i64>) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let of_day = |day: i64| {
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for hour in (0..24_i64).filter(|hour| idle.contains(&day.saturating_mul(24).saturating_add(*hour))) {
            match ranges.last_mut() {
                Some((_, end)) if *end == hour => *end = hour.saturating_add(1),
                _ => ranges.push((hour, hour.saturating_add(1))),
            }
        }
        ranges.iter().map(|(from, to)| format!("{from:02}:00-{to:02}:00")).collect::<Vec<_>>().join(", ")
    };
    let days: Vec<(&str, String)> = DAYS.into_iter().zip((0..).map(of_day)).collect();
    let runs = days.chunk_by(|(_, one), (_, other)| one == other);
    let words = runs.filter_map(|run| {
        let ((first, hours), (last, _)) = (run.first()?, run.last()?);
        let days = if first == last { (*first).to_owned() } else { format!("{first}-{last}") };
        (!hours.is_empty()).then(|| format!("{days} {hours}"))
    });
    words.collect::<Vec<_>>().join("; ")
}

impl OffHours {
    fn judge(
        &self,
        index: &Index<'_>,
        work: &Work<'_>,
        idle_share: &Ratio,
        least: &Ratio,
        span: u64,
    ) -> Verdict {
        let opportunity = OpportunityType::MisconfiguredAutoscaling;
        let judged = open(self.id(), opportunity, &work.subject, work.excluded)?;
        let record = work.record;
        if ["Job", "CronJob", "DaemonSet"].iter().any(|kind| record.kind == *kind) {
            return Err(judged.inapplicable(Reason::WrongKind));
        }
        let environment = index.environment(work);
        if !environment.is_some_and(|found| ENVIRONMENTS.iter().any(|word| found.eq_ignore_ascii_case(word)))
        {
            return Err(judged.inapplicable(Reason::WrongEnvironment));
        }
        let requests =
            |part: &super::index::Part<'_>| part.record.requests.as_ref().and_then(|all| all.cpu());
        if !work.parts.iter().filter_map(requests).any(|cores| cores.nano() > 0) {
            return Err(judged.inapplicable(Reason::NoRequest));
        }
        let mut all = index.all_series(work, Metric::CpuUsage).peekable();
        if all.peek().is_none() {
            return Err(judged.undetermined(Reason::NoUsage));
        }
        let raw = all.filter(|series| series.summary().is_none());
        // A summary has no hours.
        let Some(figures) = Figures::of(raw, index.as_of, TWO_WEEKS) else {
            return Err(judged.undetermined(Reason::NotEnoughSamples));
        };
        let evidence = || {
            super::common::evidence_of("cpu_usage", &figures, TWO_WEEKS)
                .threshold("idle_share", idle_share.clone())
                .threshold("idle_hours", least.clone())
        };
        if figures.span_seconds().is_none_or(|seconds| seconds < span) {
            return Err(Assessment { evidence: evidence(), ..judged.undetermined(Reason::NotEnoughSamples) });
        }
        let found = idle_hours(index, work, idle_share);
        let hours = i64::try_from(found.len()).unwrap_or(WEEK_HOURS);
        let idle = Ratio::from(hours);
        let evidence = evidence().observed("idle_hours", count(hours));
        if idle < *least {
            return Err(Assessment { evidence, ..judged.ok(Reason::Active) });
        }
        let share = idle.over(&Ratio::from(WEEK_HOURS)).unwrap_or_default();
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            saving_of(index, work, &share, ClaimKind::Schedule),
            Confidence::metric(&[Measured::Above(idle, least.clone())]).covered(&figures.coverage(TWO_WEEKS)),
            risk_of(index, work, Ratio::thousandths(300), None),
        );
        finding.after = vec![
            ("idle_hours_a_week", count(hours)),
            ("idle_hours_utc", in_words(&found).into()),
            ("replicas_while_idle", count(0_i64)),
        ];
        finding.team = team(work);
        Ok(finding)
    }
}

impl Detector for Leftovers {
    fn id(&self) -> &'static str {
        "k8s.scaled_to_zero_leftovers"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("days", "14", "days without a replica")] }
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let least = cx.config.count(self, "days").saturating_mul(86_400);
        Some(of_works(index, move |work| self.judge(index, work, least)))
    }
}

/// Whether a claim was made for a replica of a StatefulSet's template: `template-workload-ordinal`.
pub(super) fn is_of_template(claim: &str, template: &str, workload: &str) -> bool {
    let rest = claim.strip_prefix(template).and_then(|rest| rest.strip_prefix('-'));
    let ordinal = rest.and_then(|rest| rest.strip_prefix(workload)).and_then(|rest| rest.strip_prefix('-'));
    ordinal.is_some_and(|ordinal| !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a claim belongs to a workload: named by its template, or made from one of its claim templates.
fn owns(work: &Work<'_>, claim: &str) -> bool {
    let named = work.record.volumes.iter().flat_map(|volumes| volumes.iter());
    let mut named = named.filter_map(|volume| match volume {
        VolumeUse::Claim(name) => Some(name.as_str()),
        _ => None,
    });
    let mut templates = work.record.volume_claim_templates.iter().flatten();
    named.any(|name| name == claim)
        || templates.any(|template| is_of_template(claim, &template.name, &work.record.name))
}

impl Leftovers {
    fn judge(&self, index: &Index<'_>, work: &Work<'_>, least: u64) -> Verdict {
        let judged = open(self.id(), OpportunityType::UnusedResources, &work.subject, work.excluded)?;
        let record = work.record;
        if record.replicas != Some(0) {
            return Err(judged.inapplicable(Reason::NotScaledToZero));
        }
        let inventory = index.inventory;
        if inventory.volumes.is_none() && inventory.services.is_none() {
            return Err(judged.undetermined(Reason::NoServiceData));
        }
        let (estimate, left, data) = self.left(index, work);
        if left.is_empty() {
            return Err(judged.ok(Reason::NothingLeft));
        }
        // Kubernetes does not say since when: the usage that ended does.
        if inventory.usage.is_none() {
            return Err(judged.undetermined(Reason::NoUsage));
        }
        let Some(age) = index.age(record.created_at) else {
            return Err(judged.undetermined(Reason::NoAge));
        };
        let ran = index.all_series(work, Metric::CpuUsage);
        let ran = Figures::of(ran, index.as_of, least).and_then(|figures| figures.window());
        let recently = ran.is_some_and(|(_, end)| super::figures::seconds_between(end, index.as_of) < least);
        if age <= least || recently {
            return Err(judged.inapplicable(Reason::TooYoung));
        }
        let mut risk = risk_of(index, work, Ratio::thousandths(200), None);
        risk.consider(RiskFactor::DataWithoutSnapshot, Some(data));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            Evidence::from_source("workloads.replicas").with("leftovers", Value::List(left)),
            estimate,
            Confidence::fact(),
            risk,
        );
        finding.reason = Some(Reason::ScaledToZero);
        finding.after = vec![("state", Value::Word("deleted"))];
        finding.team = team(work);
        Ok(finding)
    }

    /// What is left, what it costs, and whether it is data without a snapshot.
    fn left(&self, index: &Index<'_>, work: &Work<'_>) -> (Estimate, Vec<Value>, bool) {
        let (inventory, config) = (index.inventory, index.config);
        let namespace = &work.record.namespace;
        let (mut left, mut data) = (Vec::new(), false);
        // Resource, component and monthly cost of each.
        let mut costs: Vec<(String, Component, Option<Ratio>)> = Vec::new();
        for volume in inventory.volumes.iter().flatten() {
            let claim = volume.claim.as_ref().filter(|claim| claim.namespace == *namespace);
            if let Some(claim) = claim.filter(|claim| owns(work, &claim.name)) {
                let month = volume_month(volume, inventory, index.prices, config);
                let month = month.ok().map(|(month, _)| month.amount);
                costs.push((format!("claim/{namespace}/{}", claim.name), Component::Storage, month));
                data |= volume.has_snapshot != Some(true);
            }
        }
        for service in inventory.services.iter().flatten().filter(|one| one.namespace == *namespace) {
            let balances = service.r#type.as_ref().is_some_and(|kind| kind == "LoadBalancer");
            let selects = service.selector.as_ref().is_some_and(|selector| {
                !selector.is_empty() && selector.select(work.record.pod_labels.as_ref())
            });
            if balances && selects {
                let month = balancer_month(service.cost.as_ref(), inventory, config);
                costs.push((format!("service/{namespace}/{}", service.name), Component::Fee, month));
            }
        }
        costs.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        left.extend(costs.iter().map(|(resource, ..)| Value::from(resource.as_str())));
        let sum: Option<Vec<&Ratio>> = costs.iter().map(|(_, _, month)| month.as_ref()).collect();
        let hours = &config.month_hours;
        let Some(sum) = sum else { return (Estimate::unknown(Reason::NoPrice, hours), left, data) };
        let sum = sum.into_iter().fold(Ratio::ZERO, |sum, month| sum.plus(month));
        let mut estimate = Estimate::saving(&sum, hours).by("sum of leftovers", Vec::new());
        for (resource, component, month) in &costs {
            if let Some(month) = month {
                estimate = estimate.claiming(resource.as_str(), *component, month, month, ClaimKind::Delete);
            }
        }
        (estimate, left, data)
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeSet, WEEK_HOURS, in_words, is_of_template};

    #[test]
    fn hours_are_told_by_days_of_the_same_hours() {
        let work = |hour: i64| hour < 120 && (7..19).contains(&hour.rem_euclid(24));
        let idle: BTreeSet<i64> = (0..WEEK_HOURS).filter(|hour| !work(*hour)).collect();
        assert_eq!(in_words(&idle), "Mon-Fri 00:00-07:00, 19:00-24:00; Sat-Sun 00:00-24:00");
        assert_eq!(in_words(&BTreeSet::from([24, 25, 72])), "Tue 00:00-02:00; Thu 00:00-01:00");
        assert_eq!(in_words(&BTreeSet::new()), "");
    }

    #[test]
    fn claims_of_a_template_carry_its_name_the_workloads_and_an_ordinal() {
        assert!(is_of_template("data-db-0", "data", "db"));
        assert!(is_of_template("data-db-12", "data", "db"));
        for other in ["data-db", "data-db-", "data-db-x", "data-dbx-0", "xdata-db-0", "data-db-0-1"] {
            assert!(!is_of_template(other, "data", "db"), "{other}");
        }
    }
}

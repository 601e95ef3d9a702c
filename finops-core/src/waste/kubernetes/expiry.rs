//! What was meant to go: times to live, temporary namespaces, finished jobs.

use super::{
    common::{Verdict, annotation, cost_of, matches, open, risk_of, saving_of, settle},
    index::{Index, Work},
};
use crate::{
    inventory::{Labels, Namespace},
    time::Timestamp,
    waste::{
        Amount, Assessment, Claim, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence,
        OpportunityType, Outcome, Ratio, Reason, Risk, RiskFactor, Setting, Subject, SubjectKind, Value,
        Walk,
    },
};

/// Reads RFC 3339, a date (its UTC midnight), or a date with hours and minutes (kube-janitor's three forms).
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    match text.len() {
        10 => format!("{text}T00:00:00Z").parse().ok(),
        16 => format!("{text}:00Z").parse().ok(),
        _ => text.parse().ok(),
    }
}

/// The seconds of a time to live such as `30m`, `24h`, `7d`, `4w`; `None` for any other text.
fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    // The units of kube-janitor.
    let size = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(size)
}

/// What the annotations `janitor/ttl` and `janitor/expires` say at `as_of`: a finding where either has passed.
#[must_use]
pub fn expiry(
    ttl: Option<&str>,
    expires: Option<&str>,
    created_at: Option<Timestamp>,
    as_of: Timestamp,
) -> (Outcome, Reason) {
    let by_ttl = ttl.map(|text| match (text == "forever", seconds(text), created_at) {
        (true, _, _) => (Outcome::Inapplicable, Reason::NoExpiry),
        (false, None, _) => (Outcome::Undetermined, Reason::InvalidAnnotation),
        (false, Some(_), None) => (Outcome::Undetermined, Reason::NoAge),
        (false, Some(seconds), Some(created_at)) => {
            passed(created_at.saturating_add_ms(seconds.saturating_mul(1000)), as_of)
        }
    });
    let by_date = expires.map(|text| match instant(text) {
        Some(expires) => passed(expires, as_of),
        None => (Outcome::Undetermined, Reason::InvalidAnnotation),
    });
    // A finding speaks before what cannot be read, that before what has not passed.
    let rank = |(outcome, _): &(Outcome, Reason)| match outcome {
        Outcome::Finding => 0,
        Outcome::Undetermined => 1,
        Outcome::Ok => 2,
        Outcome::Inapplicable => 3,
    };
    let verdicts = [by_ttl, by_date].into_iter().flatten();
    verdicts.min_by_key(rank).unwrap_or((Outcome::Inapplicable, Reason::NoExpiry))
}

fn passed(end: Timestamp, as_of: Timestamp) -> (Outcome, Reason) {
    if end < as_of { (Outcome::Finding, Reason::TtlPassed) } else { (Outcome::Ok, Reason::NotExpired) }
}

fn of_annotations(
    annotations: Option<&Labels>,
    created_at: Option<Timestamp>,
    as_of: Timestamp,
) -> (Outcome, Reason) {
    let text = |name| annotation(annotations, name);
    expiry(text("janitor/ttl"), text("janitor/expires"), created_at, as_of)
}

pub(super) struct ExpiredResource;

impl Detector for ExpiredResource {
    fn id(&self) -> &'static str {
        "k8s.expired_resource"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("temporary_days", "14", "days that a temporary namespace may live"),
                Setting::number("finished_job_days", "7", "days that a finished job may be kept"),
            ]
        }
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let day = 86_400;
        let temporary = cx.config.count(self, "temporary_days").saturating_mul(day);
        let finished = cx.config.count(self, "finished_job_days").saturating_mul(day);
        let (works, namespaces) = (index.works(), index.inventory.namespaces.as_deref().unwrap_or_default());
        let in_order = namespaces.is_sorted_by(|one, other| one.name <= other.name);
        let count = works.len().saturating_add(namespaces.len());
        Some(Walk::new(works.len(), count, in_order, move |block, out| {
            // Their subjects come before those of workloads.
            let first = namespaces.iter().filter(|_| block.start == 0);
            first.for_each(|namespace| out(settle(self.namespace(index, namespace, temporary))));
            let works = works.get(block).unwrap_or_default().iter();
            works.for_each(|work| out(settle(self.workload(index, work, finished))));
        }))
    }
}

impl ExpiredResource {
    fn namespace(&self, index: &Index<'_>, namespace: &Namespace, temporary: u64) -> Verdict {
        let subject = Subject::global(SubjectKind::Namespace, &namespace.name);
        let excluded = index.excluded(&namespace.name, namespace.annotations.as_ref());
        let judged = open(self.id(), OpportunityType::ZombieWorkloads, &subject, excluded)?;
        let (mut outcome, mut reason) =
            of_annotations(namespace.annotations.as_ref(), namespace.created_at, index.as_of);
        let patterns = &index.config.temporary_namespaces;
        let is_temporary = patterns.iter().any(|pattern| matches(pattern, &namespace.name));
        if outcome != Outcome::Finding && is_temporary {
            (outcome, reason) = match index.age(namespace.created_at) {
                None => (Outcome::Undetermined, Reason::NoAge),
                Some(age) if age > temporary => (Outcome::Finding, Reason::TemporaryNamespace),
                Some(_) => (Outcome::Ok, Reason::NotExpired),
            };
        }
        if outcome != Outcome::Finding {
            return Err(judged.other(outcome, reason));
        }
        let mut risk = Risk::base(Ratio::thousandths(150));
        let production = index.is_production(&namespace.name, &[namespace.labels.as_ref()]);
        risk.consider(RiskFactor::Production, production);
        let evidence = evidence(namespace.annotations.as_ref(), namespace.created_at);
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            namespace_saving(index, &namespace.name),
            Confidence::fact(),
            risk,
        );
        finding.reason = Some(reason);
        finding.after = vec![("state", Value::Word("deleted"))];
        Ok(finding)
    }

    fn workload(&self, index: &Index<'_>, work: &Work<'_>, finished: u64) -> Verdict {
        let record = work.record;
        let judged = open(self.id(), OpportunityType::ZombieWorkloads, &work.subject, work.excluded)?;
        let (mut outcome, mut reason) =
            of_annotations(record.annotations.as_ref(), record.created_at, index.as_of);
        // A job of a CronJob is kept or removed by the limits of its history.
        let kept_for = index.age(record.completed_at).filter(|_| {
            record.kind == "Job" && record.owner.is_none() && record.ttl_seconds_after_finished.is_none()
        });
        let is_kept = outcome != Outcome::Finding && kept_for.is_some_and(|age| age > finished);
        if is_kept {
            (outcome, reason) = (Outcome::Finding, Reason::FinishedJob);
        }
        if outcome != Outcome::Finding {
            return Err(judged.other(outcome, reason));
        }
        let estimate = if is_kept {
            Estimate::governance(&index.config.month_hours)
        } else {
            saving_of(index, work, &Ratio::ONE, ClaimKind::Delete)
        };
        let evidence = evidence(record.annotations.as_ref(), record.created_at)
            .observed("completed_at", record.completed_at);
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            Confidence::fact(),
            risk_of(index, work, Ratio::thousandths(150), None),
        );
        finding.reason = Some(reason);
        finding.after = vec![("state", Value::Word("deleted"))];
        finding.team = super::common::team(work);
        Ok(finding)
    }
}

fn evidence(annotations: Option<&Labels>, created_at: Option<Timestamp>) -> Evidence {
    let text = |name| Value::from(annotation(annotations, name));
    Evidence::from_source("annotations")
        .observed("created_at", created_at)
        .observed("janitor/ttl", text("janitor/ttl"))
        .observed("janitor/expires", text("janitor/expires"))
}

/// What goes with a namespace: its workloads, volumes and balancers. Where the cost of one is not known, neither is the
/// sum.
fn namespace_saving(index: &Index<'_>, namespace: &str) -> Estimate {
    let hours = &index.config.month_hours;
    let mut claims: Vec<Claim> = Vec::new();
    let mut sum = Ratio::ZERO;
    let mut add = |estimate: Option<Estimate>| {
        let Some(estimate) = estimate else { return false };
        claims.extend(estimate.claims);
        estimate.gross_monthly.map(|gross| sum = sum.plus(&gross.ratio())).is_some()
    };
    let works = index.works().iter().filter(|work| work.record.namespace == namespace);
    let mut known = true;
    for work in works {
        let estimate = cost_of(index, work).map(|cost| cost.saving(&Ratio::ONE, ClaimKind::Delete, hours));
        known &= add(estimate);
    }
    for volume in index.inventory.volumes.iter().flatten() {
        if let Some(claim) = volume.claim.as_ref().filter(|claim| claim.namespace == namespace) {
            let month = super::price::volume_month(volume, index.inventory, index.prices, index.config).ok();
            known &= add(month.map(|(month, _)| {
                let resource = format!("claim/{namespace}/{}", claim.name);
                let amount = &month.amount;
                Estimate::saving(amount, hours).claiming(
                    resource,
                    Component::Storage,
                    amount,
                    amount,
                    ClaimKind::Delete,
                )
            }));
        }
    }
    for service in index.inventory.services.iter().flatten().filter(|one| one.namespace == namespace) {
        if service.r#type.as_ref().is_some_and(|kind| kind == "LoadBalancer") {
            let month = super::price::balancer_month(service.cost.as_ref(), index.inventory, index.config);
            known &= add(month.map(|month| {
                let resource = format!("service/{namespace}/{}", service.name);
                Estimate::saving(&month, hours).claiming(
                    resource,
                    Component::Fee,
                    &month,
                    &month,
                    ClaimKind::Delete,
                )
            }));
        }
    }
    let mut estimate =
        if known { Estimate::saving(&sum, hours) } else { Estimate::unknown(Reason::NoPrice, hours) };
    if known {
        estimate.claims = claims;
        estimate.claims.retain(|claim| claim.base != Amount::ZERO);
    }
    estimate.by("sum of workloads, volumes and balancers", Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_read_as_kube_janitor_reads_them() {
        for (text, expected) in [
            ("30m", Some(1800)),
            ("24h", Some(86_400)),
            ("7d", Some(604_800)),
            ("4w", Some(2_419_200)),
            ("0s", Some(0)),
            ("7 d", None),
            ("-7d", None),
            ("d", None),
            ("7", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
        let midnight = "2026-11-05T00:00:00Z".parse().ok();
        assert_eq!(instant("2026-11-05"), midnight);
        assert_eq!(instant("2026-11-05T00:00"), midnight);
        assert_eq!(instant("2026-11-05T01:00:00+01:00"), midnight);
        assert_eq!(instant("soon"), None);
    }

    #[test]
    fn what_has_passed_speaks_first() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (created, now) = (Some(at("2026-11-01T00:00:00Z")), at("2026-11-10T00:00:00Z"));
        let of = |ttl, expires| expiry(ttl, expires, created, now);
        assert_eq!(of(Some("forever"), Some("2026-11-05")), (Outcome::Finding, Reason::TtlPassed));
        assert_eq!(of(Some("soon"), Some("2026-11-05")), (Outcome::Finding, Reason::TtlPassed));
        assert_eq!(of(Some("soon"), Some("2027-01-01")).1, Reason::InvalidAnnotation);
        assert_eq!(of(Some("forever"), None), (Outcome::Inapplicable, Reason::NoExpiry));
        assert_eq!(expiry(Some("7d"), None, None, now), (Outcome::Undetermined, Reason::NoAge));
    }
}

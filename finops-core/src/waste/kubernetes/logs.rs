//! Logs that cost more than they tell.

use super::{
    common::{Verdict, open, settle, team},
    index::{Index, Work},
};
use crate::{
    inventory::LogVolume,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Coverage, Detector, Estimate, Evidence,
        Measured, OpportunityType, Ratio, Reason, Risk, RiskFactor, Setting, Subject, Value, Walk,
    },
};
use rustc_hash::FxHashMap;

/// Bytes of the GB in which logs are priced.
const GB: i128 = 1_000_000_000;

pub(super) struct Verbosity;

type Key<'a> = (&'a str, &'a str, Option<&'a str>);

impl Detector for Verbosity {
    fn id(&self) -> &'static str {
        "k8s.log_verbosity"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("debug_share", "0.2", "share of DEBUG and TRACE among a container's bytes"),
                Setting::number("gb_per_day", "1", "GB a day and replica"),
            ]
        }
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let share = cx.config.number(self, "debug_share");
        let per_day = cx.config.number(self, "gb_per_day").times(&Ratio::from(GB));
        let mut logs: FxHashMap<Key<'_>, &LogVolume> = FxHashMap::default();
        for log in index.inventory.logs.iter().flatten() {
            logs.insert((&*log.namespace, &*log.workload, log.container.as_deref()), log);
        }
        let works = index.works();
        let (parts, in_order) = index.parts_of_all();
        // Where some workloads are judged as a whole, these stand between the containers of others.
        let in_order = in_order && logs.is_empty();
        Some(Walk::new(works.len(), parts, in_order, move |block, out| {
            for work in works.get(block).unwrap_or_default() {
                let name = if logs.is_empty() {
                    String::new()
                } else {
                    format!("{}/{}", work.record.kind, work.record.name)
                };
                let of = |container| logs.get(&(&*work.record.namespace, name.as_str(), container)).copied();
                if let Some(log) = of(None) {
                    out(settle(self.judge(index, work, &work.subject, Some(log), &share, &per_day)));
                    continue;
                }
                for part in &work.parts {
                    let log = of(Some(part.name.as_str()));
                    out(settle(self.judge(index, work, &part.subject, log, &share, &per_day)));
                }
            }
        }))
    }
}

impl Verbosity {
    fn judge(
        &self,
        index: &Index<'_>,
        work: &Work<'_>,
        subject: &Subject,
        log: Option<&LogVolume>,
        share_limit: &Ratio,
        day_limit: &Ratio,
    ) -> Verdict {
        let judged = open(self.id(), OpportunityType::LogVerbosity, subject, work.excluded)?;
        let found = log.and_then(|log| {
            let hours = Ratio::from(log.window_hours?);
            hours.is_positive().then_some((log, hours))
        });
        let Some((log, hours)) = found else { return Err(judged.undetermined(Reason::NoLogData)) };
        let is_debug = |level: &str| ["DEBUG", "TRACE"].iter().any(|word| level.eq_ignore_ascii_case(word));
        let bytes = |all: bool| {
            let levels = log.bytes_by_level.iter().filter(|(level, _)| all || is_debug(level));
            Ratio::from(levels.fold(0_i128, |sum, (_, bytes)| sum.saturating_add(i128::from(*bytes))))
        };
        let (total, debug) = (bytes(true), bytes(false));
        let share = debug.over(&total).unwrap_or_default();
        let days = hours.over(&Ratio::from(24)).unwrap_or_default();
        let replicas = index.replicas(work).filter(Ratio::is_positive);
        let per_day = replicas.as_ref().and_then(|replicas| total.over(&days)?.over(replicas));
        let evidence = Evidence::from_source("logs.bytes_by_level")
            .observed("debug_share", Value::Share(share.clone()))
            .observed("bytes_per_day_and_replica", per_day.clone())
            .observed("window_hours", hours.clone())
            .threshold("debug_share", share_limit.clone())
            .threshold("bytes_per_day_and_replica", day_limit.clone());
        // The environment, not the other marks of production: what is verbose there is a mistake.
        let environment = index.environment(work);
        let production = environment
            .is_some_and(|found| ["production", "prod"].iter().any(|word| found.eq_ignore_ascii_case(word)));
        let (reason, excess, measured) = if production && share >= *share_limit && debug.is_positive() {
            (Reason::DebugShare, debug, Measured::Above(share, share_limit.clone()))
        } else if let Some(per_day) = per_day.clone().filter(|per_day| per_day > day_limit) {
            let kept = day_limit.times(&days).times(&replicas.unwrap_or_default());
            (Reason::Volume, total.minus(&kept), Measured::Above(per_day, day_limit.clone()))
        } else if per_day.is_none() && total.is_positive() {
            return Err(Assessment { evidence, ..judged.undetermined(Reason::NoPodData) });
        } else {
            return Err(Assessment { evidence, ..judged.ok(Reason::Quiet) });
        };
        let month_hours = &index.config.month_hours;
        let estimate = match &index.config.log_ingest_per_gb {
            None => Estimate::unknown(Reason::NoPrice, month_hours),
            Some(price) => {
                let scale = month_hours.over(&hours).unwrap_or_default();
                let month = |bytes: &Ratio| {
                    bytes.over(&Ratio::from(GB)).unwrap_or_default().times(&scale).times(price)
                };
                let saving = month(&excess);
                Estimate::saving(&saving, month_hours)
                    .by(
                        "bytes / 1e9 * month_hours / window_hours * price_gb",
                        vec![("bytes", excess.into()), ("price_gb", price.clone().into())],
                    )
                    .priced_by("config.log_ingest_per_gb", None)
                    .claiming(
                        judged.subject.id(),
                        Component::Fee,
                        &month(&bytes(true)),
                        &saving,
                        ClaimKind::Resize,
                    )
            }
        };
        let mut risk = Risk::base(Ratio::thousandths(100));
        risk.consider(RiskFactor::Production, super::common::is_production(index, work));
        // Logs are counted, not sampled: the window is what can fall short.
        let span = hours.times(&Ratio::from(3600)).floor().and_then(|seconds| u64::try_from(seconds).ok());
        let coverage = Coverage { span_seconds: span.map(|span| (span, super::index::WEEK)), samples: None };
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            Confidence::metric(&[measured]).covered(&coverage),
            risk,
        );
        finding.reason = Some(reason);
        finding.after = match reason {
            Reason::DebugShare => vec![("level", Value::Word("INFO"))],
            _ => vec![("bytes_per_day_and_replica", day_limit.clone().into())],
        };
        finding.team = team(work);
        Ok(finding)
    }
}

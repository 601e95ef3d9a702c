//! Containers that need more than they have: found so that a cut elsewhere is not mistaken for a rule.

use super::{
    common::{
        Verdict, frame, is_managed, of_parts, oom_kill, oom_limit, open, quantity, readings_of, risk_of, team,
    },
    figures::Figures,
    index::{Index, Part, TWO_WEEKS, Work},
    price::{GIB, NANO, units},
};
use crate::{
    inventory::Quantity,
    waste::{
        Assessment, Confidence, Context, Detector, Estimate, Evidence, Frame, Measured, OpportunityType,
        Ratio, Reading, Reason, Setting, Value, Walk,
        rightsizing::{Resource, round},
    },
};
use std::sync::Arc;

/// The margin above what was used, in percent (specification, section 5).
const PERCENT: u32 = 115;
/// The Vertical Pod Autoscaler's step after an OOM kill: 100 MiB more, or a fifth (`RecordOOM`).
const OOM_STEP_BYTES: i128 = 100 << 20;

const OPPORTUNITY: OpportunityType = OpportunityType::UnderProvisioned;

pub(super) struct Cpu;
pub(super) struct Memory;

/// The least evidence of one run.
struct Constants {
    threshold: Ratio,
    frame: Arc<Frame>,
    samples: u64,
    span: u64,
}

impl Constants {
    fn of(
        detector: &dyn Detector,
        key: &'static str,
        (source, names): (&'static str, &'static [&'static str]),
        cx: &Context<'_>,
    ) -> Self {
        let threshold = cx.config.number(detector, key);
        Self {
            frame: frame(source, names, &[(key, &threshold)], TWO_WEEKS),
            threshold,
            samples: cx.config.count(detector, "minimum_samples"),
            span: cx.config.count(detector, "minimum_hours").saturating_mul(3600),
        }
    }
}

/// An estimate of what a higher request costs.
fn increase(
    index: &Index<'_>,
    work: &Work<'_>,
    more: &Ratio,
    unit: &Ratio,
    rate: Option<&Ratio>,
) -> Estimate {
    let hours = &index.config.month_hours;
    let mut estimate = Estimate::unknown(Reason::CostsMore, hours);
    if let (Some(rate), Some(replicas)) = (rate, index.replicas(work)) {
        let month = more.over(unit).unwrap_or_default().times(rate).times(hours).times(&replicas);
        estimate.cost_increase_monthly = crate::waste::Amount::round(&month);
        let operands = vec![
            ("increase", more.clone().into()),
            ("rate", rate.clone().into()),
            ("replicas", replicas.into()),
        ];
        // Bytes are priced by the GiB: who multiplies the operands must get the cost.
        let formula = if *unit == Ratio::ONE {
            "increase * rate * month_hours * replicas"
        } else {
            "increase / 2^30 * rate * month_hours * replicas"
        };
        estimate = estimate.by(formula, operands);
    }
    estimate
}

impl Detector for Cpu {
    fn id(&self) -> &'static str {
        "k8s.cpu_under_request"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("throttled_share", "0.25", "mean share of periods held back by the limit"),
                Setting::number(
                    "minimum_samples",
                    "100",
                    "samples; AWS Compute Optimizer's minimum evidence",
                ),
                Setting::number("minimum_hours", "30", "hours; AWS Compute Optimizer's minimum evidence"),
            ]
        }
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let constants =
            Constants::of(self, "throttled_share", ("cpu_usage", &["p95", "throttled_share", "request"]), cx);
        Some(of_parts(index, move |work, part| self.judge(index, work, part, &constants)))
    }
}

impl Cpu {
    fn judge(&self, index: &Index<'_>, work: &Work<'_>, part: &Part<'_>, constants: &Constants) -> Verdict {
        let judged = open(self.id(), OPPORTUNITY, &part.subject, work.excluded)?;
        if part.injected {
            return Err(judged.inapplicable(Reason::Injected));
        }
        if is_managed(work) {
            return Err(judged.inapplicable(Reason::ManagedByVpa));
        }
        let request = part.record.requests.as_ref().and_then(|requests| requests.cpu());
        let Some(request) = request.filter(|request| request.nano() > 0) else {
            return Err(judged.inapplicable(Reason::NoRequest));
        };
        let throttled_nanos = part.throttled.as_ref().and_then(Figures::mean);
        let throttled = throttled_nanos.map(Ratio::nanos);
        let held_back = throttled.as_ref().is_some_and(|share| *share > constants.threshold);
        let used = part.cpu.as_ref().and_then(|figures| Some((figures, figures.p95()?)));
        let figures = match (used, held_back) {
            (Some((figures, _)), _) => figures,
            (None, true) => part.throttled.as_ref().ok_or_else(|| judged_no_usage(self.id(), part))?,
            (None, false) => return Err(judged.undetermined(Reason::NoUsage)),
        };
        let evidence = || {
            let readings =
                [used.map(|(_, p95)| p95), throttled_nanos, Some(request.nano())].map(Reading::nanos);
            readings_of(&constants.frame, figures, readings)
        };
        if !figures.suffices(constants.samples, constants.span) {
            let evidence = evidence();
            return Err(Assessment { evidence, ..judged.undetermined(Reason::NotEnoughSamples) });
        }
        let p95 = used.map_or(0, |(_, p95)| p95);
        let (reason, measured) = if p95 > request.nano() {
            (Reason::UsageAboveRequest, Measured::Above(Ratio::nanos(p95), units(request)))
        } else if held_back {
            let share = throttled.clone().unwrap_or_default();
            (Reason::Throttled, Measured::Above(share, constants.threshold.clone()))
        } else {
            return Err(Assessment { evidence: evidence(), ..judged.ok(Reason::WithinLimits) });
        };
        let p95 = u64::try_from(p95).unwrap_or(0);
        let today = u64::try_from(request.nano()).unwrap_or(u64::MAX);
        let advised = round::with_margin(Resource::Cpu, p95, PERCENT).max(today);
        let more = Ratio::nanos(i128::from(advised.saturating_sub(today)));
        let rate = work.rates.cpu_core_hour.as_ref();
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence(),
            increase(index, work, &more, &Ratio::ONE, rate),
            Confidence::metric(&[measured]).covered(&figures.coverage(TWO_WEEKS)),
            risk_of(index, work, Ratio::thousandths(200), Some("cpu")),
        );
        finding.reason = Some(reason);
        finding.team = team(work);
        let limit = part.record.limits.as_ref().and_then(|limits| limits.cpu());
        let limit_after = limit.map(|limit| self.limit(limit, throttled.as_ref(), advised));
        let text =
            |value: u64| Value::Text(round::manifest(Resource::Cpu, value, Some(&request.to_string())));
        finding.before = super::common::resources(
            "cpu",
            quantity(Some(request)),
            limit.map(|limit| quantity(Some(limit))),
        );
        finding.after = super::common::resources("cpu", text(advised), limit_after.map(text));
        Ok(finding)
    }

    /// The limit that would have let the throttled periods through: they were held back for a share of the time.
    fn limit(&self, limit: Quantity, throttled: Option<&Ratio>, advised: u64) -> u64 {
        let today = u64::try_from(limit.nano()).unwrap_or(u64::MAX);
        let free = throttled.map(|share| Ratio::ONE.minus(share)).filter(Ratio::is_positive);
        let raised = free
            .and_then(|free| units(limit).over(&free))
            .and_then(|limit| limit.scaled(9))
            .and_then(|nanos| u128::try_from(nanos).ok())
            .map_or(today, |nanos| round::ceil(Resource::Cpu, nanos, 1));
        raised.max(today).max(advised)
    }
}

fn judged_no_usage(detector: &'static str, part: &Part<'_>) -> Assessment {
    let subject = part.subject.clone();
    crate::waste::judged::Judged { detector, opportunity: OPPORTUNITY, subject }.undetermined(Reason::NoUsage)
}

impl Detector for Memory {
    fn id(&self) -> &'static str {
        "k8s.memory_under_request"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("limit_share", "0.9", "share of the limit in use at the peak"),
                Setting::number(
                    "minimum_samples",
                    "100",
                    "samples; AWS Compute Optimizer's minimum evidence",
                ),
                Setting::number("minimum_hours", "30", "hours; AWS Compute Optimizer's minimum evidence"),
            ]
        }
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let names = &["max", "oom_killed", "limit"];
        let constants = Constants::of(self, "limit_share", ("memory_working_set", names), cx);
        // What the status of pods tells has no samples.
        let killed = Frame {
            source: "pods.containers.last_termination",
            names,
            thresholds: constants.frame.thresholds.clone(),
            required_samples: None,
        };
        let killed = Arc::new(killed);
        Some(of_parts(index, move |work, part| self.judge(index, work, part, &constants, &killed)))
    }
}

impl Memory {
    fn judge(
        &self,
        index: &Index<'_>,
        work: &Work<'_>,
        part: &Part<'_>,
        constants: &Constants,
        by_kill: &Arc<Frame>,
    ) -> Verdict {
        let judged = open(self.id(), OPPORTUNITY, &part.subject, work.excluded)?;
        if part.injected {
            return Err(judged.inapplicable(Reason::Injected));
        }
        if is_managed(work) {
            return Err(judged.inapplicable(Reason::ManagedByVpa));
        }
        let amount = |resources: Option<&crate::inventory::Resources>| {
            resources.and_then(|all| all.memory()).filter(|bytes| bytes.nano() > 0)
        };
        let (request, limit) = (amount(part.record.requests.as_ref()), amount(part.record.limits.as_ref()));
        if request.or(limit).is_none() {
            return Err(judged.inapplicable(Reason::NoRequest));
        }
        let killed = oom_kill(index, work, Some(part.name)) == Some(true);
        let used = part.memory.as_ref().and_then(|figures| Some((figures, figures.max()?)));
        if used.is_none() && !killed {
            return Err(judged.undetermined(Reason::NoUsage));
        }
        let evidence = || {
            let readings = [
                Reading::nanos(used.map(|(_, max)| max)),
                Reading::Flag(killed),
                Reading::nanos(limit.map(Quantity::nano)),
            ];
            match used {
                Some((figures, _)) => readings_of(&constants.frame, figures, readings),
                None => Evidence::of_readings(by_kill, readings, None, None),
            }
        };
        if let Some((figures, _)) = used.filter(|_| !killed)
            && !figures.suffices(constants.samples, constants.span)
        {
            let evidence = evidence();
            return Err(Assessment { evidence, ..judged.undetermined(Reason::NotEnoughSamples) });
        }
        let max = used.map(|(_, max)| max);
        let ceiling = limit.map(|limit| units(limit).times(&constants.threshold));
        let near = max.zip(ceiling).is_some_and(|(max, ceiling)| Ratio::nanos(max) > ceiling);
        let (reason, confidence) = if killed {
            (Reason::OomKilled, Confidence::fact())
        } else if near {
            let share = max.zip(limit).and_then(|(max, limit)| Ratio::nanos(max).over(&units(limit)));
            let measured = Measured::Above(share.unwrap_or_default(), constants.threshold.clone());
            let confidence = Confidence::metric(&[measured]);
            let coverage = used.map(|(figures, _)| figures.coverage(TWO_WEEKS));
            (Reason::NearLimit, coverage.map_or(confidence.clone(), |coverage| confidence.covered(&coverage)))
        } else {
            return Err(Assessment { evidence: evidence(), ..judged.ok(Reason::WithinLimits) });
        };
        let by_use = max.map_or(0, |max| {
            let worth = max.max(0).unsigned_abs().saturating_mul(PERCENT.into());
            round::ceil(Resource::Memory, worth, NANO.unsigned_abs().saturating_mul(100))
        });
        let by_limit = oom_limit(index, work, part).filter(|_| killed).map_or(0, |limit| {
            let fifth = round::ceil(Resource::Memory, limit.max(0).unsigned_abs().saturating_mul(12), 10);
            let step = limit.saturating_add(OOM_STEP_BYTES).max(0).unsigned_abs();
            fifth.max(round::ceil(Resource::Memory, step, 1))
        });
        let today = request.map_or(0, |request| u64::try_from(request.whole()).unwrap_or(0));
        let advised = by_use.max(by_limit).max(today);
        let more = Ratio::from(advised.saturating_sub(today));
        let estimate = increase(index, work, &more, &Ratio::from(GIB), work.rates.memory_gib_hour.as_ref());
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence(),
            estimate,
            confidence,
            risk_of(index, work, Ratio::thousandths(200), Some("memory")),
        );
        finding.reason = Some(reason);
        finding.team = team(work);
        let old = request.or(limit).map(|old| old.to_string());
        let text = |value: u64| Value::Text(round::manifest(Resource::Memory, value, old.as_deref()));
        // A limit below the new request would be refused.
        let limit_after = limit.map(|limit| u64::try_from(limit.whole()).unwrap_or(0).max(advised));
        finding.before =
            super::common::resources("memory", quantity(request), limit.map(|limit| quantity(Some(limit))));
        finding.after = super::common::resources("memory", text(advised), limit_after.map(text));
        Ok(finding)
    }
}

//! Requests above what the container was seen to need.

use super::{
    common::{Verdict, frame, is_managed, of_parts, open, quantity, readings_of, resources, risk_of, team},
    index::{Index, Part, TWO_WEEKS, Work},
    price::{GIB, units},
    recommend::recommend,
};
use crate::{
    inventory::Quantity,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Frame, LimitPolicy,
        Measured, OpportunityType, Ratio, Reading, Reason, RiskFactor, Setting, Value, Walk,
        rightsizing::{Resource, round::manifest},
    },
};
use std::sync::Arc;

pub(super) struct OverRequest {
    id: &'static str,
    opportunity: OpportunityType,
    resource: Resource,
    settings: &'static [Setting],
}

const fn settings(least: &'static str, about: &'static str) -> [Setting; 5] {
    [
        Setting::number("reduction_threshold", "0.9", "share of the request up to which a cut is worth it"),
        Setting::number("minimum_reduction", least, about),
        Setting::number("minimum_monthly", "10", "USD a month; established default"),
        Setting::number("minimum_samples", "100", "samples; AWS Compute Optimizer's minimum evidence"),
        Setting::number("minimum_hours", "30", "hours; AWS Compute Optimizer's minimum evidence"),
    ]
}

pub(super) static CPU: OverRequest = OverRequest {
    id: "k8s.cpu_over_request",
    opportunity: OpportunityType::OverRequestedCpu,
    resource: Resource::Cpu,
    settings: const { &settings("0.01", "cores") },
};

pub(super) static MEMORY: OverRequest = OverRequest {
    id: "k8s.memory_over_request",
    opportunity: OpportunityType::OverRequestedMemory,
    resource: Resource::Memory,
    settings: const { &settings("16777216", "bytes") },
};

/// The constants of one run.
struct Constants {
    threshold: Ratio,
    frame: Arc<Frame>,
    reduction: Ratio,
    minimum: Ratio,
    samples: u64,
    span: u64,
}

impl Detector for OverRequest {
    fn id(&self) -> &'static str {
        self.id
    }

    fn settings(&self) -> &'static [Setting] {
        self.settings
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let threshold = cx.config.number(self, "reduction_threshold");
        let constants = Constants {
            frame: frame(
                self.metric(),
                &["p95", "max", "request"],
                &[("reduction_threshold", &threshold)],
                TWO_WEEKS,
            ),
            threshold,
            reduction: cx.config.number(self, "minimum_reduction"),
            minimum: cx.config.number(self, "minimum_monthly"),
            samples: cx.config.count(self, "minimum_samples"),
            span: cx.config.count(self, "minimum_hours").saturating_mul(3600),
        };
        Some(of_parts(index, move |work, part| self.judge(index, work, part, &constants)))
    }
}

impl OverRequest {
    /// The metric of its resource.
    const fn metric(&self) -> &'static str {
        match self.resource {
            Resource::Cpu => "cpu_usage",
            Resource::Memory => "memory_working_set",
        }
    }

    /// The request of a container in cores or bytes.
    fn request(&self, part: &Part<'_>) -> Option<Quantity> {
        let requests = part.record.requests.as_ref()?;
        let amount = match self.resource {
            Resource::Cpu => requests.cpu(),
            Resource::Memory => requests.memory(),
        };
        amount.filter(|amount| amount.nano() > 0)
    }

    fn limit(&self, part: &Part<'_>) -> Option<Quantity> {
        let limits = part.record.limits.as_ref()?;
        match self.resource {
            Resource::Cpu => limits.cpu(),
            Resource::Memory => limits.memory(),
        }
    }

    /// Nanocores or bytes in cores or bytes.
    fn amount(&self, value: u64) -> Ratio {
        match self.resource {
            Resource::Cpu => Ratio::nanos(value.into()),
            Resource::Memory => Ratio::from(value),
        }
    }

    fn judge(&self, index: &Index<'_>, work: &Work<'_>, part: &Part<'_>, constants: &Constants) -> Verdict {
        let judged = open(self.id, self.opportunity, &part.subject, work.excluded)?;
        if part.injected {
            return Err(judged.inapplicable(Reason::Injected));
        }
        if is_managed(work) {
            return Err(judged.inapplicable(Reason::ManagedByVpa));
        }
        let Some(request) = self.request(part) else {
            return Err(judged.inapplicable(Reason::NoRequest));
        };
        let figures = match self.resource {
            Resource::Cpu => part.cpu.as_ref().filter(|figures| figures.p95().is_some()),
            Resource::Memory => part.memory.as_ref().filter(|figures| figures.max().is_some()),
        };
        let Some(figures) = figures else { return Err(judged.undetermined(Reason::NoUsage)) };
        let evidence = || {
            let readings = [figures.p95(), figures.max(), Some(request.nano())].map(Reading::nanos);
            readings_of(&constants.frame, figures, readings)
        };
        let with = |assessment: Assessment| Assessment { evidence: evidence(), ..assessment };
        if !figures.suffices(constants.samples, constants.span) {
            return Err(with(judged.undetermined(Reason::NotEnoughSamples)));
        }
        let advised = recommend(index, work, part, self.resource);
        let advised_request = match advised.request {
            Ok(request) => request,
            Err(why) => return Err(with(judged.other(why.outcome(), why.reason()))),
        };
        let (before, after) = (units(request), self.amount(advised_request));
        let cut = before.minus(&after);
        if after > before.times(&constants.threshold) || cut < constants.reduction {
            return Err(with(judged.ok(Reason::NoReduction)));
        }
        let estimate = match self.estimate(index, work, part, &before, &cut) {
            Ok(estimate) => estimate,
            Err(reason) => Estimate::unknown(reason, &index.config.month_hours),
        };
        if estimate.gross_monthly.is_some_and(|gross| gross.ratio() < constants.minimum) {
            return Err(with(judged.ok(Reason::BelowMinimumSaving)));
        }
        let share = after.over(&before).unwrap_or_default();
        let confidence = match advised.test {
            Some(test) => Confidence::backtested(test.folds.into(), test.misses.into()),
            None => Confidence::metric(&[Measured::Below(share, constants.threshold.clone())]),
        };
        let evidence = evidence().with("backtested", advised.test.is_some());
        let mut risk = risk_of(index, work, Ratio::thousandths(200), Some(self.resource.name()));
        let limit = self.limit(part).map(Quantity::nano);
        let equal = self.resource == Resource::Memory && limit == Some(request.nano());
        risk.consider(RiskFactor::MemoryLimitEqualsRequest, Some(equal));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            confidence.covered(&figures.coverage(TWO_WEEKS)),
            risk,
        );
        finding.team = team(work);
        self.states(index, part, request, advised_request, &mut finding);
        if let Some(target) = advised.autoscaler_target {
            finding.after.extend([("target_utilization", super::common::count(target))]);
        }
        Ok(finding)
    }

    fn estimate(
        &self,
        index: &Index<'_>,
        work: &Work<'_>,
        part: &Part<'_>,
        before: &Ratio,
        cut: &Ratio,
    ) -> Result<Estimate, Reason> {
        // Bytes are priced by the GiB: who multiplies the operands must get the saving.
        let (rate, unit, component, formula) = match self.resource {
            Resource::Cpu => (
                &work.rates.cpu_core_hour,
                Ratio::ONE,
                Component::Cpu,
                "reduction * rate * month_hours * replicas",
            ),
            Resource::Memory => (
                &work.rates.memory_gib_hour,
                Ratio::from(GIB),
                Component::Memory,
                "reduction / 2^30 * rate * month_hours * replicas",
            ),
        };
        let rate = rate.as_ref().ok_or(Reason::NoPrice)?;
        let replicas = index.replicas(work).ok_or(Reason::NoPodCost)?;
        let hours = &index.config.month_hours;
        let month = |amount: &Ratio| {
            let amount = amount.over(&unit).unwrap_or_default();
            amount.times(rate).times(hours).times(&replicas)
        };
        let saving = month(cut);
        let operands = vec![
            ("reduction", cut.clone().into()),
            ("rate", rate.clone().into()),
            ("replicas", replicas.clone().into()),
        ];
        Ok(Estimate::saving(&saving, hours)
            .by(formula, operands)
            .priced_by("rates of requests", None)
            .claiming(part.subject.id(), component, &month(before), &saving, ClaimKind::Resize))
    }

    fn states(
        &self,
        index: &Index<'_>,
        part: &Part<'_>,
        request: Quantity,
        advised: u64,
        finding: &mut Assessment,
    ) {
        let name = self.resource.name();
        let limit = self.limit(part);
        let write = |value: u64| Value::Text(manifest(self.resource, value, Some(&request.to_string())));
        let times = |ratio: &Ratio| {
            let value = self.amount(advised).times(ratio);
            let scaled = match self.resource {
                Resource::Cpu => value.scaled(9),
                Resource::Memory => value.ceil(),
            };
            write(scaled.and_then(|scaled| u64::try_from(scaled).ok()).unwrap_or(u64::MAX))
        };
        let kept = || limit.map(|limit| quantity(Some(limit)));
        let after = match &index.config.limit_policy {
            LimitPolicy::Keep => kept(),
            LimitPolicy::DoubleRequest => Some(times(&Ratio::from(2))),
            LimitPolicy::Ratio(ratio) => Some(times(ratio)),
            LimitPolicy::Remove if self.resource == Resource::Cpu => limit.map(|_| Value::Unknown),
            LimitPolicy::Remove => kept(),
        };
        finding.before = resources(name, quantity(Some(request)), kept());
        finding.after = resources(name, write(advised), after);
    }
}

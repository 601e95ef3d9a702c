//! Requests far above what is used.

use super::{Field, Judged, WINDOW_NOT_STATED, Workload};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, DetectionConfig, Detector, Estimate, Evidence,
        Fact, LimitPolicy, OpportunityType, Ratio, Reason, Risk, Setting, Subject, Value,
    },
};
use std::{borrow::Cow, sync::Arc};

/// The two resources of the summary form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resource {
    Cpu,
    Memory,
}

pub(super) struct OverRequest {
    id: &'static str,
    opportunity: OpportunityType,
    resource: Resource,
    settings: &'static [Setting],
}

pub(super) static CPU: OverRequest = OverRequest {
    id: "k8s.cpu_over_request",
    opportunity: OpportunityType::OverRequestedCpu,
    resource: Resource::Cpu,
    settings: &[
        Setting::number("usage_threshold", "0.3", "share of the request in use; established default"),
        Setting::number("far_threshold", "0.2", "share below which the confidence is 0.85"),
        Setting::number("headroom", "1.5", "times the usage that stays requested; established default"),
        Setting::number("floor_cores", "0.1", "cores that stay requested at least; established default"),
        Setting::number("minimum_saving", "10", "USD a month; established default"),
    ],
};

pub(super) static MEMORY: OverRequest = OverRequest {
    id: "k8s.memory_over_request",
    opportunity: OpportunityType::OverRequestedMemory,
    resource: Resource::Memory,
    settings: &[
        Setting::number("usage_threshold", "0.3", "share of the request in use; established default"),
        Setting::number("far_threshold", "0.2", "share below which the confidence is 0.85"),
        Setting::number("headroom", "1.5", "times the usage that stays requested; established default"),
        Setting::number("floor_gb", "0.5", "GB that stay requested at least; established default"),
        Setting::number("minimum_saving", "10", "USD a month; established default"),
    ],
};

/// The constants of one run.
struct Constants<'a> {
    threshold: Ratio,
    far: Ratio,
    headroom: Ratio,
    floor: Ratio,
    minimum: Ratio,
    /// The price of one unit for a month.
    price: Ratio,
    rate: &'a Ratio,
    config: &'a DetectionConfig,
}

impl Detector for OverRequest {
    fn id(&self) -> &'static str {
        self.id
    }

    fn settings(&self) -> &'static [Setting] {
        self.settings
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(data) = cx.summary() else { return Ok(Vec::new()) };
        let constants = self.constants(cx.config);
        let judge = |workload| self.judge(workload, self.verdict(workload, &constants), &constants);
        Ok(data.workloads.iter().map(judge).collect())
    }

    fn assess_briefly(&self, cx: &Context<'_>) -> Result<Option<Vec<Assessment>>, Fault> {
        let Some(data) = cx.summary() else { return Ok(None) };
        let constants = self.constants(cx.config);
        let judge = |workload| match self.verdict(workload, &constants) {
            Verdict::NoRequest | Verdict::Ok { .. } => None,
            verdict => Some(self.judge(workload, verdict, &constants)),
        };
        Ok(Some(data.workloads.iter().filter_map(judge).collect()))
    }
}

/// What the figures of a workload say.
enum Verdict<'a> {
    /// A value cannot be read, or the name stands twice; where.
    Invalid(&'a str),
    NoRequest,
    NoUsage,
    Ok {
        request: Ratio,
        usage: Ratio,
        reason: Reason,
    },
    Finding {
        request: Ratio,
        usage: Ratio,
        limit: Cow<'a, Field>,
        after: Ratio,
        saving: Ratio,
    },
}

/// The path of a refused value.
fn bad<'a>(field: &Cow<'a, Field>) -> Option<&'a str> {
    match field {
        Cow::Borrowed(field) => field.bad(),
        // Refused values are never made on the way out.
        Cow::Owned(_) => None,
    }
}

fn known(field: Cow<'_, Field>) -> Option<Ratio> {
    match field {
        Cow::Owned(Field::Known(number)) => Some(number),
        other => other.known().cloned(),
    }
}

impl OverRequest {
    fn constants<'a>(&self, config: &'a DetectionConfig) -> Constants<'a> {
        let (floor, rate) = match self.resource {
            Resource::Cpu => ("floor_cores", &config.summary_rates.0),
            Resource::Memory => ("floor_gb", &config.summary_rates.1),
        };
        Constants {
            threshold: config.number(self, "usage_threshold"),
            far: config.number(self, "far_threshold"),
            headroom: config.number(self, "headroom"),
            floor: config.number(self, floor),
            minimum: config.number(self, "minimum_saving"),
            price: rate.times(&config.month_hours),
            rate,
            config,
        }
    }

    /// Request, usage and limit.
    fn fields<'a>(&self, workload: Workload<'a>) -> [Cow<'a, Field>; 3] {
        match self.resource {
            Resource::Cpu => [workload.cpu_request(), workload.cpu_usage(), workload.cpu_limit()],
            Resource::Memory => [workload.memory_request(), workload.memory_usage(), workload.memory_limit()],
        }
    }

    fn verdict<'a>(&self, workload: Workload<'a>, constants: &Constants<'_>) -> Verdict<'a> {
        let [request, usage, limit] = self.fields(workload);
        if let Some(path) = bad(&request).or_else(|| workload.is_repeated().then(|| workload.name())) {
            return Verdict::Invalid(path);
        }
        let Some(request) = known(request).filter(Ratio::is_positive) else {
            return Verdict::NoRequest;
        };
        if let Some(path) = bad(&usage).or_else(|| bad(&limit)) {
            return Verdict::Invalid(path);
        }
        let Some(usage) = known(usage) else { return Verdict::NoUsage };
        if usage >= request.times(&constants.threshold) {
            return Verdict::Ok { request, usage, reason: Reason::UtilizationAtOrAboveThreshold };
        }
        let after = usage.times(&constants.headroom).max(constants.floor.clone());
        if after >= request {
            return Verdict::Ok { request, usage, reason: Reason::NoReduction };
        }
        let saving = request.minus(&after).times(&constants.price);
        if saving < constants.minimum {
            return Verdict::Ok { request, usage, reason: Reason::BelowMinimumSaving };
        }
        Verdict::Finding { request, usage, limit, after, saving }
    }

    fn judge(&self, workload: Workload<'_>, verdict: Verdict<'_>, constants: &Constants<'_>) -> Assessment {
        let subject = Subject::summary_workload(workload.namespace(), workload.name());
        let judged = Judged { detector: self.id, opportunity: self.opportunity, subject };
        let evidence = |request: Ratio, usage: Ratio| {
            Evidence::from_source("cluster_data.workloads")
                .observed("usage", usage)
                .observed("request", request)
                .threshold("usage_threshold", constants.threshold.clone())
        };
        let assessment = match verdict {
            Verdict::Invalid(path) => return judged.invalid(path),
            Verdict::NoRequest => return judged.inapplicable(Reason::NoRequest),
            Verdict::NoUsage => return judged.undetermined(Reason::NoUsage),
            Verdict::Ok { request, usage, reason } => {
                Assessment { evidence: evidence(request, usage), ..judged.ok(reason) }
            }
            Verdict::Finding { request, usage, limit, after, saving } => {
                let evidence = evidence(request.clone(), usage.clone());
                let mut finding =
                    self.finding(judged, evidence, (&request, &usage, &limit), (after, saving), constants);
                // All amounts are totals: a manifest states what each pod gets.
                let replicas = workload.replicas();
                let pods = replicas.known().filter(|pods| pods.is_positive());
                finding.before.extend(pods.map(|pods| -> Fact { ("replicas", pods.clone().into()) }));
                finding
            }
        };
        Assessment { team: workload.team().map(Arc::from), ..assessment }
    }

    fn finding(
        &self,
        judged: Judged,
        evidence: Evidence,
        (request, usage, limit): (&Ratio, &Ratio, &Field),
        (after, saving): (Ratio, Ratio),
        constants: &Constants<'_>,
    ) -> Assessment {
        let far = *usage < request.times(&constants.far);
        // 0.85 and 0.65: the established confidence of this detector (specification, section 3).
        let confidence = Confidence::stated(Ratio::thousandths(if far { 850 } else { 650 }));
        let component = if self.resource == Resource::Cpu { Component::Cpu } else { Component::Memory };
        let mut estimate = Estimate::saving(&saving, &constants.config.month_hours)
            .by(
                "(request - after) * rate * month_hours",
                vec![
                    ("request", request.clone().into()),
                    ("after", after.clone().into()),
                    ("rate", constants.rate.clone().into()),
                ],
            )
            .priced_by("config.summary_rates", None)
            .claiming(
                judged.subject.id(),
                component,
                &request.times(&constants.price),
                &saving,
                ClaimKind::Resize,
            );
        estimate.assumptions.push(WINDOW_NOT_STATED);
        let risk = Risk::base(Ratio::thousandths(200));
        let mut finding = Assessment::finding(
            self.id,
            self.opportunity,
            judged.subject,
            evidence.threshold("minimum_saving", constants.minimum.clone()),
            estimate,
            confidence,
            risk,
        );
        let (request_name, limit_name) = self.names();
        finding.before = vec![(request_name, request.clone().into())];
        finding.before.extend(limit.known().map(|limit| -> Fact { (limit_name, limit.clone().into()) }));
        let new_limit = self.limit_after(&after, limit, &constants.config.limit_policy);
        finding.after = vec![(request_name, after.into())];
        finding.after.extend(new_limit.map(|limit| -> Fact { (limit_name, limit) }));
        finding
    }

    const fn names(&self) -> (&'static str, &'static str) {
        match self.resource {
            Resource::Cpu => ("cpu_request", "cpu_limit"),
            Resource::Memory => ("memory_request_gb", "memory_limit_gb"),
        }
    }

    /// The limit after the change; nothing where there is none to speak of.
    fn limit_after(&self, after: &Ratio, limit: &Field, policy: &LimitPolicy) -> Option<Value> {
        let kept = || limit.known().cloned().map(Value::Number);
        match policy {
            LimitPolicy::Keep => kept(),
            LimitPolicy::DoubleRequest => Some(after.times(&Ratio::from(2)).into()),
            LimitPolicy::Ratio(ratio) => Some(after.times(ratio).into()),
            LimitPolicy::Remove if self.resource == Resource::Cpu => limit.known().map(|_| Value::Unknown),
            LimitPolicy::Remove => kept(),
        }
    }
}

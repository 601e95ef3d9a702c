//! Endpoints that nobody calls, and throughput that is paid by the hour but hardly used.

use super::{
    Endpoint, Index, Provisioned as Throughput,
    index::{Saving, WEEK},
};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Coverage, Detector, Estimate, Evidence,
        Measured, OpportunityType, Ratio, Reason, Risk, Setting, Subject, SubjectKind, Value, judged::Judged,
        summary::refused,
    },
};

pub(super) struct Idle;
pub(super) struct Provisioned;

impl Detector for Idle {
    fn id(&self) -> &'static str {
        "ai.endpoint_idle"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("window_days", "14", "days without an invocation; as unused claims, twice")] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        let days = cx.config.number(self, "window_days");
        Ok(index.inventory.endpoints.iter().map(|endpoint| self.judge(endpoint, &days, cx)).collect())
    }
}

impl Idle {
    fn judge(&self, endpoint: &Endpoint, days: &Ratio, cx: &Context<'_>) -> Assessment {
        let judged = Judged {
            detector: self.id(),
            opportunity: OpportunityType::IdleEndpoint,
            subject: Subject::named(SubjectKind::Endpoint, &endpoint.name),
        };
        let numbers = [
            &endpoint.invocations,
            &endpoint.invocations_window_hours,
            &endpoint.instances,
            &endpoint.hourly_price,
        ];
        let bad = refused(endpoint.repeated, &endpoint.name, &numbers).or_else(|| endpoint.created_at.bad());
        if let Some(path) = bad {
            return judged.invalid(path);
        }
        let Some(invocations) = endpoint.invocations.known() else {
            return judged.undetermined(Reason::NoInvocationData);
        };
        let required = days.times(&Ratio::from(24));
        let counted = endpoint.invocations_window_hours.known();
        let evidence = Evidence::from_source("endpoints.invocations")
            .observed("invocations", invocations.clone())
            .observed("window_hours", counted.cloned())
            .observed("created_at", endpoint.created_at.known().copied())
            .threshold("window_hours", required.clone());
        // One invocation settles it, however short the time over which they were counted.
        if invocations.is_positive() {
            return Assessment { evidence, ..judged.ok(Reason::Invoked) };
        }
        let Some(counted) = counted.filter(|counted| **counted >= required) else {
            return Assessment { evidence, ..judged.undetermined(Reason::NotEnoughSamples) };
        };
        let Some(created_at) = endpoint.created_at.known() else {
            return Assessment { evidence, ..judged.undetermined(Reason::NoAge) };
        };
        let age =
            Ratio::new(cx.as_of.ms().saturating_sub(created_at.ms()).into(), 3_600_000).unwrap_or_default();
        if age <= required {
            return Assessment { evidence, ..judged.inapplicable(Reason::TooYoung) };
        }
        if endpoint.instances.known().is_some_and(Ratio::is_zero) {
            return Assessment { evidence, ..judged.ok(Reason::NoSaving) };
        }
        let hours = &cx.config.month_hours;
        let estimate = match (endpoint.instances.known(), endpoint.hourly_price.known()) {
            (Some(instances), Some(price)) => {
                let month = instances.times(price).times(hours);
                let resource = format!("endpoint/{}", endpoint.name);
                Estimate::saving(&month, hours)
                    .by(
                        "instances * hourly_price * month_hours",
                        vec![("instances", instances.clone().into()), ("hourly_price", price.clone().into())],
                    )
                    .priced_by("endpoints.hourly_price", None)
                    .claiming(resource, Component::Fee, &month, &month, ClaimKind::Delete)
            }
            _ => Estimate::unknown(Reason::NoPrice, hours),
        };
        let seconds =
            |hours: &Ratio| hours.times(&Ratio::from(3600)).floor().and_then(|s| u64::try_from(s).ok());
        let coverage = Coverage { span_seconds: seconds(counted).zip(seconds(&required)), samples: None };
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            Confidence::fact().covered(&coverage),
            Risk::base(Ratio::thousandths(200)),
        );
        finding.before = vec![("instances", endpoint.instances.known().cloned().into())];
        finding.after = vec![("state", Value::Word("deleted"))];
        finding
    }
}

impl Detector for Provisioned {
    fn id(&self) -> &'static str {
        "ai.provisioned_below_break_even"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[Setting::number(
                "break_even",
                "1",
                "on-demand price of the tokens over the fee, below which it does not pay",
            )]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.ai() else { return Ok(Vec::new()) };
        let threshold = cx.config.number(self, "break_even");
        let all = index.inventory.provisioned.iter();
        Ok(all.map(|throughput| self.judge(throughput, &threshold, index)).collect())
    }
}

impl Provisioned {
    fn judge(&self, throughput: &Throughput, threshold: &Ratio, index: &Index<'_>) -> Assessment {
        let judged = Judged {
            detector: self.id(),
            opportunity: OpportunityType::LlmSpend,
            subject: Subject::named(SubjectKind::Throughput, &throughput.name),
        };
        let numbers = [&throughput.hourly_fee, &throughput.on_demand_cost];
        let bad = refused(throughput.repeated, &throughput.name, &numbers);
        if let Some(path) = bad.or_else(|| throughput.commitment_end.bad()) {
            return judged.invalid(path);
        }
        if throughput.commitment_end.known().is_some_and(|end| *end > index.inventory.as_of) {
            return judged.inapplicable(Reason::InCommitmentTerm);
        }
        let Some(on_demand) = throughput.on_demand_cost.known() else {
            return judged.undetermined(Reason::NoUsage);
        };
        let (Some(hourly), Some(hours)) = (throughput.hourly_fee.known(), index.inventory.window_hours())
        else {
            return judged.undetermined(Reason::NoPriceData);
        };
        let fee = hourly.times(&hours);
        let evidence = Evidence::from_source("provisioned")
            .observed("on_demand_cost", on_demand.clone())
            .observed("fee", fee.clone())
            .threshold("break_even", threshold.clone())
            .over(index.inventory.window);
        let Some(ratio) = on_demand.over(&fee).filter(|ratio| ratio < threshold) else {
            return Assessment { evidence, ..judged.ok(Reason::AboveBreakEven) };
        };
        let saving = fee.minus(on_demand);
        if !saving.is_positive() {
            return Assessment { evidence, ..judged.ok(Reason::NoSaving) };
        }
        let estimate = index.estimate(Saving {
            sum: Ok(saving),
            formula: "(hourly_fee * window_hours - on_demand_cost) * month_hours / window_hours",
            operands: vec![
                ("hourly_fee", hourly.clone().into()),
                ("on_demand_cost", on_demand.clone().into()),
            ],
            priced_by: ("provisioned.hourly_fee".into(), None),
            resource: format!("throughput/{}", throughput.name),
            component: Component::Fee,
            base: Some(&fee),
            kind: ClaimKind::PriceClass,
            exclusive: false,
        });
        let confidence = Confidence::metric(&[Measured::Below(ratio, threshold.clone())]);
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            confidence.covered(&index.coverage(WEEK)),
            Risk::base(Ratio::thousandths(200)),
        );
        finding.before = vec![("billing", Value::Word("provisioned"))];
        finding.after = vec![("billing", Value::Word("on_demand"))];
        finding
    }
}

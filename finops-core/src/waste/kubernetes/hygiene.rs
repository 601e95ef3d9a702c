//! What every workload should state: requests and labels.

use super::{
    common::{Verdict, of_parts, of_works, open, risk_of, team},
    index::{Index, Part, Work},
};
use crate::waste::{
    Assessment, Confidence, Context, Detector, Estimate, Evidence, OpportunityType, Ratio, Reason, Value,
    Walk,
};

const OPPORTUNITY: OpportunityType = OpportunityType::MissingRequests;

pub(super) struct MissingRequests;
pub(super) struct MissingLabels;

impl Detector for MissingRequests {
    fn id(&self) -> &'static str {
        "k8s.missing_requests"
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        Some(of_parts(index, |work, part| self.judge(index, work, part)))
    }
}

impl MissingRequests {
    fn judge(&self, index: &Index<'_>, work: &Work<'_>, part: &Part<'_>) -> Verdict {
        let judged = open(self.id(), OPPORTUNITY, &part.subject, work.excluded)?;
        if part.injected {
            return Err(judged.inapplicable(Reason::Injected));
        }
        // A limit alone is the request too: the API server fills it in.
        let stated = |name: &str| {
            let both = [part.record.requests.as_ref(), part.record.limits.as_ref()];
            both.into_iter().flatten().any(|resources| resources.get(name).is_some())
        };
        let missing: Vec<&'static str> = ["cpu", "memory"].into_iter().filter(|name| !stated(name)).collect();
        if missing.is_empty() {
            return Err(judged.ok(Reason::RequestsSet));
        }
        let list = Value::List(missing.iter().copied().map(Value::Word).collect());
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            Evidence::from_source("workloads.containers").with("missing", list),
            Estimate::governance(&index.config.month_hours),
            Confidence::fact(),
            risk_of(index, work, Ratio::thousandths(100), None),
        );
        finding.team = team(work);
        finding.after = vec![("requests", Value::Word("set"))];
        Ok(finding)
    }
}

impl Detector for MissingLabels {
    fn id(&self) -> &'static str {
        "k8s.missing_labels"
    }

    fn walk<'c>(&'c self, cx: &'c Context<'_>) -> Option<Walk<'c>> {
        let index = cx.cluster()?;
        let is_asked = !index.config.required_labels.is_empty();
        is_asked.then(|| of_works(index, |work| self.judge(index, work)))
    }
}

impl MissingLabels {
    fn judge(&self, index: &Index<'_>, work: &Work<'_>) -> Verdict {
        let judged = open(self.id(), OPPORTUNITY, &work.subject, work.excluded)?;
        let all = [work.record.labels.as_ref(), work.record.pod_labels.as_ref()];
        let carries = |name: &str| {
            all.into_iter().flatten().any(|labels| labels.get(name).is_some_and(|v| !v.is_empty()))
        };
        let required = &index.config.required_labels;
        let mut missing: Vec<&str> =
            required.iter().map(String::as_str).filter(|name| !carries(name)).collect();
        if missing.is_empty() {
            return Err(judged.ok(Reason::LabelsSet));
        }
        missing.sort_unstable();
        let list = Value::List(missing.into_iter().map(Value::from).collect());
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            Evidence::from_source("workloads.labels").with("missing", list),
            Estimate::governance(&index.config.month_hours),
            Confidence::fact(),
            risk_of(index, work, Ratio::thousandths(100), None),
        );
        finding.team = team(work);
        finding.after = vec![("labels", Value::Word("set"))];
        Ok(finding)
    }
}

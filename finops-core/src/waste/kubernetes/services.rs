//! Balancers with nothing behind them.

use super::{
    common::{Verdict, open, settle},
    index::Index,
    price::balancer_month,
};
use crate::{
    error::Fault,
    inventory::{Ingress, Service, ServiceCost},
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, OpportunityType,
        Ratio, Reason, Risk, RiskFactor, Setting, Subject, SubjectKind, Value, judged::Judged,
    },
};
use rustc_hash::FxHashSet;

const OPPORTUNITY: OpportunityType = OpportunityType::UnusedResources;

pub(super) struct WithoutEndpoints;

impl Detector for WithoutEndpoints {
    fn id(&self) -> &'static str {
        "k8s.load_balancer_without_endpoints"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("age_days", "7", "days that a balancer may wait for its pods")] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let least = cx.config.count(self, "age_days").saturating_mul(86_400);
        let services = index.inventory.services.iter().flatten();
        let names: FxHashSet<(&str, &str)> =
            services.clone().map(|service| (&*service.namespace, &*service.name)).collect();
        let mut out: Vec<Assessment> =
            services.map(|service| settle(self.service(index, service, least))).collect();
        let ingresses = index.inventory.ingresses.iter().flatten();
        out.extend(ingresses.map(|ingress| settle(self.ingress(index, ingress, &names, least))));
        Ok(out)
    }
}

impl WithoutEndpoints {
    fn service(&self, index: &Index<'_>, service: &Service, least: u64) -> Verdict {
        let subject = Subject::namespaced(SubjectKind::Service, &service.namespace, &service.name);
        let excluded = index.excluded(&service.namespace, service.annotations.as_ref());
        let judged = open(self.id(), OPPORTUNITY, &subject, excluded)?;
        if service.r#type.as_ref().is_none_or(|kind| kind != "LoadBalancer") {
            return Err(judged.inapplicable(Reason::NotALoadBalancer));
        }
        match &service.ready_endpoints {
            None => return Err(judged.undetermined(Reason::NoEndpointData)),
            Some(endpoints) if !endpoints.is_empty() => return Err(judged.ok(Reason::HasEndpoints)),
            Some(_) => {}
        }
        let age = index.age(service.created_at);
        let source = Evidence::from_source("services.ready_endpoints");
        self.finding(index, judged, (age, least), source, service.cost.as_ref(), &service.namespace)
    }

    fn ingress(
        &self,
        index: &Index<'_>,
        ingress: &Ingress,
        services: &FxHashSet<(&str, &str)>,
        least: u64,
    ) -> Verdict {
        let subject = Subject::namespaced(SubjectKind::Ingress, &ingress.namespace, &ingress.name);
        let excluded = index.excluded(&ingress.namespace, ingress.annotations.as_ref());
        let judged = open(self.id(), OPPORTUNITY, &subject, excluded)?;
        if index.inventory.services.is_none() {
            return Err(judged.undetermined(Reason::NoServiceData));
        }
        let Some(backends) = ingress.backends.as_ref().filter(|backends| !backends.is_empty()) else {
            return Err(judged.undetermined(Reason::NoEndpointData));
        };
        if backends.iter().any(|name| services.contains(&(&*ingress.namespace, &**name))) {
            return Err(judged.ok(Reason::HasEndpoints));
        }
        let missing = backends.iter().map(|name| Value::from(name.as_str())).collect();
        let evidence = Evidence::from_source("ingresses.backends").with("missing", Value::List(missing));
        let age = index.age(ingress.created_at);
        let mut finding =
            self.finding(index, judged, (age, least), evidence, ingress.cost.as_ref(), &ingress.namespace)?;
        finding.reason = Some(Reason::BackendsMissing);
        Ok(finding)
    }

    fn finding(
        &self,
        index: &Index<'_>,
        judged: Judged,
        (age, least): (Option<u64>, u64),
        evidence: Evidence,
        cost: Option<&ServiceCost>,
        namespace: &str,
    ) -> Verdict {
        match age {
            None => return Err(judged.undetermined(Reason::NoAge)),
            Some(age) if age <= least => return Err(judged.inapplicable(Reason::TooYoung)),
            Some(_) => {}
        }
        let hours = &index.config.month_hours;
        let estimate = match balancer_month(cost, index.inventory, index.config) {
            None => Estimate::unknown(Reason::NoPrice, hours),
            Some(month) => Estimate::saving(&month, hours)
                .by("monthly_cost", vec![("monthly_cost", month.clone().into())])
                .priced_by("services.cost", None)
                .claiming(judged.subject.id(), Component::Fee, &month, &month, ClaimKind::Delete),
        };
        let mut risk = Risk::base(Ratio::thousandths(150));
        risk.consider(RiskFactor::Production, index.is_production(namespace, &[]));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            Confidence::fact(),
            risk,
        );
        finding.after = vec![("state", Value::Word("deleted"))];
        Ok(finding)
    }
}

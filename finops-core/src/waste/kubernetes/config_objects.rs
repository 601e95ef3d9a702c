//! ConfigMaps, Secrets and Services that nothing refers to.

use super::{
    common::{Verdict, matches, open, settle},
    index::Index,
};
use crate::{
    error::Fault,
    inventory::{ConfigObject, Labels, Name, Service, VolumeUse},
    time::Timestamp,
    waste::{
        Assessment, Confidence, Context, Detector, Estimate, Evidence, OpportunityType, Ratio, Reason, Risk,
        RiskFactor, Setting, Subject, SubjectKind, Value, judged::Judged,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};

const OPPORTUNITY: OpportunityType = OpportunityType::UnusedResources;

/// Types of Secrets that the system makes, or that pods name in a place which inventories do not keep.
const SYSTEM_TYPES: [&str; 5] = [
    "kubernetes.io/service-account-token",
    "helm.sh/release.v1",
    "bootstrap.kubernetes.io/token",
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/dockercfg",
];

pub(super) struct Orphan;

/// What refers to configuration objects, and which labels pods carry.
struct References<'a> {
    named: FxHashSet<(&'a str, &'a str, &'a str)>,
    labels: FxHashMap<&'a str, Vec<&'a Labels>>,
}

impl<'a> References<'a> {
    fn of(index: &Index<'a>) -> Self {
        let mut found = Self { named: FxHashSet::default(), labels: FxHashMap::default() };
        let inventory = index.inventory;
        for pod in inventory.pods.iter().flatten() {
            found.add_volumes(&pod.namespace, pod.volumes.as_deref());
            found.add_env(&pod.namespace, pod.containers.iter().filter_map(|one| one.env_refs.as_deref()));
            found.add_labels(&pod.namespace, pod.labels.as_ref());
        }
        for workload in inventory.workloads.iter().flatten() {
            found.add_volumes(&workload.namespace, workload.volumes.as_deref());
            let containers = workload.containers.iter().flatten();
            found.add_env(&workload.namespace, containers.filter_map(|one| one.env_refs.as_deref()));
            found.add_labels(&workload.namespace, workload.pod_labels.as_ref());
        }
        for ingress in inventory.ingresses.iter().flatten() {
            for secret in ingress.tls_secrets.iter().flatten() {
                found.named.insert((&ingress.namespace, "Secret", secret));
            }
        }
        for account in inventory.config_objects.iter().flatten() {
            for secret in account.secrets.iter().flatten() {
                found.named.insert((&account.namespace, "Secret", secret));
            }
        }
        found
    }

    fn add_volumes(&mut self, namespace: &'a str, volumes: Option<&'a [VolumeUse]>) {
        for volume in volumes.unwrap_or_default() {
            match volume {
                VolumeUse::ConfigMap(name) => self.named.insert((namespace, "ConfigMap", name)),
                VolumeUse::Secret(name) => self.named.insert((namespace, "Secret", name)),
                VolumeUse::Claim(_) | VolumeUse::EmptyDir(_) | VolumeUse::HostPath(_) => false,
            };
        }
    }

    fn add_env(&mut self, namespace: &'a str, all: impl Iterator<Item = &'a [Name]>) {
        let references = all.flatten().filter_map(|reference| reference.split_once('/'));
        self.named.extend(references.map(|(kind, name)| (namespace, kind, name)));
    }

    fn add_labels(&mut self, namespace: &'a str, labels: Option<&'a Labels>) {
        if let Some(labels) = labels {
            self.labels.entry(namespace).or_default().push(labels);
        }
    }
}

impl Detector for Orphan {
    fn id(&self) -> &'static str {
        "k8s.orphan_config"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("age_days", "30", "days that an object may lie unused")] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let least = cx.config.count(self, "age_days").saturating_mul(86_400);
        let references = References::of(index);
        let objects = index.inventory.config_objects.iter().flatten();
        let objects = objects.filter(|object| object.kind == "ConfigMap" || object.kind == "Secret");
        let mut out: Vec<Assessment> =
            objects.map(|object| settle(self.object(index, object, &references, least))).collect();
        let services = index.inventory.services.iter().flatten();
        out.extend(services.map(|service| settle(self.service(index, service, &references, least))));
        Ok(out)
    }
}

impl Orphan {
    fn object(
        &self,
        index: &Index<'_>,
        object: &ConfigObject,
        references: &References<'_>,
        least: u64,
    ) -> Verdict {
        let subject = Subject::config(&object.namespace, &object.kind, &object.name);
        let excluded = index.excluded(&object.namespace, object.annotations.as_ref());
        let judged = open(self.id(), OPPORTUNITY, &subject, excluded)?;
        let of_system = object.name == "kube-root-ca.crt"
            || object.r#type.as_ref().is_some_and(|kind| SYSTEM_TYPES.contains(&kind.as_str()))
            || index.config.ignored_config.iter().any(|pattern| matches(pattern, &object.name));
        if of_system {
            return Err(judged.inapplicable(Reason::SystemObject));
        }
        let judged = self.complete(index, judged)?;
        let named = references.named.contains(&(&*object.namespace, &*object.kind, &*object.name));
        if named || object.owner.is_some() {
            return Err(judged.ok(Reason::Referenced));
        }
        // Certificates are named by ingresses.
        let certificate = object.r#type.as_ref().is_some_and(|kind| kind == "kubernetes.io/tls");
        if certificate && index.inventory.ingresses.is_none() {
            return Err(judged.undetermined(Reason::NoServiceData));
        }
        let evidence = Evidence::from_source("config_objects")
            .with("bytes", object.bytes.map(|bytes| Ratio::from(i128::from(bytes))));
        self.finding(index, judged, object.created_at, least, evidence, &object.namespace)
    }

    fn service(
        &self,
        index: &Index<'_>,
        service: &Service,
        references: &References<'_>,
        least: u64,
    ) -> Verdict {
        let subject = Subject::namespaced(SubjectKind::Service, &service.namespace, &service.name);
        let excluded = index.excluded(&service.namespace, service.annotations.as_ref());
        let judged = open(self.id(), OPPORTUNITY, &subject, excluded)?;
        // A service without a selector leads outside, or someone else keeps its endpoints.
        let selector = service.selector.as_ref().filter(|selector| !selector.is_empty());
        let Some(selector) = selector.filter(|_| service.r#type.as_ref().is_none_or(|t| t != "ExternalName"))
        else {
            return Err(judged.inapplicable(Reason::WrongKind));
        };
        let judged = self.complete(index, judged)?;
        let labels = references.labels.get(&*service.namespace).map_or(&[][..], Vec::as_slice);
        let has_endpoints = service.ready_endpoints.as_ref().is_some_and(|endpoints| !endpoints.is_empty());
        if has_endpoints || labels.iter().any(|labels| selector.select(Some(labels))) {
            return Err(judged.ok(Reason::Referenced));
        }
        let evidence = Evidence::from_source("services.selector");
        self.finding(index, judged, service.created_at, least, evidence, &service.namespace)
    }

    /// Nothing is an orphan while what might name it is not known.
    fn complete(&self, index: &Index<'_>, judged: Judged) -> Result<Judged, Assessment> {
        if index.inventory.pods.is_none() {
            return Err(judged.undetermined(Reason::NoPodData));
        }
        if index.inventory.workloads.is_none() {
            return Err(judged.undetermined(Reason::NoWorkloadData));
        }
        Ok(judged)
    }

    fn finding(
        &self,
        index: &Index<'_>,
        judged: Judged,
        created_at: Option<Timestamp>,
        least: u64,
        evidence: Evidence,
        namespace: &str,
    ) -> Verdict {
        match index.age(created_at) {
            None => return Err(judged.undetermined(Reason::NoAge)),
            Some(age) if age <= least => return Err(judged.inapplicable(Reason::TooYoung)),
            Some(_) => {}
        }
        let mut risk = Risk::base(Ratio::thousandths(200));
        risk.consider(RiskFactor::Production, index.is_production(namespace, &[]));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence.observed("created_at", created_at),
            Estimate::governance(&index.config.month_hours),
            // 0.65: a program may read the object through the API, which no manifest shows.
            Confidence::stated(Ratio::thousandths(650)),
            risk,
        );
        finding.after = vec![("state", Value::Word("deleted"))];
        Ok(finding)
    }
}

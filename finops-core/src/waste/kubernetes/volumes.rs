//! Volumes that nobody mounts, that are left behind, or that are far too large.

use super::{
    common::{Verdict, evidence_of, nano, open, quantity, settle},
    index::{Index, TWO_WEEKS},
    price::{GIB, units, volume_month},
    schedule::is_of_template,
};
use crate::{
    error::Fault,
    inventory::{ClaimName, Metric, Volume, VolumeUse},
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, Measured,
        OpportunityType, Ratio, Reason, Risk, RiskFactor, Setting, Subject, SubjectKind, Value,
    },
};
use rustc_hash::FxHashSet;

const DAY: u64 = 86_400;

pub(super) struct UnusedClaim;
pub(super) struct Released;
pub(super) struct Oversized;

/// The age of a volume in seconds.
fn age(index: &Index<'_>, volume: &Volume) -> Option<u64> {
    index.age(volume.created_at).or_else(|| {
        let days = Ratio::from(volume.age_days?);
        u64::try_from(days.times(&Ratio::from(86_400)).floor()?).ok()
    })
}

/// The saving of deleting a volume.
fn deletion(index: &Index<'_>, volume: &Volume, resource: &str) -> Estimate {
    let hours = &index.config.month_hours;
    match volume_month(volume, index.inventory, index.prices, index.config) {
        Err(reason) => Estimate::unknown(reason, hours),
        Ok((month, price)) => {
            let amount = &month.amount;
            Estimate::saving(amount, hours)
                .by(
                    "size_gib * price_gib_month",
                    vec![
                        ("size", quantity(volume.size.or(volume.requested))),
                        ("price_gib_month", price.into()),
                    ],
                )
                .priced_by(month.source.clone(), month.date.clone())
                .claiming(resource, Component::Storage, amount, amount, ClaimKind::Delete)
        }
    }
}

/// The risk of deleting data. A snapshot that is not known of is none.
fn risk(index: &Index<'_>, volume: &Volume, base: i128, deletes: bool) -> Risk {
    let mut risk = Risk::base(Ratio::thousandths(base));
    let without = deletes && volume.has_snapshot != Some(true);
    risk.consider(RiskFactor::DataWithoutSnapshot, Some(without));
    let namespace = volume.claim.as_ref().map_or("", |claim| claim.namespace.as_str());
    risk.consider(RiskFactor::Production, index.is_production(namespace, &[]));
    risk
}

fn claims<'a>(index: &Index<'a>) -> impl Iterator<Item = (&'a Volume, &'a ClaimName)> {
    let volumes = index.inventory.volumes.iter().flatten();
    volumes.filter_map(|volume| Some((volume, volume.claim.as_ref()?)))
}

fn state(volume: &Volume) -> Vec<(&'static str, Value)> {
    vec![
        ("phase", volume.phase.as_ref().map(|phase| Value::from(phase.as_str())).into()),
        ("size", quantity(volume.size)),
    ]
}

impl Detector for UnusedClaim {
    fn id(&self) -> &'static str {
        "k8s.unused_claim"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("age_days", "7", "days that a claim may lie unmounted")] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let least = cx.config.count(self, "age_days").saturating_mul(DAY);
        let mut named: FxHashSet<(&str, &str)> = FxHashSet::default();
        for workload in index.inventory.workloads.iter().flatten() {
            for volume in workload.volumes.iter().flat_map(|volumes| volumes.iter()) {
                if let VolumeUse::Claim(claim) = volume {
                    named.insert((workload.namespace.as_str(), claim.as_str()));
                }
            }
        }
        let judge = |(volume, claim): (&Volume, &ClaimName)| {
            let is_named = named.contains(&(claim.namespace.as_str(), claim.name.as_str()));
            settle(self.judge(index, volume, claim, is_named, least))
        };
        Ok(claims(index).map(judge).collect())
    }
}

/// How a claim belongs to a StatefulSet: by its template, at how many replicas.
fn replicas_of_template(index: &Index<'_>, claim: &ClaimName) -> Option<Option<u32>> {
    let workloads = index.inventory.workloads.iter().flatten();
    let mut own = workloads.filter(|workload| workload.namespace == claim.namespace);
    let found = own.find(|workload| {
        let mut templates = workload.volume_claim_templates.iter().flatten();
        templates.any(|template| is_of_template(&claim.name, &template.name, &workload.name))
    });
    found.map(|workload| workload.replicas)
}

impl UnusedClaim {
    fn judge(
        &self,
        index: &Index<'_>,
        volume: &Volume,
        claim: &ClaimName,
        is_named: bool,
        least: u64,
    ) -> Verdict {
        let subject = Subject::namespaced(SubjectKind::Claim, &claim.namespace, &claim.name);
        let excluded = index.excluded(&claim.namespace, None);
        let judged = open(self.id(), OpportunityType::UnusedResources, &subject, excluded)?;
        if index.inventory.pods.is_none() {
            return Err(judged.undetermined(Reason::NoPodData));
        }
        if index.is_mounted(&claim.namespace, &claim.name) {
            return Err(judged.ok(Reason::InUse));
        }
        if index.inventory.workloads.is_none() {
            return Err(judged.undetermined(Reason::NoWorkloadData));
        }
        let reason = match replicas_of_template(index, claim) {
            None if is_named => return Err(judged.ok(Reason::InUse)),
            None => Reason::NotMounted,
            Some(Some(0)) => Reason::ScaledToZero,
            Some(_) => return Err(judged.ok(Reason::InUse)),
        };
        match age(index, volume) {
            None => return Err(judged.undetermined(Reason::NoAge)),
            Some(age) if age <= least => return Err(judged.inapplicable(Reason::TooYoung)),
            Some(_) => {}
        }
        let estimate = deletion(index, volume, judged.subject.id());
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            Evidence::from_source("pods.volumes").observed("created_at", volume.created_at),
            estimate,
            Confidence::fact(),
            risk(index, volume, 300, true),
        );
        finding.reason = Some(reason);
        finding.before = state(volume);
        finding.after = vec![("state", Value::Word("deleted"))];
        Ok(finding)
    }
}

impl Detector for Released {
    fn id(&self) -> &'static str {
        "k8s.released_volume"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("phase_days", "7", "days in the phase")] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let least = cx.config.count(self, "phase_days").saturating_mul(DAY);
        let volumes = index.inventory.volumes.iter().flatten();
        let judge = |volume| Some(settle(self.judge(index, volume, least)?));
        Ok(volumes.filter_map(judge).collect())
    }
}

impl Released {
    /// `None` for a claim without a volume.
    fn judge(&self, index: &Index<'_>, volume: &Volume, least: u64) -> Option<Verdict> {
        let name = volume.pv.as_ref()?;
        let subject = Subject::global(SubjectKind::Volume, name);
        let namespace = volume.claim.as_ref().map_or("", |claim| claim.namespace.as_str());
        Some(self.verdict(index, volume, subject, namespace, least))
    }

    fn verdict(
        &self,
        index: &Index<'_>,
        volume: &Volume,
        subject: Subject,
        namespace: &str,
        least: u64,
    ) -> Verdict {
        let excluded = index.excluded(namespace, None);
        let judged = open(self.id(), OpportunityType::OrphanVolumes, &subject, excluded)?;
        let Some(phase) = volume.phase.as_deref() else {
            return Err(judged.undetermined(Reason::NoUsage));
        };
        let policy = volume.reclaim_policy.as_deref();
        let since = match phase {
            // Whoever deletes what is released keeps it for now only.
            "Released" | "Failed" if policy == Some("Retain") => index.age(volume.phase_changed_at),
            "Released" | "Failed" => return Err(judged.inapplicable(Reason::SystemObject)),
            // Never bound: it has been available as long as it has been there.
            "Available" if volume.claim.is_none() => {
                index.age(volume.phase_changed_at).or_else(|| age(index, volume))
            }
            _ => return Err(judged.ok(Reason::InUse)),
        };
        match since {
            None => return Err(judged.undetermined(Reason::NoAge)),
            Some(since) if since <= least => return Err(judged.inapplicable(Reason::TooYoung)),
            Some(_) => {}
        }
        let estimate = deletion(index, volume, judged.subject.id());
        let id = volume.volume_id.as_ref().map(|id| Value::from(id.as_str()));
        let evidence = Evidence::from_source("volumes.phase")
            .observed("phase_changed_at", volume.phase_changed_at)
            .observed("volume_id", id)
            .observed("has_snapshot", volume.has_snapshot.map(Value::Flag));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            Confidence::fact(),
            risk(index, volume, 200, true),
        );
        finding.before = state(volume);
        finding.after = vec![("state", Value::Word("deleted"))];
        Ok(finding)
    }
}

impl Detector for Oversized {
    fn id(&self) -> &'static str {
        "k8s.oversized_volume"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number(
                    "headroom",
                    "1.5",
                    "times the most used; Kubecost's production overhead of 50 %",
                ),
                Setting::number(
                    "size_share",
                    "0.7",
                    "share of the size up to which a smaller one is worth it",
                ),
                Setting::number("minimum_samples", "100", "samples"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let (headroom, share) = (cx.config.number(self, "headroom"), cx.config.number(self, "size_share"));
        let samples = cx.config.count(self, "minimum_samples");
        let judge = |(volume, claim)| settle(self.judge(index, volume, claim, &headroom, &share, samples));
        Ok(claims(index).map(judge).collect())
    }
}

impl Oversized {
    fn judge(
        &self,
        index: &Index<'_>,
        volume: &Volume,
        claim: &ClaimName,
        headroom: &Ratio,
        size_share: &Ratio,
        samples: u64,
    ) -> Verdict {
        let subject = Subject::namespaced(SubjectKind::Claim, &claim.namespace, &claim.name);
        let excluded = index.excluded(&claim.namespace, None);
        let judged = open(self.id(), OpportunityType::StorageLifecycle, &subject, excluded)?;
        let used = index.claim_figures(&claim.namespace, &claim.name, Metric::VolumeUsed, TWO_WEEKS);
        let found = used.and_then(|figures| Some((figures.max()?, figures)));
        let (Some((max, figures)), Some(size)) = (found, volume.size.filter(|size| size.nano() > 0)) else {
            return Err(judged.undetermined(Reason::NoUsage));
        };
        let evidence = || {
            evidence_of("volume_used", &figures, TWO_WEEKS)
                .observed("max", nano(Some(max)))
                .observed("size", units(size))
                .threshold("size_share", size_share.clone())
        };
        if figures.samples() < samples {
            return Err(Assessment { evidence: evidence(), ..judged.undetermined(Reason::NotEnoughSamples) });
        }
        let wanted = Ratio::nanos(max).times(headroom).over(&Ratio::from(GIB));
        let gibs = wanted.and_then(|gibs| gibs.ceil()).unwrap_or(i128::MAX).max(1);
        let (advised, before) = (Ratio::from(gibs).times(&Ratio::from(GIB)), units(size));
        if advised > before.times(size_share) {
            return Err(Assessment { evidence: evidence(), ..judged.ok(Reason::SizeFits) });
        }
        let share = advised.over(&before).unwrap_or_default();
        let hours = &index.config.month_hours;
        let estimate = match volume_month(volume, index.inventory, index.prices, index.config) {
            Err(reason) => Estimate::unknown(reason, hours),
            Ok((month, _)) => {
                let saving = month.amount.times(&Ratio::ONE.minus(&share));
                Estimate::saving(&saving, hours)
                    .by(
                        "monthly_cost * (1 - after / size)",
                        vec![
                            ("monthly_cost", month.amount.clone().into()),
                            ("after_gib", Ratio::from(gibs).into()),
                        ],
                    )
                    .priced_by(month.source.clone(), month.date.clone())
                    .claiming(
                        judged.subject.id(),
                        Component::Storage,
                        &month.amount,
                        &saving,
                        ClaimKind::Resize,
                    )
            }
        };
        let measured = Measured::Below(share, size_share.clone());
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence(),
            estimate,
            Confidence::metric(&[measured]).covered(&figures.coverage(TWO_WEEKS)),
            risk(index, volume, 400, false),
        );
        finding.before = vec![("size", quantity(Some(size)))];
        finding.after =
            vec![("size", Value::Text(format!("{gibs}Gi"))), ("method", Value::Word("copy_and_swap"))];
        Ok(finding)
    }
}

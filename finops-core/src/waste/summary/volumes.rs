//! Volumes that no machine has.

use super::{Field, Judged, Volume, WINDOW_NOT_STATED, refused};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, OpportunityType,
        Ratio, Reason, Risk, Setting, Subject, SubjectKind, Value,
    },
};
use std::borrow::Cow;

pub(super) struct Orphan;

impl Detector for Orphan {
    fn id(&self) -> &'static str {
        "k8s.orphan_volume"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("age_days", "7", "days that a volume may lie unattached; established default")] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(data) = cx.summary() else { return Ok(Vec::new()) };
        let age = cx.config.number(self, "age_days");
        Ok(data.volumes.iter().map(|volume| self.judge(volume, &age, cx)).collect())
    }
}

/// Whether a volume is in use: `None` when nothing says so, an error for the path of what cannot be read.
fn in_use(volume: &Volume) -> Result<Option<bool>, &str> {
    if let Some(path) = volume.attached.bad().or_else(|| volume.status.bad()) {
        return Err(path);
    }
    let available = volume.status.known().map(|status| status.eq_ignore_ascii_case("available"));
    Ok(match (volume.attached.known(), available) {
        (Some(true), _) | (_, Some(false)) => Some(true),
        (Some(false), _) | (_, Some(true)) => Some(false),
        (None, None) => None,
    })
}

impl Orphan {
    fn judge(&self, volume: &Volume, age_threshold: &Ratio, cx: &Context<'_>) -> Assessment {
        let judged = Judged {
            detector: self.id(),
            opportunity: OpportunityType::OrphanVolumes,
            subject: Subject::summary_named(SubjectKind::Volume, &volume.id),
        };
        if volume.repeated {
            return judged.invalid(&volume.id);
        }
        match in_use(volume) {
            Err(path) => return judged.invalid(path),
            Ok(None) => return judged.undetermined(Reason::NoUsage),
            Ok(Some(true)) => return judged.ok(Reason::InUse),
            Ok(Some(false)) => {}
        }
        if let Some(path) =
            refused(false, "", &[&volume.age_days, &volume.size]).or_else(|| volume.volume_type.bad())
        {
            return judged.invalid(path);
        }
        let Some(age) = volume.age_days.known() else { return judged.undetermined(Reason::NoAge) };
        let evidence = Evidence::from_source("cluster_data.volumes")
            .observed("age_days", age.clone())
            .observed("status", volume.status.known().map_or(Value::Unknown, |status| status.as_str().into()))
            .threshold("age_days", age_threshold.clone());
        if age <= age_threshold {
            return Assessment { evidence, ..judged.inapplicable(Reason::TooYoung) };
        }
        let estimate = estimate(volume, &judged.subject, cx);
        let (confidence, risk) = (Confidence::fact(), Risk::base(Ratio::thousandths(100)));
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence,
            estimate,
            confidence,
            risk,
        );
        finding.before = vec![
            ("status", "available".into()),
            ("size_gb", volume.size.known().cloned().into()),
            ("type", volume.volume_type.known().cloned().into()),
        ];
        finding.after = vec![("status", Value::Word("deleted"))];
        finding
    }
}

/// The price of a GB-month and where it comes from.
fn price(volume_type: &str, cx: &Context<'_>) -> Option<(Ratio, Cow<'static, str>, Option<String>)> {
    if let Some(price) = cx.config.prices.volume_gb_month.get(volume_type) {
        return Some((price.clone(), "config.prices".into(), None));
    }
    let region = cx.summary().and_then(|data| data.region.as_deref()).unwrap_or(&cx.config.region);
    let row = cx.prices.volume(region, volume_type, None).ok()?;
    Some((Ratio::from(row.amount), row.source.into(), Some(row.from.to_string())))
}

fn estimate(volume: &Volume, subject: &Subject, cx: &Context<'_>) -> Estimate {
    let hours = &cx.config.month_hours;
    let (volume_type, assumed) = match &volume.volume_type {
        Field::Known(volume_type) => (volume_type.as_str(), false),
        // gp3 is what EBS makes where no type is named.
        Field::Absent | Field::Bad(_) => ("gp3", true),
    };
    let mut estimate = match (volume.size.known(), price(volume_type, cx)) {
        (_, None) => Estimate::unknown(Reason::UnknownVolumeType, hours),
        (None, Some(_)) => Estimate::unknown(Reason::NoPrice, hours),
        (Some(size), Some((price, source, date))) => {
            let saving = size.times(&price);
            Estimate::saving(&saving, hours)
                .by(
                    "size_gb * price_gb_month",
                    vec![("size_gb", size.clone().into()), ("price_gb_month", price.into())],
                )
                .priced_by(source, date)
                .claiming(subject.id(), Component::Storage, &saving, &saving, ClaimKind::Delete)
        }
    };
    estimate.assumptions.push(WINDOW_NOT_STATED);
    if assumed {
        estimate.assumptions.push("volume_type_gp3");
    }
    estimate
}

//! Volumes whose kind is dearer than their use needs, and volumes that fill up.

use super::{
    common::{Verdict, evidence_of, nano, open, quantity, settle},
    figures::{Figures, in_window},
    index::{Index, TWO_WEEKS},
    price::{gib, type_price, units, volume_month},
};
use crate::{
    error::Fault,
    inventory::{ClaimName, Metric, Sample, Volume},
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Coverage, Detector, Estimate, Measured,
        OpportunityType, Ratio, Reason, Risk, RiskFactor, Setting, Subject, SubjectKind, Value,
    },
};

const OPPORTUNITY: OpportunityType = OpportunityType::StorageLifecycle;
const DAY_SECONDS: i64 = 86_400;
/// The window of growth: 30 days.
const MONTH_SECONDS: u64 = 30 * 86_400;

pub(super) struct StorageClass;
pub(super) struct UnboundedGrowth;

fn risk(index: &Index<'_>, claim: &ClaimName, base: i128) -> Risk {
    let mut risk = Risk::base(Ratio::thousandths(base));
    risk.consider(RiskFactor::Production, index.is_production(&claim.namespace, &[]));
    risk
}

fn claims<'a>(index: &Index<'a>) -> impl Iterator<Item = (&'a Volume, &'a ClaimName)> {
    let volumes = index.inventory.volumes.iter().flatten();
    volumes.filter_map(|volume| Some((volume, volume.claim.as_ref()?)))
}

impl Detector for StorageClass {
    fn id(&self) -> &'static str {
        "k8s.storage_class"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number(
                    "iops",
                    "3000",
                    "operations a second: the baseline of gp3 (AWS EBS user guide)",
                ),
                Setting::number(
                    "throughput_mib",
                    "125",
                    "MiB a second: the baseline of gp3 (AWS EBS user guide)",
                ),
                Setting::number("minimum_samples", "100", "samples"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let iops = cx.config.number(self, "iops");
        let throughput = cx.config.number(self, "throughput_mib").times(&Ratio::from(1_i64 << 20));
        let samples = cx.config.count(self, "minimum_samples");
        let judge = |(volume, claim)| settle(self.judge(index, volume, claim, &iops, &throughput, samples));
        Ok(claims(index).map(judge).collect())
    }
}

impl StorageClass {
    fn judge(
        &self,
        index: &Index<'_>,
        volume: &Volume,
        claim: &ClaimName,
        iops_limit: &Ratio,
        throughput_limit: &Ratio,
        samples: u64,
    ) -> Verdict {
        let subject = Subject::namespaced(SubjectKind::Claim, &claim.namespace, &claim.name);
        let excluded = index.excluded(&claim.namespace, None);
        let judged = open(self.id(), OPPORTUNITY, &subject, excluded)?;
        let volume_type = volume.r#type.as_deref().filter(|name| ["io1", "io2"].contains(name));
        let Some(volume_type) = volume_type else {
            return Err(judged.inapplicable(Reason::NoPerformanceTier));
        };
        let of = |metric| index.claim_figures(&claim.namespace, &claim.name, metric, TWO_WEEKS);
        fn peak(figures: Option<Figures<'_>>) -> Option<(i128, Figures<'_>)> {
            let figures = figures?;
            Some((figures.p99()?, figures))
        }
        let (Some((iops, figures)), Some((throughput, _))) =
            (peak(of(Metric::VolumeIops)), peak(of(Metric::VolumeThroughput)))
        else {
            return Err(judged.undetermined(Reason::NoPerformanceData));
        };
        let (iops, throughput) = (Ratio::nanos(iops), Ratio::nanos(throughput));
        let evidence = || {
            evidence_of("volume_iops", &figures, TWO_WEEKS)
                .observed("iops_p99", iops.clone())
                .observed("throughput_p99", throughput.clone())
                .threshold("iops", iops_limit.clone())
                .threshold("throughput", throughput_limit.clone())
        };
        if figures.samples() < samples {
            return Err(Assessment { evidence: evidence(), ..judged.undetermined(Reason::NotEnoughSamples) });
        }
        if iops > *iops_limit || throughput > *throughput_limit {
            return Err(Assessment {
                evidence: evidence(),
                ..judged.ok(Reason::UtilizationAtOrAboveThreshold)
            });
        }
        let estimate = self.estimate(index, volume, volume_type, judged.subject.id());
        let measured = [
            Measured::Below(iops.clone(), iops_limit.clone()),
            Measured::Below(throughput.clone(), throughput_limit.clone()),
        ];
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence(),
            estimate,
            Confidence::metric(&measured).covered(&figures.coverage(TWO_WEEKS)),
            risk(index, claim, 200),
        );
        finding.before = vec![("type", volume_type.into())];
        finding.after = vec![("type", Value::Word("gp3"))];
        Ok(finding)
    }

    /// The difference of the prices of a GiB-month; provisioned operations would come on top.
    fn estimate(&self, index: &Index<'_>, volume: &Volume, volume_type: &str, resource: &str) -> Estimate {
        let (inventory, config) = (index.inventory, index.config);
        let hours = &config.month_hours;
        let month = match volume_month(volume, inventory, index.prices, config) {
            Ok((month, _)) => month,
            Err(reason) => return Estimate::unknown(reason, hours),
        };
        let price = |name: &str| type_price(name, inventory, index.prices, config);
        let size = volume.size.or(volume.requested).map(|size| gib(&units(size)));
        let (Some(now), Some(then), Some(size)) = (price(volume_type), price("gp3"), size) else {
            return Estimate::unknown(Reason::UnknownVolumeType, hours);
        };
        let difference = now.amount.minus(&then.amount).max(Ratio::ZERO);
        let saving = difference.times(&size).min(month.amount.clone());
        let operands = vec![
            ("size_gib", size.into()),
            ("price_gib_month", now.amount.into()),
            ("price_gib_month_after", then.amount.into()),
        ];
        let mut estimate = Estimate::saving(&saving, hours)
            .by("size_gib * (price_gib_month - price_gib_month_after)", operands)
            .priced_by(now.source, now.date)
            .claiming(resource, Component::Storage, &month.amount, &saving, ClaimKind::PriceClass);
        estimate.assumptions.push("provisioned_performance_not_counted");
        estimate
    }
}

impl Detector for UnboundedGrowth {
    fn id(&self) -> &'static str {
        "k8s.unbounded_growth"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("growing_share", "0.9", "share of daily steps that grow"),
                Setting::number("fills_days", "90", "days in which the linear fit fills the volume"),
                Setting::number("minimum_days", "14", "days measured"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(index) = cx.cluster() else { return Ok(Vec::new()) };
        let growing = cx.config.number(self, "growing_share");
        let fills = cx.config.number(self, "fills_days");
        let days = cx.config.count(self, "minimum_days");
        let judge = |(volume, claim)| settle(self.judge(index, volume, claim, &growing, &fills, days));
        Ok(claims(index).map(judge).collect())
    }
}

/// The last value of each day, with the day.
fn daily(samples: &[Sample]) -> Vec<(i128, i128)> {
    let day = |sample: &Sample| sample.at.saturating_sub(1).div_euclid(DAY_SECONDS);
    let days = samples.chunk_by(|one, other| day(one) == day(other));
    days.filter_map(|samples| samples.last().map(|last| (day(last).into(), last.value.into()))).collect()
}

/// The slope and the value at the last day of the least-squares line through days and bytes.
fn linear_fit(points: &[(i128, i128)]) -> Option<(Ratio, Ratio)> {
    let (first, last) = (points.first()?.0, points.last()?.0);
    let count = Ratio::from(i128::try_from(points.len()).ok()?);
    let (mut x, mut y, mut xx, mut xy) = (0_i128, 0_i128, 0_i128, 0_i128);
    for (day, bytes) in points {
        let day = day.checked_sub(first)?;
        x = x.checked_add(day)?;
        y = y.checked_add(*bytes)?;
        xx = xx.checked_add(day.checked_mul(day)?)?;
        xy = xy.checked_add(day.checked_mul(*bytes)?)?;
    }
    let [x, y, xx, xy] = [x, y, xx, xy].map(Ratio::from);
    let slope = count.times(&xy).minus(&x.times(&y)).over(&count.times(&xx).minus(&x.times(&x)))?;
    let mean = |sum: &Ratio| sum.over(&count);
    let from_mean = Ratio::from(last.checked_sub(first)?).minus(&mean(&x)?);
    let end = mean(&y)?.plus(&slope.times(&from_mean));
    Some((slope, end))
}

impl UnboundedGrowth {
    fn judge(
        &self,
        index: &Index<'_>,
        volume: &Volume,
        claim: &ClaimName,
        growing_share: &Ratio,
        fills_days: &Ratio,
        minimum_days: u64,
    ) -> Verdict {
        let subject = Subject::namespaced(SubjectKind::Claim, &claim.namespace, &claim.name);
        let excluded = index.excluded(&claim.namespace, None);
        let judged = open(self.id(), OPPORTUNITY, &subject, excluded)?;
        let series = index.claim_series(&claim.namespace, &claim.name, Metric::VolumeUsed);
        let size = volume.size.filter(|size| size.nano() > 0);
        let (Some(series), Some(size)) = (series, size) else {
            return Err(judged.undetermined(Reason::NoUsage));
        };
        let points = daily(in_window(series, index.as_of, MONTH_SECONDS));
        let days = u64::try_from(points.len()).unwrap_or(0);
        // A summary has no days.
        let Some((slope, end)) = linear_fit(&points).filter(|_| days >= minimum_days) else {
            return Err(judged.undetermined(Reason::NotEnoughSamples));
        };
        let mut grew = 0_i128;
        for pair in points.windows(2) {
            if let [(_, before), (_, after)] = pair
                && after > before
            {
                grew = grew.saturating_add(1);
            }
        }
        let steps = i128::try_from(points.len()).unwrap_or(1).saturating_sub(1);
        let share = Ratio::new(grew, steps).unwrap_or_default();
        let left = units(size).minus(&end).max(Ratio::ZERO);
        let full_in = left.over(&slope).filter(|_| slope.is_positive());
        let figures = Figures::of(std::iter::once(series), index.as_of, MONTH_SECONDS).unwrap_or_default();
        let evidence = evidence_of("volume_used", &figures, MONTH_SECONDS)
            .observed("growing_share", Value::Share(share.clone()))
            .observed("full_in_days", full_in.clone().map(Value::Share))
            .observed("max", nano(figures.max()))
            .threshold("growing_share", growing_share.clone())
            .threshold("fills_days", fills_days.clone());
        let Some(full_in) = full_in.filter(|days| days <= fills_days && share >= *growing_share) else {
            return Err(Assessment { evidence, ..judged.ok(Reason::GrowthBounded) });
        };
        let month = volume_month(volume, index.inventory, index.prices, index.config).ok();
        let year = month.map(|(month, _)| month.amount.times(&Ratio::from(12)));
        let year = year.and_then(|cost| crate::waste::Amount::round(&cost));
        let measured =
            [Measured::Above(share, growing_share.clone()), Measured::Below(full_in, fills_days.clone())];
        let coverage = Coverage { span_seconds: None, samples: Some((days, 30)) };
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence.with("cost_of_twelve_months", year),
            Estimate::governance(&index.config.month_hours),
            Confidence::metric(&measured).covered(&coverage),
            risk(index, claim, 100),
        );
        finding.before = vec![("size", quantity(Some(size)))];
        finding.after = vec![("method", Value::Word("archive_or_purge"))];
        Ok(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_of_a_line_is_the_line() {
        let points: Vec<(i128, i128)> = (0..30).map(|day| (20_000 + day, 1000 + 7 * day)).collect();
        let (slope, end) = linear_fit(&points).unwrap();
        assert_eq!((slope, end), (Ratio::from(7), Ratio::from(1000 + 7 * 29)));
        assert!(linear_fit(&points[..1]).is_none(), "one day has no slope");
    }
}

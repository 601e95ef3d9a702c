//! GPUs that are held and hardly used.

use super::{GpuContainer, GpuDevice};
use crate::{
    error::Fault,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Coverage, Detector, Estimate, Evidence,
        Measured, OpportunityType, Outcome, Ratio, Reason, Risk, Setting, Subject, SubjectKind, Value,
        judged::Judged,
        kubernetes,
        summary::{Field, refused, whole},
    },
};
use std::{borrow::Cow, sync::Arc};

pub(super) struct Idle;
pub(super) struct PartlyUnused;
pub(super) struct ShareCandidate;

/// A container with GPUs, of either form of inventory.
#[derive(Debug)]
pub(in crate::waste) struct Gpu<'a> {
    pub subject: Subject,
    /// Why no detector judges it.
    pub excluded: Option<(Outcome, Reason)>,
    pub record: Cow<'a, GpuContainer>,
    /// Pods that have such a container, each with its GPUs.
    pub pods: u64,
    /// Whether containers share a device, so that its duty says nothing of one of them.
    pub shared: bool,
    /// The price of a GPU-hour and where it comes from.
    pub price: Option<(Ratio, &'static str)>,
    /// What makes a change riskier; its base is the detector's.
    pub risk: Risk,
    pub source: &'static str,
    /// Whether the duty counts any kernel, so that it can hide waste but never invents it.
    pub counts_any_kernel: bool,
    pub team: Option<Arc<str>>,
}

/// The containers of whatever is judged, measured over the window before the time of the run.
fn containers<'a>(cx: &'a Context<'_>, window_seconds: u64) -> Vec<Gpu<'a>> {
    if let Some(index) = cx.cluster() {
        return kubernetes::gpu_containers(index, window_seconds);
    }
    let Some(index) = cx.ai() else { return Vec::new() };
    let price = cx.config.rates.gpu_hour.clone().map(|price| (price, "config.rates.gpu_hour"));
    let of = |record: &'a GpuContainer| Gpu {
        subject: Subject::summary_named(SubjectKind::GpuContainer, &record.container),
        excluded: None,
        record: Cow::Borrowed(record),
        pods: 1,
        shared: false,
        price: price.clone(),
        risk: Risk::base(Ratio::ZERO),
        source: "gpu_containers",
        counts_any_kernel: false,
        team: None,
    };
    index.inventory.gpu_containers.iter().map(of).collect()
}

/// What was measured of the GPUs of a container.
struct Measures {
    /// The largest duty, of every device where they are known one by one.
    duty_max: Ratio,
    /// Samples of the device with the fewest.
    samples: u64,
    /// Hours of the device with the shortest span.
    span_hours: Option<Ratio>,
}

fn count(number: &Ratio) -> Option<u64> {
    number.floor().and_then(|whole| u64::try_from(whole).ok())
}

impl Measures {
    /// Together; `None` where a device or a figure is missing.
    fn of(gpu: &Gpu<'_>, gpus: u64) -> Option<Self> {
        let record = &gpu.record;
        if record.devices.is_empty() {
            return Some(Self {
                duty_max: record.duty_max.known()?.clone(),
                samples: count(record.samples.known()?)?,
                span_hours: record.span_hours.known().cloned(),
            });
        }
        if u64::try_from(record.devices.len()).ok()? < gpus {
            return None;
        }
        let mut all = record.devices.iter().map(Self::of_device);
        let first = all.next()??;
        all.try_fold(first, |sum, one| {
            let one = one?;
            Some(Self {
                duty_max: sum.duty_max.max(one.duty_max),
                samples: sum.samples.min(one.samples),
                span_hours: match (sum.span_hours, one.span_hours) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    _ => None,
                },
            })
        })
    }

    fn of_device(device: &GpuDevice) -> Option<Self> {
        Some(Self {
            duty_max: device.duty_max.known()?.clone(),
            samples: count(device.samples.known()?)?,
            span_hours: device.span_hours.known().cloned(),
        })
    }

    fn coverage(&self, window_seconds: u64) -> Coverage {
        let seconds = self.span_hours.as_ref().and_then(|hours| count(&hours.times(&Ratio::from(3600))));
        let mut coverage = Coverage::of_window(0, window_seconds, self.samples);
        coverage.span_seconds = Some((seconds.unwrap_or(0), window_seconds));
        coverage
    }
}

/// One judgement on its way: who judges, how many GPUs, over which window.
struct Case<'a, 'g> {
    gpu: &'a Gpu<'g>,
    detector: &'static str,
    window_seconds: u64,
    cx: &'a Context<'a>,
}

impl Case<'_, '_> {
    /// Starts a judgement of a container that has GPUs of its own: the judgement and the GPUs of one pod.
    fn open(&self) -> Result<(Judged, u64), Assessment> {
        let (gpu, record) = (self.gpu, &self.gpu.record);
        let judged = Judged {
            detector: self.detector,
            opportunity: OpportunityType::IdleGpu,
            subject: gpu.subject.clone(),
        };
        if let Some((outcome, reason)) = gpu.excluded {
            return Err(judged.other(outcome, reason));
        }
        let numbers = [
            &record.gpus,
            &record.duty_max,
            &record.duty_mean,
            &record.duty_p95,
            &record.memory_max_bytes,
            &record.memory_share_max,
            &record.samples,
            &record.span_hours,
        ];
        let of_devices = || {
            record
                .devices
                .iter()
                .flat_map(|one| [&one.duty_max, &one.samples, &one.span_hours])
                .find_map(Field::bad)
        };
        if let Some(path) = refused(record.repeated, &record.container, &numbers).or_else(of_devices) {
            return Err(judged.invalid(path));
        }
        let gpus = match record.gpus.known() {
            None => return Err(judged.undetermined(Reason::NoGpuData)),
            Some(gpus) => match whole(gpus).and_then(|gpus| u64::try_from(gpus).ok()) {
                Some(gpus) => gpus,
                None => return Err(judged.invalid(&record.container)),
            },
        };
        if gpus == 0 {
            return Err(judged.inapplicable(Reason::NoGpu));
        }
        Ok((judged, gpus))
    }

    fn evidence(&self, samples: Option<u64>, least: u64) -> Evidence {
        let seconds = i64::try_from(self.window_seconds).unwrap_or(i64::MAX);
        let mut evidence = Evidence::from_source(self.gpu.source)
            .observed("gpus", self.gpu.record.gpus.known().cloned())
            .threshold("samples", Ratio::from(least))
            .with("window_seconds", Value::Count(seconds))
            .sampled(samples, self.window_seconds.checked_div(3600));
        if self.gpu.counts_any_kernel {
            // DCGM_FI_DEV_GPU_UTIL: the specification, section 7.
            evidence = evidence.with("duty_counts_any_kernel", true);
        }
        evidence
    }

    /// A saving of `share` GPUs of `of`, by their price.
    fn estimate(&self, share: &Ratio, of: u64, formula: &'static str, kind: ClaimKind) -> Estimate {
        let hours = &self.cx.config.month_hours;
        let Some((price, source)) = &self.gpu.price else { return Estimate::unknown(Reason::NoPrice, hours) };
        let month = price.times(hours);
        let saving = month.times(share);
        // A GPU is not billed by the container that requests it but by its node, in either form of inventory.
        let resource = match self.gpu.subject.kind() {
            SubjectKind::GpuContainer => format!("workload/{}", self.gpu.subject.text()),
            _ => self.gpu.subject.id().to_owned(),
        };
        Estimate::saving(&saving, hours)
            .by(formula, vec![("gpus", share.clone().into()), ("gpu_hour", price.clone().into())])
            .priced_by(*source, None)
            .claiming(resource, Component::Gpu, &month.times(&Ratio::from(of)), &saving, kind)
    }

    fn finding(
        &self,
        judged: Judged,
        evidence: Evidence,
        estimate: Estimate,
        found: (Confidence, i128),
    ) -> Assessment {
        let (confidence, risk) = found;
        let risk = Risk { base: Ratio::thousandths(risk), ..self.gpu.risk.clone() };
        let (detector, opportunity) = (judged.detector, judged.opportunity);
        let mut finding =
            Assessment::finding(detector, opportunity, judged.subject, evidence, estimate, confidence, risk);
        finding.team.clone_from(&self.gpu.team);
        finding
    }
}

const DUTY: Setting = Setting::number("duty", "0.05", "share of a step below which a GPU is idle");
const SAMPLES: Setting = Setting::number("samples", "60", "samples of each GPU at least");

fn either(verdict: Result<Assessment, Assessment>) -> Assessment {
    match verdict {
        Ok(assessment) | Err(assessment) => assessment,
    }
}

fn judge_all(
    cx: &Context<'_>,
    detector: &'static str,
    window_seconds: u64,
    judge: impl Fn(&Case<'_, '_>) -> Result<Assessment, Assessment>,
) -> Vec<Assessment> {
    let all = containers(cx, window_seconds);
    all.iter().map(|gpu| either(judge(&Case { gpu, detector, window_seconds, cx }))).collect()
}

impl Detector for Idle {
    fn id(&self) -> &'static str {
        "ai.gpu_idle"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("window_hours", "24", "hours that are looked at"),
                DUTY,
                SAMPLES,
                Setting::number(
                    "memory_held_bytes",
                    "1000000000",
                    "bytes of GPU memory above which a model is loaded",
                ),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let window = cx.config.count(self, "window_hours").saturating_mul(3600);
        let (duty, least) = (cx.config.number(self, "duty"), cx.config.count(self, "samples"));
        let held = cx.config.number(self, "memory_held_bytes");
        Ok(judge_all(cx, self.id(), window, |case| idle(case, &duty, least, &held)))
    }
}

fn idle(case: &Case<'_, '_>, threshold: &Ratio, least: u64, held: &Ratio) -> Result<Assessment, Assessment> {
    let (judged, gpus) = case.open()?;
    let gpus = gpus.saturating_mul(case.gpu.pods);
    let Some(measured) = Measures::of(case.gpu, gpus).filter(|_| !case.gpu.shared) else {
        return Err(judged.undetermined(Reason::NoGpuData));
    };
    let memory = case.gpu.record.memory_max_bytes.known();
    let evidence = case
        .evidence(Some(measured.samples), least)
        .observed("duty_max", measured.duty_max.clone())
        .observed("memory_max_bytes", memory.cloned())
        .threshold("duty", threshold.clone());
    if measured.samples < least {
        return Err(Assessment { evidence, ..judged.undetermined(Reason::NotEnoughSamples) });
    }
    if measured.duty_max >= *threshold {
        return Err(Assessment { evidence, ..judged.ok(Reason::Active) });
    }
    let confidence = Confidence::metric(&[Measured::Below(measured.duty_max.clone(), threshold.clone())])
        .covered(&measured.coverage(case.window_seconds));
    let formula = "gpus * gpu_hour * month_hours";
    let estimate = case.estimate(&Ratio::from(gpus), gpus, formula, ClaimKind::Delete);
    let mut finding = case.finding(judged, evidence, estimate, (confidence, 300));
    finding.reason = memory.filter(|memory| *memory > held).map(|_| Reason::MemoryHeld);
    finding.before = vec![("gpus", Ratio::from(gpus).into())];
    finding.after = vec![("gpus", Ratio::ZERO.into())];
    Ok(finding)
}

impl Detector for PartlyUnused {
    fn id(&self) -> &'static str {
        "ai.gpu_partly_unused"
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[Setting::number("window_hours", "24", "hours that are looked at"), DUTY, SAMPLES] }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let window = cx.config.count(self, "window_hours").saturating_mul(3600);
        let (duty, least) = (cx.config.number(self, "duty"), cx.config.count(self, "samples"));
        Ok(judge_all(cx, self.id(), window, |case| partly(case, &duty, least)))
    }
}

fn partly(case: &Case<'_, '_>, threshold: &Ratio, least: u64) -> Result<Assessment, Assessment> {
    let (judged, gpus) = case.open()?;
    let gpus = gpus.saturating_mul(case.gpu.pods);
    let devices = &case.gpu.record.devices;
    // One GPU needs no list: it is the container's.
    let single = || (gpus == 1).then(|| Measures::of(case.gpu, 1)).flatten();
    let each: Option<Vec<Measures>> = if devices.is_empty() {
        single().map(|one| vec![one])
    } else {
        devices.iter().map(Measures::of_device).collect()
    };
    let each =
        each.filter(|each| !case.gpu.shared && u64::try_from(each.len()).is_ok_and(|known| known >= gpus));
    let Some(each) = each else { return Err(judged.undetermined(Reason::NoGpuData)) };
    let total = u64::try_from(each.len()).unwrap_or(u64::MAX);
    let samples = each.iter().map(|one| one.samples).min();
    let unused: Vec<&Measures> = each.iter().filter(|one| one.duty_max < *threshold).collect();
    let idle = u64::try_from(unused.len()).unwrap_or(u64::MAX);
    let evidence = case
        .evidence(samples, least)
        .observed("devices", Ratio::from(total))
        .observed("unused", Ratio::from(idle))
        .threshold("duty", threshold.clone());
    if samples.unwrap_or(0) < least {
        return Err(Assessment { evidence, ..judged.undetermined(Reason::NotEnoughSamples) });
    }
    if idle == total {
        return Err(Assessment { evidence, ..judged.inapplicable(Reason::WhollyIdle) });
    }
    let Some(busiest) = unused.into_iter().max_by(|one, other| one.duty_max.cmp(&other.duty_max)) else {
        return Err(Assessment { evidence, ..judged.ok(Reason::Active) });
    };
    let confidence = Confidence::metric(&[Measured::Below(busiest.duty_max.clone(), threshold.clone())]);
    let shortest = each
        .iter()
        .map(|one| one.coverage(case.window_seconds))
        .min_by(|one, other| one.share().cmp(&other.share()));
    let confidence = confidence.covered(&shortest.unwrap_or_default());
    let formula = "gpus * gpu_hour * month_hours";
    let estimate = case.estimate(&Ratio::from(idle), total, formula, ClaimKind::Resize);
    let evidence = evidence.observed("busiest_unused_duty", busiest.duty_max.clone());
    let mut finding = case.finding(judged, evidence, estimate, (confidence, 300));
    finding.before = vec![("gpus", Ratio::from(total).into())];
    finding.after = vec![("gpus", Ratio::from(total.saturating_sub(idle)).into())];
    Ok(finding)
}

impl Detector for ShareCandidate {
    fn id(&self) -> &'static str {
        "ai.gpu_share_candidate"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number("window_hours", "168", "hours that are looked at: a week"),
                Setting::number("duty_mean", "0.3", "mean duty below which a GPU can be shared"),
                Setting::number("duty_p95", "0.5", "95th percentile of the duty below which it can"),
                Setting::number("memory_share", "0.5", "share of the GPU's memory below which it can"),
                SAMPLES,
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let window = cx.config.count(self, "window_hours").saturating_mul(3600);
        let limits = ["duty_mean", "duty_p95", "memory_share"].map(|key| cx.config.number(self, key));
        let least = cx.config.count(self, "samples");
        Ok(judge_all(cx, self.id(), window, |case| share(case, &limits, least)))
    }
}

fn share(case: &Case<'_, '_>, limits: &[Ratio; 3], least: u64) -> Result<Assessment, Assessment> {
    let (judged, gpus) = case.open()?;
    if gpus > 1 {
        return Err(judged.inapplicable(Reason::SeveralGpus));
    }
    if case.gpu.shared {
        return Err(judged.undetermined(Reason::NoGpuData));
    }
    let record = &case.gpu.record;
    let known = (record.duty_mean.known(), record.duty_p95.known(), record.memory_share_max.known());
    let (Some(mean), Some(p95), Some(memory)) = known else {
        return Err(judged.undetermined(Reason::NoGpuData));
    };
    let samples = match record.samples.known() {
        Some(samples) => count(samples),
        None => record.devices.iter().map(|one| one.samples.known().and_then(count)).min().flatten(),
    };
    let Some(samples) = samples else { return Err(judged.undetermined(Reason::NoGpuData)) };
    let [mean_limit, p95_limit, memory_limit] = limits;
    let evidence = case
        .evidence(Some(samples), least)
        .observed("duty_mean", mean.clone())
        .observed("duty_p95", p95.clone())
        .observed("memory_share_max", memory.clone())
        .threshold("duty_mean", mean_limit.clone())
        .threshold("duty_p95", p95_limit.clone())
        .threshold("memory_share", memory_limit.clone());
    if samples < least {
        return Err(Assessment { evidence, ..judged.undetermined(Reason::NotEnoughSamples) });
    }
    if mean >= mean_limit || p95 >= p95_limit || memory >= memory_limit {
        return Err(Assessment { evidence, ..judged.ok(Reason::NotShareable) });
    }
    let of_devices = || record.devices.iter().filter_map(|one| one.span_hours.known().cloned()).min();
    let span_hours = record.span_hours.known().cloned().or_else(of_devices);
    let measured = Measures { duty_max: Ratio::ZERO, samples, span_hours };
    let confidence = Confidence::estimate().covered(&measured.coverage(case.window_seconds));
    let free = Ratio::ONE.minus(&memory.clone().max(p95.clone())).times(&Ratio::from(case.gpu.pods));
    let formula = "gpus * (1 - max(memory_share, duty_p95)) * gpu_hour * month_hours";
    let estimate = case.estimate(&free, case.gpu.pods, formula, ClaimKind::Resize);
    let mut finding = case.finding(judged, evidence, estimate, (confidence, 400));
    finding.before = vec![("sharing", Value::Word("none"))];
    finding.after = vec![("sharing", Value::Word("time_slicing_or_mig"))];
    Ok(finding)
}

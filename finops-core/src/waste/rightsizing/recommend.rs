//! One answer for one container, whatever the strategy: request, limit, why, and what must change with it.

use super::{
    Config, Current, Resource, Series, Strategy, Withheld, exact, hpa, round,
    series::{Blocks, Data, check, value_of},
    simple::{self, PodUse},
    vpa,
};
use crate::{error::Fault, inventory::Sample};

/// The margin on a summary, in percent (specification of waste, section 5: p95 and max times 1.15).
const SUMMARY_PERCENT: u32 = 115;
/// Memory above the limit at which a container was killed, in percent (specification 6.3, step 5).
const OOM_PERCENT: u32 = 125;

/// What becomes of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// It stays as it is.
    Keep,
    /// There should be none.
    Remove,
    /// Nanocores or bytes.
    Set(u64),
}

/// What one should know of a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// The least request of the namespace raised it.
    LimitRangeMinimum,
    /// It changes together with the target of the autoscaler.
    AutoscalerTarget,
    /// A kill for want of memory raised it.
    OomKill,
    /// Only summaries were known: nothing was tested on the history.
    SummaryOnly,
    /// The strategy's buckets answer their upper end: small amounts come out too high.
    BucketEnd,
}

impl Remark {
    /// The stable code, for example `limit_range_minimum`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LimitRangeMinimum => "limit_range_minimum",
            Self::AutoscalerTarget => "autoscaler_target",
            Self::OomKill => "oom_kill",
            Self::SummaryOnly => "summary_only",
            Self::BucketEnd => "bucket_end",
        }
    }
}

/// What a container should request of one resource; nanocores or bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advised {
    /// Of what.
    pub resource: Resource,
    /// What to request, or why nothing is recommended.
    pub request: Result<u64, Withheld>,
    /// What becomes of the limit where a request is recommended.
    pub limit: Limit,
    /// What the whole time demanded: p95 of CPU, maximum of memory, the highest of the pods.
    pub demand: Option<u64>,
    /// The margin on it in percent, where the strategy has one.
    pub margin_percent: Option<u32>,
    /// Lower and upper bound (`vpa` only).
    pub bounds: Option<(u64, u64)>,
    /// How the rule fared on its history (`exact` only).
    pub test: Option<exact::Test>,
    /// The target of the horizontal autoscaler that must change with the request, in percent.
    pub autoscaler_target: Option<u64>,
    /// The highest CPU in the first ten minutes of a container, which no request has to cover.
    pub startup_peak: Option<u64>,
    /// Samples that were looked at.
    pub samples: u64,
    /// Seconds that they cover.
    pub span_s: Option<u64>,
    /// What one should know of it.
    pub remarks: Vec<Remark>,
}

/// What a container should request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// How it was made.
    pub strategy: Strategy,
    /// Nanocores.
    pub cpu: Advised,
    /// Bytes.
    pub memory: Advised,
}

impl Recommendation {
    /// One of the two.
    #[must_use]
    pub const fn of(&self, resource: Resource) -> &Advised {
        match resource {
            Resource::Cpu => &self.cpu,
            Resource::Memory => &self.memory,
        }
    }
}

/// What a container should request by `strategy`, from what it used in each of its pods.
///
/// # Errors
/// `rightsizing.no_samples` where no usage is given, `rightsizing.unsorted` for samples that are not in the order of time.
/// Everything else that keeps a strategy from an answer is in the answer, see [`Withheld`].
///
/// ```
/// use finops_core::{
///     inventory::Sample,
///     waste::rightsizing::{Config, Current, Resource, Series, Strategy, Withheld, recommend},
/// };
/// let samples: Vec<Sample> = (1..=200).map(|i| Sample { at: i * 60, value: 300 << 20 }).collect();
/// let series = [Series::samples(Resource::Memory, 60, &samples)];
/// let advice = recommend(&series, &Current::default(), Strategy::Simple, &Config::default())?;
/// assert_eq!(advice.memory.request, Ok(345 << 20)); // the maximum and 15 %
/// assert_eq!(advice.cpu.request, Err(Withheld::NoUsage));
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
pub fn recommend(
    series: &[Series<'_>],
    current: &Current,
    strategy: Strategy,
    config: &Config,
) -> Result<Recommendation, Fault> {
    check(series)?;
    let of = |resource| recommend_resource(resource, series, current, strategy, config);
    Ok(Recommendation { strategy, cpu: of(Resource::Cpu), memory: of(Resource::Memory) })
}

/// The same of one resource; series of the other are not read. Samples are in the order of time.
#[must_use]
pub fn recommend_resource(
    resource: Resource,
    series: &[Series<'_>],
    current: &Current,
    strategy: Strategy,
    config: &Config,
) -> Advised {
    let mine: Vec<&Series<'_>> =
        series.iter().filter(|one| one.resource == resource && !one.is_empty()).collect();
    let mut advised = Advised {
        resource,
        request: Err(Withheld::NoUsage),
        limit: Limit::Keep,
        demand: None,
        margin_percent: None,
        bounds: None,
        test: None,
        autoscaler_target: None,
        startup_peak: startup_peak(&mine),
        samples: mine.iter().fold(0, |sum, one| sum.saturating_add(points(one))),
        span_s: span(&mine),
        remarks: Vec::new(),
    };
    if current.injected {
        advised.request = Err(Withheld::Injected);
    } else if current.managed_by_vpa {
        advised.request = Err(Withheld::ManagedByVpa);
    } else if !mine.is_empty() {
        let asked = Asked { resource, series: &mine, current, config };
        match strategy {
            Strategy::Simple => asked.simple(&mut advised),
            Strategy::SimpleLimit => asked.simple_limit(&mut advised),
            Strategy::Vpa => asked.vpa(&mut advised),
            Strategy::Exact => asked.exact(&mut advised),
        }
        asked.fit(&mut advised);
    }
    advised
}

fn points(series: &Series<'_>) -> u64 {
    match series.data {
        Data::Samples { samples, .. } => u64::try_from(samples.len()).unwrap_or(u64::MAX),
        Data::Summary { samples, .. } => samples.unwrap_or(0),
    }
}

/// Seconds from the first step to the last; of summaries the longest.
fn span(series: &[&Series<'_>]) -> Option<u64> {
    let raw = Blocks::of(series).map(|blocks| blocks.span_s());
    let told = series.iter().filter_map(|one| match one.data {
        Data::Summary { span_s, .. } => span_s,
        Data::Samples { .. } => None,
    });
    raw.into_iter().chain(told).max()
}

fn startup_peak(series: &[&Series<'_>]) -> Option<u64> {
    let of_one = |one: &&Series<'_>| {
        let (_, samples) = one.raw()?;
        samples.iter().filter(|sample| one.is_startup(sample.at)).map(value_of).max()
    };
    series.iter().filter(|one| !one.starts.is_empty()).filter_map(of_one).max()
}

/// The 95th percentile by linear interpolation, as Prometheus computes `quantile_over_time`, rounded up.
fn p95(samples: &[Sample]) -> Option<u64> {
    let mut values: Vec<u64> = samples.iter().map(value_of).collect();
    values.sort_unstable();
    let (numerator, denominator) = simple::percentile(&values, 95)?;
    u64::try_from(numerator.div_ceil(denominator)).ok()
}

/// One question to a strategy.
struct Asked<'a> {
    resource: Resource,
    series: &'a [&'a Series<'a>],
    current: &'a Current,
    config: &'a Config,
}

impl Asked<'_> {
    /// Each pod's p95 and maximum.
    fn pods(&self) -> Vec<PodUse> {
        let pod = |one: &&Series<'_>| {
            let (p95, max) = match one.data {
                Data::Samples { samples, .. } => match self.resource {
                    Resource::Cpu => (p95(samples), None),
                    Resource::Memory => (None, samples.iter().map(value_of).max()),
                },
                Data::Summary { p95, max, .. } => (p95, max),
            };
            let known = match self.resource {
                Resource::Cpu => p95,
                Resource::Memory => max,
            };
            known.map(|_| PodUse {
                cpu_p95: p95.unwrap_or(0),
                memory_max: max.unwrap_or(0),
                points: points(one),
            })
        };
        self.series.iter().filter_map(pod).collect()
    }

    fn simple(&self, advised: &mut Advised) {
        let pods = self.pods();
        let scaled = self.current.target(self.resource).is_some();
        let answer = simple::simple(&pods, self.current.oom_limit, scaled, advised.span_s);
        let of_pod = |pod: &PodUse| match self.resource {
            Resource::Cpu => pod.cpu_p95,
            Resource::Memory => pod.memory_max,
        };
        advised.demand = pods.iter().map(of_pod).max();
        match (answer, self.resource) {
            (Err(why), _) => advised.request = Err(why),
            (Ok(answer), Resource::Cpu) => {
                advised.request = Ok(answer.cpu_request);
                advised.limit = Limit::Remove;
            }
            (Ok(answer), Resource::Memory) => {
                let by_use = advised
                    .demand
                    .map(|demand| round::with_margin(Resource::Memory, demand, simple::MEMORY_PERCENT));
                advised.margin_percent = Some(simple::MEMORY_PERCENT);
                if by_use.is_some_and(|by_use| answer.memory_request > by_use) {
                    advised.remarks.push(Remark::OomKill);
                }
                advised.request = Ok(answer.memory_request);
                advised.limit = Limit::Set(answer.memory_request);
            }
        }
    }

    /// CPU from the pooled samples; memory as `simple`.
    fn simple_limit(&self, advised: &mut Advised) {
        self.simple(advised);
        if self.resource == Resource::Memory || advised.request.is_err() {
            return;
        }
        advised.demand = None;
        let raw = self.series.iter().filter_map(|one| one.raw());
        let mut samples: Vec<u64> = raw.flat_map(|(_, samples)| samples).map(value_of).collect();
        match simple::simple_limit(&mut samples) {
            Some((request, limit)) => {
                advised.request = Ok(request);
                advised.limit = Limit::Set(limit);
            }
            // Percentiles of pooled samples cannot be had from summaries.
            None => advised.request = Err(Withheld::NotEnoughSamples),
        }
    }

    fn vpa(&self, advised: &mut Advised) {
        let mut container = vpa::Container::default();
        let raw: Vec<&[Sample]> =
            self.series.iter().filter_map(|one| one.raw()).map(|(_, samples)| samples).collect();
        if raw.iter().all(|samples| samples.is_empty()) {
            advised.request = Err(Withheld::NotEnoughSamples);
            return;
        }
        let mut seen: Vec<(i64, Option<(usize, u64)>)> =
            Vec::with_capacity(raw.iter().map(|s| s.len()).sum());
        for (pod, samples) in raw.iter().enumerate() {
            seen.extend(samples.iter().map(|sample| (sample.at, Some((pod, value_of(sample))))));
        }
        if self.resource == Resource::Memory {
            seen.extend(self.current.oom_kills.iter().map(|at| (*at, None)));
        }
        // At equal times usage goes before kills, the higher use first: the order of pods must not matter.
        seen.sort_by_key(|(at, value)| (*at, value.is_none(), value.map(|(_, v)| std::cmp::Reverse(v))));
        let request = self.current.memory_request.unwrap_or(0);
        for (at, value) in seen {
            match (value, self.resource) {
                (Some((_, value)), Resource::Cpu) => container.add_cpu(at, value),
                (Some((pod, value)), Resource::Memory) => container.add_memory_of(pod, at, value),
                (None, _) => {
                    if container.add_oom(at, request) && advised.remarks.is_empty() {
                        advised.remarks.push(Remark::OomKill);
                    }
                }
            }
        }
        let answer = container.recommend(self.current.containers.unwrap_or(1));
        let of = |amounts: vpa::Amounts| match self.resource {
            Resource::Cpu => amounts.cpu_millicores.saturating_mul(round::MILLICORE),
            Resource::Memory => amounts.memory_bytes,
        };
        advised.request = Ok(of(answer.target));
        advised.bounds = Some((of(answer.lower), of(answer.upper)));
        advised.margin_percent = Some(vpa::MARGIN_PERCENT);
        advised.remarks.push(Remark::BucketEnd);
    }

    fn exact(&self, advised: &mut Advised) {
        let killed_at = match self.resource {
            Resource::Cpu => None,
            Resource::Memory => self.current.oom_limit,
        };
        let raw: Vec<&Series<'_>> = self.series.iter().copied().filter(|one| one.raw().is_some()).collect();
        let Some(blocks) = Blocks::of(&raw) else {
            self.by_summary(advised, killed_at);
            return;
        };
        match exact::advise_by(self.resource, &blocks.cut(&raw), value_of, killed_at, self.config) {
            Ok(advice) => {
                advised.demand = Some(advice.demand);
                advised.margin_percent = Some(advice.margin);
                advised.test = Some(advice.test);
                advised.request = Ok(advice.request);
                let by_use = round::with_margin(self.resource, advice.demand, advice.margin);
                if killed_at.is_some_and(|limit| {
                    let by_kill = round::with_margin(self.resource, limit, OOM_PERCENT);
                    by_kill > by_use && by_kill == advice.request
                }) {
                    advised.remarks.push(Remark::OomKill);
                }
            }
            Err((why, test)) => {
                advised.test = Some(test);
                advised.request = Err(why);
            }
        }
    }

    fn by_summary(&self, advised: &mut Advised, killed_at: Option<u64>) {
        let demand = self.series.iter().filter_map(|one| match (one.data, self.resource) {
            (Data::Summary { p95, .. }, Resource::Cpu) => p95,
            (Data::Summary { max, .. }, Resource::Memory) => max,
            (Data::Samples { .. }, _) => None,
        });
        let Some(demand) = demand.max() else { return };
        let by_use = round::with_margin(self.resource, demand, SUMMARY_PERCENT);
        let by_kill = killed_at.map_or(0, |limit| round::with_margin(self.resource, limit, OOM_PERCENT));
        if by_kill > by_use {
            advised.remarks.push(Remark::OomKill);
        }
        let floor = match self.resource {
            Resource::Cpu => self.config.floor_cpu,
            Resource::Memory => self.config.floor_memory,
        };
        advised.demand = Some(demand);
        advised.margin_percent = Some(SUMMARY_PERCENT);
        advised.request = Ok(by_use.max(by_kill).max(floor));
        advised.remarks.push(Remark::SummaryOnly);
    }

    /// What holds for every strategy: the least request of the namespace, and the autoscaler that changes with it.
    fn fit(&self, advised: &mut Advised) {
        let Ok(mut request) = advised.request else { return };
        if let Some(least) = self.current.least(self.resource).filter(|least| *least > request) {
            request = least;
            advised.remarks.push(Remark::LimitRangeMinimum);
        }
        advised.request = Ok(request);
        let today = self.current.request(self.resource).filter(|today| request < *today);
        if let (Some(today), Some(target)) = (today, self.current.target(self.resource)) {
            // A lower request alone raises utilisation, and so the number of replicas.
            let pair = hpa::pair(today, request, target.into())
                .filter(|pair| self.resource == Resource::Cpu || pair.request == request);
            advised.request = pair.map(|pair| pair.request).ok_or(Withheld::NoChange);
            advised.autoscaler_target = pair.map(|pair| pair.target);
            advised.remarks.extend(pair.map(|_| Remark::AutoscalerTarget));
        }
        if let (Limit::Set(limit), Ok(request)) = (advised.limit, advised.request) {
            advised.limit = Limit::Set(limit.max(request));
        }
        advised.remarks.sort_unstable();
        advised.remarks.dedup();
    }
}

//! What a container of an inventory should request: its usage, its limits and its autoscaler as a strategy reads them.

use super::{
    common::{is_managed, oom_limit, scaler},
    figures::{Figures, in_window},
    index::{Index, Part, TWO_WEEKS, Work},
    price::{GIB, NANO},
};
use crate::{
    inventory::{ClusterInventory, Metric, UsageData, UsageSubject},
    price::PriceBook,
    waste::{
        Amount, DetectionConfig, Outcome, Ratio, Reason, Subject,
        rightsizing::{
            Advised, Backtest, Config, Current, Data, Recommendation, Resource, Series, Split, Strategy,
            backtest, recommend as recommend_series, recommend_resource,
        },
    },
};
use std::borrow::Cow;

/// The metric of a resource.
const fn metric(resource: Resource) -> Metric {
    match resource {
        Resource::Cpu => Metric::CpuUsage,
        Resource::Memory => Metric::MemoryWorkingSet,
    }
}

/// 1e-9 of a core or byte in nanocores or whole bytes.
fn amount(resource: Resource, nano: i128) -> Option<u64> {
    let value = match resource {
        Resource::Cpu => nano,
        Resource::Memory => nano.div_euclid(NANO),
    };
    (value >= 0).then(|| u64::try_from(value).unwrap_or(u64::MAX))
}

/// What the container has today.
fn current(index: &Index<'_>, work: &Work<'_>, part: &Part<'_>) -> Current {
    let record = part.record;
    let of = |resource: Resource, amounts: &Option<crate::inventory::Resources>| {
        let found = amounts.as_ref()?;
        let quantity = match resource {
            Resource::Cpu => found.cpu(),
            Resource::Memory => found.memory(),
        };
        amount(resource, quantity?.nano()).filter(|amount| *amount > 0)
    };
    let least =
        |resource: Resource| amount(resource, index.least_request(&work.record.namespace, resource.name())?);
    let mut kills: Vec<i64> = index
        .pods(work)
        .iter()
        .flat_map(|pod| pod.containers.iter())
        .filter(|found| found.name == *part.name)
        .filter_map(|found| found.last_termination.as_ref())
        .filter(|end| end.reason.as_ref().is_some_and(|reason| reason == "OOMKilled"))
        .filter_map(|end| end.at.map(|at| at.ms().div_euclid(1000)))
        .collect();
    kills.sort_unstable();
    Current {
        cpu_request: of(Resource::Cpu, &record.requests),
        cpu_limit: of(Resource::Cpu, &record.limits),
        memory_request: of(Resource::Memory, &record.requests),
        memory_limit: of(Resource::Memory, &record.limits),
        cpu_target: scaler(work, "cpu"),
        memory_target: scaler(work, "memory"),
        cpu_least: least(Resource::Cpu),
        memory_least: least(Resource::Memory),
        oom_limit: oom_limit(index, work, part).and_then(|limit| u64::try_from(limit).ok()),
        oom_kills: kills,
        containers: u64::try_from(work.parts.len()).ok(),
        managed_by_vpa: is_managed(work),
        injected: part.injected,
    }
}

/// The usage of a container of one resource in the window: raw samples where there are some, else what is known of them.
fn series<'a>(index: &Index<'a>, work: &Work<'a>, part: &Part<'a>, resource: Resource) -> Vec<Series<'a>> {
    let figures = match resource {
        Resource::Cpu => &part.cpu,
        Resource::Memory => &part.memory,
    };
    // A summary stands alone where there are no samples.
    if let Some(told @ Figures::Told(_)) = figures {
        return vec![summary(resource, told)];
    }
    let raw: Vec<Series<'a>> = index
        .series(work, Some(part.name), metric(resource))
        .filter_map(|series| match &series.data {
            UsageData::Samples { step_seconds, .. } => {
                let samples = in_window(series, index.as_of, TWO_WEEKS);
                let found = Series::samples(resource, *step_seconds, samples);
                Some(found.starting(startups(index, work, part, &series.subject, resource)))
            }
            UsageData::Summary(_) => None,
        })
        .collect();
    match figures {
        Some(figures) if raw.is_empty() => vec![summary(resource, figures)],
        _ => raw,
    }
}

fn summary(resource: Resource, figures: &Figures<'_>) -> Series<'static> {
    let of = |nano: Option<i128>| crate::waste::rightsizing::from_nano(resource, nano?.max(0));
    Series {
        resource,
        data: Data::Summary {
            p95: of(figures.p95()),
            max: of(figures.max()),
            samples: Some(figures.samples()),
            span_s: figures.span_seconds(),
        },
        starts: Cow::Borrowed(&[]),
    }
}

/// When the container of a series started, in seconds; nothing for memory, whose peak at the start counts.
fn startups(
    index: &Index<'_>,
    work: &Work<'_>,
    part: &Part<'_>,
    subject: &UsageSubject,
    resource: Resource,
) -> Vec<i64> {
    let UsageSubject::Pod { pod: name, .. } = subject else { return Vec::new() };
    if resource == Resource::Memory {
        return Vec::new();
    }
    let pods = index.pods(work).iter().filter(|pod| pod.name == *name);
    let containers = pods.flat_map(|pod| pod.containers.iter()).filter(|found| found.name == *part.name);
    let running = containers.filter_map(|found| found.running.as_ref()).flat_map(|running| running.iter());
    running.map(|(start, _)| start.ms().div_euclid(1000)).collect()
}

/// What a container should request of a resource by the default strategy.
pub(super) fn recommend(index: &Index<'_>, work: &Work<'_>, part: &Part<'_>, resource: Resource) -> Advised {
    let series = series(index, work, part, resource);
    let current = current(index, work, part);
    recommend_resource(resource, &series, &current, Strategy::Exact, &Config::default())
}

/// What one container of a cluster should request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rightsizing {
    /// The container.
    pub subject: Subject,
    /// Its requests and limits today, and what acts on them.
    pub current: Current,
    /// Pods that run on average; `None` where that is not known.
    pub replicas: Option<Ratio>,
    /// The recommendation; nothing where the workload is excluded or no usage is known.
    pub recommendation: Result<Recommendation, (Outcome, Reason)>,
    /// How the strategy fared on its history, where that was asked.
    pub backtest: Option<Backtest>,
    /// What the CPU and the memory would save a month by the prices of requests; negative where more is recommended than
    /// is requested, `None` without a recommendation, a request today or a price.
    pub monthly_savings: [Option<Amount>; 2],
}

/// Asks a strategy about every container of an inventory, by workload and container, over the last 14 days.
///
/// ```
/// use finops_core::{
///     inventory::ClusterInventory,
///     json::{Limits, read},
///     price::PriceBook,
///     waste::{DetectionConfig, kubernetes::rightsize, rightsizing::{Config, Strategy}},
/// };
/// let json = read(
///     br#"{"cluster": "c", "as_of": "2026-11-20T00:00:00Z", "workloads": [{"namespace": "shop", "kind": "Deployment",
///         "name": "web", "containers": [{"name": "app", "requests": {"cpu": "1"}}]}],
///       "usage": [{"subject": {"namespace": "shop", "workload": "Deployment/web", "container": "app"},
///         "metric": "cpu_usage", "summary": {"p95": "0.2", "max": "0.4", "samples": 4000}}]}"#,
///     &Limits::default(),
/// )?;
/// let cluster = ClusterInventory::from_json(&json)?.value;
/// let (prices, detection) = (PriceBook::builtin(), DetectionConfig::default());
/// let found = rightsize(&cluster, &prices, &detection, Strategy::Simple, &Config::default(), None);
/// assert_eq!(found[0].subject.text(), "workload/shop/Deployment/web/app");
/// assert_eq!(found[0].recommendation.as_ref().unwrap().cpu.request, Ok(200_000_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn rightsize(
    inventory: &ClusterInventory,
    prices: &PriceBook,
    detection: &DetectionConfig,
    strategy: Strategy,
    config: &Config,
    split: Option<Split>,
) -> Vec<Rightsizing> {
    let index = Index::new(inventory, prices, detection);
    let mut found = Vec::new();
    for work in index.works() {
        for part in &work.parts {
            let current = current(&index, work, part);
            let of_part: Vec<Series<'_>> =
                Resource::ALL.into_iter().flat_map(|resource| series(&index, work, part, resource)).collect();
            let recommendation = match work.excluded {
                Some(excluded) => Err(excluded),
                None => recommend_series(&of_part, &current, strategy, config)
                    .map_err(|_| (Outcome::Undetermined, Reason::NoUsage)),
            };
            let test = |split| backtest(&of_part, &current, strategy, config, split).ok();
            let replicas = index.replicas(work);
            found.push(Rightsizing {
                monthly_savings: Resource::ALL.map(|resource| {
                    saving(&index, work, resource, &current, recommendation.as_ref().ok()?, &replicas)
                }),
                backtest: split.filter(|_| recommendation.is_ok()).and_then(test),
                subject: part.subject.clone(),
                current,
                replicas,
                recommendation,
            });
        }
    }
    found
}

fn saving(
    index: &Index<'_>,
    work: &Work<'_>,
    resource: Resource,
    current: &Current,
    advice: &Recommendation,
    replicas: &Option<Ratio>,
) -> Option<Amount> {
    let (rate, unit) = match resource {
        Resource::Cpu => (&work.rates.cpu_core_hour, Ratio::from(NANO)),
        Resource::Memory => (&work.rates.memory_gib_hour, Ratio::from(GIB)),
    };
    let cut = Ratio::from(current.request(resource)?).minus(&Ratio::from(advice.of(resource).request.ok()?));
    let hours = &index.config.month_hours;
    Amount::round(&cut.over(&unit)?.times(rate.as_ref()?).times(hours).times(replicas.as_ref()?))
}

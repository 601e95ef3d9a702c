//! How a strategy would have fared: it is asked about the past of each block of the history, and the block judges it.

use super::{
    Config, Current, Resource, Series, Strategy, Withheld, exact, recommend_resource,
    series::{Blocks, check, value_of},
};
use crate::error::Fault;

/// How the history is divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Split {
    /// Equal blocks, one a day within 6 and 14; each of the later half is held against all before it.
    #[default]
    Blocks,
    /// The first half trains, the second half tests.
    Halves,
}

impl Split {
    /// `blocks` or `halves`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Halves => "halves",
        }
    }

    /// The split of this name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Blocks, Self::Halves].into_iter().find(|split| split.code() == code)
    }
}

/// One block against what was recommended from the time before it; nanocores or bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// Where the block begins, in Unix seconds.
    pub start: i64,
    /// Where it ends.
    pub end: i64,
    /// What the strategy recommended before it, or why nothing.
    pub request: Result<u64, Withheld>,
    /// What the block then demanded: p95 of CPU, maximum of memory, the highest of the pods.
    pub demand: u64,
    /// Its highest sample.
    pub peak: u64,
    /// Samples of the block.
    pub samples: u64,
    /// Those above the recommendation: a limit of that size would have throttled the CPU or killed the container.
    pub above: u64,
}

impl Fold {
    /// Whether the block demanded more than was recommended; what was not recommended cannot be missed.
    #[must_use]
    pub fn is_miss(&self) -> bool {
        self.request.is_ok_and(|request| self.demand > request)
    }
}

/// The folds of one resource and what they come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tested {
    /// In the order of time; blocks without samples on either side are left out.
    pub folds: Vec<Fold>,
    /// Folds that demanded more than was recommended.
    pub misses: u64,
    /// Folds in which nothing was recommended: the request stayed.
    pub withheld: u64,
    /// Samples of the folds in which something was recommended.
    pub samples: u64,
    /// Those above the recommendation.
    pub above: u64,
    /// The mean reduction of the request over all folds, in millionths of it, rounded down; negative where more was
    /// recommended than is requested. `None` without a request today or without folds.
    pub cut_ppm: Option<i64>,
}

impl Tested {
    /// Misses of all folds in millionths, rounded down; `None` without folds.
    #[must_use]
    pub fn miss_ppm(&self) -> Option<u64> {
        let folds = u64::try_from(self.folds.len()).ok()?;
        self.misses.checked_mul(1_000_000)?.checked_div(folds)
    }

    /// Samples above the recommendation in millionths, rounded down; `None` where nothing was recommended.
    #[must_use]
    pub fn above_ppm(&self) -> Option<u64> {
        let ppm = u128::from(self.above).saturating_mul(1_000_000).checked_div(u128::from(self.samples))?;
        u64::try_from(ppm).ok()
    }
}

/// How a strategy fared on the history of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backtest {
    /// The strategy.
    pub strategy: Strategy,
    /// How the history was divided.
    pub split: Split,
    /// CPU.
    pub cpu: Tested,
    /// Memory.
    pub memory: Tested,
}

impl Backtest {
    /// One of the two.
    #[must_use]
    pub const fn of(&self, resource: Resource) -> &Tested {
        match resource {
            Resource::Cpu => &self.cpu,
            Resource::Memory => &self.memory,
        }
    }
}

/// Tests any strategy on the history of a container: only what came before a block is shown to it.
///
/// Summaries have no history and are not read.
///
/// # Errors
/// As [`super::recommend`].
///
/// ```
/// use finops_core::{
///     inventory::Sample,
///     waste::rightsizing::{Config, Current, Resource, Series, Split, Strategy, backtest},
/// };
/// // Memory that doubles half-way: the maximum so far and 15 % is not enough.
/// let samples: Vec<Sample> =
///     (1..=400).map(|i| Sample { at: i * 300, value: if i <= 200 { 300 << 20 } else { 600 << 20 } }).collect();
/// let series = [Series::samples(Resource::Memory, 300, &samples)];
/// let current = Current { memory_request: Some(1 << 30), ..Current::default() };
/// let test = |strategy| backtest(&series, &current, strategy, &Config::default(), Split::Halves);
/// let simple = test(Strategy::Simple)?.memory;
/// assert_eq!((simple.folds.len(), simple.misses, simple.above), (1, 1, 200));
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
pub fn backtest(
    series: &[Series<'_>],
    current: &Current,
    strategy: Strategy,
    config: &Config,
    split: Split,
) -> Result<Backtest, Fault> {
    check(series)?;
    let test = |resource| tested(resource, series, current, strategy, config, split);
    Ok(Backtest { strategy, split, cpu: test(Resource::Cpu), memory: test(Resource::Memory) })
}

fn tested(
    resource: Resource,
    series: &[Series<'_>],
    current: &Current,
    strategy: Strategy,
    config: &Config,
    split: Split,
) -> Tested {
    let mine: Vec<&Series<'_>> = series
        .iter()
        .filter(|one| one.resource == resource && one.raw().is_some() && !one.is_empty())
        .collect();
    let Some(mut blocks) = Blocks::of(&mine) else { return Tested::default() };
    if split == Split::Halves {
        blocks.count = 2;
    }
    let mut tested = Tested::default();
    for block in blocks.count.div_euclid(2).max(1)..blocks.count {
        let (before, after): (Vec<Series<'_>>, Vec<Series<'_>>) =
            mine.iter().map(|one| around(one, &blocks, block)).unzip();
        if before.iter().all(Series::is_empty) {
            continue;
        }
        // Kills that had not happened yet are not known.
        let begin = blocks.begin(block);
        let mut then = current.clone();
        then.oom_kills.retain(|at| *at <= begin);
        let request = recommend_resource(resource, &before, &then, strategy, config).request;
        let end = blocks.begin(block.saturating_add(1));
        tested.folds.extend(fold(resource, &after, request, (begin, end)));
    }
    sum(&mut tested, current.request(resource));
    tested
}

/// The samples before a block and those in it.
fn around<'a>(one: &Series<'a>, blocks: &Blocks, block: usize) -> (Series<'a>, Series<'a>) {
    let samples = one.raw().map_or(&[][..], |(_, samples)| samples);
    let from = samples.partition_point(|sample| blocks.place(sample.at) < block);
    let to = samples.partition_point(|sample| blocks.place(sample.at) <= block);
    (one.part(samples.get(..from).unwrap_or_default()), one.part(samples.get(from..to).unwrap_or_default()))
}

/// What a block says of a recommendation; `None` without samples.
fn fold(
    resource: Resource,
    after: &[Series<'_>],
    request: Result<u64, Withheld>,
    (start, end): (i64, i64),
) -> Option<Fold> {
    let values = |one: &Series<'_>| -> Vec<u64> {
        let samples = one.raw().map_or(&[][..], |(_, samples)| samples);
        samples.iter().filter(|sample| !one.is_startup(sample.at)).map(value_of).collect()
    };
    let pods: Vec<Vec<Vec<u64>>> = after.iter().map(|one| vec![values(one)]).collect();
    let all = || pods.iter().flatten().flatten().copied();
    let above = request.map_or(0, |request| all().filter(|value| *value > request).count());
    Some(Fold {
        start,
        end,
        request,
        demand: exact::demand(resource, &pods)?,
        peak: all().max()?,
        samples: u64::try_from(all().count()).unwrap_or(u64::MAX),
        above: u64::try_from(above).unwrap_or(u64::MAX),
    })
}

fn sum(tested: &mut Tested, today: Option<u64>) {
    let mut cut = 0_i128;
    for fold in &tested.folds {
        tested.misses = tested.misses.saturating_add(u64::from(fold.is_miss()));
        let Ok(request) = fold.request else {
            tested.withheld = tested.withheld.saturating_add(1);
            continue;
        };
        tested.samples = tested.samples.saturating_add(fold.samples);
        tested.above = tested.above.saturating_add(fold.above);
        if let Some(today) = today {
            cut = cut.saturating_add(i128::from(today).saturating_sub(i128::from(request)));
        }
    }
    let folds = i128::try_from(tested.folds.len()).unwrap_or(i128::MAX);
    tested.cut_ppm = today
        .and_then(|today| {
            cut.checked_mul(1_000_000)?.checked_div_euclid(i128::from(today).checked_mul(folds)?)
        })
        .and_then(|ppm| i64::try_from(ppm).ok());
}

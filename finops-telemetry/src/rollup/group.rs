use crate::sketch::Sketch;
use finops_core::{
    Error,
    carbon::ExactSum,
    money::{MoneyError, Picodollars},
    time::DurationNs,
    usage::{Bucket, Side, Usage},
};

/// Upper bounds of the duration histogram in seconds: 0.01 x 2^k for k from 0 to 13, the boundaries of
/// `gen_ai.server.request.duration` (opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics).
pub const HISTOGRAM_LE: [&str; 14] = [
    "0.01", "0.02", "0.04", "0.08", "0.16", "0.32", "0.64", "1.28", "2.56", "5.12", "10.24", "20.48",
    "40.96", "81.92",
];

/// The first boundary of the histogram: 0.01 s.
const HISTOGRAM_FIRST_NS: u64 = 10_000_000;

/// Carbon is summed in units of 2^-20 kg: milligrams then keep every bit of an f64, and totals reach 2^43 kg.
pub(crate) const CARBON_SCALE: f64 = 1_048_576.0;

/// Money by side of the bill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Costs {
    /// All of it. Exceeds the sum of the sides where only a total was reported.
    pub total: Picodollars,
    /// The prompt.
    pub input: Picodollars,
    /// The completion.
    pub output: Picodollars,
    /// Time on own hardware.
    pub compute: Picodollars,
    /// Units priced per use.
    pub other: Picodollars,
}

impl Costs {
    /// Each part with its counterpart; `None` when one does not fit.
    fn zip(self, other: Self, op: impl Fn(i128, i128) -> Option<i128>) -> Option<Self> {
        let op = |a: Picodollars, b: Picodollars| op(a.get(), b.get()).map(Picodollars::new);
        Some(Self {
            total: op(self.total, other.total)?,
            input: op(self.input, other.input)?,
            output: op(self.output, other.output)?,
            compute: op(self.compute, other.compute)?,
            other: op(self.other, other.other)?,
        })
    }

    fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        let overflow = || MoneyError::Overflow { path: "cost".to_owned() };
        self.zip(other, i128::checked_add).ok_or_else(overflow)
    }

    pub(super) const fn parts(&self) -> [Picodollars; 5] {
        [self.total, self.input, self.output, self.compute, self.other]
    }

    pub(super) const fn from_parts([total, input, output, compute, other]: [Picodollars; 5]) -> Self {
        Self { total, input, output, compute, other }
    }
}

/// What one request used, cost and emitted. What is not known is `None`, never 0.
#[derive(Debug, Clone, Copy)]
pub struct Measures<'a> {
    /// Whether the request failed.
    pub error: bool,
    /// Tokens and units.
    pub usage: &'a Usage,
    /// Money; `None` without a price.
    pub cost: Option<Costs>,
    /// Energy in joules.
    pub energy_joules: Option<f64>,
    /// Carbon in kilograms of CO2e.
    pub carbon_kg: Option<f64>,
    /// How long it took.
    pub duration: Option<DurationNs>,
}

impl<'a> Measures<'a> {
    /// A request that succeeded and of which only the usage is known.
    #[must_use]
    pub const fn new(usage: &'a Usage) -> Self {
        Self { error: false, usage, cost: None, energy_joules: None, carbon_kg: None, duration: None }
    }
}

/// Totals of a group. Lists hold only what the group uses.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) unpriced: u64,
    pub(crate) energy_unknown: u64,
    pub(crate) carbon_unknown: u64,
    pub(crate) costs: Costs,
    pub(super) energy: ExactSum,
    pub(super) carbon: ExactSum,
    pub(crate) duration_ns: u128,
    /// Place of the bucket in [`Bucket::ALL`], ascending.
    pub(super) usage: Vec<(u8, u128)>,
    /// Place of the boundary in [`HISTOGRAM_LE`], 14 beyond the last; ascending.
    pub(super) histogram: Vec<(u8, u64)>,
    pub(crate) durations_us: Sketch,
    pub(crate) costs_pusd: Sketch,
}

impl Totals {
    /// The sums with the emissions of one more request; `None` when they do not fit.
    #[inline]
    pub(super) fn with_emissions(&self, joules: f64, kg: f64) -> Option<(ExactSum, ExactSum)> {
        let (mut energy, mut carbon) = (self.energy, self.carbon);
        energy.add(joules).ok()?;
        carbon.add(kg * CARBON_SCALE).ok()?;
        Some((energy, carbon))
    }

    pub(super) fn record(&mut self, measures: &Measures<'_>) -> Result<(), Error> {
        // Everything that can fail comes first, so that a refused record changes nothing.
        let (mut energy, mut carbon) = (self.energy, self.carbon);
        if let Some(joules) = measures.energy_joules {
            energy.add(joules)?;
        }
        if let Some(kg) = measures.carbon_kg {
            carbon.add(kg * CARBON_SCALE)?;
        }
        if let Some(costs) = measures.cost {
            self.costs = self.costs.checked_add(costs)?;
            self.costs_pusd.add(u64::try_from(costs.total.get().max(0)).unwrap_or(u64::MAX), 1);
        }
        (self.energy, self.carbon) = (energy, carbon);
        self.requests = self.requests.saturating_add(1);
        self.errors = self.errors.saturating_add(u64::from(measures.error));
        self.unpriced = self.unpriced.saturating_add(u64::from(measures.cost.is_none()));
        self.energy_unknown = self.energy_unknown.saturating_add(u64::from(measures.energy_joules.is_none()));
        self.carbon_unknown = self.carbon_unknown.saturating_add(u64::from(measures.carbon_kg.is_none()));
        add_usage(&mut self.usage, measures.usage);
        if let Some(duration) = measures.duration {
            self.duration_ns = self.duration_ns.saturating_add(u128::from(duration.get()));
            add_at(&mut self.histogram, boundary(duration), 1, u64::saturating_add);
            self.durations_us.add(duration.get().checked_div(1000).unwrap_or_default(), 1);
        }
        Ok(())
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let (mut energy, mut carbon) = (self.energy, self.carbon);
        energy.merge(other.energy)?;
        carbon.merge(other.carbon)?;
        self.costs = self.costs.checked_add(other.costs)?;
        (self.energy, self.carbon) = (energy, carbon);
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors);
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
        self.energy_unknown = self.energy_unknown.saturating_add(other.energy_unknown);
        self.carbon_unknown = self.carbon_unknown.saturating_add(other.carbon_unknown);
        self.duration_ns = self.duration_ns.saturating_add(other.duration_ns);
        for (at, count) in &other.usage {
            add_at(&mut self.usage, *at, *count, u128::saturating_add);
        }
        for (at, count) in &other.histogram {
            add_at(&mut self.histogram, *at, *count, u64::saturating_add);
        }
        self.durations_us.merge(&other.durations_us);
        self.costs_pusd.merge(&other.costs_pusd);
        Ok(())
    }

    /// What came after `previous`; `None` when that is no earlier state of this group.
    pub(super) fn diff(&self, previous: &Self) -> Option<Self> {
        let raw = |a: ExactSum, b: ExactSum| a.raw().checked_sub(b.raw()).map(ExactSum::from_raw);
        Some(Self {
            requests: self.requests.checked_sub(previous.requests)?,
            errors: self.errors.checked_sub(previous.errors)?,
            unpriced: self.unpriced.checked_sub(previous.unpriced)?,
            energy_unknown: self.energy_unknown.checked_sub(previous.energy_unknown)?,
            carbon_unknown: self.carbon_unknown.checked_sub(previous.carbon_unknown)?,
            costs: self.costs.zip(previous.costs, i128::checked_sub)?,
            energy: raw(self.energy, previous.energy)?,
            carbon: raw(self.carbon, previous.carbon)?,
            duration_ns: self.duration_ns.checked_sub(previous.duration_ns)?,
            usage: subtract(&self.usage, &previous.usage, u128::checked_sub)?,
            histogram: subtract(&self.histogram, &previous.histogram, u64::checked_sub)?,
            durations_us: self.durations_us.diff(&previous.durations_us)?,
            costs_pusd: self.costs_pusd.diff(&previous.costs_pusd)?,
        })
    }

    /// Used buckets in the order of the wire form.
    pub(crate) fn usage(&self) -> impl Iterator<Item = (Bucket, u128)> + '_ {
        self.usage
            .iter()
            .filter_map(|(at, count)| Bucket::ALL.get(usize::from(*at)).map(|bucket| (*bucket, *count)))
    }

    pub(crate) fn total_tokens(&self) -> u128 {
        let tokens = self.usage().filter(|(bucket, _)| matches!(bucket.side(), Side::Input | Side::Output));
        tokens.fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    pub(crate) const fn priced(&self) -> u64 {
        self.requests.saturating_sub(self.unpriced)
    }

    pub(crate) fn energy_joules(&self) -> Option<f64> {
        (self.requests > self.energy_unknown).then(|| self.energy.value())
    }

    pub(crate) fn carbon_kg(&self) -> Option<f64> {
        (self.requests > self.carbon_unknown).then(|| self.carbon.value() / CARBON_SCALE)
    }

    /// Requests up to each boundary, then all requests of known duration.
    pub(crate) fn cumulative(&self) -> [u64; 15] {
        let mut counts = [0_u64; 15];
        let mut sum = 0_u64;
        let mut entries = self.histogram.iter().peekable();
        for (at, count) in counts.iter_mut().enumerate() {
            if let Some((_, n)) = entries.next_if(|(k, _)| usize::from(*k) == at) {
                sum = sum.saturating_add(*n);
            }
            *count = sum;
        }
        counts
    }
}

/// The first boundary that is not below `duration`.
pub(super) fn boundary(duration: DurationNs) -> u8 {
    let units = duration.get().div_ceil(HISTOGRAM_FIRST_NS);
    let k = if units <= 1 { 0 } else { u64::BITS.saturating_sub(units.saturating_sub(1).leading_zeros()) };
    u8::try_from(k.min(14)).unwrap_or(14)
}

/// Makes room for one more entry, half as many again at a time: most groups use few.
pub(crate) fn grow<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() >> 1).max(1));
    }
}

/// Adds to the entry of `at`, or makes one; its place.
#[inline(never)]
fn add_at<K: Copy + Ord, N: Copy>(list: &mut Vec<(K, N)>, at: K, count: N, add: impl Fn(N, N) -> N) -> usize {
    match list.binary_search_by_key(&at, |(k, _)| *k) {
        Ok(found) => {
            if let Some((_, n)) = list.get_mut(found) {
                *n = add(*n, count);
            }
            found
        }
        Err(place) => {
            grow(list);
            list.insert(place, (at, count));
            place
        }
    }
}

/// Adds to the entry of `at`, looked for at `hint` first; the hint is where it was found.
#[inline(always)]
pub(crate) fn add_hinted<K: Copy + Ord, N: Copy>(
    list: &mut Vec<(K, N)>,
    at: K,
    count: N,
    hint: &mut usize,
    add: impl Fn(N, N) -> N,
) {
    match list.get_mut(*hint) {
        Some((key, n)) if *key == at => *n = add(*n, count),
        _ => *hint = add_at(list, at, count, add),
    }
}

fn add_usage(list: &mut Vec<(u8, u128)>, usage: &Usage) {
    // Most requests use two buckets of many: eight that are not used cost one comparison.
    let counts = counts(usage);
    for (chunk, first) in counts.chunks(8).zip((0_u8..).step_by(8)) {
        if chunk.iter().fold(0, |any, count| any | count) == 0 {
            continue;
        }
        for (count, at) in chunk.iter().zip(first..) {
            if *count != 0 {
                add_at(list, at, u128::from(*count), u128::saturating_add);
            }
        }
    }
}

/// The counts in the order of [`Bucket::ALL`]; naming every field makes a new bucket an error here.
const fn counts(usage: &Usage) -> [u64; Bucket::ALL.len()] {
    let Usage {
        input,
        input_audio,
        input_image,
        input_video,
        cache_read,
        cache_read_audio,
        cache_read_image,
        cache_read_video,
        cache_write_5m,
        cache_write_1h,
        output,
        output_audio,
        output_image,
        output_video,
        reasoning,
        web_search,
        file_search,
        code_execution,
        request,
        rerank,
        audio_second,
        character,
        page,
        image,
    } = *usage;
    [
        input,
        input_audio,
        input_image,
        input_video,
        cache_read,
        cache_read_audio,
        cache_read_image,
        cache_read_video,
        cache_write_5m,
        cache_write_1h,
        output,
        output_audio,
        output_image,
        output_video,
        reasoning,
        web_search,
        file_search,
        code_execution,
        request,
        rerank,
        audio_second,
        character,
        page,
        image,
    ]
}

fn subtract<N: Copy + Default + PartialEq>(
    list: &[(u8, N)],
    previous: &[(u8, N)],
    sub: impl Fn(N, N) -> Option<N>,
) -> Option<Vec<(u8, N)>> {
    let mut left = list.to_vec();
    for (at, count) in previous {
        let found = left.binary_search_by_key(at, |(k, _)| *k).ok()?;
        let (_, n) = left.get_mut(found)?;
        *n = sub(*n, *count)?;
    }
    left.retain(|(_, n)| *n != N::default());
    Some(left)
}

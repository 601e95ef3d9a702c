//! From rates and usage to amounts, with what is assumed where a rate is missing.

use super::{Assumption, Assumptions};
use crate::{
    money::{MoneyError, Picodollars, Rate},
    price::table::RateSet,
    usage::{Bucket, Side, Usage},
};

/// Where the rate of a bucket is looked up.
pub(super) trait Rates {
    /// The rate stated for exactly this bucket.
    fn get(&self, bucket: Bucket) -> Option<Rate>;

    /// Whether a missing write rate leaves nothing in doubt, because the rates are those of a whole direction.
    fn whole_direction(&self) -> bool {
        false
    }
}

impl Rates for RateSet<'_> {
    #[inline]
    fn get(&self, bucket: Bucket) -> Option<Rate> {
        RateSet::get(self, bucket)
    }
}

/// Four rates, as users state them: input, output, cache reads, cache writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Four([i64; 4]);

impl Four {
    /// Stands for a rate that is not stated: rates are never negative.
    const ABSENT: i64 = -1;

    pub fn new(
        input: Option<Rate>,
        output: Option<Rate>,
        cache_read: Option<Rate>,
        cache_write: Option<Rate>,
    ) -> Self {
        Self([input, output, cache_read, cache_write].map(|r| r.map_or(Self::ABSENT, Rate::femtodollars)))
    }

    fn read(femtodollars: i64) -> Option<Rate> {
        (femtodollars != Self::ABSENT).then(|| Rate::from_femtodollars(femtodollars))
    }
}

impl Rates for Four {
    fn get(&self, bucket: Bucket) -> Option<Rate> {
        let [input, output, cache_read, cache_write] = self.0.map(Self::read);
        match bucket {
            Bucket::input => input,
            Bucket::output => output,
            Bucket::cache_read => cache_read,
            Bucket::cache_write_5m | Bucket::cache_write_1h => cache_write,
            _ => None,
        }
    }
}

/// Rates of a direction, whatever is in it: `COST_PER_1K_*` and the defaults.
#[derive(Debug, Clone, Copy)]
pub(super) struct Direction(pub Four);

impl Rates for Direction {
    fn get(&self, bucket: Bucket) -> Option<Rate> {
        match bucket {
            Bucket::cache_read
            | Bucket::cache_read_audio
            | Bucket::cache_read_image
            | Bucket::cache_read_video => self.0.get(Bucket::cache_read),
            Bucket::cache_write_5m | Bucket::cache_write_1h => self.0.get(Bucket::cache_write_5m),
            _ => match bucket.side() {
                Side::Input => self.0.get(Bucket::input),
                Side::Output => self.0.get(Bucket::output),
                Side::Subset | Side::Unit => None,
            },
        }
    }

    fn whole_direction(&self) -> bool {
        true
    }
}

/// The rate that applies to `bucket`, and what was assumed to find one: table 4.4 of the metering specification.
#[inline]
pub(super) fn applied(rates: &impl Rates, bucket: Bucket) -> (Option<Rate>, Assumptions) {
    match rates.get(bucket) {
        Some(rate) => (Some(rate), Assumptions::NONE),
        None => fallback(rates, bucket),
    }
}

fn fallback(rates: &impl Rates, bucket: Bucket) -> (Option<Rate>, Assumptions) {
    use Assumption::{
        audio_at_text_rate, cache_read_at_input_rate, cache_write_1h_at_5m_rate, cache_write_at_input_rate,
        image_at_text_rate, unit_without_rate, video_at_text_rate,
    };
    let chain: &[(Bucket, &[Assumption])] = match bucket {
        Bucket::input_audio => &[(Bucket::input, &[audio_at_text_rate])],
        Bucket::input_image => &[(Bucket::input, &[image_at_text_rate])],
        Bucket::input_video => &[(Bucket::input, &[video_at_text_rate])],
        Bucket::output_audio => &[(Bucket::output, &[audio_at_text_rate])],
        Bucket::output_image => &[(Bucket::output, &[image_at_text_rate])],
        Bucket::output_video => &[(Bucket::output, &[video_at_text_rate])],
        Bucket::cache_read => &[(Bucket::input, &[cache_read_at_input_rate])],
        Bucket::cache_read_audio => &[
            (Bucket::cache_read, &[audio_at_text_rate]),
            (Bucket::input_audio, &[cache_read_at_input_rate]),
            (Bucket::input, &[cache_read_at_input_rate, audio_at_text_rate]),
        ],
        Bucket::cache_read_image => &[
            (Bucket::cache_read, &[image_at_text_rate]),
            (Bucket::input_image, &[cache_read_at_input_rate]),
            (Bucket::input, &[cache_read_at_input_rate, image_at_text_rate]),
        ],
        Bucket::cache_read_video => &[
            (Bucket::cache_read, &[video_at_text_rate]),
            (Bucket::input_video, &[cache_read_at_input_rate]),
            (Bucket::input, &[cache_read_at_input_rate, video_at_text_rate]),
        ],
        Bucket::cache_write_5m => &[(Bucket::input, &[cache_write_at_input_rate])],
        Bucket::cache_write_1h if rates.whole_direction() => &[(Bucket::input, &[cache_write_at_input_rate])],
        Bucket::cache_write_1h => &[
            (Bucket::cache_write_5m, &[cache_write_1h_at_5m_rate]),
            (Bucket::input, &[cache_write_1h_at_5m_rate, cache_write_at_input_rate]),
        ],
        _ => &[],
    };
    chain
        .iter()
        .find_map(|(other, assumed)| Some((rates.get(*other)?, *assumed)))
        .map_or((None, Assumptions::NONE.with(unit_without_rate)), |(rate, assumed)| {
            (Some(rate), assumed.iter().copied().collect())
        })
}

/// What a missing rate of a strict price is: `price.no_rate`.
const UNCERTAIN: Assumptions = Assumptions::NONE
    .with(Assumption::audio_at_text_rate)
    .with(Assumption::cache_write_1h_at_5m_rate)
    .with(Assumption::unit_without_rate);

/// The first used bucket whose rate is in doubt.
pub(super) fn uncertain(rates: &impl Rates, usage: &Usage) -> Option<Bucket> {
    used(usage).find(|bucket| applied(rates, *bucket).1.intersects(UNCERTAIN))
}

/// The buckets that count something of their own.
pub(super) fn used(usage: &Usage) -> impl Iterator<Item = Bucket> {
    Bucket::ALL.iter().copied().filter(|bucket| bucket.side() != Side::Subset && usage.get(*bucket) > 0)
}

/// Amounts by side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sides {
    pub input: Picodollars,
    pub output: Picodollars,
    pub other: Picodollars,
    pub assumptions: Assumptions,
}

impl Sides {
    /// Both, side by side.
    pub fn checked_add(self, more: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            input: self.input.checked_add(more.input)?,
            output: self.output.checked_add(more.output)?,
            other: self.other.checked_add(more.other)?,
            assumptions: self.assumptions.union(more.assumptions),
        })
    }

    /// The exact sum of the sides.
    pub fn total(self) -> Result<Picodollars, MoneyError> {
        self.input.checked_add(self.output)?.checked_add(self.other)
    }
}

/// Prices `usage`.
#[inline]
pub(super) fn price(rates: &impl Rates, usage: &Usage) -> Result<Sides, MoneyError> {
    let mut sides = Sides::default();
    // Most calls use these alone, and need no walk over the buckets.
    add(&mut sides, rates, Bucket::input, usage.input)?;
    add(&mut sides, rates, Bucket::output, usage.output)?;
    add(&mut sides, rates, Bucket::cache_read, usage.cache_read)?;
    if has_more(usage) {
        for bucket in used(usage) {
            if !matches!(bucket, Bucket::input | Bucket::output | Bucket::cache_read) {
                add(&mut sides, rates, bucket, usage.get(bucket))?;
            }
        }
    }
    Ok(sides)
}

/// Inlined, so that a bucket known to the compiler costs no lookup of its side and bit.
#[inline(always)]
fn add(sides: &mut Sides, rates: &impl Rates, bucket: Bucket, count: u64) -> Result<(), MoneyError> {
    if count == 0 {
        return Ok(());
    }
    let (rate, assumed) = applied(rates, bucket);
    sides.assumptions = sides.assumptions.union(assumed);
    let Some(rate) = rate else { return Ok(()) };
    let amount = rate.times(count)?;
    let side = match bucket.side() {
        Side::Input => &mut sides.input,
        Side::Output => &mut sides.output,
        Side::Subset | Side::Unit => &mut sides.other,
    };
    *side = side.checked_add(amount)?;
    Ok(())
}

/// Whether anything but input, output and cache reads is used.
#[inline]
const fn has_more(usage: &Usage) -> bool {
    let Usage {
        input: _,
        input_audio,
        input_image,
        input_video,
        cache_read: _,
        cache_read_audio,
        cache_read_image,
        cache_read_video,
        cache_write_5m,
        cache_write_1h,
        output: _,
        output_audio,
        output_image,
        output_video,
        reasoning: _,
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
    (input_audio | input_image | input_video | cache_read_audio | cache_read_image | cache_read_video)
        | (cache_write_5m | cache_write_1h | output_audio | output_image | output_video)
        | (web_search | file_search | code_execution | request | rerank)
        | (audio_second | character | page | image)
        != 0
}

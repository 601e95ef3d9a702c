//! The decaying exponential histogram of the Vertical Pod Autoscaler
//! (kubernetes/autoscaler, `vertical-pod-autoscaler/pkg/recommender/util`, 2026-08).
//!
//! It computes in f64 on purpose: the answers are compared bit for bit with that program's. Logarithm and powers come
//! from `libm`, so that they are the same on every platform.

/// Every bucket is 5 % wider than the one before.
const RATIO: f64 = 1.05;
/// A bucket lighter than this is empty.
const EPSILON: f64 = 0.0001;
/// The half-life of a sample in seconds: a day.
const HALF_LIFE_S: i64 = 86_400;
/// Half-lives after which weights are scaled back.
const DECAY_EXPONENT_MAX: i64 = 100;
/// The heaviest bucket of a checkpoint.
const CHECKPOINT_WEIGHT_MAX: f64 = 10_000.0;
/// 0001-01-01T00:00:00Z in Unix seconds: the reference before the first sample.
const YEAR_ONE_S: i64 = -62_135_596_800;

/// How values are cut into buckets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    first: f64,
    buckets: usize,
}

impl Scale {
    /// CPU in cores: 176 buckets from 0.01 to 1,000.
    #[must_use]
    pub fn cpu() -> Self {
        Self::new(0.01, 1000.0)
    }

    /// Memory in bytes: 176 buckets from 1e7 to 1e12.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(1e7, 1e12)
    }

    /// Buckets of which the first is `first` wide and the last holds `max`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive count")]
    pub fn new(first: f64, max: f64) -> Self {
        let buckets = libm::ceil(log_of_ratio(max * (RATIO - 1.0) / first + 1.0)) as usize;
        Self { first, buckets: buckets.saturating_add(1) }
    }

    /// Number of buckets.
    #[must_use]
    pub const fn buckets(&self) -> usize {
        self.buckets
    }

    /// Where bucket `index` starts.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "below a few hundred")]
    pub fn start(&self, index: usize) -> f64 {
        if index == 0 {
            return 0.0;
        }
        self.first * (libm::pow(RATIO, index as f64) - 1.0) / (RATIO - 1.0)
    }

    /// The bucket that holds `value`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped just before; NaN is 0"
    )]
    fn find(&self, value: f64) -> usize {
        if value < self.first {
            return 0;
        }
        let bucket = log_of_ratio(value * (RATIO - 1.0) / self.first + 1.0) as usize;
        bucket.min(self.buckets.saturating_sub(1))
    }
}

/// `libm::log(1.05)`, to the bit.
const LOG_OF_RATIO: f64 = f64::from_bits(0x3fa8_fb06_3ef2_c7f0);

fn log_of_ratio(value: f64) -> f64 {
    libm::log(value) / LOG_OF_RATIO
}

/// Weights of values, halved every day.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    scale: Scale,
    weights: Box<[f64]>,
    total: f64,
    /// The lightest and the heaviest bucket with weight; the first above the second while empty.
    least: usize,
    most: usize,
    reference_s: i64,
}

/// A histogram as the autoscaler stores it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Unix seconds.
    pub reference_s: i64,
    /// Bucket and weight, at most 10,000 each; empty buckets are left out.
    pub weights: Vec<(usize, u32)>,
    /// Weight of all samples.
    pub total: f64,
}

impl Histogram {
    /// An empty histogram.
    #[must_use]
    pub fn new(scale: Scale) -> Self {
        let last = scale.buckets.saturating_sub(1);
        Self {
            scale,
            weights: vec![0.0; scale.buckets].into(),
            total: 0.0,
            least: last,
            most: 0,
            reference_s: YEAR_ONE_S,
        }
    }

    /// Whether no bucket has weight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weights.get(self.least).is_none_or(|weight| *weight < EPSILON)
    }

    /// Unix seconds at which a sample has its own weight.
    #[must_use]
    pub const fn reference_s(&self) -> i64 {
        self.reference_s
    }

    /// Adds a sample seen at `at_s`.
    pub fn add(&mut self, value: f64, weight: f64, at_s: i64) {
        let weight = weight * self.decay(at_s);
        let bucket = self.scale.find(value);
        let Some(held) = self.weights.get_mut(bucket) else { return };
        *held += weight;
        self.total += weight;
        if *held >= EPSILON {
            self.least = self.least.min(bucket);
            self.most = self.most.max(bucket);
        }
    }

    /// Takes a sample back that was seen at `at_s`.
    pub fn subtract(&mut self, value: f64, weight: f64, at_s: i64) {
        let weight = weight * self.decay(at_s);
        let bucket = self.scale.find(value);
        if let Some(held) = self.weights.get_mut(bucket) {
            *held = (*held - weight).max(0.0);
        }
        self.total = (self.total - weight).max(0.0);
        self.narrow();
    }

    /// The end of the bucket in which `share` (0 to 1) of the weight is reached; 0 while empty.
    #[must_use]
    pub fn percentile(&self, share: f64) -> f64 {
        if self.is_empty() {
            return 0.0;
        }
        let threshold = share * self.total;
        let mut sum = 0.0;
        let mut bucket = self.least;
        while bucket < self.most {
            sum += self.weights.get(bucket).copied().unwrap_or_default();
            if sum >= threshold {
                break;
            }
            bucket = bucket.saturating_add(1);
        }
        let next = bucket.saturating_add(1);
        self.scale.start(if next < self.scale.buckets { next } else { bucket })
    }

    /// The histogram as the autoscaler stores it: weights scaled to at most 10,000 and rounded.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 10,000")]
    pub fn checkpoint(&self) -> Checkpoint {
        let heaviest = self.weights.iter().copied().fold(0.0, f64::max);
        let ratio = if heaviest > 0.0 { CHECKPOINT_WEIGHT_MAX / heaviest } else { 0.0 };
        let scaled = self.weights.iter().map(|weight| libm::round(weight * ratio) as u32).enumerate();
        let weights = scaled.filter(|(_, weight)| *weight > 0).collect();
        Checkpoint { reference_s: self.reference_s, weights, total: self.total }
    }

    /// The histogram of a checkpoint; `None` for a bucket outside the scale, one that stands twice, or a weight of 0, or
    /// a total that is negative or not finite.
    #[must_use]
    pub fn from_checkpoint(scale: Scale, checkpoint: &Checkpoint) -> Option<Self> {
        let sum = checkpoint.weights.iter().fold(0.0, |sum, (_, weight)| sum + f64::from(*weight));
        if !checkpoint.total.is_finite() || checkpoint.total < 0.0 {
            return None;
        }
        let mut histogram =
            Self { total: checkpoint.total, reference_s: checkpoint.reference_s, ..Self::new(scale) };
        let ratio = checkpoint.total / sum;
        for (bucket, weight) in &checkpoint.weights {
            let held = histogram.weights.get_mut(*bucket)?;
            if *held != 0.0 || *weight == 0 {
                return None;
            }
            *held = f64::from(*weight) * ratio;
        }
        histogram.least =
            checkpoint.weights.iter().map(|(bucket, _)| *bucket).min().unwrap_or(histogram.least);
        histogram.most = checkpoint.weights.iter().map(|(bucket, _)| *bucket).max().unwrap_or_default();
        Some(histogram)
    }

    /// What a sample at `at_s` weighs against one at the reference; moves the reference where the factor grows large.
    #[expect(clippy::cast_precision_loss, reason = "at most a hundred half-lives")]
    fn decay(&mut self, at_s: i64) -> f64 {
        if at_s.saturating_sub(self.reference_s) > HALF_LIFE_S.saturating_mul(DECAY_EXPONENT_MAX) {
            self.move_reference(at_s);
        }
        libm::exp2(at_s.saturating_sub(self.reference_s) as f64 / HALF_LIFE_S as f64)
    }

    /// Moves the reference to the midnight nearest to `at_s` (noon goes up).
    fn move_reference(&mut self, at_s: i64) {
        let halves = at_s.saturating_add(HALF_LIFE_S.div_euclid(2));
        let moved = halves.div_euclid(HALF_LIFE_S).saturating_mul(HALF_LIFE_S);
        let exponent = self.reference_s.saturating_sub(moved).div_euclid(HALF_LIFE_S);
        let factor = libm::ldexp(1.0, i32::try_from(exponent).unwrap_or(i32::MIN));
        self.total *= factor;
        self.weights.iter_mut().for_each(|weight| *weight *= factor);
        self.reference_s = moved;
        self.narrow();
    }

    /// Moves the two ends inwards past empty buckets.
    fn narrow(&mut self) {
        let light =
            |weights: &[f64], bucket: usize| weights.get(bucket).is_none_or(|weight| *weight < EPSILON);
        let last = self.scale.buckets.saturating_sub(1);
        while self.least < last && light(&self.weights, self.least) {
            self.least = self.least.saturating_add(1);
        }
        while self.most > 0 && light(&self.weights, self.most) {
            self.most = self.most.saturating_sub(1);
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the answers are the same bits")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_logarithm_of_the_ratio_is_that_of_the_library() {
        assert_eq!(LOG_OF_RATIO.to_bits(), libm::log(RATIO).to_bits());
    }

    #[test]
    fn an_empty_histogram_has_no_percentile() {
        let mut histogram = Histogram::new(Scale::cpu());
        assert!(histogram.is_empty());
        assert_eq!(histogram.percentile(0.9), 0.0);
        histogram.add(0.5, 1.0, 0);
        histogram.subtract(0.5, 1.0, 0);
        assert!(histogram.is_empty());
    }

    #[test]
    fn the_last_bucket_answers_with_its_start() {
        let scale = Scale::cpu();
        let mut histogram = Histogram::new(scale);
        histogram.add(1e9, 1.0, 0);
        assert_eq!(histogram.percentile(1.0), scale.start(scale.buckets() - 1));
        assert_eq!((scale.buckets(), Scale::memory().buckets()), (176, 176));
    }

    #[test]
    fn a_day_halves_a_sample() {
        let mut histogram = Histogram::new(Scale::cpu());
        histogram.add(0.1, 1.0, 0);
        histogram.add(1.0, 1.0, 86_400);
        let weights: Vec<u32> =
            histogram.checkpoint().weights.into_iter().map(|(_, weight)| weight).collect();
        assert_eq!(weights, [5000, 10_000]);
    }

    #[test]
    fn a_broken_checkpoint_is_refused() {
        let good = Checkpoint { reference_s: 0, weights: vec![(3, 10_000), (9, 1)], total: 4.0 };
        let bad = [
            Checkpoint { weights: vec![(176, 1)], ..good.clone() },
            Checkpoint { weights: vec![(3, 1), (3, 1)], ..good.clone() },
            Checkpoint { weights: vec![(3, 0)], ..good.clone() },
            Checkpoint { total: f64::NAN, ..good.clone() },
            Checkpoint { total: -1.0, ..good.clone() },
        ];
        assert!(Histogram::from_checkpoint(Scale::cpu(), &good).is_some());
        for checkpoint in bad {
            assert_eq!(Histogram::from_checkpoint(Scale::cpu(), &checkpoint), None, "{checkpoint:?}");
        }
    }

    proptest! {
        #[test]
        fn a_checkpoint_comes_back(values in prop::collection::vec((0.0_f64..50.0, 0_i64..40 * 86_400), 1..60)) {
            let mut histogram = Histogram::new(Scale::cpu());
            for (value, at) in values {
                histogram.add(value, 0.1, at);
            }
            let checkpoint = histogram.checkpoint();
            let again = Histogram::from_checkpoint(Scale::cpu(), &checkpoint).unwrap();
            prop_assert_eq!(again.checkpoint().weights, checkpoint.weights);
            prop_assert_eq!(again.reference_s(), histogram.reference_s());
        }

        #[test]
        fn percentiles_grow(values in prop::collection::vec(0.0_f64..2000.0, 1..60)) {
            let mut histogram = Histogram::new(Scale::cpu());
            values.iter().for_each(|value| histogram.add(*value, 1.0, 0));
            let percentiles: Vec<f64> = (0..=20).map(|share| histogram.percentile(f64::from(share) / 20.0)).collect();
            prop_assert!(percentiles.is_sorted());
        }
    }
}

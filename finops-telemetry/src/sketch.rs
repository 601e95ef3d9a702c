//! A quantile sketch in integers: every platform gives the same buckets, and merging loses nothing.
//!
//! Values below 64 are exact. Above, every power of two is cut into 64 buckets of equal width, so that the middle of a
//! bucket is at most 1/128 away from any value in it. There are no logarithms, which differ by platform.

use finops_core::{error::ConfigError, money::decimal};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The last bucket: that of `u64::MAX`.
const BUCKET_MAX: u16 = 3775;

/// Counts of values in buckets of constant relative width (1/64).
///
/// Only buckets that hold something take memory. The wire form is a list of `[bucket, count]` in ascending order.
///
/// ```
/// use finops_telemetry::sketch::Sketch;
/// let mut sketch = Sketch::default();
/// for ms in 1..=1000 {
///     sketch.add(ms * 1000, 1);
/// }
/// assert_eq!(sketch.quantile(0.5)?, Some(501_760));
/// assert_eq!(sketch.quantile(1.5).unwrap_err().code(), "config.invalid");
/// # Ok::<(), finops_core::error::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Bucket and count, ascending, counts above 0.
    entries: Vec<(u16, u64)>,
}

impl Sketch {
    /// The bucket of `value`, 0 to 3775.
    #[must_use]
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::arithmetic_side_effects,
        reason = "6 <= e <= 63, so that the bucket is at most 3775"
    )]
    pub const fn bucket(value: u64) -> u16 {
        if value < 64 {
            return value as u16;
        }
        let e = 63 - value.leading_zeros();
        (((e - 5) << 6) + ((value >> (e - 6)) & 63) as u32) as u16
    }

    /// The value that stands for a bucket: its middle. Buckets past 3775 stand for what bucket 3775 does.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "k is 1 to 58 and 127 << 57 plus half a bucket is below 2^64"
    )]
    pub const fn representative(bucket: u16) -> u64 {
        let b = if bucket > BUCKET_MAX { BUCKET_MAX as u64 } else { bucket as u64 };
        if b < 64 {
            return b;
        }
        let k = b >> 6;
        let lo = (64 + (b & 63)) << (k - 1);
        lo + (1 << (k - 1)) / 2
    }

    /// Counts `value` as often as `count` says.
    pub fn add(&mut self, value: u64, count: u64) {
        if count > 0 {
            self.add_bucket(Self::bucket(value), count);
        }
    }

    /// Counts `value` once, in the bucket at `hint` when that is its own; the hint is where it was counted.
    #[inline]
    pub(crate) fn add_near(&mut self, value: u64, hint: &mut usize) {
        crate::rollup::add_hinted(&mut self.entries, Self::bucket(value), 1, hint, u64::saturating_add);
    }

    fn add_bucket(&mut self, bucket: u16, count: u64) {
        match self.entries.binary_search_by_key(&bucket, |(b, _)| *b) {
            Ok(at) => {
                if let Some((_, n)) = self.entries.get_mut(at) {
                    *n = n.saturating_add(count);
                }
            }
            Err(at) => {
                crate::rollup::grow(&mut self.entries);
                self.entries.insert(at, (bucket, count));
            }
        }
    }

    /// Adds everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        if self.entries.is_empty() {
            self.entries.clone_from(&other.entries);
            return;
        }
        for (bucket, count) in &other.entries {
            self.add_bucket(*bucket, *count);
        }
    }

    /// What was counted since `previous`; `None` when `previous` is no earlier state of this sketch.
    #[must_use]
    pub fn diff(&self, previous: &Self) -> Option<Self> {
        let mut left = self.entries.clone();
        for (bucket, count) in &previous.entries {
            let at = left.binary_search_by_key(bucket, |(b, _)| *b).ok()?;
            let (_, n) = left.get_mut(at)?;
            *n = n.checked_sub(*count)?;
        }
        left.retain(|(_, n)| *n > 0);
        Some(Self { entries: left })
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.entries.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    /// Whether nothing was counted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many buckets hold something.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value at rank `ceil(q * n)`, within 1/128; `None` when nothing was counted.
    ///
    /// `q` is read by its shortest decimal, so that 0.07 of 100 values is the seventh and not the eighth.
    ///
    /// # Errors
    /// `config.invalid` when `q` does not lie between 0 and 1.
    pub fn quantile(&self, q: f64) -> Result<Option<u64>, ConfigError> {
        if !(0.0..=1.0).contains(&q) {
            return Err(ConfigError::new("q", q, "not a quantile", "give a number from 0 to 1"));
        }
        // Below 28 decimals a quantile of any count is the first value.
        let q = decimal::from_f64(q).unwrap_or_default().normalize();
        let part = 10_i128.checked_pow(q.scale()).unwrap_or(i128::MAX);
        Ok(self.at(q.mantissa(), part))
    }

    /// The value at rank `ceil(n * part / whole)`, at least the first.
    pub(crate) fn at(&self, part: i128, whole: i128) -> Option<u64> {
        let scaled = i128::from(self.count()).saturating_mul(part);
        let up = i128::from(scaled.checked_rem(whole)? > 0);
        let rank = scaled.checked_div(whole)?.saturating_add(up).max(1);
        let mut seen = 0_i128;
        for (bucket, count) in &self.entries {
            seen = seen.saturating_add(i128::from(*count));
            if seen >= rank {
                return Some(Self::representative(*bucket));
            }
        }
        None
    }
}

/// Counts of values in a list of all buckets: faster to fill than a [`Sketch`], and 30 kB.
#[derive(Debug, Clone)]
pub(crate) struct Dense(Box<[u64]>);

impl Default for Dense {
    fn default() -> Self {
        Self(vec![0; usize::from(BUCKET_MAX).saturating_add(1)].into())
    }
}

impl Dense {
    /// Counts `value` once.
    #[inline]
    pub(crate) fn add(&mut self, value: u64) {
        if let Some(count) = self.0.get_mut(usize::from(Sketch::bucket(value))) {
            *count = count.saturating_add(1);
        }
    }

    /// The buckets that hold something.
    pub(crate) fn sketch(&self) -> Sketch {
        let entries = (0_u16..).zip(self.0.iter().copied()).filter(|(_, count)| *count > 0);
        Sketch { entries: entries.collect() }
    }
}

impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<(u16, u64)>::deserialize(deserializer)?;
        let ascending = entries.windows(2).all(|w| matches!(w, [a, b] if a.0 < b.0));
        if !ascending || entries.iter().any(|(b, n)| *b > BUCKET_MAX || *n == 0) {
            return Err(D::Error::custom("a sketch lists ascending buckets up to 3775 with counts above 0"));
        }
        Ok(Self { entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn the_vectors_pass() {
        let cases = crate::testing::vectors("sketch");
        assert_eq!(cases.len(), 9);
        for case in &cases {
            let expected = &case["expected"];
            match case["kind"].as_str().unwrap() {
                "bucket" => {
                    let value = case["value"].as_str().unwrap().parse().unwrap();
                    let bucket = Sketch::bucket(value);
                    assert_eq!(Value::from(bucket), expected["bucket"], "{case}");
                    let middle = Sketch::representative(bucket).to_string();
                    assert_eq!(Value::from(middle), expected["representative"], "{case}");
                }
                "quantile" => {
                    let number = |key: &str| case["values"][key].as_u64().unwrap();
                    let mut sketch = Sketch::default();
                    let step = usize::try_from(number("step")).unwrap();
                    (number("from")..=number("to")).step_by(step).for_each(|v| sketch.add(v, 1));
                    for (name, value) in expected.as_object().unwrap() {
                        let percent: i128 = name.strip_prefix('p').unwrap().parse().unwrap();
                        let q: f64 = format!("{percent}e-2").parse().unwrap();
                        let got = sketch.quantile(q).unwrap().unwrap();
                        assert_eq!(Value::from(got.to_string()), *value, "{case}");
                    }
                }
                other => panic!("unknown kind {other}"),
            }
        }
    }

    #[test]
    fn the_ends_hold() {
        assert_eq!(Sketch::bucket(u64::MAX), BUCKET_MAX);
        assert_eq!(Sketch::representative(u16::MAX), Sketch::representative(BUCKET_MAX));
        let mut sketch = Sketch::default();
        assert_eq!(sketch.quantile(0.5).unwrap(), None);
        sketch.add(7, 0);
        assert!(sketch.is_empty());
        (1..=100_u64).for_each(|v| sketch.add(if v <= 7 { 1 } else { 2 }, 1));
        assert_eq!(sketch.quantile(0.07).unwrap(), Some(1), "0.07 * 100 is 7.000000000000001 in binary");
        assert_eq!(sketch.quantile(0.0).unwrap(), Some(1));
        assert_eq!(sketch.quantile(1.0).unwrap(), Some(2));
        assert_eq!(sketch.quantile(5e-324).unwrap(), Some(1));
        for q in [f64::NAN, -0.1, 1.0001, f64::INFINITY] {
            assert_eq!(sketch.quantile(q).unwrap_err().code(), "config.invalid");
        }
    }

    #[test]
    fn a_damaged_wire_form_is_refused() {
        for text in ["[[1,0]]", "[[2,1],[1,1]]", "[[1,1],[1,1]]", "[[3776,1]]", "[[1,-1]]"] {
            assert!(serde_json::from_str::<Sketch>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_bucket_is_near_and_in_order(a in any::<u64>(), shift in 0_u32..64) {
            let value = a >> shift;
            let bucket = Sketch::bucket(value);
            let middle = Sketch::representative(bucket);
            prop_assert_eq!(Sketch::bucket(middle), bucket);
            prop_assert!(middle.abs_diff(value) <= value / 128);
            prop_assert!(bucket <= Sketch::bucket(value.saturating_add(1)));
        }

        #[test]
        fn order_and_grouping_change_nothing(values in prop::collection::vec((any::<u32>(), 1_u64..5), 0..60), cut in 0_usize..60) {
            let fill = |values: &[(u32, u64)]| {
                let mut sketch = Sketch::default();
                values.iter().for_each(|(v, n)| sketch.add(u64::from(*v), *n));
                sketch
            };
            let whole = fill(&values);
            let mut dense = Dense::default();
            values.iter().for_each(|(v, n)| (0..*n).for_each(|_| dense.add(u64::from(*v))));
            prop_assert_eq!(&dense.sketch(), &whole);
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut merged = fill(right);
            merged.merge(&fill(left));
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(whole.diff(&fill(left)).unwrap(), fill(right));
            let json = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(serde_json::from_str::<Sketch>(&json).unwrap(), whole);
        }
    }
}

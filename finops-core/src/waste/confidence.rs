//! How likely a change stands: not undone, and its saving within what was said.

use super::{Ratio, assessment::four_places};

/// How the saving is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A fact and a price list.
    Fact,
    /// An estimate.
    Estimate,
    /// A metric against a threshold.
    Metric,
}

impl Class {
    /// `F`, `E` or `M`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fact => "F",
            Self::Estimate => "E",
            Self::Metric => "M",
        }
    }

    /// The class with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Fact, Self::Estimate, Self::Metric].into_iter().find(|class| class.code() == code)
    }
}

/// What was measured against what the detector asks for; absent parts do not reduce the confidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Seconds measured and seconds of the detector's window.
    pub span_seconds: Option<(u64, u64)>,
    /// Samples measured and samples asked for.
    pub samples: Option<(u64, u64)>,
}

impl Coverage {
    /// The samples asked for of a window: one an hour of it (specification, section 4).
    #[must_use]
    pub fn of_window(span_seconds: u64, window_seconds: u64, samples: u64) -> Self {
        let required = window_seconds.checked_div(3600).unwrap_or(0);
        Self { span_seconds: Some((span_seconds, window_seconds)), samples: Some((samples, required)) }
    }

    /// `min(1, span / required_span, samples / required_samples)`.
    #[must_use]
    pub fn share(&self) -> Ratio {
        let part = |pair: Option<(u64, u64)>| {
            let (have, need) = pair?;
            Ratio::new(i128::from(have), i128::from(need))
        };
        [part(self.span_seconds), part(self.samples)].into_iter().flatten().fold(Ratio::ONE, Ratio::min)
    }
}

/// Confidence and what it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confidence {
    /// The class; `None` where a detector states its own base.
    pub class: Option<Class>,
    /// The confidence at full coverage.
    pub base: Ratio,
    /// The share of the evidence asked for that was there, 0 to 1.
    pub coverage: Ratio,
    /// Folds and misses of a backtest, which replace the class.
    pub backtest: Option<(u64, u64)>,
}

/// 0.95: a fact and a price list (specification, section 4).
const FACT: Ratio = Ratio::thousandths(950);
/// 0.50: an estimate.
const ESTIMATE: Ratio = Ratio::thousandths(500);
/// 0.85: a metric far from its threshold.
const METRIC_FAR: Ratio = Ratio::thousandths(850);
/// 0.65: a metric near its threshold.
const METRIC_NEAR: Ratio = Ratio::thousandths(650);

/// A value that was measured, the threshold it is held against, and on which side of it the finding lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured {
    /// A finding lies below the threshold: observed, threshold.
    Below(Ratio, Ratio),
    /// A finding lies above the threshold: observed, threshold.
    Above(Ratio, Ratio),
}

impl Measured {
    /// Whether the value is at most 2/3 of a lower threshold or at least 3/2 of an upper one.
    #[must_use]
    pub fn is_far(&self) -> bool {
        match self {
            Self::Below(observed, threshold) => {
                observed.times(&Ratio::from(3)) <= threshold.times(&Ratio::from(2))
            }
            Self::Above(observed, threshold) => {
                observed.times(&Ratio::from(2)) >= threshold.times(&Ratio::from(3))
            }
        }
    }
}

impl Confidence {
    /// Of a fact: 0.95 at full coverage.
    #[must_use]
    pub fn fact() -> Self {
        Self { class: Some(Class::Fact), base: FACT, coverage: Ratio::ONE, backtest: None }
    }

    /// Of an estimate: 0.50 at full coverage.
    #[must_use]
    pub fn estimate() -> Self {
        Self { class: Some(Class::Estimate), base: ESTIMATE, coverage: Ratio::ONE, backtest: None }
    }

    /// Of metrics: 0.85 where all lie far from their thresholds, else 0.65. None measured: 0.85, a measured count.
    #[must_use]
    pub fn metric(values: &[Measured]) -> Self {
        let base = if values.iter().all(Measured::is_far) { METRIC_FAR } else { METRIC_NEAR };
        Self { class: Some(Class::Metric), base, coverage: Ratio::ONE, backtest: None }
    }

    /// Of a detector that states its own base.
    #[must_use]
    pub const fn stated(base: Ratio) -> Self {
        Self { class: None, base, coverage: Ratio::ONE, backtest: None }
    }

    /// Of a recommendation with this many folds and misses in its backtest: Laplace's rule of succession,
    /// `(folds - misses + 1) / (folds + 2)`. More misses than folds count as all of them.
    #[must_use]
    pub fn backtested(folds: u64, misses: u64) -> Self {
        let good = i128::from(folds.saturating_sub(misses)).saturating_add(1);
        let base = Ratio::new(good, i128::from(folds).saturating_add(2)).unwrap_or(Ratio::ZERO);
        Self { class: Some(Class::Metric), base, coverage: Ratio::ONE, backtest: Some((folds, misses)) }
    }

    /// The same with this coverage.
    #[must_use]
    pub fn covered(mut self, coverage: &Coverage) -> Self {
        self.coverage = coverage.share();
        self
    }

    /// `base * coverage`, 0 to 1.
    #[must_use]
    pub fn value(&self) -> Ratio {
        self.base.times(&self.coverage)
    }

    /// The value with four places, rounded down, such as `0.6500`.
    #[must_use]
    pub fn text(&self) -> String {
        four_places(&self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_boundary_of_two_thirds_is_far() {
        let near = |observed: &str| {
            let below = Measured::Below(Ratio::parse(observed).unwrap(), Ratio::parse("0.3").unwrap());
            Confidence::metric(&[below]).text()
        };
        assert_eq!((near("0.2").as_str(), near("0.2001").as_str()), ("0.8500", "0.6500"));
        let above = |observed: &str| {
            let above = Measured::Above(Ratio::parse(observed).unwrap(), Ratio::parse("0.2").unwrap());
            Confidence::metric(&[above]).text()
        };
        assert_eq!((above("0.3").as_str(), above("0.2999").as_str()), ("0.8500", "0.6500"));
        assert_eq!(Confidence::metric(&[]).text(), "0.8500");
    }

    proptest! {
        #[test]
        fn confidence_is_a_chance_and_grows_with_samples(
            span in 0_u64..2_000_000, window in 1_u64..2_000_000, samples in 0_u64..100_000, more in 0_u64..1000,
            folds in 0_u64..20, misses in 0_u64..20,
        ) {
            let of = |samples| {
                Confidence::backtested(folds, misses).covered(&Coverage::of_window(span, window, samples)).value()
            };
            let (few, many) = (of(samples), of(samples.saturating_add(more)));
            prop_assert!(few >= Ratio::ZERO && many <= Ratio::ONE && few <= many);
        }
    }
}

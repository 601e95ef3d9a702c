//! What an assessment rests on: where it was read, what was measured, and what that was held against.

use super::{Fact, Ratio, Value};
use crate::time::Timestamp;
use std::{borrow::Cow, sync::Arc};

/// What an assessment rests on.
///
/// Most assessments of a large cluster rest on nothing but their reason: an empty one is a pointer and costs no memory.
///
/// ```
/// use finops_core::waste::Evidence;
/// let evidence = Evidence::from_source("pods").observed("ready", false).threshold("days", "7");
/// assert_eq!((evidence.source(), evidence.measured().len(), evidence.thresholds().len()), (Some("pods"), 1, 1));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Evidence(Option<Box<Kept>>);

/// The two forms in which evidence is kept.
#[derive(Debug, Clone)]
enum Kept {
    Basis(Box<Basis>),
    /// As detectors that judge every container keep it: few of their assessments are ever read.
    Readings(Readings),
}

/// Evidence as it is said.
#[derive(Debug, Clone, Default)]
struct Basis {
    window: Option<(Timestamp, Timestamp)>,
    samples: Option<u64>,
    required_samples: Option<u64>,
    source: Option<&'static str>,
    /// What was measured, then what it was held against: one piece of memory.
    facts: Vec<Fact>,
    measured: usize,
    more: Vec<Fact>,
}

/// Evidence of a container's figures in a cache line: what all of a run share stands once, and a value becomes a fact when
/// somebody asks.
#[derive(Debug, Clone)]
struct Readings {
    frame: Arc<Frame>,
    /// First and last instant in milliseconds where `is_timed`.
    window: (i64, i64),
    /// Samples where `is_sampled`.
    samples: u64,
    values: [i64; READINGS],
    units: [Unit; READINGS],
    is_timed: bool,
    is_sampled: bool,
}

/// What the assessments of one detector share in a run.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Where it was read.
    pub source: &'static str,
    /// The names of what was measured; at most [`READINGS`].
    pub names: &'static [&'static str],
    /// What it was held against.
    pub thresholds: Vec<Fact>,
    /// Samples that the detector asks for.
    pub required_samples: Option<u64>,
}

/// How many values a detector may read of a container.
pub(crate) const READINGS: usize = 3;

/// A measured value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reading {
    #[default]
    Unknown,
    Flag(bool),
    /// 1e-9 of a core, byte or piece.
    Nanos(i128),
}

/// What a short reading counts.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Unknown,
    Flag,
    Nanos,
    /// Whole bytes or pieces: nano-bytes of more than 9 GB do not fit 64 bits.
    Whole,
}

/// Nano-units of one.
const NANO: i128 = 1_000_000_000;

impl Reading {
    /// 1e-9 units, where they are known.
    pub(crate) fn nanos(value: Option<i128>) -> Self {
        value.map_or(Self::Unknown, Self::Nanos)
    }

    /// The same in 64 bits, where it fits.
    fn short(self) -> Option<(i64, Unit)> {
        Some(match self {
            Self::Unknown => (0, Unit::Unknown),
            Self::Flag(flag) => (flag.into(), Unit::Flag),
            Self::Nanos(value) => match i64::try_from(value) {
                Ok(nanos) => (nanos, Unit::Nanos),
                Err(_) if value.rem_euclid(NANO) == 0 => {
                    (i64::try_from(value.div_euclid(NANO)).ok()?, Unit::Whole)
                }
                Err(_) => return None,
            },
        })
    }

    fn of_short(value: i64, unit: Unit) -> Self {
        match unit {
            Unit::Unknown => Self::Unknown,
            Unit::Flag => Self::Flag(value != 0),
            Unit::Nanos => Self::Nanos(value.into()),
            Unit::Whole => Self::Nanos(i128::from(value).saturating_mul(NANO)),
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Unknown => Value::Unknown,
            Self::Flag(flag) => Value::Flag(flag),
            Self::Nanos(nanos) => Value::Number(Ratio::nanos(nanos)),
        }
    }
}

impl Readings {
    fn facts(&self) -> impl Iterator<Item = Fact> {
        let readings =
            self.values.iter().zip(&self.units).map(|(value, unit)| Reading::of_short(*value, *unit));
        self.frame.names.iter().zip(readings).map(|(name, reading)| (*name, reading.value()))
    }

    fn window(&self) -> Option<(Timestamp, Timestamp)> {
        let (start, end) = self.window;
        Timestamp::from_ms(start).zip(Timestamp::from_ms(end)).filter(|_| self.is_timed)
    }

    fn basis(&self) -> Basis {
        Basis {
            window: self.window(),
            samples: Some(self.samples).filter(|_| self.is_sampled),
            required_samples: self.frame.required_samples,
            source: Some(self.frame.source),
            facts: self.facts().chain(self.frame.thresholds.iter().cloned()).collect(),
            measured: self.frame.names.len(),
            more: Vec::new(),
        }
    }
}

/// Facts that most evidence has: three values and their thresholds.
const FACTS: usize = 5;

impl Evidence {
    /// Evidence from this source.
    #[must_use]
    pub fn from_source(source: &'static str) -> Self {
        Self::of(Basis { source: Some(source), facts: Vec::with_capacity(FACTS), ..Basis::default() })
    }

    fn of(basis: Basis) -> Self {
        Self(Some(Box::new(Kept::Basis(Box::new(basis)))))
    }

    /// Evidence of what a detector read of a container, in so many samples of this window.
    pub(crate) fn of_readings(
        frame: &Arc<Frame>,
        readings: [Reading; READINGS],
        samples: Option<u64>,
        window: Option<(Timestamp, Timestamp)>,
    ) -> Self {
        let (mut values, mut units) = ([0; READINGS], [Unit::Unknown; READINGS]);
        for ((reading, value), unit) in readings.iter().zip(&mut values).zip(&mut units) {
            let Some(short) = reading.short() else {
                return Self::of_long_readings(frame, readings, samples, window);
            };
            (*value, *unit) = short;
        }
        Self(Some(Box::new(Kept::Readings(Readings {
            frame: Arc::clone(frame),
            window: window.map_or((0, 0), |(start, end)| (start.ms(), end.ms())),
            samples: samples.unwrap_or(0),
            values,
            units,
            is_timed: window.is_some(),
            is_sampled: samples.is_some(),
        }))))
    }

    #[cold]
    fn of_long_readings(
        frame: &Frame,
        readings: [Reading; READINGS],
        samples: Option<u64>,
        window: Option<(Timestamp, Timestamp)>,
    ) -> Self {
        let measured = frame.names.iter().zip(readings).map(|(name, reading)| (*name, reading.value()));
        Self::of(Basis {
            window,
            samples,
            required_samples: frame.required_samples,
            source: Some(frame.source),
            facts: measured.chain(frame.thresholds.iter().cloned()).collect(),
            measured: frame.names.len(),
            more: Vec::new(),
        })
    }

    fn kept(&self) -> Option<&Kept> {
        self.0.as_deref()
    }

    fn long(&self) -> Option<&Basis> {
        match self.kept()? {
            Kept::Basis(basis) => Some(basis),
            Kept::Readings(_) => None,
        }
    }

    /// The same with this change, in the form that can be changed.
    fn edited(self, edit: impl FnOnce(&mut Basis)) -> Self {
        let mut basis = match self.0 {
            None => Box::default(),
            Some(mut kept) => match &mut *kept {
                Kept::Basis(basis) => {
                    edit(basis);
                    return Self(Some(kept));
                }
                Kept::Readings(readings) => Box::new(readings.basis()),
            },
        };
        edit(&mut basis);
        Self(Some(Box::new(Kept::Basis(basis))))
    }

    /// First and last instant measured.
    #[must_use]
    pub fn window(&self) -> Option<(Timestamp, Timestamp)> {
        match self.kept()? {
            Kept::Basis(basis) => basis.window,
            Kept::Readings(readings) => readings.window(),
        }
    }

    /// Samples measured.
    #[must_use]
    pub fn samples(&self) -> Option<u64> {
        match self.kept()? {
            Kept::Basis(basis) => basis.samples,
            Kept::Readings(readings) => Some(readings.samples).filter(|_| readings.is_sampled),
        }
    }

    /// Samples that the detector asks for.
    #[must_use]
    pub fn required_samples(&self) -> Option<u64> {
        match self.kept()? {
            Kept::Basis(basis) => basis.required_samples,
            Kept::Readings(readings) => readings.frame.required_samples,
        }
    }

    /// Where it was read: a metric, a part of the inventory.
    #[must_use]
    pub fn source(&self) -> Option<&'static str> {
        match self.kept()? {
            Kept::Basis(basis) => basis.source,
            Kept::Readings(readings) => Some(readings.frame.source),
        }
    }

    /// What was measured.
    #[must_use]
    pub fn measured(&self) -> Cow<'_, [Fact]> {
        match self.kept() {
            None => Cow::Borrowed(&[]),
            Some(Kept::Basis(basis)) => Cow::Borrowed(basis.facts.get(..basis.measured).unwrap_or_default()),
            Some(Kept::Readings(readings)) => readings.facts().collect(),
        }
    }

    /// What it was held against.
    #[must_use]
    pub fn thresholds(&self) -> &[Fact] {
        match self.kept() {
            None => &[],
            Some(Kept::Basis(basis)) => basis.facts.get(basis.measured..).unwrap_or_default(),
            Some(Kept::Readings(readings)) => &readings.frame.thresholds,
        }
    }

    /// What else a reader needs, by name: `missing`, `formula_count`, `stranded`.
    #[must_use]
    pub fn more(&self) -> &[Fact] {
        self.long().map_or(&[], |basis| &basis.more)
    }

    /// The same with a measured value.
    #[must_use]
    pub fn observed(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.edited(|basis| {
            basis.facts.insert(basis.measured, (name, value.into()));
            basis.measured = basis.measured.saturating_add(1);
        })
    }

    /// The same with a threshold.
    #[must_use]
    pub fn threshold(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.edited(|basis| basis.facts.push((name, value.into())))
    }

    /// The same with a further member.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.edited(|basis| basis.more.push((name, value.into())))
    }

    /// The same over this window.
    #[must_use]
    pub fn over(self, window: Option<(Timestamp, Timestamp)>) -> Self {
        self.edited(|basis| basis.window = window)
    }

    /// The same with how many samples were measured and how many are asked for.
    #[must_use]
    pub fn sampled(self, samples: Option<u64>, required: Option<u64>) -> Self {
        self.edited(|basis| (basis.samples, basis.required_samples) = (samples, required))
    }
}

impl PartialEq for Evidence {
    fn eq(&self, other: &Self) -> bool {
        let told = |one: &Self| (one.window(), one.samples(), one.required_samples(), one.source());
        told(self) == told(other)
            && self.measured() == other.measured()
            && self.thresholds() == other.thresholds()
            && self.more() == other.more()
    }
}

impl Eq for Evidence {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_the_facts_that_they_stand_for() {
        let threshold = Ratio::thousandths(900);
        // 64 GiB in nano-bytes is beyond 64 bits, and so is a part of a byte more.
        let large = i128::from(64_u64 << 30) * NANO;
        let at = |seconds: i64| Timestamp::from_ms(seconds * 1000).unwrap();
        for used in [None, Some(-1), Some(250_000_000), Some(large), Some(large + 1), Some(i128::MAX)] {
            for (samples, window) in [(None, None), (Some(7), Some((at(0), at(60)))), (Some(0), None)] {
                let frame = Arc::new(Frame {
                    source: "m",
                    names: &["used", "killed"],
                    thresholds: vec![("limit", threshold.clone().into())],
                    required_samples: Some(336),
                });
                let readings = [Reading::nanos(used), Reading::Flag(true), Reading::Unknown];
                let read = Evidence::of_readings(&frame, readings, samples, window);
                let listed = Evidence::from_source("m")
                    .observed("used", used.map(Ratio::nanos))
                    .observed("killed", true)
                    .threshold("limit", threshold.clone())
                    .over(window)
                    .sampled(samples, Some(336));
                assert_eq!(read, listed);
                assert_eq!(format!("{:?}", read.measured()), format!("{:?}", listed.measured()));
                let further =
                    |evidence: Evidence| evidence.observed("p", "1").threshold("q", "2").with("r", "3");
                assert_eq!(further(read.clone()), further(listed.clone()));
                assert_ne!(further(read), listed);
            }
        }
        assert_eq!((std::mem::size_of::<Kept>(), std::mem::size_of::<Evidence>()), (64, 8));
    }
}

//! What an assessment rests on: where it was read, what was measured, and what that was held against.

use super::{Fact, Ratio, Value};
use crate::time::Timestamp;
use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// What an assessment rests on.
///
/// Most assessments of a large cluster rest on nothing but their reason: an empty one is a pointer and costs no memory.
///
/// ```
/// use finops_core::waste::Evidence;
/// let evidence = Evidence::from_source("pods").observed("ready", false).threshold("days", "7");
/// assert_eq!((evidence.source, evidence.measured().len(), evidence.thresholds().len()), (Some("pods"), 1, 1));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Evidence(Option<Box<Basis>>);

/// The parts of [`Evidence`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Basis {
    /// First and last instant measured.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Samples measured.
    pub samples: Option<u64>,
    /// Samples that the detector asks for.
    pub required_samples: Option<u64>,
    /// Where it was read: a metric, a part of the inventory.
    pub source: Option<&'static str>,
    facts: Facts,
    /// What else a reader needs, by name: `missing`, `formula_count`, `stranded`.
    pub more: Vec<Fact>,
}

/// What was measured and what it was held against.
#[derive(Debug, Clone)]
enum Facts {
    /// What was measured, then what it was held against: one piece of memory.
    Listed { all: Vec<Fact>, measured: usize },
    /// The same as the detectors that judge every container keep it: few of their assessments are ever read, so names
    /// and thresholds are shared by all of a run, and a value becomes a fact when somebody asks.
    Read { names: &'static [&'static str], readings: [Reading; READINGS], thresholds: Arc<Vec<Fact>> },
}

/// How many values a detector may read of a container.
pub(crate) const READINGS: usize = 3;

/// Facts that most other evidence has: three values and their thresholds.
const FACTS: usize = 5;

/// A measured value in two words, where a [`Value`] takes six.
#[derive(Debug, Clone, Default)]
pub(crate) enum Reading {
    #[default]
    Unknown,
    Flag(bool),
    /// 1e-9 of a core, byte or piece.
    Nanos(i64),
    /// Whole bytes or pieces: nano-bytes of more than 9 GB do not fit 64 bits.
    Whole(i64),
    Other(Box<Value>),
}

/// Nano-units of one.
const NANO: i128 = 1_000_000_000;

impl Reading {
    /// 1e-9 units, where they are known.
    pub(crate) fn nanos(value: Option<i128>) -> Self {
        let Some(value) = value else { return Self::Unknown };
        if let Ok(nanos) = i64::try_from(value) {
            return Self::Nanos(nanos);
        }
        match (i64::try_from(value.div_euclid(NANO)), value.rem_euclid(NANO)) {
            (Ok(whole), 0) => Self::Whole(whole),
            _ => Self::Other(Box::new(Value::Number(Ratio::nanos(value)))),
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Unknown => Value::Unknown,
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Nanos(nanos) => Value::Number(Ratio::nanos((*nanos).into())),
            Self::Whole(whole) => Value::Number(Ratio::nanos(i128::from(*whole).saturating_mul(NANO))),
            Self::Other(value) => (**value).clone(),
        }
    }
}

impl Default for Facts {
    fn default() -> Self {
        Self::Listed { all: Vec::new(), measured: 0 }
    }
}

impl Facts {
    fn measured(&self) -> Cow<'_, [Fact]> {
        match self {
            Self::Listed { all, measured } => Cow::Borrowed(all.get(..*measured).unwrap_or_default()),
            Self::Read { names, readings, .. } => {
                names.iter().zip(readings).map(|(name, reading)| (*name, reading.value())).collect()
            }
        }
    }

    fn thresholds(&self) -> &[Fact] {
        match self {
            Self::Listed { all, measured } => all.get(*measured..).unwrap_or_default(),
            Self::Read { thresholds, .. } => thresholds,
        }
    }

    /// Adds one fact to what was measured or to what it was held against.
    fn add(&mut self, fact: Fact, to_measured: bool) {
        let (mut all, mut measured) = match std::mem::take(self) {
            Self::Listed { all, measured } => (all, measured),
            read @ Self::Read { .. } => {
                let values = read.measured();
                (values.iter().chain(read.thresholds()).cloned().collect(), values.len())
            }
        };
        if to_measured {
            all.insert(measured, fact);
            measured = measured.saturating_add(1);
        } else {
            all.push(fact);
        }
        *self = Self::Listed { all, measured };
    }
}

impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        self.measured() == other.measured() && self.thresholds() == other.thresholds()
    }
}

impl Eq for Facts {}

/// The parts of empty evidence.
static NOTHING: Basis = Basis {
    window: None,
    samples: None,
    required_samples: None,
    source: None,
    facts: Facts::Listed { all: Vec::new(), measured: 0 },
    more: Vec::new(),
};

impl Basis {
    /// What was measured.
    #[must_use]
    pub fn measured(&self) -> Cow<'_, [Fact]> {
        self.facts.measured()
    }

    /// What it was held against.
    #[must_use]
    pub fn thresholds(&self) -> &[Fact] {
        self.facts.thresholds()
    }
}

impl Deref for Evidence {
    type Target = Basis;

    fn deref(&self) -> &Basis {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl DerefMut for Evidence {
    fn deref_mut(&mut self) -> &mut Basis {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Evidence {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Evidence {}

impl Evidence {
    /// Evidence from this source.
    #[must_use]
    pub fn from_source(source: &'static str) -> Self {
        let facts = Facts::Listed { all: Vec::with_capacity(FACTS), measured: 0 };
        Self(Some(Box::new(Basis { source: Some(source), facts, ..Basis::default() })))
    }

    /// Evidence from this source: what was read under these names, and the thresholds that a whole run shares.
    pub(crate) fn of_readings(
        source: &'static str,
        names: &'static [&'static str],
        readings: [Reading; READINGS],
        thresholds: &Arc<Vec<Fact>>,
    ) -> Self {
        let facts = Facts::Read { names, readings, thresholds: Arc::clone(thresholds) };
        Self(Some(Box::new(Basis { source: Some(source), facts, ..Basis::default() })))
    }

    /// The same with a measured value.
    #[must_use]
    pub fn observed(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.facts.add((name, value.into()), true);
        self
    }

    /// The same with a threshold.
    #[must_use]
    pub fn threshold(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.facts.add((name, value.into()), false);
        self
    }

    /// The same with a further member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    /// The same over this window.
    #[must_use]
    pub fn over(mut self, window: Option<(Timestamp, Timestamp)>) -> Self {
        self.window = window;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_the_facts_that_they_stand_for() {
        let threshold = Ratio::thousandths(900);
        // 64 GiB in nano-bytes is beyond 64 bits, and so is a part of a byte more.
        let large = i128::from(64_u64 << 30) * NANO;
        for used in [None, Some(-1), Some(250_000_000), Some(large), Some(large + 1), Some(i128::MAX)] {
            let readings = [Reading::nanos(used), Reading::Flag(true), Reading::Unknown];
            let shared = Arc::new(vec![("limit", threshold.clone().into())]);
            let read = Evidence::of_readings("m", &["used", "killed"], readings, &shared);
            let listed = Evidence::from_source("m")
                .observed("used", used.map(Ratio::nanos))
                .observed("killed", true)
                .threshold("limit", threshold.clone());
            assert_eq!(read, listed);
            assert_eq!(format!("{:?}", read.measured()), format!("{:?}", listed.measured()));
            let further = |evidence: Evidence| evidence.observed("p", "1").threshold("q", "2");
            assert_eq!(further(read), further(listed));
        }
        assert_eq!(std::mem::size_of::<Reading>(), 16);
    }
}

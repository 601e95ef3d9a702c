//! From figures and interval to a verdict.

use super::VerificationError;
use crate::{number::Exact, opportunity::Effect};

/// Days that each side needs before an interval counts.
pub const DAYS_MIN: u64 = 14;

/// How a saving was measured (IPMVP options, EVO 10000-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// One price measured, the quantity stipulated.
    A,
    /// All lines of the resource.
    B,
    /// The caller's model of the whole.
    C,
}

impl Method {
    /// The letter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }

    /// Reads the letter.
    ///
    /// # Errors
    /// `ledger.verification.method` for any other, `D` (calibrated simulation) included.
    pub fn parse(text: &str) -> Result<Self, VerificationError> {
        match text {
            "A" => Ok(Self::A),
            "B" => Ok(Self::B),
            "C" => Ok(Self::C),
            _ => Err(VerificationError::Method { method: finops_core::error::shorten(text) }),
        }
    }
}

/// What the figures say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It saves.
    Verified,
    /// The figures do not tell a saving from noise.
    Inconclusive,
    /// It costs more than before.
    Regressed,
}

impl Verdict {
    /// The word for it in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Inconclusive => "inconclusive",
            Self::Regressed => "regressed",
        }
    }

    const fn by_sign(value: &std::cmp::Ordering) -> Self {
        match value {
            std::cmp::Ordering::Greater => Self::Verified,
            std::cmp::Ordering::Less => Self::Regressed,
            std::cmp::Ordering::Equal => Self::Inconclusive,
        }
    }
}

/// What a verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    /// How it was measured.
    pub method: Method,
    /// What the change does.
    pub effect: Effect,
    /// The claimed saving.
    pub claimed: Exact,
    /// Half of its 90 % interval, when known.
    pub half_width: Option<Exact>,
    /// Daily points of the baseline.
    pub n_baseline: Option<u64>,
    /// Daily points of the reporting period.
    pub n_reporting: Option<u64>,
    /// Whether the resource is off the bill.
    pub gone: bool,
    /// CV(RMSE) of the model of method C.
    pub cv_rmse: Option<Exact>,
    /// R2 of the model of method C.
    pub r2: Option<Exact>,
}

/// A verdict and the 90 % interval of the claimed saving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What the figures say.
    pub verdict: Verdict,
    /// Both ends of the interval.
    pub ci90: Option<(Exact, Exact)>,
}

/// The verdict on a saving.
#[must_use]
pub fn verdict(grounds: &Grounds) -> Judgement {
    let claimed = &grounds.claimed;
    if grounds.method == Method::A || (grounds.effect == Effect::Eliminate && grounds.gone) {
        return Judgement { verdict: Verdict::by_sign(&claimed.cmp(&Exact::zero())), ci90: None };
    }
    let enough = |days: Option<u64>| days.is_some_and(|n| n >= DAYS_MIN);
    let half = grounds.half_width.as_ref();
    let Some(half) = half.filter(|_| enough(grounds.n_baseline) && enough(grounds.n_reporting)) else {
        return Judgement { verdict: Verdict::Inconclusive, ci90: None };
    };
    let (low, high) = (claimed.minus(half), claimed.plus(half));
    let verdict = if low.is_positive() {
        Verdict::Verified
    } else if high.is_negative() {
        Verdict::Regressed
    } else {
        Verdict::Inconclusive
    };
    let trusted = grounds.method != Method::C || model_fits(grounds);
    Judgement { verdict: if trusted { verdict } else { Verdict::Inconclusive }, ci90: Some((low, high)) }
}

/// The gates of method C: CV(RMSE) below 0.25 and R2 above 0.75 (ASHRAE Guideline 14).
fn model_fits(grounds: &Grounds) -> bool {
    let limit = |text: &str| Exact::parse(text).unwrap_or_default();
    grounds.cv_rmse.as_ref().is_some_and(|cv| *cv < limit("0.25"))
        && grounds.r2.as_ref().is_some_and(|r2| *r2 > limit("0.75"))
}

/// Whether a saving has drifted away: the last two run rates lie below half of the first.
#[must_use]
pub fn drifted(first: &Exact, later: &[Exact]) -> bool {
    let two = Exact::from_int(2);
    match later {
        [.., a, b] => a.times(&two) < *first && b.times(&two) < *first,
        _ => false,
    }
}

//! How bad a finding is, and what to look at first.

use super::{
    money::Attos,
    parts::{Basis, Level, Severity, Share, Status},
    record::FindingDraft,
};
use crate::{error::Fault, money::Currency};

impl Level {
    /// The lowest and the highest score of the level. The bands hold every level and score that the public rules emit.
    #[must_use]
    pub const fn band(self) -> (u16, u16) {
        match self {
            Self::Info => (0, 149),
            Self::Low => (150, 500),
            Self::Medium => (501, 799),
            Self::High => (800, 949),
            Self::Critical => (950, 1000),
        }
    }

    /// The score of a check that declares only the level.
    #[must_use]
    pub const fn base_score(self) -> u16 {
        match self {
            Self::Info => 100,
            Self::Low => 300,
            Self::Medium => 600,
            Self::High => 850,
            Self::Critical => 975,
        }
    }

    /// The level whose band holds `score`; above 1000 critical.
    #[must_use]
    pub fn of_score(score: u16) -> Self {
        let level = Self::ALL.iter().copied().find(|level| score <= level.band().1);
        level.unwrap_or(Self::Critical)
    }
}

/// The severity that a check declares: a level and a score within its band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    level: Level,
    score: u16,
}

impl Base {
    /// A level with its own score, held within the level's band; without one the level's base score.
    #[must_use]
    pub fn new(level: Level, score: Option<u16>) -> Self {
        let (low, high) = level.band();
        Self { level, score: score.unwrap_or_else(|| level.base_score()).clamp(low, high) }
    }

    /// The level.
    #[must_use]
    pub const fn level(self) -> Level {
        self.level
    }

    /// The score.
    #[must_use]
    pub const fn score(self) -> u16 {
        self.score
    }
}

impl Default for Base {
    /// Info 100: a check that declares nothing.
    fn default() -> Self {
        Self::new(Level::Info, None)
    }
}

/// The severity that a detector of this engine declares: under-provisioning is medium, a kill for memory high, other
/// governance low, the rest info.
pub(super) fn declared(draft: &FindingDraft) -> Base {
    let detector = draft.check_id.starts_with("k8s.") || draft.check_id.starts_with("ai.");
    if !detector {
        return Base::default();
    }
    let killed = draft.issue_key.get("reason").and_then(Option::as_deref) == Some("oom_killed");
    let level = if killed {
        Level::High
    } else if draft.sub_category.as_deref() == Some("under_provisioned") {
        Level::Medium
    } else if draft.estimated.monthly_savings == Some(Attos::ZERO) {
        Level::Low
    } else {
        Level::Info
    };
    Base::new(level, None)
}

/// The monthly savings at which a finding becomes medium, high and critical, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds([i128; 3]);

/// The largest threshold, in units: far above any saving, and products with it fit 128 bits.
const THRESHOLD_MAX: i64 = 1_000_000_000_000;

impl Thresholds {
    /// 100, 1,000 and 10,000 dollars a month: decades, our decision.
    pub const USD: Self = {
        let unit = Attos::from_units(1).get();
        Self([100 * unit, 1_000 * unit, 10_000 * unit])
    };

    /// Three thresholds.
    ///
    /// # Errors
    /// `finding.out_of_range` unless they rise from above 0 to at most 1E12.
    pub fn new(low: Attos, middle: Attos, high: Attos) -> Result<Self, Fault> {
        if low > Attos::ZERO && low < middle && middle < high && high <= Attos::from_units(THRESHOLD_MAX) {
            return Ok(Self([low.get(), middle.get(), high.get()]));
        }
        let problem = format!("`{low}`, `{middle}`, `{high}` do not rise from above 0 to 1E12");
        Err(Fault::new("finding.out_of_range", "thresholds", problem, "give three rising amounts"))
    }

    /// The thresholds of a currency that none were set for: those of the dollar, none for others.
    #[must_use]
    pub fn of(currency: Option<Currency>) -> Option<Self> {
        (currency == Some(Currency::USD)).then_some(Self::USD)
    }
}

/// What decides: the money of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stake {
    /// The gross saving of a month.
    pub monthly_savings: Option<Attos>,
    /// The chance that it stands.
    pub confidence: Option<Share>,
    /// The thresholds of its currency.
    pub thresholds: Option<Thresholds>,
}

/// The scale of a product of an amount and a share.
const SHARES: i128 = 10_000;

impl Stake {
    /// Saving times confidence in 10^-22 units, and the thresholds likewise. The product is held at the end of 128
    /// bits, which lies far above ten times any threshold, where all scores end.
    fn expected(self) -> Option<(i128, [i128; 3])> {
        let (savings, share) = (self.monthly_savings?, self.confidence?);
        let Thresholds(thresholds) = self.thresholds?;
        let expected = savings.get().saturating_mul(i128::from(share.ten_thousandths()));
        Some((expected, thresholds.map(|threshold| threshold.saturating_mul(SHARES))))
    }

    /// Level and score of the money; none where it is unknown or nothing.
    fn severity(self) -> Option<(Level, u16)> {
        let (expected, [low, middle, high]) = self.expected()?;
        if expected <= 0 {
            return None;
        }
        let top = high.saturating_mul(10);
        Some(if expected < low {
            (Level::Low, linear(150, 350, expected, 0, low))
        } else if expected < middle {
            (Level::Medium, linear(501, 298, expected, low, middle))
        } else if expected < high {
            (Level::High, linear(800, 149, expected, middle, high))
        } else {
            (Level::Critical, linear(950, 50, expected.min(top), high, top))
        })
    }

    /// The part of the money in a priority, 0 to 500.
    fn weight(self) -> u16 {
        let Some((expected, [low, middle, high])) = self.expected() else { return 0 };
        let top = high.saturating_mul(10);
        if expected <= 0 {
            0
        } else if expected < low {
            linear(0, 125, expected, 0, low)
        } else if expected < middle {
            linear(125, 125, expected, low, middle)
        } else if expected < high {
            linear(250, 125, expected, middle, high)
        } else {
            linear(375, 125, expected.min(top), high, top)
        }
    }
}

/// `start + span * (value - from) / (to - from)`, rounded down.
fn linear(start: u16, span: i128, value: i128, from: i128, to: i128) -> u16 {
    let part = value.saturating_sub(from).saturating_mul(span).checked_div(to.saturating_sub(from));
    start.saturating_add(u16::try_from(part.unwrap_or_default()).unwrap_or_default())
}

/// The severity of a finding without a given one: the greater of what its check declares and what its money makes.
///
/// ```
/// use finops_core::finding::{Attos, Base, Level, Share, Stake, Status, Thresholds, severity};
/// let stake = Stake {
///     monthly_savings: Some(Attos::from_units(20_000)),
///     confidence: Some(Share::ONE),
///     thresholds: Some(Thresholds::USD),
/// };
/// assert_eq!(severity(Status::Fail, Base::default(), stake).level, Level::Critical);
/// ```
#[must_use]
pub fn severity(status: Status, base: Base, stake: Stake) -> Severity {
    if matches!(status, Status::Pass | Status::Unknown) {
        return Severity { level: Level::Info, score: 0, basis: Basis::Check };
    }
    match stake.severity() {
        Some((level, score)) if score > base.score => Severity { level, score, basis: Basis::Money },
        _ => Severity { level: base.level, score: base.score, basis: Basis::Check },
    }
}

/// What to look at first, 0 to 1000: money, severity and safety; 0 unless something is wrong.
#[must_use]
pub fn priority(status: Status, score: u16, stake: Stake, risk: Option<Share>) -> u16 {
    if status != Status::Fail {
        return 0;
    }
    // Without a known risk half of the 200 points.
    let risk = risk.map_or(5_000, Share::ten_thousandths);
    let safe = u32::from(10_000_u16.saturating_sub(risk)).saturating_mul(200).checked_div(10_000);
    let of_score = u32::from(score).saturating_mul(3).checked_div(10);
    let points = safe.unwrap_or_default().saturating_add(of_score.unwrap_or_default());
    stake.weight().saturating_add(u16::try_from(points).unwrap_or(u16::MAX)).min(1000)
}

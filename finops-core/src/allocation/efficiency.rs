//! How much of what is requested is used.

use crate::exact::{Exact, Fraction};

/// Digits after the point of an efficiency.
const PLACES: u32 = 6;

/// Use, request and cost of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// What was used, in any unit.
    pub used: Exact,
    /// What was requested, in the same unit.
    pub requested: Exact,
    /// What it cost: the weight in the total.
    pub cost: Exact,
}

/// Used over requested, to six places: OpenCost's semantics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Efficiency {
    /// Of cores; `None` where nothing was requested or used, or nothing is known.
    pub cpu: Option<Exact>,
    /// Of memory.
    pub memory: Option<Exact>,
    /// Weighted by cost over both.
    pub total: Option<Exact>,
    /// Whether something was used without a request, which counts as 1.
    pub no_request: bool,
}

/// The efficiency of cores and memory; `None` for a resource of which nothing is known. It may exceed 1.
///
/// ```
/// use finops_core::{allocation::{Use, efficiency}, exact::Exact};
/// let exact = |text| Exact::parse(text).unwrap_or_default();
/// let cpu = Use { used: exact("0.5"), requested: exact("1"), cost: exact("3") };
/// let memory = Use { used: exact("3"), requested: exact("4"), cost: exact("1") };
/// assert_eq!(efficiency(Some(&cpu), Some(&memory)).total, Some(exact("0.5625")));
/// ```
#[must_use]
pub fn efficiency(cpu: Option<&Use>, memory: Option<&Use>) -> Efficiency {
    let ratios = [cpu.and_then(ratio), memory.and_then(ratio)];
    let costs = [cpu, memory].map(|of| of.map_or_else(Exact::zero, |of| of.cost.clone()));
    let mut weighted: Option<Fraction> = None;
    let mut weight = Exact::zero();
    for (ratio, cost) in ratios.iter().zip(&costs) {
        if let Some((ratio, _)) = ratio {
            let part = ratio.times(&cost.fraction());
            weighted = Some(weighted.map_or_else(|| part.clone(), |sum| sum.plus(&part)));
            weight = weight.plus(cost);
        }
    }
    let total = weighted.and_then(|sum| sum.over(&weight.fraction()));
    let no_request = ratios.iter().flatten().any(|(_, no_request)| *no_request);
    let [cpu, memory] = ratios.map(|ratio| ratio.map(|(ratio, _)| ratio.round(PLACES)));
    Efficiency { cpu, memory, total: total.map(|total| total.round(PLACES)), no_request }
}

/// The ratio, and whether it stands for a use without a request.
fn ratio(of: &Use) -> Option<(Fraction, bool)> {
    match of.used.over(&of.requested) {
        Some(ratio) => Some((ratio, false)),
        None => of.used.is_positive().then(|| (Exact::from_int(1).fraction(), true)),
    }
}

/// A count of any size.
pub(super) fn exact(count: u128) -> Exact {
    Exact::parse(&count.to_string()).unwrap_or_default()
}

//! Sums over findings: totals by currency, and what several findings on shared resources are worth together.

use super::{
    money::Attos,
    parts::{LifecycleStatus, Status},
    record::Finding,
};
use crate::{error::Fault, money::Currency};
use std::collections::BTreeMap;

/// The sums of the findings in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Total {
    /// How many findings.
    pub findings: u64,
    /// Their monthly savings, gross, where known.
    pub savings: Attos,
    /// What their resources cost, where known.
    pub cost: Attos,
    /// Findings whose saving is unknown.
    pub savings_unknown: u64,
    /// Findings whose cost is unknown.
    pub cost_unknown: u64,
}

fn overflow(path: &str) -> Fault {
    Fault::new(
        "finding.overflow",
        path,
        "the sum is 1E20 or more",
        "sum fewer findings, or correct their amounts",
    )
}

fn add(sum: &mut Attos, unknown: &mut u64, amount: Option<Attos>, path: &str) -> Result<(), Fault> {
    match amount {
        Some(amount) => *sum = sum.checked_add(amount).ok_or_else(|| overflow(path))?,
        None => *unknown = unknown.saturating_add(1),
    }
    Ok(())
}

/// Sums by currency, `None` for findings without one, over what is wrong, additive and not hidden or gone.
///
/// # Errors
/// `finding.overflow` for a sum of 1E20 or more.
pub fn totals<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Result<BTreeMap<Option<Currency>, Total>, Fault> {
    let mut rows: BTreeMap<Option<Currency>, Total> = BTreeMap::new();
    for draft in findings.into_iter().map(Finding::draft) {
        let hidden = draft.lifecycle.as_ref().is_some_and(|lifecycle| {
            !matches!(lifecycle.status, LifecycleStatus::Open | LifecycleStatus::Acknowledged)
        });
        if draft.status != Status::Fail || !draft.estimated.additive || hidden {
            continue;
        }
        let row = rows.entry(draft.estimated.currency).or_default();
        row.findings = row.findings.saturating_add(1);
        let (savings, cost) = (draft.estimated.monthly_savings, draft.estimated.monthly_cost);
        add(&mut row.savings, &mut row.savings_unknown, savings, "savings")?;
        add(&mut row.cost, &mut row.cost_unknown, cost, "cost")?;
    }
    Ok(rows)
}

/// What several findings are worth together: no dollar of a resource counts twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Combined {
    /// What the resources cost; none where no source knows.
    pub monthly_cost: Option<Attos>,
    /// What is saved; none where no source knows.
    pub monthly_savings: Option<Attos>,
    /// The least confidence of the sources with a saving, 0 to 100; none where one of them has none.
    pub confidence: Option<u8>,
    /// The currency of the amounts.
    pub currency: Option<Currency>,
    /// Why the saving is unknown: `no_source_amounts` or `mixed_currency`.
    pub reason: Option<&'static str>,
}

/// The greatest known cost and saving of one resource.
#[derive(Clone, Copy, Default)]
struct Greatest {
    cost: Option<Attos>,
    savings: Option<Attos>,
}

/// Combines findings for one that is made of them: by resource the greatest cost and the greatest saving, the saving
/// cut to a known cost, then sums over resources.
///
/// # Errors
/// `finding.overflow` for a sum of 1E20 or more.
pub fn combine<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Result<Combined, Fault> {
    let mut resources: BTreeMap<(&str, Option<&str>, &str), Greatest> = BTreeMap::new();
    // A finding without a resource stands alone.
    let mut alone: Vec<Greatest> = Vec::new();
    let mut currencies: Vec<Currency> = Vec::new();
    let mut confidence: Option<Option<u8>> = None;
    for draft in findings.into_iter().map(Finding::draft) {
        let estimated = &draft.estimated;
        let amounts = Greatest { cost: estimated.monthly_cost, savings: estimated.monthly_savings };
        if amounts.cost.or(amounts.savings).is_some() {
            currencies.extend(estimated.currency.filter(|currency| !currencies.contains(currency)));
        }
        if amounts.savings.is_some() {
            confidence = Some(match confidence {
                None => estimated.confidence,
                Some(least) => least.zip(estimated.confidence).map(|(least, own)| least.min(own)),
            });
        }
        match draft.scope.resource() {
            None => alone.push(amounts),
            Some(resource) => {
                let key = (draft.scope.account_id.as_str(), draft.scope.region.as_deref(), resource);
                let known = resources.entry(key).or_default();
                known.cost = known.cost.max(amounts.cost);
                known.savings = known.savings.max(amounts.savings);
            }
        }
    }
    if currencies.len() > 1 {
        return Ok(Combined { reason: Some("mixed_currency"), ..Combined::default() });
    }
    let mut combined = Combined {
        confidence: confidence.flatten(),
        currency: currencies.first().copied(),
        ..Combined::default()
    };
    for Greatest { cost, savings } in resources.into_values().chain(alone) {
        let savings = match (savings, cost) {
            (Some(savings), Some(cost)) => Some(savings.min(cost)),
            (savings, _) => savings,
        };
        plus(&mut combined.monthly_cost, cost, "monthly_cost")?;
        plus(&mut combined.monthly_savings, savings, "monthly_savings")?;
    }
    if combined.monthly_savings.is_none() {
        combined.reason = Some("no_source_amounts");
    }
    Ok(combined)
}

fn plus(sum: &mut Option<Attos>, amount: Option<Attos>, path: &str) -> Result<(), Fault> {
    if let Some(amount) = amount {
        *sum = Some(sum.unwrap_or_default().checked_add(amount).ok_or_else(|| overflow(path))?);
    }
    Ok(())
}

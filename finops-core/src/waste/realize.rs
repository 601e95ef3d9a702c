//! What findings are worth together: the portfolio's grants, and what of them the bill will lack.

use super::{
    Amount, Assessment, Claim, ClaimKind, Component, Context, DetectionConfig, NodeSupply, Reason,
    portfolio::{self, Entry, Supply},
};

/// What the findings of a report are worth together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PortfolioSummary {
    /// The sum of all grants: never above the cost of the resources named.
    pub total: Amount,
    /// What of it the bill will lack; `None` where that is not known of a finding.
    pub realizable: Option<Amount>,
    /// Why it is not known.
    pub realizable_reason: Option<Reason>,
    /// The sum of savings at list price, which counts shared dollars more than once.
    pub gross_not_additive: Amount,
    /// The monthly cost of what the findings draw on.
    pub cost_of_resources: Amount,
    /// Findings whose saving is not known: they stand in no sum.
    pub unpriced: u64,
    /// Whether nodes shrink when requests do.
    pub node_supply: NodeSupply,
}

/// How a claim becomes money.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Billing {
    /// Billed alone: storage, balancers, endpoints, tokens, whole nodes.
    Alone,
    /// Requests are not billed; nodes are.
    Request,
    /// Pods move together and nodes go.
    Consolidation,
}

fn billing(claim: &Claim) -> Billing {
    match (claim.component, claim.kind) {
        (Component::Cpu | Component::Memory | Component::Gpu, _)
            if claim.resource.starts_with("workload/") =>
        {
            Billing::Request
        }
        // Node groups of the summary form and empty nodes are whole nodes; idle capacity is spread over nodes.
        (Component::Idle, ClaimKind::Consolidate) if claim.resource.starts_with("idle/") => {
            Billing::Consolidation
        }
        _ => Billing::Alone,
    }
}

/// A finding that takes part, with the id of what found it: a detector's, or one of the user's own.
#[derive(Debug)]
pub struct Claimant<'a> {
    /// The detector, by whose id findings of one saving are ordered.
    pub detector: &'a str,
    /// The finding; what it is granted is written into its estimate.
    pub finding: &'a mut Assessment,
}

/// What findings are worth together, and who took what others claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Realized {
    /// The sums.
    pub summary: PortfolioSummary,
    /// For each finding the places of those that took what it claims, where nothing is left for it.
    pub superseded_by: Vec<Vec<usize>>,
}

/// Grants the claims of all findings that draw on the same resources, and writes into each what it is granted and what of
/// that can be had. `cx` is the inventory that they are about, where there is one: it says whether nodes follow requests.
pub fn realize(
    claimants: &mut [Claimant<'_>],
    config: &DetectionConfig,
    cx: Option<&Context<'_>>,
) -> Realized {
    let names: Vec<String> =
        claimants.iter().map(|one| format!("{} {}", one.detector, one.finding.subject)).collect();
    let entries: Vec<Entry<'_>> = claimants.iter().map(entry).collect();
    let answer = portfolio::grant(&entries);
    let mut summary = PortfolioSummary {
        total: answer.total,
        gross_not_additive: answer.gross_not_additive,
        cost_of_resources: answer.cost_of_resources,
        node_supply: node_supply(config, cx),
        ..PortfolioSummary::default()
    };
    drop(entries);
    // Grants on requests and on idle capacity are divided further; each claim knows its finding.
    let (mut requests, mut idle) = (Vec::new(), Vec::new());
    let mut settled: Vec<Option<Amount>> = Vec::with_capacity(claimants.len());
    for (index, (claimant, grant)) in claimants.iter_mut().zip(&answer.grants).enumerate() {
        let Some(estimate) = claimant.finding.estimate.as_mut() else {
            settled.push(Some(Amount::ZERO));
            continue;
        };
        let mut alone = Amount::ZERO;
        for (claim, granted) in estimate.claims.iter().zip(&grant.claims) {
            match billing(claim) {
                Billing::Alone => alone = alone.plus(*granted),
                Billing::Request => requests.push((index, *granted)),
                Billing::Consolidation => idle.push((index, *granted)),
            }
        }
        let drawn = !estimate.claims.is_empty();
        if drawn {
            estimate.granted_monthly = Some(grant.granted);
        }
        let names = grant.superseded_by.iter().filter_map(|by| names.get(*by).cloned());
        estimate.superseded_by = names.collect();
        settled.push((drawn || estimate.is_governance()).then_some(alone));
    }
    let proposed = || super::kubernetes::Proposed::of(claimants.iter().map(|one| &*one.finding));
    let supply = supply(summary.node_supply, cx, proposed);
    divide(supply, &requests, &idle, &mut settled);
    for (claimant, realizable) in claimants.iter_mut().zip(&settled) {
        let finding = &mut *claimant.finding;
        if finding.gross().is_none() {
            summary.unpriced = summary.unpriced.saturating_add(1);
        }
        let Some(estimate) = finding.estimate.as_mut() else { continue };
        estimate.realizable_monthly = *realizable;
        if realizable.is_none() {
            // An informational finding draws on nothing: there is nothing to be had.
            let known = estimate.gross_monthly.is_some() && !estimate.claims.is_empty();
            let reason = if known { Some(Reason::NodeSupplyUnknown) } else { estimate.gross_reason };
            estimate.realizable_reason = reason;
            if known {
                summary.realizable_reason = Some(Reason::NodeSupplyUnknown);
            }
        }
    }
    if summary.realizable_reason.is_none() {
        summary.realizable = Some(settled.into_iter().flatten().sum());
    }
    Realized { summary, superseded_by: answer.grants.into_iter().map(|grant| grant.superseded_by).collect() }
}

fn entry<'e>(claimant: &'e Claimant<'_>) -> Entry<'e> {
    let finding = &*claimant.finding;
    Entry {
        gross: finding.gross(),
        detector: claimant.detector,
        subject: finding.subject.text(),
        claims: finding.estimate.as_ref().map_or(&[], |estimate| estimate.claims.as_slice()),
    }
}

fn node_supply(config: &DetectionConfig, cx: Option<&Context<'_>>) -> NodeSupply {
    match (config.node_supply, cx.and_then(Context::cluster)) {
        (NodeSupply::Detect, Some(index)) => index.node_supply(),
        (NodeSupply::Detect, None) => NodeSupply::Unknown,
        (NodeSupply::Fixed, None) => NodeSupply::Unknown,
        (configured, _) => configured,
    }
}

fn supply(
    found: NodeSupply,
    cx: Option<&Context<'_>>,
    proposed: impl FnOnce() -> super::kubernetes::Proposed,
) -> Supply {
    match (found, cx.and_then(|cx| Some((cx, cx.cluster()?)))) {
        (NodeSupply::Elastic, _) => Supply::Elastic,
        (NodeSupply::Fixed, Some((cx, index))) => {
            let (today, proposed) = super::kubernetes::simulate(index, cx, &proposed());
            Supply::Fixed { today, proposed }
        }
        _ => Supply::Unknown,
    }
}

/// Divides what can be had of requests and of idle capacity among the claims on them.
fn divide(
    supply: Supply,
    requests: &[(usize, Amount)],
    idle: &[(usize, Amount)],
    settled: &mut [Option<Amount>],
) {
    let granted: Vec<Amount> = requests.iter().map(|(_, granted)| *granted).collect();
    let answer = portfolio::realizable(supply, &granted);
    // Beyond 128 bits nothing can be said.
    let (parts, rest) = match answer {
        Ok(answer) => (answer.requests, answer.consolidation),
        Err(_) => (vec![None; requests.len()], None),
    };
    for ((finding, _), part) in requests.iter().zip(parts) {
        add(settled, *finding, part);
    }
    // Consolidation gets what requests leave, and never more than its grants.
    let wanted: Amount = idle.iter().map(|(_, granted)| *granted).sum();
    let left = rest.unwrap_or(wanted).max(Amount::ZERO).min(wanted);
    for (finding, granted) in idle {
        let part = granted.ratio().times(&left.ratio()).over(&wanted.ratio());
        let nanos = part.and_then(|part| part.scaled_floor(9)).map_or(Amount::ZERO, Amount::from_nanos);
        add(settled, *finding, Some(nanos));
    }
}

fn add(settled: &mut [Option<Amount>], finding: usize, part: Option<Amount>) {
    if let Some(sum) = settled.get_mut(finding) {
        *sum = sum.zip(part).map(|(sum, part)| sum.plus(part));
    }
}

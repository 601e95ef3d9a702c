//! What the findings of a run are worth together: no dollar is promised twice.

use super::{Given, run::Draft};
use finops_core::{
    error::Fault,
    inventory::ClusterInventory,
    json::Json,
    waste::{
        Amount, Claim, Component, NodeSupply,
        portfolio::{Entry, Supply, grant, realizable},
    },
};

/// What one finding gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub granted: Amount,
    pub realizable: Option<Amount>,
    pub reason: Option<&'static str>,
    /// The places of the findings that took what it claims.
    pub superseded_by: Vec<usize>,
}

/// The sums of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Portfolio {
    /// What is granted: never above what the resources cost.
    pub granted_monthly: Amount,
    /// What of it the bill will lack; unknown where part of it is.
    pub realizable_monthly: Option<Amount>,
    /// Why that is unknown.
    pub realizable_reason: Option<&'static str>,
    /// The sum of the savings at list price, which counts shared dollars more than once.
    pub gross_not_additive: Amount,
    /// What the resources that the findings name cost.
    pub cost_of_resources: Amount,
}

impl Portfolio {
    pub(super) fn to_json(&self) -> Json {
        Json::object([
            ("granted_monthly", Json::from(self.granted_monthly.to_string())),
            ("realizable_monthly", self.realizable_monthly.map(|amount| amount.to_string()).into()),
            ("realizable_reason", self.realizable_reason.into()),
            ("gross_not_additive", self.gross_not_additive.to_string().into()),
            ("cost_of_resources", self.cost_of_resources.to_string().into()),
        ])
    }
}

const UNKNOWN: &str = "node_supply_unknown";

/// Whether a claim draws on requests: those are billed only through the nodes they run on.
fn on_requests(claim: &Claim) -> bool {
    claim.resource.starts_with("workload/")
        && matches!(claim.component, Component::Cpu | Component::Memory | Component::Gpu)
}

/// Nodes that follow requests: a pool of Karpenter, the Cluster Autoscaler, or what the configuration says.
fn supply(configured: NodeSupply, given: Option<&Given>) -> Supply {
    match configured {
        NodeSupply::Elastic => Supply::Elastic,
        NodeSupply::Detect => match given {
            Some(Given::Cluster(cluster)) if is_elastic(cluster) => Supply::Elastic,
            _ => Supply::Unknown,
        },
        // What removing nodes would save takes a simulation of the proposed requests.
        NodeSupply::Fixed | NodeSupply::Unknown => Supply::Unknown,
    }
}

fn is_elastic(cluster: &ClusterInventory) -> bool {
    const KARPENTER: &str = "karpenter.sh/nodepool";
    let of_karpenter = |node: &finops_core::inventory::Node| {
        node.labels.as_ref().and_then(|labels| labels.get(KARPENTER)).is_some()
    };
    let scales = |workload: &finops_core::inventory::Workload| {
        workload.kind.as_str() == "Deployment" && workload.name.as_str().contains("cluster-autoscaler")
    };
    cluster.nodes.iter().flatten().any(of_karpenter) || cluster.workloads.iter().flatten().any(scales)
}

/// What each draft gets, and the sums; drafts of one cluster draw on the same costs, those of two never do.
pub(super) fn settle(
    drafts: &[Draft],
    given: &[Given],
    configured: NodeSupply,
) -> Result<(Vec<Share>, Portfolio), Fault> {
    let mut shares = vec![Share::default(); drafts.len()];
    let mut sums = Portfolio { realizable_monthly: Some(Amount::ZERO), ..Portfolio::default() };
    let mut clusters: Vec<Option<usize>> = drafts.iter().map(|draft| draft.given).collect();
    clusters.sort_unstable();
    clusters.dedup();
    for cluster in clusters {
        let places: Vec<usize> = (0..drafts.len())
            .filter(|place| drafts.get(*place).is_some_and(|d| d.given == cluster))
            .collect();
        let of_cluster: Vec<&Draft> = places.iter().filter_map(|place| drafts.get(*place)).collect();
        let entries: Vec<Entry<'_>> = of_cluster
            .iter()
            .map(|draft| Entry {
                gross: draft.assessment.gross(),
                detector: &draft.check_id,
                subject: draft.assessment.subject.text(),
                claims: draft.claims(),
            })
            .collect();
        let portfolio = grant(&entries);
        sums.granted_monthly = sums.granted_monthly.plus(portfolio.total);
        sums.gross_not_additive = sums.gross_not_additive.plus(portfolio.gross_not_additive);
        sums.cost_of_resources = sums.cost_of_resources.plus(portfolio.cost_of_resources);
        let supply = supply(configured, cluster.and_then(|index| given.get(index)));
        // The part of each grant that draws on requests, and what is billed by itself.
        let parts: Vec<(Amount, Amount)> = of_cluster
            .iter()
            .zip(&portfolio.grants)
            .map(|(draft, grant)| {
                let mut parts = (Amount::ZERO, Amount::ZERO);
                for (claim, granted) in draft.claims().iter().zip(&grant.claims) {
                    let part = if on_requests(claim) { &mut parts.0 } else { &mut parts.1 };
                    *part = part.plus(*granted);
                }
                parts
            })
            .collect();
        let requests: Vec<Amount> = parts.iter().map(|(requests, _)| *requests).collect();
        let had = realizable(supply, &requests)?;
        for ((place, grant), ((requests, alone), had)) in
            places.iter().zip(&portfolio.grants).zip(parts.iter().zip(had.requests))
        {
            let Some(share) = shares.get_mut(*place) else { continue };
            share.granted = grant.granted;
            share.superseded_by =
                grant.superseded_by.iter().filter_map(|index| places.get(*index)).copied().collect();
            let gross = drafts.get(*place).and_then(|draft| draft.assessment.gross());
            (share.realizable, share.reason) = match (gross, had) {
                (None, _) => (None, Some("no_estimate")),
                (Some(_), Some(had)) => (Some(had.plus(*alone)), None),
                (Some(_), None) if *requests == Amount::ZERO => (Some(*alone), None),
                (Some(_), None) => (None, Some(UNKNOWN)),
            };
            // What is not estimated adds nothing to the sum; what is not known makes it unknown.
            if gross.is_some() {
                sums.realizable_monthly =
                    sums.realizable_monthly.zip(share.realizable).map(|(sum, part)| sum.plus(part));
            }
        }
    }
    if sums.realizable_monthly.is_none() {
        sums.realizable_reason = Some(UNKNOWN);
    }
    Ok((shares, sums))
}

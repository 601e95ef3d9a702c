//! What the findings of a run are worth together: no dollar is promised twice.

use super::{Given, run::Draft};
use finops_core::{
    json::Json,
    waste::{Amount, Claimant, Context, DetectionConfig, NodeSupply, Reason, realize},
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
    /// Findings whose saving is not known: they stand in no sum.
    pub unpriced_findings: u64,
    /// Whether the nodes of each cluster follow requests, in the order of the inventories.
    pub node_supply: Vec<(String, NodeSupply)>,
}

impl Portfolio {
    pub(super) fn to_json(&self) -> Json {
        let supply =
            self.node_supply.iter().map(|(cluster, supply)| (cluster.as_str(), Json::from(supply.code())));
        Json::object([
            ("granted_monthly", Json::from(self.granted_monthly.to_string())),
            ("realizable_monthly", self.realizable_monthly.map(|amount| amount.to_string()).into()),
            ("realizable_reason", self.realizable_reason.into()),
            ("gross_not_additive", self.gross_not_additive.to_string().into()),
            ("cost_of_resources", self.cost_of_resources.to_string().into()),
            ("unpriced_findings", self.unpriced_findings.into()),
            ("node_supply", Json::object(supply)),
        ])
    }
}

/// What each draft gets, and the sums; drafts of one inventory draw on the same costs, those of two never do.
pub(super) fn settle(
    drafts: &mut [Draft],
    given: &[Given],
    contexts: &[Context<'_>],
    config: &DetectionConfig,
) -> (Vec<Share>, Portfolio) {
    let mut shares = vec![Share::default(); drafts.len()];
    let mut sums = Portfolio { realizable_monthly: Some(Amount::ZERO), ..Portfolio::default() };
    let mut groups: Vec<Option<usize>> = drafts.iter().map(|draft| draft.given).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups {
        let (places, mut claimants): (Vec<usize>, Vec<Claimant<'_>>) = drafts
            .iter_mut()
            .enumerate()
            .filter(|(_, draft)| draft.given == group)
            .map(|(place, draft)| {
                (place, Claimant { detector: &draft.check_id, finding: &mut draft.assessment })
            })
            .unzip();
        let realized = realize(&mut claimants, config, group.and_then(|index| contexts.get(index)));
        let summary = realized.summary;
        sums.granted_monthly = sums.granted_monthly.plus(summary.total);
        sums.gross_not_additive = sums.gross_not_additive.plus(summary.gross_not_additive);
        sums.cost_of_resources = sums.cost_of_resources.plus(summary.cost_of_resources);
        sums.unpriced_findings = sums.unpriced_findings.saturating_add(summary.unpriced);
        sums.realizable_monthly =
            sums.realizable_monthly.zip(summary.realizable).map(|(sum, part)| sum.plus(part));
        sums.realizable_reason = sums.realizable_reason.or(summary.realizable_reason.map(Reason::code));
        if let Some(cluster) = group.and_then(|index| given.get(index)).and_then(Given::kubernetes) {
            sums.node_supply.push((cluster.to_owned(), summary.node_supply));
        }
        for ((place, claimant), takers) in places.iter().zip(&claimants).zip(realized.superseded_by) {
            let Some(share) = shares.get_mut(*place) else { continue };
            share.superseded_by = takers.iter().filter_map(|index| places.get(*index)).copied().collect();
            let Some(estimate) = claimant.finding.estimate.as_ref() else {
                share.reason = Some("no_estimate");
                continue;
            };
            share.granted = estimate.granted_monthly.unwrap_or_default();
            share.realizable = estimate.realizable_monthly;
            let unknown = estimate.realizable_reason.map_or("no_estimate", Reason::code);
            share.reason = share.realizable.is_none().then_some(unknown);
        }
    }
    (shares, sums)
}

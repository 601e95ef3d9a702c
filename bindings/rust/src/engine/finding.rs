//! Assessments as records of the findings contract.

use finops_core::{
    finding::{
        Attos, CheckOutcome, Claim, ClaimKind, Estimated, Finding, FindingDraft, Lineage, Problem, Reason,
        Scope, Share, Source, SourceType, Validator, issue_key_names, outcome,
    },
    json::{Json, Object},
    money::Currency,
    waste::{self, Amount, Assessment, OpportunityType, Outcome, Ratio, wire},
};

/// What a record needs beside the assessment.
pub(super) struct Told<'a> {
    /// The cluster, or the account at the provider.
    pub account: &'a str,
    /// The provider of models; `None` for what is in a cluster.
    pub provider: Option<&'a str>,
    pub check_id: &'a str,
    pub type_name: &'a str,
    pub advice: Option<&'a str>,
    pub evidence: Json,
    pub granted: Option<Amount>,
    pub realizable: Option<Amount>,
    pub realizable_reason: Option<&'static str>,
}

pub(super) const fn category(kind: OpportunityType) -> &'static str {
    use OpportunityType as T;
    match kind {
        T::OverRequestedCpu | T::OverRequestedMemory | T::UnderProvisioned | T::MissingRequests => {
            "rightsizing"
        }
        T::OrphanVolumes | T::StorageLifecycle => "storage",
        T::LogVerbosity => "observability",
        T::LlmSpend => "llm",
        _ => "waste",
    }
}

fn attos(amount: Amount) -> Option<Attos> {
    /// 10^-9 in 10^-18.
    const NANO: i128 = 1_000_000_000;
    amount.nanos().checked_mul(NANO).and_then(Attos::new)
}

fn share(value: &Ratio) -> Option<Share> {
    Share::from_ten_thousandths(u16::try_from(value.scaled_floor(4)?).ok()?)
}

/// Evidence with the states and what confidence and risk were made of.
pub(super) fn evidence(assessment: &Assessment) -> Json {
    let mut members = match wire::evidence(&assessment.evidence) {
        Json::Object(members) => members,
        _ => Object::new(),
    };
    if let Some(confidence) = &assessment.confidence {
        members.insert("confidence_inputs", wire::confidence_inputs(confidence));
    }
    if let Some(risk) = &assessment.risk {
        members.insert("risk_inputs", wire::risk_inputs(risk));
    }
    if let Some(estimate) = &assessment.estimate {
        members.insert("formula", estimate.formula);
        members.insert("operands", wire::facts(&estimate.operands));
        members.insert("assumptions", Json::array(estimate.assumptions.iter().copied()));
        members.insert("price_source", Json::from(estimate.price_source.as_deref()));
        members.insert("price_date", Json::from(estimate.price_date.as_deref()));
    }
    members.into()
}

fn claim(claim: &waste::Claim) -> Claim {
    use waste::ClaimKind as K;
    Claim {
        resource: claim.resource.to_string(),
        component: claim.component.code().to_owned(),
        base: attos(claim.base),
        amount: attos(claim.amount),
        kind: match claim.kind {
            K::Delete => ClaimKind::Delete,
            K::Schedule => ClaimKind::Schedule,
            K::Replicas => ClaimKind::Replicas,
            K::Resize => ClaimKind::Resize,
            K::Consolidate => ClaimKind::Consolidate,
            K::PriceClass => ClaimKind::PriceClass,
        },
        exclusive: claim.exclusive.as_deref().map(str::to_owned),
    }
}

fn reason(reason: waste::Reason, detail: Option<&str>) -> Reason {
    let text =
        detail.map_or_else(|| reason.text().to_owned(), |detail| format!("{}: {detail}", reason.text()));
    Reason { code: reason.code().to_owned(), text: Some(text) }
}

/// The record of an assessment; nothing for an outcome that writes none.
///
/// # Errors
/// What is wrong with its names or amounts, by path.
pub(super) fn record(
    validator: &mut Validator,
    assessment: &Assessment,
    told: Told<'_>,
) -> Result<Option<Finding>, Vec<Problem>> {
    let ended = match assessment.outcome {
        Outcome::Finding => CheckOutcome::Finding,
        Outcome::Ok => CheckOutcome::Ok,
        Outcome::Undetermined => CheckOutcome::Undetermined,
        Outcome::Inapplicable => CheckOutcome::Inapplicable,
    };
    let Some(status) = outcome(ended, false, false).status else { return Ok(None) };
    let subject = &assessment.subject;
    let scope = match told.provider {
        Some(provider) => Scope::llm(provider, told.account, subject.kind().word(), subject.id()),
        None => Scope::kubernetes(told.account, subject.id()),
    };
    let mut draft = FindingDraft::new(told.check_id, status, scope);
    draft.category = Some(category(assessment.opportunity).to_owned());
    draft.sub_category = Some(told.type_name.to_owned());
    draft.reason = assessment.reason.map(|why| reason(why, assessment.detail.as_deref()));
    draft.title = Some(format!("{} `{}`", told.type_name.replace('_', " "), subject.text()));
    draft.advice = told.advice.map(str::to_owned);
    draft.source = Source { source_type: SourceType::Detector, ..Source::default() };
    draft.confidence = assessment.confidence.as_ref().and_then(|confidence| share(&confidence.value()));
    draft.risk = assessment.risk.as_ref().and_then(|risk| share(&risk.value()));
    let dimensions = [
        ("namespace", subject.namespace()),
        (told.provider.map_or("workload", |_| subject.kind().word()), Some(subject.name())),
        ("container", subject.container_name()),
        ("team", assessment.team.as_deref()),
    ];
    for (name, value) in dimensions {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            draft.dimensions.insert(name, value.to_owned());
        }
    }
    if issue_key_names(told.check_id).is_some_and(|names| names.contains(&"reason")) {
        draft.issue_key.insert("reason", assessment.reason.map(|reason| reason.code().to_owned()));
    }
    if let Some(estimate) = &assessment.estimate {
        let cost = estimate.claims.iter().map(|claim| claim.base).reduce(Amount::plus);
        draft.estimated = Estimated {
            currency: Some(Currency::USD),
            monthly_savings: estimate.gross_monthly.and_then(attos),
            monthly_cost: cost.and_then(attos),
            realizable_monthly: told.realizable.and_then(attos),
            realizable_reason: told.realizable_reason.map(str::to_owned),
            cost_increase_monthly: estimate.cost_increase_monthly.and_then(attos),
            confidence: draft.confidence.map(Share::percent),
            reason: estimate.gross_reason.map(|reason| reason.code().to_owned()),
            ..Estimated::default()
        };
        draft.claims = estimate.claims.iter().map(claim).collect();
        if estimate.price_source.is_some() || estimate.price_date.is_some() {
            draft.lineage = Some(Lineage {
                pricing_source: estimate.price_source.as_deref().map(str::to_owned),
                pricing_date: estimate.price_date.clone(),
                ..Lineage::default()
            });
        }
    }
    let mut evidence = match told.evidence {
        Json::Object(members) => members,
        _ => Object::new(),
    };
    if assessment.outcome == Outcome::Finding {
        evidence.insert("granted_monthly", Json::from(told.granted.map(|amount| amount.to_string())));
    }
    draft.evidence = Some(evidence.into());
    validator.draft(draft).map(|checked| Some(checked.finding))
}

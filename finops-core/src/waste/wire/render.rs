//! Assessments and reports as JSON, with the members that a reader looks for at the top.

use crate::{
    json::{Json, Object},
    waste::{
        Assessment, Claim, Confidence, DetectionReport, Estimate, Evidence, Fact, Outcome, PortfolioSummary,
        Risk, RiskFactor, Value, assessment::four_places,
    },
};

/// A value of evidence.
#[must_use]
pub fn value(value: &Value) -> Json {
    match value {
        Value::Unknown => Json::Null,
        Value::Number(number) => number.to_string().into(),
        Value::Share(share) => four_places(share).into(),
        Value::Count(count) => (*count).into(),
        Value::Money(amount) => amount.to_string().into(),
        Value::Word(word) => (*word).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Shared(text) => (&**text).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Time(at) => at.to_string().into(),
        Value::List(values) => Json::array(values.iter().map(self::value)),
        Value::Map(members) => facts(members),
    }
}

/// Named values.
#[must_use]
pub fn facts(members: &[Fact]) -> Json {
    Json::object(members.iter().map(|(name, member)| (*name, value(member))))
}

/// What an assessment rests on.
#[must_use]
pub fn evidence(evidence: &Evidence) -> Json {
    let window = evidence.window().map(|(start, end)| {
        Json::object([("start", Json::from(start.to_string())), ("end", end.to_string().into())])
    });
    let mut out: Object = [
        ("window", window.unwrap_or(Json::Null)),
        ("samples", evidence.samples().into()),
        ("required_samples", evidence.required_samples().into()),
        ("observed", facts(&evidence.measured())),
        ("thresholds", facts(evidence.thresholds())),
        ("sources", Json::array(evidence.source())),
    ]
    .into_iter()
    .collect();
    for (name, member) in evidence.more() {
        out.insert(*name, value(member));
    }
    out.into()
}

/// A claim on the cost of a resource.
#[must_use]
pub fn claim(claim: &Claim) -> Json {
    Json::object([
        ("resource", Json::from(&*claim.resource)),
        ("component", claim.component.code().into()),
        ("base", claim.base.to_string().into()),
        ("amount", claim.amount.to_string().into()),
        ("kind", claim.kind.code().into()),
        ("exclusive", claim.exclusive.as_deref().into()),
    ])
}

/// A saving with its formula and claims.
#[must_use]
pub fn estimate(estimate: &Estimate) -> Json {
    Json::object([
        ("gross_monthly", estimate.gross_monthly.map(|amount| amount.to_string()).into()),
        ("gross_reason", estimate.gross_reason.map(super::super::Reason::code).into()),
        ("granted_monthly", estimate.granted_monthly.map(|amount| amount.to_string()).into()),
        ("superseded_by", Json::array(estimate.superseded_by.iter())),
        ("realizable_monthly", estimate.realizable_monthly.map(|amount| amount.to_string()).into()),
        ("realizable_reason", estimate.realizable_reason.map(super::super::Reason::code).into()),
        ("cost_increase_monthly", estimate.cost_increase_monthly.map(|amount| amount.to_string()).into()),
        ("formula", estimate.formula.into()),
        ("operands", facts(&estimate.operands)),
        ("month_hours", estimate.month_hours.to_string().into()),
        ("price_source", estimate.price_source.as_deref().into()),
        ("price_date", estimate.price_date.as_deref().into()),
        ("claims", Json::array(estimate.claims.iter().map(claim))),
        ("assumptions", Json::array(estimate.assumptions.iter().copied())),
    ])
}

/// What the confidence was made of.
#[must_use]
pub fn confidence_inputs(confidence: &Confidence) -> Json {
    let (folds, misses) = confidence.backtest.unzip();
    Json::object([
        ("class", Json::from(confidence.class.map(crate::waste::Class::code))),
        ("base", four_places(&confidence.base).into()),
        ("coverage", four_places(&confidence.coverage).into()),
        ("folds", folds.into()),
        ("misses", misses.into()),
    ])
}

/// What the risk was made of.
#[must_use]
pub fn risk_inputs(risk: &Risk) -> Json {
    let codes = |factors: &[RiskFactor]| Json::array(factors.iter().map(|factor| factor.code()));
    Json::object([
        ("base", Json::from(four_places(&risk.base))),
        ("factors", codes(&risk.factors)),
        ("not_known", codes(&risk.not_known)),
    ])
}

/// The namespace that a record shows: that of the subject, or the words of the established form for nodes and volumes.
fn namespace(assessment: &Assessment) -> Option<&str> {
    use crate::waste::SubjectKind;
    assessment.subject.namespace().or(match assessment.subject.kind() {
        SubjectKind::NodeGroup | SubjectKind::NodeType | SubjectKind::Node | SubjectKind::NodePool => {
            Some("cluster")
        }
        SubjectKind::Volume => Some("storage"),
        _ => None,
    })
}

/// An assessment with the members of its evidence at the top where they are its own (`missing`, `formula_count`).
#[must_use]
pub fn assessment(assessment: &Assessment) -> Json {
    let mut out: Object = [
        ("detector", Json::from(assessment.detector)),
        ("type", assessment.opportunity.code().into()),
        ("subject", assessment.subject.text().into()),
        ("subject_type", assessment.subject.kind().word().into()),
        ("subject_id", assessment.subject.id().into()),
        ("outcome", assessment.outcome.code().into()),
        ("reason", assessment.reason.map(crate::waste::Reason::code).into()),
        ("reason_text", assessment.reason.map(crate::waste::Reason::text).into()),
        ("detail", assessment.detail.as_deref().into()),
        ("namespace", namespace(assessment).into()),
        ("workload", assessment.workload().into()),
        ("team", assessment.team.as_deref().into()),
    ]
    .into_iter()
    .collect();
    if let Some(estimate) = &assessment.estimate {
        let gross = Json::from(estimate.gross_monthly.map(|amount| amount.to_string()));
        out.insert("saving", gross.clone());
        out.insert("gross_monthly", gross);
        out.insert("saving_reason", estimate.gross_reason.map(crate::waste::Reason::code));
        out.insert("governance", estimate.is_governance());
        out.insert("claims", Json::array(estimate.claims.iter().map(claim)));
        out.insert("estimate", self::estimate(estimate));
    }
    if let Some(confidence) = &assessment.confidence {
        out.insert("confidence", confidence.text());
        out.insert("confidence_inputs", confidence_inputs(confidence));
    }
    if let Some(risk) = &assessment.risk {
        out.insert("risk", risk.text());
        out.insert("risk_inputs", risk_inputs(risk));
    }
    if assessment.outcome == Outcome::Finding {
        out.insert("before", facts(&assessment.before));
        out.insert("after", facts(&assessment.after));
        out.insert("proposal", assessment.proposal.map(crate::waste::ChangeKind::code));
    }
    out.insert("evidence", evidence(&assessment.evidence));
    for (name, member) in assessment.evidence.more() {
        if !out.contains_key(name) {
            out.insert(*name, value(member));
        }
    }
    out.into()
}

/// What the findings of a report are worth together.
#[must_use]
pub fn portfolio(portfolio: &PortfolioSummary) -> Json {
    Json::object([
        ("total_monthly", Json::from(portfolio.total.to_string())),
        ("realizable_monthly", portfolio.realizable.map(|amount| amount.to_string()).into()),
        ("realizable_reason", portfolio.realizable_reason.map(crate::waste::Reason::code).into()),
        ("gross_not_additive", portfolio.gross_not_additive.to_string().into()),
        ("cost_of_resources", portfolio.cost_of_resources.to_string().into()),
        ("unpriced_findings", portfolio.unpriced.into()),
        ("node_supply", portfolio.node_supply.code().into()),
    ])
}

/// A report: findings and others in its order, failures and the configuration.
#[must_use]
pub fn report(report: &DetectionReport) -> Json {
    let failures = report.failures.iter().map(|failure| {
        Json::object([
            ("detector", Json::from(failure.detector.as_str())),
            ("code", failure.code.as_str().into()),
            ("message", failure.message.as_str().into()),
        ])
    });
    Json::object([
        ("findings", Json::array(report.findings.iter().map(assessment))),
        ("others", Json::array(report.others.iter().map(assessment))),
        ("failures", Json::array(failures)),
        ("portfolio", portfolio(&report.portfolio)),
        ("config", report.config.to_json()),
    ])
}

//! `portfolio` and `realizable`.

use super::{Handler, read};
use crate::{
    error::{Fault, shorten},
    json::Json,
    waste::{
        Amount, Claim, ClaimKind, Component,
        portfolio::{self, Entry, Supply},
    },
};

pub(super) const KINDS: &[(&str, Handler)] = &[("portfolio", grant), ("realizable", realizable)];

struct Finding {
    id: String,
    detector: String,
    subject: String,
    claims: Vec<Claim>,
}

fn unknown(name: &str, word: &str, help: &'static str) -> Fault {
    Fault::new("waste.invalid_record", name, format!("`{}` is not known", shorten(word)), help)
}

fn finding(input: &Json) -> Result<Finding, Fault> {
    let word = read::text(input, "kind")?;
    let help = "give delete, schedule, replicas, resize, consolidate or price_class";
    let kind = ClaimKind::from_code(word).ok_or_else(|| unknown("kind", word, help))?;
    let claims = read::each(input, "claims", |claim| {
        let word = read::text(claim, "component")?;
        let help = "give cpu, memory, gpu, storage, fee, tokens or idle";
        Ok(Claim {
            resource: read::text(claim, "resource")?.into(),
            component: Component::from_code(word).ok_or_else(|| unknown("component", word, help))?,
            base: read::amount(claim, "base")?,
            amount: read::amount(claim, "amount")?,
            kind,
            exclusive: claim.get("exclusive").and_then(Json::as_str).map(Into::into),
        })
    })?;
    let text = |name| read::text(input, name).map(str::to_owned);
    Ok(Finding { id: text("id")?, detector: text("detector")?, subject: text("subject")?, claims })
}

/// `{findings: [{id, kind, detector, subject, claims}]}` to what each is granted. Without a saving of its own a finding
/// is worth the sum of its claims.
fn grant(input: &Json) -> Result<Json, Fault> {
    let findings = read::each(input, "findings", finding)?;
    let entries: Vec<Entry<'_>> = findings
        .iter()
        .map(|finding| Entry {
            gross: Some(finding.claims.iter().map(|claim| claim.amount).sum()),
            detector: &finding.detector,
            subject: &finding.subject,
            claims: &finding.claims,
        })
        .collect();
    let portfolio = portfolio::grant(&entries);
    let granted = findings.iter().zip(&portfolio.grants).map(|(finding, grant)| {
        let mut members = vec![("granted", Json::from(grant.granted.to_string()))];
        if !grant.superseded_by.is_empty() {
            let name = |index: &usize| findings.get(*index).map(|finding| Json::from(finding.id.as_str()));
            members.push(("superseded_by", Json::array(grant.superseded_by.iter().filter_map(name))));
        }
        (finding.id.clone(), Json::object(members))
    });
    Ok(Json::object([
        ("findings", Json::object(granted)),
        ("total", portfolio.total.to_string().into()),
        ("gross_not_additive", portfolio.gross_not_additive.to_string().into()),
        ("cost_of_resources", portfolio.cost_of_resources.to_string().into()),
    ]))
}

/// `{node_supply, granted: {id: amount}, simulation_today, simulation_with_proposals}` to what can be had of each.
fn realizable(input: &Json) -> Result<Json, Fault> {
    let granted = read::member(input, "granted")?;
    let help = "give an object of amounts by finding";
    let object = granted
        .as_object()
        .ok_or_else(|| Fault::new("waste.invalid_record", "granted", "it is no object", help))?;
    let mut names: Vec<&str> = object.keys().collect();
    names.sort_unstable();
    let amounts = names.iter().map(|name| read::amount(granted, name)).collect::<Result<Vec<_>, _>>()?;
    let supply = match read::text(input, "node_supply")? {
        "elastic" => Supply::Elastic,
        "unknown" => Supply::Unknown,
        "fixed" => Supply::Fixed {
            today: read::amount(input, "simulation_today")?,
            proposed: read::amount(input, "simulation_with_proposals")?,
        },
        other => return Err(unknown("node_supply", other, "give elastic, fixed or unknown")),
    };
    let answer = portfolio::realizable(supply, &amounts)?;
    let show = |amount: Option<Amount>| amount.map_or(Json::Null, |amount| amount.to_string().into());
    let requests = names.into_iter().zip(answer.requests).map(|(name, amount)| (name, show(amount)));
    Ok(Json::object(requests.chain(answer.consolidation.map(|amount| ("consolidation", show(Some(amount)))))))
}

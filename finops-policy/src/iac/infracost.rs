//! An Infracost report as `infracost diff --format json` prints it.

use super::{Findings, IacAnswer, IacConfig, amount, major};
use crate::{Json, decision::Action, gate::number::Exact, json::Number};

/// Judges an Infracost report: the monthly cost that a change adds, and the total, against exact limits.
///
/// A cost that the report does not give is unknown and denied, never taken for nothing.
#[must_use]
pub fn infracost(report: &Json, config: &IacConfig) -> IacAnswer {
    let none =
        |why: &str| Findings::alone("iac.not_infracost", None, format!("not an Infracost report: {why}"));
    if report.as_object().is_none() {
        return none(&format!("a report is an object, this is {}", report.type_name()));
    }
    let Some(version) = report.get("version").and_then(Json::as_str) else {
        return none("version is missing; give the output of `infracost diff --format json`");
    };
    if report.get("projects").and_then(Json::as_array).is_none() {
        return none("projects is no list; give the output of `infracost diff --format json`");
    }
    if major(version) != "0" {
        let message = format!("Infracost format {version} is not known; version 0 is");
        return Findings::alone("iac.format_version", Some(version), message);
    }
    let mut found = Findings::default();
    let limits = &config.cost;
    let currency = report.get("currency").and_then(Json::as_str);
    if currency != Some(limits.currency.as_str()) {
        let message = format!(
            "the report is in {}, the limits in {}",
            currency.unwrap_or("no currency"),
            limits.currency
        );
        found.add(Action::Deny, "iac.cost.currency", None, currency, message);
    }
    judge_delta(&mut found, config, report);
    if let Some(limit) = &limits.max_monthly_total_usd {
        match known(report, "totalMonthlyCost") {
            Some(total) if total > *limit => {
                let (total, limit) = (total.normal_form(), limit.normal_form());
                let message = format!("the monthly cost of {total} {} exceeds {limit}", limits.currency);
                found.add(Action::Deny, "iac.cost.total", None, Some(&total), message);
            }
            Some(_) => {}
            None => {
                let message = "the total monthly cost is unknown and it is limited".to_owned();
                found.add(Action::Deny, "iac.cost.unknown", None, None, message);
            }
        }
    }
    let unpriced = report.pointer("/summary/totalUnsupportedResources").and_then(amount);
    if let Some(count) = unpriced.filter(|count| !count.is_negative() && !count.is_zero()) {
        let count = count.normal_form();
        let message = format!("{count} resources have no price and are not in these amounts");
        found.add(limits.unpriced, "iac.cost.unpriced", None, Some(&count), message);
    }
    found.into_answer()
}

fn judge_delta(found: &mut Findings, config: &IacConfig, report: &Json) {
    let limits = &config.cost;
    let delta = known(report, "diffTotalMonthlyCost").or_else(|| {
        let past = report.get("pastTotalMonthlyCost").and_then(negated)?;
        known(report, "totalMonthlyCost")?.checked_add(&past)
    });
    let Some(delta) = delta else {
        let message = "the change of the monthly cost is unknown".to_owned();
        found.add(Action::Deny, "iac.cost.unknown", None, None, message);
        return;
    };
    let over = |limit: &Option<Exact>| limit.as_ref().filter(|limit| delta > **limit).map(Exact::normal_form);
    let (action, limit) = match (over(&limits.max_monthly_delta_usd), over(&limits.warn_monthly_delta_usd)) {
        (Some(limit), _) => (Action::Deny, limit),
        (None, Some(limit)) => (Action::Warn, limit),
        (None, None) => return,
    };
    let delta = delta.normal_form();
    let message = format!("the change adds {delta} {} a month, more than {limit}", limits.currency);
    found.add(action, "iac.cost.delta", None, Some(&delta), message);
}

fn known(report: &Json, name: &str) -> Option<Exact> {
    report.get(name).and_then(amount)
}

fn negated(value: &Json) -> Option<Exact> {
    let exact = amount(value)?;
    let text = value.as_str().or_else(|| value.as_number().map(Number::text))?;
    if exact.is_negative() || exact.is_zero() {
        return Some(exact.abs());
    }
    amount(&Json::Number(Number::new(&format!("-{text}"))?))
}

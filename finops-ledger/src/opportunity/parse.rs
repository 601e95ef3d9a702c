//! Reading an opportunity out of an event's data.

use super::{Effect, Opportunity, OpportunityError, PriceBasis, Scope, Status, TYPES, fingerprint};
use crate::{
    number::{Exact, MONEY_DIGITS},
    read::{Fault, Fields},
};
use serde_json::Value;

const MEMBERS: &[&str] = &[
    "id",
    "type",
    "status",
    "detected_at",
    "cluster",
    "namespace",
    "workload",
    "team",
    "estimated_monthly_savings",
    "confidence",
    "risk_score",
    "evidence",
    "before_state",
    "after_state",
    "pr_url",
    "pr_number",
    "implemented_at",
    "verified_at",
    "realized_savings",
    "rollback_reason",
    "resource",
    "component",
    "effect",
    "currency",
    "price_basis",
    "fingerprint",
    "generation",
    "finding_id",
    "detector",
    "environment",
    "baseline_id",
    "books_on",
    "measure_rank",
    "expires_at",
    "superseded_by",
];

/// Characters that an id, a type, a fingerprint may have.
const NAME_MAX: usize = 200;

fn is_snake_case(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && text.len() <= NAME_MAX
}

fn name(fields: &Fields<'_>, key: &str) -> Result<Option<String>, Fault> {
    match fields.text(key)? {
        None | Some("") => Ok(None),
        Some(text) if text.len() > NAME_MAX || text.chars().any(char::is_control) => {
            Err(fields.fault(key, format!("must be at most {NAME_MAX} bytes without control characters")))
        }
        Some(text) => Ok(Some(text.to_owned())),
    }
}

fn optional(fields: &Fields<'_>, key: &str) -> Result<Option<String>, Fault> {
    Ok(fields.text(key)?.filter(|text| !text.is_empty()).map(str::to_owned))
}

impl Opportunity {
    /// Reads the object `value` that stands at the JSON pointer `path`.
    ///
    /// Missing texts are empty, the currency is USD, prices are effective; id, fingerprint and generation may be
    /// left to the ledger. Known types bring their effect and component.
    ///
    /// # Errors
    /// `ledger.opportunity.field`: unknown members, decimals not in normal form, negative estimates, shares outside 0..1,
    /// an unknown type without effect.
    pub fn from_json(value: &Value, path: &str) -> Result<Self, OpportunityError> {
        let fields = Fields::of(value, path)?;
        fields.only(MEMBERS)?;
        let opportunity_type = fields.required_text("type")?;
        if !is_snake_case(opportunity_type) {
            return Err(fields.fault("type", "must be snake_case, such as `idle_nodes`").into());
        }
        let known = TYPES.iter().find(|(name, ..)| *name == opportunity_type);
        let effect = match (known, fields.word("effect", Effect::WORDS)?) {
            (Some((_, effect, _)), None) => *effect,
            (Some((_, effect, _)), Some(given)) if given != *effect => {
                let problem = format!("`{opportunity_type}` has the effect `{}`", effect.as_str());
                return Err(fields.fault("effect", problem).into());
            }
            (_, Some(given)) => given,
            (None, None) => {
                let problem = "is missing; a type of your own needs `eliminate`, `usage` or `rate`";
                return Err(fields.fault("effect", problem).into());
            }
        };
        let component = name(&fields, "component")?;
        let amount = |key: &str| fields.decimal(key, MONEY_DIGITS);
        let estimate = fields.required_decimal("estimated_monthly_savings", MONEY_DIGITS)?;
        if estimate.is_negative() {
            return Err(fields.fault("estimated_monthly_savings", "must not be negative").into());
        }
        let status = match fields.text("status")? {
            None => Status::Detected,
            Some(word) => Status::parse(word).ok_or_else(|| {
                let words: Vec<&str> = Status::ALL.iter().map(|s| s.as_str()).collect();
                fields.fault("status", format!("must be one of {}", words.join(", ")))
            })?,
        };
        let object = |key: &str| fields.object(key).map(|map| map.cloned().unwrap_or_default());
        let mut item = Self {
            id: name(&fields, "id")?.unwrap_or_default(),
            opportunity_type: opportunity_type.to_owned(),
            status,
            detected_at: fields.time("detected_at")?,
            cluster: fields.text_or_empty("cluster")?,
            namespace: fields.text_or_empty("namespace")?,
            workload: fields.text_or_empty("workload")?,
            team: fields.text_or_empty("team")?,
            resource: fields.text_or_empty("resource")?,
            component_given: component.is_some(),
            component: component.unwrap_or_else(|| known.map_or("all", |(.., part)| part).to_owned()),
            effect,
            estimated_monthly_savings: estimate,
            currency: fields.currency("currency")?,
            price_basis: fields.word("price_basis", PriceBasis::WORDS)?.unwrap_or_default(),
            confidence: fields.share("confidence")?,
            risk_score: fields.share("risk_score")?,
            realized_savings: amount("realized_savings")?.unwrap_or_else(Exact::zero),
            fingerprint: name(&fields, "fingerprint")?.unwrap_or_default(),
            generation: fields.count("generation")?.unwrap_or_default(),
            books_on: optional(&fields, "books_on")?,
            measure_rank: fields.count("measure_rank")?.unwrap_or_else(|| effect.measure_rank()),
            pr_url: optional(&fields, "pr_url")?,
            pr_number: fields.count("pr_number")?,
            implemented_at: fields.time("implemented_at")?,
            verified_at: fields.time("verified_at")?,
            expires_at: fields.time("expires_at")?,
            rollback_reason: optional(&fields, "rollback_reason")?,
            superseded_by: optional(&fields, "superseded_by")?,
            finding_id: optional(&fields, "finding_id")?,
            detector: optional(&fields, "detector")?,
            environment: optional(&fields, "environment")?,
            baseline_id: optional(&fields, "baseline_id")?,
            evidence: object("evidence")?,
            before_state: object("before_state")?,
            after_state: object("after_state")?,
        };
        if item.fingerprint.is_empty() {
            item.fingerprint = match (item.resource.is_empty() && item.workload.is_empty(), &item.id) {
                (false, _) => fingerprint(&item.scope()),
                (true, id) if !id.is_empty() => format!("id:{id}"),
                (true, _) => {
                    let problem =
                        "is missing; an item without resource and workload needs an id or a fingerprint";
                    return Err(fields.fault("id", problem).into());
                }
            };
        }
        Ok(item)
    }
}

impl<'a> Scope<'a> {
    /// Reads the six parts of a scope; missing and null are empty.
    ///
    /// # Errors
    /// `ledger.opportunity.field` for a part that is no text.
    pub fn from_json(value: &'a Value, path: &'a str) -> Result<Self, OpportunityError> {
        let fields = Fields::of(value, path)?;
        let part = |key: &str| fields.text(key).map(Option::unwrap_or_default);
        Ok(Self {
            opportunity_type: part("type")?,
            cluster: part("cluster")?,
            namespace: part("namespace")?,
            workload: part("workload")?,
            resource: part("resource")?,
            component: part("component")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(change: (&str, Value)) -> String {
        let mut item = json!({"type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": "5"});
        item[change.0] = change.1;
        let error = Opportunity::from_json(&item, "/data/opportunity").unwrap_err();
        assert_eq!(error.code(), "ledger.opportunity.field");
        error.path().to_owned()
    }

    #[test]
    fn bad_fields_are_named() {
        for (key, value) in [
            ("estimated_monthly_savings", json!(5.5)),
            ("estimated_monthly_savings", json!("-0.01")),
            ("estimated_monthly_savings", json!("0.0000000000001")),
            ("confidence", json!("1.01")),
            ("risk_score", json!("-0.1")),
            ("type", json!("Idle Nodes")),
            ("effect", json!("usage")),
            ("currency", json!("usd")),
            ("status", json!("open")),
            ("detected_at", json!("2026-03-14")),
            ("pr_number", json!(-1)),
            ("evidence", json!([])),
            ("owner/team", json!("x")),
        ] {
            assert_eq!(refused((key, value)), format!("/data/opportunity/{}", key.replace('/', "~1")));
        }
    }

    #[test]
    fn an_item_without_a_place_is_known_by_its_id() {
        let item =
            json!({"id": "o1", "type": "idle_nodes", "cluster": "c", "estimated_monthly_savings": "5"});
        assert_eq!(Opportunity::from_json(&item, "").map(|o| o.fingerprint), Ok("id:o1".to_owned()));
        let item = json!({"type": "idle_nodes", "cluster": "c", "estimated_monthly_savings": "5"});
        assert!(Opportunity::from_json(&item, "").is_err());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let item = json!({"type": "idle_nodes", "resource": "i-1", "estimated_monthly_savings": "5", "component": "all"});
        let item = Opportunity::from_json(&item, "").unwrap();
        assert_eq!(Opportunity::from_json(&item.to_json(), ""), Ok(item));
    }
}

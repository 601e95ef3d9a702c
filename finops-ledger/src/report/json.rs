//! A report as canonical JSON: complete, exact, and with the digest that `report.issued` records.

use super::{
    Report,
    model::{Amounts, Group},
};
use crate::{LedgerError, event::canonical, number::Exact, savings::Draft};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

fn group(group: &Group) -> Value {
    json!({
        "key": group.key, "open": group.open, "estimated_monthly": group.estimated_monthly.to_string(),
        "realized": group.booked.realized.to_string(),
        "cash_reduction": group.booked.cash_reduction.to_string(),
        "avoided_growth": group.booked.avoided_growth.to_string(),
    })
}

fn amounts(label: &str, amounts: &Amounts) -> Value {
    json!({
        "label": label, "realized": amounts.realized.to_string(),
        "cash_reduction": amounts.cash_reduction.to_string(),
        "avoided_growth": amounts.avoided_growth.to_string(),
    })
}

impl Report {
    /// Every figure of the report as JSON, money as text, unknown as null with its reason.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let groups = |groups: &[Group]| groups.iter().map(group).collect::<Vec<_>>();
        let totals = &self.totals;
        let kpis: Map<String, Value> =
            self.kpis.iter().map(|kpi| (kpi.name.to_owned(), kpi.to_json())).collect();
        let named = |rows: Vec<(&str, Value)>| -> Map<String, Value> {
            rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let inputs = &self.inputs;
        json!({
            "v": 1,
            "kind": self.period.cadence.as_str(),
            "period": {
                "label": self.period.label, "start": self.period.start.to_string(), "end": self.period.end.to_string(),
            },
            "header": {
                "origin": inputs.origin, "size": self.size, "root": inputs.root,
                "anchored_up_to": inputs.anchored_up_to, "currency": self.currency, "price_basis": self.price_basis,
                "latest_billing_day": inputs.latest_billing_day.map(|day| day.to_string()),
                "estimated_lines_share": inputs.estimated_lines_share.as_ref().map(Exact::to_string),
                "rounding": "half-even",
            },
            "totals": {
                "estimated_monthly": totals.estimated_monthly.to_string(),
                "estimated_gross": totals.estimated_gross.to_string(),
                "realized": totals.booked.realized.to_string(),
                "cash_reduction": totals.booked.cash_reduction.to_string(),
                "avoided_growth": totals.booked.avoided_growth.to_string(),
                "realized_ytd": totals.realized_ytd.to_string(),
                "annual_run_rate": totals.annual_run_rate.to_string(),
                "realized_imported": totals.realized_imported.to_string(),
                "inconclusive": totals.inconclusive.to_string(),
            },
            "kpis": kpis,
            "counts": named(self.counts.iter().map(|(name, n)| (*name, Value::from(*n))).collect()),
            "by_status": named(self.by_status.iter().map(|(s, n)| (s.as_str(), Value::from(*n))).collect()),
            "by_team": groups(&self.by_team),
            "by_type": groups(&self.by_type),
            "by_cluster": groups(&self.by_cluster),
            "top": self.top.iter().map(|top| json!({
                "id": top.id, "type": top.opportunity_type, "place": top.place, "team": top.team,
                "status": top.status.as_str(), "net": top.net.to_string(),
            })).collect::<Vec<_>>(),
            "trend": self.trend.iter().map(|(label, a)| amounts(label, a)).collect::<Vec<_>>(),
            "ageing_days": named(self.ageing_days.iter().map(|(s, n)| (s.as_str(), Value::from(*n))).collect()),
            "regressions": self.regressions.iter().map(|r| json!({
                "id": r.id, "type": r.opportunity_type, "team": r.team, "days": r.days,
                "realized": r.realized.to_string(),
            })).collect::<Vec<_>>(),
            "recommendations": self.recommendations.iter().map(super::Recommendation::to_json).collect::<Vec<_>>(),
            "figures": inputs.figures.iter().map(|f| json!({
                "name": f.name, "value": f.value.as_ref().map(Exact::to_string), "unit": f.unit,
                "reason": f.reason, "source": f.source,
            })).collect::<Vec<_>>(),
        })
    }

    /// The report as canonical JSON text.
    ///
    /// # Errors
    /// `ledger.canonical.*`, which no built report can cause.
    pub fn to_json(&self) -> Result<String, LedgerError> {
        let mut out = Vec::new();
        // A report may be larger than an event, so without the limit of `canonical::encode`.
        canonical::write(&self.to_value(), &mut out, 0)?;
        Ok(String::from_utf8(out).unwrap_or_default())
    }

    /// The `report.issued` event of this report: kind, period, size of the log, and SHA-256 of [`Report::to_json`].
    ///
    /// # Errors
    /// Those of [`Report::to_json`].
    pub fn issued(&self) -> Result<Draft, LedgerError> {
        let sha256 = crate::event::hex::encode(&Sha256::digest(self.to_json()?));
        let data = json!({
            "kind": self.period.cadence.as_str(), "period": self.period.label, "size": self.size, "sha256": sha256,
        });
        Ok(Draft { kind: "report.issued".to_owned(), data })
    }
}

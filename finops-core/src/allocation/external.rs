//! Costs outside the cluster that belong to the same teams: they join reports by labels.

use super::{
    accumulate::{Draft, assemble, detached},
    row::{Row, RowKind, nanos},
    set::{AllocationSet, Asset, AssetKind, NamespaceFacts, NodeFacts, PodFacts},
};
use crate::{
    error::Fault,
    inventory::{Labels, Name},
    json::Json,
    money::{Nanos, decimal},
};
use rust_decimal::Decimal;

/// What something outside the cluster costs in the window of a set, in its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalCharge {
    /// Its name, for example of a database.
    pub name: String,
    /// The namespace that it belongs to; empty for none.
    pub namespace: String,
    /// Its labels.
    pub labels: Option<Labels>,
    /// The amount.
    pub amount: Decimal,
}

impl ExternalCharge {
    /// Reads a list of `{name, namespace, labels, amount}`.
    ///
    /// # Errors
    /// `config.invalid` with the path of the member.
    pub fn list(json: &Json) -> Result<Vec<Self>, Fault> {
        const HELP: &str = "write charges like `{\"name\": \"orders-db\", \"labels\": {\"team\": \"web\"}, \"amount\": \"12.5\"}`";
        let refuse = |path: String, problem: &str| Fault::new("config.invalid", path, problem, HELP);
        let list = json.as_array().ok_or_else(|| refuse(String::new(), "external charges are a list"))?;
        let mut out = Vec::with_capacity(list.len());
        for (position, charge) in list.iter().enumerate() {
            let at = |name: &str| format!("[{position}].{name}");
            let text = |name: &str| charge.get(name).and_then(Json::as_str).map(str::to_owned);
            let amount = charge.get("amount").and_then(|amount| match amount {
                Json::String(text) => decimal::parse(text),
                Json::Number(number) => decimal::parse(number.text()),
                _ => None,
            });
            out.push(Self {
                name: text("name").ok_or_else(|| refuse(at("name"), "a charge needs its name"))?,
                namespace: text("namespace").unwrap_or_default(),
                labels: labels(charge.get("labels")),
                amount: amount.ok_or_else(|| refuse(at("amount"), "a charge needs its amount"))?,
            });
        }
        Ok(out)
    }
}

/// The labels of an object of texts.
pub(super) fn labels(json: Option<&Json>) -> Option<Labels> {
    let pairs = json?.as_object()?.iter();
    let pairs = pairs.filter_map(|(name, value)| Some((Name::from(name), Name::from(value.as_str()?))));
    Some(Labels::new(pairs.collect()))
}

impl AllocationSet {
    /// The same set with costs from outside the cluster, one row each. They attract no idle time and no shared costs,
    /// and reports sum them with the rows of the same teams, labels and namespaces.
    ///
    /// # Errors
    /// `allocation.overflow`.
    pub fn with_external(&self, charges: &[ExternalCharge]) -> Result<Self, Fault> {
        let mut drafts: Vec<Draft> = self.rows().map(|row| self.draft(row)).collect();
        let mut sum =
            Self { assets: self.assets.iter().map(detached).collect(), accumulated: true, ..self.clone() };
        for charge in charges {
            let amount = Nanos::from_decimal(charge.amount)?;
            let mut row = Row::new(RowKind::External, 0, 0);
            row.add(6, amount.get().into())?;
            row.total = nanos(row.direct())?;
            let name = Name::from(charge.namespace.as_str());
            let known = self.tables.namespaces.iter().find(|facts| facts.name == name);
            drafts.push(Draft {
                node: NodeFacts::default(),
                namespace: known.cloned().unwrap_or(NamespaceFacts { name, ..NamespaceFacts::default() }),
                pod: Some(PodFacts {
                    name: Name::from(charge.name.as_str()),
                    labels: charge.labels.clone(),
                    ..PodFacts::default()
                }),
                container: None,
                row,
            });
            sum.assets.push(Asset::plain(AssetKind::External, charge.name.clone(), Some(amount), "given"));
        }
        (sum.tables, sum.rows) = assemble(self.tables.cluster.clone(), drafts)?;
        sum.place_nodes();
        sum.sum_up();
        Ok(sum)
    }
}

//! What the projections must say, told a second time and as simply as it can be.

use crate::table::Table;
use serde_json::Value;
use std::collections::BTreeMap;

/// An event in the order of the log.
pub(super) struct Stored {
    pub(super) kind: String,
    pub(super) data: Value,
}

/// Compares the rows of a table with what the events amount to.
pub(super) fn check(table: Table, rows: &[Value], log: &[Stored]) -> Result<(), String> {
    let (key, value, expected) = match table {
        Table::Opportunities => ("id", "status", statuses(log)),
        Table::Deployments => ("deployment_id", "team", teams(log)),
        _ => ("", "", BTreeMap::new()),
    };
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let found: BTreeMap<String, String> = rows.iter().map(|row| (text(row, key), text(row, value))).collect();
    if found == expected && rows.len() == found.len() {
        Ok(())
    } else {
        Err(format!("{} says {found:?}, the model {expected:?}", table.name()))
    }
}

/// The status after the last step that counts: writers accept none that is illegal.
fn statuses(log: &[Stored]) -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    for event in log {
        if let Some(status) = event.kind.strip_prefix("opportunity.") {
            let of = &event.data["opportunity"];
            let id = of.as_str().or(of["id"].as_str()).unwrap_or_default();
            items.insert(id.to_owned(), status.to_owned());
        }
    }
    items
}

/// The team that was named first.
fn teams(log: &[Stored]) -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    for event in log.iter().filter(|event| event.kind == "deployment.recorded") {
        let text = |name: &str| event.data[name].as_str().unwrap_or_default().to_owned();
        items.entry(text("deployment_id")).or_insert_with(|| text("team"));
    }
    items
}

//! The state that follows from the log: the savings ledger, deployments, and the rows of the tables that show them.

use crate::{
    StoreError,
    table::{Row, Table},
};
use finops_ledger::{
    LedgerError,
    event::kind,
    number::Exact,
    opportunity::Opportunity,
    savings::{Entry, Row as ProofRow, SavingsError, SavingsLedger},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

/// Rows that an event changed, by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Touched(BTreeSet<(Table, String)>);

/// The state after some records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folded {
    pub(crate) savings: SavingsLedger,
    deployments: BTreeMap<String, Value>,
    /// The last record that changed a row.
    seqs: BTreeMap<(Table, String), u64>,
    /// The largest generation of a fingerprint: the ledger derives ids from it.
    generations: BTreeMap<String, u64>,
}

impl Folded {
    fn new(four_eyes_above: Option<Exact>) -> Self {
        Self { savings: SavingsLedger::new(four_eyes_above), ..Self::default() }
    }

    fn apply(&mut self, entry: &Entry, touched: &mut Touched) -> Result<(), LedgerError> {
        let text = |name: &str| entry.data.get(name).and_then(Value::as_str).map(str::to_owned);
        let added = match entry.kind.as_str() {
            "opportunity.detected" | "opportunity.imported" => Some(self.added(entry)?),
            _ => None,
        };
        self.savings.apply(entry)?;
        let mut touch = |table: Table, key: Option<String>| {
            if let Some(key) = key {
                self.seqs.insert((table, key.clone()), entry.seq);
                touched.0.insert((table, key));
            }
        };
        match entry.kind.as_str() {
            "opportunity.detected" | "opportunity.imported" => {
                if let Some((id, fingerprint, generation)) = added {
                    let known = self.generations.entry(fingerprint).or_default();
                    *known = generation.max(*known);
                    touch(Table::Opportunities, Some(id));
                }
            }
            "baseline.frozen" => {
                let named = entry.data.pointer("/baseline/id").and_then(Value::as_str);
                let id = named.filter(|id| !id.is_empty()).unwrap_or(&entry.id);
                touch(Table::CostBaselines, Some(id.to_owned()));
            }
            "savings.corrected" => {
                let of = text("of");
                let item = self.savings.rows().iter().find(|row| Some(&row.event_id) == of.as_ref());
                touch(Table::Opportunities, item.map(|row| row.opportunity.clone()));
                touch(Table::SavingsVerifications, of);
            }
            "deployment.recorded" => {
                if let Some(id) = text("deployment_id") {
                    self.deployed(&id, entry);
                    self.seqs.insert((Table::Deployments, id.clone()), entry.seq);
                    touched.0.insert((Table::Deployments, id));
                }
            }
            kind if kind.starts_with("opportunity.") => {
                let newest = self.savings.rows().last().filter(|row| row.event_id == entry.id);
                touch(Table::SavingsVerifications, newest.map(|row| row.event_id.clone()));
                touch(Table::Opportunities, text("opportunity"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Id, fingerprint and generation that the ledger gives a new item.
    fn added(&self, entry: &Entry) -> Result<(String, String, u64), LedgerError> {
        let value = entry.data.get("opportunity").unwrap_or(&Value::Null);
        let item = Opportunity::from_json(value, "/data/opportunity")?;
        let known = self.generations.get(&item.fingerprint).copied().unwrap_or_default();
        let generation = if item.generation == 0 { known.saturating_add(1) } else { item.generation };
        let id = if item.id.is_empty() {
            finops_ledger::opportunity::opportunity_id(&item.fingerprint, generation)
        } else {
            item.id
        };
        Ok((id, item.fingerprint, generation))
    }

    /// A deployment recorded again fills what is not known yet.
    fn deployed(&mut self, id: &str, entry: &Entry) {
        let row = self.deployments.entry(id.to_owned()).or_insert_with(|| json!({ "at": entry.at }));
        let Some(row) = row.as_object_mut() else { return };
        for (column, member) in [
            ("deployment_id", "deployment_id"),
            ("environment", "environment"),
            ("outcome", "outcome"),
            ("service", "service"),
            ("team", "team"),
            ("commit_sha", "commit"),
            ("committed_at", "committed_at"),
            ("restored_at", "restored_at"),
        ] {
            if let Some(value) = entry.data.get(member).filter(|value| !value.is_null()) {
                row.entry(column).or_insert_with(|| value.clone());
            }
        }
    }

    fn row(&self, table: Table, key: &str) -> Option<Row> {
        let mut value = match table {
            Table::CostBaselines => {
                let mut value = self.savings.baseline(key)?.to_json();
                let driver = value.get("driver").cloned().unwrap_or_default();
                let members = value.as_object_mut()?;
                members.insert("driver_name".to_owned(), driver.get("name").cloned().unwrap_or_default());
                members.insert(
                    "driver_quantity".to_owned(),
                    driver.get("quantity").cloned().unwrap_or_default(),
                );
                value
            }
            Table::Opportunities => {
                let mut value = self.savings.get(key)?.to_json();
                let realized = self.savings.realized_savings(key).to_string();
                value.as_object_mut()?.insert("realized_savings".to_owned(), Value::String(realized));
                value
            }
            Table::SavingsVerifications => {
                proof(self.savings.rows().iter().rev().find(|row| row.event_id == key)?)
            }
            Table::Deployments => self.deployments.get(key)?.clone(),
            _ => return None,
        };
        self.finish(table, key, &mut value)
    }

    fn finish(&self, table: Table, key: &str, value: &mut Value) -> Option<Row> {
        let seq = self.seqs.get(&(table, key.to_owned()))?;
        value.as_object_mut()?.insert("seq".to_owned(), json!(seq));
        Some(table.row(value))
    }

    /// Every row of a projection, by key.
    pub(crate) fn rows(&self, table: Table) -> Vec<Row> {
        if table == Table::SavingsVerifications {
            // One pass: looking each up would take the square of their number.
            let sorted: BTreeMap<&str, Value> =
                self.savings.rows().iter().map(|row| (row.event_id.as_str(), proof(row))).collect();
            return sorted
                .into_iter()
                .filter_map(|(key, mut value)| self.finish(table, key, &mut value))
                .collect();
        }
        let keys = self.seqs.keys().filter(|(of, _)| *of == table);
        keys.filter_map(|(_, key)| self.row(table, key)).collect()
    }
}

/// A row of proof with what the ledger knows of it.
fn proof(row: &ProofRow) -> Value {
    let mut value = row.verification.to_json();
    if let Some(members) = value.as_object_mut() {
        members.insert("event_id".to_owned(), json!(row.event_id));
        members.insert("opportunity_id".to_owned(), json!(row.opportunity));
        members.insert("verdict".to_owned(), json!(row.verdict.as_str()));
        members.insert("corrected_by".to_owned(), json!(row.corrected_by));
    }
    value
}

/// Does the kind change what is projected, or must it be understood to go on?
fn matters(kind: &str) -> bool {
    const FOLDED: [&str; 6] = ["opportunity.", "baseline.", "savings.", "adjustment.", "fx.", "deployment."];
    FOLDED.iter().any(|prefix| kind.starts_with(prefix)) || (kind::is_reserved(kind) && !kind::is_known(kind))
}

/// The state of the committed records, and of those that are about to be.
#[derive(Debug)]
pub(crate) struct Projector {
    committed: Arc<RwLock<Folded>>,
    working: Folded,
    staged: Vec<Entry>,
    touched: Touched,
}

impl Projector {
    pub(crate) fn new(four_eyes_above: Option<Exact>) -> Self {
        let working = Folded::new(four_eyes_above);
        let committed = Arc::new(RwLock::new(working.clone()));
        Self { committed, working, staged: Vec::new(), touched: Touched::default() }
    }

    /// Does the kind change what is projected, or must it be understood to go on?
    pub(crate) fn reads(kind: &str) -> bool {
        matters(kind)
    }

    pub(crate) fn shared(&self) -> Arc<RwLock<Folded>> {
        Arc::clone(&self.committed)
    }

    /// Applies a record that is stored already. What the ledger refuses was refused when it was written by whoever
    /// wrote it, and changes nothing here either.
    ///
    /// # Errors
    /// `ledger.replay.unknown_kind`.
    pub(crate) fn replay(&mut self, entry: &Entry) -> Result<(), StoreError> {
        if !matters(&entry.kind) {
            return Ok(());
        }
        let mut ignored = Touched::default();
        match self.working.apply(entry, &mut ignored) {
            Err(error @ LedgerError::Savings(SavingsError::UnknownKind { .. })) => Err(error.into()),
            Ok(()) | Err(_) => {
                self.staged.push(entry.clone());
                Ok(())
            }
        }
    }

    /// How many entries are staged: where [`Projector::back_to`] returns.
    pub(crate) fn mark(&self) -> usize {
        self.staged.len()
    }

    /// Applies an entry that is about to be stored; a refused one changes nothing.
    pub(crate) fn stage(&mut self, entry: Entry) -> Result<(), LedgerError> {
        if matters(&entry.kind) {
            self.working.apply(&entry, &mut self.touched)?;
            self.staged.push(entry);
        }
        Ok(())
    }

    /// Forgets what was staged after a mark.
    pub(crate) fn back_to(&mut self, mark: usize) {
        if self.staged.len() == mark {
            return;
        }
        self.staged.truncate(mark);
        self.working = self.committed.read().unwrap_or_else(PoisonError::into_inner).clone();
        self.touched = Touched::default();
        for entry in &self.staged {
            // Accepted once on the same state, so accepted again.
            let _accepted = self.working.apply(entry, &mut self.touched);
        }
    }

    /// The rows that the staged entries changed: per table their keys and what stands there now.
    pub(crate) fn changes(&self) -> BTreeMap<Table, (Vec<String>, Vec<Row>)> {
        let mut changes: BTreeMap<Table, (Vec<String>, Vec<Row>)> = BTreeMap::new();
        for (table, key) in &self.touched.0 {
            let (keys, rows) = changes.entry(*table).or_default();
            rows.extend(self.working.row(*table, key));
            keys.push(key.clone());
        }
        changes
    }

    /// What was staged is stored.
    pub(crate) fn commit(&mut self) {
        self.touched = Touched::default();
        if self.staged.is_empty() {
            return;
        }
        let mut committed = self.committed.write().unwrap_or_else(PoisonError::into_inner);
        let mut ignored = Touched::default();
        for entry in self.staged.drain(..) {
            let _accepted = committed.apply(&entry, &mut ignored);
        }
    }

    /// Every row of a projection, by key.
    pub(crate) fn rows(&self, table: Table) -> Vec<Row> {
        self.working.rows(table)
    }
}

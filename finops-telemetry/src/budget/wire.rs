use super::{
    Budget, BudgetError, Settlement,
    amounts::Quantities,
    instance::Instance,
    table::{Held, Hold, Phase, Table},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Name and version of the wire form.
const SCHEMA: &str = "finops.budgets/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    schema: String,
    budgets: Vec<WireBudget>,
    serial: u64,
    /// In the order in which they were made.
    reservations: Vec<WireReservation>,
    /// The first closed first.
    closed: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBudget {
    budget: Budget,
    instances: BTreeMap<String, Instance>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireReservation {
    id: String,
    serial: u64,
    phase: Phase,
    hold: Option<Box<Hold>>,
    /// The amounts it was settled with and the answer given.
    answer: Option<Box<(Quantities, Settlement)>>,
}

fn refuse(value: impl std::fmt::Display, problem: &'static str) -> BudgetError {
    BudgetError::invalid("json", value, problem)
}

pub(super) fn write(table: &Table) -> Result<String, BudgetError> {
    let budgets = table.entries.iter().map(|entry| WireBudget {
        budget: entry.budget.clone(),
        instances: entry.instances.iter().map(|(name, i)| (name.as_ref().to_owned(), i.clone())).collect(),
    });
    let mut reservations: Vec<_> = table
        .reservations
        .iter()
        .map(|(id, held)| WireReservation {
            id: id.as_ref().to_owned(),
            serial: held.serial,
            phase: held.phase,
            hold: held.hold.clone(),
            answer: held.answer.clone(),
        })
        .collect();
    reservations.sort_by_key(|reservation| reservation.serial);
    let wire = Wire {
        schema: SCHEMA.to_owned(),
        budgets: budgets.collect(),
        serial: table.serial,
        reservations,
        closed: table.closed.iter().map(|id| id.as_ref().to_owned()).collect(),
    };
    serde_json::to_string(&wire).map_err(|e| refuse(e, "cannot be written"))
}

pub(super) fn read(text: &str) -> Result<Table, BudgetError> {
    let wire: Wire =
        serde_json::from_str(text).map_err(|e| refuse(e, "not a state; give text that `to_json` wrote"))?;
    if wire.schema != SCHEMA {
        return Err(refuse(wire.schema, "of another schema; give text that `to_json` wrote"));
    }
    let (budgets, instances): (Vec<_>, Vec<_>) =
        wire.budgets.into_iter().map(|entry| (entry.budget, entry.instances)).unzip();
    let mut table = Table::new(budgets)?;
    for (entry, instances) in table.entries.iter_mut().zip(instances) {
        if instances.len() > table.instances_max {
            return Err(refuse(instances.len(), "more counters than a budget may have"));
        }
        entry.instances = instances.into_iter().map(|(name, i)| (Arc::from(name), i)).collect();
    }
    table.serial = wire.serial;
    for WireReservation { id, serial, phase, hold, answer } in wire.reservations {
        let id: Arc<str> = Arc::from(id);
        if hold.is_some() == (phase == Phase::Settled) || answer.is_some() != (phase == Phase::Settled) {
            return Err(refuse(id, "a reservation that is half settled"));
        }
        if let Some(hold) = &hold {
            if hold.covers.iter().any(|cover| cover.budget >= table.entries.len()) {
                return Err(refuse(id, "a reservation in a budget that is not there"));
            }
            if phase == Phase::Open {
                table.expiry.insert((hold.expires, serial), Arc::clone(&id));
            }
        }
        if serial > table.serial || table.reservations.contains_key(&id) {
            return Err(refuse(id, "a reservation listed twice or out of order"));
        }
        table.reservations.insert(id, Held { serial, phase, hold, answer });
    }
    for id in wire.closed {
        match table.reservations.get_key_value(id.as_str()) {
            Some((key, held)) if held.phase != Phase::Open => {
                table.closed.push_back(Arc::clone(key));
            }
            _ => return Err(refuse(id, "closed, but no closed reservation")),
        }
    }
    if table.closed.len().checked_add(table.expiry.len()) != Some(table.reservations.len()) {
        return Err(refuse(table.reservations.len(), "reservations that are neither open nor closed"));
    }
    Ok(table)
}

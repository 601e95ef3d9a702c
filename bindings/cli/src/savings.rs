//! `finops savings`: what is estimated and what is proved.

use crate::{
    Answer, Failure, json,
    ledger::{Place, failed},
};
use finops::ledger::{
    LedgerError, SavingsLedger,
    number::Exact,
    savings::{Conversion, SavingsLedger as Fold},
};
use serde_json::{Map, Value, json as value};
use std::{collections::BTreeMap, sync::Arc};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Show all sums in this currency, by the rates that the log records
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let log = arguments.place.read()?;
    if let Some(error) = log.opened().error {
        return Err(failed(error));
    }
    let ledger = SavingsLedger::on(Arc::new(log), None).map_err(failed)?;
    let sums = ledger.read(|fold| sums(fold, arguments.currency.as_deref())).map_err(failed)?;
    let sums = sums.map_err(|error| failed(error.into()))?;
    Ok(Answer::yes(if arguments.json { json(&sums) } else { text(&sums) }))
}

fn sums(fold: &Fold, currency: Option<&str>) -> Result<Value, LedgerError> {
    let to = || currency.map(|to| Conversion { table: fold.fx(), to });
    let rows = |rows: BTreeMap<String, Exact>| -> Map<String, Value> {
        rows.into_iter().map(|(key, amount)| (key, amount.to_string().into())).collect()
    };
    Ok(value!({
        "estimated_monthly": fold.total_estimated(false, to())?.to_string(),
        "estimated_gross": fold.total_estimated(true, to())?.to_string(),
        "realized": fold.total_realized(to())?.to_string(),
        "by_team": rows(fold.savings_by_team(to())?),
        "by_type": rows(fold.savings_by_type(to())?),
        "by_cluster": rows(fold.savings_by_cluster(to())?),
    }))
}

fn text(sums: &Value) -> String {
    let mut text = String::new();
    for (name, value) in sums.as_object().into_iter().flatten() {
        match value {
            Value::Object(rows) => {
                for (key, amount) in rows {
                    let amount = amount.as_str().unwrap_or_default();
                    text.push_str(&format!("{name} {}: {amount}\n", key.escape_debug()));
                }
            }
            other => text.push_str(&format!("{name}: {}\n", other.as_str().unwrap_or_default())),
        }
    }
    text
}

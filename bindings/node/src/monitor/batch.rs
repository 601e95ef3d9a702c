//! Columns of calls.

use super::Monitor;
use crate::{
    error::thrown,
    input::{Fields, parse, texts},
    objects,
};
use finops::{
    Error,
    telemetry::monitor::{BatchCall, Column},
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use serde_json::{Value, json};

/// What a batch cost, row by row; NaN for a row that was refused or has no price.
#[napi(object, object_from_js = false)]
pub struct BatchColumns {
    /// Dollars.
    pub cost_usd: Float64Array,
    /// Joules.
    pub energy_joules: Float64Array,
    /// Kilograms of CO2e.
    pub carbon_kg: Float64Array,
    /// Totals and refused rows, as JSON.
    pub json: String,
}

/// Logs columns at once.
#[napi(catch_unwind)]
pub fn monitor_batch(
    handle: u32,
    json: String,
    model_index: &[u32],
    input_tokens: &[f64],
    output_tokens: &[f64],
    duration_ms: Option<&[f64]>,
) -> Result<BatchColumns> {
    let columns = Columns { model_index, input_tokens, output_tokens, duration_ms };
    let run = || -> std::result::Result<BatchColumns, Error> {
        let arguments = parse(&json)?;
        let fields = Fields::new("batch", &arguments)?;
        super::with_monitor(handle as usize, |monitor| monitor.batch(fields, &columns))
            .ok_or_else(objects::gone)?
    };
    run().map_err(thrown)
}

struct Columns<'a> {
    model_index: &'a [u32],
    input_tokens: &'a [f64],
    output_tokens: &'a [f64],
    duration_ms: Option<&'a [f64]>,
}

impl Monitor {
    fn batch(&self, fields: Fields<'_>, columns: &Columns<'_>) -> std::result::Result<BatchColumns, Error> {
        let models = texts("models", fields.get("models").unwrap_or(&Value::Null))?;
        let models: Vec<&str> = models.iter().map(String::as_str).collect();
        let (input, output) = (Column::F64(columns.input_tokens), Column::F64(columns.output_tokens));
        let call = BatchCall {
            model_index: Some(Column::U32(columns.model_index)),
            duration_ms: columns.duration_ms.map(Column::F64),
            provider: fields.text("provider")?,
            ..BatchCall::new(&models, input, output, fields.at()?)
        };
        let result = self.engine.log_batch(&call)?;
        let errors = result.errors.iter().map(|(index, error)| {
            json!({"index": index, "code": error.code(), "path": error.path(), "message": error.to_string()})
        });
        let json = json!({
            "logged": result.rows, "unpriced": result.unpriced, "total_tokens": result.total_tokens.to_string(),
            "total_usd": result.cost_usd, "total_energy_joules": result.energy_joules,
            "total_carbon_kg": result.carbon_kg, "errors": errors.collect::<Vec<_>>(),
        });
        Ok(BatchColumns {
            json: json.to_string(),
            cost_usd: result.costs_usd.into(),
            energy_joules: result.energies_joules.into(),
            carbon_kg: result.carbons_kg.into(),
        })
    }
}

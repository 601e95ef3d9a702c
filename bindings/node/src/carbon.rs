//! Columns of inferences, by one configuration.

use crate::input::refuse;
use finops::{
    Error,
    carbon::{CarbonModel, ModelHandle, Timing, TokenCounts, wire},
    telemetry::monitor::count_f64,
};
use serde_json::{Value, json};

/// What a batch emitted, row by row.
pub struct Columns {
    pub joules: Vec<f64>,
    pub kg: Vec<f64>,
    pub errors: Vec<Value>,
}

/// Joules and kilograms of every row; what is refused is told by its place, and NaN in both.
pub fn batch(options: &Value, input: &[f64], output: &[f64]) -> Result<Columns, Error> {
    if output.len() != input.len() {
        return Err(refuse("output", output.len(), "not as long as `input`"));
    }
    let config = wire::configuration(options)?;
    let name = options.get("model").and_then(Value::as_str).unwrap_or_default();
    let model = CarbonModel::new(config)?;
    let handle = model.model(name);
    let mut errors = Vec::new();
    let rows = input.iter().zip(output).enumerate().map(|(index, (input, output))| {
        row(&model, handle, *input, *output).unwrap_or_else(|error| {
            errors.push(json!({
                "index": index, "code": error.code(), "path": error.path(), "message": error.to_string(),
            }));
            (f64::NAN, f64::NAN)
        })
    });
    let (joules, kg) = rows.unzip();
    Ok(Columns { joules, kg, errors })
}

fn row(model: &CarbonModel, handle: ModelHandle, input: f64, output: f64) -> Result<(f64, f64), Error> {
    let tokens = TokenCounts::new(count_f64("input", input)?, count_f64("output", output)?);
    if model.is_flat() {
        let flat = model.flat(tokens.total());
        return Ok((flat.energy_joules, flat.carbon_kg));
    }
    let impact = model.inference(handle, &tokens, Timing::default())?;
    Ok((impact.energy.central.joules(), impact.carbon_kg))
}

//! Series, the best time and the best place.

use super::{Handler, Input, input::read_f64, number};
use crate::{
    carbon::{
        BestSlots, BestWindow, CarbonError, Curve, Interpolation, MIN_SAVING_FRACTION, MethodId, PowerLoad,
        ShiftRegion, SignalShift, operational_series as carbon_of, region_shift as compare,
    },
    error::ConfigError,
    money::Money,
};
use serde_json::{Value, json};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("best_window", best_window),
    ("best_window_linear", best_window),
    ("best_window_step", best_window),
    ("best_window_errors", best_window),
    ("best_window_gap", best_window),
    ("best_slots", best_slots),
    ("series_average", series_average),
    ("operational_series", operational_series),
    ("region_shift", region_shift),
];

/// The fields that hold values, and what lies between the values of each unless `interpolation` says otherwise.
const VALUES: [(&str, Interpolation); 3] = [
    ("points_g_per_kwh", Interpolation::Linear),
    ("intervals_g_per_kwh", Interpolation::Step),
    ("series_g_per_kwh", Interpolation::Step),
];

fn curve(input: &Input<'_>) -> Result<Curve, CarbonError> {
    let given = VALUES.iter().find(|(name, _)| input.get(name).is_some());
    let (name, usual) = given.copied().unwrap_or(("intervals_g_per_kwh", Interpolation::Step));
    let help = "give `step` or `linear`";
    let interpolation = input.choice("interpolation", Interpolation::from_name, help)?.unwrap_or(usual);
    let values = input.array(name)?.iter().enumerate().map(|(at, value)| match value {
        Value::Null => Ok(None),
        value => read_f64(&format!("{}[{at}]", input.path(name)), value).map(Some),
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    Curve::new(input.u64("step_s")?, interpolation, values).map_err(|error| match error {
        CarbonError::BadNumber { path, value } => {
            CarbonError::BadNumber { path: path.replacen("values", name, 1), value }
        }
        CarbonError::SeriesEmpty { .. } => CarbonError::SeriesEmpty { path: input.path(name) },
        other => other,
    })
}

fn span(input: &Input<'_>) -> Result<(u64, u64, Option<u64>), CarbonError> {
    Ok((
        input.u64("duration_s")?,
        input.opt_u64("earliest_s")?.unwrap_or_default(),
        input.opt_u64("deadline_s")?,
    ))
}

fn best_window(input: &Input<'_>) -> Result<Value, CarbonError> {
    let curve = curve(input)?;
    let (duration_s, earliest_s, deadline_s) = span(input)?;
    let BestWindow { start_s, end_s, mean, mean_if_now, saving_fraction } =
        curve.best_window(duration_s, earliest_s, deadline_s)?;
    Ok(json!({
        "start_s": start_s, "end_s": end_s, "mean": number(mean),
        "mean_if_now": mean_if_now.map(number), "saving_fraction": saving_fraction.map(number),
        "method": MethodId::ShiftTime,
    }))
}

fn best_slots(input: &Input<'_>) -> Result<Value, CarbonError> {
    let curve = curve(input)?;
    let (duration_s, earliest_s, deadline_s) = span(input)?;
    let BestSlots { slots_s, mean } = curve.best_slots(duration_s, earliest_s, deadline_s)?;
    Ok(json!({"slots_s": slots_s, "mean": number(mean), "method": MethodId::ShiftTime}))
}

fn series_average(input: &Input<'_>) -> Result<Value, CarbonError> {
    let mean = curve(input)?.average(input.u64("from_s")?, input.u64("to_s")?)?;
    Ok(json!({ "mean": number(mean) }))
}

fn operational_series(input: &Input<'_>) -> Result<Value, CarbonError> {
    let curve = curve(input)?;
    let load = PowerLoad {
        from_s: input.opt_u64("from_s")?.unwrap_or_default(),
        to_s: input.opt_u64("to_s")?.unwrap_or_else(|| curve.span_s()),
        power_w: input.f64("constant_power_w")?,
    };
    crate::units::check("constant_power_w", load.power_w)?;
    let carbon = carbon_of(&curve, &[load])?;
    Ok(json!({
        "mean_g_per_kwh": number(carbon.mean_g_per_kwh), "energy_kwh": number(carbon.energy_kwh),
        "operational_g": number(carbon.operational_g), "method": MethodId::OperationalSeries,
    }))
}

fn region_shift(input: &Input<'_>) -> Result<Value, CarbonError> {
    let side = |name: &str| -> Result<(ShiftRegion, Option<Money>), CarbonError> {
        let missing =
            || ConfigError::new(input.path(name), "", "missing", "give `pue`, `average` and `marginal`");
        let side = input.object(name)?.ok_or_else(missing)?;
        let region = ShiftRegion {
            pue: side.range("pue")?,
            average: side.opt_range("average")?,
            marginal: side.opt_range("marginal")?,
        };
        let cost = side.get("cost").map(|cost| {
            let help = "give {\"amount\": \"1.50\", \"currency\": \"USD\"}";
            serde_json::from_value::<Money>(cost.clone())
                .map_err(|_| ConfigError::new(side.path("cost"), cost, "not an amount of money", help))
        });
        Ok((region, cost.transpose()?))
    };
    let ((from, from_cost), (to, to_cost)) = (side("from")?, side("to")?);
    let shift = compare(
        input.range("it_energy_kwh")?,
        &from,
        &to,
        input.opt_f64("transfer_gb")?.unwrap_or_default(),
        input.opt_f64("min_saving_fraction")?.unwrap_or(MIN_SAVING_FRACTION),
    )?;
    let cost_change = to_cost.zip(from_cost).map(|(to, from)| {
        to.checked_sub(&from).map_err(|error| {
            ConfigError::new(input.path("to.cost"), error, "no difference", "give both costs in one currency")
        })
    });
    Ok(json!({
        "average": shift.average.map(signal), "marginal": shift.marginal.map(signal), "agree": shift.agree,
        "verdict": shift.verdict.name(), "cost_change": cost_change.transpose()?, "method": MethodId::ShiftRegion,
    }))
}

fn signal(shift: SignalShift) -> Value {
    let SignalShift { from_g, to_g, transfer_g, saving_g, saving_ends_g, counts } = shift;
    let (low, high) = saving_ends_g;
    json!({
        "from_g": number(from_g), "to_g": number(to_g), "transfer_g": number(transfer_g), "saving_g": number(saving_g),
        "saving_low_g": number(low), "saving_high_g": number(high), "counts": counts,
    })
}

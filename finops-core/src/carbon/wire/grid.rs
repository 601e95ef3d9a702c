//! Reading the intensity of the grid: a number, a range, an intensity or a series, as the other kinds write them.

use super::{Input, config::opt_factor, input::read_f64};
use crate::{
    carbon::{
        Basis, CarbonError, Curve, DataId, Grid, Intensity, IntensitySeries, Interpolation, Period, Range,
        Signal, Source, Tier,
    },
    error::ConfigError,
    time::Timestamp,
};
use serde_json::Value;
use std::borrow::Cow;

/// The grid in JSON: a number in g/kWh or its text, `[low, high]`, an object of `low`, `central` and `high`, an
/// intensity, or a series. What `intensity` and `feed_parse` return is read back as it is.
///
/// # Errors
/// `config.invalid`, `carbon.bad_number`, `carbon.bad_range`, `carbon.series_empty`, naming the field.
pub fn grid(value: &Value) -> Result<Option<Grid>, CarbonError> {
    let fields = serde_json::json!({ "grid": value });
    read(&Input::new(&fields)?, "grid")
}

pub(super) fn read(input: &Input<'_>, name: &str) -> Result<Option<Grid>, CarbonError> {
    match input.get(name) {
        None => Ok(None),
        Some(Value::Array(_)) => Ok(input.opt_range(name)?.map(Grid::Range)),
        Some(Value::Object(_)) => object(input, name).map(Some),
        Some(_) => Ok(opt_factor(input, name)?.map(Grid::Scalar)),
    }
}

fn object(input: &Input<'_>, name: &str) -> Result<Grid, CarbonError> {
    let missing = || ConfigError::new(input.path(name), "", "missing", "give an intensity");
    let fields = input.object(name)?.ok_or_else(missing)?;
    // The answer of a feed holds one of the two.
    if let Some(series_fields) = fields.object("series")? {
        return series(&series_fields).map(Grid::from);
    }
    if let Some(intensity_fields) = fields.object("intensity")? {
        return intensity(&intensity_fields).map(Grid::from);
    }
    if fields.get("step_s").is_some() {
        return series(&fields).map(Grid::from);
    }
    if fields.get("g_per_kwh").is_some() {
        return intensity(&fields).map(Grid::from);
    }
    Ok(Grid::Range(input.range(name)?))
}

/// What intensities and series have in common.
struct Label {
    zone: Cow<'static, str>,
    signal: Signal,
    basis: Basis,
    tier: Tier,
    estimated: bool,
    source: Source,
    data: DataId,
}

fn label(fields: &Input<'_>) -> Result<Label, CarbonError> {
    let text = |from: &Input<'_>, name: &str| -> Result<Cow<'static, str>, CarbonError> {
        Ok(from.opt_str(name)?.unwrap_or_default().to_owned().into())
    };
    let source = match fields.object("source")? {
        None => Source { id: "declared".into(), url: "".into(), licence: "".into(), retrieved: None },
        Some(source) => Source {
            id: text(&source, "id")?,
            url: text(&source, "url")?,
            licence: text(&source, "licence")?,
            retrieved: source.opt_str("retrieved")?.map(|day| day.to_owned().into()),
        },
    };
    let data = match fields.opt_str("data")? {
        None => DataId::DECLARED,
        Some(id) => DataId::from_text(id).ok_or_else(|| {
            let help = "leave it out, or give `declared`, `live`, `user_file` or a row of the tables";
            ConfigError::new(fields.path("data"), id, "not a known data id", help)
        })?,
    };
    Ok(Label {
        zone: text(fields, "zone")?,
        signal: fields
            .choice("signal", Signal::from_name, "give average, marginal or market")?
            .unwrap_or(Signal::Average),
        basis: fields
            .choice("basis", Basis::from_name, "give lifecycle or direct")?
            .unwrap_or(Basis::Lifecycle),
        tier: fields.choice("tier", Tier::from_name, "give a tier")?.unwrap_or(Tier::Declared),
        estimated: fields.opt_bool("estimated")?.unwrap_or(false),
        source,
        data,
    })
}

fn intensity(fields: &Input<'_>) -> Result<Intensity, CarbonError> {
    let central = fields.f64("g_per_kwh")?;
    let (low, high) = (fields.opt_f64("low")?, fields.opt_f64("high")?);
    let range = Range::new(low.unwrap_or(central), central, high.unwrap_or(central));
    let Label { zone, signal, basis, tier, estimated, source, data } = label(fields)?;
    let span = (instant(fields, "from")?, instant(fields, "to")?);
    let year = fields.opt_u64("year")?.and_then(|year| u16::try_from(year).ok());
    let period = match (span, year) {
        ((Some(from), Some(to)), _) => Period::Span(from, to),
        (_, Some(year)) => Period::Year(year),
        _ => Period::Span(Timestamp::MIN, Timestamp::MAX),
    };
    let g_per_kwh = range.map_err(|error| error.under(fields.path("").trim_end_matches('.')))?;
    Ok(Intensity { g_per_kwh, signal, basis, zone, period, tier, estimated, source, data })
}

fn instant(fields: &Input<'_>, name: &str) -> Result<Option<Timestamp>, CarbonError> {
    Ok(fields.opt_str(name)?.map(str::parse::<Timestamp>).transpose()?)
}

fn series(fields: &Input<'_>) -> Result<IntensitySeries, CarbonError> {
    let help = "give `step` or `linear`";
    let interpolation = fields.choice("interpolation", Interpolation::from_name, help)?;
    let path = fields.path("values");
    let values = fields.array("values")?.iter().map(|value| match value {
        Value::Null => Ok(None),
        value => read_f64(&path, value).map(Some),
    });
    let curve = Curve::new(
        fields.u64("step_s")?,
        interpolation.unwrap_or(Interpolation::Step),
        values.collect::<Result<_, _>>()?,
    )?;
    let start = fields.str("start")?.parse::<Timestamp>()?;
    let Label { zone, signal, basis, tier, estimated, source, data } = label(fields)?;
    Ok(IntensitySeries { start, curve, zone, signal, basis, tier, estimated, source, data })
}

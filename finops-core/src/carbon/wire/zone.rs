//! Intensities and PUEs of places.

use super::{Handler, Input, number};
use crate::carbon::{
    Basis, CarbonError, Intensity, Period, pue,
    zone::{self, OnUnknown, Resolved},
};
use serde_json::{Value, json};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("intensity", intensity),
    ("zone_intensity", intensity),
    ("zone_unknown", intensity),
    ("zone_unknown_world", intensity),
    ("zone_basis", intensity),
    ("common_basis", common_basis),
    ("zones", zones),
    ("pue", pue_lookup),
    ("pue_lookup", pue_lookup),
];

/// The fields of an intensity.
pub(crate) fn intensity_fields(intensity: &Intensity) -> Value {
    let year = match intensity.period {
        Period::Year(year) => json!(year),
        Period::Span(..) => Value::Null,
    };
    let period = match intensity.period {
        Period::Year(year) => json!(year.to_string()),
        Period::Span(from, to) => json!([from.to_string(), to.to_string()]),
    };
    let range = intensity.g_per_kwh;
    json!({
        "g_per_kwh": number(range.central), "low": number(range.low), "high": number(range.high),
        "signal": intensity.signal.name(), "basis": intensity.basis.name(), "zone": intensity.zone,
        "year": year, "period": period, "tier": intensity.tier.name(), "estimated": intensity.estimated,
        "data": intensity.data.to_string(),
        "source": {
            "id": intensity.source.id, "url": intensity.source.url, "licence": intensity.source.licence,
            "retrieved": intensity.source.retrieved,
        },
    })
}

fn resolved_fields(resolved: &Resolved) -> Value {
    let mut fields = intensity_fields(&resolved.intensity);
    let codes: Vec<&str> = resolved.assumptions.iter().map(|assumption| assumption.code()).collect();
    if let Value::Object(map) = &mut fields {
        map.insert("assumption".to_owned(), json!(codes.first()));
        map.insert("assumptions".to_owned(), json!(codes));
    }
    fields
}

fn intensity(input: &Input<'_>) -> Result<Value, CarbonError> {
    let basis = input.choice("basis", Basis::from_name, "give lifecycle or direct")?;
    let on_unknown = input.choice("on_unknown", OnUnknown::from_name, "give error or world")?;
    let on_unknown = on_unknown.unwrap_or(OnUnknown::Error);
    zone::resolve(input.str("zone")?, basis, on_unknown).map(|resolved| resolved_fields(&resolved))
}

fn common_basis(input: &Input<'_>) -> Result<Value, CarbonError> {
    let (basis, from, to) = zone::common_basis(input.str("from")?, input.str("to")?)?;
    Ok(json!({
        "basis": basis.name(),
        "from_g_per_kwh": number(from.intensity.g_per_kwh.central),
        "to_g_per_kwh": number(to.intensity.g_per_kwh.central),
        "from": resolved_fields(&from),
        "to": resolved_fields(&to),
    }))
}

fn zones(_: &Input<'_>) -> Result<Value, CarbonError> {
    Ok(json!({ "zones": zone::zones().collect::<Vec<_>>() }))
}

fn pue_lookup(input: &Input<'_>) -> Result<Value, CarbonError> {
    let found = match input.opt_range("pue")? {
        Some(value) => pue::Pue::declared(value)?,
        None => pue::lookup(input.str("site")?)?,
    };
    Ok(json!({
        "pue": number(found.value.central), "low": number(found.value.low), "high": number(found.value.high),
        "from": found.from.name(), "tier": found.tier.name(), "data": found.data.to_string(),
        "assumption": found.assumption().map(|assumption| assumption.code()),
    }))
}

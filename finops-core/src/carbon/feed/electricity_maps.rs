//! Electricity Maps v3, <https://portal.electricitymaps.com/developer-hub/api/reference>: average intensity by the hour.

use super::{
    HttpRequest, Secret,
    node::Node,
    points::{Kind, Point},
    request::{get, url},
};
use crate::{
    carbon::{Basis, CarbonError, Intensity, IntensitySeries, Signal, Source, Tier},
    error::shorten,
};
use std::borrow::Cow;

const STEP_S: u64 = 3600;

/// Asks for the intensity of `zone`: `what` is `latest`, `forecast` or `history`.
///
/// # Errors
/// `config.invalid` for a blank zone or a token that no header can carry.
pub fn request(what: &str, zone: &str, token: Secret) -> Result<HttpRequest, CarbonError> {
    let url = url("https://api.electricitymaps.com/v3/carbon-intensity/", &[what], &[("zone", zone)])?;
    get(url, vec![("auth-token", "token", token)])
}

pub(super) fn latest(body: &Node<'_>) -> Result<Intensity, CarbonError> {
    let (kind, point) = one(body)?;
    kind.intensity(&point, STEP_S)
}

pub(super) fn latest_series(body: &Node<'_>) -> Result<IntensitySeries, CarbonError> {
    let (kind, point) = one(body)?;
    kind.series(vec![point], STEP_S, "carbonIntensity")
}

fn one(body: &Node<'_>) -> Result<(Kind, Point), CarbonError> {
    let kind = kind(body, basis(body)?.unwrap_or(Basis::Lifecycle))?;
    Ok((kind, point(body, false)?))
}

/// The series in field `name`: `forecast` or `history`.
pub(super) fn list(body: &Node<'_>, name: &str) -> Result<IntensitySeries, CarbonError> {
    let all = basis(body)?;
    let list = body.need(name)?;
    let mut of_points = None;
    let mut points = Vec::new();
    for item in list.items()? {
        let basis = basis(&item)?.or(all).unwrap_or(Basis::Lifecycle);
        if *of_points.get_or_insert(basis) != basis {
            return Err(item.shape("another `emissionFactorType` than the points before"));
        }
        points.push(point(&item, name == "forecast")?);
    }
    let basis = of_points.or(all).unwrap_or(Basis::Lifecycle);
    kind(body, basis)?.series(points, STEP_S, list.path())
}

fn kind(body: &Node<'_>, basis: Basis) -> Result<Kind, CarbonError> {
    Ok(Kind {
        zone: format!("electricitymaps:{}", shorten(body.need("zone")?.text()?)).into(),
        signal: Signal::Average,
        basis,
        source: Source {
            id: Cow::Borrowed("electricity-maps/v3"),
            url: Cow::Borrowed("https://api.electricitymaps.com"),
            licence: Cow::Borrowed("terms of Electricity Maps, as agreed by the caller"),
            retrieved: None,
        },
    })
}

fn basis(of: &Node<'_>) -> Result<Option<Basis>, CarbonError> {
    let Some(field) = of.get("emissionFactorType")? else { return Ok(None) };
    let known = Basis::from_name(field.text()?);
    known.map(Some).ok_or_else(|| field.shape("neither `lifecycle` nor `direct`"))
}

fn point(of: &Node<'_>, forecast: bool) -> Result<Point, CarbonError> {
    let estimated = of.get("isEstimated")?.map(|flag| flag.flag()).transpose()?.unwrap_or_default();
    let value = of.nullable("carbonIntensity")?;
    Ok(Point {
        at: of.need("datetime")?.instant()?,
        g_per_kwh: value,
        tier: if forecast || estimated { Tier::Modelled } else { Tier::Measured },
        path: of.path().to_owned(),
    })
}

//! `WattTime` v3, <https://docs.watttime.org>: marginal intensity, and average where licensed, in steps of minutes.

use super::{
    HttpRequest, Secret,
    node::Node,
    points::{Kind, Point},
    request::{basic, bearer, get, url},
};
use crate::{
    carbon::{Basis, CarbonError, IntensitySeries, Signal, Source, Tier},
    error::shorten,
    units::G_PER_KWH_PER_LB_PER_MWH,
};
use std::borrow::Cow;

/// The longest step of a series, a day: `WattTime`'s is five minutes.
const STEP_MAX_S: u64 = 86_400;

/// Asks for a token with name and password.
///
/// # Errors
/// `config.invalid` for a blank name or password, or a name with a colon.
pub fn login(username: &str, password: &Secret) -> Result<HttpRequest, CarbonError> {
    let credentials = basic(username, password)?;
    get(url("https://api.watttime.org/", &["login"], &[])?, vec![("Authorization", "password", credentials)])
}

/// Asks for the forecast of `region`; `signal_type` is `co2_moer` or `co2_aoer`.
///
/// # Errors
/// `config.invalid` for a blank region or a token that no header can carry.
pub fn request(region: &str, signal_type: &str, token: &Secret) -> Result<HttpRequest, CarbonError> {
    let query = [("region", region), ("signal_type", signal_type)];
    let url = url("https://api.watttime.org/v3/", &["forecast"], &query)?;
    get(url, vec![("Authorization", "token", bearer(token)?)])
}

pub(super) fn token(body: &Node<'_>) -> Result<Secret, CarbonError> {
    let field = body.need("token")?;
    let token = field.text()?;
    if token.is_empty() { Err(field.no_value()) } else { Ok(Secret::new(token)) }
}

pub(super) fn forecast(body: &Node<'_>) -> Result<IntensitySeries, CarbonError> {
    let meta = body.need("meta")?;
    let signal = meta.need("signal_type")?;
    let signal = match signal.text()? {
        "co2_moer" => Signal::Marginal,
        "co2_aoer" => Signal::Average,
        other => {
            return Err(CarbonError::FeedSignal {
                path: signal.path().to_owned(),
                signal: shorten(other),
                help: "ask for `co2_moer` or `co2_aoer`",
            });
        }
    };
    let units = meta.need("units")?;
    if units.text()? != "lbs_co2_per_mwh" {
        return Err(CarbonError::FeedUnit {
            path: units.path().to_owned(),
            unit: shorten(units.text()?),
            expected: "lbs_co2_per_mwh",
        });
    }
    let step = meta.need("data_point_period_seconds")?;
    let step_s = step.whole()?;
    if !(1..=STEP_MAX_S).contains(&step_s) {
        return Err(step.shape("not between a second and a day"));
    }
    let kind = Kind {
        zone: format!("watttime:{}", shorten(meta.need("region")?.text()?)).into(),
        signal,
        basis: Basis::Direct,
        source: Source {
            id: Cow::Borrowed("watttime/v3"),
            url: Cow::Borrowed("https://api.watttime.org"),
            licence: Cow::Borrowed("terms of WattTime, as agreed by the caller"),
            retrieved: None,
        },
    };
    let list = body.need("data")?;
    let point = |item: Node<'_>| {
        let at = item.need("point_time")?.instant()?;
        let value = item.nullable("value")?.map(|lb| lb * G_PER_KWH_PER_LB_PER_MWH);
        Ok(Point { at, g_per_kwh: value, tier: Tier::Modelled, path: item.path().to_owned() })
    };
    let points = list.items()?.map(point).collect::<Result<_, CarbonError>>()?;
    kind.series(points, step_s, list.path())
}

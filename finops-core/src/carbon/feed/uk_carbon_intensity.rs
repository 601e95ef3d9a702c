//! GB Carbon Intensity, <https://carbon-intensity.github.io/api-definitions/>: Great Britain and its regions by the half
//! hour, without a key, CC BY 4.0.
//!
//! The shapes differ. `/intensity` has `data[0].intensity`; `/regional` has `data[0].regions[i].intensity`;
//! `/regional/postcode` has `data[0].data[0].intensity`, and with a time range its `data` is an object.

use super::{
    HttpRequest,
    node::Node,
    points::{Kind, Point},
    request::{get, url},
};
use crate::{
    carbon::{Basis, CarbonError, Intensity, IntensitySeries, Signal, Source, Tier},
    time::Timestamp,
};
use std::borrow::Cow;

const BASE: &str = "https://api.carbonintensity.org.uk/";
/// The longest period of a value, a day: the service's is half an hour.
const STEP_MAX_S: u64 = 86_400;

/// Asks for Great Britain, now or `between` two instants.
///
/// # Errors
/// None today; the type leaves room for services that refuse a range.
pub fn request(between: Option<(Timestamp, Timestamp)>) -> Result<HttpRequest, CarbonError> {
    let url = match between.map(|(from, to)| (minutes(from), minutes(to))) {
        None => url(BASE, &["intensity"], &[])?,
        Some((from, to)) => url(BASE, &["intensity", &from, &to], &[])?,
    };
    get(url, Vec::new())
}

/// Asks for all regions, or for the one of a postcode's outward part such as `RG10`.
///
/// # Errors
/// `config.invalid` for a blank postcode.
pub fn request_regional(postcode: Option<&str>) -> Result<HttpRequest, CarbonError> {
    let url = match postcode {
        None => url(BASE, &["regional"], &[])?,
        Some(postcode) => url(BASE, &["regional", "postcode", postcode], &[])?,
    };
    get(url, Vec::new())
}

/// The service's own form of an instant: no seconds.
fn minutes(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text.get(..16).unwrap_or(&text))
}

pub(super) fn national(body: &Node<'_>) -> Result<Intensity, CarbonError> {
    let (point, step_s) = period(&body.need("data")?.first()?)?;
    kind(None).intensity(&point, step_s)
}

pub(super) fn national_series(body: &Node<'_>) -> Result<IntensitySeries, CarbonError> {
    let list = body.need("data")?;
    let periods = list.items()?.map(|item| period(&item)).collect::<Result<Vec<_>, _>>()?;
    series(kind(None), periods, list.path())
}

pub(super) fn regional(body: &Node<'_>, region_id: Option<u64>) -> Result<Intensity, CarbonError> {
    let (kind, mut periods, path) = region(body, region_id, true)?;
    if periods.is_empty() {
        return Err(CarbonError::FeedNoValue { path });
    }
    let (point, step_s) = periods.swap_remove(0);
    kind.intensity(&point, step_s)
}

pub(super) fn regional_series(
    body: &Node<'_>,
    region_id: Option<u64>,
) -> Result<IntensitySeries, CarbonError> {
    let (kind, periods, path) = region(body, region_id, false)?;
    series(kind, periods, &path)
}

type Periods = Vec<(Point, u64)>;

/// The periods of the one region that the answer holds or that is selected, with the path of their list.
fn region(
    body: &Node<'_>,
    wanted: Option<u64>,
    first_only: bool,
) -> Result<(Kind, Periods, String), CarbonError> {
    let data = body.need("data")?;
    if data.is_object() {
        return of_one(&data, wanted);
    }
    let first = data.first()?;
    if first.get("data")?.is_some() {
        return of_one(&first, wanted);
    }
    let Some(wanted) = wanted else {
        let path = first.need("regions")?.path().to_owned();
        return Err(CarbonError::FeedAmbiguous { path, select: "`region_id`" });
    };
    let mut periods = Vec::new();
    for entry in data.items()?.take(if first_only { 1 } else { usize::MAX }) {
        let regions = entry.need("regions")?;
        let mut found = None;
        for region in regions.items()? {
            if region.need("regionid")?.whole()? == wanted {
                found = Some(dated(&entry, &region)?);
            }
        }
        periods.push(found.ok_or_else(|| regions.no_value())?);
    }
    Ok((kind(Some(wanted)), periods, data.path().to_owned()))
}

/// The periods of an object that is about one region.
fn of_one(region: &Node<'_>, wanted: Option<u64>) -> Result<(Kind, Periods, String), CarbonError> {
    let id = region.need("regionid")?;
    let (of, list) = (id.whole()?, region.need("data")?);
    if wanted.is_some_and(|wanted| wanted != of) {
        return Err(id.no_value());
    }
    let periods = list.items()?.map(|item| period(&item)).collect::<Result<_, _>>()?;
    Ok((kind(Some(of)), periods, list.path().to_owned()))
}

fn period(item: &Node<'_>) -> Result<(Point, u64), CarbonError> {
    dated(item, item)
}

/// The value of `of` for the time of `entry`, and the length of that time in seconds.
fn dated(entry: &Node<'_>, of: &Node<'_>) -> Result<(Point, u64), CarbonError> {
    let (at, to) = (entry.need("from")?.instant()?, entry.need("to")?);
    let ms = to.instant()?.ms().checked_sub(at.ms());
    let step_s = ms.and_then(|ms| u64::try_from(ms).ok()).filter(|ms| ms.checked_rem(1000) == Some(0));
    let step_s = step_s.and_then(|ms| ms.checked_div(1000)).filter(|s| (1..=STEP_MAX_S).contains(s));
    let step_s = step_s.ok_or_else(|| to.shape("not a second to a day after `from`"))?;
    let intensity = of.need("intensity")?;
    let (actual, forecast) = (number(&intensity, "actual")?, number(&intensity, "forecast")?);
    let tier = if actual.is_some() { Tier::Measured } else { Tier::Modelled };
    Ok((Point { at, g_per_kwh: actual.or(forecast), tier, path: intensity.path().to_owned() }, step_s))
}

fn number(intensity: &Node<'_>, name: &str) -> Result<Option<f64>, CarbonError> {
    intensity.get(name)?.map(|number| number.number()).transpose()
}

fn series(kind: Kind, periods: Periods, list: &str) -> Result<IntensitySeries, CarbonError> {
    let step_s = periods.iter().map(|(_, step_s)| *step_s).min().unwrap_or(1);
    if let Some((point, _)) = periods.iter().find(|(_, each)| *each != step_s) {
        let (path, value) = (point.path.clone(), point.at.to_string());
        return Err(CarbonError::FeedIrregular { path, value, step_s });
    }
    kind.series(periods.into_iter().map(|(point, _)| point).collect(), step_s, list)
}

fn kind(region: Option<u64>) -> Kind {
    Kind {
        zone: region.map_or(Cow::Borrowed("ukci:GB"), |id| format!("ukci:region-{id}").into()),
        signal: Signal::Average,
        basis: Basis::Direct,
        source: Source {
            id: Cow::Borrowed("uk-carbon-intensity/v2"),
            url: Cow::Borrowed("https://api.carbonintensity.org.uk"),
            licence: Cow::Borrowed("CC BY 4.0: National Energy System Operator"),
            retrieved: None,
        },
    }
}

//! Questions to intensity services and their answers.

use super::{Handler, Input, number};
use crate::{
    carbon::{
        CarbonError, Intensity, IntensitySeries, Period,
        feed::{self, Feed, Parameters, Parsed, Secret, Select},
    },
    error::ConfigError,
    time::Timestamp,
};
use serde_json::{Value, json};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("feed_parse", parse),
    ("feed_electricity_maps", parse),
    ("feed_watttime", parse),
    ("feed_uk_carbon_intensity", parse),
    ("feed_gsf_regions", parse),
    ("feed_request", request),
];

const FEED_HELP: &str = "give the name of a feed, such as `electricity_maps.latest`";

fn named(input: &Input<'_>) -> Result<Feed, CarbonError> {
    input.require("feed")?;
    let feed = input.choice("feed", Feed::from_name, FEED_HELP)?;
    feed.ok_or_else(|| ConfigError::new(input.path("feed"), "", "missing", FEED_HELP).into())
}

fn parse(input: &Input<'_>) -> Result<Value, CarbonError> {
    let feed = named(input)?;
    let mut select = Select::default();
    if let Some(fields) = input.object("select")? {
        select.region_id = fields.opt_u64("region_id")?;
        select.region = fields.opt_str("region")?.map(str::to_owned);
        let as_what = |text: &str| (text == "series").then_some(true);
        select.as_series = fields.choice("as", as_what, "give `series` or nothing")?.unwrap_or_default();
    }
    // A body arrives parsed, or as the text that the service sent.
    let parsed = match input.get("body") {
        Some(Value::String(text)) => feed::parse(feed, text.as_bytes(), &select),
        body => feed::parse_json(feed, body.unwrap_or(&Value::Null), &select),
    };
    Ok(match parsed? {
        Parsed::Intensity(found) => json!({ "intensity": intensity(&found) }),
        Parsed::Series(found) => json!({ "series": series(&found) }),
        Parsed::Region(row) => json!({ "region": row }),
        Parsed::Token(token) => json!({ "token": token.reveal() }),
    })
}

/// An instant without a fraction of zero.
fn instant(at: Timestamp) -> String {
    at.to_string().replacen(".000Z", "Z", 1)
}

fn intensity(found: &Intensity) -> Value {
    let (from, to) = match found.period {
        Period::Span(from, to) => (json!(instant(from)), json!(instant(to))),
        Period::Year(_) => (Value::Null, Value::Null),
    };
    json!({
        "g_per_kwh": number(found.g_per_kwh.central), "low": number(found.g_per_kwh.low),
        "high": number(found.g_per_kwh.high), "signal": found.signal, "basis": found.basis, "zone": found.zone,
        "from": from, "to": to, "tier": found.tier, "estimated": found.estimated, "source": found.source,
        "data": found.data,
    })
}

fn series(found: &IntensitySeries) -> Value {
    json!({
        "zone": found.zone, "signal": found.signal, "basis": found.basis,
        "interpolation": found.curve.interpolation(), "step_s": found.curve.step_s(), "start": instant(found.start),
        "values": found.curve.values().iter().map(|value| value.map(number)).collect::<Vec<_>>(),
        "tier": found.tier, "estimated": found.estimated, "source": found.source, "data": found.data,
    })
}

/// The result holds the secrets that are to be sent.
fn request(input: &Input<'_>) -> Result<Value, CarbonError> {
    let text = |name: &str| input.opt_str(name).map(|text| text.map(str::to_owned));
    // A secret of the wrong type must not show in the error.
    let secret = |name: &str| match input.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(Secret::new(text))),
        Some(_) => Err(CarbonError::from(ConfigError::new(input.path(name), "…", "not text", "give text"))),
    };
    let at = |name: &str| -> Result<Option<Timestamp>, CarbonError> {
        Ok(input.opt_str(name)?.map(str::parse::<Timestamp>).transpose()?)
    };
    let request = feed::request(
        named(input)?,
        Parameters {
            zone: text("zone")?,
            region: text("region")?,
            signal_type: text("signal_type")?,
            token: secret("token")?,
            username: text("username")?,
            password: secret("password")?,
            from: at("from")?,
            to: at("to")?,
            postcode: text("postcode")?,
        },
    )?;
    let headers = request.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value.reveal())));
    Ok(json!({
        "method": request.method, "url": request.url, "headers": headers.collect::<serde_json::Map<_, _>>(),
        "timeout_s": request.timeout_s,
    }))
}

//! Services that publish carbon intensities: how to ask them and how to read their answers. Nothing here sends anything.
//!
//! A binding carries out the [`HttpRequest`] and hands the body to [`parse`]. Fields that are not needed are ignored;
//! those that are needed are strictly typed.
//!
//! ```
//! use finops_core::carbon::feed::{self, Feed, Parsed, Select};
//! let body = br#"{"data": [{"from": "2026-01-20T12:00Z", "to": "2026-01-20T12:30Z",
//!                           "intensity": {"forecast": 266, "actual": 263}}]}"#;
//! let Parsed::Intensity(now) = feed::parse(Feed::UkIntensity, body, &Select::default())? else { unreachable!() };
//! assert_eq!((now.g_per_kwh.central, now.zone.as_ref()), (263.0, "ukci:GB"));
//! # Ok::<(), finops_core::carbon::CarbonError>(())
//! ```

pub mod electricity_maps;
pub mod gsf_regions;
mod node;
mod points;
mod request;
pub mod uk_carbon_intensity;
pub mod watttime;

pub use request::{HttpRequest, Parameters, Secret, TIMEOUT_S, request};

use super::{CarbonError, Intensity, IntensitySeries, range::names};
use node::Node;
use serde_json::Value;

names! {
    /// One kind of answer of one service.
    Feed {
        /// Electricity Maps: the intensity now.
        ElectricityMapsLatest = "electricity_maps.latest",
        /// Electricity Maps: the hours to come.
        ElectricityMapsForecast = "electricity_maps.forecast",
        /// Electricity Maps: the hours gone by.
        ElectricityMapsHistory = "electricity_maps.history",
        /// `WattTime`: a token for name and password.
        WattTimeLogin = "watttime.login",
        /// `WattTime`: the hours to come.
        WattTimeForecast = "watttime.forecast",
        /// GB Carbon Intensity: the whole of Great Britain.
        UkIntensity = "uk_carbon_intensity.intensity",
        /// GB Carbon Intensity: its regions.
        UkRegional = "uk_carbon_intensity.regional",
        /// The Green Software Foundation's cloud region metadata, a CSV that the user supplies.
        GsfRegions = "gsf_regions.csv",
    }
}

/// Which part of an answer is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select {
    /// The whole series instead of its first interval.
    pub as_series: bool,
    /// A region of Great Britain, 1 to 17, or 18 for all of it.
    pub region_id: Option<u64>,
    /// A cloud region: `aws:`, `azure:` or `gcp:` and its name.
    pub region: Option<String>,
}

/// What an answer holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    /// One intensity.
    Intensity(Box<Intensity>),
    /// Intensities over time.
    Series(Box<IntensitySeries>),
    /// A cloud region's row.
    Region(gsf_regions::RegionRow),
    /// A token.
    Token(Secret),
}

/// Reads the answer `body` of `feed`.
///
/// # Errors
/// `carbon.feed_refused` for an answer that is an error; `carbon.feed_shape` for an undocumented shape, with its path;
/// `carbon.feed_signal`, `carbon.feed_unit`, `carbon.feed_irregular`, `carbon.feed_ambiguous`, `carbon.feed_no_value`;
/// `carbon.bad_number` and `carbon.bad_pue` for impossible values; `carbon.unknown_zone` for a region that a table has not.
pub fn parse(feed: Feed, body: &[u8], select: &Select) -> Result<Parsed, CarbonError> {
    if feed == Feed::GsfRegions {
        return gsf_regions::parse(body, select.region.as_deref()).map(Parsed::Region);
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        let problem = format!("not JSON (line {}, column {})", error.line(), error.column());
        CarbonError::feed_shape("body", problem)
    })?;
    parse_json(feed, &body, select)
}

/// Reads the answer `body` of `feed`, JSON that is parsed already; a CSV is a JSON text.
///
/// # Errors
/// As [`parse`].
pub fn parse_json(feed: Feed, body: &Value, select: &Select) -> Result<Parsed, CarbonError> {
    if let (Feed::GsfRegions, Value::String(text)) = (feed, body) {
        return gsf_regions::parse(text.as_bytes(), select.region.as_deref()).map(Parsed::Region);
    }
    let body = Node::body(body);
    body.check_not_refused()?;
    match feed {
        Feed::ElectricityMapsLatest if !select.as_series => electricity_maps::latest(&body).map(intensity),
        Feed::ElectricityMapsLatest => electricity_maps::latest_series(&body).map(series),
        Feed::ElectricityMapsForecast => electricity_maps::list(&body, "forecast").map(series),
        Feed::ElectricityMapsHistory => electricity_maps::list(&body, "history").map(series),
        Feed::WattTimeLogin => watttime::token(&body).map(Parsed::Token),
        Feed::WattTimeForecast => watttime::forecast(&body).map(series),
        Feed::UkIntensity if !select.as_series => uk_carbon_intensity::national(&body).map(intensity),
        Feed::UkIntensity => uk_carbon_intensity::national_series(&body).map(series),
        Feed::UkRegional if !select.as_series => {
            uk_carbon_intensity::regional(&body, select.region_id).map(intensity)
        }
        Feed::UkRegional => uk_carbon_intensity::regional_series(&body, select.region_id).map(series),
        Feed::GsfRegions => Err(CarbonError::feed_shape("body", "not CSV text")),
    }
}

fn intensity(intensity: Intensity) -> Parsed {
    Parsed::Intensity(Box::new(intensity))
}

fn series(series: IntensitySeries) -> Parsed {
    Parsed::Series(Box::new(series))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn selects() -> impl Strategy<Value = Select> {
        (any::<bool>(), prop::option::of(0_u64..20), prop::option::of("(aws|azure|gcp|x):[a-z]{0,3}"))
            .prop_map(|(as_series, region_id, region)| Select { as_series, region_id, region })
    }

    /// JSON made of the services' own words, so that the fuzz gets past the first field.
    fn bodies() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (0_u64..3000).prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            prop::sample::select(&[
                "2026-01-05T10:00:00Z",
                "2026-01-05T10:05:00Z",
                "2026-01-05T10:30Z",
                "2026-01-05T11:00:00Z",
                "9999-01-05T10:00:00Z",
                "DE",
                "lifecycle",
                "co2_moer",
                "lbs_co2_per_mwh",
                "error",
            ])
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 40, 5, |inner| {
            let name = prop::sample::select(&[
                "data",
                "regions",
                "regionid",
                "intensity",
                "from",
                "to",
                "forecast",
                "actual",
                "zone",
                "carbonIntensity",
                "datetime",
                "emissionFactorType",
                "isEstimated",
                "history",
                "point_time",
                "value",
                "meta",
                "region",
                "signal_type",
                "units",
                "data_point_period_seconds",
                "token",
                "error",
                "status",
            ]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..8)
                    .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
            ]
        })
    }

    /// An answer of each service with one value somewhere replaced.
    fn mutated() -> impl Strategy<Value = (Feed, Value)> {
        let good = [
            (
                Feed::ElectricityMapsLatest,
                json!({"zone": "DE", "carbonIntensity": 302, "datetime": "2026-01-05T11:00:00.000Z", "emissionFactorType": "lifecycle", "isEstimated": false}),
            ),
            (
                Feed::ElectricityMapsForecast,
                json!({"zone": "DE", "forecast": [{"carbonIntensity": 300, "datetime": "2026-01-05T11:00:00Z"}, {"carbonIntensity": 280, "datetime": "2026-01-05T12:00:00Z"}]}),
            ),
            (
                Feed::WattTimeForecast,
                json!({"data": [{"point_time": "2026-01-05T10:00:00+00:00", "value": 870.5}, {"point_time": "2026-01-05T10:05:00+00:00", "value": 1}], "meta": {"region": "X", "signal_type": "co2_moer", "units": "lbs_co2_per_mwh", "data_point_period_seconds": 300}}),
            ),
            (
                Feed::UkIntensity,
                json!({"data": [{"from": "2026-01-20T12:00Z", "to": "2026-01-20T12:30Z", "intensity": {"forecast": 266, "actual": 263}}]}),
            ),
            (
                Feed::UkRegional,
                json!({"data": [{"regionid": 12, "data": [{"from": "2026-01-20T12:00Z", "to": "2026-01-20T12:30Z", "intensity": {"forecast": 126}}]}]}),
            ),
        ];
        (prop::sample::select(good.to_vec()), bodies(), any::<prop::sample::Index>()).prop_map(
            |((feed, mut body), value, at)| {
                let mut places = Vec::new();
                pointers(&body, String::new(), &mut places);
                *body.pointer_mut(&places[at.index(places.len())]).unwrap() = value;
                (feed, body)
            },
        )
    }

    fn pointers(value: &Value, here: String, places: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(k, v)| pointers(v, format!("{here}/{k}"), places))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, v)| pointers(v, format!("{here}/{i}"), places))
            }
            _ => {}
        }
        places.push(here);
    }

    fn refused_politely(result: Result<Parsed, CarbonError>) -> bool {
        result.map_or_else(
            |e| {
                e.code().starts_with("carbon.feed_")
                    || matches!(e.code(), "carbon.bad_number" | "carbon.bad_pue" | "carbon.unknown_zone")
            },
            |_| true,
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn any_bytes_are_read_or_refused(
            feed in prop::sample::select(Feed::ALL), body in prop::collection::vec(any::<u8>(), 0..200), select in selects()
        ) {
            prop_assert!(refused_politely(parse(feed, &body, &select)));
        }

        #[test]
        fn any_json_is_read_or_refused(feed in prop::sample::select(Feed::ALL), body in bodies(), select in selects()) {
            prop_assert!(refused_politely(parse_json(feed, &body, &select)));
        }

        #[test]
        fn answers_with_one_wrong_value_are_read_or_refused((feed, body) in mutated(), select in selects()) {
            prop_assert!(refused_politely(parse_json(feed, &body, &select)));
        }

        #[test]
        fn csv_like_bytes_are_read_or_refused(
            rows in prop::collection::vec("(2023|x|)?,(Amazon Web Services|AWS)?,[a-b]?,(1.1|NA|-1|0)?,(4|x)?,,\n?", 0..6)
        ) {
            let body = format!("{}\n{}", gsf_regions::COLUMNS.join(","), rows.join("\n"));
            let select = Select { region: Some("aws:a".to_owned()), ..Select::default() };
            prop_assert!(refused_politely(parse(Feed::GsfRegions, body.as_bytes(), &select)));
        }
    }
}

#![no_main]
//! Any body of any carbon feed is an intensity, a series or a typed error.
use finops_core::carbon::wire;

const FEEDS: [&str; 6] = [
    "electricity_maps.latest",
    "electricity_maps.forecast",
    "watttime.forecast",
    "uk_carbon_intensity.intensity",
    "uk_carbon_intensity.regional",
    "gsf_regions.csv",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let feed = FEEDS[usize::from(*first) % FEEDS.len()];
    let text = String::from_utf8_lossy(rest);
    let body = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text.into_owned()));
    let _ = wire::call("feed_parse", &serde_json::json!({"feed": feed, "body": body}));
});

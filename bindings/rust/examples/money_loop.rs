//! The Rust twin of `examples/money_loop/demo.py`: the same recordings, the same tags, one line of exact totals a team.
#![expect(clippy::print_stdout, reason = "an example prints")]
#![expect(clippy::indexing_slicing, reason = "an absent member of a JSON value is null")]

use finops::{
    Extracted, MonitorConfig, MonitorOptions, ResourceMonitor, StreamMeter, Timestamp, extract,
    telemetry::monitor::Given,
};
use serde_json::{Value, json};
use std::{error::Error, fs::File, io::Read as _};

/// 2026-11-01T00:00:00Z: the first request; one follows every minute.
const START_MS: i64 = 1_793_491_200_000;
const MINUTE_MS: i64 = 60_000;
const TEAMS: [&str; 4] = ["assistant", "fraud", "platform", "search"];
const ENVIRONMENTS: [&str; 3] = ["production", "production", "staging"];

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("give the path of recorded.jsonl.gz")?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(File::open(path)?).read_to_string(&mut text)?;

    let options = MonitorOptions { max_records: Some(100_000), ..MonitorOptions::default() };
    let monitor = ResourceMonitor::<Value>::new(MonitorConfig::new(options, |_| None)?)?;
    let mut at = Timestamp::from_ms(START_MS).ok_or("no such instant")?;
    for line in text.lines() {
        let row: Value = serde_json::from_str(line)?;
        let id = row["id"].as_str().ok_or("a recording without an id")?;
        let provider = row["provider"].as_str();
        let model = row["requested_model"].as_str();
        let metadata = tags_of(id)?;
        let extracted = match row["form"].as_str() {
            Some("json") => extract(&row["body"], provider)?,
            _ => streamed(&row, provider, model, id)?,
        };
        let given = Given { provider, model, request_id: Some(id), ..Given::default() };
        let tags = monitor.tag_schema().collect_json(&metadata);
        monitor.log_extracted(&extracted, &given, at, |call| call.tags = tags, Some(metadata))?;
        at = at.saturating_add_ms(MINUTE_MS);
    }
    for row in monitor.summary(&["team"], &[])? {
        let team = row.key.first().and_then(|(_, team)| team.as_deref()).unwrap_or("-");
        let cost = row.cost_usd.map_or_else(|| "-".to_owned(), |usd| usd.to_string());
        let (joules, kg) = (row.energy_joules.unwrap_or_default(), row.carbon_kg.unwrap_or_default());
        println!("{team} {} {} {cost} {joules:.3} {kg:.9}", row.requests, row.total_tokens);
    }
    Ok(())
}

fn tags_of(id: &str) -> Result<Value, Box<dyn Error>> {
    let number = usize::from_str_radix(id.get(..8).ok_or("a short id")?, 16)?;
    let team = TEAMS.get(number % 4);
    let environment = ENVIRONMENTS.get(number / 4 % 3);
    Ok(json!({"team": team, "environment": environment}))
}

fn streamed(
    row: &Value,
    provider: Option<&str>,
    model: Option<&str>,
    id: &str,
) -> Result<Extracted, Box<dyn Error>> {
    let mut meter = StreamMeter::new(provider, model, Some(id));
    for event in row["body"].as_array().ok_or("a stream without events")? {
        meter.push(event)?;
    }
    Ok(meter.finish()?)
}

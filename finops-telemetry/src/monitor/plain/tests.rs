use super::*;
use crate::monitor::{Filter, MonitorConfig, MonitorOptions, Setting, routes::Routes};
use finops_core::money::decimal;
use proptest::prelude::*;
use serde_json::json;

fn monitor() -> ResourceMonitor<u64> {
    let options = MonitorOptions { max_records: Some(5), ..MonitorOptions::default() };
    ResourceMonitor::new(MonitorConfig::new(options, |_| None).unwrap()).unwrap()
}

fn instant(day: i64) -> Timestamp {
    "2024-01-01T00:00:00Z".parse::<Timestamp>().unwrap().saturating_add_ms(day.saturating_mul(86_400_000))
}

const MODELS: [(&str, Option<&str>); 8] = [
    ("gpt-4o", None),
    ("gpt-4o", Some("openai")),
    ("GPT-4o", None),
    ("claude-sonnet-4-5", Some("anthropic")),
    ("gemini-2.5-pro", None),
    ("deepseek-chat", None),
    ("unheard-of", None),
    ("llama3", Some("ollama")),
];

/// The place of the model, the counts, the day, the duration, a tag or none, and whether it failed.
type Said = (usize, [u64; 5], i64, Option<u64>, u8, bool);

fn calls() -> impl Strategy<Value = Vec<Said>> {
    let count = prop_oneof![3 => 0_u64..3000, 1 => Just(0_u64), 1 => 100_000_u64..400_000, 1 => any::<u64>()];
    let call = (
        0..MODELS.len(),
        prop::array::uniform5(count),
        prop_oneof![Just(1000_i64), 990_i64..1010, 0_i64..1100],
        prop::option::of(0_u64..1 << 40),
        0_u8..3,
        any::<bool>(),
    );
    prop::collection::vec(call, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_known_name_is_logged_as_one_that_is_new(calls in calls()) {
        let (known, new) = (monitor(), monitor());
        for (n, (model, counts, day, duration, tag, failed)) in (0_u64..).zip(calls) {
            let (model, provider) = MODELS[model];
            let [input, cache_read, cache_write_5m, output, reasoning] = counts;
            let usage = TextUsage { input, cache_read, cache_write_5m, output, reasoning };
            let metadata = if tag == 0 { json!(null) } else { json!({"team": tag, "user": "u"}) };
            let tags = known.tag_schema().collect_json(&metadata);
            let outcome = if failed { Outcome::Error } else { Outcome::Ok };
            let call = PlainCall {
                provider, outcome, duration: duration.map(DurationNs::new), tags: &tags,
                ..PlainCall::new(model, usage, instant(day))
            };
            let one = known.log_plain(&call, Some(Arc::new(n)));
            new.lock().routes = Routes::default();
            let other = new.log_plain(&call, Some(Arc::new(n)));
            match (one, other) {
                (Ok(one), Ok(other)) => prop_assert_eq!(one.to_json(None), other.to_json(None)),
                (one, other) => prop_assert_eq!(one.map_err(|e| e.to_string()), other.map_err(|e| e.to_string())),
            }
        }
        prop_assert_eq!(known.snapshot().unwrap(), new.snapshot().unwrap());
        prop_assert_eq!(known.stats(), new.stats());
        let read = |monitor: &ResourceMonitor<u64>| {
            let entries = monitor.get_metrics(&Filter::default());
            entries.iter().map(|entry| (entry.record.to_json(None), entry.payload.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(read(&known), read(&new));
    }
}

#[test]
fn what_changes_is_forgotten() {
    let monitor = monitor();
    let log = || {
        let call = PlainCall::new("gpt-4o", TextUsage::new(1000, 500), instant(1000));
        monitor.log_plain(&call, None).unwrap()
    };
    let usd = |record: &InferenceRecord| record.unit_cost().unwrap().to_string();
    let (first, second) = (log(), log());
    assert_eq!((usd(&first), usd(&second)), ("0.0075".to_owned(), "0.0075".to_owned()));
    assert!(Arc::ptr_eq(&second.head, &log().head), "the price is shared");
    monitor.set(Setting::CarbonIntensityGPerKwh, decimal::parse("100").unwrap()).unwrap();
    let third = log();
    assert!(third.carbon_kg() < second.carbon_kg());
    assert_eq!(second.carbon_intensity_exact(), decimal::parse("400").unwrap(), "records keep their factors");
    monitor.set(Setting::CostPer1kInputTokens, decimal::parse("1").unwrap()).unwrap();
    assert_eq!(log().price_source().unwrap().name(), "configured");
    monitor.reset_metrics();
    let _ = (log(), log());
    assert_eq!((monitor.stats().requests, monitor.stats().groups), (2, 1));
}

#[test]
fn a_held_record_is_never_written_over() {
    let monitor = monitor();
    let log = |input| {
        monitor.log_plain(&PlainCall::new("gpt-4o", TextUsage::new(input, 1), instant(1000)), None).unwrap()
    };
    let held: Vec<_> = (0..20).map(log).collect();
    for n in 20..60 {
        log(n);
    }
    assert_eq!(
        held.iter().map(|record| record.input_tokens()).collect::<Vec<_>>(),
        (0..20).collect::<Vec<_>>()
    );
}

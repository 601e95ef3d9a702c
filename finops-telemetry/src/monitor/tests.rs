use super::*;
use crate::{
    budget::{Budget, Budgets},
    record::{InferenceRecord, Record},
};
use finops_core::{
    carbon::Grid,
    cost::{ModelPrice, PriceSource, Status},
    money::{Picodollars, Rate, decimal},
    time::{DurationNs, Timestamp},
    usage::Usage,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

fn at() -> Timestamp {
    "2026-11-01T12:00:00Z".parse().unwrap()
}

fn with(options: MonitorOptions) -> ResourceMonitor<Value> {
    ResourceMonitor::new(MonitorConfig::new(options, |_| None).unwrap()).unwrap()
}

fn plain() -> ResourceMonitor<Value> {
    with(MonitorOptions::default())
}

fn call(model: &str, input: u64, output: u64) -> InferenceCall<'_> {
    InferenceCall::new(model, Usage::new(input, output), at())
}

fn total(monitor: &ResourceMonitor<Value>) -> Value {
    let rows = monitor.summary(&[], &[]).unwrap();
    serde_json::to_value(&rows).unwrap()
}

#[test]
fn metrics_are_filtered_and_drained_once() {
    let monitor = plain();
    for (n, model) in [(0, "gpt-4o"), (1, "gpt-4o-mini"), (2, "gpt-4o")] {
        let one = InferenceCall { at: at().saturating_add_ms(n), ..call(model, 1, 1) };
        monitor.log_inference(&one, Some(json!({"n": n}))).unwrap();
    }
    monitor.log_training(&TrainingCall::new("gpt-4o", decimal::parse("1").unwrap(), 1, at()), None).unwrap();
    let read = |filter: Filter<'_>| {
        let entries = monitor.get_metrics(&filter);
        entries
            .iter()
            .map(|e| e.payload.as_deref().map_or(-1, |p| p["n"].as_i64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(read(Filter::default()), [0, 1, 2, -1]);
    assert_eq!(read(Filter { kind: Some("inference"), limit: Some(2), ..Filter::default() }), [1, 2]);
    assert_eq!(read(Filter { kind: Some("training"), ..Filter::default() }), [-1]);
    assert_eq!(read(Filter { model: Some("gpt-4o-mini"), ..Filter::default() }), [1]);
    assert_eq!(read(Filter { since: Some(at().saturating_add_ms(1)), ..Filter::default() }), [1, 2]);
    assert_eq!(
        (monitor.drain(Some(3)).len(), monitor.drain(None).len(), monitor.drain(None).len()),
        (3, 1, 0)
    );
    assert_eq!(read(Filter::default()).len(), 4, "drained records stay readable");
}

#[test]
fn the_ring_is_bounded_and_counts_what_it_lost() {
    let monitor = with(MonitorOptions { max_records: Some(10), ..MonitorOptions::default() });
    for _ in 0..25 {
        monitor.log_inference(&call("gpt-4o", 1, 1), None).unwrap();
    }
    let stats = monitor.stats();
    assert_eq!((stats.records, stats.requests, stats.dropped, stats.undrained), (10, 25, 15, 10));
    assert!(monitor.openmetrics(at()).unwrap().contains("finops_records_dropped_total 15\n"));
    monitor.sink_failed(4);
    let stats = monitor.stats();
    assert_eq!((stats.dropped, stats.sink_errors), (19, 1));
    monitor.reset_metrics();
    let stats = monitor.stats();
    assert_eq!(
        (stats.records, stats.requests, stats.dropped, stats.groups, stats.sink_errors),
        (0, 0, 0, 0, 1)
    );
}

#[test]
fn a_request_id_is_forgotten_on_reset_and_a_failed_call_remembers_nothing() {
    let monitor = with(MonitorOptions { strict: true, ..MonitorOptions::default() });
    let id = |model| InferenceCall { request_id: Some("r"), ..call(model, 1, 1) };
    assert_eq!(monitor.log(&id("no-such-model"), None).unwrap_err().code(), "price.unknown_model");
    assert_eq!((monitor.stats().request_ids, monitor.stats().requests), (0, 0));
    let first = monitor.log(&id("gpt-4o"), Some(json!(1))).unwrap();
    let again = monitor.log(&id("gpt-4o"), Some(json!(2))).unwrap();
    assert!(again.duplicate && !first.duplicate);
    assert_eq!(again.payload.as_deref(), Some(&json!(1)), "the first metadata comes with the first record");
    monitor.reset_metrics();
    assert!(!monitor.log(&id("gpt-4o"), None).unwrap().duplicate);
    let blank = InferenceCall { request_id: Some(" "), ..call("gpt-4o", 1, 1) };
    assert!(!monitor.log(&blank, None).unwrap().duplicate && !monitor.log(&blank, None).unwrap().duplicate);
}

#[test]
fn an_assigned_cost_is_explicit_and_old_records_keep_theirs() {
    let monitor = plain();
    let before = monitor.log_inference(&call("gpt-4o", 1000, 0), None).unwrap();
    assert_eq!(before.price_source(), Some(PriceSource::Catalogue));
    monitor.set(Setting::CostPer1kInputTokens, decimal::parse("0.5").unwrap()).unwrap();
    let after = monitor.log_inference(&call("gpt-4o", 1000, 0), None).unwrap();
    assert_eq!(
        (after.price_source(), after.unit_cost().unwrap().to_string()),
        (Some(PriceSource::Configured), "0.5".to_owned())
    );
    assert_eq!(before.unit_cost().unwrap().to_string(), "0.0025");
    assert_eq!(monitor.source_of("cost_per_1k_input_tokens"), Some(Source::Assigned));
    let error = monitor.set(Setting::CostPer1kInputTokens, decimal::parse("-1").unwrap()).unwrap_err();
    assert_eq!((error.code(), error.path()), ("config.invalid", "cost_per_1k_input_tokens"));
    assert_eq!(decimal::text(monitor.setting(Setting::CostPer1kInputTokens)), "0.5");
}

#[test]
fn live_intensity_and_energy_apply_to_later_calls() {
    let monitor = plain();
    monitor.set(Setting::CarbonIntensityGPerKwh, decimal::parse("100").unwrap()).unwrap();
    let record = monitor.log_inference(&call("gpt-4o", 1000, 0), None).unwrap();
    assert_eq!(
        (record.carbon_kg_text(), record.energy_joules_text()),
        ("0.00005".to_owned(), "1800".to_owned())
    );
    monitor.set_grid(Grid::Scalar(decimal::parse("200").unwrap())).unwrap();
    monitor.set(Setting::EnergyWhPer1kTokens, decimal::parse("1").unwrap()).unwrap();
    let later = monitor.log_inference(&call("gpt-4o", 1000, 0), None).unwrap();
    assert_eq!(
        (later.carbon_kg_text(), later.energy_joules_text()),
        ("0.0002".to_owned(), "3600".to_owned())
    );
    assert_eq!(record.carbon_kg_text(), "0.00005");
    assert_eq!(decimal::text(monitor.setting(Setting::CarbonIntensityGPerKwh)), "200");
    monitor.set(Setting::GpuPowerKw, decimal::parse("1").unwrap()).unwrap();
    let run = TrainingCall::new("m", decimal::parse("1").unwrap(), 1, at());
    assert_eq!(monitor.log_training(&run, None).unwrap().energy_joules_text(), "3600000");
    let stronger = TrainingCall { gpu_power_kw: decimal::parse("2"), ..run };
    assert_eq!(monitor.log_training(&stronger, None).unwrap().energy_joules_text(), "7200000");
}

#[test]
fn a_region_decides_the_intensity_unless_a_number_was_given() {
    let region = |carbon_intensity_g_per_kwh| {
        let carbon = finops_core::carbon::CarbonConfig {
            region: Some("aws:eu-north-1".to_owned()),
            ..finops_core::carbon::CarbonConfig::default()
        };
        with(MonitorOptions { carbon, carbon_intensity_g_per_kwh, ..MonitorOptions::default() })
    };
    let monitor = region(None);
    assert_eq!(decimal::text(monitor.setting(Setting::CarbonIntensityGPerKwh)), "35.26");
    assert_eq!(monitor.source_of("carbon_intensity_g_per_kwh"), Some(Source::Region));
    let given = region(decimal::parse("50"));
    assert_eq!(given.source_of("carbon_intensity_g_per_kwh"), Some(Source::Constructor));
    assert_eq!(
        given.log_inference(&call("m", 1, 0), None).unwrap().carbon_intensity().to_bits(),
        50_f64.to_bits()
    );
}

#[test]
fn a_price_set_later_wins_from_then_on() {
    let monitor = plain();
    let price = ModelPrice {
        input: Some(Rate::from_usd_per_mtok(decimal::parse("7").unwrap()).unwrap()),
        ..ModelPrice::new("mystery")
    };
    assert_eq!(monitor.log_inference(&call("mystery", 1000, 0), None).unwrap().status(), Status::Estimated);
    monitor.set_price(price).unwrap();
    let record = monitor.log_inference(&call("mystery", 1000, 0), None).unwrap();
    assert_eq!((record.status(), record.price_source()), (Status::Priced, Some(PriceSource::Custom)));
    assert_eq!(record.input_cost().unwrap().to_string(), "0.007");
}

fn budgets(limit: &str, per: &[&str]) -> Arc<Budgets> {
    let mut budget = Budget::new("b", limit).unwrap();
    budget.per = per.iter().map(|tag| (*tag).to_owned()).collect();
    Arc::new(Budgets::new(vec![budget]).unwrap())
}

#[test]
fn a_reservation_holds_the_estimate_and_logging_settles_it_once() {
    let budgets = budgets("0.01", &[]);
    let monitor = with(MonitorOptions { budgets: Some(Arc::clone(&budgets)), ..MonitorOptions::default() });
    let plan = Plan { max_output_tokens: 500, ..Plan::new("gpt-4o", 1000, at()) };
    let hold = monitor.reserve(&plan, &Tags::default(), None).unwrap();
    let state = || {
        let state = &budgets.state(None, at()).unwrap()[0];
        (state.spent.to_string(), state.reserved.to_string())
    };
    assert_eq!(state(), ("0".to_owned(), "0.0075".to_owned()));
    assert_eq!(monitor.reserve(&plan, &Tags::default(), None).unwrap_err().code(), "budget.exceeded");
    let settling =
        InferenceCall { reservation: Some(&hold.id), request_id: Some("r"), ..call("gpt-4o", 1000, 100) };
    let logged = monitor.log(&settling, None).unwrap();
    assert_eq!(logged.settlement.unwrap().released.to_string(), "0.004");
    assert!(monitor.log(&settling, None).unwrap().duplicate);
    assert_eq!(state(), ("0.0035".to_owned(), "0".to_owned()));
    let unknown = InferenceCall { reservation: Some("nobody"), ..call("gpt-4o", 1, 1) };
    assert_eq!(monitor.log(&unknown, None).unwrap_err().code(), "budget.unknown_reservation");
    assert_eq!(monitor.stats().requests, 1, "nothing changes on an error");
    let spent = monitor.log(&call("gpt-4o", 2000, 0), None).unwrap();
    assert_eq!(
        (state().0, spent.settlement.unwrap().events),
        ("0.0085".to_owned(), vec!["b:0.8".to_owned()])
    );
    monitor.log_training(&TrainingCall::new("m", decimal::parse("1").unwrap(), 1, at()), None).unwrap();
    assert_eq!(state().0, "1.0085", "money that was spent is always recorded");
    let batch = BatchCall::new(&["gpt-4o"], Column::U64(&[1000, 1000]), Column::U64(&[0, 0]), at());
    monitor.log_batch(&batch).unwrap();
    assert_eq!(state().0, "1.0135");
}

#[test]
fn a_budget_may_look_at_tags_that_nobody_listed() {
    let budgets = budgets("1", &["tenant"]);
    let monitor = with(MonitorOptions { budgets: Some(Arc::clone(&budgets)), ..MonitorOptions::default() });
    let tags = monitor.tag_schema().collect_json(&json!({"tenant": "t1"}));
    monitor.log(&InferenceCall { tags, ..call("gpt-4o", 1000, 0) }, None).unwrap();
    monitor.log(&call("gpt-4o", 1000, 0), None).unwrap();
    let states = budgets.state(None, at()).unwrap();
    let of: Vec<_> = states.iter().map(|s| (s.budget.as_str(), s.spent.to_string())).collect();
    assert_eq!(of, [("b{tenant=t1}", "0.0025".to_owned())]);
}

#[test]
fn a_monitor_without_budgets_cannot_reserve() {
    let monitor = plain();
    let error = monitor.reserve(&Plan::new("gpt-4o", 1, at()), &Tags::default(), None).unwrap_err();
    assert_eq!((error.code(), error.path()), ("config.invalid", "budgets"));
    let settling = InferenceCall { reservation: Some("r"), ..call("gpt-4o", 1, 1) };
    assert_eq!(monitor.log(&settling, None).unwrap_err().path(), "reservation");
}

#[test]
fn a_batch_is_the_sum_of_its_calls_and_reports_its_bad_rows() {
    let (input, output) = ([1000.0, -1.0, 30.0, 5.0, 0.5], [500.0, 1.0, 0.0, 5.0, 1.0]);
    let index = [0_u32, 0, 1, 7, 1];
    let batch = BatchCall {
        models: &["gpt-4o", "gpt-4o-mini"],
        model_index: Some(Column::U32(&index)),
        ..BatchCall::new(&[], Column::F64(&input), Column::F64(&output), at())
    };
    let (batched, single) = (plain(), plain());
    let result = batched.log_batch(&batch).unwrap();
    single.log_inference(&call("gpt-4o", 1000, 500), None).unwrap();
    single.log_inference(&call("gpt-4o-mini", 30, 0), None).unwrap();
    assert_eq!(total(&batched), total(&single));
    assert_eq!(
        (result.rows, result.total_tokens, result.cost_usd.unwrap().to_string()),
        (2, 1530, "0.0075045".to_owned())
    );
    let bad: Vec<_> = result.errors.iter().map(|(row, error)| (*row, error.code())).collect();
    assert_eq!(bad, [(1, "usage.not_a_count"), (3, "usage.missing_model"), (4, "usage.not_a_count")]);
    assert_eq!(result.costs_usd[2].to_bits(), 0.000_004_5_f64.to_bits());
    assert!(result.costs_usd[1].is_nan() && result.costs_usd.len() == 5);
    assert_eq!(batched.stats().records, 0, "a batch makes no records");
    let uneven = BatchCall::new(&["gpt-4o"], Column::U64(&[1]), Column::U64(&[]), at());
    assert_eq!(batched.log_batch(&uneven).unwrap_err().path(), "output_tokens");
    let none = BatchCall { models: &[], ..batch };
    assert_eq!(batched.log_batch(&none).unwrap_err().path(), "models");
}

#[test]
fn a_snapshot_restores_roll_ups_and_counters() {
    let monitor = with(MonitorOptions { max_records: Some(1), ..MonitorOptions::default() });
    for _ in 0..3 {
        monitor.log_inference(&call("gpt-4o", 1000, 1), None).unwrap();
    }
    monitor.sink_failed(2);
    let text = monitor.snapshot().unwrap();
    let other = plain();
    other.restore(&text).unwrap();
    assert_eq!(total(&other), total(&monitor));
    assert_eq!((other.stats().dropped, other.stats().sink_errors), (4, 1));
    assert_eq!(other.snapshot().unwrap(), text);
    let strange = with(MonitorOptions { tags: Some(vec!["x".to_owned()]), ..MonitorOptions::default() });
    assert_eq!(strange.restore(&text).unwrap_err().code(), "config.invalid");
    assert_eq!(strange.restore("{}").unwrap_err().path(), "snapshot");
}

#[test]
fn monitors_that_merge_each_other_and_themselves_do_not_wait() {
    let (one, other) = (plain(), plain());
    one.log_inference(&call("gpt-4o", 10, 0), None).unwrap();
    other.log_inference(&call("gpt-4o", 20, 0), None).unwrap();
    one.merge(&other).unwrap();
    one.merge(&one).unwrap();
    assert_eq!(one.summary(&[], &[]).unwrap()[0].total_tokens, 60);
    assert_eq!(one.stats().requests, 4);
}

#[test]
fn a_panic_under_the_lock_does_not_end_the_monitor() {
    let monitor = plain();
    monitor.log_inference(&call("gpt-4o", 1, 1), None).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = monitor.lock();
        panic!("while the lock is held");
    }));
    assert!(caught.is_err() && monitor.state.is_poisoned());
    monitor.log_inference(&call("gpt-4o", 1, 1), None).unwrap();
    assert_eq!(monitor.stats().requests, 2);
}

/// Looks at its monitor when it is dropped: that would wait for ever under the lock.
struct Nosy(Arc<ResourceMonitor<Nosy>>, Arc<AtomicUsize>);

impl Drop for Nosy {
    fn drop(&mut self) {
        let _ = self.0.stats();
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn what_callers_keep_is_dropped_when_no_lock_is_held() {
    let options = MonitorOptions { max_records: Some(1), ..MonitorOptions::default() };
    let config = MonitorConfig::new(options, |_| None).unwrap();
    let monitor = Arc::new(ResourceMonitor::<Nosy>::new(config).unwrap());
    let dropped = Arc::new(AtomicUsize::new(0));
    let nosy = || Some(Nosy(Arc::clone(&monitor), Arc::clone(&dropped)));
    for _ in 0..3 {
        monitor.log_inference(&call("gpt-4o", 1, 1), nosy()).unwrap();
    }
    assert_eq!(dropped.load(Ordering::Relaxed), 2, "two made room");
    assert!(monitor.log_inference(&call(" ", 1, 1), nosy()).is_err());
    let id = InferenceCall { request_id: Some("r"), ..call("gpt-4o", 1, 1) };
    monitor.log_inference(&id, nosy()).unwrap();
    monitor.log_inference(&id, nosy()).unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 5, "refused, evicted, and given a second time");
    monitor.reset_metrics();
    assert_eq!(dropped.load(Ordering::Relaxed), 6);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test of threads needs threads")]
fn sixty_four_threads_log_exactly() {
    let monitor = Arc::new(plain());
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let monitor = Arc::clone(&monitor);
            std::thread::spawn(move || {
                for _ in 0..10_000 {
                    monitor.log_inference(&call("gpt-4o-mini", 1234, 567), None).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let row = &monitor.summary(&[], &[]).unwrap()[0];
    assert_eq!((row.requests, row.total_tokens), (640_000, 1_152_640_000));
    assert_eq!(row.cost_usd.unwrap().to_string(), "336.192");
    let stats = monitor.stats();
    assert_eq!((stats.records, stats.dropped), (10_000, 630_000));
}

#[test]
fn unknown_models_and_tag_values_without_end_keep_tables_at_their_bounds() {
    let options =
        MonitorOptions { max_records: Some(0), max_groups: Some(1000), ..MonitorOptions::default() };
    let monitor = with(options);
    let schema = Arc::clone(monitor.tag_schema());
    let mut name = String::new();
    for n in 0..1_000_000_u32 {
        use std::fmt::Write as _;
        name.clear();
        write!(name, "name-{n}").unwrap();
        let tags = schema.collect(|key| (key == "user").then_some(name.as_str().into()));
        monitor.log_inference(&InferenceCall { tags, ..call(&name, 1, 1) }, None).unwrap();
    }
    let stats = monitor.stats();
    assert_eq!((stats.requests, stats.unknown_models), (1_000_000, 1024));
    assert!(stats.groups <= monitor.rollup().capacity() && stats.groups < 2000, "{stats:?}");
    assert!(stats.names <= 4096 && stats.request_ids == 0 && stats.records == 0, "{stats:?}");
    let row = &monitor.summary(&[], &[]).unwrap()[0];
    assert_eq!((row.requests, row.total_tokens), (1_000_000, 2_000_000));
}

#[test]
fn a_modelled_energy_says_how_and_survives_the_wire() {
    let carbon = finops_core::carbon::CarbonConfig {
        energy_method: Some(finops_core::carbon::EnergyMethod::Auto),
        ..finops_core::carbon::CarbonConfig::default()
    };
    let monitor = with(MonitorOptions { carbon, ..MonitorOptions::default() });
    let model = "meta-llama/Llama-3.1-8B-Instruct";
    let duration = Some(DurationNs::new(2_000_000_000));
    let record = monitor.log_inference(&InferenceCall { duration, ..call(model, 1000, 200) }, None).unwrap();
    assert_eq!(record.energy()["method"], "finops-llm/1");
    assert!(record.carbon().get("embodied").is_some());
    let (back, _) = InferenceRecord::from_json(&record.to_json(None)).unwrap();
    assert_eq!(back, *record);
    let flat = monitor.log_inference(&call("gpt-4o", 1000, 500), None).unwrap();
    assert_eq!(
        (flat.energy()["method"].as_str(), flat.energy_joules().to_bits()),
        (Some("flat-tokens/1"), 2700_f64.to_bits())
    );
}

#[test]
fn a_record_takes_the_interval_of_a_series_that_holds_its_instant() {
    use finops_core::carbon::{
        Basis, Curve, DataId, IntensitySeries, Interpolation, Signal, Source as Publisher, Tier,
    };
    let series = IntensitySeries {
        start: at(),
        curve: Curve::new(3600, Interpolation::Step, vec![Some(100.0), Some(300.0)]).unwrap(),
        zone: "test".into(),
        signal: Signal::Average,
        basis: Basis::Direct,
        tier: Tier::Modelled,
        estimated: true,
        source: Publisher { id: "test".into(), url: "".into(), licence: "".into(), retrieved: None },
        data: DataId::LIVE,
    };
    let monitor = plain();
    monitor.set_grid(Grid::from(series)).unwrap();
    let log = |hours: i64| {
        let later = at().saturating_add_ms(hours * 3_600_000);
        let one = InferenceCall { at: later, ..call("gpt-4o", 1000, 0) };
        let record = monitor.log_inference(&one, None).unwrap();
        (decimal::text(record.carbon_intensity_exact()), record.carbon_kg_text(), record.energy_joules_text())
    };
    assert_eq!(log(0), ("100".to_owned(), "0.00005".to_owned(), "1800".to_owned()));
    assert_eq!(log(1), ("300".to_owned(), "0.00015".to_owned(), "1800".to_owned()));
    assert_eq!(log(9).0, "400", "outside the series the configured scalar");
}

#[test]
fn the_wire_form_refuses_what_is_none() {
    let record = plain().log_inference(&call("gpt-4o", 1, 1), None).unwrap();
    let text = record.to_json(None);
    for (from, to) in [
        ("finops.inference/1", "finops.inference/9"),
        ("\"energy_joules\":\"3.6\"", "\"energy_joules\":\"-1\""),
        ("\"outcome\":\"ok\"", "\"outcome\":\"fine\""),
        ("\"usage\":{", "\"usage\":{\"inputs\":1,"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        let error = InferenceRecord::from_json(&text.replace(from, to)).unwrap_err();
        assert_eq!(error.code(), "config.invalid", "{to}");
    }
    assert!(crate::record::TrainingRecord::from_json(&text).is_err());
}

/// Model, usage, duration, team, whether it failed.
type Told = (usize, Usage, Option<u64>, Option<usize>, bool);

fn any_call() -> impl Strategy<Value = Told> {
    (
        0_usize..4,
        (0_u64..1 << 40, 0_u64..1 << 40, 0_u64..1 << 30),
        any::<Option<u32>>(),
        prop::option::of(0_usize..3),
        any::<bool>(),
    )
        .prop_map(|(model, (input, output, cache_read), duration, team, failed)| {
            let usage = Usage { cache_read, ..Usage::new(input, output) };
            (model, usage, duration.map(u64::from), team, failed)
        })
}

const MODELS: [&str; 4] = ["gpt-4o", "claude-sonnet-4-5", "gpt-4o-mini-2031-02-03", "unknown-x"];
const TEAMS: [&str; 3] = ["a", "b\"\n", "ü"];

fn log_all(monitor: &ResourceMonitor<Value>, calls: &[Told]) -> Vec<Arc<InferenceRecord>> {
    let log = |(model, usage, duration, team, failed): &Told| {
        let team = team.map(|team| TEAMS[team]);
        let tags = monitor.tag_schema().collect(|key| team.filter(|_| key == "team").map(Into::into));
        let one = InferenceCall {
            tags,
            duration: duration.map(DurationNs::new),
            outcome: if *failed { Outcome::Error } else { Outcome::Ok },
            ..InferenceCall::new(MODELS[*model], *usage, at())
        };
        monitor.log_inference(&one, None).unwrap()
    };
    calls.iter().map(log).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_records_and_merges_changes_nothing(
        calls in prop::collection::vec(any_call(), 0..30), cut in 0_usize..30
    ) {
        let whole = plain();
        log_all(&whole, &calls);
        let (left, right) = calls.split_at(cut.min(calls.len()));
        let (one, other) = (plain(), plain());
        log_all(&one, right);
        let reversed: Vec<_> = left.iter().rev().cloned().collect();
        log_all(&other, &reversed);
        other.merge(&one).unwrap();
        prop_assert_eq!(whole.openmetrics(at()).unwrap().replace("_dropped_total 0", ""), other.openmetrics(at()).unwrap().replace("_dropped_total 0", ""));
        prop_assert_eq!(whole.snapshot().unwrap(), other.snapshot().unwrap());
    }

    #[test]
    fn records_survive_the_wire_and_add_up(calls in prop::collection::vec(any_call(), 1..8)) {
        let monitor = plain();
        let records = log_all(&monitor, &calls);
        let mut sums: BTreeMap<Option<String>, Picodollars> = BTreeMap::new();
        for record in &records {
            let (back, metadata) = InferenceRecord::from_json(&record.to_json(None)).unwrap();
            prop_assert_eq!(back.to_json(None), record.to_json(None));
            prop_assert!(back == **record && metadata.is_none());
            prop_assert_eq!(Record::Inference(Arc::new(back)), Record::Inference(Arc::clone(record)));
            let sides = [record.input_cost(), record.output_cost(), record.compute_cost(), record.other_cost()];
            let sum = sides.into_iter().flatten().fold(Picodollars::ZERO, |a, b| a.checked_add(b).unwrap());
            prop_assert_eq!(Some(sum), record.unit_cost());
            let team = sums.entry(record.tag("team").map(str::to_owned)).or_default();
            *team = team.checked_add(sum).unwrap();
            let lines: Option<Picodollars> = record.cost().line_items.iter().filter_map(|line| line.amount).sum();
            prop_assert_eq!(lines, record.unit_cost());
            for key in InferenceRecord::KEYS {
                prop_assert!(record.field(key).is_some(), "{key}");
            }
        }
        for row in monitor.summary(&["team"], &[]).unwrap() {
            let team = row.get("team").unwrap().map(str::to_owned);
            prop_assert_eq!(row.cost_usd, sums.get(&team).copied());
        }
    }
}

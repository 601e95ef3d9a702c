//! `metering.json`: every section through the public API. Amounts are compared as text, float views as nearest f64.

use crate::panicked;
use finops::{
    Budget, BudgetError, Budgets, Catalogue, Error, InferenceCall, InferenceRecord, MonitorConfig,
    MonitorOptions, OnUnknown, ResourceMonitor, Sketch, StreamMeter, Timestamp, TrainingCall, Usage,
    core::money::{decimal, display},
    core::usage::extract::words,
    core::waste::ai::calls::{CallFact, SignalConfig},
    cost, extract, otel, signals,
    telemetry::{
        budget::{Amounts, TTL_DEFAULT_MS},
        monitor::{Given, Setting, count, duration_ms, duration_ms_exact, hours, number},
        record::{Field, Record},
    },
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use std::{panic::AssertUnwindSafe, sync::Arc};

type Monitor = ResourceMonitor<Value>;
type Section = fn(&Value) -> Vec<String>;

const SECTIONS: [(&str, Section); 18] = [
    ("price", price),
    ("resolve", resolve),
    ("extraction", extraction),
    ("extraction_error", extraction_error),
    ("record", record),
    ("record_error", record_error),
    ("config", config),
    ("training", training),
    ("time_cost", time_cost),
    ("display", displays),
    ("stream", stream),
    ("duplicate", duplicate),
    ("budget", budget),
    ("rollup", rollup),
    ("sketch", sketch),
    ("waste", waste),
    ("exposition", exposition),
    ("otel", otel_attributes),
];

const ABOUT: [&str; 4] = ["schema", "generated", "about", "counts"];
const NOON: &str = "2026-11-01T12:00:00Z";

/// The cases of `metering.json`, each by name with its differences.
pub fn cases(file: &Value) -> Vec<(String, Vec<String>)> {
    let mut out = Vec::new();
    for (section, cases) in file.as_object().unwrap() {
        if ABOUT.contains(&section.as_str()) {
            continue;
        }
        let run = SECTIONS.iter().find(|(known, _)| known == section).map(|(_, run)| run);
        for case in cases.as_array().unwrap() {
            let name = format!("{section}/{}", case["id"].as_str().unwrap_or("?"));
            let wrong = match run {
                None => vec![format!("unknown section {section}")],
                Some(run) => std::panic::catch_unwind(AssertUnwindSafe(|| run(case)))
                    .unwrap_or_else(|payload| vec![format!("cannot run: {}", panicked(&*payload))]),
            };
            out.push((name, wrong));
        }
    }
    out
}

/// Members of `expected` that `found` does not have.
fn differences(found: &Value, expected: &Value) -> Vec<String> {
    let wanted = expected.as_object().unwrap();
    let differs = |(key, value): &(&String, &Value)| &found[key.as_str()] != *value;
    wanted
        .iter()
        .filter(differs)
        .map(|(key, value)| format!("{key} is {}, not {value}", found[key]))
        .collect()
}

fn same(what: &str, found: impl Into<Value>, expected: &Value) -> Vec<String> {
    let found = found.into();
    if &found == expected { Vec::new() } else { vec![format!("{what} is {found}, not {expected}")] }
}

fn refused(result: Result<(), (String, String)>, expected: &Value) -> Vec<String> {
    match result {
        Ok(()) => vec![format!("nothing was refused, expected {}", expected["error"])],
        Err((code, path)) => differences(&json!({"error": code, "path": path}), expected),
    }
}

fn told(error: &Error) -> (String, String) {
    (error.code().to_owned(), error.path().to_owned())
}

fn plain() -> Monitor {
    monitor(&Value::Null).unwrap()
}

fn monitor(case: &Value) -> Result<Monitor, Error> {
    let mut options = MonitorOptions::default();
    for (name, value) in case["config"].as_object().into_iter().flatten() {
        let decimal = || number(name, &plain_text(value));
        match name.as_str() {
            "cost_per_1k_input_tokens" => options.cost_per_1k_input_tokens = Some(decimal()?),
            "cost_per_1k_output_tokens" => options.cost_per_1k_output_tokens = Some(decimal()?),
            "cost_per_1k_cached_input_tokens" => options.cost_per_1k_cached_input_tokens = Some(decimal()?),
            "compute_cost_per_hour" => options.compute_cost_per_hour = Some(decimal()?),
            "energy_wh_per_1k_tokens" => options.energy_wh_per_1k_tokens = Some(decimal()?),
            "carbon_intensity_g_per_kwh" => options.carbon_intensity_g_per_kwh = Some(decimal()?),
            "gpu_power_kw" => options.gpu_power_kw = Some(decimal()?),
            "strict" => options.strict = value.as_bool().unwrap(),
            "use_catalogue" => options.without_catalogue = !value.as_bool().unwrap(),
            "models" => options.models = serde_json::from_value(value.clone()).unwrap(),
            "tags" => options.tags = Some(serde_json::from_value(value.clone()).unwrap()),
            "max_groups" => options.max_groups = value.as_u64().map(|n| usize::try_from(n).unwrap()),
            "max_records" => options.max_records = value.as_u64().map(|n| usize::try_from(n).unwrap()),
            "max_unknown_models" => {
                options.max_unknown_models = value.as_u64().map(|n| usize::try_from(n).unwrap())
            }
            "region" => options.carbon.region = value.as_str().map(str::to_owned),
            other => panic!("unknown setting `{other}`"),
        }
    }
    let env = |name: &str| case["env"].get(name).map(|value| value.as_str().unwrap().to_owned());
    ResourceMonitor::new(MonitorConfig::new(options, env)?)
}

fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn amount(value: &Value) -> Decimal {
    decimal::parse(&plain_text(value)).unwrap()
}

fn at(value: &Value) -> Timestamp {
    value.as_str().unwrap_or(NOON).parse().unwrap()
}

fn usage_of(value: &Value) -> Usage {
    serde_json::from_value(value.clone()).unwrap()
}

/// Logs a call of the vectors, its raw numbers checked as a binding checks its arguments.
fn log(monitor: &Monitor, call: &Value) -> Result<Arc<InferenceRecord>, Error> {
    let tokens = |name: &str| match call.get(name) {
        None => Ok(0),
        Some(value) => count(name, i128::from(value.as_i64().unwrap())),
    };
    let usage = match call.get("usage") {
        Some(usage) => usage_of(usage),
        None => Usage {
            cache_read: tokens("cache_read_tokens")?,
            cache_write_5m: tokens("cache_write_tokens")?,
            cache_write_1h: tokens("cache_write_1h_tokens")?,
            reasoning: tokens("reasoning_tokens")?,
            ..Usage::new(tokens("input_tokens")?, tokens("output_tokens")?)
        },
    };
    let duration = match call.get("duration_ms") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text == "NaN" => Some(duration_ms("duration_ms", f64::NAN)?),
        Some(value) => Some(duration_ms("duration_ms", value.as_f64().unwrap())?),
    };
    let text = |name: &str| call[name].as_str();
    let call = InferenceCall {
        provider: text("provider"),
        request_id: text("request_id"),
        service_tier: text("service_tier"),
        region: text("region"),
        finish: text("finish"),
        duration,
        tags: monitor.tag_schema().collect_json(&call["metadata"]),
        ..InferenceCall::new(text("model").unwrap(), usage, at(&call["at"]))
    };
    monitor.log_inference(&call, None)
}

/// The mapping view and the exact side of a record as one object of text and counts.
fn shown(record: &Record) -> Value {
    let wire: Value = serde_json::from_str(&record.to_json(None)).unwrap();
    let mut shown = wire.as_object().cloned().unwrap();
    for key in record.keys() {
        if let Some(Field::Number(view)) = record.field(key) {
            let exact = plain_text(&wire[*key]);
            assert_eq!(
                view.to_bits(),
                exact.parse::<f64>().unwrap().to_bits(),
                "{key}: {view} is not nearest to {exact}"
            );
            shown.insert((*key).to_owned(), json!(decimal::text(decimal::parse(&exact).unwrap())));
        }
    }
    Value::Object(shown)
}

fn lacking(found: &Value, codes: &Value) -> Vec<String> {
    let found = found.as_array().unwrap();
    let wanted = codes.as_array().unwrap();
    wanted
        .iter()
        .filter(|code| !found.contains(code))
        .map(|code| format!("{code} is not in {found:?}"))
        .collect()
}

/// Differences where assumptions need only be among those found.
fn compared(found: &Value, expected: &Value) -> Vec<String> {
    let mut rest = expected.as_object().cloned().unwrap();
    let mut wrong =
        rest.remove("assumptions").map_or_else(Vec::new, |codes| lacking(&found["assumptions"], &codes));
    wrong.extend(differences(found, &Value::Object(rest)));
    wrong
}

fn price(case: &Value) -> Vec<String> {
    let usage = usage_of(&case["usage"]);
    let conditions = &case["conditions"];
    let call = cost::Call {
        provider: case["provider"].as_str(),
        service_tier: conditions["service_tier"].as_str(),
        region: conditions["region"].as_str(),
        speed: conditions["speed"].as_str(),
        search_context: conditions["search_context"].as_str(),
        ..cost::Call::new(case["model"].as_str().unwrap(), &usage, at(&case["at"]))
    };
    let found = cost::cost(&Catalogue::builtin(), &call, OnUnknown::Raise).unwrap();
    let mut wrong =
        same("amount_usd", found.total.map(|usd| usd.to_string()), &case["expected"]["amount_usd"]);
    for item in &found.line_items {
        wrong.extend(same(
            &item.unit,
            item.rate.map(decimal::text),
            &case["rates_usd_per_mtok"][&*item.unit],
        ));
    }
    wrong
}

fn resolve(case: &Value) -> Vec<String> {
    let expected = &case["expected"];
    match Catalogue::builtin().resolve(case["provider"].as_str(), case["model"].as_str().unwrap()) {
        Ok(found) => differences(&serde_json::to_value(found).unwrap(), expected),
        Err(error) => differences(&json!({"error": error.code(), "path": error.path()}), expected),
    }
}

fn extraction(case: &Value) -> Vec<String> {
    let requested = case["requested_service_tier"].as_str().and_then(words::tier).map(|tier| tier.name);
    let provider = case["provider"].as_str();
    let extracted = extract(&case["response"], provider).unwrap();
    let monitor = plain();
    let given = Given { provider, model: case["model"].as_str(), ..Given::default() };
    let mut call = InferenceCall::from_extracted(&extracted, &given, at(&case["at"])).unwrap();
    call.service_tier = call.service_tier.or(requested.as_deref());
    let record = monitor.log_inference(&call, None).unwrap();
    let tier = extracted.service_tier.as_deref().or(requested.as_deref());
    let found = json!({
        "usage": extracted.usage,
        "model_id": extracted.model,
        "service_tier": tier,
        "finish": extracted.finish,
        "status": record.status().name(),
        "reported_cost_usd": extracted.reported_cost.map(|usd| usd.to_string()),
        "duration_ns": extracted.duration.map(|duration| duration.get()),
        "amount_usd": record.unit_cost().map(|usd| usd.to_string()),
    });
    differences(&found, &case["expected"])
}

fn extraction_error(case: &Value) -> Vec<String> {
    let found = extract(&case["response"], case["provider"].as_str());
    let found = found.and_then(|found| found.model_or(None).map(|_| ()));
    refused(found.map_err(|error| (error.code().to_owned(), error.path().to_owned())), &case["expected"])
}

fn record(case: &Value) -> Vec<String> {
    let record = log(&monitor(case).unwrap(), &case["call"]).unwrap();
    let mut expected = case["expected"].clone();
    expected.as_object_mut().unwrap().remove("metadata");
    compared(&shown(&Record::Inference(record)), &expected)
}

fn record_error(case: &Value) -> Vec<String> {
    let logged = monitor(case).and_then(|monitor| match &case["call"] {
        Value::Null => Ok(()),
        call => log(&monitor, call).map(|_| ()),
    });
    refused(logged.map_err(|error| told(&error)), &case["expected"])
}

fn config(case: &Value) -> Vec<String> {
    let monitor = monitor(case).unwrap();
    let expected = case["expected"].as_object().unwrap();
    let value = |name: &String| decimal::text(monitor.setting(Setting::from_name(name).unwrap()));
    expected.iter().flat_map(|(name, wanted)| same(name, value(name), wanted)).collect()
}

fn training(case: &Value) -> Vec<String> {
    let monitor = monitor(case).unwrap();
    let call = &case["call"];
    let logged = hours("duration_hours", call["duration_hours"].as_f64().unwrap())
        .map_err(Error::from)
        .and_then(|hours| {
            let gpus = count("gpu_count", i128::from(call["gpu_count"].as_i64().unwrap_or(1)))?;
            let run = TrainingCall::new(call["model"].as_str().unwrap(), hours, gpus, at(&call["at"]));
            monitor.log_training(&run, None)
        });
    match logged {
        Ok(record) => compared(&shown(&Record::Training(record)), &case["expected"]),
        Err(error) => refused(Err(told(&error)), &case["expected"]),
    }
}

fn time_cost(case: &Value) -> Vec<String> {
    let monitor = monitor(&json!({"config": {"compute_cost_per_hour": case["usd_per_hour"]}})).unwrap();
    let duration = duration_ms_exact("duration_ms", amount(&case["duration_ms"])).unwrap();
    let call = InferenceCall {
        duration: Some(duration),
        ..InferenceCall::new("unknown-x", Usage::new(0, 0), Timestamp::default())
    };
    let record = monitor.log_inference(&call, None).unwrap();
    same("picodollars", record.compute_cost().unwrap().get().to_string(), &case["expected"]["picodollars"])
}

fn displays(case: &Value) -> Vec<String> {
    let places = u32::try_from(case["places"].as_u64().unwrap()).unwrap();
    match case["kind"].as_str().unwrap() {
        "round" => {
            same("round", display::round(amount(&case["amount_usd"]), places).unwrap(), &case["expected"])
        }
        "largest_remainder" => {
            let rows = case["rows"].as_object().unwrap();
            let rows = rows.iter().map(|(key, usd)| (key.clone(), amount(usd))).collect();
            let (rows, total) = display::apportion(&rows, places).unwrap();
            differences(&json!({"rows": rows, "total": total}), &case["expected"])
        }
        other => vec![format!("unknown kind {other}")],
    }
}

fn stream(case: &Value) -> Vec<String> {
    let mut meter = StreamMeter::new(case["provider"].as_str(), case["model"].as_str(), None);
    let events = case["events"].as_array().unwrap();
    let pushed = events.iter().try_for_each(|event| meter.push(event));
    let extracted = match pushed.and_then(|()| meter.finish()) {
        Ok(extracted) => extracted,
        Err(error) => {
            return refused(Err((error.code().to_owned(), error.path().to_owned())), &case["expected"]);
        }
    };
    let given =
        Given { provider: case["provider"].as_str(), model: case["model"].as_str(), ..Given::default() };
    let monitor = plain();
    let record = monitor.log_extracted(&extracted, &given, at(&case["at"]), |_| {}, None).unwrap().record;
    let mut found = shown(&Record::Inference(record));
    let fields = found.as_object_mut().unwrap();
    fields.insert("model_id".to_owned(), json!(extracted.model));
    compared(&found, &case["expected"])
}

fn duplicate(case: &Value) -> Vec<String> {
    let monitor = plain();
    let expected = &case["expected"];
    let calls = case["calls"].as_array().unwrap();
    let first = log(&monitor, &calls[0]).unwrap();
    let second = log(&monitor, &calls[1]);
    let mut wrong = match (&expected["second"], second) {
        (Value::Null, Ok(_)) => Vec::new(),
        (Value::String(same), Ok(record)) if same == "same_record" && *record == *first => Vec::new(),
        (error, second) => refused(second.map(|_| ()).map_err(|error| told(&error)), error),
    };
    let stats = monitor.stats();
    wrong.extend(same("records", stats.records, &expected["records"]));
    wrong.extend(same("requests", stats.requests, &expected["requests"]));
    wrong
}

fn budget(case: &Value) -> Vec<String> {
    let budgets: Vec<Budget> = serde_json::from_value(case["budgets"].clone()).unwrap();
    let budgets = Budgets::new(budgets).unwrap();
    let ops = case["ops"].as_array().unwrap();
    let told = |op: &Value| match operation(&budgets, op) {
        Ok(value) => value,
        Err(error) => {
            let (remaining, retry_at) = match &error {
                BudgetError::Exceeded { remaining, retry_at, .. } => (json!(remaining), json!(retry_at)),
                _ => (Value::Null, Value::Null),
            };
            json!({"allowed": false, "level": "deny", "error": error.code(), "budget": error.budget(),
                   "remaining": remaining, "retry_at": retry_at})
        }
    };
    let check = |op: &Value| {
        let found = told(op);
        if op["expect"].is_null() { Vec::new() } else { differences(&found, &op["expect"]) }
    };
    ops.iter()
        .enumerate()
        .flat_map(|(n, op)| check(op).into_iter().map(move |w| format!("op {n}: {w}")))
        .collect()
}

fn operation(budgets: &Budgets, op: &Value) -> Result<Value, BudgetError> {
    let time = at(&op["at"]);
    let decimal = |name: &str| op.get(name).filter(|value| !value.is_null()).map(amount);
    let amounts = Amounts {
        usd: op["usd"].as_str().map(|usd| usd.parse().unwrap()),
        tokens: op["tokens"].as_u64(),
        joules: decimal("joules"),
        grams_co2e: decimal("grams_co2e"),
    };
    let tags: Map<String, Value> = op["tags"].as_object().cloned().unwrap_or_default();
    let tags: Vec<(&str, &str)> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect();
    let id = || op["reservation"].as_str().unwrap();
    let wire = |settlement| serde_json::to_value::<finops::Settlement>(settlement).unwrap();
    Ok(match op["op"].as_str().unwrap() {
        "reserve" => {
            let ttl_ms = op["ttl_s"].as_u64().map_or(TTL_DEFAULT_MS, |s| s.checked_mul(1000).unwrap());
            let hold = budgets.reserve(Some(id()), &amounts, &tags, time, ttl_ms)?;
            json!({"allowed": true, "level": hold.level.name()})
        }
        "settle" => wire(budgets.settle(id(), &amounts, time)?),
        "release" => budgets.release(id(), time).map(|()| json!({}))?,
        "record_spend" => wire(budgets.record_spend(&amounts, &tags, time)?),
        "state" => serde_json::to_value(&budgets.state(op["budget"].as_str(), time)?[0]).unwrap(),
        other => panic!("unknown operation {other}"),
    })
}

fn rollup(case: &Value) -> Vec<String> {
    let monitor = monitor(case).unwrap();
    for _ in 0..case["repeat"].as_u64().unwrap_or(1) {
        for call in case["calls"].as_array().unwrap() {
            log(&monitor, call).unwrap();
        }
    }
    let by: Vec<&str> =
        case["group_by"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let rows = monitor.summary(&by, &[]).unwrap();
    let expected = case["expected"].as_array().unwrap();
    if rows.len() != expected.len() {
        return vec![format!("{} rows, not {}", rows.len(), expected.len())];
    }
    let pairs = rows.iter().zip(expected);
    pairs.flat_map(|(row, expected)| differences(&serde_json::to_value(row).unwrap(), expected)).collect()
}

fn sketch(case: &Value) -> Vec<String> {
    let expected = &case["expected"];
    if case["kind"] == "bucket" {
        let bucket = Sketch::bucket(plain_text(&case["value"]).parse().unwrap());
        let found = json!({"bucket": bucket, "representative": Sketch::representative(bucket).to_string()});
        return differences(&found, expected);
    }
    let mut sketch = Sketch::default();
    match &case["values"] {
        Value::Array(pairs) => pairs.iter().for_each(|pair| {
            sketch.add(pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap());
        }),
        range => {
            let step = |name: &str| range[name].as_u64().unwrap();
            let step_by = usize::try_from(step("step")).unwrap();
            (step("from")..=step("to")).step_by(step_by).for_each(|value| sketch.add(value, 1));
        }
    }
    let quantile = |name: &str| {
        let percent: f64 = name[1..].parse().unwrap();
        sketch.quantile(percent / 100.0).unwrap().map(|value| value.to_string())
    };
    let wanted = expected.as_object().unwrap();
    wanted.iter().flat_map(|(name, value)| same(name, quantile(name), value)).collect()
}

fn waste(case: &Value) -> Vec<String> {
    let calls: Vec<CallFact> = serde_json::from_value(case["calls"].clone()).unwrap();
    let config: SignalConfig = serde_json::from_value(case["config"].clone()).unwrap();
    let found = signals(&calls, &config, &Catalogue::builtin());
    let expected = case["expected"]["signals"].as_array().unwrap();
    if found.len() != expected.len() {
        return vec![format!("{} signals, not {}", found.len(), expected.len())];
    }
    let pairs = found.iter().zip(expected);
    pairs
        .flat_map(|(signal, expected)| differences(&serde_json::to_value(signal).unwrap(), expected))
        .collect()
}

fn exposition(case: &Value) -> Vec<String> {
    let monitor = monitor(case).unwrap();
    for call in case["calls"].as_array().unwrap() {
        log(&monitor, call).unwrap();
    }
    let text = monitor.openmetrics(at(&Value::Null)).unwrap();
    let lines = case["expected_lines"].as_array().unwrap();
    let missing = lines.iter().filter(|line| !text.lines().any(|found| found == line.as_str().unwrap()));
    missing.map(|line| format!("no line {line}")).collect()
}

fn otel_attributes(case: &Value) -> Vec<String> {
    let record = log(&plain(), &case["call"]).unwrap();
    let found = otel::attributes(&record, case["aliases"].as_bool().unwrap()).into_iter();
    let found: Map<String, Value> = found.map(|(name, value)| (name.to_owned(), value.into())).collect();
    differences(&Value::Object(found), &case["expected"])
}

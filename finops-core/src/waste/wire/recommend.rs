//! Right-sizing of one's own series: `recommend`, `backtest`; of an inventory: `rightsize`.

use super::{Handler, read};
use crate::{
    error::{Fault, shorten},
    inventory::{ClusterInventory, Sample},
    json::{Json, Number},
    price::PriceBook,
    time::Timestamp,
    waste::{
        Amount, DetectionConfig, Ratio, detectors,
        kubernetes::{Rightsizing, rightsize},
        rightsizing::{
            Advised, Backtest, Config, Current, Data, Fold, Limit, Recommendation, Resource, Series, Split,
            Strategy, Tested, backtest, exact, recommend, round,
        },
    },
};
use std::borrow::Cow;

pub(super) const KINDS: &[(&str, Handler)] =
    &[("backtest", backtest_of), ("recommend", recommend_of), ("rightsize", rightsize_of)];

fn bad(path: impl Into<String>, value: &Json, help: &'static str) -> Fault {
    let problem = format!("`{}` is given", shorten(&value.to_text()));
    Fault::new("waste.invalid_record", path, problem, help)
}

fn count(value: u64) -> Json {
    Number::new(&value.to_string()).map_or(Json::Null, Json::Number)
}

/// Unix seconds from RFC 3339 text or a number of seconds.
fn seconds(value: &Json, path: &str) -> Result<i64, Fault> {
    let read = match value {
        Json::String(text) => text.parse::<Timestamp>().ok().map(|at| at.ms().div_euclid(1000)),
        Json::Number(number) => {
            Ratio::parse(number.text()).and_then(|at| at.floor()).and_then(|at| i64::try_from(at).ok())
        }
        _ => None,
    };
    read.ok_or_else(|| bad(path, value, "give an RFC 3339 time or Unix seconds"))
}

fn times(input: &Json, name: &str) -> Result<Vec<i64>, Fault> {
    let list = read::list(input, name)?.iter().enumerate();
    list.map(|(index, value)| seconds(value, &format!("{name}[{index}]"))).collect()
}

/// A value of a series in nanocores or bytes; a part of a byte counts as one.
fn amount(resource: Resource, value: &Json, path: &str) -> Result<u64, Fault> {
    let places = if resource == Resource::Cpu { 9 } else { 0 };
    let ratio = read::digits(value).and_then(Ratio::parse).filter(|ratio| !ratio.is_negative());
    let scaled = ratio.and_then(|ratio| if places == 0 { ratio.ceil() } else { ratio.scaled(places) });
    scaled
        .and_then(|scaled| i64::try_from(scaled).ok())
        .and_then(|scaled| u64::try_from(scaled).ok())
        .ok_or_else(|| bad(path, value, "give cores or bytes as a number of at least 0"))
}

/// One series as it was given.
struct Given {
    resource: Resource,
    step_seconds: u32,
    samples: Option<Vec<Sample>>,
    summary: Option<Data<'static>>,
    starts: Vec<i64>,
}

impl Given {
    fn read(input: &Json) -> Result<Self, Fault> {
        let resource = match read::text(input, "metric")? {
            "cpu" | "cpu_usage" => Resource::Cpu,
            "memory" | "memory_working_set" => Resource::Memory,
            _ => {
                let metric = input.get("metric").unwrap_or(&Json::Null);
                return Err(bad("metric", metric, "give cpu_usage or memory_working_set"));
            }
        };
        let starts = times(input, "starts")?;
        let summary = input.get("summary").filter(|summary| !summary.is_null());
        if let Some(summary) = summary {
            let of = |name: &str| match summary.get(name) {
                None | Some(Json::Null) => Ok(None),
                Some(value) => amount(resource, value, &format!("summary.{name}")).map(Some),
            };
            let whole = |name| read::optional_scaled(summary, name, 0).map_err(|f| f.below("summary"));
            let (p95, max) = (of("p95")?, of("max")?);
            let data = Data::Summary { p95, max, samples: whole("samples")?, span_s: whole("span_seconds")? };
            return Ok(Self { resource, step_seconds: 0, samples: None, summary: Some(data), starts });
        }
        let step = read::scaled(input, "step_seconds", 0)?;
        let step_seconds = u32::try_from(step).ok().filter(|step| *step > 0).ok_or_else(|| {
            bad("step_seconds", input.get("step_seconds").unwrap_or(&Json::Null), "give at least 1 second")
        })?;
        let samples = if input.get("samples").is_some() {
            pairs(resource, input)?
        } else {
            regular(resource, input, step_seconds)?
        };
        Ok(Self { resource, step_seconds, samples: Some(samples), summary: None, starts })
    }

    fn series(&self) -> Series<'_> {
        let none = Data::Samples { step_seconds: 1, samples: &[] };
        let data = match (&self.samples, self.summary) {
            (Some(samples), _) => Data::Samples { step_seconds: self.step_seconds, samples },
            (None, summary) => summary.unwrap_or(none),
        };
        Series { resource: self.resource, data, starts: Cow::Borrowed(&self.starts) }
    }
}

fn sample(resource: Resource, at: i64, value: &Json, path: &str) -> Result<Sample, Fault> {
    Ok(Sample { at, value: i64::try_from(amount(resource, value, path)?).unwrap_or(i64::MAX) })
}

/// `samples`: `[[time, value], ...]`.
fn pairs(resource: Resource, input: &Json) -> Result<Vec<Sample>, Fault> {
    let pair = |(index, pair): (usize, &Json)| {
        let path = format!("samples[{index}]");
        let Some([at, value]) = pair.as_array() else {
            return Err(bad(path, pair, "give a pair of time and value"));
        };
        sample(resource, seconds(at, &format!("{path}[0]"))?, value, &format!("{path}[1]"))
    };
    read::list(input, "samples")?.iter().enumerate().map(pair).collect()
}

/// `values`: one a step from `start` on.
fn regular(resource: Resource, input: &Json, step_seconds: u32) -> Result<Vec<Sample>, Fault> {
    let start = match input.get("start") {
        None | Some(Json::Null) => 0,
        Some(start) => seconds(start, "start")?,
    };
    let mut at = start;
    let one = |(index, value): (usize, &Json)| {
        at = at.saturating_add(i64::from(step_seconds));
        sample(resource, at, value, &format!("values[{index}]"))
    };
    read::list(input, "values")?.iter().enumerate().map(one).collect()
}

/// A Kubernetes quantity in nanocores or whole bytes; `None` for null and where it is absent.
fn quantity(input: &Json, name: &str, resource: Resource) -> Result<Option<u64>, Fault> {
    if input.get(name).is_none_or(Json::is_null) {
        return Ok(None);
    }
    let nano = read::quantity(input, name)?.nano();
    let value = if resource == Resource::Cpu { nano } else { nano.div_euclid(1_000_000_000) };
    Ok(u64::try_from(value).ok().filter(|value| *value > 0))
}

fn both<T: Copy>(
    input: &Json,
    name: &str,
    read: impl Fn(&Json, &'static str, Resource) -> Result<Option<T>, Fault>,
) -> Result<[Option<T>; 2], Fault> {
    let Some(member) = input.get(name).filter(|member| !member.is_null()) else { return Ok([None, None]) };
    if member.as_object().is_none() {
        return Err(bad(name, member, "give `{\"cpu\": ..., \"memory\": ...}`"));
    }
    let of = |resource: Resource| read(member, resource.name(), resource).map_err(|fault| fault.below(name));
    Ok([of(Resource::Cpu)?, of(Resource::Memory)?])
}

/// What the container has, with the texts of its requests, in whose manner the new ones are written.
fn current(input: &Json) -> Result<(Current, [Option<String>; 2]), Fault> {
    let Some(input) = input.get("current").filter(|current| !current.is_null()) else {
        return Ok((Current::default(), [None, None]));
    };
    let read_all = || -> Result<_, Fault> {
        let [cpu_request, memory_request] = both(input, "requests", quantity)?;
        let [cpu_limit, memory_limit] = both(input, "limits", quantity)?;
        let [cpu_least, memory_least] = both(input, "limit_range", quantity)?;
        let target = |member: &Json, name: &'static str, _| {
            let target = read::optional_scaled(member, name, 0)?;
            Ok(target.map(|target| u32::try_from(target).unwrap_or(u32::MAX)))
        };
        let [cpu_target, memory_target] = both(input, "autoscaler", target)?;
        let text = |name: &str| {
            let written = input.get("requests").and_then(|requests| requests.get(name));
            written.and_then(read::digits).map(str::to_owned)
        };
        let current = Current {
            cpu_request,
            cpu_limit,
            memory_request,
            memory_limit,
            cpu_target,
            memory_target,
            cpu_least,
            memory_least,
            oom_limit: quantity(input, "oom_limit", Resource::Memory)?,
            oom_kills: times(input, "oom_kills")?,
            containers: read::optional_scaled(input, "containers", 0)?.filter(|count| *count > 0),
            managed_by_vpa: read::flag(input, "managed_by_vpa")?,
            injected: read::flag(input, "injected")?,
        };
        Ok((current, [text("cpu"), text("memory")]))
    };
    read_all().map_err(|fault| fault.below("current"))
}

fn choice<T: Default>(
    input: &Json,
    name: &str,
    read: impl Fn(&str) -> Option<T>,
    help: &'static str,
) -> Result<T, Fault> {
    match input.get(name) {
        None | Some(Json::Null) => Ok(T::default()),
        Some(value) => value.as_str().and_then(read).ok_or_else(|| {
            Fault::new(
                "waste.invalid_config",
                name,
                format!("`{}` is given", shorten(&value.to_text())),
                help,
            )
        }),
    }
}

fn strategy(input: &Json) -> Result<Strategy, Fault> {
    choice(input, "strategy", Strategy::from_code, "give exact, simple, simple_limit or vpa")
}

fn split(input: &Json, name: &str) -> Result<Split, Fault> {
    choice(input, name, Split::from_code, "give blocks or halves")
}

/// `{max_growth: {cpu, memory}, floor: {cpu, memory}}`.
fn config(input: &Json) -> Result<Config, Fault> {
    let mut found = Config::default();
    let Some(input) = input.get("config").filter(|config| !config.is_null()) else { return Ok(found) };
    let known = ["max_growth", "floor"];
    let members = input.as_object().ok_or_else(|| bad("config", input, "give an object"))?;
    if let Some(key) = members.keys().find(|key| !known.contains(key)) {
        let problem = format!("`{}` is no setting", shorten(key));
        return Err(Fault::new("waste.invalid_config", "config", problem, "give max_growth or floor"));
    }
    let percent = |member: &Json, name: &'static str, _| {
        let Some(percent) = read::optional_scaled(member, name, 2)? else { return Ok(None) };
        let percent = u32::try_from(percent).ok().filter(|percent| *percent >= 100);
        let help = "give a ratio of at least 1, such as 1.1";
        percent.map(Some).ok_or_else(|| bad(name, member.get(name).unwrap_or(&Json::Null), help))
    };
    let [cpu, memory] = both(input, "max_growth", percent).map_err(|fault| fault.below("config"))?;
    found.max_growth_cpu = cpu.unwrap_or(found.max_growth_cpu);
    found.max_growth_memory = memory.unwrap_or(found.max_growth_memory);
    let [cpu, memory] = both(input, "floor", quantity).map_err(|fault| fault.below("config"))?;
    found.floor_cpu = cpu.unwrap_or(found.floor_cpu);
    found.floor_memory = memory.unwrap_or(found.floor_memory);
    Ok(found)
}

fn given(input: &Json) -> Result<Vec<Given>, Fault> {
    read::each(input, "series", Given::read)
}

/// `{series: [{metric, step_seconds, samples | values, start?, starts?} | {metric, summary}], current?, strategy?,
/// config?}` to the recommendation.
fn recommend_of(input: &Json) -> Result<Json, Fault> {
    let given = given(input)?;
    let series: Vec<Series<'_>> = given.iter().map(Given::series).collect();
    let (current, texts) = current(input)?;
    let answer = recommend(&series, &current, strategy(input)?, &config(input)?)?;
    Ok(recommendation(&answer, &current, &texts))
}

/// The same with `split` to how the strategy would have fared.
fn backtest_of(input: &Json) -> Result<Json, Fault> {
    let given = given(input)?;
    let series: Vec<Series<'_>> = given.iter().map(Given::series).collect();
    let (current, _) = current(input)?;
    let answer = backtest(&series, &current, strategy(input)?, &config(input)?, split(input, "split")?)?;
    Ok(tested(&answer))
}

/// `{inventory, strategy?, config?, detection?, backtest?: true | "blocks" | "halves"}` to every container's answer.
fn rightsize_of(input: &Json) -> Result<Json, Fault> {
    let inventory = ClusterInventory::from_json(read::member(input, "inventory")?);
    let inventory = inventory.map_err(|fault| fault.below("inventory"))?.value;
    let empty = Json::object(std::iter::empty::<(&str, Json)>());
    let detection = input.get("detection").filter(|member| !member.is_null()).unwrap_or(&empty);
    let detection =
        DetectionConfig::from_json(detection, &detectors()).map_err(|fault| fault.below("detection"))?;
    let split = match input.get("backtest") {
        None | Some(Json::Null | Json::Bool(false)) => None,
        Some(Json::Bool(true)) => Some(Split::default()),
        Some(_) => Some(split(input, "backtest")?),
    };
    let (strategy, config) = (strategy(input)?, config(input)?);
    let found = rightsize(&inventory, &PriceBook::builtin(), &detection, strategy, &config, split);
    Ok(Json::array(found.iter().map(rightsized)))
}

/// `value / 10^places` without needless zeros; null for none.
fn scaled(value: Option<i128>, denominator: i128) -> Json {
    value.and_then(|value| Ratio::new(value, denominator)).map(|ratio| ratio.to_string()).into()
}

fn text(resource: Resource, value: u64, old: Option<&str>) -> Json {
    round::manifest(resource, value, old).into()
}

fn limit(advised: &Advised, old: Option<&str>) -> Json {
    let (action, value) = match advised.limit {
        _ if advised.request.is_err() => ("keep", None),
        Limit::Keep => ("keep", None),
        Limit::Remove => ("remove", None),
        Limit::Set(value) => ("set", Some(text(advised.resource, value, old))),
    };
    Json::object([("action", Json::from(action)), ("value", value.unwrap_or(Json::Null))])
}

fn test_of(test: &exact::Test) -> Json {
    let growth = test.largest_growth.and_then(exact::Growth::ppm).and_then(|ppm| i128::try_from(ppm).ok());
    let (numerator, denominator) = test.confidence();
    Json::object([
        ("folds", count(test.folds.into())),
        ("misses", count(test.misses.into())),
        ("largest_growth", scaled(growth, 1_000_000)),
        ("confidence", Ratio::new(numerator.into(), denominator.into()).map(|r| fixed(&r)).into()),
    ])
}

/// Four places, rounded down: the form of confidence.
fn fixed(ratio: &Ratio) -> String {
    let value = ratio.scaled_floor(4).unwrap_or(0);
    let text = format!("{value:0>5}");
    let (whole, rest) = text.split_at(text.len().saturating_sub(4));
    format!("{whole}.{rest}")
}

fn advised(advised: &Advised, today: Option<u64>, old: Option<&str>) -> Json {
    let resource = advised.resource;
    let shown = |value: Option<u64>| value.map_or(Json::Null, |value| text(resource, value, old));
    let (outcome, reason) = match advised.request {
        Ok(_) => ("recommendation", None),
        Err(why) => (why.outcome().code(), Some(why.code())),
    };
    let margin = advised.margin_percent.filter(|_| advised.request.is_ok());
    Json::object([
        ("outcome", Json::from(outcome)),
        ("reason", reason.into()),
        ("current", shown(today)),
        ("request", shown(advised.request.ok())),
        ("demand", advised.demand.map(|demand| exactly(resource, demand)).into()),
        ("margin", scaled(margin.map(i128::from), 100)),
        ("lower", shown(advised.bounds.map(|(lower, _)| lower))),
        ("upper", shown(advised.bounds.map(|(_, upper)| upper))),
        ("autoscaler_target", advised.autoscaler_target.map_or(Json::Null, count)),
        ("startup_peak", advised.startup_peak.map(|peak| exactly(resource, peak)).into()),
        ("samples", count(advised.samples)),
        ("span_hours", scaled(advised.span_s.map(i128::from), 3600)),
        ("remarks", Json::array(advised.remarks.iter().map(|remark| remark.code()))),
    ])
}

/// A measured amount in cores or bytes.
fn exactly(resource: Resource, value: u64) -> String {
    let denominator = if resource == Resource::Cpu { 1_000_000_000 } else { 1 };
    Ratio::new(value.into(), denominator).unwrap_or_default().to_string()
}

fn recommendation(answer: &Recommendation, current: &Current, texts: &[Option<String>; 2]) -> Json {
    let [cpu, memory] = texts.each_ref().map(Option::as_deref);
    let test = |one: &Advised| one.test.as_ref().map_or(Json::Null, test_of);
    Json::object([
        ("strategy", Json::from(answer.strategy.code())),
        ("cpu", advised(&answer.cpu, current.cpu_request, cpu)),
        ("memory", advised(&answer.memory, current.memory_request, memory)),
        (
            "limits",
            Json::object([("cpu", limit(&answer.cpu, cpu)), ("memory", limit(&answer.memory, memory))]),
        ),
        ("backtest", Json::object([("cpu", test(&answer.cpu)), ("memory", test(&answer.memory))])),
    ])
}

fn instant(at: i64) -> Json {
    at.checked_mul(1000).and_then(Timestamp::from_ms).map(|at| at.to_string()).into()
}

fn fold(resource: Resource, fold: &Fold) -> Json {
    Json::object([
        ("start", instant(fold.start)),
        ("end", instant(fold.end)),
        ("request", fold.request.ok().map_or(Json::Null, |request| text(resource, request, None))),
        ("reason", fold.request.err().map(super::super::rightsizing::Withheld::code).into()),
        ("demand", exactly(resource, fold.demand).into()),
        ("peak", exactly(resource, fold.peak).into()),
        ("samples", count(fold.samples)),
        ("above", count(fold.above)),
        ("miss", fold.is_miss().into()),
    ])
}

fn tested(answer: &Backtest) -> Json {
    let of = |resource: Resource| {
        let tested: &Tested = answer.of(resource);
        Json::object([
            ("folds", Json::array(tested.folds.iter().map(|one| fold(resource, one)))),
            ("misses", count(tested.misses)),
            ("miss_rate", scaled(tested.miss_ppm().map(i128::from), 1_000_000)),
            ("withheld", count(tested.withheld)),
            ("samples", count(tested.samples)),
            ("above", count(tested.above)),
            ("above_rate", scaled(tested.above_ppm().map(i128::from), 1_000_000)),
            ("cut", scaled(tested.cut_ppm.map(i128::from), 1_000_000)),
        ])
    };
    Json::object([
        ("strategy", Json::from(answer.strategy.code())),
        ("split", answer.split.code().into()),
        ("cpu", of(Resource::Cpu)),
        ("memory", of(Resource::Memory)),
    ])
}

/// One container of an inventory in its wire form.
#[must_use]
pub fn rightsized(found: &Rightsizing) -> Json {
    let (outcome, reason, shown) = match &found.recommendation {
        Ok(answer) => (None, None, recommendation(answer, &found.current, &[None, None])),
        Err((outcome, reason)) => (Some(outcome.code()), Some(reason.code()), Json::Null),
    };
    let subject = &found.subject;
    let [cpu, memory] = found.monthly_savings.map(|saving| saving.map(|saving: Amount| saving.to_string()));
    Json::object([
        ("subject", Json::from(subject.text())),
        ("namespace", subject.namespace().into()),
        ("kind", subject.object_kind().into()),
        ("workload", subject.name().into()),
        ("container", subject.container_name().into()),
        ("replicas", found.replicas.as_ref().map(Ratio::to_string).into()),
        ("outcome", outcome.into()),
        ("reason", reason.into()),
        ("recommendation", shown),
        ("monthly_savings", Json::object([("cpu", Json::from(cpu)), ("memory", memory.into())])),
        ("backtest", found.backtest.as_ref().map_or(Json::Null, tested)),
    ])
}

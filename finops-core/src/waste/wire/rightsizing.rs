//! Right-sizing: `krr_simple`, `krr_simple_limit`, `vpa`, `vpa_histogram`, `exact`, `hpa_pair`, `lifetime_projection`.

use super::{Handler, read};
use crate::{
    error::{Fault, shorten},
    json::{Json, Number},
    time::Timestamp,
    waste::{
        Amount, Ratio,
        rightsizing::{
            Resource, Withheld, exact, hpa, projection, round,
            simple::{self, PodUse},
            vpa,
        },
    },
};

pub(super) const KINDS: &[(&str, Handler)] = &[
    ("exact", advise),
    ("hpa_pair", hpa_pair),
    ("krr_simple", krr_simple),
    ("krr_simple_limit", krr_simple_limit),
    ("lifetime_projection", lifetime_projection),
    ("vpa", vpa),
    ("vpa_histogram", vpa_histogram),
];

fn undetermined(why: Withheld) -> Vec<(&'static str, Json)> {
    vec![("outcome", "undetermined".into()), ("reason", why.code().into())]
}

fn float(value: f64) -> Json {
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}

fn count(value: u64) -> Json {
    Number::new(&value.to_string()).map_or(Json::Null, Json::Number)
}

/// `{pods: [{cpu_p95, memory_max, points}], oom_limit_bytes, hpa_on_resource, span_seconds}` to requests and limits.
fn krr_simple(input: &Json) -> Result<Json, Fault> {
    let pods = read::each(input, "pods", |pod| {
        Ok(PodUse {
            cpu_p95: read::scaled(pod, "cpu_p95", 9)?,
            memory_max: read::scaled(pod, "memory_max", 0)?,
            points: read::scaled(pod, "points", 0)?,
        })
    })?;
    let oom = read::optional_scaled(input, "oom_limit_bytes", 0)?;
    let span = read::optional_scaled(input, "span_seconds", 0)?;
    let answer = match simple::simple(&pods, oom, read::flag(input, "hpa_on_resource")?, span) {
        Err(why) => undetermined(why),
        Ok(answer) => {
            let memory = Json::from(round::manifest(Resource::Memory, answer.memory_request, None));
            vec![
                ("cpu_request", round::manifest(Resource::Cpu, answer.cpu_request, None).into()),
                ("cpu_limit", Json::Null),
                ("memory_request", memory.clone()),
                ("memory_limit", memory),
            ]
        }
    };
    Ok(Json::object(answer))
}

/// `{cpu_samples}` in cores to request and limit.
fn krr_simple_limit(input: &Json) -> Result<Json, Fault> {
    let list = read::list(input, "cpu_samples")?;
    let mut samples = samples(list, 9).map_err(|fault| fault.below("cpu_samples"))?;
    Ok(Json::object(match simple::simple_limit(&mut samples) {
        None => undetermined(Withheld::NotEnoughSamples),
        Some((request, limit)) => vec![
            ("cpu_request", round::manifest(Resource::Cpu, request, None).into()),
            ("cpu_limit", round::manifest(Resource::Cpu, limit, None).into()),
        ],
    }))
}

/// Numbers with so many places as integers.
fn samples(list: &[Json], places: u32) -> Result<Vec<u64>, Fault> {
    let read = |(index, value): (usize, &Json)| {
        let scaled = read::digits(value).and_then(Ratio::parse).and_then(|value| value.scaled(places));
        scaled.and_then(|scaled| u64::try_from(scaled).ok()).ok_or_else(|| {
            let problem = format!("`{}` is no sample", shorten(&value.to_text()));
            Fault::new("waste.invalid_record", format!("[{index}]"), problem, "give a number of at least 0")
        })
    };
    list.iter().enumerate().map(read).collect()
}

/// `{resource, blocks: [[sample]], oom_limit_bytes}` of one pod, the blocks being equal slices of the window, to the
/// recommendation or why there is none.
fn advise(input: &Json) -> Result<Json, Fault> {
    let (resource, places) = match read::text(input, "resource")? {
        "cpu" => (Resource::Cpu, 9),
        "memory" => (Resource::Memory, 0),
        other => {
            let problem = format!("`{}` is no resource", shorten(other));
            return Err(Fault::new("waste.invalid_record", "resource", problem, "give cpu or memory"));
        }
    };
    let blocks = read::each(input, "blocks", |block| samples(block.as_array().unwrap_or_default(), places))?;
    let oom = read::optional_scaled(input, "oom_limit_bytes", 0)?;
    let (mut answer, test) = match exact::advise(resource, &[blocks], oom, &exact::Config::default()) {
        Err((why, test)) => (undetermined(why), test),
        Ok(advice) => {
            let (numerator, denominator) = advice.test.confidence();
            let confidence = Ratio::new(numerator.into(), denominator.into()).unwrap_or(Ratio::ZERO);
            let answer = vec![
                ("outcome", "recommendation".into()),
                ("request", round::manifest(resource, advice.request, None).into()),
                ("margin", Ratio::new(advice.margin.into(), 100).unwrap_or(Ratio::ONE).to_string().into()),
                ("misses", count(advice.test.misses.into())),
                ("base_confidence", places_of(confidence.scaled_floor(4), 4)),
            ];
            (answer, advice.test)
        }
    };
    answer.push(("folds", count(test.folds.into())));
    let growth = test.largest_growth.and_then(exact::Growth::ppm);
    answer.push(("largest_growth", places_of(growth.and_then(|ppm| i128::try_from(ppm).ok()), 6)));
    Ok(Json::object(answer))
}

/// `value / 10^places` with all its places; null for none.
fn places_of(value: Option<i128>, places: usize) -> Json {
    let Some(value) = value else { return Json::Null };
    let text = format!("{value:0>width$}", width = places.saturating_add(1));
    let (whole, rest) = text.split_at(text.len().saturating_sub(places));
    format!("{whole}.{rest}").into()
}

/// `{cpu_request, recommendation, target_utilization}` to the pair that keeps the number of replicas.
fn hpa_pair(input: &Json) -> Result<Json, Fault> {
    let nanocores = |name| Ok(u64::try_from(read::quantity(input, name)?.nano()).unwrap_or(u64::MAX));
    let target = read::scaled(input, "target_utilization", 0)?;
    Ok(match hpa::pair(nanocores("cpu_request")?, nanocores("recommendation")?, target) {
        None => Json::object([("outcome", "no_change".into())]),
        Some(pair) => Json::object([
            ("cpu_request", round::manifest(Resource::Cpu, pair.request, None).into()),
            ("target_utilization", count(pair.target)),
        ]),
    })
}

/// `{core_hour_price, window_known_minutes, pods: [{name, minutes, allocated, recommended}]}` to savings a month.
fn lifetime_projection(input: &Json) -> Result<Json, Fault> {
    let price = read::ratio(input, "core_hour_price")?;
    let window = read::scaled(input, "window_known_minutes", 0)?;
    let empty =
        || Fault::new("waste.invalid_record", "window_known_minutes", "it is 0", "give the minutes known");
    let pods = read::each(input, "pods", |pod| {
        let difference = read::ratio(pod, "allocated")?.minus(&read::ratio(pod, "recommended")?);
        let minutes = read::scaled(pod, "minutes", 0)?;
        let saving = projection::monthly(&difference, &price, minutes, window).ok_or_else(empty)?;
        Ok((read::text(pod, "name")?.to_owned(), saving))
    })?;
    let total = pods.iter().fold(Ratio::ZERO, |sum, (_, saving)| sum.plus(saving));
    let show = |saving: &Ratio| Amount::round(saving).map_or(Json::Null, |amount| amount.to_string().into());
    Ok(Json::object([
        ("monthly", Json::object(pods.iter().map(|(name, saving)| (name.clone(), show(saving))))),
        ("total", show(&total)),
    ]))
}

/// A generated series: `{count, step_seconds, formula: "a + (b*i mod m)", a, b, m}`.
fn generated(input: &Json, name: &str) -> Result<Vec<(i64, u64)>, Fault> {
    let series = read::member(input, name)?;
    let number = |member| read::scaled(series, member, 0).map_err(|fault| fault.below(name));
    let (count, step) = (number("count")?, number("step_seconds")?);
    let (a, b, modulus) = (number("a")?, number("b")?, number("m")?);
    let value = |i: u64| {
        let rest = b.checked_mul(i)?.checked_rem(modulus)?;
        Some((i64::try_from(i.checked_mul(step)?).ok()?, a.checked_add(rest)?))
    };
    let help = "give a count, a step and a, b, m whose products fit 64 bits";
    let bad = || Fault::new("waste.invalid_record", name, "the formula cannot be computed", help);
    if count > 10_000_000 {
        return Err(bad());
    }
    (0..count).map(|i| value(i).ok_or_else(bad)).collect()
}

/// One observation of a container: at equal times CPU goes first, then memory, then kills.
enum Seen {
    Cpu(u64),
    Memory(u64),
    Killed(u64),
}

/// Generated samples to what the Vertical Pod Autoscaler recommends, its percentiles and its checkpoint.
fn vpa(input: &Json) -> Result<Json, Fault> {
    let start = read::instant(input, "start")?.ms().div_euclid(1000);
    let mut seen: Vec<(i64, Seen)> = Vec::new();
    seen.extend(
        generated(input, "cpu_millicore_samples")?.into_iter().map(|(at, value)| (at, Seen::Cpu(value))),
    );
    let memory = generated(input, "memory_byte_samples")?;
    seen.extend(memory.into_iter().map(|(at, value)| (at, Seen::Memory(value))));
    let kills = read::each(input, "oom", |kill| {
        let at = i64::try_from(read::scaled(kill, "at_seconds", 0)?).unwrap_or(i64::MAX);
        Ok((at, Seen::Killed(read::scaled(kill, "request_bytes", 0)?)))
    })?;
    seen.extend(kills);
    seen.sort_by_key(|(at, _)| *at);
    let mut container = vpa::Container::default();
    for (at, seen) in seen {
        let at = start.saturating_add(at);
        match seen {
            Seen::Cpu(millicores) => container.add_cpu(at, millicores.saturating_mul(1_000_000)),
            Seen::Memory(bytes) => container.add_memory(at, bytes),
            Seen::Killed(request) => drop(container.add_oom(at, request)),
        }
    }
    let answer = container.recommend(read::scaled(input, "containers_in_pod", 0)?);
    let amounts = |amounts: vpa::Amounts| {
        Json::object([
            ("cpu_millicores", count(amounts.cpu_millicores)),
            ("memory_bytes", count(amounts.memory_bytes)),
        ])
    };
    let shares = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)];
    let percentiles = shares.into_iter().flat_map(|(name, share)| {
        let of = |resource: &str, histogram: &vpa::Histogram| {
            (format!("{resource}_{name}"), float(histogram.percentile(share)))
        };
        [of("cpu", &container.cpu), of("memory", &container.memory)]
    });
    let checkpoint = |histogram: &vpa::Histogram| {
        let weights = histogram.checkpoint().weights.into_iter();
        Json::object(weights.map(|(bucket, weight)| (bucket.to_string(), count(weight.into()))))
    };
    let reference = container.cpu.reference_s().checked_mul(1000).and_then(Timestamp::from_ms);
    let reference = reference.map_or(Json::Null, |at| at.to_string().replace(".000Z", "Z").into());
    Ok(Json::object([
        ("target", amounts(answer.target)),
        ("lower", amounts(answer.lower)),
        ("upper", amounts(answer.upper)),
        ("percentiles", Json::object(percentiles)),
        (
            "checkpoint",
            Json::object([
                ("cpu_bucket_weights", checkpoint(&container.cpu)),
                ("memory_bucket_weights", checkpoint(&container.memory)),
                ("cpu_reference", reference),
            ]),
        ),
    ]))
}

/// `{first_bucket, max}` to the number of buckets and where each starts.
fn vpa_histogram(input: &Json) -> Result<Json, Fault> {
    let number = |name| {
        let float = read::digits(read::member(input, name)?).and_then(|text| text.parse::<f64>().ok());
        float.filter(|value| value.is_finite() && *value > 0.0).ok_or_else(|| {
            Fault::new("waste.invalid_record", name, "it is no number above 0", "give a number above 0")
        })
    };
    let scale = vpa::Scale::new(number("first_bucket")?, number("max")?);
    let starts = (0..scale.buckets()).map(|index| (index.to_string(), float(scale.start(index))));
    Ok(Json::object([
        ("buckets", count(u64::try_from(scale.buckets()).unwrap_or_default())),
        ("starts", Json::object(starts)),
    ]))
}

//! The arithmetic of allocation: largest remainder, pools, presence, efficiency.

use super::Handler;
use crate::{
    allocation::{
        AllocationConfig, Capacity, Use, efficiency, node::seconds, node_split, row::text, share_presence,
    },
    error::{Fault, shorten},
    exact::Exact,
    inventory::Quantity,
    json::{Json, Object},
    money::{Nanos, apportion_weights},
    time::Timestamp,
};

pub(super) const KINDS: &[(&str, Handler)] =
    &[("apportion", apportion), ("node_split", split), ("presence", presence), ("efficiency", efficient)];

/// A refused member of the input of a kind.
pub(super) fn refuse(path: &str, problem: impl Into<String>) -> Fault {
    Fault::new("config.invalid", path, problem, "see the kind's input in the allocation vectors")
}

pub(super) fn member<'a>(input: &'a Json, name: &str) -> Result<&'a Json, Fault> {
    input.get(name).ok_or_else(|| refuse(name, format!("`{name}` is missing")))
}

pub(super) fn list<'a>(input: &'a Json, name: &str) -> Result<&'a [Json], Fault> {
    let wrong = || refuse(name, format!("`{name}` is a list"));
    member(input, name)?.as_array().ok_or_else(wrong)
}

/// The digits of a text or a number.
pub(super) fn digits<'a>(json: &'a Json, path: &str) -> Result<&'a str, Fault> {
    match json {
        Json::String(text) => Ok(text),
        Json::Number(number) => Ok(number.text()),
        other => Err(refuse(path, format!("a number is needed, not a {}", other.type_name()))),
    }
}

pub(super) fn money(input: &Json, name: &str) -> Result<Nanos, Fault> {
    digits(member(input, name)?, name)?.parse::<Nanos>().map_err(|fault| fault.below(name))
}

fn whole<T: std::str::FromStr>(json: &Json, path: &str) -> Result<T, Fault> {
    let text = digits(json, path)?;
    text.parse().map_err(|_| refuse(path, format!("`{}` is no integer in range", shorten(text))))
}

fn apportion(input: &Json) -> Result<Json, Fault> {
    let total: i128 = whole(member(input, "total")?, "total")?;
    let weights = list(input, "weights")?.iter().map(|weight| whole(weight, "weights"));
    let weights = weights.collect::<Result<Vec<u128>, Fault>>()?;
    let keys: Vec<usize> = (0..weights.len()).collect();
    Ok(Json::array(apportion_weights(total, &weights, &keys)?.iter().map(i128::to_string)))
}

fn split(input: &Json) -> Result<Json, Fault> {
    let config = ["split", "rates"].into_iter().filter_map(|name| Some((name, input.get(name)?.clone())));
    let config = AllocationConfig::from_json(&Json::object(config))?;
    let capacity = member(input, "capacity")?;
    let quantity = |name: &str| -> Result<i128, Fault> {
        let Some(json) = capacity.get(name) else { return Ok(0) };
        let path = format!("capacity.{name}");
        let text = digits(json, &path)?;
        Quantity::parse_unsigned(text).map(Quantity::nano).map_err(|fault| fault.below(&path))
    };
    let part =
        |nano: i128, unit: i128| u64::try_from(nano.checked_div(unit).unwrap_or(0)).unwrap_or(u64::MAX);
    let capacity = Capacity {
        millicores: part(quantity("cpu")?, 1_000_000),
        kib: part(quantity("memory")?, 1_024_000_000_000),
        gpu: part(quantity("nvidia.com/gpu")?, 1_000_000),
        gpu_scale: 1,
    };
    let cost = money(input, "cost")?;
    let pools = node_split(cost.get().into(), &capacity, config.split, &config.rates)?;
    let names = crate::allocation::direct::RESOURCES.into_iter();
    Ok(Json::object(names.zip(pools).map(|(name, pool)| (name, Json::from(text(pool))))))
}

/// Whole seconds since 1970, or an instant.
fn second(json: &Json, path: &str) -> Result<i64, Fault> {
    if let Some(at) = json.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
        return Ok(seconds(at));
    }
    whole(json, path)
}

fn pair(json: &Json, path: &str) -> Result<(i64, i64), Fault> {
    match json.as_array() {
        Some([start, end]) => Ok((second(start, path)?, second(end, path)?)),
        _ => Err(refuse(path, "an interval is a start and an end")),
    }
}

fn presence(input: &Json) -> Result<Json, Fault> {
    let window = pair(member(input, "window_seconds")?, "window_seconds")?;
    let cost = money(input, "cost")?;
    let users = member(input, "users")?.as_object().ok_or_else(|| refuse("users", "`users` is an object"))?;
    let users = users.sorted_by(crate::allocation::canonical);
    let mut intervals = Vec::with_capacity(users.len());
    for (name, times) in &users {
        let path = format!("users.{name}");
        let times = times.as_array().ok_or_else(|| refuse(&path, "a user has a list of intervals"))?;
        intervals.push(times.iter().map(|time| pair(time, &path)).collect::<Result<Vec<_>, Fault>>()?);
    }
    let shares = share_presence(cost.get().into(), window, &intervals)?;
    let parts = users.iter().zip(&shares.users).map(|((name, _), part)| (*name, Json::from(text(*part))));
    Ok(Json::object([("users", Json::object(parts)), ("unmounted", Json::from(text(shares.unmounted)))]))
}

/// A decimal of any length, in the form that exact numbers are read from.
fn exact(input: &Json, name: &str) -> Result<Exact, Fault> {
    let text = digits(member(input, name)?, name)?;
    let plain = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    Exact::parse(plain)
        .filter(|number| !number.is_negative())
        .ok_or_else(|| refuse(name, format!("`{}` is no decimal of at least 0", shorten(text))))
}

fn efficient(input: &Json) -> Result<Json, Fault> {
    let of = |resource: &str| {
        let part = |name: &str| exact(input, &format!("{resource}_{name}"));
        Ok::<Use, Fault>(Use { used: part("used")?, requested: part("requested")?, cost: part("cost")? })
    };
    let found = efficiency(Some(&of("cpu")?), Some(&of("memory")?));
    let ratios = [("cpu", &found.cpu), ("memory", &found.memory), ("total", &found.total)];
    let mut out: Object = ratios
        .into_iter()
        .map(|(name, ratio)| (name, Json::from(ratio.as_ref().map(Exact::to_string))))
        .collect();
    if found.no_request {
        out.insert("no_request", true);
    }
    Ok(Json::Object(out))
}

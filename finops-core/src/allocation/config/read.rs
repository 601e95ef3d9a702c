//! The wire form of the configuration. An unknown member is an error: a typo must not change a bill.

use super::{
    AllocationConfig, Idle, IdleScope, LabelFallbacks, NamespaceOwner, NetworkPrices, NetworkTraffic,
    OverAllocation, Rates, SharedCost, SharedSource, SharedSplit, Split, window_empty,
};
use crate::{
    allocation::key::{Filter, Key},
    error::{Fault, shorten},
    inventory::Interval,
    json::{Json, Object},
    money::decimal,
    time::Timestamp,
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

fn invalid(path: &str, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("config.invalid", path, problem, help)
}

fn share(path: &str, problem: impl Into<String>) -> Fault {
    const HELP: &str = "give a name, one of namespaces, filter, amount, hourly and monthly, and a split";
    Fault::new("allocation.invalid_share", path, problem, HELP)
}

fn members<'a>(json: &'a Json, path: &str) -> Result<&'a Object, Fault> {
    let wrong =
        || invalid(path, format!("an object is needed, not a {}", json.type_name()), "give an object");
    json.as_object().ok_or_else(wrong)
}

/// A decimal as text or number, at least 0.
fn amount(json: &Json, path: &str) -> Result<Decimal, Fault> {
    let value = match json {
        Json::String(text) => decimal::parse(text),
        Json::Number(number) => decimal::parse(number.text()),
        _ => None,
    };
    let value = value.filter(|value| !value.is_sign_negative() || value.is_zero());
    let wrong = || {
        invalid(path, format!("`{}` is no amount", shorten(&json.to_text())), "give a decimal of at least 0")
    };
    value.ok_or_else(wrong)
}

fn whole(json: &Json, path: &str) -> Result<u64, Fault> {
    let wrong = || {
        invalid(path, format!("`{}` is no count", shorten(&json.to_text())), "give an integer of at least 0")
    };
    json.as_number().and_then(crate::json::Number::as_u64).ok_or_else(wrong)
}

fn text(json: &Json, path: &str) -> Result<String, Fault> {
    let wrong = || invalid(path, format!("a text is needed, not a {}", json.type_name()), "give a text");
    json.as_str().map(str::to_owned).ok_or_else(wrong)
}

fn texts(json: &Json, path: &str) -> Result<Vec<String>, Fault> {
    let wrong =
        || invalid(path, format!("a list is needed, not a {}", json.type_name()), "give a list of texts");
    let list = json.as_array().ok_or_else(wrong)?;
    list.iter().enumerate().map(|(index, json)| text(json, &format!("{path}[{index}]"))).collect()
}

fn choice<T: Copy>(json: &Json, path: &str, choices: &[(&str, T)], help: &'static str) -> Result<T, Fault> {
    let found = json.as_str().and_then(|text| choices.iter().find(|(name, _)| *name == text));
    let wrong = || invalid(path, format!("`{}` is no choice", shorten(&json.to_text())), help);
    found.map(|(_, value)| *value).ok_or_else(wrong)
}

fn unknown(path: &str) -> Fault {
    invalid(path, "no such setting", "remove it, or correct its name")
}

/// `[start, end]` or `{start, end}`; a date is its midnight in UTC.
pub(crate) fn interval(json: &Json, path: &str) -> Result<Interval, Fault> {
    const HELP: &str = "write `[\"2026-11-01T00:00:00Z\", \"2026-11-08T00:00:00Z\"]`";
    let instant = |json: Option<&Json>, part: &str| {
        let path = format!("{path}{part}");
        let wrong = || invalid(&path, "no instant: a time needs `Z` or an offset", HELP);
        let text = json.and_then(Json::as_str).ok_or_else(wrong)?;
        let midnight = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        midnight.parse::<Timestamp>().map_err(|_| wrong())
    };
    let (start, end) = match json {
        Json::Array(both) if both.len() == 2 => (instant(both.first(), "[0]")?, instant(both.last(), "[1]")?),
        Json::Object(both) => (instant(both.get("start"), ".start")?, instant(both.get("end"), ".end")?),
        _ => return Err(invalid(path, "a window is a start and an end", HELP)),
    };
    if end <= start {
        return Err(window_empty(path));
    }
    Ok(Interval { start, end })
}

impl AllocationConfig {
    /// Reads the wire form; what is absent or `null` has its default.
    ///
    /// # Errors
    /// `config.invalid` with the path of the setting, `allocation.window_empty`, `allocation.invalid_share`,
    /// `allocation.invalid_filter`, `allocation.unknown_key`.
    pub fn from_json(json: &Json) -> Result<Self, Fault> {
        let mut config = Self::default();
        if json.is_null() {
            return Ok(config);
        }
        for (name, value) in members(json, "")?.iter().filter(|(_, value)| !value.is_null()) {
            config.set(name, value)?;
        }
        Ok(config)
    }

    fn set(&mut self, name: &str, json: &Json) -> Result<(), Fault> {
        match name {
            "window" => self.window = Some(interval(json, name)?),
            "split" => {
                let choices = [
                    ("price_ratio", Split::PriceRatio),
                    ("aws_split", Split::AwsSplit),
                    ("fixed_share", Split::FixedShare),
                    ("explicit", Split::Explicit),
                ];
                self.split =
                    choice(json, name, &choices, "give price_ratio, aws_split, fixed_share or explicit")?;
            }
            "rates" => self.rates = rates(json, name)?,
            "over_allocation" => {
                let choices = [("line", OverAllocation::Line), ("prorate", OverAllocation::Prorate)];
                self.over_allocation = choice(json, name, &choices, "give line or prorate")?;
            }
            "idle" => {
                let choices = [("keep", Idle::Keep), ("share", Idle::Share)];
                self.idle = choice(json, name, &choices, "give keep or share")?;
            }
            "idle_scope" => {
                let choices = [("node", IdleScope::Node), ("cluster", IdleScope::Cluster)];
                self.idle_scope = choice(json, name, &choices, "give node or cluster")?;
            }
            "shared" => self.shared = shared(json)?,
            "network_prices" => self.network_prices = network_prices(json, name)?,
            "network" => self.network = traffic(json, name)?,
            "volume_prices" => self.volume_prices = map(json, name, amount)?,
            "accelerators" => self.accelerators.extend(map(json, name, whole)?),
            "label_fallbacks" => self.label_fallbacks = fallbacks(json, name)?,
            "namespace_map" => self.namespace_map = map(json, name, owner)?,
            "month_hours" => {
                self.month_hours = amount(json, name)?;
                if self.month_hours.is_zero() {
                    return Err(invalid(name, "a month of no hours", "give 730"));
                }
            }
            "exclude_phases" => self.exclude_phases = texts(json, name)?,
            other => return Err(unknown(other)),
        }
        Ok(())
    }
}

fn map<T>(
    json: &Json,
    path: &str,
    read: impl Fn(&Json, &str) -> Result<T, Fault>,
) -> Result<BTreeMap<String, T>, Fault> {
    let entries = members(json, path)?.iter();
    entries.map(|(name, json)| Ok((name.to_owned(), read(json, &format!("{path}.{name}"))?))).collect()
}

fn rates(json: &Json, path: &str) -> Result<Rates, Fault> {
    let mut rates = Rates::default();
    for (name, json) in members(json, path)?.iter() {
        let path = format!("{path}.{name}");
        let value = amount(json, &path)?;
        match name {
            "cpu_core_hour" => rates.cpu_core_hour = value,
            "memory_gib_hour" => rates.memory_gib_hour = value,
            "gpu_hour" => rates.gpu_hour = value,
            _ => return Err(unknown(&path)),
        }
    }
    Ok(rates)
}

fn network_prices(json: &Json, path: &str) -> Result<NetworkPrices, Fault> {
    let mut prices = NetworkPrices::default();
    for (name, json) in members(json, path)?.iter().filter(|(_, json)| !json.is_null()) {
        let path = format!("{path}.{name}");
        let value = Some(amount(json, &path)?);
        match name {
            "zone" => prices.zone = value,
            "region" => prices.region = value,
            "internet" => prices.internet = value,
            "total" => prices.total = value,
            _ => return Err(unknown(&path)),
        }
    }
    Ok(prices)
}

fn traffic(json: &Json, path: &str) -> Result<Vec<NetworkTraffic>, Fault> {
    let wrong =
        || invalid(path, format!("a list is needed, not a {}", json.type_name()), "give a list of pods");
    let mut out = Vec::new();
    for (index, json) in json.as_array().ok_or_else(wrong)?.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let mut pod = NetworkTraffic::default();
        for (name, json) in members(json, &path)?.iter() {
            let path = format!("{path}.{name}");
            match name {
                "namespace" => pod.namespace = text(json, &path)?,
                "pod" => pod.pod = text(json, &path)?,
                "zone" => pod.zone = whole(json, &path)?,
                "region" => pod.region = whole(json, &path)?,
                "internet" => pod.internet = whole(json, &path)?,
                _ => return Err(unknown(&path)),
            }
        }
        out.push(pod);
    }
    Ok(out)
}

fn fallbacks(json: &Json, path: &str) -> Result<LabelFallbacks, Fault> {
    let mut fallbacks = LabelFallbacks::default();
    for (name, json) in members(json, path)?.iter() {
        let path = format!("{path}.{name}");
        let names = texts(json, &path)?;
        match name {
            "team" => fallbacks.team = names,
            "environment" => fallbacks.environment = names,
            "product" => fallbacks.product = names,
            _ => return Err(unknown(&path)),
        }
    }
    Ok(fallbacks)
}

fn owner(json: &Json, path: &str) -> Result<NamespaceOwner, Fault> {
    if let Some(team) = json.as_str() {
        return Ok(NamespaceOwner { team: Some(team.to_owned()), ..NamespaceOwner::default() });
    }
    let mut owner = NamespaceOwner::default();
    for (name, json) in members(json, path)?.iter().filter(|(_, json)| !json.is_null()) {
        let path = format!("{path}.{name}");
        let value = Some(text(json, &path)?);
        match name {
            "team" => owner.team = value,
            "environment" => owner.environment = value,
            "product" => owner.product = value,
            _ => return Err(unknown(&path)),
        }
    }
    Ok(owner)
}

/// The shared costs of a configuration.
pub(crate) fn shared(json: &Json) -> Result<Vec<SharedCost>, Fault> {
    let list = json.as_array().ok_or_else(|| share("shared", "shared costs are a list"))?;
    list.iter().enumerate().map(|(index, json)| shared_cost(json, &format!("shared[{index}]"))).collect()
}

fn shared_cost(json: &Json, path: &str) -> Result<SharedCost, Fault> {
    let below = |name: &str| format!("{path}.{name}");
    let (mut sources, mut fixed, mut split) = (Vec::new(), BTreeMap::new(), "proportional");
    let (mut title, mut tenant_key) = (String::new(), Key::Namespace);
    let object = json.as_object().ok_or_else(|| share(path, "a shared cost is an object"))?;
    for (name, json) in object.iter().filter(|(_, json)| !json.is_null()) {
        let at = below(name);
        match name {
            "name" => title = text(json, &at)?,
            "namespaces" => sources.push(SharedSource::Namespaces(texts(json, &at)?)),
            "filter" => {
                sources.push(SharedSource::Filter(Filter::from_json(json).map_err(|f| f.below(&at))?))
            }
            "amount" => sources.push(SharedSource::Amount(amount(json, &at)?)),
            "hourly" => sources.push(SharedSource::Hourly(amount(json, &at)?)),
            "monthly" => sources.push(SharedSource::Monthly(amount(json, &at)?)),
            "split" => split = json.as_str().unwrap_or_default(),
            "fixed" => fixed = map(json, &at, amount)?,
            "tenant_key" => {
                tenant_key = text(json, &at)?.parse::<Key>().map_err(|fault| fault.below(&at))?;
                if tenant_key == Key::Service {
                    return Err(share(&at, "a pod of several services has no one tenant"));
                }
            }
            _ => return Err(unknown(&at)),
        }
    }
    let [source] = sources.as_slice() else {
        return Err(share(path, "a shared cost has one source"));
    };
    let has_fixed = !fixed.is_empty();
    let split = match split {
        "proportional" if !has_fixed => SharedSplit::Proportional,
        "even" if !has_fixed => SharedSplit::Even,
        "fixed" if fixed.values().any(|weight| !weight.is_zero()) => SharedSplit::Fixed(fixed),
        "fixed" => return Err(share(&below("fixed"), "a fixed split needs a weight above 0")),
        "proportional" | "even" => return Err(share(&below("fixed"), "weights need the split `fixed`")),
        other => return Err(share(&below("split"), format!("`{}` is no split", shorten(other)))),
    };
    Ok(SharedCost { name: title, source: source.clone(), split, tenant_key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};

    fn config(text: &str) -> Result<AllocationConfig, Fault> {
        AllocationConfig::from_json(&read(text.as_bytes(), &Limits::default()).unwrap())
    }

    #[test]
    fn settings_are_read() {
        let config = config(
            r#"{"window": {"start": "2026-11-01", "end": "2026-11-02T12:00:00+01:00"}, "split": "explicit",
                "rates": {"cpu_core_hour": "0.03"}, "over_allocation": "prorate", "idle_scope": "cluster",
                "shared": [{"name": "s", "hourly": "0.10", "split": "fixed", "fixed": {"a": 1}, "tenant_key": "team"}],
                "namespace_map": {"web": "front", "db": {"product": "store"}}, "accelerators": {"x.io/y": 500},
                "exclude_phases": ["Failed"], "month_hours": 720, "volume_prices": {"gp3": 0.08},
                "network_prices": {"internet": "0.09"}, "network": [{"namespace": "a", "pod": "b", "internet": 5}]}"#,
        )
        .unwrap();
        assert_eq!(config.window.unwrap().end.to_string(), "2026-11-02T11:00:00.000Z");
        assert_eq!((config.split, config.over_allocation), (Split::Explicit, OverAllocation::Prorate));
        assert_eq!(config.shared[0].tenant_key, Key::Team);
        assert_eq!(config.namespace_map["db"].product.as_deref(), Some("store"));
        assert_eq!(config.accelerators["x.io/y"], 500);
        assert_eq!(config.accelerators["nvidia.com/gpu"], 1000);
    }

    #[test]
    fn a_wrong_setting_is_refused_with_its_path() {
        for (text, code, path) in [
            (r#"{"idel": "keep"}"#, "config.invalid", "idel"),
            (r#"{"idle": "maybe"}"#, "config.invalid", "idle"),
            (r#"{"window": ["2026-11-02", "2026-11-01"]}"#, "allocation.window_empty", "window"),
            (r#"{"window": ["2026-11-02T00:00:00", "2026-11-03"]}"#, "config.invalid", "window[0]"),
            (r#"{"month_hours": "0"}"#, "config.invalid", "month_hours"),
            (r#"{"rates": {"cpu": 1}}"#, "config.invalid", "rates.cpu"),
            (r#"{"rates": {"gpu_hour": -1}}"#, "config.invalid", "rates.gpu_hour"),
            (r#"{"shared": [{"name": "x"}]}"#, "allocation.invalid_share", "shared[0]"),
            (r#"{"shared": [{"amount": 1, "hourly": 1}]}"#, "allocation.invalid_share", "shared[0]"),
            (
                r#"{"shared": [{"amount": 1, "split": "half"}]}"#,
                "allocation.invalid_share",
                "shared[0].split",
            ),
            (
                r#"{"shared": [{"amount": 1, "split": "fixed"}]}"#,
                "allocation.invalid_share",
                "shared[0].fixed",
            ),
            (
                r#"{"shared": [{"amount": 1, "fixed": {"a": 1}}]}"#,
                "allocation.invalid_share",
                "shared[0].fixed",
            ),
            (
                r#"{"shared": [{"filter": {"user": ["a"]}}]}"#,
                "allocation.unknown_key",
                "shared[0].filter.user",
            ),
            (r#"{"shared": [{"filter": {"pod": 1}}]}"#, "allocation.invalid_filter", "shared[0].filter.pod"),
            (
                r#"{"shared": [{"amount": 1, "tenant_key": "service"}]}"#,
                "allocation.invalid_share",
                "shared[0].tenant_key",
            ),
        ] {
            let fault = config(text).unwrap_err();
            assert_eq!((fault.code(), fault.path()), (code, path), "{text}");
        }
    }
}

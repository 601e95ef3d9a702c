//! What is known of AI workloads in a window: the wire form read into records, a bad value kept with its path.

mod record;

pub use record::{
    AiInventory, CallGroup, Endpoint, Evaluation, GpuContainer, GpuDevice, Provisioned, RoutedSignal,
    TrainingRun, Unreadable,
};

use super::{
    TokenPrices,
    calls::{CallFact, CallSignal},
    index::route_of,
};
use crate::{
    error::{Fault, shorten},
    json::{Json, Object},
    price::Catalogue,
    time::Timestamp,
    waste::{
        Ratio,
        summary::{Field, Record, instant, named, records, refused_input, settle},
    },
};
use std::collections::{BTreeMap, BTreeSet};

const TOP_KEYS: &[&str] = &["window", "as_of", "provider", "account_id", "cluster", "tags", "prices"];
/// Members that only inventories of AI workloads have.
const LISTS: &[&str] = &[
    "gpu_containers",
    "endpoints",
    "provisioned",
    "call_groups",
    "training_runs",
    "evaluations",
    "calls",
    "signals",
];
const WINDOW_KEYS: &[&str] = &["start", "end"];
const GPU_KEYS: &[&str] = &[
    "container",
    "gpus",
    "duty_max",
    "duty_mean",
    "duty_p95",
    "memory_max_bytes",
    "memory_share_max",
    "samples",
    "span_hours",
    "devices",
];
const DEVICE_KEYS: &[&str] = &["uuid", "duty_max", "samples", "span_hours"];
const ENDPOINT_KEYS: &[&str] =
    &["name", "created_at", "instances", "hourly_price", "invocations", "invocations_window_hours"];
const PROVISIONED_KEYS: &[&str] = &["name", "hourly_fee", "on_demand_cost", "commitment_end"];
const GROUP_KEYS: &[&str] = &[
    "route",
    "model",
    "provider",
    "calls",
    "cost",
    "stable_prefix_tokens",
    "cache_windows",
    "saved_by_cache_already",
    "can_wait_seconds",
    "repeated_calls",
    "repeated_cost",
    "cacheable",
    "candidate_cost",
    "p95_input_tokens",
    "input_tokens_over_budget",
];
const RUN_KEYS: &[&str] = &["run", "status", "hourly_cost", "hours", "hours_since_checkpoint", "stall_share"];
const EVALUATION_KEYS: &[&str] = &["route", "candidate", "budget_tokens", "n", "lower_bound", "margin"];

fn share(record: &Record<'_>, key: &str) -> Field {
    match named(record, record.number(key)) {
        Field::Known(share) if share > Ratio::ONE => Field::Bad(format!("{}.{key}", record.path)),
        other => other,
    }
}

/// A number that may be below 0.
fn signed(record: &Record<'_>, key: &str) -> Field {
    record.field(key, |value| {
        let text = value.as_number().map(crate::json::Number::text).or_else(|| value.as_str());
        text.and_then(Ratio::parse)
    })
}

fn time(record: &Record<'_>, key: &str) -> Field<Timestamp> {
    record.field(key, |value| value.as_str().and_then(|text| text.parse().ok()))
}

impl AiInventory {
    /// Whether JSON is an inventory of AI workloads: it has one of their lists, and nothing of a cluster's.
    #[must_use]
    pub fn is_ai(value: &Json) -> bool {
        let has =
            |names: &[&str]| names.iter().any(|name| value.get(name).is_some_and(|member| !member.is_null()));
        has(LISTS) && !has(&["workloads", "nodes", "pods"])
    }

    /// Reads the wire form; `as_of` is the time of the run and stands before the form's own, whose default is the end of
    /// the window.
    ///
    /// A record with a bad value is kept and its detectors call it undetermined; unknown members are counted.
    ///
    /// # Errors
    /// `waste.invalid_record` when the input, its window or one of its lists has another shape than the form.
    ///
    /// ```
    /// use finops_core::{json::{Limits, read}, waste::ai::AiInventory};
    /// let json = read(
    ///     br#"{"window": {"start": "2026-11-13T00:00:00Z", "end": "2026-11-20T00:00:00Z"},
    ///         "endpoints": [{"name": "ep", "instances": 2, "colour": "red"}]}"#,
    ///     &Limits::default(),
    /// )?;
    /// let inventory = AiInventory::from_json(&json, None)?;
    /// assert_eq!((inventory.endpoints.len(), inventory.unknown_keys["endpoints.colour"]), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(value: &Json, as_of: Option<Timestamp>) -> Result<Self, Fault> {
        let members = value.as_object().ok_or_else(|| {
            let problem = format!("a {} is no inventory of AI workloads", value.type_name());
            refused_input("", problem, "give an object with `window`, `gpu_containers`, `call_groups`")
        })?;
        let top = Record { members, path: String::new(), name: String::new(), named: true };
        let mut found = Self::default();
        found.count_unknown(members, &[TOP_KEYS, LISTS].concat(), "");
        found.window = found.read_window(top.get("window"))?;
        let stated = top.get("as_of").map(|value| instant(value, "as_of")).transpose()?;
        let end = found.window.map(|(_, end)| end);
        found.as_of = as_of.or(stated).or(end).ok_or_else(|| {
            let problem = "neither the time of the run nor a window is given".to_owned();
            refused_input("as_of", problem, "write it like `2026-11-20T00:00:00Z`")
        })?;
        let word = |name| top.text(name).filter(|text: &String| !text.is_empty());
        (found.provider, found.account_id, found.cluster) =
            (word("provider"), word("account_id"), word("cluster"));
        let tags = top.get("tags").and_then(Json::as_array).unwrap_or_default();
        found.tags = tags.iter().filter_map(Json::as_str).map(str::to_owned).collect();
        if let Some(prices) = top.get("prices") {
            found.prices = TokenPrices::from_json(prices, "prices")?;
        }
        found.gpu_containers =
            found.list(&top, "gpu_containers", "container", GPU_KEYS, GpuContainer::read)?;
        for record in records(top.get("gpu_containers"), "gpu_containers", "container")? {
            for device in record.get("devices").and_then(Json::as_array).into_iter().flatten() {
                if let Some(members) = device.as_object() {
                    found.count_unknown(members, DEVICE_KEYS, "gpu_containers.devices");
                }
            }
        }
        found.endpoints = found.list(&top, "endpoints", "name", ENDPOINT_KEYS, Endpoint::read)?;
        found.provisioned = found.list(&top, "provisioned", "name", PROVISIONED_KEYS, Provisioned::read)?;
        found.call_groups = found.list(&top, "call_groups", "route", GROUP_KEYS, CallGroup::read)?;
        found.training_runs = found.list(&top, "training_runs", "run", RUN_KEYS, TrainingRun::read)?;
        found.evaluations = found.list(&top, "evaluations", "route", EVALUATION_KEYS, Evaluation::read)?;
        found.read_calls(&top)?;
        found.need_window()?;
        found.settle();
        Ok(found)
    }

    /// The same with another catalogue of token prices.
    #[must_use]
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Self {
        self.catalogue = catalogue;
        self
    }

    /// Calls as an inventory, such as those that a monitor kept. Without a window they are all of one that ends with the
    /// last of them.
    ///
    /// # Errors
    /// `waste.invalid_record` at `window` for one that does not end after its start, and without one for calls of a single
    /// instant, which say nothing of a month.
    ///
    /// ```
    /// use finops_core::{time::Timestamp, waste::ai::{AiInventory, calls::CallFact}};
    /// let call = |ms| CallFact {
    ///     model: "gpt-5".into(),
    ///     at: Timestamp::from_ms(ms).unwrap_or_default(),
    ///     ..CallFact::default()
    /// };
    /// let inventory = AiInventory::from_calls(vec![call(0), call(7_200_000)], None)?;
    /// assert_eq!(inventory.window_hours().map(|hours| hours.to_string()).as_deref(), Some("2"));
    /// assert!(AiInventory::from_calls(vec![call(0)], None).is_err());
    /// # Ok::<(), finops_core::error::Fault>(())
    /// ```
    pub fn from_calls(calls: Vec<CallFact>, window: Option<(Timestamp, Timestamp)>) -> Result<Self, Fault> {
        let ends =
            || Some((calls.iter().map(|call| call.at).min()?, calls.iter().map(|call| call.at).max()?));
        let window = window.or_else(ends).filter(|(start, end)| end > start).ok_or_else(|| {
            let problem = "the calls span no time".to_owned();
            refused_input("window", problem, "give the window that the calls are all of")
        })?;
        Ok(Self { window: Some(window), as_of: window.1, calls, ..Self::default() })
    }

    /// Who serves each route: the providers that its calls name or, where they name none, those of their models in the
    /// catalogue.
    #[must_use]
    pub fn providers(&self) -> BTreeMap<String, BTreeSet<String>> {
        let groups = self
            .call_groups
            .iter()
            .map(|group| (group.route.as_str(), group.provider.as_deref(), group.model.as_str()));
        let calls =
            self.calls.iter().map(|call| (route_of(call), call.provider.as_deref(), call.model.as_str()));
        let signals = self.signals.iter().map(|routed| {
            let said = |name: &str| {
                routed
                    .signal
                    .evidence
                    .get(name)
                    .and_then(|value| value.as_str())
                    .filter(|text| !text.is_empty())
            };
            (routed.route.as_str(), said("provider"), said("model").unwrap_or_default())
        });
        let mut sold: BTreeMap<&str, Option<String>> = BTreeMap::new();
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (route, provider, model) in groups.chain(calls).chain(signals) {
            let of_model = || {
                let resolved = || Some(self.catalogue.resolve(None, model).ok()?.provider.to_string());
                sold.entry(model).or_insert_with(resolved).clone()
            };
            let provider = provider.map(str::to_owned).or_else(of_model);
            if let Some(provider) = provider {
                found.entry(route.to_owned()).or_default().insert(provider);
            }
        }
        found
    }

    /// The hours of the window.
    #[must_use]
    pub fn window_hours(&self) -> Option<Ratio> {
        let (start, end) = self.window?;
        Ratio::new(end.ms().checked_sub(start.ms())?.into(), 3_600_000).filter(Ratio::is_positive)
    }

    fn read_window(&mut self, value: Option<&Json>) -> Result<Option<(Timestamp, Timestamp)>, Fault> {
        let Some(value) = value else { return Ok(None) };
        let shape = || {
            let problem = format!("`{}` is no window", shorten(&value.to_text()));
            refused_input("window", problem, "give `{\"start\": ..., \"end\": ...}`, the end after the start")
        };
        self.count_unknown(value.as_object().ok_or_else(shape)?, WINDOW_KEYS, "window");
        let start = instant(value.get("start").ok_or_else(shape)?, "window.start")?;
        let end = instant(value.get("end").ok_or_else(shape)?, "window.end")?;
        if end <= start { Err(shape()) } else { Ok(Some((start, end))) }
    }

    /// Sums mean nothing without the time over which they were taken.
    fn need_window(&self) -> Result<(), Fault> {
        let sums = !(self.provisioned.is_empty()
            && self.call_groups.is_empty()
            && self.training_runs.is_empty()
            && self.calls.is_empty()
            && self.signals.is_empty());
        if sums && self.window.is_none() {
            let problem = "sums are given without their window".to_owned();
            return Err(refused_input("window", problem, "give `{\"start\": ..., \"end\": ...}`"));
        }
        Ok(())
    }

    fn count_unknown(&mut self, members: &Object, known: &[&str], of: &str) {
        for key in members.keys().filter(|key| !known.contains(key)) {
            let key = shorten(key);
            let name = if of.is_empty() { key } else { format!("{of}.{key}") };
            let count = self.unknown_keys.entry(name).or_default();
            *count = count.saturating_add(1);
        }
    }

    fn list<T>(
        &mut self,
        top: &Record<'_>,
        key: &str,
        name_key: &str,
        known: &[&str],
        read: fn(&Record<'_>) -> T,
    ) -> Result<Vec<T>, Fault> {
        let found = records(top.get(key), key, name_key)?;
        for record in &found {
            self.count_unknown(record.members, known, key);
        }
        Ok(found.iter().map(read).collect())
    }

    fn read_calls(&mut self, top: &Record<'_>) -> Result<(), Fault> {
        for record in records(top.get("calls"), "calls", "id")? {
            let text = Json::from(record.members.clone()).to_text();
            match serde_json::from_str::<CallFact>(&text) {
                Ok(mut call) if !call.model.is_empty() => {
                    if call.id.is_empty() {
                        call.id.clone_from(&record.path);
                    }
                    self.calls.push(call);
                }
                _ => self.unreadable.push(Unreadable { path: record.path, r#type: None }),
            }
        }
        for record in records(top.get("signals"), "signals", "type")? {
            let mut members = record.members.clone();
            let (route, cost) = (record.text("route"), record.number("cost"));
            members.remove("route");
            members.remove("cost");
            let signal = serde_json::from_str::<CallSignal>(&Json::from(members).to_text());
            match signal {
                Ok(signal) if cost.bad().is_none() => {
                    let model =
                        || signal.evidence.get("model").and_then(|model| model.as_str()).map(str::to_owned);
                    let route = route.or_else(model).unwrap_or_else(|| "calls".to_owned());
                    self.signals.push(RoutedSignal { route, cost: cost.known().cloned(), signal });
                }
                _ => {
                    let r#type = record.text("type");
                    self.unreadable.push(Unreadable { path: record.path, r#type });
                }
            }
        }
        Ok(())
    }

    /// Brings records into the order of their names; of equal records one stays, unequal ones of one name are marked.
    fn settle(&mut self) {
        settle(&mut self.gpu_containers, |one| one.container.clone(), |one| &mut one.repeated);
        settle(&mut self.endpoints, |one| one.name.clone(), |one| &mut one.repeated);
        settle(&mut self.provisioned, |one| one.name.clone(), |one| &mut one.repeated);
        settle(&mut self.call_groups, |one| (one.route.clone(), one.model.clone()), |one| &mut one.repeated);
        settle(&mut self.training_runs, |one| one.run.clone(), |one| &mut one.repeated);
        self.evaluations.sort_by_cached_key(|one| {
            let number = |field: &Field| field.known().cloned();
            let numbers = [&one.budget_tokens, &one.n, &one.lower_bound, &one.margin].map(number);
            (one.route.clone(), one.candidate.known().cloned(), numbers)
        });
        self.unreadable.sort_by(|one, other| one.path.cmp(&other.path));
    }
}

impl GpuContainer {
    fn read(record: &Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        let device = |(index, value): (usize, &Json)| {
            GpuDevice::read(value, format!("{}.devices[{index}]", record.path))
        };
        let devices = record.get("devices").and_then(Json::as_array).into_iter().flatten();
        let mut devices: Vec<GpuDevice> = devices.enumerate().map(device).collect();
        devices.sort_by(|one, other| one.uuid.cmp(&other.uuid));
        let wrong_list = record.get("devices").is_some_and(|value| value.as_array().is_none());
        let twice = devices.windows(2).any(|pair| matches!(pair, [one, other] if one.uuid == other.uuid));
        let gpus =
            if wrong_list || twice { Field::Bad(format!("{}.devices", record.path)) } else { number("gpus") };
        Self {
            container: record.name.clone(),
            gpus,
            duty_max: share(record, "duty_max"),
            duty_mean: share(record, "duty_mean"),
            duty_p95: share(record, "duty_p95"),
            memory_max_bytes: number("memory_max_bytes"),
            memory_share_max: share(record, "memory_share_max"),
            samples: number("samples"),
            span_hours: number("span_hours"),
            devices,
            repeated: false,
        }
    }
}

impl GpuDevice {
    fn read(value: &Json, path: String) -> Self {
        static EMPTY: Object = Object::new();
        let members = value.as_object().unwrap_or(&EMPTY);
        let name = members.get("uuid").and_then(Json::as_str).filter(|name| !name.is_empty());
        let (name, is_named) = (name.map_or_else(|| path.clone(), str::to_owned), name.is_some());
        let record = Record { members, name, named: is_named, path };
        let number = |key| named(&record, record.number(key));
        Self {
            duty_max: share(&record, "duty_max"),
            samples: number("samples"),
            span_hours: number("span_hours"),
            uuid: record.name.clone(),
        }
    }
}

impl Endpoint {
    fn read(record: &Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        Self {
            name: record.name.clone(),
            created_at: time(record, "created_at"),
            instances: number("instances"),
            hourly_price: number("hourly_price"),
            invocations: number("invocations"),
            invocations_window_hours: number("invocations_window_hours"),
            repeated: false,
        }
    }
}

impl Provisioned {
    fn read(record: &Record<'_>) -> Self {
        Self {
            name: record.name.clone(),
            hourly_fee: named(record, record.number("hourly_fee")),
            on_demand_cost: named(record, record.number("on_demand_cost")),
            commitment_end: time(record, "commitment_end"),
            repeated: false,
        }
    }
}

impl CallGroup {
    fn read(record: &Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        Self {
            route: record.name.clone(),
            model: record.text("model").unwrap_or_default(),
            provider: record.text("provider"),
            calls: number("calls"),
            cost: number("cost"),
            stable_prefix_tokens: number("stable_prefix_tokens"),
            cache_windows: number("cache_windows"),
            saved_by_cache_already: number("saved_by_cache_already"),
            can_wait_seconds: number("can_wait_seconds"),
            repeated_calls: number("repeated_calls"),
            repeated_cost: number("repeated_cost"),
            cacheable: record.field("cacheable", Json::as_bool),
            candidate_cost: number("candidate_cost"),
            p95_input_tokens: number("p95_input_tokens"),
            input_tokens_over_budget: number("input_tokens_over_budget"),
            repeated: false,
        }
    }
}

impl TrainingRun {
    fn read(record: &Record<'_>) -> Self {
        let number = |key| named(record, record.number(key));
        let known = |value: &Json| {
            let word = value.as_str()?;
            ["running", "succeeded", "failed", "aborted"].contains(&word).then(|| word.to_owned())
        };
        Self {
            run: record.name.clone(),
            status: record.field("status", known),
            hourly_cost: number("hourly_cost"),
            hours: number("hours"),
            hours_since_checkpoint: number("hours_since_checkpoint"),
            stall_share: share(record, "stall_share"),
            repeated: false,
        }
    }
}

impl Evaluation {
    fn read(record: &Record<'_>) -> Self {
        Self {
            route: record.name.clone(),
            candidate: record.field("candidate", |value| value.as_str().map(str::to_owned)),
            budget_tokens: record.number("budget_tokens"),
            n: record.number("n"),
            lower_bound: signed(record, "lower_bound"),
            margin: record.number("margin"),
        }
    }
}

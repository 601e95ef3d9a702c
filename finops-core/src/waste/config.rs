//! What the detectors are configured with: every constant, by detector and key.

use super::{Ratio, detector::Detector};
use crate::{
    error::{Fault, shorten},
    json::{Json, Object},
};
use std::collections::{BTreeMap, BTreeSet};

/// One constant of a detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the configuration.
    pub key: &'static str,
    /// Its value where the configuration is silent.
    pub default: SettingDefault,
    /// What it is, with its unit, and where the default comes from.
    pub about: &'static str,
}

/// The default of a constant, which also says what may stand in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingDefault {
    /// Decimal digits; any number of at least 0 may stand in its place.
    Number(&'static str),
    /// A word; one of the words beside it may stand in its place.
    Word(&'static str, &'static [&'static str]),
}

impl Setting {
    /// A number.
    #[must_use]
    pub const fn number(key: &'static str, default: &'static str, about: &'static str) -> Self {
        Self { key, default: SettingDefault::Number(default), about }
    }

    /// One of several words.
    #[must_use]
    pub const fn word(
        key: &'static str,
        default: &'static str,
        allowed: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        Self { key, default: SettingDefault::Word(default, allowed), about }
    }
}

/// Prices of requested capacity an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    /// A core-hour.
    pub cpu_core_hour: Option<Ratio>,
    /// A GiB-hour.
    pub memory_gib_hour: Option<Ratio>,
    /// A GPU-hour.
    pub gpu_hour: Option<Ratio>,
}

/// Prices that stand before those of the price book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceOverrides {
    /// An hour on demand, by instance type.
    pub hourly: BTreeMap<String, Ratio>,
    /// A GB-month, by volume type.
    pub volume_gb_month: BTreeMap<String, Ratio>,
}

/// What to do with the limit when a request is cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LimitPolicy {
    /// Repeat it: a lower limit saves nothing and adds throttling and OOM kills.
    #[default]
    Keep,
    /// Twice the request, the established habit.
    DoubleRequest,
    /// No CPU limit; a memory limit stays.
    Remove,
    /// This many times the request.
    Ratio(Ratio),
}

/// How the number of nodes of the summary form is computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NodeSizing {
    /// The formula, raised until the busier resource fits.
    #[default]
    Packed,
    /// The established formula alone.
    Formula,
}

/// Whether nodes shrink when requests do (specification, section 9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NodeSupply {
    /// Read from the inventory.
    #[default]
    Detect,
    /// Nodes follow requests.
    Elastic,
    /// Nodes stay as they are.
    Fixed,
    /// Not known.
    Unknown,
}

impl NodeSupply {
    const WORDS: [(&'static str, Self); 4] = [
        ("detect", Self::Detect),
        ("elastic", Self::Elastic),
        ("fixed", Self::Fixed),
        ("unknown", Self::Unknown),
    ];

    /// The word on the wire.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("detect", |(word, _)| word)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Chosen {
    Number(Ratio),
    Word(&'static str),
}

/// What the detectors are configured with; `DetectionConfig::default()` has the established constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectionConfig {
    /// Prices of requests where no node price is known.
    pub rates: Rates,
    /// Prices of requests in the summary form, a core-hour and a GB-hour.
    pub summary_rates: (Ratio, Ratio),
    /// Prices that stand before the price book's.
    pub prices: PriceOverrides,
    /// Hours of a month: 730, as Infracost and Kubecost count.
    pub month_hours: Ratio,
    /// The price of taking in a GB (1e9 bytes) of logs.
    pub log_ingest_per_gb: Option<Ratio>,
    /// Namespaces that no detector judges.
    pub excluded_namespaces: BTreeSet<String>,
    /// Patterns of namespaces that are meant to go away.
    pub temporary_namespaces: Vec<String>,
    /// Patterns of configuration objects that are never orphans.
    pub ignored_config: Vec<String>,
    /// Labels that every workload must carry.
    pub required_labels: Vec<String>,
    /// What to do with limits.
    pub limit_policy: LimitPolicy,
    /// How nodes of the summary form are counted.
    pub node_sizing: NodeSizing,
    /// Whether nodes shrink with requests.
    pub node_supply: NodeSupply,
    /// The region whose prices apply where an inventory names none.
    pub region: String,
    disabled: BTreeSet<&'static str>,
    chosen: BTreeMap<(&'static str, &'static str), Chosen>,
}

impl Default for DetectionConfig {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            rates: Rates::default(),
            // $0.10 a core-hour and $0.01 a GB-hour: the established rates of the summary form.
            summary_rates: (Ratio::thousandths(100), Ratio::thousandths(10)),
            prices: PriceOverrides::default(),
            month_hours: Ratio::thousandths(730_000),
            log_ingest_per_gb: None,
            excluded_namespaces: ["kube-system", "kube-public", "kube-node-lease"].map(str::to_owned).into(),
            temporary_namespaces: texts(&["pr-*", "preview-*", "tmp-*"]),
            ignored_config: Vec::new(),
            required_labels: Vec::new(),
            limit_policy: LimitPolicy::Keep,
            node_sizing: NodeSizing::Packed,
            node_supply: NodeSupply::Detect,
            region: "us-east-1".to_owned(),
            disabled: BTreeSet::new(),
            chosen: BTreeMap::new(),
        }
    }
}

fn invalid(path: &str, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("waste.invalid_config", path, problem, help)
}

fn unknown_key(path: &str, key: &str) -> Fault {
    let problem = format!("`{}` is no known setting", shorten(key));
    invalid(&join(path, key), problem, "remove it, or see the table of settings")
}

fn join(path: &str, key: &str) -> String {
    let key = shorten(key);
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

fn object<'a>(value: &'a Json, path: &str) -> Result<&'a Object, Fault> {
    value.as_object().ok_or_else(|| {
        invalid(path, format!("a {} is no table of settings", value.type_name()), "give an object")
    })
}

/// A number of at least 0, as JSON number or decimal text.
fn number(value: &Json, path: &str) -> Result<Ratio, Fault> {
    let text = match value {
        Json::Number(number) => number.text(),
        Json::String(text) => text,
        other => {
            let problem = format!("a {} is no number", other.type_name());
            return Err(invalid(path, problem, "give a number or decimal text like `0.3`"));
        }
    };
    Ratio::parse(text).filter(|number| !number.is_negative()).ok_or_else(|| {
        let problem = format!("`{}` is no number of at least 0", shorten(text));
        invalid(path, problem, "give a number or decimal text like `0.3`")
    })
}

fn optional_number(value: &Json, path: &str) -> Result<Option<Ratio>, Fault> {
    if value.is_null() { Ok(None) } else { number(value, path).map(Some) }
}

fn text<'a>(value: &'a Json, path: &str) -> Result<&'a str, Fault> {
    value
        .as_str()
        .ok_or_else(|| invalid(path, format!("a {} is no text", value.type_name()), "give text in quotes"))
}

fn texts(value: &Json, path: &str) -> Result<Vec<String>, Fault> {
    let list = value.as_array().ok_or_else(|| {
        invalid(path, format!("a {} is no list of texts", value.type_name()), "give a list of texts")
    })?;
    list.iter().map(|entry| text(entry, path).map(str::to_owned)).collect()
}

fn prices_by_name(value: &Json, path: &str) -> Result<BTreeMap<String, Ratio>, Fault> {
    let entries = object(value, path)?.iter();
    entries.map(|(name, price)| Ok((name.to_owned(), number(price, &join(path, name))?))).collect()
}

impl DetectionConfig {
    /// Reads a configuration: what it does not name keeps its default.
    ///
    /// # Errors
    /// `waste.invalid_config` for an unknown key or a value of the wrong kind, `waste.unknown_detector` for a detector
    /// that is not among `detectors`.
    pub fn from_json(value: &Json, detectors: &[&'static dyn Detector]) -> Result<Self, Fault> {
        let mut config = Self::default();
        if value.is_null() {
            return Ok(config);
        }
        for (key, value) in object(value, "")?.iter() {
            config.read(key, value, detectors)?;
        }
        Ok(config)
    }

    fn read(&mut self, key: &str, value: &Json, detectors: &[&'static dyn Detector]) -> Result<(), Fault> {
        match key {
            "rates" => {
                for (name, price) in object(value, key)?.iter() {
                    let path = join(key, name);
                    let rate = match name {
                        "cpu_core_hour" => &mut self.rates.cpu_core_hour,
                        "memory_gib_hour" => &mut self.rates.memory_gib_hour,
                        "gpu_hour" => &mut self.rates.gpu_hour,
                        _ => return Err(unknown_key(key, name)),
                    };
                    *rate = optional_number(price, &path)?;
                }
            }
            "summary_rates" => {
                for (name, price) in object(value, key)?.iter() {
                    let price = number(price, &join(key, name))?;
                    match name {
                        "cpu_core_hour" => self.summary_rates.0 = price,
                        "memory_gb_hour" => self.summary_rates.1 = price,
                        _ => return Err(unknown_key(key, name)),
                    }
                }
            }
            "prices" => self.prices = PriceOverrides::from_json(value, key)?,
            "month_hours" => self.month_hours = number(value, key)?,
            "log_ingest_per_gb" => self.log_ingest_per_gb = optional_number(value, key)?,
            "excluded_namespaces" => self.excluded_namespaces = texts(value, key)?.into_iter().collect(),
            "temporary_namespaces" => self.temporary_namespaces = texts(value, key)?,
            "ignored_config" => self.ignored_config = texts(value, key)?,
            "required_labels" => self.required_labels = texts(value, key)?,
            "limit_policy" => self.limit_policy = limit_policy(value, key)?,
            "node_sizing" => {
                self.node_sizing = match text(value, key)? {
                    "packed" => NodeSizing::Packed,
                    "formula" => NodeSizing::Formula,
                    other => return Err(one_of(key, other, "give `packed` or `formula`")),
                };
            }
            "node_supply" => {
                let word = text(value, key)?;
                let found = NodeSupply::WORDS.iter().find(|(name, _)| *name == word);
                let help = "give `detect`, `elastic`, `fixed` or `unknown`";
                self.node_supply = found.map(|(_, value)| *value).ok_or_else(|| one_of(key, word, help))?;
            }
            "region" => text(value, key)?.clone_into(&mut self.region),
            "disabled" => {
                for id in texts(value, key)? {
                    self.disabled.insert(known(&id, key, detectors)?);
                }
            }
            "detectors" => {
                for (id, settings) in object(value, key)?.iter() {
                    let path = join(key, id);
                    let id = known(id, &path, detectors)?;
                    for (name, value) in object(settings, &path)?.iter() {
                        self.set(id, name, value, &path, detectors)?;
                    }
                }
            }
            other => return Err(unknown_key("", other)),
        }
        Ok(())
    }

    fn set(
        &mut self,
        id: &'static str,
        name: &str,
        value: &Json,
        path: &str,
        detectors: &[&'static dyn Detector],
    ) -> Result<(), Fault> {
        let mut settings = detectors.iter().filter(|detector| detector.id() == id).flat_map(|d| d.settings());
        let setting = settings.find(|setting| setting.key == name).ok_or_else(|| unknown_key(path, name))?;
        let path = join(path, name);
        let chosen = match setting.default {
            SettingDefault::Number(_) => Chosen::Number(number(value, &path)?),
            SettingDefault::Word(_, allowed) => {
                let word = text(value, &path)?;
                let found = allowed.iter().find(|allowed| **allowed == word);
                Chosen::Word(found.ok_or_else(|| one_of(&path, word, "give one of the words in its table"))?)
            }
        };
        self.chosen.insert((id, setting.key), chosen);
        Ok(())
    }

    /// Whether a detector runs.
    #[must_use]
    pub fn is_enabled(&self, detector: &str) -> bool {
        !self.disabled.contains(detector)
    }

    /// The number `key` of a detector: as configured, else its default; 0 for a key that its table does not list.
    #[must_use]
    pub fn number(&self, detector: &dyn Detector, key: &'static str) -> Ratio {
        if let Some(Chosen::Number(number)) = self.chosen.get(&(detector.id(), key)) {
            return number.clone();
        }
        let setting = detector.settings().iter().find(|setting| setting.key == key);
        debug_assert!(setting.is_some(), "{key} is in the table of its detector");
        match setting.map(|setting| setting.default) {
            Some(SettingDefault::Number(default)) => Ratio::parse(default).unwrap_or_default(),
            _ => Ratio::ZERO,
        }
    }

    /// The number `key` of a detector as a count, rounded down.
    #[must_use]
    pub fn count(&self, detector: &dyn Detector, key: &'static str) -> u64 {
        self.number(detector, key).floor().and_then(|count| u64::try_from(count).ok()).unwrap_or(u64::MAX)
    }

    /// The word `key` of a detector: as configured, else its default.
    #[must_use]
    pub fn word(&self, detector: &dyn Detector, key: &'static str) -> &'static str {
        if let Some(Chosen::Word(word)) = self.chosen.get(&(detector.id(), key)) {
            return word;
        }
        match detector.settings().iter().find(|setting| setting.key == key).map(|setting| setting.default) {
            Some(SettingDefault::Word(default, _)) => default,
            _ => "",
        }
    }

    /// The configuration in full, for the report: what `from_json` reads back as the same.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let optional = |number: &Option<Ratio>| number.as_ref().map(Ratio::to_string);
        let prices = |prices: &BTreeMap<String, Ratio>| {
            Json::object(prices.iter().map(|(name, price)| (name.clone(), Json::from(price.to_string()))))
        };
        let list = |texts: &[String]| Json::array(texts.iter());
        let mut detectors = Object::new();
        for ((id, key), chosen) in &self.chosen {
            let value = match chosen {
                Chosen::Number(number) => Json::from(number.to_string()),
                Chosen::Word(word) => Json::from(*word),
            };
            match detectors.get_mut(id) {
                Some(Json::Object(settings)) => settings.insert(*key, value),
                _ => detectors.insert(*id, Json::object([(*key, value)])),
            };
        }
        Json::object([
            (
                "rates",
                Json::object([
                    ("cpu_core_hour", Json::from(optional(&self.rates.cpu_core_hour))),
                    ("memory_gib_hour", optional(&self.rates.memory_gib_hour).into()),
                    ("gpu_hour", optional(&self.rates.gpu_hour).into()),
                ]),
            ),
            (
                "summary_rates",
                Json::object([
                    ("cpu_core_hour", Json::from(self.summary_rates.0.to_string())),
                    ("memory_gb_hour", self.summary_rates.1.to_string().into()),
                ]),
            ),
            (
                "prices",
                Json::object([
                    ("hourly", prices(&self.prices.hourly)),
                    ("volume_gb_month", prices(&self.prices.volume_gb_month)),
                ]),
            ),
            ("month_hours", self.month_hours.to_string().into()),
            ("log_ingest_per_gb", optional(&self.log_ingest_per_gb).into()),
            ("excluded_namespaces", Json::array(self.excluded_namespaces.iter())),
            ("temporary_namespaces", list(&self.temporary_namespaces)),
            ("ignored_config", list(&self.ignored_config)),
            ("required_labels", list(&self.required_labels)),
            (
                "limit_policy",
                match &self.limit_policy {
                    LimitPolicy::Keep => "keep".into(),
                    LimitPolicy::DoubleRequest => "double_request".into(),
                    LimitPolicy::Remove => "remove".into(),
                    LimitPolicy::Ratio(ratio) => ratio.to_string().into(),
                },
            ),
            (
                "node_sizing",
                match self.node_sizing {
                    NodeSizing::Packed => "packed",
                    NodeSizing::Formula => "formula",
                }
                .into(),
            ),
            ("node_supply", self.node_supply.code().into()),
            ("region", self.region.as_str().into()),
            ("disabled", Json::array(self.disabled.iter().copied())),
            ("detectors", Json::Object(detectors)),
        ])
    }
}

impl PriceOverrides {
    /// Reads `{hourly: {type: price}, volume_gb_month: {type: price}}`.
    ///
    /// # Errors
    /// `waste.invalid_config` for an unknown key or a value that is no number of at least 0.
    pub fn from_json(value: &Json, path: &str) -> Result<Self, Fault> {
        let mut prices = Self::default();
        for (name, value) in object(value, path)?.iter() {
            let below = join(path, name);
            match name {
                "hourly" => prices.hourly = prices_by_name(value, &below)?,
                "volume_gb_month" => prices.volume_gb_month = prices_by_name(value, &below)?,
                _ => return Err(unknown_key(path, name)),
            }
        }
        Ok(prices)
    }
}

fn one_of(path: &str, found: &str, help: &'static str) -> Fault {
    invalid(path, format!("`{}` is not among its words", shorten(found)), help)
}

fn limit_policy(value: &Json, path: &str) -> Result<LimitPolicy, Fault> {
    Ok(match value.as_str() {
        Some("keep") => LimitPolicy::Keep,
        Some("double_request") => LimitPolicy::DoubleRequest,
        Some("remove") => LimitPolicy::Remove,
        _ => {
            let ratio = number(value, path)?;
            if ratio < Ratio::ONE {
                let problem = format!("a limit of {ratio} times the request is below the request");
                return Err(invalid(path, problem, "give a ratio of at least 1"));
            }
            LimitPolicy::Ratio(ratio)
        }
    })
}

fn known(id: &str, path: &str, detectors: &[&'static dyn Detector]) -> Result<&'static str, Fault> {
    detectors.iter().map(|detector| detector.id()).find(|known| *known == id).ok_or_else(|| {
        let problem = format!("`{}` is no known detector", shorten(id));
        Fault::new("waste.unknown_detector", path, problem, "give the id of a detector that is listed")
    })
}

//! The configuration of the default policy.

use super::{
    Exact,
    answer::{INPUT_RULES, Rule},
    field::Field,
};
use crate::{
    decision::Action,
    error::ConfigError,
    json::{Json, Object, pointer_of},
};
use finops_core::error::shorten;
use std::collections::BTreeSet;

/// Thresholds, tags, regions and actions of the default policy.
///
/// ```
/// use finops_policy::{gate::GateConfig, json::{Limits, read}};
/// let config = read(br#"{"unit_cost_usd": {"deny_above": "0.02"}}"#, &Limits::default())?;
/// assert!(GateConfig::from_json(&config).is_ok());
/// let config = read(br#"{"unit_cost_usd": {"deny_above": 0.300000000000000000001}}"#, &Limits::default())?;
/// assert_eq!(GateConfig::from_json(&config).unwrap_err().path, "/unit_cost_usd/deny_above");
/// # Ok::<(), finops_policy::json::ReadError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GateConfig {
    /// USD.
    pub(crate) unit_cost: Band,
    /// Grams of CO2 equivalent per kilowatt-hour.
    pub(crate) carbon_intensity: Band,
    /// A fraction.
    pub(crate) deny_below: Threshold,
    /// The same in per cent, in normal form: as the sentence names it.
    pub(crate) deny_below_per_cent: String,
    /// Each tag with its pointer into the input.
    pub(crate) required_tags: Vec<(String, String)>,
    pub(crate) regions: Vec<String>,
    /// The same in a row: as the sentence names them.
    pub(crate) regions_listed: String,
    /// USD.
    pub(crate) default_cap: Option<Threshold>,
    pub(crate) required_fields: Vec<Field>,
    pub(crate) required_others: Vec<String>,
    pub(crate) known_only: bool,
    pub(crate) extra_inputs: BTreeSet<String>,
    /// Nothing: the rule is off.
    actions: [Option<Action>; Rule::ALL.len()],
}

/// A limit, and the warning that goes before it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Band {
    pub(crate) warn_above: Option<Threshold>,
    pub(crate) deny_above: Threshold,
}

/// A limit that a double holds exactly, so that typed rules and Rego compare alike.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Threshold {
    pub(crate) exact: Exact,
    pub(crate) double: f64,
    /// In normal form.
    pub(crate) text: String,
}

impl Threshold {
    fn new(exact: Exact) -> Self {
        Self { text: exact.normal_form(), double: exact.nearest(), exact }
    }

    fn of(text: &str) -> Self {
        Self::new(Exact::from_text(text).unwrap_or(Exact::ZERO))
    }

    fn per_cent(&self) -> String {
        self.exact.clone().shifted(2).normal_form()
    }
}

impl Default for GateConfig {
    /// The thresholds of the original's `finops.rego`: 0.3 and 0.5 USD, 300 and 400 g/kWh, a pass rate of 0.95.
    fn default() -> Self {
        let band = |warn_above, deny_above| Band {
            warn_above: Some(Threshold::of(warn_above)),
            deny_above: Threshold::of(deny_above),
        };
        let tags = ["team", "environment"].into_iter().map(str::to_owned);
        let regions = ["us-west-2", "eu-north-1", "ca-central-1"].map(str::to_owned).to_vec();
        let deny_below = Threshold::of("0.95");
        Self {
            unit_cost: band("0.3", "0.5"),
            carbon_intensity: band("300", "400"),
            deny_below_per_cent: deny_below.per_cent(),
            deny_below,
            required_tags: with_pointers(tags),
            regions_listed: regions.join(", "),
            regions,
            default_cap: None,
            required_fields: Vec::new(),
            required_others: Vec::new(),
            known_only: false,
            extra_inputs: BTreeSet::new(),
            actions: Rule::ALL.map(|rule| Some(rule.action())),
        }
    }
}

const HELP_KEYS: &str = "use `unit_cost_usd`, `carbon_intensity_g_per_kwh`, `test_pass_rate`, `required_tags`, \
    `carbon_efficient_regions`, `default_budget_cap_usd`, `required_inputs`, `known_only`, `extra_inputs` or `actions`";
const HELP_NUMBER: &str = "give a number or a decimal string such as \"0.5\"";
const HELP_GRID: &str = "give at most 15 significant digits";
const HELP_RANGE: &str = "give a value that the field itself accepts";
const HELP_BAND: &str = "give `deny_above`, and `warn_above` at or below it";
const HELP_LIST: &str = "give a list of texts that are not blank";
const HELP_ACTION: &str = "give `deny`, `require_approval`, `warn` or `off` for a rule of the default policy";

impl GateConfig {
    /// Reads a configuration; a key that is given replaces its default whole.
    ///
    /// # Errors
    /// `policy.config` with the pointer of an unknown key, rule or action, of a threshold that no double holds or that is
    /// out of range, and of a warning above its denial.
    pub fn from_json(config: &Json) -> Result<Self, ConfigError> {
        let mut gate = Self::default();
        for (key, value) in object(config, "", HELP_KEYS)?.iter() {
            let path = pointer_of([key]);
            match key {
                "unit_cost_usd" => gate.unit_cost = band(value, &path, Field::UnitCost)?,
                "carbon_intensity_g_per_kwh" => {
                    gate.carbon_intensity = band(value, &path, Field::CarbonIntensity)?
                }
                "test_pass_rate" => {
                    gate.deny_below = deny_below(value, &path)?;
                    gate.deny_below_per_cent = gate.deny_below.per_cent();
                }
                "required_tags" => gate.required_tags = with_pointers(texts(value, &path)?),
                "carbon_efficient_regions" => {
                    gate.regions = texts(value, &path)?;
                    gate.regions_listed = gate.regions.join(", ");
                }
                "default_budget_cap_usd" if value.is_null() => gate.default_cap = None,
                "default_budget_cap_usd" => {
                    gate.default_cap = Some(threshold(value, &path, Field::BudgetCap)?)
                }
                "required_inputs" => {
                    let names = texts(value, &path)?;
                    let listed = |field: &Field| names.iter().any(|name| name == field.name());
                    gate.required_fields = Field::ALL.into_iter().filter(listed).collect();
                    gate.required_others =
                        names.into_iter().filter(|name| Field::named(name).is_none()).collect();
                }
                "known_only" => {
                    let refused =
                        || ConfigError::new(path.clone(), got("true or false", value), "give true or false");
                    gate.known_only = value.as_bool().ok_or_else(refused)?;
                }
                "extra_inputs" => gate.extra_inputs = texts(value, &path)?.into_iter().collect(),
                "actions" => gate.set_actions(value, &path)?,
                _ => return Err(unknown("key", key, path, HELP_KEYS)),
            }
        }
        Ok(gate)
    }

    /// The configuration in effect: every key, thresholds as strings in normal form, actions that are not the default.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let threshold = |threshold: &Threshold| Json::from(threshold.text.as_str());
        let band = |band: &Band| {
            let warn = band.warn_above.as_ref().map(|warn| ("warn_above", threshold(warn)));
            Json::object(warn.into_iter().chain([("deny_above", threshold(&band.deny_above))]))
        };
        let changed = Rule::ALL.into_iter().filter(|rule| self.action(*rule) != Some(rule.action()));
        Json::object([
            ("unit_cost_usd", band(&self.unit_cost)),
            ("carbon_intensity_g_per_kwh", band(&self.carbon_intensity)),
            ("test_pass_rate", Json::object([("deny_below", threshold(&self.deny_below))])),
            ("required_tags", Json::array(self.required_tags.iter().map(|(tag, _)| tag))),
            ("carbon_efficient_regions", Json::array(&self.regions)),
            ("default_budget_cap_usd", self.default_cap.as_ref().map(threshold).into()),
            ("required_inputs", Json::array(self.required_inputs())),
            ("known_only", self.known_only.into()),
            ("extra_inputs", Json::array(&self.extra_inputs)),
            (
                "actions",
                Json::object(changed.map(|rule| (rule.name(), action_name(self.action(rule)).into()))),
            ),
        ])
    }

    /// The names of the inputs that must be present.
    pub(crate) fn required_inputs(&self) -> impl Iterator<Item = &str> {
        let fields = self.required_fields.iter().map(|field| field.name());
        fields.chain(self.required_others.iter().map(String::as_str))
    }

    /// What a rule demands; nothing if it is off.
    pub(crate) fn action(&self, rule: Rule) -> Option<Action> {
        self.actions.get(rule.index()).copied().flatten()
    }

    /// Whether an input may have a field of this name when only known ones are accepted.
    pub(crate) fn knows(&self, name: &str) -> bool {
        Field::named(name).is_some() || self.extra_inputs.contains(name)
    }

    fn set_actions(&mut self, value: &Json, path: &str) -> Result<(), ConfigError> {
        self.actions = Self::default().actions;
        for (name, action) in object(value, path, HELP_ACTION)?.iter() {
            let path = format!("{path}{}", pointer_of([name]));
            let rule = Rule::ALL.into_iter().find(|rule| rule.name() == name);
            if rule.is_none() && !INPUT_RULES.contains(&name) {
                let names = Rule::ALL.map(|rule| format!("`{}`", rule.name())).join(", ");
                let problem = format!("unknown rule `{}`, there are {names}", shorten(name));
                return Err(ConfigError::new(path, problem, HELP_ACTION));
            }
            let action = match action.as_str() {
                Some("deny") => Some(Action::Deny),
                Some("require_approval") => Some(Action::RequireApproval),
                Some("warn") => Some(Action::Warn),
                Some("off") => None,
                Some(other) => return Err(unknown("action", other, path, HELP_ACTION)),
                None => return Err(ConfigError::new(path, got("an action", action), HELP_ACTION)),
            };
            // A broken input denies, whatever is configured: only what is valid can be judged.
            if let Some(slot) = rule.and_then(|rule| self.actions.get_mut(rule.index())) {
                *slot = action;
            }
        }
        Ok(())
    }
}

const fn action_name(action: Option<Action>) -> &'static str {
    match action {
        Some(Action::Deny) => "deny",
        Some(Action::RequireApproval) => "require_approval",
        Some(Action::Warn | Action::Advice) => "warn",
        None => "off",
    }
}

fn with_pointers(tags: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    let pointer = |tag: &str| format!("{}{}", Field::CostTags.pointer(), pointer_of([tag]));
    tags.into_iter().map(|tag| (pointer(&tag), tag)).map(|(pointer, tag)| (tag, pointer)).collect()
}

fn got(expected: &str, found: &Json) -> String {
    match found {
        Json::Array(_) | Json::Object(_) | Json::Null => {
            format!("expected {expected}, got {}", found.type_name())
        }
        plain => format!("expected {expected}, got `{}`", shorten(&plain.to_text())),
    }
}

fn unknown(what: &str, name: &str, path: String, help: &'static str) -> ConfigError {
    ConfigError::new(path, format!("unknown {what} `{}`", shorten(name)), help)
}

fn object<'a>(value: &'a Json, path: &str, help: &'static str) -> Result<&'a Object, ConfigError> {
    value.as_object().ok_or_else(|| ConfigError::new(path, got("an object", value), help))
}

fn threshold(value: &Json, path: &str, field: Field) -> Result<Threshold, ConfigError> {
    let refused = || ConfigError::new(path, got("a number", value), HELP_NUMBER);
    let exact = Exact::from_json(value).ok_or_else(refused)?;
    if let Some(range) = field.range().filter(|range| !range.contains(&exact)) {
        let (min, max) = (range.min.normal_form(), range.max.normal_form());
        let found = shorten(&exact.normal_form());
        return Err(ConfigError::new(path, format!("`{found}` is not between {min} and {max}"), HELP_RANGE));
    }
    if !exact.on_grid() {
        let problem = format!("`{}` is no double exactly", shorten(&exact.normal_form()));
        return Err(ConfigError::new(path, problem, HELP_GRID));
    }
    Ok(Threshold::new(exact))
}

fn band(value: &Json, path: &str, field: Field) -> Result<Band, ConfigError> {
    let (mut warn_above, mut deny_above) = (None, None);
    for (key, value) in object(value, path, HELP_BAND)?.iter() {
        let path = format!("{path}{}", pointer_of([key]));
        match key {
            "warn_above" => warn_above = Some((threshold(value, &path, field)?, path)),
            "deny_above" => deny_above = Some(threshold(value, &path, field)?),
            _ => return Err(unknown("key", key, path, HELP_BAND)),
        }
    }
    let missing = || ConfigError::new(path, "`deny_above` is missing", HELP_BAND);
    let deny_above = deny_above.ok_or_else(missing)?;
    if let Some((warn, path)) = warn_above.as_ref().filter(|(warn, _)| warn.exact > deny_above.exact) {
        let problem = format!("`{}` is above the denial at `{}`", warn.text, deny_above.text);
        return Err(ConfigError::new(path.as_str(), problem, HELP_BAND));
    }
    Ok(Band { warn_above: warn_above.map(|(warn, _)| warn), deny_above })
}

fn deny_below(value: &Json, path: &str) -> Result<Threshold, ConfigError> {
    const HELP: &str = "give `deny_below`, a rate between 0 and 1";
    let mut limit = None;
    for (key, value) in object(value, path, HELP)?.iter() {
        let path = format!("{path}{}", pointer_of([key]));
        if key != "deny_below" {
            return Err(unknown("key", key, path, HELP));
        }
        limit = Some(threshold(value, &path, Field::TestPassRate)?);
    }
    limit.ok_or_else(|| ConfigError::new(path, "`deny_below` is missing", HELP))
}

/// A list of texts that are not blank, each once.
fn texts(value: &Json, path: &str) -> Result<Vec<String>, ConfigError> {
    let values = value.as_array().ok_or_else(|| ConfigError::new(path, got("a list", value), HELP_LIST))?;
    let mut texts: Vec<String> = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let text = value.as_str().filter(|text| !text.trim().is_empty());
        let refused = || ConfigError::new(format!("{path}/{index}"), got("text", value), HELP_LIST);
        let text = text.ok_or_else(refused)?;
        if !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    }
    Ok(texts)
}

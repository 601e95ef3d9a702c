//! The configuration of the infrastructure gates.

use crate::{Json, decision::Action, error::ConfigError, gate::number::Exact};

/// What a finding demands; `off` drops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IacAction {
    /// Not allowed.
    Deny,
    /// Allowed once the named people agree.
    RequireApproval,
    /// Allowed, with a warning.
    Warn,
    /// Not reported.
    Off,
}

impl IacAction {
    pub(super) const fn action(self) -> Option<Action> {
        match self {
            Self::Deny => Some(Action::Deny),
            Self::RequireApproval => Some(Action::RequireApproval),
            Self::Warn => Some(Action::Warn),
            Self::Off => None,
        }
    }
}

impl From<Action> for IacAction {
    fn from(action: Action) -> Self {
        match action {
            Action::Deny => Self::Deny,
            Action::RequireApproval => Self::RequireApproval,
            Action::Warn | Action::Advice => Self::Warn,
        }
    }
}

/// What the infrastructure gates demand.
#[derive(Debug, Clone, PartialEq)]
pub struct IacConfig {
    /// Tags or labels that each taggable resource carries with a value that is not blank.
    pub required_tags: Vec<String>,
    /// Patterns of resource types, or Kubernetes kinds, that need no tags.
    pub exempt_types: Vec<String>,
    /// When a required tag is known only after apply.
    pub unknown_tags: IacAction,
    /// Instance families that are not wanted, whole: `m3` forbids `m3.large`, not `m30.large`.
    pub forbidden_families: Vec<String>,
    /// Patterns of instance types that are not wanted, with or without the service's prefix.
    pub forbidden_types: Vec<String>,
    /// When an instance type is known only after apply.
    pub unknown_instance: IacAction,
    /// Resources for which each container gives a request or a limit.
    pub required_requests: Vec<String>,
    /// When it gives neither.
    pub missing_requests: IacAction,
    /// Limits on the cost of a change.
    pub cost: CostConfig,
}

/// Limits on the cost of a change, in the currency of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct CostConfig {
    /// The currency the limits are in.
    pub currency: String,
    /// The most that a change may add to the monthly cost; `None` for no limit.
    pub max_monthly_delta_usd: Option<Exact>,
    /// Above this a change draws a warning.
    pub warn_monthly_delta_usd: Option<Exact>,
    /// The most that everything in the report may cost a month.
    pub max_monthly_total_usd: Option<Exact>,
    /// When resources of the report have no price.
    pub unpriced: IacAction,
}

/// Previous-generation families of AWS. Source: aws.amazon.com/ec2/previous-generation, July 2026.
const PREVIOUS_GENERATION: [&str; 14] =
    ["t1", "m1", "m2", "m3", "c1", "c3", "cc2", "cg1", "cr1", "g2", "hi1", "hs1", "i2", "r3"];

impl Default for IacConfig {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            required_tags: list(&["team", "environment"]),
            exempt_types: Vec::new(),
            unknown_tags: IacAction::Deny,
            forbidden_families: list(&PREVIOUS_GENERATION),
            forbidden_types: Vec::new(),
            unknown_instance: IacAction::Warn,
            required_requests: list(&["cpu", "memory"]),
            missing_requests: IacAction::Warn,
            cost: CostConfig {
                currency: "USD".to_owned(),
                max_monthly_delta_usd: Exact::from_text("500"),
                warn_monthly_delta_usd: None,
                max_monthly_total_usd: None,
                unpriced: IacAction::Warn,
            },
        }
    }
}

impl IacConfig {
    /// The defaults with the keys of `overrides` replaced; `cost` is merged key by key.
    ///
    /// ```
    /// use finops_policy::{iac::{IacAction, IacConfig}, json::Json};
    /// let config = IacConfig::from_json(&Json::object([("unknown_tags", Json::from("warn"))]))?;
    /// assert_eq!(config.unknown_tags, IacAction::Warn);
    /// let refused = IacConfig::from_json(&Json::object([("unknown_tag", Json::from("warn"))])).unwrap_err();
    /// assert_eq!(refused.path, "/unknown_tag");
    /// # Ok::<(), finops_policy::error::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// `policy.config`: an unknown key, another type, an action that does not exist, a limit that no double holds.
    pub fn from_json(overrides: &Json) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for (key, value) in members("", overrides)? {
            let path = format!("/{key}");
            match key {
                "required_tags" => config.required_tags = texts(&path, value)?,
                "exempt_types" => config.exempt_types = texts(&path, value)?,
                "unknown_tags" => config.unknown_tags = action(&path, value)?,
                "forbidden_families" => config.forbidden_families = texts(&path, value)?,
                "forbidden_types" => config.forbidden_types = texts(&path, value)?,
                "unknown_instance" => config.unknown_instance = action(&path, value)?,
                "required_requests" => config.required_requests = texts(&path, value)?,
                "missing_requests" => config.missing_requests = action(&path, value)?,
                "cost" => config.cost.merge(&path, value)?,
                _ => return Err(unknown_key(&path)),
            }
        }
        Ok(config)
    }
}

impl CostConfig {
    fn merge(&mut self, at: &str, overrides: &Json) -> Result<(), ConfigError> {
        for (key, value) in members(at, overrides)? {
            let path = format!("{at}/{key}");
            match key {
                "currency" => self.currency = text(&path, value)?,
                "max_monthly_delta_usd" => self.max_monthly_delta_usd = limit(&path, value)?,
                "warn_monthly_delta_usd" => self.warn_monthly_delta_usd = limit(&path, value)?,
                "max_monthly_total_usd" => self.max_monthly_total_usd = limit(&path, value)?,
                "unpriced" => self.unpriced = action(&path, value)?,
                _ => return Err(unknown_key(&path)),
            }
        }
        Ok(())
    }
}

fn refused(path: &str, value: &Json, help: &'static str) -> ConfigError {
    let shown = finops_core::error::shorten(&value.to_text());
    ConfigError::new(path, format!("`{shown}` is not accepted"), help)
}

fn unknown_key(path: &str) -> ConfigError {
    ConfigError::new(
        finops_core::error::shorten(path),
        "the key is unknown",
        "remove it or correct its spelling",
    )
}

fn members<'a>(
    path: &str,
    value: &'a Json,
) -> Result<impl Iterator<Item = (&'a str, &'a Json)>, ConfigError> {
    let object = value.as_object().ok_or_else(|| refused(path, value, "give an object"))?;
    Ok(object.iter())
}

fn text(path: &str, value: &Json) -> Result<String, ConfigError> {
    let given = value.as_str().filter(|text| !text.trim().is_empty());
    given.map(str::to_owned).ok_or_else(|| refused(path, value, "give text that is not blank"))
}

fn texts(path: &str, value: &Json) -> Result<Vec<String>, ConfigError> {
    let list = value.as_array().ok_or_else(|| refused(path, value, "give a list of texts"))?;
    list.iter().enumerate().map(|(n, each)| text(&format!("{path}/{n}"), each)).collect()
}

fn action(path: &str, value: &Json) -> Result<IacAction, ConfigError> {
    match value.as_str() {
        Some("deny") => Ok(IacAction::Deny),
        Some("require_approval") => Ok(IacAction::RequireApproval),
        Some("warn") => Ok(IacAction::Warn),
        Some("off") => Ok(IacAction::Off),
        _ => Err(refused(path, value, "give `deny`, `require_approval`, `warn` or `off`")),
    }
}

fn limit(path: &str, value: &Json) -> Result<Option<Exact>, ConfigError> {
    if value.is_null() {
        return Ok(None);
    }
    let exact = super::amount(value).filter(Exact::on_grid);
    let help = "give a decimal text of at most 15 significant digits, or null for no limit";
    exact.map(Some).ok_or_else(|| refused(path, value, help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_replace_and_cost_merges() {
        let text = r#"{"required_tags": ["owner"], "missing_requests": "off", "cost": {"unpriced": "deny"}}"#;
        let config = IacConfig::from_json(&json(text)).unwrap();
        assert_eq!(config.required_tags, ["owner"]);
        assert_eq!(config.missing_requests, IacAction::Off);
        assert_eq!(config.cost, CostConfig { unpriced: IacAction::Deny, ..IacConfig::default().cost });
    }

    fn json(text: &str) -> Json {
        crate::json::read(text.as_bytes(), &crate::json::Limits::default()).unwrap()
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, path) in [
            ("[]", ""),
            (r#"{"tags": []}"#, "/tags"),
            (r#"{"required_tags": "team"}"#, "/required_tags"),
            (r#"{"required_tags": ["team", " "]}"#, "/required_tags/1"),
            (r#"{"unknown_tags": "advice"}"#, "/unknown_tags"),
            (r#"{"unknown_tags": null}"#, "/unknown_tags"),
            (r#"{"cost": {"currency": ""}}"#, "/cost/currency"),
            (r#"{"cost": {"max_monthly_delta_usd": "1e2"}}"#, "/cost/max_monthly_delta_usd"),
            (r#"{"cost": {"max_monthly_delta_usd": 0.12345678901234567}}"#, "/cost/max_monthly_delta_usd"),
            (r#"{"cost": {"limit": 1}}"#, "/cost/limit"),
        ] {
            assert_eq!(IacConfig::from_json(&json(text)).unwrap_err().path, path, "{text}");
        }
    }
}

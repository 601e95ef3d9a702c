//! The limits of the guardrails, and the one way to change them.

use chrono_tz::Tz;

use super::{
    quantity::Quantity,
    window::{ChangeWindow, ChangeWindows},
};
use crate::{
    Json,
    json::{Number, Object},
};

/// A limit that cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GuardrailError {
    /// There is no limit of this name.
    #[error("`{name}` is not a guardrail; give one of {}", NAMES.join(", "))]
    UnknownPolicy {
        /// The name given, shortened.
        name: String,
    },
    /// The value is not one the limit can have; the old one stays in force.
    #[error("`{name}` cannot be `{value}`: {problem}")]
    Value {
        /// The limit.
        name: &'static str,
        /// The refused value as JSON, shortened.
        value: String,
        /// What is accepted, or what is wrong.
        problem: &'static str,
    },
    /// The configuration is no object.
    #[error("a configuration of guardrails is an object, got {got}; give limits by name")]
    Config {
        /// The JSON type that was given.
        got: &'static str,
    },
}

impl GuardrailError {
    /// `guardrail.unknown_policy` or `guardrail.value`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownPolicy { .. } => "guardrail.unknown_policy",
            Self::Value { .. } | Self::Config { .. } => "guardrail.value",
        }
    }

    /// The name of the limit; empty for the configuration as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::UnknownPolicy { name } => name,
            Self::Value { name, .. } => name,
            Self::Config { .. } => "",
        }
    }
}

/// Every name that [`GuardrailConfig::update`] takes.
const NAMES: [&str; 10] = [
    "min_confidence",
    "max_risk_score",
    "max_single_change",
    "max_daily_change",
    "protected_tags",
    "change_windows",
    "time_zone",
    "change_window_start",
    "change_window_end",
    "blast_radius_limit",
];

/// A limit with its text, so that no decision formats it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Threshold {
    pub value: Quantity,
    pub text: String,
}

impl Threshold {
    fn new(value: Quantity) -> Self {
        let text = value.text();
        Self { value, text }
    }
}

/// A tag that marks a resource as protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProtectedTag {
    /// As configured.
    pub text: String,
    /// Trimmed and lower-cased: what tags are compared with.
    pub folded: String,
}

/// All tags that mark a resource as protected, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProtectedTags {
    tags: Vec<ProtectedTag>,
    /// Bit `n` is set when a folded tag has `n` bytes, the last bit for all that are longer.
    lengths: u64,
}

impl ProtectedTags {
    fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let tags: Vec<_> = texts.into_iter().map(ProtectedTag::new).collect();
        let lengths = tags.iter().fold(0, |bits, tag| bits | length_bit(&tag.folded));
        Self { tags, lengths }
    }

    /// The tags in the configured order.
    pub(super) fn list(&self) -> &[ProtectedTag] {
        &self.tags
    }

    /// The places of the tags that a trimmed text is, whatever its case; `ascii` says whether the text is.
    #[inline]
    pub(super) fn places(&self, text: &str, ascii: bool) -> impl Iterator<Item = usize> {
        // Lower case of ASCII is ASCII of the same length; other letters may shrink to it.
        let candidates =
            if ascii && self.lengths & length_bit(text) == 0 { &[] } else { self.tags.as_slice() };
        let is = move |tag: &ProtectedTag| {
            if ascii { text.eq_ignore_ascii_case(&tag.folded) } else { text.to_lowercase() == tag.folded }
        };
        candidates.iter().enumerate().filter(move |(_, tag)| is(tag)).map(|(place, _)| place)
    }
}

/// The bit of the length of a text.
fn length_bit(text: &str) -> u64 {
    1 << text.len().min(63)
}

/// The limits of the guardrails in effect.
///
/// ```
/// use finops_policy::{guardrail::GuardrailConfig, json::Json};
/// let mut config = GuardrailConfig::default();
/// config.update("max_single_change", &Json::from("750.50"))?;
/// let refused = config.update("min_confidence", &Json::from("2")).unwrap_err();
/// assert_eq!(refused.code(), "guardrail.value");
/// assert_eq!(config.to_json().get("max_single_change"), Some(&Json::from("750.5")));
/// # Ok::<(), finops_policy::guardrail::GuardrailError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardrailConfig {
    pub(super) min_confidence: Threshold,
    pub(super) max_risk_score: Threshold,
    pub(super) max_single_change: Threshold,
    pub(super) max_daily_change: Threshold,
    pub(super) protected_tags: ProtectedTags,
    pub(super) windows: ChangeWindows,
    pub(super) blast_radius_limit: u64,
}

impl Default for GuardrailConfig {
    fn default() -> Self {
        let tenths = |n: i64| Threshold::new(Quantity::tenths(n));
        let nightly = ChangeWindow::new("02:00", "06:00", None);
        let protected = ["production", "critical"].map(str::to_owned);
        Self {
            min_confidence: tenths(7),
            max_risk_score: tenths(5),
            max_single_change: tenths(5_000),
            max_daily_change: tenths(10_000),
            protected_tags: ProtectedTags::new(protected),
            windows: ChangeWindows::new(Tz::UTC, nightly.into_iter().collect()),
            blast_radius_limit: 3,
        }
    }
}

impl ProtectedTag {
    fn new(text: String) -> Self {
        let folded = text.trim().to_lowercase();
        Self { text, folded }
    }
}

impl GuardrailConfig {
    /// The defaults with the limits of the object `overrides` in place of theirs.
    ///
    /// # Errors
    /// As [`Self::update`]; `guardrail.value` when `overrides` is no object.
    pub fn from_json(overrides: &Json) -> Result<Self, GuardrailError> {
        let object = overrides.as_object().ok_or(GuardrailError::Config { got: overrides.type_name() })?;
        let mut config = Self::default();
        // The ends of the one window apply to the windows given beside them, and both at once: between 02:00-06:00
        // and 06:00-08:00 there is no valid step.
        let is_end = |name: &str| ["change_window_start", "change_window_end"].contains(&name);
        for (name, value) in object.iter().filter(|(name, _)| !is_end(name)) {
            config.update(name, value)?;
        }
        config.set_ends(object.get("change_window_start"), object.get("change_window_end"))?;
        Ok(config)
    }

    /// Sets one limit; a refused value leaves the old one in force.
    ///
    /// # Errors
    /// `guardrail.unknown_policy` when no limit has this name; `guardrail.value` when the value is not one of its.
    pub fn update(&mut self, name: &str, value: &Json) -> Result<(), GuardrailError> {
        match name {
            "min_confidence" => self.min_confidence = score("min_confidence", value)?,
            "max_risk_score" => self.max_risk_score = score("max_risk_score", value)?,
            "max_single_change" => self.max_single_change = amount("max_single_change", value)?,
            "max_daily_change" => self.max_daily_change = amount("max_daily_change", value)?,
            "protected_tags" => self.protected_tags = protected_tags(value)?,
            "change_windows" => self.windows = ChangeWindows::new(self.windows.zone(), windows(value)?),
            "time_zone" => {
                let zone = value.as_str().and_then(|name| name.parse::<Tz>().ok());
                let problem = "give the IANA name of a time zone, for example `Europe/Berlin`";
                let zone = zone.ok_or_else(|| refused("time_zone", value, problem))?;
                self.windows = ChangeWindows::new(zone, self.windows.windows().to_vec());
            }
            "change_window_start" => self.set_ends(Some(value), None)?,
            "change_window_end" => self.set_ends(None, Some(value))?,
            "blast_radius_limit" => {
                let limit = Quantity::read(value).and_then(|q| q.exact().normal_form().parse::<u64>().ok());
                let problem = "give an integer of 0 or more";
                // A count beyond 2^53 is off the grid on which Rego compares.
                let limit = limit.filter(|limit| *limit <= 9_007_199_254_740_992);
                self.blast_radius_limit =
                    limit.ok_or_else(|| refused("blast_radius_limit", value, problem))?;
            }
            _ => return Err(GuardrailError::UnknownPolicy { name: finops_core::error::shorten(name) }),
        }
        Ok(())
    }

    /// Moves the start, the end or both of the one window.
    fn set_ends(&mut self, start: Option<&Json>, end: Option<&Json>) -> Result<(), GuardrailError> {
        let (name, value) = match (start, end) {
            (Some(value), _) => ("change_window_start", value),
            (None, Some(value)) => ("change_window_end", value),
            (None, None) => return Ok(()),
        };
        let [window] = self.windows.windows() else {
            return Err(refused(name, value, "there is not exactly one window; set `change_windows`"));
        };
        let text = |given: Option<&Json>, old: String| match given {
            None => Ok(old),
            Some(value) => {
                let text = value.as_str().map(str::to_owned);
                text.ok_or_else(|| refused(name, value, "give the time as `HH:MM`"))
            }
        };
        let (start, end) = (text(start, window.start())?, text(end, window.end())?);
        let moved = ChangeWindow::new(&start, &end, window.days());
        let moved = moved.map_err(|problem| refused(name, value, problem))?;
        self.windows = ChangeWindows::new(self.windows.zone(), vec![moved]);
        Ok(())
    }

    /// The change windows in effect.
    #[must_use]
    pub const fn windows(&self) -> &ChangeWindows {
        &self.windows
    }

    /// The configuration in effect: every limit by name, thresholds as text in normal form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let text = |text: &str| Json::from(text);
        let windows = self.windows.windows().iter().map(|window| {
            let mut members = Object::new();
            members.insert("start", window.start());
            members.insert("end", window.end());
            if let Some(days) = window.days() {
                members.insert("days", Json::array(days.iter().copied()));
            }
            Json::Object(members)
        });
        Json::object([
            ("min_confidence", text(&self.min_confidence.text)),
            ("max_risk_score", text(&self.max_risk_score.text)),
            ("max_single_change", text(&self.max_single_change.text)),
            ("max_daily_change", text(&self.max_daily_change.text)),
            ("protected_tags", Json::array(self.protected_tags.list().iter().map(|tag| tag.text.as_str()))),
            ("time_zone", text(self.windows.zone().name())),
            ("change_windows", Json::Array(windows.collect())),
            ("blast_radius_limit", number(&self.blast_radius_limit.to_string())),
        ])
    }
}

/// The JSON number with this text.
pub(super) fn number(text: &str) -> Json {
    Number::new(text).map_or(Json::Null, Json::Number)
}

fn refused(name: &'static str, value: &Json, problem: &'static str) -> GuardrailError {
    GuardrailError::Value { name, value: finops_core::error::shorten(&value.to_text()), problem }
}

/// A number that Rego can compare without rounding it.
fn on_grid(value: &Json) -> Option<Quantity> {
    Quantity::read(value).filter(|q| q.exact().on_grid())
}

fn score(name: &'static str, value: &Json) -> Result<Threshold, GuardrailError> {
    let range = Quantity::whole(0)..=Quantity::whole(1);
    let read = on_grid(value).filter(|q| range.contains(q));
    let problem = "give a number from 0 to 1 that a double holds, for example `\"0.7\"`";
    read.map(Threshold::new).ok_or_else(|| refused(name, value, problem))
}

fn amount(name: &'static str, value: &Json) -> Result<Threshold, GuardrailError> {
    let read = on_grid(value).filter(|q| *q >= Quantity::whole(0));
    let problem = "give an amount of 0 or more that a double holds, for example `\"750.50\"`";
    read.map(Threshold::new).ok_or_else(|| refused(name, value, problem))
}

fn protected_tags(value: &Json) -> Result<ProtectedTags, GuardrailError> {
    let each = value.as_array().map(|list| {
        let tag = |v: &Json| v.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        list.iter().map(tag).collect::<Option<Vec<_>>>()
    });
    let problem = "give a list of texts that are not blank";
    each.flatten().map(ProtectedTags::new).ok_or_else(|| refused("protected_tags", value, problem))
}

fn windows(value: &Json) -> Result<Vec<ChangeWindow>, GuardrailError> {
    let no = |problem| refused("change_windows", value, problem);
    let list = value
        .as_array()
        .ok_or_else(|| no("give a list of windows with `start`, `end` and, if wanted, `days`"))?;
    list.iter().map(|entry| window(entry).map_err(no)).collect()
}

fn window(entry: &Json) -> Result<ChangeWindow, &'static str> {
    let object = entry.as_object().ok_or("a window is an object with `start` and `end`")?;
    if object.keys().any(|key| !["start", "end", "days"].contains(&key)) {
        return Err("a window has no other members than `start`, `end` and `days`");
    }
    let text = |name: &str| {
        object.get(name).and_then(Json::as_str).ok_or("a window needs `start` and `end` as `HH:MM`")
    };
    let days = match object.get("days") {
        None => None,
        Some(days) => {
            let names =
                days.as_array().and_then(|list| list.iter().map(Json::as_str).collect::<Option<Vec<_>>>());
            Some(names.ok_or("days are a list of `mon` to `sun`")?)
        }
    };
    ChangeWindow::new(text("start")?, text("end")?, days.as_deref())
}

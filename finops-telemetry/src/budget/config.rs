use super::{BudgetError, Quantity, Unit};
use finops_core::{money::decimal, time::Window};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::collections::BTreeMap;

/// What a hard money budget does with a call that has no price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnpriced {
    /// It refuses the call.
    #[default]
    Deny,
    /// It lets the call pass and counts it.
    Allow,
}

/// A limit on what may be spent in a window of time.
///
/// The wire form has limits and thresholds as text and the window as `total`, `hour`, `day`, `iso_week`, `month` or
/// `every(<seconds>)`.
///
/// ```
/// use finops_telemetry::budget::Budget;
/// let budget: Budget = serde_json::from_str(r#"{"id": "u", "limit": "2.5", "window": "day", "per": ["user"]}"#)?;
/// assert!(budget.hard);
/// assert_eq!(budget.window, finops_core::time::Window::Day);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Names it in errors and events.
    pub id: String,
    /// The most that may be spent in a window, exact, at most twelve decimals.
    #[serde(serialize_with = "write_decimal", deserialize_with = "read_decimal")]
    pub limit: Decimal,
    /// What is limited.
    #[serde(default)]
    pub unit: Unit,
    /// When counting starts anew, in UTC.
    #[serde(default = "month", serialize_with = "write_window", deserialize_with = "read_window")]
    pub window: Window,
    /// Tags a call must carry, with these values; empty covers every call.
    #[serde(default)]
    pub scope: BTreeMap<String, String>,
    /// One counter for each value of these tags; a call without one of them is not covered.
    #[serde(default)]
    pub per: Vec<String>,
    /// Whether it denies what does not fit.
    #[serde(default = "yes")]
    pub hard: bool,
    /// Parts of the limit at which a warning is due; 1 is always one of them.
    #[serde(default = "warn_at", serialize_with = "write_decimals", deserialize_with = "read_decimals")]
    pub warn_at: Vec<Decimal>,
    /// What to do with a call that has no price.
    #[serde(default)]
    pub on_unpriced: OnUnpriced,
}

impl Budget {
    /// A hard monthly money budget of `limit` dollars over every call, with a warning at 0.8. Set the other fields.
    ///
    /// # Errors
    /// `budget.invalid` when `limit` is no amount.
    pub fn new(id: impl Into<String>, limit: &str) -> Result<Self, BudgetError> {
        let limit = decimal::parse(limit)
            .ok_or_else(|| BudgetError::invalid("limit", limit, "not an amount; write `2.5`"))?;
        Ok(Self {
            id: id.into(),
            limit,
            unit: Unit::Usd,
            window: month(),
            scope: BTreeMap::new(),
            per: Vec::new(),
            hard: true,
            warn_at: warn_at(),
            on_unpriced: OnUnpriced::Deny,
        })
    }

    /// The limit, and the thresholds in ascending order as text and as the least amount that reaches them.
    pub(super) fn check(&self, path: &str) -> Result<(Quantity, Vec<(String, Quantity)>), BudgetError> {
        let at = |field: &str| format!("{path}.{field}");
        if self.id.trim_ascii().is_empty() {
            return Err(BudgetError::invalid(at("id"), &self.id, "blank; give each budget a name"));
        }
        if self.id.contains(['{', '}', '\n']) {
            return Err(BudgetError::invalid(at("id"), &self.id, "`{` and `}` mark values of `per` tags"));
        }
        let limit = Quantity::from_decimal(self.limit).filter(|limit| *limit >= Quantity::ZERO);
        let limit = limit.ok_or_else(|| {
            let problem = "a limit is at least 0, at most 1e26 and has at most 12 decimals";
            BudgetError::invalid(at("limit"), decimal::text(self.limit), problem)
        })?;
        if matches!(self.window, Window::Every { seconds: 0 }) {
            return Err(BudgetError::invalid(at("window"), "every(0)", "a window lasts at least a second"));
        }
        for (place, tag) in self.per.iter().enumerate() {
            if tag.trim_ascii().is_empty() || self.per.iter().take(place).any(|earlier| earlier == tag) {
                return Err(BudgetError::invalid(
                    at("per"),
                    tag,
                    "blank or listed twice; list each tag once",
                ));
            }
        }
        let mut parts = self.warn_at.clone();
        parts.push(Decimal::ONE);
        parts.sort();
        parts.dedup();
        let thresholds = parts.into_iter().map(|part| {
            let reached = (part > Decimal::ZERO).then(|| part_of(limit, part)).flatten();
            reached.map(|quantity| (decimal::text(part), quantity)).ok_or_else(|| {
                let problem = "a threshold is a part of the limit above 0, such as `0.8`";
                BudgetError::invalid(at("warn_at"), decimal::text(part), problem)
            })
        });
        Ok((limit, thresholds.collect::<Result<_, _>>()?))
    }

    /// The amount at which the level is `warn`.
    pub(super) fn lowest_warning(&self, limit: Quantity) -> Quantity {
        self.warn_at.iter().min().and_then(|part| part_of(limit, *part)).unwrap_or(limit)
    }
}

/// The least amount that is at least `part` of `limit`.
fn part_of(limit: Quantity, part: Decimal) -> Option<Quantity> {
    let part = part.normalize();
    let scaled = limit.steps().checked_mul(part.mantissa())?;
    let divisor = 10_i128.checked_pow(part.scale())?;
    let up = i128::from(scaled.checked_rem(divisor)? > 0);
    scaled.checked_div(divisor)?.checked_add(up).map(Quantity::from_steps)
}

const fn yes() -> bool {
    true
}

const fn month() -> Window {
    Window::Month
}

fn warn_at() -> Vec<Decimal> {
    vec![Decimal::new(8, 1)]
}

pub(super) fn window_name(window: Window) -> String {
    match window {
        Window::Total => "total".to_owned(),
        Window::Hour => "hour".to_owned(),
        Window::Day => "day".to_owned(),
        Window::IsoWeek => "iso_week".to_owned(),
        Window::Month => "month".to_owned(),
        Window::Every { seconds } => format!("every({seconds})"),
    }
}

/// The window of a wire name.
fn window_of(name: &str) -> Option<Window> {
    Some(match name {
        "total" => Window::Total,
        "hour" => Window::Hour,
        "day" => Window::Day,
        "iso_week" => Window::IsoWeek,
        "month" => Window::Month,
        every => Window::Every { seconds: every.strip_prefix("every(")?.strip_suffix(')')?.parse().ok()? },
    })
}

impl Budget {
    /// The window of a wire name such as `day` or `every(900)`.
    ///
    /// # Errors
    /// `budget.invalid`.
    pub fn window_from_name(name: &str) -> Result<Window, BudgetError> {
        let problem = "no window; write `total`, `hour`, `day`, `iso_week`, `month` or `every(<seconds>)`";
        window_of(name).ok_or_else(|| BudgetError::invalid("window", name, problem))
    }

    /// The wire name of its window.
    #[must_use]
    pub fn window_name(&self) -> String {
        window_name(self.window)
    }
}

fn write_window<S: Serializer>(window: &Window, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&window_name(*window))
}

fn read_window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Window, D::Error> {
    let name = String::deserialize(deserializer)?;
    Budget::window_from_name(&name).map_err(D::Error::custom)
}

fn write_decimal<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&decimal::text(*value))
}

fn read_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = String::deserialize(deserializer)?;
    decimal::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no amount; write `\"2.5\"`")))
}

fn write_decimals<S: Serializer>(values: &[Decimal], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|value| decimal::text(*value)))
}

fn read_decimals<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Decimal>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let parse = |text: &String| {
        decimal::parse(text).ok_or_else(|| D::Error::custom(format!("`{text}` is no amount")))
    };
    texts.iter().map(parse).collect()
}

//! What a change and the changes of today say, read once: each fact known, unknown or malformed.

use std::{collections::BTreeSet, fmt};

use finops_core::time::Timestamp;

use super::{config::GuardrailConfig, quantity::Quantity};
use crate::{Json, json::Object};

/// The instant of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    /// No time was given: no change window is open.
    Unknown,
    /// This instant.
    At(Timestamp),
    /// Something that is no RFC 3339 time, of this JSON type; the change is denied.
    Invalid(&'static str),
}

impl Now {
    /// Reads an RFC 3339 time with offset; absent and null are [`Now::Unknown`].
    #[must_use]
    pub fn from_json(value: Option<&Json>) -> Self {
        match value {
            None | Some(Json::Null) => Self::Unknown,
            Some(value) => instant(value).map_or(Self::Invalid(value.type_name()), Self::At),
        }
    }
}

impl From<Timestamp> for Now {
    fn from(at: Timestamp) -> Self {
        Self::At(at)
    }
}

impl From<Option<Timestamp>> for Now {
    fn from(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Unknown, Self::At)
    }
}

fn instant(value: &Json) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// One operand of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact<T> {
    /// The check runs on this.
    Known(T),
    /// The check fails: unknown never passes.
    Unknown,
    /// The check is skipped: the malformed value is denied by itself.
    Invalid,
}

/// A value of the wrong type or out of range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    /// `input.type` or `input.range`.
    pub rule: &'static str,
    pub path: String,
    pub reason: String,
}

/// All operands of all checks.
#[derive(Debug)]
pub(super) struct Facts {
    /// In the order in which they are listed.
    pub malformed: Vec<Malformed>,
    pub confidence: Fact<Quantity>,
    pub risk_score: Fact<Quantity>,
    /// Without its sign.
    pub amount: Fact<Quantity>,
    /// This change and the changes of today, without their signs.
    pub daily_total: Fact<Quantity>,
    /// Places of the protected tags that the change carries.
    pub tag_hits: Fact<Vec<usize>>,
    pub window_open: Fact<bool>,
    /// Distinct namespaces of this change and the changes of today.
    pub namespaces: Fact<u64>,
}

/// The values that a member may have, ends included. Source: the policy specification, section 7.
struct Range {
    min: i64,
    max: i64,
    ends: (Quantity, Quantity),
}

impl Range {
    const fn new(min: i64, max: i64) -> Self {
        Self { min, max, ends: (Quantity::whole(min), Quantity::whole(max)) }
    }

    fn holds(&self, value: &Quantity) -> bool {
        self.ends.0 <= *value && *value <= self.ends.1
    }
}

static SCORE: Range = Range::new(0, 1);

static AMOUNT: Range = Range::new(-1_000_000_000_000_000, 1_000_000_000_000_000);

const NAMESPACES: &str = "namespaces must be a list of strings";
const TAGS: &str = "/change/tags must be a list of strings or an object of strings";

/// The members of a change that are read, each at most once.
#[derive(Debug, Default)]
struct Members<'a> {
    confidence: Option<&'a Json>,
    risk_score: Option<&'a Json>,
    monthly_saving_nanos: Option<&'a Json>,
    monthly_saving_usd: Option<&'a Json>,
    estimated_monthly_savings: Option<&'a Json>,
    tags: Option<&'a Json>,
    namespaces: Option<&'a Json>,
    namespace: Option<&'a Json>,
    cluster: Option<&'a Json>,
    at: Option<&'a Json>,
}

impl<'a> Members<'a> {
    fn of(object: &'a Object) -> Self {
        let mut found = Self::default();
        for (name, value) in object.iter() {
            // By length first: of a record's two dozen members ten are read.
            let slot = match (name.len(), name) {
                (10, "confidence") => &mut found.confidence,
                (10, "risk_score") => &mut found.risk_score,
                (10, "namespaces") => &mut found.namespaces,
                (20, "monthly_saving_nanos") => &mut found.monthly_saving_nanos,
                (18, "monthly_saving_usd") => &mut found.monthly_saving_usd,
                (25, "estimated_monthly_savings") => &mut found.estimated_monthly_savings,
                (4, "tags") => &mut found.tags,
                (9, "namespace") => &mut found.namespace,
                (7, "cluster") => &mut found.cluster,
                (2, "at") => &mut found.at,
                _ => continue,
            };
            *slot = Some(value);
        }
        found
    }
}

/// Where a change stands in the input.
#[derive(Debug, Clone, Copy)]
enum Place {
    Change,
    History(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change => f.write_str("/change"),
            Self::History(n) => write!(f, "/history/{n}"),
        }
    }
}

/// A value that is there: null and absent are the same unknown.
fn given(value: Option<&Json>) -> Option<&Json> {
    value.filter(|v| !v.is_null())
}

fn wrong_type(malformed: &mut Vec<Malformed>, path: String, wanted: &str, got: &Json) {
    let reason = format!("{path} must be {wanted}, got {}", got.type_name());
    malformed.push(Malformed { rule: "input.type", path, reason });
}

fn out_of_range(malformed: &mut Vec<Malformed>, path: String, range: &Range, got: &Quantity) {
    let Range { min, max, .. } = range;
    let reason = format!("{path} must be between {min} and {max}, got {}", got.text());
    malformed.push(Malformed { rule: "input.range", path, reason });
}

impl Facts {
    /// Reads everything that the checks need; `Err` when the change is no object, which stands alone.
    pub fn read(
        change: &Json,
        history: &Json,
        now: Now,
        config: &GuardrailConfig,
    ) -> Result<Self, Malformed> {
        let Some(object) = change.as_object() else {
            let reason = format!("/change must be an object, got {}", change.type_name());
            return Err(Malformed { rule: "input.type", path: "/change".to_owned(), reason });
        };
        let members = Members::of(object);
        let mut malformed = Vec::new();
        let confidence = score(members.confidence, "confidence", &mut malformed);
        let risk_score = score(members.risk_score, "risk_score", &mut malformed);
        let amount = amount_of(&members, Place::Change, &mut malformed);

        let mut seen = Seen::default();
        let mut bad_namespaces = Vec::new();
        let mut namespaces = seen.add(&members, Place::Change, &mut bad_namespaces);
        let mut daily_total = amount.clone();
        if let Some(entries) = history.as_array() {
            // Looked up when the first entry says when it was.
            let mut today = None;
            for (n, entry) in entries.iter().enumerate() {
                let place = Place::History(n);
                let Some(object) = entry.as_object() else {
                    wrong_type(&mut malformed, place.to_string(), "an object", entry);
                    (daily_total, namespaces) = (Fact::Invalid, Fact::Invalid);
                    continue;
                };
                let entry = Members::of(object);
                if let Some(value) = given(entry.at) {
                    let Some(at) = instant(value) else {
                        wrong_type(&mut malformed, format!("{place}/at"), "an RFC 3339 time", value);
                        (daily_total, namespaces) = (Fact::Invalid, Fact::Invalid);
                        continue;
                    };
                    if let Now::At(now) = now {
                        let today = *today.get_or_insert_with(|| config.windows.local_day(now));
                        if config.windows.local_day(at) != today {
                            continue;
                        }
                    }
                }
                daily_total = daily_total.plus(amount_of(&entry, place, &mut malformed));
                namespaces = namespaces.and(seen.add(&entry, place, &mut bad_namespaces));
            }
        } else {
            wrong_type(&mut malformed, "/history".to_owned(), "an array", history);
            (daily_total, namespaces) = (Fact::Invalid, Fact::Invalid);
        }

        let tag_hits = tag_hits(members.tags, config);
        if tag_hits == Fact::Invalid {
            let reason = TAGS.to_owned();
            malformed.push(Malformed { rule: "input.type", path: "/change/tags".to_owned(), reason });
        }
        let window_open = match now {
            Now::At(at) => Fact::Known(config.windows.is_open(at)),
            Now::Unknown => Fact::Unknown,
            Now::Invalid(got) => {
                let reason = format!("/now must be an RFC 3339 time, got {got}");
                malformed.push(Malformed { rule: "input.type", path: "/now".to_owned(), reason });
                Fact::Invalid
            }
        };
        malformed.append(&mut bad_namespaces);
        let namespaces = match namespaces {
            Fact::Known(()) => Fact::Known(seen.count()),
            Fact::Unknown => Fact::Unknown,
            Fact::Invalid => Fact::Invalid,
        };
        Ok(Self { malformed, confidence, risk_score, amount, daily_total, tag_hits, window_open, namespaces })
    }
}

impl Fact<Quantity> {
    /// The sum; malformed before unknown before known.
    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Invalid, _) | (_, Self::Invalid) => Self::Invalid,
            (Self::Known(a), Self::Known(b)) => a.checked_add(&b).map_or(Self::Unknown, Self::Known),
            _ => Self::Unknown,
        }
    }
}

impl Fact<()> {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Invalid, _) | (_, Self::Invalid) => Self::Invalid,
            (Self::Known(()), Self::Known(())) => Self::Known(()),
            _ => Self::Unknown,
        }
    }
}

/// A number from 0 to 1.
fn score(value: Option<&Json>, name: &str, malformed: &mut Vec<Malformed>) -> Fact<Quantity> {
    let Some(value) = given(value) else { return Fact::Unknown };
    let Some(read) = Quantity::read(value) else {
        wrong_type(malformed, format!("/change/{name}"), "a number", value);
        return Fact::Invalid;
    };
    if !SCORE.holds(&read) {
        out_of_range(malformed, format!("/change/{name}"), &SCORE, &read);
        return Fact::Invalid;
    }
    Fact::Known(read)
}

/// The amount of a change without its sign: the first that is given of nanos, dollars and the original's estimate.
fn amount_of(members: &Members<'_>, place: Place, malformed: &mut Vec<Malformed>) -> Fact<Quantity> {
    let (name, value, read, wanted) = if let Some(value) = given(members.monthly_saving_nanos) {
        ("monthly_saving_nanos", value, Quantity::read_nanos(value), "an integer")
    } else if let Some(value) = given(members.monthly_saving_usd) {
        ("monthly_saving_usd", value, Quantity::read(value), "a number")
    } else if let Some(value) = given(members.estimated_monthly_savings) {
        ("estimated_monthly_savings", value, Quantity::read(value), "a number")
    } else {
        return Fact::Unknown;
    };
    let Some(read) = read else {
        wrong_type(malformed, format!("{place}/{name}"), wanted, value);
        return Fact::Invalid;
    };
    if !AMOUNT.holds(&read) || !read.is_summable() {
        out_of_range(malformed, format!("{place}/{name}"), &AMOUNT, &read);
        return Fact::Invalid;
    }
    Fact::Known(read.abs())
}

/// Which protected tags a change carries. No tags are none; null is unknown.
fn tag_hits(tags: Option<&Json>, config: &GuardrailConfig) -> Fact<Vec<usize>> {
    let mut hits = Vec::new();
    let mut look = |text: &str, ascii: bool| {
        let text = trimmed(text);
        for place in config.protected_tags.places(text, ascii) {
            if !hits.contains(&place) {
                hits.push(place);
            }
        }
    };
    match tags {
        None => {}
        Some(Json::Null) => return Fact::Unknown,
        Some(Json::Array(list)) => {
            for tag in list {
                let Some(text) = tag.as_str() else { return Fact::Invalid };
                let ascii = text.is_ascii();
                look(text, ascii);
                let separator = text.bytes().position(|byte| matches!(byte, b'=' | b':'));
                if let Some((key, value)) = separator.and_then(|place| text.split_at_checked(place)) {
                    look(key, ascii);
                    // Behind the separator, which is one byte.
                    look(value.get(1..).unwrap_or_default(), ascii);
                }
            }
        }
        Some(Json::Object(object)) => {
            for (key, value) in object.iter() {
                look(key, key.is_ascii());
                match value {
                    Json::String(text) => look(text, text.is_ascii()),
                    Json::Null => {}
                    _ => return Fact::Invalid,
                }
            }
        }
        Some(_) => return Fact::Invalid,
    }
    Fact::Known(hits)
}

/// The text without white space at its ends: most have none, and their first and last byte say so.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// A namespace of a cluster; none when the change does not name one.
type Namespace<'a> = (Option<&'a str>, &'a str);

/// Distinct namespaces: the first few without an allocation.
#[derive(Debug, Default)]
struct Seen<'a> {
    /// The first `count` of them.
    few: [Namespace<'a>; 8],
    count: usize,
    many: BTreeSet<Namespace<'a>>,
}

impl<'a> Seen<'a> {
    fn add(&mut self, members: &Members<'a>, place: Place, malformed: &mut Vec<Malformed>) -> Fact<()> {
        match self.try_add(members) {
            Some(fact) => fact,
            None => {
                let (path, reason) = (format!("{place}/namespaces"), NAMESPACES.to_owned());
                malformed.push(Malformed { rule: "input.type", path, reason });
                Fact::Invalid
            }
        }
    }

    /// `None` when a value has the wrong type.
    fn try_add(&mut self, members: &Members<'a>) -> Option<Fact<()>> {
        let cluster = match given(members.cluster) {
            None => None,
            Some(value) => Some(value.as_str()?),
        };
        if let Some(list) = given(members.namespaces) {
            for namespace in list.as_array()? {
                self.insert((cluster, namespace.as_str()?));
            }
        } else if let Some(namespace) = given(members.namespace) {
            self.insert((cluster, namespace.as_str()?));
        } else if members.namespaces.is_none() && members.namespace.is_none() {
            self.insert((cluster, ""));
        } else {
            return Some(Fact::Unknown);
        }
        Some(Fact::Known(()))
    }

    fn insert(&mut self, namespace: Namespace<'a>) {
        if self.few.iter().take(self.count).any(|known| *known == namespace) {
            return;
        }
        match self.few.get_mut(self.count) {
            Some(slot) => {
                *slot = namespace;
                self.count = self.count.saturating_add(1);
            }
            None => {
                self.many.insert(namespace);
            }
        }
    }

    fn count(&self) -> u64 {
        u64::try_from(self.count.saturating_add(self.many.len())).unwrap_or(u64::MAX)
    }
}

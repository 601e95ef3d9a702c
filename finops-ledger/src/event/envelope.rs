//! The seven fields of an event: `actor`, `at`, `data`, `id`, `kind`, `log`, `v`. The sequence number is outside, so a
//! lost race re-tags without re-encoding.

mod form;
mod view;

pub(crate) use form::parse_date;
pub use form::{is_actor, is_event_id, is_kind, is_origin, parse_at};
pub use view::{EventView, ViewError};

use super::{
    canonical::{self, CanonicalError, key_order, pointer_token},
    hex, kind,
    merkle::{Hash, leaf_hash},
};
use finops_core::error::shorten;
use serde_json::{Map, Value, json};

/// The fields in the order of canonical bytes.
const FIELDS: [&str; 7] = ["actor", "at", "data", "id", "kind", "log", "v"];

/// An event that cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// A field that is missing, unknown or ill-formed.
    #[error("`{path}` {problem}")]
    Field {
        /// The JSON pointer of the field; empty for the whole event.
        path: String,
        /// What is accepted.
        problem: &'static str,
    },
    /// A version other than 1.
    #[error("`/v` must be the integer 1")]
    Version,
    /// U+0000, which `PostgreSQL` refuses in JSON and `SQLite` cuts text at.
    #[error("`{path}` holds the character U+0000; remove it")]
    Nul {
        /// The JSON pointer of the member.
        path: String,
    },
    /// A key that begins with `$`.
    #[error(
        "`{path}` is reserved; only `$commit` with 64 lower-case hexadecimal digits, alone in its object, is legal"
    )]
    ReservedKey {
        /// The JSON pointer of the member.
        path: String,
    },
    /// A kind of this ledger's namespaces that is not defined.
    #[error("`{kind}` is not a kind of the ledger; choose another first word for your own kinds")]
    UnknownKind {
        /// The kind, shortened.
        kind: String,
    },
    /// A recorded event of such a kind, written by a newer version: what it means is not known.
    #[error("`{kind}` is a kind that this version does not know; replay with a newer one")]
    ReplayUnknownKind {
        /// The kind, shortened.
        kind: String,
    },
    /// Data that does not fit its reserved kind.
    #[error("`{path}` {problem}")]
    Data {
        /// The JSON pointer of the member.
        path: String,
        /// What is accepted.
        problem: &'static str,
    },
    /// No canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

impl EventError {
    fn field(name: &str, problem: &'static str) -> Self {
        Self::Field { path: format!("/{}", pointer_token(name)), problem }
    }

    pub(crate) fn data(name: &str, problem: &'static str) -> Self {
        Self::Data { path: format!("/data/{}", pointer_token(name)), problem }
    }

    pub(crate) fn unknown_kind(kind: &str) -> Self {
        Self::UnknownKind { kind: shorten(kind) }
    }

    /// The stable dotted code, for example `ledger.event.field`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Field { .. } => "ledger.event.field",
            Self::Version => "ledger.event.version",
            Self::Nul { .. } => "ledger.event.nul",
            Self::ReservedKey { .. } => "ledger.event.reserved_key",
            Self::UnknownKind { .. } => "ledger.event.unknown_kind",
            Self::ReplayUnknownKind { .. } => "ledger.replay.unknown_kind",
            Self::Data { .. } => "ledger.event.data",
            Self::Canonical(error) => error.code(),
        }
    }

    /// The JSON pointer of the member at fault.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Field { path, .. }
            | Self::Nul { path }
            | Self::ReservedKey { path }
            | Self::Data { path, .. } => path,
            Self::Version => "/v",
            Self::UnknownKind { .. } | Self::ReplayUnknownKind { .. } => "/kind",
            Self::Canonical(error) => error.path(),
        }
    }
}

/// Who did something, when, under which id: what every event has beside its kind and data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// Made by the client, unique in the log.
    pub id: &'a str,
    /// UTC with six fraction digits, for example `2026-03-14T09:26:53.589793Z`.
    pub at: &'a str,
    /// For example `svc:ledger` or `user:ana`.
    pub actor: &'a str,
}

/// A checked event in its canonical bytes, ready to be sealed at any position of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    bytes: Vec<u8>,
    leaf: Hash,
    id: String,
    kind: String,
    origin: String,
    at_us: i64,
}

impl Encoded {
    /// Checks and encodes an event of the log `origin`.
    ///
    /// # Errors
    /// `ledger.event.*` in the order of the specification, then `ledger.canonical.*`.
    ///
    /// ```
    /// use finops_ledger::event::envelope::{Encoded, Stamp};
    ///
    /// let stamp = Stamp { id: "evt-1", at: "2026-03-14T09:26:53.589793Z", actor: "svc:finops" };
    /// let data = serde_json::json!({"n": 1});
    /// let event = Encoded::new("acme.example/prod", &stamp, "acme.thing", &data)?;
    /// assert!(event.bytes().starts_with(br#"{"actor":"svc:finops","at":"2026-03-14"#));
    /// # Ok::<(), finops_ledger::event::envelope::EventError>(())
    /// ```
    pub fn new(origin: &str, stamp: &Stamp<'_>, kind: &str, data: &Value) -> Result<Self, EventError> {
        let at_us = check_fields(origin, stamp.id, stamp.actor, kind, stamp.at)?;
        let members = data.as_object().ok_or(EventError::field("data", "must be an object"))?;
        if !is_plain(data) {
            walk(members, "/data")?;
        }
        kind::check(kind, members)?;
        let mut bytes = Vec::with_capacity(512);
        let mut text = |before: &str, value: &str| {
            bytes.extend_from_slice(before.as_bytes());
            canonical::write_text(value, &mut bytes);
        };
        text("{\"actor\":", stamp.actor);
        text(",\"at\":", stamp.at);
        bytes.extend_from_slice(b",\"data\":");
        canonical::write(data, &mut bytes, 1).map_err(|mut error| {
            error.at.insert_str(0, "/data");
            error
        })?;
        let mut text = |before: &str, value: &str| {
            bytes.extend_from_slice(before.as_bytes());
            canonical::write_text(value, &mut bytes);
        };
        text(",\"id\":", stamp.id);
        text(",\"kind\":", kind);
        text(",\"log\":", origin);
        bytes.extend_from_slice(b",\"v\":1}");
        if bytes.len() > canonical::SIZE_MAX {
            return Err(CanonicalError { refusal: canonical::Refusal::Size, at: String::new() }.into());
        }
        let leaf = leaf_hash(&bytes);
        let (id, kind, origin) = (stamp.id.to_owned(), kind.to_owned(), origin.to_owned());
        Ok(Self { bytes, leaf, id, kind, origin, at_us })
    }

    /// Checks and encodes an event that has all seven fields.
    ///
    /// # Errors
    /// Those of [`Encoded::new`].
    pub fn from_value(event: &Value) -> Result<Self, EventError> {
        check(event)?;
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let stamp = Stamp { id: text("id"), at: text("at"), actor: text("actor") };
        Self::new(text("log"), &stamp, text("kind"), event.get("data").unwrap_or(&Value::Null))
    }

    /// The canonical bytes: what is signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The canonical bytes, without copying them.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The hash of the leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Hash {
        &self.leaf
    }

    /// The id of the event.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The kind of the event.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The log it belongs to.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// When it happened, in microseconds since 1970 UTC.
    #[must_use]
    pub const fn at_us(&self) -> i64 {
        self.at_us
    }
}

/// Checks the form of an event, without the data of reserved kinds: what verification checks too.
///
/// # Errors
/// `ledger.event.{field, version, nul, reserved_key}`: unknown fields, missing fields (both sorted), `v`, `log`, `id`,
/// `actor`, `kind`, `at`, the type of `data`, its members in the order of their keys.
pub fn check(event: &Value) -> Result<(), EventError> {
    let fields = event.as_object();
    let fields = fields.ok_or(EventError::Field { path: String::new(), problem: "must be an object" })?;
    let mut unknown: Vec<_> = fields.keys().filter(|key| !FIELDS.contains(&key.as_str())).collect();
    unknown.sort_unstable_by(|a, b| key_order(a, b));
    if let Some(key) = unknown.first() {
        return Err(EventError::field(key, "is not a field of an event"));
    }
    if let Some(name) = FIELDS.iter().find(|name| !fields.contains_key(**name)) {
        return Err(EventError::field(name, "is missing"));
    }
    if fields.get("v").and_then(Value::as_u64) != Some(1) {
        return Err(EventError::Version);
    }
    // What is no text has no legal form either.
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    check_fields(text("log"), text("id"), text("actor"), text("kind"), text("at"))?;
    let data = fields.get("data").and_then(Value::as_object);
    walk(data.ok_or(EventError::field("data", "must be an object"))?, "/data")
}

/// The fields that are texts, in the order of the specification; answers the microseconds of `at`.
fn check_fields(origin: &str, id: &str, actor: &str, kind: &str, at: &str) -> Result<i64, EventError> {
    let require =
        |fits: bool, name: &str, problem| if fits { Ok(()) } else { Err(EventError::field(name, problem)) };
    require(is_origin(origin), "log", "must name a log, for example `acme.example/finops/prod`")?;
    require(
        is_event_id(id),
        "id",
        "must be 1 to 64 letters, digits or `._:~-`, beginning with a letter or digit",
    )?;
    require(
        is_actor(actor),
        "actor",
        "must be for example `svc:ledger` or `user:ana`, without an e-mail address",
    )?;
    require(is_kind(kind), "kind", "must be two to four words, for example `acme.deploy`")?;
    parse_at(at).ok_or(EventError::field(
        "at",
        "must be UTC with six fraction digits, as `2026-03-14T09:26:53.589793Z`",
    ))
}

/// Has the value neither a U+0000 nor a key with `$`? Then there is nothing to walk in order.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\0'),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => {
            members.iter().all(|(key, value)| !key.starts_with('$') && !key.contains('\0') && is_plain(value))
        }
        _ => true,
    }
}

/// Refuses U+0000 and reserved keys below `path`, members in the order of their keys.
fn walk(members: &Map<String, Value>, path: &str) -> Result<(), EventError> {
    let mut keys: Vec<_> = members.iter().collect();
    keys.sort_unstable_by(|(a, _), (b, _)| key_order(a, b));
    for (key, value) in keys {
        // Most members are plain: the path is only built where it can be needed.
        let here = || format!("{path}/{}", pointer_token(key));
        if key.contains('\0') {
            return Err(EventError::Nul { path: here() });
        }
        if key.starts_with('$') {
            let digest = value.as_str().and_then(hex::decode_array::<32>);
            if key != "$commit" || digest.is_none() || members.len() != 1 {
                return Err(EventError::ReservedKey { path: here() });
            }
        }
        walk_value(value, &here)?;
    }
    Ok(())
}

fn walk_value(value: &Value, path: &dyn Fn() -> String) -> Result<(), EventError> {
    match value {
        Value::String(text) if text.contains('\0') => Err(EventError::Nul { path: path() }),
        Value::Object(members) => walk(members, &path()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| walk_value(item, &|| format!("{}/{index}", path()))),
        _ => Ok(()),
    }
}

/// The data of `log.created`.
pub(crate) fn created(kid: super::keys::Kid, heartbeat_s: Option<u64>) -> Value {
    let mut data = json!({ "kid": kid.to_string() });
    if let (Some(seconds), Some(members)) = (heartbeat_s, data.as_object_mut()) {
        members.insert("heartbeat_s".to_owned(), Value::from(seconds));
    }
    data
}

#[cfg(test)]
mod tests;

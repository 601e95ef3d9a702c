//! Reads an event from its canonical bytes without building a value.

use super::{check, check_fields};
use crate::event::canonical::{self, Scanner};
use serde_json::Value;
use std::borrow::Cow;

/// An event read from its canonical bytes, borrowing from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventView<'a> {
    /// Who.
    pub actor: &'a str,
    /// When.
    pub at: &'a str,
    /// When, in microseconds since 1970 UTC.
    pub at_us: i64,
    /// The canonical JSON of the data.
    pub data: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// The log it belongs to.
    pub log: &'a str,
}

/// Why bytes are no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewError {
    /// Not the canonical form of a value.
    NotCanonical,
    /// Canonical, but not the seven fields in their forms.
    Envelope,
}

impl<'a> EventView<'a> {
    /// Reads the canonical bytes of an event; the data of reserved kinds is not checked.
    ///
    /// # Errors
    /// What the bytes are instead.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ViewError> {
        let text = std::str::from_utf8(bytes).map_err(|_| ViewError::NotCanonical)?;
        if let Some((view, unusual)) = Self::scan(text).filter(|_| bytes.len() <= canonical::SIZE_MAX) {
            // Keys with `$` and U+0000 are rare: the walk that explains them also judges them.
            let legal = !unusual || canonical::from_json(bytes).is_ok_and(|event| check(&event).is_ok());
            return if legal { Ok(view) } else { Err(ViewError::Envelope) };
        }
        Err(if canonical::check(bytes) { ViewError::Envelope } else { ViewError::NotCanonical })
    }

    fn scan(text: &'a str) -> Option<(Self, bool)> {
        let mut scanner = Scanner::new(text);
        let string = |scanner: &mut Scanner<'a>, before: &str| {
            scanner.literal(before)?;
            scanner.string()
        };
        let actor = string(&mut scanner, "{\"actor\":")?;
        let at = string(&mut scanner, ",\"at\":")?;
        scanner.literal(",\"data\":")?;
        let start = scanner.position();
        if !text.get(start..)?.starts_with('{') {
            return None;
        }
        // The envelope is the first container.
        scanner.object(1)?;
        let data = text.get(start..scanner.position())?;
        let id = string(&mut scanner, ",\"id\":")?;
        let kind = string(&mut scanner, ",\"kind\":")?;
        let log = string(&mut scanner, ",\"log\":")?;
        scanner.literal(",\"v\":1}")?;
        scanner.end()?;
        // No legal form has a character that is escaped, so the raw texts can be judged.
        let at_us = check_fields(log, id, actor, kind, at).ok()?;
        Some((Self { actor, at, at_us, data, id, kind, log }, scanner.unusual))
    }

    /// The data as a value.
    #[must_use]
    pub fn data(&self) -> Value {
        canonical::from_json(self.data.as_bytes()).unwrap_or(Value::Null)
    }

    /// The origin that any JSON text names, if it is an object that names one.
    pub(crate) fn peek_origin(bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        if let Ok(view) = Self::parse(bytes) {
            return Some(Cow::Borrowed(view.log));
        }
        let event = canonical::from_json(bytes).ok()?;
        event.get("log").and_then(Value::as_str).map(|log| Cow::Owned(log.to_owned()))
    }
}

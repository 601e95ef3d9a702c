//! Canonical JSON: RFC 8785 (JCS) restricted to integers that every reader holds exactly. One value, one byte string.
//!
//! Keys stand in the order of their UTF-16 code units, nothing is between tokens, only `\" \\ \b \t \n \f \r` and
//! `\u00xx` are escaped, and an integer lies within 2^53 - 1. Money, rates, quantities and confidences are strings.

mod number;
mod read;
mod scan;

pub use number::{border_number, is_decimal};
pub use read::from_json;
pub(crate) use scan::{Scanner, check_depth};

use serde_json::Value;
use std::cmp::Ordering;

/// The largest integer that a binary double holds exactly with its neighbours: 2^53 - 1 (RFC 8259 section 6).
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;
/// The most containers within each other (`ledger.canonical.depth`).
pub const DEPTH_MAX: usize = 32;
/// The most canonical bytes: the entry limit of a C2SP tile bundle, whose length prefix has 16 bits.
pub const SIZE_MAX: usize = 65_535;

/// Why bytes or a value have no canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Not UTF-8.
    Utf8,
    /// Not JSON as RFC 8259 defines it, or with a byte order mark.
    Syntax,
    /// A fraction, an exponent or a negative zero.
    Float,
    /// An integer beyond 2^53 - 1.
    IntegerRange,
    /// The same key twice, after unescaping.
    DuplicateKey,
    /// Half of a surrogate pair.
    Surrogate,
    /// More than 32 containers within each other.
    Depth,
    /// More than 65,535 canonical bytes.
    Size,
    /// A number that is infinite or not a number.
    NotFinite,
}

impl Refusal {
    /// The stable dotted code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Utf8 => "ledger.canonical.utf8",
            Self::Syntax => "ledger.canonical.syntax",
            Self::Float => "ledger.canonical.float",
            Self::IntegerRange => "ledger.canonical.integer_range",
            Self::DuplicateKey => "ledger.canonical.duplicate_key",
            Self::Surrogate => "ledger.canonical.surrogate",
            Self::Depth => "ledger.canonical.depth",
            Self::Size => "ledger.canonical.size",
            Self::NotFinite => "ledger.canonical.not_finite",
        }
    }

    const fn problem(self) -> &'static str {
        match self {
            Self::Utf8 => "is not UTF-8",
            Self::Syntax => "is not JSON; write it as RFC 8259 says, without a byte order mark",
            Self::Float => {
                "is a number with a fraction, an exponent or a negative zero; write it as a decimal string"
            }
            Self::IntegerRange => "is an integer beyond 9007199254740991; write it as a string",
            Self::DuplicateKey => "is a key that its object already has",
            Self::Surrogate => "is half of a surrogate pair; write the whole character",
            Self::Depth => "lies within more than 32 containers",
            Self::Size => "is longer than 65535 canonical bytes; store it elsewhere and record its digest",
            Self::NotFinite => "is infinite or not a number",
        }
    }
}

/// A text or a value without canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{at}` {}", self.refusal.problem())]
pub struct CanonicalError {
    /// Why.
    pub refusal: Refusal,
    /// Where: `byte 17` of a text, or the JSON pointer into a value; empty for the whole value.
    pub at: String,
}

impl CanonicalError {
    fn byte(refusal: Refusal, at: usize) -> Self {
        Self { refusal, at: format!("byte {at}") }
    }

    const fn here(refusal: Refusal) -> Self {
        Self { refusal, at: String::new() }
    }

    fn within(mut self, token: &str) -> Self {
        self.at = format!("/{}{}", pointer_token(token), self.at);
        self
    }

    /// The stable dotted code, for example `ledger.canonical.float`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.refusal.code()
    }

    /// Where the fault lies.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.at
    }
}

/// A key as a token of a JSON pointer (RFC 6901 section 3).
pub(crate) fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Appends the canonical bytes of `value` to `out`, which keeps its capacity from call to call.
///
/// On an error `out` is as it was.
///
/// # Errors
/// `ledger.canonical.{float, integer_range, depth, size}` with the JSON pointer of the member at fault.
///
/// ```
/// use finops_ledger::event::canonical;
/// use serde_json::json;
///
/// let mut bytes = Vec::new();
/// canonical::encode(&json!({"b": 1, "a": "12.5"}), &mut bytes)?;
/// assert_eq!(bytes, br#"{"a":"12.5","b":1}"#);
/// assert_eq!(canonical::encode(&json!({"a": 0.5}), &mut bytes).unwrap_err().code(), "ledger.canonical.float");
/// # Ok::<(), canonical::CanonicalError>(())
/// ```
pub fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    let start = out.len();
    let written = write(value, out, 0).and_then(|()| {
        let size = out.len().saturating_sub(start);
        if size > SIZE_MAX { Err(CanonicalError::here(Refusal::Size)) } else { Ok(()) }
    });
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// The canonical bytes of `value`.
///
/// # Errors
/// Those of [`encode`].
pub fn to_vec(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::new();
    encode(value, &mut out)?;
    Ok(out)
}

/// Is this exactly the canonical form of a value?
#[must_use]
pub fn check(bytes: &[u8]) -> bool {
    bytes.len() <= SIZE_MAX
        && std::str::from_utf8(bytes).is_ok_and(|text| Scanner::new(text).whole_value().is_some())
}

/// Appends without the limit on size; `depth` containers are open around `value`.
pub(crate) fn write(value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::String(text) => write_text(text, out),
        Value::Number(number) => {
            if !number.is_i64() && !number.is_u64() {
                return Err(CanonicalError::here(Refusal::Float));
            }
            match number.as_i64() {
                Some(integer) if integer.unsigned_abs() <= INTEGER_MAX.unsigned_abs() => {
                    write_integer(integer, out)
                }
                _ => return Err(CanonicalError::here(Refusal::IntegerRange)),
            }
        }
        Value::Array(items) => {
            let inner = check_depth(depth).ok_or_else(|| CanonicalError::here(Refusal::Depth))?;
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out, inner).map_err(|error| error.within(&index.to_string()))?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let inner = check_depth(depth).ok_or_else(|| CanonicalError::here(Refusal::Depth))?;
            out.push(b'{');
            let start = out.len();
            let sorted = write_members(members.iter(), out, inner)?;
            if !sorted {
                out.truncate(start);
                let mut members: Vec<_> = members.iter().collect();
                members.sort_unstable_by(|(a, _), (b, _)| key_order(a, b));
                write_members(members.into_iter(), out, inner)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Appends members in their given order; false, and incomplete, if that is not the canonical one.
fn write_members<'a>(
    members: impl Iterator<Item = (&'a String, &'a Value)>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<bool, CanonicalError> {
    let mut previous: Option<&String> = None;
    for (key, value) in members {
        if let Some(previous) = previous {
            if key_order(previous, key) != Ordering::Less {
                return Ok(false);
            }
            out.push(b',');
        }
        write_text(key, out);
        out.push(b':');
        write(value, out, depth).map_err(|error| error.within(key))?;
        previous = Some(key);
    }
    Ok(true)
}

/// The order of keys: by UTF-16 code units (RFC 8785 section 3.2.3).
///
/// Bytes order as code points do, and so as code units unless U+E000..U+FFFF (first byte 0xEE, 0xEF) meets U+10000..
/// (from 0xF0), whose surrogates sort below.
pub(crate) fn key_order(a: &str, b: &str) -> Ordering {
    let by_bytes = a.as_bytes().iter().zip(b.as_bytes()).find(|(x, y)| x != y);
    match by_bytes {
        Some((x, y)) if *x >= 0xEE && *y >= 0xEE => a.encode_utf16().cmp(b.encode_utf16()),
        Some((x, y)) => x.cmp(y),
        None => a.len().cmp(&b.len()),
    }
}

fn write_integer(integer: i64, out: &mut Vec<u8>) {
    if integer < 0 {
        out.push(b'-');
    }
    // 16 digits hold 2^53 - 1.
    let mut digits = [0_u8; 20];
    let mut rest = integer.unsigned_abs();
    let mut used = 0_usize;
    for slot in digits.iter_mut().rev() {
        *slot = b'0'.saturating_add(u8::try_from(rest % 10).unwrap_or(0));
        used = used.saturating_add(1);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len().saturating_sub(used)..).unwrap_or_default());
}

/// Where the first quote, backslash or control character stands.
pub(crate) fn position_of_special(bytes: &[u8]) -> Option<usize> {
    const fn is_special(byte: u8) -> bool {
        byte < 0x20 || byte == b'"' || byte == b'\\'
    }
    // A whole group is judged without a branch, which compilers turn into vector instructions.
    let (groups, _) = bytes.as_chunks::<16>();
    let plain =
        groups.iter().take_while(|group| !group.iter().fold(false, |any, byte| any | is_special(*byte)));
    let start = plain.count().saturating_mul(16);
    let found = bytes.get(start..)?.iter().position(|byte| is_special(*byte))?;
    Some(start.saturating_add(found))
}

/// Appends `text` as a JSON string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(text.len().saturating_add(2));
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = position_of_special(rest) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0A => out.extend_from_slice(b"\\n"),
            0x0C => out.extend_from_slice(b"\\f"),
            0x0D => out.extend_from_slice(b"\\r"),
            control => {
                out.extend_from_slice(b"\\u00");
                let digit = |nibble: u8| HEX.get(usize::from(nibble & 0x0F)).copied().unwrap_or(b'0');
                out.push(digit(control >> 4));
                out.push(digit(*control));
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
pub(crate) mod tests;

//! Reads any spelling of I-JSON, strictly. Not `serde_json`: it lets duplicate keys pass and rounds decimals.

use super::{CanonicalError, INTEGER_MAX, Refusal, SIZE_MAX, check_depth};
use serde_json::{Map, Value};

/// The value of a JSON text in any spelling: any order of keys, white space, escapes.
///
/// # Errors
/// `ledger.canonical.utf8` first, then the first fault in the text (`syntax`, `float`, `integer_range`,
/// `duplicate_key`, `surrogate`, `depth`), `size` last; the path is the byte offset.
///
/// ```
/// use finops_ledger::event::canonical::from_json;
///
/// assert_eq!(from_json(br#" {"a": "\u0041"} "#)?, serde_json::json!({"a": "A"}));
/// assert_eq!(from_json(br#"{"a":1,"a":2}"#).unwrap_err().code(), "ledger.canonical.duplicate_key");
/// # Ok::<(), finops_ledger::event::canonical::CanonicalError>(())
/// ```
pub fn from_json(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| CanonicalError::byte(Refusal::Utf8, error.valid_up_to()))?;
    let mut reader = Reader { text, at: 0 };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.fault(Refusal::Syntax));
    }
    // White space and long spellings shrink, so only a long text can have a long canonical form.
    if bytes.len() > SIZE_MAX {
        super::encode(&value, &mut Vec::with_capacity(bytes.len()))?;
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn fault(&self, refusal: Refusal) -> CanonicalError {
        CanonicalError::byte(refusal, self.at)
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.skip(1);
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), CanonicalError> {
        if self.peek() != Some(byte) {
            return Err(self.fault(Refusal::Syntax));
        }
        self.skip(1);
        Ok(())
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, CanonicalError> {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if !found {
            return Err(self.fault(Refusal::Syntax));
        }
        self.skip(word.len());
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Value, CanonicalError> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.fault(Refusal::Syntax)),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, CanonicalError> {
        let depth = check_depth(depth).ok_or_else(|| self.fault(Refusal::Depth))?;
        self.skip(1);
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.skip(1);
            return Ok(Value::Array(items));
        }
        loop {
            self.space();
            items.push(self.value(depth)?);
            self.space();
            if self.peek() != Some(b',') {
                self.expect(b']')?;
                return Ok(Value::Array(items));
            }
            self.skip(1);
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, CanonicalError> {
        let depth = check_depth(depth).ok_or_else(|| self.fault(Refusal::Depth))?;
        self.skip(1);
        let mut members = Map::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.skip(1);
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.fault(Refusal::Syntax));
            }
            let key = self.string()?;
            if members.contains_key(&key) {
                return Err(CanonicalError::byte(Refusal::DuplicateKey, start));
            }
            self.space();
            self.expect(b':')?;
            self.space();
            let value = self.value(depth)?;
            members.insert(key, value);
            self.space();
            if self.peek() != Some(b',') {
                self.expect(b'}')?;
                return Ok(Value::Object(members));
            }
            self.skip(1);
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.skip(1);
        }
        self.at.saturating_sub(start)
    }

    fn number(&mut self) -> Result<Value, CanonicalError> {
        let start = self.at;
        let refuse = |refusal| Err(CanonicalError::byte(refusal, start));
        if self.peek() == Some(b'-') {
            self.skip(1);
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return refuse(Refusal::Syntax);
        }
        let end = self.at;
        if self.peek() == Some(b'.') {
            self.skip(1);
            if self.digits() == 0 {
                return refuse(Refusal::Syntax);
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.skip(1);
            if let Some(b'+' | b'-') = self.peek() {
                self.skip(1);
            }
            if self.digits() == 0 {
                return refuse(Refusal::Syntax);
            }
        }
        let text = self.text.get(start..end).unwrap_or_default();
        if self.at != end || text == "-0" {
            return refuse(Refusal::Float);
        }
        match text.parse::<i64>() {
            Ok(integer) if integer.unsigned_abs() <= INTEGER_MAX.unsigned_abs() => Ok(Value::from(integer)),
            _ => refuse(Refusal::IntegerRange),
        }
    }

    fn string(&mut self) -> Result<String, CanonicalError> {
        self.skip(1);
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let stop = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\'));
            let Some(stop) = stop else {
                self.at = self.text.len();
                return Err(self.fault(Refusal::Syntax));
            };
            out.push_str(rest.get(..stop).unwrap_or_default());
            self.skip(stop);
            match self.peek() {
                Some(b'"') => {
                    self.skip(1);
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.fault(Refusal::Syntax)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, CanonicalError> {
        let start = self.at;
        self.skip(1);
        let plain = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => return Err(self.fault(Refusal::Syntax)),
        };
        self.skip(1);
        Ok(plain)
    }

    fn unicode(&mut self, start: usize) -> Result<char, CanonicalError> {
        let unit = self.unit().ok_or_else(|| CanonicalError::byte(Refusal::Syntax, start))?;
        let lone = || CanonicalError::byte(Refusal::Surrogate, start);
        if !(0xD800..=0xDFFF).contains(&unit) {
            return char::from_u32(unit.into()).ok_or_else(lone);
        }
        let low = if self.peek() == Some(b'\\') {
            self.skip(1);
            if self.peek() == Some(b'u') { self.unit() } else { None }
        } else {
            None
        };
        char::decode_utf16([unit, low.unwrap_or(0)]).next().and_then(Result::ok).ok_or_else(lone)
    }

    /// The four digits after `u`.
    fn unit(&mut self) -> Option<u16> {
        self.skip(1);
        let end = self.at.checked_add(4)?;
        let digits = self.text.get(self.at..end)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at = end;
        u16::from_str_radix(digits, 16).ok()
    }
}

//! The reader: size, depth, syntax, then duplicate names.

use super::{Json, Number, Object, number};
use jiter::{Jiter, JiterError, LinePosition, Peek};
use std::collections::BTreeSet;

/// What one document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Containers inside one another; more than [`MAX_DEPTH`] counts as [`MAX_DEPTH`].
    pub depth: usize,
}

impl Default for Limits {
    /// Those of a policy input: 1 MiB, 64 containers.
    fn default() -> Self {
        Self { bytes: 1_048_576, depth: 64 }
    }
}

/// The deepest nesting that [`read`] follows, whatever its limits say: it fits a stack of 512 KiB.
pub const MAX_DEPTH: usize = 128;

/// A text that is not one acceptable JSON value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// More bytes than allowed.
    #[error("JSON is larger than {limit} bytes; send less")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// More containers inside one another than allowed.
    #[error("JSON is nested deeper than {limit}; flatten it")]
    TooDeep {
        /// The limit in containers.
        limit: usize,
    },
    /// Not one value of RFC 8259 in UTF-8.
    #[error("{problem} at line {line} column {column}; give one JSON value")]
    Syntax {
        /// What the parser found.
        problem: String,
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
    /// A name twice in one object, after unescaping.
    #[error("key `{}` stands twice in one object; give it once", crate::error::shorten(.key))]
    DuplicateKey {
        /// The name.
        key: String,
    },
}

impl ReadError {
    /// `input.too_large`, `input.too_deep`, `input.json` or `input.duplicate_key`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "input.too_large",
            Self::TooDeep { .. } => "input.too_deep",
            Self::Syntax { .. } => "input.json",
            Self::DuplicateKey { .. } => "input.duplicate_key",
        }
    }
}

/// Reads one JSON value, keeping the text of its numbers.
///
/// ```
/// use finops_core::json::{Limits, read};
/// let value = read(br#"{"unit_cost_usd": 0.30}"#, &Limits::default())?;
/// assert_eq!(value.to_text(), r#"{"unit_cost_usd":0.30}"#);
/// assert_eq!(read(br#"{"a":1,"\u0061":2}"#, &Limits::default()).unwrap_err().code(), "input.duplicate_key");
/// # Ok::<(), finops_core::json::ReadError>(())
/// ```
///
/// # Errors
/// In this order: `input.too_large`, `input.too_deep`, `input.json`, `input.duplicate_key`.
pub fn read(text: &[u8], limits: &Limits) -> Result<Json, ReadError> {
    if text.len() > limits.bytes {
        return Err(ReadError::TooLarge { limit: limits.bytes });
    }
    let depth = limits.depth.min(MAX_DEPTH);
    let mut reader = Reader { text, base: 0, jiter: Jiter::new(text), left: depth, duplicate: None };
    let fault = match reader.document() {
        Ok(value) => match reader.duplicate {
            None => return Ok(value),
            Some(key) => return Err(ReadError::DuplicateKey { key }),
        },
        Err(fault) => fault,
    };
    match fault {
        // Depth is judged before syntax, also behind the place where the syntax fails.
        Fault::Syntax { .. } if deeper_than(text, depth) => Err(ReadError::TooDeep { limit: depth }),
        Fault::Deep => Err(ReadError::TooDeep { limit: depth }),
        Fault::Syntax { problem, index } => {
            let LinePosition { line, column } = LinePosition::find(text, index);
            Err(ReadError::Syntax { problem, line, column })
        }
    }
}

enum Fault {
    Deep,
    Syntax { problem: String, index: usize },
}

struct Reader<'j> {
    text: &'j [u8],
    /// Where the text of `jiter` starts.
    base: usize,
    jiter: Jiter<'j>,
    /// How many more containers may open.
    left: usize,
    duplicate: Option<String>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Json, Fault> {
        let peek = self.jiter.peek().map_err(|error| fault(self.base, &error))?;
        let value = self.value(peek)?;
        self.jiter.finish().map_err(|error| fault(self.base, &error))?;
        Ok(value)
    }

    fn value(&mut self, peek: Peek) -> Result<Json, Fault> {
        let base = self.base;
        let fault = |error: JiterError| fault(base, &error);
        match peek {
            Peek::Null => self.jiter.known_null().map(|()| Json::Null).map_err(fault),
            Peek::True | Peek::False => self.jiter.known_bool(peek).map(Json::Bool).map_err(fault),
            Peek::String => self.jiter.known_str().map(Json::from).map_err(fault),
            Peek::Array => self.nested(Self::array),
            Peek::Object => self.nested(Self::object),
            _ => self.number(peek),
        }
    }

    fn nested(&mut self, inside: fn(&mut Self) -> Result<Json, Fault>) -> Result<Json, Fault> {
        self.left = self.left.checked_sub(1).ok_or(Fault::Deep)?;
        let value = inside(self)?;
        self.left = self.left.saturating_add(1);
        Ok(value)
    }

    fn array(&mut self) -> Result<Json, Fault> {
        let mut values = Vec::new();
        let mut next = self.jiter.known_array().map_err(|error| fault(self.base, &error))?;
        while let Some(peek) = next {
            values.push(self.value(peek)?);
            next = self.jiter.array_step().map_err(|error| fault(self.base, &error))?;
        }
        Ok(Json::Array(values))
    }

    fn object(&mut self) -> Result<Json, Fault> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut next = self.jiter.known_object().map(|key| key.map(str::to_owned));
        while let Some(key) = next.map_err(|error| fault(self.base, &error))? {
            let peek = self.jiter.peek().map_err(|error| fault(self.base, &error))?;
            let value = self.value(peek)?;
            members.push((key, value));
            next = self.jiter.next_key().map(|key| key.map(str::to_owned));
        }
        if self.duplicate.is_none() {
            self.duplicate = first_duplicate(&members).map(str::to_owned);
        }
        Ok(Json::Object(Object::from_members(members)))
    }

    fn number(&mut self, peek: Peek) -> Result<Json, Fault> {
        let start = self.base.saturating_add(self.jiter.current_index());
        let text = match self.jiter.known_number_bytes(peek) {
            Ok(text) => text,
            Err(error) => {
                // The parser refuses more than 4,300 digits; here a number may have any length.
                let Some(end) = number::end(self.text, start) else { return Err(fault(self.base, &error)) };
                self.base = end;
                self.jiter = Jiter::new(self.text.get(end..).unwrap_or_default());
                self.text.get(start..end).unwrap_or_default()
            }
        };
        let number = std::str::from_utf8(text).ok().and_then(Number::new);
        let number =
            number.ok_or_else(|| Fault::Syntax { problem: "invalid number".to_owned(), index: start })?;
        Ok(Json::Number(number))
    }
}

fn fault(base: usize, error: &JiterError) -> Fault {
    Fault::Syntax { problem: error.error_type.to_string(), index: base.saturating_add(error.index) }
}

fn first_duplicate(members: &[(String, Json)]) -> Option<&str> {
    // Few members: comparing each pair beats building a set.
    if members.len() <= 16 {
        let mut rest = members;
        let mut seen: usize = 0;
        while let Some(((key, _), after)) = rest.split_first() {
            if members.get(..seen).unwrap_or_default().iter().any(|(earlier, _)| earlier == key) {
                return Some(key);
            }
            seen = seen.saturating_add(1);
            rest = after;
        }
        return None;
    }
    let mut seen = BTreeSet::new();
    members.iter().map(|(key, _)| key.as_str()).find(|key| !seen.insert(*key))
}

/// Whether more than `limit` containers are open at once, strings aside.
fn deeper_than(text: &[u8], limit: usize) -> bool {
    let (mut open, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                open = open.saturating_add(1);
                if open > limit {
                    return true;
                }
            }
            b']' | b'}' if !quoted => open = open.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> &'static str {
        read(text.as_bytes(), &Limits::default()).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn only_rfc_8259_is_read() {
        for text in ["1", " null ", "[]", "{}", r#""\ud83d\ude00""#, "-0", "1e400", "[1,2]", "\"\u{2028}\""] {
            assert_eq!(code(text), "ok", "{text}");
        }
        for text in [
            "",
            " ",
            "NaN",
            "Infinity",
            "-Infinity",
            "nan",
            "nul",
            "nulll",
            ".5",
            "05",
            "-",
            "+1",
            "1.",
            "1e",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "\"",
            "\"\u{1}\"",
            r#""\x""#,
            r#""\ud800""#,
            "1 2",
            "[",
            "{\"a\"}",
            "\u{feff}1",
            "//x\n1",
        ] {
            assert_eq!(code(text), "input.json", "{text}");
        }
        assert_eq!(read(b"\"\xff\"", &Limits::default()).unwrap_err().code(), "input.json");
        assert_eq!(read(b"{\"\xff\":1}", &Limits::default()).unwrap_err().code(), "input.json");
    }

    #[test]
    fn a_number_may_have_any_length() {
        let digits = "9".repeat(10_000);
        for number in [digits.clone(), format!("-{digits}.{digits}"), format!("0.{digits}e-{digits}")] {
            let text = format!("{{\"a\":[{number},1],\"b\":2}}");
            assert_eq!(read(text.as_bytes(), &Limits::default()).unwrap().to_text(), text);
            assert_eq!(code(&format!("[{number}")), "input.json");
            assert_eq!(code(&format!("[{number},]")), "input.json");
        }
    }

    #[test]
    fn size_depth_syntax_then_duplicates() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(code(&deep(64)), "ok");
        assert_eq!(code(&deep(65)), "input.too_deep");
        assert_eq!(code(&"[".repeat(100_000)), "input.too_deep");
        assert_eq!(code(&"{\"a\":".repeat(100_000)), "input.too_deep");
        assert_eq!(code(&format!("[nope,{}]", deep(65))), "input.too_deep");
        assert_eq!(code(&format!("\"{}\"", deep(65))), "ok");
        let large = format!("\"{}\"", "x".repeat(1_048_574));
        assert_eq!(code(&large), "ok");
        assert_eq!(code(&format!("{large} ")), "input.too_large");
        assert_eq!(code(r#"{"a":1,"a":2"#), "input.json");
        assert_eq!(code(r#"{"a":{"b":1,"\u0062":2}}"#), "input.duplicate_key");
        let many: Vec<String> = (0..40).map(|i| format!("\"k{}\":1", i % 30)).collect();
        let error = read(format!("{{{}}}", many.join(",")).as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error, ReadError::DuplicateKey { key: "k0".to_owned() });
    }

    #[test]
    fn a_fault_names_its_place() {
        let error = read(b"{\n \"a\": nope}", &Limits::default()).unwrap_err();
        assert!(matches!(error, ReadError::Syntax { line: 2, .. }), "{error:?}");
        assert!(error.to_string().ends_with("; give one JSON value"));
    }

    proptest! {
        /// No bytes whatever crash the reader, and what it reads it reads again from its own text.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = read(&bytes, &Limits::default()) {
                prop_assert_eq!(read(value.to_text().as_bytes(), &Limits::default()), Ok(value));
            }
        }

        /// What `serde_json` writes is read alike.
        #[test]
        fn both_readers_agree(text in r#"[\[\]{}:,"0-9a-z.eE+\\ -]{0,24}"#) {
            let ours = read(text.as_bytes(), &Limits::default());
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(serde_json::Value::try_from(&ours).unwrap(), theirs),
                // Theirs keeps the last of two equal names and refuses what no double holds.
                (Err(ReadError::DuplicateKey { .. }), Ok(_)) => {}
                (Ok(ours), Err(_)) => prop_assert!(serde_json::Value::try_from(&ours).is_err(), "{}", text),
                (ours, theirs) => prop_assert!(ours.is_err() && theirs.is_err(), "{}", text),
            }
        }
    }
}

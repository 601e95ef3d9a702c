//! Compact text: in the order of the members, or sorted.

use super::Json;
use std::fmt::{self, Display, Formatter, Write};

impl Json {
    /// Compact text; members in their order, numbers as they were written.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// Compact text with the members of every object sorted by their bytes (the order of their code points).
    ///
    /// ```
    /// use finops_core::json::{Limits, read};
    /// let value = read(br#"{"b":1.50,"a":"x"}"#, &Limits::default())?;
    /// assert_eq!(value.to_sorted_text(), r#"{"a":"x","b":1.50}"#);
    /// # Ok::<(), finops_core::json::ReadError>(())
    /// ```
    #[must_use]
    pub fn to_sorted_text(&self) -> String {
        let mut text = String::new();
        // Writing into a string never fails.
        let _infallible = write(self, &mut text, true);
        text
    }
}

impl Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write(self, f, false)
    }
}

fn write(value: &Json, out: &mut impl Write, sorted: bool) -> fmt::Result {
    match value {
        Json::Null => out.write_str("null"),
        Json::Bool(true) => out.write_str("true"),
        Json::Bool(false) => out.write_str("false"),
        Json::Number(number) => out.write_str(number.text()),
        Json::String(text) => write_string(text, out),
        Json::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                out.write_char(if index == 0 { '[' } else { ',' })?;
                write(value, out, sorted)?;
            }
            out.write_str(if values.is_empty() { "[]" } else { "]" })
        }
        Json::Object(members) => {
            let ordered;
            let members: &mut dyn Iterator<Item = (&str, &Json)> = if sorted {
                ordered = members.sorted_by(str::cmp);
                &mut ordered.into_iter()
            } else {
                &mut members.iter()
            };
            let mut separator = '{';
            for (name, value) in members {
                out.write_char(separator)?;
                separator = ',';
                write_string(name, out)?;
                out.write_char(':')?;
                write(value, out, sorted)?;
            }
            out.write_str(if separator == '{' { "{}" } else { "}" })
        }
    }
}

/// The escapes of RFC 8785, section 3.2.2.2: only what must be escaped.
pub fn write_string(text: &str, out: &mut impl Write) -> fmt::Result {
    out.write_char('"')?;
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        out.write_str(text.get(plain..index).unwrap_or_default())?;
        if escape.is_empty() {
            write!(out, "\\u{byte:04x}")?;
        } else {
            out.write_str(escape)?;
        }
        plain = index.saturating_add(1);
    }
    out.write_str(text.get(plain..).unwrap_or_default())?;
    out.write_char('"')
}

#[cfg(test)]
mod tests {
    use crate::json::{Limits, read};

    #[test]
    fn text_is_what_was_read() {
        let text = r#"{"z":[1.50,-0,1e400,[],{}],"a":"é\"\\\n\u0001/\u001f","":null}"#;
        let value = read(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(value.to_text(), text);
        assert_eq!(
            value.to_sorted_text(),
            r#"{"":null,"a":"é\"\\\n\u0001/\u001f","z":[1.50,-0,1e400,[],{}]}"#
        );
    }
}

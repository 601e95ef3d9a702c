//! The canonical form of an input and its digest: what an approval and a record point at.

use super::{Exact, field};
use crate::json::{Json, Object, write_string};
use sha2::{Digest, Sha256};
use std::{
    cmp::Ordering,
    fmt::{self, Write},
};

/// The largest integer that every reader of JSON keeps: 2^53 - 1 (RFC 8259, section 6).
const SAFE_INTEGER: u128 = 9_007_199_254_740_991;

/// Bytes that the canonical text of an input seldom exceeds: more is one growth more.
const USUAL_TEXT: usize = 512;

/// The canonical text of an input: RFC 8785 over its normalised values.
///
/// A number or decimal string in a numeric field of the schema is the string of its normal form; any other number is its
/// digits if it is an integer within 2^53 - 1, else `{"$number": "<normal form>"}`; a key that starts with `$` gets one more.
///
/// ```
/// use finops_policy::{gate::canonical, json::{Limits, read}};
/// let input = read(br#"{"unit_cost_usd": 0.30, "runs": 1e2}"#, &Limits::default())?;
/// assert_eq!(canonical::text(&input), r#"{"runs":100,"unit_cost_usd":"0.3"}"#);
/// # Ok::<(), finops_policy::json::ReadError>(())
/// ```
#[must_use]
pub fn text(input: &Json) -> String {
    let mut out = String::with_capacity(USUAL_TEXT);
    // Writing into a string never fails.
    let _infallible = match input {
        Json::Object(members) => write_object(members, &mut out, |name, value, out| {
            let number = if field::is_number(name) { Exact::from_json(value) } else { None };
            match number {
                Some(number) => write_string(&number.normal_form(), out),
                None => write(value, out),
            }
        }),
        other => write(other, &mut out),
    };
    out
}

/// The SHA-256 of the canonical text, in hexadecimal.
#[must_use]
pub fn digest(input: &Json) -> String {
    sha256(text(input).as_bytes())
}

/// The SHA-256 of bytes, in hexadecimal: the digest of a text that the reader refuses.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let digit = |nibble: u8| {
        char::from(if nibble < 10 { nibble.wrapping_add(b'0') } else { nibble.wrapping_add(b'a' - 10) })
    };
    let digest = Sha256::digest(bytes);
    let mut text = String::with_capacity(digest.len().saturating_mul(2));
    text.extend(digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]));
    text
}

fn write(value: &Json, out: &mut String) -> fmt::Result {
    match value {
        Json::Number(number) => {
            let exact = Exact::from_number(number);
            match exact.to_i128() {
                Some(integer) if integer.unsigned_abs() <= SAFE_INTEGER => write!(out, "{integer}"),
                _ => {
                    out.write_str(r#"{"$number":"#)?;
                    write_string(&exact.long_form(), out)?;
                    out.write_char('}')
                }
            }
        }
        Json::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                out.write_char(if index == 0 { '[' } else { ',' })?;
                write(value, out)?;
            }
            out.write_str(if values.is_empty() { "[]" } else { "]" })
        }
        Json::Object(members) => write_object(members, out, |_, value, out| write(value, out)),
        plain => write!(out, "{plain}"),
    }
}

/// The order of RFC 8785, section 3.2.3; below the surrogates it is that of the bytes.
fn by_utf16(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        one.cmp(other)
    } else {
        one.encode_utf16().cmp(other.encode_utf16())
    }
}

fn write_object(
    members: &Object,
    out: &mut String,
    write_value: impl Fn(&str, &Json, &mut String) -> fmt::Result,
) -> fmt::Result {
    let mut separator = '{';
    // One more `$` before those that have one changes no order.
    for (name, value) in members.sorted_by(by_utf16) {
        out.write_char(separator)?;
        separator = ',';
        if name.starts_with('$') {
            write_string(&format!("${name}"), out)?;
        } else {
            write_string(name, out)?;
        }
        out.write_char(':')?;
        write_value(name, value, out)?;
    }
    out.write_str(if separator == '{' { "{}" } else { "}" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};
    use proptest::prelude::*;

    fn canonical(input: &str) -> String {
        text(&read(input.as_bytes(), &Limits::default()).unwrap())
    }

    #[test]
    fn numbers_outside_the_schema_keep_their_type() {
        for (input, expected) in [
            (r#"{"x":1.0,"y":1e2,"z":-0.0}"#, r#"{"x":1,"y":100,"z":0}"#),
            (
                r#"{"x":9007199254740991,"y":9007199254740992}"#,
                r#"{"x":9007199254740991,"y":{"$number":"9007199254740992"}}"#,
            ),
            (r#"{"x":{"$number":"0.5"},"$":0.5}"#, r#"{"$$":{"$number":"0.5"},"x":{"$$number":"0.5"}}"#),
            (r#"{"x":[0.50,1e-400,[],{}]}"#, r#"{"x":[{"$number":"0.5"},{"$number":"1e-400"},[],{}]}"#),
            (
                r#"{"cost_tags":{"unit_cost_usd":0.5}}"#,
                r#"{"cost_tags":{"unit_cost_usd":{"$number":"0.5"}}}"#,
            ),
            (
                r#"{"unit_cost_usd":"0.50","budget_cap_usd":"1e3","test_pass_rate":null}"#,
                r#"{"budget_cap_usd":"1e3","test_pass_rate":null,"unit_cost_usd":"0.5"}"#,
            ),
            ("0.5", r#"{"$number":"0.5"}"#),
        ] {
            assert_eq!(canonical(input), expected, "{input}");
        }
        assert_eq!(canonical("1e399"), format!("{{\"$number\":\"1{}\"}}", "0".repeat(399)));
        assert_eq!(canonical("1e400"), "{\"$number\":\"1e400\"}");
    }

    proptest! {
        /// The order of members and the spelling of numbers leave the digest as it is; another value changes it.
        #[test]
        fn a_digest_is_of_the_values(a in 0_u32..5000, b in 0_u32..5000, zeros in 0_usize..4) {
            let zeros = "0".repeat(zeros);
            let one = canonical(&format!("{{\"unit_cost_usd\":{a}.5,\"x\":{b}.25}}"));
            let other = canonical(&format!("{{\"x\":{b}.25{zeros},\"unit_cost_usd\":\"{a}.5{zeros}\"}}"));
            prop_assert_eq!(&one, &other);
            prop_assert_ne!(one, canonical(&format!("{{\"unit_cost_usd\":{a}.5,\"x\":{b}.250000001}}")));
        }
    }
}

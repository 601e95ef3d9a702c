//! Secrets out of texts, before anything is hashed or stored.

use super::problem::count;
use crate::json::{Json, Object};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// What is matched, in the order in which it is replaced; private keys go first and are found by hand.
static PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let patterns = [
        // docs.aws.amazon.com, IAM, "unique identifiers".
        ("aws_access_key", r"(?-u:\b)(?:AKIA|ASIA)[A-Z2-7]{16}(?-u:\b)"),
        // RFC 7519.
        ("jwt", r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
        (
            "token",
            r"(?-u:\b)(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,})",
        ),
        ("userinfo", r"(?P<before>://)(?P<match>[^ \t\n\r\x0b\x0c/@:]+:[^ \t\n\r\x0b\x0c/@]+)@"),
    ];
    patterns.into_iter().filter_map(|(kind, pattern)| Some((kind, Regex::new(pattern).ok()?))).collect()
});

/// The longest label of a PEM line that is looked at; those of RFC 7468 have 3 to 21 letters.
const LABEL_MAX: usize = 64;

/// Whether a pattern can match at all: every one begins with one of a few texts. Nearly all texts end here.
fn suspicious(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut before = b' ';
    bytes.iter().enumerate().any(|(at, byte)| {
        let starts = |word: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(word));
        let inside = std::mem::replace(&mut before, *byte);
        let first = || !(inside.is_ascii_alphanumeric() || inside == b'_');
        match byte {
            b':' => starts(b"://"),
            b'-' => starts(b"-----BEGIN"),
            b'A' => first() && (starts(b"AKIA") || starts(b"ASIA")),
            b'e' => first() && starts(b"eyJ"),
            b'g' => {
                first()
                    && (starts(b"github_pat_")
                        || (starts(b"gh") && bytes.get(at.saturating_add(3)) == Some(&b'_')))
            }
            b's' => first() && starts(b"sk-"),
            b'x' => first() && starts(b"xox"),
            _ => false,
        }
    })
}

/// `text` without secrets, each replaced by `[redacted:<kind>]` and counted; `None` where it has none.
///
/// ```
/// use finops_core::finding::redact_text;
/// let mut found = 0;
/// assert_eq!(redact_text("key AKIAABCDEFGHIJKLMNOP", &mut found).as_deref(), Some("key [redacted:aws_access_key]"));
/// assert_eq!((redact_text("vol-0abc", &mut found), found), (None, 1));
/// ```
#[must_use]
pub fn redact_text(text: &str, redactions: &mut u64) -> Option<String> {
    let mut redacted = redact_once(text, redactions)?;
    // Without a secret in its middle a text may show another: a token took the dashes before `END`.
    while let Some(again) = redact_once(&redacted, redactions) {
        redacted = again;
    }
    Some(redacted)
}

/// Every secret that stands in `text` as it is; `None` where there is none. What is put in its place is none.
fn redact_once(text: &str, redactions: &mut u64) -> Option<String> {
    if !suspicious(text) {
        return None;
    }
    let mut current = private_keys(text, redactions);
    for (kind, pattern) in PATTERNS.iter() {
        let before = current.as_deref().unwrap_or(text);
        if !pattern.is_match(before) {
            continue;
        }
        let after = pattern.replace_all(before, |found: &Captures<'_>| {
            let whole = found.get(0).map_or("", |all| all.as_str());
            match found.name("match").map(|inner| inner.as_str()) {
                // `[redacted:userinfo]` has the form of a user and a password itself.
                Some(inner) if is_mark(inner) => whole.to_owned(),
                Some(_) => {
                    count(redactions);
                    format!("://[redacted:{kind}]@")
                }
                None => {
                    count(redactions);
                    format!("[redacted:{kind}]")
                }
            }
        });
        current = Some(after.into_owned());
    }
    current.filter(|redacted| redacted != text)
}

fn is_mark(text: &str) -> bool {
    text.strip_prefix("[redacted:")
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|kind| kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

/// Private keys of RFC 7468: from the BEGIN line to the END line of the same label, or to the end of the text.
fn private_keys(text: &str, redactions: &mut u64) -> Option<String> {
    const BEGIN: &str = "-----BEGIN";
    let mut out = String::new();
    let (mut rest, mut found) = (text, false);
    while let Some((before, after)) = rest.split_once(BEGIN) {
        out.push_str(before);
        let Some((label, body)) = label_of(after) else {
            out.push_str(BEGIN);
            rest = after;
            continue;
        };
        found = true;
        count(redactions);
        out.push_str("[redacted:private_key]");
        rest = body.split_once(&format!("-----END{label}-----")).map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    found.then_some(out)
}

/// The label behind `-----BEGIN` if it is that of a private key, and what follows its line.
fn label_of(after: &str) -> Option<(&str, &str)> {
    let mut end = after.len().min(LABEL_MAX);
    while !after.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let (label, _) = after.get(..end)?.split_once("-----")?;
    let private = label.ends_with("PRIVATE KEY") && !label.contains(['\n', '\r']);
    let body = after.get(label.len().saturating_add(5)..)?;
    private.then_some((label, body))
}

/// Whether a member of this name holds a secret: one of its words, split at case changes and at what is no letter.
///
/// ```
/// use finops_core::finding::is_secret_name;
/// assert!(is_secret_name("db_password") && is_secret_name("apiKey") && is_secret_name("AUTHORIZATION"));
/// assert!(!is_secret_name("input_tokens") && !is_secret_name("passwordless") && !is_secret_name("key"));
/// ```
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    const ALONE: [&str; 10] = [
        "password",
        "passwd",
        "pwd",
        "secret",
        "secrets",
        "token",
        "apikey",
        "authorization",
        "credential",
        "credentials",
    ];
    let mut last = "";
    for word in words(name) {
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        let key = is("key") && (last.eq_ignore_ascii_case("api") || last.eq_ignore_ascii_case("private"));
        if key || ALONE.into_iter().any(is) {
            return true;
        }
        last = word;
    }
    false
}

/// The words of a name: `apiKey` is `api`, `Key`; `APIKey` is `API`, `Key`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_ascii_alphabetic()).flat_map(|part| {
        let bytes = part.as_bytes();
        let upper = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase);
        let lower = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase);
        let starts = move |at: &usize| {
            let before = at.saturating_sub(1);
            upper(*at) && (lower(before) || (upper(before) && lower(at.saturating_add(1))))
        };
        let cuts = (1..part.len()).filter(starts).chain([part.len()]);
        cuts.scan(0, move |from, to| part.get(std::mem::replace(from, to)..to))
    })
}

/// Takes the secrets out of a value in place: of its texts, and whatever stands under the name of a secret.
pub fn redact_json(value: &mut Json, redactions: &mut u64) {
    match value {
        Json::String(text) => redact_in_place(text, redactions),
        Json::Array(values) => values.iter_mut().for_each(|value| redact_json(value, redactions)),
        Json::Object(members) => redact_members(members, redactions),
        _ => {}
    }
}

fn redact_members(members: &mut Object, redactions: &mut u64) {
    for (name, value) in members.iter_mut() {
        let holds = match &*value {
            Json::String(text) => may_be_secret(text),
            Json::Array(values) => !values.is_empty(),
            Json::Object(members) => !members.is_empty(),
            _ => false,
        };
        if holds && is_secret_name(name) {
            if value.as_str() != Some(SECRET) {
                count(redactions);
                *value = Json::from(SECRET);
            }
        } else {
            redact_json(value, redactions);
        }
    }
}

/// Every text but a decimal fraction such as `0.000003`, the price of a token: a number is no secret, and canonical
/// evidence holds such numbers as text.
fn may_be_secret(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = text.strip_prefix('-').unwrap_or(text).split_once('.');
    !text.is_empty() && !fraction.is_some_and(|(whole, places)| digits(whole) && digits(places))
}

const SECRET: &str = "[redacted:secret]";

/// The value of a tag, label or dimension.
pub(super) fn redact_entry(name: &str, value: &mut String, redactions: &mut u64) {
    if may_be_secret(value) && is_secret_name(name) {
        if value != SECRET {
            count(redactions);
            SECRET.clone_into(value);
        }
    } else {
        redact_in_place(value, redactions);
    }
}

pub(super) fn redact_in_place(text: &mut String, redactions: &mut u64) {
    if let Some(redacted) = redact_text(text, redactions) {
        *text = redacted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redacted(text: &str) -> (String, u64) {
        let mut found = 0;
        let out = redact_text(text, &mut found).unwrap_or_else(|| text.to_owned());
        (out, found)
    }

    #[test]
    fn every_pattern_is_compiled() {
        assert_eq!(PATTERNS.len(), 4);
    }

    #[test]
    fn kinds_are_told_apart() {
        let token = "a".repeat(36);
        for (text, out, n) in [
            (format!("ghp_{token} x"), "[redacted:token] x".to_owned(), 1),
            (format!("xghp_{token}"), format!("xghp_{token}"), 0),
            ("postgres://u:p@host/db".to_owned(), "postgres://[redacted:userinfo]@host/db".to_owned(), 1),
            ("https://[redacted:userinfo]@h".to_owned(), "https://[redacted:userinfo]@h".to_owned(), 0),
            ("eyJhbGciOiJ9.eyJzdWIiOiIx.sig-_ x".to_owned(), "[redacted:jwt] x".to_owned(), 1),
            ("-----BEGIN CERTIFICATE-----\nx".to_owned(), "-----BEGIN CERTIFICATE-----\nx".to_owned(), 0),
            (
                "a -----BEGIN CERTIFICATE-----x-----BEGIN RSA PRIVATE KEY-----y-----END EC PRIVATE KEY-----z"
                    .to_owned(),
                "a -----BEGIN CERTIFICATE-----x[redacted:private_key]".to_owned(),
                1,
            ),
            (
                "-----BEGIN://eyJhbGciOiJ9.eyJzdWIiOiIx.-----END PRIVATE KEY-----z".to_owned(),
                "[redacted:private_key]".to_owned(),
                2,
            ),
        ] {
            assert_eq!(redacted(&text), (out, n), "{text}");
        }
    }

    #[test]
    fn names_of_secrets_have_whole_words() {
        for name in [
            "pwd",
            "API_KEY",
            "APIKey",
            "x-api-key",
            "clientSecret2",
            "the credentials",
            "privateKey",
            "é_token",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["", "tokens", "monkey", "apis_key_", "accessKeyId", "secretary", "api_version_key"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    proptest! {
        /// What is redacted once stays as it is, and is counted once.
        #[test]
        fn redacting_twice_is_redacting_once(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("-----BEGIN PRIVATE KEY-----"), Just("-----END PRIVATE KEY-----"), Just("-----BEGIN"), Just("AKIAABCDEFGHIJKLMNOP"),
                    Just("eyJhbGciOiJ9.eyJzdWIiOiIx."), Just("sk-"), Just("abcdefghij0123456789"), Just("://"), Just("a:b@"), Just("u:"), Just("@"),
                    Just("-"), Just("_"), Just(" "), Just("ghp_"), Just("xoxb-"), Just("é"), Just("[redacted:token]"), Just("[redacted:userinfo]"),
                ],
                0..12,
            ),
        ) {
            let text = parts.concat();
            let (once, _) = redacted(&text);
            prop_assert_eq!(redacted(&once), (once.clone(), 0), "{}", text);
        }

        #[test]
        fn words_are_the_letters_of_the_name(name in "[a-zA-Z_0-9é-]{0,20}") {
            let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
            prop_assert_eq!(words(&name).collect::<String>(), letters);
        }
    }
}

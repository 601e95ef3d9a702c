//! Canonical text: trimmed, folded, cleaned, cut; and the strings of RFC 8785.

/// Without the white space (Unicode `White_Space`) at both ends.
pub(super) fn trim(text: &mut String) {
    let end = text.trim_end().len();
    text.truncate(end);
    let start = text.len().saturating_sub(text.trim_start().len());
    if start > 0 {
        text.drain(..start);
    }
}

/// Whether a character is one that ids may not have and human text loses: control characters (U+0000-1F, U+007F-9F),
/// bidi controls (U+202A-202E, U+2066-2069; CVE-2021-42574) and U+FEFF.
pub(super) const fn is_control(letter: char) -> bool {
    matches!(letter, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether `text` may hold such a character: no false negative, few false positives.
fn may_have_control(text: &str) -> bool {
    any_byte(text.as_bytes(), |byte| byte < 0x20 || matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef))
}

/// Whether any byte is such a one: 32 at a time without a branch, so that the compiler takes wide registers.
fn any_byte(bytes: &[u8], is: impl Fn(u8) -> bool + Copy) -> bool {
    let (chunks, rest) = bytes.as_chunks::<32>();
    chunks.iter().any(|chunk| chunk.iter().fold(false, |found, byte| found | is(*byte)))
        || rest.iter().any(|byte| is(*byte))
}

/// Whether `text` has a control character.
pub(super) fn has_control(text: &str) -> bool {
    may_have_control(text) && text.chars().any(is_control)
}

/// Text for people without control characters; line feeds and tabs stay, a CR LF becomes LF. `None` where it is clean.
pub(super) fn clean(text: &str) -> Option<String> {
    if !may_have_control(text) {
        return None;
    }
    let cleaned: String =
        text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !is_control(*letter)).collect();
    (cleaned.len() != text.len()).then_some(cleaned)
}

/// Cuts text for people to `limit` bytes, the last character being `…`. Whether anything was cut.
pub(super) fn cut(text: &mut String, limit: usize) -> bool {
    if text.len() <= limit {
        return false;
    }
    let mut end = limit.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.truncate(end);
    text.push('…');
    true
}

/// Appends `text` as a string of RFC 8785.
pub(super) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends the folded `text` as a string of RFC 8785.
pub(super) fn push_folded(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let start = out.len();
    push_escaped(out, text.as_bytes());
    // The escapes are small letters already.
    if let Some(written) = out.get_mut(start..) {
        written.make_ascii_lowercase();
    }
    out.push(b'"');
}

/// Appends a string, or `null`.
pub(super) fn push_optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => push_string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends an integer.
pub(super) fn push_integer(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0_u8; 20];
    let (mut at, mut rest) = (digits.len(), value);
    loop {
        at = at.saturating_sub(1);
        if let Some(slot) = digits.get_mut(at) {
            *slot = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or_default());
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    if !any_byte(bytes, |byte| (byte < 0x20) | (byte == b'"') | (byte == b'\\')) {
        out.extend_from_slice(bytes);
        return;
    }
    for byte in bytes {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..=0x1f => {
                out.extend_from_slice(b"\\u00");
                for half in [byte >> 4, byte & 15] {
                    out.push(if half < 10 { b'0'.wrapping_add(half) } else { b'W'.wrapping_add(half) });
                }
            }
            other => out.push(*other),
        }
    }
}

/// Names in the order of RFC 8785: by UTF-16 code units. That is the order of the bytes unless a name has a character
/// from U+E000 on.
pub(super) fn utf16_order(one: &str, other: &str) -> std::cmp::Ordering {
    if one.bytes().chain(other.bytes()).all(|byte| byte < 0xee) {
        one.cmp(other)
    } else {
        one.encode_utf16().cmp(other.encode_utf16())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::write_string;
    use proptest::prelude::*;

    #[test]
    fn human_text_loses_what_nobody_sees() {
        assert_eq!(clean("a\r\nb\tc"), Some("a\nb\tc".to_owned()));
        assert_eq!(clean("Idle\u{202e}\u{7}\u{85} thing\u{feff}"), Some("Idle thing".to_owned()));
        assert_eq!(clean("é ï … \u{200b}"), None);
        assert!(has_control("i-1\u{202e}gpj") && !has_control("café \u{200b}"));
    }

    #[test]
    fn text_is_cut_at_a_character() {
        let mut text = "é".repeat(300);
        assert!(cut(&mut text, 512) && text.len() == 511 && text.ends_with('…'));
        let mut text = "x".repeat(512);
        assert!(!cut(&mut text, 512));
    }

    #[test]
    fn names_sort_by_utf_16() {
        let mut names = ["é", "\u{ffee}", "😀", "z"];
        names.sort_by(|a, b| utf16_order(a, b));
        assert_eq!(names, ["z", "é", "😀", "\u{ffee}"]);
    }

    proptest! {
        #[test]
        fn strings_are_those_of_the_reader(text in any::<String>()) {
            let (mut ours, mut theirs) = (Vec::new(), String::new());
            push_string(&mut ours, &text);
            write_string(&text, &mut theirs).unwrap();
            prop_assert_eq!(ours, theirs.into_bytes());
        }

        #[test]
        fn cleaning_and_trimming_end(text in any::<String>()) {
            let mut once = clean(&text).unwrap_or(text);
            trim(&mut once);
            prop_assert_eq!(clean(&once), None);
            prop_assert_eq!(once.trim(), once.as_str());
        }

        #[test]
        fn integers_are_written(value in any::<u64>()) {
            let mut out = Vec::new();
            push_integer(&mut out, value);
            prop_assert_eq!(out, value.to_string().into_bytes());
        }
    }
}

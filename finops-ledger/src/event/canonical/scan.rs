//! Walks canonical bytes without building a value: any other spelling ends the walk.

use super::{DEPTH_MAX, INTEGER_MAX, key_order, position_of_special};
use std::{borrow::Cow, cmp::Ordering};

/// One container more than `depth`, while the limit allows it.
pub(crate) const fn check_depth(depth: usize) -> Option<usize> {
    if depth < DEPTH_MAX { depth.checked_add(1) } else { None }
}

/// A position in a text that is canonical up to here. Every step answers `None` at the first byte that is not.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Has a key that starts with `$`, or a U+0000, been passed?
    pub(crate) unusual: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, unusual: false }
    }

    /// One value and nothing after it.
    pub(crate) fn whole_value(&mut self) -> Option<()> {
        self.value(0)?;
        self.end()
    }

    pub(crate) fn end(&self) -> Option<()> {
        (self.at == self.text.len()).then_some(())
    }

    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    pub(crate) fn literal(&mut self, word: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        rest.starts_with(word.as_bytes()).then(|| self.skip(word.len()))
    }

    pub(crate) fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(drop),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => self.integer(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        let depth = check_depth(depth)?;
        self.skip(1);
        if self.peek()? == b']' {
            self.skip(1);
            return Some(());
        }
        loop {
            self.value(depth)?;
            match self.peek()? {
                b',' => self.skip(1),
                b']' => break,
                _ => return None,
            }
        }
        self.skip(1);
        Some(())
    }

    pub(crate) fn object(&mut self, depth: usize) -> Option<()> {
        let depth = check_depth(depth)?;
        self.skip(1);
        if self.peek()? == b'}' {
            self.skip(1);
            return Some(());
        }
        let mut previous: Option<&'a str> = None;
        loop {
            if self.peek()? != b'"' {
                return None;
            }
            let key = self.string()?;
            if previous.is_some_and(|previous| raw_key_order(previous, key) != Ordering::Less) {
                return None;
            }
            previous = Some(key);
            self.unusual |= key.starts_with('$');
            self.literal(":")?;
            self.value(depth)?;
            match self.peek()? {
                b',' => self.skip(1),
                b'}' => break,
                _ => return None,
            }
        }
        self.skip(1);
        Some(())
    }

    fn integer(&mut self) -> Option<()> {
        let start = self.at;
        if self.peek()? == b'-' {
            self.skip(1);
        }
        let first = self.at;
        let mut magnitude = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            magnitude = magnitude.checked_mul(10)?.checked_add(i64::from(digit.checked_sub(b'0')?))?;
            self.skip(1);
        }
        let digits = self.at.checked_sub(first)?;
        let leading_zero = self.text.as_bytes().get(first) == Some(&b'0');
        let canonical =
            digits > 0 && magnitude <= INTEGER_MAX && !(leading_zero && (digits > 1 || first != start));
        canonical.then_some(())
    }

    /// The inside of a string, still escaped.
    pub(crate) fn string(&mut self) -> Option<&'a str> {
        self.literal("\"")?;
        let start = self.at;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let stop = position_of_special(rest)?;
            self.skip(stop);
            match self.peek()? {
                b'"' => {
                    let inside = self.text.get(start..self.at)?;
                    self.skip(1);
                    return Some(inside);
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        match rest.get(1)? {
            b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r' => {
                self.skip(2);
                Some(())
            }
            b'u' => {
                let code = rest.get(2..6)?;
                let control = code.starts_with(b"00")
                    && matches!(code.get(2)?, b'0' | b'1')
                    && matches!(code.get(3)?, b'0'..=b'9' | b'a'..=b'f')
                    // These have a short form.
                    && !matches!(code, b"0008" | b"0009" | b"000a" | b"000c" | b"000d");
                self.unusual |= code == b"0000";
                control.then(|| self.skip(6))
            }
            _ => None,
        }
    }
}

/// The order of two keys in their escaped spelling.
fn raw_key_order(a: &str, b: &str) -> Ordering {
    if a.contains('\\') || b.contains('\\') {
        key_order(&unescaped(a), &unescaped(b))
    } else {
        key_order(a, b)
    }
}

/// The text of a canonical string's inside.
fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('b') => out.push('\u{8}'),
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('f') => out.push('\u{c}'),
            Some('r') => out.push('\r'),
            Some('u') => {
                let code: String = characters.by_ref().take(4).collect();
                out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    Cow::Owned(out)
}

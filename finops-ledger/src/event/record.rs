//! A record: its place, the key that sealed it, its tag and its event. As a line: `<seq> <kid> <tag> <json>\n`.

use super::{
    canonical::SIZE_MAX,
    hex,
    keys::{KeyState, Kid},
    merkle::Hash,
};

const RECORD: &[u8] = b"finops-ledger/v1/record\n";

/// Bytes of the longest line with its line feed: 19 digits of `seq`, `kid`, `tag`, their spaces, and an event.
pub const LINE_MAX: usize = 19 + 1 + 16 + 1 + 64 + 1 + SIZE_MAX + 1;

/// A tag: 32 bytes that bind a record to all before it.
pub type Tag = [u8; 32];

/// What stands before record 0 in the place of a tag.
pub const FIRST_TAG: Tag = [0; 32];

/// HMAC-SHA256(event key, "finops-ledger/v1/record\n" || u64be(seq) || previous tag || leaf).
pub(crate) fn tag(keys: &KeyState, seq: u64, previous: &Tag, leaf: &Hash) -> Tag {
    keys.sign(&[RECORD, &seq.to_be_bytes(), previous, leaf])
}

/// A record as it is stored. Nothing is verified yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its position, from 0.
    pub seq: u64,
    /// The key that sealed it.
    pub kid: Kid,
    /// Its tag.
    pub tag: Tag,
    /// The canonical bytes of its event.
    pub event: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads a line without its line feed: `(0|[1-9][0-9]{0,18}) [0-9a-f]{16} [0-9a-f]{64} [^\n]+` with an event of
    /// at most 65,535 bytes; `None` for any other bytes.
    #[must_use]
    pub fn parse_line(line: &'a [u8]) -> Option<Self> {
        // 19 digits and the space after them.
        let space = line.iter().take(20).position(|byte| *byte == b' ')?;
        let (digits, rest) = line.split_at_checked(space)?;
        let leading_zero = digits.first() == Some(&b'0') && digits.len() > 1;
        if digits.is_empty() || leading_zero {
            return None;
        }
        let seq = digits.iter().try_fold(0_u64, |seq, digit| {
            let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
            seq.checked_mul(10)?.checked_add(u64::from(digit))
        })?;
        let (b" ", rest) = rest.split_at_checked(1)? else { return None };
        let (kid, rest) = rest.split_at_checked(16)?;
        let (b" ", rest) = rest.split_at_checked(1)? else { return None };
        let (tag, rest) = rest.split_at_checked(64)?;
        let (b" ", event) = rest.split_at_checked(1)? else { return None };
        if event.is_empty() || event.len() > SIZE_MAX || event.contains(&b'\n') {
            return None;
        }
        let kid = Kid::from_bytes(hex::decode_bytes(kid)?);
        Some(Self { seq, kid, tag: hex::decode_bytes(tag)?, event })
    }

    /// Appends the line, with its line feed.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{} {} {} ", self.seq, self.kid, hex::encode(&self.tag)).as_bytes());
        out.extend_from_slice(self.event);
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_reads_back_and_nothing_else_does(seq in 0..10_u64.pow(18), kid in any::<[u8; 8]>(), tag in any::<[u8; 32]>(),
                event in "[^\n]{1,20}", at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let record = Record { seq, kid: Kid::from_bytes(kid), tag, event: event.as_bytes() };
            let mut line = Vec::new();
            record.write_line(&mut line);
            prop_assert_eq!(line.pop(), Some(b'\n'));
            prop_assert_eq!(Record::parse_line(&line), Some(record));
            let at = at.index(line.len());
            line[at] = byte;
            if let Some(read) = Record::parse_line(&line) {
                let mut again = Vec::new();
                read.write_line(&mut again);
                again.pop();
                prop_assert_eq!(again, line);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _unread = Record::parse_line(&bytes);
        }
    }

    #[test]
    fn the_limits_of_a_line() {
        let line = |seq: &str, event: usize| {
            format!("{seq} {} {} {}", "0".repeat(16), "0".repeat(64), "x".repeat(event))
        };
        let fits = |seq: &str, event: usize| Record::parse_line(line(seq, event).as_bytes()).is_some();
        assert!(fits("0", 1) && fits("9999999999999999999", SIZE_MAX));
        for seq in ["", "00", "01", "-1", "+1", "10000000000000000000"] {
            assert!(!fits(seq, 1), "{seq}");
        }
        assert!(!fits("0", 0) && !fits("0", SIZE_MAX + 1));
        assert_eq!(Record::parse_line(format!("{}\n", line("0", 1)).as_bytes()), None);
    }
}

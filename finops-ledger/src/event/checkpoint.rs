//! Checkpoints (C2SP `tlog-checkpoint`, C2SP/C2SP@5ba5ee8): size and root of a log in a signed note.

use super::{
    base64,
    keys::{Key, Kid},
    merkle::Hash,
    note::{self, Note, NoteError},
};

/// The largest size a checkpoint may name: 2^63 - 1, which every signed 64-bit integer holds.
pub const LOG_SIZE_MAX: u64 = 9_223_372_036_854_775_807;

/// How many leaves a tree has, and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The root.
    pub root: Hash,
}

/// The signed text of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// The name of the log.
    pub origin: &'a str,
    /// Its tree.
    pub head: TreeHead,
}

impl<'a> Checkpoint<'a> {
    /// Reads the text of a note; extension lines are covered by the signatures and not read.
    ///
    /// # Errors
    /// `ledger.verify.checkpoint_malformed` for anything but an origin, a size without leading zeros of at most 2^63 - 1, a
    /// root of 32 bytes in canonical base64 and non-empty extension lines.
    pub fn parse(text: &'a str) -> Result<Self, NoteError> {
        let malformed = |problem| NoteError { what: "checkpoint", problem };
        let lines = text.strip_suffix('\n').ok_or(malformed("it does not end in a line feed"))?;
        if lines.split('\n').any(str::is_empty) {
            return Err(malformed("it has an empty line"));
        }
        let mut lines = lines.split('\n');
        let origin = lines.next().unwrap_or_default();
        let size = lines
            .next()
            .and_then(parse_size)
            .ok_or(malformed("its size is not a number from 0 to 2^63 - 1"))?;
        let root = lines.next().and_then(base64::decode).and_then(|root| root.try_into().ok());
        let root = root.ok_or(malformed("its root is not the base64 of 32 bytes"))?;
        Ok(Self { origin, head: TreeHead { size, root } })
    }

    /// The text that is signed.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, base64::encode(&self.head.root))
    }
}

/// A number without sign and leading zeros, at most 2^63 - 1.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    text.parse().ok().filter(|size| canonical && *size <= LOG_SIZE_MAX)
}

/// The key that signs checkpoints of a log for those who hold the secret.
#[derive(Clone)]
pub struct CheckpointKey {
    pub(crate) kid: Kid,
    pub(crate) key: Key,
}

impl CheckpointKey {
    pub(crate) fn line(&self, origin: &str, text: &str) -> String {
        note::write_line(origin, note::hmac_key_id(origin, self.kid), &self.key.sign(&[text.as_bytes()]))
    }
}

impl std::fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CheckpointKey({})", self.kid)
    }
}

/// A checkpoint of `origin` as a note: always an HMAC line, and an Ed25519 line after it when a key is given.
#[must_use]
pub(crate) fn sign(
    origin: &str,
    head: TreeHead,
    key: &CheckpointKey,
    public: Option<&PublicSigner>,
) -> String {
    let body = Checkpoint { origin, head }.body();
    let hmac = key.line(origin, &body);
    let ed25519 = public.map(|key| key.line(origin, &body)).unwrap_or_default();
    format!("{body}\n{hmac}{ed25519}")
}

#[cfg(feature = "ed25519")]
pub use note::Ed25519Key as PublicSigner;

/// Without the feature `ed25519` there is no public signer.
#[cfg(not(feature = "ed25519"))]
#[derive(Debug, Clone)]
pub enum PublicSigner {}

#[cfg(not(feature = "ed25519"))]
impl PublicSigner {
    fn line(&self, _name: &str, _text: &str) -> String {
        match *self {}
    }
}

/// A note whose text is a checkpoint. Nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint<'a> {
    /// What is signed.
    pub checkpoint: Checkpoint<'a>,
    /// Who signed it.
    pub note: Note<'a>,
}

impl<'a> SignedCheckpoint<'a> {
    /// Reads a note and its text.
    ///
    /// # Errors
    /// Those of [`Note::parse`] and [`Checkpoint::parse`].
    pub fn parse(text: &'a [u8]) -> Result<Self, NoteError> {
        let note = Note::parse(text)?;
        Ok(Self { checkpoint: Checkpoint::parse(note.text)?, note })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_spelling() {
        for (text, size) in [("0", Some(0)), ("10", Some(10)), ("9223372036854775807", Some(LOG_SIZE_MAX))] {
            assert_eq!(parse_size(text), size);
        }
        for text in ["", "00", "01", "+1", "-0", " 1", "1 ", "9223372036854775808", "1e3", "٣"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_of_another_shape_is_no_checkpoint() {
        let body = Checkpoint { origin: "a.b", head: TreeHead { size: 3, root: [9; 32] } }.body();
        assert_eq!(Checkpoint::parse(&body).unwrap().body(), body);
        assert!(Checkpoint::parse(&format!("{body}more\n")).is_ok());
        for bad in ["", "\n", "a.b\n", "a.b\n3\n", &format!("{body}\nmore\n"), body.trim_end()] {
            assert_eq!(
                Checkpoint::parse(bad).unwrap_err().code(),
                "ledger.verify.checkpoint_malformed",
                "{bad}"
            );
        }
    }
}

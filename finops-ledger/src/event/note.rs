//! Signed notes and verifier keys (C2SP `signed-note`, C2SP/C2SP@5ba5ee8), read strictly.

use super::{
    base64, hex,
    keys::{KeyError, Kid},
};
#[cfg(feature = "ed25519")]
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use finops_core::error::shorten;
use sha2::{Digest, Sha256};
use std::fmt;

/// The most bytes of a note.
pub const NOTE_MAX: usize = 65_536;
/// The most signature lines of a note.
pub const SIGNATURES_MAX: usize = 32;

/// The signature type of Ed25519 (C2SP `signed-note`).
#[cfg(feature = "ed25519")]
const ED25519: u8 = 0x01;
/// The signature type for private use (C2SP `signed-note`), followed by a name of our own.
const PRIVATE: &[u8] = b"\xFFfinops-ledger/v1/hmac-sha256\n";
/// What begins a signature line: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// The first 4 bytes of SHA-256(name || LF || type || key): which key signed a line.
pub type KeyId = [u8; 4];

/// A text that is not a note, checkpoint or receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {what} is malformed: {problem}")]
pub struct NoteError {
    /// `note`, `checkpoint` or `receipt`.
    pub what: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl NoteError {
    pub(crate) const fn note(problem: &'static str) -> Self {
        Self { what: "note", problem }
    }

    /// `ledger.verify.checkpoint_malformed`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "ledger.verify.checkpoint_malformed"
    }

    /// `note`, `checkpoint` or `receipt`.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.what
    }
}

/// A signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    /// The name of the signer.
    pub name: &'a str,
    /// Which of its keys.
    pub key_id: KeyId,
    /// What the key made of the text.
    pub signature: Vec<u8>,
}

/// A text and who signed it. Nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// The signed text, with its last line feed.
    pub text: &'a str,
    /// 1 to 32 lines.
    pub signatures: Vec<NoteSignature<'a>>,
}

impl<'a> Note<'a> {
    /// Reads a note.
    ///
    /// # Errors
    /// `ledger.verify.checkpoint_malformed` for anything but UTF-8 without control characters other than LF, a blank line before
    /// 1 to 32 signature lines in canonical base64, and at most 64 KiB.
    pub fn parse(note: &'a [u8]) -> Result<Self, NoteError> {
        if note.len() > NOTE_MAX {
            return Err(NoteError::note("it is longer than 64 KiB"));
        }
        let note = std::str::from_utf8(note).map_err(|_| NoteError::note("it is not UTF-8"))?;
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::note("it has a control character"));
        }
        let at = note.rfind("\n\n").ok_or(NoteError::note("it has no blank line before its signatures"))?;
        let (text, signatures) = note.split_at(at.saturating_add(1));
        let lines = signatures.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let lines = lines.ok_or(NoteError::note("it has no signature line that ends in a line feed"))?;
        let signatures: Option<Vec<_>> = lines.split('\n').map(signature_line).collect();
        let signatures =
            signatures.ok_or(NoteError::note("a signature line is not `\u{2014} name base64`"))?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::note("it has more than 32 signature lines"));
        }
        Ok(Self { text, signatures })
    }
}

fn signature_line(line: &str) -> Option<NoteSignature<'_>> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let decoded = base64::decode(encoded)?;
    let (key_id, signature) = decoded.split_first_chunk::<4>()?;
    (is_name(name) && !signature.is_empty()).then(|| NoteSignature {
        name,
        key_id: *key_id,
        signature: signature.to_vec(),
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|character: char| character.is_whitespace() || character == '+')
}

/// One signature line.
pub(crate) fn write_line(name: &str, key_id: KeyId, signature: &[u8]) -> String {
    let mut bytes = key_id.to_vec();
    bytes.extend_from_slice(signature);
    format!("{DASH}{name} {}\n", base64::encode(&bytes))
}

fn key_id(name: &str, key: &[u8]) -> KeyId {
    let digest: [u8; 32] =
        Sha256::new().chain_update(name).chain_update(b"\n").chain_update(key).finalize().into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// The key id of the HMAC line of the secret `kid` under the name `origin`.
#[must_use]
pub fn hmac_key_id(origin: &str, kid: Kid) -> KeyId {
    key_id(origin, &[PRIVATE, kid.as_bytes()].concat())
}

/// An Ed25519 key that signs checkpoints which an auditor checks without the secret.
#[cfg(feature = "ed25519")]
#[derive(Clone)]
pub struct Ed25519Key(SigningKey);

#[cfg(feature = "ed25519")]
impl Ed25519Key {
    /// The key of a 32-byte seed (RFC 8032 section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key of a seed in 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// `ledger.key.seed`.
    pub fn from_hex(seed: &str) -> Result<Self, KeyError> {
        let seed = hex::decode_array(seed).map(zeroize::Zeroizing::new).ok_or(KeyError::Seed)?;
        Ok(Self::from_seed(&seed))
    }

    fn public(&self) -> Vec<u8> {
        [&[ED25519], self.0.verifying_key().as_bytes().as_slice()].concat()
    }

    /// What a verifier is given: `name+key id+base64`.
    #[must_use]
    pub fn vkey(&self, name: &str) -> String {
        let public = self.public();
        format!("{name}+{}+{}", hex::encode(&key_id(name, &public)), base64::encode(&public))
    }

    /// The signature line of `text` under `name`.
    pub(crate) fn line(&self, name: &str, text: &str) -> String {
        write_line(name, key_id(name, &self.public()), &self.0.sign(text.as_bytes()).to_bytes())
    }
}

#[cfg(feature = "ed25519")]
impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Key({})", hex::encode(self.0.verifying_key().as_bytes()))
    }
}

/// A public key that verifies signature lines: `name+key id+base64`, as `sumdb/note` writes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Vkey {
    name: String,
    key_id: KeyId,
    #[cfg(feature = "ed25519")]
    key: VerifyingKey,
}

impl Vkey {
    /// Reads a verifier key of type Ed25519.
    ///
    /// # Errors
    /// `ledger.key.vkey`, also for every key when built without the feature `ed25519`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Self::read(text).ok_or_else(|| KeyError::Vkey { value: shorten(text) })
    }

    #[cfg(feature = "ed25519")]
    fn read(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (id, encoded) = rest.split_once('+')?;
        let public = base64::decode(encoded)?;
        let (kind, key) = public.split_first()?;
        let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
        let key_id = key_id(name, &public);
        let right = is_name(name) && *kind == ED25519 && hex::decode_array(id) == Some(key_id);
        right.then(|| Self { name: name.to_owned(), key_id, key })
    }

    #[cfg(not(feature = "ed25519"))]
    fn read(_text: &str) -> Option<Self> {
        None
    }

    /// The name of the signer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Is the line by this key?
    #[must_use]
    pub fn made(&self, line: &NoteSignature<'_>) -> bool {
        self.name == line.name && self.key_id == line.key_id
    }

    /// Does the line sign `text`, strictly (no malleable signature, no weak key)?
    #[must_use]
    #[cfg(feature = "ed25519")]
    pub fn verify(&self, text: &str, line: &NoteSignature<'_>) -> bool {
        let signature = ed25519_dalek::Signature::from_slice(&line.signature);
        self.made(line)
            && signature.is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }

    /// Does the line sign `text`? Never, without the feature `ed25519`.
    #[must_use]
    #[cfg(not(feature = "ed25519"))]
    pub fn verify(&self, _text: &str, _line: &NoteSignature<'_>) -> bool {
        false
    }
}

impl fmt::Debug for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vkey({}+{})", self.name, hex::encode(&self.key_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>(), text in "(\u{2014} a [A-Z]{8}\n|\n|x|=){0,8}") {
            drop(Note::parse(&bytes));
            drop(Note::parse(text.as_bytes()));
            drop(Vkey::parse(&text));
        }
    }

    #[test]
    fn a_note_has_at_most_32_lines_and_64_kib() {
        let line = "\u{2014} a Zm9vYmFy\n";
        assert_eq!(Note::parse(format!("x\n\n{}", line.repeat(32)).as_bytes()).unwrap().signatures.len(), 32);
        assert!(Note::parse(format!("x\n\n{}", line.repeat(33)).as_bytes()).is_err());
        let long = |text: usize| format!("{}\n\n{line}", "x".repeat(text));
        let rest = long(0).len();
        assert!(Note::parse(long(NOTE_MAX - rest).as_bytes()).is_ok());
        assert!(Note::parse(long(NOTE_MAX - rest + 1).as_bytes()).is_err());
    }

    #[test]
    #[cfg(feature = "ed25519")]
    fn a_verifier_key_of_another_shape_is_refused() {
        let key = Ed25519Key::from_seed(&[7; 32]);
        let text = key.vkey("a.b/c");
        assert_eq!(Vkey::parse(&text).unwrap().name(), "a.b/c");
        for (from, to) in [("a.b", "a b"), ("a.b", "a.x"), ("+", "-"), ("A", "B")] {
            let error = Vkey::parse(&text.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.code(), "ledger.key.vkey");
        }
        assert!(!format!("{key:?}").contains(&hex::encode(&[7; 32])));
    }
}

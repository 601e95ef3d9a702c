//! From one secret to the keys of a log: HKDF-SHA256 (RFC 5869), a ring of old secrets, and a ratchet.
//!
//! Nothing here shows a secret or a key: `Debug` prints the key id only, errors name lengths and positions.

use super::hex;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use std::{collections::BTreeMap, fmt};
use zeroize::{Zeroize as _, Zeroizing};

/// The fewest bytes of a secret: as many as the hash has, so that guessing it is no easier than guessing a key.
pub const SECRET_MIN: usize = 32;
/// The most bytes of a secret.
pub const SECRET_MAX: usize = 1024;

const SALT: &[u8] = b"finops-ledger/v1";
const RATCHET: &[u8] = b"finops-ledger/v1/ratchet\n";

/// A secret, key or key state that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No secret.
    #[error("no secret is given; set at least {SECRET_MIN} characters")]
    Missing,
    /// A secret that can be guessed.
    #[error("the secret has {bytes} bytes; use at least {SECRET_MIN}")]
    Short {
        /// Its length.
        bytes: usize,
    },
    /// A secret that is no secret any more, but a file.
    #[error("the secret has {bytes} bytes; use at most {SECRET_MAX}")]
    Long {
        /// Its length.
        bytes: usize,
    },
    /// A character that shells, files and people change unseen.
    #[error("the secret has a character that is not printable ASCII, or a space, at byte {at}")]
    Charset {
        /// Where, from 0.
        at: usize,
    },
    /// The log continues under another key than the configured one.
    #[error(
        "the log is sealed with key `{in_force}` and `{configured}` is configured; rotate the key, giving the old secret"
    )]
    RotationRequired {
        /// The key of the log.
        in_force: Kid,
        /// The key of the configuration.
        configured: Kid,
    },
    /// A rotation to a key that the log has used.
    #[error("key `{kid}` has already sealed records of this log; rotate to a new secret")]
    Used {
        /// The key.
        kid: Kid,
    },
    /// A stored key state that is not one, or of another epoch than the log's.
    #[error("the stored key state cannot be used: {problem}")]
    State {
        /// What is wrong.
        problem: &'static str,
    },
    /// A seed of an Ed25519 key that is not 64 lower-case hexadecimal digits.
    #[error("the Ed25519 seed is not 64 lower-case hexadecimal digits")]
    Seed,
    /// A public key that is not a C2SP verifier key.
    #[error("`{value}` is not a verifier key; write `name+8 hex digits+base64` as `sumdb/note` does")]
    Vkey {
        /// The text, shortened.
        value: String,
    },
}

impl KeyError {
    /// The stable dotted code, for example `ledger.key.short`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "ledger.key.missing",
            Self::Short { .. } => "ledger.key.short",
            Self::Long { .. } => "ledger.key.long",
            Self::Charset { .. } => "ledger.key.charset",
            Self::RotationRequired { .. } => "ledger.key.rotation_required",
            Self::Used { .. } => "ledger.key.used",
            Self::State { .. } => "ledger.key.state",
            Self::Seed => "ledger.key.seed",
            Self::Vkey { .. } => "ledger.key.vkey",
        }
    }

    /// The argument at fault.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        match self {
            Self::State { .. } => "key_state",
            Self::Seed => "ed25519_seed",
            Self::Vkey { .. } => "vkeys",
            _ => "secret",
        }
    }
}

/// The public name of a secret: 8 bytes, written as 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid([u8; 8]);

impl Kid {
    /// Reads 16 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::decode_array(text).map(Self)
    }

    pub(crate) const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Its 8 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kid({self})")
    }
}

/// 32 secret bytes, erased when dropped.
#[derive(Clone)]
pub(crate) struct Key(Zeroizing<[u8; 32]>);

impl Key {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&*self.0).expect("HMAC takes a key of any length")
    }

    /// HMAC-SHA256 over the parts one after another.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        sign(self.mac(), parts)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The event key of the next epoch.
    pub(crate) fn ratcheted(&self, epoch: u64) -> Self {
        Self::from_bytes(self.sign(&[RATCHET, &epoch.to_be_bytes()]))
    }
}

fn sign(mut mac: Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256 under a key that arrives with each message and is used once.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
pub(crate) fn sign_once(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    sign(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"), parts)
}

/// A secret, kept only as its HKDF pseudorandom key.
///
/// ```
/// use finops_ledger::event::keys::Master;
///
/// let master = Master::new("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0")?;
/// assert_eq!(master.kid().to_string(), "eca50ae34c3bb776");
/// assert_eq!(Master::new("changeme").unwrap_err().code(), "ledger.key.short");
/// # Ok::<(), finops_ledger::event::keys::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Master {
    kid: Kid,
    prk: Key,
}

impl Master {
    /// Takes a secret of 32 to 1024 printable ASCII characters without space, as it is: never decoded, never trimmed.
    ///
    /// # Errors
    /// `ledger.key.{missing, short, long, charset}`.
    pub fn new(secret: &str) -> Result<Self, KeyError> {
        let bytes = secret.len();
        if bytes == 0 {
            return Err(KeyError::Missing);
        }
        if bytes < SECRET_MIN {
            return Err(KeyError::Short { bytes });
        }
        if bytes > SECRET_MAX {
            return Err(KeyError::Long { bytes });
        }
        if let Some(at) = secret.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(KeyError::Charset { at });
        }
        let (mut prk, _) = Hkdf::<Sha256>::extract(Some(SALT), secret.as_bytes());
        let mut master = Self { kid: Kid([0; 8]), prk: Key::from_bytes(prk.into()) };
        prk.as_mut_slice().zeroize();
        master.kid = Kid(*master.expand(&[b"kid"]));
        Ok(master)
    }

    #[expect(clippy::expect_used, reason = "HKDF refuses only keys below and outputs far above 32 bytes")]
    fn expand<const N: usize>(&self, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
        let mut out = Zeroizing::new([0; N]);
        let hkdf = Hkdf::<Sha256>::from_prk(self.prk.bytes()).expect("the key has 32 bytes");
        hkdf.expand_multi_info(info, &mut *out).expect("the output has at most 32 bytes");
        out
    }

    /// The public name of the secret.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    pub(crate) const fn prk(&self) -> &Key {
        &self.prk
    }

    pub(crate) fn event_key(&self, origin: &str) -> Key {
        Key(self.expand(&[b"event\n", origin.as_bytes()]))
    }

    pub(crate) fn checkpoint_key(&self, origin: &str) -> Key {
        Key(self.expand(&[b"checkpoint\n", origin.as_bytes()]))
    }

    pub(crate) fn single_key(&self) -> Key {
        Key(self.expand(&[b"single"]))
    }

    /// The keys of the log `origin`, before any ratchet.
    #[must_use]
    pub fn state(&self, origin: &str) -> KeyState {
        KeyState::new(self.kid, 0, self.event_key(origin), self.checkpoint_key(origin))
    }
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Master({})", self.kid)
    }
}

/// The configured secret and those before it.
#[derive(Clone)]
pub struct Keyring {
    current: Kid,
    masters: BTreeMap<Kid, Master>,
}

impl Keyring {
    /// A ring of one secret.
    #[must_use]
    pub fn new(current: Master) -> Self {
        let kid = current.kid();
        Self { current: kid, masters: BTreeMap::from([(kid, current)]) }
    }

    /// Reads the configured secret and the older ones, in any order.
    ///
    /// # Errors
    /// Those of [`Master::new`].
    pub fn from_secrets<'a>(
        current: &str,
        previous: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, KeyError> {
        let mut ring = Self::new(Master::new(current)?);
        for secret in previous {
            ring.add(Master::new(secret)?);
        }
        Ok(ring)
    }

    /// Adds an older secret.
    pub fn add(&mut self, previous: Master) {
        self.masters.insert(previous.kid(), previous);
    }

    /// The configured secret.
    #[must_use]
    pub fn current(&self) -> Option<&Master> {
        self.masters.get(&self.current)
    }

    /// The secret of that name.
    #[must_use]
    pub fn get(&self, kid: Kid) -> Option<&Master> {
        self.masters.get(&kid)
    }

    /// Every name in the ring, sorted.
    pub fn kids(&self) -> impl Iterator<Item = Kid> {
        self.masters.keys().copied()
    }

    /// The keys of `kid` for the log `origin` at `epoch`; one HMAC an epoch.
    #[must_use]
    pub fn state(&self, origin: &str, kid: Kid, epoch: u64) -> Option<KeyState> {
        let mut state = self.get(kid)?.state(origin);
        while state.epoch < epoch {
            state = state.ratcheted()?;
        }
        Some(state)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.masters.values()).finish()
    }
}

/// The keys of one log at one epoch: enough to go on, not enough to forge what is past after a ratchet.
#[derive(Clone)]
pub struct KeyState {
    kid: Kid,
    epoch: u64,
    event: Key,
    checkpoint: Key,
    // Keyed once: each tag then costs no key schedule.
    mac: Hmac<Sha256>,
}

impl KeyState {
    /// The bytes of a stored state.
    pub const BYTES: usize = 80;

    fn new(kid: Kid, epoch: u64, event: Key, checkpoint: Key) -> Self {
        let mac = event.mac();
        Self { kid, epoch, event, checkpoint, mac }
    }

    /// The public name of the secret.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    /// How often the event key was ratcheted.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) const fn checkpoint(&self) -> &Key {
        &self.checkpoint
    }

    /// HMAC under the event key.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        sign(self.mac.clone(), parts)
    }

    /// The keys of the next epoch; `None` after 2^64 of them.
    #[must_use]
    pub fn ratcheted(&self) -> Option<Self> {
        let epoch = self.epoch.checked_add(1)?;
        Some(Self::new(self.kid, epoch, self.event.ratcheted(epoch), self.checkpoint.clone()))
    }

    /// Secret bytes from which [`KeyState::from_bytes`] goes on without the secret, for the log they were made for.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(Self::BYTES));
        out.extend_from_slice(&self.kid.0);
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(self.event.bytes());
        out.extend_from_slice(self.checkpoint.bytes());
        out
    }

    /// Reads [`KeyState::to_bytes`].
    ///
    /// # Errors
    /// `ledger.key.state` for any other length than 80 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let read = || {
            let (kid, rest) = bytes.split_first_chunk::<8>()?;
            let (epoch, rest) = rest.split_first_chunk::<8>()?;
            let (event, rest) = rest.split_first_chunk::<32>()?;
            let checkpoint: &[u8; 32] = rest.try_into().ok()?;
            let (event, checkpoint) = (Key::from_bytes(*event), Key::from_bytes(*checkpoint));
            Some(Self::new(Kid(*kid), u64::from_be_bytes(*epoch), event, checkpoint))
        };
        read().ok_or(KeyError::State { problem: "it has another length than 80 bytes" })
    }
}

impl fmt::Debug for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyState({}, epoch {})", self.kid, self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";

    #[test]
    fn nothing_shows_a_secret() {
        let ring = Keyring::from_secrets(SECRET, []).unwrap();
        let master = ring.current().unwrap();
        let state = master.state("a.b");
        let shown = format!("{ring:?} {master:?} {state:?} {:?}", master.kid());
        let keys = [
            master.prk().bytes().to_vec(),
            master.event_key("a.b").bytes().to_vec(),
            master.checkpoint_key("a.b").bytes().to_vec(),
            state.to_bytes().get(16..).unwrap().to_vec(),
        ];
        for key in keys.iter().map(|key| hex::encode(key)).chain([SECRET.to_owned()]) {
            assert!(!shown.contains(key.get(..16).unwrap()), "{shown}");
        }
        for bad in ["", "short-secret", "has a space in it but is long enough!!", &"x".repeat(1025)] {
            let error = Master::new(bad).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(bad.is_empty() || !text.contains(bad), "{text}");
        }
    }

    #[test]
    fn a_stored_state_goes_on_where_it_was() {
        let state = Master::new(SECRET).unwrap().state("a.b").ratcheted().unwrap();
        let again = KeyState::from_bytes(&state.to_bytes()).unwrap();
        assert_eq!((again.kid(), again.epoch()), (state.kid(), 1));
        assert_eq!(again.sign(&[b"x"]), state.sign(&[b"x"]));
        assert_eq!(again.ratcheted().unwrap().sign(&[b"x"]), state.ratcheted().unwrap().sign(&[b"x"]));
        assert_eq!(KeyState::from_bytes(&[0; 79]).unwrap_err().code(), "ledger.key.state");
        let ring = Keyring::from_secrets(SECRET, []).unwrap();
        assert_eq!(ring.state("a.b", state.kid(), 1).unwrap().sign(&[b"x"]), state.sign(&[b"x"]));
    }

    #[test]
    fn secrets_at_the_limits() {
        assert!(Master::new(&"~".repeat(SECRET_MIN)).is_ok());
        assert!(Master::new(&"!".repeat(SECRET_MAX)).is_ok());
        assert_eq!(Master::new(&"x".repeat(SECRET_MAX + 1)).unwrap_err().code(), "ledger.key.long");
        assert_eq!(Master::new(&"é".repeat(SECRET_MIN)).unwrap_err().code(), "ledger.key.charset");
    }
}

//! Secrets of a process: from arguments or from its environment. Nothing here shows one.

use super::EventLogError;
use finops_ledger::event::{
    checkpoint::PublicSigner,
    keys::{KeyError, Keyring, Master},
};
use std::fs;
use zeroize::Zeroizing;

const SECRET: &str = "SAVE_HMAC_SECRET";
const SECRET_FILE: &str = "SAVE_HMAC_SECRET_FILE";
const PREVIOUS: &str = "SAVE_HMAC_SECRET_PREVIOUS";
const SEED_FILE: &str = "SAVE_ED25519_SEED_FILE";

/// The variables that [`Secrets::from_env`] reads.
pub const VARIABLES: [&str; 4] = [SECRET, SECRET_FILE, PREVIOUS, SEED_FILE];

/// The secrets of a log: the configured one, those before it, and the key that signs for auditors.
///
/// `Debug` shows the public names of the keys only.
#[derive(Debug, Clone)]
pub struct Secrets {
    keyring: Keyring,
    signer: Option<PublicSigner>,
}

impl Secrets {
    /// One secret of 32 to 1024 printable ASCII characters.
    ///
    /// # Errors
    /// `ledger.key.{missing, short, long, charset}`.
    pub fn new(secret: &str) -> Result<Self, EventLogError> {
        Ok(Self { keyring: Keyring::new(Master::new(secret)?), signer: None })
    }

    /// The secrets of a ring that was made already.
    #[must_use]
    pub const fn from_keyring(keyring: Keyring) -> Self {
        Self { keyring, signer: None }
    }

    /// Adds secrets of before a rotation, in any order.
    ///
    /// # Errors
    /// Those of [`Secrets::new`].
    pub fn with_previous<'a>(
        mut self,
        previous: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, EventLogError> {
        for secret in previous {
            self.keyring.add(Master::new(secret)?);
        }
        Ok(self)
    }

    /// Adds the seed of the Ed25519 key, in 64 lower-case hexadecimal digits, that signs checkpoints for auditors.
    ///
    /// # Errors
    /// `ledger.key.seed`.
    pub fn with_seed(mut self, seed: &str) -> Result<Self, EventLogError> {
        self.signer = Some(PublicSigner::from_hex(seed)?);
        Ok(self)
    }

    /// Reads `SAVE_HMAC_SECRET`, else the file `SAVE_HMAC_SECRET_FILE` (one trailing newline stripped); older secrets,
    /// separated by spaces, from `SAVE_HMAC_SECRET_PREVIOUS`; and the seed in the file `SAVE_ED25519_SEED_FILE`.
    ///
    /// # Errors
    /// `ledger.key.{missing, short, long, charset, seed}`, and `ledger.key.file` for a file that cannot be read.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Result<Self, EventLogError> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty()).map(Zeroizing::new);
        let secret = match (get(SECRET), get(SECRET_FILE)) {
            (Some(secret), _) => secret,
            (None, Some(path)) => read(SECRET_FILE, &path)?,
            (None, None) => return Err(KeyError::Missing.into()),
        };
        let previous = get(PREVIOUS).unwrap_or_default();
        let secrets =
            Self::new(&secret)?.with_previous(previous.split(' ').filter(|text| !text.is_empty()))?;
        match get(SEED_FILE) {
            Some(path) => secrets.with_seed(&read(SEED_FILE, &path)?),
            None => Ok(secrets),
        }
    }

    /// The configured secret and the older ones.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The key that signs checkpoints for auditors.
    #[must_use]
    pub const fn signer(&self) -> Option<&PublicSigner> {
        self.signer.as_ref()
    }

    /// What an auditor of the log `origin` is given: `name+key id+base64`.
    #[must_use]
    pub fn vkey(&self, origin: &str) -> Option<String> {
        self.signer.as_ref().map(|signer| signer.vkey(origin))
    }

    /// The same with `new` as the configured secret.
    pub(super) fn rotated(&self, new: Master) -> Self {
        let mut keyring = Keyring::new(new);
        for kid in self.keyring.kids() {
            if let Some(master) = self.keyring.get(kid) {
                keyring.add(master.clone());
            }
        }
        Self { keyring, signer: self.signer.clone() }
    }
}

fn read(variable: &'static str, path: &str) -> Result<Zeroizing<String>, EventLogError> {
    let refuse = |problem: String| EventLogError::SecretFile { variable, problem };
    let bytes = Zeroizing::new(fs::read(path).map_err(|error| refuse(error.to_string()))?);
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|error| KeyError::Charset { at: error.valid_up_to() })?;
    Ok(Zeroizing::new(text.strip_suffix('\n').unwrap_or(text).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const FIRST: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";
    const SECOND: &str = "another-secret-of-more-than-32-characters";

    fn from(variables: &[(&str, &str)]) -> Result<Secrets, EventLogError> {
        let map: BTreeMap<_, _> = variables.iter().copied().collect();
        Secrets::from_env(|name| map.get(name).map(|value| (*value).to_owned()))
    }

    fn file(name: &str, text: &str) -> String {
        let path = std::env::temp_dir().join(format!("finops-secrets-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    #[test]
    fn the_variables_are_read_as_the_specification_says() {
        let kid = |secrets: &Secrets| secrets.keyring().current().unwrap().kid();
        let plain = from(&[(SECRET, FIRST)]).unwrap();
        let path = file("one", &format!("{FIRST}\n"));
        assert_eq!(kid(&from(&[(SECRET_FILE, &path)]).unwrap()), kid(&plain));
        let both = from(&[(SECRET, FIRST), (PREVIOUS, &format!(" {SECOND}  {SECOND}"))]).unwrap();
        assert_eq!((kid(&both), both.keyring().kids().count()), (kid(&plain), 2));
        let two = file("two", &format!("{FIRST}\n\n"));
        assert_eq!(from(&[(SECRET_FILE, &two)]).unwrap_err().code(), "ledger.key.charset");
        let seed = file("seed", &format!("{}\n", "7".repeat(64)));
        let signed = from(&[(SECRET, FIRST), (SEED_FILE, &seed)]).unwrap();
        assert!(signed.vkey("a.b").unwrap().starts_with("a.b+"));
        assert_eq!(plain.vkey("a.b"), None);
        for path in [path, two, seed] {
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn without_a_good_secret_nothing_starts_and_none_is_shown() {
        let bad = "short-secret-of-nobody";
        for (variables, code) in [
            (&[][..], "ledger.key.missing"),
            (&[(SECRET, "")], "ledger.key.missing"),
            (&[(SECRET, bad)], "ledger.key.short"),
            (&[(SECRET, FIRST), (PREVIOUS, bad)], "ledger.key.short"),
            (&[(SECRET_FILE, "no/such/file")], "ledger.key.file"),
            (&[(SECRET, FIRST), (SEED_FILE, "no/such/file")], "ledger.key.file"),
        ] {
            let error = from(variables).unwrap_err();
            assert_eq!(error.code(), code);
            assert!(!format!("{error} {error:?}").contains(bad));
        }
        let shown = format!("{:?}", from(&[(SECRET, FIRST)]).unwrap().with_seed(&"7".repeat(64)).unwrap());
        assert!(!shown.contains(FIRST) && !shown.contains("7777"), "{shown}");
    }
}

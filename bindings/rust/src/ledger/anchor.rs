//! Where checkpoints are kept so that a holder of the secret cannot change them.

use super::{EventLog, EventLogError, NewEvent, event_log::ACTOR};
use finops_ledger::event::{
    checkpoint::{SignedCheckpoint, TreeHead},
    hex,
    keys::Keyring,
    note::Vkey,
    verify::{Anchor, Failure, Trust, Verifier},
};
use serde_json::json;
use std::{
    fmt::Debug,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A place that keeps checkpoints: implement it for a ticket, a bucket with a retention lock, a transparency log.
pub trait AnchorTo: Debug {
    /// What `log.anchored` calls it, without anything secret.
    fn name(&self) -> String;

    /// Keeps a checkpoint, a signed note.
    ///
    /// # Errors
    /// Why it could not, in words; then nothing is recorded.
    fn keep(&self, note: &str) -> Result<(), String>;
}

/// What became of a checkpoint that was kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchored {
    /// The signed note.
    pub note: String,
    /// Size and root that it covers.
    pub head: TreeHead,
    /// The place.
    pub to: String,
    /// The position of `log.anchored`.
    pub seq: u64,
}

/// A file to commit to git or to keep as an artefact of CI. It is replaced whole, never half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteFile(pub PathBuf);

impl AnchorTo for NoteFile {
    fn name(&self) -> String {
        format!("file:{}", self.0.display())
    }

    fn keep(&self, note: &str) -> Result<(), String> {
        write_whole(&self.0, note.as_bytes()).map_err(|error| error.to_string())
    }
}

/// Standard output: the log of a CI run keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StandardOutput;

impl AnchorTo for StandardOutput {
    fn name(&self) -> String {
        "stdout".to_owned()
    }

    fn keep(&self, note: &str) -> Result<(), String> {
        let mut out = io::stdout().lock();
        out.write_all(note.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())
    }
}

/// An address that takes a note by POST as `text/plain` and answers 2xx within ten seconds. Redirects are not followed.
#[cfg(any(feature = "fetch", feature = "opa"))]
#[derive(Clone, PartialEq, Eq)]
pub struct HttpPost(pub String);

#[cfg(any(feature = "fetch", feature = "opa"))]
impl Debug for HttpPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HttpPost").field(&self.name()).finish()
    }
}

#[cfg(any(feature = "fetch", feature = "opa"))]
impl AnchorTo for HttpPost {
    /// The address without user, password and query, which may be secret.
    fn name(&self) -> String {
        let url = self.0.split(['?', '#']).next().unwrap_or_default();
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("{scheme}://{host}/{path}")
    }

    fn keep(&self, note: &str) -> Result<(), String> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(std::time::Duration::from_secs(10)))
            .build()
            .new_agent();
        let request = agent.post(&self.0).header("content-type", "text/plain; charset=utf-8");
        // The error of a client may repeat the address, which may hold a password.
        let response = request.send(note).map_err(|error| match error {
            ureq::Error::Timeout(_) => "no answer within ten seconds".to_owned(),
            ureq::Error::BadUri(_) => "the address is no URL".to_owned(),
            ureq::Error::HostNotFound => "the host is not known".to_owned(),
            ureq::Error::Io(error) => error.kind().to_string(),
            _ => "the exchange failed".to_owned(),
        })?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answered {}", status.as_u16())) }
    }
}

/// The place that a text names: `-` is standard output, `http://` and `https://` an address, all else a file, also as
/// `file:///path`.
///
/// # Errors
/// `ledger.anchor.place` for an empty text, and for an address in a build without HTTP.
pub fn anchor_place(text: &str) -> Result<Box<dyn AnchorTo + Send + Sync>, EventLogError> {
    let refuse = |problem: &str| EventLogError::AnchorPlace { problem: problem.to_owned() };
    match text {
        "" => Err(refuse("is empty; give `-`, a file, or an address that begins with `https://`")),
        "-" => Ok(Box::new(StandardOutput)),
        #[cfg(any(feature = "fetch", feature = "opa"))]
        url if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(Box::new(HttpPost(url.to_owned())))
        }
        #[cfg(not(any(feature = "fetch", feature = "opa")))]
        url if url.starts_with("http://") || url.starts_with("https://") => {
            Err(refuse("needs a build with the feature `fetch` or `opa`"))
        }
        path => Ok(Box::new(NoteFile(PathBuf::from(path.strip_prefix("file://").unwrap_or(path))))),
    }
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_part(path, |file| file.write_all(bytes))
}

/// Writes a file beside its name and renames it once it is on the disk.
pub(super) fn write_part<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = Path::new(&name);
    let mut file = File::create(part)?;
    let written = write(&mut file).and_then(|()| Ok(file.sync_all()?));
    let moved = written.and_then(|()| Ok(fs::rename(part, path)?));
    if moved.is_err() {
        // What is left of it is of no use to anyone.
        drop(fs::remove_file(part));
    }
    moved
}

/// Size, root and origin of a checkpoint, once a key of `ring` or of `vkeys` is seen to have signed it.
fn authentic<'a>(
    note: &'a str,
    ring: &Keyring,
    vkeys: &[Vkey],
) -> Result<SignedCheckpoint<'a>, EventLogError> {
    let signed = SignedCheckpoint::parse(note.as_bytes())?;
    let anchors = [Anchor::Note(note.as_bytes())];
    let verifier = Verifier::new(Some(signed.checkpoint.origin), Trust::Keyring(ring), &anchors, vkeys);
    // Signatures are checked before sizes: of a log without records, a good checkpoint is one that counts more.
    match verifier.finish().0.error {
        None | Some(Failure::Truncated) => Ok(signed),
        Some(error) => Err(EventLogError::Checkpoint { error }),
    }
}

impl EventLog {
    /// Signs a checkpoint, keeps it at `to` and records `log.anchored`: from then on reports say how much of their savings
    /// an anchor covers.
    ///
    /// # Errors
    /// `ledger.anchor.failed` when the place does not take it, and those of [`EventLog::checkpoint`] and
    /// [`EventLog::append`].
    pub fn anchor(&self, to: &dyn AnchorTo) -> Result<Anchored, EventLogError> {
        let note = self.checkpoint()?;
        let head = SignedCheckpoint::parse(note.as_bytes())?.checkpoint.head;
        let name = to.name();
        to.keep(&note).map_err(|problem| EventLogError::Anchor { to: name.clone(), problem })?;
        let data = json!({"size": head.size, "root": hex::encode(&head.root), "to": name});
        let seq = self.append(NewEvent::new("log.anchored", data, ACTOR))?;
        Ok(Anchored { note, head, to: name, seq })
    }

    /// Records size and root of another log by its checkpoint, `log.rolled_up`: whoever trusts this log can then prove what
    /// the other one held. The checkpoint must be signed by a secret of this process or by one of `vkeys`.
    ///
    /// # Errors
    /// `ledger.verify.checkpoint_*` for a checkpoint that is none or that no known key signed, `ledger.key.vkey`, and those
    /// of [`EventLog::append`].
    pub fn roll_up(&self, note: &str, vkeys: &[&str]) -> Result<u64, EventLogError> {
        let vkeys = vkeys.iter().map(|text| Vkey::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let ring = self.secrets().keyring().clone();
        let signed = authentic(note, &ring, &vkeys)?;
        let (origin, head) = (signed.checkpoint.origin, signed.checkpoint.head);
        let data = json!({"origin": origin, "size": head.size, "root": hex::encode(&head.root)});
        self.append(NewEvent::new("log.rolled_up", data, ACTOR))
    }
}

//! `finops ledger verify`: the checks, the JSON and the exit status of `verify_ledger.py`.

use super::place::{Place, failed};
use crate::{
    Answer, Failure,
    output::{bytes_of, unreadable},
};
use finops::ledger::{
    LogOptions, Secrets, VARIABLES,
    event::{
        checkpoint::TreeHead,
        hex,
        keys::{Keyring, Master},
        note::Vkey,
        record::LINE_MAX,
        verify::{Anchor, Tags, Trust, Verification, Verifier},
    },
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
};

/// Exit status of what cannot be read.
const UNREADABLE: u8 = 2;

#[derive(clap::Args)]
pub(crate) struct Verify {
    /// A log file, or `-`; without one the log of the store
    log: Option<String>,
    /// A file with a secret, or `-`; may be repeated for older ones. Else the environment, as for the other commands
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<String>,
    /// Ask for secrets on the terminal
    #[arg(long)]
    prompt: bool,
    /// Use no secret, also none of the environment: needs an anchor with an Ed25519 line, and `--vkey`
    #[arg(long, conflicts_with_all = ["secret_file", "prompt"], requires = "log")]
    public: bool,
    /// A checkpoint kept elsewhere: a file, or `SIZE:ROOT`; may be repeated
    #[arg(long, value_name = "NOTE_FILE|SIZE:ROOT")]
    anchor: Vec<String>,
    /// A verifier key; may be repeated
    #[arg(long, value_name = "KEY")]
    vkey: Vec<String>,
    /// The name of the log
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// The store, when no file is given: else `DATABASE_URL`, else `finops.db`
    #[arg(long, value_name = "URL", conflicts_with = "log")]
    db: Option<String>,
    /// Print the result as one line of canonical JSON, byte for byte that of `verify_ledger.py`
    #[arg(long)]
    json: bool,
}

/// A checkpoint, or size and root that are trusted as they are.
enum Kept {
    Note(Vec<u8>),
    Head(TreeHead),
}

impl Verify {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let found = self.check().map_err(|failure| failure.status(UNREADABLE))?;
        let text = if self.json { found.to_line() } else { told(&found) };
        Ok(Answer::new(text, found.ok()))
    }

    fn check(&self) -> Result<Verification, Failure> {
        let kept = self.anchor.iter().map(|text| kept(text)).collect::<Result<Vec<_>, _>>()?;
        let anchors: Vec<Anchor<'_>> = kept
            .iter()
            .map(|kept| match kept {
                Kept::Note(note) => Anchor::Note(note),
                Kept::Head(head) => Anchor::Head(*head),
            })
            .collect();
        match &self.log {
            Some(path) => self.check_file(path, &anchors),
            None => self.check_store(&anchors),
        }
    }

    fn check_store(&self, anchors: &[Anchor<'_>]) -> Result<Verification, Failure> {
        let place = Place::of(self.db.clone(), self.origin.clone());
        let options = LogOptions { read_only: true, must_exist: true, ..LogOptions::default() };
        let log = match self.given()? {
            Some(ring) => place.open_as(Secrets::from_keyring(ring), options)?,
            None => place.open_with(options)?,
        };
        let vkeys: Vec<&str> = self.vkey.iter().map(String::as_str).collect();
        log.verify(anchors, &vkeys).map_err(failed)
    }

    fn check_file(&self, path: &str, anchors: &[Anchor<'_>]) -> Result<Verification, Failure> {
        let vkeys = self.vkey.iter().map(|text| Vkey::parse(text)).collect::<Result<Vec<_>, _>>();
        let vkeys = vkeys.map_err(|error| failed(error.into()))?;
        let ring = match self.given()? {
            Some(ring) => Some(ring),
            None if self.public => None,
            None => from_environment()?,
        };
        let trust = ring.as_ref().map_or(Trust::Public, Trust::Keyring);
        let mut verifier = Verifier::new(self.origin.as_deref(), trust, anchors, &vkeys);
        let read = if path == "-" {
            feed(&mut verifier, &mut io::stdin().lock())
        } else {
            File::open(path).and_then(|file| feed(&mut verifier, &mut BufReader::new(file)))
        };
        read.map_err(|error| unreadable(path, &error))?;
        Ok(verifier.finish().0)
    }

    /// The secrets of the arguments, the first one in force.
    fn given(&self) -> Result<Option<Keyring>, Failure> {
        let mut ring: Option<Keyring> = None;
        let mut add = |secret: &str| -> Result<(), Failure> {
            let master = Master::new(secret).map_err(|error| failed(error.into()))?;
            match &mut ring {
                Some(ring) => ring.add(master),
                None => ring = Some(Keyring::new(master)),
            }
            Ok(())
        };
        for path in &self.secret_file {
            add(&super::place::secret_of(path)?)?;
        }
        // The first empty line ends the list; without any secret it is refused as a missing one.
        let mut has_one = !self.secret_file.is_empty();
        if self.prompt {
            loop {
                let secret = rpassword::prompt_password("secret (empty line: no more): ");
                let secret = zeroize::Zeroizing::new(secret.map_err(|error| unreadable("the terminal", &error))?);
                if secret.is_empty() && has_one {
                    break;
                }
                add(&secret)?;
                has_one = true;
            }
        }
        Ok(ring)
    }
}

/// The ring of the environment, if it names a secret.
fn from_environment() -> Result<Option<Keyring>, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let [secret, file, ..] = VARIABLES;
    if [secret, file].iter().all(|name| variable(name).is_none_or(|value| value.is_empty())) {
        return Ok(None);
    }
    Secrets::from_env(variable).map(|secrets| Some(secrets.keyring().clone())).map_err(failed)
}

fn kept(text: &str) -> Result<Kept, Failure> {
    let head = text.split_once(':').and_then(|(size, root)| {
        let canonical = size == "0" || !size.starts_with('0');
        let digits = size.len() <= 19 && !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        let size = if canonical && digits { size.parse().ok()? } else { return None };
        Some(TreeHead { size, root: hex::decode_array(root)? })
    });
    head.map_or_else(|| bytes_of(text).map(Kept::Note), |head| Ok(Kept::Head(head)))
}

/// Checks line after line in bounded memory.
fn feed(verifier: &mut Verifier<'_>, log: &mut impl BufRead) -> io::Result<()> {
    // A record and its line feed; what is longer is none.
    let line_max = u64::try_from(LINE_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut size = log.by_ref().take(line_max).read_until(b'\n', &mut line)?;
        if size == 0 {
            return Ok(());
        }
        let mut whole = line.last() == Some(&b'\n');
        let fits = whole;
        while !whole {
            let rest = log.fill_buf()?;
            let (end, found) = match rest.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at.saturating_add(1), true),
                None => (rest.len(), false),
            };
            let ended = rest.is_empty();
            log.consume(end);
            size = size.saturating_add(end);
            whole = found;
            if ended {
                verifier.torn_tail_of(u64::try_from(size).unwrap_or(u64::MAX));
                return Ok(());
            }
        }
        if !verifier.has_failed() {
            verifier.line(if fits { line.strip_suffix(b"\n").unwrap_or(&line) } else { &[] });
        }
    }
}

/// The result for people.
fn told(found: &Verification) -> String {
    let origin = found.origin.as_deref().unwrap_or("unknown");
    let mut text = match found.error {
        None => format!("ok: {} records of {origin}\n", found.size),
        Some(error) => {
            let place = found.seq.map(|seq| format!(" at record {seq}")).unwrap_or_default();
            format!(
                "failed: {}{place}; {} records of {origin} before it are sound\n",
                error.code(),
                found.size
            )
        }
    };
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name}: {value}\n"));
    line("root", hex::encode(&found.root));
    let tags = match found.tags {
        Tags::Checked => "checked",
        Tags::NotChecked => "not checked, no secret was given",
    };
    line("tags", tags.to_owned());
    let anchored = match found.anchored_up_to {
        Some(size) => format!("{size} records; {} after them are not", found.unanchored_tail),
        None => "nothing: a missing tail would not show".to_owned(),
    };
    line("anchored", anchored);
    for run in &found.keys {
        line("key", format!("{} epoch {}, records {} to {}", run.kid, run.epoch, run.first, run.last));
    }
    for gap in &found.gaps {
        line("silence", format!("{} s after record {}", gap.seconds, gap.after_seq));
    }
    if found.clock_regressions > 0 {
        line("times that went back", found.clock_regressions.to_string());
    }
    if found.torn_tail_bytes > 0 {
        line("torn tail", format!("{} bytes", found.torn_tail_bytes));
    }
    text
}

//! Which log a command means, with which secrets, and what its failures say.

use crate::{
    Failure,
    output::{BAD_CONFIG, BAD_DATA, INTERNAL, IO, LOCKED, NO_INPUT, UNAVAILABLE, bytes_of},
};
use finops::ledger::{EventLog, EventLogError, LogOptions, Secrets};
use zeroize::Zeroizing;

const DATABASE: &str = "DATABASE_URL";
const ORIGIN: &str = "FINOPS_ORIGIN";
/// The default of the specification `control-plane.md` 3.
const DEFAULT_DATABASE: &str = "finops.db";
const SECRET: &str = "SAVE_HMAC_SECRET";
const SECRET_FILE: &str = "SAVE_HMAC_SECRET_FILE";

/// Blank means unset.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The log of a store.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The store: a path (SQLite), `sqlite:`, `postgres:` or `file:`; else `DATABASE_URL`, else `finops.db`
    #[arg(long, value_name = "URL")]
    db: Option<String>,
    /// The name of the log, such as `acme.example/prod`; else `FINOPS_ORIGIN`
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// A file with the secret, or `-`; else `SAVE_HMAC_SECRET`, else the file `SAVE_HMAC_SECRET_FILE`
    #[arg(long, value_name = "FILE")]
    secret_file: Option<String>,
}

impl Place {
    pub(super) const fn of(db: Option<String>, origin: Option<String>) -> Self {
        Self { db, origin, secret_file: None }
    }

    fn origin(&self) -> Option<String> {
        self.origin.clone().or_else(|| variable(ORIGIN))
    }

    fn secrets(&self) -> Result<Secrets, Failure> {
        let given = self.secret_file.as_deref().map(secret_of).transpose()?;
        let lookup = |name: &str| match (&given, name) {
            (Some(secret), SECRET) => Some(secret.as_str().to_owned()),
            (Some(_), SECRET_FILE) => None,
            _ => variable(name),
        };
        Secrets::from_env(lookup).map_err(failed)
    }

    /// Opens a log that exists, to write.
    pub(crate) fn open(&self) -> Result<EventLog, Failure> {
        let log = self.open_with(LogOptions { must_exist: true, ..LogOptions::default() })?;
        match log.opened().error {
            // A log that does not verify is only read: say why at once.
            Some(error) => Err(failed(error)),
            None => Ok(log),
        }
    }

    /// Opens a log that exists, to read.
    pub(crate) fn read(&self) -> Result<EventLog, Failure> {
        self.open_with(LogOptions { read_only: true, must_exist: true, ..LogOptions::default() })
    }

    pub(crate) fn open_with(&self, options: LogOptions) -> Result<EventLog, Failure> {
        self.open_as(self.secrets()?, options)
    }

    pub(super) fn open_as(&self, secrets: Secrets, options: LogOptions) -> Result<EventLog, Failure> {
        let Some(origin) = self.origin() else {
            let message = format!("config.invalid: which log? give `--origin`, or set `{ORIGIN}`");
            return Err(Failure::with_status(message, BAD_CONFIG).note("at", "origin"));
        };
        let db =
            self.db.clone().or_else(|| variable(DATABASE)).unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
        EventLog::open(&db, &origin, secrets, options).map_err(failed)
    }
}

/// The secret in a file, without its line end.
pub(super) fn secret_of(path: &str) -> Result<Zeroizing<String>, Failure> {
    let bytes = Zeroizing::new(bytes_of(path)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        // Nothing of the file is shown.
        Failure::with_status("ledger.key.charset: the secret is not printable ASCII", BAD_CONFIG)
            .note("at", path)
    })?;
    Ok(Zeroizing::new(text.strip_suffix('\n').unwrap_or(text).to_owned()))
}

/// A failure of the ledger: code, message, place, exit status.
pub(crate) fn failed(error: EventLogError) -> Failure {
    let code = error.code();
    let failure = Failure::with_status(format!("{code}: {error}"), status_of(code)).note("at", error.path());
    match code {
        "store.not_found" => failure.note("help", "`finops ledger init` makes a log"),
        "ledger.verify.unknown_key" | "ledger.key.rotation_required" => {
            failure.note("help", "older secrets stand in `SAVE_HMAC_SECRET_PREVIOUS`, separated by spaces")
        }
        _ => failure,
    }
}

/// The exit status of a code (specification `control-plane.md` 11).
fn status_of(code: &str) -> u8 {
    match code {
        "store.locked" | "store.busy" | "store.contention" => LOCKED,
        "store.unavailable" | "ledger.anchor.failed" => UNAVAILABLE,
        "store.not_found" | "ledger.log.no_record" => NO_INPUT,
        "store.url" | "store.unsupported" | "store.schema_newer" | "store.migration_changed" => BAD_CONFIG,
        "store.read_only" | "store.column_differs" | "store.head_differs" => 1,
        "store.random" | "ledger.log.random" => INTERNAL,
        "store.row" => BAD_DATA,
        "ledger.log.export" => IO,
        "ledger.key.used" => 1,
        _ if code.starts_with("store.") => IO,
        _ if code.starts_with("ledger.key.") => BAD_CONFIG,
        _ if code.starts_with("ledger.verify.") || code.starts_with("ledger.checkpoint.") => 1,
        _ => BAD_DATA,
    }
}

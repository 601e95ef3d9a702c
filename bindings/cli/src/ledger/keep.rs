//! The life of a log: made, exported, signed, anchored, rotated, redacted, rebuilt.

use super::place::{Place, failed, secret_of};
use crate::{Answer, Failure, json, output::bytes_of};
use finops::ledger::{LogOptions, anchor_place, event::hex};
use serde_json::json as value;
use std::path::Path;

#[derive(clap::Args)]
pub(crate) struct Init {
    /// Seconds of silence after which a heartbeat is due, 60 to 86400; a new log names it
    #[arg(long, value_name = "SECONDS")]
    heartbeat_s: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Init {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let options = LogOptions { heartbeat_s: self.heartbeat_s, ..LogOptions::default() };
        let log = self.place.open_with(options)?;
        let opened = log.opened();
        if let Some(error) = opened.error {
            return Err(failed(error));
        }
        let head = log.head().map_err(failed)?;
        let kid = log
            .events(head.size.checked_sub(2), 1)
            .map_err(failed)?
            .pop()
            .map(|record| record.kid.to_string());
        let (origin, root, vkey) = (log.origin().to_owned(), hex::encode(&head.root), log.vkey());
        log.close().map_err(failed)?;
        if self.json {
            let made = value!({"created": opened.created, "origin": origin, "size": head.size, "root": root,
                "kid": kid, "vkey": vkey});
            return Ok(Answer::yes(json(&made)));
        }
        let verb = if opened.created { "made" } else { "there already" };
        let mut text = format!("{verb}: {origin}, {} records, root {root}\n", head.size);
        if let Some(vkey) = vkey {
            text.push_str(&format!("verifier key for auditors: {vkey}\n"));
        }
        Ok(Answer::yes(text))
    }
}

#[derive(clap::Args)]
pub(crate) struct Export {
    /// The file; standard output unless given
    #[arg(long, default_value = "-", value_name = "FILE")]
    out: String,
    #[command(flatten)]
    place: Place,
}

impl Export {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let log = self.place.read()?;
        if let Some(error) = log.opened().error {
            // What is exported is what is there; that it is false, verification of the file says too.
            eprintln!("finops: {}: {error}", error.code());
        }
        if self.out == "-" {
            let mut out = std::io::BufWriter::new(Quiet(std::io::stdout().lock()));
            log.export_lines(&mut out).map_err(failed)?;
        } else {
            let count = log.export(Path::new(&self.out)).map_err(failed)?;
            eprintln!("{count} records");
        }
        Ok(Answer::yes(String::new()))
    }
}

/// A reader that has gone, as `head` has, wants no more: that is no failure.
struct Quiet<W>(W);

impl<W: std::io::Write> std::io::Write for Quiet<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct Checkpoint {
    #[command(flatten)]
    place: Place,
}

impl Checkpoint {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let log = self.place.open()?;
        let note = log.checkpoint().map_err(failed)?;
        log.close().map_err(failed)?;
        Ok(Answer::yes(note))
    }
}

#[derive(clap::Args)]
pub(crate) struct Anchor {
    /// Where the checkpoint goes: a file (for git or CI), `-` for standard output, or an address that takes a POST
    #[arg(long, value_name = "PLACE")]
    to: String,
    #[command(flatten)]
    place: Place,
}

impl Anchor {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let to = anchor_place(&self.to).map_err(failed)?;
        let log = self.place.open()?;
        let anchored = log.anchor(&*to).map_err(failed)?;
        log.close().map_err(failed)?;
        eprintln!("anchored {} records at {}: record {}", anchored.head.size, anchored.to, anchored.seq);
        Ok(Answer::yes(String::new()))
    }
}

#[derive(clap::Args)]
pub(crate) struct RollUp {
    /// The checkpoint of the other log, or `-`
    #[arg(default_value = "-")]
    note: String,
    /// A verifier key that signed it; without one the secrets of this process are tried
    #[arg(long, value_name = "KEY")]
    vkey: Vec<String>,
    #[command(flatten)]
    place: Place,
}

impl RollUp {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let note = String::from_utf8_lossy(&bytes_of(&self.note)?).into_owned();
        let log = self.place.open()?;
        let vkeys: Vec<&str> = self.vkey.iter().map(String::as_str).collect();
        let seq = log.roll_up(&note, &vkeys).map_err(failed)?;
        log.close().map_err(failed)?;
        Ok(Answer::yes(format!("{seq}\n")))
    }
}

#[derive(clap::Args)]
pub(crate) struct RotateKey {
    /// A file with the new secret, or `-`
    #[arg(long, value_name = "FILE")]
    new_secret_file: String,
    #[command(flatten)]
    place: Place,
}

impl RotateKey {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let new = secret_of(&self.new_secret_file)?;
        let log = self.place.open()?;
        let seq = log.rotate(&new).map_err(failed)?;
        log.close().map_err(failed)?;
        eprintln!(
            "from now on the new secret is `SAVE_HMAC_SECRET`; add the old one to `SAVE_HMAC_SECRET_PREVIOUS`"
        );
        Ok(Answer::yes(format!("{seq}\n")))
    }
}

#[derive(clap::Args)]
pub(crate) struct Redact {
    /// The id of the event
    event_id: String,
    /// The member, as a JSON pointer into the event, such as `/data/user`
    field: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    place: Place,
}

impl Redact {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let log = self.place.open()?;
        let seq = log.redact(&self.event_id, &self.field, &self.reason).map_err(failed)?;
        log.close().map_err(failed)?;
        Ok(Answer::yes(format!("{seq}\n")))
    }
}

#[derive(clap::Args)]
pub(crate) struct Rebuild {
    #[command(flatten)]
    place: Place,
}

impl Rebuild {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let log = self.place.open()?;
        let tables = log.rebuild().map_err(failed)?;
        log.close().map_err(failed)?;
        Ok(Answer::yes(tables.iter().map(|table| format!("{table}\n")).collect()))
    }
}

//! `finops ledger`: an event log from a shell. Secrets come from the environment, a file or a prompt, never from arguments.

mod append;
mod keep;
mod place;
mod prove;
mod verify;

pub(crate) use place::{Place, failed};

use crate::{Answer, Failure};

/// The event log.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make a log, or say that it is there
    Init(keep::Init),
    /// Record events: one by its arguments, or one for each line of a file
    Append(append::Append),
    /// Show records, in order
    Events(append::Events),
    /// Check a log file, or the log of a store: exit 0 nothing is wrong, 1 something is, 2 it cannot be read
    Verify(verify::Verify),
    /// Write every record as a line, for auditors
    Export(keep::Export),
    /// Sign a checkpoint of the log as it stands, and print it
    Checkpoint(keep::Checkpoint),
    /// Sign a checkpoint, keep it elsewhere, and record where
    Anchor(keep::Anchor),
    /// Record size and root of another log, by its checkpoint
    RollUp(keep::RollUp),
    /// Prove that a record is in the log, or that the log begins with an earlier one
    Prove(prove::Prove),
    /// Print the receipt of a record, which is checked offline with the verifier key alone
    Receipt(prove::Receipt),
    /// Go on under a new secret
    RotateKey(keep::RotateKey),
    /// Forget a personal value; every proof stays valid
    Redact(keep::Redact),
    /// Write the tables that follow from the log anew
    Rebuild(keep::Rebuild),
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Init(command) => command.run(),
        Command::Append(command) => command.run(),
        Command::Events(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Checkpoint(command) => command.run(),
        Command::Anchor(command) => command.run(),
        Command::RollUp(command) => command.run(),
        Command::Prove(command) => command.run(),
        Command::Receipt(command) => command.run(),
        Command::RotateKey(command) => command.run(),
        Command::Redact(command) => command.run(),
        Command::Rebuild(command) => command.run(),
    }
}

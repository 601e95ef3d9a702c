//! The `finops` command line.
//!
//! Exit status: 0 for yes, 1 for no (unpriced, changed, not verified, refused), 2 for a command that cannot be read, and
//! for a log that `ledger verify` cannot read. Besides, where prices, cost and carbon end with 1: 3 denied, 65 bad data, 66 no
//! such file, store or log, 69 a service that does not answer, 74 a file or database that fails, 75 a store in use, 78 a bad
//! configuration.
#![expect(clippy::print_stderr, reason = "a command line prints")]

mod allocate;
mod carbon;
mod cost;
mod findings;
mod gate;
mod inputs;
mod kubernetes;
mod ledger;
mod metering;
mod output;
mod policy;
mod prices;
mod propose;
mod report;
mod savings;
mod table;
mod waste;

/// As in the package of Node; that of Python keeps the system's, so that its import stays small.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use clap::{Parser, Subcommand};
use std::{
    io::{Read as _, Write as _},
    process::ExitCode,
};

/// What things cost, in money, energy and carbon.
#[derive(Parser)]
#[command(name = "finops", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The price catalogue: list, show, diff, verify
    #[command(subcommand)]
    Prices(prices::Command),
    /// What a call costs: by counts, or from a response body on standard input
    Cost(cost::Arguments),
    /// Energy and carbon: estimate, intensity, pue, shift, window, zones, meter
    #[command(subcommand)]
    Carbon(carbon::Command),
    /// May this be deployed? Every reason, and an exit status for a pipeline
    #[command(subcommand)]
    Gate(gate::Command),
    /// Policies: test, lint, explain, bundle, and gates over infrastructure as code
    #[command(subcommand)]
    Policy(policy::Command),
    /// The event log: init, append, events, verify, export, checkpoint, anchor, prove, receipt, rotate-key, redact, …
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Waste of a cluster: detect, baseline, rightsize
    #[command(subcommand)]
    Waste(waste::Command),
    /// Write the changes that findings ask for, as patches; no file of the repository is touched
    Propose(propose::Propose),
    /// Whose cost a cluster's is: reports by team, namespace, label, …
    Allocate(allocate::Allocate),
    /// What to ask a cluster for: queries
    #[command(subcommand)]
    Kubernetes(kubernetes::Command),
    /// Records of the findings contract: validate
    #[command(subcommand)]
    Findings(findings::Command),
    /// Estimated and proved savings, by team, type and cluster
    Savings(savings::Arguments),
    /// The report of a week or a month, for finance and engineering
    #[command(subcommand)]
    Report(report::Command),
}

/// What a command printed, and its exit status.
pub(crate) struct Answer {
    text: String,
    status: u8,
}

impl Answer {
    pub(crate) fn yes(text: String) -> Self {
        Self::with_status(text, 0)
    }

    pub(crate) fn new(text: String, yes: bool) -> Self {
        Self::with_status(text, u8::from(!yes))
    }

    pub(crate) fn with_status(text: String, status: u8) -> Self {
        Self { text, status }
    }
}

/// A failure as one line, the code first, for scripts, and its exit status.
pub(crate) struct Failure {
    message: String,
    /// Further lines: where the fault lies, what helps.
    notes: Vec<(&'static str, String)>,
    status: u8,
}

impl<E: Into<finops::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        Self::new(format!("{}: {error}", error.code()))
    }
}

impl Failure {
    pub(crate) fn io(path: &str, error: &std::io::Error) -> Self {
        Self::new(format!("cannot read `{path}`: {error}"))
    }

    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::with_status(message, 1)
    }

    pub(crate) fn with_status(message: impl Into<String>, status: u8) -> Self {
        Self { message: message.into(), notes: Vec::new(), status }
    }

    /// With a line below, unless it would be empty.
    pub(crate) fn note(mut self, name: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.notes.push((name, text));
        }
        self
    }

    pub(crate) fn status(self, status: u8) -> Self {
        Self { status, ..self }
    }

    /// With the status `to` where it is `from`.
    pub(crate) fn status_if(self, from: u8, to: u8) -> Self {
        if self.status == from { self.status(to) } else { self }
    }
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Prices(command) => prices::run(command),
        Command::Cost(arguments) => cost::run(&arguments),
        Command::Carbon(command) => carbon::run(command),
        Command::Gate(command) => gate::run(command),
        Command::Policy(command) => policy::run(command),
        Command::Ledger(command) => ledger::run(command),
        Command::Waste(command) => waste::run(command),
        Command::Propose(arguments) => arguments.run(),
        Command::Allocate(arguments) => arguments.run(),
        Command::Kubernetes(command) => kubernetes::run(&command),
        Command::Findings(command) => findings::run(&command),
        Command::Savings(arguments) => savings::run(&arguments),
        Command::Report(command) => report::run(command),
    };
    match done {
        Ok(answer) => match std::io::stdout().write_all(answer.text.as_bytes()) {
            // Whoever read it has what they wanted, as `head` does.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                eprintln!("finops: standard output fails: {error}");
                ExitCode::from(output::IO)
            }
            _ => ExitCode::from(answer.status),
        },
        Err(Failure { message, notes, status }) => {
            eprintln!("finops: {message}");
            for (name, text) in notes {
                eprintln!("  {name}: {text}");
            }
            ExitCode::from(status)
        }
    }
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn read(path: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let done = if path == "-" {
        std::io::stdin().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(path).map(|read| bytes = read)
    };
    done.map(|()| bytes).map_err(|error| Failure::io(path, &error))
}

/// A value as indented JSON with a line end.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_else(|_| "null".to_owned());
    text.push('\n');
    text
}

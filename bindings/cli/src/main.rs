//! The `finops` command line.
//!
//! Exit status: 0 for yes, 1 for no (unpriced, changed, not verified, refused), 2 for a command that cannot be read. The
//! gate besides: 3 denied, 65 bad data, 66 no such file, 74 a file that cannot be read, 78 a bad configuration.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod carbon;
mod cost;
mod gate;
mod metering;
mod output;
mod policy;
mod prices;

use clap::{Parser, Subcommand};
use std::{io::Read as _, process::ExitCode};

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
        Self { message: message.into(), status }
    }
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Prices(command) => prices::run(command),
        Command::Cost(arguments) => cost::run(&arguments),
        Command::Carbon(command) => carbon::run(command),
        Command::Gate(command) => gate::run(command),
        Command::Policy(command) => policy::run(command),
    };
    match done {
        Ok(answer) => {
            print!("{}", answer.text);
            ExitCode::from(answer.status)
        }
        Err(Failure { message, status }) => {
            eprintln!("finops: {message}");
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

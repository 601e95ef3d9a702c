//! The `finops` command line.
//!
//! Exit status: 0 for yes, 1 for no (unpriced, changed, not verified, refused), 2 for a command that cannot be read.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod carbon;
mod cost;
mod metering;
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
}

/// What a command printed, and whether the answer was yes.
pub(crate) struct Answer {
    text: String,
    yes: bool,
}

impl Answer {
    pub(crate) fn yes(text: String) -> Self {
        Self { text, yes: true }
    }

    pub(crate) fn new(text: String, yes: bool) -> Self {
        Self { text, yes }
    }
}

/// A failure as one line: the code first, for scripts.
pub(crate) struct Failure(String);

impl<E: Into<finops::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        Self(format!("{}: {error}", error.code()))
    }
}

impl Failure {
    pub(crate) fn io(path: &str, error: &std::io::Error) -> Self {
        Self(format!("cannot read `{path}`: {error}"))
    }

    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Prices(command) => prices::run(command),
        Command::Cost(arguments) => cost::run(&arguments),
        Command::Carbon(command) => carbon::run(command),
    };
    match done {
        Ok(answer) => {
            print!("{}", answer.text);
            ExitCode::from(u8::from(!answer.yes))
        }
        Err(Failure(message)) => {
            eprintln!("finops: {message}");
            ExitCode::FAILURE
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

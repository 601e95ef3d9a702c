//! `finops waste`: what a cluster pays for and does not use.

mod baseline;
mod detect;
mod rightsize;

use crate::{Answer, Failure};

/// Waste of a cluster.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Find waste, with what each finding would save and what the guardrails say: exit 0, or 1 with `--fail-on-findings`
    Detect(detect::Detect),
    /// Show requests, limits and use of every workload
    Baseline(baseline::Baseline),
    /// Recommend a request for every container, and test the recommendation on its history
    Rightsize(rightsize::Rightsize),
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Detect(command) => command.run(),
        Command::Baseline(command) => command.run(),
        Command::Rightsize(command) => command.run(),
    }
}

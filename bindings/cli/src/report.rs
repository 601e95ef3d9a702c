//! `finops report`: one report for finance and engineering, of a week or a month.

use crate::{
    Answer, Failure,
    ledger::{Place, failed},
    metering::instant,
    output::{BAD_DATA, IO, bytes_of},
};
use finops::ledger::{
    Actor, EventLog, SavingsLedger,
    date::Date,
    report::{Cadence, Period, Report, ReportInputs},
};
use std::sync::Arc;

/// The report of a week or a month.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Of a week, such as `2026-W12`
    Weekly(Arguments),
    /// Of a month, such as `2026-03`
    Monthly(Arguments),
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Canonical JSON: complete, and what `report.issued` attests
    Json,
    /// Markdown with tables
    Md,
    /// One file without script and network
    Html,
}

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which one, or `last` for the last that is over; the present one unless given
    label: Option<String>,
    /// How it is written
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file, whose ending says the format unless `--format` does; standard output unless given
    #[arg(long, value_name = "FILE")]
    out: Option<String>,
    /// What other systems know, as JSON: bill, forecast, commitments, figures
    #[arg(long, value_name = "FILE")]
    inputs: Option<String>,
    /// Record `report.issued` with the digest of the report, and keep its JSON in the store
    #[arg(long)]
    issue: bool,
    /// Who issues it
    #[arg(long, default_value = "svc:finops", requires = "issue")]
    actor: String,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    let (cadence, arguments) = match command {
        Command::Weekly(arguments) => (Cadence::Weekly, arguments),
        Command::Monthly(arguments) => (Cadence::Monthly, arguments),
    };
    let label = label(cadence, arguments.label.as_deref())?;
    let format = arguments.format()?;
    let inputs = arguments.inputs()?;
    let log = if arguments.issue { arguments.place.open()? } else { sound(arguments.place.read()?)? };
    let log = Arc::new(log);
    let ledger = SavingsLedger::on(Arc::clone(&log), None).map_err(failed)?;
    let report = ledger.report(inputs, &label).map_err(failed)?;
    let text = rendered(&report, format)?;
    if arguments.issue {
        let issued = ledger.issue(&report, Actor::now(&arguments.actor)).map_err(failed)?;
        log.close().map_err(failed)?;
        eprintln!("report.issued is record {}", issued.seq);
    }
    match arguments.out.as_deref().filter(|out| *out != "-") {
        None => Ok(Answer::yes(text)),
        Some(out) => {
            let refuse = |error| Failure::with_status(format!("cannot write `{out}`: {error}"), IO);
            std::fs::write(out, text).map_err(refuse)?;
            Ok(Answer::yes(String::new()))
        }
    }
}

/// A report stands on a log that verifies, or is not made.
fn sound(log: EventLog) -> Result<EventLog, Failure> {
    match log.opened().error {
        Some(error) => Err(failed(error)),
        None => Ok(log),
    }
}

fn label(cadence: Cadence, given: Option<&str>) -> Result<String, Failure> {
    let today = || Some(Date::of(instant(None).ok()?));
    // As in Python and Node: without a label the present one.
    let label = match given {
        None | Some("last") => {
            let present = today().and_then(|day| Period::holding(cadence, day));
            let period =
                if given.is_none() { present } else { present.and_then(|present| present.previous()) };
            return period.map(|period| period.label).ok_or_else(|| Failure::new("the clock names no day"));
        }
        Some(label) => label,
    };
    let period = Period::parse(label).map_err(|error| failed(error.into()))?;
    if period.cadence == cadence {
        return Ok(period.label);
    }
    let help = match cadence {
        Cadence::Weekly => "give a week such as `2026-W12`, or use `finops report monthly`",
        Cadence::Monthly => "give a month such as `2026-03`, or use `finops report weekly`",
    };
    let message = format!("ledger.report.period: `{}` is a {} label", period.label, period.cadence.as_str());
    Err(Failure::with_status(message, BAD_DATA).note("at", "/label").note("help", help))
}

impl Arguments {
    fn format(&self) -> Result<Format, Failure> {
        let of_ending = |out: &str| match out.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json") => Some(Format::Json),
            Some("md" | "markdown") => Some(Format::Md),
            Some("html" | "htm") => Some(Format::Html),
            _ => None,
        };
        match (self.format, self.out.as_deref().filter(|out| *out != "-")) {
            (Some(format), _) => Ok(format),
            (None, None) => Ok(Format::Md),
            (None, Some(out)) => of_ending(out).ok_or_else(|| {
                Failure::with_status(
                    format!("`{out}` does not say the format; give `--format json`, `md` or `html`"),
                    2,
                )
            }),
        }
    }

    fn inputs(&self) -> Result<ReportInputs, Failure> {
        let Some(path) = &self.inputs else { return Ok(ReportInputs::default()) };
        let value = serde_json::from_slice(&bytes_of(path)?)
            .map_err(|error| Failure::with_status(format!("`{path}` is not JSON: {error}"), BAD_DATA))?;
        ReportInputs::from_json(&value).map_err(|error| failed(error.into()))
    }
}

fn rendered(report: &Report, format: Format) -> Result<String, Failure> {
    Ok(match format {
        // Without a line end: `sha256sum` of the file is the digest that `report.issued` records.
        Format::Json => report.to_json().map_err(|error| failed(error.into()))?,
        Format::Md => report.to_markdown(),
        Format::Html => report.to_html(),
    })
}

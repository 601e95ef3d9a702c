//! `finops prices`: the catalogue, what changed in it, and whether it can be believed.

use crate::{Answer, Failure, json, metering::instant, read};
use finops::{Catalogue, price::Row};
use std::fmt::Write as _;

/// The price catalogue.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Providers and models with a price
    List {
        /// Only what this provider sells
        #[arg(long)]
        provider: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Rates, dates and sources of a model
    Show {
        /// The model, as a provider or a person writes it
        model: String,
        /// Who serves it
        #[arg(long)]
        provider: Option<String>,
        /// Rows in force at this instant (RFC 3339 with a zone); now unless given
        #[arg(long)]
        at: Option<String>,
        /// Every row that ever was
        #[arg(long)]
        history: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Rows added, changed, closed and retired; exit status 1 when there are any
    Diff {
        /// A catalogue file, or `builtin`
        old: String,
        /// A catalogue file, or `builtin`
        new: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Schema, order, exactness, overlaps, gaps, sources and licences; exit status 1 when something is wrong
    Verify {
        /// A catalogue file; the compiled one unless given
        file: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::List { provider, json: as_json } => list(provider.as_deref(), as_json),
        Command::Show { model, provider, at, history, json: as_json } => {
            show(&model, provider.as_deref(), at.as_deref(), history, as_json)
        }
        Command::Diff { old, new, json: as_json } => diff(&old, &new, as_json),
        Command::Verify { file, json: as_json } => verify(file.as_deref(), as_json),
    }
}

fn list(provider: Option<&str>, as_json: bool) -> Result<Answer, Failure> {
    let catalogue = Catalogue::builtin();
    let offerings: Vec<_> = catalogue
        .offerings()
        .filter(|offering| provider.is_none_or(|wanted| offering.provider == wanted))
        .collect();
    if let Some(provider) = provider.filter(|_| offerings.is_empty()) {
        let error = finops::price::PriceError::UnknownProvider { provider: provider.to_owned() };
        return Err(finops::core::Error::from(error).into());
    }
    if as_json {
        return Ok(Answer::yes(json(&offerings)));
    }
    let mut text = format!("{} ({} offerings)\n", catalogue.id(), offerings.len());
    for offering in &offerings {
        let status = offering.status.as_deref().map(|status| format!("  ({status})")).unwrap_or_default();
        let _ = writeln!(text, "{:<16} {}{status}", offering.provider, offering.model);
    }
    Ok(Answer::yes(text))
}

fn show(
    model: &str,
    provider: Option<&str>,
    at: Option<&str>,
    history: bool,
    as_json: bool,
) -> Result<Answer, Failure> {
    let catalogue = Catalogue::builtin();
    let found = catalogue.resolve(provider, model).map_err(finops::core::Error::from)?;
    let at = instant(at)?;
    let rows: Vec<Row> = catalogue
        .rows_of(&found.provider, &found.model)
        .into_iter()
        .filter(|row| history || in_force(row, at))
        .collect();
    if as_json {
        return Ok(Answer::yes(json(&serde_json::json!({"resolved": found, "rows": rows}))));
    }
    let mut text = format!("{} / {} (matched by {})\n", found.provider, found.model, found.matched.name());
    for row in &rows {
        let _ = writeln!(text, "{}", described(row));
    }
    for source in catalogue.sources().filter(|s| rows.iter().any(|row| row.price.src.contains(&s.id))) {
        let seen = if source.retrieved.is_empty() { "page not opened" } else { &source.retrieved };
        let _ = writeln!(text, "  source {}: {} ({}, {seen})", source.id, source.url, source.origin);
    }
    Ok(Answer::yes(text))
}

fn in_force(row: &Row, at: finops::Timestamp) -> bool {
    let instant = |text: &Option<String>| text.as_ref().and_then(|t| t.parse::<finops::Timestamp>().ok());
    instant(&row.price.from).is_none_or(|from| from <= at) && instant(&row.price.to).is_none_or(|to| at < to)
}

/// One line a row: id, dates, conditions, rates.
fn described(row: &Row) -> String {
    let price = &row.price;
    let from = price.from.as_deref().unwrap_or("always");
    let to = price.to.as_deref().unwrap_or("now");
    let mut text = format!("  {} {from} to {to}", row.id);
    let when = &price.when;
    let conditions = [
        ("tier", &when.service_tier),
        ("region", &when.region),
        ("speed", &when.speed),
        ("period", &when.period),
        ("search context", &when.search_context),
    ];
    for (name, value) in conditions {
        if let Some(value) = value {
            let _ = write!(text, ", {name} {value}");
        }
    }
    if let Some(over) = price.over {
        let _ = write!(text, ", prompts over {over} tokens");
    }
    if !price.verified {
        text.push_str(", unverified");
    }
    for (bucket, rate) in &price.usd_per_mtok {
        let _ = write!(text, "\n      {bucket:<16} {rate:>10} USD per million tokens");
    }
    for (unit, rate) in &price.usd_per_use {
        let _ = write!(text, "\n      {unit:<16} {rate:>10} USD each");
    }
    text
}

/// The text of a catalogue file, or of the compiled one.
fn text_of(name: &str) -> Result<String, Failure> {
    if name == "builtin" {
        return Ok(Catalogue::builtin().to_jsonl());
    }
    String::from_utf8(read(name)?).map_err(|_| Failure::new(format!("`{name}` is not UTF-8")))
}

fn diff(old: &str, new: &str, as_json: bool) -> Result<Answer, Failure> {
    let load = |name: &str| -> Result<Catalogue, Failure> {
        Ok(Catalogue::from_jsonl(&text_of(name)?).map_err(finops::core::Error::from)?)
    };
    let changes = finops::price::diff(&load(old)?, &load(new)?);
    let text = if as_json {
        json(&changes)
    } else {
        let mut text = String::new();
        for change in &changes {
            let _ = writeln!(text, "{} {} / {}", change.kind.name(), change.provider, change.model);
            for (side, row) in [("-", &change.old), ("+", &change.new)] {
                if let Some(row) = row {
                    let _ = writeln!(
                        text,
                        "{side} {}\n      source {}",
                        described(row).trim_start(),
                        row.price.src.join(", ")
                    );
                }
            }
        }
        let _ = writeln!(text, "{} changes", changes.len());
        text
    };
    Ok(Answer::new(text, changes.is_empty()))
}

fn verify(file: Option<&str>, as_json: bool) -> Result<Answer, Failure> {
    // A file must also leave the past of the compiled catalogue as it is.
    let history = file.map(|_| Catalogue::builtin());
    let text = text_of(file.unwrap_or("builtin"))?;
    let problems = finops::price::verify(&text, history.as_ref());
    let shown = if as_json {
        json(&problems)
    } else {
        let mut shown = String::new();
        for problem in &problems {
            let _ = writeln!(shown, "line {}: {}", problem.line, problem.problem);
        }
        let _ = writeln!(shown, "{} lines, {} problems", text.lines().count(), problems.len());
        shown
    };
    Ok(Answer::new(shown, problems.is_empty()))
}

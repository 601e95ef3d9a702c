//! `finops findings`: records of the findings contract.

use crate::{
    Answer, Failure,
    inputs::{instant, refused, say},
    output::{BAD_DATA, bytes_of, name},
    table::plain,
};
use finops::{
    Timestamp,
    finding::{Batch, Finding, Layout, Problem, RunContext, Validated, Validator, content_hash},
    policy::Json,
};

/// Records of the findings contract.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Check records, and say what is wrong with each: exit 0, or 65 if one is rejected
    Validate(Validate),
}

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Counts; what is wrong goes to standard error
    Text,
    /// Counts, rejections and warnings, on one line
    Json,
    /// The records that stand, in their canonical form and total order
    Jsonl,
}

#[derive(clap::Args)]
pub(crate) struct Validate {
    /// JSON Lines, a list of records, or the answer of `finops waste detect --format json`; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The tenant of records that name none
    #[arg(long, value_name = "ID", default_value = "default")]
    tenant: String,
    /// The workspace of records that name none
    #[arg(long, value_name = "ID", default_value = "default")]
    workspace: String,
    /// The run of records that name none
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// The time of that run, as RFC 3339 or a date
    #[arg(long, value_name = "TIME", value_parser = instant)]
    run_ts: Option<Timestamp>,
    /// The currency of amounts that name none
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Drop members that no record has, instead of refusing the record
    #[arg(long)]
    drop_unknown: bool,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// A file and the places of its records.
struct Read<'a> {
    name: &'a str,
    first: usize,
    layout: Layout,
}

impl Read<'_> {
    /// Where a record stands: a line of a file from 1, or a place in a list from 0.
    fn place(&self, index: usize) -> String {
        let index = index.saturating_sub(self.first);
        match self.layout {
            Layout::Lines => format!("{}:{}", self.name, index.saturating_add(1)),
            Layout::List => format!("{}[{index}]", self.name),
            Layout::One => self.name.to_owned(),
        }
    }
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    let Command::Validate(command) = command;
    command.run()
}

impl Validate {
    fn validator(&self) -> Result<Validator, Failure> {
        let mut context = RunContext {
            tenant_id: self.tenant.clone(),
            workspace_id: self.workspace.clone(),
            run_id: self.run_id.clone().unwrap_or_default(),
            run_ts: self.run_ts,
            ..RunContext::default()
        };
        context.default_currency.clone_from(&self.currency);
        let validator = Validator::new(&context).map_err(|fault| refused(&fault))?;
        Ok(if self.drop_unknown { validator.drop_unknown() } else { validator })
    }

    fn run(&self) -> Result<Answer, Failure> {
        let mut batch = Batch::new(self.validator()?);
        let mut reads = Vec::with_capacity(self.files.len());
        let mut first = 0_usize;
        for file in &self.files {
            let name = name(file);
            let done = batch.document(first, &bytes_of(file)?);
            let (layout, count) = done.map_err(|fault| refused(&fault).note("file", name))?;
            reads.push(Read { name, first, layout });
            first = first.saturating_add(count);
        }
        let found = batch.finish();
        let place = |index: usize| {
            reads
                .iter()
                .rev()
                .find(|read| read.first <= index)
                .map(|read| read.place(index))
                .unwrap_or_default()
        };
        if self.format != Format::Json {
            say(found.rejected.iter().flat_map(|rejection| {
                let place = place(rejection.index);
                rejection.errors.iter().map(move |problem| line(&place, problem)).collect::<Vec<_>>()
            }));
        }
        let text = match self.format {
            Format::Text => counts(&found),
            Format::Json => json(&found, place),
            Format::Jsonl => {
                say([counts(&found).trim_end().to_owned()]);
                lines(&found)
            }
        };
        Ok(Answer::with_status(text, if found.rejected_count > 0 { BAD_DATA } else { 0 }))
    }
}

fn line(place: &str, problem: &Problem) -> String {
    let Problem { path, code, value, help } = problem;
    let value = if value.is_empty() { String::new() } else { format!(" `{}`", plain(value)) };
    format!("rejected[{code}]: {}: {}{value}: {help}", plain(place), plain(path))
}

fn counts(found: &Validated) -> String {
    let mut text = format!("{} accepted, {} rejected", found.accepted.len(), found.rejected_count);
    if !found.warnings.is_empty() {
        text.push_str(&format!(", {} warnings", found.warnings.len()));
    }
    for (name, count) in found.counts.iter() {
        text.push_str(&format!(", {count} {}", name.replace('_', " ")));
    }
    text.push('\n');
    text
}

fn json(found: &Validated, place: impl Fn(usize) -> String) -> String {
    let rejected = found.rejected.iter().map(|rejection| {
        Json::object([
            ("place", Json::from(place(rejection.index))),
            ("errors", Json::array(rejection.errors.iter().map(Problem::to_json))),
        ])
    });
    let warnings = found.warnings.iter().map(|(index, warning)| {
        Json::object([
            ("place", Json::from(place(*index))),
            ("path", warning.path.as_str().into()),
            ("code", warning.code.into()),
        ])
    });
    let findings: Vec<Finding> = found.accepted.iter().map(|(_, finding)| finding.clone()).collect();
    let shown = Json::object([
        ("accepted", Json::from(found.accepted.len())),
        ("rejected_count", found.rejected_count.into()),
        ("rejected", Json::array(rejected)),
        ("warnings", Json::array(warnings)),
        ("counts", Json::object(found.counts.iter().map(|(name, count)| (name, Json::from(count))))),
        ("content_hash", content_hash(&findings).into()),
    ]);
    format!("{}\n", shown.to_text())
}

fn lines(found: &Validated) -> String {
    let mut bytes = Vec::new();
    for (_, finding) in &found.accepted {
        finding.write_line(&mut bytes);
        bytes.push(b'\n');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

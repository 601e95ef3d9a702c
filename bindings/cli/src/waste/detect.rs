//! `finops waste detect`.

use crate::{
    Answer, Failure,
    inputs::{Inputs, Settings, failed, remarks, say},
    table::{Side, Table, plain},
};
use finops::{
    Engine,
    engine::{Documents, Found, Run},
    policy::Json,
    waste::{Amount, Outcome, Reason},
};
use std::collections::{BTreeMap, BTreeSet};

/// Subjects that are named for a reason why nothing could be said.
const NAMED: usize = 3;

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table, and what could not be judged
    Text,
    /// The whole report, on one line: what `finops propose` reads
    Json,
    /// A finding a line, in the form of the findings contract
    Jsonl,
}

#[derive(clap::Args)]
pub(crate) struct Detect {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    settings: Settings,
    /// Exit 1 if anything was found
    #[arg(long)]
    fail_on_findings: bool,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Detect {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let options = self.settings.options()?;
        let documents = self.inputs.read()?;
        let run = Engine::new(options).detect(&documents.given, documents.as_of()).map_err(failed)?;
        complain(&run);
        let text = match self.format {
            Format::Text => text(&run),
            Format::Json => json(&run, &documents),
            Format::Jsonl => lines(&run),
        };
        Ok(Answer::new(text, !self.fail_on_findings || run.found.is_empty()))
    }
}

/// What was not looked at goes to standard error: bad records with their paths, detectors that failed.
fn complain(run: &Run) {
    let bad = run.others().iter().filter(|other| other.assessment.reason == Some(Reason::InvalidRecord));
    // Two detectors may stumble over one value.
    let bad: BTreeSet<(&str, &str)> =
        bad.filter_map(|other| Some((other.cluster.as_str(), other.assessment.detail.as_deref()?))).collect();
    say(bad.into_iter().map(|(cluster, path)| {
        format!("rejected[waste.invalid_record]: {}: {}", plain(cluster), plain(path))
    }));
    say(run.failures.iter().map(|failure| {
        format!("failed[{}]: {}: {}", failure.code, plain(&failure.detector), plain(&failure.message))
    }));
    say(run.unknown_keys.iter().map(|(key, count)| {
        format!("remark[inventory.unknown_field]: {}: nobody reads it ({count} times)", plain(key))
    }));
}

fn json(run: &Run, documents: &Documents) -> String {
    let mut report = run.to_json();
    if let Json::Object(members) = &mut report {
        members.insert("diagnostics", remarks(documents));
    }
    format!("{}\n", report.to_text())
}

fn lines(run: &Run) -> String {
    let mut bytes = Vec::new();
    for finding in run.found.iter().map(|found| &found.finding).chain(&run.unknown) {
        finding.write_line(&mut bytes);
        bytes.push(b'\n');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn text(run: &Run) -> String {
    let count =
        |outcome: Outcome| run.others().iter().filter(|other| other.assessment.outcome == outcome).count();
    let mut text = format!(
        "{} findings, {} undetermined, {} ok, {} not applicable at {}\n",
        run.found.len(),
        count(Outcome::Undetermined),
        count(Outcome::Ok),
        count(Outcome::Inapplicable),
        run.as_of
    );
    if !run.found.is_empty() {
        text.push_str(&format!("\n{}\n{}", table(&run.found), sums(run)));
    }
    text.push_str(&undetermined(run));
    text
}

fn money(amount: Option<Amount>) -> String {
    amount.map_or_else(|| "?".to_owned(), Amount::cents)
}

fn table(found: &[Found]) -> String {
    let mut table = Table::new([
        ("id", Side::Left),
        ("detector", Side::Left),
        ("cluster", Side::Left),
        ("subject", Side::Left),
        ("USD/month", Side::Right),
        ("granted", Side::Right),
        ("realizable", Side::Right),
        ("confidence", Side::Right),
        ("risk", Side::Right),
        ("guardrails", Side::Left),
        ("why", Side::Left),
    ]);
    for one in found {
        let assessment = &one.assessment;
        let share = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
        let id = one.finding.finding_id();
        table.row([
            id.get(..12).unwrap_or(&id),
            &one.detector,
            &one.cluster,
            assessment.subject.text(),
            &money(assessment.gross()),
            &one.granted.cents(),
            &money(one.realizable),
            &share(assessment.confidence.as_ref().map(|confidence| confidence.text())),
            &share(assessment.risk.as_ref().map(|risk| risk.text())),
            one.guardrail.action().as_str(),
            &one.recommendation,
        ]);
    }
    table.text()
}

/// What all of it is worth: no dollar twice.
fn sums(run: &Run) -> String {
    let sums = &run.portfolio;
    let reason = sums.realizable_reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!(
        "together {} USD a month of the {} that these resources cost; {} counts shared dollars more than once\n\
         the bill will lack {}{reason}\n",
        sums.granted_monthly.cents(),
        sums.cost_of_resources.cents(),
        sums.gross_not_additive.cents(),
        money(sums.realizable_monthly),
    )
}

/// What could not be judged, by reason.
fn undetermined(run: &Run) -> String {
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for other in run.others().iter().filter(|other| other.assessment.outcome == Outcome::Undetermined) {
        let assessment = &other.assessment;
        let reason = assessment.reason.map_or("not stated", Reason::code);
        groups.entry((assessment.detector, reason)).or_default().push(assessment.subject.text());
    }
    if groups.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        ("undetermined", Side::Right),
        ("detector", Side::Left),
        ("reason", Side::Left),
        ("subjects", Side::Left),
    ]);
    for ((detector, reason), subjects) in groups {
        let more = subjects.len().saturating_sub(NAMED);
        let mut named = subjects.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        if more > 0 {
            named.push_str(&format!(" and {more} more"));
        }
        table.row([&subjects.len().to_string(), detector, reason, &named]);
    }
    format!("\n{}", table.text())
}

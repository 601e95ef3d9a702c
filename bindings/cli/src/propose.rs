//! `finops propose`: findings as patches.

use crate::{
    Answer, Failure,
    inputs::{Settings, failed, instant, json, refused, say},
    output::{DENIED, name, unreadable},
    table::plain,
};
use finops::{
    Engine, Timestamp,
    change::Status,
    engine::{Change, Found, Opportunities, SourceLimits, read_sources},
    policy::{Json, decision::Outcome},
};
use std::path::Path;

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line for each change and each finding without one
    Text,
    /// Changes and findings without one, on one line
    Json,
}

/// Writes the changes that findings ask for: exit 0 if there is one, 1 if none can be made, 3 if the guardrails deny them.
#[derive(clap::Args)]
pub(crate) struct Propose {
    /// The answer of `finops waste detect --format json`, or opportunities of it; `-` is standard input
    finding: String,
    /// Only these findings: their ids, or how they begin
    ids: Vec<String>,
    /// The folder with the manifests and Terraform files; nothing in it is changed
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    repo: String,
    /// Write patch, way back, new files and the text of a pull request below this folder; without it the patches go to
    /// standard output
    #[arg(long, value_name = "FOLDER")]
    out: Option<String>,
    #[command(flatten)]
    settings: Settings,
    /// When the guardrails judge, as RFC 3339 or a date; the time of the run unless given
    #[arg(long, value_name = "TIME", value_parser = instant)]
    as_of: Option<Timestamp>,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// A change and the files that were written of it.
struct Written {
    change: Change,
    files: Vec<String>,
}

impl Propose {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        let options = self.settings.options()?;
        let in_file = |failure: Failure| failure.note("file", name(&self.finding));
        let wanted = Opportunities::from_json(&json(&self.finding)?).and_then(|all| all.only(&self.ids));
        let wanted = wanted.map_err(|fault| in_file(refused(&fault)))?;
        std::fs::metadata(&self.repo).map_err(|error| unreadable(&self.repo, &error))?;
        let sources = read_sources(Path::new(&self.repo), SourceLimits::default()).map_err(failed)?;
        let at = self.as_of.or(wanted.as_of).unwrap_or_else(finops::clock::now);
        let proposed = Engine::new(options).propose_for(&wanted.list, at, &sources);
        let (changes, withheld) = proposed.map_err(|error| in_file(failed(error)))?;
        let mut all = Vec::with_capacity(changes.len());
        for change in changes {
            let mut files = Vec::new();
            if let Some(out) = self.out.as_deref().filter(|_| change.proposal.status != Status::Refused) {
                let written = change.write(Path::new(out)).map_err(failed)?;
                files.extend(written.iter().map(|path| path.display().to_string()));
            }
            all.push(Written { change, files });
        }
        let status = status(&all, &withheld);
        let text = match (self.format, &self.out) {
            (Format::Json, _) => self::json_of(&all, &withheld),
            (Format::Text, Some(_)) => lines(&all, &withheld).into_iter().map(|line| line + "\n").collect(),
            (Format::Text, None) => {
                say(lines(&all, &withheld));
                let made = all.iter().filter(|one| one.change.proposal.status != Status::Refused);
                made.map(|one| one.change.patch(false)).collect()
            }
        };
        Ok(Answer::with_status(text, status))
    }
}

/// 0 where there is a change, or nothing was found; else 3 where the guardrails deny one, and 1.
fn status(all: &[Written], withheld: &[Found]) -> u8 {
    let made = all.iter().any(|one| one.change.proposal.status != Status::Refused);
    if made || (all.is_empty() && withheld.is_empty()) {
        0
    } else if withheld.iter().any(is_denied) {
        DENIED
    } else {
        1
    }
}

fn is_denied(found: &Found) -> bool {
    found.guardrail.action() == Outcome::Deny
}

/// Why a finding has no change: a word and a sentence.
fn why(found: &Found) -> (&'static str, &str) {
    if is_denied(found) {
        ("denied", found.guardrail.reason())
    } else {
        ("no_change", "there is no change for this type of finding")
    }
}

fn lines(all: &[Written], withheld: &[Found]) -> Vec<String> {
    let mut lines = Vec::new();
    for Written { change, files } in all {
        let proposal = &change.proposal;
        lines.push(format!("{} {}: {}", proposal.status.code(), proposal.branch, plain(&proposal.title)));
        if let Some(fault) = &proposal.reason {
            lines.push(format!("  {}: {}", fault.code(), plain(&fault.to_string())));
        }
        if let Some(saving) = proposal.monthly_saving {
            lines.push(format!("  saves {} USD a month at list price", saving.cents()));
        }
        if change.needs_approval() {
            lines.push(format!("  needs an approval: {}", plain(change.guardrail.reason())));
        }
        lines.extend(files.iter().map(|file| format!("  {}", plain(file))));
        if let Some(patch) = files.iter().find(|file| file.ends_with("change.patch")) {
            lines.push(format!("  apply with: git apply {}", plain(patch)));
        }
    }
    for found in withheld {
        let id = found.finding.finding_id();
        let (word, reason) = why(found);
        lines.push(format!(
            "{word} {}: {} {}",
            id.get(..12).unwrap_or(&id),
            found.detector,
            plain(found.assessment.subject.text())
        ));
        lines.push(format!("  {}", plain(reason)));
    }
    lines
}

fn json_of(all: &[Written], withheld: &[Found]) -> String {
    let changes = all.iter().map(|one| {
        let mut shown = one.change.to_json();
        if let Json::Object(members) = &mut shown {
            members.insert("written", Json::array(one.files.iter().map(String::as_str)));
        }
        shown
    });
    let withheld = withheld.iter().map(|found| {
        let (word, reason) = why(found);
        Json::object([
            ("finding_id", Json::from(found.finding.finding_id())),
            ("detector", found.detector.as_str().into()),
            ("subject", found.assessment.subject.text().into()),
            ("code", word.into()),
            ("reason", reason.into()),
            ("guardrail", found.guardrail.to_json()),
        ])
    });
    let shown = Json::object([("changes", Json::array(changes)), ("withheld", Json::array(withheld))]);
    format!("{}\n", shown.to_text())
}

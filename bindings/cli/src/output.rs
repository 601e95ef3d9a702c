//! How a check of the gate is shown, and what its exit status says.

use crate::{Answer, Failure};
use finops::policy::{
    Json,
    decision::{
        Action, Outcome, Violation,
        report::{Check, CheckStatus, Level, Report},
    },
    json::{Limits, read as read_json},
};

/// Exit status of a denial, or of an approval that is missing (specification `control-plane.md` 10).
pub(crate) const DENIED: u8 = 3;
/// `EX_DATAERR` of `sysexits.h`.
pub(crate) const BAD_DATA: u8 = 65;
/// `EX_NOINPUT`.
pub(crate) const NO_INPUT: u8 = 66;
/// `EX_UNAVAILABLE`.
pub(crate) const UNAVAILABLE: u8 = 69;
/// `EX_SOFTWARE`.
pub(crate) const INTERNAL: u8 = 70;
/// `EX_IOERR`.
pub(crate) const IO: u8 = 74;
/// `EX_TEMPFAIL`.
pub(crate) const LOCKED: u8 = 75;
/// `EX_CONFIG` of `sysexits.h`.
pub(crate) const BAD_CONFIG: u8 = 78;
/// No plan or report is larger; what a policy input may be, the gate itself checks.
const LIMITS: Limits = Limits { bytes: 256 << 20, depth: 128 };

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A line for each check
    Text,
    /// The whole answer, on one line
    Json,
    /// JUnit XML
    Junit,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// An answer in every format.
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) json: Json,
    pub(crate) report: Report,
    /// The exit status.
    pub(crate) status: u8,
}

impl Shown {
    pub(crate) fn answer(self, format: Format) -> Answer {
        let line = |json: Json| format!("{}\n", json.to_text());
        let text = match format {
            Format::Text => self.text,
            Format::Json => line(self.json),
            Format::Junit => self.report.junit(),
            Format::Sarif => line(self.report.sarif(env!("CARGO_PKG_VERSION"))),
            Format::Github => self.report.github(),
        };
        Answer::with_status(text, self.status)
    }
}

/// 0 for allowed, 3 otherwise.
pub(crate) fn status_of(decision: Outcome) -> u8 {
    if decision == Outcome::Allow { 0 } else { DENIED }
}

/// `deny`, and a line for each violation.
pub(crate) fn violations<'a>(
    decision: Outcome,
    violations: impl IntoIterator<Item = &'a Violation>,
) -> String {
    let mut text = format!("{}\n", decision.as_str());
    for violation in violations {
        let about = violation.resource.as_ref().map(|about| format!(" {about}")).unwrap_or_default();
        let Violation { action, rule, message, .. } = violation;
        text.push_str(&format!("  {} {rule}{about}: {message}\n", action.as_str()));
    }
    text
}

/// Violations that stand alone; without one, a check that passed.
pub(crate) fn report(found: &[Violation], name: &str) -> Report {
    if found.iter().any(|violation| violation.action <= Action::RequireApproval) {
        return Report::of_violations(found, name);
    }
    let passed = Check {
        suite: name.to_owned(),
        name: "decision".to_owned(),
        status: CheckStatus::Passed,
        level: Level::Note,
        message: String::new(),
        place: None,
    };
    std::iter::once(passed).chain(Report::of_violations(found, name).checks).collect()
}

/// What the file is called in a report.
pub(crate) fn name(path: &str) -> &str {
    if path == "-" { "stdin" } else { path }
}

/// The JSON of a file, its numbers as they are written.
pub(crate) fn json_of(path: &str) -> Result<Json, Failure> {
    parse(path, &bytes_of(path)?)
}

pub(crate) fn parse(path: &str, text: &[u8]) -> Result<Json, Failure> {
    read_json(text, &LIMITS)
        .map_err(|error| Failure::with_status(format!("{}: `{path}`: {error}", error.code()), BAD_DATA))
}

/// A list of objects from a file: one array, or nothing.
pub(crate) fn list_of(path: Option<&str>) -> Result<Vec<Json>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    match json_of(path)? {
        Json::Array(items) => Ok(items),
        other => {
            let message = format!("`{path}` holds {}; give a list of objects", other.type_name());
            Err(Failure::with_status(message, BAD_DATA))
        }
    }
}

/// The bytes of a file; a missing one ends with 66 (`EX_NOINPUT`), any other fault with 74 (`EX_IOERR`).
pub(crate) fn bytes_of(path: &str) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let done = if path == "-" {
        std::io::stdin().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(path).map(|read| bytes = read)
    };
    done.map(|()| bytes).map_err(|error| unreadable(path, &error))
}

pub(crate) fn unreadable(path: &str, error: &std::io::Error) -> Failure {
    let status = if error.kind() == std::io::ErrorKind::NotFound { NO_INPUT } else { IO };
    Failure::with_status(format!("cannot read `{path}`: {error}"), status)
}

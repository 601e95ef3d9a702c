//! What failed, as the tools of a build show it: `JUnit` XML, SARIF 2.1.0, annotations of GitHub Actions.
//!
//! A [`Report`] is a list of [`Check`]s from anywhere: a decision, a lint, unit tests. Same checks, same bytes.

mod formats;

use super::{Action, Decision, Violation};
#[cfg(feature = "rego")]
use crate::rego::{
    lint::{Finding, LintReport},
    test_runner::{TestReport, TestResult, TestStatus},
};
use crate::{Json, json::Object};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStatus {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// Nobody knows: the check itself broke.
    Errored,
    /// It does not hold, and somebody has accepted that; or it was not run.
    Skipped,
}

/// How bad a failed check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It stops.
    Error,
    /// It is worth a look.
    Warning,
    /// It is worth knowing.
    Note,
}

impl Level {
    /// The level in SARIF: `error`, `warning`, `note`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path as the reader of the report knows it.
    pub file: String,
    /// The line, if known.
    pub line: Option<u64>,
    /// The column, if known.
    pub column: Option<u64>,
}

/// One check and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What the check belongs to, for example the name of the input or of the package.
    pub suite: String,
    /// The rule or the test.
    pub name: String,
    /// How it ended.
    pub status: CheckStatus,
    /// How bad that is.
    pub level: Level,
    /// The sentence for people; for a skipped check why.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
}

/// Checks in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The checks.
    pub checks: Vec<Check>,
}

impl FromIterator<Check> for Report {
    fn from_iter<I: IntoIterator<Item = Check>>(checks: I) -> Self {
        Self { checks: checks.into_iter().collect() }
    }
}

impl Report {
    /// The checks of a decision on the input called `name`: a failed one for each violation, an errored one for a fault,
    /// a skipped one for what was exempted or approved; a passed one when there is nothing else.
    #[must_use]
    pub fn of_decision(decision: &Decision, name: &str) -> Self {
        let check = |rule: &str, status, level, message: &str| Check {
            suite: name.to_owned(),
            name: rule.to_owned(),
            status,
            level,
            message: message.to_owned(),
            place: Some(Place { file: name.to_owned(), line: None, column: None }),
        };
        let mut checks = Vec::new();
        let approved = decision.approvals.as_ref();
        for violation in &decision.violations {
            let asks = violation.action == Action::RequireApproval;
            let lifted =
                asks && approved.is_some_and(|a| !a.missing.iter().any(|(rule, _)| *rule == violation.rule));
            let status = if lifted { CheckStatus::Skipped } else { CheckStatus::Failed };
            let level = if lifted { Level::Note } else { Level::Error };
            let message =
                if lifted { format!("approved: {}", violation.message) } else { violation.message.clone() };
            checks.push(check(&violation.rule, status, level, &message));
        }
        if let Some(fault) = &decision.fault {
            checks.push(check(&fault.code, CheckStatus::Errored, Level::Error, &fault.message()));
        }
        for exempted in &decision.exempted {
            let message = format!("exempted by `{}`", exempted.exemption);
            checks.push(check(&exempted.rule, CheckStatus::Skipped, Level::Note, &message));
        }
        for warning in &decision.warnings {
            checks.push(check(&warning.rule, CheckStatus::Passed, Level::Warning, &warning.message));
        }
        for advice in &decision.advice {
            checks.push(check(&advice.rule, CheckStatus::Passed, Level::Note, &advice.message));
        }
        if checks.is_empty() {
            checks.push(check("decision", CheckStatus::Passed, Level::Note, ""));
        }
        Self { checks }
    }

    /// The checks of violations that stand alone, for example of an infrastructure gate on the file `name`.
    #[must_use]
    pub fn of_violations(violations: &[Violation], name: &str) -> Self {
        let check = |violation: &Violation| {
            let (status, level) = match violation.action {
                Action::Deny | Action::RequireApproval => (CheckStatus::Failed, Level::Error),
                Action::Warn => (CheckStatus::Passed, Level::Warning),
                Action::Advice => (CheckStatus::Passed, Level::Note),
            };
            let about = violation.resource.iter().chain(&violation.subject).map(String::as_str);
            let about: Vec<&str> = about.filter(|about| !violation.message.contains(about)).collect();
            let message = if about.is_empty() {
                violation.message.clone()
            } else {
                format!("{}: {}", about.join(" "), violation.message)
            };
            Check {
                suite: name.to_owned(),
                name: violation.rule.to_string(),
                status,
                level,
                message,
                place: Some(Place { file: name.to_owned(), line: None, column: None }),
            }
        };
        violations.iter().map(check).collect()
    }

    /// The checks of a lint: its errors, then its warnings, each in the file where it stands.
    #[cfg(feature = "rego")]
    #[must_use]
    pub fn of_lint(report: &LintReport) -> Self {
        let check = |finding: &Finding, status, level| Check {
            suite: if finding.file.is_empty() { "lint".to_owned() } else { finding.file.clone() },
            name: finding.code.to_owned(),
            status,
            level,
            message: finding.message.clone(),
            place: place(&finding.file, finding.line, finding.column),
        };
        let errors = report.errors.iter().map(|finding| check(finding, CheckStatus::Failed, Level::Error));
        let warnings =
            report.warnings.iter().map(|finding| check(finding, CheckStatus::Passed, Level::Warning));
        errors.chain(warnings).collect()
    }

    /// The checks of unit tests in Rego, a suite for each package.
    #[cfg(feature = "rego")]
    #[must_use]
    pub fn of_tests(report: &TestReport) -> Self {
        let check = |result: &TestResult| Check {
            suite: result.package.clone(),
            name: result.name.clone(),
            status: match result.status {
                TestStatus::Pass => CheckStatus::Passed,
                TestStatus::Fail => CheckStatus::Failed,
                TestStatus::Error => CheckStatus::Errored,
                TestStatus::Skip => CheckStatus::Skipped,
            },
            level: if result.status == TestStatus::Skip { Level::Note } else { Level::Error },
            message: result.message.clone().unwrap_or_default(),
            place: place(&result.file, result.line.unwrap_or_default(), 0),
        };
        report.results.iter().map(check).collect()
    }

    /// Whether nothing failed or errored.
    #[must_use]
    pub fn success(&self) -> bool {
        self.checks.iter().all(|check| !is_bad(check.status))
    }

    fn count(&self, status: CheckStatus) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }

    fn suites(&self) -> Vec<(&str, Self)> {
        let mut suites: Vec<(&str, Self)> = Vec::new();
        for check in &self.checks {
            match suites.iter_mut().find(|(name, _)| *name == check.suite) {
                Some((_, suite)) => suite.checks.push(check.clone()),
                None => suites.push((&check.suite, Self { checks: vec![check.clone()] })),
            }
        }
        suites
    }

    /// `[{suite, name, status, level, message, file?, line?, column?}]`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::array(self.checks.iter().map(|check| {
            let status = match check.status {
                CheckStatus::Passed => "passed",
                CheckStatus::Failed => "failed",
                CheckStatus::Errored => "errored",
                CheckStatus::Skipped => "skipped",
            };
            let mut members = Object::new();
            members.insert("suite", check.suite.as_str());
            members.insert("name", check.name.as_str());
            members.insert("status", status);
            members.insert("level", check.level.as_str());
            members.insert("message", check.message.as_str());
            if let Some(place) = &check.place {
                members.insert("file", place.file.as_str());
                for (name, number) in [("line", place.line), ("column", place.column)] {
                    if let Some(number) = number {
                        members.insert(name, number);
                    }
                }
            }
            Json::Object(members)
        }))
    }
}

/// A place in a file; 0 stands for an unknown line or column.
#[cfg(feature = "rego")]
fn place(file: &str, line: u32, column: u32) -> Option<Place> {
    let known = |number: u32| (number > 0).then_some(u64::from(number));
    (!file.is_empty()).then(|| Place { file: file.to_owned(), line: known(line), column: known(column) })
}

const fn is_bad(status: CheckStatus) -> bool {
    matches!(status, CheckStatus::Failed | CheckStatus::Errored)
}

#[cfg(test)]
mod tests;

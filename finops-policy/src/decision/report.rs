//! What failed, as the tools of a build show it: `JUnit` XML, SARIF 2.1.0, annotations of GitHub Actions.
//!
//! A [`Report`] is a list of [`Check`]s from anywhere: a decision, a lint, unit tests. Same checks, same bytes.

use super::{Action, Decision, Violation};
#[cfg(feature = "rego")]
use crate::rego::{
    lint::{Finding, LintReport},
    test_runner::{TestReport, TestResult, TestStatus},
};
use crate::{Json, json::Object};
use std::fmt::Write as _;

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
                name: violation.rule.clone(),
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

    /// `JUnit` XML: a suite for each [`Check::suite`], without times.
    #[must_use]
    pub fn junit(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        open(&mut xml, "testsuites", "finops", self, false);
        for (name, suite) in self.suites() {
            open(&mut xml, "  <testsuite", name, &suite, true);
            for check in &suite.checks {
                case(&mut xml, check);
            }
            xml.push_str("  </testsuite>\n");
        }
        xml.push_str("</testsuites>\n");
        xml
    }

    /// SARIF 2.1.0: a result for each check that did not pass silently; `version` is that of the tool.
    #[must_use]
    pub fn sarif(&self, version: &str) -> Json {
        let shown: Vec<&Check> = self.checks.iter().filter(|check| is_shown(check)).collect();
        let mut rules: Vec<&str> = shown.iter().map(|check| check.name.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        let results = shown.iter().map(|check| result(check, &rules));
        let driver = Json::object([
            ("name", Json::from("finops")),
            ("version", Json::from(version)),
            ("rules", Json::array(rules.iter().map(|id| Json::object([("id", Json::from(*id))])))),
        ]);
        let run = Json::object([
            ("tool", Json::object([("driver", driver)])),
            ("columnKind", Json::from("utf16CodeUnits")),
            ("results", Json::array(results)),
        ]);
        Json::object([
            (
                "$schema",
                Json::from(
                    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
                ),
            ),
            ("version", Json::from("2.1.0")),
            ("runs", Json::array([run])),
        ])
    }

    /// Workflow commands of GitHub Actions, one a line, for each check that did not pass silently.
    #[must_use]
    pub fn github(&self) -> String {
        let mut text = String::new();
        for check in self.checks.iter().filter(|check| is_shown(check)) {
            let command = match check.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => "notice",
            };
            text.push_str("::");
            text.push_str(command);
            text.push(' ');
            if let Some(place) = &check.place {
                put(&mut text, format_args!("file={},", property(&place.file)));
                for (name, number) in [("line", place.line), ("col", place.column)] {
                    if let Some(number) = number {
                        put(&mut text, format_args!("{name}={number},"));
                    }
                }
            }
            put(&mut text, format_args!("title={}::{}\n", property(&check.name), data(&check.message)));
        }
        text
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

/// A passed check with a message is a warning or advice.
fn is_shown(check: &Check) -> bool {
    check.status != CheckStatus::Passed || !check.message.is_empty()
}

fn result(check: &Check, rules: &[&str]) -> Json {
    let mut members = Object::new();
    members.insert("ruleId", check.name.as_str());
    if let Ok(index) = rules.binary_search(&check.name.as_str()) {
        members.insert("ruleIndex", index);
    }
    members.insert("level", check.level.as_str());
    let text = if check.message.is_empty() { &check.name } else { &check.message };
    members.insert("message", Json::object([("text", Json::from(text.as_str()))]));
    if let Some(place) = &check.place {
        let mut physical = Object::new();
        physical.insert("artifactLocation", Json::object([("uri", Json::from(uri(&place.file)))]));
        if let Some(line) = place.line {
            let mut region = Object::new();
            region.insert("startLine", line);
            if let Some(column) = place.column {
                region.insert("startColumn", column);
            }
            physical.insert("region", region);
        }
        let location = Json::object([("physicalLocation", Json::Object(physical))]);
        members.insert("locations", Json::array([location]));
    }
    if check.status == CheckStatus::Skipped {
        let accepted = Json::object([
            ("kind", Json::from("external")),
            ("justification", Json::from(check.message.as_str())),
        ]);
        members.insert("suppressions", Json::array([accepted]));
    }
    Json::Object(members)
}

/// A path as a URI reference (RFC 3986): what stands in no path is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            b'\\' => uri.push('/'),
            other => put(&mut uri, format_args!("%{other:02X}")),
        }
    }
    uri
}

fn open(xml: &mut String, tag: &str, name: &str, checks: &Report, skipped: bool) {
    let bracket = if tag.contains('<') { "" } else { "<" };
    put(
        xml,
        format_args!(
            "{bracket}{tag} name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\"",
            attribute(name),
            checks.checks.len(),
            checks.count(CheckStatus::Failed),
            checks.count(CheckStatus::Errored),
        ),
    );
    if skipped {
        put(xml, format_args!(" skipped=\"{}\"", checks.count(CheckStatus::Skipped)));
    }
    xml.push_str(">\n");
}

fn case(xml: &mut String, check: &Check) {
    put(
        xml,
        format_args!(
            "    <testcase name=\"{}\" classname=\"{}\"",
            attribute(&check.name),
            attribute(&check.suite)
        ),
    );
    if let Some(place) = &check.place {
        put(xml, format_args!(" file=\"{}\"", attribute(&place.file)));
        if let Some(line) = place.line {
            put(xml, format_args!(" line=\"{line}\""));
        }
    }
    let message = attribute(&check.message);
    match check.status {
        CheckStatus::Passed if check.message.is_empty() => xml.push_str("/>\n"),
        CheckStatus::Passed => {
            put(xml, format_args!(">\n      <system-out>{message}</system-out>\n    </testcase>\n"));
        }
        CheckStatus::Skipped => {
            put(xml, format_args!(">\n      <skipped message=\"{message}\"/>\n    </testcase>\n"));
        }
        CheckStatus::Failed | CheckStatus::Errored => {
            let tag = if check.status == CheckStatus::Failed { "failure" } else { "error" };
            let kind = attribute(&check.name);
            put(
                xml,
                format_args!(
                    ">\n      <{tag} message=\"{message}\" type=\"{kind}\">{message}</{tag}>\n    </testcase>\n"
                ),
            );
        }
    }
}

/// XML text, also inside an attribute; what XML 1.0 cannot hold becomes U+FFFD.
fn attribute(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => put(&mut escaped, format_args!("&#{};", u32::from(c))),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// The text of a workflow command (docs.github.com, workflow commands): `%`, CR and LF are encoded.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn put(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = text.write_fmt(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: CheckStatus, level: Level, message: &str, place: Option<Place>) -> Check {
        let (suite, name) = ("a<b>".to_owned(), "lint.x".to_owned());
        Check { suite, name, status, level, message: message.to_owned(), place }
    }

    fn place(file: &str, line: Option<u64>, column: Option<u64>) -> Option<Place> {
        Some(Place { file: file.to_owned(), line, column })
    }

    fn report() -> Report {
        [
            check(
                CheckStatus::Failed,
                Level::Error,
                "1 < 2 & \"x\"\n\u{1}",
                place("dir/a b.rego", Some(3), Some(4)),
            ),
            check(CheckStatus::Skipped, Level::Note, "exempted by `EX-1`", place("c:\\x", None, None)),
            check(CheckStatus::Passed, Level::Warning, "100% of a, b: c", None),
            check(CheckStatus::Passed, Level::Note, "", None),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn junit_holds_every_check_and_escapes_what_xml_cannot_hold() {
        let xml = report().junit();
        assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"finops\" tests=\"4\" failures=\"1\" errors=\"0\">\n"));
        assert!(xml.contains(
            "<testsuite name=\"a&lt;b&gt;\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\">"
        ));
        assert!(xml.contains("file=\"dir/a b.rego\" line=\"3\""));
        assert!(
            xml.contains("<failure message=\"1 &lt; 2 &amp; &quot;x&quot;&#10;\u{fffd}\" type=\"lint.x\">")
        );
        assert!(xml.contains("<system-out>100% of a, b: c</system-out>"));
        assert_eq!(xml.matches("<testcase ").count(), 4);
        assert!(xml.ends_with("  </testsuite>\n</testsuites>\n"));
        assert!(!report().success());
    }

    #[test]
    fn sarif_names_rule_level_place_and_what_was_accepted() {
        let sarif = report().sarif("0.1.0");
        let at = |pointer: &str| sarif.pointer(pointer).map(Json::to_text).unwrap_or_default();
        assert_eq!(at("/version"), r#""2.1.0""#);
        assert_eq!(at("/runs/0/tool/driver/rules"), r#"[{"id":"lint.x"}]"#);
        assert_eq!(sarif.pointer("/runs/0/results").and_then(Json::as_array).unwrap().len(), 3);
        assert_eq!(at("/runs/0/results/0/ruleIndex"), "0");
        assert_eq!(
            at("/runs/0/results/0/locations"),
            r#"[{"physicalLocation":{"artifactLocation":{"uri":"dir/a%20b.rego"},"region":{"startLine":3,"startColumn":4}}}]"#
        );
        assert_eq!(at("/runs/0/results/1/suppressions/0/kind"), r#""external""#);
        assert_eq!(at("/runs/0/results/2/level"), r#""warning""#);
    }

    #[test]
    fn annotations_encode_what_the_runner_reads() {
        let text = report().github();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "::error file=dir/a b.rego,line=3,col=4,title=lint.x::1 < 2 & \"x\"%0A\u{1}");
        assert_eq!(lines[1], "::notice file=c%3A\\x,title=lint.x::exempted by `EX-1`");
        assert_eq!(lines[2], "::warning title=lint.x::100%25 of a, b: c");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn violations_that_stand_alone_name_their_resource() {
        let denied = Violation {
            resource: Some("aws_instance.a".to_owned()),
            ..Violation::new("iac.tags.required", Action::Deny, "tag `team` is missing")
        };
        let warned = Violation::new("iac.plan_incomplete", Action::Warn, "the plan is incomplete");
        let report = Report::of_violations(&[denied, warned], "plan.json");
        assert_eq!(report.checks[0].message, "aws_instance.a: tag `team` is missing");
        assert_eq!((report.checks[1].status, report.checks[1].level), (CheckStatus::Passed, Level::Warning));
        assert!(!report.success());
    }

    #[cfg(feature = "rego")]
    #[test]
    fn a_lint_and_unit_tests_are_reports_too() {
        use crate::rego::{Module, lint, test_runner};
        let text = "package finops\ndeny contains 1 if http.send({})\ntest_a if true\ntest_b if false\ntodo_test_c if false\n";
        let modules = [Module::new("p.rego", text)];
        let empty = Json::object::<&str>([]);
        let lint = Report::of_lint(&lint::lint(&modules, &empty, "finops"));
        let forbidden = lint.checks.iter().find(|check| check.name == "lint.builtin_forbidden").unwrap();
        assert_eq!(
            forbidden.place.as_ref().map(|place| (place.file.as_str(), place.line)),
            Some(("p.rego", Some(2)))
        );
        assert!(!lint.success());
        let text = text.replace("http.send({})", "input.x");
        let tests =
            test_runner::run(&[Module::new("p.rego", text)], &empty, &test_runner::TestOptions::default());
        let tests = Report::of_tests(&tests.unwrap());
        let ends: Vec<_> = tests.checks.iter().map(|check| (check.name.as_str(), check.status)).collect();
        let expected = [
            ("test_a", CheckStatus::Passed),
            ("test_b", CheckStatus::Failed),
            ("todo_test_c", CheckStatus::Skipped),
        ];
        assert_eq!(ends, expected);
        assert!(
            tests.junit().contains(
                "<testsuite name=\"finops\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">"
            )
        );
    }
}

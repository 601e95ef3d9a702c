//! Reports in every format.

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
    assert!(
        xml.contains("<testsuite name=\"a&lt;b&gt;\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\">")
    );
    assert!(xml.contains("file=\"dir/a b.rego\" line=\"3\""));
    assert!(xml.contains("<failure message=\"1 &lt; 2 &amp; &quot;x&quot;&#10;\u{fffd}\" type=\"lint.x\">"));
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
        tests
            .junit()
            .contains("<testsuite name=\"finops\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">")
    );
}

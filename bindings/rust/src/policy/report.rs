//! What a lint, a load and a run of tests say: as JSON, and as the checks that JUnit, SARIF and GitHub show.

use finops_policy::{
    Json,
    decision::report::{Check, CheckStatus, Level, Place, Report},
    json::Object,
    rego::{
        LoadReport, Module, RegoError,
        lint::{self, Finding},
        test_runner::{self, TestOptions, TestReport, TestStatus},
    },
};

/// `{code, file, line, column, message}`.
#[must_use]
pub fn finding_json(finding: &Finding) -> Json {
    Json::object([
        ("code", Json::from(finding.code)),
        ("file", Json::from(finding.file.as_str())),
        ("line", Json::from(finding.line)),
        ("column", Json::from(finding.column)),
        ("message", Json::from(finding.message.as_str())),
    ])
}

fn findings_json(findings: &[Finding]) -> Json {
    Json::array(findings.iter().map(finding_json))
}

/// The findings that refused a set.
#[must_use]
pub fn refusal_json(error: &RegoError) -> Json {
    match error {
        RegoError::Refused { findings } | RegoError::Engine { reasons: findings } => findings_json(findings),
        _ => Json::Array(Vec::new()),
    }
}

/// `{engine, engine_reasons, warnings, tests}` of a set that was loaded.
#[must_use]
pub fn load_json(report: &LoadReport) -> Json {
    Json::object([
        ("engine", Json::from(report.engine.as_str())),
        ("engine_reasons", findings_json(&report.engine_reasons)),
        ("warnings", findings_json(&report.warnings)),
        ("tests", report.tests.as_ref().map_or(Json::Null, tests_json)),
    ])
}

/// `{results, passed, failed, errored, skipped, success, coverage?}` of a run of tests.
#[must_use]
pub fn tests_json(report: &TestReport) -> Json {
    let results = report.results.iter().map(|result| {
        Json::object([
            ("package", Json::from(result.package.as_str())),
            ("name", Json::from(result.name.as_str())),
            ("status", Json::from(result.status.as_str())),
            ("message", Json::from(result.message.as_deref())),
            ("file", Json::from(result.file.as_str())),
            ("line", Json::from(result.line)),
        ])
    });
    let mut members = Object::new();
    members.insert("results", Json::array(results));
    for (name, status) in [
        ("passed", TestStatus::Pass),
        ("failed", TestStatus::Fail),
        ("errored", TestStatus::Error),
        ("skipped", TestStatus::Skip),
    ] {
        members.insert(name, u64::try_from(report.count(status)).unwrap_or(u64::MAX));
    }
    members.insert("success", report.success());
    if let Some(coverage) = &report.coverage {
        let (covered, lines) = coverage.lines();
        let files = coverage.files.iter().map(|file| {
            Json::object([
                ("path", Json::from(file.path.as_str())),
                ("covered", Json::array(file.covered.iter().copied())),
                ("not_covered", Json::array(file.not_covered.iter().copied())),
            ])
        });
        let count = |count: usize| Json::from(u64::try_from(count).unwrap_or(u64::MAX));
        let coverage = [("covered", count(covered)), ("lines", count(lines)), ("files", Json::array(files))];
        members.insert("coverage", Json::object(coverage));
    }
    Json::Object(members)
}

/// The checks of a run of tests.
#[must_use]
pub fn tests_report(report: &TestReport) -> Report {
    let check = |result: &test_runner::TestResult| Check {
        suite: result.package.clone(),
        name: result.name.clone(),
        status: match result.status {
            TestStatus::Pass => CheckStatus::Passed,
            TestStatus::Fail => CheckStatus::Failed,
            TestStatus::Error => CheckStatus::Errored,
            TestStatus::Skip => CheckStatus::Skipped,
        },
        level: Level::Error,
        message: result.message.clone().unwrap_or_default(),
        place: Some(Place { file: result.file.clone(), line: result.line.map(u64::from), column: None }),
    };
    report.results.iter().map(check).collect()
}

/// A lint: its JSON, and its checks.
#[must_use]
pub fn lint(modules: &[Module], data: &Json, entry: &str) -> (Json, Report) {
    let report = lint::lint(modules, data, entry);
    let json = Json::object([
        ("loads", Json::from(report.loads())),
        ("errors", findings_json(&report.errors)),
        ("warnings", findings_json(&report.warnings)),
        ("engine", report.loads().then(|| report.engine.engine.as_str()).into()),
        ("engine_reasons", findings_json(&report.engine.reasons)),
    ]);
    let check = |status, level| {
        move |finding: &Finding| Check {
            suite: "policy lint".to_owned(),
            name: finding.code.to_owned(),
            status,
            level,
            message: finding.message.clone(),
            place: Some(Place {
                file: finding.file.clone(),
                line: Some(u64::from(finding.line)).filter(|line| *line > 0),
                column: Some(u64::from(finding.column)).filter(|column| *column > 0),
            }),
        }
    };
    let errors = report.errors.iter().map(check(CheckStatus::Failed, Level::Error));
    let warnings = report.warnings.iter().map(check(CheckStatus::Passed, Level::Warning));
    (json, errors.chain(warnings).collect())
}

/// Runs the tests of a set.
///
/// # Errors
/// `policy.parse`, `policy.compile`, `policy.eval`, `policy.panic`.
pub fn test(modules: &[Module], data: &Json, coverage: bool) -> Result<TestReport, RegoError> {
    let options = TestOptions { coverage, ..TestOptions::default() };
    Ok(test_runner::run(modules, data, &options)?)
}

//! Unit tests in Rego: every rule `test_*`, in the strict interpreter, with coverage. Section 10 of the policy
//! specification.

pub mod table;

use std::{collections::BTreeSet, sync::Arc};

use regorus::Value;

use super::{
    Module,
    coverage::{self, Coverage},
    engine::{EvalError, Limits, Parsed, guarded, interpreted, read},
    merge::Origins,
    source::{SetRules, data_path},
    value,
};
use crate::{Json, json::Object};

/// What one test came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestStatus {
    /// The rule is true.
    Pass,
    /// The rule is undefined or anything but true.
    Fail,
    /// The evaluation failed.
    Error,
    /// A rule `todo_test_*`: named, not run.
    Skip,
}

impl TestStatus {
    /// `pass`, `fail`, `error` or `skip`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skip => "skip",
        }
    }
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// The package without `data`, its segments joined by dots.
    pub package: String,
    /// The rule, or the case of a table.
    pub name: String,
    /// What it came to.
    pub status: TestStatus,
    /// Why it did not pass.
    pub message: Option<String>,
    /// The file.
    pub file: String,
    /// The line of its first head, from 1; of a table none.
    pub line: Option<u32>,
}

impl TestResult {
    /// `{package, name, status, message, file, line}`; the message and the line may be null.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("package", Json::from(self.package.as_str())),
            ("name", Json::from(self.name.as_str())),
            ("status", Json::from(self.status.as_str())),
            ("message", Json::from(self.message.as_deref())),
            ("file", Json::from(self.file.as_str())),
            ("line", Json::from(self.line)),
        ])
    }
}

/// The outcome of a run of tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestReport {
    /// In the order of modules and source.
    pub results: Vec<TestResult>,
    /// Which lines the tests reached, if asked.
    pub coverage: Option<Coverage>,
}

impl TestReport {
    /// How many tests came to `status`.
    #[must_use]
    pub fn count(&self, status: TestStatus) -> usize {
        self.results.iter().filter(|result| result.status == status).count()
    }

    /// How many tests came to what, by the names of section 10.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u64); 4] {
        [
            ("passed", TestStatus::Pass),
            ("failed", TestStatus::Fail),
            ("errored", TestStatus::Error),
            ("skipped", TestStatus::Skip),
        ]
        .map(|(name, status)| (name, u64::try_from(self.count(status)).unwrap_or(u64::MAX)))
    }

    /// `{results, passed, failed, errored, skipped, success, coverage?}`; a result is
    /// `{package, name, status, message, file, line}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut members = Object::new();
        members.insert("results", Json::array(self.results.iter().map(TestResult::to_json)));
        for (name, count) in self.counts() {
            members.insert(name, count);
        }
        members.insert("success", self.success());
        if let Some(coverage) = &self.coverage {
            members.insert("coverage", coverage.to_json());
        }
        Json::Object(members)
    }

    /// No failure, no error, and at least one pass.
    #[must_use]
    pub fn success(&self) -> bool {
        !self.refuses() && self.count(TestStatus::Pass) > 0
    }

    /// A failure or an error.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.first_failure().is_some()
    }

    /// The first failure or error.
    #[must_use]
    pub fn first_failure(&self) -> Option<&TestResult> {
        self.results.iter().find(|result| matches!(result.status, TestStatus::Fail | TestStatus::Error))
    }
}

/// How tests are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestOptions {
    /// Record which lines were reached.
    pub coverage: bool,
    /// Bounds of each test.
    pub limits: Limits,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self { coverage: false, limits: Limits::patient() }
    }
}

/// Runs every test of `modules` over the base document `data`. Nothing is linted.
///
/// ```
/// use finops_policy::{Json, rego::{Module, test_runner}};
/// let module = Module::new("p.rego", "package p\nlimit := 5\ntest_limit if limit == 5\n");
/// let data = Json::object::<&str>([]);
/// let report = test_runner::run(&[module], &data, &test_runner::TestOptions::default())?;
/// assert!(report.success());
/// # Ok::<(), finops_policy::rego::EvalError>(())
/// ```
///
/// # Errors
/// `policy.parse`, `policy.compile`, `policy.eval` for a number in `data` beyond the largest double, `policy.panic`.
pub fn run(modules: &[Module], data: &Json, options: &TestOptions) -> Result<TestReport, EvalError> {
    guarded(|| {
        let Parsed { mut engine, rules, origins } = read(modules)?;
        engine.set_strict_builtin_errors(true);
        let data = value::from_json(data)?.value;
        engine.add_data(data).map_err(|e| EvalError::new("policy.compile", e.to_string()))?;
        run_prepared(&engine, (&rules, &origins), options)
    })
}

/// Runs the tests among `rules` in copies of `engine`, which has them and its data.
pub(super) fn run_prepared(
    engine: &regorus::Engine,
    (rules, origins): (&SetRules, &Origins),
    options: &TestOptions,
) -> Result<TestReport, EvalError> {
    let mut engine = engine.clone();
    engine.set_enable_coverage(options.coverage);
    let mut seen = BTreeSet::new();
    let mut results = Vec::new();
    let mut lines = coverage::Lines::default();
    let mut prepared = false;
    for rule in rules.rules() {
        let [name] = rule.name.as_slice() else { continue };
        let skip = name.starts_with("todo_test_");
        if rule.function || !(skip || name.starts_with("test_")) || !seen.insert((&rule.package, name)) {
            continue;
        }
        let path = data_path(rule.package.iter().map(String::as_str).chain([name.as_str()]));
        if !skip && !prepared {
            // Compiled once; the copies share it.
            let path: Arc<str> = path.as_str().into();
            engine
                .compile_with_entrypoint(&path)
                .map_err(|e| EvalError::new("policy.compile", e.to_string()))?;
            prepared = true;
        }
        let (status, message) = if skip {
            (TestStatus::Skip, None)
        } else {
            // Its own copy: what one test leaves behind, a fault above all, must not reach the next.
            let mut engine = engine.clone();
            let outcome = guarded(|| {
                let value = interpreted(&mut engine, &path, Value::Undefined, &options.limits);
                if options.coverage {
                    lines.add(&engine, origins)?;
                }
                value
            });
            judged(outcome)
        };
        results.push(TestResult {
            package: rule.package.join("."),
            name: name.clone(),
            status,
            message,
            file: rule.file.clone(),
            line: Some(rule.line),
        });
    }
    let coverage = options.coverage.then(|| lines.coverage(rules));
    Ok(TestReport { results, coverage })
}

fn judged(outcome: Result<Value, EvalError>) -> (TestStatus, Option<String>) {
    match outcome {
        Ok(Value::Bool(true)) => (TestStatus::Pass, None),
        Ok(Value::Undefined) => (TestStatus::Fail, Some("the test is undefined".to_owned())),
        Ok(value) => {
            // Enough to recognize the value; an error means that it is longer than that.
            let shown =
                value::to_json(&value, 200).map_or_else(|_| "a long value".to_owned(), |v| v.to_text());
            (TestStatus::Fail, Some(format!("the test is {shown}, not true")))
        }
        Err(error) => (TestStatus::Error, Some(error.to_string())),
    }
}

#[cfg(test)]
mod tests;

//! Which lines of the policies the tests reached.

use std::collections::{BTreeMap, BTreeSet};

use super::{engine::EvalError, merge::Origins, source::SetRules};
use crate::Json;

/// The lines of one file, from 1, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file.
    pub path: String,
    /// Lines with an expression that was evaluated.
    pub covered: Vec<u32>,
    /// Lines with an expression that was not.
    pub not_covered: Vec<u32>,
}

impl FileCoverage {
    /// `{path, covered, not_covered}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("path", Json::from(self.path.as_str())),
            ("covered", Json::array(self.covered.iter().copied())),
            ("not_covered", Json::array(self.not_covered.iter().copied())),
        ])
    }
}

/// The coverage of a run, sorted by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Every file with a rule.
    pub files: Vec<FileCoverage>,
}

impl Coverage {
    /// `{covered, lines, files}`: lines that ran, all lines with an expression, and both of each file.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let (covered, lines) = self.lines();
        let count = |count: usize| Json::from(u64::try_from(count).unwrap_or(u64::MAX));
        let files = Json::array(self.files.iter().map(FileCoverage::to_json));
        Json::object([("covered", count(covered)), ("lines", count(lines)), ("files", files)])
    }

    /// Lines covered, and all lines with an expression.
    #[must_use]
    pub fn lines(&self) -> (usize, usize) {
        self.files.iter().fold((0, 0), |(covered, all), file| {
            let here = file.covered.len();
            (covered.saturating_add(here), all.saturating_add(here).saturating_add(file.not_covered.len()))
        })
    }

    /// Whether at least `percent` of the lines are covered; exact, and true without a line.
    ///
    /// ```
    /// use finops_policy::rego::coverage::{Coverage, FileCoverage};
    /// let file = FileCoverage { path: "p.rego".into(), covered: vec![3, 4], not_covered: vec![5] };
    /// let coverage = Coverage { files: vec![file] };
    /// assert!(coverage.reaches(66) && !coverage.reaches(67));
    /// ```
    #[must_use]
    pub fn reaches(&self, percent: u8) -> bool {
        let (covered, all) = self.lines();
        covered.saturating_mul(100) >= all.saturating_mul(usize::from(percent))
    }
}

/// Lines by file, gathered over the copies of an interpreter.
#[derive(Debug, Default)]
pub(super) struct Lines(BTreeMap<String, (BTreeSet<u32>, BTreeSet<u32>)>);

impl Lines {
    /// Adds what `engine` evaluated.
    pub(super) fn add(&mut self, engine: &regorus::Engine, origins: &Origins) -> Result<(), EvalError> {
        let report = engine.get_coverage_report().map_err(|e| EvalError::eval(e.to_string()))?;
        for file in report.files {
            for (lines, is_covered) in [(file.covered, true), (file.not_covered, false)] {
                for line in lines {
                    let (path, line) = origins.of(&file.path, line);
                    let (covered, known) = self.0.entry(path.to_owned()).or_default();
                    known.insert(line);
                    if is_covered {
                        covered.insert(line);
                    }
                }
            }
        }
        Ok(())
    }

    /// Of every file with a rule; the engine knows nothing about one that no test reached, so there each head counts as a
    /// line.
    pub(super) fn coverage(self, rules: &SetRules) -> Coverage {
        let mut lines = self.0;
        let mut untouched: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        for rule in rules.rules().iter().filter(|rule| !lines.contains_key(&rule.file)) {
            untouched.entry(&rule.file).or_default().insert(rule.line);
        }
        for (file, heads) in untouched {
            lines.insert(file.to_owned(), (BTreeSet::new(), heads));
        }
        let files = lines.into_iter().map(|(path, (covered, known))| FileCoverage {
            path,
            not_covered: known.difference(&covered).copied().collect(),
            covered: covered.into_iter().collect(),
        });
        Coverage { files: files.collect() }
    }
}

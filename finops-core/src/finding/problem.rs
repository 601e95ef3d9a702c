//! What is wrong with a record, and what was changed to take it.

use crate::{error::shorten, json::Json};
use std::{borrow::Cow, collections::BTreeMap};

/// Errors that are listed for one record.
pub(super) const LISTED: usize = 20;

/// One reason why a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where: a JSON pointer into the record as it was given; empty for the whole.
    pub path: String,
    /// The stable code, such as `finding.bad_money`.
    pub code: &'static str,
    /// The offending value, cut to 80 characters; empty where there is none.
    pub value: String,
    /// What to do.
    pub help: &'static str,
}

impl Problem {
    /// The problem as JSON: `code`, `path`, `value`, `help`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("code", Json::from(self.code)),
            ("path", Json::from(&self.path)),
            ("value", Json::from(&self.value)),
            ("help", Json::from(self.help)),
        ])
    }
}

/// Something that was changed in a record which was taken all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Where: a JSON pointer into the record.
    pub path: String,
    /// `finding.cleaned` or `finding.truncated`.
    pub code: &'static str,
}

/// How often something was changed, over all records read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Names and words of the public system that were taken for ours.
    pub aliases: u64,
    /// Accounts that got their leading zeros back.
    pub account_padded: u64,
    /// Unknown members that were dropped.
    pub unknown_dropped: u64,
    /// Secrets that were taken out.
    pub redactions: u64,
    /// Equal records that were kept once.
    pub duplicates: u64,
}

impl Counts {
    /// The counts by name, zeros left out.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = [
            ("aliases", self.aliases),
            ("account_padded", self.account_padded),
            ("unknown_dropped", self.unknown_dropped),
            ("redactions", self.redactions),
            ("duplicates", self.duplicates),
        ];
        all.into_iter().filter(|(_, count)| *count > 0)
    }
}

pub(super) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// What is found while one record is read.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// By path, so that a record with a hundred thousand faults is still looked at in time.
    problems: BTreeMap<String, Problem>,
    warnings: Vec<Warning>,
    /// Members that were given under another name: ours, and the one of the record.
    aliases: Vec<(&'static str, &'static str)>,
    pub counts: Counts,
}

impl Notes {
    /// What is noted about `ours` from here on is noted about `given`: the place that the record has.
    pub fn alias(&mut self, ours: &'static str, given: &'static str) {
        self.aliases.push((ours, given));
    }

    fn given<'p>(&self, path: &'p str) -> &'p str {
        self.aliases.iter().find(|(ours, _)| *ours == path).map_or(path, |(_, given)| given)
    }

    /// Notes a problem, unless its place or one above it has one already: the first says it all.
    pub fn problem(
        &mut self,
        code: &'static str,
        path: impl Into<Cow<'static, str>>,
        value: &str,
        help: &'static str,
    ) {
        let path = path.into();
        if !self.failed(&path) {
            let path = self.given(&path).to_owned();
            let problem = Problem { path: path.clone(), code, value: shorten(value), help };
            self.problems.insert(path, problem);
        }
    }

    /// Whether `path` or a place above it has a problem.
    pub fn failed(&self, path: &str) -> bool {
        if self.problems.is_empty() {
            return false;
        }
        let mut above = Some(self.given(path));
        while let Some(place) = above {
            if self.problems.contains_key(place) {
                return true;
            }
            above = place.rfind('/').and_then(|end| place.get(..end));
        }
        false
    }

    pub fn warn(&mut self, code: &'static str, path: impl Into<Cow<'static, str>>) {
        let path = self.given(&path.into()).to_owned();
        self.warnings.push(Warning { path, code });
    }

    pub fn clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// The problems by path, at most [`LISTED`].
    pub fn problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems).into_values().take(LISTED).collect()
    }

    pub fn warnings(&mut self) -> Vec<Warning> {
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.sort_unstable();
        warnings
    }
}

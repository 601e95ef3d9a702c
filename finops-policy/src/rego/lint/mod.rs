//! The load-time lint: what would make a set of policies abort the process, never end, fall silent or decide otherwise
//! than it reads, and which engine may run it.

mod builtins;
mod checks;
mod compile;
mod graph;
pub(super) mod index;
mod limits;
mod names;
pub(super) mod proof;
#[cfg(test)]
mod properties;
mod stack;
pub(super) mod syntax;
#[cfg(test)]
mod tests;
pub(super) mod walk;

pub(super) use checks::is_conflict;
pub(super) use compile::finding as place;

use super::{Engine, Module, subset};
use crate::Json;
use std::collections::BTreeSet;

/// One remark about a set of policies.
///
/// Findings sort by file, line, column, code and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable dotted code, for example `lint.recursion`.
    pub code: &'static str,
    /// The name of the module; empty for the set as a whole.
    pub file: String,
    /// Line, from 1; 0 for the set as a whole.
    pub line: u32,
    /// Column in characters, from 1; 0 for the set as a whole.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl Finding {
    /// `{code, file, line, column, message}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("code", Json::from(self.code)),
            ("file", Json::from(self.file.as_str())),
            ("line", Json::from(self.line)),
            ("column", Json::from(self.column)),
            ("message", Json::from(self.message.as_str())),
        ])
    }

    /// Findings as a list of their JSON.
    #[must_use]
    pub fn list(findings: &[Self]) -> Json {
        Json::array(findings.iter().map(Self::to_json))
    }

    fn key(&self) -> (&str, u32, u32, &'static str, &str) {
        (&self.file, self.line, self.column, self.code, &self.message)
    }
}

impl PartialOrd for Finding {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Finding {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.file.is_empty() {
            return write!(f, "{}: {}", self.code, self.message);
        }
        write!(f, "{}:{}:{}: {}: {}", self.file, self.line, self.column, self.code, self.message)
    }
}

/// The engine that `auto` takes, and why not the faster one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineChoice {
    /// What `auto` takes.
    pub engine: Engine,
    /// One finding (`lint.subset`) a definition outside the subset of the virtual machine; empty if it is taken.
    pub reasons: Vec<Finding>,
}

/// What the lint says about a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintReport {
    /// What keeps the set from loading, sorted.
    pub errors: Vec<Finding>,
    /// What does not, sorted.
    pub warnings: Vec<Finding>,
    /// The engine; meaningful without errors.
    pub engine: EngineChoice,
}

impl LintReport {
    /// Whether the set may be loaded.
    #[must_use]
    pub const fn loads(&self) -> bool {
        self.errors.is_empty()
    }

    /// The codes of the errors, sorted, each once.
    #[must_use]
    pub fn error_codes(&self) -> Vec<&'static str> {
        codes(&self.errors)
    }

    /// The codes of the warnings, sorted, each once.
    #[must_use]
    pub fn warning_codes(&self) -> Vec<&'static str> {
        codes(&self.warnings)
    }

    /// `{loads, errors, warnings, engine, engine_reasons}`; the engine is null if the set does not load.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("loads", Json::from(self.loads())),
            ("errors", Finding::list(&self.errors)),
            ("warnings", Finding::list(&self.warnings)),
            ("engine", self.loads().then(|| self.engine.engine.as_str()).into()),
            ("engine_reasons", Finding::list(&self.engine.reasons)),
        ])
    }

    fn refused(errors: Vec<Finding>) -> Self {
        let engine = EngineChoice { engine: Engine::Interpreter, reasons: Vec::new() };
        Self { errors, warnings: Vec::new(), engine }
    }
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    let codes: BTreeSet<&'static str> = findings.iter().map(|finding| finding.code).collect();
    codes.into_iter().collect()
}

/// Reads one module of a set from bytes, as they stand in a file or in an archive.
///
/// # Errors
/// `policy.parse` if they are not UTF-8.
pub fn module_from_bytes(name: &str, bytes: &[u8]) -> Result<Module, Finding> {
    std::str::from_utf8(bytes).map(|text| Module::new(name, text)).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let valid = String::from_utf8_lossy(valid);
        let (line, column) = compile::place(&valid, valid.len());
        let message = "the source is not UTF-8; save it as UTF-8".to_owned();
        Finding { code: "policy.parse", file: name.to_owned(), line, column, message }
    })
}

/// Checks that every module is Rego v1 within the limits; sorted, empty if so.
#[must_use]
pub fn parse_errors(modules: &[Module]) -> Vec<Finding> {
    compile::parse(modules).err().unwrap_or_default()
}

/// The package of a module, without `data`.
///
/// # Errors
/// `policy.parse` if the module is not Rego v1.
pub fn package_of(module: &Module) -> Result<Vec<String>, Finding> {
    let parsed = compile::parse_one(module)?;
    Ok(parsed.package)
}

/// Lints `modules` with `data` for the package `entry` (dotted, with or without `data.` before it).
///
/// The answer does not depend on the order of the modules. It never fails: what cannot be read is `policy.parse`.
///
/// ```
/// use finops_policy::{Json, rego::{Engine, Module, lint::lint}};
///
/// let text = "package finops\n\ndefault allow := false\n\nallow if input.ok == true\n";
/// let report = lint(&[Module::new("finops.rego", text)], &Json::object::<String>([]), "finops");
/// assert!(report.loads());
/// assert_eq!(report.warning_codes(), ["lint.no_tests"]);
/// assert_eq!(report.engine.engine, Engine::Rvm);
/// ```
#[must_use]
pub fn lint(modules: &[Module], data: &Json, entry: &str) -> LintReport {
    if modules.is_empty() {
        let message = "there is no module; give at least one Rego file".to_owned();
        let finding =
            Finding { code: "lint.entry_missing", file: String::new(), line: 0, column: 0, message };
        return LintReport::refused(vec![finding]);
    }
    let mut sorted: Vec<&Module> = modules.iter().collect();
    sorted.sort_by_key(|module| (&module.name, &module.text));
    let parsed = match compile::parse(sorted.iter().copied()) {
        Ok(parsed) => parsed,
        Err(errors) => return LintReport::refused(errors),
    };
    let index = index::Index::new(&parsed, data);
    let mut checks = checks::Checks::new(&index, entry);
    checks.run();
    let (mut errors, mut warnings) = (checks.errors, checks.warnings);
    if errors.is_empty() {
        errors.extend(compile::compile(&sorted, &index));
    }
    let reasons = subset::reasons(&index);
    let engine = if reasons.is_empty() { Engine::Rvm } else { Engine::Interpreter };
    for findings in [&mut errors, &mut warnings] {
        findings.sort();
        findings.dedup();
    }
    LintReport { errors, warnings, engine: EngineChoice { engine, reasons } }
}

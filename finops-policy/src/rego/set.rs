//! A set of policies: linted, compiled, tested, immutable.

use std::sync::Arc;

use regorus::Value;

use super::{
    Engine, Module,
    bundle::{self, Bundle, BundleError},
    contract::{self, SetAnswer},
    coverage::Coverage,
    engine::{self, EvalError, Evaluated, Limits, Parsed, Prepared, guarded},
    lint::{self, Finding},
    source::{SetRules, data_path},
    test_runner::{self, TestOptions, TestReport},
    value::{self, Schema},
};
use crate::Json;

/// Which engine evaluates a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EngineOption {
    /// The virtual machine if every rule is in its subset, else the interpreter.
    #[default]
    Auto,
    /// The virtual machine, or the set is refused.
    Rvm,
    /// The interpreter.
    Interpreter,
}

impl EngineOption {
    /// `auto`, `rvm` or `interpreter`.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "rvm" => Some(Self::Rvm),
            "interpreter" => Some(Self::Interpreter),
            _ => None,
        }
    }
}

/// How a set is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadOptions {
    /// The package whose rules decide, dotted, without `data`.
    pub entry: String,
    /// Which engine evaluates.
    pub engine: EngineOption,
    /// Run the set's tests; one that fails refuses the set.
    pub run_tests: bool,
    /// What one decision may take.
    pub limits: Limits,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            entry: "finops".to_owned(),
            engine: EngineOption::Auto,
            run_tests: true,
            limits: Limits::default(),
        }
    }
}

/// What a load says besides the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// The engine that evaluates.
    pub engine: Engine,
    /// Why it is not the virtual machine, rule by rule.
    pub engine_reasons: Vec<Finding>,
    /// The warnings of the lint.
    pub warnings: Vec<Finding>,
    /// The tests, if they ran.
    pub tests: Option<TestReport>,
}

impl LoadReport {
    /// `{engine, engine_reasons, warnings, tests}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("engine", Json::from(self.engine.as_str())),
            ("engine_reasons", Finding::list(&self.engine_reasons)),
            ("warnings", Finding::list(&self.warnings)),
            ("tests", self.tests.as_ref().map_or(Json::Null, TestReport::to_json)),
        ])
    }
}

/// Why a set does not load.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegoError {
    /// The lint, the parser or the compiler: `lint.*`, `policy.parse`, `policy.compile`.
    #[error("{}", listed(findings))]
    Refused {
        /// Every reason, sorted; at least one.
        findings: Vec<Finding>,
    },
    /// The virtual machine was asked for and cannot run every rule: `policy.engine`.
    #[error("the virtual machine cannot run this set, take engine `auto`: {}", listed(reasons))]
    Engine {
        /// One for each definition outside the subset.
        reasons: Vec<Finding>,
    },
    /// A test failed: `policy.tests_failed`.
    #[error("{}", failing(report))]
    TestsFailed {
        /// Every test.
        report: TestReport,
    },
    /// The bundle: `bundle.*`.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The engine: `policy.eval`, `policy.panic`.
    #[error(transparent)]
    Eval(#[from] EvalError),
}

impl RegoError {
    /// The stable dotted code; of several findings that of the first.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { findings } => findings.first().map_or("policy.compile", |finding| finding.code),
            Self::Engine { .. } => "policy.engine",
            Self::TestsFailed { .. } => "policy.tests_failed",
            Self::Bundle(e) => e.code(),
            Self::Eval(e) => e.code,
        }
    }

    /// The file; empty for the set as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::TestsFailed { report } => report.first_failure().map_or("", |result| &result.file),
            Self::Bundle(e) => e.path(),
            _ => self.findings().first().map_or("", |finding| &finding.file),
        }
    }

    /// The findings that refuse a set: of the lint, or outside the subset of the engine that was asked for.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Refused { findings } | Self::Engine { reasons: findings } => findings,
            _ => &[],
        }
    }

    /// The codes of all findings, sorted, each once; of any other error its code.
    #[must_use]
    pub fn codes(&self) -> Vec<&'static str> {
        let mut codes = match self {
            Self::Refused { findings } => findings.iter().map(|finding| finding.code).collect(),
            _ => vec![self.code()],
        };
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

fn listed(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn failing(report: &TestReport) -> String {
    let Some(first) = report.first_failure() else { return "a test fails; run the tests".to_owned() };
    let why = first.message.as_deref().unwrap_or_default();
    format!("test `{}.{}` does not pass: {why}", first.package, first.name)
}

/// Policies and data, compiled for the rules of one package. Cheap to copy; used from any number of threads.
#[derive(Debug, Clone)]
pub struct PolicySet(Arc<Loaded>);

#[derive(Debug)]
struct Loaded {
    prepared: Prepared,
    engine: Engine,
    allow_declared: bool,
    limits: Limits,
    revision: String,
    digest: String,
    modules: Vec<Module>,
    data: Json,
    /// The package of the rule that gathers the entries, hidden from readers.
    hidden: String,
}

impl PolicySet {
    /// Loads `modules` over the base document `data`: parse and lint, compile, run its tests.
    ///
    /// ```
    /// use finops_policy::{Json, decision::Outcome, rego::{LoadOptions, Module, PolicySet}};
    /// let text = "package finops\ndefault allow := false\nallow if count(deny) == 0\n\
    ///             deny contains \"too dear\" if input.cost > 5\n";
    /// let data = Json::object::<&str>([]);
    /// let (set, _) = PolicySet::load(&[Module::new("p.rego", text)], &data, &LoadOptions::default())?;
    /// assert_eq!(set.decide(&Json::object([("cost", Json::from(6))])).decision, Outcome::Deny);
    /// # Ok::<(), finops_policy::rego::RegoError>(())
    /// ```
    ///
    /// # Errors
    /// `policy.parse`, `lint.*`, `policy.compile`, `policy.engine`, `policy.tests_failed`, `policy.eval` for a number in
    /// `data` beyond the largest double, `policy.panic`.
    pub fn load(
        modules: &[Module],
        data: &Json,
        options: &LoadOptions,
    ) -> Result<(Self, LoadReport), RegoError> {
        let digest = bundle::digest_of(modules, data);
        Self::load_as(modules, data, options, (&digest, &digest))
    }

    /// Loads a bundle, under its revision and digest.
    ///
    /// # Errors
    /// Those of [`PolicySet::load`].
    pub fn load_bundle(bundle: &Bundle, options: &LoadOptions) -> Result<(Self, LoadReport), RegoError> {
        Self::load_as(&bundle.modules, &bundle.data, options, (&bundle.revision, &bundle.digest))
    }

    fn load_as(
        modules: &[Module],
        data: &Json,
        options: &LoadOptions,
        (revision, digest): (&str, &str),
    ) -> Result<(Self, LoadReport), RegoError> {
        let report = lint::lint(modules, data, &options.entry);
        if !report.loads() {
            return Err(RegoError::Refused { findings: report.errors });
        }
        let engine = match options.engine {
            EngineOption::Auto => report.engine.engine,
            EngineOption::Interpreter => Engine::Interpreter,
            EngineOption::Rvm if report.engine.engine == Engine::Rvm => Engine::Rvm,
            EngineOption::Rvm => return Err(RegoError::Engine { reasons: report.engine.reasons }),
        };
        let (loaded, tests) = guarded(|| {
            let Parsed { engine: mut parsed, rules, origins } = engine::parsed(modules)?;
            if let Some(path) = rules.over(data) {
                let message = format!("data at `{path}` hides a rule of that name; rename one");
                return Err(EvalError::new("policy.compile", message));
            }
            let gathered = Gathered::of(modules, &rules, &options.entry);
            engine::add(&mut parsed, &gathered.module)?;
            let prepared = Prepared::new(parsed, value::from_json(data)?.value, &gathered.rule, engine)?;
            let tests = if options.run_tests {
                let tests = TestOptions::default();
                Some(test_runner::run_prepared(&prepared.interpreter(), (&rules, &origins), &tests)?)
            } else {
                None
            };
            let loaded = Loaded {
                prepared,
                engine,
                allow_declared: gathered.allow_declared,
                limits: options.limits,
                revision: revision.to_owned(),
                digest: digest.to_owned(),
                modules: modules.to_vec(),
                data: data.clone(),
                hidden: gathered.package,
            };
            Ok((loaded, tests))
        })?;
        if let Some(report) = &tests
            && report.refuses()
        {
            return Err(RegoError::TestsFailed { report: report.clone() });
        }
        let report =
            LoadReport { engine, engine_reasons: report.engine.reasons, warnings: report.warnings, tests };
        Ok((Self(Arc::new(loaded)), report))
    }

    /// What the set says to `input`, its numbers as they are. Every fault is a denial with a code.
    #[must_use]
    pub fn decide(&self, input: &Json) -> SetAnswer {
        self.decide_as(input, Schema::None)
    }

    /// What the set says to `input`, whose numeric fields of `schema` are rounded against what they allow.
    #[must_use]
    pub fn decide_as(&self, input: &Json, schema: Schema) -> SetAnswer {
        let set = &*self.0;
        let result = guarded(|| {
            let input = value::from_input(input, schema)?;
            let value = set.prepared.run(Some(input), &set.limits)?;
            gathered_json(&value, set.limits.result_bytes)
        });
        match result {
            Ok(result) => contract::decide(&result, set.allow_declared),
            Err(error) => SetAnswer::fault(error.code, error.message),
        }
    }

    /// Reads `path` below `data`, as OPA's data API does: the value of a rule, a package as an object of its rules, a
    /// base document; undefined without a value. Without `input` the input is undefined. Strict interpreter.
    #[must_use]
    pub fn read(&self, path: &[&str], input: Option<&Json>, schema: Schema) -> Evaluated {
        let set = &*self.0;
        if path.first() == Some(&set.hidden.as_str()) {
            return Evaluated::Undefined;
        }
        let result = guarded(|| {
            let input = input.map(|input| value::from_input(input, schema)).transpose()?;
            let input = input.map_or(Value::Undefined, |input| input.value);
            let query = data_path(path.iter().copied());
            match engine::queried(&mut set.prepared.interpreter(), &query, input, &set.limits)? {
                Value::Undefined => Ok(None),
                value => value::to_json(&value, set.limits.result_bytes).map(Some),
            }
        });
        match result {
            Ok(Some(Json::Object(mut members))) if path.is_empty() => {
                members.remove(&set.hidden);
                Evaluated::Value(Json::Object(members))
            }
            Ok(Some(value)) => Evaluated::Value(value),
            Ok(None) => Evaluated::Undefined,
            Err(error) => Evaluated::Error(error),
        }
    }

    /// The lines of every file that run on `input`, in the strict interpreter.
    ///
    /// # Errors
    /// `policy.eval` and the other faults of an evaluation; what ran before the fault is lost.
    pub fn coverage(&self, input: &Json, schema: Schema) -> Result<Coverage, EvalError> {
        let set = &*self.0;
        guarded(|| {
            let parsed = engine::parsed(&set.modules)?;
            let input = value::from_input(input, schema)?.value;
            let lines = set.prepared.cover(input, &set.limits, &parsed.origins)?;
            let mut coverage = lines.coverage(&parsed.rules);
            coverage.files.retain(|file| set.modules.iter().any(|module| module.name == file.path));
            Ok(coverage)
        })
    }

    /// The engine that evaluates.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// The bundle's revision, else the digest.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.0.revision
    }

    /// `sha256:` and the SHA-256 over the loaded files.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The policies as they were loaded.
    #[must_use]
    pub fn modules(&self) -> &[Module] {
        &self.0.modules
    }

    /// The base document.
    #[must_use]
    pub fn data(&self) -> &Json {
        &self.0.data
    }
}

/// The rule that gathers the entries of a package, so that one evaluation answers them all and shares what they use.
struct Gathered {
    module: Module,
    package: String,
    rule: String,
    allow_declared: bool,
}

impl Gathered {
    fn of(modules: &[Module], rules: &SetRules, entry: &str) -> Self {
        let entry: Vec<&str> = entry.strip_prefix("data.").unwrap_or(entry).split('.').collect();
        let mut names: Vec<&str> = rules
            .rules()
            .iter()
            .filter(|rule| {
                !rule.function && rule.package.iter().map(String::as_str).eq(entry.iter().copied())
            })
            .filter_map(|rule| rule.name.first().map(String::as_str))
            .filter(|name| contract::is_entry(name))
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut package = "finops_entries".to_owned();
        while modules.iter().any(|module| module.text.contains(&package)) {
            package.push('_');
        }
        let mut text = format!("package {package}\n");
        for name in &names {
            let path = data_path(entry.iter().copied().chain([*name]));
            // A set of pairs: the engines agree about it where a key, undefined, would lose the whole object.
            text.push_str(&format!("answer contains [\"{name}\", value] if value := {path}\n"));
        }
        Self {
            rule: data_path([package.as_str(), "answer"]),
            module: Module::new(package.as_str(), text),
            package,
            allow_declared: names.contains(&"allow"),
        }
    }
}

/// The gathered entries as an object.
fn gathered_json(value: &Value, max_bytes: usize) -> Result<Json, EvalError> {
    let mut left = max_bytes;
    let mut members = Vec::new();
    let Value::Set(entries) = value else { return Err(EvalError::eval("the entries did not evaluate")) };
    for entry in entries.iter_sorted() {
        if let Value::Array(pair) = entry
            && let [Value::String(name), value] = pair.as_slice()
            && *value != Value::Undefined
        {
            members.push((name.as_ref(), value::outward(value, &mut left, max_bytes)?));
        }
    }
    Ok(Json::object(members))
}

#[cfg(test)]
mod stack_tests;
#[cfg(test)]
mod tests;

//! `finops policy`: test, lint, explain and check policies; gates over infrastructure as code.

use crate::{
    Answer, Failure,
    gate::{Policies, refused},
    metering::instant,
    output::{
        BAD_CONFIG, BAD_DATA, Format, Shown, bytes_of, json_of, name, parse, report, status_of, violations,
    },
};
use finops::policy::{
    Asking, Json, Now, PolicyGate, PolicyGateOptions, SetupError, Source,
    decision::{
        Violation,
        explain::Explanation,
        report::{Check, CheckStatus, Level, Place, Report},
    },
    iac::{self, IacConfig},
    rego::{
        BundleOptions, RegoError,
        lint::{self, Finding},
        test_runner::{self, TestOptions, TestReport},
    },
};

/// Policies.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Run the unit tests of policies: exit 1 if one fails or none passes
    Test {
        /// A folder, a `.rego` file or a bundle
        path: String,
        /// Exit 1 as well if fewer per cent of the lines are covered
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=100))]
        coverage: Option<u8>,
        /// How it is shown
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// What keeps policies from loading, and what is doubtful: exit 1 if they do not load
    Lint {
        /// A folder, a `.rego` file or a bundle
        path: String,
        /// The package whose rules decide
        #[arg(long, default_value = "finops")]
        entry: String,
        /// How it is shown
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Why an input is decided as it is: each rule with what it read, its limit and its outcome
    Explain {
        /// The input as JSON, or `-`; before or after it, policies in place of `--bundle`
        #[arg(required = true, num_args = 1..=2, value_names = ["INPUT", "POLICIES"])]
        paths: Vec<String>,
        #[command(flatten)]
        policies: Policies,
        /// When, as RFC 3339 with a zone; now unless given
        #[arg(long)]
        at: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Load a bundle as a gate would, and say what it is: exit 1 if it is refused
    Bundle {
        /// A folder, a `.rego` file or a bundle
        path: String,
        /// The SHA-256 that the archive must have
        #[arg(long)]
        sha256: Option<String>,
        /// Accept a bundle whose signatures nobody checks
        #[arg(long)]
        skip_verify: bool,
    },
    /// Judge infrastructure as code: exit 0 allowed, 3 denied
    Iac {
        /// What the file is
        #[arg(value_enum)]
        kind: Kind,
        /// The file, or `-`
        file: String,
        /// The configuration of these gates, as JSON
        #[arg(long)]
        config: Option<String>,
        /// How it is shown
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
}

/// What is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// `terraform show -json PLAN`
    Terraform,
    /// Manifests as JSON: one document, a list, a `List`, or one after the other
    Kubernetes,
    /// `infracost breakdown --format json`
    Infracost,
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Test { path, coverage, format } => Ok(test(&path, coverage)?.answer(format)),
        Command::Lint { path, entry, format } => Ok(lint(&path, &entry)?.answer(format)),
        Command::Explain { paths, mut policies, at, json } => {
            let path = input_of(paths, &mut policies.bundle)?;
            explain(&path, &policies, at.as_deref(), json)
        }
        Command::Bundle { path, sha256, skip_verify } => {
            bundle(&path, &BundleOptions { expected_sha256: sha256, skip_verify })
        }
        Command::Iac { kind, file, config, format } => {
            Ok(judged(kind, &file, config.as_deref())?.answer(format))
        }
    }
}

/// The modules at `path` with the data that a gate would give them, or what refuses them.
fn sources(path: &str) -> Result<Result<(Vec<finops::policy::rego::Module>, Json), Finding>, Failure> {
    let read = Source::Path(path.into()).bundle(&BundleOptions::default());
    match read.map_err(SetupError::from) {
        Ok(bundle) => {
            let gate = PolicyGate::new(PolicyGateOptions::default()).map_err(|error| refused(&error))?;
            let data = gate.gate().data_for(&bundle.modules, &bundle.data);
            Ok(Ok((bundle.modules, data)))
        }
        Err(error) if error.rego().is_some() => Ok(Err(Finding {
            code: error.code(),
            file: error.path().to_owned(),
            line: 0,
            column: 0,
            message: error.to_string(),
        })),
        Err(error) => Err(refused(&error)),
    }
}

/// One finding that refuses the whole.
fn fault(finding: &Finding) -> Shown {
    let place = Place { file: finding.file.clone(), line: None, column: None };
    let check = Check {
        suite: "policy".to_owned(),
        name: finding.code.to_owned(),
        status: CheckStatus::Errored,
        level: Level::Error,
        message: finding.message.clone(),
        place: (!finding.file.is_empty()).then_some(place),
    };
    Shown {
        text: format!("{finding}\n"),
        json: Json::object([
            ("loads", Json::from(false)),
            ("errors", Finding::list(std::slice::from_ref(finding))),
        ]),
        report: std::iter::once(check).collect(),
        status: 1,
    }
}

fn test(path: &str, coverage: Option<u8>) -> Result<Shown, Failure> {
    let (modules, data) = match sources(path)? {
        Ok(found) => found,
        Err(finding) => return Ok(fault(&finding)),
    };
    let options = TestOptions { coverage: coverage.is_some(), ..TestOptions::default() };
    let tests = match test_runner::run(&modules, &data, &options) {
        Ok(tests) => tests,
        Err(error) => {
            let (code, message) = (error.code, error.to_string());
            return Ok(fault(&Finding { code, file: String::new(), line: 0, column: 0, message }));
        }
    };
    let covered = match (coverage, &tests.coverage) {
        (Some(percent), Some(lines)) => lines.reaches(percent),
        _ => true,
    };
    let mut checks = Report::of_tests(&tests);
    if let (false, Some(lines), Some(percent)) = (covered, &tests.coverage, coverage) {
        let (covered, all) = lines.lines();
        checks.checks.push(Check {
            suite: "coverage".to_owned(),
            name: "coverage".to_owned(),
            status: CheckStatus::Failed,
            level: Level::Error,
            message: format!("{covered} of {all} lines are covered, {percent} % are asked for"),
            place: None,
        });
    }
    Ok(Shown {
        text: tests_text(&tests),
        json: tests.to_json(),
        report: checks,
        status: u8::from(!(tests.success() && covered)),
    })
}

fn tests_text(tests: &TestReport) -> String {
    let mut text = String::new();
    for result in &tests.results {
        let why = result.message.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        text.push_str(&format!("{} {}.{}{why}\n", result.status.as_str(), result.package, result.name));
    }
    let counts = tests.counts().map(|(name, count)| format!("{count} {name}"));
    text.push_str(&format!("{}\n", counts.join(", ")));
    if let Some(coverage) = &tests.coverage {
        let (covered, all) = coverage.lines();
        text.push_str(&format!("{covered} of {all} lines covered\n"));
        for file in coverage.files.iter().filter(|file| !file.not_covered.is_empty()) {
            let lines: Vec<String> = file.not_covered.iter().map(u32::to_string).collect();
            text.push_str(&format!("  {}: not {}\n", file.path, lines.join(", ")));
        }
    }
    text
}

fn lint(path: &str, entry: &str) -> Result<Shown, Failure> {
    let (modules, data) = match sources(path)? {
        Ok(found) => found,
        Err(finding) => return Ok(fault(&finding)),
    };
    let report = lint::lint(&modules, &data, entry);
    let mut text = String::new();
    for (level, findings) in [("error", &report.errors), ("warning", &report.warnings)] {
        for finding in findings {
            text.push_str(&format!("{level}: {finding}\n"));
        }
    }
    text.push_str(&format!("{} errors, {} warnings", report.errors.len(), report.warnings.len()));
    if report.loads() {
        text.push_str(&format!("; engine {}", report.engine.engine.as_str()));
    }
    text.push('\n');
    let (json, checks) = (report.to_json(), Report::of_lint(&report));
    Ok(Shown { text, json, report: checks, status: u8::from(!report.loads()) })
}

/// The input among one or two paths, in any order; of two, the other names policies.
fn input_of(paths: Vec<String>, bundle: &mut Option<String>) -> Result<String, Failure> {
    let (policies, mut inputs): (Vec<String>, Vec<String>) = paths.into_iter().partition(|path| {
        let ends = [".rego", ".tar.gz", ".tgz"];
        ends.iter().any(|end| path.ends_with(end)) || std::path::Path::new(path).is_dir()
    });
    match (inputs.pop(), inputs.is_empty(), policies.into_iter().next(), &bundle) {
        (Some(input), true, None, _) => Ok(input),
        (Some(input), true, policies, None) => {
            *bundle = policies;
            Ok(input)
        }
        _ => {
            let help = "give one input as JSON, and policies once: a folder, a `.rego` file or a bundle";
            Err(Failure::with_status(help.to_owned(), crate::output::USAGE))
        }
    }
}

fn explain(path: &str, policies: &Policies, at: Option<&str>, json: bool) -> Result<Answer, Failure> {
    let gate = policies.gate(None)?;
    let input = json_of(path)?;
    let asking = Asking { now: Now::At(instant(at)?), ..Asking::default() };
    let decision = gate.decide(&input, &asking);
    let explanation = gate.gate().explain(&decision, Some(&input));
    let text = if json {
        format!("{}\n", explanation.to_json().to_text())
    } else {
        format!("{}\n{}", decision.decision.as_str(), explained(&explanation))
    };
    Ok(Answer::new(text, explanation.fault.is_none()))
}

fn explained(explanation: &Explanation) -> String {
    let mut text = String::new();
    for rule in &explanation.rules {
        text.push_str(&format!("  {} {}", rule.outcome, rule.rule));
        for (pointer, value) in &rule.operands {
            text.push_str(&format!(" {pointer}={}", value.to_text()));
        }
        if let Some(limit) = &rule.limit {
            text.push_str(&format!(" limit={}", limit.to_text()));
        }
        if let Some(reason) = &rule.reason {
            text.push_str(&format!(": {reason}"));
        }
        text.push('\n');
    }
    if let Some((code, detail)) = &explanation.fault {
        text.push_str(&format!("  {code}: {detail}\n"));
    }
    for (file, lines) in explanation.lines.iter().filter(|(_, lines)| !lines.is_empty()) {
        let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
        text.push_str(&format!("  {file} ran lines {}\n", lines.join(", ")));
    }
    text
}

fn bundle(path: &str, options: &BundleOptions) -> Result<Answer, Failure> {
    let source = Source::Path(path.into());
    let read = source.bundle(options).map_err(SetupError::from);
    let loaded = read.and_then(|read| {
        let gate =
            PolicyGate::new(PolicyGateOptions { bundle: options.clone(), ..PolicyGateOptions::default() })?;
        let report = gate.reload(&source, None)?;
        Ok((read, report))
    });
    match loaded {
        Ok((read, report)) => {
            let warnings = read.warnings.iter().map(|warning| {
                Json::object([
                    ("code", Json::from(warning.code)),
                    ("path", Json::from(warning.path.as_str())),
                ])
            });
            let members = [
                ("ok", Json::from(true)),
                ("revision", Json::from(read.revision.as_str())),
                ("digest", Json::from(read.digest.as_str())),
                ("modules", Json::array(read.modules.iter().map(|module| module.name.as_str()))),
                ("bundle_warnings", Json::array(warnings)),
                ("load", report.to_json()),
            ];
            Ok(Answer::yes(format!("{}\n", Json::object(members).to_text())))
        }
        Err(error) if error.rego().is_some() => {
            let findings = Finding::list(error.rego().map_or(&[], RegoError::findings));
            let members = [
                ("ok", Json::from(false)),
                ("code", Json::from(error.code())),
                ("path", Json::from(error.path())),
                ("message", Json::from(error.to_string())),
                ("findings", findings),
            ];
            Ok(Answer::new(format!("{}\n", Json::object(members).to_text()), false))
        }
        Err(error) => Err(refused(&error)),
    }
}

fn judged(kind: Kind, file: &str, config: Option<&str>) -> Result<Shown, Failure> {
    let config = match config {
        None => IacConfig::default(),
        Some(path) => IacConfig::from_json(&json_of(path)?)
            .map_err(|error| Failure::with_status(format!("policy.config: {error}"), BAD_CONFIG))?,
    };
    let answer = match kind {
        Kind::Terraform => iac::terraform(&json_of(file)?, &config),
        Kind::Kubernetes => iac::kubernetes(&documents(file)?, &config),
        Kind::Infracost => iac::infracost(&json_of(file)?, &config),
    };
    let json = answer.to_json();
    let decision = answer.decision;
    let found: Vec<Violation> = answer.violations.into_iter().map(Violation::from).collect();
    Ok(Shown {
        text: violations(decision, &found),
        json,
        report: report(&found, name(file)),
        status: status_of(decision),
    })
}

/// Documents one after the other; a list of documents is those documents.
fn documents(file: &str) -> Result<Vec<Json>, Failure> {
    let bytes = bytes_of(file)?;
    let mut found = Vec::new();
    let mut stream = serde_json::Deserializer::from_slice(&bytes).into_iter::<serde::de::IgnoredAny>();
    let mut start = 0;
    while let Some(document) = stream.next() {
        document.map_err(|error| {
            Failure::with_status(format!("`{file}` is not JSON: {error}; write YAML as JSON first"), BAD_DATA)
        })?;
        let end = stream.byte_offset();
        match parse(file, bytes.get(start..end).unwrap_or_default())? {
            Json::Array(documents) => found.extend(documents),
            document => found.push(document),
        }
        start = end;
    }
    Ok(found)
}

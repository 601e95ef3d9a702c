//! `finops gate`: may this be deployed?

use crate::{
    Answer, Failure,
    metering::instant,
    output::{BAD_CONFIG, BAD_DATA, Format, Shown, bytes_of, json_of, list_of, name, status_of, violations},
};
use finops::policy::{
    Asking, Json, Now, PolicyGate, PolicyGateOptions, SetupError, Source, SourceError,
    decision::{Decision, report::Report},
};

/// Violations of a text that the reader refuses: there is nothing to judge (specification `policy.md` 3).
const UNREADABLE: [&str; 5] =
    ["input.json", "input.not_object", "input.too_large", "input.too_deep", "input.duplicate_key"];

/// May this be deployed?
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Judge a deployment: exit 0 allowed, 3 denied or an approval is missing, 65 bad data
    Check(Box<Check>),
}

/// What decides.
#[derive(clap::Args)]
pub(crate) struct Policies {
    /// Policies in Rego beside the default one: a folder, a `.rego` file or a bundle
    #[arg(long)]
    pub(crate) bundle: Option<String>,
    /// The configuration of the default policy, as JSON
    #[arg(long)]
    pub(crate) config: Option<String>,
    /// Exemptions: a JSON list
    #[arg(long)]
    pub(crate) exemptions: Option<String>,
}

impl Policies {
    pub(crate) fn gate(&self, opa: Option<&str>) -> Result<PolicyGate, Failure> {
        let config = self.config.as_deref().map(json_of).transpose()?.unwrap_or(Json::Null);
        let members = Json::object([
            ("config", config),
            ("exemptions", Json::Array(list_of(self.exemptions.as_deref())?)),
            ("opa_url", opa.into()),
        ]);
        let options = PolicyGateOptions::from_json(&members).map_err(|error| refused(&error.into()))?;
        let source = self.bundle.as_ref().map(|path| Source::Path(path.into()));
        PolicyGate::new(PolicyGateOptions { source, ..options }).map_err(|error| refused(&error))
    }
}

/// Why there is no gate, with its exit status.
pub(crate) fn refused(error: &SetupError) -> Failure {
    let status = match error {
        SetupError::Source(SourceError::Io { path, error }) => return crate::output::unreadable(path, error),
        _ if error.code() == "policy.config" => BAD_CONFIG,
        _ => BAD_DATA,
    };
    Failure::with_status(format!("{}: {error}", error.code()), status)
}

#[derive(clap::Args)]
pub(crate) struct Check {
    /// The input as JSON; standard input unless given
    #[arg(default_value = "-")]
    file: String,
    #[command(flatten)]
    policies: Policies,
    /// Ask the OPA at this address instead
    #[arg(long)]
    opa: Option<String>,
    /// Approvals that were given: a JSON list
    #[arg(long)]
    approvals: Option<String>,
    /// Who asks: nobody approves their own request
    #[arg(long)]
    requester: Option<String>,
    /// When, as RFC 3339 with a zone; now unless given
    #[arg(long)]
    at: Option<String>,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    let Command::Check(check) = command;
    let approvals = list_of(check.approvals.as_deref())?;
    let now = Now::At(instant(check.at.as_deref())?);
    let gate = check.policies.gate(check.opa.as_deref())?;
    let input = bytes_of(&check.file)?;
    let asking =
        Asking { now, requester: check.requester.as_deref(), approvals: &approvals, decision_id: None };
    let decision = gate.decide(input.as_slice(), &asking);
    let mut rules =
        decision.violations.iter().map(|violation| violation.rule.as_ref()).chain(decision.code());
    let status =
        if rules.any(|rule| UNREADABLE.contains(&rule)) { BAD_DATA } else { status_of(decision.decision) };
    let shown = Shown {
        text: text(&decision),
        json: decision.to_json(),
        report: Report::of_decision(&decision, name(&check.file)),
        status,
    };
    Ok(shown.answer(check.format))
}

fn text(decision: &Decision) -> String {
    let mut text = violations(decision.decision, &decision.violations);
    let mut line = |line: String| {
        text.push_str("  ");
        text.push_str(&line);
        text.push('\n');
    };
    if let Some(fault) = &decision.fault {
        line(format!("deny {}: {}", fault.code, fault.message()));
    }
    for found in decision.warnings.iter().chain(&decision.advice) {
        line(format!("{} {}: {}", found.action.as_str(), found.rule, found.message));
    }
    for exempted in &decision.exempted {
        line(format!("exempted {} by `{}`", exempted.rule, exempted.exemption));
    }
    for warning in &decision.exemption_warnings {
        line(format!("exemption `{}`: {}", warning.id.as_deref().unwrap_or("?"), warning.code));
    }
    if let Some(approved) = &decision.approvals {
        for (rule, people) in &approved.missing {
            line(format!("missing {rule}: {people} more to approve {}", decision.input_digest));
        }
        for (id, code) in &approved.rejected {
            line(format!("approval `{}`: {code}", id.as_deref().unwrap_or("?")));
        }
    }
    text
}

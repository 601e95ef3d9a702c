//! The gate of a process: the pure gate with a clock, ids, policies from files and, if asked for, a remote OPA.

use super::source::{Read, Source, SourceError};
use finops_core::time::Timestamp;
use finops_policy::{
    Json, PolicyError,
    decision::{Context, Decision, Fault, Gate, GateOptions, Input},
    error::ConfigError,
    rego::{BundleOptions, LoadReport, RegoError},
};
use std::path::Path;
use uuid::{Uuid, fmt::Hyphenated};

#[cfg(feature = "opa")]
use super::{opa::OpaClient, opa_defaults};
#[cfg(feature = "opa")]
use finops_policy::{
    decision::{Action, Violation},
    gate,
    json::{self, Limits},
};
#[cfg(feature = "opa")]
use std::time::Duration;

/// The instant of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Now {
    /// The clock of this machine.
    #[default]
    Clock,
    /// A given instant.
    At(Timestamp),
    /// None: no exemption and no approval counts.
    Unknown,
}

impl Now {
    fn timestamp(self) -> Option<Timestamp> {
        match self {
            Self::Clock => Some(crate::clock::now()),
            Self::At(at) => Some(at),
            Self::Unknown => None,
        }
    }
}

/// What a decision may know besides its input.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asking<'a> {
    /// When.
    pub now: Now,
    /// Who asks.
    pub requester: Option<&'a str>,
    /// Approvals that were given.
    pub approvals: &'a [Json],
    /// The id of the decision; a UUIDv7 is made when none is given.
    pub decision_id: Option<&'a str>,
}

/// A remote OPA that decides in place of the embedded gate.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Its address, for example `http://localhost:8181`.
    pub url: String,
    /// What is asked, after `/v1/data/`.
    pub path: String,
    /// The whole exchange, in milliseconds.
    pub timeout_ms: u64,
    /// Whether the embedded gate decides when OPA fails; otherwise a failure denies.
    pub fallback: bool,
}

/// How a [`PolicyGate`] is made.
#[derive(Debug, Clone, Default)]
pub struct PolicyGateOptions {
    /// The pure gate: configuration, schema, exemptions, masks, engine.
    pub gate: GateOptions,
    /// Policies beside, or in place of, the default one.
    pub source: Option<Source>,
    /// Data documents that take the place of the bundle's.
    pub data: Option<Json>,
    /// How a bundle is checked.
    pub bundle: BundleOptions,
    /// A remote OPA that decides instead.
    pub remote: Option<Remote>,
}

/// Why there is no gate.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The configuration.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The policies.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl From<RegoError> for SetupError {
    fn from(error: RegoError) -> Self {
        Self::Policy(error.into())
    }
}

impl SetupError {
    /// The stable dotted code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Policy(error) => error.code(),
            Self::Source(error) => error.code(),
        }
    }

    /// The setting or the file at fault.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Policy(error) => error.path(),
            Self::Source(error) => error.path(),
        }
    }

    /// What refuses the policies, if they are refused.
    #[must_use]
    pub fn rego(&self) -> Option<&RegoError> {
        match self {
            Self::Policy(PolicyError::Rego(error)) | Self::Source(SourceError::Rego(error)) => Some(error),
            _ => None,
        }
    }
}

/// Answers "may I?" in this process. One gate serves all threads.
///
/// ```
/// use finops::policy::{Asking, PolicyGate, PolicyGateOptions};
/// let gate = PolicyGate::new(PolicyGateOptions::default())?;
/// let decision = gate.decide(r#"{"unit_cost_usd": 0.6, "cost_tags": {"team": "ai", "environment": "dev"}}"#, &Asking::default());
/// assert_eq!(decision.deny_messages(), ["Unit cost 0.6 USD exceeds budget cap of 0.5 USD"]);
/// # Ok::<(), finops::policy::SetupError>(())
/// ```
#[derive(Debug)]
pub struct PolicyGate {
    gate: Gate,
    bundle: BundleOptions,
    #[cfg(feature = "opa")]
    remote: Option<(OpaClient, bool)>,
}

impl PolicyGate {
    /// A gate; the policies of `options.source` are read, checked, compiled and tested.
    ///
    /// # Errors
    /// `policy.config` (also for `options.data` that no policies are there to read), `policy.source`, `bundle.*`, `lint.*`, `policy.parse`, `policy.compile`, `policy.engine`,
    /// `policy.tests_failed`.
    pub fn new(options: PolicyGateOptions) -> Result<Self, SetupError> {
        let PolicyGateOptions { gate, source, data, bundle, remote } = options;
        #[cfg(not(feature = "opa"))]
        if remote.is_some() {
            let help = "build with the feature `opa`";
            return Err(
                PolicyError::from(ConfigError::new("/remote", "no OPA client is built in", help)).into()
            );
        }
        let this = Self {
            gate: Gate::new(gate)?,
            bundle,
            #[cfg(feature = "opa")]
            remote: remote.map(|remote| {
                let timeout = Duration::from_millis(remote.timeout_ms);
                (OpaClient::new(&remote.url, &remote.path, timeout), remote.fallback)
            }),
        };
        match (source, data.filter(|data| !data.is_null())) {
            (Some(source), data) => drop(this.reload(&source, data.as_ref())?),
            (None, Some(_)) => {
                let help = "give the policies that read it as `bundle`, or leave `data` out";
                let error = ConfigError::new("/data", "there are no policies to read it", help);
                return Err(PolicyError::from(error).into());
            }
            (None, None) => {}
        }
        Ok(this)
    }

    /// A gate by the original's names: `USE_OPA`, `OPA_URL`, `POLICY_PATH`, and `OPA_TIMEOUT_MS`, `OPA_FALLBACK`.
    ///
    /// OPA is asked when `USE_OPA` is true, or unset while `OPA_URL` is set. Embedded, `POLICY_PATH` is a bundle if that
    /// file or folder exists. What `options` say of policies and of a remote OPA counts where the environment is silent.
    ///
    /// # Errors
    /// `policy.config` naming the variable, and those of [`PolicyGate::new`].
    pub fn from_env(
        mut options: PolicyGateOptions,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SetupError> {
        let set = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let url = set("OPA_URL");
        let use_opa = match set("USE_OPA").map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None => url.is_some(),
            Some("true" | "1" | "yes" | "on") => true,
            Some("false" | "0" | "no" | "off") => false,
            Some(other) => return Err(refused("USE_OPA", other, "give true or false")),
        };
        let path = set("POLICY_PATH");
        if use_opa {
            options.remote = Some(remote(url, path, &set)?);
        } else if let Some(path) = path
            && Path::new(&path).exists()
        {
            options.source = Some(Source::Path(path.into()));
        } else if let Some(path) = set("POLICY_PATH")
            && path != "finops"
        {
            return Err(refused("POLICY_PATH", &path, "name a bundle, a folder or a file that exists"));
        }
        Self::new(options)
    }

    /// Decides one input. Never errs: every fault denies with its code.
    pub fn decide<'a>(&self, input: impl Into<Input<'a>>, asking: &Asking<'_>) -> Decision {
        self.decide_input(input.into(), asking, asking.now.timestamp())
    }

    /// Decides many inputs under the set that is loaded now, at one instant.
    #[must_use]
    pub fn decide_many(&self, inputs: &[Input<'_>], asking: &Asking<'_>) -> Vec<Decision> {
        let now = asking.now.timestamp();
        #[cfg(feature = "opa")]
        if self.remote.is_some() {
            return inputs.iter().map(|input| self.decide_input(*input, asking, now)).collect();
        }
        let ids: Vec<String> = inputs.iter().map(|_| new_id()).collect();
        let inputs: Vec<_> = inputs.iter().zip(&ids).map(|(input, id)| (*input, Some(id.as_str()))).collect();
        let context =
            Context { now, decision_id: None, requester: asking.requester, approvals: asking.approvals };
        self.gate.decide_many(&inputs, &context)
    }

    fn decide_input(&self, input: Input<'_>, asking: &Asking<'_>, now: Option<Timestamp>) -> Decision {
        // Written on the stack: the decision keeps its own copy.
        let mut made = [0; Hyphenated::LENGTH];
        let decision_id = match asking.decision_id {
            Some(id) => id,
            None => Uuid::now_v7().hyphenated().encode_lower(&mut made),
        };
        let context = Context {
            now,
            decision_id: Some(decision_id),
            requester: asking.requester,
            approvals: asking.approvals,
        };
        #[cfg(feature = "opa")]
        if let Some((client, fallback)) = &self.remote {
            return self.ask(client, *fallback, input, &context);
        }
        self.gate.decide(input, &context)
    }

    #[cfg(feature = "opa")]
    fn ask(&self, client: &OpaClient, fallback: bool, input: Input<'_>, context: &Context<'_>) -> Decision {
        let read;
        let value = match input {
            Input::Value(value) | Input::Native(value, []) => value,
            // What JSON cannot say is not sent: the gate says why.
            Input::Native(..) => return self.gate.decide(input, context),
            Input::Shared(value, []) => value.as_ref(),
            Input::Shared(..) => return self.gate.decide(input, context),
            Input::Text(text) => match json::read(text, &Limits::default()) {
                Ok(value) => {
                    read = value;
                    &read
                }
                // What cannot be read is not sent: the gate says why.
                Err(_) => return self.gate.decide(input, context),
            },
        };
        let answer = client.ask(&gate::opa_input(value).to_text());
        let failed = answer.code.is_some_and(|code| code.starts_with("opa."));
        if failed && fallback {
            let mut decision = self.gate.decide(input, context);
            // Never silently: the answer says who was asked first, and why they did not decide.
            let cause = answer.detail.unwrap_or_default();
            let message = format!("{cause}; decided by the embedded gate");
            decision.warnings.push(Violation::new("opa.fallback", Action::Warn, message));
            return decision;
        }
        self.gate.decide_remote(input, context, answer, None)
    }

    /// Loads other policies. If they are refused, the last good ones stay and [`Gate::status`] says why.
    ///
    /// # Errors
    /// `policy.source`, `bundle.*`, `lint.*`, `policy.*`.
    pub fn reload(&self, source: &Source, data: Option<&Json>) -> Result<LoadReport, SetupError> {
        let now = Now::Clock.timestamp();
        let read = source.read(data, &self.bundle).inspect_err(|error| {
            self.gate.refuse_load(&Fault::new(error.code(), error.to_string()));
        })?;
        Ok(match read {
            Read::Modules(modules, data) => self.gate.reload(&modules, &data, now)?,
            Read::Bundle(bundle) => self.gate.reload_bundle(&bundle, now)?,
        })
    }

    /// The pure gate below: status, log events, replay, explanation.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Whether a decision takes a few microseconds at most: no set and no OPA is asked.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.remote_url().is_none() && !self.gate.has_set()
    }

    /// The address of the OPA that decides, if one does.
    #[must_use]
    pub fn remote_url(&self) -> Option<&str> {
        #[cfg(feature = "opa")]
        return self.remote.as_ref().map(|(client, _)| client.url());
        #[cfg(not(feature = "opa"))]
        None
    }
}

fn new_id() -> String {
    Uuid::now_v7().to_string()
}

fn refused(name: &str, value: &str, help: &'static str) -> SetupError {
    let problem = format!("`{}` is not accepted", finops_core::error::shorten(value));
    PolicyError::from(ConfigError::new(name, problem, help)).into()
}

#[cfg(feature = "opa")]
fn remote(
    url: Option<String>,
    path: Option<String>,
    set: &impl Fn(&str) -> Option<String>,
) -> Result<Remote, SetupError> {
    let timeout_ms = match set("OPA_TIMEOUT_MS") {
        None => opa_defaults::TIMEOUT_MS,
        Some(text) => match text.trim().parse() {
            Ok(value @ 1..=60_000) => value,
            _ => return Err(refused("OPA_TIMEOUT_MS", &text, "give whole milliseconds from 1 to 60000")),
        },
    };
    let fallback = match set("OPA_FALLBACK").as_deref().map(str::trim) {
        None | Some("deny") => false,
        Some("embedded") => true,
        Some(other) => return Err(refused("OPA_FALLBACK", other, "give deny or embedded")),
    };
    let url = url.unwrap_or_else(|| opa_defaults::URL.to_owned());
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(refused("OPA_URL", &url, "give a URL with http:// or https://"));
    }
    Ok(Remote { url, path: path.unwrap_or_else(|| opa_defaults::PATH.to_owned()), timeout_ms, fallback })
}

#[cfg(not(feature = "opa"))]
fn remote(
    _url: Option<String>,
    _path: Option<String>,
    _set: &impl Fn(&str) -> Option<String>,
) -> Result<Remote, SetupError> {
    Err(refused("USE_OPA", "true", "build with the feature `opa`"))
}

#[cfg(all(test, feature = "opa"))]
mod tests {
    use super::*;
    use finops_policy::decision::{DecisionSource, Outcome};

    const TAGGED: &str = r#"{"cost_tags": {"team": "ai", "environment": "dev"}}"#;

    fn from(pairs: &[(&str, &str)]) -> Result<PolicyGate, SetupError> {
        let find =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        PolicyGate::from_env(PolicyGateOptions::default(), find)
    }

    /// A port that nobody listens on any more.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    fn nobody() -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    }

    #[test]
    fn without_a_fallback_a_failing_opa_denies() {
        let gate = from(&[("OPA_URL", &nobody())]).expect("a gate");
        let decision = gate.decide(TAGGED, &Asking::default());
        assert_eq!((decision.decision, decision.source), (Outcome::Deny, DecisionSource::FailClosed));
        assert_eq!(decision.code(), Some("opa.unavailable"));
    }

    #[test]
    fn with_a_fallback_the_embedded_gate_decides_and_says_so() {
        let gate = from(&[("OPA_URL", &nobody()), ("OPA_FALLBACK", "embedded")]).expect("a gate");
        let decision = gate.decide(TAGGED, &Asking::default());
        assert_eq!((decision.decision, decision.source), (Outcome::Allow, DecisionSource::Embedded));
        let said = decision.warn_messages();
        assert!(said.iter().any(|message| message.contains("decided by the embedded gate")), "{said:?}");
        assert!(!gate.decide("{}", &Asking::default()).allowed(), "and it still decides");
    }

    #[test]
    fn data_without_policies_is_refused() {
        let made = |data: Option<Json>, source| {
            PolicyGate::new(PolicyGateOptions { data, source, ..Default::default() })
        };
        let empty = || Json::object::<&str>([]);
        let error = made(Some(empty()), None).expect_err("nothing reads it");
        assert_eq!((error.code(), error.path()), ("policy.config", "/data"));
        assert!(made(None, None).is_ok() && made(Some(Json::Null), None).is_ok());
        let text = "package finops\n\ndeny contains \"x\" if input.x\n";
        let source = || Some(Source::Modules(vec![finops_policy::rego::Module::new("x.rego", text)]));
        assert!(made(Some(empty()), source()).is_ok() && made(Some(Json::Null), source()).is_ok());
    }

    #[test]
    fn settings_that_cannot_be_used_are_named() {
        for (name, value) in [
            ("USE_OPA", "maybe"),
            ("OPA_FALLBACK", "allow"),
            ("OPA_TIMEOUT_MS", "0"),
            ("OPA_URL", "opa:8181"),
        ] {
            let error = from(&[(name, value), ("OPA_URL", "http://127.0.0.1:1")]).expect_err(name);
            assert_eq!((error.code(), error.path()), ("policy.config", name));
        }
        let error = from(&[("POLICY_PATH", "no/such/folder")]).expect_err("no such folder");
        assert_eq!((error.code(), error.path()), ("policy.config", "POLICY_PATH"));
    }
}

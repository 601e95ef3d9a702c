//! The gate: typed rules, then a set of Rego policies, then exemptions and approvals, as one decision.
//!
//! It never panics and never errs on input: every fault denies with its code. One [`Gate`] serves all threads; a reload
//! swaps the set as a whole and keeps the last good one when it fails.

use super::{
    Action, Decision, DecisionSource, Fault, InputDigest, Outcome, UsedEngine, Violation,
    approval::{self, ApprovalOptions, ApprovalScope},
    evaluation::{Evaluation, stops},
    exemption::{ExemptionOptions, Exemptions},
    input::{Given, Input, oversized, refused},
    log::{self, Conditions, EventFields},
    mask::Mask,
    shadow::Shadow,
    state::{Slot, State, Status},
};
use crate::{
    Json, PolicyError,
    error::ConfigError,
    gate::{self, Answer, Findings, Foreign, GateConfig, Row, canonical},
};
use finops_core::time::Timestamp;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// What the input must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schema {
    /// The fields of the default policy are checked for type and range.
    #[default]
    Finops,
    /// Any JSON value goes to the set.
    None,
}

impl Schema {
    /// `finops` or `none`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finops => "finops",
            Self::None => "none",
        }
    }
}

/// How a [`Gate`] is made.
#[derive(Debug, Clone)]
pub struct GateOptions {
    /// Thresholds, tags, regions and actions of the typed rules.
    pub config: GateConfig,
    /// Whether the typed rules decide; needs [`Schema::Finops`].
    pub default_policy: bool,
    /// What the input must look like.
    pub schema: Schema,
    /// Whether nothing is decided before a set is loaded (`policy.missing`). Without the default policy it never is.
    pub require_set: bool,
    /// Exemptions; bad ones are ignored with a warning on every decision.
    pub exemptions: Vec<Json>,
    /// Limits of exemptions.
    pub exemption_options: ExemptionOptions,
    /// Quorum and life of approvals.
    pub approval_options: ApprovalOptions,
    /// Masks of the log event.
    pub masks: Vec<Json>,
    /// Seconds after which a set is too old to decide (`policy.stale`).
    pub max_age_s: Option<u64>,
    /// A candidate that answers beside this gate and changes nothing.
    pub candidate: Option<Arc<Gate>>,
    /// How sets are loaded and evaluated.
    #[cfg(feature = "rego")]
    pub load: crate::rego::LoadOptions,
}

impl Default for GateOptions {
    /// The default policy with its default configuration and no set.
    fn default() -> Self {
        Self {
            config: GateConfig::default(),
            default_policy: true,
            schema: Schema::Finops,
            require_set: false,
            exemptions: Vec::new(),
            exemption_options: ExemptionOptions::default(),
            approval_options: ApprovalOptions::default(),
            masks: Vec::new(),
            max_age_s: None,
            candidate: None,
            #[cfg(feature = "rego")]
            load: crate::rego::LoadOptions::default(),
        }
    }
}

/// What a decision may know besides the input. Unknown is unknown: without a time no exemption and no approval counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The instant of the decision.
    pub now: Option<Timestamp>,
    /// The id of the decision; bindings make a UUIDv7.
    pub decision_id: Option<&'a str>,
    /// Who asks.
    pub requester: Option<&'a str>,
    /// Approvals that were given.
    pub approvals: &'a [Json],
}

/// Answers "may I?".
///
/// ```
/// use finops_policy::decision::{Context, Gate, GateOptions};
/// let gate = Gate::new(GateOptions::default())?;
/// let input = r#"{"unit_cost_usd": 0.6, "cost_tags": {"team": "ai", "environment": "dev"}}"#;
/// let decision = gate.decide(input, &Context::default());
/// assert_eq!(decision.deny_messages(), ["Unit cost 0.6 USD exceeds budget cap of 0.5 USD"]);
/// assert!(!gate.decide("{", &Context::default()).allowed());
/// # Ok::<(), finops_policy::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct Gate {
    pub(super) config: GateConfig,
    pub(super) default_policy: bool,
    pub(super) schema: Schema,
    exemptions: Exemptions,
    approval_options: ApprovalOptions,
    masks: Vec<Mask>,
    #[cfg(feature = "rego")]
    max_age_s: Option<u64>,
    candidate: Option<Arc<Gate>>,
    /// The exemptions and the quorum as configured, if they are not the defaults.
    conditions: Option<Json>,
    pub(super) slot: Slot,
    #[cfg(feature = "rego")]
    pub(super) load: crate::rego::LoadOptions,
}

impl Gate {
    /// A gate without a set.
    ///
    /// # Errors
    /// `policy.config` for a mask that is none, or the default policy without its schema.
    pub fn new(options: GateOptions) -> Result<Self, PolicyError> {
        if options.default_policy && options.schema == Schema::None {
            let help = "give schema `finops`, or turn the default policy off";
            return Err(ConfigError::new("/schema", "the default policy reads `none`", help).into());
        }
        let conditions = conditions(&options);
        let policy = policy(&options.config, options.default_policy, options.schema);
        Ok(Self {
            exemptions: Exemptions::new(&options.exemptions, options.exemption_options),
            masks: Mask::list(&options.masks, "/masks")?,
            slot: Slot::new(policy, options.require_set || !options.default_policy),
            config: options.config,
            default_policy: options.default_policy,
            schema: options.schema,
            approval_options: options.approval_options,
            #[cfg(feature = "rego")]
            max_age_s: options.max_age_s,
            candidate: options.candidate,
            conditions,
            #[cfg(feature = "rego")]
            load: options.load,
        })
    }

    /// Decides one input. Never panics, never errs: every fault denies with its code.
    pub fn decide<'a>(&self, input: impl Into<Input<'a>>, context: &Context<'_>) -> Decision {
        self.decide_in(&self.slot.state(), input.into(), context)
    }

    /// Decides many inputs, each with its own id, all under the set that is loaded now.
    #[must_use]
    pub fn decide_many(&self, inputs: &[(Input<'_>, Option<&str>)], context: &Context<'_>) -> Vec<Decision> {
        let state = self.slot.state();
        let decide = |(input, decision_id): &(Input<'_>, Option<&str>)| {
            self.decide_in(&state, *input, &Context { decision_id: *decision_id, ..*context })
        };
        inputs.iter().map(decide).collect()
    }

    /// The typed rules, if nothing else has a say in a decision: no set, no exemption, no candidate.
    #[must_use]
    pub fn typed_rules(&self) -> Option<TypedRules<'_>> {
        let alone = self.default_policy && self.exemptions.is_empty() && self.candidate.is_none();
        let state = self.slot.state();
        (alone && !state.has_set() && state.without_set().is_ok()).then_some(TypedRules(&self.config))
    }

    /// Whether a set decides, beside or in place of the typed rules.
    #[must_use]
    pub fn has_set(&self) -> bool {
        self.slot.state().has_set()
    }

    /// The decision that the answer of a remote OPA amounts to; `revision` is that of its policies, if it said so.
    #[cfg(feature = "rego")]
    pub fn decide_remote<'a>(
        &self,
        input: impl Into<Input<'a>>,
        context: &Context<'_>,
        answer: crate::rego::contract::SetAnswer,
        revision: Option<&str>,
    ) -> Decision {
        let given = Given::of(input.into());
        let evaluation = match &given.value {
            Ok(_) => Evaluation::of_set(answer, UsedEngine::Remote),
            Err(error) => Evaluation::typed(Answer::refused(error)),
        };
        let mut decision = self.conclude(evaluation, given, &State::remote(revision), context);
        if decision.source == DecisionSource::Embedded {
            decision.source = DecisionSource::Opa;
        }
        decision
    }

    fn decide_in(&self, state: &State, input: Input<'_>, context: &Context<'_>) -> Decision {
        let work = || {
            let given = Given::of(input);
            let evaluation = self.evaluate(state, &given, context.now);
            self.conclude(evaluation, given, state, context)
        };
        guarded(work).unwrap_or_else(|fault| {
            let evaluation = Evaluation::fault(fault, UsedEngine::Typed);
            let nothing = Context { approvals: &[], ..*context };
            self.conclude_plain(evaluation, InputDigest::from(String::new()), state, &nothing)
        })
    }

    fn evaluate(&self, state: &State, given: &Given<'_>, now: Option<Timestamp>) -> Evaluation {
        let input = match &given.value {
            Ok(input) => input,
            Err(error) => return Evaluation::typed(Answer::refused(error)),
        };
        let mut evaluation = match self.typed(input, given.foreign) {
            Ok(evaluation) => evaluation,
            Err(fault) => Evaluation::fault(fault, UsedEngine::Typed),
        };
        // An input that could not be taken in whole says nothing to the set.
        if evaluation.fault.is_some() || evaluation.violations.iter().any(|v| stops(&v.rule)) {
            return evaluation;
        }
        #[cfg(feature = "rego")]
        if let Some(answer) = state.ask(input, now, self.max_age_s) {
            match answer {
                Ok((answer, engine)) => evaluation.add(answer, engine),
                Err(fault) => evaluation.fault = Some(fault),
            }
            return evaluation;
        }
        #[cfg(not(feature = "rego"))]
        let _only_a_set_grows_old = now;
        evaluation.fault = state.without_set().err();
        evaluation
    }

    fn typed(&self, input: &Json, foreign: &[Foreign]) -> Result<Evaluation, Fault> {
        guarded(|| {
            if self.schema == Schema::None {
                // What JSON cannot hold is refused under any schema: the set would see a null.
                let violations = foreign.iter().map(refused).collect();
                return Evaluation { violations, ..Evaluation::empty() };
            }
            let answer = gate::decide_with(input, foreign, &self.config);
            let mut evaluation = Evaluation::typed(answer);
            if !self.default_policy {
                evaluation.violations.retain(|violation| violation.rule.starts_with("input."));
                evaluation.warnings.clear();
                evaluation.not_evaluated.clear();
            }
            evaluation
        })
    }

    fn conclude(
        &self,
        mut evaluation: Evaluation,
        given: Given<'_>,
        state: &State,
        context: &Context<'_>,
    ) -> Decision {
        let candidate = self.candidate.as_deref().map(|candidate| candidate.judge(&given, context.now));
        let input = given.value.as_deref().unwrap_or(&Json::Null);
        let applied = if self.exemptions.is_empty() {
            None
        } else {
            let violations = std::mem::take(&mut evaluation.violations);
            let mut applied = self.exemptions.apply(violations, input, context.now);
            evaluation.violations = std::mem::take(&mut applied.left);
            Some(applied)
        };
        let mut decision = self.conclude_plain(evaluation, given.digest, state, context);
        if let Some(applied) = applied {
            decision.exempted = applied.exempted;
            decision.exemption_warnings = applied.warnings;
        }
        decision.shadow = candidate.map(|(outcome, violations)| {
            let active = Outcome::of(&decision.violations, decision.fault.is_some());
            // What approvals lift is no change: they were given for the active policy.
            Shadow::compare((active, &decision.violations), (outcome, &violations))
        });
        decision
    }

    /// Everything but exemptions and the candidate.
    fn conclude_plain(
        &self,
        evaluation: Evaluation,
        input_digest: InputDigest,
        state: &State,
        context: &Context<'_>,
    ) -> Decision {
        let faulty = evaluation.fault.is_some();
        let mut outcome = Outcome::of(&evaluation.violations, faulty);
        let pending = evaluation.violations.iter().any(|v| v.action == Action::RequireApproval);
        let approvals = (pending || !context.approvals.is_empty()).then(|| {
            let scope = ApprovalScope {
                requester: context.requester,
                input_digest: input_digest.as_str(),
                policy_revision: &state.revision,
                now: context.now,
            };
            approval::approve(&evaluation.violations, context.approvals, &scope, &self.approval_options)
        });
        if let (Some(approved), false) = (&approvals, faulty) {
            outcome = approved.decision;
        }
        let source = match evaluation.fault.as_ref().map(|fault| fault.code.as_str()) {
            None | Some("policy.not_allowed") => DecisionSource::Embedded,
            Some(_) => DecisionSource::FailClosed,
        };
        Decision {
            decision: outcome,
            violations: evaluation.violations,
            warnings: evaluation.warnings,
            advice: evaluation.advice,
            not_evaluated: evaluation.not_evaluated,
            fault: evaluation.fault,
            exempted: Vec::new(),
            exemption_warnings: Vec::new(),
            approvals,
            decision_id: context.decision_id.map(str::to_owned),
            input_digest,
            policy_revision: Arc::clone(&state.revision),
            policy_digest: Arc::clone(&state.digest),
            engine: evaluation.engine,
            source,
            shadow: None,
        }
    }

    /// What this gate, as a candidate, makes of an input: exemptions count, approvals do not.
    fn judge(&self, given: &Given<'_>, now: Option<Timestamp>) -> (Outcome, Vec<Violation>) {
        let evaluation = self.evaluate(&self.slot.state(), given, now);
        let input = given.value.as_deref().unwrap_or(&Json::Null);
        let applied = self.exemptions.apply(evaluation.violations, input, now);
        (Outcome::of(&applied.left, evaluation.fault.is_some()), applied.left)
    }

    /// The log event of a decision, masked; `input` is what was decided on.
    pub fn log_event<'a>(
        &self,
        decision: &Decision,
        input: impl Into<Input<'a>>,
        context: &Context<'_>,
        fields: &EventFields,
    ) -> Json {
        let given = Given::of(input.into());
        let digest = self.conditions_digest();
        let conditions = Conditions {
            now: context.now,
            requester: context.requester,
            approvals: context.approvals,
            foreign: given.foreign,
            digest: digest.as_deref(),
        };
        self.event(decision, given.value.ok().as_deref(), &conditions, fields)
    }

    pub(super) fn event(
        &self,
        decision: &Decision,
        input: Option<&Json>,
        conditions: &Conditions<'_>,
        fields: &EventFields,
    ) -> Json {
        log::event(decision, input, conditions, self.entry(), fields, &self.masks)
    }

    /// The revision that decides, when its set was loaded, and why the last load failed.
    #[must_use]
    pub fn status(&self) -> Status {
        self.slot.state().status()
    }

    /// The entry package.
    #[must_use]
    pub fn entry(&self) -> &str {
        #[cfg(feature = "rego")]
        return &self.load.entry;
        #[cfg(not(feature = "rego"))]
        "finops"
    }

    /// By file of the set, the lines that run on `input`.
    pub(super) fn covered_lines(&self, input: &Json) -> Vec<(String, Vec<u32>)> {
        #[cfg(feature = "rego")]
        return self.slot.state().covered_lines(input);
        #[cfg(not(feature = "rego"))]
        {
            let _nothing_runs_without_a_set = input;
            Vec::new()
        }
    }

    /// `sha256:<hex>` over configuration, schema and set.
    #[must_use]
    pub fn policy_digest(&self) -> String {
        self.slot.state().digest.to_string()
    }

    /// `sha256:<hex>` of exemptions, quorum and candidate; nothing when all are left at their defaults.
    #[must_use]
    pub fn conditions_digest(&self) -> Option<String> {
        let candidate = self.candidate.as_deref().map(Self::policy_digest);
        let conditions = match (&self.conditions, &candidate) {
            (None, None) => return None,
            (conditions, _) => conditions.clone().unwrap_or(Json::Null),
        };
        Some(digest(&Json::array([conditions, Json::from(candidate)])))
    }
}

/// The typed rules of a gate for the rows of a table: the same answers as [`Gate::decide`], without its record.
#[derive(Debug, Clone, Copy)]
pub struct TypedRules<'a>(&'a GateConfig);

impl TypedRules<'_> {
    /// The answer; nothing for an input that only the gate itself can refuse.
    ///
    /// ```
    /// use finops_policy::{Json, decision::{Gate, GateOptions}};
    /// let gate = Gate::new(GateOptions::default())?;
    /// let rules = gate.typed_rules().ok_or("a set decides")?;
    /// let answer = rules.decide(&Json::object([("unit_cost_usd", Json::from("0.6"))]), &[]).ok_or("too large")?;
    /// assert_eq!(answer.deny_messages().count(), 2, "too dear, and no tags");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn decide(&self, input: &Json, foreign: &[Foreign]) -> Option<Answer> {
        if oversized(input).is_some() {
            return None;
        }
        guarded(|| gate::decide_with(input, foreign, self.0)).ok()
    }

    /// The answer to a row, with nothing written out that `each` does not read: it is told every failing check in the order
    /// of an answer, by its rule, its action and its sentence. Nothing, and nothing told, for a row that says less than the
    /// document it stands for (a double that is not finite, a configuration that looks at the names of all members): ask
    /// [`TypedRules::decide`].
    pub fn decide_row(
        &self,
        row: &Row<'_>,
        findings: &mut Findings,
        each: impl FnMut(&str, Action, &str),
    ) -> Option<Outcome> {
        gate::decide_row(row, self.0, findings, each)
    }
}

/// Runs `work`, which may panic: a panic must never cross into the caller.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    // Nothing of a decision outlives it, so nothing half changed can be seen afterwards.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Fault::new("policy.panic", format!("the engine panicked: {}", finops_core::error::shorten(text)))
    })
}

/// The configuration and the schema that the policy digest covers.
fn policy(config: &GateConfig, default_policy: bool, schema: Schema) -> (Json, Json) {
    let config = if schema == Schema::Finops { config.to_json() } else { Json::Null };
    let schema = if default_policy { Json::from(schema.as_str()) } else { Json::Null };
    (config, schema)
}

/// `sha256:<hex>` of the canonical form.
pub(super) fn digest(value: &Json) -> String {
    format!("sha256:{}", canonical::digest(value))
}

fn conditions(options: &GateOptions) -> Option<Json> {
    let approvals = &options.approval_options;
    let default = options.exemptions.is_empty() && *approvals == ApprovalOptions::default();
    (!default).then(|| {
        let quorum = approvals.quorum.iter().map(|(rule, people)| (rule.as_str(), Json::from(*people)));
        Json::object([
            ("exemptions", Json::Array(options.exemptions.clone())),
            ("max_days", Json::from(options.exemption_options.max_days)),
            ("warn_days", Json::from(options.exemption_options.warn_days)),
            ("default_quorum", Json::from(approvals.default_quorum)),
            ("quorum", Json::object(quorum)),
            ("max_ttl_hours", Json::from(approvals.max_ttl_hours)),
        ])
    })
}

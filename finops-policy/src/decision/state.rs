//! What is loaded: the set, its age and the last failure, swapped as a whole.

use super::{Fault, gate};
use crate::Json;
use finops_core::time::Timestamp;
use std::sync::Arc;

#[cfg(feature = "rego")]
use {
    super::UsedEngine,
    crate::rego::{Module, contract::SetAnswer},
};

/// What evaluates an input: a set of policies.
#[cfg(feature = "rego")]
pub(super) trait Evaluate: Send + Sync {
    /// The answer; a fault is an answer with a code.
    fn evaluate(&self, input: &Json) -> SetAnswer;
    /// What runs it.
    fn engine(&self) -> UsedEngine;
    /// What the author calls this version.
    fn revision(&self) -> &str;
    /// `sha256:<hex>` of the loaded files.
    fn digest(&self) -> &str;
    /// By file, the lines that run on the input.
    fn covered_lines(&self, input: &Json) -> Vec<(String, Vec<u32>)>;
    /// The policies and their base document, where there are any.
    fn sources(&self) -> Option<(&[Module], &Json)> {
        None
    }
}

/// Everything that a decision needs besides the gate's own options.
#[derive(Clone)]
pub(super) struct State {
    /// `sha256:<hex>` over configuration, schema and set.
    pub(super) digest: Arc<str>,
    /// The set's revision, else the digest.
    pub(super) revision: Arc<str>,
    /// Whether nothing is decided without a set.
    required: bool,
    #[cfg(feature = "rego")]
    set: Option<Arc<dyn Evaluate>>,
    loaded_at: Option<Timestamp>,
    last_error: Option<Fault>,
}

/// What is loaded, for people and probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The revision that decides.
    pub revision: String,
    /// When the set was loaded, if one is and the loader said when.
    pub loaded_at: Option<Timestamp>,
    /// Why the last load failed; the set before it still decides.
    pub last_error: Option<Fault>,
}

impl Status {
    /// `{revision, loaded_at, last_error: null or {code, detail}}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let error = self.last_error.as_ref().map(|fault| {
            Json::object([
                ("code", Json::from(fault.code.as_str())),
                ("detail", Json::from(fault.detail.as_str())),
            ])
        });
        Json::object([
            ("revision", Json::from(self.revision.as_str())),
            ("loaded_at", Json::from(self.loaded_at.map(|at| at.to_string()))),
            ("last_error", Json::from(error)),
        ])
    }
}

/// The state in force.
pub(super) struct Slot {
    /// Configuration and schema, as the policy digest covers them.
    #[cfg(feature = "rego")]
    policy: (Json, Json),
    #[cfg(feature = "rego")]
    state: arc_swap::ArcSwap<State>,
    #[cfg(not(feature = "rego"))]
    state: Arc<State>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.state().status().fmt(f)
    }
}

impl Slot {
    /// Nothing loaded.
    pub(super) fn new(policy: (Json, Json), required: bool) -> Self {
        let digest = policy_digest(&policy, None);
        let state = State {
            revision: Arc::clone(&digest),
            digest,
            required,
            #[cfg(feature = "rego")]
            set: None,
            loaded_at: None,
            last_error: None,
        };
        #[cfg(feature = "rego")]
        let state = arc_swap::ArcSwap::from_pointee(state);
        #[cfg(not(feature = "rego"))]
        let state = Arc::new(state);
        Self {
            #[cfg(feature = "rego")]
            policy,
            state,
        }
    }

    #[cfg(feature = "rego")]
    pub(super) fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    #[cfg(not(feature = "rego"))]
    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }

    /// Puts a good set in force.
    #[cfg(feature = "rego")]
    pub(super) fn accept(&self, set: Arc<dyn Evaluate>, at: Option<Timestamp>) {
        let digest = policy_digest(&self.policy, Some(set.digest()));
        let revision = if set.revision().is_empty() { Arc::clone(&digest) } else { set.revision().into() };
        self.state.rcu(|old| State {
            digest: Arc::clone(&digest),
            revision: Arc::clone(&revision),
            required: old.required,
            set: Some(Arc::clone(&set)),
            loaded_at: at,
            last_error: None,
        });
    }

    /// Keeps what is in force and remembers why the load failed.
    #[cfg(feature = "rego")]
    pub(super) fn refuse(&self, fault: &Fault) {
        self.state.rcu(|old| State { last_error: Some(fault.clone()), ..State::clone(old) });
    }
}

impl State {
    /// The state of a remote policy: its revision is all that is known of it.
    #[cfg(feature = "rego")]
    pub(super) fn remote(revision: Option<&str>) -> Self {
        let digest = policy_digest(&(Json::Null, Json::Null), revision);
        Self {
            revision: revision.map_or_else(|| Arc::clone(&digest), Arc::from),
            digest,
            required: false,
            #[cfg(feature = "rego")]
            set: None,
            loaded_at: None,
            last_error: None,
        }
    }

    pub(super) fn status(&self) -> Status {
        Status {
            revision: self.revision.to_string(),
            loaded_at: self.loaded_at,
            last_error: self.last_error.clone(),
        }
    }

    /// The set's answer; none without a set.
    #[cfg(feature = "rego")]
    pub(super) fn ask(
        &self,
        input: &Json,
        now: Option<Timestamp>,
        max_age_s: Option<u64>,
    ) -> Option<Result<(SetAnswer, UsedEngine), Fault>> {
        let set = self.set.as_ref()?;
        let answer = self.fresh(now, max_age_s).and_then(|()| gate::guarded(|| set.evaluate(input)));
        Some(answer.map(|answer| (answer, set.engine())))
    }

    /// By file, the lines of the set that run on `input`; none when the set cannot say.
    #[cfg(feature = "rego")]
    pub(super) fn covered_lines(&self, input: &Json) -> Vec<(String, Vec<u32>)> {
        let lines = |set: &Arc<dyn Evaluate>| gate::guarded(|| set.covered_lines(input)).unwrap_or_default();
        self.set.as_ref().map(lines).unwrap_or_default()
    }

    /// The set's policies and their base document, if one is loaded.
    #[cfg(feature = "rego")]
    pub(super) fn sources(&self) -> Option<(Vec<Module>, Json)> {
        let (modules, data) = self.set.as_ref()?.sources()?;
        Some((modules.to_vec(), data.clone()))
    }

    /// Whether a set is loaded.
    #[cfg(feature = "rego")]
    pub(super) fn has_set(&self) -> bool {
        self.set.is_some()
    }

    /// Whether a set is loaded.
    #[cfg(not(feature = "rego"))]
    #[expect(clippy::unused_self, reason = "the same face with and without the engine")]
    pub(super) const fn has_set(&self) -> bool {
        false
    }

    /// Whether the typed rules may decide alone.
    pub(super) fn without_set(&self) -> Result<(), Fault> {
        match &self.last_error {
            Some(fault) => Err(fault.clone()),
            None if self.required => Err(Fault::new("policy.missing", "no policy set is loaded; load one")),
            None => Ok(()),
        }
    }

    #[cfg(feature = "rego")]
    fn fresh(&self, now: Option<Timestamp>, max_age_s: Option<u64>) -> Result<(), Fault> {
        let Some(max_age_s) = max_age_s else { return Ok(()) };
        let age_ms = self.loaded_at.zip(now).map(|(loaded, now)| now.ms().saturating_sub(loaded.ms()));
        let max_age_ms = i64::try_from(max_age_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        match age_ms {
            Some(age_ms) if age_ms <= max_age_ms => Ok(()),
            Some(age_ms) => {
                let detail =
                    format!("the set is {} s old, the limit is {max_age_s} s", age_ms.div_euclid(1000));
                Err(Fault::new("policy.stale", detail))
            }
            None => Err(Fault::new("policy.stale", "the age of the set is unknown, a limit is set")),
        }
    }
}

fn policy_digest((config, schema): &(Json, Json), set: Option<&str>) -> Arc<str> {
    let covered =
        Json::object([("config", config.clone()), ("schema", schema.clone()), ("set", Json::from(set))]);
    gate::digest(&covered).into()
}

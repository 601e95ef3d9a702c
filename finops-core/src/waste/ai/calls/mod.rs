//! Waste signals of single calls to language models: failures, retries, cut-off answers, loops, repetition.
//!
//! Prompts never enter: calls carry opaque keyed fingerprints. Calls are sorted by instant and id, so that their order in
//! the input changes nothing. A call is charged to one of the first four types only, in the order of [`SignalType`];
//! `repeated`, `uncached_prefix`, `cheaper_model` and `batch_eligible` are alternatives and never summed.

mod alternatives;
mod charged;
mod fact;
mod group;
mod reprice;
mod unpriced;

pub use fact::{CallFact, CallSignal, SignalConfig, SignalType, SignalWindow};

use crate::price::Catalogue;
use group::Calls;
use reprice::Repricer;

/// What `calls` waste, in the order of [`SignalType`], then by first call.
///
/// No saving, no signal, except for `call.unpriced`, whose saving is not known. A call without a session is in no retry,
/// loop or continuation.
///
/// ```
/// use finops_core::{price::Catalogue, waste::ai::calls::{CallFact, SignalConfig, signals}};
/// let call: CallFact = serde_json::from_str(
///     r#"{"id":"1","at":"2026-11-02T10:00:00Z","provider":"openai","model":"gpt-4o","usage":{"input":1000},
///         "cost_usd":"0.0025","outcome":"error"}"#,
/// )?;
/// let found = signals(&[call], &SignalConfig::default(), &Catalogue::builtin());
/// assert_eq!(found[0].r#type.name(), "call.failed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn signals(calls: &[CallFact], config: &SignalConfig, catalogue: &Catalogue) -> Vec<CallSignal> {
    let calls = Calls::new(calls);
    let reprice = Repricer::new(catalogue);
    let mut found = Vec::new();
    let taken = charged::find(&calls, config, &reprice, &mut found);
    alternatives::repeated(&calls, config, &taken, &mut found);
    alternatives::uncached_prefix(&calls, config, &reprice, &mut found);
    alternatives::cheaper_model(&calls, config, &reprice, &mut found);
    alternatives::batch_eligible(&calls, &reprice, &mut found);
    unpriced::find(&calls, config, &mut found);
    // Stable: what begins with the same call keeps the order in which it was found, which is by group.
    found.sort_by_key(|draft| (draft.r#type, draft.calls.first().copied()));
    found.into_iter().map(|draft| draft.finish(&calls)).collect()
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
mod tests;

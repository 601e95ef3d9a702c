//! What could have been bought cheaper. These overlap: they are alternatives, never summed.

use super::{
    CallFact, SignalConfig, SignalType,
    charged::Taken,
    group::{Calls, Draft, Place, add, subtract},
    reprice::Repricer,
};
use crate::money::Picodollars;

/// The same model and prompt, ok, several times in a day: the first one was needed.
pub(super) fn repeated(calls: &Calls<'_>, config: &SignalConfig, taken: &Taken, found: &mut Vec<Draft>) {
    let groups = calls.groups(|place, call| {
        let prompt = call.prompt_hash.as_deref()?;
        (call.is_ok() && !taken.has(place)).then_some((call.model.as_str(), prompt))
    });
    for group in groups {
        let mut saved = Vec::new();
        let mut saving = Picodollars::ZERO;
        let mut rest = group.as_slice();
        while let Some((first, others)) = rest.split_first() {
            let within = others.partition_point(|place| calls.within(*first, *place, config.repeated_s));
            let (same_day, later) = others.split_at(within.min(others.len()));
            if same_day.len().saturating_add(1) < config.repeated_calls as usize {
                rest = others;
                continue;
            }
            for place in same_day {
                saving = add(saving, calls.get(*place).map_or(Picodollars::ZERO, CallFact::cost));
                saved.push(*place);
            }
            rest = later;
        }
        let draft = Draft::new(SignalType::Repeated, saved, saving, 60);
        found.extend(draft.map(|draft| draft.of_model(calls).with("within_s", config.repeated_s)));
    }
}

/// A long shared prefix, sent again and again within a cache's lifetime, that no cache served.
pub(super) fn uncached_prefix(
    calls: &Calls<'_>,
    config: &SignalConfig,
    reprice: &Repricer<'_>,
    found: &mut Vec<Draft>,
) {
    let groups = calls.groups(|_, call| {
        let prefix = call.prefix_hash.as_deref()?;
        Some((call.provider.as_deref(), call.model.as_str(), prefix))
    });
    for group in groups {
        let Some(least) = group.first().and_then(|p| calls.get(*p)).and_then(|c| reprice.cache_min_tokens(c))
        else {
            continue;
        };
        let uncached = |place: &Place| {
            calls.get(*place).is_some_and(|call| {
                let length = call.prefix_tokens.unwrap_or_default();
                let usage = &call.usage;
                let read = [
                    usage.cache_read,
                    usage.cache_read_audio,
                    usage.cache_read_image,
                    usage.cache_read_video,
                ];
                length >= least && length <= usage.input && read == [0; 4]
            })
        };
        let same_run =
            |a: &Place, b: &Place| uncached(a) && uncached(b) && calls.within(*a, *b, config.prefix_gap_s);
        for run in group.chunk_by(same_run) {
            if run.len() >= config.prefix_calls as usize && run.iter().all(uncached) {
                found.extend(prefix_run(calls, reprice, run, least));
            }
        }
    }
}

/// Reads saved on every call but the first, less the dearer write on the first.
fn prefix_run(calls: &Calls<'_>, reprice: &Repricer<'_>, run: &[Place], least: u64) -> Option<Draft> {
    let mut saving = Picodollars::ZERO;
    for (index, place) in run.iter().enumerate() {
        let call = calls.get(*place)?;
        let length = call.prefix_tokens?;
        let now = reprice.total(call, &call.usage, None)?;
        let mut cached = call.usage;
        cached.input = cached.input.checked_sub(length)?;
        let bucket = if index == 0 { &mut cached.cache_write_5m } else { &mut cached.cache_read };
        *bucket = bucket.checked_add(length)?;
        saving = add(saving, subtract(now, reprice.total(call, &cached, None)?));
    }
    let length = run.first().and_then(|place| calls.get(*place)).and_then(|call| call.prefix_tokens);
    let draft = Draft::new(SignalType::UncachedPrefix, run.to_vec(), saving, 70)?;
    Some(draft.of_model(calls).with("prefix_tokens", length).with("cache_min_tokens", least))
}

/// The user's candidates, by exact repricing.
pub(super) fn cheaper_model(
    calls: &Calls<'_>,
    config: &SignalConfig,
    reprice: &Repricer<'_>,
    found: &mut Vec<Draft>,
) {
    if config.candidates.is_empty() {
        return;
    }
    let of_model = calls.groups(|_, call| {
        (call.is_ok() && config.candidates.contains_key(&call.model)).then_some(call.model.as_str())
    });
    for group in of_model {
        let Some(first) = group.first().and_then(|place| calls.get(*place)) else { continue };
        for candidate in config.candidates.get(&first.model).into_iter().flatten() {
            let (mut saved, mut saving) = (Vec::new(), Picodollars::ZERO);
            for place in &group {
                let Some(call) = calls.get(*place) else { continue };
                let (Some(paid), Some(instead)) = (call.cost_usd, reprice.candidate(call, candidate)) else {
                    continue;
                };
                saving = add(saving, subtract(paid, instead));
                saved.push(*place);
            }
            if let Some(mut draft) = Draft::new(SignalType::CheaperModel, saved, saving, 30) {
                draft.to = Some(candidate.clone());
                found.push(draft.with("model", first.model.as_str()));
            }
        }
    }
}

/// Work that can wait, served at once at the standard price though a batch price exists.
pub(super) fn batch_eligible(calls: &Calls<'_>, reprice: &Repricer<'_>, found: &mut Vec<Draft>) {
    let groups = calls.groups(|_, call| {
        let can_wait = matches!(call.tags.get("latency").map(String::as_str), Some("batch" | "offline"));
        let standard = matches!(call.service_tier.as_deref(), None | Some("" | "standard" | "default"));
        (can_wait && standard).then_some((call.provider.as_deref(), call.model.as_str()))
    });
    for group in groups {
        let (mut saved, mut saving) = (Vec::new(), Picodollars::ZERO);
        for place in group {
            let Some(call) = calls.get(place) else { continue };
            if let (Some(paid), Some(batch)) = (call.cost_usd, reprice.batch(call)) {
                saving = add(saving, subtract(paid, batch));
                saved.push(place);
            }
        }
        let draft = Draft::new(SignalType::BatchEligible, saved, saving, 60);
        found.extend(draft.map(|draft| draft.of_model(calls)));
    }
}

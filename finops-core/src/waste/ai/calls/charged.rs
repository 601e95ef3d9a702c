//! What was spent in vain. A call is charged to one of these types only, in this order.

use super::{
    CallFact, SignalConfig, SignalType,
    group::{Calls, Draft, Place, add},
    reprice::Repricer,
};
use crate::money::Picodollars;

/// Which calls were charged, by place.
pub(super) struct Taken(Vec<bool>);

impl Taken {
    pub(super) fn has(&self, place: Place) -> bool {
        self.0.get(place as usize).copied().unwrap_or(true)
    }

    fn take(&mut self, place: Place) {
        if let Some(taken) = self.0.get_mut(place as usize) {
            *taken = true;
        }
    }
}

/// The calls of one signal and what they cost together.
#[derive(Default)]
struct Spent {
    calls: Vec<Place>,
    amount: i128,
}

impl Spent {
    fn charge(&mut self, taken: &mut Taken, place: Place, amount: Picodollars) {
        if amount > Picodollars::ZERO && !taken.has(place) {
            taken.take(place);
            self.calls.push(place);
            self.amount = add(Picodollars::new(self.amount), amount).get();
        }
    }

    fn draft(mut self, r#type: SignalType, confidence: i64) -> Option<Draft> {
        self.calls.sort_unstable();
        let count = self.calls.len();
        let draft = Draft::new(r#type, self.calls, Picodollars::new(self.amount), confidence)?;
        Some(draft.with("calls", count))
    }
}

pub(super) fn find(
    calls: &Calls<'_>,
    config: &SignalConfig,
    reprice: &Repricer<'_>,
    found: &mut Vec<Draft>,
) -> Taken {
    let mut taken = Taken(vec![false; calls.len()]);
    let sessions = calls.groups(|_, call| call.session.as_deref());
    failed(calls, &mut taken, found);
    retries(calls, config, &mut taken, found);
    truncated(calls, config, reprice, &sessions, &mut taken, found);
    loops(calls, config, &sessions, &mut taken, found);
    taken
}

fn failed(calls: &Calls<'_>, taken: &mut Taken, found: &mut Vec<Draft>) {
    let mut spent = Spent::default();
    for (place, call) in calls.iter().filter(|(_, call)| !call.is_ok()) {
        spent.charge(taken, place, call.cost());
    }
    found.extend(spent.draft(SignalType::Failed, 95));
}

fn retries(calls: &Calls<'_>, config: &SignalConfig, taken: &mut Taken, found: &mut Vec<Draft>) {
    let mut spent = Spent::default();
    let attempts = calls.groups(|_, call| Some((call.session.as_deref()?, call.prompt_hash.as_deref()?)));
    for group in &attempts {
        for (place, next) in group.iter().zip(group.iter().skip(1)) {
            if calls.within(*place, *next, config.retry_s) {
                spent.charge(taken, *place, calls.get(*place).map_or(Picodollars::ZERO, CallFact::cost));
            }
        }
    }
    found.extend(spent.draft(SignalType::Retry, 90).map(|draft| draft.with("within_s", config.retry_s)));
}

fn truncated(
    calls: &Calls<'_>,
    config: &SignalConfig,
    reprice: &Repricer<'_>,
    sessions: &[Vec<Place>],
    taken: &mut Taken,
    found: &mut Vec<Draft>,
) {
    let mut goes_on = vec![false; calls.len()];
    for session in sessions {
        for (place, next) in session.iter().zip(session.iter().skip(1)) {
            if let Some(slot) = goes_on.get_mut(*place as usize) {
                *slot = calls.within(*place, *next, config.continuation_s);
            }
        }
    }
    let (mut whole, mut output) = (Spent::default(), Spent::default());
    for (place, call) in calls.iter().filter(|(_, call)| call.finish.as_deref() == Some("length")) {
        if goes_on.get(place as usize).copied().unwrap_or_default() {
            whole.charge(taken, place, call.cost());
        } else if !taken.has(place) {
            let side = call.output_cost_usd.or_else(|| reprice.output_side(call));
            output.charge(taken, place, side.unwrap_or(Picodollars::ZERO));
        }
    }
    let within = |draft: Draft| draft.with("within_s", config.continuation_s);
    found.extend(whole.draft(SignalType::Truncated, 90).map(within));
    found.extend(output.draft(SignalType::Truncated, 50));
}

fn loops(
    calls: &Calls<'_>,
    config: &SignalConfig,
    sessions: &[Vec<Place>],
    taken: &mut Taken,
    found: &mut Vec<Draft>,
) {
    let tool = |place: &Place| calls.get(*place).and_then(|call| call.tool_hash.as_deref());
    for session in sessions {
        for run in session.chunk_by(|a, b| tool(a).is_some() && tool(a) == tool(b)) {
            let mut spent = Spent::default();
            let needed = (config.loop_calls as usize).saturating_sub(1);
            for place in run.iter().skip(needed).filter(|place| tool(place).is_some()) {
                spent.charge(taken, *place, calls.get(*place).map_or(Picodollars::ZERO, CallFact::cost));
            }
            let draft = spent.draft(SignalType::Loop, 80);
            found.extend(draft.map(|draft| draft.with("identical_tool_calls", run.len())));
        }
    }
}

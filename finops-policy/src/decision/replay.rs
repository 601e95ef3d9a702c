//! Deciding a recorded input again: the same policy must give the same bytes.

use super::{
    Context, Decision, Gate, Input,
    log::{Conditions, EventFields, Recorded, ReplayError},
};
use crate::{Json, json::Object};

/// A decision made again.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// The new decision.
    pub decision: Decision,
    /// The event as the log would have written it, with the times of the recorded one.
    pub event: Json,
    /// Whether it is the recorded one, byte for byte.
    pub same: bool,
    /// JSON pointers of the members of `result` that differ, in the order of the record.
    pub differences: Vec<String>,
}

impl Replayed {
    /// `{same, differences, event}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("same", Json::from(self.same)),
            ("differences", Json::array(self.differences.iter().map(String::as_str))),
            ("event", self.event.clone()),
        ])
    }
}

impl Gate {
    /// Decides the input of a recorded event again, with its time, requester and approvals.
    ///
    /// # Errors
    /// `policy.replay_masked` when the recorded input is not the original, `policy.replay_revision` when this gate holds
    /// another policy, other exemptions, quorum or candidate, `policy.replay_event` for another shape.
    pub fn replay(&self, event: &Json) -> Result<Replayed, ReplayError> {
        let recorded = Recorded::read(event)?;
        let held = self.policy_digest();
        if recorded.policy_digest != held {
            return Err(ReplayError::Revision { recorded: recorded.policy_digest.to_owned(), held });
        }
        let conditions = self.conditions_digest();
        if recorded.conditions != conditions.as_deref() {
            let text =
                |digest: Option<&str>| digest.unwrap_or("no exemptions, quorum or candidate").to_owned();
            let (recorded, held) = (text(recorded.conditions), text(conditions.as_deref()));
            return Err(ReplayError::Revision { recorded, held });
        }
        let decision = self.decide_recorded(&recorded);
        let event = self.rewrite(&recorded, &decision);
        let differences = differences(recorded.event.get("result"), event.get("result"));
        let same = event.to_text() == recorded.event.to_text();
        Ok(Replayed { decision, event, same, differences })
    }

    /// Decides a recorded input as if it came now, under the policy that is loaded.
    pub(super) fn decide_recorded(&self, recorded: &Recorded<'_>) -> Decision {
        let context = Context {
            now: recorded.now,
            decision_id: recorded.decision_id,
            requester: recorded.requester,
            approvals: recorded.approvals,
        };
        self.decide(Input::Native(recorded.input, &recorded.foreign), &context)
    }

    fn rewrite(&self, recorded: &Recorded<'_>, decision: &Decision) -> Json {
        let object =
            |name: &str| recorded.event.get(name).and_then(Json::as_object).cloned().unwrap_or_default();
        let timestamp =
            recorded.event.get("timestamp").and_then(Json::as_str).and_then(|text| text.parse().ok());
        let fields = EventFields { timestamp, labels: object("labels"), metrics: object("metrics") };
        let conditions = Conditions {
            now: recorded.now,
            requester: recorded.requester,
            approvals: recorded.approvals,
            foreign: &recorded.foreign,
            digest: recorded.conditions,
        };
        let mut event = self.event(decision, Some(recorded.input), &conditions, &fields);
        // Times are the record's: how long it took, and the text of the instant.
        if let (Json::Object(members), Some(at)) = (&mut event, recorded.event.get("timestamp")) {
            members.insert("timestamp", at.clone());
        }
        if let (Some(eval_ns), Some(Json::Object(result))) =
            (recorded.result.get("eval_ns"), event.pointer_mut("/result"))
        {
            result.insert("eval_ns", eval_ns.clone());
        }
        event
    }
}

fn differences(before: Option<&Json>, after: Option<&Json>) -> Vec<String> {
    let empty = Object::new();
    let members =
        |json: Option<&Json>| json.and_then(Json::as_object).cloned().unwrap_or_else(|| empty.clone());
    let (before, after) = (members(before), members(after));
    let gone = before.iter().filter(|(name, value)| after.get(name) != Some(value)).map(|(name, _)| name);
    let new = after.keys().filter(|name| !before.contains_key(name));
    gone.chain(new).map(|name| crate::json::pointer_of(["result", name])).collect()
}

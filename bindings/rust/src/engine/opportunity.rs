//! The view of a finding that people and the ledger read: an opportunity.

use super::run::Found;
use crate::ledger::opportunity::opportunity_id;
use finops_core::{
    json::{Json, Object},
    time::Timestamp,
    waste::{Assessment, ChangeKind, OpportunityType, Ratio, SubjectKind, Value, wire},
};

/// What to do, in one sentence with the values that change.
pub(super) fn recommendation(assessment: &Assessment) -> String {
    let name = assessment.subject.name();
    let what = match assessment.proposal {
        Some(ChangeKind::CpuRightsize) => format!("Lower the CPU request of `{name}`"),
        Some(ChangeKind::MemoryRightsize) => format!("Lower the memory request of `{name}`"),
        Some(ChangeKind::NodeConsolidation) => format!("Run `{name}` on fewer nodes"),
        Some(ChangeKind::VolumeCleanup) => format!("Take a snapshot of volume `{name}` and delete it"),
        Some(ChangeKind::AutoscalingFix) => format!("Correct the autoscaler of `{name}`"),
        Some(ChangeKind::KarpenterConsolidation) => {
            format!("Let Karpenter consolidate the nodes of `{name}`")
        }
        Some(ChangeKind::ResourceCleanup) => format!("Remove `{name}`, or scale it to zero"),
        None => match assessment.opportunity {
            OpportunityType::UnderProvisioned => format!("Raise the requests or limits of `{name}`"),
            OpportunityType::MissingRequests => format!("Set requests for `{name}`"),
            OpportunityType::LogVerbosity => format!("Lower the log level of `{name}`"),
            OpportunityType::StorageLifecycle => {
                format!("Move `{name}` to a cheaper class, or let it expire")
            }
            OpportunityType::LlmSpend => llm(assessment),
            OpportunityType::IdleGpu => format!("Free the GPUs that `{name}` does not use"),
            OpportunityType::IdleEndpoint => format!("Delete endpoint `{name}`, or scale it to zero"),
            OpportunityType::TrainingWaste => format!("Keep training run `{name}` from wasting its hours"),
            _ => format!("Review `{name}`"),
        },
    };
    let changes: Vec<String> = assessment
        .after
        .iter()
        .filter_map(|(name, after)| {
            let before = assessment.before.iter().find(|(known, _)| known == name).map(|(_, before)| before);
            if before == Some(after) || *after == Value::Unknown {
                return None;
            }
            let shown = |value: &Value| match wire::value(value) {
                Json::String(text) => text,
                other => other.to_text(),
            };
            Some(match before {
                Some(before) if *before != Value::Unknown => {
                    format!("{name} from {} to {}", shown(before), shown(after))
                }
                _ => format!("{name} {}", shown(after)),
            })
        })
        .collect();
    if changes.is_empty() { format!("{what}.") } else { format!("{what}: {}.", changes.join(", ")) }
}

/// What to do about spending on a route or on throughput, by what found it.
fn llm(assessment: &Assessment) -> String {
    let name = assessment.subject.name();
    match assessment.detector {
        "ai.prompt_cache" => format!("Cache the stable prefix of the prompts of `{name}`"),
        "ai.batch" => format!("Send the calls of `{name}` as batches"),
        "ai.repeated_requests" => format!("Serve repeated requests of `{name}` from a cache"),
        "ai.oversized_context" => format!("Shorten the inputs of `{name}` to the budget that was evaluated"),
        "ai.cheaper_model" => format!("Serve `{name}` with the model that was evaluated"),
        "ai.provisioned_below_break_even" => format!("Give up the provisioned throughput of `{name}`"),
        "ai.call_failed" => format!("Find out why calls of `{name}` fail"),
        "ai.call_retry" => format!("Let calls of `{name}` wait before they are tried again"),
        "ai.call_truncated" => format!("Raise the output limit of `{name}`"),
        "ai.call_loop" => format!("End the loops of tool calls of `{name}`"),
        _ => format!("Review the calls of `{name}`"),
    }
}

/// What a change of this type does to the bill (specification of waste, section 2).
const fn effect(kind: OpportunityType) -> &'static str {
    use OpportunityType as T;
    match kind {
        T::IdleNodes
        | T::OrphanVolumes
        | T::ZombieWorkloads
        | T::UnusedResources
        | T::IdleGpu
        | T::IdleEndpoint
        | T::TrainingWaste => "eliminate",
        T::StorageLifecycle | T::LlmSpend => "rate",
        _ => "usage",
    }
}

const fn component(kind: OpportunityType) -> &'static str {
    match kind {
        OpportunityType::OverRequestedCpu => "cpu",
        OpportunityType::OverRequestedMemory => "memory",
        _ => "all",
    }
}

/// A share as the ledger writes decimals.
fn share(text: Option<String>) -> Json {
    text.and_then(|text| Ratio::parse(&text)).map(|value| value.to_string()).into()
}

/// UTC with six fraction digits, the form of events.
pub(super) fn event_time(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix('Z').map_or_else(|| text.clone(), |text| format!("{text}000Z"))
}

impl Found {
    /// The namespace that an opportunity shows: nodes have `cluster`, volumes of the summary form `storage`.
    fn namespace(&self) -> &str {
        let subject = &self.assessment.subject;
        subject.namespace().unwrap_or(match subject.kind() {
            SubjectKind::NodeGroup | SubjectKind::NodeType | SubjectKind::Node | SubjectKind::NodePool => {
                "cluster"
            }
            SubjectKind::Volume => "storage",
            _ if self.provider.is_some() => "llm",
            _ => "",
        })
    }

    /// The id of the opportunity: that of the ledger, or the one it would give.
    #[must_use]
    pub fn id(&self) -> String {
        match &self.recorded {
            Some(recorded) => recorded.id.clone(),
            None => opportunity_id(&self.finding.fingerprint().to_string(), 1),
        }
    }

    /// The members that the ledger has: money as text, unknown as null.
    #[must_use]
    pub fn opportunity(&self, as_of: Timestamp) -> Json {
        let (assessment, fingerprint) = (&self.assessment, self.finding.fingerprint().to_string());
        let recorded = self.recorded.as_ref();
        let said = self.assessment.detector == "custom";
        let known = !said || OpportunityType::from_code(&self.type_name).is_some();
        Json::object([
            ("id", Json::from(self.id())),
            ("type", self.type_name.as_str().into()),
            ("status", recorded.map_or("detected", |recorded| recorded.status).into()),
            ("detected_at", event_time(as_of).into()),
            ("cluster", self.cluster.as_str().into()),
            ("namespace", self.namespace().into()),
            ("workload", assessment.workload().into()),
            ("team", assessment.team.as_deref().unwrap_or_default().into()),
            ("estimated_monthly_savings", assessment.gross().map(|amount| amount.ratio().to_string()).into()),
            ("confidence", share(assessment.confidence.as_ref().map(|confidence| confidence.text()))),
            ("risk_score", share(assessment.risk.as_ref().map(|risk| risk.text()))),
            ("evidence", self.evidence.clone()),
            ("before_state", self.before.clone()),
            ("after_state", self.after.clone()),
            ("resource", assessment.subject.id().into()),
            ("component", component(assessment.opportunity).into()),
            ("effect", if known { effect(assessment.opportunity) } else { "eliminate" }.into()),
            ("currency", "USD".into()),
            ("price_basis", "list".into()),
            ("fingerprint", fingerprint.into()),
            ("generation", recorded.map_or(1, |recorded| recorded.generation).into()),
            ("finding_id", self.finding.finding_id().into()),
            ("detector", self.detector.as_str().into()),
            ("environment", self.environment.as_deref().into()),
        ])
    }

    /// The opportunity with what the engine knows beside it: recommendation, tags, guardrail, estimate, portfolio.
    #[must_use]
    pub fn to_json(&self, as_of: Timestamp) -> Json {
        let mut members = match self.opportunity(as_of) {
            Json::Object(members) => members,
            _ => Object::new(),
        };
        members.insert("recommendation", self.recommendation.as_str());
        members.insert("tags", Json::array(self.tags.iter().map(String::as_str)));
        members.insert("guardrail", self.guardrail.to_json());
        members.insert("guardrail_input", self.guardrail_input.clone());
        members.insert("estimate", self.estimate());
        if let Some(confidence) = &self.assessment.confidence {
            members.insert("confidence_inputs", wire::confidence_inputs(confidence));
        }
        if let Some(risk) = &self.assessment.risk {
            members.insert("risk_inputs", wire::risk_inputs(risk));
        }
        members.insert("provider", self.provider.as_deref());
        members.insert("reason", self.assessment.reason.map(finops_core::waste::Reason::code));
        let severity = self.finding.severity();
        members.insert(
            "severity",
            Json::object([("level", Json::from(severity.level.name())), ("score", severity.score.into())]),
        );
        members.insert("priority", self.finding.priority());
        members.into()
    }

    /// The estimate with what the portfolio made of it.
    fn estimate(&self) -> Json {
        let mut members = match self.assessment.estimate.as_ref().map(wire::estimate) {
            Some(Json::Object(members)) => members,
            _ => return Json::Null,
        };
        members.insert("granted_monthly", self.granted.to_string());
        members.insert("realizable_monthly", Json::from(self.realizable.map(|amount| amount.to_string())));
        members.insert("realizable_reason", Json::from(self.realizable_reason));
        members.insert("superseded_by", Json::array(self.superseded_by.iter().map(String::as_str)));
        members.into()
    }
}

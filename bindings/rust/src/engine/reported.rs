//! What detectors of one's own report, and opportunities that come back: read as assessments.

use finops_core::{
    error::{Fault, shorten},
    json::Json,
    waste::{
        Amount, Assessment, Claim, ClaimKind, Component, Confidence, Estimate, Evidence, Fact,
        OpportunityType, Ratio, Reason, Risk, Subject, SubjectKind, Value, detectors,
    },
};
use std::sync::Arc;

/// What one detector of one's own found, or why it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Its name.
    pub detector: String,
    /// Opportunities by the names of the ledger (`type`, `namespace`, `workload`, `estimated_monthly_savings`,
    /// `confidence`, `risk_score`, `before_state`, `after_state`, `evidence`), or what its failure says.
    pub result: Result<Vec<Json>, String>,
}

impl Reported {
    /// Reads `{detector, opportunities | error}`; an answer that is no list is a failure of its detector.
    #[must_use]
    pub fn from_json(value: &Json) -> Self {
        let detector = value.get("detector").and_then(Json::as_str).unwrap_or("custom").to_owned();
        let result = match value.get("error").and_then(Json::as_str) {
            Some(error) => Err(error.to_owned()),
            None => match value.get("opportunities") {
                Some(Json::Array(items)) => Ok(items.clone()),
                Some(Json::Null) | None => Ok(Vec::new()),
                Some(other) => Err(format!("it answered a {}, not a list", other.type_name())),
            },
        };
        Self { detector, result }
    }

    /// The check id of its findings: `custom.` and its name in lower case.
    pub(super) fn check_id(&self) -> String {
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        let name: String = self
            .detector
            .chars()
            .take(100)
            .map(|c| c.to_ascii_lowercase())
            .map(|c| if known(c) { c } else { '_' })
            .collect();
        format!("custom.{name}")
    }
}

/// An assessment that was read back, with the type as it was given: it may be one of the user's own.
pub(super) struct Read {
    pub assessment: Assessment,
    pub type_name: String,
}

/// The names that states of the detectors have: those that a change is written from.
const STATES: &[&str] = &[
    "cpu_limit",
    "cpu_request",
    "cpu_usage",
    "instance_type",
    "limits",
    "max_replicas",
    "memory_limit",
    "memory_limit_bytes",
    "memory_limit_gb",
    "memory_request",
    "memory_request_bytes",
    "memory_request_gb",
    "memory_usage_gb",
    "min_replicas",
    "node_count",
    "has_snapshot",
    "replicas",
    "requests",
    "scale_up_delay",
    "scale_up_stabilization_seconds",
    "size",
    "state",
    "status",
    "target_utilization",
    "type",
];

fn refused(path: &str, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("waste.invalid_record", path, problem, help)
}

fn text<'a>(item: &'a Json, name: &str) -> Option<&'a str> {
    item.get(name).and_then(Json::as_str).filter(|text| !text.is_empty())
}

fn number(item: &Json, name: &str) -> Result<Option<Ratio>, Fault> {
    let value = match item.get(name) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Number(number)) => Ratio::parse(number.text()),
        Some(Json::String(text)) => Ratio::parse(text),
        Some(_) => None,
    };
    let shown = || shorten(&item.get(name).map(Json::to_text).unwrap_or_default());
    match value.filter(|value| !value.is_negative()) {
        Some(value) => Ok(Some(value)),
        None => Err(refused(name, format!("`{}` is no number of at least 0", shown()), "give a decimal")),
    }
}

fn part(item: &Json, name: &str) -> Result<Option<Ratio>, Fault> {
    let value = number(item, name)?;
    match value.filter(|value| *value <= Ratio::ONE) {
        Some(value) => Ok(Some(value)),
        None if item.get(name).is_none_or(Json::is_null) => Ok(None),
        None => Err(refused(name, "it is above 1", "give a share from 0 to 1")),
    }
}

/// The states of a full inventory hold quantities by resource.
fn amounts(value: &Json) -> Value {
    let of = |name: &'static str| Some((name, Value::Text(text(value, name)?.to_owned())));
    Value::Map(["cpu", "memory"].into_iter().filter_map(of).collect())
}

fn states(item: &Json, name: &str) -> Vec<Fact> {
    let Some(object) = item.get(name).and_then(Json::as_object) else { return Vec::new() };
    let value = |value: &Json| match value {
        Json::Number(number) => Ratio::parse(number.text()).map(Value::Number),
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::String(text) => {
            Some(Ratio::parse(text).map_or_else(|| Value::Text(text.clone()), Value::Number))
        }
        Json::Object(_) => Some(amounts(value)),
        _ => None,
    };
    object
        .iter()
        .filter_map(|(key, member)| {
            let known = STATES.iter().find(|known| **known == key)?;
            Some((*known, value(member)?))
        })
        .collect()
}

/// The subject: that of `resource` in the form of a finding, else by the type, the namespace and the workload.
fn subject(item: &Json, kind: Option<OpportunityType>) -> Result<Subject, Fault> {
    use OpportunityType as T;
    if let Some(resource) = text(item, "resource") {
        // The summary forms follow from the type: they show less than their ids.
        let summary = matches!(kind, Some(T::IdleNodes | T::KarpenterConsolidation | T::OrphanVolumes));
        if let Some(subject) = Subject::from_id(resource)
            && !(summary
                && matches!(
                    subject.kind(),
                    SubjectKind::NodeGroup | SubjectKind::NodeType | SubjectKind::Volume
                ))
        {
            return Ok(subject);
        }
    }
    let name = text(item, "workload").or_else(|| text(item, "resource")).or_else(|| text(item, "name"));
    let name =
        name.ok_or_else(|| refused("workload", "it is missing", "name the workload or the resource"))?;
    let name = name.strip_prefix("volume/").or_else(|| name.strip_prefix("node_group/")).unwrap_or(name);
    let namespace = text(item, "namespace").unwrap_or("default");
    Ok(match kind {
        Some(T::IdleNodes) => Subject::summary_named(SubjectKind::NodeGroup, name),
        Some(T::KarpenterConsolidation) => Subject::summary_named(SubjectKind::NodeType, name),
        Some(T::OrphanVolumes) => Subject::summary_named(SubjectKind::Volume, name),
        Some(T::MisconfiguredAutoscaling) => Subject::summary_autoscaler(namespace, name),
        Some(T::LlmSpend | T::IdleGpu | T::IdleEndpoint | T::TrainingWaste) => ai(item, kind, name),
        _ => Subject::summary_workload(namespace, name),
    })
}

/// The subject of a finding on AI workloads: what its type and its detector speak of.
fn ai(item: &Json, kind: Option<OpportunityType>, name: &str) -> Subject {
    use OpportunityType as T;
    let name = name.strip_prefix("gpu_container/").unwrap_or(name);
    match (kind, text(item, "detector")) {
        (Some(T::IdleGpu), _) => Subject::summary_named(SubjectKind::GpuContainer, name),
        (Some(T::IdleEndpoint), _) => Subject::named(SubjectKind::Endpoint, name),
        (Some(T::TrainingWaste), _) => Subject::named(SubjectKind::TrainingRun, name),
        (_, Some("ai.provisioned_below_break_even")) => Subject::named(SubjectKind::Throughput, name),
        _ => Subject::named(SubjectKind::Route, name),
    }
}

/// Reads an opportunity: a detector's own, or one that was answered before and comes back.
///
/// # Errors
/// `waste.invalid_record` with the member that cannot be read.
pub(super) fn assessment(item: &Json) -> Result<Read, Fault> {
    if item.as_object().is_none() {
        let problem = format!("a {} is no opportunity", item.type_name());
        return Err(refused(
            "",
            problem,
            "give an object with `type`, `workload`, `estimated_monthly_savings`",
        ));
    }
    let type_name =
        text(item, "type").ok_or_else(|| refused("type", "it is missing", "give a snake_case word"))?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if type_name.len() > 64 || !type_name.bytes().all(plain) {
        let problem = format!("`{}` is no snake_case word", shorten(type_name));
        return Err(refused("type", problem, "give a word like `idle_nodes`"));
    }
    let kind = OpportunityType::from_code(type_name);
    let subject = subject(item, kind)?;
    let month = Ratio::from(730);
    let saving = number(item, "estimated_monthly_savings")?;
    let mut estimate = match &saving {
        Some(saving) => Estimate::saving(saving, &month),
        None => Estimate::unknown(Reason::NoPrice, &month),
    };
    let eliminates = !matches!(
        kind,
        Some(
            OpportunityType::OverRequestedCpu
                | OpportunityType::OverRequestedMemory
                | OpportunityType::MisconfiguredAutoscaling
                | OpportunityType::KarpenterConsolidation
        )
    );
    if let Some(amount) = saving.as_ref().and_then(Amount::round) {
        // Nothing is said of what the resource costs: at least what the change saves.
        estimate.claims.push(Claim {
            resource: Arc::from(subject.id()),
            component: match kind {
                Some(OpportunityType::OverRequestedCpu) => Component::Cpu,
                Some(OpportunityType::OverRequestedMemory) => Component::Memory,
                Some(OpportunityType::OrphanVolumes) => Component::Storage,
                _ => Component::Fee,
            },
            base: amount,
            amount,
            kind: if eliminates { ClaimKind::Delete } else { ClaimKind::Resize },
            exclusive: None,
        });
    }
    estimate.formula = "as reported";
    let detector = text(item, "detector").and_then(|id| {
        detectors().into_iter().map(finops_core::waste::Detector::id).find(|known| *known == id)
    });
    let confidence = part(item, "confidence")?;
    let risk = part(item, "risk_score")?;
    let mut assessment = Assessment::finding(
        detector.unwrap_or("custom"),
        kind.unwrap_or(OpportunityType::UnusedResources),
        subject,
        Evidence::default(),
        estimate,
        Confidence {
            class: None,
            base: confidence.clone().unwrap_or(Ratio::ZERO),
            coverage: Ratio::ONE,
            backtest: None,
        },
        Risk::base(risk.clone().unwrap_or(Ratio::ONE)),
    );
    // Unknown is unknown: no guardrail passes it.
    if confidence.is_none() {
        assessment.confidence = None;
    }
    if risk.is_none() {
        assessment.risk = None;
    }
    if kind.is_none() {
        assessment.proposal = None;
    }
    assessment.before = states(item, "before_state");
    assessment.after = states(item, "after_state");
    assessment.team = text(item, "team").map(Arc::from);
    // Part of the identity of some findings.
    assessment.reason = detector.and(text(item, "reason")).and_then(Reason::from_code);
    Ok(Read { assessment, type_name: type_name.to_owned() })
}

//! Why a finding has no change: what is missing, and what a person can do.

use super::intent::{LEFTOVERS, fact, whole};
use crate::{
    error::{Fault, shorten},
    waste::{Assessment, Reason, Value},
};

/// The refusal of a finding that asks for nothing that can be written.
pub(super) fn fault(assessment: &Assessment) -> Fault {
    let (problem, help) = reason(assessment);
    Fault::new("change.not_found", "finding", problem, help)
}

fn reason(assessment: &Assessment) -> (String, &'static str) {
    let name = shorten(assessment.subject.name());
    let most = || match whole(&assessment.evidence.measured(), "max") {
        Some(max) => format!(", {max}"),
        None => String::new(),
    };
    match (assessment.detector, assessment.reason) {
        ("k8s.offhours_idle", _) => {
            let hours = match fact(&assessment.after, "idle_hours_utc") {
                Some(Value::Text(hours)) => format!("; idle, UTC: {hours}"),
                _ => String::new(),
            };
            (
                format!("no field of `{name}` holds a schedule, and the inventory names no scheduler{hours}"),
                "let the scheduler of the cluster, such as KEDA's cron trigger or kube-downscaler, scale it to 0 in its idle hours",
            )
        }
        ("k8s.hpa_ineffective", Some(Reason::MinEqualsMax)) => (
            format!(
                "least and largest replicas of `{name}` are the same{}, and the finding holds no measure of what it needs",
                most()
            ),
            "raise `maxReplicas` to what busy hours need, or lower `minReplicas`: `k8s.hpa_min_replicas` proposes a number once usage of two weeks is known",
        ),
        ("k8s.hpa_ineffective", Some(Reason::AtMaximum)) => (
            format!(
                "`{name}` stands at its largest number of replicas{}: no sample shows how many it would take",
                most()
            ),
            "raise `maxReplicas` step by step until it is no longer reached, or let a replica do more",
        ),
        ("k8s.hpa_ineffective", Some(Reason::TargetResourceWithoutRequest)) => (
            format!(
                "`{name}` watches a resource that a container of its target does not request, and the finding holds no measure of it"
            ),
            "state the request: `finops waste rightsize` recommends one from usage",
        ),
        ("k8s.hpa_ineffective", Some(Reason::TargetNotFound)) => (
            format!(
                "what `{name}` scales is not in the inventory: its reference may be wrong, or its workload gone"
            ),
            "correct `scaleTargetRef`, or delete the autoscaler",
        ),
        (LEFTOVERS, _) => {
            let left = match fact(assessment.evidence.more(), "leftovers") {
                Some(Value::List(left)) => {
                    let named = left.iter().filter_map(|one| match one {
                        Value::Text(text) => Some(format!("`{}`", shorten(text))),
                        _ => None,
                    });
                    format!(": {}", named.collect::<Vec<_>>().join(", "))
                }
                // An opportunity that comes back has no evidence with it.
                _ => String::new(),
            };
            (
                format!("what costs is not `{name}` itself but what it left{left}"),
                "delete the balancers, and the claims after a snapshot of their data, if nobody needs them again",
            )
        }
        ("ai.gpu_node_without_gpu_pods" | "k8s.empty_node", _) => (
            format!(
                "no file names node `{name}`: which node of a group goes is for its autoscaler or its cloud to say"
            ),
            "drain and remove the node, or lower the least size of its group so that its autoscaler may",
        ),
        _ => ("the finding asks for no change".to_owned(), "propose changes for findings that have one"),
    }
}

//! Writes pods, workloads, volumes, services and what belongs to them.

use super::{
    super::{
        Affinity, Autoscaler, Budget, ClaimName, ClaimTemplate, Condition, ConfigObject, Container,
        Expression, Ingress, LimitRange, Owner, Pod, Scheduling, Service, ServiceCost, Spread, Toleration,
        Volume, VolumeCost, VolumeUse, Workload, canonical::Record,
    },
    usage::time_text,
    write::{Members, amount, cost, labels, quantity, resources},
};
use crate::json::Json;
use std::cmp::Ordering;

fn owner(owner: &Owner) -> Json {
    Members::new().put("kind", owner.kind.as_str()).put("name", owner.name.as_str()).end()
}

fn volumes(volumes: &[VolumeUse]) -> Json {
    Json::array(volumes.iter().map(|volume| {
        let (form, name) = match volume {
            VolumeUse::Claim(name) => ("claim", name),
            VolumeUse::ConfigMap(name) => ("config_map", name),
            VolumeUse::Secret(name) => ("secret", name),
            VolumeUse::EmptyDir(name) => ("empty_dir", name),
            VolumeUse::HostPath(name) => ("host_path", name),
        };
        Members::new().put(form, name.as_str()).end()
    }))
}

fn container(container: &Container) -> Json {
    let running = container.running.as_ref().map(|running| {
        Json::array(running.iter().map(|(start, end)| {
            Json::Array(vec![Json::from(time_text(*start)), Json::from(end.map(time_text))])
        }))
    });
    let termination = container
        .last_termination
        .as_ref()
        .map(|end| Members::new().name("reason", end.reason.as_ref()).time("at", end.at).end());
    Members::new()
        .put("name", container.name.as_str())
        .put("type", container.r#type.as_str())
        .some("requests", container.requests.as_ref().map(resources))
        .some("limits", container.limits.as_ref().map(resources))
        .names("env_refs", container.env_refs.as_deref())
        .some("running", running)
        .some("restarts", container.restarts)
        .name("waiting", container.waiting.as_ref())
        .some("last_termination", termination)
        .end()
}

fn scheduling(members: Members, scheduling: &Scheduling) -> Members {
    members
        .some("node_selector", scheduling.node_selector.as_ref().map(labels))
        .some(
            "tolerations",
            scheduling.tolerations.as_ref().map(|all| Json::array(all.iter().map(toleration))),
        )
        .some("affinity", scheduling.affinity.as_ref().map(affinity))
        .some("spread", scheduling.spread.as_ref().map(|all| Json::array(all.iter().map(spread))))
        .some("host_port", scheduling.host_port)
}

fn toleration(toleration: &Toleration) -> Json {
    Members::new()
        .name("key", toleration.key.as_ref())
        .name("operator", toleration.operator.as_ref())
        .name("value", toleration.value.as_ref())
        .name("effect", toleration.effect.as_ref())
        .end()
}

fn affinity(affinity: &Affinity) -> Json {
    let term = |term: &Vec<Expression>| Json::array(term.iter().map(expression));
    Members::new()
        .some("node_terms", affinity.node_terms.as_ref().map(|terms| Json::array(terms.iter().map(term))))
        .put("pod_affinity", affinity.pod_affinity)
        .put("pod_anti_affinity", affinity.pod_anti_affinity)
        .end()
}

fn expression(expression: &Expression) -> Json {
    Members::new()
        .put("key", expression.key.as_str())
        .put("operator", expression.operator.as_str())
        .names("values", Some(&expression.values))
        .end()
}

fn spread(spread: &Spread) -> Json {
    Members::new()
        .put("topology_key", spread.topology_key.as_str())
        .put("when_unsatisfiable", spread.when_unsatisfiable.as_str())
        .some("max_skew", spread.max_skew)
        .end()
}

fn condition(condition: &Condition) -> Json {
    Members::new()
        .put("type", condition.r#type.as_str())
        .put("status", condition.status.as_str())
        .time("since", condition.since)
        .end()
}

impl Record for Pod {
    fn order(&self, other: &Self) -> Ordering {
        self.namespace.cmp(&other.namespace).then_with(|| self.name.cmp(&other.name))
    }

    fn json(&self) -> Json {
        let members = Members::new()
            .put("namespace", self.namespace.as_str())
            .put("name", self.name.as_str())
            .name("node", self.node.as_ref())
            .name("phase", self.phase.as_ref())
            .some("owner", self.owner.as_deref().map(owner))
            .some("labels", self.labels.as_ref().map(labels))
            .some("annotations", self.annotations.as_ref().map(labels))
            .time("created_at", self.created_at)
            .time("start", self.start)
            .time("end", self.end)
            .put("containers", Json::array(self.containers.iter().map(container)))
            .some("overhead", self.overhead.as_ref().map(resources))
            .some("resources", self.resources.as_ref().map(resources));
        let members = match &self.scheduling {
            Some(known) => scheduling(members, known),
            None => members,
        };
        let conditions = self.conditions.as_ref().map(|all| Json::array(all.iter().map(condition)));
        members.some("volumes", self.volumes.as_deref().map(volumes)).some("conditions", conditions).end()
    }
}

impl Record for Workload {
    fn order(&self, other: &Self) -> Ordering {
        let names = self.namespace.cmp(&other.namespace).then_with(|| self.kind.cmp(&other.kind));
        names.then_with(|| self.name.cmp(&other.name))
    }

    fn json(&self) -> Json {
        let containers = self.containers.as_ref().map(|all| Json::array(all.iter().map(container)));
        let templates = self.volume_claim_templates.as_ref().map(|all| Json::array(all.iter().map(template)));
        Members::new()
            .put("kind", self.kind.as_str())
            .put("namespace", self.namespace.as_str())
            .put("name", self.name.as_str())
            .some("labels", self.labels.as_ref().map(labels))
            .some("pod_labels", self.pod_labels.as_ref().map(labels))
            .some("annotations", self.annotations.as_ref().map(labels))
            .time("created_at", self.created_at)
            .some("replicas", self.replicas)
            .some("ready_replicas", self.ready_replicas)
            .some("owner", self.owner.as_ref().map(owner))
            .some("containers", containers)
            .some("volumes", self.volumes.as_deref().map(volumes))
            .some("volume_claim_templates", templates)
            .some("completions", self.completions)
            .time("completed_at", self.completed_at)
            .some("ttl_seconds_after_finished", self.ttl_seconds_after_finished)
            .end()
    }
}

fn template(template: &ClaimTemplate) -> Json {
    Members::new()
        .put("name", template.name.as_str())
        .name("storage_class", template.storage_class.as_ref())
        .some("requested", template.requested.map(quantity))
        .end()
}

impl Record for Volume {
    fn order(&self, other: &Self) -> Ordering {
        let rest = || self.pv.cmp(&other.pv).then_with(|| self.volume_id.cmp(&other.volume_id));
        self.claim.cmp(&other.claim).then_with(rest)
    }

    fn json(&self) -> Json {
        let claim = |claim: &ClaimName| {
            Members::new().put("namespace", claim.namespace.as_str()).put("name", claim.name.as_str()).end()
        };
        Members::new()
            .some("claim", self.claim.as_ref().map(claim))
            .name("pv", self.pv.as_ref())
            .name("phase", self.phase.as_ref())
            .time("phase_changed_at", self.phase_changed_at)
            .name("storage_class", self.storage_class.as_ref())
            .name("volume_id", self.volume_id.as_ref())
            .name("type", self.r#type.as_ref())
            .some("size", self.size.map(quantity))
            .some("requested", self.requested.map(quantity))
            .names("access_modes", self.access_modes.as_deref())
            .name("reclaim_policy", self.reclaim_policy.as_ref())
            .some("attached", self.attached)
            .some("has_snapshot", self.has_snapshot)
            .time("created_at", self.created_at)
            .some("age_days", self.age_days.map(amount))
            .some("cost", self.cost.map(volume_cost))
            .end()
    }
}

fn volume_cost(form: VolumeCost) -> Json {
    match form {
        VolumeCost::GibMonth(value) => cost("gib_month", value),
        VolumeCost::Monthly(value) => cost("monthly", value),
        VolumeCost::Hourly(value) => cost("hourly", value),
        VolumeCost::Total(value) => cost("total", value),
    }
}

fn service_cost(form: ServiceCost) -> Json {
    match form {
        ServiceCost::Hourly(value) => cost("hourly", value),
        ServiceCost::Monthly(value) => cost("monthly", value),
        ServiceCost::Total(value) => cost("total", value),
    }
}

impl Record for Service {
    fn order(&self, other: &Self) -> Ordering {
        self.namespace.cmp(&other.namespace).then_with(|| self.name.cmp(&other.name))
    }

    fn json(&self) -> Json {
        Members::new()
            .put("namespace", self.namespace.as_str())
            .put("name", self.name.as_str())
            .name("type", self.r#type.as_ref())
            .some("selector", self.selector.as_ref().map(labels))
            .names("ready_endpoints", self.ready_endpoints.as_deref())
            .some("annotations", self.annotations.as_ref().map(labels))
            .time("created_at", self.created_at)
            .some("cost", self.cost.map(service_cost))
            .end()
    }
}

impl Record for Ingress {
    fn order(&self, other: &Self) -> Ordering {
        self.namespace.cmp(&other.namespace).then_with(|| self.name.cmp(&other.name))
    }

    fn json(&self) -> Json {
        Members::new()
            .put("namespace", self.namespace.as_str())
            .put("name", self.name.as_str())
            .names("backends", self.backends.as_deref())
            .names("tls_secrets", self.tls_secrets.as_deref())
            .some("annotations", self.annotations.as_ref().map(labels))
            .time("created_at", self.created_at)
            .some("cost", self.cost.map(service_cost))
            .end()
    }
}

impl Record for Autoscaler {
    fn order(&self, other: &Self) -> Ordering {
        let names = self.namespace.cmp(&other.namespace).then_with(|| self.kind.cmp(&other.kind));
        names.then_with(|| self.name.cmp(&other.name))
    }

    fn json(&self) -> Json {
        let metrics = self.metrics.as_ref().map(|all| {
            Json::array(all.iter().map(|metric| {
                Members::new()
                    .put("resource", metric.resource.as_str())
                    .some("target_utilization", metric.target_utilization)
                    .end()
            }))
        });
        let behavior = self.behavior.as_ref().map(|behavior| {
            Members::new()
                .some("scale_up_stabilization_seconds", behavior.scale_up_stabilization_seconds)
                .end()
        });
        Members::new()
            .put("kind", self.kind.as_str())
            .put("namespace", self.namespace.as_str())
            .put("name", self.name.as_str())
            .some("target", self.target.as_ref().map(owner))
            .some("min", self.min)
            .some("max", self.max)
            .some("current", self.current)
            .some("metrics", metrics)
            .some("behavior", behavior)
            .name("mode", self.mode.as_ref())
            .end()
    }
}

impl Record for Budget {
    fn order(&self, other: &Self) -> Ordering {
        self.namespace.cmp(&other.namespace).then_with(|| self.name.cmp(&other.name))
    }

    fn json(&self) -> Json {
        Members::new()
            .put("namespace", self.namespace.as_str())
            .put("name", self.name.as_str())
            .some("selector", self.selector.as_ref().map(labels))
            .some("disruptions_allowed", self.disruptions_allowed)
            .end()
    }
}

impl Record for LimitRange {
    fn order(&self, other: &Self) -> Ordering {
        self.namespace.cmp(&other.namespace).then_with(|| self.name.cmp(&other.name))
    }

    fn json(&self) -> Json {
        Members::new()
            .put("namespace", self.namespace.as_str())
            .put("name", self.name.as_str())
            .some("min", self.min.as_ref().map(resources))
            .end()
    }
}

impl Record for ConfigObject {
    fn order(&self, other: &Self) -> Ordering {
        let names = self.namespace.cmp(&other.namespace).then_with(|| self.kind.cmp(&other.kind));
        names.then_with(|| self.name.cmp(&other.name))
    }

    fn json(&self) -> Json {
        Members::new()
            .put("kind", self.kind.as_str())
            .put("namespace", self.namespace.as_str())
            .put("name", self.name.as_str())
            .name("type", self.r#type.as_ref())
            .names("keys", self.keys.as_deref())
            .some("bytes", self.bytes)
            .some("owner", self.owner.as_ref().map(owner))
            .time("created_at", self.created_at)
            .some("labels", self.labels.as_ref().map(labels))
            .some("annotations", self.annotations.as_ref().map(labels))
            .names("secrets", self.secrets.as_deref())
            .end()
    }
}

//! Nodes that are bought for more than runs on them.

use super::{ClusterData, Field, Judged, Node, NodeGroup, WINDOW_NOT_STATED, refused, whole};
use crate::{
    error::Fault,
    price::Purchase,
    waste::{
        Assessment, ClaimKind, Component, Confidence, Context, Detector, Estimate, Evidence, NodeSizing,
        NodeSupply, OpportunityType, Ratio, Reason, Risk, Setting, Subject, SubjectKind, Value,
    },
};
use std::borrow::Cow;

pub(super) struct IdleGroup;
pub(super) struct Packing;

impl Detector for IdleGroup {
    fn id(&self) -> &'static str {
        "k8s.idle_node_group"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number(
                    "usage_threshold",
                    "0.2",
                    "share of cpu and of memory in use; established default",
                ),
                Setting::number("headroom", "1.2", "times the mean share that stays; established default"),
                Setting::number("fill", "0.8", "share of a node that may fill: Kubecost's dev profile"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(data) = cx.summary() else { return Ok(Vec::new()) };
        let constants = Constants::of(self, cx);
        Ok(data.node_groups.iter().map(|group| judge_group(self.id(), group, &constants, data, cx)).collect())
    }
}

impl Detector for Packing {
    fn id(&self) -> &'static str {
        "k8s.node_packing"
    }

    fn settings(&self) -> &'static [Setting] {
        const {
            &[
                Setting::number(
                    "usage_threshold",
                    "0.5",
                    "mean share of cpu and memory in use; established default",
                ),
                Setting::number("headroom", "1.3", "times the mean share that stays; established default"),
                Setting::number("fill", "0.8", "share of a node that may fill: Kubecost's dev profile"),
            ]
        }
    }

    fn assess(&self, cx: &Context<'_>) -> Result<Vec<Assessment>, Fault> {
        let Some(data) = cx.summary() else { return Ok(Vec::new()) };
        let constants = Constants::of(self, cx);
        // Nodes come sorted by instance type.
        let types = data.nodes.chunk_by(|one, other| one.instance_type == other.instance_type);
        Ok(types.map(|nodes| judge_type(self.id(), nodes, &constants, data, cx)).collect())
    }
}

/// The constants of one run.
struct Constants {
    threshold: Ratio,
    headroom: Ratio,
    fill: Ratio,
    sizing: NodeSizing,
}

impl Constants {
    fn of(detector: &dyn Detector, cx: &Context<'_>) -> Self {
        Self {
            threshold: cx.config.number(detector, "usage_threshold"),
            headroom: cx.config.number(detector, "headroom"),
            fill: cx.config.number(detector, "fill"),
            sizing: cx.config.node_sizing,
        }
    }

    /// The nodes that stay by the formula, and those that stay in the end.
    ///
    /// The formula averages and rounds down; the busier resource must still fit, so the number is raised until
    /// `count * max(cpu, memory) <= fill * n`.
    fn sizes(&self, count: i128, cpu: &Ratio, memory: &Ratio) -> Option<(i128, i128)> {
        let count = Ratio::from(count);
        let mean = cpu.plus(memory).over(&Ratio::from(2))?;
        let formula = count.times(&mean).times(&self.headroom).floor()?.max(1);
        let busier = cpu.clone().max(memory.clone());
        let fitting = count.times(&busier).over(&self.fill)?.ceil()?.max(1);
        Some((formula, if self.sizing == NodeSizing::Formula { formula } else { formula.max(fitting) }))
    }
}

fn judge_group(
    detector: &'static str,
    group: &NodeGroup,
    constants: &Constants,
    data: &ClusterData,
    cx: &Context<'_>,
) -> Assessment {
    let judged = Judged {
        detector,
        opportunity: OpportunityType::IdleNodes,
        subject: Subject::summary_named(SubjectKind::NodeGroup, &group.name),
    };
    if let Some(path) = refused(group.repeated, &group.name, &[&group.node_count]) {
        return judged.invalid(path);
    }
    let count = match group.node_count.known().map(whole) {
        None => return judged.undetermined(Reason::NoNodeData),
        Some(None) => return judged.invalid(&group.name),
        Some(Some(count)) => count,
    };
    if count < 2 {
        return judged.inapplicable(Reason::TooFewNodes);
    }
    if let Some(path) = refused(false, "", &[&group.cpu, &group.memory, &group.hourly_price]) {
        return judged.invalid(path);
    }
    let (Some(cpu), Some(memory)) = (group.cpu.known(), group.memory.known()) else {
        return judged.undetermined(Reason::NoUsage);
    };
    let evidence = Evidence::from_source("cluster_data.node_groups")
        .observed("cpu_utilization", cpu.clone())
        .observed("memory_utilization", memory.clone())
        .threshold("usage_threshold", constants.threshold.clone());
    let reason = match (*cpu < constants.threshold, *memory < constants.threshold) {
        (true, true) => None,
        (false, false) => Some(Reason::UtilizationAtOrAboveThreshold),
        (true, false) | (false, true) => Some(Reason::OtherResourceBusy),
    };
    if let Some(reason) = reason {
        return Assessment { evidence, ..judged.ok(reason) };
    }
    let Some((formula, after)) = constants.sizes(count, cpu, memory) else {
        return judged.invalid(&group.name);
    };
    if after >= count {
        return Assessment { evidence, ..judged.ok(Reason::NoReduction) };
    }
    let region = group.region.as_deref();
    let price = hourly(&group.hourly_price, region, group.instance_type.as_deref(), data, cx);
    let resource = shared_resource(group.instance_type.as_deref(), data)
        .unwrap_or_else(|| judged.subject.id().to_owned());
    let nodes = Nodes { count, formula, after, evidence, resource };
    // 0.75 and 0.3: the established figures of this detector (specification, section 3).
    nodes.finding(judged, price, 750, 300, cx)
}

/// Where nodes of a type are listed one by one too, groups and nodes may be the same machines: one resource for both.
fn shared_resource(instance_type: Option<&str>, data: &ClusterData) -> Option<String> {
    let instance_type = instance_type?;
    let listed = data.nodes.iter().any(|node| node.instance_type.as_deref() == Some(instance_type));
    listed.then(|| Subject::summary_named(SubjectKind::NodeType, instance_type).id().to_owned())
}

/// The mean of a field of nodes; `None` where one of them lacks it.
fn mean(nodes: &[Node], field: impl Fn(&Node) -> &Field) -> Option<Ratio> {
    let mut sum = Ratio::ZERO;
    for node in nodes {
        sum = sum.plus(field(node).known()?);
    }
    sum.over(&Ratio::from(i128::try_from(nodes.len()).ok()?))
}

fn judge_type(
    detector: &'static str,
    nodes: &[Node],
    constants: &Constants,
    data: &ClusterData,
    cx: &Context<'_>,
) -> Assessment {
    let first = nodes.first();
    let instance_type = first.and_then(|node| node.instance_type.as_deref());
    let judged = Judged {
        detector,
        opportunity: OpportunityType::KarpenterConsolidation,
        subject: Subject::summary_named(SubjectKind::NodeType, instance_type.unwrap_or("unknown")),
    };
    let count = i128::try_from(nodes.len()).unwrap_or(i128::MAX);
    if count < 2 {
        return judged.inapplicable(Reason::TooFewNodes);
    }
    let bad =
        nodes.iter().find_map(|node| refused(false, "", &[&node.cpu, &node.memory, &node.hourly_price]));
    if let Some(path) = bad {
        return judged.invalid(path);
    }
    let (Some(cpu), Some(memory)) = (mean(nodes, |node| &node.cpu), mean(nodes, |node| &node.memory)) else {
        return judged.undetermined(Reason::NoUsage);
    };
    let evidence = Evidence::from_source("cluster_data.nodes")
        .observed("cpu_utilization", cpu.clone())
        .observed("memory_utilization", memory.clone())
        .threshold("usage_threshold", constants.threshold.clone());
    if cpu.plus(&memory) >= constants.threshold.times(&Ratio::from(2)) {
        return Assessment { evidence, ..judged.ok(Reason::UtilizationAtOrAboveThreshold) };
    }
    let Some((formula, after)) = constants.sizes(count, &cpu, &memory) else {
        return judged.invalid(instance_type.unwrap_or("nodes"));
    };
    if after >= count {
        return Assessment { evidence, ..judged.ok(Reason::NoReduction) };
    }
    // Nodes of one type may carry prices of their own: the cheapest is what a removal saves for certain.
    let own = nodes.iter().filter_map(|node| node.hourly_price.known()).min();
    let all_own = nodes.iter().all(|node| node.hourly_price.known().is_some());
    let own = own.filter(|_| all_own).map_or(Field::Absent, |price| Field::Known(price.clone()));
    let price = hourly(&own, first.and_then(|node| node.region.as_deref()), instance_type, data, cx);
    let resource = judged.subject.id().to_owned();
    let nodes = Nodes { count, formula, after, evidence, resource };
    // 0.70 and 0.4: the established figures of this detector (specification, section 3).
    nodes.finding(judged, price, 700, 400, cx)
}

/// An hourly price, where it comes from and when it was read.
type Price = (Ratio, Cow<'static, str>, Option<String>);

/// The price of a node an hour: the record's, else the configuration's, else the price book's on demand.
fn hourly(
    own: &Field,
    region: Option<&str>,
    instance_type: Option<&str>,
    data: &ClusterData,
    cx: &Context<'_>,
) -> Option<Price> {
    if let Some(price) = own.known() {
        return Some((price.clone(), "cluster_data.hourly_price".into(), None));
    }
    let instance_type = instance_type?;
    if let Some(price) = cx.config.prices.hourly.get(instance_type) {
        return Some((price.clone(), "config.prices".into(), None));
    }
    let region = region.or(data.region.as_deref()).unwrap_or(&cx.config.region);
    let row = cx.prices.instance(region, instance_type, Purchase::OnDemand, "linux", None).ok()?;
    Some((Ratio::from(row.amount), row.source.into(), Some(row.from.to_string())))
}

/// How many nodes there are, and how many stay.
struct Nodes {
    count: i128,
    formula: i128,
    after: i128,
    evidence: Evidence,
    resource: String,
}

fn count(nodes: i128) -> Value {
    Value::Count(i64::try_from(nodes).unwrap_or(i64::MAX))
}

impl Nodes {
    fn finding(
        self,
        judged: Judged,
        price: Option<Price>,
        confidence: i128,
        risk: i128,
        cx: &Context<'_>,
    ) -> Assessment {
        let hours = &cx.config.month_hours;
        let removed = Ratio::from(self.count.saturating_sub(self.after));
        let mut estimate = match price {
            None => Estimate::unknown(Reason::UnknownInstance, hours),
            Some((price, source, date)) => {
                let month = price.times(hours);
                let saving = removed.times(&month);
                Estimate::saving(&saving, hours)
                    .by(
                        "removed_nodes * hourly_price * month_hours",
                        vec![("removed_nodes", removed.into()), ("hourly_price", price.into())],
                    )
                    .priced_by(source, date)
                    .claiming(
                        self.resource,
                        Component::Idle,
                        &Ratio::from(self.count).times(&month),
                        &saving,
                        ClaimKind::Consolidate,
                    )
            }
        };
        estimate.assumptions.push(WINDOW_NOT_STATED);
        let mut evidence = self.evidence.with("formula_count", count(self.formula));
        if cx.config.node_supply == NodeSupply::Elastic {
            evidence = evidence.with("autoscaler", true);
        }
        let mut finding = Assessment::finding(
            judged.detector,
            judged.opportunity,
            judged.subject,
            evidence.with("packed_count", count(self.after)),
            estimate,
            Confidence::stated(Ratio::thousandths(confidence)),
            Risk::base(Ratio::thousandths(risk)),
        );
        finding.before = vec![("node_count", count(self.count))];
        finding.after = vec![("node_count", count(self.after))];
        finding
    }
}

//! `scale_down`.

use super::{Handler, read};
use crate::{
    error::{Fault, shorten},
    inventory::{Labels, Name, Node, Scheduling, Taint, Toleration},
    json::Json,
    waste::simulation::{self, Load, Machine, Profile},
};

pub(super) const KINDS: &[(&str, Handler)] = &[("scale_down", scale_down)];

/// Labels of an object of texts.
fn labels(input: &Json, name: &str) -> Option<Labels> {
    let pairs = input.get(name)?.as_object()?.iter();
    Some(Labels::new(
        pairs.filter_map(|(key, value)| Some((key.into(), Name::from(value.as_str()?)))).collect(),
    ))
}

/// `{nodes: [{name, cpu, memory, hourly, labels, taints}], pods: [{name, node, cpu, memory, blocked, daemonset,
/// node_selector, tolerations}], profile}` to the nodes that could go. Cores and memory of a node are what pods may have;
/// taints and tolerations are named by their keys.
fn scale_down(input: &Json) -> Result<Json, Fault> {
    let nodes = read::each(input, "nodes", node)?;
    let machines: Vec<Machine> = nodes.iter().map(|(machine, _)| machine.clone()).collect();
    let pods = read::each(input, "pods", |pod| self::pod(pod, &machines))?;
    let loads: Vec<Load> = pods.iter().map(|(load, _)| load.clone()).collect();
    let word = input.get("profile").and_then(Json::as_str).unwrap_or("prod");
    let profile = Profile::from_name(word).ok_or_else(|| {
        let problem = format!("`{}` is not known", shorten(word));
        Fault::new("waste.invalid_config", "profile", problem, "give dev, prod or ha")
    })?;
    let may_run = |load: usize, machine: usize| match (pods.get(load), nodes.get(machine)) {
        (Some((_, scheduling)), Some((_, node))) => simulation::admits(scheduling, node),
        _ => false,
    };
    let answer = simulation::scale_down(&machines, &loads, profile, may_run);
    let machine = |index: usize| machines.get(index).map_or("", |machine| machine.name.as_str());
    let load = |index: usize| loads.get(index).map_or("", |load| load.key.as_str());
    let moved =
        answer.moves.iter().map(|one| Json::array([load(one.load), machine(one.from), machine(one.to)]));
    Ok(Json::object([
        ("removed", Json::array(answer.removed.iter().map(|index| machine(*index)))),
        ("moves", Json::array(moved)),
        ("monthly_saving", answer.monthly.to_string().into()),
    ]))
}

/// Whole units of a quantity that counts 1e-9 of them.
fn whole(input: &Json, name: &str) -> Result<u64, Fault> {
    Ok(u64::try_from(read::quantity(input, name)?.whole()).unwrap_or_default())
}

fn nanos(input: &Json, name: &str) -> Result<u64, Fault> {
    Ok(u64::try_from(read::quantity(input, name)?.nano()).unwrap_or(u64::MAX))
}

fn node(input: &Json) -> Result<(Machine, Node), Fault> {
    let taint = |key: &Json| Taint {
        key: key.as_str().unwrap_or_default().into(),
        effect: "NoSchedule".into(),
        ..Taint::default()
    };
    let name = Name::from(read::text(input, "name")?);
    let node = Node {
        name: name.clone(),
        labels: labels(input, "labels"),
        taints: Some(read::list(input, "taints")?.iter().map(taint).collect()),
        ..Node::default()
    };
    let hourly = input.get("hourly").filter(|price| !price.is_null());
    let machine = Machine {
        name,
        cpu: nanos(input, "cpu")?,
        memory: whole(input, "memory")?,
        gpu: 0,
        pods: None,
        hourly: hourly.map(|_| read::ratio(input, "hourly")).transpose()?,
        schedulable: true,
        removable: true,
    };
    Ok((machine, node))
}

fn pod(input: &Json, machines: &[Machine]) -> Result<(Load, Scheduling), Fault> {
    let tolerate = |key: &Json| Toleration {
        key: key.as_str().map(Name::from),
        operator: Some("Exists".into()),
        ..Toleration::default()
    };
    let on = read::text(input, "node")?;
    let on = machines.iter().position(|machine| machine.name == on).ok_or_else(|| {
        let problem = format!("`{}` is no node of the input", shorten(on));
        Fault::new("waste.invalid_record", "node", problem, "name a node")
    })?;
    let scheduling = Scheduling {
        node_selector: labels(input, "node_selector"),
        tolerations: Some(read::list(input, "tolerations")?.iter().map(tolerate).collect()),
        ..Scheduling::default()
    };
    let load = Load {
        key: read::text(input, "name")?.into(),
        on,
        cpu: nanos(input, "cpu")?,
        memory: whole(input, "memory")?,
        gpu: 0,
        blocked: input.get("blocked").is_some_and(|reason| !reason.is_null()),
        stays: read::flag(input, "daemonset")?,
    };
    Ok((load, scheduling))
}

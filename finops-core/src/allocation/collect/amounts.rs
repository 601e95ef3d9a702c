//! What pods request and when they were there.

use crate::{
    allocation::node::seconds,
    inventory::{Container, ContainerType, Node, Pod, Resources},
};

/// When a pod was there: from its start to its end where known, else while a container ran.
pub(super) fn pod_interval(pod: &Pod, window: (i64, i64)) -> (i64, i64) {
    let running =
        pod.containers.iter().flat_map(|container| container.running.as_deref().unwrap_or_default());
    let (mut from, mut to) = (i64::MAX, i64::MIN);
    for (start, end) in running {
        from = from.min(seconds(*start));
        to = to.max(end.map_or(window.1, seconds));
    }
    if let Some(start) = pod.start {
        from = seconds(start);
        to = pod.end.map_or(if to == i64::MIN { window.1 } else { to }, seconds);
    }
    (from.max(window.0), to.min(window.1))
}

/// Nanocores and bytes that a container requests; a missing request is its limit, as the API server sets it.
pub(super) fn requests(container: &Container) -> [u64; 2] {
    let of =
        |resources: &Option<Resources>, name| resources.as_ref().and_then(|resources| resources.get(name));
    let amount = |name| of(&container.requests, name).or_else(|| of(&container.limits, name));
    let cpu = amount("cpu").map_or(0, |cpu| u64::try_from(cpu.nano()).unwrap_or(0));
    let memory = amount("memory").map_or(0, |memory| u64::try_from(memory.whole()).unwrap_or(0));
    [cpu, memory]
}

/// What the scheduler reserves for a pod besides its running containers: overhead, the rest of an init container's
/// request, pod-level requests (kubernetes.io, "Effective Pod requests and limits"). `None` for nothing.
pub(super) fn reserved(pod: &Pod) -> Option<[u64; 2]> {
    let plain = pod.containers.iter().all(|container| container.r#type == ContainerType::App);
    if plain && pod.overhead.is_none() && pod.resources.is_none() {
        return None;
    }
    let mut out = [0; 2];
    for (column, name) in ["cpu", "memory"].into_iter().enumerate() {
        let request = |container: &Container| requests(container).get(column).copied().unwrap_or(0);
        let (mut running, mut sidecars, mut init) = (0_u64, 0_u64, 0_u64);
        for container in &pod.containers {
            let amount = request(container);
            match container.r#type {
                ContainerType::Init => init = init.max(amount.saturating_add(sidecars)),
                ContainerType::Sidecar => {
                    sidecars = sidecars.saturating_add(amount);
                    running = running.saturating_add(amount);
                }
                ContainerType::App => running = running.saturating_add(amount),
            }
        }
        let amount = |resources: &Option<Resources>| {
            let amount = resources.as_ref().and_then(|resources| resources.get(name))?;
            let amount = if column == 0 { amount.nano() } else { amount.whole().into() };
            Some(u64::try_from(amount).unwrap_or(0))
        };
        let effective = amount(&pod.resources).unwrap_or_else(|| running.max(init));
        let effective = effective.saturating_add(amount(&pod.overhead).unwrap_or(0));
        if let Some(place) = out.get_mut(column) {
            *place = effective.saturating_sub(running);
        }
    }
    if out == [0; 2] { None } else { Some(out) }
}

pub(super) fn allocatable(node: &Node) -> [Option<u128>; 2] {
    let of = |name| node.allocatable.as_ref().and_then(|resources| resources.get(name));
    let cpu = of("cpu").and_then(|cpu| u128::try_from(cpu.nano()).ok());
    [cpu, of("memory").and_then(|memory| u128::try_from(memory.whole()).ok())]
}

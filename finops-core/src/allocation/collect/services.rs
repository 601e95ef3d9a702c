//! The services in front of pods.

use crate::{
    allocation::{key::canonical, set::Tables, tables::find},
    inventory::{ClusterInventory, Name, Pod, Service},
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The names of a pod's services.
pub(super) type ServiceNames = Arc<Box<[Name]>>;

/// Services by one label of their selector, and by the pods that are ready behind them.
pub(super) struct ServiceIndex<'a> {
    by_label: FxHashMap<(u32, &'a str, &'a str), Vec<&'a Service>>,
    by_endpoint: FxHashMap<(u32, &'a str), Vec<&'a Service>>,
}

impl<'a> ServiceIndex<'a> {
    pub(super) fn new(inventory: &'a ClusterInventory, tables: &Tables) -> Self {
        let mut index = Self { by_label: FxHashMap::default(), by_endpoint: FxHashMap::default() };
        for service in inventory.services.as_deref().unwrap_or_default() {
            let Some(namespace) = find(&tables.namespaces, &service.namespace, |facts| facts.name.as_str())
            else {
                continue;
            };
            if let Some((name, value)) = service.selector.as_ref().and_then(|selector| selector.iter().next())
            {
                index.by_label.entry((namespace, name, value)).or_default().push(service);
            }
            for pod in service.ready_endpoints.iter().flatten() {
                index.by_endpoint.entry((namespace, pod)).or_default().push(service);
            }
        }
        index
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_label.is_empty() && self.by_endpoint.is_empty()
    }

    /// The services in front of a pod by name; neighbours with the same ones share the list.
    pub(super) fn of(
        &self,
        pod: &'a Pod,
        namespace: u32,
        last: &mut Option<ServiceNames>,
    ) -> Option<ServiceNames> {
        let mut names: Vec<&Name> = Vec::new();
        for (name, value) in pod.labels.iter().flat_map(crate::inventory::Labels::iter) {
            let services = self.by_label.get(&(namespace, name.as_str(), value.as_str()));
            let selects = |service: &&&Service| {
                service.selector.as_ref().is_some_and(|selector| selector.select(pod.labels.as_ref()))
            };
            names.extend(services.into_iter().flatten().filter(selects).map(|service| &service.name));
        }
        let ready = self.by_endpoint.get(&(namespace, pod.name.as_str()));
        names.extend(ready.into_iter().flatten().map(|service| &service.name));
        if names.is_empty() {
            return None;
        }
        names.sort_unstable_by(|a, b| canonical(a, b));
        names.dedup();
        if let Some(last) = last.as_ref().filter(|last| last.iter().eq(names.iter().copied())) {
            return Some(Arc::clone(last));
        }
        let list: ServiceNames = Arc::new(names.into_iter().cloned().collect());
        *last = Some(Arc::clone(&list));
        Some(list)
    }
}

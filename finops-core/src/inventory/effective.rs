//! What a pod requests as a whole: kubernetes.io, "Effective Pod requests and limits" (init containers, sidecars).

use super::{Container, ContainerType, Pod, Quantity, Resources};

impl Container {
    /// The request of a resource; a missing one is the limit, as the API server defaults it.
    #[must_use]
    pub fn request(&self, resource: &str) -> Option<Quantity> {
        let of = |amounts: &Option<Resources>| amounts.as_ref().and_then(|amounts| amounts.get(resource));
        of(&self.requests).or_else(|| of(&self.limits))
    }
}

impl Pod {
    /// The effective request of a resource in 1e-9 units; `None` where nothing of it is requested.
    #[must_use]
    pub fn effective_request(&self, resource: &str) -> Option<i128> {
        effective_request(&self.containers, self.overhead.as_ref(), self.resources.as_ref(), resource)
    }
}

/// The effective request of a resource in 1e-9 units: the larger of what runs together and of each init container with
/// the sidecars before it, or the request of the pod as a whole; and the overhead.
#[must_use]
pub fn effective_request(
    containers: &[Container],
    overhead: Option<&Resources>,
    pod: Option<&Resources>,
    resource: &str,
) -> Option<i128> {
    let amount = |amounts: Option<&Resources>| Some(amounts?.get(resource)?.nano());
    let (mut apps, mut sidecars, mut starting, mut any) = (0_i128, 0_i128, 0_i128, false);
    for container in containers {
        let Some(request) = container.request(resource).map(Quantity::nano) else { continue };
        any = true;
        match container.r#type {
            ContainerType::App => apps = apps.saturating_add(request),
            ContainerType::Sidecar => sidecars = sidecars.saturating_add(request),
            ContainerType::Init => starting = starting.max(request.saturating_add(sidecars)),
        }
    }
    let together = any.then(|| apps.saturating_add(sidecars).max(starting));
    match (amount(pod).or(together), amount(overhead)) {
        (None, overhead) => overhead,
        (Some(request), overhead) => Some(request.saturating_add(overhead.unwrap_or(0))),
    }
}

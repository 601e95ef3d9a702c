//! Whose a series is, by its labels.

use super::{
    super::{Metric, Name, UsageSubject},
    LabelMapping,
};

/// The labels that may name a subject.
#[derive(Debug, Default)]
pub(super) struct Labels {
    namespace: Option<Name>,
    pod: Option<Name>,
    container: Option<Name>,
    node: Option<Name>,
    claim: Option<Name>,
    device: Option<Name>,
    autoscaler: Option<Name>,
    level: Option<Name>,
}

impl Labels {
    /// Where the label `name` belongs; `None` for one that names no subject.
    pub(super) fn place(&mut self, mapping: &LabelMapping, name: &str) -> Option<&mut Option<Name>> {
        Some(match name {
            name if name == mapping.namespace => &mut self.namespace,
            name if name == mapping.pod => &mut self.pod,
            name if name == mapping.container => &mut self.container,
            name if name == mapping.node => &mut self.node,
            name if name == mapping.claim => &mut self.claim,
            name if name == mapping.device => &mut self.device,
            name if name == mapping.autoscaler => &mut self.autoscaler,
            name if name == mapping.level => &mut self.level,
            _ => return None,
        })
    }

    /// The subject, as far as the metric is about one.
    pub(super) fn subject(self, metric: Metric) -> Option<UsageSubject> {
        // An empty label is an absent one (Prometheus data model).
        let known = |label: Option<Name>| label.filter(|label| !label.is_empty());
        let namespace = known(self.namespace);
        match metric {
            Metric::VolumeUsed | Metric::VolumeIops | Metric::VolumeThroughput => {
                Some(UsageSubject::Claim { namespace: namespace?, name: known(self.claim)? })
            }
            Metric::Replicas => {
                Some(UsageSubject::Autoscaler { namespace: namespace?, name: known(self.autoscaler)? })
            }
            Metric::LogBytes => Some(UsageSubject::Log {
                namespace: namespace?,
                container: known(self.container)?,
                level: known(self.level)?,
            }),
            _ => match (namespace, known(self.pod)) {
                (Some(namespace), Some(pod)) => {
                    let gpu =
                        matches!(metric, Metric::GpuDuty | Metric::GpuDutyPercent | Metric::GpuMemoryUsed);
                    let device = known(self.device).filter(|_| gpu);
                    Some(UsageSubject::Pod { namespace, pod, container: known(self.container), device })
                }
                _ => known(self.node).map(UsageSubject::Node),
            },
        }
    }
}

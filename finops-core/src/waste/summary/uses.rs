//! What the workloads of a summary request, may use and use.

use super::{ClusterData, Field, whole};
use crate::{
    inventory::{Name, ResourceUse, WorkloadUse},
    waste::Ratio,
};

/// 2^30: GB of the summary form are GiB, since manifests write `Gi` (specification of allocation, 3.4).
const GIB: i128 = 1 << 30;

impl ClusterData {
    /// Every workload with its requests, limits and usage, in the order of the records; values that cannot be read are not
    /// known.
    #[must_use]
    pub fn workload_uses(&self) -> Vec<WorkloadUse> {
        let of = |request: &Field, limit: &Field, usage: &Field, unit: i128| {
            let nano = |field: &Field| field.known()?.times(&Ratio::from(unit)).scaled(9);
            ResourceUse {
                request: nano(request),
                limit: nano(limit),
                mean: nano(usage),
                ..ResourceUse::default()
            }
        };
        let row = |record: super::Workload<'_>| WorkloadUse {
            namespace: Name::from(record.namespace()),
            kind: Name::default(),
            name: Name::from(record.name()),
            pods: record.replicas().known().and_then(whole).and_then(|pods| u64::try_from(pods).ok()),
            cpu: of(&record.cpu_request(), &record.cpu_limit(), &record.cpu_usage(), 1),
            memory: of(&record.memory_request(), &record.memory_limit(), &record.memory_usage(), GIB),
        };
        self.workloads.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, read};

    #[test]
    fn what_is_absent_or_bad_is_not_known() {
        let json = read(
            br#"{"workloads": {"n": [{"name": "a", "cpu_request": 2, "cpu_usage": "0.5", "memory_request_gb": 1.5,
                "memory_usage_gb": true, "replicas": 3}]}}"#,
            &Limits::default(),
        )
        .unwrap();
        let rows =
            ClusterData::from_json(&json, Some(crate::time::Timestamp::default())).unwrap().workload_uses();
        assert_eq!((rows.len(), rows[0].pods), (1, Some(3)));
        assert_eq!(rows[0].cpu.mean_of_request_ppm(), Some(250_000));
        assert_eq!(
            (rows[0].memory.request, rows[0].memory.mean),
            (Some(3 * (1 << 29) * 1_000_000_000), None)
        );
        assert_eq!(rows[0].memory.limit, None);
    }
}

//! The query that each metric expects. Metric names: cAdvisor, kube-state-metrics, kubelet, and `default-counters.csv`
//! of dcgm-exporter.

use super::super::Metric;

/// A query of Prometheus for one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What it measures.
    pub metric: Metric,
    /// What the answer is in, for people.
    pub unit: &'static str,
    /// PromQL.
    pub query: String,
    /// How far back to ask, in seconds: `start` is the end less this.
    pub window_seconds: u32,
    /// The `step` of the range query in seconds.
    pub step_seconds: u32,
}

const TABLE: &[(Metric, &str, &str)] = &[
    (
        Metric::CpuUsage,
        "cores",
        r#"sum by (namespace,pod,container)(rate(container_cpu_usage_seconds_total{container!=""}[STEP]))"#,
    ),
    (
        Metric::MemoryWorkingSet,
        "bytes",
        r#"max by (namespace,pod,container)(max_over_time(container_memory_working_set_bytes{container!=""}[STEP]))"#,
    ),
    (
        Metric::CpuThrottled,
        "ratio",
        r#"sum by (namespace,pod,container)(rate(container_cpu_cfs_throttled_periods_total{container!=""}[STEP])) / sum by (namespace,pod,container)(rate(container_cpu_cfs_periods_total{container!=""}[STEP]))"#,
    ),
    (
        Metric::NetworkReceive,
        "bytes/s",
        "sum by (namespace,pod)(rate(container_network_receive_bytes_total[STEP]))",
    ),
    (
        Metric::NetworkTransmit,
        "bytes/s",
        "sum by (namespace,pod)(rate(container_network_transmit_bytes_total[STEP]))",
    ),
    (
        Metric::VolumeUsed,
        "bytes",
        "max by (namespace,persistentvolumeclaim)(kubelet_volume_stats_used_bytes)",
    ),
    (
        Metric::Replicas,
        "count",
        "max by (namespace,horizontalpodautoscaler)(kube_horizontalpodautoscaler_status_current_replicas)",
    ),
    (
        Metric::GpuDuty,
        "ratio 0..1",
        "max by (namespace,pod,container,UUID)(avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE[STEP]))",
    ),
    (
        Metric::GpuDutyPercent,
        "percent 0..100",
        "max by (namespace,pod,container,UUID)(avg_over_time(DCGM_FI_DEV_GPU_UTIL[STEP]))",
    ),
    (
        Metric::GpuMemoryUsed,
        "bytes",
        "max by (namespace,pod,container,UUID)(max_over_time(DCGM_FI_DEV_FB_USED[STEP])) * 1048576",
    ),
    (Metric::LogBytes, "bytes/s", r#"sum by (namespace,container,level)(bytes_rate({namespace!=""}[STEP]))"#),
];

/// The queries of every metric that a usual cluster answers, with the step filled in; the log's is in LogQL of Loki.
///
/// ```
/// use finops_core::inventory::queries;
/// let all = queries(14 * 86_400, 75);
/// assert_eq!(all[3].query, "sum by (namespace,pod)(rate(container_network_receive_bytes_total[75s]))");
/// ```
#[must_use]
pub fn queries(window_seconds: u32, step_seconds: u32) -> Vec<Query> {
    let step = format!("[{step_seconds}s]");
    let query = |&(metric, unit, text): &(Metric, &'static str, &str)| Query {
        metric,
        unit,
        query: text.replace("[STEP]", &step),
        window_seconds,
        step_seconds,
    };
    TABLE.iter().map(query).collect()
}

//! What was used: series of samples, or summaries where only those are known.

use super::Name;
use crate::time::Timestamp;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Cores in use.
    CpuUsage,
    /// Bytes that cannot be evicted.
    MemoryWorkingSet,
    /// Share of the periods in which the container was held back.
    CpuThrottled,
    /// Bytes a second received.
    NetworkReceive,
    /// Bytes a second sent.
    NetworkTransmit,
    /// Bytes in use on a volume.
    VolumeUsed,
    /// Read and write operations a second on a volume.
    VolumeIops,
    /// Bytes a second read and written on a volume.
    VolumeThroughput,
    /// Replicas that ran.
    Replicas,
    /// Share of the time in which a graphics engine was active.
    GpuDuty,
    /// The same from a counter in percent, which counts any kernel.
    GpuDutyPercent,
    /// Bytes of GPU memory in use.
    GpuMemoryUsed,
    /// Bytes a second of log.
    LogBytes,
}

/// The integer unit of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// 1e-9 of a core.
    Nanocores,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Parts per million of 1.
    Ppm,
    /// Pieces.
    Count,
}

impl Unit {
    /// Its name in the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nanocores => "nanocores",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes_per_second",
            Self::Ppm => "ppm",
            Self::Count => "count",
        }
    }

    /// How many 1e-9 cores, bytes, pieces or parts of 1 one of it is.
    #[must_use]
    pub const fn nano(self) -> i128 {
        match self {
            Self::Nanocores => 1,
            Self::Ppm => 1000,
            Self::Bytes | Self::BytesPerSecond | Self::Count => 1_000_000_000,
        }
    }
}

impl Metric {
    /// Every metric, in order.
    pub const ALL: [Self; 13] = [
        Self::CpuUsage,
        Self::MemoryWorkingSet,
        Self::CpuThrottled,
        Self::NetworkReceive,
        Self::NetworkTransmit,
        Self::VolumeUsed,
        Self::VolumeIops,
        Self::VolumeThroughput,
        Self::Replicas,
        Self::GpuDuty,
        Self::GpuDutyPercent,
        Self::GpuMemoryUsed,
        Self::LogBytes,
    ];

    /// Its name in the wire form, for example `cpu_usage`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CpuUsage => "cpu_usage",
            Self::MemoryWorkingSet => "memory_working_set",
            Self::CpuThrottled => "cpu_throttled",
            Self::NetworkReceive => "network_receive",
            Self::NetworkTransmit => "network_transmit",
            Self::VolumeUsed => "volume_used",
            Self::VolumeIops => "volume_iops",
            Self::VolumeThroughput => "volume_throughput",
            Self::Replicas => "replicas",
            Self::GpuDuty => "gpu_duty",
            Self::GpuDutyPercent => "gpu_duty_percent",
            Self::GpuMemoryUsed => "gpu_memory_used",
            Self::LogBytes => "log_bytes",
        }
    }

    /// The metric of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == name)
    }

    /// The unit of its samples.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::CpuUsage => Unit::Nanocores,
            Self::MemoryWorkingSet | Self::VolumeUsed | Self::GpuMemoryUsed => Unit::Bytes,
            Self::NetworkReceive | Self::NetworkTransmit | Self::VolumeThroughput | Self::LogBytes => {
                Unit::BytesPerSecond
            }
            Self::CpuThrottled | Self::GpuDuty | Self::GpuDutyPercent => Unit::Ppm,
            Self::VolumeIops | Self::Replicas => Unit::Count,
        }
    }

    /// How many of one unit the wire form writes as 1: 100 for percent.
    #[must_use]
    pub const fn wire_scale(self) -> i128 {
        match self {
            Self::GpuDutyPercent => 100,
            _ => 1,
        }
    }
}

/// Whose usage it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageSubject {
    /// A node.
    Node(Name),
    /// A container; without a container name the pod as a whole.
    Pod {
        /// Namespace.
        namespace: Name,
        /// Pod.
        pod: Name,
        /// Container.
        container: Option<Name>,
        /// Device (`UUID` of a GPU).
        device: Option<Name>,
    },
    /// The maximum over the pods of a workload; without a container name the pods as a whole.
    Workload {
        /// Namespace.
        namespace: Name,
        /// Kind, for example `Deployment`.
        kind: Name,
        /// Name.
        name: Name,
        /// Container.
        container: Option<Name>,
    },
    /// A volume claim.
    Claim {
        /// Namespace.
        namespace: Name,
        /// Name.
        name: Name,
    },
    /// An autoscaler.
    Autoscaler {
        /// Namespace.
        namespace: Name,
        /// Name.
        name: Name,
    },
    /// The log of the containers of this name in a namespace, at one level.
    Log {
        /// Namespace.
        namespace: Name,
        /// Container.
        container: Name,
        /// Level, for example `DEBUG`.
        level: Name,
    },
}

/// One value: of the step that ends at `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sample {
    /// Whole seconds since 1970 UTC.
    pub at: i64,
    /// In the unit of the metric, see [`Metric::unit`].
    pub value: i64,
}

/// What is known without samples. Values are 1e-9 of a core, a byte, a piece, or of 1 for shares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageSummary {
    /// Mean.
    pub mean: Option<i128>,
    /// Median.
    pub p50: Option<i128>,
    /// 95th percentile.
    pub p95: Option<i128>,
    /// 99th percentile.
    pub p99: Option<i128>,
    /// Maximum.
    pub max: Option<i128>,
    /// How many samples it was made of.
    pub samples: Option<u64>,
    /// Start of the time it covers.
    pub start: Option<Timestamp>,
    /// End of the time it covers.
    pub end: Option<Timestamp>,
}

/// Samples or their summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageData {
    /// Samples in the order of time; each describes `[at - step, at)`, and the time between steps is unknown.
    Samples {
        /// The length of a step in seconds, at least 1.
        step_seconds: u32,
        /// Values, one a time at most.
        samples: Vec<Sample>,
    },
    /// Only a summary is known.
    Summary(Box<UsageSummary>),
}

/// The usage of one subject by one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageSeries {
    /// Whose.
    pub subject: UsageSubject,
    /// Of what.
    pub metric: Metric,
    /// How much.
    pub data: UsageData,
}

impl UsageSeries {
    /// The samples; none where only a summary is known.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        match &self.data {
            UsageData::Samples { samples, .. } => samples,
            UsageData::Summary(_) => &[],
        }
    }

    /// The summary, where only that is known.
    #[must_use]
    pub fn summary(&self) -> Option<&UsageSummary> {
        match &self.data {
            UsageData::Samples { .. } => None,
            UsageData::Summary(summary) => Some(summary),
        }
    }

    /// A sample in 1e-9 of a core, a byte, a piece, or of 1 for shares: the scale of summaries and quantities.
    #[must_use]
    pub fn nano(&self, sample: Sample) -> i128 {
        i128::from(sample.value).saturating_mul(self.metric.unit().nano())
    }
}

//! `vpa`: bit-compatible with the Vertical Pod Autoscaler's recommender (kubernetes/autoscaler, 2026-08).
//!
//! Known bias: a bucket's end is its answer, so a steady 11 millicores is recommended as 20.5.

mod histogram;

pub use histogram::{Checkpoint, Histogram, Scale};

use std::collections::BTreeMap;

/// Weight of a CPU sample (`aggregate_container_state.go`, `minSampleWeight`).
const CPU_WEIGHT: f64 = 0.1;
/// One memory peak is kept per window of this many seconds.
const MEMORY_WINDOW_S: i64 = 86_400;
/// Bytes added after an out-of-memory kill at least (`--oom-min-bump-up-bytes`).
const OOM_BUMP_BYTES: u64 = 100 << 20;
/// What the memory is multiplied by after a kill at least (`--oom-bump-up-ratio`).
const OOM_BUMP_RATIO: f64 = 1.2;
/// Percentiles of target, lower and upper bound (`--target-cpu-percentile` and its kin).
const TARGET: f64 = 0.9;
const LOWER: f64 = 0.5;
const UPPER: f64 = 0.95;
/// Added to every estimate (`--recommendation-margin-fraction`).
const MARGIN: f64 = 0.15;
/// The same on the whole, in percent.
pub(super) const MARGIN_PERCENT: u32 = 115;
/// Floors of a pod: 25 millicores, 250 MiB, divided by its containers.
const POD_CPU_MILLICORES: u64 = 25;
const POD_MEMORY_BYTES: u64 = 250 << 20;
/// The largest amount that the recommender computes with (`model/types.go`, `MaxResourceAmount`).
const AMOUNT_MAX: u64 = 100_000_000_000_000;

/// What one container was seen to use.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// Cores.
    pub cpu: Histogram,
    /// Bytes: one peak per day.
    pub memory: Histogram,
    first_s: Option<i64>,
    last_s: i64,
    samples: u64,
    /// What is known of the memory of each pod, by its number.
    pods: BTreeMap<usize, Peak>,
}

/// The memory peak of the container in one pod.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Peak {
    window_end_s: Option<i64>,
    last_s: i64,
    used: u64,
    oom: u64,
}

impl Default for Peak {
    fn default() -> Self {
        Self { window_end_s: None, last_s: i64::MIN, used: 0, oom: 0 }
    }
}

/// CPU in millicores and memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// Millicores.
    pub cpu_millicores: u64,
    /// Bytes.
    pub memory_bytes: u64,
}

/// What the autoscaler recommends for one container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recommendation {
    /// What to request.
    pub target: Amounts,
    /// Below it a pod is restarted.
    pub lower: Amounts,
    /// Above it a pod is restarted.
    pub upper: Amounts,
}

impl Default for Container {
    fn default() -> Self {
        Self {
            cpu: Histogram::new(Scale::cpu()),
            memory: Histogram::new(Scale::memory()),
            first_s: None,
            last_s: i64::MIN,
            samples: 0,
            pods: BTreeMap::new(),
        }
    }
}

impl Container {
    /// Adds a CPU sample in nanocores, seen at Unix second `at_s`.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 millicores")]
    pub fn add_cpu(&mut self, at_s: i64, nanocores: u64) {
        // The recommender counts whole millicores.
        let cores = nanocores.div_euclid(1_000_000) as f64 / 1000.0;
        self.cpu.add(cores, CPU_WEIGHT, at_s);
        self.first_s = Some(self.first_s.map_or(at_s, |first| first.min(at_s)));
        self.last_s = self.last_s.max(at_s);
        self.samples = self.samples.saturating_add(1);
    }

    /// Adds a memory sample in bytes, seen at Unix second `at_s`; one older than the last is dropped.
    pub fn add_memory(&mut self, at_s: i64, bytes: u64) {
        self.add_memory_of(0, at_s, bytes);
    }

    /// The same of one of several pods, by its number: each keeps a peak of its own.
    pub fn add_memory_of(&mut self, pod: usize, at_s: i64, bytes: u64) {
        if self.pods.get(&pod).is_none_or(|peak| at_s >= peak.last_s) {
            self.memory_sample(pod, at_s, bytes, false);
        }
    }

    /// Records that the container was killed at `at_s` for want of memory, having requested `request` bytes; `false`
    /// where that is too long ago to count.
    pub fn add_oom(&mut self, at_s: i64, request: u64) -> bool {
        self.add_oom_of(0, at_s, request)
    }

    /// The same of one of several pods.
    pub fn add_oom_of(&mut self, pod: usize, at_s: i64, request: u64) -> bool {
        let peak = self.pods.get(&pod).copied().unwrap_or_default();
        let window_start = peak.window_end_s.map_or(i64::MIN, |end| end.saturating_sub(MEMORY_WINDOW_S));
        if at_s < window_start {
            return false;
        }
        // Earlier kills are left out: each would otherwise raise the next.
        let used = request.max(peak.used);
        let needed = used.saturating_add(OOM_BUMP_BYTES).max(scale(used, OOM_BUMP_RATIO));
        self.memory_sample(pod, at_s, needed, true);
        true
    }

    fn memory_sample(&mut self, pod: usize, at_s: i64, bytes: u64, is_oom: bool) {
        let peak = self.pods.entry(pod).or_default();
        peak.last_s = at_s;
        let mut end = *peak.window_end_s.get_or_insert(at_s);
        if at_s < end {
            let highest = peak.used.max(peak.oom);
            if highest == 0 || bytes <= highest {
                return;
            }
            self.memory.subtract(as_f64(highest), 1.0, end);
        } else {
            let windows = at_s.saturating_sub(end).div_euclid(MEMORY_WINDOW_S).saturating_add(1);
            end = end.saturating_add(windows.saturating_mul(MEMORY_WINDOW_S));
            *peak = Peak { window_end_s: Some(end), last_s: at_s, ..Peak::default() };
        }
        self.memory.add(as_f64(bytes), 1.0, end);
        if is_oom {
            peak.oom = bytes;
        } else {
            peak.used = bytes;
        }
    }

    /// What the autoscaler recommends for a container of a pod of `containers`.
    #[must_use]
    pub fn recommend(&self, containers: u64) -> Recommendation {
        let confidence = self.confidence();
        let floor = Amounts {
            cpu_millicores: POD_CPU_MILLICORES.checked_div(containers).unwrap_or(POD_CPU_MILLICORES),
            memory_bytes: POD_MEMORY_BYTES.checked_div(containers).unwrap_or(POD_MEMORY_BYTES),
        };
        let estimate = |share: f64, factor: f64| {
            let of = |amount: u64| scale(amount.saturating_add(scale(amount, MARGIN)), factor);
            Amounts {
                cpu_millicores: of(amount(self.cpu.percentile(share) * 1000.0)).max(floor.cpu_millicores),
                memory_bytes: of(amount(self.memory.percentile(share))).max(floor.memory_bytes),
            }
        };
        Recommendation {
            target: estimate(TARGET, 1.0),
            lower: estimate(LOWER, libm::pow(1.0 + 0.001 / confidence, -2.0)),
            upper: estimate(UPPER, 1.0 + 1.0 / confidence),
        }
    }

    /// Days of history: the lesser of the span and of the samples at one a minute.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    fn confidence(&self) -> f64 {
        let Some(first) = self.first_s else { return 0.0 };
        let days = self.last_s.saturating_sub(first) as f64 / 86_400.0;
        days.min(self.samples as f64 / 1440.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "amounts are at most 1e14")]
const fn as_f64(amount: u64) -> f64 {
    amount as f64
}

/// `amount * factor`, cut to a whole number.
fn scale(amount_in: u64, factor: f64) -> u64 {
    amount(as_f64(amount_in) * factor)
}

/// A float as an amount: cut to a whole number within 0 and the largest one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates; NaN is 0")]
fn amount(value: f64) -> u64 {
    (value as u64).min(AMOUNT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_takes_as_much_memory_as_its_buckets_and_little_more() {
        let buckets = Scale::cpu().buckets().saturating_add(Scale::memory().buckets());
        let memory = buckets.saturating_mul(size_of::<f64>()).saturating_add(size_of::<Container>());
        assert!(memory <= 3016, "{memory}");
    }

    #[test]
    fn eleven_millicores_are_recommended_as_more() {
        let mut container = Container::default();
        for minute in 0..1440 {
            container.add_cpu(minute * 60, 11_000_000);
        }
        assert!((container.cpu.percentile(0.9) - 0.0205).abs() < 1e-12, "the known bias");
    }

    #[test]
    fn an_old_kill_is_dropped_and_a_late_sample_too() {
        let mut container = Container::default();
        container.add_memory(1_000_000, 500 << 20);
        assert!(!container.add_oom(1_000_000 - 1, 1 << 30));
        container.add_memory(999_999, 900 << 20);
        assert_eq!(container.memory.checkpoint().weights.len(), 1);
        assert!(container.add_oom(1_000_000, 1 << 30));
        assert!(container.memory.percentile(1.0) > 1.2 * f64::from(1 << 30));
    }

    #[test]
    fn a_day_keeps_its_highest_peak_alone() {
        let mut container = Container::default();
        for (at, mebibytes) in [(0, 300), (60, 200), (120, 400), (86_400, 100)] {
            container.add_memory(at, mebibytes << 20);
        }
        let weights = container.memory.checkpoint().weights;
        assert_eq!(weights.len(), 2, "{weights:?}");
    }

    #[test]
    fn no_samples_give_the_floors() {
        let answer = Container::default().recommend(1);
        assert_eq!(answer.target, Amounts { cpu_millicores: 25, memory_bytes: 250 << 20 });
        assert_eq!(answer.lower, answer.target);
    }
}

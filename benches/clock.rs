//! The clock of the benchmarks: CPU time of the measuring thread.
//!
//! Machines are shared, and noise only ever adds time: what another process does on the same core is not counted, and the
//! least sample is the result. Criterion reports the distribution beside it.

use cpu_time::ThreadTime;
use criterion::{
    Criterion, Throughput,
    measurement::{Measurement, ValueFormatter, WallTime},
};
use std::time::Duration;

/// The allocator that the package of Node and the command have. That of Python keeps the system's, for an import of 5 MB:
/// with the feature `system-allocator` that one is measured.
#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// CPU time of this thread, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = ThreadTime;
    type Value = Duration;

    fn start(&self) -> Self::Intermediate {
        ThreadTime::now()
    }

    fn end(&self, start: Self::Intermediate) -> Self::Value {
        start.elapsed()
    }

    fn add(&self, a: &Self::Value, b: &Self::Value) -> Self::Value {
        a.saturating_add(*b)
    }

    fn zero(&self) -> Self::Value {
        Duration::ZERO
    }

    #[expect(clippy::cast_precision_loss, reason = "a sample lasts seconds, far below 2^53 ns")]
    fn to_f64(&self, value: &Self::Value) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        // Both count nanoseconds.
        WallTime.formatter()
    }
}

/// Short runs: all benchmarks together stay below three minutes on two busy cores.
#[must_use]
pub fn criterion() -> Criterion<CpuTime> {
    Criterion::default()
        .with_measurement(CpuTime)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(900))
        .sample_size(40)
        .without_plots()
}

/// The same for work that takes milliseconds or more: few samples of few calls.
pub fn few<M: Measurement>(group: &mut criterion::BenchmarkGroup<'_, M>) {
    group.sample_size(10).sampling_mode(criterion::SamplingMode::Flat);
}

/// So many elements a call, for the rate that criterion shows.
#[must_use]
pub const fn elements(count: u64) -> Throughput {
    Throughput::Elements(count)
}

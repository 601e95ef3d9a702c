//! A thread that samples a meter.

use super::{EnergyMeter, MeterError, Reading};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A meter that is sampled on a thread of its own until it is stopped or dropped, with a closing sample.
///
/// Counters wrap: they must be sampled often enough, however long the work in between takes.
#[derive(Debug)]
pub struct Meter {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum Order {
    Sample,
    Stop,
}

#[derive(Debug, Default)]
struct State {
    /// The last reading, or why there was none; `None` before the first.
    latest: Option<Result<Reading, MeterError>>,
    samples: u64,
}

impl Meter {
    /// Samples `source` every `interval`, by default as often as its counters need ([`super::MeterInfo::interval_max`]:
    /// 10 s, or half the time in which a counter can wrap).
    pub fn start(source: impl EnergyMeter + 'static, interval: Option<Duration>) -> Self {
        let interval = interval.unwrap_or_else(|| source.info().interval_max);
        Self::run(source, move |orders| orders.recv_timeout(interval))
    }

    /// Samples `source` only when [`Meter::sample`] says so, and once more at the end.
    pub fn manual(source: impl EnergyMeter + 'static) -> Self {
        Self::run(source, |orders| orders.recv().map_err(|_| RecvTimeoutError::Disconnected))
    }

    fn run(
        mut source: impl EnergyMeter + 'static,
        mut next: impl FnMut(&Receiver<Order>) -> Result<Order, RecvTimeoutError> + Send + 'static,
    ) -> Self {
        let (orders, received) = mpsc::channel();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let thread = thread::spawn(move || {
            loop {
                let closing = match next(&received) {
                    Ok(Order::Sample) | Err(RecvTimeoutError::Timeout) => false,
                    Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => true,
                };
                let reading = source.read();
                let mut state = lock(&shared);
                state.latest = Some(reading);
                state.samples = state.samples.saturating_add(1);
                drop(state);
                if closing {
                    return;
                }
            }
        });
        Self { orders, thread: Some(thread), state }
    }

    /// Asks for a sample now; the thread takes it as soon as it can.
    pub fn sample(&self) {
        // A thread that is gone has left its last reading behind.
        self.orders.send(Order::Sample).ok();
    }

    /// The reading of the last sample.
    ///
    /// # Errors
    /// The error of the last sample; `meter.unavailable` before the first.
    pub fn latest(&self) -> Result<Reading, MeterError> {
        let none = || MeterError::Unavailable {
            meter: "sampler",
            reason: "no sample has been taken yet".to_owned(),
        };
        lock(&self.state).latest.clone().unwrap_or_else(|| Err(none()))
    }

    /// The number of samples taken.
    #[must_use]
    pub fn samples(&self) -> u64 {
        lock(&self.state).samples
    }

    /// Takes the closing sample, ends the thread and returns the reading.
    ///
    /// # Errors
    /// The error of the closing sample; `meter.unavailable` when the thread failed.
    pub fn stop(mut self) -> Result<Reading, MeterError> {
        self.close()?;
        self.latest()
    }

    fn close(&mut self) -> Result<(), MeterError> {
        self.orders.send(Order::Stop).ok();
        let failed =
            |_| MeterError::Unavailable { meter: "sampler", reason: "the sampling thread failed".to_owned() };
        self.thread.take().map_or(Ok(()), |thread| thread.join().map_err(failed))
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        // The thread's failure has no one left to be told.
        self.close().ok();
    }
}

/// A poisoned lock holds a whole state: it is only ever replaced.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{super::MeterInfo, *};
    use finops_core::carbon::CounterTotal;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Counts its readings: the first is 1 J, the second 2 J; a reading of `bad` fails, one of `fatal` panics.
    struct Counting {
        reads: Arc<AtomicU64>,
        bad: u64,
        fatal: u64,
    }

    impl EnergyMeter for Counting {
        fn read(&mut self) -> Result<Reading, MeterError> {
            let reads = self.reads.fetch_add(1, Ordering::SeqCst).saturating_add(1);
            assert!(reads != self.fatal, "a meter that fails");
            if reads == self.bad {
                return Err(MeterError::bad_reading("rapl", "energy_uj", "garbage"));
            }
            let measured_j = Some(f64::from(u32::try_from(reads).unwrap()));
            let total = CounterTotal { measured_j, ..CounterTotal::default() };
            Ok(Reading { elapsed: Duration::from_secs(reads), total, devices: Vec::new() })
        }

        fn info(&self) -> MeterInfo {
            MeterInfo { meter: "rapl", devices: Vec::new(), interval_max: Duration::from_secs(3600) }
        }
    }

    fn counting(bad: u64, fatal: u64) -> (Counting, Arc<AtomicU64>) {
        let reads = Arc::new(AtomicU64::new(0));
        (Counting { reads: Arc::clone(&reads), bad, fatal }, reads)
    }

    #[test]
    fn every_tick_is_a_sample_and_the_end_one_more() {
        let (source, _) = counting(0, 0);
        let meter = Meter::manual(source);
        assert_eq!(meter.latest().unwrap_err().code(), "meter.unavailable");
        meter.sample();
        meter.sample();
        let reading = meter.stop().unwrap();
        assert_eq!(reading.total.measured_j, Some(3.0), "two ticks and the closing sample");
    }

    #[test]
    fn dropping_takes_the_closing_sample() {
        let (source, reads) = counting(0, 0);
        drop(Meter::start(source, None));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn time_ticks_without_orders() {
        let (source, reads) = counting(0, 0);
        // Of two ticks that are due at once and then silence: the injected clock decides, not the machine's.
        let mut due = 2;
        let meter = Meter::run(source, move |orders| {
            if due > 0 {
                due -= 1;
                return Err(RecvTimeoutError::Timeout);
            }
            orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
        });
        assert_eq!(meter.stop().unwrap().total.measured_j, Some(3.0));
        assert_eq!(reads.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn a_failed_sample_is_an_error_until_the_next_good_one() {
        let (source, _) = counting(2, 0);
        let meter = Meter::manual(source);
        meter.sample();
        assert_eq!(meter.stop().unwrap_err().code(), "meter.bad_reading");
        let (source, _) = counting(2, 0);
        let meter = Meter::manual(source);
        meter.sample();
        meter.sample();
        assert_eq!(meter.stop().unwrap().total.measured_j, Some(3.0));
    }

    #[test]
    fn a_meter_that_panics_takes_only_its_thread_along() {
        let (source, _) = counting(0, 1);
        let meter = Meter::manual(source);
        meter.sample();
        assert_eq!(meter.stop().unwrap_err().code(), "meter.unavailable");
    }
}

//! Energy meters of this machine: RAPL counters of processors, NVML counters of GPUs, and a thread that samples them.
//!
//! Nothing is probed until a meter is opened, and a meter that cannot be read is an error, never 0 W.
//!
//! ```no_run
//! use finops::meter::{Meter, RaplMeter};
//! let meter = Meter::start(RaplMeter::open(finops::meter::POWERCAP)?, None);
//! // … the work to be measured …
//! let reading = meter.stop()?;
//! println!("{:?} J", reading.total.measured_j);
//! # Ok::<(), finops::meter::MeterError>(())
//! ```

mod nvml;
mod rapl;
mod sampler;

pub use finops_core::carbon::{MeterError, RaplLimits};
#[cfg(feature = "nvml")]
pub use nvml::Library;
pub use nvml::{NvmlApi, NvmlMeter};
pub use rapl::{POWERCAP, RaplMeter, RaplOptions};
pub use sampler::Meter;

use finops_core::{
    carbon::{CarbonError, CounterTotal, DataId, DataIds, Estimate, MethodId, MigShares},
    units::Energy,
};
use std::time::{Duration, Instant};

/// Something that counts joules.
pub trait EnergyMeter: Send {
    /// The energy since the meter was opened.
    ///
    /// # Errors
    /// `meter.unavailable`, `meter.permission`, `meter.bad_reading`. The next reading counts from the last good one.
    fn read(&mut self) -> Result<Reading, MeterError>;

    /// What is metered.
    fn info(&self) -> MeterInfo;
}

/// What a meter meters.
#[derive(Debug, Clone, PartialEq)]
pub struct MeterInfo {
    /// `rapl` or `nvml`.
    pub meter: &'static str,
    /// The counted domains or GPUs.
    pub devices: Vec<DeviceInfo>,
    /// The longest time between two samples that leaves no doubt about the counters.
    pub interval_max: Duration,
}

/// One domain or GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceInfo {
    /// `package-0`, or a GPU's product name.
    pub name: String,
    /// A lasting id: the directory of a domain, the UUID of a GPU.
    pub id: String,
    /// The most watts it is allowed to draw, where that is known.
    pub limit_w: Option<f64>,
}

/// The energy since a meter was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The time since the meter was opened.
    pub elapsed: Duration,
    /// The energy of all devices; a figure is `None` when nothing is known.
    pub total: CounterTotal,
    /// The energy of each device.
    pub devices: Vec<DeviceReading>,
}

/// The energy of one device since its meter was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceReading {
    /// `package-0`, or a GPU's product name.
    pub name: String,
    /// Its energy.
    pub total: CounterTotal,
    /// The shares of a GPU's partitions in the energy since the last reading; `None` when it is not partitioned.
    pub mig: Option<MigShares>,
}

/// The energy of `reading` as an estimate, or what the model says when the meter gives nothing and `fallback` is given.
///
/// # Errors
/// The meter's own; `meter.unavailable` when it could be read but knows of no energy.
pub fn energy(
    reading: Result<Reading, MeterError>,
    fallback: Option<Estimate<Energy>>,
) -> Result<Estimate<Energy>, MeterError> {
    let metered = reading.and_then(|reading| {
        let CounterTotal { measured_j, filled_j, .. } = reading.total;
        let known =
            measured_j.or(filled_j).map(|_| measured_j.unwrap_or_default() + filled_j.unwrap_or_default());
        let energy = known.and_then(|joules| Energy::from_joules(joules).ok());
        let energy = energy.ok_or_else(|| MeterError::Unavailable {
            meter: "energy",
            reason: "no interval gave a reading".to_owned(),
        })?;
        Ok(Estimate {
            low: energy,
            central: energy,
            high: energy,
            tier: reading.total.tier(),
            method: MethodId::MeasuredWindow,
            data: DataIds::of(DataId::METER),
        })
    });
    metered.or_else(|error| fallback.ok_or(error))
}

/// A steady clock, from an arbitrary start.
pub trait Clock: Send {
    /// The time since the start.
    fn now(&self) -> Duration;
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy)]
pub struct SteadyClock(Instant);

impl SteadyClock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What the arithmetic refuses is a reading at an impossible time.
fn bad_time(meter: &'static str, error: &CarbonError) -> MeterError {
    MeterError::bad_reading(meter, error.path(), &error.to_string())
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A clock that a test sets.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct HandClock(Arc<Mutex<Duration>>);

    impl HandClock {
        pub(crate) fn set_s(&self, seconds: u64) {
            *self.0.lock().unwrap() = Duration::from_secs(seconds);
        }
    }

    impl Clock for HandClock {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use finops_core::carbon::Tier;

    fn reading(measured_j: Option<f64>, filled_j: Option<f64>) -> Reading {
        let total = CounterTotal { measured_j, filled_j, ..CounterTotal::default() };
        Reading { elapsed: Duration::from_secs(1), total, devices: Vec::new() }
    }

    fn model() -> Estimate<Energy> {
        let energy = Energy::from_joules(7.0).unwrap();
        let (tier, method, data) = (Tier::Modelled, MethodId::CpuTdpCubic, DataIds::NONE);
        Estimate { low: energy, central: energy, high: energy, tier, method, data }
    }

    #[test]
    fn a_meter_without_a_reading_is_an_error_or_the_model_never_zero() {
        let metered = energy(Ok(reading(Some(2.0), None)), Some(model())).unwrap();
        assert_eq!((metered.central.joules(), metered.tier), (2.0, Tier::Measured));
        let filled = energy(Ok(reading(Some(2.0), Some(1.0))), None).unwrap();
        assert_eq!((filled.central.joules(), filled.tier), (3.0, Tier::Modelled));
        let nothing = || Ok(reading(None, None));
        assert_eq!(energy(nothing(), None).unwrap_err().code(), "meter.unavailable");
        assert_eq!(energy(nothing(), Some(model())).unwrap(), model());
        let broken = MeterError::bad_reading("rapl", "energy_uj", "x");
        assert_eq!(energy(Err(broken.clone()), None), Err(broken.clone()));
        assert_eq!(energy(Err(broken), Some(model())).unwrap(), model());
    }
}

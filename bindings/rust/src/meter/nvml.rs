//! The GPUs of this machine, through NVIDIA's management library.

use super::{Clock, DeviceInfo, DeviceReading, EnergyMeter, MeterError, MeterInfo, Reading, bad_time};
use finops_core::carbon::{CounterTotal, MigShares, NvmlCounter, NvmlSample, mig_shares};
use std::time::Duration;

/// Compute slices of a GPU that can be partitioned,
/// <https://docs.nvidia.com/datacenter/tesla/mig-user-guide/>.
const SLICES_TOTAL: u64 = 7;

/// Power changes quickly: where it stands in for the counter, a longer interval would miss it.
const INTERVAL_MAX: Duration = Duration::from_secs(10);

/// What is needed of NVML; a test puts its own behind it.
pub trait NvmlApi: Send {
    /// The number of GPUs.
    ///
    /// # Errors
    /// `meter.unavailable`, `meter.permission`.
    fn count(&self) -> Result<u32, MeterError>;

    /// The UUID of GPU `index`.
    ///
    /// # Errors
    /// `meter.unavailable`, `meter.permission`.
    fn uuid(&self, index: u32) -> Result<String, MeterError>;

    /// The product name of GPU `index`.
    ///
    /// # Errors
    /// `meter.unavailable`, `meter.permission`.
    fn name(&self, index: u32) -> Result<String, MeterError>;

    /// Millijoules since the driver was loaded; `None` when there is no such counter or it cannot be read now.
    ///
    /// # Errors
    /// `meter.permission`.
    fn energy_mj(&self, index: u32) -> Result<Option<u64>, MeterError>;

    /// Milliwatts now; `None` when that is not known.
    ///
    /// # Errors
    /// `meter.permission`.
    fn power_mw(&self, index: u32) -> Result<Option<u64>, MeterError>;

    /// The most milliwatts the GPU is allowed to draw; `None` when that is not known.
    ///
    /// # Errors
    /// `meter.permission`.
    fn limit_mw(&self, index: u32) -> Result<Option<u64>, MeterError>;

    /// The compute slices of each of its MIG instances; empty when it is not partitioned.
    ///
    /// # Errors
    /// `meter.permission`.
    fn mig_slices(&self, index: u32) -> Result<Vec<u64>, MeterError>;
}

/// The energy of this machine's GPUs.
pub struct NvmlMeter<A> {
    api: A,
    clock: Box<dyn Clock>,
    since: Duration,
    /// The time of the last sample.
    last: Option<Duration>,
    gpus: Vec<Gpu>,
}

impl<A> std::fmt::Debug for NvmlMeter<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NvmlMeter").field("gpus", &self.gpus).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Gpu {
    index: u32,
    name: String,
    uuid: String,
    limit_w: Option<f64>,
    counter: NvmlCounter,
    mig: Option<MigShares>,
}

impl<A: NvmlApi> NvmlMeter<A> {
    /// Meters the GPUs that `api` shows, timed by `clock`, and takes the first reading.
    ///
    /// # Errors
    /// `meter.unavailable` without a GPU, or when none has a counter or a power reading; `meter.permission`.
    pub fn with(api: A, clock: impl Clock + 'static) -> Result<Self, MeterError> {
        let gpu = |index: u32| -> Result<Gpu, MeterError> {
            let limit_w = api.limit_mw(index)?.map(milli);
            let (name, uuid) = (api.name(index)?, api.uuid(index)?);
            Ok(Gpu { index, name, uuid, limit_w, counter: NvmlCounter::default(), mig: None })
        };
        let gpus = (0..api.count()?).map(gpu).collect::<Result<Vec<_>, _>>()?;
        let unavailable = |reason: &str| MeterError::Unavailable { meter: "nvml", reason: reason.to_owned() };
        if gpus.is_empty() {
            return Err(unavailable("there is no GPU"));
        }
        let since = clock.now();
        let mut meter = Self { api, clock: Box::new(clock), since, last: None, gpus };
        let (elapsed, samples) = meter.samples()?;
        if samples.iter().all(|sample| sample.energy_mj.is_none() && sample.power_mw.is_none()) {
            return Err(unavailable("no GPU has an energy counter or a power reading"));
        }
        meter.take(elapsed, &samples)?;
        Ok(meter)
    }

    /// A sample of every GPU, and its time since the meter was opened.
    fn samples(&self) -> Result<(Duration, Vec<NvmlSample>), MeterError> {
        let elapsed = self.clock.now().saturating_sub(self.since);
        let sample = |gpu: &Gpu| {
            Ok(NvmlSample {
                at_s: elapsed.as_secs_f64(),
                energy_mj: self.api.energy_mj(gpu.index)?,
                power_mw: self.api.power_mw(gpu.index)?,
            })
        };
        Ok((elapsed, self.gpus.iter().map(sample).collect::<Result<_, _>>()?))
    }

    fn take(&mut self, elapsed: Duration, samples: &[NvmlSample]) -> Result<(), MeterError> {
        // Between two readings within one tick of the clock nothing can be told.
        if self.last.is_some_and(|last| elapsed <= last) {
            return Ok(());
        }
        self.last = Some(elapsed);
        for (gpu, sample) in self.gpus.iter_mut().zip(samples) {
            let slices = self.api.mig_slices(gpu.index)?;
            let interval = gpu.counter.sample(*sample).map_err(|error| bad_time("nvml", &error))?;
            let joules = interval.and_then(|interval| interval.measured_j);
            gpu.mig = match joules.filter(|_| !slices.is_empty()) {
                Some(joules) => {
                    let shares = mig_shares(nanojoules(joules), &slices, SLICES_TOTAL);
                    Some(shares.map_err(|error| bad_time("nvml", &error))?)
                }
                None => None,
            };
        }
        Ok(())
    }
}

impl<A: NvmlApi> EnergyMeter for NvmlMeter<A> {
    fn read(&mut self) -> Result<Reading, MeterError> {
        let (elapsed, samples) = self.samples()?;
        self.take(elapsed, &samples)?;
        let device = |gpu: &Gpu| DeviceReading {
            name: gpu.name.clone(),
            total: CounterTotal {
                measured_j: gpu.counter.total_j(),
                unknown_s: gpu.counter.unknown_s(),
                ..CounterTotal::default()
            },
            mig: gpu.mig.clone(),
        };
        let devices: Vec<DeviceReading> = self.gpus.iter().map(device).collect();
        let total =
            devices.iter().map(|device| device.total).fold(CounterTotal::default(), CounterTotal::merged);
        Ok(Reading { elapsed, total, devices })
    }

    fn info(&self) -> MeterInfo {
        let info =
            |gpu: &Gpu| DeviceInfo { name: gpu.name.clone(), id: gpu.uuid.clone(), limit_w: gpu.limit_w };
        MeterInfo { meter: "nvml", devices: self.gpus.iter().map(info).collect(), interval_max: INTERVAL_MAX }
    }
}

#[expect(clippy::cast_precision_loss, reason = "to nearest; watts of a GPU in milliwatts are far below 2^53")]
const fn milli(value: u64) -> f64 {
    value as f64 / 1000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "joules of a counter are never negative, and a float cast saturates"
)]
fn nanojoules(joules: f64) -> u128 {
    (joules * 1e9).round() as u128
}

#[cfg(feature = "nvml")]
pub use real::Library;

#[cfg(feature = "nvml")]
mod real {
    use super::{super::SteadyClock, MeterError, NvmlApi, NvmlMeter};
    use nvml_wrapper::{Device, Nvml, error::NvmlError};

    /// NVIDIA's library, loaded when the meter is opened.
    #[derive(Debug)]
    pub struct Library(Nvml);

    impl NvmlMeter<Library> {
        /// Loads NVIDIA's library and meters all GPUs it shows.
        ///
        /// # Errors
        /// `meter.unavailable` without the library, its driver or a GPU; `meter.permission`.
        pub fn open() -> Result<Self, MeterError> {
            Self::with(Library(Nvml::init().map_err(refused)?), SteadyClock::start())
        }
    }

    fn refused(error: NvmlError) -> MeterError {
        match error {
            NvmlError::NoPermission => MeterError::Permission {
                meter: "nvml",
                path: "nvml".to_owned(),
                help: "run as a user who may use the GPUs' device files",
            },
            other => MeterError::Unavailable { meter: "nvml", reason: other.to_string() },
        }
    }

    impl Library {
        fn device(&self, index: u32) -> Result<Device<'_>, MeterError> {
            self.0.device_by_index(index).map_err(refused)
        }

        /// A value that may be missing: only a missing permission is an error, for waiting does not help.
        fn optional<T>(
            &self,
            index: u32,
            read: impl FnOnce(&Device<'_>) -> Result<T, NvmlError>,
        ) -> Result<Option<T>, MeterError> {
            match self.0.device_by_index(index).and_then(|device| read(&device)) {
                Ok(value) => Ok(Some(value)),
                Err(NvmlError::NoPermission) => Err(refused(NvmlError::NoPermission)),
                Err(_) => Ok(None),
            }
        }
    }

    impl NvmlApi for Library {
        fn count(&self) -> Result<u32, MeterError> {
            self.0.device_count().map_err(refused)
        }

        fn uuid(&self, index: u32) -> Result<String, MeterError> {
            self.device(index)?.uuid().map_err(refused)
        }

        fn name(&self, index: u32) -> Result<String, MeterError> {
            self.device(index)?.name().map_err(refused)
        }

        fn energy_mj(&self, index: u32) -> Result<Option<u64>, MeterError> {
            self.optional(index, |device| device.total_energy_consumption())
        }

        fn power_mw(&self, index: u32) -> Result<Option<u64>, MeterError> {
            Ok(self.optional(index, |device| device.power_usage())?.map(u64::from))
        }

        fn limit_mw(&self, index: u32) -> Result<Option<u64>, MeterError> {
            Ok(self.optional(index, |device| device.enforced_power_limit())?.map(u64::from))
        }

        fn mig_slices(&self, index: u32) -> Result<Vec<u64>, MeterError> {
            let slices = self.optional(index, |device| {
                // Places of instances may be empty, and GPUs that cannot be partitioned have none.
                let instances =
                    (0..device.mig_device_count()?).filter_map(|at| device.mig_device_by_index(at).ok());
                let slices =
                    |instance: Device<'_>| Ok(u64::from(instance.attributes()?.compute_instance_slice_count));
                instances.map(slices).collect::<Result<Vec<_>, NvmlError>>()
            })?;
            Ok(slices.unwrap_or_default())
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::meter::EnergyMeter as _;

        #[test]
        #[ignore = "needs an NVIDIA GPU"]
        fn the_gpus_of_this_machine_have_counters() {
            let mut meter = NvmlMeter::open().unwrap();
            let info = meter.info();
            assert!(!info.devices.is_empty());
            assert!(
                info.devices.iter().all(|gpu| !gpu.name.is_empty() && gpu.id.starts_with("GPU-")),
                "{info:?}"
            );
            // The counter advances every 20 to 100 ms: read until it has.
            let joules =
                (0..100_000).find_map(|_| meter.read().unwrap().total.measured_j.filter(|j| *j > 0.0));
            assert!(joules.unwrap() < 10_000.0);
        }

        #[test]
        fn a_machine_without_the_library_says_so() {
            if let Err(error) = NvmlMeter::open() {
                assert!(matches!(error.code(), "meter.unavailable" | "meter.permission"), "{error}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::HandClock, *};
    use std::sync::{Arc, Mutex};

    /// Two GPUs, the first of them partitioned; a test scripts the readings of both.
    #[derive(Clone, Default)]
    struct Fake(Arc<Mutex<Script>>);

    #[derive(Default)]
    struct Script {
        gpus: u32,
        energy_mj: [Option<u64>; 2],
        power_mw: [Option<u64>; 2],
        slices: Vec<u64>,
        denied: bool,
    }

    impl Fake {
        fn set(&self, change: impl FnOnce(&mut Script)) {
            change(&mut self.0.lock().unwrap());
        }
    }

    impl NvmlApi for Fake {
        fn count(&self) -> Result<u32, MeterError> {
            Ok(self.0.lock().unwrap().gpus)
        }

        fn uuid(&self, index: u32) -> Result<String, MeterError> {
            Ok(format!("GPU-{index}"))
        }

        fn name(&self, _: u32) -> Result<String, MeterError> {
            Ok("NVIDIA H100 80GB HBM3".to_owned())
        }

        fn energy_mj(&self, index: u32) -> Result<Option<u64>, MeterError> {
            let script = self.0.lock().unwrap();
            if script.denied {
                return Err(MeterError::Permission { meter: "nvml", path: "nvml".to_owned(), help: "ask" });
            }
            Ok(script.energy_mj[index as usize])
        }

        fn power_mw(&self, index: u32) -> Result<Option<u64>, MeterError> {
            Ok(self.0.lock().unwrap().power_mw[index as usize])
        }

        fn limit_mw(&self, _: u32) -> Result<Option<u64>, MeterError> {
            Ok(Some(700_000))
        }

        fn mig_slices(&self, index: u32) -> Result<Vec<u64>, MeterError> {
            Ok(if index == 0 { self.0.lock().unwrap().slices.clone() } else { Vec::new() })
        }
    }

    fn open(change: impl FnOnce(&mut Script)) -> (Fake, HandClock, Result<NvmlMeter<Fake>, MeterError>) {
        let (fake, clock) = (Fake::default(), HandClock::default());
        fake.set(|script| {
            (script.gpus, script.energy_mj, script.power_mw) = (2, [Some(1000); 2], [Some(300_000); 2]);
            change(script);
        });
        let meter = NvmlMeter::with(fake.clone(), clock.clone());
        (fake, clock, meter)
    }

    #[test]
    fn gpus_add_up_and_partitions_share() {
        let (fake, clock, meter) = open(|script| script.slices = vec![1, 2]);
        let mut meter = meter.unwrap();
        clock.set_s(1);
        fake.set(|script| script.energy_mj = [Some(701_000), Some(301_000)]);
        let reading = meter.read().unwrap();
        assert_eq!(reading.total.measured_j, Some(1000.0));
        let shares = reading.devices[0].mig.clone().unwrap();
        assert_eq!(shares.nanojoules, [100_000_000_000, 200_000_000_000]);
        assert_eq!(shares.unallocated_nanojoules, 400_000_000_000);
        assert_eq!(reading.devices[1].mig, None);
        let info = meter.info();
        assert_eq!((info.devices[1].id.as_str(), info.devices[1].limit_w), ("GPU-1", Some(700.0)));
    }

    #[test]
    fn power_stands_in_for_a_counter_that_fails() {
        let (fake, clock, meter) = open(|script| script.gpus = 1);
        let mut meter = meter.unwrap();
        clock.set_s(2);
        fake.set(|script| script.energy_mj[0] = None);
        assert_eq!(meter.read().unwrap().total.measured_j, Some(600.0));
        clock.set_s(3);
        fake.set(|script| script.energy_mj[0] = Some(901_000));
        assert_eq!(meter.read().unwrap().total.measured_j, Some(900.0));
        clock.set_s(4);
        fake.set(|script| (script.energy_mj[0], script.power_mw[0]) = (None, None));
        let reading = meter.read().unwrap();
        assert_eq!((reading.total.measured_j, reading.total.unknown_s), (Some(900.0), 1.0));
    }

    #[test]
    fn what_cannot_be_metered_says_why() {
        let code = |change: fn(&mut Script)| open(change).2.unwrap_err().code();
        assert_eq!(code(|script| script.gpus = 0), "meter.unavailable");
        assert_eq!(
            code(|script| (script.energy_mj, script.power_mw) = ([None; 2], [None; 2])),
            "meter.unavailable"
        );
        assert_eq!(code(|script| script.denied = true), "meter.permission");
    }

    #[test]
    fn a_refused_reading_leaves_the_meter_usable() {
        let (fake, clock, meter) = open(|script| script.gpus = 1);
        let mut meter = meter.unwrap();
        clock.set_s(1);
        fake.set(|script| script.denied = true);
        assert_eq!(meter.read().unwrap_err().code(), "meter.permission");
        clock.set_s(2);
        fake.set(|script| (script.denied, script.energy_mj[0]) = (false, Some(5000)));
        assert_eq!(meter.read().unwrap().total.measured_j, Some(4.0));
    }
}

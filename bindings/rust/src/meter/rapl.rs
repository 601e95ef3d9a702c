//! The powercap tree of Linux.

use super::{
    Clock, DeviceInfo, DeviceReading, EnergyMeter, MeterError, MeterInfo, Reading, SteadyClock, bad_time,
};
use finops_core::carbon::{RAPL_PERMISSION_HELP, RaplLimits, RaplTree, rapl_domains};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Where Linux shows its powercap tree.
pub const POWERCAP: &str = "/sys/class/powercap";

/// Sample at least this often: a burst should not hide in a long interval.
const INTERVAL_MAX: Duration = Duration::from_secs(10);

/// What to meter, and what is known about it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RaplOptions {
    /// The whole platform (`psys`) instead of packages and memory.
    pub psys: bool,
    /// Limits of the counters; the range of each domain is read from the tree and takes precedence.
    pub limits: RaplLimits,
}

/// The RAPL counters of this machine's processors and memory.
pub struct RaplMeter {
    domains: Vec<Domain>,
    tree: RaplTree,
    clock: Box<dyn Clock>,
    since: Duration,
    /// The time of the last sample.
    last: Option<Duration>,
}

impl std::fmt::Debug for RaplMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RaplMeter")
            .field("domains", &self.domains)
            .field("tree", &self.tree)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Domain {
    name: String,
    directory: PathBuf,
    limits: RaplLimits,
}

impl RaplMeter {
    /// Opens the counters below `root`, usually [`POWERCAP`], and takes the first reading.
    ///
    /// # Errors
    /// `meter.unavailable` without a tree or a usable domain (most virtual machines and containers),
    /// `meter.permission` when a counter may not be read, `meter.bad_reading` when it holds no number.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, MeterError> {
        Self::open_with(root, RaplOptions::default(), SteadyClock::start())
    }

    /// Opens the counters below `root` with `options`, timed by `clock`.
    ///
    /// # Errors
    /// As [`RaplMeter::open`].
    pub fn open_with(
        root: impl AsRef<Path>,
        options: RaplOptions,
        clock: impl Clock + 'static,
    ) -> Result<Self, MeterError> {
        let root = root.as_ref();
        let mut zones = BTreeMap::new();
        for entry in fs::read_dir(root).map_err(|error| refused(root, &error))? {
            let entry = entry.map_err(|error| refused(root, &error))?;
            // Names of zones are ASCII, and only zones have a file `name`: others are not ours.
            let Ok(zone) = entry.file_name().into_string() else { continue };
            if let Ok(name) = fs::read_to_string(entry.path().join("name")) {
                zones.insert(zone, name.trim().to_owned());
            }
        }
        let domains: Vec<Domain> = rapl_domains(&zones, options.psys)?
            .into_iter()
            .map(|zone| {
                let directory = root.join(&zone);
                let own = optional(&directory.join("max_energy_range_uj"));
                let tdp_w =
                    optional(&directory.join("constraint_0_max_power_uw")).filter(|uw| *uw > 0).map(watts);
                let limits = RaplLimits {
                    max_energy_range_uj: own.or(options.limits.max_energy_range_uj),
                    tdp_w: options.limits.tdp_w.or(tdp_w),
                    ..options.limits
                };
                Domain { name: zones.remove(&zone).unwrap_or_default(), directory, limits }
            })
            .collect();
        let tree = RaplTree::new(domains.iter().map(|domain| (domain.name.as_str(), domain.limits)));
        let since = clock.now();
        let mut meter = Self { domains, tree, clock: Box::new(clock), since, last: None };
        meter.sample()?;
        Ok(meter)
    }

    fn sample(&mut self) -> Result<Duration, MeterError> {
        // All or nothing: a domain that cannot be read leaves the others where they were.
        let energy_uj =
            self.domains.iter().map(|domain| counter(&domain.directory)).collect::<Result<Vec<_>, _>>()?;
        let elapsed = self.clock.now().saturating_sub(self.since);
        // Between two readings within one tick of the clock nothing can be told.
        if self.last.is_some_and(|last| elapsed <= last) {
            return Ok(elapsed);
        }
        self.last = Some(elapsed);
        self.tree.sample(elapsed.as_secs_f64(), &energy_uj).map_err(|error| bad_time("rapl", &error))?;
        Ok(elapsed)
    }
}

impl EnergyMeter for RaplMeter {
    fn read(&mut self) -> Result<Reading, MeterError> {
        let elapsed = self.sample()?;
        let counted = self.tree.domains().filter(|(_, _, mirrored)| !mirrored);
        let devices =
            counted.map(|(name, total, _)| DeviceReading { name: name.to_owned(), total, mig: None });
        Ok(Reading { elapsed, total: self.tree.total(), devices: devices.collect() })
    }

    fn info(&self) -> MeterInfo {
        let info = |domain: &Domain| DeviceInfo {
            name: domain.name.clone(),
            id: domain
                .directory
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            limit_w: domain.limits.tdp_w,
        };
        let half_wrap = |domain: &Domain| {
            let range_j = watts(domain.limits.max_energy_range_uj?);
            let most_w = domain.limits.tdp_w.unwrap_or(domain.limits.max_plausible_w);
            Duration::try_from_secs_f64(range_j / most_w / 2.0).ok()
        };
        MeterInfo {
            meter: "rapl",
            devices: self.domains.iter().map(info).collect(),
            interval_max: self.domains.iter().filter_map(half_wrap).fold(INTERVAL_MAX, Duration::min),
        }
    }
}

/// A millionth: watts of microwatts, joules of microjoules.
#[expect(clippy::cast_precision_loss, reason = "to nearest; a limit, not a measurement")]
fn watts(micro: u64) -> f64 {
    micro as f64 / 1e6
}

fn counter(directory: &Path) -> Result<u64, MeterError> {
    let path = directory.join("energy_uj");
    let text = fs::read_to_string(&path).map_err(|error| refused(&path, &error))?;
    text.trim().parse().map_err(|_| MeterError::bad_reading("rapl", &path.to_string_lossy(), &text))
}

/// A number that may be missing or unreadable: then it is not known.
fn optional(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn refused(path: &Path, error: &io::Error) -> MeterError {
    let path = path.to_string_lossy().into_owned();
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            MeterError::Permission { meter: "rapl", path, help: RAPL_PERMISSION_HELP }
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            let reason =
                format!("`{path}` is missing; most virtual machines and containers have no powercap tree");
            MeterError::Unavailable { meter: "rapl", reason }
        }
        kind => MeterError::bad_reading("rapl", &path, &kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::HandClock, *};
    use finops_core::carbon::{Assumption, Tier};
    use std::sync::atomic::{AtomicU64, Ordering};

    const RANGE: &str = "262143328850";

    /// A powercap tree in a temporary directory, removed when dropped.
    struct Fake(PathBuf);

    impl Fake {
        fn new() -> Self {
            static NEXT: AtomicU64 = AtomicU64::new(0);
            let name =
                format!("finops-powercap-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let root = std::env::temp_dir().join(name);
            fs::create_dir_all(&root).unwrap();
            Self(root)
        }

        fn zone(&self, zone: &str, name: &str, energy_uj: &str) -> &Self {
            fs::create_dir_all(self.0.join(zone)).unwrap();
            self.file(zone, "name", &format!("{name}\n"));
            self.file(zone, "max_energy_range_uj", RANGE);
            self.set(zone, energy_uj)
        }

        fn set(&self, zone: &str, energy_uj: &str) -> &Self {
            self.file(zone, "energy_uj", energy_uj)
        }

        fn file(&self, zone: &str, file: &str, content: &str) -> &Self {
            fs::write(self.0.join(zone).join(file), content).unwrap();
            self
        }

        fn open(&self) -> Result<(RaplMeter, HandClock), MeterError> {
            let clock = HandClock::default();
            Ok((RaplMeter::open_with(&self.0, RaplOptions::default(), clock.clone())?, clock))
        }
    }

    impl Drop for Fake {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn packages_and_memory_are_metered_over_a_wrap() {
        let tree = Fake::new();
        tree.zone("intel-rapl:0", "package-0", "262143000000\n")
            .zone("intel-rapl:0:0", "core", "5")
            .zone("intel-rapl:0:1", "dram", "200000")
            .zone("intel-rapl-mmio:0", "package-0", "7");
        fs::write(tree.0.join("uevent"), "not a zone").unwrap();
        let (mut meter, clock) = tree.open().unwrap();
        clock.set_s(10);
        tree.set("intel-rapl:0", "500000000").set("intel-rapl:0:1", "5200000");
        let reading = meter.read().unwrap();
        assert_eq!(reading.total.measured_j, Some(500.32885 + 5.0));
        assert_eq!((reading.total.tier(), reading.elapsed), (Tier::Measured, Duration::from_secs(10)));
        tree.set("intel-rapl:0", "600000000");
        assert_eq!(meter.read().unwrap(), reading, "within one tick of the clock");
        let names: Vec<&str> = reading.devices.iter().map(|device| device.name.as_str()).collect();
        assert_eq!(names, ["package-0", "dram"]);
        assert_eq!(meter.info().devices[1].id, "intel-rapl:0:1");
        assert_eq!(meter.info().interval_max, INTERVAL_MAX);
    }

    #[test]
    fn mirrored_packages_are_metered_once() {
        let tree = Fake::new();
        tree.zone("intel-rapl:0", "package-0", "4000000000").zone("intel-rapl:1", "package-1", "4000000001");
        let (mut meter, clock) = tree.open().unwrap();
        clock.set_s(1);
        tree.set("intel-rapl:0", "4040000000").set("intel-rapl:1", "4040000002");
        let reading = meter.read().unwrap();
        assert_eq!((reading.total.measured_j, reading.devices.len()), (Some(40.0), 1));
    }

    #[test]
    fn a_bad_second_reading_is_an_error_and_the_next_good_one_makes_up_for_it() {
        let tree = Fake::new();
        tree.zone("intel-rapl:0", "package-0", "0").zone("intel-rapl:0:1", "dram", "0");
        let (mut meter, clock) = tree.open().unwrap();
        for garbage in ["garbage", "", "-5", "1e6", "18446744073709551616"] {
            clock.set_s(1);
            tree.set("intel-rapl:0", "30000000").set("intel-rapl:0:1", garbage);
            let error = meter.read().unwrap_err();
            assert_eq!(error.code(), "meter.bad_reading", "{garbage}");
            assert!(error.path().ends_with("energy_uj"));
        }
        fs::remove_file(tree.0.join("intel-rapl:0:1/energy_uj")).unwrap();
        assert_eq!(meter.read().unwrap_err().code(), "meter.unavailable");
        clock.set_s(2);
        tree.set("intel-rapl:0", "60000000").set("intel-rapl:0:1", "4000000");
        assert_eq!(meter.read().unwrap().total.measured_j, Some(64.0));
    }

    #[test]
    fn a_wrap_without_a_range_is_a_gap() {
        let tree = Fake::new();
        tree.zone("intel-rapl:0", "package-0", "50000000");
        fs::remove_file(tree.0.join("intel-rapl:0/max_energy_range_uj")).unwrap();
        let (mut meter, clock) = tree.open().unwrap();
        for (second, energy_uj) in [(1, "90000000"), (2, "10000000"), (3, "60000000")] {
            clock.set_s(second);
            tree.set("intel-rapl:0", energy_uj);
            meter.read().ok();
        }
        clock.set_s(4);
        let total = meter.read().unwrap().total;
        assert_eq!((total.measured_j, total.filled_j), (Some(90.0), Some(40.0)));
        assert_eq!(total.tier(), Tier::Modelled);
        assert!(total.assumptions.contains(Assumption::counter_gap_filled));
    }

    #[test]
    fn a_short_range_asks_for_frequent_samples() {
        let tree = Fake::new();
        tree.zone("intel-rapl:0", "package-0", "0")
            .file("intel-rapl:0", "max_energy_range_uj", "1000000000")
            .file("intel-rapl:0", "constraint_0_max_power_uw", "125000000");
        let (meter, _) = tree.open().unwrap();
        assert_eq!(meter.info().interval_max, Duration::from_secs(4));
        assert_eq!(meter.info().devices[0].limit_w, Some(125.0));
    }

    #[test]
    fn what_cannot_be_metered_says_why() {
        let code = |tree: &Fake| tree.open().unwrap_err().code();
        let tree = Fake::new();
        assert_eq!(code(&tree), "meter.unavailable");
        assert_eq!(RaplMeter::open(tree.0.join("absent")).unwrap_err().code(), "meter.unavailable");
        tree.zone("intel-rapl:0", "core", "5");
        assert_eq!(code(&tree), "meter.unavailable", "only a part of a package");
        tree.zone("intel-rapl:0", "package-0", "garbage");
        assert_eq!(code(&tree), "meter.bad_reading");
    }

    #[cfg(unix)]
    #[test]
    fn a_counter_that_may_not_be_read_says_how_to_get_permission() {
        use std::os::unix::fs::PermissionsExt as _;
        let tree = Fake::new();
        tree.zone("intel-rapl:0", "package-0", "5");
        let file = tree.0.join("intel-rapl:0/energy_uj");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        if fs::read_to_string(&file).is_ok() {
            eprintln!("SKIPPED: this user (root) reads files of mode 000");
            return;
        }
        let error = tree.open().unwrap_err();
        assert_eq!(error.code(), "meter.permission");
        assert!(error.to_string().contains("CVE-2020-8694"));
    }

    #[test]
    fn permission_errors_are_told_apart() {
        let error = refused(Path::new("energy_uj"), &io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!((error.code(), error.path()), ("meter.permission", "energy_uj"));
        assert_eq!(
            refused(Path::new("x"), &io::Error::from(io::ErrorKind::TimedOut)).code(),
            "meter.bad_reading"
        );
    }
}

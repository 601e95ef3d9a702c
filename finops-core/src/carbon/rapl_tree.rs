//! Energy from a powercap tree: which of its domains to count, and each once.

use super::{CarbonError, CounterTotal, MeterError, RaplCounter, RaplLimits};
use std::collections::BTreeMap;

/// The counted domains of a powercap tree, sampled together again and again.
///
/// ```
/// use finops_core::carbon::{RaplLimits, RaplTree};
/// let limits = RaplLimits::default();
/// let mut tree = RaplTree::new([("package-0", limits), ("dram", limits)]);
/// tree.sample(0.0, &[1_000_000, 200_000])?;
/// tree.sample(1.0, &[51_000_000, 5_200_000])?;
/// assert_eq!(tree.total().measured_j, Some(55.0));
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RaplTree {
    domains: Vec<Domain>,
    mirrors: Mirrors,
}

#[derive(Debug, Clone, PartialEq)]
struct Domain {
    name: String,
    counter: RaplCounter,
    range_uj: Option<u64>,
    mirrored: bool,
}

impl RaplTree {
    /// The domains of these names, which [`rapl_domains`] chose, in its order.
    pub fn new<N: Into<String>>(domains: impl IntoIterator<Item = (N, RaplLimits)>) -> Self {
        let domain = |(name, limits): (N, RaplLimits)| Domain {
            name: name.into(),
            counter: RaplCounter::new(limits),
            range_uj: limits.max_energy_range_uj,
            mirrored: false,
        };
        Self { domains: domains.into_iter().map(domain).collect(), mirrors: Mirrors::default() }
    }

    /// Takes the readings of all domains at second `at_s` of a steady clock, in their order.
    ///
    /// # Errors
    /// As [`RaplCounter::sample`]; `carbon.bad_number` when there are not as many readings as domains.
    pub fn sample(&mut self, at_s: f64, energy_uj: &[u64]) -> Result<(), CarbonError> {
        if energy_uj.len() != self.domains.len() {
            return Err(CarbonError::bad_number("energy_uj", format_args!("{} readings", energy_uj.len())));
        }
        let packages = || self.domains.iter().zip(energy_uj).filter(|(domain, _)| is_package(&domain.name));
        let reads: Vec<u64> = packages().map(|(_, uj)| *uj).collect();
        let range = packages().find_map(|(domain, _)| domain.range_uj);
        let mut mirrored = self.mirrors.read(&reads, range).into_iter();
        for (domain, uj) in self.domains.iter_mut().zip(energy_uj) {
            domain.mirrored = is_package(&domain.name) && mirrored.next().flatten().is_some();
            if domain.mirrored {
                domain.counter.rebase(at_s, *uj);
            } else {
                domain.counter.sample(at_s, *uj)?;
            }
        }
        Ok(())
    }

    /// The energy of all domains so far.
    #[must_use]
    pub fn total(&self) -> CounterTotal {
        self.domains
            .iter()
            .map(|domain| domain.counter.total())
            .fold(CounterTotal::default(), CounterTotal::merged)
    }

    /// Each domain's name, its energy so far, and whether it only repeats another one's counter.
    pub fn domains(&self) -> impl Iterator<Item = (&str, CounterTotal, bool)> {
        self.domains.iter().map(|domain| (domain.name.as_str(), domain.counter.total(), domain.mirrored))
    }
}

/// The zones of a powercap tree that count, by the tree's own names (`intel-rapl:0:1`), in their order.
///
/// `zones` maps the name of each zone's directory to the content of its file `name`. One level only is counted:
/// `package-*` and `dram`; `core` and `uncore` lie inside a package. `psys` holds everything and counts alone, when
/// there are no packages or on request. `intel-rapl-mmio` shows the registers of `intel-rapl` once more and counts
/// only without it.
///
/// # Errors
/// `meter.unavailable` when no zone is usable.
pub fn rapl_domains(zones: &BTreeMap<String, String>, psys: bool) -> Result<Vec<String>, MeterError> {
    let family = |prefix: &str| -> Vec<(&String, &str)> {
        let of = |zone: &str| zone.split_once(':').is_some_and(|(family, _)| family == prefix);
        zones.iter().filter(|(zone, _)| of(zone)).map(|(zone, name)| (zone, name.trim())).collect()
    };
    for prefix in ["intel-rapl", "intel-rapl-mmio"] {
        let family = family(prefix);
        let has = |wanted: fn(&str) -> bool| family.iter().any(|(_, name)| wanted(name));
        let counts: fn(&str) -> bool = if has(is_psys) && (psys || !has(is_package)) {
            is_psys
        } else if has(is_package) {
            |name| is_package(name) || name == "dram"
        } else {
            continue;
        };
        let mut chosen: Vec<&String> =
            family.iter().filter(|(_, name)| counts(name)).map(|(zone, _)| *zone).collect();
        chosen.sort_by_key(|zone| natural(zone));
        return Ok(chosen.into_iter().cloned().collect());
    }
    Err(MeterError::Unavailable {
        meter: "rapl",
        reason: "no usable zone in the powercap tree; most virtual machines and containers have none"
            .to_owned(),
    })
}

/// Whether a zone of this name is a processor package.
#[must_use]
pub fn is_package(name: &str) -> bool {
    name.trim().starts_with("package")
}

fn is_psys(name: &str) -> bool {
    name == "psys"
}

/// `intel-rapl:10` after `intel-rapl:2`.
fn natural(zone: &str) -> Vec<u64> {
    zone.split(':').skip(1).map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}

/// Finds packages that show one and the same counter, as the dies of some multi-die processors do
/// (<https://github.com/mlco2/codecarbon/issues/1274>).
///
/// Two packages are mirrored when their counters agree within 1 J or a millionth on two successive reads between which
/// both advanced; they stay so until their differences disagree.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mirrors {
    last: Vec<u64>,
    of: Vec<Option<usize>>,
}

impl Mirrors {
    /// Takes one reading of every package, always in the same order, and tells which repeat an earlier one: the index
    /// of the package they mirror, or `None` for those to count.
    #[must_use]
    pub fn read(&mut self, energy_uj: &[u64], max_energy_range_uj: Option<u64>) -> Vec<Option<usize>> {
        if self.last.len() != energy_uj.len() {
            self.last = energy_uj.to_vec();
            self.of = vec![None; energy_uj.len()];
            return self.of.clone();
        }
        let advance = |at: usize| -> Option<(u64, u64, u64)> {
            let (before, now) = (*self.last.get(at)?, *energy_uj.get(at)?);
            let wrapped = || max_energy_range_uj?.checked_sub(before)?.checked_add(now);
            Some((before, now, now.checked_sub(before).or_else(wrapped)?))
        };
        let mirrors = |at: usize, other: usize| -> bool {
            let (Some(a), Some(b)) = (advance(at), advance(other)) else { return false };
            let known = self.of.get(at).copied().flatten() == Some(other);
            let alike = agree(a.0, b.0) && agree(a.1, b.1) && a.2 > 0 && b.2 > 0;
            agree(a.2, b.2) && (known || alike)
        };
        let mut of: Vec<Option<usize>> = Vec::with_capacity(energy_uj.len());
        for at in 0..energy_uj.len() {
            let original = (0..at).find(|other| of.get(*other) == Some(&None) && mirrors(at, *other));
            of.push(original);
        }
        self.last = energy_uj.to_vec();
        self.of.clone_from(&of);
        of
    }
}

/// Within 1 J or a millionth of each other.
fn agree(a_uj: u64, b_uj: u64) -> bool {
    let millionth = a_uj.max(b_uj).checked_div(1_000_000).unwrap_or_default();
    a_uj.abs_diff(b_uj) <= millionth.max(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: u64 = 262_143_328_850;

    fn zones(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter().map(|(zone, name)| ((*zone).to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn one_level_of_one_family_is_counted() {
        let tree = zones(&[
            ("intel-rapl:10", "package-2"),
            ("intel-rapl:2", "package-1\n"),
            ("intel-rapl:2:0", "core"),
            ("intel-rapl:2:1", "dram"),
            ("intel-rapl:3", "psys"),
            ("intel-rapl-mmio:0", "package-0"),
        ]);
        assert_eq!(rapl_domains(&tree, false).unwrap(), ["intel-rapl:2", "intel-rapl:2:1", "intel-rapl:10"]);
        assert_eq!(rapl_domains(&tree, true).unwrap(), ["intel-rapl:3"]);
        assert_eq!(
            rapl_domains(&zones(&[("intel-rapl-mmio:0", "package-0")]), false).unwrap(),
            ["intel-rapl-mmio:0"]
        );
        assert_eq!(rapl_domains(&zones(&[("intel-rapl:0", "psys")]), false).unwrap(), ["intel-rapl:0"]);
        assert_eq!(
            rapl_domains(&zones(&[("intel-rapl:0", "core")]), false).unwrap_err().code(),
            "meter.unavailable"
        );
    }

    #[test]
    fn mirrored_packages_stay_mirrored_over_a_wrap() {
        let mut mirrors = Mirrors::default();
        let mut read = |a, b| mirrors.read(&[a, b], Some(RANGE));
        assert_eq!(read(RANGE - 90_000_000, RANGE - 90_000_000), [None, None], "one read proves nothing");
        assert_eq!(read(RANGE - 10, RANGE - 11), [None, Some(0)]);
        assert_eq!(read(50, RANGE - 5), [None, Some(0)], "one wrapped a moment earlier");
        assert_eq!(read(40_000_050, 40_000_060), [None, Some(0)]);
        assert_eq!(read(80_000_000, 60_000_000), [None, None], "two counters after all");
        let mut idle = Mirrors::default();
        assert_eq!(idle.read(&[0, 0], None), [None, None]);
        assert_eq!(idle.read(&[0, 0], None), [None, None], "counters that stand still prove nothing");
    }

    #[test]
    fn a_mirrored_package_is_counted_once_and_again_when_it_is_not() {
        let mut tree =
            RaplTree::new([("package-0", RaplLimits::default()), ("package-1", RaplLimits::default())]);
        let mut at = 0.0;
        for (a, b) in [
            (5_000_000, 5_000_000),
            (45_000_000, 45_000_001),
            (85_000_000, 85_000_000),
            (95_000_000, 185_000_000),
        ] {
            tree.sample(at, &[a, b]).unwrap();
            at += 1.0;
        }
        assert_eq!(tree.total().measured_j, Some(40.0 + 40.0 + 10.0 + 100.0));
        assert_eq!(tree.sample(9.0, &[1]).unwrap_err().path(), "energy_uj");
    }
}

//! From the name of a place to its annual average intensity. Names are exact: nothing is guessed.

use super::{
    Assumption, Assumptions, Basis, CarbonError, DataId, Intensity, Period, Range, Signal, Source, Tier,
    data_id::Dataset,
    range::names,
    rows::{self, Region},
    tables,
};
use crate::error::shorten;

/// The world's average in 2025, g/kWh: Ember, as the zone WOR of EcoLogits 0.11.3; ends are about the 5th and the 95th
/// percentile of the country table (Sweden, Congo).
pub const WORLD: Range = Range { low: 35.26, central: 458.29, high: 716.12 };
/// The year of [`WORLD`].
const WORLD_YEAR: u16 = 2025;
/// An annual average covers its year within 25 %: CodeCarbon 3.3.2 and Ember agree as well for 178 of 213 countries.
const SPREAD: f64 = 0.25;
/// Suggestions differ from the name by at most so many letters.
const EDITS_MAX: usize = 2;

names! {
    /// A cloud provider whose regions are known here.
    Provider {
        /// Amazon Web Services.
        Aws = "aws",
        /// Microsoft Azure.
        Azure = "azure",
        /// Google Cloud.
        Gcp = "gcp",
    }
}

names! {
    /// What an unknown zone gives.
    OnUnknown {
        /// An error.
        Error = "error",
        /// The world's average, marked as assumed.
        World = "world",
    }
}

/// A place of which there is a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    World,
    Country(usize),
    State(usize),
    Region(usize),
}

/// An intensity and what was assumed in finding it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The intensity.
    pub intensity: Intensity,
    /// What was assumed.
    pub assumptions: Assumptions,
}

/// The annual average of the finest row of `zone`.
///
/// A zone is an ISO 3166-1 alpha-2 or alpha-3 code, `US-` and a state, `aws:`, `azure:` or `gcp:` and a region, the bare
/// name of a region that one provider has, or `WORLD`; trimmed, in any case.
///
/// # Errors
/// `carbon.unknown_zone` with up to three suggestions.
pub fn intensity(zone: &str) -> Result<Intensity, CarbonError> {
    resolve(zone, None, OnUnknown::Error).map(|resolved| resolved.intensity)
}

/// The annual average of `zone`, on one basis if asked for.
///
/// ```
/// use finops_core::carbon::{Assumption, Basis, zone::{OnUnknown, resolve}};
/// let iowa = resolve("gcp:us-central1", Some(Basis::Lifecycle), OnUnknown::Error)?;
/// assert_eq!(iowa.intensity.zone, "US");
/// assert!(iowa.assumptions.contains(Assumption::coarser_zone));
/// let error = resolve("eu-nort-1", None, OnUnknown::Error).unwrap_err();
/// assert!(error.to_string().contains("`aws:eu-north-1`"));
/// # Ok::<(), finops_core::carbon::CarbonError>(())
/// ```
///
/// # Errors
/// `carbon.unknown_zone` with up to three suggestions, `carbon.basis_unavailable`.
pub fn resolve(zone: &str, basis: Option<Basis>, on_unknown: OnUnknown) -> Result<Resolved, CarbonError> {
    resolve_at("zone", zone, basis, on_unknown)
}

/// As [`resolve`], with the field to name in errors.
pub(crate) fn resolve_at(
    path: &str,
    zone: &str,
    basis: Option<Basis>,
    on_unknown: OnUnknown,
) -> Result<Resolved, CarbonError> {
    let place = match (find(zone), on_unknown) {
        (Some(place), _) => place,
        (None, OnUnknown::Error) => return Err(unknown(path, zone)),
        (None, OnUnknown::World) => {
            let assumptions = Assumptions::NONE.with(Assumption::unknown_zone);
            return Ok(Resolved { intensity: world(), assumptions });
        }
    };
    let unavailable =
        |basis: Basis| CarbonError::BasisUnavailable { zone: shorten(zone.trim()), basis: basis.name() };
    let Some(basis) = basis else {
        let intensity = finest(place).ok_or_else(|| unknown(path, zone))?;
        return Ok(Resolved { intensity, assumptions: Assumptions::NONE });
    };
    let mut place = place;
    let mut assumptions = Assumptions::NONE;
    // From the finest row to the coarsest that still covers the place.
    loop {
        if let Some(intensity) = row(place).filter(|row| row.basis == basis) {
            return Ok(Resolved { intensity, assumptions });
        }
        place = match place {
            Place::Region(index) => tables::REGIONS
                .get(index)
                .and_then(|region| zone_place(region.2))
                .ok_or_else(|| unavailable(basis))?,
            Place::State(_) => {
                assumptions.insert(Assumption::coarser_zone);
                zone_place("US").ok_or_else(|| unavailable(basis))?
            }
            Place::Country(_) | Place::World => return Err(unavailable(basis)),
        };
    }
}

/// The intensities of two zones on the finest basis that both have: direct, else lifecycle.
///
/// # Errors
/// `carbon.unknown_zone`, `carbon.basis_unavailable`.
pub fn common_basis(from: &str, to: &str) -> Result<(Basis, Resolved, Resolved), CarbonError> {
    let both = |basis| -> Result<_, CarbonError> {
        let a = resolve_at("from", from, Some(basis), OnUnknown::Error)?;
        Ok((basis, a, resolve_at("to", to, Some(basis), OnUnknown::Error)?))
    };
    match both(Basis::Direct) {
        Err(CarbonError::BasisUnavailable { .. }) => both(Basis::Lifecycle),
        other => other,
    }
}

/// Every zone that [`resolve`] knows: the world, countries by alpha-2 code, US states, cloud regions with provider.
pub fn zones() -> impl Iterator<Item = String> {
    let countries = tables::COUNTRIES.iter().map(|row| row.0.to_owned());
    let states = tables::US_STATES.iter().map(|row| row.0.to_owned());
    let regions = tables::REGIONS.iter().map(|row| format!("{}:{}", row.0, row.1));
    std::iter::once("WORLD".to_owned()).chain(countries).chain(states).chain(regions)
}

/// Share of carbon-free energy of a Google region over the hours of 2024, 0 to 1; `None` where none is published.
///
/// # Errors
/// `carbon.unknown_zone`.
pub fn carbon_free_share(zone: &str) -> Result<Option<f64>, CarbonError> {
    let region = region_index(zone, "zone")?;
    Ok(region.and_then(|index| tables::REGIONS.get(index)).and_then(|region| region.6))
}

/// The row of a cloud region, `None` for any other known zone.
///
/// # Errors
/// `carbon.unknown_zone` naming `path`.
pub(crate) fn region_index(zone: &str, path: &str) -> Result<Option<usize>, CarbonError> {
    match find(zone) {
        Some(Place::Region(index)) => Ok(Some(index)),
        Some(Place::World | Place::Country(_) | Place::State(_)) => Ok(None),
        None => Err(unknown(path, zone)),
    }
}

fn find(zone: &str) -> Option<Place> {
    let zone = zone.trim();
    // The longest name is a region of some 25 letters; nothing longer is looked for.
    if zone.is_empty() || zone.len() > 40 {
        return None;
    }
    if let Some((provider, name)) = zone.split_once(':') {
        let provider = Provider::from_name(provider.to_ascii_lowercase().as_str())?;
        return region(provider, name).map(Place::Region);
    }
    if zone.eq_ignore_ascii_case("WORLD") {
        return Some(Place::World);
    }
    let mut bare = Provider::ALL.iter().filter_map(|provider| region(*provider, zone));
    match (bare.next(), bare.next()) {
        (Some(index), None) => Some(Place::Region(index)),
        (Some(_), Some(_)) => None,
        (None, _) => zone_place(zone),
    }
}

fn region(provider: Provider, name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    tables::REGIONS.binary_search_by(|row| (row.0, row.1).cmp(&(provider, name.as_str()))).ok()
}

fn zone_place(code: &str) -> Option<Place> {
    let code = code.to_ascii_uppercase();
    let country = match code.len() {
        2 => tables::COUNTRIES.binary_search_by(|row| row.0.cmp(&code)).ok(),
        3 => tables::COUNTRIES.iter().position(|row| row.1 == code),
        _ => None,
    };
    let state = || tables::US_STATES.binary_search_by(|row| row.0.cmp(&code)).ok().map(Place::State);
    country.map(Place::Country).or_else(state)
}

/// The finest row of a place: its own, else that of the country or state in which it lies.
fn finest(place: Place) -> Option<Intensity> {
    row(place).or_else(|| match place {
        Place::Region(index) => row(zone_place(tables::REGIONS.get(index)?.2)?),
        Place::World | Place::Country(_) | Place::State(_) => None,
    })
}

fn row(place: Place) -> Option<Intensity> {
    match place {
        Place::World => Some(world()),
        Place::Country(index) => {
            let row = tables::COUNTRIES.get(index)?;
            annual(Dataset::EmberOwid, index, row.2, row.3, Basis::Lifecycle, row.0.into())
        }
        Place::State(index) => {
            let row = tables::US_STATES.get(index)?;
            annual(Dataset::Egrid, index, row.1, row.2, Basis::Direct, row.0.into())
        }
        Place::Region(index) => {
            let Region(provider, name, _, _, _, grams, _) = tables::REGIONS.get(index)?;
            let zone = format!("{provider}:{name}").into();
            annual(Dataset::GoogleRegions, index, (*grams)?, 2024, Basis::Direct, zone)
        }
    }
}

fn annual(
    dataset: Dataset,
    index: usize,
    grams: f64,
    year: u16,
    basis: Basis,
    zone: std::borrow::Cow<'static, str>,
) -> Option<Intensity> {
    let tier = if dataset == Dataset::GoogleRegions { Tier::VendorDisclosed } else { Tier::Benchmarked };
    Some(Intensity {
        g_per_kwh: Range { low: grams * (1.0 - SPREAD), central: grams, high: grams * (1.0 + SPREAD) },
        signal: Signal::Average,
        basis,
        zone,
        period: Period::Year(year),
        tier,
        estimated: false,
        source: rows::source(dataset.source_id())?,
        data: DataId::new(dataset, u16::try_from(index).ok()?),
    })
}

fn world() -> Intensity {
    let none = Source { id: "".into(), url: "".into(), licence: "".into(), retrieved: None };
    Intensity {
        g_per_kwh: WORLD,
        signal: Signal::Average,
        basis: Basis::Lifecycle,
        zone: "WORLD".into(),
        period: Period::Year(WORLD_YEAR),
        tier: Tier::Assumed,
        estimated: false,
        source: rows::source(Dataset::EmberOwid.source_id()).unwrap_or(none),
        data: DataId::WORLD,
    }
}

fn unknown(path: &str, zone: &str) -> CarbonError {
    CarbonError::UnknownZone {
        path: path.to_owned(),
        zone: shorten(zone.trim()),
        suggestions: suggestions(zone),
    }
}

/// Up to three zones within two edits, nearest first, then by name. A region is compared with and without provider.
fn suggestions(zone: &str) -> Vec<String> {
    let wanted = zone.trim().to_ascii_lowercase();
    // A code of two letters is within two edits of every other.
    if wanted.len() < 4 || wanted.len() > 40 {
        return Vec::new();
    }
    let mut near: Vec<(usize, String)> = zones()
        .filter_map(|name| {
            let lower = name.to_ascii_lowercase();
            let bare = lower.split_once(':').map_or(lower.as_str(), |(_, region)| region);
            let edits = edit_distance(&wanted, &lower).min(edit_distance(&wanted, bare));
            (edits <= EDITS_MAX).then_some((edits, name))
        })
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Levenshtein's distance: the least number of letters to insert, delete or replace.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        let mut next = vec![left];
        for (y, above) in b.iter().zip(last.iter().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(x != *y));
            left = replaced.min(left.saturating_add(1)).min(above.saturating_add(1));
            diagonal = *above;
            next.push(left);
        }
        last = next;
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_suggestions_near() {
        assert_eq!(suggestions("eu-nort-1"), ["aws:eu-north-1"]);
        assert!(suggestions("US-ZZ").len() <= 3);
        assert_eq!(suggestions("XX"), [""; 0], "every code of two letters is near");
        assert_eq!((edit_distance("kitten", "sitting"), edit_distance("", "ab")), (3, 2));
        for name in ["", " ", "aws:", ":FR", "aws:FR", "gcp:eastus", "US-ZZ", "é", &"x".repeat(1000)] {
            assert_eq!(intensity(name).unwrap_err().code(), "carbon.unknown_zone", "{name}");
        }
        assert_eq!(intensity("us-east1").unwrap().zone, "gcp:us-east1");
    }
}

//! The shapes of the generated tables.

use super::{Source, tables, zone::Provider};

/// A dataset: id, version, URL, licence, day of retrieval or nothing.
pub(crate) struct Row(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
);

/// A country: alpha-2 and alpha-3 code, g/kWh, year.
pub(crate) struct Country(pub(crate) &'static str, pub(crate) &'static str, pub(crate) f64, pub(crate) u16);

/// A US state: code, g/kWh, year.
pub(crate) struct State(pub(crate) &'static str, pub(crate) f64, pub(crate) u16);

/// A cloud region: provider, name, zone, PUE, WUE in L/kWh, g/kWh, share of carbon-free energy.
pub(crate) struct Region(
    pub(crate) Provider,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) Option<f64>,
    pub(crate) Option<f64>,
    pub(crate) Option<f64>,
    pub(crate) Option<f64>,
);

/// The average of the AWS regions whose names begin alike: prefix, PUE, WUE in L/kWh.
pub(crate) struct Prefix(pub(crate) &'static str, pub(crate) f64, pub(crate) Option<f64>);

/// A GPU: name, idle watts, maximum watts, index of its source, NVML product names.
pub(crate) struct Gpu(
    pub(crate) &'static str,
    pub(crate) f64,
    pub(crate) f64,
    pub(crate) usize,
    pub(crate) &'static [&'static str],
);

/// A micro-architecture or provider: name, idle and full watts per vCPU, index of its source.
pub(crate) struct Cpu(pub(crate) &'static str, pub(crate) f64, pub(crate) f64, pub(crate) usize);

/// An open-weight model: id or alias, total and active parameters in billions.
pub(crate) struct OpenModel(pub(crate) &'static str, pub(crate) f64, pub(crate) f64);

/// The dataset of that id, `id/version`.
pub(crate) fn source(id: &str) -> Option<Source> {
    let row = tables::SOURCES.iter().find(|row| row.0 == id)?;
    Some(Source {
        id: format!("{}/{}", row.0, row.1).into(),
        url: row.2.into(),
        licence: row.3.into(),
        retrieved: Some(row.4).filter(|day| !day.is_empty()).map(Into::into),
    })
}

/// The id and version of the dataset at `index`, or of that id.
pub(crate) fn dataset(id: &str) -> (&'static str, &'static str) {
    tables::SOURCES.iter().find(|row| row.0 == id).map_or(("", ""), |row| (row.0, row.1))
}

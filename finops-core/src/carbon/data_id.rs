//! Ids of the rows and statements that a figure rests on.

use super::{rows, tables, zone::Provider};
use std::fmt;

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        const STATEMENTS: &[&str] = &[$($text,)+];

        #[derive(Clone, Copy)]
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "the constants' own names")]
        enum Statement { $($name,)+ }

        impl DataId {
            $($(#[$doc])* pub const $name: Self = Self::new(Dataset::Statement, Statement::$name as u16);)+
        }
    };
}

statements! {
    /// Stated by the user.
    DECLARED = "declared",
    /// From an intensity service or a meter.
    LIVE = "live",
    /// From a file that the user supplied.
    USER_FILE = "user_file",
    /// The default of 0.5 Wh per 1,000 tokens.
    DEFAULT_ENERGY = "default/energy",
    /// The default of 400 g/kWh.
    DEFAULT_INTENSITY = "default/intensity",
    /// The default of 0.25 kW a GPU.
    DEFAULT_TRAINING = "default/training",
    /// The default PUE of clouds.
    DEFAULT_PUE_CLOUD = "default/pue_cloud",
    /// The default PUE of own data centres.
    DEFAULT_PUE_ON_PREM = "default/pue_on_prem",
    /// The preset of class factors.
    API_ANCHORS = "preset/api_anchors",
    /// The prior of the batch size.
    BATCH_PRIOR = "default/batch",
    /// The constants of EcoLogits 0.11.3.
    ECOLOGITS = "ecologits/0.11.3",
    /// The coefficients of Cloud Carbon Footprint.
    CCF = "ccf-coefficients/b0032d9",
    /// A meter's counter.
    METER = "meter",
    /// The world's average.
    WORLD = "ember-owid/2026-06-30:WORLD",
}

/// The table that a [`DataId`] points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Dataset {
    /// A fixed statement of this page.
    Statement = 1,
    /// A country of `COUNTRIES`.
    EmberOwid,
    /// A state of `US_STATES`.
    Egrid,
    /// The intensity of a region of `REGIONS`.
    GoogleRegions,
    /// The PUE of a region of `REGIONS`.
    PueRegion,
    /// A row of `AWS_PUE_PREFIX`.
    PuePrefix,
    /// The PUE of Google's fleet.
    PueFleet,
    /// A row of `GPUS`.
    Gpus,
    /// A row of `CPUS`.
    Cpus,
    /// A row of `MODELS`.
    Models,
}

impl Dataset {
    /// The id of its source, where all its rows have one.
    pub(crate) const fn source_id(self) -> &'static str {
        match self {
            Self::EmberOwid => "ember-owid",
            Self::Egrid => "egrid",
            Self::GoogleRegions => "google-regions",
            Self::PuePrefix => "aws-pue",
            Self::PueFleet => "google-pue",
            Self::Models => "model-cards",
            Self::Statement | Self::PueRegion | Self::Gpus | Self::Cpus => "",
        }
    }
}

/// One row of a dataset, `<dataset>/<release>:<row>`, or a statement such as `declared`.
///
/// ```
/// use finops_core::carbon::DataId;
/// assert_eq!(DataId::DEFAULT_ENERGY.to_string(), "default/energy");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataId {
    dataset: Dataset,
    row: u16,
}

impl DataId {
    pub(crate) const fn new(dataset: Dataset, row: u16) -> Self {
        Self { dataset, row }
    }

    /// The id of that text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let datasets = [
            (Dataset::Statement, STATEMENTS.len()),
            (Dataset::EmberOwid, tables::COUNTRIES.len()),
            (Dataset::Egrid, tables::US_STATES.len()),
            (Dataset::GoogleRegions, tables::REGIONS.len()),
            (Dataset::PueRegion, tables::REGIONS.len()),
            (Dataset::PuePrefix, tables::AWS_PUE_PREFIX.len()),
            (Dataset::PueFleet, 1),
            (Dataset::Gpus, tables::GPUS.len()),
            (Dataset::Cpus, tables::CPUS.len()),
            (Dataset::Models, tables::MODELS.len()),
        ];
        let ids = datasets.into_iter().flat_map(|(dataset, len)| {
            (0..u16::try_from(len).unwrap_or(u16::MAX)).map(move |row| Self::new(dataset, row))
        });
        ids.into_iter().find(|id| id.to_string() == text)
    }
}

impl fmt::Display for DataId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = usize::from(self.row);
        if self.dataset == Dataset::Statement {
            return f.write_str(STATEMENTS.get(row).copied().unwrap_or_default());
        }
        let region = || tables::REGIONS.get(row);
        let mut source = self.dataset.source_id();
        let by_index = |index: usize| tables::SOURCES.get(index).map_or("", |row| row.0);
        let name = match self.dataset {
            Dataset::Statement => None,
            Dataset::EmberOwid => tables::COUNTRIES.get(row).map(|row| row.0),
            Dataset::Egrid => tables::US_STATES.get(row).map(|row| row.0),
            Dataset::GoogleRegions => region().map(|row| row.1),
            Dataset::PueRegion => {
                source = match region().map(|row| row.0) {
                    Some(Provider::Azure) => "azure-pue",
                    Some(Provider::Gcp) => "google-pue",
                    Some(Provider::Aws) | None => "aws-pue",
                };
                region().map(|row| row.1)
            }
            Dataset::PuePrefix => tables::AWS_PUE_PREFIX.get(row).map(|row| row.0),
            Dataset::PueFleet => Some("fleet"),
            Dataset::Gpus => tables::GPUS.get(row).map(|row| {
                source = by_index(row.3);
                row.0
            }),
            Dataset::Cpus => tables::CPUS.get(row).map(|row| {
                source = by_index(row.3);
                row.0
            }),
            Dataset::Models => tables::MODELS.get(row).map(|row| row.0),
        };
        let (id, version) = rows::dataset(source);
        write!(f, "{id}/{version}:{}", name.unwrap_or_default())
    }
}

impl serde::Serialize for DataId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Up to four [`DataId`]s, each once, in the order in which they were added. A fifth is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataIds([Option<DataId>; 4]);

impl DataIds {
    /// No data.
    pub const NONE: Self = Self([None; 4]);

    /// One id.
    #[must_use]
    pub const fn of(id: DataId) -> Self {
        Self([Some(id), None, None, None])
    }

    /// These and `id`.
    #[must_use]
    pub fn with(mut self, id: DataId) -> Self {
        for slot in &mut self.0 {
            match slot {
                Some(present) if *present == id => return self,
                Some(_) => {}
                None => {
                    *slot = Some(id);
                    return self;
                }
            }
        }
        self
    }

    /// These and those of `other`.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        other.iter().fold(self, Self::with)
    }

    /// The ids in order.
    pub fn iter(self) -> impl Iterator<Item = DataId> {
        self.0.into_iter().flatten()
    }
}

impl serde::Serialize for DataIds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_once_in_order() {
        let ids = DataIds::of(DataId::DECLARED).with(DataId::LIVE).with(DataId::DECLARED);
        assert_eq!(serde_json::to_string(&ids).unwrap(), r#"["declared","live"]"#);
        assert_eq!(size_of::<DataIds>(), 16);
    }
}

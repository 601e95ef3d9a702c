use super::{
    Field,
    emissions::{Context, Emissions, Of},
    wire,
};
use crate::{Error, monitor::Tags};
use finops_core::{
    money::{Picodollars, decimal},
    price::Name,
    time::Timestamp,
};
use rust_decimal::Decimal;
use std::{borrow::Cow, sync::Arc};

/// What one training run cost, used and emitted. Frozen.
#[derive(Debug, Clone)]
pub struct TrainingRecord {
    pub(crate) at: Timestamp,
    pub(crate) model: Name,
    pub(crate) duration_hours: Decimal,
    pub(crate) gpu_count: u64,
    pub(crate) compute_cost: Picodollars,
    pub(crate) emissions: Emissions,
    pub(crate) context: Arc<Context>,
    pub(crate) tags: Tags,
}

impl TrainingRecord {
    /// The keys of the mapping view, in order; `metadata` follows when it was given.
    pub const KEYS: [&str; 9] = [
        "timestamp",
        "type",
        "model",
        "duration_hours",
        "gpu_count",
        "compute_cost_usd",
        "energy_joules",
        "carbon_kg",
        "carbon_intensity_g_per_kwh",
    ];

    /// The value of `key` in the mapping view; `None` for any key not in [`TrainingRecord::KEYS`].
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Field<'_>> {
        Some(match key {
            "timestamp" => Field::Text(Cow::Owned(self.at.to_string())),
            "type" => Field::Text(Cow::Borrowed("training")),
            "model" => Field::Text(Cow::Borrowed(&self.model)),
            "duration_hours" => Field::Number(self.duration_hours()),
            "gpu_count" => Field::Count(self.gpu_count),
            "compute_cost_usd" => Field::Number(self.compute_cost.to_f64()),
            "energy_joules" => Field::Number(self.energy_joules()),
            "carbon_kg" => Field::Number(self.carbon_kg()),
            "carbon_intensity_g_per_kwh" => Field::Number(self.carbon_intensity()),
            _ => return None,
        })
    }

    pub(super) fn of(&self) -> Of<'_> {
        (&self.context, None)
    }

    /// When the run ended.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The model that was trained.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// How long it took, in hours.
    #[must_use]
    pub fn duration_hours(&self) -> f64 {
        decimal::to_f64(self.duration_hours)
    }

    /// The same, exactly.
    #[must_use]
    pub const fn duration_hours_exact(&self) -> Decimal {
        self.duration_hours
    }

    /// On how many GPUs.
    #[must_use]
    pub const fn gpu_count(&self) -> u64 {
        self.gpu_count
    }

    /// Hours times GPUs times the hourly rate.
    #[must_use]
    pub const fn compute_cost(&self) -> Picodollars {
        self.compute_cost
    }

    /// Energy in joules, at the facility.
    #[must_use]
    pub fn energy_joules(&self) -> f64 {
        self.emissions.joules()
    }

    /// Energy in joules as exact decimal text.
    #[must_use]
    pub fn energy_joules_text(&self) -> String {
        self.emissions.joules_text(self.of()).into_owned()
    }

    /// Operational carbon in kilograms of CO2e.
    #[must_use]
    pub fn carbon_kg(&self) -> f64 {
        self.emissions.kg()
    }

    /// Operational carbon in kilograms as exact decimal text.
    #[must_use]
    pub fn carbon_kg_text(&self) -> String {
        self.emissions.kg_text(self.of()).into_owned()
    }

    /// Grams of CO2e per kilowatt-hour that the record was made with.
    #[must_use]
    pub fn carbon_intensity(&self) -> f64 {
        self.emissions.intensity_f64(self.of())
    }

    /// The same, exactly.
    #[must_use]
    pub fn carbon_intensity_exact(&self) -> Decimal {
        self.emissions.intensity(self.of())
    }

    /// The energy estimate as JSON.
    #[must_use]
    pub fn energy(&self) -> serde_json::Value {
        self.emissions.energy(self.of()).into_owned()
    }

    /// The operational carbon estimate as JSON.
    #[must_use]
    pub fn carbon(&self) -> serde_json::Value {
        self.emissions.carbon(self.of()).into_owned()
    }

    /// Codes of whatever was assumed about energy and carbon.
    #[must_use]
    pub fn assumptions(&self) -> Vec<&'static str> {
        self.emissions.assumptions(self.of()).collect()
    }

    /// The tags that the run has, in the order of the schema.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.context.schema.names().iter();
        names.zip(self.tags.values()).filter_map(|(name, value)| Some((&**name, value.as_deref()?)))
    }

    /// The wire form, `finops.training/1`, with `metadata` when given.
    #[must_use]
    pub fn to_json(&self, metadata: Option<&serde_json::Value>) -> String {
        wire::training_text(self, metadata)
    }

    /// Reads the wire form; hands back the metadata beside the record.
    ///
    /// # Errors
    /// `config.invalid` naming the field that is missing or wrong.
    pub fn from_json(text: &str) -> Result<(Self, Option<serde_json::Value>), Error> {
        wire::read_training(text)
    }
}

impl PartialEq for TrainingRecord {
    /// Equal when their wire forms are.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.at == other.at && self.to_json(None) == other.to_json(None))
    }
}

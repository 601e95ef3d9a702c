use super::{
    Field,
    emissions::{Emissions, Of},
    head::{Counts, Head, Price, Sides},
    wire,
};
use crate::{
    Error,
    monitor::{Outcome, Tags, Trace},
};
use finops_core::{
    cost::{Assumption, Cost, PriceSource, Status},
    money::Picodollars,
    time::{DurationNs, Timestamp},
    usage::Usage,
    waste::ai::calls::CallFact,
};
use rust_decimal::Decimal;
use std::{borrow::Cow, sync::Arc};

/// What one inference cost, used and emitted. Frozen: it keeps the rates and factors it was made with.
///
/// Money, joules and kilograms are exact; the float views are the f64 nearest to them.
#[derive(Debug, Clone)]
pub struct InferenceRecord {
    pub(crate) head: Arc<Head>,
    /// The amounts, where the charge of the head is another call's at the same price.
    pub(crate) sides: Option<Sides>,
    pub(crate) at: Timestamp,
    pub(crate) counts: Counts,
    pub(crate) duration: Option<DurationNs>,
    pub(crate) emissions: Emissions,
    pub(crate) outcome: Outcome,
    pub(crate) complete: bool,
    pub(crate) finish: Option<&'static str>,
    pub(crate) tags: Tags,
    pub(crate) rare: Option<Box<Rare>>,
}

/// What most calls do not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rare {
    pub(crate) requested_model: Option<Box<str>>,
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) service_tier: Option<Box<str>>,
    pub(crate) region: Option<Box<str>>,
    pub(crate) trace: Option<Trace>,
}

// The ring holds ten thousand of them, and every call writes one: less than three cache lines.
const _: () = assert!(size_of::<InferenceRecord>() <= 176);

impl InferenceRecord {
    /// The keys of the mapping view, in order; `metadata` follows when it was given.
    pub const KEYS: [&str; 13] = [
        "timestamp",
        "model",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "duration_ms",
        "input_cost_usd",
        "output_cost_usd",
        "compute_cost_usd",
        "unit_cost_usd",
        "energy_joules",
        "carbon_kg",
        "carbon_intensity_g_per_kwh",
    ];

    /// The value of `key` in the mapping view; `None` for any key not in [`InferenceRecord::KEYS`].
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Field<'_>> {
        let usd = |amount: Option<Picodollars>| Field::number(amount.map(Picodollars::to_f64));
        Some(match key {
            "timestamp" => Field::Text(Cow::Owned(self.at.to_string())),
            "model" => Field::Text(Cow::Borrowed(self.model())),
            "input_tokens" => Field::Count(self.input_tokens()),
            "output_tokens" => Field::Count(self.output_tokens()),
            "total_tokens" => Field::Count(self.total_tokens()),
            "duration_ms" => Field::number(self.duration_ms()),
            "input_cost_usd" => usd(self.input_cost()),
            "output_cost_usd" => usd(self.output_cost()),
            "compute_cost_usd" => usd(self.compute_cost()),
            "unit_cost_usd" => usd(self.unit_cost()),
            "energy_joules" => Field::Number(self.energy_joules()),
            "carbon_kg" => Field::Number(self.carbon_kg()),
            "carbon_intensity_g_per_kwh" => Field::Number(self.carbon_intensity()),
            _ => return None,
        })
    }
}

impl InferenceRecord {
    pub(crate) fn of(&self) -> Of<'_> {
        (&self.head.context, Some(self.counts.usage()))
    }

    /// When the call ended.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The model, as the response named it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.head.model
    }

    /// The model that was asked for, when another.
    #[must_use]
    pub fn requested_model(&self) -> Option<&str> {
        self.rare.as_ref()?.requested_model.as_deref()
    }

    /// Who served it: given, recognised or resolved from the model's name.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.head.provider.as_deref()
    }

    /// Every token and counter, in buckets that never overlap.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.counts.usage()
    }

    /// Uncached text of the prompt: the disjoint `input`.
    #[must_use]
    pub const fn input_tokens(&self) -> u64 {
        self.counts.input()
    }

    /// Text produced, reasoning included.
    #[must_use]
    pub const fn output_tokens(&self) -> u64 {
        self.counts.output()
    }

    /// All tokens of prompt and completion.
    #[must_use]
    pub fn total_tokens(&self) -> u64 {
        self.counts.total_tokens()
    }

    /// How long the call took, when known.
    #[must_use]
    pub const fn duration(&self) -> Option<DurationNs> {
        self.duration
    }

    /// How long the call took in milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> Option<f64> {
        self.duration.map(DurationNs::ms_f64)
    }

    /// The prompt's cost; `None` when no price is known.
    #[must_use]
    pub fn input_cost(&self) -> Option<Picodollars> {
        match (&self.head.price, self.sides) {
            (Price::Told(cost), _) => cost.input,
            (Price::Charged(_), Some(sides)) => Some(sides.input()),
            (Price::Charged(charge), None) => charge.input(),
        }
    }

    /// The completion's cost.
    #[must_use]
    pub fn output_cost(&self) -> Option<Picodollars> {
        match (&self.head.price, self.sides) {
            (Price::Told(cost), _) => cost.output,
            (Price::Charged(_), Some(sides)) => Some(sides.output()),
            (Price::Charged(charge), None) => charge.output(),
        }
    }

    /// The cost of the time it took.
    #[must_use]
    pub fn compute_cost(&self) -> Option<Picodollars> {
        match &self.head.price {
            Price::Charged(charge) => charge.compute(),
            Price::Told(cost) => cost.compute,
        }
    }

    /// The cost of what is priced per use.
    #[must_use]
    pub fn other_cost(&self) -> Option<Picodollars> {
        match &self.head.price {
            Price::Charged(charge) => charge.other(),
            Price::Told(cost) => cost.other,
        }
    }

    /// The whole cost: the exact sum of all lines.
    #[must_use]
    pub fn unit_cost(&self) -> Option<Picodollars> {
        match (&self.head.price, self.sides) {
            (Price::Told(cost), _) => cost.total,
            (Price::Charged(_), Some(sides)) => Some(sides.total()),
            (Price::Charged(charge), None) => charge.total(),
        }
    }

    /// The cost with its lines, rates, sources and losing figures.
    #[must_use]
    pub fn cost(&self) -> Cow<'_, Cost> {
        match (&self.head.price, self.sides) {
            (Price::Told(cost), _) => Cow::Borrowed(cost),
            (Price::Charged(charge), None) => Cow::Owned(charge.cost(&self.usage())),
            (Price::Charged(charge), Some(sides)) => {
                Cow::Owned(charge.with_sides(sides.input(), sides.output()).cost(&self.usage()))
            }
        }
    }

    /// How sure the price is.
    #[must_use]
    pub fn status(&self) -> Status {
        match &self.head.price {
            Price::Charged(charge) => charge.status(),
            Price::Told(cost) => cost.status,
        }
    }

    /// Where the price came from; `None` when no price is known.
    #[must_use]
    pub fn price_source(&self) -> Option<PriceSource> {
        match &self.head.price {
            Price::Charged(charge) => Some(charge.price_source()),
            Price::Told(cost) => cost.price_source,
        }
    }

    /// Codes of whatever was assumed: about usage and price, then about energy and carbon.
    #[must_use]
    pub fn assumptions(&self) -> Vec<&'static str> {
        let priced = match &self.head.price {
            Price::Charged(charge) => charge.assumptions(),
            Price::Told(cost) => cost.assumptions,
        };
        let mut codes: Vec<&'static str> = priced.iter().map(Assumption::code).collect();
        codes.extend(self.emissions.assumptions(self.of()));
        codes
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

    /// The energy estimate: range, tier, method and data, as JSON.
    #[must_use]
    pub fn energy(&self) -> serde_json::Value {
        self.emissions.energy(self.of()).into_owned()
    }

    /// The operational carbon estimate as JSON, with embodied carbon and water where known.
    #[must_use]
    pub fn carbon(&self) -> serde_json::Value {
        self.emissions.carbon(self.of()).into_owned()
    }

    /// How the call ended.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether the response was complete; `false` for a stream that broke off.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.complete
    }

    /// Why the model stopped: `stop`, `length`, `tool_calls`, `content_filter` or `error`.
    #[must_use]
    pub const fn finish(&self) -> Option<&'static str> {
        self.finish
    }

    /// The tags that the call has, in the order of the schema.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.head.context.schema.names().iter();
        names.zip(self.tags.values()).filter_map(|(name, value)| Some((&**name, value.as_deref()?)))
    }

    /// The value of the tag `name`.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.get(self.head.context.schema.place(name)?)
    }

    /// The id that the caller or the provider gave the call.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.rare.as_ref()?.request_id.as_deref()
    }

    /// The served tier, when it was told.
    #[must_use]
    pub fn service_tier(&self) -> Option<&str> {
        self.rare.as_ref()?.service_tier.as_deref()
    }

    /// The serving region, when it was told.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.rare.as_ref()?.region.as_deref()
    }

    /// Fingerprints for the waste signals.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.rare.as_ref()?.trace.as_ref()
    }

    /// What the waste signals read of this record, the `place`-th of a list: it is named by its request id, or else by
    /// its place.
    #[must_use]
    pub fn call_fact(&self, place: usize) -> CallFact {
        let trace = self.trace().cloned().unwrap_or_default();
        CallFact {
            id: self.request_id().map_or_else(|| place.to_string(), str::to_owned),
            at: self.at,
            provider: self.provider().map(str::to_owned),
            model: self.model().to_owned(),
            usage: self.usage(),
            cost_usd: self.unit_cost(),
            output_cost_usd: self.output_cost(),
            price_source: self.price_source(),
            tags: self.tags().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            service_tier: self.service_tier().map(str::to_owned),
            outcome: Some(self.outcome.name().to_owned()),
            finish: self.finish.map(str::to_owned),
            session: trace.session,
            prompt_hash: trace.prompt_hash,
            prefix_hash: trace.prefix_hash,
            prefix_tokens: trace.prefix_tokens,
            tool_hash: trace.tool_hash,
        }
    }

    /// The wire form, `finops.inference/1`, with `metadata` when given.
    #[must_use]
    pub fn to_json(&self, metadata: Option<&serde_json::Value>) -> String {
        wire::inference_text(self, metadata)
    }

    /// Reads the wire form; hands back the metadata beside the record.
    ///
    /// # Errors
    /// `config.invalid` naming the field that is missing or wrong.
    pub fn from_json(text: &str) -> Result<(Self, Option<serde_json::Value>), Error> {
        wire::read_inference(text)
    }
}

impl PartialEq for InferenceRecord {
    /// Equal when their wire forms are.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.at == other.at
                && self.usage() == other.usage()
                && self.to_json(None) == other.to_json(None))
    }
}

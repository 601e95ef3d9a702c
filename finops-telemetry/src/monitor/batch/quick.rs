//! The short way through a batch: rows of tokens alone, summed model by model before the roll-up sees them.

use super::{BatchCall, Column};
use crate::rollup::{Block, Request};
use finops_core::{
    carbon::CarbonModel,
    cost::{Call, Charge, CostPolicy, Prepared, Standing},
    money::Picodollars,
    time::DurationNs,
    usage::Usage,
};

/// Fewer rows a model are not worth deciding its price and clearing its lists beforehand.
const ROWS_PER_MODEL_MIN: usize = 16;

/// The rows of a batch that need no record of their own.
pub(super) struct Quick<'a> {
    batch: &'a BatchCall<'a>,
    /// By their places in the batch.
    models: Vec<Option<Model>>,
}

struct Model {
    prepared: Prepared,
    /// One for each case of the prepared price.
    parts: Vec<Option<Part>>,
}

struct Part {
    first: usize,
    block: Block,
}

/// Rows of one model and one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The first of the rows.
    pub(super) first: usize,
    pub(super) model: usize,
    pub(super) case: usize,
}

impl<'a> Quick<'a> {
    /// `None` where each row has to be logged by itself.
    pub(super) fn new(batch: &'a BatchCall<'a>, carbon: &CarbonModel, rows: usize) -> Option<Self> {
        let few = rows < batch.models.len().saturating_mul(ROWS_PER_MODEL_MIN);
        if few || !carbon.is_flat() || carbon.has_series() {
            return None;
        }
        Some(Self { batch, models: batch.models.iter().map(|_| None).collect() })
    }

    /// Adds a row and gives its dollars, joules and kilograms; `None` where it has to be logged by itself.
    #[inline]
    pub(super) fn add(&mut self, policy: &CostPolicy, carbon: &CarbonModel, row: usize) -> Option<[f64; 3]> {
        let (place, input_tokens, output_tokens) = self.row(row)?;
        let batch = self.batch;
        let slot = self.models.get_mut(place)?;
        let model = match slot {
            Some(model) => model,
            None => slot.insert(Model::new(policy, batch, place)?),
        };
        let cost = model.prepared.price(input_tokens, output_tokens)?;
        let impact = carbon.flat(input_tokens.checked_add(output_tokens)?);
        let duration = match &batch.duration_ms {
            None => None,
            Some(column) => Some(duration(column, row)?),
        };
        let request = Request {
            input_tokens,
            output_tokens,
            input: u64::try_from(cost.input).ok()?,
            output: u64::try_from(cost.output).ok()?,
            energy_joules: impact.energy_joules,
            carbon_kg: impact.carbon_kg,
            duration,
        };
        let slot = model.parts.get_mut(cost.case)?;
        let part = slot.get_or_insert_with(|| Part { first: row, block: Block::default() });
        if part.block.add(&request).is_none() {
            // A row that does not fit is not the first of anything.
            slot.take_if(|part| part.block.requests() == 0);
            return None;
        }
        let total = i128::from(cost.input).checked_add(i128::from(cost.output))?;
        Some([Picodollars::new(total).to_f64(), impact.energy_joules, impact.carbon_kg])
    }

    /// What was added, by first row.
    pub(super) fn places(&self) -> Vec<Place> {
        let models = self.models.iter().enumerate();
        let models = models.filter_map(|(place, model)| Some((place, model.as_ref()?)));
        let parts = models.flat_map(|(model, of)| {
            let parts = of.parts.iter().enumerate();
            parts.filter_map(move |(case, part)| Some(Place { first: part.as_ref()?.first, model, case }))
        });
        let mut places: Vec<_> = parts.collect();
        places.sort_by_key(|place| place.first);
        places
    }

    /// The model's name, the charge that its rows share, and their sums.
    pub(super) fn part(&self, place: Place) -> Option<(&'a str, &Charge, &Block)> {
        let name = self.batch.models.get(place.model)?;
        let model = self.models.get(place.model)?.as_ref()?;
        let part = model.parts.get(place.case)?.as_ref()?;
        Some((*name, model.prepared.charge(place.case)?, &part.block))
    }

    /// Whether the row belongs there.
    pub(super) fn is_in(&self, row: usize, place: Place) -> bool {
        let Some((model, input, output)) = self.row(row) else { return false };
        let Some(Some(prepared)) = self.models.get(model) else { return false };
        let cost = prepared.prepared.price(input, output);
        model == place.model && cost.is_some_and(|cost| cost.case == place.case)
    }

    /// The place of the model and the tokens of a row.
    #[inline]
    fn row(&self, row: usize) -> Option<(usize, u64, u64)> {
        let model = match &self.batch.model_index {
            None => 0,
            Some(index) => usize::try_from(index.get(row)?).ok()?,
        };
        Some((model, self.batch.input_tokens.get(row)?, self.batch.output_tokens.get(row)?))
    }
}

impl Model {
    #[cold]
    fn new(policy: &CostPolicy, batch: &BatchCall<'_>, place: usize) -> Option<Self> {
        let usage = Usage::default();
        let call = Call { provider: batch.provider, ..Call::new(batch.models.get(place)?, &usage, batch.at) };
        let prepared = match batch.duration_ms {
            None => policy.prepare(&call),
            Some(_) => timed(policy, &call)?,
        };
        let parts = (0..prepared.cases()).map(|_| None).collect();
        Some(Self { prepared, parts })
    }
}

/// The price of calls of any duration; `None` where the duration is part of it.
fn timed(policy: &CostPolicy, call: &Call<'_>) -> Option<Prepared> {
    let usage = Usage::new(1, 1);
    let sample = Call { usage: &usage, ..*call };
    let charge = policy.charge(&sample).ok()?;
    policy.standing(&sample, &charge).map(Standing::into_prepared)
}

/// The duration of a row; `None` where it is none, or may be meant to be unknown.
fn duration(column: &Column<'_>, row: usize) -> Option<DurationNs> {
    DurationNs::from_ms_f64(column.number(row)?)
}

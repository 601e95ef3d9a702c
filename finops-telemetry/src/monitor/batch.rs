//! Many calls at once, from columns: roll-ups and budgets, no records.

mod quick;

use super::{
    InferenceCall, ResourceMonitor, Tags,
    call::{count, count_f64, duration_ms},
    log::{amounts, as_charged, check_model},
    state::State,
};
use crate::{
    Error,
    budget::Amounts,
    record::{Context, Emissions},
    rollup::{self, Block, CARBON_SCALE, Measures, RollupKey},
};
use finops_core::{
    carbon::{CarbonModel, ExactSum},
    cost::{Charge, PriceSource},
    error::ConfigError,
    money::{MoneyError, Picodollars},
    time::{DurationNs, Timestamp},
    usage::{Usage, UsageError},
};
use quick::{Place, Quick};
use rust_decimal::Decimal;

/// A column of numbers, borrowed from whoever holds it.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Unsigned integers.
    U64(&'a [u64]),
    /// Unsigned 32-bit integers.
    U32(&'a [u32]),
    /// Signed integers; negative ones are no counts.
    I64(&'a [i64]),
    /// Signed 32-bit integers.
    I32(&'a [i32]),
    /// Floats, as JavaScript holds numbers.
    F64(&'a [f64]),
}

impl Column<'_> {
    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::U64(rows) => rows.len(),
            Self::U32(rows) => rows.len(),
            Self::I64(rows) => rows.len(),
            Self::I32(rows) => rows.len(),
            Self::F64(rows) => rows.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The count of a row; `None` where [`Column::count`] has something to say about it.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "what does not come back from the cast as it was is no count"
    )]
    fn get(&self, row: usize) -> Option<u64> {
        match self {
            Self::U64(rows) => rows.get(row).copied(),
            Self::U32(rows) => rows.get(row).map(|n| u64::from(*n)),
            Self::I64(rows) => u64::try_from(*rows.get(row)?).ok(),
            Self::I32(rows) => u64::try_from(*rows.get(row)?).ok(),
            Self::F64(rows) => {
                // Through a signed integer, which is one instruction either way.
                let value = *rows.get(row)?;
                let count = value as i64;
                ((0..1 << 53).contains(&count) && count as f64 == value).then_some(count as u64)
            }
        }
    }

    fn count(&self, row: usize, path: &str) -> Result<u64, UsageError> {
        let absent = || UsageError::Missing { path: path.to_owned() };
        match self {
            Self::U64(rows) => rows.get(row).copied().ok_or_else(absent),
            Self::U32(rows) => rows.get(row).map(|n| u64::from(*n)).ok_or_else(absent),
            Self::I64(rows) => count(path, i128::from(*rows.get(row).ok_or_else(absent)?)),
            Self::I32(rows) => count(path, i128::from(*rows.get(row).ok_or_else(absent)?)),
            Self::F64(rows) => count_f64(path, *rows.get(row).ok_or_else(absent)?),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds beyond 2^53 are refused as durations")]
    fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::U64(rows) => rows.get(row).map(|n| *n as f64),
            Self::U32(rows) => rows.get(row).map(|n| f64::from(*n)),
            Self::I64(rows) => rows.get(row).map(|n| *n as f64),
            Self::I32(rows) => rows.get(row).map(|n| f64::from(*n)),
            Self::F64(rows) => rows.get(row).copied(),
        }
    }
}

/// Calls in columns of equal length.
#[derive(Debug, Clone, Copy)]
pub struct BatchCall<'a> {
    /// The names of models; one name stands for all rows unless `model_index` is given.
    pub models: &'a [&'a str],
    /// For each row, the place of its model in `models`.
    pub model_index: Option<Column<'a>>,
    /// Uncached prompt tokens.
    pub input_tokens: Column<'a>,
    /// Produced tokens.
    pub output_tokens: Column<'a>,
    /// Durations in milliseconds, when known.
    pub duration_ms: Option<Column<'a>>,
    /// Who served them.
    pub provider: Option<&'a str>,
    /// When they ended.
    pub at: Timestamp,
}

/// What a batch cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchResult {
    /// Rows that were logged.
    pub rows: usize,
    /// Their tokens.
    pub total_tokens: u128,
    /// What they cost; `None` when no row has a price.
    pub cost_usd: Option<Picodollars>,
    /// Rows without a price, which `cost_usd` does not hold.
    pub unpriced: usize,
    /// Their energy in joules.
    pub energy_joules: f64,
    /// Their carbon in kilograms of CO2e.
    pub carbon_kg: f64,
    /// The cost of each row in dollars, as the nearest f64; NaN for a row that was refused or has no price.
    pub costs_usd: Vec<f64>,
    /// The energy of each row in joules; NaN for a row that was refused.
    pub energies_joules: Vec<f64>,
    /// The carbon of each row in kilograms of CO2e; NaN for a row that was refused.
    pub carbons_kg: Vec<f64>,
    /// Rows that were refused, and why. The others were logged.
    pub errors: Vec<(usize, Error)>,
}

impl BatchResult {
    /// Makes room for `rows` that are refused until they are logged.
    fn of(rows: usize) -> Self {
        let column = || vec![f64::NAN; rows];
        Self { costs_usd: column(), energies_joules: column(), carbons_kg: column(), ..Self::default() }
    }

    fn replace(&mut self, row: usize, values: [f64; 3]) {
        let columns = [&mut self.costs_usd, &mut self.energies_joules, &mut self.carbons_kg];
        for (column, value) in columns.into_iter().zip(values) {
            if let Some(slot) = column.get_mut(row) {
                *slot = value;
            }
        }
    }
}

/// The sums of a batch so far.
#[derive(Default)]
struct Sums {
    result: BatchResult,
    /// Joules.
    energy: ExactSum,
    /// Kilograms in the unit of the roll-up, so that a batch and its summary round alike.
    carbon: ExactSum,
    spent: Amounts,
    /// Whether there are budgets to be charged.
    budgeted: bool,
}

struct Row<'a> {
    model: &'a str,
    usage: Usage,
    duration: Option<DurationNs>,
    charge: Charge,
    emissions: Emissions,
}

impl<P> ResourceMonitor<P> {
    /// Logs many calls at once. They go to the roll-up and the budgets, not to the ring: a batch makes no records.
    ///
    /// A bad row is reported by its place, and the others are logged. Budgets are charged once, with the sum. Rows of
    /// known models and unknown duration are the fastest, at least sixteen a model.
    ///
    /// # Errors
    /// `config.invalid` when columns differ in length or there is no model; then nothing was logged.
    pub fn log_batch(&self, batch: &BatchCall<'_>) -> Result<BatchResult, Error> {
        let rows = batch.check()?;
        let mut state = self.lock();
        let mut sums =
            Sums { budgeted: self.budgets.is_some(), result: BatchResult::of(rows), ..Sums::default() };
        state.log_rows(batch, rows, &mut sums);
        if let Some(budgets) = &self.budgets {
            let charged = budgets.record_spend(&sums.amounts(), &[], batch.at);
            state.budget_errors = state.budget_errors.saturating_add(u64::from(charged.is_err()));
        }
        Ok(sums.finish())
    }
}

impl<'a> BatchCall<'a> {
    /// Calls of one model, of durations that are not known.
    #[must_use]
    pub const fn new(
        models: &'a [&'a str],
        input_tokens: Column<'a>,
        output_tokens: Column<'a>,
        at: Timestamp,
    ) -> Self {
        Self { models, model_index: None, input_tokens, output_tokens, duration_ms: None, provider: None, at }
    }

    /// The number of rows.
    fn check(&self) -> Result<usize, ConfigError> {
        let rows = self.input_tokens.len();
        let lengths = [
            ("output_tokens", Some(self.output_tokens)),
            ("duration_ms", self.duration_ms),
            ("model_index", self.model_index),
        ];
        for (name, column) in lengths {
            if let Some(column) = column
                && column.len() != rows
            {
                return Err(ConfigError::new(
                    name,
                    column.len(),
                    "not as long as `input_tokens`",
                    "give one value a row",
                ));
            }
        }
        if self.models.is_empty() || (self.model_index.is_none() && self.models.len() != 1) {
            let help = "give one model, or `model_index` with the place of each row's model";
            return Err(ConfigError::new("models", self.models.len(), "not one model a row", help));
        }
        Ok(rows)
    }

    fn model(&self, row: usize) -> Result<&'a str, UsageError> {
        let place = match &self.model_index {
            None => 0,
            Some(index) => usize::try_from(index.count(row, "model_index")?).unwrap_or(usize::MAX),
        };
        let missing = || UsageError::MissingModel { path: "model_index".to_owned() };
        self.models.get(place).copied().ok_or_else(missing)
    }

    fn call(&self, row: usize) -> Result<InferenceCall<'a>, Error> {
        let model = self.model(row)?;
        check_model(model)?;
        let usage = Usage::new(
            self.input_tokens.count(row, "input_tokens")?,
            self.output_tokens.count(row, "output_tokens")?,
        );
        let ms = self.duration_ms.and_then(|column| column.number(row));
        Ok(InferenceCall {
            provider: self.provider,
            duration: ms.map(|ms| duration_ms("duration_ms", ms)).transpose()?,
            ..InferenceCall::new(model, usage, self.at)
        })
    }
}

impl<P> State<P> {
    fn log_rows(&mut self, batch: &BatchCall<'_>, rows: usize, sums: &mut Sums) {
        let Some(mut quick) = Quick::new(batch, &self.carbon, rows) else {
            for row in 0..rows {
                self.log_row(batch, row, sums);
            }
            return;
        };
        let mut others = Vec::new();
        let result = &mut sums.result;
        let costs = result.costs_usd.iter_mut();
        let emissions = result.energies_joules.iter_mut().zip(&mut result.carbons_kg);
        for (row, (cost, (energy, carbon))) in costs.zip(emissions).enumerate() {
            match quick.add(&self.policy, &self.carbon, row) {
                Some(columns) => [*cost, *energy, *carbon] = columns,
                None => others.push(row),
            }
        }
        // By first rows, so that a full roll-up folds what it would fold were the rows logged one by one.
        let mut others = others.into_iter().peekable();
        for place in quick.places() {
            while let Some(row) = others.next_if(|row| *row < place.first) {
                self.log_row(batch, row, sums);
            }
            if self.log_part(batch, &quick, place, sums).is_err() {
                // Their sum does not fit: as many are logged as do.
                let is_added =
                    |sums: &Sums, row: usize| sums.result.costs_usd.get(row).is_some_and(|usd| !usd.is_nan());
                for row in place.first..rows {
                    if is_added(sums, row) && quick.is_in(row, place) {
                        self.log_row(batch, row, sums);
                    }
                }
            }
        }
        others.for_each(|row| self.log_row(batch, row, sums));
        sums.result.errors.sort_by_key(|(row, _)| *row);
    }

    /// Logs the rows of one model and one price; nothing changes on an error.
    fn log_part(
        &mut self,
        batch: &BatchCall<'_>,
        quick: &Quick<'_>,
        place: Place,
        sums: &mut Sums,
    ) -> Result<(), Error> {
        let Some((model, charge, block)) = quick.part(place) else { return Ok(()) };
        let sum = sums.with_block(block, &self.carbon)?;
        let provider = charge.provider();
        let key = RollupKey {
            provider: provider.as_deref().or(batch.provider),
            model,
            resolved: is_resolved(charge),
            status: charge.status().name(),
            tags: &[],
        };
        self.rollup.record_block(&key, block)?;
        sums.set(sum);
        Ok(())
    }

    /// Logs a row by itself.
    fn log_row(&mut self, batch: &BatchCall<'_>, place: usize, sums: &mut Sums) {
        let logged = self.price_row(batch, place).and_then(|row| {
            let sum = sums.with_row(&row, &self.context)?;
            self.roll_up_row(batch, &row)?;
            sums.set(sum);
            Ok(row)
        });
        let columns = match logged {
            Ok(row) => [
                row.charge.total().map_or(f64::NAN, Picodollars::to_f64),
                row.emissions.joules(),
                row.emissions.kg(),
            ],
            Err(error) => {
                sums.result.errors.push((place, error));
                [f64::NAN; 3]
            }
        };
        sums.result.replace(place, columns);
    }

    fn price_row<'a>(&self, batch: &BatchCall<'a>, row: usize) -> Result<Row<'a>, Error> {
        let call = batch.call(row)?;
        let charge = self.policy.charge(&as_charged(&call))?;
        let emissions =
            Emissions::of_inference(&self.carbon, call.model, &call.usage, call.duration, call.at)?;
        Ok(Row { model: call.model, usage: call.usage, duration: call.duration, charge, emissions })
    }

    fn roll_up_row(&mut self, batch: &BatchCall<'_>, row: &Row<'_>) -> Result<(), Error> {
        let charge = &row.charge;
        let costs = charge.total().map(|total| rollup::Costs {
            total,
            input: charge.input().unwrap_or_default(),
            output: charge.output().unwrap_or_default(),
            compute: charge.compute().unwrap_or_default(),
            other: charge.other().unwrap_or_default(),
        });
        let measures = Measures {
            cost: costs,
            energy_joules: Some(row.emissions.joules()),
            carbon_kg: Some(row.emissions.kg()),
            duration: row.duration,
            ..Measures::new(&row.usage)
        };
        let provider = charge.provider();
        let provider = provider.as_deref().or(batch.provider);
        self.add(provider, row.model, is_resolved(charge), charge.status(), &Tags::default(), &measures)
    }
}

/// Whether the model has a price of its own.
fn is_resolved(charge: &Charge) -> bool {
    matches!(charge.price_source(), PriceSource::Custom | PriceSource::Catalogue)
}

/// Sums that change together.
struct Sum {
    energy: ExactSum,
    carbon: ExactSum,
    rows: usize,
    total_tokens: u128,
    cost_usd: Option<Picodollars>,
    unpriced: usize,
    spent: Amounts,
}

impl Sums {
    /// The sums with a row that is about to be logged.
    fn with_row(&self, row: &Row<'_>, context: &Context) -> Result<Sum, Error> {
        let (cost, tokens) = (row.charge.total(), u128::from(row.usage.total_tokens()));
        let (mut energy, mut carbon) = (ExactSum::default(), ExactSum::default());
        energy.add(row.emissions.joules())?;
        carbon.add(row.emissions.kg() * CARBON_SCALE)?;
        // Exact figures take their time, and budgets alone ask for them.
        let taken = self.budgeted.then(|| amounts(cost, &row.usage, &row.emissions, context));
        self.with(1, tokens, cost, (energy, carbon), &taken.unwrap_or_default())
    }

    /// The sums with rows that are about to be logged.
    fn with_block(&self, block: &Block, carbon: &CarbonModel) -> Result<Sum, Error> {
        let overflow = || MoneyError::Overflow { path: "tokens".to_owned() };
        let rows = usize::try_from(block.requests()).map_err(|_| overflow())?;
        let tokens = u64::try_from(block.total_tokens()).map_err(|_| overflow())?;
        // The exact figures are linear in the tokens.
        let taken = Amounts {
            joules: Some(carbon.energy_exact(tokens)),
            grams_co2e: carbon.carbon_exact(tokens).checked_mul(Decimal::ONE_THOUSAND),
            ..Amounts::default()
        };
        let sums = (block.energy(), block.carbon());
        self.with(rows, block.total_tokens(), Some(block.cost()), sums, &taken)
    }

    fn with(
        &self,
        rows: usize,
        tokens: u128,
        cost: Option<Picodollars>,
        (mut energy, mut carbon): (ExactSum, ExactSum),
        taken: &Amounts,
    ) -> Result<Sum, Error> {
        energy.merge(self.energy)?;
        carbon.merge(self.carbon)?;
        let result = &self.result;
        let sum = |a: Option<Decimal>, b: Option<Decimal>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        Ok(Sum {
            energy,
            carbon,
            rows: result.rows.saturating_add(rows),
            total_tokens: result.total_tokens.saturating_add(tokens),
            cost_usd: match (result.cost_usd, cost) {
                (Some(a), Some(b)) => Some(a.checked_add(b)?),
                (a, b) => a.or(b),
            },
            unpriced: if cost.is_none() { result.unpriced.saturating_add(rows) } else { result.unpriced },
            spent: Amounts {
                joules: sum(self.spent.joules, taken.joules),
                grams_co2e: sum(self.spent.grams_co2e, taken.grams_co2e),
                ..Amounts::default()
            },
        })
    }

    fn set(&mut self, sum: Sum) {
        (self.energy, self.carbon, self.spent) = (sum.energy, sum.carbon, sum.spent);
        let result = &mut self.result;
        (result.rows, result.unpriced) = (sum.rows, sum.unpriced);
        (result.total_tokens, result.cost_usd) = (sum.total_tokens, sum.cost_usd);
    }

    /// What the rows take from budgets.
    fn amounts(&self) -> Amounts {
        let tokens = u64::try_from(self.result.total_tokens).unwrap_or(u64::MAX);
        Amounts { usd: self.result.cost_usd, tokens: Some(tokens), ..self.spent }
    }

    fn finish(mut self) -> BatchResult {
        self.result.energy_joules = self.energy.value();
        self.result.carbon_kg = self.carbon.value() / CARBON_SCALE;
        self.result
    }
}

#[cfg(test)]
mod tests;

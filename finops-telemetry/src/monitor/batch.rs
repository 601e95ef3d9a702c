//! Many calls at once, from columns: roll-ups and budgets, no records.

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
    rollup::{self, Measures},
};
use finops_core::{
    carbon::ExactSum,
    cost::{Charge, PriceSource},
    error::ConfigError,
    money::Picodollars,
    time::{DurationNs, Timestamp},
    usage::{Usage, UsageError},
};
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
    fn reserve(&mut self, rows: usize) {
        for column in [&mut self.costs_usd, &mut self.energies_joules, &mut self.carbons_kg] {
            column.reserve_exact(rows);
        }
    }

    fn push(&mut self, [cost, joules, kg]: [f64; 3]) {
        self.costs_usd.push(cost);
        self.energies_joules.push(joules);
        self.carbons_kg.push(kg);
    }
}

/// The sums of a batch so far.
#[derive(Default)]
struct Sums {
    result: BatchResult,
    energy: ExactSum,
    carbon: ExactSum,
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
    /// A bad row is reported by its place, and the others are logged. Budgets are charged once, with the sum.
    ///
    /// # Errors
    /// `config.invalid` when columns differ in length or there is no model; then nothing was logged.
    pub fn log_batch(&self, batch: &BatchCall<'_>) -> Result<BatchResult, Error> {
        let rows = batch.check()?;
        let mut state = self.lock();
        if let Some(budgets) = &self.budgets {
            // Pricing changes nothing and can be done twice.
            let mut spent = Amounts { tokens: Some(0), ..Amounts::default() };
            for row in 0..rows {
                if let Ok(row) = state.price_row(batch, row) {
                    plus(&mut spent, &row, &state.context)?;
                }
            }
            let charged = budgets.record_spend(&spent, &[], batch.at);
            state.budget_errors = state.budget_errors.saturating_add(u64::from(charged.is_err()));
        }
        let mut sums = Sums::default();
        sums.result.reserve(rows);
        for place in 0..rows {
            let logged = state.price_row(batch, place).and_then(|row| {
                state.roll_up_row(batch, &row)?;
                sums.add(&row)?;
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
            sums.result.push(columns);
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
        let resolved = matches!(charge.price_source(), PriceSource::Custom | PriceSource::Catalogue);
        let provider = charge.provider();
        let provider = provider.as_deref().or(batch.provider);
        self.add(provider, row.model, resolved, charge.status(), &Tags::default(), &measures)
    }
}

/// Adds what a row takes from budgets.
fn plus(spent: &mut Amounts, row: &Row<'_>, context: &Context) -> Result<(), Error> {
    let row = amounts(row.charge.total(), &row.usage, &row.emissions, context);
    if let Some(usd) = row.usd {
        spent.usd = Some(spent.usd.unwrap_or(Picodollars::ZERO).checked_add(usd)?);
    }
    let sum = |a: Option<Decimal>, b: Option<Decimal>| match (a, b) {
        (Some(a), Some(b)) => a.checked_add(b),
        (a, b) => a.or(b),
    };
    spent.tokens = spent.tokens.zip(row.tokens).map(|(a, b)| a.saturating_add(b));
    spent.joules = sum(spent.joules, row.joules);
    spent.grams_co2e = sum(spent.grams_co2e, row.grams_co2e);
    Ok(())
}

impl Sums {
    fn add(&mut self, row: &Row<'_>) -> Result<(), Error> {
        let result = &mut self.result;
        self.energy.add(row.emissions.joules())?;
        self.carbon.add(row.emissions.kg())?;
        result.rows = result.rows.saturating_add(1);
        result.total_tokens = result.total_tokens.saturating_add(u128::from(row.usage.total_tokens()));
        match row.charge.total() {
            Some(cost) => {
                let sum = result.cost_usd.unwrap_or(Picodollars::ZERO);
                result.cost_usd = Some(sum.checked_add(cost)?);
            }
            None => result.unpriced = result.unpriced.saturating_add(1),
        }
        Ok(())
    }

    fn finish(mut self) -> BatchResult {
        self.result.energy_joules = self.energy.value();
        self.result.carbon_kg = self.carbon.value();
        self.result
    }
}

//! Many requests of one key, summed before they join their group.

use super::{
    Rollup, RollupKey,
    group::{CARBON_SCALE, Costs, Totals, boundary},
};
use crate::sketch::Dense;
use finops_core::{Error, carbon::ExactSum, money::Picodollars, time::DurationNs, usage::Bucket};

/// Sums of priced requests that succeeded, of prompt and completion tokens alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    requests: u64,
    input_tokens: u128,
    output_tokens: u128,
    input: i128,
    output: i128,
    energy: ExactSum,
    carbon: ExactSum,
    costs_pusd: Dense,
    /// Those of requests whose durations are known.
    durations: Option<Box<Durations>>,
}

/// What a [`Block`] knows of durations.
#[derive(Debug, Clone, Default)]
struct Durations {
    ns: u128,
    histogram: [u64; 15],
    us: Dense,
}

/// One request of a [`Block`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    /// Picodollars.
    pub(crate) input: u64,
    /// Picodollars.
    pub(crate) output: u64,
    pub(crate) energy_joules: f64,
    pub(crate) carbon_kg: f64,
    pub(crate) duration: Option<DurationNs>,
}

impl Durations {
    fn add(&mut self, duration: DurationNs) {
        self.ns = self.ns.saturating_add(u128::from(duration.get()));
        if let Some(count) = self.histogram.get_mut(usize::from(boundary(duration))) {
            *count = count.saturating_add(1);
        }
        self.us.add(duration.get().checked_div(1000).unwrap_or_default());
    }
}

impl Block {
    /// Adds a request; `None` where its amounts do not fit, and then nothing changes.
    #[inline]
    pub(crate) fn add(&mut self, request: &Request) -> Option<()> {
        let (mut energy, mut carbon) = (self.energy, self.carbon);
        energy.add(request.energy_joules).ok()?;
        carbon.add(request.carbon_kg * CARBON_SCALE).ok()?;
        (self.energy, self.carbon) = (energy, carbon);
        self.costs_pusd.add(request.input.saturating_add(request.output));
        // The sums of 2^64 numbers below 2^63 fit.
        self.requests = self.requests.saturating_add(1);
        self.input_tokens = self.input_tokens.wrapping_add(u128::from(request.input_tokens));
        self.output_tokens = self.output_tokens.wrapping_add(u128::from(request.output_tokens));
        self.input = self.input.wrapping_add(i128::from(request.input));
        self.output = self.output.wrapping_add(i128::from(request.output));
        if let Some(duration) = request.duration {
            self.durations.get_or_insert_default().add(duration);
        }
        Some(())
    }

    pub(crate) const fn requests(&self) -> u64 {
        self.requests
    }

    pub(crate) const fn total_tokens(&self) -> u128 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    pub(crate) const fn cost(&self) -> Picodollars {
        Picodollars::new(self.input.saturating_add(self.output))
    }

    /// Joules.
    pub(crate) const fn energy(&self) -> ExactSum {
        self.energy
    }

    /// Kilograms times [`CARBON_SCALE`].
    pub(crate) const fn carbon(&self) -> ExactSum {
        self.carbon
    }

    /// What [`Totals::record`] would have made of the same requests.
    fn totals(&self) -> Totals {
        let tokens = [(Bucket::input, self.input_tokens), (Bucket::output, self.output_tokens)];
        let used = Bucket::ALL.iter().zip(0_u8..).filter_map(|(bucket, at)| {
            let (_, count) = tokens.iter().find(|(used, count)| used == bucket && *count > 0)?;
            Some((at, *count))
        });
        let durations = self.durations.as_deref();
        let counts = durations.map(|known| (0_u8..).zip(known.histogram));
        Totals {
            duration_ns: durations.map_or(0, |known| known.ns),
            histogram: counts.into_iter().flatten().filter(|(_, count)| *count > 0).collect(),
            durations_us: durations.map(|known| known.us.sketch()).unwrap_or_default(),
            requests: self.requests,
            costs: Costs {
                total: self.cost(),
                input: Picodollars::new(self.input),
                output: Picodollars::new(self.output),
                ..Costs::default()
            },
            energy: self.energy,
            carbon: self.carbon,
            usage: used.collect(),
            costs_pusd: self.costs_pusd.sketch(),
            ..Totals::default()
        }
    }
}

impl Rollup {
    /// Adds all requests of `block`, as if they had been recorded one by one.
    ///
    /// # Errors
    /// As [`Rollup::record`].
    pub(crate) fn record_block(&mut self, key: &RollupKey<'_>, block: &Block) -> Result<(), Error> {
        let at = self.group_of(key, || Ok(()))?;
        match self.slots.get_mut(at) {
            Some(slot) => slot.totals.merge(&block.totals()),
            None => Ok(()),
        }
    }
}

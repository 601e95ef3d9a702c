//! The short way into a group that is known: a priced request of text.

use super::{
    HISTOGRAM_LE, Rollup,
    group::{Costs, Totals, add_hinted, boundary},
};
use finops_core::{
    money::Picodollars,
    time::DurationNs,
    usage::{Bucket, TextUsage},
};

/// A priced request of text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextRequest<'a> {
    /// Whether it failed.
    pub(crate) error: bool,
    pub(crate) usage: &'a TextUsage,
    pub(crate) input: Picodollars,
    pub(crate) output: Picodollars,
    pub(crate) total: Picodollars,
    pub(crate) energy_joules: f64,
    pub(crate) carbon_kg: f64,
    pub(crate) duration: Option<DurationNs>,
}

/// Where the last request of a kind was counted: the next one is looked for there first.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hints {
    pub(super) cost: usize,
    pub(super) boundary: usize,
    pub(super) duration: usize,
}

impl Rollup {
    /// Adds a request to the group at `place`, as [`Rollup::record`] does; `None` when it does not fit, and then
    /// nothing changes.
    #[inline]
    pub(crate) fn record_text(
        &mut self,
        place: usize,
        request: &TextRequest<'_>,
        hints: &mut Hints,
    ) -> Option<()> {
        self.slots.get_mut(place)?.totals.record_text(request, hints)
    }

    /// The group of the last record.
    pub(crate) const fn last(&self) -> usize {
        self.last
    }
}

impl Totals {
    #[inline]
    fn record_text(&mut self, request: &TextRequest<'_>, hints: &mut Hints) -> Option<()> {
        // Everything that can fail comes first, so that a refused record changes nothing.
        let (energy, carbon) = self.with_emissions(request.energy_joules, request.carbon_kg)?;
        self.costs = Costs {
            total: self.costs.total.checked_add(request.total).ok()?,
            input: self.costs.input.checked_add(request.input).ok()?,
            output: self.costs.output.checked_add(request.output).ok()?,
            ..self.costs
        };
        (self.energy, self.carbon) = (energy, carbon);
        let total = u64::try_from(request.total.get().max(0)).unwrap_or(u64::MAX);
        self.costs_pusd.add_near(total, &mut hints.cost);
        self.requests = self.requests.saturating_add(1);
        self.errors = self.errors.saturating_add(u64::from(request.error));
        let TextUsage { input, cache_read, cache_write_5m, output, reasoning } = *request.usage;
        // In the order of the list, so that one walk finds them all.
        let mut place = 0;
        self.count(Bucket::input, input, &mut place);
        self.count(Bucket::cache_read, cache_read, &mut place);
        self.count(Bucket::cache_write_5m, cache_write_5m, &mut place);
        self.count(Bucket::output, output, &mut place);
        self.count(Bucket::reasoning, reasoning, &mut place);
        if let Some(duration) = request.duration {
            self.duration_ns = self.duration_ns.saturating_add(u128::from(duration.get()));
            add_hinted(&mut self.histogram, boundary(duration), 1, &mut hints.boundary, u64::saturating_add);
            let us = duration.get().checked_div(1000).unwrap_or_default();
            self.durations_us.add_near(us, &mut hints.duration);
        }
        Some(())
    }

    /// Adds to a bucket, whose entry most likely stands at `place`; the next one most likely follows it.
    #[inline]
    fn count(&mut self, bucket: Bucket, count: u64, place: &mut usize) {
        if count != 0 {
            add_hinted(&mut self.usage, bucket as u8, u128::from(count), place, u128::saturating_add);
            *place = place.saturating_add(1);
        }
    }
}

// A bucket's number is its place in the list of all, which fits a byte.
const _: () = assert!(Bucket::ALL.len() < 256 && HISTOGRAM_LE.len() < 256);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::{Measures, RollupConfig, RollupKey};
    use finops_core::usage::Usage;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_adds_what_the_long_way_does(
            requests in prop::collection::vec(
                (any::<bool>(), prop::array::uniform5(prop_oneof![Just(0_u64), 0_u64..5000]), any::<i32>(), any::<u32>(),
                 0.0_f64..1e6, prop::option::of(0_u64..1 << 40)), 1..40),
        ) {
            let key = RollupKey { provider: None, model: "m", resolved: true, status: "priced", tags: &[] };
            let mut long = Rollup::new(RollupConfig::default()).unwrap();
            let (mut short, mut hints) = (long.clone(), Hints::default());
            for (n, (error, counts, input, output, energy, ns)) in requests.into_iter().enumerate() {
                let [input_tokens, cache_read, cache_write_5m, output_tokens, reasoning] = counts;
                let text = TextUsage { cache_read, cache_write_5m, reasoning, ..TextUsage::new(input_tokens, output_tokens) };
                let usage = Usage::from(text);
                let (input, output) = (Picodollars::new(input.into()), Picodollars::new(output.into()));
                let total = input.checked_add(output).unwrap();
                let duration = ns.map(DurationNs::new);
                let costs = Costs { total, input, output, ..Costs::default() };
                let measures = Measures {
                    error, cost: Some(costs), energy_joules: Some(energy), carbon_kg: Some(energy / 7.0), duration,
                    ..Measures::new(&usage)
                };
                long.record(&key, &measures).unwrap();
                if n == 0 {
                    short.record(&key, &measures).unwrap();
                    continue;
                }
                let request = TextRequest {
                    error, usage: &text, input, output, total, energy_joules: energy, carbon_kg: energy / 7.0, duration,
                };
                let place = short.last();
                short.record_text(place, &request, &mut hints).unwrap();
            }
            prop_assert_eq!(long.snapshot().unwrap(), short.snapshot().unwrap());
        }
    }
}

//! Charging many calls that differ in their tokens alone.

use super::{Applied, Call, Charge, CostPolicy, Job, Rate};
use crate::{
    cost::rates::{Direction, Rates},
    usage::{Bucket, TextUsage, Usage},
};

/// The price of calls that differ in prompt and completion tokens alone: decided once, applied to many.
///
/// ```
/// use finops_core::{cost::{Call, CostPolicy}, usage::Usage};
/// let (policy, usage) = (CostPolicy::new(), Usage::default());
/// let prepared = policy.prepare(&Call::new("gpt-4o", &usage, "2026-11-01T12:00:00Z".parse()?));
/// let cost = prepared.price(1000, 500).unwrap();
/// assert_eq!((cost.input, cost.output), (2_500_000_000, 5_000_000_000));
/// assert_eq!(prepared.charge(cost.case).unwrap().status().name(), "priced");
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Prepared {
    /// By ascending threshold.
    cases: Vec<Case>,
    /// The first case is that of prompts of so many tokens and fewer.
    first_to: u64,
}

/// What [`Prepared::price`] finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCost {
    /// Which of the prepared prices applied: see [`Prepared::charge`].
    pub case: usize,
    /// Picodollars of the prompt.
    pub input: i64,
    /// Picodollars of the completion.
    pub output: i64,
}

/// Prompts of one price.
#[derive(Debug, Clone)]
struct Case {
    /// It applies to prompts of more tokens; 0 to every prompt.
    over: u64,
    /// `None` where each call must be charged by itself.
    terms: Option<Terms>,
}

#[derive(Debug, Clone)]
struct Terms {
    /// Picodollars a prompt token, at least 0.
    input: i64,
    /// Picodollars a completion token, at least 0; `None` where there is no such rate.
    output: Option<i64>,
    /// Picodollars a token read from the cache and written to it, as the row states them.
    cached: [Option<i64>; 2],
    charge: Charge,
}

impl CostPolicy {
    /// Decides the price of calls that are as `call` but for prompt and completion tokens; the usage of `call` itself
    /// is not looked at. Calls with parts, a duration or a reported cost are never prepared.
    #[must_use]
    pub fn prepare(&self, call: &Call<'_>) -> Prepared {
        if !call.parts.is_empty() || call.duration.is_some() || call.reported_cost.is_some() {
            return Prepared { cases: Vec::new(), first_to: u64::MAX };
        }
        let job = Job { call, model: call.model, requested: call.requested_model, usage: call.usage };
        let table = self.catalogue.table();
        let offering = self.find(&job).ok().and_then(|hit| table.offering(hit.offering));
        // The prompt decides a price by these thresholds alone, so that one call speaks for all between two of them.
        let mut thresholds = vec![0_u64];
        if let Some(offering) = offering {
            thresholds.extend(table.rows_of(offering).map(|row| u64::from(row.over)));
        }
        thresholds.sort_unstable();
        thresholds.dedup();
        let case = |over| Case { over, terms: self.terms_over(call, over) };
        let first_to = thresholds.get(1).copied().unwrap_or(u64::MAX);
        Prepared { cases: thresholds.into_iter().map(case).collect(), first_to }
    }

    /// The terms of prompts just above `over`.
    fn terms_over(&self, call: &Call<'_>, over: u64) -> Option<Terms> {
        let prompt = over.checked_add(1)?;
        // Where both rates are stated nothing is assumed of either, and what is not used changes no status.
        let both = self.terms(call, &Usage::new(prompt, 1)).filter(|terms| terms.output.is_some());
        both.or_else(|| {
            let prompt_only = self.terms(call, &Usage::new(prompt, 0))?;
            Some(Terms { output: None, ..prompt_only })
        })
    }

    fn terms(&self, call: &Call<'_>, usage: &Usage) -> Option<Terms> {
        let charge = self.charge(&Call { usage, ..*call }).ok()?;
        let table = self.catalogue.table();
        let rate = |bucket| match charge.rates {
            Applied::Row => table.rates(table.row(charge.listed.row)?.rates).get(bucket),
            Applied::Model(four) => Rates::get(&four, bucket),
            Applied::Flat(four) => Rates::get(&Direction(four), bucket),
            Applied::ComputeOnly => Some(Rate::ZERO),
            Applied::Reported => None,
        };
        let input = picodollars(rate(Bucket::input)?)?;
        let output = match rate(Bucket::output) {
            None => None,
            Some(rate) => Some(picodollars(rate)?),
        };
        let stated = |bucket| rate(bucket).and_then(picodollars);
        let cached = [stated(Bucket::cache_read), stated(Bucket::cache_write_5m)];
        Some(Terms { input, output, cached, charge })
    }
}

impl Prepared {
    /// Exactly what [`CostPolicy::charge`] would find for a call of `input` and `output` tokens; `None` where it must
    /// be asked.
    #[must_use]
    #[inline]
    pub fn price(&self, input: u64, output: u64) -> Option<TokenCost> {
        let (case, terms) = self.terms(input)?;
        Some(TokenCost { case, input: times(terms.input, input)?, output: terms.of_output(output)? })
    }

    /// [`Prepared::price`] of a prompt that is cached in part; prices of the catalogue's rows alone.
    #[inline]
    pub(super) fn price_text(&self, usage: &TextUsage) -> Option<TokenCost> {
        let (case, terms) = self.terms(usage.prompt_tokens())?;
        let mut input = times(terms.input, usage.input)?;
        for (rate, count) in terms.cached.into_iter().zip([usage.cache_read, usage.cache_write_5m]) {
            if count != 0 {
                input = input.checked_add(times(rate?, count)?)?;
            }
        }
        Some(TokenCost { case, input, output: terms.of_output(usage.output)? })
    }

    #[inline]
    fn terms(&self, prompt: u64) -> Option<(usize, &Terms)> {
        let (place, case) = if prompt <= self.first_to {
            (0, self.cases.first()?)
        } else {
            self.cases.iter().enumerate().rev().find(|(_, case)| prompt > case.over)?
        };
        Some((place, case.terms.as_ref()?))
    }

    /// How many prices there are.
    #[must_use]
    pub const fn cases(&self) -> usize {
        self.cases.len()
    }

    /// What all calls of that price have in common: everything of a charge but its amounts.
    #[must_use]
    pub fn charge(&self, case: usize) -> Option<&Charge> {
        self.cases.get(case)?.terms.as_ref().map(|terms| &terms.charge)
    }
}

impl Terms {
    #[inline]
    fn of_output(&self, count: u64) -> Option<i64> {
        match self.output {
            Some(rate) => times(rate, count),
            None if count == 0 => Some(0),
            None => None,
        }
    }
}

#[inline]
fn times(rate: i64, count: u64) -> Option<i64> {
    rate.checked_mul(i64::try_from(count).ok()?)
}

/// A rate of whole picodollars: any other must be rounded amount by amount.
fn picodollars(rate: Rate) -> Option<i64> {
    let femtodollars = rate.femtodollars();
    let whole = femtodollars >= 0 && femtodollars.checked_rem(1000) == Some(0);
    femtodollars.checked_div(1000).filter(|_| whole)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "tests stop on an overflow")]

    use super::*;
    use crate::{cost::ModelPrice, money::decimal, price::Catalogue, time::Timestamp};
    use proptest::prelude::*;

    const NAMES: [&str; 8] = [
        "own",
        "machine",
        "unheard-of",
        "gpt-5.4",
        "gemini-2.5-pro",
        "text-embedding-3-small",
        " ",
        "gpt-4o",
    ];

    /// Lenient, strict, flat rates, a rate finer than a picodollar, compute, no catalogue.
    fn policies() -> Vec<CostPolicy> {
        let number = |text| decimal::parse(text);
        let mut base = CostPolicy::new();
        let rate = |text| Rate::from_usd_per_mtok(decimal::parse(text).unwrap()).ok();
        base.set_price(ModelPrice { input: rate("3"), ..ModelPrice::new("own") }).unwrap();
        let machine = ModelPrice {
            hosting: crate::cost::Hosting::SelfHosted,
            compute_cost_per_hour: number("2"),
            ..ModelPrice::new("machine")
        };
        let mut priced = base.clone();
        priced.set_price(machine).unwrap();
        let change = |change: &dyn Fn(&mut CostPolicy)| {
            let mut policy = base.clone();
            change(&mut policy);
            policy
        };
        vec![
            CostPolicy::new(),
            priced,
            change(&|policy| policy.set_strict(true)),
            change(&|policy| policy.set_input_per_1k(number("0.01")).unwrap()),
            change(&|policy| policy.set_output_per_1k(number("0.000000000123")).unwrap()),
            change(&|policy| policy.set_compute_per_hour(number("1.5")).unwrap()),
            change(&|policy| policy.set_use_catalogue(false)),
            CostPolicy::catalogue_only(&Catalogue::builtin()),
        ]
    }

    fn tokens() -> impl Strategy<Value = u64> {
        let edges = [128_000_u64, 200_000, 256_000, 272_000, 512_000].map(|edge| edge - 1..edge + 3);
        let [a, b, c, d, e] = edges;
        prop_oneof![0_u64..3, 0_u64..600_000, a, b, c, d, e, any::<u64>()]
    }

    #[test]
    fn a_price_by_prompt_is_prepared_case_by_case() {
        let usage = Usage::default();
        let at: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
        let prepared = CostPolicy::new().prepare(&Call::new("gemini-2.5-pro", &usage, at));
        assert!(prepared.cases() > 1);
        let cost = |input| prepared.price(input, 1).unwrap();
        assert!(cost(200_000).case != cost(200_001).case && cost(200_001).output > cost(200_000).output);
        let timed =
            Call { duration: Some(crate::time::DurationNs::new(1)), ..Call::new("gpt-4o", &usage, at) };
        assert_eq!(CostPolicy::new().prepare(&timed).price(1, 1), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_prepared_is_what_is_charged(
            name in any::<prop::sample::Index>(), policy in 0_usize..8, with_provider: bool,
            listed in 0_u8..4, counts in prop::collection::vec((tokens(), tokens()), 1..8),
            day in 0_i64..2_000, tier in prop::option::of(prop::sample::select(vec!["batch", "flex", "nonsense"]))
        ) {
            let catalogue = Catalogue::builtin();
            let offerings: Vec<_> = catalogue.offerings().collect();
            let offering = name.get(&offerings);
            let model = if listed > 0 { offering.model.as_str() } else { name.get(&NAMES) };
            let at = "2022-01-01T00:00:00Z".parse::<Timestamp>().unwrap().saturating_add_ms(day * 86_400_000);
            let policy = name.get(&policies()[policy..=policy]).clone();
            let none = Usage::default();
            let call = Call {
                provider: Some(offering.provider.as_str()).filter(|_| with_provider),
                service_tier: tier,
                ..Call::new(model, &none, at)
            };
            let prepared = policy.prepare(&call);
            for (input, output) in counts {
                let usage = Usage::new(input, output);
                let Some(cost) = prepared.price(input, output) else { continue };
                let charged = policy.charge(&Call { usage: &usage, ..call }).unwrap();
                let (charge, amount) = (prepared.charge(cost.case).unwrap().clone(), |n: i64| crate::money::Picodollars::new(n.into()));
                let charge = Charge { input: amount(cost.input), output: amount(cost.output), ..charge };
                prop_assert_eq!(charge.cost(&usage), charged.cost(&usage));
                prop_assert_eq!((charge.provider(), charge.listed), (charged.provider(), charged.listed));
            }
        }

        #[test]
        fn what_the_catalogue_prices_is_prepared(name in any::<prop::sample::Index>(), input in 1_u64..1_000_000) {
            let catalogue = Catalogue::builtin();
            let offerings: Vec<_> = catalogue.offerings().collect();
            let none = Usage::default();
            let at = "2026-11-01T12:00:00Z".parse().unwrap();
            let offering = name.get(&offerings);
            let call = Call { provider: Some(&offering.provider), ..Call::new(&offering.model, &none, at) };
            let usage = Usage::new(input, 0);
            let charged = CostPolicy::new().charge(&Call { usage: &usage, ..call }).unwrap();
            if charged.input().is_some_and(|usd| !usd.is_zero()) {
                prop_assert!(CostPolicy::new().prepare(&call).price(input, 0).is_some());
            }
        }
    }
}

//! Logging: a call is checked, priced and weighed, then everything changes together.

use super::{
    Entry, Given, InferenceCall, Outcome, ResourceMonitor, Setting, Tags, TrainingCall, hours_exact,
    names::Names, state::State,
};
use crate::{
    Error,
    budget::{Amounts, BudgetError, Settlement},
    record::{Context, Counts, Emissions, Head, InferenceRecord, Price, Rare, Record, Sides, TrainingRecord},
    rollup::{self, Measures, RollupKey},
};
use finops_core::{
    cost::{Call, Charge, PriceSource, Status},
    error::ConfigError,
    money::{Picodollars, time_cost},
    time::{DurationNs, Timestamp},
    usage::{Extracted, Usage, UsageError, extract::words},
};
use std::sync::Arc;

/// What became of a logged call.
#[derive(Debug)]
pub struct Logged<P> {
    /// The record: new, or that of the first call with the same request id.
    pub record: Arc<InferenceRecord>,
    /// What the caller gave with that record.
    pub payload: Option<Arc<P>>,
    /// Whether the call had been logged before.
    pub duplicate: bool,
    /// What the budgets said, when there are any: what was released, overrun, and which thresholds were crossed.
    pub settlement: Option<Settlement>,
    /// Why a budget could not count the call; the call is logged and the other budgets are charged all the same.
    pub budget_error: Option<BudgetError>,
}

impl<P> ResourceMonitor<P> {
    /// Logs an inference and hands back its record.
    ///
    /// # Errors
    /// As [`ResourceMonitor::log`].
    pub fn log_inference(
        &self,
        call: &InferenceCall<'_>,
        payload: Option<P>,
    ) -> Result<Arc<InferenceRecord>, Error> {
        self.log(call, payload).map(|logged| logged.record)
    }

    /// Logs what a response body told; `rest` sets what bodies do not tell, such as tags and outcome.
    ///
    /// # Errors
    /// `usage.missing_model`, and as [`ResourceMonitor::log`].
    pub fn log_extracted<'a>(
        &self,
        body: &'a Extracted,
        given: &Given<'a>,
        at: Timestamp,
        rest: impl FnOnce(&mut InferenceCall<'a>),
        payload: Option<P>,
    ) -> Result<Logged<P>, Error> {
        let mut call = InferenceCall::from_extracted(body, given, at)?;
        rest(&mut call);
        self.log(&call, payload)
    }

    /// Logs an inference: its record goes to the ring, its amounts to the roll-up and the budgets.
    ///
    /// A request id that was logged before counts nothing: the first record comes back.
    ///
    /// # Errors
    /// Nothing changes on an error: `usage.missing_model` for a blank model, `usage.duplicate_id` for a known request id
    /// with other usage, `price.*` for a strict monitor, `carbon.*`, `money.overflow`, and the `budget.*` codes of a
    /// reservation that cannot be settled.
    pub fn log(&self, call: &InferenceCall<'_>, payload: Option<P>) -> Result<Logged<P>, Error> {
        // Allocated before the lock is taken, and dropped after it is released should the call be refused.
        let payload = payload.map(Arc::new);
        let known = call.as_plain().and_then(|plain| self.log_known(&plain, payload.as_ref()));
        match known {
            Some(record) => {
                Ok(Logged { record, payload, duplicate: false, settlement: None, budget_error: None })
            }
            None => self.log_any(call, payload),
        }
    }

    /// [`ResourceMonitor::log`] of any call.
    pub(super) fn log_any(
        &self,
        call: &InferenceCall<'_>,
        payload: Option<Arc<P>>,
    ) -> Result<Logged<P>, Error> {
        check_model(call.model)?;
        let mut state = self.lock();
        let id = call.request_id.filter(|id| !id.trim_ascii().is_empty());
        if let Some(id) = id
            && let Some(first) = state.ids.get(id)
        {
            let first = first.clone();
            drop(state);
            return repeated(first, call, id);
        }
        let shared = &mut *state;
        let priced = shared.price(call)?;
        let emissions =
            Emissions::of_inference(&state.carbon, call.model, &call.usage, call.duration, call.at)?;
        let settled = self.spend(call, priced.total(), &emissions, &state.context)?;
        state.budget_errors = state.budget_errors.saturating_add(u64::from(settled.is_err()));
        let shared = &mut *state;
        let record = new_record(&mut shared.names, &shared.context, call, priced, emissions, id);
        let record = Arc::new(record);
        state.roll_up(&record)?;
        state.learn(call, &record);
        let entry = Entry { record: Record::Inference(Arc::clone(&record)), payload: payload.clone() };
        let forgotten = record.rare.as_ref().and_then(|rare| rare.request_id.clone()).map(|id| {
            let entry = entry.clone();
            state.ids.insert(id, entry)
        });
        let evicted = state.ring.push(entry);
        // What callers keep beside records may run their code when it goes: not under the lock.
        drop(state);
        drop((evicted, forgotten));
        let (settlement, budget_error) = match settled {
            Ok(settlement) => (settlement, None),
            Err(error) => (None, Some(error)),
        };
        Ok(Logged { record, payload, duplicate: false, settlement, budget_error })
    }

    /// Logs a training run: hours times GPUs times the hourly rate.
    ///
    /// In the roll-up it is one request without tokens and without duration, so that requests keep their latencies.
    ///
    /// # Errors
    /// Nothing changes on an error: `usage.missing_model`, `usage.invalid_gpu_count`, `usage.invalid_duration`,
    /// `config.invalid` for a bad power, `money.overflow`.
    pub fn log_training(
        &self,
        call: &TrainingCall<'_>,
        payload: Option<P>,
    ) -> Result<Arc<TrainingRecord>, Error> {
        check_model(call.model)?;
        if call.gpu_count == 0 {
            return Err(
                UsageError::InvalidGpuCount { path: "gpu_count".to_owned(), value: "0".to_owned() }.into()
            );
        }
        let duration_hours = hours_exact("duration_hours", call.duration_hours)?;
        let duration = DurationNs::from_hours_decimal(duration_hours).unwrap_or_default();
        let payload = payload.map(Arc::new);
        let mut state = self.lock();
        let rate = state.settings.value(Setting::ComputeCostPerHour);
        let compute_cost = time_cost(duration, rate, call.gpu_count)?;
        let emissions = Emissions::of_training(
            &state.carbon,
            duration_hours,
            call.gpu_count,
            call.gpu_power_kw,
            call.at,
        )?;
        if let Some(budgets) = &self.budgets {
            let amounts = amounts(Some(compute_cost), &Usage::default(), &emissions, &state.context);
            let charged = budgets.record_spend(&amounts, &self.schema.pairs(&call.tags), call.at);
            state.budget_errors = state.budget_errors.saturating_add(u64::from(charged.is_err()));
        }
        let status = match state.settings.explicit(Setting::ComputeCostPerHour) {
            Some(_) => Status::Priced,
            None => Status::Estimated,
        };
        let record = Arc::new(TrainingRecord {
            at: call.at,
            model: state.names.share(call.model),
            duration_hours,
            gpu_count: call.gpu_count,
            compute_cost,
            emissions,
            context: Arc::clone(&state.context),
            tags: call.tags.clone(),
        });
        let usage = Usage::default();
        let costs = rollup::Costs { total: compute_cost, compute: compute_cost, ..rollup::Costs::default() };
        let measures = Measures {
            cost: Some(costs),
            energy_joules: Some(record.energy_joules()),
            carbon_kg: Some(record.carbon_kg()),
            ..Measures::new(&usage)
        };
        state.add(None, call.model, false, status, &call.tags, &measures)?;
        let evicted = state.ring.push(Entry { record: Record::Training(Arc::clone(&record)), payload });
        drop(state);
        drop(evicted);
        Ok(record)
    }
}

impl<P> ResourceMonitor<P> {
    /// Settles the call's reservation, which may be refused, or else charges the budgets that cover it, which may not:
    /// the money is spent.
    fn spend(
        &self,
        call: &InferenceCall<'_>,
        usd: Option<Picodollars>,
        emissions: &Emissions,
        context: &Context,
    ) -> Result<Result<Option<Settlement>, BudgetError>, Error> {
        let Some(budgets) = &self.budgets else {
            return match call.reservation {
                None => Ok(Ok(None)),
                Some(id) => Err(ConfigError::new(
                    "reservation",
                    id,
                    "given to a monitor without budgets",
                    "make the monitor with `budgets`, or settle the reservation yourself",
                )
                .into()),
            };
        };
        let amounts = amounts(usd, &call.usage, emissions, context);
        Ok(match call.reservation {
            Some(id) => Ok(Some(budgets.settle(id, &amounts, call.at)?)),
            None => budgets.record_spend(&amounts, &self.schema.pairs(&call.tags), call.at).map(Some),
        })
    }
}

/// What a run takes from budgets.
pub(super) fn amounts(
    usd: Option<Picodollars>,
    usage: &Usage,
    emissions: &Emissions,
    context: &Context,
) -> Amounts {
    let of = (context, Some(*usage));
    Amounts {
        usd,
        tokens: Some(usage.total_tokens()),
        joules: emissions.joules_exact(of),
        grams_co2e: emissions.grams_exact(of),
    }
}

pub(super) fn check_model(model: &str) -> Result<(), UsageError> {
    if model.trim_ascii().is_empty() {
        return Err(UsageError::MissingModel { path: "model".to_owned() });
    }
    Ok(())
}

pub(super) fn as_charged<'a>(call: &'a InferenceCall<'a>) -> Call<'a> {
    Call {
        provider: call.provider,
        model: call.model,
        requested_model: call.requested_model,
        usage: &call.usage,
        parts: call.parts,
        at: call.at,
        duration: call.duration,
        service_tier: call.service_tier,
        region: call.region,
        speed: call.speed,
        search_context: call.search_context,
        reported_cost: call.reported_cost,
        hosting: call.hosting,
        assumptions: call.assumptions,
    }
}

fn repeated<P>(first: Entry<P>, call: &InferenceCall<'_>, id: &str) -> Result<Logged<P>, Error> {
    match first.record {
        Record::Inference(record) if record.usage() == call.usage => Ok(Logged {
            record,
            payload: first.payload,
            duplicate: true,
            settlement: None,
            budget_error: None,
        }),
        _ => Err(UsageError::DuplicateId { request_id: finops_core::error::shorten(id) }.into()),
    }
}

pub(super) fn new_record(
    names: &mut Names,
    context: &Arc<Context>,
    call: &InferenceCall<'_>,
    priced: Priced,
    emissions: Emissions,
    id: Option<&str>,
) -> InferenceRecord {
    let (head, sides) = match priced {
        Priced::Known(head, sides) => (head, Some(sides)),
        Priced::Charged(charge) => {
            let head = Head {
                model: names.share(call.model),
                provider: charge.provider().or_else(|| call.provider.map(|name| names.share(name))),
                price: Price::Charged(charge),
                context: Arc::clone(context),
            };
            (Arc::new(head), None)
        }
    };
    let said = [call.requested_model, id, call.service_tier, call.region];
    let rare = (call.trace.is_some() || said.iter().any(Option::is_some)).then(|| {
        Box::new(Rare {
            requested_model: call.requested_model.map(Into::into),
            request_id: id.map(Into::into),
            service_tier: call.service_tier.map(Into::into),
            region: call.region.map(Into::into),
            trace: call.trace.clone(),
        })
    });
    InferenceRecord {
        head,
        sides,
        at: call.at,
        counts: Counts::from(&call.usage),
        duration: call.duration,
        emissions,
        outcome: call.outcome,
        complete: call.complete,
        finish: call.finish.and_then(words::finish),
        tags: call.tags.clone(),
        rare,
    }
}

/// The price of a call.
pub(super) enum Priced {
    /// Decided for this call.
    Charged(Charge),
    /// That of calls before it.
    Known(Arc<Head>, Sides),
}

impl Priced {
    fn total(&self) -> Option<Picodollars> {
        match self {
            Self::Charged(charge) => charge.total(),
            Self::Known(_, sides) => Some(sides.total()),
        }
    }
}

impl<P> State<P> {
    fn price(&mut self, call: &InferenceCall<'_>) -> Result<Priced, Error> {
        let text = call.text_alone();
        let known = text.and_then(|text| self.routes.price(call.model, call.provider, &text, call.at));
        match known {
            Some((lane, sides)) => Ok(Priced::Known(Arc::clone(&lane.head), sides)),
            None => Ok(Priced::Charged(self.policy.charge(&as_charged(call))?)),
        }
    }

    /// Keeps the price of a call for those that will be like it.
    fn learn(&mut self, call: &InferenceCall<'_>, record: &InferenceRecord) {
        let Price::Charged(charge) = &record.head.price else { return };
        let is_new = record.sides.is_none()
            && charge.price_source() == PriceSource::Catalogue
            && call.text_alone().is_some()
            && self.routes.wants(call.model, call.provider, call.at);
        if !is_new {
            return;
        }
        if let Some(standing) = self.policy.standing(&as_charged(call), charge) {
            let provider = (call.provider, record.head.provider.clone());
            self.routes.keep(&record.head.model, provider, standing, &self.context);
        }
    }

    fn roll_up(&mut self, record: &InferenceRecord) -> Result<(), Error> {
        let costs = record.unit_cost().map(|total| rollup::Costs {
            total,
            input: record.input_cost().unwrap_or_default(),
            output: record.output_cost().unwrap_or_default(),
            compute: record.compute_cost().unwrap_or_default(),
            other: record.other_cost().unwrap_or_default(),
        });
        let usage = record.usage();
        let measures = Measures {
            error: record.outcome != Outcome::Ok,
            usage: &usage,
            cost: costs,
            energy_joules: Some(record.energy_joules()),
            carbon_kg: Some(record.carbon_kg()),
            duration: record.duration,
        };
        let resolved = matches!(record.price_source(), Some(PriceSource::Custom | PriceSource::Catalogue));
        self.add(record.provider(), record.model(), resolved, record.status(), &record.tags, &measures)
    }

    pub(super) fn add(
        &mut self,
        provider: Option<&str>,
        model: &str,
        resolved: bool,
        status: Status,
        tags: &Tags,
        measures: &Measures<'_>,
    ) -> Result<(), Error> {
        let values: Vec<Option<&str>> = tags.values().iter().map(Option::as_deref).collect();
        let key = RollupKey { provider, model, resolved, status: status.name(), tags: &values };
        Ok(self.rollup.record(&key, measures)?)
    }
}

mod prepared;
mod standing;

pub use prepared::{Prepared, TokenCost};
pub use standing::Standing;

use super::{
    Assumption, Assumptions, Call, Charge, Hosting, ModelPrice, PriceSource, Status,
    charge::{Applied, Listed, NoRates, PartCharge},
    rates::{Four, Sides},
};
use crate::{
    Error,
    money::{Picodollars, Rate, time_cost},
    price::{
        Catalogue, PriceError,
        resolve::{self, Hit, Miss},
        select::{self, NoRow, Stated, Wishes},
    },
    usage::{Bucket, Part, Side, Usage, UsageError},
};
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

/// The original's defaults: 0.001 USD per 1,000 input tokens, 0.002 per 1,000 output tokens, 1.00 per hour of compute.
pub(super) const DEFAULT_INPUT: Rate = Rate::from_femtodollars(1_000_000_000);
pub(super) const DEFAULT_OUTPUT: Rate = Rate::from_femtodollars(2_000_000_000);
pub(super) const DEFAULT_COMPUTE_PER_HOUR: Decimal = Decimal::ONE;

/// What makes an amount an estimate.
const ESTIMATING: Assumptions = Assumptions::NONE
    .with(Assumption::stream_incomplete)
    .with(Assumption::date_suffix)
    .with(Assumption::tier_at_standard)
    .with(Assumption::region_at_default)
    .with(Assumption::speed_at_default)
    .with(Assumption::before_first_interval)
    .with(Assumption::after_last_interval)
    .with(Assumption::cache_write_1h_at_5m_rate)
    .with(Assumption::audio_at_text_rate)
    .with(Assumption::unit_without_rate)
    .with(Assumption::unverified_price)
    .with(Assumption::provisioned_at_list)
    .with(Assumption::holidays_unknown)
    .with(Assumption::duration_unknown);

/// What a monitor is configured with: the prices that win over the catalogue, and how strict it is.
///
/// The first of these that has a price wins: the user's entry for the model, explicit flat rates, the cost that the
/// provider reported, the catalogue, the flat default rates.
///
/// ```
/// use finops_core::{cost::{Call, CostPolicy}, usage::Usage};
/// let usage = Usage::new(30, 0);
/// let at = "2026-11-01T12:00:00Z".parse()?;
/// let charge = CostPolicy::new().charge(&Call::new("gpt-4o-mini", &usage, at))?;
/// assert_eq!(charge.total().map(|usd| usd.to_string()).as_deref(), Some("0.0000045"));
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CostPolicy {
    pub(super) catalogue: Catalogue,
    pub(super) models: Vec<ModelPrice>,
    /// Places in `models` by the name of the model.
    pub(super) by_model: FxHashMap<Box<str>, Vec<usize>>,
    pub(super) input: Option<Rate>,
    pub(super) output: Option<Rate>,
    pub(super) cached: Option<Rate>,
    pub(super) compute: Option<Decimal>,
    pub(super) use_catalogue: bool,
    pub(super) strict: bool,
    /// Whether unknown models are charged the flat defaults; else they are an error.
    pub(super) flat_defaults: bool,
}

impl Default for CostPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl CostPolicy {
    /// The defaults: catalogue prices, flat rates for unknown models, lenient.
    #[must_use]
    pub fn new() -> Self {
        Self {
            catalogue: Catalogue::builtin(),
            models: Vec::new(),
            by_model: FxHashMap::default(),
            input: None,
            output: None,
            cached: None,
            compute: None,
            use_catalogue: true,
            strict: false,
            flat_defaults: true,
        }
    }

    /// The prices of `catalogue` alone; a model that it does not price is an error.
    #[must_use]
    pub fn catalogue_only(catalogue: &Catalogue) -> Self {
        Self { catalogue: catalogue.clone(), flat_defaults: false, ..Self::new() }
    }

    /// Charges a call.
    ///
    /// # Errors
    /// `usage.missing_model` for a blank model, `money.overflow`; in the strict mode `price.*` where the price is not
    /// certain.
    #[inline]
    pub fn charge(&self, call: &Call<'_>) -> Result<Charge, Error> {
        if call.model.trim_ascii().is_empty() {
            return Err(UsageError::MissingModel { path: "model".to_owned() }.into());
        }
        if let Some(charge) = self.charge_standard(call) {
            return Ok(charge);
        }
        self.charge_any(call)
    }

    /// The short way for the commonest call: a listed model, the catalogue's price, nothing asked and nothing
    /// assumed about its row. `None` for every other call; a property test holds both ways together.
    #[inline]
    fn charge_standard(&self, call: &Call<'_>) -> Option<Charge> {
        if !self.is_standard(call) {
            return None;
        }
        let table = self.catalogue.table();
        let hit = resolve::find(table, call.provider, call.model).ok()?;
        let offering = table.offering(hit.offering)?;
        let (index, row) = select::select_standard(table, &offering, call.at, call.usage)?;
        let sides = super::rates::price(&table.rates(row.rates), call.usage).ok()?;
        sides.total().ok()?;
        let assumptions = call.assumptions.union(hit.assumptions).union(sides.assumptions);
        let estimated = assumptions.intersects(ESTIMATING);
        Some(Charge {
            input: sides.input,
            output: sides.output,
            compute: Picodollars::ZERO,
            other: sides.other,
            reported: Picodollars::ZERO,
            compute_per_hour: Decimal::ZERO,
            rates: Applied::Row,
            parts: None,
            catalogue: self.catalogue.clone(),
            duration: call.duration.unwrap_or_default(),
            assumptions,
            listed: Listed { offering: hit.offering, row: index },
            status: if estimated { Status::Estimated } else { Status::Priced },
            source: PriceSource::Catalogue,
            has_reported: false,
            has_compute: false,
            consulted: true,
        })
    }

    /// Whether the catalogue alone decides the price of `call`, which asks for nothing special.
    #[inline]
    fn is_standard(&self, call: &Call<'_>) -> bool {
        let by_catalogue = self.use_catalogue
            && !self.strict
            && self.models.is_empty()
            && self.input.is_none()
            && self.output.is_none()
            && self.compute.is_none();
        by_catalogue && call.is_plain() && !call.provider.is_some_and(resolve::is_self_hosted)
    }

    /// Charges any call.
    fn charge_any(&self, call: &Call<'_>) -> Result<Charge, Error> {
        let whole = Job { call, model: call.model, requested: call.requested_model, usage: call.usage };
        if call.parts.is_empty() {
            let rated = self.rate(&whole, call.reported_cost)?;
            return self.total(call, &rated, None);
        }
        self.charge_parts(call, &whole)
    }

    #[cfg(test)]
    pub(super) fn charge_both_ways(&self, call: &Call<'_>) -> (Option<Charge>, Result<Charge, Error>) {
        (self.charge_standard(call), self.charge_any(call))
    }

    /// Prices each part by itself; a reported cost covers them all, and only configured rates come before it.
    fn charge_parts(&self, call: &Call<'_>, whole: &Job<'_>) -> Result<Charge, Error> {
        let rest = rest_of(call.usage, call.parts);
        let rest = rest.map(|usage| Part { model: None, usage });
        let parts = call.parts.iter().chain(rest.as_ref());
        let jobs: Vec<Job<'_>> = parts
            .map(|part| {
                let own = part.model.as_deref();
                let requested = if own.is_some() { None } else { whole.requested };
                Job { call, model: own.unwrap_or(whole.model), requested, usage: &part.usage }
            })
            .collect();
        if call.reported_cost.is_some() {
            let rated = self.rate(whole, call.reported_cost)?;
            if rated.source == PriceSource::Provider {
                return self.total(call, &rated, None);
            }
        }
        let mut sum: Option<Rated> = None;
        let mut charged = Vec::with_capacity(jobs.len());
        for job in &jobs {
            let rated = self.rate(job, None)?;
            charged.push(PartCharge {
                model: job.model.into(),
                usage: *job.usage,
                rates: rated.rates,
                listed: rated.listed,
            });
            sum = Some(match sum {
                None => rated,
                Some(sum) => sum.and(rated)?,
            });
        }
        match sum {
            Some(rated) => self.total(call, &rated, Some(charged.into())),
            None => self.total(call, &self.rate(whole, call.reported_cost)?, None),
        }
    }

    /// Adds compute and decides the status.
    #[inline]
    fn total(
        &self,
        call: &Call<'_>,
        rated: &Rated,
        parts: Option<std::sync::Arc<[PartCharge]>>,
    ) -> Result<Charge, Error> {
        let mut assumptions = call.assumptions.union(rated.sides.assumptions);
        let mut other = rated.sides.other;
        let mut compute = Picodollars::ZERO;
        let mut has_compute = false;
        let mut rate = Decimal::ZERO;
        if rated.compute_due {
            rate = rated.compute_per_hour.or(self.compute).unwrap_or(DEFAULT_COMPUTE_PER_HOUR);
            if rate.is_zero() {
                has_compute = call.duration.is_some();
            } else if let Some(duration) = call.duration {
                compute = time_cost(duration, rate, 1)?;
                has_compute = true;
                if rated.compute_per_hour.or(self.compute).is_none() {
                    assumptions.insert(Assumption::compute_rate_default);
                }
            } else {
                assumptions.insert(Assumption::duration_unknown);
            }
        }
        if rated.source == PriceSource::Provider {
            other = other.checked_add(call.reported_cost.unwrap_or_default())?;
        }
        let status = if rated.source == PriceSource::Default || assumptions.intersects(ESTIMATING) {
            Status::Estimated
        } else if rated.source == PriceSource::Provider {
            Status::ProviderReported
        } else {
            Status::Priced
        };
        let charge = Charge {
            input: rated.sides.input,
            output: rated.sides.output,
            compute,
            other,
            reported: call.reported_cost.unwrap_or_default(),
            compute_per_hour: rate,
            rates: rated.rates,
            parts,
            catalogue: self.catalogue.clone(),
            duration: call.duration.unwrap_or_default(),
            assumptions,
            listed: rated.listed,
            status,
            source: rated.source,
            has_reported: call.reported_cost.is_some(),
            has_compute,
            consulted: self.use_catalogue,
        };
        // The accessor of a charge cannot fail: an overflow is found here.
        if charge.total().is_some() {
            Ok(charge)
        } else {
            Err(crate::money::MoneyError::overflow("total").into())
        }
    }

    /// Decides which price wins for one job, and applies it.
    #[inline]
    fn rate(&self, job: &Job<'_>, reported: Option<Picodollars>) -> Result<Rated, Error> {
        let call = job.call;
        let own_machines = call.hosting == Some(Hosting::SelfHosted)
            || (call.hosting.is_none() && call.provider.is_some_and(resolve::is_self_hosted));
        let found =
            if self.use_catalogue && !own_machines { self.find(job) } else { Err(Miss::UnknownModel) };
        let hit = found.ok();
        let entry = if self.models.is_empty() { None } else { self.entry(job, hit.as_ref()) };
        let self_hosted =
            own_machines || entry.is_some_and(|(price, _)| price.hosting == Hosting::SelfHosted);
        let declared_api = call.hosting == Some(Hosting::Api)
            || entry.is_some_and(|(price, _)| price.hosting == Hosting::Api);
        let hosted = hit.is_some() || reported.is_some() || declared_api;
        let compute_per_hour = entry.and_then(|(price, _)| price.compute_cost_per_hour);
        let explicit_compute = compute_per_hour.or(self.compute).is_some();
        let mut rated = Rated {
            source: PriceSource::Catalogue,
            rates: Applied::Row,
            listed: Listed::NONE,
            sides: Sides::default(),
            compute_due: explicit_compute || self_hosted || !hosted,
            compute_per_hour,
        };
        if let Some((price, by_resolved)) = entry
            && (price.has_token_rates() || self_hosted)
        {
            rated.source = PriceSource::Custom;
            rated.rates = if price.has_token_rates() {
                Applied::Model(Four::new(price.input, price.output, price.cache_read, price.cache_write))
            } else {
                Applied::ComputeOnly
            };
            if let Some(hit) = hit.filter(|_| by_resolved) {
                rated.sides.assumptions = hit.assumptions;
            }
        } else if self.input.is_some() || self.output.is_some() {
            self.flat(&mut rated, PriceSource::Configured);
        } else if reported.is_some() {
            rated.source = PriceSource::Provider;
            rated.rates = Applied::Reported;
        } else if self_hosted && self.flat_defaults {
            rated.rates = Applied::ComputeOnly;
            rated.source = if explicit_compute { PriceSource::Configured } else { PriceSource::Default };
        } else {
            return self.rate_by_catalogue(job, found, rated);
        }
        if let Some(hit) = hit
            && let Ok(selected) = self.select(job, &hit, false)
        {
            rated.listed = Listed { offering: hit.offering, row: selected.index };
        }
        self.apply(job, rated, NoRates)
    }

    /// The catalogue's price, else the flat defaults.
    #[inline]
    fn rate_by_catalogue(
        &self,
        job: &Job<'_>,
        found: Result<Hit, Miss>,
        mut rated: Rated,
    ) -> Result<Rated, Error> {
        let error = match found {
            Ok(hit) => match self.select(job, &hit, self.strict) {
                Ok(_) if self.strict && hit.snapshot => {
                    let base = self.catalogue.resolved(&hit).model.to_string();
                    return Err(PriceError::UnlistedSnapshot { model: job.model.to_owned(), base }.into());
                }
                Ok(selected) => {
                    rated.sides.assumptions = hit.assumptions.union(selected.assumptions);
                    rated.listed = Listed { offering: hit.offering, row: selected.index };
                    let rates = self.catalogue.table().rates(selected.row.rates);
                    return self.apply(job, rated, rates);
                }
                Err(NoRow::Nothing) if !self.strict && self.flat_defaults => None,
                Err(no_row) => Some(no_row_error(job, no_row)),
            },
            Err(_) if !self.strict && self.flat_defaults => None,
            Err(miss) => Some(resolve::explain(&self.catalogue, miss, job.call.provider, job.model)),
        };
        if let Some(error) = error {
            return Err(error.into());
        }
        self.flat(&mut rated, PriceSource::Default);
        self.apply(job, rated, NoRates)
    }

    /// Takes the flat rates, set or default.
    fn flat(&self, rated: &mut Rated, source: PriceSource) {
        rated.source = source;
        rated.rates = Applied::Flat(Four::new(
            Some(self.input.unwrap_or(DEFAULT_INPUT)),
            Some(self.output.unwrap_or(DEFAULT_OUTPUT)),
            self.cached,
            None,
        ));
        let assumptions = &mut rated.sides.assumptions;
        match (source, self.input, self.output) {
            (PriceSource::Configured, Some(_), None) => assumptions.insert(Assumption::output_rate_default),
            (PriceSource::Configured, None, Some(_)) => assumptions.insert(Assumption::input_rate_default),
            (PriceSource::Default, ..) => assumptions.insert(Assumption::flat_rates_default),
            _ => {}
        }
    }

    #[inline]
    fn apply(
        &self,
        job: &Job<'_>,
        mut rated: Rated,
        row: impl super::rates::Rates + Copy,
    ) -> Result<Rated, Error> {
        if self.strict
            && let Some(bucket) = rated.rates.uncertain(job.usage, row)
        {
            let bucket = bucket.name().to_owned();
            return Err(PriceError::NoRate { model: job.model.to_owned(), bucket }.into());
        }
        rated.sides = rated.rates.price(job.usage, row)?.with(rated.sides.assumptions);
        Ok(rated)
    }

    /// Resolves the body's model, or the requested one: on Bedrock, whose ids name the geography, and where the
    /// body's name does not resolve.
    #[inline]
    fn find(&self, job: &Job<'_>) -> Result<Hit, Miss> {
        let table = self.catalogue.table();
        let provider = job.call.provider;
        let Some(requested) = job.requested else { return resolve::find(table, provider, job.model) };
        if provider.is_some_and(|provider| resolve::same_provider(provider, "bedrock"))
            && let Ok(hit) = resolve::find(table, provider, requested)
        {
            return Ok(hit);
        }
        resolve::find(table, provider, job.model)
            .or_else(|miss| resolve::find(table, provider, requested).map_err(|_| miss))
    }

    #[inline]
    fn select(&self, job: &Job<'_>, hit: &Hit, strict: bool) -> Result<select::Selected, NoRow> {
        let table = self.catalogue.table();
        let call = job.call;
        let offering = table.offering(hit.offering).ok_or(NoRow::Nothing)?;
        let stated = Stated {
            tier: call.service_tier,
            region: call.region,
            speed: call.speed,
            search_context: call.search_context,
        };
        let provider = table.text_bytes(table.provider(offering.provider));
        let wishes = Wishes::new(stated, provider, table.text_bytes(offering.model));
        select::select(table, &offering, &wishes, call.at, call.duration, job.usage, strict)
    }

    /// The user's entry for the job's model, and whether only the resolved name found it. An entry of the call's
    /// provider comes before one of any provider.
    fn entry(&self, job: &Job<'_>, hit: Option<&Hit>) -> Option<(&ModelPrice, bool)> {
        let table = self.catalogue.table();
        let offering = hit.and_then(|hit| table.offering(hit.offering));
        let resolved = offering.map(|o| (table.text(table.provider(o.provider)), table.text(o.model)));
        let provider = job.call.provider.filter(|p| !p.trim_ascii().is_empty()).or(resolved.map(|(p, _)| p));
        let names = [Some(job.model), job.requested, resolved.map(|(_, model)| model)];
        for (index, name) in names.into_iter().enumerate() {
            let Some(places) = name.and_then(|name| self.by_model.get(name.trim_ascii())) else { continue };
            let entries = || places.iter().filter_map(|place| self.models.get(*place));
            let own = entries().find(|entry| {
                let of = entry.provider.as_deref();
                of.zip(provider).is_some_and(|(of, provider)| resolve::same_provider(of, provider))
            });
            if let Some(entry) = own.or_else(|| entries().find(|entry| entry.provider.is_none())) {
                return Some((entry, index == 2));
            }
        }
        None
    }
}

/// One model and usage to be priced: a call, or a part of one.
struct Job<'a> {
    call: &'a Call<'a>,
    model: &'a str,
    requested: Option<&'a str>,
    usage: &'a Usage,
}

/// A price that was chosen and applied.
#[derive(Debug, Clone, Copy)]
struct Rated {
    source: PriceSource,
    rates: Applied,
    listed: Listed,
    sides: Sides,
    compute_due: bool,
    compute_per_hour: Option<Decimal>,
}

impl Rated {
    /// Both parts; the weaker source names the whole.
    fn and(self, part: Self) -> Result<Self, Error> {
        Ok(Self {
            source: self.source.max(part.source),
            sides: self.sides.checked_add(part.sides)?,
            compute_due: self.compute_due || part.compute_due,
            compute_per_hour: self.compute_per_hour.or(part.compute_per_hour),
            ..self
        })
    }
}

impl Sides {
    const fn with(self, assumptions: Assumptions) -> Self {
        Self { assumptions: self.assumptions.union(assumptions), ..self }
    }
}

fn no_row_error(job: &Job<'_>, no_row: NoRow) -> PriceError {
    let model = job.model.to_owned();
    let condition = |condition: &'static str, value: String| PriceError::NoRateForCondition {
        model: model.clone(),
        condition,
        value,
    };
    match no_row {
        NoRow::NotYet(from) => {
            PriceError::NotYet { model, at: job.call.at.to_string(), from: crate::price::instant_text(from) }
        }
        NoRow::Unverified => PriceError::Unverified { model },
        NoRow::Ended => condition("at", job.call.at.to_string()),
        NoRow::Condition(name) => {
            let stated = match name {
                "service_tier" => job.call.service_tier,
                "region" => job.call.region,
                _ => job.call.speed,
            };
            condition(name, crate::error::shorten(stated.unwrap_or_default()))
        }
        NoRow::Nothing => condition("service_tier", job.call.service_tier.unwrap_or("standard").to_owned()),
    }
}

/// What `usage` counts beyond its parts: per-use units stand at the top of a body only.
fn rest_of(usage: &Usage, parts: &[Part]) -> Option<Usage> {
    let mut rest = Usage::default();
    for bucket in Bucket::ALL.iter().filter(|bucket| bucket.side() != Side::Subset) {
        let counted = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.usage.get(*bucket)));
        *rest.get_mut(*bucket) = usage.get(*bucket).saturating_sub(counted);
    }
    (rest != Usage::default()).then_some(rest)
}

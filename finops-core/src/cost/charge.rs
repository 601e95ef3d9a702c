use super::{
    Assumptions, Cost, LineItem, PriceSource, RatePer, Status,
    rates::{self, Direction, Four, Rates, Sides},
};
use crate::{
    money::{MoneyError, Picodollars, Rate},
    price::{Catalogue, Name},
    time::DurationNs,
    usage::{Bucket, Side, Usage},
};
use rust_decimal::Decimal;
use std::{borrow::Cow, sync::Arc};

/// What a call was charged, small enough to keep in every record: it clones without allocating.
///
/// It holds the rates and the catalogue that it was priced with, so that [`Charge::cost`] writes out the same lines
/// whenever it is asked.
#[derive(Debug, Clone)]
pub struct Charge {
    pub(super) input: Picodollars,
    pub(super) output: Picodollars,
    pub(super) compute: Picodollars,
    pub(super) other: Picodollars,
    pub(super) reported: Picodollars,
    pub(super) compute_per_hour: Decimal,
    pub(super) rates: Applied,
    pub(super) parts: Option<Arc<[PartCharge]>>,
    pub(super) catalogue: Catalogue,
    pub(super) duration: DurationNs,
    pub(super) assumptions: Assumptions,
    pub(super) listed: Listed,
    pub(super) status: Status,
    pub(super) source: PriceSource,
    pub(super) has_reported: bool,
    pub(super) has_compute: bool,
    pub(super) consulted: bool,
}

/// Which rates were applied.
#[derive(Debug, Clone, Copy)]
pub(super) enum Applied {
    /// Those of the catalogue's row.
    Row,
    /// The user's for the model.
    Model(Four),
    /// Flat rates of a direction.
    Flat(Four),
    /// The provider's own amount.
    Reported,
    /// No token rates: self-hosted, compute only.
    ComputeOnly,
}

/// The offering and row of the catalogue, if any: the price applied, or the list price that another one beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub offering: u16,
    pub row: u32,
}

impl Listed {
    /// Neither.
    pub const NONE: Self = Self { offering: u16::MAX, row: u32::MAX };
}

/// A part of a call with its own model.
#[derive(Debug, Clone)]
pub(super) struct PartCharge {
    pub model: Box<str>,
    pub usage: Usage,
    pub rates: Applied,
    pub listed: Listed,
}

impl Charge {
    /// The charge of another call at the same price, of other amounts.
    #[must_use]
    pub fn with_sides(&self, input: Picodollars, output: Picodollars) -> Self {
        Self { input, output, ..self.clone() }
    }

    /// The exact sum of all lines.
    #[must_use]
    pub fn total(&self) -> Option<Picodollars> {
        let tokens = self.input.checked_add(self.output).ok()?;
        tokens.checked_add(self.compute).ok()?.checked_add(self.other).ok()
    }

    /// The prompt side; `None` when the provider reported one amount for all.
    #[must_use]
    pub fn input(&self) -> Option<Picodollars> {
        self.sides_known().then_some(self.input)
    }

    /// The completion side; `None` when the provider reported one amount for all.
    #[must_use]
    pub fn output(&self) -> Option<Picodollars> {
        self.sides_known().then_some(self.output)
    }

    /// Machines; zero when none are due.
    #[must_use]
    pub const fn compute(&self) -> Option<Picodollars> {
        Some(self.compute)
    }

    /// Per-use units, and what a provider reported.
    #[must_use]
    pub const fn other(&self) -> Option<Picodollars> {
        Some(self.other)
    }

    /// How far to trust it.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Which price won.
    #[must_use]
    pub const fn price_source(&self) -> PriceSource {
        self.source
    }

    /// Whatever was assumed.
    #[must_use]
    pub const fn assumptions(&self) -> Assumptions {
        self.assumptions
    }

    /// The provider that the catalogue resolved.
    #[must_use]
    pub fn provider(&self) -> Option<Name> {
        let table = self.catalogue.table();
        let offering = table.offering(self.listed.offering)?;
        Some(self.catalogue.name(table.provider(offering.provider)))
    }

    /// The model that the catalogue resolved, by its listed name.
    #[must_use]
    pub fn resolved_model(&self) -> Option<Name> {
        let offering = self.catalogue.table().offering(self.listed.offering)?;
        Some(self.catalogue.name(offering.model))
    }

    /// What the provider reported, whichever price won.
    #[must_use]
    pub fn reported(&self) -> Option<Picodollars> {
        self.has_reported.then_some(self.reported)
    }

    /// The catalogue that was consulted.
    #[must_use]
    pub const fn catalogue(&self) -> Option<&Catalogue> {
        if self.consulted { Some(&self.catalogue) } else { None }
    }

    /// The catalogue's price of the tokens and units, where another price won; `usage` is that of the charged call.
    #[must_use]
    pub fn list_price(&self, usage: &Usage) -> Option<Picodollars> {
        if self.source == PriceSource::Catalogue {
            return None;
        }
        let price = |usage: &Usage, listed: Listed| {
            let row = self.catalogue.table().row(listed.row)?;
            rates::price(&self.catalogue.table().rates(row.rates), usage).ok()?.total().ok()
        };
        match &self.parts {
            None => price(usage, self.listed),
            Some(parts) => parts.iter().try_fold(Picodollars::ZERO, |sum, part| {
                sum.checked_add(price(&part.usage, part.listed)?).ok()
            }),
        }
    }

    /// The full cost, line by line; `usage` is that of the charged call.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Cost {
        let mut line_items = Vec::new();
        match &self.parts {
            None => self.lines(&mut line_items, usage, self.rates, self.listed, None),
            Some(parts) => {
                for part in parts.iter() {
                    self.lines(&mut line_items, &part.usage, part.rates, part.listed, Some(&part.model));
                }
            }
        }
        if matches!(self.rates, Applied::Reported) {
            line_items.push(LineItem {
                unit: Cow::Borrowed("reported"),
                quantity: Decimal::ONE,
                rate: None,
                per: RatePer::Use,
                amount: Some(self.reported),
                model: None,
            });
        }
        if self.has_compute {
            line_items.push(LineItem {
                unit: Cow::Borrowed("compute"),
                quantity: Decimal::from_i128_with_scale(i128::from(self.duration.get()), 9).normalize(),
                rate: Some(self.compute_per_hour.normalize()),
                per: RatePer::Hour,
                amount: Some(self.compute),
                model: None,
            });
        }
        let rows = self.rows();
        Cost {
            total: self.total(),
            input: self.input(),
            output: self.output(),
            compute: self.compute(),
            other: self.other(),
            line_items,
            status: self.status,
            price_source: Some(self.source),
            assumptions: self.assumptions,
            catalogue: self.consulted.then(|| self.catalogue.id().to_owned()),
            price_rows: rows.iter().map(|row| row.id.clone()).collect(),
            sources: self.sources(),
            list_price: self.list_price(usage),
            reported: self.reported(),
            provider: self.provider().map(|name| name.to_string()),
            model: self.resolved_model().map(|name| name.to_string()),
        }
    }

    const fn sides_known(&self) -> bool {
        !matches!(self.rates, Applied::Reported)
    }

    fn rows(&self) -> Vec<crate::price::Row> {
        let all = match &self.parts {
            None => vec![self.listed],
            Some(parts) => parts.iter().map(|part| part.listed).collect(),
        };
        let mut rows: Vec<crate::price::Row> = Vec::new();
        for row in all.into_iter().filter_map(|listed| self.catalogue.row_at(listed.offering, listed.row)) {
            if rows.iter().all(|known| known.id != row.id) {
                rows.push(row);
            }
        }
        rows
    }

    /// The addresses that the rows cite: read from each row, since a catalogue has hundreds.
    fn sources(&self) -> Vec<String> {
        let table = self.catalogue.table();
        let all = match &self.parts {
            None => vec![self.listed],
            Some(parts) => parts.iter().map(|part| part.listed).collect(),
        };
        let mut urls: Vec<String> = Vec::new();
        for row in all.into_iter().filter_map(|listed| table.row(listed.row)) {
            for [_, url, ..] in table.sources_of(row) {
                let url = table.text(url);
                if urls.iter().all(|known| known != url) {
                    urls.push(url.to_owned());
                }
            }
        }
        urls.sort();
        urls
    }

    fn lines(
        &self,
        out: &mut Vec<LineItem>,
        usage: &Usage,
        rates: Applied,
        listed: Listed,
        model: Option<&str>,
    ) {
        match rates {
            Applied::Row => {
                let table = self.catalogue.table();
                if let Some(row) = table.row(listed.row) {
                    write_lines(out, &table.rates(row.rates), usage, model);
                }
            }
            Applied::Model(four) => write_lines(out, &four, usage, model),
            Applied::Flat(four) => write_lines(out, &Direction(four), usage, model),
            Applied::Reported | Applied::ComputeOnly => {}
        }
    }
}

fn write_lines(out: &mut Vec<LineItem>, rates: &impl Rates, usage: &Usage, model: Option<&str>) {
    for bucket in rates::used(usage) {
        let count = usage.get(bucket);
        let (rate, _) = rates::applied(rates, bucket);
        let unit = bucket.side() == Side::Unit;
        out.push(LineItem {
            unit: Cow::Borrowed(bucket.name()),
            quantity: Decimal::from(count),
            rate: rate.map(|rate| if unit { rate.usd_per_unit() } else { rate.usd_per_mtok() }),
            per: if unit { RatePer::Use } else { RatePer::Mtok },
            amount: rate.and_then(|rate| rate.times(count).ok()),
            model: model.map(str::to_owned),
        });
    }
}

impl Applied {
    /// Prices `usage` at these rates; `row` are those of the catalogue.
    pub(super) fn price(self, usage: &Usage, row: impl Rates) -> Result<Sides, MoneyError> {
        match self {
            Self::Row => rates::price(&row, usage),
            Self::Model(four) => rates::price(&four, usage),
            Self::Flat(four) => rates::price(&Direction(four), usage),
            Self::Reported | Self::ComputeOnly => Ok(Sides::default()),
        }
    }

    /// The first used bucket whose rate is in doubt.
    pub(super) fn uncertain(self, usage: &Usage, row: impl Rates) -> Option<Bucket> {
        match self {
            Self::Row => rates::uncertain(&row, usage),
            Self::Model(four) => rates::uncertain(&four, usage),
            Self::Flat(four) => rates::uncertain(&Direction(four), usage),
            Self::Reported | Self::ComputeOnly => None,
        }
    }
}

/// No rate at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoRates;

impl Rates for NoRates {
    fn get(&self, _: Bucket) -> Option<Rate> {
        None
    }
}

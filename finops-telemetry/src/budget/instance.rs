use super::{Budget, BudgetError, OnUnpriced, Quantity, Unit};
use finops_core::time::Timestamp;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What was charged and is held in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Period {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) spent: Quantity,
    pub(super) reserved: Quantity,
    /// Calls without an amount in the unit of the budget.
    pub(super) unpriced: u64,
}

impl Period {
    const fn empty((start, end): (Timestamp, Timestamp)) -> Self {
        Self { start, end, spent: Quantity::ZERO, reserved: Quantity::ZERO, unpriced: 0 }
    }

    pub(super) fn is_untouched(&self) -> bool {
        self.spent == Quantity::ZERO && self.reserved == Quantity::ZERO && self.unpriced == 0
    }

    pub(super) const fn hold(&mut self, amount: Option<Quantity>) {
        match amount {
            Some(amount) => self.reserved = self.reserved.plus(amount),
            None => self.unpriced = self.unpriced.saturating_add(1),
        }
    }

    pub(super) const fn free(&mut self, amount: Option<Quantity>) {
        match amount {
            Some(amount) => self.reserved = self.reserved.minus(amount),
            None => self.unpriced = self.unpriced.saturating_sub(1),
        }
    }

    pub(super) const fn charge(&mut self, amount: Option<Quantity>) {
        match amount {
            Some(amount) => self.spent = self.spent.plus(amount),
            None => self.unpriced = self.unpriced.saturating_add(1),
        }
    }
}

/// One counter of a budget: the latest window and the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instance {
    pub(super) current: Period,
    pub(super) previous: Option<Period>,
}

impl Instance {
    pub(super) const fn new(window: (Timestamp, Timestamp)) -> Self {
        Self { current: Period::empty(window), previous: None }
    }

    /// The counts of the window, or `None` when it is older than those kept.
    pub(super) fn view(&self, window: (Timestamp, Timestamp)) -> Option<Period> {
        let start = window.0;
        if start == self.current.start {
            return Some(self.current);
        }
        match &self.previous {
            Some(previous) if start == previous.start => Some(*previous),
            Some(previous) if start < previous.start => None,
            _ => Some(Period::empty(window)),
        }
    }

    /// The counts of a window that are kept already.
    pub(super) fn kept(&mut self, start: Timestamp) -> Option<&mut Period> {
        if start == self.current.start {
            return Some(&mut self.current);
        }
        self.previous.as_mut().filter(|previous| previous.start == start)
    }

    /// The counts of the window, begun if need be, or `None` when it is older than those kept.
    pub(super) fn open(&mut self, window: (Timestamp, Timestamp)) -> Option<&mut Period> {
        self.view(window)?;
        if window.0 > self.current.start {
            self.previous = Some(std::mem::replace(&mut self.current, Period::empty(window)));
        } else if window.0 < self.current.start && self.previous.is_none_or(|p| p.start < window.0) {
            self.previous = Some(Period::empty(window));
        }
        self.kept(window.0)
    }

    /// Whether nothing is held and nothing was charged in a window that still runs.
    fn is_idle(&self, at: Timestamp) -> bool {
        let done = |period: &Period| {
            period.reserved == Quantity::ZERO && (period.end <= at || period.is_untouched())
        };
        done(&self.current) && self.previous.as_ref().is_none_or(done)
    }
}

/// A budget with its counters.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) budget: Budget,
    pub(super) limit: Quantity,
    /// Ascending: the threshold as text and the amount that reaches it.
    pub(super) thresholds: Vec<(String, Quantity)>,
    pub(super) warning: Quantity,
    /// By `tag=value` of the `per` tags; one under the empty name without them.
    pub(super) instances: FxHashMap<Arc<str>, Instance>,
    /// No counter is idle before this, which spares looking at all of them for each call.
    busy_until: Option<Timestamp>,
}

impl Entry {
    pub(super) fn new(budget: Budget, path: &str) -> Result<Self, BudgetError> {
        let (limit, thresholds) = budget.check(path)?;
        let warning = budget.lowest_warning(limit);
        Ok(Self { budget, limit, thresholds, warning, instances: FxHashMap::default(), busy_until: None })
    }

    /// Writes the name of the counter of a call into `name`; `false` when the budget does not cover it.
    pub(super) fn covers(&self, tags: &[(&str, &str)], name: &mut String) -> bool {
        let value = |tag: &str| tags.iter().find(|(name, _)| *name == tag).map(|(_, value)| *value);
        if self.budget.scope.iter().any(|(tag, wanted)| value(tag) != Some(wanted)) {
            return false;
        }
        name.clear();
        for tag in &self.budget.per {
            let Some(value) = value(tag) else { return false };
            if !name.is_empty() {
                name.push(',');
            }
            name.push_str(tag);
            name.push('=');
            if self.budget.per.len() == 1 {
                name.push_str(value);
                continue;
            }
            // Without this, values that hold a comma could pass for those of another counter.
            for c in value.chars() {
                if matches!(c, ',' | '\\') {
                    name.push('\\');
                }
                name.push(c);
            }
        }
        true
    }

    /// The budget's id with the name of a counter.
    pub(super) fn name(&self, instance: &str) -> String {
        let id = &self.budget.id;
        if instance.is_empty() { id.clone() } else { format!("{id}{{{instance}}}") }
    }

    pub(super) fn refuses_unpriced(&self) -> bool {
        self.budget.hard && self.budget.unit == Unit::Usd && self.budget.on_unpriced == OnUnpriced::Deny
    }

    /// Makes sure that there is room for one more counter.
    ///
    /// # Errors
    /// `budget.too_many_instances`.
    pub(super) fn make_room(&mut self, max: usize, at: Timestamp) -> Result<(), BudgetError> {
        if self.instances.len() < max {
            return Ok(());
        }
        if self.busy_until.is_none_or(|until| at >= until) {
            self.instances.retain(|_, instance| !instance.is_idle(at));
            if self.instances.len() < max {
                self.busy_until = None;
                return Ok(());
            }
            self.busy_until = self.instances.values().map(|instance| instance.current.end).min();
        }
        Err(BudgetError::TooManyInstances { budget: self.budget.id.clone(), max })
    }

    /// A counter may have become idle.
    pub(super) const fn look_again(&mut self) {
        self.busy_until = None;
    }

    /// The counter called `name`, begun at `window` if need be.
    pub(super) fn instance(&mut self, name: &Arc<str>, window: (Timestamp, Timestamp)) -> &mut Instance {
        self.instances.entry(Arc::clone(name)).or_insert_with(|| Instance::new(window))
    }

    /// Charges `amount` to a window and adds the thresholds that it crossed to `events`; `false` when the window is
    /// older than those kept.
    pub(super) fn charge(
        &mut self,
        name: &Arc<str>,
        window: (Timestamp, Timestamp),
        amount: Option<Quantity>,
        events: &mut Vec<String>,
    ) -> bool {
        let Some(period) = self.instance(name, window).open(window) else { return false };
        let before = period.spent;
        period.charge(amount);
        let after = period.spent;
        // A limit of 0 is reached by the first step above it.
        let crossed = |reached: Quantity, spent: Quantity| spent > Quantity::ZERO && spent >= reached;
        for (text, reached) in &self.thresholds {
            if crossed(*reached, after) && !crossed(*reached, before) {
                events.push(format!("{}:{text}", self.name(name)));
            }
        }
        true
    }
}

use super::{
    Amounts, Budget, BudgetError, BudgetState, Level, Quantity, Reservation, Settlement,
    amounts::Quantities,
    instance::{Entry, Instance},
};
use finops_core::time::Timestamp;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Most counters of one budget.
pub const INSTANCES_MAX: usize = 100_000;

/// Most closed reservations that are remembered.
pub const CLOSED_MAX: usize = 100_000;

/// A counter in which a reservation holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cover {
    /// Place of the budget in declared order.
    pub(super) budget: usize,
    #[serde(with = "name_text")]
    pub(super) instance: Arc<str>,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hold {
    pub(super) amounts: Quantities,
    pub(super) covers: Box<[Cover]>,
    pub(super) expires: Timestamp,
}

/// How far a reservation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Open,
    /// Its time ran out; what is spent is still charged.
    Expired,
    /// Freed by its holder; what is spent is still charged.
    Released,
    Settled,
}

/// A reservation. A hundred thousand of them are remembered: what they hold lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) serial: u64,
    pub(super) phase: Phase,
    /// Until it is settled.
    pub(super) hold: Option<Box<Hold>>,
    /// Once it is settled: the amounts and the answer given.
    pub(super) answer: Option<Box<(Quantities, Settlement)>>,
}

/// Everything behind the lock.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
    pub(super) reservations: FxHashMap<Arc<str>, Held>,
    /// Open reservations by the end of their hold.
    pub(super) expiry: BTreeMap<(Timestamp, u64), Arc<str>>,
    /// Closed reservations, the first closed first.
    pub(super) closed: VecDeque<Arc<str>>,
    /// How many reservations there were.
    pub(super) serial: u64,
    pub(super) instances_max: usize,
    pub(super) closed_max: usize,
    name: String,
}

impl Table {
    pub(super) fn new(budgets: Vec<Budget>) -> Result<Self, BudgetError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(budgets.len());
        for (place, budget) in budgets.into_iter().enumerate() {
            let path = format!("budgets[{place}]");
            if entries.iter().any(|entry| entry.budget.id == budget.id) {
                return Err(BudgetError::invalid(format!("{path}.id"), budget.id, "used twice; rename one"));
            }
            entries.push(Entry::new(budget, &path)?);
        }
        Ok(Self {
            entries,
            reservations: FxHashMap::default(),
            expiry: BTreeMap::new(),
            closed: VecDeque::new(),
            serial: 0,
            instances_max: INSTANCES_MAX,
            closed_max: CLOSED_MAX,
            name: String::new(),
        })
    }

    pub(super) fn reserve(
        &mut self,
        id: Option<&str>,
        amounts: &Amounts,
        tags: &[(&str, &str)],
        at: Timestamp,
        ttl_ms: u64,
    ) -> Result<Reservation, BudgetError> {
        self.expire(at);
        if let Some(id) = id.filter(|id| id.trim_ascii().is_empty() || self.reservations.contains_key(*id)) {
            return Err(BudgetError::invalid("reservation_id", id, "blank or in use; give each its own"));
        }
        let amounts = amounts.quantities()?;
        let mut level = Level::Ok;
        let mut covers = Vec::with_capacity(self.entries.len());
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if !entry.covers(tags, &mut self.name) {
                continue;
            }
            let window = entry.budget.window.at(at);
            let known = entry.instances.get_key_value(self.name.as_str());
            let period = match known {
                None => Some(Instance::new(window).current),
                Some((_, instance)) => instance.view(window),
            };
            let period = period.ok_or_else(|| {
                BudgetError::invalid("at", at, "before the previous window, which is no longer kept")
            })?;
            let amount = amounts.get(entry.budget.unit);
            if amount.is_none() && entry.refuses_unpriced() {
                return Err(BudgetError::Unpriced { budget: entry.name(&self.name) });
            }
            let requested = amount.unwrap_or_default();
            let sum = period.spent.plus(period.reserved).plus(requested);
            if entry.budget.hard && sum > entry.limit {
                // In a fresh window there is the whole limit; what exceeds that never fits.
                let waits = period.end < Timestamp::MAX && requested <= entry.limit;
                return Err(BudgetError::Exceeded {
                    budget: entry.name(&self.name),
                    remaining: entry.limit.minus(period.spent).minus(period.reserved),
                    requested,
                    retry_at: waits.then_some(period.end),
                });
            }
            if sum >= entry.warning {
                level = Level::Warn;
            }
            let instance = match known {
                Some((name, _)) => Arc::clone(name),
                None => {
                    entry.make_room(self.instances_max, at)?;
                    Arc::from(self.name.as_str())
                }
            };
            covers.push(Cover { budget: place, instance, start: window.0, end: window.1 });
        }
        for cover in &covers {
            if let Some(entry) = self.entries.get_mut(cover.budget) {
                let unit = entry.budget.unit;
                let window = (cover.start, cover.end);
                if let Some(period) = entry.instance(&cover.instance, window).open(window) {
                    period.hold(amounts.get(unit));
                }
            }
        }
        let id = self.new_id(id);
        let expires = at.saturating_add_ms(i64::try_from(ttl_ms).unwrap_or(i64::MAX));
        let key: Arc<str> = Arc::from(id.as_str());
        self.expiry.insert((expires, self.serial), Arc::clone(&key));
        let hold = Some(Box::new(Hold { amounts, covers: covers.into_boxed_slice(), expires }));
        self.reservations.insert(key, Held { serial: self.serial, phase: Phase::Open, hold, answer: None });
        Ok(Reservation { id, level, expires })
    }

    /// The given id, or the next number that is not in use; counts the reservation.
    fn new_id(&mut self, id: Option<&str>) -> String {
        loop {
            self.serial = self.serial.saturating_add(1);
            let next = id.map_or_else(|| self.serial.to_string(), str::to_owned);
            if id.is_some() || !self.reservations.contains_key(next.as_str()) {
                return next;
            }
        }
    }

    /// Frees the holds whose time has run out at `at`.
    fn expire(&mut self, at: Timestamp) {
        while let Some(first) = self.expiry.first_entry().filter(|first| first.key().0 <= at) {
            let id = first.remove();
            if let Some(held) = self.reservations.get_mut(&id) {
                held.phase = Phase::Expired;
                held.hold.iter().for_each(|hold| free(&mut self.entries, hold));
            }
            self.remember(id);
        }
    }

    fn remember(&mut self, id: Arc<str>) {
        self.closed.push_back(id);
        if self.closed.len() > self.closed_max
            && let Some(oldest) = self.closed.pop_front()
        {
            self.reservations.remove(&oldest);
        }
    }

    pub(super) fn settle(
        &mut self,
        id: &str,
        actual: &Amounts,
        at: Timestamp,
    ) -> Result<Settlement, BudgetError> {
        self.expire(at);
        let actual = actual.quantities()?;
        let Some(held) = self.reservations.get_mut(id) else {
            return Err(BudgetError::UnknownReservation { id: id.to_owned() });
        };
        let Some(hold) = held.hold.take() else {
            return match &held.answer {
                Some(answer) if answer.0 == actual => Ok(answer.1.clone()),
                _ => Err(BudgetError::AlreadySettled { id: id.to_owned() }),
            };
        };
        let late = held.phase != Phase::Open;
        let key = self.expiry.remove(&(hold.expires, held.serial));
        if !late {
            free(&mut self.entries, &hold);
        }
        let spent = actual.or(&hold.amounts);
        let mut events = Vec::new();
        for cover in &hold.covers {
            if let Some(entry) = self.entries.get_mut(cover.budget) {
                let amount = spent.get(entry.budget.unit);
                entry.charge(&cover.instance, (cover.start, cover.end), amount, &mut events);
            }
        }
        let unit = spent.unit();
        let amount = spent.get(unit).unwrap_or_default();
        let hold_amount = hold.amounts.get(unit).unwrap_or_default();
        let released = if late { Quantity::ZERO } else { hold_amount.beyond(amount) };
        let settlement = Settlement { unit, released, overrun: amount.beyond(hold_amount), late, events };
        held.phase = Phase::Settled;
        held.answer = Some(Box::new((actual, settlement.clone())));
        if let Some(key) = key {
            self.remember(key);
        }
        Ok(settlement)
    }

    pub(super) fn release(&mut self, id: &str, at: Timestamp) -> Result<(), BudgetError> {
        self.expire(at);
        let Some(held) = self.reservations.get_mut(id) else {
            return Err(BudgetError::UnknownReservation { id: id.to_owned() });
        };
        let Some(hold) = &held.hold else {
            return Err(BudgetError::AlreadySettled { id: id.to_owned() });
        };
        // A hold that ran out or was released is not among those that will expire.
        if let Some(key) = self.expiry.remove(&(hold.expires, held.serial)) {
            held.phase = Phase::Released;
            free(&mut self.entries, hold);
            self.remember(key);
        }
        Ok(())
    }

    pub(super) fn record_spend(
        &mut self,
        amounts: &Amounts,
        tags: &[(&str, &str)],
        at: Timestamp,
    ) -> Result<Settlement, BudgetError> {
        self.expire(at);
        let amounts = amounts.quantities()?;
        let mut events = Vec::new();
        let mut late = false;
        let mut failed = None;
        for entry in &mut self.entries {
            if !entry.covers(tags, &mut self.name) {
                continue;
            }
            let name = match entry.instances.get_key_value(self.name.as_str()) {
                Some((name, _)) => Arc::clone(name),
                None => match entry.make_room(self.instances_max, at) {
                    Ok(()) => Arc::from(self.name.as_str()),
                    Err(error) => {
                        failed = failed.or(Some(error));
                        continue;
                    }
                },
            };
            let window = entry.budget.window.at(at);
            late |= !entry.charge(&name, window, amounts.get(entry.budget.unit), &mut events);
        }
        match failed {
            Some(error) => Err(error),
            None => {
                let unit = amounts.unit();
                Ok(Settlement { unit, released: Quantity::ZERO, overrun: Quantity::ZERO, late, events })
            }
        }
    }

    pub(super) fn state(&self, id: Option<&str>, at: Timestamp) -> Result<Vec<BudgetState>, BudgetError> {
        // Looking ahead frees nothing: holds that will have run out by then are taken off here.
        let ended = self.expiry.iter().take_while(|((expires, _), _)| *expires <= at);
        let ended: Vec<&Hold> =
            ended.filter_map(|(_, id)| self.reservations.get(id)?.hold.as_deref()).collect();
        let mut states = Vec::new();
        let mut found = id.is_none();
        for (place, entry) in self.entries.iter().enumerate() {
            let mut names: Vec<&str> = Vec::new();
            match id {
                Some(id) if id != entry.budget.id => {
                    let name = id.strip_prefix(entry.budget.id.as_str());
                    let name = name.and_then(|name| name.strip_prefix('{')?.strip_suffix('}'));
                    names.extend(name.filter(|_| !entry.budget.per.is_empty()));
                    found |= !names.is_empty();
                }
                _ => {
                    found = true;
                    if entry.budget.per.is_empty() {
                        names.push("");
                    } else {
                        names.extend(entry.instances.keys().map(|name| &**name));
                        names.sort_unstable();
                    }
                }
            }
            for name in names {
                states.push(state_of(entry, place, name, at, &ended)?);
            }
        }
        if !found {
            return Err(BudgetError::invalid("id", id.unwrap_or_default(), "no budget of that name"));
        }
        Ok(states)
    }

    pub(super) fn tags(&self) -> Vec<String> {
        let tags = self.entries.iter().flat_map(|entry| entry.budget.scope.keys().chain(&entry.budget.per));
        tags.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        let instances = self.entries.iter().map(|entry| entry.instances.len());
        (instances.fold(0, usize::saturating_add), self.expiry.len(), self.closed.len())
    }
}

fn free(entries: &mut [Entry], hold: &Hold) {
    for cover in &hold.covers {
        let Some(entry) = entries.get_mut(cover.budget) else { continue };
        let amount = hold.amounts.get(entry.budget.unit);
        let instance = entry.instances.get_mut(&cover.instance);
        if let Some(period) = instance.and_then(|instance| instance.kept(cover.start)) {
            period.free(amount);
            if period.reserved == Quantity::ZERO {
                entry.look_again();
            }
        }
    }
}

fn state_of(
    entry: &Entry,
    place: usize,
    name: &str,
    at: Timestamp,
    ended: &[&Hold],
) -> Result<BudgetState, BudgetError> {
    let window = entry.budget.window.at(at);
    let period = match entry.instances.get(name) {
        None => Some(Instance::new(window).current),
        Some(instance) => instance.view(window),
    };
    let mut period =
        period.ok_or_else(|| BudgetError::invalid("at", at, "in a window that is no longer kept"))?;
    for hold in ended {
        let here = |c: &&Cover| c.budget == place && *c.instance == *name && c.start == window.0;
        for _ in hold.covers.iter().filter(here) {
            period.free(hold.amounts.get(entry.budget.unit));
        }
    }
    Ok(BudgetState {
        budget: entry.name(name),
        unit: entry.budget.unit,
        limit: entry.limit,
        spent: period.spent,
        reserved: period.reserved,
        remaining: entry.limit.minus(period.spent).minus(period.reserved),
        unpriced: period.unpriced,
        window_start: period.start,
        window_end: period.end,
    })
}

mod name_text {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::sync::Arc;

    pub fn serialize<S: Serializer>(name: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Arc::from)
    }
}

//! What calls of one name have in common: found out at the first, and kept for those that follow.

use super::Tags;
use crate::{
    record::{Context, Head, Price, Sides},
    rollup::Hints,
};
use finops_core::{
    cost::{Standing, Status},
    price::Name,
    time::Timestamp,
    usage::TextUsage,
};
use rustc_hash::{FxHashMap, FxHasher};
use std::{
    hash::{Hash as _, Hasher as _},
    sync::Arc,
};

/// Names that are kept at once: more than a process asks for, and some hundred kB at most.
const MAX_ROUTES: usize = 64;
/// A full table starts anew after so many calls that found no room in it.
const PATIENCE: u32 = 4096;
/// Calls of another time after which a price is decided anew: so many that deciding it pays.
const STALE: u32 = 16;

/// Prices of names, as long as neither prices nor factors nor the groups of the roll-up change.
#[derive(Debug, Default)]
pub(super) struct Routes {
    list: Vec<Route>,
    /// Places in `list`, by a hash of the name.
    index: FxHashMap<u64, usize>,
    /// That of the last call: most calls are as the one before.
    last: usize,
    turned_away: u32,
}

#[derive(Debug)]
struct Route {
    model: Box<str>,
    provider: Option<Box<str>>,
    standing: Standing,
    /// One for each case of the price.
    lanes: Vec<Option<Lane>>,
    /// Calls in a row at whose time the price does not stand.
    stale: u32,
}

/// Calls of one name and one price.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) head: Arc<Head>,
    pub(super) status: Status,
    /// The place in the roll-up of calls with these tags.
    group: Option<(Tags, usize)>,
    pub(super) hints: Hints,
}

impl Lane {
    /// The place in the roll-up of a call with `tags`, where it is known.
    #[inline]
    pub(super) fn group(&self, tags: &Tags) -> Option<usize> {
        self.group.as_ref().filter(|(known, _)| known.is_same(tags)).map(|(_, place)| *place)
    }

    /// The tags of the group that is known: those of the last call.
    #[inline]
    pub(super) fn tags(&self) -> Option<&Tags> {
        self.group.as_ref().map(|(tags, _)| tags)
    }

    pub(super) fn remember(&mut self, tags: &Tags, place: usize) {
        self.group = Some((tags.clone(), place));
    }
}

impl Route {
    #[inline]
    fn is_of(&self, model: &str, provider: Option<&str>) -> bool {
        *self.model == *model && self.provider.as_deref() == provider
    }
}

impl Routes {
    /// What a call costs, where a call like it was seen before.
    #[inline]
    pub(super) fn price(
        &mut self,
        model: &str,
        provider: Option<&str>,
        usage: &TextUsage,
        at: Timestamp,
    ) -> Option<(&mut Lane, Sides)> {
        if self.list.get(self.last).is_none_or(|route| !route.is_of(model, provider)) {
            self.last = self.find(model, provider)?;
        }
        let route = self.list.get_mut(self.last)?;
        let cost = route.standing.price(usage, at)?;
        route.stale = 0;
        let lane = route.lanes.get_mut(cost.case)?.as_mut()?;
        Some((lane, Sides { input: cost.input, output: cost.output }))
    }

    #[inline(never)]
    fn find(&self, model: &str, provider: Option<&str>) -> Option<usize> {
        let place = *self.index.get(&hash(model, provider))?;
        self.list.get(place).filter(|route| route.is_of(model, provider)).map(|_| place)
    }

    /// Whether it is worth deciding the price of calls of that name: none is kept, or none that stands at `at`.
    pub(super) fn wants(&mut self, model: &str, provider: Option<&str>, at: Timestamp) -> bool {
        if let Some(route) = self.find(model, provider).and_then(|place| self.list.get_mut(place)) {
            if !route.standing.covers(at) {
                route.stale = route.stale.saturating_add(1);
            }
            return route.stale >= STALE;
        }
        if self.list.len() < MAX_ROUTES {
            return true;
        }
        self.turned_away = self.turned_away.saturating_add(1);
        self.turned_away >= PATIENCE
    }

    /// Keeps the price of a name.
    pub(super) fn keep(
        &mut self,
        model: &Name,
        provider: (Option<&str>, Option<Name>),
        standing: Standing,
        context: &Arc<Context>,
    ) {
        let (given, shown) = provider;
        let lanes = (0..standing.cases()).map(|case| {
            let charge = standing.charge(case)?;
            let head = Head {
                model: model.clone(),
                provider: shown.clone(),
                price: Price::Charged(charge.clone()),
                context: Arc::clone(context),
            };
            Some(Lane { head: Arc::new(head), status: charge.status(), group: None, hints: Hints::default() })
        });
        let lanes = lanes.collect();
        let route =
            Route { model: (**model).into(), provider: given.map(Into::into), standing, lanes, stale: 0 };
        let known = self.find(model, given);
        if known.is_none() && self.list.len() >= MAX_ROUTES {
            *self = Self::default();
        }
        match known.and_then(|place| self.list.get_mut(place)) {
            Some(slot) => *slot = route,
            None => {
                self.index.insert(hash(model, given), self.list.len());
                self.list.push(route);
            }
        }
    }
}

fn hash(model: &str, provider: Option<&str>) -> u64 {
    let mut hasher = FxHasher::default();
    (model, provider).hash(&mut hasher);
    hasher.finish()
}

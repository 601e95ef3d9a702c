//! The rows of an allocation: what one container, or what no container, costs.

pub use super::kind::{Column, RowKind, RowStatus, UsageBasis};
use crate::{
    error::Fault,
    money::{Nanos, overflow},
};

/// Amounts over time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Nanocore-seconds.
    pub cpu: u128,
    /// Byte-seconds.
    pub memory: u128,
}

/// The costs that idle time and shared rows add to a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attributed {
    /// The row's part of idle time; always computed, in totals when idle is shared.
    pub idle: Nanos,
    /// The row's part of shared costs; negative where the row is shared.
    pub shared: Nanos,
    /// The idle time that travels with shared costs.
    pub shared_idle: Nanos,
}

/// One row. Names are indices into the tables of its set.
///
/// A set has millions of rows, and most say little: what few rows have stands apart, see [`Rest`].
#[derive(Debug, Clone)]
pub struct Row {
    pub(super) node: u32,
    pub(super) namespace: u32,
    pub(super) pod: u32,
    pub(super) container: u32,
    /// What it stands for.
    pub kind: RowKind,
    /// Whether its cost is known.
    pub status: RowStatus,
    /// What is known of the use of cores and memory.
    pub basis: [UsageBasis; 2],
    /// Seconds in which the container ran and its node was there.
    pub seconds: u32,
    /// First second, from the start of the set's window.
    pub start: u32,
    /// End, outside, likewise.
    pub end: u32,
    /// Requests over time: nanocore-seconds and byte-seconds.
    requested: [u64; 2],
    /// What cores and memory cost.
    near: [Nanos; 2],
    idle: Nanos,
    /// The row's cost as the set distributes it.
    pub total: Nanos,
    rest: Option<Box<Rest>>,
}

/// What few rows have: known use, accelerators, and [`More`].
#[derive(Debug, Clone, Default)]
struct Rest {
    used: [u64; 2],
    /// Where it is not what was requested.
    claimed: Option<[u64; 2]>,
    known_seconds: [u32; 2],
    gpu: u64,
    more: Option<Box<More>>,
}

/// What fewer rows have: other costs than those of cores and memory, shared costs, a list price.
#[derive(Debug, Clone, Default)]
struct More {
    /// From accelerators on.
    cost: [Nanos; 5],
    shared: Nanos,
    shared_idle: Nanos,
    /// Where it is not the total.
    list: Option<Nanos>,
    /// Where one of the amounts is beyond 64 bits: all of them.
    wide: Option<Box<Wide>>,
}

#[derive(Debug, Clone)]
struct Wide {
    requested: Amounts,
    used: Amounts,
    claimed: Amounts,
}

/// Columns that every row has room for.
const NEAR: usize = 2;

/// No entry in a table.
pub(super) const NONE: u32 = u32::MAX;

impl Row {
    pub(super) const fn new(kind: RowKind, node: u32, namespace: u32) -> Self {
        Self {
            node,
            namespace,
            pod: NONE,
            container: NONE,
            kind,
            status: RowStatus::Priced,
            basis: [UsageBasis::None; 2],
            seconds: 0,
            start: 0,
            end: 0,
            requested: [0; 2],
            near: [Nanos::ZERO; 2],
            idle: Nanos::ZERO,
            total: Nanos::ZERO,
            rest: None,
        }
    }

    fn rest_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    fn more(&self) -> Option<&More> {
        self.rest.as_ref()?.more.as_deref()
    }

    fn more_mut(&mut self) -> &mut More {
        self.rest_mut().more.get_or_insert_default()
    }

    fn wide(&self) -> Option<&Wide> {
        self.more()?.wide.as_deref()
    }

    /// Requests over time.
    #[must_use]
    pub fn requested(&self) -> Amounts {
        self.wide().map_or_else(|| Amounts::narrow(self.requested), |wide| wide.requested)
    }

    /// Use over the known time.
    #[must_use]
    pub fn used(&self) -> Amounts {
        let narrow = || self.rest.as_ref().map_or_else(Amounts::default, |rest| Amounts::narrow(rest.used));
        self.wide().map_or_else(narrow, |wide| wide.used)
    }

    /// The larger of request and use over time.
    #[must_use]
    pub fn claimed(&self) -> Amounts {
        let own = || self.rest.as_ref().and_then(|rest| rest.claimed).unwrap_or(self.requested);
        self.wide().map_or_else(|| Amounts::narrow(own()), |wide| wide.claimed)
    }

    /// Seconds of the row's in which its use of cores and of memory is known.
    #[must_use]
    pub fn known_seconds(&self) -> [u32; 2] {
        self.rest.as_ref().map_or([0; 2], |rest| rest.known_seconds)
    }

    /// Accelerators requested, and so claimed, over time: seconds of `1/scale` milli-devices, see
    /// [`NodeAsset::gpu_scale`](super::NodeAsset::gpu_scale).
    #[must_use]
    pub fn gpu(&self) -> u64 {
        self.rest.as_ref().map_or(0, |rest| rest.gpu)
    }

    /// Cost by [`Column`].
    #[must_use]
    pub fn cost(&self) -> [Nanos; 7] {
        let [cpu, memory] = self.near;
        let [gpu, volume, balancer, network, external] =
            self.more().map_or([Nanos::ZERO; 5], |more| more.cost);
        [cpu, memory, gpu, volume, balancer, network, external]
    }

    /// What idle time and shared rows add.
    #[must_use]
    pub fn attributed(&self) -> Attributed {
        let (shared, shared_idle) =
            self.more().map_or_else(Default::default, |more| (more.shared, more.shared_idle));
        Attributed { idle: self.idle, shared, shared_idle }
    }

    /// The total by list price, where a bill replaced prices; else the total.
    #[must_use]
    pub fn list(&self) -> Nanos {
        self.more().and_then(|more| more.list).unwrap_or(self.total)
    }

    /// Sets requests, use and claims.
    pub(super) fn set_amounts(&mut self, requested: Amounts, used: Amounts, claimed: Amounts) {
        let narrow = requested.to_narrow().zip(used.to_narrow()).zip(claimed.to_narrow());
        let Some(((requested, used), claimed)) = narrow else {
            self.more_mut().wide = Some(Box::new(Wide { requested, used, claimed }));
            return;
        };
        self.requested = requested;
        if used != [0; 2] || claimed != requested || self.rest.is_some() {
            let rest = self.rest_mut();
            rest.used = used;
            rest.claimed = (claimed != requested).then_some(claimed);
            if let Some(more) = &mut rest.more {
                more.wide = None;
            }
        }
    }

    pub(super) fn set_known_seconds(&mut self, seconds: [u32; 2]) {
        if seconds != self.known_seconds() {
            self.rest_mut().known_seconds = seconds;
        }
    }

    pub(super) fn set_gpu(&mut self, gpu: u64) {
        if gpu != self.gpu() {
            self.rest_mut().gpu = gpu;
        }
    }

    /// Sets the total by list price; the total is set before.
    pub(super) fn set_list(&mut self, list: Nanos) {
        if list != self.list() {
            self.more_mut().list = Some(list);
        }
    }

    /// Keeps the total by list price while the total changes.
    pub(super) fn keep_list(&mut self) {
        let list = self.list();
        self.more_mut().list = Some(list);
    }

    /// What the row claims of the pool of a column.
    pub(super) fn claim(&self, column: usize) -> u128 {
        if self.rest.is_none() {
            return self.requested.get(column).copied().unwrap_or(0).into();
        }
        match column {
            0 => self.claimed().cpu,
            1 => self.claimed().memory,
            _ => self.gpu().into(),
        }
    }

    /// The cost in one column.
    #[must_use]
    pub fn column(&self, column: Column) -> Nanos {
        self.cell(column as usize)
    }

    pub(super) fn cell(&self, column: usize) -> Nanos {
        match column.checked_sub(NEAR) {
            None => self.near.get(column).copied().unwrap_or_default(),
            Some(far) => self.more().and_then(|more| more.cost.get(far)).copied().unwrap_or_default(),
        }
    }

    /// The sum of the cost columns: what the row costs before idle time and shared costs.
    #[must_use]
    pub fn direct(&self) -> i128 {
        let sum = |cells: &[Nanos]| cells.iter().map(|cost| i128::from(cost.get())).sum::<i128>();
        sum(&self.near).saturating_add(self.more().map_or(0, |more| sum(&more.cost)))
    }

    /// Sets the total: what it costs, what is shared and, `with_idle`, its part of idle time.
    pub(super) fn sum_up(&mut self, with_idle: bool) -> Result<(), Fault> {
        let Attributed { idle, shared, shared_idle } = self.attributed();
        let idle = if with_idle { [idle, shared_idle] } else { [Nanos::ZERO; 2] };
        let added = [shared, idle[0], idle[1]];
        let total = added.iter().try_fold(self.direct(), |sum, part| sum.checked_add(part.get().into()));
        self.total = nanos(total.ok_or_else(overflow)?)?;
        Ok(())
    }

    /// Whether the row is listed: the special rows are there for every node and show when they have a cost.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.kind.is_ordinary() || !self.total.is_zero() || self.cost().iter().any(|cost| !cost.is_zero())
    }

    /// Adds to the cost in a column.
    pub(super) fn add(&mut self, column: usize, amount: i128) -> Result<(), Fault> {
        if amount == 0 {
            return Ok(());
        }
        let cell = match column.checked_sub(NEAR) {
            None => self.near.get_mut(column),
            Some(far) => self.more_mut().cost.get_mut(far),
        };
        plus(cell.ok_or_else(overflow)?, amount)
    }

    /// Adds to the attributed idle time.
    pub(super) fn add_idle(&mut self, amount: i128) -> Result<(), Fault> {
        plus(&mut self.idle, amount)
    }

    /// Adds to the attributed shared costs, and to the idle time that travels with them.
    pub(super) fn add_shared(&mut self, costs: i128, idle: i128) -> Result<(), Fault> {
        if (costs, idle) == (0, 0) {
            return Ok(());
        }
        let more = self.more_mut();
        plus(&mut more.shared, costs)?;
        plus(&mut more.shared_idle, idle)
    }

    /// Takes back costs and what is attributed.
    pub(super) fn unprice(&mut self) {
        (self.near, self.idle) = ([Nanos::ZERO; 2], Nanos::ZERO);
        if let Some(more) = self.rest.as_mut().and_then(|rest| rest.more.as_mut()) {
            more.cost = [Nanos::ZERO; 5];
            (more.shared, more.shared_idle) = (Nanos::ZERO, Nanos::ZERO);
        }
    }

    /// Whether it says the same as a row of another set, whose pods may be numbered otherwise.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let names = |row: &Self| (row.node, row.namespace, row.container, row.kind, row.status);
        let times = |row: &Self| (row.seconds, row.start, row.end, row.known_seconds(), row.basis);
        let amounts = |row: &Self| (row.requested(), row.used(), row.claimed(), row.gpu());
        let costs = |row: &Self| (row.cost(), row.attributed(), row.total, row.list());
        names(self) == names(other)
            && times(self) == times(other)
            && amounts(self) == amounts(other)
            && costs(self) == costs(other)
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.pod == other.pod && self.agrees(other)
    }
}

impl Eq for Row {}

impl Amounts {
    fn narrow([cpu, memory]: [u64; 2]) -> Self {
        Self { cpu: cpu.into(), memory: memory.into() }
    }

    fn to_narrow(self) -> Option<[u64; 2]> {
        Some([u64::try_from(self.cpu).ok()?, u64::try_from(self.memory).ok()?])
    }
}

fn plus(cell: &mut Nanos, amount: i128) -> Result<(), Fault> {
    *cell = nanos(i128::from(cell.get()).checked_add(amount).ok_or_else(overflow)?)?;
    Ok(())
}

/// `amount` as a cell.
pub(super) fn nanos(amount: i128) -> Result<Nanos, Fault> {
    i64::try_from(amount).map(Nanos::new).map_err(|_| overflow())
}

/// A table index.
pub(super) fn index(position: usize) -> Result<u32, Fault> {
    u32::try_from(position).ok().filter(|index| *index != NONE).ok_or_else(|| {
        let problem = "more than 4,294,967,294 names or rows";
        Fault::new("allocation.overflow", "", problem, "split the inventory into smaller parts")
    })
}

/// The place that a table index names.
pub(super) fn place(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// What a wide sum prints as.
pub(super) fn text(amount: i128) -> String {
    match i64::try_from(amount) {
        Ok(count) => Nanos::new(count).to_string(),
        Err(_) => {
            let sign = if amount < 0 { "-" } else { "" };
            let count = amount.unsigned_abs();
            let (whole, rest) = (count.div_euclid(1_000_000_000), count.rem_euclid(1_000_000_000));
            let fraction = format!("{rest:09}");
            format!("{sign}{whole}.{fraction}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(cpu: u128, memory: u128) -> Amounts {
        Amounts { cpu, memory }
    }

    #[test]
    fn amounts_of_any_size_are_kept() {
        let (small, large) = (amounts(3, u64::MAX.into()), amounts(5, 1 << 64));
        let nothing = Amounts::default();
        for (requested, used, claimed) in
            [(small, nothing, small), (small, small, small), (nothing, small, large), (large, nothing, large)]
        {
            let mut row = Row::new(RowKind::Container, 0, 0);
            // What is set again replaces what was there, however it was kept.
            for (requested, used, claimed) in [(large, large, large), (requested, used, claimed)] {
                row.set_amounts(requested, used, claimed);
                assert_eq!((row.requested(), row.used(), row.claimed()), (requested, used, claimed));
                assert_eq!((row.claim(0), row.claim(1), row.claim(2)), (claimed.cpu, claimed.memory, 0));
            }
            let mut fresh = Row::new(RowKind::Container, 0, 0);
            fresh.set_amounts(requested, used, claimed);
            assert_eq!(row, fresh);
        }
    }

    #[test]
    fn a_list_price_stays_while_the_total_changes() {
        let mut row = Row::new(RowKind::Container, 0, 0);
        row.add(1, 7).unwrap();
        row.add(6, -2).unwrap();
        row.add_shared(0, 4).unwrap();
        row.total = Nanos::new(9);
        assert_eq!((row.direct(), row.list(), row.attributed().shared_idle), (5, row.total, Nanos::new(4)));
        row.keep_list();
        row.unprice();
        row.total = Nanos::ZERO;
        assert_eq!((row.direct(), row.list(), row.attributed()), (0, Nanos::new(9), Attributed::default()));
    }

    #[test]
    fn a_row_takes_88_bytes() {
        assert_eq!(size_of::<Row>(), 88);
    }
}

//! The figures of a report.

use super::{
    Kpi, Period, Recommendation, ReportInputs,
    advice::{self, Aged},
    kpi::{self, FromLedger},
};
use crate::{
    LedgerError,
    baseline::HOURS_PER_MONTH,
    date::Date,
    number::Exact,
    opportunity::{Opportunity, Status},
    savings::{Conversion, SavingsLedger, Sum, or_unallocated},
    verification::Verdict,
};
use std::collections::BTreeMap;

const MS_PER_DAY: i64 = 86_400_000;
/// Periods of the trend.
const TREND: usize = 12;
/// Rows of the list of the largest open items.
const TOP: usize = 10;

/// Events that a report counts, without `opportunity.`.
pub(super) const COUNTED: [&str; 11] = [
    "detected",
    "proposed",
    "approved",
    "implemented",
    "verified",
    "inconclusive",
    "regressed",
    "rejected",
    "expired",
    "failed",
    "rolled_back",
];

/// Realised savings and their two parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Claimed.
    pub realized: Exact,
    /// The part by which the bill falls.
    pub cash_reduction: Exact,
    /// The part that growth would have added.
    pub avoided_growth: Exact,
}

impl Amounts {
    fn add(&mut self, other: &Self) {
        self.realized = self.realized.plus(&other.realized);
        self.cash_reduction = self.cash_reduction.plus(&other.cash_reduction);
        self.avoided_growth = self.avoided_growth.plus(&other.avoided_growth);
    }
}

/// The totals of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Netted estimates of open, implemented and verified items, per 730-hour month.
    pub estimated_monthly: Exact,
    /// The plain sum of the same.
    pub estimated_gross: Exact,
    /// Booked in the period.
    pub booked: Amounts,
    /// Realised from 1 January of the year of the last day.
    pub realized_ytd: Exact,
    /// Twelve times the monthly run rates of verified items.
    pub annual_run_rate: Exact,
    /// Brought along by imports, of any time.
    pub realized_imported: Exact,
    /// Claims of inconclusive rows booked in the period; not counted anywhere else.
    pub inconclusive: Exact,
}

/// One row of a breakdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Team, type or cluster.
    pub key: String,
    /// Open items.
    pub open: u64,
    /// Netted estimates.
    pub estimated_monthly: Exact,
    /// Booked in the period.
    pub booked: Amounts,
}

/// One of the largest open items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    /// The item.
    pub id: String,
    /// Its type.
    pub opportunity_type: String,
    /// Resource, else namespace and workload.
    pub place: String,
    /// Who owns it.
    pub team: String,
    /// Where it stands.
    pub status: Status,
    /// What counts of its estimate.
    pub net: Exact,
}

/// An item whose saving has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regression {
    /// The item.
    pub id: String,
    /// Its type.
    pub opportunity_type: String,
    /// Who owns it.
    pub team: String,
    /// Days in this state at the period's end.
    pub days: i64,
    /// What it saved in all.
    pub realized: Exact,
}

/// Everything a report says; JSON, Markdown and HTML are renderings of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The week or month.
    pub period: Period,
    /// Records of the log that the figures stand on.
    pub size: u64,
    /// ISO 4217; `None` without items.
    pub currency: Option<String>,
    /// The prices of the figures: one basis, `mixed`, or `None` without items.
    pub price_basis: Option<&'static str>,
    /// What came in beside the ledger.
    pub inputs: ReportInputs,
    /// The totals.
    pub totals: Totals,
    /// Key figures.
    pub kpis: Vec<Kpi>,
    /// Events of the period by kind, without `opportunity.`.
    pub counts: Vec<(&'static str, u64)>,
    /// Items by state.
    pub by_status: Vec<(Status, u64)>,
    /// By team.
    pub by_team: Vec<Group>,
    /// By type.
    pub by_type: Vec<Group>,
    /// By cluster.
    pub by_cluster: Vec<Group>,
    /// The largest open items.
    pub top: Vec<Top>,
    /// The last 12 periods, oldest first.
    pub trend: Vec<(String, Amounts)>,
    /// Lower median of days in a state, for states that wait for someone.
    pub ageing_days: Vec<(Status, i64)>,
    /// Items whose saving has gone.
    pub regressions: Vec<Regression>,
    /// What to do next.
    pub recommendations: Vec<Recommendation>,
}

/// Adds up the items of a report in one currency.
struct Builder<'a> {
    ledger: &'a SavingsLedger,
    sum: Sum<'a>,
    nets: BTreeMap<String, Exact>,
}

impl<'a> Builder<'a> {
    fn new(ledger: &'a SavingsLedger, inputs: &'a ReportInputs) -> Result<Self, LedgerError> {
        let to = inputs.currency.as_deref();
        let conversion = to.map(|to| Conversion { table: ledger.fx(), to });
        let mut sum = Sum::new(conversion);
        let mut nets = BTreeMap::new();
        for (id, net) in ledger.nets()? {
            let currency = ledger.get(&id).map(|item| item.currency.as_str()).unwrap_or_default();
            nets.insert(id, sum.part(&net.net, currency, None)?);
        }
        Ok(Self { ledger, sum, nets })
    }

    fn net(&self, id: &str) -> Exact {
        self.nets.get(id).cloned().unwrap_or_default()
    }

    fn estimate(&mut self, item: &Opportunity) -> Result<Exact, LedgerError> {
        Ok(self.sum.part(&item.estimated_monthly_savings, &item.currency, None)?)
    }

    /// Bookings as amounts, with time, item, verdict and place in the log.
    fn bookings(&mut self) -> Result<Vec<Booked<'a>>, LedgerError> {
        let mut out = Vec::new();
        for booking in self.ledger.bookings() {
            let currency =
                self.ledger.get(&booking.opportunity).map(|o| o.currency.as_str()).unwrap_or_default();
            let mut part = |amount: &Exact| self.sum.part(amount, currency, Some(Date::of(booking.at)));
            let (realized, avoided_growth) = (part(&booking.claimed)?, part(&booking.avoided_growth)?);
            // Three conversions could disagree by a step of the last digit; a difference cannot.
            let cash_reduction = realized.minus(&avoided_growth);
            let amounts = Amounts { realized, cash_reduction, avoided_growth };
            out.push(Booked { booking, amounts });
        }
        Ok(out)
    }
}

struct Booked<'a> {
    booking: &'a crate::savings::Booking,
    amounts: Amounts,
}

impl Booked<'_> {
    fn counts(&self) -> bool {
        self.booking.verdict != Verdict::Inconclusive
    }
}

impl Report {
    /// The report of a week or month from the state of `ledger`: bookings and counts go by the time of their events.
    ///
    /// # Errors
    /// `ledger.report.period`, `ledger.savings.mixed_currency`.
    pub fn build(ledger: &SavingsLedger, inputs: &ReportInputs, label: &str) -> Result<Self, LedgerError> {
        let period = Period::parse(label)?;
        let mut builder = Builder::new(ledger, inputs)?;
        let booked = builder.bookings()?;
        let mut totals = totals(&mut builder, &booked, &period)?;
        let (run_rate, estimates) = run_rates(&mut builder)?;
        totals.annual_run_rate = run_rate.times(&Exact::from_int(12));
        let mut by_item: BTreeMap<&str, Amounts> = BTreeMap::new();
        for entry in booked.iter().filter(|b| b.counts() && period.contains(b.booking.at)) {
            by_item.entry(&entry.booking.opportunity).or_default().add(&entry.amounts);
        }
        let group = |key: fn(&Opportunity) -> &str| groups(&builder, &by_item, key);
        let (by_team, by_type) = (group(|o| &o.team), group(|o| &o.opportunity_type));
        let by_cluster = group(|o| &o.cluster);
        let aged = aged(&builder, &period);
        let estimates_of_failed = {
            let mut sum = Exact::zero();
            for item in ledger.opportunities().filter(|o| o.status == Status::Failed) {
                sum = sum.plus(&builder.estimate(item)?);
            }
            sum
        };
        let anchored = inputs.anchored_up_to.map(|size| {
            let below = |b: &&Booked<'_>| b.counts() && period.contains(b.booking.at) && b.booking.seq < size;
            booked.iter().filter(below).map(|b| &b.amounts.realized).sum()
        });
        let realized = totals.booked.realized.clone();
        let kpis = kpi::all(&FromLedger { run_rate, estimates, realized, anchored }, inputs);
        let regressions = regressions(&mut builder, &aged)?;
        let recommendations = advice::recommend(&advice::Grounds {
            aged: &aged,
            estimates_of_failed: &estimates_of_failed,
            realisation_rate: kpis.first().and_then(|kpi| kpi.value.as_ref()),
            verified_items: verified_with_rows(ledger).count(),
            size: ledger.size(),
            inputs,
            period: &period,
        });
        Ok(Self {
            size: ledger.size(),
            currency: builder.sum.currency().map(str::to_owned).or_else(|| one_currency(ledger)),
            price_basis: price_basis(ledger),
            counts: counts(ledger, &period),
            by_status: by_status(ledger),
            top: top(&builder),
            trend: trend(&booked, &period),
            ageing_days: ageing(&aged),
            regressions,
            inputs: inputs.clone(),
            period,
            totals,
            kpis,
            by_team,
            by_type,
            by_cluster,
            recommendations,
        })
    }
}

fn totals(builder: &mut Builder<'_>, booked: &[Booked<'_>], period: &Period) -> Result<Totals, LedgerError> {
    let mut totals = Totals::default();
    for item in builder.ledger.items().values() {
        let opportunity = &item.opportunity;
        if opportunity.status.counts_estimate() {
            totals.estimated_monthly = totals.estimated_monthly.plus(&builder.net(&opportunity.id));
            totals.estimated_gross = totals.estimated_gross.plus(&builder.estimate(opportunity)?);
        }
        let on = Some(Date::of(item.entered_at));
        let imported = builder.sum.part(&opportunity.realized_savings, &opportunity.currency, on)?;
        totals.realized_imported = totals.realized_imported.plus(&imported);
    }
    let (year, ..) = period.last_day().civil();
    let from = Date::from_civil(year, 1, 1).unwrap_or(period.start);
    for entry in booked {
        let (at, amount) = (entry.booking.at, &entry.amounts.realized);
        match (entry.counts(), period.contains(at)) {
            (true, true) => totals.booked.add(&entry.amounts),
            (false, true) => totals.inconclusive = totals.inconclusive.plus(amount),
            _ => {}
        }
        if entry.counts() && (from.start_ms()..period.end.start_ms()).contains(&at.ms()) {
            totals.realized_ytd = totals.realized_ytd.plus(amount);
        }
    }
    Ok(totals)
}

fn verified_with_rows(ledger: &SavingsLedger) -> impl Iterator<Item = (&Opportunity, &crate::savings::Row)> {
    let verified = ledger.opportunities().filter(|item| item.status == Status::Verified);
    verified.filter_map(|item| ledger.rows_of(&item.id).next_back().map(|row| (item, row)))
}

/// Monthly run rates of verified items, each of its last row, and the estimates of the same items.
fn run_rates(builder: &mut Builder<'_>) -> Result<(Exact, Exact), LedgerError> {
    let (mut run_rate, mut estimates) = (Exact::zero(), Exact::zero());
    for (item, row) in verified_with_rows(builder.ledger) {
        let row = &row.verification;
        let rate = builder.sum.part(&row.run_rate(), &row.currency, Some(row.period_end))?;
        run_rate = run_rate.plus(&rate);
        estimates = estimates.plus(&builder.estimate(item)?);
    }
    Ok((run_rate, estimates))
}

fn groups(
    builder: &Builder<'_>,
    by_item: &BTreeMap<&str, Amounts>,
    key: fn(&Opportunity) -> &str,
) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for item in builder.ledger.opportunities() {
        let key = or_unallocated(key(item));
        let group = groups.entry(key).or_insert_with(|| Group {
            key: key.to_owned(),
            open: 0,
            estimated_monthly: Exact::zero(),
            booked: Amounts::default(),
        });
        group.open = group.open.saturating_add(u64::from(item.status.is_open()));
        group.estimated_monthly = group.estimated_monthly.plus(&builder.net(&item.id));
        if let Some(amounts) = by_item.get(item.id.as_str()) {
            group.booked.add(amounts);
        }
    }
    groups.into_values().collect()
}

fn aged<'a>(builder: &Builder<'a>, period: &Period) -> Vec<Aged<'a>> {
    let end = period.end.start_ms();
    let of = |item: &'a crate::savings::Item| {
        let days = end.saturating_sub(item.entered_at.ms()).div_euclid(MS_PER_DAY).max(0);
        Aged { item: &item.opportunity, net: builder.net(&item.opportunity.id), days }
    };
    builder.ledger.items().values().map(of).collect()
}

fn ageing(aged: &[Aged<'_>]) -> Vec<(Status, i64)> {
    let waits = |status: Status| {
        use Status::{Failed, Implemented, Inconclusive, Regressed};
        status.is_open() || matches!(status, Implemented | Inconclusive | Regressed | Failed)
    };
    let median = |status: Status| {
        let mut days: Vec<i64> = aged.iter().filter(|a| a.item.status == status).map(|a| a.days).collect();
        days.sort_unstable();
        let middle = days.len().checked_sub(1)?.div_euclid(2);
        days.get(middle).map(|days| (status, *days))
    };
    Status::ALL.into_iter().filter(|status| waits(*status)).filter_map(median).collect()
}

fn regressions(builder: &mut Builder<'_>, aged: &[Aged<'_>]) -> Result<Vec<Regression>, LedgerError> {
    let mut gone = Vec::new();
    for a in aged.iter().filter(|a| a.item.status == Status::Regressed) {
        let Some(item) = builder.ledger.items().get(&a.item.id) else { continue };
        gone.push(Regression {
            id: a.item.id.clone(),
            opportunity_type: a.item.opportunity_type.clone(),
            team: or_unallocated(&a.item.team).to_owned(),
            days: a.days,
            realized: builder.ledger.realized_in(item, &mut builder.sum)?,
        });
    }
    Ok(gone)
}

fn counts(ledger: &SavingsLedger, period: &Period) -> Vec<(&'static str, u64)> {
    let mut counts = COUNTED.map(|event| (event, 0_u64));
    for step in ledger.steps().iter().filter(|step| period.contains(step.at)) {
        if let Some((_, count)) = counts.iter_mut().find(|(event, _)| *event == step.event) {
            *count = count.saturating_add(1);
        }
    }
    counts.to_vec()
}

fn by_status(ledger: &SavingsLedger) -> Vec<(Status, u64)> {
    let mut counts: BTreeMap<Status, u64> = BTreeMap::new();
    for item in ledger.opportunities() {
        let count = counts.entry(item.status).or_default();
        *count = count.saturating_add(1);
    }
    Status::ALL.into_iter().map(|status| (status, counts.get(&status).copied().unwrap_or(0))).collect()
}

fn top(builder: &Builder<'_>) -> Vec<Top> {
    let open = builder.ledger.opportunities().filter(|item| item.status.is_open());
    let mut top: Vec<Top> = open
        .map(|item| Top {
            id: item.id.clone(),
            opportunity_type: item.opportunity_type.clone(),
            place: match (item.resource.is_empty(), item.namespace.is_empty()) {
                (false, _) => item.resource.clone(),
                (true, false) => format!("{}/{}", item.namespace, item.workload),
                (true, true) => item.workload.clone(),
            },
            team: or_unallocated(&item.team).to_owned(),
            status: item.status,
            net: builder.net(&item.id),
        })
        .filter(|top| top.net.is_positive())
        .collect();
    top.sort_by(|a, b| b.net.cmp(&a.net).then_with(|| a.id.cmp(&b.id)));
    top.truncate(TOP);
    top
}

fn trend(booked: &[Booked<'_>], period: &Period) -> Vec<(String, Amounts)> {
    let periods = std::iter::successors(Some(period.clone()), Period::previous).take(TREND);
    let of = |period: Period| {
        let mut amounts = Amounts::default();
        for entry in booked.iter().filter(|b| b.counts() && period.contains(b.booking.at)) {
            amounts.add(&entry.amounts);
        }
        (period.label, amounts)
    };
    let mut trend: Vec<_> = periods.map(of).collect();
    trend.reverse();
    trend
}

fn price_basis(ledger: &SavingsLedger) -> Option<&'static str> {
    let mut all = ledger.opportunities().map(|item| item.price_basis.as_str());
    let first = all.next()?;
    Some(if all.all(|basis| basis == first) { first } else { "mixed" })
}

/// The currency of items that are all estimated at 0.
fn one_currency(ledger: &SavingsLedger) -> Option<String> {
    let mut all = ledger.opportunities().map(|item| item.currency.as_str());
    let first = all.next()?;
    all.all(|currency| currency == first).then(|| first.to_owned())
}

/// Hours that stand behind every monthly figure, for the notes of a report.
pub(super) const MONTH_HOURS: i64 = HOURS_PER_MONTH;

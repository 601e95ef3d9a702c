//! What a report shows to people: sections, tables and charts, once for Markdown and HTML.

use super::{
    Report,
    model::{Group, MONTH_HOURS},
};
use crate::number::{Exact, round_rows};

/// Rows that a table shows before the rest is added up.
const ROWS_MAX: usize = 50;
/// Bars that a chart shows; the table beside it has the rest.
const BARS_MAX: usize = 15;
/// Digits of money for people.
const CENTS: u32 = 2;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Words, perhaps of a user.
    Text(String),
    /// A formatted number.
    Number(String),
    /// Unknown, and why.
    Unknown(String),
}

/// A table; the first column names its rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub caption: String,
    /// Name, and whether the column holds numbers.
    pub columns: Vec<(&'static str, bool)>,
    pub rows: Vec<Vec<Cell>>,
    pub total: Option<Vec<Cell>>,
}

/// A bar chart; its numbers stand in the table of the same section.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub title: String,
    pub description: String,
    /// Label, value (`None`: unknown) and the value for people.
    pub bars: Vec<(String, Option<Exact>, String)>,
}

/// A heading with what stands under it.
#[derive(Debug, Clone, Default)]
pub(super) struct Section {
    pub id: &'static str,
    pub heading: String,
    pub text: Vec<String>,
    pub chart: Option<Chart>,
    pub table: Option<Table>,
}

/// A report for people.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub title: String,
    pub subtitle: String,
    /// Name, value and what it means.
    pub lead: Vec<(&'static str, String, &'static str)>,
    pub sections: Vec<Section>,
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn number(n: impl ToString) -> Cell {
    Cell::Number(n.to_string())
}

/// Currency and amounts of a report, in one place.
struct Money<'a>(&'a str);

impl Money<'_> {
    fn show(&self, amount: &Exact) -> String {
        if self.0.is_empty() {
            amount.display(CENTS)
        } else {
            format!("{} {}", self.0, amount.display(CENTS))
        }
    }
}

pub(super) fn document(report: &Report) -> Document {
    let money = Money(report.currency.as_deref().unwrap_or_default());
    let totals = &report.totals;
    let noun = report.period.cadence.as_str();
    let mut sections = vec![actions(report, &money), trend(report, &money)];
    sections.push(breakdown("teams", "By team", "Team", &report.by_team, &money));
    sections.push(breakdown("types", "By type of change", "Type", &report.by_type, &money));
    sections.push(breakdown("clusters", "By cluster", "Cluster", &report.by_cluster, &money));
    sections.push(top(report, &money));
    sections.push(pipeline(report));
    sections.push(regressions(report, &money));
    sections.push(kpis(report));
    if !report.inputs.figures.is_empty() {
        sections.push(figures(report));
    }
    sections.push(provenance(report, &money));
    Document {
        title: format!("Savings report {}", report.period.label),
        subtitle: format!(
            "{} report, {} to {} (UTC days)",
            if noun == "weekly" { "Weekly" } else { "Monthly" },
            report.period.start,
            report.period.last_day()
        ),
        lead: vec![
            ("Realised", money.show(&totals.booked.realized), "proved and booked in this period"),
            ("Cash reduction", money.show(&totals.booked.cash_reduction), "the part by which the bill falls"),
            (
                "Avoided growth",
                money.show(&totals.booked.avoided_growth),
                "the part that growth would have added",
            ),
            (
                "Realised this year",
                money.show(&totals.realized_ytd),
                "from 1 January to the end of the period",
            ),
            (
                "Annual run rate",
                money.show(&totals.annual_run_rate),
                "of verified items, at their last measurement",
            ),
            (
                "Estimated per month",
                money.show(&totals.estimated_monthly),
                "open, implemented and verified, nothing counted twice",
            ),
        ],
        sections,
    }
}

fn action(code: &str, key: Option<&str>) -> String {
    match code {
        "approve_waiting" => "Decide on proposals that have waited 14 days or more".to_owned(),
        "implement_approved" => "Make the changes that were approved 14 days ago or more".to_owned(),
        "verify_implemented" => "Verify changes that were made 33 days ago or more".to_owned(),
        "investigate_regressed" => "Find out why savings have gone".to_owned(),
        "retry_failed" => "Propose failed changes again, or reject them".to_owned(),
        "name_owner" => "Name a team for items without one".to_owned(),
        "low_realisation" => "Check the estimates: less than 70 % of them comes true".to_owned(),
        "largest_type" => format!("Start where most is to win: {}", key.unwrap_or_default()),
        "anchor_log" => "Anchor the log: this many records are not covered".to_owned(),
        "billing_late" => "Wait for the bill: this many days are not complete".to_owned(),
        other => other.to_owned(),
    }
}

fn actions(report: &Report, money: &Money<'_>) -> Section {
    let row = |r: &super::Recommendation| {
        let amount = r.amount.as_ref().map_or_else(|| text("–"), |amount| Cell::Number(money.show(amount)));
        vec![text(action(r.code, r.key.as_deref())), number(r.count), amount]
    };
    let rows: Vec<_> = report.recommendations.iter().map(row).collect();
    let none = rows.is_empty().then(|| "Nothing waits for anyone.".to_owned());
    Section {
        id: "actions",
        heading: "What to do next".to_owned(),
        text: none.into_iter().collect(),
        chart: None,
        table: table(
            "Actions, in order",
            &[("Action", false), ("Count", true), ("At stake per month", true)],
            rows,
        ),
    }
}

/// A table, or none when it would be empty.
fn table(caption: &str, columns: &[(&'static str, bool)], rows: Vec<Vec<Cell>>) -> Option<Table> {
    let full = Table { caption: caption.to_owned(), columns: columns.to_vec(), rows, total: None };
    (!full.rows.is_empty()).then_some(full)
}

fn cents(values: impl Iterator<Item = Exact>) -> Vec<Exact> {
    round_rows(&values.collect::<Vec<_>>(), CENTS)
}

fn trend(report: &Report, money: &Money<'_>) -> Section {
    let bars = report
        .trend
        .iter()
        .map(|(label, a)| (label.clone(), Some(a.realized.clone()), a.realized.display(CENTS)));
    let row = |(label, a): &(String, super::Amounts)| {
        let shown = [&a.realized, &a.cash_reduction, &a.avoided_growth];
        let numbers = shown.into_iter().map(|n| Cell::Number(n.display(CENTS)));
        std::iter::once(text(label.as_str())).chain(numbers).collect()
    };
    let columns = [("Period", false), ("Realised", true), ("Cash reduction", true), ("Avoided growth", true)];
    Section {
        id: "trend",
        heading: "Trend".to_owned(),
        text: Vec::new(),
        chart: Some(Chart {
            title: "Realised savings of the last periods".to_owned(),
            description: "One bar a period, oldest first; losses point left. The table has the numbers."
                .to_owned(),
            bars: bars.collect(),
        }),
        table: table(
            &format!("Realised savings by period, {}", money.0),
            &columns,
            report.trend.iter().map(row).collect(),
        ),
    }
}

/// Groups for people: the largest effect first, the rest in one row, so that columns still add up.
fn shown_groups(groups: &[Group]) -> Vec<Group> {
    let mut groups = groups.to_vec();
    groups.sort_by(|a, b| {
        let effect = |g: &Group| (g.booked.realized.abs(), g.estimated_monthly.clone());
        effect(b).cmp(&effect(a)).then_with(|| a.key.cmp(&b.key))
    });
    if groups.len() > ROWS_MAX {
        let rest = groups.split_off(ROWS_MAX);
        let sum = |of: fn(&Group) -> &Exact| rest.iter().map(of).sum::<Exact>();
        let other = Group {
            key: format!("other ({})", rest.len()),
            open: rest.iter().map(|g| g.open).sum(),
            estimated_monthly: sum(|g| &g.estimated_monthly),
            booked: super::Amounts {
                realized: sum(|g| &g.booked.realized),
                cash_reduction: sum(|g| &g.booked.cash_reduction),
                avoided_growth: sum(|g| &g.booked.avoided_growth),
            },
        };
        groups.push(other);
    }
    groups
}

fn breakdown(
    id: &'static str,
    heading: &str,
    noun: &'static str,
    groups: &[Group],
    money: &Money<'_>,
) -> Section {
    let groups = shown_groups(groups);
    let any_realized = groups.iter().any(|g| !g.booked.realized.is_zero());
    let of = |g: &Group| if any_realized { g.booked.realized.clone() } else { g.estimated_monthly.clone() };
    let measure = if any_realized { "Realised in the period" } else { "Estimated per month" };
    let columns = [
        (noun, false),
        ("Open", true),
        ("Estimated per month", true),
        ("Realised", true),
        ("Cash reduction", true),
        ("Avoided growth", true),
    ];
    let column = |of: fn(&Group) -> &Exact| cents(groups.iter().map(|g| of(g).clone()));
    let amounts = [
        column(|g| &g.estimated_monthly),
        column(|g| &g.booked.realized),
        column(|g| &g.booked.cash_reduction),
        column(|g| &g.booked.avoided_growth),
    ];
    // The numbers beside the bars are those of the table, rounded so that they add up.
    let shown = |i: usize| amounts.get(usize::from(any_realized)).and_then(|column| column.get(i));
    let bars = groups.iter().enumerate().take(BARS_MAX).map(|(i, g)| {
        let label = shown(i).map(|n| n.display(CENTS)).unwrap_or_default();
        (g.key.clone(), Some(of(g)), label)
    });
    let cells =
        |i: usize| amounts.iter().filter_map(move |c| c.get(i)).map(|n| Cell::Number(n.display(CENTS)));
    let rows = groups.iter().enumerate();
    let rows: Vec<Vec<Cell>> = rows
        .map(|(i, g)| [text(g.key.as_str()), number(g.open)].into_iter().chain(cells(i)).collect())
        .collect();
    let sums = amounts.iter().map(|c| Cell::Number(c.iter().sum::<Exact>().display(CENTS)));
    let open: u64 = groups.iter().map(|g| g.open).sum();
    let total = [text("Total"), number(open)].into_iter().chain(sums).collect();
    let table = table(&format!("{heading}, {}", money.0), &columns, rows);
    Section {
        id,
        heading: heading.to_owned(),
        text: if groups.is_empty() { vec!["No items yet.".to_owned()] } else { Vec::new() },
        chart: (!groups.is_empty()).then(|| Chart {
            title: format!("{measure}, {}", heading.to_lowercase()),
            description: "The largest effect first; losses point left. The table has the numbers.".to_owned(),
            bars: bars.collect(),
        }),
        table: table.map(|table| Table { total: Some(total), ..table }),
    }
}

fn top(report: &Report, money: &Money<'_>) -> Section {
    let row = |t: &super::Top| {
        vec![
            text(t.id.as_str()),
            text(t.opportunity_type.as_str()),
            text(t.place.as_str()),
            text(t.team.as_str()),
            text(t.status.as_str()),
            Cell::Number(t.net.display(CENTS)),
        ]
    };
    let rows: Vec<_> = report.top.iter().map(row).collect();
    let columns = [
        ("Item", false),
        ("Type", false),
        ("Where", false),
        ("Team", false),
        ("State", false),
        ("Per month", true),
    ];
    Section {
        id: "top",
        heading: "Largest open items".to_owned(),
        text: rows
            .is_empty()
            .then(|| "No open item has anything left to win.".to_owned())
            .into_iter()
            .collect(),
        chart: None,
        table: table(&format!("Largest open items after netting, {}", money.0), &columns, rows),
    }
}

fn pipeline(report: &Report) -> Section {
    let happened = |name: &str| report.counts.iter().find(|(event, _)| *event == name).map(|(_, n)| *n);
    let row = |(status, count): &(crate::opportunity::Status, u64)| {
        let days = report
            .ageing_days
            .iter()
            .find(|(s, _)| s == status)
            .map_or_else(|| text("–"), |(_, d)| number(d));
        let entered = happened(status.as_str()).map_or_else(|| text("–"), number);
        vec![text(status.as_str()), number(count), entered, days]
    };
    let columns =
        [("State", false), ("Items now", true), ("Events in the period", true), ("Median days in it", true)];
    Section {
        id: "pipeline",
        heading: "Where items stand".to_owned(),
        text: Vec::new(),
        chart: None,
        table: table("Items by state", &columns, report.by_status.iter().map(row).collect()),
    }
}

fn regressions(report: &Report, money: &Money<'_>) -> Section {
    let shown = report.regressions.iter().take(ROWS_MAX);
    let row = |r: &super::Regression| {
        vec![
            text(r.id.as_str()),
            text(r.opportunity_type.as_str()),
            text(r.team.as_str()),
            number(r.days),
            Cell::Number(r.realized.display(CENTS)),
        ]
    };
    let mut rows: Vec<_> = shown.map(row).collect();
    let rest = report.regressions.get(ROWS_MAX..).unwrap_or_default();
    if !rest.is_empty() {
        let sum: Exact = rest.iter().map(|r| &r.realized).sum();
        let other = text(format!("other ({})", rest.len()));
        rows.push(vec![other, text("–"), text("–"), text("–"), Cell::Number(sum.display(CENTS))]);
    }
    let columns =
        [("Item", false), ("Type", false), ("Team", false), ("Days", true), ("Realised in all", true)];
    Section {
        id: "regressions",
        heading: "Savings that have gone".to_owned(),
        text: rows.is_empty().then(|| "None.".to_owned()).into_iter().collect(),
        chart: None,
        table: table(&format!("Regressed items, {}", money.0), &columns, rows),
    }
}

fn kpi_name(name: &str) -> &str {
    match name {
        "realisation_rate" => "Realisation rate: verified run rate to estimates",
        "effective_savings_rate" => "Effective savings rate (ESR)",
        "effective_savings_rate_coverage" => "ESR: cost with a known list price",
        "allocation" => "Allocated cost",
        "forecast_variance" => "Forecast variance (targets 0.2 crawl, 0.15 walk, 0.12 run)",
        "commitment_coverage" => "Commitment coverage",
        "commitment_utilisation" => "Commitment utilisation",
        "commitment_waste" => "Commitment waste",
        "unit_cost" => "Unit cost",
        "anchored_share" => "Realised savings covered by an anchor",
        other => other,
    }
}

fn value_or_reason(value: Option<String>, reason: &str) -> Cell {
    value.map_or_else(|| Cell::Unknown(reason.to_owned()), Cell::Number)
}

fn kpis(report: &Report) -> Section {
    let row = |k: &super::Kpi| {
        let value = value_or_reason(k.value.as_ref().map(Exact::to_string), k.reason.unwrap_or_default());
        let source = if k.source.is_empty() { "–" } else { &k.source };
        vec![text(kpi_name(k.name)), value, text(source)]
    };
    let columns = [("Figure", false), ("Value", true), ("Source", false)];
    Section {
        id: "kpis",
        heading: "Key figures".to_owned(),
        text: vec!["Ratios: 0.2 is 20 %.".to_owned()],
        chart: None,
        table: table("Key figures and their sources", &columns, report.kpis.iter().map(row).collect()),
    }
}

fn figures(report: &Report) -> Section {
    let all = &report.inputs.figures;
    let row = |f: &super::Figure| {
        let reason = if f.reason.is_empty() { "not given" } else { &f.reason };
        let value = value_or_reason(f.value.as_ref().map(Exact::to_string), reason);
        vec![text(f.name.as_str()), value, text(f.unit.as_str()), text(f.source.as_str())]
    };
    let columns = [("Figure", false), ("Value", true), ("Unit", false), ("Source", false)];
    let left_out = all.len().saturating_sub(ROWS_MAX);
    // Figures of unlike units have no sum, so the rest is counted, not added.
    let note = (left_out > 0).then(|| format!("{left_out} more figures stand in the JSON of this report."));
    Section {
        id: "figures",
        heading: "Figures of other systems".to_owned(),
        text: note.into_iter().collect(),
        chart: None,
        table: table(
            "Figures of other systems and their sources",
            &columns,
            all.iter().take(ROWS_MAX).map(row).collect(),
        ),
    }
}

fn provenance(report: &Report, money: &Money<'_>) -> Section {
    let inputs = &report.inputs;
    let known =
        |value: Option<String>, reason: &str| value.map_or_else(|| Cell::Unknown(reason.to_owned()), text);
    let rows = vec![
        vec![text("Log"), known(inputs.origin.clone(), "the events are in memory only")],
        vec![text("Records"), text(report.size.to_string())],
        vec![text("Root of the tree"), known(inputs.root.clone(), "not given")],
        vec![
            text("Anchored up to record"),
            known(inputs.anchored_up_to.map(|n| n.to_string()), "no anchor given"),
        ],
        vec![text("Currency"), known(report.currency.clone(), "no items yet")],
        vec![text("Price basis"), known(report.price_basis.map(str::to_owned), "no items yet")],
        vec![
            text("Bill complete up to"),
            known(inputs.latest_billing_day.map(|day| day.to_string()), "not given"),
        ],
        vec![
            text("Share of estimated cost lines"),
            known(inputs.estimated_lines_share.as_ref().map(Exact::to_string), "not given"),
        ],
        vec![text("Imported, not verified here"), text(money.show(&report.totals.realized_imported))],
        vec![text("Inconclusive, not counted"), text(money.show(&report.totals.inconclusive))],
        vec![text("Estimates before netting"), text(money.show(&report.totals.estimated_gross))],
        vec![text("Rounding"), text("half-even; rows are rounded so that they add up")],
    ];
    Section {
        id: "provenance",
        heading: "What this report stands on".to_owned(),
        text: vec![format!(
            "Estimates are per {MONTH_HOURS}-hour month. Losses count with their sign. Without the secret nobody can edit, \
             insert, drop, reorder, replay or splice a record unseen; a holder of the secret can rewrite what is not \
             anchored, and a missing tail shows only against an anchor. This report, kept elsewhere, is such an anchor."
        )],
        chart: None,
        table: table("Provenance", &[("What", false), ("Value", false)], rows),
    }
}

//! `finops waste rightsize`.

use crate::{
    Answer, Failure,
    inputs::{Inputs, Settings, failed, remarks},
    table::{Side, Table},
};
use finops::{
    engine::Given,
    policy::Json,
    waste::{
        Amount, Ratio,
        kubernetes::{Rightsizing, rightsize},
        rightsizing::{self, Advised, Resource, Split, Tested, round::manifest},
        wire::rightsized,
    },
};

/// How a request is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Strategy {
    /// As `exact`
    Default,
    /// Raw samples, tested on their own history before anything is recommended
    Exact,
    /// What KRR's `simple` answers
    KrrSimple,
    /// What KRR's `simple_limit` answers: a request and a limit of CPU
    KrrSimpleLimit,
    /// What the Vertical Pod Autoscaler's recommender answers
    Vpa,
}

impl From<Strategy> for rightsizing::Strategy {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Default | Strategy::Exact => Self::Exact,
            Strategy::KrrSimple => Self::Simple,
            Strategy::KrrSimpleLimit => Self::SimpleLimit,
            Strategy::Vpa => Self::Vpa,
        }
    }
}

/// How a history is divided to be tested on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Blocks {
    /// Days; each of the later half is held against all before it
    Blocks,
    /// The first half against the second
    Halves,
}

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Two rows a container
    Text,
    /// Everything known about each container, on one line
    Json,
}

#[derive(clap::Args)]
pub(crate) struct Rightsize {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    settings: Settings,
    /// How a request is found
    #[arg(long, value_enum, default_value = "default")]
    strategy: Strategy,
    /// Show how the strategy would have fared on each container's own history
    #[arg(long)]
    backtest: bool,
    /// How that history is divided
    #[arg(long, value_enum, default_value = "blocks", requires = "backtest")]
    split: Blocks,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// A container of a cluster.
struct Row<'a> {
    cluster: &'a str,
    found: Rightsizing,
}

impl Rightsize {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let options = self.settings.options()?;
        let documents = self.inputs.read()?;
        let split = match self.split {
            Blocks::Blocks => Split::Blocks,
            Blocks::Halves => Split::Halves,
        };
        let split = self.backtest.then_some(split);
        let config = rightsizing::Config::default();
        let mut rows: Vec<Row<'_>> = Vec::new();
        let mut clusters = 0_usize;
        for given in &documents.given {
            let Given::Cluster(cluster) = given else { continue };
            clusters = clusters.saturating_add(1);
            let all =
                rightsize(cluster, &options.prices, &options.detection, self.strategy.into(), &config, split);
            rows.extend(all.into_iter().map(|found| Row { cluster: given.cluster(), found }));
        }
        if clusters == 0 {
            // Says what is missing.
            documents.cluster().map_err(failed)?;
        }
        Ok(Answer::yes(match self.format {
            Format::Text => text(&rows, self.backtest),
            Format::Json => {
                let containers = rows.iter().map(|row| {
                    let mut shown = rightsized(&row.found);
                    if let Json::Object(members) = &mut shown {
                        members.insert("cluster", row.cluster);
                    }
                    shown
                });
                let strategy = rightsizing::Strategy::from(self.strategy).code();
                let shown = Json::object([
                    ("strategy", Json::from(strategy)),
                    ("containers", Json::array(containers)),
                    ("diagnostics", remarks(&documents)),
                ]);
                format!("{}\n", shown.to_text())
            }
        }))
    }
}

fn text(rows: &[Row<'_>], backtest: bool) -> String {
    let mut head = vec![
        ("cluster", Side::Left),
        ("container", Side::Left),
        ("resource", Side::Left),
        ("request", Side::Right),
        ("recommended", Side::Right),
        ("USD/month", Side::Right),
        ("samples", Side::Right),
    ];
    if backtest {
        head.extend([("folds", Side::Right), ("missed", Side::Right), ("cut", Side::Right)]);
    }
    head.push(("remarks", Side::Left));
    let mut table = Table::new(head);
    let mut sum = Amount::ZERO;
    for row in rows {
        for (resource, saving) in Resource::ALL.into_iter().zip(row.found.monthly_savings) {
            sum = sum.plus(saving.unwrap_or_default());
            table.row(cells(row, resource, saving, backtest));
        }
    }
    format!("{}\ntogether {} USD a month at list price\n", table.text(), sum.cents())
}

fn cells(row: &Row<'_>, resource: Resource, saving: Option<Amount>, backtest: bool) -> Vec<String> {
    let found = &row.found;
    let unknown = || "?".to_owned();
    let today = match resource {
        Resource::Cpu => found.current.cpu_request,
        Resource::Memory => found.current.memory_request,
    };
    let advised = found.recommendation.as_ref().map(|answer| answer.of(resource));
    let request = advised.as_ref().ok().and_then(|advised| advised.request.ok());
    let shown = |value: Option<u64>| value.map(|value| manifest(resource, value, None));
    let mut cells = vec![
        row.cluster.to_owned(),
        found.subject.text().to_owned(),
        resource.name().to_owned(),
        shown(today).unwrap_or_else(|| "-".to_owned()),
        shown(request).unwrap_or_else(|| "-".to_owned()),
        saving.map_or_else(unknown, Amount::cents),
        advised.as_ref().map_or_else(|_| "0".to_owned(), |advised| advised.samples.to_string()),
    ];
    if backtest {
        let tested = found.backtest.as_ref().map(|backtest| backtest.of(resource));
        let number = |of: &dyn Fn(&Tested) -> String| tested.map_or_else(unknown, of);
        cells.push(number(&|tested| tested.folds.len().to_string()));
        cells.push(number(&|tested| tested.misses.to_string()));
        cells.push(number(&|tested| {
            let cut = tested.cut_ppm.and_then(|ppm| Ratio::new(ppm.into(), 10_000));
            cut.map_or_else(unknown, |percent| format!("{}%", percent.fixed(1)))
        }));
    }
    cells.push(match &advised {
        Err((_, reason)) => reason.code().to_owned(),
        Ok(advised) => said(advised),
    });
    cells
}

/// Why nothing is recommended, or what one should know of what is.
fn said(advised: &Advised) -> String {
    let reason = advised.request.err().map(rightsizing::Withheld::code);
    let remarks = advised.remarks.iter().map(|remark| remark.code());
    let mut words: Vec<String> = reason.into_iter().chain(remarks).map(str::to_owned).collect();
    if let Some(target) = advised.autoscaler_target {
        words.push(format!("autoscaler target {target}%"));
    }
    words.join(", ")
}

//! `finops waste baseline`.

use crate::{
    Answer, Failure,
    inputs::{Inputs, remarks},
    table::{Side, Table},
};
use finops::{
    engine::{Documents, Given},
    inventory::{ResourceUse, UsageBaseline, WorkloadUse, baselines},
    policy::Json,
    waste::Ratio,
};

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A row a workload
    Text,
    /// Workloads, and the baselines of containers, services, namespaces and nodes, on one line
    Json,
}

#[derive(clap::Args)]
pub(crate) struct Baseline {
    #[command(flatten)]
    inputs: Inputs,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Baseline {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let documents = self.inputs.read()?;
        Ok(Answer::yes(match self.format {
            Format::Text => text(&documents.given),
            Format::Json => json(&documents),
        }))
    }
}

fn json(documents: &Documents) -> String {
    let cluster = |given: &Given| {
        let uses = given.workload_uses();
        let of = match given {
            Given::Cluster(cluster) => baselines(cluster),
            _ => Vec::new(),
        };
        Json::object([
            ("cluster", Json::from(given.cluster())),
            ("as_of", given.as_of().to_string().into()),
            ("workloads", Json::array(uses.iter().map(WorkloadUse::to_json))),
            ("baselines", Json::array(of.iter().map(UsageBaseline::to_json))),
        ])
    };
    let shown = Json::object([
        ("clusters", Json::array(documents.given.iter().map(cluster))),
        ("diagnostics", remarks(documents)),
    ]);
    format!("{}\n", shown.to_text())
}

/// 1e-9 of a core.
const CORE: i128 = 1_000_000_000;
/// 1e-9 of a byte in a MiB.
const MIB: i128 = 1_048_576 * CORE;

fn text(given: &[Given]) -> String {
    let mut head = vec![
        ("cluster".to_owned(), Side::Left),
        ("workload".to_owned(), Side::Left),
        ("pods".to_owned(), Side::Right),
    ];
    for (resource, unit) in [("cpu", "cores"), ("memory", "Mi")] {
        head.push((format!("{resource} request ({unit})"), Side::Right));
        head.extend(["limit", "mean", "p95", "max", "used"].map(|name| (name.to_owned(), Side::Right)));
    }
    let mut table = Table::new(head);
    for one in given {
        for row in one.workload_uses() {
            let kind = if row.kind.as_str().is_empty() { String::new() } else { format!("{}/", row.kind) };
            let mut cells = vec![
                one.cluster().to_owned(),
                format!("{}/{kind}{}", row.namespace, row.name),
                row.pods.map_or_else(unknown, |pods| pods.to_string()),
            ];
            cells.extend(amounts(&row.cpu, CORE, 3));
            cells.extend(amounts(&row.memory, MIB, 0));
            table.row(cells);
        }
    }
    table.text()
}

fn unknown() -> String {
    "?".to_owned()
}

/// Request, limit, mean, 95th percentile, maximum, and the mean of the request in percent.
fn amounts(of: &ResourceUse, unit: i128, places: u32) -> [String; 6] {
    let decimal = |value: i128, unit: i128, places: u32| Some(Ratio::new(value, unit)?.fixed(places));
    let amount =
        |nano: Option<i128>| nano.and_then(|nano| decimal(nano, unit, places)).unwrap_or_else(unknown);
    let share = of.mean_of_request_ppm().and_then(|ppm| decimal(ppm, 10_000, 1));
    let share = share.map_or_else(unknown, |percent| format!("{percent}%"));
    let limit = if of.limit.is_none() { "-".to_owned() } else { amount(of.limit) };
    [amount(of.request), limit, amount(of.mean), amount(of.p95), amount(of.max), share]
}

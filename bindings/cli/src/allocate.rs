//! `finops allocate`: whose cost a cluster's is.

use crate::{
    Answer, Failure,
    inputs::{Inputs, failed, json, refused, remarks, say, told},
    output::{BAD_CONFIG, BAD_DATA, USAGE, name},
    table::{Side, Table, plain},
};
use finops::{
    allocation::{
        AllocationConfig, AllocationReport, AllocationSet, AssetCharge, ExternalCharge, Filter, Key, allocate,
    },
    engine::Documents,
    inventory::Diagnostic,
    policy::Json,
    price::PriceBook,
};

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table
    Text,
    /// Markdown
    Md,
    /// The report with totals and remarks, on one line
    Json,
    /// Comma-separated values
    Csv,
}

/// What becomes of idle time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Idle {
    /// Rows of its own: showback
    Keep,
    /// Shared over what ran: chargeback
    Share,
}

/// Over what idle time is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scope {
    /// What ran on the same node
    Node,
    /// What ran in the cluster
    Cluster,
}

/// Divides what a cluster costs over what ran in it; rows add up to the assets, to the nano-unit.
#[derive(clap::Args)]
pub(crate) struct Allocate {
    #[command(flatten)]
    inputs: Inputs,
    /// Sum by cluster, node, node_pool, instance_type, zone, namespace, controller_kind, controller, pod, container, service,
    /// team, environment, product, label:NAME or annotation:NAME; several with commas
    #[arg(long, value_name = "KEY", value_delimiter = ',', default_value = "namespace")]
    by: Vec<String>,
    /// Show only rows with this value of a key; may be given often
    #[arg(long, value_name = "KEY=VALUE")]
    filter: Vec<String>,
    /// What becomes of idle time [default: keep]
    #[arg(long, value_enum)]
    idle: Option<Idle>,
    /// Over what idle time is shared [default: node]
    #[arg(long, value_enum)]
    idle_scope: Option<Scope>,
    /// Share the cost of namespaces over all others, such as `system=kube-system,monitoring`; may be given often
    #[arg(long, value_name = "NAME=NAMESPACE,...")]
    shared: Vec<String>,
    /// All settings of an allocation as JSON; options stand before it
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// Prices of your own as JSON, laid over the list prices
    #[arg(long, value_name = "FILE")]
    prices: Option<String>,
    /// What the bill charges for each asset, as a JSON list
    #[arg(long, value_name = "FILE")]
    bill: Option<String>,
    /// Costs outside the cluster, as a JSON list
    #[arg(long, value_name = "FILE")]
    external: Option<String>,
    /// Digits after the point, at most 9
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=9))]
    places: u32,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Allocate {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        let keys = self.by.iter().map(|key| key.parse::<Key>()).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|fault| refused(&fault).status(USAGE).note("at", "--by"))?;
        let filter = self.filter()?;
        let config = self.settings()?;
        let prices = match &self.prices {
            Some(path) => PriceBook::from_json(&json(path)?)
                .map_err(|fault| refused(&fault).status(BAD_CONFIG).note("file", name(path)))?,
            None => PriceBook::builtin(),
        };
        let documents = self.inputs.read()?;
        let cluster = documents.cluster().map_err(failed)?;
        let set = allocate(cluster, &prices, &config).map_err(|fault| refused(&fault))?;
        let set = self.reconciled(set)?;
        let report = set.aggregate(&keys, filter.as_ref()).map_err(|fault| refused(&fault))?;
        if self.format != Format::Json {
            say(set.diagnostics.iter().map(|remark| told("", remark)));
        }
        Ok(Answer::yes(match self.format {
            Format::Text => self.text(&set, &report),
            Format::Md => format!("{}\n{}", report.to_markdown(self.places), totals(&set)),
            Format::Json => whole(&set, &report, &documents),
            Format::Csv => report.to_csv(self.places),
        }))
    }

    fn filter(&self) -> Result<Option<Filter>, Failure> {
        if self.filter.is_empty() {
            return Ok(None);
        }
        let mut filter = Filter::default();
        for text in &self.filter {
            let usage = |message: String| Failure::with_status(message, USAGE).note("at", "--filter");
            let Some((key, value)) = text.split_once('=') else {
                let message =
                    format!("`{}` is no filter; write KEY=VALUE, such as `namespace=web`", plain(text));
                return Err(usage(message));
            };
            let key =
                key.parse::<Key>().map_err(|fault| refused(&fault).status(USAGE).note("at", "--filter"))?;
            match filter.keys.iter_mut().find(|(known, _)| *known == key) {
                Some((_, values)) => values.push(value.to_owned()),
                None => filter.keys.push((key, vec![value.to_owned()])),
            }
        }
        Ok(Some(filter))
    }

    /// The settings of the file under those of the options.
    fn settings(&self) -> Result<AllocationConfig, Failure> {
        let mut value = match &self.config {
            Some(path) => json(path).map_err(|failure| failure.status_if(BAD_DATA, BAD_CONFIG))?,
            None => Json::object::<&str>([]),
        };
        if let Json::Object(members) = &mut value {
            if self.inputs.has_window() {
                members.remove("window");
            }
            if let Some(idle) = self.idle {
                members.insert("idle", if idle == Idle::Share { "share" } else { "keep" });
            }
            if let Some(scope) = self.idle_scope {
                members.insert("idle_scope", if scope == Scope::Node { "node" } else { "cluster" });
            }
            let mut shared = match members.get("shared") {
                Some(Json::Array(shared)) => shared.clone(),
                _ => Vec::new(),
            };
            for text in &self.shared {
                let Some((name, namespaces)) = text.split_once('=') else {
                    let message = format!("`{}` is no shared cost; write NAME=NAMESPACE,...", plain(text));
                    return Err(Failure::with_status(message, USAGE).note("at", "--shared"));
                };
                let namespaces = Json::array(namespaces.split(','));
                shared.push(Json::object([("name", Json::from(name)), ("namespaces", namespaces)]));
            }
            if !self.shared.is_empty() {
                members.insert("shared", Json::Array(shared));
            }
        }
        AllocationConfig::from_json(&value).map_err(|fault| {
            let failure = refused(&fault).status(BAD_CONFIG);
            match &self.config {
                Some(path) => failure.note("file", name(path)),
                None => failure,
            }
        })
    }

    fn reconciled(&self, mut set: AllocationSet) -> Result<AllocationSet, Failure> {
        if let Some(path) = &self.bill {
            let bill = AssetCharge::list(&json(path)?);
            let done = bill.and_then(|bill| set.reconcile(&bill));
            set = done.map_err(|fault| refused(&fault).note("file", name(path)))?;
        }
        if let Some(path) = &self.external {
            let charges = ExternalCharge::list(&json(path)?);
            let done = charges.and_then(|charges| set.with_external(&charges));
            set = done.map_err(|fault| refused(&fault).note("file", name(path)))?;
        }
        Ok(set)
    }

    fn text(&self, set: &AllocationSet, report: &AllocationReport) -> String {
        let mut rows = report.table(self.places).into_iter();
        let names = report.by.len().max(1);
        let head = rows.next().unwrap_or_default().into_iter().enumerate();
        let mut table =
            Table::new(head.map(|(at, name)| (name, if at < names { Side::Left } else { Side::Right })));
        rows.for_each(|row| table.row(row));
        format!("{}\n{}", table.text(), totals(set))
    }
}

/// What was divided, and that nothing was lost.
fn totals(set: &AllocationSet) -> String {
    let shown = set.totals.to_json();
    let sum = |name: &str| shown.get(name).and_then(Json::as_str).unwrap_or("0").to_owned();
    let mut text = format!(
        "assets {} {} = allocated {} + idle {} + over-allocated {} + unmounted {} + other {}; difference {}\n",
        sum("assets"),
        set.currency,
        sum("allocated"),
        sum("idle"),
        sum("over_allocated"),
        sum("unmounted"),
        sum("other"),
        set.totals.difference(),
    );
    if set.totals.unpriced_assets > 0 {
        text.push_str(&format!("{} assets have no price and stand in no sum\n", set.totals.unpriced_assets));
    }
    text
}

fn whole(set: &AllocationSet, report: &AllocationReport, documents: &Documents) -> String {
    let mut shown = report.to_json();
    if let Json::Object(members) = &mut shown {
        members.insert("totals", set.totals.to_json());
        members.insert("difference", set.totals.difference().to_string());
        let mut all = match remarks(documents) {
            Json::Array(remarks) => remarks,
            _ => Vec::new(),
        };
        all.extend(set.diagnostics.iter().map(Diagnostic::to_json));
        members.insert("diagnostics", Json::Array(all));
    }
    format!("{}\n", shown.to_text())
}

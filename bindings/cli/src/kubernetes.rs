//! `finops kubernetes`: what to ask a cluster and its Prometheus for.

use crate::{Answer, Failure, inputs::duration};
use finops::{
    inventory::{Metric, Query, RESOURCES, Resource, queries},
    policy::Json,
};

/// What to ask a cluster for.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print a script of the commands and queries whose answers `waste` and `allocate` read
    Queries(Queries),
}

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A script for `sh`
    Text,
    /// Resources and queries as JSON, on one line
    Json,
}

#[derive(clap::Args)]
pub(crate) struct Queries {
    /// How far back usage is asked for
    #[arg(long, value_name = "DURATION", default_value = "14d", value_parser = duration)]
    window: u32,
    /// The step of the queries
    #[arg(long, value_name = "DURATION", default_value = "75s", value_parser = duration)]
    step: u32,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Points a series that Prometheus answers to one query (`web/api/v1/api.go`: "exceeded maximum resolution of 11,000 points
/// per timeseries").
const POINTS_MAX: u32 = 11_000;

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    let Command::Queries(Queries { window, step, format }) = command;
    let all = queries(*window, *step);
    Ok(Answer::yes(match format {
        Format::Text => script(&all, *window, *step),
        Format::Json => json(&all),
    }))
}

/// The service that answers a query: logs are kept by Loki, all else by Prometheus.
fn service(query: &Query) -> &'static str {
    if query.metric == Metric::LogBytes { "loki" } else { "prometheus" }
}

fn json(all: &[Query]) -> String {
    let resources = RESOURCES.iter().map(|resource| {
        Json::object([
            ("kind", Json::from(resource.kind)),
            ("name", resource.name.into()),
            ("installed", resource.installed.into()),
            ("values", resource.values.into()),
        ])
    });
    let queries = all.iter().map(|query| {
        Json::object([
            ("metric", Json::from(query.metric.as_str())),
            ("unit", query.unit.into()),
            ("service", service(query).into()),
            ("query", query.query.as_str().into()),
            ("window_seconds", u64::from(query.window_seconds).into()),
            ("step_seconds", u64::from(query.step_seconds).into()),
        ])
    });
    let shown = Json::object([("resources", Json::array(resources)), ("queries", Json::array(queries))]);
    format!("{}\n", shown.to_text())
}

fn names(wanted: impl Fn(&Resource) -> bool, between: &str) -> String {
    let names = RESOURCES.iter().filter(|resource| wanted(resource)).map(|resource| resource.name);
    names.collect::<Vec<_>>().join(between)
}

fn script(all: &[Query], window: u32, step: u32) -> String {
    let objects = names(|resource| resource.installed && !resource.values, ",");
    let private = names(|resource| resource.values, ",");
    let custom = names(|resource| !resource.installed, " ");
    // A range holds both its ends.
    let part = POINTS_MAX.saturating_sub(1).saturating_mul(step);
    let mut text = format!(
        r#"#!/bin/sh
# What `finops waste` and `finops allocate` read: objects of the cluster in objects/, what they used in usage/.
# Save this as inputs.sh, set PROMETHEUS_URL (and LOKI_URL for logs), and run `sh inputs.sh`. It changes nothing.
set -eu
: "${{PROMETHEUS_URL:?set it to the address of Prometheus, such as http://localhost:9090}}"
mkdir -p objects usage

kubectl get {objects} \
    --all-namespaces -o json > objects/cluster.json

# Without their values, which needs jq. Left out, nothing is said about unused ones.
kubectl get {private} --all-namespaces -o json |
    jq 'del(.items[].data, .items[].stringData, .items[].binaryData)' > objects/config.json

# Only where they are installed.
for resource in {custom}; do
    kubectl get "$resource" --all-namespaces -o json > "objects/$resource.json" ||
        rm -f "objects/$resource.json"
done

# {window} seconds in steps of {step}, in parts of at most {POINTS_MAX} points a series.
end=$(($(date +%s) / {step} * {step}))
ask() {{
    from=$((end - {window}))
    part=1
    while [ "$from" -le "$end" ]; do
        to=$((from + {part}))
        [ "$to" -le "$end" ] || to=$end
        curl -sS -G "$1/api/v1/query_range" --data-urlencode "query=$3" \
            -d "start=$from" -d "end=$to" -d "step={step}" > "usage/$2.$part.json"
        from=$((to + {step}))
        part=$((part + 1))
    done
}}
"#
    );
    let (logs, metrics): (Vec<&Query>, Vec<&Query>) = all.iter().partition(|query| service(query) == "loki");
    for query in metrics {
        text.push_str(&format!("# {}\n", query.unit));
        text.push_str(&format!("ask \"$PROMETHEUS_URL\" {} '{}'\n", query.metric.as_str(), query.query));
    }
    text.push_str("if [ -n \"${LOKI_URL:-}\" ]; then\n");
    for query in logs {
        text.push_str(&format!("    # {}\n", query.unit));
        text.push_str(&format!("    ask \"$LOKI_URL/loki\" {} '{}'\n", query.metric.as_str(), query.query));
    }
    text.push_str(&format!(
        r#"fi

set -- objects/*.json
for file in usage/*.json; do
    metric=${{file#usage/}}
    set -- "$@" --prometheus "${{metric%%.*}}=$file"
done
finops waste detect "$@" --step {step}
"#
    ));
    text
}

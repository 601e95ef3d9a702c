//! Quantities, readers, effective requests and baselines as kinds.

use super::Handler;
use crate::{
    error::{Fault, shorten},
    inventory::{
        ClusterInventory, KubernetesOptions, Metric, PrometheusOptions, Quantity, Statistics, Unit,
        UsageSeries, UsageSubject, effective_request, read_kubernetes, read_prometheus,
    },
    json::{Json, Object},
    time::Timestamp,
    waste::summary::ClusterData,
};

/// The kinds of inventories.
pub(super) const KINDS: &[(&str, Handler)] = &[
    ("quantity", quantity),
    ("quantity_error", quantity_error),
    ("kubernetes_reader", kubernetes_reader),
    ("read_cluster_data", cluster_data),
    ("prometheus", prometheus),
    ("effective_request", effective),
    ("baseline", baseline),
];

fn invalid(path: &str, problem: impl Into<String>, help: &'static str) -> Fault {
    Fault::new("inventory.invalid_object", path, problem, help)
}

fn member<'j>(input: &'j Json, name: &str) -> Result<&'j Json, Fault> {
    let value = input.get(name).filter(|value| !value.is_null());
    value.ok_or_else(|| invalid(name, "is missing", "add it"))
}

fn text<'j>(input: &'j Json, name: &str) -> Result<&'j str, Fault> {
    let value = member(input, name)?;
    value.as_str().ok_or_else(|| invalid(name, format!("is a {}", value.type_name()), "give a string"))
}

fn instant(input: &Json, name: &str) -> Result<Timestamp, Fault> {
    let given = text(input, name)?;
    given.parse().map_err(|_| {
        invalid(name, format!("`{}` is no instant", shorten(given)), "give RFC 3339 with `Z` or an offset")
    })
}

/// A quantity: its amount in 1e-9 units and its canonical text.
fn quantity(input: &Json) -> Result<Json, Fault> {
    let given = match input {
        Json::String(given) => given.as_str(),
        Json::Number(number) => number.text(),
        other => {
            let problem = format!("is a {}, not a quantity", other.type_name());
            return Err(Fault::new(
                "quantity.invalid",
                "",
                problem,
                "write it as Kubernetes does, like `500m`",
            ));
        }
    };
    let quantity: Quantity = given.parse()?;
    let members = [
        ("nano", Json::String(quantity.nano().to_string())),
        ("canonical", Json::String(quantity.to_string())),
    ];
    Ok(Json::object(members))
}

/// The code of the refusal of a quantity, or the quantity where it is one.
fn quantity_error(input: &Json) -> Result<Json, Fault> {
    Ok(match quantity(input) {
        Ok(found) => found,
        Err(fault) => {
            Json::object([("code", Json::from(fault.code())), ("message", Json::String(fault.to_string()))])
        }
    })
}

/// The inventory of documents of Kubernetes, with `diagnostics` and `ignored`.
fn kubernetes_reader(input: &Json) -> Result<Json, Fault> {
    let documents = member(input, "documents")?.as_array();
    let documents =
        documents.ok_or_else(|| invalid("documents", "is no list", "give a list of documents"))?;
    // A document is an object, or its text.
    let texts: Vec<String> = documents
        .iter()
        .map(|document| document.as_str().map_or_else(|| document.to_text(), str::to_owned))
        .collect();
    let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    let options = KubernetesOptions::new(text(input, "cluster")?, instant(input, "as_of")?);
    let read = read_kubernetes(&texts, &options)?;
    let mut members = match read.value.to_json() {
        Json::Object(members) => members,
        _ => Object::new(),
    };
    members.insert("diagnostics", Json::array(read.diagnostics.iter().map(|remark| remark.to_json())));
    members.insert(
        "ignored",
        Json::object(read.ignored.into_iter().map(|(kind, count)| (kind, Json::from(count)))),
    );
    Ok(Json::Object(members))
}

/// The inventory of a summary, with `diagnostics`; `as_of` stands before the summary's own.
fn cluster_data(input: &Json) -> Result<Json, Fault> {
    let as_of = match input.get("as_of").filter(|as_of| !as_of.is_null()) {
        Some(_) => Some(instant(input, "as_of")?),
        None => None,
    };
    let data = ClusterData::from_json(member(input, "cluster_data")?, as_of);
    let read = data.map_err(|fault| fault.below("cluster_data"))?.to_inventory();
    Ok(Json::object([
        ("inventory", read.value.to_json()),
        ("diagnostics", Json::array(read.diagnostics.iter().map(|remark| remark.to_json()))),
    ]))
}

/// The series of an answer of Prometheus in the integer unit of the metric.
fn prometheus(input: &Json) -> Result<Json, Fault> {
    let name = text(input, "metric")?;
    let metric = Metric::from_name(name).ok_or_else(|| {
        invalid("metric", format!("`{}` is no metric", shorten(name)), "give one like `cpu_usage`")
    })?;
    let step =
        member(input, "step_seconds")?.as_number().and_then(|number| u32::try_from(number.as_u64()?).ok());
    let step = step.filter(|step| *step > 0);
    let step =
        step.ok_or_else(|| invalid("step_seconds", "is no whole number of seconds", "give at least 1"))?;
    let document = member(input, "document")?;
    let answer = document.as_str().map_or_else(|| document.to_text(), str::to_owned);
    match read_prometheus(metric, answer.as_bytes(), &PrometheusOptions::new(step)) {
        Ok(read) => Ok(Json::object([
            ("series", Json::array(read.value.iter().map(series))),
            ("diagnostics", Json::array(read.diagnostics.iter().map(|remark| remark.to_json()))),
        ])),
        Err(fault) if fault.code() == "prometheus.error_response" => {
            let kind = document.get("errorType").and_then(Json::as_str);
            Ok(Json::object([(
                "error",
                Json::object([
                    ("code", Json::from(fault.code())),
                    ("error_type", Json::from(kind)),
                    ("message", Json::from(fault.problem())),
                ]),
            )]))
        }
        Err(fault) => Err(fault.below("document")),
    }
}

fn series(series: &UsageSeries) -> Json {
    let samples = series
        .samples()
        .iter()
        .map(|sample| Json::Array(vec![sample.at.into(), Json::String(sample.value.to_string())]));
    let unit: Unit = series.metric.unit();
    Json::object([
        ("subject", Json::String(subject(&series.subject))),
        ("samples", Json::array(samples)),
        ("unit", Json::from(unit.as_str())),
    ])
}

/// A subject as one text, its parts joined by `/`.
fn subject(subject: &UsageSubject) -> String {
    let parts: Vec<&str> = match subject {
        UsageSubject::Node(node) => vec![node],
        UsageSubject::Pod { namespace, pod, container, device } => {
            let optional = [container, device].into_iter().flatten().map(|part| part.as_str());
            [namespace.as_str(), pod.as_str()].into_iter().chain(optional).collect()
        }
        UsageSubject::Workload { namespace, kind, name, container } => {
            let optional = container.iter().map(|part| part.as_str());
            [namespace.as_str(), kind, name].into_iter().chain(optional).collect()
        }
        UsageSubject::Claim { namespace, name } | UsageSubject::Autoscaler { namespace, name } => {
            vec![namespace, name]
        }
        UsageSubject::Log { namespace, container, level } => vec![namespace, container, level],
    };
    parts.join("/")
}

/// The effective request of a pod: nanocores, and bytes times 1e9.
fn effective(input: &Json) -> Result<Json, Fault> {
    let mut pod = input.as_object().cloned().unwrap_or_default();
    pod.insert("namespace", "");
    pod.insert("name", "");
    let pods = Json::array([Json::Object(pod)]);
    let inventory = Json::object([
        ("cluster", Json::from("")),
        ("as_of", Json::from(Timestamp::default().to_string())),
        ("pods", pods),
    ]);
    let inventory = ClusterInventory::from_json(&inventory)?.value;
    let pod = inventory.pods.iter().flatten().next();
    let amount = |resource: &str| {
        let nano = pod.and_then(|pod| {
            effective_request(&pod.containers, pod.overhead.as_ref(), pod.resources.as_ref(), resource)
        });
        Json::from(nano.map(|nano| nano.to_string()))
    };
    Ok(Json::object([("cpu_nanocores", amount("cpu")), ("memory_nano_bytes", amount("memory"))]))
}

/// Statistics of samples that are one after another.
fn baseline(input: &Json) -> Result<Json, Fault> {
    let samples = member(input, "samples")?.as_array();
    let samples = samples.ok_or_else(|| invalid("samples", "is no list", "give a list of decimals"))?;
    let mut values = Vec::with_capacity(samples.len());
    for (index, sample) in samples.iter().enumerate() {
        let amount = quantity(sample).map_err(|fault| fault.below(&format!("samples[{index}]")))?;
        let nano = amount.get("nano").and_then(Json::as_str).and_then(|nano| nano.parse().ok());
        values.push((i64::try_from(index).unwrap_or(i64::MAX), nano.unwrap_or(0)));
    }
    let statistics =
        Statistics::of(&values).ok_or_else(|| invalid("samples", "is empty", "give at least one sample"))?;
    let mut members = match statistics.to_json() {
        Json::Object(members) => members,
        _ => Object::new(),
    };
    members.remove("max_at");
    Ok(Json::Object(members))
}

//! Clusters and allocations in the engine's memory, by number. Documents are read where they lie; rows cross as exact JSON text,
//! as many as are asked for.

use crate::{
    engine::{parse, refused},
    error::thrown,
    handles::Handles,
    objects::gone,
};
use finops::{
    AllocationReport, AllocationSet, Cluster,
    cluster::{aggregate_json, queries_json, reconcile_json},
    core::{
        inventory::{Read, UsageSeries},
        json::Json,
    },
    engine::Given,
};
use napi::{Task, bindgen_prelude::*};
use napi_derive::napi;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

thread_local! {
    static CLUSTERS: Handles<Cluster> = const { Handles::new() };
    static SETS: Handles<Arc<AllocationSet>> = const { Handles::new() };
    static REPORTS: Handles<Arc<AllocationReport>> = const { Handles::new() };
}

fn cluster(handle: u32) -> Result<Cluster> {
    CLUSTERS.with(|held| held.with(handle as usize, |cluster| cluster.clone())).ok_or_else(|| thrown(gone()))
}

fn set(handle: u32) -> Result<Arc<AllocationSet>> {
    SETS.with(|held| held.with(handle as usize, |set| Arc::clone(set))).ok_or_else(|| thrown(gone()))
}

fn keep(set: AllocationSet) -> u32 {
    SETS.with(|held| held.insert(Arc::new(set)))
}

fn instant(text: &str) -> Result<finops::Timestamp> {
    text.parse().map_err(|error: finops::core::usage::UsageError| thrown(error))
}

/// The clusters of a call, each at its place.
pub fn held(clusters: Option<Vec<Option<u32>>>) -> Result<Vec<Option<Given>>> {
    let given = |handle: u32| cluster(handle).map(|cluster| cluster.given().clone());
    clusters.into_iter().flatten().map(|handle| handle.map(given).transpose()).collect()
}

/// Reads what `kubectl get -o json` prints.
#[napi(catch_unwind)]
pub fn cluster_kubernetes(documents: Vec<Uint8Array>, name: String, as_of: String) -> Result<u32> {
    let documents: Vec<&[u8]> = documents.iter().map(|document| &**document).collect();
    let read = Cluster::from_kubernetes(&documents, &name, instant(&as_of)?).map_err(refused)?;
    Ok(CLUSTERS.with(|held| held.insert(read)))
}

/// Reads the summary form or the wire form; a summary's time is the one given, else its own, else now.
#[napi(catch_unwind)]
pub fn cluster_json(json: String, as_of: Option<String>) -> Result<u32> {
    let as_of = as_of.as_deref().map(instant).transpose()?;
    let read = Cluster::from_json(parse(&json)?, as_of).map_err(refused)?;
    Ok(CLUSTERS.with(|held| held.insert(read)))
}

/// Drops a cluster.
#[napi(catch_unwind)]
pub fn cluster_free(handle: u32) {
    CLUSTERS.with(|held| held.remove(handle));
}

/// Adds the answer of a Prometheus query for a metric.
#[napi(catch_unwind)]
pub fn cluster_prometheus(handle: u32, metric: String, answer: Uint8Array, step_seconds: u32) -> Result<()> {
    add(handle, Cluster::read_prometheus(&metric, &answer, step_seconds).map_err(refused)?)
}

/// Documents that a thread of the pool reads. They are copies: JavaScript may write into its own meanwhile.
pub struct ReadingCluster {
    documents: Vec<Vec<u8>>,
    name: String,
    as_of: String,
}

impl Task for ReadingCluster {
    type Output = Cluster;
    type JsValue = u32;

    fn compute(&mut self) -> Result<Cluster> {
        guarded(|| {
            let documents: Vec<&[u8]> = self.documents.iter().map(Vec::as_slice).collect();
            Cluster::from_kubernetes(&documents, &self.name, instant(&self.as_of)?).map_err(refused)
        })
    }

    fn resolve(&mut self, _: Env, read: Cluster) -> Result<u32> {
        Ok(CLUSTERS.with(|held| held.insert(read)))
    }
}

/// As [`cluster_kubernetes`], on a thread that JavaScript does not wait for.
#[napi(catch_unwind)]
pub fn cluster_kubernetes_later(
    documents: Vec<Uint8Array>,
    name: String,
    as_of: String,
) -> AsyncTask<ReadingCluster> {
    let documents = documents.iter().map(|document| document.to_vec()).collect();
    AsyncTask::new(ReadingCluster { documents, name, as_of })
}

/// An answer that a thread of the pool reads.
pub struct ReadingUsage {
    handle: u32,
    metric: String,
    answer: Vec<u8>,
    step_seconds: u32,
}

impl Task for ReadingUsage {
    type Output = Read<Vec<UsageSeries>>;
    type JsValue = ();

    fn compute(&mut self) -> Result<Self::Output> {
        guarded(|| Cluster::read_prometheus(&self.metric, &self.answer, self.step_seconds).map_err(refused))
    }

    fn resolve(&mut self, _: Env, usage: Self::Output) -> Result<()> {
        add(self.handle, usage)
    }
}

/// As [`cluster_prometheus`], on a thread that JavaScript does not wait for.
#[napi(catch_unwind)]
pub fn cluster_prometheus_later(
    handle: u32,
    metric: String,
    answer: Uint8Array,
    step_seconds: u32,
) -> AsyncTask<ReadingUsage> {
    AsyncTask::new(ReadingUsage { handle, metric, answer: answer.to_vec(), step_seconds })
}

/// Runs what no napi function surrounds; a panic becomes an error.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // What is read is new: nothing half made can be seen afterwards.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(napi::Error::from_reason("the engine panicked; report this")))
}

fn add(handle: u32, usage: Read<Vec<UsageSeries>>) -> Result<()> {
    let added = CLUSTERS.with(|held| held.with(handle as usize, |cluster| cluster.add_usage(usage)));
    added.ok_or_else(|| thrown(gone()))?.map_err(refused)
}

/// What a cluster tells of itself: `json`, `name` or `diagnostics`, as JSON text.
#[napi(catch_unwind)]
pub fn cluster_method(handle: u32, method: String) -> Result<String> {
    let cluster = cluster(handle)?;
    Ok(match method.as_str() {
        "json" => cluster.to_json(),
        "name" => Json::from(cluster.name()),
        _ => Json::array(cluster.diagnostics().iter().map(finops::core::inventory::Diagnostic::to_json)),
    }
    .to_text())
}

/// The query that each metric expects.
#[napi(catch_unwind)]
pub fn cluster_queries(window_seconds: u32, step_seconds: u32) -> String {
    queries_json(window_seconds, step_seconds).to_text()
}

/// Divides what a cluster costs by `{config, prices}`.
#[napi(catch_unwind)]
pub fn cluster_allocate(handle: u32, json: String) -> Result<u32> {
    Ok(keep(cluster(handle)?.allocate_json(&parse(&json)?).map_err(refused)?))
}

/// Drops a set.
#[napi(catch_unwind)]
pub fn allocation_free(handle: u32) {
    SETS.with(|held| held.remove(handle));
}

/// The set by `{bill, external}`.
#[napi(catch_unwind)]
pub fn allocation_reconcile(handle: u32, json: String) -> Result<u32> {
    Ok(keep(reconcile_json(&*set(handle)?, &parse(&json)?).map_err(refused)?))
}

/// The sum of the sets of several windows.
#[napi(catch_unwind)]
pub fn allocation_accumulate(handles: Vec<u32>) -> Result<u32> {
    let sets = handles.into_iter().map(|handle| set(handle).map(|set| AllocationSet::clone(&set)));
    let sets = sets.collect::<Result<Vec<_>>>()?;
    Ok(keep(AllocationSet::accumulate(&sets).map_err(refused)?))
}

/// Rows of a set summed by `{by, filter}`.
#[napi(catch_unwind)]
pub fn allocation_aggregate(handle: u32, json: String) -> Result<u32> {
    let report = aggregate_json(&*set(handle)?, &parse(&json)?).map_err(refused)?;
    Ok(REPORTS.with(|held| held.insert(Arc::new(report))))
}

/// A set as JSON text: all of it (`json`), how many rows there are and in what (`head`), or rows from `start` on (`rows`).
#[napi(catch_unwind)]
pub fn allocation_method(handle: u32, method: String, start: u32, count: u32) -> Result<String> {
    let set = set(handle)?;
    Ok(match method.as_str() {
        "json" => set.to_json(),
        "head" => head(set.rows().count(), set.currency.code()),
        _ => {
            let rows = set.rows().skip(start as usize).take(count as usize);
            Json::Array(rows.map(|row| set.row_to_json(row)).collect())
        }
    }
    .to_text())
}

fn head(rows: usize, currency: &str) -> Json {
    Json::object([("rows", Json::from(rows)), ("currency", currency.into())])
}

/// Drops a report.
#[napi(catch_unwind)]
pub fn report_free(handle: u32) {
    REPORTS.with(|held| held.remove(handle));
}

/// A report as text: all of it (`json`), `head`, rows from `start` on (`rows`), or printed with `places` digits (`csv`, `md`).
#[napi(catch_unwind)]
pub fn report_method(handle: u32, method: String, start: u32, count: u32, places: u32) -> Result<String> {
    let report = REPORTS.with(|held| held.with(handle as usize, |report| Arc::clone(report)));
    let report = report.ok_or_else(|| thrown(gone()))?;
    Ok(match method.as_str() {
        "json" => report.to_json().to_text(),
        "head" => head(report.rows.len(), report.currency.code()).to_text(),
        "csv" => report.to_csv(places),
        "md" => report.to_markdown(places),
        _ => {
            let rows = report.rows.iter().skip(start as usize).take(count as usize);
            Json::Array(rows.map(|row| report.row_to_json(row)).collect()).to_text()
        }
    })
}

//! A cluster in memory: read once, added to, and allocated without a way through its wire form.
//!
//! ```
//! use finops::{Cluster, core::json::{Limits, read}};
//! let nodes = br#"{"kind": "NodeList", "apiVersion": "v1", "items": [{"metadata": {"name": "n1",
//!     "labels": {"node.kubernetes.io/instance-type": "m5.large", "topology.kubernetes.io/region": "us-east-1"}},
//!     "status": {"capacity": {"cpu": "2", "memory": "8Gi"}}}]}"#;
//! let pods = br#"{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"namespace": "shop", "name": "web-0"},
//!     "spec": {"nodeName": "n1", "containers": [{"name": "web", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]},
//!     "status": {"phase": "Running", "startTime": "2026-11-18T00:00:00Z"}}]}"#;
//! let mut cluster = Cluster::from_kubernetes(&[nodes, pods], "prod", "2026-11-20T00:00:00Z".parse()?)?;
//! let answer = br#"{"status": "success", "data": {"resultType": "matrix", "result": [{"metric":
//!     {"namespace": "shop", "pod": "web-0", "container": "web"}, "values": [[1795132800, "0.25"]]}]}}"#;
//! cluster.add_usage(Cluster::read_prometheus("cpu_usage", answer, 60)?)?;
//! let input = read(br#"{"config": {"window": ["2026-11-19", "2026-11-20"], "idle": "share"}}"#, &Limits::default())?;
//! let set = cluster.allocate_json(&input)?;
//! let by = read(br#"{"by": ["namespace"]}"#, &Limits::default())?;
//! let report = finops::cluster::aggregate_json(&set, &by)?;
//! assert_eq!((report.rows[0].name().as_str(), report.rows[0].total), ("shop", 2_304_000_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::engine::{EngineError, Given};
use finops_core::{
    allocation::{
        AllocationConfig, AllocationReport, AllocationSet, AssetCharge, ExternalCharge, Filter, Key, allocate,
    },
    error::{Fault, shorten},
    inventory::{
        ClusterInventory, Diagnostic, KubernetesOptions, Metric, PrometheusOptions, Read, UsageSeries,
        queries, read_kubernetes, read_prometheus,
    },
    json::Json,
    price::PriceBook,
    time::Timestamp,
    waste::summary::ClusterData,
};
use std::sync::Arc;

/// What is in a cluster, with the remarks of its reading. A clone shares what it holds.
#[derive(Debug, Clone)]
pub struct Cluster {
    given: Given,
    /// The summary form as it came: nothing else writes it.
    source: Option<Arc<Json>>,
    diagnostics: Arc<Vec<Diagnostic>>,
}

impl Cluster {
    fn of(read: Read<ClusterInventory>) -> Self {
        Self {
            given: Given::Cluster(Arc::new(read.value)),
            source: None,
            diagnostics: Arc::new(read.diagnostics),
        }
    }

    /// Reads what `kubectl get -o json` prints, see [`read_kubernetes`].
    ///
    /// # Errors
    /// `inventory.invalid_json`, `inventory.not_an_object`, `inventory.too_large`, with the place of the document.
    pub fn from_kubernetes(
        documents: &[&[u8]],
        cluster: &str,
        as_of: Timestamp,
    ) -> Result<Self, EngineError> {
        Ok(Self::of(read_kubernetes(documents, &KubernetesOptions::new(cluster, as_of))?))
    }

    /// Reads the summary form (`cluster_data`), or an inventory in its wire form. The time of a summary is `as_of`, else its
    /// own, else now.
    ///
    /// # Errors
    /// `waste.invalid_record`, and the codes of inventories, with the path of what is wrong.
    pub fn from_json(mut value: Json, as_of: Option<Timestamp>) -> Result<Self, EngineError> {
        if !ClusterData::is_summary(&value) {
            return Ok(Self::of(ClusterInventory::from_json(&value)?));
        }
        let own = value.get("as_of").is_some_and(|own| !own.is_null());
        let at = if own { as_of } else { Some(as_of.unwrap_or_else(crate::clock::now)) };
        let given = Given::from_json(&value, at)?;
        let Given::Summary(data) = &given else {
            let problem = "an inventory of AI workloads is no cluster";
            let help = "give it to the engine: `AiInventory`";
            return Err(Fault::new("inventory.invalid_object", "", problem, help).into());
        };
        let diagnostics = Arc::new(data.to_inventory().diagnostics);
        if let (Json::Object(members), Some(at)) = (&mut value, at) {
            members.insert("as_of", at.to_string());
        }
        Ok(Self { given, source: Some(Arc::new(value)), diagnostics })
    }

    /// Reads the answer of a Prometheus query for `metric`, such as `cpu_usage`, made with this step.
    ///
    /// # Errors
    /// `config.invalid` for a metric that is none or a step of no second; `prometheus.*`; `inventory.*`.
    pub fn read_prometheus(
        metric: &str,
        answer: &[u8],
        step_seconds: u32,
    ) -> Result<Read<Vec<UsageSeries>>, EngineError> {
        let refuse = |path, problem, help| Fault::new("config.invalid", path, problem, help);
        let role = Metric::from_name(metric).ok_or_else(|| {
            let problem = format!("`{}` is no metric", shorten(metric));
            refuse("metric", problem, "give one such as `cpu_usage`")
        })?;
        if step_seconds == 0 {
            let problem = "a step of no second".to_owned();
            return Err(refuse("step_seconds", problem, "give the step of the query").into());
        }
        Ok(read_prometheus(role, answer, &PrometheusOptions::new(step_seconds))?)
    }

    /// Adds usage; series of a subject and metric that is there already are joined, see [`ClusterInventory::add_usage`].
    ///
    /// # Errors
    /// `inventory.invalid_object` where the cluster is in the summary form, which has no series.
    pub fn add_usage(&mut self, read: Read<Vec<UsageSeries>>) -> Result<(), EngineError> {
        let Given::Cluster(inventory) = &mut self.given else {
            let problem = "the summary form has no series of usage";
            let help = "read the cluster from Kubernetes, or give `cpu_usage` with each workload";
            return Err(Fault::new("inventory.invalid_object", "usage", problem, help).into());
        };
        Arc::make_mut(inventory).add_usage(read.value);
        if !read.diagnostics.is_empty() {
            Arc::make_mut(&mut self.diagnostics).extend(read.diagnostics);
        }
        Ok(())
    }

    /// What the engine looks at.
    #[must_use]
    pub const fn given(&self) -> &Given {
        &self.given
    }

    /// The name of the cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        self.given.cluster()
    }

    /// What was left out or is odd, with where: of the first reading, then of each that was added.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The wire form; a summary as it came.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match (&self.given, &self.source) {
            (Given::Cluster(inventory), _) => inventory.to_json(),
            (_, Some(source)) => Json::clone(source),
            (_, None) => Json::Null,
        }
    }

    /// The inventory whose cost is divided; that of a summary places no workload and prices its volumes, see
    /// [`ClusterData::to_inventory`].
    #[must_use]
    pub fn inventory(&self) -> Arc<ClusterInventory> {
        match &self.given {
            Given::Cluster(inventory) => Arc::clone(inventory),
            Given::Summary(data) => Arc::new(data.to_inventory().value),
            Given::Ai(_) => Arc::new(ClusterInventory::new(self.name(), self.given.as_of())),
        }
    }

    /// Divides what the cluster costs over its containers; the remarks of the reading come before those of the
    /// allocation.
    ///
    /// # Errors
    /// As [`allocate`].
    pub fn allocate(
        &self,
        prices: &PriceBook,
        config: &AllocationConfig,
    ) -> Result<AllocationSet, EngineError> {
        let mut set = allocate(&self.inventory(), prices, config)?;
        set.diagnostics.splice(0..0, self.diagnostics.iter().cloned());
        Ok(set)
    }

    /// As [`Cluster::allocate`], by `{config, prices}`: settings, and rows to lay over the compiled prices.
    ///
    /// # Errors
    /// `config.invalid`, `price.invalid_catalogue`, and as [`allocate`].
    pub fn allocate_json(&self, input: &Json) -> Result<AllocationSet, EngineError> {
        let config = AllocationConfig::from_json(input.get("config").unwrap_or(&Json::Null))?;
        let prices = match given(input, "prices") {
            Some(rows) => PriceBook::from_json(rows).map_err(|fault| fault.below("prices"))?,
            None => PriceBook::builtin(),
        };
        self.allocate(&prices, &config)
    }
}

fn given<'a>(input: &'a Json, name: &str) -> Option<&'a Json> {
    input.get(name).filter(|value| !value.is_null())
}

/// Sums the rows of a set by `{by, filter}`.
///
/// # Errors
/// `allocation.unknown_key`, `allocation.invalid_filter`, `allocation.overflow`.
pub fn aggregate_json(set: &AllocationSet, input: &Json) -> Result<AllocationReport, EngineError> {
    let by = Key::list(input.get("by").unwrap_or(&Json::Null)).map_err(|fault| fault.below("by"))?;
    let filter = given(input, "filter").map(Filter::from_json).transpose();
    let filter = filter.map_err(|fault| fault.below("filter"))?;
    Ok(set.aggregate(&by, filter.as_ref())?)
}

/// The set by what `{bill}` charges for its assets, and with what stands outside the cluster (`{external}`).
///
/// # Errors
/// `config.invalid`, `allocation.not_reconcilable`, `allocation.window_empty`, `allocation.overflow`.
pub fn reconcile_json(set: &AllocationSet, input: &Json) -> Result<AllocationSet, EngineError> {
    let mut changed = None;
    if let Some(bill) = given(input, "bill") {
        let bill = AssetCharge::list(bill).map_err(|fault| fault.below("bill"))?;
        changed = Some(set.reconcile(&bill)?);
    }
    if let Some(external) = given(input, "external") {
        let external = ExternalCharge::list(external).map_err(|fault| fault.below("external"))?;
        changed = Some(changed.as_ref().unwrap_or(set).with_external(&external)?);
    }
    Ok(changed.unwrap_or_else(|| set.clone()))
}

/// The query that each metric expects, as `{metric, unit, query, window_seconds, step_seconds}`.
#[must_use]
pub fn queries_json(window_seconds: u32, step_seconds: u32) -> Json {
    Json::array(queries(window_seconds, step_seconds).into_iter().map(|query| {
        Json::object([
            ("metric", Json::from(query.metric.as_str())),
            ("unit", query.unit.into()),
            ("query", query.query.into()),
            ("window_seconds", query.window_seconds.into()),
            ("step_seconds", query.step_seconds.into()),
        ])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use finops_core::json::{Limits, read};

    fn json(text: &str) -> Json {
        read(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn night() -> Timestamp {
        "2026-11-20T00:00:00Z".parse().unwrap()
    }

    fn answer(from: i64, value: &str) -> Vec<u8> {
        let samples = [0, 60, 120].map(|since: i64| format!("[{},\"{value}\"]", from.saturating_add(since)));
        format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"namespace":"shop","pod":"web-0",
                "container":"web"}},"values":[{}]}}]}}}}"#,
            samples.join(",")
        )
        .into_bytes()
    }

    #[test]
    fn answers_in_pieces_are_one_series() {
        let mut cluster = Cluster::from_kubernetes(&[], "c", night()).unwrap();
        let before = cluster.clone();
        for from in [1_795_000_000, 1_795_000_180] {
            cluster
                .add_usage(Cluster::read_prometheus("cpu_usage", &answer(from, "1"), 60).unwrap())
                .unwrap();
        }
        let inventory = cluster.inventory();
        let series = inventory.usage.as_deref().unwrap();
        assert_eq!((series.len(), series[0].samples().len()), (1, 6));
        assert_eq!(before.inventory().usage, None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = Cluster::read_prometheus("cpu", b"{}", 60).unwrap_err();
        assert_eq!((wrong.code(), wrong.path()), ("config.invalid", "metric"));
        let wrong = Cluster::read_prometheus("cpu_usage", b"{}", 0).unwrap_err();
        assert_eq!((wrong.code(), wrong.path()), ("config.invalid", "step_seconds"));
        let mut summary = Cluster::from_json(json(r#"{"cluster": "c"}"#), Some(night())).unwrap();
        let usage = Cluster::read_prometheus("cpu_usage", &answer(0, "1"), 60).unwrap();
        assert_eq!(summary.add_usage(usage).unwrap_err().code(), "inventory.invalid_object");
    }

    #[test]
    fn a_summary_stays_as_it_came_and_says_what_stands_twice() {
        let source = json(
            r#"{"cluster": "c", "workloads": {"shop": [{"name": "web", "cpu_request": 2}, {"name": "web", "cpu_request": 2}]},
                "as_of": "2026-11-20T00:00:00.000Z"}"#,
        );
        let cluster = Cluster::from_json(source.clone(), None).unwrap();
        assert_eq!((cluster.name(), cluster.to_json()), ("c", source));
        let told: Vec<_> = cluster.diagnostics().iter().map(|d| (d.code, d.path.as_deref())).collect();
        assert_eq!(told, [("inventory.duplicate", Some("workloads.shop[1]"))]);
    }
}

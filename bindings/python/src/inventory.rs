//! `finops.ClusterInventory`: what is in a cluster, in the engine's memory.

use crate::{
    allocation::PyAllocationSet,
    convert::{
        number::count,
        time::{self, day},
    },
    engine::value,
    error::raise,
    frozen::{Frozen, Source},
    policy::text,
};
use finops::{Cluster, Timestamp, cluster, core::inventory::Diagnostic, engine::wire};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyDict};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// When a cluster was read: an instant, or a date, which is its midnight in UTC.
fn read_at(as_of: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Timestamp>> {
    let instant = |as_of| day(as_of)?.map_or_else(|| time::instant(as_of, "as_of"), Ok);
    as_of.map(instant).transpose()
}

/// Remarks as frozen results.
pub(crate) fn remarks(diagnostics: &[Diagnostic]) -> Vec<Frozen> {
    diagnostics.iter().map(|remark| Frozen::from_source(Source::Json(remark.to_json()))).collect()
}

/// A cluster in memory; `finops.ClusterInventory` is made of it.
///
/// The lock is held for moments: what is read is read before it, and whoever allocates does so on a clone, which shares
/// what it holds.
#[pyclass(name = "_Cluster", module = "finops._finops", frozen)]
pub(crate) struct PyCluster(Mutex<Cluster>);

impl PyCluster {
    const fn of(cluster: Cluster) -> Self {
        Self(Mutex::new(cluster))
    }

    fn lock(&self) -> MutexGuard<'_, Cluster> {
        // Nothing is left half changed in it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cluster as it is now.
    pub(crate) fn snapshot(&self) -> Cluster {
        self.lock().clone()
    }
}

#[pymethods]
impl PyCluster {
    /// Reads what `kubectl get -o json` prints, bytes or text.
    #[staticmethod]
    #[pyo3(signature = (
        documents: "list[bytes | str]", cluster: "str", as_of: "datetime.datetime | datetime.date | str | float | None"
    ) -> "_Cluster")]
    fn kubernetes(
        py: Python<'_>,
        documents: Vec<Bound<'_, PyAny>>,
        cluster: &str,
        as_of: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let as_of = read_at(as_of)?.unwrap_or_else(time::now);
        // Bytes and text never change, so they are read where they lie.
        let documents = documents.iter().map(|document| text(document)).collect::<PyResult<Vec<&[u8]>>>()?;
        let cluster = py.detach(|| Cluster::from_kubernetes(&documents, cluster, as_of));
        cluster.map(Self::of).map_err(raise)
    }

    /// Reads the summary form or the wire form from a Python value.
    #[staticmethod]
    #[pyo3(signature = (
        value: "typing.Any", as_of: "datetime.datetime | datetime.date | str | float | None"
    ) -> "_Cluster")]
    fn json(py: Python<'_>, value: &Bound<'_, PyAny>, as_of: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let (value, as_of) = (self::value(value)?, read_at(as_of)?);
        py.detach(|| Cluster::from_json(value, as_of)).map(Self::of).map_err(raise)
    }

    /// Reads the summary form or the wire form from JSON text.
    #[staticmethod]
    #[pyo3(signature = (
        document: "bytes | str", as_of: "datetime.datetime | datetime.date | str | float | None"
    ) -> "_Cluster")]
    fn text(py: Python<'_>, document: &Bound<'_, PyAny>, as_of: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let (document, as_of) = (text(document)?, read_at(as_of)?);
        let read = py.detach(|| Cluster::from_json(wire::parse(document)?, as_of));
        read.map(Self::of).map_err(raise)
    }

    /// Adds the answer of a Prometheus query for `metric`, bytes or text.
    #[pyo3(signature = (metric: "str", answer: "bytes | str", step_seconds: "int") -> "None")]
    fn add_prometheus(
        &self,
        py: Python<'_>,
        metric: &str,
        answer: &Bound<'_, PyAny>,
        step_seconds: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        // A step beyond the range of seconds describes no less than all of them.
        let step = u32::try_from(count(step_seconds, "step_seconds")?).unwrap_or(u32::MAX);
        let answer = text(answer)?;
        py.detach(|| {
            let usage = Cluster::read_prometheus(metric, answer, step)?;
            self.lock().add_usage(usage)
        })
        .map_err(raise)
    }

    /// What was left out or is odd.
    #[pyo3(signature = () -> "list[Result]")]
    fn diagnostics(&self) -> Vec<Frozen> {
        remarks(self.snapshot().diagnostics())
    }

    /// The name of the cluster.
    fn name(&self) -> String {
        self.snapshot().name().to_owned()
    }

    /// The wire form as text.
    fn to_json(&self, py: Python<'_>) -> String {
        py.detach(|| self.snapshot().to_json().to_text())
    }

    /// Another one with what this holds now.
    #[pyo3(signature = () -> "_Cluster")]
    fn copy(&self) -> Self {
        Self::of(self.snapshot())
    }

    /// Divides what the cluster costs by `{config, prices}`.
    #[pyo3(signature = (input: "dict[str, typing.Any]") -> "_AllocationSet")]
    fn allocate(&self, py: Python<'_>, input: &Bound<'_, PyDict>) -> PyResult<PyAllocationSet> {
        let input = value(input.as_any())?;
        let set = py.detach(|| self.snapshot().allocate_json(&input)).map_err(raise)?;
        Ok(PyAllocationSet::of(set))
    }
}

/// The query that each metric expects.
#[pyfunction]
#[pyo3(signature = (window_seconds: "int", step_seconds: "int") -> "list[Result]")]
pub(crate) fn cluster_queries(
    window_seconds: &Bound<'_, PyAny>,
    step_seconds: &Bound<'_, PyAny>,
) -> PyResult<Vec<Frozen>> {
    let seconds = |value, name| count(value, name).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    let (window, step) = (seconds(window_seconds, "window_seconds")?, seconds(step_seconds, "step_seconds")?);
    let queries = cluster::queries_json(window, step);
    let all = queries.as_array().unwrap_or_default();
    Ok(all.iter().map(|query| Frozen::from_source(Source::Json(query.clone()))).collect())
}

/// The clusters of a call, each at its place; the others are read from the request.
pub(crate) fn held(clusters: &[Option<Bound<'_, PyCluster>>]) -> Vec<Option<finops::engine::Given>> {
    let given = |cluster: &Bound<'_, PyCluster>| cluster.get().snapshot().given().clone();
    clusters.iter().map(|cluster| cluster.as_ref().map(given)).collect()
}

/// A number of places after the point, at most nine.
pub(crate) fn places(value: &Bound<'_, PyAny>) -> PyResult<u32> {
    let places = count(value, "places")?;
    u32::try_from(places).map_err(|_| PyTypeError::new_err("places: give 0 to 9"))
}

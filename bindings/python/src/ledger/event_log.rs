//! The event log of a Python process.

use super::{
    convert,
    savings::amount,
    verification::{Kept, PyVerification},
};
use crate::{
    convert::{json, out::Anything},
    error::raise,
    frozen::Frozen,
};
use finops::ledger::{
    Anchored, EventLog, EventLogError, LogOptions, NewEvent, Secrets, anchor_place,
    event::{canonical, hex},
};
use pyo3::{
    exceptions::{PyKeyError, PyTypeError},
    prelude::*,
    types::{PyList, PyTuple},
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// A log that proves what was appended to it; `finops.ledger.EventLog` is made of it.
#[pyclass(name = "_EventLog", module = "finops._finops", frozen, subclass)]
pub(crate) struct PyEventLog {
    log: Arc<EventLog>,
}

impl PyEventLog {
    pub(super) const fn log(&self) -> &Arc<EventLog> {
        &self.log
    }
}

/// An event from its members.
fn event(
    kind: &str,
    data: Option<&Bound<'_, PyAny>>,
    actor: &str,
    id: Option<&str>,
    at: Option<&Bound<'_, PyAny>>,
) -> PyResult<NewEvent> {
    let data = match data {
        Some(data) if !data.is_none() => convert::value(data, "/data")?,
        _ => serde_json::Value::Object(serde_json::Map::new()),
    };
    let at = at.filter(|at| !at.is_none()).map(convert::at).transpose()?;
    Ok(NewEvent { kind: kind.to_owned(), data, actor: actor.to_owned(), id: id.map(str::to_owned), at })
}

const MEMBERS: [&str; 5] = ["kind", "data", "actor", "id", "at"];

/// An event from a dict of the arguments of `append`.
fn event_of(members: &Bound<'_, PyAny>) -> PyResult<NewEvent> {
    for key in members.call_method0("keys")?.try_iter()? {
        let key = key?.extract::<String>()?;
        if !MEMBERS.contains(&key.as_str()) {
            let key = finops::core::error::shorten(&key);
            return Err(PyTypeError::new_err(format!("`{key}` is not one of {}", MEMBERS.join(", "))));
        }
    }
    let member = |name: &str| match members.get_item(name) {
        Ok(value) if value.is_none() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyKeyError>(members.py()) => Ok(None),
        Err(error) => Err(error),
    };
    let text = |name: &str| match member(name)? {
        Some(value) => value.extract::<String>().map(Some),
        None => Ok(None),
    };
    let required =
        |name: &str| text(name)?.ok_or_else(|| PyTypeError::new_err(format!("an event needs `{name}`")));
    let (data, at) = (member("data")?, member("at")?);
    event(&required("kind")?, data.as_ref(), &required("actor")?, text("id")?.as_deref(), at.as_ref())
}

#[pymethods]
impl PyEventLog {
    #[new]
    #[pyo3(signature = (
        origin: "str",
        secret: "str | None" = None,
        previous: "list[str] | None" = None,
        ed25519_seed: "str | None" = None,
        environment: "dict[str, str] | None" = None,
        store: "str | None" = None,
        heartbeat_s: "int | None" = None,
        read_only: "bool" = false,
        four_eyes_above: "typing.Any" = None,
    ) -> "typing.Self")]
    #[expect(clippy::too_many_arguments, reason = "one for each argument of `EventLog`")]
    fn new(
        py: Python<'_>,
        origin: &str,
        secret: Option<&str>,
        previous: Option<Vec<String>>,
        ed25519_seed: Option<&str>,
        environment: Option<BTreeMap<String, String>>,
        store: Option<&str>,
        heartbeat_s: Option<u64>,
        read_only: bool,
        four_eyes_above: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let above = four_eyes_above.filter(|above| !above.is_none());
        let four_eyes_above = above.map(|above| amount(above, "four_eyes_above")).transpose()?;
        let secrets = match (secret, environment) {
            (Some(secret), _) => Secrets::new(secret),
            (None, environment) => {
                let environment = environment.unwrap_or_default();
                Secrets::from_env(|name| environment.get(name).cloned())
            }
        };
        let previous = previous.unwrap_or_default();
        let secrets = secrets.and_then(|s| s.with_previous(previous.iter().map(String::as_str)));
        let secrets = match ed25519_seed {
            Some(seed) => secrets.and_then(|secrets| secrets.with_seed(seed)),
            None => secrets,
        };
        let secrets = secrets.map_err(raise)?;
        let options = LogOptions { heartbeat_s, read_only, four_eyes_above, ..LogOptions::default() };
        let log = py.detach(|| open(origin, secrets, store, options)).map_err(raise)?;
        Ok(Self { log: Arc::new(log) })
    }

    /// Records an event and answers its sequence number. A retry with the same `id`, `at` and data answers the number that
    /// the event has already.
    ///
    /// Money is `Decimal` or decimal text; a float is recorded by its shortest digits.
    #[pyo3(signature = (
        kind: "str",
        data: "collections.abc.Mapping[str, typing.Any] | None",
        actor: "str",
        id: "str | None" = None,
        at: "datetime.datetime | str | None" = None,
    ) -> "int")]
    fn append(
        &self,
        py: Python<'_>,
        kind: &str,
        data: Option<&Bound<'_, PyAny>>,
        actor: &str,
        id: Option<&str>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<u64> {
        let event = event(kind, data, actor, id, at)?;
        self.on(py, |log| log.append(event))
    }

    /// Records a batch, all or nothing: dicts with the arguments of `append`.
    #[pyo3(signature = (
        events: "collections.abc.Iterable[collections.abc.Mapping[str, typing.Any]]"
    ) -> "list[int]")]
    fn append_many(&self, py: Python<'_>, events: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
        let events = events.try_iter()?.map(|event| event_of(&event?)).collect::<PyResult<Vec<_>>>()?;
        py.detach(|| self.log.append_many(events)).map_err(raise)
    }

    /// Records an event without waiting until it is durable; `flush` waits.
    #[pyo3(signature = (
        kind: "str",
        data: "collections.abc.Mapping[str, typing.Any] | None",
        actor: "str",
        id: "str | None" = None,
        at: "datetime.datetime | str | None" = None,
    ) -> "None")]
    fn append_nowait(
        &self,
        kind: &str,
        data: Option<&Bound<'_, PyAny>>,
        actor: &str,
        id: Option<&str>,
        at: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.log.append_nowait(event(kind, data, actor, id, at)?).map_err(raise)
    }

    /// Waits until everything is durable; raises what became of events that nobody waited for.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.log.flush()).map_err(raise)
    }

    /// Ends writing: everything is durable, and a store has its last checkpoint. What is recorded can be read on.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.log.close()).map_err(raise)
    }

    /// The name of the log.
    #[getter]
    fn origin(&self) -> &str {
        self.log.origin()
    }

    /// The number of records; record 0 is `log.created`.
    #[getter]
    fn size(&self, py: Python<'_>) -> PyResult<u64> {
        self.on(py, EventLog::size)
    }

    /// The root of the tree over all records, in hexadecimal digits.
    #[getter]
    fn root(&self, py: Python<'_>) -> PyResult<String> {
        self.on(py, EventLog::head).map(|head| hex::encode(&head.root))
    }

    /// The verifier key for auditors; `None` without an Ed25519 seed.
    #[getter]
    fn vkey(&self) -> Option<String> {
        self.log.vkey()
    }

    /// At most `limit` records after `after`: sequence number, key id, tag, event.
    #[pyo3(signature = (
        after: "int | None", limit: "int"
    ) -> "list[tuple[int, str, str, dict[str, typing.Any]]]")]
    fn _page<'py>(&self, py: Python<'py>, after: Option<u64>, limit: u64) -> PyResult<Bound<'py, PyList>> {
        let records = py.detach(|| self.log.events(after, limit)).map_err(raise)?;
        let rows = records.into_iter().map(|record| {
            let event = canonical::from_json(&record.event).map_err(raise)?;
            let event = json::to_python(py, &event)?;
            (record.seq, record.kid.to_string(), hex::encode(&record.tag), event).into_pyobject(py)
        });
        PyList::new(py, rows.collect::<PyResult<Vec<Bound<'py, PyTuple>>>>()?)
    }

    /// A checkpoint of the log as it stands: a signed note. Keep it where a holder of the secret cannot change it.
    fn checkpoint(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.log.checkpoint()).map_err(raise)
    }

    /// The proof that a record is in the tree of `size` records (all, when none is given); `inclusion(**proof)` checks it.
    #[pyo3(signature = (seq: "int", size: "int | None" = None) -> "Result")]
    fn prove(&self, py: Python<'_>, seq: u64, size: Option<u64>) -> PyResult<Frozen> {
        py.detach(|| self.log.prove(seq, size)).map(Frozen::of).map_err(raise)
    }

    /// The proof that the first `old` records begin the first `new` ones; `consistency(**proof)` checks it.
    #[pyo3(signature = (old: "int", new: "int | None" = None) -> "Result")]
    fn prove_consistency(&self, py: Python<'_>, old: u64, new: Option<u64>) -> PyResult<Frozen> {
        py.detach(|| self.log.prove_consistency(old, new)).map(Frozen::of).map_err(raise)
    }

    /// The receipt of a record, checked offline with `vkey` alone; `finops.ledger.receipt` checks it.
    #[pyo3(signature = (seq: "int") -> "str")]
    fn receipt(&self, py: Python<'_>, seq: u64) -> PyResult<String> {
        py.detach(|| self.log.receipt(seq)).map_err(raise)
    }

    /// Verifies every record, and that the log extends `anchors`: texts of checkpoints, or `{"size", "root"}`.
    #[pyo3(signature = (
        anchors: "collections.abc.Iterable[str | bytes | collections.abc.Mapping[str, typing.Any]] | None" = None,
        vkeys: "collections.abc.Iterable[str] | None" = None,
    ) -> "Verification")]
    fn verify(
        &self,
        py: Python<'_>,
        anchors: Option<&Bound<'_, PyAny>>,
        vkeys: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyVerification>> {
        let kept = Kept::list(anchors)?;
        let anchors: Vec<_> = kept.iter().map(Kept::anchor).collect();
        let keys = texts(vkeys)?;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let verification = py.detach(|| self.log.verify(&anchors, &keys)).map_err(raise)?;
        Py::new(py, PyVerification::new(&verification))
    }

    /// Goes on under a new secret. Keep the old one in `SAVE_HMAC_SECRET_PREVIOUS` to verify what it sealed.
    #[pyo3(signature = (new_secret: "str") -> "int")]
    fn rotate(&self, py: Python<'_>, new_secret: &str) -> PyResult<u64> {
        py.detach(|| self.log.rotate(new_secret)).map_err(raise)
    }

    /// Goes on under the next epoch of the key: what lies before cannot be forged by who has only the state of after.
    fn ratchet(&self, py: Python<'_>) -> PyResult<u64> {
        py.detach(|| self.log.ratchet()).map_err(raise)
    }

    /// What to put into an event in place of personal data: `{"$commit": …}`. `redact` deletes the value later.
    #[pyo3(signature = (value: "str") -> "dict[str, str]")]
    fn commit<'py>(&self, py: Python<'py>, value: &str) -> PyResult<Bound<'py, PyAny>> {
        let member = self.log.commit(value).map_err(raise)?;
        json::to_python(py, &member)
    }

    /// The value that a member of an event hides; `None` when nothing, or when it was redacted. `field` is a JSON pointer into
    /// the event, such as `/data/email`.
    #[pyo3(signature = (event_id: "str", field: "str") -> "str | None")]
    fn reveal(&self, py: Python<'_>, event_id: &str, field: &str) -> PyResult<Option<String>> {
        self.on(py, |log| log.reveal(event_id, field))
    }

    /// Deletes what a member hides and records that; every tag and proof stays valid.
    #[pyo3(signature = (event_id: "str", field: "str", reason: "str") -> "int")]
    fn redact(&self, py: Python<'_>, event_id: &str, field: &str, reason: &str) -> PyResult<u64> {
        py.detach(|| self.log.redact(event_id, field, reason)).map_err(raise)
    }

    /// Signs a checkpoint, keeps it at `to` and records `log.anchored`. `to` is a file (for git or CI), ``-`` for standard
    /// output, or an address that takes a POST. Answers note, size, root, to and seq.
    #[pyo3(signature = (to: "str") -> "Result")]
    fn anchor(&self, py: Python<'_>, to: &str) -> PyResult<Frozen> {
        let place = anchor_place(to).map_err(raise)?;
        let Anchored { note, head, to, seq } = py.detach(|| self.log.anchor(&*place)).map_err(raise)?;
        let root = hex::encode(&head.root);
        Ok(Frozen::of(
            serde_json::json!({"note": note, "size": head.size, "root": root, "to": to, "seq": seq}),
        ))
    }

    /// Records size and root of another log by its checkpoint, which a secret of this log or one of `vkeys` must have
    /// signed. Answers the position of `log.rolled_up`.
    #[pyo3(signature = (note: "str", vkeys: "collections.abc.Iterable[str] | None" = None) -> "int")]
    fn roll_up(&self, py: Python<'_>, note: &str, vkeys: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        let vkeys = texts(vkeys)?;
        let vkeys: Vec<&str> = vkeys.iter().map(String::as_str).collect();
        py.detach(|| self.log.roll_up(note, &vkeys)).map_err(raise)
    }

    /// Writes the tables that follow from the log anew, and answers which.
    #[pyo3(signature = () -> "list[str]")]
    fn rebuild(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
        py.detach(|| self.log.rebuild()).map_err(raise)
    }

    /// Writes the log as a file that `verify_log` and `verify_ledger.py` read, whole or not at all; answers the records.
    #[pyo3(signature = (path: "str | os.PathLike[str]") -> "int")]
    fn export(&self, py: Python<'_>, path: PathBuf) -> PyResult<u64> {
        py.detach(|| self.log.export(&path)).map_err(raise)
    }

    #[pyo3(signature = (
        exc_type: "object" = None, exc: "object" = None, traceback: "object" = None
    ) -> "None")]
    fn __exit__(
        &self,
        py: Python<'_>,
        exc_type: Option<&Bound<'_, PyAny>>,
        exc: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _ = (exc_type, exc, traceback);
        self.close(py)
    }

    #[pyo3(signature = () -> "typing.Self")]
    fn __enter__(slf: Bound<'_, Self>) -> Anything<'_> {
        Anything(slf.into_any())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("EventLog({:?}, size={})", self.log.origin(), self.size(py)?))
    }
}

impl PyEventLog {
    fn on<T: Send>(
        &self,
        py: Python<'_>,
        act: impl FnOnce(&EventLog) -> Result<T, EventLogError> + Send,
    ) -> PyResult<T> {
        // A log in memory answers sooner than the interpreter could be let go of and taken back.
        let answer = if self.log.is_quick() { act(&self.log) } else { py.detach(|| act(&self.log)) };
        answer.map_err(raise)
    }
}

/// The texts of an iterable, none where it is left out.
fn texts(given: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
    let Some(given) = given.filter(|given| !given.is_none()) else { return Ok(Vec::new()) };
    given.try_iter()?.map(|text| text?.extract()).collect()
}

fn open(
    origin: &str,
    secrets: Secrets,
    store: Option<&str>,
    options: LogOptions,
) -> Result<EventLog, EventLogError> {
    match store {
        None => EventLog::in_memory(origin, secrets, options),
        Some(url) => EventLog::open(url, origin, secrets, options),
    }
}

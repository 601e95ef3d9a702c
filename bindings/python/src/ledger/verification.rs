//! What the verification of a log answers.

use crate::{
    convert::json,
    error::{Problem, raise_with},
    frozen::Frozen,
};
use finops::ledger::event::{
    checkpoint::TreeHead,
    hex,
    verify::{Anchor, Verification},
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyBytes, PyString},
};
use serde_json::Value;

/// What a verification says: `v.ok`, `v.error`, `v.seq`, `v.size`, `v.root`, `v.anchored_up_to`, `v.unanchored_tail`, `v.gaps`.
///
/// A holder of the secret can rewrite what is not anchored, and a missing tail shows only against an anchor:
/// `anchored_up_to` says how far that is. True where nothing is wrong.
#[pyclass(name = "Verification", module = "finops.ledger", extends = Frozen, frozen)]
pub(crate) struct PyVerification {
    error: Option<String>,
    seq: Option<u64>,
}

impl PyVerification {
    pub(super) fn new(verification: &Verification) -> PyClassInitializer<Self> {
        Self::of(
            Frozen::of(verification.to_json()),
            verification.error.map(|e| e.kind().to_owned()),
            verification.seq,
        )
    }

    fn of(fields: Frozen, error: Option<String>, seq: Option<u64>) -> PyClassInitializer<Self> {
        PyClassInitializer::from(fields).add_subclass(Self { error, seq })
    }
}

#[pymethods]
impl PyVerification {
    fn __bool__(&self) -> bool {
        self.error.is_none()
    }

    /// Raises `LedgerError` with the code `ledger.verify.<error>` where something is wrong.
    fn raise_for_error(&self) -> PyResult<()> {
        let Some(kind) = &self.error else { return Ok(()) };
        let place = self.seq.map_or_else(String::new, |seq| format!(" at record {seq}"));
        let message = format!("the log does not verify: `{kind}`{place}");
        let path = self.seq.map_or_else(String::new, |seq| seq.to_string());
        Err(raise_with(Problem { code: format!("ledger.verify.{kind}"), path, message }, |_| Ok(())))
    }

    /// Reads the wire form.
    #[staticmethod]
    #[pyo3(signature = (text: "str") -> "Verification")]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Py<Self>> {
        let fields = json::parse(text)?;
        let error = fields.get("error").and_then(Value::as_str).map(str::to_owned);
        let ok = fields.get("ok").and_then(Value::as_bool);
        if !fields.is_object() || ok != Some(error.is_none()) {
            return Err(PyValueError::new_err("not the result of a verification"));
        }
        let seq = fields.get("seq").and_then(Value::as_u64);
        Py::new(py, Self::of(Frozen::of(fields), error, seq))
    }
}

/// A checkpoint kept elsewhere, as Python gives it.
pub(super) enum Kept {
    Note(Vec<u8>),
    Head(TreeHead),
}

impl Kept {
    /// The text of a note, or `{"size", "root"}`.
    pub(super) fn read(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(Self::Note(text.to_str()?.as_bytes().to_vec()));
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Self::Note(bytes.as_bytes().to_vec()));
        }
        if !value.hasattr("keys")? {
            return Err(PyTypeError::new_err(
                "an anchor is the text of a checkpoint, or {\"size\": ..., \"root\": ...}",
            ));
        }
        let size = value.get_item("size")?.extract::<u64>()?;
        let root = hex::decode_array(&value.get_item("root")?.extract::<String>()?);
        let refuse = || PyValueError::new_err("the root of an anchor is 64 lower-case hexadecimal digits");
        Ok(Self::Head(TreeHead { size, root: root.ok_or_else(refuse)? }))
    }

    pub(super) fn list(anchors: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Self>> {
        let Some(anchors) = anchors else { return Ok(Vec::new()) };
        if anchors.is_instance_of::<PyString>() || anchors.is_instance_of::<PyBytes>() {
            return Err(PyTypeError::new_err("anchors are a list, also when there is one"));
        }
        anchors.try_iter()?.map(|anchor| Self::read(&anchor?)).collect()
    }

    pub(super) fn anchor(&self) -> Anchor<'_> {
        match self {
            Self::Note(note) => Anchor::Note(note),
            Self::Head(head) => Anchor::Head(*head),
        }
    }
}

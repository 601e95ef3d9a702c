//! Between Python values and policy inputs: exact numbers, and a note for everything that JSON cannot hold.

use crate::convert::{json, number::decimal_class, time};
use crate::error::raise;
use finops::{
    core::{error::shorten, time::Timestamp},
    policy::{
        Json, PolicyError,
        error::ConfigError,
        gate::Foreign,
        json::{Limits, MAX_DEPTH, Number, Object, pointer_of, read},
    },
};
use pyo3::{
    exceptions::PyException,
    prelude::*,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};
use serde_json::Value;

/// As many bytes as the text of an input may have: 1 MiB. A value takes one at least, so more values are too many.
const MAX_BYTES: usize = 1 << 20;
/// A plan or a history of more values than these takes some 200 MB in memory: it is refused.
const MAX_VALUES: usize = 1 << 22;

/// An input with what JSON cannot hold of it.
pub(crate) struct Native {
    pub(crate) json: Json,
    pub(crate) foreign: Vec<Foreign>,
}

impl Native {
    /// Reads any Python value. What JSON cannot hold is noted, never raised: the gate denies it by name.
    pub(crate) fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut reader =
            Reader { foreign: Vec::new(), nodes: 0, most: MAX_BYTES, cut: false, placeholder: Json::Null };
        let json = reader.read(value, None)?;
        Ok(Self { json, foreign: reader.foreign })
    }

    /// Reads a value that is judged in parts: what JSON cannot hold becomes `placeholder`, and so does a value as a whole
    /// of which something would be left out.
    pub(crate) fn with(value: &Bound<'_, PyAny>, placeholder: Json) -> PyResult<Self> {
        let mut reader = Reader { foreign: Vec::new(), nodes: 0, most: MAX_VALUES, cut: false, placeholder };
        let json = reader.read(value, None)?;
        if !reader.cut {
            return Ok(Self { json, foreign: reader.foreign });
        }
        let found = format!("a value of more than {MAX_DEPTH} levels or {MAX_VALUES} values");
        let foreign = vec![Foreign { path: String::new(), number: false, found }];
        Ok(Self { json: reader.placeholder, foreign })
    }
}

/// A value that is no policy input: a configuration, an exemption, a mask.
pub(crate) fn plain(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Json> {
    let native = Native::with(value, Json::Null)?;
    match native.foreign.first() {
        None => Ok(native.json),
        Some(foreign) => Err(no_json(foreign, &format!("/{name}"))),
    }
}

/// The members of a computation; below the pointers in `lenient` null stands for what JSON cannot hold.
pub(super) fn members(value: &Bound<'_, PyAny>, lenient: &[&str]) -> PyResult<Json> {
    let native = Native::with(value, Json::Null)?;
    let below = |path: &str, root: &str| {
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let refused =
        native.foreign.iter().find(|foreign| !lenient.iter().any(|root| below(&foreign.path, root)));
    refused.map_or(Ok(native.json), |foreign| Err(no_json(foreign, "")))
}

fn no_json(foreign: &Foreign, root: &str) -> PyErr {
    let problem = format!("`{}` has no JSON form", shorten(&foreign.found));
    let help = "give text, numbers, booleans, lists, dicts or None";
    raise(PolicyError::from(ConfigError::new(format!("{root}{}", foreign.path), problem, help)))
}

/// [`plain`], or an empty object.
pub(crate) fn object_or_empty(value: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Json> {
    value.map_or_else(|| Ok(Json::Object(Object::new())), |value| plain(value, name))
}

/// The items of an iterable, with null for what JSON cannot hold: whoever reads it refuses it.
pub(crate) fn lenient_list(value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Json>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    value.try_iter()?.map(|item| Ok(Native::of(&item?)?.json)).collect()
}

/// JSON text, as bytes or text.
pub(crate) fn text<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    match value.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes.as_bytes()),
        Err(_) => Ok(value.cast::<PyString>()?.to_str()?.as_bytes()),
    }
}

/// JSON text read with exact numbers.
pub(crate) fn parse(text: &[u8]) -> PyResult<Json> {
    let limits = Limits { bytes: usize::MAX, ..Limits::default() };
    read(text, &limits).map_err(|error| raise(PolicyError::from(error)))
}

/// An answer as Python objects: a number becomes an int where it is one, else a float; one that no float holds is text.
pub(crate) fn shown(json: &Json) -> Value {
    match json {
        Json::Array(items) => Value::Array(items.iter().map(shown).collect()),
        Json::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.to_owned(), shown(value))).collect())
        }
        scalar => Value::try_from(scalar).unwrap_or_else(|_| Value::String(scalar.to_text())),
    }
}

/// An instant: an aware datetime, RFC 3339 text or epoch seconds.
pub(crate) fn instant(value: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    time::instant(value, "now")
}

/// The way to the value that is read, on the stack: it is written out only where something is wrong.
struct Way<'a> {
    from: Option<&'a Way<'a>>,
    step: Step<'a>,
    depth: usize,
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl Way<'_> {
    fn pointer(way: Option<&Self>) -> String {
        let mut steps = Vec::new();
        let mut next = way;
        while let Some(way) = next {
            steps.push(match way.step {
                Step::Key(name) => name.to_owned(),
                Step::Index(index) => index.to_string(),
            });
            next = way.from;
        }
        pointer_of(steps.iter().rev().map(String::as_str))
    }
}

struct Reader {
    foreign: Vec<Foreign>,
    /// How many values were read.
    nodes: usize,
    /// How many values are read at most.
    most: usize,
    /// Whether something was left out: the value is too deep or too large.
    cut: bool,
    /// What stands where a value has no JSON form.
    placeholder: Json,
}

impl Reader {
    fn read(&mut self, value: &Bound<'_, PyAny>, way: Option<&Way<'_>>) -> PyResult<Json> {
        self.nodes = self.nodes.saturating_add(1);
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(match text.to_str() {
                Ok(text) => Json::String(text.to_owned()),
                Err(_) => self.refuse(way, false, "a string with a lone surrogate".to_owned()),
            });
        }
        if value.is_none() {
            return Ok(Json::Null);
        }
        if let Ok(flag) = value.cast::<PyBool>() {
            return Ok(Json::Bool(flag.is_true()));
        }
        if let Ok(float) = value.cast::<PyFloat>() {
            return Ok(self.float(float.value(), way));
        }
        if let Ok(int) = value.cast::<PyInt>() {
            return Ok(self.integer(int.as_any(), way));
        }
        // One level more than an input may have: the gate says that it is too deep.
        let depth = way.map_or(0, |way| way.depth);
        if depth > MAX_DEPTH {
            self.cut = true;
            return Ok(Json::Null);
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            let mut members = Vec::with_capacity(dict.len());
            let (mut plain, mut whole) = (true, true);
            for (key, item) in dict {
                plain &= key.is_exact_instance_of::<PyString>();
                whole &= self.member(&mut members, &key, || Ok(item), way)?;
                if self.is_full() {
                    break;
                }
            }
            // A subclass of `str` may say that it differs from its equal.
            let members = if plain { Object::from_unique(members) } else { members.into_iter().collect() };
            return Ok(self.object(members, whole));
        }
        if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            let mut items = Vec::with_capacity(value.len().unwrap_or(0));
            for (index, item) in value.try_iter()?.enumerate() {
                let way = Way { from: way, step: Step::Index(index), depth: depth.saturating_add(1) };
                items.push(self.read(&item?, Some(&way))?);
                if self.is_full() {
                    break;
                }
            }
            return Ok(Json::Array(items));
        }
        // What a foreign object raises while it is read is no reason to raise: it is a reason to deny.
        self.other(value, way).or_else(|error| {
            if !error.is_instance_of::<PyException>(value.py()) {
                return Err(error);
            }
            let kind = value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
            Ok(self.refuse(way, false, kind))
        })
    }

    /// Whether enough was read: a list that holds itself ends here.
    const fn is_full(&mut self) -> bool {
        self.cut |= self.nodes > self.most;
        self.nodes > self.most
    }

    /// Reads one member; `false` for a key that is no text.
    fn member<'py>(
        &mut self,
        members: &mut Vec<(String, Json)>,
        key: &Bound<'_, PyAny>,
        item: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
        way: Option<&Way<'_>>,
    ) -> PyResult<bool> {
        let Some(name) = key.cast::<PyString>().ok().and_then(|key| key.to_str().ok()) else {
            let kind = key.get_type().name()?;
            self.refuse(way, false, format!("an object with a key of type {kind}"));
            return Ok(false);
        };
        let depth = way.map_or(0, |way| way.depth).saturating_add(1);
        let way = Way { from: way, step: Step::Key(name), depth };
        let value = self.read(&item()?, Some(&way))?;
        members.push((name.to_owned(), value));
        Ok(true)
    }

    /// An object that lost a member is none, unless null is what stands for the loss.
    fn object(&self, members: Object, whole: bool) -> Json {
        if whole || self.placeholder.is_null() { Json::Object(members) } else { self.placeholder.clone() }
    }

    fn other(&mut self, value: &Bound<'_, PyAny>, way: Option<&Way<'_>>) -> PyResult<Json> {
        if value.is_instance(decimal_class(value.py())?)? {
            let text = value.str()?;
            let text = text.to_str()?;
            return Ok(match Number::new(text) {
                Some(number) => Json::Number(number),
                None => self.refuse(way, true, text.to_owned()),
            });
        }
        // NumPy's scalars know the Python value that they stand for; its arrays have an `item`, too, and more of them.
        if value.hasattr("dtype")? && value.getattr("shape")?.len()? == 0 {
            let item = value.call_method0("item")?;
            if !item.get_type().is(value.get_type()) {
                return self.read(&item, way);
            }
        }
        // Mappings that are no dict, such as our own records.
        if value.hasattr("keys")? && value.hasattr("__getitem__")? {
            let (mut members, mut whole) = (Vec::new(), true);
            for key in value.call_method0("keys")?.try_iter()? {
                let key = key?;
                whole &= self.member(&mut members, &key, || value.get_item(&key), way)?;
                if self.is_full() {
                    break;
                }
            }
            return Ok(self.object(members.into_iter().collect(), whole));
        }
        let kind = value.get_type().name()?.to_str()?.to_owned();
        Ok(self.refuse(way, false, kind))
    }

    fn float(&mut self, value: f64, way: Option<&Way<'_>>) -> Json {
        match Number::from_f64(value) {
            Some(number) => Json::Number(number),
            None => self.refuse(way, true, not_finite(value).to_owned()),
        }
    }

    fn integer(&mut self, value: &Bound<'_, PyAny>, way: Option<&Way<'_>>) -> Json {
        if let Ok(small) = value.extract::<i64>() {
            return Json::from(small);
        }
        // Python refuses to write integers of more than 4,300 digits.
        let number = value.str().ok().and_then(|text| Number::new(text.to_str().ok()?));
        number.map_or_else(
            || self.refuse(way, true, "an integer of more than 4,300 digits".to_owned()),
            Json::Number,
        )
    }

    /// Notes a value that JSON cannot hold; the placeholder stands in its place.
    fn refuse(&mut self, way: Option<&Way<'_>>, number: bool, found: String) -> Json {
        self.foreign.push(Foreign { path: Way::pointer(way), number, found });
        self.placeholder.clone()
    }
}

/// What Python calls a float that is no number.
pub(crate) const fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// A frozen object's fields, for answers that are objects.
pub(crate) fn fields(json: &Json) -> serde_json::Map<String, Value> {
    match shown(json) {
        Value::Object(fields) => fields,
        other => serde_json::Map::from_iter([("value".to_owned(), other)]),
    }
}

/// JSON text as Python objects, for answers that are text on the wire.
pub(crate) fn python<'py>(py: Python<'py>, json: &Json) -> PyResult<Bound<'py, PyAny>> {
    json::to_python(py, &shown(json))
}

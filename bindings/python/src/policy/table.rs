//! The rows of an Arrow table, decided one by one without a record each.

use super::{convert::not_finite, rows::Rows};
use crate::arrow::{PyArrowTable, failed};
use arrow_array::{
    Array, ArrayRef, BooleanArray, GenericListArray, ListArray, OffsetSizeTrait, RecordBatch, StringArray,
    StructArray,
    cast::AsArray,
    types::{
        Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
        UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field};
use finops::{
    core::time::Timestamp,
    policy::{
        Asking, Json, Now, PolicyError, PolicyGate,
        decision::{Action, Input, Outcome, Violation},
        error::ConfigError,
        gate::{Answer, Findings, Foreign, Row},
        json::{Number, Object, pointer_of},
    },
};
use pyo3::PyResult;
use std::{collections::BTreeSet, sync::Arc};

/// Texts one after the other, or the ends of lists.
struct Texts {
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { ends: vec![0], bytes: Vec::new() }
    }
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(end(self.bytes.len()));
    }

    fn len(&self) -> usize {
        self.ends.len().saturating_sub(1)
    }

    fn array(self) -> Result<StringArray, ArrowError> {
        StringArray::try_new(offsets(self.ends)?, self.bytes.into(), None)
    }
}

/// An end, or one that no column has: Arrow's short columns end below 2^31.
fn end(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(-1)
}

fn offsets(ends: Vec<i32>) -> Result<OffsetBuffer<i32>, ArrowError> {
    // What is too long for its column has -1 from there on.
    if ends.last().is_some_and(|last| *last < 0) {
        let problem = "the answers are too long for one table; decide fewer rows at once";
        return Err(ArrowError::InvalidArgumentError(problem.to_owned()));
    }
    Ok(OffsetBuffer::new(ends.into()))
}

/// A list of texts a row.
struct Lists {
    ends: Vec<i32>,
    texts: Texts,
}

impl Default for Lists {
    fn default() -> Self {
        Self { ends: vec![0], texts: Texts::default() }
    }
}

impl Lists {
    fn end_of_row(&mut self) {
        self.ends.push(end(self.texts.len()));
    }

    fn array(self) -> Result<ListArray, ArrowError> {
        // As pyarrow names the items of a list.
        let item = Arc::new(Field::new("item", DataType::Utf8, true));
        ListArray::try_new(item, offsets(self.ends)?, Arc::new(self.texts.array()?), None)
    }
}

/// The columns of the answer.
#[derive(Default)]
pub(super) struct Answers {
    decision: Texts,
    allowed: Vec<bool>,
    /// Row and code, where there is one.
    codes: Vec<(usize, String)>,
    rules: Lists,
    /// By action: deny, require_approval, warn.
    messages: [Lists; 3],
}

impl Answers {
    fn outcome(&mut self, outcome: Outcome, code: Option<&str>) {
        self.codes.extend(code.map(|code| (self.allowed.len(), code.to_owned())));
        self.decision.push(outcome.as_str());
        self.allowed.push(outcome == Outcome::Allow);
    }

    /// One failing check.
    fn add(&mut self, rule: &str, action: Action, message: &str) {
        self.rules.texts.push(rule);
        self.say(action, message);
    }

    fn say(&mut self, action: Action, message: &str) {
        let [deny, approval, warn] = &mut self.messages;
        match action {
            Action::Deny => deny.texts.push(message),
            Action::RequireApproval => approval.texts.push(message),
            Action::Warn => warn.texts.push(message),
            Action::Advice => {}
        }
    }

    fn end_of_row(&mut self) {
        self.rules.end_of_row();
        self.messages.iter_mut().for_each(Lists::end_of_row);
    }

    fn typed(&mut self, answer: &Answer) {
        self.outcome(answer.outcome(), None);
        for failure in answer.violations.iter().chain(&answer.warnings) {
            self.add(&failure.rule, failure.action, &failure.message);
        }
        self.end_of_row();
    }

    pub(super) fn table(self) -> PyResult<PyArrowTable> {
        PyArrowTable::new(self.columns().map_err(failed)?)
    }

    fn columns(self) -> Result<Vec<(&'static str, ArrayRef)>, ArrowError> {
        // Most tables have no code at all.
        let code = if self.codes.is_empty() {
            StringArray::new_null(self.allowed.len())
        } else {
            let mut codes = self.codes.into_iter().peekable();
            let rows = 0..self.allowed.len();
            rows.map(|row| codes.next_if(|(of, _)| *of == row).map(|(_, code)| code)).collect()
        };
        let [deny, approval, warn] = self.messages;
        Ok(vec![
            ("decision", Arc::new(self.decision.array()?)),
            ("allowed", Arc::new(BooleanArray::from(self.allowed))),
            ("code", Arc::new(code)),
            ("rules", Arc::new(self.rules.array()?)),
            ("deny_messages", Arc::new(deny.array()?)),
            ("approval_messages", Arc::new(approval.array()?)),
            ("warn_messages", Arc::new(warn.array()?)),
        ])
    }
}

/// Decides every row, all of one batch under what is loaded when it begins.
pub(super) fn decide(
    gate: &PolicyGate,
    batches: &[RecordBatch],
    now: Option<Timestamp>,
) -> Result<Answers, PolicyError> {
    let mut answers = Answers::default();
    let asking = Asking { now: now.map_or(Now::Unknown, Now::At), ..Asking::default() };
    let mut findings = Findings::default();
    for batch in batches {
        let mut documents = Members::of(batch)?;
        let typed = if gate.remote_url().is_none() { gate.gate().typed_rules() } else { None };
        let rows = typed.and_then(|rules| Some((rules, Rows::of(batch)?)));
        let mut row = Row::default();
        let mut foreign = Vec::new();
        let mut input = Json::Object(Object::new());
        for place in 0..batch.num_rows() {
            let quick =
                rows.as_ref().filter(|(_, rows)| rows.read(place, &mut row)).and_then(|(rules, _)| {
                    rules.decide_row(&row, &mut findings, |rule, action, message| {
                        answers.add(rule, action, message)
                    })
                });
            if let Some(outcome) = quick {
                answers.outcome(outcome, None);
                answers.end_of_row();
                continue;
            }
            foreign.clear();
            documents.read(place, &mut input, &mut foreign);
            match typed.and_then(|rules| rules.decide(&input, &foreign)) {
                Some(answer) => answers.typed(&answer),
                None => full(gate, Input::Native(&input, &foreign), &asking, &mut answers),
            }
        }
    }
    Ok(answers)
}

/// A row in which more than the typed rules have a say.
fn full(gate: &PolicyGate, input: Input<'_>, asking: &Asking<'_>, answers: &mut Answers) {
    let decision = gate.decide(input, asking);
    answers.outcome(decision.decision, decision.code());
    let all = [&decision.violations, &decision.warnings, &decision.advice];
    for Violation { rule, action, message, .. } in all.into_iter().flatten() {
        answers.add(rule, *action, message);
    }
    if let Some(fault) = &decision.fault {
        answers.say(Action::Deny, &fault.message());
    }
    answers.end_of_row();
}

/// Puts the cell of a row into a slot that may hold the cell of the row before: what is equal stays where it is.
type Cell<'a> = Box<dyn FnMut(usize, &mut Json, &mut Vec<Foreign>) + 'a>;

/// The columns of a batch, or the fields of a struct.
struct Members<'a> {
    cells: Vec<(&'a str, Cell<'a>)>,
}

impl<'a> Members<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, PolicyError> {
        let schema = batch.schema_ref();
        let mut names = BTreeSet::new();
        if let Some(field) = schema.fields().iter().find(|field| !names.insert(field.name())) {
            let problem = "two columns of the table have this name";
            let error =
                ConfigError::new(pointer_of([field.name().as_str()]), problem, "name each column once");
            return Err(error.into());
        }
        let columns = schema.fields().iter().zip(batch.columns());
        let cells = columns.map(|(field, array)| {
            (field.name().as_str(), cell(array.as_ref(), pointer_of([field.name().as_str()])))
        });
        Ok(Self { cells: cells.collect() })
    }

    fn of_struct(array: &'a StructArray, path: &str) -> Option<Self> {
        let mut names = BTreeSet::new();
        if !array.fields().iter().all(|field| names.insert(field.name())) {
            return None;
        }
        let cells = array.fields().iter().zip(array.columns()).map(|(field, array)| {
            let own = pointer_of([field.name().as_str()]);
            (field.name().as_str(), cell(array.as_ref(), format!("{path}{own}")))
        });
        Some(Self { cells: cells.collect() })
    }

    fn read(&mut self, row: usize, slot: &mut Json, foreign: &mut Vec<Foreign>) {
        let ready = slot.as_object().is_some_and(|members| members.len() == self.cells.len());
        if !ready {
            let members = self.cells.iter().map(|(name, _)| ((*name).to_owned(), Json::Null));
            *slot = Json::Object(Object::from_unique(members.collect()));
        }
        if let Json::Object(members) = slot {
            for ((_, cell), value) in self.cells.iter_mut().zip(members.values_mut()) {
                cell(row, value, foreign);
            }
        }
    }
}

/// Reads a column; `path` is the pointer of its cells in the input.
fn cell<'a>(array: &'a dyn Array, path: String) -> Cell<'a> {
    macro_rules! integers {
        ($type:ty, $wide:ty) => {{
            let values = array.as_primitive::<$type>();
            let mut last = None;
            nullable(array, move |row, slot, _| {
                let value = values.value(row);
                if last != Some(value) || slot.is_null() {
                    last = Some(value);
                    *slot = Json::from(<$wide>::from(value));
                }
            })
        }};
    }
    match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            nullable(array, move |row, slot, _| *slot = Json::Bool(values.value(row)))
        }
        DataType::Int64 => integers!(Int64Type, i64),
        DataType::UInt64 => integers!(UInt64Type, u64),
        DataType::Int32 => integers!(Int32Type, i64),
        DataType::UInt32 => integers!(UInt32Type, u64),
        DataType::Int16 => integers!(Int16Type, i64),
        DataType::UInt16 => integers!(UInt16Type, u64),
        DataType::Int8 => integers!(Int8Type, i64),
        DataType::UInt8 => integers!(UInt8Type, u64),
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            floats(array, path, move |row| values.value(row))
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            floats(array, path, move |row| f64::from(values.value(row)))
        }
        DataType::Decimal128(_, _) => {
            let values = array.as_primitive::<Decimal128Type>();
            nullable(array, move |row, slot, foreign| {
                let text = values.value_as_string(row);
                match Number::new(&text) {
                    Some(number) => *slot = Json::Number(number),
                    None => refuse(slot, foreign, &path, true, text),
                }
            })
        }
        DataType::Utf8 => {
            let values = array.as_string::<i32>();
            nullable(array, move |row, slot, _| put(slot, values.value(row)))
        }
        DataType::LargeUtf8 => {
            let values = array.as_string::<i64>();
            nullable(array, move |row, slot, _| put(slot, values.value(row)))
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            nullable(array, move |row, slot, _| put(slot, values.value(row)))
        }
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let keys = dictionary.normalized_keys();
            let mut word = cell(dictionary.values().as_ref(), path);
            nullable(array, move |row, slot, foreign| match keys.get(row) {
                Some(key) => word(*key, slot, foreign),
                None => *slot = Json::Null,
            })
        }
        DataType::Struct(_) => match Members::of_struct(array.as_struct(), &path) {
            Some(mut members) => nullable(array, move |row, slot, foreign| members.read(row, slot, foreign)),
            None => unknown(array, path, "a struct with a name twice"),
        },
        DataType::List(_) => list(array, array.as_list::<i32>(), path),
        DataType::LargeList(_) => list(array, array.as_list::<i64>(), path),
        DataType::Map(_, _) => map(array, path),
        DataType::Null => Box::new(|_, slot, _| *slot = Json::Null),
        other => {
            let kind = other.to_string();
            unknown(array, path, &kind)
        }
    }
}

fn nullable<'a>(
    array: &'a dyn Array,
    mut read: impl FnMut(usize, &mut Json, &mut Vec<Foreign>) + 'a,
) -> Cell<'a> {
    if array.null_count() == 0 {
        return Box::new(read);
    }
    Box::new(
        move |row, slot, foreign| {
            if array.is_null(row) { *slot = Json::Null } else { read(row, slot, foreign) }
        },
    )
}

fn floats<'a>(array: &'a dyn Array, path: String, value: impl Fn(usize) -> f64 + 'a) -> Cell<'a> {
    let mut last = None;
    nullable(array, move |row, slot, foreign| {
        let value = value(row);
        if last == Some(value.to_bits()) && !slot.is_null() {
            return;
        }
        match Number::from_f64(value) {
            Some(number) => {
                last = Some(value.to_bits());
                *slot = Json::Number(number);
            }
            None => refuse(slot, foreign, &path, true, not_finite(value).to_owned()),
        }
    })
}

fn put(slot: &mut Json, text: &str) {
    match slot {
        Json::String(held) => {
            held.clear();
            held.push_str(text);
        }
        other => *other = Json::from(text),
    }
}

fn refuse(slot: &mut Json, foreign: &mut Vec<Foreign>, path: &str, number: bool, found: String) {
    *slot = Json::Null;
    foreign.push(Foreign { path: path.to_owned(), number, found });
}

fn unknown<'a>(array: &'a dyn Array, path: String, kind: &str) -> Cell<'a> {
    let kind = kind.to_owned();
    nullable(array, move |_, slot, foreign| refuse(slot, foreign, &path, false, kind.clone()))
}

fn list<'a, O: OffsetSizeTrait>(
    array: &'a dyn Array,
    values: &'a GenericListArray<O>,
    path: String,
) -> Cell<'a> {
    // What is wrong with an item is told of the list.
    let mut item = cell(values.values().as_ref(), path);
    nullable(array, move |row, slot, foreign| {
        let ends = values.value_offsets().get(row).zip(values.value_offsets().get(row.saturating_add(1)));
        let (from, to) = ends.map_or((0, 0), |(from, to)| (from.as_usize(), to.as_usize()));
        let mut items = Vec::with_capacity(to.saturating_sub(from));
        for place in from..to {
            let mut value = Json::Null;
            item(place, &mut value, foreign);
            items.push(value);
        }
        *slot = Json::Array(items);
    })
}

fn map<'a>(array: &'a dyn Array, path: String) -> Cell<'a> {
    let entries = array.as_map();
    let mut key = cell(entries.keys().as_ref(), path.clone());
    let mut item = cell(entries.values().as_ref(), path.clone());
    nullable(array, move |row, slot, foreign| {
        let ends = entries.value_offsets().get(row).zip(entries.value_offsets().get(row.saturating_add(1)));
        let (from, to) = ends.map_or((0, 0), |(from, to)| {
            (usize::try_from(*from).unwrap_or_default(), usize::try_from(*to).unwrap_or_default())
        });
        let mut members = Vec::with_capacity(to.saturating_sub(from));
        for place in from..to {
            let (mut name, mut value) = (Json::Null, Json::Null);
            key(place, &mut name, foreign);
            item(place, &mut value, foreign);
            match name {
                Json::String(name) => members.push((name, value)),
                other => {
                    let kind = other.type_name();
                    foreign.push(Foreign {
                        path: path.clone(),
                        number: false,
                        found: format!("an object with a key of type {kind}"),
                    });
                }
            }
        }
        let told = members.len();
        let members: Object = members.into_iter().collect();
        if members.len() < told {
            return refuse(slot, foreign, &path, false, "a map with a key twice".to_owned());
        }
        *slot = Json::Object(members);
    })
}

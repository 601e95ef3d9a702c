//! Arrow columns in and tables out, through the PyCapsule interface: no copy of another library's types.

use crate::{monitor::Owned, record::Metadata};
use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader, StringArray,
    builder::{
        BooleanBuilder, Decimal128Builder, Float64Builder, StringBuilder, TimestampMillisecondBuilder,
        UInt64Builder,
    },
    cast::AsArray,
    ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi},
    ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream, RecordBatchStreamReader},
    make_array,
    types::{
        Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
        UInt32Type, UInt64Type,
    },
};
use arrow_schema::{ArrowError, DataType, Schema};
use finops::{core::money::Picodollars, telemetry::record::Record};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyCapsule, PyTuple},
};
use std::{ffi::CStr, sync::Arc};

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";
/// Decimal digits of a money column, and how many of them stand behind the point: a picodollar.
const MONEY: (u8, i8) = (38, 12);

pub(crate) fn failed(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The arrays of a column, or `None` when the value has no Arrow face.
fn arrays(value: &Bound<'_, PyAny>) -> PyResult<Option<Vec<ArrayRef>>> {
    if value.hasattr("__arrow_c_array__")? {
        let pair = value.call_method0("__arrow_c_array__")?.cast_into::<PyTuple>()?;
        let schema = pair.get_item(0)?.cast_into::<PyCapsule>()?;
        let array = pair.get_item(1)?.cast_into::<PyCapsule>()?;
        let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
        let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
        // SAFETY: the capsules hold these types by their names, and live while `pair` does; the array is moved out and
        // its capsule left released, as the interface demands.
        let data = unsafe { from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) };
        return Ok(Some(vec![make_array(data.map_err(failed)?)]));
    }
    if value.hasattr("__arrow_c_stream__")? {
        let capsule = value.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
        let stream = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
        // SAFETY: as above.
        let reader = unsafe { ArrayStreamReader::from_raw(stream.as_ptr()) }.map_err(failed)?;
        return reader.collect::<Result<Vec<_>, _>>().map(Some).map_err(failed);
    }
    Ok(None)
}

/// The batches of a table.
pub(crate) fn batches(value: &Bound<'_, PyAny>) -> PyResult<Vec<RecordBatch>> {
    if !value.hasattr("__arrow_c_stream__")? {
        return Err(PyTypeError::new_err("not an Arrow table: it has no `__arrow_c_stream__`"));
    }
    let capsule = value.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let stream = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: the capsule holds this type by its name and lives while `capsule` does; the stream is moved out.
    let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr()) }.map_err(failed)?;
    reader.collect::<Result<Vec<_>, _>>().map_err(failed)
}

/// The values of a numeric array; a null is NaN, so that the engine refuses its row.
pub(crate) fn column(array: &dyn Array, name: &str) -> PyResult<Owned> {
    macro_rules! values {
        ($type:ty, $owned:ident) => {{
            let typed = array.as_primitive::<$type>();
            if typed.null_count() == 0 {
                return Ok(Owned::$owned(typed.values().iter().map(|value| (*value).into()).collect()));
            }
        }};
    }
    match array.data_type() {
        DataType::Int64 => values!(Int64Type, I64),
        DataType::UInt64 => values!(UInt64Type, U64),
        DataType::Int32 => values!(Int32Type, I32),
        DataType::UInt32 => values!(UInt32Type, U32),
        DataType::Int16 => values!(Int16Type, I32),
        DataType::UInt16 => values!(UInt16Type, U32),
        DataType::Int8 => values!(Int8Type, I32),
        DataType::UInt8 => values!(UInt8Type, U32),
        DataType::Float64 => values!(Float64Type, F64),
        DataType::Float32 => values!(Float32Type, F64),
        _ => {}
    }
    floats(array).map(Owned::F64).ok_or_else(|| {
        PyTypeError::new_err(format!("{name} is an Arrow column of {}, not of numbers", array.data_type()))
    })
}

#[expect(clippy::cast_precision_loss, reason = "a count above 2^53 is refused as a float, not rounded")]
fn floats(array: &dyn Array) -> Option<Vec<f64>> {
    macro_rules! floats {
        ($type:ty) => {
            array.as_primitive::<$type>().iter().map(|value| value.map_or(f64::NAN, |v| v as f64)).collect()
        };
    }
    Some(match array.data_type() {
        DataType::Int64 => floats!(Int64Type),
        DataType::UInt64 => floats!(UInt64Type),
        DataType::Int32 => floats!(Int32Type),
        DataType::UInt32 => floats!(UInt32Type),
        DataType::Int16 => floats!(Int16Type),
        DataType::UInt16 => floats!(UInt16Type),
        DataType::Int8 => floats!(Int8Type),
        DataType::UInt8 => floats!(UInt8Type),
        DataType::Float64 => {
            array.as_primitive::<Float64Type>().iter().map(|v| v.unwrap_or(f64::NAN)).collect()
        }
        DataType::Float32 => {
            array.as_primitive::<Float32Type>().iter().map(|v| v.map_or(f64::NAN, f64::from)).collect()
        }
        DataType::Null => vec![f64::NAN; array.len()],
        _ => return None,
    })
}

/// The numbers of an Arrow column; `None` when the value is none.
pub(crate) fn numbers(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<Owned>> {
    let Some(arrays) = arrays(value)? else { return Ok(None) };
    if let [one] = arrays.as_slice() {
        return column(one.as_ref(), name).map(Some);
    }
    let mut all = Owned::U64(Vec::new());
    for array in &arrays {
        let next = column(array.as_ref(), name)?;
        all = all.and(next);
    }
    Ok(Some(all))
}

/// Calls `add` with every text of an Arrow column, an empty one for a null; `false` when the value is none.
pub(crate) fn texts(value: &Bound<'_, PyAny>, name: &str, add: &mut dyn FnMut(&str)) -> PyResult<bool> {
    let Some(arrays) = arrays(value)? else { return Ok(false) };
    for array in arrays {
        text_values(array.as_ref(), name, add)?;
    }
    Ok(true)
}

pub(crate) fn text_values(array: &dyn Array, name: &str, add: &mut dyn FnMut(&str)) -> PyResult<()> {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().for_each(|text| add(text.unwrap_or_default())),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().for_each(|text| add(text.unwrap_or_default())),
        DataType::Utf8View => array.as_string_view().iter().for_each(|text| add(text.unwrap_or_default())),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let mut words = Vec::new();
            text_values(dictionary.values().as_ref(), name, &mut |word| words.push(word.to_owned()))?;
            for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
                let word = words.get(key).map(String::as_str).filter(|_| array.is_valid(row));
                add(word.unwrap_or_default());
            }
        }
        other => {
            return Err(PyTypeError::new_err(format!("{name} is an Arrow column of {other}, not of texts")));
        }
    }
    Ok(())
}

/// A table with an Arrow face: `pyarrow.table(t)`, `polars.DataFrame(t)`, `pandas.DataFrame.from_arrow(t)`, DuckDB.
#[pyclass(name = "ArrowTable", module = "finops", frozen)]
pub(crate) struct PyArrowTable(RecordBatch);

impl PyArrowTable {
    pub(crate) fn new(columns: Vec<(&str, ArrayRef)>) -> PyResult<Self> {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
            .map(Self)
            .map_err(failed)
    }

    fn schema(&self) -> Arc<Schema> {
        self.0.schema()
    }
}

#[pymethods]
impl PyArrowTable {
    /// The Arrow stream; `requested_schema` may be ignored, as the interface allows.
    #[pyo3(signature = (requested_schema: "object" = None) -> "object")]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let reader = RecordBatchIterator::new([Ok(self.0.clone())], self.schema());
        let reader: Box<dyn RecordBatchReader + Send> = Box::new(reader);
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), STREAM)
    }

    /// The Arrow schema.
    #[pyo3(signature = () -> "object")]
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema().as_ref()).map_err(failed)?;
        PyCapsule::new_with_value(py, schema, SCHEMA)
    }

    /// The names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.0.num_rows()
    }

    fn __repr__(&self) -> String {
        format!("ArrowTable({} rows, {:?})", self.0.num_rows(), self.column_names())
    }
}

/// Records as a table: exact money as decimals with twelve digits behind the point, times in UTC.
pub(crate) fn records(entries: &[(Record, Metadata)]) -> PyResult<PyArrowTable> {
    let mut at = TimestampMillisecondBuilder::new().with_timezone("UTC");
    let (mut kind, mut model, mut provider) =
        (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut status, mut outcome) = (StringBuilder::new(), StringBuilder::new());
    let mut counts: [UInt64Builder; 6] = Default::default();
    let mut duration = Float64Builder::new();
    let money = || Decimal128Builder::new().with_precision_and_scale(MONEY.0, MONEY.1).map_err(failed);
    let mut costs = [money()?, money()?, money()?, money()?];
    let (mut joules, mut kg, mut grid) =
        (Float64Builder::new(), Float64Builder::new(), Float64Builder::new());
    let (mut hours, mut gpus, mut complete) =
        (Float64Builder::new(), UInt64Builder::new(), BooleanBuilder::new());
    let mut request_id = StringBuilder::new();
    for (record, _) in entries {
        at.append_value(record.at().ms());
        kind.append_value(record.kind());
        model.append_value(record.model());
        let pusd = |usd: Option<Picodollars>| usd.map(Picodollars::get);
        let (amounts, tokens): ([Option<i128>; 4], [Option<u64>; 6]) = match record {
            Record::Inference(record) => {
                let usage = record.usage();
                provider.append_option(record.provider());
                status.append_value(record.status().name());
                outcome.append_value(record.outcome().name());
                duration.append_option(record.duration_ms());
                joules.append_value(record.energy_joules());
                kg.append_value(record.carbon_kg());
                grid.append_value(record.carbon_intensity());
                hours.append_null();
                gpus.append_null();
                complete.append_value(record.complete());
                request_id.append_option(record.request_id());
                let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
                (
                    [
                        pusd(record.input_cost()),
                        pusd(record.output_cost()),
                        pusd(record.compute_cost()),
                        pusd(record.unit_cost()),
                    ],
                    [
                        Some(usage.input),
                        Some(usage.output),
                        Some(usage.cache_read),
                        Some(written),
                        Some(usage.reasoning),
                        Some(record.total_tokens()),
                    ],
                )
            }
            Record::Training(record) => {
                provider.append_null();
                status.append_null();
                outcome.append_null();
                duration.append_null();
                joules.append_value(record.energy_joules());
                kg.append_value(record.carbon_kg());
                grid.append_value(record.carbon_intensity());
                hours.append_value(record.duration_hours());
                gpus.append_value(record.gpu_count());
                complete.append_null();
                request_id.append_null();
                let cost = pusd(Some(record.compute_cost()));
                ([None, None, cost, cost], [None; 6])
            }
        };
        for (builder, amount) in costs.iter_mut().zip(amounts) {
            builder.append_option(amount);
        }
        for (builder, tokens) in counts.iter_mut().zip(tokens) {
            builder.append_option(tokens);
        }
    }
    let [input_cost, output_cost, compute_cost, unit_cost] =
        costs.map(|mut c| Arc::new(c.finish()) as ArrayRef);
    let [input, output, read, written, reasoning, total] =
        counts.map(|mut c| Arc::new(c.finish()) as ArrayRef);
    PyArrowTable::new(vec![
        ("timestamp", Arc::new(at.finish())),
        ("type", Arc::new(kind.finish())),
        ("model", Arc::new(model.finish())),
        ("provider", Arc::new(provider.finish())),
        ("input_tokens", input),
        ("output_tokens", output),
        ("cache_read_tokens", read),
        ("cache_write_tokens", written),
        ("reasoning_tokens", reasoning),
        ("total_tokens", total),
        ("duration_ms", Arc::new(duration.finish())),
        ("input_cost_usd", input_cost),
        ("output_cost_usd", output_cost),
        ("compute_cost_usd", compute_cost),
        ("unit_cost_usd", unit_cost),
        ("energy_joules", Arc::new(joules.finish())),
        ("carbon_kg", Arc::new(kg.finish())),
        ("carbon_intensity_g_per_kwh", Arc::new(grid.finish())),
        ("status", Arc::new(status.finish())),
        ("outcome", Arc::new(outcome.finish())),
        ("complete", Arc::new(complete.finish())),
        ("request_id", Arc::new(request_id.finish())),
        ("duration_hours", Arc::new(hours.finish())),
        ("gpu_count", Arc::new(gpus.finish())),
    ])
}

/// A column of texts.
pub(crate) fn text_column(texts: Vec<Option<String>>) -> ArrayRef {
    Arc::new(StringArray::from(texts))
}

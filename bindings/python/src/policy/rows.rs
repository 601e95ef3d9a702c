//! The columns of a batch as the fields of the default policy, without a document a row.

use arrow_array::{
    Array, BooleanArray, Decimal128Array, PrimitiveArray, RecordBatch, StringArray, StructArray,
    cast::AsArray,
    types::{
        ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;
use finops::policy::gate::{Cell, Row, Tags};
use std::{cell, num::NonZeroUsize};

/// Bytes that the longest values of all columns may have together: far below what an input may have, which the gate counts
/// exactly.
const TEXT_BYTES: usize = 1 << 16;

/// Bytes that a number or a name takes at most here: the longest decimal has 40, the longest field of the policy 26.
const SCALAR_BYTES: usize = 64;

/// A column of scalars.
struct Column<'a> {
    values: Values<'a>,
    /// Where some are null.
    nullable: Option<&'a dyn Array>,
}

enum Values<'a> {
    Null,
    Bool(&'a BooleanArray),
    Int64(&'a [i64]),
    UInt64(&'a [u64]),
    Int32(&'a [i32]),
    UInt32(&'a [u32]),
    Int16(&'a [i16]),
    UInt16(&'a [u16]),
    Int8(&'a [i8]),
    UInt8(&'a [u8]),
    Float64(&'a [f64]),
    Float32(&'a [f32]),
    Decimal(&'a Decimal128Array, u8),
    Text(&'a StringArray),
    LargeText(&'a arrow_array::LargeStringArray),
    TextView(&'a arrow_array::StringViewArray),
    /// The word of each row, and the words.
    Words(Vec<usize>, &'a StringArray),
}

fn slice<T: ArrowPrimitiveType>(array: &dyn Array) -> &[T::Native] {
    let values: &PrimitiveArray<T> = array.as_primitive();
    values.values()
}

impl<'a> Column<'a> {
    /// Nothing for a type whose values are no scalars, or that JSON cannot hold.
    fn of(array: &'a dyn Array) -> Option<Self> {
        let values = match array.data_type() {
            DataType::Null => Values::Null,
            DataType::Boolean => Values::Bool(array.as_boolean()),
            DataType::Int64 => Values::Int64(slice::<Int64Type>(array)),
            DataType::UInt64 => Values::UInt64(slice::<UInt64Type>(array)),
            DataType::Int32 => Values::Int32(slice::<Int32Type>(array)),
            DataType::UInt32 => Values::UInt32(slice::<UInt32Type>(array)),
            DataType::Int16 => Values::Int16(slice::<Int16Type>(array)),
            DataType::UInt16 => Values::UInt16(slice::<UInt16Type>(array)),
            DataType::Int8 => Values::Int8(slice::<Int8Type>(array)),
            DataType::UInt8 => Values::UInt8(slice::<UInt8Type>(array)),
            DataType::Float64 => Values::Float64(slice::<Float64Type>(array)),
            DataType::Float32 => Values::Float32(slice::<Float32Type>(array)),
            DataType::Decimal128(_, places) => {
                Values::Decimal(array.as_primitive::<Decimal128Type>(), u8::try_from(*places).ok()?)
            }
            DataType::Utf8 => Values::Text(array.as_string()),
            DataType::LargeUtf8 => Values::LargeText(array.as_string()),
            DataType::Utf8View => Values::TextView(array.as_string_view()),
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                let words = dictionary.values().as_string_opt::<i32>()?;
                if words.null_count() > 0 {
                    return None;
                }
                // An empty dictionary has no keys to normalise.
                let count = NonZeroUsize::new(words.len());
                Values::Words(count.map(|_| dictionary.normalized_keys()).unwrap_or_default(), words)
            }
            _ => return None,
        };
        let null = matches!(values, Values::Null);
        Some(Self { values, nullable: (!null && array.null_count() > 0).then_some(array) })
    }

    /// Bytes of the longest text, a null row's included.
    fn longest(&self) -> usize {
        let lengths = |ends: &mut dyn Iterator<Item = (usize, usize)>| {
            ends.map(|(from, to)| to.saturating_sub(from)).max().unwrap_or_default()
        };
        match &self.values {
            Values::Text(values) | Values::Words(_, values) => {
                let ends = values.value_offsets().windows(2);
                lengths(
                    &mut ends.filter_map(|pair| Some((pair.first()?.as_usize(), pair.last()?.as_usize()))),
                )
            }
            Values::LargeText(values) => {
                let ends = values.value_offsets().windows(2);
                lengths(
                    &mut ends.filter_map(|pair| Some((pair.first()?.as_usize(), pair.last()?.as_usize()))),
                )
            }
            // The length is in the low half of a view.
            Values::TextView(values) => {
                let length = |view: &u128| usize::try_from(view & u128::from(u32::MAX)).unwrap_or(usize::MAX);
                values.views().iter().map(length).max().unwrap_or_default()
            }
            _ => 0,
        }
    }

    /// The value of a row, which is one of the column's; nothing for one that no cell holds.
    fn cell(&self, row: usize) -> Option<Cell<'a>> {
        let mut cell = Cell::Absent;
        self.put(row, &mut cell).then_some(cell)
    }

    /// Writes the value of a row where it is read from: a cell that is handed on is copied in other pieces than it was
    /// written in, which costs more than all else here. `false` for a value that no cell holds.
    #[inline]
    fn put(&self, row: usize, slot: &mut Cell<'a>) -> bool {
        if self.nullable.is_some_and(|array| array.is_null(row)) {
            *slot = Cell::Null;
            return true;
        }
        let integer = |value: Option<i64>, slot: &mut Cell<'a>| {
            let Some(value) = value else { return false };
            *slot = Cell::Integer(value);
            true
        };
        match &self.values {
            Values::Null => *slot = Cell::Null,
            Values::Bool(values) => *slot = Cell::Bool(values.value(row)),
            Values::Int64(values) => return integer(values.get(row).copied(), slot),
            Values::UInt64(values) => {
                return integer(values.get(row).and_then(|value| i64::try_from(*value).ok()), slot);
            }
            Values::Int32(values) => return integer(values.get(row).map(|value| (*value).into()), slot),
            Values::UInt32(values) => return integer(values.get(row).map(|value| (*value).into()), slot),
            Values::Int16(values) => return integer(values.get(row).map(|value| (*value).into()), slot),
            Values::UInt16(values) => return integer(values.get(row).map(|value| (*value).into()), slot),
            Values::Int8(values) => return integer(values.get(row).map(|value| (*value).into()), slot),
            Values::UInt8(values) => return integer(values.get(row).map(|value| (*value).into()), slot),
            Values::Float64(values) => match values.get(row) {
                Some(value) => *slot = Cell::Float(*value),
                None => return false,
            },
            Values::Float32(values) => match values.get(row) {
                Some(value) => *slot = Cell::Float((*value).into()),
                None => return false,
            },
            Values::Decimal(values, places) => match i64::try_from(values.value(row)) {
                Ok(units) => *slot = Cell::Decimal(units, *places),
                Err(_) => return false,
            },
            Values::Text(values) => *slot = Cell::Text(values.value(row)),
            Values::LargeText(values) => *slot = Cell::Text(values.value(row)),
            Values::TextView(values) => *slot = Cell::Text(values.value(row)),
            Values::Words(keys, words) => match keys.get(row) {
                Some(key) => *slot = Cell::Text(words.value(*key)),
                None => return false,
            },
        }
        true
    }
}

/// A column of tags: a struct of scalars.
struct Struct<'a> {
    members: Vec<(&'a str, Column<'a>)>,
    nullable: Option<&'a dyn Array>,
    row: cell::Cell<usize>,
}

impl<'a> Struct<'a> {
    fn of(
        array: &'a StructArray,
        read: &mut impl FnMut(&'a dyn Array) -> Option<Column<'a>>,
    ) -> Option<Self> {
        let columns = array.fields().iter().zip(array.columns());
        let members: Option<Vec<_>> = columns
            .map(|(field, array)| {
                let column = read(array.as_ref())?;
                // A double that is not finite is denied by its place.
                let number = matches!(column.values, Values::Float64(_) | Values::Float32(_));
                (!number).then_some((field.name().as_str(), column))
            })
            .collect();
        let members = members?;
        let mut names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let unique = names.windows(2).all(|pair| pair.first() != pair.last());
        let nullable: Option<&dyn Array> = (array.null_count() > 0).then_some(array);
        unique.then(|| Self { members, nullable, row: cell::Cell::new(0) })
    }
}

impl Tags for Struct<'_> {
    fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn text(&self, name: &str) -> Option<&str> {
        let (_, column) = self.members.iter().find(|(member, _)| *member == name)?;
        match column.cell(self.row.get()) {
            Some(Cell::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// A batch whose columns are read straight into the fields.
pub(super) struct Rows<'a> {
    fields: Vec<(usize, Column<'a>)>,
    tags: Option<(usize, Struct<'a>)>,
    /// Doubles that are no field: an input may not hold one that is not finite.
    others: Vec<Column<'a>>,
}

impl<'a> Rows<'a> {
    /// Nothing for a batch with a column that takes a document a row, or with texts so long that an input may be too large.
    pub(super) fn of(batch: &'a RecordBatch) -> Option<Self> {
        let mut rows = Self { fields: Vec::new(), tags: None, others: Vec::new() };
        let mut longest = 0_usize;
        let mut column = |array: &'a dyn Array| {
            let column = Column::of(array)?;
            longest = longest.saturating_add(column.longest()).saturating_add(SCALAR_BYTES);
            Some(column)
        };
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            // Names count, too.
            if field.name().len() > SCALAR_BYTES {
                return None;
            }
            match (Row::field(field.name()), array.data_type()) {
                (Some(place), DataType::Struct(members)) => {
                    if rows.tags.is_some() || members.iter().any(|member| member.name().len() > SCALAR_BYTES)
                    {
                        return None;
                    }
                    rows.tags = Some((place, Struct::of(array.as_struct(), &mut column)?));
                }
                (Some(place), _) => rows.fields.push((place, column(array.as_ref())?)),
                (None, _) => {
                    let column = column(array.as_ref())?;
                    if matches!(column.values, Values::Float64(_) | Values::Float32(_)) {
                        rows.others.push(column);
                    }
                }
            }
        }
        (longest <= TEXT_BYTES).then_some(rows)
    }

    /// Reads a row over the one before; `false` for one that takes a document.
    #[inline]
    pub(super) fn read<'r>(&'r self, place: usize, row: &mut Row<'r>) -> bool {
        for (field, column) in &self.fields {
            if !row.slot(*field).is_some_and(|slot| column.put(place, slot)) {
                return false;
            }
        }
        let odd = |column: &Column<'_>| matches!(column.cell(place), Some(Cell::Float(value)) if !value.is_finite());
        if self.others.iter().any(odd) {
            return false;
        }
        if let Some((field, tags)) = &self.tags {
            tags.row.set(place);
            let null = tags.nullable.is_some_and(|array| array.is_null(place));
            row.set(*field, if null { Cell::Null } else { Cell::Tags(tags) });
        }
        true
    }
}

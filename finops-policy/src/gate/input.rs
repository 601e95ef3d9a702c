//! What stands in the fields of an input.

use super::{Cell, Exact, Row, cell::Tags, config::Threshold, field::Field, field::Range, number};
use std::cmp::Ordering;

/// A value of the caller's language that JSON cannot hold; the input has `null` in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// JSON pointer into the input.
    pub path: String,
    /// `true` for NaN and the infinities (`input.number`), `false` for any other value (`input.type`).
    pub number: bool,
    /// The number as the caller's language shows it, or the name of the type.
    pub found: String,
}

/// What stands in one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    Null,
    /// A value that JSON cannot hold.
    Foreign,
    WrongType,
    OutOfRange,
    Valid,
}

/// The fields of an input, read once.
pub(super) struct Fields<'a> {
    states: [State; Field::ALL.len()],
    /// Borrowed: to copy a cell just written costs more than to decide on it.
    cells: &'a [Cell<'a>; Field::ALL.len()],
    /// Each number as the double that stands for it exactly; NaN where none does.
    doubles: [f64; Field::NUMBERS.len()],
    /// Whether a field is null, of the wrong type or out of range.
    pub(super) faulty: bool,
    /// Whether a number is a double that is not finite, which no JSON says.
    pub(super) odd: bool,
}

impl<'a> Fields<'a> {
    /// Reads the fields of the row of an object, of which the caller's language could not say what `foreign` names.
    pub(super) fn of(row: &'a Row<'a>, foreign: &[Foreign]) -> Self {
        let mut fields = Self::of_row(row);
        if !foreign.is_empty() {
            for field in Field::ALL {
                let odd = foreign.iter().any(|foreign| foreign.path == field.pointer());
                if odd && !matches!(fields.cell(field), Cell::Absent) {
                    fields.keep(field, State::Foreign);
                }
            }
        }
        fields
    }

    /// Reads the fields of a row.
    pub(super) fn of_row(row: &'a Row<'a>) -> Self {
        let mut fields = Self {
            states: [State::Absent; Field::ALL.len()],
            cells: &row.cells,
            doubles: [f64::NAN; Field::NUMBERS.len()],
            faulty: false,
            odd: false,
        };
        for (field, cell) in Field::ALL.into_iter().zip(&row.cells) {
            if !matches!(cell, Cell::Absent) {
                fields.put(field, cell);
            }
        }
        fields
    }

    #[inline]
    fn put(&mut self, field: Field, cell: &Cell<'_>) {
        let state = match (field.range(), cell) {
            (_, Cell::Null) => State::Null,
            (Some(range), cell) => self.put_number(field, range, cell),
            (None, cell) => {
                self.odd |= matches!(cell, Cell::Float(value) if !value.is_finite());
                let valid = match field {
                    Field::Region => cell.as_str().is_some(),
                    Field::CostTags => matches!(cell, Cell::Tags(_)),
                    _ => cell.as_bool().is_some(),
                };
                if valid { State::Valid } else { State::WrongType }
            }
        };
        self.keep(field, state);
    }

    #[inline]
    fn keep(&mut self, field: Field, state: State) {
        self.faulty |= state != State::Valid;
        if let Some(slot) = self.states.get_mut(field.index()) {
            *slot = state;
        }
    }

    #[inline]
    fn put_number(&mut self, field: Field, range: &Range, cell: &Cell<'_>) -> State {
        let Some(double) = double_of(cell) else {
            self.odd |= matches!(cell, Cell::Float(_));
            return State::WrongType;
        };
        if let Some(slot) = self.doubles.get_mut(field.index()) {
            *slot = double;
        }
        let held = if double.is_nan() {
            range.contains(&exact_of(cell))
        } else {
            range.doubles.0 <= double && double <= range.doubles.1
        };
        if held { State::Valid } else { State::OutOfRange }
    }

    #[inline]
    pub(super) fn state(&self, field: Field) -> State {
        self.states.get(field.index()).copied().unwrap_or(State::Absent)
    }

    /// What stands in a field, whatever its state.
    #[inline]
    pub(super) fn cell(&self, field: Field) -> Cell<'a> {
        self.cells.get(field.index()).copied().unwrap_or(Cell::Absent)
    }

    #[inline]
    fn double(&self, field: Field) -> f64 {
        self.doubles.get(field.index()).copied().unwrap_or(f64::NAN)
    }

    /// The number in a field, also out of range, beside a limit.
    #[inline]
    pub(super) fn beside(&self, field: Field, limit: &Threshold) -> Ordering {
        // Doubles order as their shortest decimals do.
        self.double(field).partial_cmp(&limit.double).unwrap_or_else(|| self.exact(field).cmp(&limit.exact))
    }

    /// The number in one field beside the number in another.
    pub(super) fn beside_field(&self, field: Field, other: Field) -> Ordering {
        let doubles = self.double(field).partial_cmp(&self.double(other));
        doubles.unwrap_or_else(|| self.exact(field).cmp(&self.exact(other)))
    }

    /// The number in a field, also out of range.
    pub(super) fn exact(&self, field: Field) -> Exact {
        exact_of(&self.cell(field))
    }

    /// Adds the normal form of the number in a field, also out of range.
    pub(super) fn write_number(&self, field: Field, out: &mut String) {
        let double = self.double(field);
        if !number::write_double(double, out) {
            out.push_str(&self.exact(field).normal_form());
        }
    }

    /// Adds the normal form of a hundred times the number in a field.
    pub(super) fn write_per_cent(&self, field: Field, out: &mut String) {
        out.push_str(&self.exact(field).shifted(2).normal_form());
    }

    /// The truth value in a field, if it is valid.
    pub(super) fn bool(&self, field: Field) -> Option<bool> {
        self.cell(field).as_bool().filter(|_| self.state(field) == State::Valid)
    }

    /// The tags, if they are valid.
    pub(super) fn tags(&self) -> Option<&'a dyn Tags> {
        self.cell(Field::CostTags).as_tags()
    }

    /// The region, if it is valid.
    pub(super) fn region(&self) -> &'a str {
        self.cell(Field::Region).as_str().unwrap_or_default()
    }
}

/// The double that stands for a number exactly, NaN where none does; nothing for what is no number and no decimal string.
#[inline]
fn double_of(cell: &Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Integer(value) => Some(number::double_of_parts(*value, 0)),
        Cell::Float(value) => value.is_finite().then_some(*value),
        Cell::Decimal(units, places) => Some(number::double_of_parts(*units, *places)),
        Cell::Number(number) => Some(number::double_of_text(number.text())),
        Cell::Text(text) if number::is_decimal_string(text) => Some(number::double_of_text(text)),
        _ => None,
    }
}

fn exact_of(cell: &Cell<'_>) -> Exact {
    match cell {
        Cell::Integer(value) => Exact::from(*value),
        Cell::Float(value) => Exact::from_f64(*value).unwrap_or(Exact::ZERO),
        Cell::Decimal(units, places) => Exact::from(*units).shifted(i32::from(*places).wrapping_neg()),
        Cell::Number(number) => Exact::from_number(number),
        Cell::Text(text) => Exact::from_text(text).unwrap_or(Exact::ZERO),
        _ => Exact::ZERO,
    }
}

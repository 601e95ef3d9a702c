//! What stands in the fields of an input.

use super::{Exact, field::Field};
use crate::json::{Json, Object};

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
    pub(super) states: [State; Field::ALL.len()],
    values: [Option<&'a Json>; Field::ALL.len()],
    numbers: [Exact; Field::NUMBERS.len()],
    /// Whether a field is null, of the wrong type or out of range.
    pub(super) faulty: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn of(input: &'a Object, foreign: &[Foreign]) -> Self {
        let mut fields = Self {
            states: [State::Absent; Field::ALL.len()],
            values: [None; Field::ALL.len()],
            numbers: [const { Exact::ZERO }; Field::NUMBERS.len()],
            faulty: false,
        };
        for (name, value) in input.iter() {
            if let Some(field) = Field::named(name) {
                fields.put(field, value, foreign);
            }
        }
        fields
    }

    fn put(&mut self, field: Field, value: &'a Json, foreign: &[Foreign]) {
        let state = if foreign.iter().any(|foreign| foreign.path == field.pointer()) {
            State::Foreign
        } else {
            match (field.range(), value) {
                (_, Json::Null) => State::Null,
                (Some(range), value) => {
                    match (Exact::from_json(value), self.numbers.get_mut(field.index())) {
                        (Some(number), Some(slot)) => {
                            let valid = range.contains(&number);
                            *slot = number;
                            if valid { State::Valid } else { State::OutOfRange }
                        }
                        _ => State::WrongType,
                    }
                }
                (None, value) => {
                    let valid = match field {
                        Field::Region => value.as_str().is_some(),
                        Field::CostTags => value.as_object().is_some(),
                        _ => value.as_bool().is_some(),
                    };
                    if valid { State::Valid } else { State::WrongType }
                }
            }
        };
        self.faulty |= state != State::Valid;
        if let (Some(slot), Some(kept)) =
            (self.states.get_mut(field.index()), self.values.get_mut(field.index()))
        {
            (*slot, *kept) = (state, Some(value));
        }
    }

    pub(super) fn state(&self, field: Field) -> State {
        self.states.get(field.index()).copied().unwrap_or(State::Absent)
    }

    /// The value of a field, whatever its state.
    pub(super) fn value(&self, field: Field) -> Option<&'a Json> {
        self.values.get(field.index()).copied().flatten()
    }

    /// The number in a field, also out of range.
    pub(super) fn any_number(&self, field: Field) -> &Exact {
        self.numbers.get(field.index()).unwrap_or(&const { Exact::ZERO })
    }

    /// The number in a field, if it is valid.
    pub(super) fn number(&self, field: Field) -> Option<&Exact> {
        (self.state(field) == State::Valid).then(|| self.any_number(field))
    }

    /// The truth value in a field, if it is valid.
    pub(super) fn bool(&self, field: Field) -> Option<bool> {
        self.value(field).filter(|_| self.state(field) == State::Valid).and_then(Json::as_bool)
    }
}

//! The values of an input without a document: what a column of a table hands over, row by row.

use super::field::Field;
use crate::json::{Json, Number, Object};
use std::fmt;

/// One value of an input, borrowed: nothing is copied to decide on it.
///
/// Each number stands for the value that its JSON would have: a double for its shortest decimal.
#[derive(Clone, Copy, Default)]
pub enum Cell<'a> {
    /// There is no such member.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of 64 bits.
    Integer(i64),
    /// A double; what is not finite cannot be decided on as a cell.
    Float(f64),
    /// So many units of ten to the power of minus the second.
    Decimal(i64, u8),
    /// A JSON number, as it was written.
    Number(&'a Number),
    /// Text.
    Text(&'a str),
    /// An object: only its tags are ever looked at.
    Tags(&'a dyn Tags),
    /// A value that no field takes, by the name of its JSON type.
    Other(&'static str),
}

/// The members of `cost_tags`.
pub trait Tags {
    /// Whether there is no member at all.
    fn is_empty(&self) -> bool;

    /// The text of the member `name`; `None` where it is absent or no text.
    fn text(&self, name: &str) -> Option<&str>;
}

impl Tags for Object {
    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Json::as_str)
    }
}

impl fmt::Debug for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}

impl<'a> Cell<'a> {
    /// The value of a document.
    #[must_use]
    pub fn of(value: &'a Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number),
            Json::String(text) => Self::Text(text),
            Json::Object(members) => Self::Tags(members),
            Json::Array(_) => Self::Other("array"),
        }
    }

    /// `null`, `boolean`, `number`, `string`, `array` or `object`, as messages name it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Absent | Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Integer(_) | Self::Float(_) | Self::Decimal(..) | Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Tags(_) => "object",
            Self::Other(name) => name,
        }
    }

    pub(super) const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) const fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_tags(&self) -> Option<&'a dyn Tags> {
        match self {
            Self::Tags(tags) => Some(*tags),
            _ => None,
        }
    }
}

/// The fields of one input that the default policy knows; all absent at first.
///
/// ```
/// use finops_policy::{decision::{Gate, GateOptions, Outcome}, gate::{Cell, Findings, Row}};
/// let gate = Gate::new(GateOptions::default())?;
/// let rules = gate.typed_rules().ok_or("a set decides")?;
/// let mut row = Row::default();
/// row.set(Row::field("unit_cost_usd").ok_or("no field")?, Cell::Float(0.6));
/// let mut said = Vec::new();
/// let outcome = rules.decide_row(&row, &mut Findings::default(), |_, _, message| said.push(message.to_owned()));
/// assert_eq!(outcome, Some(Outcome::Deny));
/// assert_eq!(said, ["Unit cost 0.6 USD exceeds budget cap of 0.5 USD", "Deployment missing required cost_tags"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Row<'a> {
    pub(super) cells: [Cell<'a>; Field::ALL.len()],
}

impl<'a> Row<'a> {
    /// The fields of an object.
    #[must_use]
    pub fn of(input: &'a Object) -> Self {
        let mut row = Self::default();
        for (name, value) in input.iter() {
            if let Some(field) = Self::field(name) {
                row.set(field, Cell::of(value));
            }
        }
        row
    }

    /// The place of the field `name`; nothing for a name that the default policy does not know.
    #[must_use]
    pub fn field(name: &str) -> Option<usize> {
        Field::named(name).map(Field::index)
    }

    /// The field at a place of [`Row::field`], to be written in place.
    #[inline]
    pub fn slot(&mut self, field: usize) -> Option<&mut Cell<'a>> {
        self.cells.get_mut(field)
    }

    /// Sets the field at a place of [`Row::field`].
    pub fn set(&mut self, field: usize, cell: Cell<'a>) {
        if let Some(slot) = self.cells.get_mut(field) {
            *slot = cell;
        }
    }
}

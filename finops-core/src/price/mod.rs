//! Prices of models and of cloud resources: dated, with provenance; exact matching of names.
//!
//! | type | is |
//! |---|---|
//! | [`Catalogue`] | all prices: the compiled one, the user's, or one laid over the other |
//! | [`Resolved`] | the offering that a name means, and how it was matched ([`Match`]) |
//! | [`Row`], [`Offering`], [`Source`] | the lines of a catalogue |
//! | [`PriceBook`], [`CloudPrice`] | prices of instances, volumes and other cloud resources |
//! | [`diff()`], [`verify()`] | what changed between two catalogues; what is wrong with one |
//!
//! Names match exactly or by a few anchored forms. Nothing is priced by resemblance.

pub mod book;
mod catalogue;
mod cloud;
mod compile;
mod diff;
mod error;
mod hash;
mod name;
pub(crate) mod resolve;
mod row;
mod schedule;
pub(crate) mod select;
pub(crate) mod table;
mod verify;

#[cfg(test)]
mod tests;

pub use book::{CloudPrice, PriceBook, Purchase};
pub use catalogue::Catalogue;
pub(crate) use compile::scalar::instant_text;
pub use diff::{Change, ChangeKind, diff};
pub use error::{Near, PriceError};
pub use name::Name;
pub use resolve::{Match, Resolved};
pub use row::{Calendar, Conditions, Offering, Row, Schedule, Source};
pub use verify::{Finding, verify};

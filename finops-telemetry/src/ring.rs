//! The bounded ring of records.

//! The layout of the table of cloud prices, little-endian: `build.rs` writes it, [`PriceBook`](super::PriceBook) searches
//! it in place.
//!
//! Sections in order: [`MAGIC`]; `u32` counts of skus, regions, sources and rows; `u32` ends of the strings in the text;
//! `u32` first row of each sku and the end of the last; [`ROW`] bytes a row, by sku and region; one byte a source, 1 for
//! a verified one; the text. Strings: skus and regions, each sorted, then [`SOURCE_STRINGS`] a source.

/// First bytes of a table; the digit is the version of the layout.
pub const MAGIC: [u8; 8] = *b"FOCLOUD1";
/// Bytes before the ends of the strings.
pub const HEADER: usize = 24;
/// `region: u8, source: u8, digits after the point: u8, 0, price without its point: u32`.
pub const ROW: usize = 8;
/// Id, currency, first day and title.
pub const SOURCE_STRINGS: usize = 4;

//! Compiles the price catalogue into one table that is read in place: no parsing and no start-up at run time.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "a build script reads and writes files, and stops the build on a bad catalogue"
)]

use std::path::Path;

#[path = "src/price"]
#[expect(dead_code, reason = "the crate uses the rest of these modules")]
mod price {
    pub mod compile;
    pub mod hash;
}

/// Bytes that the table may take in the binary.
const BYTES_MAX: usize = 512 * 1024;

fn main() {
    let source = "data/prices/catalogue.jsonl";
    for path in [source, "src/price/compile", "src/price/compile.rs", "src/price/hash.rs", "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let text = std::fs::read_to_string(source).unwrap_or_else(|e| panic!("{source}: {e}"));
    let table = price::compile::compile(&text).unwrap_or_else(|problem| panic!("{source}: {problem}"));
    assert!(table.len() <= BYTES_MAX, "the price table has {} bytes; {BYTES_MAX} are the limit", table.len());
    let out = std::env::var_os("OUT_DIR").unwrap_or_else(|| panic!("cargo sets OUT_DIR"));
    let out = Path::new(&out).join("prices.bin");
    std::fs::write(&out, table).unwrap_or_else(|e| panic!("{}: {e}", out.display()));
}

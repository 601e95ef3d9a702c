//! Compiles the price catalogue and the cloud prices into tables that are read in place: no parsing and no start-up at
//! run time.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "a build script reads and writes files, and stops the build on a bad catalogue"
)]

use std::path::Path;

#[path = "src/price"]
#[expect(dead_code, reason = "the crate uses the rest of these modules")]
mod price {
    pub mod cloud;
    pub mod cloud_compile;
    pub mod compile;
    pub mod hash;
}

/// Bytes that a table may take in the binary.
const BYTES_MAX: usize = 512 * 1024;

fn main() {
    let source = "data/prices/catalogue.jsonl";
    let (rows, sources) = ("data/prices/cloud.csv", "data/prices/cloud_sources.csv");
    let code = [
        "src/price/cloud.rs",
        "src/price/cloud_compile.rs",
        "src/price/compile",
        "src/price/compile.rs",
        "src/price/hash.rs",
        "build.rs",
    ];
    for path in [source, rows, sources].into_iter().chain(code) {
        println!("cargo::rerun-if-changed={path}");
    }
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let table = price::compile::compile(&read(source));
    write("prices.bin", &table.unwrap_or_else(|problem| panic!("{source}: {problem}")));
    let table = price::cloud_compile::compile(&read(rows), &read(sources));
    write("cloud.bin", &table.unwrap_or_else(|problem| panic!("{rows}: {problem}")));
}

fn write(name: &str, table: &[u8]) {
    assert!(table.len() <= BYTES_MAX, "{name} has {} bytes; {BYTES_MAX} are the limit", table.len());
    let out = std::env::var_os("OUT_DIR").unwrap_or_else(|| panic!("cargo sets OUT_DIR"));
    let out = Path::new(&out).join(name);
    std::fs::write(&out, table).unwrap_or_else(|e| panic!("{}: {e}", out.display()));
}

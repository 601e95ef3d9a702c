//! The `finops` command line.
fn main() {}

//! The pure crates depend on nothing that could read a clock, a file or a socket.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::process::Command;

const PURE: [&str; 4] = ["finops-core", "finops-policy", "finops-telemetry", "finops-ledger"];

/// Crates that bring the world with them. `chrono` may stand below `regorus` only, where no code of ours calls it.
const WORLD: [&str; 16] = [
    "tokio",
    "mio",
    "async-std",
    "smol",
    "pyo3",
    "napi",
    "reqwest",
    "hyper",
    "ureq",
    "chrono",
    "time",
    "rand",
    "getrandom",
    "parquet",
    "object_store",
    "nvml-wrapper",
];

fn tree(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo tree prints UTF-8")
}

#[test]
fn no_pure_crate_depends_on_the_world() {
    for pure in PURE {
        let listing = tree(&["-p", pure]);
        let names: Vec<&str> = listing.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(names.contains(&pure), "{pure} stands in its own tree: {listing}");
        let below_regorus = if names.contains(&"regorus") { tree(&["-p", "regorus"]) } else { String::new() };
        for world in WORLD {
            let excused = world == "chrono" && below_regorus.contains("chrono v");
            assert!(excused || !names.contains(&world), "{pure} depends on {world}");
        }
    }
}

#[test]
fn the_pure_crates_know_only_the_core() {
    for (pure, allowed) in [
        ("finops-core", &[][..]),
        ("finops-policy", &["finops-core"][..]),
        ("finops-telemetry", &["finops-core"][..]),
        ("finops-ledger", &["finops-core"][..]),
    ] {
        let listing = tree(&["-p", pure]);
        for name in
            listing.lines().filter_map(|line| line.split(' ').next()).filter(|n| n.starts_with("finops"))
        {
            assert!(name == pure || allowed.contains(&name), "{pure} may not depend on {name}");
        }
    }
}

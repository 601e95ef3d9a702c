//! The pure crates depend on nothing that could read a clock, a file or a socket.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::process::Command;

const PURE: [&str; 4] = ["finops-core", "finops-policy", "finops-telemetry", "finops-ledger"];

/// Crates that bring the world with them. `iana-time-zone` is what chrono's clock asks for the zone of the machine: chrono
/// itself, without it, is a calendar.
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
    "iana-time-zone",
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

/// Regorus brings chrono's clock and a source of randomness with it, which its manifest does not let us turn off. No code of
/// ours calls them, and the lint refuses the policies that would.
const BELOW_REGORUS: [&str; 3] = ["iana-time-zone", "rand", "getrandom"];

fn names(listing: &str) -> Vec<&str> {
    listing.lines().filter_map(|line| line.split(' ').next()).collect()
}

#[test]
fn no_pure_crate_depends_on_the_world() {
    for pure in PURE {
        for (features, excused) in
            [("--no-default-features", &[][..]), ("--all-features", &BELOW_REGORUS[..])]
        {
            let listing = tree(&["-p", pure, features]);
            let names = names(&listing);
            assert!(names.contains(&pure), "{pure} stands in its own tree: {listing}");
            let excused = if names.contains(&"regorus") { excused } else { &[] };
            for world in WORLD {
                assert!(
                    excused.contains(&world) || !names.contains(&world),
                    "{pure} depends on {world} with {features}"
                );
            }
        }
    }
}

#[test]
fn what_is_excused_is_no_dependency_of_ours() {
    let direct = tree(&["-p", "finops-policy", "--all-features", "--depth", "1"]);
    for world in BELOW_REGORUS {
        assert!(!names(&direct).contains(&world), "finops-policy depends on {world} itself");
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

//! `docs/errors.md` names every code that the sources can give, and none that they cannot.
#![expect(clippy::expect_used, clippy::string_slice, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

const TOPICS: [&str; 10] =
    ["money.", "config.", "price.", "usage.", "stream.", "budget.", "carbon.", "meter.", "ledger.", "store."];
/// The topic whose codes have a second word: `ledger.key.short`.
const DEEP: &str = "ledger.";

/// Of the gate. There a code may also be the rule that denies, a finding or a warning, so every text counts, not only
/// those of `code()`.
const POLICY_TOPICS: [&str; 8] =
    ["policy.", "lint.", "bundle.", "guardrail.", "opa.", "input.", "exemption.", "approval."];
/// Of inventories, findings, waste and changes: one error of many codes, so every text counts there, too.
const FAULT_TOPICS: [&str; 8] =
    ["finding.", "waste.", "change.", "engine.", "inventory.", "quantity.", "prometheus.", "allocation."];
const FAULT_FOLDERS: [&str; 6] = [
    "finops-core/src/finding",
    "finops-core/src/waste",
    "finops-core/src/change",
    "finops-core/src/inventory",
    "finops-core/src/allocation",
    "bindings/rust/src/engine",
];

/// Texts that look like a code: names of files, of a built-in function, and paths of settings.
const NO_CODES: [&str; 6] =
    ["policy.rego", "opa.runtime", "change.labels", "change.overlay", "change.patch", "change.terraform_ids"];

fn rust_files(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with("tests") || name == "properties" {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(fs::read_to_string(&path).expect("UTF-8"));
        }
    }
}

/// Codes of `topics` in text, between `quote` and `quote`.
fn codes(text: &str, quote: char, topics: &[&str]) -> BTreeSet<String> {
    let is_code = |word: &str| {
        topics.iter().any(|topic| {
            word.strip_prefix(topic).is_some_and(|rest| {
                let plain = |b: u8| b.is_ascii_lowercase() || b == b'_' || (b == b'.' && *topic == DEEP);
                !rest.is_empty() && !rest.ends_with('.') && rest.bytes().all(plain)
            })
        })
    };
    text.split(quote).filter(|word| is_code(word)).map(str::to_owned).collect()
}

/// The codes that `code()` functions return: `=> "topic.name"` or a lone `"topic.name"`.
fn codes_in_sources() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["finops-core", "finops-telemetry", "finops-ledger", "bindings/store", "bindings/rust"] {
        rust_files(&root.join(folder).join("src"), &mut files);
    }
    let of_code = |text: &String| -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, _) in text.match_indices("fn code(") {
            let body = &text[at..];
            let end = body.find("\n    }\n").map_or(body.len(), |end| end);
            found.extend(codes(&body[..end], '"', &TOPICS));
        }
        found
    };
    files.iter().flat_map(of_code).collect()
}

/// Every code of `topics` that the sources in `folders` write, tests and comments left out.
fn codes_in_texts(folders: &[&str], topics: &[&str]) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in folders {
        rust_files(&root.join(folder), &mut files);
    }
    let of_file = |text: &String| {
        let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        let code = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
        // A line at a time: a quote in a character or a raw string must not shift the pairs of a whole file.
        code.flat_map(|line| codes(line, '"', topics)).collect::<Vec<_>>()
    };
    let mut found: BTreeSet<String> = files.iter().flat_map(of_file).collect();
    found.retain(|code| !NO_CODES.contains(&code.as_str()));
    found
}

#[test]
fn the_page_and_the_sources_agree() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let topics: Vec<&str> = TOPICS.into_iter().chain(POLICY_TOPICS).chain(FAULT_TOPICS).collect();
    let documented = codes(&fs::read_to_string(page).expect("docs/errors.md"), '`', &topics);
    let mut given = codes_in_sources();
    let of_the_gate = codes_in_texts(&["finops-policy/src", "bindings/rust/src/policy"], &POLICY_TOPICS);
    let of_faults = codes_in_texts(&FAULT_FOLDERS, &FAULT_TOPICS);
    assert!(
        given.len() > 120 && of_the_gate.len() > 80 && of_faults.len() > 25,
        "the scan finds the codes: {given:?} {of_the_gate:?} {of_faults:?}"
    );
    given.extend(of_the_gate);
    given.extend(of_faults);
    let undocumented: Vec<_> = given.difference(&documented).collect();
    let unused: Vec<_> = documented.difference(&given).collect();
    assert!(undocumented.is_empty(), "codes without a line in docs/errors.md: {undocumented:?}");
    assert!(unused.is_empty(), "docs/errors.md names codes that nothing gives: {unused:?}");
}

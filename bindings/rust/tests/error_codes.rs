//! `docs/errors.md` names every code that the sources can give, and none that they cannot.
#![expect(clippy::expect_used, clippy::string_slice, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

const TOPICS: [&str; 8] =
    ["money.", "config.", "price.", "usage.", "stream.", "budget.", "carbon.", "meter."];

fn rust_files(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(fs::read_to_string(&path).expect("UTF-8"));
        }
    }
}

/// Codes in text, between `quote` and `quote`.
fn codes(text: &str, quote: char) -> BTreeSet<String> {
    let is_code = |word: &str| {
        TOPICS.iter().any(|topic| {
            word.strip_prefix(topic).is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            })
        })
    };
    text.split(quote).filter(|word| is_code(word)).map(str::to_owned).collect()
}

/// The codes that `code()` functions return: `=> "topic.name"` or a lone `"topic.name"`.
fn codes_in_sources() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["finops-core/src", "finops-telemetry/src", "bindings/rust/src"] {
        rust_files(&root.join(folder), &mut files);
    }
    let of_code = |text: &String| -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, _) in text.match_indices("fn code(") {
            let body = &text[at..];
            let end = body.find("\n    }\n").map_or(body.len(), |end| end);
            found.extend(codes(&body[..end], '"'));
        }
        found
    };
    files.iter().flat_map(of_code).collect()
}

#[test]
fn the_page_and_the_sources_agree() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let documented = codes(&fs::read_to_string(page).expect("docs/errors.md"), '`');
    let given = codes_in_sources();
    assert!(given.len() > 40, "the scan finds the codes: {given:?}");
    let undocumented: Vec<_> = given.difference(&documented).collect();
    let unused: Vec<_> = documented.difference(&given).collect();
    assert!(undocumented.is_empty(), "codes without a line in docs/errors.md: {undocumented:?}");
    assert!(unused.is_empty(), "docs/errors.md names codes that nothing gives: {unused:?}");
}

//! Every file of the corpus: nothing but the stated bytes changes, or the edit is refused with the stated code.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::arithmetic_side_effects, reason = "places within small files")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test reads its corpus, starts tools where there are any, and looks at a clock"
)]

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/second_reader.rs"]
mod second_reader;

use corpus::{Case, Expected};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// What a case gives, in the form in which it is expected.
fn found(case: &Case) -> (Expected, bool) {
    let texts: Vec<String> = case.files.iter().map(|file| corpus::text(file)).collect();
    let mut ignored = false;
    let result = if case.files[0].starts_with("yaml/") {
        corpus::run_yaml(&texts[0], &case.target, &case.task).map(|new| match new {
            Some(new) => Expected::Texts(BTreeMap::from([(case.files[0].clone(), new)])),
            None => Expected::File,
        })
    } else {
        let files: Vec<(&str, &str)> =
            case.files.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        corpus::run_terraform(&files, &case.target, &case.task).map(|(texts, is_ignored)| {
            ignored = is_ignored;
            Expected::Texts(texts)
        })
    };
    (result.unwrap_or_else(|fault| Expected::Refused(fault.code().to_owned())), ignored)
}

fn differing(kind: &str) -> Vec<String> {
    let mut out = Vec::new();
    for case in corpus::cases(kind) {
        let (found, ignored) = found(&case);
        if found != case.expected || ignored != case.ignored {
            let show = |expected: &Expected| match expected {
                Expected::Texts(texts) => {
                    texts.values().map(|text| format!("{text:?}")).collect::<Vec<_>>().join("\n")
                }
                other => format!("{other:?}"),
            };
            let (what, task) = (&case.target, &case.task);
            out.push(format!(
                "{:?}: {what}: {task} (ignored: {ignored})\n expected {}\n    found {}",
                case.files,
                show(&case.expected),
                show(&found)
            ));
        }
    }
    out
}

#[test]
fn manifests_change_in_the_stated_bytes_or_are_refused() {
    let differing = differing("yaml");
    assert!(differing.is_empty(), "{} cases\n{}", differing.len(), differing.join("\n"));
}

#[test]
fn terraform_files_change_in_the_stated_bytes_or_are_refused() {
    let differing = differing("terraform");
    assert!(differing.is_empty(), "{} cases\n{}", differing.len(), differing.join("\n"));
}

#[test]
fn every_file_is_in_the_index() {
    fn walk(folder: &Path, out: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else {
                out.insert(path);
            }
        }
    }
    for (kind, least) in [("yaml", 60), ("terraform", 40)] {
        let mut there = BTreeSet::new();
        walk(&corpus::root().join(kind), &mut there);
        let listed: BTreeSet<PathBuf> = corpus::cases(kind)
            .iter()
            .flat_map(|case| &case.files)
            .map(|file| corpus::root().join(file))
            .collect();
        assert_eq!(there, listed);
        assert!(there.len() >= least, "{kind}: {}", there.len());
    }
}

#[test]
fn a_second_reader_agrees_with_every_edit_of_a_manifest() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for case in corpus::cases("yaml") {
        let Expected::Texts(texts) = &case.expected else { continue };
        for (file, new) in texts {
            checked += 1;
            if let Err(problem) = second_reader::check(&corpus::text(file), new, &case.target, &case.task) {
                wrong.push(format!("{file}: {}: {}\n{problem}", case.target, case.task));
            }
        }
    }
    assert!(checked > 60, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_second_run_changes_nothing_more() {
    for case in corpus::cases("yaml").into_iter().filter(|case| case.task != "remove") {
        let Expected::Texts(texts) = &case.expected else { continue };
        for (file, new) in texts {
            let again = corpus::run_yaml(new, &case.target, &case.task);
            assert_eq!(again.unwrap().as_deref(), Some(new.as_str()), "{file}");
        }
    }
    for case in corpus::cases("terraform").into_iter().filter(|case| case.task != "remove") {
        let Expected::Texts(changed) = &case.expected else { continue };
        let texts: BTreeMap<&String, String> =
            case.files.iter().map(|file| (file, corpus::text(file))).collect();
        let files: Vec<(&str, &str)> = texts
            .iter()
            .map(|(file, text)| (file.as_str(), changed.get(*file).unwrap_or(text).as_str()))
            .collect();
        let (again, _) = corpus::run_terraform(&files, &case.target, &case.task).unwrap();
        assert_eq!(&again, changed, "{:?}", case.files);
    }
}

/// The new texts of a kind, one file each, in a folder of their own.
fn write_outputs(kind: &str, wanted: impl Fn(&str) -> bool) -> (PathBuf, PathBuf, usize) {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("corpus-{kind}"));
    let _absent = fs::remove_dir_all(&root);
    let (old, new) = (root.join("old"), root.join("new"));
    fs::create_dir_all(&old).unwrap();
    fs::create_dir_all(&new).unwrap();
    let mut count = 0;
    for case in corpus::cases(kind) {
        let Expected::Texts(texts) = &case.expected else { continue };
        for (file, text) in texts.iter().filter(|(_, text)| wanted(text)) {
            let name = format!("{count:03}-{}", file.replace('/', "-"));
            fs::write(old.join(&name), corpus::text(file)).unwrap();
            fs::write(new.join(&name), text).unwrap();
            count += 1;
        }
    }
    (old, new, count)
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<(bool, String)> {
    let output = Command::new(program).args(arguments).arg(folder).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

#[test]
fn kubectl_reads_every_new_manifest() {
    // It divides documents by their markers before it reads them, and so knows no directives.
    let (_, new, count) = write_outputs("yaml", |text| text.contains("apiVersion") && !text.starts_with('%'));
    let apply = ["apply", "--dry-run=client", "--validate=false", "--filename"];
    let Some((applied, said)) = run("kubectl", &apply, &new) else {
        eprintln!("SKIPPED: kubectl is not installed: nothing dry-ran the {count} new manifests");
        return;
    };
    if applied {
        return;
    }
    let no_cluster = ["connection refused", "no such host", "i/o timeout", "was refused"];
    assert!(no_cluster.iter().any(|remark| said.contains(remark)), "{said}");
    eprintln!(
        "SKIPPED: kubectl apply --dry-run=client asks a cluster for its kinds and none answers; `annotate --local` reads the {count} new manifests instead"
    );
    let annotate = ["annotate", "--local", "--output", "name", "read=true", "--filename"];
    let (read, said) = run("kubectl", &annotate, &new).unwrap();
    assert!(read, "{said}");
}

#[test]
fn terraform_reads_every_new_file_and_formatted_ones_stay_so() {
    let (old, new, count) = write_outputs("terraform", |_| true);
    let check = ["fmt", "-check", "-list=true", "-no-color"];
    let Some((_, before)) = run("terraform", &check, &old) else {
        eprintln!("SKIPPED: terraform is not installed: nothing checked the format of the {count} new files");
        return;
    };
    let (_, after) = run("terraform", &check, &new).unwrap();
    let names = |text: &str| -> BTreeSet<String> {
        let name = |line: &str| line.rsplit('/').next().unwrap_or(line).trim().to_owned();
        text.lines().filter(|line| line.trim().ends_with(".tf")).map(name).collect()
    };
    assert!(!after.contains("Error:"), "{after}");
    let (before, after) = (names(&before), names(&after));
    assert!(before.len() < count, "no file was formatted");
    let spoiled: Vec<&String> = after.difference(&before).collect();
    assert!(spoiled.is_empty(), "{spoiled:?}");
}

#[test]
fn the_time_of_an_edit_is_told_beside_that_of_reading() {
    let cases = corpus::cases("yaml");
    let texts: Vec<String> = cases.iter().map(|case| corpus::text(&case.files[0])).collect();
    let least = |work: &dyn Fn()| {
        let time = |_| {
            let start = Instant::now();
            work();
            start.elapsed()
        };
        (0..5).map(time).min().unwrap()
    };
    let reading = least(&|| {
        for text in texts.iter().chain(&texts) {
            std::hint::black_box(yaml_edit::YamlFile::parse(text));
        }
    });
    let editing = least(&|| {
        for (case, text) in cases.iter().zip(&texts) {
            drop(std::hint::black_box(corpus::run_yaml(text, &case.target, &case.task)));
        }
    });
    let ratio = editing.as_secs_f64() / reading.as_secs_f64();
    eprintln!(
        "locate, edit and verify {} cases: {editing:?}; parse each twice: {reading:?}; ratio {ratio:.2}",
        cases.len()
    );
}

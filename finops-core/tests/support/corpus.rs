//! The corpus of manifests and Terraform files: its index, and how a case of it is run.

use finops_core::{
    change::{
        hcl::{self, Finder},
        yaml::{self, Removed, Set, Target},
    },
    error::Fault,
};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Where the corpus stands.
pub fn root() -> PathBuf {
    // The benchmarks, a package beside this one, read it too.
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../finops-core/tests/corpus")
}

pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a case expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The new text of each file that changes.
    Texts(BTreeMap<String, String>),
    /// The file goes.
    File,
    Refused(String),
}

#[derive(Debug, Clone)]
pub struct Case {
    pub files: Vec<String>,
    pub target: String,
    /// `remove`, or settings divided by spaces.
    pub task: String,
    pub expected: Expected,
    /// Whether Terraform is told to ignore what changes.
    pub ignored: bool,
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A file of the corpus with the replacements that the index states, last first.
fn replaced(path: &str, edits: &Value) -> String {
    let mut text = text(path);
    for edit in edits.as_array().unwrap().iter().rev() {
        let at = usize::try_from(edit["at"].as_u64().unwrap()).unwrap();
        let old = string(&edit["old"]);
        assert_eq!(text.get(at..at + old.len()), Some(old.as_str()), "{path}: the index is stale");
        text.replace_range(at..at + old.len(), &string(&edit["new"]));
    }
    text
}

/// Every case of `yaml` or `terraform`.
pub fn cases(kind: &str) -> Vec<Case> {
    let index: Value = serde_json::from_str(&text("index.json")).unwrap();
    let case = |entry: &Value| {
        let path = |name: &Value| format!("{kind}/{}", string(name));
        let files: Vec<String> = match entry.get("file") {
            Some(file) => vec![path(file)],
            None => entry["files"].as_array().unwrap().iter().map(path).collect(),
        };
        let expected = match (entry.get("refused"), entry.get("removes"), &entry["edits"]) {
            (Some(code), ..) => Expected::Refused(string(code)),
            (_, Some(_), _) => Expected::File,
            (_, _, Value::Object(edits)) => {
                let path = |name: &String| format!("{kind}/{name}");
                Expected::Texts(
                    edits.iter().map(|(name, edits)| (path(name), replaced(&path(name), edits))).collect(),
                )
            }
            (_, _, edits) => {
                Expected::Texts(files.iter().map(|file| (file.clone(), replaced(file, edits))).collect())
            }
        };
        Case {
            files,
            target: string(&entry["target"]),
            task: string(&entry["do"]),
            expected,
            ignored: entry.get("ignored").is_some(),
        }
    };
    index[kind].as_array().unwrap().iter().map(case).collect()
}

/// Kind, namespace, name and container.
pub fn parts(target: &str) -> [Option<&str>; 4] {
    let mut parts = target.split('/').map(|part| Some(part).filter(|part| *part != "-"));
    [(); 4].map(|()| parts.next().flatten())
}

pub fn sets(task: &str) -> Vec<Set> {
    let set = |part: &str| match part.split_once(":=") {
        Some((path, value)) => Set::number(path, value.parse().unwrap()),
        None => part.split_once('=').map(|(path, value)| Set::quantity(path, value)).unwrap(),
    };
    task.split(' ').map(set).collect()
}

/// Runs a case on a manifest: the new text, or nothing where the file goes. What an edit says about itself must hold.
pub fn run_yaml(text: &str, target: &str, task: &str) -> Result<Option<String>, Fault> {
    let [kind, namespace, name, container] = parts(target);
    let named = Target { kind: kind.unwrap_or(""), name: name.unwrap_or(""), namespace, container };
    if task == "remove" {
        return Ok(match yaml::remove(text, &named)? {
            Removed::File => None,
            Removed::Text(new, edit) => {
                assert_eq!(text.get(edit.range.clone()), Some(edit.old.as_str()));
                Some(new)
            }
        });
    }
    let made = if target == "values" {
        yaml::edit_path(text, &sets(task))
    } else {
        yaml::edit(text, &named, &sets(task))
    };
    let (new, mut edits) = made?;
    assert_eq!(finops_core::change::splice(text, &mut edits).as_deref(), Ok(new.as_str()));
    Ok(Some(new))
}

pub fn finder(target: &str) -> Finder<'_> {
    match target.split(' ').collect::<Vec<_>>().as_slice() {
        ["address", address] => Finder::Address(address),
        ["tag", resource_type, value] => Finder::NameTag { resource_type, value },
        ["attribute", resource_type, name, value] => Finder::Attribute { resource_type, name, value },
        _ => panic!("no target: {target}"),
    }
}

/// Runs a case on Terraform files: the new texts of those that change, and whether the change is ignored.
pub fn run_terraform(
    files: &[(&str, &str)],
    target: &str,
    task: &str,
) -> Result<(BTreeMap<String, String>, bool), Fault> {
    let sources = hcl::Sources::read(files);
    let changed = if task == "remove" {
        vec![hcl::remove(&sources, finder(target))?]
    } else {
        let sets: Vec<(&str, &str)> = task.split(' ').map(|part| part.split_once('=').unwrap()).collect();
        hcl::set(&sources, finder(target), &sets)?
    };
    let ignored = changed.iter().any(|file| file.ignored);
    let mut texts = BTreeMap::new();
    for mut file in changed {
        let old = files.iter().find(|(path, _)| *path == file.path).map(|(_, text)| *text).unwrap();
        assert_eq!(finops_core::change::splice(old, &mut file.edits).as_deref(), Ok(file.text.as_str()));
        texts.insert(file.path, file.text);
    }
    Ok((texts, ignored))
}

//! Laws of edits: in any manner of writing only the target changes, a second run changes nothing, and no text breaks them.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::arithmetic_side_effects, reason = "indentations and places within small files")]
#![expect(clippy::disallowed_methods, reason = "a test reads its corpus")]

#[path = "support/corpus.rs"]
#[expect(dead_code, reason = "what a case expects is the other test's")]
mod corpus;
#[path = "support/formats.rs"]
mod formats;
#[path = "support/second_reader.rs"]
mod second_reader;

use finops_core::change::{
    hcl,
    yaml::{self, Set, Target},
};
use formats::{Dice, Present};
use proptest::{collection::vec, prelude::*};
use std::sync::LazyLock;

const WEB: &str = "Deployment/shop/web/app";
const CPU: &str = "resources.requests.cpu=750m";

fn drawn() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..160)
}

/// Everything that reads a manifest, on any text.
fn touch_yaml(text: &str, target: &str, task: &str) {
    let _objects = yaml::objects(text);
    let _values = yaml::edit_path(text, &[Set::quantity("resources.requests.cpu", "1")]);
    let [kind, namespace, name, container] = corpus::parts(target);
    let named = Target { kind: kind.unwrap_or(""), name: name.unwrap_or(""), namespace, container };
    let _value = yaml::get(text, &named, "resources.requests.cpu");
    let _removed = yaml::remove(text, &Target { container: None, ..named });
    if let Ok(Some(new)) = corpus::run_yaml(text, target, task) {
        // Where both readers know the old text, both must agree on the new one.
        if second_reader::read(text).is_ok() {
            second_reader::check(text, &new, target, task)
                .unwrap_or_else(|problem| panic!("{text:?}\n{new:?}\n{problem}"));
        }
    }
}

fn touch_hcl(text: &str, target: &str, task: &str) {
    let files = [("main.tf", text)];
    let _made = corpus::run_terraform(&files, target, task);
    let sources = hcl::Sources::read(&files);
    let _number = sources.number(corpus::finder(target), "scaling_config.min_size");
    let _removed = hcl::remove(&sources, corpus::finder(target));
}

static YAML: LazyLock<Vec<(corpus::Case, String)>> = LazyLock::new(|| of_one_file("yaml"));
static TERRAFORM: LazyLock<Vec<(corpus::Case, String)>> = LazyLock::new(|| of_one_file("terraform"));

fn of_one_file(kind: &str) -> Vec<(corpus::Case, String)> {
    let one = corpus::cases(kind).into_iter().filter(|case| case.files.len() == 1);
    one.map(|case| (case.clone(), corpus::text(&case.files[0]))).collect()
}

/// What means something in YAML or HCL.
const SPECIAL: &[u8] = b"\n\r\t :-#{}[]&*!|>'\"%,?.=$\\/a0";

/// A text with bytes deleted, doubled or put in.
fn mutated(text: &str, changes: &[(u8, usize, usize, u8)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (what, at, length, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let start = at % bytes.len();
        let end = (start + length % 40 + 1).min(bytes.len());
        match what % 4 {
            0 => drop(bytes.drain(start..end)),
            1 => {
                let again = bytes[start..end].to_vec();
                bytes.splice(end..end, again);
            }
            2 => bytes.insert(start, SPECIAL[usize::from(*byte) % SPECIAL.len()]),
            _ => bytes[start] = *byte,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn changes() -> impl Strategy<Value = Vec<(u8, usize, usize, u8)>> {
    vec((any::<u8>(), any::<usize>(), any::<usize>(), any::<u8>()), 1..6)
}

fn soup(tokens: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(prop::sample::select(tokens), 0..60).prop_map(|parts| parts.concat())
}

const YAML_TOKENS: &[&str] = &[
    "a",
    "b: ",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!t ",
    "|\n",
    ">-\n",
    "|+\n",
    "'",
    "\"",
    "#",
    " # c",
    "\n---\n",
    "\n...\n",
    "%YAML 1.2\n",
    "{{",
    "\t",
    "\r\n",
    "? ",
    ", ",
    "é",
    "\u{feff}",
    "<<: ",
    "kind: Deployment\n",
    "metadata:\n",
    "name: web\n",
    "resources:\n",
    "requests: ",
    "cpu: 1\n",
    ":",
    "~",
    "\\",
    "\u{85}",
    "\u{2028}",
    "\0",
];
const HCL_TOKENS: &[&str] = &[
    "a",
    "=",
    " = ",
    "\n",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "${",
    "%{ if a }",
    "<<EOT\n",
    "\nEOT\n",
    "<<-E\n",
    "#",
    "//",
    "/*",
    "*/",
    ".",
    "[0]",
    "var.a",
    "resource",
    " \"aws_ebs_volume\" ",
    " \"old\" {\n",
    "size = 1\n",
    "}\n",
    "(",
    ")",
    "?",
    ":",
    "for",
    " in ",
    "=>",
    "\r\n",
    "\u{feff}",
    "é",
    "\t",
    "...",
    "*",
    "-",
    "1e999",
    "\\",
    "\0",
    "null",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_the_value_of_a_manifest_changes(bytes in drawn()) {
        let (old, expected) = formats::old_and_new(&formats::manifest(&mut Dice(&bytes), Present::Value), "750m");
        let new = corpus::run_yaml(&old, WEB, CPU).map_err(|fault| TestCaseError::fail(format!("{fault:?}\n{old}")))?.unwrap();
        prop_assert_eq!(&new, &expected, "{}", old);
        prop_assert_eq!(second_reader::check(&old, &new, WEB, CPU), Ok(()));
        prop_assert_eq!(corpus::run_yaml(&new, WEB, CPU).unwrap().unwrap(), new);
    }

    #[test]
    fn a_missing_value_is_put_in_and_nothing_else_changes(bytes in drawn(), present in 0..6_usize) {
        use Present::{Braces, EmptyRequests, EmptyResources, Nothing, Requests, Resources};
        let present = [Requests, EmptyRequests, Braces, Resources, EmptyResources, Nothing][present];
        let (old, _) = formats::old_and_new(&formats::manifest(&mut Dice(&bytes), present), "");
        let target = Target { kind: "Deployment", name: "web", namespace: Some("shop"), container: Some("app") };
        let sets = [Set::quantity("resources.requests.cpu", "750m")];
        let made = yaml::edit(&old, &target, &sets);
        // The line break that is missing at the end would become part of a text that clips.
        let clips = !old.ends_with('\n') && old.contains("|\n") | old.contains("|\r\n");
        if clips && made.as_ref().is_err_and(|fault| fault.code() == "change.verification_failed") {
            return Ok(());
        }
        let (new, edits) = made.map_err(|fault| TestCaseError::fail(format!("{fault:?}\n{old}")))?;
        prop_assert!(edits.iter().all(|edit| edit.old.is_empty()));
        prop_assert_eq!(second_reader::check(&old, &new, WEB, CPU), Ok(()), "{}\n{}", old, new);
        prop_assert_eq!(yaml::edit(&new, &target, &sets).unwrap().0, new.clone());
        // Two that share what is missing.
        let both = "resources.requests.cpu=750m resources.requests.memory=1536Mi resources.limits.cpu=3";
        let new = corpus::run_yaml(&old, WEB, both).map_err(|fault| TestCaseError::fail(format!("{fault:?}\n{old}")))?.unwrap();
        prop_assert_eq!(second_reader::check(&old, &new, WEB, both), Ok(()), "{}\n{}", old, new);
    }

    #[test]
    fn a_document_goes_alone(bytes in drawn()) {
        let (old, _) = formats::old_and_new(&formats::manifest(&mut Dice(&bytes), Present::Value), "");
        let target = Target { kind: "Deployment", name: "web", namespace: Some("shop"), container: None };
        match yaml::remove(&old, &target).map_err(|fault| TestCaseError::fail(format!("{fault:?}\n{old}")))? {
            yaml::Removed::File => prop_assert_eq!(second_reader::read(&old).unwrap().len(), 1),
            yaml::Removed::Text(new, _) => prop_assert_eq!(second_reader::check(&old, &new, WEB, "remove"), Ok(())),
        }
    }

    #[test]
    fn only_the_value_of_terraform_changes(bytes in drawn()) {
        let (old, expected) = formats::old_and_new(&formats::terraform(&mut Dice(&bytes)), "6");
        let run = |text: &str| corpus::run_terraform(
            &[("main.tf", text)], "address aws_eks_node_group.workers", "scaling_config.desired_size=6");
        let (texts, _) = run(&old).map_err(|fault| TestCaseError::fail(format!("{fault:?}\n{old}")))?;
        prop_assert_eq!(&texts["main.tf"], &expected);
        prop_assert_eq!(run(&expected).unwrap().0, texts);
    }

    #[test]
    fn a_block_goes_with_its_own_lines(bytes in drawn()) {
        let (old, _) = formats::old_and_new(&formats::terraform(&mut Dice(&bytes)), "");
        let sources = hcl::Sources::read(&[("main.tf", &old)]);
        let changed = hcl::remove(&sources, corpus::finder("address aws_ebs_volume.old"))
            .map_err(|fault| TestCaseError::fail(format!("{fault:?}\n{old}")))?;
        let gone = changed.edits[0].old.trim();
        prop_assert!(gone.starts_with("resource \"aws_ebs_volume\" \"old\" {"), "{}", gone);
        prop_assert_eq!(gone.matches("resource \"aws").count(), 1, "{}", gone);
        prop_assert_eq!(gone.split('#').next().unwrap().matches('{').count() > 0, true);
        let again = hcl::Sources::read(&[("main.tf", &changed.text)]);
        prop_assert!(!again.exists(corpus::finder("address aws_ebs_volume.old")));
        prop_assert!(again.exists(corpus::finder("address aws_eks_node_group.workers")));
    }

    #[test]
    fn no_text_breaks_the_edit_of_a_manifest(text in any::<String>(), tokens in soup(YAML_TOKENS)) {
        for text in [text, tokens] {
            touch_yaml(&text, WEB, CPU);
            touch_yaml(&text, "values", CPU);
        }
    }

    #[test]
    fn no_text_breaks_the_edit_of_terraform(text in any::<String>(), tokens in soup(HCL_TOKENS)) {
        for text in [text, tokens] {
            touch_hcl(&text, "address aws_ebs_volume.old", "size=1");
        }
    }

    #[test]
    fn a_damaged_manifest_is_edited_rightly_or_refused(case in any::<prop::sample::Index>(), changes in changes()) {
        let (case, text) = case.get(&YAML);
        touch_yaml(&mutated(text, &changes), &case.target, &case.task);
    }

    #[test]
    fn a_damaged_terraform_file_breaks_nothing(case in any::<prop::sample::Index>(), changes in changes()) {
        let (case, text) = case.get(&TERRAFORM);
        touch_hcl(&mutated(text, &changes), &case.target, &case.task);
    }
}

#[test]
fn an_empty_namespace_is_none() {
    let text = "kind: Deployment\nmetadata: {name: web, namespace: ,shop}\nspec:\n  replicas: 3\n";
    touch_yaml(text, WEB, "replicas=0");
    assert_eq!(yaml::objects(text).unwrap()[0].namespace, None);
}

#[test]
fn depth_and_length_are_borne() {
    for deep in ["[", "{a: ", "- ", "? ", "a:\n ", "&a ", "!t "] {
        touch_yaml(&deep.repeat(5_000), WEB, CPU);
    }
    let nested: String = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    touch_yaml(&nested, "values", "a.a.a=1");
    for deep in ["a = [", "a = (", "a {\n", "a = \"${", "a = -", "a = {b = ", "a = !"] {
        touch_hcl(&deep.repeat(5_000), "address aws_ebs_volume.old", "size=1");
    }
    // 5,000 lines: what was quadratic would not end.
    let document =
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: b\n  c: |\n    d\n";
    let web = "---\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n";
    let long = format!("{}{web}{}", document.repeat(300), document.repeat(300));
    let new = corpus::run_yaml(&long, WEB, CPU).unwrap().unwrap();
    assert_eq!(
        new.len() - long.len(),
        "          resources:\n            requests:\n              cpu: 750m\n".len()
    );
    second_reader::check(&long, &new, WEB, CPU).unwrap();
}
